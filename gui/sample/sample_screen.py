"""The screen with the devices: the map, coloured by state or value, a search, the card, and what to do with them."""

from collections.abc import Callable, Sequence
from pathlib import Path

from PyQt5 import QtCore, QtGui, QtWidgets

from tsbench.gui.palette import colours
from tsbench.gui.recoloured import Recoloured
from tsbench.gui.sample.colouring import STATE, colouring
from tsbench.gui.sample.device_card import DeviceCard
from tsbench.gui.sample.legend import Legend
from tsbench.gui.sample.sample_map import SampleMap
from tsbench.gui.stored_runs.background import Background
from tsbench.station.device_record import DeviceRecords
from tsbench.station.sample import Sample, SampleDevice, sample_of

_NOTHING = Sample((), (), Path())


class SampleScreen(QtWidgets.QWidget, Recoloured):
    """The devices of the open bench. Nothing here touches the bench.

    Parameters
    ----------
    bench : returns the bench file that is open; None: none is
    runs : returns the folder of the run files
    """

    measure_wanted = QtCore.pyqtSignal(str)  #: a device, to be measured next
    runs_wanted = QtCore.pyqtSignal(str)  #: a device, whose runs are wanted

    def __init__(self, bench: Callable[[], Path | None], runs: Callable[[], Path]) -> None:
        super().__init__()
        self._bench, self._runs = bench, runs
        self.sample = _NOTHING
        self._of: tuple[Path, Path] | None = None  # bench and folder of what is shown
        self.map, self.card, self.legend = SampleMap(), DeviceCard(), Legend()
        self.reading, self.writing = Background(self), Background(self)
        self.by = QtWidgets.QComboBox()
        self.by.setAccessibleName("Coloured by")
        self.by.setToolTip("What the colours of the map show")
        self.by.setSizeAdjustPolicy(QtWidgets.QComboBox.AdjustToContents)
        self.by.addItem("State", STATE)
        self.words = QtWidgets.QLineEdit()
        self.words.setPlaceholderText("Search: name, state, material, note")
        self.words.setAccessibleName("Search of devices")
        self.words.setClearButtonEnabled(True)
        self.next = _button("Ne&xt device", "Go to the next device that has no run (of those found, where you search)")
        self.refresh = _button("Re&fresh", "Read new run files and the device record (F5)")
        self.text = QtWidgets.QLineEdit()
        self.text.setPlaceholderText("Note, or the reason to retire")
        self.text.setAccessibleName("Note or reason")
        self.measure = _button("&Measure", "Show this device on the Measure screen (Enter on the map)")
        self.runs = _button("R&uns", "Show the stored runs of this device")
        self.note = _button("&Note", "Keep this note in the record of the chosen devices")
        self.retire = _button("Re&tire", "Retire the chosen devices: campaigns leave them out. Write the reason first")
        self.copy = _button("&Copy names", "Copy the names of the chosen devices, as a campaign file lists them")
        self.said = QtWidgets.QLabel("")
        self.said.setProperty("role", "dim")
        self.said.setWordWrap(True)
        self._lay_out()
        self._connect()
        self._show_choice()

    def _lay_out(self) -> None:
        head, foot = QtWidgets.QHBoxLayout(), QtWidgets.QHBoxLayout()
        label = QtWidgets.QLabel("Coloured &by")
        label.setBuddy(self.by)
        head.addWidget(label)
        head.addWidget(self.by)
        head.addWidget(self.words, 1)
        for widget in (self.next, self.refresh):
            head.addWidget(widget)
        foot.addWidget(self.text, 1)
        for widget in (self.note, self.retire, self.copy, self.runs, self.measure):
            foot.addWidget(widget)
        left = QtWidgets.QWidget()
        left.setObjectName("panel")
        left.setAttribute(QtCore.Qt.WA_StyledBackground)
        column = QtWidgets.QVBoxLayout(left)
        column.setContentsMargins(12, 10, 12, 10)
        column.addLayout(head)
        column.addWidget(self.map, 1)
        column.addWidget(self.legend)
        column.addLayout(foot)
        column.addWidget(self.said)
        splitter = QtWidgets.QSplitter(QtCore.Qt.Horizontal)
        splitter.setHandleWidth(8)
        splitter.setChildrenCollapsible(False)
        splitter.addWidget(left)
        splitter.addWidget(self.card)
        splitter.setStretchFactor(0, 1)
        splitter.setSizes([780, 480])
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(0, 8, 0, 0)
        layout.addWidget(splitter)

    def _connect(self) -> None:
        self.by.currentIndexChanged.connect(self.recolour)
        self.words.textChanged.connect(self._search)
        self.words.returnPressed.connect(lambda: self._go_to_first(self.found()))
        self.next.clicked.connect(self.go_to_next)
        self.refresh.clicked.connect(self.read)
        QtWidgets.QShortcut(QtGui.QKeySequence("F5"), self, self.read, context=QtCore.Qt.WidgetWithChildrenShortcut)
        self.map.current_changed.connect(lambda _: self._show_choice())
        self.map.choice_changed.connect(self._show_choice)
        self.map.measure_wanted.connect(self.measure_wanted)
        self.measure.clicked.connect(lambda: self.measure_wanted.emit(self.map.current))
        self.runs.clicked.connect(lambda: self.runs_wanted.emit(self.map.current))
        self.note.clicked.connect(self._note)
        self.retire.clicked.connect(self._retire)
        self.copy.clicked.connect(self._copy)
        self.reading.done.connect(self._show)
        self.reading.failed.connect(self.said.setText)
        self.writing.done.connect(self._written)
        self.writing.failed.connect(self.said.setText)

    # ------------------------------------------------------------------------------------------- reading

    def showEvent(self, event: QtGui.QShowEvent | None) -> None:  # noqa: N802  Qt's name
        """Read bench file, record and runs: there may be new ones."""
        super().showEvent(event)
        self.read()

    def read(self) -> None:
        """Read the bench file, the device record and the run files, beside the window."""
        bench, runs = self._bench(), self._runs()
        if bench is None:
            self._of = None
            self._show((None, _NOTHING))
            self.said.setText("open a bench file first (Ctrl+O)")
            return
        self.said.setText("reading the devices …")
        self._of = bench, runs
        self.reading.do(lambda: ((bench, runs), sample_of(bench, runs)))

    def _show(self, found: tuple[tuple[Path, Path] | None, Sample]) -> None:
        of, sample = found
        if of != self._of:
            return  # another bench is open by now
        self.sample = sample
        by = str(self.by.currentData())
        self.by.blockSignals(True)
        self.by.clear()
        self.by.addItem("State", STATE)
        for name, unit in sorted(sample.quantities().items()):
            self.by.addItem(f"{name.replace('_', ' ').capitalize()}{f' [{unit}]' if unit else ''}", name)
        self.by.setCurrentIndex(max(self.by.findData(by), 0))
        self.by.blockSignals(False)
        self.recolour()
        self._search()
        if sample.problems:
            more = f" (and {len(sample.problems) - 1} more files)" if len(sample.problems) > 1 else ""
            self.said.setText(f"{sample.problems[0]}{more}")

    def recolour(self) -> None:
        """Colour the map by what is chosen, in the colours of the theme."""
        how = colouring(self.sample.devices, str(self.by.currentData()), colours())
        self.map.show_devices(self.sample.devices, how)
        self.legend.show_signs(how.legend)
        self._show_choice()

    # -------------------------------------------------------------------------------------------- choice

    def found(self) -> list[str]:
        """Return the devices in whose facts all words of the search are."""
        words = self.words.text().lower().split()
        return [one.name for one in self.sample.devices if all(word in _searched(one) for word in words)]

    def _search(self) -> None:
        found = self.found()
        searched = bool(self.words.text().strip())
        self.map.show_found(found if searched else None)
        known = len(self.sample.devices)
        words = f"{known} device{'s' * (known != 1)}"
        measured = sum(one.measured for one in self.sample.devices)
        self.said.setText(f"{words}, {len(found)} found" if searched else f"{words}, {measured} measured")

    def _go_to_first(self, names: Sequence[str]) -> None:
        if names:
            self.map.go_to(names[0])
            self.map.choose(names[:1])

    def go_to_next(self) -> None:
        """Go to the next device without a run, after the present one; those that are retired are passed over."""
        order = [one.name for one in self.sample.devices]
        wanted = set(self.found())
        start = order.index(self.map.current) + 1 if self.map.current in order else 0
        for one in (*self.sample.devices[start:], *self.sample.devices[:start]):
            if one.name in wanted and not one.measured and one.state != "retired":
                self._go_to_first([one.name])
                return
        self.said.setText("every device" + (" found" if self.words.text().strip() else "") + " has a run")

    def chosen(self) -> list[str]:
        """Return the chosen devices in the order of the bench file; the one with the frame where none is chosen."""
        names = self.map.chosen or {self.map.current}
        return [one.name for one in self.sample.devices if one.name in names]

    def _show_choice(self) -> None:
        current = next((one for one in self.sample.devices if one.name == self.map.current), None)
        self.card.show_device(current)
        for button in (self.measure, self.runs):
            button.setEnabled(current is not None)
        for button in (self.note, self.retire, self.copy):
            button.setEnabled(bool(self.chosen()))
        number = len(self.map.chosen)
        self.copy.setText(f"&Copy {number} names" if number > 1 else "&Copy name")

    def _copy(self) -> None:
        names = self.chosen()
        clipboard = QtWidgets.QApplication.clipboard()
        assert clipboard is not None  # an application has one
        clipboard.setText("devices = [" + ", ".join(f'"{name}"' for name in names) + "]")
        self.said.setText(f"copied {len(names)} name{'s' * (len(names) != 1)}, as a campaign file lists them")

    # ------------------------------------------------------------------------------------------- writing

    def _note(self) -> None:
        text = self.text.text()
        self._write(lambda records, name: records.note(name, text), "write the note first", "noted")

    def _retire(self) -> None:
        reason = self.text.text().strip()
        self._write(lambda records, name: records.set_state(name, "retired", reason),
                    "write the reason first: why is the device retired?", "retired")

    def _write(self, write: Callable[[DeviceRecords, str], None], missing: str, done: str) -> None:
        if not self.text.text().strip():
            self.said.setText(missing)
            self.text.setFocus()
            return
        names, folder = self.chosen(), self.sample.records

        def work() -> str:
            records = DeviceRecords(folder)
            for name in names:
                write(records, name)
            return f"{done}: {', '.join(names[:5])}{f' and {len(names) - 5} more' if len(names) > 5 else ''}"

        self.writing.do(work)

    def _written(self, words: str) -> None:
        self.text.clear()
        self.read()
        self.said.setText(words)


def _searched(device: SampleDevice) -> str:
    parts = (device.name, device.state, device.material, device.notes,
             *(str(content.get("text", content.get("reason", ""))) for _, content in device.history))
    return " ".join(parts).lower()


def _button(words: str, tip: str) -> QtWidgets.QPushButton:
    button = QtWidgets.QPushButton(words)
    button.setToolTip(tip)
    return button
