"""What can be typed after ``tsbench``: commands, options, help. Parsing only; nothing heavy is imported."""

import argparse
from pathlib import Path
from typing import Any

from tsbench import __version__
from tsbench.cli.declaring import Formatter, Parser, ProtocolHelp, add_command, add_json

_EXIT_CODES = """\
exit codes: 0 done; 1 failed, the measured data are on disk; 2 wrong input;
            3 refused because it is not safe; 130 interrupted, outputs are off
Values take SI prefixes and units: "1.2 V", 200n, "4.7 kOhm", 100u.
'tsbench COMMAND --help' shows the options and an example of a command."""

_SERVE_EXAMPLE = """\
  tsbench serve examples/nbo2.world.toml --port 5025
  tsbench measure iv_sweep --bench examples/nbo2_served.bench.toml --device D1 --out runs

The bench file of a served bench needs visa_library = "@py" (pyvisa-py), the resources that
'tsbench serve' prints, and the connected device (connected = "D1"), because SCPI cannot query it.
HiSLIP supports device clear, status query and trigger; a raw socket does not. Only programs on
this computer can connect."""


def _port(text: str) -> int:
    number = int(text) if text.isdigit() else -1
    if not 0 <= number <= 65535:
        raise argparse.ArgumentTypeError(f"{text} is not a port number; give a number from 1 to 65535")
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
    _add_simulating(commands)
    _add_bench(commands)
    return parser


def _add_measuring(commands: Any) -> None:
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
        "measure one protocol on one device",
        "  tsbench measure iv_sweep --bench examples/nbo2.bench.toml --device D1 \\\n"
        '      --set stop="1.2 V" --set compliance=1m --out runs\n'
        "  tsbench measure iv_sweep --help        the parameters of iv_sweep",
        add_help=False,
    )
    measure.add_argument("-h", "--help", action=ProtocolHelp)
    measure.add_argument("protocol", metavar="PROTOCOL", help="a name that 'tsbench protocols' lists")
    measure.add_argument("--bench", type=Path, required=True, metavar="FILE", help="the bench file")
    measure.add_argument("--device", required=True, metavar="ID", help="the device: a name from the bench file")
    measure.add_argument(
        "--set",
        action="append",
        default=[],
        dest="settings",
        metavar="NAME=VALUE",
        help="set a parameter; the value may have an SI prefix and a unit, a list has commas; can be repeated",
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
    add_json(shape, "the results")  # type: ignore[arg-type]
    shape.add_argument(
        "--events",
        action="store_true",
        help="print events as JSON lines; read the commands 'stop', 'pause' and 'resume' from standard input",
    )

    run = add_command(
        commands,
        "run",
        "measuring:run",
        "measure a list of protocols, one after the other",
        "  tsbench run examples/nbo2.list.toml --out runs\n"
        "  tsbench run examples/nbo2.list.toml --dry-run     only plan and check",
    )
    run.add_argument("list", type=Path, metavar="LIST.toml", help="the list: bench, device and [[protocol]] entries")
    run.add_argument(
        "--out",
        type=Path,
        default=Path("runs"),
        metavar="DIR",
        help="folder for run files (default: %(default)s)",
    )
    run.add_argument(
        "--dry-run", action="store_true", help="plan every run and report what would be refused; send no messages"
    )
    run.add_argument("--resume", action="store_true", help="leave out the entries that were already measured into DIR")
    _watchdog(run)
    add_json(run, "the results of all runs")


def _watchdog(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--no-watchdog",
        action="store_false",
        dest="watchdog",
        help="do not start the process that switches the outputs off if this process dies or hangs; for debugging",
    )


def _add_reading(commands: Any) -> None:
    analyse = add_command(
        commands,
        "analyse",
        "reading:analyse",
        "extract numbers from run files, or from tables (CSV) of other programs",
        "  tsbench analyse runs/*.nxs\n"
        "  tsbench analyse runs            all run files and tables in a folder\n"
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
        help="the columns of a table: voltage, current, time, level, sweep, cycle; if the header gives no unit, write "
        'it in brackets: voltage="V1 [mV]"',
    )
    analyse.add_argument(
        "--as",
        dest="kind",
        choices=("sweep", "pulses", "relaxation", "spikes"),
        help="the kind of a table of time, voltage and current (default: found from the record and printed)",
    )
    analyse.add_argument(
        "--rule",
        metavar="RULE",
        help="the rule for switching, for example above=10n: the first point above 10 nA",
    )
    analyse.add_argument("--out", type=Path, metavar="DIR", help="folder for figures (default: ./analysed)")
    add_json(analyse, "the results")

    validate = add_command(
        commands,
        "validate",
        "reading:validate",
        "check that run files are complete, unchanged and conform to the schema",
        "  tsbench validate runs/*.nxs",
    )
    validate.add_argument("files", nargs="+", type=Path, metavar="FILE", help="run files, patterns or folders")
    add_json(validate, "the findings")

    recover = add_command(
        commands,
        "recover",
        "reading:recover",
        "complete the run files that a crash left as journals",
        "  tsbench recover runs",
    )
    recover.add_argument("folder", type=Path, metavar="DIR", help="folder of the run files")
    add_json(recover, "the recovered runs")


def _add_listing(commands: Any) -> None:
    devices = add_command(
        commands,
        "devices",
        "listing:devices",
        "list the device models with parameters and units",
        "  tsbench devices",
    )
    add_json(devices, "the list")
    instruments = add_command(
        commands,
        "instruments",
        "listing:instruments",
        "list the supported instruments, or the instruments of a bench",
        "  tsbench instruments\n  tsbench instruments --bench examples/nbo2.bench.toml",
    )
    instruments.add_argument("--bench", type=Path, metavar="FILE", help="list the instruments of this bench")
    add_json(instruments, "the list")
    protocols = add_command(
        commands,
        "protocols",
        "listing:protocols",
        "list the protocols with parameters and units",
        "  tsbench protocols",
    )
    add_json(protocols, "the list")


def _add_simulating(commands: Any) -> None:
    simulate = add_command(
        commands,
        "simulate",
        "simulating:simulate",
        "simulate a SPICE netlist that has .tran and .save cards",
        "  tsbench simulate oscillator.cir --out oscillator.csv --plot oscillator.png\n"
        "  tsbench simulate oscillator.cir --out oscillator.npz --rtol 1e-3 --timing\n"
        "  tsbench simulate silver.cir --seed 7 --out silver.csv\n"
        "  tsbench simulate --devices-lib devices.lib     subcircuits for ngspice",
    )
    simulate.add_argument("netlist", nargs="?", type=Path, metavar="NETLIST", help="the netlist (.cir)")
    simulate.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="write the table to FILE: arrays for numpy.load if the name ends in .npz (much faster for long runs), "
        "otherwise CSV (default: CSV on standard output)",
    )
    simulate.add_argument("--plot", type=Path, metavar="PNG", help="draw the saved curves")
    simulate.add_argument(
        "--device",
        action="append",
        default=[],
        metavar="[NAME=]MODEL",
        help="use another device model for the X card NAME, or for all X cards; can be repeated",
    )
    simulate.add_argument(
        "--rtol",
        type=float,
        default=1e-6,
        metavar="X",
        help="relative tolerance of the integrator (default: %(default)g); 1e-3 gives a period to 0.1 %%",
    )
    simulate.add_argument(
        "--seed",
        type=int,
        metavar="N",
        help="seed of all random numbers: stochastic devices and thermal noise. Each stochastic device has its own "
        "stream, which follows from the seed and the name of its element; seed=N on an X card sets another one. "
        "(default: a new seed, printed on standard error)",
    )
    simulate.add_argument(
        "--timing",
        action="store_true",
        help="print on standard error how long integration, output and compilation took",
    )
    simulate.add_argument(
        "--temperature",
        metavar="KELVIN",
        help='temperature of the chuck, for example "350 K"; it replaces a .temp card of the netlist and does not '
        "change devices with their own t0",
    )
    simulate.add_argument(
        "--devices-lib",
        type=Path,
        metavar="FILE",
        help="write the device models as SPICE subcircuits to FILE, at the temperature of --temperature or of the "
        "netlist's .temp card",
    )


