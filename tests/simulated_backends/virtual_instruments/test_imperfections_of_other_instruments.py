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
from tests.fixtures.spread import UNIFORM, require_spread, require_stated
from tsbench.simulated_backends.circuit.engine import Constant
from tsbench.simulated_backends.virtual_instruments.keithley_700.data_sheet import CARDS_707B, CARDS_3706A
from tsbench.simulated_backends.virtual_instruments.keithley_4200 import pulse_sheet as pmu
from tsbench.simulated_backends.virtual_instruments.keysight_b1500a import pulse_module as spgu
from tsbench.simulated_backends.virtual_instruments.keysight_b1500a import waveform_sheet as wgfmu
from tsbench.simulated_backends.virtual_instruments.keysight_b1500a.waveform_module import FAST, PULSE
from tsbench.simulated_backends.virtual_instruments.lakeshore_33x.data_sheet import LAKESHORE_335, LAKESHORE_336
from tsbench.simulated_backends.virtual_instruments.meatest_decade.data_sheet import MEATEST_M525, MEATEST_M632
from tsbench.simulated_backends.world.world import World, close_world, open_world

#: seed and calibration errors of each unit: 24 drawn ones, and one whose errors are as large as stated
UNITS: list[tuple[int, tuple[float, float] | None]] = [*((seed, None) for seed in range(1, 25)), (1, (1.0, -1.0))]


def require_errors(errors: list[float], stated: float, name: str, slack: float = 0.01, doubt: float = 0.02) -> None:
    """Require the spread of the errors of the drawn units, and the error of the last, which is known.

    Parameters
    ----------
    errors : of :data:`UNITS`, relative to the accuracy
    stated : of the last unit
    slack, doubt : of a drawn error, and of the known one, for what a measurement adds
    """
    require_spread(errors[:-1], UNIFORM, name, slack)
    require_stated({name: errors[-1:]}, {name: stated}, doubt)


@pytest.fixture
def worlds(tmp_path: Path) -> Iterator[Any]:
    opened: list[World] = []

    def opened_world(text: str, seed: int = 1, errors: tuple[float, float] | None = None) -> World:
        path = tmp_path / f"w{len(opened)}.world.toml"
        known = f"calibration_errors = {list(errors)}\n" if errors else ""
        path.write_text(f"seed = {seed}\n{known}{text}", "utf-8")
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
    for unit in UNITS:
        world = worlds(text.format(model="m632"), *unit)
        say(world, "box", ":RES 1000;:OUTP ON;:OUTP?")
        start = world.bench.clock.now
        say(world, "box", ":RES 3000;:RES?")
        assert world.bench.clock.now - start == pytest.approx(MEATEST_M632.settling, abs=3e-4)
        world.bench.clock.wait(1e-3)
        volts = world.bench.circuit.voltage("mid")
        errors.append(((1e3 * (1.0 - volts) / volts) / 3e3 - 1.0) / MEATEST_M632.accuracy)
    require_errors(errors, 1.0, "M632")

    errors = []
    charged = text.replace("VS in 0 1\\nRS mid 0 1k", "VS src 0 0\\nRS src in 1k\\nRM mid 0 1m")
    for unit in UNITS:   # 1 uF through 1 kOhm: what is missing to 1 V falls by 1/e in 1 ms
        world = worlds(charged.format(model="m525"), *unit)
        say(world, "box", ":CAP 1E-6;:OUTP ON;:OUTP?")
        world.bench.circuit.set_source("VS", Constant(1.0))
        world.bench.changed()
        times, volts = node_course(world.bench, "in", 3e-3)
        farads = (times[-1] - times[1]) / math.log((1.0 - volts[1]) / (1.0 - volts[-1])) / 1e3
        errors.append((farads / 1e-6 - 1.0) / MEATEST_M525.accuracy)
    require_errors(errors, 1.0, "M525", slack=0.05)


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
    assert 0.0 <= world.bench.clock.now - start - sheet.settling < 1e-4   # messages
    volts = world.bench.circuit.voltage("out")
    assert 10.0 * (1.0 - volts) / volts == pytest.approx(sheet.closed, rel=1e-3)


