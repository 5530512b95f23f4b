"""Instants and heights of made-up edges behind a Gaussian response, which are known without it."""

import math

import numpy as np
import pytest

from tsbench import samples
from tsbench.analysis.pulse import highest_voltage
from tsbench.analysis.pulse.blunt import Blunt, influences
from tsbench.analysis.pulse.highest_voltage import highest
from tsbench.analysis.pulse.unblurred import crossing, steepest
from tsbench.records import FloatArray

FINE = 20  #: points of the made-up curve in a sample


def seen(curve: FloatArray, blur: float) -> FloatArray:
    """Return samples of a curve with ``FINE`` points in a sample, behind a response of ``blur`` samples."""
    reach = math.ceil(6 * blur * FINE)
    response = np.exp(-0.5 * (np.arange(-reach, reach + 1) / (blur * FINE)) ** 2)
    padded = np.pad(curve, reach, mode="edge")
    found: FloatArray = np.convolve(padded, response / response.sum(), mode="valid")[::FINE]
    return found


TIME = np.arange(400 * FINE) / FINE


@pytest.mark.parametrize("blur", [0.5, 1.0, 2.0])
def test_a_sharp_top_is_as_high_as_before_the_response(blur: float) -> None:
    curve = np.where(TIME < 200.0, 1.0 - np.exp(-TIME / 100.0), 0.2)
    record = Blunt(seen(curve, blur), 0, blur, 1e-6)
    top, at = highest(record, 50, 210)
    true = 1.0 - math.exp(-2.0)
    assert float(record.values.max()) < true - 2e-4 * blur   # the response took that much off
    assert abs(top.value - true) <= abs(top.form)
    assert at == pytest.approx(200, abs=2 + 2 * blur)


@pytest.mark.parametrize("blur", [0.5, 2.0, 5.0])
def test_a_charging_capacitance_crosses_half_where_it_did_before_the_response(blur: float) -> None:
    curve = np.where(TIME < 100.0, 0.0, 1.0 - np.exp(-(TIME - 100.0) / 40.0))
    true = 100.0 + 40.0 * math.log(2.0)
    edge, slope = crossing(Blunt(seen(curve, blur), 90, blur, 1e-6), true + 2.0, 0.5, 1.0, 0.01)
    assert abs(edge.value - true) <= abs(edge.form) < 0.05
    assert slope == pytest.approx(0.5 / 40.0, rel=0.01)


@pytest.mark.parametrize("pole", [0.0, 3.0])
@pytest.mark.parametrize("width", [1.0, 4.0])
def test_an_even_rise_is_found_before_its_sensor_and_its_scope(width: float, pole: float) -> None:
    curve = 0.5 + 0.5 * np.vectorize(math.erf)((TIME - 200.3) / (width * math.sqrt(2.0)))
    if pole:
        keep = math.exp(-1.0 / (pole * FINE))
        behind = curve.copy()
        for k in range(1, behind.size):   # straight between the points
            behind[k] = keep * behind[k - 1] + (1.0 - keep) * 0.5 * (curve[k - 1] + curve[k])
        curve = behind
    found = steepest(Blunt(seen(curve, 1.0), 150, 1.0, 1e-5), 195, 208, pole, 0.0)
    assert found is not None
    assert found.value == pytest.approx(200.3, abs=0.01)


def test_a_sudden_end_is_within_the_interval_of_the_form() -> None:
    """The slope grows until it ends, at 200: a scope shows it early."""
    curve = np.where(TIME < 200.0, np.exp((TIME - 200.0) / 8.0), 1.0)
    shown = seen(curve, 1.5)
    found = steepest(Blunt(shown, 100, 1.5, 1e-5), 180, 202, 0.0, 0.0)
    assert found is not None
    assert float(np.argmax(np.diff(shown))) + 0.5 < 199.5
    assert abs(found.value - 200.0) <= abs(found.form)


