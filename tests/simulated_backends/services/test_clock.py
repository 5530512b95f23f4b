"""The timeline: order, limits, watchers, processes."""

from collections.abc import Generator

import pytest

from tsbench.simulated_backends.services.clock import (
    BUSY_HOP,
    CALM_CHUNK,
    FIRST_CHUNK,
    LONGEST_CHUNK,
    BenchClock,
    Process,
)


def test_events_happen_in_order_and_at_their_instants() -> None:
    clock, seen = BenchClock(), list[tuple[str, float]]()
    for name, time in (("b", 2.0), ("a", 1.0), ("c", 2.0), ("late", 3.0 + 1e-9)):
        clock.schedule(time, lambda name=name: seen.append((name, clock.now)))
    assert clock.next_event() == 1.0
    clock.advance_to(3.0)
    assert seen == [("a", 1.0), ("b", 2.0), ("c", 2.0)] and clock.now == 3.0
    clock.wait(-1.0)
    assert clock.now == 3.0 and len(seen) == 3
    clock.schedule(0.5, lambda: seen.append(("past", clock.now)))
    clock.wait(0.0)
    assert seen[-1] == ("past", 3.0)   # at the next move, and time does not go back
    clock.schedule_in(0.25, lambda: seen.append(("in", clock.now)))
    clock.wait(0.5)
    assert seen[-2:] == [("late", 3.0 + 1e-9), ("in", 3.25)] and clock.now == 3.5
    assert clock.next_event() is None


def test_an_event_that_is_cancelled_does_not_happen() -> None:
    clock, seen = BenchClock(), list[str]()
    first, second = (clock.schedule(t, lambda t=t: seen.append(f"{t}")) for t in (1.0, 2.0))
    first.cancel()
    assert not first.pending and second.pending and clock.next_event() == 2.0
    clock.advance_to(5.0)
    assert seen == ["2.0"] and not second.pending


def test_an_event_may_plan_but_not_wait() -> None:
    clock, seen = BenchClock(), list[float]()
    clock.schedule(1.0, lambda: clock.schedule_in(1.0, lambda: seen.append(clock.now)) and None)
    clock.schedule(3.0, lambda: clock.hop(10.0))
    clock.schedule(4.0, lambda: clock.wait(1.0))
    clock.schedule(5.0, clock.busy)   # an answer within an event: time stands still
    clock.advance_to(2.5)
    assert seen == [2.0]
    for time in (3.0, 4.0):
        with pytest.raises(RuntimeError, match="must not wait"):
            clock.advance_to(time)
    clock.advance_to(6.0)   # and the clock still goes
    assert clock.now == 6.0


def test_a_hop_ends_at_the_next_event_or_at_its_limit() -> None:
    clock = BenchClock()
    clock.schedule(1.0, lambda: None)
    assert clock.hop(0.5) is False and clock.now == 0.5
    assert clock.hop(1.0) is True and clock.now == 1.0
    assert clock.hop(2.0) is False and clock.now == 2.0
    assert clock.hop(1.5) is False and clock.now == 2.0


def test_a_busy_answer_lets_a_tenth_of_a_second_pass_at_most() -> None:
    clock = BenchClock()
    clock.schedule(0.25, lambda: None)
    for now in (0.1, 0.2, 0.25):
        clock.busy()
        assert clock.now == pytest.approx(now)
    clock.busy(2.0)
    assert clock.now == 2.25 and BUSY_HOP == 0.1


def test_watchers_look_closely_at_first_and_seldom_when_all_is_calm() -> None:
    calm = [False]
    clock, looks = BenchClock(lambda: calm[0]), list[float]()
    clock.watch("scope", lambda: looks.append(clock.now))
    clock.advance_to(0.1)
    gaps = [after - before for before, after in zip([0.0, *looks], looks, strict=False)]
    assert gaps[:4] == pytest.approx([20e-6, 40e-6, 80e-6, 160e-6])
    assert max(gaps) == pytest.approx(5e-3) and looks[-1] == 0.1
    clock.stirred()
    assert clock.hop(1.0) is True and clock.now == pytest.approx(0.1 + FIRST_CHUNK)
    calm[0] = True
    for _ in range(30):
        clock.hop(1e9)
    before = clock.now
    clock.hop(1e9)
    assert clock.now - before == pytest.approx(CALM_CHUNK) == 1.0 and LONGEST_CHUNK == 5e-3
    clock.watch("meter", lambda: None)   # a new watcher looks closely
    before = clock.now
    clock.hop(1e9)
    assert clock.now - before == pytest.approx(FIRST_CHUNK)
    clock.schedule_in(1e-6, lambda: None)   # an event comes before the end of a chunk
    before = clock.now
    assert clock.hop(1e9) is True and clock.now - before == pytest.approx(1e-6)
    assert clock.hop(clock.now) is False   # already there
    clock.unwatch("scope"), clock.unwatch("meter"), clock.unwatch("nobody")
    count = len(looks)
    clock.wait(1.0)
    assert len(looks) == count


def test_a_process_lives_on_the_timeline_until_it_ends_or_is_stopped() -> None:
    clock, seen = BenchClock(), list[str]()

    def steps(name: str) -> Generator[float, None, None]:
        try:
            for number in range(3):
                seen.append(f"{name}{number} at {clock.now:g}")
                yield 0.5
        finally:
            seen.append(f"{name} over")

    process = Process(clock, steps("a"))
    assert process.running and seen == ["a0 at 0"]
    clock.advance_to(2.0)
    assert seen == ["a0 at 0", "a1 at 0.5", "a2 at 1", "a over"] and not process.running
    process.stop()   # nothing happens any more
    stopped = Process(clock, steps("b"))
    clock.wait(0.5)
    stopped.stop()
    assert not stopped.running and seen[-2:] == ["b1 at 2.5", "b over"]
    assert clock.next_event() is None   # it does not wait any more
    clock.wait(5.0)
    assert seen[-1] == "b over" and clock.next_event() is None


@pytest.mark.parametrize("how", ["hop", "advance_to"])
def test_an_event_cannot_wait_while_the_clock_hops_or_advances(how: str) -> None:
    clock, refused = BenchClock(), list[str]()

    def waits() -> None:
        with pytest.raises(RuntimeError, match="must not wait") as error:
            clock.hop(9.0)
        refused.append(str(error.value))

    clock.schedule(1.0, waits)
    getattr(clock, how)(2.0)
    assert len(refused) == 1 and clock.now <= 2.0
    clock.hop(3.0)   # after the event, time goes on
    assert clock.now > 1.0
