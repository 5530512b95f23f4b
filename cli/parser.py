"""The parser of the command line. Each command is declared in the module that carries it out.

These modules import nothing heavy before a command is carried out, so that ``--help`` is quick.
"""

import argparse

from tsbench.cli import (
    assisting,
    campaigns,
    checking,
    comparing,
    conforming,
    drawing,
    exporting,
    listing,
    measuring,
    querying,
    reading,
    recording,
    reporting,
    reviewing,
    serving,
    simulating,
    starting,
    station,
    statistics,
)
from tsbench.cli.declaring import Formatter, Parser
from tsbench.version import __version__

_EXIT_CODES = """\
exit codes: 0 done; 1 failed, the measured data are on disk; 2 wrong input;
            3 refused, because it is not safe or another process uses the instrument or the folder;
            130 interrupted, outputs are off
Values take SI prefixes and units: "1.2 V", 200n, "4.7 kOhm", 100u.
'tsbench COMMAND --help' shows the options and an example of a command."""


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
    groups = (
        measuring, campaigns, reading, comparing, querying, reviewing, reporting, exporting, statistics, drawing,
        listing, simulating, checking, conforming, serving, station, recording, assisting, starting)
    for group in groups:
        group.declare(commands)
    return parser