# -------------------------------------------------------------------------------- temperature controllers


def test_a_temperature_reading_has_the_stated_noise_and_offset(worlds: Any) -> None:
    offsets, noise = [], []
    for unit in UNITS:
        world = worlds("""[instruments.ls]
model = "lakeshore_336"
resource = "GPIB0::12::INSTR"
[fixture]
netlist = "VS out 0 0\\nRL out 0 10"
[chuck]
temperature = "296 K"
heater = "ls.1"
sensor = "ls.A"
""", *unit)
        read = np.array([float(say(world, "ls", "KRDG? A")) for _ in range(60)])
        noise.append(read.std(ddof=1) / math.hypot(LAKESHORE_336.noise, 1e-3 / math.sqrt(12)))
        offsets.append((read.mean() - 296.0) / LAKESHORE_336.offset)
    unsure = LAKESHORE_336.noise / math.sqrt(60) / LAKESHORE_336.offset
    require_errors(offsets, -1.0, "offset", slack=4 * unsure, doubt=3 * unsure)
    assert math.sqrt(np.mean(np.square(noise))) == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize(("model", "output"), [("335", 1), ("335", 2), ("336", 1), ("336", 2)])
def test_a_heater_output_has_the_stated_power(worlds: Any, model: str, output: int) -> None:
    """Half of the power of the highest range warms by 63 % of power times thermal resistance in a time constant."""
    world = worlds(f"""imperfections = false
[instruments.ls]
model = "lakeshore_{model}"
resource = "GPIB0::12::INSTR"
[fixture]
netlist = "VS out 0 0\\nRL out 0 10"
[chuck]
temperature = 296
heater = "ls.{output}"
sensor = "ls.A"
thermal_resistance = 2
time_constant = 60
""")
    say(world, "ls", f"OUTMODE {output},3,0,0;MOUT {output},50;RANGE {output},3;KRDG? A")
    world.bench.clock.wait(60.0)
    watts = {"335": LAKESHORE_335, "336": LAKESHORE_336}[model].power[output - 1]
    rise = float(say(world, "ls", "KRDG? A")) - 296.0
    assert rise == pytest.approx(0.5 * watts * 2.0 * -math.expm1(-1.0), rel=0.01)


# --------------------------------------------------------------------------------------------- pulse cards


def line(points: list[tuple[float, float]]) -> tuple[float, float]:
    """Return the relative error and the constant error of two values: (true, shown) of each."""
    (low, shown_low), (high, shown_high) = points
    gain = (shown_high - shown_low) / (high - low) - 1.0
    return gain, shown_low - low * (1.0 + gain)


def pmu_channel(
    ohms: float, imperfections: bool, seed: int = 1, errors: tuple[float, float] | None = None,
) -> tuple[KxciAnalyser, Any]:
    found = KxciAnalyser(f"R1 a 0 {ohms:g}\n", {"pmu1": "a"}, imperfections, seed=seed, errors=errors)
    channel = found.instrument._pulses[1]
    channel.switch(True)
    return found, channel


#: voltage range -> numbers that the mean of 2000 samples does not know to 8 %: they are tested by the spread of units
TOO_NOISY = {10.0: {("current offset", 1e-6)}, 40.0: {("voltage gain", 40.0)}}


