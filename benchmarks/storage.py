"""Kill tests and cost of the storage: ``python -m benchmarks.storage [--quick] [--measure] [--resume FILE]``.

``--measure`` kills real measurements (``tsbench measure`` on the simulated NbO2 bench), not a bare writer.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.kill import Acknowledged, Kill, kill_once, moments, summary
from benchmarks.report import INFORMATION, Line, report
from benchmarks.storage_peers import lines as beside_peers
from benchmarks.storage_runs import header, point, waveform
from tsbench.storage.journal.writer import Durability
from tsbench.storage.record_data import point_crc
from tsbench.storage.recorder import RunRecorder

ROOT = Path(__file__).resolve().parent.parent
#: protocol and settings of the killed measurements: each short, together points and waveforms
MEASUREMENTS: tuple[tuple[str, ...], ...] = (("iv_sweep",), ("pulse_train",), ("oscillation",))


def write(directory: Path, durability: Durability) -> None:
    """The process that is killed: records until then, and acknowledges each item on standard output."""

    def acknowledge(kind: str, index: int, item: Any, crc: int) -> None:
        crc = point_crc(item) if kind == "point" else crc
        os.write(1, f"{kind} {index} {crc}\n".encode())

    with RunRecorder(directory, header(), durability=durability, listener=acknowledge) as recorder:
        for number in range(10**9):
            recorder.point(point(number))
            if number % 10 == 0:
                recorder.waveform(waveform(number, 600_000 if number % 200 == 100 else 4096))
            if number == 2000:  # consolidation is killed as well
                recorder.finish("success", "2000 points are enough")
                break


def read_plain(line: str) -> Acknowledged | None:
    kind, index, crc = line.split()
    return (kind, int(index), int(crc))


def read_event(line: str) -> Acknowledged | None:
    event = json.loads(line)
    if event["kind"] not in {"point", "waveform"}:
        return None
    return (event["kind"], event["data"]["index"], event["data"]["crc"])


def is_running(line: str) -> bool:
    event = json.loads(line)
    return bool(event["kind"] == "state" and event["data"].get("state") == "running")


def kill_writers(count: int, durability: Durability, directory: Path) -> Line:
    """Kill a bare writer ``count`` times."""
    command = [sys.executable, "-m", "benchmarks.storage", "--write", str(directory), durability]
    kills = [kill_once(command, directory, wait, read_plain) for wait in moments(count, 1.0, len(durability))]
    words, good = summary(kills)
    return Line(f"SIGKILL of a writer, durability {durability}", words, "no acknowledged item lost", good)


def kill_measurements(count: int, directory: Path, state: Path | None) -> list[Line]:
    """Kill real measurements on the simulated bench, in turn of every protocol."""
    done: list[dict[str, Any]] = []
    if state is not None and state.exists():
        done = [json.loads(line) for line in state.read_text().splitlines()]
    environment = {"TSBENCH_WITNESS": str(directory.with_suffix(".witness.jsonl"))}
    lasting: dict[tuple[str, ...], float] = {}
    for number in range(len(done), count):
        settings = MEASUREMENTS[number % len(MEASUREMENTS)]
        command = [
            sys.executable,
            "-m",
            "tsbench",
            "measure",
            settings[0],
            "--bench",
            str(ROOT / "examples/nbo2.bench.toml"),
            "--device",
            "D1",
            "--out",
            str(directory),
            "--events",
            *(f"--set={setting}" for setting in settings[1:]),
        ]
        if settings not in lasting:
            lasting[settings] = _duration(command, environment)
        for wait in moments(20, lasting[settings], number):
            kill = kill_once(command, directory, wait, read_event, environment, is_running)
            if kill.alive or not kill.good:
                break  # else it had ended by itself before its moment came: not a kill
        done.append(_row(settings[0], kill))
        print(json.dumps(done[-1]), file=sys.stderr, flush=True)
        if state is not None:
            state.parent.mkdir(parents=True, exist_ok=True)
            with state.open("a") as file:
                file.write(json.dumps(done[-1]) + "\n")
    return [_measured(done, None), *(_measured(done, settings[0]) for settings in MEASUREMENTS)]


def _duration(command: Sequence[str], environment: dict[str, str]) -> float:
    """Return how long an undisturbed run lasts from its first event to its end [s]."""
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
        env={**os.environ, **environment},
    )
    assert process.stdout is not None
    began = time.monotonic()
    for line in process.stdout:
        if is_running(line):
            began = time.monotonic()
    if process.wait() != 0:
        raise SystemExit(f"benchmarks.storage: {' '.join(command)} exited with {process.returncode}")
    return time.monotonic() - began


def _row(protocol: str, kill: Kill) -> dict[str, Any]:
    return {
        "protocol": protocol,
        "good": kill.good,
        "points": kill.count("point"),
        "waveforms": kill.count("waveform"),
        "lost": len(kill.lost),
        "problems": kill.problems,
        "alive": kill.alive,
        "status": kill.status,
    }


def _measured(rows: Sequence[dict[str, Any]], protocol: str | None) -> Line:
    rows = [row for row in rows if protocol in {None, row["protocol"]}]
    good, points, waves = (sum(row[key] for row in rows) for key in ("good", "points", "waveforms"))
    early = sum(not row["alive"] for row in rows)
    words = (
        f"{good} of {len(rows)} complete; {points} points and {waves} waveforms acknowledged, "
        f"{sum(row['lost'] for row in rows)} lost"
        + (f" ({early} had ended before the kill)" if early else "")
    )
    name = f"of these, {protocol}" if protocol else "SIGKILL of tsbench measure at random moments"
    return Line(name, words, "no acknowledged item lost", good == len(rows) > 0)


def many_small(count: int, directory: Path) -> Line:
    """How long the run file of many short waveforms takes."""
    directory.mkdir(parents=True)
    waves = [waveform(number) for number in range(16)]
    with RunRecorder(directory, header(), durability="process") as recorder:
        for number in range(count):
            recorder.point(point(number))
            recorder.waveform(waves[number % 16])
        began = time.perf_counter()
        recorder.finish("success")
        seconds = time.perf_counter() - began
    return Line(f"run file of {count} points and {count} waveforms of 4096 samples",
                f"{seconds:.2f} s, {count * 8192e-6 / seconds:.0f} MB/s of raw codes", INFORMATION, True)


def main(arguments: Sequence[str]) -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.storage", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="less of the same, within a minute")
    parser.add_argument(
        "--measure", action="store_true", help="kill real measurements on the simulated bench"
    )
    parser.add_argument("--kills", type=int, help="how many kills (200; 100 with --measure; --quick: 10, 6; 0: none)")
    parser.add_argument(
        "--resume", type=Path, metavar="FILE", help="with --measure: go on from there, add to it"
    )
    parser.add_argument("--write", nargs=2, metavar=("DIR", "DURABILITY"), help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.write:
        directory, durability = options.write
        write(Path(directory), "power" if durability == "power" else "process")
        return 0
    if not hasattr(signal, "SIGKILL"):
        print("benchmarks.storage: this system has no SIGKILL; skipped")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder) / "runs"
        if options.measure:
            kills = options.kills or (6 if options.quick else 100)
            lines = kill_measurements(kills, directory, options.resume)
            return report("storage --measure", "killed measurements", lines)
        kills = (10 if options.quick else 200) if options.kills is None else options.kills
        lines = []
        if kills:
            lines += [kill_writers(kills, durability, directory) for durability in ("power", "process")]
        lines += beside_peers(Path(folder) / "peers", options.quick)
        lines.append(many_small(300 if options.quick else 2000, Path(folder) / "small"))
    return report("storage", "killed writers, and the storage beside others", lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
