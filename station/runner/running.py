"""A run between its plan and its file: acquire, make safe, extract, store."""

import time
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tsbench.errors import CommunicationError, InstrumentError, TsbenchError, first_sentence, sentences
from tsbench.instruments import Plan
from tsbench.plugins import in_words
from tsbench.protocols import Protocol
from tsbench.records import Flag, Result, Run, RunEvent, Step
from tsbench.station.bench.accepting import Accepted, ComparedRecorder
from tsbench.station.bench.limits_kept import moved_limits
from tsbench.station.bench.shown_magnitudes import ShownMagnitudes
from tsbench.station.protection.control import Control, Interrupts
from tsbench.station.protection.watched import NoWatch, WatchedRecorder
from tsbench.station.runner.ended import Ended, ended_by
from tsbench.station.runner.events import Events
from tsbench.station.runner.outcome import RunOutcome
from tsbench.station.runner.power import PowerCheck
from tsbench.station.runner.safety import OutputReport, RunnerBench, make_safe
from tsbench.storage.recorder import RunRecorder

if TYPE_CHECKING:   # its import takes longer than a short run
    from tsbench.analysis.contact.contact import Contact
    from tsbench.station.bench.connected_instruments import ConnectedInstruments

#: so many points or waveforms after which the device is looked at while the run goes on
_FIRST_READINGS = (("point", 6), ("point", 20), ("point", 60), ("waveform", 2), ("waveform", 8))
_QUICKLY_READ = 2**24  #: [bytes] of a run that is read back between two steps


