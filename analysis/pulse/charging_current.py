"""The capacitance that the edges of pulses charge.

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

_FEWEST = 8  #: samples around an edge
_BESIDE = 2  #: lengths of the edge that are used before and behind it
_LOW, _HIGH = 0.1, 0.9  #: shares of the voltage between which the edge is
_CLEAR = 5.0  #: standard uncertainties
#: a capacitance explains the current of the edges if it leaves less than this share of the squares, without those of
#: the noise, that are left without one. Chosen: current of another form, such as that of a diode, leaves more
_EXPLAINS = 0.25


@dataclass(frozen=True)
class ChargedEdge:
    """Means over ``averaged`` samples around one edge, each less its mean over the edge; shape (n,)."""

    voltage: FloatArray  #: [V]
    slope: FloatArray  #: [V/s]
    current: FloatArray  #: [A]
    averaged: int


def charged_edge(time: FloatArray, voltage: FloatArray, current: FloatArray, delay: Delay) -> ChargedEdge | None:
    """Return the readings around a pulse's rising edge and before the device switches; None: too few show it.

    Voltage and current are averaged over half of the edge. This leaves their relation as it is, and the noise of the
    voltage would else hide its slope.

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
    share = (voltage - delay.base) / (2.0 * (delay.edge_level - delay.base))
    low, high = np.flatnonzero(share[:middle] < _LOW), np.flatnonzero(share[middle:] > _HIGH)
    if not low.size or not high.size:
        return None
    begin, top = int(low[-1]), middle + int(high[0])
    first, end = max(begin - _BESIDE * (top - begin), 0), top + _BESIDE * (top - begin)
    if np.isfinite(delay.switching_time):
        end = min(end, int(np.searchsorted(time, 0.5 * (delay.edge_time + delay.switching_time))))
    averaged = max((top - begin) // 2, 1)
    part = slice(first, end)
    if end <= top or min(end, time.size) - first < _FEWEST + averaged:
        return None
    kernel = np.full(averaged, 1.0 / averaged)
    at, volts, amperes = (np.convolve(column[part], kernel, mode="valid") for column in (time, voltage, current))
    slope = np.gradient(volts, at)
    return ChargedEdge(volts - volts.mean(), slope - slope.mean(), amperes - amperes.mean(), averaged)


def common_capacitance(edges: Sequence[ChargedEdge | None], noise: float) -> float:
    """Return the capacitance [F] that the edges show together; 0 where they do not, or most are too short.

    Fitted is ``current = G voltage + C dV/dt`` over all edges by least squares, with a zero of each edge.

    Parameters
    ----------
    edges : of the pulses of a table
    noise : [A] standard deviation of one reading of the current
    """
    seen = [edge for edge in edges if edge is not None]
    if not seen or 2 * len(seen) <= len(edges):
        return 0.0
    voltage, slope, current = (
        np.concatenate(parts) for parts in zip(*((one.voltage, one.slope, one.current) for one in seen), strict=True))
    scale = float(np.abs(slope).max())
    if scale <= 0.0:
        return 0.0
    columns = np.column_stack((voltage, slope / scale))
    coefficients = np.linalg.lstsq(columns, current, rcond=None)[0]
    plain = float(np.sum((current - columns[:, :1] @ np.linalg.lstsq(columns[:, :1], current, rcond=None)[0]) ** 2))
    left = float(np.sum((current - columns @ coefficients) ** 2))
    averaged = float(np.median([one.averaged for one in seen]))
    of_noise = current.size * noise**2 / averaged
    # means of neighbouring samples share their noise
    variance = max(left, of_noise) / current.size * averaged * float(np.linalg.pinv(columns.T @ columns)[1, 1])
    clear = coefficients[1] > _CLEAR * float(np.sqrt(variance))
    explains = left - of_noise < _EXPLAINS * (plain - of_noise)
    return float(coefficients[1]) / scale if clear and explains else 0.0
