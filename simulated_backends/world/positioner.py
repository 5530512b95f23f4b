"""Which device is connected: the simulated twin of an operator who moves the probes."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from tsbench.errors import ConfigurationError, nearest
from tsbench.netlist import parse_netlist
from tsbench.simulated_backends.circuit.build import build_circuit
from tsbench.simulated_backends.devices.model import DeviceModel
from tsbench.simulated_backends.devices.resistor.equations import Resistor
from tsbench.simulated_backends.life.history import STUCK, DeviceHistory, stuck_resistance
from tsbench.simulated_backends.numerics.seeds import seed_of
from tsbench.simulated_backends.services.services import BenchServices

OPEN = 1e10  #: [Ohm] where no device is connected: leakage of the fixture


@dataclass(frozen=True)
class SimulatedDevice:
    """One device of the world: the catalogue's name of it, and the specimen with its own parameters."""

    name: str
    catalogue_name: str
    model: DeviceModel
    history: DeviceHistory | None = None  #: what its cycles and fluctuations have made of it; None: neither changes it
    on_chuck: bool = True  #: whether it has the temperature of the chuck, and not one of its own

    @property
    def now(self) -> DeviceModel:
        """Return what the device is now."""
        return self.model if self.history is None else self.history.model

    def at_temperature(self, temperature: float) -> "SimulatedDevice":
        """Return the device on a chuck of this temperature [K]; its history changes with it."""
        if not self.on_chuck:
            return self
        if self.history is not None:
            self.history.set_temperature(temperature)
        return replace(self, model=self.model.at_temperature(temperature))


class SimulatedPositioner:
    """Moves the devices of the world in and out of the place ``place`` of the circuit.

    Each device keeps its internal states while it is away, and they relax: what comes back has rested,
    without current, for the time it was away. Satisfies the bench's ``Positioner`` capability by structure.
    """

    def __init__(
        self,
        bench: BenchServices,
        place: str | None,
        devices: Mapping[str, SimulatedDevice],
        travel_time: float,
        on_connect: Callable[[str, DeviceModel, float], None],
        lost_contacts: float = 0.0,
        seed: int = 0,
    ) -> None:
        self._bench = bench
        self._place = place
        self._devices = dict(devices)
        self._travel_time = travel_time
        self._on_connect = on_connect
        self._lost_contacts, self._seed = lost_contacts, seed
        self._meetings: Counter[str] = Counter()  #: how often the probes have come down on each device
        self.temperature: float | None = None  #: [K] of the chuck, once it has changed
        self._connected: str | None = None
        self._lost: str | None = None  #: the device to which the contact is lost
        self._left: dict[str, tuple[float, Mapping[str, float]]] = {}  #: name -> (when it left, its states)

    def devices(self) -> Sequence[str]:
        """Return the names of the devices that are there."""
        return list(self._devices)

    def connected(self) -> str | None:
        """Return the name of the connected device."""
        return self._connected

    def connect(self, device: str, again: bool = False) -> None:
        """Connect ``device``; ConfigurationError if it is not there. ``again``: the probes also leave it and return."""
        with self._bench.lock:
            if device not in self._devices:
                raise ConfigurationError(
                    f"device '{device}' is not on this bench{nearest(device, self._devices)}"
                )
            if device == self._connected and not again:
                return
            self._bench.sync()
            if self._connected is not None:
                if self._lost is None:
                    self._lift(Resistor(OPEN))   # the probes are in the air while they travel
                    self._lost = self._connected
                self._bench.clock.wait(self._travel_time)
            self.meet(device)

    def lift(self) -> None:
        """Lift the probes, now: nothing is connected until a device is placed."""
        if self._connected is None:
            if self._place is not None:
                self._bench.circuit.set_device(self._place, Resistor(OPEN), {}, None)
            return
        if self._lost is None:
            self._lift(Resistor(OPEN))
        self._lost = self._connected = None

    def _lift(self, nothing: DeviceModel) -> None:
        """Take the connected device out of the circuit, its states as they are, and leave ``nothing`` there."""
        if self._connected is None or self._place is None:
            return
        now = self._bench.clock.now
        self._left[self._connected] = (now, dict(self._bench.circuit.device_state(self._place)))
        self._bench.circuit.set_device(self._place, nothing, {}, None)
        self._bench.changed()
        self._on_connect(self._connected, nothing, now)

    def place(self, device: str) -> None:
        """Put ``device`` into the circuit now (also used for the first one, without travel)."""
        chosen = self._devices[device]
        if self.temperature is not None:
            chosen = self._devices[device] = chosen.at_temperature(self.temperature)
        if self._place is not None:
            now = self._bench.clock.now
            state: Mapping[str, float] | None = None
            if device in self._left:
                since, kept = self._left.pop(device)
                state = rested(chosen.now, kept, now - since)
            self._bench.circuit.set_device(self._place, chosen.model, {}, state, chosen.history)
            self._bench.changed()
        self._lost = None
        self._connected = device
        self._on_connect(device, chosen.now, self._bench.clock.now)

    def meet(self, device: str) -> None:
        """Bring the probes down on ``device`` now; a share of the times, they find no contact."""
        self.place(device)
        self._meetings[device] += 1
        drawn = np.random.default_rng(seed_of(self._seed, "contact", device, self._meetings[device])).random()
        if drawn < self._lost_contacts:
            self.lose_contact(Resistor(OPEN), None)

    # ----------------------------------------------------------------------------------------- faults

    def spoil(self, model: DeviceModel) -> None:
        """Turn the connected device into ``model``, for good."""
        if self._connected is None:
            return
        name = self._connected
        self._devices[name] = replace(self._devices[name], model=model, history=None)
        self._left.pop(name, None)
        self.place(name)

    def on_resistance(self) -> float:
        """Return voltage over current at the hold point of the connected device [Ohm]."""
        return stuck_resistance(self._devices[self._connected].model) if self._connected else STUCK

    def lose_contact(self, nothing: DeviceModel, seconds: float | None) -> None:
        """Leave ``nothing`` in the place; for ``seconds``, or until a device is placed again."""
        if self._connected is None or self._place is None or self._lost is not None:
            return
        name = self._connected
        self._lift(nothing)
        self._lost = name
        if seconds is not None:
            self._bench.clock.schedule_in(seconds, lambda: self._find_contact(name))

    def _find_contact(self, name: str) -> None:
        if self._lost == name:
            self.place(name)


def rested(model: DeviceModel, state: Mapping[str, float], seconds: float) -> Mapping[str, float]:
    """Return what becomes of a device's states after ``seconds`` on an open circuit."""
    if not state or seconds <= 0:
        return state
    alone = build_circuit(parse_netlist("X1 a 0 device\nR1 a 0 1g"), {"X1": model})
    alone.set_device("X1", model, {}, state)
    alone.advance(seconds)
    return alone.device_state("X1")
