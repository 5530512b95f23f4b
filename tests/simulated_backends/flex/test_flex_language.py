"""The language FLEX: cutting of messages, parameters, errors, output buffers, data formats, program memory."""

import math

import pytest

from tests.fixtures.parameter_analyser import Analyser
from tsbench.simulated_backends.flex.data_format import DataFormat, Datum
from tsbench.simulated_backends.flex.errors import FlexError, FlexErrors
from tsbench.simulated_backends.flex.parameters import ChannelNumber, FlexParameter, Whole, arguments
from tsbench.simulated_backends.flex.program_memory import ProgramMemory
from tsbench.simulated_backends.flex.syntax import FLEX_FRAMING, FlexCommand, flex_commands, flex_number
from tsbench.simulated_backends.scpi.executing import Talk


def test_a_message_is_cut_into_commands() -> None:
    assert flex_commands(b"cn 1, 2;DV1,0,-1.5E-3;*LRN? 31\r") == [
        FlexCommand("CN", ("1", "2"), False), FlexCommand("DV", ("1", "0", "-1.5E-3"), False),
        FlexCommand("*LRN?", ("31",), False)]
    (error,) = flex_commands(b"12 CN")
    assert isinstance(error, FlexError) and error.code == 100
    assert FLEX_FRAMING.messages(b"CN 1\r\nXE\n", True) == ([b"CN 1\r", b"XE"], b"")


@pytest.mark.parametrize(("text", "number"), [("1", 1.0), ("+1.", 1.0), (".5", 0.5), ("-2.5E-12", -2.5e-12)])
def test_numbers(text: str, number: float) -> None:
    assert flex_number(text) == number


@pytest.mark.parametrize("text", ["", "1V", "1e", "--1", "nan", "#H1F", "1 2"])
def test_what_is_no_number(text: str) -> None:
    with pytest.raises(FlexError) as error:
        flex_number(text)
    assert error.value.code == 102


def test_a_number_that_no_float_holds_is_a_wrong_value() -> None:
    with pytest.raises(FlexError) as error:
        flex_number("1E999")
    assert error.value.code == 120


@pytest.mark.parametrize(("texts", "code"), [
    ((), 103), (("1", "2", "3", "4"), 103), (("0", "1"), 121), (("103", "1"), 121), (("11", "1"), 121),
    (("1", "1.5"), 120), (("1", "9"), 120), (("1", ""), 102), (("1", "2", "11"), 120)])
def test_wrong_parameters(texts: tuple[str, ...], code: int) -> None:
    with pytest.raises(FlexError) as error:
        arguments((ChannelNumber(), Whole(0, 8), FlexParameter(0, 10, optional=True)), texts)
    assert error.value.code == code


def test_right_parameters() -> None:
    declared = (ChannelNumber(), Whole(0, 8), FlexParameter(0, 10, optional=True))
    assert arguments(declared, ("1001", "2")) == [1001, 2]
    assert arguments(declared, ("1", "2", "2.5")) == [1, 2, 2.5]
    assert arguments((ChannelNumber(optional=True, many=True),), ("1", "2", "10")) == [1, 2, 10]


def test_four_errors_in_the_buffer_and_thirty_in_the_queue() -> None:
    errors = FlexErrors()
    for code in (100, 102, 103, 120, 121):
        errors.add(FlexError(code))
    for _ in range(40):
        errors.add(FlexError(305, "SLOT1"))
    found = [errors.take_next() for _ in range(6)]
    assert [code for code, _ in found] == [100, 102, 103, 120, 121, 305]
    assert found[-1][1] == "Excess current in HPSMU.; SLOT1"   # as in the Programming Guide, p. 4-101
    assert sum(errors.take_next()[0] != 0 for _ in range(40)) == 24
    assert errors.take_codes() == [100, 102, 103, 120]
    assert errors.take_codes() == [0, 0, 0, 0]
    assert errors.take_next() == (0, "No Error.")


CURRENT = Datum(12.345e-6, 1, "I", 100e-6)


