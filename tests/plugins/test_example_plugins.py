"""The package examples/plugins, installed as its author's would be: each of its things from the list to the result."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "examples" / "plugins"
MODULES = {
    "device": ("lab_thermistor.py",), "instrument": ("lab_meter.py", "lab_virtual_meter.py"),
    "protocol": ("lab_resistance.py",),
}

Run = Callable[..., str]


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Install the package into a folder of its own; return what runs Python with it and gives the output."""
    source, target = tmp_path_factory.mktemp("source") / "plugins", tmp_path_factory.mktemp("installed")
    shutil.copytree(PACKAGE, source, ignore=shutil.ignore_patterns("build", "*.egg-info", "*.witness.jsonl"))
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--target",
         str(target), str(source)], check=True, capture_output=True)
    environment = {
        **os.environ, "PYTHONPATH": os.pathsep.join([str(target), str(ROOT)]), "QT_QPA_PLATFORM": "offscreen"}

    def run(*arguments: object) -> str:
        done = subprocess.run(
            [sys.executable, *map(str, arguments)], env=environment, capture_output=True, text=True, timeout=240,
            check=False)
        assert done.returncode == 0, done.stderr
        assert "left out" not in done.stderr
        return done.stdout

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


def test_all_are_listed(python: Run) -> None:
    protocols = json.loads(python("-m", "tsbench", "protocols", "--json"))
    assert "lab_resistance" in [row["name"] for row in protocols]
    instruments = json.loads(python("-m", "tsbench", "instruments", "--json"))
    assert "lab_meter" in [row["driver"] for row in instruments]
    devices = json.loads(python("-m", "tsbench", "devices", "--json"))
    assert "lab_film" in [row["name"] for row in devices]


def test_the_protocol_measures_with_the_instrument_on_its_twin(python: Run, bench: Path, tmp_path: Path) -> None:
    out = tmp_path / "runs"
    (row,) = json.loads(python(
        "-m", "tsbench", "measure", "lab_resistance", "--bench", bench, "--device", "R1", "--out", out, "--json"))
    assert row["quantity"] == "resistance" and row["low"] < 10e3 < row["high"]
    assert row["high"] - row["low"] < 100.0 and row["flags"] == []
    (run,) = out.glob("*.nxs")
    figures = tmp_path / "figures"
    (again,) = json.loads(python("-m", "tsbench", "analyse", run, "--out", figures, "--json"))
    assert again["value"] == row["value"]
    (figure,) = figures.rglob("*_resistance.png")
    assert figure.stat().st_size > 10_000
    states = [json.loads(line) for line in (tmp_path / "lab.witness.jsonl").read_text("utf-8").splitlines()]
    outputs = [state for state in states if state["kind"] == "output"]
    assert [state["on"] for state in outputs][-2:] == [True, False]


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
""")
    assert said.strip() == "[] {'settle': 0.02} True"


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


def test_the_netlist_of_the_example_oscillates(python: Run, tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    python("-m", "tsbench", "simulate", PACKAGE / "lab_film.cir", "--out", table)
    rows = [float(line.split(",")[1]) for line in table.read_text("utf-8").splitlines()[1:]]
    assert max(rows) > 1.0 and min(rows) < 0.7
