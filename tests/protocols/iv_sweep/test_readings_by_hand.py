"""What a sweep sets and when it reads, by hand: ranges, levels, steps, times, and which readings are flagged."""

from dataclasses import replace

import numpy as np
import pytest

from tsbench.errors import InstrumentError
from tsbench.protocols import IVSweep
from tsbench.records import Flag

COLUMNS = [column.name for column in IVSweep.columns]


def column(recorder, name):
    return [point.values[COLUMNS.index(name)] for point in recorder.points]


def follow(station):
    """Let the scope see the device's 10 kOhm, without a movement."""
    station.scope.signal = lambda channel, times: np.full_like(
        times, station.meter.level if channel == 1 else station.meter.level / 10e3 * 50)


@pytest.mark.parametrize(("given", "source", "measure"), [
    ({}, ("voltage", 1e-3, 1.0), ("current", 1e-3, 0.5)),
    ({"measure_range": "auto"}, ("voltage", 1e-3, 1.0), ("current", None, 0.5)),
    ({"start": -2.0}, ("voltage", 1e-3, 2.0), ("current", 1e-3, 0.5)),
    ({"drive": "current", "stop": 1e-3, "step": 5e-4, "compliance": 3.0}, ("current", 3.0, 1e-3),
     ("voltage", 3.0, 0.5)),
])
def test_what_the_source_meter_is_set_to(station, recorder, given, source, measure):
    list(IVSweep.parse({"stop": 1.0, "step": 0.5, "nplc": 0.5, **given}).run(station, recorder))
    (sourced,), (measured,) = (station.meter.named(name) for name in ("configure_source", "configure_measure"))
    assert (sourced.function, sourced.compliance, sourced.range) == source
    assert (measured.function, measured.range, measured.nplc) == measure


@pytest.mark.parametrize(("given", "voltage", "current"), [
    ({"stop": 1.0, "step": 0.5}, (0.0, 1.0), (0.0, 1e-3)),
    ({"stop": -1.0, "step": 0.5}, (-1.0, 0.0), (-1e-3, 0.0)),
    ({"stop": 1.0, "step": 0.5, "both_polarities": True}, (-1.0, 1.0), (-1e-3, 1e-3)),
    ({"start": 0.5, "stop": 1.0, "step": 0.5}, (0.0, 1.0), (0.0, 1e-3)),
    ({"drive": "current", "stop": 1e-3, "step": 5e-4, "compliance": 3.0}, (0.0, 3.0), (0.0, 1e-3)),
])
def test_the_scope_has_room_up_to_the_compliance_with_the_signs_of_the_levels(
    station, recorder, given, voltage, current,
):
    list(IVSweep.parse(given).run(station, recorder))
    shown = {number: (v.offset - 0.4 * v.range, v.offset + 0.4 * v.range)
             for number, v in station.scope.named("configure_channel")}
    assert shown == {1: pytest.approx(voltage), 2: pytest.approx((50 * current[0], 50 * current[1]))}


def test_the_steps_of_a_sweep_that_is_checked(station, recorder):
    follow(station)
    run = IVSweep(start=0.5, stop=1.0, step=0.25, dual=False, approach_rate=1.0, check_every=2).run(station, recorder)
    steps = [(s.done, s.total, s.message, s.idle, round(station.clock.now(), 6), station.meter.output) for s in run]
    assert steps == [
        (0, 3, "output on at 0", True, 0.0, True), (0, 3, "ramp", False, 0.25, True), (0, 3, "ramp", False, 0.5, True),
        (0, 3, "500.0 mV", False, 0.521, True), (0, 3, "750.0 mV", False, 0.542, True),
        (2, 3, "1.000 V", False, 0.563, True),
        *[(3, 3, "ramp", False, round(0.563 + 0.25 * k, 6), True) for k in (1, 2, 3, 4)],
        (3, 3, "output off", True, 1.563, False)]
    assert column(recorder, "time") == pytest.approx([0.521, 0.542, 0.563])


def test_the_time_of_a_reading_is_that_of_the_benchs_clock(station, recorder):
    """Whatever zero the source meter counts from."""
    measure = station.meter.measure
    station.meter.measure = lambda: replace(measure(), time=5.0)
    list(IVSweep(stop=1.0, step=0.5).run(station, recorder))
    assert column(recorder, "time") == pytest.approx([0.021 * (k + 1) for k in range(5)])


def test_the_times_of_a_native_sweep_follow_the_meters_from_the_first_reading_on(station, recorder):
    """At 50 Hz a point is expected after 43 ms; this meter takes 21 ms for each, and counts from a zero of its own."""
    fetch = station.meter.fetch_sweep
    station.meter.fetch_sweep = lambda *span: [replace(one, time=one.time + 7.0) for one in fetch(*span)]
    run = IVSweep(stop=1.0, step=0.5, cycles=2, check_oscillation=False).run(station, recorder)
    seen = [(station.clock.now(), step.done) for step in run]
    began = [0.0, next(time for time, done in seen if done == 5)]
    assert column(recorder, "time") == pytest.approx([start + 0.043 + 0.021 * k for start in began for k in range(5)])
    assert [levels.tolist() for levels in station.meter.named("start_sweep")] == [[0, 0.5, 1, 0.5, 0]] * 2
    assert column(recorder, "index") == list(range(10)) and column(recorder, "cycle") == [1.0] * 5 + [2.0] * 5
    assert {flag for point in recorder.points for flag in [point.flags]} == {Flag.UNCHECKED}


