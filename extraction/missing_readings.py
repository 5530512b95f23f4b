"""Readings that a table lacks, and behind which an event may be: blank cells while the device is on."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tsbench.analysis.threshold.half_sweeps import HalfSweep
from tsbench.analysis.threshold.switching_results import Switching
from tsbench.records import Flag

#: rows without a number that are more than a wild reading; and a step of so many median ones is a gap
_FEWEST_BLANK, _GAP = 2, 2.5


def beside_gaps(events: Sequence[Switching], blank: int) -> tuple[list[Switching], list[str]]:
    """Return the events, TOO_FEW where rows without a number may hide one, and what this means in words.

    Parameters
    ----------
    events : of each half-sweep of a table
    blank : rows of the table that were left out because they have no number
    """
    hidden = [blank >= _FEWEST_BLANK and _has_gap(event.half) for event in events]
    marked = [event if not gap else replace(event, **{
        name: replace(found, flags=found.flags | Flag.TOO_FEW)
        for name in ("threshold_voltage", "threshold_current", "hold_voltage", "hold_current")
        if (found := getattr(event, name)) is not None and Flag.NO_EVENT in found.flags})
        for event, gap in zip(events, hidden, strict=True)]
    count = sum(hidden)
    return marked, [] if not count else [
        f"readings are missing within {count} half-sweep{'s' * (count != 1)}: {blank} rows of the table have no "
        "number. An event that no reading shows may be there. If they were beyond the range of the meter, write inf"]


def _has_gap(half: HalfSweep) -> bool:
    """Return whether one step between two readings is much larger than most of them."""
    steps = np.abs(np.diff(half.level))
    return steps.size > 2 and float(steps.max()) > _GAP * max(float(np.median(steps)), 1e-300)
