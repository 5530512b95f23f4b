"""Spectra of the simulated InfiniiVision oscilloscopes: settings, axis, resolution, and the level of a sine."""

import math
from typing import Any

import numpy as np
import pytest

from tests.simulated_backends.virtual_instruments.test_scope_measurements import LOADED, on_the_screen
from tsbench.simulated_backends.virtual_instruments.oscilloscope import mathematics

RMS = 20 * math.log10(LOADED / math.sqrt(2))  #: [dBV] of the sine
#: [dB] that a sine between two lines is too low, at most (F. J. Harris, Proc. IEEE 66, 51 (1978), table I)
SCALLOP = {"RECT": 3.92, "HANN": 1.42, "FLAT": 0.02, "BHAR": 0.83, "BART": 1.82}
#: [lines] equivalent noise bandwidth (the same table; the flat top by its coefficients)
NOISE = {"RECT": 1.0, "HANN": 1.5, "FLAT": 3.77, "BHAR": 2.0, "BART": 1.33}


def screen_of(table: Any, frequency: float = 1e5, **more: Any) -> Any:
    """Return a bench whose scope shows a sine for 50 us: lines of 20 kHz."""
    return on_the_screen(table, generator=("FUNC SIN", "VOLT:OFFS 0", f"FREQ {frequency:g}"), **more)


def transferred(bench: Any, source: str) -> tuple[Any, Any]:
    """Return the frequencies [Hz] and the values of a waveform that was transferred as 16-bit codes."""
    bench.send(bench.scope, f":WAV:SOUR {source};FORM WORD;UNS 1;BYT MSBF")
    preamble = [float(part) for part in bench.ask(bench.scope, ":WAV:PRE?").split(",")]
    codes = np.frombuffer(bench.ask_bytes(bench.scope, ":WAV:DATA?")[10:], ">u2").astype(float)
    assert len(codes) == preamble[2]
    return preamble[5] + preamble[4] * np.arange(len(codes)), (codes - preamble[9]) * preamble[7] + preamble[8]


@pytest.mark.parametrize("window", sorted(SCALLOP))
def test_a_sine_on_a_line_has_its_level_and_one_between_lines_the_scallop_loss(table: Any, window: str) -> None:
    for frequency, lowest in ((100e3, 0.0), (110e3, -SCALLOP[window])):   # the fifth line, and midway to the sixth
        bench = screen_of(table, frequency)
        bench.send(bench.scope, f":FUNC:OPER FFT;SOUR CHAN1;WIND {window};VTYP DEC;SPAN 1e6;CENT 5e5")
        axis, decibels = transferred(bench, "FUNC")
        assert axis[:3] == pytest.approx([0, 20e3, 40e3]) and axis[-1] == pytest.approx(1e6)
        assert abs(axis[np.argmax(decibels)] - frequency) <= 10e3 + 1
        # the mirror image of the sine at negative frequencies leaks into the line, most of all without a window
        assert decibels.max() == pytest.approx(RMS + lowest, abs=0.3 if window == "RECT" else 0.15)
        assert bench.ask(bench.scope, ":FUNC:WIND?;:FUNC:FFT:VTYP?;SPAN?;CENT?") == (
            f"{window};DEC;+1.00000000E+06;+5.00000000E+05") and not bench.errors(bench.scope)


def test_the_unit_and_the_part_that_is_shown(table: Any) -> None:
    bench = screen_of(table)
    bench.send(bench.scope, ":FUNC:OPER FFT;SOUR CHAN1;FFT:VTYP VRMS;WIND FLAT;SPAN 1e5;CENT 1e5")
    axis, volts = transferred(bench, "FUNC")
    assert axis == pytest.approx([60e3, 80e3, 100e3, 120e3, 140e3])
    assert volts[2] == pytest.approx(LOADED / math.sqrt(2), rel=0.03)


@pytest.mark.parametrize("source", ["FUNC", "FFT"])
def test_start_and_stop_go_with_centre_and_span(table: Any, source: str) -> None:
    bench = screen_of(table)
    head = ":FUNC:FFT" if source == "FUNC" else ":FFT"
    bench.send(bench.scope, ":FUNC:OPER FFT", f"{head}:SPAN 8e5", f"{head}:CENT 4e5")
    assert bench.ask(bench.scope, f"{head}:FREQ:STAR?;STOP?") == "+0.00000000E+00;+8.00000000E+05"
    bench.send(bench.scope, f"{head}:FREQ:STAR 2e5", f"{head}:FREQ:STOP 6e5")
    assert bench.ask(bench.scope, f"{head}:CENT?;SPAN?") == "+4.00000000E+05;+4.00000000E+05"
    axis, _ = transferred(bench, source)
    assert (axis[0], axis[-1]) == pytest.approx((2e5, 6e5))
    bench.send(bench.scope, f"{head}:FREQ:STAR 7e5")
    assert bench.errors(bench.scope) == [-222]
    assert bench.ask(bench.scope, f"{head}:FREQ:STAR?;STOP?") == "+2.00000000E+05;+6.00000000E+05"


