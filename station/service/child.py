"""The service's side of the process that measures: starts it, gives it orders, notices its end."""

import asyncio
import contextlib
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tsbench.station.runner.messages import read_object

_LONGEST_LINE = 2**24  #: [bytes] of an event: the preview of a waveform, or a traceback
_BEAT = 0.15  #: [s] between two heartbeats while a run goes on
_DEATH = 1.0  #: [s] between the end of its output and its end
_CHECKING = 5.0  #: [s] it may take to say what speaks against a job
_LEAVING = 90.0  #: [s] it may take to close the bench and to end


class MeasuringChild:
    """One process that measures.

    Parameters
    ----------
    bench : Path
        The bench file.
    told : callable
        Gets each line as it came, and as an object.
    """

    module = "tsbench.station.service.measuring"  #: that the process runs

    def __init__(self, bench: Path, told: Callable[[bytes, Mapping[str, Any]], None]) -> None:
        self._bench, self._told = bench, told
        self._process: asyncio.subprocess.Process | None = None
        self._ended: asyncio.Future[Mapping[str, Any]] | None = None  #: what the present order comes to
        self._tasks: list[asyncio.Task[None]] = []
        self._checks: dict[int, asyncio.Future[Mapping[str, Any]]] = {}  #: by number
        self._latest = 0  #: number of a check
        self.number = 0  #: of the process

    @property
    def alive(self) -> bool:
        """Whether the process has not ended, as far as it is known."""
        return self._process is not None and self._process.returncode is None

    async def start(self) -> None:
        """Start the process."""
        apart: dict[str, Any] = {"start_new_session": True}  # what a terminal sends to the service ends no run at once
        if sys.platform == "win32":
            import subprocess

            apart = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW}
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", self.module, str(self._bench),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=_LONGEST_LINE, **apart)
        self.number = self._process.pid
        self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._beat())]

    async def order(self, **facts: Any) -> Mapping[str, Any]:
        """Give an order and return what it came to.

        Raises
        ------
        ChildLost
            The process has ended before it was done; the message says how.
        """
        self._ended = asyncio.get_running_loop().create_future()
        self.say(**facts)
        try:
            return await self._ended
        finally:
            self._ended = None

    async def check(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return what speaks against a job ("error" and "reason", empty texts for nothing), also while it measures.

        Nothing speaks against it where the process dies or is too busy to answer: the turn of the job will show it.
        """
        self._latest += 1
        number = self._latest
        self._checks[number] = asyncio.get_running_loop().create_future()
        try:
            self.say(do="check", check=number, asked=dict(asked))
            async with asyncio.timeout(_CHECKING):
                return await self._checks[number]
        except TimeoutError:
            return {}
        finally:
            del self._checks[number]

    def say(self, **words: Any) -> None:
        """Say one line; to a process that has ended, nothing."""
        if self._process is not None and self._process.stdin is not None:
            with contextlib.suppress(OSError, RuntimeError):
                self._process.stdin.write(json.dumps(words).encode() + b"\n")

    async def leave(self) -> None:
        """Let it close the bench and end."""
        process = self._process
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            async with asyncio.timeout(_LEAVING):
                await process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        for task in self._tasks:
            task.cancel()

    async def _listen(self) -> None:
        assert self._process is not None and self._process.stdout is not None
        with contextlib.suppress(ValueError, OSError):
            while line := await self._process.stdout.readline():
                words = read_object(line)
                if words is None:
                    continue
                data = words.get("data") or {}
                if words.get("kind") == "child" and words.get("message") == "checked":
                    if (check := self._checks.get(data.get("check", 0))) is not None and not check.done():
                        check.set_result(data)
                    continue
                self._told(line, words)
                done = words.get("kind") == "child" and words.get("message") in {"ended", "released"}
                if done and self._ended is not None and not self._ended.done():
                    self._ended.set_result(data)
        try:
            async with asyncio.timeout(_DEATH):
                code = await self._process.wait()
        except TimeoutError:  # it does not speak any more: its watchdog switches off what is on
            self._process.kill()
            code = await self._process.wait()
        for check in self._checks.values():
            if not check.done():
                check.set_result({})
        if self._ended is not None and not self._ended.done():
            self._ended.set_exception(ChildLost(_ending(code)))

    async def _beat(self) -> None:
        """Say that this service lives, as long as an order is carried out; by the loop that does all its work."""
        while self.alive:
            if self._ended is not None:
                self.say(beat=True)
            await asyncio.sleep(_BEAT)


class ChildLost(Exception):
    """The process that measures has ended before its order was done."""


def _ending(code: int) -> str:
    how = f"signal {-code}" if code < 0 else f"exit code {code}"
    return f"the measuring process has ended ({how})"
