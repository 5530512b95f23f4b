"""Answers of the operator, on the terminal, to what a run of the bench service asks."""

import contextlib
import sys
import threading
from typing import Any

from tsbench.errors import TsbenchError
from tsbench.records import RunEvent
from tsbench.station.bench.operator import HOW_TO_ANSWER
from tsbench.station.service.questions import ANSWERED, QUESTION


class TerminalAnswers:
    """Shows each question, and sends the next line of the terminal as its answer.

    Without a terminal, it says how the question is answered from another one.

    Parameters
    ----------
    service : ServiceClient
    """

    def __init__(self, service: Any) -> None:
        self._service = service
        self._open: object = None  #: number of the question that is open
        self._reader: threading.Thread | None = None

    def __call__(self, event: RunEvent) -> None:
        """Hear an event of the run."""
        if event.kind == QUESTION:
            self._open = event.data.get("question")
            if sys.stdin is not None and sys.stdin.isatty():
                self._tell(f"{event.message} {HOW_TO_ANSWER}")
                if self._reader is None:   # one for all questions: nothing can end its wait for a line
                    self._reader = threading.Thread(target=self._read, name="answers", daemon=True)
                    self._reader.start()
            else:
                self._tell(f"{event.message} Then run 'tsbench station answer {self._service.bench}' (with --end to "
                           "end the run)\n")
        elif event.kind == ANSWERED and self._open is not None:
            self._open = None
            self._tell("\nthe question was answered at another place, or the run was stopped\n")

    def _read(self) -> None:
        for line in sys.stdin:
            number, self._open = self._open, None
            if number is not None:
                with contextlib.suppress(TsbenchError):   # another answer was first; the event says so
                    self._service.answer(line.strip(), number)

    @staticmethod
    def _tell(words: str) -> None:
        sys.stderr.write(words)
        sys.stderr.flush()
