"""The package examples/plugins, installed as its author's would be: each of its things from the list to the result."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.patience import PATIENCE
from tsbench.storage import read_run

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "examples" / "plugins"
MODULES = {
    "device": ("lab_thermistor.py",), "instrument": ("lab_meter.py", "lab_virtual_meter.py"),
    "generator": ("lab_pulser.py", "lab_virtual_pulser.py"), "protocol": ("lab_resistance.py",),
}

#: carries out several commands in one process, and prints what each wrote to its output and as errors
COMMANDS = """
import contextlib, io, json, sys
from tsbench.cli import main
written = []
for arguments in json.loads(sys.argv[1]):
    with contextlib.redirect_stdout(io.StringIO()) as output, contextlib.redirect_stderr(io.StringIO()) as errors:
        code = main(arguments)
    assert code == 0, errors.getvalue()
    written.append((output.getvalue(), errors.getvalue()))
print(json.dumps(written))
"""

Run = Callable[..., Any]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the package into a folder of its own."""
    source, target = tmp_path_factory.mktemp("source") / "plugins", tmp_path_factory.mktemp("installed")
    shutil.copytree(PACKAGE, source, ignore=shutil.ignore_patterns("build", "*.egg-info", "*.witness.jsonl"))
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--target",
         str(target), str(source)], check=True, capture_output=True)
    return target


@pytest.fixture(scope="module")
def python(installed: Path) -> Run:
    """Return what runs Python with the package and gives the output."""

    def run(*arguments: object, path: Path | None = None, window: bool = False) -> str:
        """``path``: of another package; ``window``: on the display there is."""
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(path or installed), str(ROOT)])}
        if not window:
            environment["QT_QPA_PLATFORM"] = "offscreen"
        done = subprocess.run(
            [sys.executable, *map(str, arguments)], env=environment, capture_output=True, text=True, timeout=PATIENCE,
            check=False)
        assert done.returncode == 0, done.stderr
        assert path is not None or "left out" not in done.stderr
        return done.stdout

    return run


@pytest.fixture(scope="module")
def tsbench(python: Run) -> Run:
    """Return what carries out commands in one process, and gives of each what it wrote to its output and as errors."""

    def run(*commands: list[object], path: Path | None = None) -> list[tuple[str, str]]:
        words = [[str(word) for word in command] for command in commands]
        written = json.loads(python("-c", COMMANDS, json.dumps(words), path=path))
        assert path is not None or not any("left out" in errors for _, errors in written)
        return [(output, errors) for output, errors in written]

    return run


@pytest.fixture
def bench(tmp_path: Path) -> Path:
    """A copy of the package's bench with its world; its witness stands beside it."""
    for name in ("lab.bench.toml", "lab.world.toml"):
        shutil.copy(PACKAGE / name, tmp_path / name)
    return tmp_path / "lab.bench.toml"


def test_each_thing_takes_few_lines() -> None:
    for files in MODULES.values():
        assert len(files) <= 3
        assert all(len((PACKAGE / name).read_text("utf-8").splitlines()) <= 120 for name in files)
    assert {path.name for path in PACKAGE.glob("*.py")} == {name for files in MODULES.values() for name in files}


def test_the_page_counts_their_lines() -> None:
    page = (ROOT / "docs" / "plugins.md").read_text("utf-8")
    counts = re.findall(r"`examples/plugins/(\w+\.py)`\s+is\s+a\s+complete[^`]*?(\d+)\s+lines", page)
    assert {name for name, _ in counts} == {path.name for path in PACKAGE.glob("*.py")}
    for name, count in counts:
        assert len((PACKAGE / name).read_text("utf-8").splitlines()) == int(count), name


def test_all_are_listed(tsbench: Run) -> None:
    protocols, instruments, devices = (json.loads(output) for output, _ in tsbench(
        *([command, "--json"] for command in ("protocols", "instruments", "devices"))))
    assert "lab_resistance" in [row["name"] for row in protocols]
    assert {"lab_meter", "lab_pulser"} <= {row["driver"] for row in instruments}
    assert "lab_film" in [row["name"] for row in devices]


