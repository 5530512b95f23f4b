"""Edges placed by their mean shape: scatter and uncertainty agree, and the rounds have converged."""

import numpy as np
import pytest

from tsbench.analysis.oscillation import mean_shape
from tsbench.records import FloatArray

EDGES, PERIOD, HALF = 100, 200.0, 0.4


def train(noise: float, memory: float = 0.0) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return a record of spikes of one shape, the true places and the crossings of the middle of the edges [samples].

    ``memory`` is the correlation of the noise between samples that follow each other.
    """
    rng = np.random.default_rng(3)
    times = np.arange(int((EDGES + 1) * PERIOD))
    true = PERIOD * (np.arange(EDGES) + 0.8) + rng.normal(0.0, 3.0, EDGES)
    values = np.zeros(times.size)
    for place in true:
        since = times - place
        values += np.exp(-np.clip(since, 0.0, None) / 25.0) / (1.0 + np.exp(-np.clip(since, -100.0, 100.0) / 3.0))
    drawn = rng.normal(0.0, noise * np.sqrt(1.0 - memory**2), times.size)
    for k in range(1, times.size if memory else 0):
        drawn[k] += memory * drawn[k - 1]
    values += drawn
    found = []
    for place in true:
        begin = int(place) - 12
        part = values[begin:begin + 24]
        k = int(np.flatnonzero((part[:-1] < HALF) & (part[1:] >= HALF))[0])
        found.append(begin + k + (HALF - part[k]) / (part[k + 1] - part[k]))
    return values, true, np.array(found)


@pytest.mark.parametrize("memory", [0.0, 0.7])
@pytest.mark.parametrize("noise", [0.003, 0.02])
def test_the_uncertainty_is_the_scatter_about_the_true_places(noise: float, memory: float) -> None:
    values, true, crossings = train(noise, memory)
    placed = mean_shape.placed_by_shape(values, crossings)
    assert placed is not None
    scatter = float(np.std(placed.index - true))
    assert scatter == pytest.approx(placed.uncertainty, rel=0.25)   # 100 edges: 7 %, standard
    assert scatter < float(np.std(crossings - true))


@pytest.mark.parametrize("noise", [0.003, 0.02, 0.05])
def test_another_round_moves_no_edge(noise: float, monkeypatch: pytest.MonkeyPatch) -> None:
    values, _, crossings = train(noise)
    placed = mean_shape.placed_by_shape(values, crossings)
    monkeypatch.setattr(mean_shape, "_ROUNDS", mean_shape._ROUNDS + 1)
    again = mean_shape.placed_by_shape(values, crossings)
    assert placed is not None and again is not None
    assert np.max(np.abs(placed.index - again.index)) < 0.02 * placed.uncertainty


def test_heights_that_alternate_are_not_alike() -> None:
    """Every second edge of a long train is four times as high; of 8192 edges, every second one would be compared."""
    assert not mean_shape.alike(np.tile([1.0, 4.0], 4096))
    assert mean_shape.alike(np.tile([1.0, 1.1], 4096))


@pytest.mark.parametrize("seed", [41, 180, 225, 280, 494, 1217])
def test_no_edge_is_followed_out_of_the_record(seed: int) -> None:
    """Crossings in noise: the fit moves an edge near an end of the record out of it (it was an IndexError)."""
    random, x = np.random.default_rng(seed), np.arange(3000.0)
    period = random.uniform(40, 300)
    rise = random.uniform(2, 0.2 * period)
    edges = np.arange(random.uniform(0, period), 3000, period)
    late = np.clip((x[:, None] - edges) / rise, -50, 50)
    values = (np.exp(-np.abs(x[:, None] - edges - 0.2 * period) / period * 3) / (1 + np.exp(-4 * late))).sum(1)
    values += 0.02 * random.normal(size=x.size)
    seen = np.sort(edges + random.normal(0, 0.04 * period, edges.size))
    placed = mean_shape.placed_by_shape(values, seen, rise)
    assert placed is None or np.all(np.abs(placed.index - seen) < 0.3 * period)
