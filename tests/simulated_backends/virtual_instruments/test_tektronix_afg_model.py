"""Simulated AFG3000C/31000: its commands, and what it does at the load: edges, widths, bursts, limits, points."""

from typing import Any

import numpy as np
import pytest

from tsbench.simulated_backends.services.trigger_lines import EdgeTrain

LOAD = "R1 a 0 50\nC1 a 0 0.1p\nR2 b 0 50\n"


@pytest.fixture
def afg(table: Any) -> Any:
    return table(imperfections=False, generator="tektronix_afg31252", netlist=LOAD)


def test_identity_and_reset(afg: Any) -> None:
    g = afg.generator
    assert afg.ask(g, "*IDN?").startswith("TEKTRONIX,AFG31252,SIM")
    afg.send(g, "SOUR1:FUNC PULS", "SOUR1:FREQ 2e6", "SOUR1:VOLT 2", "OUTP1 ON", "*RST")
    for question, answer in {"SOUR1:FREQ?": 1e6, "SOUR1:VOLT?": 1.0, "SOUR1:VOLT:OFFS?": 0.0, "OUTP1?": 0.0,
                             "TRIG:TIM?": 1e-3, "SOUR2:BURS:NCYC?": 5.0}.items():
        assert afg.number(g, question) == pytest.approx(answer)
    assert afg.ask(g, "SOUR1:FUNC:SHAP?") == "SIN" and afg.ask(g, "TRIG:SOUR?") == "TIM"
    assert afg.ask(g, "SYST:ERR?") == '0,"No error"'


