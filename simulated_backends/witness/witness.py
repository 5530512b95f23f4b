"""The witness: records the true voltages and currents of a simulated bench, independently of the instruments.

``witness_file`` has the kinds of records.
"""

import os
import time as wall_clock
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tsbench.simulated_backends.circuit.engine import Gap, Segment
from tsbench.simulated_backends.devices.model import DeviceModel
from tsbench.simulated_backends.devices.switching_levels import static_folds
from tsbench.simulated_backends.witness.place import Regulations, WitnessedPlace, left_out
from tsbench.simulated_backends.witness.witness_file import WitnessFile


class Witness:
    """Observer of the circuit and of the outputs.

    Parameters
    ----------
    path : Path or None
        File to append to; None: nothing is written.
    places : mapping
        Name of each device element -> its two nodes. With several, the witness also writes what each place is exposed
        to between two changes of relays.
    """

    def __init__(self, path: Path | None, places: Mapping[str, tuple[str, str]]) -> None:
        self._file = WitnessFile(path)
        self._outputs: dict[str, bool] = {}
        regulations = Regulations()
        #: notes that a source meter limits its current from a time [s] on as a regulation says (None: no limit)
        self.compliance = regulations.note
        self._untouched: dict[str, DeviceModel] = {}  #: the devices that were not connected yet
        self.places = {
            element: WitnessedPlace(element, nodes, self._file.write, regulations, exposed=len(places) > 1,
                                    tells_gaps=number == 0)
            for number, (element, nodes) in enumerate(places.items())}
        regulations.places += self.places.values()

    # ----------------------------------------------------------------------------------------- facts

    def start(
        self, world: str, seed: int, devices: Mapping[str, DeviceModel], instruments: Mapping[str, str]
    ) -> None:
        """Record what this bench is: world file, seed, models of the devices and of the instruments by name."""
        self._file.write(
            {
                "kind": "start",
                "t": 0.0,
                "world": world,
                "seed": seed,
                "process": os.getpid(),
                "wall": datetime.now(UTC).isoformat(),
                "instruments": dict(instruments),
                "devices": {name: {"mechanism": model.mechanism} for name, model in devices.items()},
            }
        )
        self._untouched = dict(devices)

    def connected(self, place: str, device: str, model: DeviceModel, time: float) -> None:
        """Note that another device is in a place; the circuit is integrated up to ``time`` [s]."""
        if place in self.places:
            self.places[place].connected(device, model, time)
        where = {"place": place} if len(self.places) > 1 else {}
        fresh = self._untouched.pop(device, None)   # the folds of a thousand devices at once would take half a minute
        self._file.write({"kind": "device", "t": time, "device": device, **where, **(_folds(fresh) if fresh else {})})

    def now(self, place: str, model: DeviceModel) -> None:
        """Note that the device in a place has other parameters from now on."""
        self.places[place].now(model)

    def changed(self, place: str, device: str, model: DeviceModel, state: str, cycles: int, time: float) -> None:
        """Note that the device in a place was formed, has worn out, stays on or works again, after ``cycles``."""
        self.places[place].changed(device, model, time)
        self._file.write({"kind": "changed", "t": time, "device": device, "state": state, "cycles": cycles})

    def output(self, instrument: str, channel: str, enabled: bool, time: float) -> None:
        """Record that an output relay was set at ``time`` [s]; ``channel`` is "" for an instrument with one output."""
        self._outputs[f"{instrument}.{channel}" if channel else instrument] = enabled
        for place in self.places.values():
            place.tell_maxima(time)
        self._file.write(
            {"kind": "output", "t": time, "instrument": instrument, "channel": channel, "on": enabled,
             "wall": round(wall_clock.time(), 6)}
        )

    def outputs_on(self) -> list[str]:
        """Return the outputs whose relay is closed."""
        return [name for name, enabled in self._outputs.items() if enabled]

    def relays(self, instrument: str, closed: Sequence[str], time: float) -> None:
        """Record which relays of a switching instrument are closed from ``time`` [s] on."""
        for place in self.places.values():
            place.tell_exposure(time)
        self._file.write({"kind": "relays", "t": time, "instrument": instrument, "closed": list(closed)})

    def moved(self, instrument: str, what: str, time: float) -> None:
        """Record that a relay, a chuck or a probe moves. It must not while an output is on: that is a fault."""
        if outputs := self.outputs_on():
            self._file.write({"kind": "hot", "t": time, "instrument": instrument, "what": what, "outputs": outputs})

    def acquired(self, instrument: str, start: float, end: float, trigger: float, records: int) -> None:
        """Record that an oscilloscope has taken ``records`` segments from ``start`` to ``end`` [s]."""
        self._file.write({"kind": "acquired", "t": start, "until": end, "trigger": trigger, "instrument": instrument,
                          "records": records})

    def temperature(self, temperature: float, models: Mapping[str, DeviceModel], time: float) -> None:
        """Record the temperature [K] of the chuck; ``models`` are the devices in their places as they are there."""
        for place, model in models.items():
            self.places[place].warmed(model)
        self._file.write({"kind": "temperature", "t": time, "temperature": temperature})

    def fault(self, facts: Mapping[str, Any], time: float) -> None:
        """Record that a planned fault has happened."""
        self._file.write({"kind": "fault", "t": time, **facts})

    def end(self, time: float) -> None:
        """Record that the bench is switched off, and close the file."""
        for place in self.places.values():
            place.catch_up()
            place.finish()
            place.tell_maxima(time)
            place.tell_exposure(time)
        self._file.write({"kind": "end", "t": time, "outputs": self._outputs})
        self._file.close()

    # --------------------------------------------------------------------------------------- observer

    def observers(self) -> "Sequence[WitnessedPlace | Witness]":
        """Return who must see every segment of the circuit's course: the places, or the witness where there is none."""
        return list(self.places.values()) or [self]

    def observe(self, segment: Segment) -> None:
        """Take one segment of the circuit's course, for all places."""
        for place in self.places.values():
            place.observe(segment)
        if not self.places and isinstance(segment, Gap):
            self._file.write(left_out(segment))


def _folds(model: DeviceModel) -> dict[str, Any]:
    """Return the folds of the static curve of a device, as it is before its first cycle."""
    facts: dict[str, Any] = {}
    points = static_folds(model)
    for name, fold in (("threshold", points.threshold), ("hold", points.hold)):
        if fold is not None:
            facts[name] = {"voltage": fold.voltage, "current": fold.current}
    return facts