@pytest.mark.thin(2)
@pytest.mark.parametrize("volts", [10.0, 40.0])
def test_readings_of_a_pmu_are_as_accurate_and_noisy_as_stated(volts: float) -> None:
    """Gain and offset of each current range and of the voltage range, from levels that fill 8 % and 80 % of it."""
    gains: list[float] = []
    offsets: list[float] = []
    noise: list[float] = []
    judged: list[tuple[str, float]] = []
    for seed, known in UNITS:
        for row in pmu.CURRENT_RANGES[volts] if known or seed <= 8 else pmu.CURRENT_RANGES[volts][-1:]:
            level = min(0.8 * volts, 8.0)
            ohms = level / (0.8 * row.full_scale)
            found, channel = pmu_channel(ohms, True, seed, known)
            hold = 40 * row.settling + 1e-6
            points: dict[str, list[tuple[float, float]]] = {"current": [], "voltage": []}
            for part in (0.1, 1.0):
                channel.play(np.array([0.0, 1e-7, hold]), part * np.array([0.0, level, level]), volts)
                found.wait(1.1 * hold)
                true = found.volts()
                starts = np.linspace(0.5 * hold, 0.95 * hold, 2000)
                for quantity, about, truth in (
                    ("current", row, true / ohms), ("voltage", pmu.VOLTAGE_RANGES[volts], true),
                ):
                    shown = channel.samples(quantity, about, starts, np.zeros(2000), 200e6)
                    points[quantity].append((truth, float(shown.mean())))
                    noise.append(float(shown.std(ddof=1)) / about.noise)
                    assert noise[-1] == pytest.approx(1.0, abs=0.09), (quantity, row.full_scale)
            for quantity, about in (("current", row), ("voltage", pmu.VOLTAGE_RANGES[volts])):
                if quantity == "current" or row is pmu.CURRENT_RANGES[volts][-1]:   # the voltage has one range
                    gain, offset = line(points[quantity])
                    doubt = 3 * about.noise / math.sqrt(2000) * math.sqrt(2.0)
                    span = points[quantity][1][0] - points[quantity][0][0]
                    for name, errors, error, accuracy, unsure, stated in (
                        ("gain", gains, gain, about.gain, doubt / span, 1.0),
                        ("offset", offsets, offset, about.offset, doubt, -1.0),
                    ):
                        if known and unsure < 0.08 * accuracy:
                            judged.append((f"{quantity} {name}", about.full_scale))
                            require_stated({quantity: [error / accuracy]}, {quantity: stated}, 0.01 + unsure / accuracy)
                        elif not known and unsure < 0.3 * accuracy:
                            errors.append(error / accuracy)
    numbers = [*(("current", row) for row in pmu.CURRENT_RANGES[volts]), ("voltage", pmu.VOLTAGE_RANGES[volts])]
    assert set(judged) == {
        (f"{quantity} {name}", row.full_scale) for quantity, row in numbers for name in ("gain", "offset")
    } - TOO_NOISY[volts]
    require_spread(gains, UNIFORM, "gain", slack=0.3)
    require_spread(offsets, UNIFORM, "offset", slack=0.3)
    assert math.sqrt(np.mean(np.square(noise))) == pytest.approx(1.0, abs=0.02)


def test_levels_of_a_pmu_are_as_accurate_as_stated() -> None:
    """Gain and offset of both voltage ranges, from two levels."""
    for full_scale, stated in pmu.LEVEL_OFFSETS.items():
        gains, offsets = [], []
        for seed, known in UNITS:
            found, channel = pmu_channel(1e6, True, seed, known)
            points = []
            for part in (0.08, 0.8):
                level = part * full_scale
                channel.play(np.array([0.0, 1e-6, 1e-4]), np.array([0.0, level, level]), full_scale)
                found.wait(9e-5)
                points.append((level, found.volts() * (1 + pmu.OUTPUT_RESISTANCE / 1e6)))
            gain, offset = line(points)
            gains.append(gain / pmu.LEVEL_GAIN)
            offsets.append(offset / stated)
        require_errors(gains, 1.0, "gain")
        require_errors(offsets, -1.0, "offset")


