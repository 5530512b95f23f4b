"""The virtual WaveSurfer: replies and errors of the remote control manual, descriptor, sequence mode, automation."""

import struct
from typing import Any

import numpy as np
import pytest

from tsbench.simulated_backends.virtual_instruments.lecroy_wavesurfer.data_sheet import (
    WAVESURFER3054Z,
    WAVESURFER4054HD,
)

PULSES = ("*RST", "OUTP1:LOAD INF", "FUNC PULS", "FUNC:PULS:PER 5E-4", "FUNC:PULS:WIDT 1E-4", "VOLT:HIGH 1",
          "VOLT:LOW 0", "OUTP1 ON")


@pytest.fixture
def bench(table: Any) -> Any:
    return table(imperfections=False, scope="lecroy_wavesurfer3054z")


def block(bench: Any, query: str) -> bytes:
    found = bench.ask_bytes(bench.scope, query)
    start = found.index(b"#9")
    return bytes(found[start + 11:start + 11 + int(found[start + 2:start + 11])])


def single(bench: Any, *settings: str) -> None:
    bench.send(bench.scope, *settings, "ARM")
    for _ in range(200):
        if bench.ask(bench.scope, "TRMD?").endswith("STOP"):
            return
        bench.bench.clock.wait(1e-3)
    raise AssertionError("the acquisition did not end")


@pytest.mark.parametrize(("message", "query", "reply"), [
    ("", "*IDN?", "*IDN LECROY,WS3054Z,SIM2,9.6.0"), ("CHDR OFF", "*IDN?", "LECROY,WS3054Z,SIM2,9.6.0"),
    ("C1:VDIV 0.5", "C1:VDIV?", "C1:VDIV 0.5 V"), ("C1:VDIV 0.5", "C1:VOLT_DIV?", "C1:VDIV 0.5 V"),
    ("CHDR LONG", "TDIV?", "TIME_DIV 1E-06 S"), ("C1:CPL D50", "C1:CPL?", "C1:CPL D50"),
    ("BWL C2,200MHZ", "BWL?", "BWL C1,OFF,C2,200MHZ,C3,OFF,C4,OFF"), ("BWL ON", "BWL?", "BWL C1,ON,C2,ON,C3,ON,C4,ON"),
    ("TDIV 1MS;TRDL -2E-3", "TRDL?", "TRDL -0.002 S"), ("TDIV 1MS;TRDL 75PCT", "TRDL?", "TRDL 0.0025 S"),
    ("CFMT DEF9,BYTE,BIN", "CFMT?", "CFMT DEF9,BYTE,BIN"), ("CORD LO", "CORD?", "CORD LO"),
    ("SEQ ON,5", "SEQ?", "SEQ ON,5,2E+07 SAMPLE"), ("WFSU SN,2", "WFSU?", "WFSU SP,0,NP,0,FP,0,SN,2"),
    ("TRSE EDGE,SR,EX,HT,OFF", "TRSE?", "TRSE EDGE,SR,EX,HT,OFF"), ("EX:TRLV 9V", "EX:TRLV?", "EX:TRLV 0.4 V"),
    ("*ESE 32", "*ESE?", "*ESE 32"),
])
def test_replies_of_the_manual(bench: Any, message: str, query: str, reply: str) -> None:
    bench.send(bench.scope, *([message] if message else []))
    assert bench.ask(bench.scope, query) == reply


@pytest.mark.parametrize(("message", "registers", "event"), [
    ("FOO 1", "1;0", 0x20), ("C7:VDIV 1V", "2;0", 0x20), ("C1:VDIV ABC", "3;0", 0x20), ("C1:VDIV 1A", "4;0", 0x20),
    ("TRMD NOTHING", "0;25", 0x10), ("C1:VDIV", "0;27", 0x10), ("C1:ATTN 3", "0;25", 0x10), ("SYST:ERR?", "1;0", 0x20),
])
def test_errors_are_in_registers(bench: Any, message: str, registers: str, event: int) -> None:
    bench.send(bench.scope, "CHDR OFF", "*CLS", message)
    assert bench.ask(bench.scope, "CMR?;EXR?") == registers
    assert bench.ask(bench.scope, "CMR?;EXR?") == "0;0"
    assert int(bench.ask(bench.scope, "*ESR?")) & 0x30 == event