@pytest.mark.thorough
def test_the_protocol_measures_with_the_instrument_on_its_twin(python: Run, bench: Path, tmp_path: Path) -> None:
    out = tmp_path / "runs"
    (row,) = json.loads(python(
        "-m", "tsbench", "measure", "lab_resistance", "--bench", bench, "--device", "R1", "--out", out, "--json"))
    assert row["quantity"] == "resistance" and row["low"] < 10e3 < row["high"]
    assert row["high"] - row["low"] < 100.0 and row["flags"] == []
    (run,) = out.glob("*.nxs")
    header = read_run(run).header
    assert header.provenance["packages"] == ["lab-plugins 1.0"]
    assert header.instruments["meter"]["settings"]["source_compliance_current"] > 0.0
    figures = tmp_path / "figures"
    (again,) = json.loads(python("-m", "tsbench", "analyse", run, "--out", figures, "--json"))
    assert again["value"] == row["value"]
    (figure,) = figures.rglob("*_resistance.png")
    assert figure.stat().st_size > 10_000
    states = [json.loads(line) for line in (tmp_path / "lab.witness.jsonl").read_text("utf-8").splitlines()]
    outputs = [state for state in states if state["kind"] == "output"]
    assert [state["on"] for state in outputs][-2:] == [True, False]


def test_the_generator_fires_a_device_on_its_twin(python: Run, tmp_path: Path) -> None:
    """On the bench of the built-in example, with this generator in the place of ours and without its second output."""
    for name in ("nbo2.bench.toml", "nbo2.world.toml"):
        lines = (ROOT / "examples" / name).read_text("utf-8").splitlines(keepends=True)
        text = "".join(line for line in lines if "gen2" not in line and "generator.2" not in line)
        (tmp_path / name).write_text(
            text.replace("keysight_33600", "lab_pulser").replace("keysight_33622a", "lab_pulser"), "utf-8")
    rows = json.loads(python(
        "-m", "tsbench", "measure", "pulse_train", "--bench", tmp_path / "nbo2.bench.toml", "--device", "D1",
        "--out", tmp_path / "runs", "--set", "count=3", "--json"))
    delays = [row["value"] for row in rows if row["quantity"] == "switching_delay"]
    assert len(delays) == 3 and all(50e-9 < delay < 100e-9 for delay in delays)
    (mean,) = [row for row in rows if row["quantity"] == "switching_delay_mean"]
    assert mean["low"] < mean["value"] < mean["high"]
    states = [json.loads(line) for line in (tmp_path / "nbo2.witness.jsonl").read_text("utf-8").splitlines()]
    outputs = [(state["channel"], state["on"]) for state in states
               if state["kind"] == "output" and state["instrument"] == "generator"]
    assert outputs[-2:] == [("1", True), ("1", False)]
    (run,) = (tmp_path / "runs").glob("*.nxs")
    python("-m", "tsbench", "analyse", run, "--out", tmp_path / "figures", "--json")
    assert all(figure.stat().st_size > 10_000 for figure in (tmp_path / "figures").glob("*.png"))
    assert len(list((tmp_path / "figures").glob("*.png"))) >= 1


@pytest.mark.thorough
@pytest.mark.display
def test_the_window_shows_the_form_runs_it_and_shows_the_result(python: Run, bench: Path) -> None:
    said = python("-c", f"""
import sys, time
from pathlib import Path
from typing import Any
from PyQt5 import QtCore, QtTest, QtWidgets, sip
QtCore.QSettings.setDefaultFormat(QtCore.QSettings.IniFormat)
QtCore.QSettings.setPath(QtCore.QSettings.IniFormat, QtCore.QSettings.UserScope, {str(bench.parent)!r})
from tsbench.gui.main_window import MainWindow
application = QtWidgets.QApplication(["tsbench-tests"])
window = MainWindow(Path({str(bench)!r}))

def until(condition, seconds):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "still waiting"
        application.processEvents(QtCore.QEventLoop.AllEvents, 50)
        time.sleep(0.005)

window.run_panel.out.setText({str(bench.parent / "runs")!r})
window.show()
until(lambda: not window.checker.running(), {PATIENCE})
panel = window.run_panel
panel.device.setCurrentText("R1")
panel.choose("lab_resistance")
for name in ("levels", "compliance", "settle"):
    field = panel.form.field(name)
    print(name, field.text(), field.unit, panel.form.layout().labelForField(field).text(), sep="|")
line = panel.form.field("settle")._entry
line.setFocus()
line.selectAll()
QtTest.QTest.keyClicks(line, "11 s")
print(panel.form.problems(), panel.run.isEnabled())
line.selectAll()
QtTest.QTest.keyClicks(line, "20 ms")
print(panel.form.problems(), panel.form.settings())
QtTest.QTest.mouseClick(panel.run, QtCore.Qt.LeftButton)
assert window.control.running()
until(lambda: not window.control.running(), {PATIENCE})
table = window.view.results.table
print([table.item(row, column).text() for row in range(table.rowCount()) for column in range(table.columnCount())])
panel.device.setCurrentText("F1")   # the device of the package
QtTest.QTest.mouseClick(panel.run, QtCore.Qt.LeftButton)
until(lambda: not window.control.running(), {PATIENCE})
print([table.item(row, column).text() for row in range(table.rowCount()) for column in range(table.columnCount())])
window.close()
sip.delete(window)   # as the command does
""", window=True)
    *fields, wrong, right, table, of_film = said.splitlines()
    assert fields == ["levels|100 mV, 200 mV, 300 mV, 400 mV|V|Levels", "compliance|1 mA|A|Compliance",
                      "settle|10 ms|s|Settle"]
    assert wrong.startswith("['settle: ") and "10 s" in wrong and wrong.endswith(" False")
    assert right == "[] {'settle': 0.02}"
    assert "resistance" in table and "kOhm" in table
    assert "resistance" in of_film and "kOhm" in of_film and of_film != table
    first, second = sorted((bench.parent / "runs").glob("*.nxs"))
    assert "lab_resistance-R1" in first.name and "lab_resistance-F1" in second.name


