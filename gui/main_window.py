"""The window: what stands where, and what each button sets going."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PyQt5 import QtCore, QtGui, QtWidgets

from tsbench.errors import ConfigurationError
from tsbench.gui.bench_panel import BenchPanel
from tsbench.gui.run_panel import RunPanel
from tsbench.gui.run_view import RunView
from tsbench.gui.runner_client import Ending, JsonCommand, RunnerClient
from tsbench.gui.top_bar import TopBar
from tsbench.protocols import PROTOCOLS
from tsbench.text_files import read_toml

_SIZE = (1280, 860)
_STOP_PATIENCE_MS = 10_000  #: a stop that takes longer is reported, and may then be forced
_CLOSE_PATIENCE_S = 15.0


class MainWindow(QtWidgets.QMainWindow):
    """Choose a bench, a device and a protocol; run it, watch it, stop it, read the numbers."""

    def __init__(self, bench: Path | None = None) -> None:
        super().__init__()
        self.setWindowTitle("tsbench")
        self.resize(*_size())
        self.bench: Path | None = None
        self.client = RunnerClient(self)
        self.checker = JsonCommand(self)
        self.bar = TopBar()
        self.bench_panel = BenchPanel()
        self.run_panel = RunPanel(PROTOCOLS)
        self.view = RunView()
        self._stopping = False
        self._overdue = QtCore.QTimer(self)
        self._overdue.setSingleShot(True)
        self._overdue.setInterval(_STOP_PATIENCE_MS)
        self._overdue.timeout.connect(self._stop_overdue)
        self._read_back: dict[str, bool | None] = {}
        self._started = False  # the run has begun to send
        self._lay_out()
        self._connect()
        if bench is not None:
            self.open_bench(bench)

    # ------------------------------------------------------------------------------------------ layout

    def _lay_out(self) -> None:
        left = QtWidgets.QWidget()
        column = QtWidgets.QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.bench_panel)
        column.addWidget(self.run_panel, 1)
        left.setMinimumWidth(390)
        splitter = QtWidgets.QSplitter(QtCore.Qt.Horizontal)
        splitter.setHandleWidth(8)
        splitter.setChildrenCollapsible(False)
        splitter.addWidget(left)
        splitter.addWidget(self.view)
        splitter.setStretchFactor(1, 1)
        splitter.setSizes([420, 860])
        central = QtWidgets.QWidget()
        layout = QtWidgets.QVBoxLayout(central)
        layout.setContentsMargins(10, 10, 10, 10)
        layout.addWidget(self.bar)
        layout.addWidget(splitter, 1)
        self.setCentralWidget(central)

    def _connect(self) -> None:
        self.bar.bench_chosen.connect(self.open_bench)
        self.bench_panel.check_wanted.connect(self.check)
        self.run_panel.run_wanted.connect(self.run)
        self.bar.stop_wanted.connect(self.stop)
        self.bar.pause_wanted.connect(self._pause_or_resume)
        self._escape = QtWidgets.QShortcut(QtGui.QKeySequence(QtCore.Qt.Key_Escape), self, self._escaped)
        self._escape.setContext(QtCore.Qt.ApplicationShortcut)
        self.client.told.connect(self._follow)
        self.client.complaint.connect(lambda text: self.view.say(text, "dim"))
        self.client.ended.connect(self._run_ended)
        self.checker.answered.connect(self._checked)

    # ------------------------------------------------------------------------------------------- bench

    def open_bench(self, path: Path) -> None:
        """Read the bench file and ask its instruments who they are."""
        path = Path(path).absolute()
        if self.client.running():
            self.view.say("a run is in progress: the bench stays", "warning")
            return
        try:
            content = read_toml(path, "bench file")
        except ConfigurationError as error:
            self.view.show_problem(str(error))
            return
        self.bench = path
        name = str(content.get("name", path.stem))
        self.setWindowTitle(f"{name} - tsbench")
        self.bar.show_bench(name, path)
        devices = content.get("devices", {})
        self.run_panel.set_devices(list(devices) if isinstance(devices, dict) else [])
        self.bar.badge.show_state(None)
        self.bench_panel.show_instruments([], [])
        self._read_back = {}
        self.view.show_problem("")
        self.view.say(f"bench {path}")
        self.check()

    def check(self) -> None:
        """Have the instruments identified, made safe and read back, by a process of its own."""
        if self.bench is None or self.checker.running() or self.client.running():
            return
        self.bench_panel.set_busy(True, "asking the instruments who they are …")
        self.run_panel.set_hindrance("asking the instruments who they are …")
        self.checker.ask(["check", str(self.bench)])

    def _checked(self, report: Any, ending: Ending) -> None:
        self.bench_panel.set_busy(False)
        if not isinstance(report, dict):
            self.bench_panel.show_note(ending.message, problem=True)
            self.bar.badge.show_state(None)
            self._show_outputs_unknown("the bench could not be reached")
            self.view.show_problem(ending.message)
            self.view.say(ending.message, "problem")
            self.run_panel.set_hindrance("the bench does not answer: put it right, then press Check")
            return
        outputs = {str(state["output"]): bool(state["enabled"]) for state in report["outputs"]}
        instruments = report["instruments"]
        self.bar.badge.show_state(
            any(instrument["simulated"] for instrument in instruments) if instruments else None
        )
        self.bench_panel.show_instruments(instruments, list(outputs))
        self._show_outputs(outputs)
        problems, warnings = report.get("problems", []), report.get("warnings", [])
        self.bench_panel.show_note("\n".join([*problems, *warnings]), problem=bool(problems))
        for text in problems:
            self.view.say(text, "problem")
        for text in warnings:
            self.view.say(text, "warning")
        for text in report.get("predictions", []):
            self.view.say(text, "dim")
        self.run_panel.set_hindrance("")

    # --------------------------------------------------------------------------------------------- run

    def run(self) -> None:
        """Start the chosen protocol in a process of its own."""
        if self.bench is None or self.client.running() or self.checker.running():
            return
        request = self.run_panel.request()
        protocol = self.run_panel.chosen()
        self.view.begin(f"{protocol.title} on {request['device']}", protocol.columns)
        self._read_back = {}
        self._started = False
        self._stopping = False
        self.run_panel.set_hindrance("a run is in progress")
        self.bench_panel.set_busy(True, "measuring")
        self.bar.pause.setEnabled(True)
        self.bench_panel.forget_outputs()
        self.bar.say_of_outputs("measuring: outputs may be on")
        self.client.measure(bench=str(self.bench), **request)

    def stop(self) -> None:
        """Stop the run and switch every output off; without a run, make the bench safe."""
        if not self.client.running():
            self.check()
            return
        if self._stopping and not self._overdue.isActive():
            self.view.say("the measuring process is ended by force", "problem")
            self.client.kill()
            return
        if not self._stopping:
            self._stopping = True
            self.bar.say_of_outputs("stopping …")
            self.view.say("stop", "warning")
            self.client.stop()
            self._overdue.start()

    def _escaped(self) -> None:
        if self.client.running():
            self.stop()

    def _stop_overdue(self) -> None:
        if self.client.running():
            self.view.show_problem(
                "the measuring process has not stopped yet. Watch the panels of the instruments; "
                "STOP again ends the process by force"
            )

    def _pause_or_resume(self, pause: bool) -> None:
        if self.client.running():
            (self.client.pause if pause else self.client.resume)()

    def _follow(self, event: Mapping[str, Any]) -> None:
        self._started = True
        if event.get("kind") == "output":
            self._read_back.update({str(name): state for name, state in event.get("data", {}).items()})
            self._show_outputs(self._read_back)
        self.view.handle(event)

    def _run_ended(self, ending: Ending) -> None:
        self._overdue.stop()
        self.bar.pause.setChecked(False)
        self.bar.pause.setEnabled(False)
        self.view.end(ending.message, ending.good)
        self.bench_panel.set_busy(False)
        self.run_panel.set_hindrance("")
        self._stopping = False
        if ending.code is None or (self._started and not self._read_back):
            self._show_outputs_unknown("the measuring process ended without reading them back")
            folder = self.run_panel.request()["out"]
            self.view.say(
                f"what was measured is kept; 'tsbench recover {folder}' makes its run file", "warning"
            )
            self.check()
        elif not self._read_back:  # refused before anything was sent
            self.check()

    # ----------------------------------------------------------------------------------------- outputs

    def _show_outputs(self, states: Mapping[str, bool | None]) -> None:
        self.bench_panel.show_outputs(states)
        self.bar.show_outputs(states)

    def _show_outputs_unknown(self, why: str) -> None:
        self.bench_panel.forget_outputs()
        self.bar.say_of_outputs("outputs: <b>unknown, check the panel</b>", why)
        self.view.say(f"outputs unknown: {why}", "problem")

    # ------------------------------------------------------------------------------------------- close

    def closeEvent(self, event: QtGui.QCloseEvent | None) -> None:  # noqa: N802  Qt's name
        """Ask before a run is cut short; leave only when it has ended."""
        if event is None:
            return
        if self.client.running():
            answer = QtWidgets.QMessageBox.question(
                self,
                "A run is in progress",
                "Stop the run, switch the outputs off and close?",
                QtWidgets.QMessageBox.Yes | QtWidgets.QMessageBox.No,
                QtWidgets.QMessageBox.No,
            )
            if answer != QtWidgets.QMessageBox.Yes:
                event.ignore()
                return
            self.client.stop()
            if not self.client.wait(_CLOSE_PATIENCE_S):
                self.view.show_problem(
                    "the measuring process has not stopped: the window stays. Check the panels of "
                    "the instruments"
                )
                event.ignore()
                return
        if self.checker.running():
            self.checker.wait(_CLOSE_PATIENCE_S)
        event.accept()


def _size() -> tuple[int, int]:
    """Return the size to open with: comfortable, and never larger than the screen."""
    screen = QtWidgets.QApplication.primaryScreen()
    if screen is None:
        return _SIZE
    room = screen.availableGeometry()
    return min(_SIZE[0], room.width() - 20), min(_SIZE[1], room.height() - 60)
