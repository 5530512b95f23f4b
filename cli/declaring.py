"""How commands are declared, explained and refused: the classes of ``argparse`` as ``tsbench`` wants them."""

import argparse
import re
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from tsbench.errors import nearest


class Formatter(argparse.RawDescriptionHelpFormatter):
    """Keeps examples as they are written; wide enough for the lists of parameters."""

    def __init__(self, prog: str) -> None:
        width = min(110, shutil.get_terminal_size((100, 24)).columns)
        super().__init__(prog, max_help_position=30, width=width)


class Parser(argparse.ArgumentParser):
    """Says in one line what is wrong and where the help is."""

    def error(self, message: str) -> NoReturn:
        """Print one line to standard error and exit with code 2."""
        wrong = re.match(r"argument (\S+): invalid choice: '(.*?)' \(choose from (.*)\)", message)
        if wrong:
            known = [name.strip().strip("'") for name in wrong[3].split(",")]
            message = f"unknown {wrong[1].lower()} '{wrong[2]}'{nearest(wrong[2], known)}"
        self.exit(2, f"tsbench: {message} (help: {self.prog} --help)\n")


class ProtocolHelp(argparse.Action):
    """``tsbench measure --help``, and ``tsbench measure PROTOCOL --help`` with that protocol's parameters."""

    def __init__(self, option_strings: Sequence[str], dest: str, **_: Any) -> None:
        super().__init__(
            option_strings,
            argparse.SUPPRESS,
            nargs=0,
            default=argparse.SUPPRESS,
            help="show this help (after a PROTOCOL, also its parameters with unit, default and bounds)",
        )

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        text = parser.format_help()
        protocol = getattr(namespace, "protocol", None)
        if protocol is not None:
            from tsbench.cli.parameter_text import parameter_help
            from tsbench.errors import TsbenchError

            try:
                text = parameter_help(protocol) + "\n" + text
            except TsbenchError as error:
                parser.exit(error.exit_code, f"tsbench: {error}\n")
        sys.stdout.write(text)
        parser.exit(0)


def add_command(
    commands: Any, name: str, function: str, summary: str, example: str, **more: Any
) -> argparse.ArgumentParser:
    """Declare a command.

    Parameters
    ----------
    commands : what ``add_subparsers`` returned
    name : as it is typed
    function : "module:function" in ``tsbench.cli`` that carries it out
    summary, example : for the help
    **more : for ``add_parser``
    """
    command: argparse.ArgumentParser = commands.add_parser(
        name,
        help=summary,
        description=summary[0].upper() + summary[1:] + ".",
        epilog=f"example:\n{example}",
        formatter_class=Formatter,
        **more,
    )
    command.add_argument("--debug", action="store_true", default=argparse.SUPPRESS, help="show tracebacks of errors")
    _add_log_options(command)
    command.set_defaults(command_function=f"tsbench.cli.{function}")
    return command


def add_json(command: argparse.ArgumentParser, what: str) -> None:
    """Give a command the option ``--json``, which prints ``what``."""
    command.add_argument("--json", action="store_true", help=f"print only {what}, as JSON")


def add_tables(command: argparse.ArgumentParser) -> None:
    """Give a command the options that say what tables of other programs hold."""
    command.add_argument("--columns", metavar="ROLE=NAME,…", help="the columns of tables, as for 'tsbench analyse'")
    command.add_argument("--as", dest="kind_of_table", choices=("sweep", "pulses", "relaxation", "spikes"),
                         help="the kind of tables, as for 'tsbench analyse'")


def _add_log_options(command: argparse.ArgumentParser) -> None:
    """Give a command the options of :mod:`tsbench.cli.log_file`."""
    group = command.add_argument_group("log and trace (docs/logging.md)")
    group.add_argument("--log", type=Path, metavar="FILE", help="append the log of the program to FILE")
    group.add_argument("--verbose", action="store_true", help="print the log of the program on standard error")
    group.add_argument(
        "--trace", type=Path, metavar="FILE",
        help="append every message between tsbench and the instruments to FILE, with time, duration, reply and errors")