@pytest.mark.parametrize(("head", "refused", "first", "taken"), [
    (":FFT", "SPAN 9E10", "FREQ:STAR -2E10", "FREQ:STOP 4E10"),   # a span of 60 GHz
    (":FFT", "CENT 4.5E10", "FREQ:STOP 5E10", "FREQ:STAR 4E10"),
    (":FUNC:FFT", "CENT 4.5E10", "FREQ:STOP 5E10", "FREQ:STAR 4E10"),
])
def test_an_end_does_not_move_to_where_centre_and_span_may_not_be(
    table: Any, head: str, refused: str, first: str, taken: str,
) -> None:
    bench = screen_of(table)
    bench.send(bench.scope, ":FUNC:OPER FFT", f"{head}:SPAN 8e5", f"{head}:CENT 4e5", f"{head}:{refused}")
    assert bench.errors(bench.scope) == [-222]
    bench.send(bench.scope, f"{head}:{first}")
    assert bench.errors(bench.scope) == []
    before = bench.ask(bench.scope, f"{head}:CENT?;SPAN?")
    bench.send(bench.scope, f"{head}:{taken}")
    assert bench.errors(bench.scope) == [-222]
    assert bench.ask(bench.scope, f"{head}:CENT?;SPAN?") == before


@pytest.mark.parametrize("head", [":FFT", ":FUNC:FFT"])
def test_the_narrowest_span_is_one_hertz(table: Any, head: str) -> None:
    bench = screen_of(table)
    bench.send(bench.scope, ":FUNC:OPER FFT", f"{head}:SPAN 8e5", f"{head}:CENT 4e5")
    for narrow in ("SPAN 0", "SPAN 0.9", "FREQ:STAR 8e5", "FREQ:STOP 0", "FREQ:STOP 0.9"):
        bench.send(bench.scope, f"{head}:{narrow}")
        assert bench.errors(bench.scope) == [-222], narrow
    assert bench.ask(bench.scope, f"{head}:CENT?;SPAN?") == "+4.00000000E+05;+8.00000000E+05"
    bench.send(bench.scope, f"{head}:FREQ:STOP 1")
    assert bench.number(bench.scope, f"{head}:SPAN?") == 1.0 and bench.errors(bench.scope) == []


@pytest.mark.parametrize("head", [":FFT", ":FUNC:FFT"])
def test_the_centre_is_not_below_minus_25_gigahertz(table: Any, head: str) -> None:
    bench = screen_of(table)
    bench.send(bench.scope, ":FUNC:OPER FFT", f"{head}:SPAN 1e9", f"{head}:CENT -2.5e10")
    assert bench.errors(bench.scope) == []
    for low in ("CENT -2.51e10", "FREQ:STAR -2.7e10", "FREQ:STOP -2.52e10"):
        bench.send(bench.scope, f"{head}:{low}")
        assert bench.errors(bench.scope) == [-222], low
    assert bench.ask(bench.scope, f"{head}:CENT?;SPAN?") == "-2.50000000E+10;+1.00000000E+09"


def test_the_end_of_a_wide_spectrum_is_taken_back_as_it_was_told(table: Any) -> None:
    bench = screen_of(table)
    bench.send(bench.scope, ":FUNC:OPER FFT", ":FUNC:FFT:SPAN 1E11", ":FUNC:FFT:CENT 2.5E10")
    assert bench.number(bench.scope, ":FUNC:FFT:FREQ:STOP?") == 75e9
    bench.send(bench.scope, ":FUNC:FFT:FREQ:STOP 7.5E10")
    assert bench.errors(bench.scope) == []


@pytest.mark.parametrize("window", sorted(NOISE))
def test_the_resolution_is_that_of_the_record_and_the_window(table: Any, window: str) -> None:
    bench = screen_of(table)
    bench.send(bench.scope, f":FFT:SOUR CHAN1;WIND {window}", f":FUNC:OPER FFT;WIND {window}")
    for head in (":FFT", ":FUNC:FFT", ":FUNC"):
        assert bench.number(bench.scope, f"{head}:BSIZ?") == pytest.approx(20e3)
        assert bench.number(bench.scope, f"{head}:RBW?") == pytest.approx(20e3 * NOISE[window], rel=0.01)
    axis, _ = transferred(bench, "FFT")
    assert bench.number(bench.scope, ":FFT:SRAT?") == pytest.approx(2 * axis[-1], rel=0.01)
    bench.send(bench.scope, ":FUNC:OPER ADD")
    assert bench.ask(bench.scope, ":FUNC:BSIZ?") == "+9.9E+37" and not bench.errors(bench.scope)


