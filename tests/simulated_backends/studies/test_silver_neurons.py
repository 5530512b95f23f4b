"""The integrate-and-fire neurons with Ag devices: all-or-nothing, threshold, refractory, strength; 40 trials a point.

The figures with 200 trials a point: ``python -m benchmarks.physics --only silver``.
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tsbench.simulated_backends.studies.filaments.experiments import FilamentPulse, fired_of_pairs, spike_trains

TRIALS = 40
NEURONS = (("ag_sio2", 1.0), ("ag_sioxny", 1.4))


@pytest.fixture(scope="module")
def neurons() -> Any:
    """The module that holds the circuit and the statements."""
    root = str(Path(__file__).parents[3])
    if root not in sys.path:
        sys.path.insert(0, root)
    from benchmarks import physics_silver_neurons

    return physics_silver_neurons


@pytest.mark.parametrize(("name", "threshold"), NEURONS)
def test_all_or_nothing_and_threshold_driven(neurons: Any, name: str, threshold: float) -> None:
    quiet, weak, strong = (neurons.singles(name, share * threshold, TRIALS) for share in (0.8, 1.2, 2.0))
    assert quiet.fired == 0 and quiet.peaks.size == 0
    assert weak.fired >= 0.9 * TRIALS and strong.fired == TRIALS
    spikes = np.concatenate([weak.peaks, strong.peaks])
    assert spikes.min() > 0.5 * np.median(spikes) > 5 * neurons.NEURON.threshold   # nothing in between was seen
    assert np.median(strong.peaks) < 1.25 * np.median(weak.peaks)


@pytest.mark.parametrize(("name", "threshold"), NEURONS)
def test_refractory(neurons: Any, name: str, threshold: float) -> None:
    pulse = FilamentPulse(2.0 * threshold, 9e-3)
    counts = [fired_of_pairs(neurons.silver(name), neurons.NEURON, pulse, gap, 10e-3, TRIALS) for gap in (1e-3, 50e-3)]
    (first_soon, soon), (first_late, late) = counts
    assert min(first_soon, first_late) > 0.7 * TRIALS
    assert soon <= 0.05 * first_soon
    assert late >= 0.8 * first_late


@pytest.mark.thin(2)
@pytest.mark.parametrize(("name", "threshold"), NEURONS)
def test_rate_rises_with_the_strength(neurons: Any, name: str, threshold: float) -> None:
    rates = []
    for share in (0.8, 1.1, 1.5, 3.0):
        trains = spike_trains(neurons.silver(name), neurons.NEURON, share * threshold, 0.2, 20)
        rates.append(np.mean([times.size for times, _ in trains]) / 0.2)
    assert rates[0] == 0.0
    assert (np.diff(rates) > 5.0).all()
