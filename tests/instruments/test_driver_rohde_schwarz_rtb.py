"""The driver of the RTB oscilloscopes: its messages, and what it makes of the simulated one."""

import math
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pymeasure.test import expected_protocol

from tsbench.errors import CommunicationError, ConfigurationError, GarbledReply, LimitError
from tsbench.instruments import EdgeTrigger, Oscilloscope, Pulse, Timebase, Vertical
from tsbench.instruments.rohde_schwarz_rto.rtb_driver import RohdeSchwarzRtb
from tsbench.records import Flag, Identity, Waveform
from tsbench.station.bench.bench import Bench

RTB = Identity("Rohde&Schwarz", "RTB2004", "1333.1005k04/113192", "02.400")
OPTIONS = ("*OPT?", "B1,B243")
OK = (":SYST:ERR?", '0,"No error"')
CHANNEL = [
    (":CHAN1:STAT ON", None), (":CHAN1:COUP DCL", None), (":PROB1:SET:ATT:MAN 1", None), (":CHAN1:BAND FULL", None),
    (":CHAN1:POS 0", None), (":CHAN1:OFFS 0", None), (":CHAN1:RANG 2", None), (":CHAN1:OFFS 0.7", None), OK,
    (":CHAN1:RANG?", "2"), (":CHAN1:OFFS?", "0.7"), (":CHAN1:COUP?", "DCL"),
]
TIMEBASE = [
    (":TIM:RANG 0.001", None), (":TIM:REF 50", None), (":TIM:POS 0.0004", None), (":ACQ:MEM MAN", None),
    (":ACQ:POIN 10000", None), OK, (":TIM:RANG?", "0.001"), (":TIM:POS?", "0.0004"),
]
LEVEL = [(":TRIG:A:LEV1 0.5", None), OK, (":TRIG:A:LEV1?", "0.5")]
TRIGGER = [(":TRIG:A:MODE NORM", None), (":TRIG:A:TYPE EDGE", None), (":TRIG:A:SOUR CH1", None),
           (":TRIG:A:EDGE:COUP DC", None), (":TRIG:A:EDGE:SLOP NEG", None), (":TRIG:A:HOLD:MODE OFF", None), OK, *LEVEL]


@contextmanager
def scope(pairs: list[tuple[Any, Any]], identity: Identity = RTB, options: Any = OPTIONS) -> Iterator[RohdeSchwarzRtb]:
    with expected_protocol(
            RohdeSchwarzRtb, [options, *pairs], identity=identity, wait=lambda seconds: None) as found:
        yield found


def test_messages_of_the_set_up() -> None:
    with scope([*CHANNEL, *TIMEBASE, *TRIGGER]) as found:
        assert isinstance(found, Oscilloscope)
        assert (found.title, found.capabilities.bandwidth) == ("Rohde & Schwarz RTB2004", 300e6)
        assert found.configure_channel(1, Vertical(2.0, 0.7)) == Vertical(2.0, 0.7)
        assert found.configure_timebase(Timebase(1e-3, 4e-4, points=5000)).span == 1e-3
        assert found.configure_trigger(EdgeTrigger(1, 0.5, "negative")).level == 0.5


@pytest.mark.parametrize(("options", "bandwidth"), [("0", 70e6), ("B221", 100e6), ("K1,B242", 200e6)])
def test_options_name_the_bandwidth(options: str, bandwidth: float) -> None:
    with scope([], options=("*OPT?", options)) as found:
        assert found.capabilities.bandwidth == bandwidth


def test_another_model_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="does not know the model RTB2006"), expected_protocol(
            RohdeSchwarzRtb, [], identity=Identity("Rohde&Schwarz", "RTB2006", "1", "1")):
        pass


def test_a_holdoff_is_sent() -> None:
    pairs = [*TRIGGER[:5], (":TRIG:A:HOLD:MODE TIME", None), (":TRIG:A:HOLD:TIME 0.001", None), OK, *LEVEL]
    with scope(pairs) as found:
        assert found.configure_trigger(EdgeTrigger(1, 0.5, "negative", holdoff=1e-3)).holdoff == 1e-3


