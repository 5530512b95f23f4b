"""The watchdog: a process of its own that switches the outputs off when the measuring process no longer can.

``python -m tsbench.station.watchdog``, started by the runner, which speaks to it over a pipe, one JSON object a line:

``{"process": PID, "events": FILE, "run": ID, "deadline": s, "interval": s, "instruments": {...}}``
    first and once: whom to watch and how to reach the instruments; answered by ``ready``. What is no run has no FILE
``{"due": s}``
    a heartbeat, ten a second by default; answered by ``heard``. ``due`` is how long the measuring *thread* may
    still take to its next sign of progress; null while nothing is switched on
``{"farewell": true}``
    the outputs have been read back as off (or the runner has said that they were not): end. With ``"stay": true``,
    answered by ``rests``: wait for the first line of the next run; nothing is switched on until then

Two clocks run. A process that is stopped or starved sends no heartbeat; one whose measuring thread is
deadlocked sends heartbeats whose ``due`` runs out, because only that thread moves it. Either, or a pipe that
closes without a farewell (the process died), makes the watchdog kill the process, which frees its VISA
sessions, open its own, clear, switch off and read back, all instruments at once. What it did is one line on
standard error and a file beside the journal, which ``tsbench recover`` joins to the run.
"""

import contextlib
import json
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, BinaryIO

from tsbench.errors import ConfigurationError, InstrumentInUse, first_sentence, sentences
from tsbench.instruments.links.visa_library import open_manager
from tsbench.instruments.registry import driver_class
from tsbench.plugins import in_words
from tsbench.station.bench.bench_tables import InstrumentTable
from tsbench.station.bench.connection import Connection, connect, quietly
from tsbench.station.bench.ownership import take, this_process
from tsbench.storage.watchdog_events import WATCHDOG, write_watchdog_events

_DEATH = 0.5  #: [s] a killed process may take to be gone
_LONGEST_LOOK = 0.05  #: [s] between two looks at the clocks
_LONGEST_REPLY = 1.0  #: [s] for one reply at the first try to switch off, where the bench file allows more
_LONGEST_WAIT = 30.0  #: [s] an instrument is tried to be reached: what is on stays on meanwhile
_TAKING = 2.0  #: [s] another process may have an instrument that then waits for the others of its bench
_PAUSE = 0.2  #: [s] between two tries
_PRIORITY = -10  #: it is idle until every tenth of a second counts
_DIED = "the measuring process has died"


