"""An offset of the current hides no switching: it is taken off, or the events are in doubt."""

from pathlib import Path

import numpy as np
import pytest

from tsbench.analysis.resistance.resistances import resistances
from tsbench.analysis.threshold.current_offset import flagged_if_offset_matters, possible_offsets, without_offset
from tsbench.analysis.threshold.half_sweeps import IVPoints
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
@pytest.mark.parametrize(("sign", "of_current"), [(1.0, 1.0), (-1.0, -1.0), (1.0, -1.0)])
def test_both_ways_show_the_offset_and_nothing_is_hidden(
    offset: float, sign: float, of_current: float, tmp_path: Path
) -> None:
    """Also where the file has the currents with the other sign."""
    voltage, current = sweep(0.0)
    found = analyse_files([file_of(tmp_path, sign * voltage, of_current * current + offset)])
    rows = {row["quantity"]: row for row in found.rows}
    truths = {"threshold_voltage": sign * THRESHOLD, "hold_voltage": sign * HOLD, "off_resistance": OFF,
              "on_resistance": ON}
    for quantity, truth in truths.items():
        row = rows[quantity]
        assert row["low"] * (1 - 1e-9 * np.sign(row["low"])) <= truth <= row["high"] * (1 + 1e-9 * np.sign(row["high"]))
        doubted = bool(offset) and quantity == "on_resistance"   # the meter may be in another range there
        assert ("ambiguous" in row["flags"]) == doubted and row["value"] is not None
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
        points, _ = without_offset(IVPoints(voltage, current, level=voltage), facts)
        assert (points.offset == pytest.approx(offset)) if begin == 0 else points.offset == 0.0
        (event,) = switching(points, facts, rule)
        if not points.offset:
            event = flagged_if_offset_matters(event, possible_offsets(event.half, facts), facts, rule)
        for result, truth in ((event.threshold_voltage, THRESHOLD), (event.hold_voltage, HOLD)):
            low, high = result.low or 0.0, np.inf if result.high is None else result.high
            assert Flag.AMBIGUOUS in result.flags or (low <= truth <= high and result.value is not None)


@pytest.mark.parametrize("offset", OFFSETS[1:])
def test_magnitudes_do_not_tell_the_sign_of_an_offset(offset: float, tmp_path: Path) -> None:
    voltage, current = sweep(0.0)
    both = np.concatenate((voltage, -voltage[1:])), np.abs(np.concatenate((current, -current[1:])) + offset)
    found = analyse_files([file_of(tmp_path, *both)])
    assert not [line for line in found.lines if "subtracted" in line]
    for row in found.rows:
        if row["quantity"] in {"off_resistance", "on_resistance"} and row["low"] is not None:
            truth = OFF if row["quantity"] == "off_resistance" else ON
            assert "ambiguous" in row["flags"] or row["low"] <= truth <= (row["high"] or np.inf)


@pytest.mark.parametrize("noise", [0.0, 5e-3])
def test_an_offset_behind_a_path_is_subtracted_from_the_drop_along_it_too(noise: float) -> None:
    """100 kOhm: 50 nA make 5 mV, which are no voltage of the device."""
    path, on, off, offset = 1e5, 1e6, 1e9, 5e-8
    up = 0.02 * np.arange(101)
    level = np.concatenate((up, up[-2::-1]))
    random = np.random.default_rng(2)
    state = np.where(np.arange(level.size) < up.size, level > 1.2, level > 0.5)
    current = level / (np.where(state, on, off) + path) + offset
    voltage = level + noise * random.standard_normal(level.size) - path * current
    facts = SweepFacts(current_offset=1e-7, voltage_noise=noise, path_resistance=path)
    points, uncertainty = without_offset(IVPoints(voltage, current, level=level), facts)
    assert points.offset == pytest.approx(offset, rel=1e-3) and uncertainty < 1e-9
    (event,) = switching(points, facts)
    (found,) = (one for one in resistances([event], facts) if one.quantity == "on_resistance")
    assert found.low is not None and found.high is not None and found.low <= on <= found.high
    if not noise:
        assert found.value == pytest.approx(on, rel=1e-6)


def test_an_offset_that_may_be_there_is_within_the_data_sheet() -> None:
    facts = SweepFacts(current_offset=1e-9)
    for points in (sweep(0.0, begin=3), sweep(5e-9, begin=3), sweep(0.0, both_ways=False, begin=3)):
        (event,) = switching(IVPoints(*points, level=points[0]), facts)
        offsets = possible_offsets(event.half, facts)
        assert offsets and max(map(abs, offsets)) <= 1e-9
        if points[0][-1] > 1.0:   # the peak is no way down
            assert len(offsets) == 1
