"""Whether a rise of the current shows a switching, or a conductor whose current is a function of its voltage."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tsbench.analysis.contact.device_condition import Stand, like_resistors
from tsbench.analysis.pulse.conductor import remembered
from tsbench.analysis.pulse.delay_results import Delay, PulseFacts, mean_delay, switching_probability
from tsbench.analysis.pulse.firing import Firing, counted
from tsbench.analysis.pulse.switching_delay import switching_delay
from tsbench.records import Flag, FloatArray

DT = 0.4e-9
TIME = np.arange(-200e-9, 1e-6, DT)
FACTS = PulseFacts(voltage_resolution=2e-3, current_resolution=5e-6, channel_skew=0.1e-9, sense_delay=1e-9,
                   sense_delay_limit=0.75e-9, response=0.26e-9)


def edge(rise: float = 10e-9, amplitude: float = 1.0) -> FloatArray:
    """Return a pulse of 0.8 us whose edges are straight."""
    return amplitude * np.clip(TIME / rise + 0.5, 0, 1) * np.clip((0.8e-6 - TIME) / rise + 0.5, 0, 1)


def behind_resistor(source: FloatArray, resistance: float, saturation: float, ideality: float) -> FloatArray:
    """Return the voltage across a diode behind a resistor."""
    voltage = source.copy()
    for _ in range(200):   # damped Newton's method
        grown = saturation * np.exp(np.minimum(voltage / ideality, 60.0))
        step = (source - voltage - resistance * (grown - saturation)) / (1.0 + resistance * grown / ideality)
        voltage = voltage + np.clip(step, -0.02, 0.02)
    return voltage


def late(current: FloatArray, lag: float) -> FloatArray:
    """Return a current as a pole shows it."""
    seen = np.zeros_like(current)
    for k in range(1, current.size):
        seen[k] = seen[k - 1] + (current[k] - seen[k - 1]) * (1.0 - np.exp(-DT / lag))
    return seen


def in_noise(voltage: FloatArray, current: FloatArray, seed: int) -> tuple[FloatArray, FloatArray]:
    random = np.random.default_rng(seed)
    return (voltage + 2e-3 * random.standard_normal(voltage.size),
            current + 2e-3 * float(current.max()) * random.standard_normal(current.size))


@settings(max_examples=25, deadline=None)
@given(rise=st.floats(5e-9, 60e-9), amplitude=st.floats(0.7, 2.5), lag=st.floats(0.3e-9, 1.7e-9),
       saturation=st.floats(-14, -8), ideality=st.floats(0.026, 0.06), seed=st.integers(0, 1000))
def test_no_diode_is_said_to_have_switched(
    rise: float, amplitude: float, lag: float, saturation: float, ideality: float, seed: int
) -> None:
    """Its current rises a thousand times while its voltage rises by a tenth, and is seen late."""
    voltage = behind_resistor(edge(rise, amplitude), 52.0, 10.0**saturation, ideality)
    current = late((edge(rise, amplitude) - voltage) / 52.0, lag)
    delay = switching_delay(TIME, *in_noise(voltage, current, seed), FACTS)
    assert not (delay.fired and delay.told)


def switched(at: float, rise: float = 10e-9, off: float = 5e-5, on: float = 5e-3) -> tuple[FloatArray, FloatArray]:
    """Return voltage and current of a device behind 52 Ohm that switches ``at`` within 2 ns."""
    source = edge(rise, 1.5)
    conductance = off + (on - off) / (1.0 + np.exp(-np.clip((TIME - at) / 0.5e-9, -50, 50)))
    voltage = source / (1.0 + 52.0 * conductance)
    return voltage, late(voltage * conductance, 1e-9)


@pytest.mark.parametrize("at", [8e-9, 20e-9, 300e-9])
@pytest.mark.parametrize("seed", range(3))
def test_a_device_that_switches_behind_the_edge_is_told(at: float, seed: int) -> None:
    delay = switching_delay(TIME, *in_noise(*switched(at), seed), FACTS)
    assert delay.fired and delay.told and Flag.AMBIGUOUS not in delay.flags
    assert delay.value == pytest.approx(at, abs=0.8e-9)


def test_a_jump_at_an_equal_voltage_counts_without_noise() -> None:
    """Codes of a scope may be the same before and behind a switching."""
    voltage = np.r_[np.zeros(100), np.ones(300)]
    current = np.r_[np.zeros(100), np.full(100, 1e-5), np.full(200, 1e-3)]
    assert remembered(voltage, current, (100, 399), 200.0, (0.0,), (1e-3, 1e-6)) > 9e-4


@pytest.mark.parametrize("lag", [0.0, 3.0])
def test_the_lag_of_a_sensor_is_no_memory(lag: float) -> None:
    ramp = np.clip(np.arange(400.0) / 50 - 4.0, 0.0, 1.0)
    current = np.interp(np.arange(400.0) - lag, np.arange(400.0), ramp**20)
    assert remembered(ramp, current, (225, 399), 248.0, (lag - 1.0, lag, lag + 1.0), (1e-4, 1e-4)) < 0.2


def test_a_probability_holds_both_outcomes_of_pulses_that_tell_nothing() -> None:
    fires, quiet = Delay(1e-8, 1e-10, 1e-10), Delay(None, 0.0, 0.0, Flag.NO_EVENT)
    told = [fires] * 6
    unknown = Delay(1e-8, 1e-10, 1e-10, Flag.AMBIGUOUS, told=False)
    sure, doubtful = switching_probability(told, {}), switching_probability([*told, unknown, unknown], {})
    assert Flag.AMBIGUOUS not in sure.flags and Flag.AMBIGUOUS in doubtful.flags
    none, every = (switching_probability([*told, outcome, outcome], {}) for outcome in (quiet, fires))
    assert (doubtful.low, doubtful.high) == (none.low, every.high)
    assert doubtful.value == 1.0   # the share of those that are known
    nothing = switching_probability([unknown, unknown], {})
    assert nothing.value is None and nothing.low is None and nothing.flags == Flag.AMBIGUOUS


def test_a_doubtful_pulse_is_none_that_ended_before_the_device_switched() -> None:
    fires = Delay(1e-6, 1e-9, 1e-9)
    quiet = Delay(None, 0.0, 0.0, Flag.NO_EVENT, stood=1e-5)
    assert mean_delay([fires] * 5 + [quiet] * 5, {}).value is None
    assert mean_delay([fires] * 5 + [quiet.doubted()] * 5, {}).value == pytest.approx(1e-6)


def test_under_sampled_pulses_count_beside_one_that_shows_the_off_state() -> None:
    few = Delay(1e-9, 1e-10, 1e-10, Flag.UNDER_SAMPLED)
    quiet = Delay(None, 0.0, 0.0, Flag.NO_EVENT, stood=1e-5)
    at_once = Stand(True, 1.0, 1e-5, 1e-9, on_conductance=1e-3)
    off, resistor = (Stand(False, 0.8, amperes, 1e-9) for amperes in (1e-5, 7.9e-4))
    assert like_resistors([few, few, quiet], [at_once, at_once, off]) == [False, False, False]
    assert like_resistors([few, few, quiet], [at_once, at_once, resistor]) == [True, True, False]
    assert like_resistors([few], [at_once]) == [True]


def test_what_a_pulse_did_beside_its_delay() -> None:
    fires, quiet = Delay(1e-8, 1e-10, 1e-10), Delay(None, 0.0, 0.0, Flag.NO_EVENT, stood=1e-5)
    assert counted(Firing.FIRED, fires) == fires and counted(Firing.QUIET, quiet) == quiet
    on = counted(Firing.STILL_ON, fires)
    assert on.value is None and not on.fired
    shows_a_rise, unknown = counted(Firing.UNDECIDED, fires), counted(Firing.UNDECIDED, quiet)
    assert shows_a_rise.told and shows_a_rise.flags == Flag.AMBIGUOUS and shows_a_rise.value == 1e-8
    assert not unknown.told and unknown.stood is None
