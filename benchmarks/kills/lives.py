"""One life of a process that writes: forked from this warm one, disturbed, and what it said before its end."""

import contextlib
import json
import os
import select
import signal
import sys
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from benchmarks.kills import calls
from benchmarks.kills.calls import Disturbance

Words = Mapping[str, Any]
Say = Callable[[Words], None]
_PATIENCE = 300.0  #: [s] for what takes less than a second


class WritingPath(Protocol):
    """One way in which tsbench writes to the disk."""

    name: str

    def prepare(self, folder: Path) -> None:
        """Lay what is there before."""

    def write(self, folder: Path, say: Say) -> None:
        """Write until all is done, and say what is acknowledged; a later life goes on where the last one died."""

    def judge(self, folder: Path, said: Sequence[Words]) -> tuple[int, int, list[str]]:
        """Return how much was acknowledged, how much of it is lost, and other problems, one line each."""


@dataclass
class Life:
    """How one process lived."""

    said: list[Words] = field(default_factory=list)
    killed: bool = False
    told: str = ""  #: the one line of a write that was refused
    escaped: str = ""  #: an error that is no error of tsbench
    calls: str = ""  #: one letter for each call that changes files; of a life that ended by itself
    lasted: float = 0.0  #: [s] from its first act to its end


def live(path: WritingPath, folder: Path, disturbance: Disturbance, wait: float | None = None) -> Life:
    """Let a process write, with a disturbance; kill it ``wait`` [s] after it has begun, where that is given."""
    reading, writing = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    process = os.fork()
    if process == 0:
        os.close(reading)
        _be(path, folder, disturbance, writing)
    os.close(writing)
    life = _heard(process, reading, wait)
    os.close(reading)
    _, status = os.waitpid(process, 0)
    life.killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    if not life.killed and not life.calls:
        life.escaped = life.escaped or f"the process ended with status {status}"
    return life


def _be(path: WritingPath, folder: Path, disturbance: Disturbance, writing: int) -> None:
    def say(words: Words) -> None:
        os.write(writing, f"{json.dumps(words)}\n".encode())

    with contextlib.suppress(BaseException):
        calls.begin(folder, disturbance)
        say({"begun": time.monotonic()})
        ended: dict[str, Any] = {}
        try:
            path.write(folder, say)
        except BaseException as error:  # noqa: BLE001  whatever it is, it is judged
            ours = any(one.__module__ == "tsbench.errors" for one in type(error).__mro__)
            ended["told" if ours else "escaped"] = str(error) if ours else "".join(traceback.format_exception(error))
        ended["calls"] = calls.end()
        say({"life over": time.monotonic(), **ended})
    os._exit(0)


def _heard(process: int, reading: int, wait: float | None) -> Life:
    life, kept, begun = Life(), b"", 0.0
    until = time.monotonic() + _PATIENCE
    while True:
        left = until - time.monotonic()
        if left <= 0 or not select.select([reading], [], [], left)[0]:
            os.kill(process, signal.SIGKILL)
            if begun == 0.0 or wait is None:
                life.escaped = "nothing was heard for too long"
            until = time.monotonic() + _PATIENCE
            continue
        got = os.read(reading, 2**16)
        if not got:
            return life
        *lines, kept = (kept + got).split(b"\n")
        for line in lines:
            words = json.loads(line)
            if "begun" in words:
                begun = words["begun"]
                until = time.monotonic() + wait if wait is not None else until
            elif "life over" in words:
                life.told, life.escaped = words.get("told", ""), words.get("escaped", "")
                life.calls, life.lasted = words["calls"], words["life over"] - begun
            else:
                life.said.append(words)
