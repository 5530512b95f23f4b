"""Values at exactly their bounds, what is assumed where nothing is said, and lives that a seed repeats for ever."""

import math
from typing import Any

import numpy as np
import pytest

from tsbench.errors import ConfigurationError
from tsbench.simulated_backends.devices.catalogue import device_model
from tsbench.simulated_backends.life.correlation import mixing_matrix
from tsbench.simulated_backends.life.cycle_statistics import CycleStatistics
from tsbench.simulated_backends.life.fluctuations import Flicker, Telegraph, TelegraphProcess
from tsbench.simulated_backends.life.history import DeviceHistory
from tsbench.simulated_backends.life.wafer import Wafer

NBO2 = device_model("nbo2")


@pytest.mark.parametrize(("allowed", "refused"), [
    ({"persistence": 0.0}, {"persistence": -0.01}), ({"persistence": 0.999}, {"persistence": 1.0}),
    ({"recovery": 0.0}, {"recovery": -0.01}), ({"recovery": 1.0}, {"recovery": 1.01}),
    ({"used": 0.0, "virgin": {"as_": 2.0}}, {"used": 1.0, "virgin": {"as_": 2.0}}),
    ({"used": 1e6}, {"used": math.inf}), ({"used": 0.0}, {"used": -0.01}),
    ({"spread": {"as_": 0.0}}, {"spread": {"as_": math.inf}}),
    ({"virgin": {"as_": 0.1}}, {"virgin": {"as_": -0.1}}), ({"virgin": {"as_": 5.0}}, {"virgin": {"as_": math.inf}}),
    ({"drift": {"as_": -0.083}}, {"drift": {"as_": -1 / 12}}), ({"drift": {"as_": 7.0}}, {"drift": {"as_": math.inf}}),
    ({"endurance": 0.1}, {"endurance": 0.0}), ({"endurance_shape": 0.1}, {"endurance_shape": 0.0}),
    ({"critical_current": 1e-9}, {"critical_current": 0.0}), ({"critical_exponent": 0.1}, {"critical_exponent": 0.0}),
    ({"recovery_voltage": 0.1}, {"recovery_voltage": 0.0}),
])
def test_bounds_of_cycle_statistics(allowed: dict[str, Any], refused: dict[str, Any]) -> None:
    CycleStatistics(**allowed)
    with pytest.raises(ConfigurationError, match="cycles"):
        CycleStatistics(**refused)


def test_what_is_assumed_of_cycles_and_wafers() -> None:
    """As PHYSICS.md part II, section 6: a device lives for ever and is never stuck unless it is said to be."""
    assumed = CycleStatistics()
    assert (assumed.persistence, assumed.used, assumed.endurance_shape, assumed.critical_exponent) == (0, 0, 1.5, 4)
    assert assumed.endurance == assumed.critical_current == assumed.recovery_voltage == math.inf
    assert assumed.recovery == 0.5
    wafer = Wafer("W", "nbo2", 1)
    assert (wafer.columns, wafer.rows, wafer.devices_per_die) == (9, 9, 4)
    assert (wafer.common, wafer.shorts, wafer.opens) == (0.5, 0, 0)
    flicker = Flicker("r", 0.1)
    assert (flicker.lowest_frequency, flicker.highest_frequency) == (1.0, 1e3)


@pytest.mark.parametrize(("allowed", "refused"), [
    ({"common": 0.0}, {"common": -0.01}), ({"common": 1.0}, {"common": 1.01}), ({"shorts": 1.0}, {"shorts": 1.01}),
    ({"shorts": 0.5, "opens": 0.5}, {"shorts": 0.5, "opens": 0.51}), ({"opens": 1.0}, {"opens": -0.01}),
    ({"gradient": {"as_": -0.99}}, {"gradient": {"as_": -1.0}}), ({"columns": 1}, {"columns": 0}),
    ({"rows": 1}, {"rows": 0}), ({"devices_per_die": 1}, {"devices_per_die": 0}), ({"model": "NbO2"}, {"model": "nbo"}),
])
def test_bounds_of_a_wafer(allowed: dict[str, Any], refused: dict[str, Any]) -> None:
    Wafer(**{"name": "W", "model": "nbo2", "seed": 1, **allowed})
    with pytest.raises(ConfigurationError, match="wafer W"):
        Wafer(**{"name": "W", "model": "nbo2", "seed": 1, **refused})


@pytest.mark.parametrize(("allowed", "refused"), [
    ((Telegraph, 0.1, 1e-9, 1e-9), (Telegraph, 0.1, 1e-3, 0.0)),
    ((Telegraph, -0.99, 1e-3, 1e-3), (Telegraph, math.inf, 1e-3, 1e-3)),
    ((Telegraph, 0.1, 1.0, 1.0), (Telegraph, 0.1, math.inf, 1.0)),
    ((Flicker, 0.0), (Flicker, -0.01)), ((Flicker, 0.29), (Flicker, 0.3)),
    ((Flicker, 0.1, 5.0, 5.0), (Flicker, 0.1, 0.0, 1.0)), ((Flicker, 0.1, 1.0, 1e6), (Flicker, 0.1, 1.0, math.inf)),
])
def test_bounds_of_noise(allowed: tuple[Any, ...], refused: tuple[Any, ...]) -> None:
    allowed[0]("r", *allowed[1:])
    with pytest.raises(ConfigurationError, match="noise"):
        refused[0]("r", *refused[1:])


