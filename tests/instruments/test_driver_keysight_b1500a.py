"""The B1500A driver on its twin: readings, sweeps, pulses, sampling, outputs, two channels in one box."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.fixtures.parameter_analyser_bench import write_bench
from tsbench.errors import GarbledReply, InstrumentError, TsbenchError
from tsbench.instruments import MeasureSettings, SourceSettings
from tsbench.instruments.driver import Driver
from tsbench.instruments.interfaces import SourcePulses
from tsbench.records import Flag
from tsbench.simulated_backends.witness.log import outputs_left_on
from tsbench.station.bench.bench import Bench

OHMS = 10e3
VOLTAGE = SourceSettings("voltage", compliance_current=1e-3)


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    monkeypatch.setenv("TSBENCH_WITNESS", str(tmp_path / "witness.jsonl"))
    with Bench.open(write_bench(tmp_path), "R1") as opened:
        yield opened


def drive(bench: Bench, level: float = 1.0, nplc: float = 0.1, current: float | None = 1e-3) -> Any:
    meter = bench.source_meter()
    meter.configure_source(VOLTAGE)
    meter.configure_measure(MeasureSettings("current", range=current, nplc=nplc))
    meter.set_level(level)
    meter.set_output(True)
    return meter


def ended(bench: Bench, meter: Any, longest: float = 100.0) -> int:
    """Wait until a measurement has ended; return how many readings it has taken."""
    limit = bench.clock.now() + longest
    while meter.sweep_running():
        assert bench.clock.now() < limit
        bench.clock.wait(0.01)
    return int(meter.poll_sweep())


def test_it_is_a_driver(bench: Bench) -> None:
    driver = bench.instruments.connections["analyser"].driver
    assert isinstance(driver, Driver) and driver.output_names == ("analyser.1", "analyser.2")
    assert not driver.lost_power()
    found = set(driver.accuracy())
    assert {"1.measure_current:0.001", "2.source_voltage:20"} <= found
    assert "1.measure_current:1e-11" in found and "2.measure_current:1e-11" not in found   # a B1517A and a B1511B


@pytest.mark.sabotage("units")
def test_readings_are_within_the_data_sheet(bench: Bench) -> None:
    meter = drive(bench)
    row = next(row for row in meter.capabilities.current_accuracy if row.full_scale == 1e-3)
    source = {row.full_scale: row for row in meter.capabilities.source_voltage_accuracy}
    for level in (-5.0, -0.3, 0.7, 1.9, 8.0):
        meter.set_level(level)
        reading = meter.measure()
        full = next(full for full in source if abs(level) <= full)
        allowed = (source[full].gain * abs(level) + source[full].offset) / OHMS
        allowed += row.gain * abs(level) / OHMS + row.offset + 5 * row.noise * 10**0.5
        assert reading.current == pytest.approx(level / OHMS, abs=allowed + 4e-5 * abs(level) / OHMS)
        assert reading.voltage == pytest.approx(level, abs=0.01 + 2e-3 * abs(level))
        assert reading.flags == Flag.NONE


def test_compliance_and_overflow(bench: Bench) -> None:
    meter = drive(bench, 15.0)
    reading = meter.measure()
    assert Flag.COMPLIANCE in reading.flags
    assert reading.current == pytest.approx(1e-3, rel=2e-3)
    assert reading.voltage == pytest.approx(10.0, rel=5e-3)   # read back, not the level
    meter.configure_source(SourceSettings("current", compliance_voltage=15.0))
    meter.configure_measure(MeasureSettings("voltage", range=2.0, nplc=1))
    meter.set_level(5e-4)
    reading = meter.measure()
    assert Flag.OVERFLOW in reading.flags and np.isnan(reading.voltage)


@pytest.mark.sabotage("units")
def test_a_sweep_of_any_levels(bench: Bench) -> None:
    meter = drive(bench, 0.0)
    levels = np.array([0.0, 1.0, 3.0, 7.0, 12.0, 2.0, -1.0])
    start = bench.clock.now()
    meter.start_sweep(levels, 0.02)
    assert meter.sweep_running()
    assert ended(bench, meter) == 7
    assert bench.clock.now() - start == pytest.approx(7 * 0.023, abs=0.02)
    readings = meter.fetch_sweep(0, 7)
    assert [reading.source for reading in readings] == list(levels)
    currents = np.array([reading.current for reading in readings])
    assert currents == pytest.approx(np.minimum(levels / OHMS, 1e-3), rel=5e-3, abs=1e-6)
    assert [Flag.COMPLIANCE in reading.flags for reading in readings] == [level > 10.0 for level in levels]
    assert np.diff([reading.time for reading in readings]) == pytest.approx(0.0225, abs=0.002)


def test_data_that_cannot_be_read_are_an_error_of_the_bench(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    meter, driver = drive(bench, 0.0), bench.instruments.connections["analyser"].driver
    own = driver.read_text
    monkeypatch.setattr(driver, "read_text", lambda: own().replace(",", "", 1))
    meter.start_sweep(np.linspace(0.0, 1.0, 3), 0.01)
    with pytest.raises(GarbledReply, match=r"the data of a measurement cannot be read \('NAT.*Repeat"):
        ended(bench, meter)


def test_readings_come_while_a_sweep_runs_and_abort_keeps_them(bench: Bench) -> None:
    meter = drive(bench, 0.0)
    meter.start_sweep(np.linspace(0.0, 5.0, 100), 0.05)
    seen = set()
    for _ in range(20):
        bench.clock.wait(0.05)
        seen.add(meter.poll_sweep())
    assert len(seen) > 10
    meter.abort()
    assert not meter.sweep_running()
    taken = meter.poll_sweep()
    assert 10 < taken < 90 and len(meter.fetch_sweep(0, taken)) == taken
    assert meter.output_states()[0].enabled   # the output stays
    assert meter.measure().flags == Flag.NONE   # and the instrument goes on


@pytest.mark.sabotage("units")
def test_pulses(bench: Bench) -> None:
    meter = drive(bench, 0.0)
    levels = np.array([1.0, 4.0, 12.0])
    accepted = meter.start_pulses(SourcePulses(0.0, levels, 1e-3, 20e-3))
    assert (accepted.width, accepted.period) == (1e-3, 20e-3)
    assert ended(bench, meter) == 3
    readings = meter.fetch_sweep(0, 3)
    assert [reading.current for reading in readings] == pytest.approx([1e-4, 4e-4, 1e-3], rel=6e-3)
    assert Flag.COMPLIANCE in readings[2].flags and Flag.COMPLIANCE not in readings[1].flags
    assert np.diff([reading.time for reading in readings]) == pytest.approx(0.02, abs=5e-4)


@pytest.mark.sabotage("units")
def test_sampling(bench: Bench) -> None:
    meter = drive(bench, 0.0, nplc=0.02)
    assert meter.start_sampling(3.0, 0.005, 40) == 0.005
    assert ended(bench, meter) == 40
    readings = meter.fetch_sweep(0, 40)
    assert [reading.current for reading in readings] == pytest.approx([3e-4] * 40, rel=6e-3)
    # the first waits for the range of 3 V
    assert np.diff([reading.time for reading in readings])[1:] == pytest.approx(0.005, abs=2e-4)


def test_samples_that_would_be_late_are_left_out_and_the_others_can_be_fetched(bench: Bench) -> None:
    """At 1 ms, a reading waits for the range."""
    meter = drive(bench, 0.0, nplc=0.02)
    assert meter.start_sampling(3.0, 1e-3, 20) == 1e-3
    taken = ended(bench, meter)
    assert 15 < taken < 20
    with pytest.raises(InstrumentError, match=rf"20 readings were requested, but {taken} were taken\. At a short "
                       r"sampling interval, the instrument leaves out .* Fetch as many as poll_sweep tells"):
        meter.fetch_sweep(0, 20)
    times = [reading.time for reading in meter.fetch_sweep(0, taken)]
    assert np.diff(times) == pytest.approx(1e-3, abs=2e-4)


def test_a_restart_is_not_asked_for_while_a_sweep_runs_and_noticed_after_it(bench: Bench) -> None:
    meter, driver = drive(bench, 0.0), bench.instruments.connections["analyser"].driver
    meter.start_sweep(np.linspace(0.0, 1.0, 20), 0.05)
    bench.clock.wait(0.1)
    assert not driver.lost_power()
    assert ended(bench, meter) == 20
    assert not driver.lost_power()
    driver.write("*RST")   # as after a restart, the mask is 0
    assert driver.lost_power()


def test_two_channels_share_the_box(bench: Bench) -> None:
    first, second = drive(bench), bench.source_meter("gate")
    second.configure_source(SourceSettings("voltage", compliance_current=5e-3))
    second.configure_measure(MeasureSettings("current", range=10e-3, nplc=1))
    second.set_level(2.0)
    second.set_output(True)
    assert first.measure().current == pytest.approx(1e-4, rel=1e-2)
    assert second.measure().current == pytest.approx(2e-3, rel=1e-2)
    assert first.measure().current == pytest.approx(1e-4, rel=1e-2)
    driver = bench.instruments.connections["analyser"].driver
    settings = driver.accepted_settings()
    assert settings["1.measure_nplc"] == pytest.approx(0.1) and settings["2.source_compliance_current"] == 5e-3
    first.set_output(False)
    assert [(state.output, state.enabled) for state in driver.output_states()] == [
        ("analyser.1", False), ("analyser.2", True)]


@pytest.mark.sabotage("output")
def test_safe_state_opens_all_switches_also_while_a_sweep_runs(bench: Bench, tmp_path: Path) -> None:
    meter, second = drive(bench), bench.source_meter("gate")
    second.configure_source(VOLTAGE)
    second.set_output(True)
    meter.start_sweep(np.linspace(0.0, 5.0, 100), 0.1)
    bench.clock.wait(0.5)
    start, wall = bench.clock.now(), time.monotonic()
    states = bench.make_safe()
    assert states and not any(state.enabled for state in states)
    assert bench.clock.now() - start < 0.1 and time.monotonic() - wall < 2.0
    bench.close()
    assert outputs_left_on(tmp_path / "witness.jsonl") == []


def test_the_output_goes_off_while_a_sweep_runs(bench: Bench) -> None:
    meter = drive(bench)
    meter.start_sweep(np.linspace(0.0, 5.0, 100), 0.1)
    bench.clock.wait(0.5)
    meter.set_output(False)
    assert not meter.output_states()[0].enabled
    with pytest.raises(InstrumentError, match="output is off"):
        meter.measure()


def test_reset_and_errors(bench: Bench) -> None:
    driver = bench.instruments.connections["analyser"].driver
    drive(bench)
    driver.send("XYZ", "TI 9")
    with pytest.raises(InstrumentError, match="100 Undefined GPIB command; 153 No module for this command"):
        driver.check_errors()
    driver.reset()
    assert not any(state.enabled for state in driver.output_states())
    with pytest.raises(TsbenchError):
        driver.terminal("1").measure()


def test_high_resolution_and_60_hz(tmp_path: Path) -> None:
    path = write_bench(tmp_path, options="options = { high_resolution = true, line_frequency = 60 }")
    with Bench.open(path, "R1") as bench:
        meter = drive(bench, 1.0, nplc=2)
        fine = {row.full_scale: row for row in meter.capabilities.current_accuracy}[1e-3]
        assert meter.measure().current == pytest.approx(1e-4, abs=fine.offset + 1e-3 * 1e-4 + 0.6e-7)
        assert bench.instruments.connections["analyser"].driver.terminal("1").capabilities.line_frequency == 60


def test_the_interlock_is_asked_for(tmp_path: Path) -> None:
    for state, closed in (("true", True), ("false", False)):
        folder = tmp_path / state
        folder.mkdir()
        path = write_bench(folder)
        world = path.with_name("b1500a.world.toml")
        world.write_text(world.read_text("utf-8").replace("slots =", f'interlock = {state}\nslots ='), "utf-8")
        with Bench.open(path, "R1") as bench:
            driver: Any = bench.instruments.connections["analyser"].driver
            assert driver.terminal("1").interlock_closed() is closed
