"""States in which a device settles, from off to hot or switched on, for the comparison of its derivatives.

At each current or voltage, the states move until their rates vanish. The steps in time grow (implicit Euler,
linearised). The slopes are finite differences, because the derivatives of the author may be wrong.
"""

import math
from collections.abc import Callable, Iterator

import numpy as np

from tsbench.records import FloatArray
from tsbench.simulated_backends.devices.model import DeviceModel

CURRENTS = np.geomspace(1e-8, 1e-1, 15)  #: [A]: at which the states settle; as far as :func:`.static.folds` looks
VOLTAGES = np.geomspace(0.03, 5.0, 10)  #: [V], of a device that has no static curve
SMALL_VOLTAGE, SMALL_CURRENT = 0.1, 1e-6  #: [V], [A]
HOTTEST = 3000.0  #: [K]: no solid device is hotter
MOST_POWER = 0.1  #: [W] in a device
LONGEST_FIRST_STEP = 1.0  #: [s]
LARGEST_STEP = 20.0  #: of a state, in units of its size
MOST_STEPS = 60
APART = 3.0  #: in units of the sizes of the states: further apart, states between two neighbours are looked at as well
MOST_BETWEEN = 8

#: residual and rates, shape (states + 1,), from voltage, current and states
Equations = Callable[[float, float, FloatArray], FloatArray]
#: the same from the driven quantity (current or voltage) and x = (the other one of both, *states)
Driven = Callable[[float, FloatArray], FloatArray]


def settled_states(model: DeviceModel, equations: Equations) -> Iterator[tuple[float, tuple[float, ...]]]:
    """Yield voltage [V] and states of a device where it settles, in both polarities, and between neighbours far apart.

    Where the states do not settle, it is what they reach in :data:`MOST_STEPS` steps. A device without a static curve
    is driven by voltages as well.
    """
    rest, typical_sizes = np.array(model.rest()), np.array(model.state_tolerances())
    has_curve = math.isfinite(_said(model, float(CURRENTS[0]))[0])
    for sign in (1.0, -1.0):
        before, voltage = rest, 0.0
        for current in sign * CURRENTS:
            said, temperature = _said(model, abs(current))
            if temperature > HOTTEST:
                break
            start = sign * said if math.isfinite(said) else voltage
            voltage, after = _reached(
                lambda driven, x: equations(float(x[0]), driven, x[1:]), float(current), start, before,
                np.array((SMALL_VOLTAGE, *typical_sizes)))
            if abs(voltage * current) > MOST_POWER:
                break
            yield from ((voltage, states) for states in _on_the_way(before, after, typical_sizes))
            before = after
        before, current = rest, 0.0
        for voltage in () if has_curve else (sign * VOLTAGES).tolist():
            current, after = _reached(
                lambda driven, x: equations(driven, float(x[0]), x[1:]), voltage, current, before,
                np.array((SMALL_CURRENT, *typical_sizes)))
            if abs(voltage * current) > MOST_POWER:
                break
            yield from ((voltage, states) for states in _on_the_way(before, after, typical_sizes))
            before = after


def _said(model: DeviceModel, current: float) -> tuple[float, float]:
    """Return the voltage [V] and the temperature [K] that the model says at a current; NaN where it says none."""
    try:
        voltage, temperature = model.settled(current)
        return float(voltage), float(temperature)
    except Exception:  # noqa: BLE001 - another author's method: it only tells where to begin
        return math.nan, math.nan


def _on_the_way(before: FloatArray, after: FloatArray, typical_sizes: FloatArray) -> Iterator[tuple[float, ...]]:
    """Yield states behind one point and up to the next."""
    distance = float(np.max(np.abs(after - before) / typical_sizes, initial=0.0))
    parts = 1 + min(int(distance / APART), MOST_BETWEEN)
    for share in np.arange(1, parts + 1) / parts:
        yield tuple((before + share * (after - before)).tolist())


def _reached(
    equations: Driven, driven: float, start: float, states: FloatArray, typical_sizes: FloatArray,
) -> tuple[float, FloatArray]:
    """Return what follows a current or a voltage that is driven: the other one of both, and the states."""
    x, step_time, quiet = np.array((start, *states)), 0.0, 0
    for _ in range(MOST_STEPS):
        sizes = np.maximum(typical_sizes, 0.05 * np.abs(x))
        here, slopes = _linearised(equations, driven, x, 1e-5 * sizes)
        if not step_time:
            fastest = float(np.max(np.abs(here[1:]) / typical_sizes[1:], initial=0.0))
            step_time = 1.0 / max(fastest, 1.0 / LONGEST_FIRST_STEP)
        slopes[np.arange(1, len(x)), np.arange(1, len(x))] -= 1.0 / step_time
        try:
            move = np.linalg.solve(slopes, -here)
            farthest = 0.5 * max(abs(x[0]), typical_sizes[0])
            if abs(move[0]) > farthest:   # the states follow as far as it goes
                move[0] = np.copysign(farthest, move[0])
                move[1:] = np.linalg.solve(slopes[1:, 1:], -here[1:] - slopes[1:, 0] * move[0])
        except np.linalg.LinAlgError:
            break
        moved = np.abs(move) / sizes
        if not np.isfinite(moved).all():
            break
        if np.max(moved[1:], initial=0.0) > LARGEST_STEP:
            step_time *= 0.1
            continue
        x = x + move
        step_time *= 5.0
        quiet = quiet + 1 if np.max(moved) < 1e-2 else 0
        if quiet == 3:
            break
    return float(x[0]), x[1:]


def _linearised(
    equations: Driven, driven: float, x: FloatArray, steps: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Return residual and rates, shape (states + 1,), and their slopes by x, shape (states + 1, states + 1)."""
    here, slopes = equations(driven, x), np.empty((len(x), len(x)))
    for column, step in enumerate(steps):
        shifted = x.copy()
        shifted[column] += step
        slopes[:, column] = (equations(driven, shifted) - here) / step
    return here, slopes
