"""The step loop of one filament, not compiled, with devices whose circuits have a formula."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tsbench.simulated_backends.devices.mechanism import SEED, SLOPES, plain
from tsbench.simulated_backends.numerics.brownian import DEPTHS, path_in_unit
from tsbench.simulated_backends.studies.filaments import compiled_run as module
from tsbench.simulated_backends.studies.filaments.compiled_run import FilamentCircuit

G, SERIES = 1e-5, 2e4  #: [S] of the film and [Ohm] in series with it
ACROSS = 1.0 / (1.0 / G + SERIES)  #: [S]
CIRCUIT = FilamentCircuit(resistance=1e5, capacitance=1e-9, limit=math.inf, aperture=0.5, above=1e-6, below=0.5e-6,
                          v0=0.1, fast=1e-9, gleak=G, gc=0.0, series=SERIES)
TAU = 1e-9 / (1e-5 + ACROSS)  #: [s] of the node
RATES = (-3e3, -1e3, -2e4)  #: [1/s] by which the states of a device without voltage decay


def decaying(film: float, y: Any, out: Any) -> None:
    for state, rate in enumerate(RATES):
        out[6 * (state + 1)] = rate * y[state]
        out[6 * (state + 1) + 3 + state] = rate


class Loop:
    """The loop in plain Python, with equations of one's own and without noise."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("_rate", "_rate_by_voltage", "_rate_by_itself", "_film_conductance", "_growth", "_node",
                     "_choose_step", "_note_event", "run_filament"):
            monkeypatch.setattr(module, name, plain(getattr(module, name)))
        monkeypatch.setattr(module, "equations", self.equations)
        monkeypatch.setattr(module, "noise_interval", self.noise_interval)
        monkeypatch.setattr(module, "_enter_piece", self.enter_piece)
        self.device: Callable[[float, Any, Any], None] = decaying
        self.wanted: Callable[[float, Any], float] = lambda film, y: math.inf
        self.films: list[float] = []
        self.pieces: list[tuple[float, float]] = []

    def equations(self, p: Any, row: int, film: float, i: float, y: Any, first: int, out: Any) -> None:
        assert (row, i, first) == (0, 0.0, 0)
        self.films.append(film)
        self.device(film, y, out)

    def noise_interval(self, p: Any, row: int, film: float, i: float, y: Any, first: int) -> float:
        assert (row, i, first) == (0, 0.0, 0)
        return self.wanted(film, y)

    def enter_piece(self, p: Any, t: float, wanted: float, cache: Any, nodes: Any) -> float:
        self.pieces.append((t, wanted))
        return t + wanted

    def run(
        self, circuit: FilamentCircuit, *segments: tuple[float, float, float], states: Any = (0.0, 0.0, 0.0, 0.0),
        start: float = 0.0, most: int = 8,
    ) -> tuple[Any, Any, Any]:
        """Return means, events and the states at the end."""
        y, means, events = np.array(states), np.zeros((2, len(segments))), np.zeros((4, most))
        count = module.run_filament(np.zeros((1, 5)), circuit, np.array(segments).T, start, y, np.zeros(24), means,
                                    events, None, None)
        return means, events[:, :count], y


@pytest.fixture
def loop(monkeypatch: pytest.MonkeyPatch) -> Loop:
    return Loop(monkeypatch)


# ---------------------------------------------------------------------------------------------- the node


def node_after(v: float, level: float, across: float, limit: float, time: float) -> float:
    """Integrate C dv/dt = min(max((level - v)/R, -limit), limit) - across v by many small steps."""
    step = time / 20_000
    for _ in range(20_000):
        current = min(max((level - v) / 1e5, -limit), limit)
        middle = v + 0.5 * step * (current - across * v) / 1e-9
        current = min(max((level - middle) / 1e5, -limit), limit)
        v += step * (current - across * middle) / 1e-9
    return v


@pytest.mark.parametrize(("v", "level", "limit"), [
    (0.0, 1.0, math.inf), (0.3, -0.7, math.inf), (0.2, 1.0, 1e-5), (-0.2, -1.0, 1e-5), (0.0, 5.0, 1e-6),
    (1.0, -5.0, 1e-6)])
