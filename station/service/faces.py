"""The clients of a service: what each may do, and its lines, which hold up nobody."""

import asyncio
import contextlib
import json
from collections import deque
from collections.abc import Iterable
from typing import Any

CONTROL, VIEW = "control", "view"  #: what a token allows
_MANY = frozenset({"point", "waveform", "progress"})
_BACKLOG = 5_000  #: lines that a client may be behind before it misses points
_MOST_LINES = 60_000  #: that a client may be behind at all
_PAGE = 100  #: lines written at once, so that a long history leaves others their turns


class Face:
    """One connection that has shown a token.

    Parameters
    ----------
    writer : asyncio.StreamWriter
    may : str
        ``CONTROL`` or ``VIEW``.
    """

    def __init__(self, writer: asyncio.StreamWriter, may: str) -> None:
        self.may = may
        self.follows = 0  #: number of the job whose events it gets
        self.missed = 0  #: points that it has missed
        self._writer = writer
        self._lines: deque[bytes] = deque()
        self._news = asyncio.Event()
        self._closing = False
        self._task = asyncio.create_task(self._write())

    def say(self, kind: str, message: str = "", **data: Any) -> None:
        """Send one line."""
        self.pass_on(line_of(kind, message, data))

    def pass_on(self, line: bytes, kind: str = "") -> None:
        """Send a line as it is; one of many kinds only to who is not far behind."""
        if kind in _MANY and len(self._lines) > _BACKLOG:
            self.missed += 1
        elif len(self._lines) > _MOST_LINES:
            self._closing = True   # it does not read
            self._writer.transport.abort()
        else:
            self._lines.append(line)
            self._news.set()

    def pass_all(self, lines: Iterable[bytes]) -> None:
        """Send the earlier lines of a run, however many."""
        self._lines.extend(lines)
        self._news.set()

    @property
    def behind(self) -> int:
        """Return how many lines wait for it."""
        return len(self._lines)

    async def close(self, patience: float = 2.0) -> None:
        """Let it read what is left, and close the connection.

        Parameters
        ----------
        patience : [s] in which it may read
        """
        self._closing = True
        self._news.set()
        with contextlib.suppress(TimeoutError, OSError):
            async with asyncio.timeout(patience):
                await self._task
        self._task.cancel()
        self._writer.close()

    async def _write(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                while self._lines:
                    page = [self._lines.popleft() for _ in range(min(_PAGE, len(self._lines)))]
                    self._writer.write(b"".join(page))
                    await self._writer.drain()
                    await asyncio.sleep(0)
                if self._closing:
                    return
                self._news.clear()
                await self._news.wait()


def line_of(kind: str, message: str = "", data: Any = None) -> bytes:
    """Return a line of the service."""
    words = {"kind": kind, "message": message, "time": 0.0, "data": data or {}}
    return json.dumps(words, ensure_ascii=True).encode() + b"\n"
