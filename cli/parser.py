"""What can be typed after ``tsbench``: commands, options, help. Parsing only; nothing heavy is imported."""

import argparse
from pathlib import Path
from typing import Any

from tsbench import __version__
from tsbench.cli.declaring import Formatter, Parser, ProtocolHelp, add_command, add_json

_EXIT_CODES = """\
exit codes: 0 done, 1 failed (what was measured is on disk), 2 bad input, 3 unsafe and refused,
            130 interrupted and safe
quantities take SI prefixes and units: "1.2 V", 200n, "4.7 kOhm", 100u
'tsbench COMMAND --help' has an example of each command."""

_SERVE_EXAMPLE = """\
  tsbench serve examples/nbo2.world.toml --port 5025
  tsbench measure iv_sweep --bench examples/nbo2_served.bench.toml --device D1 --out runs

A bench file for it names visa_library = "@py" (pyvisa-py), the resources that serve prints, and
connected = "D1": which device is connected cannot be asked over a wire. HiSLIP has device clear,
status query and trigger; a raw socket has none of them. Only programs on this machine can connect."""


def _port(text: str) -> int:
    number = int(text) if text.isdigit() else -1
    if not 0 <= number <= 65535:
        raise argparse.ArgumentTypeError(f"{text} is no port number; give one from 1 to 65535")
    return number


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands; a parsed command names its function as ``command_function``."""
    parser = Parser(
        prog="tsbench",
        formatter_class=Formatter,
        epilog=_EXIT_CODES,
        description="Measure threshold-switching memristors, real or simulated, and extract the numbers.",
    )
    parser.add_argument("--version", action="version", version=f"tsbench {__version__}")
    parser.add_argument("--debug", action="store_true", help="show tracebacks and library warnings")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_measuring(commands)
    _add_reading(commands)
    _add_listing(commands)
    _add_bench(commands)
    return parser


def _add_measuring(commands: Any) -> None:
    demo = add_command(
        commands,
        "demo",
        "measuring:demo",
        "the main job in one go on the built-in simulated bench: sweep, pulses, oscillation",
        "  tsbench demo --out my_first_runs",
    )
    demo.add_argument(
        "--out",
        type=Path,
        default=Path("tsbench_demo"),
        metavar="DIR",
        help="folder for run files, plots and table (default: %(default)s)",
    )
    demo.add_argument(
        "--seed", type=int, default=1, metavar="N", help="seed of the simulated noise (default: 1)"
    )
    add_json(demo, "the result rows, with the true values beside them,")

    measure = add_command(
        commands,
        "measure",
        "measuring:measure",
        "one protocol on one device, now",
        "  tsbench measure iv_sweep --bench examples/nbo2.bench.toml --device D1 \\\n"
        '      --set stop="1.2 V" --set compliance=1m --out runs\n'
        "  tsbench measure iv_sweep --help        the parameters of iv_sweep",
        add_help=False,
    )
    measure.add_argument("-h", "--help", action=ProtocolHelp)
    measure.add_argument("protocol", metavar="PROTOCOL", help="as listed by 'tsbench protocols'")
    measure.add_argument("--bench", type=Path, required=True, metavar="FILE", help="the bench file")
    measure.add_argument("--device", required=True, metavar="ID", help="a device of the bench file")
    measure.add_argument(
        "--set",
        action="append",
        default=[],
        dest="settings",
        metavar="NAME=VALUE",
        help="a parameter, SI prefix and unit allowed; lists with commas; repeatable",
    )
    measure.add_argument(
        "--out",
        type=Path,
        default=Path("runs"),
        metavar="DIR",
        help="folder for the run file (default: %(default)s)",
    )
    _watchdog(measure)
    shape = measure.add_mutually_exclusive_group()
    add_json(shape, "the result rows")  # type: ignore[arg-type]
    shape.add_argument(
        "--events",
        action="store_true",
        help="print events as JSON lines; read 'stop', 'pause', 'resume' from stdin",
    )

    run = add_command(
        commands,
        "run",
        "measuring:run",
        "a list of protocols, one after the other",
        "  tsbench run examples/nbo2.list.toml --out runs\n"
        "  tsbench run examples/nbo2.list.toml --dry-run     plan and check only",
    )
    run.add_argument("list", type=Path, metavar="LIST.toml", help="bench, device and [[protocol]]")
    run.add_argument(
        "--out",
        type=Path,
        default=Path("runs"),
        metavar="DIR",
        help="folder for run files (default: %(default)s)",
    )
    run.add_argument(
        "--dry-run", action="store_true", help="plan every run, say what would be refused, send nothing"
    )
    run.add_argument("--resume", action="store_true", help="skip the runs that DIR already holds")
    _watchdog(run)
    add_json(run, "the result rows of all runs")


def _watchdog(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--no-watchdog",
        action="store_false",
        dest="watchdog",
        help="no second process that switches off should this one die or stand still (for a debugger)",
    )


def _add_reading(commands: Any) -> None:
    analyse = add_command(
        commands,
        "analyse",
        "reading:analyse",
        "numbers from run files, or from tables (CSV) of others",
        "  tsbench analyse runs/*.nxs\n"
        "  tsbench analyse runs            the run files and tables right in a folder\n"
        "  tsbench analyse iv.csv --columns voltage=\"V1 [mV]\",current=\"I1 [uA]\" --rule above=10n",
    )
    analyse.add_argument(
        "files",
        nargs="+",
        type=Path,
        metavar="FILE",
        help="run files (.nxs), tables (.csv, .txt), patterns such as runs/*.nxs or runs/**/*.nxs, folders",
    )
    analyse.add_argument(
        "--columns",
        metavar="ROLE=NAME,…",
        help="which column of a table is what: voltage, current, time, level, sweep, cycle; with the unit in brackets "
        'where the header gives no unit: voltage="V1 [mV]"',
    )
    analyse.add_argument(
        "--as",
        dest="kind",
        choices=("sweep", "pulses", "relaxation", "spikes"),
        help="what a table of time, voltage and current holds (default: what the record shows, which is printed first)",
    )
    analyse.add_argument(
        "--rule",
        metavar="RULE",
        help="when a device counts as switched, such as above=10n (first point above 10 nA)",
    )
    analyse.add_argument("--out", type=Path, metavar="DIR", help="folder for plots (default: ./analysed)")
    add_json(analyse, "the result rows")

    validate = add_command(
        commands,
        "validate",
        "reading:validate",
        "is this run file whole and conformant",
        "  tsbench validate runs/*.nxs",
    )
    validate.add_argument("files", nargs="+", type=Path, metavar="FILE", help="run files, patterns, folders")
    add_json(validate, "the findings")

    recover = add_command(
        commands,
        "recover",
        "reading:recover",
        "finish what a crash left: journals to run files",
        "  tsbench recover runs",
    )
    recover.add_argument("folder", type=Path, metavar="DIR")
    add_json(recover, "what was recovered")


def _add_listing(commands: Any) -> None:
    devices = add_command(
        commands,
        "devices",
        "listing:devices",
        "device models, with parameters and units",
        "  tsbench devices",
    )
    add_json(devices, "them")
    instruments = add_command(
        commands,
        "instruments",
        "listing:instruments",
        "instruments that can be driven, or those of a bench",
        "  tsbench instruments\n  tsbench instruments --bench examples/nbo2.bench.toml",
    )
    instruments.add_argument("--bench", type=Path, metavar="FILE", help="list the instruments of this bench")
    add_json(instruments, "them")
    protocols = add_command(
        commands,
        "protocols",
        "listing:protocols",
        "protocols, with parameters and units",
        "  tsbench protocols",
    )
    add_json(protocols, "them")


def _add_bench(commands: Any) -> None:
    simulate = add_command(
        commands,
        "simulate",
        "simulating:simulate",
        "the circuit engine alone, on a SPICE-style netlist with its own .tran and .save cards",
        "  tsbench simulate oscillator.cir --out oscillator.csv --plot oscillator.png\n"
        "  tsbench simulate oscillator.cir --out oscillator.npz --rtol 1e-3 --timing\n"
        "  tsbench simulate silver.cir --seed 7 --out silver.csv\n"
        "  tsbench simulate --devices-lib devices.lib     subcircuits for ngspice",
    )
    simulate.add_argument("netlist", nargs="?", type=Path, metavar="NETLIST")
    simulate.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="the table, as CSV or, where the name ends in .npz, as arrays for numpy.load: much faster for long runs "
        "(default: CSV on standard output)",
    )
    simulate.add_argument("--plot", type=Path, metavar="PNG", help="also draw the saved curves")
    simulate.add_argument(
        "--device",
        action="append",
        default=[],
        metavar="[NAME=]MODEL",
        help="another device model for an X card, or for all of them; repeatable",
    )
    simulate.add_argument(
        "--rtol",
        type=float,
        default=1e-6,
        metavar="X",
        help="relative tolerance of the integrator (default: %(default)g); 1e-3 is enough for a period to 0.1 %%",
    )
    simulate.add_argument(
        "--seed",
        type=int,
        metavar="N",
        help="seed of everything random: each stochastic device has a stream of its own, from it and the name of its "
        "element (seed=N on an X card gives that device another); thermal noise, by which circuits leave an unstable "
        "equilibrium and oscillations on a ramp vary, follows from it (default: a fresh one, said on standard error)",
    )
    simulate.add_argument(
        "--timing",
        action="store_true",
        help="say on standard error how long integration, output and the code of the integrator took",
    )
    simulate.add_argument(
        "--temperature",
        metavar="KELVIN",
        help='of the chuck, for every device without a t0 of its own in the netlist; goes before a .temp card '
        '(degrees Celsius) there; for example "350 K"',
    )
    simulate.add_argument(
        "--devices-lib",
        type=Path,
        metavar="FILE",
        help="write the device models as SPICE subcircuits to FILE, in surroundings as --temperature or the "
        "netlist's .temp card says",
    )

    check = add_command(
        commands,
        "check",
        "checking:check",
        "connect, identify, verify limits and safe state, predict oscillation of the fixture",
        "  tsbench check examples/nbo2.bench.toml",
    )
    check.add_argument("bench", type=Path, metavar="bench.toml")
    add_json(check, "the findings")

    serve = add_command(
        commands,
        "serve",
        "serving:serve",
        "the simulated bench on loopback: raw SCPI sockets and HiSLIP, until interrupted",
        _SERVE_EXAMPLE,
    )
    serve.add_argument("world", type=Path, metavar="world.toml")
    serve.add_argument(
        "--fast",
        action="store_true",
        help="time passes as fast as it can be computed, and only while somebody waits (default: as the wall "
        "clock's, also between messages)",
    )
    serve.add_argument(
        "--port",
        type=_port,
        default=0,
        metavar="N",
        help="first of two ports for each instrument, socket and HiSLIP (default: any free ones)",
    )
    serve.add_argument(
        "--json",
        action="store_true",
        help="print one line once it listens, a JSON list of name, model, socket, hislip, and nothing else",
    )

    gui = add_command(
        commands,
        "gui",
        "checking:gui",
        "the window (needs the extra: pip install tsbench[gui])",
        "  tsbench gui examples/nbo2.bench.toml",
    )
    gui.add_argument("bench", nargs="?", type=Path, metavar="bench.toml")
