"""Simulated 81160A/81150A: its commands, and what it does at the load: edges, widths, complement, bursts, limits."""

from typing import Any

import numpy as np
import pytest

from tsbench.simulated_backends.services.trigger_lines import EdgeTrain
from tsbench.simulated_backends.virtual_instruments.instrument import Placement
from tsbench.simulated_backends.virtual_instruments.registry import instrument_class

LOAD = "R1 a 0 50\nC1 a 0 0.1p\nR2 b 0 50\n"


@pytest.fixture
def pulser(table: Any) -> Any:
    return table(imperfections=False, generator="keysight_81160a", netlist=LOAD)


def numbers(bench: Any, *questions: str) -> list[float]:
    return [bench.number(bench.generator, question) for question in questions]


def test_identity_and_reset(pulser: Any) -> None:
    g = pulser.generator
    assert pulser.ask(g, "*IDN?").startswith("Agilent Technologies,81160A,SIM")
    pulser.send(g, ":FUNC1 PULS", ":FREQ1 2e6", ":VOLT1 2", ":OUTP1 ON", ":OUTP1:COMP ON", "*RST")
    assert numbers(pulser, ":FREQ1?", ":VOLT1?", ":VOLT1:OFFS?", ":PULS:PER2?", ":OUTP1?", ":OUTP1:COMP?") == (
        pytest.approx([1e6, 1.0, 0.0, 1e-6, 0, 0]))
    assert pulser.ask(g, ":FUNC1?") == "SIN" and pulser.ask(g, ":ARM:SOUR1?") == "IMM"


@pytest.mark.parametrize(("sent", "errors", "answers"), [
    (":PULS:WIDT1 2ns", [], {":FUNC1:PULS:WIDT?": 2e-9}),
    (":FUNC2:PULS:WIDT 3NS", [], {":PULS:WIDT2?": 3e-9}),
    (":PULS:WIDT1 1e-9", [-222], {":PULS:WIDT1?": 1.5e-9}),
    (":FUNC1:PULS:TRAN 0.5e-9", [-222], {":PULS:TRAN1?": 1e-9, ":PULS:TRAN1:TRA?": 1e-9}),
    (":PULS:TRAN1 5e-9", [], {":PULS:TRAN1:TRA?": 5e-9, ":PULS:TRAN1:TRA:AUTO?": 1}),
    (":PULS:TRAN1:TRA 4e-9;:PULS:TRAN1 5e-9", [], {":PULS:TRAN1:TRA?": 4e-9, ":PULS:TRAN1:TRA:AUTO?": 0}),
    (":FUNC1 PULS;:PULS:PER1 3e-9", [-222, -221], {":PULS:PER1?": 1 / 330e6, ":PULS:TRAN1?": 1e-9}),
    (":FUNC1 PULS;:PULS:WIDT1 5e-6", [-221], {":PULS:WIDT1?": 1e-6 - 1.5e-9}),
    (":PULS:WIDT1 5e-6", [], {":PULS:WIDT1?": 5e-6}),   # another function plays
    (":VOLT1 6", [-222], {":VOLT1?": 5.0}),
    (":VOLT1:OFFS 4.9", [-221], {":VOLT1:OFFS?": 4.9, ":VOLT1?": 0.2}),
    (":VOLT1:OFFS 5", [-222], {":VOLT1:OFFS?": 4.975, ":VOLT1?": 0.05}),
    (":FREQ1 400e6;:VOLT1 5", [-222], {":VOLT1?": 3.0}),
    (":FREQ1 400e6;:FUNC1 SQU", [-221], {":FREQ1?": 330e6}),
    (":VOLT1:HIGH 2;LOW 1", [], {":VOLT1?": 1.0, ":VOLT1:OFFS?": 1.5}),
    (":OUTP1:LOAD INF", [], {":VOLT1?": 2.0, ":OUTP1:LOAD?": 9.9e37}),
    (":OUTP1:LOAD 0.1", [-222], {":OUTP1:LOAD?": 0.3}),
    (":VOLT1:LIM:HIGH 1;STAT ON;:VOLT1:HIGH 2", [-222], {":VOLT1:HIGH?": 0.5}),
    (":VOLT1:LIM:LOW 0;STAT ON", [-221], {":VOLT1:LIM:STAT?": 0}),
    (":TRIG1:COUN 5", [], {":BURS1:STAT?": 1, ":BURS1:NCYC?": 5}),
    (":BURS1:NCYC 1", [-222], {":BURS1:NCYC?": 2, ":TRIG1:COUN?": 1}),
    (":ARM:SENS1 LEV", [], {":TRIG1:COUN?": 1}),
    (":APPL1:PULS 1e6,2,0.5", [], {":FREQ1?": 1e6, ":VOLT1?": 2.0, ":VOLT1:OFFS?": 0.5, ":OUTP1?": 1}),
    (":APPL2:SIN", [], {":FREQ2?": 1e3, ":VOLT2?": 1.0, ":OUTP2?": 1}),
    (":APPL1:DC DEF, DEF, 4.995", [], {":VOLT1:OFFS?": 4.995}),
    (":FUNC3 SIN", [-114], {}),
    (":OUTP1:IMP 5", [-113], {}),   # of the 81150A
    (":VOLT1 1 A", [-131], {}),
    (":FUNC1 TRI", [-224], {}),
    ("*TRG", [-211], {}),
    (":DATA1:DAC VOLATILE,8192,0", [-222], {}),
    (":DATA1:DAC OTHER,1,0", [-224], {}),
    (":DATA1:COPY A", [780], {}),
    (":DATA1 VOLATILE,0,1;:DATA1:COPY 1A,VOLATILE", [-224], {}),
    (":FUNC1:USER NOTHING", [785], {}),
    (":DATA1:DEL SINC", [786], {}),
])
def test_commands(pulser: Any, sent: str, errors: list[int], answers: dict[str, float]) -> None:
    pulser.send(pulser.generator, sent)
    assert pulser.errors(pulser.generator) == errors
    for question, answer in answers.items():
        assert pulser.number(pulser.generator, question) == pytest.approx(answer, rel=1e-9), question


