"""``serve``: the simulated bench on loopback, for programs that are not this one."""

import argparse
import contextlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tsbench.simulated_backends.access.servers.server import Address


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
            with server.stopped_by_signals(), contextlib.ExitStack() as doors:
                for address in server.addresses:
                    for lock in one_instrument([address.socket, address.hislip]):
                        doors.enter_context(lock)
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

    sys.stdout.write(json.dumps([address.as_dict() for address in addresses]) + "\n")
    sys.stdout.flush()


def _print(world: Path, addresses: "Sequence[Address]") -> None:
    from tsbench.cli.printing import table

    table(
        f"{world} is served (SIMULATED)",
        ("name", "model", "socket", "HiSLIP"),
        [[address.name, address.model, address.socket, address.hislip] for address in addresses],
    )
    sys.stdout.write("Ctrl-C ends it\n")
    sys.stdout.flush()
