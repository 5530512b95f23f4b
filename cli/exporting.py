"""The command ``export``: run files in formats of other programs."""

import argparse
import sys
from pathlib import Path
from typing import Any

from tsbench.cli.declaring import add_command, add_json

_FORMATS = ("csv", "parquet", "netcdf", "matlab")
_DOCUMENTS = ("bluesky", "nomad", "qcodes")  #: for the programs of other authors


def declare(commands: Any) -> None:
    """Declare ``export``."""
    export = add_command(
        commands, "export", "exporting:export",
        "write run files for other programs: CSV, Parquet, netCDF, MATLAB and more",
        "  tsbench export runs/*.nxs --format csv\n"
        "  tsbench export runs --format netcdf --out exported")
    export.add_argument("files", nargs="+", type=Path, metavar="RUN", help="run files (.nxs), patterns or folders")
    export.add_argument("--format", required=True, choices=(*_FORMATS, *_DOCUMENTS), help="the format")
    export.add_argument("--out", type=Path, default=Path("exported"), metavar="DIR",
                        help="folder for the files (default: ./exported)")
    export.add_argument("--without-waveforms", action="store_true", help="leave out the samples of oscilloscopes")
    add_json(export, "the files that were written")


def export(options: argparse.Namespace) -> int:
    """Write each run file; 2 if one could not be read or written."""
    from tsbench.cli.printing import print_json
    from tsbench.errors import TsbenchError
    from tsbench.extraction.paths import named_files
    from tsbench.interop.exporting import export_documents
    from tsbench.storage.exports.run_export import export_run

    made: dict[str, list[str]] = {}
    problems: list[str] = []
    for path in named_files(options.files, (".nxs",)):
        try:
            write: Any = export_documents if options.format in _DOCUMENTS else export_run
            files = write(path, options.format, options.out, not options.without_waveforms)
        except TsbenchError as error:
            problems.append(str(error) if str(path) in str(error) else f"{path}: {error}")
            continue
        made[str(path)] = [str(file) for file in files]
        if not options.json:
            sys.stdout.writelines(f"{file}\n" for file in made[str(path)])
    if options.json:
        print_json({"exported": made, "problems": problems})
    for problem in problems:
        sys.stderr.write(f"tsbench: {problem}\n")
    return 2 if problems else 0
