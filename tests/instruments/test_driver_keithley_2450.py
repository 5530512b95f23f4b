"""The 2450 driver on the simulated 2450: a 10 kOhm resistor of its own."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tsbench.errors import InstrumentError, LimitError
from tsbench.instruments import MeasureSettings, Reading, SourceMeter, SourceSettings
from tsbench.instruments.languages.message_instrument import MessageInstrument
from tsbench.records import Flag
from tsbench.simulated_backends.world.faults import Fault
from tsbench.station.bench.bench import Bench

RESISTANCE = 10e3


@pytest.fixture
def bench(driver_bench: Path) -> Iterator[Bench]:
    with Bench.open(driver_bench) as opened:
        yield opened


@pytest.fixture
def meter(bench: Bench) -> SourceMeter:
    return bench.source_meter()


def swept(bench: Bench, levels: np.ndarray, dwell: float = 1e-3) -> list[Reading]:
    meter = bench.source_meter()
    meter.start_sweep(levels, dwell)
    polls = 0
    while meter.sweep_running():
        bench.clock.wait(0.01)
        polls += 1
        assert polls < 10_000
    return meter.fetch_sweep(0, meter.poll_sweep())


@pytest.mark.sabotage("units")
def test_a_level_and_its_current_within_accuracy(meter: SourceMeter) -> None:
    meter.configure_source(SourceSettings("voltage", compliance_current=1e-3, range=2.0))
    meter.configure_measure(MeasureSettings("current", range=100e-6, nplc=1.0))
    meter.set_level(0.8)
    meter.set_output(True)
    reading = meter.measure()
    assert reading.voltage == pytest.approx(0.8, abs=1.5 * (0.2e-3 * 0.8 + 300e-6))
    expected = reading.voltage / RESISTANCE
    tolerance = 1.5 * (0.2e-3 * expected + 6e-9 + 300e-6 / RESISTANCE)
    assert reading.current == pytest.approx(expected, abs=tolerance)
    assert reading.flags == Flag.NONE


@pytest.mark.sabotage("units")
def test_a_list_sweep_comes_back_in_order(bench: Bench, meter: SourceMeter) -> None:
    meter.configure_source(SourceSettings("voltage", compliance_current=1e-3, range=2.0))
    meter.configure_measure(MeasureSettings("current", range=1e-3, nplc=0.1))
    meter.set_output(True)
    levels = np.r_[np.linspace(0, 1.5, 151), np.linspace(1.5, -0.5, 101)]
    readings = swept(bench, levels)
    assert [reading.source for reading in readings] == list(levels)
    times = np.array([reading.time for reading in readings])
    assert np.all(np.diff(times) >= 1e-3 + 0.1 / 50 - 1e-9)  # dwell and aperture
    voltage = np.array([reading.voltage for reading in readings])
    current = np.array([reading.current for reading in readings])
    assert np.max(np.abs(voltage - levels)) < 2e-3
    slope = np.polyfit(voltage, current, 1)[0]
    assert 1 / slope == pytest.approx(RESISTANCE, rel=2e-3)
    assert all(reading.flags == Flag.NONE for reading in readings)


def test_compliance_is_flagged_and_the_voltage_is_what_stood_there(bench: Bench, meter: SourceMeter) -> None:
    meter.configure_source(SourceSettings("voltage", compliance_current=50e-6, range=2.0))
    meter.configure_measure(MeasureSettings("current", range=100e-6))
    meter.set_output(True)
    readings = swept(bench, np.linspace(0, 1, 21))
    for reading in readings:
        limited = reading.source > 0.51
        if abs(reading.source - 0.5) > 0.02:
            assert (Flag.COMPLIANCE in reading.flags) == limited
        if limited:
            assert reading.current == pytest.approx(50e-6, rel=5e-3)
            assert reading.voltage == pytest.approx(0.5, rel=5e-3)


def test_current_drive(meter: SourceMeter) -> None:
    meter.configure_source(SourceSettings("current", compliance_voltage=2.0))
    meter.configure_measure(MeasureSettings("voltage"))
    meter.set_level(1e-4)
    meter.set_output(True)
    reading = meter.measure()
    assert reading.current == pytest.approx(1e-4, rel=1e-3)
    assert reading.voltage == pytest.approx(1.0, rel=2e-3)
    meter.set_level(3e-4)
    limited = meter.measure()
    assert Flag.COMPLIANCE in limited.flags
    assert limited.voltage == pytest.approx(2.0, rel=5e-3)


def test_beyond_the_fixed_range_is_never_a_clean_number(meter: SourceMeter) -> None:
    meter.configure_source(SourceSettings("voltage", compliance_current=1e-3, range=2.0))
    meter.configure_measure(MeasureSettings("current", range=10e-6))
    meter.set_level(1.0)
    meter.set_output(True)
    readings = [
        meter.measure() for _ in range(5)
    ]  # 100 uA wanted: the 10 uA range limits at 105 %, or overflows
    for reading in readings:
        assert reading.flags & (Flag.OVERFLOW | Flag.COMPLIANCE)
        assert np.isnan(reading.current) == (Flag.OVERFLOW in reading.flags)


def test_a_long_aperture_is_polled(bench: Bench, meter: SourceMeter) -> None:
    meter.configure_source(SourceSettings("voltage", compliance_current=1e-3, range=2.0))
    meter.configure_measure(MeasureSettings("current", range=100e-6, nplc=10.0))
    meter.set_level(0.5)
    meter.set_output(True)
    before = bench.clock.now()
    assert meter.measure().current == pytest.approx(50e-6, rel=2e-3)
    assert bench.clock.now() - before >= 0.2


def test_a_change_of_function_opens_the_output_at_level_zero(meter: SourceMeter) -> None:
    meter.configure_source(SourceSettings("voltage", compliance_current=1e-3))
    meter.configure_measure(MeasureSettings("current"))
    meter.set_level(1.0)
    meter.set_output(True)
    meter.configure_source(SourceSettings("current", compliance_voltage=1.0))
    assert [state.enabled for state in meter.output_states()] == [False]


def test_abort_stops_a_sweep(bench: Bench, meter: SourceMeter) -> None:
    meter.configure_source(SourceSettings("voltage", compliance_current=1e-3, range=2.0))
    meter.configure_measure(MeasureSettings("current", range=1e-3, nplc=1.0))
    meter.set_output(True)
    meter.start_sweep(np.linspace(0, 1, 500), 1e-3)
    bench.clock.wait(0.5)
    assert meter.sweep_running()
    meter.abort()
    bench.clock.wait(0.1)
    assert not meter.sweep_running()
    done = meter.poll_sweep()
    assert 5 < done < 100
    assert len(meter.fetch_sweep(0, done)) == done


def test_every_range_is_accepted(meter: SourceMeter) -> None:
    for row in meter.capabilities.source_voltage_accuracy:
        accepted = meter.configure_source(SourceSettings("voltage", compliance_current=1e-3, range=row.full_scale))
        assert accepted.range == pytest.approx(row.full_scale)
    for row in meter.capabilities.current_accuracy:
        meter.configure_source(SourceSettings("voltage", compliance_current=min(row.full_scale, 1.0), range=2.0))
        accepted_measure = meter.configure_measure(MeasureSettings("current", range=row.full_scale))
        assert accepted_measure.range == pytest.approx(row.full_scale)


def test_limits_of_the_instrument_are_refused_before_a_message(bench: Bench, meter: SourceMeter) -> None:
    before = bench.clock.now()  # every message moves the simulated clock
    with pytest.raises(LimitError, match="compliance"):
        meter.configure_source(SourceSettings("voltage", compliance_current=2.0))
    with pytest.raises(LimitError):
        meter.set_level(0.1)
    assert bench.clock.now() == before


def test_an_unknown_command_comes_back_as_an_error(meter: SourceMeter) -> None:
    meter.driver.write(":SOUR:NONSENSE 1")  # type: ignore[attr-defined]
    with pytest.raises(InstrumentError, match="-113"):
        meter.check_errors()
    meter.check_errors()


def limited(driver_bench: Path, max_current: str) -> Path:
    """Give the bench's devices a limit."""
    driver_bench.write_text(f'{driver_bench.read_text("utf-8")}\n[device.limits]\nmax_current = "{max_current}"\n')
    return driver_bench


