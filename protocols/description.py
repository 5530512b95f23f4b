"""Every protocol as plain data: what the form, ``tsbench protocols --json`` and the docs show."""

from typing import Any, Literal, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic.fields import FieldInfo

from tsbench.protocols.protocol import Protocol


def describe(protocol: type[Protocol]) -> dict[str, Any]:
    """Return name, title, help, roles, columns and parameters of a protocol; JSON-ready."""
    defaults = protocol()
    return {
        "name": protocol.name,
        "title": protocol.title,
        "help": (protocol.__doc__ or "").strip().partition("\n")[0],
        "roles": list(protocol.roles),
        "columns": [
            {"name": column.name, "unit": column.unit, "help": column.help} for column in protocol.columns
        ],
        "parameters": [
            _parameter(protocol, name, field, getattr(defaults, name))
            for name, field in protocol.model_fields.items()],
    }


def _parameter(protocol: type[Protocol], name: str, field: FieldInfo, default: Any) -> dict[str, Any]:
    """Return one parameter; ``units`` (choice of drive -> unit) only where the unit depends on the drive."""
    described: dict[str, Any] = {
        "name": name,
        "kind": _kind(field.annotation),
        "unit": protocol.unit_of(name),
        "default": list(default) if isinstance(default, tuple) else default,
        "optional": default is None,
        "low": _bound(field, Ge, "ge") if _bound(field, Ge, "ge") is not None else _bound(field, Gt, "gt"),
        "high": _bound(field, Le, "le") if _bound(field, Le, "le") is not None else _bound(field, Lt, "lt"),
        "low_excluded": _bound(field, Ge, "ge") is None and _bound(field, Gt, "gt") is not None,
        "high_excluded": _bound(field, Le, "le") is None and _bound(field, Lt, "lt") is not None,
        "choices": _choices(field.annotation),
        "help": field.description or "",
    }
    units = getattr(protocol, "units_by_drive", {}).get(name)
    if units:
        described["units"] = dict(units)
    return described


def _kind(annotation: Any) -> str:
    """Return "bool", "integer", "number", "choice" or "numbers"."""
    kinds = {bool: "bool", int: "integer", float: "number"}
    if get_origin(annotation) is tuple:
        return "numbers"
    if get_origin(annotation) is Literal:
        return "choice"
    for part in (annotation, *get_args(annotation)):
        if part in kinds:
            return kinds[part]
        if get_args(part) and get_args(part)[0] in kinds:  # Annotated[float, ...] inside of a union
            return kinds[get_args(part)[0]]
    return "text"


def _choices(annotation: Any) -> list[str]:
    return [str(choice) for choice in get_args(annotation)] if get_origin(annotation) is Literal else []


def _bound(field: FieldInfo, mark: type, attribute: str) -> float | None:
    for metadata in field.metadata:
        if isinstance(metadata, mark):
            return float(getattr(metadata, attribute))
    return None
