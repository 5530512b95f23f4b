"""Whether the derivatives that an author wrote down are those of the equations: compared with finite differences.

At points around rest and where a device settles (:mod:`.settled_states`), of both polarities. A difference over a step
and one over half of it tell how good they are: where they disagree (a bend, a limit, cancelled digits) nothing is asked
for.
"""

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from tsbench.errors import ConfigurationError
from tsbench.records import FloatArray
from tsbench.simulated_backends.devices.mechanism import (
    CONTROL_VOLTAGE,
    CURRENT,
    VOLTAGE,
    Mechanism,
    mechanism_of,
    named_columns,
    plain,
)
from tsbench.simulated_backends.devices.model import DeviceModel
from tsbench.simulated_backends.devices.settled_states import settled_states
from tsbench.simulated_backends.devices.source_text import returned

NEAR = 2e-3  #: relative: a derivative that is further off is wrong
NOTHING = 1e-60  #: in the author's units: as much is left where a limit cuts off an exponential
VOLTAGES = (0.03, 0.4, -0.4, 1.3, -1.3, 4.0)  #: [V] at which to look
OFFSETS = (0.0, 3.0, 100.0)  #: of the states, in units of their tolerances


def check_derivatives(model: DeviceModel) -> None:
    """Compare the derivatives that a model's equations return with finite differences.

    Equations that return none have theirs derived: there is nothing to compare.

    Raises
    ------
    ConfigurationError
        One is wrong; the message names it and has both values. Or the equations give no numbers at all.
    """
    mechanism = mechanism_of(type(model))
    if returned(mechanism) != mechanism.outputs:
        return
    looked = 0
    with np.errstate(all="ignore"):
        for point in _points(mechanism, model):
            looked += _check_at(mechanism, point, _sizes(mechanism, model, point))
    if not looked:
        raise ConfigurationError(
            f"device model {mechanism.name}: its equations give numbers that are not finite near rest, for v from "
            f"{min(VOLTAGES):g} to {max(VOLTAGES):g} V")


def _points(mechanism: Mechanism, model: DeviceModel) -> Iterator[dict[str, float]]:
    """Yield the arguments of the equations at points near their solutions."""
    columns = dict(named_columns(model))
    for number, (v, states) in enumerate(_voltages_and_states(mechanism, model)):
        point = columns | {name: 0.7 * (-1.0) ** number for name in mechanism.model.noises}
        point |= dict(zip(mechanism.model.states, states, strict=True))
        point |= {VOLTAGE: v, CURRENT: 0.0, CONTROL_VOLTAGE: 0.5 * (number % 4)}
        residual = _evaluated(mechanism, point)
        if math.isfinite(residual[0]) and residual[2]:
            point[CURRENT] = -residual[0] / residual[2]
        yield point


def _voltages_and_states(mechanism: Mechanism, model: DeviceModel) -> Iterator[tuple[float, tuple[float, ...]]]:
    """Yield voltages and states near rest, then those where a device settles, hot or on too."""
    rest, tolerances = model.rest(), model.state_tolerances()
    for v, offset in itertools.product(VOLTAGES, OFFSETS):
        yield v, tuple(r + offset * t for r, t in zip(rest, tolerances, strict=True))
    at = dict(named_columns(model)) | dict.fromkeys((*mechanism.model.noises, CONTROL_VOLTAGE), 0.0)
    residual_and_rates = np.arange(len(rest) + 1) * (len(rest) + 3)

    def equations(voltage: float, current: float, states: FloatArray) -> FloatArray:
        given = {VOLTAGE: voltage, CURRENT: current, **dict(zip(mechanism.model.states, states.tolist(), strict=True))}
        return _evaluated(mechanism, {**at, **given})[residual_and_rates]

    yield from settled_states(model, equations)


