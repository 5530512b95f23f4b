"""A source range that changes under voltage overshoots: the guard counts that where it may be too much."""

from dataclasses import replace

import numpy as np
import pytest

from tests.instruments.test_guard_of_pulses import PULSES
from tests.instruments.test_limits import Sent
from tsbench.errors import LimitError
from tsbench.instruments import SourcePulses, SourceSettings
from tsbench.instruments.guard.limits import DeviceGuard, GuardContext, WirePath
from tsbench.instruments.guard.source_meter import RANGE_CHANGE_OVERSHOOT, GuardedSourceMeter
from tsbench.instruments.keithley_2450 import data_sheet as k2450
from tsbench.records import DeviceLimits

SAID = ("with this change of the source range, the voltage at the device may reach 2.15 V, "
        "but max_voltage of D1 is 2.1 V")


def meter(source_range: float | None, level: float) -> tuple[GuardedSourceMeter, Sent]:
    """Return the guard of a source meter at a device of 2.1 V, at a level [V], and what reaches the driver."""
    sent = Sent(k2450.CAPABILITIES)
    device = DeviceGuard(DeviceLimits(max_voltage=2.1), "D1")
    guard = GuardedSourceMeter(sent, GuardContext("drive", WirePath(50.0), device))
    guard.configure_source(SourceSettings("voltage", compliance_current=1e-3, range=source_range))
    guard.set_level(level)
    return guard, sent


def wider(guard: GuardedSourceMeter) -> None:
    guard.configure_source(SourceSettings("voltage", compliance_current=1e-3, range=20.0))


def test_the_range_of_an_output_that_is_on() -> None:
    guard, sent = meter(2.0, 1.9)
    guard.set_output(True)
    sent.calls.clear()
    with pytest.raises(LimitError, match=SAID):
        wider(guard)
    assert not sent.calls
    guard.configure_source(SourceSettings("voltage", compliance_current=0.5e-3, range=1.9))   # the same range
    guard.set_output(False)
    wider(guard)
    assert guard.source is not None and guard.source.range == 20.0


def test_where_the_limit_has_room_for_it() -> None:
    guard, _ = meter(2.0, 2.0 - RANGE_CHANGE_OVERSHOOT)
    guard.set_output(True)
    wider(guard)


def test_a_level_that_changes_an_automatic_range() -> None:
    guard, sent = meter(None, 0.1)
    guard.set_output(True)
    sent.calls.clear()
    with pytest.raises(LimitError, match=SAID):
        guard.set_level(1.9)
    assert not sent.calls
    guard.set_level(1.8)
    guard.set_level(1.9)   # both are in the range of 2 V


def test_a_list_that_changes_an_automatic_range() -> None:
    guard, sent = meter(None, 0.0)
    sent.calls.clear()
    with pytest.raises(LimitError, match=SAID):
        guard.start_sweep(np.linspace(0.0, 1.9, 20), 1e-3)
    assert not sent.calls
    fixed, _ = meter(2.0, 0.0)
    fixed.start_sweep(np.linspace(0.0, 1.9, 20), 1e-3)


@pytest.mark.parametrize("levels", [(-1.9, 0.0, 1.9), (1.9, 0.01, 1.9), (-1.9, -0.1)])
def test_a_list_whose_ends_have_the_same_range(levels: tuple[float, ...]) -> None:
    guard, sent = meter(None, 0.0)
    sent.calls.clear()
    with pytest.raises(LimitError, match=SAID):
        guard.start_sweep(np.array(levels), 1e-3)
    assert not sent.calls


@pytest.mark.parametrize("on", [False, True])
@pytest.mark.parametrize("levels", [(0.01, 1.9, 0.01, 1.9), (1.9, 0.01, 1.8)])
def test_a_list_that_goes_down_and_up_again(levels: tuple[float, ...], on: bool) -> None:
    """Its highest level stands already, but the list comes back to it from a lower range."""
    guard, sent = meter(None, 1.9)
    guard.set_output(on)
    sent.calls.clear()
    with pytest.raises(LimitError, match=SAID):
        guard.start_sweep(np.array(levels), 1e-3)
    assert not sent.calls


def test_pulses_come_back_to_their_base() -> None:
    guard, sent = meter(None, 1.9)
    guard.capabilities = replace(guard.capabilities, pulses=PULSES)
    guard.set_output(True)
    sent.calls.clear()
    with pytest.raises(LimitError, match=SAID):
        guard.start_pulses(SourcePulses(1.9, np.array([0.01]), 1e-3, 1e-2))
    assert not sent.calls


def test_a_list_that_only_goes_down_from_the_level_that_is_on() -> None:
    guard, sent = meter(None, 1.9)
    guard.set_output(True)
    guard.start_sweep(np.array([1.9, 1.0, 0.01, -0.01, 0.0]), 1e-3)
    assert sent.calls[-1] == "start_sweep"


def test_behind_a_capacitor_the_levels_before_count_too() -> None:
    """1 V was on, and 0.9 V of the other sign are asked for: 1.9 V at the device, and 250 mV of the range."""
    sent = Sent(k2450.CAPABILITIES)
    behind = WirePath(50.0, coupled=True)
    guard = GuardedSourceMeter(
        sent, GuardContext("drive", behind, DeviceGuard(DeviceLimits(max_voltage=2.1), "D1"), "meter"))
    guard.configure_source(SourceSettings("voltage", compliance_current=1e-3))
    for level in (1.0, 0.1):
        guard.set_level(level)
        guard.set_output(True)
    with pytest.raises(LimitError, match=SAID):
        guard.set_level(-0.9)


def test_after_a_list_any_of_its_levels_may_stand() -> None:
    """0.5 V are nearer to zero than 1.9 V, but the list may have stopped at 0 V, in a lower range."""
    guard, _ = meter(None, 0.0)
    guard.context = replace(guard.context, device=DeviceGuard(DeviceLimits(max_voltage=3.0), "D1"))
    guard.start_sweep(np.array([0.0, 1.9]), 1e-3)
    guard.context = replace(guard.context, device=DeviceGuard(DeviceLimits(max_voltage=2.1), "D1"))
    with pytest.raises(LimitError, match=SAID):
        guard.set_level(1.9)


def test_a_level_may_always_be_lowered() -> None:
    guard, _ = meter(None, 1.9)
    guard.set_output(True)
    for level in (0.1, 0.0, -0.1):
        guard.set_level(level)
    with pytest.raises(LimitError, match=SAID):
        guard.set_level(-1.9)
