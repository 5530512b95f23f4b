"""Processor time of a guarded ``set_level``, a ``measure`` and a query on the resistor bench, against another checkout.

``python -m benchmarks.act_times --against CHECKOUT``: the two take turns, each in a process of its own with its own
environment (``CHECKOUT/.venv``); of each the best round counts, so that the ratio does not depend on other load.
"""

import argparse
import itertools
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.report import Line, report

ROOT = Path(__file__).resolve().parent.parent
ROUNDS, TURNS = 5, 3
MOST = 1.0  #: ratio


def timed(bench_file: str) -> dict[str, float]:
    """Return the processor time of each act [s]; needs nothing of this checkout but the names of tsbench's door."""
    try:
        from tsbench.station.bench.bench import Bench
    except ImportError:   # the layout before the rooms moved
        from tsbench.bench import Bench  # type: ignore[import-not-found,no-redef]
    from tsbench.instruments import MeasureSettings, SourceSettings

    levels = (0.5 + 0.05 * (number % 4) + 1e-5 * number for number in itertools.count())
    with Bench.open(bench_file) as bench:
        meter: Any = bench.source_meter()
        meter.configure_source(SourceSettings("voltage", compliance_current=1e-3))
        meter.configure_measure(MeasureSettings("current"))
        meter.set_output(True)
        acts: dict[str, tuple[Callable[[], Any], int]] = {
            "set_level": (lambda: meter.set_level(next(levels)), 300),
            "measure": (meter.measure, 100),
            "query": (meter.check_errors, 1000),
        }
        return {name: min(_round(act, number) for _ in range(ROUNDS)) for name, (act, number) in acts.items()}


def _round(act: Callable[[], Any], number: int) -> float:
    begin = time.process_time()
    for _ in range(number):
        act()
    return (time.process_time() - begin) / number


def _in(checkout: Path) -> dict[str, float]:
    code = f"import json, runpy; print(json.dumps(runpy.run_path({__file__!r})['timed']('resistor.bench.toml')))"
    done = subprocess.run(
        [checkout / ".venv" / "bin" / "python", "-c", code], cwd=checkout / "examples", capture_output=True, text=True,
        check=True, env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"})
    return dict(json.loads(done.stdout.splitlines()[-1]))


def main() -> int:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--against", type=Path, required=True, metavar="CHECKOUT")
    other = parser.parse_args().against.resolve()
    turns = [(_in(ROOT), _in(other)) for _ in range(TURNS)]
    lines = []
    for name in turns[0][0]:
        here, there = (min(turn[side][name] for turn in turns) for side in (0, 1))
        lines.append(Line(
            f"{name}: processor time here / there", f"{here * 1e6:.0f} us / {there * 1e6:.0f} us = {here / there:.2f}",
            f"<= {MOST:g}", here / there <= MOST))
    return report("act_times", "what one act costs", lines)


if __name__ == "__main__":
    sys.exit(main())
