"""The results of a run: quantity, conditions, value with its 95 % interval, flags; where the run file is."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PyQt5 import QtCore, QtGui, QtWidgets

from tsbench.gui.palette import colours
from tsbench.gui.recoloured import Recoloured
from tsbench.quantities import conditions_text, format_interval

_KIND = QtCore.Qt.UserRole
_COLUMNS = ("Quantity", "Conditions", "Value (95 % interval)", "Flags")


class ResultTable(QtWidgets.QWidget, Recoloured):
    """One row per extracted number."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.setAttribute(QtCore.Qt.WA_StyledBackground)
        self.path: Path | None = None
        title = QtWidgets.QLabel("RESULTS")
        title.setProperty("role", "title")
        self._path_label = QtWidgets.QLabel("no run yet")
        self._path_label.setProperty("role", "dim")
        self._path_label.setSizePolicy(QtWidgets.QSizePolicy.Ignored, QtWidgets.QSizePolicy.Preferred)
        self._path_label.setTextInteractionFlags(QtCore.Qt.TextSelectableByMouse)
        self._open = QtWidgets.QPushButton("Open &folder")
        self._open.setEnabled(False)
        self._open.clicked.connect(self._open_folder)
        head = QtWidgets.QHBoxLayout()
        head.addWidget(title)
        head.addSpacing(12)
        head.addWidget(self._path_label, 1)
        head.addWidget(self._open)
        self.table = QtWidgets.QTableWidget(0, len(_COLUMNS))
        self.table.setHorizontalHeaderLabels(_COLUMNS)
        rows, header = self.table.verticalHeader(), self.table.horizontalHeader()
        assert rows is not None and header is not None  # a table has both
        rows.hide()
        rows.setDefaultSectionSize(26)
        self.table.setEditTriggers(QtWidgets.QAbstractItemView.NoEditTriggers)
        self.table.setSelectionBehavior(QtWidgets.QAbstractItemView.SelectRows)
        self.table.setAlternatingRowColors(False)
        self.table.setTabKeyNavigation(False)
        for column in (0, 2, 3):
            header.setSectionResizeMode(column, QtWidgets.QHeaderView.ResizeToContents)
        header.setResizeContentsPrecision(50)  # the rows in sight: thousands of results must not stall
        header.setSectionResizeMode(1, QtWidgets.QHeaderView.Stretch)
        header.setDefaultAlignment(QtCore.Qt.AlignLeft | QtCore.Qt.AlignVCenter)
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(12, 10, 12, 10)
        layout.addLayout(head)
        layout.addWidget(self.table)

    def clear(self) -> None:
        """Forget the last run."""
        self.table.setRowCount(0)
        self.show_path(None)

    def show_path(self, path: Path | None) -> None:
        """Show where the run file is."""
        self.path = path
        self._open.setEnabled(path is not None)
        self._path_label.setText(str(path) if path is not None else "no run file yet")
        self._path_label.setToolTip(str(path) if path is not None else "")

    def add_rows(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Append result rows (the shape that ``--json`` prints)."""
        first = self.table.rowCount()
        self.table.setRowCount(first + len(rows))
        for number, row in enumerate(rows, start=first):
            flags = ", ".join(str(flag).replace("_", " ") for flag in row.get("flags", []))
            cells = (
                str(row["quantity"]).replace("_", " "),
                conditions_text(row.get("conditions", {})),
                format_interval(row["value"], row["low"], row["high"], row["unit"]),
                flags,
            )
            for column, text in enumerate(cells):
                item = QtWidgets.QTableWidgetItem(text)
                item.setToolTip(f"method: {row.get('method', '')}")
                item.setData(_KIND, "dim" if row["value"] is None else "warning" if column == 3 and flags else "")
                _colour(item)
                self.table.setItem(number, column, item)

    def recolour(self) -> None:
        """Take the colours of the theme."""
        for row in range(self.table.rowCount()):
            for column in range(len(_COLUMNS)):
                if (item := self.table.item(row, column)) is not None:
                    _colour(item)

    def _open_folder(self) -> None:
        if self.path is not None:
            QtGui.QDesktopServices.openUrl(QtCore.QUrl.fromLocalFile(str(self.path.parent)))


def _colour(item: QtWidgets.QTableWidgetItem) -> None:
    """Give a cell the colour of its kind."""
    if kind := str(item.data(_KIND)):
        item.setForeground(QtGui.QColor(getattr(colours(), kind)))
