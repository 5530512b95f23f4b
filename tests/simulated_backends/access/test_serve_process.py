"""``tsbench serve`` as a process: what it prints, how it ends, and a measurement against it."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.patience import PATIENCE

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
BREAK = getattr(signal, "CTRL_BREAK_EVENT", signal.SIGINT)


class Process:
    """A serving process and what it printed."""

    def __init__(self, world: Path, *options: str) -> None:
        flags = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)  # so that Ctrl-Break reaches it alone
        self.child = subprocess.Popen(
            [sys.executable, "-m", "tsbench", "serve", str(world), "--json", *options],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, creationflags=flags,
        )
        assert self.child.stdout is not None
        self.line = self.child.stdout.readline()
        self.addresses: dict[str, dict[str, str]] = {}
        if self.line:
            self.addresses = {row["name"]: row for row in json.loads(self.line)}

    def ask(self, instrument: str, message: str) -> str:
        port = int(self.addresses[instrument]["socket"].split("::")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as link, link.makefile("rb") as stream:
            link.sendall(message.encode() + b"\n")
            return stream.readline().decode().strip()

    def end(self, number: int) -> tuple[int, str, str]:
        self.child.send_signal(number)
        out, err = self.child.communicate(timeout=PATIENCE)
        return self.child.returncode, out, err


@pytest.fixture
def start(resistor_bench: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.delenv("TSBENCH_WITNESS", raising=False)
    started: list[Process] = []

    def go(*options: str, world: Path | None = None) -> Process:
        started.append(Process(world or resistor_bench.with_name("resistor.world.toml"), *options))
        return started[-1]

    yield go
    for process in started:
        if process.child.poll() is None:
            process.child.kill()
        process.child.communicate()


@pytest.mark.thin(2)
@pytest.mark.parametrize("number", [signal.SIGTERM, BREAK])
def test_one_line_when_it_listens_and_a_clean_end(start: Any, resistor_bench: Path, number: int) -> None:
    if os.name == "nt" and number == signal.SIGTERM:
        pytest.skip("Windows has no SIGTERM that a process could answer")
    process = start("--fast")
    assert [sorted(row) for row in process.addresses.values()] == [["hislip", "model", "name", "socket"]] * 3
    for row in process.addresses.values():
        assert re.fullmatch(r"TCPIP0::127\.0\.0\.1::\d+::SOCKET", row["socket"])
        assert re.fullmatch(r"TCPIP0::127\.0\.0\.1::hislip0,\d+::INSTR", row["hislip"])
    assert process.addresses["source_meter"]["model"] == "keithley_2450"
    assert process.ask("source_meter", ":SOUR:VOLT 0.5;:OUTP ON;:OUTP?") == "1"
    code, out, err = process.end(number)
    assert (code, out) == (0, "")
    assert "Traceback" not in err
    witness = [json.loads(line) for line in resistor_bench.with_name("resistor.witness.jsonl").read_text().splitlines()]
    assert witness[-1]["kind"] == "end"
    assert witness[-1]["outputs"]["source_meter"] is True  # as it was left: the end of the bench switches nothing off
    assert not any(record["kind"] == "output" and record["instrument"] == "source_meter" and record["t"] > 0
                   and not record["on"] for record in witness)


def test_measuring_against_a_served_bench(start: Any, tmp_path: Path) -> None:
    """The example bench file, with the ports that serve has printed; a wire of each kind."""
    from tsbench.protocols import protocol_named
    from tsbench.station.bench.bench_report import check
    from tsbench.station.runner import run_protocol

    for name in ("nbo2.world.toml", "nbo2_served.bench.toml"):
        shutil.copy(EXAMPLES / name, tmp_path)
    process = start("--fast", world=tmp_path / "nbo2.world.toml")
    bench = tmp_path / "nbo2_served.bench.toml"
    text = bench.read_text("utf-8")
    wires = {"source_meter": (5026, "hislip"), "generator": (5028, "hislip"), "scope": (5030, "socket")}
    for instrument, (port, wire) in wires.items():
        assert f"hislip0,{port}::INSTR" in text
        text = text.replace(f'"TCPIP0::127.0.0.1::hislip0,{port}::INSTR"',
                            f'"{process.addresses[instrument][wire]}"\ntimeout = 60')
    # neither a reply nor a sign of life that is late because the computer is busy is to end the run
    bench.write_text(f"{text}\n[watchdog]\ndeadline = 60\n", "utf-8")
    assert check(bench, "D1")["outputs"] == {"source_meter": False, "generator.1": False, "generator.2": False}
    outcome = run_protocol(bench, "D1", protocol_named("pulse_train").parse({"count": "3"}), tmp_path / "runs")
    delays = [row.value for row in outcome.results if row.quantity == "switching_delay"]
    assert delays == pytest.approx([74.4e-9] * 3, abs=2e-9)
    code, _, _ = process.end(BREAK)
    assert code == 0
    witness = [json.loads(line) for line in (tmp_path / "nbo2.witness.jsonl").read_text().splitlines()]
    assert not any(witness[-1]["outputs"].values())


@pytest.mark.thorough
def test_what_is_wrong_is_said_in_a_line(start: Any, tmp_path: Path) -> None:
    missing = start(world=tmp_path / "nothing.world.toml")
    _, err = missing.child.communicate(timeout=PATIENCE)
    assert missing.child.returncode == 2
    assert "this world file does not exist" in err.splitlines()[-1]
    with socket.create_server(("127.0.0.1", 0)) as taken:
        refused = start("--port", str(taken.getsockname()[1]))
        _, err = refused.child.communicate(timeout=PATIENCE)
    assert refused.child.returncode == 2
    assert "Choose another --port" in err.splitlines()[-1]
