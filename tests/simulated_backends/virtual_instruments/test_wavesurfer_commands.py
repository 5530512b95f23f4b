"""Remote commands of the virtual WaveSurfer that other authors' programs send: text of waveforms, pictures, lists."""

import re
import struct
from typing import Any

import numpy as np
import pytest

from tsbench.simulated_backends.lecroy.script import literal, parse_script, written
from tsbench.simulated_backends.virtual_instruments.lecroy_wavesurfer.parameters import SweepStatistics, engineering

PULSES = ("*RST", "OUTP1:LOAD INF", "FUNC PULS", "FUNC:PULS:PER 5E-4", "FUNC:PULS:WIDT 1E-4", "VOLT:HIGH 1",
          "VOLT:LOW 0", "OUTP1 ON")
TOP = 10e3 / 10050


@pytest.fixture
def bench(table: Any) -> Any:
    made = table(imperfections=False, scope="lecroy_wavesurfer3054z")
    made.send(made.generator, *PULSES)
    made.send(made.scope, "CHDR OFF", "*CLS", "C1:VDIV 0.2V", "C1:OFST -0.5V", "C1:TRLV 0.5V", "TDIV 50US",
              "TRDL -1E-4", "MSIZ 5000", "ARM;WAIT")
    return made


def block(bench: Any, query: str) -> bytes:
    found = bench.ask_bytes(bench.scope, query)
    start = found.index(b"#9")
    return bytes(found[start + 11:start + 11 + int(found[start + 2:start + 11])])


def inspected(bench: Any, name: str) -> str:
    reply = bench.ask(bench.scope, f'C1:INSP? "{name}"')
    assert (reply[0], reply[-1]) == ('"', '"')
    return str(reply[1:-1])


def test_a_waveform_without_a_word_is_all_of_it(bench: Any) -> None:
    everything = block(bench, "C1:WF?")
    assert everything == block(bench, "C1:WF? ALL")
    assert everything[346:] == block(bench, "C1:WF? DAT1")


def test_the_values_as_text_are_those_of_the_block(bench: Any) -> None:
    head = block(bench, "C1:WF? DESC")
    gain, offset = struct.unpack_from(">ff", head, 156)
    codes = np.frombuffer(block(bench, "C1:WF? DAT1"), ">i2").astype(float)
    volts = np.array(inspected(bench, "SIMPLE").split(), float)
    assert volts == pytest.approx(codes * gain - offset, abs=1e-5)
    assert volts.max() == pytest.approx(TOP, abs=8e-3)
    assert np.array(bench.ask(bench.scope, "C1:INSPECT? SIMPLE,WORD")[1:-1].split(), int) == pytest.approx(codes)


@pytest.mark.parametrize(("name", "form", "offset"), [
    ("VERTICAL_GAIN", ">f", 156), ("VERTICAL_OFFSET", ">f", 160), ("HORIZ_INTERVAL", ">f", 176),
    ("HORIZ_OFFSET", ">d", 180), ("WAVE_ARRAY_COUNT", ">i", 116), ("NOMINAL_BITS", ">h", 172),
])
def test_a_variable_as_text_is_that_of_the_descriptor(bench: Any, name: str, form: str, offset: int) -> None:
    shown, _, text = inspected(bench, name).partition(":")
    assert shown.strip() == name
    assert float(text) == pytest.approx(struct.unpack_from(form, block(bench, "C1:WF? DESC"), offset)[0], rel=1e-4)


def test_the_descriptor_as_text_has_words_for_numbers(bench: Any) -> None:
    lines = [line.split(":", 1) for line in inspected(bench, "WAVEDESC").split("\r\n") if line]
    found = {name.strip(): text.strip() for name, text in lines}
    assert (found["TIMEBASE"], found["FIXED_VERT_GAIN"], found["COMM_TYPE"], found["COMM_ORDER"]) == (
        "50_us/div", "200_mV/div", "word", "HIFIRST")
    assert (found["VERTUNIT"], found["WAVE_SOURCE"], found["VERT_COUPLING"]) == (
        "Unit Name = V", "CHANNEL_1", "DC_1MOhm")
    before = bench.bench.clock.now
    assert 0.0 < before < 60.0
    assert found["TRIGGER_TIME"].startswith("Date = JAN 1, 2026, Time = 12: 0:")
    assert before - 1.0 < float(found["TRIGGER_TIME"].rpartition(":")[2]) <= before
    places = sorted(int(place) for place in re.findall(r"<\s*(\d+)>", _wave_block(bench)))
    assert len(found) == len(places) == len(lines)
    for name, text in found.items():   # each alone is the line of the list, and every name is known
        assert inspected(bench, name).split(":", 1)[1].strip() == text
    assert (found["RIS_SWEEPS"], found["TRACE_LABEL"]) == ("1", "")
    assert bench.ask(bench.scope, 'C1:INSP? "NOTHING"') == ""
    assert bench.ask(bench.scope, "EXR?") == "25"


