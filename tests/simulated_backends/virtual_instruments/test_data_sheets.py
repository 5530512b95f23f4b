"""The numbers of each model, written as its data sheet prints them: range, % of reading + offset, noise, settling."""

import math
from dataclasses import asdict
from typing import Any

import pytest

from tsbench.netlist import parse_value
from tsbench.simulated_backends.virtual_instruments.keithley_2450 import data_sheet as of_2450
from tsbench.simulated_backends.virtual_instruments.keithley_2460 import data_sheet as of_2460
from tsbench.simulated_backends.virtual_instruments.keysight_33600.data_sheet import KEYSIGHT_33522B, KEYSIGHT_33622A
from tsbench.simulated_backends.virtual_instruments.keysight_infiniivision import data_sheet as of_infiniivision
from tsbench.simulated_backends.virtual_instruments.keysight_infiniivision.data_sheet import (
    KEYSIGHT_DSOX3034T,
    KEYSIGHT_DSOX3054T,
)
from tsbench.simulated_backends.virtual_instruments.oscilloscope.data_sheet import choose_sampling

#: range; source: % + offset; measure: % + offset; noise (rms); settling time to 0.1 %
PRINTED = {
    "2450 V": """
        20m   0.100 200u   0.100 150u   1u    50u
        200m  0.015 200u   0.012 200u   1u    50u
        2     0.020 300u   0.012 300u   10u   50u
        20    0.015 2.4m   0.015 1m     100u  200u
        200   0.015 24m    0.015 10m    1m    500u""",
    "2450 A": """
        10n   0.100 100p   0.100 50p    0.5p  20m
        100n  0.060 150p   0.060 100p   0.5p  20m
        1u    0.025 400p   0.025 300p   5p    2m
        10u   0.025 1.5n   0.025 700p   40p   500u
        100u  0.020 15n    0.020 6n     400p  150u
        1m    0.020 150n   0.020 60n    5n    100u
        10m   0.020 1.5u   0.020 600n   40n   80u
        100m  0.025 15u    0.025 6u     100n  80u
        1     0.067 900u   0.030 500u   3u    80u""",
    "2460 V": """
        200m  0.015 200u   0.012 200u   1u    50u
        2     0.020 300u   0.012 300u   10u   50u
        7     0.015 2.4m   0.015 1m     35u   200u
        10    0.015 2.4m   0.015 1m     50u   200u
        20    0.015 2.4m   0.015 1m     100u  200u
        100   0.015 12m    0.015 5m     500u  500u""",
    "2460 A": """
        1u    0.025 1.05n  0.025 700p   40p   2m
        10u   0.025 1.5n   0.025 1n     40p   500u
        100u  0.020 15n    0.020 10n    400p  150u
        1m    0.020 150n   0.020 100n   5n    100u
        10m   0.020 1.5u   0.020 1u     40n   80u
        100m  0.020 15u    0.020 10u    100n  80u
        1     0.050 750u   0.050 500u   3u    80u
        4     0.100 3.75m  0.100 2.5m   12u   80u
        5     0.100 3.75m  0.100 2.5m   15u   80u
        7     0.150 7.5m   0.150 5m     21u   80u""",
}
TABLES = {"2450 V": of_2450.VOLTAGE, "2450 A": of_2450.CURRENT, "2460 V": of_2460.VOLTAGE, "2460 A": of_2460.CURRENT}


@pytest.mark.parametrize("name", PRINTED)
def test_ranges_of_a_source_meter(name: str) -> None:
    lines = PRINTED[name].strip().splitlines()
    for row, line in zip(TABLES[name], lines, strict=True):
        full, gain, offset, read_gain, read_offset, noise, settling = map(parse_value, line.split())
        assert (row.full_scale, row.top) == pytest.approx((full, 1.05 * full), rel=1e-12)
        assert (row.source_gain, row.source_offset) == pytest.approx((gain / 100, offset), rel=1e-9, abs=0.0)
        assert (row.measure_gain, row.measure_offset) == pytest.approx(
            (read_gain / 100, read_offset), rel=1e-9, abs=0.0)
        assert row.noise == pytest.approx(noise, rel=1e-9, abs=0.0)
        # a pole settles to 0.1 % in ln(1000) time constants
        assert row.time_constant * math.log(1000.0) == pytest.approx(settling, rel=2e-3)


SHARED: dict[str, Any] = {
    "least_limit": 1e-3, "slew_rate": 0.2e6, "high_capacitance_factor": 20.0, "loop_swing": 1.0,
    "loop_swing_of_range": 0.15, "limit_band": 0.005, "relay_time": 0.5e-3, "switch_on_time": 2e-3,
    "range_change_time": 2e-3, "range_change_overshoot": 0.25, "overshoot_time": 10e-6, "reading_overhead": 250e-6,
    "resolution": 1e-6, "range_down": 0.1,
}


