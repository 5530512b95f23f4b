"""Families of sources with families of scopes: ``python -m benchmarks.pairs [--quick|--kept|--resume] [--only TEXT]``.

Models whose drivers share their commands are one family. The first model of each family of source meters and generators
measures with the first model of each family of oscilloscopes. Each further model is in one cell. An I-V sweep needs no
oscilloscope, so it has one cell for each family of source meters. Pulse measure units are in no cell.

Each cell is one run of a protocol on a simulated bench with one pair of instruments. It holds when the run gives every
value that is expected of it, and the interval of each contains the true value of the witness. A cell that the plan
refuses does not hold.

``--only`` and ``--quick`` measure a part of the cells. What chance may spoil in a few intervals is then information.
``--resume`` keeps the cells that an earlier call with this commit has measured. ``--kept`` measures nothing. It counts
the cells with imperfections that ``build/pairs.jsonl`` has, by device, protocol and commit.
"""

import argparse
import gc
import json
import math
import shlex
import statistics
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from scipy.stats import beta, binom, norm

from benchmarks.kept_rows import rows_in, rows_of_commit
from benchmarks.pairs.cells import Cell, cells, lay
from benchmarks.pairs.table import Kept, counts, holds, ratio, tables
from benchmarks.report import INFORMATION, Line, commit, is_changed, report

KEPT = Path("build/pairs.jsonl")
COVERAGE, WIDER, LEAST_CELLS = 0.93, 1.5, 200
#: median deviation from the true value, as a share of the half-width, below which intervals are too wide: for exact
#: 95 % intervals of normal errors it is 0.34, for intervals twice as wide 0.17
LEAST_USED = 0.25
STOCHASTIC = {"ag_sio2"}  #: devices whose mean over pulses is compared with the mean of the same pulses
#: chance that exact 95 % intervals of normal errors miss a bar on the intervals of one protocol and device
_BY_CHANCE = 1e-3
FARTHEST = 2.5  #: half-widths: 4.9 standard deviations, which one of 1,000 runs of 900 exact intervals exceeds
_BY_CHANCE_OF_ONE = 1e-4  #: as above, for one instrument and protocol: there are about 90 of these
_SEED = 20261128


def measure(cell: Cell, imperfections: bool, drawing: int = 0) -> dict[str, Any]:
    """Measure one cell; returns its name, the extracted values beside the truth, or why it was refused.

    ``drawing``: number of the drawing of instruments and device; the table has drawing 0.
    """
    from tsbench.demo.truth import true_value
    from tsbench.errors import LimitError, TsbenchError
    from tsbench.protocols import protocol_named
    from tsbench.simulated_backends.numerics.seeds import seed_of
    from tsbench.simulated_backends.witness.log import read_witness
    from tsbench.station.runner import run_protocol
    from tsbench.storage import read_run

    found: dict[str, Any] = {"cell": cell.name, "imperfections": imperfections, "rows": [], "refused": "", "failed": ""}
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        # instruments of its own: with one seed for all, every oscilloscope would have the same part of its error
        keys = (drawing,) if drawing else ()
        bench = lay(cell, out, seed_of(_SEED, cell.name, *keys), imperfections)
        try:
            protocol = protocol_named(cell.part.protocol).parse(dict(cell.part.parameters))
            outcome = run_protocol(bench, "D1", protocol, out)
        except LimitError as error:
            return {**found, "refused": str(error)}
        except TsbenchError as error:
            return {**found, "failed": str(error)}
        if outcome.status != "success" or outcome.path is None:
            return {**found, "failed": f"{outcome.status}: {outcome.reason}"}
        run, witness = read_run(outcome.path), read_witness(out / "witness.jsonl")
        for name, quantity in cell.part.quantities.items():
            for result in run.results:
                if result.quantity == quantity and result.value is not None:
                    truth = true_value(name, result, run, witness)
                    if truth is not None:
                        found["rows"].append([name, truth, result.value, result.low, result.high])
    return found


def _job(arguments: tuple[Cell, bool], of_commit: str) -> dict[str, Any]:
    gc.collect()   # a world refers to itself: those of earlier cells would take gigabytes
    try:
        return {**measure(*arguments), "commit": of_commit}
    except Exception as error:   # noqa: BLE001  one cell that fails is a finding, and the others go on
        cell, imperfections = arguments
        return {"cell": cell.name, "imperfections": imperfections, "rows": [], "refused": "",
                "failed": f"{type(error).__name__}: {error}", "commit": of_commit}


