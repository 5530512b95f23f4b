"""The InfiniiVision driver on the simulated scopes, looking at the simulated generator."""

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tsbench.errors import InstrumentError, LimitError
from tsbench.instruments import EdgeTrigger, Oscilloscope, Pulse, Timebase, Vertical
from tsbench.records import Flag, Waveform
from tsbench.station.bench.bench import Bench

PULSE = Pulse(base=0.0, amplitude=1.0, width=1e-6, period=10e-6, rise_time=20e-9, fall_time=20e-9)
DIVIDER = 10e3 / 10.05e3


def prepare(bench: Bench, count: int = 1) -> Oscilloscope:
    generator, scope = bench.pulse_generator(), bench.oscilloscope()
    generator.configure_load(math.inf)
    generator.configure_pulse(PULSE)
    generator.configure_burst(count)
    generator.set_output(True)
    scope.configure_channel(1, Vertical(2.0, 0.5))
    for number in (2, 3, 4):
        scope.disable_channel(number)
    scope.configure_timebase(Timebase(4e-6, 1e-6))
    scope.configure_trigger(EdgeTrigger(1, 0.5))
    return scope


def finish(bench: Bench) -> None:
    for _ in range(10_000):
        if bench.oscilloscope().complete():
            return
        bench.clock.wait(1e-5)
    raise AssertionError("the acquisition did not end")


def capture(bench: Bench) -> Waveform:
    scope = bench.oscilloscope()
    scope.arm()
    bench.pulse_generator().trigger()
    finish(bench)
    return scope.fetch([1])[1]


@pytest.fixture
def bench(driver_bench: Path) -> Iterator[Bench]:
    with Bench.open(driver_bench) as opened:
        yield opened


@pytest.mark.sabotage("units")
def test_volts_and_seconds_of_a_pulse(bench: Bench) -> None:
    prepare(bench)
    record = capture(bench)
    values, times = record.values()[0], record.times()
    assert times[0] == pytest.approx(-1e-6, abs=5e-9)
    assert times[-1] == pytest.approx(3e-6, abs=5e-9)
    before, top = np.median(values[times < -0.1e-6]), np.median(values[(times > 0.2e-6) & (times < 0.8e-6)])
    offset = 3 * record.accuracy_offset
    assert before == pytest.approx(0.0, abs=offset)
    assert top - before == pytest.approx(DIVIDER, rel=3 * record.accuracy_gain + 0.015)
    rise = times[np.argmax(values > (before + top) / 2)]
    assert rise == pytest.approx(0.0, abs=10e-9)
    assert record.flags == Flag.NONE
    assert record.codes.dtype == np.uint8


@pytest.mark.sabotage("units")
def test_words_tell_the_same_volts(driver_bench: Path) -> None:
    records = {}
    for transfer in ("byte", "word"):
        text = driver_bench.read_text("utf-8").split("\noptions")[0]
        options = f'driver = "keysight_dsox3000t"\noptions = {{ transfer = "{transfer}" }}'
        changed = driver_bench.with_name(f"{transfer}.bench.toml")
        changed.write_text(text.replace('driver = "keysight_dsox3000t"', options), "utf-8")
        with Bench.open(changed) as bench:
            prepare(bench)
            records[transfer] = capture(bench)
    assert records["word"].codes.dtype == np.dtype("<u2")
    for record in records.values():
        top = np.median(record.values()[0][(record.times() > 0.2e-6) & (record.times() < 0.8e-6)])
        assert top == pytest.approx(DIVIDER, abs=3 * record.accuracy_offset + 0.06)
    assert records["word"].scale * 256 == pytest.approx(records["byte"].scale, rel=1e-6)


def test_clipping_is_flagged_and_its_codes_named(bench: Bench) -> None:
    scope = prepare(bench)
    scope.configure_channel(1, Vertical(0.4, 0.0))
    scope.configure_trigger(EdgeTrigger(1, 0.1))
    record = capture(bench)
    assert Flag.CLIPPED in record.flags
    assert record.codes.max() >= record.clip_high


