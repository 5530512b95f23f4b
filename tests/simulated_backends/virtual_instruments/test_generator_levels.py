"""Simulated 33600A/33500B: levels into the declared load, refusals and adjustments, accuracy."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tsbench.simulated_backends.virtual_instruments.generator.data_sheet import INFINITE_LOAD
from tsbench.simulated_backends.virtual_instruments.generator.levels import (
    OutputLevels,
    Window,
    set_amplitude,
    set_high,
    set_low,
    set_offset,
)
from tsbench.simulated_backends.virtual_instruments.keysight_33600.data_sheet import KEYSIGHT_33622A


@pytest.mark.parametrize(("channel", "load", "setting"), [
    (1, 10e3, "INF"), (2, 50.0, "50"), (1, 10e3, "10000"),
])
def test_programmed_volts_appear_across_the_declared_load(
    table: Any, channel: int, load: float, setting: str,
) -> None:
    bench = table(imperfections=False)
    bench.send(bench.generator, f"OUTP{channel}:LOAD {setting}", f"SOUR{channel}:FUNC DC",
               f"SOUR{channel}:VOLT:OFFS 1.5", f"OUTP{channel} ON")
    emf = 1.5 if setting == "INF" else 1.5 * (float(setting) + 50) / float(setting)
    _, voltage = bench.voltages("a" if channel == 1 else "b", 1e-3)
    assert voltage[-1] == pytest.approx(emf * load / (load + 50), rel=2e-4)   # scope input in parallel
    assert not bench.errors(bench.generator)


def test_load_setting_changes_what_is_displayed_not_the_output(table: Any) -> None:
    bench = table(imperfections=False)
    bench.send(bench.generator, "VOLT 2", "VOLT:OFFS 0.5", "OUTP:LOAD INF")
    assert bench.number(bench.generator, "VOLT?") == pytest.approx(4.0)
    assert bench.number(bench.generator, "VOLT:OFFS?") == pytest.approx(1.0)
    assert bench.number(bench.generator, "OUTP1:LOAD?") == pytest.approx(9.9e37)
    bench.send(bench.generator, "OUTP:LOAD 50")
    assert bench.number(bench.generator, "VOLT:HIGH?") == pytest.approx(1.5)


@pytest.mark.parametrize(("message", "query", "value", "code"), [
    ("VOLT 11", "VOLT?", 10.0, -222),
    ("VOLT 0.0005", "VOLT?", 1e-3, -222),
    ("FREQ 200e6", "FREQ?", 120e6, -222),
    ("VOLT:HIGH 6", "VOLT:HIGH?", 5.0, -222),
    ("OUTP:LOAD 0.5", "OUTP:LOAD?", 1.0, -222),
    ("FUNC:PULS:TRAN:BOTH 2.9e-9;:FUNC:PULS:WIDT 1e-9", "FUNC:PULS:WIDT?", 5e-9, -222),
    ("FUNC:PULS:TRAN:LEAD 1e-9", "FUNC:PULS:TRAN:LEAD?", 2.9e-9, -222),
    ("BURS:NCYC 1e9", "BURS:NCYC?", 1e8, -222),
    ("FUNC:ARB:SRAT 2e9", "FUNC:ARB:SRAT?", 1e9, -222),
    ("PHAS 361", "PHAS?", 360.0, -222),
    ("VOLT:LOW 1", "VOLT:HIGH?", 1.001, -221),
])
def test_beyond_a_limit_is_told_and_set_to_the_limit(
    table: Any, message: str, query: str, value: float, code: int,
) -> None:
    bench = table()
    bench.send(bench.generator, message)
    assert bench.errors(bench.generator) == [code]
    assert bench.number(bench.generator, query) == pytest.approx(value)


def test_models_differ_by_data(table: Any) -> None:
    bench = table(generator="keysight_33522b")
    bench.send(bench.generator, "FUNC:PULS:TRAN:BOTH 2.9e-9")
    assert bench.errors(bench.generator) == [-222]
    assert bench.number(bench.generator, "FUNC:PULS:TRAN?") == pytest.approx(8.4e-9)
    # as a real 33522B of 2017 does: Agilent Technologies,33522B,MY57801384,4.00-1.19-2.00-58-00
    assert bench.ask(bench.generator, "*IDN?").startswith("Agilent Technologies,33522B,")


def test_high_amplitude_takes_slower_edges(table: Any) -> None:
    bench = table()
    bench.send(bench.generator, "FUNC PULS", "FUNC:PULS:TRAN:BOTH 2.9e-9")
    assert not bench.errors(bench.generator)
    bench.send(bench.generator, "VOLT 6")
    assert bench.errors(bench.generator) == [-221]
    assert bench.number(bench.generator, "FUNC:PULS:TRAN?") > 2.9e-9


def test_pulse_that_does_not_fit_gives_way_with_a_message(table: Any) -> None:
    bench = table()
    bench.send(bench.generator, "FUNC PULS", "FUNC:PULS:PER 1e-6")
    assert bench.errors(bench.generator) == [-221]
    assert bench.number(bench.generator, "FUNC:PULS:WIDT?") < 1e-6
    bench.send(bench.generator, "FUNC:PULS:WIDT 100e-9", "FUNC:PULS:TRAN:BOTH 500e-9")
    assert bench.errors(bench.generator) == [-221]
    assert bench.number(bench.generator, "FUNC:PULS:TRAN?") == pytest.approx(80e-9)


def test_level_limits_refuse(table: Any) -> None:
    bench = table()
    bench.send(bench.generator, "VOLT:LIM:HIGH 1", "VOLT:LIM:LOW -0.1", "VOLT:LIM:STAT ON", "VOLT:HIGH 2")
    assert bench.errors(bench.generator) == [-222]
    assert bench.number(bench.generator, "VOLT:HIGH?") == pytest.approx(0.05)
    bench.send(bench.generator, "VOLT:LIM:HIGH 0.01")
    assert bench.errors(bench.generator) == [-221]


def test_units_of_amplitude(table: Any) -> None:
    bench = table()
    bench.send(bench.generator, "VOLT 2", "VOLT:UNIT VRMS")
    assert bench.number(bench.generator, "VOLT?") == pytest.approx(2 / (2 * np.sqrt(2)))
    bench.send(bench.generator, "VOLT:UNIT DBM")
    assert bench.number(bench.generator, "VOLT?") == pytest.approx(10.0, abs=0.01)   # 0.707 Vrms into 50 Ohm
    bench.send(bench.generator, "OUTP:LOAD INF")
    assert bench.errors(bench.generator) == [-221]
    assert bench.ask(bench.generator, "VOLT:UNIT?") == "VPP"


def test_error_queue_and_parser(table: Any) -> None:
    bench = table()
    bench.send(bench.generator, "VOLTAG 1", "VOLT")
    assert bench.errors(bench.generator) == [-113, -109]
    bench.send(bench.generator, *["NONSENSE"] * 25)
    codes = bench.errors(bench.generator)
    assert len(codes) == 20
    assert codes[-1] == -350
    bench.send(bench.generator, "SOURce2:FUNCtion:PULSE:WIDTh 1 us;PERiod 1ms")
    assert bench.number(bench.generator, "SOUR2:FUNC:PULS:WIDT?") == pytest.approx(1e-6)


def test_levels_of_many_generators_stay_within_the_data_sheet(table: Any) -> None:
    found = []
    for seed in range(12):
        bench = table(seed=seed)
        bench.send(bench.generator, "OUTP:LOAD INF", "FUNC PULS", "FUNC:PULS:WIDT 400e-6", "VOLT:LOW 0",
                   "VOLT:HIGH 2", "OUTP ON")
        _, voltage = bench.voltages("a", 2e-3)
        amplitude = (np.max(voltage) - np.min(voltage)) * (1 + 50 / 10e3 + 50 / 1e6)
        assert abs(amplitude - 2.0) <= 0.01 * 2 + 1e-3
        found.append(amplitude)
    assert np.std(found) > 1e-3   # they do differ


loads = st.sampled_from([50.0, INFINITE_LOAD, 1000.0])
levels = st.builds(OutputLevels, st.floats(1e-3, 10), st.floats(-5, 5), loads)
changes = st.sampled_from([set_high, set_low, set_offset, set_amplitude])


@settings(max_examples=200, deadline=None)
@given(levels, st.floats(-30, 30, allow_nan=False), changes)
def test_whatever_is_asked_the_output_stays_inside_its_window(
    before: OutputLevels, value: float, change: Any,
) -> None:
    window = Window.of(KEYSIGHT_33622A, before.load, 1e3)
    start = set_amplitude(before, before.amplitude, window).levels
    start = set_offset(start, start.offset, window).levels
    after = change(start, value, window)
    assert max(abs(after.levels.high), abs(after.levels.low)) <= window.peak * (1 + 1e-9)
    assert window.min_amplitude * (1 - 1e-9) <= after.levels.amplitude <= window.max_amplitude * (1 + 1e-9)
    reached = {set_high: after.levels.high, set_low: after.levels.low, set_offset: after.levels.offset,
               set_amplitude: after.levels.amplitude}[change]
    assert after.adjustment is not None or reached == pytest.approx(value, abs=1e-9)
