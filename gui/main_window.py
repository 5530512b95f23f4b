"""The window: its layout, and the action of each button."""

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PyQt5 import QtGui, QtWidgets

from tsbench.errors import ConfigurationError
from tsbench.gui.bench_panel import BenchPanel
from tsbench.gui.campaigns.campaign_screen import CampaignScreen
from tsbench.gui.first_start import FirstStart
from tsbench.gui.form_memory import FormMemory
from tsbench.gui.hand_question import HandQuestion
from tsbench.gui.health_strip import HealthStrip
from tsbench.gui.measure_screen import measure_screen
from tsbench.gui.owner_watch import OwnerWatch
from tsbench.gui.question_bar import QuestionBar
from tsbench.gui.run_control import RunControl
from tsbench.gui.run_panel import RunPanel
from tsbench.gui.run_view import RunView
from tsbench.gui.runner_client import Ending, JsonCommand
from tsbench.gui.sample.sample_screen import SampleScreen
from tsbench.gui.screens import Screens
from tsbench.gui.stop_key import StopKey
from tsbench.gui.stop_panel import StopPanel
from tsbench.gui.stored_runs.run_browser import RunBrowser
from tsbench.gui.top_bar import TopBar
from tsbench.gui.tour_steps import made_tour
from tsbench.gui.window_place import comfortable_size, keep_place, restore_place
from tsbench.protocols import PROTOCOLS
from tsbench.station.service.performing import stop_bench, trace_bench
from tsbench.text_files import read_toml

_CLOSE_PATIENCE_S = 15.0
_MEASURING = "measuring, outputs may be on"
_PLACE = "window/place"  #: key of the settings


