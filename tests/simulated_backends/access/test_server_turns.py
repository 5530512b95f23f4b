"""What one turn of a served bench does, and how much time passes in it; clients and the wall clock are stood in for."""

import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from tsbench.simulated_backends.access.servers import server as module
from tsbench.simulated_backends.access.servers.pace import FastPace
from tsbench.simulated_backends.access.servers.server import BenchServer


class Wall:
    """A wall clock [s] that goes on only where something is said to cost time."""

    def __init__(self) -> None:
        self.now = 50.0

    def monotonic(self) -> float:
        return self.now


class Bench:
    """A bench's clock: a hop takes 0.1 s of bench time, and ``cost`` s of wall clock."""

    def __init__(self, wall: Wall) -> None:
        self.wall, self.now, self.cost, self.event = wall, 5.0, 0.002, None
        self.hops: list[float] = []
        self.messages = self.synced = 0
        self.clock, self.lock = self, threading.RLock()

    def next_event(self) -> float | None:
        return self.event

    def hop(self, until: float) -> None:
        self.hops.append(until)
        self.advance_to(min(until, self.now + 0.1))

    def advance_to(self, time: float) -> None:
        self.now = time
        self.wall.now += self.cost

    def begin_message(self) -> None:
        self.messages += 1

    def sync(self) -> None:
        self.synced += 1


class Client:
    """A served instrument, as the loop sees it."""

    def __init__(self, name: str, wall: Wall) -> None:
        self.instrument, self.wall = SimpleNamespace(name=name), wall
        self.wanted = self.finished = self.begins = False
        self.waited, self.steps, self.stepped, self.noticed, self.cut = 0.0, 0, 0, 0, 0

    def may_begin(self) -> bool:
        return self.begins

    def step(self) -> bool:
        self.stepped += 1
        self.wall.now += 0.002
        self.steps -= 1
        return self.steps >= 0

    def notice_service_request(self) -> None:
        self.noticed += 1

    def cut_all(self) -> None:
        self.cut += 1


class Pace:
    """A pace whose answers are set by hand."""

    def __init__(self, idle: bool) -> None:
        self.idle_time_counts, self.target, self.asked, self.forgiven = idle, 5.0, [], []

    def reached(self, now: float) -> float:
        return self.target

    def horizon(self, now: float, waited: float) -> float:
        self.asked.append((now, waited))
        return self.target

    def hold(self, now: float) -> float:
        return 0.0

    def forgive(self, now: float) -> None:
        self.forgiven.append(now)


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Return a function that makes a server with two clients, at the wall clock's pace or not."""
    opened: list[BenchServer] = []

    def build(idle: bool) -> Any:
        wall = Wall()
        monkeypatch.setattr(module.time, "monotonic", wall.monotonic)
        bench, pace = Bench(wall), Pace(idle)
        lost: list[Any] = []
        world: Any = SimpleNamespace(instruments={}, bench=bench, on_lost=lost.append)
        server = BenchServer(world, pace)
        opened.append(server)
        clients = [Client("meter", wall), Client("scope", wall)]
        hislip = [SimpleNamespace(next_tick=None, ticks=[]) for _ in clients]
        for port in hislip:
            port.tick = lambda port=port: port.ticks.append(1)
        server._served, server._hislip = clients, hislip  # type: ignore[assignment]
        return SimpleNamespace(server=server, wall=wall, bench=bench, pace=pace, clients=clients, hislip=hislip,
                               lose=lost[0])

    yield build
    monkeypatch.undo()
    for server in opened:
        server.close()


def test_with_nothing_to_do_it_waits_for_what_comes_first(make: Any) -> None:
    fast = make(False)
    assert fast.server._turn() is None   # until a message comes
    fast.hislip[0].next_tick, fast.hislip[1].next_tick = 0.3, 0.1
    assert fast.server._turn() == 0.1
    assert [client.noticed for client in fast.clients] == [len(port.ticks) for port in fast.hislip] == [2, 2]
    paced = make(True)
    assert paced.server._turn() == 0.5
    paced.bench.event = 9.0   # something goes on
    assert paced.server._turn() == 0.02
    paced.hislip[0].next_tick = 0.01
    assert paced.server._turn() == 0.01


def test_what_can_be_done_is_done_and_no_turn_takes_long(make: Any) -> None:
    found = make(False)
    found.clients[0].steps = 1
    assert found.server._turn() == 0.0
    assert [client.stepped for client in found.clients] == [2, 2]   # every client, and again after one acted
    assert [client.noticed for client in found.clients] == [1, 1]
    found.clients[1].steps = 1000
    found.server._turn()
    assert [client.stepped for client in found.clients] == [4, 4]   # 4 ms each time: no third time after 5 ms


