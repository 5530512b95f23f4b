"""Whether the derivatives that an author wrote down are those of the equations: compared with finite differences.

The points are around rest and where a device settles (:mod:`.settled_states`), in both polarities. Each finite
difference is computed with a step and with half of it. If the two disagree (at a kink, at a limit, or because digits
cancel), the derivative is not checked there.
"""

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from tsbench.errors import ConfigurationError
from tsbench.records import FloatArray
from tsbench.simulated_backends.devices.mechanism import (
    BY_CURRENT,
    BY_STATES,
    BY_VOLTAGE,
    CONTROL_VOLTAGE,
    CURRENT,
    VALUE,
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
NOTHING = 1e-60  #: smallest difference that counts, in the author's units: below it, a limit has cut off an exponential
LOOKED_AT = (0.03, 0.4, -0.4, 1.3, -1.3, 4.0)  #: [V] at which to look
OFFSETS = (0.0, 3.0, 100.0)  #: of the states, in units of their sizes


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
            looked += _check_at(mechanism, point, _steps(mechanism, model, point))
    if not looked:
        raise ConfigurationError(
            f"device model {mechanism.name}: its equations give numbers that are not finite near rest, for v from "
            f"{min(LOOKED_AT):g} to {max(LOOKED_AT):g} V")


def _points(mechanism: Mechanism, model: DeviceModel) -> Iterator[dict[str, float]]:
    """Yield the arguments of the equations at points near their solutions."""
    columns = dict(named_columns(model))
    for number, (v, states) in enumerate(_voltages_and_states(mechanism, model)):
        point = columns | {name: 0.7 * (-1.0) ** number for name in mechanism.model.noises}
        point |= dict(zip(mechanism.model.states, states, strict=True))
        point |= {VOLTAGE: v, CURRENT: 0.0, CONTROL_VOLTAGE: 0.5 * (number % 4)}
        found = _evaluated(mechanism, point)   # the residual comes first
        if math.isfinite(found[VALUE]) and found[BY_CURRENT]:
            point[CURRENT] = -found[VALUE] / found[BY_CURRENT]
        yield point


def _voltages_and_states(mechanism: Mechanism, model: DeviceModel) -> Iterator[tuple[float, tuple[float, ...]]]:
    """Yield voltages and states near rest, then those where a device settles, hot or on too."""
    rest, sizes = model.rest(), model.state_tolerances()
    for v, offset in itertools.product(LOOKED_AT, OFFSETS):
        yield v, tuple(r + offset * size for r, size in zip(rest, sizes, strict=True))
    at = dict(named_columns(model)) | dict.fromkeys((*mechanism.model.noises, CONTROL_VOLTAGE), 0.0)
    residual_and_rates = _values(mechanism)

    def equations(voltage: float, current: float, states: FloatArray) -> FloatArray:
        given = {VOLTAGE: voltage, CURRENT: current, **dict(zip(mechanism.model.states, states.tolist(), strict=True))}
        return _evaluated(mechanism, {**at, **given})[residual_and_rates]

    yield from settled_states(model, equations)


def _steps(mechanism: Mechanism, model: DeviceModel, point: Mapping[str, float]) -> dict[str, float]:
    """Return the step of the finite difference for each argument by which there is a derivative."""
    steps = {VOLTAGE: 1e-3 * max(abs(point[VOLTAGE]), 0.1), CURRENT: 1e-3 * max(abs(point[CURRENT]), 1e-9)}
    for name, size in zip(mechanism.model.states, model.state_tolerances(), strict=True):
        steps[name] = 1e-3 * max(abs(point[name]) * 1e-2, size)
    return steps | ({CONTROL_VOLTAGE: 1e-3} if mechanism.model.senses else {})


def _check_at(mechanism: Mechanism, point: Mapping[str, float], steps: Mapping[str, float]) -> bool:
    """Compare at one point; return whether there were numbers to compare."""
    here, values = _evaluated(mechanism, point), _values(mechanism)
    if not np.isfinite(here).all():
        return False
    terms = abs(here[values])   # how large the terms are that may cancel each other in a value
    for name in steps:
        terms = terms + abs(here[_derivatives(mechanism, name)] * point[name])
    for name, step in steps.items():
        at = [_evaluated(mechanism, {**point, name: point[name] + share * step})[values]
              for share in (-1.0, -0.5, 0.5, 1.0)]
        coarse, fine = (at[3] - at[0]) / (2.0 * step), (at[2] - at[1]) / step
        # Over half the step, the second difference of a smooth function is a quarter as large: both terms of the bend
        # then cancel. Where the slope jumps, they do not.
        wide, narrow = at[3] + at[0] - 2.0 * here[values], at[2] + at[1] - 2.0 * here[values]
        bend = abs(2.0 * narrow - 0.5 * wide) * 2.0 / step
        slope, doubt = (4.0 * fine - coarse) / 3.0, abs(fine - coarse) + bend + 1e-12 * terms / step
        for e, place in enumerate(_derivatives(mechanism, name)):
            written = float(here[place])
            if math.isfinite(slope[e]) and abs(written - slope[e]) > NEAR * abs(slope[e]) + 10.0 * doubt[e] + NOTHING:
                _refuse(mechanism, e, name, written, float(slope[e]), point)
    return True


def _values(mechanism: Mechanism) -> NDArray[np.int64]:
    """Return where the residual and each rate are among what equations return, shape (states + 1,)."""
    states = len(mechanism.model.states)
    return np.arange(states + 1) * (BY_STATES + states) + VALUE


def _derivatives(mechanism: Mechanism, name: str) -> NDArray[np.int64]:
    """Return where the derivatives of the residual and of each rate by one argument are, shape (states + 1,)."""
    states = mechanism.model.states
    if name == CONTROL_VOLTAGE:   # behind all others
        return (len(states) + 1) * (BY_STATES + len(states)) + np.arange(len(states) + 1)
    by = {VOLTAGE: BY_VOLTAGE, CURRENT: BY_CURRENT}
    return _values(mechanism) + (by[name] if name in by else BY_STATES + states.index(name))


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
