"""Drivers by name and by identity, found through the entry points of the group ``tsbench.drivers``.

Ours are the folders of this package that have ``DRIVERS``. An entry point of another package names a
:class:`~tsbench.instruments.driver.DriverDeclaration`, a sequence of them, or a
:class:`~tsbench.plugins.Folders` as ours (docs/plugins.md). No driver is imported before it is used.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from tsbench.errors import ConfigurationError, nearest
from tsbench.instruments.driver import KINDS, DriverDeclaration
from tsbench.plugins import Folders, Registry
from tsbench.records import Identity

OURS = Folders("tsbench.instruments", "DRIVERS")


def _offered(declared: object) -> Mapping[str, DriverDeclaration]:
    """Return the drivers in a declaration by name; ConfigurationError where one cannot be used."""
    drivers: dict[str, DriverDeclaration] = {}
    for driver in declared if isinstance(declared, Sequence) and not isinstance(declared, str) else (declared,):
        if not isinstance(driver, DriverDeclaration):
            raise ConfigurationError(
                "the entry point must name a DriverDeclaration or a sequence of them, but it names a "
                f"{type(driver).__name__}")
        if driver.kind not in KINDS:
            raise ConfigurationError(
                f"unknown kind '{driver.kind}' of driver '{driver.name}'{nearest(driver.kind, KINDS)}")
        try:
            re.compile(driver.model_pattern)
        except re.error as error:
            raise ConfigurationError(
                f"model_pattern of driver '{driver.name}' is not a regular expression: {error}") from None
        drivers[driver.name] = driver
    return drivers


DRIVERS: Registry[DriverDeclaration] = Registry("tsbench.drivers", "driver", _offered)


def entry(driver: str) -> DriverDeclaration:
    """Return the declaration of a driver; ConfigurationError with the nearest name if there is none."""
    return DRIVERS.named(driver)


def driver_class(driver: str) -> Any:
    """Import and return the class of a driver.

    Raises
    ------
    ConfigurationError
        There is no such driver, it cannot be imported, or it lacks a method; one line.
    """
    declaration = entry(driver)
    try:
        return declaration.load()
    except ConfigurationError as error:
        raise ConfigurationError(f"driver '{driver}' of {DRIVERS.offers()[driver].distribution}: {error}") from error


def driver_of(identity: Identity) -> str | None:
    """Return the name of the first driver for what answered ``*IDN?``, None if there is none."""
    return next((name for name, offer in DRIVERS.offers().items() if offer.thing.drives(identity)), None)


def fits(driver: str, identity: Identity) -> bool:
    """Whether a driver drives what answered; drivers of one class stand in for each other."""
    wanted = entry(driver)
    return any(
        offer.thing.driver == wanted.driver and offer.thing.drives(identity) for offer in DRIVERS.offers().values()
    )


def catalogue() -> tuple[list[dict[str, str]], list[str]]:
    """Return the drivers that can be used, for ``tsbench instruments``, and one line for each that cannot."""
    usable, problems = [], list(DRIVERS.problems())
    for name, offer in DRIVERS.offers().items():
        try:
            offer.thing.load()
        except Exception as error:  # noqa: BLE001  whatever another author's module raises, the list goes on
            reason = " ".join(str(error).split())
            problems.append(f"driver '{name}' of {offer.distribution} is left out: {reason}")
        else:
            usable.append({"driver": name, "kind": offer.thing.kind, "models": offer.thing.models})
    return usable, problems
