"""What a virtual instrument may ask of its bench: the circuit up to now, work that is bounded, wires, chance."""

import itertools
from typing import Any

import pytest

from tsbench.errors import TsbenchError
from tsbench.simulated_backends.services.regulation import Regulation
from tsbench.simulated_backends.services.services import BenchServices, WorldClock


class CountedCircuit:
    """A circuit that takes 100 steps a second and refuses more than it may."""

    def __init__(self) -> None:
        self.time, self.work, self.steady = 0.0, 0, False
        self.asked: list[tuple[float, bool, float]] = []
        self.left_out: list[tuple[float, str]] = []

    def advance(self, time: float, watched: bool, most_work: float) -> int:
        self.asked.append((time, watched, most_work))
        steps = round(100 * (time - self.time))
        if steps > most_work:
            raise TsbenchError("too many steps")
        self.work += steps
        self.time = time
        return steps

    def leave_out(self, time: float, why: str) -> None:
        self.left_out.append((time, why))
        self.time = time


def bench_with(**settings: Any) -> tuple[BenchServices, Any]:
    bench, circuit = BenchServices(**settings), CountedCircuit()
    bench.install(circuit)  # type: ignore[arg-type]
    return bench, circuit


def test_there_is_no_circuit_before_it_is_installed() -> None:
    with pytest.raises(RuntimeError, match="no circuit yet"):
        _ = BenchServices().circuit


def test_the_circuit_is_computed_up_to_now_when_somebody_looks() -> None:
    bench, circuit = bench_with(work_per_message=1000)
    bench.clock.wait(2.0)
    assert bench.lagging_circuit.time == 0.0 and circuit.asked == []
    assert bench.circuit.time == 2.0
    bench.sync()
    assert circuit.asked == [(2.0, False, 1000.0)]   # once
    bench.clock.wait(3.0)
    bench.sync()
    assert circuit.asked[1] == (5.0, False, 800.0)   # of the same message: what is left


def test_work_is_bounded_for_each_message_and_what_is_left_out_is_told_once() -> None:
    bench, circuit = bench_with(work_per_message=150)
    bench.clock.wait(1.0)
    bench.sync()
    bench.clock.wait(1.0)
    bench.sync()
    assert circuit.left_out == [(2.0, "too many steps")] and bench.circuit.time == 2.0
    bench.clock.wait(0.1)
    bench.sync()   # nothing more is computed in this message, however little
    assert len(circuit.asked) == 2 and "one message needs more than 150 steps" in circuit.left_out[1][1]
    assert bench.left_out.pop().startswith(
        "the circuit was not computed from 2 s to 2.1 s: circuit: one message needs more than 150 steps")
    assert not bench.left_out
    bench.begin_message()
    bench.clock.wait(1.5)
    bench.sync()
    assert len(circuit.left_out) == 2 and circuit.work == 250   # exactly what a message may take
    assert not bench.left_out


def test_the_last_step_that_a_message_may_take_is_computed() -> None:
    bench, circuit = bench_with(work_per_message=101)
    for seconds in (1.0, 0.01):   # 100 steps, and one
        bench.clock.wait(seconds)
        bench.sync()
    assert circuit.work == 101 and circuit.left_out == []


def test_switching_off_does_not_wait_long() -> None:
    bench, circuit = bench_with()
    bench.clock.wait(1.0)
    bench.sync()
    bench.hurry()
    bench.clock.wait(1.0)
    bench.sync()
    assert circuit.asked == [(1.0, False, 5e6), (2.0, False, 2e6)]
    bench, circuit = bench_with(work_per_message=500)
    bench.hurry()   # never more than the message has
    bench.clock.wait(1.0)
    bench.sync()
    assert circuit.asked == [(1.0, False, 500.0)]


class Recorder:
    def __init__(self, in_vain: bool) -> None:
        self.waits_in_vain = in_vain


