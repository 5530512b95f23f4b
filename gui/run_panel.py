"""What to measure: device, protocol, its form, where the file goes, and Run."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PyQt5 import QtCore, QtWidgets

from tsbench.gui.protocol_form import ProtocolForm
from tsbench.protocols.protocol import Protocol


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
        self.device = QtWidgets.QComboBox()
        self.device.setObjectName("device")
        self.protocol = QtWidgets.QComboBox()
        self.protocol.setObjectName("protocol")
        for name, protocol in protocols.items():
            self.protocol.addItem(protocol.title, name)
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
        scroll.setHorizontalScrollBarPolicy(QtCore.Qt.ScrollBarAlwaysOff)
        scroll.setWidget(self.form)
        self.out = QtWidgets.QLineEdit(str(Path.cwd() / "runs"))
        self.out.setObjectName("out")
        self.out.setToolTip("The folder that run files are written to")
        browse = QtWidgets.QPushButton("…")
        browse.setToolTip("Choose the folder")
        browse.clicked.connect(self._choose_folder)
        folder = QtWidgets.QHBoxLayout()
        folder.addWidget(_label("&Folder", self.out))
        folder.addWidget(self.out, 1)
        folder.addWidget(browse)
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

    def set_hindrance(self, hindrance: str) -> None:
        """Say why nothing can be run now; "" where it can."""
        self._hindrance = hindrance
        self._refresh()

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

    def _show_protocol(self) -> None:
        protocol = self.chosen()
        self._summary.setText((protocol.__doc__ or "").strip().split("\n")[0])
        self.form.set_protocol(protocol)

    def _refresh(self) -> None:
        problems = self.form.problems()
        if self._hindrance:
            why = self._hindrance
        elif not self.device.currentText():
            why = "the bench file names no device"
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
        folder = QtWidgets.QFileDialog.getExistingDirectory(self, "Folder for run files", self.out.text())
        if folder:
            self.out.setText(folder)


def _label(text: str, buddy: QtWidgets.QWidget) -> QtWidgets.QLabel:
    label = QtWidgets.QLabel(text)
    label.setBuddy(buddy)
    return label
