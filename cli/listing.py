"""The commands ``devices``, ``instruments`` and ``protocols``: lists with parameters and units."""

import argparse
import dataclasses
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tsbench.cli.declaring import add_command, add_json


def declare(commands: Any) -> None:
    """Declare ``devices``, ``instruments`` and ``protocols``."""
    devices = add_command(
        commands,
        "devices",
        "listing:devices",
        "list the device models with parameters and units",
        "  tsbench devices",
    )
    add_json(devices, "the list")
    instruments = add_command(
        commands,
        "instruments",
        "listing:instruments",
        "list the supported instruments, or the instruments of a bench",
        "  tsbench instruments\n  tsbench instruments --bench examples/nbo2.bench.toml",
    )
    instruments.add_argument("--bench", type=Path, metavar="FILE", help="list the instruments of this bench")
    add_json(instruments, "the list")
    protocols = add_command(
        commands,
        "protocols",
        "listing:protocols",
        "list the protocols with parameters and units",
        "  tsbench protocols",
    )
    add_json(protocols, "the list")


def protocols(options: argparse.Namespace) -> int:
    """List the protocols."""
    from tsbench.cli.printing import output_console, print_json, table
    from tsbench.protocols import PROTOCOLS, describe

    described = [describe(protocol) for protocol in PROTOCOLS.things().values()]
    for line in PROTOCOLS.problems():
        sys.stderr.write(f"tsbench: {line}\n")
    if options.json:
        print_json(described)
        return 0
    for protocol in described:
        table(
            f"{protocol['name']}: {protocol['help']}",
            ("parameter", "unit", "default", "bounds", "meaning"),
            [_cells(parameter) for parameter in protocol["parameters"]],
        )
    output_console().print(
        "required roles: "
        + "; ".join(f"{protocol['name']}: {', '.join(protocol['roles'])}" for protocol in described)
    )
    return 0


def parameter_help(name: str) -> str:
    """Return the help text of one protocol's parameters, for ``tsbench measure PROTOCOL --help``.

    Raises
    ------
    ConfigurationError
        There is no such protocol.
    """
    from tsbench.protocols import describe, protocol_named

    protocol = describe(protocol_named(name))
    rows = [_cells(parameter) for parameter in protocol["parameters"]]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = [
        f"{protocol['title']}: {protocol['help']}",
        "",
        f"parameters of {name} (give them with --set NAME=VALUE):",
    ]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        lines.append(f"  {'  '.join(cells)}  {row[4]}".rstrip())
    first = next(
        (parameter for parameter in protocol["parameters"] if parameter["unit"] and parameter["default"]),
        None,
    )
    if first is not None:
        lines += ["", f'example: --set {first["name"]}="{_value(first["default"], first["unit"])}"']
    return "\n".join(lines) + "\n"


def _cells(parameter: Mapping[str, Any]) -> tuple[str, str, str, str, str]:
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


def instruments(options: argparse.Namespace) -> int:
    """List the drivers there are, or the instruments of a bench."""
    from tsbench.cli.printing import print_json, table

    if options.bench is None:
        from tsbench.instruments.registry import catalogue

        drivers, problems = catalogue()
        for line in problems:
            sys.stderr.write(f"tsbench: {line}\n")
        if options.json:
            print_json(drivers)
        else:
            columns = list(drivers[0]) if drivers else []
            table(
                "Supported instruments",
                columns,
                [[_words(driver[column]) for column in columns] for driver in drivers],
            )
        return 0
    from tsbench.station.bench.bench import instruments as instruments_of

    rows = instruments_of(options.bench)
    if options.json:
        print_json(rows)
    else:
        columns = ["name", "role", "driver", "model", "resource", "visa_library", "simulated"]
        table(
            f"Instruments of {options.bench}",
            columns,
            [[_words(row[column]) for column in columns] for row in rows],
        )
    return 0


def _words(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(_words(item) for item in value)
    return "" if value is None else str(value)


def devices(options: argparse.Namespace) -> int:
    """List the device models, and last the devices without one (mechanism "none")."""
    from tsbench.cli.printing import output_console, print_json, table
    from tsbench.simulated_backends.devices.catalogue import MARKS, catalogue, problems, unmodelled

    for line in problems():
        sys.stderr.write(f"tsbench: {line}\n")
    entries = [dataclasses.asdict(entry) for entry in (*catalogue().values(), *unmodelled().values())]
    if options.json:
        print_json(entries)
        return 0
    for entry in entries:
        table(
            f"{entry['name']}: {entry['title']} ({entry['stack']}); {entry['description']}",
            ("parameter", "value", "mark", "where it is from"),
            [
                (item["name"], _with_unit(item["value"], item["unit"]), item["mark"], item["source"])
                for item in (*entry["parameters"], *entry["observables"])
            ],
        )
        for text in entry["unknown"]:
            output_console().print(f"  not known: {text}")
    output_console().print("marks: " + "; ".join(f"{mark} {meaning}" for mark, meaning in MARKS.items()))
    return 0


def _with_unit(value: float, unit: str) -> str:
    return f"{value:g}" if unit in {"", "1"} else f"{value:g} {unit}"
