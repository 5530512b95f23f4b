"""The virtual RTO oscilloscopes, spoken to as their user manual says."""

from typing import Any

import numpy as np
import pytest

from tsbench.simulated_backends.scpi.syntax import block_payload

PULSES = ("OUTP1:LOAD INF", "FUNC PULS", "FUNC:PULS:PER 5E-4", "FUNC:PULS:WIDT 1E-4", "VOLT:HIGH 1", "VOLT:LOW 0",
          "OUTP1 ON")
SCREEN = ("CHAN1:RANG 1.6", "CHAN1:OFFS 0.5", "TIM:RANG 5E-4", "ACQ:POIN 100000", "TRIG1:MODE NORM",
          "TRIG1:SOUR CHAN1", "TRIG1:LEV1 0.5")


@pytest.fixture
def bench(table: Any) -> Any:
    opened = table(imperfections=False, scope="rohde_schwarz_rto1014")
    opened.send(opened.generator, *PULSES)
    opened.send(opened.scope, *SCREEN)
    return opened


@pytest.mark.parametrize("form", ["INT,8", "INT,16", "REAL,32", "ASC,0"])
def test_a_record_in_every_format(bench: Any, form: str) -> None:
    bench.send(bench.scope, f"FORM:DATA {form}")
    assert bench.ask(bench.scope, "FORM?") == form
    assert bench.ask(bench.scope, "RUNS;*OPC?") == "1"
    start, stop, points, each = (float(part) for part in bench.ask(bench.scope, "CHAN1:DATA:HEAD?").split(","))
    assert (points, each) == (100_000, 1)
    reply = bench.ask_bytes(bench.scope, "CHAN1:WAV1:DATA:VAL?")
    if form == "ASC,0":
        volts = np.array([float(part) for part in reply.decode().split(",")])
    else:
        payload = block_payload(reply)
        assert payload is not None
        kind, bits = form.split(",")
        found = np.frombuffer(payload, "<f4" if kind == "REAL" else f"<i{int(bits) // 8}")
        volts = found if kind == "REAL" else found * 1.6 / (253 * (256 if bits == "16" else 1)) + 0.5
    times = np.linspace(start, stop, len(volts))
    assert np.median(volts[(times > 1e-5) & (times < 9e-5)]) == pytest.approx(0.995, abs=0.004)
    assert np.median(volts[times < -1e-5]) == pytest.approx(0.0, abs=0.005)
    assert bench.errors(bench.scope) == []


def test_length_and_rate_of_the_record_are_what_results(bench: Any) -> None:
    s = bench.scope
    bench.send(s, "TIM:RANG 1E-6")
    assert bench.ask(s, "ACQ:POIN?") == "10000" and float(bench.ask(s, "ACQ:SRAT?")) == 10e9
    assert bench.ask(s, "ACQ:POIN? MAX") == "20000000" and bench.ask(s, "ACQ:POIN? MIN") == "1000"
    bench.send(s, "ACQ:POIN 2000")
    assert bench.ask(s, "ACQ:POIN?") == "2000" and float(bench.ask(s, "ACQ:SRAT?")) == 2e9


def test_states_and_a_forced_trigger(bench: Any) -> None:
    bench.send(bench.generator, "OUTP1 OFF")
    bench.send(bench.scope, "RUNS")
    assert any(int(bench.ask(bench.scope, "STAT:OPER:COND?")) == 0x18 for _ in range(1000))
    bench.send(bench.scope, "TRIG:FORC")
    assert any(int(bench.ask(bench.scope, "STAT:OPER:COND?")) == 0 for _ in range(1000))
    assert bench.ask(bench.scope, "ACQ:CURR?") == "1"


