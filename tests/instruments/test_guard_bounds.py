"""The guard at its bounds: slack, outputs that are on together, worst cases; the path through a fixture; ranges."""

import math
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tests.instruments.test_limits import Sent, generator, pulse, source_meter
from tsbench.errors import ConfigurationError, InstrumentError, LimitError
from tsbench.instruments import ArbitraryWaveform, EdgeTrigger, OutputState, Range, SourceSettings, Timebase, Vertical
from tsbench.instruments.driver import unknown_option
from tsbench.instruments.fixture import path_of
from tsbench.instruments.guard.limits import (
    DeviceGuard,
    GuardContext,
    OutputsOn,
    WirePath,
    WorstCase,
    require_in_range,
    worst_case_of_current,
    worst_case_of_source,
    worst_case_of_voltage,
)
from tsbench.instruments.guard.oscilloscope import GuardedOscilloscope
from tsbench.instruments.interfaces import MeasureSettings, Reading
from tsbench.instruments.keithley_2450.data_sheet import CAPABILITIES, DATA_SHEET
from tsbench.instruments.keithley_2460 import data_sheet as keithley_2460
from tsbench.instruments.keithley_interactive.data_sheet import DataSheet
from tsbench.instruments.keithley_interactive.ranges import (
    is_range_of,
    measuring_ranges,
    row_for,
    settling_time,
    source_range,
    sourcing_ranges,
    suits,
)
from tsbench.instruments.keysight_infiniivision import data_sheet as scopes
from tsbench.instruments.source_meters.functions import Function
from tsbench.netlist import parse_netlist
from tsbench.records import DeviceLimits, Flag

JUST = 5e-10   #: relative: half of the slack for numbers that came through text and back


def allowed(act: Any, *arguments: Any) -> bool:
    try:
        act(*arguments)
    except LimitError:
        return False
    return True


@pytest.mark.parametrize(("low", "high"), [(-2.0, 3.0), (1e-9, 1.0), (-3.0, -1.0), (0.0, 5.0)])
def test_a_range_has_a_slack_of_a_billionth_of_each_bound(low: float, high: float) -> None:
    bounds = Range(low, high, "V")
    for value, inside in ((low - JUST * abs(low), True), (high + JUST * abs(high), True),
                          (low - 4 * JUST * abs(low) - 1e-15, False), (high + 4 * JUST * abs(high), False)):
        assert allowed(require_in_range, "x", "level", value, bounds) is inside, value


def test_a_limit_of_the_device_has_the_same_slack_and_may_be_missing() -> None:
    device = DeviceGuard(DeviceLimits(max_voltage=2.0))
    for value, inside in ((2.0, True), (-2.0, True), (2.0 * (1 + JUST), True), (2.0 * (1 + 4 * JUST), False),
                          (-2.1, False)):
        assert allowed(device.require, "x", "voltage", value, "max_voltage") is inside
    assert allowed(device.require, "x", "current", math.inf, "max_current")   # no limit: no number is too high
    assert not allowed(device.require, "x", "voltage", math.inf, "max_voltage")


@pytest.mark.parametrize(("limits", "inside"), [
    ({"max_charge": 2e-6}, True), ({"max_charge": 1.9e-6}, False), ({"max_energy": 6e-6}, True),
    ({"max_energy": 5.9e-6}, False), ({"max_power": 3e-3}, True), ({"max_power": 2.9e-3}, False),
    ({"max_current": 1e-3}, True), ({"max_current": 0.9e-3}, False), ({"max_voltage": 5.0}, True),
    ({"max_voltage": 4.9}, False),
])
def test_what_an_event_adds_up_to(limits: dict[str, float], inside: bool) -> None:
    """5 V, 1 mA and 3 mW for 2 ms."""
    device = DeviceGuard(DeviceLimits(**limits))
    assert allowed(device.require_worst_case, "x", "pulse", WorstCase(5.0, 1e-3, 3e-3), 2e-3) is inside
    if "charge" in next(iter(limits)) or "energy" in next(iter(limits)):
        for endless in (None, math.inf):   # nothing that ends
            assert allowed(device.require_worst_case, "x", "level", WorstCase(5.0, 1e-3, 3e-3), endless)


