"""The run files that the campaigns in a folder have written, by the states of the campaigns: which are gone?"""

import os
from collections.abc import Iterable, Mapping, Sequence, Set
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from tsbench.errors import UnreadableFile
from tsbench.storage.nexus.schema import SUFFIX as RUN_SUFFIX
from tsbench.storage.record_file import read_records

STATE_SUFFIX = ".tsc"  #: of the file with the state of a campaign, in the folder of its runs
_SHOWN = 5  #: names that one line gives


def missing_files(outcomes: Iterable[Mapping[str, Any]], there: Set[str]) -> list[str]:
    """Return the run files that a campaign wrote, and that are not there any more.

    Parameters
    ----------
    outcomes : of the runs, as the state of the campaign has them
    there : names of the run files in the folder of the campaign, and in the folders in it
    """
    names = {Path(str(one.get("path") or "").replace("\\", "/")).name for one in outcomes}
    return sorted(name for name in names if name.endswith(RUN_SUFFIX) and name not in there)


def missing_line(names: Sequence[str]) -> str:
    """Return what is said of run files that are not there any more."""
    told = ", ".join(names[:_SHOWN]) + " …" * (len(names) > _SHOWN)
    if len(names) == 1:
        return (f"1 run file is missing: {told}. Its results are known from the state of the campaign only. Restore it "
                "from a copy")
    return (f"{len(names)} run files are missing: {told}. Their results are known from the state of the campaign only. "
            "Restore them from a copy")


def missing_lines(folder: Path, files: Iterable[Path]) -> list[str]:
    """Return a line for each campaign in a folder, and in the folders in it, whose run files are not all there.

    Parameters
    ----------
    folder : Path
    files : the run files that are there

    Returns
    -------
    list of str
        Also a line for each state that cannot be read.
    """
    there: dict[Path, set[str]] = {}
    for path in files:
        for place in (path.parent, *path.parent.parents):
            there.setdefault(place, set()).add(path.name)
            if place == folder:
                break
    lines = []
    for state in states_below(folder):
        try:
            outcomes = [content for kind, content in read_records(state)[0] if kind == "outcome"]
        except UnreadableFile as error:
            lines.append(str(error))
            continue
        if missing := missing_files(outcomes, there.get(state.parent, set())):
            lines.append(f"{campaign_name(state)}: {missing_line(missing)}")
    return lines


def states_below(folder: Path) -> list[Path]:
    """Return the states of the campaigns in a folder and in the folders in it; links are not followed."""
    return sorted(Path(place, name) for place, _, names in os.walk(folder) for name in names
                  if name.endswith(STATE_SUFFIX))


def campaign_name(state: Path) -> str:
    """Return the name of the campaign whose state a file has."""
    return unquote(state.name.removesuffix(STATE_SUFFIX))