def main() -> int:
    """Measure the cells that are asked for, print the table, and return 0 if all bars are met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one cell of each protocol and device")
    parser.add_argument("--resume", action="store_true", help="keep the cells that an earlier call has measured")
    parser.add_argument("--only", default="", help="only cells whose name contains this text")
    parser.add_argument("--kept", action="store_true", help="measure nothing, count what build/pairs.jsonl has")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    wanted = [cell for cell in cells() if options.only in cell.name]
    if not wanted:
        parser.error(f"--only {options.only}: no cell has this text in its name")
    whole = not (options.quick or options.only)
    # some cells must not replace all
    kept_file = KEPT if whole or options.resume else KEPT.with_name("pairs_part.jsonl")
    if options.quick:
        wanted = list({(cell.part.device, cell.part.protocol): cell for cell in reversed(wanted)}.values())
    kept_file.parent.mkdir(exist_ok=True)
    rows = rows_in(KEPT) if options.kept else rows_of_commit(KEPT, commit()) if options.resume else []
    done = {(one["cell"], one["imperfections"]): one for one in rows}
    if options.kept:
        sys.stdout.writelines(f"{line}\n" for line in counts(wanted, done))
        return 0
    jobs = [(cell, imperfect) for imperfect in (True, False) for cell in wanted
            if (cell.name, imperfect) not in done]
    job = partial(_job, of_commit=commit())
    with kept_file.open("a" if options.resume else "w", encoding="utf-8") as kept, ProcessPoolExecutor(
            options.workers) as pool:
        for number, found in enumerate(pool.map(job, jobs)):
            done[found["cell"], found["imperfections"]] = found
            kept.write(json.dumps(found) + "\n")
            kept.flush()
            judged = "holds" if holds(jobs[number][0], found) else "does not hold"
            said = found["refused"] or found["failed"] or judged
            sys.stderr.write(f"{number + 1}/{len(jobs)} {found['cell']}: {said}\n")
    command = shlex.join(["pairs", *sys.argv[1:]])
    code = report(command, "Every source with every oscilloscope", _lines(wanted, done, whole))
    measured = [cell for cell in wanted if not done[cell.name, True]["refused"]]
    sys.stdout.writelines(f"{line}\n" for line in ("", *tables(measured, done)))
    return code


def fewest_by_chance(intervals: int, chance: float = _BY_CHANCE) -> int:
    """Return the number k of which P(fewer than k exact 95 % intervals contain the true value) < chance (binomial)."""
    return int(binom.ppf(chance, intervals, 0.95)) if intervals else 0


def often_wrong(wanted: Sequence[Cell], done: Kept) -> list[str]:
    """Return which instruments miss the true value in one protocol more often than chance explains, with both numbers.

    The bars of a protocol and a device have hundreds of intervals: a family that is wrong in all of its cells can be
    hidden among them.
    """
    groups: dict[tuple[str, str], list[Sequence[Any]]] = {}
    for cell in wanted:
        for one in (cell.source, cell.scope):
            if one is not None:
                groups.setdefault((one.name, cell.part.protocol), []).extend(done[cell.name, True]["rows"])
    found = []
    for (name, protocol), rows in groups.items():
        held = sum(map(_contains, rows))
        if held < fewest_by_chance(len(rows), _BY_CHANCE_OF_ONE):
            found.append(f"{name} {protocol}: {held} of {len(rows)}")
    return found


def farthest(rows: Sequence[Sequence[Any]]) -> float:
    """Return the largest deviation from a true value, as a share of the half-width on its side; 0 without intervals.

    An instrument has few intervals in some protocols, so counting them does not tell that one of its quantities is
    always wrong. By how much it is wrong does.
    """
    return max((abs(value - truth) / max(high - value if truth > value else value - low, sys.float_info.min)
                for _, truth, value, low, high in rows if None not in (value, low, high)), default=0.0)


def _contains(row: Sequence[Any]) -> bool:
    """Whether the interval of a value contains the true value."""
    return None not in row and bool(row[3] <= row[1] <= row[4])


def least_by_chance(intervals: int) -> float:
    """Return the share of which P(median deviation of exact intervals < share) <= 0.001, at most LEAST_USED.

    The distribution function at the median of an odd number of deviations has a beta distribution. An even number has
    the mean of two, which is small less often.
    """
    middle = 0.5 * (intervals + 1)
    smallest = norm.ppf(0.5 + 0.5 * beta.ppf(_BY_CHANCE, middle, middle)) / norm.ppf(0.975)
    return float(min(LEAST_USED, smallest))


def _lines(wanted: Sequence[Cell], done: Kept, whole: bool) -> list[Line]:
    """Return the lines of the table; ``whole``: the cells are all there are."""
    results = [(cell, done[cell.name, True]) for cell in wanted]
    measured = [(cell, one) for cell, one in results if not one["refused"]]
    failed = [one for _, one in measured if one["failed"]]
    ideal = [cell.name for cell, _ in measured if (one := done[cell.name, False])["failed"] or one["refused"]]
    lacking = [cell.name for cell, one in measured if len(one["rows"]) < cell.part.values]
    commits = {cell.name: {done[cell.name, imperfect].get("commit", "") for imperfect in (True, False)}
               for cell in wanted}
    changed = [name for name, of in commits.items() if any(map(is_changed, of))]
    others = [name for name, of in commits.items() if of != {commit()}]
    holding = sum(holds(cell, one) for cell, one in measured)
    needed = math.ceil(COVERAGE * len(measured) * (1 - 1e-12))
    lines = [
        _line("cells measured", str(len(measured)), f">= {LEAST_CELLS}", len(measured) >= LEAST_CELLS, whole),
        _none("cells refused by the plan", len(results) - len(measured)),
        _none("cells that failed", len(failed)),
        _none("cells that failed without imperfections", len(ideal)),
        _none("cells without all values", len(lacking)),
        _none("cells measured in a changed tree", len(changed), whole),
        _none("cells of another commit", len(others)),
        _line("cells whose intervals contain the true values", f"{holding} of {len(measured)}", f">= {needed}",
              holding >= needed, whole),
    ]
    wrong = often_wrong(wanted, done)
    lines.append(_line("instruments that miss the true value more often than chance explains",
                       "; ".join(wrong) or "none", "none", not wrong, whole))
    most = farthest([row for _, one in measured for row in one["rows"]])
    lines.append(_line("largest deviation from a true value, to the half-width", f"{most:.2f}", f"<= {FARTHEST}",
                       most <= FARTHEST, True))
    groups: dict[tuple[str, str], list[Cell]] = {}
    for cell in wanted:
        groups.setdefault((cell.part.device, cell.part.protocol), []).append(cell)
    for kind, group in groups.items():
        wider = ratio([done[cell.name, True] for cell in group], [done[cell.name, False] for cell in group])
        lines.append(_line(
            f"median half-width, to that without imperfections: {' '.join(kind)}",
            "-" if wider is None else f"{wider:.2f}", f"<= {WIDER}", wider is not None and wider <= WIDER, whole))
    for kind, group in groups.items():
        lines += _of_intervals(kind, [row for cell in group for row in done[cell.name, True]["rows"]], whole)
    lines += [Line(f"{one['cell']}: failed", one["failed"][:80], "", False) for one in failed]
    lines += [Line(f"{one['cell']}: refused", one["refused"][:80], "", False)
              for _, one in results if one["refused"]]
    return lines + [Line(f"{one['cell']}: does not hold", _missed(one), INFORMATION, True)
                    for cell, one in measured if not holds(cell, one) and not one["failed"]]


def _line(figure: str, found: str, bar: str, passed: bool, judged: bool) -> Line:
    """Return a line that is judged, or one for information."""
    return Line(figure, found, bar if judged else INFORMATION, passed or not judged)


def _none(figure: str, count: int, judged: bool = True) -> Line:
    """Return a line of something that must not be there."""
    return _line(figure, str(count), "0", count == 0, judged)


def _of_intervals(kind: tuple[str, str], rows: Sequence[Sequence[Any]], whole: bool) -> list[Line]:
    """Return the two lines of the intervals of a device and a protocol."""
    held = sum(map(_contains, rows))
    least, used, name = fewest_by_chance(len(rows)), deviations(rows), " ".join(kind)
    smallest = least_by_chance(len(rows))
    return [
        _line(f"intervals that contain the true value: {name}", f"{held} of {len(rows)}", f">= {least}", held >= least,
              True),
        _line(f"median deviation, to the half-width: {name}", "-" if used is None else f"{used:.3f}",
              f">= {smallest:.2g}", used is not None and used >= smallest, whole and kind[0] not in STOCHASTIC),
    ]


def deviations(rows: Sequence[Sequence[Any]]) -> float | None:
    """Return the median deviation from the true value, as a share of the half-width; None without intervals."""
    shares = [abs(value - truth) / (0.5 * (high - low)) for _, truth, value, low, high in rows
              if low is not None and high is not None and high > low]
    return statistics.median(shares) if shares else None


def _missed(found: dict[str, Any]) -> str:
    missed = [f"{name} has no interval, true {truth:.7g}" if None in (value, low, high)
              else f"{name} {value:.7g} ({low:.7g} to {high:.7g}), true {truth:.7g}"
              for name, truth, value, low, high in found["rows"]
              if None in (value, low, high) or not low <= truth <= high]
    return "; ".join(missed) or "nothing extracted"


if __name__ == "__main__":
    sys.exit(main())
