"""The measuring side of the watchdog: starts it, lets it hear every sign of progress, notices its end.

The measuring thread only moves a moment in time (``beat``, ``waiting``): the instant by which it will have come
further. A thread beside it sends what is left until then ten times a second; it never moves that instant
itself, so a measuring thread that is deadlocked is found out although the heartbeats go on, and a process
that is stopped is found out because they do not. An exchange with an instrument has the time of its timeout, and a
record some time on the disk, but only while the measuring thread is inside the VISA library or the storage: the thread
beside it looks at its frames.
"""

import contextlib
import json
import logging
import math
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from tsbench.errors import ConfigurationError
from tsbench.instruments.links.call_stack import LongCall
from tsbench.instruments.links.liveness import UNWATCHED, Liveness, Unwatched
from tsbench.records import Point, RunEvent, Waveform
from tsbench.station.protection.control import Control
from tsbench.storage.recorder import RunRecorder

_LOG = logging.getLogger(__name__)
_STARTING = 30.0  #: [s] the watchdog may take to be ready, on a busy computer
_LEAVING = 5.0  #: [s] it may take to end
_DEAF = 5.0  #: [s] it may not have answered before it counts as gone
_DISK = 5.0  #: [s] one record may take to be on the disk
_WRITING = LongCall(__name__, ("tsbench.storage", "tsbench.records", "tsbench.errors"))


@runtime_checkable
class WatchedBench(Protocol):
    """A bench whose instruments another process can reach."""

    @property
    def outlives_process(self) -> bool:
        """Whether an output stays on when this process dies."""

    def watchdog_order(self) -> dict[str, Any]:
        """Return how to reach the instruments, whether to watch, and the times."""

    def report_to(self, liveness: Liveness) -> None:
        """Tell ``liveness`` of every message and every wait."""


class NoWatch(Unwatched):
    """Stands in for a watchdog where none is needed or requested."""

    process_id: int | None = None

    def begin(self, run: str, events: Path | None) -> None:
        """See :meth:`Watch.begin`."""

    def farewell(self) -> None:
        """See :meth:`Watch.farewell`."""

    @contextlib.contextmanager
    def resting(self) -> Iterator[None]:
        """See :meth:`Watch.resting`."""
        yield


