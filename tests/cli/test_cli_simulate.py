"""``tsbench simulate`` and ``tsbench devices``."""

import csv
import json
from pathlib import Path

import pytest

from tsbench.cli import main

RC = "* rc\nV1 in 0 1\nR1 in out 1k\nC1 out 0 1n\n.tran 10n 2u uic\n.save v(out) i(v1)\n.end\n"
OSCILLATOR = (
    "* oscillator\nV1 in 0 2.2\nR1 in out 5k\nC1 out 0 80p\nX1 out 0 nbo2\n.tran 1n 2u uic\n.save v(out)\n.end\n"
)


@pytest.fixture
def netlist(tmp_path: Path):
    def write(text: str) -> str:
        path = tmp_path / "circuit.cir"
        path.write_text(text)
        return str(path)

    return write


def test_simulate_writes_a_table_to_standard_output(netlist, capsys):
    assert main(["simulate", netlist(RC)]) == 0
    rows = list(csv.reader(capsys.readouterr().out.splitlines()))
    assert rows[0] == ["time", "v(out)", "i(v1)"]
    time, voltage, _ = (float(cell) for cell in rows[-1])
    assert time == pytest.approx(2e-6)
    assert voltage == pytest.approx(1 - 2.718281828**-2, rel=1e-3)


def test_simulate_writes_table_and_picture_to_files(netlist, tmp_path: Path, capsys):
    out, plot = tmp_path / "rc.csv", tmp_path / "rc.png"
    assert main(["simulate", netlist(RC), "--out", str(out), "--plot", str(plot)]) == 0
    assert out.read_text().startswith("time,v(out),i(v1)\n")
    assert plot.read_bytes().startswith(b"\x89PNG")
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("choice", ["resistor", "X1=resistor"])
def test_simulate_with_another_device(netlist, choice, capsys):
    assert main(["simulate", netlist(OSCILLATOR), "--device", choice]) == 0
    rows = capsys.readouterr().out.splitlines()
    assert float(rows[-1].split(",")[1]) == pytest.approx(2.2 * 10 / 15, rel=1e-3)


@pytest.mark.parametrize(("text", "said"), [
    (RC.replace("R1 in out 1k", "R1 in lonely 1k\nR2 out 0 1k"), "lonely"),
    (RC.replace("1n\n", "1n$%\n", 1), "C1"),
    (RC.replace(".tran 10n 2u uic\n", ""), ".tran"),
    (RC.replace("v(out)", "v(oot)"), "oot"),
    (OSCILLATOR.replace("nbo2", "nbo3"), "nbo2"),
])
def test_a_bad_netlist_gives_one_line_and_code_2(netlist, text, said, capsys):
    assert main(["simulate", netlist(text)]) == 2
    error = capsys.readouterr().err
    assert error.startswith("tsbench: ")
    assert error.count("\n") == 1
    assert said in error


def test_simulate_needs_something_to_do(capsys):
    assert main(["simulate"]) == 2
    assert "NETLIST" in capsys.readouterr().err


def test_simulate_writes_the_device_models_for_ngspice(tmp_path: Path):
    library = tmp_path / "devices.lib"
    assert main(["simulate", "--devices-lib", str(library)]) == 0
    assert ".subckt nbo2 a b" in library.read_text()


def test_devices(capsys):
    assert main(["devices"]) == 0
    text = capsys.readouterr().out
    assert "nbo2" in text
    assert "300 Ohm" in text
    assert main(["devices", "--json"]) == 0
    entries = json.loads(capsys.readouterr().out)
    nbo2 = next(entry for entry in entries if entry["name"] == "nbo2")
    assert {"name", "value", "unit", "mark", "source"} == set(nbo2["parameters"][0])


def test_instruments_that_can_be_driven(capsys):
    assert main(["instruments", "--json"]) == 0
    drivers = {entry["driver"] for entry in json.loads(capsys.readouterr().out)}
    assert {"keithley_2450", "keysight_33600", "keysight_dsox3000t"} <= drivers