@pytest.mark.parametrize(("emf", "path", "compliance", "expected"), [
    (2.0, WirePath(0.5), math.inf, (2.0, 4.0, 2.0)), (0.5, WirePath(0.0), math.inf, (0.5, math.inf, math.inf)),
    (0.5, WirePath(0.5), 0.2, (0.5, 0.2, 0.08)), (1.0, WirePath(100.0, 0.5), math.inf, (0.5, 0.01, 1.25e-3)),
    (3.0, WirePath(math.inf, 0.0), 1.0, (0.0, 0.0, 0.0)),
])
def test_worst_cases_of_small_resistances(
    emf: float, path: WirePath, compliance: float, expected: tuple[float, float, float]
) -> None:
    """The most power is that of a matched device, or at the compliance if that is less: (EMF - R I) I."""
    found = worst_case_of_voltage(emf, path, compliance)
    assert (found.voltage, found.current, found.power) == pytest.approx(expected)


def test_worst_case_of_a_source_meter() -> None:
    assert worst_case_of_current(-2e-3, 3.0) == WorstCase(3.0, 2e-3, 6e-3)
    current = SourceSettings("current", compliance_voltage=3.0)
    assert worst_case_of_source(-2e-3, current, WirePath(100.0)) == WorstCase(3.0, 2e-3, 6e-3)
    voltage = SourceSettings("voltage", compliance_current=1e-3)
    assert worst_case_of_source(-2.0, voltage, WirePath(100.0)) == worst_case_of_voltage(-2.0, WirePath(100.0), 1e-3)


def drawing(current: float) -> WorstCase:
    """Return the worst case of an output of which only the current [A] matters."""
    return WorstCase(0.0, current, 0.0)


def test_outputs_are_asked_only_where_their_currents_are_too_much_together() -> None:
    outputs, device = OutputsOn(), DeviceGuard(DeviceLimits(max_current=1e-3))
    asked: list[str] = []
    outputs.add("a", drawing(0.4e-3), lambda: not asked.append("a"))  # type: ignore[func-returns-value]
    outputs.add("idle", drawing(0.0), lambda: not asked.append("idle"))  # type: ignore[func-returns-value]
    for current in (0.6e-3, 0.6e-3 * (1 + JUST)):
        outputs.require("x", "b", drawing(current), device)
    outputs.require("x", "a", drawing(1e-3), device)   # itself does not count twice
    assert asked == []
    with pytest.raises(LimitError, match="other outputs are on \\(a\\)"):
        outputs.require("x", "b", drawing(0.601e-3), device)
    assert asked == ["a"]
    outputs.require("x", "b", drawing(0.0), device)   # no current, no question
    outputs.change("a", drawing(0.1e-3))
    outputs.change("unknown", drawing(5.0))
    outputs.require("x", "b", drawing(0.9e-3), device)
    assert outputs.has("a") and not outputs.has("unknown")
    outputs.add("c", drawing(0.5e-3), lambda: False)
    outputs.require("x", "b", drawing(0.9e-3), device)   # c has been switched off meanwhile
    assert not outputs.has("c")
    outputs.clear()
    outputs.require("x", "b", drawing(1e-3), device)
    outputs.require("x", "b", drawing(5.0), device)   # alone: that is for the limit of the device to refuse


def test_a_post_adds_up_only_while_its_output_is_on() -> None:
    outputs, device = OutputsOn(), DeviceGuard(DeviceLimits(max_current=1e-3))
    context = GuardContext("x", device=device, terminal="mine", outputs=outputs)
    outputs.add("other", drawing(0.8e-3), lambda: True)
    context.require_worst_case("level", WorstCase(1.0, 0.5e-3, 1e-3))
    outputs.add("mine", drawing(0.1e-3), lambda: True)
    with pytest.raises(LimitError, match="other outputs are on \\(other\\)"):
        context.require_worst_case("level", WorstCase(1.0, 0.5e-3, 1e-3))
    context.note_off()
    with pytest.raises(LimitError):
        context.note_on(drawing(0.3e-3), lambda: True)
    context.note_on(drawing(0.1e-3), lambda: True)
    assert outputs.has("mine")


