"""What the Measure screen offers while no bench is open: the built-in bench, a bench file, or the way to a new one."""

import contextlib
import shlex
from pathlib import Path

from PyQt5 import QtCore, QtWidgets

from tsbench.gui.restyle import restyle
from tsbench.gui.runner_client import Child, Ending

_BUILT_IN = "tsbench_simulated"
_NEW = "tsbench_bench"


def documents() -> Path:
    """Return the folder in which this user keeps documents; the home folder where the system names none."""
    named = QtCore.QStandardPaths.writableLocation(QtCore.QStandardPaths.DocumentsLocation)
    return Path(named) if named else Path.home()


class FirstStart(QtWidgets.QFrame):
    """Three ways to a bench, and the guided tour; gone as soon as a bench is open.

    Parameters
    ----------
    folder : Path, optional
        Folder that gets the folder of the built-in bench; the documents of the user where it is not given.
    """

    bench_wanted = QtCore.pyqtSignal(object)  #: Path of a bench file that is there
    choice_wanted = QtCore.pyqtSignal()  #: choose a bench file in a dialog
    tour_wanted = QtCore.pyqtSignal()

    def __init__(self, folder: Path | None = None) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.setAttribute(QtCore.Qt.WA_StyledBackground)
        self.folder = folder or documents()
        self._child = Child(self)
        self._other: QtWidgets.QWidget | None = None
        self._said: list[str] = []
        self._child.output.connect(self._said.append)
        self._child.ended.connect(self._made)
        title = QtWidgets.QLabel("NO BENCH IS OPEN")
        title.setProperty("role", "title")
        self.built_in = QtWidgets.QPushButton("Try it on the built-in &bench")
        self.built_in.setToolTip(f"Write a simulated bench to {self.folder / _BUILT_IN} and open it. A bench that is "
                                 "there is opened and not changed")
        self.built_in.clicked.connect(self.open_built_in)
        self.open = QtWidgets.QPushButton("&Open a bench file …")
        self.open.setToolTip("Choose a bench file (Ctrl+O)")
        self.open.clicked.connect(self.choice_wanted)
        self.make = QtWidgets.QPushButton("Make a bench file for &my instruments")
        self.make.setToolTip("Show the command that finds the instruments and asks for wiring and limits")
        self.make.clicked.connect(self._show_command)
        self.tour = QtWidgets.QPushButton("&Guided tour")
        self.tour.setToolTip("Five steps through this window (F1)")
        self.tour.clicked.connect(self.tour_wanted)
        self._note = QtWidgets.QLabel("A simulated bench measures simulated devices with the same commands as a real "
                                      "bench.")
        self._note.setProperty("role", "dim")
        self._note.setWordWrap(True)
        self.command = QtWidgets.QLineEdit(f"tsbench init {shlex.quote(str(self.folder / _NEW))}")
        self.command.setReadOnly(True)
        self.command.setAccessibleName("Command that makes a bench file")
        self.copy = QtWidgets.QPushButton("&Copy the command")
        self.copy.setToolTip("Copy the command, then paste it into a terminal")
        self.copy.clicked.connect(self._copy_command)
        self._laid_out(title)

    def _laid_out(self, title: QtWidgets.QLabel) -> None:
        grid = QtWidgets.QGridLayout()
        for place, button in enumerate((self.built_in, self.open, self.make, self.tour)):
            grid.addWidget(button, place // 2, place % 2)
        self._command_row = QtWidgets.QWidget()
        row = QtWidgets.QHBoxLayout(self._command_row)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.command, 1)
        row.addWidget(self.copy)
        self._command_row.hide()
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(12, 10, 12, 10)
        column.addWidget(title)
        column.addLayout(grid)
        column.addWidget(self._note)
        column.addWidget(self._command_row)

    def stand_for(self, other: QtWidgets.QWidget) -> None:
        """Be there in place of another widget, which has nothing to show yet."""
        self._other = other
        other.hide()

    def leave(self) -> None:
        """A bench is open: give the place back."""
        self.hide()
        if self._other is not None:
            self._other.show()

    def open_built_in(self) -> None:
        """Open the built-in bench of this user; where there is none yet, ``tsbench init`` writes it."""
        if self._child.running():
            return
        if self._bench().exists():
            self.bench_wanted.emit(self._bench())
            return
        self._said.clear()
        self.built_in.setEnabled(False)
        self._say(f"writing a simulated bench to {self._bench().parent} …")
        self._child.start(["init", str(self._bench().parent), "--simulated", "--yes"])

    def note(self) -> str:
        """Return what is said under the buttons."""
        return str(self._note.text())

    def _bench(self) -> Path:
        return self.folder / _BUILT_IN / "bench.toml"

    def _made(self, ending: Ending) -> None:
        self.built_in.setEnabled(True)
        if ending.code == 0 and self._bench().exists():
            self._say(f"the simulated bench is in {self._bench().parent}")
            self.bench_wanted.emit(self._bench())
        else:
            self._say(f"no bench was written: {ending.message}", problem=True)

    def _show_command(self) -> None:
        """Show the command that asks the questions, for it needs answers about wiring and limits."""
        self._say("Run this command in a terminal. It finds the instruments, asks for the wiring and the limits, and "
                  "writes bench.toml. Then open this file here. Add --visa @py if no VISA library is installed.")
        self._command_row.show()
        self.copy.setFocus()

    def _copy_command(self) -> None:
        clipboard = QtWidgets.QApplication.clipboard()
        if clipboard is not None:
            with contextlib.suppress(RuntimeError):
                clipboard.setText(self.command.text())
        self.copy.setText("Copied")

    def _say(self, words: str, problem: bool = False) -> None:
        self._note.setText(words)
        restyle(self._note, "role", "problem" if problem else "dim")
