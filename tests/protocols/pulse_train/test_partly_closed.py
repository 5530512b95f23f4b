"""Trains of single records: a filament that is partly closed at the end of a pulse."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tsbench.analysis.pulse.pulse_count import FIRED_SHARE, PARTLY_SHARE
from tsbench.protocols.pulse_train.extraction import _counts
from tsbench.records import Flag, Result


def counts_of(*trains: tuple[float, ...], window: float = 2.0) -> list[Result]:
    """Return the counts of trains whose pulses reach such currents, as shares of the largest; clipped at a window."""
    run: Any = SimpleNamespace(header=SimpleNamespace(
        parameters={"period": 1e-3, "count": 4, "width": 1e-4}, protocol="pulse_train"))
    found: list[Any] = []
    for number, reached in enumerate(trains):
        record = SimpleNamespace(conditions={"amplitude": 1.0, "train": float(number)},
                                 segment_times=1e-3 * np.arange(len(reached)))
        found += [(record, k, SimpleNamespace(
            fired=share > 0.0, told=True, on_current=1e-4 * min(share, window), off_current=0.0,
            flags=Flag.CLIPPED if share > window else Flag.NONE)) for k, share in enumerate(reached)]
    return _counts(run, {"amplitude": 1.0}, found)


def test_a_pulse_that_reaches_a_tenth_has_fired() -> None:
    first, second, *_ = counts_of((0.0, 1.1 * FIRED_SHARE, 1.0, 1.0), (0.0, 0.0, 1.0, 1.0))
    assert (first.value, second.value) == (2.0, 3.0)
    assert first.flags == second.flags == Flag.NONE


def test_whether_a_pulse_fired_that_reaches_less_is_not_known() -> None:
    first, second, median, *_ = counts_of(
        (0.0, 1.1 * PARTLY_SHARE, 1.0, 1.0), (0.0, 0.9 * PARTLY_SHARE, 1.0, 1.0))
    assert (first.value, first.low, first.high) == (None, 2.0, 3.0)
    assert Flag.AMBIGUOUS in first.flags
    assert "filament" in first.method
    assert second.value == pytest.approx(3.0)
    assert Flag.AMBIGUOUS in median.flags


def test_beside_a_clipped_pulse_the_largest_current_is_not_known() -> None:
    """Half of the range may be less than a tenth of the on current."""
    first, second, third, *_ = counts_of(
        (0.0, 0.5, 5.0, 5.0), (0.0, 5.0, 5.0, 5.0), (0.0, 0.0, 0.5, 0.5), window=0.9)
    assert (first.value, first.low, first.high) == (None, 2.0, 3.0)
    assert {Flag.AMBIGUOUS, Flag.CLIPPED} <= set(first.flags) and "range of the scope" in first.method
    assert (second.value, second.flags) == (2.0, Flag.NONE)
    assert (third.value, third.low, third.high) == (None, 3.0, None)
    seen, *_ = counts_of((0.0, 0.6, 5.0, 5.0), window=9.0)
    assert (seen.value, seen.flags) == (2.0, Flag.NONE)   # more than a tenth of the largest
