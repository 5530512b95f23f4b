"""One instrument falls silent for good: ``python -m benchmarks.silent [--quick] [--every N] [--resume FILE]``.

Each instrument is silenced at each message (or every N-th) of a short run of each protocol, in two ways: its messages
are lost, or it takes them and never answers. From the first of these messages, every output of the other instruments
must be off within 2 s of bench time, by the witness, and stay off. From the decision to make safe (the first call of
``make_all_safe``) it must be off within 1 s. A case whose message was never sent fails.
On the simulated bench in this process instruments
take turns on one clock, so that this is the worst case: with a thread for each (real and served benches) the silent one
holds up no other at all, which is measured too, in wall time (``benchmarks.silent_served``).
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import tsbench.station.bench.connected_instruments
from benchmarks.fault_benches import SHORT
from benchmarks.fault_cases import run_case
from benchmarks.fault_check import unclear
from benchmarks.report import Line, report
from benchmarks.silent_served import off_after
from tsbench.simulated_backends.witness.log import read_witness
from tsbench.station.bench.opening import make_all_safe

WITHIN = 1.0  #: [s] of bench time from the decision to make safe
#: [s] from the first message without a reply: timeout_while_on, half of it for the next message, a quarter for the one
#: after it and so on, and the messages that switch off. docs/faults.md promises it
SILENT_WITHIN = 2.0
WAYS = {"messages lost": {}, "messages taken": {"after": True}}
NEVER = "not injected"
OUTPUTS = ("source_meter", "generator.1", "generator.2")  #: that are on at a served bench


def cases(name: str, trail: Sequence[tuple[str, bool]], every: int) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield (way, key, fault) of every case of a protocol."""
    counts: dict[str, int] = {}
    for place, (instrument, _) in enumerate(trail):
        number = counts[instrument] = counts.get(instrument, -1) + 1
        for shift, (way, details) in enumerate(WAYS.items()):
            if (place + shift * (every // 2)) % every == 0:
                fault = {"kind": "timeout", "lasting": True, "instrument": instrument, "message": number, **details}
                yield way, f"{name}/{way}/{instrument}/{number}", fault


@dataclass
class Judgement:
    """What became of one case; times [s] until the last other output was off, None where none was on."""

    problems: list[str]
    decided: float | None = None  #: from the decision to make safe
    silent: float | None = None  #: from the first message without a reply


def judged(name: str, fault: dict[str, Any]) -> Judgement:
    """Run one case and judge it."""
    folder = Path(tempfile.gettempdir()) / f"tsbench_silent_{os.getpid()}"
    decisions: list[float] = []

    def noted(connections: Any, managers: Any, reopen: bool) -> Any:
        decisions.append(next(iter(managers.values())).visalib.clock.now())
        return make_all_safe(connections, managers, reopen)

    with mock.patch.object(tsbench.station.bench.connected_instruments, "make_all_safe", noted):
        case = run_case(folder, name, fault=fault, thorough=False)
    if not case.happened:
        return Judgement([NEVER])
    problems = [] if not case.line else [found] if (found := unclear(case.line, "")) else []
    if not case.line:
        problems.append("no line says what happened")
    last: dict[str, tuple[bool, float]] = {}
    latest = None
    witness = read_witness(folder / "witness.jsonl")
    began = min(one["t"] for one in witness.of_kind("fault"))
    for record in witness.of_kind("output"):
        if record["instrument"] == fault["instrument"]:
            continue
        output = f"{record['instrument']}.{record['channel']}".strip(".")
        was_on = last.get(output, (False, 0.0))[0]
        last[output] = (bool(record["on"]), record["t"])
        if was_on and not record["on"] and record["t"] >= decisions[0]:
            latest = max(latest or 0.0, record["t"])
        if record["on"] and record["t"] > decisions[0]:
            problems.append(f"{output} switched on after the decision")
    problems += [f"{output} left on" for output, (on, _) in last.items() if on]
    if latest is None:
        return Judgement(problems)
    found = Judgement(problems, latest - decisions[0], latest - began)
    bars = ((found.decided, WITHIN, "the decision"), (found.silent, SILENT_WITHIN, "the first message without a reply"))
    problems += [f"off {late:.3g} s after {what}" for late, bar, what in bars if late is not None and late > bar]
    return found


def main(arguments: Sequence[str]) -> int:
    """Run every case, or every N-th, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.silent", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="every 60th message")
    parser.add_argument("--every", type=int, default=1, help="only every N-th message")
    parser.add_argument("--resume", type=Path, metavar="FILE", help="go on from there, add to it")
    parser.add_argument("--minutes", type=float, default=1e6, help="stop then; --resume goes on another time")
    options = parser.parse_args(arguments)
    every = 60 if options.quick else options.every
    done: dict[str, Judgement] = {}
    if options.resume and options.resume.exists():
        for line in options.resume.read_text().splitlines():
            key, *facts = json.loads(line)
            done[key] = Judgement(*facts)
    began = time.monotonic()
    lines: list[Line] = []
    folder = Path(tempfile.gettempdir()) / f"tsbench_silent_{os.getpid()}"
    for name in SHORT:
        clean = run_case(folder, name, thorough=False)
        figures: dict[str, list[str]] = {}
        for way, key, fault in cases(name, clean.trail, every):
            figures.setdefault(way, []).append(key)
            if key in done or time.monotonic() - began > 60 * options.minutes:
                continue
            done[key] = judgement = judged(name, fault)
            if judgement.problems:
                print(f"{key}: {'; '.join(judgement.problems)}", file=sys.stderr, flush=True)
            if options.resume:
                with options.resume.open("a") as file:
                    file.write(json.dumps([key, *astuple(judgement)]) + "\n")
        lines += [_line(name, way, keys, done) for way, keys in figures.items()]
    for name in ("source_meter", "generator", "scope"):
        with tempfile.TemporaryDirectory() as served:
            others, done_after = off_after(name, Path(served))
        late = max(others.values())
        text = f"{len(others)} other outputs off after {late * 1e3:.0f} ms; "
        text += f"`make_all_safe` ended after {done_after:.1f} s"
        good = set(others) == {output for output in OUTPUTS if not output.startswith(name)} and late < WITHIN
        lines.append(Line(f"served over sockets, three outputs on, {name} silent", text, f"{WITHIN:g} s", good))
    return report("silent", "outputs after one instrument falls silent", lines)


def _line(name: str, way: str, keys: Sequence[str], done: dict[str, Judgement]) -> Line:
    """Return the row of one protocol and way."""
    found = [done[key] for key in keys if key in done]
    good = sum(not each.problems for each in found)
    never = sum(each.problems == [NEVER] for each in found)
    decided = [each.decided for each in found if each.decided is not None]
    silent = [each.silent for each in found if each.silent is not None]
    text = f"{good} of {len(found)} safe, {never} {NEVER}; an output was on at the decision in {len(decided)} cases"
    for what, times in (("the decision", decided), ("the first message without a reply", silent)):
        text += f"; off at most {max(times, default=0.0):.3g} s after {what}" * bool(times)
    missing = sum(key not in done for key in keys)
    text += f"; {missing} to come" * bool(missing)
    bars = f"all within {WITHIN:g} s and {SILENT_WITHIN:g} s"
    return Line(f"{name}, {way}", text, bars, good == len(found) > 0 and not missing)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
