"""The chuck of a world: what heats it, and the devices that follow its temperature."""

from collections.abc import Mapping
from pathlib import Path

from tsbench.errors import ConfigurationError, nearest
from tsbench.simulated_backends.services.clock import BenchClock
from tsbench.simulated_backends.services.heated_body import HeatedBody
from tsbench.simulated_backends.services.services import BenchServices
from tsbench.simulated_backends.witness.witness import Witness
from tsbench.simulated_backends.world.places import Places
from tsbench.simulated_backends.world.positioner import SimulatedDevice, SimulatedPositioner
from tsbench.simulated_backends.world.world_file import WorldFile

TOLD = 2.0  #: [K] between two records of the witness


def chuck_of(file: WorldFile, path: Path, clock: BenchClock) -> HeatedBody | None:
    """Return the chuck, if a controller is connected to it; None: its temperature stays.

    Raises
    ------
    ConfigurationError
        It has a heater but no temperature, or its terminals belong to no instrument.
    """
    table = file.chuck
    if not (table.heater or table.sensor):
        return None
    if table.temperature is None:
        raise ConfigurationError(
            f"{path}: chuck: a chuck with a heater or a sensor needs temperature, which is also that of the "
            "surroundings")
    for key in ("heater", "sensor"):
        name = getattr(table, key).partition(".")[0]
        if name and name not in file.instruments:
            raise ConfigurationError(
                f"{path}: chuck.{key}: there is no instrument '{name}'{nearest(name, file.instruments)}")
    return HeatedBody(
        clock, table.temperature, table.thermal_resistance, table.time_constant, table.heater, table.sensor)


class Warming:
    """Brings the devices to the temperature of the chuck.

    Parameters
    ----------
    bench, places, positioner, devices, witness
        The parts of the world.
    """

    def __init__(
        self, bench: BenchServices, places: Places, positioner: SimulatedPositioner,
        devices: Mapping[str, SimulatedDevice], witness: Witness,
    ) -> None:
        self._bench, self._places, self._positioner = bench, places, positioner
        self._devices, self._witness = devices, witness
        self._told = 0.0

    def follow(self, temperature: float) -> None:
        """Bring the devices to ``temperature`` [K]; those that are in no place follow when they come into one."""
        self._positioner.temperature = temperature
        circuit = self._bench.circuit
        models = {}
        for place in self._places.nodes:
            device = self._places.staying.get(place) or self._positioner.connected()
            if device is not None and self._devices[device].on_chuck:
                circuit.set_temperature(place, temperature)
                models[place] = circuit.model_of(place)
        self._bench.changed()
        if abs(temperature - self._told) >= TOLD:
            self._told = temperature
            self._witness.temperature(temperature, models, self._bench.clock.now)
