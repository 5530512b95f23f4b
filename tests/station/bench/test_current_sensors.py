"""What senses the current: the 50 Ohm input of the scope, and a transimpedance amplifier, on a simulated bench."""

import math
from pathlib import Path

import numpy as np
import pytest

from tsbench.errors import ConfigurationError, LimitError
from tsbench.instruments import EdgeTrigger, Pulse, SourceSettings, Timebase
from tsbench.protocols import protocol_named
from tsbench.protocols.acquiring.device_view import DeviceView, required_view
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.protocols.extracting.pulse_records import pulse_facts
from tsbench.protocols.extracting.signals import DeviceRecord, device_records
from tsbench.records import Flag, FloatArray, Run, RunHeader, Waveform
from tsbench.station.bench.bench import Bench
from tsbench.station.runner.planning import checked_plan

WORLD = """
seed = 4
imperfections = {imperfections}
[witness]
file = "witness.jsonl"
[instruments.source_meter]
model = "keithley_2450"
resource = "USB0::0x05E6::0x2450::SIM00021::INSTR"
[instruments.generator]
model = "keysight_33622a"
resource = "USB0::0x2A8D::0x5A01::SIM00022::INSTR"
[instruments.scope]
model = "{scope}"
resource = "USB0::0x2A8D::0x1764::SIM00023::INSTR"
[fixture]
netlist = '''
R_drive smu  dut 2
R_pulse gen1 dut 2
XDUT    dut  low device
C_low   low  0   1p
'''
[fixture.terminals]
source_meter = "smu"
"generator.1" = "gen1"
"scope.1" = "dut"
"scope.2" = "{second}"
[devices.D1]
model = "resistor"
parameters = {{ r = {resistance} }}
"""
AMPLIFIER = """
[amplifiers.A1]
input = "low"
output = "out"
gain = "{gain}"
input_resistance = "60 Ohm"
bandwidth = "14 MHz"
maximum_output = "2 V"
offset = "{offset}"
noise = {noise}
"""
BENCH = """
visa_library = "sense.world.toml@tsbench"
[instruments.source_meter]
driver = "keithley_2450"
resource = "USB0::0x05E6::0x2450::SIM00021::INSTR"
[instruments.generator]
driver = "keysight_33600"
resource = "USB0::0x2A8D::0x5A01::SIM00022::INSTR"
[instruments.scope]
driver = "keysight_infiniivision"
resource = "USB0::0x2A8D::0x1764::SIM00023::INSTR"
[roles]
drive = "source_meter"
pulser = "generator.1"
scope = "scope"
[fixture]
netlist = '''
R_drive smu  dut 2
R_pulse gen1 dut 2
XDUT    dut  low device
C_low   low  0   1p
'''
[fixture.terminals]
source_meter = "smu"
"generator.1" = "gen1"
"scope.1" = "dut"
{own}
[devices.D1]
[device.limits]
max_voltage = "21 V"
[fixture.sensing]
voltage_high = "scope.1"
current = "scope.2"
{sensing}
"""
INPUT = '"scope.2" = "low"', 'voltage_low = "scope.2"\ncurrent_sensor = "scope_input"'
#: as the amplifier is into 50 Ohm
TERMINATED = "", """current_sensor = "amplifier"
current_tolerance = 0.01
[fixture.sensing.amplifier]
input = "low"
gain = "5 kV/A"
input_resistance = "60 Ohm"
bandwidth = "14 MHz"
maximum_output = "1 V"
maximum_current = "20 mA"
termination = "50"
"""


def bench_file(folder: Path, parts: tuple[str, str], *, resistance: float = 1e3, second: str = "low",
               scope: str = "keysight_dsox3054t", amplifier: str = "", imperfections: str = "false") -> Path:
    world = WORLD.format(scope=scope, second=second, resistance=resistance, imperfections=imperfections) + amplifier
    (folder / "sense.world.toml").write_text(world, "utf-8")
    (folder / "sense.bench.toml").write_text(BENCH.format(own=parts[0], sensing=parts[1]), "utf-8")
    return folder / "sense.bench.toml"


def amplified(folder: Path, parts: tuple[str, str] = TERMINATED, *, resistance: float = 20e3, gain: str = "10 kV/A",
              offset: str = "0 V", noise: float = 0.0, imperfections: str = "false") -> Path:
    return bench_file(folder, parts, resistance=resistance, second="out", imperfections=imperfections,
                      amplifier=AMPLIFIER.format(gain=gain, offset=offset, noise=noise))


def record_of(bench: Bench, waveforms: dict[str, Waveform]) -> DeviceRecord:
    header = RunHeader("r", "p", {}, (), bench.device, bench.fixture, {}, True, "2026-01-01T00:00:00+00:00")
    (found,) = device_records(Run(header, np.zeros((0, 0)), np.zeros(0, np.uint32), tuple(waveforms.values()), (), ""))
    return found


