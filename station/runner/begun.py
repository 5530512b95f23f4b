"""Finds the run that began, in the folder of the runs, if its process died before it told the name of the run."""

from collections.abc import Container
from datetime import UTC, datetime
from pathlib import Path

from tsbench.storage.journal.writer import SUFFIX as JOURNAL
from tsbench.storage.nexus.schema import SUFFIX as RUN_FILE
from tsbench.storage.run_id import file_part, parts_of


def begun_run(out: Path, protocol: str, device: str, since: str, known: Container[str] = ()) -> str:
    """Return the identifier of the only run of a protocol on a device that began from ``since`` on.

    Parameters
    ----------
    out : folder of the runs
    protocol, device : their names
    since : time in ISO 8601 with its offset, to the second
    known : identifiers of runs that are others

    Returns
    -------
    str
        "" where there is none, or more than one: then it is not known which.
    """
    try:
        first = datetime.fromisoformat(since).astimezone(UTC).replace(microsecond=0)
    except ValueError:
        return ""
    name = f"{file_part(protocol)}-{file_part(device)}"
    found = {path.stem for suffix in (JOURNAL, RUN_FILE) for path in out.glob(f"*-{name}-*{suffix}")
             if path.stem not in known and (parts := parts_of(path.stem)) is not None
             and parts[0] >= first and parts[1] == name}
    return found.pop() if len(found) == 1 else ""
