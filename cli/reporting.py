"""The commands ``report`` and ``watch``: the report of a campaign as files, and the same page live."""

import argparse
import sys
from pathlib import Path
from typing import Any

from tsbench.cli.declaring import add_command, add_json

_FAMILIES = ("weibull", "lognormal", "normal")


def declare(commands: Any) -> None:
    """Declare ``report`` and ``watch``."""
    report = add_command(
        commands, "report", "reporting:report", "write the report of a campaign: a page (HTML) and a PDF file",
        "  tsbench report runs/wafer\n"
        "  tsbench report runs/wafer --quantity threshold_voltage --fit normal --no-pdf")
    report.add_argument("folder", type=Path, metavar="DIR", help="folder of the runs. The report is written there, "
                        "with links to the run files")
    _add_choice(report)
    report.add_argument("--no-pdf", action="store_true", help="write only the page")
    add_json(report, "the files that were written, and the numbers that come first")
    watch = add_command(
        commands, "watch", "reporting:watch", "show the report of a campaign live in a browser on this computer",
        "  tsbench watch runs/wafer\n"
        "  tsbench watch bench.toml --port 8765          what the bench service of this bench measures\n"
        "  ssh -L 8765:localhost:8765 lab                then http://localhost:8765/ at home shows the page")
    watch.add_argument("target", type=Path, metavar="DIR|bench.toml", help="folder of the runs, or the bench file of a "
                       "bench that a bench service owns")
    watch.add_argument("--port", type=int, default=0, metavar="N", help="port of the page (default: any free one)")
    watch.add_argument("--host", action="append", default=[], metavar="NAME", help="a name under which a tunnel shows "
                       "the page (can be repeated). Names of this computer are always allowed")
    _add_choice(watch)


def _add_choice(command: argparse.ArgumentParser) -> None:
    command.add_argument("--campaign", default="", metavar="NAME", help="one campaign of the folder (default: all)")
    command.add_argument("--quantity", action="append", default=[], metavar="NAME",
                         help="a quantity with pictures (can be repeated; default: the first 12)")
    command.add_argument("--fit", action="append", default=[], choices=_FAMILIES, metavar="NAME",
                         help=f"a distribution that is fitted: {', '.join(_FAMILIES)} (can be repeated; default: all)")


def watch(options: argparse.Namespace) -> int:
    """Serve the page until Ctrl-C."""
    from tsbench.reports.live import LiveReport, watched
    from tsbench.reports.server import ReportServer

    folder, queue, what = watched(options.target)
    live = LiveReport(folder, _chosen(options), options.campaign, queue)
    with ReportServer(lambda: live.current, options.port, options.host) as server:
        live.start()
        sys.stdout.write(f"{what}: {server.address} (this computer only, read-only). Ctrl-C ends\n")
        sys.stdout.flush()
        try:
            server.serve_forever(poll_interval=0.2)
        except KeyboardInterrupt:
            sys.stdout.write("ended\n")
        finally:
            live.close()
    return 0


def _chosen(options: argparse.Namespace) -> Any:
    from tsbench.reports.content import ReportOptions

    return ReportOptions(tuple(options.quantity), tuple(options.fit) or _FAMILIES)


def report(options: argparse.Namespace) -> int:
    """Write the reports; 1 if a run file could not be read."""
    from tsbench.cli.printing import print_json
    from tsbench.reports.report import write_reports

    written, problems = write_reports(options.folder, options.campaign, _chosen(options), not options.no_pdf)
    if options.json:
        print_json([{"campaign": one.campaign, "files": [str(file) for file in one.files],
                     "headline": [cell.text for cell in one.report.headline]} for one in written])
    else:
        for one in written:
            sys.stdout.write(f"{one.report.title}: {'; '.join(cell.text for cell in one.report.headline)}\n")
            sys.stdout.writelines(f"{file}\n" for file in one.files)
    for problem in problems:
        sys.stderr.write(f"tsbench: {problem}\n")
    return 1 if problems else 0
