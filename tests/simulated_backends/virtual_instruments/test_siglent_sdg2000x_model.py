"""Simulated SDG2000X: its commands, and what it does at the load: edges, widths, bursts, points."""

from typing import Any

import numpy as np
import pytest

from tsbench.simulated_backends.services.trigger_lines import EdgeTrain
from tsbench.simulated_backends.virtual_instruments.siglent_sdg2000x.pairs import PointsFraming

LOAD = "R1 a 0 50\nC1 a 0 0.1p\nR2 b 0 50\n"


@pytest.fixture
def sdg(table: Any) -> Any:
    return table(imperfections=False, generator="siglent_sdg2122x", netlist=LOAD)


def fields(bench: Any, question: str) -> dict[str, str]:
    words = bench.ask(bench.generator, question).partition(" ")[2].split(",")
    return dict(zip(words[::2], words[1::2], strict=False))


def test_identity_and_reset(sdg: Any) -> None:
    g = sdg.generator
    assert sdg.ask(g, "*IDN?").startswith("Siglent Technologies,SDG2122X,SIM")
    sdg.send(g, "C1:BSWV WVTP,PULSE,AMP,2", "C1:OUTP ON,LOAD,50", "C1:SYNC ON", "*RST")
    assert sdg.ask(g, "C1:BSWV?") == (
        "C1:BSWV WVTP,SINE,FRQ,1000HZ,PERI,0.001S,AMP,4V,AMPVRMS,1.414Vrms,OFST,0V,HLEV,2V,LLEV,-2V,PHSE,0")
    assert sdg.ask(g, "C1:OUTP?") == "C1:OUTP OFF,LOAD,HZ,PLRT,NOR"
    assert sdg.ask(g, "C2:BTWV?") == "C2:BTWV STATE,OFF" and sdg.ask(g, "C1:SYNC?") == "C1:SYNC OFF"
    assert sdg.ask(g, "C1:SRATE?") == "C1:SRATE MODE,DDS"


