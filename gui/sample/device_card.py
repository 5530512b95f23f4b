"""The card of one device: what it is, what it has been exposed to, its latest values and curves, and its history."""

from collections.abc import Sequence
from pathlib import Path

from PyQt5 import QtCore, QtWidgets

from tsbench.gui.stored_runs.background import Background
from tsbench.gui.stored_runs.overlay_plot import OverlayPlot, StoredCurves, read_curves
from tsbench.gui.stored_runs.run_table import local_time
from tsbench.quantities import format_interval, format_quantity
from tsbench.station.sample import SampleDevice

LATEST = 3  #: runs of which the curves are drawn
_COLUMNS = ("Quantity", "Latest value (95 % interval)", "Flags")
_USED = (("cycles", ""), ("charge", "C"), ("energy", "J"))
_LIMITS = (("max_voltage", "V"), ("max_current", "A"), ("max_power", "W"), ("max_charge", "C"), ("max_energy", "J"))


class DeviceCard(QtWidgets.QWidget):
    """Shows one device of the sample at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.setAttribute(QtCore.Qt.WA_StyledBackground)
        self.device: SampleDevice | None = None
        self.title = QtWidgets.QLabel("DEVICE")
        self.title.setProperty("role", "title")
        self.facts = QtWidgets.QLabel("choose a device on the map")
        self.facts.setWordWrap(True)
        self.facts.setTextInteractionFlags(QtCore.Qt.TextSelectableByMouse)
        self.stress = QtWidgets.QLabel()
        self.stress.setWordWrap(True)
        self.stress.setProperty("role", "dim")
        self.stress.setTextInteractionFlags(QtCore.Qt.TextSelectableByMouse)
        self.values = QtWidgets.QTableWidget(0, len(_COLUMNS))
        self.values.setHorizontalHeaderLabels(_COLUMNS)
        self.values.setEditTriggers(QtWidgets.QAbstractItemView.NoEditTriggers)
        self.values.setSelectionBehavior(QtWidgets.QAbstractItemView.SelectRows)
        self.values.setTabKeyNavigation(False)
        self.values.setAccessibleName("Latest values of the device")
        rows, header = self.values.verticalHeader(), self.values.horizontalHeader()
        assert rows is not None and header is not None  # a table has both
        rows.hide()
        rows.setDefaultSectionSize(24)
        header.setSectionResizeMode(0, QtWidgets.QHeaderView.ResizeToContents)
        header.setSectionResizeMode(1, QtWidgets.QHeaderView.ResizeToContents)
        header.setStretchLastSection(True)
        header.setDefaultAlignment(QtCore.Qt.AlignLeft | QtCore.Qt.AlignVCenter)
        self.history = QtWidgets.QPlainTextEdit()
        self.history.setReadOnly(True)
        self.history.setTabChangesFocus(True)
        self.history.setAccessibleName("What happened to the device")
        self.history.setPlaceholderText("No change of state, and no note")
        self.plot = OverlayPlot("LATEST CURVES", "no curve is stored of this device")
        self.drawing = Background(self)
        self.drawing.done.connect(self._draw)
        column = QtWidgets.QVBoxLayout()
        column.setContentsMargins(12, 10, 12, 10)
        for widget, stretch in ((self.title, 0), (self.facts, 0), (self.stress, 0), (self.values, 3),
                                (self.history, 1)):
            column.addWidget(widget, stretch)
        top = QtWidgets.QWidget()
        top.setLayout(column)
        splitter = QtWidgets.QSplitter(QtCore.Qt.Vertical)
        splitter.setHandleWidth(8)
        splitter.setChildrenCollapsible(False)
        splitter.addWidget(top)
        splitter.addWidget(self.plot)
        splitter.setSizes([440, 260])
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(splitter)

    def show_device(self, device: SampleDevice | None) -> None:
        """Show another device, or what is new of the same one."""
        if device is not None and device == self.device:
            return
        paths = () if device is None else device.paths[:LATEST]
        same = self.device is not None and paths == self.device.paths[:LATEST]
        self.device = device
        self.title.setText("DEVICE" if device is None else device.name)
        self.facts.setText("choose a device on the map" if device is None else facts_of(device))
        self.stress.setText("" if device is None else stress_of(device))
        self._show_values(device)
        self.history.setPlainText("" if device is None else history_of(device))
        if same:
            return
        self.plot.show_curves([])
        if paths:
            self.drawing.do(lambda: (paths, read_curves(paths)))

    def _show_values(self, device: SampleDevice | None) -> None:
        values = {} if device is None else device.values
        self.values.setRowCount(len(values))
        for row, (name, one) in enumerate(values.items()):
            several = f"  (median of {one.count})" if one.count > 1 else ""
            cells = (name.replace("_", " "), format_interval(one.value, one.low, one.high, one.unit) + several,
                     ", ".join(one.flags).replace("_", " "))
            for column, text in enumerate(cells):
                item = QtWidgets.QTableWidgetItem(text)
                item.setToolTip(f"{one.path}\n{local_time(one.start_time)}")
                self.values.setItem(row, column, item)

    def _draw(self, found: tuple[Sequence[Path], StoredCurves]) -> None:
        paths, curves = found
        if self.device is not None and tuple(paths) == self.device.paths[:LATEST]:  # else it is another one by now
            self.plot.show_curves(curves.curves)


def facts_of(device: SampleDevice) -> str:
    """Return what a device is and how it stands, in one or two lines."""
    parts = [f"<b>{device.state}</b>", device.material]
    if device.place:
        parts.append("die " + ", ".join(str(part) for part in device.place[:2])
                     + (f", subsite {device.place[2]}" if len(device.place) > 2 else ""))
    parts.append(f"{device.runs} run{'s' * (device.runs != 1)} stored"
                 + (f", the latest {local_time(device.last)}" if device.last else ""))
    notes = f"<br>{device.notes}" if device.notes else ""
    return " · ".join(filter(None, parts)) + notes


def stress_of(device: SampleDevice) -> str:
    """Return what a device was exposed to, of how much, and what it may be exposed to in one run."""
    used = [f"{format_quantity(getattr(device.used, name), unit, 3) if unit else f'{device.used.cycles:.0f}'}"
            f"{f' of {_of(bound, unit)}' if (bound := getattr(device.budget, name)) is not None else ''} {name}".strip()
            for name, unit in _USED]
    most = (f"at most {format_quantity(device.used.max_voltage, 'V', 3)} and "
            f"{format_quantity(device.used.max_current, 'A', 3)}")
    limits = [f"{name.removeprefix('max_')} {format_quantity(value, unit, 3)}" for name, unit in _LIMITS
              if (value := getattr(device.limits, name)) is not None]
    lines = [f"Stress used: {', '.join(used)}; {most}" if device.used.cycles else "Stress used: none on record"]
    lines.append(f"Limits: {', '.join(limits)}" if limits else "Limits: none in the bench file")
    return "\n".join(lines)


def history_of(device: SampleDevice) -> str:
    """Return the changes of state and the notes of a device, the latest first."""
    return "\n".join(_line(kind, content) for kind, content in reversed(device.history))


def _of(bound: float, unit: str) -> str:
    return format_quantity(bound, unit, 3) if unit else f"{bound:.0f}"


def _line(kind: str, content: object) -> str:
    facts = content if isinstance(content, dict) else {}
    clock = local_time(str(facts.get("time", "")))
    if kind == "note":
        return f"{clock}  {facts.get('text', '')}"
    reason = str(facts.get("reason", ""))
    return f"{clock}  {facts.get('state', '')}{f': {reason}' if reason else ''}"
