"""Questions of the measuring process to a person: which device is to be connected, what is to be set by hand."""

import queue
import threading
from collections.abc import Callable
from typing import Final

from tsbench.records import RunEvent
from tsbench.station.protection.control import Control

QUESTION: Final = "question"  #: kind of the event that asks
ANSWERED: Final = "answered"  #: kind of the event that says that the question is no longer open
TO_END: Final = "q"  #: the answer of a person who wants to end
LONGEST_ANSWER: Final = 200  #: [characters]
_LOOK = 0.05  #: [s]


class ServiceQuestions:
    """Asks whoever is attached to the service, and waits for the first answer.

    All outputs are off while it waits: the parts of the bench that ask read them back before.

    Parameters
    ----------
    tell : callable
        Gets the events.
    """

    def __init__(self, tell: Callable[[RunEvent], None]) -> None:
        self._tell = tell
        self._control = Control()
        self._number = 0
        self._lock = threading.Lock()
        self._open: queue.Queue[str] | None = None  #: takes the answer to the question that is open

    def begin(self, control: Control) -> None:
        """Ask for this run from now on; a stop of it ends the wait for an answer."""
        self._control = control

    def ask(self, question: str) -> str:
        """Ask, and return the answer; :data:`TO_END` when the run is stopped meanwhile."""
        with self._lock:
            self._number += 1
            answers = self._open = queue.Queue()
        self._tell(RunEvent(QUESTION, question, data={"question": self._number}))
        answer, control = None, self._control
        while answer is None:
            try:
                answer = answers.get(timeout=_LOOK)
            except queue.Empty:
                answer = TO_END if control.stopped is not None else None
        with self._lock:
            self._open = None
        self._tell(RunEvent(ANSWERED, answer, data={"question": self._number}))
        return answer

    def answer(self, number: object, text: object) -> None:
        """Take an answer; the first one counts, and one to a question that is not open changes nothing."""
        with self._lock:
            if self._open is not None and number == self._number and isinstance(text, str):
                self._open.put(text[:LONGEST_ANSWER])
