"""Where the service of a bench is found: its lock, its address, its queue and its log, in the folder of all locks."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tsbench.errors import ConfigurationError
from tsbench.file_lock import is_held
from tsbench.station.bench.ownership import lock_path
from tsbench.storage.run_address import read_address


@dataclass(frozen=True)
class ServicePlace:
    """The files of the service of one bench file."""

    bench: Path  #: the bench file, absolute and without links
    lock: Path  #: held by the service as long as it lives
    address: Path  #: host, port and tokens; readable for its user alone
    queue: Path  #: what waits, for the service that comes after a crash
    log: Path  #: standard error of a service that was started in the background

    @property
    def lives(self) -> bool:
        """Whether a service holds the lock."""
        return is_held(self.lock)


def place_of(bench: Path | str) -> ServicePlace:
    """Return where the service of a bench file is found.

    Raises
    ------
    ConfigurationError
        There is no folder for the locks.
    """
    path = Path(bench).resolve()
    files = (lock_path(f"bench {path}", suffix) for suffix in (".lock", ".service", ".queue", ".log"))
    return ServicePlace(path, *files)


def living_service(bench: Path | str) -> Mapping[str, Any] | None:
    """Return what the address file of a living service says; None where no service has this bench.

    Raises
    ------
    ConfigurationError
        The service is another user's.
    """
    place = place_of(bench)
    if not place.lives:
        return None
    mine = is_mine(place.address)
    facts = read_address(place.address) if mine else None
    if facts is not None and facts.get("process") != _record(place).get("process"):
        return None  # of a service that was killed; the one that comes has not written its own yet
    if not mine and place.lives and place.address.exists():
        raise ConfigurationError(
            f"{place.bench}: the bench service of this bench belongs to another user ({holder(place)}). Ask this user "
            "to measure, or to end the service")
    return facts


def holder(place: ServicePlace) -> str:
    """Return who holds the lock of a service, in half a line."""
    record = _record(place)
    return f"process {record['process']} of {record.get('user', '')}" if "process" in record else "another process"


def _record(place: ServicePlace) -> Mapping[str, Any]:
    """Return what the holder of the lock has written into it."""
    try:
        record = json.loads(place.lock.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def is_mine(path: Path) -> bool:
    """Whether a file is this user's: an address that another user has put there would lead to another program."""
    try:
        return not hasattr(os, "getuid") or path.stat().st_uid == os.getuid()
    except OSError:
        return False
