"""Measured files of others, as published: what ``tsbench analyse`` gives, beside a reading with NumPy alone.

Some of them are broken in a temporary folder: then there must be no number. Each goes through the command as well.

``python -m benchmarks.measured_files [--data DIR]``: the files are not part of the project. Their folder is
``../shared/data``, or that of the variable ``TSBENCH_SHARED_DATA``.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import openpyxl
from matplotlib.image import imread

from benchmarks.report import Line, report
from tsbench.errors import ConfigurationError, TsbenchError
from tsbench.extraction import FileAnalysis, analyse_files

DATA = Path(os.environ.get("TSBENCH_SHARED_DATA", Path(__file__).parents[1].parent / "shared" / "data"))
Array = npt.NDArray[np.float64]
_PULSE = "ag_pulse_02.csv"  #: the file that is broken
_ANALYSE = (sys.executable, "-m", "tsbench", "analyse")
#: the answers to the question about each file, as options of the command
_COMMANDS: dict[str, tuple[str, ...]] = {
    "ag_diffusive_asymmetric_iv.csv": ("--rule", "above=10n"),
    "ag_pulse_00.csv": (),
    _PULSE: (),
    "clarius_forming.xlsx": (),
    "hots_layer2.xlsx": ("--as", "relaxation", "--columns", "time=1 [s],voltage=2 [V],current=3..66 [A]"),
    "knowm_47k.csv": ("--rule", "above=5u", "--columns", "voltage=1 [V],current=2 [uA]"),
    "sdc_tri150.csv": ("--rule", "above=10u", "--columns", "voltage=2,current=1 [V/1kOhm]"),
}
_DEVICES = 64  #: of hots_layer2.xlsx
LEAST = 0.8  #: of these, how many must have a number


def rows_of(analysis: FileAnalysis, quantity: str) -> list[dict[str, Any]]:
    """Return the result rows of one quantity that have a value."""
    return [row for row in analysis.rows if row["quantity"] == quantity and row["value"] is not None]


def asked(path: Path, words: str) -> Line:
    """Return the line for a file that must be a question."""
    try:
        analyse_files([path])
    except ConfigurationError as error:
        said = str(error).partition(": ")[2]
        return Line(f"{path.name}, without options", f"question: {said[:90]}…", f"a question about {words}", True)
    return Line(f"{path.name}, without options", "numbers", f"a question about {words}", False)


def number(name: str, ours: float, numpys: float, unit: str, most: float) -> Line:
    """Return the line that compares a number with NumPy's."""
    scale, prefix = (1e3, "m") if unit in ("V", "s") else (1.0, "")
    return Line(
        name, f"{scale * ours:.4g} {prefix}{unit}", f"{scale * numpys:.4g} {prefix}{unit} by NumPy, within {most:.1%}",
        abs(ours - numpys) <= most * abs(numpys))


def silver_sweeps(data: Path) -> list[Line]:
    """Compare the last reading below 10 nA of each half-sweep."""
    path = data / "ag_diffusive_asymmetric_iv.csv"
    sweep, _, voltage, current = np.genfromtxt(path, delimiter=",", skip_header=1).T
    lasts = []
    for one in np.unique(sweep):
        over = np.flatnonzero(current[sweep == one] > 10e-9)
        lasts += [voltage[sweep == one][over[0] - 1]] if over.size else []
    lows = [row["low"] for row in rows_of(analyse_files([path], rule="above=10n"), "threshold_voltage")]
    same = len(lows) == len(lasts) and np.allclose(lows, lasts, atol=1e-9)
    return [Line(f"{path.name}: half-sweeps that switch (rule above=10n)", f"{len(lows)}", f"{len(lasts)} by NumPy",
                 len(lows) == len(lasts)),
            Line(f"{path.name}: voltages before the threshold", "the same" if same else "others", "the same", same)]


def relaxed(time: Array, voltage: Array, current: Array, level: float) -> float:
    """Return how long after the pulse the smoothed current is last above a level [A] above that at rest."""
    pulse = np.flatnonzero(voltage > 0.5 * voltage.max())
    mean = np.convolve(current - np.median(current[: pulse[0] - 2]), np.ones(3) / 3, "same")
    above = np.flatnonzero(mean > level)
    return float(time[min(above[-1], time.size - 2)] - time[pulse[-1]])


def silver_pulses(data: Path) -> list[Line]:
    """Compare pulse widths and relaxation times."""
    lines = []
    for path in (data / "ag_pulse_00.csv", data / "ag_pulse_02.csv"):
        time, voltage, current = np.genfromtxt(path, delimiter=",", skip_header=1).T
        (shot,) = rows_of(analyse_files([path]), "relaxation_time")
        pulse = np.flatnonzero(voltage > 0.5 * voltage.max())
        lines += [
            number(f"{path.name}: pulse width", shot["conditions"]["pulse_width"],
                   time[pulse[-1]] - time[pulse[0]], "s", 0.01),
            number(f"{path.name}: relaxation time", shot["value"],
                   relaxed(time, voltage, -current, shot["conditions"]["level"]), "s", 0.05)]
    return lines


