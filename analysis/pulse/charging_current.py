"""The capacitance that a pulse's edge charges, and what it may do to the delay.

While the voltage rises, the current through a capacitance C beside the device adds C dV/dt to its own current. When the
device switches, its voltage falls by dV and the capacitance feeds it: the current in the wires rises later than that of
the device, by up to C dV / dI (R C with the load resistance R). A bench file says what C is. A table does not, but its
edges show it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tsbench.analysis.pulse.delay_results import Delay
from tsbench.records import FloatArray

_FEWEST = 8  #: samples around an edge from which three coefficients are fitted
_BESIDE = 2  #: lengths of the edge that are used before and behind it
_LOW, _HIGH = 0.1, 0.9  #: shares of the voltage between which the edge is
_CLEAR = 5.0  #: standard uncertainties
#: a capacitance explains the current of an edge if it leaves less than this share of the squares that are left without
#: one. Chosen: current of another form, such as that of a diode, leaves more
_EXPLAINS = 0.25


@dataclass(frozen=True)
class Charging:
    """Capacitance [F] that the edge of a pulse shows, and its standard uncertainty."""

    capacitance: float
    uncertainty: float


def charging_of_edge(time: FloatArray, voltage: FloatArray, current: FloatArray, delay: Delay) -> Charging | None:
    """Return the capacitance that the current on a pulse's rising edge shows; None where too few samples show it.

    Fitted is ``current = a + G voltage + C dV/dt`` by least squares, around the edge and before the device switches.

    Parameters
    ----------
    time, voltage, current : [s], [V], [A], shape (n,), around one pulse, time rising
    delay : of this pulse
    """
    if not delay.shown or not np.isfinite(delay.edge_time) or not np.isfinite(delay.edge_level):
        return None
    middle = int(np.searchsorted(time, delay.edge_time))
    if not 0 < middle < time.size:
        return None
    base = float(np.median(voltage[: max(middle // 2, 1)]))
    share = (voltage - base) / (2.0 * (delay.edge_level - base))
    low, high = np.flatnonzero(share[:middle] < _LOW), np.flatnonzero(share[middle:] > _HIGH)
    if not low.size or not high.size:
        return None
    length = middle + int(high[0]) - int(low[-1])
    first, end = max(int(low[-1]) - _BESIDE * length, 0), middle + int(high[0]) + _BESIDE * length
    if np.isfinite(delay.switching_time):
        end = min(end, int(np.searchsorted(time, 0.5 * (delay.edge_time + delay.switching_time))))
    part = slice(first, end)
    if end - first < _FEWEST or end <= middle + int(high[0]):
        return None
    return _fitted(time[part], voltage[part] - base, current[part])


def _fitted(time: FloatArray, voltage: FloatArray, current: FloatArray) -> Charging | None:
    slope = np.gradient(voltage, time)
    plain = np.column_stack((np.ones_like(voltage), voltage))
    scale = float(np.abs(slope).max())
    if scale <= 0.0:
        return None
    columns = np.column_stack((plain, slope / scale))
    left_plain = float(np.sum((current - plain @ np.linalg.lstsq(plain, current, rcond=None)[0]) ** 2))
    coefficients = np.linalg.lstsq(columns, current, rcond=None)[0]
    left = float(np.sum((current - columns @ coefficients) ** 2))
    if left > _EXPLAINS * left_plain:
        return None
    spread = left / (current.size - columns.shape[1]) * np.linalg.pinv(columns.T @ columns)[2, 2]
    return Charging(float(coefficients[2]) / scale, float(np.sqrt(max(spread, 0.0))) / scale)


def common_capacitance(edges: Sequence[Charging | None]) -> float:
    """Return the capacitance [F] that the edges of most pulses show clearly; 0 where most show none."""
    clear = [edge.capacitance for edge in edges if edge is not None and edge.capacitance > _CLEAR * edge.uncertainty]
    return float(np.median(clear)) if clear and 2 * len(clear) > len(edges) else 0.0
