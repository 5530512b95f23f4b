"""Requests to a run from outside: stop, pause, resume, emergency stop; by a window, a signal or a script."""

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Self, TextIO

from tsbench.errors import InstrumentError

_LOOK = 0.05  #: [s] between two looks whether a pause is over
#: [s] that a step may take to its end after a stop: with the time to switch off, outputs are off within 2 s
STEP_TIME = 0.5


class Control:
    """The requests to a run. Safe to use from any thread, and from a signal handler.

    Plain attributes and no lock: a handler may interrupt the very thread that would hold it.
    """

    def __init__(self) -> None:
        self._reason: str | None = None
        self._since = 0.0  #: [s] on the clock of this computer, since there is a reason
        self._paused = False

    def stop(self, reason: str = "stopped by the operator") -> None:
        """End the run at the next step: outputs off, what was measured is kept. The first reason stands."""
        if self._reason is None:
            self._since = time.monotonic()
            self._reason = reason

    def emergency(self, reason: str = "emergency stop") -> None:
        """End the run at the next step, as ``stop``; this reason stands in the record, even after a stop."""
        if self._reason is None:
            self._since = time.monotonic()
        self._reason = reason

    def pause(self) -> None:
        """Hold the run at its next place of rest."""
        self._paused = True

    def resume(self) -> None:
        """Go on after a pause."""
        self._paused = False

    @property
    def stopped(self) -> str | None:
        """Why the run is to end; None while it may go on."""
        return self._reason

    def request(self, line: str) -> bool:
        """Do what a line asks for: one of :meth:`words`; False where it asks for something else."""
        ask = {"stop": self.stop, "pause": self.pause, "resume": self.resume, "emergency": self.emergency}
        if (word := line.strip().lower()) not in ask:
            return False
        ask[word]()
        return True

    def words(self) -> tuple[str, ...]:
        """Return the requests that a line may hold."""
        return "stop", "pause", "resume", "emergency"

    def overdue(self) -> str | None:
        """Return the reason of a stop that is :data:`STEP_TIME` old or older; None before that."""
        reason = self._reason
        return reason if reason is not None and time.monotonic() - self._since >= STEP_TIME else None

    @property
    def paused(self) -> bool:
        """Whether a pause is wished."""
        return self._paused

    def wait_while_paused(self, beat: Callable[[], None] = lambda: None) -> None:
        """Block until resumed or stopped; ``beat`` is called all the while."""
        while self._paused and self._reason is None:
            beat()
            time.sleep(_LOOK)


class StdinControl(Control):
    """Reads ``stop``, ``pause``, ``resume`` and ``emergency``, one a line, from standard input."""

    def __init__(self, lines: TextIO | None = None) -> None:
        super().__init__()
        self._thread = hear_requests(self, lines)


def hear_requests(control: Control, lines: TextIO | None = None) -> threading.Thread:
    """Have a thread pass each line of standard input to a control.

    The end of the input changes nothing: a window that crashes ends neither data nor safety.

    Parameters
    ----------
    control : Control
    lines : TextIO, optional
        Another input.
    """
    def read() -> None:
        with contextlib.suppress(OSError, ValueError):  # closed under our hands
            for line in sys.stdin if lines is None else lines:
                if line.strip() and not control.request(line):
                    sys.stderr.write(f"tsbench: '{line.strip().lower()}' is not a command. The commands are "
                                     f"{', '.join(control.words())}\n")

    thread = threading.Thread(target=read, name="control", daemon=True)
    thread.start()
    return thread


class Interrupts:
    """Ctrl-C and the signals of a closing terminal, for the time of one run.

    The first asks for a stop at the next step; the second breaks into a step that does not end. From
    ``shield`` on neither can keep the outputs from being switched off or the data from being written. Then they
    stop what would follow: the control tells a campaign, and :attr:`heard` tells a script.
    """

    def __init__(self, control: Control) -> None:
        self._control = control
        self._heard_before = 0
        self._shielded = False
        self.heard = ""  #: the first signal that came, by its name

    def shield(self) -> None:
        """From here on an interrupt is acknowledged and kept for what follows the run."""
        self._shielded = True

    def _heard(self, number: int, frame: FrameType | None) -> None:
        name = signal.Signals(number).name
        self.heard = self.heard or name
        self._control.stop(f"interrupted ({name})")   # the first reason stands
        if self._shielded:
            _say("the run is interrupted. Please wait until the outputs are off and the data are stored")
            return
        self._heard_before += 1
        if self._heard_before == 1:
            _say("the run is interrupted and ends at the next step. Press Ctrl-C again to end it at once")
        elif self._heard_before == 2:  # once: another must not break into what follows
            raise KeyboardInterrupt(name)

    @contextlib.contextmanager
    def installed(self) -> Iterator[Self]:
        """Listen; outside the main thread there is nothing to listen to."""
        if threading.current_thread() is not threading.main_thread():
            yield self
            return
        names = ("SIGINT", "SIGTERM", "SIGBREAK", "SIGHUP")  # SIGBREAK: Windows; SIGHUP: POSIX
        numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
        before = {number: signal.signal(number, self._heard) for number in numbers}
        try:
            yield self
        finally:
            for number, handler in before.items():
                signal.signal(number, signal.SIG_DFL if handler is None else handler)


class EndsAtOnce(Interrupts):
    """The same signals for what has no steps and no data: the first breaks into it, so that the outputs go off.

    Parameters
    ----------
    what : str
        What is interrupted, as messages call it (``"the fixture check"``).
    """

    def __init__(self, what: str) -> None:
        self.control = Control()
        super().__init__(self.control)
        self._what = what
        self._interrupted = ""

    def _heard(self, number: int, frame: FrameType | None) -> None:
        _say(f"{self._what} is interrupted. Please wait until the outputs are off")
        if self._interrupted:
            return  # another must not break into the switching off
        self._interrupted = signal.Signals(number).name
        raise KeyboardInterrupt(self._interrupted)

    def look(self) -> None:
        """End here where a signal came while something that must not be broken off was done, or the watchdog is gone.

        Raises
        ------
        KeyboardInterrupt
        InstrumentError
        """
        if self._interrupted:
            raise KeyboardInterrupt(self._interrupted)
        if self.control.stopped is not None:
            raise InstrumentError(f"{self._what} ends early: {self.control.stopped}")


def _say(text: str) -> None:
    """Write to standard error without a buffer or a lock, as a signal handler must."""
    with contextlib.suppress(OSError):
        os.write(2, f"tsbench: {text}\n".encode())
