"""The watchdog against a bench in another process: ``python -m benchmarks.watchdog [--quick] [--runs N] [--seed N]``.

A bench is served over HiSLIP (``tsbench serve``, at the pace of the wall clock; with ``--fast`` for oscillation, which
a busy computer cannot integrate at that pace: its instruments would answer late). Measurements on it are killed
(SIGKILL), stopped (SIGSTOP) or deadlocked (a lock that is never given back, a step that never ends, an endless
loop) at a random point of their course, once the witness of the served bench shows an output on. The point is a
number of measured items and not a time: a busy computer reaches it later, and it is still the same point. From that
moment to the last output going off, as the witness wrote it, must be at most 2 s. Then the watchdog itself is killed:
the run must end safe. Last, measurements that are left alone must come to their end: no false alarm, on a computer
that is kept busy.
"""

import argparse
import contextlib
import itertools
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from benchmarks.report import Line, report
from benchmarks.watchdog_measuring import DEADLOCKS
from tsbench.storage import read_run, recover

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
BAR = 2.0  #: [s]
_PATIENCE = 600.0  #: [s] for what takes seconds, on the busiest computer: only something that hangs takes so long
_LOOK = 0.02  #: [s] between two looks
#: a run of a few seconds of each protocol
RUNS: dict[str, dict[str, Any]] = {
    "iv_sweep": {"stop": 1.2, "step": 0.02, "dwell": 0.02, "approach_rate": 1},
    "pulse_train": {"count": 20, "amplitude": [1.1, 1.15, 1.2, 1.25, 1.3, 1.35], "record_span": 5e-6},
    "oscillation": {"bias": [1.8, 2.0, 2.2, 2.4, 2.6, 2.8], "settle": 0.2, "record_span": 5e-6},
}
#: longer acts of each protocol: a dwell beyond the deadline, long records, many periods
LONG: dict[str, dict[str, Any]] = {
    "iv_sweep": {"stop": 0.3, "step": 0.1, "dwell": 2.0},
    "pulse_train": {"count": 100, "amplitude": [1.2, 1.3], "record_span": 50e-6, "period": 200e-6},
    "oscillation": {"bias": [2.0, 2.4], "settle": 3.0, "periods": 300},
}
DISTURBED = ("SIGKILL", "SIGSTOP", "deadlock")
KINDS = (*DISTURBED, "watchdog killed")
FAST = ("oscillation",)  #: protocols whose bench is not at the pace of the wall clock
ALONE = "left alone"
_SERIALS = {"source_meter": "SIM00001", "generator": "SIM00002", "scope": "SIM00003"}


@dataclass
class Case:
    """One disturbed measurement."""

    protocol: str
    kind: str
    moment: float | None = None  #: wall time at which it happened; None: the run had ended before
    outputs: list[str] = field(default_factory=list)  #: on at that moment, by the witness
    off: float | None = None  #: [s] from then to the last output going off; None: it was left on
    problems: list[str] = field(default_factory=list)
    log: str = ""  #: what the measuring process and its watchdog wrote to standard error

    @property
    def good(self) -> bool:
        """Whether the outputs were off in time and the run is in a file that says what happened."""
        return self.off is not None and self.off <= bar_of(self.kind) and not self.problems


def bar_of(kind: str) -> float:
    """Return how long [s] outputs may stay on: a run without its watchdog has until its next step."""
    return BAR if kind in DISTURBED else 4 * BAR


