"""The preamble of an InfiniiVision waveform: what turns codes into volts and seconds."""

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Preamble:
    """What turns codes into volts and seconds (``:WAVeform:PREamble?``)."""

    points: int
    x_increment: float
    x_origin: float
    x_reference: float
    y_increment: float
    y_origin: float
    y_reference: float

    @classmethod
    def parse(cls, values: Sequence[float]) -> "Preamble":
        """Build from the ten numbers of the reply (format, type and count are not needed)."""
        if (len(values) != 10 or not all(map(math.isfinite, values)) or values[4] <= 0 or values[7] <= 0
                or values[2] != int(values[2])):
            raise ValueError("not a preamble")  # the caller names the reply
        return cls(int(values[2]), *values[4:])

    def volts_per_code(self) -> float:
        """Return the scale: [V] per code."""
        return self.y_increment

    def volts_at_zero(self) -> float:
        """Return the voltage [V] of code 0."""
        return self.y_origin - self.y_reference * self.y_increment

    def first_sample(self) -> float:
        """Return the time [s] of sample 0 after the trigger."""
        return self.x_origin - self.x_reference * self.x_increment
