"""Two processes on one bench: ``python -m benchmarks.owners [--quick] [--moments N] [--seed N] [--resume FILE]``.

A bench is served (``tsbench serve --fast``). A first process owns it with a long sweep: ``measure``, the window, or
``run``. At random moments a second one comes (``measure``, ``check``, a window, ``run``), every other time with a
bench file that names the same instruments by another of their addresses. It must end with exit code 3 and one line that
names the owner; a second window must also show the owner's run. The first must never be disturbed: by the
witness no output of it changes between its beginning and its end, and each of its readings is that of the same level in
the other cycles, within six standard deviations of the instrument's noise. It is stopped over its socket and ends safe.
In every fourth round the owner is killed (SIGKILL) at a random moment: a sweep that is begun at once must succeed. A
round is a first process and one of each kind of second.

Windows need a display (``xvfb-run -a`` gives one).
"""

import argparse
import contextlib
import itertools
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from benchmarks.owners_runs import FIRSTS, SECONDS, SHORT, First, Meeting, command, meet
from benchmarks.report import Line, report
from benchmarks.watchdog import ServedBench
from tsbench.station.runner.messages import VERSION
from tsbench.storage import read_run
from tsbench.storage.run_address import read_address

PATIENT = 30.0  #: [s] no sweep is to end because this computer is busy with the second process
_LATEST = 1.5  #: [s] between two meetings
#: [A] standard deviation of a reading in the range of 1 mA at 0.1 power-line cycles (data sheet SPEC-2450: 5 nA at one)
_NOISE = 5e-9 * (0.75 / 0.1 + 0.25) ** 0.5
_SAME = 6.0  #: standard deviations from the median at its level: of 100,000 readings fewer than one in 1,000 runs
_PATIENCE = 240.0  #: [s]


@dataclass
class Round:
    """What became of one owner and of all who met it."""

    kind: str
    number: int = 0
    process: int = 0
    meetings: list[Meeting] = field(default_factory=list)
    points: int = 0
    problems: list[str] = field(default_factory=list)
    after_kill: str | None = None  #: why the next sweep did not succeed; None: no process was killed

    @classmethod
    def read(cls, line: str) -> "Round":
        """Return a round as it was kept."""
        facts = json.loads(line)
        return cls(**{**facts, "meetings": [Meeting(**met) for met in facts["meetings"]]})


def own(served: ServedBench, kind: str, chance: random.Random, number: int) -> Round:
    """Let a first process measure, others come at random moments, and look at what it has measured."""
    found = Round(kind, number)
    out = served.folder / f"{kind}{number}"
    other = served.folder / "other.bench.toml"
    served.write_bench(served.bench, deadline=PATIENT)
    served.write_bench(other, door="socket", host="localhost", deadline=PATIENT)
    seconds = list(SECONDS)
    chance.shuffle(seconds)
    with First(kind, served.bench, out) as first:
        found.process = first.process
        began = _output_on(served)
        for index, second in enumerate(seconds):
            time.sleep(chance.uniform(0.0, _LATEST))
            bench, file = (served.bench, "same") if (index + number) % 2 else (other, "other")
            met = meet(first, second, bench, served.folder / f"second{number}", file)
            found.meetings.append(met)
            good = met.good(first.process)
            print(f"{kind}, then {second} ({file} file): {'refused' if good else met}", file=sys.stderr, flush=True)
            if not first.measuring:
                found.problems.append(f"its run ended when {second} came: {first.log}")
                return found
        ended = time.time()
        _ask_to_stop(first.address)
        if not first.wait_for_end():
            found.problems.append("it did not stop")
            return found
    _look(served, found, out, began, ended)
    return found


def _output_on(served: ServedBench) -> float:
    """Wait until the sweep has its output on; return the wall time."""
    until = time.monotonic() + _PATIENCE
    while not served.on_at(time.time()) and time.monotonic() < until:
        time.sleep(0.05)
    return time.time()


def _ask_to_stop(address: Path) -> None:
    facts = read_address(address) or {}
    with socket.create_connection((facts["host"], facts["port"]), timeout=_PATIENCE) as link:
        link.sendall(f'{{"version": {VERSION}, "token": "{facts["token"]}"}}\n{{"request": "stop"}}\n'.encode())
        with contextlib.suppress(OSError):
            while link.recv(2**16):  # until it hangs up: its run is over
                pass