def _wave_block(bench: Any) -> str:
    """Return the part of the template that describes the descriptor."""
    return str(bench.ask_bytes(bench.scope, "TMPL?").decode().partition("WAVEDESC: BLOCK")[2].partition("ENDBLOCK")[0])


#: kind of the template -> form of struct
_FORMS = {"string": "16s", "enum": "h", "word": "h", "long": "i", "float": "f", "double": "d", "unit_definition": "48s",
          "time_stamp": "16s"}


def test_the_template_explains_the_block(bench: Any) -> None:
    """A program that knows only the template reads the descriptor: no byte is left out, and the volts are right."""
    head, found, end = block(bench, "C1:WF? DESC"), {}, 0
    for place, name, kind in re.findall(r"<\s*(\d+)>\s+(\w+): (\w+)", _wave_block(bench)):
        assert int(place) == end
        found[name], = struct.unpack_from(f">{_FORMS[kind]}", head, end)
        end += struct.calcsize(f">{_FORMS[kind]}")
    assert end == found["WAVE_DESCRIPTOR"] == len(head) == 346
    codes = np.frombuffer(block(bench, "C1:WF? DAT1"), ">i2")
    assert (found["WAVE_ARRAY_COUNT"], found["WAVE_ARRAY_1"]) == (len(codes), 2 * len(codes))
    volts = codes * found["VERTICAL_GAIN"] - found["VERTICAL_OFFSET"]
    assert volts.max() == pytest.approx(TOP, abs=8e-3)
    assert found["HORIZ_INTERVAL"] * len(codes) == pytest.approx(5e-4, rel=1e-3)


def test_the_template_has_the_words_of_the_numbers(bench: Any) -> None:
    bench.send(bench.scope, "C1:CPL A1M", "ARM;WAIT")
    words = _wave_block(bench).partition("VERT_COUPLING: enum")[2].partition("endenum")[0]
    number = struct.unpack_from(">h", block(bench, "C1:WF? DESC"), 326)[0]
    assert f"_{number}" in words.split()
    assert words.split()[words.split().index(f"_{number}") + 1] == "AC,_1MOhm"
    assert inspected(bench, "VERT_COUPLING").partition(":")[2].strip() == "AC,_1MOhm"


def test_several_measurements_of_a_waveform_in_one_query(bench: Any) -> None:
    bench.send(bench.scope, "TDIV 200US", "ARM;WAIT")
    found = bench.ask(bench.scope, "C1:PAVA? TOP, WID,FREQ").split(",")
    assert found[::3] == ["TOP", "WID", "FREQ"]
    assert found[2::3] == ["OK", "OK", "OK"]
    assert [float(number) for number in found[1::3]] == pytest.approx([TOP, 1e-4, 2e3], rel=5e-3)
    assert bench.ask(bench.scope, "C1:PAVA? FREQ,NOTHING") == ""
    assert bench.ask(bench.scope, "CMR?;EXR?") == "0;25"
    bench.send(bench.scope, "PACU 1,WID,C1", "ARM;WAIT")
    both = bench.ask(bench.scope, "C1:PAVA? TOP,CUST1").split(",")
    assert (both[0], both[3], both[5]) == ("TOP", "1", "OK")
    assert float(both[4]) == pytest.approx(1e-4, rel=1e-3)