class MainWindow(QtWidgets.QMainWindow):
    """Choose a bench, a device and a protocol; run it, watch it, stop it, read the numbers."""

    def __init__(self, bench: Path | None = None, trace: Path | None = None, log: Path | None = None) -> None:
        super().__init__()
        self.setWindowTitle("tsbench")
        self.resize(comfortable_size())
        restore_place(self, _PLACE)
        self.bench: Path | None = None
        self.control = RunControl(self)
        self.owner = OwnerWatch(self)
        self.checker = JsonCommand(self)
        self.bar = TopBar()
        self.question = QuestionBar()
        self.by_hand = HandQuestion()
        self.bench_panel = BenchPanel()
        self.run_panel = RunPanel(PROTOCOLS.things())
        self.view = RunView()
        self.first = FirstStart()
        self.browser = RunBrowser(self.run_panel.folder)
        self.sample = SampleScreen(lambda: self.bench, self.run_panel.folder)
        self.campaigns = CampaignScreen(lambda: self.run_panel.in_the_way()
                                        if self.bench is not None or self.control.running() else "")
        self.screens = Screens()
        self.health = HealthStrip(self.run_panel.folder)
        self.stop_panel = StopPanel(self.bench_panel.book, self)
        self._closing = False  # as soon as the run has ended
        self._looked_on = False  # at a run of another process
        self._service = False  # a bench service has the bench: runs wait for their turn there
        self._log = [] if log is None else ["--log", str(log.absolute())]
        self._lay_out()
        self.tour = made_tour(self, self.first, self.bar, self.bench_panel, self.run_panel, self.view)
        self._connect()
        if trace is not None:
            self.view.wire.write_to(trace)
        self.view.wire.traced.toggled.connect(self._trace_service)
        if bench is not None:
            self.open_bench(bench)

    # ------------------------------------------------------------------------------------------ layout

    def _lay_out(self) -> None:
        central = QtWidgets.QWidget()
        layout = QtWidgets.QVBoxLayout(central)
        layout.setContentsMargins(10, 10, 10, 4)
        layout.addWidget(self.bar)
        layout.addWidget(self.question)
        layout.addWidget(self.by_hand)
        measure = measure_screen(self.bench_panel, self.run_panel, self.first, self.view)
        self.screens.add(measure, "Measure")
        self.screens.add(self.browser, "Runs")
        self.screens.add(self.sample, "Sample")
        self.screens.add(self.campaigns, "Campaign")
        layout.addWidget(self.screens, 1)
        layout.addWidget(self.health)
        self.setCentralWidget(central)

    def _connect(self) -> None:
        self.bar.bench_chosen.connect(self.open_bench)
        self.bench_panel.check_wanted.connect(self.check)
        self.run_panel.run_wanted.connect(self.run)
        self.bar.stop_wanted.connect(self.stop)
        self.bar.pause_wanted.connect(self._pause_or_resume)
        self._stop_key = StopKey(self.bar.stop, self.control.running, self.stop, self.stop_panel.stop)
        self.stop_panel.attach(self.bar, self.control)
        self.stop_panel.resume_wanted.connect(lambda: self.control.pause(False))
        self.stop_panel.device_wanted.connect(lambda: self.control.child.say("finish device"))
        self.control.told.connect(self.tour.hear)
        self.control.told.connect(self.health.hear)
        self.view.log.said.connect(self.health.hear_message)
        self.tour.begun.connect(lambda: self.screens.go_to("Measure"))
        self.first.bench_wanted.connect(self.open_bench)
        self.first.bench_wanted.connect(lambda path: self.run_panel.out.setText(str(path.parent / "runs")))
        self.question.stop_and_close.connect(self._stop_and_close)
        self.control.told.connect(self._follow)
        self.control.complaint.connect(lambda text: self.view.say(text, "dim"))
        self.control.stopping.connect(self._show_stopping)
        self.control.overdue.connect(self._show_overdue)
        self.control.ended.connect(self._run_ended)
        self.owner.runs.connect(self._attach)
        self.owner.gone.connect(self.check)
        self.checker.answered.connect(self._checked)
        self.campaigns.start_wanted.connect(self.run_campaign)
        self.campaigns.planning.connect(
            lambda goes_on: self.run_panel.set_hindrance("a campaign is being planned" if goes_on else ""))
        self.campaigns.asked.connect(self.control.child.say)
        self.campaigns.run_wanted.connect(lambda path: self.browser.look_in(path.parent, path.stem))
        self.campaigns.run_wanted.connect(lambda _: self.screens.go_to("Runs"))
        self.sample.measure_wanted.connect(self.run_panel.device.setCurrentText)
        self.sample.measure_wanted.connect(lambda _: self.screens.go_to("Measure"))
        self.sample.runs_wanted.connect(self.browser.words.setText)
        self.sample.runs_wanted.connect(lambda _: self.screens.go_to("Runs"))

    # ------------------------------------------------------------------------------------------- bench

    def open_bench(self, path: Path) -> None:
        """Read the bench file and ask its instruments who they are."""
        path = Path(path).absolute()
        if self.control.attached():
            self.control.other.detach()  # it goes on without this window
            self._rest()
        if self.control.running():
            self.view.say("a run is in progress, so the bench cannot be changed", "warning")
            return
        try:
            content = read_toml(path, "bench file")
        except ConfigurationError as error:
            self.view.show_problem(str(error))
            return
        self.bench = path
        self.first.leave()
        name = str(content.get("name", path.stem))
        self.setWindowTitle(f"{name} - tsbench")
        self.bar.show_bench(name, path)
        devices = content.get("devices", {})
        self.run_panel.open_bench(list(devices) if isinstance(devices, dict) else [], FormMemory(path))
        self.bar.badge.show_state(None)
        self.bench_panel.show_instruments([], [])
        self.owner.forget()
        self.view.show_problem("")
        self.view.say(f"bench {path}")
        living = OwnerWatch.living_run(path, Path(self.run_panel.request()["out"]))
        if living is not None:
            self._attach(living)
        if not self.control.attached():
            self.check()

    def check(self) -> None:
        """Have the instruments identified, made safe and read back, by a process of its own."""
        if self.bench is None or self.checker.running() or self.control.running():
            return
        self.owner.forget()
        self.bench_panel.set_busy(True, "identifying the instruments …")
        self.run_panel.set_hindrance("identifying the instruments …")
        self.checker.ask(["check", str(self.bench), *self._log_options()])

    def _checked(self, report: Any, ending: Ending) -> None:
        self.bench_panel.set_busy(False)
        about = report.get("in_use", report.get("service")) if isinstance(report, dict) else None
        self._service = isinstance(about, dict) and bool(about.get("service"))
        if isinstance(report, dict) and "in_use" in report:
            self._look(report["in_use"], str(report.get("message", "")))
            return
        if not isinstance(report, dict):
            self.bench_panel.show_note(ending.message, problem=True)
            self.bar.badge.show_state(None)
            self._show_outputs_unknown("the bench could not be reached")
            self.view.show_problem(ending.message)
            self.view.say(ending.message, "problem")
            self.run_panel.set_hindrance("the bench does not answer. Correct the problem, then press Check")
            return
        outputs = {str(state["output"]): bool(state["enabled"]) for state in report["outputs"]}
        instruments = report["instruments"]
        self._show_instruments(instruments, list(outputs))
        self._show_outputs(outputs)
        problems, warnings = report.get("problems", []), report.get("warnings", [])
        self.bench_panel.show_note("\n".join([*problems, *warnings]), problem=bool(problems))
        for text in problems:
            self.view.say(text, "problem")
        for text in warnings:
            self.view.say(text, "warning")
        for text in (*report.get("fixture_control", []), *report.get("predictions", [])):
            self.view.say(text, "dim")
        self.run_panel.set_hindrance("")
        if self._service and isinstance(about, dict):
            self.view.say(f"a bench service has this bench (process {about.get('process')}). Runs queue there", "dim")
            self.owner.watch(about)  # this window shows what others measure

    def _show_instruments(self, instruments: list[Mapping[str, Any]], outputs: list[str]) -> None:
        self.bar.badge.show_state({str(found["name"]): bool(found["simulated"]) for found in instruments})
        self.bench_panel.show_instruments(instruments, outputs)

    # ------------------------------------------------------------------------------------ another owner

    def _look(self, owner: Mapping[str, Any], message: str) -> None:
        """The bench is another process's: say so, show its run, and wait until it leaves."""
        self.bench_panel.show_note(message, problem=not self._service)
        self.run_panel.set_hindrance(
            "" if self._service else "another process uses the bench. This window only shows the bench")
        self.bar.say_of_outputs("outputs unknown, because another process uses the bench", message)
        self.view.say(message, "warning")
        self.view.show_problem("" if self._service else message)
        self.owner.watch(owner)

    def _attach(self, address: Path) -> None:
        """Follow a run that another process measures on this bench; its Stop works from here."""
        if not self.control.attach(address):
            return
        self._looked_on = True
        if self.view.wire.traced.isChecked():
            self._trace_service()
        self.view.expect("a run in progress")
        self._busy(f"following the run of process {self.control.other.process}")
        if self._service:
            self.run_panel.set_hindrance("")  # a run of this window waits for its turn
        words = f"this window shows the run of process {self.control.other.process}"
        self.view.say(f"{words}. STOP ends the run. If you close this window, the run continues", "warning")

    # --------------------------------------------------------------------------------------------- run

    def run(self) -> None:
        """Start the chosen protocol in a process of its own; at a bench service, it waits for its turn."""
        if self._service and self.control.attached():
            self.control.other.detach()
        if self.bench is None or self.control.running() or self.checker.running():
            return
        request = self.run_panel.request()
        self._looked_on = False
        self.view.expect(f"{self.run_panel.chosen().title} on {request['device']}")
        self._busy("measuring")
        self.control.measure(str(self.bench), request, self._log_options())

    def run_campaign(self, arguments: list[str], title: str) -> None:
        """Have a process of its own perform a campaign; the live curve is that of its present run."""
        if self.control.running() or self.checker.running():
            return
        self._looked_on = False
        self.view.expect(title)
        self.campaigns.mine = True   # the Stop panel asks what measures
        self._busy("measuring a campaign")
        self.control.perform([*arguments, *self._log_options()])
        self.campaigns.set_mine(True)

    def _trace_service(self) -> None:
        """Have the run of a bench service traced that this window follows, as the switch of the panel says."""
        if self._service and self.bench is not None and self.control.running():
            on = bool(self.view.wire.arguments(str(self.run_panel.request()["out"])))
            if (file := self.view.wire.file) is not None:
                threading.Thread(target=trace_bench, args=(self.bench, file, on), name="trace", daemon=True).start()

    def _log_options(self) -> list[str]:
        """Return the options by which a process of this window logs, and traces its messages."""
        return [*self._log, *self.view.wire.arguments(str(self.run_panel.request()["out"]))]

    def _busy(self, note: str) -> None:
        self.run_panel.set_hindrance("a run is in progress")
        self.bench_panel.set_busy(True, note)
        self.bar.show_paused(False)
        self.bar.pause.setEnabled(True)
        self.bench_panel.forget_outputs()
        self.stop_panel.show_run(True, "campaign" if self.campaigns.mine else "run")
        self.bar.say_of_outputs(_MEASURING)

    def _rest(self) -> None:
        """No run goes on any more."""
        self.bar.show_paused(False)
        self.bar.pause.setEnabled(False)
        self.question.hide()
        self.by_hand.hide()
        self.stop_panel.show_run(False)
        self.bench_panel.set_busy(False)
        self.run_panel.set_hindrance("")

    def stop(self) -> None:
        """Stop the run and switch every output off; without a run, make the bench safe."""
        mine = self.control.running() and (self.control.begun or self.control.attached())
        if self._service and self.bench is not None and not mine:
            # no run of this window measures: what is on at the bench is another one's
            threading.Thread(target=stop_bench, args=(self.bench,), name="stop", daemon=True).start()
        (self.control.stop if self.control.running() else self.check)()

    def _show_stopping(self, words: str) -> None:
        self.view.show_problem("")
        self.view.say(words, "warning")
        self.bar.say_of_outputs(words)
        self.view.progress.setFormat(words)

    def _show_overdue(self, words: str) -> None:
        self.view.show_problem(words)
        self.view.say(words, "problem")

    def _pause_or_resume(self, pause: bool) -> None:
        if self.control.running():
            self.control.pause(pause)
            self.view.say("pausing at the next safe point" if pause else "resume", "dim")

    def _follow(self, event: Mapping[str, Any]) -> None:
        data = event.get("data") or {}
        self.bench_panel.book.hear(event)
        if event.get("kind") == "output":
            self._show_outputs(self.control.read_back)
        if data.get("state") == "running" and data.get("run"):   # it begins, or it is the next one of a campaign
            self.bench_panel.forget_outputs()
            self.bar.say_of_outputs(_MEASURING)
        if data.get("state") == "running" and self.control.attached() and data.get("instruments"):
            self._show_instruments(data["instruments"], [])
        if data.get("state") in {"paused", "running"}:
            self.bar.show_paused(data["state"] == "paused")
        self.by_hand.hear(event, self.bench)
        self.view.handle(event)
        if data.get("waits"):
            self.view.progress.setFormat("this run waits for its turn at the bench service")
            self.bar.say_of_outputs("another run measures, outputs may be on. STOP ends both")

    def _run_ended(self, ending: Ending) -> None:
        self._rest()
        self.view.end(ending.message, ending.good)
        unknown = ending.code is None or (self.control.started and not self.control.read_back)
        if unknown:
            self._show_outputs_unknown("the measuring process ended before it read the outputs back")
            folder = self.run_panel.request()["out"]
            self.view.say(f"the measured data are kept. 'tsbench recover {folder}' makes the run file", "warning")
        if self.campaigns.mine:
            self.campaigns.set_mine(False)
        if self._closing:
            self.close()
        elif unknown or not self.control.read_back or self._looked_on:
            self.check()

    # ----------------------------------------------------------------------------------------- outputs

    def _show_outputs(self, states: Mapping[str, bool | None]) -> None:
        self.bench_panel.show_outputs(states)
        self.bar.show_outputs(states)

    def _show_outputs_unknown(self, why: str) -> None:
        self.bench_panel.forget_outputs()
        self.bar.say_of_outputs("<b>outputs unknown (check the panel)</b>", why)
        self.view.say(f"the state of the outputs is unknown: {why}", "problem")

    # ------------------------------------------------------------------------------------------- close

    def closeEvent(self, event: QtGui.QCloseEvent | None) -> None:  # noqa: N802  Qt's name
        """Ask before a run of this window is cut short; leave only when it has ended. Others' runs go on."""
        if event is None:
            return
        if self.control.child.running():
            if not self._closing:
                self.question.ask()
            event.ignore()
            return
        self.owner.forget()
        self.control.other.detach()
        if self.checker.running():
            self.checker.wait(_CLOSE_PATIENCE_S)
        keep_place(self, _PLACE)
        event.accept()

    def _stop_and_close(self) -> None:
        """Stop the run; the window closes when it has ended."""
        self._closing = True
        self.control.stop()
        if not self.control.running():
            self.close()
