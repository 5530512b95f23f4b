"""The curve while it is measured: I-V points, or the last waveforms; drawn at most 20 times a second."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyqtgraph as pg
from PyQt5 import QtCore, QtGui, QtWidgets

from tsbench.gui.live_points import LivePoints
from tsbench.gui.palette import colours
from tsbench.gui.plot_panel import PlotPanel
from tsbench.gui.voltage_marks import VoltageMarks
from tsbench.records import FloatArray

_REDRAW_MS = 50
_MANY, _SELDOM_MS = 5_000, 100  #: points, and the time between two redraws of more of them
_DOTTED = 1_000  #: points of a run up to which each is a dot, and lines are wide: Qt draws both slowly
_FADED = (1.0, 0.45, 0.2)  #: strength of the latest cycle, of the one before, and of earlier ones


@dataclass(frozen=True)
class LiveTrace:
    """A curve to draw in SI units; ``acquisition`` tells which curves belong together."""

    name: str
    acquisition: str
    x: FloatArray
    y: FloatArray


class LivePlot(PlotPanel):
    """One plot with its axes in SI units, a linear/logarithmic switch, and what is being drawn in words.

    A sweep shows its latest cycle, earlier ones fainter, the load line through its latest point, and its threshold and
    hold voltage once they are extracted; its voltage is that of the device, or that at the source.
    """

    def __init__(self) -> None:
        super().__init__("LIVE CURVE", 220, _REDRAW_MS)
        self._note.setText("nothing measured yet")
        self._points = LivePoints()
        self._traces: dict[str, LiveTrace] = {}
        self._axes = ("", "", "", "")
        self._labelled: tuple[object, ...] = ()  # what the labels of the axes show
        self._source_name = ""  # of the column with the voltage at the source; "" without one
        self.at_source = _switch("&Source axis", "Draw the voltage at the source instead of the voltage of the device")
        self._logarithmic = _switch("&Log current", "Show the magnitude of the current on a logarithmic axis")
        self._whole = QtWidgets.QPushButton("Show &all")
        self._whole.setToolTip("Fit the axes to the whole curve (drag to move, wheel to zoom)")
        self._whole.clicked.connect(self._plot.enableAutoRange)
        for switch in (self.at_source, self._logarithmic):
            switch.toggled.connect(self._redraw)
            self._head.addWidget(switch)
        self._head.addWidget(self._whole)
        self.at_source.hide()
        self._load_line = self._plot.plot([], [])
        self._curves = [self._plot.plot([], []) for _ in _FADED][::-1]  # the latest cycle is drawn over the others
        self._curve = self._curves[0]  #: of the latest cycle
        self.marks = VoltageMarks(self._plot)
        self._drawn: dict[str, pg.PlotDataItem] = {}

    def begin(self, x: tuple[str, str], y: tuple[str, str], source: str = "") -> None:
        """Start an empty curve; ``x`` and ``y`` are (name, unit) of the axes, ``source`` names the other voltage."""
        self._points.clear()
        self._traces.clear()
        self.marks.clear()
        self._axes = (*x, *y)
        self._source_name = source
        self.at_source.setVisible(bool(source))
        self._logarithmic.setVisible(y[1] == "A")
        self._plot.enableAutoRange()
        self._stale = True
        self._redraw_if_stale()

    def add_point(self, x: float, y: float, source: float = math.nan, cycle: float = math.nan) -> None:
        """Append one point; a NaN leaves a gap.

        Parameters
        ----------
        x, y : in the units of the axes
        source : [V] at the source, of the same point
        cycle : number of its cycle
        """
        self._points.add(x, y, source, cycle)
        self._stale = True

    def take_result(self, row: Mapping[str, Any]) -> None:
        """Mark the threshold and the hold voltage of the sweep on show."""
        if self._axes[1] == "V" and self._axes[3] == "A" and self._points.count:
            self.marks.take(row)

    def show_trace(self, trace: LiveTrace) -> None:
        """Show a waveform beside the others of its acquisition; those of an earlier one go."""
        if any(shown.acquisition != trace.acquisition for shown in self._traces.values()):
            self._traces.clear()
        self._traces[trace.name] = trace
        self._stale = True

    def points(self) -> tuple[Sequence[float], Sequence[float]]:
        """Return the points so far."""
        return tuple(self._points.x), tuple(self._points.y)

    def traces(self) -> Mapping[str, LiveTrace]:
        """Return the waveforms on show."""
        return dict(self._traces)

    def recolour(self) -> None:
        """Take the colours of the theme."""
        super().recolour()
        if hasattr(self, "marks"):   # the panel asks for it before there are any
            self.marks.recolour()

    def _redraw(self) -> None:
        self._stale = False
        logarithmic = self._logarithmic.isChecked() and self._logarithmic.isVisibleTo(self)
        at_source = self.at_source.isChecked() and bool(self._source_name)
        if (wanted := (*self._axes, self._source_name, at_source, logarithmic)) != self._labelled:
            self._labelled = wanted  # each change of a label lays the plot out anew
            name_x, unit_x, name_y, unit_y = self._axes
            self._plot.setLabel("bottom", self._source_name if at_source else name_x, units=unit_x)
            self._plot.setLabel("left", f"|{name_y}|" if logarithmic else name_y, units=unit_y)
            self._plot.setLogMode(x=False, y=logarithmic)
        self._timer.setInterval(_REDRAW_MS if self._points.count <= _MANY else _SELDOM_MS)
        self._draw_points(logarithmic, at_source)
        self._draw_load_line(logarithmic or at_source)
        self.marks.show(not at_source)
        for name in [name for name in self._drawn if name not in self._traces]:
            self._plot.removeItem(self._drawn.pop(name))
        for number, (name, trace) in enumerate(self._traces.items()):
            if name not in self._drawn:
                self._drawn[name] = self._plot.plot([], [])
            item = self._drawn[name]
            item.setPen(pg.mkPen(_colour(number), width=1.3))
            item.setData(trace.x, trace.y, connect="finite")
        self._note.setText(self._in_words())

    def _draw_points(self, logarithmic: bool, at_source: bool) -> None:
        x, y = np.array(self._points.source if at_source else self._points.x), np.array(self._points.y)
        y = _magnitude(y) if logarithmic else y
        ages = {age: numbers for numbers, age in self._points.ages()}
        few = x.size <= _DOTTED
        for age, curve in enumerate(self._curves):
            colour = QtGui.QColor(colours().accent)
            colour.setAlphaF(_FADED[age])
            mine = ages.get(age, np.empty(0, np.intp))
            curve.setData(x[mine], y[mine], pen=pg.mkPen(colour, width=1.6 if few else 1), symbol="o" if few else None,
                          symbolBrush=colour, symbolPen=None, symbolSize=4 if age == 0 else 3, connect="finite")

    def _draw_load_line(self, hidden: bool) -> None:
        line = None if hidden else self._points.load_line()
        if line is None and (self._load_line.xData is None or not len(self._load_line.xData)):
            return
        self._load_line.setData([] if line is None else line[::2], [] if line is None else line[1::2],
                                pen=pg.mkPen(colours().dim, width=1, style=QtCore.Qt.DotLine))

    def _in_words(self) -> str:
        if self._traces:
            names = "&nbsp; ".join(
                f"<span style='color:{_colour(number)}'>━ {name}</span>"
                for number, name in enumerate(self._traces)
            )
            return f"latest record: {next(iter(self._traces.values())).acquisition}&nbsp;&nbsp; {names}"
        points = self._points
        if points.x:
            missing = int(np.isnan(np.array(points.y)).sum())
            latest = f", the latest {len(points.x)} shown" if points.count > len(points.x) else ""
            cycle = f", cycle {points.cycle[-1]:.0f}" if points.cycle[-1] > 1 else ""
            line = ", dotted: load line" if self._load_line.xData is not None and len(self._load_line.xData) else ""
            return (f"{points.count} points{latest}{cycle}" + (f", {missing} out of range" if missing else "") + line)
        return "nothing measured yet"


def _switch(words: str, tip: str) -> QtWidgets.QPushButton:
    button = QtWidgets.QPushButton(words)
    button.setCheckable(True)
    button.setToolTip(tip)
    return button


def _colour(number: int) -> str:
    return colours().curves[number % len(colours().curves)]


def _magnitude(values: FloatArray) -> FloatArray:
    """Return magnitudes for a logarithmic axis; zero has no place on it."""
    magnitudes: FloatArray = np.abs(values)
    magnitudes[magnitudes == 0] = np.nan
    return magnitudes