def test_a_measuring_range_that_would_raise_the_limit_is_refused(bench: Bench, meter: SourceMeter) -> None:
    meter.configure_source(SourceSettings("voltage", compliance_current=0.5e-6, range=2.0))
    before = bench.instruments.connections["source_meter"].transport.query(":SENS:CURR:RANG:AUTO?")
    refused = r"compliance 500 nA must be above 0\.1 % of the measuring range 1 A"
    with pytest.raises(LimitError, match=refused):
        meter.configure_measure(MeasureSettings("current", range=1.0))
    assert bench.instruments.connections["source_meter"].transport.query(":SENS:CURR:RANG:AUTO?") == before
    assert meter.configure_measure(MeasureSettings("current", range=100e-6)).range == 100e-6
    source = meter.source
    assert source is not None and source.compliance == pytest.approx(0.5e-6)


def test_a_lower_limit_frees_a_measuring_range_that_would_raise_it(bench: Bench, meter: SourceMeter) -> None:
    meter.configure_source(SourceSettings("voltage", compliance_current=1e-3, range=2.0))
    meter.configure_measure(MeasureSettings("current", range=1e-3))
    meter.set_level(1.0)
    meter.set_output(True)
    assert meter.configure_source(SourceSettings.of("voltage", 1e-6, range=2.0)).compliance == pytest.approx(1e-6)
    reading = meter.measure()
    assert reading.current == pytest.approx(1e-6, rel=5e-3) and Flag.COMPLIANCE in reading.flags


