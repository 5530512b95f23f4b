"""The static curve of a device under current drive, and its folds: the truth that a slow measurement approaches."""

from dataclasses import dataclass

import numpy as np

from tsbench.simulated_backends.devices.model import DeviceModel, FloatArray
from tsbench.simulated_backends.devices.poole_frenkel import PooleFrenkel, film_current
from tsbench.simulated_backends.devices.resistor import Resistor


@dataclass(frozen=True)
class StaticCurve:
    """Terminal voltage [V] and temperature [K] at given currents [A], everything settled."""

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
    """Return the settled terminal voltage at each current (both signs).

    For the Poole-Frenkel film: T = T0 + Rth i v and i = i_film(v, T), solved for the film voltage v by bisection;
    at fixed i the film current rises with v both directly and through T, so the solution is unique.
    """
    current = np.asarray(current, dtype=float)
    if isinstance(model, Resistor):
        return StaticCurve(current, current * model.r, np.full(current.shape, np.nan))
    if not isinstance(model, PooleFrenkel):
        raise TypeError(f"no static curve for the mechanism {model.mechanism}")
    p = model.vector().reshape(1, -1)
    film = np.array([_film_voltage(model, p, abs(i)) for i in current.reshape(-1)]).reshape(current.shape)
    temperature = model.t0 + model.rth * abs(current) * film
    return StaticCurve(current, np.copysign(film, current) + model.re * current, temperature)


def _film_voltage(model: PooleFrenkel, p: FloatArray, current: float) -> float:
    if current == 0.0:
        return 0.0
    low, high = 0.0, 1e-3
    while film_current(p, 0, high, model.t0 + model.rth * current * high)[0] < current:
        low, high = high, 2.0 * high
    for _ in range(200):
        middle = 0.5 * (low + high)
        if film_current(p, 0, middle, model.t0 + model.rth * current * middle)[0] < current:
            low = middle
        else:
            high = middle
        if high - low <= 4e-16 * high:
            break
    return 0.5 * (low + high)


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
