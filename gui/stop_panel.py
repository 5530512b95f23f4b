"""A small window of its own that stays above all others: STOP, its second key, Pause, and what the outputs are."""

from collections.abc import Mapping
from typing import Any

from PyQt5 import QtCore, QtGui, QtWidgets

from tsbench.gui.bench_panel import OutputLamp
from tsbench.gui.output_book import OutputBook, OutputFact
from tsbench.gui.run_control import RunControl
from tsbench.gui.top_bar import TopBar
from tsbench.gui.window_place import keep_place, restore_place

_ALWAYS = "stop_panel/always"
_PLACE = "stop_panel/place"
_FLAGS = QtCore.Qt.Tool | QtCore.Qt.WindowStaysOnTopHint | QtCore.Qt.WindowTitleHint | QtCore.Qt.WindowCloseButtonHint
_NO_RUN = "no run"
_ASKED = ("Pause was\nasked for …", "The run pauses at its next place of rest. Press again to go on without a pause")
_ASKED_DEVICE = ("Pauses after\nthis device …", "The campaign pauses before it goes on to another device. Press again "
                 "to go on without a pause")
_RESUME = ("Resume", "Go on with the run")
#: words and tip of the button beside STOP, by what measures
_FINISH = {
    "run": ("Finish this\ncycle, then\npause",
            "The run pauses at its next place of rest, where the source is at zero or off"),
    "campaign": ("Finish this\ndevice, then\npause",
                 "The campaign finishes the present device and pauses before the next one"),
}


