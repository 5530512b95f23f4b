"""Delays of a table whose edges charge a capacitance beside the device: of the device, or of the wires?"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tsbench.analysis.pulse.charging_current import Charging, common_capacitance
from tsbench.analysis.pulse.delay_results import Delay
from tsbench.quantities import format_quantity
from tsbench.records import FloatArray

#: an interval that holds less than this share of it is not widened by it
_MATTERS = 0.05


def with_charging(
    time: FloatArray, voltage: FloatArray, delays: Sequence[Delay], edges: Sequence[Charging | None]
) -> tuple[list[Delay], str]:
    """Return the delays, widened by what a capacitance beside the device may move them by, and a line about it.

    Parameters
    ----------
    time, voltage : [s], [V], of the whole table, shape (n,)
    delays : of its pulses
    edges : the capacitance that each edge shows
    """
    capacitance = common_capacitance(edges)
    if capacitance <= 0.0:
        return list(delays), ""
    widened, most = [], 0.0
    for delay in delays:
        lag = capacitance * _rise_of_resistance(time, voltage, delay)
        if not lag > _MATTERS * delay.half_width:
            widened.append(delay)
            continue
        most = max(most, lag)
        # where the capacitance is in the wires, the error is the whole lag and not any part of it: both widths add
        low = None if delay.low is None else max(delay.low - lag, 0.0)
        high = None if delay.high is None else delay.high + lag
        widened.append(replace(delay, limit=delay.limit + lag + delay.half_width, low=low, high=high))
    if not most:
        return widened, ""
    return widened, (
        f"the current on the edges shows a capacitance of {format_quantity(capacitance, 'F', 2)} beside the device. If "
        f"it is in the wires, it makes the delays too long by up to {format_quantity(most, 's', 2)}. The "
        "intervals hold this")


def _rise_of_resistance(time: FloatArray, voltage: FloatArray, delay: Delay) -> float:
    """Return the fall of the voltage by the rise of the current at the switching [Ohm]; 0: not known."""
    rise = abs(delay.on_current - delay.off_current)
    if not np.isfinite(delay.switching_time) or not rise > 0.0:
        return 0.0
    after = int(np.searchsorted(time, delay.switching_time))
    base = 2.0 * delay.edge_level - delay.highest
    # until half of the fall back to the base: the end of the pulse
    there = np.abs(voltage[after:] - base) > 0.1 * abs(delay.highest - base)
    end = after + (int(np.argmin(there)) if not there.all() else there.size)
    if end - after < 2:
        return 0.0
    return abs(delay.highest - float(np.median(voltage[after:end]))) / rise
