"""Statistics of stored runs (``tsbench.statistics``): a folder of them answers from its catalogue."""

from collections.abc import Callable, Iterable
from pathlib import Path

from tsbench.archives.stored_results import stored_folder
from tsbench.errors import ConfigurationError
from tsbench.extraction.observations import StoredResults, gather
from tsbench.extraction.paths import named_files
from tsbench.extraction.statistics import RunStatistics, require_options, statistics_of
from tsbench.records import Run
from tsbench.storage.campaign_files import missing_in_folder
from tsbench.storage.nexus.schema import SUFFIX as RUN_SUFFIX
from tsbench.storage.review import left_out, read_review


def statistics(
    runs: Iterable[Path | str | Run] | Path | str | Run,
    quantity: str | None = None,
    by: Iterable[str] | str | None = None,
    families: Iterable[str] = (),
    relative: float | None = None,
    seed: int = 0,
    columns: str | None = None,
    kind: str | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
    anew: bool = False,
) -> RunStatistics:
    """Compute statistics of the events in stored runs.

    Parameters
    ----------
    runs : run files, journals, tables, folders, patterns, or runs as read back. Of the run files right in a folder,
        the results count that are stored with them; all others are extracted. What is in deeper folders is not among
        them (``tsbench.archive`` finds it), and a run that a person has rejected counts only where its file is
        named itself
    quantity : as in the results, "threshold_voltage"; None: each one that is measured for single events
    by : facts that distinguish groups, "temperature" or ("amplitude", "load"); None: the conditions of the results.
        Devices and cycles are always told apart.
    families : "weibull", "lognormal", "normal" to fit
    relative : the half-width of the interval of a mean, relative to it, for which the needed numbers are computed
    seed : of the bootstrap
    columns, kind : of tables of other programs, as ``analyse_files`` takes them
    progress : gets how many files were read, and of how many
    anew : also of folders, the numbers are extracted from the raw data

    Returns
    -------
    RunStatistics

    Raises
    ------
    ConfigurationError
        No such quantity, fact or family, or a file name that fits nothing.
    StorageError
        Another process holds the catalogue of a folder.
    """
    chosen = tuple(families)
    require_options(chosen, relative)
    given = [runs] if isinstance(runs, Path | str | Run) else list(runs)
    taken: list[Path | str | Run | StoredResults] = []
    lines: list[str] = []
    problems: list[str] = []
    for one in given:
        if isinstance(one, Run) or not Path(one).is_dir():
            taken.append(one)
            continue
        folder = Path(one)
        if anew:
            reviews = {path: read_review(path) for path in named_files([folder])}
            taken += [path for path, review in reviews.items() if not review.rejected]
            lines += [left_out(path.name, review.rejected) for path, review in reviews.items() if review.rejected]
            problems += missing_in_folder(folder, below=False)
            continue
        others = [path for path in named_files([folder]) if path.suffix.lower() != RUN_SUFFIX]
        found = stored_folder(folder, progress)
        taken += [*found.runs, *found.without, *others]
        lines += found.lines
        problems += found.problems
    gathered = gather(taken, columns, kind, progress)
    if gathered.problems and not gathered.observations:
        raise ConfigurationError(gathered.problems[0])
    groups = statistics_of(gathered.observations, quantity, by, chosen, relative, seed)
    return RunStatistics(groups, [*lines, *gathered.lines], [*problems, *gathered.problems])
