"""The commands for files: ``analyse``, ``validate`` and ``recover``."""

import argparse
import contextlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tsbench.cli import drawing
from tsbench.cli.declaring import add_command, add_json
from tsbench.errors import TsbenchError

_FEW = 5  #: files whose figures are drawn without being asked for


def declare(commands: Any) -> None:
    """Declare ``analyse``, ``validate`` and ``recover``."""
    analyse = add_command(
        commands,
        "analyse",
        "reading:analyse",
        "extract numbers from run files, or from files of other programs",
        "  tsbench analyse runs/*.nxs\n"
        "  tsbench analyse runs            all run files and tables in a folder\n"
        "  tsbench analyse endurance.xlsx --table Run12\n"
        "  tsbench analyse iv.csv --columns voltage=\"V1 [mV]\",current=\"I1 [uA]\" --rule above=10n",
    )
    analyse.add_argument(
        "files",
        nargs="+",
        type=Path,
        metavar="FILE",
        help="run files (.nxs), tables (.csv, .txt), workbooks, records of oscilloscopes and other files "
        "(docs/imports.md), patterns such as runs/*.nxs or runs/**/*.nxs, folders",
    )
    analyse.add_argument(
        "--columns",
        metavar="ROLE=NAME,…",
        help="the columns of a table: voltage, current, time, level, sweep, cycle. If the header gives no unit, write "
        'it in brackets: voltage="V1 [mV]". A range takes columns one by one: current="3..66 [A]"',
    )
    analyse.add_argument(
        "--as",
        dest="kind",
        choices=("sweep", "pulses", "relaxation", "spikes"),
        help="the kind of a table of time, voltage and current (default: tsbench finds the kind and prints it)",
    )
    analyse.add_argument(
        "--table",
        metavar="NAME",
        help="the table (sheet, data set, variable) in a file that holds several (default: all)",
    )
    analyse.add_argument(
        "--rule",
        metavar="RULE",
        help="what counts as switching: jump (default), jump=3 for a ratio of the conductances of at least 3, or "
             "above=10n for two readings in a row above 10 nA",
    )
    analyse.add_argument(
        "--read-voltage", metavar="VOLTAGE",
        help="the voltage at which the off resistance of a sweep is read (default: half of the threshold voltage)")
    analyse.add_argument("--out", type=Path, metavar="DIR", help="folder for figures (default: ./analysed)")
    analyse.add_argument(
        "--figures", action="store_true",
        help=f"draw figures also of more than {_FEW} files (default: only of so many or fewer, or with --out, --paper "
             "or --style)")
    drawing.add_look(analyse)
    add_json(analyse, "the results")

    validate = add_command(
        commands,
        "validate",
        "reading:validate",
        "check that run files are complete and unchanged, and follow the schema",
        "  tsbench validate runs/*.nxs",
    )
    validate.add_argument("files", nargs="+", type=Path, metavar="FILE", help="run files, patterns or folders")
    add_json(validate, "the findings")

    recover = add_command(
        commands,
        "recover",
        "reading:recover",
        "make run files from the journals that a crash left",
        "  tsbench recover runs",
    )
    recover.add_argument("folder", type=Path, metavar="DIR", help="folder of the run files")
    add_json(recover, "the recovered runs")


def analyse(options: argparse.Namespace) -> int:
    """Extract numbers from run files or tables of others."""
    from tsbench.cli.printing import print_json, print_results
    from tsbench.extraction import analyse_files
    from tsbench.extraction.paths import named_files
    from tsbench.quantities import parse_quantity

    files = named_files(options.files)
    asked = options.figures or options.out or options.paper or options.style is not None
    out = options.out or Path("analysed") if asked or len(files) <= _FEW else None
    try:
        with _look(options):
            analysis = analyse_files(
                options.files, columns=options.columns, rule=options.rule, out=out, kind=options.kind,
                table=options.table,
                read_voltage=None if options.read_voltage is None else parse_quantity(options.read_voltage, "V"))
    except (TsbenchError, OSError) as error:   # of several files or tables, the command itself prints the last one
        _print_problems(getattr(error, "__notes__", ()))
        raise
    said = sys.stderr if options.json else sys.stdout
    for line in analysis.understood:
        said.write(f"{line}\n")
    if options.json:
        print_json(analysis.rows)
    else:
        print_results(analysis.rows, f"Results of {', '.join(path.name for path in options.files)}", files=True)
    for line in (*analysis.lines, *(f"figure: {path}" for path in analysis.figures)):
        said.write(f"{line}\n")
    if out is None:
        said.write(f"no figures were drawn, because there are more than {_FEW} files. Add --figures to draw them\n")
    _print_problems(analysis.problems)
    return 2 if analysis.problems else 0


def _print_problems(lines: Sequence[str]) -> None:
    for line in lines:
        sys.stderr.write(f"tsbench: {line}\n")


def _look(options: argparse.Namespace) -> contextlib.AbstractContextManager[None]:
    """Return the look of the figures; Matplotlib is imported only where one was chosen."""
    if not options.paper and options.style is None:
        return contextlib.nullcontext()
    from tsbench.analysis.figures.looks import drawn_as, look_of

    return drawn_as(look_of(options.paper), options.style)


def validate(options: argparse.Namespace) -> int:
    """Say of each file whether it is complete and valid; 2 if one is not, or is missing in a folder that was given."""
    from tsbench.cli.printing import print_json
    from tsbench.errors import sentences
    from tsbench.extraction.paths import RUN_SUFFIXES, named_files
    from tsbench.storage import examine
    from tsbench.storage.campaign_files import missing_in_folder

    missing = [line for folder in options.files if folder.is_dir()
               for line in missing_in_folder(folder, below=False)]
    findings: list[dict[str, Any]] = []
    for path in named_files(options.files, RUN_SUFFIXES):
        problems, note = examine(path)
        findings.append({"file": str(path), "problems": problems, "note": note})
    if options.json:
        print_json(findings)
    else:
        for finding in findings:
            for problem in finding["problems"]:
                sys.stdout.write(f"{finding['file']}: {problem}\n")
            if not finding["problems"]:
                sys.stdout.write(f"{finding['file']}: {sentences('complete and valid', finding['note'])}\n")
    bad = [finding for finding in findings if finding["problems"]]
    if bad:
        first = bad[0]
        sys.stderr.write(
            f"tsbench: {len(bad)} of {len(findings)} files are not valid. The first is {first['file']}: "
            f"{first['problems'][0]}\n"
        )
    for line in missing:
        sys.stderr.write(f"tsbench: {line}\n")
    return 2 if bad or missing else 0


def recover(options: argparse.Namespace) -> int:
    """Make run files of the journals that a crash left; 1 if one could not be made whole."""
    from tsbench.cli.printing import print_json
    from tsbench.extraction import extract
    from tsbench.storage import recover as finish

    problems: list[str] = []
    made = finish(options.folder, problems.append, extract)
    if options.json:
        print_json({"recovered": [str(path) for path in made], "problems": problems})
    else:
        for path in made:
            sys.stdout.write(f"recovered {path}\n")
        if not made:
            sys.stdout.write(f"{options.folder}: there is nothing to recover\n")
    for problem in problems:
        sys.stderr.write(f"tsbench: {problem}\n")
    return 1 if problems else 0
