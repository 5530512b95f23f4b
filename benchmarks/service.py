"""A sweep through a warm bench service, beside a run of an older version on an open bench.

``python -m benchmarks.service --old DIR [--quick]``: DIR is a checkout of 06c60f1 with its environment in ``.venv``.

Each round measures an I-V sweep of 51 points once through the service, from the request to the stored result with its
numbers, and once with ``run_on`` of the older version on a bench that is open already. The rounds alternate, and the
median of each counts. Two kinds of bench: served by another process (``tsbench serve --fast``, one for each version),
as a real one is, where each run of the older version starts a watchdog; and simulated in the measuring process, where
there is no watchdog and most of the time is the simulation.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.report import INFORMATION, Line, report
from benchmarks.watchdog import ServedBench
from tsbench.station.bench.ownership import FOLDER
from tsbench.station.service.client import ServiceClient, connect

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
SWEEP: dict[str, Any] = {"stop": 1.2, "step": 0.048}
POINTS = 51
BAR = 0.6


@dataclass
class Times:
    """Wall times [s] of one kind of bench."""

    ours: list[float] = field(default_factory=list)
    theirs: list[float] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        """Return our median by theirs."""
        return statistics.median(self.ours) / statistics.median(self.theirs)


class Older:
    """The older version on an open bench, in a process of its own."""

    def __init__(self, checkout: Path, bench: Path, out: Path) -> None:
        self._process = subprocess.Popen(
            [str(checkout / ".venv" / "bin" / "python"), "-P", str(Path(__file__).with_name("service_old.py")),
             str(bench), str(out), json.dumps(SWEEP)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=checkout)
        self._read("ready")

    def run(self) -> float:
        """Measure once; return the wall time [s]."""
        assert self._process.stdin is not None
        self._process.stdin.write("go\n")
        self._process.stdin.flush()
        return float(self._read())

    def _read(self, awaited: str = "") -> str:
        assert self._process.stdout is not None
        while line := self._process.stdout.readline():
            if not awaited or line.strip() == awaited:
                return line
        raise RuntimeError("the older version ended")

    def close(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(60)


def ours(service: ServiceClient, out: Path) -> float:
    """Measure once through the service; return the wall time [s] from the request to the outcome."""
    began = time.perf_counter()
    outcome = service.submit("iv_sweep", "D1", out, parameters=SWEEP).wait()
    spent = time.perf_counter() - began
    if outcome.status != "success" or outcome.path is None or not outcome.path.exists() or not outcome.results:
        raise RuntimeError(f"{outcome.status}: {outcome.reason}")
    return spent


def compare(folder: Path, bench: Path, old_bench: Path, checkout: Path, rounds: int) -> Times:
    """Measure in turns."""
    found = Times()
    older = Older(checkout, old_bench, folder / "old")
    try:
        with connect(bench) as service:
            for number in range(rounds + 2):
                mine, yours = ours(service, folder / "new"), older.run()
                if number >= 2:  # the first ones are not warm yet
                    found.ours.append(mine)
                    found.theirs.append(yours)
            service.end()
    finally:
        older.close()
    print(f"{folder.name}: {found}", file=sys.stderr, flush=True)
    return found


def lines(kind: str, found: Times, bar: float | None) -> list[Line]:
    """Return the rows of one kind of bench."""
    mine, yours = statistics.median(found.ours), statistics.median(found.theirs)
    return [
        Line(f"{kind}: through the service, median of {len(found.ours)} (least) [s]",
             f"{mine:.3f} ({min(found.ours):.3f})", INFORMATION, True),
        Line(f"{kind}: `run_on` of the older version on an open bench, median (least) [s]",
             f"{yours:.3f} ({min(found.theirs):.3f})", INFORMATION, True),
        Line(f"{kind}: through the service / older version", f"{found.ratio:.2f}",
             INFORMATION if bar is None else f"at most {bar:g}", bar is None or found.ratio <= bar),
    ]


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.service", description=__doc__)
    parser.add_argument("--old", type=Path, required=True, metavar="DIR", help="a checkout of 06c60f1 with its .venv")
    parser.add_argument("--quick", action="store_true", help="five rounds")
    options = parser.parse_args()
    rounds = 5 if options.quick else 30
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        os.environ[FOLDER] = str(folder / "locks")
        with ServedBench(folder / "served", fast=True) as new, ServedBench(folder / "served_old", fast=True) as old:
            new.write_bench(new.bench, deadline=30.0)  # no run is to end because this computer is busy
            old.write_bench(old.bench, deadline=30.0)
            served = compare(folder / "served", new.bench, old.bench, options.old, rounds)
        inside = folder / "inside"
        inside.mkdir()
        for source, suffix in ((EXAMPLES, ""), (options.old / "examples", "_old")):
            (inside / f"bench{suffix}").mkdir()
            for kind in ("bench", "world"):
                shutil.copy(source / f"nbo2.{kind}.toml", inside / f"bench{suffix}")
        within = compare(inside, inside / "bench" / "nbo2.bench.toml", inside / "bench_old" / "nbo2.bench.toml",
                         options.old, rounds)
    found = [*lines("bench in another process", served, BAR), *lines("bench simulated in the process", within, None)]
    code = report("service", f"a sweep of {POINTS} points through a warm bench service", found)
    print(f"\nload of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    return code


if __name__ == "__main__":
    sys.exit(main())