class ServedBench:
    """``tsbench serve`` on the demo world in ``folder``, and a bench file for it. Use it with ``with``."""

    def __init__(self, folder: Path, fast: bool = False) -> None:
        self.folder, self.witness = folder, folder / "witness.jsonl"
        self.bench = folder / "served.bench.toml"
        folder.mkdir(parents=True, exist_ok=True)
        self._log = (folder / "serve.log").open("wb")
        self._seen: list[tuple[float, str, bool]] = []  #: what the witness saw so far
        self._read_up_to = 0  #: [bytes] of its file
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tsbench", "serve", str(EXAMPLES / "nbo2.world.toml"), "--json"] + ["--fast"] * fast,
            stdout=subprocess.PIPE, stderr=self._log, env={**os.environ, "TSBENCH_WITNESS": str(self.witness)},
        )
        with contextlib.suppress(OSError):  # real instruments have processors of their own
            os.setpriority(os.PRIO_PROCESS, self._server.pid, -10)
        assert self._server.stdout is not None
        line = self._server.stdout.readline()
        if not line:
            self.close()
            raise RuntimeError((folder / "serve.log").read_text("utf-8"))
        self._served = json.loads(line)
        self.write_bench(self.bench)

    def write_bench(self, path: Path, door: str = "hislip", host: str = "127.0.0.1", deadline: float = 0.8,
                    reply: float = 3.0) -> None:
        """Write a bench file that names the instruments by one of their addresses, "hislip" or "socket".

        Its watchdog is patient for ``deadline`` [s]. A reply may take ``reply`` [s], or ``deadline`` if that is longer.
        """
        reply = max(reply, deadline)
        text = (EXAMPLES / "nbo2.bench.toml").read_text("utf-8")
        text = re.sub(r'^visa_library = .*$', 'visa_library = "@py"\nconnected = "D1"', text, flags=re.M)
        for served in self._served:
            resource = served[door].replace("127.0.0.1", host)
            timeout = f"\ntimeout = {reply}" if reply > 3.0 else ""
            text = re.sub(rf'"USB\S*{_SERIALS[served["name"]]}::INSTR"', f'"{resource}"{timeout}', text)
        path.write_text(f"{text}\n[watchdog]\ndeadline = {deadline}\n", "utf-8")

    def outputs(self) -> list[tuple[float, str, bool]]:
        """Return what the witness saw: wall time, output, on."""
        with self.witness.open("rb") as file:
            file.seek(self._read_up_to)
            news, _, _ = file.read().rpartition(b"\n")
        for line in news.splitlines():
            if b'"kind":"output"' in line:
                record = json.loads(line)
                self._seen.append((record["wall"], f"{record['instrument']}.{record['channel']}", record["on"]))
        self._read_up_to += len(news) + bool(news)
        return self._seen

    def on_at(self, moment: float) -> list[str]:
        """Return the outputs that were on at a wall time."""
        states = {name: on for wall, name, on in self.outputs() if wall <= moment}
        return sorted(name for name, on in states.items() if on)

    @property
    def process(self) -> int:
        """Return the number of the process that serves."""
        return self._server.pid

    def off_since(self) -> float | None:
        """Return the wall time at which the last output went off; None while one is on."""
        states: dict[str, bool] = {}
        last = 0.0
        for wall, name, on in self.outputs():
            if states.get(name, False) and not on:
                last = wall
            states[name] = on
        return None if any(states.values()) else last

    def close(self) -> None:
        """End the server."""
        self._server.terminate()
        self._server.wait(20)
        if self._server.stdout is not None:
            self._server.stdout.close()
        self._log.close()

    def __enter__(self) -> "ServedBench":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def run_case(served: ServedBench, protocol: str, kind: str, share: float, deadlock: str, number: int,
             parameters: Mapping[str, Any] | None = None) -> Case:
    """Run ``protocol`` and do ``kind`` to it when ``share`` of its items are measured and an output is on.

    The run is that of ``RUNS``, for "left alone" that of ``LONG``, with ``parameters`` in place of some of its own.
    """
    case, out = Case(protocol, kind), served.folder / f"runs{number}"
    chosen = {**(LONG if kind == ALONE else RUNS)[protocol], **(parameters or {})}
    with (served.folder / f"measuring{number}.log").open("w+b") as log:
        child = subprocess.Popen(
            [
                sys.executable, "-m", "benchmarks.watchdog_measuring", str(served.bench), protocol, json.dumps(chosen),
                str(out), deadlock if kind == "deadlock" else "",
            ],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, cwd=EXAMPLES.parent,
        )
        told = Told()
        reader = threading.Thread(target=told.follow, args=(child,))
        reader.start()
        try:
            if not told.running.wait(_PATIENCE):
                raise RuntimeError(f"{protocol} did not begin")
            if kind == ALONE:
                child.wait(_PATIENCE)
                case.moment = time.time()
            elif _point_reached(served, child, told, share):
                case.moment = _do(kind, child, told)
            with contextlib.suppress(subprocess.TimeoutExpired):  # a deadlock that came after the farewell stays
                child.wait(_PATIENCE if kind == "watchdog killed" else 60)
        finally:
            child.kill()
            reader.join()
            _close_quietly(child.stdin)
        if case.moment is None and child.returncode != 0:
            case.moment = time.time()
            case.problems.append(f"ended with {child.returncode} before anything was done to it")
        if case.moment is None:
            return case
        _settle(served, case)
        if kind == ALONE:
            if told.facts.get("status") != "success":
                case.problems.append(f"ended with {child.returncode}: {told.facts.get('reason')}")
        elif case.outputs:  # else it had nothing to lose: the output went off just before
            _look(case, told.facts, child.returncode, out)
        log.seek(0)
        case.log = log.read().decode("utf-8", "replace").strip()
    return case


