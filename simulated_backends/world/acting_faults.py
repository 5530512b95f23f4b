"""What a fault of the bench itself does: to the clock, to an instrument, to the connected device."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tsbench.errors import ConfigurationError, nearest
from tsbench.simulated_backends.devices.resistor.equations import Resistor
from tsbench.simulated_backends.services.services import WorldClock
from tsbench.simulated_backends.virtual_instruments.instrument import VirtualInstrument
from tsbench.simulated_backends.world.faults import Fault
from tsbench.simulated_backends.world.positioner import OPEN, SimulatedPositioner

SHORT = 1.0  #: [Ohm]


@dataclass(frozen=True)
class BenchFaults:
    """What faults of the bench itself act on.

    Parameters
    ----------
    instruments : mapping of str to VirtualInstrument
    positioner : SimulatedPositioner
    clock : WorldClock
    lose_sessions : callable
        Loses all connections to the instrument of that name (None: to everything).
    """

    instruments: Mapping[str, VirtualInstrument]
    positioner: SimulatedPositioner
    clock: WorldClock
    lose_sessions: Callable[[str | None], None]

    def check(self, faults: Iterable[Fault], path: Path, has_device: bool) -> None:
        """Raise ConfigurationError (with ``path``, the world file) if a fault cannot happen on this bench."""
        for number, fault in enumerate(faults):
            where = f"{path}: faults.{number} ({fault.kind})"
            if fault.instrument is not None and fault.instrument not in self.instruments:
                raise ConfigurationError(
                    f"{where}: there is no instrument '{fault.instrument}'{nearest(fault.instrument, self.instruments)}"
                )
            if fault.kind.startswith(("device", "contact")) and not has_device:
                raise ConfigurationError(f"{where}: this bench has no device, so the fault cannot happen")
            if fault.kind == "trigger_missed" and not self.instruments[fault.instrument or ""].has_trigger:
                raise ConfigurationError(f"{where}: {fault.instrument} has no trigger, so the fault cannot happen")

    def act(self, fault: Fault) -> None:
        """Let ``fault`` happen, now."""
        if fault.kind == "clock_jump":
            self.clock.jumped += fault.seconds or 0.0
        elif fault.kind == "trigger_missed":
            self.instruments[fault.instrument or ""].triggers_to_miss += 1
        elif fault.kind == "power_cycle":
            assert fault.instrument is not None
            self.instruments[fault.instrument].power_cycle()
            if not fault.silent:
                self.lose_sessions(fault.instrument)
        elif fault.kind == "contact_lost":
            self.positioner.lose_contact(Resistor(OPEN), fault.seconds)
        elif fault.kind == "device_open":
            self.positioner.spoil(Resistor(OPEN))
        elif fault.kind == "device_short":
            self.positioner.spoil(Resistor(fault.resistance or SHORT))
        elif fault.kind == "device_stuck_on":
            self.positioner.spoil(Resistor(fault.resistance or self.positioner.on_resistance()))
