"""The driver of the Infiniium oscilloscopes: its messages, and what it makes of the simulated ones."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pymeasure.test import expected_protocol

from tsbench.errors import GarbledReply, InstrumentError, LimitError
from tsbench.instruments import EdgeTrigger, Oscilloscope, Pulse, Timebase, Vertical
from tsbench.instruments.keysight_infiniium.driver import KeysightInfiniium
from tsbench.records import Flag, Identity, Waveform
from tsbench.station.bench.bench import Bench

DSOS104A = Identity("KEYSIGHT TECHNOLOGIES", "DSOS104A", "MY1", "05.70")
AGAIN = [("*IDN?", "KEYSIGHT TECHNOLOGIES,DSOS104A,MY1,05.70")]
OK = (":SYST:ERR? STR", '0,"No error"')
CHANNEL = [
    (":CHAN1:DISP ON", None), (":CHAN1:INP DC50", None), (":CHAN1:PROB 1", None), (":CHAN1:BWL OFF", None),
    (":CHAN1:RANG 2", None), (":CHAN1:OFFS 0.7", None), OK, (":CHAN1:RANG?", "2.0E+00"), (":CHAN1:OFFS?", "7.0E-01"),
    (":CHAN1:INP?", "DC50"),
]
TIMEBASE = [
    (":ACQ:MODE RTIM", None), (":TIM:REF CENT", None), (":TIM:RANG 0.001", None), (":TIM:POS 0.0004", None),
    (":ACQ:POIN 1000", None), (":ACQ:SRAT AUTO", None), OK, (":TIM:RANG?", "1E-3"), (":TIM:POS?", "4E-4"),
]
LEVEL = [(":TRIG:LEV CHAN1,0.5", None), OK, (":TRIG:LEV? CHAN1", "5E-1")]
TRIGGER = [
    (":TRIG:SWE TRIG", None), (":TRIG:MODE EDGE", None), (":TRIG:EDGE:SOUR CHAN1", None),
    (":TRIG:EDGE:COUP DC", None), (":TRIG:EDGE:SLOP NEG", None), *LEVEL,
]
PREAMBLE = ('2,1,4,1,1.0E-9,-2.0E-9,0,1.0E-4,7.0E-1,0,2,4E-9,-2E-9,2.0,-0.3,"28 NOV 2026","12:00:00:00",'
            '"DSOS104A:MY1",0,100,2,1,1E9,0')


@contextmanager
def scope(pairs: list[tuple[Any, Any]]) -> Iterator[KeysightInfiniium]:
    with expected_protocol(KeysightInfiniium, pairs, identity=DSOS104A, wait=lambda seconds: None) as found:
        yield found


def test_messages_of_the_set_up() -> None:
    with scope([*CHANNEL, *TIMEBASE, *TRIGGER]) as found:
        assert isinstance(found, Oscilloscope)
        assert found.configure_channel(1, Vertical(2.0, 0.7, "50")) == Vertical(2.0, 0.7, "50")
        assert found.configure_timebase(Timebase(1e-3, 4e-4, points=1000)).points == 1000
        assert found.configure_trigger(EdgeTrigger(1, 0.5, "negative")).level == 0.5


def test_an_impedance_that_was_not_taken_is_an_error() -> None:
    with scope([*CHANNEL[:-1], (":CHAN1:INP?", "DC")]) as found, pytest.raises(InstrumentError, match="impedance 50"):
        found.configure_channel(1, Vertical(2.0, 0.7, "50"))


@pytest.mark.parametrize("refused", [
    lambda found: found.configure_channel(1, Vertical(10.0, impedance="50")),
    lambda found: found.configure_channel(5, Vertical(1.0)),
    lambda found: found.configure_timebase(Timebase(1e-3, segments=8193)),
    lambda found: found.configure_trigger(EdgeTrigger("external", 6.0)),
])
def test_limits_are_refused_before_anything_is_sent(refused: Any) -> None:
    with scope([]) as found, pytest.raises(LimitError):
        refused(found)


def test_arming_waits_for_the_event() -> None:
    pairs = [
        *TRIGGER, (":TRIG:SWE TRIG", None), *LEVEL, (":AER?", "1"), (":TER?", "0"), (":SING", None), (":AER?", "0"),
        (":AER?", "1"), (":TER?", "0"), (":TER?", "1"), (":RST?", "SING"), (":RST?", "STOP"),
    ]
    with scope(pairs) as found:
        found.configure_trigger(EdgeTrigger(1, 0.5, "negative"))
        found.arm()
        assert [found.triggered() for _ in range(3)] == [False, True, True]
        assert [found.complete() for _ in range(2)] == [False, True]


@pytest.mark.parametrize(("codes", "flag"), [([0, 100, 30000, -30000], Flag.NONE), ([0, 32256, 1, 2], Flag.CLIPPED),
                                             ([0, 31744, 1, 2], Flag.CLIPPED)])
def test_words_become_volts(codes: list[int], flag: Flag) -> None:
    block = b"#800000008" + np.array(codes, "<i2").tobytes() + b"\n"
    pairs: list[tuple[Any, Any]] = [
        *CHANNEL, (":WAV:FORM WORD", None), (":WAV:BYT LSBF", None), (":WAV:STR OFF", None),
        (":WAV:SOUR CHAN1", None), (":WAV:DATA?", block), (":WAV:PRE?", PREAMBLE), OK,
    ]
    with scope(pairs) as found:
        found.configure_channel(1, Vertical(2.0, 0.7, "50"))
        found._timebase = Timebase(4e-9)
        record = found.fetch([1])[1]
    assert record.values()[0, 0] == pytest.approx(0.7)
    assert record.values()[0, 2] == pytest.approx(0.7 + codes[2] * 1e-4)
    assert record.times()[0] == pytest.approx(-2e-9)
    assert record.flags == flag


def test_references_of_a_preamble_count() -> None:
    """The level of the code YREFerence is YORigin, and the time of the sample XREFerence is XORigin."""
    pairs: list[tuple[Any, Any]] = [
        (":WAV:FORM WORD", None), (":WAV:BYT LSBF", None), (":WAV:STR OFF", None), (":WAV:SOUR CHAN1", None),
        (":WAV:DATA?", b"#800000008" + np.array([0, 50, 1000, 2000], "<i2").tobytes() + b"\n"),
        (":WAV:PRE?", PREAMBLE.replace("-2.0E-9,0,1.0E-4,7.0E-1,0,", "-2.0E-9,3,1.0E-4,7.0E-1,50,")), OK,
    ]
    with scope(pairs) as found:
        found._timebase = Timebase(4e-9)
        record = found.fetch([1])[1]
    assert record.values()[0] == pytest.approx([0.695, 0.7, 0.795, 0.895])
    assert record.times() == pytest.approx([-5e-9, -4e-9, -3e-9, -2e-9], abs=1e-15)


@pytest.mark.parametrize("other", [0.02, 200.0])
def test_a_preamble_is_compared_with_the_range_of_its_own_channel(other: float) -> None:
    pairs: list[tuple[Any, Any]] = [
        *CHANNEL, (":WAV:FORM WORD", None), (":WAV:BYT LSBF", None), (":WAV:STR OFF", None), (":WAV:SOUR CHAN1", None),
        (":WAV:DATA?", b"#800000008" + bytes(8) + b"\n"), (":WAV:PRE?", PREAMBLE), OK,
    ]
    with scope(pairs) as found:
        found.configure_channel(1, Vertical(2.0, 0.7, "50"))
        found._vertical[2] = Vertical(other)
        found._timebase = Timebase(4e-9)
        assert found.fetch([1])[1].scale == pytest.approx(1e-4)


def test_a_preamble_of_another_record_is_garbled() -> None:
    other = PREAMBLE.replace("2,1,4,", "2,1,5,", 1)
    pairs: list[tuple[Any, Any]] = [
        (":WAV:FORM WORD", None), (":WAV:BYT LSBF", None), (":WAV:STR OFF", None), (":WAV:SOUR CHAN1", None),
        (":WAV:DATA?", b"#800000008" + bytes(8) + b"\n"),
        *[(":WAV:PRE?", other), *AGAIN] * 2, (":WAV:PRE?", other),
    ]
    with scope(pairs) as found, pytest.raises(GarbledReply):
        found._timebase = Timebase(4e-9)
        found.fetch([1])


# ------------------------------------------------------------------------------------------------ on its twin

PULSE = Pulse(base=0.0, amplitude=1.0, width=1e-6, period=10e-6, rise_time=20e-9, fall_time=20e-9)
SHARED = """
[fixture]
netlist = "R1 a 0 10k"
[fixture.terminals]
"generator.1" = "a"
"scope.1" = "a"
"""
GENERATOR = "USB0::0x0957::0x5707::SIM1::INSTR"
SCOPE = "USB0::0x2A8D::0x9027::SIM2::INSTR"


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    (tmp_path / "w.world.toml").write_text(
        f'seed = 3\n[instruments.generator]\nmodel = "keysight_33622a"\nresource = "{GENERATOR}"\n'
        f'[instruments.scope]\nmodel = "keysight_dsos104a"\nresource = "{SCOPE}"\n{SHARED}', "utf-8")
    (tmp_path / "b.bench.toml").write_text(
        'visa_library = "w.world.toml@tsbench"\n[instruments.generator]\ndriver = "keysight_33600"\n'
        f'resource = "{GENERATOR}"\n[instruments.scope]\ndriver = "keysight_infiniium"\nresource = "{SCOPE}"\n'
        f'[roles]\npulser = "generator.1"\nscope = "scope"\n{SHARED}', "utf-8")
    with Bench.open(tmp_path / "b.bench.toml") as opened:
        yield opened


def captured(bench: Bench, segments: int = 1, force: bool = False) -> Waveform:
    generator, found = bench.pulse_generator(), bench.oscilloscope()
    generator.configure_load(math.inf)
    generator.configure_pulse(PULSE)
    generator.configure_burst(segments)
    generator.set_output(True)
    found.configure_channel(1, Vertical(2.0, 0.5))
    found.configure_timebase(Timebase(4e-6, 1e-6, segments))
    found.configure_trigger(EdgeTrigger(1, 0.5))
    found.arm()
    assert not found.complete()
    found.force_trigger() if force else generator.trigger()
    for _ in range(10_000):
        if found.complete():
            return found.fetch([1])[1]
        bench.clock.wait(1e-5)
    raise AssertionError("the acquisition did not end")


@pytest.mark.sabotage("units")
def test_volts_and_seconds_of_a_pulse(bench: Bench) -> None:
    record = captured(bench)
    values, times = record.values()[0], record.times()
    assert (times[0], times[-1]) == pytest.approx((-1e-6, 3e-6), abs=5e-9)
    before, top = np.median(values[times < -0.1e-6]), np.median(values[(times > 0.2e-6) & (times < 0.8e-6)])
    assert before == pytest.approx(0.0, abs=3 * record.accuracy_offset)
    assert top - before == pytest.approx(10e3 / 10.05e3, rel=3 * record.accuracy_gain + 0.015)
    assert times[np.argmax(values > (before + top) / 2)] == pytest.approx(0.0, abs=10e-9)
    assert record.flags == Flag.NONE
    assert bench.oscilloscope().triggered()


def test_segments_are_a_period_apart(bench: Bench) -> None:
    record = captured(bench, segments=3)
    assert record.codes.shape[0] == 3
    assert record.segment_times == pytest.approx([0.0, 10e-6, 20e-6], abs=2e-8)


def test_a_forced_record_comes_without_a_trigger(bench: Bench) -> None:
    record = captured(bench, force=True)
    assert np.median(record.values()) == pytest.approx(0.0, abs=0.1)
