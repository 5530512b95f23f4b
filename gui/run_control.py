"""The run that goes on: a child of this window, or one of another process that it is attached to.

Knows how far a stop has come: asked for, outputs read back off, over. Only a run whose outputs have not been read
back off is said not to have stopped.
"""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PyQt5 import QtCore

from tsbench.gui.run_follower import RunFollower
from tsbench.gui.runner_client import Ending, RunnerClient

STOP_PATIENCE_MS = 10_000  #: a stop, or the extraction after it, that takes longer may be forced


class RunControl(QtCore.QObject):
    """Starts or attaches to one run at a time, stops it, and says what became of the stop."""

    told = QtCore.pyqtSignal(dict)  #: an event of the run
    complaint = QtCore.pyqtSignal(str)
    ended = QtCore.pyqtSignal(object)  #: an Ending
    stopping = QtCore.pyqtSignal(str)  #: what a stop has come to, in words
    overdue = QtCore.pyqtSignal(str)  #: what has not happened in time, and what can be done

    def __init__(self, parent: QtCore.QObject | None = None) -> None:
        super().__init__(parent)
        self.child = RunnerClient(self)
        self.other = RunFollower(self)
        self.read_back: dict[str, bool | None] = {}  #: outputs
        self.started = False  #: it has begun to send
        self.begun = False  #: it measures; before, a run may wait for its turn at a bench service
        self._reason = ""
        self._safe_since = ""  #: clock time at which all outputs had been read back off
        self._stop_asked = False
        self._may_force = False
        self._many = False  # it has many runs: outputs go on again after they were read back off
        self._patience = QtCore.QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(STOP_PATIENCE_MS)
        self._patience.timeout.connect(self._out_of_patience)
        for run in (self.child, self.other):
            run.told.connect(self._follow)
            run.complaint.connect(self.complaint)
            run.ended.connect(self._over)

    def running(self) -> bool:
        """Whether a run goes on."""
        return self.child.running() or self.other.running()

    def attached(self) -> bool:
        """Whether it is another process's run."""
        return self.other.running()

    def measure(self, bench: str, request: Mapping[str, Any], more: Sequence[str] = ()) -> None:
        """Start a run in a process of its own; ``more`` are further options of the command."""
        self._reset()
        self.child.measure(bench=bench, more=more, **request)

    def perform(self, arguments: Sequence[str]) -> None:
        """Have a process of its own perform a campaign: many runs, of which each is told as one.

        Parameters
        ----------
        arguments : of ``tsbench``, with ``--events``
        """
        self._reset()
        self._many = True
        self.child.start(arguments)

    def attach(self, address: Path) -> bool:
        """Follow the run of an address file; False where that cannot be."""
        if self.running():
            return False
        self._reset()
        return self.other.attach(address)

    def stop(self) -> None:
        """Ask for a stop; what has not come to an end in time is ended by force when asked again."""
        if not self.running():
            return
        if self._may_force:
            self._may_force = False
            self.overdue.emit("the measuring process is being ended by force")
            (self.other if self.attached() else self.child).kill()
        elif self._safe_since and not self._many:
            self.stopping.emit(self._off_in_words())
            if not self._patience.isActive():
                self._patience.start()
        elif not self._stop_asked:
            self._stop_asked = True
            self.stopping.emit("stopping …")
            (self.other if self.attached() else self.child).stop()
            self._patience.start()

    def pause(self, wanted: bool) -> None:
        """Hold at the next place of rest, or go on."""
        run = self.other if self.attached() else self.child
        if self.running():
            (run.pause if wanted else run.resume)()

    def _reset(self) -> None:
        self.read_back = {}
        self.started = self.begun = self._stop_asked = self._may_force = self._many = False
        self._safe_since = self._reason = ""
        self._patience.stop()

    def _follow(self, event: Mapping[str, Any]) -> None:
        kind, data = event.get("kind"), event.get("data") or {}
        if kind in {"welcome", "refused", "caught_up", "answer"}:
            return
        self.started = True
        self.begun = self.begun or data.get("state") == "running"
        if data.get("state") == "running" and data.get("run"):   # what was read back holds no more
            self._safe_since, self.read_back = "", {}
        if kind == "output":
            self.read_back.update({str(name): state for name, state in data.items()})
            if self.read_back and all(state is False for state in self.read_back.values()):
                self._outputs_are_off()
        if data.get("state") == "done":
            self._reason = str(data.get("reason") or "")
        self.told.emit(event)

    def _outputs_are_off(self) -> None:
        self._safe_since = time.strftime("%H:%M:%S")
        self._may_force = False
        if self._stop_asked:  # what is left needs its own time
            self.stopping.emit(self._off_in_words())
            self._patience.start()

    def _off_in_words(self) -> str:
        return f"all outputs are off, read back at {self._safe_since}. The numbers are being extracted and stored"

    def _out_of_patience(self) -> None:
        if not self.running():
            return
        self._may_force = True
        if self._safe_since:
            self.overdue.emit(
                f"{self._off_in_words()}. This takes longer than usual. Press STOP again to end the measuring process "
                "by force. The measured data are kept, and 'tsbench recover' makes the run file"
            )
        else:
            self.overdue.emit(
                "the run has not stopped. tsbench does not know yet whether any output is off. Watch the panels of the "
                "instruments. Press STOP again to end the measuring process by force"
            )

    def _over(self, ending: Ending) -> None:
        self._patience.stop()
        self._may_force = False
        if ending.code == 1 and self._reason and self._reason not in ending.message:
            ending = Ending(1, f"failed: {self._reason}")
        self.ended.emit(ending)
