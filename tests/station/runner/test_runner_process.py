"""The measuring process as the window starts it: signals, words on standard input, a window that dies."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.patience import PATIENCE
from tsbench.simulated_backends.witness.log import read_witness
from tsbench.storage import read_run

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
POSIX = pytest.mark.skipif(os.name == "nt", reason="Windows sends no such signal to a child")


class Measuring:
    """``tsbench measure iv_sweep --events`` in a process of its own, long enough to be disturbed."""

    def __init__(self, folder: Path, cycles: int = 5) -> None:
        self.folder = folder
        self.witness = folder / "witness.jsonl"
        command = [
            sys.executable,
            "-m",
            "tsbench",
            "measure",
            "iv_sweep",
            "--bench",
            str(EXAMPLES / "nbo2.bench.toml"),
            "--device",
            "D1",
            "--set",
            "step=0.01",
            "--set",
            f"cycles={cycles}",
            "--out",
            str(folder / "runs"),
            "--events",
        ]
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "TSBENCH_WITNESS": str(self.witness)},
        )
        self.events: list[dict[str, Any]] = []

    def wait_for(self, kind: str, count: int = 1, **data: Any) -> None:
        """Read events until ``count`` more of a kind have come."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.events.append(json.loads(line))
            if self.events[-1]["kind"] == kind and data.items() <= self.events[-1]["data"].items():
                count -= 1
            if count == 0:
                return
        pytest.fail(f"no {kind}: {self.process.stderr.read() if self.process.stderr else ''}")

    def say(self, word: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{word}\n")
        self.process.stdin.flush()

    def end(self) -> int:
        assert self.process.stdout is not None
        if not self.process.stdout.closed:
            self.events += [json.loads(line) for line in self.process.stdout]
        return self.process.wait(PATIENCE)

    def outputs_on(self) -> list[str]:
        """Return the outputs that the witness last saw on; it must have seen one on at all."""
        records = read_witness(self.witness).of_kind("output")
        assert any(record["on"] for record in records)
        last = {f"{record['instrument']}.{record['channel']}": record["on"] for record in records}
        return [output for output, on in last.items() if on]

    def run(self) -> Any:
        (path,) = (self.folder / "runs").iterdir()
        return read_run(path)


@pytest.fixture
def measuring(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Measuring]:
    child = Measuring(tmp_path, *getattr(request, "param", ()))
    yield child
    child.process.kill()
    for stream in (child.process.stdin, child.process.stdout, child.process.stderr):
        if stream is not None and not stream.closed:
            with contextlib.suppress(BrokenPipeError):
                stream.close()
    child.process.wait(PATIENCE)


def ends_stopped(measuring: Measuring) -> None:
    """It ends as after a stop: outputs off, everything measured so far in the file."""
    assert measuring.end() == 130
    assert measuring.outputs_on() == []
    assert measuring.process.stderr is not None and "Traceback" not in measuring.process.stderr.read()
    assert all(event.keys() == {"kind", "message", "time", "data"} for event in measuring.events)
    assert {"state", "progress", "point", "output"} <= {event["kind"] for event in measuring.events}
    run = measuring.run()
    assert run.status == "abort" and len(run.points) == sum(
        event["kind"] == "point" for event in measuring.events
    )
    (output,) = {json.dumps(event["data"]) for event in measuring.events if event["kind"] == "output"}
    assert json.loads(output) == {"source_meter": False, "generator.1": False, "generator.2": False}


@pytest.mark.thin(3)
@pytest.mark.sabotage("output")
@pytest.mark.parametrize(
    "how", ["emergency", pytest.param("SIGINT", marks=POSIX), pytest.param("SIGTERM", marks=POSIX)]
)
def test_a_stop_from_outside(measuring: Measuring, how: str) -> None:
    measuring.wait_for("point", 30)
    if how.startswith("SIG"):
        measuring.process.send_signal(getattr(signal, how))
    else:
        measuring.say(how)
    ends_stopped(measuring)


@pytest.mark.thorough
@pytest.mark.sabotage("output")
@pytest.mark.parametrize("measuring", [(2,)], ids=["two_cycles"], indirect=True)
def test_a_window_that_dies_ends_neither_data_nor_safety(measuring: Measuring) -> None:
    measuring.wait_for("point", 30)
    for stream in (measuring.process.stdin, measuring.process.stdout):
        assert stream is not None
        stream.close()
    assert measuring.end() == 0
    assert measuring.outputs_on() == []
    run = measuring.run()
    assert run.status == "success" and len(run.points) == run.header.planned_points


@pytest.mark.sabotage("output")
def test_a_pause_holds_where_the_source_is_at_zero(measuring: Measuring) -> None:
    measuring.say("pause")
    measuring.wait_for("state", state="paused")
    assert not any(event["kind"] == "point" for event in measuring.events)
    measuring.say("resume")
    measuring.wait_for("point", 10)
    measuring.say("stop")
    ends_stopped(measuring)
