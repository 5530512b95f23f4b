"""STOP at random moments: ``python -m benchmarks.stop_key [--each N] [--only NAME] [--keep FILE]``.

A simulated bench is served in another process, in which time passes as on a real bench. The window measures on it over
its sockets, each protocol again and again. At a random moment of the run, with another dialog of the window open, a key
or a button of STOP is pressed. The witness of the bench notes the clock time at which each output goes off. ``--keep``
is the file in which the cases are kept; those that are there are not run again, so that the benchmark runs in parts.
"""

import argparse
import json
import random
import statistics
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.report import INFORMATION, Line, report
from tsbench.protocols import PROTOCOLS

WITHIN, SHARE, AT_MOST = 0.3, 0.99, 1.0  #: [s] in this share of the cases, and [s] in all of them
LONGEST = 6.0  #: [s] after the beginning of a run, before which STOP is pressed
_SEED = 20261204


def moment(key: str) -> float:
    """Return the moment of a case, as a share of the run or of its first seconds."""
    return random.Random(f"{_SEED}/{key}").random()


def kept(file: Path) -> dict[str, dict[str, Any]]:
    """Return the cases that a file keeps, by key."""
    if not file.exists():
        return {}
    rows = [json.loads(line) for line in file.read_text("utf-8").splitlines() if line.strip()]
    return {str(row["key"]): row for row in rows}


def judged(row: dict[str, Any]) -> list[str]:
    """Return what is wrong with a case; times are judged together."""
    problems = []
    if row["off"] is None and row["on"]:
        problems.append("an output stayed on")
    if row["shown"] is None:
        problems.append("the window did not show every output as read back off")
    if row["alarm"]:
        problems.append(f"false alarm: {row['alarm']}")
    if row["told"] != row["stored"]:
        problems.append(f"{row['told']} points were told, and {row['stored']} are in the run file")
    if row["status"] != "abort":
        problems.append(f"the run has the status {row['status']}")
    return problems


def lines(cases: Sequence[dict[str, Any]]) -> list[Line]:
    """Return the table of some cases."""
    table = []
    for protocol in sorted({row["protocol"] for row in cases}):
        rows = [row for row in cases if row["protocol"] == protocol]
        refused = [row for row in rows if row["refused"]]
        ended = [row for row in rows if row["ended"]]
        stopped = [row for row in rows if not row["refused"] and not row["ended"]]
        if not stopped:
            why = Counter(row["refused"] for row in refused).most_common(1)
            table.append(Line(protocol, f"not stopped: {why[0][0] if why else 'each run had ended before'}",
                              INFORMATION, True))
            continue
        table.append(_line(protocol, stopped, len(ended) + len(refused)))
    stopped = [row for row in cases if not row["refused"] and not row["ended"]]
    if stopped:
        table.append(_line("all protocols", stopped, len(cases) - len(stopped)))
    return table


def _line(name: str, rows: Sequence[dict[str, Any]], left_out: int) -> Line:
    """Return one row: the times from the key to the last output off, and what else went wrong."""
    off = sorted(row["off"] for row in rows if row["on"] and row["off"] is not None)
    shown = [row["shown"] for row in rows if row["shown"] is not None]
    wrong = [f"{row['key']}: {problem}" for row in rows for problem in judged(row)]
    words = f"{len(rows)} stops, in {sum(row['on'] for row in rows)} of them an output was on"
    good = not wrong
    if off:
        quick = sum(time <= WITHIN for time in off) / len(off)
        words += (f"; off after {1e3 * statistics.median(off):.0f} ms (median), at most {1e3 * off[-1]:.0f} ms; "
                  f"{100 * quick:.1f} % within {1e3 * WITHIN:.0f} ms")
        good = good and quick >= SHARE and off[-1] <= AT_MOST
    if shown:
        words += f"; read-back shown after {1e3 * statistics.median(shown):.0f} ms, at most {1e3 * max(shown):.0f} ms"
    words += f"; {left_out} had ended before" if left_out else ""
    words += f"; {len(wrong)} wrong, first {wrong[0]}" if wrong else "; no data lost, no false alarm"
    bar = f"{100 * SHARE:.0f} % within {1e3 * WITHIN:.0f} ms, all within {AT_MOST:g} s, none wrong"
    return Line(name, words, bar, good)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the cases that are not kept yet, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--each", type=int, default=200, help="stops of each protocol")
    parser.add_argument("--only", action="append", default=[], help="a protocol; may be given again")
    parser.add_argument("--keep", type=Path, default=None, help="file of the cases (default: a new one)")
    options = parser.parse_args(arguments)
    protocols = list(PROTOCOLS.things())
    if unknown := sorted(set(options.only) - set(protocols)):
        parser.error(f"there is no protocol {unknown[0]}")
    file = options.keep or Path(tempfile.mkdtemp(prefix="tsbench_stop_key_")) / "cases.jsonl"
    from benchmarks.stop_key_window import run_cases  # Qt: late

    for protocol in options.only or protocols:
        wanted = [f"{protocol}/{number}" for number in range(options.each)]
        if left := [key for key in wanted if key not in kept(file)]:
            run_cases(protocol, left, file)
    wanted_cases = [row for key, row in kept(file).items()
                    if (protocol := key.split("/")[0]) in (options.only or protocols)
                    and int(key.split("/")[1]) < options.each and protocol]
    return report("stop_key", "from the key to the last output off", lines(wanted_cases))


if __name__ == "__main__":
    sys.exit(main())
