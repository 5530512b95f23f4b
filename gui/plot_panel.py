"""A panel with one plot that is redrawn now and then: a title, a note in words, and axes in the window's colours."""

import pyqtgraph as pg
from PyQt5 import QtCore, QtWidgets

from tsbench.gui.palette import colours, scale
from tsbench.gui.recoloured import Recoloured

_TICKS, _LABELS = 8.0, 9.0  #: [pt] at the usual text size


class PlotPanel(QtWidgets.QWidget, Recoloured):
    """One plot under a line with its title and a note. A subclass fills it in :meth:`_redraw`.

    Parameters
    ----------
    title : str
    height : int
        The least of the plot [pixels].
    redraw_every : int
        [ms] Time after which something new is drawn.
    """

    def __init__(self, title: str, height: int, redraw_every: int) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.setAttribute(QtCore.Qt.WA_StyledBackground)
        self._stale = False  #: whether something new is to be drawn
        self._title = QtWidgets.QLabel(title)
        self._title.setProperty("role", "title")
        self._note = QtWidgets.QLabel("")
        self._note.setProperty("role", "dim")
        self._note.setSizePolicy(QtWidgets.QSizePolicy.Ignored, QtWidgets.QSizePolicy.Preferred)
        self._head = QtWidgets.QHBoxLayout()
        self._head.addWidget(self._title)
        self._head.addSpacing(12)
        self._head.addWidget(self._note, 1)
        self._plot = pg.PlotWidget()
        self._plot.showGrid(x=True, y=True, alpha=0.18)
        self._plot.setMinimumHeight(height)
        PlotPanel.recolour(self)
        self._stale = False
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(12, 10, 12, 10)
        layout.addLayout(self._head)
        layout.addWidget(self._plot, 1)
        self._timer = QtCore.QTimer(self)
        self._timer.setInterval(redraw_every)
        self._timer.timeout.connect(self._redraw_if_stale)
        self._timer.start()

    def recolour(self) -> None:
        """Take the colours of the theme; what is drawn takes them when it is drawn next."""
        self._plot.setBackground(colours().field)
        for side in ("left", "bottom"):
            axis = self._plot.getAxis(side)
            axis.setPen(colours().border)
            font = axis.font()
            font.setPointSizeF(_TICKS * scale())
            axis.setTickFont(font)
            axis.labelStyle["font-size"] = f"{_LABELS * scale():.1f}pt"
            axis.setTextPen(colours().dim)
        self._stale = True

    def _redraw_if_stale(self) -> None:
        if self._stale:
            self._redraw()

    def _redraw(self) -> None:
        raise NotImplementedError
