"""The measured Ag diffusive devices: one parameter set against the distributions that were measured."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tsbench.errors import ConfigurationError
from tsbench.simulated_backends.devices.catalogue import MARKS, catalogue, device_model, unmodelled
from tsbench.simulated_backends.devices.silver_filament.equations import SilverFilament
from tsbench.simulated_backends.studies.filaments.experiments import FilamentPulse, HalfSweeps, half_sweeps, pulse_shots
from tsbench.simulated_backends.studies.filaments.runs import Surroundings

SILVER = ("ag_diffusive_asymmetric", "ag_diffusive_symmetric", "ag_sioxny", "ag_nanowire", "mos2_ag")


@pytest.fixture(scope="module")
def measured() -> Any:
    """The module that compares with the measured half-sweeps."""
    root = str(Path(__file__).parents[3])
    if root not in sys.path:
        sys.path.insert(0, root)
    from benchmarks import measured_silver

    return measured_silver


@pytest.mark.thorough
def test_asymmetric_device_meets_the_measured_distributions(measured: Any) -> None:
    """Two-sample Kolmogorov-Smirnov, 101 half-sweeps each; the benchmark asks ten seeds."""
    if not measured.FILE.exists():
        pytest.skip("the measured data are not here")
    from scipy.stats import ks_2samp

    data = measured.measured()
    assert (len(data.threshold), data.half_sweeps) == (101, 201)
    for seed in (11, 12, 13):
        model = measured.simulated(seed)
        assert ks_2samp(model.threshold, data.threshold).pvalue > 0.05
        assert ks_2samp(model.hold, data.hold).pvalue > 0.05


def test_asymmetric_device_without_the_data(measured: Any) -> None:
    """Means and spreads as stated in the catalogue; every positive half-sweep switches, no negative one."""
    stated = {item.name: item.value for item in catalogue()["ag_diffusive_asymmetric"].observables}
    model = measured.simulated(21)
    assert model.threshold.size == model.half_sweeps == 101
    assert model.threshold.mean() == pytest.approx(stated["threshold voltage, mean of 101 half-sweeps"], abs=2e-3)
    assert model.hold.mean() == pytest.approx(stated["hold voltage, mean"], abs=6e-3)
    assert model.hold.std() == pytest.approx(stated["hold voltage, standard deviation"], rel=0.4)
    assert measured.simulated(21, polarity=-1).threshold.size == 0


def test_hold_voltages_are_skewed_towards_high_ones(measured: Any) -> None:
    hold = measured.simulated(22, 200).hold
    third = np.mean((hold - hold.mean()) ** 3) / hold.std() ** 3
    assert third > 0.5


def silver(name: str, seed: float = 0.0) -> SilverFilament:
    """A device of the catalogue."""
    model = device_model(name, {"seed": seed})
    assert isinstance(model, SilverFilament)
    return model


def switched(measured: Any, name: str, sweeps: HalfSweeps, count: int, above: float, seed: float = 5.0) -> Any:
    """Threshold and hold voltages of simulated half-sweeps by a current level."""
    voltage, current = half_sweeps(silver(name, seed), sweeps, count)
    return measured.extracted(
        voltage.ravel(), abs(current).ravel(), np.repeat(np.arange(count), voltage.shape[1]), above)


def test_symmetric_device_sweeps_and_pulses_with_one_set(measured: Any) -> None:
    stated = [item.value for item in catalogue()["ag_diffusive_symmetric"].observables]
    for k, polarity in enumerate((1, -1)):
        sweeps = HalfSweeps(polarity * 0.6, 6e-3, 10e-3, 1e-6, 0.2)
        found = switched(measured, "ag_diffusive_symmetric", sweeps, 15, 1e-8)
        assert found.threshold.size == found.half_sweeps
        assert abs(found.threshold).mean() == pytest.approx(stated[k], rel=0.1)
        assert abs(found.hold).mean() == pytest.approx(stated[2 + k], abs=0.010)
    around = Surroundings(22e3, 100e-12, above=1e-6, below=1e-7)
    shots = pulse_shots(silver("ag_diffusive_symmetric"), around, FilamentPulse(-1.0, 20e-3, -0.1), 60e-3, 41)
    assert shots.fired.all()
    assert 0.5 < np.median(shots.delay) / stated[4] < 2.0
    assert 0.5 < np.median(shots.relaxation) / stated[5] < 2.0


@pytest.mark.thorough
def test_symmetric_device_spreads_as_measured(measured: Any) -> None:
    """Standard deviations within a factor of 2, the delay's largest over smallest within a factor of 4."""
    for polarity, spread in ((1, 0.022), (-1, 0.021)):
        sweeps = HalfSweeps(polarity * 0.6, 6e-3, 10e-3, 1e-6, 0.2)
        hold = switched(measured, "ag_diffusive_symmetric", sweeps, 30, 1e-8, seed=9.0).hold
        assert hold.size >= 29   # one filament in a hundred is still whole at the next sweep
        assert 0.5 < hold.std(ddof=1) / spread < 2.0
    around = Surroundings(22e3, 100e-12, above=1e-6, below=1e-7)
    delay = pulse_shots(
        silver("ag_diffusive_symmetric"), around, FilamentPulse(-1.0, 20e-3, -0.1), 60e-3, 100, seed=3).delay
    assert 0.25 < np.nanpercentile(delay, 96) / np.nanpercentile(delay, 4) / 91.0 < 4.0


@pytest.mark.thorough
@pytest.mark.thin(3)
@pytest.mark.parametrize(("name", "stop", "step", "compliance", "low", "high", "spread"), [
    ("ag_sioxny", 2.0, 0.02, 1e-5, 1.26, 1.54, (0.03, 0.13)),
    ("ag_nanowire", 0.1, 1e-3, 1e-6, 0.056, 0.064, (0.033, 0.1)),
    ("mos2_ag", 0.8, 0.01, 1e-5, 0.4, 0.5, (0.03, 0.13)),
])
def test_threshold_as_published_in_both_polarities(
    measured: Any, name: str, stop: float, step: float, compliance: float, low: float, high: float,
    spread: tuple[float, float],
) -> None:
    for polarity in (1, -1):
        sweeps = HalfSweeps(polarity * stop, step, 10e-3, compliance, 50e-3)
        found = switched(measured, name, sweeps, 15, compliance / 50)
        assert found.threshold.size == found.half_sweeps
        assert low < abs(found.threshold).mean() < high
        assert spread[0] < found.threshold.std() / abs(found.threshold).mean() < spread[1]
        assert abs(found.hold).max() < 0.5 * low


@pytest.mark.parametrize("name", SILVER)
def test_every_value_says_where_it_comes_from(name: str) -> None:
    entry = catalogue()[name]
    assert all(item.mark in MARKS and item.source for item in (*entry.parameters, *entry.observables))
    assert {item.mark for item in entry.parameters} <= {"A", "T"}   # no parameter of this model is published
    assert entry.unknown
    assert entry.specimen(3, "D1") == entry.specimen(3, "D1") != entry.specimen(3, "D2")


def test_devices_without_a_model_say_what_is_known_and_what_is_not() -> None:
    for name, entry in unmodelled().items():
        assert name not in catalogue()
        assert entry.mechanism == "none" and not entry.parameters and entry.unknown
        assert all(item.mark in MARKS and item.source for item in entry.observables)
        with pytest.raises(ConfigurationError, match=f"'{name}' has data but no model"):
            device_model(name)
