"""What a source meter that sources a voltage regulates, and when its current limit has taken over."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tsbench.simulated_backends.circuit.engine import FloatArray

NEAR = 0.9  #: of the limit: below, the current loop has not taken over
FOLLOWED = 0.99  #: of the set-point: from here on the output has come back to it
SMALLEST = 0.2e-3  #: [V] below the set-point that is no difference


@dataclass(frozen=True)
class Regulation:
    """Set-point and limit of a source meter."""

    node: str  #: of its output
    level: float  #: [V] set-point
    limit: float  #: [A] compliance current

    def limiting(self, voltage: FloatArray, current: FloatArray, before: bool) -> npt.NDArray[np.bool_]:
        """Return at which samples the current limit, and not the set-point, sets the voltage, shape (n,).

        From where the current comes near to the limit until the output is back at its set-point: the loop needs time
        for that, in which the current is already below the limit and the voltage still what the limit left.

        Parameters
        ----------
        voltage : [V] of the node, shape (n,)
        current : [A] through the device, shape (n,)
        before : whether the limit set the voltage just before the first sample
        """
        short = voltage * np.sign(self.level) < FOLLOWED * abs(self.level) - SMALLEST
        known = np.where(np.abs(current) >= NEAR * self.limit, 1, np.where(short, -1, 0))   # -1: as the sample before
        known[0] = int(before) if known[0] < 0 else known[0]
        last = np.maximum.accumulate(np.where(known >= 0, np.arange(known.size), 0))
        return np.asarray(known[last] == 1)
