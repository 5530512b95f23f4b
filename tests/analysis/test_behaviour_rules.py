"""The rules for firing behaviours at their bounds: spike times by hand, on either side of each number of a rule."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tsbench.analysis.behaviours import of_one_run as one
from tsbench.analysis.behaviours import of_runs as runs
from tsbench.analysis.behaviours.spike_trains import (
    bursts,
    is_adapting,
    is_bursting,
    is_mixed,
    is_regular,
    reaches,
    ringing,
)
from tsbench.analysis.behaviours.stimulated_run import (
    Phase,
    Response,
    StimulatedRecord,
    Stimulus,
    _passages,
    _response,
    _rest,
    _since,
    phases,
    responses,
)

TIME = np.arange(0.0, 1001.0)
UP, DOWN = (100.0, 500.0, 1.0), (100.0, 500.0, -1.0)   # a step of 400 s of 1000 s
RAMP = (100.0, 500.0, 0.0, 1.0)


def made(spikes: Any, *holds: tuple[float, float, float], ramps: Any = (), width: float = 1.0, values: Any = None,
         amplitude: float = 1.0) -> Response:
    """Return a response with spikes at given times; ``holds``: start, end, level; ``ramps``: start, end, levels."""
    times = np.asarray(spikes, dtype=np.float64)
    stimulus = Stimulus(
        tuple(Phase(first, last, level, level) for first, last, level in holds),
        tuple(Phase(*ramp) for ramp in ramps), ())
    record = StimulatedRecord(TIME, 0 * TIME, 0 * TIME if values is None else values)
    return Response(record, stimulus, 0.0, 1.0, times, np.full(times.size, amplitude), np.full(times.size, width), True)


def train(first: float, *intervals: float) -> np.ndarray:
    return np.cumsum([first, *intervals])


def every(interval: float, first: float = 110.0, last: float = 499.0) -> np.ndarray:
    return np.arange(first, last, interval)


@pytest.mark.parametrize(("times", "regular"), [
    (train(0, 10, 10, 10, 10), True), (train(0, 10, 10, 10), False),
    (train(0, 14.9, 6.7, 10, 10.9, 9.1, 10), True), (train(0, 15.1, 10, 10, 10, 10, 10), False),
    (train(0, 10, 6.6, 10, 10, 10, 10), False), (train(0, 10, 10, 11.1, 10, 10, 10), False),
    (train(0, 10, 10, 10, 10, 8.9, 10), False),
])
def test_a_regular_train(times: np.ndarray, regular: bool) -> None:
    assert is_regular(times) is regular


@pytest.mark.parametrize(("times", "start", "end", "goes_on"), [
    ([0, 80], 0, 100, True), ([0, 10, 80], 0, 219, False), ([0, 10, 80], 0, 110, True), ([80], 0, 90, False),
    ([0, 40, 69], 0, 100, False), ([0, 40, 71], 0, 100, True), ([100, 141, 171], 100, 200, True),
    ([0, 10, 80, 90], 0, 230, False),
])
def test_a_train_that_goes_on_to_the_end(times: list[float], start: float, end: float, goes_on: bool) -> None:
    assert reaches(np.array(times, dtype=np.float64), start, end) is goes_on


def test_a_train_is_divided_at_its_largest_jump_of_intervals() -> None:
    assert [group.tolist() for group in bursts(train(0, 1, 1, 9, 1, 9, 1, 1))] == [[0, 1, 2], [11, 12], [21, 22, 23]]
    assert len(bursts(train(0, 1, 1.79, 1))) == 1 and len(bursts(train(0, 1, 1.81, 1))) == 2
    assert len(bursts(train(0, 5))) == 1 and len(bursts(np.array([3.0]))) == 1
    assert is_bursting(train(0, 1, 9, 1, 9)) and not is_bursting(train(0, 1, 9, 1))   # the last may be cut off
    assert not is_bursting(train(0, 9, 1, 9, 1)) and not is_bursting(train(0, 1, 9, 9, 1))


@pytest.mark.parametrize(("intervals", "adapts"), [
    ((1, 1.1, 1.2, 1.3, 1.4, 1.51), True), ((1, 1.1, 1.2, 1.3, 1.4), False),
    ((1, 1.1, 1.2, 1.3, 1.4, 1.49), False), ((1, 1.79, 2, 2.2, 2.4, 2.4), True), ((1, 1.81, 2, 2.2, 2.4, 2.6), False),
    ((1, 1.2, 1.4, 1.34, 1.5, 1.6), True), ((1, 1.2, 1.4, 1.32, 1.5, 1.6), False),
    ((1, 1.2, 1.4, 1.6, 1.64, 1.64), False), ((1, 1.2, 1.4, 1.6, 1.65, 1.65), True),
])
def test_a_train_that_slows_down(intervals: tuple[float, ...], adapts: bool) -> None:
    assert is_adapting(train(0, *intervals)) is adapts


@pytest.mark.parametrize(("intervals", "mixed"), [
    ((5, 10, 10, 10, 10, 10), True), ((5.4, 10, 10, 10, 10, 10), True), ((5.6, 10, 10, 10, 10, 10), False),
    ((5, 10, 10, 10, 10), False), ((5, 29, 10, 10, 10, 10), True), ((5, 31, 10, 10, 10, 10), False),
    ((5, 5, 10, 10, 10, 10), False), ((5, 10, 10.9, 10, 10, 10), True), ((5, 10, 11.1, 10, 10, 10), False),
    ((10, 10, 10, 10, 10, 10), False),
])
def test_a_cluster_before_a_steady_rate(intervals: tuple[float, ...], mixed: bool) -> None:
    assert bool(is_mixed(train(0, *intervals))) is mixed


def swinging(*heights: float, halves: Any = None) -> tuple[np.ndarray, np.ndarray]:
    """Return time and values of straight lines up and down through turning points; each half period has 8 samples."""
    corners = np.cumsum([0.0, *(8.0 for _ in heights)] if halves is None else [0.0, *halves])
    levels = np.cumsum([0.0, *((-1) ** k * height for k, height in enumerate(heights))])
    time = np.arange(0.0, corners[-1] + 0.5)
    return time, np.interp(time, corners, levels)


@pytest.mark.parametrize(("heights", "number"), [
    # the first and the last stroke begin and end no half swing
    ((9, 1, 0.8, 0.6, 0.1), 3), ((9, 1, 0.8, 0.05, 0.1), 0), ((9, 1, 0.8, 0.6, 0.04, 0.03), 3), ((9, 1, 0.8, 0.1), 0),
    ((9, 1, 0.99, 0.6, 0.1), 0), ((9, 1, 0.97, 0.6, 0.1), 3), ((9, 1, 0.09, 0.08, 0.1), 0),
    ((9, 1, 0.11, 0.08, 0.1), 3),
])
def test_a_damped_oscillation_has_three_half_swings(heights: tuple[float, ...], number: int) -> None:
    found = ringing(*swinging(*heights), least=0.05)
    assert (0 if found is None else found.swings.size) == number
    if found is not None:
        assert found.swings == pytest.approx(heights[1 : number + 1]) and found.half_periods == pytest.approx(8.0)


@pytest.mark.parametrize(("middle", "even"), [(11, True), (13, False), (6, True), (5, False)])
def test_the_half_periods_of_an_oscillation_are_alike(middle: int, even: bool) -> None:
    """Within a factor of 1.5 of 8 s."""
    found = ringing(*swinging(9, 1, 0.8, 0.6, 0.1, halves=(8, 8, middle, 8, 8)), least=0.05)
    assert (found is not None) is even


ONE_RUN: list[tuple[Callable[[Response], bool], Response, bool]] = [
    (one.tonic_spiking, made(every(10.0), UP), True),
    (one.tonic_spiking, made(every(10.0), DOWN), False),
    (one.inhibition_induced_spiking, made(every(10.0), DOWN), True),
    (one.tonic_spiking, made(every(10.0), (100.0, 349.0, 1.0)), False),   # less than a quarter of the record
    (one.tonic_spiking, made(every(10.0, last=349.0), (100.0, 351.0, 1.0)), True),
    (one.tonic_spiking, made(every(10.0), UP, (600.0, 700.0, 1.0)), False),
    (one.tonic_spiking, made(every(10.0), UP, ramps=[(600.0, 700.0, 1.0, 0.0)]), False),
    (one.tonic_spiking, made([50.0, *every(10.0)], UP), False),   # it fired before
    (one.tonic_spiking, made([*every(10.0), 505.0], UP), True),   # one spike of rebound
    (one.tonic_spiking, made(every(10.0, last=381.0), UP), False),   # it ends before the step does
    (one.tonic_spiking, made([110.0, 200.0, 300.0, 400.0], UP), False),
    (one.phasic_spiking, made([110.0], UP), True), (one.phasic_spiking, made([110.0, 120.0], UP), False),
    (one.phasic_spiking, made([179.0], UP), True), (one.phasic_spiking, made([181.0], UP), False),
    (one.phasic_spiking, made([99.0], UP), False), (one.phasic_spiking, made([110.0], UP, width=38.9), True),
    (one.phasic_spiking, made([110.0], UP, width=39.1), False),
    (one.tonic_bursting, made([t + d for t in every(40.0) for d in (0, 5)], UP), True),
    (one.inhibition_induced_bursting, made([t + d for t in every(40.0) for d in (0, 5)], DOWN), True),
    (one.tonic_bursting, made(every(10.0), UP), False),
    (one.phasic_bursting, made([110.0, 120.0], UP), True), (one.phasic_bursting, made([110.0], UP), False),
    (one.phasic_bursting, made([110.0, 520.0], UP), False), (one.phasic_bursting, made([259.0, 262.0], UP), False),
    (one.phasic_bursting, made([240.0, 259.0], UP), True), (one.phasic_bursting, made([190.0, 259.0], UP), False),
    (one.phasic_bursting, made(np.linspace(110.0, 200.0, 20), UP), True),
    (one.phasic_bursting, made(np.linspace(110.0, 200.0, 21), UP), False),
    (one.mixed_mode, made([110.0, 115.0, *every(10.0, 125.0)], UP), True),
    (one.spike_frequency_adaptation, made(110 + np.cumsum([0, 30, 36, 43, 50, 56, 62, 68]), UP), True),
    (one.rebound_spike, made([510.0], DOWN), True), (one.rebound_spike, made([490.0], DOWN), False),
    (one.rebound_spike, made([510.0], UP), False), (one.rebound_spike, made([510.0, 520.0], DOWN), False),
    (one.rebound_burst, made([510.0, 520.0], DOWN), True), (one.rebound_burst, made([510.0], DOWN), False),
    (one.rebound_burst, made([490.0, 510.0], DOWN), False),
    (one.rebound_burst, made(np.linspace(510.0, 600.0, 20), DOWN), True),
    (one.rebound_burst, made(np.linspace(510.0, 600.0, 21), DOWN), False),
    (one.excitation_block, made([110, 120, 130, 140, 150], ramps=[RAMP]), True),
    (one.excitation_block, made([110, 120, 130, 140], ramps=[RAMP]), False),
    (one.excitation_block, made([110, 120, 200, 210, 220], ramps=[RAMP]), False),   # 280 s are not five intervals
    (one.excitation_block, made([200, 220, 240, 260, 398], ramps=[RAMP]), False),
    (one.excitation_block, made([430, 432, 434, 436, 438], ramps=[RAMP]), True),
    (one.excitation_block, made([435, 437, 439, 440, 441], ramps=[RAMP]), False),   # less than 15 % of the ramp
    (one.excitation_block, made([110, 120, 130, 140, 150], ramps=[RAMP, RAMP]), False),
    (one.excitation_block, made([110, 120, 130, 140, 150], ramps=[(100.0, 500.0, 0.03, 1.0)]), False),
    (one.excitation_block, made([110, 120, 130, 140, 150], ramps=[(100.0, 500.0, 0.01, 1.0)]), True),
    (one.excitation_block, made([110, 120, 130, 140, 150], ramps=[(100.0, 500.0, 0.03, 2.0)]), True),
    (one.excitation_block, made([110, 120, 130, 140, 150], ramps=[(100.0, 500.0, 0.05, 2.0)]), False),
    (one.excitation_block, made([110, 120, 130, 140, 150], ramps=[(100.0, 500.0, 1.0, 0.0)]), False),
    (one.class_1, made(100 + np.cumsum([100, 80, 60, 45, 35, 28, 24]), ramps=[RAMP]), True),
    (one.class_1, made(140 + np.cumsum([0, 100, 80, 60, 45, 35]), ramps=[RAMP]), False),   # six intervals at least
    (one.class_1, made(100 + np.cumsum([100, 80, 60, 45, 35, 30, 28]), ramps=[RAMP]), False),   # 80 : 28
    (one.class_1, made(100 + np.cumsum([100, 80, 39, 38, 35, 28, 24]), ramps=[RAMP]), False),   # a jump
    (one.class_1, made(100 + np.cumsum([100, 80, 60, 45, 52, 28, 24]), ramps=[RAMP]), False),   # it slows down
    (one.class_2, made(every(40.0, 150.0), ramps=[RAMP]), True),
    (one.class_2, made(every(40.0, 139.0), ramps=[RAMP]), False),   # it begins at once
    (one.class_2, made(every(50.0, 200.0), ramps=[RAMP]), False),   # seven spikes at least
    (one.class_2, made([150, 190, 230, 270, 329, 369, 409, 449, 489], ramps=[RAMP]), True),
    (one.class_2, made([150, 190, 230, 270, 331, 371, 411, 451, 491], ramps=[RAMP]), False),
    (one.class_2, made([150, 190, 230, 270, 297, 337, 377, 417, 457, 490], ramps=[RAMP]), True),
    (one.class_2, made([150, 190, 230, 270, 296, 336, 376, 416, 456, 490], ramps=[RAMP]), False),
]


@pytest.mark.parametrize(("rule", "response", "expected"), ONE_RUN)
def test_rules_of_one_run(rule: Callable[[Response], bool], response: Response, expected: bool) -> None:
    assert rule(response) is expected


SET, RESET = (100.0, 110.0, 1.0), (400.0, 410.0, -1.0)


@pytest.mark.parametrize(("spikes", "holds", "expected"), [
    (every(10.0, 115.0, 395.0), (SET, RESET), True), ([50.0, *every(10.0, 115.0, 395.0)], (SET, RESET), False),
    (every(10.0, 115.0, 429.0), (SET, RESET), True), (every(10.0, 115.0, 436.0), (SET, RESET), False),
    (every(10.0, 115.0, 360.0), (SET, RESET), False), ([120, 190, 260, 330], (SET, RESET), False),
    (every(10.0, 115.0, 395.0), (SET,), False), (every(10.0, 115.0, 395.0), (SET, (400.0, 651.0, -1.0)), False),
])
def test_bistability(spikes: Any, holds: Any, expected: bool) -> None:
    assert one.bistability(made(spikes, *holds)) is expected


def lingering(
    *points: tuple[float, float], pulse: tuple[float, float, float] = (100.0, 101.0, 1.0), end: float = 0.0,
) -> bool:
    """Return whether a spike of 1 V at 100 s that falls through these points is followed by a depolarisation."""
    corners = [(0.0, 0.0), (100.0, 0.0), (101.0, 2.0), *points, (900.0, end)]
    values = np.interp(TIME, [t for t, _ in corners], [v for _, v in corners])
    return one.depolarising_after_potential(made([100.0], pulse, values=values, amplitude=2.0))


def test_a_depolarising_after_potential_falls_fast_and_then_lingers() -> None:
    assert lingering((105.0, 0.49), (200.0, 0.3))
    assert not lingering((105.0, 0.49), (108.0, 0.2)) and not lingering((105.0, 0.49), (200.0, -0.12))
    assert lingering((105.0, 0.49), (200.0, 0.3), (300.0, -0.09))   # an undershoot of less than a twentieth
    assert not lingering((105.0, 0.49), (200.0, 0.3), pulse=(100.0, 106.0, 1.0))   # the pulse was not over
    assert not lingering((105.0, 0.49), (200.0, 0.3), pulse=(100.0, 400.0, 1.0))
    assert not lingering((105.0, 0.49), (200.0, 0.3), end=0.26)   # it stays there


def holds_of(spikes: Any, level: float, start: float = 100.0, length: float = 50.0, **more: Any) -> Response:
    return made(spikes, (start, start + length, level), **more)


@pytest.mark.parametrize(("delays", "expected"), [
    ((50, 30, 19), True), ((50, 30, 21), False), ((50, 19), False), ((50, 51, 10), False), ((50, -1, -2), False)])
def test_spike_latency(delays: tuple[float, ...], expected: bool) -> None:
    found = [holds_of([100.0 + delay], level) for level, delay in zip((0.2, 0.4, 0.8), delays, strict=False)]
    assert runs.spike_latency(found[::-1]) is expected   # in any order
    assert not runs.spike_latency([*found, holds_of([], 1.0)])
    assert not runs.spike_latency([*found[:-1], holds_of([105.0], 1.0, length=60.0)])


@pytest.mark.parametrize(("counts", "amplitudes", "partial", "expected"), [
    ((0, 1, 1), (1.0, 1.02), 0.1, True), ((0, 1, 1), (1.0, 1.06), 0.1, False), ((0, 1, 1), (1.0, 1.0), 0.31, False),
    ((0, 1, 1), (1.0, 1.0), 0.29, True), ((0, 0, 1), (1.0,), 0.1, False), ((1, 1, 1), (1.0,) * 3, 0.1, False),
    ((0, 1, 2), (1.0, 1.0), 0.1, False), ((1, 0, 1), (1.0, 1.0), 0.1, False), ((0, 1), (1.0,), 0.1, False),
])
def test_all_or_nothing(counts: Any, amplitudes: Any, partial: float, expected: bool) -> None:
    sizes = iter(amplitudes)
    found = [holds_of(120.0 + 5.0 * np.arange(count), level, amplitude=next(sizes, 1.0) if count else 1.0,
                      values=np.where(TIME == 120.0, partial, 0.0))
             for level, count in zip((0.1, 0.5, 1.0), counts, strict=False)]
    assert runs.all_or_nothing(found) is expected


def doublet(gap: float, first: bool, second: bool, level: float = 1.0, length: float = 10.0) -> Response:
    spikes = [*([105.0] if first else []), *([115.0 + gap] if second else [])]
    return made(spikes, (100.0, 110.0, level), (110.0 + gap, 110.0 + gap + length, level))


@pytest.mark.parametrize(("fires", "found"), [
    ("011", "v"), ("001", "v"), ("000", ""), ("010", ""), ("111", "")])
def test_refractoriness_of_a_second_pulse(fires: str, found: str) -> None:
    pairs = [doublet(gap, True, fire == "1") for gap, fire in zip((5.0, 50.0, 200.0), fires, strict=True)]
    assert runs.refractory_period(pairs[::-1]) is (found == "v")
    assert not runs.refractory_period([*pairs[:2], doublet(200.0, False, True)])
    assert not runs.refractory_period(pairs[:1])


@pytest.mark.parametrize(("fires", "integrates", "resonates"), [
    ("100", True, False), ("110", True, False), ("010", False, True), ("000", False, False), ("101", False, False),
    ("001", False, False)])
def test_the_interval_of_two_weak_pulses(fires: str, integrates: bool, resonates: bool) -> None:
    pairs = [doublet(gap, False, fire == "1") for gap, fire in zip((5.0, 50.0, 200.0), fires, strict=True)]
    assert runs.integrator(pairs[::-1]) is integrates and runs.resonator(pairs[::-1]) is resonates
    assert not runs.resonator(pairs[:2])
    for other in (doublet(50.0, False, True, level=1.06), doublet(50.0, False, True, length=10.6)):
        assert not runs.integrator([pairs[0], other]) and not runs.resonator([pairs[0], other, pairs[2]])
    for alike in (doublet(50.0, False, False, level=1.04), doublet(50.0, False, False, length=10.4)):
        assert runs.integrator([doublet(5.0, False, True), alike])


@pytest.mark.parametrize(("levels", "comparable"), [
    (((1.0, 1.04), (1.04, 1.08)), True), (((1.04, 1.0), (1.08, 1.04)), True),
    (((1.0, 1.0), (1.04, 1.04), (1.08, 1.08)), False), (((1.0, 1.06), (1.0, 1.06)), False)])
def test_first_pulses_are_compared_with_that_of_the_first_run(levels: Any, comparable: bool) -> None:
    """They agree within 5 %."""
    found = [made([115.0 + gap] if gap < 20.0 else [], (100.0, 110.0, one), (110.0 + gap, 120.0 + gap, other))
             for gap, (one, other) in zip((5.0, 50.0, 200.0), levels, strict=False)]
    assert runs.integrator(found) is comparable


@pytest.mark.parametrize(("lengths", "fires", "level", "expected"), [
    ((5, 50), "10", 1.0, True), ((5, 50), "11", 1.0, False), ((5, 50), "01", 1.0, False), ((5, 50), "00", 1.0, False),
    ((5, 50, 90), "110", 1.0, True), ((5, 50, 90), "101", 1.0, False), ((5, 50), "10", 1.06, False),
    ((5, 50), "10", 1.04, True), ((5,), "1", 1.0, False)])
def test_accommodation(lengths: Any, fires: str, level: float, expected: bool) -> None:
    found = [made([110.0] if fire == "1" else [], ramps=[(100.0, 100.0 + length, 0.0, level if k else 1.0)])
             for k, (length, fire) in enumerate(zip(lengths, fires, strict=True))]
    assert runs.accommodation(found[::-1]) is expected
    assert not runs.accommodation([*found, made([], ramps=[(100.0, 300.0, 0.06, 1.0)])])
    assert not runs.accommodation([*found, made([])])


def test_the_phases_of_a_stimulus() -> None:
    """Of 1000 s: an edge takes less than 10 s, and what changes by less than 2 % of it stands still."""
    def of(*corners: tuple[float, float]) -> Stimulus:
        return phases(TIME, np.interp(TIME, [t for t, _ in corners], [v for _, v in corners]))

    found = of((0, 5), (100, 5), (109, 7), (500, 7), (511, 5), (1000, 5))
    assert [(p.start, p.end, p.first, p.last) for p in found.holds] == [(109, 500, 2, 2)]
    assert [(p.start, p.end, p.duration) for p in found.edges] == [(100, 109, 9)]
    assert [(p.start, p.end, p.first, p.last) for p in found.ramps] == [(500, 511, 2, 0)]
    assert of((0, 1), (1000, 1)) == Stimulus((), (), ())
    small = of((0, 0), (100, 0), (101, 0.01), (400, 0.01), (401, 1), (600, 1), (601, 0), (1000, 0))
    assert [(p.start, p.first) for p in small.holds] == [(401, 1.0)]   # 1 % is no hold
    assert [p.first for p in of((0, 0), (100, 0), (101, 0.03), (400, 0.03), (401, 1), (1000, 1)).holds] == [0.03, 1.0]


def test_a_spike_passes_two_levels_and_its_faster_stroke_is_short() -> None:
    """Straight lines: up from 0 to 1 in 10 s, on top for 5 s, down in 20 s; armed below 0.3, fired above 0.6."""
    time = np.arange(0.0, 101.0)
    above = np.interp(time, [0, 20, 30, 35, 55, 100], [0, 0, 1, 1, 0, 0])
    (found,) = _passages(time, above, 1.0)
    assert found == pytest.approx((26.0, 1.0, 43.0 - 26.0, 3.0, 26.0))
    (again,) = _passages(time, 0.5 * above, 0.5)
    assert again == pytest.approx((26.0, 0.5, 17.0, 3.0, 26.0))
    falls = np.interp(time, [0, 20, 40, 45, 50, 100], [0, 0, 1, 1, 0, 0])   # the way down is the faster one
    assert _passages(time, falls, 1.0)[0] == pytest.approx((32.0, 1.0, 15.0, 1.5, 48.5))
    stays = np.interp(time, [0, 20, 30, 100], [0, 0, 1, 1])
    assert _passages(time, stays, 1.0)[0] == pytest.approx((26.0, 1.0, 74.0, 3.0, 26.0))
    assert _passages(time, 0.59 * stays, 1.0) == [] and len(_passages(time, np.tile(above[:60], 2)[:101], 1.0)) == 2
    assert _passages(time, 1.0 - above, 1.0)[-1][0] > 40.0   # it began above: that is no spike


def test_a_passage_soon_after_a_change_of_the_stimulus_is_no_spike() -> None:
    edges = (Phase(10.0, 12.0, 0.0, 1.0),)
    assert _since(11.0, np.array([0.0, 12.0]), edges) == 0.0
    assert _since(20.0, np.array([0.0, 12.0]), edges) == 8.0 and _since(5.0, np.array([0.0, 12.0]), edges) == 5.0
    time = np.arange(0.0, 201.0)
    above = np.interp(time, [0, 40, 50, 60, 200], [0, 0, 1, 0, 0])   # up through 0.3 and 0.6 in 3 s, to 46 s
    for edge, seen in ((29.0, 1), (32.0, 0)):   # 3 s are a fifth of 15 s
        stimulus = Stimulus((), (), (Phase(edge - 1.0, edge, 0.0, 1.0),))
        assert _response(StimulatedRecord(time, 0 * time, above), stimulus, 0.0, 1.0).spikes.size == seen
    for level, returned in ((0.09, True), (0.11, False)):
        run = StimulatedRecord(time, 0 * time, np.where(time > 191.0, level, above))
        assert _response(run, Stimulus((), (), ()), 0.0, 1.0).returned is returned
    early = StimulatedRecord(time, 0 * time, np.where((time > 180.0) & (time < 190.0), 0.2, above))
    assert _response(early, Stimulus((), (), ()), 0.0, 1.0).returned


def test_the_level_at_rest_is_weighted_by_time() -> None:
    time = np.array([0.0, 1.0, 2.0, 12.0, 13.0, 14.0])
    values = np.array([1.0, 1.0, 1.0, 3.0, 9.0, 9.0])
    mean, spread = _rest(StimulatedRecord(time, 0 * time, values), Stimulus((), (), (Phase(12.0, 13.0, 0.0, 1.0),)))
    weights = np.gradient(time[:4])
    assert mean == pytest.approx(float(weights @ values[:4] / weights.sum()))
    assert spread == pytest.approx(float(np.sqrt(weights @ (values[:4] - mean) ** 2 / weights.sum())))
    short = Stimulus((), (), (Phase(1.0, 2.0, 0.0, 1.0),))
    assert _rest(StimulatedRecord(time, 0 * time, values), short) == (1.0, 0.0)


@pytest.mark.parametrize(("height", "noise", "seen"), [
    (1.0, 0.0, True), (0.021, 0.0, True), (0.019, 0.0, False), (1.0, 0.12, True), (1.0, 0.135, False)])
def test_an_excursion_exceeds_noise_and_a_share_of_the_stimulus(height: float, noise: float, seen: bool) -> None:
    """By eight standard deviations of the response at rest, and by 2 % of a stimulus of 1 V."""
    stimulus = np.where(TIME > 300.0, 1.0, 0.0)
    wave = noise * np.where(TIME <= 300.0, (-1.0) ** TIME, 0.0)
    run = StimulatedRecord(TIME, stimulus, np.where(TIME == 600.0, height, wave))
    (found,) = responses([run])
    assert np.isfinite(found.scale) == seen and (found.spikes.size == 1) == seen