@pytest.mark.parametrize(("sent", "errors", "answers"), [
    ("SOURce1:PULSe:WIDTh 20ns", [], {"SOUR1:PULS:WIDT?": 20e-9}),
    ("source1:pulse:dcycle 25PCT", [], {"PULS:WIDT?": 250e-9, "PULS:DCYC?": 25.0}),
    ("PULS:WIDT 1e-9", [-222], {"PULS:WIDT?": 500e-9}),
    ("PULS:TRAN:LEAD 1ns", [-222], {"PULS:TRAN?": 2e-9}),
    ("PULS:TRAN:TRA 5e-9s", [], {"PULS:TRAN:TRA?": 5e-9, "PULS:TRAN?": 2e-9}),
    ("FUNC PULS;:PULS:HOLD WIDT;:PULS:WIDT 5us", [-221], {"PULS:WIDT?": 1e-6 - 4e-9}),
    ("FUNC PULS;:PULS:HOLD WIDT;:PULS:WIDT 100ns;PER 10us", [], {"PULS:WIDT?": 100e-9, "FREQ?": 1e5}),
    ("FUNC PULS;:PULS:HOLD DUTY;:PULS:WIDT 100ns;PER 10us", [], {"PULS:WIDT?": 1e-6}),
    ("FUNC PULS;:FREQ 200MHz", [-222], {"FREQ?": 1e6}),
    ("FREQ 200e6;:FUNC PULS", [-221, -221], {"FREQ?": 160e6}),   # and edges too slow
    ("VOLT 12VPP", [-222], {"VOLT?": 1.0}),
    ("VOLT 2V;VOLT:OFFS 4.5V", [-222], {"VOLT:OFFS?": 0.0}),
    ("VOLTage:LEVel:IMMediate:HIGH 2V;LOW 1V", [], {"VOLT?": 1.0, "VOLT:OFFS?": 1.5}),
    ("VOLT:HIGH -1V", [-222], {"VOLT:HIGH?": 0.5}),
    ("VOLT:LIM:HIGH 1V;LOW -0.6V;:VOLT 1.8", [-222], {"VOLT?": 1.0, "VOLT:LIM:HIGH?": 1.0}),
    ("VOLT:LIM:HIGH 0.2V", [-221], {"VOLT:LIM:HIGH?": 5.0}),
    ("OUTP1:IMP INF", [], {"VOLT?": 2.0, "OUTP1:IMP?": 9.9e37, "VOLT:LIM:HIGH?": 10.0}),
    ("OUTP1:IMP 100OHM", [], {"VOLT?": 4 / 3, "OUTP1:IMP?": 100.0}),
    ("OUTP1:IMP 0.5", [-222], {"OUTP1:IMP?": 50.0}),
    ("source1:output:impedance 50", [-113], {}),
    ("VOLT:UNIT VRMS;:VOLT 0.5", [], {"VOLT?": 0.5}),
    ("VOLT 1A", [-131], {}),
    ("BURS:NCYC 2000000", [-222], {"BURS:NCYC?": 5.0}),
    ("BURS:NCYC INF", [], {"BURS:NCYC?": 9.9e37}),
    ("BURS:TDEL 86", [-222], {"BURS:TDEL?": 0.0}),
    ("TRIG:SEQ:SOUR BUS", [-224], {}),
    ("*TRG", [-211], {}),
    ("FUNC USER2", [-221], {}),
    ("FUNC3 SIN", [-114], {}),
    ("SOUR3:FUNC SIN", [-114], {}),
    ("AM:STAT ON", [], {"AM:STAT?": 1.0}),
    ("AM:STAT ON;:FM:STAT ON", [], {"AM:STAT?": 0.0, "FM:STAT?": 1.0}),
    ("FSK:STAT ON;:BURS:STAT ON", [], {"FSK:STAT?": 0.0, "BURS:STAT?": 1.0}),
    ("FREQ:STAR 1e5;STOP 3e5", [], {"FREQ:CENT?": 2e5, "FREQ:SPAN?": 2e5}),
    ("AM:SOUR EXT", [-224], {}),
    ("AM:DEPT 130PCT", [-222], {"AM:DEPT?": 50.0}),
    ("AM:INT:FREQ 60kHz", [-222], {"AM:INT:FREQ?": 10e3}),
    ("SOUR3:POW 5PCT", [-113], {"SOUR3:POW?": 10.0}),
    ("DATA EMEM,#13abc", [-161], {}),
    ("DATA:DEF EMEM,1", [-222], {}),
    ("DATA:DEF EMEM,200000", [-222], {"DATA:POIN? EMEM": 1000.0}),
    ("DATA:DEF EMEM,10;:DATA:VAL EMEM,3,16382", [], {"DATA:VAL? EMEM,3": 16382.0, "DATA:VAL? EMEM,4": 8191.0}),
    ("TRAC:DEF EMEM,10;:TRACe:VAL EMEM,3,16382", [], {"DATA:VAL? EMEM,3": 16382.0, "TRAC:POIN? EMEM": 10.0}),
    ("DATA:VAL EMEM,3,16383", [-222], {}),
    ("DATA:COPY USER1,EMEM;:DATA:LOCK USER1,ON;:DATA:DEL USER1", [-221], {"DATA:LOCK? USER1": 1.0}),
    ("*RCL 3", [-224], {}),
])
def test_commands(afg: Any, sent: str, errors: list[int], answers: dict[str, float]) -> None:
    afg.send(afg.generator, sent)
    assert afg.errors(afg.generator) == errors
    for question, answer in answers.items():
        assert afg.number(afg.generator, question) == pytest.approx(answer, rel=1e-8), question


def test_a_code_beyond_the_highest_is_refused(afg: Any) -> None:
    afg.send(afg.generator, b"DATA EMEM,#14" + np.array([0, 16383], ">u2").tobytes())
    assert afg.errors(afg.generator) == [-222]