def forming(data: Path) -> list[Line]:
    """Compare the threshold with the largest change of the current, which Clarius itself marks (VFORM)."""
    path = data / "clarius_forming.xlsx"
    (sheet, *_) = openpyxl.load_workbook(path, data_only=True, read_only=True).worksheets
    rows = list(sheet.iter_rows(values_only=True))
    current, voltage = np.array([row[1:3] for row in rows[1:]], dtype=float).T
    jump = int(np.argmax(np.diff(np.abs(current))))
    (found,) = rows_of(analyse_files([path]), "threshold_voltage")
    return [number(f"{path.name}: threshold voltage", found["value"], 0.5 * (voltage[jump] + voltage[jump + 1]), "V",
                   0.001),
            number(f"{path.name}: the reading after it, as Clarius marks it", -found["low"], rows[1][5], "V", 0.001)]


def mislabelled(data: Path) -> list[Line]:
    """Compare the relaxation of 64 devices, after the question about the units is answered."""
    path = data / "hots_layer2.xlsx"
    (sheet, *_) = openpyxl.load_workbook(path, data_only=True, read_only=True).worksheets
    table = np.array([row[:66] for row in list(sheet.iter_rows(values_only=True))[2:]], dtype=float)
    analysis = analyse_files([path], "time=1 [s],voltage=2 [V],current=3..66 [A]", kind="relaxation")
    shots = rows_of(analysis, "relaxation_time")
    flagged = [row for row in analysis.rows if row["quantity"] == "relaxation_time" and row["value"] is None]
    inside = 0
    for shot in shots:
        column = int(shot["run"].rpartition(" ")[2]) - 1
        mine = relaxed(table[:, 0], table[:, 1], table[:, column], shot["conditions"]["level"])
        inside += abs(shot["value"] - mine) <= max(0.1 * mine, 1e-3)
    return [asked(path, "the units"),
            devices_told(path.name, len(shots), sum(bool(row["flags"]) for row in flagged)),
            Line(f"{path.name}: of these, as by NumPy within 10 % or a sample of 1 ms", f"{inside}",
                 f"at least 95 % of {len(shots)}", inside >= 0.95 * len(shots))]


def devices_told(name: str, with_number: int, with_flag: int) -> Line:
    """Return the line that asks for a number or a flag of each device, and for a number of most of them."""
    return Line(f"{name}: devices with a relaxation time, and with a flag in its place",
                f"{with_number} and {with_flag}", f"{_DEVICES} together, at least {LEAST:.0%} with a relaxation time",
                with_number + with_flag == _DEVICES and with_number >= LEAST * _DEVICES)


def loop(data: Path) -> list[Line]:
    """Compare the voltage at which a loop falls below 5 uA."""
    path = data / "knowm_47k.csv"
    voltage, current = np.genfromtxt(path, delimiter=",").T
    found = rows_of(analyse_files([path], "voltage=1 [V],current=2 [uA]", rule="above=5u"), "hold_voltage")
    last = np.flatnonzero(current > 5.0)[-1]
    return [asked(path, "columns and units"),
            number(f"{path.name}: voltage of the fall below 5 uA", found[0]["value"],
                   0.5 * (voltage[last] + voltage[last + 1]), "V", 0.001)]


def triangle(data: Path) -> list[Line]:
    """Compare the half-sweeps of a triangle on an oscilloscope."""
    path = data / "sdc_tri150.csv"
    _, other, drive = np.genfromtxt(path, delimiter=",", skip_header=2).T
    smooth = np.convolve(drive, np.ones(9) / 9, "same")
    halves = [part for part in np.split(np.arange(drive.size), np.flatnonzero(np.diff(np.sign(smooth))))
              if np.ptp(drive[part]) > 0.1]
    steep = [np.abs(other[part] / drive[part])[np.abs(drive[part]) > 20e-3] for part in halves]
    alike = sum(float(np.max(one)) < 10.0 * float(np.min(one)) for one in steep)   # a switch: a factor of 1,000
    analysis = analyse_files([path], "voltage=2,current=1 [V/1kOhm]", rule="above=10u")
    found = [row for row in analysis.rows
             if row["quantity"] == "threshold_voltage" and "half_sweep" in row["conditions"]]
    doubted = sum(row["value"] is None and "ambiguous" in row["flags"] for row in found)
    return [asked(path, "the channels"),
            Line(f"{path.name}: half-sweeps; of these, conductances within a factor of 10", f"{len(found)}",
                 f"{len(halves)}; {alike} by NumPy", len(found) == len(halves)),
            Line(f"{path.name}: half-sweeps that pass 10 uA as a resistor does, without a number", f"{doubted}",
                 f"at least 95 % of {alike}", doubted >= 0.95 * alike)]