@pytest.mark.parametrize(("given", "longest"), [({}, 0.043), ({"nplc": 10.0}, 0.05), ({"nplc": 0.01}, 0.0034)])
def test_a_native_sweep_may_be_stopped_at_every_twentieth_of_a_second(station, recorder, given, longest):
    sweep = IVSweep(stop=1.0, step=0.1, check_oscillation=False, **given)
    times = [station.clock.now() for _ in sweep.run(station, recorder)]
    assert max(np.diff(times)) == pytest.approx(longest)


def test_a_native_sweep_is_waited_for_five_times_as_long_as_expected_and_five_seconds(station, recorder):
    station.meter.stuck = True
    with pytest.raises(InstrumentError, match=r"only 0 of 21 points after 9\.52 s"):
        list(IVSweep(stop=1.0, step=0.1, check_oscillation=False).run(station, recorder))
    assert 5 * 21 * 0.043 + 5 < station.clock.now() < 5 * 21 * 0.043 + 5.1


def test_a_native_sweep_that_reaches_the_compliance_is_stopped_and_ramped_from_there(station, recorder):
    sweep = IVSweep(stop=1.0, step=0.1, compliance=55e-6, stop_on_compliance=True, check_oscillation=False)
    list(sweep.run(station, recorder))
    assert len(recorder.points) == 7 and len(station.meter.named("abort")) == 1
    held = station.meter.level
    assert held == 0.0 and station.meter.named("set_level")[1] == 0.0
    levels = station.meter.named("set_level")[2:]
    assert levels[0] >= 0.6 - 1e-9 and levels[-1] == 0.0 and np.all(np.diff(levels) <= 0)
    assert np.abs(np.diff(levels)).max() <= 0.1 + 1e-9


def test_a_native_sweep_to_its_end_is_not_aborted(station, recorder):
    sweep = IVSweep(stop=1.0, step=0.1, dual=False, compliance=95e-6, stop_on_compliance=True, check_oscillation=False)
    list(sweep.run(station, recorder))
    assert len(recorder.points) == 11 and station.meter.named("abort") == []


def test_of_a_current_driven_sweep_the_ramps_wait_for_the_dwell(station, recorder):
    run = IVSweep(drive="current", start=1e-5, stop=2e-5, step=5e-6, compliance=2.0, dwell=0.5).run(station, recorder)
    steps = [(station.clock.now(), step.message) for step in run]
    ramps = [time for time, message in steps if message in {"output on at 0", "ramp"}]
    assert np.diff(ramps)[:2] == pytest.approx([0.5, 0.5]) and len(ramps) == 1 + 2 + 2
    assert [message for _, message in steps[3:8]] == ["10.00 uA", "15.00 uA", "20.00 uA", "15.00 uA", "10.00 uA"]


def oscillates_above(station, level):
    def signal(channel, times):
        steady = np.full_like(times, station.meter.level if channel == 1 else station.meter.level / 10e3 * 50)
        return steady - 0.3 * np.mod(times * 1e6, 1.0) if channel == 1 and station.meter.level > level else steady

    station.scope.signal = signal


@pytest.mark.parametrize(("every", "flagged"), [(1, range(13, 28)), (2, range(12, 30)), (4, range(12, 32))])
def test_a_block_is_flagged_whole_where_it_ends_or_began_with_an_oscillation(station, recorder, every, flagged):
    """In steps of 50 mV the device oscillates from reading 13 (650 mV) to reading 27 (650 mV)."""
    oscillates_above(station, 0.625)
    list(IVSweep(stop=1.0, step=0.05, check_every=every).run(station, recorder))
    assert [k for k, point in enumerate(recorder.points) if point.flags == Flag.OSCILLATING] == list(flagged)
    started, ended = [event for event in recorder.events if event.data]
    assert set(started.data) == {"set_point", "frequency", "peak_to_peak"} and set(ended.data) == {"set_point"}
    assert started.data["frequency"] == pytest.approx(1e6, rel=0.02)
    assert started.data["peak_to_peak"] == pytest.approx(0.3, abs=0.05)
    first = {1: 0.65, 2: 0.65, 4: 0.75}[every]
    assert started.data["set_point"] == pytest.approx(first) and (started.kind, ended.kind) == ("warning", "log")


def test_a_scope_that_gives_no_more_records_leaves_readings_unchecked(station, recorder):
    follow(station)
    run = IVSweep(stop=1.0, step=0.25, check_every=3).run(station, recorder)
    for step in run:
        if step.done == 3:
            station.scope.complete = lambda: False
    assert [point.flags for point in recorder.points] == [Flag.NONE] * 3 + [Flag.UNCHECKED] * 6
    assert len(recorder.texts("warning")) == 2
    assert "no record at 750.0 mV" in recorder.texts("warning")[0]


def test_a_scope_that_gives_no_record_at_rest_is_not_waited_for_again(station, recorder):
    station.scope.complete = lambda: False
    list(IVSweep(stop=1.0, step=0.25).run(station, recorder))
    assert [point.flags for point in recorder.points] == [Flag.UNCHECKED] * 9
    assert len(recorder.texts("warning")) == 1 and len(station.meter.named("start_sweep")) == 1


def test_a_stop_keeps_what_was_read_as_unchecked(station, recorder):
    follow(station)
    run = IVSweep(stop=1.0, step=0.25, check_every=4).run(station, recorder)
    for step in run:
        if step.message == "1.000 V":
            break
    run.close()
    assert [point.flags for point in recorder.points] == [Flag.NONE] * 4 + [Flag.UNCHECKED]
