"""The equations of all devices behind one function, written from what is registered.

Our own mechanisms are branches of it, in a fixed order, so that the compiler sees into them. A device of anybody else
is compiled by itself and called by its address, some 15 ns later: nothing of ours is compiled again for it. The number
by which a circuit knows a device is its branch, or that address.
"""

from collections.abc import Mapping
from types import ModuleType
from typing import Any

import numpy as np
from numba import types

from tsbench.errors import ConfigurationError
from tsbench.records import FloatArray
from tsbench.simulated_backends.devices.compile_errors import not_compilable
from tsbench.simulated_backends.devices.derivative_check import check_derivatives
from tsbench.simulated_backends.devices.mechanism import (
    BY_VOLTAGE,
    CONTROL_COLUMN,
    MOST_NUMBERS,
    SLOPES,
    Mechanism,
    mechanism_of,
    row_of,
)
from tsbench.simulated_backends.devices.model import DeviceModel
from tsbench.simulated_backends.devices.model_check import (
    check_derivatives_at_start,
    check_numbers,
    check_start,
    numbers_at_start,
)
from tsbench.simulated_backends.devices.registry import device_models
from tsbench.simulated_backends.devices.source_text import (
    COMPILATION,
    definitions,
    interval_from_row,
    is_ours,
    outputs_from_row,
)
from tsbench.simulated_backends.numerics.compilation import function_at
from tsbench.simulated_backends.numerics.generated import load

BY_ADDRESS = types.float64(
    types.boolean, types.float64[:, ::1], types.int64, types.float64, types.float64, types.float64[::1], types.int64,
    types.float64[::1])
device_at = function_at(BY_ADDRESS)
AT_REST, NEAR_REST = 1e-30, 1e-3  #: [V]
STEEP = 1e6  #: times larger: sqrt(v) has 3e13 between these two voltages, a smooth function about 1
SMALLEST_ADDRESS = 4096  #: a number of this size is an address, a smaller one a branch

_HEAD = f'''"""Written by tsbench from device models; may be deleted at any time."""
import math

from {COMPILATION} import as_compiled, by_address, compiled, inlined
'''
_EVALUATE = '''

@compiled
def evaluate_device(kind, p, k, v, i, y, first, out):
    """Write what the equations of a device return, with all derivatives, into ``out``."""
'''
_INTERVAL = '''

@compiled
def noise_interval(kind, p, k, v, i, y, first):
    """Return over which time [s] a device's noise may be taken as a straight piece of its path; inf without noise."""
'''
_ALONE = '''

@compiled
def evaluate(p, k, v, i, y, first, out):
    """Write what the equations return, with all derivatives, into ``out``."""
    {outputs}


@compiled
def interval(p, k, v, i, y, first):
    """Return over which time [s] the noise may be taken as a straight piece of its path; inf without noise."""
    return {interval}


@by_address(BY_ADDRESS)
def address(of_noise, p, k, v, i, y, first, out):
    if of_noise:
        return interval(p, k, v, i, y, first)
    evaluate(p, k, v, i, y, first, out)
    return 0.0
'''


def _ours() -> tuple[Mechanism, ...]:
    return tuple(mechanism_of(model) for model in device_models().values() if is_ours(model))


def dispatch_text(mechanisms: tuple[Mechanism, ...]) -> str:
    """Return the module of :func:`evaluate_device` and :func:`noise_interval`; each mechanism's number is its place."""
    lines = [_HEAD + "from tsbench.simulated_backends.devices.dispatch import SMALLEST_ADDRESS, device_at"]
    for mechanism in mechanisms:
        lines += definitions(mechanism)
    lines.append(_EVALUATE.rstrip("\n"))
    for number, mechanism in enumerate(mechanisms):
        lines += [f"    {'el' if number else ''}if kind == {number}:", f"        {outputs_from_row(mechanism)}"]
    lines += ["    elif kind >= SMALLEST_ADDRESS:",
              "        device_at(kind)(False, p, k, v, i, y, first, out)",
              "    else:   # kind_of() has let this through: no step may be accepted",
              "        out[0] = out[1] = out[2] = math.nan", _INTERVAL.rstrip("\n")]
    for number, mechanism in enumerate(mechanisms):
        if mechanism.model.noises:
            lines += [f"    if kind == {number}:", f"        return {interval_from_row(mechanism)}"]
    lines += ["    if kind >= SMALLEST_ADDRESS:",
              "        return device_at(kind)(True, p, k, v, i, y, first, y)", "    return math.inf", ""]
    return "\n".join(lines)


