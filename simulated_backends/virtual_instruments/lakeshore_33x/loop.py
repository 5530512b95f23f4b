"""One control loop of a Lake Shore controller: set-point with its ramp, PID law, heater range.

The law is that of the user's manual of the 336, section 2.7: output [%] = P (e + I / 1000 * integral of e dt + D
de/dt) with e in K, where 100 % of D are a quarter of the integral's time 1000 s / I. The integral stops where the
output is at an end of its range.

In the mode "zone", the loop takes gains, manual output, heater range, input and rate from the zone of its set-point,
each time that the set-point, also one on a ramp, comes into another zone. A heater that is off stays off. A set-point
above all zones changes nothing (not compared with an instrument).
"""

from dataclasses import dataclass, field

from tsbench.simulated_backends.services.heated_body import STEP
from tsbench.simulated_backends.virtual_instruments.lakeshore_33x.data_sheet import DEFAULT_GAINS, RANGES
from tsbench.simulated_backends.virtual_instruments.lakeshore_33x.zones import ZONES, Zone, zone_of

OFF, CLOSED, ZONE, OPEN_LOOP, MONITOR, WARM_UP = range(6)


@dataclass
class Loop:
    """Settings and state of one output.

    Parameters
    ----------
    full_power : [W] of the heater range "high"
    """

    full_power: float
    mode: int = CLOSED
    input: int = 0  #: 0: none, 1: A, 2: B, ...
    power_up: int = 0
    range: int = 0
    gains: tuple[float, float, float] = DEFAULT_GAINS
    target: float = 0.0  #: [K]
    ramping: bool = False  #: whether a new set-point is approached at a rate
    rate: float = 0.0  #: [K/min]; 0: at once
    manual: float = 0.0  #: [%]
    heater: tuple[int, int, float, int] = (1, 0, 2.0, 1)  #: resistance code, current code, user current [A], display
    kind: int = 0  #: type of the output: 0 current, 1 voltage (output 2 of the 335)
    output: float = 0.0  #: [%]
    zones: list[Zone] = field(default_factory=lambda: [Zone()] * ZONES)  #: *RST leaves them
    _zone: Zone | None = None  #: that the settings were taken from
    _from: tuple[float, float] = (0.0, 0.0)  #: set-point [K] and time [s] where the ramp began
    _integral: float = 0.0
    _error: float | None = field(default=None)

    def set_point(self, time: float) -> float:
        """Return the set-point [K] at ``time`` [s]: on a ramp, where it has got to."""
        begin, since = self._from
        if not self.ramping or self.rate <= 0:
            return self.target
        way = self.rate / 60.0 * max(time - since, 0.0)
        if abs(self.target - begin) <= way:
            return self.target
        return begin + way if self.target > begin else begin - way

    def on_ramp(self, time: float) -> bool:
        """Return whether the set-point is still moving."""
        return self.set_point(time) != self.target

    def aim(self, target: float, time: float) -> None:
        """Take a new set-point [K]."""
        self._from = (self.set_point(time), time)
        self.target = target

    def begin_ramp(self, ramping: bool, rate: float, time: float) -> None:
        """Approach set-points at ``rate`` [K/min] from now on; 0 or not ``ramping``: at once."""
        self._from = (self.set_point(time), time)
        self.ramping, self.rate = ramping, rate

    def begin_at(self, temperature: float, time: float) -> None:
        """Begin the ramp at the temperature of the sensor [K], as when the heater is switched on."""
        self._from = (temperature, time)
        self._integral, self._error = 0.0, None

    def follow_zone(self, time: float) -> None:
        """Take the settings of the zone that the set-point has come into, in the mode "zone"."""
        if self.mode != ZONE or not self.range:
            self._zone = None
            return
        zone = zone_of(self.zones, self.set_point(time))
        if zone is None or zone == self._zone:
            return
        self._zone = zone
        self.gains, self.manual, self.range = zone.gains, zone.manual, zone.range
        self.input = zone.input or self.input
        self.begin_ramp(self.ramping, zone.rate, time)

    def power(self, time: float, temperature: float | None) -> float:
        """Return the heater power [W] of the next step; ``temperature`` [K] of the input, None: no valid reading."""
        self.output = self._percent(time, temperature) if self.range else 0.0
        return self.full_power * RANGES[self.range] * self.output / 100.0

    def _percent(self, time: float, temperature: float | None) -> float:
        if self.mode == OPEN_LOOP:
            return self.manual
        if self.mode not in (CLOSED, ZONE) or temperature is None:
            return 0.0
        p, i, d = self.gains
        error = self.set_point(time) - temperature
        slope = 0.0 if self._error is None else (error - self._error) / STEP
        self._error = error
        integral = self._integral + i / 1000.0 * error * STEP
        derivative = d / 100.0 * 250.0 / i * slope if i else 0.0
        wanted = p * (error + integral + derivative) + self.manual
        if 0.0 < wanted < 100.0:
            self._integral = integral
        return min(max(wanted, 0.0), 100.0)
