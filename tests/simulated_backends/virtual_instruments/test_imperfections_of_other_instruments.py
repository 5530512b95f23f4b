"""Imperfections of pulse cards, decade boxes, switch matrices and temperature controllers, as they are at terminals."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.fixtures.kxci_analyser import KxciAnalyser
from tests.fixtures.node_course import node_course
from tests.fixtures.parameter_analyser import Analyser
from tsbench.simulated_backends.circuit.engine import Constant
from tsbench.simulated_backends.virtual_instruments.keithley_700.data_sheet import CARDS_707B, CARDS_3706A
from tsbench.simulated_backends.virtual_instruments.keithley_4200 import pulse_sheet as pmu
from tsbench.simulated_backends.virtual_instruments.keysight_b1500a import pulse_module as spgu
from tsbench.simulated_backends.virtual_instruments.keysight_b1500a import waveform_sheet as wgfmu
from tsbench.simulated_backends.virtual_instruments.keysight_b1500a.waveform_module import FAST, PULSE
from tsbench.simulated_backends.virtual_instruments.lakeshore_33x.data_sheet import LAKESHORE_336
from tsbench.simulated_backends.virtual_instruments.meatest_decade.data_sheet import MEATEST_M525, MEATEST_M632
from tsbench.simulated_backends.world.world import World, close_world, open_world

UNIFORM = math.sqrt(3)  #: rms of a uniform error times this is its bound


@pytest.fixture
def worlds(tmp_path: Path) -> Iterator[Any]:
    opened: list[World] = []

    def opened_world(text: str, seed: int = 1) -> World:
        path = tmp_path / f"w{len(opened)}.world.toml"
        path.write_text(f"seed = {seed}\n{text}", "utf-8")
        opened.append(open_world(path))
        return opened[-1]

    yield opened_world
    for world in opened:
        close_world(world)


def say(world: World, name: str, message: str) -> str:
    exchange: Any = world.instruments[name].exchange
    exchange.recv(message.encode() + b"\n", True)
    while exchange.will_answer and not exchange.output_ready:
        world.bench.clock.hop(world.bench.clock.now + 1.0)
    return str(exchange.talk(1000)[0].decode()).rstrip()


# ------------------------------------------------------------------------------------------- decade boxes


def test_a_decade_box_is_as_accurate_as_stated_and_settles_in_its_time(worlds: Any) -> None:
    text = """[instruments.box]
model = "meatest_{model}"
resource = "GPIB0::2::INSTR"
[fixture]
netlist = "VS in 0 1\\nRS mid 0 1k\\nCP mid 0 1p"
terminals = {{ "box.high" = "in", "box.low" = "mid" }}
"""
    errors = []
    for seed in range(1, 6):
        world = worlds(text.format(model="m632"), seed)
        say(world, "box", ":RES 1000;:OUTP ON;:OUTP?")
        start = world.bench.clock.now
        say(world, "box", ":RES 3000;:RES?")
        assert world.bench.clock.now - start == pytest.approx(MEATEST_M632.settling, abs=1e-3)
        world.bench.clock.wait(1e-3)
        volts = world.bench.circuit.voltage("mid")
        errors.append((1e3 * (1.0 - volts) / volts) / 3e3 - 1.0)
    stated = MEATEST_M632.accuracy
    assert max(map(abs, errors)) <= 1.01 * stated
    assert 0.4 < math.sqrt(np.mean(np.square(errors))) * UNIFORM / stated < 1.7

    errors = []
    charged = text.replace("VS in 0 1\\nRS mid 0 1k", "VS src 0 0\\nRS src in 1k\\nRM mid 0 1m")
    for seed in range(1, 6):   # 1 uF through 1 kOhm: what is missing to 1 V falls by 1/e in 1 ms
        world = worlds(charged.format(model="m525"), seed)
        say(world, "box", ":CAP 1E-6;:OUTP ON;:OUTP?")
        world.bench.circuit.set_source("VS", Constant(1.0))
        world.bench.changed()
        times, volts = node_course(world.bench, "in", 3e-3)
        errors.append((times[-1] - times[1]) / math.log((1.0 - volts[1]) / (1.0 - volts[-1])) / 1e-3 - 1.0)
    stated = MEATEST_M525.accuracy
    assert max(map(abs, errors)) <= 1.2 * stated
    assert 0.3 < math.sqrt(np.mean(np.square(errors))) * UNIFORM / stated < 1.9


# ----------------------------------------------------------------------------------------- switch matrices


@pytest.mark.parametrize("card", ["7072", "7174A", "3730"])
def test_a_contact_has_the_stated_resistance_and_settles_in_its_time(worlds: Any, card: str) -> None:
    frame, channel = ("3706a", "1101") if card == "3730" else ("707b", "1A01")
    row, column = ("row1", "101") if card == "3730" else ("A", "101")
    sheet = {**CARDS_707B, **CARDS_3706A}[card]
    world = worlds(f"""[instruments.matrix]