@pytest.mark.parametrize(("sheet", "own"), [
    (of_2450.KEITHLEY_2450, {
        "resistance_ranges": (20.0, 200.0, 2e3, 20e3, 200e3, 2e6, 20e6, 200e6),
        "auto_delays": (0.05, 0.05, 3e-3, 2e-3, *[1e-3] * 5), "output_resistance": 0.05, "relay_resistance": 0.05,
        "protections": (2, 5, 10, 20, 40, 60, 80, 100, 120, 140, 160, 180),
        "lowest_limit": {"VOLT": 1e-9, "CURR": 0.02}, "first_limit": {"VOLT": 105e-6, "CURR": 21.0},
        "highest_limit": {"VOLT": (*[1.05] * 4, 0.105), "CURR": (*[210.0] * 8, 21.0)}}),
    (of_2460.KEITHLEY_2460, {
        "resistance_ranges": (2.0, 20.0, 200.0, 2e3, 20e3, 200e3, 2e6, 20e6, 200e6),
        "auto_delays": (3e-3, 2e-3, *[1e-3] * 8), "output_resistance": 1e-3, "relay_resistance": 1e-3,
        "protections": (2, 5, 10, 20, 40, 60, 80),
        "lowest_limit": {"VOLT": 1e-6, "CURR": 0.2}, "first_limit": {"VOLT": 105e-6, "CURR": 7.35},
        "highest_limit": {"VOLT": (*[7.35] * 3, 5.25, 4.2, 1.05), "CURR": (*[105.0] * 7, 21.0, 10.5, 7.35)}}),
])
def test_limits_and_times_of_a_source_meter(sheet: Any, own: dict[str, Any]) -> None:
    facts = asdict(sheet)
    for name, value in {**SHARED, **own}.items():
        assert facts[name] == value, name
    assert sheet.first_ranges["VOLT"].full_scale == sheet.ranges["VOLT"][-1].full_scale
    assert sheet.first_ranges["CURR"].full_scale == 100e-6
    states = {
        name: (state.relay_closed, state.function, state.limit_of_range) for name, state in sheet.off_states.items()}
    assert states == {"NORM": (True, "VOLT", 0.1), "HIMP": (False, "VOLT", 0.1), "ZERO": (True, "VOLT", 1.0),
                      "GUAR": (True, "CURR", 0.1)}


@pytest.mark.parametrize(("sheet", "megahertz", "own"), [
    (KEYSIGHT_33622A, {"SIN": 120, "SQU": 100, "RAMP": 0.8, "TRI": 0.8, "PULS": 100, "NOIS": 120, "PRBS": 200}, {
        "min_pulse_width": 5e-9, "min_edge_time": 2.9e-9, "fast_edge_amplitude": 4.0, "slow_edge_time": 3.3e-9,
        "square_edge_time": 2.9e-9, "max_sample_rate": 1e9, "min_arb_points": 32, "max_arb_points": 4_000_000,
        "dac_bits": 14, "trigger_jitter": 0.5e-9}),
    (KEYSIGHT_33522B, {"SIN": 30, "SQU": 30, "RAMP": 0.2, "TRI": 0.2, "PULS": 30, "NOIS": 30, "PRBS": 50}, {
        "min_pulse_width": 16e-9, "min_edge_time": 8.4e-9, "fast_edge_amplitude": 10.0, "slow_edge_time": 8.4e-9,
        "square_edge_time": 8.4e-9, "max_sample_rate": 250e6, "min_arb_points": 8, "max_arb_points": 1_000_000,
        "dac_bits": 16, "trigger_jitter": 2.5e-9}),
])
def test_a_generator(sheet: Any, megahertz: dict[str, float], own: dict[str, Any]) -> None:
    shared = {
        "channels": 2, "output_resistance": 50.0, "relay_time": 2e-3, "min_frequency": 1e-6, "min_sample_rate": 1e-6,
        "min_amplitude": 1e-3, "peak_level": 5.0, "max_edge_time": 1e-6, "trigger_output_width": 1e-6,
        "amplitude_gain_accuracy": 0.01, "amplitude_accuracy": 1e-3, "offset_gain_accuracy": 0.01,
        "offset_amplitude_accuracy": 0.0025, "offset_accuracy": 2e-3, "timebase_accuracy": 1e-6,
        "trigger_latency": 135e-9, "max_burst_count": 100_000_000, "max_burst_period": 8000.0,
        "min_burst_period": 1e-6, "max_trigger_delay": 1000.0}
    facts = asdict(sheet)
    for name, value in {**shared, **own}.items():
        assert facts[name] == value, name
    assert dict(sheet.max_frequency) == {
        **{name: pytest.approx(1e6 * value) for name, value in megahertz.items()}, "ARB": math.inf, "DC": math.inf}


def test_the_amplitude_of_a_generator_falls_with_the_frequency_and_its_edges_with_the_amplitude() -> None:
    amplitudes = {1e3: 10.0, 60e6: 10.0, 61e6: 8.0, 80e6: 8.0, 81e6: 4.0, 120e6: 4.0, 200e6: 4.0}
    assert {f: KEYSIGHT_33622A.max_amplitude(f) for f in amplitudes} == amplitudes
    assert KEYSIGHT_33522B.max_amplitude(30e6) == KEYSIGHT_33522B.max_amplitude(31e6) == 10.0
    assert [KEYSIGHT_33622A.edge_floor(amplitude) for amplitude in (4.0, 4.1)] == [2.9e-9, 3.3e-9]


