"""What a source meter that sources a voltage regulates, and when its current limit has taken over."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tsbench.records import FloatArray

NEAR = 0.9  #: of the limit: below, the current loop has not taken over
FOLLOWED = 0.99  #: of the set-point: from here on the output has come back to it
SMALLEST = 0.2e-3  #: [V] below the set-point that is no difference


@dataclass(frozen=True)
class Regulation:
    """Set-point and limit of a source meter."""

    node: str  #: of its output
    level: float  #: [V] set-point
    limit: float  #: [A] compliance current

    def limiting(
        self, voltage: FloatArray, current: FloatArray, near: bool,
    ) -> tuple[npt.NDArray[np.bool_], bool]:
        """Return at which samples the current limit, and not the set-point, sets the voltage, and the next ``near``.

        There the output stands below its set-point since the current was near to the limit. The loop needs time to let
        go: meanwhile the current is below the limit and the voltage still what the limit left.

        Parameters
        ----------
        voltage : [V] of the node, shape (n,)
        current : [A] through the device, shape (n,)
        near : whether the current was near to the limit when the output last stood at its set-point, or since
        """
        short = voltage * np.sign(self.level) < FOLLOWED * abs(self.level) - SMALLEST
        state = np.where(np.abs(current) >= NEAR * self.limit, 1, np.where(short, -1, 0))   # -1: as the sample before
        state[0] = int(near) if state[0] < 0 else state[0]
        last = np.maximum.accumulate(np.where(state >= 0, np.arange(state.size), 0))
        known = state[last] == 1
        return np.asarray(short & known), bool(known[-1])
