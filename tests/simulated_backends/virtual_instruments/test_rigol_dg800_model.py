"""Simulated DG800/900: its commands, and what it does at the load: edges, widths, bursts, limits, points."""

from typing import Any

import numpy as np
import pytest

from tsbench.simulated_backends.services.trigger_lines import EdgeTrain

LOAD = "R1 a 0 50\nC1 a 0 0.1p\nR2 b 0 50\n"


@pytest.fixture
def dg(table: Any) -> Any:
    return table(imperfections=False, generator="rigol_dg992", netlist=LOAD)


def test_identity_and_reset(dg: Any) -> None:
    g = dg.generator
    assert dg.ask(g, "*IDN?").startswith("Rigol Technologies,DG992,SIM")
    dg.send(g, ":SOUR1:FUNC PULS", ":SOUR1:FREQ 2e6", ":SOUR1:VOLT 2", ":OUTP1 ON", "*RST")
    assert dg.ask(g, ":SOUR1:APPL?") == '"SIN,1.000000E+03,5.000000E+00,0.000000E+00,0.000000E+00"'
    assert (dg.ask(g, ":OUTP1?"), dg.ask(g, ":SOUR1:BURS:STAT?"), dg.ask(g, ":OUTP2:LOAD?")) == (
        "OFF", "OFF", "5.000000E+01")
    assert dg.ask(g, ":SYST:ERR?") == '0,"No error"'


@pytest.mark.parametrize(("sent", "errors", "answers"), [
    (":SOUR1:PULS:WIDT 1e-6", [], {":SOUR1:FUNC:PULS:WIDT?": 1e-6}),
    (":SOUR1:PULS:WIDT 1e-9", [-222], {":SOUR1:PULS:WIDT?": 16e-9}),
    (":SOUR1:PULS:TRAN 1e-9", [-222], {":SOUR1:PULS:TRAN?": 8e-9}),
    (":SOUR1:FUNC:PULS:TRAN 0.000000035", [], {":SOUR1:PULS:TRAN:LEAD?": 35e-9, ":SOUR1:PULS:TRAN:TRA?": 35e-9}),
    (":SOUR1:FUNC PULS;:SOUR1:FREQ 1e6;:SOUR1:PULS:WIDT 1e-7;:SOUR1:PULS:TRAN 1e-6", [],
     {":SOUR1:PULS:TRAN?": 80e-9, ":SOUR1:PULS:WIDT?": 1e-7}),
    (":SOUR1:FUNC PULS;:SOUR1:PULS:HOLD WIDT;:SOUR1:PULS:WIDT 1e-6;:SOUR1:PER 1e-4", [],
     {":SOUR1:PULS:WIDT?": 1e-6, ":SOUR1:FREQ?": 1e4}),
    (":SOUR1:FUNC PULS;:SOUR1:PULS:DCYC 10", [], {":SOUR1:PULS:WIDT?": 1e-4}),
    (":SOUR1:FUNC PULS;:SOUR1:FREQ 40e6", [-222], {":SOUR1:FREQ?": 25e6}),
    (":SOUR1:VOLT 12", [-222], {":SOUR1:VOLT?": 10.0}),
    (":SOUR1:VOLT 2;:SOUR1:VOLT:OFFS 4.5", [-222], {":SOUR1:VOLT:OFFS?": 4.0}),
    (":SOUR1:VOLT:HIGH 2;LOW 1", [], {":SOUR1:VOLT?": 1.0, ":SOUR1:VOLT:OFFS?": 1.5}),
    (":OUTP1:IMP INF", [], {":SOUR1:VOLT?": 10.0, ":OUTP1:LOAD?": 9.9e37}),
    (":OUTP1:LOAD 0.5", [-222], {":OUTP1:LOAD?": 1.0}),
    (":SOUR1:VOLT 1;:OUTP1:VOLL:HIGH 1;LOW -1;STAT ON;:SOUR1:VOLT 3", [-222], {":SOUR1:VOLT?": 1.0}),
    (":OUTP1:VOLL:HIGH 1;STAT ON", [-221], {}),
    (":SOUR1:VOLT 1A", [-131], {}),
    (":SOUR1:FREQ 1 kOhm", [-131], {}),
    (":SOUR1:BURS:NCYC 2000000", [-222], {":SOUR1:BURS:NCYC?": 1e6}),
    (":SOUR1:BURS:MODE INF;:SOUR1:BURS:TRIG:SOUR INT", [-221], {}),
    (":SOUR1:BURS:STAT ON;:SOUR1:BURS:NCYC 100", [], {":SOUR1:BURS:INT:PER?": 0.1 + 2e-6}),
    (":SOUR1:BURS:TRIG", [-211], {}),
    ("*TRG", [-211], {}),
    (":SOUR1:APPL:PULS 1e6,2,0.5,0", [], {":SOUR1:FREQ?": 1e6, ":SOUR1:VOLT?": 2.0, ":SOUR1:VOLT:OFFS?": 0.5}),
    (":SOUR1:APPL:DC 1,1,0.7", [], {":SOUR1:VOLT:OFFS?": 0.7}),
    (":SOUR1:FUNC TRI", [-224], {}),
    (":SOUR3:FUNC SIN", [-114], {}),
    (":SOUR1:AM:STAT ON", [-113], {}),
    (":SOUR1:TRAC:DATA:DAC16 VOLATILE,END,#13abc", [-161], {}),
    (":SOUR1:TRAC:DATA:DAC16 VOLATILE,END,#14abcd", [-222], {}),   # two points
    (":SOUR1:TRAC:DATA:DAC16 VOLATILE,LAST,#14abcd", [-224], {}),
])
def test_commands(dg: Any, sent: str, errors: list[int], answers: dict[str, float]) -> None:
    dg.send(dg.generator, sent)
    assert dg.errors(dg.generator) == errors
    for question, answer in answers.items():
        assert dg.number(dg.generator, question) == pytest.approx(answer, rel=1e-6), question