def functions_of(model: type[DeviceModel]) -> ModuleType:
    """Return the module with ``evaluate``, ``interval`` and ``address`` of one model class alone."""
    if model not in _ALONE_OF:
        _ALONE_OF[model] = _alone(mechanism_of(model))
    return _ALONE_OF[model]


def _alone(mechanism: Mechanism) -> ModuleType:
    model = mechanism.model
    interval = interval_from_row(mechanism) if model.noises else "math.inf"
    text = "\n".join((
        _HEAD + "from tsbench.simulated_backends.devices.dispatch import BY_ADDRESS", *definitions(mechanism),
        _ALONE.format(outputs=outputs_from_row(mechanism), interval=interval)))
    return load(text, mechanism.name)


def kind_of(model: DeviceModel) -> int:
    """Return the number by which the kernels know the equations of a device."""
    for base, number in _NUMBERS.items():
        if isinstance(model, base) and model.equations is base.equations:
            return number
    if type(model) not in _ALONE_OF:   # its first use
        check_derivatives(model)
    try:
        return int(functions_of(type(model)).address())
    except ConfigurationError:
        raise
    except Exception as error:  # of numba: there is no end of its kinds
        raise not_compilable(type(model), error) from error


def require_mechanism(model: DeviceModel, element: str) -> None:
    """Refuse a model that cannot be compiled; ``element`` begins the message.

    Raises
    ------
    ConfigurationError
        It is no device model, or something about it is missing or wrong.
    """
    if not isinstance(model, DeviceModel):
        raise ConfigurationError(f"{element}: {model!r} is not a device model. Derive its class from DeviceModel")
    try:
        check_numbers(model)
        if kind_of(model) >= SMALLEST_ADDRESS:
            at_start = evaluated(model, 0.0, 0.0, model.rest())
            check_start(model, numbers_at_start(mechanism_of(type(model)), at_start))
            check_derivatives_at_start(model, at_start)
    except ConfigurationError as error:
        raise ConfigurationError(f"{element}: {error}") from None


def unbounded_derivatives(models: Mapping[str, DeviceModel]) -> str:
    """Return a sentence on a device of another author whose dg/dv grows without bounds near rest, "" without one.

    For the message of a circuit without a solution: near such a point the solver finds no step that is small enough.

    Parameters
    ----------
    models : by the names of their elements
    """
    for element, model in models.items():
        for sign in (1.0, -1.0) if kind_of(model) >= SMALLEST_ADDRESS else ():
            near, far = (abs(evaluated(model, sign * v, 0.0, model.rest())[BY_VOLTAGE]) for v in (AT_REST, NEAR_REST))
            if not near <= STEEP * far:
                return (f"{element.upper()}: dg/dv of device model {model.mechanism} is not bounded near v = 0 "
                        f"({near:.3g} at v = {sign * AT_REST:g}). Change the equations near this point")
    return ""


def evaluated(
    model: DeviceModel, v: float, i: float, states: FloatArray | tuple[float, ...] = (), w: float = 0.0,
    slopes: tuple[float, ...] = (),
) -> FloatArray:
    """Return what a device's equations return at one point, with all derivatives, shape (numbers,).

    Parameters
    ----------
    model : the device
    v, i, w : terminal voltage [V], current [A], control voltage [V]
    states : shape (states,)
    slopes : of its noises
    """
    mechanism, row, out = mechanism_of(type(model)), row_of(model)[None], np.zeros(MOST_NUMBERS)
    row[0, CONTROL_COLUMN], row[0, SLOPES: SLOPES + len(slopes)] = w, slopes
    functions_of(type(model)).evaluate(row, 0, v, i, np.array([*states, 0.0]), 0, out)
    return out[: mechanism.outputs]


_ALONE_OF: dict[type[DeviceModel], ModuleType] = {}
_OURS = _ours()
_NUMBERS: Mapping[type[DeviceModel], int] = {mechanism.model: number for number, mechanism in enumerate(_OURS)}
_MODULE = load(dispatch_text(_OURS), "devices")
evaluate_device: Any = _MODULE.evaluate_device
noise_interval: Any = _MODULE.noise_interval