@pytest.mark.parametrize(("message", "code"), [
    ("NONSENSE 1", -113), ("CHAN1:RANG 1000", -222), ("CHAN1:OFFS 50", -222), ("TRIG1:LEV1 100", -222),
    ("CHAN1:COUP GND", -224), ("FORM REAL,8", -224), ("TIM:RANG 1 V", -131), ("ACQ:COUN 0", -222),
    ("HDEF:STAT ON", -113), ("CHAN1:POS 6", -222), ("CHAN1:SCAL", -109),
    ("TRIG1:HOLD:TIME 11", -222), ("TRIG2:HOLD:MODE TIME", -114),
])
def test_what_is_refused(bench: Any, message: str, code: int) -> None:
    bench.send(bench.scope, message)
    assert bench.errors(bench.scope) == [code]


def test_triggers_are_a_holdoff_apart(bench: Any) -> None:
    """User manual 1316.0827.02, page 486: 1 ms after ``*RST``, where the mode is TIME."""
    assert bench.ask(bench.scope, "TRIG1:HOLD:MODE?;TIME?") == "OFF;0.001"
    bench.send(bench.scope, "TIM:RANG 1E-4", "CHAN1:ARIT AVER", "TRIG1:HOLD:MODE TIME", "TRIG1:HOLD:TIME 20.3E-3")
    lasted = {}
    for count in (5, 9):
        bench.send(bench.scope, f"ACQ:COUN {count}")
        begin = bench.bench.clock.now
        assert bench.ask(bench.scope, "RUNS;*OPC?") == "1"
        lasted[count] = bench.bench.clock.now - begin
    assert 4 * 20.3e-3 <= lasted[9] - lasted[5] < 6 * 20.3e-3   # a pulse comes each 0.5 ms
    assert bench.errors(bench.scope) == []


def test_dc_coupling_is_50_ohm(bench: Any) -> None:
    bench.send(bench.scope, "CHAN1:RANG 40", "CHAN1:COUP DC")
    assert bench.number(bench.scope, "CHAN1:RANG?") == 10.0
    bench.send(bench.scope, *SCREEN, "TRIG1:LEV1 0.25", "MEAS1:ENAB ON", "MEAS1:MAIN MAX")
    assert bench.ask(bench.scope, "RUNS;*OPC?") == "1"
    assert bench.number(bench.scope, "MEAS1:RES?") == pytest.approx(0.5, abs=0.01)


def test_a_position_moves_the_waveform(bench: Any) -> None:
    bench.send(bench.scope, "CHAN1:POS 2", "FORM INT,8", "TRIG1:LEV1 0.3")
    assert bench.ask(bench.scope, "RUNS;*OPC?") == "1"
    payload = block_payload(bench.ask_bytes(bench.scope, "CHAN1:DATA?"))
    assert payload is not None
    # 0 V lies 0.5 V below the offset, and two divisions of 0.16 V up
    low = np.percentile(np.frombuffer(payload, "i1"), 20)
    assert low == pytest.approx((-0.5 + 0.32) / 1.6 * 253, abs=1)


def test_an_additional_measurement_has_a_result_where_it_is_on(bench: Any) -> None:
    bench.send(bench.scope, "MEAS1:ENAB ON", "MEAS1:MAIN AMPL", "MEAS1:ADD PPUL,ON")
    assert bench.ask(bench.scope, "RUNS;*OPC?") == "1"
    assert bench.number(bench.scope, "MEAS1:RES?") == bench.number(bench.scope, "MEAS1:RES? AMPL")
    assert bench.number(bench.scope, "MEAS1:RES? PPUL") == pytest.approx(1e-4, rel=0.01)
    assert bench.number(bench.scope, "MEAS1:RES? MEAN") > 1e37
    assert [bench.ask(bench.scope, f"MEAS1:ADD? {name}") for name in ("PPUL", "MEAN")] == ["1", "0"]
    bench.send(bench.scope, "MEAS1:ADD PPUL,OFF")
    assert bench.number(bench.scope, "MEAS1:RES? PPUL") > 1e37


def test_all_errors_are_read_at_once(bench: Any) -> None:
    bench.send(bench.scope, "NONSENSE", "CHAN1:SCAL WORD")
    assert [part.partition(",")[0] for part in bench.ask(bench.scope, "SYST:ERR:ALL?").split('",')] == ["-113", "-104"]
    assert bench.ask(bench.scope, "SYST:ERR:ALL?") == '0,"No error"'
