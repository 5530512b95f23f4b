"""The catalogue of devices: parameters with their sources, what is published about each, and what is not known."""

import dataclasses
import functools
import inspect
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tsbench.errors import ConfigurationError, nearest, sentences
from tsbench.plugins import OURS, in_words
from tsbench.simulated_backends.devices.model import DeviceModel
from tsbench.simulated_backends.devices.model_check import check_listed
from tsbench.simulated_backends.devices.registry import DEVICES, device_models

MOST_DRAWS = 100  #: of a device, until its model accepts one
MARKS = {
    "F": "found in public material", "F2": "found in public code of other authors",
    "K": "recalled from memory, to be checked",
    "A": "assumed", "T": "adjusted until the model shows a measured quantity",
}


FILE = "catalogue.toml"  #: in the package of a model: its part of the catalogue
UNMODELLED = "unmodelled.toml"  #: facts about devices that have no model


_NAME = re.compile(r"[a-z0-9_.-]+")  #: in netlists, and in the file for ngspice
_OF_NUMBERS = ("value", "unit", "mark", "source")  #: keys of a number with its origin


@dataclass(frozen=True)
class CatalogueParameter:
    """One parameter of a device with where it comes from."""

    name: str
    value: float
    unit: str
    mark: str  #: F, F2, K, A or T, see :data:`MARKS`
    source: str


@dataclass(frozen=True)
class Observable:
    """A published (or tuned-to) value that the device should show."""

    name: str
    value: float
    unit: str
    mark: str
    source: str


@dataclass(frozen=True)
class CatalogueEntry:
    """One device of the catalogue; its fields are the keys of a table of ``catalogue.toml`` (docs/plugins.md)."""

    name: str
    title: str
    mechanism: str
    material: str
    stack: str
    row: str  #: where the equations come from: the line "basis" of its page
    description: str
    parameters: tuple[CatalogueParameter, ...]
    observables: tuple[Observable, ...]
    unknown: tuple[str, ...]
    variability: Mapping[str, float]  #: parameter -> relative standard deviation from device to device
    #: circuits in which it shows what it does: "page" for its page, "compared" for the comparison with ngspice
    circuits: Mapping[str, Mapping[str, Any]]

    def model(self) -> DeviceModel:
        """Return the nominal device."""
        return device_models()[self.mechanism](**{p.name: p.value for p in self.parameters})

    def specimen(self, seed: int, device: str) -> DeviceModel:
        """Return one device of a wafer: parameters drawn log-normally, the same for the same seed and device.

        A stochastic device gets a random path of its own. Parameters that the model refuses (a neck that thins faster
        than it can grow) are drawn again.
        """
        stream = np.random.default_rng(np.random.SeedSequence([seed, *device.encode()]))
        nominal = {p.name: p.value for p in self.parameters}

        def draw() -> DeviceModel:
            return self.model().with_parameters({
                name: nominal[name] * float(np.exp(sigma * stream.standard_normal()))
                for name, sigma in sorted(self.variability.items())
            })

        return possible(draw).seeded(seed, device)


def possible(draw: Callable[[], DeviceModel]) -> DeviceModel:
    """Return the first drawn device that its model accepts, of up to :data:`MOST_DRAWS`.

    Raises
    ------
    ConfigurationError
        The model accepted none: the spread is too wide. The message is that of the last one.
    """
    for _ in range(MOST_DRAWS - 1):
        try:
            return draw()
        except ConfigurationError:
            continue
    return draw()


def forget() -> None:
    """Look for device models and their catalogue anew at the next question."""
    DEVICES.forget()
    _found.cache_clear()


def catalogue() -> Mapping[str, CatalogueEntry]:
    """Return all entries by name, ours first."""
    return _found()[0]


def problems() -> tuple[str, ...]:
    """Return one line for each device model and each device that was left out: what, of which distribution, why."""
    return (*DEVICES.problems(), *_found()[1])


