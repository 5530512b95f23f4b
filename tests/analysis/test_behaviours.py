"""Recognisers of firing behaviour on synthetic records."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tsbench.analysis.behaviours.behaviours import recognised
from tsbench.analysis.behaviours.spike_trains import bursts, is_adapting, is_bursting, is_mixed, is_regular
from tsbench.analysis.behaviours.stimulated_run import StimulatedRecord, phases, responses

END = 400.0
TIME = np.union1d(np.linspace(0.0, END, 8001), np.concatenate([[20.0, 20.05, 220.0, 220.05]]))
STEP = ([0, 20, 20.05, 220, 220.05, END], [0, 0, 1, 1, 0, 0])


def record(
    spikes: list[float], stimulus: tuple[list[float], list[float]] = STEP, tail: float = 0.0, rest: float = 0.1,
) -> StimulatedRecord:
    """Return a record with a spike of unit height, 0.05 up and a decay of 1, at each time; ``tail`` lingers for 15."""
    time = np.union1d(TIME, np.array([*stimulus[0], *(s + d for s in spikes for d in (0.0, 0.05))], float))
    response = np.full(time.size, rest)
    for s in spikes:
        since = time - s - 0.05
        rise = np.clip((time - s) / 0.05, 0.0, 1.0)
        fall = (1 - tail) * np.exp(-np.clip(since, 0, None)) + tail * np.exp(-np.clip(since, 0, None) / 15)
        response = np.maximum(response, rest + rise * fall)
    return StimulatedRecord(time, np.interp(time, *stimulus), response)


def pair(gap: float, level: float = 1.0) -> tuple[list[float], list[float]]:
    one = [20, 20.05, 25, 25.05]
    return [0, *one, *(t + gap for t in one), END], [0, *[0, level, level, 0] * 2, 0]


def pulse(level: float, width: float = 5.0) -> tuple[list[float], list[float]]:
    return [0, 20, 20.05, 20 + width, 20.05 + width, END], [0, 0, level, level, 0, 0]


def ramp(length: float) -> tuple[list[float], list[float]]:
    return [0, 20, 20 + length, 30 + length, 30.05 + length, END], [0, 0, 1, 1, 0, 0]


INHIBITED = (STEP[0], [0, 0, -1, -1, 0, 0])
STEADY = list(np.arange(25.0, 219.0, 10.0))
SLOWING = list(25 + np.cumsum([4, 5, 6, 7.5, 9, 11, 13, 15, 17, 19, 20, 20, 20, 20]))
BURSTING = [t + d for t in np.arange(25.0, 210.0, 25.0) for d in (0.0, 3.0, 6.0)]
ON_RAMP = ([0, 20, 320, 321, END], [0, 0, 1, 0, 0])


@pytest.mark.parametrize(("expected", "runs"), [
    ("a", [record(STEADY)]),
    ("b", [record([22.0])]),
    ("c", [record(BURSTING)]),
    ("d", [record([22.0, 25.0, 28.0])]),
    ("e", [record([22.0, 24.0, 26.0, *np.arange(40.0, 219.0, 15.0)])]),
    ("f", [record(SLOWING)]),
    ("h", [record(list(np.arange(120.0, 319.0, 8.0)), ON_RAMP)]),
    ("i", [record([20 + d], pulse(v, 60.0)) for v, d in ((0.2, 50.0), (0.4, 20.0), (0.8, 8.0))]),
    ("k", [record(s, pair(g)) for g, s in ((6, []), (12, [40.0]), (40, []))]),
    ("l", [record(s, pair(g)) for g, s in ((6, [29.0]), (12, []), (40, []))]),
    ("m", [record([225.0], INHIBITED)]),
    ("n", [record([225.0, 228.0, 231.0], INHIBITED)]),
    ("p", [record(list(np.arange(27.0, 101.0, 4.0)), ([0, 20, 20.05, 25, 25.05, 100, 100.05, 105, 105.05, END],
                                                      [0, 0, 1, 1, 0, 0, -1, -1, 0, 0]))]),
    ("q", [record([22.0], pulse(1.0, 1.5), tail=0.3)]),
    ("r", [record(s, ramp(length)) for length, s in ((5.0, [24.0]), (50.0, []), (200.0, []))]),
    ("s", [record(STEADY, INHIBITED)]),
    ("t", [record(BURSTING, INHIBITED)]),
    ("u", [record(s, pulse(v)) for v, s in ((0.1, []), (0.5, [23.0]), (1.0, [22.5]))]),
    ("v", [record(s, pair(g)) for g, s in ((8, [22.0]), (30, [22.0, 52.0]))]),
    ("w", [record(list(np.arange(60.0, 150.0, 6.0)), ON_RAMP)]),
    ("", [record([])]),
])
def test_synthetic_records(expected: str, runs: list[StimulatedRecord]) -> None:
    assert "".join(sorted(recognised(runs))) == expected


def test_class_1_from_a_low_rate_to_a_high_one() -> None:
    times = [60.0]
    while times[-1] < 319.0:
        times.append(times[-1] + max(2.5, 30.0 - 0.18 * (times[-1] - 60.0)))
    assert recognised([record(times[:-1], ON_RAMP)]) == {"g"}


def test_threshold_variability_needs_both_controls() -> None:
    first, second = [20, 20.05, 60, 60.05], [61, 61.05, 66, 66.05]
    test_alone = record([], ([0, *second, END], [0, 0, 1, 1, 0, 0]))
    before_alone = record([], ([0, *first, END], [0, 0, -1, -1, 0, 0]))
    both = record([63.0], ([0, *first, *second, END], [0, 0, -1, -1, 0, 0, 1, 1, 0, 0]))
    assert recognised([test_alone, before_alone, both]) == {"o"}
    assert "o" not in recognised([test_alone, both])


def test_damped_oscillation() -> None:
    run = record([], pulse(1.0, 2.0))
    since = np.clip(run.time - 22.05, 0.0, None)
    ring = 0.2 * np.exp(-since / 15) * np.sin(2 * np.pi * since / 12)
    assert recognised([StimulatedRecord(run.time, run.stimulus, run.response + ring)]) == {"j"}


def test_what_does_not_return_to_rest_is_nothing() -> None:
    run = record(STEADY)
    latched = StimulatedRecord(run.time, run.stimulus, run.response + 0.8 * (run.time > 230.0))
    assert recognised([latched]) == frozenset()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(0.3, 40.0), min_size=1, max_size=3), st.floats(-1.0, 1.0).filter(lambda v: abs(v) > 0.1),
       st.booleans())
def test_passive_networks_do_not_fire(constants: list[float], level: float, differentiate: bool) -> None:
    """One to three RC sections in a row, low pass or high pass, answer a step: no spike, no behaviour."""
    time = np.arange(0.0, END, 0.05)
    stimulus = np.interp(time, [0, 20, 20.05, 220, 220.05, END], [0, 0, level, level, 0, 0])
    response = stimulus
    for tau in constants:
        filtered = np.zeros(time.size)
        for k in range(1, time.size):
            filtered[k] = filtered[k - 1] + (response[k] - filtered[k - 1]) * (1 - np.exp(-0.05 / tau))
        response = filtered
    run = StimulatedRecord(time, stimulus, stimulus - response if differentiate else response)
    assert responses([run])[0].spikes.size == 0
    assert recognised([run]) == frozenset()


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0.01, 0.3))
def test_noise_does_not_fire(seed: int, level: float) -> None:
    run = record([])
    noise = level * np.random.default_rng(seed).standard_normal(run.time.size)
    assert recognised([StimulatedRecord(run.time, run.stimulus, run.response + noise)]) == frozenset()


@settings(max_examples=20, deadline=None)
@given(st.floats(1e-9, 1e3), st.floats(1e-3, 1e3), st.floats(-5.0, 5.0),
       st.sampled_from([STEADY, BURSTING, SLOWING, [22.0], [22.0, 25.0, 28.0]]))
def test_neither_time_nor_size_nor_offset_matters(
    scale: float, size: float, offset: float, spikes: list[float],
) -> None:
    run = record(spikes)
    other = StimulatedRecord(run.time * scale, run.stimulus * size, run.response * size + offset)
    assert recognised([other]) == recognised([run]) != frozenset()


@given(st.lists(st.floats(1.0, 1.05), min_size=6, max_size=30))
def test_patterns_exclude_each_other(factors: list[float]) -> None:
    times = np.cumsum(10.0 * np.array(factors))
    assert is_regular(times)
    assert not is_bursting(times) and not is_mixed(times) and not is_adapting(times)
    assert len(bursts(times)) == 1


def test_holds_ramps_and_edges() -> None:
    time = np.union1d(TIME, [20.05, 320.0, 321.0])
    found = phases(time, np.interp(time, *ON_RAMP))
    assert [(p.start, p.end) for p in found.ramps] == [(20.0, 320.0)]
    assert [(p.start, p.end) for p in found.edges] == [(320.0, 321.0)] and not found.holds
    found = phases(TIME, np.interp(TIME, *STEP))
    assert [(p.start, p.end, p.first) for p in found.holds] == [(20.05, 220.0, 1.0)] and len(found.edges) == 2
