"""The entries of the forms, stored for each bench and protocol across restarts."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PyQt5 import QtCore


class FormMemory:
    """Entries that differ from a protocol's defaults, and what was chosen last; in the user's settings.

    Parameters
    ----------
    bench : Path
        The bench file.
    """

    def __init__(self, bench: Path) -> None:
        self._settings = QtCore.QSettings()
        self._group = f"benches/{hashlib.sha256(str(bench.absolute()).encode()).hexdigest()[:16]}"

    def entries(self, protocol: str) -> dict[str, Any]:
        """Return name -> entry as typed or chosen."""
        return self._read(f"form/{protocol}")

    def keep_entries(self, protocol: str, entries: Mapping[str, Any]) -> None:
        """Keep the entries of a protocol."""
        self._write(f"form/{protocol}", entries)

    def choices(self) -> dict[str, Any]:
        """Return the protocol, device and folder that were chosen last."""
        return self._read("choices")

    def keep_choices(self, choices: Mapping[str, str]) -> None:
        """Keep protocol, device and folder."""
        self._write("choices", choices)

    def _read(self, key: str) -> dict[str, Any]:
        try:
            found = json.loads(str(self._settings.value(f"{self._group}/{key}", "{}")))
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    def _write(self, key: str, values: Mapping[str, Any]) -> None:
        self._settings.setValue(f"{self._group}/{key}", json.dumps(dict(values)))
