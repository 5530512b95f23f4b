"""What a device's cycles are drawn from: spreads, memory, life, getting stuck."""

import math

import numpy as np
import pytest
from scipy import stats

from tsbench.errors import ConfigurationError
from tsbench.simulated_backends.devices.catalogue import device_model
from tsbench.simulated_backends.devices.switching_levels import levels_of
from tsbench.simulated_backends.life.cycle_statistics import CycleStatistics
from tsbench.simulated_backends.life.history import DeviceHistory, stuck_resistance

NBO2 = device_model("nbo2")


def logarithms(statistics: CycleStatistics, count: int, seed: int, *names: str) -> np.ndarray:
    """Return the parameters over ``count`` cycles, as logarithms of their ratio to the nominal ones."""
    history = DeviceHistory(NBO2, statistics, seed=[seed])
    nominal, rows = NBO2.parameters(), []
    for _ in range(count):
        now = history.model.parameters()
        rows.append([math.log(now[name] / nominal[name]) for name in names])
        history.switched_off(1e-4)
    return np.array(rows)


def test_spread_persistence_and_correlation_are_those_asked_for() -> None:
    statistics = CycleStatistics(
        spread={"as_": 0.05, "rth": 0.02}, correlation={("as_", "rth"): -0.6}, persistence=0.4)
    z = logarithms(statistics, 20_000, 1, "as_", "rth")
    # 20,000 values with a memory of some 2 cycles: standard errors near 0.8 % of a spread, 0.01 of a coefficient
    assert np.std(z[:, 0]) == pytest.approx(0.05, rel=0.03)
    assert np.std(z[:, 1]) == pytest.approx(0.02, rel=0.03)
    assert np.corrcoef(z[:, 0], z[:, 1])[0, 1] == pytest.approx(-0.6, abs=0.03)
    for lag in (1, 2, 3):
        assert np.corrcoef(z[lag:, 0], z[:-lag, 0])[0, 1] == pytest.approx(0.4**lag, abs=0.03)
    assert abs(z.mean(axis=0)).max() < 0.002


def test_the_same_seed_is_the_same_life_and_another_is_another() -> None:
    statistics = CycleStatistics(spread={"as_": 0.05}, persistence=0.5)
    first, again, other = (logarithms(statistics, 50, seed, "as_") for seed in (3, 3, 4))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_drift_goes_with_the_decades_of_cycles() -> None:
    history = DeviceHistory(NBO2, CycleStatistics(drift={"as_": 0.04}, used=999.0))
    assert history.model.parameters()["as_"] == pytest.approx(NBO2.parameters()["as_"] * 1.12, rel=1e-12)
    for _ in range(9000):
        history.switched_off(1e-4)
    assert history.model.parameters()["as_"] == pytest.approx(NBO2.parameters()["as_"] * 1.16, rel=1e-12)


def test_a_virgin_is_formed_by_switching_on() -> None:
    history = DeviceHistory(NBO2, CycleStatistics(virgin={"as_": 0.5}))
    assert history.state == "virgin"
    assert history.model.parameters()["as_"] == 0.5 * NBO2.parameters()["as_"]
    history.form()
    assert history.state == "good"
    assert history.model == NBO2
    assert history.cycles == 0


def test_forming_leaves_the_rest_of_the_cycle_as_it_was() -> None:
    statistics = CycleStatistics(virgin={"as_": 0.5}, spread={"rth": 0.05, "as_": 0.02})
    history = DeviceHistory(NBO2, statistics, seed=[3])
    before = history.model.parameters()
    history.form()
    after = history.model.parameters()
    assert after["rth"] == before["rth"] != NBO2.parameters()["rth"]
    assert after["as_"] == pytest.approx(2.0 * before["as_"], rel=1e-12)


def lives(statistics: CycleStatistics, count: int) -> np.ndarray:
    found = []
    for seed in range(count):
        history = DeviceHistory(NBO2, statistics, seed=[seed])
        while history.state == "good":
            history.switched_off(1e-4)
        found.append(history.cycles)
    return np.array(found)


