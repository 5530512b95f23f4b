"""The 4200A-SCS driver on its twin, by GPIB and by a socket: readings, sweeps, pulses, outputs."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.fixtures.kxci_bench import GPIB, SOCKET, write_kxci_bench
from tsbench.cli import main
from tsbench.errors import ConfigurationError, InstrumentError, LimitError
from tsbench.instruments import MeasureSettings, SourceSettings
from tsbench.instruments.driver import Driver
from tsbench.instruments.interfaces import PulseMeasure, Segment, SegmentTrain, SourceMeter
from tsbench.records import Flag
from tsbench.simulated_backends.witness.log import outputs_left_on
from tsbench.station.bench.bench import Bench

OHMS, OTHER_OHMS = 10e3, 1e3
PULSE = (Segment(0.0, 1e-6), Segment(2.0, 100e-9, sampled=False), Segment(2.0, 2e-6),
         Segment(0.0, 100e-9, sampled=False), Segment(0.0, 1e-6))


@pytest.fixture(params=[GPIB, SOCKET], ids=["gpib", "socket"])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    with Bench.open(write_kxci_bench(tmp_path, request.param), "D1") as opened:
        yield opened


@pytest.fixture
def pulsed(tmp_path: Path) -> Iterator[Bench]:
    with Bench.open(write_kxci_bench(tmp_path, pulsed=True), "D1") as opened:
        yield opened


def drive(bench: Bench, role: str = "drive", level: float = 1.0, limit: float = 1e-3, nplc: float = 0.1) -> Any:
    meter = bench.source_meter(role)
    meter.configure_source(SourceSettings("voltage", compliance_current=limit))
    meter.configure_measure(MeasureSettings("current", range=limit, nplc=nplc))
    meter.set_level(level)
    meter.set_output(True)
    return meter


def ended(bench: Bench, what: Any, longest: float = 100.0) -> None:
    """Wait until a sweep or a train has ended."""
    limit = bench.clock.now() + longest
    while what.sweep_running() if hasattr(what, "sweep_running") else what.running():
        assert bench.clock.now() < limit
        bench.clock.wait(0.01)


def box(bench: Bench) -> Any:
    return bench.instruments.connections["analyser"].driver


def circuit(bench: Bench) -> Any:
    return bench.instruments.managers[bench.file.library("analyser")].visalib.world.bench.circuit


def test_it_is_a_driver(bench: Bench) -> None:
    driver = box(bench)
    assert isinstance(driver, Driver) and not driver.lost_power()
    assert driver.output_names == tuple(
        f"analyser.{name}" for name in ("smu1", "smu2", "smu3", "smu4", "pmu1", "pmu2"))
    assert isinstance(driver.terminal("smu2"), SourceMeter) and isinstance(driver.terminal("pmu2"), PulseMeasure)
    assert driver.terminal("").name == "smu1"
    assert {"smu1.measure_current:1e-12", "smu3.measure_current:1"} <= set(driver.accuracy())
    with pytest.raises(ConfigurationError, match="has no terminal smu7"):
        driver.terminal("smu7")


@pytest.mark.sabotage("units")
def test_readings_are_within_the_data_sheet(bench: Bench) -> None:
    meter = drive(bench)
    row = next(row for row in meter.capabilities.current_accuracy if row.full_scale == 1e-3)
    source = meter.capabilities.source_voltage_accuracy
    for level in (-5.0, -0.3, 0.7, 1.9, 8.0):
        meter.set_level(level)
        reading = meter.measure()
        range_ = next(one for one in source if abs(level) <= one.full_scale)
        allowed = (range_.gain * abs(level) + range_.offset) / OHMS
        allowed += row.gain * abs(level) / OHMS + row.offset + 5 * row.noise * 10**0.5
        assert reading.current == pytest.approx(level / OHMS, abs=allowed + 4e-5 * abs(level) / OHMS)
        assert reading.voltage == pytest.approx(level, abs=0.01 + 2e-3 * abs(level))
        assert reading.flags == Flag.NONE


@pytest.mark.sabotage("units")
def test_a_sweep_of_any_levels(bench: Bench) -> None:
    meter = drive(bench, level=0.0)
    levels = np.array([0.0, 1.0, 3.0, 7.0, 12.0, 2.0, -1.0])
    meter.start_sweep(levels, 0.02)
    assert meter.sweep_running() and meter.poll_sweep() == 0
    ended(bench, meter)
    assert meter.poll_sweep() == 7
    readings = meter.fetch_sweep(0, 7)
    assert [reading.source for reading in readings] == list(levels)
    assert [reading.current for reading in readings] == pytest.approx(
        list(np.minimum(levels / OHMS, 1e-3)), rel=5e-3, abs=1e-6)
    assert [Flag.COMPLIANCE in reading.flags for reading in readings] == [level > 10.0 for level in levels]
    assert readings[4].voltage == pytest.approx(10.0, rel=5e-3)   # read back, not the level
    # delay, settling delay of the range, aperture, overhead
    assert np.diff([reading.time for reading in readings]) == pytest.approx(0.0228, abs=3.5e-3)
    assert meter.output_states()[0].enabled
    assert circuit(bench).voltage("a") == pytest.approx(-1.0, abs=5e-3)   # the last level stays
    with pytest.raises(InstrumentError, match="9 readings were requested, but 7 were taken"):
        meter.fetch_sweep(0, 9)


@pytest.mark.sabotage("output")
def test_another_unit_stays_at_its_level_during_a_sweep(bench: Bench) -> None:
    gate = drive(bench, "gate", 0.5, limit=10e-3)
    meter = drive(bench, level=0.0)
    meter.start_sweep(np.linspace(0.0, 1.0, 5), 0.01)
    bench.clock.wait(0.02)
    assert circuit(bench).voltage("b") == pytest.approx(0.5, abs=5e-3)
    ended(bench, meter)
    assert gate.measure().current == pytest.approx(0.5 / OTHER_OHMS, rel=5e-3)
    meter.set_output(False)
    assert [one.output for one in box(bench).output_states() if one.enabled] == ["analyser.smu2"]
    assert abs(circuit(bench).current("R_analyser_smu1_relay")) < 1e-9


@pytest.mark.sabotage("output")
def test_before_the_first_reset_its_terminals_count_as_on(bench: Bench) -> None:
    """KXCI does not tell what an earlier process has left on."""
    driver = box(bench)
    resource = bench.file.table.instruments["analyser"].resource
    again = type(driver)(driver.adapter, "analyser", identity=driver.identity, resource=resource)
    states = again.output_states()
    assert len(states) == 6 and all(one.enabled and not one.known for one in states)
    assert all(again.terminal(name).output_states()[0].enabled for name in ("smu1", "pmu1"))
    again.safe_state()
    assert not any(one.enabled or not one.known for one in again.output_states())


def test_check_says_that_what_was_on_is_not_known(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(write_kxci_bench(tmp_path))]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "and tsbench switched it off" not in said and "off (before: not known)" in said
    assert "analyser.smu1: its instrument cannot tell whether it was on when tsbench opened the bench" in said


def test_abort_keeps_the_output_and_what_was_measured(bench: Bench) -> None:
    meter = drive(bench, level=0.0)
    meter.start_sweep(np.linspace(0.0, 5.0, 100), 0.05)
    bench.clock.wait(1.0)
    meter.abort()
    taken = meter.poll_sweep()
    assert not meter.sweep_running() and 5 < taken < 50 and len(meter.fetch_sweep(0, taken)) == taken
    assert meter.output_states()[0].enabled
    assert meter.measure().flags == Flag.NONE


def test_one_test_at_a_time(bench: Bench) -> None:
    gate, meter = drive(bench, "gate", 0.5, limit=10e-3), drive(bench, level=0.0)
    meter.start_sweep(np.linspace(0.0, 5.0, 100), 0.05)
    with pytest.raises(InstrumentError, match="a test of smu1 runs"):
        gate.measure()
    gate.set_output(False)   # off always works: it ends the test
    assert circuit(bench).voltage("b") == pytest.approx(0.0, abs=1e-6)
    assert not meter.sweep_running() and meter.poll_sweep() < 10


def test_current_source(bench: Bench) -> None:
    meter = bench.source_meter()
    meter.configure_source(SourceSettings("current", compliance_voltage=5.0))
    meter.configure_measure(MeasureSettings("voltage", nplc=1.0))
    meter.set_level(2e-4)
    meter.set_output(True)
    reading = meter.measure()
    assert (reading.voltage, reading.current) == (pytest.approx(2.0, rel=2e-3), pytest.approx(2e-4, rel=2e-3))
    meter.set_level(1e-3)
    assert Flag.COMPLIANCE in meter.measure().flags
    meter.configure_measure(MeasureSettings("voltage", range=20.0, nplc=1.0))
    with pytest.raises(LimitError, match="cannot make a fixed voltage range automatic"):
        meter.configure_measure(MeasureSettings("voltage", nplc=1.0))


def test_what_the_instrument_would_change_is_refused(bench: Bench) -> None:
    meter = bench.source_meter()
    meter.configure_source(SourceSettings("voltage", compliance_current=1e-4))
    with pytest.raises(LimitError, match=r"compliance 100 uA is not above 11 % of the measuring range 1 mA"):
        meter.configure_measure(MeasureSettings("current", range=1e-3))
    with pytest.raises(LimitError, match="no high-capacitance mode"):
        meter.configure_source(SourceSettings("voltage", compliance_current=1e-4, high_capacitance=True))
    terminal = box(bench).terminal("smu1")
    terminal.configure_source(SourceSettings("voltage", compliance_current=0.1))
    with pytest.raises(LimitError, match=r"beside 30 V the compliance is at most 10.5 mA"):
        terminal.set_level(30.0)
    with pytest.raises(LimitError, match="dwell"):
        terminal.configure_measure(MeasureSettings("current"))
        terminal.start_sweep(np.zeros(3), 7.0)


@pytest.mark.parametrize("on", [True, False])
def test_a_lower_compliance_ends_a_fixed_range_of_the_current(bench: Bench, on: bool) -> None:
    meter = drive(bench, limit=1e-3)
    meter.set_output(on)
    settings = MeasureSettings("current", range=1e-5, nplc=0.1)
    assert meter.configure_source(SourceSettings("voltage", compliance_current=1e-5)).compliance == 1e-5
    assert meter.configure_measure(settings).range == 1e-5   # as a protocol sets it again
    meter.set_output(True)
    assert meter.measure().current == pytest.approx(1e-5, rel=1e-2)


@pytest.mark.sabotage("output")
def test_closing_leaves_nothing_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TSBENCH_WITNESS", str(tmp_path / "witness.jsonl"))
    with Bench.open(write_kxci_bench(tmp_path, SOCKET), "D1") as bench:
        drive(bench, "gate", 0.5, limit=10e-3)
        drive(bench).start_sweep(np.linspace(0.0, 5.0, 100), 0.05)
    assert not outputs_left_on(tmp_path / "witness.jsonl")


# ------------------------------------------------------------------------------------------------------ pulse card


def ready(bench: Bench, train: SegmentTrain, current: float = 5e-3) -> Any:
    unit = bench.pulse_measure()
    unit.configure_ranges(3.0, current)
    unit.configure_train(train)
    unit.set_output(True)
    return unit


@pytest.mark.sabotage("units")
def test_a_train_of_pulses(pulsed: Bench) -> None:
    unit = ready(pulsed, SegmentTrain(0.0, PULSE, 1e-7, repeats=3), current=1e-3)
    unit.start()
    ended(pulsed, unit)
    record = unit.fetch()
    assert record.time.size == 3 * 40 and record.flags == Flag.NONE
    assert record.repeat.tolist() == [k for k in range(3) for _ in range(40)]
    within = record.time - record.repeat * 4.2e-6
    top = (within > 1.1e-6 + 0.5e-6) & (within < 3e-6)
    rest = (within < 0.9e-6) & (record.repeat == 0)
    volts, amperes = unit.capabilities.voltage_accuracy[0], unit.capabilities.current_ranges[4].accuracy
    expected = 2.0 * OHMS / (OHMS + 50.0)
    assert record.voltage[top] == pytest.approx(
        np.full(top.sum(), expected), abs=2 * (volts.gain * 2.0 + volts.offset) + 0.01)
    allowed = (volts.gain * 2.0 + volts.offset) / OHMS + amperes.gain * 2e-4 + amperes.offset + 5 * amperes.noise
    assert record.current[top] == pytest.approx(np.full(top.sum(), expected / OHMS), abs=allowed)
    assert record.current[rest] == pytest.approx(np.zeros(rest.sum()), abs=amperes.offset + 5 * amperes.noise)
    assert unit.fetch() is record


def test_the_output_ends_at_the_base(pulsed: Bench) -> None:
    unit = ready(pulsed, SegmentTrain(0.5, (Segment(1.0, 1e-5),), 1e-6))
    assert not unit.running()
    assert circuit(pulsed).voltage("a") == pytest.approx(0.0, abs=1e-6)   # it connects when the train starts
    unit.start()
    ended(pulsed, unit)
    assert unit.fetch().time.size == 10
    assert circuit(pulsed).voltage("a") == pytest.approx(0.5, abs=0.02)
    unit.set_output(False)
    assert circuit(pulsed).voltage("a") == pytest.approx(0.0, abs=1e-6)
    assert not any(one.enabled for one in box(pulsed).output_states())


def test_beyond_the_range_is_overflow(pulsed: Bench) -> None:
    segments = (Segment(0.0, 2e-6), Segment(2.0, 1e-6, sampled=False), Segment(2.0, 2e-6))
    unit = ready(pulsed, SegmentTrain(0.0, segments, 1e-7), current=1e-4)
    unit.start()
    ended(pulsed, unit)
    record = unit.fetch()
    assert Flag.OVERFLOW in record.flags
    assert np.isnan(record.current[-5:]).all() and np.isfinite(record.current[:19]).all()
    assert np.isfinite(record.voltage).all()


def test_more_segments_than_one_message_holds(pulsed: Bench) -> None:
    segments = tuple(Segment(0.01 * (k % 100), 1e-6) for k in range(1, 301))
    unit = ready(pulsed, SegmentTrain(0.0, segments, 1e-6))
    unit.start()
    ended(pulsed, unit)
    assert unit.fetch().time.size == 300


@pytest.mark.parametrize(("ranges", "segments", "said"), [
    ((3.0, 1e-4), (Segment(2.0, 1e-7), Segment(2.0, 9e-7)), "too short for the current range 100 uA"),
    ((3.0, 1e-3), (Segment(12.0, 1e-6),), "segment level 12 V is outside"),
    ((20.0, 1e-3), (Segment(12.0, 30e-9),), "segment duration 30 ns is outside"),
    ((3.0, 1e-3), (Segment(1.0, 5e-9),), "segment duration 5 ns is outside"),
])
def test_refused_trains(
    pulsed: Bench, ranges: tuple[float, float], segments: tuple[Segment, ...], said: str,
) -> None:
    unit = pulsed.pulse_measure()
    unit.configure_ranges(*ranges)
    with pytest.raises(LimitError, match=re.escape(said)):
        unit.configure_train(SegmentTrain(0.0, segments, 1e-7))


def test_ranges_times_and_order(pulsed: Bench) -> None:
    terminal, other = box(pulsed).terminal("pmu1"), box(pulsed).terminal("pmu2")
    assert terminal.configure_ranges(11.0, 1e-3) == (40.0, 10e-3)
    assert terminal.configure_ranges(2.0, 50e-9) == (10.0, 100e-9)
    with pytest.raises(LimitError, match="no range holds 2 V and 300 mA"):
        terminal.configure_ranges(2.0, 0.3)
    with pytest.raises(InstrumentError, match="no train is configured"):
        terminal.set_output(True)
    accepted = terminal.configure_train(SegmentTrain(0.0, (Segment(1.0, 1.004e-6),), 1.02e-7))
    assert accepted.segments[0].duration == pytest.approx(1e-6)
    assert accepted.sample_interval == pytest.approx(1e-7)
    with pytest.raises(InstrumentError, match="output is off"):
        terminal.start()
    with pytest.raises(InstrumentError, match="nothing was sampled"):
        terminal.fetch()
    terminal.set_output(True)
    other.configure_train(SegmentTrain(0.0, (Segment(1.0, 1e-3),), 1e-5))
    with pytest.raises(InstrumentError, match="pmu1 is on"):
        other.set_output(True)


def test_abort_and_off_while_it_plays(pulsed: Bench) -> None:
    unit = ready(pulsed, SegmentTrain(0.0, (Segment(1.0, 1.0), Segment(0.0, 1.0)), 1e-3))
    unit.start()
    pulsed.clock.wait(0.2)
    assert unit.running() and circuit(pulsed).voltage("a") == pytest.approx(0.18, abs=0.05)
    unit.abort()
    assert not unit.running() and circuit(pulsed).voltage("a") == pytest.approx(0.0, abs=1e-6)
    assert not any(one.enabled for one in box(pulsed).output_states())
