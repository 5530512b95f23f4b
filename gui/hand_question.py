"""What is to be done by hand for a run of the bench service, shown in the window until somebody answers."""

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PyQt5 import QtWidgets

from tsbench.station.service.performing import answer_bench
from tsbench.station.service.questions import ANSWERED, QUESTION, TO_END


class HandQuestion(QtWidgets.QFrame):
    """Shows what the run asks of the operator, and sends the answer to the service."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("question")
        self.words = QtWidgets.QLabel()
        self.words.setWordWrap(True)
        self.end = QtWidgets.QPushButton("&End the run")
        self.done = QtWidgets.QPushButton("It is &done")
        self.done.setToolTip("The run goes on. Press this only when it is done: outputs may go on then")
        self.end.clicked.connect(lambda: self._answer(TO_END))
        self.done.clicked.connect(lambda: self._answer(""))
        row = QtWidgets.QHBoxLayout(self)
        row.setContentsMargins(12, 8, 12, 8)
        row.addWidget(self.words, 1)
        row.addWidget(self.end)
        row.addWidget(self.done)
        self._bench: Path | None = None
        self._number = 0
        self.hide()

    def hear(self, event: Mapping[str, Any], bench: Path | None) -> None:
        """Hear an event of a run at ``bench``: one that asks shows the question, one that answers hides it."""
        if event.get("kind") == QUESTION and bench is not None:
            self._bench, self._number = bench, int((event.get("data") or {}).get("question", 0))
            self.words.setText(str(event.get("message", "")))
            self.show()
            self.end.setFocus()   # the harmless answer: Enter must not begin a run that somebody else prepares
        elif event.get("kind") == ANSWERED:
            self.hide()

    def _answer(self, text: str) -> None:
        self.hide()
        arguments = (self._bench, text, self._number)
        threading.Thread(target=answer_bench, args=arguments, name="answer", daemon=True).start()