def test_the_text_of_an_unknown_header(dg: Any) -> None:
    dg.send(dg.generator, ":NONSENSE 1")
    assert dg.ask(dg.generator, ":SYST:ERR?") == '-113,"Undefined header; keyword cannot be found"'


@pytest.mark.parametrize(("model", "edge"), [("dg822", 10e-9), ("dg992", 8e-9)])
def test_a_pulse_has_the_width_at_half_and_the_edges_of_the_sheet(table: Any, model: str, edge: float) -> None:
    bench = table(imperfections=False, generator=f"rigol_{model}", netlist=LOAD)
    g = bench.generator
    bench.send(g, ":SOUR1:FUNC PULS", ":SOUR1:PER 200e-9", ":SOUR1:PULS:WIDT 80e-9", f":SOUR1:PULS:TRAN {edge}",
               ":SOUR1:PULS:TRAN:TRA 24e-9", ":SOUR1:VOLT:LOW 0", ":SOUR1:VOLT:HIGH 2", ":OUTP1 ON")
    assert not bench.errors(g)
    t, v = bench.voltages("a", 200e-9, 200_001)
    assert (v.max(), v.min()) == pytest.approx((2.0, 0.0), abs=2e-3)
    step = t[1] - t[0]
    assert np.count_nonzero(v > 1.0) * step == pytest.approx(80e-9, abs=0.05e-9)
    slope, between = np.gradient(v, t), (v > 0.2) & (v < 1.8)
    assert np.count_nonzero(between & (slope > 0)) * step == pytest.approx(edge, abs=0.12e-9)   # the scope's 14 pF
    assert np.count_nonzero(between & (slope < 0)) * step == pytest.approx(24e-9, abs=0.12e-9)


def bursts(bench: Any, seconds: float) -> Any:
    t, v = bench.voltages("a", seconds, 200_001)
    return t[1:][(v[:-1] <= 0.25) & (v[1:] > 0.25)]


