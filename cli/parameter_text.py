"""Parameters of a protocol as text: for the list of protocols and for the help of a command."""

from collections.abc import Mapping
from typing import Any


def parameter_help(name: str) -> str:
    """Return the help text of one protocol's parameters, for ``tsbench measure PROTOCOL --help``.

    Raises
    ------
    ConfigurationError
        There is no such protocol.
    """
    from tsbench.protocols import describe, protocol_named

    protocol = describe(protocol_named(name))
    rows = [cells(parameter) for parameter in protocol["parameters"]]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        f"{protocol['title']}: {protocol['help']}",
        "",
        f"parameters of {name} (give them with --set NAME=VALUE):" if rows else f"{name} has no parameters",
    ]
    for row in rows:
        padded = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        lines.append(f"  {'  '.join(padded)}".rstrip())
    first = next(
        (parameter for parameter in protocol["parameters"] if parameter["unit"] and parameter["default"]),
        None,
    )
    if first is not None:
        lines += ["", f'example: --set {first["name"]}="{_value(first["default"], first["unit"])}"']
    return "\n".join(lines) + "\n"


def cells(parameter: Mapping[str, Any]) -> tuple[str, str, str, str, str]:
    """Return name, unit, default, bounds and help of a parameter as text."""
    unit = parameter["unit"]
    units = "|".join(dict.fromkeys(parameter["units"].values())) if "units" in parameter else unit
    if parameter["choices"]:
        bounds = " | ".join(parameter["choices"])
    else:
        low, high = parameter["low"], parameter["high"]
        ends = [
            "" if bound is None else _value(bound, "" if "units" in parameter else unit)
            for bound in (low, high)
        ]
        for end, key, mark in ((0, "low_excluded", "> "), (1, "high_excluded", "< ")):
            ends[end] = f"{mark}{ends[end]}" if ends[end] and parameter.get(key) else ends[end]
        bounds = f"{ends[0]} … {ends[1]}".strip() if any(ends) else ""
    return parameter["name"], units, _value(parameter["default"], unit), bounds, parameter["help"]


def _value(value: Any, unit: str) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return ", ".join(_value(item, unit) for item in value) or "-"
    if isinstance(value, int | float):
        from tsbench.quantities import short_quantity

        return short_quantity(value, unit, 6)
    return str(value)
