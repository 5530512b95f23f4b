"""Drivers of other authors, unmodified, on the virtual instruments: do they measure what is there?

Each driver runs in process (pyvisa's backend), by raw socket and by HiSLIP. Its cases assert physics of their own: for
example Ohm's law on a known resistor, a limit that is reached, the width of a pulse at the device. PyMeasure's device
suites run whole. The failures must be those of ``expected_failures.toml``: defects of the drivers that show on hardware
too. A failure that is not in the list fails the benchmark. An entry of the list that passes fails it too: the virtual
instrument is then more lenient than the hardware.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Sequence

from benchmarks.acceptance.expected import EVIDENCE, Comparison, Expected, compare, idle, load, misplaced
from benchmarks.acceptance.planting import PlantResult, case_of, plant_all
from benchmarks.acceptance.running import FOLDER, Row, child, drivers, run_row, suites
from benchmarks.kept_rows import rows_of_commit
from benchmarks.report import commit, heading

RESULTS = FOLDER / "rows.jsonl"
#: rows and cases of a whole run, at least. Raise them when you add drivers or cases
LEAST_ROWS, LEAST_CASES = 122, 1511


def planned(quick: bool, only: Sequence[str]) -> list[tuple[str, str]]:
    """Return the rows to run: name and transport."""
    rows = [(name, transport) for name, driver in drivers().items() for transport in driver.transports]
    rows += [(name, "in process") for name in suites()]
    if quick:
        rows = [(name, transport) for name, transport in rows if transport == "in process" and name in drivers()]
    return [(name, transport) for name, transport in rows if not only or any(part in name for part in only)]


def kept() -> dict[tuple[str, str], Row]:
    """Return the rows that an earlier call with this commit has run."""
    rows = map(Row.of_kept, rows_of_commit(RESULTS, commit()))
    return {(row.name, row.transport): row for row in rows if row.ran}


def run(wanted: Sequence[tuple[str, str]], resume: bool) -> list[Row]:
    """Run rows one after the other; each is kept in :data:`RESULTS`."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    done = kept() if resume else {}
    if not resume:
        RESULTS.unlink(missing_ok=True)
    for number, key in enumerate(wanted):
        if key in done:
            continue
        print(f"{number + 1}/{len(wanted)} {key[0]}, {key[1]}", file=sys.stderr, flush=True)
        done[key] = run_row(*key)
        with RESULTS.open("a", encoding="utf-8") as file:
            file.write(done[key].as_json() + "\n")
    return [done[key] for key in wanted]


def verdict(row: Row, entries: Sequence[Expected]) -> str:
    """Return the last column of a row."""
    if not row.ran:
        return row.twin
    return "pass" if row.outcomes and compare([row], entries).equal else "FAIL"


def table(rows: Sequence[Row], entries: Sequence[Expected], *, whole: bool = False) -> int:
    """Print the table and what differs; return the exit code. ``whole``: all rows were asked for."""
    print(heading("acceptance", "drivers of other authors on the virtual instruments"))
    print("| package | class | virtual instrument | transport | passed | failed | of these expected | verdict |")
    print("|---|---|---|---|---|---|---|---|")
    for row in rows:
        failed = sum(not outcome.passed for outcome in row.outcomes)
        known = len(compare([row], entries).expected)
        print(f"| {row.package} {row.installed} | {row.name.partition('.')[2]}"
              f"{' (device suite)' if row.name.startswith('suite.') else ''} | {row.twin if row.ran else '-'} "
              f"| {row.transport} | {len(row.outcomes) - failed} | {failed} | {known} | {verdict(row, entries)} |")
    found = compare(rows, entries)
    named = {row.name for row in rows if row.ran}
    wrong = misplaced(entry for entry in entries if entry.driver in named) + idle(rows, entries)
    if whole:
        wrong += [f"{entry.id}: no row ran the driver {entry.driver}" for entry in entries if entry.driver not in named]
        ran, cases = sum(row.ran for row in rows), sum(len(row.outcomes) for row in rows)
        if ran < LEAST_ROWS or cases < LEAST_CASES:
            wrong.append(
                f"only {ran} of {len(rows)} rows ran, with {cases} cases. Whole runs have at least {LEAST_ROWS} and "
                f"{LEAST_CASES}. Install the packages of the rows that did not run")
    _tell(found, wrong)
    return 0 if found.equal and not wrong and all(verdict(row, entries) == "pass" for row in rows) else 1


