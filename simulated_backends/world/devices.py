"""The devices of a world file: specimens of the catalogue and of wafers, each with its own life."""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

from tsbench.errors import ConfigurationError
from tsbench.netlist import parse_value
from tsbench.simulated_backends.devices.catalogue import catalogue, device_model
from tsbench.simulated_backends.devices.model import DeviceModel
from tsbench.simulated_backends.life.cycle_statistics import CycleStatistics
from tsbench.simulated_backends.life.fluctuations import Flicker, Telegraph
from tsbench.simulated_backends.life.history import DeviceHistory
from tsbench.simulated_backends.life.wafer import Wafer
from tsbench.simulated_backends.world.positioner import SimulatedDevice
from tsbench.simulated_backends.world.world_file import CyclesTable, TelegraphTable, WaferTable, WorldDevice, WorldFile


def devices_of(file: WorldFile, path: Path) -> dict[str, SimulatedDevice]:
    """Return every device of a world by name, those of ``[devices]`` first.

    Raises
    ------
    ConfigurationError
        Naming ``path``, the table and what is wrong in it.
    """
    found = {}
    for name, table in file.devices.items():
        try:
            found[name] = _specimen(name, table, file)
        except ConfigurationError as error:
            raise ConfigurationError(f"{path}: devices.{name}{_dot(error)}{error}") from None
    for name, wafer in file.wafers.items():
        try:
            found.update(_specimens(name, wafer, file))
        except ConfigurationError as error:
            raise ConfigurationError(f"{path}: wafers.{name}{_dot(error)}{error}") from None
    for name, device in found.items():
        if len(device.model.terminals) != 2:
            raise ConfigurationError(
                f"{path}: {name} has the model {device.model.mechanism} with the nodes "
                f"{' '.join(device.model.terminals)}. Only a device with two nodes can be connected")
    return found


def _dot(error: ConfigurationError) -> str:
    """Return what joins a table's name and a message that may begin with a key of it."""
    return "." if str(error).startswith(("parameters.", "cycles", "noise.")) else ": "


def _specimen(name: str, table: WorldDevice, file: WorldFile) -> SimulatedDevice:
    numbers = _numbers(table.parameters)
    given = {key.lower() for key in numbers}
    nominal = device_model(table.model)
    if table.seed is not None:
        nominal = catalogue()[table.model.lower()].specimen(table.seed, name)
    if "seed" not in given:   # its own random path in this world
        nominal = nominal.seeded(file.seed, name, table.seed or 0)
    if file.chuck.temperature is not None and "t0" not in given:
        nominal = nominal.at_temperature(file.chuck.temperature)
    model = nominal.with_parameters(numbers)
    history = _history(model, table, (file.seed, name, table.seed or 0))
    return SimulatedDevice(name, table.model, model, history, on_chuck="t0" not in given)


def wafer_of(name: str, table: WaferTable) -> Wafer:
    """Return a wafer as its table describes it, without the cycles and noise of its devices."""
    facts = table.model_dump(exclude={"cycles", "noise"})
    facts["correlation"] = {(first, second): value for first, second, value in table.correlation}
    return Wafer(name, **facts)


def _specimens(name: str, table: WaferTable, file: WorldFile) -> dict[str, SimulatedDevice]:
    found = {}
    for specimen in wafer_of(name, table).specimens():
        model, chuck = specimen.model, file.chuck.temperature
        model = model if chuck is None else model.at_temperature(chuck)
        keys = (file.seed, specimen.name, table.seed)
        model = model.seeded(*keys)   # the same device in every world, but on another path
        history = _history(model, table, keys) if specimen.state == "good" else None
        found[specimen.name] = SimulatedDevice(specimen.name, table.model, model, history)
    return found


def _history(
    model: DeviceModel, table: WorldDevice | WaferTable, keys: tuple[int | str, ...]
) -> DeviceHistory | None:
    """Return the life of one device, or None if nothing changes it."""
    if table.cycles is None and not table.noise:
        return None
    statistics = _statistics(table.cycles) if table.cycles is not None else None
    noise = []
    for number, part in enumerate(table.noise):
        facts = part.model_dump(exclude={"kind"})
        try:
            noise.append(Telegraph(**facts) if isinstance(part, TelegraphTable) else Flicker(**facts))
        except ConfigurationError as error:
            raise ConfigurationError(f"noise.{number}: {error}") from None
    digest = hashlib.sha256(repr(("history", *keys)).encode()).digest()
    return DeviceHistory(model, statistics, noise, [int.from_bytes(digest[k: k + 4], "big") for k in (0, 4, 8, 12)])


def _statistics(table: CyclesTable) -> CycleStatistics:
    facts = table.model_dump()
    facts["correlation"] = {(first, second): value for first, second, value in table.correlation}
    return CycleStatistics(**facts)


_MEGA_OR_MILLI = re.compile(r"\dM(?!eg)", re.ASCII)


def _numbers(parameters: Mapping[str, float | str]) -> dict[str, float]:
    numbers = {}
    for name, value in parameters.items():
        if isinstance(value, str) and _MEGA_OR_MILLI.search(value):
            raise ConfigurationError(f"parameters.{name}: '{value}' is ambiguous, because a netlist reads M as milli. "
                                     "Write meg for a million, for example 1meg, or m for a thousandth")
        try:
            numbers[name] = parse_value(value) if isinstance(value, str) else float(value)
        except ValueError as error:
            raise ConfigurationError(f"parameters.{name}: {error}") from None
    return numbers