def test_a_pmu_starts_with_the_stated_jitter_after_its_preparation() -> None:
    found, channel = pmu_channel(1e6, imperfections=True)
    late = []
    for _ in range(160):
        start = found.bench.clock.now
        channel.play(np.array([0.0, 2e-8, 1e-6]), np.array([0.0, 1.0, 1.0]), 10.0)
        late.append(channel.started - start)
        found.wait(2e-6)
    assert 0.0 <= min(late) < 0.05 * pmu.JITTER and 0.95 * pmu.JITTER < max(late) <= pmu.JITTER * (1 + 1e-6)
    found = KxciAnalyser("R1 a 0 1k\n", {"pmu1": "a"})
    found.send(":PMU:INIT 0", ":PMU:RPM:CONFIGURE PMU1-1, 0", ":PMU:MEASURE:RANGE 1, 2, 1e-2",
               ":PMU:OUTPUT:STATE 1, 1", ":PMU:PULSE:TIMES 1, 1e-5, 4e-6, 1e-7, 1e-7", ":PMU:PULSE:TRAIN 1, 0, 2")
    start = found.bench.clock.now
    found.run(":PMU:EXECUTE")
    assert found.bench.clock.now - start == pytest.approx(pmu.PREPARATION, abs=1e-3)


def wgfmu_channel(
    ohms: float, imperfections: bool, mode: int = FAST, seed: int = 1, errors: tuple[float, float] | None = None,
) -> tuple[Analyser, Any]:
    found = Analyser(f"R1 a 0 {ohms:g}\n", {"501": "a"}, imperfections, {"slots": {"1": "B1517A", "5": "B1530A"}},
                     seed=seed, errors=errors)
    channel = found.instrument.waveform_channels[501]
    channel.setup.mode = mode
    channel.switch(True)
    return found, channel


def held(channel: Any, found: Analyser, level: float, hold: float) -> float:
    """Force a level [V] by an edge; return the voltage at the terminal when it has settled [V]."""
    channel.play(np.array([0.0, 1e-9, hold]), np.array([0.0, level, level]))
    found.bench.clock.wait(1.1 * hold)
    found.bench.sync()
    return float(found.bench.circuit.voltage("a"))


def require_accuracy(set_up: Any, level: float, ohms: float, hold: float, row: wgfmu.MeasureRange,
                     accuracy: tuple[float, float]) -> None:
    """Require noise, gain and offset [parts of the range] of the readings of many units, at two levels [V]."""
    gains, offsets, noise = [], [], []
    for seed, known in UNITS:
        found, channel = wgfmu_channel(ohms, True, seed=seed, errors=known)
        set_up(channel)
        points = []
        for part in (0.1, 1.0):
            true = held(channel, found, part * level, hold) / (ohms if channel.setup.measures_current else 1.0)
            shown = channel.samples(np.linspace(0.6 * hold, 0.7 * hold, 3000), np.full(3000, row.window))
            noise.append(float(shown.std(ddof=1)) / row.noise)
            points.append((true, float(shown.mean())))
        gain, offset = line(points)
        gains.append(gain / accuracy[0])
        offsets.append(offset / accuracy[1] / row.full_scale)
    unsure = row.noise / math.sqrt(3000) / row.full_scale
    require_errors(gains, 1.0, "gain", 10 * unsure / accuracy[0], 0.01 + 5 * unsure / accuracy[0])
    require_errors(offsets, -1.0, "offset", 5 * unsure / accuracy[1], 0.01 + 3 * unsure / accuracy[1])
    assert math.sqrt(np.mean(np.square(noise))) == pytest.approx(1.0, abs=0.02)


@pytest.mark.thin(4)
@pytest.mark.parametrize("code", wgfmu.CURRENT_RANGES)
def test_currents_of_a_b1530a_settle_and_are_as_noisy_and_accurate_as_stated(code: int) -> None:
    """Behind an edge: within 0.6 % at the settling time, and not long before; then noise of the stated window."""
    row, level = wgfmu.CURRENT_RANGES[code], 2.0
    ohms = level / (0.8 * row.full_scale)
    hold = 10 * row.settling + 5 * row.window

    def set_up(channel: Any) -> None:
        channel.setup.measures_current, channel.setup.current_range = True, code

    found, channel = wgfmu_channel(ohms, False)
    set_up(channel)
    true = held(channel, found, level, hold) / ohms
    shown = channel.samples(np.array([row.settling, 0.5 * row.settling]) + 1e-9, np.zeros(2)) / true
    assert 1.0 - shown[0] == pytest.approx(6e-3, rel=0.25) and shown[1] < 0.96
    require_accuracy(set_up, level, ohms, hold, row, (wgfmu.CURRENT_GAIN, wgfmu.CURRENT_OFFSET))


