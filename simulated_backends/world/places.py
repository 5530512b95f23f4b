"""The places of a world's circuit: where devices stay, and where the positioner puts one after the other."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tsbench.errors import ConfigurationError, nearest
from tsbench.netlist import Netlist
from tsbench.simulated_backends.devices.model import DeviceModel
from tsbench.simulated_backends.services.services import BenchServices
from tsbench.simulated_backends.world.positioner import SimulatedDevice
from tsbench.simulated_backends.world.world_file import WorldFile


@dataclass(frozen=True)
class Places:
    """Where the devices of a world are.

    Parameters
    ----------
    movable : name of the X element where the positioner puts devices; None: there is none
    staying : X element -> name of the device that stays there
    nodes : X element -> its two nodes, in the order of the netlist
    """

    movable: str | None
    staying: Mapping[str, str]
    nodes: Mapping[str, tuple[str, str]]

    def waiting(self, devices: Mapping[str, SimulatedDevice]) -> dict[str, SimulatedDevice]:
        """Return the devices that the positioner has: those that stay nowhere."""
        return {name: device for name, device in devices.items() if name not in self.staying.values()}

    def models(self, devices: Mapping[str, SimulatedDevice]) -> dict[str, DeviceModel]:
        """Return the model of the device in each place, as the bench is switched on."""
        models = {place: devices[name].model for place, name in self.staying.items()}
        first = next(iter(self.waiting(devices).values()), None)
        if self.movable is not None and first is not None:
            models[self.movable] = first.model
        return models

    def put_in(
        self, bench: BenchServices, devices: Mapping[str, SimulatedDevice],
        on_connect: Callable[[str, str, DeviceModel, float], None],
    ) -> None:
        """Put the devices that stay into their places, once, with their lives."""
        for place, name in self.staying.items():
            device = devices[name]
            bench.circuit.set_device(place, device.model, {}, None, device.history)
            on_connect(place, name, device.now, bench.clock.now)


def places_of(netlist: Netlist, file: WorldFile, devices: Mapping[str, SimulatedDevice], path: Path) -> Places:
    """Return the places of a fixture.

    Raises
    ------
    ConfigurationError
        A name is unknown, a device stays in two places, or a place has no device.
    """
    # what has more than two nodes, such as a transistor, is a part of the wiring
    elements = {element.name.lower(): element for element in netlist.of_kind("X") if len(element.nodes) == 2}
    staying: dict[str, str] = {}
    for place, device in file.fixture.devices.items():
        where = f"{path}: fixture.devices: '{place}'"
        if place.lower() not in elements:
            raise ConfigurationError(
                f"{where}: the netlist has no X element of this name{nearest(place.lower(), elements)}")
        if device not in devices:
            raise ConfigurationError(f"{where}: there is no device '{device}'{nearest(device, devices)}")
        if device in staying.values():
            raise ConfigurationError(f"{where}: device '{device}' is already in another place")
        staying[elements[place.lower()].name] = device
    free = [element.name for element in elements.values() if element.name not in staying]
    movable = free[0] if free else None
    if file.fixture.place is not None:
        movable = netlist.find(file.fixture.place).name
        free = [name for name in free if name != movable]
        if movable in staying:
            raise ConfigurationError(
                f"{path}: fixture.place: '{movable}' is also in fixture.devices, where a device stays. Remove one of "
                "the two")
        if staying and free:
            raise ConfigurationError(
                f"{path}: fixture.devices: no device is in {', '.join(free)}. Write the device of each place")
    elif len(free) > 1:
        raise ConfigurationError(
            f"{path}: fixture.place: the netlist has {len(free)} X elements ({', '.join(free)}). Set place to the "
            "name of the element where the positioner puts the devices, and write the devices that stay in "
            "[fixture.devices]"
        )
    if movable is not None and not any(name not in staying.values() for name in devices):
        raise ConfigurationError(
            f"{path}: the netlist has a place {movable} for a device, but the file has no [devices]. Add a table "
            "[devices.NAME]"
        )
    known = [movable, *staying] if movable is not None else list(staying)
    nodes = {name: netlist.find(name).nodes for name in known}
    return Places(movable, staying, {name: (pair[0], pair[1]) for name, pair in nodes.items()})
