"""A body with one temperature, heated by a controller and cooled by its surroundings: the chuck under the devices.

The body follows exactly ``C dT/dt = P - (T - T_surroundings) / R`` between two updates of the heater power P. It is
computed when somebody asks, and once a second while its temperature moves, so that the devices follow.
"""

import math
from collections.abc import Callable

from tsbench.simulated_backends.services.clock import BenchClock, ScheduledEvent

STEP = 0.1  #: [s] between two updates of the heater power
LOOK = 1.0  #: [s] between two looks at a body that moves
SMALLEST_CHANGE = 0.02  #: [K] that the devices do not follow
STILL = 1e-4  #: [K] in one look: the body rests
LOOKS_AT_REST = 10  #: after which nobody looks until something is set


class HeatedBody:
    """One heated body.

    Parameters
    ----------
    clock : BenchClock
    temperature : float
        At time 0, and of the surroundings [K].
    thermal_resistance : float
        Between body and surroundings [K/W].
    time_constant : float
        Of the body's temperature at constant power [s].
    heater, sensor : str
        Terminals of the controller that are connected, as "lakeshore.1" and "lakeshore.A"; "": none.
    """

    def __init__(
        self, clock: BenchClock, temperature: float, thermal_resistance: float, time_constant: float,
        heater: str = "", sensor: str = "",
    ) -> None:
        self._clock = clock
        self._temperature = self._surroundings = temperature
        self._resistance, self._time_constant = thermal_resistance, time_constant
        self.heater, self.sensor = heater, sensor
        #: returns the heater power [W] from a time [s] and the temperature there [K]
        self.power: Callable[[float, float], float] = lambda time, temperature: 0.0
        #: is called with the temperature [K] when the devices follow it
        self.on_change: Callable[[float], None] = lambda temperature: None
        #: are called with a time [s] and the temperature there [K], every step
        self.watchers: list[Callable[[float, float], None]] = []
        self._time = 0.0
        self._followed = temperature
        self._looked = temperature
        self._rests = 0
        self._event: ScheduledEvent | None = None

    @property
    def temperature(self) -> float:
        """Return the temperature now [K]."""
        self._advance()
        return self._temperature

    def _advance(self) -> None:
        decay = math.exp(-STEP / self._time_constant)
        while self._time + STEP <= self._clock.now + 1e-9:
            final = self._surroundings + self._resistance * self.power(self._time, self._temperature)
            self._temperature = final + (self._temperature - final) * decay
            self._time += STEP
            for watch in self.watchers:
                watch(self._time, self._temperature)

    def stirred(self) -> None:
        """Note that the controller has been set: look at the temperature again from now on."""
        self._advance()
        self._rests = 0
        if self._event is None:
            self._event = self._clock.schedule_in(LOOK, self._look)

    def _look(self) -> None:
        self._advance()
        self._rests = self._rests + 1 if abs(self._temperature - self._looked) < STILL else 0
        self._looked = self._temperature
        rests = self._rests >= LOOKS_AT_REST
        self._event = None if rests else self._clock.schedule_in(LOOK, self._look)
        if abs(self._temperature - self._followed) >= SMALLEST_CHANGE:
            self._followed = self._temperature
            self.on_change(self._temperature)