class Told:
    """The messages of the measuring process, one JSON line each. A thread that calls ``follow`` stores them."""

    def __init__(self) -> None:
        self.facts: dict[str, Any] = {}
        self.running = threading.Event()  #: it measures, or has ended before it did
        self.stuck = threading.Event()  #: it is deadlocked, or has ended
        self.latest = 0.0  #: [s] wall time of the latest items: between the two latest steps that brought some
        self._brought = 0.0

    def follow(self, child: "subprocess.Popen[bytes]") -> None:
        """Keep what is said until the process ends."""
        assert child.stdout is not None
        with child.stdout:
            for line in child.stdout:
                words = json.loads(line)
                if words.get("done", 0) > self.facts.get("done", 0):
                    self.latest, self._brought = words["step"] - self._brought, words["step"]
                elif "done" not in self.facts:
                    self._brought = words.get("step", 0.0)
                self.facts.update(words)
                self.running.set()
                if "stuck" in words:
                    self.stuck.set()
        self.running.set()
        self.stuck.set()

    def reached(self, share: float) -> bool:
        """Whether so many items are measured."""
        return "done" in self.facts and self.facts["done"] >= int(share * self.facts["total"])


def _point_reached(served: ServedBench, child: "subprocess.Popen[bytes]", told: Told, share: float) -> bool:
    """Wait for a point of the measurement with an output on; False if the measurement ends before.

    The point is ``share`` of all items. The whole part of that number is waited for item by item. Its fraction is the
    fraction of the time that the latest items took, so that it may lie anywhere between two steps.
    """
    while child.poll() is None and "status" not in told.facts:
        if told.reached(share) and served.on_at(time.time()):
            time.sleep(share * told.facts["total"] % 1.0 * told.latest)
            return child.poll() is None and "status" not in told.facts
        time.sleep(_LOOK)
    return False


def _do(kind: str, child: "subprocess.Popen[bytes]", told: Told) -> float | None:
    """Do it; return the wall time at which it happened, None where it came too late."""
    try:
        if kind == "SIGKILL":
            child.kill()
        elif kind == "SIGSTOP":
            child.send_signal(signal.SIGSTOP)
        elif kind == "deadlock":
            assert child.stdin is not None
            child.stdin.write(b"now\n")
            child.stdin.flush()
            told.stuck.wait(_PATIENCE)
            return told.facts.get("stuck")
        else:
            os.kill(told.facts["watchdog"], signal.SIGKILL)
    except (ProcessLookupError, BrokenPipeError):  # the run is over, and the watchdog has had its farewell
        return None
    return time.time()


def _close_quietly(pipe: IO[bytes] | None) -> None:
    if pipe is not None:
        with contextlib.suppress(OSError):
            pipe.close()


def _settle(served: ServedBench, case: Case) -> None:
    """Wait until the outputs are off, and note when they went off for the last time."""
    assert case.moment is not None
    deadline = time.monotonic() + _PATIENCE
    time.sleep(0.3)  # what was still on its way to the instruments
    case.outputs = served.on_at(case.moment)
    while time.monotonic() < deadline:
        if (off := served.off_since()) is not None:
            case.off = max(off - case.moment, 0.0)
            return
        time.sleep(_LOOK)


def _look(case: Case, facts: dict[str, Any], code: int, out: Path) -> None:
    """Check how the process ended and what is in the run's file."""
    if case.kind == "watchdog killed":
        if code != 130 or "watchdog" not in facts.get("reason", ""):
            case.problems.append(f"ended with {code}: {facts.get('reason')}")
        statuses = {read_run(path).status for path in out.glob("*.nxs")}
        if statuses != {"abort"}:
            case.problems.append(f"run files with status {statuses}")
        return
    if code != -signal.SIGKILL:
        case.problems.append(f"the measuring process ended with {code}")
    deadline = time.monotonic() + _PATIENCE  # the watchdog writes after it has switched off
    while not list(out.glob("*.watchdog.json")) and time.monotonic() < deadline:
        time.sleep(_LOOK)
    runs = [read_run(path) for path in recover(out, case.problems.append)]
    if [(run.status, "watchdog" in run.reason) for run in runs] != [("recovered", True)]:
        case.problems.append(f"recovered: {[(run.status, run.reason) for run in runs]}")


