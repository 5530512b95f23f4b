"""Single pulses: each with a record of its own."""

from typing import TYPE_CHECKING

from tsbench.instruments import Pulse
from tsbench.protocols.pulses.parameters import PulseParameters

#: [s] more than the settling of any scope before its trigger
_LEAST_LEAD = 50e-9


class SinglePulses(PulseParameters):
    """Base of the parameters of single pulses, with a record of each."""

    if TYPE_CHECKING:
        resolution: int

    @property
    def lead(self) -> float:
        """Time before the trigger in each record [s]."""
        return max(0.2 * self.width, 5 * self.rise_time, _LEAST_LEAD)

    @property
    def span(self) -> float:
        """Length of each record [s]."""
        return 2 * self.lead + 1.3 * self.width + 2 * self.fall_time

    @property
    def samples(self) -> int:
        """Samples of each record."""
        return max(round(self.resolution * self.span / self.width), 1000)

    def pulse(self, amplitude: float) -> Pulse:
        """Return the generator's pulse of one ``amplitude`` [V]."""
        period = self.width + 1.5 * (self.rise_time + self.fall_time)  # of a single pulse
        return Pulse(self.base, amplitude, self.width, period, self.rise_time, self.fall_time)
