"""``demo`` and ``measure``: they start the runner and print its outcome."""

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tsbench.cli.declaring import ProtocolHelp, add_command, add_json
from tsbench.errors import ConfigurationError

if TYPE_CHECKING:
    from tsbench.station.runner import RunOutcome


def add_watchdog(command: argparse.ArgumentParser) -> None:
    """Declare the option that leaves the watchdog out."""
    command.add_argument(
        "--no-watchdog",
        action="store_false",
        dest="watchdog",
        help="do not start the watchdog (only for debugging). The watchdog is the process that switches the outputs "
             "off if this process dies or hangs",
    )


def add_service(command: argparse.ArgumentParser) -> None:
    """Declare the options that say whether a bench service measures."""
    who = command.add_mutually_exclusive_group()
    who.add_argument(
        "--alone", action="store_true",
        help="measure in this process, also if a bench service runs for this bench (see 'tsbench station')")
    who.add_argument(
        "--station", action="store_true",
        help="measure through the bench service, and start it in the background if none runs for this bench")


def declare(commands: Any) -> None:
    """Declare ``demo`` and ``measure``."""
    demo = add_command(
        commands,
        "demo",
        "measuring:demo",
        "measure two simulated devices and print the results beside the true values",
        "  tsbench demo --out my_first_runs",
    )
    demo.add_argument(
        "--out",
        type=Path,
        default=Path("tsbench_demo"),
        metavar="DIR",
        help="folder for run files, figures and demo.json (default: %(default)s)",
    )
    demo.add_argument(
        "--seed", type=int, default=1, metavar="N", help="seed of the noise of the simulated bench (default: 1)"
    )
    add_json(demo, "the results with the true values")

    measure = add_command(
        commands,
        "measure",
        "measuring:measure",
        "run one protocol on one device",
        "  tsbench measure iv_sweep --bench examples/nbo2.bench.toml --device D1 \\\n"
        '      --set stop="1.2 V" --set compliance=1m --out runs\n'
        "  tsbench measure iv_sweep --help        the parameters of iv_sweep",
        add_help=False,
    )
    measure.add_argument("-h", "--help", action=ProtocolHelp)
    measure.add_argument("protocol", metavar="PROTOCOL", help="name of the protocol, see 'tsbench protocols'")
    measure.add_argument("--bench", type=Path, required=True, metavar="FILE", help="the bench file")
    measure.add_argument("--device", required=True, metavar="ID", help="name of the device in the bench file")
    measure.add_argument(
        "--set",
        action="append",
        default=[],
        dest="settings",
        metavar="NAME=VALUE",
        help="set a parameter (can be repeated). The value may have an SI prefix and a unit. "
             "Separate the values of a list with commas",
    )
    measure.add_argument(
        "--fixture",
        action="append",
        default=[],
        dest="values",
        metavar="NAME=VALUE",
        help='set a value of the fixture before the run, for example "load_resistance=4.7 kOhm" (can be repeated). The '
             "bench file needs a table [fixture.control.NAME]. Values that are not given are those of its netlist",
    )
    measure.add_argument(
        "--out",
        type=Path,
        default=Path("runs"),
        metavar="DIR",
        help="folder for the run file (default: %(default)s)",
    )
    add_watchdog(measure)
    add_service(measure)
    shape = measure.add_mutually_exclusive_group()
    add_json(shape, "the results")  # type: ignore[arg-type]
    shape.add_argument(
        "--events",
        action="store_true",
        help="print events as JSON lines, and read the commands 'stop', 'pause' and 'resume' from standard input",
    )


def measure(options: argparse.Namespace) -> int:
    """Run one protocol on one device."""
    from tsbench.cli.printing import ProgressPrinter, print_json, print_results
    from tsbench.protocols import protocol_named
    from tsbench.station.bench.fixture_values import fixture_values
    from tsbench.station.runner import Control, JsonLinesEvents, StdinControl

    protocol = protocol_named(options.protocol).parse(parse_settings(options.settings))
    fixture = fixture_values(parse_settings(options.values, '--fixture', 'load_resistance="4.7 kOhm"'))
    if options.events:
        outcome = _measured(options, protocol, fixture, JsonLinesEvents(sys.stdout), StdinControl())
        return outcome.exit_code
    with ProgressPrinter(options.protocol) as progress:
        outcome = _measured(options, protocol, fixture, progress, Control())
    rows = outcome.rows()
    if options.json:
        print_json(rows)
    else:
        print_results(rows, f"{options.protocol} on {options.device}")
    tell(outcome)
    return outcome.exit_code


