"""Protocol × fault × message: ``python -m benchmarks.faults [--quick] [--every N] [--resume FILE]``.

Every fault of the schedule (``tsbench.simulated_backends.faults``) is injected at every message of a short
run of each protocol, or at every N-th (another of them for each fault, so that none is left out by all);
the disk is full from each write on; an exception, a stop and Ctrl-C come at every step. Each time every output
must be off in the end, as the witness saw it before the bench was closed, what was acknowledged must be in a
whole run file (one in eight is made and looked at dataset by dataset; of the others the journal is read back, from
which a file is made), and one line must say what happened.
"""

import argparse
import concurrent.futures
import json
import multiprocessing
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.fault_cases import AT_STEPS, SHORT, Case, FullDisk, left_on, run_case
from benchmarks.report import Line, report

__all__ = ["AT_STEPS", "LOSSES", "SHORT", "Case", "FullDisk", "left_on", "run_case"]

#: how a connection is lost: what the fault plan is told beside the message
LOSSES: dict[str, dict[str, Any]] = {
    "before delivery": {},
    "after delivery": {"after": True},
    "of all instruments": {"everything": True},
}
#: faults that may come at any message
AT_MESSAGES: dict[str, dict[str, Any]] = {
    **{f"connection lost {how}": details for how, details in LOSSES.items()},
    "no answer, message lost": {"kind": "timeout"},
    "no answer, message taken": {"kind": "timeout", "after": True},
    "contact lost": {"kind": "contact_lost"},
    "contact lost for 2 ms": {"kind": "contact_lost", "seconds": 2e-3},
    "device open": {"kind": "device_open"},
    "device short": {"kind": "device_short"},
    "device stuck on": {"kind": "device_stuck_on"},
    "clock set back 1 h": {"kind": "clock_jump", "seconds": -3600},
    "clock set ahead 1 h": {"kind": "clock_jump", "seconds": 3600},
}
#: faults that come to a reply
AT_READS: dict[str, dict[str, Any]] = {
    "connection lost in the reply": {"bytes": 1},
    "reply late": {"kind": "late"},
    "reply later still": {"kind": "late", "seconds": 1e-3},
    **{f"garbled: {how}": {"kind": "garbled", "how": how} for how in ("flip", "truncate", "extra", "digits")},
}
#: faults of one instrument, at its messages
OF_INSTRUMENTS: dict[str, dict[str, Any]] = {
    "power cycle": {"kind": "power_cycle"},
    "power cycle, connection kept": {"kind": "power_cycle", "silent": True},
}
TRIGGERS = {"trigger missed": {"kind": "trigger_missed"}}
#: faults of which a run that goes on may show nothing: they may come when all is measured, or change nothing
QUIET = ("contact", "device", "clock", "power", "trigger", "digits")
ENOUGH = 3000  #: injected faults that a full run needs
#: of so many cases one makes its run file, which is looked at dataset by dataset
THOROUGH_EVERY = 8


