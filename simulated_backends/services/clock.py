"""Virtual clock of a simulated bench: the present time, and a queue of future events.

Simulated time passes because something takes time: a message its bus latency, a reading its aperture, a
protocol its dwell. The circuit is integrated lazily: an instrument that changes it or looks at it first lets
it catch up with ``now``. While an instrument watches for something that only the circuit knows (an armed scope, a
compliance trip), the clock moves in chunks and lets the watchers look after each, so that what they find is
acted upon in time.
"""

import heapq
import itertools
from collections.abc import Callable, Generator

FIRST_CHUNK = 20e-6  #: [s]
LONGEST_CHUNK = 5e-3  #: [s]
CALM_CHUNK = 1.0  #: [s] while what happens repeats
BUSY_HOP = 0.1  #: [s] a "busy" answer never lets more than this pass


class ScheduledEvent:
    """Something that will happen; ``cancel`` takes it off the timeline."""

    __slots__ = ("callback", "time")

    def __init__(self, time: float, callback: Callable[[], None]) -> None:
        self.time = time
        self.callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        """Do not happen."""
        self.callback = None

    @property
    def pending(self) -> bool:
        return self.callback is not None


class Process:
    """A generator that lives on the timeline: each value it yields is how many seconds pass before it goes
    on.
    """

    def __init__(self, clock: "BenchClock", steps: Generator[float, None, None]) -> None:
        self._clock = clock
        self._steps: Generator[float, None, None] | None = steps
        self._event: ScheduledEvent | None = None
        self._step()

    def _step(self) -> None:
        if self._steps is None:
            return
        try:
            seconds = next(self._steps)
        except StopIteration:
            self._steps = None
            return
        self._event = self._clock.schedule_in(seconds, self._step)

    @property
    def running(self) -> bool:
        return self._steps is not None

    def hasten(self) -> None:
        """Go on now: what it waits for has happened."""
        if self._event is not None and self._event.pending:
            self._event.cancel()
            self._event = self._clock.schedule_in(0.0, self._step)

    def stop(self) -> None:
        """End it where it is (its ``finally`` clauses run)."""
        if self._event is not None:
            self._event.cancel()
        if self._steps is not None:
            steps, self._steps = self._steps, None
            steps.close()


class BenchClock:
    """``now`` [s] since the bench was opened; never goes back."""

    def __init__(self, calm: Callable[[], bool] = lambda: False) -> None:
        self.now = 0.0
        #: is told an exception of an event; without it, the exception goes to whoever moves the clock
        self.failed: Callable[[Exception], None] | None = None
        self._calm = calm   # says whether watchers, having looked closely, miss nothing by looking seldom
        self._heap: list[tuple[float, int, ScheduledEvent]] = []
        self._order = itertools.count()
        self._watchers: dict[object, Callable[[], None]] = {}
        self._chunk = FIRST_CHUNK
        self._moving = False

    def schedule(self, time: float, callback: Callable[[], None]) -> ScheduledEvent:
        """Call ``callback`` at ``time`` [s]; at the next move of the clock if that is past."""
        event = ScheduledEvent(time, callback)
        heapq.heappush(self._heap, (time, next(self._order), event))
        return event

    def schedule_in(self, seconds: float, callback: Callable[[], None]) -> ScheduledEvent:
        """Call ``callback`` after ``seconds``."""
        return self.schedule(self.now + seconds, callback)

    def next_event(self) -> float | None:
        """Return the time of the next event; None if nothing is planned."""
        while self._heap and not self._heap[0][2].pending:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def watch(self, token: object, look: Callable[[], None]) -> None:
        """Call ``look`` after every chunk of time until ``unwatch(token)``."""
        self._watchers[token] = look
        self._chunk = FIRST_CHUNK

    def unwatch(self, token: object) -> None:
        """Stop calling the ``look`` of ``token``."""
        self._watchers.pop(token, None)

    def stirred(self) -> None:
        """Something changed in the circuit: look closely again."""
        self._chunk = FIRST_CHUNK

    def hop(self, limit: float) -> bool:
        """Move to the next event or, with watchers, by one chunk; never beyond ``limit`` [s].

        Returns
        -------
        bool
            False if nothing is planned before ``limit`` and there are no watchers: the clock is then at ``limit``.

        Raises
        ------
        RuntimeError
            Called from an event: what happens on the timeline cannot wait for what comes later.
        """
        if self._moving:
            raise RuntimeError("an event on the bench's timeline must not wait. Schedule the next event instead")
        self._moving = True
        try:
            return self._hop(limit)
        finally:
            self._moving = False

    def _hop(self, limit: float) -> bool:
        target = self.next_event()
        alive = True
        if self._watchers:
            chunk_end = self.now + self._chunk
            self._chunk = min(2.0 * self._chunk, CALM_CHUNK if self._calm() else LONGEST_CHUNK)
            target = chunk_end if target is None else min(target, chunk_end)
        if target is None or target > limit:
            alive = bool(self._watchers) and target is not None and self.now < limit
            target = limit
        self._move(max(target, self.now))
        return alive

    def _move(self, time: float) -> None:
        self.now = max(self.now, time)
        for look in list(self._watchers.values()):
            look()
        while (due := self.next_event()) is not None and due <= self.now:
            event = heapq.heappop(self._heap)[2]
            callback, event.callback = event.callback, None
            if callback is not None:
                try:
                    callback()
                except Exception as error:
                    if self.failed is None:
                        raise
                    self.failed(error)

    def advance_to(self, time: float) -> None:
        """Let everything planned until ``time`` [s] happen, in order."""
        if self._moving:
            raise RuntimeError("an event on the bench's timeline must not wait. Schedule the next event instead")
        if not self._watchers and (not self._heap or self._heap[0][0] > time):   # nothing happens until then
            self.now = max(self.now, time)
            return
        self._moving = True
        try:
            while self.now < time:
                self._hop(time)
            self._move(self.now)
        finally:
            self._moving = False

    def wait(self, seconds: float) -> None:
        """Let ``seconds`` pass."""
        end = self.now + seconds if seconds > 0.0 else self.now
        if self._watchers or self._moving or (self._heap and self._heap[0][0] <= end):
            self.advance_to(end)
        else:   # nothing happens until then
            self.now = end

    def busy(self, longest: float = BUSY_HOP) -> None:
        """Answering "busy" lets the next event happen (in ``longest`` s at most): polling loops end."""
        if not self._moving:
            self.hop(self.now + longest)