def test_a_pulse_has_the_width_at_half_and_the_edges_of_the_sheet(pulser: Any) -> None:
    g = pulser.generator
    pulser.send(g, ":FUNC1 PULS", ":PULS:WIDT1 20ns", ":PULS:PER1 100ns", ":PULS:TRAN1 2ns", ":PULS:TRAN1:TRA 6ns",
                ":VOLT1:LOW 0", ":VOLT1:HIGH 2", ":OUTP1 ON")
    assert not pulser.errors(g)
    t, v = pulser.voltages("a", 100e-9, 100_001)
    assert (v.max(), v.min()) == pytest.approx((2.0, 0.0), abs=2e-3)
    step = t[1] - t[0]
    assert np.count_nonzero(v > 1.0) * step == pytest.approx(20e-9, abs=0.05e-9)
    slope = np.gradient(v, t)
    between = (v > 0.2) & (v < 1.8)
    assert np.count_nonzero(between & (slope > 0)) * step == pytest.approx(2e-9, abs=0.12e-9)   # the scope's 14 pF
    assert np.count_nonzero(between & (slope < 0)) * step == pytest.approx(6e-9, abs=0.12e-9)


def test_the_complement_is_the_output_upside_down(table: Any) -> None:
    from tsbench.netlist import Netlist, parse_netlist
    from tsbench.simulated_backends.circuit.build import build_circuit

    bench = table(imperfections=False, generator="keysight_81160a", netlist=LOAD)
    g = instrument_class("keysight_81160a")(
        bench.bench, Placement("pulser", "SIM9", {"1": "a", "1_complement": "b"}))
    parts = [*parse_netlist(LOAD, ["a", "b"]).elements, *g.attachment().elements]
    assert [part.name for part in parts[-4:]] == [
        "V_pulser_1_emf", "R_pulser_1_output", "V_pulser_1_complement_emf", "R_pulser_1_complement_output"]
    bench.bench.install(build_circuit(Netlist(tuple(parts))))
    g.connect()
    bench.send(g, ":FUNC1 PULS", ":PULS:PER1 1us", ":PULS:WIDT1 300ns", ":VOLT1:LOW -0.5", ":VOLT1:HIGH 1.5",
               ":OUTP1 ON")
    assert np.ptp(bench.voltages("b", 2e-6)[1]) < 1e-6 and g.output_states()["1_complement"] is False
    bench.send(g, ":OUTP1:COMP ON")
    _, v = bench.voltages("b", 1e-6)
    assert (v.max(), v.min()) == pytest.approx((1.5, -0.5), abs=2e-3)
    assert np.mean(v < 0.5) == pytest.approx(0.3, abs=0.01)
    bench.send(g, ":OUTP1 OFF")   # the complement goes on alone
    assert np.ptp(bench.voltages("b", 2e-6)[1]) == pytest.approx(2.0, abs=4e-3)
    assert np.ptp(bench.voltages("a", 2e-6)[1]) < 1e-6
    bench.send(g, "*RST")
    assert g.output_states() == dict.fromkeys(("1", "2", "1_complement", "2_complement"), False)


