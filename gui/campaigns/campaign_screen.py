"""The screen with a campaign: choose its file, see its plan, start, pause, resume, skip, and watch its runs."""

from collections.abc import Callable, Sequence
from pathlib import Path

from PyQt5 import QtCore, QtWidgets

from tsbench.gui.campaigns.campaign_table import WORDS, CampaignTable, DeviceFilter
from tsbench.gui.campaigns.plan_panel import PlanPanel
from tsbench.gui.choosers import PathChooser
from tsbench.gui.runner_client import Ending, JsonCommand
from tsbench.gui.stored_runs.background import Background
from tsbench.station.campaign.following import RUNNING, CampaignFollower, CampaignView, FollowedRun

_LOOK_MS = 1000
_RECENT = 8
_DETAILS = ("Run", "Status", "Reason or file")


class CampaignScreen(QtWidgets.QWidget):
    """One campaign at a time. It is measured by a process of its own, and goes on if the window is closed by force.

    Parameters
    ----------
    busy : returns why nothing can be started now; "" where it can
    """

    start_wanted = QtCore.pyqtSignal(list, str)  #: arguments of ``tsbench``, title
    planning = QtCore.pyqtSignal(bool)  #: a plan is being made: it has the instruments identified
    asked = QtCore.pyqtSignal(str)  #: a request to the campaign of this window: "pause", "skip D3 *"
    run_wanted = QtCore.pyqtSignal(object)  #: Path of a run file

    def __init__(self, busy: Callable[[], str]) -> None:
        super().__init__()
        self._busy = busy
        self._settings = QtCore.QSettings()
        self.shown: CampaignView | None = None
        self.mine = False  #: this window measures it
        self._follower: CampaignFollower | None = None
        self._plan_later = False  # as soon as nothing is in its way
        self.planner, self.looking = JsonCommand(self), Background(self)
        self.table, self.filter = CampaignTable(self), DeviceFilter(self)
        self.filter.setSourceModel(self.table)
        self.plan = PlanPanel()
        self.file, self.out = _entry("Campaign file"), _entry("Folder of its runs")
        self.open = _button("Open …", "Choose a campaign file, or a list of protocols")
        self.recent = QtWidgets.QToolButton()
        self.recent.setObjectName("menu")
        self.recent.setText("Recent")
        self.recent.setToolTip("Campaigns that were opened before")
        self.recent.setPopupMode(QtWidgets.QToolButton.InstantPopup)
        self.recent.setMenu(QtWidgets.QMenu(self))
        self.check = _button("Check &plan", "Plan the campaign again. The instruments are identified, and no output is "
                             "switched on")
        self.start = _button("&Start", "")
        self.start.setObjectName("run")
        self.finish = _button("&Finish device, then pause", "Measure what is left of this device, then pause with the "
                              "outputs off")
        self.interrupted = QtWidgets.QComboBox()
        self.interrupted.setAccessibleName("Interrupted runs")
        self.interrupted.setToolTip("What Resume does with the run that was begun and not finished")
        self.interrupted.addItem("Leave the interrupted run", "continue")
        self.interrupted.addItem("Measure the interrupted run again", "again")
        self.interrupted.hide()
        self.skip = _button("S&kip", "Leave out what is left of the chosen devices")
        self.first = _button("&First", "Measure the chosen devices before all others that are left")
        self.last = _button("&Last", "Measure the chosen devices after all others")
        self.words = _entry("Filter of devices", "Filter: name, state, reason")
        self.view = self._made_view()
        self.details = QtWidgets.QTableWidget(0, len(_DETAILS))
        self.counts = QtWidgets.QLabel("")
        self.progress = QtWidgets.QProgressBar()
        self.progress.setFormat("no campaign")
        self.progress.setValue(0)
        self.said = QtWidgets.QLabel("open a campaign file to see its plan")
        self.said.setProperty("role", "dim")
        self.said.setWordWrap(True)
        self.said.setTextInteractionFlags(QtCore.Qt.TextSelectableByMouse)
        self._timer = QtCore.QTimer(self)
        self._timer.setInterval(_LOOK_MS)
        self._lay_out()
        self._connect()
        self._show_recent()
        self._show_choice()

    def _made_view(self) -> QtWidgets.QTableView:
        view = QtWidgets.QTableView()
        view.setModel(self.filter)
        view.setSelectionMode(QtWidgets.QAbstractItemView.ExtendedSelection)
        view.setTabKeyNavigation(False)
        view.setWordWrap(False)
        view.setAccessibleName("Devices and steps of the campaign")
        rows, header = view.verticalHeader(), view.horizontalHeader()
        assert rows is not None and header is not None  # a table has both
        rows.hide()
        rows.setDefaultSectionSize(26)
        header.setDefaultAlignment(QtCore.Qt.AlignLeft | QtCore.Qt.AlignVCenter)
        header.setDefaultSectionSize(150)
        header.setStretchLastSection(True)
        return view

    def _lay_out(self) -> None:
        self.details.setHorizontalHeaderLabels(_DETAILS)
        self.details.setEditTriggers(QtWidgets.QAbstractItemView.NoEditTriggers)
        self.details.setSelectionBehavior(QtWidgets.QAbstractItemView.SelectRows)
        self.details.setTabKeyNavigation(False)
        self.details.setAccessibleName("Runs of the chosen device")
        rows, header = self.details.verticalHeader(), self.details.horizontalHeader()
        assert rows is not None and header is not None  # a table has both
        rows.hide()
        rows.setDefaultSectionSize(24)
        header.setStretchLastSection(True)
        header.resizeSection(0, 220)
        header.setDefaultAlignment(QtCore.Qt.AlignLeft | QtCore.Qt.AlignVCenter)
        top, asking = QtWidgets.QHBoxLayout(), QtWidgets.QHBoxLayout()
        for widget, share in ((QtWidgets.QLabel("Campaign"), 0), (self.file, 3), (self.open, 0), (self.recent, 0),
                              (QtWidgets.QLabel("Folder"), 0), (self.out, 2)):
            top.addWidget(widget, share)
        for widget in (self.check, self.finish, self.start):
            asking.addWidget(widget)
        asking.setStretch(2, 1)
        head = QtWidgets.QHBoxLayout()
        head.addWidget(self.words, 1)
        for widget in (self.skip, self.first, self.last):
            head.addWidget(widget)
        left = QtWidgets.QWidget()
        left.setObjectName("panel")
        left.setAttribute(QtCore.Qt.WA_StyledBackground)
        column = QtWidgets.QVBoxLayout(left)
        column.setContentsMargins(12, 10, 12, 10)
        column.addWidget(self.progress)
        column.addWidget(self.counts)
        column.addLayout(head)
        column.addWidget(self.view, 3)
        column.addWidget(self.details, 1)
        right = QtWidgets.QWidget()
        beside = QtWidgets.QVBoxLayout(right)
        beside.setContentsMargins(0, 0, 0, 0)
        beside.addWidget(self.plan, 1)
        beside.addWidget(self.interrupted)
        beside.addLayout(asking)
        splitter = QtWidgets.QSplitter(QtCore.Qt.Horizontal)
        splitter.setHandleWidth(8)
        splitter.setChildrenCollapsible(False)
        splitter.addWidget(left)
        splitter.addWidget(right)
        splitter.setSizes([680, 580])
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(0, 8, 0, 0)
        layout.addLayout(top)
        layout.addWidget(splitter, 1)
        layout.addWidget(self.said)

    def _connect(self) -> None:
        self.open.clicked.connect(self._choose)
        self.file.returnPressed.connect(lambda: self.open_campaign(Path(self.file.text().strip())))
        self.out.editingFinished.connect(self._folder_changed)
        self.check.clicked.connect(self.check_plan)
        self.plan.accepted.connect(self._show_choice)
        self.planner.answered.connect(self._planned)
        self.start.clicked.connect(self._start)
        self.finish.clicked.connect(lambda: self.asked.emit("finish device"))
        for button, word in ((self.skip, "skip"), (self.first, "first"), (self.last, "last")):
            button.clicked.connect(lambda _=False, word=word: self._ask_of_devices(word))
        self.words.textChanged.connect(self.filter.ask)
        self.looking.done.connect(self._show)
        self.looking.failed.connect(self._problem)
        self._timer.timeout.connect(self.look)
        self.details.itemActivated.connect(lambda item: self._open_run(item.row()))
        selection = self.view.selectionModel()
        assert selection is not None  # a view with a model has one
        selection.selectionChanged.connect(lambda *_: self._show_details())

    # -------------------------------------------------------------------------------------------- the file

    def open_campaign(self, path: Path, out: Path | None = None) -> None:
        """Show a campaign; ``out``: folder of its runs, by default one of its name beside the file."""
        path = path.absolute()
        name = path.name.removesuffix(".toml").removesuffix(".campaign").removesuffix(".list")
        kept = self._settings.value(f"campaign_folders/{path}", "")
        folder = out or (Path(str(kept)) if kept else path.parent / "runs" / name)
        self.file.setText(str(path))
        self.out.setText(str(folder))
        recent = [str(path), *(one for one in self._recent() if one != str(path))][:_RECENT]
        self._settings.setValue("recent_campaigns", recent)
        self._show_recent()
        self._folder_changed()

    def _folder_changed(self) -> None:
        path, folder = Path(self.file.text().strip()), Path(self.out.text().strip())
        if not self.file.text().strip() or (self._follower is not None and (
                self._follower.path, self._follower.out) == (path, folder)):
            return
        self._settings.setValue(f"campaign_folders/{path}", str(folder))
        self._follower, self.shown = CampaignFollower(path, folder), None
        self.table.show_runs([])
        self.plan.forget("no plan yet")
        self.look()
        self._timer.start()
        self.check_plan()

    def check_plan(self) -> None:
        """Have the campaign planned as a whole, in a process of its own."""
        if self._follower is None or self.planner.running():
            return
        words = self._busy()
        self._plan_later = bool(words)
        if words:
            self.plan.forget(f"no plan yet: {words}")
            return
        self.plan.forget("planning: the instruments are identified, no output is switched on …")
        self.planner.ask(self._arguments("--dry-run"))
        self.planning.emit(True)
        self._show_choice()

    def _arguments(self, *more: str) -> list[str]:
        assert self._follower is not None
        resume = ["--resume"] if self.shown is not None and self.shown.begun else []
        return ["run", str(self._follower.path), "--out", str(self._follower.out), *resume, *more]

    def _planned(self, plan: object, ending: Ending) -> None:
        self.planning.emit(False)
        if isinstance(plan, dict) and "verdict" in plan:
            self.plan.show_plan(plan)
        else:
            self.plan.forget(ending.message)
        self._show_choice()

    # ------------------------------------------------------------------------------------------ its progress

    def look(self) -> None:
        """Read how the campaign stands, beside the window."""
        if (follower := self._follower) is not None and not self.looking.busy():
            self.looking.do(lambda: (follower, follower.look()))

    def _show(self, found: tuple[CampaignFollower, CampaignView]) -> None:
        follower, view = found
        if follower is not self._follower:
            self.look()   # another campaign was opened meanwhile
            return
        fresh = self.shown is None or (self.shown.begun, self.shown.measuring) != (view.begun, view.measuring)
        self.shown = view
        self.table.show_runs(view.runs)
        counted = {word: sum(run.status == status for run in view.runs) for status, word in WORDS.items()}
        self.counts.setText("   ".join(f"{word}: {count}" for word, count in counted.items() if count))
        self.progress.setRange(0, max(len(view.runs), 1))
        self.progress.setValue(view.decided)
        now = next((run.key for run in view.runs if run.status == RUNNING), "")
        self.progress.setFormat(f"{view.name}: {view.decided} of {len(view.runs)} runs{f', now {now}' if now else ''}")
        self._show_details()
        if self._plan_later and not self._busy():
            self.check_plan()
        if fresh:
            self._problem("" if not view.problems else view.problems[0])
            self._say_state(view)
        self._show_choice()

    def _say_state(self, view: CampaignView) -> None:
        if view.problems:
            return
        interrupted = [run.key for run in view.runs if run.status == "interrupted"]
        if view.measuring:
            self.said.setText("this window measures the campaign" if self.mine else
                              "another process measures this campaign. This window shows how far it has come")
        elif view.begun and view.decided < len(view.runs):
            again = "" if view.asks else ", and it is not repeated"
            more = (f" {', '.join(interrupted[:3])} was begun and not finished{again}. Its planned worst case counts "
                    "in the budget." if interrupted else "")
            self.said.setText(f"the campaign was begun in this folder and is not finished.{more} Resume measures what "
                              "is left")
        elif view.begun:
            self.said.setText("every run of the campaign has its outcome")
        else:
            self.said.setText("the campaign has not been begun in this folder")

    def _problem(self, words: str) -> None:
        if words:
            self.said.setText(words)

    # ---------------------------------------------------------------------------------------------- asking

    def set_mine(self, mine: bool) -> None:
        """Say whether this window measures the campaign."""
        self.mine = mine
        self.look()
        self._show_choice()
        if not mine and self._follower is not None and not self._busy():
            self.check_plan()

    def _start(self) -> None:
        if words := self._busy():
            self.said.setText(words)
            return
        accept = ["--accept"] if self.plan.verdict == "amber" and self.plan.accept.isChecked() else []
        if self.interrupted.isVisibleTo(self):
            accept += ["--interrupted", str(self.interrupted.currentData())]
        name = self.shown.name if self.shown is not None else ""
        self.start_wanted.emit(self._arguments("--events", *accept), f"campaign {name}")

    def _ask_of_devices(self, word: str) -> None:
        for device in self.chosen():
            self.asked.emit(f"{word} {_as_pattern(device)} *")
        self.said.setText(f"asked: {word} {', '.join(self.chosen()[:5])}")

    def chosen(self) -> list[str]:
        """Return the devices of the chosen cells, from top to bottom."""
        selection = self.view.selectionModel()
        rows = sorted({self.filter.mapToSource(index).row() for index in selection.selectedIndexes()}
                      if selection is not None else ())
        return [self.table.devices[row] for row in rows]

    def _show_choice(self) -> None:
        view, busy = self.shown, self._busy()
        begun = view is not None and view.begun
        finished = view is not None and begun and view.decided == len(view.runs)
        other = view is not None and view.measuring and not self.mine
        self.start.setText("&Resume" if begun else "&Start")
        self.interrupted.setVisible(view is not None and view.asks and not view.measuring and any(
            run.status == "interrupted" for run in view.runs))
        why = (busy or ("another process measures this campaign" if other else "") or (
               "every run has its outcome" if finished else "") or ("" if self.plan.may_begin() else {
                   "red": "the plan is refused", "amber": "accept the lines of the plan first"}.get(
                       self.plan.verdict, "the campaign is not planned yet")))
        self.start.setEnabled(not why)
        self.start.setToolTip(why or "Measure what is left of the campaign. STOP (Esc) ends it at any time")
        self.finish.setEnabled(self.mine)
        for button in (self.skip, self.first, self.last):
            button.setEnabled(self.mine and bool(self.chosen()))
        self.check.setEnabled(self._follower is not None and not self.planner.running() and not busy)

    def _show_details(self) -> None:
        devices = self.chosen()
        runs = self.table.runs_of(devices[0]) if devices else []
        self.details.setRowCount(len(runs))
        for row, run in enumerate(runs):
            for column, text in enumerate((run.key, WORDS.get(run.status, run.status),
                                           run.reason or Path(run.path).name)):
                item = QtWidgets.QTableWidgetItem(text)
                item.setToolTip(run.path or run.reason)
                self.details.setItem(row, column, item)
        self._show_choice()

    def _open_run(self, row: int) -> None:
        run = self._run_of(row)
        if run is not None and run.path and self._follower is not None:
            self.run_wanted.emit(self._follower.out / Path(run.path).name)

    def _run_of(self, row: int) -> FollowedRun | None:
        devices = self.chosen()
        runs = self.table.runs_of(devices[0]) if devices else []
        return runs[row] if row < len(runs) else None

    # --------------------------------------------------------------------------------------------- choosing

    def _choose(self) -> None:
        recent = self._recent()
        start = str(Path(recent[0]).parent if recent else Path.cwd())
        PathChooser(self, "Open campaign", start, lambda name: self.open_campaign(Path(name)),
                    "Campaign files (*.toml);;All files (*)")

    def _recent(self) -> Sequence[str]:
        recent = self._settings.value("recent_campaigns", [])
        return [recent] if isinstance(recent, str) else list(recent or [])

    def _show_recent(self) -> None:
        menu = self.recent.menu()
        assert menu is not None  # it was given one
        menu.clear()
        for name in self._recent():
            action = menu.addAction(name)
            if action is not None:
                action.triggered.connect(lambda _=False, name=name: self.open_campaign(Path(name)))
        self.recent.setEnabled(bool(self._recent()))


def _as_pattern(device: str) -> str:
    """Return a pattern that matches this name only."""
    return "".join(f"[{sign}]" if sign in "*?[" else sign for sign in device)


def _entry(name: str, placeholder: str = "") -> QtWidgets.QLineEdit:
    entry = QtWidgets.QLineEdit()
    entry.setAccessibleName(name)
    entry.setToolTip(name)
    entry.setPlaceholderText(placeholder)
    return entry


def _button(words: str, tip: str) -> QtWidgets.QPushButton:
    button = QtWidgets.QPushButton(words)
    button.setToolTip(tip)
    return button
