"""Parts of the circuit by hand: a source at any time, what rings, when a device's cycle ends, the steps' record."""

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tsbench.netlist import Pwl, Sin, SpicePulse
from tsbench.simulated_backends.circuit import waveforms
from tsbench.simulated_backends.circuit.changes import DeviceChanges, _Watch, schmitt
from tsbench.simulated_backends.circuit.engine import Constant, PiecewiseLinear, PulseWaveform, Sine
from tsbench.simulated_backends.circuit.kernel.control import go_on_from, new_control
from tsbench.simulated_backends.circuit.steady.ringing import fastest_ringing, what_rings

INF = math.inf
PULSES = PulseWaveform(-1.0, 3.0, 2.0, 0.2, 0.4, 1.0, 5.0, 2)   # tops from 2.2 to 2.9, back at 3.3; and 5 s later
LINE = PiecewiseLinear(np.array([1.0, 2.0, 4.0]), np.array([1.0, 3.0, -1.0]), INF)
AGAIN = PiecewiseLinear(np.array([1.0, 2.0, 4.0]), np.array([1.0, 3.0, -1.0]), 4.0)
WAVE = Sine(1.0, 2.0, 0.5, 3.0, math.pi / 2, 2)   # two periods of 2 s


@pytest.mark.parametrize(("waveform", "time", "value", "slope", "following"), [
    (Constant(7.0), 3.0, 7.0, 0.0, INF),
    (PULSES, 0.0, -1.0, 0.0, 2.0), (PULSES, 2.0, -1.0, 20.0, 2.2), (PULSES, 2.1, 1.0, 20.0, 2.2),
    (PULSES, 2.2, 3.0, 0.0, 2.9), (PULSES, 2.5, 3.0, 0.0, 2.9), (PULSES, 2.9, 3.0, -10.0, 3.3),
    (PULSES, 3.1, 1.0, -10.0, 3.3), (PULSES, 3.4, -1.0, 0.0, 7.0), (PULSES, 7.1, 1.0, 20.0, 7.2),
    (PULSES, 8.4, -1.0, 0.0, INF), (PULSES, 12.5, -1.0, 0.0, INF),
    (LINE, 0.5, 1.0, 0.0, 1.0), (LINE, 1.0, 1.0, 2.0, 2.0), (LINE, 1.5, 2.0, 2.0, 2.0), (LINE, 3.0, 1.0, -2.0, 4.0),
    (LINE, 9.0, -1.0, 0.0, INF), (AGAIN, 4.5, -1.0, 0.0, 5.0), (AGAIN, 5.5, 2.0, 2.0, 6.0),
    (AGAIN, 15.0, 1.0, -2.0, 16.0), (AGAIN, 0.0, 1.0, 0.0, 1.0),
    (WAVE, 1.0, 3.0, 0.0, 3.0), (WAVE, 3.5, 1.0, -2.0 * math.pi, 5.0), (WAVE, 5.25, 1.0 + math.sqrt(2),
     -math.sqrt(2) * math.pi, 7.0), (WAVE, 7.5, 3.0, 0.0, INF),
    (Sine(1.0, 2.0, 0.0, 3.0, 0.5), 4.0, 1.0 + 2 * math.sin(0.5), 0.0, INF),
    (Sine(0.0, 1.0, 0.5, 0.0), 100.5, 1.0, 0.0, 102.0),
])
def test_a_source_at_any_time(waveform: Any, time: float, value: float, slope: float, following: float) -> None:
    for base in (0.0, 0.25):   # times may be counted from anywhere
        found = waveforms.encode_sources([Constant(0.0), waveform], base)
        result = waveforms.source_segment(
            int(found.kinds[1]), found.parameters, 1, found.table_times, found.table_values, time - base)
        assert result == pytest.approx((value, slope, following - base), abs=1e-9)


def test_cards_of_a_netlist_as_waveforms() -> None:
    """The width of a SPICE pulse is that of its flat top."""
    card = SpicePulse(1.0, 2.0, 0.5, 0.2, 0.4, 3.0, 10.0, 7)
    assert waveforms.from_netlist(card) == PulseWaveform(1.0, 2.0, 0.5, 0.2, 0.4, 3.3, 10.0, 7)
    once = waveforms.from_netlist(SpicePulse(1.0, 2.0, 0.5, 0.2, 0.4, INF, 10.0, 7))
    assert isinstance(once, PulseWaveform) and (once.period, once.count, once.width) == (INF, 1, 1e9 + 0.3)
    single = waveforms.from_netlist(SpicePulse(1.0, 2.0, 0.5, 0.2, 0.4, 3.0, INF, 7))
    assert isinstance(single, PulseWaveform) and (single.period, single.count, single.width) == (INF, 1, 3.3)
    line = waveforms.from_netlist(Pwl((0.0, 1.0), (2.0, 3.0)))
    assert isinstance(line, PiecewiseLinear) and (list(line.times), list(line.values)) == ([0.0, 1.0], [2.0, 3.0])
    assert waveforms.from_netlist(Sin(0.5, 2.0, 50.0, 1.0)) == Sine(0.5, 2.0, 50.0, 1.0)
    assert waveforms.from_netlist(5) == Constant(5.0)


