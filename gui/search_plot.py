"""An adaptive search while it goes on: what each pulse did, and how the interval closes in."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyqtgraph as pg
from PyQt5 import QtGui

from tsbench.gui.palette import colours
from tsbench.gui.plot_panel import PlotPanel
from tsbench.records import FloatArray

#: (what is chosen, what it did) of the searches, best first
_SEARCHES = (("gap", "fired"), ("amplitude", "fired"), ("bias", "oscillates"))
_REDRAW_MS = 100
#: (value, symbol) of fired, did not fire, not counted
_OUTCOMES = ((1.0, "o"), (0.0, "o"), (math.nan, "x"))
_NUMBERED = {"gap": "number of the pair", "amplitude": "number of the pulse", "bias": "number of the record"}
_WORDS = {"fired": ("fired", "did not fire"), "oscillates": ("oscillates", "does not oscillate")}


class SearchPlot(PlotPanel):
    """One plot of a search by its point table; hidden while there is no search."""

    def __init__(self) -> None:
        super().__init__("SEARCH", 140, _REDRAW_MS)
        self._columns: tuple[int, int, int | None, int | None] | None = None
        self._conditioning: int | None = None  # column
        self._rows: list[FloatArray] = []
        self._logarithmic = self._in_units = False
        self._words = _WORDS["fired"]
        self._ends = [self._plot.plot([], []) for _ in range(2)]
        self._band = pg.FillBetweenItem(*self._ends)
        self._plot.addItem(self._band)
        self._marks = [self._plot.plot([], [], pen=None, symbol=symbol, symbolSize=7) for _, symbol in _OUTCOMES]
        self.recolour()
        self.hide()

    def begin(self, columns: Sequence[Mapping[str, Any]]) -> None:
        """A run has begun, whose points have these columns; it is shown if they are those of a search."""
        units = {str(column["name"]): str(column["unit"]) for column in columns}
        names = list(units)
        chosen, outcome = next(((x, y) for x, y in _SEARCHES if x in units and y in units), ("", ""))
        interval = "low" in units and "high" in units
        self._rows = []
        self._columns = None
        self.setVisible(bool(chosen) and (interval or chosen == "bias"))
        if not self.isVisibleTo(self.parentWidget()):
            return
        self._columns = (names.index(chosen), names.index(outcome), names.index("low") if interval else None,
                         names.index("high") if interval else None)
        self._conditioning = names.index("conditioning") if "conditioning" in units else None
        self._in_units = not interval or units["low"] == units[chosen]  # else the interval is that of a probability
        self._logarithmic, self._words = chosen == "gap", _WORDS[outcome]
        self._plot.setLogMode(x=False, y=self._logarithmic)
        self._plot.setLabel("bottom", _NUMBERED[chosen])
        self._plot.getAxis("left").enableAutoSIPrefix(self._in_units)
        self._plot.setLabel("left", chosen if self._in_units else "firing probability",
                            units=units[chosen] if self._in_units else None)
        self._plot.enableAutoRange()
        self._stale = True

    def recolour(self) -> None:
        """Take the colours of the theme: what fired is filled."""
        super().recolour()
        shown = colours()
        self._band.setBrush(QtGui.QColor(shown.band))
        for end in self._ends:
            end.setPen(QtGui.QColor(shown.band))
        faces = ((shown.accent, shown.accent), (shown.accent, None), (shown.dim, None))
        for mark, (line, face) in zip(self._marks, faces, strict=True):
            mark.setSymbolPen(line)
            mark.setSymbolBrush(face)

    def add_point(self, values: FloatArray) -> None:
        """Take one row of the point table; a conditioning pulse is not drawn."""
        if self._columns is not None and not (self._conditioning is not None and values[self._conditioning] == 1.0):
            self._rows.append(values)
            self._stale = True

    def drawn(self) -> tuple[int, ...]:
        """Return how many marks of each outcome are drawn: yes, no, not counted."""
        return tuple(0 if mark.xData is None else len(mark.xData) for mark in self._marks)

    def _redraw(self) -> None:
        if self._columns is None:
            return
        self._stale = False
        chosen, outcome, low, high = self._columns
        table = np.array(self._rows, dtype=float) if self._rows else np.empty((0, 1 + max(
            column for column in self._columns if column is not None)))
        numbers, did = np.arange(1, len(self._rows) + 1), table[:, outcome]
        places = table[:, chosen] if self._in_units else np.where(did == 1.0, 1.0, 0.0)
        for mark, (value, _) in zip(self._marks, _OUTCOMES, strict=True):
            mine = np.isnan(did) if math.isnan(value) else did == value
            mark.setData(numbers[mine], places[mine])
        if low is not None and high is not None:
            for end, column in zip(self._ends, (low, high), strict=True):
                end.setData(numbers, table[:, column])
        yes, no, left_out = self.drawn()
        words = [f"● {self._words[0]}: {yes}", f"○ {self._words[1]}: {no}"]
        words += [f"× not counted: {left_out}"] if left_out else []
        words += ["band: 95 % interval"] if low is not None else []
        self._note.setText("    ".join(words))
