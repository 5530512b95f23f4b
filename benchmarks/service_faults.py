"""The bench service when one of its processes fails.

``python -m benchmarks.service_faults [--quick] [--moments N] [--seed N] [--resume FILE]``

A bench is served by another process (``tsbench serve``, at the pace of the wall clock). A bench service measures a
sweep on it. At a random moment with an output on, by the witness of the served bench, the service or its measuring
process is killed (SIGKILL), stopped (SIGSTOP) or stands still (a lock that is never given back). From that moment to
the last output going off, as the witness wrote it, must be at most 2 s. Then a client asks for another sweep, of a new
service where the old one is no more: it must succeed, and the disturbed run must be in a file that can be read, with
all that was acknowledged.
"""

import argparse
import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from benchmarks.report import Line, report
from benchmarks.watchdog import RUNS, ServedBench
from tsbench.errors import TsbenchError
from tsbench.station.bench.ownership import FOLDER
from tsbench.station.service.client import ServiceClient, ServiceJob, connect
from tsbench.station.service.place import living_service, place_of
from tsbench.storage import read_run

BAR = 2.0  #: [s]
WHO = ("service", "measuring process")
INSIDE = "deadlock inside an exchange"
HOW = {"SIGKILL": getattr(signal, "SIGKILL", 0), "SIGSTOP": getattr(signal, "SIGSTOP", 0),
       "deadlock": getattr(signal, "SIGUSR1", 0), INSIDE: getattr(signal, "SIGUSR2", 0)}
KINDS = [(who, how) for who in WHO for how in HOW if (who, how) != ("service", INSIDE)]
_PATIENCE = 300.0  #: [s]
_LOOK = 0.02  #: [s]
_SHORT = {"stop": 0.2, "step": 0.1}  #: parameters of a sweep of five points


@dataclass
class Fault:
    """One moment at which a process failed."""

    who: str
    how: str
    outputs: list[str] = field(default_factory=list)  #: on at that moment, by the witness
    off: float | None = None  #: [s] from then to the last output going off; None: left on
    waited: float | None = None  #: [s] of processors that others had meanwhile, for all processes concerned together
    acknowledged: int = 0  #: points that a client had been told of
    kept: int = 0  #: points in the run file
    problems: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Whether all is as it must be."""
        in_time = self.off is not None and self.off <= BAR
        return in_time and self.kept >= self.acknowledged and not self.problems


class KeptService:
    """A service that can be made to stand still, started where none lives; it serves as many moments as it can."""

    def __init__(self, bench: Path) -> None:
        self._bench = bench
        self._process: subprocess.Popen[bytes] | None = None

    def process(self) -> int:
        """Return the number of its process, started anew where the last one is no more."""
        if self._process is None or self._process.poll() is not None:
            with self._bench.with_suffix(".log").open("ab") as log:
                self._process = subprocess.Popen(
                    [sys.executable, "-m", "benchmarks.service_faulty", str(self._bench)], stdin=subprocess.DEVNULL,
                    stderr=log, cwd=Path(__file__).parent.parent, start_new_session=True)
            process = self._process
            _wait(lambda: living_service(self._bench) is not None or process.poll() is not None)
        return self._process.pid

    def end(self) -> None:
        """End it as its user must, where it stands still."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            _wait(lambda: not place_of(self._bench).lives)


class ProcessorWait:
    """How long some processes have waited for a processor: what a loaded machine adds to any time that is measured."""

    def __init__(self, processes: Iterable[int]) -> None:
        self._first = {number: _waited(number) for number in processes}
        self._last = dict(self._first)

    def look(self) -> float:
        """Return the sum over the processes [s]; of one that has ended, what was seen last."""
        for number in self._first:
            self._last[number] = max(self._last[number], _waited(number))
        return sum(self._last[number] - first for number, first in self._first.items())


def _waited(process: int) -> float:
    """Return how long all threads of a process have waited for a processor [s], by /proc/PID/task/TID/schedstat."""
    waited = 0
    for text in _of_tasks(process, "schedstat"):
        with contextlib.suppress(ValueError, IndexError):
            waited += int(text.split()[1])
    return 1e-9 * waited


def _children(process: int) -> list[int]:
    """Return the processes that a process has started."""
    return [int(number) for text in _of_tasks(process, "children") for number in text.split()]


def _of_tasks(process: int, file: str) -> list[str]:
    """Return what a file of ``/proc`` says of each thread; the process may end while it is read."""
    found = []
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{process}/task").iterdir():
            with contextlib.suppress(OSError):
                found.append((task / file).read_text())
    return found


def disturb(served: ServedBench, service: KeptService, who: str, how: str, chance: random.Random, number: int) -> Fault:
    """Let a process fail in a run; return what became of it."""
    found, out = Fault(who, how), served.folder / f"runs{number}"
    told = Acknowledged()
    owner = service.process()
    with connect(served.bench, start=False) as client:
        client.submit("iv_sweep", "D1", out, parameters=_SHORT).wait()  # the bench is open
        job = client.submit("iv_sweep", "D1", out, parameters=RUNS["iv_sweep"])
        threading.Thread(target=told.follow, args=(job,), daemon=True).start()
        _wait(lambda: bool(served.on_at(time.time())) or told.over.is_set())
        time.sleep(chance.uniform(0.0, 2.0))
        child = int(client.status()["measuring_process"] or 0)
        waiting = ProcessorWait({owner, child, *_children(child), served.process})
        found.acknowledged = told.points
        os.kill(owner if who == "service" else child, HOW[how])
        moment = time.time()
    time.sleep(0.3)  # what was still on its way to the instruments
    found.outputs = served.on_at(moment)
    _settle(served, found, moment, waiting)
    if who == "service":
        service.end()
        service.process()
    _look(served, found, out)
    return found


