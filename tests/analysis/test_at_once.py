"""Pulses without a visible switching: what the samples on the edge tell of a device that conducts from there on."""

import math
from dataclasses import replace

import numpy as np
import pytest

from tsbench.analysis.pulse.at_once import ON_ABOVE, AtOnce, at_once, unknown
from tsbench.analysis.pulse.delay_results import Delay, PulseFacts
from tsbench.analysis.pulse.firing import Firing, outcome, probability_result
from tsbench.analysis.refractory.refractory import PairOutcome, recovery, recovery_results
from tsbench.protocols.extracting.edge_tally import EdgeTally
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.protocols.extracting.pulse_records import how_late
from tsbench.protocols.extracting.unseen_switching import seen_pulse, unseen
from tsbench.records import Fixture, Flag, FloatArray, Sensing

NOT_FIRED = Delay(None, 0.0, 0.0, Flag.NO_EVENT)
STEP, CODE = 1e-6, 2e-5   # [s], [A]
FACTS = PulseFacts(current_resolution=CODE)
TIMES = STEP * np.arange(-100, 500)


def pulse(on: float = 500.0, off: float = math.inf, samples: float = 1.0, late: float = 0.0, sign: float = 1.0,
          volts: float = 1.2, at: float = 0.9) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return a pulse whose edge takes so many ``samples``; the device [Ohm] is ``off`` below ``at`` of the voltage."""
    noise = np.random.default_rng(3).standard_normal((2, TIMES.size))
    def wave(times: FloatArray) -> FloatArray:
        return volts * np.clip((times + 0.4 * STEP) / (samples * STEP), 0.0, 1.0)

    seen = wave(TIMES - late)
    current = np.where(seen < at * volts, seen / off, seen / on)
    return TIMES, sign * wave(TIMES) + 2e-3 * noise[0] - 0.02, sign * current + CODE * noise[1] - 5e-5


def follows(*given: FloatArray, late: float | None = None, facts: PulseFacts = FACTS) -> bool | None:
    found = at_once(*given, facts, NOT_FIRED, None if late is None else (0.0, late))
    assert found is not None and found.conductance == pytest.approx(2e-3, rel=0.05)
    return found.follows


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("samples", [1.0, 2.0, 5.0])
def test_the_edge_tells_a_resistor_from_a_device_that_is_off_there(samples: float, sign: float) -> None:
    assert follows(*pulse(off=500.0, samples=samples, sign=sign)) is True
    assert follows(*pulse(samples=samples, sign=sign)) is False
    assert follows(*pulse(off=20e3, samples=samples, sign=sign)) is False


def test_a_device_that_switches_early_on_the_edge_is_no_resistor() -> None:
    assert follows(*pulse(samples=12.0, at=0.5)) is False   # off at a sample
    assert follows(*pulse(samples=12.0, at=0.6, off=1.5e3)) is False   # its conductance jumps
    assert follows(*pulse(samples=40.0, at=0.3, off=1.5e3)) is False


def test_a_record_that_does_not_tell_is_not_told_by_its_edge() -> None:
    for off in (500.0, math.inf):
        found = at_once(*pulse(off=off, samples=2.0), FACTS, NOT_FIRED.doubted())
        assert found is not None and found.follows is None


def test_an_edge_without_samples_tells_nothing() -> None:
    assert follows(*pulse(samples=0.1)) is None
    assert follows(*pulse(off=500.0, samples=0.1)) is None


@pytest.mark.parametrize("samples", [20.0, 50.0, 90.0])
def test_an_edge_of_many_samples_tells_a_switching_from_a_smooth_conductor(samples: float) -> None:
    assert follows(*pulse(samples=samples)) is False
    assert follows(*pulse(off=2e3, samples=samples)) is False
    assert follows(*pulse(off=500.0, samples=samples)) is True
    time, voltage, current = pulse(off=500.0, samples=samples)
    across = np.clip((time + 0.4 * STEP) / (samples * STEP), 0.0, 1.0)
    for power in (2, 4):   # a resistor would conduct more on the edge
        smooth = current + 2.4e-3 * (across**power - across)
        assert follows(time, voltage, smooth) is True


def test_a_sensor_that_is_late_is_no_device_that_is_off() -> None:
    resistor = pulse(off=500.0, samples=2.0, late=3.0 * STEP)
    assert follows(*resistor) is False   # as the bench file knows nothing of it
    assert follows(*resistor, late=3.5 * STEP) is None
    slow = PulseFacts(current_resolution=CODE, sense_delay=2.0 * STEP, sense_delay_limit=1.5 * STEP)
    assert follows(*resistor, facts=slow) is None
    assert follows(*pulse(off=500.0, samples=6.0, late=1.0 * STEP), late=2.0 * STEP) is True


def test_the_current_of_a_resistor_is_as_late_as_its_sensor() -> None:
    resistor = pulse(off=500.0, samples=5.0, late=2.0 * STEP)
    known = PulseFacts(current_resolution=CODE, sense_delay=2.0 * STEP, sense_delay_limit=0.2 * STEP)
    assert follows(*resistor, facts=known) is True
    assert follows(*resistor, late=2.2 * STEP) is None   # or a device that is off there
    assert follows(*pulse(off=2e3, samples=5.0, late=2.0 * STEP), facts=known) is not True


def test_an_edge_within_noise_tells_nothing() -> None:
    time, voltage, current = pulse(off=500.0, samples=1.0)
    noisy = current + 6e-4 * np.random.default_rng(1).standard_normal(time.size)
    assert follows(time, voltage, noisy) is None


@pytest.mark.parametrize("late", [0.0, 1.5, 3.0])
@pytest.mark.parametrize("off", [500.0, math.inf])
def test_an_edge_that_is_shorter_than_the_sensor_is_late_tells_nothing(off: float, late: float) -> None:
    assert follows(*pulse(off=off, samples=0.1, late=late * STEP), late=late * STEP) is None
    assert late == 0.0 or follows(*pulse(off=off, samples=2.0, late=late * STEP), late=late * STEP) is not False


def test_a_device_that_is_off_or_that_fires_is_not_asked_about() -> None:
    facts = PulseFacts(current_resolution=CODE)
    assert at_once(*pulse(on=1.1 / ON_ABOVE), facts, NOT_FIRED) is None
    assert at_once(*pulse(on=1e9), facts, NOT_FIRED) is None
    assert at_once(*pulse(), facts, Delay(1e-6, 0.0, 0.0)) is None
    assert at_once(*pulse(on=1.1 / ON_ABOVE), facts, NOT_FIRED.doubted()) is None
    assert at_once(*(np.zeros(0),) * 3, facts, NOT_FIRED) is None
    assert at_once(TIMES, 0.0 * TIMES, 0.0 * TIMES, facts, NOT_FIRED) is None
    assert at_once(*pulse(on=2e3), PulseFacts(current_resolution=1e-3), NOT_FIRED) is None   # less than one code


def test_behind_a_large_load_a_device_that_is_on_conducts_little() -> None:
    """The load lets it have 26 kOhm, where it holds."""
    on = pulse(on=26e3, samples=0.1, volts=0.4)
    facts = PulseFacts(current_resolution=2e-7)
    on = (*on[:2], np.where(on[0] < 0, 0.0, 0.4 / 26e3))
    assert at_once(*on, facts, NOT_FIRED) is None and at_once(*on, facts, NOT_FIRED, path=5e3) is None
    assert at_once(*on, facts, NOT_FIRED, path=50e3) is not None


def test_pulses_that_look_alike_decide_together() -> None:
    no, yes, nothing = (AtOnce(2e-3, told) for told in (False, True, None))
    def undecided(*pulses: AtOnce | None) -> list[bool]:
        return unknown(pulses, [1.2] * len(pulses))

    assert undecided(no, None, nothing) == [True, False, True]
    assert undecided(yes, None, nothing, nothing) == [False] * 4
    assert undecided(yes, yes, no) == [False] * 3 and undecided(yes, no, no) == [True] * 3
    assert undecided(nothing) == [True] and undecided(None) == [False] and undecided() == []
    # the device is off in some pulses of the amplitude, and switches on the edge of the others
    off = AtOnce(5e-4, True)
    assert undecided(off, off, off, no, nothing) == [False] * 3 + [True] * 2


def test_pulses_of_another_amplitude_decide_only_where_no_edge_shows_anything() -> None:
    no, yes, nothing = (AtOnce(2e-3, told) for told in (False, True, None))
    assert unknown([yes, yes, no], [0.6, 0.6, 1.5]) == [False, False, True]
    assert unknown([no, no, yes], [1.5, 1.5, 0.6]) == [True, True, False]
    assert unknown([yes, nothing], [0.6, 1.5]) == [False, False]   # it conducts as a resistor does
    assert unknown([AtOnce(5e-4, True), nothing], [0.6, 1.5]) == [False, True]   # it conducts more than that one


def test_an_off_state_that_other_pulses_show_is_no_switching() -> None:
    """An off state of 5 kOhm conducts as much as the on state of another device."""
    facts = PulseFacts(current_resolution=CODE)
    fired = Delay(1e-6, 0.0, 0.0, off_current=1.2 / 5e3, on_current=1.2 / 500.0)
    off, on = pulse(on=5e3, samples=0.1), pulse(samples=0.1)
    shown = [seen_pulse(1.4, *on, facts, fired, 0.0, quiet=False)] * 3
    assert unseen([*shown, seen_pulse(0.9, *off, facts, NOT_FIRED, 0.0)]) == [False] * 4
    assert unseen([*shown, seen_pulse(1.4, *on, facts, NOT_FIRED, 0.0)]) == [False] * 3 + [True]
    assert unseen([seen_pulse(0.9, *off, facts, NOT_FIRED, 0.0)]) == [True] and unseen([]) == []


def judged(tally: EdgeTally, volts: float, **made: float) -> bool:
    shown = pulse(volts=volts, samples=2.0, **made)
    return tally.undecided(volts, *shown, FACTS, outcome(*shown, FACTS))


def test_the_pulses_of_a_search_are_judged_by_those_of_their_own_amplitude() -> None:
    """The device is a resistor of 2 kOhm at 0.6 V, and switches on the edge of 1.5 V."""
    for first in (True, False):
        tally = EdgeTally(Fixture(""))
        for high in (not first, first):
            undecided = [judged(tally, 1.5 if high else 0.6, on=500.0 if high else 2e3, off=2e3) for _ in range(9)]
            assert undecided == [high] * 9


def test_a_search_knows_the_off_state_from_pulses_that_fired() -> None:
    tally, off = EdgeTally(Fixture("")), pulse(on=5e3, samples=0.1)
    quiet = outcome(*off, FACTS)
    assert tally.undecided(0.9, *off, FACTS, quiet)
    fired = replace(quiet, firing=Firing.FIRED, delay=Delay(1e-6, 0.0, 0.0, off_current=2.4e-4, on_current=2.4e-3))
    assert not tally.undecided(1.2, *pulse(samples=0.1), FACTS, fired)
    assert not tally.undecided(0.9, *off, FACTS, quiet)
    assert tally.undecided(1.4, *pulse(samples=0.1), FACTS, quiet)


def test_pulses_that_are_not_known_widen_the_probability() -> None:
    found = probability_result("p", 3, 4, {}, "pulses", unknown=6)
    assert found.value == 0.75 and found.low < 0.3 and found.high > 0.9 and found.flags == Flag.AMBIGUOUS
    assert "whether 6 of 10 pulses fired is not known" in found.method
    nothing = probability_result("p", 0, 0, {}, "pulses", unknown=6)
    assert (nothing.value, nothing.low, nothing.high, nothing.flags) == (None, None, None, Flag.AMBIGUOUS)
    assert probability_result("p", 0, 0, {}, "pulses").flags == Flag.NO_EVENT


def test_pairs_with_such_a_pulse_are_in_no_recovery() -> None:
    fired, at_once_, quiet = Firing.FIRED, Firing.AT_ONCE, Firing.QUIET
    pairs = [PairOutcome(gap, fired, fired if gap > 2.0 else quiet) for gap in (1.0, 2.0, 3.0, 4.0) for _ in range(10)]
    whole = recovery(pairs)
    assert whole.flags == Flag.NONE and whole.undecided == 0
    found = recovery([*pairs, PairOutcome(1.0, at_once_, fired), PairOutcome(1.0, fired, at_once_)])
    assert found.pairs.tolist() == whole.pairs.tolist() and found.flags == Flag.AMBIGUOUS and found.undecided == 1
    period, _, first, *_ = recovery_results(found, {})
    assert "which no recovery does" not in period.method and "In 1 of 42 first pulses" in period.method
    assert first.value == 1.0 and Flag.AMBIGUOUS in first.flags


def test_second_pulses_that_are_not_known_widen_their_probability() -> None:
    fired, at_once_, quiet = Firing.FIRED, Firing.AT_ONCE, Firing.QUIET
    pairs = [PairOutcome(gap, fired, fired if k < 3 else at_once_) for gap in (1.0, 2.0, 3.0, 4.0) for k in range(20)]
    pairs += [PairOutcome(5.0, fired, at_once_), PairOutcome(5.0, quiet, at_once_), PairOutcome(5.0, at_once_, fired)]
    period, _, _, *each = recovery_results(recovery(pairs), {})
    assert "in a pulse of each of the 70 pairs that are left out" in period.method and "'resolution'" in period.method
    assert [one.conditions["gap"] for one in each] == [1.0, 2.0, 3.0, 4.0, 5.0]
    for one in each[:4]:
        assert one.value == 1.0 and one.low is not None and one.low < 0.15 and one.flags == Flag.AMBIGUOUS
        assert "whether 17 of 20 second pulses" in one.method
    assert (each[4].value, each[4].flags) == (None, Flag.AMBIGUOUS) and "whether 2 of 2" in each[4].method


def test_a_search_takes_the_sensor_to_be_late_as_a_run_does() -> None:
    sensing = Sensing(current="scope.2", current_sensor="shunt", current_resistance=50.0)
    fixture = Fixture("R_shunt low 0 50\nC_shunt low 0 20p\nXDUT dut low device", {"scope.2": "low"}, sensing)
    # 20 pF within 30 %, stray 20 pF within 15 pF, and 0.2 ns between the channels
    assert how_late(fixture, 1e-9, ExtractionOptions()) == pytest.approx((0.75e-9, 3.25e-9), rel=1e-9, abs=0.0)
    measured = replace(fixture, sensing=replace(sensing, skew=3.4e-9, skew_uncertainty=0.1e-9))
    assert how_late(measured, 1e-9, ExtractionOptions()) == pytest.approx(
        (0.25e-9, 3.75e-9), rel=1e-9, abs=0.0)   # half a sample is left
