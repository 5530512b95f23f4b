"""The command ``compare``: sweeps with another load or aperture tell an averaged oscillation from a stable device."""

import argparse
import sys
from pathlib import Path
from typing import Any

from tsbench.cli.declaring import add_command, add_json

_EXAMPLE = """\
  tsbench compare first.nxs other_load.nxs
  tsbench compare first.csv second.csv --load 5k,12.5k
  tsbench compare first.nxs --response 20n"""


def declare(commands: Any) -> None:
    """Declare ``compare``."""
    command = add_command(
        commands, "compare", "comparing:compare",
        "find out whether a falling voltage is a negative resistance, or the mean of an oscillation", _EXAMPLE)
    command.add_argument("files", nargs="+", type=Path, metavar="FILE",
                         help="sweeps of one device: run files or tables. The first one is judged. The others have "
                         "another load, or another aperture at the same set-points")
    command.add_argument("--load", metavar="OHM,…", help="load between source and device, one for each file (default: "
                         "that of the bench, from the run file, or of the set-points of a table)")
    command.add_argument("--load-accuracy", metavar="SHARE",
                         help="relative standard uncertainty of the loads (default: 0.1%%)")
    command.add_argument("--capacitance", metavar="FARAD", help="capacitance across the device (default: that of the "
                         "bench, from the run file)")
    command.add_argument("--response", metavar="TIME", help="time constant with which the device relaxes at "
                         "rest, for example cools after a pulse. With the capacitance and the load, it decides as well")
    command.add_argument("--known-to", metavar="FACTOR", default="1.5", help="factor to which the ratio of response "
                         "time and capacitance is known (default: 1.5). Within it, nothing is decided")
    command.add_argument(
        "--columns", metavar="ROLE=NAME,…", help="the columns of a table, as for 'tsbench analyse'")
    add_json(command, "the facts and the verdict")


def compare(options: argparse.Namespace) -> int:
    """Compare and print."""
    from tsbench.cli.printing import print_json
    from tsbench.cli.statistics import share_of
    from tsbench.extraction.comparison import LOAD_ACCURACY, compare_sweeps
    from tsbench.quantities import parse_quantity

    accuracy = share_of(options.load_accuracy)
    found = compare_sweeps(
        options.files, [parse_quantity(one, "Ohm") for one in (options.load or "").split(",") if one.strip()],
        None if options.capacitance is None else parse_quantity(options.capacitance, "F"),
        None if options.response is None else parse_quantity(options.response, "s"),
        parse_quantity(options.known_to, ""), LOAD_ACCURACY if accuracy is None else accuracy, options.columns)
    if options.json:
        print_json(found.rows())
    said = sys.stderr if options.json else sys.stdout
    for line in found.lines:
        said.write(f"{line}\n")
    return 0
