"""The plan of a campaign before it begins: verdict, worst case of each step beside its limits, time and size."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from PyQt5 import QtCore, QtWidgets

from tsbench.gui.restyle import restyle
from tsbench.gui.run_view import duration_in_words
from tsbench.quantities import format_quantity

_COLUMNS = ("Step", "Runs", "Worst case at a device / limit", "In the life of a device / budget left", "Time, size",
            "Oscillation")
_VERDICTS = {"green": ("The plan is good", "good"), "amber": ("The plan needs a yes", "warning"),
             "red": ("The plan is refused. Nothing can be measured", "problem")}


class PlanPanel(QtWidgets.QWidget):
    """Shows what ``tsbench run --dry-run --json`` answers; the tick accepts the amber lines."""

    accepted = QtCore.pyqtSignal()  #: the tick was set or taken away

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.setAttribute(QtCore.Qt.WA_StyledBackground)
        self.verdict = ""  #: red, amber or green; "" while there is no plan
        title = QtWidgets.QLabel("PLAN")
        title.setProperty("role", "title")
        self.words = QtWidgets.QLabel("no plan yet")
        self.words.setWordWrap(True)
        self.words.setTextInteractionFlags(QtCore.Qt.TextSelectableByMouse)
        self.lines = QtWidgets.QLabel()
        self.lines.setWordWrap(True)
        self.lines.setTextInteractionFlags(QtCore.Qt.TextSelectableByMouse)
        self.accept = QtWidgets.QCheckBox("I &accept these lines")
        self.accept.setToolTip("The lines that you accept are recorded in the campaign, with your name")
        self.accept.toggled.connect(lambda _: self.accepted.emit())
        self.accept.hide()
        self.table = QtWidgets.QTableWidget(0, len(_COLUMNS))
        self.table.setHorizontalHeaderLabels(_COLUMNS)
        self.table.setEditTriggers(QtWidgets.QAbstractItemView.NoEditTriggers)
        self.table.setTabKeyNavigation(False)
        self.table.setAccessibleName("Plan of each step")
        rows, header = self.table.verticalHeader(), self.table.horizontalHeader()
        assert rows is not None and header is not None  # a table has both
        rows.hide()
        rows.setSectionResizeMode(QtWidgets.QHeaderView.ResizeToContents)
        header.setSectionResizeMode(QtWidgets.QHeaderView.ResizeToContents)
        header.setStretchLastSection(True)
        header.setDefaultAlignment(QtCore.Qt.AlignLeft | QtCore.Qt.AlignVCenter)
        said = QtWidgets.QWidget()
        column = QtWidgets.QVBoxLayout(said)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.lines)
        column.addStretch(1)
        scroll = QtWidgets.QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setWidget(said)
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(12, 10, 12, 10)
        for widget, share in ((title, 0), (self.words, 0), (self.table, 3), (scroll, 2), (self.accept, 0)):
            layout.addWidget(widget, share)

    def forget(self, words: str) -> None:
        """There is no plan (any more): say why."""
        self.verdict = ""
        self.table.setRowCount(0)
        self.lines.setText("")
        self.accept.setChecked(False)
        self.accept.hide()
        self._say(words, "")

    def show_plan(self, plan: Mapping[str, Any]) -> None:
        """Show a plan."""
        self.verdict = str(plan["verdict"])
        words, kind = _VERDICTS[self.verdict]
        runs = sum(int(row["runs"]) for row in plan["rows"])
        amount = (f": at most {runs} runs, {duration_in_words(plan['duration'])}, {plan['bytes'] / 1e6:.1f} MB"
                  if runs else "")
        self._say(words + amount, kind)
        parts = [("", plan["red"]), ("to be accepted: ", plan["amber"]), ("note: ", plan["notes"])]
        self.lines.setText("\n\n".join(f"{word}{line}" for word, lines in parts for line in lines))
        self.accept.setChecked(False)
        self.accept.setVisible(self.verdict == "amber")
        self._fill(plan["rows"])

    def may_begin(self) -> bool:
        """Whether the plan allows the campaign to begin."""
        return self.verdict == "green" or (self.verdict == "amber" and self.accept.isChecked())

    def _fill(self, rows: Sequence[Mapping[str, Any]]) -> None:
        self.table.setRowCount(len(rows))
        for number, row in enumerate(rows):
            devices = row["devices"][0] if len(row["devices"]) == 1 else f"{len(row['devices'])} devices"
            peaks = [f"{name} {_bounded(found)}" for name, found in row["peaks"].items()]
            dose = [f"{name} {_bounded(found)}" for name, found in row["dose"].items()]
            model = f" (model {row['model']})" if row["model"] else ""
            cells = (f"{row['step']}\n{row['protocol']}\n{devices}", str(row["runs"]), "\n".join(peaks),
                     "\n".join(dose), f"{duration_in_words(row['duration'])}\n{row['bytes'] / 1e6:.1f} MB",
                     f"{row['oscillation'] or '-'}{model}")
            for column, text in enumerate(cells):
                item = QtWidgets.QTableWidgetItem(text)
                item.setToolTip(str(row["foreseen"]))
                self.table.setItem(number, column, item)

    def _say(self, words: str, kind: str) -> None:
        self.words.setText(words)
        restyle(self.words, "role", kind)


def _bounded(found: Mapping[str, Any]) -> str:
    """Return a worst case with its limit; one without a bound is said to have none."""
    value, limit, unit = found["value"], found["limit"], str(found["unit"])
    shown = "not bounded" if value is None or not math.isfinite(value) else format_quantity(value, unit, 3)
    return f"{shown} / {format_quantity(limit, unit, 3)}" if limit is not None else shown
