"""The messages of a window, a line each with its clock time; what is wrong is coloured."""

import time
from collections import deque

from PyQt5 import QtCore, QtWidgets

from tsbench.gui.palette import colours
from tsbench.gui.recoloured import Recoloured

_KEPT_LINES = 5000


class MessageLog(QtWidgets.QPlainTextEdit, Recoloured):
    """The latest messages; the view follows the end only while it shows the end."""

    said = QtCore.pyqtSignal(str, str)  #: text and kind of a new message

    def __init__(self) -> None:
        super().__init__()
        self._lines: deque[tuple[str, str, str]] = deque(maxlen=_KEPT_LINES)  # clock, text, kind
        self.setReadOnly(True)
        self.setMaximumBlockCount(_KEPT_LINES)
        self.setTabChangesFocus(True)
        self.setAccessibleName("Messages")

    def say(self, text: str, kind: str = "") -> None:
        """Add a line; ``kind`` is "problem", "warning", "dim" or ""."""
        bar = self.verticalScrollBar()
        at_end = bar is None or bar.value() >= bar.maximum() - 2 * bar.singleStep()
        self._lines.append((time.strftime("%H:%M:%S"), text, kind))
        self._write(*self._lines[-1])
        if bar is not None and at_end:
            bar.setValue(bar.maximum())
        self.said.emit(text, kind)

    def clear(self) -> None:
        """Forget all messages."""
        self._lines.clear()
        super().clear()

    def recolour(self) -> None:
        """Write the messages again in the colours of the theme."""
        bar = self.verticalScrollBar()
        place = 0 if bar is None else bar.value()
        super().clear()
        for line in self._lines:
            self._write(*line)
        if bar is not None:
            bar.setValue(place)

    def _write(self, clock: str, text: str, kind: str) -> None:
        shown = colours()
        colour = {"problem": shown.bad, "warning": shown.warning, "dim": shown.dim}.get(kind, shown.text)
        safe = text.replace("&", "&amp;").replace("<", "&lt;")
        self.appendHtml(f"<span style='color:{colour}; white-space:pre-wrap'>{clock}  {safe}</span>")
