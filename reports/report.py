"""Makes the report files of a folder: a page (HTML) and a PDF file for each campaign."""

from dataclasses import dataclass
from pathlib import Path

from tsbench.errors import ConfigurationError, StorageError, nearest
from tsbench.reports.content import ReportOptions, report_of, runs_alone, safe_name
from tsbench.reports.document import Report
from tsbench.reports.folder import CampaignRecord, Folder, read_folder
from tsbench.reports.html import page
from tsbench.reports.pdf import pdf
from tsbench.station.campaign.names import QUANTITIES

NAME = "report"


@dataclass(frozen=True)
class WrittenReport:
    """The files of one report."""

    campaign: str  #: "" for runs that belong to none
    files: tuple[Path, ...]
    report: Report


def write_reports(
    path: Path, campaign: str = "", options: ReportOptions | None = None, with_pdf: bool = True,
) -> tuple[list[WrittenReport], list[str]]:
    """Write the reports of a folder into this folder, so that the links to the run files lead there.

    Parameters
    ----------
    path : folder of runs
    campaign : name of one campaign; "": one report for each, and one of the runs that belong to none if there is no
        campaign
    options : what is shown
    with_pdf : whether the PDF file is written too

    Returns
    -------
    tuple
        What was written, and one line for each file that could not be read or is gone.

    Raises
    ------
    ConfigurationError
        No such folder, nothing to report, no such campaign or quantity, or a package that is not installed.
    StorageError
        A file cannot be written.
    """
    folder = read_folder(path)
    _check_quantities(folder, options or ReportOptions())
    chosen = chosen_campaigns(folder, campaign)
    written = []
    for one in chosen:
        report = report_of(folder, one, options)
        stem = NAME if len(chosen) == 1 and not campaign else f"{NAME}-{safe_name(one.name if one else '')}"
        files = [path / f"{stem}.html"]
        _write(files[0], page(report).encode("utf-8", "replace"))
        if with_pdf:
            files.append(path / f"{stem}.pdf")
            _write(files[1], pdf(report))
        written.append(WrittenReport(one.name if one else "", tuple(files), report))
    return written, [*folder.problems, *folder.missing]


def _check_quantities(folder: Folder, options: ReportOptions) -> None:
    """Refuse a name that is no quantity, before a report is replaced by one without its pictures."""
    found = {result.quantity for one in folder.runs for result in one.run.results}
    for name in options.quantities:
        if name not in found and name not in QUANTITIES:
            raise ConfigurationError(f"{folder.path}: no run has a result of the quantity '{name}'"
                                     f"{nearest(name, found)}")


def chosen_campaigns(folder: Folder, name: str = "") -> list[CampaignRecord | None]:
    """Return the campaigns that are reported; None stands for the runs that belong to none.

    Raises
    ------
    ConfigurationError
        There is no campaign of this name.
    """
    if not name:
        return list(folder.campaigns) or [None]
    found = [one for one in folder.campaigns if one.name == name]
    if not found:
        known = [one.name for one in folder.campaigns]
        raise ConfigurationError(f"{folder.path}: there is no campaign '{name}'{nearest(name, known)}")
    return list(found)


def alone(folder: Folder) -> int:
    """Return how many run files belong to no campaign, where there are campaigns."""
    return len(runs_alone(folder)) if folder.campaigns else 0


def _write(path: Path, content: bytes) -> None:
    """Write a file as a whole: a reader sees the old one or the new one."""
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_bytes(content)
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise StorageError(f"{path}: the report cannot be written ({error.strerror or error}). Copy the folder to a "
                           "place where you may write") from error