def cases(served: ServedBench, protocol: str, wanted: int, randomness: random.Random) -> Iterator[Case]:
    """Yield cases until ``wanted`` of each kind met an output that was on."""
    numbers = itertools.count()
    for kind in KINDS:
        met, tries = 0, 0
        while met < wanted_of(kind, wanted) and tries < 3 * wanted + 3:
            tries += 1
            deadlock = DEADLOCKS[tries % len(DEADLOCKS)]
            case = run_case(served, protocol, kind, randomness.random(), deadlock, next(numbers))
            if case.moment is not None:
                met += bool(case.outputs)
                yield case
    for _ in range(wanted_of(ALONE, wanted)):
        yield run_case(served, protocol, ALONE, 0.0, "", next(numbers))


def wanted_of(kind: str, wanted: int) -> int:
    """Return how many cases there are of a kind in each protocol."""
    return wanted if kind in DISTURBED else max(wanted // 3, 1)


def measure(folder: Path, wanted: int, seed: int, protocols: Sequence[str]) -> list[Case]:
    """Return the cases of all protocols, each on a served bench of its own, side by side."""

    def one(protocol: str) -> list[Case]:
        found = []
        with ServedBench(folder / protocol, protocol in FAST) as served:
            for case in cases(served, protocol, wanted, random.Random(f"{seed} {protocol}")):
                found.append(case)
                off = "LEFT ON" if case.off is None else f"{case.off:.2f} s"
                print(f"{protocol}, {case.kind}: on {case.outputs}, off after {off}", *case.problems,
                      *[] if case.good else [case.log], file=sys.stderr, flush=True)
        return found

    with ThreadPoolExecutor(len(RUNS)) as pool:  # they mostly wait
        return list(itertools.chain.from_iterable(pool.map(one, protocols)))


def lines(found: Sequence[Case], wanted: int, protocols: Sequence[str]) -> list[Line]:
    """Return the table."""
    made = []
    for kind in KINDS:
        of_kind = [case for case in found if case.kind == kind]
        met = [case for case in of_kind if case.outputs]
        good = [case for case in of_kind if case.good]
        times = sorted(case.off if case.off is not None else float("inf") for case in met) or [float("inf")]
        bar, least = bar_of(kind), wanted_of(kind, wanted) * len(protocols)
        figure = f"{kind}: outputs off, {len(protocols)} protocols"
        figures = f"median {times[len(times) // 2]:.2f} s, longest {times[-1]:.2f} s"
        passed = len(good) == len(of_kind) and len(met) >= least
        made.append(Line(figure, f"{len(good)} of {len(of_kind)} ({len(met)} with an output on); {figures}",
                         f"all within {bar:g} s, {least} with an output on", passed))
    alone = [case for case in found if case.kind == ALONE]
    ended = sum(case.good for case in alone)
    made.append(Line("undisturbed runs that come to their end", f"{ended} of {len(alone)}", "all", ended == len(alone)))
    disturbed = [case for case in found if case.kind in DISTURBED and case.outputs]
    made.append(Line("SIGKILL, SIGSTOP and deadlock with an output on", str(len(disturbed)),
                     f"at least {3 * wanted * len(protocols)}", len(disturbed) >= 3 * wanted * len(protocols)))
    return made


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.watchdog", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one case of each kind and protocol")
    parser.add_argument("--runs", type=int, default=12, help="cases of each kind and protocol (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--protocol", choices=sorted(RUNS), help="only this one (default: all)")
    options = parser.parse_args()
    if os.name == "nt":
        print("needs signals that Windows has not", file=sys.stderr)
        return 2
    wanted = 1 if options.quick else options.runs
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        protocols = [options.protocol] if options.protocol else list(RUNS)
        found = measure(Path(folder), wanted, options.seed, protocols)
    return report("watchdog", "outputs after the measuring process fails", lines(found, wanted, protocols))


if __name__ == "__main__":
    sys.exit(main())
