"""Taking a map: set what surrounds the device with all outputs off, then record its biases, again and again."""

from collections.abc import Iterator

from tsbench.errors import ConfigurationError
from tsbench.instruments import Station
from tsbench.protocols.oscillation.acquisition import OscillationAcquisition
from tsbench.protocols.oscillation_map.parameters import MapParameters, MapSetting
from tsbench.quantities import format_quantity
from tsbench.records import Recorder, Step


class MapAcquisition(OscillationAcquisition):
    """One oscillation map in progress."""

    def __init__(self, settings: MapParameters, station: Station, recorder: Recorder) -> None:
        super().__init__(settings, station, recorder)
        self._map = settings
        self._temperature: float | None = None  #: [K] that was set last

    def run(self) -> Iterator[Step]:
        """Record the biases of each set of surroundings; fixture values end as they were."""
        control, done, total = self._station.fixture_control, 0, self._map.total
        before = {} if control is None else {quantity: control.value(quantity) for quantity in control.quantities()}
        for place in self._map.surroundings():
            yield from self._set(place, done, total)
            yield from self.sweep_biases(done, total)
            done += len(self._map.biases())
        changed = [name for name, values in (("load_resistance", self._map.load),
                                             ("parallel_capacitance", self._map.capacitance)) if values]
        for quantity in changed:
            if control is not None and (value := before.get(quantity)):
                control.set_value(quantity, value)
        self._say("log", "bias at 0 V, output off")
        yield Step(done, total, "output off", idle=True)

    def row(self, number: int, time: float, bias: float, span: float) -> tuple[float, ...]:
        """Return the row of the point table of one ``bias`` [V], with what surrounds the device (0: not set)."""
        around = (self._conditions.get(name, 0.0) for name in (
            "temperature", "load_resistance", "parallel_capacitance"))
        return (float(number), time, bias, span, *around)

    def _set(self, place: MapSetting, done: int, total: int) -> Iterator[Step]:
        """Set what surrounds the device, all outputs being off, and remember the values that were accepted."""
        chuck, control = self._station.temperature, self._station.fixture_control
        if place.temperature is not None and place.temperature != self._temperature:
            if chuck is None:
                raise ConfigurationError("the bench has no temperature controller. Add [temperature] to the bench file")
            looks = []
            for now in chuck.approach(place.temperature):
                looks.append(now)
                yield Step(done, total, f"chuck at {format_quantity(now, 'K')}", idle=True)
            self._temperature = place.temperature
            self._conditions["temperature"] = place.temperature
            self._say("log", f"chuck at {format_quantity(looks[-1] if looks else place.temperature, 'K')}, stable")
        for quantity, value in place.fixture_values().items():
            if control is None:
                raise ConfigurationError(
                    f"nothing can set {quantity}. Add [fixture.control.{quantity}] to the bench file")
            found = control.set_value(quantity, value)
            self._conditions[quantity] = found
            unit = "Ohm" if quantity == "load_resistance" else "F"
            self._say("log", f"{quantity.replace('_', ' ')} {format_quantity(found, unit)}")
        yield Step(done, total, "surroundings set", idle=True)
