"""The curves of several stored runs in one plot."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyqtgraph as pg
from PyQt5 import QtWidgets

from tsbench.errors import UnreadableFile
from tsbench.gui.palette import DARK, colours
from tsbench.gui.plot_panel import PlotPanel
from tsbench.gui.run_view import AXES
from tsbench.gui.stored_runs.run_table import local_time
from tsbench.records import FloatArray, Run
from tsbench.station.runner.events import preview
from tsbench.storage.reading_children import ReadingChildren

MOST = len(DARK.curves)  #: runs that are drawn at once: each has a colour of its own
_REDRAW_MS = 100


@dataclass(frozen=True)
class StoredCurve:
    """The curve of one run, in SI units; names and units of both axes."""

    name: str
    x: FloatArray
    y: FloatArray
    axes: tuple[str, str, str, str]


@dataclass(frozen=True)
class StoredCurves:
    """Curves, and one line for each run that has none."""

    curves: list[StoredCurve]
    problems: list[str]


def read_curves(paths: Sequence[Path]) -> StoredCurves:
    """Read what is drawn of some run files, in child processes."""
    found = StoredCurves([], [])
    with ReadingChildren(min(2, len(paths)) or 1) as children:
        for path, run in children.runs(paths):
            if isinstance(run, UnreadableFile):
                found.problems.append(str(run))
            elif (curve := curve_of(run)) is None:
                found.problems.append(f"{path.name}: the run has neither readings of the current nor waveforms")
            else:
                found.curves.append(curve)
    return found


def curve_of(run: Run) -> StoredCurve | None:
    """Return the curve of a run: its readings against each other, else its first waveform; None without both."""
    units = {column.name: column.unit for column in run.header.columns}
    name = f"{run.header.device.identifier}  {run.header.protocol}  {local_time(run.header.start_time)[11:]}"
    x, y = next(((x, y) for x, y in AXES if x in units and y in units), ("", ""))
    if x and run.points.size:
        return StoredCurve(name, run.column(x), run.column(y), (x, units[x], y, units[y]))
    if not run.waveforms:
        return None
    first = next((one for one in run.waveforms if one.unit == "A"), run.waveforms[0])
    shown = preview(first)
    return StoredCurve(name, np.asarray(shown["time"], float), np.asarray(shown["value"], float),
                       ("time", "s", first.channel, first.unit))


class OverlayPlot(PlotPanel):
    """Curves over each other, each with its colour in the legend; a logarithmic axis for currents.

    Parameters
    ----------
    title : str
    empty : str
        What is said while there is no curve.
    """

    def __init__(
        self, title: str = "CHOSEN RUNS", empty: str = "choose runs in the table to compare their curves"
    ) -> None:
        super().__init__(title, 200, _REDRAW_MS)
        self._empty = empty
        self.curves: list[StoredCurve] = []
        self._left_out = 0
        self._logarithmic = QtWidgets.QPushButton("L&og current")
        self._logarithmic.setCheckable(True)
        self._logarithmic.setToolTip("Show the magnitude of the current on a logarithmic axis")
        self._logarithmic.toggled.connect(self._redraw)
        self._head.addWidget(self._logarithmic)
        self._legend = self._plot.addLegend(offset=(10, 10), labelTextColor=colours().dim)
        self._note.setText(self._empty)

    def show_curves(self, curves: Sequence[StoredCurve]) -> None:
        """Draw these; those with other axes than the first one are left out, and counted in the note."""
        self.curves = [one for one in curves if one.axes == curves[0].axes]
        self._left_out = len(curves) - len(self.curves)
        self._redraw()
        self._plot.enableAutoRange()

    def recolour(self) -> None:
        """Take the colours of the theme."""
        super().recolour()
        self._legend.setLabelTextColor(colours().dim)

    def _redraw(self) -> None:
        self._stale = False
        self._plot.clear()
        self._legend.clear()
        current = bool(self.curves) and self.curves[0].axes[3] == "A"
        logarithmic = self._logarithmic.isChecked() and current
        self._logarithmic.setVisible(current or not self.curves)
        self._plot.setLogMode(x=False, y=logarithmic)
        for number, one in enumerate(self.curves):
            y = np.abs(one.y) if logarithmic else one.y
            y = np.where(y > 0.0, y, np.nan) if logarithmic else y
            self._plot.plot(one.x, y, name=one.name, connect="finite",
                            pen=pg.mkPen(colours().curves[number % MOST], width=1.5))
        if not self.curves:
            self._note.setText(self._empty)
            return
        x, unit_x, y_name, unit_y = (part.replace("_", " ") for part in self.curves[0].axes)
        self._plot.setLabel("bottom", x, units=unit_x)
        self._plot.setLabel("left", f"|{y_name}|" if logarithmic else y_name, units=unit_y)
        others = f", {self._left_out} with other axes left out" if self._left_out else ""
        self._note.setText(f"{len(self.curves)} curve{'s' * (len(self.curves) > 1)}{others}")
