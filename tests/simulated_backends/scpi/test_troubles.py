"""What an instrument answers where something is wrong: with itself, with numbers and words, with long messages."""

from typing import Any

import pytest

from tsbench.errors import ConfigurationError
from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.message import IDLE, MessageDevice
from tsbench.simulated_backends.scpi.parameters import (
    AnyOf,
    Block,
    Boolean,
    Choice,
    Integer,
    Many,
    Number,
    Text,
    parse_arguments,
)
from tsbench.simulated_backends.scpi.syntax import block_payload, definite_block
from tsbench.simulated_backends.scpi.tree import command
from tsbench.simulated_backends.services.clock import BenchClock


class Supply(MessageDevice):
    """An instrument whose circuit may fail."""

    input_buffer_size = 100

    @command(":FAIL", Text())
    def fail(self, text: str) -> None:
        raise ConfigurationError(text)

    @command(":NOTE", Text())
    def note(self, text: str) -> None:
        self.trouble.append(text)

    @command(":PAUSe?")
    def pause(self) -> Any:
        yield IDLE   # nothing is running: it goes on at once
        yield 0.25
        return f"{self.clock.now:g}"


class Detailed(Supply):
    error_detail = True


def sent(device: MessageDevice, message: bytes) -> str:
    device.exchange.recv(message, True)
    return device.exchange.talk(10_000)[0].decode().strip()


def errors(device: MessageDevice) -> list[tuple[int, str]]:
    return [(entry.code, entry.text) for entry in device.status.errors]


def test_what_the_simulation_cannot_do_is_a_system_error_and_the_message_goes_on() -> None:
    supply = Supply(BenchClock())
    assert sent(supply, b":FAIL 'no solution';*OPT?") == "0"
    assert errors(supply) == [(-310, "System error; no solution")]
    sent(supply, b":NOTE 'a jump'")
    assert errors(supply)[1:] == [(-310, "System error; a jump")] and supply.trouble == []
    supply.input_buffer_size = 1000  # type: ignore[misc]
    sent(supply, b":FAIL '" + 300 * b"x" + b"'")
    assert len(errors(supply)[2][1]) == 255
    assert int(sent(supply, b"*ESR?")) == 128 + 8


def test_a_message_longer_than_the_input_buffer_is_lost() -> None:
    supply = Supply(BenchClock())
    supply.exchange.recv(101 * b"x", False)
    assert errors(supply) == [(-363, "Input buffer overrun")]
    assert sent(supply, b"*ESE 7;*ESE?") == "7"
    supply.exchange.recv(b":NOTE '" + 93 * b"x", False)   # just fits, and never ends
    assert len(errors(supply)) == 1


@pytest.mark.parametrize(("kind", "message", "text"), [
    (Supply, b":NOWHERE", "Undefined header"), (Detailed, b":NOWHERE", "Undefined header;:NOWHERE"),
    (Detailed, b":NOTE", "Missing parameter;:NOTE"), (Detailed, b"*TRG", "Trigger ignored;*TRG"),
    (Supply, b"*TRG", "Trigger ignored"),
])
def test_some_models_name_the_header(kind: type[Supply], message: bytes, text: str) -> None:
    supply = kind(BenchClock())
    sent(supply, message)
    assert errors(supply)[0][1] == text


def test_masks_are_kept_and_bit_six_of_the_service_mask_is_not() -> None:
    supply = Supply(BenchClock())
    assert sent(supply, b"*ESE 255;*SRE 255;*ESE?;*SRE?") == "255;191"
    sent(supply, b"*ESE 256")
    assert errors(supply) == [(-222, "Parameter data out of range")] and sent(supply, b"*ESE?") == "255"
    sent(supply, b"*CLS;*OPC")   # nothing is running: it is complete
    assert sent(supply, b"*ESR?") == "1"
    assert sent(supply, b"*ESR?;:SYST:ERR:COUN?;:SYST:VERS?") == "0;0;1999.0"


def test_a_query_waits_as_long_as_it_says_and_the_self_test_half_a_second() -> None:
    supply = Supply(BenchClock())
    supply.exchange.recv(b":PAUS?", True)
    supply.clock.advance_to(0.2)
    assert supply.exchange.will_answer and not supply.exchange.output_ready
    supply.clock.advance_to(0.3)
    assert supply.exchange.talk(100)[0] == b"0.25\n" and not supply.exchange.will_answer
    supply.exchange.recv(b"*TST?", True)
    supply.clock.advance_to(0.79)
    assert not supply.exchange.output_ready
    supply.clock.advance_to(0.81)
    assert supply.exchange.talk(100)[0] == b"0\n"


