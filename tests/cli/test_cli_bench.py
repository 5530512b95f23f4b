"""The command line on the simulated bench: measure, run, check, instruments; outputs off by the witness."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.fixtures.patience import PATIENCE, wait_until
from tsbench.cli import main
from tsbench.simulated_backends.witness.log import outputs_left_on, read_sessions
from tsbench.storage import read_run

SHORT = {
    "iv_sweep": (["step=10 mV", "nplc=0.1"], "threshold_voltage"),
    "pulse_train": (["count=3"], "switching_delay"),
    "oscillation": (["bias=2.2 V"], "frequency"),
}
ROW = {
    "device", "protocol", "run", "quantity", "unit", "conditions", "value", "low", "high", "method", "flags",
    "random_uncertainty", "systematic_uncertainty",
}


@pytest.fixture(autouse=True)
def somewhere_else(tmp_path, monkeypatch):
    """Commands write beside where they are called: let that be a temporary folder."""
    monkeypatch.chdir(tmp_path)


def witness(bench: Path) -> Path:
    return bench.with_name("nbo2.witness.jsonl")


def settings(texts):
    return [word for text in texts for word in ("--set", text)]


@pytest.mark.thin(3)
@pytest.mark.sabotage("resistor", "output")
@pytest.mark.parametrize("protocol", list(SHORT))
def test_measure_prints_nothing_but_result_rows(protocol, nbo2_bench, tmp_path, capsys):
    texts, quantity = SHORT[protocol]
    code = main(["measure", protocol, "--bench", str(nbo2_bench), "--device", "D1", "--json",
                 "--out", str(tmp_path / "runs"), *settings(texts)])
    captured = capsys.readouterr()
    assert code == 0, captured.err
    rows = json.loads(captured.out)
    assert all(set(row) == ROW for row in rows)
    row = next(row for row in rows if row["quantity"] == quantity)
    assert row["low"] <= row["value"] <= row["high"]
    assert (row["device"], row["protocol"]) == ("D1", protocol)
    (file,) = (tmp_path / "runs").glob("*.nxs")
    assert file.stem == row["run"]
    assert str(file) in captured.err
    assert read_run(file).status == "success"
    assert any(record["on"] for log in read_sessions(witness(nbo2_bench)) for record in log.of_kind("output"))
    assert outputs_left_on(witness(nbo2_bench)) == []


def test_measure_prints_a_table_with_units(nbo2_bench, tmp_path, capsys):
    assert main(["measure", "iv_sweep", "--bench", str(nbo2_bench), "--device", "D1", "--out", str(tmp_path),
                 *settings(SHORT["iv_sweep"][0])]) == 0
    text = capsys.readouterr().out
    assert "threshold voltage" in text
    assert "±" in text
    assert " V" in text


@pytest.mark.parametrize(("arguments", "code", "said"), [
    (["--device", "D2"], 2, "D1"),
    (["--device", "D1", "--set", "stop=5 V"], 3, "4.000 V"),
    (["--device", "D1", "--set", "compliance=50 mA"], 3, "20.00 mA"),
])
def test_what_is_refused_before_anything_is_sent(arguments, code, said, nbo2_bench, tmp_path, capsys):
    words = ["measure", "iv_sweep", "--bench", str(nbo2_bench), "--out", str(tmp_path / "runs"), *arguments]
    assert main(words) == code
    (error,) = [line for line in capsys.readouterr().err.splitlines() if "opening the bench" not in line]
    assert error.startswith("tsbench: ")
    assert said in error
    assert not list((tmp_path / "runs").glob("*"))
    if witness(nbo2_bench).exists():
        records = [record for log in read_sessions(witness(nbo2_bench)) for record in log.of_kind("output")]
        assert not any(record["on"] for record in records)


@pytest.mark.parametrize(("old", "new", "said"), [
    ("SIM00001", "SIM00009", "does not find"),
    ("keithley_2450", "keysight_33600", "MODEL 2450"),
    ("[roles]", "[rolls]", "Did you mean 'roles'?"),
    ('max_voltage = "4 V"', 'max_voltage = "4 A"', "the unit must be V"),
    ("R_load   gen2  dut  5k", "R_load   gen2  dut  5kx!", "R_load"),
])
def test_a_wrong_bench_file_gives_one_line_and_code_2(old, new, said, nbo2_bench, capsys):
    text = nbo2_bench.read_text()
    assert old in text
    nbo2_bench.write_text(text.replace(old, new, 1))
    for command in (["check", str(nbo2_bench)],
                    ["measure", "iv_sweep", "--bench", str(nbo2_bench), "--device", "D1"]):
        assert main(command) == 2
        error = capsys.readouterr().err
        assert error.startswith("tsbench: ")
        assert error.count("\n") == 1
        assert said in error


def test_check_reports_instruments_outputs_and_limits(nbo2_bench, capsys):
    assert main(["check", str(nbo2_bench), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert {row["name"] for row in report["instruments"]} == {"source_meter", "generator", "scope"}
    assert {state["output"] for state in report["outputs"]} == {"source_meter", "generator.1", "generator.2"}
    assert not any(state["enabled"] for state in report["outputs"])
    assert report["devices"][0]["limits"]["max_voltage"] == 4.0
    assert report["problems"] == []
    assert main(["check", str(nbo2_bench)]) == 0
    text = capsys.readouterr().out
    assert "SIMULATED" in text
    assert "max voltage 4.000 V" in text


def test_check_warns_of_a_role_with_a_typing_mistake(nbo2_bench, capsys):
    text = nbo2_bench.read_text().replace("pulser = ", "pulsr = ")
    nbo2_bench.write_text(text.replace("[roles]", '[roles]\ngate = "generator.1"'))
    assert main(["check", str(nbo2_bench), "--json"]) == 0
    warnings = json.loads(capsys.readouterr().out)["warnings"]
    assert ("no protocol uses the role 'pulsr'. Did you mean 'pulser'? Correct it in [roles], or ignore this if a "
            "script uses the role") in warnings
    assert not any("gate" in warning for warning in warnings)   # of a script


def test_check_warns_of_a_device_without_limits(nbo2_bench, capsys):
    nbo2_bench.write_text(nbo2_bench.read_text().replace('max_current = "20 mA"', ""))
    assert main(["check", str(nbo2_bench), "--json"]) == 0
    assert any("max_current" in warning for warning in json.loads(capsys.readouterr().out)["warnings"])


def test_instruments_of_a_bench(nbo2_bench, capsys):
    assert main(["instruments", "--bench", str(nbo2_bench), "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    keys = {"name", "role", "driver", "model", "resource", "visa_library", "simulated"}
    assert all(set(row) == keys for row in rows)
    assert all(row["simulated"] for row in rows)


def write_list(bench: Path, *protocols: str) -> Path:
    path = bench.with_name("runs.list.toml")
    path.write_text(f'bench = "{bench.name}"\ndevice = "D1"\n' + "".join(protocols))
    return path


def test_run_a_list_then_resume_it(nbo2_bench, tmp_path, capsys):
    sweep = '[[protocol]]\nname = "iv_sweep"\nstep = "10 mV"\nnplc = 0.1\n'
    pulses = '[[protocol]]\nname = "pulse_train"\ncount = 2\n'
    out = tmp_path / "runs"
    path = write_list(nbo2_bench, sweep)
    assert main(["run", str(path), "--out", str(out), "--dry-run"]) == 0
    assert "iv_sweep" in capsys.readouterr().out
    assert not out.exists()
    assert main(["run", str(path), "--out", str(out), "--json"]) == 0
    assert {row["protocol"] for row in json.loads(capsys.readouterr().out)} == {"iv_sweep"}
    path = write_list(nbo2_bench, sweep, pulses)
    assert main(["run", str(path), "--out", str(out), "--resume", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)   # of what was done before, too
    assert {row["protocol"] for row in rows} == {"iv_sweep", "pulse_train"}
    assert len(list(out.glob("*.nxs"))) == 2
    assert main(["validate", *map(str, out.glob("*.nxs"))]) == 0
    assert capsys.readouterr().out.count("complete and valid") == 2
    assert main(["analyse", *map(str, out.glob("*.nxs")), "--json"]) == 0
    quantities = {row["quantity"] for row in json.loads(capsys.readouterr().out)}
    assert {"threshold_voltage", "switching_delay"} <= quantities
    assert outputs_left_on(witness(nbo2_bench)) == []


def test_a_list_beyond_a_limit_is_refused(nbo2_bench, tmp_path, capsys):
    path = write_list(nbo2_bench, '[[protocol]]\nname = "iv_sweep"\nstop = "5 V"\n')
    for more in ([], ["--dry-run"]):
        assert main(["run", str(path), "--out", str(tmp_path / "runs"), *more]) == 3
        assert capsys.readouterr().err.startswith("tsbench: ")


def start_long_sweep(bench: Path, out: Path, *more: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "tsbench", "measure", "iv_sweep", "--bench", str(bench), "--device", "D1",
         "--out", str(out), "--set", "step=1m", "--set", "cycles=500", *more],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )


@pytest.mark.sabotage("output")
@pytest.mark.skipif(os.name == "nt", reason="Windows sends Ctrl-C to a whole console")
def test_ctrl_c_leaves_the_outputs_off_and_the_data_on_disk(nbo2_bench, tmp_path):
    child = start_long_sweep(nbo2_bench, tmp_path / "runs")
    wait_until(lambda: child.poll() is not None or (
        witness(nbo2_bench).exists() and outputs_left_on(witness(nbo2_bench))), "an output to be on")
    time.sleep(0.3)  # some readings
    child.send_signal(signal.SIGINT)
    _, errors = child.communicate(timeout=PATIENCE)
    assert child.returncode == 130, errors
    assert "Traceback" not in errors
    assert "stopped" in errors
    (file,) = (tmp_path / "runs").glob("*.nxs")
    assert read_run(file).status == "abort"
    assert outputs_left_on(witness(nbo2_bench)) == []