@pytest.mark.parametrize(("sent", "errors", "question", "answers"), [
    ("C1:BSWV WVTP,PULSE,FRQ,1e4HZ,WIDTH,1e-6S,RISE,1e-8,FALL,2e-8S", [], "C1:BSWV?",
     {"WIDTH": "1e-06", "RISE": "1e-08S", "FALL": "2e-08S", "PERI": "0.0001S", "DUTY": "1"}),
    ("C1:BASIC_WAVE WVTP,PULSE,WIDTH,1e-9,RISE,1e-9", [], "C1:BSWV?", {"WIDTH": "1.63e-08", "RISE": "8.4e-09S"}),
    ("C1:BSWV WVTP,PULSE", [], "C1:BSWV?", {"RISE": "8.4e-09S", "FALL": "8.4e-09S"}),   # after a reset
    ("*RST;C2:BSWV WVTP,PULSE", [], "C2:BSWV?", {"RISE": "8.4e-09S", "FALL": "8.4e-09S"}),
    ("C1:BSWV WVTP,PULSE,FRQ,1e9", [], "C1:BSWV?", {"FRQ": "25000000HZ"}),
    ("C1:BSWV WIDTH,1e-6", [], "C1:BSWV?", {"WVTP": "SINE"}),   # of a pulse: ignored
    ("C1:BSWV AMP,30", [], "C1:BSWV?", {"AMP": "20V"}),
    ("C1:BSWV AMP,2V,OFST,9.5V", [], "C1:BSWV?", {"OFST": "9V"}),
    ("C1:BSWV HLEV,3,LLEV,1", [], "C1:BSWV?", {"AMP": "2V", "OFST": "2V"}),
    ("C1:OUTP LOAD,50", [], "C1:BSWV?", {"AMP": "2V"}),
    ("C1:OUTPUT LOAD,1", [], "C1:OUTP?", {"OFF": "LOAD", "50": "PLRT"}),
    ("C1:OUTP PLRT,INVT", [], "C1:OUTP?", {"HZ": "PLRT"}),
    ("C1:BSWV WVTP,DC,OFST,1.5", [], "C1:BSWV?", {"WVTP": "DC", "OFST": "1.5V"}),
    ("C1:BTWV STATE,ON,TRSR,MAN,TIME,3,CARR,WVTP,PULSE,FRQ,2000,AMP,1", [], "C1:BTWV?",
     {"TRSR": "MAN", "TIME": "3"}),
    ("C1:BTWV STATE,ON,TRSR,MAN,TIME,3,CARR,WVTP,PULSE,FRQ,2000,AMP,1", [], "C1:BSWV?",
     {"WVTP": "PULSE", "FRQ": "2000HZ", "AMP": "1V"}),
    ("C1:BTWV STATE,ON,CARR,WVTP,FOO", [-224], "C1:BTWV?", {"STATE": "OFF"}),
    ("C1:BTWV TIME,3", [], "C1:BTWV?", {"STATE": "OFF"}),
    ("C1:BTWV STATE,ON,TRSR,MAN,TIME,3", [], "C1:BTWV?", {"TRSR": "MAN", "TIME": "3", "DLAY": "2.4e-07S"}),
    ("C1:BTWV STATE,ON,TIME,INF", [], "C1:BTWV?", {"TIME": "INF"}),
    ("C1:BTWV STATE,ON,TIME,2000000", [], "C1:BTWV?", {"TIME": "1000000"}),
    ("C1:BTWV MTRIG", [-211], "C1:BTWV?", {"STATE": "OFF"}),
    ("C1:SRATE MODE,TARB,VALUE,1e9", [], "C1:SRATE?", {"MODE": "TARB", "VALUE": "75000000Sa/s"}),
    ("C1:SRATE VALUE,1000", [], "C1:SRATE?", {"MODE": "DDS"}),
    ("C1:BSWV WVTP,TRIANGLE", [-224], "C1:BSWV?", {"WVTP": "SINE"}),
    ("C1:BSWV COLOUR,RED", [-224], "C1:BSWV?", {"WVTP": "SINE"}),
    ("C1:OUTP ON,LOAD,abc", [-104], "C1:OUTP?", {"OFF": "LOAD", "HZ": "PLRT"}),   # what is refused changes nothing
    ("C1:OUTP ON,PLRT,FOO", [-224], "C1:OUTP?", {"OFF": "LOAD", "HZ": "PLRT"}),
    ("C1:OUTP LOAD,50,FOO,1", [-224], "C1:OUTP?", {"OFF": "LOAD", "HZ": "PLRT"}),
    ("C1:BSWV AMP,1,FRQ,1kV", [-131], "C1:BSWV?", {"AMP": "4V"}),
    ("C1:BTWV STATE,ON,TRSR,FOO", [-224], "C1:BTWV?", {"STATE": "OFF"}),
    ("C1:SRATE MODE,TARB,FOO,1", [-224], "C1:SRATE?", {"MODE": "DDS"}),
    ("C1:ARWV INDEX,2,FOO,1", [-224], "C1:BSWV?", {"WVTP": "SINE"}),
    ("COUP FCOUP,ON,FRAT,0", [-222], "COUP?", {"TRACE": "OFF", "FCOUP": "OFF"}),
    ("C1:BSWV FRQ", [-109], "C1:BSWV?", {"FRQ": "1000HZ"}),
    ("C1:BSWV FRQ,1kV", [-131], "C1:BSWV?", {"FRQ": "1000HZ"}),
    ("C1:BSWV", [-109], "C1:BSWV?", {"FRQ": "1000HZ"}),
    ("C3:BSWV WVTP,SINE", [-114], "C1:BSWV?", {"WVTP": "SINE"}),
    ("C1:MDWV STATE,ON", [-113], "C1:BSWV?", {"WVTP": "SINE"}),
    ("C1:ARWV NAME,NOTHING", [-224], "C1:ARWV?", {"NAME": "StairUp"}),
])
def test_commands(sdg: Any, sent: str, errors: list[int], question: str, answers: dict[str, str]) -> None:
    sdg.send(sdg.generator, sent)
    assert sdg.errors(sdg.generator) == errors
    found = fields(sdg, question)
    assert {key: found.get(key) for key in answers} == answers


