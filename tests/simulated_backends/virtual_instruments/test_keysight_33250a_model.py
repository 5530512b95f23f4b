"""Simulated 33250A: its commands, and what it does at the load: levels, widths, edges, bursts, waveforms."""

from typing import Any

import numpy as np
import pytest

from tsbench.instruments.keysight_33250a.data_sheet import CAPABILITIES, HEADERS
from tsbench.simulated_backends.services.trigger_lines import EdgeTrain
from tsbench.simulated_backends.virtual_instruments.keysight_33250a.data_sheet import KEYSIGHT_33250A, SHORTEST_PERIOD

LOAD = "R1 a 0 50\nC1 a 0 0.1p\nR2 b 0 50\n"


@pytest.fixture
def generator(table: Any) -> Any:
    return table(imperfections=False, generator="keysight_33250a", netlist=LOAD)


def test_identity_and_reset(generator: Any) -> None:
    g = generator.generator
    assert generator.ask(g, "*IDN?").startswith("Agilent Technologies,33250A,SIM")
    generator.send(g, "VOLT 2", "FUNC RAMP", "FREQ 2e5", "PULS:WIDT 1e-6", "PULS:TRAN 1e-7", "OUTP ON", "BURS:STAT ON",
                   "BURS:NCYC 3", "TRIG:SOUR EXT", "*RST")
    asked = ("FREQ?", "VOLT?", "VOLT:OFFS?", "PULS:WIDT?", "PULS:TRAN?", "OUTP?", "BURS:STAT?", "BURS:NCYC?")
    assert [generator.number(g, question) for question in asked] == pytest.approx(
        [1e3, 0.1, 0.0, 100e-6, 5e-9, 0, 0, 1])
    assert generator.ask(g, "FUNC?") == "SIN" and generator.ask(g, "TRIG:SOUR?") == "IMM"
    assert generator.ask(g, "SYST:ERR?") == '+0,"No error"'


