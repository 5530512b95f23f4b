"""What is known of each output, with the clock time at which it became known; lamps show it."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from PyQt5 import QtCore

#: what a run tells of an output, in the words of the window, and whether it counts as on (None: not known)
_TOLD = {
    "on": ("ON", True), "off": ("off", False), "commanded on": ("commanded ON", True),
    "commanded off": ("commanded off", None), "unknown": ("unknown", None),
}


@dataclass(frozen=True)
class OutputFact:
    """What is known of one output.

    Parameters
    ----------
    word : str
        "off" and "ON" were read back from the instrument, "commanded ON" and "commanded off" were only sent.
    clock : str
        Clock time of this knowledge; "" where nothing is known.
    read_back : str
        What was read back last, and when: "off 14:03:22"; "" before.
    """

    word: str = "unknown"
    clock: str = ""
    read_back: str = ""

    @property
    def state(self) -> bool | None:
        """Whether the output counts as on; None: not known. A command to switch off proves nothing."""
        return next((state for word, state in _TOLD.values() if word == self.word), None)

    @property
    def when(self) -> str:
        """The clock time in words."""
        if self.word in ("ON", "off"):
            return f"read back {self.clock}" if self.clock else ""
        last = f"was {self.read_back}" if self.read_back else "not read back yet"
        return f"sent {self.clock}, {last}" if self.clock else last


class OutputBook(QtCore.QObject):
    """Keeps what is known of each output of the bench; asks nothing."""

    changed = QtCore.pyqtSignal()

    def __init__(self, parent: QtCore.QObject | None = None) -> None:
        super().__init__(parent)
        self.facts: dict[str, OutputFact] = {}  #: by output

    def set_outputs(self, outputs: Iterable[str]) -> None:
        """Take the outputs of another bench, of which nothing is known."""
        self.facts = {output: OutputFact() for output in outputs}
        self.changed.emit()

    def take(self, states: Mapping[str, bool | None]) -> None:
        """Take what outputs were read back as; None: not read back as off. Others keep their facts."""
        words = {True: "on", False: "off", None: "unknown"}
        self._note({output: words[state] for output, state in states.items() if output in self.facts})

    def hear(self, event: Mapping[str, Any]) -> None:
        """Take what a run tells of its outputs while it goes on; an output that is new is added."""
        if event.get("kind") == "switched":
            told = event.get("data") or {}
            self._note({str(name): str(state) for name, state in told.items() if state in _TOLD})

    def forget(self) -> None:
        """Every output is unknown now; what was read back last stays known."""
        self._note(dict.fromkeys(self.facts, "unknown"))

    def _note(self, told: Mapping[str, str]) -> None:
        now = time.strftime("%H:%M:%S")
        for output, state in told.items():
            before = self.facts.get(output, OutputFact())
            word = _TOLD[state][0]
            if state in ("on", "off"):
                self.facts[output] = OutputFact(word, now, f"{word} {now}")
            elif state == "unknown":
                self.facts[output] = OutputFact(read_back=before.read_back)
            elif before.word != word:   # the command keeps the time at which it was sent
                self.facts[output] = OutputFact(word, now, before.read_back)
        self.changed.emit()