def test_a_circuit_is_watched_unless_all_recorders_wait_in_vain() -> None:
    bench, circuit = bench_with()
    waiting, recording = Recorder(True), Recorder(False)
    for recorders in ({waiting}, {waiting, recording}, {object()}):
        bench.recorders = set(recorders)
        bench.clock.wait(1.0)
        bench.sync()
    assert [watched for _, watched, _ in circuit.asked] == [False, True, True]


def test_watchers_look_seldom_while_the_circuit_repeats_itself_or_is_not_computed() -> None:
    def longest_chunk(bench: BenchServices) -> float:
        bench.clock.watch("scope", lambda: None)
        times = [bench.clock.now]
        for _ in range(30):
            bench.clock.hop(1e9)
            times.append(bench.clock.now)
        return max(after - before for before, after in itertools.pairwise(times))

    bench, circuit = bench_with(work_per_message=50)
    assert longest_chunk(bench) == pytest.approx(5e-3)
    circuit.steady = True
    assert longest_chunk(bench) == pytest.approx(1.0)
    circuit.steady = False
    bench.sync()   # more than may be computed
    assert longest_chunk(bench) == pytest.approx(1.0)
    bench, _ = bench_with(work_per_message=1)   # a single step may still be computed
    assert longest_chunk(bench) == pytest.approx(5e-3)
    assert longest_chunk(BenchServices()) == pytest.approx(5e-3)   # no circuit yet: nothing is known


def test_a_change_of_the_circuit_makes_watchers_look_closely() -> None:
    bench, _ = bench_with()
    bench.clock.watch("scope", lambda: None)
    bench.clock.wait(1.0)
    bench.changed()
    before = bench.clock.now
    bench.clock.hop(1e9)
    assert bench.clock.now - before == pytest.approx(20e-6)


def test_wires_join_jacks() -> None:
    bench = BenchServices(wires={"scope.external": "generator.sync"})
    line = bench.line("generator.sync")
    assert bench.line("generator.sync") is line is bench.wired_to("scope.external")
    assert bench.wired_to("generator.trigger") is None and bench.line("generator.2.sync") is not line


def test_chance_belongs_to_the_seed_and_the_purpose() -> None:
    def number(seed: int, *purpose: str) -> float:
        return float(BenchServices(seed).rng(*purpose).random())

    assert number(5, "meter", "noise") == number(5, "meter", "noise")
    assert len({number(5, "meter", "noise"), number(6, "meter", "noise"), number(5, "noise", "meter"),
                number(5, "meter")}) == 4
    assert BenchServices().seed == 0 and BenchServices().imperfections is True


def test_the_witness_hears_of_outputs_and_limits_when_they_happen() -> None:
    bench, circuit = bench_with()
    bench.output("generator", "1", True)   # nobody listens
    bench.compliance("meter", None)
    bench.relays("matrix", [])
    bench.moved("matrix", "1A01")
    heard: list[tuple[object, ...]] = []

    class Listener:
        def output(self, *facts: object) -> None:
            heard.append(facts)

        compliance = relays = moved = output

    bench.tell_witness(Listener())
    bench.clock.wait(1.5)
    bench.output("generator", "1", True)
    assert circuit.time == 1.5   # what was before is known to the witness first
    regulation = Regulation("smu", 1.0, 1e-3)
    bench.compliance("meter", regulation)
    bench.relays("matrix", ["1A01"])
    bench.moved("matrix", "1A01")
    assert heard == [("generator", "1", True, 1.5), ("meter", regulation, 1.5), ("matrix", ["1A01"], 1.5),
                     ("matrix", "1A01", 1.5)]


def test_the_clock_of_those_outside() -> None:
    bench, circuit = bench_with(work_per_message=100)
    clock = WorldClock(bench)
    for _ in range(3):
        clock.wait(1.0)
        bench.sync()
    assert circuit.left_out == [] and clock.now() == 3.0   # each wait is a message of its own
    clock.jumped = -3600.0
    assert clock.now() == -3597.0 and bench.clock.now == 3.0
