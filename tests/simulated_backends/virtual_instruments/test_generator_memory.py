"""Stored set-ups, files, arbitrary waveforms and sequences of the 33500B/33600A, by the commands of its guide."""

from typing import Any

import numpy as np
import pytest

LOAD = "R1 a 0 50\nC1 a 0 1p\nR2 b 0 50\n"


def block(payload: bytes) -> bytes:
    length = str(len(payload)).encode()
    return b"#" + str(len(length)).encode() + length + payload


def test_a_stored_setup_comes_back(table: Any) -> None:
    bench = table(imperfections=False)
    g = bench.generator
    bench.send(g, "FUNC RAMP", "FREQ 2e3", "VOLT 3", "AM:STAT ON", "OUTP1 ON", "LIST:FREQ 5,6", "*SAV 2",
               "MEM:STAT:NAME 2,MINE")
    bench.send(g, "*RST", "MEM:STAT:REC:AUTO ON")
    assert (bench.ask(g, "FUNC?"), bench.ask(g, "OUTP?"), bench.ask(g, "AM:STAT?")) == ("SIN", "0", "0")
    bench.send(g, "*RCL 2")
    assert (bench.ask(g, "FUNC?"), bench.ask(g, "OUTP?"), bench.ask(g, "AM:STAT?")) == ("RAMP", "1", "1")
    assert (bench.number(g, "FREQ?"), bench.number(g, "VOLT?")) == (2e3, 3.0)
    assert [float(v) for v in bench.ask(g, "LIST:FREQ?").split(",")] == [5.0, 6.0]
    assert bench.ask(g, "MEM:STAT:CAT?") == '"AUTO_RECALL","STATE_1","MINE","STATE_3","STATE_4"'
    assert (bench.ask(g, "MEM:STAT:VAL? 2"), bench.ask(g, "MEM:STAT:VAL? 3")) == ("1", "0")
    assert bench.ask(g, "MEM:STAT:REC:AUTO?") == "1" and not bench.errors(g)
    bench.send(g, "*RCL 3", "*RCL 5", "MEM:STAT:DEL 2", "*RCL 2")
    assert bench.errors(g) == [810, -222, 810]


def test_states_and_lists_are_files(table: Any) -> None:
    bench = table(imperfections=False)
    g = bench.generator
    bench.send(g, 'MMEM:MDIR "INT:\\Lab"', 'MMEM:CDIR "INT:\\Lab"', "FREQ 7e3", 'MMEM:STOR:STAT "one"',
               "LIST:FREQ 10,20,30", 'MMEM:STOR:LIST "steps.lst"', "*RST", "LIST:FREQ 1,2", 'MMEM:LOAD:STAT "one"',
               'MMEM:LOAD:LIST "INT:\\LAB\\STEPS.LST"')
    assert not bench.errors(g)
    assert bench.number(g, "FREQ?") == 7e3 and bench.number(g, "LIST:FREQ:POIN?") == 3
    assert bench.ask(g, "MMEM:CDIR?") == '"INT:\\LAB"'
    assert '"ONE.STA,STAT,' in bench.ask(g, "MMEM:CAT:STAT?") and "STEPS" not in bench.ask(g, "MMEM:CAT:STAT?")
    bench.send(g, 'MMEM:COPY "one.sta","two.sta"', 'MMEM:MOVE "two.sta","three.sta"', "*RST", 'MMEM:LOAD:STAT "three"')
    assert bench.number(g, "FREQ?") == 7e3 and not bench.errors(g)
    bench.send(g, 'MMEM:LOAD:STAT "two"', 'MMEM:CDIR "INT:\\none"', 'MMEM:RDIR "INT:\\Lab"', 'MMEM:DEL "*.sta"',
               'MMEM:DEL "steps.lst"', 'MMEM:CDIR "INT:\\"', 'MMEM:RDIR "INT:\\Lab"', 'MMEM:COPY "a|b","c"')
    assert bench.errors(g) == [-256, -250, -250, -250]


def test_an_arb_file_goes_up_and_down(table: Any) -> None:
    bench = table(imperfections=False, netlist=LOAD)
    g = bench.generator
    stair = np.repeat([-1, 0, 1, 0], 10).astype("<f4").tobytes()
    bench.send(g, "FORM:BORD SWAP", b"SOUR1:DATA:ARB stair," + block(stair), 'MMEM:STOR:DATA1 "INT:\\STAIR.arb"')
    text = bench.ask_bytes(g, 'MMEM:UPL? "INT:\\STAIR.arb"')
    assert text[:1] == b"#" and b"Data Points:40" in text and not bench.errors(g)
    content = text[2 + int(text[1:2]):].replace(b"Sample Rate:40000", b"Sample Rate:20000")
    bench.send(g, 'MMEM:DOWN:FNAM "INT:\\COPY.arb"', b"MMEM:DOWN:DATA " + block(content), "DATA:VOL:CLE",
               'MMEM:LOAD:DATA1 "INT:\\COPY.arb"', 'FUNC:ARB "INT:\\COPY.arb"', "FUNC ARB", "FUNC:ARB:FILT OFF",
               "VOLT 2", "FUNC:ARB:SRAT 1e6", "OUTP ON")
    assert bench.ask(g, "DATA:VOL:CAT?") == '"INT:\\BUILTIN\\EXP_RISE.ARB","INT:\\COPY.ARB"'
    assert bench.number(g, "FUNC:ARB:PER?") == pytest.approx(40e-6) and not bench.errors(g)
    _, volts = bench.voltages("a", 200e-6)
    assert {level: np.mean(np.abs(volts - level) < 1e-3) for level in (-1.0, 0.0, 1.0)} == pytest.approx(
        {-1.0: 0.25, 0.0: 0.5, 1.0: 0.25}, abs=0.01)
    assert (bench.number(g, "DATA:ATTR:AVER?"), bench.number(g, "DATA:ATTR:PTP?")) == pytest.approx((0.0, 2.0))
    bench.send(g, 'MMEM:LOAD:DATA1 "INT:\\COPY.arb"', 'MMEM:LOAD:DATA1 "INT:\\BUILTIN\\SINC.arb"',
               'FUNC:ARB "INT:\\BUILTIN\\SINC.arb"', 'MMEM:STOR:DATA1 "INT:\\absent.arb"',
               b"MMEM:DOWN:DATA " + block(b"nonsense"), 'MMEM:LOAD:DATA2 "INT:\\COPY.arb"', "DATA:ARB2 x,0,1,0")
    assert bench.errors(g) == [786, 785, -250, -241]