class Heart:
    """What has been heard of the measuring process; written by a thread that reads the pipe."""

    def __init__(self, pipe: BinaryIO, answers: BinaryIO, deadline: float) -> None:
        self._pipe, self._answers, self._deadline = pipe, answers, deadline
        self._heard = time.monotonic()
        self._due: float | None = None
        self.closed = threading.Event()
        self.farewell = self.stay = False
        self._news = threading.Event()
        threading.Thread(target=self._listen, name="heart", daemon=True).start()

    def _listen(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            while line := self._pipe.readline():
                words = json.loads(line)
                now = time.monotonic()
                due = words.get("due")
                self._due = None if due is None else now + due
                self._heard = now
                if words.get("farewell"):
                    self.stay = bool(words.get("stay"))
                    self.farewell = True
                    break
                with contextlib.suppress(OSError):  # no process reads: its silence shows that
                    self._answers.write(b"heard\n")
        if not self.stay:
            self.closed.set()
        self._news.set()

    def wait_for_trouble(self) -> str | None:
        """Return what is wrong, once something is; None after a farewell."""
        while True:
            self._news.wait(_LONGEST_LOOK)
            now = time.monotonic()
            if self.farewell:
                return None
            if self.closed.is_set():
                return _DIED
            if self._due is None:
                continue
            if now - self._heard > self._deadline:
                return f"the measuring process sent no heartbeat for {now - self._heard:.1f} s"
            if now > self._due:
                return f"the measurement has made no progress for {now - self._due + self._deadline:.1f} s"


class Victim:
    """The measuring process, to be killed; held by a descriptor where there is one, so that it is no other."""

    def __init__(self, process: int) -> None:
        self._process = process
        self._descriptor: int | None = None
        if hasattr(os, "pidfd_open"):
            with contextlib.suppress(OSError):
                self._descriptor = os.pidfd_open(process)

    def kill(self, pipe_closed: threading.Event) -> bool:
        """Kill and wait; whether it is gone. Its end of the pipe closes with it, whatever the platform."""
        with contextlib.suppress(OSError):  # it may have died meanwhile
            if self._descriptor is not None:
                signal.pidfd_send_signal(self._descriptor, signal.SIGKILL)
            elif not pipe_closed.is_set():  # else another process may have its number by now
                os.kill(self._process, getattr(signal, "SIGKILL", signal.SIGTERM))  # Windows: TerminateProcess
        if self._descriptor is not None:
            return bool(select.select([self._descriptor], [], [], _DEATH)[0])
        return pipe_closed.wait(_DEATH)


class Instruments:
    """How to reach every instrument; drivers and VISA libraries are loaded before they are needed."""

    def __init__(
        self, order: Mapping[str, Any], longest_wait: float = _LONGEST_WAIT, bench: str = "", victim: int = 0,
        managers: dict[str, Any] | None = None,
    ) -> None:
        self.longest_wait = longest_wait
        self._bench, self._victim = bench, victim
        self._tables = {name: InstrumentTable(**facts["table"]) for name, facts in order.items()}
        self._libraries = {name: str(facts["library"]) for name, facts in order.items()}
        self._locks = {name: str(facts["lock"]) for name, facts in order.items() if "lock" in facts}
        self._managers: dict[str, Any] = {} if managers is None else managers  #: of earlier runs, by library
        for library in set(self._libraries.values()) - set(self._managers):
            self._managers[library] = open_manager(library)
        for table in self._tables.values():
            driver_class(table.driver)

    def make_safe(self) -> tuple[dict[str, bool | None], list[str]]:
        """Open, clear, switch off and read back every instrument, all at once.

        Returns
        -------
        dict, list
            Output -> False (off), True (on), None (unknown); and what went wrong, one line each.
        """
        outputs: dict[str, bool | None] = {}
        problems: list[str] = []
        with ThreadPoolExecutor(max_workers=max(len(self._tables), 1)) as pool:
            for states, problem in pool.map(self._make_one_safe, self._tables):
                outputs.update(states)
                if problem:
                    problems.append(problem)
        return outputs, problems

    def _make_one_safe(self, name: str) -> tuple[dict[str, bool | None], str]:
        """Make an instrument safe, as its owner: other processes that want it wait meanwhile."""
        until = time.monotonic() + _TAKING
        while True:
            try:
                lock = take(self._locks[name], name, this_process(self._bench, switching_off=True))
            except InstrumentInUse as error:
                if error.owner.get("process", self._victim) == self._victim:
                    return self._reach(name)  # it could not be killed
                if time.monotonic() > until:
                    # opening a bench switches its outputs off
                    return {}, (
                        f"{first_sentence(error)}. The process that now uses the instrument switched the outputs off "
                        "when it opened the bench")
                time.sleep(_LONGEST_LOOK)
            except (KeyError, ConfigurationError):  # there are no locks
                return self._reach(name)
            else:
                with lock:
                    return self._reach(name)

    def _reach(self, name: str) -> tuple[dict[str, bool | None], str]:
        allowed = self._tables[name]
        table = allowed.model_copy(update={"timeout": min(allowed.timeout, _LONGEST_REPLY)})
        until, problem = time.monotonic() + self.longest_wait, ""
        while not problem or time.monotonic() < until:
            connection: Connection | None = None
            try:
                connection = connect(self._managers[self._libraries[name]], name, table, self._libraries[name])
                connection.identify(time.sleep)
                states = {state.output: None if state.enabled else False for state in connection.make_safe()}
                problem = connection.problem
                if not problem:
                    return states, ""
            except BaseException as error:  # noqa: BLE001  whatever fails, also by sys.exit, it is tried again
                problem = in_words(error)
            finally:
                if connection is not None:
                    quietly(connection.transport.close)
            table = allowed
            time.sleep(_PAUSE)
        return {name: None}, problem


def watch(pipe: BinaryIO, answers: BinaryIO) -> int:
    """Watch one run after the other until the last farewell (0), or act (1)."""
    managers: dict[str, Any] = {}
    while True:
        order: dict[str, Any] = {}
        while "process" not in order:
            first = pipe.readline()
            if not first or (order := json.loads(first)).get("farewell"):
                return 0  # nothing was ever switched on, or nothing is
        victim = Victim(order["process"])
        instruments = Instruments(
            order["instruments"], bench=order.get("bench", ""), victim=order["process"], managers=managers)
        heart = Heart(pipe, answers, order["deadline"])
        answers.write(b"ready\n")
        trouble = heart.wait_for_trouble()
        if trouble is not None:
            return _act(order, victim, instruments, heart, trouble)
        if not heart.stay:
            return 0
        answers.write(b"rests\n")


def _act(order: Mapping[str, Any], victim: Victim, instruments: Instruments, heart: Heart, trouble: str) -> int:
    """End the measuring process, switch off, and say what was done."""
    began = time.monotonic()
    gone = victim.kill(heart.closed)
    killed = time.monotonic()
    outputs, problems = instruments.make_safe()
    if not gone:
        problems.insert(0, f"process {order['process']} could not be ended, so its VISA sessions may still be open")
    message = _message(trouble, outputs, problems, ended=gone and trouble != _DIED)
    _say(f"tsbench: {'run ' if order['events'] else ''}{order['run']}: {message}")
    facts = {
        "trouble": trouble, "process": order["process"], "killed": gone, "outputs": outputs,
        "problems": problems, "killing": killed - began, "switching_off": time.monotonic() - killed,
    }
    if not order["events"]:
        return 1
    try:
        write_watchdog_events(Path(order["events"]), message, facts)
    except OSError as error:
        _say(f"tsbench: the watchdog could not write its report to {order['events']} ({error.strerror})")
    return 1


def _message(trouble: str, outputs: Mapping[str, bool | None], problems: list[str], ended: bool) -> str:
    """Return the report in one line; ``ended``: the watchdog ended the measuring process, which was still alive."""
    off = [name for name, on in outputs.items() if on is False]
    unknown = [name for name, on in outputs.items() if on is not False]
    parts = [f"{WATCHDOG}{trouble}{', so the watchdog ended the measuring process' if ended else ''}"]
    if off:
        parts.append(f"these outputs were read back as off: {', '.join(off)}")
    if unknown:
        parts.append(f"the state of these outputs is unknown: {', '.join(unknown)}. Check the panel")
    return sentences(*parts, *problems)


def _say(text: str) -> None:
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()


def main() -> int:
    """Run as a process: what ends the measurement (Ctrl-C, a closing terminal) must not end its watchdog."""
    for name in ("SIGINT", "SIGHUP", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    if hasattr(os, "setpriority"):  # on Windows the runner asks for it
        with contextlib.suppress(OSError):  # not every user may: on a busy computer it then waits its turn
            os.setpriority(os.PRIO_PROCESS, 0, _PRIORITY)
    try:
        return watch(sys.stdin.buffer, open(sys.stdout.fileno(), "wb", buffering=0, closefd=False))
    except Exception as error:  # noqa: BLE001  one line, and the closed pipe tells the runner
        _say(f"tsbench: the watchdog failed: {' '.join(str(error).split())}")
        return 2
