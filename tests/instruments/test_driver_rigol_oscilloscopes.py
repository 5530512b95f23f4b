"""The driver of the Rigol oscilloscopes: its messages, and what it makes of the simulated ones."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pymeasure.test import expected_protocol

from tsbench.errors import CommunicationError, ConfigurationError, GarbledReply, InstrumentError, LimitError
from tsbench.instruments import EdgeTrigger, Oscilloscope, Pulse, Timebase, Vertical
from tsbench.instruments.rigol_oscilloscopes.driver import RigolOscilloscope
from tsbench.instruments.rigol_oscilloscopes.ds4000 import RigolDs4000
from tsbench.records import Flag, Identity, Waveform
from tsbench.station.bench.bench import Bench
from tsbench.station.bench.driver_waits import DriverWaits, StopHeard

DS1074Z = Identity("RIGOL TECHNOLOGIES", "DS1074Z", "DS1Z1", "00.04.04")
MSO5104 = Identity("RIGOL TECHNOLOGIES", "MSO5104", "MS5A1", "00.01.03")
OK = (":SYST:ERR?", '0,"No error"')
CHANNEL = [
    (":CHAN1:DISP ON", None), (":CHAN1:COUP DC", None), (":CHAN1:BWL OFF", None), (":CHAN1:PROB 1", None),
    (":CHAN1:VERN ON", None), (":CHAN1:OFFS 0", None), (":CHAN1:SCAL 0.25", None), (":CHAN1:OFFS -0.7", None), OK,
    (":CHAN1:SCAL?", "2.500000e-01"), (":CHAN1:OFFS?", "-7.000000e-01"),
]
TIMEBASE = [
    (":TIM:MODE MAIN", None), (":TIM:SCAL 1e-06", None), (":TIM:OFFS 4e-06", None), (":ACQ:MDEP 12000", None), OK,
    (":TIM:SCAL?", "1.000000e-06"), (":TIM:OFFS?", "4.000000e-06"),
]
TRIGGER = [
    (":TRIG:MODE EDGE", None), (":TRIG:SWE NORM", None), (":TRIG:EDGE:SOUR CHAN1", None), (":TRIG:COUP DC", None),
    (":TRIG:EDGE:SLOP NEG", None), OK, (":TRIG:EDGE:LEV 0.5", None), OK, (":TRIG:EDGE:LEV?", "5.000000e-01"),
]


@contextmanager
def scope(pairs: list[tuple[Any, Any]], identity: Identity = DS1074Z) -> Iterator[RigolOscilloscope]:
    with expected_protocol(RigolOscilloscope, pairs, identity=identity, wait=lambda seconds: None) as found:
        yield found


def test_it_is_an_oscilloscope() -> None:
    with scope([]) as found:
        assert isinstance(found, Oscilloscope)
        assert (found.capabilities.bandwidth, found.capabilities.external_trigger) == (70e6, False)
    with pytest.raises(ConfigurationError, match="does not know the model DS9999Z"), scope(
            [], Identity("RIGOL TECHNOLOGIES", "DS9999Z", "1", "1")):
        pass


def test_messages_of_the_set_up() -> None:
    with scope([*CHANNEL, *TIMEBASE, *TRIGGER]) as found:
        assert found.configure_channel(1, Vertical(2.0, 0.7)) == Vertical(2.0, 0.7)
        assert found.configure_timebase(Timebase(10e-6, 4e-6)) == Timebase(10e-6, 4e-6)
        assert found.configure_trigger(EdgeTrigger(1, 0.5, "negative")).level == 0.5


def test_a_scale_that_was_not_taken_is_an_error() -> None:
    changed = [(a, "5.000000e-01") if a == ":CHAN1:SCAL?" else (a, b) for a, b in CHANNEL[:-1]]
    with scope(changed) as found, pytest.raises(InstrumentError, match="range 2 V was requested, but the instrument"):
        found.configure_channel(1, Vertical(2.0, 0.7))


@pytest.mark.parametrize("refused", [
    lambda found: found.configure_channel(1, Vertical(2.0, impedance="50")),
    lambda found: found.configure_channel(1, Vertical(100.0)),
    lambda found: found.configure_channel(5, Vertical(1.0)),
    lambda found: found.configure_timebase(Timebase(1e-3, segments=2)),
    lambda found: found.configure_timebase(Timebase(1e-3, points=24_000_001)),
    lambda found: found.configure_trigger(EdgeTrigger("external", 1.0)),
])
def test_limits_are_refused_before_anything_is_sent(refused: Any) -> None:
    with scope([]) as found, pytest.raises(LimitError):
        refused(found)


def test_a_memory_is_read_in_blocks_of_250000() -> None:
    """Only the span that was asked for, by the formula of the programming guide."""
    part = bytes([127]) * 249_999 + bytes([255])
    pairs: list[tuple[Any, Any]] = [
        *CHANNEL, (":WAV:MODE RAW", None), (":WAV:FORM BYTE", None), (":WAV:SOUR CHAN1", None),
        (":WAV:PRE?", "0,2,600000,1,1.0e-08,-3.0e-03,0,1.0e-02,-70,127"),
        (":WAV:STAR 100001", None), (":WAV:STOP 350000", None), (":WAV:DATA?", b"#9000250000" + part + b"\n"),
        (":WAV:STAR 350001", None), (":WAV:STOP 500000", None),
        (":WAV:DATA?", b"#9000150000" + part[:150_000] + b"\n"), OK,
    ]
    with scope(pairs) as found:
        found.configure_channel(1, Vertical(2.0, 0.7))
        found._timebase = Timebase(4e-3)
        record = found.fetch([1])[1]
    assert record.codes.shape == (1, 400_000)
    assert record.values()[0, 0] == pytest.approx(0.7)
    assert record.times()[0] == pytest.approx(-2e-3)
    assert record.flags == Flag.CLIPPED


def test_a_preamble_of_the_screen_is_garbled() -> None:
    pairs: list[tuple[Any, Any]] = [
        (":WAV:MODE RAW", None), (":WAV:FORM BYTE", None), (":WAV:SOUR CHAN1", None),
        *[(":WAV:PRE?", "0,0,1200,1,1.0e-08,-3.0e-03,0,1.0e-02,-70,127"), ("*IDN?", "RIGOL TECHNOLOGIES,DS1074Z,"
                                                                        "DS1Z1,00.04.04")] * 2,
        (":WAV:PRE?", "0,0,1200,1,1.0e-08,-3.0e-03,0,1.0e-02,-70,127"),
    ]
    with scope(pairs) as found, pytest.raises(GarbledReply):
        found.fetch([1])


# ----------------------------------------------------------------------------------------------- of the DS4000

IMPEDANCE = [(":CHAN1:IMP OMEG", None), OK, (":CHAN1:IMP?", "OMEG")]
READING: list[tuple[Any, Any]] = [
    *IMPEDANCE, *CHANNEL, (":WAV:MODE RAW", None), (":WAV:FORM BYTE", None), (":WAV:SOUR CHAN1", None),
    (":WAV:PRE?", "0,2,1400,1,1.0e-08,-3.0e-03,0,1.0e-02,-70,127"), (":ACQ:MDEP?", "600000"),
    (":WAV:POIN 500000", None), (":WAV:RES", None), (":WAV:BEG", None),
]


@contextmanager
def ds4000(pairs: list[tuple[Any, Any]]) -> Iterator[RigolDs4000]:
    identity = Identity("RIGOL TECHNOLOGIES", "DS4024", "DS4A1", "00.02.03.00.03")
    with expected_protocol(RigolDs4000, pairs, identity=identity, wait=lambda seconds: None) as found:
        yield found


def test_the_memory_of_a_ds4000_is_read_from_its_beginning() -> None:
    """As long as the status says READ, there is more; the points before the span are left out."""
    part = bytes([127]) * 250_000
    pairs = [*READING, (":WAV:STAT?", "READ,0"), (":WAV:STAT?", "READ,250000"),
             (":WAV:DATA?", b"#9000250000" + part + b"\n"), (":WAV:STAT?", "IDLE,250000"),
             (":WAV:DATA?", b"#9000250000" + part[1:] + b"\xff\n"), (":WAV:END", None), OK]
    with ds4000(pairs) as found:
        found.configure_channel(1, Vertical(2.0, 0.7))
        found._timebase = Timebase(4e-3)
        record = found.fetch([1])[1]
    assert record.codes.shape == (1, 400_000) and record.flags == Flag.CLIPPED
    assert record.values()[0, 0] == pytest.approx(0.7)
    assert record.times()[0] == pytest.approx(-2e-3)


def test_a_short_memory_of_a_ds4000_is_an_error() -> None:
    pairs = [*READING, (":WAV:STAT?", "IDLE,3"), (":WAV:DATA?", b"#9000000003abc\n"), (":WAV:END", None)]
    with ds4000(pairs) as found, pytest.raises(CommunicationError, match="3 of 500000 bytes"):
        found.configure_channel(1, Vertical(2.0, 0.7))
        found._timebase = Timebase(4e-3)
        found.fetch([1])


@pytest.mark.parametrize(("level", "source"), [(0.8, "EXT"), (1.0, "EXT5"), (-3.9, "EXT5")])
def test_the_divider_of_a_ds4000_is_for_levels_beyond_its_direct_input(level: float, source: str) -> None:
    pairs = [(":TRIG:MODE EDGE", None), (":TRIG:SWE NORM", None), (f":TRIG:EDGE:SOUR {source}", None),
             (":TRIG:COUP DC", None), (":TRIG:EDGE:SLOP POS", None), OK, (f":TRIG:EDGE:LEV {level:g}", None), OK,
             (":TRIG:EDGE:LEV?", f"{level:e}")]
    with ds4000(pairs) as found:
        assert found.configure_trigger(EdgeTrigger("external", level)).level == level


def test_a_level_beyond_the_divider_is_refused() -> None:
    with ds4000([]) as found, pytest.raises(LimitError, match="-4 V to 4 V"):
        found._set_level(EdgeTrigger("external", 4.1))


def test_a_stop_ends_the_wait_for_points_of_a_ds4000() -> None:
    """The stop ends the wait before its five seconds are over, because the output of the generator is on."""
    asked: list[str | None] = [None, None, None, "stopped by the operator"]
    waits = DriverWaits(Waited)
    pairs = [*READING, (":WAV:STAT?", "READ,0"), (":WAV:STAT?", "READ,0")]
    with ds4000(pairs) as found, waits.hearing(lambda: asked.pop(0)):
        found.wait = waits.wait
        found.configure_channel(1, Vertical(2.0, 0.7))
        found._timebase = Timebase(4e-3)
        with pytest.raises(StopHeard, match="stopped by the operator"):
            found.fetch([1])
    assert asked == []


class Waited:
    """A clock without time."""

    def now(self) -> float:
        return 0.0

    def wait(self, seconds: float) -> None:
        pass


def test_a_ds4000_has_inputs_of_50_ohm() -> None:
    with ds4000([(":CHAN1:IMP FIFT", None), OK, (":CHAN1:IMP?", "OMEG")]) as found, pytest.raises(
            InstrumentError, match="impedance 50"):
        found.configure_channel(1, Vertical(2.0, impedance="50"))
    with ds4000([]) as found, pytest.raises(LimitError):
        found.configure_channel(1, Vertical(9.0, impedance="50"))


def test_points_of_the_buffer_are_not_asked_for_again() -> None:
    with ds4000([]) as found:
        may = found.language.may_be_repeated
        assert not may(":WAV:DATA?", found.repeatable) and may(":WAV:STAT?", found.repeatable)


@pytest.mark.parametrize(("channels", "share"), [((1,), 1), ((1, 3), 1), ((1, 2), 2), ((1, 3, 4), 2)])
def test_pairs_of_channels_share_the_memory_of_a_ds4000(channels: tuple[int, ...], share: int) -> None:
    with ds4000([]) as found:
        found._vertical = {channel: Vertical(1.0) for channel in channels}
        assert found._depth(10_000, 1e-3, 1.4e-3) == str(14_000 if share == 1 else 70_000)


# ------------------------------------------------------------------------------------------------ on its twin

PULSE = Pulse(base=0.0, amplitude=1.0, width=1e-6, period=10e-6, rise_time=20e-9, fall_time=20e-9)
WORLD = """
seed = 3
[instruments.generator]
model = "keysight_33622a"
resource = "USB0::0x0957::0x5707::SIM1::INSTR"
[instruments.scope]
model = "{model}"
resource = "USB0::0x1AB1::0x04CE::SIM2::INSTR"
[fixture]
netlist = "R1 a 0 10k"
[fixture.terminals]
"generator.1" = "a"
"scope.1" = "a"
{wires}"""
BENCH = """
visa_library = "w.world.toml@tsbench"
[instruments.generator]
driver = "keysight_33600"
resource = "USB0::0x0957::0x5707::SIM1::INSTR"
[instruments.scope]
driver = "{driver}"
resource = "USB0::0x1AB1::0x04CE::SIM2::INSTR"
[roles]
pulser = "generator.1"
scope = "scope"
[fixture]
netlist = "R1 a 0 10k"
[fixture.terminals]
"generator.1" = "a"
"scope.1" = "a"
"""


WITH_EXTERNAL = [("rigol_mso5104", "rigol_mso5000"), ("rigol_ds4024", "rigol_ds4000")]
MODELS = [("rigol_ds1074z", "rigol_ds1000z"), *WITH_EXTERNAL]


@pytest.fixture(params=MODELS)
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    model, driver = request.param
    wires = '[wires]\n"scope.external" = "generator.sync"\n' if request.param in WITH_EXTERNAL else ""
    (tmp_path / "w.world.toml").write_text(WORLD.format(model=model, wires=wires), "utf-8")
    (tmp_path / "b.bench.toml").write_text(BENCH.format(driver=driver), "utf-8")
    with Bench.open(tmp_path / "b.bench.toml") as opened:
        yield opened


def captured(bench: Bench, trigger: EdgeTrigger, force: bool = False) -> Waveform:
    generator, found = bench.pulse_generator(), bench.oscilloscope()
    generator.configure_load(math.inf)
    generator.configure_pulse(PULSE)
    generator.configure_burst(1)
    generator.set_output(True)
    found.configure_channel(1, Vertical(2.0, 0.5))
    found.configure_timebase(Timebase(4e-6, 1e-6))
    found.configure_trigger(trigger)
    found.arm()
    assert not found.complete()
    found.force_trigger() if force else generator.trigger()
    for _ in range(10_000):
        if found.complete():
            return found.fetch([1])[1]
        bench.clock.wait(1e-5)
    raise AssertionError("the acquisition did not end")


@pytest.mark.parametrize("level", [0.7, 1.0])
@pytest.mark.parametrize("bench", WITH_EXTERNAL, indirect=True)
def test_an_external_trigger(bench: Bench, level: float) -> None:
    """The record begins at the edge of the generator's sync output, also where the level needs a divider."""
    record = captured(bench, EdgeTrigger("external", level))
    values, times = record.values()[0], record.times()
    assert abs(times[values > 0.5][0]) < 2e-7


