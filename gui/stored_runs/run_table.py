"""The stored runs as a model of Qt: sorted, filtered, and without a widget for each cell."""

import datetime
from collections.abc import Sequence
from typing import Any

from PyQt5 import QtCore, QtGui

from tsbench.archives.run_list import ListedRun
from tsbench.gui.palette import colours
from tsbench.quantities import format_interval

COLUMNS = ("★", "Start", "Device", "Protocol", "Status", "First result (95 % interval)", "Flags", "Notes")
_STAR, _START, _DEVICE, _PROTOCOL, _STATUS, _RESULT, _FLAGS, _NOTES = range(len(COLUMNS))
_SORTED_BY = QtCore.Qt.UserRole


class RunTable(QtCore.QAbstractTableModel):
    """One row for each run. A rejected one is struck through, and its notes begin with the reason."""

    def __init__(self, parent: QtCore.QObject | None = None) -> None:
        super().__init__(parent)
        self.runs: list[ListedRun] = []

    def show_runs(self, runs: Sequence[ListedRun]) -> None:
        """Show other runs."""
        self.beginResetModel()
        self.runs = list(runs)
        self.endResetModel()

    def rowCount(self, parent: QtCore.QModelIndex | None = None) -> int:  # noqa: N802  Qt's name
        """Return the number of runs."""
        return 0 if parent is not None and parent.isValid() else len(self.runs)

    def columnCount(self, parent: QtCore.QModelIndex | None = None) -> int:  # noqa: N802  Qt's name
        """Return the number of columns."""
        return 0 if parent is not None and parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, direction: QtCore.Qt.Orientation, role: int = 0) -> Any:  # noqa: N802
        """Return the name of a column."""
        wanted = direction == QtCore.Qt.Horizontal and role == QtCore.Qt.DisplayRole
        return COLUMNS[section] if wanted else None

    def data(self, index: QtCore.QModelIndex, role: int = 0) -> Any:
        """Return the text, colour, font or key of order of a cell."""
        if not index.isValid():
            return None
        run, column = self.runs[index.row()], index.column()
        if role == QtCore.Qt.DisplayRole:
            return _text(run, column)
        if role == QtCore.Qt.ToolTipRole:
            return f"{run.path}\nrun {run.run}{f': {run.reason}' if run.reason else ''}"
        if role == _SORTED_BY:
            if column == _RESULT and run.value is not None:
                return run.value
            return run.start_time if column == _START else _text(run, column)
        if role == QtCore.Qt.FontRole and run.rejected:
            font = QtGui.QFont()
            font.setStrikeOut(column != _NOTES)
            return font
        if role == QtCore.Qt.ForegroundRole:
            return _colour(run, column)
        return None


class RunFilter(QtCore.QSortFilterProxyModel):
    """The rows that hold all words of a text, in any column, and that are not hidden."""

    def __init__(self, parent: QtCore.QObject | None = None) -> None:
        super().__init__(parent)
        self.setSortRole(_SORTED_BY)
        self._words: list[str] = []
        self._starred, self._rejected = False, True

    def ask(self, words: str, *, starred: bool, rejected: bool) -> None:
        """Show only rows with these words; ``starred``: only with a star; ``rejected``: also rejected ones."""
        self._words, self._starred, self._rejected = words.lower().split(), starred, rejected
        self.invalidateFilter()

    def filterAcceptsRow(self, row: int, parent: QtCore.QModelIndex) -> bool:  # noqa: N802  Qt's name
        """Return whether a row is shown."""
        table = self.sourceModel()
        assert isinstance(table, RunTable)
        run = table.runs[row]
        if (self._starred and not run.starred) or (run.rejected and not self._rejected):
            return False
        text = " ".join((run.run, run.campaign, *(_text(run, column) for column in range(len(COLUMNS))))).lower()
        return all(word in text for word in self._words)


def _text(run: ListedRun, column: int) -> str:
    if column == _STAR:
        return "★" if run.starred else ""
    if column == _START:
        return local_time(run.start_time)
    if column == _RESULT:
        return "" if not run.quantity else (
            f"{run.quantity.replace('_', ' ')} {format_interval(run.value, run.low, run.high, run.unit)}")
    if column == _FLAGS:
        return ", ".join(run.flags).replace("_", " ")
    if column == _NOTES:
        rejected = f"rejected: {run.rejected}" if run.rejected else ""
        return "; ".join(filter(None, (rejected, *run.notes.split("\n"))))
    return {_DEVICE: run.device, _PROTOCOL: run.protocol, _STATUS: run.status}[column]


def local_time(text: str) -> str:
    """Return a time in ISO 8601 as a clock on the wall shows it."""
    try:
        return datetime.datetime.fromisoformat(text).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    except ValueError:
        return text


def _colour(run: ListedRun, column: int) -> QtGui.QColor | None:
    if run.rejected and column != _NOTES:
        return QtGui.QColor(colours().dim)
    if column == _STATUS and run.status not in {"success", "abort"}:
        return QtGui.QColor(colours().bad)
    return QtGui.QColor(colours().warning) if column in {_FLAGS, _STAR} or (column == _NOTES and run.rejected) else None
