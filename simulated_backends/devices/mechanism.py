"""What the kernels need to know of a device model: the arguments of its equations, and where each stands in a table.

A circuit has one row of numbers for each of its devices: the control voltage, the seed of its random paths and the
slopes of those paths, which the kernels write, and then the model's columns.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tsbench.errors import ConfigurationError, nearest
from tsbench.records import FloatArray
from tsbench.simulated_backends.devices.model import DeviceModel

#: columns of a row: control voltage, seed, slope of the first of the device's noises
CONTROL_COLUMN, SEED, SLOPES = 0, 1, 2
#: what each equation of a device returns: itself, its derivatives by voltage and current, then by each state; behind
#: all of them come the derivatives by the control voltage, one for each equation
VALUE, BY_VOLTAGE, BY_CURRENT, BY_STATES = range(4)
#: that the equations of one device may return: every working array ``work`` of the kernels has this length, because
#: compiled code does not check bounds
MOST_NUMBERS = 64
VOLTAGE, CURRENT, CONTROL_VOLTAGE = "v", "i", "w"
_GIVEN = (VOLTAGE, CURRENT, CONTROL_VOLTAGE)


@dataclass(frozen=True)
class Mechanism:
    """One model class as the kernels see it."""

    model: type[DeviceModel]
    arguments: tuple[str, ...]  #: of its equations, in their order
    interval_arguments: tuple[str, ...]  #: of its noise interval, if it has noise
    columns: tuple[str, ...]  #: in the order of a row, behind what the kernels write

    @property
    def name(self) -> str:
        """Return the mechanism's name."""
        return self.model.mechanism

    @property
    def outputs(self) -> int:
        """Return how many numbers equations with all derivatives return."""
        return _numbers(len(self.model.states), self.model.senses is not None)

    def place(self, name: str) -> int:
        """Return the place in a row of an argument that is not v, i or a state."""
        if name == CONTROL_VOLTAGE:
            return CONTROL_COLUMN
        if name in self.model.noises:
            return SLOPES + self.model.noises.index(name)
        return SLOPES + len(self.model.noises) + self.columns.index(name)

    def row(self, model: DeviceModel) -> FloatArray:
        """Return the row of one device, with nothing written yet by the kernels.

        Raises
        ------
        ConfigurationError
            The model's columns lack one that its equations take.
        """
        given = model.columns()
        row = np.zeros(SLOPES + len(model.noises) + len(self.columns))
        row[SEED] = getattr(model, "seed", 0.0)
        for name in self.columns:
            if name not in given:
                raise ConfigurationError(
                    f"device model {self.name}: its equations take '{name}', which is not a state, a noise or a "
                    f"column{nearest(name, (*_GIVEN, *model.states, *model.noises, *given))}")
            row[self.place(name)] = given[name]
        return row


_KNOWN: dict[type[DeviceModel], Mechanism] = {}


def mechanism_of(model: type[DeviceModel]) -> Mechanism:
    """Return what the kernels need to know of a model class.

    Raises
    ------
    ConfigurationError
        Something that every model must have is missing or contradicts the rest; the message has what.
    """
    if model not in _KNOWN:
        _KNOWN[model] = _read(model)
    return _KNOWN[model]


def _read(model: type[DeviceModel]) -> Mechanism:
    who = f"device model {getattr(model, 'mechanism', model.__name__)}"
    if not isinstance(getattr(model, "mechanism", None), str):
        raise ConfigurationError(f"{who} has no name. Add mechanism = \"...\"")
    if not model.mechanism.isidentifier():
        raise ConfigurationError(f"{who}: its name must consist of letters, digits and _, and begin with a letter")
    for attribute in ("states", "terminals", "carries", "senses", "noises", "counters"):
        names: object = getattr(model, attribute)
        if names is not None and not (isinstance(names, tuple) and all(isinstance(name, str) for name in names)):
            raise ConfigurationError(
                f"{who}: '{attribute}' = {names!r:.60} must be a tuple of names. For one name, write (\"name\",)")
    needed = ["equations", *(["noise_interval"] if model.noises else [])]
    for method in needed:
        if not callable(getattr(model, method, None)):
            raise ConfigurationError(f"{who} has no {method}. Add it as a static method of {model.__name__}")
    for method in ("rest", "state_tolerances") if model.states else ():
        if getattr(model, method) is getattr(DeviceModel, method):
            raise ConfigurationError(f"{who} has states, but no method {method}. Add this method")
    if model.noises and "seed" not in model.__dataclass_fields__:
        raise ConfigurationError(f"{who} has noise, but no parameter 'seed'. Add seed: float = 0.0")
    arguments = _arguments(model, who, "equations")
    missing = [name for name in (CURRENT, *model.noises, *((CONTROL_VOLTAGE,) if model.senses else ()))
               if name not in arguments]
    if missing:
        raise ConfigurationError(f"{who}: its equations have no argument {' and no argument '.join(missing)}. "
                                 f"Add {' and '.join(map(repr, missing))} to the arguments of 'equations'")
    if CONTROL_VOLTAGE in arguments and model.senses is None:
        raise ConfigurationError(f"{who}: its equations have the control voltage w as an argument, but 'senses' is "
                                 "not set. Set 'senses' to the names of the two terminals between which w is measured")
    interval = _arguments(model, who, "noise_interval") if model.noises else ()
    known = {*_GIVEN, *model.states, *model.noises}
    columns = tuple(dict.fromkeys(name for name in (*arguments, *interval) if name not in known))
    found = Mechanism(model, arguments, interval, columns)
    if found.outputs > MOST_NUMBERS:
        raise ConfigurationError(
            f"{who}: {len(model.states)} states are too many. At most {_most_states(True)} states are possible with a "
            f"control voltage, and at most {_most_states(False)} without a control voltage")
    return found


def _numbers(states: int, controlled: bool) -> int:
    """Return how many numbers the equations of a device with so many states return, with all derivatives."""
    return (states + 1) * (states + (4 if controlled else 3))


def _most_states(controlled: bool) -> int:
    return max(states for states in range(MOST_NUMBERS) if _numbers(states, controlled) <= MOST_NUMBERS)


def _arguments(model: type[DeviceModel], who: str, method: str) -> tuple[str, ...]:
    static = inspect.getattr_static(model, method)
    if not isinstance(static, staticmethod):
        raise ConfigurationError(f"{who}: {method} must be a @staticmethod that takes numbers, without self")
    parameters = inspect.signature(plain(getattr(model, method))).parameters.values()
    for parameter in parameters:
        if parameter.kind is not inspect.Parameter.POSITIONAL_OR_KEYWORD or (
                parameter.default is not inspect.Parameter.empty):
            raise ConfigurationError(f"{who}: the argument '{parameter}' of {method} must be a plain name without a "
                                     "default")
    return tuple(parameter.name for parameter in parameters)


def plain(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the Python function behind a compiled one, or the function itself."""
    return getattr(function, "py_func", function)


def row_of(model: DeviceModel) -> FloatArray:
    """Return the numbers of one device for the kernels, see :meth:`Mechanism.row`."""
    return mechanism_of(type(model)).row(model)


def named_columns(model: DeviceModel) -> Mapping[str, float]:
    """Return the columns that the model's equations take, in the order of its row."""
    given = model.columns()
    return {name: given[name] for name in mechanism_of(type(model)).columns}