@pytest.mark.parametrize(("sent", "errors", "answers"), [
    ("PULS:WIDT 20NS", [], {"PULS:WIDT?": 20e-9}),
    ("PULS:WIDT 5e-9", [-222], {"PULS:WIDT?": 8e-9}),
    ("PULS:TRAN 4e-9", [-222], {"PULS:TRAN?": 5e-9}),
    ("PULS:TRAN 2e-3", [-222], {"PULS:TRAN?": 1e-3}),
    ("FUNC PULS;:PULS:TRAN 1e-4", [-222], {"PULS:TRAN?": 62.5e-6}),   # 0.625 times the width (p. 168)
    ("PULS:TRAN? MIN", [], {"PULS:TRAN? MAX": 1e-3}),
    ("FUNC PULS;:PULS:PER 50us", [-221], {"PULS:PER?": 50e-6, "PULS:WIDT?": 50e-6 - 8e-9}),
    ("FUNC PULS;:PULS:WIDT 2e-3", [-222], {"PULS:WIDT?": 1e-3 - 8e-9}),
    ("PULS:PER 1e-8", [-222], {"PULS:PER?": 20e-9}),
    ("FREQ 80e6;:FUNC PULS", [-221, -221], {"FREQ?": 50e6, "PULS:WIDT?": 12e-9}),
    ("FREQ 90e6", [-222], {"FREQ?": 80e6}),
    ("FREQ 2e6;:FUNC RAMP", [-221], {"FREQ?": 1e6}),
    ("FUNC SQU;:FUNC:SQU:DCYC 20;:FREQ 30e6", [-221], {"FUNC:SQU:DCYC?": 40}),
    ("FUNC SQU;:FUNC:SQU:DCYC 20;:FREQ 25e6", [], {"FUNC:SQU:DCYC?": 20}),   # the ends of the ranges of duty cycles
    ("FUNC SQU;:FUNC:SQU:DCYC 20;:FREQ 25.1e6", [-221], {"FUNC:SQU:DCYC?": 40}),
    ("FUNC SQU;:FUNC:SQU:DCYC 60;:FREQ 50e6", [], {"FUNC:SQU:DCYC?": 60}),
    ("FUNC SQU;:FUNC:SQU:DCYC 60;:FREQ 50.1e6", [-221], {"FUNC:SQU:DCYC?": 50}),
    ("FUNC:SQU:DCYC 10", [-222], {"FUNC:SQU:DCYC?": 20}),
    ("*CLS", [], {"PULS:PER? MIN": 20e-9, "PULS:PER? MAX": 2000.0, "PULS:PER?": 1e-3}),
    ("VOLT 11", [-222], {"VOLT?": 10.0}),
    ("VOLT 1E-4", [-222], {"VOLT?": 1e-3}),
    ("VOLT 10;:VOLT:OFFS 1", [-222], {"VOLT?": 10.0, "VOLT:OFFS?": 0.0}),
    ("VOLT:OFFS 4;:VOLT 4", [-221], {"VOLT?": 4.0, "VOLT:OFFS?": 3.0}),
    ("VOLT:HIGH 2;LOW 1", [], {"VOLT?": 1.0, "VOLT:OFFS?": 1.5}),
    ("SOUR:VOLT 2 VPP", [], {"SOURce1:VOLTage?": 2.0}),
    ("FUNC DC;:VOLT:OFFS 5", [], {"VOLT:OFFS?": 5.0}),
    ("OUTP:LOAD INF", [], {"VOLT?": 0.2, "OUTP:LOAD?": 9.9e37}),
    ("OUTP:LOAD 0.5", [-222], {"OUTP:LOAD?": 1.0}),
    ("OUTP:LOAD INF;:VOLT:UNIT DBM", [-221], {}),
    ("BURS:NCYC 0", [-222], {"BURS:NCYC?": 1}),
    ("BURS:NCYC INF", [], {"BURS:NCYC?": 9.9e37}),
    ("BURS:NCYC 100;STAT ON", [-221], {"BURS:INT:PER?": 0.1 + 200e-9}),
    ("TRIG:DEL 90", [-222], {"TRIG:DEL?": 85}),
    ("APPL:PULS 1e6,2,0.5", [-221], {"FREQ?": 1e6, "VOLT?": 2.0, "VOLT:OFFS?": 0.5, "OUTP?": 1}),
    ("APPL:SIN", [], {"FREQ?": 1e3, "VOLT?": 0.1, "OUTP?": 1}),
    ("APPL:DC DEF, DEF, -2.5", [], {"VOLT:OFFS?": -2.5, "OUTP?": 1}),
    ("SOUR2:FREQ 1e3", [-114], {}),
    ("OUTP2 ON", [-114], {}),
    ("VOLT:LIM:HIGH 1", [-113], {}),
    ("PULS:TRAN:TRA 5e-9", [-113], {}),
    ("VOLT 1 A", [-131], {}),
    ("FUNC TRI", [-224], {}),
    ("TRIG:SOUR TIM", [-224], {}),
    ("*TRG", [-211], {}),
    ("TRIG:SOUR BUS;*TRG", [-211], {}),   # no burst
    ("DATA:DAC VOLATILE,2048,0", [-222], {}),
    ("DATA:DAC OTHER,1,0", [-224], {}),
    ("DATA:COPY A", [780], {}),
    ("DATA:COPY A, SINC", [784], {}),
    ("DATA VOLATILE,0,1;:DATA:COPY 1A,VOLATILE", [-224], {}),
    ("DATA VOLATILE,0,1;:DATA:COPY SINC", [782], {}),
    ("FUNC:USER NOTHING", [785], {}),
    ("DATA:DEL SINC", [786], {}),
    ("DATA VOLATILE,0,1,0;:FUNC:USER VOLATILE", [], {"DATA:ATTR:POIN?": 3, "DATA:NVOL:FREE?": 4}),
])
def test_commands(generator: Any, sent: str, errors: list[int], answers: dict[str, float]) -> None:
    g = generator.generator
    (generator.ask if sent.endswith(("MIN", "MAX")) and "?" in sent else generator.send)(g, sent)
    assert generator.errors(g) == errors
    for question, answer in answers.items():
        assert generator.number(g, question) == pytest.approx(answer, rel=1e-9), question
    assert generator.errors(g) == []


def test_a_pulse_has_the_width_at_half_and_the_edges_of_the_sheet(generator: Any) -> None:
    g = generator.generator
    generator.send(g, "FUNC PULS", "PULS:TRAN 10ns", "PULS:WIDT 40ns", "PULS:PER 200ns", "VOLT:LOW 0", "VOLT:HIGH 2",
                   "OUTP ON")
    generator.errors(g)
    generator.send(g, "PULS:WIDT 40ns", "PULS:TRAN 10ns")
    assert not generator.errors(g)
    t, v = generator.voltages("a", 200e-9, 100_001)
    assert (v.max(), v.min()) == pytest.approx((2.0, 0.0), abs=2e-3)
    step = t[1] - t[0]
    assert np.count_nonzero(v > 1.0) * step == pytest.approx(40e-9, abs=0.05e-9)
    slope = np.gradient(v, t)
    between = (v > 0.2) & (v < 1.8)
    for rising in (True, False):
        assert np.count_nonzero(between & ((slope > 0) == rising)) * step == pytest.approx(10e-9, abs=0.12e-9)


def bursts(bench: Any, seconds: float) -> Any:
    t, v = bench.voltages("a", seconds, 200_001)
    return t[1:][(v[:-1] <= 0.25) & (v[1:] > 0.25)]


