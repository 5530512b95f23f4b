"""One connection to a bench service: sends requests, reads lines."""

import contextlib
import json
import socket
from collections.abc import Mapping
from typing import Any

from tsbench.errors import CommunicationError, ConfigurationError
from tsbench.station.runner.messages import VERSION, read_object

_PATIENCE = 20.0  #: [s] a service may take to answer
_LINES = 2**24  #: [bytes] of an event


class ServiceLost(CommunicationError):
    """A bench service has died or does not answer: nobody knows how what was asked of it has ended."""


class ServiceConnection:
    """One connection: sends requests, reads lines."""

    def __init__(self, facts: Mapping[str, Any], view_only: bool) -> None:
        self.process = int(facts.get("process", 0))
        token = facts["view_token" if view_only else "token"]
        try:
            self._socket = socket.create_connection((str(facts["host"]), int(facts["port"])), timeout=_PATIENCE)
        except OSError as error:
            raise self.lost(error) from error
        self._lines = self._socket.makefile("rb")
        self.say({"version": VERSION, "token": token})
        welcome = self.read()
        if welcome.get("kind") != "welcome":
            self.close()
            raise ConfigurationError(f"the bench service refused: {welcome.get('message')}")

    def say(self, words: Mapping[str, Any]) -> None:
        try:
            self._socket.sendall(json.dumps(words).encode() + b"\n")
        except OSError as error:
            raise self.lost(error) from None

    def read(self, patience: float | None = _PATIENCE) -> dict[str, Any]:
        """Return the next line; waits for ever where ``patience`` is None.

        Parameters
        ----------
        patience : [s]
        """
        try:
            self._socket.settimeout(patience)
            line = self._lines.readline(_LINES)
        except (OSError, ValueError) as error:
            raise self.lost(error) from None
        if not line:
            raise self.lost("it has hung up")
        found = read_object(line)
        if found is None:
            raise self.lost("a line is no JSON object")
        return found

    def lost(self, why: object) -> ServiceLost:
        return ServiceLost(
            f"the bench service (process {self.process}) cannot be reached or does not answer ({why}). Its watchdog "
            "switches the outputs off if it has died. Read 'tsbench station status' and the panels of the instruments")

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)  # ends the wait of another thread
        with contextlib.suppress(OSError, ValueError):
            self._lines.close()
        self._socket.close()
