"""The Tektronix driver on the simulated scopes of both dialects, looking at the simulated generator."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tsbench.errors import InstrumentError, LimitError
from tsbench.instruments import EdgeTrigger, Oscilloscope, Pulse, Timebase, Vertical
from tsbench.records import Flag, Waveform
from tsbench.station.bench.bench import Bench

PULSE = Pulse(base=0.0, amplitude=1.0, width=1e-6, period=10e-6, rise_time=20e-9, fall_time=20e-9)
DIVIDER = 10e3 / 10.05e3
SCOPES = {"tektronix_mso64": "tektronix_mso", "tektronix_dpo7254c": "tektronix_dpo"}


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


def bench_file(driver_bench: Path, model: str, options: str = "", driver: str = "") -> Path:
    """Put a Tektronix scope in the place of the oscilloscope of the shared bench."""
    world = driver_bench.with_name("driver.world.toml")
    world.write_text(world.read_text("utf-8").replace("keysight_dsox3054t", model), "utf-8")
    text = driver_bench.read_text("utf-8")
    driver_bench.write_text(
        text.replace('driver = "keysight_dsox3000t"', f'driver = "{driver or SCOPES[model]}"{options}'), "utf-8")
    return driver_bench


@pytest.fixture(params=SCOPES)
def bench(request: Any, driver_bench: Path) -> Iterator[Bench]:
    with Bench.open(bench_file(driver_bench, request.param)) as opened:
        yield opened


@pytest.mark.sabotage("units")
def test_volts_and_seconds_of_a_pulse(bench: Bench) -> None:
    prepare(bench)
    record = capture(bench)
    values, times = record.values()[0], record.times()
    assert times[0] == pytest.approx(-1e-6, abs=5e-9)
    assert times[-1] == pytest.approx(3e-6, abs=5e-9)
    before, top = np.median(values[times < -0.1e-6]), np.median(values[(times > 0.2e-6) & (times < 0.8e-6)])
    assert before == pytest.approx(0.0, abs=3 * record.accuracy_offset)
    assert top - before == pytest.approx(DIVIDER, rel=3 * record.accuracy_gain + 0.015)
    rise = times[np.argmax(values > (before + top) / 2)]
    assert rise == pytest.approx(0.0, abs=10e-9)
    assert record.flags == Flag.NONE
    assert record.codes.dtype == (np.int8 if "DPO" in bench.oscilloscope().identity.model else np.dtype("<i2"))


@pytest.mark.sabotage("units")
@pytest.mark.parametrize("model", SCOPES)
def test_bytes_and_words_tell_the_same_volts(driver_bench: Path, model: str) -> None:
    plain = driver_bench.read_text("utf-8")
    scales = {}
    for transfer in ("byte", "word"):
        driver_bench.write_text(plain, "utf-8")
        with Bench.open(bench_file(driver_bench, model, f'\noptions = {{ transfer = "{transfer}" }}')) as opened:
            prepare(opened)
            record = capture(opened)
        scales[transfer] = record.scale
        top = np.median(record.values()[0][(record.times() > 0.2e-6) & (record.times() < 0.8e-6)])
        assert top == pytest.approx(DIVIDER, abs=3 * record.accuracy_offset + 0.02)
    assert scales["word"] * 256 == pytest.approx(scales["byte"], rel=1e-4)


def test_clipping_is_flagged_and_its_codes_named(bench: Bench) -> None:
    scope = prepare(bench)
    scope.configure_channel(1, Vertical(1.0, 0.0))
    record = capture(bench)
    assert record.flags == Flag.CLIPPED
    assert record.clip_high is not None
    assert record.clip_low == -record.clip_high
    inside = (record.times() > 0.2e-6) & (record.times() < 0.8e-6)
    assert np.all(record.codes[0][inside] >= record.clip_high)
    assert np.all(record.codes[0][record.times() < -0.1e-6] < record.clip_high)


@pytest.mark.sabotage("units")
def test_segments_have_times_of_their_own(bench: Bench) -> None:
    scope = prepare(bench, count=4)
    accepted = scope.configure_timebase(Timebase(2e-6, 0.5e-6, segments=4))
    assert accepted.segments == 4
    record = capture(bench)
    assert record.codes.shape[0] == 4
    assert record.segment_times == pytest.approx([0.0, 10e-6, 20e-6, 30e-6], abs=5e-9)
    tops = np.median(record.values()[:, (record.times() > 0.2e-6) & (record.times() < 0.8e-6)], axis=1)
    assert tops == pytest.approx([DIVIDER] * 4, abs=3 * record.accuracy_offset + 0.02)
    assert scope.triggered()


def test_short_spans_and_late_records(bench: Bench) -> None:
    scope = prepare(bench)
    accepted = scope.configure_timebase(Timebase(20e-9, 0.0))
    assert accepted.span == pytest.approx(20e-9, rel=0.01)
    record = capture(bench)
    assert record.times()[0] == pytest.approx(-10e-9, abs=1e-9)
    assert record.codes.shape[1] * record.dt == pytest.approx(20e-9, rel=0.01)
    scope.configure_timebase(Timebase(0.4e-6, 1.0e-6))   # all of it after the trigger
    record = capture(bench)
    assert record.times()[0] == pytest.approx(0.8e-6, abs=1e-9)
    half = np.argmax(record.values()[0] < 0.5)
    assert record.times()[half] == pytest.approx(1.0e-6, abs=5e-9)
    with pytest.raises(LimitError, match="would end 500 ns before the trigger"):
        scope.configure_timebase(Timebase(1e-6, -1e-6))


def test_a_deep_record_keeps_within_the_memory(bench: Bench) -> None:
    scope = prepare(bench)
    accepted = scope.configure_timebase(Timebase(1.0, 0.3))
    assert accepted.span == pytest.approx(1.0, rel=0.01)
    asked = scope.configure_timebase(Timebase(1e-3, 0.0, points=10_000))
    assert asked.points == 10_000
    with pytest.raises(LimitError, match="points"):
        scope.configure_timebase(Timebase(1e-3, points=10**9))


def test_the_trigger_can_be_forced_and_the_acquisition_stopped(bench: Bench) -> None:
    scope = prepare(bench)
    scope.arm()
    assert not scope.triggered()
    assert not scope.complete()
    scope.force_trigger()
    finish(bench)
    assert scope.triggered()
    assert np.abs(scope.fetch([1])[1].values()).max() < 0.2
    scope.arm()
    scope.abort()
    assert scope.complete()


def test_the_auxiliary_input_triggers(bench: Bench) -> None:
    scope = prepare(bench)
    scope.configure_trigger(EdgeTrigger("external", 1.4))
    record = capture(bench)
    assert np.median(record.values()[0][(record.times() > 0.3e-6) & (record.times() < 0.7e-6)]) > 0.8


def test_a_setting_that_the_scope_changes_is_an_error(bench: Bench) -> None:
    scope = bench.oscilloscope()
    with pytest.raises(InstrumentError, match="222"):
        scope.configure_channel(1, Vertical(1.0, offset=50.0))
    with pytest.raises(LimitError, match="range"):
        scope.configure_channel(1, Vertical(20.0, impedance="50"))


def test_a_5_series_has_no_auxiliary_input(driver_bench: Path) -> None:
    bench = bench_file(driver_bench, "tektronix_mso54", driver="tektronix_mso")
    with Bench.open(bench) as opened:
        scope = prepare(opened)
        with pytest.raises(LimitError, match="no external trigger input"):
            scope.configure_trigger(EdgeTrigger("external", 1.4))
        assert capture(opened).codes.dtype == np.dtype("<i2")
