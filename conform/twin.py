"""The virtual twin of an instrument, on a simulated bench of its own that is reached through VISA."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tsbench.errors import ConfigurationError
from tsbench.records import Identity
from tsbench.simulated_backends.virtual_instruments.registry import VIRTUAL_INSTRUMENTS

_RESOURCE = "USB0::0x1234::0x0001::SIM00001::INSTR"
_SOCKET = "TCPIP0::192.0.2.1::5025::SOCKET"  #: where the instrument is on a socket: some languages reply more there


def twin_of(identity: Identity) -> str | None:
    """Return the name of the virtual instrument that has the same model, None if there is none."""
    for name, offer in VIRTUAL_INSTRUMENTS.offers().items():
        try:
            model = offer.thing.load().model
        except ConfigurationError:   # another author's, and told where it is asked for
            continue
        if _plain(model) == _plain(identity.model):
            return name
    return None


def _plain(model: str) -> str:
    return model.upper().removeprefix("MODEL").replace("-", "").replace(" ", "")


def write_twin(
    folder: Path, name: str, driver: str, options: Mapping[str, Any], model: str, resistors: Mapping[str, float],
    seed: int, socket: bool = False,
) -> Path:
    """Write bench and world file of one twin, and return the bench file.

    Parameters
    ----------
    folder : where the files are written
    name : of the instrument, as the user's bench file has it: messages of the driver contain it
    driver, options : as the user's bench file has them
    model : of the virtual instrument
    resistors : terminal -> [Ohm] to ground
    seed : of the world: each seed has other errors within the data sheet
    socket : whether the instrument is on a socket
    """
    resource = json.dumps(_SOCKET if socket else _RESOURCE)
    netlist = [f"R_{number} n{number} 0 {value!r}" for number, value in enumerate(resistors.values())]
    terminals = {terminal: f"n{number}" for number, terminal in enumerate(resistors)}
    world = [
        f"seed = {seed}", f"[instruments.{name}]", f"model = {json.dumps(model)}",
        f"resource = {resource}", "[fixture]", "netlist = '''",
        *(netlist or ["R_0 n0 0 1", "R_1 n0 0 1"]), "'''", "[fixture.terminals]",
        *(f"{json.dumps(terminal)} = {json.dumps(node)}" for terminal, node in terminals.items()),
    ]
    file = folder / f"twin{seed}.world.toml"
    file.write_text("\n".join(world) + "\n", "utf-8")
    bench = [
        f'visa_library = "{file.name}@tsbench"', f"[instruments.{name}]", f"driver = {json.dumps(driver)}",
        f"resource = {resource}", f"[instruments.{name}.options]",
        *(f"{key} = {json.dumps(value)}" for key, value in options.items()),
    ]
    path = folder / f"twin{seed}.bench.toml"
    path.write_text("\n".join(bench) + "\n", "utf-8")
    return path
