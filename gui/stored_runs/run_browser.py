"""The screen with the stored runs: filter, compare curves, review, export, report, recover."""

from collections.abc import Callable, Sequence
from pathlib import Path

from PyQt5 import QtCore, QtGui, QtWidgets

from tsbench.archives.run_list import ListedRun, RunList, listed_runs
from tsbench.errors import TsbenchError
from tsbench.gui.runner_client import Child, Ending
from tsbench.gui.stored_runs.background import Background
from tsbench.gui.stored_runs.overlay_plot import MOST, OverlayPlot, StoredCurves, read_curves
from tsbench.gui.stored_runs.run_table import RunFilter, RunTable
from tsbench.storage.provenance import user_name
from tsbench.storage.review import WITH_TEXT, decide

_WIDTHS = (34, 170, 90, 130, 80, 290, 160)  #: [pixels] of the columns but the last


class RunBrowser(QtWidgets.QWidget):
    """The runs of one folder. What a person decides of a run is written beside it, and the run file stays as it is.

    Parameters
    ----------
    where : returns the folder that is read whenever the screen is shown; None: the one that was opened last
    """

    def __init__(self, where: Callable[[], Path] | None = None) -> None:
        super().__init__()
        self.folder: Path | None = None
        self._where = where
        self._elsewhere: Path | None = None  # until the screen is hidden, another folder
        self.table, self.filter = RunTable(self), RunFilter(self)
        self.filter.setSourceModel(self.table)
        self.plot = OverlayPlot()
        self.listing, self.drawing = Background(self), Background(self)
        self.command = Child(self)   # tsbench export, report or recover
        self.words = QtWidgets.QLineEdit()
        self.words.setPlaceholderText("Filter: words in any column, for example D1 iv_sweep compliance")
        self.words.setAccessibleName("Filter of the runs")
        self.words.setClearButtonEnabled(True)
        self.starred = QtWidgets.QCheckBox("Only with &star")
        self.rejected = QtWidgets.QCheckBox("Re&jected too")
        self.rejected.setChecked(True)
        self.refresh = _button("Re&fresh", "Read new and changed run files (F5)")
        self.view = self._made_view()
        self.text = QtWidgets.QLineEdit()
        self.text.setPlaceholderText("Reason of a rejection, or a note")
        self.text.setAccessibleName("Reason or note")
        self.star = _button("S&tar", "Give the chosen runs a star, or take it away")
        self.reject = _button(
            "&Reject", "Leave the chosen runs out of queries, statistics and reports. Write the reason first")
        self.accept = _button("A&ccept", "Count the chosen runs again")
        self.note = _button("&Note", "Write this note on the chosen runs")
        self.export = _button("E&xport CSV", "Write points and waveforms of the chosen runs as CSV files to the folder "
                              "'exported' in this one")
        self.report = _button("Re&port", "Write the report of this folder: a page and a PDF file")
        self.recover = _button("Reco&ver", "Make run files of journals that a crash has left in this folder")
        self.said = QtWidgets.QLabel("")
        self.said.setProperty("role", "dim")
        self.said.setWordWrap(True)
        self.said.setTextInteractionFlags(QtCore.Qt.TextSelectableByMouse)
        self._lay_out()
        self._connect()
        self._show_choice()

    def _made_view(self) -> QtWidgets.QTableView:
        view = QtWidgets.QTableView()
        view.setModel(self.filter)
        view.setSortingEnabled(True)
        view.sortByColumn(1, QtCore.Qt.DescendingOrder)
        view.setSelectionBehavior(QtWidgets.QAbstractItemView.SelectRows)
        view.setSelectionMode(QtWidgets.QAbstractItemView.ExtendedSelection)
        view.setTabKeyNavigation(False)
        view.setWordWrap(False)
        view.setAccessibleName("Stored runs")
        rows, header = view.verticalHeader(), view.horizontalHeader()
        assert rows is not None and header is not None  # a table has both
        rows.hide()
        rows.setDefaultSectionSize(26)
        header.setDefaultAlignment(QtCore.Qt.AlignLeft | QtCore.Qt.AlignVCenter)
        header.setStretchLastSection(True)
        for column, width in enumerate(_WIDTHS):
            view.setColumnWidth(column, width)
        return view

    def _lay_out(self) -> None:
        head, foot = QtWidgets.QHBoxLayout(), QtWidgets.QHBoxLayout()
        head.addWidget(self.words, 1)
        for widget in (self.starred, self.rejected, self.refresh):
            head.addWidget(widget)
        foot.addWidget(self.text, 1)
        for widget in (self.star, self.reject, self.accept, self.note, self.export, self.report, self.recover):
            foot.addWidget(widget)
        top = QtWidgets.QWidget()
        top.setObjectName("panel")
        top.setAttribute(QtCore.Qt.WA_StyledBackground)
        column = QtWidgets.QVBoxLayout(top)
        column.setContentsMargins(12, 10, 12, 10)
        column.addLayout(head)
        column.addWidget(self.view, 1)
        column.addLayout(foot)
        column.addWidget(self.said)
        splitter = QtWidgets.QSplitter(QtCore.Qt.Vertical)
        splitter.setHandleWidth(8)
        splitter.setChildrenCollapsible(False)
        splitter.addWidget(top)
        splitter.addWidget(self.plot)
        splitter.setSizes([430, 320])
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(0, 8, 0, 0)
        layout.addWidget(splitter)

    def _connect(self) -> None:
        self.words.textChanged.connect(self._filter)
        self.starred.toggled.connect(self._filter)
        self.rejected.toggled.connect(self._filter)
        self.refresh.clicked.connect(self.read)
        QtWidgets.QShortcut(QtGui.QKeySequence("F5"), self, self.read, context=QtCore.Qt.WidgetWithChildrenShortcut)
        self.star.clicked.connect(self._star)
        for button, kind in ((self.reject, "reject"), (self.accept, "accept"), (self.note, "note")):
            button.clicked.connect(lambda _=False, kind=kind: self.decide(kind))
        self.export.clicked.connect(lambda: self._start([
            "export", *map(str, self.chosen_paths()), "--format", "csv", "--out", str(self._folder() / "exported")]))
        self.report.clicked.connect(lambda: self._start(["report", str(self._folder())]))
        self.recover.clicked.connect(lambda: self._start(["recover", str(self._folder())]))
        self.command.output.connect(self.said.setText)
        self.command.ended.connect(self._ended)
        self.listing.done.connect(self._show)
        self.listing.failed.connect(self.said.setText)
        self.drawing.done.connect(self._draw)
        self.drawing.failed.connect(self.said.setText)
        selection = self.view.selectionModel()
        assert selection is not None  # a view with a model has one
        selection.selectionChanged.connect(self._chosen)

    # ------------------------------------------------------------------------------------------- folder

    def showEvent(self, event: QtGui.QShowEvent | None) -> None:  # noqa: N802  Qt's name
        """Read the folder: there may be new runs."""
        super().showEvent(event)
        if self._elsewhere is not None:
            self.open_folder(self._elsewhere)
        elif self._where is not None:
            self.open_folder(self._where())

    def hideEvent(self, event: QtGui.QHideEvent | None) -> None:  # noqa: N802  Qt's name
        """Forget the other folder."""
        super().hideEvent(event)
        self._elsewhere = None

    def look_in(self, folder: Path, words: str) -> None:
        """Show the runs of another folder with these words, when the screen is shown next."""
        self._elsewhere = folder
        self.words.setText(words)

    def open_folder(self, folder: Path) -> None:
        """Show the runs of another folder."""
        if folder != self.folder:
            self.folder = folder
            self.table.show_runs([])
        self.read()

    def read(self) -> None:
        """Read new and changed run files of the folder, beside the window."""
        if (folder := self.folder) is None:
            return
        if not folder.is_dir():
            self.table.show_runs([])
            self.said.setText(f"{folder}: this folder does not exist yet. It is made by the first run")
            return
        self.said.setText(f"reading {folder} …")
        self.listing.do(lambda: listed_runs(folder))

    def _show(self, found: RunList) -> None:
        chosen = {one.path for one in self.chosen()}
        self.table.show_runs(found.runs)
        self._choose(chosen)
        self._count(found.problems)

    def _count(self, problems: Sequence[str] = ()) -> None:
        shown, known = self.filter.rowCount(), len(self.table.runs)
        words = f"{known} run{'s' * (known != 1)} in {self.folder}" + (f", {shown} shown" if shown != known else "")
        more = f" (and {len(problems) - 1} more files)" if len(problems) > 1 else ""
        self.said.setText(f"{words}. {problems[0]}{more}" if problems else words)

    def _filter(self) -> None:
        self.filter.ask(self.words.text(), starred=self.starred.isChecked(), rejected=self.rejected.isChecked())
        self._count()

    # ------------------------------------------------------------------------------------------- choice

    def chosen(self) -> list[ListedRun]:
        """Return the runs of the chosen rows, from top to bottom."""
        selection = self.view.selectionModel()
        rows = sorted(index.row() for index in selection.selectedRows()) if selection is not None else []
        return [self.table.runs[self.filter.mapToSource(self.filter.index(row, 0)).row()] for row in rows]

    def chosen_paths(self) -> list[Path]:
        """Return the files of the chosen runs."""
        return [self._folder() / one.path for one in self.chosen()]

    def _folder(self) -> Path:
        return self.folder if self.folder is not None else Path.cwd()

    def _choose(self, paths: set[str]) -> None:
        selection = self.view.selectionModel()
        if selection is None:
            return
        wanted = QtCore.QItemSelection()
        for row in range(self.filter.rowCount()):
            index = self.filter.index(row, 0)
            if self.table.runs[self.filter.mapToSource(index).row()].path in paths:
                wanted.select(index, index)
        selection.select(wanted, QtCore.QItemSelectionModel.ClearAndSelect | QtCore.QItemSelectionModel.Rows)

    def _chosen(self) -> None:
        self._show_choice()
        paths = self.chosen_paths()[:MOST]
        if paths:
            self.drawing.do(lambda: read_curves(paths))
        else:
            self.plot.show_curves([])

    def _show_choice(self) -> None:
        some, idle = bool(self.chosen()), not self.command.running()
        for button in (self.star, self.reject, self.accept, self.note):
            button.setEnabled(some)
        self.export.setEnabled(some and idle)
        for button in (self.report, self.recover):
            button.setEnabled(idle and self.folder is not None)

    def _draw(self, found: StoredCurves) -> None:
        self.plot.show_curves(found.curves)
        if found.problems:
            self.said.setText(found.problems[0])

    # ------------------------------------------------------------------------------------------- review

    def _star(self) -> None:
        self.decide("unstar" if all(one.starred for one in self.chosen()) else "star")

    def decide(self, kind: str) -> None:
        """Write a decision on each chosen run; a rejection and a note take the text of the field."""
        text = self.text.text() if kind in WITH_TEXT else ""
        for path in self.chosen_paths():
            try:
                decide(path, kind, text, user_name())
            except TsbenchError as error:
                self.said.setText(str(error))
                self.text.setFocus()
                return
        self.text.clear()
        self.read()

    # ----------------------------------------------------------------------------------------- commands

    def _start(self, arguments: Sequence[str]) -> None:
        if self.command.running():
            return
        self.said.setText(f"tsbench {arguments[0]} …")
        self.command.start(arguments)
        self._show_choice()

    def _ended(self, ending: Ending) -> None:
        self._show_choice()
        if not ending.good:
            self.said.setText(ending.message)
        elif not self.listing.busy():
            done = str(self.said.text())
            self.read()
            self.said.setText(done)


def _button(words: str, tip: str) -> QtWidgets.QPushButton:
    button = QtWidgets.QPushButton(words)
    button.setToolTip(tip)
    return button
