"""How often a running operation is looked at, and when a wait gives up, on a clock that waits in no time."""

from dataclasses import replace
from itertools import islice
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tests.fixtures.fake_station import FakeClock
from tsbench.errors import ConfigurationError
from tsbench.instruments import Range
from tsbench.protocols.acquiring.bias_source import bias_source
from tsbench.protocols.acquiring.device_view import DeviceView, clipped
from tsbench.protocols.acquiring.waiting import poll_intervals, steps_for, steps_until, wait_until
from tsbench.records import Flag, Sensing, Step, Waveform

STEP = Step(0, 1, "waiting", idle=True)


def test_looks_are_frequent_at_first_and_never_rare() -> None:
    assert list(islice(poll_intervals(0.2), 4)) == pytest.approx([0.01, 0.02, 0.04, 0.05])
    assert list(islice(poll_intervals(0.0), 3)) == pytest.approx([0.001, 0.002, 0.004])
    assert list(islice(poll_intervals(99.0), 2)) == [0.05, 0.05]


@pytest.mark.parametrize(("done", "timeout", "ready", "end"), [
    (0.03, 1.0, True, 0.03), (0.031, 1.0, True, 0.07), (0.0, 0.0, True, 0.0), (2.0, 0.1, False, 0.12)])
def test_a_wait_ends_when_it_is_ready_or_late(done: float, timeout: float, ready: bool, end: float) -> None:
    clock = FakeClock()
    assert wait_until(clock, lambda: clock.now() >= done - 1e-12, 0.2, timeout) is ready
    assert clock.now() == pytest.approx(end)
    clock = FakeClock()
    steps = list(steps_until(clock, lambda: clock.now() >= done - 1e-12, 0.2, timeout, lambda: STEP))
    assert clock.now() == pytest.approx(end) and len(steps) == {0.0: 0, 0.03: 2, 0.07: 3, 0.12: 4}[end]


def test_a_long_wait_has_a_step_each_tenth_of_a_second() -> None:
    clock = FakeClock()
    times = [clock.now() for _ in steps_for(clock, 0.25, lambda: STEP)]
    assert times == pytest.approx([0.1, 0.2]) and clock.now() == pytest.approx(0.25)
    assert list(steps_for(clock, 0.2, lambda: STEP)) == [] and clock.now() == pytest.approx(0.25)


def test_ranges_of_the_scope_for_windows_of_the_device() -> None:
    """80 % of a range is filled; a channel's least range at its offset and its largest one bound it."""
    set_to: dict[int, tuple[float, float]] = {}
    capabilities = SimpleNamespace(range=Range(8e-3, 40.0, "V"), least_range=lambda middle: 0.5 + abs(middle),
                                   widest_range=lambda impedance: {"1M": 40.0, "50": 8.0}[impedance])
    scope: Any = SimpleNamespace(
        capabilities=capabilities,
        configure_channel=lambda number, vertical: set_to.update({number: (vertical.range, vertical.offset)}))
    sensing = Sensing("scope.1", "scope.2", "scope.2", 50.0)
    view = DeviceView(scope, {"device_voltage_high": 1, "device_voltage_low": 2}, sensing)
    assert view.trigger_channel == 1
    assert DeviceView(scope, {"device_current_sense": 4}, sensing).trigger_channel == 4
    windows = view.windows((-1.0, 3.0), (-2e-3, 4e-3))
    assert windows == {"device_voltage_high": (-1.0, 3.0), "device_voltage_low": (-0.1, 0.2)}
    view.configure(windows)
    assert set_to == {1: (pytest.approx(5.0), 1.0), 2: (pytest.approx(0.55), pytest.approx(0.05))}
    view.configure({"device_voltage_high": (-30.0, 30.0), "device_voltage_low": (0.0, 0.0)})
    assert set_to == {1: (40.0, 0.0), 2: (0.5, 0.0)}
    into_50 = DeviceView(scope, view.channels, replace(sensing, current_sensor="scope_input", current_impedance="50"))
    into_50.configure({"device_voltage_high": (-30.0, 30.0), "device_voltage_low": (-30.0, 30.0)})
    assert set_to == {1: (40.0, 0.0), 2: (8.0, 0.0)}   # the input of 50 Ohm has a smaller range


def test_a_record_is_clipped_where_a_sample_stands_at_an_end_of_the_converter() -> None:
    def wave(*codes: int, **more: Any) -> Waveform:
        return Waveform("1", "V", np.array([codes], dtype=np.int8), 1.0, 0.0, 0.0, 1.0, np.zeros(1), **more)

    ends = {"clip_low": -127, "clip_high": 127}
    assert [clipped(wave(*codes, **ends)) for codes in ((0, 126), (0, 127), (-127, 0), (-126, 0))] == [
        False, True, True, False]
    assert clipped(wave(-127, clip_low=-127)) and not clipped(wave(-127, clip_high=127)) and not clipped(wave(127))
    assert clipped(wave(0, flags=Flag.CLIPPED))


def test_the_bias_is_a_generator_or_a_source_meter_that_ends_at_zero(station: Any) -> None:
    source = bias_source(station)
    assert source.limiting is None and source.allowed == station.bias.capabilities.level_into_open
    source.prepare(1.0, 2.0, 5e-3)
    assert station.bias.named("configure_level_limits") == [(0.0, 2.0)] and station.bias.output
    assert station.bias.named("configure_load") == [float("inf")]
    source.prepare(-2.0, -1.0, 5e-3)
    assert station.bias.named("configure_level_limits")[-1] == (-2.0, 0.0)
    source.set_level(-1.5)
    assert station.bias.level == -1.5
    source.switch_off()
    assert station.bias.level == 0.0 and not station.bias.output
    meter = station.meter
    station.pulse_generator, station.source_meter = station.source_meter, lambda role: meter
    source = bias_source(station)
    assert source.limiting == meter.capabilities
    assert source.allowed == meter.capabilities.source_voltage
    source.prepare(-3.0, 2.0, 5e-3)
    assert (meter.source.compliance, meter.source.range, meter.output) == (5e-3, 3.0, True)
    assert (meter.measure_settings.range, meter.measure_settings.nplc) == (5e-3, 0.1)
    source.set_level(1.0)
    source.switch_off()
    assert meter.named("set_level") == [0.0, 1.0, 0.0] and not meter.output
    station.roles.discard("bias")
    with pytest.raises(ConfigurationError, match="the bench has no role 'bias'"):
        bias_source(station)