class StandingWatchdog:
    """One watchdog process for the runs that a process performs one after the other: each would start its own else.

    Between two runs it rests: it watches nothing, and it ends with this process.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def take(self) -> "subprocess.Popen[bytes]":
        """Return the process; a new one where it is not there or has ended."""
        if self._process is None or self._process.poll() is not None:
            self.end()
            self._process = _start()
        return self._process

    def end(self) -> None:
        """Let it go; call it when no run goes on."""
        process, self._process = self._process, None
        if process is None:
            return
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        try:
            process.wait(_LEAVING)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Watch(NoWatch):
    """A running watchdog: a :class:`~tsbench.instruments.links.liveness.Liveness`.

    Parameters
    ----------
    bench : WatchedBench
    control : Control
        Asked to stop the run if the watchdog ends early.
    progress : bool
        Whether a measuring thread that stands still is trouble too. A script may rest: there only a process that dies
        is.
    standing : StandingWatchdog, optional
        Whose process is used, and rests when this watch is over. None: a process of its own.
    """

    _resting = False  #: no sign of progress is awaited
    _called: "CallInProgress | None" = None

    def __init__(
        self, bench: WatchedBench, control: Control, progress: bool = True, standing: StandingWatchdog | None = None,
    ) -> None:
        self._bench, self._control, self._progress = bench, control, progress
        self._standing = standing
        order = bench.watchdog_order()
        self._deadline, self._interval = float(order["deadline"]), float(order["interval"])
        self._due = math.inf
        self._answered = time.monotonic()
        self._ready = threading.Event()
        self._over = threading.Event()
        self._voice = threading.Lock()
        self._rested = threading.Event()  #: it waits for the next run
        self._process = _start() if standing is None else standing.take()
        self.process_id = self._process.pid
        self._threads = [
            threading.Thread(target=act, name=name, daemon=True)
            for name, act in (("heartbeat", self._speak), ("watchdog", self._listen))
        ]

    def begin(self, run: str, events: Path | None) -> None:
        """Wait until it is ready; from here on silence has consequences.

        Parameters
        ----------
        run : str
            The run's identifier; what is done where it is no run.
        events : Path
            Where it says what it did, if it had to. None: on standard error only.

        Raises
        ------
        ConfigurationError
            It did not start.
        """
        with contextlib.suppress(OSError):  # it ended at once: noticed below
            order = {"process": os.getpid(), "run": run, "events": str(events.absolute()) if events else ""}
            self._tell({**self._bench.watchdog_order(), **order})
        for thread in self._threads:
            thread.start()
        deadline = time.monotonic() + _STARTING
        while not self._ready.wait(0.05):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise ConfigurationError(
                    "the watchdog did not start, and nothing was switched on. The line above gives the reason. To "
                    "measure without a watchdog, use --no-watchdog, or write enabled = false in [watchdog] of the "
                    "bench file"
                )
        self._answered = time.monotonic()
        _LOG.info("the watchdog is ready (process %d)", self.process_id)
        if not self._progress:
            return
        self.beat()
        with contextlib.suppress(OSError):  # heard before the first output is on, whatever happens to this process
            self._tell({"due": self._deadline})
        self._bench.report_to(self)

    def beat(self) -> None:
        """Note that the measuring thread has made progress."""
        self.waiting(0.0)

    def waiting(self, longest: float) -> None:
        """Note that the next beat may take ``longest`` [s]."""
        self._called = None
        self._due = math.inf if self._resting else time.monotonic() + longest + self._deadline

    def calling(self, longest: float, call: LongCall) -> None:
        """Note that a call may take ``longest`` [s], as long as this thread is inside it."""
        self.waiting(longest)
        if not self._resting:
            self._called = CallInProgress(call, threading.get_ident())

    @contextlib.contextmanager
    def resting(self) -> Iterator[None]:
        """All outputs are off meanwhile: silence is no trouble, as while the operator is asked something."""
        self._resting, self._due = True, math.inf
        with contextlib.suppress(OSError):  # its end is noticed by ``_listen``
            self._tell({"due": None})
        try:
            yield
        finally:
            self._resting = False
            self.beat()

    def farewell(self) -> None:
        """End the watchdog: no output is on any more. Safe to call twice."""
        if self._over.is_set():
            return
        with self._voice:   # no heartbeat comes after the farewell
            self._over.set()
        if self._progress:
            self._bench.report_to(UNWATCHED)
        if self._standing is not None and self._threads[0].ident is None:
            return  # nothing was begun: it still rests
        with contextlib.suppress(OSError):
            self._tell({"farewell": True} if self._standing is None else {"farewell": True, "stay": True})
        if self._standing is not None and self._ready.is_set() and self._rested.wait(_LEAVING):
            for thread in self._threads:
                thread.join()
        else:
            self._end_process()

    def _end_process(self) -> None:
        """Wait until the process has ended, and end what is left of it."""
        try:
            self._process.wait(_LEAVING)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()

    def _tell(self, words: Mapping[str, Any]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(words).encode() + b"\n")

    def _speak(self) -> None:
        """Send heartbeats until the farewell, or until the watchdog does not answer."""
        while not self._over.wait(self._interval):
            now = time.monotonic()
            called = self._called
            left = min(self._due, math.inf if called is None else called.outside(now) + self._deadline) - now
            if self._ready.is_set() and time.monotonic() - self._answered > _DEAF:
                self._control.stop(f"the watchdog (process {self.process_id}) has not answered for {_DEAF:g} s")
                return
            try:
                with self._voice:
                    if self._over.is_set():
                        return
                    self._tell({"due": left if math.isfinite(left) else None})
            except (OSError, ValueError):
                return  # ``_listen`` notices the end of the process and stops the run

    def _listen(self) -> None:
        """Note its answers; if they end without a farewell, stop the run."""
        assert self._process.stdout is not None
        for line in iter(self._process.stdout.readline, b""):
            self._answered = time.monotonic()
            if line == b"ready\n":
                self._ready.set()
            if line == b"rests\n":
                self._rested.set()
                return
        if not self._over.is_set():
            self._control.stop(f"the watchdog (process {self.process_id}) has ended. Without it, nothing would switch "
                               "the outputs off after a crash")


class CallInProgress:
    """A call of a thread; finds out since when the thread stands outside it although the call has not returned."""

    def __init__(self, call: LongCall, thread: int) -> None:
        self._call, self._thread = call, thread
        self._outside = math.inf

    def outside(self, now: float) -> float:
        """Look at the thread; return the first look [s, monotonic] that found it outside, infinity if it is inside."""
        inside = self._call.contains(sys._current_frames().get(self._thread))
        self._outside = math.inf if inside else min(self._outside, now)
        return self._outside


class WatchedRecorder:
    """A recorder that allows for a slow disk in the signs of progress; it writes only through ``RunRecorder``."""

    def __init__(self, recorder: RunRecorder, liveness: Liveness) -> None:
        self._recorder, self._liveness = recorder, liveness

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        self._liveness.calling(_DISK, _WRITING)
        try:
            yield
        finally:
            self._liveness.beat()

    def point(self, point: Point) -> None:
        with self._writing():
            self._recorder.point(point)

    def waveform(self, waveform: Waveform) -> None:
        with self._writing():
            self._recorder.waveform(waveform)

    def event(self, event: RunEvent) -> None:
        with self._writing():
            self._recorder.event(event)

    def settle(self) -> None:
        """Put on the disk what is still held back."""
        with self._writing():
            self._recorder.settle()


@contextlib.contextmanager
def watched(bench: Any, control: Control, wanted: bool | StandingWatchdog) -> Iterator[NoWatch]:
    """Have a watchdog for the time of one run where an output could outlive this process.

    It gets ready while the run is planned; ``begin`` waits for it. ``wanted`` may be the watchdog to use.
    """
    if not needs_watchdog(bench):
        yield NoWatch()
        return
    if not wanted or not bench.watchdog_order()["enabled"]:
        bench.report_to(NoWatch())  # nor does the bench start one by itself
        try:
            yield NoWatch()
        finally:
            bench.report_to(UNWATCHED)
        return
    watch = Watch(bench, control, standing=wanted if isinstance(wanted, StandingWatchdog) else None)
    try:
        yield watch
    finally:
        watch.farewell()


def needs_watchdog(bench: Any) -> bool:
    """Whether an output of this bench stays on when this process dies."""
    return isinstance(bench, WatchedBench) and bench.outlives_process


def _start() -> "subprocess.Popen[bytes]":
    """Start the process, out of reach of what a terminal sends to this one."""
    apart: dict[str, Any] = {"start_new_session": True}
    if sys.platform == "win32":
        # a console of its own, not shown: the watchdog outlives the closing of this one's
        apart = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
                 | subprocess.HIGH_PRIORITY_CLASS}
    return subprocess.Popen(
        [sys.executable, "-m", "tsbench.station.watchdog"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0,
        **apart,
    )
