"""Kill tests and cost of the storage: ``python -m benchmarks.storage [--quick] [--measure] [--resume FILE]``.

``--measure`` kills real measurements (``tsbench measure`` on the simulated NbO2 bench), not a bare writer.
"""

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from benchmarks.kill import Acknowledged, Kill, kill_once, moments, summary
from benchmarks.report import INFORMATION, Line, report
from tsbench.records import Column, DeviceDescription, Fixture, Flag, Point, RunHeader, Waveform
from tsbench.storage import new_run_id
from tsbench.storage.disk import sync_data
from tsbench.storage.journal.writer import Durability
from tsbench.storage.record_data import point_crc
from tsbench.storage.recorder import RunRecorder
from tsbench.storage.run_id import timestamp

ROOT = Path(__file__).resolve().parent.parent
COLUMNS = tuple(Column(name, unit) for name, unit in (("time", "s"), ("voltage", "V"), ("current", "A")))
#: protocol and settings of the killed measurements: each short, together points and waveforms
MEASUREMENTS: tuple[tuple[str, ...], ...] = (("iv_sweep",), ("pulse_train",), ("oscillation",))


def header() -> RunHeader:
    """Return the header of a run that only the benchmark makes."""
    return RunHeader(
        run_id=new_run_id("storage", "D1"),
        protocol="storage",
        parameters={},
        columns=COLUMNS,
        device=DeviceDescription("D1"),
        fixture=Fixture(""),
        instruments={},
        simulated=True,
        start_time=timestamp(),
    )


def point(number: int) -> Point:
    return Point(
        (1e-3 * number, 0.01 * number, 1e-6 * number), Flag.COMPLIANCE if number % 7 == 0 else Flag.NONE
    )


def waveform(number: int, samples: int = 4096) -> Waveform:
    codes = np.random.default_rng(number).integers(-2048, 2047, (1, samples), dtype=np.int16)
    return Waveform("device_current", "A", codes, 1e-6, 0.0, 0.0, 1e-9, np.zeros(1), time=1e-3 * number)


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


def microseconds(act: Callable[[int], object], count: int) -> float:
    """Return the median time of ``act`` [us]."""
    times = []
    for number in range(count):
        began = time.perf_counter()
        act(number)
        times.append(time.perf_counter() - began)
    return statistics.median(times) * 1e6


def costs(count: int, directory: Path) -> list[Line]:
    """What a point and a waveform cost, against flushing HDF5 and against the bare disk."""
    directory.mkdir(parents=True)
    waves = [waveform(number) for number in range(16)]
    with h5py.File(directory / "peer.h5", "w") as file:
        table = file.create_dataset("points", shape=(0, 3), maxshape=(None, 3), chunks=(1024, 3), dtype="f8")

        def flushed(number: int) -> None:
            table.resize(number + 1, axis=0)
            table[number] = point(number).values
            file.flush()

        hdf5 = microseconds(flushed, count)
    descriptor = os.open(directory / "bare", os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def bare(_: int) -> None:
        os.write(descriptor, bytes(64))
        sync_data(descriptor)

    disk = microseconds(bare, count)
    os.close(descriptor)
    with RunRecorder(directory, header(), durability="process") as recorder:
        fast = microseconds(lambda number: recorder.point(point(number)), 5 * count)
    with RunRecorder(directory, header(), durability="power") as recorder:

        def slow(number: int) -> None:
            recorder.point(point(number))
            recorder._journal.sync()  # as for points a millisecond apart

        synced = microseconds(slow, count)
        wave = microseconds(lambda number: recorder.waveform(waves[number % 16]), count)
        began = time.perf_counter()
        recorder.finish("success")
        consolidation = time.perf_counter() - began
    return [
        Line(
            "a point, durability process",
            f"{fast:.1f} us, {fast / hdf5:.3f} of an HDF5 write with flush ({hdf5:.0f} us)",
            "at most 0.3 of an HDF5 write with flush",
            fast <= 0.3 * hdf5,
        ),
        Line(
            "a point, durability power",
            f"{synced:.0f} us, {synced / disk:.2f} of a bare synced write ({disk:.0f} us)",
            "at most 2 bare synced writes",
            synced <= 2 * disk,
        ),
        Line(
            "a waveform of 4096 samples, power",
            f"{wave:.0f} us, {wave / disk:.2f} of a bare synced write",
            "at most 4 bare synced writes",
            wave <= 4 * disk,
        ),
        Line(f"run file of {count} points and {count} waveforms", f"{consolidation:.2f} s", INFORMATION, True),
    ]


def main(arguments: Sequence[str]) -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.storage", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="less of the same, within a minute")
    parser.add_argument(
        "--measure", action="store_true", help="kill real measurements on the simulated bench"
    )
    parser.add_argument("--kills", type=int, help="how many kills (200; 100 with --measure; --quick: 10, 6)")
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
        kills = options.kills or (10 if options.quick else 200)
        lines = [kill_writers(kills, durability, directory) for durability in ("power", "process")]
        lines += costs(300 if options.quick else 2000, Path(folder) / "costs")
    return report("storage", "killed writers, and the cost of a point", lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
