"""Automatic measurements: of made records against arithmetic, and of the twin against what the generator puts out."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tsbench.simulated_backends.virtual_instruments.oscilloscope import mathematics, measurements
from tsbench.simulated_backends.virtual_instruments.oscilloscope.shown_trace import ShownTrace, Thresholds

INTERVAL = 1e-8


def trace(function: Any, span: float = 1e-4, start: float = -0.5e-4, **more: Any) -> ShownTrace:
    times = start + INTERVAL * np.arange(round(span / INTERVAL))
    return ShownTrace(start, INTERVAL, np.asarray(function(times), dtype=float), **more)


def trapezoid(period: float, width: float, edge: float, low: float, high: float) -> Any:
    """A pulse whose width is that at 50 %, rising through 50 % at 0."""
    def value(times: Any) -> Any:
        phase = np.mod(times + edge / 2, period)
        return low + (high - low) * np.interp(phase, [0, edge, width, width + edge], [0, 1, 1, 0])
    return value


PULSES = trace(trapezoid(10e-6, 3e-6, 1e-6, -0.5, 2.0), start=-0.43e-4)


@pytest.mark.parametrize(("measure", "expected"), [
    (measurements.maximum, 2.0), (measurements.minimum, -0.5), (measurements.peak_to_peak, 2.5),
    (measurements.top, 2.0), (measurements.base, -0.5), (measurements.amplitude, 2.5),
    (measurements.period, 10e-6), (measurements.frequency, 1e5), (measurements.counted_frequency, 1e5),
    (measurements.width, 3e-6), (lambda of: measurements.width(of, False), 7e-6),
    (measurements.duty_cycle, 30.0), (lambda of: measurements.duty_cycle(of, False), 70.0),
    (measurements.transition, 0.8e-6), (lambda of: measurements.transition(of, False), 0.8e-6),
    (measurements.overshoot, 0.0), (measurements.preshoot, 0.0),
    (lambda of: measurements.average(of, True), -0.5 + 2.5 * 0.3),
    (lambda of: measurements.edge_time(of, "+", 1), -40e-6), (lambda of: measurements.edge_time(of, "-", 2), -27e-6),
    (lambda of: measurements.crossing_time(of, 0.75, "+", 5), 0.0),
    (lambda of: measurements.edge_count(of, True), 10), (lambda of: measurements.edge_count(of, False), 10),
    (lambda of: measurements.pulse_count(of, True), 10), (lambda of: measurements.pulse_count(of, False), 9),
    (measurements.burst_width, 93e-6), (measurements.bit_rate, 1 / 3e-6),
    (lambda of: of.at(1e-6), 2.0), (lambda of: of.at(0.0), 0.75), (measurements.time_of_minimum, -43e-6),
])
def test_measurements_of_pulses(measure: Any, expected: float) -> None:
    assert measure(PULSES) == pytest.approx(expected, rel=2e-3, abs=2e-9)


def test_rms_of_a_sine_over_cycles_and_over_the_display() -> None:
    sine = trace(lambda t: 0.3 + np.sin(2 * np.pi * t / 7e-6))
    assert measurements.rms(sine, True) == pytest.approx(math.hypot(0.3, math.sqrt(0.5)), rel=1e-3)
    assert measurements.rms(sine, True, True) == pytest.approx(math.sqrt(0.5), rel=1e-3)
    assert measurements.rms(sine, False, True) == pytest.approx(np.std(sine.values), rel=1e-12)
    assert measurements.area(sine, True) == pytest.approx(0.3 * 13 * 7e-6, rel=2e-3)   # thirteen whole cycles
    other = trace(lambda t: 0.1 * np.sin(2 * np.pi * (t - 1e-6) / 7e-6))
    assert measurements.ratio(sine, other) == pytest.approx(20.0, abs=0.02)
    assert measurements.phase(sine, other) == pytest.approx(360 / 7, abs=1.0)
    assert measurements.nearest_delay(sine, other) == pytest.approx(1e-6, rel=0.05)
    # from the left: the other's second rising edge comes one cycle before that of the first
    assert measurements.delay(sine, other, (("+", 2), ("+", 2))) == pytest.approx(1e-6 - 7e-6, rel=0.05)
    assert measurements.delay(sine, other, (("+", 2), ("-", 2))) == pytest.approx(1e-6 - 3.5e-6, rel=0.05)


def test_overshoot_and_preshoot_are_those_of_the_edge_nearest_the_reference() -> None:
    def rung(times: Any) -> Any:
        step = np.where(times >= 0, 1.0, 0.0)
        return step + 0.2 * np.exp(-np.abs(times) / 1e-6) * np.where(times >= 0, 1.0, -0.5)

    found = trace(rung)
    assert measurements.overshoot(found) == pytest.approx(20.0, abs=0.5)
    assert measurements.preshoot(found) == pytest.approx(10.0, abs=0.5)


def test_the_reference_and_the_thresholds_choose_what_is_measured() -> None:
    def wider(times: Any) -> Any:
        return np.where((times >= -30e-6) & (times < -28e-6), 1.0, 0.0) + np.where(
            (times >= 10e-6) & (times < 15e-6), 1.0, 0.0) + np.where((times >= 30e-6) & (times < 30.2e-6), 0.4, 0.0)

    found = trace(wider)
    assert measurements.width(found) == pytest.approx(5e-6, rel=1e-2)
    assert measurements.width(replace(found, reference=-25e-6)) == pytest.approx(2e-6, rel=1e-2)
    assert measurements.edge_count(found, True) == 2   # a runt is no edge
    low = replace(found, thresholds=Thresholds(0.3, 0.2, 0.1, absolute=True))
    assert measurements.edge_count(low, True) == 3


@pytest.mark.parametrize("measure", [
    measurements.frequency, measurements.period, measurements.width, measurements.transition, measurements.overshoot,
    measurements.duty_cycle, lambda of: measurements.average(of, True), lambda of: measurements.edge_time(of, "+", 1)])
@pytest.mark.parametrize("function", [lambda t: 0 * t + 1.0, lambda t: t * np.nan])
def test_what_is_not_there_is_not_measured(measure: Any, function: Any) -> None:
    assert math.isnan(measure(trace(function)))


def test_an_amplitude_of_a_clipped_record_is_not_measured_but_its_times_are() -> None:
    clipped = replace(PULSES, clipped_high=True)
    for measure in (measurements.maximum, measurements.top, measurements.amplitude, measurements.peak_to_peak,
                    measurements.average, measurements.rms, measurements.area, measurements.overshoot):
        assert math.isnan(measure(clipped))
    assert measurements.minimum(clipped) == -0.5 and measurements.base(clipped) == pytest.approx(-0.5)
    assert measurements.period(clipped) == pytest.approx(10e-6, rel=1e-3)


# ------------------------------------------------------------------------------------------------- mathematics


def test_calculus_of_a_ramp_and_a_sine() -> None:
    times = np.arange(1000) * 1e-6
    assert mathematics.derivative(3.0 * times, 1e-6) == pytest.approx(np.full(1000, 3.0))
    assert mathematics.integral(np.ones(1000), 1e-6) == pytest.approx(times)
    assert mathematics.integral(np.ones(1000), 1e-6, -1.0) == pytest.approx(np.zeros(1000))


@pytest.mark.parametrize("window", ["RECT", "HANN", "FLAT", "BHAR"])
def test_a_spectral_line_has_its_rms_value_in_decibels_of_a_volt(window: str) -> None:
    values = np.sqrt(2) * 0.1 * np.sin(2 * np.pi * 50 * np.arange(1000) / 1000)   # 0.1 V rms in line 50
    lines, step = mathematics.spectrum(values, 1e-3, window)
    assert step == pytest.approx(1.0) and len(lines) == 501
    assert int(np.argmax(lines)) == 50 and lines[50] == pytest.approx(-20.0, abs=0.01)
    assert mathematics.spectrum(values, 1e-3, window, True)[0][50] == pytest.approx(0.1, rel=1e-3)


# ---------------------------------------------------------------------------------------------------- the twin


def on_the_screen(
    table: Any, *messages: str, generator: tuple[str, ...] = (), scope: str = "keysight_dsox3054t",
) -> Any:
    bench = table(imperfections=False, scope=scope)
    bench.send(bench.generator, "OUTP:LOAD INF", "FUNC SQU", "FREQ 1e5", "VOLT 2", "VOLT:OFFS 0.5", *generator,
               "OUTP ON")
    bench.send(bench.scope, ":CHAN1:RANG 4;OFFS 0.5;:TIM:RANG 50e-6;:TRIG:LEV 0.5", *messages, ":DIG CHAN1")
    assert bench.ask(bench.scope, "*OPC?") == "1"
    return bench


LOADED = 1e4 / 1.015e4   # 10 kOhm and 1 MOhm behind 50 Ohm


def test_measurements_of_a_square_wave(table: Any) -> None:
    bench = on_the_screen(table)
    code = 4 / 199
    for header, expected, tolerance in (
            ("FREQ", 1e5, 1e2), ("PER", 1e-5, 1e-8), ("DUTY", 50.0, 0.1), ("PWID", 5e-6, 1e-8), ("NWID", 5e-6, 1e-8),
            ("VMAX", 1.5 * LOADED, code), ("VMIN", -0.5 * LOADED, code), ("VPP", 2 * LOADED, code),
            ("VTOP", 1.5 * LOADED, code), ("VBAS", -0.5 * LOADED, code), ("VAMP", 2 * LOADED, code),
            ("VRMS", math.hypot(0.5, 1.0) * LOADED, 2 * code), ("VAV", 0.5 * LOADED, 2 * code),
            ("SDEV", LOADED, code), ("PEDG", 5, 0), ("NEDG", 4, 0), ("OVER", 0.0, 1.0), ("PRES", 0.0, 1.0)):
        found = bench.number(bench.scope, f":MEAS:{header}?")
        assert found == pytest.approx(expected, abs=tolerance), header
    assert bench.number(bench.scope, ":MEAS:RIS? CHAN1") < 20e-9
    assert bench.number(bench.scope, ":MEAS:TEDG? +3") == pytest.approx(0.0, abs=2e-9)
    assert bench.number(bench.scope, ":MEAS:VTIM? 2e-6") == pytest.approx(1.5 * LOADED, abs=code)
    assert bench.ask(bench.scope, ":MEAS:FREQ? CHAN2") == "+9.9E+37"   # it was not acquired
    assert not bench.errors(bench.scope)


def test_words_of_a_measurement_may_be_left_out(table: Any) -> None:
    bench = on_the_screen(table)
    plain = bench.number(bench.scope, ":MEAS:VRMS? DISP,DC,CHAN1")
    for words in ("", " DISP", " DC", " CHAN1", " DISPlay, CHANnel1"):
        assert bench.number(bench.scope, f":MEASure:VRMS?{words}") == plain
    assert bench.number(bench.scope, ":MEAS:VRMS? CYCL,AC") == pytest.approx(LOADED, abs=0.02)
    bench.send(bench.scope, ":MEAS:VAV? AC", ":MEAS:FREQ? CHAN5", ":MEAS:FREQ? CHAN1,CHAN2")
    assert bench.errors(bench.scope) == [-224, -224, -108]


@pytest.mark.parametrize(("message", "code"), [
    (":MEAS:FREQ? CHAN{}", -224), (":WAV:SOUR FUNC{}", -224), (":MEAS:TEDG? +{}", -104), (":CHAN{}:SCAL 1", -114)])
def test_a_number_of_5000_digits_is_refused(table: Any, message: str, code: int) -> None:
    bench = table(imperfections=False, scope="keysight_dsox3054t")
    bench.send(bench.scope, message.format(5000 * "1"))
    assert bench.errors(bench.scope) == [code]


def test_clipped_and_empty_screens(table: Any) -> None:
    bench = on_the_screen(table, ":CHAN1:RANG 1;OFFS 0")
    for header in ("VMAX", "VPP", "VTOP", "VRMS"):
        assert bench.ask(bench.scope, f":MEAS:{header}?") == "+9.9E+37"
    bench.send(bench.scope, ":CHAN1:RANG 40;OFFS 0;:TIM:RANG 2e-6", ":DIG CHAN1")
    assert bench.ask(bench.scope, "*OPC?") == "1"
    assert bench.ask(bench.scope, ":MEAS:FREQ?;PER?;PWID?") == "+9.9E+37;+9.9E+37;+9.9E+37"   # one edge only


def test_results_and_statistics_of_what_is_on_the_screen(table: Any) -> None:
    bench = on_the_screen(table, ":MEAS:FREQ CHAN1;VPP;:MEAS:VRMS CYCL,AC,CHAN1;:MEAS:DEL CHAN1,CHAN2")
    bench.send(bench.scope, ":DIG CHAN1")
    assert bench.ask(bench.scope, "*OPC?") == "1"
    parts = bench.ask(bench.scope, ":MEAS:RES?").split(",")
    assert parts[0::7] == ["Freq(1)", "Pk-Pk(1)", "AC RMS - Cyc(1)", "Delay(1-2)"]
    assert [float(part) for part in parts[1:7]] == pytest.approx([1e5, 1e5, 1e5, 1e5, 0.0, 2.0], rel=1e-3, abs=50.0)
    assert parts[22:24] == ["+9.9E+37", "+9.9E+37"] and float(parts[27]) == 0
    bench.send(bench.scope, ":MEAS:STAT MEAN")
    assert len(bench.ask(bench.scope, ":MEAS:RES?").split(",")) == 4
    bench.send(bench.scope, ":MEAS:STAT COUN;:MEAS:STAT:RES")
    assert bench.ask(bench.scope, ":MEAS:RES?").split(",")[0] == "+1.00000000E+00"
    bench.send(bench.scope, ":MEAS:CLE")
    assert bench.ask(bench.scope, ":MEAS:RES?") == "" and not bench.errors(bench.scope)


def test_one_measurement_too_many_replaces_the_oldest(table: Any) -> None:
    bench = on_the_screen(table, scope="keysight_dsox2024a")
    bench.send(bench.scope, ":MEAS:FREQ;PER;VPP;VMAX;VMIN")
    assert bench.ask(bench.scope, ":MEAS:RES?").split(",")[0::7] == ["Period(1)", "Pk-Pk(1)", "Max(1)", "Min(1)"]


def test_sources_and_thresholds_are_answered_as_they_were_set(table: Any) -> None:
    bench = on_the_screen(table, generator=("FUNC RAMP",))
    assert bench.ask(bench.scope, ":MEAS:SOUR?") == "CHAN1,NONE"
    assert bench.number(bench.scope, ":MEAS:RIS?") == pytest.approx(0.8 * 10e-6, rel=0.05)   # 10 to 90 % of a ramp
    bench.send(bench.scope, ":MEAS:DEF THR,PERC,80,50,20")
    assert bench.number(bench.scope, ":MEAS:RIS?") == pytest.approx(0.6 * 10e-6, rel=0.05)
    bench.send(bench.scope, ":MEAS:DEF THR,ABS,1.0,0.5,0")
    assert bench.number(bench.scope, ":MEAS:RIS?") == pytest.approx(0.5 * 10e-6 / LOADED, rel=0.05)
    assert bench.ask(bench.scope, ":MEAS:DEF? THR") == "THR,ABS,+1.00000000E+00,+5.00000000E-01,+0.00000000E+00"
    bench.send(bench.scope, ":MEAS:DEF THR,STAN;:MEAS:SOUR CHAN1,CHAN2;:MEAS:DEF DEL,+2,-1")
    assert bench.ask(bench.scope, ":MEAS:SOUR?;DEF? THR") == (
        "CHAN1,CHAN2;THR,PERC,+9.00000000E+01,+5.00000000E+01,+1.00000000E+01")
    assert bench.ask(bench.scope, ":MEAS:DEF? DEL") == "+2,-1"
    bench.send(bench.scope, ":MEAS:DEF THR,PERC,50,60,10", ":MEAS:DEF THR,PERC,99,50,10", ":MEAS:DEF THR,90,50,10",
               ":MEAS:DEF THR,PERC,90")
    assert bench.errors(bench.scope) == [-222, -222, -104, -109]


def test_a_function_is_read_as_a_waveform_and_measured(table: Any) -> None:
    bench = on_the_screen(table, ":FUNC:OPER SUBT;SOUR1 CHAN1;SOUR2 CHAN2;DISP ON", ":CHAN2:DISP ON")
    bench.send(bench.scope, ":DIG CHAN1,CHAN2")
    assert bench.ask(bench.scope, "*OPC?") == "1"
    for operation, expected in (("SUBT", 2 * LOADED), ("ADD", 2 * LOADED), ("MULT", 0.0), ("ABS", LOADED)):
        bench.send(bench.scope, f":FUNC:OPER {operation}")
        assert bench.number(bench.scope, ":MEAS:VAMP? FUNC") == pytest.approx(expected, abs=0.05), operation
    bench.send(bench.scope, ":FUNC:OPER INT", ":WAV:SOUR FUNC;FORM WORD;POIN 1000")
    preamble = [float(part) for part in bench.ask(bench.scope, ":WAV:PRE?").split(",")]
    data = np.frombuffer(bench.ask_bytes(bench.scope, ":WAV:DATA?")[10:], ">u2")
    volts = (data.astype(float) - preamble[9]) * preamble[7] + preamble[8]
    assert len(volts) == preamble[2] and volts[-1] == pytest.approx(0.5 * LOADED * 50e-6, rel=0.03)
    assert bench.ask(bench.scope, ":WAV:SOUR?;:FUNC:LAB?") == 'FUNC1;"F1"' and not bench.errors(bench.scope)


def test_a_spectrum_has_its_line_at_the_frequency_of_a_sine(table: Any) -> None:
    bench = on_the_screen(table, generator=("FUNC SIN", "VOLT:OFFS 0"))
    bench.send(bench.scope, ":FUNC2:OPER FFT;SOUR CHAN1;WIND FLAT;SPAN 1e6;CENT 5e5")
    assert bench.number(bench.scope, ":MEAS:XMAX? FUNC2") == pytest.approx(1e5, abs=2e4)
    rms = 20 * math.log10(LOADED / math.sqrt(2))
    assert bench.number(bench.scope, ":MEAS:VMAX? FUNC2") == pytest.approx(rms, abs=0.1)
    assert bench.ask(bench.scope, ":MEAS:FREQ? FUNC2") == "+9.9E+37"
    bench.send(bench.scope, ":WAV:SOUR FUNC2;FORM ASC")
    preamble = [float(part) for part in bench.ask(bench.scope, ":WAV:PRE?").split(",")]
    assert preamble[4] == pytest.approx(2e4) and preamble[5] == 0.0   # [Hz]: 50 us of record
    lines = [float(part) for part in bench.ask(bench.scope, ":WAV:DATA?")[10:].split(",")]
    assert len(lines) == preamble[2] == 51 and int(np.argmax(lines)) == 5
    assert not bench.errors(bench.scope)


def test_operations_and_functions_that_a_model_has_not(table: Any) -> None:
    bench = on_the_screen(table, scope="keysight_dsox2024a")
    bench.send(bench.scope, ":FUNC:OPER INT", ":FUNC2:OPER ADD", ":FUNC:SOUR1 FUNC", ":FUNC:SOUR2 FUNC")
    assert bench.errors(bench.scope) == [-224, -114, -221, -224]
    bench.send(bench.scope, ":WAV:SOUR FFT", ":CHAN1:IMP FIFT")
    assert bench.errors(bench.scope) == [-224, -224]