@pytest.mark.parametrize(("event", "wait"), [(None, 5e-3), (5.003, 3e-3), (5.0, 1e-3), (7.0, 5e-3)])
def test_who_waits_for_the_wall_clock_looks_again_at_the_next_event(
    make: Any, event: float | None, wait: float
) -> None:
    found = make(False)
    found.clients[0].wanted = found.clients[1].wanted = True
    found.clients[0].waited, found.clients[1].waited = 2.0, 3.0
    found.bench.event = event
    assert found.server._turn() == pytest.approx(wait)
    assert found.pace.asked == [(5.0, 3.0)] and found.bench.hops == []   # the longest wait counts


def test_time_passes_for_those_who_wait(make: Any) -> None:
    found = make(False)
    found.clients[0].wanted, found.clients[1].waited, found.pace.target = True, 9.0, 5.15
    assert found.server._turn() == 0.0
    assert found.bench.now == 5.15 and found.bench.hops == [5.15, 5.15]
    assert found.pace.asked == [(5.0, 0.0)]   # of those who want a reply
    found.pace.target = 99.0
    found.server._turn()
    assert len(found.bench.hops) == 5   # 2 ms of wall clock each: none after 5 ms
    found.clients[1].finished = True
    assert found.server._turn() == 5e-3 and len(found.bench.hops) == 5


def test_idle_time_is_caught_up_before_a_message_and_forgiven_where_it_costs_too_much(make: Any) -> None:
    found = make(True)
    found.clients[0].begins, found.pace.target = True, 5.25
    found.server._turn()
    assert found.bench.now == 5.25 and found.pace.forgiven == [] and found.clients[0].stepped == 1
    found.pace.target, found.bench.cost = 1000.0, 0.02
    assert found.server._turn() == 0.0
    assert len(found.bench.hops) == 3 + 3   # 20 ms each: none after 50 ms
    assert found.clients[0].stepped == 1 and found.pace.forgiven == []   # the client waits
    found.wall.now += 0.9
    found.server._turn()
    assert found.clients[0].stepped == 1
    found.wall.now += 0.1
    found.server._turn()
    assert found.clients[0].stepped == 2 and found.pace.forgiven == [found.bench.now]
    found.server._turn()   # a new debt
    assert found.clients[0].stepped == 2 and len(found.pace.forgiven) == 1
    found.clients[1].finished = True
    found.server._turn()
    assert found.clients[0].stepped == 3 and len(found.pace.forgiven) == 1


def test_idle_time_without_a_message_is_computed_in_steps_at_every_tick(make: Any) -> None:
    found = make(True)
    found.pace.target = 5.05
    found.server._turn()
    assert found.bench.now == 5.0   # not before half a second of wall clock
    found.wall.now += 0.5
    found.server._turn()
    assert found.bench.now == 5.05 and found.bench.messages == found.bench.synced == 3   # 20 ms at once
    found.pace.target, found.bench.cost = 1000.0, 0.1
    found.wall.now += 0.5
    found.server._turn()
    assert found.bench.messages == 3 + 3   # 0.1 s each: none after half of the tick
    found.bench.event = 6.0
    found.wall.now += 0.03
    found.server._turn()
    assert found.bench.messages == 7   # while something goes on it is paid more often


def test_the_connections_of_one_instrument_or_of_all_are_lost(make: Any) -> None:
    found = make(False)
    found.lose("scope")
    assert [client.cut for client in found.clients] == [0, 1]
    found.lose(None)
    assert [client.cut for client in found.clients] == [1, 2]


def test_a_client_that_waits_in_vain_waits_at_the_pace_of_the_wall_clock() -> None:
    wall = Wall()
    fast = FastPace(wall.monotonic)
    assert fast.horizon(5.0, 59.9) == pytest.approx(5.1) and fast.horizon(5.0, 0.0) == pytest.approx(5.1)
    assert fast.horizon(70.0, 60.0) == 70.0
    wall.now += 0.5
    assert fast.horizon(70.0, 61.0) == 70.5 and fast.horizon(71.0, 61.0) == 71.0   # never back
    fast.horizon(72.0, 0.0)   # another one waits: from here on anew
    assert fast.horizon(72.0, 60.0) == 72.0
    assert (fast.reached(3.0), fast.hold(3.0)) == (3.0, 0.0)