@functools.cache
def _found() -> tuple[Mapping[str, CatalogueEntry], tuple[str, ...]]:
    entries: dict[str, CatalogueEntry] = {}
    left_out, contested = [], {}   # names that two packages of others offer -> the two
    for mechanism, offer in DEVICES.offers().items():
        try:
            tables = _tables(offer.thing)
        except (OSError, ValueError) as error:   # its file cannot be read
            left_out.append(_left_out(mechanism, offer.distribution, error))
            continue
        for name, table in tables.items():
            try:
                if name in entries:
                    owner = DEVICES.offers()[entries[name].mechanism].distribution
                    if owner != offer.distribution and not owner.startswith(f"{OURS} "):
                        contested[name] = owner, offer.distribution
                    raise ConfigurationError(f"a device with the model {entries[name].mechanism} already has this "
                                             "name. Rename one of the two devices")
                if name != name.lower():   # netlists do not tell capital letters from small ones
                    raise ConfigurationError(f"its name must be in small letters. Write '{name.lower()}'")
                if not _NAME.fullmatch(name):
                    raise ConfigurationError(
                        f"its name is {name!r:.60}. A name of a device contains only small letters of the English "
                        "alphabet, digits, '_', '-' and '.'")
                entry = _entry(name, mechanism, table)
                _require_parameters(offer.thing, entry.parameters)
                check_listed(entry.model())
            except Exception as error:  # noqa: BLE001 - a model's own methods may raise anything
                left_out.append(_left_out(name, offer.distribution, error))
            else:
                entries[name] = entry
    for name, (first, second) in contested.items():   # which one is meant is not known: a wrong one would be measured
        del entries[name]
        left_out.append(_left_out(name, first, ConfigurationError(
            f"{second} offers the same name. Uninstall one of the two packages")))
    return entries, tuple(left_out)


def _left_out(name: str, distribution: str, error: Exception) -> str:
    named = " ".join(str(error).split()) if isinstance(error, ConfigurationError) else in_words(error)
    return f"device '{name}' of {distribution} is left out: {named}"


def _tables(model: type[DeviceModel]) -> Mapping[str, Mapping[str, Any]]:
    """Return what the catalogue has of devices with a model: in its class, and in a file of its package."""
    folder = Path(inspect.getfile(model)).parent
    if not ((folder / FILE).exists() and (folder / "__init__.py").exists()):   # a single module has no folder
        return model.catalogue
    return {**tomllib.loads((folder / FILE).read_text("utf-8")), **model.catalogue}


@functools.cache
def unmodelled() -> Mapping[str, CatalogueEntry]:
    """Return the facts about devices that have no model, because too little is known."""
    tables = tomllib.loads(Path(__file__).with_name(UNMODELLED).read_text("utf-8"))
    return {name: _entry(name, "none", table) for name, table in tables.items()}


def _entry(name: str, mechanism: str, table: Mapping[str, Any]) -> CatalogueEntry:
    _require_keys("it", table, needed=("title", "stack", "description"), optional=(
        "row", "material", "parameters", "observables", "unknown", "variability", "circuits"))
    data: dict[str, Any] = {"row": "", "material": ""} | dict(table)
    parameters, observables = data.pop("parameters", {}), data.pop("observables", [])
    unknown, variability, circuits = data.pop("unknown", []), data.pop("variability", {}), data.pop("circuits", {})
    for number, item in enumerate(unknown, 1):
        _require_keys(f"entry {number} of 'unknown'", item, needed=("text",), optional=None)
    for key, value in variability.items():
        _require_keys(f"variability of '{key}'", value, needed=("sigma",), optional=None)
    try:
        return CatalogueEntry(
            name=name, mechanism=mechanism, **{k: str(v) for k, v in data.items()},
            parameters=tuple(_parameter(key, value) for key, value in parameters.items()),
            observables=tuple(_observable(number, value) for number, value in enumerate(observables, 1)),
            unknown=tuple(item["text"] for item in unknown),
            variability={key: float(value["sigma"]) for key, value in variability.items()},
            circuits={key: dict(value) for key, value in circuits.items()},
        )
    except (AttributeError, TypeError, KeyError, ValueError) as error:
        raise _unreadable(f"of this error: {error}") from None


def _unreadable(reason: str) -> ConfigurationError:
    return ConfigurationError(f"its entry in the catalogue cannot be read, because {reason}")


