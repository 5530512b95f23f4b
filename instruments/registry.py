"""Drivers by name and by identity; a driver's module is imported only when it is needed."""

import importlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tsbench.errors import ConfigurationError, nearest
from tsbench.records import Identity


@dataclass(frozen=True)
class DriverEntry:
    """One driver: what it drives, and where it stands."""

    module: str
    name: str  #: of the class
    kind: str  #: "source meter", "pulse generator" or "oscilloscope"
    models: str  #: in words
    model_pattern: str  #: of the model field of *IDN?


DRIVERS: Mapping[str, DriverEntry] = {
    "keithley_2450": DriverEntry(
        "tsbench.instruments.keithley_2450.driver", "Keithley2450", "source meter", "Keithley 2450 (SCPI)",
        r"(MODEL )?2450",
    ),
    "keysight_33500": DriverEntry(
        "tsbench.instruments.keysight_33500.driver", "Keysight33500", "pulse generator", "Keysight 33500B series",
        r"335\d\dB",
    ),
    "keysight_33600": DriverEntry(
        "tsbench.instruments.keysight_33500.driver", "Keysight33500", "pulse generator", "Keysight 33600A series",
        r"336\d\dA",
    ),
    "keysight_dsox3000t": DriverEntry(
        "tsbench.instruments.keysight_dsox3000t.driver", "KeysightDSOX3000T", "oscilloscope",
        "Keysight InfiniiVision DSOX3000T and MSOX3000T", r"[DM]SO-?X ?3\d\d\dT",
    ),
}


def entry(driver: str) -> DriverEntry:
    """Return the entry of a driver; ConfigurationError with the nearest name if there is none."""
    if driver not in DRIVERS:
        raise ConfigurationError(f"unknown driver '{driver}'{nearest(driver, DRIVERS)}")
    return DRIVERS[driver]


def driver_class(driver: str) -> Any:
    """Import and return the class of a driver."""
    found = entry(driver)
    return getattr(importlib.import_module(found.module), found.name)


def driver_of(identity: Identity) -> str | None:
    """Return the name of the driver for what answered ``*IDN?``, None if there is none."""
    for name, found in DRIVERS.items():
        if re.fullmatch(found.model_pattern, identity.model.strip(), re.IGNORECASE):
            return name
    return None


def fits(driver: str, identity: Identity) -> bool:
    """Whether a driver drives what answered; drivers of one class stand in for each other."""
    right = driver_of(identity)
    return right is not None and entry(right).name == entry(driver).name


def catalogue() -> list[dict[str, str]]:
    """Return the drivers there are, for ``tsbench instruments``."""
    return [{"driver": name, "kind": found.kind, "models": found.models} for name, found in DRIVERS.items()]