def uses_service(options: argparse.Namespace, bench: Path) -> bool:
    """Whether the bench service measures: one that runs, or one that is to be started."""
    from tsbench.station.service.place import place_of

    # also where it cannot be reached: two processes must not measure with the same instruments
    return not options.alone and (options.station or place_of(bench).lives)


def _measured(
    options: argparse.Namespace, protocol: Any, fixture: Any, events: Any, control: Any,
) -> "RunOutcome":
    """Measure through the bench service if one runs or is wanted, else in this process."""
    from tsbench.cli.operator_answers import TerminalAnswers
    from tsbench.station.runner import run_protocol
    from tsbench.station.service.client import connect
    from tsbench.station.service.performing import run_through

    if uses_service(options, options.bench):
        with connect(options.bench, start=options.station) as service:
            return run_through(service, options.device, protocol, options.out, events=events, control=control,
                               watchdog=options.watchdog, fixture=fixture, questions=TerminalAnswers(service),
                               trace="" if options.trace is None else str(options.trace.absolute()))
    return run_protocol(
        options.bench, options.device, protocol, options.out, events=events, control=control,
        watchdog=options.watchdog, fixture=fixture)


def demo(options: argparse.Namespace) -> int:
    """Run the demo and print its table."""
    from tsbench.cli.printing import ProgressPrinter, print_json, print_results
    from tsbench.demo import run_demo
    from tsbench.records import RunEvent

    with ProgressPrinter("demo") as progress:

        def follow(name: str, event: RunEvent) -> None:
            if progress.name != name:
                progress.next(name)
            progress(event)

        outcome = run_demo(options.out, options.seed, follow)
    rows = [row.as_json() for row in outcome.rows]
    if options.json:
        print_json(rows)
    else:
        print_results(rows, "Measured values beside the true values of the simulated device")
        for path in (*outcome.runs, *outcome.figures):
            sys.stdout.write(f"{path}\n")
    if not outcome.passed:
        sys.stderr.write("tsbench: a result of the demo is outside its tolerance. See the deviations in the table\n")
        return 1
    return 0


def parse_settings(
    settings: Sequence[str], option: str = "--set", example: str = 'stop="1.2 V"',
) -> dict[str, Any]:
    """Return name -> text of ``--set NAME=VALUE`` options; the protocol itself reads the values.

    Raises
    ------
    ConfigurationError
        Not of that form, or a name given twice.
    """
    values: dict[str, Any] = {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        name = name.strip()
        if not equals or not name:
            raise ConfigurationError(
                f"{option} {setting!r} must have the form NAME=VALUE, for example {option} {example}")
        if name in values:
            raise ConfigurationError(f"{option} {name} is given twice, as {values[name]!r} and as {value.strip()!r}. "
                                     "Give it once")
        values[name] = value.strip()
    return values


def tell(outcome: Any, which: str = "", notes: Counter[str] | None = None) -> None:
    """Say on standard error where the run is and why it ended early.

    ``notes`` counts the notes of several runs: one that was said before is not said again.
    """
    known = 0
    if notes is not None and outcome.status == "success":
        known = notes[outcome.line]
        notes[outcome.line] += 1
    if outcome.status != "success":
        sys.stderr.write(
            f"tsbench: {which}{'stopped' if outcome.status == 'abort' else 'failed'}: {outcome.reason}\n"
        )
    elif outcome.line and not known:
        sys.stderr.write(f"tsbench: {which}note: {outcome.line}\n")
    left = [name for name, enabled in outcome.outputs.items() if enabled is not False]
    if left:
        sys.stderr.write(f"tsbench: {which}these outputs were not read back as off: {', '.join(left)}. Check the "
                         "panel\n")
    if outcome.path is not None:
        sys.stderr.write(f"{which}run file: {outcome.path}\n")


def tell_rest(notes: Counter[str]) -> None:
    """Say on standard error how many more runs have a note that :func:`tell` said once."""
    for line, number in notes.items():
        if line and number > 1:
            sys.stderr.write(f"tsbench: the same note of {number - 1} more run{'s' * (number > 2)}: {line}\n")
