"""The Tektronix driver's messages, as the programmer's guides spell them, its events, and the scaling of codes."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from pymeasure.test import expected_protocol

from tsbench.errors import CommunicationError, ConfigurationError, InstrumentError, LimitError
from tsbench.instruments import EdgeTrigger, Oscilloscope, Timebase, Vertical
from tsbench.instruments.languages.language import ErrorReply
from tsbench.instruments.languages.tektronix import parse_event, parse_events
from tsbench.instruments.tektronix_mso import data_sheet
from tsbench.instruments.tektronix_mso.driver import TektronixMso
from tsbench.instruments.tektronix_mso.readout import WaveformPreamble, parse_stamps
from tsbench.records import Flag, Identity

MSO, DPO = Identity("TEKTRONIX", "MSO54", "C1", "1.44"), Identity("TEKTRONIX", "DPO7254C", "C1", "7.5")
OK = ("*ESR?;:ALLE?", '0;0,"No events to report - queue empty"')


def channel(switch: str) -> list[tuple[str, str | None]]:
    return [
        (f"{switch} ON", None), (":CH1:COUP DC", None), (":CH1:TER 1000000", None), (":CH1:PROBEF:EXTA 1", None),
        (":CH1:BAN FUL", None), (":CH1:INV OFF", None), (":CH1:POS 0", None), (":CH1:SCA 0.2", None),
        (":CH1:OFFS 0.7", None), OK, (":CH1:SCA?", "200.0000E-3"), (":CH1:OFFS?", "700.0000E-3"),
        (":CH1:TER?", "1.0000E+6"),
    ]


def trigger(level: str = ":TRIG:A:LEV:CH1", source: str = "CH1") -> list[tuple[str, str | None]]:
    unset = [(":CH1:SCA 0.125", None)] if source == "CH1" else []
    return [
        *unset, (":TRIG:A:MOD NORM", None), (":TRIG:A:TYP EDGE", None), (f":TRIG:A:EDGE:SOU {source}", None),
        (":TRIG:A:EDGE:COUP DC", None), (":TRIG:A:EDGE:SLO FALL", None), (f"{level} 0.5", None), OK,
        (f"{level}?", "500.0000E-3"),
    ]


@contextmanager
def scope(pairs: list[tuple[Any, Any]], identity: Identity = MSO, **options: Any) -> Iterator[TektronixMso]:
    with expected_protocol(TektronixMso, pairs, identity=identity, wait=lambda seconds: None, **options) as found:
        yield found


def test_it_is_an_oscilloscope() -> None:
    with scope([]) as found:
        assert isinstance(found, Oscilloscope)
        assert (found.capabilities.channels, found.capabilities.resolution_bits, found.transfer) == (4, 12, "word")
    with scope([], DPO) as found:
        assert (found.capabilities.bandwidth, found.capabilities.resolution_bits, found.transfer) == (2.5e9, 8, "byte")
    with pytest.raises(ConfigurationError, match="does not know the model TDS2024"), scope(
            [], Identity("TEKTRONIX", "TDS2024", "1", "1")):
        pass
    with pytest.raises(ConfigurationError, match="transfer = 'bytes' is unknown"), scope([], transfer="bytes"):
        pass


@pytest.mark.sabotage("units")
def test_the_limit_of_the_bandwidth_is_20_mhz() -> None:
    limited = [(m.replace("BAN FUL", "BAN 20000000"), r) for m, r in channel(":DIS:GLO:CH1:STATE")]
    with scope(limited) as found:
        assert found.configure_channel(1, Vertical(2.0, 0.7, bandwidth_limit=True)).bandwidth_limit


@pytest.mark.parametrize(("identity", "switch"), [(MSO, ":DIS:GLO:CH1:STATE"), (DPO, ":SEL:CH1")])
def test_channel_settings_are_read_back(identity: Identity, switch: str) -> None:
    pairs = channel(switch)
    with scope([*pairs, (f"{switch} OFF", None), OK], identity) as found:
        assert found.configure_channel(1, Vertical(2.0, 0.7)) == Vertical(2.0, 0.7)
        found.disable_channel(1)
    changed = [(a, "400.0000E-3") if a == ":CH1:SCA?" else (a, b) for a, b in pairs[:-2]]
    refused = pytest.raises(InstrumentError, match="range 2 V was requested, but the instrument set 4 V")
    with scope(changed, identity) as found, refused:
        found.configure_channel(1, Vertical(2.0, 0.7))
    changed = [(a, "50.0000") if a == ":CH1:TER?" else (a, b) for a, b in pairs]
    with scope(changed, identity) as found, pytest.raises(InstrumentError, match="the instrument reports 50"):
        found.configure_channel(1, Vertical(2.0, 0.7))


@pytest.mark.parametrize(("identity", "delay", "more"), [
    (MSO, ":HOR:DEL", [(":HOR:FAST:SUMF:STATE OFF", None)]),
    (DPO, ":HOR:MAI:DEL", [(":HOR:FAST:SUMF NON", None), (":HOR:FAST:SEQ FIR", None)]),
])
def test_time_base_and_segments(identity: Identity, delay: str, more: list[Any]) -> None:
    pairs = [
        (":HOR:MODE MAN", None), (":HOR:FAST:STATE ON", None), (":HOR:MODE:SAMPLER 1000000000", None),
        (":HOR:MODE:SAMPLER?", "1.2500E+9"), OK, (":HOR:MODE:RECO 2500", None), *more, (":HOR:FAST:COUN 10", None),
        (f"{delay}:MOD OFF", None), (":HOR:POS 25", None), OK, (":HOR:POS?", "25.0000"), (":HOR:MODE:RECO?", "2500"),
        (":HOR:FAST:COUN?", "10"),
    ]
    with scope(pairs, identity) as found:
        assert found.configure_timebase(Timebase(2e-6, 0.5e-6, 10, points=2000)) == Timebase(2e-6, 0.5e-6, 10, 2000)


def test_a_span_that_the_sample_rate_does_not_give_is_refused() -> None:
    """Five samples at 2.6 MSa/s span 1.92 us."""
    length = data_sheet.SHORTEST_RECORD / 2.6e6
    before = 1e-6 + (data_sheet.SHORTEST_RECORD - 5) / 2 / 2.6e6
    place = f"{100 * before / length:.9g}"
    pairs = [
        (":HOR:MODE MAN", None), (":HOR:FAST:STATE OFF", None), (":HOR:MODE:SAMPLER 1000000000", None),
        (":HOR:MODE:SAMPLER?", "2.6E+6"), OK, (f":HOR:MODE:RECO {data_sheet.SHORTEST_RECORD}", None),
        (":HOR:DEL:MOD OFF", None), (f":HOR:POS {place}", None), OK, (":HOR:POS?", place),
        (":HOR:MODE:RECO?", f"{data_sheet.SHORTEST_RECORD}"),
    ]
    with scope(pairs) as found, pytest.raises(InstrumentError, match=r"span .*1.92"):
        found.configure_timebase(Timebase(2e-6, 0.0, points=2000))


def test_a_record_after_the_trigger_has_a_delay() -> None:
    pairs = [
        (":HOR:MODE MAN", None), (":HOR:FAST:STATE OFF", None), (":HOR:MODE:SAMPLER 1000000000", None),
        (":HOR:MODE:SAMPLER?", "1.2500E+9"), OK, (":HOR:MODE:RECO 2500", None), (":HOR:DEL:MOD ON", None),
        (":HOR:DEL:TIM 0.000005", None), OK, (":HOR:DEL:TIM?", "5.0000E-6"), (":HOR:MODE:RECO?", "2500"),
    ]
    pairs[7] = (":HOR:DEL:TIM 5e-06", None)
    with scope(pairs) as found:
        assert found.configure_timebase(Timebase(2e-6, 5e-6, points=2000)).position == pytest.approx(5e-6)
    with scope([]) as found, pytest.raises(LimitError, match="would end 4 us before the trigger"):
        found.configure_timebase(Timebase(2e-6, -5e-6))
    with scope([]) as found, pytest.raises(LimitError, match="points"):
        found.configure_timebase(Timebase(1.0, points=100_000_000))


def test_trigger_level_and_sources() -> None:
    edge = EdgeTrigger(1, 0.5, "negative")
    hold = [(":TRIG:A:HOLD:BY TIM", None), (":TRIG:A:HOLD:TIM 0.001", None)]
    pairs = [*trigger()[:7], *hold, *trigger()[7:]]
    with scope(pairs) as found:
        assert found.configure_trigger(EdgeTrigger(1, 0.5, "negative", 1e-3)).level == 0.5
    six = Identity("TEKTRONIX", "MSO64", "C1", "1.44")
    for identity, level in ((six, ":TRIG:AUXL"), (DPO, ":TRIG:A:LEV")):
        with scope(trigger(level, "AUX"), identity) as found:
            found.configure_trigger(EdgeTrigger("external", 0.5, "negative"))
    moved = [*channel(":DIS:GLO:CH1:STATE"), *trigger()[1:-1], (":TRIG:A:LEV:CH1?", "300.0000E-3")]
    with scope(moved) as found, pytest.raises(InstrumentError, match="trigger level 500 mV was requested"):
        found.configure_channel(1, Vertical(2.0, 0.7))
        found.configure_trigger(edge)


def test_arming_waits_until_it_is_ready() -> None:
    pairs = [
        *trigger(), (":ACQ:STATE RUN", None), OK, (":TRIG:STATE?", "ARMED"), (":TRIG:STATE?", "READY"),
        (":TRIG:STATE?", "READY"), (":ACQ:STATE?", "1"), (":TRIG FORC", None), OK, (":TRIG:STATE?", "SAVE"),
        (":ACQ:STATE?", "0"), (":ACQ:STATE STOP", None),
    ]
    with scope(pairs) as found:
        found.configure_trigger(EdgeTrigger(1, 0.5, "negative"))
        found.arm()
        assert not found.triggered()
        assert not found.complete()
        found.force_trigger()
        assert found.triggered()
        assert found.complete()
        found.safe_state()
    with scope([]) as found, pytest.raises(InstrumentError, match="trigger"):
        found.arm()
    never = [*trigger(), (":ACQ:STATE RUN", None), OK, *[(":TRIG:STATE?", "ARMED")] * 106]   # in 5 s
    with scope(never) as found, pytest.raises(InstrumentError, match="did not arm within"):
        found.configure_trigger(EdgeTrigger(1, 0.5, "negative"))
        found._timebase = Timebase(1e-9)
        found.lost_power = lambda: False
        found.arm()


FETCH = [(":DAT:ENC SRI", None), (":WFMO:BYT_N 2", None), (":DAT:STAR 1", None), (":DAT:STOP 4", None),
         (":DAT:FRAMESTAR 1", None)]
PREAMBLE = ":WFMO:XIN?;:WFMO:XZE?;:WFMO:PT_O?;:WFMO:YMU?;:WFMO:YOF?;:WFMO:YZE?;:WFMO:NR_P?"


def fetching(found: TektronixMso, segments: int = 1) -> dict[int, Any]:
    found._timebase, found._part = Timebase(4e-9, segments=segments), (1, 4)   # four samples of a nanosecond
    return found.fetch([1])


@pytest.mark.sabotage("units")
def test_codes_become_volts_and_seconds() -> None:
    codes = np.array([0, 6400, -6400, 32767], dtype="<i2").tobytes()
    pairs = [
        *FETCH, (":DAT:FRAMESTOP 1", None), (":DAT:SOU CH1", None), (":CURV?", b"#18" + codes + b"\n"),
        (PREAMBLE, "1.0000E-9;12.500000E-12;2;15.6250E-6;0.0E+0;2.0000E-3;4"), OK,
    ]
    with scope(pairs) as found:
        record = fetching(found)[1]
    assert record.values()[0][:3] == pytest.approx([2e-3, 102e-3, -98e-3])
    assert record.times() == pytest.approx(np.array([-2, -1, 0, 1]) * 1e-9 + 12.5e-12, abs=1e-15)
    assert (record.clip_low, record.clip_high, record.flags) == (-32512, 32512, Flag.CLIPPED)


@pytest.mark.sabotage("units")
def test_a_dpo_says_the_position_in_codes() -> None:
    codes = np.array([0, 72, -28, 10], dtype="i1").tobytes()
    pairs = [
        FETCH[0], (":WFMO:BYT_N 1", None), *FETCH[2:], (":DAT:FRAMESTOP 1", None), (":DAT:SOU CH1", None),
        (":CURV?", b"#14" + codes + b"\n"),
        (PREAMBLE, "1.0000E-9;0.0000;2;4.0000E-3;72.0000;500.0000E-3;4"), OK,
    ]
    with scope(pairs, DPO) as found:
        record = fetching(found)[1]
    assert record.values()[0] == pytest.approx([0.212, 0.5, 0.1, 0.252])
    assert record.flags == Flag.NONE


@pytest.mark.parametrize(("identity", "question", "reply"), [
    (MSO, ":HOR:FAST:TIMES:ALL?", '"1:01.01.2026 00:00:01.000000000000,2:01.01.2026 00:00:01.000010000250"'),
    (DPO, ":HOR:FAST:TIMES:ALL:CH1? 1,2", '"1 : 02 Mar 2000 20:10:54.542 037 272 620,2 : 02 Mar 2000 20:10:54.542 047 '
     '272 870"'),
])
def test_frames_and_their_times(identity: Identity, question: str, reply: str) -> None:
    width, kind = (2, "<i2") if identity is MSO else (1, "i1")
    codes = np.arange(8).astype(kind).tobytes()
    pairs = [
        (":ACQ:NUMFRAMESACQ?", "2"), FETCH[0], (f":WFMO:BYT_N {width}", None), *FETCH[2:], (":DAT:FRAMESTOP 2", None),
        (":DAT:SOU CH1", None), (":CURV?", f"#{len(str(len(codes)))}{len(codes)}".encode() + codes + b"\n"),
        (question, reply), (PREAMBLE, "1.0000E-9;0.0E+0;2;4.0000E-3;0.0E+0;0.0E+0;4"), OK,
    ]
    with scope(pairs, identity) as found:
        record = fetching(found, segments=2)[1]
    assert record.codes.tolist() == [[0, 1, 2, 3], [4, 5, 6, 7]]
    assert record.segment_times == pytest.approx([0.0, 10.00025e-6], abs=1e-15)


def test_garbled_records_are_refused() -> None:
    odd = [*FETCH, (":DAT:FRAMESTOP 1", None), (":DAT:SOU CH1", None), (":CURV?", b"#17abcdefg\n")]
    with scope(odd) as found, pytest.raises(CommunicationError, match="not a whole number of samples"):
        fetching(found)
    with scope([(":ACQ:NUMFRAMESACQ?", "0")]) as found, pytest.raises(InstrumentError, match="acquired no segment"):
        fetching(found, segments=2)
    for reply in ("1;2", "0;0;0;1;0;0;4", "1E-9;0;0;nan;0;0;4", "1E-9;0;0;1;0;0;4.5"):
        with pytest.raises(ValueError, match="preamble"):
            WaveformPreamble.parse(reply)
    for reply in ("NONE", '"1:02.01.2026 00:00:02.5,2:01.01.2026 00:00:02.5"'):
        with pytest.raises(ValueError, match="time stamps"):
            parse_stamps(reply)


def test_events_become_errors() -> None:
    assert parse_events('0;0,"No events to report - queue empty"') == ()
    assert parse_events('129;:ALLEV 401,"Power on; ",402,"Operation complete; "') == ()
    assert parse_events('48;113,"Undefined header; FOO",222,"Data out of range; "') == (
        ErrorReply(113, "Undefined header", "FOO"), ErrorReply(222, "Data out of range", ""))
    assert parse_events('32;1,"No events to report - new events pending *ESR?"')[0].code == 32
    assert parse_event('16;222,"Data out of range; "').code == 222
    assert parse_event('0;0,"No events to report - queue empty"').code == 0
    for reply in ("", "0", "0;", "999;0,\"x\"", '0,"No error"'):
        with pytest.raises(ValueError, match="register"):
            parse_events(reply)
    several = ("*ESR?;:ALLE?", '48;113,"Undefined header; FOO",222,"Data out of range; "')
    with scope([several]) as found, pytest.raises(
            InstrumentError, match=r"113 Undefined header \(FOO\); 222 Data out of range"):
        found.check_errors()


def test_reset_makes_replies_plain() -> None:
    pairs = [
        ("*CLS", None), ("*ESE 128", None), ("*RST", None), (":HEAD OFF", None), (":VERB ON", None),
        (":ACQ:STATE STOP", None), (":ACQ:MOD SAM", None), (":ACQ:STOPA SEQ", None), OK, ("*ESE?;*STB?", "128;0"),
    ]
    with scope(pairs) as found:
        found.reset()
        assert not found.lost_power()