def broken(data: Path) -> Iterator[tuple[str, str, bytes]]:
    """Yield (what is broken, name of the file, its bytes) of files that can give no number."""
    text = (data / _PULSE).read_text("utf-8")
    lines = text.splitlines()
    pulse = np.flatnonzero(np.genfromtxt(lines, delimiter=",", skip_header=1).T[1] > 0.5)
    middle = 1 + (int(pulse[0]) + int(pulse[-1])) // 2   # behind the header
    yield "cut in the middle of the pulse", _PULSE, "\n".join([*lines[:middle], lines[middle][:9]]).encode()
    workbook = data / "clarius_forming.xlsx"
    yield "cut in the middle", workbook.name, workbook.read_bytes()[: workbook.stat().st_size // 2]
    for column, unit in (("current", "mV"), ("current", "units"), ("time", "us")):
        yield f"the {column} is in {unit}", _PULSE, text.replace(column, f"{column} [{unit}]", 1).encode()
    lost = range(int(pulse[-1]) + 500, int(pulse[-1]) + 3500)   # most of the relaxation
    without = [",".join([*line.split(",")[:2], "nan"]) if k - 1 in lost else line for k, line in enumerate(lines)]
    yield "currents of the relaxation are NaN", _PULSE, "\n".join(without).encode()
    yield "header missing", _PULSE, "\n".join(lines[1:]).encode()


def broken_files(data: Path) -> list[Line]:
    """Return the rows of the broken files: each must be a question, a refusal, or flags in the place of numbers."""
    lines = []
    for what, name, content in broken(data):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / name
            path.write_bytes(content)
            lines.append(without_numbers(f"{name}, {what}", path, "relaxation" if "relaxation" in what else ""))
    return lines


def without_numbers(name: str, path: Path, of: str = "") -> Line:
    """Return the row of a file that must give no number, or none of the quantities whose names begin with ``of``."""
    try:
        rows = [row for row in analyse_files([path]).rows if row["quantity"].startswith(of)]
    except TsbenchError as error:
        text = str(error)
        said, good = f"{type(error).__name__}: {(text.partition(': ')[2] or text)[:90]}…", True
    else:
        numbers = [row["quantity"] for row in rows if row["value"] is not None]
        silent = [row["quantity"] for row in rows if row["value"] is None and not row["flags"]]
        said = (f"{len(rows)} rows, {len(numbers)} with a number" + f", {len(silent)} without a flag" * bool(silent))
        good = bool(rows) and not numbers and not silent
    return Line(name, said, "a question, a refusal or flags, and no number", good)


def by_command(data: Path) -> list[Line]:
    """Analyse each file with the command, and look at its figures and at the numbers of one of them."""
    lines = [figures_of(data / name, options) for name, options in _COMMANDS.items()]
    told = subprocess.run([*_ANALYSE, str(data / _PULSE), "--json"], capture_output=True, text=True, check=False)
    (ours,) = rows_of(analyse_files([data / _PULSE]), "relaxation_time")
    same = told.returncode == 0 and any(
        row["quantity"] == "relaxation_time" and row["value"] == ours["value"] for row in results_of(told.stdout))
    return [*lines, Line(f"tsbench analyse {_PULSE} --json: relaxation time", "the same" if same else "another",
                         "the same as by the function", same)]


def figures_of(path: Path, options: Sequence[str]) -> Line:
    """Return the line of one file: the command gives numbers and figures that are not empty."""
    with tempfile.TemporaryDirectory() as folder:
        call = [*_ANALYSE, str(path), *options]
        drawn = subprocess.run([*call, "--figures", "--out", folder], capture_output=True, text=True, check=False)
        pictures = [file for file in sorted(Path(folder).iterdir()) if file.suffix == ".png"]
        seen = [file for file in pictures if np.ptp(imread(file)[..., :3]) > 0.5]   # not an empty page
    told = subprocess.run([*call, "--json"], capture_output=True, text=True, check=False)
    rows = results_of(told.stdout) if told.returncode == 0 else []
    numbers = sum(row["value"] is not None for row in rows)
    silent = sum(row["value"] is None and not row["flags"] for row in rows)
    return Line(f"tsbench analyse {path.name}: exit code; numbers; rows without number and flag; figures; of these, "
                "not empty", f"{drawn.returncode}; {numbers}; {silent}; {len(pictures)}; {len(seen)}",
                "0; at least 1; 0; at least 1; all",
                drawn.returncode == 0 and numbers > 0 == silent and 0 < len(pictures) == len(seen))


def results_of(text: str) -> list[dict[str, Any]]:
    """Return the rows that ``tsbench analyse --json`` prints."""
    found: list[dict[str, Any]] = json.loads(text)
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Analyse each file and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA)
    data = parser.parse_args(arguments).data
    parts = (silver_sweeps, silver_pulses, forming, mislabelled, loop, triangle, broken_files, by_command)
    lines = [line for part in parts for line in part(data)]
    return report("measured_files", "files as published", lines)


if __name__ == "__main__":
    sys.exit(main())