model = "keithley_{frame}"
resource = "GPIB0::16::INSTR"
options = {{ cards = {{ 1 = "{card}" }} }}
[fixture]
netlist = "VS in 0 1\\nRL out 0 10\\nCL out 0 1p"
terminals = {{ "matrix.{row}" = "in", "matrix.{column}" = "out" }}
""")
    assert abs(world.bench.circuit.voltage("out")) < 1e-9   # open
    start = world.bench.clock.now
    say(world, "matrix", f"channel.close('{channel}') print(1)")
    assert world.bench.clock.now - start == pytest.approx(sheet.settling, abs=1e-3)
    volts = world.bench.circuit.voltage("out")
    assert 10.0 * (1.0 - volts) / volts == pytest.approx(sheet.closed, rel=1e-3)


# -------------------------------------------------------------------------------- temperature controllers


def test_a_temperature_reading_has_the_stated_noise_and_offset(worlds: Any) -> None:
    offsets = []
    for seed in range(1, 6):
        world = worlds("""[instruments.ls]
model = "lakeshore_336"
resource = "GPIB0::12::INSTR"
[fixture]
netlist = "VS out 0 0\\nRL out 0 10"
[chuck]
temperature = "296 K"
heater = "ls.1"
sensor = "ls.A"
""", seed)
        read = np.array([float(say(world, "ls", "KRDG? A")) for _ in range(60)])
        assert read.std() == pytest.approx(math.hypot(LAKESHORE_336.noise, 1e-3 / math.sqrt(12)), rel=0.3)
        offsets.append(read.mean() - 296.0)
    assert max(map(abs, offsets)) <= LAKESHORE_336.offset + 1e-3
    assert 0.4 < math.sqrt(np.mean(np.square(offsets))) * UNIFORM / LAKESHORE_336.offset < 1.7


# --------------------------------------------------------------------------------------------- pulse cards


def pmu_channel(ohms: float, imperfections: bool) -> tuple[KxciAnalyser, Any]:
    found = KxciAnalyser(f"R1 a 0 {ohms:g}\n", {"pmu1": "a"}, imperfections)
    channel = found.instrument._pulses[1]
    channel.switch(True)
    return found, channel


@pytest.mark.parametrize("volts", [10.0, 40.0])
def test_readings_of_a_pmu_are_as_accurate_and_noisy_as_stated(volts: float) -> None:
    """At a level that fills 80 % of each current range, and for the voltage."""
    for row in pmu.CURRENT_RANGES[volts]:
        level = min(0.8 * volts, 8.0)
        ohms = level / (0.8 * row.full_scale)
        found, channel = pmu_channel(ohms, imperfections=True)
        hold = 40 * row.settling + 1e-6
        channel.play(np.array([0.0, 1e-7, hold]), np.array([0.0, level, level]), volts)
        found.wait(1.1 * hold)
        true = found.volts()
        starts = np.linspace(0.5 * hold, 0.95 * hold, 200)
        for quantity, about, truth in (("current", row, true / ohms), ("voltage", pmu.VOLTAGE_RANGES[volts], true)):
            shown = channel.samples(quantity, about, starts, np.zeros(200), 200e6)
            assert abs(shown.mean() - truth) <= about.gain * truth + about.offset + 4 * about.noise / math.sqrt(200)
            assert shown.std() == pytest.approx(about.noise, rel=0.2), (quantity, row.full_scale)


def test_levels_of_a_pmu_are_as_accurate_as_stated() -> None:
    for full_scale, offset in pmu.LEVEL_OFFSETS.items():
        found, channel = pmu_channel(1e6, imperfections=True)
        level = 0.8 * full_scale
        channel.play(np.array([0.0, 1e-6, 1e-4]), np.array([0.0, level, level]), full_scale)
        found.wait(9e-5)
        error = found.volts() * (1 + pmu.OUTPUT_RESISTANCE / 1e6) - level
        assert 0.0 < abs(error) <= pmu.LEVEL_GAIN * level + offset


def test_a_pmu_starts_with_the_stated_jitter_after_its_preparation() -> None:
    found, channel = pmu_channel(1e6, imperfections=True)
    late = []
    for _ in range(40):
        start = found.bench.clock.now
        channel.play(np.array([0.0, 2e-8, 1e-6]), np.array([0.0, 1.0, 1.0]), 10.0)
        late.append(channel._started - start)
        found.wait(2e-6)
    assert 0.0 <= min(late) < 0.2 * pmu.JITTER and 0.8 * pmu.JITTER < max(late) <= pmu.JITTER * (1 + 1e-6)
    found = KxciAnalyser("R1 a 0 1k\n", {"pmu1": "a"})
    found.send(":PMU:INIT 0", ":PMU:RPM:CONFIGURE PMU1-1, 0", ":PMU:MEASURE:RANGE 1, 2, 1e-2",
               ":PMU:OUTPUT:STATE 1, 1", ":PMU:PULSE:TIMES 1, 1e-5, 4e-6, 1e-7, 1e-7", ":PMU:PULSE:TRAIN 1, 0, 2")
    start = found.bench.clock.now
    found.run(":PMU:EXECUTE")
    assert found.bench.clock.now - start == pytest.approx(pmu.PREPARATION, abs=1e-3)


def wgfmu_channel(ohms: float, imperfections: bool, mode: int = FAST, seed: int = 1) -> tuple[Analyser, Any]:
    found = Analyser(f"R1 a 0 {ohms:g}\n", {"501": "a"}, imperfections, {"slots": {"1": "B1517A", "5": "B1530A"}},
                     seed=seed)
    channel = found.instrument.waveform_channels[501]
    channel.setup.mode = mode
    channel.switch(True)
    return found, channel


@pytest.mark.parametrize("code", wgfmu.CURRENT_RANGES)
def test_currents_of_a_b1530a_settle_and_are_as_noisy_and_accurate_as_stated(code: int) -> None:
    """Behind an edge: within 0.6 % at the settling time, and not long before; then the noise of the stated window."""
    row, level = wgfmu.CURRENT_RANGES[code], 2.0
    ohms = level / (0.8 * row.full_scale)
    hold = 10 * row.settling + 5 * row.window
    for imperfections in (False, True):
        found, channel = wgfmu_channel(ohms, imperfections)
        channel.setup.measures_current, channel.setup.current_range = True, code
        channel.play(np.array([0.0, 1e-9, hold]), np.array([0.0, level, level]))
        found.bench.clock.wait(1.1 * hold)
        found.bench.sync()
        true = found.bench.circuit.voltage("a") / ohms
        if not imperfections:
            times = np.array([row.settling, 0.5 * row.settling]) + 1e-9
            shown = channel.samples(times, np.zeros(2)) / true
            assert shown[0] == pytest.approx(1.0, abs=7e-3) and shown[1] < 0.96
            continue
        shown = channel.samples(np.linspace(0.6 * hold, 0.7 * hold, 300), np.full(300, row.window))
        assert shown.std() == pytest.approx(row.noise, rel=0.2)
        assert abs(shown.mean() - true) <= (
            wgfmu.CURRENT_GAIN * true + wgfmu.CURRENT_OFFSET * row.full_scale + row.noise / 4)


@pytest.mark.parametrize("code", wgfmu.VOLTAGE_RANGES)
def test_voltages_of_a_b1530a_settle_and_are_as_noisy_and_accurate_as_stated(code: int) -> None:
    row = wgfmu.VOLTAGE_RANGES[code]
    level, hold = 0.6 * row.full_scale, 10e-6
    for imperfections in (False, True):
        found, channel = wgfmu_channel(1e6, imperfections)
        channel.setup.voltage_range = code
        channel.play(np.array([0.0, 1e-9, hold]), np.array([0.0, level, level]))
        found.bench.clock.wait(1.1 * hold)
        found.bench.sync()
        true = found.bench.circuit.voltage("a")
        if not imperfections:
            shown = channel.samples(np.array([row.settling, 0.5 * row.settling]) + 1e-9, np.zeros(2)) / true
            assert shown[0] == pytest.approx(1.0, abs=7e-3) and shown[1] < 0.97
            continue
        shown = channel.samples(np.linspace(5e-6, 9e-6, 300), np.full(300, row.window))
        assert shown.std() == pytest.approx(row.noise, rel=0.2)
        assert abs(shown.mean() - true) <= (
            wgfmu.VOLTAGE_GAIN * true + wgfmu.VOLTAGE_OFFSET * row.full_scale + row.noise / 4)


def test_levels_of_a_b1530a_are_as_accurate_as_stated_behind_its_resistance() -> None:
    errors = []
    for seed in range(1, 6):
        found, channel = wgfmu_channel(1e7, imperfections=True, seed=seed)
        channel.force(3.0)
        errors.append(found.bench.circuit.voltage("a") - 3.0)
    bound = wgfmu.FORCE_GAIN * 3.0 + wgfmu.FORCE_OFFSET
    assert max(map(abs, errors)) <= bound and len(set(errors)) == 5
    for mode, resistance in ((FAST, wgfmu.FAST_RESISTANCE), (PULSE, wgfmu.PULSE_RESISTANCE)):
        found, channel = wgfmu_channel(100.0, imperfections=False, mode=mode)
        channel.force(1.0)
        volts = found.bench.circuit.voltage("a")
        assert 100.0 * (1.0 - volts) / volts == pytest.approx(resistance, rel=1e-3)


def test_a_b1530a_starts_with_the_stated_jitter() -> None:
    found, channel = wgfmu_channel(1e6, imperfections=True)
    late = []
    for _ in range(40):
        start = found.bench.clock.now
        channel.play(np.array([0.0, 1e-8, 1e-6]), np.array([0.0, 1.0, 1.0]))
        late.append(channel.started - start - wgfmu.JITTER)
        found.bench.clock.wait(2e-6)
    assert min(late) >= -wgfmu.JITTER * (1 + 1e-6) and max(late) <= wgfmu.JITTER * (1 + 1e-6)
    assert np.std(late) == pytest.approx(wgfmu.JITTER / UNIFORM, rel=0.25)


def test_levels_of_a_b1525a_are_as_accurate_as_stated() -> None:
    errors = []
    for seed in range(1, 6):
        found = Analyser("R1 p 0 50\n", {"501": "p"}, True, {"slots": {"1": "B1517A", "5": "B1525A"}}, seed=seed)
        found.send("CN 501", "SPM 501,0", "SPV 501,0,3", "SPUPD 501")
        errors.append(found.bench.circuit.voltage("p") - 3.0)
    assert max(map(abs, errors)) <= spgu.GAIN * 3.0 + spgu.OFFSET and len(set(errors)) == 5
    assert max(map(abs, errors)) > 0.15 * spgu.OFFSET
