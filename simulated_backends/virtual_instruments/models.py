"""Which models can stand on a simulated bench, by the name used in ``world.toml``."""

import importlib

from tsbench.errors import ConfigurationError, nearest
from tsbench.simulated_backends.virtual_instruments.instrument import VirtualInstrument

_PACKAGE = "tsbench.simulated_backends.virtual_instruments"

#: model -> module:class, imported when it is used
MODELS: dict[str, str] = {
    "keithley_2450": "keithley_2450.instrument:VirtualKeithley2450",
    "keysight_33622a": "keysight_33600.instrument:Keysight33622A",
    "keysight_33522b": "keysight_33600.instrument:Keysight33522B",
    "keysight_dsox3054t": "keysight_dsox3000t.instrument:KeysightDSOX3054T",
}


def model_class(name: str) -> type[VirtualInstrument]:
    """Return the class of a model; ConfigurationError with the nearest known name."""
    if name not in MODELS:
        raise ConfigurationError(f"no simulated instrument model '{name}'{nearest(name, MODELS)}")
    module, _, class_name = MODELS[name].partition(":")
    found: type[VirtualInstrument] = getattr(importlib.import_module(f"{_PACKAGE}.{module}"), class_name)
    return found
