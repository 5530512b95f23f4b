"""The curve while it is measured: I-V points, or the last waveforms; drawn at most 20 times a second."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from PyQt5 import QtWidgets

from tsbench.gui.palette import colours
from tsbench.gui.plot_panel import PlotPanel
from tsbench.records import FloatArray

_REDRAW_MS = 50
_SHOWN_POINTS = (
    20_000  #: a longer run shows at least its latest this many points; all of them are in its file
)


@dataclass(frozen=True)
class LiveTrace:
    """A curve to draw in SI units; ``acquisition`` tells which curves belong together."""

    name: str
    acquisition: str
    x: FloatArray
    y: FloatArray


class LivePlot(PlotPanel):
    """One plot with its axes in SI units, a linear/logarithmic switch, and what is being drawn in words."""

    def __init__(self) -> None:
        super().__init__("LIVE CURVE", 220, _REDRAW_MS)
        self._note.setText("nothing measured yet")
        self._x: list[float] = []
        self._y: list[float] = []
        self._count = 0
        self._traces: dict[str, LiveTrace] = {}
        self._axes = ("", "", "", "")
        self._logarithmic = QtWidgets.QPushButton("&Log current")
        self._logarithmic.setCheckable(True)
        self._logarithmic.setToolTip("Show the magnitude of the current on a logarithmic axis")
        self._logarithmic.toggled.connect(self._redraw)
        self._whole = QtWidgets.QPushButton("Show &all")
        self._whole.setToolTip("Fit the axes to the whole curve (drag to move, wheel to zoom)")
        self._whole.clicked.connect(self._fit)
        self._head.addWidget(self._logarithmic)
        self._head.addWidget(self._whole)
        self._curve = self._plot.plot(
            [],
            [],
            symbol="o",
            symbolSize=4,
            symbolPen=None,
            connect="finite",
        )
        self._drawn: dict[str, pg.PlotDataItem] = {}

    def begin(self, x: tuple[str, str], y: tuple[str, str]) -> None:
        """Start an empty curve; ``x`` and ``y`` are (name, unit) of the axes."""
        self._x.clear()
        self._y.clear()
        self._count = 0
        self._traces.clear()
        self._axes = (*x, *y)
        self._logarithmic.setVisible(y[1] == "A")
        self._plot.enableAutoRange()
        self._stale = True
        self._redraw_if_stale()

    def add_point(self, x: float, y: float) -> None:
        """Append one point; a NaN leaves a gap."""
        self._x.append(x)
        self._y.append(y)
        if len(self._x) > 2 * _SHOWN_POINTS:
            del self._x[:-_SHOWN_POINTS], self._y[:-_SHOWN_POINTS]
        self._count += 1
        self._stale = True

    def show_trace(self, trace: LiveTrace) -> None:
        """Show a waveform beside the others of its acquisition; those of an earlier one go."""
        if any(shown.acquisition != trace.acquisition for shown in self._traces.values()):
            self._traces.clear()
        self._traces[trace.name] = trace
        self._stale = True

    def _fit(self) -> None:
        self._plot.enableAutoRange()

    def points(self) -> tuple[Sequence[float], Sequence[float]]:
        """Return the points so far."""
        return tuple(self._x), tuple(self._y)

    def traces(self) -> Mapping[str, LiveTrace]:
        """Return the waveforms on show."""
        return dict(self._traces)

    def _redraw(self) -> None:
        self._stale = False
        logarithmic = self._logarithmic.isChecked() and self._logarithmic.isVisibleTo(self)
        name_x, unit_x, name_y, unit_y = self._axes
        self._plot.setLabel("bottom", name_x, units=unit_x)
        self._plot.setLabel("left", f"|{name_y}|" if logarithmic else name_y, units=unit_y)
        self._plot.setLogMode(x=False, y=logarithmic)
        values = np.asarray(self._y, dtype=float)
        self._curve.setPen(pg.mkPen(colours().accent, width=1.6))
        self._curve.setSymbolBrush(colours().accent)
        self._curve.setData(np.asarray(self._x, dtype=float), _magnitude(values) if logarithmic else values)
        for name in [name for name in self._drawn if name not in self._traces]:
            self._plot.removeItem(self._drawn.pop(name))
        for number, (name, trace) in enumerate(self._traces.items()):
            if name not in self._drawn:
                self._drawn[name] = self._plot.plot([], [])
            item = self._drawn[name]
            item.setPen(pg.mkPen(_colour(number), width=1.3))
            item.setData(trace.x, trace.y, connect="finite")
        self._note.setText(self._in_words())

    def _in_words(self) -> str:
        if self._traces:
            names = "&nbsp; ".join(
                f"<span style='color:{_colour(number)}'>━ {name}</span>"
                for number, name in enumerate(self._traces)
            )
            return f"latest record: {next(iter(self._traces.values())).acquisition}&nbsp;&nbsp; {names}"
        if self._x:
            missing = sum(1 for value in self._y if math.isnan(value))
            latest = f", the latest {len(self._x)} shown" if self._count > len(self._x) else ""
            return f"{self._count} points{latest}" + (f", {missing} out of range" if missing else "")
        return "nothing measured yet"


def _colour(number: int) -> str:
    return colours().curves[number % len(colours().curves)]


def _magnitude(values: FloatArray) -> FloatArray:
    """Return magnitudes for a logarithmic axis; zero has no place on it."""
    magnitudes: FloatArray = np.abs(values)
    magnitudes[magnitudes == 0] = np.nan
    return magnitudes