def _tell(found: Comparison, wrong: Sequence[str]) -> None:
    for title, lines in (
        ("Failures that are not in the list", found.unexpected),
        ("Expected failures that passed: the virtual instrument is too lenient", found.lenient),
        ("Expected failures that show something else", found.other),
        ("Entries of the list that are no longer right", wrong),
    ):
        if lines:
            print(f"\n{title}:\n" + "\n".join(f"- {line}" for line in lines))
    print(f"\n{len(found.expected)} expected failures.")


def _refuse_unknown(names: Sequence[str]) -> int:
    """Say that the list has no such entries; return the exit code."""
    print(f"the list has no entry {', '.join(map(repr, names))}. It has: {', '.join(entry.id for entry in load())}",
          file=sys.stderr)
    return 2


def reproduce(name: str) -> int:
    """Run the cases of one entry of the list, and show entry, source line and failure beside each other."""
    entry = next((entry for entry in load() if entry.id == name), None)
    if entry is None:
        return _refuse_unknown([name])
    print(f"{entry.id}: {entry.package} {entry.version}, {entry.file}:{entry.line}\n    {entry.source_line()}\n"
          f"symptom: {entry.symptom}\nstatement ({EVIDENCE[entry.evidence]}): {entry.manual}")
    row = run_row(entry.driver, entry.transports[0])
    if not row.ran:
        print(row.twin)
        return 1
    shown = [outcome for outcome in row.outcomes if entry.covers(row, outcome)]
    for outcome in shown:
        print(f"{outcome.case}: {'passed' if outcome.passed else outcome.shown}")
    wrong = misplaced([entry])
    found = compare([Row(row.name, row.package, row.installed, row.transport, row.twin, tuple(shown))], [entry])
    reproduced = bool(shown) and found.equal and not wrong
    print("\n".join([*wrong, "reproduced" if reproduced else "not reproduced"]))
    return 0 if reproduced else 1


def plant(only: Sequence[str]) -> int:
    """Plant failures into the cases of the list, and print which are taken for the expected ones.

    Parameters
    ----------
    only : IDs of entries; empty: all of them
    """
    known = {entry.id: entry for entry in load()}
    if unknown := [name for name in only if name not in known]:
        return _refuse_unknown(unknown)
    chosen = [known[name] for name in only or known]
    without = [entry.id for entry in chosen if case_of(entry) is None]
    if without and only:
        print(f"nothing can be planted into {', '.join(without)}: an entry of a suite, one that needs a package that "
              "is not installed, or one whose case no driver has", file=sys.stderr)
        return 2
    print(heading("acceptance --plant", "other failures in the cases of the expected ones"))
    print("| entry | planted | result |\n|---|---|---|")
    found = []
    for one in plant_all(chosen):
        found.append(one)
        print(f"| {one.entry} | {one.plant} | {one.result} |", flush=True)
        print(f"{one.entry}, {one.plant}: {one.shown}", file=sys.stderr, flush=True)
    counts = Counter(one.result for one in found)
    print(f"\n{counts[PlantResult.NOTICED]} noticed, {counts[PlantResult.HIDDEN]} hidden, "
          f"{counts[PlantResult.NO_EFFECT]} without an effect.")
    return 1 if counts[PlantResult.HIDDEN] else 0


def main() -> int:
    """Parse the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.acceptance", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="only in process, without the device suites")
    parser.add_argument("--resume", action="store_true", help="keep the rows that an earlier call has run")
    parser.add_argument("--only", nargs="+", default=[], metavar="PART", help="rows whose name contains one of these")
    parser.add_argument("--reproduce", metavar="ID", help="show one entry of the list of expected failures")
    parser.add_argument("--list", action="store_true", help="print the rows, and the list of expected failures")
    parser.add_argument("--plant", nargs="*", metavar="ID",
                        help="plant other failures into the cases of the list: is each told from the expected one?")
    parser.add_argument("--child", nargs=2, metavar=("ROW", "TRANSPORT"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        return child(*options.child)
    if options.plant is not None:
        return plant(options.plant)
    if options.reproduce:
        return reproduce(options.reproduce)
    wanted = planned(options.quick, options.only)
    if not wanted:
        parser.error(f"--only {' '.join(options.only)}: no row has this in its name. --list prints the rows")
    if options.list:
        print("\n".join(f"{name}, {transport}" for name, transport in wanted))
        print("\n".join(f"{entry.id}: {entry.driver}: {entry.symptom}" for entry in load()))
        return 0
    return table(run(wanted, options.resume), load(), whole=not (options.quick or options.only))


if __name__ == "__main__":
    sys.exit(main())
