"""The capacitance that the edges of pulses charge.

While the voltage rises, the current through a capacitance C beside the device adds C dV/dt to its own current. When the
device switches, its voltage falls by dV and the capacitance feeds it: the current in the wires rises later than that of
the device, by up to C dV / dI (R C with the load resistance R). A bench file says what C is. A table does not, but its
edges show it. Where the off state is a resistor G, a channel of the current that is early by C / G looks the same.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tsbench.analysis.pulse.delay_results import Delay
from tsbench.records import FloatArray

_FEWEST = 8  #: samples around an edge, at least
_BESIDE = 2  #: lengths of the edge that are used before and behind it
_LOW, _HIGH = 0.1, 0.9  #: shares of the voltage between which the edge is
_CLEAR = 5.0  #: standard uncertainties
_POWERS = (1, 2, 3, 4, 6, 8, 12, 16)  #: of the voltage, that the current of the off state may rise with
_MOST_EARLY = 20e-9  #: [s] between the channels: that of 4 m of cable
#: a capacitance explains the current of the edges if it leaves less than this share of the squares, without those of
#: the noise, that are left without one. Chosen: current of another form, such as that of a diode, leaves more
_EXPLAINS = 0.25
#: a resistor explains them too if it leaves at most so many times the squares of the best power. Chosen: an early
#: channel beside a resistor left 3 times at most, a capacitance beside a steep off state 5 to 20 times
_AS_WELL = 4.0
#: the fit is of first order in the time between the channels: at a third of the edge it is 8 % too small
_FIRST_ORDER = 1.15


@dataclass(frozen=True)
class ChargedEdge:
    """Means over ``averaged`` samples around one edge, shape (n,)."""

    voltage: FloatArray  #: [V] from the base
    slope: FloatArray  #: [V/s] less its mean
    current: FloatArray  #: [A] less its mean
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
    return ChargedEdge(volts - delay.base, slope - slope.mean(), amperes - amperes.mean(), averaged)


@dataclass(frozen=True)
class EdgeCurrent:
    """What the current on the edges shows together."""

    capacitance: float  #: [F]; 0: none
    #: [s] by which the channel of the current may be early instead, if the device conducts as a resistor; 0: it is not
    early: float = 0.0


def edge_current(edges: Sequence[ChargedEdge | None], noise: float) -> EdgeCurrent:
    """Return the capacitance that the edges show together, and the time between the channels that would look the same.

    Fitted is ``current = K sign(V) |V|^p + C dV/dt`` over all edges by least squares, with a zero of each edge and the
    best of several p. The off state of a device may be much steeper than a resistor.

    Parameters
    ----------
    edges : of the pulses of a table
    noise : [A] standard deviation of one reading of the current

    Returns
    -------
    EdgeCurrent
        Without a capacitance where it is not clear, or does not explain the current, or half of the edges or more are
        too short.
    """
    seen = [edge for edge in edges if edge is not None]
    if not seen or 2 * len(seen) <= len(edges):
        return EdgeCurrent(0.0)
    slope, current = (np.concatenate(parts) for parts in zip(*((one.slope, one.current) for one in seen), strict=True))
    scale = float(np.abs(slope).max())
    if scale <= 0.0:
        return EdgeCurrent(0.0)
    averaged = float(np.median([one.averaged for one in seen]))
    fits = [_fitted(np.concatenate([_power(one.voltage, power) for one in seen]), slope / scale, current)
            for power in _POWERS]
    best = int(np.argmin([fit.left for fit in fits]))
    fit, of_noise = fits[best], current.size * noise**2 / averaged
    # means of neighbouring samples share their noise
    deviation = math.sqrt(max(fit.left, of_noise) / current.size * averaged * fit.variance)
    plain = min(one.plain for one in fits)
    if fit.charging <= _CLEAR * deviation or fit.left - of_noise >= _EXPLAINS * (plain - of_noise):
        return EdgeCurrent(0.0)
    capacitance = fit.charging / scale
    height = max(float(np.ptp(np.abs(one.voltage))) for one in seen)
    # a channel that is early by much of the edge is fitted by a higher power and less capacitance: so p = 1 tells by
    # how much, unless another power is clearly better
    resistor = fits[0]
    as_well = resistor.left - of_noise <= _AS_WELL * fit.left
    early = resistor.charging / scale * height / resistor.own if resistor.own > 0.0 and as_well else 0.0
    return EdgeCurrent(capacitance, _FIRST_ORDER * early if 0.0 < early <= _MOST_EARLY else 0.0)


@dataclass(frozen=True)
class _EdgeFit:
    own: float  #: [A] current of the device at the highest voltage
    charging: float  #: [A] through the capacitance at the steepest slope
    variance: float  #: of that, of a unit of noise
    left: float  #: [A^2] squares that are left
    plain: float  #: [A^2] squares that are left without a capacitance


def _fitted(own: FloatArray, slope: FloatArray, current: FloatArray) -> _EdgeFit:
    columns = np.column_stack((own, slope))
    found = np.linalg.lstsq(columns, current, rcond=None)[0]
    alone = float(own @ current) / max(float(own @ own), 1e-300)
    return _EdgeFit(float(found[0]), float(found[1]), float(np.linalg.pinv(columns.T @ columns)[1, 1]),
                float(np.sum((current - columns @ found) ** 2)), float(np.sum((current - alone * own) ** 2)))


def _power(voltage: FloatArray, power: int) -> FloatArray:
    """Return the share of the highest voltage to a power, with its sign, less its mean."""
    share = voltage / float(np.abs(voltage).max())
    raised = np.sign(share) * np.abs(share) ** power
    centred: FloatArray = raised - raised.mean()
    return centred
