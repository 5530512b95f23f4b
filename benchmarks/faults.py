"""Protocol × fault × message: ``python -m benchmarks.faults [--drivers] [--quick] [--every N] [--resume FILE]``.

Every fault of the schedule (``tsbench.simulated_backends.world.faults``) is injected at every message of a short run of
each protocol. With ``--every N`` it is injected at every N-th message; the first one is drawn for each fault and run.
``--offset K`` begins K messages later, so that several calls disturb different messages. In other cases the disk
becomes full at one of the writes, or an exception, a stop or Ctrl-C comes at one of the steps. In each case

* every output must be off in the end, as the witness saw it before the bench was closed;
* each point and waveform that was acknowledged must be in the run file or the journal, by number and checksum
  (of one case in forty the run file is made and looked at dataset by dataset; of the others the journal, from which
  it is made, is read back);
* one line must say what happened, name instrument or place, and say what to do. It may be missing only where a
  fault of the device, the clock, a trigger, a digit or bytes behind a reply left what was recorded as it is without a
  fault (compared point by point and waveform by waveform, ``benchmarks.fault_check.changed``), or where an instrument
  restarted before anything had been set. Bytes behind a reply may be gone before the next question: a device clear, or
  the new connection in its place, drops them.

``--drivers`` does the same on a bench of each driver of source meters, generators and oscilloscopes
(``benchmarks.fault_benches``); one that is registered later takes part by itself. On further benches a script sets
matrix, prober, decade boxes and temperature before and after the run, or uses a pulse card
(``benchmarks.fault_surroundings``). There no relay and no chuck may move while an output is on, heaters must be off in
the end, and what the script returns counts as recorded.

``--sabotage`` spoils the product on purpose (an output left on, a point lost, nobody told): then it must fail.
"""

import argparse
import concurrent.futures
import functools
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

from benchmarks.fault_benches import SHORT, on_the_demo_bench, runs_with
from benchmarks.fault_cases import AT_STEPS, Case, FullDisk, run_case
from benchmarks.fault_check import SAME, changed, left_on, new_flags, new_flags_of_results
from benchmarks.fault_kinds import LOSSES, QUIET, cases_of
from benchmarks.fault_sabotage import SABOTAGES
from benchmarks.kept_rows import rows_of_commit
from benchmarks.report import INFORMATION, Line, commit, report

__all__ = [
    "AT_STEPS", "LOSSES", "SHORT", "Case", "FullDisk", "cases_of", "judged", "left_on", "run_case", "undisturbed"]

#: an instrument's own number of the message that sets its power-on sentinel, when a bench is opened
SENTINEL = 5
NOT_INJECTED, UNCHANGED = "-", "="  #: in place of a line
ENOUGH = 3000  #: injected faults that a full run needs
ENOUGH_OF_DRIVERS = 1000  #: injected faults that a full run over all drivers needs
#: of so many cases one makes its run file, which is looked at dataset by dataset
THOROUGH_EVERY = 40
_CASES_OF_A_PROCESS = 400


@functools.cache
def undisturbed(name: str) -> Case:
    """Return an undisturbed run of this process, kept."""
    return run_case(Path(tempfile.gettempdir()) / f"tsbench_faults_{os.getpid()}", name, thorough=False)


def judged(name: str, key: str, details: Mapping[str, Any], sabotage: str = "") -> tuple[str, list[str], str]:
    """Run one case in this process; returns key, problems, and the line that says what happened.

    A line of ``NOT_INJECTED``: no trigger came any more, or the run wrote less often than the undisturbed one.
    ``UNCHANGED``: nothing was told, and what was recorded is what an undisturbed run records.
    """
    folder = Path(tempfile.gettempdir()) / f"tsbench_faults_{os.getpid()}"
    clean = undisturbed(name)
    arguments: dict[str, Any] = {k: details[k] for k in ("fault", "at") if k in details}
    if "full" in details:
        arguments["full"] = FullDisk(*details["full"])
    wanted = None
    if "what" in details:
        arguments["disturb"], wanted = AT_STEPS[details["what"]]
    thorough = sum(key.encode()) % THOROUGH_EVERY == 0
    try:
        with SABOTAGES[sabotage]():
            case = run_case(folder, name, thorough=thorough, **arguments)
            line = case.line
    except Exception as error:  # noqa: BLE001  whatever escapes is what this looks for
        return key, [f"escaped: {type(error).__name__}: {error}"], ""
    problems = [*case.problems, *(f"{output} left on" for output in case.left_on)]
    if wanted is not None and case.outcome is not None and case.outcome.status != wanted:
        problems.append(f"status {case.outcome.status}")
    if "fault" in details and not case.happened:
        problems.append("the fault did not happen")
    elif case.missed or ("full" in arguments and arguments["full"].writes <= arguments["full"].at):
        return key, problems, NOT_INJECTED
    elif not line:
        line = _unsaid(case, clean, details, problems)
    return key, problems, line


