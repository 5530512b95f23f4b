"""Threshold and hold voltage on a live curve: a line at the value, a band over its 95 % interval."""

from collections.abc import Mapping
from typing import Any

import pyqtgraph as pg
from PyQt5 import QtCore, QtGui

from tsbench.gui.palette import colours
from tsbench.quantities import format_interval

#: quantity -> (its words, place of the words as a share of the height, number of its colour among the curves)
_MARKED = {"threshold_voltage": ("threshold", 0.95, 1), "hold_voltage": ("hold", 0.86, 3)}


class VoltageMarks:
    """The latest threshold and hold voltage of each polarity.

    Parameters
    ----------
    plot : pyqtgraph.PlotWidget
        Its horizontal axis is the device voltage [V].
    """

    def __init__(self, plot: Any) -> None:
        self._plot = plot
        self._rows: dict[tuple[str, float], Mapping[str, Any]] = {}
        self._items: list[Any] = []
        self._visible = True

    def words(self) -> list[str]:
        """Return what stands beside the marks."""
        return [_words(row) for row in self._rows.values()]

    def clear(self) -> None:
        """Forget all marks."""
        self._rows.clear()
        self._draw()

    def take(self, row: Mapping[str, Any]) -> None:
        """Take a result row; a value of a later cycle takes the place of an earlier one."""
        if row.get("quantity") not in _MARKED or row.get("value") is None:
            return
        sign = -1.0 if (row.get("conditions") or {}).get("polarity") == "-" else 1.0
        self._rows[str(row["quantity"]), sign] = row
        self._draw()

    def show(self, visible: bool) -> None:
        """Draw the marks, or do not: they are voltages of the device."""
        if visible != self._visible:
            self._visible = visible
            self._draw()

    def recolour(self) -> None:
        """Take the colours of the theme."""
        self._draw()

    def _draw(self) -> None:
        for item in self._items:
            self._plot.removeItem(item)
        self._items = []
        for (quantity, sign), row in self._rows.items() if self._visible else ():
            _, place, number = _MARKED[quantity]
            colour = QtGui.QColor(colours().curves[number])
            value = sign * abs(float(row["value"]))
            if row.get("low") is not None and row.get("high") is not None:
                faint = QtGui.QColor(colour)
                faint.setAlpha(50)
                ends = [sign * abs(float(row["low"])), sign * abs(float(row["high"]))]
                band = pg.LinearRegionItem(sorted(ends), movable=False, brush=faint, pen=pg.mkPen(faint))
                band.setZValue(-10)
                self._add(band)
            self._add(pg.InfiniteLine(
                value, angle=90, pen=pg.mkPen(colour, width=1.2, style=QtCore.Qt.DashLine), label=_words(row),
                labelOpts={"position": place, "color": colour, "fill": QtGui.QColor(colours().field), "movable": False,
                           "anchors": [(-0.02, 0.5), (1.02, 0.5)]}))

    def _add(self, item: Any) -> None:
        self._plot.addItem(item, ignoreBounds=True)
        self._items.append(item)


def _words(row: Mapping[str, Any]) -> str:
    name = _MARKED[str(row["quantity"])][0]
    doubt = " ?" if {"ambiguous", "oscillating", "under_sampled"} & set(row.get("flags", ())) else ""
    cycle = (row.get("conditions") or {}).get("cycle")
    of_cycle = f" (cycle {cycle:g})" if isinstance(cycle, int | float) and cycle > 1 else ""
    return f"{name} {format_interval(row['value'], row['low'], row['high'], str(row['unit']))}{of_cycle}{doubt}"