def test_voltages_and_powers_of_outputs_add_up_where_they_reach_the_device() -> None:
    """Two outputs may be at the two ends of a device."""
    one = worst_case_of_voltage(0.95, WirePath(1e3))
    assert WorstCase.of([one, WorstCase(0.1, 2.0, 0.0)]) == WorstCase(0.95, 2.0, one.power)
    away = worst_case_of_voltage(5.0, WirePath(math.inf))
    for limits, said in ((DeviceLimits(max_voltage=1.0), "bring 1.9 V to the device, but max_voltage of D1 is 1 V"),
                         (DeviceLimits(max_power=0.6e-3), "bring 902.5 uW into the device, but max_power of D1 is")):
        outputs, device = OutputsOn(), DeviceGuard(limits, "D1")
        outputs.add("away", away, lambda: True)
        outputs.require("x", "bias", one, device)
        outputs.add("drive", one, lambda: True)
        with pytest.raises(LimitError, match=r"other outputs are on \(drive\)\. All outputs together could " + said):
            outputs.require("x", "bias", one, device)
        outputs.require("x", "away", away, device)   # it does not reach the device
    both = OutputsOn()
    both.add("drive", one, lambda: True)
    both.require("x", "bias", one, DeviceGuard(DeviceLimits(max_voltage=1.9, max_power=0.91e-3)))


@pytest.mark.parametrize("stays_on", [True, False])
def test_an_output_that_stays_on_with_a_new_function_still_counts(stays_on: bool) -> None:
    """An instrument need not open its output when its function changes."""
    meter, driver = source_meter(DeviceLimits(max_current=1e-3, max_voltage=4.0))
    outputs = meter.context.outputs
    meter.configure_source(SourceSettings("voltage", compliance_current=0.4e-3))
    meter.set_level(1.0)
    meter.set_output(True)
    driver.output_states = lambda: [OutputState("drive", stays_on)]   # type: ignore[method-assign]
    meter.configure_source(SourceSettings("current", compliance_voltage=4.0))
    driver.source = SourceSettings("current", compliance_voltage=4.0)
    meter.set_level(0.4e-3)
    if stays_on:
        with pytest.raises(LimitError, match=r"other outputs are on \(\)"):
            outputs.require("pulser", "pulser", drawing(0.7e-3), meter.context.device)
    else:
        outputs.require("pulser", "pulser", drawing(0.7e-3), meter.context.device)
        assert not outputs.has(meter.context.terminal)


# ---------------------------------------------------------------------------------------------- generator


def test_times_and_counts_of_a_generator() -> None:
    guard, sent = generator(DeviceLimits())
    good = pulse(width=1e-6)
    for bad in (replace(good, width=4.9e-9), replace(good, period=9.9e-9), replace(good, rise_time=2.8e-9),
                replace(good, fall_time=1.1e-6)):
        assert not allowed(guard.configure_pulse, bad)
    for count, inside in ((1, True), (0, False), (100_000_000, True), (100_000_001, False)):
        assert allowed(guard.configure_burst, count) is inside
    for load, inside in ((1.0, True), (0.99, False), (math.nan, False), (math.inf, True)):
        assert allowed(guard.configure_load, load) is inside
    for size, inside in ((31, False), (32, True), (4_000_001, False)):
        assert allowed(guard.load_waveform, ArbitraryWaveform(np.zeros(size), 1e6)) is inside
    assert not allowed(guard.load_waveform, ArbitraryWaveform(np.zeros(40), 1.1e9))
    assert sent.calls == ["configure_burst", "configure_burst", "configure_load", "configure_load", "load_waveform"]