@pytest.mark.parametrize("refused", [
    lambda found: found.configure_channel(1, Vertical(2.0, impedance="50")),
    lambda found: found.configure_channel(1, Vertical(60.0)),
    lambda found: found.configure_channel(5, Vertical(1.0)),
    lambda found: found.configure_timebase(Timebase(1e-3, segments=2)),
    lambda found: found.configure_timebase(Timebase(1e-9)),
    lambda found: found.configure_trigger(EdgeTrigger(1, 0.0, holdoff=1e-9)),
])
def test_limits_are_refused_before_anything_is_sent(refused: Any) -> None:
    with scope([]) as found, pytest.raises(LimitError):
        refused(found)


def test_arming_waits_for_the_state() -> None:
    condition = ":STAT:OPER:COND?"
    pairs = [*TRIGGER, *LEVEL, (":SING", None), (condition, "0"), (condition, "8"), (condition, "8"), (condition, "0"),
             (":ACQ:STAT?", "RUN"), (":ACQ:STAT?", "COMP"), ("*TRG", None), OK]
    with scope(pairs) as found:
        found.configure_trigger(EdgeTrigger(1, 0.5, "negative"))
        found.arm()
        assert [found.triggered() for _ in range(3)] == [False, True, True]
        assert [found.complete() for _ in range(2)] == [False, True]
        found.force_trigger()


def test_an_unknown_state_is_garbled() -> None:
    who = ("*IDN?", "Rohde&Schwarz,RTB2004,1333.1005k04/113192,02.400")
    with scope([*[(":ACQ:STAT?", "0"), who] * 2, (":ACQ:STAT?", "0")]) as found, pytest.raises(GarbledReply):
        found.complete()


#: reading of channel 1, with the replies of the manual's example (page 244): 5 mV a division
READING: list[tuple[Any, Any]] = [
    (":FORM UINT,16", None), (":FORM:BORD LSBF", None), (":CHAN1:DATA:POIN DMAX", None),
    (":CHAN1:DATA:HEAD?", "-4.998000058E-7,5.000000125E-7,4,1"), (":CHAN1:DATA:YINC?", "7.812499803E-7"),
    (":CHAN1:DATA:YOR?", "-2.549999943E-2"), (":CHAN1:DATA:XOR?", "-4.998000058E-7"),
    (":CHAN1:DATA:XINC?", "2.000000023E-10"),
]


@pytest.mark.parametrize(("codes", "flag"), [([32768, 32000, 30720, 32640], Flag.NONE), ([32768, 0xFFC0, 1, 2],
                                                                                          Flag.CLIPPED)])
def test_values_become_volts_as_in_the_manual(codes: list[int], flag: Flag) -> None:
    pairs = [*READING, (":CHAN1:DATA?", b"#18" + np.array(codes, "<u2").tobytes() + b"\n"), OK]
    with scope(pairs) as found:
        found._timebase = Timebase(8e-10)
        record = found.fetch([1])[1]
    assert record.values()[0] == pytest.approx(-2.55e-2 + 2e-4 / 256 * np.array(codes), abs=1e-9)
    assert record.values()[0, 0] == pytest.approx(1e-4, abs=1e-9)
    assert record.times()[:2] == pytest.approx(np.array([-4.998e-7, -4.996e-7]), abs=1e-13)
    assert record.flags == flag


def test_a_short_record_is_refused() -> None:
    with scope([*READING, (":CHAN1:DATA?", b"#12ab\n")]) as found, pytest.raises(
            CommunicationError, match="1 of 4 samples"):
        found._timebase = Timebase(8e-10)
        found.fetch([1])