def _sizes(mechanism: Mechanism, model: DeviceModel, point: Mapping[str, float]) -> dict[str, float]:
    """Return the step for each argument by which there is a derivative, in the order of what is returned."""
    sizes = {VOLTAGE: 1e-3 * max(abs(point[VOLTAGE]), 0.1), CURRENT: 1e-3 * max(abs(point[CURRENT]), 1e-9)}
    for name, tolerance in zip(mechanism.model.states, model.state_tolerances(), strict=True):
        sizes[name] = 1e-3 * max(abs(point[name]) * 1e-2, tolerance)
    return sizes | ({CONTROL_VOLTAGE: 1e-3} if mechanism.model.senses else {})


def _check_at(mechanism: Mechanism, point: Mapping[str, float], sizes: Mapping[str, float]) -> bool:
    """Compare at one point; return whether there were numbers to compare."""
    here, states = _evaluated(mechanism, point), len(mechanism.model.states)
    if not np.isfinite(here).all():
        return False
    values = np.arange(states + 1) * (states + 3)
    terms = abs(here[values])   # how large the terms are that may cancel each other in a value
    for column, name in enumerate(sizes):
        terms = terms + abs(here[_places(mechanism, column, name)] * point[name])
    for column, (name, step) in enumerate(sizes.items()):
        at = [_evaluated(mechanism, {**point, name: point[name] + share * step})[values]
              for share in (-1.0, -0.5, 0.5, 1.0)]
        coarse, fine = (at[3] - at[0]) / (2.0 * step), (at[2] - at[1]) / step
        # the slopes on both sides differ half as much over half the step, unless the point is at a bend
        bend = abs(2.0 * (at[2] + at[1] - 2.0 * here[values]) - 0.5 * (at[3] + at[0] - 2.0 * here[values])) * 2.0 / step
        slope, doubt = (4.0 * fine - coarse) / 3.0, abs(fine - coarse) + bend + 1e-12 * terms / step
        for e, place in enumerate(_places(mechanism, column, name)):
            written = float(here[place])
            if math.isfinite(slope[e]) and abs(written - slope[e]) > NEAR * abs(slope[e]) + 10.0 * doubt[e] + NOTHING:
                _refuse(mechanism, e, name, written, float(slope[e]), point)
    return True


def _places(mechanism: Mechanism, column: int, name: str) -> NDArray[np.int64]:
    """Return where the derivatives by one argument of the residual and of each rate are among what is returned."""
    states = len(mechanism.model.states)
    equations = np.arange(states + 1)
    return (states + 1) * (states + 3) + equations if name == CONTROL_VOLTAGE else equations * (states + 3) + 1 + column


def _refuse(
    mechanism: Mechanism, equation: int, name: str, written: float, slope: float, point: Mapping[str, float]
) -> None:
    of = "dg" if equation == 0 else f"d({mechanism.model.states[equation - 1]} rate)"
    at = ", ".join(f"{key} = {point[key]:g}" for key in (VOLTAGE, CURRENT, *mechanism.model.states))
    raise ConfigurationError(
        f"device model {mechanism.name}: its equations return {of}/d{name} = {written:g}, but finite differences give "
        f"{slope:g} (at {at}). Correct this derivative in the equations")


def _evaluated(mechanism: Mechanism, point: Mapping[str, float]) -> FloatArray:
    arguments = [point[name] for name in mechanism.arguments]
    try:
        found: Sequence[float] = plain(mechanism.model.equations)(*map(np.float64, arguments))
    except (ArithmeticError, ValueError):   # as in math.exp; compiled code has infinities and NaN there
        return np.full(mechanism.outputs, math.nan)
    except Exception as error:
        raise ConfigurationError(
            f"device model {mechanism.name}: its equations raise {type(error).__name__} ({error})") from error
    try:
        return np.asarray(found, dtype=float)
    except (TypeError, ValueError):
        raise ConfigurationError(
            f"device model {mechanism.name}: its equations return {found!r:.80}. All entries must be numbers") from None