def test_a_pulse_has_the_width_at_half_and_the_edges_that_are_set(sdg: Any) -> None:
    g = sdg.generator
    sdg.send(g, "C1:OUTP LOAD,50", "C1:BSWV WVTP,PULSE,PERI,2e-7,WIDTH,8e-8,RISE,8.4e-9,FALL,2.4e-8,LLEV,0,HLEV,2",
             "C1:OUTP ON")
    assert not sdg.errors(g)
    t, v = sdg.voltages("a", 200e-9, 200_001)
    assert (v.max(), v.min()) == pytest.approx((2.0, 0.0), abs=2e-3)
    step = t[1] - t[0]
    assert np.count_nonzero(v > 1.0) * step == pytest.approx(80e-9, abs=0.05e-9)
    slope, between = np.gradient(v, t), (v > 0.2) & (v < 1.8)
    assert np.count_nonzero(between & (slope > 0)) * step == pytest.approx(8.4e-9, abs=0.12e-9)
    assert np.count_nonzero(between & (slope < 0)) * step == pytest.approx(24e-9, abs=0.12e-9)


def test_an_inverted_output_has_the_offset_inverted_too(sdg: Any) -> None:
    g = sdg.generator
    sdg.send(g, "C1:OUTP LOAD,50", "C1:BSWV WVTP,RAMP,FRQ,1e5,AMP,2,OFST,0.5,SYM,20", "C1:OUTP ON,PLRT,INVT")
    _, v = sdg.voltages("a", 2e-5, 20_001)
    assert (v.max(), v.min()) == pytest.approx((0.5, -1.5), abs=5e-3)
    sdg.send(g, "C1:BSWV WVTP,DC,OFST,0.5")
    assert sdg.voltages("a", 1e-6, 11)[1][1:] == pytest.approx(-0.5, abs=5e-3)


def test_noise_has_the_deviation_that_is_set(sdg: Any) -> None:
    g = sdg.generator
    sdg.send(g, "C1:OUTP LOAD,50", "C1:BSWV WVTP,NOISE,STDEV,0.2,MEAN,0.1,BANDSTATE,ON,BANDWIDTH,20e6", "C1:OUTP ON")
    _, v = sdg.voltages("a", 1e-4, 20_001)
    assert (v.std(), v.mean()) == pytest.approx((0.2, 0.1), abs=0.04)


def test_another_wave_ends_a_burst_and_dc_has_none(sdg: Any) -> None:
    g = sdg.generator
    sdg.send(g, "C1:BTWV STATE,ON", "C1:BSWV FRQ,2000")
    assert fields(sdg, "C1:BTWV?")["STATE"] == "ON"
    sdg.send(g, "C1:BSWV WVTP,SQUARE")
    assert fields(sdg, "C1:BTWV?") == {"STATE": "OFF"}
    sdg.send(g, "C1:BSWV WVTP,DC", "C1:BTWV STATE,ON", "C1:BTWV STATE,ON,TRSR,MAN,GATE_NCYC,GATE")
    assert fields(sdg, "C1:BTWV?") == {"STATE": "OFF"} and not sdg.errors(g)
    sdg.send(g, "C1:BSWV WVTP,PULSE", "C1:BTWV STATE,ON,TRSR,MAN,GATE_NCYC,GATE,TIME,4,COUNT,2")
    assert fields(sdg, "C1:BTWV?")["TRSR"] == "INT"
    sdg.send(g, "C1:BTWV GATE_NCYC,NCYC,TIME,INF,TRSR,INT", "C1:BSWV BANDSTATE,1", "C1:BTWV COLOUR,RED")
    found = fields(sdg, "C1:BTWV?")
    assert (found["TRSR"], found["TIME"]) == ("EXT", "INF") and "STPS" not in found and sdg.errors(g) == [-224]
    sdg.send(g, "C1:BSWV WVTP,NOISE,BANDSTATE,1")
    assert sdg.errors(g) == [-224]


