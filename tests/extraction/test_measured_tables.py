"""Measured data of others, analysed and beside an independent reading of the same file with NumPy."""

import os
from pathlib import Path

import numpy as np
import openpyxl
import pytest

from tsbench.errors import ConfigurationError
from tsbench.extraction import analyse_files

SHARED = Path(os.environ.get("TSBENCH_SHARED_DATA", Path(__file__).parents[2].parent / "shared" / "data"))
pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason=f"measured data are not there: {SHARED}")


def numbers(name, skip):
    return np.genfromtxt(SHARED / name, delimiter=",", skip_header=skip).T


def of(analysis, quantity):
    return [row for row in analysis.rows if row["quantity"] == quantity]


def test_silver_sweeps():
    sweep, _, voltage, current = numbers("ag_diffusive_asymmetric_iv.csv", 1)
    last_off, last_on = [], []
    for one in np.unique(sweep):
        volts, amps = voltage[sweep == one], current[sweep == one]
        over = np.flatnonzero(amps > 10e-9)
        if over.size:
            last_off.append(volts[over[0] - 1])
            last_on.append(volts[over[-1]])
    analysis = analyse_files([SHARED / "ag_diffusive_asymmetric_iv.csv"], rule="above=10n")
    assert analysis.understood[0].startswith(
        "ag_diffusive_asymmetric_iv.csv: this file is read as sweep, 201 half-sweeps. "
        "Columns: voltage = 'voltage_V' [V], ")
    found = [row for row in of(analysis, "threshold_voltage") if row["value"] is not None]
    assert len(found) == len(last_off) == 101
    assert [row["low"] for row in found] == pytest.approx(last_off, abs=1e-9)
    holds = [row for row in of(analysis, "hold_voltage") if row["value"] is not None]
    assert [row["high"] for row in holds] == pytest.approx(last_on, abs=1e-9)


@pytest.mark.thin(2)
@pytest.mark.parametrize("number", ["00", "02"])
def test_silver_pulses(number, tmp_path):
    time, voltage, current = numbers(f"ag_pulse_{number}.csv", 1)
    current = -current  # measured at the other electrode
    pulse = np.flatnonzero(voltage > 0.55)
    first, last = pulse[0], pulse[-1]
    zero, on = np.median(current[50 : first - 20]), np.median(current[last - 200 : last - 50])
    half = first + np.flatnonzero(current[first:last] > 0.5 * (zero + on))[0]
    analysis = analyse_files([SHARED / f"ag_pulse_{number}.csv"], out=tmp_path)
    assert "pulses and relaxation, 1 pulse (1.00 V for 20.0 ms), base voltage 102 mV" in analysis.understood[0]
    (delay,) = of(analysis, "switching_delay")
    if number == "00":
        assert delay["value"] == pytest.approx(time[half] - time[first], rel=0.03)
    else:  # 65 us after its rise, the current is clipped: half of its highest value is not known
        assert delay["value"] is None and "censored" in delay["flags"]
        assert delay["low"] == pytest.approx(time[half] - time[first], rel=0.03)
    assert delay["conditions"]["pulse_width"] == pytest.approx(time[last] - time[first], rel=0.01)
    assert "clipped" in delay["flags"]  # the current stands at 11.54 uA
    (shot,) = of(analysis, "relaxation_time")
    mean = np.convolve(current - zero, np.ones(21) / 21, "same")
    above = last + 30 + np.flatnonzero(mean[last + 30 : -20] > shot["conditions"]["level"])
    assert shot["value"] == pytest.approx(time[above[-1]] - time[last], rel=0.02)
    assert len(analysis.figures) == 2


@pytest.mark.parametrize(("limit", "after"), [(np.inf, 5e-3), (1.0234e-6, np.inf), (0.5e-6, np.inf)])
def test_a_pulse_that_is_mostly_at_the_end_of_the_range_is_clipped(limit, after, tmp_path):
    """More than half of the current is equal, so the median of its noise is zero."""
    time, voltage, current = numbers("ag_pulse_02.csv", 1)
    kept = time <= time[np.flatnonzero(voltage > 0.55)[-1]] + after
    rows = np.column_stack((time, voltage, np.clip(current, -limit, limit)))[kept]
    assert np.mean(rows[:, 2] == rows[:, 2].min()) > 0.55
    np.savetxt(tmp_path / "cut.csv", rows, delimiter=",", header="time,voltage,current", comments="", fmt="%.15g")
    analysis = analyse_files([tmp_path / "cut.csv"])
    (delay,) = of(analysis, "switching_delay")
    assert delay["value"] is None and {"clipped", "censored"} <= set(delay["flags"])
    assert 0.1e-3 < delay["low"] < 0.183e-3   # the whole file: above 182 us
    (shot,) = of(analysis, "relaxation_time")
    assert shot["value"] is None   # the current at the end of the pulse, or the time after it, is not known


def test_a_loop_without_a_header():
    voltage, current = numbers("knowm_47k.csv", 0)
    with pytest.raises(ConfigurationError, match=(
            r"knowm_47k\.csv: the table has no header.*In the first 200 rows, column 1 is between -0\.\d+ and 0\.\d+, "
            r"column 2 is between -\d.* --columns 'voltage=1 \[V\],current=2 \[uA\]'")):
        analyse_files([SHARED / "knowm_47k.csv"])
    analysis = analyse_files([SHARED / "knowm_47k.csv"], "voltage=1 [V],current=2 [uA]")
    assert "sweep, 2 half-sweeps. Columns: voltage = '1' [V], current = '2' [uA]" in analysis.understood[0]
    assert {row["conditions"]["polarity"] for row in of(analysis, "threshold_voltage")} == {"+", "-"}
    # one sine: the drive is the device voltage and what falls across 47 kOhm
    drive = voltage + 47e3 * 1e-6 * current
    assert np.count_nonzero(np.diff(np.sign(drive))) == 2
    assert all(row["value"] is None for row in of(analysis, "threshold_voltage"))   # no jump; by a level of 5 uA:
    (off,) = [row for row in of(analyse_files(
        [SHARED / "knowm_47k.csv"], "voltage=1 [V],current=2 [uA]", rule="above=5u"), "hold_voltage") if row["value"]]
    last = np.flatnonzero(current > 5.0)[-1]
    assert off["value"] == pytest.approx(0.5 * (voltage[last] + voltage[last + 1]), rel=1e-6)
    assert off["low"] < voltage[last + 1] < voltage[last] < off["high"]