class StopPanel(QtWidgets.QWidget):
    """STOP for a gloved hand, above dialogs too, with the read-back of every output beside it.

    It is shown while a run goes on, and without a run where the user wants it. It never takes the focus by itself.

    Parameters
    ----------
    book : OutputBook
        What is known of the outputs.
    parent : QWidget
        The window that it belongs to.
    """

    stop_wanted = QtCore.pyqtSignal()
    finish_wanted = QtCore.pyqtSignal()  #: pause at the next place of rest, or go on
    resume_wanted = QtCore.pyqtSignal()  #: no pause after this device
    device_wanted = QtCore.pyqtSignal()  #: of a campaign: finish the present device, then pause
    always_changed = QtCore.pyqtSignal(bool)  #: whether it is shown without a run, too

    def __init__(self, book: OutputBook, parent: QtWidgets.QWidget) -> None:
        super().__init__(parent, _FLAGS)
        self.setAttribute(QtCore.Qt.WA_ShowWithoutActivating)
        self.setAttribute(QtCore.Qt.WA_StyledBackground)
        self.setObjectName("stop_panel")
        self.setWindowTitle("STOP - tsbench")
        self._settings = QtCore.QSettings()
        self._put_at: QtCore.QPoint | None = None  #: where it stands as long as the user has not moved it
        self._lives = self._asked = self._after_device = False
        self._kind, self._why_not = "run", "no run goes on"  #: what measures; why it cannot pause, "" where it can
        self._rows: dict[str, tuple[OutputLamp, QtWidgets.QLabel]] = {}
        self._book = book
        self.stop = QtWidgets.QPushButton("■  STOP")
        self.stop.setObjectName("stop_large")
        self.stop.setToolTip("Stop the run, switch the outputs off and read every output back. Without a run, switch "
                             "the outputs off")
        self.stop.clicked.connect(self.stop_wanted)
        self._keys = QtWidgets.QLabel("Keys: Esc, or with gloves Ctrl+Space, F12 or Pause")
        self._keys.setProperty("role", "dim")
        self._keys.setWordWrap(True)
        self.finish = QtWidgets.QPushButton()
        self.finish.setObjectName("finish")
        self.finish.clicked.connect(self._finish)
        self._state = QtWidgets.QLabel(_NO_RUN)
        self._state.setWordWrap(True)
        self._state.setObjectName("stop_state")
        self._outputs = QtWidgets.QGridLayout()
        self._outputs.setHorizontalSpacing(12)
        self._outputs.setVerticalSpacing(2)
        buttons = QtWidgets.QHBoxLayout()
        buttons.addWidget(self.stop, 3)
        buttons.addWidget(self.finish, 2)
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(12, 10, 12, 10)
        column.addLayout(buttons)
        column.addWidget(self._keys)
        column.addWidget(self._state)
        column.addLayout(self._outputs)
        column.addStretch(1)
        for button in (self.stop, self.finish):
            button.setSizePolicy(QtWidgets.QSizePolicy.Preferred, QtWidgets.QSizePolicy.Expanding)
        self.stop.setMinimumSize(210, 110)
        book.changed.connect(self._show_outputs)
        self._show_finish()
        self._show_outputs()
        parent.installEventFilter(self)

    def always(self) -> bool:
        """Whether the user wants it without a run, too."""
        return str(self._settings.value(_ALWAYS, "false")) == "true"

    def show_always(self, wanted: bool) -> None:
        """Show it from now on without a run, too, or only while a run goes on; remembered."""
        if wanted != self.always():
            self._settings.setValue(_ALWAYS, "true" if wanted else "false")
            self.always_changed.emit(wanted)
        self._show_or_hide()

    def show_run(self, lives: bool, kind: str = "run", why_not: str = "") -> None:
        """A run or campaign has begun, or none goes on any more.

        Parameters
        ----------
        lives : bool
        kind : "run" or "campaign"
            What measures.
        why_not : str
            Why it cannot finish what it does and pause then; "" where it can.
        """
        self._lives, self._kind, self._after_device = lives, kind, False
        self._why_not = why_not if lives else "no run goes on"
        self._state.setText("measuring" if lives else _NO_RUN)
        self._show_finish()
        self._show_or_hide()

    def say(self, words: str) -> None:
        """Show what a stop has come to, or another state of the run."""
        self._state.setText(words)

    def hear(self, event: Mapping[str, Any]) -> None:
        """Follow the state of the run."""
        state = (event.get("data") or {}).get("state")
        if state == "paused":
            self._after_device = False
            self._show_finish(_RESUME)
        elif state == "running":
            self._show_finish(_ASKED_DEVICE if self._after_device else None)
        if state in ("paused", "running", "extracting"):
            self.say({"running": "measuring", "extracting": "extracting the numbers …"}.get(state, state))

    def show_pause_asked(self, wanted: bool) -> None:
        """Show that a pause was asked for and has not come yet, or that it is not wanted any more."""
        if self._lives:
            self._show_finish(_ASKED if wanted else None)

    def attach(self, bar: TopBar, control: RunControl) -> None:
        """Do what the buttons of the strip do, follow the run, and be offered in the menu View and by a key."""
        self.stop_wanted.connect(bar.stop_wanted)
        self.finish_wanted.connect(bar.pause.click)
        bar.pause_wanted.connect(self.show_pause_asked)
        control.told.connect(self.hear)
        control.stopping.connect(self.say)
        action = bar.view.add_action(
            "Stop &panel without a run, too", "F9", "A small window with STOP and the outputs that stays above all "
            "others. It is always shown while a run goes on", checkable=True)
        action.setChecked(self.always())
        action.toggled.connect(self.show_always)
        self.always_changed.connect(action.setChecked)

    def place_on(self, window: QtCore.QRect) -> None:
        """Stand at the lower right corner of a window [pixels], unless the user has chosen a place."""
        layout = self.layout()
        if layout is not None:
            layout.activate()
        self.resize(self.sizeHint())
        if not restore_place(self, _PLACE):
            size = self.sizeHint()
            self._put_at = window.bottomRight() - QtCore.QPoint(size.width() + 24, size.height() + 48)
            self.move(self._put_at)

    def closeEvent(self, event: QtGui.QCloseEvent | None) -> None:  # noqa: N802  Qt's name
        """Hide; the next run shows it again."""
        self.show_always(False)
        if event is not None:
            event.accept()
        self.hide()

    def hideEvent(self, event: QtGui.QHideEvent | None) -> None:  # noqa: N802  Qt's name
        """Remember the place that the user has given it."""
        if self.pos() != self._put_at:
            keep_place(self, _PLACE)
        super().hideEvent(event)

    def eventFilter(self, watched: QtCore.QObject | None, event: QtCore.QEvent | None) -> bool:  # noqa: N802  Qt's name
        """Be there with the window that it belongs to, and go with it."""
        if event is not None and watched is self.parentWidget():
            if event.type() == QtCore.QEvent.Show and not event.spontaneous():
                QtCore.QTimer.singleShot(0, self._show_or_hide)
            elif event.type() == QtCore.QEvent.Hide and not event.spontaneous():
                self.hide()
        return False

    def _finish(self) -> None:
        if self._kind == "campaign" and not self._asked:
            self._after_device = True
            self._show_finish(_ASKED_DEVICE)
            self.device_wanted.emit()
        elif self._after_device:
            self._after_device = False
            self._show_finish()
            self.resume_wanted.emit()
        else:
            self.finish_wanted.emit()

    def _show_or_hide(self) -> None:
        owner = self.parentWidget()
        wanted = (self._lives or self.always()) and owner is not None and owner.isVisible()
        if wanted and owner is not None and not self.isVisible():
            self.place_on(owner.geometry())
            self.show()
        elif not wanted and self.isVisible():
            self.hide()

    def _show_finish(self, shown: tuple[str, str] | None = None) -> None:
        words, tip = shown or _FINISH[self._kind]
        self._asked = shown is not None  # a pause was asked for, or goes on
        self.finish.setText(words)
        self.finish.setEnabled(not self._why_not)
        self.finish.setToolTip(f"{tip}. This is not possible now: {self._why_not}" if self._why_not else tip)
        self.finish.setAccessibleName(words.replace("\n", " "))

    def _show_outputs(self) -> None:
        facts = self._book.facts
        if list(facts) != list(self._rows):
            for lamp, when in self._rows.values():
                lamp.deleteLater()
                when.deleteLater()
            self._rows = {}
            for row, output in enumerate(facts):
                when = QtWidgets.QLabel()
                when.setProperty("role", "dim")
                self._rows[output] = (OutputLamp(output), when)
                self._outputs.addWidget(self._rows[output][0], row, 0)
                self._outputs.addWidget(when, row, 1)
        for output, (lamp, when) in self._rows.items():
            fact = facts.get(output, OutputFact())
            lamp.show_fact(fact)
            when.setText(fact.when)
        owner = self.parentWidget()
        if self.isVisible() and self.pos() == self._put_at and owner is not None:
            self.place_on(owner.geometry())   # longer words need more room

    def outputs(self) -> dict[str, tuple[str, str]]:
        """Return what is shown of each output: its state and the time of the read-back, in words."""
        return {output: (lamp.fact.word, when.text()) for output, (lamp, when) in self._rows.items()}