def bursts(bench: Any, seconds: float) -> Any:
    t, v = bench.voltages("a", seconds, 200_001)
    return t[1:][(v[:-1] <= 0.25) & (v[1:] > 0.25)]


def test_bursts_by_hand_by_line_by_level_and_by_themselves(table: Any) -> None:
    bench = table(imperfections=False, generator="siglent_sdg2122x", netlist=LOAD)
    g, line = bench.generator, bench.bench.line("test.out")
    bench.bench._wires["generator.external"] = "test.out"
    g.playback.listen()
    bench.send(g, "C1:OUTP LOAD,50", "C1:BSWV WVTP,PULSE,PERI,1e-6,WIDTH,2e-7,LLEV,0,HLEV,0.5",
               "C1:BTWV STATE,ON,TRSR,MAN", "C1:OUTP ON")
    assert not bench.errors(g) and not len(bursts(bench, 20e-6))
    for count in (1, 4):
        bench.send(g, f"C1:BTWV TIME,{count}")
        bench.bench.begin_message()
        g.exchange.recv(b"C1:BTWV MTRIG", True)
        found = bursts(bench, 20e-6)
        assert len(found) == count and found[0] == pytest.approx(240e-9, abs=20e-9)
    bench.send(g, "C1:BTWV TRSR,EXT,TIME,2")
    line.add(EdgeTrain(bench.bench.clock.now + 5e-6, 1e-6, 10e-6, 2))
    assert len(bursts(bench, 40e-6)) == 4
    bench.send(g, "C1:BTWV GATE_NCYC,GATE,PLRT,POS")
    line.add(EdgeTrain(bench.bench.clock.now + 5e-6, 3.5e-6, 20e-6, 1))
    assert len(bursts(bench, 40e-6)) == 4   # the fourth is completed
    bench.send(g, "C1:BTWV GATE_NCYC,NCYC,TRSR,INT,PRD,1e-5")
    assert len(bursts(bench, 50e-6)) in (8, 9, 10, 11) and not bench.errors(g)


def test_points_become_levels(sdg: Any) -> None:
    g = sdg.generator
    codes = np.repeat([-32767, 32767, 0, 0x0A3B], 8).astype("<i2")   # the last has a newline and a semicolon in it
    sdg.send(g, b"C1:WVDT WVNM,stairs,FREQ,1000,WAVEDATA," + codes.tobytes(), "C1:ARWV NAME,stairs",
             "C1:OUTP LOAD,50", "C1:BSWV AMP,2,OFST,0", "C1:SRATE MODE,TARB,VALUE,32e6", "C1:OUTP ON")
    assert not sdg.errors(g) and sdg.ask(g, "C1:ARWV?") == "C1:ARWV INDEX,0,NAME,STAIRS"
    _, v = sdg.voltages("a", 1e-6, 4001)
    for level in (-1.0, 1.0, 0.0, 0x0A3B / 32767):
        assert np.mean(np.abs(v - level) < 2e-3) == pytest.approx(0.25, abs=0.03)
    sdg.send(g, b"C1:WVDT WVNM,short,WAVEDATA," + codes[:4].tobytes(), b"C1:WVDT WAVEDATA," + codes.tobytes())
    assert sdg.errors(g) == [-223, -109]


