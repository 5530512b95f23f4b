"""The virtual Infiniium oscilloscopes, spoken to as their programmer's guide says."""

from typing import Any

import numpy as np
import pytest

PULSES = ("OUTP1:LOAD INF", "FUNC PULS", "FUNC:PULS:PER 5E-4", "FUNC:PULS:WIDT 1E-4", "VOLT:HIGH 1", "VOLT:LOW 0",
          "OUTP1 ON")
SCREEN = (":CHAN1:RANG 1.6", ":CHAN1:OFFS 0.5", ":TIM:RANG 5E-4", ":TRIG:SWE TRIG", ":TRIG:LEV CHAN1,0.5",
          ":WAV:FORM WORD", ":WAV:BYT LSBF")


def finish(bench: Any) -> None:
    assert any(bench.ask(bench.scope, ":RST?") == "STOP" for _ in range(2000))


def errors(bench: Any) -> list[int]:
    found = []
    while code := int(bench.ask(bench.scope, ":SYST:ERR?")):
        found.append(code)
    return found


@pytest.fixture
def bench(table: Any) -> Any:
    opened = table(imperfections=False, scope="keysight_dsos104a")
    opened.send(opened.generator, *PULSES)
    opened.send(opened.scope, *SCREEN)
    return opened


@pytest.mark.parametrize("streaming", [False, True])
def test_a_record_by_its_preamble(bench: Any, streaming: bool) -> None:
    bench.send(bench.scope, f":WAV:STR {int(streaming)}", ":SING")
    finish(bench)
    fields = bench.ask(bench.scope, ":WAV:PRE?").split(",")
    assert fields[:2] == ["2", "1"]
    assert fields[20:22] == ["2", "1"]   # seconds and volts
    block = bench.ask_bytes(bench.scope, ":WAV:DATA?")
    points = int(fields[2])
    head = b"#0" if streaming else f"#8{2 * points:08d}".encode()
    assert block.startswith(head)
    codes = np.frombuffer(block[len(head):], "<i2")
    assert len(codes) == points
    assert set(np.unique(codes) % 64) == {0}   # ten bits
    times = float(fields[5]) + float(fields[4]) * np.arange(points)
    volts = codes * float(fields[7]) + float(fields[8])
    assert np.median(volts[(times > 1e-5) & (times < 9e-5)]) == pytest.approx(1.0, abs=0.005)
    assert np.median(volts[times < -1e-5]) == pytest.approx(0.0, abs=0.005)
    assert errors(bench) == []


def test_clipped_samples_have_their_codes(bench: Any) -> None:
    bench.send(bench.scope, ":CHAN1:RANG 0.5", ":SING")
    finish(bench)
    assert set(np.frombuffer(bench.ask_bytes(bench.scope, ":WAV:DATA?")[10:], "<i2")) >= {31744, 32256}
    bench.send(bench.scope, ":WAV:FORM BYTE")
    assert set(np.frombuffer(bench.ask_bytes(bench.scope, ":WAV:DATA?")[10:], "i1")) >= {126, 127}


def test_events_and_states(bench: Any) -> None:
    bench.send(bench.generator, "OUTP1 OFF")
    bench.send(bench.scope, ":AER?;:TER?;:ADER?")
    bench.send(bench.scope, ":SING")
    assert any(bench.ask(bench.scope, ":AER?") == "1" for _ in range(1000))
    assert (bench.ask(bench.scope, ":AST?"), bench.ask(bench.scope, ":RST?")) == ("ARM", "SING")
    assert bench.ask(bench.scope, ":ADER?") == "0"
    bench.send(bench.scope, ":TRIG:SWE AUTO")   # no command forces a trigger: AUTO does
    finish(bench)
    assert [bench.ask(bench.scope, ":ADER?") for _ in range(2)] == ["1", "0"]
    assert bench.ask(bench.scope, ":AST?") == "ADONE"


def test_digitize_lets_nothing_in_before_its_end(bench: Any) -> None:
    assert bench.ask(bench.scope, ":DIGITIZE;*OPC?") == "1"
    assert bench.ask(bench.scope, ":RST?") == "STOP"


def test_segments_have_time_tags(bench: Any) -> None:
    bench.send(bench.scope, ":ACQ:MODE SEGM", ":ACQ:SEGM:COUN 3", ":TIM:RANG 2E-4", ":SING")
    finish(bench)
    assert bench.ask(bench.scope, ":WAV:SEGM:COUN?") == "3"
    for index in (1, 2, 3):
        bench.send(bench.scope, f":ACQ:SEGM:IND {index}")
        assert bench.number(bench.scope, ":WAV:SEGM:TTAG?") == pytest.approx((index - 1) * 5e-4, abs=1e-8)


@pytest.mark.parametrize(("message", "code"), [
    (":NONSENSE 1", -113), (":TRIG:EDGE:LEV 1", -113), (":CHAN1:RANG 1000", -222), (":CHAN1:OFFS 50", -222),
    (":TRIG:LEV CHAN1,100", -222), (":TRIG:LEV 1", -104), (":ACQ:POIN 1", -222), (":CHAN1:INP GND", -224),
    (":TIM:RANG 1 V", -131), (":WAV:SOUR CHAN9", -224), (":TRIG:FORC", -113),
])
def test_what_is_refused(bench: Any, message: str, code: int) -> None:
    bench.send(bench.scope, message)
    assert bench.ask(bench.scope, ":SYST:ERR? STR").startswith(f"{code},")
    assert bench.ask(bench.scope, ":SYST:ERR? STR") == '0,"No error"'


def test_the_50_ohm_input_loads_and_limits_the_range(bench: Any) -> None:
    bench.send(bench.scope, ":CHAN1:RANG 40", ":CHAN1:INP DC50")
    assert bench.number(bench.scope, ":CHAN1:RANG?") == 8.0
    bench.send(bench.scope, *SCREEN, ":TRIG:LEV CHAN1,0.25", ":SING")
    finish(bench)
    assert bench.number(bench.scope, ":MEAS:VMAX? CHAN1") == pytest.approx(0.5, abs=0.01)   # 50 Ohm source


def test_measurements_and_picture(bench: Any) -> None:
    bench.send(bench.scope, ":TIM:RANG 1E-3", ":SING")
    finish(bench)
    for word, value in (("VPP", 1.0), ("VAMP", 1.0), ("FREQ", 2e3), ("DUTY", 20.0), ("PWID", 1e-4)):
        assert bench.number(bench.scope, f":MEAS:{word}? CHAN1") == pytest.approx(value, rel=0.02)
    assert bench.number(bench.scope, ":MEAS:VPP? CHAN2") > 9e37
    assert bench.ask_bytes(bench.scope, ":DISP:DATA? PNG")[11:19] == b"\x89PNG\r\n\x1a\n"


def test_limits_are_told(bench: Any) -> None:
    assert bench.ask(bench.scope, ":ACQ:SRAT:TESTLIMITS?") == "1,<numeric>1.00000E+00:2.00000E+10"
    assert bench.number(bench.scope, ":ACQ:SRAT?") <= 20e9
    bench.send(bench.scope, ":TIM:RANG 1E-7", ":CHAN2:DISP ON", ":CHAN3:DISP ON")
    assert bench.number(bench.scope, ":ACQ:SRAT?") == 10e9
