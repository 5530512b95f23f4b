"""Accuracy of levels as data sheets of generators print it, and the limits that follow for a level and for a pulse."""

from dataclasses import dataclass

from tsbench.instruments.interfaces import Accuracy


@dataclass(frozen=True)
class StatedLevels:
    """Accuracy of amplitude and offset.

    A data sheet states ± (gain * setting + volts) of the amplitude, and ± (gain * setting + share * amplitude + volts)
    of the offset.
    """

    amplitude_gain: float  #: of the amplitude
    amplitude: float  #: [Vpp]
    offset_gain: float  #: of the offset
    offset_share: float  #: of the amplitude, in the offset
    offset: float  #: [V]

    def constant(self, full_scale: float) -> Accuracy:
        """Return the accuracy of a constant level: it is an offset without an amplitude."""
        return Accuracy(full_scale, self.offset_gain, self.offset)

    def top(self, full_scale: float) -> Accuracy:
        """Return the accuracy of the top of a pulse from 0 V.

        Amplitude A and offset A/2 make the pulse. Its top is at the offset plus half the amplitude. The limits of both
        add up.
        """
        return Accuracy(
            full_scale, self.offset_gain / 2 + self.offset_share + self.amplitude_gain / 2,
            self.offset + self.amplitude / 2)
