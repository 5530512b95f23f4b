"""Follows a run of another process over its loopback socket, and asks it to stop (docs/run_messages.md)."""

import contextlib
import json
import os
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PyQt5 import QtCore, QtNetwork

from tsbench.file_lock import is_held
from tsbench.gui.runner_client import Ending
from tsbench.station.runner.messages import VERSION, read_object
from tsbench.storage.journal.writer import LOCK_SUFFIX
from tsbench.storage.run_address import read_address

_CODES = {"success": (0, "done"), "abort": (130, "stopped"), "fail": (1, "failed")}


class RunFollower(QtCore.QObject):
    """One attached run; says the same as :class:`~tsbench.gui.runner_client.RunnerClient` does of its child."""

    told = QtCore.pyqtSignal(dict)
    complaint = QtCore.pyqtSignal(str)
    ended = QtCore.pyqtSignal(object)

    def __init__(self, parent: QtCore.QObject | None = None) -> None:
        super().__init__(parent)
        self.process = 0  #: that measures
        self._address = Path()
        self._unsaid: list[Mapping[str, Any]] = []
        self._socket: QtNetwork.QTcpSocket | None = None
        self._pending = b""
        self._ending: Ending | None = None

    def attach(self, address: Path) -> bool:
        """Attach to the run of an address file; False where there is none that this user may follow."""
        facts = read_address(address)
        if facts is None or self._socket is not None:
            return False
        try:
            host, port, token = str(facts["host"]), int(facts["port"]), str(facts["token"])
            self.process = int(facts["process"])
        except (KeyError, TypeError, ValueError):
            return False
        self._address, self._pending, self._ending = address, b"", None
        self._unsaid = [{"version": VERSION, "token": token}]
        link = QtNetwork.QTcpSocket(self)
        link.setProxy(QtNetwork.QNetworkProxy(QtNetwork.QNetworkProxy.NoProxy))
        link.connected.connect(self._say)
        link.readyRead.connect(self._read)
        link.disconnected.connect(self._gone)
        link.error.connect(self._gone)
        self._socket = link
        link.connectToHost(host, port)
        return True

    def running(self) -> bool:
        """Whether a run is attached."""
        return self._socket is not None

    def stop(self) -> None:
        """Ask for a stop: outputs off, what was measured is kept."""
        self._ask("stop")

    def pause(self) -> None:
        """Ask for a pause at the next safe place."""
        self._ask("pause")

    def resume(self) -> None:
        """Go on after a pause."""
        self._ask("resume")

    def kill(self) -> None:
        """End the measuring process at once, as long as its run holds its lock. The last resort."""
        if self.process and is_held(self._address.with_suffix(LOCK_SUFFIX)):
            with contextlib.suppress(OSError):
                os.kill(self.process, getattr(signal, "SIGKILL", signal.SIGTERM))

    def detach(self) -> None:
        """Look away; the run goes on."""
        link, self._socket = self._socket, None
        if link is not None:
            link.abort()
            link.deleteLater()

    def _ask(self, request: str) -> None:
        self._unsaid.append({"request": request})
        self._say()

    def _say(self) -> None:
        """Send what is to be said, the greeting first; what is asked before there is a connection waits for it."""
        if self._socket is None or self._socket.state() != QtNetwork.QAbstractSocket.ConnectedState:
            return
        for words in self._unsaid:
            self._socket.write(json.dumps(words).encode() + b"\n")
        self._unsaid.clear()
        self._socket.flush()

    def _read(self) -> None:
        if self._socket is None:
            return
        *lines, self._pending = (self._pending + bytes(self._socket.readAll())).split(b"\n")
        for line in lines:
            event = read_object(line)
            if event is None:
                continue
            if event.get("kind") == "refused":
                self._ending = Ending(None, f"the run of process {self.process} cannot be followed: "
                                            f"{event.get('message', '')}")
            data = event.get("data") or {}
            if data.get("state") == "done":
                code, words = _CODES.get(str(data.get("status")), (1, "ended"))
                reason = str(data.get("reason") or "")
                self._ending = Ending(code, f"{words}: {reason}" if code == 1 and reason else words)
            self.told.emit(event)
            if self._socket is None:  # a receiver of the signal has detached
                return

    def _gone(self, *_: object) -> None:
        if self._socket is None:
            return
        self._read()
        self.detach()
        lost = f"the measuring process (process {self.process}) cannot be reached any more"
        self.ended.emit(self._ending or Ending(None, lost))
