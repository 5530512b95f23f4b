"""The virtual twin of an instrument, on a simulated bench of its own that is reached through VISA."""

import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tsbench.instruments.registry import entry
from tsbench.records import Identity
from tsbench.simulated_backends.virtual_instruments.registry import virtual_instrument_of

_RESOURCE = "USB0::0x1234::0x0001::SIM00001::INSTR"
_SOCKET = "TCPIP0::192.0.2.1::5025::SOCKET"  #: where the instrument is on a socket: some languages reply more there



@dataclass(frozen=True)
class TwinErrors:
    """The errors of one twin, in parts of what is allowed: -1, 0 or 1 each."""

    gain: int = 0  #: of all functions and ranges
    offset: int = 0
    resistor: int = 0


NO_ERRORS = TwinErrors()
#: Four twins without errors of calibration, and one in each corner of what the data sheet allows. All have noise. The
#: readings of an instrument within its data sheet lie between those of the corners, but for the noise.
TWINS = (*[NO_ERRORS] * 4, *(TwinErrors(*signs) for signs in itertools.product((-1, 1), repeat=3)))


def twin_of(identity: Identity) -> str | None:
    """Return the name of the virtual instrument that has the same model, None if there is none."""
    return virtual_instrument_of(identity.model)


def write_twin(
    folder: Path, name: str, driver: str, options: Mapping[str, Any], model: str, resistors: Mapping[str, float],
    seed: int, socket: bool = False, errors: TwinErrors | None = None,
) -> Path:
    """Write bench and world file of one twin, and return the bench file.

    Parameters
    ----------
    folder : where the files are written
    name : of the instrument, as the user's bench file has it: messages of the driver contain it
    driver, options : as the user's bench file has them
    model : of the virtual instrument
    resistors : terminal -> [Ohm] to ground
    seed : of the world: each seed has other noise
    socket : whether the instrument is on a socket
    errors : of calibration; None: drawn by the seed
    """
    resource = json.dumps(_SOCKET if socket else _RESOURCE)
    kind = entry(driver).kind
    netlist = [f"R_{number} n{number} 0 {value!r}" for number, value in enumerate(resistors.values())]
    terminals = {terminal: f"n{number}" for number, terminal in enumerate(resistors)}
    world = [
        f"seed = {seed}",
        *([] if errors is None else [f"calibration_errors = [{errors.gain}, {errors.offset}]"]),
        f"[instruments.{name}]", f"model = {json.dumps(model)}",
        f"resource = {resource}", "[fixture]", "netlist = '''",
        *(netlist or ["R_0 n0 0 1", "R_1 n0 0 1"]), *(["XDUT n0 0 device"] if kind == "prober" else []), "'''",
        "[fixture.terminals]",
        *(f"{json.dumps(terminal)} = {json.dumps(node)}" for terminal, node in terminals.items()),
        *_surroundings(name, kind, options),
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


def _surroundings(name: str, kind: str, options: Mapping[str, Any]) -> list[str]:
    """Return what a twin needs around it: a prober a wafer, a temperature controller a chuck with heater and sensor."""
    if kind == "prober":
        return ["[wafers.W1]", 'model = "resistor"', "seed = 1", "columns = 3", "rows = 3", "devices_per_die = 1"]
    if kind == "temperature controller":
        heater, sensor = f"{name}.{options.get('output', 1)}", f"{name}.{options.get('input', 'A')}"
        return ["[chuck]", "temperature = 296", f"heater = {json.dumps(heater)}", f"sensor = {json.dumps(sensor)}"]
    return []
