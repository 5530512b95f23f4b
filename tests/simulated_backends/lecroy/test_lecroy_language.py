"""The LeCroy language: paths, long and short headers, headers of replies, units, and the descriptor of a waveform."""

import struct
from typing import Any

import pytest

from tsbench.simulated_backends.lecroy.descriptor import LENGTH, descriptor, steps_index
from tsbench.simulated_backends.lecroy.headers import long_header, short_header
from tsbench.simulated_backends.lecroy.parameters import Depth, depth_text, pairs
from tsbench.simulated_backends.lecroy.template import template_lines
from tsbench.simulated_backends.scpi.errors import ScpiError


@pytest.fixture
def bench(table: Any) -> Any:
    return table(imperfections=False, scope="lecroy_t3dso1204")


@pytest.mark.parametrize(("written", "short"), [
    ("C1:VDIV?", "C1:VDIV"), ("c2:volt_div", "C2:VDIV"), ("TIME_DIV?", "TDIV"), (":TDIV?", "TDIV"),
    ("EX/5:TRIG_LEVEL", "EX5:TRLV"), ("*IDN?", "*IDN"), ("NOTHING", "NOTHING"),
])
def test_a_header_has_a_short_name(written: str, short: str) -> None:
    assert short_header(written) == short


def test_a_header_has_a_long_name() -> None:
    assert (long_header("C1:VDIV"), long_header("*IDN")) == ("C1:VOLT_DIV", "*IDN")


@pytest.mark.parametrize(("mode", "reply"), [
    ("SHORT", "C1:VDIV 1.00E+00V"), ("LONG", "C1:VOLT_DIV 1.00E+00V"), ("OFF", "1.00E+00"),
])
def test_header_of_a_reply(bench: Any, mode: str, reply: str) -> None:
    bench.send(bench.scope, f"CHDR {mode}")
    assert bench.ask(bench.scope, "C1:VDIV?") == reply
    bench.send(bench.scope, "*RST")   # the headers stay
    assert bench.ask(bench.scope, "C1:VDIV?") == reply


def test_a_path_holds_for_the_rest_of_a_message(bench: Any) -> None:
    bench.send(bench.scope, "CHDR OFF", "C2:VDIV 500MV;OFST -0.25;TDIV 200US")
    assert bench.ask(bench.scope, "C2:VDIV?;OFST?;TDIV?;C1:VDIV?") == "5.00E-01;-2.50E-01;2.00E-04;1.00E+00"


@pytest.mark.parametrize("message", [
    "C1:VDIV 2A", "C1:VDIV", "C1:VDIV 1,2", "C5:VDIV 2V", "C1:VDIV MAX", "C1:VDIV nan", "C1:VDIVV 2V", "C1:VDIV 0",
    "C1:VDIV -1V",
])
def test_what_is_wrong_changes_nothing_and_has_no_reply(bench: Any, message: str) -> None:
    bench.send(bench.scope, "CHDR OFF", message)
    assert bench.ask(bench.scope, "C1:VDIV?") == "1.00E+00"


@pytest.mark.parametrize("query", ["FOO?", "C1:FOO?", "C5:VDIV?", "SYST:ERR?", "*ESR?", "*STB?", "STAT:OPER?"])
def test_an_unknown_query_has_no_reply(bench: Any, query: str) -> None:
    assert bench.ask(bench.scope, query) == ""


def test_the_rest_of_a_message_is_executed(bench: Any) -> None:
    assert bench.ask(bench.scope, "CHDR OFF;FOO 1;C1:VDIV 2V;C1:VDIV?") == "2.00E+00"


def test_depths_and_pairs() -> None:
    assert [depth_text(value) for value in (14e6, 1.4e6, 7e5, 7e3, 500)] == ["14M", "1.4M", "700K", "7K", "500"]
    assert pairs(("sp", "4", "NP", "10")) == {"SP": "4", "NP": "10"}
    with pytest.raises(ScpiError):
        pairs(("SP",))


@pytest.mark.parametrize("text", [b"1_4M", b"14M\xa0", b"\xa014M", b"1\xb2", b"nan", b"M"])
def test_a_depth_has_a_plain_number(text: bytes) -> None:
    with pytest.raises(ScpiError, match="-104"):
        Depth().parse(text, None, ())


def test_descriptor_of_a_waveform() -> None:
    block = descriptor({"vertical_gain": 0.008, "horizontal_offset": -1e-3, "wave_array_1": 5})
    assert len(block) == LENGTH == 346
    assert block.startswith(b"WAVEDESC\0")
    assert struct.unpack_from("<f", block, 156)[0] == pytest.approx(0.008)
    assert struct.unpack_from("<d", block, 180)[0] == -1e-3
    assert struct.unpack_from("<i", block, 60)[0] == 5
    assert struct.unpack_from("<h", block, 34)[0] == 1
    big = descriptor({"wave_array_1": 5}, little=False)
    assert struct.unpack_from(">i", big, 60)[0] == 5
    assert struct.unpack_from(">h", big, 34)[0] == 0


def test_places_of_steps() -> None:
    assert [steps_index(value) for value in (1e-12, 2e-12, 1e-9, 5e-4)] == [0, 1, 9, 26]


@pytest.mark.parametrize(("title", "elements"), [   # WM-RCM-E Rev D, appendix II, p. 287 to 289
    ("USERTEXT: BLOCK", [(0, "TEXT: text")]),
    ("TRIGTIME: ARRAY", [(0, "TRIGGER_TIME: double"), (8, "TRIGGER_OFFSET: double")]),
    ("RISTIME: ARRAY", [(0, "RIS_OFFSET: double")]),
    ("SIMPLE: ARRAY", [(0, "MEASUREMENT: data")]),
    ("DUAL: ARRAY", [(0, "MEASUREMENT_1: data"), (0, "MEASUREMENT_2: data")]),
])
def test_places_in_the_arrays_of_the_template(title: str, elements: list[tuple[int, str]]) -> None:
    lines = list(template_lines())
    first = lines.index(title) + 1
    parts = [line.partition(">") for line in lines[first:first + len(elements)]]
    assert [(int(place.strip("< ")), rest.strip()) for place, _, rest in parts] == elements
    assert lines[first + len(elements)].endswith(f"END{title.partition(' ')[2]}")


@pytest.mark.parametrize(("name", "words"), [
    ("COMM_TYPE", "byte word"), ("COMM_ORDER", "HIFIRST LOFIRST"),
    ("RECORD_TYPE", "single_sweep interleaved histogram graph filter_coefficient complex extrema sequence_obsolete "
     "centered_RIS peak_detect"),
    ("PROCESSING_DONE", "no_processing fir_filter interpolated sparsed autoscaled no_result rolling cumulative"),
    ("VERT_COUPLING", "DC_50_Ohms ground DC_1MOhm ground AC,_1MOhm"), ("BANDWIDTH_LIMIT", "off on"),
])
def test_words_of_the_enumerations_of_the_template(name: str, words: str) -> None:
    lines = list(template_lines())
    first = next(place for place, line in enumerate(lines) if line.endswith(f" {name}: enum")) + 1
    last = next(place for place in range(first, len(lines)) if lines[place].strip() == "endenum")
    assert [line.split() for line in lines[first:last]] == [[f"_{n}", word] for n, word in enumerate(words.split())]
