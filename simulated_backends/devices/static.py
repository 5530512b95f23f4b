"""The static curve of a device under current drive, and its folds: the truth that a slow measurement approaches."""

from dataclasses import dataclass

import numpy as np

from tsbench.records import FloatArray
from tsbench.simulated_backends.devices.model import DeviceModel


@dataclass(frozen=True)
class StaticCurve:
    """Terminal voltage [V] and temperature [K] (NaN: it has none) at given currents [A], everything settled."""

    current: FloatArray
    voltage: FloatArray
    temperature: FloatArray


@dataclass(frozen=True)
class Fold:
    """A point of the static curve where dV/dI = 0."""

    voltage: float  #: [V], at the terminals
    current: float  #: [A]
    temperature: float  #: [K]


@dataclass(frozen=True)
class Folds:
    """Threshold (a maximum of the voltage) and hold (the minimum behind it); None where the curve has none."""

    threshold: Fold | None
    hold: Fold | None


def static_curve(model: DeviceModel, current: FloatArray) -> StaticCurve:
    """Return the settled terminal voltage at each current (both signs), by the model's ``settled``.

    Raises
    ------
    TypeError
        The mechanism has no static curve.
    """
    current = np.asarray(current, dtype=float)
    points = np.array([model.settled(abs(float(i))) for i in current.reshape(-1)]).reshape(*current.shape, 2)
    return StaticCurve(current, np.copysign(points[..., 0], current), points[..., 1])


def folds(model: DeviceModel, lowest: float = 1e-8, highest: float = 1e-1) -> Folds:
    """Return the threshold and hold point of the static curve between two currents [A]."""
    grid = np.geomspace(lowest, highest, 701)
    voltage = static_curve(model, grid).voltage
    turns = np.flatnonzero(np.diff(np.sign(np.diff(voltage)))) + 1
    points = [_refine(model, grid[k - 1], grid[k + 1], bool(voltage[k] > voltage[k - 1])) for k in turns]
    threshold = points[0] if points else None
    return Folds(threshold, points[1] if len(points) > 1 else None)


def _refine(model: DeviceModel, low: float, high: float, maximum: bool) -> Fold:
    """Golden-section search in log current; a smooth extremum is found to about 1e-8 of its current."""
    sign = -1.0 if maximum else 1.0
    ratio = (5**0.5 - 1) / 2
    a, b = np.log(low), np.log(high)

    def height(x: float) -> float:
        return sign * float(static_curve(model, np.array([np.exp(x)])).voltage[0])

    c, d = b - ratio * (b - a), a + ratio * (b - a)
    at_c, at_d = height(c), height(d)
    while b - a > 1e-8:
        if at_c < at_d:
            b, d, at_d = d, c, at_c
            c = b - ratio * (b - a)
            at_c = height(c)
        else:
            a, c, at_c = c, d, at_d
            d = a + ratio * (b - a)
            at_d = height(d)
    point = static_curve(model, np.array([np.exp(0.5 * (a + b))]))
    return Fold(float(point.voltage[0]), float(point.current[0]), float(point.temperature[0]))