def test_a_scope() -> None:
    facts = asdict(KEYSIGHT_DSOX3054T)
    printed = {
        "channels": 4, "divisions": 8, "time_divisions": 10, "levels": 199, "impedances": {"ONEM": 1e6, "FIFT": 50.0},
        "input_capacitance": 14e-12, "bandwidth": 500e6, "limited_bandwidth": 20e6, "max_sample_rate": 5e9,
        "memory": 4_000_000, "max_segments": 1000, "min_scale": 1e-3, "max_scale": {"ONEM": 5.0, "FIFT": 1.0},
        "gain_accuracy": 0.02, "offset_divisions": 0.1, "offset_accuracy": 2e-3, "offset_gain_accuracy": 0.01,
        "noise_floor": 0.2e-3, "noise_divisions": 0.025, "timebase_accuracy": 1.6e-6, "level_divisions": 6.0,
        "external_range": 8.0, "trigger_jitter": 5e-12, "hysteresis": 0.4, "rearm_time": 1e-6, "auto_timeout": 20e-3,
        "min_timebase": 1e-9, "max_timebase": 50.0}
    for name, value in printed.items():
        assert facts[name] == value, name
    offsets = {0.1: 2.0, 0.2: 10.0, 0.9: 10.0, 1.0: 40.0, 5.0: 40.0}
    assert {scale: KEYSIGHT_DSOX3054T.max_offset(scale) for scale in offsets} == offsets
    assert KEYSIGHT_DSOX3054T.noise(8e-3) == pytest.approx(math.hypot(0.2e-3, 0.2e-3))
    # noise of the same density goes with the root of the bandwidth
    ratio = math.sqrt(0.7)
    assert KEYSIGHT_DSOX3034T.noise(0.1) == pytest.approx(ratio * KEYSIGHT_DSOX3054T.noise(0.1))
    assert KEYSIGHT_DSOX3034T.noise(0.0) == pytest.approx(ratio * 0.2e-3)
    assert KEYSIGHT_DSOX3034T.bandwidth == 350e6


#: channels, bandwidth, rate, memory, segments, input capacitance, gain and time base accuracy, functions, measurements
SISTERS = {
    "DSOX1102G": (2, 100e6, 2e9, 1_000_000, 50, 16e-12, 0.03, 50e-6, 1, 4),
    "DSOX2024A": (4, 200e6, 2e9, 1_000_000, 250, 11e-12, 0.03, 25e-6, 1, 4),
    "DSOX3054A": (4, 500e6, 4e9, 4_000_000, 1000, 14e-12, 0.02, 25e-6, 1, 4),
    "DSOX4104A": (4, 1e9, 5e9, 4_000_000, 1000, 14e-12, 0.02, 10e-6, 4, 8),
    "MSOX4154A": (4, 1.5e9, 5e9, 4_000_000, 1000, 14e-12, 0.02, 10e-6, 4, 8),
    "DSOX6004A": (4, 1e9, 20e9, 4_000_000, 1000, 14e-12, 0.02, 1.6e-6, 4, 8),
}


@pytest.mark.parametrize("name", SISTERS)
def test_sister_models_of_a_scope(name: str) -> None:
    sheet = getattr(of_infiniivision, f"KEYSIGHT_{name}")
    assert (sheet.channels, sheet.bandwidth, sheet.max_sample_rate, sheet.memory, sheet.max_segments,
            sheet.input_capacitance, sheet.gain_accuracy, sheet.timebase_accuracy, sheet.functions,
            sheet.measurements) == SISTERS[name]
    # the noise has the density of the 3054T
    density = sheet.noise(0.0) / math.sqrt(sheet.bandwidth)
    assert density == pytest.approx(KEYSIGHT_DSOX3054T.noise(0.0) / math.sqrt(500e6))
    assert sheet.name.replace("-X ", "X") == name


@pytest.mark.parametrize(("span", "paired", "segments", "rate", "points"), [
    (1e-6, False, 1, 5e9, 5000), (1e-6, True, 1, 2.5e9, 2500), (1e-3, False, 1, 2e9, 2_000_000),
    (1e-3, True, 1, 2e9, 2_000_000), (1e-3, True, 2, 1e9, 1_000_000), (1.0, False, 1000, 2e3, 2000),
    (4e-3, False, 1, 1e9, 4_000_000), (1e-11, False, 1, 5e9, 1), (1e-6, False, 1_000_000, 1e8, 100),
])
def test_the_highest_rate_whose_record_fits_the_memory(
    span: float, paired: bool, segments: int, rate: float, points: int
) -> None:
    found = choose_sampling(KEYSIGHT_DSOX3054T, span, paired, segments)
    assert (found.rate, found.points) == (pytest.approx(rate), points)
    assert found.interval == pytest.approx(1 / rate)