def test_points_of_a_given_length_end_by_themselves() -> None:
    framing, points = PointsFraming(), b"\n;#1\n\x00ab"
    message = b"C1:WVDT WVNM,a,LENGTH,8B,WAVEDATA," + points
    assert framing.messages(b"*CLS\n" + message + b"\n*IDN?\n", False) == ([b"*CLS", message, b"*IDN?"], b"")
    assert framing.messages(message[:-2], False) == ([], message[:-2])
    endless = b"C1:WVDT WVNM,a,WAVEDATA,\n\n"
    assert framing.messages(endless, False) == ([], endless)
    assert framing.messages(endless, True) == ([endless], b"")
    for digits in (13, 5000):   # no length of which it has so many points: they end with the message
        longest = b"C1:WVDT WVNM,a,LENGTH," + digits * b"1" + b"B,WAVEDATA,ab\n"
        assert framing.messages(longest, False) == ([], longest)
        assert framing.messages(longest, True) == ([longest], b"")
        assert framing.messages(longest.replace(b"1B", b"1KB"), True) == ([longest.replace(b"1B", b"1KB")], b"")


def test_levels_are_within_the_stated_accuracy(table: Any) -> None:
    errors = []
    for seed in range(8):
        bench = table(seed=seed, generator="siglent_sdg2122x", netlist=LOAD)
        bench.send(bench.generator, "C1:OUTP LOAD,50", "C1:BSWV WVTP,SQUARE,FRQ,1e6,AMP,2,OFST,1", "C1:OUTP ON")
        _, volts = bench.voltages("a", 1e-6, 2001)
        errors.append((np.ptp(volts) - 2.0, (volts.max() + volts.min()) / 2 - 1.0))
    amplitude, offset = np.abs(errors).T
    assert amplitude.max() <= 0.01 * 2 + 1e-3 + 2e-3 and amplitude.max() > 3e-3
    assert offset.max() <= 0.01 * 1 + 3e-3 + 2e-3 and offset.max() > 2e-3


def test_headers_of_replies_the_inverted_output_and_the_list_of_waveforms(sdg: Any) -> None:
    g = sdg.generator
    assert sdg.ask(g, "CHDR?") == "CHDR SHORT" and sdg.ask(g, "C1:INVT?") == "C1:INVT OFF"
    sdg.send(g, "C1:INVT ON", "CHDR LONG")
    assert sdg.ask(g, "C1:INVERT?") == "C1:INVERT ON" and sdg.ask(g, "C2:BTWV?") == "C2:BURSTWAVE STATE,OFF"
    assert sdg.ask(g, "COMM_HEADER?") == "COMM_HEADER LONG"
    sdg.send(g, "CHDR OFF")
    assert sdg.ask(g, "C1:OUTP?") == "OFF,LOAD,HZ,PLRT,INVT"
    sdg.send(g, "*RST", b"C1:WVDT WVNM,mine,WAVEDATA," + bytes(64))
    assert sdg.ask(g, "STL? USER") == "STL WVNM,MINE"
    sdg.send(g, "C1:INVT MAYBE")
    assert sdg.errors(g) == [-224]


