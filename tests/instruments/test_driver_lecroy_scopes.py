"""The drivers of the LeCroy and Siglent oscilloscopes on their twins, looking at the simulated generator."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.conftest import DRIVER_BENCH, DRIVER_WORLD
from tsbench.errors import GarbledReply, InstrumentError
from tsbench.instruments import EdgeTrigger, Oscilloscope, Pulse, Timebase, Vertical
from tsbench.records import Flag, Waveform
from tsbench.simulated_backends.world.faults import Fault
from tsbench.station.bench.bench import Bench

PULSE = Pulse(base=0.0, amplitude=1.0, width=1e-6, period=10e-6, rise_time=20e-9, fall_time=20e-9)
SHARE = 10e3 / 10.05e3
#: virtual instrument -> driver
TWINS = {"lecroy_t3dso1204": "lecroy_t3dso", "siglent_sds1202xe": "lecroy_t3dso",
         "siglent_sds2204xhd": "siglent_sds_hd", "lecroy_wavesurfer3054z": "lecroy_wavesurfer",
         "lecroy_wavesurfer4054hd": "lecroy_wavesurfer"}


def lay(folder: Path, model: str, imperfections: bool = True) -> Path:
    world = DRIVER_WORLD.replace("keysight_dsox3054t", model)
    (folder / "driver.world.toml").write_text(
        world if imperfections else world.replace("seed = 3", "seed = 3\nimperfections = false"), "utf-8")
    bench = folder / "driver.bench.toml"
    bench.write_text(DRIVER_BENCH.replace("keysight_dsox3000t", TWINS[model]), "utf-8")
    return bench


@pytest.fixture(params=sorted(TWINS))
def bench(request: Any, tmp_path: Path) -> Iterator[Bench]:
    with Bench.open(lay(tmp_path, request.param)) as opened:
        yield opened


def prepare(bench: Bench, segments: int = 1) -> Oscilloscope:
    generator, scope = bench.pulse_generator(), bench.oscilloscope()
    generator.configure_load(math.inf)
    generator.configure_pulse(PULSE)
    generator.configure_burst(segments)
    generator.set_output(True)
    scope.configure_channel(1, Vertical(2.0, 0.5))
    scope.disable_channel(2)
    scope.configure_timebase(Timebase(4e-6, 1e-6, segments))
    scope.configure_trigger(EdgeTrigger(1, 0.5))
    return scope


def capture(bench: Bench) -> Waveform:
    scope = bench.oscilloscope()
    scope.arm()
    bench.pulse_generator().trigger()
    for _ in range(10_000):
        if scope.complete():
            return scope.fetch([1])[1]
        bench.clock.wait(1e-5)
    raise AssertionError("the acquisition did not end")


@pytest.mark.sabotage("units")
def test_volts_and_seconds_of_a_pulse(bench: Bench) -> None:
    scope = prepare(bench)
    record = capture(bench)
    values, times = record.values()[0], record.times()
    caps = scope.capabilities
    assert times[0] == pytest.approx(-1e-6, abs=2 * record.dt)
    assert times[-1] == pytest.approx(3e-6, abs=2 * record.dt)
    high = values > 0.5
    rise = times[np.argmax(high)]
    assert rise == pytest.approx(0.0, abs=3 * record.dt)
    assert np.count_nonzero(high) * record.dt == pytest.approx(1e-6, abs=20e-9)
    bound = 2.0 * (caps.gain_accuracy + caps.offset_accuracy) + 0.01
    assert np.median(values[high]) == pytest.approx(SHARE, abs=bound)
    assert np.median(values[~high]) == pytest.approx(0.0, abs=bound)
    assert record.flags == Flag.NONE


def test_a_record_has_as_many_points_as_asked_for(bench: Bench) -> None:
    scope = prepare(bench)
    scope.configure_timebase(Timebase(4e-6, 1e-6, points=500))
    record = capture(bench)
    assert 400 <= record.codes.shape[1] <= 500
    assert record.times()[-1] - record.times()[0] == pytest.approx(4e-6, rel=0.05)


def test_segments_have_their_times(bench: Bench) -> None:
    scope = bench.oscilloscope()
    if scope.capabilities.segments == 1:
        return
    prepare(bench, 3)
    record = capture(bench)
    assert record.codes.shape[0] == 3
    assert record.segment_times == pytest.approx([0.0, 10e-6, 20e-6], abs=20e-9)
    for values in record.values():
        assert np.count_nonzero(values > 0.5) * record.dt == pytest.approx(1e-6, abs=20e-9)


def test_bytes_behind_the_last_block_are_told(bench: Bench) -> None:
    """The record is whole, but the oscilloscope sent more than was asked for."""
    scope = prepare(bench)
    expected = capture(bench)
    world = next(iter(bench.instruments.managers.values())).visalib.world   # type: ignore[attr-defined]
    begin = world.faults.total
    scope.fetch([1])
    blocks = [k for k, question in enumerate(list(world.faults.trail)[begin:]) if question[1]]
    world.faults.add(Fault(kind="garbled", how="extra", message=world.faults.total + blocks[-2]))
    bench.take_notes()
    try:
        record = scope.fetch([1])[1]
    except GarbledReply:   # the registers of a WaveSurfer can be read once only
        return
    assert any("sent again" in note for note in bench.take_notes())
    assert np.array_equal(record.codes, expected.codes)


def test_what_is_beyond_the_screen_is_flagged(bench: Bench) -> None:
    scope = prepare(bench)
    scope.configure_channel(1, Vertical(0.4, 0.5))
    assert Flag.CLIPPED in capture(bench).flags


def test_a_forced_record(bench: Bench) -> None:
    scope = prepare(bench)
    scope.configure_trigger(EdgeTrigger(2, 1.0))
    scope.arm()
    assert not scope.triggered()
    scope.force_trigger()
    bench.clock.wait(1e-3)
    assert scope.complete()
    assert np.median(scope.fetch([1])[1].values()) == pytest.approx(0.0, abs=0.1)


def test_a_trigger_level_within_the_new_range_stays_although_the_way_to_it_does_not_reach_it(bench: Bench) -> None:
    """Pulses on a base: the range became narrow before the offset followed, so the scope moved the level, and the run
    failed.
    """
    generator, scope = bench.pulse_generator(), prepare(bench)
    generator.configure_pulse(Pulse(0.8, 0.3, 1e-6, 10e-6, 20e-9, 20e-9))
    scope.configure_channel(1, Vertical(2.0, 0.55))
    scope.configure_trigger(EdgeTrigger(1, 0.95))
    scope.configure_channel(1, Vertical(0.5, 0.93))
    record = capture(bench)
    high = record.values()[0] > 0.95
    assert record.times()[np.argmax(high)] == pytest.approx(0.0, abs=5 * record.dt)


def test_a_trigger_level_that_a_range_has_moved_is_noticed(bench: Bench) -> None:
    scope = prepare(bench)
    scope.configure_channel(1, Vertical(8.0))
    scope.configure_trigger(EdgeTrigger(1, 3.0))
    scope.configure_channel(1, Vertical(0.8))
    with pytest.raises(InstrumentError, match="trigger level 3 V was requested"):
        scope.arm()


def test_accepted_settings_and_abort(bench: Bench) -> None:
    scope: Any = prepare(bench)
    found = scope.accepted_settings()
    assert (found["channel_1_range"], found["trigger_level"]) == pytest.approx((2.0, 0.5))
    scope.abort()
    assert scope.complete()
