"""The command ``statistics``: spreads, distributions, drift and needed numbers of the events in stored runs."""

import argparse
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tsbench.cli.declaring import add_command, add_json, add_tables

if TYPE_CHECKING:
    from tsbench.extraction.group_statistics import GroupStatistics

_TELL_EVERY = 5.0  #: [s] between two lines that say how far it is
_EXAMPLE = """\
  tsbench statistics runs/*.nxs
  tsbench statistics runs --quantity threshold_voltage --fit weibull,normal --relative 1%
  tsbench statistics runs --quantity switching_delay --by amplitude --csv delays.csv"""


def declare(commands: Any) -> None:
    """Declare ``statistics``."""
    command = add_command(
        commands, "statistics", "statistics:statistics",
        "compute the spread of events over cycles and devices in run files, with intervals", _EXAMPLE)
    command.add_argument("files", nargs="+", type=Path, metavar="FILE",
                         help="run files (.nxs), tables (.csv, .txt), patterns or folders")
    command.add_argument("--quantity", metavar="NAME", help="only this quantity, for example threshold_voltage "
                         "(default: each quantity that is measured for single events)")
    command.add_argument("--by", metavar="NAME,…", help="make one group for each value of these conditions or "
                         "parameters, for example temperature,amplitude (default: the conditions of the results)")
    command.add_argument("--fit", metavar="NAME,…", help="fit these distributions: weibull, lognormal, normal, or all")
    command.add_argument("--relative", metavar="SHARE", help="compute how many cycles and devices give the mean to "
                         "this share of its value, for example 1%%")
    command.add_argument("--anew", action="store_true", help="extract the numbers of the run files in a folder from "
                         "their raw data (default: the results that are stored with the runs)")
    add_tables(command)
    command.add_argument("--csv", type=Path, metavar="FILE", help="write all numbers to a CSV file")
    add_json(command, "all numbers")


def statistics(options: argparse.Namespace) -> int:
    """Compute and print; 2 where a file could not be read."""
    from tsbench.analysis.statistics.fits import FAMILIES
    from tsbench.archives.statistics import statistics as compute
    from tsbench.cli.printing import print_json

    families = FAMILIES if options.fit == "all" else _names(options.fit)
    found = compute(
        options.files, options.quantity, _names(options.by) or None, families, share_of(options.relative),
        columns=options.columns, kind=options.kind_of_table, progress=_Reading(),
        anew=options.anew)
    if options.csv is not None:
        _write_csv(options.csv, found.rows())
    if options.json:
        print_json(found.rows())
    else:
        _print(found.groups)
    said = sys.stderr if options.json else sys.stdout
    lines = dict.fromkeys((*found.lines, *(line for group in found.groups for line in group.lines)))
    for line in (*lines, *([f"table: {options.csv}"] if options.csv is not None else [])):
        said.write(f"{line}\n")
    for line in found.problems:
        sys.stderr.write(f"tsbench: {line}\n")
    return 2 if found.problems else 0


class _Reading:
    """Says on standard error how many files were read, every few seconds: a night of runs takes minutes."""

    def __init__(self) -> None:
        self._told = time.monotonic()

    def __call__(self, done: int, total: int) -> None:
        if (now := time.monotonic()) - self._told >= _TELL_EVERY:
            self._told = now
            sys.stderr.write(f"read {done} of {total} files\n")
            sys.stderr.flush()


def _names(text: str | None) -> tuple[str, ...]:
    return tuple(name.strip() for name in (text or "").split(",") if name.strip())


def share_of(text: str | None) -> float | None:
    """Return a share from "1%" or "0.01".

    Raises
    ------
    ConfigurationError
        It is no number.
    """
    if text is None:
        return None
    from tsbench.quantities import parse_quantity

    per_cent = text.strip().endswith("%")
    number = parse_quantity(text.strip().removesuffix("%") if per_cent else text, "")
    return number / 100.0 if per_cent else number


def _write_csv(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    """Write one line for each number; each condition has a column."""
    import csv
    import io

    from tsbench.text_files import write_text

    conditions = list(dict.fromkeys(name for row in rows for name in row["conditions"]))
    columns = [name for name in (rows[0] if rows else ()) if name != "conditions"]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*conditions, *columns])
    for row in rows:
        cells = [" ".join(cell) if isinstance(cell, list) else cell for cell in (row[name] for name in columns)]
        writer.writerow([*(row["conditions"].get(name, "") for name in conditions), *cells])
    write_text(path, text.getvalue(), "CSV file")


def _print(groups: Iterable["GroupStatistics"]) -> None:
    """Print the tables of each quantity; groups of one event are only counted."""
    by_quantity: dict[str, list[GroupStatistics]] = {}
    alone: dict[str, list[GroupStatistics]] = {}
    for group in groups:
        if sum(sample.number for sample in group.devices) > 1:
            by_quantity.setdefault(group.quantity, []).append(group)
        else:
            alone.setdefault(group.quantity, []).append(group)
    for quantity, mine in by_quantity.items():
        _print_quantity(quantity.replace("_", " "), mine)
    for quantity, mine in alone.items():
        counted = f"{len(mine)} group{'s' if len(mine) > 1 else ''}"
        sys.stdout.write(f"{quantity.replace('_', ' ')}: {counted} with one event or none, so there is no spread"
                         f"{_pooled(mine)}\n")


def _pooled(groups: Sequence["GroupStatistics"]) -> str:
    """Return how groups of one event are put together: a measured level differs from pulse to pulse."""
    names = dict.fromkeys(name for group in groups for name in group.conditions)
    values = {name: {str(group.conditions.get(name)) for group in groups} for name in names}
    differ = [name for name, found in values.items() if len(found) > 1]
    alike = [name for name, found in values.items() if len(found) == 1]
    if not differ:
        return ""
    return (f". They differ in {', '.join(differ)}. To put them together, name the conditions that still separate "
            f"groups with --by{', for example --by ' + ','.join(alike) if alike else ''}")


def _print_quantity(name: str, groups: Sequence["GroupStatistics"]) -> None:
    from tsbench.cli.printing import table
    from tsbench.cli.statistics_tables import components, courses, fits, needed, never_enough, samples, without_fit

    mark = " (simulated)" if any(group.simulated for group in groups) else ""
    table(f"{name}{mark}: over the cycles of each device, and over devices", *samples(groups))
    for title, (columns, rows) in (
        (f"{name}{mark}: cycles against devices", components(groups)),
        (f"{name}{mark}: distributions", fits(groups)),
        (f"{name}{mark}: drift and steps that noise does not explain", courses(groups)),
        (f"{name}{mark}: is the number sufficient?", needed(groups)),
    ):
        if rows:
            table(title, columns, rows)
    for line in (*without_fit(groups), *never_enough(groups)):
        sys.stdout.write(f"{line}\n")
