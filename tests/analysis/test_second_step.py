"""A device that switches in two steps has two voltages that may be called threshold, and a middle state."""

import math
from typing import Any

import numpy as np
import pytest

from tsbench.analysis.resistance.resistances import resistances
from tsbench.analysis.threshold.half_sweeps import IVPoints
from tsbench.analysis.threshold.second_step import SECOND_STEP, SecondSteps, further_step
from tsbench.analysis.threshold.snapback import snapback
from tsbench.analysis.threshold.switching_results import SweepFacts, Switching
from tsbench.analysis.threshold.threshold import switching
from tsbench.records import Flag, FloatArray, Result

TWO, THREE = ((0.505, 20.0), (1.005, 50.0)), ((0.405, 10.0), (0.705, 10.0), (1.005, 30.0))


def conductances(level: FloatArray, back: FloatArray, steps: Any, step: float) -> FloatArray:
    """Return by what steps (voltage, factor) change the conductance; they come back at a third of these voltages.

    ``step``: [V] over which a reading is the mean of both states.
    """
    made = np.ones(level.size)
    for voltage, factor in steps:
        share = np.clip((level - np.where(back, voltage / 3.0, voltage)) / step + 0.5, 0.0, 1.0)
        made *= 1.0 + share * (factor - 1.0)
    return made


def swept(
    steps: Any, *, seed: int = 0, bend: float = 1e9, means: bool = False, wild: float | None = None,
    back_only: Any = (), gap: tuple[float, float] = (0.0, 0.0), noise: float = 0.003, step: float = 0.01,
    load: float = 0.0,
) -> tuple[Switching, Result]:
    """Return the event of a sweep to 1.3 V of a device of 10 MOhm with steps, and its off resistance.

    Parameters
    ----------
    bend : [V] over which the conductance grows e times
    means : whether a reading at each step is the mean of both states
    wild : [V] at which one reading of the way up is a fifth, or five times
    back_only : steps of the way down only
    gap : [V] between which there are no set-points
    load : [Ohm] in series
    """
    random, up = np.random.default_rng(seed), np.round(np.arange(0.0, 1.301, step), 3)
    up = up[(up <= gap[0]) | (up >= gap[1])]
    level = np.concatenate([up, up[-2::-1]])
    back = np.arange(level.size) >= up.size
    conductance = 1e-7 * np.exp(level / bend) * conductances(level, back, steps, step if means else 1e-9)
    conductance *= np.where(back, conductances(level, ~back, back_only, 1e-9), 1.0)
    voltage = level / (1.0 + load * conductance)
    current = voltage * conductance * (1.0 + noise * random.standard_normal(level.size))
    if wild is not None:
        current[np.argmin(np.abs(up - wild))] *= random.choice([0.2, 5.0])
    (event,) = switching(IVPoints(voltage=voltage, current=current + 1e-12, level=level))
    off = next(one for one in resistances((event,), SweepFacts()) if one.quantity == "off_resistance")
    return event, off


def told(*results: Result) -> list[bool]:
    """Return of which results a second step makes the value ambiguous."""
    assert all(Flag.AMBIGUOUS in one.flags for one in results if SECOND_STEP in one.method)
    return [SECOND_STEP in one.method for one in results]


@pytest.mark.parametrize("how", [
    {"steps": TWO}, {"steps": THREE}, {"steps": ((0.505, 5.0), (1.005, 20.0))},
    {"steps": ((0.505, 200.0), (1.005, 5.0))},
    {"steps": ((0.505, 2.5), (1.005, 50.0)), "noise": 0.03}, {"steps": TWO, "bend": 0.15},
    {"steps": ((0.5, 20.0), (1.0, 50.0)), "means": True},
    {"steps": ((0.4, 10.0), (0.7, 10.0), (1.0, 30.0)), "means": True},
    {"steps": TWO, "wild": 0.3}, {"steps": TWO, "wild": 0.52}, {"steps": TWO, "wild": 0.7}, {"steps": TWO, "wild": 1.2},
    {"steps": ((0.505, 20.0), (0.535, 50.0))}, {"steps": ((0.525, 20.0), (1.025, 50.0)), "step": 0.05},
    {"steps": TWO, "load": 1e4}, {"steps": TWO, "load": 1e5}], ids=str)
