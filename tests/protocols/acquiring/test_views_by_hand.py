"""Cycles in a record, the ranges that follow from it, and what a scope's view of the device needs: by hand."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tsbench.errors import ConfigurationError
from tsbench.instruments import ScopeChannel
from tsbench.protocols.acquiring.device_view import device_view, marked, narrowed, required_view
from tsbench.protocols.acquiring.oscillation_check import Activity, activity, check_span, white_noise
from tsbench.records import Flag, Sensing, Waveform


def wave(*codes: int, **more: Any) -> Waveform:
    return Waveform("1", "V", np.array([codes], dtype=np.int16), 0.01, 0.0, 0.0, 1.0, np.zeros(1), -200, 200, **more)


def test_cycles_are_counted_by_rises_and_timed_from_the_first_to_the_last() -> None:
    assert activity(np.array([0.0, 1.0] * 3), 0.5) == Activity(3, pytest.approx(1.0), 1.0)
    assert activity(np.array([0.0, 1.0, 0.0, 1.0]), 0.25) == Activity(2, pytest.approx(2.0), 1.0)
    assert activity(np.array([0.0, 2.0, 0.0]), 0.5) == Activity(1, 0.0, 2.0)
    assert activity(np.array([2.0, 0.0]), 0.5) == Activity(0, 0.0, 2.0)
    assert activity(np.array([0.0, 0.5, 0.5, 1.0, 0.5, 0.0, 0.5, 1.0]), 1.0).cycles == 2   # by way of the middle


@pytest.mark.parametrize(("noise", "cycles"), [(0.0624, 3), (0.0625, 0), (1.0, 0)])
def test_a_swing_of_sixteen_times_the_noise_counts_as_none(noise: float, cycles: int) -> None:
    assert activity(np.array([0.0, 1.0] * 3), 1.0, noise) == Activity(cycles, pytest.approx(0.5 * (cycles > 0)), 1.0)


@pytest.mark.parametrize(("swing", "noise", "cycles"), [
    (0.14, 0.0, 1), (0.16, 0.0, 4),       # 15 % of the swing on either side of the middle
    (0.19, 0.05, 1), (0.21, 0.05, 4),     # four times the noise
])
def test_what_stays_in_a_band_around_the_middle_is_no_cycle(swing: float, noise: float, cycles: int) -> None:
    inner = np.array([-swing, swing] * 3) + 0.5
    assert activity(np.concatenate([[0.0, 1.0], inner]), 1.0, noise).cycles == cycles


def test_white_noise_is_half_a_code_at_least() -> None:
    steps = np.array([0.0, 1.0, 0.0, 1.0])
    assert white_noise(steps, 0.1) == pytest.approx(1.4826 / 2**0.5) and white_noise(steps, 4.0) == 2.0


@pytest.mark.parametrize(("ohm", "farad", "span"), [
    (1e3, 1e-9, 50e-6), (1e3, 2e-9, 80e-6), (1e6, 1e-9, 20e-3), (0.0, 1e-9, 50e-6)])
def test_a_look_lasts_forty_time_constants_within_its_bounds(station: Any, ohm: float, farad: float, span: float,
                                                            ) -> None:
    fixture = replace(station.fixture, path_resistance={"drive": ohm}, parallel_capacitance=farad)
    assert check_span(fixture) == pytest.approx(span) and check_span(fixture, "bias") == 50e-6


@pytest.mark.parametrize(("codes", "window", "tighter"), [
    ((0, 100), (-5.0, 5.0), (-0.2, 1.2)), ((0, 100), (-1.0, 1.1), (-0.15, 1.1)), ((0, 100), (-0.1, 5.0), (-0.1, 1.15)),
    ((-50, 50), (-1.0, 1.1), (-0.65, 0.65)), ((50, 50), (-5.0, 5.0), (0.3, 0.7)), ((0, 200), (-5.0, 5.0), (-5.0, 5.0)),
])
def test_a_range_is_tightened_to_what_was_seen_and_some_room(
    codes: tuple[int, ...], window: tuple[float, float], tighter: tuple[float, float],
) -> None:
    """15 % of the swing, or 2 % of the range before; never wider than that, and not from a clipped record."""
    assert narrowed(wave(*codes), window) == pytest.approx(tighter)


def test_a_record_keeps_its_flags_and_says_where_it_is_clipped() -> None:
    assert marked(wave(0, 199)).flags == Flag.NONE and marked(wave(0, 200)).flags == Flag.CLIPPED
    assert marked(wave(0, flags=Flag.TIMEOUT), Flag.TRIGGER_MISSED).flags == Flag.TIMEOUT | Flag.TRIGGER_MISSED


@pytest.mark.parametrize(("sensing", "channels", "ohm"), [
    (Sensing("scope.1", "scope.2", "scope.2", 50.0), {"device_voltage_high": 1, "device_voltage_low": 2}, 50.0),
    (Sensing("scope.1", None, "scope.1", 20.0), {"device_voltage_high": 1}, 20.0),
    (Sensing("scope.1", None, "scope.3", 20.0), {"device_voltage_high": 1, "device_current_sense": 3}, 20.0),
    (Sensing("scope.4"), {"device_voltage_high": 4}, 1.0),
])
def test_the_channels_at_the_device(station: Any, sensing: Sensing, channels: dict[str, int], ohm: float) -> None:
    station.fixture = replace(station.fixture, sensing=sensing)
    view = required_view(station)
    assert (dict(view.channels), view.transresistance) == (channels, ohm)


def test_why_a_scope_cannot_see_the_device(station: Any) -> None:
    station.scope_channel = lambda terminal: ScopeChannel(object() if terminal == "scope.2" else station.scope, 1)
    with pytest.raises(ConfigurationError, match="channels of two scopes"):
        device_view(station)
    station.fixture = replace(station.fixture, sensing=Sensing("scope.1", None, "scope.1", None))
    with pytest.raises(ConfigurationError, match="needs current_resistance"):
        device_view(station)
    station.fixture = replace(station.fixture, sensing=Sensing())
    assert device_view(station) is None
    with pytest.raises(ConfigurationError, match="no scope channel at the device"):
        required_view(station)
