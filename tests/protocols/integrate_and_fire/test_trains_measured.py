"""Integrate and fire on the simulated silver device, against the witness."""

import numpy as np
import pytest

from tsbench.protocols import protocol_named
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.records import Flag
from tsbench.simulated_backends.witness.log import WitnessLog

LATE = 0.31e-3  #: [s] from the bench's note of the trigger to the first edge


@pytest.mark.thorough
@pytest.mark.sabotage("resistor", "units", "output")
def test_silver_adds_up_pulses_and_longer_ones_faster(measure):
    """A filament that is partly closed at the end of a pulse leaves a doubt, and the interval holds the witness."""
    done = measure("ag_sio2", "integrate_and_fire", {
        "amplitude": "1.4 V", "base": "0.1 V", "widths": "60 us, 110 us", "periods": "160 us", "count": 8,
        "repeats": 6}, device="A1")
    assert done.outcome.status == "success" and done.outcome.safe and done.left_on == []
    assert not (done.run.point_flags & Flag.TRIGGER_MISSED).any()
    log, times = WitnessLog(done.witness), done.run.column("time")
    counts = {round(row.conditions["train"]): row for row in done.values("pulses_to_fire")}
    for number, (start, end) in enumerate(zip(times, [*times[1:], np.inf], strict=True)):
        after = [event.time - start - LATE for event in log.switching_on(start, end)]
        row, truth = counts[number], int(after[0] // 160e-6) + 1 if after else 9
        assert row.low <= truth <= (row.high or 9.0)
        assert (row.value is None) == bool(row.flags & (Flag.AMBIGUOUS | Flag.CENSORED)) and Flag.OPEN not in row.flags
    assert sum(row.value is not None for row in counts.values()) >= 6
    medians = {row.conditions["pulse_width"]: row for row in done.values("pulses_to_fire_median")}
    assert medians[110e-6].low < medians[60e-6].low
    assert {row.conditions["trains"] for row in medians.values()} == {6}


#: records show the edge by two samples at most, and the device switches on it
COARSE = {"amplitude": "1.4 V", "base": "0 V", "rise_time": "1 us", "fall_time": "1 us", "rest": "10 ms"}
TRAINS = {"widths": "100 us", "periods": "300 us", "count": 2, "repeats": 3, "resolution": 200}


def test_a_train_that_switches_faster_than_is_shown_is_not_one_that_never_fires(measure):
    done = measure("nbo2", "integrate_and_fire", {
        **COARSE, **TRAINS, "widths": "1 ms", "periods": "3 ms", "resolution": 100})
    assert len(WitnessLog(done.witness).switching_on()) >= 6
    assert len(done.values("pulses_to_fire")) == 3
    for count in done.values("pulses_to_fire"):
        assert (count.value, count.low, count.high) == (None, 1.0, None) and Flag.AMBIGUOUS in count.flags
        assert "whether pulse 1 fired is not known" in count.method and "shorter 'width'" in count.method
    (median,) = done.values("pulses_to_fire_median")
    assert (median.value, median.low, median.high) == (None, 1.0, None) and Flag.AMBIGUOUS in median.flags
    (share,) = done.values("train_firing_probability")
    assert share.value is None and share.flags == Flag.AMBIGUOUS and "3 of 3 trains" in share.method
    assert all(draw() for _, draw in protocol_named("integrate_and_fire").figures(done.run, ExtractionOptions()))


@pytest.mark.thin(2)
@pytest.mark.parametrize("device", ["1 kOhm", "below threshold"])
def test_a_train_to_what_does_not_switch_does_not_fire_in_coarse_records_too(measure, device):
    """The edges of a resistor show its current; a device that is off conducts less than one that is on."""
    replaced = (('model = "nbo2"', 'model = "resistor"\nparameters = { r = 1e3 }'),) if device == "1 kOhm" else ()
    amplitude = {} if device == "1 kOhm" else {"amplitude": "0.9 V"}
    done = measure("nbo2", "integrate_and_fire", {**COARSE, **TRAINS, **amplitude}, replace=replaced)
    (share,) = done.values("train_firing_probability")
    assert share.value == 0.0 and share.flags == Flag.NONE
    assert all(count.low == 3.0 and count.flags == Flag.CENSORED for count in done.values("pulses_to_fire"))
