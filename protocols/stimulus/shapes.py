"""Shapes of a stimulus, between -1 and 1: rectangle, triangle, sine, a damped burst as of a piezo, and a recording."""

import csv
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from tsbench.errors import ConfigurationError
from tsbench.records import FloatArray

#: of a recording
_LARGEST_FILE = 64 * 2**20  #: [bytes]
_MOST_SAMPLES = 2_000_000

#: shape -> its levels at phases of one period, from 0 to 1; ``duty`` is the share of it that the shape says
SHAPES: Mapping[str, Callable[[FloatArray, float], FloatArray]] = {
    "rectangle": lambda phase, duty: np.where(phase < duty, 1.0, 0.0),
    "triangle": lambda phase, duty: np.where(phase < duty, phase / duty, (1.0 - phase) / max(1.0 - duty, 1e-12)),
    "sine": lambda phase, duty: np.sin(2.0 * np.pi * phase),
    "raised_sine": lambda phase, duty: 0.5 - 0.5 * np.cos(2.0 * np.pi * phase),
}
#: shapes with levels on both sides of the base
BOTH_SIDES = frozenset({"sine", "piezo", "recorded"})


def damped_burst(times: FloatArray, period: float, decay: float) -> FloatArray:
    """Return a sine that dies away, as a struck piezo element gives it, with 1 as its highest level.

    Parameters
    ----------
    times : [s]
    period, decay : [s] of the sine, and in which it falls to 1/e
    """
    burst = np.exp(-times / decay) * np.sin(2.0 * np.pi * times / period)
    return np.asarray(burst / max(float(np.abs(burst).max()), 1e-300))


def read_recording(path: Path) -> tuple[FloatArray, FloatArray, float]:
    """Return times from 0 [s], levels between -1 and 1, and the highest level [V] of a text file.

    It has two columns, time [s] and voltage [V].
    Lines before the first with two numbers are a header. Columns are separated by commas, semicolons, tabs or spaces.

    Raises
    ------
    ConfigurationError
        One line: the file and what is wrong with it.
    """
    try:
        if path.stat().st_size > _LARGEST_FILE:
            raise ConfigurationError(f"{path}: the file is larger than {_LARGEST_FILE // 2**20} MB. Shorten it")
        text = path.read_text("utf-8", errors="replace")
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read ({error.strerror or error}). Correct 'file'") from None
    rows, begun = [], False
    for number, cells in enumerate(_cells(text), start=1):
        try:
            row = float(cells[0]), float(cells[1])
        except (ValueError, IndexError):
            if begun and any(cells):
                raise ConfigurationError(
                    f"{path}: line {number} has no two numbers. Each line needs a time in s and a voltage in V"
                ) from None
            continue
        begun = True
        rows.append(row)
    if len(rows) < 2 or len(rows) > _MOST_SAMPLES:
        raise ConfigurationError(
            f"{path}: {len(rows)} lines with two numbers were found. A stimulus needs 2 to {_MOST_SAMPLES}")
    times, levels = np.array(rows).T
    if not (np.isfinite(times).all() and np.isfinite(levels).all() and (np.diff(times) > 0).all()):
        raise ConfigurationError(f"{path}: the times in the first column must rise, and all numbers must be finite")
    highest = float(np.abs(levels).max())
    if highest == 0.0:
        raise ConfigurationError(f"{path}: the voltage is 0 V everywhere. Use another recording")
    return times - times[0], levels / highest, highest


def _cells(text: str) -> list[list[str]]:
    """Return the cells of each line, by the separator that the first lines have."""
    head = text[:10_000]
    for separator in (";", "\t", ","):
        if separator in head:
            return [[cell.strip() for cell in row] for row in csv.reader(text.splitlines(), delimiter=separator)]
    return [line.split() for line in text.splitlines()]
