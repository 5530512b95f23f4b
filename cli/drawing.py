"""The command ``figure``: one figure of several runs, for the lab book or for a paper."""

import argparse
import sys
from pathlib import Path
from typing import Any

from tsbench.cli.declaring import add_command, add_tables
from tsbench.errors import ConfigurationError

_KINDS = ("iv", "frequency", "delay", "threshold", "against", "distribution", "probability", "trend",
          "overvoltage")
_SUFFIXES = (".pdf", ".svg", ".png", ".eps")
_EXAMPLE = """\
  tsbench figure frequency runs/*oscillation*.nxs --paper
  tsbench figure distribution runs --quantity hold_voltage --fit weibull --out hold.pdf
  tsbench figure against runs --quantity frequency --against load --style mine.mplstyle
kinds: iv: curves of sweeps; frequency: against bias, load or temperature; delay: against amplitude; threshold: against
temperature, ramp rate or load; against: any quantity against any condition; distribution: over devices or cycles, with
band; probability: plot of a fitted distribution; trend: in the order of measurement, with drift and steps; overvoltage:
delay against amplitude minus threshold voltage, of runs of iv_sweep and pulse_train of the same device."""


def declare(commands: Any) -> None:
    """Declare ``figure``."""
    command = add_command(
        commands, "figure", "drawing:figure", "draw one figure of several runs, with intervals", _EXAMPLE)
    command.add_argument("kind", choices=_KINDS, metavar="KIND", help=", ".join(_KINDS))
    command.add_argument("files", nargs="+", type=Path, metavar="FILE",
                         help="run files (.nxs), tables (.csv, .txt), patterns or folders")
    command.add_argument("--quantity", metavar="NAME", help="another quantity than that of the kind")
    command.add_argument("--against", metavar="NAME", help="the condition or parameter of the horizontal axis")
    command.add_argument("--by", metavar="NAME,…", help="a line for each value of these conditions or parameters")
    command.add_argument("--fit", metavar="NAME", help="fit a distribution: weibull, lognormal or normal")
    add_tables(command)
    add_look(command)
    command.add_argument("--out", type=Path, metavar="PATH", help="the file; its suffix (.pdf, .svg, .png) decides the "
                         "format (default: KIND.png, with --paper KIND.pdf and KIND.svg)")


def add_look(command: argparse.ArgumentParser) -> None:
    """Give a command the options ``--paper`` and ``--style``."""
    command.add_argument("--paper", action="store_true", help="draw figures for a paper: a column of 8.6 cm, no title, "
                         "PDF and SVG")
    command.add_argument("--style", metavar="FILE", help="a style file of Matplotlib (.mplstyle), or the "
                         "name of a style")


def figure(options: argparse.Namespace) -> int:
    """Draw and save; 2 where a file could not be read."""
    from dataclasses import replace

    from tsbench.analysis.figures.looks import drawn_as, look_of
    from tsbench.analysis.figures.style import save
    from tsbench.extraction.run_figures import figure as draw

    out = options.out or Path(options.kind)
    look = look_of(options.paper)
    if options.out is not None and options.out.suffix:
        if options.out.suffix.lower() not in _SUFFIXES:
            raise ConfigurationError(f"--out {options.out}: a figure cannot be written as "
                                     f"'{options.out.suffix}'. Use {', '.join(_SUFFIXES)}")
        look = replace(look, suffixes=(options.out.suffix.lower(),))
    by = tuple(name.strip() for name in options.by.split(",")) if options.by else None
    with drawn_as(look, options.style):
        found = draw(options.kind, options.files, None, options.quantity, by, options.against, options.fit,
                     options.columns, options.kind_of_table)
        paths = save(found.figure, out if out.suffix else out.with_name(out.name + ".png"))
    for line in dict.fromkeys(found.lines):
        sys.stdout.write(f"{line}\n")
    for path in paths:
        sys.stdout.write(f"figure: {path}\n")
    for line in found.problems:
        sys.stderr.write(f"tsbench: {line}\n")
    return 2 if found.problems else 0