class Acknowledged:
    """The points that a client has been told of: they are on the disk."""

    def __init__(self) -> None:
        self.points, self.over = 0, threading.Event()

    def follow(self, job: ServiceJob) -> None:
        """Count until the run is over or the service is gone."""
        with contextlib.suppress(TsbenchError):
            for event in job.events():
                self.points += event.kind == "point"
        self.over.set()


def _wait(met: Callable[[], bool]) -> None:
    until = time.monotonic() + _PATIENCE
    while not met():
        if time.monotonic() > until:
            raise RuntimeError("nothing happened for too long")
        time.sleep(_LOOK)


def _settle(served: ServedBench, found: Fault, moment: float, waiting: ProcessorWait) -> None:
    """Wait until all outputs are off."""
    until = time.monotonic() + 60.0
    while time.monotonic() < until:
        found.waited = waiting.look()
        if (off := served.off_since()) is not None:
            found.off = max(off - moment, 0.0)
            return
        time.sleep(_LOOK)


def _look(served: ServedBench, found: Fault, out: Path) -> None:
    """Measure again, and look at the file of the disturbed run."""
    try:
        with connect(served.bench, start=False) as client:
            client.go_on()
            _require_success(client, out, found)
    except TsbenchError as error:
        found.problems.append(f"the next sweep: {error}")
    runs = [read_run(path) for path in sorted(out.glob("*.nxs"))]
    disturbed = [run for run in runs if run.header.parameters["stop"]["value"] == RUNS["iv_sweep"]["stop"]]
    if len(runs) != 3 or len(disturbed) != 1 or list(out.glob("*.tsj")):
        found.problems.append(f"{len(runs)} run files, {len(disturbed)} of the disturbed run, "
                              f"{len(list(out.glob('*.tsj')))} journals")
        return
    found.kept = len(disturbed[0].points)
    if disturbed[0].status == "success":
        found.kept, found.outputs = found.acknowledged, []  # it had ended before


def _require_success(client: ServiceClient, out: Path, found: Fault) -> None:
    outcome = client.submit("iv_sweep", "D1", out, parameters=_SHORT).wait()
    if outcome.status != "success" or not outcome.safe:
        found.problems.append(f"the next sweep ended with {outcome.status}: {outcome.reason}")


def lines(faults: Sequence[Fault], moments: int) -> list[Line]:
    """Return the table."""
    made = []
    for who, how in KINDS:
        found = [fault for fault in faults if (fault.who, fault.how) == (who, how)]
        met = [fault for fault in found if fault.outputs]
        times = sorted(fault.off for fault in met if fault.off is not None)
        late = [fault for fault in met if fault.off is None or fault.off > BAR]
        good = sum(fault.good for fault in found)
        said = "; ".join(", ".join(fault.problems) for fault in found if fault.problems)
        slowest = f"slowest {times[-1]:.2f} s, median {times[len(times) // 2]:.2f} s" if times else "none was on"
        slowest += f"; {len(late)} late, while the processes waited {_longest_wait(late)} for a processor" * bool(late)
        made.append(Line(f"{who}, {how}: outputs off within {BAR:g} s, nothing acknowledged lost, the next run "
                         "succeeds", f"{good} of {len(found)} ({len(met)} with an output on; {slowest})"
                         f"{f'; {said}' if said else ''}", f"all of {moments} or more", good == len(found) >= moments))
    return made


def _longest_wait(faults: Sequence[Fault]) -> str:
    known = [fault.waited for fault in faults if fault.waited is not None]
    return f"{min(known):.2f} s or longer" if known else "for an unknown time"


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.service_faults", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one moment of each kind")
    parser.add_argument("--moments", type=int, default=20, help="of each kind (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--resume", type=Path, metavar="FILE", help="go on from there, add to it")
    options = parser.parse_args()
    moments = 1 if options.quick else options.moments
    kept = options.resume.read_text().splitlines() if options.resume and options.resume.exists() else []
    faults = [Fault(**json.loads(line)) for line in kept]
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name, ServedBench(Path(name)) as served,
        contextlib.ExitStack() as last,
    ):
        os.environ[FOLDER] = str(Path(name) / "locks")
        service = KeptService(served.bench)
        last.callback(service.end)
        for number in range(moments):
            for who, how in KINDS:
                if sum((fault.who, fault.how) == (who, how) for fault in faults) > number:
                    continue
                chance = random.Random(f"{options.seed} {who} {how} {number}")
                fault = disturb(served, service, who, how, chance, len(faults))
                faults.append(fault)
                print(fault, file=sys.stderr, flush=True)
                if options.resume:
                    options.resume.parent.mkdir(parents=True, exist_ok=True)
                    with options.resume.open("a") as file:
                        file.write(json.dumps(asdict(fault)) + "\n")
    code = report(f"service_faults --moments {moments}", "the bench service when one of its processes fails",
                  lines(faults, moments))
    print(f"\nload of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    return code


if __name__ == "__main__":
    sys.exit(main())
