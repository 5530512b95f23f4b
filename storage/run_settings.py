"""What was set for a run, by which its events are grouped: parameters, paths and values of the fixture."""

from collections.abc import Mapping
from typing import Any

from tsbench.records import RunHeader


def run_settings(header: RunHeader) -> dict[str, dict[str, Any]]:
    """Return the parameters that are one number or word, the resistances of paths, and the set values; SI units."""
    return {
        "parameters": {
            name: entry["value"] for name, entry in header.parameters.items()
            if isinstance(entry, Mapping) and isinstance(entry.get("value"), int | float | str)
            and not isinstance(entry.get("value"), bool)},
        "path_resistance": dict(header.fixture.path_resistance),
        "control": dict(header.fixture.control)}
