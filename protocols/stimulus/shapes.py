"""Shapes of a stimulus, between -1 and 1: rectangle, triangle, sine, a damped burst as of a piezo, and a recording."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from tsbench.errors import ConfigurationError
from tsbench.protocols.level_files import read_columns
from tsbench.records import FloatArray

#: of a recording
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

    It has two columns, time and voltage, in s and V or in the units of their header
    (:func:`~tsbench.protocols.level_files.read_columns`).

    Raises
    ------
    ConfigurationError
        One line: the file and what is wrong with it.
    """
    times, levels = read_columns(path, (0, 1), ("s", "V"), "two numbers, a time and a voltage")
    if len(times) < 2 or len(times) > _MOST_SAMPLES:
        raise ConfigurationError(
            f"{path}: {len(times)} lines with two numbers were found. A stimulus needs 2 to {_MOST_SAMPLES}")
    if not (np.diff(times) > 0).all():
        raise ConfigurationError(f"{path}: the times in the first column must rise. Sort the rows by the time")
    highest = float(np.abs(levels).max())
    if highest == 0.0:
        raise ConfigurationError(f"{path}: the voltage is 0 V everywhere. Use another recording")
    return times - times[0], levels / highest, highest
