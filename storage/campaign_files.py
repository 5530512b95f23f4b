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


def missing_files(folder: Path, outcomes: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the names of the run files that a campaign wrote, and that are missing.

    A file that was moved to a folder in the folder of the campaign is not missing. A link to a file counts as
    missing, because the archive follows none.

    Parameters
    ----------
    folder : of the campaign
    outcomes : of the runs, as the state of the campaign has them
    """
    names = {Path(str(one.get("path") or "").replace("\\", "/")).name for one in outcomes}
    missing = {name for name in names if name.endswith(RUN_SUFFIX) and not _is_there(folder / name)}
    if missing:
        missing -= {name for place, _, found in os.walk(folder) for name in missing.intersection(found)
                    if _is_there(Path(place, name))}
    return sorted(missing)


def _is_there(file: Path) -> bool:
    return file.is_file() and not file.is_symlink()


def missing_line(names: Sequence[str]) -> str:
    """Return what is said of run files that are missing."""
    told = ", ".join(names[:_SHOWN]) + " …" * (len(names) > _SHOWN)
    if len(names) == 1:
        return (f"1 run file is missing: {told}. Its results are known from the state of the campaign only. Restore it "
                "from a copy")
    return (f"{len(names)} run files are missing: {told}. Their results are known from the state of the campaign only. "
            "Restore them from a copy")


def missing_in_folder(folder: Path, below: bool = True) -> list[str]:
    """Return a line for each campaign in a folder of which run files are missing.

    Parameters
    ----------
    folder : Path
    below : also of the campaigns in the folders in it

    Returns
    -------
    list of str
        Also a line for each state that cannot be read.
    """
    lines = []
    for state in states_below(folder) if below else sorted(folder.glob(f"*{STATE_SUFFIX}")):
        try:
            outcomes = [content for kind, content in read_records(state)[0] if kind == "outcome"]
        except UnreadableFile as error:
            lines.append(str(error))
        else:
            lines += lines_of_missing(state, outcomes)
    return lines


def lines_of_missing(state: Path, outcomes: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the line of a campaign of which run files are missing, or none; ``state``: the file of its state."""
    missing = missing_files(state.parent, outcomes)
    return [f"{campaign_name(state)}: {missing_line(missing)}"] if missing else []


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
