"""An offset of the current hides no switching: it is taken off, or the events are in doubt."""

from pathlib import Path

import numpy as np
import pytest

from tsbench.analysis.resistance.zero_current import possible_offsets, without_offset
from tsbench.analysis.threshold.half_sweeps import IVPoints
from tsbench.analysis.threshold.offset_doubts import doubted_by_offsets
from tsbench.analysis.threshold.switching_results import SweepFacts
from tsbench.analysis.threshold.switching_rule import Jump
from tsbench.analysis.threshold.threshold import switching
from tsbench.extraction.files import analyse_files
from tsbench.records import Flag, FloatArray

THRESHOLD, HOLD, OFF, ON = 0.65, 0.217, 500e6, 10e6
OFFSETS = [0.0, 2e-9, -2e-9, 1e-8, -1e-8, 3e-8, -3e-8]


def sweep(offset: float, both_ways: bool = True, begin: int = 0) -> tuple[FloatArray, FloatArray]:
    """Return voltage [V] and current [A], shapes (n,): up to 1.2 V in steps of 20 mV."""
    up = 0.02 * np.arange(begin, 61)
    voltage = np.concatenate((up, up[-2::-1])) if both_ways else up
    on = np.where(np.arange(voltage.size) < up.size, voltage > THRESHOLD, voltage > HOLD)
    return voltage, np.where(on, voltage / ON, voltage / OFF) + offset


def file_of(folder: Path, voltage: FloatArray, current: FloatArray) -> Path:
    path = folder / "sweep.csv"
    rows = "".join(f"{v:.9g},{i:.9g}\n" for v, i in zip(voltage, current, strict=True))
    path.write_text("Voltage (V),Current (A)\n" + rows, "utf-8")
    return path


@pytest.mark.parametrize("offset", OFFSETS)
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_both_ways_show_the_offset_and_nothing_is_hidden(offset: float, sign: float, tmp_path: Path) -> None:
    voltage, current = sweep(0.0)
    found = analyse_files([file_of(tmp_path, sign * voltage, sign * current + offset)])
    rows = {row["quantity"]: row for row in found.rows}
    truths = {"threshold_voltage": sign * THRESHOLD, "hold_voltage": sign * HOLD, "off_resistance": OFF,
              "on_resistance": ON}
    for quantity, truth in truths.items():
        row = rows[quantity]
        assert row["low"] * (1 - 1e-9 * np.sign(row["low"])) <= truth <= row["high"] * (1 + 1e-9 * np.sign(row["high"]))
        assert "ambiguous" not in row["flags"] and row["value"] is not None
        assert ("at zero voltage" in row["method"]) == bool(offset and quantity.endswith("resistance"))
    said = [line for line in found.lines if "at zero voltage" in line]
    assert len(said) == bool(offset)


@pytest.mark.parametrize("offset", OFFSETS[1:])
def test_one_way_alone_leaves_in_doubt_what_it_hides(offset: float, tmp_path: Path) -> None:
    found = analyse_files([file_of(tmp_path, *sweep(offset, both_ways=False))])
    (row,) = (row for row in found.rows if row["quantity"] == "threshold_voltage")
    assert "ambiguous" in row["flags"] or row["low"] <= THRESHOLD <= row["high"]


@pytest.mark.parametrize("offset", OFFSETS)
def test_an_offset_within_the_data_sheet_hides_nothing(offset: float) -> None:
    """With readings at zero on both ways it is taken off; without them, what it may hide is in doubt."""
    facts, rule = SweepFacts(current_offset=4e-8, current_noise=1e-11), Jump()
    for begin in (0, 1, 5):
        voltage, current = sweep(offset, begin=begin)
        points, _ = without_offset(IVPoints(voltage, current, level=voltage), 0.0)
        assert (points.offset == pytest.approx(offset)) if begin == 0 else points.offset == 0.0
        (event,) = switching(points, facts, rule)
        if not points.offset:
            event = doubted_by_offsets(event, possible_offsets(event.half, facts), facts, rule)
        for result, truth in ((event.threshold_voltage, THRESHOLD), (event.hold_voltage, HOLD)):
            low, high = result.low or 0.0, np.inf if result.high is None else result.high
            assert Flag.AMBIGUOUS in result.flags or (low <= truth <= high and result.value is not None)
