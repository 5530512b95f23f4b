"""Noise of a node that instruments see and the circuit does not feel: that of an amplifier before a scope."""

import math
from dataclasses import dataclass


@dataclass
class NodeNoise:
    """White noise behind a low pass and an output resistance."""

    open_rms: float  #: [V] without a load
    bandwidth: float  #: [Hz]
    resistance: float  #: [Ohm] of the output
    load: float = math.inf  #: [Ohm] of the input that is connected, as that input tells it

    @property
    def rms(self) -> float:
        """Return the noise at the load [V]."""
        return self.open_rms if math.isinf(self.load) else self.open_rms * self.load / (self.load + self.resistance)