@pytest.mark.parametrize("noise", [0.01, 0.02])
@pytest.mark.parametrize("uneven", [0.0, 0.6])
def test_the_noise_of_a_steepest_point_is_what_it_scatters_by(noise: float, uneven: float) -> None:
    """The place is continued beyond the narrowest kernel, and its noise grows with it."""
    u = (np.arange(400) - 200.0) / 8.0
    slope = 1.0 / np.cosh(u) ** 2 * np.clip(1.0 + uneven * np.tanh(u), 0.0, None)
    curve = np.cumsum(slope) / slope.sum()
    places, told = [], []
    for seed in range(400):
        values = curve + noise * np.random.default_rng(seed).standard_normal(u.size)
        found = steepest(Blunt(values, 150, 0.0, noise), 180, 222, 0.0, 0.0)
        assert found is not None
        places.append(found.value)
        told.append(found.random)
    scatter = 0.5 * float(np.subtract(*np.percentile(places, [84.1, 15.9])))
    assert 0.93 < float(np.median(told)) / scatter < 1.15   # 0.8 with the noise of the narrowest kernel alone


def test_noise_hides_a_rise_of_few_samples() -> None:
    noise = np.random.default_rng(1).standard_normal(400)
    assert steepest(Blunt(noise, 150, 0.5, 1.0), 195, 205, 0.0, 0.0) is None


def test_a_long_record_takes_no_sums_over_long_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    sums, direct = 0, np.convolve

    def counted(values: FloatArray, kernel: FloatArray, mode: str = "full") -> FloatArray:
        nonlocal sums
        sums += values.size * kernel.size
        found: FloatArray = direct(values, kernel, mode=mode)  # type: ignore[call-overload]
        return found

    random = np.random.default_rng(4)
    record = Blunt(random.normal(1.0, 1e-3, 60_000), 17_000, 1.0, 1e-3)   # flat: the kernel grows to its widest
    monkeypatch.setattr(np, "convolve", counted)
    top, _ = highest(record, 0, 59_000)
    assert top.value == pytest.approx(1.0, abs=1e-3)
    assert sums < 1e9   # 5e10 without a transform, which took minutes


def test_a_flat_top_in_noise_is_a_mean_over_many_samples() -> None:
    random = np.random.default_rng(6)
    for level in (0.5, 2.0):
        values = np.r_[np.zeros(2000), np.full(6000, level), np.zeros(2000)] + random.normal(0.0, 0.02, 10_000)
        top, at = highest(Blunt(values, 1900, 1.0, 0.02), 2100, 7500)
        assert top.random < 0.02 / 4
        assert abs(top.value - level) < 2.0 * top.random
        assert 2100 <= at <= 7500


def test_without_a_line_the_kernel_of_a_flat_top_grows_over_means(monkeypatch: pytest.MonkeyPatch) -> None:
    """It grows to 900 samples: the noise is then 1/40 of that of a sample. Some of it makes the top too high."""
    monkeypatch.setattr(highest_voltage, "level_top", lambda *_: None)
    random = np.random.default_rng(6)
    values = np.r_[np.zeros(2000), np.full(6000, 0.5), np.zeros(2000)] + random.normal(0.0, 0.02, 10_000)
    top, _ = highest(Blunt(values, 1900, 1.0, 0.02), 2100, 7500)
    assert top.random < 0.02 / 35
    assert top.value == pytest.approx(0.5, abs=0.5 * 0.02)


@pytest.mark.parametrize("weights", [(1.0,), (0.0, 1.0, 30.0)])
def test_a_transform_gives_the_same_sums(weights: tuple[float, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    record = Blunt(np.random.default_rng(5).normal(2.0, 0.3, 5000), 3000, 1.0, 0.3)
    found, noise = record.all(1000, 4000, 150.0, weights), record.noise_of(influences(70.0, weights, np.ones(900)))
    monkeypatch.setattr(samples, "_LONG_KERNEL", 10_000)
    assert found == pytest.approx(record.all(1000, 4000, 150.0, weights), abs=1e-12)
    assert noise == pytest.approx(record.noise_of(influences(70.0, weights, np.ones(900))), rel=1e-9)
