"""The run files that the campaigns in a folder have written, by the states of the campaigns: which are missing?"""

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from tsbench.errors import UnreadableFile
from tsbench.storage.nexus.schema import SUFFIX as RUN_SUFFIX
from tsbench.storage.record_file import read_records

STATE_SUFFIX = ".tsc"  #: of the file with the state of a campaign, in the folder of its runs
_SHOWN = 5  #: names that one line gives


def missing_files(outcomes: Iterable[Mapping[str, Any]], files: Iterable[Path | str]) -> list[str]:
    """Return the names of the run files that a campaign wrote, and that are missing.

    A file that was moved to a folder in the folder of the campaign is not missing: only its name is compared.

    Parameters
    ----------
    outcomes : of the runs, as the state of the campaign has them
    files : the run files in the folder of the campaign, and in the folders in it
    """
    there = {Path(file).name for file in files}
    names = {Path(str(one.get("path") or "").replace("\\", "/")).name for one in outcomes}
    return sorted(name for name in names if name.endswith(RUN_SUFFIX) and name not in there)


def missing_line(names: Sequence[str]) -> str:
    """Return what is said of run files that are missing."""
    told = ", ".join(names[:_SHOWN]) + " …" * (len(names) > _SHOWN)
    if len(names) == 1:
        return (f"1 run file is missing: {told}. Its results are known from the state of the campaign only. Restore it "
                "from a copy")
    return (f"{len(names)} run files are missing: {told}. Their results are known from the state of the campaign only. "
            "Restore them from a copy")


def missing_in_folder(folder: Path, files: Iterable[Path], below: bool = True) -> list[str]:
    """Return a line for each campaign in a folder of which run files are missing.

    Parameters
    ----------
    folder : Path
    files : the run files in the folder, and in the folders in it
    below : also of the campaigns in the folders in it

    Returns
    -------
    list of str
        Also a line for each state that cannot be read.
    """
    inside: dict[Path, list[Path]] = {}
    for path in files:
        for place in (path.parent, *path.parent.parents):
            inside.setdefault(place, []).append(path)
            if place == folder:
                break
    lines = []
    for state in states_below(folder):
        if not below and state.parent != folder:
            continue
        try:
            outcomes = [content for kind, content in read_records(state)[0] if kind == "outcome"]
        except UnreadableFile as error:
            lines.append(str(error))
            continue
        if missing := missing_files(outcomes, inside.get(state.parent, ())):
            lines.append(f"{campaign_name(state)}: {missing_line(missing)}")
    return lines


def states_below(folder: Path) -> list[Path]:
    """Return the states of the campaigns in a folder and in the folders in it; links are not followed."""
    return sorted(Path(place, name) for place, _, names in os.walk(folder) for name in names
                  if name.endswith(STATE_SUFFIX))


def state_path(folder: Path, campaign: str) -> Path:
    """Return the file of the state of a campaign; :func:`campaign_name` is the way back."""
    return folder / f"{quote(campaign, safe=' +@')}{STATE_SUFFIX}"


def campaign_name(state: Path) -> str:
    """Return the name of the campaign whose state a file has."""
    return unquote(state.name.removesuffix(STATE_SUFFIX))
