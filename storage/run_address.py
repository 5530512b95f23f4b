"""The address file of a run: where other programs of its user can follow and stop it, beside its journal."""

import contextlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tsbench.file_lock import is_held
from tsbench.storage.journal.writer import LOCK_SUFFIX

ADDRESS_SUFFIX = ".address"
_PART_SUFFIX = ".part"
_LARGEST = 2**14  #: [bytes]


def write_address(path: Path, facts: Mapping[str, Any]) -> None:
    """Write an address file, or another JSON file for this user alone, readable so from its first byte on.

    It is never seen in part.
    """
    part = path.with_name(path.name + _PART_SUFFIX)
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(facts, file)
    part.replace(path)


def read_address(path: Path) -> dict[str, Any] | None:
    """Return what an address file says; None where there is none, or it is another user's, or not whole."""
    with contextlib.suppress(OSError, ValueError):
        if path.stat().st_size <= _LARGEST:
            facts = json.loads(path.read_text("utf-8"))
            if isinstance(facts, dict):
                return facts
    return None


def living_runs(directory: Path) -> list[Path]:
    """Return the address files in a directory whose runs go on."""
    return [
        path for path in sorted(directory.glob(f"*{ADDRESS_SUFFIX}")) if is_held(path.with_suffix(LOCK_SUFFIX))
    ]
