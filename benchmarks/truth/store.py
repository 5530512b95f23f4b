"""Measured records that are kept with the project: the whole list takes more hours than a computer may have at once.

``measured.xz`` has what was found for each record that was measured, with the code that extracted it. So a run of the
benchmark can go on where another one ended, on another computer. Run files are not kept: what another extractor would
find there needs the record once more.
"""

import functools
import hashlib
import json
import lzma
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("measured.xz")
#: rooms that make the numbers of a run, and files that make the true ones
_ROOMS = ("analysis", "core", "extraction", "protocols", "simulated_backends/witness",
          "simulated_backends/studies/filaments")
_FILES = ("demo/truth.py", "benchmarks/truth/knowable.py", "benchmarks/truth/long_run.py",
          "benchmarks/truth/measuring.py", "benchmarks/truth/relaxed.py", "benchmarks/truth/spoiling.py")
#: what a row has of the record without noise
_TOLD = ("knowable", "may_oscillate")


@functools.cache
def code() -> str:
    """Return what tells the code that makes the numbers of a run and the true ones, 12 digits of a SHA-256."""
    root, digest = Path(__file__).parents[2], hashlib.sha256()
    rooms = [file for room in _ROOMS for file in sorted((root / room).rglob("*.py"))]
    for file in [*rooms, *(root / name for name in _FILES)]:
        digest.update(str(file.relative_to(root)).encode() + file.read_bytes())
    return digest.hexdigest()[:12]


def stored(file: Path = FILE) -> dict[int, dict[str, Any]]:
    """Return what is kept, by the number of the record; nothing where there is no file."""
    if not file.exists():
        return {}
    rows = map(json.loads, lzma.decompress(file.read_bytes()).decode("utf-8").splitlines())
    return {row["number"]: row for row in rows}


def store(found: Mapping[int, Mapping[str, Any]], file: Path = FILE) -> None:
    """Keep what was found, in the order of the list."""
    text = "".join(f"{json.dumps(found[number])}\n" for number in sorted(found))
    file.write_bytes(lzma.compress(text.encode("utf-8")))


def with_knowable(found: Mapping[int, Mapping[str, Any]], before: Mapping[int, Mapping[str, Any]]) -> dict[int, Any]:
    """Return what was found, with what ``before`` has on whether its quantities can be known.

    The record without noise tells that, with the true value, and no extractor. A run that is extracted again is not
    performed without noise. After a change of ``knowable.py``, ``--knowable`` must ask anew.
    """
    def place(number: int, row: Mapping[str, Any]) -> tuple[int, str, str]:
        return number, row["quantity"], json.dumps(row["conditions"], sort_keys=True)

    told = {place(number, row): {key: row[key] for key in _TOLD if key in row}
            for number, one in before.items() for row in one["rows"]}
    return {number: {**one, "rows": [{**told.get(place(number, row), {}), **row} for row in one["rows"]]}
            for number, one in found.items()}