def _require_keys(what: str, table: object, needed: Sequence[str], optional: Sequence[str] | None = ()) -> None:
    """Refuse an entry of the catalogue that is no table, lacks a key, or has an unknown key or a value of text.

    With ``optional`` None, it may have any other keys.
    """
    if not isinstance(table, Mapping):
        raise _unreadable(f"{what} is {table!r:.60}. Write a table with {_listed(needed)}")
    if missing := [key for key in needed if key not in table]:
        raise _unreadable(f"{what} has no {_listed(missing)}. Add {'it' if len(missing) == 1 else 'them'}")
    known = None if optional is None else (*needed, *optional)
    if known and (wrong := [str(key) for key in table if key not in known]):
        raise _unreadable(f"{what} has the unknown key '{wrong[0]}'{nearest(wrong[0], known)}")
    for key in ("value", "sigma"):
        if key in needed and not isinstance(table[key], int | float):
            raise _unreadable(f"{what} has {key} = {table[key]!r:.60}. Write a number in SI units")


def _listed(keys: Sequence[str]) -> str:
    """Return keys in words: 'a', 'b' and 'c'."""
    quoted = [f"'{key}'" for key in keys]
    return " and ".join([", ".join(quoted[:-1]), quoted[-1]] if quoted[1:] else quoted)


def _parameter(name: str, value: Any) -> CatalogueParameter:
    """Return one parameter; a plain number stands for itself, assumed."""
    if isinstance(value, int | float):
        return CatalogueParameter(name, float(value), "", "A", "")
    if not isinstance(value, Mapping):
        raise _unreadable(f"parameter '{name}' is {value!r:.60}. Write a number in SI units, or a table with "
                          f"{_listed(_OF_NUMBERS)}")
    _require_keys(f"parameter '{name}'", value, needed=_OF_NUMBERS)
    return CatalogueParameter(name=name, **value)


def _observable(number: int, value: Any) -> Observable:
    _require_keys(f"observable {number}", value, needed=("name", *_OF_NUMBERS))
    return Observable(**value)


def _require_parameters(model: type[DeviceModel], parameters: Sequence[CatalogueParameter]) -> None:
    """Refuse parameters that the model does not have, and others that are missing."""
    known = {field.name: field for field in dataclasses.fields(model) if field.init}
    given = [parameter.name for parameter in parameters]
    if missing := [name for name, field in known.items() if name not in given and (
            field.default is field.default_factory is dataclasses.MISSING)]:
        raise _unreadable(f"it has no value of the parameter {_listed(missing)}. Add it under 'parameters'")
    if wrong := [name for name in given if name not in known]:
        raise _unreadable(f"device model {model.mechanism} has no parameter '{wrong[0]}'{nearest(wrong[0], known)}")


def device_model(name: str, parameters: Mapping[str, float] | None = None) -> DeviceModel:
    """Return the nominal device called ``name``, with some parameters replaced.

    Raises
    ------
    ConfigurationError
        The catalogue has no such device, or the mechanism no such parameter.
    """
    entries = catalogue()
    if name.lower() in unmodelled():
        raise ConfigurationError(
            f"device '{name}' has data but no model, so it cannot be simulated. Choose another device (see 'tsbench "
            "devices')")
    if name.lower() not in entries:
        unknown = f"the catalogue has no device '{name}'{nearest(name.lower(), entries)}"
        raise ConfigurationError(sentences(unknown, *problems()))
    return entries[name.lower()].model().with_parameters(parameters or {})


def devices_of(material: str) -> list[CatalogueEntry]:
    """Return the catalogue's devices of two terminals that a material may mean, in the order of the catalogue.

    Parameters
    ----------
    material : the name of a device of the catalogue, which is then the only one, or a substance. Upper and lower case
        are the same.
    """
    wanted = material.strip().lower()
    devices = [entry for entry in catalogue().values() if wanted and len(entry.model().terminals) == 2]
    return ([entry for entry in devices if entry.name.lower() == wanted]
            or [entry for entry in devices if entry.material.lower() == wanted])