def direct(bench: Bench, level: float) -> DeviceRecord:
    """Return a record of the device at a direct level [V] of the generator's EMF."""
    view, generator = required_view(bench), bench.pulse_generator()
    generator.configure_load(math.inf)
    generator.configure_level(level)
    generator.set_output(True)
    bench.clock.wait(1e-3)
    view.wait_for_force()
    view.configure(view.largest_windows((min(0.0, 1.1 * level), max(0.0, 1.1 * level))))
    waveforms = view.capture_now(Timebase(1e-5), bench, {})
    generator.set_output(False)
    assert waveforms is not None
    return record_of(bench, waveforms)


@pytest.mark.sabotage("units", "output")
def test_the_input_of_the_scope_is_the_sensing_resistor(tmp_path: Path) -> None:
    """It is set to 50 Ohm before a source is on; path, current and device voltage count it."""
    with Bench.open(bench_file(tmp_path, INPUT), "D1") as bench:
        assert bench.fixture.path_resistance["pulser"] == pytest.approx(102.0)
        sensing = bench.fixture.sensing
        assert (sensing.current_resistance, sensing.current_tolerance, sensing.maximum_current) == (50.0, 0.015, 0.1)
        settings = bench.describe()["scope"]["settings"]
        assert settings["channel_2_impedance"] == "50"
        found = direct(bench, 2.0)
        assert bench.describe()["scope"]["settings"]["channel_2_impedance"] == "50"
        assert found.current is not None and found.voltage is not None
        assert float(found.current.mean()) == pytest.approx(2.0 / 1102.0, rel=0.01)
        assert float(found.voltage.mean()) == pytest.approx(2.0 * 1000.0 / 1102.0, rel=0.01)


def test_without_a_channel_at_the_low_side_the_voltage_of_the_input_is_subtracted(tmp_path: Path) -> None:
    parts = INPUT[0], 'current_sensor = "scope_input"'
    with Bench.open(bench_file(tmp_path, parts), "D1") as bench:
        assert bench.fixture.sensing.unseen_drop == 50.0
        found = direct(bench, 2.0)
    assert found.voltage is not None
    assert float(found.voltage.mean()) == pytest.approx(2.0 * 1000.0 / 1102.0, rel=0.01)


def test_a_scope_without_a_50_ohm_input_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"input of 50 Ohm at 'scope.2', but the DSO-X 2024A has only inputs "
                                                 r"of 1 MOhm"):
        Bench.open(bench_file(tmp_path, INPUT, scope="keysight_dsox2024a"), "D1")


def test_the_input_is_guarded_against_more_than_it_withstands(tmp_path: Path) -> None:
    """5 V rms at 50 Ohm are 100 mA: the plan, each setting, and two sources at once."""
    with Bench.open(bench_file(tmp_path, INPUT), "D1") as bench:
        meter = bench.source_meter()
        meter.configure_source(SourceSettings("voltage", compliance_current=0.2, range=20.0))
        meter.set_level(5.0)   # 96 mA through 52 Ohm
        with pytest.raises(LimitError, match=r"the 50 Ohm input of 'scope.2' withstands 100 mA"):
            meter.set_level(6.0)
        meter.set_output(True)
        generator = bench.pulse_generator()
        generator.configure_load(math.inf)
        generator.configure_level(5.0)
        with pytest.raises(LimitError, match=r"other outputs are on .* the largest current of the 50 Ohm input of "
                                             r"'scope.2' is 100 mA"):
            generator.set_output(True)
        meter.set_output(False)
        sweep = protocol_named("iv_sweep")(stop=6.0, compliance=0.15)
        with pytest.raises(LimitError, match="withstands 100 mA"):
            checked_plan(bench, sweep)


@pytest.mark.sabotage("units")
@pytest.mark.parametrize(("gain", "sign"), [("10 kV/A", 1.0), ("-10 kV/A", -1.0)])
def test_an_amplifier_senses_the_current(tmp_path: Path, gain: str, sign: float) -> None:
    """Its gain at the terminated output, its input resistance in the path and in the device voltage."""
    parts = TERMINATED[0], TERMINATED[1].replace('"5 kV', f'"{5 * sign:g} kV')
    with Bench.open(amplified(tmp_path, parts, gain=gain), "D1") as bench:
        assert bench.fixture.path_resistance["pulser"] == pytest.approx(112.0)
        found = direct(bench, 2.0)
    assert found.current is not None and found.voltage is not None and found.clipped == (False,)
    assert float(found.current.mean()) == pytest.approx(2.0 / 20112.0, rel=0.01)
    assert float(found.voltage.mean()) == pytest.approx(2.0 * 20000.0 / 20112.0, rel=0.01)


