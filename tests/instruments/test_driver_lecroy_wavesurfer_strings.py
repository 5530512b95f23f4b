"""The messages of the WaveSurfer driver and of the SDS HD driver, and the scaling of their codes."""

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from pymeasure.test import expected_protocol

from tsbench.errors import CommunicationError, InstrumentError, LimitError
from tsbench.instruments import EdgeTrigger, Oscilloscope, Timebase, Vertical
from tsbench.instruments.lecroy_wavesurfer.descriptor import WaveDescriptor
from tsbench.instruments.lecroy_wavesurfer.driver import LeCroyWaveSurfer
from tsbench.instruments.siglent_sds_hd.driver import SiglentSdsHd, parse_stamps
from tsbench.records import Identity

OK = ("CMR?;EXR?", "0;0")
WS_CHANNEL = [
    ("C1:TRA ON", None), ("C1:CPL D50", None), ("C1:ATTN 1", None), ("BWL C1,ON", None), ("C1:VDIV 2.50E-01V", None),
    ("C1:OFST -7.00E-01V", None), OK, ("C1:VDIV?", "0.25"), ("C1:OFST?", "-0.7"), ("C1:CPL?", "D50"),
]
WS_TIME = [("SEQ ON,2", None), ("TDIV 5.00E-04S", None), ("TRDL -1.00E-03S", None), OK, ("TDIV?", "0.0005"),
           ("TRDL?", "-0.001")]
HD_CHANNEL = [
    (":CHAN1:SWIT ON", None), (":CHAN1:IMP FIFTy", None), (":CHAN1:COUP DC", None), (":CHAN1:PROB VALue,1", None),
    (":CHAN1:BWL FULL", None), (":CHAN1:SCAL 2.50E-01", None), (":CHAN1:OFFS -7.00E-01", None),
    (":CHAN1:SCAL?", "2.50E-01"), (":CHAN1:OFFS?", "-7.00E-01"), (":CHAN1:IMP?", "FIFTy"),
]


@contextmanager
def wavesurfer(pairs: list[tuple[Any, Any]]) -> Iterator[LeCroyWaveSurfer]:
    identity = Identity("LECROY", "WS3054Z", "L1", "9.6")
    with expected_protocol(LeCroyWaveSurfer, pairs, identity=identity, wait=lambda seconds: None) as found:
        yield found


@contextmanager
def siglent(pairs: list[tuple[Any, Any]]) -> Iterator[SiglentSdsHd]:
    identity = Identity("Siglent Technologies", "SDS2204X HD", "S1", "1.2")
    with expected_protocol(SiglentSdsHd, pairs, identity=identity, wait=lambda seconds: None) as found:
        yield found


def described(points: int, segments: int = 1, gain: float = 1e-4) -> bytes:
    block = bytearray(346)
    block[:8] = b"WAVEDESC"
    struct.pack_into("<hh", block, 32, 1, 1)
    struct.pack_into("<i", block, 116, points)
    struct.pack_into("<i", block, 144, segments)
    struct.pack_into("<fff", block, 156, gain, -0.7, 0.0)
    struct.pack_into("<f", block, 176, 1e-3)
    struct.pack_into("<d", block, 180, -2e-3)
    return bytes(block)


def test_they_are_oscilloscopes() -> None:
    with wavesurfer([]) as found:
        assert isinstance(found, Oscilloscope)
        assert (found.capabilities.segments, found.capabilities.resolution_bits) == (1000, 8)
    with siglent([]) as other:
        assert isinstance(other, Oscilloscope)
        assert (other.capabilities.segments, other.capabilities.resolution_bits) == (10_000, 12)


def test_reset_of_a_wavesurfer() -> None:
    with wavesurfer([("CHDR OFF", None), ("*CLS", None), ("*RST", None), ("CHDR OFF", None), ("STOP", None),
                     ("CFMT DEF9,WORD,BIN", None), ("CORD LO", None), OK]) as found:
        found.reset()


def test_settings_of_a_wavesurfer() -> None:
    trigger = [("TRSE EDGE,SR,EX,HT,OFF", None), ("EX:TRCP DC", None), ("EX:TRSL POS", None),
               ("EX:TRLV 3.00E-01V", None), OK, ("EX:TRLV?", "0.3")]
    with wavesurfer([*WS_CHANNEL, *WS_TIME[:1], ("SEQ?", "ON,2,2E+07"), *WS_TIME[1:], *trigger]) as found:
        wanted = Vertical(2.0, 0.7, "50", bandwidth_limit=True)
        assert found.configure_channel(1, wanted) == wanted
        assert found.configure_timebase(Timebase(5e-3, 1e-3, 2)).position == pytest.approx(1e-3)
        found.configure_trigger(EdgeTrigger("external", 0.3))


def test_errors_of_a_wavesurfer_are_told() -> None:
    with wavesurfer([("C2:TRA OFF", None), ("CMR?;EXR?", "1;0"), OK]) as found, pytest.raises(
            InstrumentError, match="1 Unrecognized command or query header"):
        found.disable_channel(2)


@pytest.mark.sabotage("units")
def test_codes_of_a_wavesurfer() -> None:
    size = b"#9%09d"
    fetch = [
        ("WFSU SP,0,NP,0,FP,0,SN,0", None), ("C1:WF? DESC", b"DESC," + size % 346 + described(4) + b"\n\n"),
        ("WFSU SP,1,NP,4,FP,0,SN,0", None),
        ("C1:WF? DAT1", b"DAT1," + size % 8 + struct.pack("<4h", 0, 1000, -1000, 5) + b"\n\n"), OK,
    ]
    time = [("SEQ OFF", None), ("TDIV 5.00E-04S", None), ("TRDL 0.00E+00S", None), OK, ("TDIV?", "0.0005"),
            ("TRDL?", "0")]
    with wavesurfer([*time, *fetch]) as found:
        found.configure_timebase(Timebase(4e-3))
        found._timebase = Timebase(4e-3)
        record = found.fetch([1])[1]
    assert record.values()[0].tolist() == pytest.approx([0.7, 0.8, 0.6, 0.7005])
    assert record.times().tolist() == pytest.approx([-2e-3, -1e-3, 0.0, 1e-3], abs=1e-9)


