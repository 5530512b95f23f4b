"""Signals that end whatever has switched an output on, against a bench in another process: the witness sees it go off.

Runs are in ``tests/station/watchdog/test_watchdog_kills.py``.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.patience import PATIENCE, wait_until
from tsbench.cli import main

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals that Windows has not")

STANDARD = """
[devices.R10K]
standard = "resistor"
resistance = "10 kOhm"
"""
SCRIPT = """
import sys, time
from tsbench.instruments import SourceSettings
from tsbench.station.bench.bench import Bench
with Bench.open(sys.argv[1], "D1") as bench:
    meter = bench.source_meter("drive")
    meter.configure_source(SourceSettings("voltage", compliance_current=1e-3))
    meter.set_output(True)
    time.sleep(600)
"""
LONG = 60.0  #: [s] for a sign of life, however busy the computer is
TSBENCH = [sys.executable, "-m", "tsbench"]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    from benchmarks.watchdog import ServedBench

    with ServedBench(tmp_path_factory.mktemp("served")) as bench:
        bench.write_bench(bench.bench, deadline=LONG, reply=LONG)
        text = bench.bench.read_text("utf-8").replace('connected = "D1"', 'connected = "R10K"')
        bench.bench.with_name("standard.bench.toml").write_text(text + STANDARD, "utf-8")
        bench.bench.with_name("script.py").write_text(SCRIPT, "utf-8")
        yield bench


def command(served: Any, what: str) -> list[str]:
    folder = served.folder
    return {
        "fixture check": [*TSBENCH, "check", str(folder / "standard.bench.toml"), "--fixture"],
        "comparison": [*TSBENCH, "conform", str(served.bench), "--yes", "--out", str(folder / "conformity"),
                       "--resistor", "source_meter=10k", "--resistor", "generator.1=10k"],
        "script": [sys.executable, str(folder / "script.py"), str(served.bench)],
    }[what]


def end_it(served: Any, what: str, *signals: int) -> tuple[int, str]:
    """Send the signals as soon as an output is on; return exit code and standard error, when all outputs are off."""
    assert not served.on_at(time.time())
    before = len([name for _, name, on in served.outputs() if on])
    signal.signal(signal.SIGINT, signal.default_int_handler)   # else ignored in a shell's background job
    child = subprocess.Popen(
        command(served, what), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True)
    try:
        wait_until(lambda: served.on_at(time.time()) or child.poll() is not None)
        for number in signals:
            child.send_signal(number)
            time.sleep(0.05)
        said = child.communicate(timeout=PATIENCE)[1]
        assert len([name for _, name, on in served.outputs() if on]) > before, f"nothing was on: {said}"
    finally:
        child.kill()
        child.wait()
    wait_until(lambda: not served.on_at(time.time()))
    return child.returncode, said


@pytest.mark.thin(6)
@pytest.mark.parametrize(("what", "signals"), [
    ("fixture check", (signal.SIGTERM,)), ("fixture check", (signal.SIGHUP,)),
    ("fixture check", (signal.SIGINT, signal.SIGINT, signal.SIGINT)),
    ("comparison", (signal.SIGTERM,)), ("comparison", (signal.SIGHUP, signal.SIGINT, signal.SIGINT))])
def test_a_signal_ends_a_command_with_130_and_the_outputs_off(served: Any, what: str, signals: tuple[int, ...]) -> None:
    code, said = end_it(served, what, *signals)
    assert code == 130 and f"the {what} is interrupted. Please wait until the outputs are off" in said
    assert "Traceback" not in said and "watchdog" not in said


@pytest.mark.thin(3)
@pytest.mark.parametrize("what", ["fixture check", "comparison", "script"])
def test_the_watchdog_switches_off_after_a_kill(served: Any, what: str) -> None:
    code, said = end_it(served, what, signal.SIGKILL)
    assert code == -signal.SIGKILL
    assert "watchdog: the measuring process has died. These outputs were read back as off: source_meter" in said


@pytest.mark.thorough
def test_the_watchdog_switches_off_after_a_script_that_hears_no_signal(served: Any) -> None:
    code, said = end_it(served, "script", signal.SIGTERM)
    assert code == -signal.SIGTERM and "watchdog: the measuring process has died" in said
    assert not list(Path(served.folder).glob("*.watchdog.json"))   # it is no run


def test_a_script_that_is_interrupted_needs_no_watchdog(served: Any) -> None:
    code, said = end_it(served, "script", signal.SIGINT)
    assert code in (-signal.SIGINT, 130) and "watchdog" not in said


def test_check_tells_which_output_it_found_on(served: Any, capsys: pytest.CaptureFixture[str]) -> None:
    row, = [row for row in served._served if row["name"] == "source_meter"]
    with socket.create_connection(("127.0.0.1", int(row["socket"].split("::")[2])), timeout=PATIENCE) as link:
        link.sendall(b":OUTP ON\n")   # as after a crash
        wait_until(lambda: served.on_at(time.time()))
    assert main(["check", str(served.bench)]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "output source_meter was on when tsbench opened the bench, and tsbench switched it off" in said
    assert "off (it was on)" in said and not served.on_at(time.time())
    assert main(["check", str(served.bench)]) == 0
    assert "was on" not in capsys.readouterr().out


@pytest.mark.thorough
def test_commands_that_are_left_alone_end_with_their_watchdogs(served: Any) -> None:
    done = subprocess.run([*command(served, "fixture check"), "--json"], capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1) and json.loads(done.stdout) and "watchdog" not in done.stderr
    assert not served.on_at(time.time())
