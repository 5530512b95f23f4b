"""Random telegraph and 1/f noise: occupation, times, power density."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.signal import welch

from tsbench.errors import ConfigurationError
from tsbench.simulated_backends.devices.catalogue import device_model
from tsbench.simulated_backends.life.cycle_statistics import CycleStatistics
from tsbench.simulated_backends.life.fluctuations import Flicker, Telegraph, TelegraphProcess, processes
from tsbench.simulated_backends.life.history import DeviceHistory

R = device_model("resistor")
SILVER = device_model("ag_sio2")


def test_telegraph_times_are_exponential_with_the_means_asked_for() -> None:
    (process,) = processes(Telegraph("r", 0.1, 1e-3, 3e-3), np.random.default_rng(1))
    times: dict[float, list[float]] = {0.0: [], 0.1: []}
    now = process.next_change
    process.advance(now)
    for _ in range(20_000):
        value, then = process.value, process.next_change
        times[value].append(then - now)
        now = then
        process.advance(now)
    for value, mean in ((0.0, 1e-3), (0.1, 3e-3)):
        assert np.mean(times[value]) == pytest.approx(mean, rel=0.03)
        assert stats.kstest(times[value], stats.expon(scale=mean).cdf).pvalue > 0.01


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 1000), st.lists(st.floats(1e-6, 0.02), min_size=1, max_size=20))
def test_looking_more_often_changes_nothing(seed: int, waits: list[float]) -> None:
    noise = Telegraph("r", 0.1, 1e-3, 2e-3)
    often, once = (processes(noise, np.random.default_rng(seed))[0] for _ in range(2))
    for time in np.cumsum(waits):
        often.advance(float(time))
    end = float(np.cumsum(waits)[-1])
    once.advance(end)
    if end < 40 * 2e-3:   # else it was away and has begun anew
        assert (often.value, often.next_change) == (once.value, once.next_change)
    assert often.next_change > end


def test_a_process_long_away_begins_anew_at_its_stationary_share() -> None:
    high = 0
    for seed in range(2000):
        process = TelegraphProcess(0.0, 1.0, 1e-6, 3e-6, np.random.default_rng(seed))
        process.advance(3600.0)
        assert 3600.0 < process.next_change < 3600.001
        high += process.value == 1.0
    assert stats.binomtest(high, 2000, 0.75).pvalue > 0.01


def test_flicker_noise_falls_as_one_over_f_with_the_spread_asked_for() -> None:
    noise = Flicker("r", 0.02, 1.0, 1e3)
    rate, count = 8192.0, 2**19   # 64 s
    times = np.arange(count) / rate
    values = np.zeros(count)
    for process in processes(noise, np.random.default_rng(2)):
        instants, states = [0.0], [process.value]
        while process.next_change < times[-1]:
            instants.append(process.next_change)
            process.advance(process.next_change)
            states.append(process.value)
        values += np.array(states)[np.searchsorted(instants, times, side="right") - 1]
    assert values.std() == pytest.approx(0.02, rel=0.1)
    frequency, density = welch(values, rate, nperseg=2**15)
    band = (frequency > 2.0) & (frequency < 500.0)
    exponent = np.polyfit(np.log(frequency[band]), np.log(density[band]), 1)[0]
    assert exponent == pytest.approx(-1.0, abs=0.1)


def test_the_sum_of_the_processes_is_within_three_per_cent_of_one_over_f() -> None:
    noise = Flicker("r", 0.02, 1.0, 1e4)
    frequency = np.geomspace(10.0, 1e3, 400)   # a decade inside either end
    times = np.array([mean for _, mean in noise.parts()]) / 2.0   # correlation exp(-|t|/time)
    density = sum(
        4.0 * amplitude**2 * time / (1.0 + (2.0 * np.pi * frequency * time) ** 2)
        for (amplitude, _), time in zip(noise.parts(), times, strict=True))
    flat = density * frequency
    assert abs(flat / flat.mean() - 1.0).max() < 0.03
    assert sum(amplitude**2 for amplitude, _ in noise.parts()) == pytest.approx(0.02**2, rel=1e-12)


def test_a_device_is_multiplied_by_all_its_noise() -> None:
    history = DeviceHistory(R, None, [Telegraph("r", 0.5, 1e-3, 1e-3), Telegraph("r", -0.25, 1e-3, 1e-3)], [7])
    nominal, seen = R.parameters()["r"], set()
    for _ in range(100):
        history.fluctuate(history.next_change)
        seen.add(round(history.model.parameters()["r"] / nominal, 9))
    assert seen == {1.0, 1.5, 0.75, 1.25}


@pytest.mark.parametrize(("make", "words"), [
    (lambda: Telegraph("r", -1.0, 1e-3, 1e-3), "amplitude = -1"),
    (lambda: Telegraph("r", 0.1, 0.0, 1e-3), "time_low = 0 s"),
    (lambda: Flicker("r", 0.5), "spread = 0.5"),
    (lambda: Flicker("r", 0.1, 10.0, 1.0), "lowest_frequency = 10 Hz"),
    (lambda: DeviceHistory(R, None, [Flicker("rr", 0.1)]), "no parameter 'rr'. Did you mean 'r'"),
    (lambda: DeviceHistory(R, None, [Telegraph("r", -0.6, 1e-3, 1e-3)] * 2), "can change r to -0.2 times its value"),
    (lambda: DeviceHistory(R, None, [Flicker("r", 0.29, 1.0, 1e6)]), "can change r to -0.264 times"),
    (lambda: DeviceHistory(SILVER, None, [Telegraph("klim", -0.999999, 1e-3, 1e-3)]),
     "at the extreme values of the noise, .*klim = .* must exceed span/taug"),
])
def test_what_cannot_be_is_refused(make: object, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        make()  # type: ignore[operator]


def test_no_cycle_is_drawn_whose_noise_would_end_in_a_device_that_cannot_exist() -> None:
    """A filament's klim must exceed span/taug: a draw near that and a jump down would not exist."""
    nominal = SILVER.with_parameters({"klim": 2.0 * SILVER.span / SILVER.taug})
    history = DeviceHistory(
        nominal, CycleStatistics(spread={"klim": 0.4}), [Telegraph("klim", -0.3, 1e-3, 1e-3)], [5])
    for k in range(300):
        history.switched_off(1e-9)
        history.fluctuate(k * 5e-3)
    assert history.cycles == 300