def cases_of(name: str, clean: Case, writes: int, every: int) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield (figure, key, what ``run_case`` is told) of every case of a protocol."""
    counts: dict[str, int] = {}
    places = []  # number, instrument, number among the instrument's, whether a read
    for number, (instrument, reading) in enumerate(clean.trail):
        places.append((number, instrument, counts.get(instrument, 0), reading))
        counts[instrument] = counts.get(instrument, 0) + 1
    for shift, (what, details) in enumerate({**AT_MESSAGES, **AT_READS, **OF_INSTRUMENTS, **TRIGGERS}.items()):
        chosen = places
        if what in AT_READS:
            chosen = [place for place in places if place[3]]
        elif what in TRIGGERS:
            chosen = [place for place in places if place[1] != "source_meter"]
        for place in chosen[shift % every :: every]:
            fault = {"message": place[0], **details}
            if what in OF_INSTRUMENTS or what in TRIGGERS:
                fault |= {"message": place[2], "instrument": place[1]}
            yield what, f"{name}/{what}/{place[0]}", {"fault": fault}
    for once in (False, True):
        for number in range(0, writes, max(1, every // 4)):
            what = f"disk full{' for one write' if once else ''}"
            yield what, f"{name}/{what}/{number}", {"full": (number, once)}
    for what in AT_STEPS:
        if what == "ctrl-c" and os.name == "nt":
            continue
        for step in range(0, clean.steps, max(1, every // 4)):
            yield f"{what} at a step", f"{name}/{what}/{step}", {"at": step, "what": what}


def judged(name: str, key: str, details: Mapping[str, Any]) -> tuple[str, list[str], str]:
    """Run one case in this process; returns key, problems, and the line that says what happened.

    A line of ``"-"``: nothing happened, since no trigger came any more.
    """
    folder = Path(tempfile.gettempdir()) / f"tsbench_faults_{os.getpid()}"
    arguments: dict[str, Any] = {k: details[k] for k in ("fault", "at") if k in details}
    if "full" in details:
        arguments["full"] = FullDisk(*details["full"])
    wanted = None
    if "what" in details:
        arguments["disturb"], wanted = AT_STEPS[details["what"]]
    thorough = sum(key.encode()) % THOROUGH_EVERY == 0
    try:
        case = run_case(folder, name, thorough=thorough, **arguments)
    except Exception as error:  # noqa: BLE001  whatever escapes is what this looks for
        return key, [f"escaped: {type(error).__name__}: {error}"], ""
    problems = [*case.problems, *(f"{output} left on" for output in case.left_on)]
    if wanted is not None and case.outcome is not None and case.outcome.status != wanted:
        problems.append(f"status {case.outcome.status}")
    line = case.told[0] if case.told else ""
    if "fault" in details:
        if not case.happened:
            problems.append("the fault did not happen")
        elif case.missed:
            return key, problems, "-"
        elif not line and not _quiet(details["fault"]):
            problems.append("no line says what happened")
    return key, problems, line


def _quiet(fault: Mapping[str, Any]) -> bool:
    """Whether a fault may change nothing that a run could tell: a status of 8 for 1, a contact lost at the end."""
    return str(fault.get("how", fault.get("kind", ""))).startswith(QUIET)


def main(arguments: Sequence[str]) -> int:
    """Run every case, or every N-th, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.faults", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="every 120th message and 30th step")
    parser.add_argument("--every", type=int, default=1, help="only every N-th message and step")
    parser.add_argument("--resume", type=Path, metavar="FILE", help="go on from there, add to it")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--minutes", type=float, default=1e6, help="stop then; --resume goes on another time")
    parser.add_argument("--only", default="", metavar="TEXT", help="only cases whose name holds it")
    options = parser.parse_args(arguments)
    every = 120 if options.quick else options.every
    done: dict[str, tuple[list[str], str]] = {}
    if options.resume and options.resume.exists():
        for line in options.resume.read_text().splitlines():
            key, problems, told = json.loads(line)
            done[key] = problems, told
    figures: dict[str, list[str]] = {}
    waiting = []
    for name in SHORT:
        disk = FullDisk(at=-2, once=True)
        clean = run_case(Path(tempfile.gettempdir()) / f"tsbench_faults_{os.getpid()}", name, full=disk)
        if not clean.good or clean.outcome is None or clean.outcome.status != "success":
            print(f"{name}: not even an undisturbed run is good: {clean}", file=sys.stderr)
            return 1
        for what, key, details in cases_of(name, clean, disk.writes, every):
            if options.only in key:
                figures.setdefault(what, []).append(key)
                if key not in done:
                    waiting.append((name, key, details))
    random.Random(1).shuffle(waiting)  # what is done when it is stopped is a fair sample
    _run(waiting, done, options.resume, options.processes, options.minutes)
    lines = [_line(what, keys, done) for what, keys in figures.items()]
    injected = sum(key in done and done[key][1] != "-" for keys in figures.values() for key in keys)
    bar = 0 if options.quick or options.only else ENOUGH
    good = all(line.passed for line in lines) and injected >= bar
    lines.append(Line("faults injected", str(injected), f">= {bar}" if bar else "none skipped", good))
    return report("faults", "every output off, every acknowledged item kept, one line that says why", lines)


def _run(
    waiting: Sequence[tuple[str, str, dict[str, Any]]], done: dict[str, tuple[list[str], str]], state: Path | None,
    processes: int, minutes: float,
) -> None:
    """Run the cases that wait, in processes of their own; each is kept at once."""
    began = time.monotonic()
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(processes, context, max_tasks_per_child=500) as pool:
        futures = [pool.submit(judged, *case) for case in waiting]
        for count, future in enumerate(concurrent.futures.as_completed(futures), 1):
            key, problems, told = future.result()
            done[key] = problems, told
            if problems:
                print(f"{key}: {'; '.join(problems)}", file=sys.stderr, flush=True)
            if state is not None:
                state.parent.mkdir(parents=True, exist_ok=True)
                with state.open("a") as file:
                    file.write(json.dumps([key, problems, told]) + "\n")
            if count % 200 == 0:
                print(f"{count} of {len(waiting)} in {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
            if time.monotonic() - began > 60 * minutes:
                pool.shutdown(cancel_futures=True)
                return


def _line(what: str, keys: Sequence[str], done: Mapping[str, tuple[list[str], str]]) -> Line:
    over = [key for key in keys if key in done]
    happened = [key for key in over if done[key][1] != "-"]
    good = sum(not done[key][0] for key in happened)
    told = sum(bool(done[key][1]) for key in happened)
    late, missing = len(over) - len(happened), len(keys) - len(over)
    text = f"{good} of {len(happened)} safe and whole, {told} told"
    text += f"; {late} after the last trigger" * bool(late) + f"; {missing} to come" * bool(missing)
    return Line(what, text, "all", good == len(happened) > 0 and not missing)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
