"""Killing a measuring process at random moments, and asking what became of everything it had acknowledged."""

import os
import random
import shutil
import signal
import subprocess
import threading
import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tsbench.records import Flag, Point, Run
from tsbench.storage import read_run, recover
from tsbench.storage.codec import array_bytes
from tsbench.storage.nexus.validation import inspect
from tsbench.storage.record_data import point_crc

#: ("point" | "waveform", index, CRC) of an acknowledged item; None: the line says something else
Acknowledged = tuple[str, int, int]
Reader = Callable[[str], Acknowledged | None]


@dataclass
class Kill:
    """One killed process: what it had acknowledged and what of it was read back."""

    acknowledged: list[Acknowledged] = field(default_factory=list)
    lost: list[Acknowledged] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    alive: bool = True  #: it was killed before it ended by itself
    status: str = ""

    @property
    def good(self) -> bool:
        """Whether everything acknowledged was read back from a file without a problem."""
        return not self.lost and not self.problems

    def count(self, kind: str) -> int:
        """Return how many items of a kind were acknowledged."""
        return sum(item[0] == kind for item in self.acknowledged)


def kill_once(
    command: Sequence[str],
    directory: Path,
    wait: float,
    read: Reader,
    environment: Mapping[str, str] | None = None,
    begin: Callable[[str], bool] | None = None,
) -> Kill:
    """Start ``command``, SIGKILL it ``wait`` [s] after the first line ``begin`` accepts, recover, compare.

    Parameters
    ----------
    command : the process; it prints a line for each item only after that is acknowledged
    directory : where it writes its run; removed first and afterwards
    wait : [s]
    read : one printed line -> what it acknowledges
    environment : added to this process's
    begin : which line starts the time; None: the first that acknowledges something
    """
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
        text=True,
        env={**os.environ, **(environment or {})},
    )
    kill = Kill()
    begun = threading.Event()
    first: list[str] = []

    def drain() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            if not line.endswith("\n"):
                break  # the process died in the middle of it
            item = read(line)
            if item is not None:
                kill.acknowledged.append(item)
            if not begun.is_set() and (begin(line) if begin else item is not None):
                first.append(line)
                begun.set()
        begun.set()

    reader = threading.Thread(target=drain)
    reader.start()
    begun.wait(120)
    time.sleep(wait)
    kill.alive = process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.wait()
    reader.join()
    if not first:
        kill.problems.append(f"it never began to measure (exit code {process.returncode})")
    _compare(kill, directory)
    shutil.rmtree(directory)
    return kill


def _compare(kill: Kill, directory: Path) -> None:
    recover(directory, kill.problems.append)
    files = sorted(directory.glob("*.nxs"))
    if recover(directory):
        kill.problems.append("a second recover found something to do")
    if left := [path.name for path in directory.iterdir() if path.suffix != ".nxs"]:
        kill.problems.append(f"left behind: {', '.join(left)}")
    if len(files) != 1:
        if kill.acknowledged:
            kill.problems.append(f"{len(files)} run files")
            kill.lost = list(kill.acknowledged)
        return
    kill.problems += inspect(files[0])
    run = read_run(files[0])
    kill.status = run.status
    held = items(run)
    kill.lost = [item for item in kill.acknowledged if item not in held]


def items(run: Run) -> set[Acknowledged]:
    """Return everything a run holds, as it would have been acknowledged."""
    points = {
        ("point", index, point_crc(Point(tuple(values), Flag(int(flags)))))
        for index, (values, flags) in enumerate(zip(run.points, run.point_flags, strict=True))
    }
    waves = {
        ("waveform", index, zlib.crc32(array_bytes(waveform.codes)[2]))
        for index, waveform in enumerate(run.waveforms)
    }
    return points | waves


def summary(kills: Sequence[Kill]) -> tuple[str, bool]:
    """Return what many kills came to, in words, and whether nothing was lost."""
    good = sum(kill.good for kill in kills)
    points = sum(kill.count("point") for kill in kills)
    waves = sum(kill.count("waveform") for kill in kills)
    lost = sum(len(kill.lost) for kill in kills)
    early = sum(not kill.alive for kill in kills)
    words = f"{good} of {len(kills)} complete; {points} points and {waves} waveforms acknowledged, {lost} lost"
    if early:
        words += f" ({early} had ended before the kill)"
    return words, good == len(kills)


def moments(count: int, longest: float, seed: int) -> list[float]:
    """Return ``count`` uniform random times up to ``longest`` [s]."""
    generator = random.Random(seed)
    return [generator.uniform(0.0, longest) for _ in range(count)]
