"""Traces the source files that one guarded call runs through, and writes docs/tour.md from the trace.

The calls are one ``set_level`` and one ``measure`` of the source meter on the resistor bench, in the same process. Each
call has been made before in the same ranges, as in the middle of a sweep. ``sys.setprofile`` lists the called
functions in order. A move is a step in this list from a function in one file to a function in another file.
"""

import argparse
import ast
import gc
import itertools
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from benchmarks.report import Line, report
from tsbench.instruments import MeasureSettings, SourceSettings
from tsbench.station.bench.bench import Bench

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "tour.md"
_NOT_OURS = ("benchmarks/", "tests/", ".venv/", "build/")
MOST_FILES, MOST_MOVES = 25, 120
#: [V] in one range of the source; each is new, since the simulated bench reads a message that it knows in fewer calls
_LEVELS = (0.5 + 0.05 * (number % 4) + 1e-5 * number for number in itertools.count())

_BEGINNING = """\
# Tour: the source files that run when a program sets a voltage and takes a reading

*Explanation.* This page lists the source files that two calls run through. The call `set_level` sets a voltage of a
source meter, and the call `measure` takes a reading. Both calls run on the simulated resistor bench. A protocol makes
both calls through the guard, which compares each value with the limits.

Each table lists the files in the order of their first use, with the first sentence of each file. The trace lists
the called functions in order. A *move* is a step in this list from a function in one file to a function in another
file. The command `python -m benchmarks.tour --write` traces the two calls and writes this page.

The file `instruments/links/transport.py` sends each message and reads each reply. The files in `simulated_backends/`
are the simulated bench. On a real bench, a cable and an instrument take their place. An *observer* is a part of the
simulated bench that receives the computed steps of the circuit. Examples are the witness, which records the true
values, and the input of a scope.

In a run, these steps come before the two calls:

1. The window (`gui/runner_client.py`) starts the command `tsbench measure` (`cli/measuring.py`). In a terminal, you
   start it.
2. The runner opens the bench (`station/runner/process.py`). It then performs the protocol step by step
   (`station/runner/running.py`).
3. The file `acquisition.py` of the protocol calls the guard of the source meter.

After the two calls, the protocol makes a point from the reading. The recorder (`storage/recorder.py`) writes the
point to the journal."""


#: reading and writing a field of a record are no calls, whoever makes the attribute
_FIELDS = "simulated_backends/circuit/kernel/named_record.py"


@dataclass(frozen=True)
class Act:
    """The calls of one act into our files, in order: (file, qualified name of the function)."""

    calls: tuple[tuple[str, str], ...]

    @property
    def files(self) -> tuple[str, ...]:
        """Return the files that are entered, in order of the first entry."""
        return tuple(dict.fromkeys(file for file, _ in self.calls))

    @property
    def moves(self) -> int:
        """Return the number of steps in the list of calls from one file to another."""
        return sum(one[0] != other[0] for one, other in itertools.pairwise(self.calls))


def traced(act: Callable[[], Any]) -> Act:
    """Carry out an act and return its calls into our files.

    Garbage collection is off during the act. Otherwise it may delete objects of earlier acts, and the calls of their
    ``__del__`` would count.
    """
    calls: list[tuple[str, str]] = []
    prefix = f"{ROOT}/"

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_code.co_filename.startswith(prefix):
            file = frame.f_code.co_filename.removeprefix(prefix)
            if not file.startswith((*_NOT_OURS, _FIELDS)):
                calls.append((file, frame.f_code.co_qualname))

    collecting = gc.isenabled()
    gc.collect()
    gc.disable()
    sys.setprofile(note)
    try:
        act()
    finally:
        sys.setprofile(None)
        if collecting:
            gc.enable()
    return Act(tuple(calls))


def acts() -> Mapping[str, Act]:
    """Return the acts of the tour by name. Each act has been carried out before."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("resistor.bench.toml", "resistor.world.toml"):
            (Path(folder) / name).write_text((ROOT / "examples" / name).read_text("utf-8"), "utf-8")
        with Bench.open(Path(folder) / "resistor.bench.toml") as bench:
            meter = bench.source_meter()
            meter.configure_source(SourceSettings("voltage", compliance_current=1e-3))
            meter.configure_measure(MeasureSettings("current"))
            meter.set_output(True)

            def set_level() -> None:
                meter.set_level(next(_LEVELS))

            for _ in range(3):
                set_level()
                meter.measure()
            return {"set_level": traced(set_level), "measure": traced(meter.measure)}


def what_happens(file: str) -> str:
    """Return the first sentence of a module's docstring."""
    text = ast.get_docstring(ast.parse((ROOT / file).read_text("utf-8"))) or ""
    first = " ".join(text.partition("\n\n")[0].split())
    return first.rstrip(".:")


def page(found: Mapping[str, Act]) -> str:
    """Return the text of docs/tour.md."""
    lines = [_BEGINNING]
    for name, act in found.items():
        lines += [
            "",
            f"## `{name}`: {len(act.files)} files, {act.moves} moves between them",
            "",
            "| # | file | what the file does |",
            "|---|---|---|",
            *(f"| {number} | `{file}` | {what_happens(file)} |" for number, file in enumerate(act.files, 1)),
        ]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write docs/tour.md")
    parser.add_argument("--calls", action="store_true", help="print every call")
    options = parser.parse_args()
    found = acts()
    if options.calls:
        for name, act in found.items():
            print(f"\n{name}")
            for before, call in itertools.pairwise((("", ""), *act.calls)):
                print(f"{' ' if before[0] == call[0] else '*'} {call[0]} {call[1]}")
    if options.write:
        PAGE.write_text(page(found), "utf-8")
    return report("tour", "files that one guarded act enters", [
        line
        for name, act in found.items()
        for line in (
            Line(f"{name}: files", str(len(act.files)), f"<= {MOST_FILES}", len(act.files) <= MOST_FILES),
            Line(f"{name}: moves between them", str(act.moves), f"<= {MOST_MOVES}", act.moves <= MOST_MOVES),
        )
    ])


if __name__ == "__main__":
    sys.exit(main())