@pytest.mark.parametrize(("model", "edge"), [("afg31252", 2e-9), ("afg3252c", 2.5e-9), ("afg3102c", 5e-9)])
def test_a_pulse_has_the_width_at_half_and_the_edges_of_the_sheet(table: Any, model: str, edge: float) -> None:
    bench = table(imperfections=False, generator=f"tektronix_{model}", netlist=LOAD)
    g = bench.generator
    bench.send(g, "FUNC PULS", "PULS:HOLD WIDT", "PULS:WIDT 40ns", "PULS:PER 200ns", "PULS:TRAN:TRA 12ns",
               "VOLT:LOW 0", "VOLT:HIGH 2", "OUTP1 ON")
    assert not bench.errors(g)
    t, v = bench.voltages("a", 200e-9, 200_001)
    assert (v.max(), v.min()) == pytest.approx((2.0, 0.0), abs=2e-3)
    step = t[1] - t[0]
    assert np.count_nonzero(v > 1.0) * step == pytest.approx(40e-9, abs=0.05e-9)
    slope, between = np.gradient(v, t), (v > 0.2) & (v < 1.8)
    assert np.count_nonzero(between & (slope > 0)) * step == pytest.approx(edge, abs=0.12e-9)   # the scope's 14 pF
    assert np.count_nonzero(between & (slope < 0)) * step == pytest.approx(12e-9, abs=0.12e-9)


def test_an_open_output_has_twice_the_level(table: Any) -> None:
    bench = table(imperfections=False, generator="tektronix_afg3252c", netlist="R1 a 0 1e6\nR2 b 0 50\nC1 a 0 1p\n")
    bench.send(bench.generator, "FUNC DC", "VOLT:OFFS 1.2", "OUTP1 ON")
    assert not bench.errors(bench.generator)
    assert bench.voltages("a", 1e-6)[1][-1] == pytest.approx(2.4, rel=1e-3)


def bursts(bench: Any, seconds: float) -> Any:
    t, v = bench.voltages("a", seconds, 200_001)
    return t[1:][(v[:-1] <= 0.25) & (v[1:] > 0.25)]


def test_bursts_by_bus_by_line_by_level_and_by_the_timer(table: Any) -> None:
    bench = table(imperfections=False, generator="tektronix_afg31252", netlist=LOAD)
    g, line = bench.generator, bench.bench.line("test.out")
    bench.bench._wires["generator.external"] = "test.out"
    g.playback.listen()
    bench.send(g, "FUNC PULS", "PULS:HOLD WIDT", "PULS:WIDT 200ns", "VOLT:LOW 0", "VOLT:HIGH 0.5", "OUTP1 ON",
               "TRIG:SOUR EXT", "BURS:STAT ON")
    assert not bench.errors(g) and not len(bursts(bench, 20e-6))
    for count, message in ((1, b"*TRG"), (4, b"TRIG")):
        bench.send(g, f"BURS:NCYC {count}")
        bench.bench.begin_message()
        g.exchange.recv(message, True)
        found = bursts(bench, 20e-6)
        assert len(found) == count and found[0] == pytest.approx(75e-9, abs=10e-9)
    bench.send(g, "BURS:NCYC 2", "BURS:TDEL 2us")
    line.add(EdgeTrain(bench.bench.clock.now + 5e-6, 1e-6, 10e-6, 2))
    found = bursts(bench, 40e-6)
    assert len(found) == 4
    bench.send(g, "BURS:TDEL 0", "BURS:MODE GAT")
    line.add(EdgeTrain(bench.bench.clock.now + 5e-6, 3.5e-6, 20e-6, 1))
    assert len(bursts(bench, 40e-6)) == 4   # the fourth is completed
    bench.send(g, "BURS:MODE TRIG", "TRIG:SOUR TIM", "TRIG:TIM 10us")
    assert len(bursts(bench, 50e-6)) in (8, 9, 10, 11) and not bench.errors(g)


def test_completion_does_not_wait_for_a_burst(afg: Any) -> None:
    g = afg.generator
    afg.send(g, "FREQ 10", "BURS:NCYC 100", "TRIG:SOUR EXT", "BURS:STAT ON", "OUTP1 ON", "*TRG")
    begin = afg.bench.clock.now
    assert afg.ask(g, "*OPC?") == "1" and afg.bench.clock.now - begin < 1.0


