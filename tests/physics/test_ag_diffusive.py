"""The measured Ag diffusive devices: one parameter set against the distributions that were measured."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tsbench.simulated_backends.devices.catalogue import MARKS, catalogue

SILVER = ("ag_diffusive_asymmetric",)


@pytest.fixture(scope="module")
def measured() -> Any:
    """The module that compares with the measured half-sweeps."""
    root = str(Path(__file__).parents[2])
    if root not in sys.path:
        sys.path.insert(0, root)
    from benchmarks import measured_silver

    return measured_silver


def test_asymmetric_device_meets_the_measured_distributions(measured: Any) -> None:
    """Two-sample Kolmogorov-Smirnov, 101 half-sweeps each; the benchmark asks ten seeds."""
    if not measured.FILE.exists():
        pytest.skip("shared data are not here")
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


@pytest.mark.parametrize("name", SILVER)
def test_every_value_says_where_it_comes_from(name: str) -> None:
    entry = catalogue()[name]
    assert all(item.mark in MARKS and item.source for item in (*entry.parameters, *entry.observables))
    assert {item.mark for item in entry.parameters} <= {"A", "T"}   # no parameter of this model is published
    assert entry.unknown
    assert entry.specimen(3, "D1") == entry.specimen(3, "D1") != entry.specimen(3, "D2")
