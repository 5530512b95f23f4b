"""The protocols that are installed: ours by their folders, those of other packages by their entry points."""

import re

from tsbench.errors import ConfigurationError
from tsbench.plugins import Folders, Registry
from tsbench.protocols.description import describe
from tsbench.protocols.protocol import Protocol
from tsbench.records import Column

#: ours: each folder of this package that declares a PROTOCOL
FOLDERS = Folders("tsbench.protocols", "PROTOCOL")

_NAME = re.compile(r"[a-z][a-z0-9_]*")


def offered_protocol(declared: object) -> dict[str, type[Protocol]]:
    """Return a declared class by its protocol's name.

    Raises
    ------
    ConfigurationError
        The class cannot be used; one line names what is missing or wrong.
    """
    if not (isinstance(declared, type) and issubclass(declared, Protocol)):
        raise ConfigurationError(f"{declared!r:.60} is not a class derived from tsbench.protocols.Protocol")
    missing = [
        *(name for name in ("name", "title", "roles", "columns") if not hasattr(declared, name)),
        *(f"method {name}" for name in sorted(getattr(declared, "__abstractmethods__", ()))),
    ]
    if missing:
        raise ConfigurationError(f"class {declared.__name__} lacks {', '.join(missing)}")
    if not (isinstance(declared.name, str) and _NAME.fullmatch(declared.name)):
        raise ConfigurationError(
            f"class {declared.__name__}: name {declared.name!r:.60} must be small letters, digits and _, "
            "beginning with a letter")
    if not all(isinstance(column, Column) for column in declared.columns):
        raise ConfigurationError(f"class {declared.__name__}: columns must be tsbench.records.Column")
    if required := [name for name, field in declared.model_fields.items() if field.is_required()]:
        raise ConfigurationError(f"class {declared.__name__}: parameter {required[0]} has no default")
    describe(declared)  # what the form and ``tsbench protocols`` show must exist
    return {declared.name: declared}


PROTOCOLS: Registry[type[Protocol]] = Registry("tsbench.protocols", "protocol", offered_protocol)


def protocol_named(name: str) -> type[Protocol]:
    """Return the protocol called ``name``; ConfigurationError names the nearest there is, and what was left out."""
    return PROTOCOLS.named(name)
