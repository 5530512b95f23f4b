"""Finding when a current was above a source meter's compliance, for how long, and by how much."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from tsbench.records import FloatArray

Emit = Callable[[dict[str, Any]], None]


class OvershootDetector:
    """Follows a current against a limit [A]; ``emit`` gets one record for each time it was above.

    :attr:`MARGIN` is the factor on the limit from which on a current counts as above it.
    """

    MARGIN = 1.02

    def __init__(self, emit: Emit) -> None:
        self.emit = emit
        self.limit: float | None = None
        self.source = ""
        self.since: float | None = None   #: [s] from which on the current is above the limit; None: it is not now
        self._peak = 0.0
        self._charge = 0.0
        self.bound = math.inf   #: [A] from which on a current counts as above the limit

    def set_limit(self, source: str, limit: float | None, time: float) -> None:
        """Change the limit; an overshoot that is going on ends with it."""
        self._close(time)
        self.limit, self.source = limit, source
        self.bound = math.inf if limit is None else limit * self.MARGIN

    def shift(self, seconds: float, copies: int = 0, charge: float = 0.0) -> None:
        """Move what is remembered by ``seconds``.

        An overshoot that goes on through ``copies`` of a period goes on for so long, and each adds ``charge`` [C].
        """
        if self.since is not None and copies:
            self._charge += copies * charge
        elif self.since is not None:
            self.since += seconds

    @property
    def sums(self) -> tuple[float]:
        """Return the charge [C] above the limit, so far."""
        return (self._charge,)

    def see(self, t: FloatArray, i: FloatArray) -> None:
        """Take samples."""
        size = np.abs(i)
        if self.limit is None or (self.since is None and size.max() <= self.bound):
            return
        above = size > self.bound
        edges = np.flatnonzero(np.diff(above.astype(np.int8))) + 1
        for part in np.split(np.arange(t.size), edges):
            first = int(part[0])
            if above[first]:
                if self.since is None:
                    self.since = float(t[first])
                    self._peak = self._charge = 0.0
                self._peak = max(self._peak, float(size[part].max()))
                excess = size[part] - self.limit
                self._charge += float(np.diff(t[part]) @ (0.5 * (excess[1:] + excess[:-1])))
            else:
                self._close(float(t[first]))

    def _close(self, time: float) -> None:
        if self.since is None:
            return
        self.emit(
            {
                "kind": "overshoot",
                "t": self.since,
                "duration": time - self.since,
                "peak": self._peak,
                "charge": self._charge,
                "limit": self.limit,
                "source": self.source,
            }
        )
        self.since = None