@pytest.mark.parametrize(("messages", "high"), [
    ((), 1.0), ((":OUTP1:ROUT HIV",), 1.0), ((":OUTP1:ROUT HIV", ":OUTP1:IMP 5"), 1.0),
])
def test_another_load_shows_the_output_resistance(table: Any, messages: tuple[str, ...], high: float) -> None:
    bench = table(imperfections=False, generator="keysight_81150a", netlist="R1 a 0 200\nR2 b 0 50\nC1 a 0 1p\n")
    g = bench.generator
    bench.send(g, *messages, ":FUNC1 DC", f":VOLT1:OFFS {high}", ":OUTP1 ON")
    assert not bench.errors(g)
    source = 5.0 if ":OUTP1:IMP 5" in messages else 50.0
    emf = high * (50 + source) / 50   # levels are meant for 50 Ohm
    assert bench.voltages("a", 1e-6)[1][-1] == pytest.approx(emf * 200 / (200 + source), rel=1e-3)


def test_amplifiers_of_the_81150a(table: Any) -> None:
    bench = table(imperfections=False, generator="keysight_81150a")
    g = bench.generator
    bench.send(g, ":OUTP1:IMP 5")
    assert bench.errors(g) == [-221]
    bench.send(g, ":VOLT1 20")
    assert bench.errors(g) == [-222] and bench.number(g, ":VOLT1?") == 5.0
    bench.send(g, ":OUTP1:ROUT HIV", ":VOLT1 10", ":OUTP1:IMP 5", ":VOLT1 20")
    assert not bench.errors(g) and bench.number(g, ":VOLT1?") == 20.0
    bench.send(g, ":OUTP1:IMP 50")
    assert bench.errors(g) == [-221] and bench.number(g, ":VOLT1?") == 10.0
    assert bench.number(g, ":PULS:TRAN1?") == 7.5e-9


def bursts(bench: Any, seconds: float) -> Any:
    t, v = bench.voltages("a", seconds, 200_001)
    return t[1:][(v[:-1] <= 0.25) & (v[1:] > 0.25)]


def test_bursts_by_hand_by_line_by_level_and_by_themselves(table: Any) -> None:
    bench = table(imperfections=False, generator="keysight_81160a", netlist=LOAD)
    g, line = bench.generator, bench.bench.line("test.out")
    bench.bench._wires["generator.external"] = "test.out"
    g.playback.listen()
    bench.send(g, ":FUNC1 PULS", ":PULS:PER1 1us", ":PULS:WIDT1 200ns", ":VOLT1:LOW 0", ":VOLT1:HIGH 0.5", ":OUTP1 ON",
               ":ARM:SOUR1 MAN")
    assert not len(bursts(bench, 20e-6))
    assert int(bench.ask(g, ":STAT:OPER:COND?")) & 0x20
    for count in (1, 4):
        bench.send(g, f":TRIG1:COUN {count}")
        bench.bench.begin_message()
        g.exchange.recv(b"*TRG", True)
        found = bursts(bench, 20e-6)
        assert len(found) == count and found[0] == pytest.approx(600e-9, abs=10e-9)
    bench.send(g, ":ARM:SOUR1 EXT", ":TRIG1:COUN 2")
    line.add(EdgeTrain(bench.bench.clock.now + 5e-6, 1e-6, 10e-6, 2))
    assert len(bursts(bench, 40e-6)) == 4
    bench.send(g, ":ARM:SENS1 LEV", ":ARM:SOUR1 EXT")
    line.add(EdgeTrain(bench.bench.clock.now + 5e-6, 3.5e-6, 20e-6, 1))
    assert len(bursts(bench, 40e-6)) == 4   # the fourth is completed
    bench.send(g, ":ARM:SENS1 EDGE", ":ARM:SOUR1 INT2", ":ARM:PER1 10e-6")
    assert len(bursts(bench, 50e-6)) in (8, 9, 10, 11)
    bench.send(g, ":ARM:SOUR1 IMM", ":BURS1:INT:PER 20e-6")
    assert len(bursts(bench, 200e-6)) in (20, 21) and not bench.errors(g)


