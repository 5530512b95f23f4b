"""The driver of the RTO oscilloscopes: its messages, and what it makes of the simulated one."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pymeasure.test import expected_protocol

from tsbench.errors import CommunicationError, InstrumentError, LimitError
from tsbench.instruments import EdgeTrigger, Oscilloscope, Pulse, Timebase, Vertical
from tsbench.instruments.rohde_schwarz_rto.driver import RohdeSchwarzRto
from tsbench.records import Flag, Identity, Waveform
from tsbench.station.bench.bench import Bench

RTO = Identity("Rohde&Schwarz", "RTO", "1316.1000k14/200001", "3.70")
WHO = (":DIAG:SERV:WFAM?", "RTO1014")
OK = (":SYST:ERR?", '0,"No error"')
CHANNEL = [
    (":CHAN1:STAT ON", None), (":CHAN1:COUP DC", None), (":PROB1:SET:ATT:MAN 1", None), (":CHAN1:BAND FULL", None),
    (":CHAN1:POS 0", None), (":CHAN1:OFFS 0", None), (":CHAN1:RANG 2", None), (":CHAN1:OFFS 0.7", None), OK,
    (":CHAN1:RANG?", "2"), (":CHAN1:OFFS?", "0.7"), (":CHAN1:COUP?", "DC"),
]
TIMEBASE = [
    (":TIM:RANG 0.001", None), (":TIM:REF 50", None), (":TIM:HOR:POS 0.0004", None), (":ACQ:POIN 5000", None), OK,
    (":TIM:RANG?", "0.001"), (":TIM:HOR:POS?", "0.0004"),
]
LEVEL = [(":TRIG1:LEV1 0.5", None), OK, (":TRIG1:LEV1?", "0.5")]
TRIGGER = [(":TRIG1:MODE NORM", None), (":TRIG1:TYPE EDGE", None), (":TRIG1:SOUR CHAN1", None),
           (":TRIG1:EDGE:SLOP NEG", None), (":TRIG1:HOLD:MODE OFF", None), OK, *LEVEL]


@contextmanager
def scope(pairs: list[tuple[Any, Any]]) -> Iterator[RohdeSchwarzRto]:
    with expected_protocol(RohdeSchwarzRto, [WHO, *pairs], identity=RTO, wait=lambda seconds: None) as found:
        yield found


def test_messages_of_the_set_up() -> None:
    with scope([*CHANNEL, *TIMEBASE, *TRIGGER]) as found:
        assert isinstance(found, Oscilloscope)
        assert found.configure_channel(1, Vertical(2.0, 0.7, "50")) == Vertical(2.0, 0.7, "50")
        assert found.configure_timebase(Timebase(1e-3, 4e-4, points=5000)).span == 1e-3
        assert found.configure_trigger(EdgeTrigger(1, 0.5, "negative")).level == 0.5


def test_a_holdoff_is_sent_and_limited() -> None:
    """User manual 1316.0827.02, page 486."""
    holdoff = [*TRIGGER[:4], (":TRIG1:HOLD:MODE TIME", None), (":TRIG1:HOLD:TIME 0.002", None), OK, *LEVEL]
    with scope([*CHANNEL, *holdoff]) as found:
        found.configure_channel(1, Vertical(2.0, 0.7, "50"))
        assert found.configure_trigger(EdgeTrigger(1, 0.5, "negative", holdoff=2e-3)).holdoff == 2e-3
    for beyond in (99e-9, 10.1):
        with scope([]) as found, pytest.raises(LimitError, match="holdoff"):
            found.configure_trigger(EdgeTrigger(1, 0.5, holdoff=beyond))


def test_an_impedance_that_was_not_taken_is_an_error() -> None:
    with scope([*CHANNEL[:-1], (":CHAN1:COUP?", "DCL")]) as found, pytest.raises(InstrumentError, match="impedance 50"):
        found.configure_channel(1, Vertical(2.0, 0.7, "50"))


@pytest.mark.parametrize("refused", [
    lambda found: found.configure_channel(1, Vertical(20.0, impedance="50")),
    lambda found: found.configure_channel(5, Vertical(1.0)),
    lambda found: found.configure_timebase(Timebase(1e-3, segments=2)),
])
def test_limits_are_refused_before_anything_is_sent(refused: Any) -> None:
    with scope([]) as found, pytest.raises(LimitError):
        refused(found)


def test_arming_waits_for_the_state() -> None:
    pairs = [*TRIGGER, *LEVEL, (":RUNS", None), *[(":STAT:OPER:COND?", reply) for reply in ("16", "24", "24", "16",
                                                                                             "0")]]
    with scope(pairs) as found:
        found.configure_trigger(EdgeTrigger(1, 0.5, "negative"))
        found.arm()
        assert [found.triggered() for _ in range(2)] == [False, True]
        assert found.complete()


@pytest.mark.parametrize(("codes", "flag"), [([0, 1, 50, -50], Flag.NONE), ([0, 127, 1, 2], Flag.CLIPPED)])
def test_integers_become_volts(codes: list[int], flag: Flag) -> None:
    pairs: list[tuple[Any, Any]] = [
        *CHANNEL, (":FORM INT,8", None), (":FORM:BORD LSBF", None), (":EXP:WAV:INCX OFF", None),
        (":EXP:WAV:MULT OFF", None), (":CHAN1:DATA:HEAD?", "-2e-9,1e-9,4,1"),
        (":CHAN1:DATA?", b"#14" + np.array(codes, "i1").tobytes() + b"\n"), OK,
    ]
    with scope(pairs) as found:
        found.configure_channel(1, Vertical(2.0, 0.7, "50"))
        record = found.fetch([1])[1]
    assert record.values()[0] == pytest.approx(0.7 + np.array(codes) * 2.0 / 253)
    assert record.times() == pytest.approx(np.array([-2e-9, -1e-9, 0.0, 1e-9]))
    assert record.flags == flag


def test_a_short_record_is_refused() -> None:
    pairs: list[tuple[Any, Any]] = [
        (":FORM INT,8", None), (":FORM:BORD LSBF", None), (":EXP:WAV:INCX OFF", None), (":EXP:WAV:MULT OFF", None),
        (":CHAN1:DATA:HEAD?", "-2e-9,1e-9,4,1"), (":CHAN1:DATA?", b"#13abc\n"),
    ]
    with scope(pairs) as found, pytest.raises(CommunicationError, match="3 of 4 samples"):
        found.fetch([1])


# ------------------------------------------------------------------------------------------------ on its twin

PULSE = Pulse(base=0.0, amplitude=1.0, width=1e-6, period=10e-6, rise_time=20e-9, fall_time=20e-9)
SHARED = '[fixture]\nnetlist = "R1 a 0 10k"\n[fixture.terminals]\n"generator.1" = "a"\n"scope.1" = "a"\n'
GENERATOR = "USB0::0x0957::0x5707::SIM1::INSTR"
SCOPE = "USB0::0x0AAD::0x0197::SIM2::INSTR"


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    (tmp_path / "w.world.toml").write_text(
        f'seed = 3\n[instruments.generator]\nmodel = "keysight_33622a"\nresource = "{GENERATOR}"\n'
        f'[instruments.scope]\nmodel = "rohde_schwarz_rto1014"\nresource = "{SCOPE}"\n{SHARED}', "utf-8")
    (tmp_path / "b.bench.toml").write_text(
        'visa_library = "w.world.toml@tsbench"\n[instruments.generator]\ndriver = "keysight_33600"\n'
        f'resource = "{GENERATOR}"\n[instruments.scope]\ndriver = "rohde_schwarz_rto"\nresource = "{SCOPE}"\n'
        f'[roles]\npulser = "generator.1"\nscope = "scope"\n{SHARED}', "utf-8")
    with Bench.open(tmp_path / "b.bench.toml") as opened:
        yield opened


def captured(bench: Bench, force: bool = False) -> Waveform:
    generator, found = bench.pulse_generator(), bench.oscilloscope()
    generator.configure_load(math.inf)
    generator.configure_pulse(PULSE)
    generator.configure_burst(1)
    generator.set_output(True)
    found.configure_channel(1, Vertical(2.0, 0.5))
    found.configure_timebase(Timebase(4e-6, 1e-6))
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


def test_a_forced_record_comes_without_a_trigger(bench: Bench) -> None:
    assert np.median(captured(bench, force=True).values()) == pytest.approx(0.0, abs=0.1)