@pytest.mark.parametrize(("load", "most"), [(50.0, 5.0), (math.inf, 10.0), (25.0, 10 / 3)])
def test_the_levels_of_a_generator_into_its_load(load: float, most: float) -> None:
    guard, _ = generator(DeviceLimits())
    guard.configure_load(load)
    assert (guard.level_range().low, guard.level_range().high) == pytest.approx((-most, most))
    assert allowed(guard.configure_level, most) and not allowed(guard.configure_level, 1.01 * most)
    assert allowed(guard.configure_level_limits, -most, most)
    assert not allowed(guard.configure_level_limits, -1.01 * most, most)


def test_level_limits_end_with_another_load() -> None:
    guard, _ = generator(DeviceLimits())
    guard.configure_level_limits(-1.0, 1.0)
    guard.configure_load(50.0)   # the same load
    assert not allowed(guard.configure_level, 1.1)
    guard.configure_load(math.inf)
    assert allowed(guard.configure_level, 9.9)


def test_a_pulse_lasts_its_width_and_its_fall() -> None:
    """1 V behind 1 kOhm: 1 mA at most, for 1 us and a fall of 0.5 us."""
    for charge, inside in ((1.51e-9, True), (1.49e-9, False)):
        guard, _ = generator(DeviceLimits(max_charge=charge), WirePath(1000.0))
        guard.configure_load(math.inf)
        assert allowed(guard.configure_pulse, replace(pulse(width=1e-6), fall_time=0.5e-6)) is inside
        levels = np.concatenate([np.ones(40), np.zeros(10)])
        assert allowed(guard.load_waveform, ArbitraryWaveform(levels, 50 / 1.5e-6)) is inside


# --------------------------------------------------------------------------------------- meter and scope


def test_ranges_and_dwells_of_a_source_meter() -> None:
    guard, sent = source_meter(DeviceLimits())
    for source, inside in ((SourceSettings("voltage", compliance_current=1e-3, range=210.0), True),
                           (SourceSettings("voltage", compliance_current=1e-3, range=211.0), False),
                           (SourceSettings("voltage", compliance_current=1e-3, range=-1.0), False),
                           (SourceSettings("current", compliance_voltage=1.0, range=1.05), True),
                           (SourceSettings("current", compliance_voltage=1.0, range=1.06), False)):
        assert allowed(guard.configure_source, source) is inside, source
    for measure, inside in ((MeasureSettings("current", range=1.05), True),
                            (MeasureSettings("current", range=2.0), False),
                            (MeasureSettings("voltage", range=210.0), True),
                            (MeasureSettings("voltage", range=211.0), False),
                            (MeasureSettings("voltage", nplc=0.009), False)):
        assert allowed(guard.configure_measure, measure) is inside, measure
    levels = np.full(2500, 1e-4)
    for dwell, inside in ((0.0, True), (50e-6, True), (49e-6, False), (1e4, True), (1.1e4, False), (-1.0, False)):
        assert allowed(guard.start_sweep, levels, dwell) is inside, dwell
    assert not allowed(guard.start_sweep, np.full(2501, 1e-4), 0.0)
    assert sent.calls.count("start_sweep") == 3


@pytest.mark.parametrize(("settings", "inside"), [
    (Timebase(1e-9), True), (Timebase(0.9e-9), False), (Timebase(1e3), True), (Timebase(1.1e3), False),
    (Timebase(1e-3, segments=1), True), (Timebase(1e-3, segments=0), False), (Timebase(1e-3, segments=1000), True),
    (Timebase(1e-3, position=math.inf), False), (Vertical(8e-3), True), (Vertical(7e-3), False),
    (Vertical(41.0), False),
    (Vertical(0.08, probe_attenuation=10.0), True), (Vertical(0.07, probe_attenuation=10.0), False),
    (Vertical(400.0, probe_attenuation=10.0), True), (Vertical(1.0, offset=math.nan), False),
    (EdgeTrigger(4, 1.0), True), (EdgeTrigger(5, 1.0), False), (EdgeTrigger(0, 1.0), False),
    (EdgeTrigger("external", 1.0), True), (EdgeTrigger("external", math.nan), False),
])
def test_settings_of_a_scope(settings: Any, inside: bool) -> None:
    sent = Sent(scopes.capabilities(scopes.MODELS["DSO-X 3054T"]))
    guard = GuardedOscilloscope(sent, GuardContext("scope"))
    act = {Timebase: guard.configure_timebase, EdgeTrigger: guard.configure_trigger,
           Vertical: lambda vertical: guard.configure_channel(1, vertical)}[type(settings)]
    assert allowed(act, settings) is inside and bool(sent.calls) is inside


