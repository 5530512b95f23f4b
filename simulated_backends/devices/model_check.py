"""Whether a device can be simulated at all: its parameters, its states at rest, and what its equations return there.

A device of the catalogue is checked when it is listed, every device again when it is built into a circuit.
"""

import dataclasses
import math
from collections.abc import Iterable, Sequence
from numbers import Real
from typing import Any

import numpy as np

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
    row_of,
)
from tsbench.simulated_backends.devices.model import DeviceModel
from tsbench.simulated_backends.devices.source_text import returned
from tsbench.simulated_backends.devices.subcircuit import require_ngspice_names, subcircuit_of, written_lines


def check_numbers(model: DeviceModel) -> None:
    """Refuse a parameter or a column that is no number, and states whose rest or tolerance is none that can be used.

    Names that differ only in case are refused as well, because a netlist does not tell them apart.

    Raises
    ------
    ConfigurationError
        One line with the device model, the parameter or state, and the value.
    """
    who = f"device model {model.mechanism}"
    _require_different_names(model)
    for field in dataclasses.fields(model):
        _require_number(f"{who}: parameter {field.name}", getattr(model, field.name))
    row_of(model)
    for name, value in named_columns(model).items():
        _require_number(f"{who}: column {name}", value)
    for method, numbers in (("rest", model.rest()), ("state_tolerances", model.state_tolerances())):
        if not isinstance(numbers, tuple) or len(numbers) != len(model.states):
            raise ConfigurationError(
                f"{who}: {method} returns {numbers!r}, but it must return a tuple of {len(model.states)} numbers, one "
                "for each state")
        for state, number in zip(model.states, numbers, strict=True):
            what = f"{who}: {method} returns {number!r:.60} for the state '{state}'"
            if not isinstance(number, Real) or not math.isfinite(number):
                raise ConfigurationError(f"{what}. Give a finite number")
            if method == "state_tolerances" and number <= 0:
                raise ConfigurationError(f"{what}. A tolerance must be positive")


def check_listed(model: DeviceModel) -> None:
    """Check a device of the catalogue without compiling anything.

    Raises
    ------
    ConfigurationError
        As :func:`check_numbers`; or the equations give no numbers at rest, or the ngspice text is none, or ngspice
        takes a name in a text that is made from the equations for something else.
    """
    check_numbers(model)
    if written_lines(model) is None and subcircuit_of(model) is not None:
        require_ngspice_names(model)
    mechanism, function = mechanism_of(type(model)), plain(model.equations)
    if any(hasattr(function.__globals__.get(name), "py_func") for name in function.__code__.co_names):
        return   # it calls compiled functions: checked when it is built
    at = {**named_columns(model), **dict.fromkeys((VOLTAGE, CURRENT, CONTROL_VOLTAGE, *model.noises), 0.0),
          **dict(zip(model.states, model.rest(), strict=True))}
    try:
        with np.errstate(all="ignore"):
            found: Any = function(*(np.float64(at[name]) for name in mechanism.arguments))
    except (ArithmeticError, ValueError):   # as in math.exp; compiled code has infinities and NaN there, and may go on
        return
    except Exception as error:
        raise ConfigurationError(
            f"device model {mechanism.name}: its equations raise {type(error).__name__} ({error})") from error
    numbers = found if isinstance(found, tuple) else (found,)
    for number in numbers:
        if not isinstance(number, Real | np.bool_):
            raise ConfigurationError(
                f"device model {mechanism.name}: its equations return {number!r:.60}, which is not a number")
    every = returned(mechanism) == mechanism.outputs
    check_start(model, numbers if not every else numbers_at_start(mechanism, numbers))


def numbers_at_start(mechanism: Mechanism, outputs: Sequence[float] | FloatArray) -> list[float]:
    """Return residual and rates among what equations return with all derivatives."""
    states = len(mechanism.model.states)
    return [float(outputs[equation * (states + 3)]) for equation in range(states + 1)]


def check_start(model: DeviceModel, numbers: Iterable[float]) -> None:
    """Refuse a device whose residual or rates are no finite numbers where every simulation begins: at rest, without
    voltage and current.

    Parameters
    ----------
    model : the device
    numbers : residual [A, or as its author has it] and the rate of each state [1/s of its unit] there

    Raises
    ------
    ConfigurationError
        One line with the device model, the equation, its value and the states.
    """
    at = _start(model)
    for name, number in zip(("the residual", *(f"the rate of '{state}'" for state in model.states)), numbers,
                            strict=True):
        if not math.isfinite(number):
            raise ConfigurationError(
                f"device model {model.mechanism}: its equations return {number:g} for {name} at the start ({at}). "
                "They must return finite numbers there")


def check_derivatives_at_start(model: DeviceModel, outputs: Sequence[float] | FloatArray) -> None:
    """Refuse a device with a derivative that is no finite number where every simulation begins.

    Parameters
    ----------
    model : the device
    outputs : what its equations return there, with all derivatives

    Raises
    ------
    ConfigurationError
        One line with the device model, the derivative, its value and the states.
    """
    states = model.states
    equations = ("g", *(f"({state} rate)" for state in states))
    names = [f"d{of}/d{by}" for of in equations for by in ("", VOLTAGE, CURRENT, *states)]
    names += [f"d{of}/d{CONTROL_VOLTAGE}" for of in equations]   # behind all others
    for name, number in zip(names, outputs, strict=False):
        if not math.isfinite(number):
            raise ConfigurationError(
                f"device model {model.mechanism}: {name} is not finite ({number:g}) at the start ({_start(model)}). "
                "Change the equations near this point, for example from abs(v) ** 0.5 to (v * v + 1e-12) ** 0.25")


def _start(model: DeviceModel) -> str:
    """Return where every simulation begins, for messages."""
    return ", ".join(f"{name} = {value:g}" for name, value in (
        (VOLTAGE, 0.0), (CURRENT, 0.0), *zip(model.states, model.rest(), strict=True)))


def _require_different_names(model: DeviceModel) -> None:
    names = (
        *(("parameter", field.name) for field in dataclasses.fields(model)),
        *(("state", name) for name in model.states),
        *(("terminal", name) for name in model.terminals))
    known: dict[str, tuple[str, str]] = {}
    for kind, name in names:
        other_kind, other = known.setdefault(name.lower(), (kind, name))
        if other != name:
            raise ConfigurationError(
                f"device model {model.mechanism}: {other_kind} {other} and {kind} {name} differ only in case, and a "
                "netlist ignores case. Rename one of the two")


def _require_number(what: str, value: object) -> None:
    if not isinstance(value, Real) or math.isnan(value):
        raise ConfigurationError(f"{what} = {value!r:.60} must be a number")