class RunningRun:
    """A run between its plan and its file."""

    def __init__(
        self,
        bench: RunnerBench,
        protocol: Protocol,
        recorder: RunRecorder,
        teller: Events,
        control: Control,
        plan: Plan,
        watch: NoWatch | None = None,
    ) -> None:
        self.bench = bench
        self.protocol = protocol
        self.recorder = recorder
        self.teller = teller
        self.control = control
        self.plan = plan
        self.watch = watch or NoWatch()
        self.watched_recorder = WatchedRecorder(recorder, self.watch)
        self._accepted: Accepted | None = getattr(bench, "accepted", None)
        self.power = PowerCheck(bench)
        self._remarks: list[str] = []
        self._contact: Contact | None = None
        self._contradiction = ""
        self._looks = list(_FIRST_READINGS)
        # the recorder passes on the events of a protocol after it has written them to the disk
        teller.also(self._hear)

    def _hear(self, event: RunEvent) -> None:
        """Keep what the end of the run states. Warnings of the plan are not repeated."""
        if event.kind in {"warning", "retry"} and event.message not in self.plan.warnings:
            self._remarks.append(event.message)

    def to_its_end(self, interrupts: Interrupts, extract: bool) -> RunOutcome:
        """Acquire, make safe, extract, store; in this order, whatever happens in any of them."""
        steps: Iterator[Step] | None = None
        try:
            for warning in self.plan.warnings:
                self._note("warning", warning)
            self.bench.preparation.prepare(self.protocol.roles)
            steps = self.protocol.run(self.bench, self._recorder_of_protocol())
            with self.bench.hearing(self.control.overdue):
                ended = self._acquire(steps)
            interrupts.shield()
        except BaseException as error:  # noqa: BLE001  the bench is made safe before anything else
            interrupts.shield()
            ended = ended_by(error)
        report = make_safe(self.bench, ended.connection_lost)
        ended = self._close(steps, ended)
        if not report.safe or ended.status != "success":
            # a protocol's last words may have sent something
            report = make_safe(self.bench, ended.connection_lost)
        ended = self._keep_power(ended)
        self.watch.farewell()  # what can be done has been done
        if not report.safe:  # a run that leaves a source on has failed, however good its data
            reason = sentences(ended.reason, report.message)
            ended = replace(ended, status="fail", reason=reason)
        ended = self._rescue(ended)
        self._tell_end(ended, report)
        self._judge_device(ended)
        results = self._extract(ended) if extract else ()
        return self._store(ended, report, results)

    def _recorder_of_protocol(self) -> Any:
        """Return what the protocol records with: where a model was trusted, each reading is compared with it."""
        if self._accepted is None:
            return self.watched_recorder
        header = self.recorder.header
        shown = ShownMagnitudes(header.columns, header.fixture.sensing)
        return ComparedRecorder(self.watched_recorder, header.device.identifier, shown, self._accepted)

    def _acquire(self, steps: Iterator[Step]) -> Ended:
        """Drive the protocol from step to step; between two of them stop and pause are heard."""
        paused = 0.0
        if (reason := self.control.stopped) is not None:
            return Ended("abort", reason)
        for step in steps:
            if not isinstance(step, Step):
                raise TypeError(f"the protocol yielded {step!r:.60}, not a Step")
            self.watch.beat()
            self._keep_time()
            self._note_retries()
            self.watched_recorder.settle()
            self._look_at_first_readings()
            self.teller.progress(step.done, step.total, step.message, paused)
            if (reason := self.control.stopped) is not None:
                return Ended("abort", reason)
            if self.power.due(self.teller.now) and (lost := self._restarted(measuring=True)):
                return Ended("fail", lost, InstrumentError(lost))
            if self.control.paused and step.idle:
                paused += self._pause()
                if (reason := self.control.stopped) is not None:
                    return Ended("abort", reason)
        return Ended("success", self._shortfall())

    def _look_at_first_readings(self) -> None:
        """Warn of a short as soon as the first readings show it, not when the run is over."""
        due = [look for look in self._looks if self.recorder.counts[look[0]] >= look[1]]
        if not due or self.recorder.size() > _QUICKLY_READ:
            return
        self._looks = [look for look in self._looks if look not in due]
        try:
            from tsbench.protocols.extracting.contacts import contact_of

            found = contact_of(self.recorder.snapshot())
        except Exception:  # noqa: BLE001  a judgement that fails must not end the run; at its end it says so
            return
        if Flag.SHORT in found.flags:
            self._looks = []
            self._note("warning", f"after the first readings of the run, {found.message}",
                       {"contact": found.flags.names()})

    def _restarted(self, measuring: bool = False) -> str:
        """Ask whether an instrument was restarted; one line if so, "" if not or where none can tell.

        While it is ``measuring``, an instrument that does not answer ends the run: what is on would stay on.
        """
        try:
            return self.power.look(self.teller.now)
        except TsbenchError as error:
            if measuring and isinstance(error, CommunicationError):
                raise
            self._note("warning", "tsbench could not check whether an instrument was switched off and on "
                       f"({first_sentence(error)})")
            return ""

    def _keep_power(self, ended: Ended) -> Ended:
        """Ask once more when all is off: a run during which an instrument forgot its settings is no success."""
        if not (lost := self._restarted()):
            return self._require_limits(ended)
        if lost == ended.reason:
            return ended
        first = f"The first sign of this was '{ended.reason.partition('. ')[0]}'" if ended.reason else ""
        reason = sentences(lost, first)
        return Ended("fail", reason, ended.error if ended.connection_lost else InstrumentError(lost))

    def _require_limits(self, ended: Ended) -> Ended:
        """Ask for the limits when all is off: a run during which one was changed is no success."""
        instruments: ConnectedInstruments | None = getattr(self.bench, "instruments", None)
        if ended.connection_lost or instruments is None:
            return ended
        try:
            lines = moved_limits(instruments)
        except TsbenchError as error:
            self._note("warning", "tsbench could not check whether a limit was changed during the run "
                       f"({first_sentence(error)})")
            return ended
        if not lines:
            return ended
        reason = sentences(*lines, ended.reason)
        return Ended("fail", reason, ended.error or InstrumentError(reason))

    def _shortfall(self) -> str:
        """Say where a protocol ended by itself before its plan, so that no reader has to guess."""
        planned, taken = self.plan.points, self.recorder.counts["point"]
        return (
            "" if taken == planned or not planned else f"the protocol ended after {taken} of {planned} points"
        )

    def _pause(self) -> float:
        """Hold until resumed or stopped; returns the time held [s]."""
        began = time.monotonic()
        self._note("state", "paused", {"state": "paused"})
        self.control.wait_while_paused(self.watch.beat)
        self._note("state", "resumed", {"state": "running"})
        return time.monotonic() - began

    def _close(self, steps: Iterator[Step] | None, ended: Ended) -> Ended:
        """Let the protocol record what it has read; whatever it raises now changes no outcome but success."""
        close = getattr(steps, "close", None)
        if close is None:
            return ended
        try:
            close()
        except BaseException as error:  # noqa: BLE001
            if ended.status == "success":
                return ended_by(error)
            self._note("warning", f"another error occurred while the run ended ({first_sentence(in_words(error))})")
        return ended

    def _note_retries(self) -> None:
        """Record what the bench had to put right: questions that were asked again, a clock set back."""
        for note in getattr(self.bench, "take_notes", list)():
            self._note("retry", note)

    def _tell_end(self, ended: Ended, report: OutputReport) -> None:
        self._keep_time()
        self._note_retries()
        self._note("output", report.message, report.outputs)
        if ended.status == "fail":
            trace = "".join(traceback.format_exception(ended.error)) if ended.error is not None else ""
            self._note("warning", f"failed: {ended.reason}", {"traceback": trace})
        elif ended.status == "abort":
            self._note("log", f"stopped: {ended.reason}")
        if not ended.connection_lost:
            self._keep_settings()
        try:
            self.recorder.end(ended.status, ended.reason)
        except TsbenchError as error:
            self.teller.tell("warning", str(error))

    def _rescue(self, ended: Ended) -> Ended:
        """Give a run whose folder was deleted a name again, now that all is off."""
        try:
            message = self.recorder.rescue()
        except (TsbenchError, OSError) as error:
            message = in_words(error)
        return replace(ended, reason=sentences(ended.reason, message))

    def _keep_settings(self) -> None:
        try:
            self.recorder.instruments(self.bench.describe())
        except BaseException as error:  # noqa: BLE001  the run does not depend on it, also where a driver calls sys.exit
            self._note("warning", sentences("the settings of the instruments could not be stored", in_words(error)))

    def _judge_device(self, ended: Ended) -> None:
        """Say where the device looks open, short or stuck, and where the scope shows another current than can flow."""
        def contact(run: Run) -> str:
            from tsbench.extraction.runs import device_line
            from tsbench.protocols.extracting.contacts import contact_of

            self._contact = contact_of(run)
            return device_line(run, self.protocol, self._contact)

        def current(run: Run) -> str:
            from tsbench.extraction.runs import current_line

            self._contradiction = current_line(run, self.protocol)
            return self._contradiction

        for judge, what in ((current, "the check of the current of the oscilloscope"),
                            (contact, "the check whether the device is open or short")):
            try:
                run = replace(self.recorder.snapshot(), status=ended.status)
                message = judge(run)
                said = [event.message for event in run.events if event.kind == "warning"]
                if message and not any(line.endswith(message) for line in said):
                    self._note("warning", message)
            except BaseException as error:  # noqa: BLE001  a judgement that fails, also by sys.exit, must not lose the run
                self._note("warning", f"{what} failed: {in_words(error)}")

    def _extract(self, ended: Ended) -> tuple[Result, ...]:
        self.teller.tell("state", "extracting", {"state": "extracting"})
        try:
            from tsbench.extraction import extract as extract_results
            from tsbench.extraction.runs import impossible_line

            run: Run = replace(self.recorder.snapshot(), status=ended.status, reason=ended.reason)
            results = extract_results(
                run, protocol=self.protocol, problem=lambda line: self._note("warning", line), contact=self._contact,
                contradiction=self._contradiction)
        except BaseException as error:  # noqa: BLE001  an extractor that fails, also by sys.exit, must not lose the run
            self._note(
                "warning",
                f"no numbers were extracted: {in_words(error)}",
                {"traceback": "".join(traceback.format_exception(error))},
            )
            return ()
        if line := impossible_line(results):
            self._note("warning", line)
        header = self.recorder.header
        for result in results:
            row = result.row(header.device.identifier, header.protocol, header.run_id)
            self.teller.tell("result", f"{result.quantity}", row)
        return results

    def _store(self, ended: Ended, report: OutputReport, results: Sequence[Result]) -> RunOutcome:
        header = self.recorder.header
        status, reason, path = ended.status, ended.reason, self.recorder.path
        code = ended.error.exit_code if isinstance(ended.error, TsbenchError) else 1
        try:
            path = self.recorder.finish(status, reason, results)
        except Exception as error:  # noqa: BLE001  the journal still holds everything
            status = "fail"
            reason = sentences(reason, in_words(error))
        self.teller.tell(
            "state",
            f"{status}{f': {reason}' if reason else ''}",
            {
                "state": "done",
                "status": status,
                "reason": reason,
                "path": str(path),
                "safe": report.safe,
            },
        )
        return RunOutcome(
            path=path,
            status=status,
            reason=reason,
            results=tuple(results),
            outputs=report.outputs,
            run_id=header.run_id,
            device=header.device.identifier,
            protocol=header.protocol,
            error_code=code,
            remarks=tuple(self._remarks),
            contact=Flag.NONE if self._contact is None else self._contact.flags,
        )

    def _note(self, kind: str, message: str, data: Any = None) -> None:
        """Record an event and pass it on; it is passed on too where it cannot be recorded."""
        event = RunEvent(kind, message, self.teller.now, data or {})
        try:
            self.watched_recorder.event(event)
        except (TsbenchError, TypeError, ValueError) as error:
            self.teller.pass_on(event)
            self.teller.tell("warning", f"this event is not in the run file: {in_words(error)}")

    def _keep_time(self) -> None:
        self.teller.now = bench_time(self.bench, self.teller.now)


def bench_time(bench: RunnerBench, otherwise: float) -> float:
    """Return the bench's time [s]; ``otherwise`` where its clock does not answer."""
    try:
        return bench.clock.now()
    except Exception:  # noqa: BLE001  a clock behind a lost connection
        return otherwise