def test_what_is_not_a_descriptor_is_refused() -> None:
    assert WaveDescriptor.parse(described(8, 2)).segments == 2
    for block in (b"", b"X" * 346, described(8, 0), described(8, gain=0.0)):
        with pytest.raises(ValueError, match="descriptor"):
            WaveDescriptor.parse(block)


def test_reset_and_mark_of_an_sds_hd() -> None:
    with siglent([("*RST", None), (":CHAN1:LAB:TEXT 'TSBENCH'", None), (":TRIG:STOP", None)]) as found:
        found.reset()
    with siglent([(":CHAN1:LAB:TEXT?", '"TSBENCH"')]) as found:
        assert not found.lost_power()
    with siglent([(":CHAN1:LAB:TEXT?", '"CH1"')] * 2) as found:
        assert found.lost_power()


def test_settings_of_an_sds_hd() -> None:
    time = [(":ACQ:SEQ ON", None), (":ACQ:SEQ:COUN 3", None), (":ACQ:SEQ:COUN?", "3"), (":TIM:SCAL 5.00E-04", None),
            (":TIM:DEL 1.00E-03", None), (":TIM:SCAL?", "5.00E-04"), (":TIM:DEL?", "1.00E-03")]
    trigger = [(":TRIG:TYPE EDGE", None), (":TRIG:EDGE:SOUR C1", None), (":TRIG:EDGE:COUP DC", None),
               (":TRIG:EDGE:SLOP FALLing", None), (":TRIG:EDGE:HOLD OFF", None), (":TRIG:EDGE:LEV 5.00E-01", None),
               (":TRIG:EDGE:LEV?", "5.00E-01")]
    arm = [(":TRIG:MODE SINGle", None), (":TRIG:STAT?", "Arm"), (":TRIG:STAT?", "Ready"), (":TRIG:STAT?", "Stop"),
           (":TRIG:FORC", None), (":TRIG:STOP", None)]
    with siglent([*HD_CHANNEL, *time, *trigger, *arm]) as found:
        assert found.configure_channel(1, Vertical(2.0, 0.7, "50")) == Vertical(2.0, 0.7, "50")
        assert found.configure_timebase(Timebase(5e-3, 1e-3, 3)).span == pytest.approx(5e-3)
        found.configure_trigger(EdgeTrigger(1, 0.5, "negative"))
        found.arm()
        assert found.complete()
        found.force_trigger()
        found.safe_state()


def test_limits_of_an_sds_hd() -> None:
    with siglent([]) as found:
        for wrong in (Vertical(81.0), Vertical(9.0, impedance="50"), Vertical(1e-3)):
            with pytest.raises(LimitError, match="range"):
                found.configure_channel(1, wrong)


@pytest.mark.sabotage("units")
def test_codes_of_an_sds_hd() -> None:
    data = b"#9000000008" + struct.pack("<4h", 0, 7680, -7680, 32767) + b"\n\n"
    time = [(":ACQ:SEQ OFF", None), (":TIM:SCAL 5.00E-04", None), (":TIM:DEL 0.00E+00", None), (":TIM:SCAL?", "5E-4"),
            (":TIM:DEL?", "0")]
    fetch = [(":ACQ:SRAT?", "1.00E+03"), (":ACQ:POIN?", "5"), (":WAV:MAXP?", "100"), (":WAV:WIDT WORD", None),
             (":WAV:BYT LSB", None), (":WAV:INT 1", None), (":WAV:SOUR C1", None), (":WAV:STAR 0", None),
             (":WAV:POIN 4", None), (":WAV:DATA?", data)]
    with siglent([*HD_CHANNEL, *time, *fetch]) as found:
        found.configure_channel(1, Vertical(2.0, 0.7, "50"))
        found.configure_timebase(Timebase(4e-3))
        record = found.fetch([1])[1]
    assert record.values()[0][:3].tolist() == pytest.approx([0.7, 0.95, 0.45])
    assert record.times()[0] == pytest.approx(-2.5e-3)
    short = [*fetch[:-1], (":WAV:DATA?", b"#9000000002\0\0\n\n")]
    with siglent([*time, *short]) as found, pytest.raises(CommunicationError, match="1 points instead of 4"):
        found.configure_timebase(Timebase(4e-3))
        found.fetch([1])


def test_times_of_segments() -> None:
    block = bytes(346) + b"".join(struct.pack("<dBBBBhh", *one) for one in (
        (59.5, 3, 1, 1, 1, 2026, 0), (0.25, 4, 1, 1, 1, 2026, 0)))
    assert parse_stamps(block, 2).tolist() == pytest.approx([0.0, 0.75])
    with pytest.raises(ValueError, match="no times for 3 segments"):
        parse_stamps(block, 3)
    midnight = bytes(346) + b"".join(struct.pack("<dBBBBhh", *one) for one in (
        (1.0, 59, 22, 31, 12, 2026, 0), (2.0, 59, 23, 31, 12, 2026, 0), (59.5, 59, 23, 31, 12, 2026, 0),
        (0.25, 0, 0, 1, 1, 2027, 0)))
    assert parse_stamps(midnight, 4).tolist() == pytest.approx([0.0, 3601.0, 3658.5, 3659.25])
    with pytest.raises(ValueError, match="out of range"):
        parse_stamps(bytes(346 + 16), 1)