def test_a_limit_that_the_instrument_moves_is_noticed_and_believed(driver_bench: Path) -> None:
    """Somebody at the panel, or a rule that the driver does not know: the limit that is read counts."""
    with Bench.open(limited(driver_bench, "1 mA")) as bench:
        meter = bench.source_meter()
        meter.configure_source(SourceSettings("voltage", compliance_current=100e-6, range=2.0))
        bench.instruments.connections["source_meter"].transport.write(":SOUR:VOLT:ILIM 5e-3")
        with pytest.raises(InstrumentError, match="set the measuring range, the instrument changed the compliance"):
            meter.configure_measure(MeasureSettings("current", range=1e-3))
        with pytest.raises(LimitError, match="5 mA exceeds the device limit max_current 1 mA"):
            meter.set_output(True)


def test_the_limit_is_read_again_where_the_source_changes_its_range(driver_bench: Path) -> None:
    with Bench.open(limited(driver_bench, "1 mA")) as bench:
        meter = bench.source_meter()
        meter.configure_source(SourceSettings("voltage", compliance_current=100e-6))
        meter.set_level(0.01)
        bench.instruments.connections["source_meter"].transport.write(":SOUR:VOLT:ILIM 5e-3")
        with pytest.raises(InstrumentError, match="when tsbench set the source range"):
            meter.set_level(1.0)
        with pytest.raises(LimitError, match="5 mA"):
            meter.set_output(True)


@pytest.mark.parametrize(
    ("settings", "level", "most"),
    [(SourceSettings.of("voltage", 0.2), 50.0, "105 mA"), (SourceSettings.of("current", 50.0), 0.5, "21 V")],
)
def test_a_level_whose_range_would_move_the_limit_is_refused(
    meter: SourceMeter, settings: SourceSettings, level: float, most: str
) -> None:
    meter.configure_source(settings)
    with pytest.raises(LimitError, match=f"at most {most}"):
        meter.set_level(level)
    with pytest.raises(LimitError, match=f"at most {most}"):
        meter.start_sweep(np.array([0.0, level]), 1e-3)


@pytest.mark.parametrize(("limit", "full_scale"), [(5e-6, None), (20e-6, 1e-3), (20e-6, 10e-3), (60e-6, 10e-3)])
@pytest.mark.parametrize("nplc", [0.01, 1.0])
def test_the_first_reading_after_a_change_of_limit_is_of_the_new_one(
    meter: SourceMeter, limit: float, full_scale: float | None, nplc: float
) -> None:
    """The loop is slow in a range that is high for the limit: a reading at once would be of the way there."""
    meter.configure_source(SourceSettings("voltage", compliance_current=1e-3, range=2.0))
    meter.configure_measure(MeasureSettings("current", range=full_scale, nplc=nplc))
    meter.set_level(1.0)
    meter.set_output(True)
    meter.measure()
    meter.configure_source(SourceSettings("voltage", compliance_current=limit, range=2.0))
    first = meter.measure()
    later = [meter.measure().current for _ in range(5)]
    noise = 5 * (0.0 if full_scale is None else 4e-6 * full_scale) * (0.75 / nplc + 0.25) ** 0.5
    assert first.current == pytest.approx(float(np.mean(later)), rel=2e-3, abs=noise)


def test_the_first_reading_after_a_level_beyond_the_limit_is_at_the_limit(meter: SourceMeter) -> None:
    """In a range far above the limit the loop needs longer than the automatic delay."""
    meter.configure_source(SourceSettings("voltage", compliance_current=20e-6, range=2.0))
    meter.configure_measure(MeasureSettings("current", range=10e-3, nplc=0.01))
    meter.set_level(0.1)
    meter.set_output(True)
    meter.measure()
    meter.set_level(1.0)
    first = meter.measure().current
    assert first == pytest.approx(float(np.mean([meter.measure().current for _ in range(5)])), abs=2e-6)


@pytest.mark.parametrize("late", [k * 1e-4 for k in range(1, 21)])
def test_a_reply_that_just_misses_its_timeout_is_no_reply_to_a_later_question(
    bench: Bench, meter: SourceMeter, late: float,
) -> None:
    """The question is repeated, and the error queue is not asked with the old reply before it."""
    meter.configure_source(SourceSettings("voltage", compliance_current=1e-3, range=2.0))
    bench.take_notes()
    world = next(iter(bench.instruments.managers.values())).visalib.world   # type: ignore[attr-defined]
    world.faults.add(Fault(kind="late", seconds=late, message=world.faults.total))
    unguarded = bench.instruments.connections["source_meter"].driver
    assert isinstance(unguarded, MessageInstrument) and unguarded.ask_number(":SOUR:VOLT?") == 0.0
    meter.check_errors()
    (line,) = bench.take_notes()
    assert "':SOUR:VOLT?' was sent again, because the instrument did not reply" in line