@pytest.mark.parametrize(("question", "wrong", "message"), [
    (":CHAN1:DATA:YOR?", "-7.549999943E-2", "centred at -49.9 mV instead of 0 V"),
    (":CHAN1:DATA:YINC?", "2.187500196E-7", "instead of"),
    (":CHAN1:DATA:XINC?", "7.999999976E-10", "lasts 3.2 ns instead of 800 ps"),
])
def test_a_scale_that_contradicts_the_settings_is_read_again(question: str, wrong: str, message: str) -> None:
    """Digits that change on the way would shift or stretch the record without a message."""
    scale = READING[4:]
    changed = [(asked, wrong if asked == question else reply) for asked, reply in scale]
    codes = (":CHAN1:DATA?", b"#18" + np.array([32768, 32000, 30720, 32640], "<u2").tobytes() + b"\n")
    for again in (True, False):
        pairs = [*READING[:4], *changed, *(scale if again else changed), *([codes, OK] if again else [])]
        lines: list[str] = []
        with scope(pairs) as found, nullcontext() if again else pytest.raises(CommunicationError, match=message):
            found._timebase, found._vertical[1] = Timebase(8e-10), Vertical(range=5e-2)
            found.on_repeat = lines.append
            record = found.fetch([1])[1]
            assert record.values()[0, 0] == pytest.approx(1e-4, abs=1e-9)
        assert len(lines) == 1 and message in lines[0]


# ------------------------------------------------------------------------------------------------ on its twin

PULSE = Pulse(base=0.0, amplitude=1.0, width=1e-6, period=10e-6, rise_time=20e-9, fall_time=20e-9)
SHARED = '[fixture]\nnetlist = "R1 a 0 10k"\n[fixture.terminals]\n"generator.1" = "a"\n"scope.1" = "a"\n'
GENERATOR = "USB0::0x0957::0x5707::SIM1::INSTR"
SCOPE = "USB0::0x0AAD::0x01D6::SIM2::INSTR"


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    (tmp_path / "w.world.toml").write_text(
        f'seed = 3\n[instruments.generator]\nmodel = "keysight_33622a"\nresource = "{GENERATOR}"\n'
        f'[instruments.scope]\nmodel = "rohde_schwarz_rtb2004"\nresource = "{SCOPE}"\n{SHARED}', "utf-8")
    (tmp_path / "b.bench.toml").write_text(
        'visa_library = "w.world.toml@tsbench"\n[instruments.generator]\ndriver = "keysight_33600"\n'
        f'resource = "{GENERATOR}"\n[instruments.scope]\ndriver = "rohde_schwarz_rtb"\nresource = "{SCOPE}"\n'
        f'[roles]\npulser = "generator.1"\nscope = "scope"\n{SHARED}', "utf-8")
    with Bench.open(tmp_path / "b.bench.toml") as opened:
        yield opened


def captured(bench: Bench, vertical: Vertical, force: bool = False) -> Waveform:
    generator, found = bench.pulse_generator(), bench.oscilloscope()
    generator.configure_load(math.inf)
    generator.configure_pulse(PULSE)
    generator.configure_burst(1)
    generator.set_output(True)
    found.configure_channel(1, vertical)
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
    record = captured(bench, Vertical(2.0, 0.5))
    values, times = record.values()[0], record.times()
    assert (times[0], times[-1]) == pytest.approx((-1e-6, 3e-6), abs=5e-9)
    before, top = np.median(values[times < -0.1e-6]), np.median(values[(times > 0.2e-6) & (times < 0.8e-6)])
    assert before == pytest.approx(0.0, abs=3 * record.accuracy_offset)
    assert top - before == pytest.approx(10e3 / 10.05e3, rel=3 * record.accuracy_gain + 0.015)
    assert times[np.argmax(values > (before + top) / 2)] == pytest.approx(0.0, abs=10e-9)
    assert record.flags == Flag.NONE
    assert bench.oscilloscope().triggered()


def test_what_is_beyond_the_screen_is_clipped(bench: Bench) -> None:
    assert captured(bench, Vertical(1.2, 0.0)).flags == Flag.CLIPPED


def test_a_forced_record(bench: Bench) -> None:
    assert np.median(captured(bench, Vertical(2.0, 0.5), force=True).values()) == pytest.approx(0.0, abs=0.05)


def test_an_acquisition_that_is_stopped_is_over(bench: Bench) -> None:
    found = bench.oscilloscope()
    found.configure_channel(1, Vertical(2.0, 0.5))
    found.configure_trigger(EdgeTrigger(1, 0.9))
    found.arm()
    found.abort()
    assert found.complete()