@pytest.mark.parametrize("seed", range(3))
def test_two_steps_make_threshold_hold_and_off_resistance_ambiguous(how: dict[str, Any], seed: int) -> None:
    event, off = swept(**how, seed=seed)
    assert told(event.threshold_voltage, event.hold_voltage, off) == 3 * [True]
    assert event.threshold_voltage.value is not None and event.hold_voltage.value is not None


@pytest.mark.parametrize("how", [
    {"bend": 0.3}, {"bend": 0.15}, {"wild": 0.4}, {"noise": 0.2}, {"load": 1e4}, {"bend": 0.15, "gap": (0.4, 0.6)},
    {"bend": 0.3, "gap": (0.4, 0.7)}, {"bend": 0.15, "gap": (0.5, 0.55)}, {"bend": 0.3, "step": 0.05},
    {"bend": 0.15, "gap": (0.9, 1.15)}], ids=str)
@pytest.mark.parametrize("seed", range(3))
def test_one_step_and_a_steep_off_state_are_not_ambiguous(how: dict[str, Any], seed: int) -> None:
    event, off = swept(((0.805, 100.0),), **how, seed=seed)
    low, high = event.threshold_voltage.low, event.threshold_voltage.high
    assert low is not None and high is not None and low < 0.83 and high > 0.80
    assert told(event.threshold_voltage, event.hold_voltage, off) == 3 * [False]


def test_a_middle_state_of_two_readings_is_none() -> None:
    event, _ = swept(((0.505, 20.0), (0.525, 50.0)))
    assert told(event.threshold_voltage) == [False]


@pytest.mark.parametrize("seed", range(3))
def test_a_second_step_of_the_way_down_is_one_of_the_hold_voltage(seed: int) -> None:
    event, off = swept(((0.905, 100.0),), back_only=((0.605, 8.0),), seed=seed)
    assert told(event.threshold_voltage, event.hold_voltage, off) == [False, True, False]
    assert "second step at 610 mV" in event.hold_voltage.method


def test_the_other_voltage_is_said() -> None:
    event, off = swept(TWO)
    said = "the conductance has a second step at 510 mV"
    assert all(said in one.method for one in (event.threshold_voltage, off))
    assert SecondSteps(0.5, None).words(down=True) == f"{SECOND_STEP} on the way up at 500 mV"
    assert SecondSteps(0.5, 0.2).words(down=True) == f"{SECOND_STEP} at 200 mV"
    assert SecondSteps(None, 0.2).words() == "" == SecondSteps(None, None).words(down=True)


def driven(
    falls: Any, *, seed: int = 0, noise: float = 0.002, means: bool = False, wild: float | None = None,
    smooth: float = 0.0,
) -> Any:
    """Return the event of a sweep of the current to 50 uA, at which the voltage falls by parts of it at some currents.

    ``smooth``: [A] over which it falls.
    """
    random, up = np.random.default_rng(seed), np.arange(0.0, 50.1e-6, 0.5e-6)
    level = np.concatenate([up, up[-2::-1]])
    back = np.arange(level.size) >= up.size
    voltage = np.tanh(level / 5e-6)
    for current, part in falls:
        away = level - np.where(back, 0.6 * current, current)
        share = 1.0 / (1.0 + np.exp(-np.clip(away / smooth, -50.0, 50.0))) if smooth else (
            np.clip(away / (0.5e-6 if means else 1e-12) + 0.5, 0.0, 1.0))
        voltage *= 1.0 - part * share
    voltage *= 1.0 + noise * random.standard_normal(level.size)
    if wild is not None:
        voltage[np.argmin(np.abs(up - wild))] *= 1.5
    (event,) = snapback(IVPoints(voltage=voltage, current=level, level=level))
    return event


BACK = (15.2e-6, 0.2), (30.2e-6, 0.25)


@pytest.mark.parametrize("how", [
    {"falls": BACK}, {"falls": (*BACK, (40.2e-6, 0.15))}, {"falls": BACK, "wild": 22e-6},
    {"falls": BACK, "noise": 0.01},
    {"falls": ((15e-6, 0.2), (30e-6, 0.25)), "means": True}, {"falls": ((15.2e-6, 0.08), (30.2e-6, 0.25))}], ids=str)
@pytest.mark.parametrize("seed", range(3))
def test_two_falls_of_the_voltage_under_current_drive_are_ambiguous(how: dict[str, Any], seed: int) -> None:
    event = driven(**how, seed=seed)
    results = (event.threshold_voltage, event.threshold_current, event.hold_voltage, event.snapback_voltage)
    said = "the voltage has a second step at "
    assert all(Flag.AMBIGUOUS in one.flags and said in one.method for one in results)
    off = next(one for one in resistances((event,), SweepFacts()) if one.quantity == "off_resistance")
    assert Flag.AMBIGUOUS in off.flags and "second step" in off.method


