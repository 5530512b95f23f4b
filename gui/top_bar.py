"""The strip that is always in sight: real or simulated, which bench, what the outputs do, Pause and STOP."""

import time
from collections.abc import Mapping
from pathlib import Path

from PyQt5 import QtCore, QtGui, QtWidgets

from tsbench.gui.bench_panel import SimulationBadge
from tsbench.gui.choosers import PathChooser
from tsbench.gui.view_menu import ViewMenu

_RECENT = 8
NOBODY_LOOKED = "outputs: not read yet"


class TopBar(QtWidgets.QWidget):
    """Says what is connected and what its outputs do; holds the buttons that must never be searched for."""

    bench_chosen = QtCore.pyqtSignal(object)  #: a Path
    stop_wanted = QtCore.pyqtSignal()
    pause_wanted = QtCore.pyqtSignal(bool)

    def __init__(self) -> None:
        super().__init__()
        self._settings = QtCore.QSettings()
        self.badge = SimulationBadge()
        self._recent_menu = QtWidgets.QMenu(self)
        self._bench = QtWidgets.QToolButton()
        self._bench.setObjectName("bench")
        self._bench.setText("Open bench …")
        self._bench.setPopupMode(QtWidgets.QToolButton.MenuButtonPopup)
        self._bench.setMenu(self._recent_menu)
        self._open_key = QtWidgets.QShortcut(QtGui.QKeySequence("Ctrl+O"), self, self._choose)  # a new text keeps it
        self._bench.setToolTip("Choose a bench file (Ctrl+O)")
        self._bench.clicked.connect(self._choose)
        self._outputs = QtWidgets.QLabel(NOBODY_LOOKED)
        self._outputs.setAlignment(QtCore.Qt.AlignRight | QtCore.Qt.AlignVCenter)
        self._outputs.setWordWrap(True)
        self.pause = QtWidgets.QPushButton("Pa&use")
        self.pause.setCheckable(True)
        self.pause.setEnabled(False)
        self.pause.setToolTip("Pause at the next safe point of the protocol")
        self.pause.toggled.connect(self._pause_toggled)
        self.stop = QtWidgets.QPushButton("■  STOP   (Esc)")
        self.stop.setObjectName("stop")
        self.stop.setToolTip(
            "Stop the run, switch the outputs off and read every output back. Without a run, switch the outputs off."
        )
        self.stop.clicked.connect(self.stop_wanted)
        self.view = ViewMenu()
        bar = QtWidgets.QHBoxLayout(self)
        bar.setContentsMargins(0, 0, 0, 0)
        bar.setSpacing(10)
        bar.addWidget(self.badge)
        bar.addWidget(self._bench)
        bar.addWidget(self._outputs, 1)
        bar.addWidget(self.view)
        bar.addWidget(self.pause)
        bar.addWidget(self.stop)
        self._refresh_recent()

    def show_paused(self, paused: bool) -> None:
        """Show whether a pause was asked for, here or in another window."""
        self.pause.blockSignals(True)
        self.pause.setChecked(paused)
        self.pause.setText("Res&ume" if paused else "Pa&use")
        self.pause.blockSignals(False)

    def show_bench(self, name: str, path: Path) -> None:
        """Show which bench is open, and remember it."""
        self._bench.setText(name)
        self._bench.setToolTip(f"{path}\nChoose another bench file (Ctrl+O)")
        recent = [str(path), *(known for known in self._recent() if known != str(path))][:_RECENT]
        self._settings.setValue("recent_benches", recent)
        self._refresh_recent()

    def show_outputs(self, states: Mapping[str, bool | None]) -> None:
        """Show what the outputs were read back as."""
        self.say_of_outputs(
            outputs_in_words(states), f"as read back from the instruments at {time.strftime('%H:%M:%S')}"
        )

    def say_of_outputs(self, words: str, why: str = "") -> None:
        """Say something else of the outputs."""
        self._outputs.setText(words)
        self._outputs.setToolTip(why)

    def outputs_text(self) -> str:
        """Return what is said of the outputs."""
        return str(self._outputs.text())

    def _pause_toggled(self, paused: bool) -> None:
        self.pause.setText("Res&ume" if paused else "Pa&use")
        self.pause_wanted.emit(paused)

    def choose(self) -> None:
        """Let the user choose a bench file."""
        self._choose()

    def _choose(self) -> None:
        recent = self._recent()
        start = str(Path(recent[0]).parent if recent else Path.cwd())
        PathChooser(
            self, "Open bench", start, lambda name: self.bench_chosen.emit(Path(name)),
            "Bench files (*.toml);;All files (*)",
        )

    def _recent(self) -> list[str]:
        recent = self._settings.value("recent_benches", [])
        return [recent] if isinstance(recent, str) else list(recent or [])

    def _refresh_recent(self) -> None:
        self._recent_menu.clear()
        for name in self._recent():
            action = self._recent_menu.addAction(name)
            if action is not None:
                action.triggered.connect(lambda _=False, name=name: self.bench_chosen.emit(Path(name)))


def outputs_in_words(states: Mapping[str, bool | None]) -> str:
    """Return the read-back states as one sentence, what is on first."""
    on = [name for name, state in states.items() if state]
    unknown = [name for name, state in states.items() if state is None]
    off = [name for name, state in states.items() if state is False]
    parts = []
    if on:
        parts.append(f"<b>outputs ON: {', '.join(on)}</b>")
    if unknown:
        parts.append(f"<b>outputs unknown: {', '.join(unknown)} (check the panel)</b>")
    if off:
        parts.append(f"outputs off: {', '.join(off)}")
    return "; ".join(parts) or NOBODY_LOOKED
