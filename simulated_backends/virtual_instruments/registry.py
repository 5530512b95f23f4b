"""Virtual instruments by name, found through the entry points of the group ``tsbench.virtual_instruments``.

Ours are the folders of this package that have ``VIRTUAL_INSTRUMENTS``. An entry point of another package names a
:class:`VirtualInstrumentDeclaration`, a sequence of them, or a :class:`~tsbench.plugins.Folders` as ours
(docs/plugins.md). No instrument is imported before a world file names it.
"""

import importlib
from collections.abc import Mapping
from dataclasses import dataclass

from tsbench.errors import ConfigurationError
from tsbench.plugins import Folders, Registry, importing
from tsbench.simulated_backends.virtual_instruments.instrument import VirtualInstrument

FOLDERS = Folders("tsbench.simulated_backends.virtual_instruments", "VIRTUAL_INSTRUMENTS")
#: members that every class must define, because they have no sensible default. A class with terminals must also define
#: ``attachment``
NEEDED = ("manufacturer", "model", "firmware", "terminals")


@dataclass(frozen=True)
class VirtualInstrumentDeclaration:
    """One model of virtual instrument. Its class is imported when it is first used.

    Parameters
    ----------
    name : as a world file names it (``model = "keithley_2450"``)
    instrument : ``"package.module:Class"``, derived from
        :class:`~tsbench.simulated_backends.virtual_instruments.instrument.VirtualInstrument`
    """

    name: str
    instrument: str

    def load(self) -> type[VirtualInstrument]:
        """Import and return the class.

        Raises
        ------
        ConfigurationError
            It cannot be imported, or lacks something; one line that names it.
        """
        module, _, name = self.instrument.partition(":")
        try:
            with importing(self.instrument):
                found = getattr(importlib.import_module(module), name)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # another author's module may raise anything, also by sys.exit
            reason = " ".join(str(error).split()) or type(error).__name__
            raise ConfigurationError(f"cannot import {self.instrument} ({reason})") from error
        if not (isinstance(found, type) and issubclass(found, VirtualInstrument)):
            raise ConfigurationError(f"{name} is not derived from the class VirtualInstrument")
        missing = next((needed for needed in NEEDED if not hasattr(found, needed)), None)
        if missing is None and found.terminals and found.attachment is VirtualInstrument.attachment:
            missing = "attachment()"
        if missing is not None:
            raise ConfigurationError(f"class {name} has no '{missing}', which a virtual instrument requires")
        for attribute in ("terminals", "outputs", "option_names"):
            names: object = getattr(found, attribute)
            if not (isinstance(names, tuple) and all(isinstance(one, str) for one in names)):
                raise ConfigurationError(
                    f"class {name}: '{attribute}' = {names!r:.60} must be a tuple of names. For one name, write "
                    "(\"1\",)")
        return found


def _offered(declared: object) -> Mapping[str, VirtualInstrumentDeclaration]:
    """Return a declared instrument by its name; ConfigurationError where it cannot be used."""
    if not isinstance(declared, VirtualInstrumentDeclaration):
        raise ConfigurationError(
            "the entry point must name a VirtualInstrumentDeclaration or a sequence of such declarations, but it "
            f"names a {type(declared).__name__}")
    return {declared.name: declared}


VIRTUAL_INSTRUMENTS: Registry[VirtualInstrumentDeclaration] = Registry(
    "tsbench.virtual_instruments", "virtual instrument", _offered, many=True)


def instrument_class(name: str) -> type[VirtualInstrument]:
    """Import and return the class of a virtual instrument.

    Raises
    ------
    ConfigurationError
        There is none of that name (the nearest is named), it cannot be imported, or it lacks something; one line.
    """
    declaration = VIRTUAL_INSTRUMENTS.named(name)
    try:
        return declaration.load()
    except ConfigurationError as error:
        distribution = VIRTUAL_INSTRUMENTS.offers()[name].distribution
        raise ConfigurationError(f"virtual instrument '{name}' of {distribution}: {error}") from error


def virtual_instrument_of(model: str) -> str | None:
    """Return the name of the virtual instrument of a model, as it answers to ``*IDN?``; None if there is none."""
    for name, offer in VIRTUAL_INSTRUMENTS.offers().items():
        try:
            known = offer.thing.load().model
        except ConfigurationError:   # another author's, and told where it is asked for
            continue
        if _plain(known) == _plain(model):
            return name
    return None


def _plain(model: str) -> str:
    return model.upper().removeprefix("MODEL").replace("-", "").replace(" ", "")
