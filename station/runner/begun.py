"""Which run began, where its process died before anybody heard the name of the run: the folder of the runs tells."""

from collections.abc import Container
from datetime import UTC, datetime
from pathlib import Path

from tsbench.storage.journal.writer import SUFFIX as JOURNAL
from tsbench.storage.nexus.schema import SUFFIX as RUN_FILE
from tsbench.storage.run_id import file_part, is_one


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
        first = datetime.fromisoformat(since).astimezone(UTC).strftime("%Y%m%dT%H%M%S")
    except ValueError:
        return ""
    part = f"-{file_part(protocol)}-{file_part(device)}-"
    found = {path.stem for suffix in (JOURNAL, RUN_FILE) for path in out.glob(f"*{part}*{suffix}")
             if path.stem[:15] >= first and path.stem not in known
             and is_one(path.stem) and path.stem[19:-6] == part}
    return found.pop() if len(found) == 1 else ""
