"""Choosing a file or a folder in a dialog that blocks nothing: STOP works beside it."""

from collections.abc import Callable
from pathlib import Path

from PyQt5 import QtCore, QtWidgets


class PathChooser(QtWidgets.QFileDialog):
    """A dialog of Qt's own (those of the system take all input for themselves), never modal, that changes no files.

    Parameters
    ----------
    parent : QWidget
    title, start : str
        Heading; the folder to begin in.
    chosen : callable
        Called with the path.
    pattern : str
        Of files, as Qt writes it; "" for folders.
    """

    def __init__(
        self, parent: QtWidgets.QWidget, title: str, start: str, chosen: Callable[[str], None], pattern: str = ""
    ) -> None:
        super().__init__(parent, title, start, pattern)
        self.setFileMode(QtWidgets.QFileDialog.ExistingFile if pattern else QtWidgets.QFileDialog.Directory)
        self.setOption(QtWidgets.QFileDialog.DontUseNativeDialog)
        self.setOption(QtWidgets.QFileDialog.ReadOnly)
        self.setOption(QtWidgets.QFileDialog.ShowDirsOnly, not pattern)
        self.setAttribute(QtCore.Qt.WA_DeleteOnClose)
        self.setModal(False)
        self._title = title
        self.fileSelected.connect(chosen)
        self.show()

    def accept(self) -> None:
        """Close with what is chosen; what is not there is said in the heading, not in a box that blocks."""
        missing = [name for name in self.selectedFiles() if not Path(name).exists()]
        if missing:
            self.setWindowTitle(f"{self._title}: {missing[0]} does not exist")
            return
        super().accept()
