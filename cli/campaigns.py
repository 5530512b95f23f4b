"""``run``: a campaign, or a plain list of protocols, from its file to its table."""

import argparse
import contextlib
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from tsbench.cli.declaring import add_command, add_json
from tsbench.cli.measuring import add_service, add_watchdog, tell, tell_rest, uses_service

_TOLD = 3  #: problems that the message itself holds
_MOST_ROWS = 200  #: of a table that is printed as a whole

_EXAMPLE = """\
  tsbench run examples/nbo2.list.toml --out runs
  tsbench run examples/wafer.campaign.toml --dry-run     the plan as a table
  tsbench run examples/wafer.campaign.toml --out runs/wafer --resume"""


def declare(commands: Any) -> None:
    """Declare ``run``."""
    run = add_command(commands, "run", "campaigns:run", "run a campaign, or a list of protocols", _EXAMPLE)
    run.add_argument("campaign", type=Path, metavar="CAMPAIGN.toml",
                     help="the campaign with [[step]] entries, or a list with [[protocol]] entries")
    run.add_argument("--out", type=Path, default=Path("runs"), metavar="DIR",
                     help="folder for run files and the state of the campaign (default: %(default)s)")
    run.add_argument("--dry-run", action="store_true", help="print the plan as a table. The instruments are opened and "
                     "identified. No output is switched on")
    run.add_argument("--resume", action="store_true", help="go on with the campaign in DIR. A run that was interrupted "
                     "is not repeated")
    run.add_argument("--accept", action="store_true", help="accept the amber lines of the plan. This is recorded")
    run.add_argument("--again", action="append", default=[], metavar="PATTERN", help="with --resume: perform the runs "
                     'with such a name once more, for example "D1 sweep*" (can be repeated)')
    run.add_argument("--interrupted", choices=("continue", "again", "stop"), help="with --resume: the answer where the "
                     'campaign asks (on_interrupted = "ask")')
    run.add_argument("--device-record", type=Path, metavar="DIR", help="folder of the device record (default: that of "
                     "the bench file, else one in the folder of the runs)")
    add_watchdog(run)
    add_service(run)
    shape = run.add_mutually_exclusive_group()
    add_json(shape, "the results of all runs, or the plan")  # type: ignore[arg-type]
    shape.add_argument(
        "--events", action="store_true", help="print events as JSON lines, and read commands from standard input: "
        "stop, pause, resume, finish device (then pause), and skip, first or last with a pattern of names of runs")


def run(options: argparse.Namespace) -> int:
    """Plan a campaign, or run it; the table comes whatever became of the runs."""
    from tsbench.cli.printing import ProgressPrinter, print_json
    from tsbench.station.campaign import CampaignRefused, campaign
    from tsbench.station.campaign.oscillations import predicted_zones
    from tsbench.station.campaign.resuming import check_folder
    from tsbench.station.protection.control import hear_requests
    from tsbench.station.runner import JsonLinesEvents, RunOutcome
    from tsbench.storage.provenance import user_name

    found = campaign(options.campaign, options.out, device_record=options.device_record)
    if options.dry_run:
        with _performer(options, found, _warn):
            plan = found.plan(resume=options.resume, again=options.again, zones=predicted_zones)
        if options.json:
            print_json(plan.as_json())
        else:
            _print_plan(plan)
        return plan.exit_code
    refused: CampaignRefused | None = None
    if options.events:
        hear_requests(found.control)
    if found.items:  # before it waits for its turn at the bench
        check_folder(found.out, found.file, resume=options.resume)
    try:
        teller = (contextlib.nullcontext(JsonLinesEvents(sys.stdout)) if options.events
                  else ProgressPrinter(found.file.name))
        with teller as progress, _performer(options, found, progress) as performer:
            outcome = found.run(
                resume=options.resume, accept=options.accept or _asked_to_accept, again=options.again, events=progress,
                ask=lambda question, answers: options.interrupted or _answer(question, answers),
                zones=predicted_zones, watchdog=options.watchdog, performer=performer, user=user_name())
        runs, keys = list(outcome.runs.values()), list(outcome.runs)
    except CampaignRefused as error:
        refused, keys, runs = error, [], list(error.outcomes) or [
            RunOutcome(None, "refused", line, error_code=2) for line in error.plan.red if options.json]
    if not options.events:
        _print(options, runs, [] if found.file.is_list else keys)
    if refused is not None:
        sys.stderr.write(f"tsbench: {' '.join(str(refused).split())}\n")
        for line in refused.plan.red[_TOLD:]:
            sys.stderr.write(f"tsbench: {line}\n")
        return refused.exit_code
    if runs and all(one.earlier for one in runs):
        sys.stderr.write(f"tsbench: {_nothing_left(outcome, options.out)}\n")
        return outcome.exit_code
    notes: Counter[str] = Counter()
    for one in runs[:_MOST_ROWS]:
        if not one.earlier and one.run_id:
            tell(one, f"{one.protocol} on {one.device}: ", notes)
    tell_rest(notes)
    if outcome.ended:
        sys.stderr.write(f"tsbench: {outcome.ended}\n")
    return outcome.exit_code


def _warn(event: Any) -> None:
    sys.stderr.write(f"tsbench: {event.message}\n")


