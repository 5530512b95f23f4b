"""A source meter that is stepped level by level: one reading at each, with the voltage at the device."""

from dataclasses import dataclass

from tsbench.instruments import Reading, Station


@dataclass(frozen=True)
class SteppedReading:
    """A reading at a level, and what it means at the device."""

    level: float  #: [V or A] set-point
    time: float  #: [s] on the bench's clock
    reading: Reading
    device_voltage: float  #: [V] without the drop along the path, and without what scope inputs take


class SteppedMeter:
    """Takes readings one by one from the source meter of a role.

    Parameters
    ----------
    station : Station
    dwell : [s] at a level before its reading
    role : of the source meter
    """

    def __init__(self, station: Station, dwell: float, role: str = "drive") -> None:
        self.meter = station.source_meter(role)
        self._clock, self._dwell = station.clock, dwell
        self._fixture, self._role = station.fixture, role

    def read(self, level: float, dwell: float | None = None) -> SteppedReading:
        """Set a level [V or A], wait for ``dwell`` [s] (None: the usual) and return the reading there."""
        self.meter.set_level(level)
        self._clock.wait(self._dwell if dwell is None else dwell)
        reading = self.meter.measure()
        return SteppedReading(level, self._clock.now(), reading, self._fixture.device_voltage(
            self._role, reading.voltage, reading.current))
