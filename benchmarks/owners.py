"""Two processes on one bench: ``python -m benchmarks.owners [--quick] [--moments N] [--seed N]``.

A bench is served (``tsbench serve --fast``). A first process owns it with a long sweep: ``measure``, the window, or
``run``. At random moments a second one comes (``measure``, ``check``, a window, ``run``), every other time with a
bench file that names the same instruments by another of their doors. It must end with exit code 3 and one line that
names the owner; a second window must also show the owner's run. The first must never be disturbed: by the
witness no output of it changes between its beginning and its end, and each of its readings is that of the same level in
the other cycles. It is stopped over its socket and ends safe. Last, owners are killed (SIGKILL) at random moments: a
sweep that is begun at once must succeed.

Windows need a display (``xvfb-run -a`` gives one).
"""

import argparse
import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from benchmarks.owners_runs import FIRSTS, SECONDS, SHORT, First, Meeting, command, meet
from benchmarks.report import Line, report
from benchmarks.watchdog import ServedBench
from tsbench.runner.messages import VERSION
from tsbench.storage import read_run
from tsbench.storage.run_address import read_address

_LATEST = 1.5  #: [s] between two meetings
_SAME = 0.2  #: relative deviation of a reading from the median at its level; one with the output off is -1
_SMALL = 0.2  #: [V] below that a current is mostly offset
_PATIENCE = 240.0  #: [s]


@dataclass
class Ownership:
    """What became of one owner and of all who met it."""

    kind: str
    process: int = 0
    meetings: list[Meeting] = field(default_factory=list)
    points: int = 0
    problems: list[str] = field(default_factory=list)


def own(served: ServedBench, kind: str, moments: int, chance: random.Random, number: int) -> Ownership:
    """Let a first process measure, others come at random moments, and look at what it has measured."""
    found = Ownership(kind)
    out = served.folder / f"{kind}{number}"
    other = served.folder / "other.bench.toml"
    served.write_bench(other, door="socket", host="localhost")
    seconds = list(SECONDS) * moments
    chance.shuffle(seconds)
    with First(kind, served.bench, out) as first:
        found.process = first.process
        began = _output_on(served)
        for index, second in enumerate(seconds):
            time.sleep(chance.uniform(0.0, _LATEST))
            bench, file = (served.bench, "same") if index % 2 else (other, "other")
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


def _look(served: ServedBench, found: Ownership, out: Path, began: float, ended: float) -> None:
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
    for level in np.unique(levels[np.abs(levels) > _SMALL]):
        here = currents[levels == level]
        bad = ~(np.abs(here / np.median(here) - 1.0) <= _SAME)
        wrong += [f"{current:.3g} A at {level:g} V" for current in here[bad]]
    return wrong


def kill(served: ServedBench, kind: str, delay: float, number: int) -> str:
    """Kill an owner; return why a sweep that is begun at once did not succeed, "" if it did."""
    with First(kind, served.bench, served.folder / f"killed_{kind}{number}") as first:
        time.sleep(delay)
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


def lines(owned: Sequence[Ownership], killed: Sequence[str], moments: int) -> list[Line]:
    """Return the table."""
    made = []
    for kind in FIRSTS:
        for second in SECONDS:
            met = [(item, owner.process) for owner in owned if owner.kind == kind for item in owner.meetings
                   if item.second == second]
            good = sum(item.good(process) for item, process in met)
            others = sum(item.file == "other" for item, _ in met)
            what = "refused in one line that names the owner" + (", shows its run" if second == "gui" else "")
            made.append(Line(f"`{kind}` measures, `{second}` comes: {what}",
                             f"{good} of {len(met)} ({others} by another bench file)", f"all of {moments}",
                             good == len(met) == moments))
    points = sum(owner.points for owner in owned)
    undisturbed = [owner for owner in owned if not owner.problems and owner.points]
    said = "; ".join(f"{owner.kind}: {', '.join(owner.problems[:3])}" for owner in owned if owner.problems)
    made.append(Line("owners never disturbed: outputs by the witness, each reading, end",
                     f"{len(undisturbed)} of {len(owned)}, {points} points{f' ({said})' if said else ''}", "all",
                     len(undisturbed) == len(owned)))
    good = sum(not problem for problem in killed)
    said = "; ".join(problem for problem in killed if problem)
    made.append(Line("owner killed (SIGKILL): a sweep begun at once succeeds and ends safe",
                     f"{good} of {len(killed)}{f' ({said})' if said else ''}", "all", good == len(killed) > 0))
    return made


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.owners", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one moment of each pair")
    parser.add_argument("--moments", type=int, default=20, help="of each ordered pair (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    if os.name == "nt":
        print("needs signals that Windows does not have", file=sys.stderr)
        return 2
    moments = 1 if options.quick else options.moments
    chance = random.Random(options.seed)
    owned, killed = [], []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, ServedBench(Path(folder), True) as served:
        for kind in FIRSTS:
            owned.append(own(served, kind, moments, chance, 0))
            for number in range(max(moments // 4, 1)):
                killed.append(kill(served, kind, chance.uniform(0.0, 2.0), number))
    return report("owners", "two processes on one bench", lines(owned, killed, moments))


if __name__ == "__main__":
    sys.exit(main())