def test_a_scope_answers_through_its_guard() -> None:
    class Answers(Sent):
        def triggered(self) -> bool:
            return True

        def complete(self) -> bool:
            return True

        def fetch(self, channels: Any) -> Any:
            return {channel: None for channel in channels}

    guard = GuardedOscilloscope(Answers(scopes.capabilities(scopes.MODELS["DSO-X 3052T"])), GuardContext("scope"))
    assert guard.triggered() and guard.complete() and list(guard.fetch([1, 2])) == [1, 2]
    assert not allowed(guard.fetch, [1, 3]) and not allowed(guard.disable_channel, 0)


# ------------------------------------------------------------------------------------------------ fixture

DIVIDER = "R1 s d 1k\nR2 d 0 1k\nXDUT d 0 device"


@pytest.mark.parametrize(("netlist", "node", "source", "resistance", "gain"), [
    ("XDUT s 0 device", "s", 50.0, 50.0, 1.0), ("XDUT s 0 device", "S", 0.0, 0.0, 1.0),
    ("R1 s d 1k\nXDUT d 0 device", "s", 50.0, 1050.0, 1.0),
    (DIVIDER, "s", 50.0, 1050.0, 1000 / 2050), (DIVIDER, "s", 0.0, 1000.0, 0.5),
    ("R1 s d 1k\nXDUT d low device\nRs low 0 50", "s", 50.0, 1100.0, 1.0),
    ("L1 s d 1m\nXDUT d 0 device", "s", 50.0, 50.0, 1.0),   # shorted at DC
    ("R1 s d 1k\nXDUT d low device\nV1 low 0 0", "s", 50.0, 1050.0, 1.0),
    ("R1 s d 1k\nC1 d 0 1n\nXDUT d 0 device", "s", 50.0, 1050.0, 1.0),   # open at DC
    ("R1 s 0 1k\nR2 d 0 1k\nXDUT d 0 device", "s", 50.0, math.inf, 0.0),   # elsewhere
    ("C1 s d 1n\nXDUT d 0 device", "s", 50.0, math.inf, 0.0),
    ("R1 s d 1k", "s", 50.0, math.inf, 1.0),   # no place for a device
    ("XDUT 0 d device\nR1 d s 2k", "s", 0.0, 2000.0, 1.0),   # upside down
])
def test_the_path_from_an_instrument_to_the_device(
    netlist: str, node: str, source: float, resistance: float, gain: float
) -> None:
    found = path_of(parse_netlist(netlist, check=False), node, source)
    assert (found.resistance, found.gain) == pytest.approx((resistance, gain), rel=1e-6, abs=2e-6)


def test_a_path_begins_at_a_node_of_the_netlist() -> None:
    with pytest.raises(ConfigurationError, match="node 'sm' is not in the netlist"):
        path_of(parse_netlist("XDUT smu 0 device", check=False), "sm", 50.0)


# ------------------------------------------------------------------------------------------------- ranges


def test_the_range_that_holds_a_value() -> None:
    rows = CAPABILITIES.current_accuracy
    for value, full_scale in ((0.0, 1e-8), (1.05e-3, 1e-3), (-1.05e-3 * (1 + JUST), 1e-3), (1.0501e-3, 1e-2),
                              (9.0, 1.0)):
        assert row_for(rows, value).full_scale == full_scale, value
    assert is_range_of(CAPABILITIES, "voltage", 0.9e-3, 1e-3) and not is_range_of(CAPABILITIES, "voltage", 2e-3, 1e-3)
    assert is_range_of(CAPABILITIES, "current", 1.9, 2.0) and not is_range_of(CAPABILITIES, "current", 0.1, 2.0)


