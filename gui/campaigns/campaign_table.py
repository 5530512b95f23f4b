"""The runs of a campaign as a model of Qt: a row for each device, a column for each step."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PyQt5 import QtCore, QtGui

from tsbench.gui.palette import Colours, colours
from tsbench.station.campaign.following import LEFT_OUT, RUNNING, WAITING, FollowedRun

#: statuses of runs as a cell says them; what a person must see first comes first
WORDS = {RUNNING: "running", "interrupted": "interrupted", "fail": "failed", "abort": "stopped", WAITING: "waiting",
         "success": "done", "recovered": "recovered", LEFT_OUT: "left out"}
_SEARCHED = QtCore.Qt.UserRole


@dataclass(frozen=True)
class StepCell:
    """All runs of a step on a device."""

    runs: tuple[FollowedRun, ...]

    @property
    def status(self) -> str:
        """Return the status that a person must see first."""
        found = {run.status for run in self.runs}
        if found == {LEFT_OUT} or not found - {LEFT_OUT, "success"}:
            return "success" if "success" in found else LEFT_OUT
        return next((status for status in WORDS if status in found), next(iter(found)))

    @property
    def words(self) -> str:
        """Return what the cell says: its status, with the number of runs where there are several."""
        counts = Counter(run.status for run in self.runs)
        word = WORDS.get(self.status, self.status)
        wanted = len(self.runs) - counts[LEFT_OUT]
        if self.status == LEFT_OUT or wanted <= 1:
            return word
        done = counts["success"]
        return f"{word} {done} of {wanted}" if self.status in {RUNNING, WAITING} and done else (
            f"{word} {counts[self.status]}")

    @property
    def reason(self) -> str:
        """Return why, of the first run that has a reason."""
        return next((run.reason for run in self.runs if run.reason and run.status == self.status), "")


class CampaignTable(QtCore.QAbstractTableModel):
    """One row for each device, with what has become of each step."""

    def __init__(self, parent: QtCore.QObject | None = None) -> None:
        super().__init__(parent)
        self.devices: list[str] = []
        self.steps: list[str] = []
        self._cells: dict[tuple[str, str], StepCell] = {}
        self._shown: tuple[FollowedRun, ...] = ()

    def show_runs(self, runs: Sequence[FollowedRun]) -> None:
        """Show runs; only rows that have changed are drawn anew."""
        if tuple(runs) == self._shown:
            return
        devices, steps = list(dict.fromkeys(run.device for run in runs)), list(dict.fromkeys(run.step for run in runs))
        found: dict[tuple[str, str], list[FollowedRun]] = {}
        for run in runs:
            found.setdefault((run.device, run.step), []).append(run)
        cells = {place: StepCell(tuple(mine)) for place, mine in found.items()}
        same, before = (devices, steps) == (self.devices, self.steps), self._cells
        self._shown = tuple(runs)
        if not same:
            self.beginResetModel()
            self.devices, self.steps, self._cells = devices, steps, cells
            self.endResetModel()
            return
        self._cells = cells
        for row, device in enumerate(devices):
            if any(cells.get((device, step)) != before.get((device, step)) for step in steps):
                self.dataChanged.emit(self.index(row, 0), self.index(row, len(steps)))

    def cell(self, index: QtCore.QModelIndex) -> StepCell | None:
        """Return the cell of an index; None for the names of devices, and where a device has no such step."""
        if not index.isValid() or index.column() == 0:
            return None
        return self._cells.get((self.devices[index.row()], self.steps[index.column() - 1]))

    def runs_of(self, device: str) -> list[FollowedRun]:
        """Return all runs of a device."""
        return [run for step in self.steps for run in self._cells.get((device, step), StepCell(())).runs]

    def rowCount(self, parent: QtCore.QModelIndex | None = None) -> int:  # noqa: N802  Qt's name
        """Return the number of devices."""
        return 0 if parent is not None and parent.isValid() else len(self.devices)

    def columnCount(self, parent: QtCore.QModelIndex | None = None) -> int:  # noqa: N802  Qt's name
        """Return the number of columns: the name of the device, and the steps."""
        return 0 if parent is not None and parent.isValid() else 1 + len(self.steps)

    def headerData(self, section: int, direction: QtCore.Qt.Orientation, role: int = 0) -> Any:  # noqa: N802
        """Return the name of a column."""
        if direction != QtCore.Qt.Horizontal or role != QtCore.Qt.DisplayRole:
            return None
        return "Device" if section == 0 else self.steps[section - 1]

    def data(self, index: QtCore.QModelIndex, role: int = 0) -> Any:
        """Return text, colour or reason of a cell."""
        if not index.isValid():
            return None
        device = self.devices[index.row()]
        if role == _SEARCHED:
            texts = (f"{cell.words} {cell.reason}" for step in self.steps
                     if (cell := self._cells.get((device, step))) is not None)
            return " ".join((device, *texts)).lower()
        if index.column() == 0:
            return device if role == QtCore.Qt.DisplayRole else None
        cell = self.cell(index)
        if cell is None:
            return None
        if role == QtCore.Qt.DisplayRole:
            return cell.words
        if role == QtCore.Qt.ToolTipRole:
            return cell.reason
        if role == QtCore.Qt.ForegroundRole:
            return QtGui.QColor(_colour(cell.status, colours()))
        return None


class DeviceFilter(QtCore.QSortFilterProxyModel):
    """The devices in whose row all words of a text are."""

    def __init__(self, parent: QtCore.QObject | None = None) -> None:
        super().__init__(parent)
        self._words: list[str] = []

    def ask(self, text: str) -> None:
        """Show only rows with these words."""
        self._words = text.lower().split()
        self.invalidateFilter()

    def filterAcceptsRow(self, row: int, parent: QtCore.QModelIndex) -> bool:  # noqa: N802  Qt's name
        """Return whether a row is shown."""
        table = self.sourceModel()
        assert table is not None
        text = str(table.data(table.index(row, 0), _SEARCHED))
        return all(word in text for word in self._words)


def _colour(status: str, shown: Colours) -> str:
    return {RUNNING: shown.accent, "success": shown.good, "fail": shown.bad, "interrupted": shown.bad,
            "abort": shown.warning, "recovered": shown.warning}.get(status, shown.dim)