@pytest.mark.parametrize("count", [1000, 1001])
def test_the_lines_of_a_spectrum_have_the_power_of_the_record(count: int) -> None:
    """Parseval's theorem; a voltage that alternates is the last line of an even number of samples."""
    values = np.random.default_rng(1).normal(0.3, 1.0, count)
    lines, step = mathematics.spectrum(values, 1e-9, "RECT", volts=True)
    assert np.sum(lines**2) == pytest.approx(np.mean(values**2)) and step == pytest.approx(1e9 / count)
    last = mathematics.spectrum(np.resize([1.5, -1.5], 1000), 1e-9, "RECT", volts=True)[0]
    assert last[-1] == pytest.approx(1.5) and last[:-1] == pytest.approx(0, abs=1e-9)


def test_the_picture_shows_the_spectrum_while_it_is_on(table: Any) -> None:
    bench = screen_of(table)
    bench.send(bench.scope, ":FFT:SOUR CHAN1;DISP 0")
    pictures = [bench.ask_bytes(bench.scope, f":FFT:DISP {on};:DISP:DATA? PNG,COL") for on in (0, 1, 0)]
    assert pictures[0] == pictures[2] != pictures[1]


def test_another_unit_brings_its_own_scale_and_offset(table: Any) -> None:
    bench = screen_of(table)
    bench.send(bench.scope, ":FFT:SOUR CHAN1;DISP 1;WIND FLAT;VTYP VRMS")
    fitting = bench.ask(bench.scope, ":FFT:SCAL?;OFFS?")
    bench.send(bench.scope, ":FFT:VTYP DEC;SCAL 5;OFFS -30", ":FFT:VTYP VRMS")
    assert bench.ask(bench.scope, ":FFT:SCAL?;OFFS?") == fitting
    axis, volts = transferred(bench, "FFT")
    assert axis[np.argmax(volts)] == pytest.approx(1e5)
    assert volts.max() == pytest.approx(LOADED / math.sqrt(2), rel=0.03)


def test_the_scale_of_the_waveform_fft(table: Any) -> None:
    bench = screen_of(table)
    bench.send(bench.scope, ":FFT:SOUR1 CHAN1;DISP 1;WIND FLAT")
    shown = [bench.number(bench.scope, f":FFT:{one}?") for one in ("SCAL", "RANG", "OFFS", "REF")]
    assert shown[0] == 20 and shown[1] == 160 and shown[2] == shown[3] == pytest.approx(-60)
    bench.send(bench.scope, ":FFT:RANG 80", ":FFT:OFFS -30")
    assert bench.ask(bench.scope, ":FFT:SCAL?;REF?") == "+1.00000000E+01;-3.00000000E+01"
    axis, decibels = transferred(bench, "FFT")
    assert axis[np.argmax(decibels)] == pytest.approx(1e5) and decibels.max() == pytest.approx(RMS, abs=0.2)
    assert decibels.min() == pytest.approx(-30 - 10 * 127 / 199 * 8, abs=1)   # 199 of 256 codes are the screen
    bench.send(bench.scope, ":FFT:VTYP VRMS")
    assert bench.number(bench.scope, ":FFT:SCAL?") == pytest.approx(LOADED / math.sqrt(2) / 3.9, rel=0.7)
    assert bench.ask(bench.scope, ":FFT:GATE?;SOUR?") == "NONE;CHAN1"
    assert bench.ask_bytes(bench.scope, ":DISP:DATA? PNG,COL")[10:14] == b"\x89PNG"
    assert not bench.errors(bench.scope)


@pytest.mark.parametrize("model", ["keysight_dsox2024a", "keysight_dsox3054a", "keysight_dsox4104a"])
def test_models_without_the_waveform_fft(table: Any, model: str) -> None:
    bench = on_the_screen(table, scope=model)
    bench.send(bench.scope, ":FFT:SPAN 1e6", ":FUNC:FFT:FREQ:STAR 0", ":FUNC:OPER FFT")
    assert bench.errors(bench.scope) == [-113, -113]
    assert bench.ask(bench.scope, ":FUNC:FFT:WIND?;VTYP?") == "HANN;DEC"


def test_the_weights_of_a_triangle() -> None:
    assert mathematics.window_weights("BART", 8) == pytest.approx([0, 0.25, 0.5, 0.75, 1, 0.75, 0.5, 0.25])
