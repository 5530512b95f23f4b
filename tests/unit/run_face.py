"""A face of a run, as a window is one: reads its lines, asks for a stop."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tsbench.storage.run_address import read_address


class Face:
    """Attached to the run of an address file."""

    def __init__(self, address: Path, **greeting: Any) -> None:
        facts = read_address(address)
        assert facts is not None
        self._socket = socket.create_connection((facts["host"], facts["port"]), timeout=60)
        self._lines = self._socket.makefile("r", encoding="utf-8")
        self.say({"version": facts["version"], "token": facts["token"], **greeting})

    def say(self, request: dict[str, Any]) -> None:
        self._socket.sendall(json.dumps(request).encode() + b"\n")

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for line in self._lines:
            yield json.loads(line)

    def until(self, kind: str) -> list[dict[str, Any]]:
        """Read on to the first line of a kind; return all that came."""
        found = []
        for line in self:
            found.append(line)
            if line["kind"] == kind:
                return found
        raise AssertionError(f"the run hung up before it said '{kind}': {found}")

    def close(self) -> None:
        self._lines.close()
        self._socket.close()

    def __enter__(self) -> "Face":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
