"""Deliberate faults of the numbers that make imperfections: which test must see which.

A sabotage changes a number where the simulation reads it: to nothing, to half of it, by 10 %, or to twice of it. The
test goes on with the number of the data sheet. A test that passes all the same is blind.
"""

import copy
import dataclasses
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from types import ModuleType, SimpleNamespace
from typing import Any
from unittest import mock

from benchmarks.imperfections.sheets import GENERATORS, OSCILLOSCOPES
from tsbench.simulated_backends.virtual_instruments.generator.connectors import OutputConnectors
from tsbench.simulated_backends.virtual_instruments.instrument import OPEN
from tsbench.simulated_backends.virtual_instruments.keithley_4200 import pulse_sheet
from tsbench.simulated_backends.virtual_instruments.keithley_4200.pulse_unit import PulseCardChannel
from tsbench.simulated_backends.virtual_instruments.keysight_b1500a import pulse_module
from tsbench.simulated_backends.virtual_instruments.source_meter.data_sheet import (
    OffState,
    RangeData,
    SourceMeterDataSheet,
)

FACTORS = (0.0, 0.5, 0.9, 1.1, 2.0)
WORDS = {0.0: "absent", 0.5: "half", 0.9: "10 % less", 1.1: "10 % more", 2.0: "double"}
#: numbers that are small, not 0, in an ideal instrument: nothing is computed for 0
_FREE = ("time_constant", "settling", "output_resistance", "relay_resistance", "voltage_burden", "closed",
         "FAST_RESISTANCE", "PULSE_RESISTANCE", "resolution", "reading_step", "overshoot_time",
         "input_capacitance", "auto_timeout")
MUCH = 1e3  #: what makes a bandwidth or the speed of an edge as good as ideal


class NothingToSpoilError(Exception):
    """A sabotage would change nothing on this instrument."""


@dataclasses.dataclass(frozen=True)
class Sabotage:
    """Numbers of a data sheet, and the factor by which the simulation has them wrong."""

    fields: tuple[str, ...]
    factor: float

    def __str__(self) -> str:
        """Return its name in the table."""
        return f"{' and '.join(self.fields)} {WORDS[self.factor]}"


def wrong(name: str, value: Any, factor: float) -> Any:
    """Return a number, or each number of a table, that is wrong by a factor; 0 stands for an ideal instrument.

    Raises
    ------
    NothingToSpoilError
        The number stays as it is: there is nothing to spoil.
    """
    changed = _wrong(name, value, factor)
    if changed == value:
        raise NothingToSpoilError(f"{name} = {value!r} has nothing to spoil")
    return changed


