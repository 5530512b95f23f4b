"""The catalogue of devices: parameters with their sources, what is published about each, and what is not known."""

import functools
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import resources

import numpy as np

from tsbench.errors import ConfigurationError, nearest
from tsbench.simulated_backends.devices.comparator.equations import Comparator
from tsbench.simulated_backends.devices.controls import Capacitor, Diode
from tsbench.simulated_backends.devices.gated_filament.equations import GatedFilament
from tsbench.simulated_backends.devices.hysteretic.equations import Hysteretic
from tsbench.simulated_backends.devices.model import DeviceModel
from tsbench.simulated_backends.devices.moving_core.equations import MovingCore
from tsbench.simulated_backends.devices.ovonic.equations import Ovonic
from tsbench.simulated_backends.devices.poole_frenkel.equations import PooleFrenkel
from tsbench.simulated_backends.devices.poole_frenkel_1d.equations import OneDimensionalPooleFrenkel
from tsbench.simulated_backends.devices.resistor.equations import Resistor
from tsbench.simulated_backends.devices.silver_filament.equations import SilverFilament
from tsbench.simulated_backends.devices.third_order.equations import ThirdOrder
from tsbench.simulated_backends.devices.transistor.equations import Transistor
from tsbench.simulated_backends.devices.tunnel_diode.equations import TunnelDiode

MECHANISMS: Mapping[str, type[DeviceModel]] = {
    model.mechanism: model
    for model in (
        Capacitor, Comparator, Diode, GatedFilament, Hysteretic, MovingCore, OneDimensionalPooleFrenkel, Ovonic,
        PooleFrenkel, Resistor, SilverFilament, ThirdOrder, Transistor, TunnelDiode)
}
_KINDS = {model.kind: model for model in MECHANISMS.values()}
MOST_DRAWS = 100  #: of a device, until it is one that can exist
MARKS = {
    "F": "found in public material", "F2": "found in public code of others",
    "K": "recalled, to be checked",
    "A": "assumed", "T": "tuned to an observable",
}


#: the catalogue, in the order it is listed
FILES = ("catalogue.toml", "catalogue_silver.toml", "catalogue_nanodots.toml")
UNMODELLED = "catalogue_unmodelled.toml"  #: what is known of devices that have no model


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
    """One device of the catalogue."""

    name: str
    title: str
    mechanism: str
    material: str
    stack: str
    row: str
    description: str
    parameters: tuple[CatalogueParameter, ...]
    observables: tuple[Observable, ...]
    unknown: tuple[str, ...]
    variability: Mapping[str, float]  #: parameter -> relative standard deviation from device to device

    def model(self) -> DeviceModel:
        """Return the nominal device."""
        return MECHANISMS[self.mechanism](**{p.name: p.value for p in self.parameters})

    def specimen(self, seed: int, device: str) -> DeviceModel:
        """Return one device of a wafer: parameters drawn log-normally, the same for the same seed and device.

        If it is stochastic, it is on a random path of its own. What no device can be (a neck that thins faster than it
        can ever grow) is drawn again.
        """
        stream = np.random.default_rng(np.random.SeedSequence([seed, *device.encode()]))
        nominal = {p.name: p.value for p in self.parameters}

        def draw() -> DeviceModel:
            return self.model().with_parameters({
                name: nominal[name] * float(np.exp(sigma * stream.standard_normal()))
                for name, sigma in sorted(self.variability.items())
            })

        return possible(draw).seeded(seed, device)


def require_mechanism(model: DeviceModel, element: str) -> None:
    """Refuse a model whose equations the compiled kernel does not have; ``element`` begins the message.

    Raises
    ------
    ConfigurationError
        Its kind is not one of :data:`MECHANISMS`, or is that of another mechanism, whose equations would run instead.
    """
    name, kind = type(model).__name__, getattr(model, "kind", None)
    owner = _KINDS.get(kind) if isinstance(kind, int) else None
    if owner is not None and isinstance(model, owner):
        return
    said = "has no kind" if kind is None else f"is of kind {kind!r}"
    whose = (f"which is that of {owner.mechanism}" if owner is not None else
             f"and there are no equations for it; known: {', '.join(f'{k} {m.mechanism}' for k, m in _KINDS.items())}")
    raise ConfigurationError(
        f"{element}: device model {name} {said}, {whose}; add its equations to evaluate_device in devices/compiled.py "
        f"under a kind of its own, and its class to MECHANISMS in devices/catalogue.py")


def possible(draw: Callable[[], DeviceModel]) -> DeviceModel:
    """Return the first of up to :data:`MOST_DRAWS` devices drawn that can exist.

    Raises
    ------
    ConfigurationError
        None could: the spread is too wide for this model. The message of the last one says why.
    """
    for _ in range(MOST_DRAWS - 1):
        try:
            return draw()
        except ConfigurationError:
            continue
    return draw()


@functools.cache
def catalogue() -> Mapping[str, CatalogueEntry]:
    """Return all entries by name, from all files of the catalogue."""
    return _read(*FILES)


@functools.cache
def unmodelled() -> Mapping[str, CatalogueEntry]:
    """Return what is known of devices of which too little is known for a model."""
    return _read(UNMODELLED)


def _read(*files: str) -> Mapping[str, CatalogueEntry]:
    folder = resources.files("tsbench.simulated_backends.devices")
    entries: dict[str, CatalogueEntry] = {}
    for file in files:
        for name, table in tomllib.loads(folder.joinpath(file).read_text("utf-8")).items():
            assert name not in entries, f"{file}: {name} is in the catalogue twice"
            entries[name] = _entry(name, table)
    return entries


def _entry(name: str, table: Mapping[str, object]) -> CatalogueEntry:
    data: dict[str, object] = dict(table)
    parameters = data.pop("parameters", {})
    observables = data.pop("observables", [])
    unknown = data.pop("unknown", [])
    variability = data.pop("variability", {})
    assert isinstance(parameters, dict) and isinstance(variability, dict)
    assert isinstance(observables, list) and isinstance(unknown, list)
    return CatalogueEntry(
        name=name, **{k: str(v) for k, v in data.items()},
        parameters=tuple(CatalogueParameter(name=key, **value) for key, value in parameters.items()),
        observables=tuple(Observable(**value) for value in observables),
        unknown=tuple(item["text"] for item in unknown),
        variability={key: float(value["sigma"]) for key, value in variability.items()},
    )


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
            f"device '{name}' has no model, only what is known of it: see 'tsbench devices'; take another device")
    if name.lower() not in entries:
        raise ConfigurationError(f"no device model '{name}' in the catalogue{nearest(name.lower(), entries)}")
    return entries[name.lower()].model().with_parameters(parameters or {})
