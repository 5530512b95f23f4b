"""The channels of a B1530A through the B1500A driver on its twin: trains, ranges, stops, outputs."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.fixtures.waveform_bench import write_waveform_bench
from tsbench.cli import main
from tsbench.errors import CommunicationError, ConfigurationError, InstrumentError, LimitError
from tsbench.instruments.interfaces import Segment, SegmentTrain
from tsbench.instruments.keysight_b1500a import waveform_sheet as sheet
from tsbench.records import Flag
from tsbench.simulated_backends.witness.log import outputs_left_on
from tsbench.simulated_backends.world.faults import Fault
from tsbench.station.bench.bench import Bench

OHMS = 10e3
PULSE = (Segment(0.0, 1e-6), Segment(2.0, 70e-9, sampled=False), Segment(2.0, 2e-6), Segment(0.0, 70e-9, sampled=False),
         Segment(0.0, 1e-6))


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    monkeypatch.setenv("TSBENCH_WITNESS", str(tmp_path / "witness.jsonl"))
    with Bench.open(write_waveform_bench(tmp_path), "R1") as opened:
        yield opened


def ready(bench: Bench, train: SegmentTrain, current: float = 1e-3, role: str = "pulser") -> Any:
    unit = bench.pulse_measure(role)
    assert unit.configure_ranges(3.0, current) == (3.0, current)
    unit.configure_train(train)
    unit.set_output(True)
    return unit


def played(bench: Bench, unit: Any, longest: float = 100.0) -> Any:
    unit.start()
    limit = bench.clock.now() + longest
    while unit.running():
        assert bench.clock.now() < limit
        bench.clock.wait(0.01)
    return unit.fetch()


def test_a_train_of_pulses(bench: Bench) -> None:
    unit = ready(bench, SegmentTrain(0.0, PULSE, 1e-7, repeats=3))
    record = played(bench, unit)
    row = unit.capabilities.current_ranges[3].accuracy
    assert record.time.size == 3 * (10 + 20 + 10) and record.flags == Flag.NONE
    assert record.repeat.tolist() == [k for k in range(3) for _ in range(40)]
    within = record.time - record.repeat * 4.14e-6
    assert within[:3] == pytest.approx([5e-8, 1.5e-7, 2.5e-7])
    top = (within > 1.07e-6 + 0.3e-6) & (within < 3e-6)
    rest = within < 0.9e-6
    assert record.voltage[top] == pytest.approx(np.full(top.sum(), 2.0))
    allowed = row.gain * 2e-4 + row.offset + 5 * row.noise
    allowed += (unit.capabilities.voltage_accuracy[0].offset + 2e-3) / OHMS
    assert record.current[top] == pytest.approx(np.full(top.sum(), 2.0 / OHMS), abs=allowed)
    assert record.current[rest] == pytest.approx(np.zeros(rest.sum()), abs=row.offset + 5 * row.noise)
    assert unit.fetch() is record


def test_triangle_has_the_voltage_of_each_sample(bench: Bench) -> None:
    unit = ready(bench, SegmentTrain(0.0, (Segment(1.0, 1e-3), Segment(-1.0, 2e-3), Segment(0.0, 1e-3)), 1e-5))
    record = played(bench, unit)
    assert record.time.size == 400
    assert record.voltage[[49, 99, 199, 299]] == pytest.approx([0.495, 0.995, 0.005, -0.995], abs=1e-9)
    slope = np.polyfit(record.voltage, record.current, 1)[0]
    assert 1 / slope == pytest.approx(OHMS, rel=5e-3)


def test_last_level_returns_to_the_base(bench: Bench) -> None:
    unit = ready(bench, SegmentTrain(0.5, (Segment(1.0, 1e-3),), 1e-4))
    assert played(bench, unit).time.size == 10
    assert bench.instruments.connections["analyser"].driver.unit.call("getStatus")[0] == 10000
    world: Any = bench.instruments.managers[bench.file.library("analyser")].visalib.world
    assert world.bench.circuit.voltage("a") == pytest.approx(0.5, abs=5e-3)


def test_beyond_the_range_is_overflow(bench: Bench) -> None:
    unit = ready(bench, SegmentTrain(0.0, PULSE, 1e-7), current=1e-4)
    record = played(bench, unit)
    assert Flag.OVERFLOW in record.flags
    assert np.isnan(record.current).any() and not np.isnan(record.voltage).any()
    assert np.isfinite(record.current[:9]).all()


@pytest.mark.parametrize(("ranges", "segments", "said"), [
    ((3.0, 1e-4), (Segment(2.0, 1e-7), Segment(2.0, 9e-7)),
     "too short for the current range 100 uA, which needs 950 ns"),
    ((3.0, 1e-3), (Segment(3.5, 1e-6),), "3.5 V is beyond the range 3 V"),
    ((10.0, 1e-3), (Segment(6.0, 1e-6), Segment(-1.0, 1e-6)), "all levels of a train must have one sign"),
    ((10.0, 1e-3), (Segment(10.5, 1e-6),), "segment level 10.5 V"),
    ((3.0, 1e-3), (Segment(1.0, 5e-9),), "segment duration 5 ns is outside"),
])
def test_refused_trains(bench: Bench, ranges: tuple[float, float], segments: tuple[Segment, ...], said: str) -> None:
    unit = bench.pulse_measure()
    assert unit.configure_ranges(*ranges) == ranges
    with pytest.raises(LimitError, match=re.escape(said)):
        unit.configure_train(SegmentTrain(0.0, segments, 1e-7))


@pytest.mark.parametrize(("levels", "code"), [((1.0, 9.0), 3004), ((-9.0, -1.0), 3003), ((-4.0, 4.0), 3002)])
def test_the_range_of_10_v_has_two_halves(bench: Bench, levels: tuple[float, ...], code: int) -> None:
    driver: Any = bench.instruments.connections["analyser"].driver
    terminal = driver.terminal("501")
    assert terminal.configure_ranges(10.0, 5e-3) == (10.0, 10e-3)
    terminal.configure_train(SegmentTrain(0.0, tuple(Segment(level, 1e-6) for level in levels), 1e-7))
    terminal.set_output(True)
    assert driver.unit._library.WGFMU_getForceVoltageRange(501) == (0, code)
    terminal.start()
    terminal.set_output(False)


def test_times_are_on_the_grid(bench: Bench) -> None:
    unit = bench.pulse_measure()
    accepted = unit.configure_train(SegmentTrain(0.0, (Segment(1.0, 1.004e-6),), 1.04e-7))
    assert accepted.segments[0].duration == pytest.approx(1e-6)
    assert accepted.sample_interval == pytest.approx(1e-7)


def test_abort_keeps_the_samples_and_goes_to_the_base(bench: Bench) -> None:
    unit = ready(bench, SegmentTrain(0.25, (Segment(1.0, 10.0),), 1e-2))
    unit.start()
    bench.clock.wait(1.0)
    assert unit.running()
    unit.abort()
    assert not unit.running()
    assert 90 < unit.fetch().time.size < 130
    world: Any = bench.instruments.managers[bench.file.library("analyser")].visalib.world
    assert world.bench.circuit.voltage("a") == pytest.approx(0.25, abs=5e-3)
    assert world.witness.outputs_on() == ["analyser.501"]


def test_off_while_it_plays(bench: Bench) -> None:
    unit = ready(bench, SegmentTrain(0.0, (Segment(1.0, 10.0),), 1e-2))
    unit.start()
    assert unit.running()
    driver: Any = bench.instruments.connections["analyser"].driver
    assert [one.output for one in driver.output_states() if one.enabled] == ["analyser.501"]
    unit.set_output(False)
    assert not unit.running()
    assert not any(one.enabled for one in driver.output_states())


def test_one_channel_plays_at_a_time(bench: Bench) -> None:
    unit = ready(bench, SegmentTrain(0.0, (Segment(1.0, 1.0),), 1e-2))
    unit.start()
    other = bench.pulse_measure("other")
    other.configure_train(SegmentTrain(0.0, (Segment(1.0, 1e-3),), 1e-5))
    with pytest.raises(InstrumentError, match="channel 501 plays"):
        other.set_output(True)
    unit.abort()
    other.set_output(True)
    assert played(bench, other).time.size == 100


def test_what_is_missing_is_said(bench: Bench) -> None:
    driver: Any = bench.instruments.connections["analyser"].driver
    terminal = driver.terminal("501")
    with pytest.raises(InstrumentError, match="no train is configured"):
        terminal.set_output(True)
    terminal.configure_train(SegmentTrain(0.0, (Segment(1.0, 1e-3),), 1e-5))
    with pytest.raises(InstrumentError, match="output is off"):
        terminal.start()
    with pytest.raises(InstrumentError, match="nothing was sampled"):
        terminal.fetch()
    with pytest.raises(LimitError, match="no range holds 11 V"):
        terminal.configure_ranges(11.0, 1e-3)
    with pytest.raises(InstrumentError, match=r"WGFMU_addVector fails with status -10 \(.*no pattern q"):
        driver.unit.call("addVector", "q", 1.0, 1.0)


def test_settings_of_the_run_file(bench: Bench) -> None:
    unit = ready(bench, SegmentTrain(0.0, PULSE, 1e-7, repeats=2))
    assert unit.accepted_settings() == {
        "voltage_range": 3.0, "current_range": 1e-3, "base": 0.0, "sample_interval": 1e-7, "repeats": 2}


def test_closing_leaves_nothing_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TSBENCH_WITNESS", str(tmp_path / "witness.jsonl"))
    with Bench.open(write_waveform_bench(tmp_path), "R1") as bench:
        unit = ready(bench, SegmentTrain(0.0, (Segment(1.0, 100.0),), 1e-1))
        unit.start()
    assert not outputs_left_on(tmp_path / "witness.jsonl")


def test_without_the_library_its_channels_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="set wgfmu_library in its options"):
        Bench.open(write_waveform_bench(tmp_path, options=""), "R1").close()


def test_numbers_are_those_of_the_twin() -> None:
    from tsbench.simulated_backends.virtual_instruments.keysight_b1500a import waveform_sheet as twin

    for row in sheet.CAPABILITIES.current_ranges:
        other = twin.CURRENT_RANGES[sheet.CURRENT_CODES[row.accuracy.full_scale]]
        assert (row.settling_time, row.least_aperture, row.accuracy.noise) == (
            other.settling, other.window, other.noise)


@pytest.mark.sabotage("output")
@pytest.mark.parametrize("playing", [False, True])
def test_a_lost_connection_leaves_nothing_on(bench: Bench, playing: bool) -> None:
    """The session of the library is lost with the connection: a new one disconnects the channels."""
    unit = ready(bench, SegmentTrain(0.0, PULSE, 1e-7, repeats=1000))
    if playing:
        unit.start()
    world = next(iter(bench.instruments.managers.values())).visalib.world   # type: ignore[attr-defined]
    world.faults.add(Fault(message=0))
    with pytest.raises(CommunicationError):
        bench.instruments.connections["analyser"].driver.check_errors()
    assert world.witness.outputs_on() == ["analyser.501"]
    states = bench.reopen_and_make_safe()
    assert states and not any(state.enabled for state in states) and not bench.problems
    assert world.witness.outputs_on() == []


def test_before_the_first_reset_its_channels_count_as_on(tmp_path: Path) -> None:
    """The library does not tell what an earlier process has connected."""
    with Bench.open(write_waveform_bench(tmp_path), "R1") as bench:
        driver: Any = bench.instruments.connections["analyser"].driver
        table = bench.file.table.instruments["analyser"]
        again = type(driver)(driver.adapter, "analyser", identity=driver.identity, resource=table.resource,
                             **table.options)
        driver.unit.close()
        states = again.output_states()
        assert {one.output for one in states if one.enabled} == {"analyser.501", "analyser.502"}
        assert {one.output for one in states if not one.known} == {"analyser.501", "analyser.502"}
        again.safe_state()
        assert not any(one.enabled or not one.known for one in again.output_states())


def test_check_says_what_is_not_known_of_its_channels(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is only assumed is no finding: an output of which nothing is known was not "on"."""
    path = write_waveform_bench(tmp_path)
    assert main(["check", str(path)]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "and tsbench switched it off" not in said and "it was on)" not in said
    assert "analyser.501: its instrument cannot tell whether it was on when tsbench opened the bench" in said
    assert "warning: role 'pulser' has the pulse measure unit 'analyser.501'. No protocol uses" in said


def test_a_protocol_that_needs_a_generator_says_what_the_channel_is_for(bench: Bench) -> None:
    with pytest.raises(ConfigurationError, match=(
            r"role 'pulser' must be a pulse generator, but 'analyser\.501' is a pulse measure unit\. Give the role "
            r"'pulser' to a pulse generator\. No protocol uses a pulse measure unit; a script of your own")):
        bench.pulse_generator()