@pytest.mark.parametrize(("number", "datum", "text"), [
    (1, CURRENT, "NAI+012.345E-06"),
    (2, CURRENT, "+012.345E-06"),
    (5, Datum(-1.5, 2, "V", 2.0), "NBV-1.50000E+00"),
    (11, CURRENT, "NAI+012.3450E-06"),
    (11, Datum(20.0, 10, "v", 20.0, "E"), "EJV+20.00000E+00"),
    (12, CURRENT, "+012.3450E-06"),
    (1, Datum(0.4, 3, "V", 0.5, "C"), "CCV+400.000E-03"),
    (1, Datum(math.nan, 1, "I", 1e-6, "V"), "VAI+199.999E+99"),
    (21, CURRENT, "000AI+012.3450E-06"),
    (21, Datum(1.0, 1, "i", 1.0, "W"), "  WAi+1.000000E+00"),
    (21, Datum(1.0, 1, "I", 1.0, "C"), "008AI+1.000000E+00"),
    (1, Datum(123.4567, 1, "T", 1.0), "NAT+123.457E+00"),
])
def test_data_formats(number: int, datum: Datum, text: str) -> None:
    data = DataFormat()
    data.set(number, 1)
    assert data.text(datum) == text
    digits = {1: 12, 2: 12, 5: 12, 11: 13, 12: 13, 21: 13}[number]
    header = {1: 3, 2: 0, 5: 3, 11: 3, 12: 0, 21: 5}[number]
    assert len(text) == digits + header


def test_the_last_datum_of_format_21_says_so() -> None:
    data = DataFormat(21)
    assert data.text(CURRENT, last=True).startswith("128AI")


@pytest.mark.parametrize("number", [3, 4, 6, 13, 14, 20, 23])
def test_formats_that_do_not_exist_or_are_not_modelled(number: int) -> None:
    with pytest.raises(FlexError):
        DataFormat().set(number, 0)


def test_program_memory() -> None:
    memory = ProgramMemory()
    memory.start(1)
    assert memory.records(FlexCommand("CN", ("1",)))
    with pytest.raises(FlexError) as error:
        memory.records(FlexCommand("ERR?", ()))
    assert error.value.code == 162
    memory.end()
    assert [str(command) for command in memory.commands(1)] == ["CN 1"]
    assert not memory.records(FlexCommand("CN", ("1",)))
    with pytest.raises(FlexError) as error:
        memory.end()
    assert error.value.code == 161
    memory.scratch(None)
    assert memory.numbers() == []


# ------------------------------------------------------------------------------------------- output buffers


def test_a_reply_is_read_before_data_and_replaces_an_unread_one() -> None:
    analyser = Analyser()
    analyser.send("CN 1", "TI 1", "*IDN?", "*OPC?")
    assert analyser.read() == "1\r\n"
    assert analyser.read().startswith("NAI")
    assert analyser.exchange.talk(10) == (b"", Talk.EMPTY)


def test_end_follows_the_last_of_a_measurement() -> None:
    analyser = Analyser()
    analyser.send("CN 1", "WV 1,1,0,0,1,3", "MM 2,1")
    analyser.begin("XE")
    while not analyser.exchange.output_ready:
        analyser.bench.clock.hop(1000.0)
    assert analyser.exchange.will_answer
    assert analyser.exchange.talk(15) == (b"NAI+00.0000E-12", Talk.COUNT)
    analyser.finish()
    rest, reason = analyser.exchange.talk(1000)
    assert rest.count(b",") == 2 and rest.startswith(b",NAI") and reason is Talk.END


def test_comma_formats_have_no_end() -> None:
    analyser = Analyser()
    analyser.send("FMT 5", "CN 1", "TI 1", "TV 1")
    data, reason = analyser.exchange.talk(1000)
    assert data.count(b",") == 2 and data.endswith(b",") and reason is Talk.COUNT


def test_bc_and_fmt_forget_data() -> None:
    analyser = Analyser()
    for command in ("BC", "FMT 1"):
        analyser.send("CN 1", "TI 1", command)
        assert not analyser.exchange.output_ready
    analyser.send("TI 1", "CN 1;BC")
    assert analyser.errors() == [103]


def test_a_device_clear_ends_a_measurement_and_forgets_its_data() -> None:
    analyser = Analyser()
    analyser.send("CN 1", "WV 1,1,0,0,1,100", "WT 0,0.1", "MM 2,1")
    analyser.begin("XE")
    analyser.bench.clock.wait(1.0)
    assert analyser.exchange.output_ready
    analyser.exchange.device_clear()
    assert not analyser.exchange.will_answer and not analyser.exchange.output_ready
    assert analyser.ask("*OPC?") == "1"


def test_a_message_longer_than_the_input_buffer_is_refused() -> None:
    analyser = Analyser()
    analyser.send("CN 1;" * 60)
    assert analyser.errors() == [150]
    assert analyser.ask("*LRN? 0") == "CL"
