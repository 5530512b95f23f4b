"""Delays of a table whose edges charge a capacitance beside the device.

A table does not say if the capacitance is that of the wires, which delays the current, or that of the device, whose
current it then is. It does not say either if the channel of the current is early. So the interval of each delay holds
all of these.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tsbench.analysis.pulse.charging_current import ChargedEdge, edge_current
from tsbench.analysis.pulse.delay_results import Delay
from tsbench.analysis.pulse.pulses_in_record import PulseSpan
from tsbench.quantities import format_quantity
from tsbench.records import FloatArray
from tsbench.samples import noise_of

#: a time between current and voltage below this share of the half width of an interval does not widen it
_MATTERS = 0.05
#: part of a pulse, from the switching on, over which the voltage of the device that is on is taken
_BEHIND = 0.25


def with_charging(
    columns: tuple[FloatArray, FloatArray, FloatArray], spans: Sequence[PulseSpan], delays: Sequence[Delay],
    edges: Sequence[ChargedEdge | None],
) -> tuple[list[Delay], str]:
    """Return the delays, widened by what a capacitance beside the device may delay the current by, and a line about it.

    Parameters
    ----------
    columns : time [s], voltage [V] and current [A] of the whole table, shape (n,) each
    spans, delays, edges : of its pulses
    """
    time, voltage, current = columns
    shown = edge_current(edges, noise_of(current))
    if shown.capacitance <= 0.0:
        return list(delays), ""
    reach = max(round(_BEHIND * float(np.median([span.last - span.first for span in spans]))), 2)
    widened, most = list[Delay](), 0.0
    for delay in delays:
        lag = max(shown.capacitance * _load_resistance(time, voltage, delay, reach), shown.early)
        if delay.value is not None and lag <= _MATTERS * delay.half_width:
            widened.append(delay)
            continue
        most = max(most, lag)
        # the error may be the whole lag, and not any part of it with equal chance: both widths add. A delay has one
        # width for both sides, so its upper end moves too. A delay of which only bounds are known has two ends, and an
        # early channel alone makes it too short
        low = None if delay.low is None else max(delay.low - lag, 0.0)
        high = None if delay.high is None else delay.high + shown.early
        widened.append(replace(delay, limit=delay.limit + lag + delay.half_width, low=low, high=high))
    if not most:
        return widened, ""
    said = (f"the current on the edges shows a capacitance of {format_quantity(shown.capacitance, 'F', 2)} beside the "
            f"device. If it is in the wires, it makes the delays too long by up to {format_quantity(most, 's', 2)}")
    if shown.early:
        said = (f"the current on the edges is ahead of the voltage. Either a capacitance of "
                f"{format_quantity(shown.capacitance, 'F', 2)} beside the device draws it, or the channel of the "
                f"current is early by {format_quantity(shown.early, 's', 2)}. This makes the delays wrong by up to "
                f"{format_quantity(most, 's', 2)}")
    return widened, f"{said}. The intervals contain this"


def _load_resistance(time: FloatArray, voltage: FloatArray, delay: Delay, reach: int) -> float:
    """Return the fall of the voltage by the rise of the current at the switching [Ohm]; 0: not known.

    ``reach``: samples behind the switching whose median is the voltage of the device that is on.
    """
    rise = abs(delay.on_current - delay.off_current)
    if not np.isfinite(delay.switching_time) or not rise > 0.0:
        return 0.0
    after = int(np.searchsorted(time, delay.switching_time))
    behind = voltage[after : after + reach]
    return abs(delay.highest - float(np.median(behind))) / rise if behind.size else 0.0
