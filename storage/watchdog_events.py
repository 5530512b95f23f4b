"""The record of a watchdog: a file beside the journal; ``recover`` adds it to the run."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tsbench.records import RunEvent
from tsbench.storage import disk, run_id
from tsbench.storage.codec import plain

SUFFIX = ".watchdog.json"
_LARGEST = 2**20  #: [bytes]
WATCHDOG = "watchdog: "  #: how its messages begin


def watchdog_path(journal: Path) -> Path:
    """Return where the watchdog of a run writes."""
    return journal.with_suffix(SUFFIX)


def write_watchdog_events(path: Path, message: str, facts: Mapping[str, Any]) -> None:
    """Write the file, whole or not at all; OSError where it cannot be written."""
    part = path.with_name(path.name + ".part")
    part.write_text(json.dumps({"time": run_id.timestamp(), "message": message, "data": plain(facts)}), "utf-8")
    disk.sync_file(part)
    disk.replace(part, path)


def read_watchdog_events(journal: Path, time: float) -> tuple[RunEvent, ...]:
    """Return what the watchdog of this journal did, as events at ``time`` [s]; none where there was none."""
    try:
        with watchdog_path(journal).open("rb") as file:
            found = json.loads(file.read(_LARGEST))
        return (RunEvent("output", str(found["message"]), time, {**found["data"], "utc": found["time"]}),)
    except FileNotFoundError:
        return ()
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        return (RunEvent("warning", f"the report of the watchdog, {watchdog_path(journal).name}, cannot be read "
                         f"({type(error).__name__}: {error})", time),)
