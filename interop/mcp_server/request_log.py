"""Who asked for what: one JSON line for each request of an MCP client, on the disk before it is carried out."""

import json
import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tsbench.errors import StorageError
from tsbench.storage.run_id import timestamp

NAME = "mcp_requests.jsonl"
_LONGEST = 2000  #: characters of what was asked


class RequestLog:
    """Appends to a file that only its user can read.

    Parameters
    ----------
    path : Path
    who : str
        The user of this process.
    """

    def __init__(self, path: Path, who: str) -> None:
        self.path, self._who = path, who
        self._lock = threading.Lock()
        self._number = 0

    def ask(self, client: str, tool: str, asked: Mapping[str, Any]) -> int:
        """Note a request; returns its number in this process.

        Raises
        ------
        StorageError
            It cannot be written.
        """
        self._number += 1
        number = self._number
        text = json.dumps(asked, default=str, ensure_ascii=False)
        shown = dict(asked) if len(text) <= _LONGEST else text[:_LONGEST]
        self._write({"request": number, "user": self._who, "client": client, "tool": tool, "asked": shown})
        return number

    def answer(self, number: int, outcome: str, **facts: Any) -> None:
        """Note what became of a request: "done", "refused" or "failed"; raises as ``ask``."""
        self._write({"request": number, "outcome": outcome, **facts})

    def _write(self, facts: Mapping[str, Any]) -> None:
        line = json.dumps({"time": timestamp(), "process": os.getpid(), **facts}, ensure_ascii=True, default=str)
        try:
            with self._lock:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
                try:
                    os.write(descriptor, line.encode() + b"\n")
                    os.fsync(descriptor)
                finally:
                    os.close(descriptor)
        except OSError as error:
            raise StorageError(
                f"{self.path}: the log of requests cannot be written ({error.strerror or error})") from error
