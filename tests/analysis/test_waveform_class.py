"""What a record shows, on waveforms made for the purpose."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tsbench.analysis.oscillation.waveform_class import classify_waveform

TIME = np.linspace(0.0, 1e-6, 20001)


def pulses(instants: np.ndarray, width: float = 4e-9, time: np.ndarray = TIME) -> np.ndarray:
    return np.exp(-(((time[:, None] - instants[None, :]) / width) ** 2)).sum(axis=1)


def bursts(number: int, within: float, period: float) -> np.ndarray:
    starts = np.arange(30e-9, 0.9e-6, period)
    return (starts[:, None] + within * np.arange(number)[None, :]).ravel()


def test_sinusoid() -> None:
    found = classify_waveform(TIME, 1e-3 * (1.5 + np.sin(2 * np.pi * 31.6e6 * TIME)))
    assert found.kind == "sinusoidal" and found.spikes_per_burst is None
    assert found.period == pytest.approx(1 / 31.6e6, rel=1e-4)
    assert found.fundamental_share == pytest.approx(1.0, abs=1e-4)


def test_share_of_the_fundamental_of_known_waves() -> None:
    phase = (TIME * 20e6) % 1.0
    square = np.where(phase < 0.5, 1.0, 0.0)
    triangle = abs(phase - 0.5)
    assert classify_waveform(TIME, square).fundamental_share == pytest.approx(8 / np.pi**2, abs=2e-3)
    assert classify_waveform(TIME, triangle).fundamental_share == pytest.approx(96 / np.pi**4, abs=2e-3)
    assert classify_waveform(TIME, phase).fundamental_share == pytest.approx(6 / np.pi**2, abs=2e-3)
    assert classify_waveform(TIME, phase).kind == "spiking"   # the sawtooth of a relaxation oscillator
    third = np.sin(2 * np.pi * 20e6 * TIME) + 0.4 * np.sin(2 * np.pi * 60e6 * TIME)
    assert classify_waveform(TIME, third).fundamental_share == pytest.approx(1 / 1.16, abs=1e-3)


@pytest.mark.parametrize("number", [2, 3, 5])
def test_bursts(number: int) -> None:
    found = classify_waveform(TIME, pulses(bursts(number, 18e-9, 170e-9)))
    assert found.kind == "bursting"
    assert found.spikes_per_burst == number
    assert found.period == pytest.approx(170e-9, rel=1e-3)
    assert "at most 1.8e-08 s in a burst" in found.basis


def test_small_peaks_between_bursts_are_no_spikes() -> None:
    small = 0.2 * pulses(np.arange(130e-9, 0.9e-6, 170e-9))
    found = classify_waveform(TIME, pulses(bursts(2, 30e-9, 170e-9)) + small)
    assert (found.kind, found.spikes_per_burst) == ("bursting", 2)


def test_regular_adapting_and_irregular_spikes() -> None:
    assert classify_waveform(TIME, pulses(np.arange(30e-9, 0.97e-6, 50e-9))).kind == "spiking"
    slower = 30e-9 + np.cumsum(30e-9 * 1.12 ** np.arange(12))
    assert classify_waveform(TIME, pulses(slower[slower < 0.95e-6])).kind == "spiking"
    rng = np.random.default_rng(3)
    random = np.cumsum(15e-9 + rng.exponential(40e-9, 40))
    assert classify_waveform(TIME, pulses(random[random < 0.95e-6])).kind in ("irregular", "bursting")


def test_quiet_latched_and_one_spike() -> None:
    step = np.where(TIME > 0.2e-6, 1.0, 0.0)
    assert classify_waveform(TIME, np.full(TIME.size, 0.3), rest=0.3).kind == "quiet"
    assert classify_waveform(TIME, 1e-6 * np.sin(TIME * 1e8), smallest=1e-5).kind == "quiet"
    assert classify_waveform(TIME, step).kind == "quiet"   # a level: nothing tells that it is not rest
    assert classify_waveform(TIME, step, on_level=0.5).kind == "latched"
    assert classify_waveform(TIME, -step, on_level=-0.5).kind == "latched"
    assert classify_waveform(TIME, 0.2 * step + 0.5 * pulses(np.array([0.1e-6])), on_level=0.5).kind != "latched"
    once = classify_waveform(TIME, pulses(np.array([0.3e-6])), on_level=0.5)
    assert (once.kind, once.spikes, once.sustained) == ("spiking", 1, False)
    latched = classify_waveform(TIME, np.maximum(pulses(np.array([0.1e-6])), np.where(TIME > 0.3e-6, 0.8, 0.0)),
                                on_level=0.5)
    assert latched.kind == "latched"


def test_a_train_that_stops_is_not_sustained() -> None:
    assert not classify_waveform(TIME, pulses(np.arange(30e-9, 0.4e-6, 50e-9))).sustained
    assert classify_waveform(TIME, pulses(np.arange(30e-9, 0.97e-6, 50e-9))).sustained


def test_bad_records() -> None:
    for time, values in (([0, 1], [0, 1]), (TIME, TIME[1:]), ([0, 1, 2, 3], [0, 1, np.nan, 2])):
        with pytest.raises(ValueError, match="classify_waveform"):
            classify_waveform(np.array(time, float), np.array(values, float))


@settings(max_examples=30, deadline=None)
@given(
    number=st.integers(1, 4), within=st.floats(14e-9, 25e-9), pause=st.floats(1.7, 4.0), noise=st.floats(0.0, 0.02),
    scale=st.sampled_from([-1.0, 1.0, 1e-3, -2e-6]), offset=st.floats(-2.0, 2.0), seed=st.integers(0, 99),
)
def test_kind_does_not_depend_on_scale_offset_polarity_or_little_noise(
    number: int, within: float, pause: float, noise: float, scale: float, offset: float, seed: int,
) -> None:
    period = within * (number - 1) + within * pause
    instants = np.concatenate([start + within * np.arange(number) for start in np.arange(20e-9, 2e-6, period)])
    time = np.linspace(0.0, 2.1e-6, 30001)
    clean = pulses(instants, 3e-9, time) + noise * np.random.default_rng(seed).standard_normal(time.size)
    found = classify_waveform(time, scale * (clean + offset), rest=scale * offset)
    assert found.kind == ("bursting" if number > 1 else "spiking")
    assert found.spikes_per_burst == (number if number > 1 else None)
    assert found.period == pytest.approx(period, rel=0.02)


@settings(max_examples=30, deadline=None)
@given(
    cycles=st.floats(4.0, 60.0), phase=st.floats(0.0, 6.2), harmonic=st.floats(0.0, 0.3), offset=st.floats(-3.0, 3.0),
    samples=st.integers(3000, 8000), seed=st.integers(0, 99),
)
def test_sinusoids_on_uneven_samples(
    cycles: float, phase: float, harmonic: float, offset: float, samples: int, seed: int,
) -> None:
    time = np.sort(np.random.default_rng(seed).uniform(0.0, 1.0, samples))
    angle = 2 * np.pi * cycles * time + phase
    found = classify_waveform(time, offset + np.sin(angle) + harmonic * np.sin(2 * angle), rest=offset)
    assert found.kind == "sinusoidal"
    assert found.fundamental_share == pytest.approx(1 / (1 + harmonic**2), abs=0.02)
