"""Watches the process that owns the bench: whether it has begun a run that can be followed, or has left."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PyQt5 import QtCore

from tsbench.file_lock import is_held
from tsbench.storage.run_address import living_runs, read_address

_LOOK_MS = 1000


class OwnerWatch(QtCore.QObject):
    """Looks at the lock of an owned instrument once a second; asks no instrument anything."""

    runs = QtCore.pyqtSignal(object)  #: the address file (a Path) of a run that has begun
    gone = QtCore.pyqtSignal()

    def __init__(self, parent: QtCore.QObject | None = None) -> None:
        super().__init__(parent)
        self._lock: Path | None = None
        self._address = ""
        self._timer = QtCore.QTimer(self)
        self._timer.setInterval(_LOOK_MS)
        self._timer.timeout.connect(self._look)

    def watch(self, owner: Mapping[str, Any]) -> None:
        """Watch the owner that a refusal names; without its name, until its lock is free."""
        lock = str(owner.get("lock", ""))
        self._lock = Path(lock) if lock else None
        self._address = ""
        self._timer.start()
        QtCore.QTimer.singleShot(0, self._look)

    def forget(self) -> None:
        """Stop watching."""
        self._lock = None
        self._timer.stop()

    def _look(self) -> None:
        if not self._timer.isActive():
            return
        if self._lock is None or not is_held(self._lock):
            self.forget()
            self.gone.emit()
            return
        try:
            address = str(json.loads(self._lock.read_text("utf-8"))["address"])
        except (OSError, ValueError, KeyError, TypeError):
            return
        if address and address != self._address:
            self._address = address
            self.runs.emit(Path(address))

    @staticmethod
    def living_run(bench: Path, out: Path) -> Path | None:
        """Return the address file of a run on a bench that goes on and writes to ``out``."""
        for address in living_runs(out):
            if (read_address(address) or {}).get("bench") == str(bench):
                return address
        return None
