"""Integrate and fire on the simulated silver device, against the witness."""

import numpy as np
import pytest

from tsbench.records import Flag
from tsbench.simulated_backends.witness.log import WitnessLog

LATE = 0.31e-3  #: [s] from the bench's note of the trigger to the first edge


@pytest.mark.sabotage("resistor", "units", "output")
def test_silver_adds_up_pulses_and_longer_ones_faster(measure):
    """A device that closes within 10 us of the end of a pulse closes partly: it may count at the next one."""
    done = measure("ag_sio2", "integrate_and_fire", {
        "amplitude": "1.4 V", "base": "0.1 V", "widths": "60 us, 110 us", "periods": "160 us", "count": 8,
        "repeats": 6}, device="A1")
    assert done.outcome.status == "success" and done.outcome.safe and done.left_on == []
    assert not (done.run.point_flags & Flag.TRIGGER_MISSED).any()
    log, times = WitnessLog(done.witness), done.run.column("time")
    counts = {round(row.conditions["train"]): row for row in done.values("pulses_to_fire")}
    compared = 0
    for number, (start, end) in enumerate(zip(times, [*times[1:], np.inf], strict=True)):
        width = done.run.column("width")[number]
        after = [event.time - start - LATE for event in log.switching_on(start, end)]
        if not after or not 6e-6 < after[0] % 160e-6 < width - 10e-6:
            continue
        compared += 1
        assert counts[number].value == int(after[0] // 160e-6) + 1
    assert compared >= 5
    medians = {row.conditions["pulse_width"]: row for row in done.values("pulses_to_fire_median")}
    assert medians[110e-6].value < medians[60e-6].value
    assert {row.conditions["trains"] for row in medians.values()} == {6}
