"""Which rises of the conductance are a switching: each rule of ``lasting_rise`` on records with hardly any noise."""

import math

import numpy as np
import pytest

from tsbench.analysis.pulse.lasting_rise import first_rise
from tsbench.records import FloatArray

BEGIN, FIRST, LAST = 400, 500, 1900   # the edge rises from BEGIN on, and FIRST is half way up
SAMPLES = np.arange(2000.0)
NOISE = 1e-9


def edge(length: float = 200.0) -> FloatArray:
    """Return a pulse of 1 V whose edge is a line."""
    return np.clip((SAMPLES - FIRST) / length + 0.5, 0.0, 1.0)


def rises(conductance: FloatArray, voltage: FloatArray, on_current: float = math.nan) -> bool:
    """Return whether ``conductance`` [1e-5 S] rises as that of a device that switches."""
    current = 1e-5 * conductance * voltage + NOISE * np.random.default_rng(1).standard_normal(SAMPLES.size)
    return first_rise(voltage, current, FIRST, LAST, NOISE, on_current)[1] is not None


def step(height: float, at: float) -> FloatArray:
    return 1.0 + (height - 1.0) / (1.0 + np.exp(-np.clip((SAMPLES - at) / 3.0, -50.0, 50.0)))


@pytest.mark.parametrize(("height", "seen"), [(2.7, False), (3.4, True)])
def test_behind_the_edge_a_sudden_growth_by_three_times_is_a_switching(height: float, seen: bool) -> None:
    assert rises(step(height, 1000.0), edge(20.0)) is seen


@pytest.mark.parametrize(("height", "seen"), [(5.5, False), (7.0, True)])
def test_on_the_edge_a_sudden_growth_by_six_times_is_a_switching(height: float, seen: bool) -> None:
    """Where the voltage is at 0.7 of its highest, so that all of the growth is below nine tenths."""
    assert rises(step(height, FIRST + 40.0), edge()) is seen


@pytest.mark.parametrize(("power", "height"), [(11.0, 1.0), (9.0, 1.0), (11.0, 2.0)])
def test_a_growth_with_the_voltage_on_the_edge_is_no_switching_however_large(power: float, height: float) -> None:
    """By 2048 times from half of the voltage on: it also jumps, but it is not sudden."""
    voltage = edge()
    assert not rises(height * np.maximum(voltage, 1e-3) ** power, voltage)


@pytest.mark.parametrize(("height", "seen"), [(8.5, False), (11.5, True)])
def test_behind_the_edge_a_growth_by_ten_times_need_not_be_sudden(height: float, seen: bool) -> None:
    assert rises(1.0 + (height - 1.0) * np.clip((SAMPLES - 600.0) / 1200.0, 0.0, 1.0), edge(20.0)) is seen


@pytest.mark.parametrize(("share", "seen"), [(0.45, False), (0.55, True), (math.nan, False)])
def test_what_reaches_half_of_a_known_on_current_need_not_be_sudden(share: float, seen: bool) -> None:
    settling = 1.0 + 4.0 * (1.0 - np.exp(-np.maximum(SAMPLES - FIRST, 0.0) / 400.0))
    at_end = 1e-5 * float(settling[LAST])
    assert rises(settling, edge(20.0), at_end / share) is seen