@pytest.mark.parametrize(("function", "fixed", "level", "full_scale", "above", "up_to", "compliance"), [
    ("voltage", None, 1.0, 2.0, 0.21, 2.1, 1.05), ("voltage", None, -2.1, 2.0, 0.21, 2.1, 1.05),
    ("voltage", None, 0.0, 0.02, -1.0, 0.021, 1.05), ("voltage", None, 21.1, 200.0, 21.0, 210.0, 0.105),
    ("voltage", 200.0, 1.0, 200.0, -1.0, 21.0, 1.05), ("voltage", 200.0, 22.0, 200.0, 21.0, 210.0, 0.105),
    ("current", None, 0.2, 1.0, 0.105, 1.05, 21.0), ("current", None, 1e-3, 1e-3, 0.105e-3, 1.05e-3, 210.0),
])
def test_the_levels_around_one_of_which_the_same_holds(
    function: Any, fixed: float | None, level: float, full_scale: float, above: float, up_to: float, compliance: float
) -> None:
    """Up to 21 V the 2450 limits 1.05 A, beyond it 0.105 A; up to 0.105 A 210 V, beyond it 21 V."""
    found = source_range(CAPABILITIES, DATA_SHEET, SourceSettings.of(function, 1e-3, range=fixed), level)
    assert found.row.full_scale == full_scale
    assert (found.above, found.up_to, found.compliance) == pytest.approx((above, up_to, compliance), rel=1e-6)


@pytest.mark.parametrize(("fixed", "up_to", "compliance"), [(200.0, 21.0, 1.05), (None, 21.0, 1.05)])
def test_a_level_at_an_operating_boundary_belongs_below_it(
    fixed: float | None, up_to: float, compliance: float
) -> None:
    """21 V that was computed with rounding is 21 V."""
    for level in (up_to, up_to * (1 + 1e-15), -up_to):
        found = source_range(CAPABILITIES, DATA_SHEET, SourceSettings.of("voltage", 1e-3, range=fixed), level)
        assert found.above < abs(level) <= found.up_to and found.compliance == pytest.approx(compliance)
        assert found.up_to == pytest.approx(up_to, rel=1e-6)


@pytest.mark.parametrize(("function", "limit", "level", "measuring_range", "seconds"), [
    ("current", 1.0, 5.0, None, 500e-6), ("voltage", 1e-2, 0.1, None, 80e-6), ("voltage", 1e-2, 5.0, None, 5 * 80e-6),
    ("voltage", 1e-3, -5.0, None, 5 * 100e-6), ("voltage", 1e-4, 1.0, None, 150e-6),
    ("voltage", 1e-5, 1.0, None, 500e-6), ("voltage", 1e-6, 1.0, None, 2e-3), ("voltage", 1e-7, 1.0, None, 20e-3),
    ("voltage", 1e-8, 1.0, None, 20e-3), ("voltage", 1e-8, 200.0, None, 1.0),
    ("voltage", 0.5e-3, 2.0, None, 4 * 100e-6),
    ("voltage", 1e-4, 1.0, 1e-3, 10 * 100e-6),   # the loop of the fixed range, with ten times the load
])
def test_how_long_a_limit_needs_to_hold(
    function: Any, limit: float, level: float, measuring_range: float | None, seconds: float
) -> None:
    assert settling_time(CAPABILITIES, function, limit, level, measuring_range) == pytest.approx(seconds)


def test_a_limit_is_more_than_a_thousandth_of_the_fixed_range() -> None:
    for limit, suitable in ((1.01e-6, True), (1e-6, False), (1e-6 * (1 + JUST), False)):
        assert suits(CAPABILITIES, SourceSettings("voltage", compliance_current=limit), 1e-3) is suitable
    assert suits(CAPABILITIES, SourceSettings("current", compliance_voltage=0.021), 20.0)
    assert not suits(CAPABILITIES, SourceSettings("current", compliance_voltage=0.02), 20.0)


class Base:
    def __init__(self, adapter: Any, name: str = "x", wires: int = 2) -> None:
        del adapter, name, wires


class Derived(Base):
    def __init__(self, adapter: Any, four_wire: bool = False, **more: Any) -> None:
        super().__init__(adapter, **more)
        del four_wire


