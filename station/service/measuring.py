"""The process that measures for a bench service: it owns the instruments, keeps them open and does one run at a time.

``python -m tsbench.station.service.measuring BENCH``, started by the service, which speaks to it over pipes, one JSON
object a line. Orders on standard input:

``{"do": "measure", "job": N, "asked": {...}}``
    perform a run (:class:`~tsbench.station.service.jobs.Asked`)
``{"do": "recover", "out": DIR, "run": ID, "job": N}``
    finish what a measuring process left that has died
``{"do": "check", "check": N, "asked": {...}}``
    say what speaks against a job, while another run goes on (:class:`~tsbench.station.service.checking.JobChecks`)
``{"do": "release"}``
    make safe, close the instruments, give them free
``{"request": "stop", "reason": ...}``, or pause, resume, emergency
    for the run that goes on, or the order that has been read last
``{"answer": TEXT, "question": N}``
    to the question of that number (:class:`~tsbench.station.service.questions.ServiceQuestions`)
``{"trace": FILE, "on": true}``
    write the messages of the run that goes on to this file too from now on; false: no more
``{"beat": true}``
    the service lives

On standard output come the events of the run, as ``tsbench measure --events`` prints them, and lines of the kind
``child`` that say what became of an order. At the end of the input the process ends.
"""

import contextlib
import logging
import os
import queue
import signal
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from tsbench.errors import TsbenchError, sentences
from tsbench.plugins import in_words
from tsbench.protocols import protocol_named
from tsbench.records import RunEvent
from tsbench.station.bench.accepting import Accepted, accepting
from tsbench.station.bench.bench import Bench
from tsbench.station.bench.bench_file import BenchFile
from tsbench.station.bench.fixture_values import fixture_values
from tsbench.station.protection.control import Control
from tsbench.station.protection.watched import StandingWatchdog, needs_watchdog
from tsbench.station.runner.events import JsonLinesEvents
from tsbench.station.runner.messages import REQUESTS, read_object
from tsbench.station.runner.planning import checked_plan
from tsbench.station.runner.process import run_on
from tsbench.station.service.checking import JobChecks
from tsbench.station.service.guard import ServiceGuard
from tsbench.station.service.jobs import Asked
from tsbench.station.service.outcomes import loss_facts, outcome_facts, plan_facts, refusal_facts
from tsbench.station.service.questions import ServiceQuestions
from tsbench.station.service.tracing import RunTrace
from tsbench.storage.nexus.schema import SUFFIX as RUN_SUFFIX

_LOG = logging.getLogger(__name__)
_DEADLINE = 0.8  #: [s] where the bench file cannot be read


@dataclass
class Order:
    """One order of the service, with the control of the run that it may begin."""

    facts: Mapping[str, Any]
    control: Control = field(default_factory=Control)