def test_a_current_beyond_the_output_of_the_amplifier_is_flagged(tmp_path: Path) -> None:
    """200 uA fill the output. The plan warns of it, and refuses what the input does not withstand."""
    with Bench.open(amplified(tmp_path, resistance=5e3), "D1") as bench:
        found = direct(bench, 2.0)
        assert found.current is not None and found.clipped == (True,)
        assert float(found.current.mean()) == pytest.approx(200e-6, rel=0.01)   # 391 uA flow
        plan = checked_plan(bench, protocol_named("pulse_train")(amplitude=[1.0], rise_time=10e-9, fall_time=10e-9))
        assert any("shows at most 200" in line for line in plan.warnings)
        assert any("rise time of 25.00 ns" in line and "10.00 ns" in line for line in plan.warnings)
        with pytest.raises(LimitError, match=r"the amplifier at 'scope.2' withstands 20 mA"):
            checked_plan(bench, protocol_named("pulse_train")(amplitude=[3.0]))


def pulsed(bench: Bench, view: DeviceView) -> tuple[FloatArray, FloatArray]:
    """Return times [s] and current [A] of a pulse of 1 V with edges of 10 ns."""
    generator = bench.pulse_generator()
    generator.configure_load(math.inf)
    generator.configure_pulse(Pulse(0.0, 1.0, 1e-6, 1e-3, 10e-9, 10e-9))
    generator.configure_burst(1)
    generator.set_output(True)
    view.configure(view.windows((-0.2, 1.2), (-20e-6, 80e-6)))
    view.scope.configure_timebase(Timebase(1e-6, 0.3e-6))
    view.scope.configure_trigger(EdgeTrigger(1, 0.5))
    view.scope.arm()
    generator.trigger()
    bench.clock.wait(1e-3)
    assert view.scope.complete()
    found = record_of(bench, view.fetch({}, 0.0))
    assert found.current is not None
    return found.times, found.current[0]


def test_the_amplifier_has_its_bandwidth(tmp_path: Path) -> None:
    """One pole at 14 MHz: 25 ns from 10 to 90 %, and with the edge of 10 ns 26 to 28 ns."""
    with Bench.open(amplified(tmp_path), "D1") as bench:
        times, current = pulsed(bench, required_view(bench))
    top = float(np.median(current[-100:]))
    assert top == pytest.approx(1.0 / 20112.0, rel=0.02)
    smooth = np.convolve(current, np.ones(5) / 5, "same")
    rise = times[np.argmax(smooth > 0.9 * top)] - times[np.argmax(smooth > 0.1 * top)]
    assert rise == pytest.approx(27e-9, abs=2.5e-9)


def test_the_noise_of_the_amplifier_is_in_the_record(tmp_path: Path) -> None:
    """100 pA/sqrt(Hz) in pi/2 x 14 MHz are 0.47 uA rms, and the offset of 20 mV is 2 uA."""
    with Bench.open(amplified(tmp_path, offset="20 mV", noise=1e-10, imperfections="true"), "D1") as bench:
        view = required_view(bench)
        view.wait_for_force()
        view.configure(view.windows((-0.1, 0.1), (-20e-6, 20e-6)))
        waveforms = view.capture_now(Timebase(1e-4), bench, {})
        assert waveforms is not None
        current = record_of(bench, waveforms).current
    assert current is not None
    assert float(current.std()) == pytest.approx(1e-10 * math.sqrt(math.pi / 2 * 14e6), rel=0.15)
    assert float(current.mean()) == pytest.approx(2e-6, abs=0.7e-6)


@pytest.mark.parametrize(("sensing", "message"), [
    ('current_sensor = "amplifier"', "belong together"),
    ('current_sensor = "scope_input"\ncurrent_resistance = 50', "current_resistance is only for"),
    ('current_sensor = "scope_input"', "has no node for it"),
    (TERMINATED[1].replace('input = "low"', 'input = "lows"'), "node 'lows' is not in the netlist"),
    (TERMINATED[1].replace('gain = "5 kV/A"', "gain = 0"), "gain must not be 0"),
])
def test_contradictory_sensors_are_refused(tmp_path: Path, sensing: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        Bench.open(bench_file(tmp_path, ("", sensing)))


def test_delays_doubt_the_time_constant_of_the_amplifier(tmp_path: Path) -> None:
    with Bench.open(amplified(tmp_path), "D1") as bench:
        header = RunHeader("r", "p", {}, (), bench.device, bench.fixture, {}, True, "2026-01-01T00:00:00+00:00")
        run = Run(header, np.zeros((0, 0)), np.zeros(0, np.uint32), (), (), "")
        record = direct(bench, 0.5)
    options = ExtractionOptions(sense_stray=0.0, sense_stray_limit=0.0)
    facts = pulse_facts(run, record, options)
    half = 0.5 / (2 * math.pi * 14e6)
    assert facts.sense_delay == pytest.approx(60 * 1e-12 + half, rel=1e-6)
    assert facts.sense_delay_limit == pytest.approx(0.3 * 60 * 1e-12 + half, rel=1e-6)
    assert facts.current_gain == pytest.approx(0.01 + 0.02, rel=0.01)
    assert Flag.CLIPPED not in record.flags