@pytest.mark.parametrize(("message", "query", "reply"), [
    ("PACU 2,FREQ,C1", "PACU? 2", "2,FREQ,C1"), ("PARAMETER_CUSTOM 3,PKPK,C2", "PACU? 3", "3,PKPK,C2"),
    ("PACU 1,FREQ,C1;PADL 1", "PACU? 1", "1,NULL,C1"), ("PACU 1,FREQ,C1;PACL", "PACU? 1", "1,NULL,C1"),
    ("PACU PKPK,C1", "CMR?;EXR?", "3;0"), ("PACU 9,PKPK,C1", "CMR?;EXR?", "0;25"),
    ("PACU 1,PWID,C1", "CMR?;EXR?", "0;25"), ("PACU 1,FREQ,C7", "CMR?;EXR?", "0;25"),
    ("PARM CUST,BOTH", "PARM?", "CUST,BOTH"), ("PARM OFF", "PARM?", "OFF,OFF"), ("", "PAST? VPAR,AVG", "UNDEF"),
    ("PACU 1,NULL,C3", "PAST? CUST, P1",
     "CUST,P1,NULL,C3,AVG,UNDEF,HIGH,UNDEF,LAST,UNDEF,LOW,UNDEF,SIGMA,UNDEF,SWEEPS,0"),
    ("", "HCSU?", 'DEV,PNG,FORMAT,PORTRAIT,BCKG,Std,DEST,REMOTE,DIR,"",AREA,DSOWINDOW,FILE,"",PRINTER,"",PORT,NET'),
    ("HCSU DEV, BMP, FORMAT, LANDSCAPE, BCKG, WHITE, AREA, GRIDAREAONLY", "HCSU?",
     'DEV,BMP,FORMAT,LANDSCAPE,BCKG,WHITE,DEST,REMOTE,DIR,"",AREA,GRIDAREAONLY,FILE,"",PRINTER,"",PORT,NET'),
    ("HCSU AREA,GRIDONLY,DIR,D:\\Temp\\a,FILE,'b'", "HCSU?",
     'DEV,PNG,FORMAT,PORTRAIT,BCKG,Std,DEST,REMOTE,DIR,"D:\\TEMP\\A",AREA,GRIDAREAONLY,FILE,"b",PRINTER,"",PORT,NET'),
    ("HCSU DEV,GIF", "CMR?;EXR?", "0;25"), ("HCSU DEV", "CMR?;EXR?", "0;27"),
    ("FOO;C1:VDIV", "ALST?", "STB,0,ESR,48,INR,8193,DDR,0,CMR,1,EXR,27,URR,0"),
])
def test_replies(bench: Any, message: str, query: str, reply: str) -> None:
    bench.send(bench.scope, *([message] if message else []))
    assert bench.ask(bench.scope, query) == reply


def test_all_registers_are_cleared_when_they_are_read(bench: Any) -> None:
    bench.send(bench.scope, "FOO")
    bench.ask(bench.scope, "ALST?")
    assert bench.ask(bench.scope, "ALL_STATUS?") == "STB,0,ESR,0,INR,0,DDR,0,CMR,0,EXR,0,URR,0"


def test_replies_have_units_where_they_have_headers(bench: Any) -> None:
    bench.send(bench.scope, "PACU 1,WID,C1", "CHDR SHORT")
    name, number, state = bench.ask(bench.scope, "C1:PAVA? WID").split(",")
    assert (name, state) == ("C1:PAVA WID", "OK")
    assert number.endswith("E-6 S")
    assert float(number[:-2]) == pytest.approx(1e-4, abs=1e-7)
    assert bench.ask(bench.scope, "PAVA? CUST1").startswith("PAVA 1,")
    assert bench.ask(bench.scope, "PAST? CUST,P1").startswith("PAST CUST,P1,WID,C1,AVG,")


def test_all_measurements_of_a_waveform(bench: Any) -> None:
    parts = bench.ask(bench.scope, "C1:PAVA? ALL").split(",")
    assert parts == bench.ask(bench.scope, "C1:PAVA?").split(",")
    found = dict(zip(parts[::3], zip(parts[1::3], parts[2::3], strict=True), strict=True))
    assert float(found["TOP"][0]) == pytest.approx(TOP, abs=5e-3)
    assert found["PER"] == ("UNDEF", "IV")   # one pulse is on the screen


@pytest.mark.parametrize("message", ["C1:AUTO_SETUP FIND", "C1:ASET", "VBS 'app.Acquisition.C1.FindScale()'"])
def test_a_channel_is_fitted_alone(bench: Any, message: str) -> None:
    bench.send(bench.scope, "C1:VDIV 5V", "C1:OFST 0V", "C1:TRLV 0.1V", message)
    assert bench.ask(bench.scope, "C1:TRLV?") == "0.1"
    scale, offset, time = bench.ask(bench.scope, "C1:VDIV?;C1:OFST?;TDIV?").split(";")
    assert (float(scale), float(time)) == (0.2, 50e-6)   # 1 V on six of eight divisions
    assert float(offset) == pytest.approx(-TOP / 2, abs=0.01)