def test_correlations_at_their_bounds() -> None:
    assert mixing_matrix(["a", "b"], {("a", "b"): -0.6}, "x") == pytest.approx(np.array([[1, 0], [-0.6, 0.8]]))
    assert mixing_matrix(["a", "b"], {("b", "a"): 0.6}, "x") == pytest.approx(np.array([[1, 0], [0.6, 0.8]]))
    assert mixing_matrix([], {}, "x").size == 0
    with pytest.raises(ConfigurationError, match="contradict"):
        mixing_matrix(["a", "b"], {("a", "b"): 1.0}, "x")
    with pytest.raises(ConfigurationError, match="must be between -1 and 1"):
        mixing_matrix(["a", "b"], {("a", "b"): -1.01}, "x")


def test_flicker_noise_has_three_processes_a_decade_and_both_ends() -> None:
    parts = Flicker("r", 0.1).parts()   # 1 Hz to 1 kHz
    assert len(parts) == 10 and len(Flicker("r", 0.1, 5.0, 5.0).parts()) == 2
    assert [1.0 / (math.pi * mean) for _, mean in parts] == pytest.approx(np.geomspace(1.0, 1e3, 10))
    assert all(amplitude == pytest.approx(0.1 / math.sqrt(10)) for amplitude, _ in parts)


def test_a_process_begins_anew_only_after_forty_mean_times() -> None:
    def after(seconds: float) -> tuple[int, float]:
        process = TelegraphProcess(0.0, 1.0, 1e-3, 1e-3, np.random.default_rng(4))
        process.next_change = 0.0
        before = process.value
        process.advance(seconds)
        return before != process.value, process.next_change

    assert len({after(t) for t in (0.0401, 0.05, 1.0)}) == 3   # each begins at its own instant
    stepwise = TelegraphProcess(0.0, 1.0, 1e-3, 1e-3, np.random.default_rng(4))
    stepwise.next_change = 0.0
    for t in np.linspace(0.0, 0.0399, 50):
        stepwise.advance(float(t))
    assert stepwise.next_change == after(0.0399)[1]


def test_the_wafer_of_a_seed_is_the_same_for_ever() -> None:
    wafer = Wafer("W1", "nbo2", 3, 3, 3, 2, gradient={"as_": 0.1})
    assert [(x, y) for x, y, _ in wafer.dies()] == [(x, y) for y in (-1, 0, 1) for x in (-1, 0, 1)]
    first, *_, last = specimens = list(wafer.specimens())
    assert len(specimens) == 18 and (first.name, last.name) == ("W1_x-1y-1_1", "W1_x1y1_2")
    assert first.radius == pytest.approx(math.sqrt(8) / 3) and specimens[8].radius == 0.0   # the middle of its die
    assert first.model.parameters()["as_"] == pytest.approx(3.763210267658014e-10, rel=1e-12)
    even = list(Wafer("W2", "nbo2", 3, 4, 4, 1).dies())   # no die reaches over the round edge
    assert len(even) == 12 and (0, 0) in [(x, y) for x, y, _ in even] and max(r for *_, r in even) < 1.0


def test_the_life_of_a_seed_is_the_same_for_ever() -> None:
    statistics = CycleStatistics(
        spread={"as_": 0.05, "rth": 0.1}, correlation={("as_", "rth"): 0.5}, persistence=0.6, drift={"rth": 0.01})
    history = DeviceHistory(NBO2, statistics, [Telegraph("re", 0.1, 1e-3, 2e-3)], [5])
    assert history.next_change == pytest.approx(0.002575938813546157, rel=1e-12)
    assert history.mean_wait == pytest.approx(1.5e-3)   # two jumps in 3 ms
    assert history.model.parameters()["rth"] == pytest.approx(1245227.1768315893, rel=1e-12)
    for _ in range(2):
        history.switched_off(1e-4)
    assert history.model.parameters()["as_"] == pytest.approx(3.9394079397351664e-10, rel=1e-12)
    assert history.model.parameters()["rth"] == pytest.approx(1434560.1680147508, rel=1e-12)
    history.fluctuate(5e-3)
    assert history.next_change == pytest.approx(0.005334161769606776, rel=1e-12)


def test_a_device_that_nothing_changes() -> None:
    history = DeviceHistory(NBO2)
    assert not history.every_cycle and history.state == "good" and history.cycles == history.polarity == 0
    assert history.next_change == history.mean_wait == math.inf and history.interrupted is None
    history.fluctuate(1e9)
    assert history.model == NBO2
    stuck = DeviceHistory(NBO2, CycleStatistics(critical_current=1e-9), [Telegraph("re", 0.1, 1e-3, 1e-3)])
    stuck.switched_off(0.0)   # no current: not stuck
    assert stuck.state == "good" and stuck.every_cycle
    stuck.switched_off(1e-3)
    assert (stuck.state, stuck.polarity, stuck.cycles, stuck.next_change) == ("stuck", 1, 2, math.inf)
