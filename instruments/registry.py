"""Drivers by name and by identity, found through the entry points of the group ``tsbench.drivers``.

Ours are the folders of this package that have ``DRIVERS``. An entry point of another package names a
:class:`~tsbench.instruments.driver.DriverDeclaration`, a sequence of them, or a
:class:`~tsbench.plugins.Folders` as ours (docs/plugins.md). No driver is imported before it is used.
"""

import re
from collections.abc import Mapping
from typing import Any

from tsbench.errors import ConfigurationError, nearest
from tsbench.instruments.driver import KINDS, DriverDeclaration
from tsbench.plugins import Folders, Registry
from tsbench.records import Identity

FOLDERS = Folders("tsbench.instruments", "DRIVERS")


def _offered(declared: object) -> Mapping[str, DriverDeclaration]:
    """Return a declared driver by its name; ConfigurationError where it cannot be used."""
    if not isinstance(declared, DriverDeclaration):
        raise ConfigurationError(
            "the entry point must name a DriverDeclaration or a sequence of them, but it names a "
            f"{type(declared).__name__}")
    for kind in (declared.kind, *declared.kinds):
        if kind not in KINDS:
            raise ConfigurationError(
                f"driver '{declared.name}' has the unknown kind '{kind}'{nearest(kind, KINDS)}")
    try:
        re.compile(declared.model_pattern)
    except re.error as error:
        raise ConfigurationError(
            f"model_pattern of driver '{declared.name}' is not a regular expression ({error})") from None
    return {declared.name: declared}


DRIVERS: Registry[DriverDeclaration] = Registry("tsbench.drivers", "driver", _offered, many=True)


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
            usable.append({"driver": name, "kind": ", ".join(offer.thing.kinds), "models": offer.thing.models})
    return usable, problems