def test_bursts_by_hand_by_line_by_level_and_by_themselves(table: Any) -> None:
    bench = table(imperfections=False, generator="rigol_dg992", netlist=LOAD)
    g, line = bench.generator, bench.bench.line("test.out")
    bench.bench._wires["generator.external"] = "test.out"
    g.playback.listen()
    bench.send(g, ":SOUR1:FUNC PULS", ":SOUR1:PER 1e-6", ":SOUR1:PULS:WIDT 200e-9", ":SOUR1:VOLT:LOW 0",
               ":SOUR1:VOLT:HIGH 0.5", ":OUTP1 ON", ":SOUR1:BURS:TRIG:SOUR MAN", ":SOUR1:BURS:STAT ON")
    assert not bench.errors(g) and not len(bursts(bench, 20e-6))
    for count, message in ((1, b":SOUR1:BURS:TRIG"), (4, b"*TRG"), (2, b":TRIG1")):
        bench.send(g, f":SOUR1:BURS:NCYC {count}")
        bench.bench.begin_message()
        g.exchange.recv(message, True)
        found = bursts(bench, 20e-6)
        assert len(found) == count and found[0] == pytest.approx(400e-9, abs=20e-9)
    bench.send(g, ":SOUR1:BURS:TRIG:SOUR EXT")
    line.add(EdgeTrain(bench.bench.clock.now + 5e-6, 1e-6, 10e-6, 2))
    assert len(bursts(bench, 40e-6)) == 4
    bench.send(g, ":SOUR1:BURS:MODE GAT")
    line.add(EdgeTrain(bench.bench.clock.now + 5e-6, 3.5e-6, 20e-6, 1))
    assert len(bursts(bench, 40e-6)) == 4   # the fourth is completed
    bench.send(g, ":SOUR1:BURS:MODE TRIG", ":SOUR1:BURS:TRIG:SOUR INT", ":SOUR1:BURS:INT:PER 10e-6")
    assert len(bursts(bench, 50e-6)) in (8, 9, 10, 11) and not bench.errors(g)


def test_packages_of_codes_become_levels(dg: Any) -> None:
    g = dg.generator
    first, second = (np.repeat(codes, 16).astype("<u2").tobytes() for codes in ([0, 16383], [8192, 12287]))
    dg.send(g, b":SOUR1:TRAC:DATA:DAC16 VOLATILE,CON,#264" + first)
    assert dg.ask(g, ":SOUR1:FUNC?") == "SIN"
    dg.send(g, b":SOUR1:TRAC:DATA:DAC16 VOLATILE,END,#264" + second, ":SOUR1:FREQ 1e6", ":SOUR1:VOLT 2", ":OUTP1 ON")
    assert not dg.errors(g) and dg.ask(g, ":SOUR1:FUNC?") == "USER"
    _, v = dg.voltages("a", 1e-6, 4001)
    for level in (-1.0, 1.0, 0.0, 0.5):
        assert np.mean(np.abs(v - level) < 2e-3) == pytest.approx(0.25, abs=0.03)


def test_levels_are_within_the_stated_accuracy(table: Any) -> None:
    errors = []
    for seed in range(8):
        bench = table(seed=seed, generator="rigol_dg992", netlist=LOAD)
        bench.send(bench.generator, ":SOUR1:FUNC SQU", ":SOUR1:FREQ 1e6", ":SOUR1:VOLT 2", ":SOUR1:VOLT:OFFS 1",
                   ":OUTP1 ON")
        _, volts = bench.voltages("a", 1e-6, 2001)
        errors.append((np.ptp(volts) - 2.0, (volts.max() + volts.min()) / 2 - 1.0))
    amplitude, offset = np.abs(errors).T
    assert amplitude.max() <= 0.01 * 2 + 5e-3 + 2e-3 and amplitude.max() > 3e-3
    assert offset.max() <= 0.01 * 1 + 0.005 * 2 + 5e-3 + 2e-3 and offset.max() > 2e-3