def test_a_reset_leaves_the_picture_as_it_is(bench: Any) -> None:
    bench.send(bench.scope, "HCSU DEV,BMP", "*RST")
    assert bench.ask(bench.scope, "HCSU?").startswith("DEV,BMP,")
    assert bench.ask(bench.scope, "C1:OFST?;TRDL?") == "0;0"
    assert bench.ask(bench.scope, "C2:BWL?") == "C1,OFF,C2,OFF,C3,OFF,C4,OFF"


def test_the_picture_is_as_it_was_set_up(bench: Any) -> None:
    dark = bench.ask_bytes(bench.scope, "SCDP")
    bench.send(bench.scope, "HCSU BCKG,WHITE")
    light = bench.ask_bytes(bench.scope, "SCDP")
    assert dark != light
    assert light.startswith(b"\x89PNG")
    bench.send(bench.scope, "HCSU DEV,BMP")
    assert bench.ask_bytes(bench.scope, "SCDP").startswith(b"BM")
    bench.send(bench.scope, "HCSU DEST,FILE,FILE,'Trace'")
    assert bench.ask_bytes(bench.scope, "SCDP") == b""
    assert ',FILE,"Trace",' in bench.ask(bench.scope, "HCSU?")


@pytest.mark.parametrize("query", ["VBS? 'return=app.Measure.P1.Out.Result.Value'", "PAST? CUST,P1", "HCSU?", "PACU? 1",
                                   "C1:INSP? 'SIMPLE'", "ALST?", "TMPL?"])
def test_what_siglent_made_has_no_automation(table: Any, query: str) -> None:
    bench = table(imperfections=False, scope="lecroy_t3dso1204")
    assert bench.ask(bench.scope, query) == ""


@pytest.mark.parametrize(("number", "text"), [
    (3.6e-9, "3.6E-9"), (-500.0116e-6, "-500.0116E-6"), (0.0, "0"), (2.5, "2.5"), (1e3, "1E3"), (0.99999999, "1"),
    (999.99999, "1E3"), (float("nan"), "UNDEF"),
])
def test_engineering_notation(number: float, text: str) -> None:
    assert engineering(number) == text


def test_statistics_of_parts_are_those_of_the_whole() -> None:
    values = np.random.default_rng(1).normal(5.0, 2.0, 1000)
    found = SweepStatistics()
    for part in (values[:1], values[1:400], values[400:400], values[400:]):
        found.add(part)
    assert (found.count, found.last) == (1000, values[-1])
    assert (found.mean, found.deviation) == pytest.approx((values.mean(), values.std()))
    assert (found.lowest, found.highest) == (values.min(), values.max())


@pytest.mark.parametrize(("text", "value"), [
    ('"a:b"', "a:b"), ("-1", -1), ("1e-3", 1e-3), (".5", 0.5), ("True", True), ("C1", "C1"), ('"x""y"', 'x"y'),
])
def test_values_of_scripts(text: str, value: object) -> None:
    assert literal(text) == value


@pytest.mark.parametrize(("value", "text"), [
    (True, "-1"), (False, "0"), (5, "5"), (1e-6, "1E-06"), (0.02, "0.02"), (1 / 3, "0.333333333333333"), ("No", "No"),
])
def test_values_in_replies(value: Any, text: str) -> None:
    assert written(value) == text


def test_statements_of_a_script() -> None:
    kinds = [statement.kind for statement in parse_script(
        'set a = app.Acquisition : a.C1.VerScale = 0.5\na.Acquire 0.1, true : return = a.Acquire(0.1)')]
    assert kinds == ["set", "assign", "call", "return"]
    for wrong in ("1 = 2", "a.b(1 2", "for i = 1 to 2", "return = 1 + 2", "a.b() c"):
        with pytest.raises(ValueError, match="no "):
            parse_script(wrong)


@pytest.mark.parametrize("message", [
    b"PACU 1,FREQ,C\xb2", b"PAST? CUST,P\xb2", b"PAVA? CUST\xb2", b"WFSU NP,1_0", b"MSIZ 1_0K",
])
def test_a_word_that_only_python_takes_for_a_number_is_refused(bench: Any, message: bytes) -> None:
    settings = "WFSU?;MSIZ?;PACU? 1"
    before = bench.ask(bench.scope, settings)
    bench.send(bench.scope, message)
    assert bench.ask(bench.scope, "CMR?;EXR?") != "0;0"
    assert bench.ask(bench.scope, settings) == before