@pytest.mark.thorough
def test_a_triangle_on_a_scope():
    time, other, drive = numbers("sdc_tri150.csv", 2)
    crossings = np.flatnonzero(np.diff(np.sign(np.convolve(drive, np.ones(9) / 9, "same"))))
    analysis = analyse_files([SHARED / "sdc_tri150.csv"], "time=x-axis,voltage=2,current=1 [V/1kOhm]")
    assert "current = '1' [V/1kOhm]" in analysis.understood[0]
    (counted,) = of(analysis, "half_sweeps_switching")
    assert counted["conditions"]["number"] == 200 == pytest.approx(np.unique(crossings // 10).size, abs=2)
    assert time[-1] - time[0] == pytest.approx(0.1, rel=0.01)
    assert np.abs(other).max() < 0.05
    assert counted["value"] == 0   # no jump. A level of 10 uA is passed as by a resistor: it tells no threshold
    by_level = analyse_files(
        [SHARED / "sdc_tri150.csv"], "time=x-axis,voltage=2,current=1 [V/1kOhm]", rule="above=10u")
    smooth = np.convolve(drive, np.ones(9) / 9, "same")
    halves = np.split(np.arange(time.size), np.flatnonzero(np.diff(np.sign(smooth))))
    ratios = []
    for part in (part for part in halves if np.ptp(drive[part]) > 0.1):
        first = int(np.argmax(np.abs(other[part]) > 10e-3))
        before = np.abs(drive[part][:first]) @ np.abs(other[part][:first]) / np.sum(drive[part][:first] ** 2)
        ratios.append(other[part][first] / drive[part][first] / before)
    assert len(ratios) == 200 and max(ratios) < 2.0
    found = of(by_level, "threshold_voltage")
    assert len(found) == 200
    assert all(row["value"] is None and row["flags"] == ["ambiguous"] for row in found)


def cells(name):
    (sheet, *_) = openpyxl.load_workbook(SHARED / name, data_only=True, read_only=True).worksheets
    return list(sheet.iter_rows(values_only=True))


def test_a_forming_sweep_of_clarius(tmp_path):
    rows = cells("clarius_forming.xlsx")
    current, voltage = np.array([row[1:3] for row in rows[1:]], dtype=float).T
    jump = int(np.argmax(np.diff(np.abs(current))))
    assert rows[1][5] == pytest.approx(-voltage[jump + 1])   # Clarius itself, by the largest change: VFORM
    analysis = analyse_files([SHARED / "clarius_forming.xlsx"], out=tmp_path)
    assert "Columns: time = 'Time' [s], current = 'AI' [A], voltage = 'AV' [V]" in analysis.understood[0]
    (threshold,) = of(analysis, "threshold_voltage")
    assert threshold["low"] <= voltage[jump + 1] + 1e-9 and voltage[jump] - 1e-9 <= threshold["high"]
    assert threshold["value"] == pytest.approx(0.5 * (voltage[jump] + voltage[jump + 1]), abs=1e-6)
    assert len(analysis.figures) == 1


@pytest.mark.thorough
def test_a_row_of_wrong_units_is_a_question(tmp_path):
    with pytest.raises(ConfigurationError, match=(
            r"hots_layer2\.xlsx: the units cannot be right, because the noise of the current.* of an electron.*"
            r"--columns 'voltage=Voltage \[V\],current=Current \[A\],time=Time \[s\]'")):
        analyse_files([SHARED / "hots_layer2.xlsx"])
    analysis = analyse_files(
        [SHARED / "hots_layer2.xlsx"], "voltage=Voltage [V],current=Current [A],time=Time [s]", out=tmp_path,
        kind="relaxation")
    time, voltage, current = np.array([row[:3] for row in cells("hots_layer2.xlsx")[2:]], dtype=float).T
    pulse = np.flatnonzero(voltage > 0.25)
    (shot,) = of(analysis, "relaxation_time")
    # the device conducts for 30 ms after the pulse, at a voltage of zero: the pulse is over when the voltage is
    assert time[pulse[-1]] - time[pulse[0]] == pytest.approx(shot["conditions"]["pulse_width"], rel=0.06)
    # the samples are 0.1 ms apart up to 19 ms and 1 ms from 46 ms on
    above = np.flatnonzero(current - np.mean(current[: pulse[0] - 2]) > shot["conditions"]["level"])
    assert shot["low"] < time[above[-1]] - time[pulse[-1] + 1] < shot["high"]
    assert any("63 other columns are not used: 4, 5, 6" in line for line in analysis.lines)
    each = analyse_files(
        [SHARED / "hots_layer2.xlsx"], "voltage=Voltage [V],current=3..5 [A],time=Time [s]", kind="relaxation")
    assert [row["run"] for row in of(each, "relaxation_time")] == [
        f"hots_layer2.xlsx:column {k}" for k in (3, 4, 5)]
    assert of(each, "relaxation_time")[0]["value"] == shot["value"]
