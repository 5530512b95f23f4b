"""The pulse train against a recording bench: plan, order of arming and firing, missed triggers, gaps."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tsbench.errors import ConfigurationError
from tsbench.instruments import Pulse, Range
from tsbench.protocols import PulseTrain
from tsbench.protocols.pulses.delivery import delivery, pulse_starts, train_waveform
from tsbench.records import DeviceLimits, Flag


def run(station, recorder, **values):
    return list(PulseTrain(**values).run(station, recorder))


def order(station):
    return [(who, method) for who, method, _ in station.calls]


def test_each_train_is_armed_before_it_is_fired(station, recorder):
    run(station, recorder, amplitude=(1.0, 1.2), count=5)
    calls = order(station)
    fired = [k for k, call in enumerate(calls) if call == ("FakeGenerator", "trigger")]
    assert len(fired) == 4  # a probe and a train for each amplitude
    for k in fired:
        before = calls[:k]
        assert ("FakeScope", "arm") in before
        assert before[::-1].index(("FakeScope", "arm")) < before[::-1].index(
            ("FakeGenerator", "configure_burst")
        )
    assert [burst for burst in station.generator.named("configure_burst")] == [1, 1, 5, 1, 1, 5]
    assert not station.generator.output


def test_records_and_points_say_what_they_are(station, recorder):
    run(station, recorder, amplitude=(1.0, 1.2), count=5, width=2e-6)
    assert [wave.channel for wave in recorder.waveforms] == ["device_voltage_high", "device_voltage_low"] * 2
    assert [wave.conditions["amplitude"] for wave in recorder.waveforms] == [1.0, 1.0, 1.2, 1.2]
    assert all(
        wave.conditions["pulse_width"] == 2e-6 and wave.codes.shape[0] == 5 for wave in recorder.waveforms
    )
    assert len(recorder.points) == 10
    index, time, amplitude, _, gap = np.array([point.values for point in recorder.points]).T
    assert list(index) == list(range(10))
    assert list(amplitude) == [1.0] * 5 + [1.2] * 5
    np.testing.assert_allclose(np.diff(time)[:4], 50e-6)
    np.testing.assert_allclose(gap[1:5], 48e-6)
    assert gap[0] == gap[5] == 0
    assert all(point.flags == Flag.NONE for point in recorder.points)


def test_the_record_holds_the_whole_pulse(station, recorder):
    run(station, recorder, width=1e-6)
    wave = recorder.waveforms[0]
    assert wave.times()[0] <= -0.2e-6 * 0.999
    assert wave.times()[-1] >= 1e-6 * 1.3


def test_levels_go_into_an_open_load_within_limits_of_the_plan(station, recorder):
    run(station, recorder, amplitude=(1.0, -0.5), base=0.1)
    assert station.generator.named("configure_load") == [math.inf]
    assert station.generator.named("configure_level_limits") == [(-0.4, 1.1)]
    tops = [pulse.base + pulse.amplitude for pulse in station.generator.named("configure_pulse")]
    assert max(tops) <= 1.1 and min(tops) >= -0.4
    slopes = [
        (trigger.slope, pytest.approx(trigger.level)) for trigger in station.scope.named("configure_trigger")
    ]
    assert slopes == [("positive", 0.6), ("negative", -0.15)]


def test_the_probe_only_tightens_the_ranges(station, recorder):
    station.scope.signal = lambda channel, times: np.where(times > 0, 1.0 if channel == 1 else 0.05, 0.0)
    run(station, recorder, amplitude=(1.0,))
    settings = station.scope.named("configure_channel")
    safe, tight = settings[:2], settings[2:]
    for (channel, wide), (same, narrow) in zip(safe, tight, strict=True):
        assert channel == same and narrow.range <= wide.range
    assert tight[1][1].range < 0.2 * safe[1][1].range
    assert not any(wave.flags & Flag.CLIPPED for wave in recorder.waveforms)


def test_a_current_beyond_what_the_source_gives_is_probed_once_more(station, recorder):
    """A device that switches discharges the capacitance beside it through itself."""
    station.scope.signal = lambda channel, times: np.where(times > 0, 1.0 if channel == 1 else 0.9, 0.0)
    run(station, recorder, amplitude=(1.0,))
    assert len(station.generator.named("trigger")) == 3   # two probes and the train
    assert not any(wave.flags & Flag.CLIPPED for wave in recorder.waveforms)
    ranges = [vertical.range for channel, vertical in station.scope.named("configure_channel") if channel == 2]
    assert ranges[0] < ranges[1] and ranges[2] <= ranges[1]
    assert any("two probe pulses of" in event.message for event in recorder.events)


@pytest.mark.parametrize("values", [{}, {"repeats": 3}])
def test_no_trigger_comes_before_the_burst_before_is_over(station, recorder, monkeypatch, values):
    """A generator that still plays a period ignores it, and the scope records nothing."""
    sent, trigger = [], station.generator.trigger

    def note() -> None:
        sent.append(station.clock.now())
        trigger()

    monkeypatch.setattr(station.generator, "trigger", note)
    run(station, recorder, amplitude=(1.0,), count=2, width=1e-3, period=0.5, **values)
    bursts = [count * 0.5 for count in station.generator.named("configure_burst")[1:]]   # after that of the set-up
    assert len(sent) == len(bursts) == 1 + values.get("repeats", 1)
    assert all(later - sooner >= busy for sooner, later, busy in zip(sent, sent[1:], bursts, strict=False))


def test_a_clipped_record_is_flagged(station, recorder):
    station.scope.signal = lambda channel, times: np.full_like(times, 9.0)
    run(station, recorder, amplitude=(1.0,))
    assert all(wave.flags & Flag.CLIPPED for wave in recorder.waveforms)


def test_a_missed_trigger_is_repeated_and_then_flagged(new_station, new_recorder):
    station, recorder = new_station(), new_recorder()
    station.scope.misses = [0, 2]  # the probe, then the first train
    run(station, recorder, count=5)
    assert all(point.flags == Flag.NONE for point in recorder.points)
    assert "missed 2 of 5" in recorder.texts("warning")[0]
    station, recorder = new_station(), new_recorder()
    station.scope.misses = [0, 2, 2, 2]
    run(station, recorder, count=5)
    missed = [bool(point.flags & Flag.TRIGGER_MISSED) for point in recorder.points]
    assert missed == [False, False, False, True, True]
    assert all(wave.flags & Flag.TRIGGER_MISSED and wave.codes.shape[0] == 3 for wave in recorder.waveforms)
    assert len(recorder.texts("warning")) == 3


def test_nothing_seen_at_all_leaves_flagged_points(station, recorder):
    station.scope.misses = [9] * 9
    run(station, recorder, count=3, retries=1)
    assert len(recorder.points) == 3
    assert all(point.flags & Flag.TRIGGER_MISSED for point in recorder.points)
    assert all(math.isfinite(value) for point in recorder.points for value in point.values)


def test_stop_at_every_step(new_station, new_recorder):
    train = PulseTrain(amplitude=(1.0, 1.2), gaps=(0.3, 0.05), count=4)
    whole = len(list(train.run(new_station(), new_recorder())))
    assert whole > 8
    for stop_at in range(whole):
        recorder = new_recorder()
        steps = train.run(new_station(), recorder)
        for _ in range(stop_at + 1):
            step = next(steps)
        steps.close()
        assert step.total == 6 and step.done == len(recorder.points)


def test_long_trains_go_in_batches(station, recorder):
    run(station, recorder, count=1203)
    assert [len(w.segment_times) for w in recorder.waveforms[::2]] == [500, 500, 203]
    assert len(recorder.points) == 1203


@pytest.mark.parametrize("values", [{"count": 3, "period": 0.2}, {"gaps": (0.2, 0.3)}])
@pytest.mark.parametrize("trigger", ["device", "external"])
def test_a_scope_with_one_segment_keeps_the_times_of_a_train(station, recorder, values, trigger):
    """Before, each pulse came as soon as the scope had the one before."""
    station.scope.capabilities = replace(station.scope.capabilities, segments=1)
    station.generator.capabilities = replace(station.generator.capabilities, arbitrary_points=Range(32, 100, ""))
    train = PulseTrain(**values, trigger=trigger, probe=False)
    assert train.plan(station).refusals == () and not any("at once" in line for line in train.plan(station).warnings)
    list(train.run(station, recorder))
    times = [point.values[1] for point in recorder.points]
    assert np.diff(times) == pytest.approx(np.diff(train.starts())) and len(station.generator.named("trigger")) == 3


def test_the_plan_says_that_pulses_wait_for_the_scope(station):
    assert not any("at once" in line for line in PulseTrain(count=500).plan(station).warnings)
    assert any("records 500 of 1203 pulses at once" in line for line in PulseTrain(count=1203).plan(station).warnings)
    station.scope.capabilities = replace(station.scope.capabilities, segments=1)
    assert any("So after each pulse, the next one comes up to 100 ms later" in line
               for line in PulseTrain(count=3).plan(station).warnings)


def test_a_record_is_never_larger_than_the_memory_of_the_scope(station):
    """Pulses of 50 ms at 2.5 GS/s were predicted to need many gigabytes."""
    plan = PulseTrain(amplitude=(1.0,), width=50e-3, period=2.0, count=10).plan(station)
    assert plan.bytes == 10 * 2 * station.scope.capabilities.record_length


def test_short_gaps_become_a_waveform(station, recorder):
    run(station, recorder, gaps=(5e-6, 20e-6))
    (waveform,) = station.generator.named("load_waveform")
    times = np.arange(len(waveform.levels)) / waveform.sample_rate
    high = np.flatnonzero(np.diff((waveform.levels > 1.15 / 2).astype(int)) > 0)
    np.testing.assert_allclose(np.diff(times[high]), [6e-6, 21e-6], atol=2 / waveform.sample_rate)
    assert waveform.levels[0] == waveform.levels[-1] == 0
    assert waveform.levels.max() == pytest.approx(1.15)
    assert station.generator.named("configure_burst")[-1] == 1


def test_long_gaps_are_waited_for_on_the_benchs_clock(station, recorder):
    run(station, recorder, gaps=(0.5, 2.0), probe=False)
    assert len(station.generator.named("trigger")) == 3
    assert station.generator.named("load_waveform") == []
    assert station.clock.now() >= 2.5


def test_plan_numbers(station):
    plan = PulseTrain(amplitude=(1.0, 1.15), count=20).plan(station)
    worst = {item.quantity: item.value for item in plan.worst_case}
    assert plan.points == 40 and plan.refusals == ()
    assert worst["voltage"] == pytest.approx(1.15)
    assert worst["current"] == pytest.approx(1.15 / 102)
    assert worst["energy"] == pytest.approx(1.15**2 / 408 * 1e-6 + 80e-12 * 1.15**2 / 2, rel=1e-6)
    assert worst["charge"] == pytest.approx(1.15 / 102 * 1e-6 + 80e-12 * 1.15, rel=1e-6)
    assert worst["pulses"] == 3 * 40 + 2 * 2   # all of them three times, and two probes at each amplitude
    assert worst["total charge"] == pytest.approx(124 * worst["charge"])
    assert any("one probe pulse is sent at each amplitude (2 in all; a" in warning for warning in plan.warnings)
    assert any("the pulses of its record are sent again, up to 2 times" in warning for warning in plan.warnings)
    assert station.calls == []
    slow = PulseTrain(amplitude=(1.0, 1.15), count=20, period=0.5).plan(station)
    assert slow.duration == pytest.approx(plan.duration + 2 * 21 * 0.5, rel=0.01)   # with the period of the probe


@pytest.mark.parametrize(
    ("values", "limits", "word"),
    [
        ({"amplitude": 5.0}, DeviceLimits(max_voltage=4.0), "max_voltage"),
        ({"amplitude": 3.0}, DeviceLimits(max_current=20e-3), "max_current"),
        ({"width": 30e-6}, DeviceLimits(max_charge=1e-7), "max_charge"),
        ({"width": 30e-6}, DeviceLimits(max_energy=1e-8), "max_energy"),
        ({"amplitude": 12.0}, DeviceLimits(), "base + amplitude"),
        ({"width": 4e-9, "rise_time": 3e-9, "fall_time": 3e-9}, DeviceLimits(), "width"),
        ({"rise_time": 1e-9}, DeviceLimits(), "rise_time"),
        ({"width": 40e-6, "record_span": 60e-6}, DeviceLimits(), "are too long for pulses that are"),
        ({"gaps": (5e-3, 90e-3)}, DeviceLimits(), "waveform points"),
    ],
)
def test_plan_refuses(new_station, values, limits, word):
    refusals = PulseTrain.parse(values).plan(new_station(limits)).refusals
    assert any(word in refusal for refusal in refusals), refusals


def test_plan_refuses_without_sensing(station):
    assert any(
        "no scope channel" in refusal for refusal in PulseTrain().plan(station.without_scope()).refusals
    )


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"amplitude": "0 V"}, "0 V"),
        ({"amplitude": "1 V, b"}, "not a quantity"),
        ({"width": "60 us"}, "does not fit"),
        ({"gaps": "0 s"}, "gaps"),
        ({"width": "5 ns"}, "shorter than the edges of the pulse"),
        ({"count": 0}, "count"),
        ({"amplitude": []}, "amplitude"),
        ({"trigger": "line"}, "trigger"),
    ],
)
def test_bad_parameters_get_one_clear_line(values, words):
    with pytest.raises(ConfigurationError) as caught:
        PulseTrain.parse(values)
    assert words in str(caught.value) and "\n" not in str(caught.value)


@given(
    width=st.floats(1e-7, 1e-5),
    edge=st.floats(5e-9, 4e-8),
    gaps=st.lists(st.floats(1e-7, 1e-4), min_size=1, max_size=5),
    amplitude=st.floats(-3, 3),
    base=st.floats(-1, 1),
)
@settings(max_examples=80, deadline=None)
def test_any_waveform_stays_within_its_levels_and_keeps_its_pulses(
    new_station, width, edge, gaps, amplitude, base
):
    pulse = Pulse(base, amplitude, width, 1.0, edge, edge)
    starts = pulse_starts(width, 1.0, 1, gaps)
    how = delivery(pulse, starts, gaps, new_station().generator.capabilities)
    assert how.means == "waveform"
    waveform = train_waveform(pulse, starts, how.sample_rate)
    low, high = sorted([base, base + amplitude])
    assert waveform.levels.min() >= low - 1e-12 and waveform.levels.max() <= high + 1e-12
    assert waveform.levels[0] == base and waveform.levels[-1] == pytest.approx(base)
    assert len(waveform.levels) <= 4_000_002


def test_a_pulse_that_goes_alone_has_a_period_that_the_generator_has(station, recorder):
    """Between pulses that a clock triggers, the generator plays one pulse: its own period is as short as can be."""
    station.generator.capabilities = replace(
        station.generator.capabilities, pulse_period=Range(100e-9, 1e6, "s"), pulse_width=Range(16e-9, 1e6, "s"))
    run(station, recorder, width=30e-9, rise_time=10e-9, fall_time=10e-9, gaps=(1e-3, 2e-3), count=2)
    periods = {pulse.period for pulse in station.generator.named("configure_pulse")}
    assert periods and min(periods) == 100e-9
