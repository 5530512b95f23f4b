"""The commands ``devices``, ``instruments`` and ``protocols``: lists with parameters and units."""

import argparse
import dataclasses
import sys
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
        "list the protocols, or the parameters of one",
        "  tsbench protocols\n  tsbench protocols iv_sweep\n  tsbench protocols --all",
    )
    protocols.add_argument("name", nargs="?", metavar="PROTOCOL", help="show this protocol with its parameters")
    protocols.add_argument("--all", action="store_true", help="show all protocols with their parameters")
    add_json(protocols, "the list")


def protocols(options: argparse.Namespace) -> int:
    """List the protocols: what each answers, or the parameters of one or all."""
    from tsbench.cli.parameter_text import cells
    from tsbench.cli.printing import output_console, print_json, table
    from tsbench.protocols import PROTOCOLS, describe, protocol_named

    chosen = [protocol_named(options.name)] if options.name else PROTOCOLS.things().values()
    described = [describe(protocol) for protocol in chosen]
    for line in PROTOCOLS.problems():
        sys.stderr.write(f"tsbench: {line}\n")
    if options.json:
        print_json(described)
        return 0
    if not options.name and not options.all:
        table("Protocols", ("protocol", "what it does"), [(one["name"], one["help"]) for one in described])
        output_console().print("'tsbench protocols NAME' shows the parameters of one protocol, 'tsbench protocols "
                               "--all' those of all.")
        return 0
    for protocol in described:
        table(
            f"{protocol['name']}: {protocol['help']}",
            ("parameter", "unit", "default", "bounds", "meaning"),
            [cells(parameter) for parameter in protocol["parameters"]],
        )
    output_console().print(
        "required roles: "
        + "; ".join(f"{protocol['name']} ({', '.join(protocol['roles'])})" for protocol in described)
    )
    return 0


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
            columns = list(next(iter(drivers), ()))
            table(
                "Supported instruments",
                columns,
                [[_words(driver[column]) for column in columns] for driver in drivers],
            )
        return 0
    from tsbench.station.bench.bench_report import instruments_of

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
            f"{entry['name']}: {entry['title']} ({entry['stack']}). {entry['description']}",
            ("parameter", "value", "mark", "source"),
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
