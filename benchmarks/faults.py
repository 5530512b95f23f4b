"""Fault × protocol × message: ``python -m benchmarks.faults [--quick] [--every N] [--resume FILE]``.

A connection is lost at every message of a short run of each protocol: before or after the instrument got
it, of one instrument or of all. An exception, a stop and Ctrl-C come at every step. Each time every output
must be off in the end, as the witness saw it before the bench was closed, and what was measured must be in a
whole run file.
"""

import argparse
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.report import Line, report
from tsbench.bench import Bench
from tsbench.errors import TsbenchError
from tsbench.protocols import Protocol, protocol_named
from tsbench.records import RunEvent
from tsbench.runner import Control, RunOutcome, run_on
from tsbench.simulated_backends.witness_log import read_witness
from tsbench.storage import read_run
from tsbench.storage.validation import inspect

BENCH = Path(__file__).resolve().parent.parent / "examples" / "nbo2.bench.toml"
#: a short run of each protocol
SHORT: dict[str, dict[str, Any]] = {
    "iv_sweep": {"stop": 1.2, "step": 0.3, "ramp_rate": 100},
    "pulse_train": {"count": 2, "amplitude": [1.2]},
    "oscillation": {"bias": [2.0], "record_span": 2e-6},
}
#: how a connection is lost: what the fault plan is told beside the message
LOSSES: dict[str, dict[str, Any]] = {
    "before delivery": {},
    "after delivery": {"after": True},
    "of all instruments": {"everything": True},
}


@dataclass
class Case:
    """What one disturbed run left."""

    outcome: RunOutcome | None = None  #: None: the bench could not be opened
    left_on: list[str] = field(default_factory=list)  #: outputs that the witness saw on at the end
    problems: list[str] = field(default_factory=list)
    messages: int = 0
    steps: int = 0

    @property
    def good(self) -> bool:
        """Whether every output was off and the run file whole."""
        return not self.left_on and not self.problems


class Disturbed:
    """A protocol to which something happens at one of its steps."""

    def __init__(self, protocol: Protocol, at: int, disturb: Callable[[], None] | None) -> None:
        self._protocol = protocol
        self._at = at
        self._disturb = disturb
        self.steps = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._protocol, name)

    def run(self, station: Any, recorder: Any) -> Iterator[Any]:
        """Run the protocol; disturb it inside the step that was chosen."""
        for step in self._protocol.run(station, recorder):
            if self.steps == self._at and self._disturb is not None:
                self._disturb()
            self.steps += 1
            yield step


