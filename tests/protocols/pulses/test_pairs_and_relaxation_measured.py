"""Paired pulses and relaxation on the simulated benches, against the witness: what fired, how long it lasted."""

import numpy as np
import pytest

from tsbench.analysis.pulse.firing import Firing
from tsbench.protocols.paired_pulse.extraction import pulse_pairs
from tsbench.protocols.relaxation.extraction import relaxations
from tsbench.records import Flag
from tsbench.simulated_backends.witness.log import WitnessLog

FAST = {"width": "2 us", "rise_time": "10 ns", "fall_time": "10 ns", "base": "0.1 V"}


@pytest.mark.thorough
def test_pairs_on_the_silver_device_fire_as_the_witness_saw(measure):
    done = measure("ag_sio2", "paired_pulse", {"gaps": "0.5 ms, 2 ms, 4 ms, 8 ms, 20 ms", "repeats": 4}, device="A1")
    assert not (done.run.point_flags & Flag.TRIGGER_MISSED).any()
    log = WitnessLog(done.witness)
    times, gaps = done.run.column("time"), done.run.column("gap")
    counted, first_delays = zip(pulse_pairs(done.run), times, [*times[1:], np.inf], strict=True), []
    for pair, start, end in counted:
        fired = [pair.first.firing, pair.second.firing].count(Firing.FIRED)
        on = [event for event in log.switching_on(start, end) if event.time > start]
        assert fired == len(on), f"gap {pair.gap}"
        if pair.first.firing is Firing.FIRED:
            first_delays.append((pair.first.delay, on[0].delay))
    assert {found.by_level for found, _ in first_delays} == {True}   # the current of a filament is restless
    assert np.median([found.value / true for found, true in first_delays]) == pytest.approx(1.0, abs=0.005)
    assert sum(abs(found.value - true) <= found.half_width for found, true in first_delays) >= len(first_delays) - 2
    (period,) = done.values("refractory_period")
    assert 2e-3 < period.value < 8e-3 and period.low < 3.9e-3 < period.high
    by_gap = {row.conditions["gap"]: row for row in done.values("second_firing_probability")}
    assert sorted(by_gap) == sorted(set(gaps)) and by_gap[0.5e-3].value == 0 and by_gap[20e-3].value == 1
    (delay,) = done.values("switching_delay_mean")
    assert delay.low < np.mean([true for _, true in first_delays]) < delay.high  # of the device after its rest


@pytest.mark.thorough
def test_relaxation_of_the_silver_device_lasts_as_the_witness_saw(measure):
    done = measure("ag_sio2", "relaxation", {"repeats": 8}, device="A1")
    log = WitnessLog(done.witness).relaxations()
    resistance = done.run.header.fixture.path_resistance["pulser"]
    true = []
    for (_, shot), event in zip(relaxations(done.run), log, strict=True):
        true.append(event.until(shot.level / (0.1 - shot.level * resistance)))
        assert shot.value == pytest.approx(true[-1], rel=0.05)
    (median,), (mean,) = done.values("relaxation_time_median"), done.values("relaxation_time_mean")
    assert median.low < np.median(true) < median.high and mean.low < np.mean(true) < mean.high
    assert median.conditions["statistic"] == "median" and median.conditions["pulses"] == 8


@pytest.mark.thorough
def test_a_window_too_short_gives_lower_bounds(measure):
    done = measure("ag_sio2", "relaxation", {"repeats": 3, "window": "1 ms"}, device="A1")
    assert all(row.value is None and row.low == pytest.approx(1e-3, rel=0.05) and Flag.CENSORED in row.flags
               for row in done.values("relaxation_time"))


def test_niobium_oxide_recovers_before_the_shortest_gap(measure):
    done = measure("nbo2", "paired_pulse", {
        **FAST, "amplitude": "1.2 V", "shortest": "5 us", "longest": "200 us", "points": 4, "repeats": 10,
        "rest": "1 ms"})
    (period,) = done.values("refractory_period")
    assert period.value is None and period.low is None and period.high < 8e-6 and Flag.CENSORED in period.flags
    (first,) = done.values("firing_probability")
    assert first.value == 1.0


