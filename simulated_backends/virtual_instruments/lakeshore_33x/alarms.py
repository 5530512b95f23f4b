"""Alarms and relays of a Lake Shore controller, and the lowest and highest reading of an input.

Both follow the readings (user's manuals of the 335 and 336, "Alarms and relays"). What a dead band does is in the
example of ALARM in the user's manual of the 218, p. 6-20; what a relay does, in that of the 331, p. 6-37. Not compared
with a manual of these two models: the values of an alarm are in the preferred unit of the input, and the defaults.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

RELAY_OFF, RELAY_ON, RELAY_BY_ALARM = range(3)  #: modes of a relay
LOW, HIGH, BOTH = range(3)  #: alarms that close a relay


@dataclass
class Alarm:
    """The alarm of one input.

    Parameters
    ----------
    on : whether the readings are compared
    high, low : [preferred unit] beyond which the alarm is active
    deadband : [preferred unit] by which the reading must come back, until an alarm without latch ends
    latch : whether an alarm stays active until ALMRST
    audible, visible : what the front panel does
    is_high, is_low : the state
    """

    on: bool = False
    high: float = 1000.0
    low: float = 0.0
    deadband: float = 1.0
    latch: bool = False
    audible: bool = True
    visible: bool = True
    is_high: bool = False
    is_low: bool = False

    def follow(self, reading: float) -> None:
        """Compare a reading [preferred unit]."""
        stays_high = self.latch or reading > self.high - self.deadband
        stays_low = self.latch or reading < self.low + self.deadband
        self.is_high = reading > self.high or (self.is_high and stays_high)
        self.is_low = reading < self.low or (self.is_low and stays_low)

    def reset(self) -> None:
        """End the alarm; the next reading may set it again."""
        self.is_high = self.is_low = False


@dataclass
class Relay:
    """One relay.

    Parameters
    ----------
    mode : 0: open, 1: closed, 2: closed while the alarm of an input is active
    letter : of this input
    kind : of the alarm: 0 low, 1 high, 2 both
    """

    mode: int = RELAY_OFF
    letter: str = "A"
    kind: int = LOW

    def closed(self, alarms: Mapping[str, Alarm]) -> bool:
        """Return whether the relay is closed; ``alarms`` by the letter of their input."""
        alarm = alarms[self.letter]
        active = (self.kind != HIGH and alarm.is_low) or (self.kind != LOW and alarm.is_high)
        return self.mode == RELAY_ON or (self.mode == RELAY_BY_ALARM and active)


@dataclass
class Extremes:
    """The lowest and the highest reading [K] since the last reset; infinite: there was no reading."""

    lowest: float = math.inf
    highest: float = -math.inf

    def follow(self, kelvins: float) -> None:
        """Take a reading [K]."""
        self.lowest, self.highest = min(self.lowest, kelvins), max(self.highest, kelvins)