@contextlib.contextmanager
def _performer(options: argparse.Namespace, found: Any, tell: Callable[[Any], None]) -> Iterator[Any]:
    """Have the bench service perform the runs if one runs or is wanted; None: this process does.

    ``tell`` hears why the service does not lend the bench yet.
    """
    benches = {item.step.bench for item in found.items}
    if len(benches) != 1 or not uses_service(options, bench := next(iter(benches))):
        yield None
        return
    from tsbench.cli.operator_answers import TerminalAnswers
    from tsbench.station.protection.control import Interrupts
    from tsbench.station.service.client import connect
    from tsbench.station.service.performing import ServicePerformer
    from tsbench.storage.provenance import user_name

    with connect(bench, start=options.station) as service:
        performer = ServicePerformer(
            service, watchdog=options.watchdog, user=user_name(), questions=TerminalAnswers(service),
            trace=options.trace)
        try:
            performer.borrow(found.control, tell)   # its plan opens the instruments in this process
            with Interrupts(found.control).installed():
                yield performer
        finally:
            performer.close()


def _print(options: argparse.Namespace, runs: Sequence[Any], keys: Sequence[str]) -> None:
    """Print results and what became of each run; those of a campaign by their names in it."""
    from tsbench.cli.printing import print_entries, print_json, print_results, table

    rows = [row for one in runs for row in one.rows()]
    if options.json:
        print_json(rows + [one.entry_row() for one in runs if one.status != "success"])
        return
    if not runs:
        return
    if rows:
        print_results(rows[:_MOST_ROWS], str(options.campaign))
    few = len(runs) <= _MOST_ROWS
    if keys:
        named = [(key, one) for key, one in zip(keys, runs, strict=True) if few or one.status != "success"]
        table(f"Runs of {options.campaign}", ("name", "status", "run", "reason"), [
            (str(key), _status(one), one.run_id, one.reason)
            for key, one in named[:_MOST_ROWS]])
    else:
        shown = runs if few else [one for one in runs if one.status != "success"][:_MOST_ROWS]
        print_entries(shown, f"Entries of {options.campaign}")
    counts: dict[str, int] = {}
    for one in runs:
        counts[one.status] = counts.get(one.status, 0) + 1
    sys.stdout.write(f"{len(runs)} runs: {', '.join(f'{count} {status}' for status, count in counts.items())}\n")


def _status(one: Any) -> str:
    """Return what became of a run, and whether it was before."""
    if not one.earlier:
        return str(one.status)
    return "done before" if one.status == "success" else f"{one.status} before"


def _nothing_left(outcome: Any, out: Path) -> str:
    """Return what is said where every run has its outcome already."""
    bad = {status: count for status, count in outcome.counts.items() if status not in ("success", "left out")}
    number, measured = len(outcome.runs), outcome.counts.get("success", 0)
    if not bad and measured == number:
        many = f"all {number} entries are" if number > 1 else "the only entry is"
        return f"{many} already measured in {out}. There is nothing to do"
    counted = ", ".join(f"{count} {status}" for status, count in outcome.counts.items())
    hint = ('. A run that was begun is not repeated by itself. --again "NAME" performs runs of such a name once more'
            if bad else "")
    return f"every run in {out} has its outcome already ({counted}). There is nothing to do{hint}"


def _print_plan(plan: Any) -> None:
    """Print the plan: what each step does to a device at worst, beside the limits."""
    from tsbench.cli.printing import output_console, table

    if plan.rows:
        columns = ("step", "runs", "at the device", "in its life", "time, size", "oscillation")
        table(f"{plan.name}: at most, for one device / its limit", columns, map(_cells, plan.rows))
    for line in plan.red:
        sys.stderr.write(f"tsbench: {line}\n")
    console = output_console()
    for word, lines in (("amber", plan.amber), ("note", plan.notes)):
        for line in lines:
            console.print(f"{word}: {line}", soft_wrap=True)
    console.print(plan.line, soft_wrap=True)


def _cells(row: Any) -> tuple[str, ...]:
    from tsbench.quantities import format_quantity

    devices = row.devices[0] if len(row.devices) == 1 else f"{len(row.devices)} devices"
    peaks = "\n".join(f"{name} {bounded.text}" for name, bounded in row.peaks.items())
    dose = "\n".join(f"{name} {bounded.text}" for name, bounded in row.dose.items())
    model = f" (model {row.model})" if row.model else ""
    peaks += f"\n{row.foreseen}" if row.foreseen else ""
    return (f"{row.step}\n{row.protocol}\n{devices}", str(row.runs), peaks, dose,
            f"{format_quantity(row.duration, 's', 2)}\n{row.bytes / 1e6:.1f} MB", f"{row.oscillation}{model}" or "-")


def _asked_to_accept(lines: Sequence[str]) -> bool:
    """Ask the person at the terminal to accept the amber lines; without one the answer is no."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    for line in lines:
        sys.stderr.write(f"amber: {line}\n")
    sys.stderr.write("Measure in spite of this? [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _answer(question: str, answers: Sequence[str]) -> str:
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return "stop"
    while True:
        sys.stderr.write(f"{question} [{'/'.join(answers)}] ")
        sys.stderr.flush()
        line = sys.stdin.readline()
        if not line or line.strip() in answers:
            return line.strip() or "stop"