_WITHOUT_END = ("limits", "slew_rate", "impedances")  #: of an ideal instrument
#: numbers whose ideal value is 1
_FROM_ONE = ("overrange", "read_overrange", "range_limits_at", "high_capacitance_factor")
#: numbers of converters: what the commands send has so many bits, and cannot show a finer step or a higher end
_CONVERTERS: Mapping[str, Callable[[int, float], int]] = {
    "dac_bits": lambda bits, factor: bits - 1 if factor == 2.0 else bits,
    "levels": lambda levels, factor: round(levels * (factor or 16.0)),
    "resolved": lambda one, factor: one if one == 1 else {0.0: 16 * one, 0.5: 2 * one, 2.0: one // 2}.get(factor, one),
    "resolution_bits": lambda bits, factor: bits if bits == 8 else {
        0.0: 15, 0.5: bits + 1, 2.0: bits - 1}.get(factor, bits),
    "highest_code": lambda code, factor: round(code * factor) if factor == 0.5 else code,
}
#: what an instrument has that should have no such thing
_PRESENT = {"range_change_overshoot": 0.25, "auto_delays": 1e-3, "high_capacitance_factor": 10.0, "least_limit": 1e-3}


def _wrong(name: str, value: Any, factor: float) -> Any:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return not value
    if isinstance(value, Mapping):
        return {key: _wrong(name, one, factor) for key, one in value.items()}
    if isinstance(value, tuple):
        return tuple(_wrong(name, one, factor) for one in value)
    return _wrong_state(value, factor) if isinstance(value, OffState) else _wrong_number(name, value, factor)


def _wrong_state(state: OffState, factor: float) -> OffState:
    if not factor:
        return dataclasses.replace(state, relay_closed=not state.relay_closed)
    if not state.relay_closed:   # nothing is limited
        return state
    return dataclasses.replace(state, limit_of_range=state.limit_of_range * factor,
                               limit=None if state.limit is None else state.limit * factor)


def _wrong_number(name: str, value: Any, factor: float) -> Any:
    if name in _PRESENT and factor == 2.0 and value in (0, 1):
        return _PRESENT[name]
    if name in _FROM_ONE:
        return 1.0 + (value - 1.0) * factor
    if name in _CONVERTERS:
        return _CONVERTERS[name](value, factor)
    if not factor and ("bandwidth" in name or name in _WITHOUT_END):
        return value * MUCH
    return value / MUCH if not factor and ("edge" in name or name in _FREE) else value * factor


def _sheet_meter(stack: ExitStack, module: ModuleType, sabotage: Sabotage) -> None:
    """Give every source meter a data sheet with other numbers than the one that the test has."""
    made = module.SheetMeter.__init__

    def spoilt(meter: Any, sheet: SourceMeterDataSheet, *args: Any, **keywords: Any) -> None:
        if sabotage.fields == ("overshoot_time",) and not sheet.range_change_overshoot:
            raise NothingToSpoilError("without an overshoot, its time has nothing to spoil")
        made(meter, _spoilt_sheet(sheet, sabotage), *args, **keywords)
        meter.sheet = sheet

    stack.enter_context(mock.patch.object(module.SheetMeter, "__init__", spoilt))


def _refused_limit(stack: ExitStack, module: ModuleType, sabotage: Sabotage) -> None:
    """Spoil the least limit: of the data sheet that the test gives a meter, or of a series 2400 with its commands."""
    _sheet_meter(stack, module, sabotage)
    honest = {}
    for name, sheet in module.SHEETS.items():
        honest[name] = copy.copy(sheet)
        if "least_of_range" in sabotage.fields and hasattr(sheet, "least_of_range"):
            stack.callback(object.__setattr__, sheet, "least_of_range", sheet.least_of_range)
            object.__setattr__(sheet, "least_of_range", sheet.least_of_range * sabotage.factor)
    stack.enter_context(mock.patch.object(module, "SHEETS", honest))


def _spoilt_sheet(sheet: SourceMeterDataSheet, sabotage: Sabotage) -> SourceMeterDataSheet:
    own = {one.name for one in dataclasses.fields(RangeData)}
    of_sheet = {name: wrong(name, getattr(sheet, name, None), sabotage.factor)
                for name in sabotage.fields if name not in own}
    of_rows = [name for name in sabotage.fields if name in own]
    if not of_rows:
        return dataclasses.replace(sheet, **of_sheet)
    rows: dict[int, RangeData] = {}
    for row in (row for table in sheet.ranges.values() for row in table):
        values = {name: _wrong(name, getattr(row, name), sabotage.factor) for name in of_rows}
        if row.fast is not None and {"measure_gain", "measure_offset", "noise"} & set(of_rows):
            values["fast"] = dataclasses.replace(row.fast, **{
                name.removeprefix("measure_"): getattr(row.fast, name.removeprefix("measure_")) * sabotage.factor
                for name in of_rows})
        rows[id(row)] = dataclasses.replace(row, **values)
    if not of_sheet and all(getattr(new, name) == getattr(row, name) for table in sheet.ranges.values() for row in table
           for new in (rows[id(row)],) for name in of_rows):
        raise NothingToSpoilError(f"{of_rows} have nothing to spoil")
    return dataclasses.replace(
        sheet, ranges={name: tuple(rows[id(row)] for row in table) for name, table in sheet.ranges.items()},
        first_ranges={name: rows[id(row)] for name, row in sheet.first_ranges.items()}, **of_sheet)


def _instruments(name: str, families: Mapping[str, Mapping[str, Any]]) -> Callable[..., None]:
    """Return what spoils the data sheets of a kind in place, and gives ``name`` of the test a copy from before."""
    def spoil(stack: ExitStack, module: ModuleType, sabotage: Sabotage) -> None:
        honest = {}
        for sheet in (sheet for models in families.values() for sheet in models.values()):
            if id(sheet) in honest:
                continue
            honest[id(sheet)] = copy.copy(sheet)
            for field in sabotage.fields:
                if hasattr(sheet, field):
                    stack.callback(object.__setattr__, sheet, field, getattr(sheet, field))
                    object.__setattr__(sheet, field, _wrong(field, getattr(sheet, field), sabotage.factor))
        bench = getattr(module, name)
        made = bench.__init__

        def with_honest(one: Any, *args: Any, **keywords: Any) -> None:
            made(one, *args, **keywords)
            spoilt, one.sheet = one.sheet, honest[id(one.sheet)]
            if sabotage.fields == ("rearm_time",) and one.sheet.max_segments == 1:
                raise NothingToSpoilError("without segments, their distance has nothing to spoil")
            if all(getattr(spoilt, field, None) == getattr(one.sheet, field, None) for field in sabotage.fields):
                raise NothingToSpoilError(f"{sabotage.fields} have nothing to spoil")

        stack.enter_context(mock.patch.object(bench, "__init__", with_honest))

    return spoil


def _honest_copies(stack: ExitStack, module: ModuleType, *names: str) -> None:
    """Give a test copies of what it compares with, before the originals are spoilt."""
    for name in names:
        original = getattr(module, name)
        made = SimpleNamespace(**{key: copy.deepcopy(value) if isinstance(value, Mapping) else value
                                  for key, value in vars(original).items() if not key.startswith("__")}
                               ) if isinstance(original, ModuleType) else copy.deepcopy(original)
        stack.enter_context(mock.patch.object(module, name, made))


def _module(name: str) -> Callable[..., None]:
    """Return what spoils constants of the module that a test calls ``name``, and fields of rows in its tables."""
    def spoil(stack: ExitStack, module: ModuleType, sabotage: Sabotage) -> None:
        real = getattr(module, name)
        if isinstance(real, SimpleNamespace):
            raise TypeError(name)
        _honest_copies(stack, module, name)
        for field in sabotage.fields:
            if "." not in field:
                stack.enter_context(mock.patch.object(
                    real, field, wrong(field, getattr(real, field), sabotage.factor)))
                continue
            table, _, number = field.partition(".")
            stack.enter_context(mock.patch.object(real, table, _with(getattr(real, table), number, sabotage.factor)))

    return spoil


def _with(table: Mapping[Any, Any], number: str, factor: float) -> dict[Any, Any]:
    """Return a table of ranges, one or several by key, whose rows have another number."""
    def row(one: Any) -> Any:
        return dataclasses.replace(one, **{number: wrong(number, getattr(one, number), factor)})

    return {key: tuple(map(row, one)) if isinstance(one, tuple) else row(one) for key, one in table.items()}


def _pulse_card(stack: ExitStack, module: ModuleType, sabotage: Sabotage) -> None:
    """Spoil a 4225-PMU; its test names the range of a sample, so the sample is taken in the spoilt range."""
    _module("pmu")(stack, module, sabotage)
    taken = PulseCardChannel.samples

    def samples(channel: Any, quantity: str, row: pulse_sheet.PulseRange, *args: Any) -> Any:
        table = pulse_sheet.CURRENT_RANGES if quantity == "current" else pulse_sheet.VOLTAGE_RANGES
        honest = module.pmu.CURRENT_RANGES if quantity == "current" else module.pmu.VOLTAGE_RANGES
        pairs = zip(_rows(honest), _rows(table), strict=True)
        return taken(channel, quantity, next(new for old, new in pairs if old == row), *args)

    stack.enter_context(mock.patch.object(PulseCardChannel, "samples", samples))


def _rows(table: Any) -> Iterator[Any]:
    for value in table.values():
        yield from value if isinstance(value, tuple) else (value,)


def _objects(*names: str) -> Callable[..., None]:
    """Return what spoils data sheets, or tables of them, that a test has by their names."""
    def spoil(stack: ExitStack, module: ModuleType, sabotage: Sabotage) -> None:
        real = [getattr(module, name) for name in names]
        _honest_copies(stack, module, *names)
        for one in (row for found in real for row in (_rows(found) if isinstance(found, Mapping) else [found])):
            for field in sabotage.fields:
                stack.callback(object.__setattr__, one, field, getattr(one, field))
                object.__setattr__(one, field, wrong(field, getattr(one, field), sabotage.factor))

    return spoil


def _drawn_inputs(stack: ExitStack, module: ModuleType, sabotage: Sabotage) -> None:
    """Draw the errors of inputs for another data sheet than the test has."""
    drawn = module.channel_errors

    def spoilt(bench: Any, name: str, sheet: Any, cables: Any) -> Any:
        numbers = {field: wrong(field, getattr(sheet, field), sabotage.factor) for field in sabotage.fields}
        return drawn(bench, name, dataclasses.replace(sheet, **numbers), cables)

    stack.enter_context(mock.patch.object(module, "channel_errors", spoilt))


def _connectors(stack: ExitStack, module: ModuleType, sabotage: Sabotage) -> None:
    """Put a wrong resistance between a generator and its connectors: the data sheet cannot state another one."""
    del module
    put = OutputConnectors._set_resistance

    def spoilt(one: OutputConnectors, name: str, resistance: float) -> None:
        put(one, name, resistance if resistance == OPEN else wrong("output_resistance", resistance, sabotage.factor))

    stack.enter_context(mock.patch.object(OutputConnectors, "_set_resistance", spoilt))


def _pulse_output(stack: ExitStack, module: ModuleType, sabotage: Sabotage) -> None:
    """Spoil a constant of the B1525A, whose test compares with numbers of its own."""
    del module
    for name in sabotage.fields:
        stack.enter_context(mock.patch.object(
            pulse_module, name, wrong(name, getattr(pulse_module, name), sabotage.factor)))


_SCOPES, _GENERATORS = _instruments("ScopeBench", OSCILLOSCOPES), _instruments("GeneratorBench", GENERATORS)
_PMU, _CARD, _WGFMU, _SPGU = _pulse_card, *(_module(name) for name in ("sheet", "wgfmu", "spgu"))
_BOXES = _objects("MEATEST_M632", "MEATEST_M525")
_CARDS = _objects("CARDS_707B", "CARDS_3706A")
_CONTROLLERS = _objects("LAKESHORE_335", "LAKESHORE_336")

#: of each test: what spoils the instruments, and which numbers it must see, each number or several at once
SABOTAGES: Mapping[str, tuple[Callable[..., None], tuple[tuple[str, ...], ...]]] = {
    "test_readings_are_as_accurate_and_as_noisy_as_stated": (
        _sheet_meter, (("measure_gain",), ("measure_offset",), ("noise",))),
    "test_noise_of_readings_goes_with_the_aperture": (_sheet_meter, (("noise",),)),
    "test_readings_have_the_stated_steps": (_sheet_meter, (("resolution", "reading_step"),)),
    "test_levels_are_as_accurate_as_stated": (_sheet_meter, (("source_gain",), ("source_offset",))),
    "test_limits_are_as_accurate_as_levels": (_sheet_meter, (("source_gain",),)),
    "test_a_reading_beyond_its_range_is_an_overflow": (_sheet_meter, (("overrange", "read_overrange"),)),
    "test_a_sourced_current_settles_in_the_stated_time": (_sheet_meter, (("time_constant",),)),
    "test_a_sourced_voltage_settles_in_the_stated_time": (_sheet_meter, (("time_constant",),)),
    "test_the_output_slews_at_the_stated_rate": (_sheet_meter, (("slew_rate",),)),
    "test_the_limit_takes_over_at_the_speed_of_its_range": (
        _sheet_meter, (("time_constant",), ("loop_swing", "loop_swing_of_range"))),
    "test_the_least_limit_beside_a_fixed_range": (_refused_limit, (("least_limit",), ("least_of_range",))),
    "test_a_fixed_range_limits_by_itself": (_sheet_meter, (("range_limits_at",), ("overrange",))),
    "test_a_change_of_range_overshoots_by_the_stated_voltage": (
        _sheet_meter, (("range_change_overshoot",), ("overshoot_time",))),
    "test_a_new_range_takes_the_stated_time": (_sheet_meter, (("range_change_time",),)),
    "test_the_automatic_range_goes_down_below_the_stated_part": (_sheet_meter, (("range_down",),)),
    "test_the_automatic_delay_is_the_stated_one_in_each_range": (_sheet_meter, (("auto_delays",),)),
    "test_the_output_resistance_is_the_stated_one": (
        _sheet_meter, (("output_resistance",), ("relay_resistance",), ("voltage_burden",))),
    "test_an_output_that_is_off_is_as_its_off_state_says": (_sheet_meter, (("off_states",),)),
    "test_the_output_switches_in_the_stated_times": (_sheet_meter, (("switch_on_time",), ("relay_time",))),
    "test_an_open_relay_settles_before_the_first_reading": (_sheet_meter, (("open_relay_settling",),)),
    "test_a_reading_takes_the_stated_time_beside_its_aperture": (_sheet_meter, (("reading_overhead",),)),
    "test_high_capacitance_slows_the_output_by_the_stated_factor": (_sheet_meter, (("high_capacitance_factor",),)),
    # generators
    "test_levels_are_as_accurate_as_stated ": (_GENERATORS, (
        ("amplitude_gain_accuracy",), ("amplitude_accuracy",), ("offset_gain_accuracy",),
        ("offset_amplitude_accuracy",), ("offset_accuracy",))),
    "test_the_period_is_as_accurate_as_the_time_base": (_GENERATORS, (("timebase_accuracy",),)),
    "test_edges_are_as_fast_as_stated_and_no_faster": (_GENERATORS, (("min_edge_time", "slow_edge_time"),)),
    "test_a_square_wave_has_the_stated_edges": (_GENERATORS, (("square_edge_time",),)),
    "test_the_output_resistance_divides_the_voltage_as_stated": (_connectors, (("output_resistance",),)),
    "test_an_arbitrary_waveform_has_the_steps_of_the_converter": (_GENERATORS, (("dac_bits",),)),
    "test_a_trigger_has_the_stated_latency_and_jitter": (_GENERATORS, (("trigger_latency",), ("trigger_jitter",))),
    "test_the_relay_opens_the_output_in_the_stated_time": (_GENERATORS, (("relay_time",),)),
    # oscilloscopes
    "test_gain_and_offset_of_a_record_are_as_accurate_as_stated": (_SCOPES, (
        ("gain_accuracy",), ("offset_divisions",), ("offset_accuracy",), ("offset_gain_accuracy",))),
    "test_noise_of_a_record_is_the_stated_one": (_SCOPES, (("noise_floor",), ("noise_divisions",))),
    "test_the_bandwidth_is_3_db_down_where_stated": (
        _SCOPES, (("bandwidth",), ("limited_bandwidth", "limits", "bandwidth_limits"))),
    "test_a_record_has_the_stated_steps_and_ends": (
        _SCOPES, (("levels",), ("resolved", "resolution_bits"), ("highest_code",))),
    "test_the_input_loads_its_node_as_stated": (_SCOPES, (("impedances",), ("input_capacitance",))),
    "test_the_time_base_is_as_accurate_as_stated": (_SCOPES, (("timebase_accuracy",),)),
    "test_inputs_are_as_late_against_each_other_as_stated": (_SCOPES, (("channel_delay",),)),
    "test_errors_of_inputs_are_normal_with_a_third_of_the_accuracy": (_drawn_inputs, (
        ("gain_accuracy",), ("offset_divisions",), ("offset_accuracy",), ("offset_gain_accuracy",),
        ("channel_delay",))),
    "test_the_trigger_jitters_as_stated": (_SCOPES, (("trigger_jitter",),)),
    "test_a_signal_smaller_than_the_hysteresis_does_not_trigger": (_SCOPES, (("hysteresis",),)),
    "test_automatic_trigger_comes_after_the_stated_time": (_SCOPES, (("auto_timeout",),)),
    "test_segments_are_as_close_as_the_rearm_time_lets_them": (_SCOPES, (("rearm_time",),)),
    # others
    "test_readings_of_a_pmu_are_as_accurate_and_noisy_as_stated": (_PMU, tuple(
        (f"CURRENT_RANGES.{name}", f"VOLTAGE_RANGES.{name}") for name in ("gain", "offset", "noise"))),
    "test_levels_of_a_pmu_are_as_accurate_as_stated": (_PMU, (("LEVEL_GAIN",), ("LEVEL_OFFSETS",))),
    "test_a_pmu_starts_with_the_stated_jitter_after_its_preparation": (_PMU, (("JITTER",), ("PREPARATION",))),
    "test_settling_of_a_current_range": (_CARD, (("CURRENT_RANGES.settling",),)),
    "test_fifty_ohm_and_the_load_that_was_set": (_CARD, (("OUTPUT_RESISTANCE",),)),
    "test_the_output_relay_opens_in_a_segment": (_CARD, (("RELAY_TIME",),)),
    "test_currents_of_a_b1530a_settle_and_are_as_noisy_and_accurate_as_stated": (_WGFMU, (
        ("CURRENT_RANGES.settling",), ("CURRENT_RANGES.noise",), ("CURRENT_GAIN",), ("CURRENT_OFFSET",))),
    "test_voltages_of_a_b1530a_settle_and_are_as_noisy_and_accurate_as_stated": (_WGFMU, (
        ("VOLTAGE_RANGES.settling",), ("VOLTAGE_RANGES.noise",), ("VOLTAGE_GAIN",), ("VOLTAGE_OFFSET",))),
    "test_levels_of_a_b1530a_are_as_accurate_as_stated_behind_its_resistance": (_WGFMU, (
        ("FORCE_GAIN",), ("FORCE_OFFSET",), ("FAST_RESISTANCE",), ("PULSE_RESISTANCE",))),
    "test_the_voltage_is_that_at_the_load_of_ser": (_pulse_output, (("SOURCE_RESISTANCE",),)),
    "test_a_b1530a_starts_with_the_stated_jitter": (_WGFMU, (("JITTER",),)),
    "test_levels_of_a_b1525a_are_as_accurate_as_stated": (_SPGU, (("GAIN",), ("OFFSET",))),
    "test_a_temperature_reading_has_the_stated_noise_and_offset": (_CONTROLLERS, (("noise",), ("offset",))),
    "test_a_heater_output_has_the_stated_power": (_CONTROLLERS, (("power",),)),
    "test_a_decade_box_is_as_accurate_as_stated_and_settles_in_its_time": (_BOXES, (("accuracy",), ("settling",))),
    "test_a_contact_has_the_stated_resistance_and_settles_in_its_time": (_CARDS, (("closed",), ("settling",))),
}