def _unsaid(case: Case, clean: Case, details: Mapping[str, Any], problems: list[str]) -> str:
    """Judge a run that tells nothing: flags may say it, or there may be nothing to say."""
    fault = details.get("fault", {})
    if different := [f"{name} {value:.4g} in place of {clean.values[name]:.4g}" for name, value in case.values.items()
                     if abs(value - clean.values[name]) > SAME * abs(clean.values[name])]:
        problems.append(f"no line says what happened: {different[0]}")
        return ""
    if case.outcome is None:
        return UNCHANGED
    if case.run is None or clean.run is None:
        problems.append("no line says what happened")
        return ""
    early = fault.get("kind") == "power_cycle" and fault.get("silent") and fault["message"] <= SENTINEL
    if fault.get("how", fault.get("kind")) not in QUIET and not early:
        problems.append("no line says what happened")
        return ""
    if flags := new_flags(case.run, clean.run):
        return f"flags: {', '.join(flags)}"
    if difference := changed(case.run, clean.run):
        if flags := new_flags_of_results(case.run, clean.run):
            return f"flags of results: {', '.join(flags)}"
        problems.append(f"no line says what happened: {difference}")
    return UNCHANGED


def kept_cases(path: Path) -> dict[str, tuple[list[str], str]]:
    """Return problems and messages of the cases that an earlier call with this commit has kept, by their keys."""
    return {row["key"]: (row["problems"], row["told"]) for row in rows_of_commit(path, commit())}


