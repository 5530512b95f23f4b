"""Trigger events between the parts of one instrument, and steps on the timeline that wait for them."""

from collections.abc import Callable, Generator
from typing import Any

from tsbench.simulated_backends.services.clock import BenchClock, ScheduledEvent
from tsbench.simulated_backends.tsp.errors import TspError
from tsbench.simulated_backends.tsp.tables import whole


class EventBus:
    """The events of one instrument by their numbers; 0 is no event."""

    def __init__(self) -> None:
        self._listeners: dict[int, list[Callable[[], None]]] = {}
        self._depth = 0

    def make(self) -> int:
        """Return the number of a new event."""
        number = len(self._listeners) + 1
        self._listeners[number] = []
        return number

    def fire(self, number: int) -> None:
        """Let an event happen."""
        if self._depth > 50:   # events that cause each other in a circle
            return
        self._depth += 1
        try:
            for listener in list(self._listeners[number]):
                listener()
        finally:
            self._depth -= 1

    def listen(self, number: int, listener: Callable[[], None]) -> None:
        """Call ``listener`` at each event of a number."""
        self._listeners[number].append(listener)

    def forget(self, number: int, listener: Callable[[], None]) -> None:
        """Stop calling ``listener``."""
        if listener in self._listeners.get(number, []):
            self._listeners[number].remove(listener)

    def require(self, value: Any) -> int:
        """Return the number of an event that exists, or 0; errors 1101 and 1102."""
        return whole(value, 0, len(self._listeners))


class EventInput:
    """An input for events: calls ``act`` at each event of the number that is set.

    Parameters
    ----------
    bus : EventBus
    act : is called
    """

    def __init__(self, bus: EventBus, act: Callable[[], None]) -> None:
        self._bus = bus
        self._act = act
        self.number = 0

    def set(self, value: Any) -> None:
        """Listen to another event."""
        number = self._bus.require(value)
        if self.number:
            self._bus.forget(self.number, self._act)
        self.number = number
        if number:
            self._bus.listen(number, self._act)


class EventDetector:
    """An event detector: remembers one event until somebody waits for it; a second one is an overrun.

    Parameters
    ----------
    bus : EventBus
    """

    def __init__(self, bus: EventBus) -> None:
        self.stimulus = EventInput(bus, self.set)
        self.latched = False
        self.overrun = False
        self.waiter: Callable[[], None] | None = None

    def set(self) -> None:
        """An event has come."""
        if self.waiter is not None:
            waiter, self.waiter = self.waiter, None
            waiter()
        elif self.latched:
            self.overrun = True
        else:
            self.latched = True

    def take(self) -> bool:
        """Return whether an event was remembered, and forget it."""
        latched, self.latched = self.latched, False
        return latched

    def clear(self) -> None:
        """Forget event and overrun."""
        self.latched = self.overrun = False

    def reset(self) -> None:
        """Forget, and listen to nothing."""
        self.clear()
        self.stimulus.set(0)


class Flow:
    """Steps on the timeline: each yields seconds, or a :class:`EventDetector` whose event it waits for."""

    def __init__(self, clock: BenchClock, steps: Generator["float | EventDetector", None, None]) -> None:
        self._clock = clock
        self._steps: Generator[float | EventDetector, None, None] | None = steps
        self._event: ScheduledEvent | None = None
        self._waited: EventDetector | None = None
        self._advance()

    def _advance(self) -> None:
        self._waited = None
        while self._steps is not None:
            try:
                wait = next(self._steps)
            except StopIteration:
                self._steps = None
                return
            if isinstance(wait, EventDetector):
                if wait.take():
                    continue
                wait.waiter, self._waited = self._woken, wait
                return
            if wait > 0:
                self._event = self._clock.schedule_in(wait, self._advance)
                return

    def _woken(self) -> None:
        self._event = self._clock.schedule(self._clock.now, self._advance)

    @property
    def running(self) -> bool:
        return self._steps is not None

    def stop(self) -> None:
        """End it where it is (its ``finally`` clauses run)."""
        if self._event is not None:
            self._event.cancel()
        if self._waited is not None:
            self._waited.waiter = None
        if self._steps is not None:
            steps, self._steps = self._steps, None
            steps.close()


def wait_for(detector: EventDetector, seconds: float) -> Generator[float, None, bool]:
    """Wait in a script until an event comes, ``seconds`` at the most; returns whether it came."""
    left = seconds
    step = 20e-6
    while not detector.take():
        if left <= 0.0:
            return False
        pause = min(step, left)
        yield pause
        left -= pause
        step = min(2.0 * step, 1e-2)
    return True


def seconds_of(value: Any) -> float:
    """Return the parameter of a ``wait`` [s]."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TspError(-104)
    return min(max(float(value), 0.0), 1e5)
