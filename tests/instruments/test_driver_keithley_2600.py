"""The driver of the 2600B family on its virtual instruments, through VISA: readings, sweeps, pulses, samples."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tsbench.errors import ConfigurationError, InstrumentError, LimitError
from tsbench.instruments import MeasureSettings, SourceMeter, SourcePulses, SourceSettings
from tsbench.records import Flag
from tsbench.simulated_backends.witness.log import outputs_left_on
from tsbench.station.bench.bench import Bench

RESOURCE = "USB0::0x05E6::0x2602::SIM1::INSTR"
WORLD = """
seed = 5
[instruments.meter]
model = "{model}"
resource = "{resource}"
{options}
[fixture]
netlist = '''
R1 na 0 10k
R2 nb 0 1k
'''
terminals = {{ "meter.a" = "na", "meter.b" = "nb" }}
"""
BENCH = """
visa_library = "units.world.toml@tsbench"
[instruments.meter]
driver = "keithley_2600"
resource = "{resource}"
{more}
[roles]
drive = "{role}"
"""
HIGH_VOLTAGE = """
[fixture.high_voltage]
rating = "210 V"
interlock = "the lid of the box"
"""


def write(
    folder: Path, model: str = "keithley_2602b", role: str = "meter.a", options: str = "", more: str = "",
) -> Path:
    (folder / "units.world.toml").write_text(WORLD.format(model=model, resource=RESOURCE, options=options), "utf-8")
    path = folder / "units.bench.toml"
    path.write_text(BENCH.format(resource=RESOURCE, role=role, more=more), "utf-8")
    return path


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    monkeypatch.setenv("TSBENCH_WITNESS", str(tmp_path / "witness.jsonl"))
    with Bench.open(write(tmp_path)) as opened:
        yield opened


@pytest.fixture
def meter(bench: Bench) -> SourceMeter:
    return bench.source_meter()


def polled(bench: Bench, meter: SourceMeter) -> list[Any]:
    while meter.sweep_running():
        bench.clock.wait(0.01)
    return meter.fetch_sweep(0, meter.poll_sweep())


@pytest.mark.sabotage("units")
def test_a_level_and_its_current_within_the_accuracy(meter: SourceMeter) -> None:
    meter.configure_source(SourceSettings("voltage", compliance_current=1e-3, range=6.0))
    meter.configure_measure(MeasureSettings("current", range=1e-3))
    meter.set_level(5.0)
    meter.set_output(True)
    reading = meter.measure()
    assert reading.voltage == pytest.approx(5.0, abs=0.35e-3 * 5 + 2.8e-3)
    assert reading.current == pytest.approx(reading.voltage / 10e3, abs=0.2e-3 * 5e-4 + 200e-9 + 1e-7)
    assert reading.flags == Flag.NONE and reading.source == 5.0


@pytest.mark.sabotage("units")
def test_compliance_is_flagged_with_the_voltage_that_is_there(meter: SourceMeter) -> None:
    accepted = meter.configure_source(SourceSettings("voltage", compliance_current=1e-5))
    assert accepted.compliance == 1e-5
    meter.set_level(2.0)
    meter.set_output(True)
    reading = meter.measure()
    assert Flag.COMPLIANCE in reading.flags
    assert reading.current == pytest.approx(1e-5, rel=5e-3) and reading.voltage == pytest.approx(0.1, abs=1.1e-3)


@pytest.mark.sabotage("units")
def test_a_current_source(meter: SourceMeter) -> None:
    meter.configure_source(SourceSettings("current", compliance_voltage=20.0, range=1e-3))
    meter.configure_measure(MeasureSettings("voltage"))
    meter.set_level(1e-3)
    meter.set_output(True)
    reading = meter.measure()
    assert reading.voltage == pytest.approx(10.0, rel=2e-3) and reading.current == pytest.approx(1e-3, rel=2e-3)
    meter.configure_source(SourceSettings("current", compliance_voltage=5.0, range=1e-3))
    limited = meter.measure()
    assert Flag.COMPLIANCE in limited.flags and limited.voltage == pytest.approx(5.0, rel=5e-3)


def test_a_reading_beyond_its_range_is_no_number(meter: SourceMeter) -> None:
    meter.configure_source(SourceSettings("voltage", compliance_current=1e-3))
    meter.configure_measure(MeasureSettings("current", range=1e-4))
    meter.set_level(5.0)
    meter.set_output(True)
    reading = meter.measure()
    assert Flag.OVERFLOW in reading.flags and np.isnan(reading.current) and reading.voltage < 2.0


@pytest.mark.sabotage("units")
def test_a_list_sweep(bench: Bench, meter: SourceMeter) -> None:
    meter.configure_source(SourceSettings("voltage", compliance_current=2e-4, range=6.0))
    meter.configure_measure(MeasureSettings("current", range=1e-3, nplc=0.1))
    levels = np.linspace(-1.0, 3.0, 241)
    meter.start_sweep(levels, 1e-3)
    assert meter.sweep_running()
    readings = polled(bench, meter)
    assert [reading.source for reading in readings] == list(levels)
    times = np.array([reading.time for reading in readings])
    assert np.all(np.diff(times) > 2.9e-3) and np.all(np.diff(times) < 5e-3)
    free = np.array([(one.voltage, one.current) for one in readings if one.flags == Flag.NONE])
    assert np.polyfit(free[:, 0], free[:, 1], 1)[0] == pytest.approx(1e-4, rel=2e-3)
    for reading in readings:
        if abs(abs(reading.source) - 2.0) > 0.05:
            assert (Flag.COMPLIANCE in reading.flags) == (abs(reading.source) > 2.0)


def test_a_sweep_is_stopped(bench: Bench, meter: SourceMeter) -> None:
    meter.configure_source(SourceSettings("voltage", compliance_current=1e-3))
    meter.start_sweep(np.linspace(0.0, 1.0, 1001), 0.01)
    bench.clock.wait(0.5)
    meter.abort()
    assert not meter.sweep_running() and 5 < meter.poll_sweep() < 100
    assert not any(state.enabled for state in bench.make_safe())


@pytest.mark.sabotage("units")
def test_pulses(bench: Bench, meter: Any) -> None:
    meter.configure_source(SourceSettings("voltage", compliance_current=1e-3, range=1.0))
    meter.configure_measure(MeasureSettings("current", range=1e-3, nplc=0.1))
    levels = np.array([0.2, 0.5, 1.0])
    played = meter.start_pulses(SourcePulses(0.1, levels, 5e-3, 20e-3))
    assert played.width == 5e-3
    readings = polled(bench, meter)
    assert [reading.source for reading in readings] == list(levels)
    assert [reading.current for reading in readings] == pytest.approx(list(levels / 10e3), rel=2e-3, abs=2e-7)
    assert np.diff([reading.time for reading in readings]) == pytest.approx([20e-3] * 2, rel=1e-2)
    with pytest.raises(LimitError, match="pulse_width"):
        meter.start_pulses(SourcePulses(0.0, levels, 1.5e-3, 20e-3))


def test_after_a_sweep_that_held_its_levels_a_pulse_returns_to_its_base(bench: Bench, meter: Any) -> None:
    meter.configure_source(SourceSettings("voltage", compliance_current=1e-3, range=1.0))
    meter.configure_measure(MeasureSettings("current", range=1e-3, nplc=0.1))
    meter.start_sweep(np.array([0.2, 0.8]), 1e-3)
    polled(bench, meter)
    meter.start_pulses(SourcePulses(0.1, np.array([0.5, 1.0]), 5e-3, 20e-3))
    polled(bench, meter)
    bench.clock.wait(20e-3)
    world = next(iter(bench.instruments.managers.values())).visalib.world
    world.bench.sync()
    assert world.bench.circuit.voltage("na") == pytest.approx(0.1, abs=2e-3)


@pytest.mark.sabotage("units")
def test_samples(bench: Bench, meter: Any) -> None:
    meter.configure_source(SourceSettings("voltage", compliance_current=1e-3, range=1.0))
    meter.configure_measure(MeasureSettings("current", range=1e-3, nplc=0.01))
    assert meter.start_sampling(0.8, 5e-3, 20) == pytest.approx(5e-3)
    readings = polled(bench, meter)
    assert np.diff([reading.time for reading in readings]) == pytest.approx([5e-3] * 19, abs=1e-5)
    assert np.mean([reading.current for reading in readings]) == pytest.approx(8e-5, rel=5e-3)


def test_a_long_aperture_is_polled(bench: Bench, meter: SourceMeter) -> None:
    meter.configure_source(SourceSettings("voltage", compliance_current=1e-3))
    meter.configure_measure(MeasureSettings("current", nplc=25.0))
    meter.set_level(1.0)
    meter.set_output(True)
    started = bench.clock.now()
    assert meter.measure().current == pytest.approx(1e-4, rel=2e-3)
    assert bench.clock.now() - started > 0.5


@pytest.mark.sabotage("units", "output")
def test_units_are_separate_and_made_safe_together(bench: Bench, meter: SourceMeter) -> None:
    connection = bench.instruments.connections["meter"]
    driver: Any = connection.driver
    other = driver.terminal("b")
    for unit, level in ((meter, 1.0), (other, 2.0)):
        unit.configure_source(SourceSettings("voltage", compliance_current=0.01))
        unit.configure_measure(MeasureSettings("current"))
        unit.set_level(level)
        unit.set_output(True)
    assert meter.measure().current == pytest.approx(1e-4, rel=2e-3)
    assert other.measure().current == pytest.approx(2e-3, rel=2e-3)
    assert driver.output_names == ("meter.a", "meter.b")
    assert set(driver.accepted_settings()) >= {"a.source_compliance_current", "b.source_compliance_current"}
    assert not any(state.enabled for state in bench.make_safe())
    assert driver.number("smua.source.levelv") == driver.number("smub.source.levelv") == 0.0
    assert driver.number("smua.source.offmode") == 2, "the relay opens"


def test_every_range_is_accepted(meter: SourceMeter) -> None:
    for row in meter.capabilities.source_voltage_accuracy:
        accepted = meter.configure_source(SourceSettings("voltage", compliance_current=0.5, range=row.full_scale))
        assert accepted.range == row.full_scale
    for row in meter.capabilities.current_accuracy[:-1]:
        assert meter.configure_measure(MeasureSettings("current", range=row.full_scale)).range == row.full_scale


@pytest.mark.parametrize(("settings", "said"), [
    (SourceSettings("voltage", compliance_current=1e-9), "compliance"),
    (SourceSettings("voltage", compliance_current=2.0, range=40.0), "at most 1 A"),
    (SourceSettings("current", compliance_voltage=20.0, range=3.0), "at most 6 V"),
    (SourceSettings("voltage", compliance_current=1e-3, range=60.0), "source range 60 V"),
])
def test_sources_beyond_the_instrument_are_refused(meter: SourceMeter, settings: SourceSettings, said: str) -> None:
    with pytest.raises(LimitError, match=said):
        meter.configure_source(settings)


def test_levels_and_measuring_ranges_beyond_the_instrument_are_refused(meter: SourceMeter) -> None:
    meter.configure_source(SourceSettings("voltage", compliance_current=1e-5, range=6.0))
    with pytest.raises(LimitError, match=r"source voltage 6\.2 V"):
        meter.set_level(6.2)
    with pytest.raises(LimitError, match="at least 10 % of the measuring range"):
        meter.configure_measure(MeasureSettings("current", range=1e-3))
    with pytest.raises(LimitError, match="nplc"):
        meter.configure_measure(MeasureSettings("current", nplc=30.0))
    meter.configure_source(SourceSettings("voltage", compliance_current=2.0))
    with pytest.raises(LimitError, match="40 V allows a compliance of at most 1 A"):
        meter.set_level(20.0)


def test_a_lower_limit_frees_a_fixed_measuring_range(bench: Bench, meter: SourceMeter) -> None:
    meter.configure_source(SourceSettings("voltage", compliance_current=1e-3))
    meter.configure_measure(MeasureSettings("current", range=1e-3))
    meter.configure_source(SourceSettings("voltage", compliance_current=1e-5))
    driver: Any = bench.instruments.connections["meter"].driver
    assert driver.number("smua.measure.autorangei") == 1


@pytest.mark.parametrize("model", ["keithley_2612b", "keithley_2636b"])
def test_sister_models_and_their_interlock(tmp_path: Path, model: str) -> None:
    path = write(tmp_path, model, options="options = { interlock = false }", more=HIGH_VOLTAGE)
    with Bench.open(path) as bench:
        meter: Any = bench.source_meter()
        driver: Any = bench.instruments.connections["meter"].driver
        assert driver.title == f"Keithley {model[-5:].upper()}" and not driver.terminal("a").interlock_closed()
        meter.configure_source(SourceSettings("voltage", compliance_current=0.01, range=200.0))
        with pytest.raises(InstrumentError, match="802"):
            meter.set_output(True)
        meter.configure_source(SourceSettings("voltage", compliance_current=0.01, range=20.0))
        meter.configure_measure(MeasureSettings("current"))
        meter.set_level(10.0)
        meter.set_output(True)
        assert meter.measure().current == pytest.approx(1e-3, rel=3e-3)


def test_a_restart_is_noticed_and_a_unit_that_is_not_there_is_refused(bench: Bench) -> None:
    driver: Any = bench.instruments.connections["meter"].driver
    assert not driver.lost_power()
    driver.send("status.standard.enable = 0")
    assert driver.lost_power()
    with pytest.raises(ConfigurationError, match="no unit 'c'"):
        driver.terminal("c")


def test_no_output_is_left_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TSBENCH_WITNESS", str(tmp_path / "seen.jsonl"))
    with Bench.open(write(tmp_path, role="meter.b")) as bench:
        meter = bench.source_meter()
        meter.configure_source(SourceSettings("voltage", compliance_current=1e-2))
        meter.set_level(1.0)
        meter.set_output(True)
    assert not outputs_left_on(tmp_path / "seen.jsonl")