def test_armed_means_that_a_pulse_is_caught(bench: Bench) -> None:
    scope = prepare(bench)
    scope.configure_timebase(Timebase(10e-3, 0.0))  # 5 ms of memory before the trigger
    before = bench.clock.now()
    scope.arm()
    assert bench.clock.now() - before >= 5e-3
    assert not scope.triggered()
    assert not scope.complete()
    bench.pulse_generator().trigger()
    finish(bench)
    assert scope.triggered()
    assert scope.fetch([1])[1].times()[0] == pytest.approx(-5e-3, rel=1e-3)


def test_without_a_trigger_nothing_is_acquired(bench: Bench) -> None:
    scope = prepare(bench)
    scope.arm()
    bench.clock.wait(1.0)
    assert not scope.triggered()
    assert not scope.complete()
    scope.force_trigger()
    finish(bench)
    assert np.abs(np.median(scope.fetch([1])[1].values())) < 0.2
    scope.arm()
    scope.abort()
    assert scope.complete()


@pytest.mark.sabotage("units")
def test_segments(bench: Bench) -> None:
    scope = prepare(bench, count=5)
    accepted = scope.configure_timebase(Timebase(2e-6, 0.5e-6, segments=5))
    assert accepted.segments == 5
    record = capture(bench)
    assert record.codes.shape[0] == 5
    assert record.segment_times[0] == 0.0
    assert np.diff(record.segment_times) == pytest.approx([10e-6] * 4, abs=20e-9)
    values, times = record.values(), record.times()
    for segment in values:
        assert times[np.argmax(segment > 0.5)] == pytest.approx(0.0, abs=10e-9)


def test_external_trigger_is_the_sync_of_the_generator(bench: Bench) -> None:
    scope = prepare(bench)
    scope.configure_trigger(EdgeTrigger("external", 1.0))
    record = capture(bench)
    rise = record.times()[np.argmax(record.values()[0] > 0.5)]
    assert abs(rise) < 1e-6


def test_record_length_can_be_asked_for(bench: Bench) -> None:
    scope = prepare(bench)
    scope.configure_timebase(Timebase(4e-6, 1e-6, points=1000))
    record = capture(bench)
    assert 250 <= record.codes.shape[1] <= 1000
    assert record.codes.shape[1] * record.dt == pytest.approx(4e-6, rel=0.02)


def test_settings_are_those_accepted(bench: Bench) -> None:
    scope = prepare(bench)
    accepted = scope.configure_channel(2, Vertical(0.7, 0.1, bandwidth_limit=True))
    assert accepted.range == pytest.approx(0.7, rel=0.01)
    found = scope.accepted_settings()
    assert found["channel_2_bandwidth_limit"] is True
    assert found["timebase_span"] == pytest.approx(4e-6)
    with pytest.raises(LimitError):
        scope.configure_channel(1, Vertical(400.0))
    with pytest.raises((LimitError, InstrumentError)):
        scope.configure_channel(1, Vertical(1.0, offset=500.0))


@pytest.mark.sabotage("units")
@pytest.mark.parametrize(("model", "rate"), [
    ("dsox2024a", 2e9), ("dsox3054a", 4e9), ("dsox4104a", 5e9), ("msox4154a", 5e9), ("dsox6004a", 20e9)])
def test_a_sister_model_shows_the_same_pulse(driver_bench: Path, model: str, rate: float) -> None:
    """Each model of the family by its driver: volts, seconds, sample rate."""
    world = driver_bench.with_name("driver.world.toml")
    world.write_text(world.read_text("utf-8").replace("keysight_dsox3054t", f"keysight_{model}"), "utf-8")
    text = driver_bench.read_text("utf-8")
    driver_bench.write_text(text.replace('"keysight_dsox3000t"', '"keysight_infiniivision"'), "utf-8")
    with Bench.open(driver_bench) as bench:
        prepare(bench)
        record = capture(bench)
    values, times = record.values()[0], record.times()
    before, top = np.median(values[times < -0.1e-6]), np.median(values[(times > 0.2e-6) & (times < 0.8e-6)])
    assert top - before == pytest.approx(DIVIDER, rel=3 * record.accuracy_gain + 0.015)
    width = np.count_nonzero(values > (before + top) / 2) * record.dt
    assert width == pytest.approx(1e-6, abs=5e-9) and record.dt == pytest.approx(1 / rate)