def test_an_option_that_a_driver_does_not_know() -> None:
    error = TypeError("Derived.__init__() got an unexpected keyword argument 'fourwire'")
    assert unknown_option(Derived, {"fourwire": 1}, error) == "has no option 'fourwire'. Did you mean 'four_wire'?"
    of_base = TypeError("Base.__init__() got an unexpected keyword argument 'wire'")
    assert unknown_option(Derived, {"wire": 1}, of_base) == "has no option 'wire'. Did you mean 'wires'?"
    assert unknown_option(Derived, {"other": 1}, error) == ""   # not given by the bench file: an error of the driver
    assert unknown_option(Derived, {"fourwire": 1}, TypeError("something else")) == ""


@pytest.mark.parametrize("sheet", [DATA_SHEET, keithley_2460.DATA_SHEET])
def test_a_source_has_the_full_scales_of_its_measuring_ranges(sheet: DataSheet) -> None:
    """The driver takes the measuring ranges for both: see ``SourceRanges.require_range``."""
    functions: tuple[Function, ...] = ("voltage", "current")
    for function in functions:
        measured = [row.full_scale for row in measuring_ranges(sheet.capabilities, function)]
        assert [row.full_scale for row in sourcing_ranges(sheet.capabilities, function)] == measured


# ---------------------------------------------------------------------------------- readings of another author's driver


@pytest.mark.parametrize(("reading", "said"), [
    (Reading(0.0, 0.1, 0.1, math.nan), "a reading whose current is nan. A reading consists of finite numbers. Only an"),
    (Reading(0.0, 0.1, math.inf, 1e-3, Flag.OVERFLOW), "a reading whose voltage is inf"),
    (Reading(math.nan, 0.1, 0.1, 1e-3, Flag.OVERFLOW), "a reading whose time is nan"),
    (Reading(0.0, 0.1, 0.1, "1 mA"), "a reading whose current is '1 mA'"),  # type: ignore[arg-type]
    ((0.1, 1e-3), "returned (0.1, 0.001), not a Reading. Correct the driver"),
])
def test_a_reading_that_is_no_number_is_an_error_of_its_driver(reading: Any, said: str) -> None:
    meter, driver = source_meter()
    good = Reading(0.0, 0.1, 0.1, math.nan, Flag.OVERFLOW)
    for act, name, answer in (
            (meter.measure, "measure", reading), (lambda: meter.fetch_sweep(0, 2), "fetch_sweep", [good, reading])):
        setattr(driver, name, lambda *_, answer=answer: answer)
        with pytest.raises(InstrumentError) as caught:
            act()
        assert str(caught.value).startswith("drive (Keithley 2450, USB0::1::INSTR): the driver returned ")
        assert said in str(caught.value)
    driver.measure = lambda: good   # type: ignore[method-assign]
    assert meter.measure() is good


def test_an_option_for_a_driver_that_has_none() -> None:
    class Plain:
        def __init__(self, adapter: object) -> None: ...

    error = TypeError("__init__() got an unexpected keyword argument 'foo'")
    assert unknown_option(Plain, {"foo": 1}, error) == (
        "has no option 'foo'. This driver has no options. Remove this entry")


@pytest.mark.parametrize(("voltage", "current", "flags"), [
    (0.0, 0.0, Flag.NONE), (1e-6, -3e-18, Flag.NONE), (2.99864e-98, 1e-6, Flag.IMPLAUSIBLE),
    (0.5, -1e-21, Flag.IMPLAUSIBLE), (math.nan, 1e-6, Flag.OVERFLOW)])
def test_a_reading_nearer_to_zero_than_any_instrument_tells_is_flagged(
    voltage: float, current: float, flags: Flag,
) -> None:
    guard, _ = source_meter(DeviceLimits())
    reading = Reading(0.0, 0.5, voltage, current, Flag.OVERFLOW if math.isnan(voltage) else Flag.NONE)
    guard.driver = SimpleNamespace(  # type: ignore[assignment]
        fetch_sweep=lambda first, last: [reading])
    (found,) = guard.fetch_sweep(0, 0)
    assert found.flags == flags
