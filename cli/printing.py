"""What the commands print: tables on standard output, progress on standard error, JSON alone if asked."""

import json
import math
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from tsbench.cli.discarding import discard
from tsbench.cli.json_output import write_json
from tsbench.quantities import conditions_text, format_interval, format_quantity
from tsbench.records import RunEvent

_LINE_EVERY = 1.0  #: [s] between two plain lines of progress
_PATIENCE = 2.0  #: [s] without an event after which it is said what takes so long


def print_json(value: Any) -> None:
    """Print one JSON value; a number that is not one becomes null (JSON has no NaN)."""
    write_json(json.dumps(_plain(value), indent=1, allow_nan=False))


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, str | int):
        return value
    if hasattr(value, "item"):  # a number of an array
        return _plain(value.item())
    return str(value)


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table; on a pipe it is as wide as it needs to be, so that nothing is cut."""
    console = output_console()
    console.print(title, style="bold")
    drawn = Table(box=box.SIMPLE_HEAD)
    for column in columns:
        drawn.add_column(column, overflow="fold")
    for row in rows:
        drawn.add_row(*row)
    console.print(drawn)


class _OutputConsole(Console):
    """A console whose reader may go (``head``, ``less``): the command line then ends as with any other output."""

    def on_broken_pipe(self) -> None:
        """Raise again what rich has caught; its own way is ``SystemExit(1)``."""
        raise BrokenPipeError


class _ProgressConsole(Console):
    """A console on standard error whose reader may go: a run goes on without it."""

    def on_broken_pipe(self) -> None:
        """Print nothing from now on.

        What is not written yet goes nowhere. Otherwise Python's own flush at exit may fail, which ends a run that went
        well with code 120.
        """
        self.quiet = True
        discard(self.file)


def output_console() -> Console:
    """Return a console on standard output, without markup: brackets are meant literally."""
    console = _OutputConsole(markup=False, highlight=False, emoji=False)
    return console if console.is_terminal else _OutputConsole(markup=False, highlight=False, emoji=False, width=160)


def print_results(rows: Sequence[Mapping[str, Any]], title: str = "Results", *, files: bool = False) -> None:
    """Print result rows as a table, with the true value beside each where a row has one.

    Parameters
    ----------
    rows : as :meth:`tsbench.records.Result.row` makes them
    title : above the table
    files : the rows come from files; of several, each row names its own
    """
    if not rows:
        output_console().print(f"{title}: no numbers were extracted")
        return
    truth = any("true" in row for row in rows)
    columns = ["device", "protocol", "quantity", "conditions", "value (95 % interval)"]
    several = files and len({row.get("run") for row in rows}) > 1
    if several:
        columns.insert(0, "file or run")
    columns += ["true", "deviation"] if truth else []
    columns += ["flags"]
    lines = []
    for row in rows:
        cells = [
            str(row["device"]),
            str(row["protocol"]),
            str(row["quantity"]).replace("_", " "),
            conditions_text(row["conditions"]),
            format_interval(row["value"], row["low"], row["high"], row["unit"]),
        ]
        if several:
            cells.insert(0, str(row.get("run", "")))
        if truth:
            cells += [format_quantity(row.get("true"), row["unit"], _digits_of_true(row)), _deviation(row)]
        cells.append(", ".join(row["flags"]))
        lines.append(cells)
    table(title, columns, lines)


def print_entries(outcomes: Sequence[Any], title: str) -> None:
    """Print what became of each entry of a list."""
    lines = [
        (
            str(number), outcome.protocol, outcome.device, "done before" if outcome.earlier else outcome.status,
            outcome.run_id, outcome.reason,
        )
        for number, outcome in enumerate(outcomes, start=1)
    ]
    table(title, ("entry", "protocol", "device", "status", "run", "reason"), lines)


def _digits_of_true(row: Mapping[str, Any]) -> int:
    """Return how many digits of a true value it takes to see whether it lies within the interval, at least 5."""
    value, low, high = row["value"], row["low"], row["high"]
    if not value or low is None or high is None or not 0.0 < high - low < abs(value):
        return 5
    return min(max(5, 3 + math.floor(math.log10(2.0 * abs(value) / (high - low)))), 12)


def _deviation(row: Mapping[str, Any]) -> str:
    value, true = row["value"], row.get("true")
    if value is None or not true:
        return "-"
    percent = 100.0 * (value / true - 1.0)
    if not math.isfinite(percent):
        return "-"
    decimals = 2 if abs(percent) >= 0.01 or percent == 0.0 else min(-math.floor(math.log10(abs(percent))), 6)
    return f"{percent:+.{decimals}f} %"


class ProgressPrinter:
    """Follows the events of runs: a bar on a terminal, a line every twentieth (and second) elsewhere.

    Use as a context manager and call it with each event.
    """

    def __init__(self, name: str, beginning: str = "opening the bench") -> None:
        self.name = name
        self._beginning = beginning
        self._console = _ProgressConsole(stderr=True, markup=False, highlight=False, emoji=False)
        self._bar: Progress | None = None
        self._task: Any = None
        self._last_twentieth = -1
        self._last_line = time.monotonic()
        self._patience = threading.Timer(_PATIENCE, self._still_opening)
        self._patience.daemon = True
        if self._console.is_terminal:
            self._bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                TextColumn("{task.percentage:>3.0f} %"),
                TimeElapsedColumn(),
                TextColumn("left"),
                TimeRemainingColumn(),
                console=self._console,
            )

    def __enter__(self) -> "ProgressPrinter":
        if self._bar is not None:
            self._bar.start()
        self._patience.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._patience.cancel()
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, event: RunEvent) -> None:
        """Show one event."""
        self._patience.cancel()
        if event.kind == "progress":
            self._progress(int(event.data.get("done", 0)), int(event.data.get("total", 0)), event.message)
        elif event.kind in {"log", "warning"}:
            self._line(f"{'warning: ' if event.kind == 'warning' else ''}{event.message}")

    def next(self, name: str) -> None:
        """Start following another run."""
        self.name = name
        self._task = None
        self._last_twentieth = -1

    def _progress(self, done: int, total: int, message: str) -> None:
        if self._bar is not None:
            if self._task is None:
                self._task = self._bar.add_task(self.name, total=total or None)
            self._bar.update(self._task, completed=done, total=total or None)
            return
        twentieth = 20 * done // total if total else 0
        now = time.monotonic()
        if twentieth != self._last_twentieth and now - self._last_line >= _LINE_EVERY:
            self._last_twentieth, self._last_line = twentieth, now
            share = f"{5 * twentieth:3d} %" if total else f"{done}"
            self._console.out(f"{self.name}: {share}{'  ' + message if message else ''}", highlight=False)

    def _still_opening(self) -> None:
        self._line(f"{self._beginning} (the first time on a machine, this takes some minutes)")

    def _line(self, text: str) -> None:
        if self._bar is not None:
            self._bar.console.print(f"{self.name}: {text}")
        else:
            self._console.out(f"{self.name}: {text}", highlight=False)
