"""The protocols that are installed: ours by their folders, those of other packages by their entry points."""

import re
from collections.abc import Sequence

from pydantic import ValidationError

from tsbench.errors import ConfigurationError
from tsbench.plugins import Folders, Registry
from tsbench.protocols.description import describe
from tsbench.protocols.protocol import Protocol
from tsbench.records import Column
from tsbench.validation import first_problem

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
        raise ConfigurationError(f"class {declared.__name__} has no {' and no '.join(missing)}")
    if not (isinstance(declared.name, str) and _NAME.fullmatch(declared.name)):
        raise ConfigurationError(
            f"class {declared.__name__}: name {declared.name!r:.60} must consist of small letters, digits "
            "and _, and begin with a letter")
    if not isinstance(declared.title, str):
        raise ConfigurationError(f"class {declared.__name__}: title = {declared.title!r:.60} must be text")
    _require_names(declared)
    if required := [name for name, field in declared.model_fields.items() if field.is_required()]:
        raise ConfigurationError(f"class {declared.__name__}: parameter {required[0]} has no default")
    try:
        declared()
    except ValidationError as error:
        raise ConfigurationError(
            f"class {declared.__name__}: its defaults cannot be used ({first_problem(error)})") from None
    for parameter in describe(declared)["parameters"]:  # what the form and ``tsbench protocols`` show must exist
        if not _fits(parameter["kind"], parameter["default"]):
            raise ConfigurationError(
                f"class {declared.__name__}: parameter {parameter['name']} = {parameter['default']!r:.60} cannot be "
                "shown in a form. Make it a number, a tuple of numbers, text, bool, or a Literal of words")
    return {declared.name: declared}


def _fits(kind: str, default: object) -> bool:
    """Return whether the entry of a form for parameters of a kind can show a default."""
    if default is None:
        return kind != "choice"
    if kind == "numbers":
        return isinstance(default, list) and all(_fits("number", item) for item in default)
    kinds = {"bool": bool, "integer": int, "number": int | float, "choice": str, "text": str}
    return isinstance(default, kinds[kind]) and (kind == "bool" or not isinstance(default, bool))


def _require_names(declared: type[Protocol]) -> None:
    """Refuse roles and columns that are no sequence of names and of columns: a text is a sequence of letters."""
    who, roles, columns = f"class {declared.__name__}", declared.roles, declared.columns
    if isinstance(roles, str) or not all(isinstance(role, str) for role in roles):
        raise ConfigurationError(f"{who}: roles = {roles!r:.60} must be a tuple of names. For one name, write "
                                 "(\"drive\",)")
    if not isinstance(columns, Sequence) or not all(isinstance(column, Column) for column in columns):
        raise ConfigurationError(f"{who}: columns must be a tuple of tsbench.records.Column")
    for column in columns:
        if not all(isinstance(text, str) for text in (column.name, column.unit, column.help)):
            raise ConfigurationError(f"{who}: name, unit and help of {column!r:.100} must be text")
    names = [column.name for column in columns]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise ConfigurationError(f"{who}: two columns have the name '{twice}'")


PROTOCOLS: Registry[type[Protocol]] = Registry("tsbench.protocols", "protocol", offered_protocol)


def protocol_named(name: str) -> type[Protocol]:
    """Return the protocol called ``name``; ConfigurationError names the nearest there is, and what was left out."""
    return PROTOCOLS.named(name)
