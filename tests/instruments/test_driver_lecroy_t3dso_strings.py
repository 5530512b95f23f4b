"""The T3DSO driver's messages, as the programming guide spells them, and the scaling of codes."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from pymeasure.test import expected_protocol

from tsbench.errors import CommunicationError, ConfigurationError, InstrumentError, LimitError
from tsbench.instruments import EdgeTrigger, Oscilloscope, Timebase, Vertical
from tsbench.instruments.languages.language import parse_identity
from tsbench.instruments.languages.lecroy import (
    LECROY,
    LECROY_REGISTERS,
    format_digits,
    headers_are_back,
    parse_quantity,
    parse_registers,
)
from tsbench.instruments.lecroy_scope.scope_model import time_scale_for
from tsbench.instruments.lecroy_scope.short_scope import REPEATABLE
from tsbench.instruments.lecroy_t3dso.driver import LeCroyT3DSO
from tsbench.records import Flag, Identity

IDENTITY = Identity("LECROY", "T3DSO1204", "T1", "8.2")
CHANNEL = [
    ("C1:TRA ON", None), ("C1:CPL D1M", None), ("C1:ATTN 1", None), ("BWL C1,OFF", None), ("C1:VDIV 2.50E-01V", None),
    ("C1:OFST -7.00E-01V", None), ("C1:VDIV?", "2.50E-01"), ("C1:OFST?", "-7.00E-01"), ("C1:CPL?", "D1M"),
]
TRIGGER = [
    ("TRSE EDGE,SR,C1,HT,OFF", None), ("C1:TRCP DC", None), ("C1:TRSL NEG", None), ("C1:TRLV 5.00E-01V", None),
    ("C1:TRLV?", "5.00E-01"),
]
TIMEBASE = [("TDIV 1.00E-04S", None), ("TRDL 4.00E-04S", None), ("TDIV?", "1.00E-04"), ("TRDL?", "4.00E-04")]


@contextmanager
def scope(pairs: list[tuple[Any, Any]], identity: Identity = IDENTITY) -> Iterator[LeCroyT3DSO]:
    with expected_protocol(LeCroyT3DSO, pairs, identity=identity, wait=lambda seconds: None) as found:
        yield found


def test_it_is_an_oscilloscope() -> None:
    with scope([]) as found:
        assert isinstance(found, Oscilloscope)
        assert (found.capabilities.channels, found.capabilities.bandwidth) == (4, 200e6)
        assert not found.capabilities.external_trigger
        assert found.title == "LeCroy T3DSO1204"


def test_a_model_that_is_not_known_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="does not know the model T3DSO9999"), scope(
            [], Identity("LECROY", "T3DSO9999", "1", "1")):
        pass


def test_reset_leaves_headers_out() -> None:
    with scope([("CHDR OFF", None), ("*RST", None), ("CHDR OFF", None), ("STOP", None)]) as found:
        found.reset()
    with scope([("CHDR?", "OFF")]) as found:
        assert not found.lost_power()
    with scope([("CHDR?", "CHDR SHORT")] * 2) as found:
        assert found.lost_power()


def test_channel_settings_are_read_back() -> None:
    with scope(CHANNEL) as found:
        assert found.configure_channel(1, Vertical(2.0, 0.7)) == Vertical(2.0, 0.7)
    changed = [(a, "5.00E-01") if a == "C1:VDIV?" else (a, b) for a, b in CHANNEL]
    refused = pytest.raises(InstrumentError, match="range 2 V was requested, but the instrument set 4 V")
    with scope(changed) as found, refused:
        found.configure_channel(1, Vertical(2.0, 0.7))
    changed = [(a, "-1.00E-01") if a == "C1:OFST?" else (a, b) for a, b in CHANNEL]
    with scope(changed) as found, pytest.raises(InstrumentError, match="offset 700 mV was requested"):
        found.configure_channel(1, Vertical(2.0, 0.7))


@pytest.mark.parametrize(("channel", "vertical", "message"), [
    (5, Vertical(1.0), "channel"), (1, Vertical(1e-3), "range"), (1, Vertical(81.0), "range"),
    (1, Vertical(1.0, impedance="50"), "no input of 50 Ohm"),
])
def test_what_cannot_be_is_refused_before_it_is_sent(channel: int, vertical: Vertical, message: str) -> None:
    with scope([]) as found, pytest.raises(LimitError, match=message):
        found.configure_channel(channel, vertical)


def test_time_base_is_the_next_step() -> None:
    with scope(TIMEBASE) as found:
        accepted = found.configure_timebase(Timebase(1e-3, 4e-4))
    assert (accepted.span, accepted.position) == pytest.approx((1.4e-3, 4e-4))
    with scope([]) as found, pytest.raises(LimitError, match="segments"):
        found.configure_timebase(Timebase(1e-3, segments=2))


@pytest.mark.parametrize(("span", "scale"), [(1e-3, 1e-4), (1.4e-3, 1e-4), (1.5e-3, 2e-4), (7e-6, 5e-7), (14.0, 1.0)])
def test_steps_of_the_time_base(span: float, scale: float) -> None:
    assert time_scale_for(span, 14) == pytest.approx(scale)


def test_trigger() -> None:
    with scope(CHANNEL + TRIGGER) as found:
        found.configure_channel(1, Vertical(2.0, 0.7))
        assert found.configure_trigger(EdgeTrigger(1, 0.5, "negative")) == EdgeTrigger(1, 0.5, "negative")
    with scope([]) as found, pytest.raises(LimitError, match="no external trigger input"):
        found.configure_trigger(EdgeTrigger("external", 0.5))
    held = [("TRSE EDGE,SR,C1,HT,TI,HV,1.00E-03S", None), *TRIGGER[1:]]
    with scope(held) as found:
        found.configure_trigger(EdgeTrigger(1, 0.5, "negative", 1e-3))


ARM = [("INR?", "0"), ("ARM", None), ("SAST?", "Arm"), ("SAST?", "Ready")]


def test_arm_waits_until_it_is_ready() -> None:
    with scope([*TRIGGER, *ARM, ("SAST?", "Ready"), ("SAST?", "Trig'd"), ("SAST?", "Stop")]) as found:
        found.configure_trigger(EdgeTrigger(1, 0.5, "negative"))
        found.arm()
        assert not found.triggered()
        assert not found.complete()
        assert found.complete()
    with scope([*TRIGGER, ("INR?", "0"), ("ARM", None), ("SAST?", "Stop"), ("INR?", "0")]) as found:
        found.configure_trigger(EdgeTrigger(1, 0.5, "negative"))
        with pytest.raises(InstrumentError, match="stopped without an acquisition"):
            found.arm()
    with scope([]) as found, pytest.raises(InstrumentError, match="no trigger is configured"):
        found.arm()


@pytest.mark.sabotage("units")
def test_codes_become_volts_and_seconds() -> None:
    fetch = [("SARA?", "1.00E+04"), ("SANU? C1", "1.40E+01"), ("WFSU SP,1,NP,10,FP,2", None),
             ("C1:WF? DAT2", b"DAT2,#9000000010\x00\x19\xe7\x7f\x80\0\0\0\0\0\n\n"), ("CHDR?", "OFF")]
    with scope([*CHANNEL, *TIMEBASE, *fetch]) as found:
        found.configure_channel(1, Vertical(2.0, 0.7))
        found.configure_timebase(Timebase(1e-3, 4e-4))
        record = found.fetch([1])[1]
    assert record.values()[0][:5].tolist() == pytest.approx([0.7, 0.95, 0.45, 0.7 + 1.27, 0.7 - 1.28])
    assert record.times()[:2].tolist() == pytest.approx([4e-4 - 7e-4 + 2e-4, 4e-4 - 7e-4 + 3e-4])
    assert Flag.CLIPPED in record.flags
    assert record.accuracy_gain == pytest.approx(0.03 / np.sqrt(3))


def test_a_record_of_another_length_is_refused() -> None:
    fetch = [("SARA?", "1.00E+04"), ("SANU? C1", "1.40E+01"), ("WFSU SP,1,NP,10,FP,2", None),
             ("C1:WF? DAT2", b"DAT2,#9000000000\n\n")]
    with scope([*TIMEBASE, *fetch]) as found, pytest.raises(CommunicationError, match="0 points instead of 10"):
        found.configure_timebase(Timebase(1e-3, 4e-4))
        found.fetch([1])


def test_a_record_of_an_oscilloscope_that_restarted_is_refused() -> None:
    fetch = [("SARA?", "1.00E+04"), ("SANU? C1", "1.40E+01"), ("WFSU SP,1,NP,10,FP,2", None),
             ("C1:WF? DAT2", b"DAT2,#9000000010\0\0\0\0\0\0\0\0\0\0\n\n"), *[("CHDR?", "CHDR SHORT")] * 2]
    with scope([*TIMEBASE, *fetch]) as found, pytest.raises(InstrumentError, match="switched off and on"):
        found.configure_timebase(Timebase(1e-3, 4e-4))
        found.fetch([1])


def test_stop_force_and_off() -> None:
    with scope([("STOP", None), ("FRTR", None), ("C2:TRA OFF", None)]) as found:
        found.safe_state()
        found.force_trigger()
        found.disable_channel(2)
        assert list(found.output_states()) == []
        assert found.output_names == ()


@pytest.mark.parametrize(("message", "repeated"), [
    ("C1:VDIV?", True), ("C4:WF? DAT2", True), ("SAST?", True), ("INR?", False), ("C1:VDIV 2V", False), ("ARM", False),
    ("CMR?;EXR?", False), *((word.replace("<n>", "3"), True) for word in (
        "*IDN?", "CHDR?", "C<n>:VDIV?", "C<n>:OFST?", "C<n>:CPL?", "C<n>:TRLV?", "EX:TRLV?", "TDIV?", "TRDL?", "TRMD?",
        "SARA?", "SANU?", "WFSU?", "SEQ?")),
])
def test_what_may_be_sent_again(message: str, repeated: bool) -> None:
    assert LECROY.may_be_repeated(message, REPEATABLE) is repeated


def test_replies_of_the_language() -> None:
    assert [parse_quantity(text) for text in ("5.00E-01", "1.5E-1 V", "-2", "50E-3")] == [0.5, 0.15, -2.0, 0.05]
    for text in ("", "C1:VDIV 1V", "****", "V"):
        with pytest.raises(ValueError, match="not a number"):
            parse_quantity(text)
    assert format_digits(0.123456, "V") == "1.23E-01V"
    with pytest.raises(ValueError, match="cannot be sent"):
        format_digits(float("nan"))
    assert parse_identity("*IDN LECROY,WS3024Z,LCRY1,9.6") == Identity("LECROY", "WS3024Z", "LCRY1", "9.6")
    with pytest.raises(ValueError, match="state of the headers"):
        headers_are_back(["5"])


def test_error_registers() -> None:
    assert parse_registers("0;0").code == 0
    assert parse_registers("1;0").line == "1 Unrecognized command or query header"
    assert parse_registers("0;25").line == "25 Parameter error"
    with pytest.raises(ValueError, match="two registers"):
        parse_registers("0")
    assert LECROY_REGISTERS.error_question == "CMR?;EXR?"
