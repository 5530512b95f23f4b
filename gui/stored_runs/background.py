"""Work on files beside the window: one piece at a time, in a thread; the answer comes back as a signal."""

import contextlib
import threading
from collections.abc import Callable
from typing import Any

from PyQt5 import QtCore

from tsbench.errors import TsbenchError


class Background(QtCore.QObject):
    """Does one piece of work at a time. What is asked for meanwhile is done next; only the last request counts."""

    done = QtCore.pyqtSignal(object)  #: what the work returned
    failed = QtCore.pyqtSignal(str)  #: why it did not, in words
    _ended = QtCore.pyqtSignal()

    def __init__(self, parent: QtCore.QObject | None = None) -> None:
        super().__init__(parent)
        self._thread: threading.Thread | None = None
        self._next: Callable[[], Any] | None = None
        self._ended.connect(self._go_on)

    def busy(self) -> bool:
        """Whether work goes on."""
        return self._thread is not None

    def do(self, work: Callable[[], Any]) -> None:
        """Call ``work`` in a thread; it must not touch a widget."""
        self._next = work
        if self._thread is None:
            self._go_on()

    def _go_on(self) -> None:
        self._thread = None
        if (work := self._next) is None:
            return
        self._next = None
        self._thread = threading.Thread(target=self._work, args=(work,), name="files", daemon=True)
        self._thread.start()

    def _work(self, work: Callable[[], Any]) -> None:
        with contextlib.suppress(RuntimeError):   # the window was closed meanwhile
            try:
                self.done.emit(work())
            except (TsbenchError, OSError) as error:
                self.failed.emit(str(error))
            finally:
                self._ended.emit()
