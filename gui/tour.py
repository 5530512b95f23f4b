"""A guided tour in five steps: a card beside a control, and a frame around the control; it blocks nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PyQt5 import QtCore, QtGui, QtWidgets

from tsbench.gui.palette import colours

_OFFERED = "tour/offered"
_WIDTH, _GAP, _FRAME = 360, 14, 4  #: [pixels]
_SIDE = 0.32  #: of the width, where a card leaves Run and the Stop panel in sight


@dataclass(frozen=True)
class TourStep:
    """One step: what is said, and the controls that get a frame.

    Parameters
    ----------
    title, text : str
    targets : sequence of QWidget
        Those that are in sight get a frame.
    until : str
        State of a run after which the next step shows by itself: "running" or "done"; "" for none.
    """

    title: str
    text: str
    targets: Sequence[QtWidgets.QWidget]
    until: str = ""


class TourFrames(QtWidgets.QWidget):
    """Draws a frame around each control of a step; the mouse goes through it."""

    def __init__(self, parent: QtWidgets.QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(QtCore.Qt.WA_TransparentForMouseEvents)
        self.places: list[QtCore.QRect] = []
        self.hide()

    def paintEvent(self, event: QtGui.QPaintEvent | None) -> None:  # noqa: N802  Qt's name
        """Draw the frames."""
        painter = QtGui.QPainter(self)
        painter.setRenderHint(QtGui.QPainter.Antialiasing)
        painter.setPen(QtGui.QPen(QtGui.QColor(colours().warning), _FRAME))
        for place in self.places:
            painter.drawRoundedRect(place.adjusted(-1, -1, 1, 1), 6, 6)
        painter.end()


class Tour(QtWidgets.QFrame):
    """The card of the tour: title, text, Back, Next and End.

    Enter or Next goes on, the arrow keys go on and back, Esc ends the tour while no run goes on.

    Parameters
    ----------
    window : QWidget
        The window that the tour shows.
    steps : sequence of TourStep
    """

    begun = QtCore.pyqtSignal()  #: before the first step, to show the screen that the steps are on

    def __init__(self, window: QtWidgets.QWidget, steps: Sequence[TourStep]) -> None:
        super().__init__(window)
        self.setObjectName("question")
        self.setAttribute(QtCore.Qt.WA_StyledBackground)
        self.setFocusPolicy(QtCore.Qt.StrongFocus)
        self.setAccessibleName("Guided tour")
        self._window, self._steps = window, tuple(steps)
        self.number = -1  #: of the step on show, from 0; -1: the offer, or none
        self._frames = TourFrames(window)
        self._title, self._text = QtWidgets.QLabel(), QtWidgets.QLabel()
        self._title.setProperty("role", "title")
        self._text.setWordWrap(True)
        self.back = QtWidgets.QPushButton("← Back")
        self.next = QtWidgets.QPushButton()
        self.end = QtWidgets.QPushButton()
        self.back.clicked.connect(lambda: self.show_step(self.number - 1))
        self.next.clicked.connect(self._go_on)
        self.end.clicked.connect(self.finish)
        self.next.setAutoDefault(True)
        row = QtWidgets.QHBoxLayout()
        for button, tip in ((self.end, "End the tour (Esc)"), (self.back, "The step before (left arrow key)"),
                            (self.next, "The next step (Enter or right arrow key)")):
            button.setToolTip(tip)
            row.addWidget(button)
        row.insertStretch(1, 1)
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(14, 12, 14, 12)
        column.addWidget(self._title)
        column.addWidget(self._text)
        column.addLayout(row)
        self._escape = QtWidgets.QShortcut(QtGui.QKeySequence("Esc"), window, self.finish)
        self._escape.setEnabled(False)  # it belongs to others while there is no tour
        window.installEventFilter(self)
        self.hide()

    def offer(self) -> None:
        """Offer the tour, once for each user; nothing loses the focus by it."""
        settings = QtCore.QSettings()
        if str(settings.value(_OFFERED, "false")) == "true":
            return
        settings.setValue(_OFFERED, "true")
        self._show(-1, "WELCOME TO TSBENCH", "A tour of five steps shows how to measure a device, on a simulated bench "
                   "if you like. You also find it in the menu View (F1).", "Start the tour", "Not now")

    def start(self) -> None:
        """Show the first step."""
        QtCore.QSettings().setValue(_OFFERED, "true")
        self.begun.emit()
        self.show_step(0)

    def show_step(self, number: int) -> None:
        """Show a step, from 0; after the last one, the tour ends."""
        if number >= len(self._steps):
            self.finish()
            return
        step, number = self._steps[max(number, 0)], max(number, 0)
        last = number == len(self._steps) - 1
        self._show(number, f"{number + 1} OF {len(self._steps)}   {step.title.upper()}", step.text,
                   "Finish" if last else "Next →", "End the tour")
        self.next.setFocus()

    def finish(self) -> None:
        """End the tour."""
        self.number = -1
        self._escape.setEnabled(False)
        self._frames.hide()
        self.hide()

    def hear(self, event: Mapping[str, Any]) -> None:
        """Go on by itself when a run has begun or ended that the step on show waits for."""
        state = (event.get("data") or {}).get("state")
        if self.isVisible() and self.number >= 0 and state and self._steps[self.number].until == state:
            self.show_step(self.number + 1)

    def keyPressEvent(self, event: QtGui.QKeyEvent | None) -> None:  # noqa: N802  Qt's name
        """Go on and back by the arrow keys."""
        if event is None:
            return
        if event.key() == QtCore.Qt.Key_Right or event.key() in (QtCore.Qt.Key_Return, QtCore.Qt.Key_Enter):
            self._go_on()
        elif event.key() == QtCore.Qt.Key_Left and self.back.isVisible():
            self.show_step(self.number - 1)
        else:
            super().keyPressEvent(event)

    def eventFilter(self, watched: QtCore.QObject | None, event: QtCore.QEvent | None) -> bool:  # noqa: N802  Qt's name
        """Stay beside the control when the window changes."""
        if self.isVisible() and event is not None and event.type() in (
                QtCore.QEvent.Resize, QtCore.QEvent.LayoutRequest):
            QtCore.QTimer.singleShot(0, self._place)
        return False

    def framed(self) -> list[QtCore.QRect]:
        """Return the frames on show, in the window [pixels]."""
        return list(self._frames.places) if self._frames.isVisible() else []

    def text(self) -> str:
        """Return title and text on show."""
        return f"{self._title.text()}: {self._text.text()}"

    def _go_on(self) -> None:
        if self.number < 0:
            self.start()
        else:
            self.show_step(self.number + 1)

    def _show(self, number: int, title: str, text: str, onward: str, end: str) -> None:
        self.number = number
        self._title.setText(title)
        self._text.setText(text)
        self.next.setText(onward)
        self.end.setText(end)
        self.back.setVisible(number > 0)
        self._escape.setEnabled(True)
        self._frames.show()
        self._frames.raise_()
        self.show()
        self.raise_()
        self._place()

    def _place(self) -> None:
        """Frame the controls, and stand where none of them is covered."""
        targets = self._steps[self.number].targets if self.number >= 0 else ()
        self._frames.setGeometry(self._window.rect())
        self._frames.places = [_place_in(self._window, target) for target in targets if target.isVisible()]
        self._frames.update()
        width = min(max(_WIDTH, self.minimumSizeHint().width()), self._window.width() - 2 * _GAP)
        self.resize(width, max(self.heightForWidth(width), self.sizeHint().height()))
        self.move(_free_place(self.size(), self._frames.places, self._window.rect()))


def _place_in(window: QtWidgets.QWidget, target: QtWidgets.QWidget) -> QtCore.QRect:
    return QtCore.QRect(target.mapTo(window, QtCore.QPoint(0, 0)), target.size())


def _free_place(size: QtCore.QSize, taken: Sequence[QtCore.QRect], room: QtCore.QRect) -> QtCore.QPoint:
    """Return where a card stands beside the first of some places [pixels], inside a room, and covers none of them."""
    corner = QtCore.QPoint(room.width() - size.width() - _GAP, room.height() - size.height() - _GAP)
    if not taken:
        return corner
    first = taken[0]
    wanted = (
        QtCore.QPoint(first.right() + _GAP, first.top()), QtCore.QPoint(first.left(), first.bottom() + _GAP),
        QtCore.QPoint(first.left(), first.top() - size.height() - _GAP),
        QtCore.QPoint(first.left() - size.width() - _GAP, first.top()),
        QtCore.QPoint(int(_SIDE * room.width()), corner.y()), corner, QtCore.QPoint(_GAP, corner.y()),
    )

    def inside(place: QtCore.QPoint) -> QtCore.QPoint:
        return QtCore.QPoint(min(max(place.x(), _GAP), corner.x()), min(max(place.y(), _GAP), corner.y()))

    places = [inside(place) for place in wanted]
    return next((place for place in places
                 if not any(QtCore.QRect(place, size).intersects(one) for one in taken)), places[0])