@pytest.mark.thorough
def test_life_is_weibull_and_a_used_device_lives_on_from_where_it_is() -> None:
    fresh = lives(CycleStatistics(endurance=200.0, endurance_shape=1.5), 200)
    assert stats.kstest(fresh - 0.5, stats.weibull_min(1.5, scale=200.0).cdf).pvalue > 0.01
    used = lives(CycleStatistics(endurance=200.0, endurance_shape=1.5, used=150.0), 200)
    whole = stats.weibull_min(1.5, scale=200.0)
    assert stats.kstest(
        used + 149.5, lambda n: 1.0 - whole.sf(np.maximum(n, 150.0)) / whole.sf(150.0)).pvalue > 0.01


def test_a_worn_device_stays_on_at_its_hold_point() -> None:
    history = DeviceHistory(NBO2, CycleStatistics(endurance=1e-3))
    history.switched_off(1e-4)
    assert history.state == "worn"
    levels = levels_of(NBO2)
    assert levels is not None
    assert history.model.parameters() == {"r": 1.0 / levels.hold}
    assert history.model.parameters()["r"] == stuck_resistance(NBO2) > 0


@pytest.mark.parametrize("current", [0.5e-3, 1e-3, 1.3e-3])
def test_high_currents_leave_it_on_as_often_as_stated(current: float) -> None:
    statistics = CycleStatistics(critical_current=1e-3, critical_exponent=4.0)
    stuck = 0
    for seed in range(1000):
        history = DeviceHistory(NBO2, statistics, seed=[seed])
        history.switched_off(-current)
        stuck += history.state == "stuck"
        assert history.state == "good" or history.polarity == -1
    expected = 1.0 - math.exp(-((current / 1e-3) ** 4))
    assert stats.binomtest(stuck, 1000, expected).pvalue > 0.01


def test_recovery_brings_back_the_share_asked_for() -> None:
    back = 0
    for seed in range(1000):
        history = DeviceHistory(
            NBO2, CycleStatistics(critical_current=1e-9, recovery_voltage=0.5, recovery=0.3), seed=[seed])
        history.switched_off(1e-3)
        assert history.state == "stuck"
        back += history.try_recovery()
        assert history.state in ("good", "stuck")
    assert stats.binomtest(back, 1000, 0.3).pvalue > 0.01


@pytest.mark.parametrize(("facts", "words"), [
    ({"spread": {"as_": -0.1}}, "cycles.spread.as_ = -0.1"),
    ({"spread": {"as_": math.nan}}, "cycles.spread.as_ = nan"),
    ({"virgin": {"as_": 0.0}}, "cycles.virgin.as_ = 0"),
    ({"drift": {"as_": -0.2}}, "cycles.drift.as_ = -0.2"),
    ({"persistence": 1.0}, "cycles.persistence = 1"),
    ({"endurance": 0.0}, "cycles.endurance = 0"),
    ({"critical_current": -1e-3}, "cycles.critical_current = -0.001"),
    ({"recovery": 1.5}, "cycles.recovery = 1.5"),
    ({"used": -1.0}, "cycles.used = -1"),
    ({"used": 5.0, "virgin": {"as_": 2.0}}, "is not virgin"),
    ({"spread": {"as_": 0.1}, "correlation": {("as_", "rth"): 0.5}}, "both parameters need a spread"),
    ({"spread": {"as_": 0.1, "rth": 0.1}, "correlation": {("as_", "rth"): 1.5}},
     "as_ and rth is 1.5, but it must be between -1"),
    ({"spread": {"as_": 0.1, "rth": 0.1}, "correlation": {("as_", "rth"): math.nan}}, "as_ and rth is nan"),
    ({"spread": {"as_": 0.1}, "correlation": {("as_", "as_"): 0.5}}, "as_ with itself is always 1"),
])
def test_what_cannot_be_is_refused_by_name(facts: dict, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words.replace("[", r"\[").replace("(", r"\(")):
        CycleStatistics(**facts)


def test_an_unknown_parameter_is_told_with_the_nearest() -> None:
    with pytest.raises(ConfigurationError, match=r"no parameter 'rht'. Did you mean 'rth'"):
        DeviceHistory(NBO2, CycleStatistics(spread={"rht": 0.1}))
