"""Waiting on the bench's clock: bounded, and with a place to stop between two looks."""

from collections.abc import Callable, Iterator

from tsbench.instruments import Clock
from tsbench.records import Step

#: [s] the longest time between two looks at a running operation, so that a stop is heard
LONGEST_POLL = 0.05
_SHORTEST_POLL = 0.001


def poll_intervals(expected: float) -> Iterator[float]:
    """Yield waits [s] between looks at what takes about ``expected`` [s]: short first, then doubled."""
    interval = min(max(expected / 20, _SHORTEST_POLL), LONGEST_POLL)
    while True:
        yield interval
        interval = min(2 * interval, LONGEST_POLL)


def wait_until(clock: Clock, ready: Callable[[], bool], expected: float, timeout: float) -> bool:
    """Poll ``ready`` until it is true or ``timeout`` [s] has passed; returns whether it became true.

    For operations of at most a fraction of a second; longer ones yield steps (:func:`steps_until`).

    Parameters
    ----------
    clock : of the bench
    ready : whether the operation is over
    expected : [s] about as long as it takes; the first looks are closer together for a short one
    timeout : [s]
    """
    deadline = clock.now() + timeout
    intervals = poll_intervals(expected)
    while not ready():
        if clock.now() >= deadline:
            return False
        clock.wait(next(intervals))
    return True


def steps_until(
    clock: Clock, ready: Callable[[], bool], expected: float, timeout: float, step: Callable[[], Step]
) -> Iterator[Step]:
    """Poll like :func:`wait_until` but yield a step between two looks; ends when ready or timed out.

    Parameters
    ----------
    clock, ready, expected, timeout : as of :func:`wait_until`
    step : makes the step
    """
    deadline = clock.now() + timeout
    for interval in poll_intervals(expected):
        if ready() or clock.now() >= deadline:
            return
        yield step()
        clock.wait(interval)


def steps_for(clock: Clock, until: float, step: Callable[[], Step]) -> Iterator[Step]:
    """Wait until the clock shows ``until`` [s], yielding a step at least every tenth of a second."""
    while (rest := until - clock.now()) > 0:
        clock.wait(min(rest, 2 * LONGEST_POLL))
        if until - clock.now() > 0:
            yield step()