@pytest.mark.sabotage("units")
def test_volts_and_seconds_of_a_pulse(bench: Bench) -> None:
    record = captured(bench, EdgeTrigger(1, 0.5))
    values, times = record.values()[0], record.times()
    assert times[0] == pytest.approx(-1e-6, abs=5e-9)
    assert times[-1] == pytest.approx(3e-6, abs=5e-9)
    before, top = np.median(values[times < -0.1e-6]), np.median(values[(times > 0.2e-6) & (times < 0.8e-6)])
    assert before == pytest.approx(0.0, abs=3 * record.accuracy_offset)
    assert top - before == pytest.approx(10e3 / 10.05e3, rel=3 * record.accuracy_gain + 0.015)
    assert times[np.argmax(values > (before + top) / 2)] == pytest.approx(0.0, abs=10e-9)
    assert record.flags == Flag.NONE
    assert bench.oscilloscope().triggered()


def test_an_unused_channel_triggers_by_force_only(bench: Bench) -> None:
    record = captured(bench, EdgeTrigger(4, 0.2), force=True)
    assert np.median(record.values()) == pytest.approx(0.0, abs=0.1)


def test_an_acquisition_that_is_stopped_is_over(bench: Bench) -> None:
    found = bench.oscilloscope()
    found.configure_channel(1, Vertical(2.0, 0.5))
    found.configure_trigger(EdgeTrigger(1, 0.9))
    found.arm()
    found.abort()
    assert found.complete()
