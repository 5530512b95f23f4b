"""What is imperfect in source meters, generators and oscilloscopes: the numbers, and the tests that measure them.

``fields`` names the fields of the data sheet that make the imperfection. A test holds that each number of a data sheet
belongs to an imperfection, or is a limit or an identity (``LIMITS``).
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from tsbench.quantities import short_quantity

FOLDER = "tests/simulated_backends/virtual_instruments/"
NONE = "none"  #: an instrument has no such imperfection, as an ideal one; this is not counted as an imperfection


@dataclass(frozen=True)
class Kind:
    """One imperfection of a kind of instrument.

    Parameters
    ----------
    name : of the field of the sources (``sources.reading_noise``)
    title : as the table says it
    fields : of the data sheet, or of one of its ranges
    number : what the table says of a data sheet
    tests : that measure it, with the file
    """

    name: str
    title: str
    fields: tuple[str, ...]
    number: Callable[[Any], str]
    tests: tuple[str, ...]


def quantity(value: float, unit: str) -> str:
    """Return a number with three digits and its unit."""
    return "0" if value == 0 else short_quantity(value, unit, 3)


def share(value: float) -> str:
    """Return a relative number in % or ppm."""
    return f"{value * 1e6:.4g} ppm" if 0 < abs(value) < 1e-4 else f"{value * 100:.4g} %"


def by_range(sheet: Any, write: Callable[[Any, str], str], quantities: Iterable[str] = ("VOLT", "CURR")) -> str:
    """Return what is written of each range of each quantity; neighbours that say the same share their text."""
    parts: list[tuple[str, str]] = []
    for name in quantities:
        unit = "V" if name == "VOLT" else "A"
        for row in sheet.ranges[name]:
            said, full = write(row, unit), quantity(row.full_scale, unit)
            if parts and parts[-1][1] == said:
                parts[-1] = f"{parts[-1][0]}, {full}", said
            else:
                parts.append((full, said))
    return "; ".join(f"{full}: {said}" for full, said in parts)


def _fast(sheet: Any, write: Callable[[Any, str], str]) -> str:
    if sheet.ranges["CURR"][0].fast is None:
        return ""
    return "; fast converter: " + by_range(sheet, lambda row, unit: write(row.fast, unit))


def _settling(row: Any, _: str) -> str:
    return quantity(6.9 * row.time_constant, "s")


def _outside(sheet: Any) -> str:
    inside = quantity(sheet.output_resistance + sheet.relay_resistance, "Ohm")
    if math.isinf(sheet.voltage_burden):
        return inside
    return f"{quantity(sheet.voltage_burden, 'V')} at the full current of a range, but at most {inside}"


def _off_states(sheet: Any) -> str:
    said = []
    for name, state in sheet.off_states.items():
        limit = share(state.limit_of_range) + " of the range" if state.limit is None else quantity(state.limit, "A")
        if state.keeps_limit:
            limit = f"what limited it while it was on (a current source: its level, or {limit} if this is more)"
        zero = "0 V" if state.function == "VOLT" else "0 A"
        said.append(f"{name}: relay closed, {zero}, at most {limit}" if state.relay_closed else f"{name}: relay open")
    return "; ".join(said)


def _least_limit(sheet: Any) -> str:
    if sheet.least_limit:
        return share(sheet.least_limit)
    refused = getattr(sheet, "least_of_range", 0.0)
    return f"{share(refused)}, less is refused" if refused else NONE


_SM, _GEN, _SCOPE = (f"{FOLDER}test_imperfections_of_{kind}.py::test_" for kind in (
    "source_meters", "generators", "oscilloscopes"))

SOURCE_METER = (
    Kind("reading_accuracy", "accuracy of readings", ("measure_gain", "measure_offset", "gain", "offset", "fast"),
         lambda s: by_range(s, lambda row, unit: f"{share(row.measure_gain)} + {quantity(row.measure_offset, unit)}")
         + _fast(s, lambda row, unit: f"{share(row.gain)} + {quantity(row.offset, unit)}"),
         (f"{_SM}readings_are_as_accurate_and_as_noisy_as_stated",)),
    Kind("level_accuracy", "accuracy of levels and limits", ("source_gain", "source_offset"),
         lambda s: by_range(s, lambda row, unit: f"{share(row.source_gain)} + {quantity(row.source_offset, unit)}"),
         (f"{_SM}levels_are_as_accurate_as_stated", f"{_SM}limits_are_as_accurate_as_levels")),
    Kind("reading_noise", "noise of readings at 1 PLC, rms", ("noise",),
         lambda s: by_range(s, lambda row, unit: quantity(row.noise, unit))
         + _fast(s, lambda row, unit: quantity(row.noise, unit)),
         (f"{_SM}readings_are_as_accurate_and_as_noisy_as_stated", f"{_SM}noise_of_readings_goes_with_the_aperture")),
    Kind("reading_resolution", "steps of readings, of the range", ("resolution", "reading_step"),
         lambda s: by_range(s, lambda row, _: share(s.step_of(row) / row.full_scale))
         if any(row.reading_step for rows in s.ranges.values() for row in rows) else share(s.resolution),
         (f"{_SM}readings_have_the_stated_steps",)),
    Kind("overflow", "highest reading, of the range", ("overrange", "read_overrange", "top", "reading_top"),
         lambda s: by_range(s, lambda row, _: share(row.reading_top / row.full_scale)),
         (f"{_SM}a_reading_beyond_its_range_is_an_overflow",)),
    Kind("settling", "settling to 0.1 %", ("time_constant",), lambda s: by_range(s, _settling),
         (f"{_SM}a_sourced_current_settles_in_the_stated_time", f"{_SM}a_sourced_voltage_settles_in_the_stated_time")),
    Kind("slew_rate", "slew rate", ("slew_rate",), lambda s: quantity(s.slew_rate, "V/s"),
         (f"{_SM}the_output_slews_at_the_stated_rate",)),
    Kind("limit_loop", "settling of a limit to 0.1 %, at 1 V (15 % of a high voltage range) at the full range",
         ("loop_swing", "loop_swing_of_range", "limit_band"), lambda s: by_range(s, _settling, ("CURR",)),
         (f"{_SM}the_limit_takes_over_at_the_speed_of_its_range",)),
    Kind("least_limit", "least limit beside a fixed range, of the range", (
        "least_limit", "least_limit_is_enforced", "least_of_range"), _least_limit,
         (f"{_SM}the_least_limit_beside_a_fixed_range",)),
    Kind("limiting_range", "limit by a fixed measuring range, of its highest level",
         ("range_limits_at", "voltage_range_limits"), lambda s: share(s.range_limits_at),
         (f"{_SM}a_fixed_range_limits_by_itself",)),
    Kind("range_change_overshoot", "overshoot of a change of the voltage range", (
        "range_change_overshoot", "overshoot_time"),
        lambda s: f"{quantity(s.range_change_overshoot, 'V')} in {quantity(s.overshoot_time, 's')}"
        if s.range_change_overshoot else NONE, (f"{_SM}a_change_of_range_overshoots_by_the_stated_voltage",)),
    Kind("range_change_time", "time of a change of range", ("range_change_time",),
         lambda s: quantity(s.range_change_time, "s"), (f"{_SM}a_new_range_takes_the_stated_time",)),
    Kind("automatic_range", "automatic range goes down below, of the range", ("range_down",),
         lambda s: share(s.range_down), (f"{_SM}the_automatic_range_goes_down_below_the_stated_part",)),
    Kind("automatic_delay", "automatic source delay", ("auto_delays",), lambda s: "; ".join(
        f"{quantity(row.full_scale, 'A')}: {quantity(delay, 's')}"
        for row, delay in zip(s.ranges["CURR"], s.auto_delays, strict=True)) if any(s.auto_delays) else NONE,
        (f"{_SM}the_automatic_delay_is_the_stated_one_in_each_range",)),
    Kind("output_resistance", "outside the voltage regulation with two wires", (
        "output_resistance", "relay_resistance", "voltage_burden"), _outside,
         (f"{_SM}the_output_resistance_is_the_stated_one",)),
    Kind("off_state", "output while it is off", ("off_states",), _off_states,
         (f"{_SM}an_output_that_is_off_is_as_its_off_state_says",)),
    Kind("switching_times", "times of the output: on and settled, relay open", (
        "switch_on_time", "relay_time", "open_relay_settling"),
         lambda s: f"{quantity(s.switch_on_time, 's')}, {quantity(s.relay_time, 's')}" + (
             f"; {quantity(s.open_relay_settling, 's')} more from an open relay" if s.open_relay_settling else ""),
         (f"{_SM}the_output_switches_in_the_stated_times", f"{_SM}an_open_relay_settles_before_the_first_reading")),
    Kind("reading_time", "time of a reading beside its aperture", ("reading_overhead",),
         lambda s: quantity(s.reading_overhead, "s"), (f"{_SM}a_reading_takes_the_stated_time_beside_its_aperture",)),
    Kind("high_capacitance", "high-capacitance mode: slower by", ("high_capacitance_factor",),
         lambda s: f"{s.high_capacitance_factor:g} times" if s.high_capacitance_factor != 1.0 else NONE,
         (f"{_SM}high_capacitance_slows_the_output_by_the_stated_factor",)),
)

GENERATOR = (
    Kind("amplitude_accuracy", "accuracy of the amplitude", ("amplitude_gain_accuracy", "amplitude_accuracy"),
         lambda s: f"{share(s.amplitude_gain_accuracy)} + {quantity(s.amplitude_accuracy, 'V')}",
         (f"{_GEN}levels_are_as_accurate_as_stated",)),
    Kind("offset_accuracy", "accuracy of the offset",
         ("offset_gain_accuracy", "offset_amplitude_accuracy", "offset_accuracy"),
         lambda s: f"{share(s.offset_gain_accuracy)} + {share(s.offset_amplitude_accuracy)} of the amplitude + "
         f"{quantity(s.offset_accuracy, 'V')}", (f"{_GEN}levels_are_as_accurate_as_stated",)),
    Kind("timebase_accuracy", "accuracy of the time base", ("timebase_accuracy",), lambda s: share(s.timebase_accuracy),
         (f"{_GEN}the_period_is_as_accurate_as_the_time_base",)),
    Kind("edge_time", "shortest edge, 10 % to 90 %", ("min_edge_time", "fast_edge_amplitude", "slow_edge_time"),
         lambda s: quantity(s.min_edge_time, "s") if s.min_edge_time == s.slow_edge_time else
         f"{quantity(s.min_edge_time, 's')} up to {quantity(s.fast_edge_amplitude, 'V')}, above "
         f"{quantity(s.slow_edge_time, 's')}", (f"{_GEN}edges_are_as_fast_as_stated_and_no_faster",)),
    Kind("square_edge_time", "edge of a square wave, 10 % to 90 %", ("square_edge_time",),
         lambda s: quantity(s.square_edge_time, "s"), (f"{_GEN}a_square_wave_has_the_stated_edges",)),
    Kind("output_resistance", "output resistance", ("output_resistance",),
         lambda s: quantity(s.output_resistance, "Ohm"),
         (f"{_GEN}the_output_resistance_divides_the_voltage_as_stated",)),
    Kind("waveform_resolution", "bits of the converter of arbitrary waveforms", ("dac_bits",),
         lambda s: str(s.dac_bits),
         (f"{_GEN}an_arbitrary_waveform_has_the_steps_of_the_converter",)),
    Kind("trigger_latency", "latency of a trigger", ("trigger_latency",),
         lambda s: quantity(s.trigger_latency, "s") if s.trigger_latency else "240 ns, the least trigger delay",
         (f"{_GEN}a_trigger_has_the_stated_latency_and_jitter",)),
    Kind("trigger_jitter", "jitter of a trigger, rms", ("trigger_jitter",), lambda s: quantity(s.trigger_jitter, "s"),
         (f"{_GEN}a_trigger_has_the_stated_latency_and_jitter",)),
    Kind("output_relay", "time of the output relay", ("relay_time",), lambda s: quantity(s.relay_time, "s"),
         (f"{_GEN}the_relay_opens_the_output_in_the_stated_time",)),
)

OSCILLOSCOPE = (
    Kind("gain_accuracy", "DC gain accuracy, of full scale", ("gain_accuracy",), lambda s: share(s.gain_accuracy),
         (f"{_SCOPE}gain_and_offset_of_a_record_are_as_accurate_as_stated",)),
    Kind("offset_accuracy", "offset accuracy", ("offset_divisions", "offset_accuracy", "offset_gain_accuracy"),
         lambda s: f"{s.offset_divisions:g} div + {quantity(s.offset_accuracy, 'V')} + "
         f"{share(s.offset_gain_accuracy)} of the offset",
         (f"{_SCOPE}gain_and_offset_of_a_record_are_as_accurate_as_stated",)),
    Kind("noise", "noise, rms", ("noise_floor", "noise_divisions"),
         lambda s: f"root of the squares of {quantity(s.noise_floor, 'V')} and {s.noise_divisions:.3g} div",
         (f"{_SCOPE}noise_of_a_record_is_the_stated_one",)),
    Kind("bandwidth", "bandwidth, -3 dB", ("bandwidth",), lambda s: f"{quantity(s.bandwidth, 'Hz')}, Gaussian",
         (f"{_SCOPE}the_bandwidth_is_3_db_down_where_stated",)),
    Kind("bandwidth_limit", "bandwidth limit", ("limited_bandwidth", "limits", "bandwidth_limits"),
         lambda s: quantity(s.limited_bandwidth, "Hz"), (f"{_SCOPE}the_bandwidth_is_3_db_down_where_stated",)),
    Kind("resolution", "steps of a full scale, and bits",
         ("levels", "resolution_bits", "lowest_code", "highest_code", "resolved", "bits", "averaged_bits"),
         lambda s: f"{s.levels}, {s.resolution_bits} bits", (f"{_SCOPE}a_record_has_the_stated_steps_and_ends",)),
    Kind("input_loading", "input", ("impedances", "input_capacitance"),
         lambda s: " or ".join(quantity(ohms, "Ohm") for ohms in s.impedances.values())
         + f", {quantity(s.input_capacitance, 'F')}", (f"{_SCOPE}the_input_loads_its_node_as_stated",)),
    Kind("timebase_accuracy", "accuracy of the time base", ("timebase_accuracy",), lambda s: share(s.timebase_accuracy),
         (f"{_SCOPE}the_time_base_is_as_accurate_as_stated",)),
    Kind("channel_delay", "delay of an input against the others, at most", ("channel_delay",),
         lambda s: quantity(s.channel_delay, "s"), (
             f"{_SCOPE}inputs_are_as_late_against_each_other_as_stated",
             f"{FOLDER}test_drawn_errors.py::test_errors_of_inputs_are_normal_with_a_third_of_the_accuracy")),
    Kind("trigger_jitter", "jitter of the trigger, rms, beside noise over slew rate", ("trigger_jitter",),
         lambda s: quantity(s.trigger_jitter, "s"), (
             f"{_SCOPE}the_trigger_jitters_as_stated",)),
    Kind("hysteresis", "hysteresis of the trigger", ("hysteresis",), lambda s: f"{s.hysteresis:g} div",
         (f"{_SCOPE}a_signal_smaller_than_the_hysteresis_does_not_trigger",)),
    Kind("rearm_time", "time between two segments", ("rearm_time", "fast_frame_start"),
         lambda s: quantity(s.rearm_time, "s") if s.max_segments > 1 else NONE,
         (f"{_SCOPE}segments_are_as_close_as_the_rearm_time_lets_them",)),
    Kind("automatic_trigger", "time without a trigger until AUTO triggers", ("auto_timeout",),
         lambda s: quantity(s.auto_timeout, "s"),
         (f"{_SCOPE}automatic_trigger_comes_after_the_stated_time",)),
)

#: fields that name, or bound what can be set, or describe commands: not imperfections
LIMITS = frozenset({
    "name", "manufacturer", "firmware", "sources", "ranges", "full_scale", "channels",
    # source meters
    "resistance_ranges", "first_ranges", "highest_limit", "least_of_range", "first_off_state", "rear_terminals",
    "protections", "test_currents", "lowest_limit", "first_limit", "least_source_current", "least_limits",
    "first_limits", "first_measure_delay", "interlock", "least_interval", "least_pulse_width", "least_limit_of",
    # generators
    "max_frequency", "amplitude_steps", "min_amplitude", "peak_level", "min_pulse_width", "max_edge_time",
    "max_sample_rate", "min_sample_rate", "min_frequency", "min_arb_points", "max_arb_points", "trigger_output_width",
    "max_burst_count", "max_burst_period", "min_burst_period", "max_trigger_delay", "complements", "burst_is_operation",
    # oscilloscopes
    "divisions", "time_divisions", "memory", "max_segments", "min_scale", "max_scale", "max_offset_below",
    "level_divisions", "external_range", "min_timebase", "max_timebase", "depths", "depth_words", "depths_shared",
    "probes", "first_probe", "shortest_pulse", "shortest_holdoff", "external", "reference_code", "picture_forms",
    "transfer", "ascii_points", "usual_points", "most_transferred", "functions", "operations", "measurements",
    "references", "normal_points", "default_probe", "spectrum_source", "external_source", "rates", "steps",
    "shortest_record", "auto_record", "holdoff", "auxiliary", "paired", "divided_range",
})