def test_bursts_by_the_bus_by_the_line_by_level_and_by_themselves(generator: Any) -> None:
    bench, g = generator, generator.generator
    line = bench.bench.line("test.out")
    bench.bench._wires["generator.external"] = "test.out"
    g.playback.listen()
    bench.send(g, "PULS:WIDT 200ns", "FREQ 1e6", "FUNC PULS", "VOLT:HIGH 0.5", "VOLT:LOW 0", "TRIG:SOUR BUS",
               "BURS:STAT ON", "OUTP ON")
    assert not bench.errors(g) and not len(bursts(bench, 20e-6))
    assert int(bench.ask(g, "STAT:OPER:COND?")) & 0x20
    for count in (1, 4):
        bench.send(g, f"BURS:NCYC {count}")
        bench.bench.begin_message()
        g.exchange.recv(b"*TRG", True)
        found = bursts(bench, 20e-6)
        assert len(found) == count and found[0] == pytest.approx(100e-9, abs=10e-9)
    bench.send(g, "TRIG:SOUR EXT", "BURS:NCYC 2")
    line.add(EdgeTrain(bench.bench.clock.now + 5e-6, 1e-6, 10e-6, 2))
    assert len(bursts(bench, 40e-6)) == 4
    bench.send(g, "BURS:MODE GAT")
    line.add(EdgeTrain(bench.bench.clock.now + 5e-6, 3.5e-6, 20e-6, 1))
    assert len(bursts(bench, 40e-6)) == 4   # the fourth is completed
    bench.send(g, "BURS:MODE TRIG", "TRIG:SOUR IMM", "BURS:INT:PER 20e-6")
    assert len(bursts(bench, 200e-6)) in (20, 21) and not bench.errors(g)


def test_completion_waits_for_a_burst(generator: Any) -> None:
    g = generator.generator
    generator.send(g, "TRIG:SOUR BUS", "BURS:NCYC 100", "BURS:STAT ON", "OUTP ON", "*TRG")
    begin = generator.bench.clock.now
    assert generator.ask(g, "*OPC?") == "1" and generator.bench.clock.now - begin == pytest.approx(0.1, rel=0.05)


@pytest.mark.parametrize(("order", "kind"), [("NORM", ">i2"), ("SWAP", "<i2")])
def test_codes_become_levels(generator: Any, order: str, kind: str) -> None:
    g = generator.generator
    codes = np.repeat([-2047, 2047, 0, 1024], 8).astype(kind).tobytes()
    generator.send(g, f"FORM:BORD {order}", b"DATA:DAC VOLATILE, #264" + codes, "DATA:COPY STAIR, VOLATILE",
                   "FUNC:USER STAIR", "FUNC USER", "FREQ 1e6", "VOLT 2", "OUTP ON")
    assert not generator.errors(g) and generator.ask(g, "DATA:NVOL:CAT?") == '"STAIR"'
    _, v = generator.voltages("a", 1e-6, 4001)
    for level in (-1.0, 1.0, 0.0, 0.5):
        assert np.mean(np.abs(v - level) < 2e-3) == pytest.approx(0.25, abs=0.02)
    generator.send(g, "DATA:DEL STAIR", "DATA:DAC VOLATILE,#13abc", "DATA:DEL:ALL")
    assert generator.errors(g) == [787, 800, 787]


def test_levels_are_within_the_stated_accuracy(table: Any) -> None:
    errors = []
    for seed in range(8):
        bench = table(seed=seed, generator="keysight_33250a", netlist=LOAD)
        bench.send(bench.generator, "FUNC SQU", "VOLT 2", "VOLT:OFFS 1", "OUTP ON")
        _, volts = bench.voltages("a", 1e-3, 2001)
        errors.append((np.ptp(volts) - 2.0, (volts.max() + volts.min()) / 2 - 1.0))
    amplitude, offset = np.abs(errors).T
    assert amplitude.max() <= 0.01 * 2 + 1e-3 + 2e-3 and amplitude.max() > 7e-3
    assert offset.max() <= 0.01 * 1 + 0.005 * 2 + 2e-3 + 2e-3 and offset.max() > 4e-3


def test_twin_and_driver_have_the_same_limits() -> None:
    assert HEADERS.minimum_amplitude >= KEYSIGHT_33250A.min_amplitude
    assert CAPABILITIES.pulse_period.low == pytest.approx(SHORTEST_PERIOD)
    assert (CAPABILITIES.level_into_50_ohm.high, CAPABILITIES.pulse_width.low, CAPABILITIES.edge_time.low) == (
        KEYSIGHT_33250A.peak_level, KEYSIGHT_33250A.min_pulse_width, KEYSIGHT_33250A.min_edge_time)