@pytest.mark.parametrize("how", [
    {"falls": BACK[1:]}, {"falls": BACK[1:], "wild": 12e-6}, {"falls": BACK[1:], "noise": 0.03},
    {"falls": BACK[1:], "smooth": 2e-6}, {"falls": BACK[1:], "smooth": 0.3e-6}, {"falls": BACK, "smooth": 1e-6},
], ids=str)
@pytest.mark.parametrize("seed", range(3))
def test_one_fall_and_smooth_falls_under_current_drive_are_not(how: dict[str, Any], seed: int) -> None:
    event = driven(**how, seed=seed)
    assert not any("second step" in one.method for one in event.results())


@pytest.mark.parametrize(("factor", "counts"), [(1.7, False), (2.5, True)])
@pytest.mark.parametrize("seed", range(3))
def test_a_second_step_at_least_doubles_the_conductance(factor: float, counts: bool, seed: int) -> None:
    event, off = swept(((0.505, factor), (1.005, 50.0)), seed=seed)
    assert told(event.threshold_voltage, event.hold_voltage, off) == 3 * [counts]


def further(series: FloatArray, level: FloatArray) -> float | None:
    """Return the set-point behind a step of a part of a branch, whose readings have a noise of 1 %."""
    noise = np.full(series.size, 0.01)
    return further_step(series, level, (noise, noise), np.ones(series.size, np.bool_), math.log(2.0))


@pytest.mark.parametrize(("step", "found"), [(1.25, None), (1.9, 0.39)])
def test_a_step_is_three_times_what_the_curve_rises_by_over_a_gap(step: float, found: float | None) -> None:
    """Three readings on each side of a gap of 90 mV. The curve rises by 0.45 within the gap (logarithms)."""
    level = np.array([0.28, 0.29, 0.30, 0.39, 0.40, 0.41])
    assert further(5.0 * level + step * (level > 0.35), level) == found


@pytest.mark.parametrize(("steep", "found"), [(0, True), (3, True), (5, False)])
def test_the_curve_is_steep_where_most_of_eight_readings_say_so(steep: int, found: bool) -> None:
    """The last rises before the step are 0.5 each. Three of seven are no steep curve, and five are one."""
    place = np.arange(40.0)
    series = np.where(place < 20, -0.5 * np.clip(19.0 - place, 0.0, steep), 0.7)
    assert (further(series, 0.01 * place) is not None) is found


@pytest.mark.parametrize("beside", [3, 6, 10, 30])
def test_a_bend_within_a_gap_is_no_step_beside_it(beside: int) -> None:
    """The curve rises by 0.5 over the gap, and the readings behind it by 1.25 more: less than three times that."""
    level = np.concatenate([0.01 * np.arange(30 - beside, 30), 0.39 + 0.01 * np.arange(beside)])
    series, noise = 5.0 * level + 1.25 * (level > 0.35), np.full(2 * beside, 0.01)
    assert further_step(series, level, (noise, noise), np.ones(2 * beside, dtype=bool), np.log(2.0)) is None
    larger = series + 0.5 * (level > 0.35)
    assert further_step(larger, level, (noise, noise), np.ones(2 * beside, dtype=bool), np.log(2.0)) == level[beside]


def test_telegraph_noise_of_the_on_state_is_hardly_ever_a_second_step() -> None:
    """It goes back and forth within 20 readings; where it happens to do so once, it is a step."""
    up = np.round(np.arange(0.0, 1.301, 0.005), 3)
    level = np.concatenate([up, up[-2::-1]])
    on = np.where(np.arange(level.size) >= up.size, level > 0.3, level > 0.805)
    called = 0
    for seed in range(12):
        random = np.random.default_rng(seed)
        high = np.cumsum(random.random(level.size) < 0.05) % 2 == 0
        conductance = np.where(on, np.where(high, 2.2e-5, 1e-5), 1e-7)
        conductance *= 1.0 + 0.003 * random.standard_normal(level.size)
        (event,) = switching(IVPoints(voltage=level, current=level * conductance + 1e-12, level=level))
        called += told(event.threshold_voltage)[0]
    assert called <= 4   # three change their state once; 9 where only the readings beside the step count
