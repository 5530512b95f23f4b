"""What the search for the oscillation window will do at most: records, duration, worst case, and why it is refused."""

from dataclasses import replace

import numpy as np

from tsbench.instruments import Plan, Station
from tsbench.protocols.adapting.plan import budget_warning
from tsbench.protocols.oscillation.plan import plan_oscillation
from tsbench.protocols.oscillation_window.parameters import WindowParameters


def plan_window(settings: WindowParameters, station: Station) -> Plan:
    """Predict the search that uses its whole budget; its worst case is that of the highest bias."""
    one = plan_oscillation(   # of two biases
        settings.records(), station, "lower 'highest'", "Change 'lowest' or 'highest'")
    times = np.linspace(0.0, one.duration / 2 * settings.points, settings.points)   # of the first pass
    return replace(
        one, steps=settings.budget, points=settings.budget, duration=one.duration / 2 * settings.budget,
        bytes=one.bytes // 2 * settings.budget,
        warnings=(budget_warning(settings.budget, "records"), *one.warnings),
        preview={"time": times, "level": np.linspace(settings.lowest, settings.highest, settings.points)})