class MeasuringProcess:
    """Does the orders of a service.

    Parameters
    ----------
    bench : Path
        The bench file.
    lines : JsonLinesEvents
        To the service.
    guard : ServiceGuard
    """

    def __init__(self, bench: Path, lines: JsonLinesEvents, guard: ServiceGuard) -> None:
        self.path = bench
        self.lines = lines
        self.guard = guard
        self.orders: queue.Queue[Order | None] = queue.Queue()
        self._latest = Order({})  #: whose run the requests are for
        self.questions = ServiceQuestions(lines)
        self._bench: Bench | None = None
        self._opened = ""  #: text of the bench file from which it was opened
        self._watchdog = StandingWatchdog()
        self._doubtful = False  #: the last run failed, so the connections may be broken
        self._trace = RunTrace(lambda problem: lines(RunEvent("warning", problem)))
        self._checks = JobChecks(bench, self._opened_bench, lambda number, error, text: self.tell(
            "checked", check=number, error=error, reason=text))

    # ------------------------------------------------------------------------------------- the service speaks

    def listen(self, orders: BinaryIO) -> None:
        """Read what the service says until its end; by a thread of its own."""
        with contextlib.suppress(OSError, ValueError):
            while line := orders.readline():
                self.guard.heard()
                words = read_object(line) or {}
                if words.get("do") == "check":
                    self._checks.put(words)
                elif "do" in words:
                    self._latest = Order(words)
                    self.orders.put(self._latest)
                elif "trace" in words:
                    self._trace.switch(str(words["trace"]), words.get("on") is not False)
                elif "answer" in words:
                    self.questions.answer(words.get("question"), words["answer"])
                elif (request := words.get("request")) in {"stop", "emergency"} and words.get("reason"):
                    act = Control.stop if request == "stop" else Control.emergency
                    act(self._latest.control, str(words["reason"]))
                elif request in REQUESTS:
                    REQUESTS[request](self._latest.control)
        self.guard.gone("the bench service has ended")
        self._latest.control.stop("the bench service has ended")
        self.orders.put(None)

    def tell(self, message: str, **data: Any) -> None:
        """Say one line to the service."""
        self.lines(RunEvent("child", message, data=data))

    # --------------------------------------------------------------------------------------------- the orders

    def serve(self) -> None:
        """Do one order after the other until the service ends."""
        self._checks.start()
        self.tell("ready", process=os.getpid())
        while (order := self.orders.get()) is not None:
            what = order.facts["do"]
            if what == "measure":
                self._measure(order)
            elif what == "release":
                self._release()
            elif what == "recover":
                self._recover(order.facts)
        self._close()

    def _measure(self, order: Order) -> None:
        asked = Asked(**order.facts["asked"])
        self.questions.begin(order.control)
        try:
            self._trace.begin(asked.trace)
            facts = self._plan(asked) if asked.plan_only else self._run(asked, order.control)
        except BaseException as error:  # noqa: BLE001  whatever it is, the next run must be possible
            _LOG.exception("the run of job %s could not be begun", order.facts["job"])
            facts = refusal_facts(error, asked.protocol, asked.device)
            self._doubtful = not isinstance(error, TsbenchError)
        finally:
            self._trace.end()
            self.guard.over()
        self.tell("ended", job=order.facts["job"], outcome=facts, open=self._bench is not None)

    def _run(self, asked: Asked, control: Control) -> dict[str, Any]:
        protocol = protocol_named(asked.protocol).parse(dict(asked.parameters))
        fixture = fixture_values(asked.fixture)
        bench = self._bench_with(asked.device, asked.contact_again)

        def hear(event: RunEvent) -> None:
            self.guard.hear(event)
            self.lines(event)

        self.guard.begin(control)
        with accepting(bench, Accepted.read(asked.accepted)):
            outcome = run_on(
                bench, protocol, asked.out, events=hear, control=control, extract=asked.extract,
                durability="process" if asked.durability == "process" else "power", campaign_id=asked.campaign_id,
                user=asked.user, watchdog=self._watchdog if asked.watchdog else False, repeats=asked.repeats,
                fixture=fixture)
        self._doubtful = outcome.status == "fail"
        return outcome_facts(outcome)

    def _plan(self, asked: Asked) -> dict[str, Any]:
        """Plan a run: the instruments are asked for what they can do, nothing is switched on, no device is moved."""
        protocol = protocol_named(asked.protocol).parse(dict(asked.parameters))
        bench = self._bench_with(None)
        pending = bench.preparation.pending(fixture_values(asked.fixture))
        plan = checked_plan(bench.planning_for(asked.device, pending), protocol)
        return plan_facts(plan, asked.protocol, asked.device)

    def _recover(self, facts: Mapping[str, Any]) -> None:
        """Make the run files of what a crash left in a folder, and say what became of one run."""
        from tsbench.extraction import extract
        from tsbench.storage import read_run, recover

        run, out = str(facts["run"]), Path(facts["out"])
        lost = loss_facts(str(facts["reason"]), str(facts["protocol"]), str(facts["device"]), run)
        try:
            # opening waits for the watchdog, and finds all outputs off
            states = self._bench_with(str(facts["device"])).make_safe()
            lost["outputs"] = {state.output: None if state.enabled else False for state in states}
            recover(out, lambda problem: self.lines(RunEvent("warning", problem)), extract)
            path = out / f"{run}{RUN_SUFFIX}"   # also where the process that died had made it itself
            if path.exists():
                found = read_run(path)
                lost |= {"path": str(path), "status": "fail", "reason": sentences(lost["reason"], found.reason)}
        except (TsbenchError, OSError) as error:
            lost["reason"] = sentences(lost["reason"], in_words(error))
        self.tell("ended", job=facts["job"], outcome=lost, open=self._bench is not None)

    def _release(self) -> None:
        problems = self._close()
        self.tell("released", problems=problems)

    # ---------------------------------------------------------------------------------------------- the bench

    def _bench_with(self, device: str | None, contact_again: bool = False) -> Bench:
        """Return the open bench with a device connected; opened again where it may not be as it was left.

        Without a device, the one that is connected stays. ``contact_again``: the device is connected anew.
        """
        if self._bench is not None and (why := self._stale(self._bench)):
            self.lines(RunEvent("log", f"opening the bench again: {why}"))
            self._close()
        if self._bench is None:
            self.lines(RunEvent("log", "opening the bench"))
            self._opened = BenchFile.load(self.path).text
            self._bench = Bench.open(self.path, device, ask=self.questions.ask)
            self.guard.deadline = self._bench.file.table.watchdog.deadline
            self._doubtful = False
            if needs_watchdog(self._bench):
                self._watchdog.take()  # it gets ready meanwhile
        elif device is not None and (contact_again or self._bench.device.identifier != device):
            self._bench.file.device(device)
            self._bench.positioner.connect(device, contact_again)
        return self._bench

    def _opened_bench(self) -> tuple[Bench, str] | None:
        """Return the open bench, with the text of the file from which it was opened."""
        bench = self._bench
        return None if bench is None or self._doubtful else (bench, self._opened)

    def _stale(self, bench: Bench) -> str:
        """Return why an open bench is opened again before a run, "" if it is as it was left."""
        if self._doubtful:
            return "the last run failed"
        try:
            if self.path.read_text("utf-8") != self._opened:
                return "the bench file has changed"
            if names := bench.restarted():
                return f"{' and '.join(names)} was switched off and on"
        except (OSError, ValueError, TsbenchError) as error:
            return in_words(error)
        return ""

    def _close(self) -> list[str]:
        """Make safe and close the bench; returns what went wrong."""
        bench, self._bench = self._bench, None
        self._watchdog.end()
        if bench is None:
            return []
        bench.close()
        return list(bench.problems)


def main(arguments: list[str]) -> int:
    """Run as a process."""
    bench = Path(arguments[0])
    for name in ("SIGINT", "SIGHUP", "SIGBREAK"):  # a terminal speaks to the service, which ends the run in order
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    logging.getLogger("tsbench").addHandler(logging.NullHandler())  # the lines say what it would print
    sys.argv = ["tsbench", "station", str(bench)]  # what the record of an owner shows
    stream = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8", newline="\n")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a plug-in prints must not stand between the lines
    guard = ServiceGuard(_DEADLINE)
    process = MeasuringProcess(bench, JsonLinesEvents(stream, of_process=False), guard)
    threading.Thread(target=process.listen, args=(sys.stdin.buffer,), name="orders", daemon=True).start()
    try:
        process.serve()
    except BaseException as error:  # noqa: BLE001  one line, and the closed pipe tells the service
        sys.stderr.write(f"tsbench: the measuring process failed: {in_words(error)}\n")
        return 1
    finally:
        process.lines.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