def run_case(
    folder: Path,
    name: str,
    *,
    fault: dict[str, Any] | None = None,
    at: int = -1,
    disturb: Callable[[Control], None] | None = None,
) -> Case:
    """Run ``name`` on the demo bench in ``folder``, disturbed, and look what it left.

    Parameters
    ----------
    fault : what ``TSBENCH_FAULTS`` is told
    at, disturb : the step, and what happens there
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    witness = folder / "witness.jsonl"
    os.environ["TSBENCH_WITNESS"] = str(witness)
    os.environ["TSBENCH_FAULTS"] = json.dumps(fault) if fault else ""
    case, control, told = Case(), Control(), list[RunEvent]()
    protocol = Disturbed(
        protocol_named(name).parse(dict(SHORT[name])), at, (lambda: disturb(control)) if disturb else None
    )
    try:
        bench = Bench.open(BENCH, "D1")
    except TsbenchError:
        case.left_on = left_on(witness)
        return case
    try:
        case.outcome = run_on(
            bench,
            protocol,
            folder / "runs",
            events=told.append,
            control=control,
            extract=False,  # type: ignore[arg-type]
        )
        case.left_on = left_on(witness)
        library = next(iter(bench._managers.values())).visalib
        case.messages, case.steps = library.world.faults.total, protocol.steps
    finally:
        bench.close()
    _check(case, told, folder / "runs")
    return case


def left_on(witness: Path) -> list[str]:
    """Return the outputs that were switched on last, as the witness saw them."""
    states: dict[str, bool] = {}
    if witness.exists():
        for record in read_witness(witness).of_kind("output"):
            states[f"{record['instrument']}.{record['channel']}"] = bool(record["on"])
    return [output for output, on in states.items() if on]


def _check(case: Case, told: Sequence[RunEvent], runs: Path) -> None:
    """What the run says of itself must agree with the witness, and its file be whole."""
    outcome = case.outcome
    assert outcome is not None
    if not outcome.safe:
        case.problems.append(f"outputs told: {dict(outcome.outputs)}")
    if outcome.path is None or outcome.path.suffix != ".nxs":
        case.problems.append(f"no run file: {outcome.reason}")
        return
    case.problems += inspect(outcome.path)
    if len(read_run(outcome.path).points) != sum(event.kind == "point" for event in told):
        case.problems.append("the file holds other points than were told")
    if left := [path.name for path in runs.iterdir() if path != outcome.path]:
        case.problems.append(f"left behind: {', '.join(left)}")


def _raise() -> None:
    raise RuntimeError("an error inside a protocol")


#: what happens at a step: name -> act, and the status it must lead to
AT_STEPS: dict[str, tuple[Callable[[Control], None], str]] = {
    "exception": (lambda _: _raise(), "fail"),
    "stop": (lambda control: control.stop(), "abort"),
    "ctrl-c": (lambda _: os.kill(os.getpid(), signal.SIGINT), "abort"),
}


def main(arguments: Sequence[str]) -> int:
    """Run every case, or every N-th, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.faults", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="every 40th message and step")
    parser.add_argument("--every", type=int, default=1, help="only every N-th message and step")
    parser.add_argument("--resume", type=Path, metavar="FILE", help="go on from there, add to it")
    options = parser.parse_args(arguments)
    every = 40 if options.quick else options.every
    done: dict[str, Any] = {}
    if options.resume and options.resume.exists():
        done = dict(json.loads(line) for line in options.resume.read_text().splitlines())
    lines = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "case"
        for name in SHORT:
            clean = run_case(folder, name)
            for how, details in LOSSES.items():
                chosen = range(0, clean.messages, every)
                cases = [(f"{name}/lost {how}/{m}", {"fault": {"message": m, **details}}) for m in chosen]
                lines.append(
                    _line(f"{name}: connection lost {how}", cases, folder, name, done, options.resume, None)
                )
            for what, (act, status) in AT_STEPS.items():
                if what == "ctrl-c" and os.name == "nt":
                    continue
                chosen = range(0, clean.steps, max(1, every // 4))
                acts = [(f"{name}/{what}/{step}", {"at": step, "disturb": act}) for step in chosen]
                lines.append(
                    _line(f"{name}: {what} at a step", acts, folder, name, done, options.resume, status)
                )
    return report("faults", "every output off, every file whole", lines)


def _line(
    figure: str,
    cases: Sequence[tuple[str, dict[str, Any]]],
    folder: Path,
    name: str,
    done: dict[str, Any],
    state: Path | None,
    status: str | None,
) -> Line:
    began = time.monotonic()
    for key, details in cases:
        if key in done:
            continue
        case = run_case(folder, name, **details)
        problems = [*case.problems, *(f"{output} left on" for output in case.left_on)]
        if status is not None and case.outcome is not None and case.outcome.status != status:
            problems.append(f"status {case.outcome.status}")
        done[key] = problems
        if problems:
            print(f"{key}: {'; '.join(problems)}", file=sys.stderr)
        if state is not None:
            state.parent.mkdir(parents=True, exist_ok=True)
            with state.open("a") as file:
                file.write(json.dumps([key, problems]) + "\n")
    good = sum(not done[key] for key, _ in cases)
    print(f"{figure}: {good} of {len(cases)} in {time.monotonic() - began:.0f} s", file=sys.stderr)
    return Line(figure, f"{good} of {len(cases)} safe and whole", "all", good == len(cases) > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