def test_the_fastest_oscillation_and_who_takes_part() -> None:
    """Two oscillators of 3 and 50 rad/s, and a state that decays at 1000 per second."""
    matrix = np.zeros((5, 5))
    matrix[0, 1], matrix[1, 0] = 3.0, -3.0
    matrix[2, 3], matrix[3, 2] = 5.0, -500.0
    matrix[4, 4] = -1000.0
    period, shares = fastest_ringing(matrix, 5)  # type: ignore[misc]
    assert period == pytest.approx(2 * math.pi / 50) and shares == pytest.approx([0, 0, 0.5, 0.5, 0], abs=1e-9)
    found = what_rings(["a", "b", "c", "d"], matrix, 5)
    assert found is not None and found.period == pytest.approx(2 * math.pi / 50) and found.who in {"c and d", "d and c"}
    assert what_rings(["a", "b"], matrix, 5) is None   # none of these
    damped = matrix - 60.0 * np.eye(5)
    assert fastest_ringing(damped, 5) is None and what_rings(["a"], damped, 5) is None
    growing = np.diag([-1e3, 20.0])
    assert fastest_ringing(growing, 2)[0] == pytest.approx(2 * math.pi / 20)  # type: ignore[index]
    # y' = z with 0 = 16 x + z and x' = y: x rings with 4 rad/s
    bound = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [16.0, 0.0, 1.0]])
    assert fastest_ringing(bound, 2)[0] == pytest.approx(2 * math.pi / 4)  # type: ignore[index]
    assert fastest_ringing(np.array([[0.0, 1.0], [1.0, 0.0]]), 1) is None   # the constraint has no solution
    assert fastest_ringing(np.full((2, 2), math.nan), 2) is None


def test_a_trigger_with_two_levels() -> None:
    values = np.array([0.5, 1.0, 2.0, 2.1, 1.5, 1.0, 0.9, 5.0])
    known = np.array([True] * 7 + [False])
    assert schmitt(values, 1.0, 2.0, known, False).tolist() == [False] * 3 + [True] * 3 + [False] * 2
    assert schmitt(values[1:3], 1.0, 2.0, known[:2], True).tolist() == [True, True]   # neither says anything
    assert schmitt(values[1:4], 1.0, 2.0, known[:3], True).tolist() == [True] * 3


def history(state: str = "good", every_cycle: bool = True, polarity: int = 0) -> Any:
    return SimpleNamespace(
        state=state, levels=SimpleNamespace(off=1e-6, on=1e-3), every_cycle=every_cycle, polarity=polarity,
        statistics=SimpleNamespace(recovery_voltage=2.0), interrupted=None, next_change=INF)


def test_a_cycle_ends_where_the_device_is_off_again() -> None:
    ends, conductance = np.arange(1.0, 6.0), np.array([1e-7, 2e-3, 1e-4, 1e-7, 1e-7])
    current = np.array([1e-7, 5e-4, -8e-4, 1e-7, 1e-3])
    watch = _Watch(history())
    assert watch.look(ends, np.ones(5), current, conductance) == 3
    watch.commit(3.5)
    assert watch.triggered and watch.peak == -8e-4 and watch.ends.size == 0
    assert watch.look(ends, np.ones(5), np.full(5, 9e-4), np.full(5, 1e-4)) is None   # between the levels: still on
    watch.commit(5.0)
    assert watch.peak == 9e-4 and watch.triggered
    assert _Watch(history("virgin")).look(ends, np.ones(5), current, conductance) == 1
    assert _Watch(history("worn")).look(ends, np.ones(5), current, conductance) is None
    assert _Watch(history(every_cycle=False)).look(ends, np.ones(5), current, conductance) is None
    # conductance from current over voltage; at less than 1 uV it says nothing
    assert _Watch(history(), triggered=True).look(
        ends, np.array([1.0, 0.5e-6, -1.0, 1.0, 1.0]), np.array([2e-3, 0.0, 1e-7, 1.0, 1.0]), None) == 2


@pytest.mark.parametrize(("polarity", "first"), [(1, 3), (-1, 1)])
def test_a_stuck_device_may_recover_at_a_voltage_against_what_it_was_stuck_by(polarity: int, first: int) -> None:
    watch = _Watch(history("stuck", polarity=polarity))
    volts = np.array([0.0, 2.5, 0.0, -2.5, -1.5, -2.5])
    assert watch.look(np.arange(6.0), volts, np.ones(6), None) == first
    watch.commit(10.0)
    assert watch.peak == 0.0   # it has no cycle
    assert watch.triggered == (polarity > 0)   # 1.5 V lies between the levels, so that it is not new


def test_a_device_taken_out_of_a_circuit_remembers_its_cycle() -> None:
    changes, own = DeviceChanges(), history()
    changes.attach("D", own)
    changes.watches["D"].triggered, changes.watches["D"].peak = True, -2e-3
    changes.attach("D", history(every_cycle=False))
    assert own.interrupted == -2e-3 and not changes.every_cycle and changes.planned() == INF
    changes.attach("D", own)
    assert own.interrupted is None and changes.watches["D"].triggered and changes.watches["D"].peak == -2e-3
    assert changes.every_cycle and [name for name, _ in changes.histories()] == ["D"]
    changes.watches["D"].triggered = False
    changes.attach("D", None)
    assert own.interrupted is None and changes.watches == {}


def test_the_record_of_a_step_loop() -> None:
    control = new_control(1e-4, 2.0, 0.5)
    assert (control.rtol, control.largest_step, control.next_step) == (1e-4, 2.0, 0.5)
    assert control.next_breakpoint == control.steps_until_look == INF and control.excited == -INF
    assert math.isnan(control.real_part) and not control.watching and not control.moving and control.refused == 0
    other = new_control(1e-6, 1.0, 0.1)
    other.refused, other.moving, other.watching, other.looks = 3, True, True, 9
    go_on_from(control, other)
    assert (control.rtol, control.next_step, control.refused, control.moving) == (1e-6, 0.1, 3, True)
    assert not control.watching and control.looks == 0
