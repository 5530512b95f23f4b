"""What to measure: device, protocol, its form, where the file goes, and Run."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PyQt5 import QtCore, QtWidgets

from tsbench.gui.choosers import PathChooser
from tsbench.gui.form_memory import FormMemory
from tsbench.gui.protocol_form import ProtocolForm
from tsbench.protocols.protocol import Protocol


def _titles(protocols: Mapping[str, type[Protocol]]) -> dict[str, str]:
    """Return the title of each protocol; the name is added where a derived protocol keeps the title of the other."""
    count = Counter(protocol.title for protocol in protocols.values())
    return {name: protocol.title if count[protocol.title] == 1 else f"{protocol.title} ({name})"
            for name, protocol in protocols.items()}


def _choice(name: str) -> QtWidgets.QComboBox:
    """Return a list to choose from. Where a name is too long it is cut, not the label beside the list."""
    box = QtWidgets.QComboBox()
    box.setObjectName(name)
    box.setSizeAdjustPolicy(QtWidgets.QComboBox.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(12)
    return box


#: the protocol of a bench on which nothing was chosen yet: what most devices are measured with first
_FIRST = "iv_sweep"


class RunPanel(QtWidgets.QWidget):
    """Run is there only while every entry can be used and nothing else keeps the bench."""

    run_wanted = QtCore.pyqtSignal()

    def __init__(self, protocols: Mapping[str, type[Protocol]]) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.setAttribute(QtCore.Qt.WA_StyledBackground)
        self._protocols = protocols
        self._hindrance = "open a bench file first"
        title = QtWidgets.QLabel("MEASUREMENT")
        title.setProperty("role", "title")
        self.device = _choice("device")
        self.protocol = _choice("protocol")
        for name, text in _titles(protocols).items():
            self.protocol.addItem(text, name)
        self.protocol.setCurrentIndex(max(self.protocol.findData(_FIRST), 0))
        self._summary = QtWidgets.QLabel()
        self._summary.setProperty("role", "dim")
        self._summary.setWordWrap(True)
        choice = QtWidgets.QFormLayout()
        choice.setFieldGrowthPolicy(QtWidgets.QFormLayout.AllNonFixedFieldsGrow)
        choice.addRow(_label("&Device", self.device), self.device)
        choice.addRow(_label("&Protocol", self.protocol), self.protocol)
        self.form = ProtocolForm()
        scroll = QtWidgets.QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setMinimumHeight(40)   # with large texts on a small screen, what is around it is not cut
        scroll.setHorizontalScrollBarPolicy(QtCore.Qt.ScrollBarAlwaysOff)
        scroll.setWidget(self.form)
        self.out = QtWidgets.QLineEdit(str(Path.cwd() / "runs"))
        self.out.setObjectName("out")
        self.out.setToolTip("Folder for run files")
        browse = QtWidgets.QPushButton("…")
        browse.setToolTip("Choose the folder")
        browse.setObjectName("browse")
        browse.clicked.connect(self._choose_folder)
        folder = QtWidgets.QHBoxLayout()
        folder.addWidget(_label("&Folder", self.out))
        folder.addWidget(self.out, 1)
        folder.addWidget(browse)
        self._memory: FormMemory | None = None
        self._kept: dict[str, Mapping[str, Any]] = {}  # protocol -> entries, while this window is open
        self._shown = ""  # the protocol whose form is shown
        self._differences = QtWidgets.QLabel()
        self._differences.setObjectName("differences")
        self._differences.setWordWrap(True)
        self.defaults = QtWidgets.QPushButton("Defaul&ts")
        self.defaults.setToolTip("Set all entries to the defaults of the protocol")
        self.defaults.clicked.connect(self.form.restore_defaults)
        changes = QtWidgets.QHBoxLayout()
        changes.addWidget(self._differences, 1)
        changes.addWidget(self.defaults, 0, QtCore.Qt.AlignTop)
        self.run = QtWidgets.QPushButton("&Run   (Ctrl+R)")
        self.run.setObjectName("run")
        self.run.setShortcut("Ctrl+R")
        self.run.clicked.connect(self.run_wanted)
        self._why_not = QtWidgets.QLabel()
        self._why_not.setProperty("role", "dim")
        self._why_not.setWordWrap(True)
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(12, 10, 12, 10)
        layout.addWidget(title)
        layout.addLayout(choice)
        layout.addWidget(self._summary)
        layout.addWidget(scroll, 1)
        layout.addLayout(changes)
        layout.addLayout(folder)
        layout.addWidget(self.run)
        layout.addWidget(self._why_not)
        self.protocol.currentIndexChanged.connect(self._show_protocol)
        self.device.currentIndexChanged.connect(self._refresh)
        self.out.textChanged.connect(self._refresh)
        self.form.changed.connect(self._refresh)
        self._show_protocol()

    def set_devices(self, devices: Sequence[str]) -> None:
        """Offer the devices of the bench file."""
        self.device.clear()
        self.device.addItems(devices)
        self._refresh()

    def open_bench(self, devices: Sequence[str], memory: FormMemory) -> None:
        """Offer the devices of a bench; show what was typed and chosen on it last, and keep what is from now on."""
        self._memory = None  # what is shown until now belongs to another bench
        self.set_devices(devices)
        self._kept.clear()
        self._shown = ""
        choices = memory.choices()
        if (index := self.protocol.findData(choices.get("protocol", _FIRST))) >= 0:
            self.protocol.setCurrentIndex(index)
        if (index := self.device.findText(str(choices.get("device", "")))) >= 0:
            self.device.setCurrentIndex(index)
        if choices.get("out"):
            self.out.setText(str(choices["out"]))
        self._memory = memory
        self._show_protocol()

    def set_hindrance(self, hindrance: str) -> None:
        """Say why nothing can be run now; "" where it can."""
        self._hindrance = hindrance
        self._refresh()

    def in_the_way(self) -> str:
        """Return why nothing can be run now; "" where it can."""
        return self._hindrance

    def choose(self, protocol: str) -> None:
        """Choose a protocol by its name."""
        self.protocol.setCurrentIndex(self.protocol.findData(protocol))

    def chosen(self) -> type[Protocol]:
        """Return the chosen protocol."""
        return self._protocols[str(self.protocol.currentData())]

    def request(self) -> dict[str, Any]:
        """Return what ``RunnerClient.measure`` needs beside the bench."""
        return {
            "protocol": self.chosen().name,
            "device": self.device.currentText(),
            "settings": self.form.settings(),
            "out": self.out.text().strip(),
        }

    def folder(self) -> Path:
        """Return the folder of the run files."""
        return Path(self.out.text().strip()).absolute()

    def _show_protocol(self) -> None:
        protocol = self.chosen()
        self._summary.setText((protocol.__doc__ or "").strip().split("\n")[0])
        self._shown = ""
        entries = self._kept.get(protocol.name)
        if entries is None:
            entries = self._memory.entries(protocol.name) if self._memory is not None else {}
        self.form.set_protocol(protocol)
        self.form.set_entries(entries)
        self._shown = protocol.name
        self._refresh()

    def _keep(self) -> None:
        """Keep what the form shows, for when its protocol is chosen again, here or in the next window."""
        if not self._shown:
            return
        entries = self.form.entries()
        if entries != self._kept.get(self._shown):
            self._kept[self._shown] = entries
            if self._memory is not None:
                self._memory.keep_entries(self._shown, entries)
        if self._memory is not None:
            device, out = self.device.currentText(), self.out.text()
            self._memory.keep_choices({"protocol": self._shown, "device": device, "out": out})

    def _refresh(self) -> None:
        self._keep()
        problems = self.form.problems()
        differences = self.form.differences()
        self._differences.setText(f"Entries that differ from the defaults: {differences}" if differences else "")
        self._differences.setVisible(bool(differences))
        self.defaults.setVisible(bool(differences))
        if self._hindrance:
            why = self._hindrance
        elif not self.device.currentText():
            why = "the bench file has no device"
        elif problems:
            why = f"{len(problems)} entr{'y needs' if len(problems) == 1 else 'ies need'} correction"
        elif not self.out.text().strip():
            why = "choose a folder for the run file"
        else:
            why = ""
        self.run.setEnabled(not why)
        self._why_not.setText(why)
        self._why_not.setVisible(bool(why))

    def _choose_folder(self) -> None:
        PathChooser(self, "Folder for run files", self.out.text(), self.out.setText)


def _label(text: str, buddy: QtWidgets.QWidget) -> QtWidgets.QLabel:
    label = QtWidgets.QLabel(text)
    label.setBuddy(buddy)
    return label