def test_numbers_are_answered_in_exponent_form_and_not_a_number_as_scpi_has_it() -> None:
    supply = Supply(BenchClock())
    assert supply.format_number(-1.5e-3) == "-1.50000000000000E-03"
    assert supply.format_number(float("nan")) == "9.91E+37"
    assert (supply.format_integer(-7), Boolean().format(True, supply), Boolean().format(False, supply)) == (
        "-7", "1", "0")
    assert (Integer().format(2.0, supply), Text().format('a"b', supply)) == ("2", '"a""b"')
    either = AnyOf(Number(), Choice("AUTO"))
    assert (either.format(1.0, supply), either.format("AUTO", supply)) == ("+1.00000000000000E+00", "AUTO")
    assert Choice("CHANnel1", answer=lambda word: f"<{word}>").format("CHAN1", supply) == "<CHAN1>"


@pytest.mark.parametrize(("prefix", "factor"), [
    ("EX", 1e18), ("PE", 1e15), ("T", 1e12), ("G", 1e9), ("MA", 1e6), ("K", 1e3), ("M", 1e-3), ("U", 1e-6),
    ("N", 1e-9), ("P", 1e-12), ("F", 1e-15), ("A", 1e-18), ("", 1.0),
])
def test_each_multiplier(prefix: str, factor: float) -> None:
    assert Number("V").parse(f"2{prefix}V".encode(), None, ()) == pytest.approx(2 * factor)


@pytest.mark.parametrize(("parameter", "raw", "code"), [
    (Number(), b"5V", -138), (Number("V"), b"5 A", -131), (Number("V"), b"MAX", -224), (Number("V"), b"WRONG", -104),
    (Number("V", high=3.0), b"MIN", -224), (Number("V", high=3.0), b"WRONG", -224), (Number("V"), b"(1)", -104),
    (Number("V", 0.0, 3.0, out_of_range=-220), b"4", -220), (Number("OHM", infinite=False), b"INF", -104),
    (Boolean(), b"'ON'", -104), (Boolean(), b"1E999", -104), (Choice("ONE"), b"1", -104), (Choice("ONE"), b"TWO", -224),
    (Text(), b"word", -104), (Text(maximum=3), b"'four'", -223), (Text(), b"'open", -151), (Text(), b"'a'b'", -151),
    (Block(), b"word", -104), (Block(), b"#9", -161), (Block(), b"#12abc", -161), (AnyOf(Number()), b"word", -104),
    (AnyOf(Integer("", 0, 3), Choice("ALL")), b"4", -104), (AnyOf(), b"4", -104),
])
def test_what_cannot_be_has_its_number(parameter: Any, raw: bytes, code: int) -> None:
    with pytest.raises(ScpiError) as error:
        parameter.parse(raw, None, ())
    assert error.value.code == code


def test_bounds_hold_to_a_rounding_error() -> None:
    for low, high in ((-3.0, 3.0), (1.0, 3.0), (-3.0, -1.0)):
        number = Number("V", low, high)
        for value in (low * (1 - 1e-13), low * (1 + 1e-13), high * (1 - 1e-13), high * (1 + 1e-13)):
            assert number.parse(repr(value).encode(), None, ()) == value
        for value in (low - 1e-9, high + 1e-9):
            with pytest.raises(ScpiError, match="-222"):
                number.parse(repr(value).encode(), None, ())
    assert Number("V", high=3.0, symmetric=True).bounds(None, ()) == (-3.0, 3.0)
    assert Number("V", symmetric=True).bounds(None, ()) == (None, None)


def test_texts_and_blocks_that_can_be() -> None:
    assert Text(bare=True).parse(b" word ", None, ()) == "word"
    assert Text(maximum=4).parse(b"'it''s'", None, ()) == "it's"
    assert Text().parse(b'"a""b"', None, ()) == 'a"b'
    assert Text().parse(b"''", None, ()) == ""
    assert block_payload(b"#0abc") == b"abc" and block_payload(b" #13abc ") == b"abc"
    assert block_payload(b"x0abc") is None and block_payload(b"#HF") is None and block_payload(b"") is None
    assert block_payload(b"#") is None and block_payload(b"#1a") is None and block_payload(b"#13abcd") is None
    assert definite_block(b"abc", 4) == b"#40003abc"
    numbers = (Number(), Many(Number(), minimum=2))
    assert parse_arguments(numbers, [b"1", b"2", b"3"], None, ()) == [1.0, 2.0, 3.0]
    with pytest.raises(ScpiError, match="-109"):
        parse_arguments(numbers, [b"1", b"2"], None, ())