@pytest.mark.parametrize(("sent", "question", "answer"), [
    ("*RST", "BUZZ?", "BUZZ ON"),
    ("BUZZ OFF", "BUZZER?", "BUZZ OFF"),
    ("*RST", "ROSC?", "ROSC INT,10MOUT,OFF"),
    ("ROSC INT;ROSC 10MOUT,ON", "ROSC?", "ROSC INT,10MOUT,ON"),
    ("ROSCILLATOR EXT", "ROSC?", "ROSC EXT,10MOUT,OFF"),
    ("*RST", "COUP?", "COUP TRACE,OFF,FCOUP,OFF,PCOUP,OFF,ACOUP,OFF"),
    ("COUP FCOUP,ON,FDEV,5HZ", "COUP?", "COUP TRACE,OFF,FCOUP,ON,PCOUP,OFF,ACOUP,OFF,FDEV,5HZ"),
    ("COUP PCOUP,ON,PRAT,2,ACOUP,ON,ADEV,0.1", "COUP?",
     "COUP TRACE,OFF,FCOUP,OFF,PCOUP,ON,ACOUP,ON,PRAT,2,ADEV,0.1V"),
    ("COUP TRACE,ON", "COUP?", "COUP TRACE,ON"),
    ("CHDR LONG;COUP TRACE,ON", "COUP?", "COUPLING TRACE,ON"),
    ("*RST", "MODE?", "MODE PHASE-LOCKED"), ("MODE INDEPENDENT", "MODE?", "MODE INDEPENDENT"),
    ("EQPHASE", "FCNT?", "FCNT STATE,OFF"), ("LAGG CH", "LAGG?", "LAGG CH"), ("SCFG LAST", "SCFG?", "SCFG LAST"),
    ("VOLTPRT ON", "VOLTPRT?", "ON"), ("*RST", "C2:HARM?", "C2:HARM HARMSTATE,OFF"),
    ("*RST", "C1:CMBN?", "C1:CMBN OFF"),
])
def test_commands_of_the_front_panel(sdg: Any, sent: str, question: str, answer: str) -> None:
    sdg.send(sdg.generator, sent)
    assert sdg.ask(sdg.generator, question) == answer and sdg.errors(sdg.generator) == []


@pytest.mark.parametrize(("sent", "error"), [
    ("BUZZ LOUD", -224), ("ROSC 20MOUT,ON", -224), ("COUP TRACE,MAYBE", -224), ("COUP FRAT,0", -222),
    ("COUP STATE,ON", -224), ("PACP C1,C1", -224), ("PACP C1", -224)])
def test_wrong_words_of_the_front_panel(sdg: Any, sent: str, error: int) -> None:
    sdg.send(sdg.generator, sent)
    assert sdg.errors(sdg.generator) == [error]


@pytest.mark.parametrize("sent", [
    "COUP FCOUP,ON,FDEV,abc", "COUP FCOUP,ON,FRAT,0", "COUP TRACE,ON,STATE,ON", "ROSC EXT,10MOUT,MAYBE",
])
def test_refused_words_of_the_front_panel_change_nothing(sdg: Any, sent: str) -> None:
    sdg.send(sdg.generator, "C1:BSWV FRQ,5000", "C2:BSWV FRQ,1000")
    before = sdg.ask(sdg.generator, "COUP?"), sdg.ask(sdg.generator, "ROSC?")
    sdg.send(sdg.generator, sent)
    assert len(sdg.errors(sdg.generator)) == 1
    assert (sdg.ask(sdg.generator, "COUP?"), sdg.ask(sdg.generator, "ROSC?")) == before
    sdg.send(sdg.generator, "C1:BSWV FRQ,4000")
    assert fields(sdg, "C2:BSWV?")["FRQ"] == "1000HZ"   # it does not follow


@pytest.mark.parametrize("sent", [
    "C1:BSWV FRQ,2000,AMP,abc", "C1:BTWV STATE,ON,TIME,abc", "C1:OUTP OFF,PLRT,UP", "C1:OUTP LOAD,75,PLRT,UP",
    "C1:SRATE MODE,TARB,VALUE,abc", "C1:ARWV INDEX,2,NAME,NOSUCH", "C1:BTWV CARR,FRQ,2000,AMP,abc",
])
def test_refused_words_change_neither_the_settings_nor_the_signal(sdg: Any, sent: str) -> None:
    questions = [f"C1:{one}?" for one in ("BSWV", "BTWV", "OUTP", "SRATE", "ARWV")]
    sdg.send(sdg.generator, "C1:OUTP LOAD,50", "C1:BSWV FRQ,1000,AMP,1", "C1:OUTP ON")
    before = [sdg.ask(sdg.generator, one) for one in questions]
    sdg.send(sdg.generator, sent)
    assert len(sdg.errors(sdg.generator)) == 1
    assert [sdg.ask(sdg.generator, one) for one in questions] == before
    assert np.ptp(sdg.voltages("a", 1e-3, 20_001)[1]) == pytest.approx(1.0, rel=0.01)