def test_an_uninstalled_module_with_its_entry_point_left_behind_is_one_line(
    installed: Path, tsbench: Run, tmp_path: Path,
) -> None:
    """As after an interrupted ``pip uninstall``, or a checkout that moved: metadata without the module."""
    left = tmp_path / "left"
    for facts in installed.glob("*.dist-info"):
        shutil.copytree(facts, left / facts.name)
    counts = {"protocols": 1, "instruments": 2, "devices": 1}
    table = tmp_path / "table.csv"
    simulated = ["simulate", ROOT / "examples" / "oscillator.cir", "--out", table]
    *lists, (_, simulating) = tsbench(*([command, "--json"] for command in counts), simulated, path=left)
    for (rows, said), count in zip(lists, counts.values(), strict=True):
        assert len(json.loads(rows)) > 3
        lines = [line for line in said.splitlines() if line.startswith("tsbench: ")]
        assert len(lines) == count and "Traceback" not in said
        for line in lines:
            assert "of lab-plugins 1.0 is left out: " in line and "No module named 'lab_" in line
    assert table.exists() and "Traceback" not in simulating


def test_the_window_makes_a_form_of_the_protocol(python: Run) -> None:
    said = python("-c", """
from PyQt5 import QtWidgets
from tsbench.protocols import PROTOCOLS
from tsbench.gui.run_panel import RunPanel
application = QtWidgets.QApplication([])
panel = RunPanel(PROTOCOLS.things())
panel.set_devices(["R1"])
panel.set_hindrance("")
panel.choose("lab_resistance")
panel.form.field("settle").set_text("20 ms")
print(panel.form.problems(), panel.form.settings(), panel.run.isEnabled())
panel.choose("pulse_train")   # what the generator of the package is used with
panel.form.field("count").set_text("3")
print(panel.form.problems(), panel.form.settings(), panel.run.isEnabled())
""")
    assert said.splitlines() == ["[] {'settle': 0.02} True", "[] {'count': 3} True"]


@pytest.mark.thorough
@pytest.mark.ngspice
def test_ngspice_agrees_on_the_device(python: Run) -> None:
    said = python("-c", """
from benchmarks.agreement import lines
from benchmarks.agreement_cases import cases_for
found = [line for case in cases_for("lab_film", 3.0, 2e3) for line in lines(case, ("ngspice",))]
assert len(found) > 3
print([line.figure for line in found if not line.passed])
""")
    assert said.strip() == "[]"


@pytest.mark.thorough
def test_the_netlist_of_the_example_oscillates(python: Run, tmp_path: Path) -> None:
    table, figure = tmp_path / "table.csv", tmp_path / "film.png"
    python("-m", "tsbench", "simulate", PACKAGE / "lab_film.cir", "--out", table, "--plot", figure)
    assert figure.stat().st_size > 10_000
    rows = [float(line.split(",")[1]) for line in table.read_text("utf-8").splitlines()[1:]]
    assert max(rows) > 1.0 and min(rows) < 0.7