def _add_bench(commands: Any) -> None:
    check = add_command(
        commands,
        "check",
        "checking:check",
        "connect and identify the instruments, verify limits and safe state, predict oscillation",
        "  tsbench check examples/nbo2.bench.toml",
    )
    check.add_argument("bench", type=Path, metavar="bench.toml", help="the bench file")
    add_json(check, "the findings")

    serve = add_command(
        commands,
        "serve",
        "serving:serve",
        "open a simulated bench to other programs on this computer: SCPI sockets and HiSLIP",
        _SERVE_EXAMPLE,
    )
    serve.add_argument("world", type=Path, metavar="world.toml", help="the world file")
    serve.add_argument(
        "--fast",
        action="store_true",
        help="simulate as fast as possible, and let time pass only while a client waits (default: simulated time "
        "follows the wall clock)",
    )
    serve.add_argument(
        "--port",
        type=_port,
        default=0,
        metavar="N",
        help="first port; each instrument takes two, socket and HiSLIP (default: any free ports)",
    )
    serve.add_argument(
        "--json",
        action="store_true",
        help="print only one line, when the server is ready: a JSON list of name, model, socket and hislip",
    )

    gui = add_command(
        commands,
        "gui",
        "checking:gui",
        "open the window (install it with: pip install tsbench[gui])",
        "  tsbench gui examples/nbo2.bench.toml",
    )
    gui.add_argument("bench", nargs="?", type=Path, metavar="bench.toml", help="the bench file")
