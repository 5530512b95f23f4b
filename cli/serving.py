"""The command ``serve``: the simulated bench for other programs on this computer."""

import argparse
import contextlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tsbench.cli.declaring import add_command

if TYPE_CHECKING:
    from tsbench.simulated_backends.access.servers.server import Address


_SERVE_EXAMPLE = """\
  tsbench serve examples/nbo2.world.toml --port 5025
  tsbench measure iv_sweep --bench examples/nbo2_served.bench.toml --device D1 --out runs

The bench file of a served bench needs three entries:
  visa_library = "@py", for pyvisa-py
  resource of each instrument, as 'tsbench serve' prints it
  connected = "D1", the connected device. SCPI cannot ask which device is connected.
HiSLIP supports device clear, status query and trigger. A raw socket does not. Only programs on
this computer can connect."""


def _port(text: str) -> int:
    number = int(text) if text.isdigit() else -1
    if not 0 <= number <= 65535:
        raise argparse.ArgumentTypeError(f"{text} is not a port number. Give a number from 1 to 65535")
    return number


def declare(commands: Any) -> None:
    """Declare ``serve``."""
    serve = add_command(
        commands,
        "serve",
        "serving:serve",
        "open a simulated bench to other programs on this computer (SCPI sockets and HiSLIP)",
        _SERVE_EXAMPLE,
    )
    serve.add_argument("world", type=Path, metavar="world.toml", help="the world file")
    serve.add_argument(
        "--fast",
        action="store_true",
        help="simulate as fast as possible, and let time pass only while a client waits (default: simulated time "
        "follows the wall clock)",
    )
    serve.add_argument(
        "--port",
        type=_port,
        default=0,
        metavar="N",
        help="number of the first port. Each instrument uses two ports, one for the socket and one for HiSLIP "
             "(default: any free ports)",
    )
    serve.add_argument(
        "--json",
        action="store_true",
        help="when the server is ready, print one line, a JSON list of name, model, socket and hislip",
    )


def serve(options: argparse.Namespace) -> int:
    """Serve a world file's instruments until interrupted, then close the world: outputs stay as they are."""
    from tsbench.cli.printing import ProgressPrinter
    from tsbench.simulated_backends.access.servers.pace import FastPace, WallPace
    from tsbench.simulated_backends.access.servers.server import BenchServer, prepare
    from tsbench.simulated_backends.world.world import close_world, open_world
    from tsbench.station.bench.ownership import one_instrument

    with ProgressPrinter(options.world.name, "preparing the simulated bench"):
        world = open_world(options.world)
        prepare(world)
    try:
        server = BenchServer(world, FastPace() if options.fast else WallPace(), options.port)
        try:
            with server.stopped_by_signals(), contextlib.ExitStack() as locks:
                for address in server.addresses:
                    for lock in one_instrument([address.socket, address.hislip]):
                        locks.enter_context(lock)
                if options.json:
                    _print_line(server.addresses)
                else:
                    _print(options.world, server.addresses)
                server.run()
        finally:
            server.close()
    finally:
        close_world(world)
    return 0


def _print_line(addresses: "Sequence[Address]") -> None:
    import json

    from tsbench.cli.json_output import write_json

    write_json(json.dumps([address.as_dict() for address in addresses]))


def _print(world: Path, addresses: "Sequence[Address]") -> None:
    from tsbench.cli.printing import table

    table(
        f"{world} is served (SIMULATED)",
        ("name", "model", "socket", "HiSLIP"),
        [[address.name, address.model, address.socket, address.hislip] for address in addresses],
    )
    sys.stdout.write("press Ctrl-C to stop\n")
    sys.stdout.flush()
