"""A bench clock that never goes back, so that no wait lasts longer when the clock below it is set back.

It stands around the clock that a VISA library brings, as that of the simulated bench. Without such a clock, a bench
uses :func:`time.monotonic`, which cannot be set back.
"""

from collections.abc import Callable

from tsbench.instruments.station import Clock

LARGEST_SLIP = 1e-6  #: [s] what rounding may do


class SteadyClock:
    """A :class:`~tsbench.instruments.Clock` over another one; its steps back are taken out and reported.

    A step forward looks like time that has passed: waits then end early, which protocols flag as a
    trigger that was missed or a point that was not settled.
    """

    def __init__(self, clock: Clock, tell: Callable[[str], None]) -> None:
        self._clock = clock
        self._tell = tell
        self._offset = 0.0
        self._last = clock.now()

    def now(self) -> float:
        """Return seconds on the bench's clock."""
        now = self._clock.now() + self._offset
        if now < self._last - LARGEST_SLIP:
            self._tell(
                f"the clock of the bench was set back by {self._last - now:.6g} s. The times of this run continue "
                "from the last value. This clock comes from the VISA library of the bench. Check this library")
            self._offset += self._last - now
            now = self._last
        self._last = max(self._last, now)
        return self._last

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self._clock.wait(seconds)