def sequence(*steps: tuple[str, str, str, str, str], name: str = "seq") -> bytes:
    text = ",".join([f'"{name}"', *(f'"{step[0]}",{",".join(step[1:])}' for step in steps)])
    return b"DATA:SEQ " + block(text.encode())


def with_arbs(bench: Any) -> Any:
    g = bench.generator
    bench.send(g, "DATA:ARB low," + ",".join(["-1"] * 32), "DATA:ARB high," + ",".join(["1"] * 32),
               "DATA:ARB zero," + ",".join(["0"] * 32), "FUNC:ARB:FILT OFF", "FUNC:ARB:SRAT 32e3", "VOLT 2")
    return g


def test_a_sequence_repeats_its_waveforms(table: Any) -> None:
    bench = table(imperfections=False, netlist=LOAD)
    g = with_arbs(bench)
    bench.send(g, sequence(("low", "0", "once", "highAtStart", "5"), ("high", "3", "repeat", "maintain", "5"),
                           ("zero", "0", "once", "lowAtStart", "5")), "FUNC:ARB seq", "FUNC ARB")
    assert bench.ask(g, "DATA:VOL:CAT?").endswith('"SEQ"') and not bench.errors(g)
    bench.bench.begin_message()
    g.exchange.recv(b"OUTP ON", True)
    _, volts = bench.voltages("a", 9.9e-3, 9901)
    for milliseconds, level in ((0, -1), (1, 1), (2, 1), (3, 1), (4, 0), (5, -1), (6, 1)):
        assert volts[int(milliseconds * 1000 + 500)] == pytest.approx(level, abs=1e-3)
    bench.send(g, sequence(("nothing", "0", "once", "maintain", "5"), name="a"),
               sequence(("low", "0", "forever", "maintain", "5"), name="b"),
               sequence(("low", "0", "once", "maintain", "2"), name="c"),
               sequence(("low", "0", "once", "maintain", "5")))
    assert bench.errors(g) == [785, -224, -222, 786]


def test_a_sequence_waits_for_triggers(table: Any) -> None:
    bench = table(imperfections=False, netlist=LOAD)
    g = with_arbs(bench)
    bench.send(g, sequence(("low", "0", "repeatTilTrig", "maintain", "5"),
                           ("high", "0", "onceWaitTrig", "maintain", "5"), ("zero", "0", "repeatInf", "maintain", "5")),
               "FUNC:ARB seq", "TRIG:SOUR BUS", "FUNC ARB", "OUTP ON")
    assert int(bench.ask(g, "STAT:OPER:COND?")) & 0x20
    assert np.unique(np.round(bench.voltages("a", 10e-3, 101)[1], 2)).tolist() == [-1.0]
    bench.send(g, "*TRG")
    assert bench.voltages("a", 20e-3, 101)[1][-1] == pytest.approx(1.0, abs=1e-3)
    bench.send(g, "*TRG")
    assert bench.voltages("a", 20e-3, 101)[1][-1] == pytest.approx(0.0, abs=1e-3)
    assert not bench.errors(g)
    bench.send(g, "*TRG")
    assert bench.errors(g) == [-211]


def test_a_waveform_goes_on_point_by_point(table: Any) -> None:
    bench = table(imperfections=False, netlist=LOAD)
    g = bench.generator
    bench.send(g, "DATA:ARB steps," + ",".join(f"{k / 40}" for k in range(40)), "FUNC:ARB steps", "VOLT 2",
               "FUNC:ARB:ADV TRIG", "TRIG:SOUR BUS", "FUNC ARB", "OUTP ON")
    levels = []
    for _ in range(4):
        levels.append(bench.voltages("a", 1e-3, 11)[1][-1])
        bench.send(g, "*TRG")
    assert levels == pytest.approx([0.0, 0.025, 0.05, 0.075], abs=1e-3)


def test_the_built_in_waveforms_are_files(table: Any) -> None:
    bench = table()
    names = bench.ask(bench.generator, 'MMEM:CAT:DATA? "INT:\\BUILTIN"')
    assert all(f'"{name}.ARB' in names for name in ("CARDIAC", "D_LORENTZ", "EXP_FALL", "EXP_RISE", "GAUSSIAN",
                                                     "HAVERSINE", "LORENTZ", "NEG_RAMP", "SINC"))
    bench.send(bench.generator, 'MMEM:DEL "INT:\\BUILTIN\\SINC.ARB"')
    assert bench.errors(bench.generator) == [-250]