@pytest.mark.thin(2)
@pytest.mark.parametrize("code", wgfmu.VOLTAGE_RANGES)
def test_voltages_of_a_b1530a_settle_and_are_as_noisy_and_accurate_as_stated(code: int) -> None:
    row = wgfmu.VOLTAGE_RANGES[code]
    level, hold = 0.8 * row.full_scale, 10e-6

    def set_up(channel: Any) -> None:
        channel.setup.voltage_range = code

    found, channel = wgfmu_channel(1e6, False)
    set_up(channel)
    true = held(channel, found, level, hold)
    shown = channel.samples(np.array([row.settling, 0.5 * row.settling]) + 1e-9, np.zeros(2)) / true
    assert 1.0 - shown[0] == pytest.approx(6e-3, rel=0.25) and shown[1] < 0.97
    require_accuracy(set_up, level, 1e6, hold, row, (wgfmu.VOLTAGE_GAIN, wgfmu.VOLTAGE_OFFSET))


def test_levels_of_a_b1530a_are_as_accurate_as_stated_behind_its_resistance() -> None:
    gains, offsets = [], []
    for seed, known in UNITS:
        found, channel = wgfmu_channel(1e8, imperfections=True, seed=seed, errors=known)
        points = []
        for level in (0.5, 3.0):
            channel.force(level)
            points.append((level, found.bench.circuit.voltage("a")))
        gain, offset = line(points)
        gains.append(gain / wgfmu.FORCE_GAIN)
        offsets.append(offset / wgfmu.FORCE_OFFSET)
    require_errors(gains, 1.0, "gain")
    require_errors(offsets, -1.0, "offset")
    for mode, resistance in ((FAST, wgfmu.FAST_RESISTANCE), (PULSE, wgfmu.PULSE_RESISTANCE)):
        found, channel = wgfmu_channel(100.0, imperfections=False, mode=mode)
        channel.force(1.0)
        volts = found.bench.circuit.voltage("a")
        assert 100.0 * (1.0 - volts) / volts == pytest.approx(resistance, rel=1e-3)


def test_a_b1530a_starts_with_the_stated_jitter() -> None:
    found, channel = wgfmu_channel(1e6, imperfections=True)
    late = []
    for _ in range(160):
        start = found.bench.clock.now
        channel.play(np.array([0.0, 1e-8, 1e-6]), np.array([0.0, 1.0, 1.0]))
        late.append(channel.started - start - wgfmu.JITTER)
        found.bench.clock.wait(2e-6)
    assert min(late) >= -wgfmu.JITTER * (1 + 1e-6) and max(late) <= wgfmu.JITTER * (1 + 1e-6)
    assert min(late) < -0.95 * wgfmu.JITTER and max(late) > 0.95 * wgfmu.JITTER


def test_levels_of_a_b1525a_are_as_accurate_as_stated() -> None:
    """From two levels of many units."""
    gains, offsets = [], []
    for seed, known in UNITS:
        found = Analyser("R1 p 0 50\n", {"501": "p"}, True, {"slots": {"1": "B1517A", "5": "B1525A"}}, seed=seed,
                         errors=known)
        points = []
        for level in (0.5, 5.0):
            found.send("CN 501", "SPM 501,0", f"SPV 501,0,{level:g}", "SPUPD 501")
            points.append((level, found.bench.circuit.voltage("p")))
        gain, offset = line(points)
        gains.append(gain / spgu.GAIN)
        offsets.append(offset / spgu.OFFSET)
    require_errors(gains, 1.0, "gain")
    require_errors(offsets, -1.0, "offset")