@pytest.mark.parametrize(("sent", "first", "second"), [   # as measured by others with an SDG2122X
    ("COUP FCOUP,ON,FRAT,2", {"FRQ": "1200HZ"}, {"FRQ": "2400HZ"}),
    ("COUP FCOUP,ON,FDEV,500", {"FRQ": "1200HZ"}, {"FRQ": "1700HZ"}),
    ("COUP ACOUP,ON,ARAT,0.5", {"AMP": "0.4V"}, {"AMP": "0.2V"}),
    ("COUP ACOUP,ON,ADEV,0.1", {"AMP": "0.4V"}, {"AMP": "0.5V"}),
    ("COUP PCOUP,ON,PRAT,2", {"PHSE": "30"}, {"PHSE": "60"}),
    ("COUP PCOUP,ON,PDEV,90", {"PHSE": "30"}, {"PHSE": "120"}),
    ("COUP TRACE,ON", {"WVTP": "SINE"}, {"WVTP": "SINE", "FRQ": "1200HZ", "AMP": "0.4V", "PHSE": "30"}),
])
def test_the_second_channel_follows_the_first(
    sdg: Any, sent: str, first: dict[str, str], second: dict[str, str],
) -> None:
    sdg.send(sdg.generator, "C2:BSWV WVTP,RAMP,FRQ,3000,AMP,0.2", sent, "C1:BSWV FRQ,1200,AMP,0.4,PHSE,30")
    for channel, expected in (("C1", first), ("C2", second)):
        found = fields(sdg, f"{channel}:BSWV?")
        assert {key: found.get(key) for key in expected} == expected
    assert sdg.errors(sdg.generator) == []


def test_a_coupled_channel_leads_the_other_and_the_load_sees_both(sdg: Any) -> None:
    g = sdg.generator
    sdg.send(g, "C1:OUTP ON,LOAD,50", "C2:OUTP ON,LOAD,50", "C1:BSWV AMP,1", "COUP ACOUP,ON,ARAT,0.5",
             "C2:BSWV AMP,0.25")
    assert fields(sdg, "C1:BSWV?")["AMP"] == "0.5V"
    peaks = [np.ptp(sdg.voltages(node, 1e-3, 20_001)[1]) for node in ("a", "b")]
    assert peaks == pytest.approx([0.5, 0.25], rel=0.01)


def test_a_wave_is_copied_to_the_other_channel(sdg: Any) -> None:
    g = sdg.generator
    sdg.send(g, "C2:OUTP LOAD,50", "C1:BSWV WVTP,PULSE,FRQ,2000,AMP,0.4,OFST,0.05,WIDTH,1e-5", "PACP C2,C1")
    found = fields(sdg, "C2:BSWV?")
    assert (found["WVTP"], found["FRQ"], found["AMP"], found["OFST"], found["WIDTH"]) == (
        "PULSE", "2000HZ", "0.4V", "0.05V", "1e-05")
    assert "LOAD,50" in sdg.ask(g, "C2:OUTP?") and sdg.errors(g) == []


def test_the_reply_about_a_burst_can_be_sent_again(sdg: Any) -> None:
    g = sdg.generator
    sdg.send(g, "C1:BTWV STATE,ON,TRSR,MAN,TIME,3,CARR,WVTP,PULSE,FRQ,2000,AMP,1,OFST,0.5")
    kept = sdg.ask(g, "C1:BTWV?")
    sdg.send(g, "*RST", kept)
    assert sdg.ask(g, "C1:BTWV?") == kept