def main(arguments: Sequence[str]) -> int:
    """Run every case, or every N-th, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.faults", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="every 120th message and 30th step")
    parser.add_argument("--every", type=int, default=1,
                        help="only every N-th message; of writes and steps, four times as many")
    parser.add_argument("--offset", type=int, default=0, metavar="K",
                        help="begin K messages later: the offsets 0 to N - 1 of --every N disturb each message")
    parser.add_argument("--turns", action="store_true",
                        help="only one variant of a fault at each message; the next message gets the next one")
    parser.add_argument("--resume", type=Path, metavar="FILE", help="go on from there, add to it")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--minutes", type=float, default=1e6, help="stop then; --resume goes on another time")
    parser.add_argument("--only", default="", metavar="TEXT", help="only cases whose name holds it")
    parser.add_argument("--sabotage", choices=tuple(SABOTAGES), default="", help="spoil the product: it must fail")
    parser.add_argument("--drivers", nargs="*", metavar="NAME",
                        help="on a bench of each driver (of the named drivers), not on the demo bench")
    options = parser.parse_args(arguments)
    try:
        runs = on_the_demo_bench() if options.drivers is None else runs_with(options.drivers)
    except ValueError as error:
        parser.error(str(error))
    every = 120 if options.quick else options.every
    done = kept_cases(options.resume) if options.resume else {}
    figures: dict[str, list[str]] = {}
    of_runs: dict[str, list[str]] = {}
    waiting: list[tuple[str, str, dict[str, Any]]] = []
    lines: list[Line] = []
    began = time.monotonic()
    for name in [run.name for run in runs]:
        disk = FullDisk(at=-2, once=True)
        clean = run_case(Path(tempfile.gettempdir()) / f"tsbench_faults_{os.getpid()}", name, full=disk)
        if not (clean.good and clean.succeeded) or clean.line or not clean.was_on:
            print(f"{name}: not even an undisturbed run is good: {clean}", file=sys.stderr)
            return 1
        on = ", ".join(name.strip(".") for name in clean.was_on)
        size = f"{clean.messages} messages, {disk.writes} writes, {clean.steps} steps; outputs on: {on}"
        lines.append(Line(f"undisturbed {name}", size, "no report", True))
        for what, key, details in cases_of(name, clean, disk.writes, every, options.turns, options.offset):
            if options.only in key:
                figures.setdefault(what, []).append(key)
                if options.drivers is not None:
                    of_runs.setdefault(f"{name}: all faults", []).append(key)
                if key not in done:
                    waiting.append((name, key, details))
    if not figures:
        parser.error(f"no case has '{options.only}' in its name. A name is RUN/FAULT/NUMBER, such as "
                     f"'{runs[0].name}/contact lost/0'")
    random.Random(1).shuffle(waiting)  # what is done when it is stopped is a fair sample
    _run(waiting, done, options)
    part = bool(options.quick or options.only or options.drivers)
    lines += [_line(what, keys, done, part) for what, keys in {**figures, **of_runs}.items()]
    injected = sum(key in done and done[key][1] != NOT_INJECTED for keys in figures.values() for key in keys)
    bar = 1 if part else ENOUGH if options.drivers is None else ENOUGH_OF_DRIVERS
    lines.append(Line("faults injected", str(injected), f">= {bar}", injected >= bar))
    minutes = (time.monotonic() - began) / 60
    lines.append(Line("cases in this run; minutes", f"{len(waiting)}; {minutes:.0f}", INFORMATION, True))
    if options.drivers is None:
        return report("faults", "outputs, data and messages after injected faults", lines)
    command = " ".join(["faults --drivers", *options.drivers, f"--every {every}", *["--turns"] * options.turns,
                        *[f"--offset {options.offset}"] * bool(options.offset),
                        *[f"--only '{options.only}'"] * bool(options.only)])
    return report(command, "each driver after injected faults", lines)


def _run(
    waiting: Sequence[tuple[str, str, dict[str, Any]]], done: dict[str, tuple[list[str], str]],
    options: argparse.Namespace,
) -> None:
    """Run the cases that wait, in processes of their own, new ones from time to time; each is kept at once."""
    began = time.monotonic()
    state: Path | None = options.resume
    of_commit = commit()
    context = multiprocessing.get_context("spawn")
    count = 0
    for cases in _batches(waiting, _CASES_OF_A_PROCESS * options.processes):
        with concurrent.futures.ProcessPoolExecutor(options.processes, context) as pool:
            for future in concurrent.futures.as_completed(
                pool.submit(judged, *case, sabotage=options.sabotage) for case in cases
            ):
                key, problems, told = future.result()
                done[key] = problems, told
                count += 1
                if problems:
                    print(f"{key}: {'; '.join(problems)}", file=sys.stderr, flush=True)
                if state is not None:
                    row = {"key": key, "problems": problems, "told": told, "commit": of_commit}
                    state.parent.mkdir(parents=True, exist_ok=True)
                    with state.open("a") as file:
                        file.write(json.dumps(row) + "\n")
        print(f"{count} of {len(waiting)} in {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
        if time.monotonic() - began > 60 * options.minutes:
            return


def _batches(
    waiting: Sequence[tuple[str, str, dict[str, Any]]], size: int
) -> Iterator[Sequence[tuple[str, str, dict[str, Any]]]]:
    for first in range(0, len(waiting), size):
        yield waiting[first : first + size]


def _line(what: str, keys: Sequence[str], done: Mapping[str, tuple[list[str], str]], part: bool) -> Line:
    """Return the line of one kind of fault, or of one run.

    ``part``: few cases are drawn, so those of a missed trigger may all come after the last trigger; that is no failure.
    """
    over = [key for key in keys if key in done]
    happened = [key for key in over if done[key][0] or done[key][1] != NOT_INJECTED]   # a problem always counts
    good = sum(not done[key][0] for key in happened)
    unchanged = sum(done[key][1] == UNCHANGED for key in happened)
    told = sum(bool(done[key][1]) for key in happened) - unchanged
    late, missing = len(over) - len(happened), len(keys) - len(over)
    text = f"{good} of {len(happened)} safe and complete, {told} reported"
    text += f", {unchanged} with unchanged data" * bool(unchanged)
    text += f"; {late} not injected" * bool(late) + f"; {missing} to come" * bool(missing)
    if part and not happened:
        return Line(what, text, INFORMATION, not missing)
    return Line(what, text, "all", good == len(happened) > 0 and not missing)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