def test_the_node_moves_as_its_source_lets_it(loop: Loop, v: float, level: float, limit: float) -> None:
    for time in (1e-6, 1e-5):
        after = module._node(CIRCUIT._replace(limit=limit), v, level, ACROSS, time)
        assert after == pytest.approx(node_after(v, level, ACROSS, limit, time), rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_source_at_its_limit_holds_its_voltage_once_it_is_reached(loop: Loop, sign: float) -> None:
    circuit = CIRCUIT._replace(limit=1e-5)
    assert module._node(circuit, sign * 0.9, sign * 2.0, 1e-7, 1e-3) == sign * 2.0
    assert module._node(circuit, sign * 0.9, sign * 2.0, 1e-7, 1e-5) == pytest.approx(sign * 1.0, abs=0.01)


@pytest.mark.parametrize("x", [0.0, 1e-9, 9.9e-6, -9.9e-6, 1.1e-5, -1e-3, 0.5, -4.0, 29.0])
def test_growth_is_exact_for_a_rate_that_is_constant(loop: Loop, x: float) -> None:
    assert module._growth(x / 2e-6, 2e-6) == pytest.approx(2e-6 * (math.expm1(x) / x if x else 1.0), rel=1e-9)


def test_growth_and_conductance_stay_finite(loop: Loop) -> None:
    assert module._growth(1e9, 1e-6) == pytest.approx(math.expm1(30.0) / 1e9)
    circuit = CIRCUIT._replace(gleak=1e-6, gc=2e-6)
    assert module._film_conductance(circuit, np.array([3.0])) == pytest.approx(1e-6 + 2e-6 * math.exp(3.0))
    assert module._film_conductance(circuit, np.array([1e3])) == pytest.approx(2e-6 * math.exp(40.0))


def test_an_equation_has_its_value_and_derivatives_beside_each_other(loop: Loop) -> None:
    out = np.arange(24.0)   # g and its five derivatives, then those of the rates
    assert [module._rate(out, s) for s in range(3)] == [6.0, 12.0, 18.0]
    assert [module._rate_by_voltage(out, s) for s in range(3)] == [7.0, 13.0, 19.0]
    assert [module._rate_by_itself(out, s) for s in range(3)] == [9.0, 16.0, 23.0]


# ---------------------------------------------------------------------------------------------- runs


def test_the_states_decay_and_the_node_charges_as_their_formulas_say(loop: Loop) -> None:
    time = 5e-5
    _, _, y = loop.run(CIRCUIT, (time, 1.0, 1.0), states=(0.5, 2.0, -1.0, 0.2))
    settled = 1.0 / (1.0 + 1e5 * ACROSS)
    assert y[:3] == pytest.approx([0.5 * math.exp(-3e3 * time), 2.0 * math.exp(-1e3 * time), -math.exp(-2e4 * time)])
    assert y[3] == pytest.approx(settled + (0.2 - settled) * math.exp(-time / TAU))


def test_means_are_over_the_last_part_of_each_segment(loop: Loop) -> None:
    time, settled = 5e-5, 1.0 / (1.0 + 1e5 * ACROSS)
    loop.device = lambda film, y, out: out.__setitem__(slice(6, 12), [1e6, 0.0, 0.0, 0.0, 0.0, 0.0])   # small steps
    circuit = CIRCUIT._replace(aperture=0.4, gc=0.0)
    means, _, _ = loop.run(circuit, (time, 1.0, 1.0), (time, 0.0, 0.0))

    def mean(low: float, high: float, of: Callable[[float], float]) -> float:
        return float(np.mean([of(low + (high - low) * (k + 0.5) / 500) for k in range(500)]))

    charged = settled * (1 - math.exp(-time / TAU))
    rise = mean(0.6 * time, time, lambda t: settled * (1 - math.exp(-t / TAU)))
    fall = mean(0.6 * time, time, lambda t: charged * math.exp(-t / TAU))
    assert means[1] == pytest.approx([rise, fall], rel=5e-3)
    assert means[0] == pytest.approx([(1.0 - rise) / 1e5, -fall / 1e5], rel=1e-2)   # what the source gives


def test_a_ramp_is_followed_with_the_lag_of_the_node(loop: Loop) -> None:
    """Long after the beginning v = share (level - slope tau); the current charges the node as well."""
    share, time, slope = 1.0 / (1.0 + 1e5 * ACROSS), 2e-3, 500.0
    means, _, y = loop.run(CIRCUIT._replace(v0=0.005), (time, 0.0, 1.0), (time, 1.0, 0.0))
    assert y[3] == pytest.approx(share * slope * TAU, rel=2e-2)
    middle = 0.75   # of the last half of the first segment, and 0.25 of that of the second
    assert means[1] == pytest.approx([share * (middle - slope * TAU), share * (0.25 + slope * TAU)], rel=3e-3)
    assert means[0] == pytest.approx((np.array([middle, 0.25]) - means[1]) / 1e5, rel=1e-2)


def test_a_quick_node_is_where_it_settles(loop: Loop) -> None:
    circuit = CIRCUIT._replace(capacitance=1e-15)
    settled = 2.0 / (1.0 + 1e5 * ACROSS)
    means, _, y = loop.run(circuit, (1e-3, 2.0, 2.0))
    assert y[3] == pytest.approx(settled) and means[1, 0] == pytest.approx(settled)
    assert means[0, 0] == pytest.approx((2.0 - settled) / 1e5)
    assert loop.films[1] == pytest.approx(settled / (1.0 + G * SERIES))   # the device sees the voltage it comes to
    limited, _, _ = loop.run(circuit._replace(limit=5e-6), (1e-3, 2.0, 2.0), (1e-3, -2.0, -2.0))
    assert limited[1] == pytest.approx([5e-6 / ACROSS, -5e-6 / ACROSS])
    assert limited[0] == pytest.approx([5e-6, -5e-6])


def test_what_lies_across_the_film_is_without_the_series_resistance(loop: Loop) -> None:
    loop.run(CIRCUIT._replace(capacitance=1.0), (1e-6, 1.0, 1.0), states=(0.0, 0.0, 0.0, 0.6))
    assert loop.films == pytest.approx([0.6 / 1.2] * len(loop.films), rel=1e-6)


def test_steps_are_as_short_as_the_state_the_node_and_the_ramp_ask(loop: Loop) -> None:
    def steps(circuit: FilamentCircuit, segment: tuple[float, float, float], **options: Any) -> int:
        loop.films.clear()
        loop.run(circuit, segment, **options)
        return len(loop.films) // 2   # twice in each step of a node that is not settled

    circuit = CIRCUIT._replace(gleak=1e-12, aperture=1.0)
    slow = circuit._replace(capacitance=1.0)
    loop.device = lambda film, y, out: out.__setitem__(6, 1e4)
    assert steps(slow, (1e-3, 0.0, 0.0)) == 40   # s by a quarter
    loop.device = lambda film, y, out: out.__setitem__(6, 0.0)
    assert steps(slow, (1e-3, 0.0, 0.0)) == 1
    assert steps(slow, (1e-3, 0.0, 1.0)) == pytest.approx(1.0 / (0.25 * 0.1), abs=1)   # a quarter of V0 of a ramp
    # 10 uA charge 1 uF by 10 V/s: a quarter of V0 in 2.5 ms; a limit makes it slower
    assert steps(circuit._replace(capacitance=1e-6), (0.025, 1.0, 1.0)) == pytest.approx(10, abs=2)
    assert steps(circuit._replace(capacitance=1e-6, limit=1e-6), (0.025, 1.0, 1.0)) == 1
    assert steps(circuit._replace(capacitance=1e-6, limit=1e-6), (0.025, -1.0, -1.0)) == 1


def test_a_state_that_lowers_its_own_drive_is_stepped_with_that_feedback(loop: Loop) -> None:
    """A quick node: ds/dt = k v(s), and v falls as the film's conductance grows; followed as finer steps follow it."""
    circuit = CIRCUIT._replace(capacitance=1e-15, gleak=0.0, gc=G, fast=1e-9)
    k = 1e5

    def grows(film: float, y: Any, out: Any) -> None:
        out[6], out[7] = k * film, k

    loop.device = grows
    _, _, y = loop.run(circuit, (5e-5, 1.0, 1.0))
    s, step = 0.0, 5e-5 / 20_000
    for _ in range(20_000):
        g = G * math.exp(s)
        s += step * k / (1.0 + g * SERIES + 1e5 * g)
    assert y[0] == pytest.approx(s, rel=1e-2)


def test_a_slow_node_and_its_film_follow_each_other(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STEP_IN_S", 0.02)   # the steps are of first order
    monkeypatch.setattr(module, "STEP_IN_V0", 0.02)
    circuit = CIRCUIT._replace(gleak=0.0, gc=G)
    k = 2e5

    def grows(film: float, y: Any, out: Any) -> None:
        out[6], out[7] = k * film, k

    loop.device = grows
    means, _, y = loop.run(circuit, (1e-4, 1.0, 1.0), states=(-2.0, 0.0, 0.0, 0.0))
    s, v, step, charge = -2.0, 0.0, 1e-4 / 40_000, 0.0
    for n in range(40_000):
        g = G * math.exp(s)
        current = (1.0 - v) / 1e5
        charge += current * step if n >= 20_000 else 0.0
        s, v = s + step * k * v / (1.0 + g * SERIES), v + step * (current - v * g / (1.0 + g * SERIES)) / 1e-9
    assert y[[0, 3]] == pytest.approx([s, v], rel=5e-3)
    assert means[0, 0] == pytest.approx(charge / 5e-5, rel=1e-2)


# ---------------------------------------------------------------------------------------------- events and pieces


def test_events_begin_above_and_end_below(loop: Loop) -> None:
    circuit = CIRCUIT._replace(capacitance=1e-15, aperture=1.0)
    share = 1e5 / (1.0 + 1e5 * ACROSS) * ACROSS / 1e5   # [S] from the level to the current
    low, middle, high = 0.4e-6 / share, 0.8e-6 / share, 2e-6 / share
    loop.device = lambda film, y, out: out.__setitem__(6, 0.0)
    segments = [(1e-3, level, level) for level in (middle, high, -middle, low, -high, 1.5 * high, 2.0 * high, high)]
    _, events, _ = loop.run(circuit, *segments, start=5.0)
    begins, ends, peaks, times = events
    assert begins == pytest.approx([5.002, 5.005], abs=1e-9) and ends == pytest.approx([5.004, math.inf], abs=1e-9)
    assert peaks == pytest.approx([2e-6, 4e-6]) and times == pytest.approx([5.002, 5.007], abs=1e-9)


def test_as_many_events_are_noted_as_there_is_room(loop: Loop) -> None:
    circuit = CIRCUIT._replace(capacitance=1e-15)
    loop.device = lambda film, y, out: out.__setitem__(6, 0.0)
    segments = [(1e-3, level, level) for level in (1.0, 0.0) * 5]
    for most, count in ((8, 5), (6, 5), (5, 4), (2, 1), (1, 0)):
        _, events, _ = loop.run(circuit, *segments, most=most)
        assert events.shape == (4, count) and np.isfinite(events).all()


def test_pieces_of_the_path_follow_each_other(loop: Loop) -> None:
    loop.wanted = lambda film, y: 3e-6
    loop.run(CIRCUIT._replace(capacitance=1e-15), (1e-5, 1.0, 1.0), (1e-5, 1.0, 1.0), start=1.0)
    assert [t for t, _ in loop.pieces] == pytest.approx([1.0 + 3e-6 * k for k in range(7)])
    assert {wanted for _, wanted in loop.pieces} == {3e-6}


@pytest.mark.parametrize(("shorter", "again"), [(0.41, False), (0.39, True)])
def test_a_piece_that_became_too_long_is_cut(loop: Loop, shorter: float, again: bool) -> None:
    """Where less than a part in 2.5 of it is wanted."""
    loop.wanted = lambda film, y: 1e-3 if y[0] < 1.0 else shorter * 1e-3
    loop.device = lambda film, y, out: out.__setitem__(6, 1e4)
    loop.run(CIRCUIT._replace(capacitance=1e-15), (4e-4, 1.0, 1.0))
    assert [t for t, _ in loop.pieces] == pytest.approx([0.0, 1e-4] if again else [0.0])


@pytest.mark.parametrize("t", [0.0, 3.2e-4, 1.7])
def test_the_slopes_of_a_piece_are_those_of_the_path(t: float) -> None:
    row, cache, nodes = np.zeros((1, 6)), np.zeros((2, 2 * DEPTHS)), np.full((2, 1 + DEPTHS), -1, dtype=np.int64)
    row[0, SEED] = 7.0
    end = plain(module._enter_piece)(row, t, 1e-4, cache, nodes)
    unit, now = divmod(math.floor(t * 2.0**34), 1 << 29)   # 2^34 ticks in a second, 32 units
    last = round(end * 2.0**34) - (unit << 29)
    assert t < end <= t + 1.25e-4
    for channel in range(2):
        before, after = (path_in_unit(7, channel, unit, tick) for tick in (now, last))
        assert row[0, SLOPES + channel] == pytest.approx((after - before) / (end - t), rel=1e-9)
    assert row[0, SLOPES + 2:].tolist() == [0.0] * len(row[0, SLOPES + 2:])