#: a record of 1 ms shows an edge of 1 us by two samples at most, and the device switches on it
COARSE = {"amplitude": "1.4 V", "width": "1 ms", "rise_time": "1 us", "fall_time": "1 us"}
PAIRS = {"gaps": "10 ms, 20 ms", "repeats": 2}


@pytest.mark.thin(2)
@pytest.mark.parametrize(("protocol", "more"), [("paired_pulse", PAIRS), ("relaxation", {"repeats": 4})])
def test_a_device_that_switches_faster_than_is_shown_is_not_one_that_never_fires(measure, protocol, more):
    done = measure("nbo2", protocol, {**COARSE, **more})
    assert len(WitnessLog(done.witness).switching_on()) == (8 if protocol == "paired_pulse" else 4)
    (found,) = done.values("firing_probability")
    assert found.value is None and found.flags == Flag.AMBIGUOUS and "is not known" in found.method
    (line,) = [event.message for event in done.events if "no switching in any of" in event.message]
    assert "shorter 'width' or more samples ('resolution'" in line
    if protocol == "paired_pulse":
        (period,), (delay,) = done.values("refractory_period"), done.values("switching_delay_mean")
        assert period.value is None and Flag.AMBIGUOUS in period.flags and "from the edge on" in period.method
        assert Flag.AMBIGUOUS in delay.flags and delay.low is None


@pytest.mark.thin(4)
@pytest.mark.parametrize(("protocol", "more"), [("paired_pulse", PAIRS), ("relaxation", {"repeats": 4})])
@pytest.mark.parametrize("device", ["1 kOhm", "below threshold"])
def test_what_does_not_switch_is_told_in_coarse_records_too(measure, protocol, more, device):
    """The edges of a resistor show its current; a device that is off conducts less than one that is on."""
    replaced = (('model = "nbo2"', 'model = "resistor"\nparameters = { r = 1e3 }'),) if device == "1 kOhm" else ()
    amplitude = {} if device == "1 kOhm" else {"amplitude": "0.9 V"}
    done = measure("nbo2", protocol, {**COARSE, **more, **amplitude}, replace=replaced)
    (found,) = done.values("firing_probability")
    assert found.value == 0.0 and found.flags == Flag.NONE


def test_a_resistor_never_fires(measure):
    done = measure("nbo2", "paired_pulse", {
        **FAST, "amplitude": "1.2 V", "shortest": "5 us", "longest": "50 us", "points": 3, "repeats": 2,
        "rest": "1 ms"}, replace=(('model = "nbo2"', 'model = "resistor"'),))
    (period,), (first,) = done.values("refractory_period"), done.values("firing_probability")
    assert period.value is None and Flag.NO_EVENT in period.flags and first.value == 0.0


@pytest.mark.thorough
def test_silver_adds_up_pulses_until_it_fires(measure):
    done = measure("ag_sio2", "pulse_train", {
        "amplitude": "1.4 V", "base": "0.1 V", "width": "60 us", "period": "160 us", "count": 10, "repeats": 8,
        "rest": "60 ms", "probe": False, "rise_time": "1 us", "fall_time": "1 us"}, device="A1")
    counts, log = done.values("pulses_to_fire"), WitnessLog(done.witness)
    # a device that stays on holds the level down that triggers: a train whose count is lost by that is flagged
    missed = (done.run.point_flags & Flag.TRIGGER_MISSED).astype(bool).reshape(8, 10).any(axis=1)
    trains = [int(count.conditions["train"]) for count in counts]
    assert len(trains) >= 2 and all(missed[train] for train in set(range(8)) - set(trains))
    times = done.run.column("time").reshape(8, 10)[trains]
    late = 0.31e-3  # [s] from the bench's note of the trigger to the first edge
    for count, train in zip(counts, times, strict=True):
        on = log.switching_on(train[0], train[0] + 10e-3)
        after = [event.time - train[0] - late for event in on]
        # one that switches on as its pulse ends may be off again before anybody can see it fire
        seen = [[int(time // 160e-6) + 1 for time in after if time % 160e-6 < end] for end in (160e-6, 55e-6)]
        if Flag.AMBIGUOUS in count.flags:
            assert count.low <= min(seen[0], default=11) <= (count.high or 11)
        else:
            assert count.value in [min(fired, default=None) for fired in seen]
    (median,) = done.values("pulses_to_fire_median")
    assert median.conditions["trains"] == len(trains)
