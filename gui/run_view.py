"""What a run looks like while it goes on: live curve, progress with time left, results, messages."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PyQt5 import QtCore, QtWidgets

from tsbench.gui.live_plot import LivePlot, LiveTrace
from tsbench.gui.message_log import MessageLog
from tsbench.gui.result_table import ResultTable
from tsbench.gui.search_plot import SearchPlot
from tsbench.gui.window_place import keep_splitter
from tsbench.gui.wire_panel import WirePanel
from tsbench.quantities import conditions_text
from tsbench.records import FloatArray

_FLUSH_MS = 100  #: results come in bursts; the table takes them together
#: columns to draw, best first: (x, y)
#: columns of points that are drawn against each other: the first pair that a run has
AXES = (("since", "current"), ("device_voltage", "current"), ("voltage", "current"))


class RunView(QtWidgets.QWidget):
    """Follows the events of one run at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.plot = LivePlot()
        self.search = SearchPlot()
        self.results = ResultTable()
        self.progress = QtWidgets.QProgressBar()
        self.progress.setRange(0, 1000)
        self.progress.setFormat("no run")
        self.progress.setValue(0)   # without a value it shows no words either
        self.log = MessageLog()
        self._problem = QtWidgets.QLabel()
        self._problem.setWordWrap(True)
        self._problem.setProperty("role", "problem")
        self._problem.setTextInteractionFlags(QtCore.Qt.TextSelectableByMouse)
        self._axes: tuple[int, int] | None = None
        self._beside: tuple[int | None, ...] = (None, None)  # columns of the voltage at the source, and of the cycle
        self._rows: list[Mapping[str, Any]] = []
        self._flush = QtCore.QTimer(self)
        self._flush.setSingleShot(True)
        self._flush.setInterval(_FLUSH_MS)
        self._flush.timeout.connect(self._show_new_rows)
        bottom = QtWidgets.QWidget()
        bottom.setObjectName("panel")
        bottom.setAttribute(QtCore.Qt.WA_StyledBackground)
        self.wire = WirePanel()
        tabs = QtWidgets.QTabWidget()
        tabs.setObjectName("messages")
        tabs.setCornerWidget(self.wire.switches)
        tabs.addTab(self.log, "&Messages")
        tabs.addTab(self.wire, "&Wire")
        column = QtWidgets.QVBoxLayout(bottom)
        column.setContentsMargins(12, 6, 12, 10)
        column.addWidget(tabs)
        self._problem.hide()
        splitter = QtWidgets.QSplitter(QtCore.Qt.Vertical)
        splitter.setHandleWidth(8)
        splitter.setChildrenCollapsible(False)
        for widget, share in ((self.plot, 5), (self.search, 4), (self.results, 3), (bottom, 2)):
            splitter.addWidget(widget)
            splitter.setStretchFactor(splitter.count() - 1, share)
        splitter.setSizes([460, 300, 230, 150])
        keep_splitter(splitter, "splitters/run")
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self.progress)
        layout.addWidget(self._problem)
        layout.addWidget(splitter, 1)

    def expect(self, title: str) -> None:
        """A run has been asked for; what is shown stays until it begins: it may be refused."""
        self.progress.setValue(0)
        self.progress.setFormat("opening the bench … (the first time on a machine, this takes some minutes)")
        self.show_problem("")
        self.say(f"— {title}")

    def begin(self, columns: Sequence[Mapping[str, Any]]) -> None:
        """A run has begun, whose points have these columns."""
        self._rows = []
        self.results.clear()
        self.search.begin(columns)
        units = {str(column["name"]): str(column["unit"]) for column in columns}
        names = list(units)
        x, y = next(((x, y) for x, y in AXES if x in units and y in units), ("", ""))
        self._axes = (names.index(x), names.index(y)) if x else None
        source = "voltage" if x == "device_voltage" and "voltage" in units else ""
        self._beside = tuple(names.index(name) if name in names else None for name in (source, "cycle"))
        if x:
            self.plot.begin((x.replace("_", " "), units[x]), (y.replace("_", " "), units[y]),
                            "voltage at the source" if source else "")
        else:
            self.plot.begin(("time", "s"), ("voltage", "V"))

    def end(self, words: str, good: bool) -> None:
        """The run has ended."""
        self._show_new_rows()
        self.progress.setFormat(words.partition(":")[0])
        if good:
            self.progress.setValue(self.progress.maximum() if words == "done" else self.progress.value())
        else:
            self.show_problem(words)
        self.say(words.partition(":")[0], "" if good else "problem")  # an event has shown the rest

    def handle(self, event: Mapping[str, Any]) -> None:
        """Show one event of the run."""
        handler = getattr(self, f"_on_{event.get('kind')}", None)
        if handler is None:
            return
        try:
            handler(event.get("data") or {}, str(event.get("message", "")))
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            what = f"{event.get('kind')}: {type(error).__name__} {error}"
            self.say(f"an event of the run cannot be shown ({what})", "dim")

    def show_problem(self, words: str) -> None:
        """Show the last error in words; "" for none."""
        self._problem.setText(f"<b>{words}</b>" if words else "")
        self._problem.setVisible(bool(words))

    def problem(self) -> str:
        """Return the error on show, as it is written."""
        return str(self._problem.text()) if self._problem.isVisibleTo(self) else ""

    def say(self, text: str, kind: str = "") -> None:
        """Add a line to the messages."""
        self.log.say(text, kind)

    def _show_new_rows(self) -> None:
        self.results.add_rows(self._rows[self.results.table.rowCount() :])

    def rows(self) -> list[Mapping[str, Any]]:
        """Return the result rows of the run."""
        return list(self._rows)

    # ------------------------------------------------------------------------------------ kinds of events

    def _on_point(self, data: Mapping[str, Any], message: str) -> None:
        values = _numbers(data["values"])
        self.search.add_point(values)
        if self._axes is None:
            return
        source, cycle = (math.nan if number is None else float(values[number]) for number in self._beside)
        self.plot.add_point(float(values[self._axes[0]]), float(values[self._axes[1]]), source, cycle)

    def _on_waveform(self, data: Mapping[str, Any], message: str) -> None:
        channel, preview = str(data["channel"]).replace("_", " "), data["preview"]
        acquisition = conditions_text(data.get("conditions", {}))
        self.plot.show_trace(
            LiveTrace(channel, acquisition, _numbers(preview["time"]), _numbers(preview["value"]))
        )

    def _on_progress(self, data: Mapping[str, Any], message: str) -> None:
        done, total = int(data.get("done", 0)), int(data.get("total", 0))
        if total > 0:
            share = min(done / total, 1.0)
            self.progress.setValue(round(1000 * share))
            words = f"{100 * share:.0f} %"
            if 0 < share < 1 and data.get("eta") is not None:
                words += f"   about {duration_in_words(float(data['eta']))} left"
            self.progress.setFormat(words + (f"   ({message})" if message else ""))

    def _on_log(self, data: Mapping[str, Any], message: str) -> None:
        self.say(message)

    def _on_warning(self, data: Mapping[str, Any], message: str) -> None:
        self.say(message, "warning")

    def _on_output(self, data: Mapping[str, Any], message: str) -> None:
        off = bool(data) and all(state is False for state in data.values())
        self.say(message, "" if off else "problem")

    def _on_state(self, data: Mapping[str, Any], message: str) -> None:
        self.say(message, "dim")
        if data.get("state") == "running" and "columns" in data:
            self.begin(data["columns"])
        if data.get("state") == "paused":
            self.progress.setFormat("paused")
        if data.get("state") == "extracting":
            self.progress.setFormat("extracting the numbers …")
        if data.get("path"):
            self.results.show_path(Path(data["path"]))

    def _on_result(self, data: Mapping[str, Any], message: str) -> None:
        self._rows.append(data)
        self.plot.take_result(data)
        if not self._flush.isActive():
            self._flush.start()


def _numbers(values: Sequence[float | None]) -> FloatArray:
    """Return numbers as an array; what JSON had no number for becomes NaN."""
    return np.array([math.nan if value is None else value for value in values], dtype=float)


def duration_in_words(seconds: float) -> str:
    """Return a time left as people say it: "8 s", "3 min", "2.5 h"."""
    if seconds < 90:
        return f"{max(seconds, 1):.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
