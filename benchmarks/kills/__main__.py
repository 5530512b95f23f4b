"""Kills and errors at every path by which tsbench writes: ``python -m benchmarks.kills``.

``[--quick] [--minutes M] [--only NAME] [--every N] [--fresh] [--power] [--sabotage] [--table]``

A warm process forks a child that writes: a run, a campaign, a catalogue and so on. The child is killed at a random
moment, or at one of its calls that change files, or such a call fails. Every call of Python, HDF5 and SQLite is
counted, and each one has its turn. Then everything that the child had acknowledged must be there, every file readable
after ``recover``, and no step of a campaign may have sent more than it declares. What is done is kept in
``build/kills.jsonl``, and the next command goes on from there.

``--power`` builds the states of the disk that a loss of power may leave (``benchmarks.kills.power``). ``--sabotage``
removes the protections of tsbench one by one (``benchmarks.kills.sabotage``); each must be noticed.
"""

import argparse
import json
import logging
import random
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from benchmarks.kills import calls

if __name__ == "__main__":
    calls.relaunch()

from benchmarks.kills.cases import SHARES, Bench, Row, cases
from benchmarks.kills.power import PATHS, losses
from benchmarks.kills.sabotage import SABOTAGES, noticed
from benchmarks.kills.table import POWER, Noticed, lines, read_sabotages
from benchmarks.report import report

WANTED = 1000  #: kills
KEPT = Path(__file__).resolve().parents[2] / "build" / "kills.jsonl"
SABOTAGED = KEPT.with_stem("kills_sabotage")
_SHARED_MEMORY = Path("/dev/shm")  #: where a sync costs nothing: what a process that is killed leaves is the same there


def work(folder: Path, wanted: Sequence[str], kept: Path, options: argparse.Namespace) -> int:
    """Live the cases that are not done yet; return how many are to come."""
    bench = Bench(folder)
    done = read(kept)
    every = list(cases(bench, wanted, 0.02 if options.quick else 1.0, 97 if options.quick else options.every))
    waiting = [case for case in every if case.key not in done]
    random.Random(1).shuffle(waiting)  # what is done when it is stopped is a fair sample
    until = time.monotonic() + 60 * options.minutes
    kept.parent.mkdir(parents=True, exist_ok=True)
    with kept.open("a") as file:
        for count, case in enumerate(waiting):
            if time.monotonic() > until:
                return len(waiting) - count
            row = bench.run(case)
            file.write(json.dumps(asdict(row)) + "\n")
            file.flush()
            if not row.good:
                said = "; ".join(row.problems)
                print(f"{row.key} ({row.call}): {row.lost} lost; {said}", file=sys.stderr, flush=True)
    return 0


def read(kept: Path) -> Mapping[str, Row]:
    """Return the rows that are done."""
    lines = kept.read_text().splitlines() if kept.exists() else []
    return {row.key: row for row in (Row(**json.loads(line)) for line in lines)}


def main(arguments: Sequence[str]) -> int:
    """Live the cases, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.kills", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a fiftieth of the cases")
    parser.add_argument("--minutes", type=float, default=1e6, help="stop then; another time goes on")
    parser.add_argument("--only", default="", metavar="NAME", help="only paths whose name holds it")
    parser.add_argument("--every", type=int, default=1, help="only every N-th call")
    parser.add_argument("--fresh", action="store_true", help="forget what is done")
    parser.add_argument("--power", action="store_true", help="the states after a loss of power instead")
    parser.add_argument("--sabotage", action="store_true", help="remove the protections one by one instead")
    parser.add_argument("--table", action="store_true", help="only print what is done so far")
    options = parser.parse_args(arguments)
    names = SABOTAGES if options.sabotage else PATHS if options.power else SHARES
    if not any(options.only in name for name in names):
        parser.error(f"--only {options.only}: no name has this text. The names are {', '.join(names)}")
    logging.getLogger("tsbench").addHandler(logging.NullHandler())
    kept = KEPT.with_stem("kills_quick") if options.quick else KEPT
    if options.fresh or options.quick:
        kept.unlink(missing_ok=True)
    place = _SHARED_MEMORY if _SHARED_MEMORY.is_dir() else None
    left: int | None = None
    with tempfile.TemporaryDirectory(dir=place, ignore_cleanup_errors=True) as folder:
        if options.sabotage:
            _sabotage(Path(folder), options.only)
        elif options.power:
            _power(Path(folder), kept, options.only)
        elif not options.table:
            left = work(Path(folder) / "kills", [name for name in SHARES if options.only in name], kept, options)
    return report("kills", "kills and errors wherever tsbench writes",
                  lines(list(read(kept).values()), read_sabotages(SABOTAGED), 20 if options.quick else WANTED, left))


def _power(folder: Path, kept: Path, only: str) -> None:
    done = read(kept)
    for name in PATHS:
        if only in name and f"{POWER}/{name}" not in done:
            states, problems = losses(name, folder / "power")
            row = Row(f"{POWER}/{name}", acknowledged=states, problems=problems)
            with kept.open("a") as file:
                file.write(json.dumps(asdict(row)) + "\n")
            print(f"{name}: {states} states, {len(problems)} problems {problems[:2]}", file=sys.stderr, flush=True)


def _sabotage(folder: Path, only: str) -> None:
    done = {one.name for one in read_sabotages(SABOTAGED)}
    for name in SABOTAGES:
        if only in name and name not in done:
            found = Noticed(name, *noticed(name, folder / "sabotage"))
            with SABOTAGED.open("a") as file:
                file.write(json.dumps(asdict(found)) + "\n")
            print(found, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