def test_codes_become_levels(pulser: Any) -> None:
    g = pulser.generator
    codes = np.repeat([-8191, 8191, 0, 4096], 8).astype(">i2").tobytes()
    pulser.send(g, b":DATA1:DAC VOLATILE,#264" + codes, ":DATA1:COPY STAIR, VOLATILE", ":FUNC1:USER STAIR",
                ":FUNC1 USER", ":FREQ1 1e6", ":VOLT1 2", ":OUTP1 ON")
    assert not pulser.errors(g) and pulser.ask(g, ":DATA1:NVOL:CAT?") == '"STAIR"'
    assert pulser.number(g, ":DATA1:NVOL:FREE?") == 3 and pulser.ask(g, ":DATA2:NVOL:CAT?") == '""'
    _, v = pulser.voltages("a", 1e-6, 4001)
    for level in (-1.0, 1.0, 0.0, 0.5):
        assert np.mean(np.abs(v - level) < 2e-3) == pytest.approx(0.25, abs=0.02)
    pulser.send(g, ":DATA1:DEL STAIR", ":DATA1:DAC VOLATILE,#13abc", ":DATA1:DEL:ALL")
    assert pulser.errors(g) == [787, 800, 787]


def test_a_channel_is_copied_to_the_other(pulser: Any) -> None:
    g = pulser.generator
    pulser.send(g, ":FUNC1 SQU", ":FREQ1 3e6", ":VOLT1 2", ":TRAC:CHAN1 ON")
    assert pulser.ask(g, ":FUNC2?") == "SQU" and numbers(pulser, ":FREQ2?", ":VOLT2?") == [3e6, 2.0]
    assert pulser.ask(g, ":TRAC:CHAN1?") == "1" and pulser.ask(g, ":APPL2?").startswith('"SQU +3.0')


def test_levels_are_within_the_stated_accuracy(table: Any) -> None:
    errors = []
    for seed in range(12):
        bench = table(seed=seed, generator="keysight_81160a", netlist=LOAD)
        bench.send(bench.generator, ":FUNC1 SQU", ":FREQ1 1e6", ":VOLT1 2", ":VOLT1:OFFS 1", ":OUTP1 ON")
        _, volts = bench.voltages("a", 1e-6, 2001)
        errors.append((np.ptp(volts) - 2.0, (volts.max() + volts.min()) / 2 - 1.0))
    amplitude, offset = np.abs(errors).T
    assert amplitude.max() <= 0.015 * 2 + 5e-3 + 2e-3 and amplitude.max() > 5e-3
    assert offset.max() <= 0.01 * 1 + 0.01 * 2 + 25e-3 + 2e-3 and offset.max() > 5e-3


def test_triggers_jitter_behind_the_latency(table: Any) -> None:
    bench = table(generator="keysight_81160a", netlist=LOAD)
    g = bench.generator
    bench.send(g, ":FUNC1 PULS", ":PULS:WIDT1 200ns", ":VOLT1:LOW 0", ":VOLT1:HIGH 0.5", ":OUTP1 ON", ":ARM:SOUR1 MAN")
    bench.bench.clock.wait(10e-3)
    late = []
    for _ in range(40):
        bench.bench.begin_message()
        g.exchange.recv(b"*TRG", True)
        times, volts = bench.voltages("a", 1e-6, 100_001)
        late.append(times[np.argmax(volts > 0.25)] - 600e-9)
        bench.bench.clock.wait(2e-6)
    assert min(late) > 0.0 and np.std(late) == pytest.approx(0.06e-9, rel=0.35)   # |normal| of 0.1 ns rms
