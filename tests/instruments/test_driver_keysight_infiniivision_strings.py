"""The DSOX3000T driver's messages, as the programmer's guide spells them, and the scaling of codes."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from pymeasure.adapters import ProtocolAdapter
from pymeasure.test import expected_protocol

from tsbench.errors import CommunicationError, ConfigurationError, InstrumentError, LimitError
from tsbench.instruments import EdgeTrigger, Oscilloscope, Timebase, Vertical
from tsbench.instruments.keysight_infiniivision.driver import KeysightInfiniiVision
from tsbench.records import Flag, Identity

IDENTITY = Identity("KEYSIGHT TECHNOLOGIES", "DSO-X 3054T", "MY1", "07.20")
AGAIN = [("*IDN?", "KEYSIGHT TECHNOLOGIES,DSO-X 3054T,MY1,07.20")]
OK = (":SYST:ERR?", '+0,"No error"')
CHANNEL = [
    (":CHAN1:DISP ON", None), (":CHAN1:COUP DC", None), (":CHAN1:IMP ONEM", None), (":CHAN1:PROB 1", None),
    (":CHAN1:BWL OFF", None), (":CHAN1:RANG 2", None), (":CHAN1:OFFS 0.7", None), OK,
    (":CHAN1:RANG?", "+2.0E+00"), (":CHAN1:OFFS?", "+7.0E-01"), (":CHAN1:IMP?", "ONEM"),
]
TRIGGER = [
    (":TRIG:SWE NORM", None),
    (":TRIG:MODE EDGE", None),
    (":TRIG:EDGE:SOUR CHAN1", None),
    (":TRIG:EDGE:COUP DC", None),
    (":TRIG:EDGE:SLOP NEG", None),
    (":TRIG:EDGE:LEV 0.5", None),
    OK,
    (":TRIG:EDGE:LEV?", "+5.0E-01"),
]
FETCH = [
    (":WAV:FORM BYTE", None), (":WAV:UNS 1", None), (":WAV:BYT LSBF", None), (":WAV:POIN MAX", None),
    (":WAV:POIN:MODE RAW", None),
]
PREAMBLE = "+0,+0,+4,+1,+1.0E-09,-2.0E-09,+0,+1.0E-02,+7.0E-01,+128"


@contextmanager
def scope(pairs: list[tuple[Any, Any]], **options: Any) -> Iterator[KeysightInfiniiVision]:
    with expected_protocol(
        KeysightInfiniiVision, pairs, identity=IDENTITY, wait=lambda seconds: None, **options
    ) as found:
        yield found


def set_up(found: KeysightInfiniiVision) -> None:
    found.configure_channel(1, Vertical(2.0, 0.7))
    found._timebase = Timebase(4e-9)  # four samples of a nanosecond


def test_it_is_an_oscilloscope() -> None:
    with scope([]) as found:
        assert isinstance(found, Oscilloscope)
        assert found.capabilities.bandwidth == 500e6
        assert found.capabilities.channels == 4


def test_channel_settings_are_read_back() -> None:
    with scope(CHANNEL) as found:
        assert found.configure_channel(1, Vertical(2.0, 0.7)) == Vertical(2.0, 0.7)
    changed = [(a, "+4.0E+00") if a == ":CHAN1:RANG?" else (a, b) for a, b in CHANNEL[:-2]]
    refused = pytest.raises(InstrumentError, match="range 2 V was requested, but the instrument set 4 V")
    with scope(changed) as found, refused:
        set_up(found)


TIMEBASE = [
    (":ACQ:MODE RTIM", None), (":TIM:MODE MAIN", None), (":TIM:REF CENT", None), (":TIM:RANG 0.001", None),
    (":TIM:POS 0.0004", None), OK, (":TIM:RANG?", "1E-3"), (":TIM:POS?", "4E-4"),
]


@pytest.mark.parametrize(("points", "refused"), [(99, True), (100, False), (4_000_000, False), (4_000_001, True)])
def test_points_of_a_record_that_can_be(points: int, refused: bool) -> None:
    with scope([] if refused else TIMEBASE) as found:
        if refused:
            with pytest.raises(LimitError, match="points"):
                found.configure_timebase(Timebase(1e-3, 0.4e-3, points=points))
        else:
            assert found.configure_timebase(Timebase(1e-3, 0.4e-3, points=points)).points == points


def answered(pairs: list[tuple[Any, Any]], query: str, value: float) -> list[tuple[Any, Any]]:
    return [(sent, str(value) if sent == query else reply) for sent, reply in pairs]


@pytest.mark.parametrize(("query", "kept", "other"), [
    # 2 V and 1 ms: within 1 % of what was requested; 0.7 V and 0.4 ms: within a thousandth of 2 V and of 1 ms
    (":CHAN1:RANG?", [1.981, 2.019], [1.979, 2.021]), (":CHAN1:OFFS?", [0.6981, 0.7019], [0.6979, 0.7021]),
    (":TIM:RANG?", [0.991e-3, 1.009e-3], [0.989e-3, 1.011e-3]),
    (":TIM:POS?", [0.3991e-3, 0.4009e-3], [0.3989e-3, 0.4011e-3]),
    # 0.5 V: within 1 % of the channel's range of 2 V
    (":TRIG:EDGE:LEV?", [0.481, 0.519], [0.479, 0.521]),
])
def test_what_the_instrument_set_is_kept_or_refused(query: str, kept: list[float], other: list[float]) -> None:
    for value in [*kept, *other]:
        with scope(answered([*CHANNEL, *TIMEBASE, *TRIGGER], query, value)) as found:
            try:
                channel = found.configure_channel(1, Vertical(2.0, 0.7))
                base = found.configure_timebase(Timebase(1e-3, 0.4e-3))
                trigger = found.configure_trigger(EdgeTrigger(1, 0.5, "negative"))
                got = {":CHAN1:RANG?": channel.range, ":CHAN1:OFFS?": channel.offset, ":TIM:RANG?": base.span,
                       ":TIM:POS?": base.position, ":TRIG:EDGE:LEV?": trigger.level}[query]
                assert value in kept
                assert got == value
            except InstrumentError as error:
                assert value in other, error
                assert "was requested, but the instrument set" in str(error)
                found.adapter._index = len(found.adapter.comm_pairs)


def test_external_trigger_level_is_read_in_eight_volts() -> None:
    external = [(sent.replace("CHAN1", "EXT"), reply) for sent, reply in TRIGGER]
    with scope(answered(external, ":TRIG:EDGE:LEV?", 0.579)) as found:
        assert found.configure_trigger(EdgeTrigger("external", 0.5, "negative")).level == 0.579
    refused = pytest.raises(InstrumentError, match=r"trigger level 500 mV was requested, but .* set 581 mV")
    with scope(answered(external, ":TRIG:EDGE:LEV?", 0.581)) as found, refused:
        found.configure_trigger(EdgeTrigger("external", 0.5, "negative"))


@pytest.mark.parametrize(("level", "arms"), [(0.481, True), (0.519, True), (0.479, False), (0.521, False)])
def test_arming_reads_the_trigger_level_again_where_a_channel_was_set_since(level: float, arms: bool) -> None:
    armed = [(":AER?", "0"), (":TER?", "0"), (":SING", None), (":AER?", "1")]
    pairs = [*CHANNEL, *TRIGGER, *CHANNEL, (":TRIG:EDGE:LEV?", str(level)), *(2 * armed if arms else [])]
    with scope(pairs) as found:
        found.configure_channel(1, Vertical(2.0, 0.7))
        found.configure_trigger(EdgeTrigger(1, 0.5, "negative"))
        found.configure_channel(1, Vertical(2.0, 0.7))
        if arms:
            found.arm()
            found.arm()  # the level is not read a second time
        else:
            with pytest.raises(InstrumentError, match=r"trigger level 500 mV was requested"):
                found.arm()
        assert found.accepted_settings()["trigger_level"] == level


@pytest.mark.parametrize(("position", "patience"), [(0.0, 5.5), (0.2, 5.3), (0.5, 5.0), (3.0, 5.0)])
def test_arming_waits_for_what_comes_before_the_trigger_and_little_more(position: float, patience: float) -> None:
    waited: list[float] = []
    polls = 6 + round(patience / 0.05) + 1   # more and more seldom: the questions take time on a real scope
    pairs = [*CHANNEL, *TRIGGER, (":AER?", "0"), (":TER?", "0"), (":SING", None), *[(":AER?", "0")] * polls]
    with expected_protocol(KeysightInfiniiVision, pairs, identity=IDENTITY, wait=waited.append) as found:
        found.configure_channel(1, Vertical(2.0, 0.7))
        found.configure_trigger(EdgeTrigger(1, 0.5, "negative"))
        found._timebase = Timebase(1.0, position)
        found.lost_power = lambda: False   # its questions are not the point
        with pytest.raises(InstrumentError, match=f"did not arm within {patience:g} s"):
            found.arm()
        assert patience <= sum(waited) < patience + 0.05 and waited[0] == 1e-3
        found.adapter._index = len(found.adapter.comm_pairs)


def test_a_scope_that_restarts_while_it_is_armed_is_noticed_within_half_a_second() -> None:
    waited: list[float] = []
    pairs = [*CHANNEL, *TRIGGER, (":AER?", "0"), (":TER?", "0"), (":SING", None), *[(":AER?", "0")] * 16]
    with expected_protocol(KeysightInfiniiVision, pairs, identity=IDENTITY, wait=waited.append) as found:
        set_up(found)
        found.configure_trigger(EdgeTrigger(1, 0.5, "negative"))
        found.lost_power = lambda: True
        with pytest.raises(InstrumentError, match="switched off and on while it was being armed"):
            found.arm()
        assert sum(waited) == pytest.approx(0.5, abs=0.06)
        found.adapter._index = len(found.adapter.comm_pairs)


def test_segmented_timebase() -> None:
    with scope(
        [
            (":ACQ:MODE SEGM", None),
            (":ACQ:SEGM:COUN 20", None),
            (":TIM:MODE MAIN", None),
            (":TIM:REF CENT", None),
            (":TIM:RANG 1e-07", None),
            (":TIM:POS 4e-08", None),
            OK,
            (":TIM:RANG?", "+1.0E-07"),
            (":TIM:POS?", "+4.0E-08"),
            (":ACQ:SEGM:COUN?", "20"),
        ]
    ) as found:
        assert found.configure_timebase(Timebase(100e-9, 40e-9, 20)).segments == 20


def test_arming_is_verified() -> None:
    with scope(
        [
            *CHANNEL,
            *TRIGGER,
            (":AER?", "+1"),
            (":TER?", "+1"),
            (":SING", None),
            (":AER?", "+0"),
            (":AER?", "+1"),
            (":TER?", "+0"),
            (":OPER:COND?", "+40"),
            (":TER?", "+1"),
            (":OPER:COND?", "+0"),
            (":STOP", None),
        ]
    ) as found:
        set_up(found)
        found.configure_trigger(EdgeTrigger(1, 0.5, "negative"))
        found.arm()
        assert not found.triggered()
        assert not found.complete()
        assert found.triggered()
        assert found.triggered()
        assert found.complete()
        found.abort()


def test_arming_needs_a_trigger_and_an_end() -> None:
    with scope([]) as found, pytest.raises(InstrumentError, match="no trigger is configured"):
        found.arm()
    never = [(":AER?", "0")] * 120
    with scope([*CHANNEL, *TRIGGER, (":AER?", "0"), (":TER?", "0"), (":SING", None), *never]) as found:
        set_up(found)
        found.configure_trigger(EdgeTrigger(1, 0.5, "negative"))
        found.lost_power = lambda: False
        with pytest.raises(InstrumentError, match="the oscilloscope did not arm within 5"):
            found.arm()
        found.adapter._index = len(found.adapter.comm_pairs)  # how many polls it took is not the point


def test_bytes_become_volts_and_seconds() -> None:
    with scope([
        *CHANNEL, *FETCH, (":WAV:SOUR CHAN1", None), (":WAV:DATA?", b"#800000004\x80\x82\x7e\xc8\n"),
        (":WAV:PRE?", PREAMBLE), OK,
    ]) as found:
        set_up(found)
        record = found.fetch([1])[1]
        assert record.codes.dtype == np.uint8
        assert record.codes.shape == (1, 4)
        assert record.values()[0] == pytest.approx([0.7, 0.72, 0.68, 1.42])
        assert record.times() == pytest.approx([-2e-9, -1e-9, 0.0, 1e-9])
        assert record.flags == Flag.NONE
        assert record.accuracy_gain == pytest.approx(0.02 / 3**0.5)
        assert record.accuracy_offset == pytest.approx((0.025**2 + 0.002**2 + 0.007**2) ** 0.5 / 3**0.5)


@pytest.mark.parametrize("code", [0, 1, 255])
def test_clipped_codes_are_flagged(code: int) -> None:
    payload = b"#14" + bytes([128, 128, code, 128]) + b"\n"
    replies = [(":WAV:SOUR CHAN1", None), (":WAV:DATA?", payload), (":WAV:PRE?", PREAMBLE), OK]
    with scope([*CHANNEL, *FETCH, *replies]) as found:
        set_up(found)
        assert found.fetch([1])[1].flags == Flag.CLIPPED


def test_words_are_little_endian() -> None:
    pairs = [(":WAV:FORM WORD", None), *FETCH[1:], (":WAV:SOUR CHAN1", None),
             (":WAV:DATA?", b"#14\x00\x80\x00\x81\n"),
             (":WAV:PRE?", "+1,+0,+2,+1,+2.0E-09,-2.0E-09,+0,+4.0E-05,+7.0E-01,+32768"), OK]
    with scope([*CHANNEL, *pairs], transfer="word") as found:
        set_up(found)
        record = found.fetch([1])[1]
        assert record.codes.tolist() == [[0x8000, 0x8100]]
        assert record.values()[0, 0] == pytest.approx(0.7)
        assert (record.clip_low, record.clip_high) == (0x0100, 0xFF00)


def test_segments_keep_their_times() -> None:
    with scope(
        [
            *CHANNEL,
            (":ACQ:MODE SEGM", None),
            (":ACQ:SEGM:COUN 2", None),
            (":TIM:MODE MAIN", None),
            (":TIM:REF CENT", None),
            (":TIM:RANG 1e-07", None),
            (":TIM:POS 0", None),
            OK,
            (":TIM:RANG?", "1E-07"),
            (":TIM:POS?", "0"),
            (":ACQ:SEGM:COUN?", "2"),
            *FETCH,
            (":WAV:SEGM:COUN?", "2"),
            (":WAV:SOUR CHAN1", None),
            (":ACQ:SEGM:IND 1", None),
            (":WAV:SEGM:TTAG?", "0.0"),
            (":WAV:DATA?", b"#12\x80\x81\n"),
            (":ACQ:SEGM:IND 2", None),
            (":WAV:SEGM:TTAG?", "+1.5E-03"),
            (":WAV:DATA?", b"#12\x82\x83\n"),
            (":WAV:PRE?", PREAMBLE.replace("+4,+1,+1.0E-09", "+2,+1,+5.0E-08")),
            OK,
        ]
    ) as found:
        set_up(found)
        found.configure_timebase(Timebase(100e-9, segments=2))
        record = found.fetch([1])[1]
        assert record.codes.tolist() == [[0x80, 0x81], [0x82, 0x83]]
        assert record.segment_times.tolist() == [0.0, 1.5e-3]


def test_damaged_replies() -> None:
    source, damaged = (":WAV:SOUR CHAN1", None), (":WAV:DATA?", b"XX")
    with scope([*CHANNEL, *FETCH, source, damaged, *AGAIN, damaged, *AGAIN, damaged]) as found:
        set_up(found)
        with pytest.raises(CommunicationError, match=r"the data block in the reply to .* is garbled"):
            found.fetch([1])
    preamble = (":WAV:PRE?", "1,2,3")
    other = (":WAV:PRE?", PREAMBLE.replace("E-09", "E-90"))  # of no record that was set up
    pairs = [*FETCH, source, (":WAV:DATA?", b"#11\x80\n"), other, *AGAIN, preamble, *AGAIN, preamble]
    with scope([*CHANNEL, *pairs]) as found:
        set_up(found)
        with pytest.raises(CommunicationError, match=r"the reply '1,2,3' to .* is garbled"):
            found.fetch([1])


@pytest.mark.parametrize("other", [
    "+0,+0,+5,+1,+1.0E-09,-2.0E-09,+0,+1.0E-02,+7.0E-01,+128",   # five points, but there are four
    "+0,+0,+4,+1,+1.0E-09,-2.0E-09,+0,+2.0E-01,+7.0E-01,+128",   # 51 V, but the range is 2 V
    "+0,+0,+4,+1,+1.0E-07,-2.0E-09,+0,+1.0E-02,+7.0E-01,+128",   # 400 ns, but the span is 4 ns
])
def test_a_preamble_of_another_record_is_asked_for_again(other: str) -> None:
    data = [(":WAV:SOUR CHAN1", None), (":WAV:DATA?", b"#14\x80\x82\x7e\xc8\n")]
    with scope([*CHANNEL, *FETCH, *data, (":WAV:PRE?", other), *AGAIN, (":WAV:PRE?", PREAMBLE), OK]) as found:
        set_up(found)
        assert found.fetch([1])[1].values()[0, 0] == pytest.approx(0.7)


def test_out_of_range_and_unknown() -> None:
    with scope([]) as found:
        with pytest.raises(LimitError, match="channel 5"):
            found.configure_channel(5, Vertical(2.0))
        with pytest.raises(LimitError, match="range 100 V"):
            found.configure_channel(1, Vertical(100.0))
        with pytest.raises(LimitError, match="segments"):
            found.configure_timebase(Timebase(1e-3, segments=0))
    with pytest.raises(ConfigurationError, match="tsbench does not know the model DSO-X 9999T"):
        KeysightInfiniiVision(ProtocolAdapter(), identity=Identity("K", "DSO-X 9999T", "1", "1"))


@pytest.mark.parametrize("model", ["DSO-X 2024A", "MSO-X 2002A"])
def test_a_2000x_has_no_input_of_fifty_ohms(model: str) -> None:
    identity = Identity("KEYSIGHT TECHNOLOGIES", model, "MY1", "02.50")
    with expected_protocol(KeysightInfiniiVision, [], identity=identity, wait=lambda seconds: None) as found:
        with pytest.raises(LimitError, match="no input of 50 Ohm"):
            found.configure_channel(1, Vertical(2.0, impedance="50"))
        assert found.capabilities.channels == int(model[-2])


def test_fifty_ohms_take_eight_volts_and_no_more() -> None:
    with scope([]) as found, pytest.raises(LimitError, match="range"):
        found.configure_channel(1, Vertical(8.1, impedance="50"))
