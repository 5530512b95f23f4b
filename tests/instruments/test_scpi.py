"""SCPI text and blocks, both ways."""

import contextlib
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsbench.instruments.languages import scpi
from tsbench.instruments.languages.language import ErrorReply, parse_identity


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_survive_exactly(value: float) -> None:
    text = scpi.format_number(value)
    assert float(text) == value
    assert not any(character.isspace() for character in text)


def test_small_numbers_are_not_rounded_to_zero() -> None:
    assert scpi.format_number(1e-7) == "1e-07"
    assert scpi.format_number(12.3456789e-3) == "0.0123456789"
    assert scpi.format_number(2.0) == "2"


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_nothing_but_finite_numbers_is_sent(value: float) -> None:
    with pytest.raises(ValueError, match="cannot be sent"):
        scpi.format_number(value)


def test_replies_with_scpi_infinity_and_nan() -> None:
    assert scpi.parse_number("+9.90000000E+37") == math.inf
    assert scpi.parse_number("-9.9E37") == -math.inf
    assert math.isnan(scpi.parse_number("9.91E37"))
    assert scpi.parse_number("9.8995E37") == math.inf and scpi.parse_number("9.8E37") == 9.8e37   # few digits, rounded
    assert scpi.parse_number("+1.000000E-04\n") == 1e-4
    assert scpi.parse_number("ON") == 1.0
    assert scpi.parse_list("1,2.5,-3e-9") == [1.0, 2.5, -3e-9]
    assert scpi.parse_list("\n") == []


@pytest.mark.parametrize(("reply", "on"), [("1", True), ("+0", False), (" ON\n", True), ("off", False)])
def test_switches(reply: str, on: bool) -> None:
    assert scpi.parse_switch(reply) is on


@pytest.mark.parametrize("reply", ["", "2", "#", "O", "1.0", "-1"])
def test_what_is_no_state_of_a_switch_is_not_off(reply: str) -> None:
    with pytest.raises(ValueError, match="not an on/off state"):
        scpi.parse_switch(reply)


@given(st.binary(max_size=5000))
def test_blocks_name_their_length(payload: bytes) -> None:
    block = scpi.format_block(payload)
    digits = scpi.block_length_digits(block[:2])
    assert int(block[2 : 2 + digits]) == len(payload) and block[2 + digits :] == payload


@given(st.binary(max_size=3))
def test_garbage_gives_value_error_or_a_number_of_digits(head: bytes) -> None:
    with contextlib.suppress(ValueError):
        assert 1 <= scpi.block_length_digits(head) <= 9 and head == b"#%d" % scpi.block_length_digits(head)


@pytest.mark.parametrize(
    ("reply", "code", "message", "detail", "line"),
    [
        ('-113,"Undefined header"', -113, "Undefined header", "", "-113 Undefined header"),
        ('+0,"No error"', 0, "No error", "", "0 No error"),
        ('0,"No error;0;0 0"', 0, "No error", "", "0 No error"),
        ('-222,"Data out of range; value clipped"\n', -222, "Data out of range", "value clipped",
         "-222 Data out of range (value clipped)"),
        ('-113,"Undefined header;1;2026/11/28 06:00:57.123"', -113, "Undefined header", "", "-113 Undefined header"),
        ('-310,"System error; no solution at 1.0007 s; 2;1. Check XDUT.;1;2026/11/28 06:00:57.123"', -310,
         "System error", "no solution at 1.0007 s; 2;1. Check XDUT",
         "-310 System error (no solution at 1.0007 s; 2;1. Check XDUT)"),
        ("5,plain", 5, "plain", "", "5 plain"),
    ],
)
def test_error_entries(reply: str, code: int, message: str, detail: str, line: str) -> None:
    entry = scpi.parse_error(reply)
    assert entry == ErrorReply(code, message, detail) and entry.line == line


@given(st.text(max_size=40))
def test_error_parser_never_crashes(reply: str) -> None:
    with contextlib.suppress(ValueError):
        assert isinstance(scpi.parse_error(reply), ErrorReply)


def test_identity() -> None:
    identity = parse_identity("KEITHLEY INSTRUMENTS,MODEL 2450,SIM00001,1.7.12b\n")
    assert identity.model == "MODEL 2450"
    assert identity.simulated
    assert not parse_identity("Agilent Technologies,33522B,MY1,a,b").simulated
    with pytest.raises(ValueError, match="not a reply to"):
        parse_identity("hello")


@pytest.mark.parametrize(("reply", "model", "firmware"), [
    ("KEITHLEY INSTRUMENTS,MODEL 2450,04096331,1.7.12b\n", "MODEL 2450", "1.7.12b"),
    ("Agilent Technologies, 33521A ,MY1,1.1,2.2,3.3", "33521A", "1.1,2.2,3.3"), ("a,b,,", "b", ""),
    ("a,b,c", None, ""), ("a,,c,d", None, ""), ("", None, ""),
])
def test_an_identity_has_four_fields_and_a_model(reply: str, model: str | None, firmware: str) -> None:
    if model is None:
        with pytest.raises(ValueError, match="not a reply"):
            parse_identity(reply)
    else:
        identity = parse_identity(reply)
        assert (identity.model, identity.firmware) == (model, firmware)