def _look(served: ServedBench, found: Round, out: Path, began: float, ended: float) -> None:
    """Check the run of an owner against the witness and against itself."""
    changed = [name for wall, name, _ in served.outputs() if began <= wall <= ended]
    if changed:
        found.problems.append(f"outputs changed while it measured: {changed}")
    if left := served.on_at(time.time()):
        found.problems.append(f"left on: {left}")
    files = list(out.glob("*.nxs"))
    if len(files) != 1:
        found.problems.append(f"{len(files)} run files")
        return
    run = read_run(files[0])
    found.points = len(run.points)
    if (run.status, run.reason) != ("abort", "stopped by the operator"):
        found.problems.append(f"ended with {run.status}: {run.reason}")
    noted = [event.message for event in run.events if event.kind == "retry"]
    found.problems += noted
    found.problems += false_points(run.column("set_point"), run.column("current"))


def false_points(levels: "np.ndarray[tuple[int], np.dtype[np.float64]]",
                 currents: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> list[str]:
    """Return the readings [A] that are not those of the same level [V] at other times."""
    wrong = []
    for level in np.unique(levels):
        here = currents[levels == level]
        bad = ~(np.abs(here - np.nanmedian(here)) <= _SAME * _NOISE)
        wrong += [f"{current:.3g} A at {level:g} V" for current in here[bad]]
    return wrong


def kill(served: ServedBench, kind: str, delay: float, number: int) -> str:
    """Kill an owner; return why a sweep that is begun at once did not succeed, "" if it did.

    A window goes first: one that lives on checks the bench as soon as its run is gone, and is its owner meanwhile.
    """
    with First(kind, served.bench, served.folder / f"killed_{kind}{number}") as first:
        time.sleep(delay)
        if kind == "gui":
            first.child.kill()
        os.kill(first.process, signal.SIGKILL)
        out = served.folder / f"next_{kind}{number}"
        done = subprocess.run(
            command("measure", served.bench, out, SHORT, "next"), capture_output=True, text=True, timeout=_PATIENCE,
            check=False,
        )
    if done.returncode:
        return done.stderr.strip()
    left = served.on_at(time.time())
    return f"left on: {left}" if left else ""


def lines(rounds: Sequence[Round], moments: int) -> list[Line]:
    """Return the table."""
    made = []
    for kind in FIRSTS:
        for second in SECONDS:
            met = [(item, round_.process) for round_ in rounds if round_.kind == kind for item in round_.meetings
                   if item.second == second]
            good = sum(item.good(process) for item, process in met)
            others = sum(item.file == "other" for item, _ in met)
            what = "is refused in one line that names the owner" + (" and shows its run" if second == "gui" else "")
            made.append(Line(f"`{kind}` owns the bench, `{second}` {what}",
                             f"{good} of {len(met)} ({others} with another bench file)", f"all of {moments}",
                             good == len(met) == moments))
    points = sum(round_.points for round_ in rounds)
    undisturbed = [round_ for round_ in rounds if not round_.problems and round_.points]
    said = "; ".join(f"{round_.kind}: {', '.join(round_.problems[:3])}" for round_ in rounds if round_.problems)
    made.append(Line("owners that are not disturbed (outputs, readings, end of the run)",
                     f"{len(undisturbed)} of {len(rounds)}, {points} points{f' ({said})' if said else ''}", "all",
                     len(undisturbed) == len(rounds)))
    killed = [round_.after_kill for round_ in rounds if round_.after_kill is not None]
    good = sum(not problem for problem in killed)
    said = "; ".join(problem for problem in killed if problem)
    made.append(Line("owner killed (SIGKILL): the next sweep starts at once, succeeds and ends safe",
                     f"{good} of {len(killed)}{f' ({said})' if said else ''}", "all", good == len(killed) > 0))
    return made


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.owners", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one moment of each pair")
    parser.add_argument("--moments", type=int, default=20, help="of each ordered pair (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--resume", type=Path, metavar="FILE", help="go on from there, add to it")
    options = parser.parse_args()
    if os.name == "nt":
        print("needs signals that Windows does not have", file=sys.stderr)
        return 2
    moments = 1 if options.quick else options.moments
    kept = options.resume.read_text().splitlines() if options.resume and options.resume.exists() else []
    rounds = [Round.read(line) for line in kept]
    done = {(round_.kind, round_.number) for round_ in rounds}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, ServedBench(Path(folder), True) as served:
        for number, kind in itertools.product(range(moments), FIRSTS):
            if (kind, number) in done:
                continue
            chance = random.Random(f"{options.seed} {kind} {number}")
            rounds.append(own(served, kind, chance, number))
            if number % 4 == 0:
                rounds[-1].after_kill = kill(served, kind, chance.uniform(0.0, 2.0), number)
            if options.resume:
                with options.resume.open("a") as file:
                    file.write(json.dumps(asdict(rounds[-1])) + "\n")
    return report("owners", "two processes on one bench", lines(rounds, moments))


if __name__ == "__main__":
    sys.exit(main())
