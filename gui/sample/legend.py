"""What the colours of the map mean."""

from collections.abc import Sequence

from PyQt5 import QtCore, QtGui, QtWidgets

from tsbench.gui.palette import colours
from tsbench.gui.sample.colouring import Sign, SquareLook

_SIDE = 14  #: [pixels] of a square


class Legend(QtWidgets.QWidget):
    """One square with words for each sign, in a row."""

    def __init__(self) -> None:
        super().__init__()
        self.signs: tuple[Sign, ...] = ()
        self._row = QtWidgets.QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(6)

    def show_signs(self, signs: Sequence[Sign]) -> None:
        """Show other signs."""
        self.signs = tuple(signs)
        while self._row.count():
            item = self._row.takeAt(0)
            if item is not None and (widget := item.widget()) is not None:
                widget.hide()  # it would be drawn below the new ones until it is deleted
                widget.deleteLater()
        for sign in self.signs:
            square = QtWidgets.QLabel()
            square.setPixmap(_picture(sign.look))
            words = QtWidgets.QLabel(sign.words)
            words.setProperty("role", "dim")
            self._row.addWidget(square)
            self._row.addWidget(words)
            self._row.addSpacing(8)
        self._row.addStretch(1)

    def words(self) -> list[str]:
        """Return the words of the signs."""
        return [sign.words for sign in self.signs]


def draw_look(painter: QtGui.QPainter, box: QtCore.QRectF, look: SquareLook) -> None:
    """Draw one square: its colour, a cross where there is no value, and its letter where there is room."""
    shown = colours()
    painter.setPen(QtGui.QPen(QtGui.QColor(shown.border), 1))
    painter.setBrush(QtGui.QColor(look.fill) if look.fill else QtCore.Qt.NoBrush)
    painter.drawRect(box)
    if look.crossed:
        painter.setPen(QtGui.QPen(QtGui.QColor(shown.dim), 1))
        painter.drawLine(box.topLeft(), box.bottomRight())
        painter.drawLine(box.bottomLeft(), box.topRight())
    if look.letter and box.height() >= _SIDE - 2:
        dark = QtGui.QColor(look.fill).lightnessF() > 0.45
        painter.setPen(QtGui.QColor("#000000" if dark else "#ffffff"))
        font = painter.font()
        font.setPixelSize(max(8, min(int(0.6 * box.height()), 20)))
        painter.setFont(font)
        painter.drawText(box, QtCore.Qt.AlignCenter, look.letter)


def _picture(look: SquareLook) -> QtGui.QPixmap:
    picture = QtGui.QPixmap(_SIDE + 2, _SIDE + 2)
    picture.fill(QtCore.Qt.transparent)
    painter = QtGui.QPainter(picture)
    draw_look(painter, QtCore.QRectF(1, 1, _SIDE, _SIDE), look)
    painter.end()
    return picture
