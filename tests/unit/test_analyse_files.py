"""``analyse``: tables and run files to result rows; with the shared measured data where they are."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

from tsbench.errors import ConfigurationError, UnreadableFile
from tsbench.extraction import analyse_files

SHARED = Path(os.environ.get("TSBENCH_SHARED_DATA", Path(__file__).parents[2].parent / "shared" / "data"))
MEASURED = SHARED / "ag_diffusive_asymmetric_iv.csv"
COLUMNS = "voltage=voltage_V,current=current_A,sweep=sweep"
needs_measured = pytest.mark.skipif(
    not MEASURED.is_file(), reason=f"others' measured data are not there: {MEASURED}"
)


def rows_of(analysis, quantity):
    return [row for row in analysis.rows if row["quantity"] == quantity]


@needs_measured
def test_measured_sweeps_by_a_current_level():
    analysis = analyse_files([MEASURED], COLUMNS, "above=10n")
    found = [row for row in rows_of(analysis, "threshold_voltage") if row["value"] is not None]
    others = [row for row in rows_of(analysis, "threshold_voltage") if row["value"] is None]
    assert (len(found), len(others)) == (101, 100)
    assert all(row["flags"] == ["no_event"] for row in others)
    assert np.mean([row["low"] for row in found]) == pytest.approx(0.138, abs=0.0005)
    assert np.mean([row["high"] for row in found]) == pytest.approx(0.146, abs=0.0005)
    assert len([row for row in rows_of(analysis, "hold_voltage") if row["value"] is not None]) == 101
    assert found[-1]["conditions"] == {"sweep": 200, "polarity": "+"}
    (mean,) = [row for row in rows_of(analysis, "threshold_voltage_mean") if row["value"] is not None]
    assert 0.138 < mean["low"] < mean["value"] < mean["high"] < 0.146
    assert mean["conditions"]["number"] == 101
    assert any("101 of 201 half-sweeps switch, 100 do not" in line for line in analysis.lines)


@needs_measured
def test_measured_sweeps_by_the_largest_jump_and_how_it_differs():
    analysis = analyse_files([MEASURED], COLUMNS)
    assert sum(row["value"] is not None for row in rows_of(analysis, "threshold_voltage")) == 101
    (difference,) = rows_of(analysis, "threshold_voltage_difference")
    assert abs(difference["value"]) < 1e-3
    assert difference["conditions"]["reference_rule"] == "above=10nA"
    assert any("minus by rule above=10nA" in line for line in analysis.lines)
    json.dumps(analysis.rows, allow_nan=False)


@needs_measured
def test_measured_columns_are_guessed_and_drawn(tmp_path):
    analysis = analyse_files([MEASURED], None, None, tmp_path)
    assert sum(row["value"] is not None for row in rows_of(analysis, "threshold_voltage")) == 101
    assert [path.name for path in analysis.figures] == [
        "ag_diffusive_asymmetric_iv_iv.png",
        "ag_diffusive_asymmetric_iv_thresholds.png",
    ]


def written(tmp_path: Path, name: str, header: str, *columns) -> Path:
    path = tmp_path / name
    np.savetxt(path, np.column_stack(columns), delimiter=",", header=header, comments="")
    return path


def half_sweeps(switches) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    up = np.concatenate((np.arange(0, 1.0, 0.02), np.arange(1.0, -0.01, -0.02)))
    volts, amps, sweeps = [], [], []
    for number, (side, fires) in enumerate(switches):
        on = False
        for k, level in enumerate(up):
            on = fires and (level >= 0.7 if not on and k < 50 else on and level > 0.3)
            volts.append(side * level)
            amps.append(min(level * 1e-3, 1e-4) if on else level * 1e-9)
            sweeps.append(number)
    return np.array(volts), np.array(amps), np.array(sweeps)


def test_a_table_of_sweeps(tmp_path):
    path = written(
        tmp_path, "a.csv", "V,I,sweep", *half_sweeps([(1, True), (-1, False), (1, True), (1, False)])
    )
    analysis = analyse_files([path])
    assert [
        None if row["value"] is None else round(row["value"], 2)
        for row in rows_of(analysis, "threshold_voltage")
    ] == [0.69, None, 0.69, None]
    assert all(
        row["low"] <= 0.3 <= row["high"]
        for row in rows_of(analysis, "hold_voltage")
        if row["value"] is not None
    )
    assert {row["run"] for row in analysis.rows} == {"a.csv"}


def test_a_table_over_time(tmp_path):
    time = 1e-5 * np.arange(5000)
    path = written(tmp_path, "b.csv", "time,voltage", time, (time * 321.0) % 1.0)
    analysis = analyse_files([path], None, None, tmp_path)
    (frequency,) = rows_of(analysis, "frequency")
    assert frequency["low"] <= 321.0 <= frequency["high"]
    assert [figure.name for figure in analysis.figures] == ["b_spikes.png"]
    quiet = written(tmp_path, "c.csv", "time,voltage", time, 0 * time)
    (nothing,) = rows_of(analyse_files([quiet]), "frequency")
    assert nothing["flags"] == ["no_event"]


def test_one_clear_line_for_what_cannot_be_used(tmp_path):
    good = written(tmp_path, "good.csv", "V,I", np.arange(9), np.arange(9))
    for arguments, error, word in [
        (([good], "voltage=W,current=I"), ConfigurationError, "'W'"),
        (([good], "voltage=V"), ConfigurationError, "not enough"),
        (([good], None, "over=3"), ConfigurationError, "rule"),
        (([tmp_path],), ConfigurationError, "folder"),
    ]:
        with pytest.raises(error, match=word) as caught:
            analyse_files(*arguments)
        assert "\n" not in str(caught.value)
    backwards = written(tmp_path, "back.csv", "time,voltage", np.array([0, 1, 1, 2.0]), np.arange(4))
    with pytest.raises(ConfigurationError, match="does not rise"):
        analyse_files([backwards])
    with pytest.raises(FileNotFoundError):
        analyse_files([tmp_path / "none.csv"])
    noise = tmp_path / "noise.nxs"
    noise.write_bytes(bytes(range(256)) * 10)
    with pytest.raises(UnreadableFile):
        analyse_files([noise])
    binary = tmp_path / "binary.csv"
    binary.write_bytes(b"V,I\n\x00\x01\x02\n")
    with pytest.raises(UnreadableFile):
        analyse_files([binary])
