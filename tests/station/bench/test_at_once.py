"""Acting on several instruments at once."""

import threading
from dataclasses import dataclass
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest

from tests.fixtures.patience import PATIENCE
from tsbench.instruments.links.liveness import Liveness, ProgressOfThreads
from tsbench.station.bench.at_once import at_once, groups, sources_first


@dataclass(frozen=True)
class One:
    name: str
    kind: str
    library: str = "metal"


BENCH = [One("scope", "oscilloscope"), One("oven", "temperature controller"), One("generator", "pulse generator"),
         One("meter", "source meter")]
METAL = SimpleNamespace(visalib=object())
IN_TURN = SimpleNamespace(visalib=SimpleNamespace(one_call_at_a_time=True))


def test_sources_come_first() -> None:
    assert [one.name for one in sources_first(BENCH)] == ["meter", "generator", "scope", "oven"]


def test_instruments_have_a_thread_each_but_where_a_library_takes_one_call_at_a_time() -> None:
    assert [len(group) for group in groups(BENCH, {"metal": METAL})] == [1, 1, 1, 1]
    ((meter, generator, *_),) = groups(BENCH, {"metal": IN_TURN})
    assert (meter.name, generator.name) == ("meter", "generator")
    two = [*BENCH, One("other", "source meter", "second"), One("third", "oscilloscope", "second")]
    found = groups(two, {"metal": IN_TURN, "second": METAL})
    assert sorted(len(group) for group in found) == [1, 1, 4]


def test_acts_are_done_at_once() -> None:
    """Each waits for the others: one after the other, they would never be done."""
    met = threading.Barrier(3)

    def act(liveness: Liveness) -> None:
        met.wait(PATIENCE)

    at_once([act] * 3)
    assert not met.broken


def test_a_single_act_stays_in_this_thread_and_no_act_does_nothing() -> None:
    seen: list[int] = []
    at_once([lambda liveness: seen.append(threading.get_ident())])
    assert seen == [threading.get_ident()]
    at_once([])


def test_ctrl_c_meanwhile_waits_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    go = threading.Event()
    join = threading.Thread.join
    interrupts = [KeyboardInterrupt("once"), KeyboardInterrupt("twice")]

    def interrupted(self: threading.Thread, timeout: float | None = None) -> None:
        if self.name == "at once" and interrupts:
            raise interrupts.pop(0)
        go.set()
        join(self, timeout)

    def act(liveness: Liveness) -> None:
        go.wait(PATIENCE)
        done.append("off")

    monkeypatch.setattr(threading.Thread, "join", interrupted)
    with pytest.raises(KeyboardInterrupt):
        at_once([act, act])
    assert done == ["off", "off"]


def test_where_no_thread_can_be_started_all_is_done_in_this_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: threading.Thread) -> None:
        raise RuntimeError("can't create new thread at interpreter shutdown")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    done: list[int] = []
    at_once([lambda liveness, n=n: done.append(n) for n in range(3)])  # type: ignore[misc]
    assert done == [0, 1, 2]


class Heard:
    """A liveness that keeps how long it was told to wait at most, counted from a faked now."""

    def __init__(self) -> None:
        self.longest: list[float] = []

    def beat(self) -> None:
        self.waiting(0.0)

    def waiting(self, longest: float) -> None:
        self.longest.append(round(longest, 6))

    def calling(self, longest: float, call: Any) -> None:
        self.waiting(longest)


def test_the_watchdog_hears_of_the_thread_that_is_furthest_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    now: list[float] = [100.0]
    monkeypatch.setattr("tsbench.instruments.links.liveness.time.monotonic", lambda: now[0])
    heard = Heard()
    progress_of_threads = ProgressOfThreads(heard)
    slow, quick = progress_of_threads.thread(), progress_of_threads.thread()
    slow.waiting(3.0)
    quick.waiting(1.0)
    assert heard.longest[-1] == 1.0
    quick.end()
    assert heard.longest[-1] == 3.0  # the rest of the silent one's patience: no reason to kill anybody
    now[0] += 2.0
    slow.beat()
    assert heard.longest[-1] == 0.0
    slow.end()
    late = progress_of_threads.thread()
    late.waiting(0.5)
    now[0] += 2.0
    progress_of_threads.thread()
    assert heard.longest[-1] == 0.0  # whoever is late stays late, however the others go on


def test_each_act_speaks_for_itself() -> None:
    voices: list[Any] = []
    at_once([partial(voices.append), partial(voices.append)])
    assert len(set(map(id, voices))) == 2