@pytest.mark.parametrize(("order", "letter"), [("LO", "<"), ("HI", ">")])
def test_a_pulse_by_the_descriptor(bench: Any, order: str, letter: str) -> None:
    bench.send(bench.generator, *PULSES)
    single(bench, "CHDR OFF", "C1:VDIV 0.2V", "C1:OFST -0.5V", "C1:TRLV 0.5V", "TDIV 50US", "TRDL -1E-4",
           f"CORD {order}")
    found = block(bench, "C1:WF? DESC")
    gain, offset = struct.unpack_from(f"{letter}ff", found, 156)
    interval, = struct.unpack_from(f"{letter}f", found, 176)
    first, = struct.unpack_from(f"{letter}d", found, 180)
    codes = np.frombuffer(block(bench, "C1:WF? DAT1"), f"{letter}i2").astype(float)
    volts, times = codes * gain - offset, first + interval * np.arange(len(codes))
    assert (gain, offset) == pytest.approx((0.2 * 8 / 65536, -0.5))
    assert times[0] == pytest.approx(1e-4 - 2.5e-4)
    high = volts > 0.5
    assert np.min(np.abs(times[1:][high[1:] & ~high[:-1]])) < 2e-9
    assert volts[high].mean() == pytest.approx(10e3 / 10050, abs=5e-3)
    assert struct.unpack_from(f"{letter}i", found, 116)[0] == len(codes)


def test_segments_and_their_times(bench: Any) -> None:
    bench.send(bench.generator, *PULSES)
    single(bench, "CHDR OFF", "CORD LO", "CFMT DEF9,BYTE,BIN", "C1:VDIV 0.2V", "C1:OFST -0.5V", "C1:TRLV 0.5V",
           "TDIV 10US", "SEQ ON,4", "WFSU NP,10")
    times = np.frombuffer(block(bench, "C1:WF? TIME"), "<f8").reshape(4, 2)
    assert times[:, 0] == pytest.approx([0.0, 5e-4, 1e-3, 1.5e-3], abs=1e-9)
    assert times[:, 1] == pytest.approx([-5e-5] * 4)
    assert len(block(bench, "C1:WF? DAT1")) == 40
    assert struct.unpack_from("<i", block(bench, "C1:WF? DESC"), 144)[0] == 4
    bench.send(bench.scope, "WFSU SN,2")
    assert len(block(bench, "C1:WF? DAT1")) == 10


def test_what_was_not_acquired_is_an_error(bench: Any) -> None:
    bench.send(bench.scope, "CHDR OFF", "*CLS", "STOP")
    assert bench.ask(bench.scope, "C3:WF? DAT1") == ""
    assert bench.ask(bench.scope, "EXR?") == "22"


@pytest.mark.parametrize(("message", "query", "reply"), [
    ("VBS 'app.Acquisition.C1.VerScale = 0.5'", "C1:VDIV?", "0.5"),
    ("VBS 'app.Acquisition.Horizontal.HorScale = 0.001'", "TDIV?", "0.001"),
    ("VBS 'app.Acquisition.C2.View = -1'", "C2:TRA?", "ON"),
    ("TDIV 10MS", "VBS? 'return=app.Acquisition.Horizontal.HorScale'", "0.01"),
    ("VBS 'app.Acquisition.TriggerMode = \"Stopped\"'", "VBS? 'return=app.Acquisition.TriggerMode'", "Stopped"),
    ("VBS 'app.Nothing = 1'", "CMR?;EXR?", "0;25"),
])
def test_automation(bench: Any, message: str, query: str, reply: str) -> None:
    bench.send(bench.scope, "CHDR OFF", message)
    assert bench.ask(bench.scope, query) == reply


def test_the_screen_is_a_picture(bench: Any) -> None:
    assert bench.ask_bytes(bench.scope, "SCDP").startswith(b"\x89PNG")


def test_numbers_of_the_data_sheets() -> None:
    assert (WAVESURFER3054Z.gain_accuracy, WAVESURFER3054Z.resolution_bits, WAVESURFER3054Z.max_sample_rate) == (
        0.015, 8, 4e9)
    assert (WAVESURFER4054HD.gain_accuracy, WAVESURFER4054HD.resolution_bits, WAVESURFER4054HD.max_segments) == (
        0.005, 12, 10_000)