def test_codes_become_levels(afg: Any) -> None:
    g = afg.generator
    codes = np.repeat([0, 16382, 8191, 12287], 8).astype(">u2").tobytes()
    afg.send(g, "DATA:DEFINE EMEM,32", b"DATA:DATA EMEM,#264" + codes, "DATA:COPY USER1,EMEM", "FUNC USER1",
             "FREQ 1e6", "VOLT 2", "OUTP1 ON")
    assert not afg.errors(g) and afg.ask(g, "DATA:CAT?") == '"EMEM","USER1"'
    _, v = afg.voltages("a", 1e-6, 4001)
    for level in (-1.0, 1.0, 0.0, 0.5):
        assert np.mean(np.abs(v - level) < 2e-3) == pytest.approx(0.25, abs=0.02)


def test_set_ups_are_saved_recalled_and_copied(afg: Any) -> None:
    g = afg.generator
    afg.send(g, "FUNC SQU", "FREQ 3e6", "VOLT 2", "VOLT:LIM:HIGH 1.5", "OUTP1 ON", "*SAV 1", "*RST", "*RCL 1")
    assert not afg.errors(g) and afg.ask(g, "FUNC?") == "SQU" and afg.ask(g, "OUTP1?") == "0"
    assert [afg.number(g, question) for question in ("FREQ?", "VOLT?", "VOLT:LIM:HIGH?")] == [3e6, 2.0, 1.5]
    afg.send(g, "AFGC:CSC CH1,CH2")
    assert [afg.number(g, question) for question in ("SOUR2:FREQ?", "SOUR2:VOLT?", "SOUR2:VOLT:LIM:HIGH?")] == [
        3e6, 2.0, 1.5]
    assert afg.ask(g, "SOUR2:FUNC?") == "SQU" and not afg.errors(g)


def test_levels_are_within_the_stated_accuracy(table: Any) -> None:
    errors = []
    for seed in range(8):
        bench = table(seed=seed, generator="tektronix_afg31252", netlist=LOAD)
        bench.send(bench.generator, "FUNC SQU", "VOLT 2", "VOLT:OFFS 1", "OUTP1 ON")
        _, volts = bench.voltages("a", 1e-6, 2001)
        errors.append((np.ptp(volts) - 2.0, (volts.max() + volts.min()) / 2 - 1.0))
    amplitude, offset = np.abs(errors).T
    assert amplitude.max() <= 0.01 * 2 + 1e-3 + 2e-3 and amplitude.max() > 3e-3
    assert offset.max() <= 0.01 * 1 + 5e-3 + 2e-3 and offset.max() > 2e-3


def test_modulations_and_sweeps_are_in_the_waveform(afg: Any) -> None:
    g = afg.generator
    afg.send(g, "FREQ 1e6", "VOLT 2", "AM:DEPT 100", "AM:INT:FREQ 50e3", "AM:STAT ON", "OUTP1 ON")
    assert not afg.errors(g)
    _, v = afg.voltages("a", 20e-6, 20_001)
    envelope = np.abs(v[:20_000]).reshape(20, 1000).max(axis=1)
    assert (envelope.max(), envelope.min()) == pytest.approx((1.0, 0.0), abs=0.05)
    afg.send(g, "AM:STAT OFF", "FREQ:STAR 1e5", "FREQ:STOP 1e6", "SWE:TIME 1ms", "SWE:RTIM 0", "FREQ:MODE SWE")
    assert not afg.errors(g)
    _, v = afg.voltages("a", 1e-3, 200_001)
    cycles = np.count_nonzero((v[1:] > 0) & (v[:-1] <= 0))
    assert cycles == pytest.approx(550, abs=3)
