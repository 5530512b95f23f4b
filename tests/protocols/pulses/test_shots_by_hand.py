"""What protocols of pulses send and record, step by step: records of each pulse, rests, missed triggers, times."""

from dataclasses import replace

import numpy as np
import pytest

from tsbench.protocols import PairedPulse, PulseTrain, Relaxation
from tsbench.protocols.pulse_train.sending import batches
from tsbench.protocols.pulses.pairs import _moves
from tsbench.records import Flag, Waveform


def moving(channel, times):
    """Return a signal with an edge at both ends of a pulse of 1 ms."""
    return np.where(times % 2e-3 < 1e-3, 1.0, 0.0)


def told(steps):
    return [(step.done, step.total, step.message, step.idle) for step in steps]


@pytest.mark.parametrize(("record", "segments", "sizes"), [
    (2_000_000, 1000, [500, 500, 203]), (500_000, 1000, [500, 500, 203]), (499_999, 1000, [499, 499, 205]),
    (2_000_000, 402, [402, 402, 399]), (2_000_000, 401, [401, 401, 401])])
def test_a_segment_keeps_a_thousand_samples_at_least(station, record, segments, sizes):
    scope = replace(station.scope.capabilities, record_length=record, segments=segments)
    parts = batches(1203, scope)
    assert [part.stop - part.start for part in parts] == sizes
    assert [part.start for part in parts] == [0, sizes[0], sizes[0] + sizes[1]]


def test_a_scope_with_a_small_memory_records_pulse_by_pulse(station):
    scope = station.scope.capabilities
    assert batches(3, replace(scope, record_length=999)) == [slice(0, 1), slice(1, 2), slice(2, 3)]
    assert batches(3, replace(scope, record_length=2000)) == [slice(0, 2), slice(2, 3)]


@pytest.mark.parametrize("base", [0.0, 0.1])
def test_the_steps_of_a_train_and_where_it_may_pause(station, recorder, base):
    """Only at a base of 0 V does the device stand at rest between pulses."""
    rests = base == 0.0
    protocol = PulseTrain(count=2, repeats=2, base=base, amplitude=(1.0, 2.0), probe=False, rest=0.15)
    expected = []
    for number, volts in enumerate(("1.000 V", "2.000 V")):
        done = 4 * number
        expected.append((done, 8, f"train of pulses of {volts}", rests))
        for train in range(2):
            expected += [(done + 2 * train, 8, "the device rests", rests)]
            expected.append((done + 2 * train + 2, 8, f"{volts}: 2 pulses", rests))
    assert told(protocol.run(station, recorder)) == [*expected, (8, 8, "output off", rests)]


def test_two_trains_are_numbered_and_not_sent_again(station, recorder):
    station.scope.misses = [1, 0]
    list(PulseTrain(count=2, repeats=2, probe=False, retries=5).run(station, recorder))
    assert len(station.generator.named("trigger")) == 2
    assert [wave.conditions.get("train") for wave in recorder.waveforms] == [0.0, 0.0, 1.0, 1.0]
    assert [point.flags for point in recorder.points] == [Flag.NONE, Flag.TRIGGER_MISSED, Flag.NONE, Flag.NONE]
    (warning,) = recorder.texts("warning")
    assert "missed 1 of 2 pulses" in warning and "kept and flagged" in warning


def test_one_train_has_no_number_and_is_sent_as_often_as_retries_allow(station, recorder):
    station.scope.misses = [1, 1, 1]
    list(PulseTrain(count=2, probe=False, retries=1).run(station, recorder))
    assert len(station.generator.named("trigger")) == 2 and "train" not in recorder.waveforms[0].conditions
    first, last = recorder.texts("warning")
    assert "sent again" in first and "kept and flagged" in last


def test_a_probe_is_waited_for_as_long_as_its_record_and_two_seconds(station, recorder):
    station.scope.misses = [1]
    list(PulseTrain(count=2, width=0.1, period=0.5, rise_time=1e-6, fall_time=1e-6).run(station, recorder))
    (event,) = [event for event in recorder.events if event.kind == "warning"]
    assert "did not see the probe pulse" in event.message
    assert event.time == pytest.approx(0.04 + 0.13 + 2.0, abs=0.051)
    assert len(station.scope.named("configure_channel")) == 2   # the ranges stay


def test_the_record_of_a_pulse_begins_before_it(station, recorder):
    protocol = PulseTrain(count=3, probe=False)
    list(protocol.run(station, recorder))
    (timebase,) = station.scope.named("configure_timebase")
    assert (timebase.segments, timebase.span) == (3, protocol.span)
    assert timebase.position - timebase.span / 2 == pytest.approx(-protocol.lead)


def test_gaps_that_are_waited_for_are_counted_from_the_first_trigger(station, recorder):
    times = []
    trigger = station.generator.trigger
    station.generator.trigger = lambda: (times.append(station.clock.now()), trigger())
    list(PulseTrain(gaps=(0.5, 2.0), width=0.1, probe=False).run(station, recorder))
    assert times == pytest.approx([0.0, 0.6, 2.7])


def test_a_trigger_before_the_pulse_is_told_and_the_scope_armed_again(station, recorder):
    arm, count = station.scope.arm, []

    def early():
        arm()
        count.append(1)
        station.scope.pulses_seen += len(count) == 1

    station.scope.arm = early
    list(PulseTrain(count=2, probe=False).run(station, recorder))
    assert len(count) == 2 and len(station.scope.named("abort")) == 1
    assert recorder.texts("warning") == ["the scope triggered before the pulse was sent. It is armed again"]
    assert [point.flags for point in recorder.points] == [Flag.NONE] * 2


def test_a_train_of_which_segments_are_missing_is_matched_by_their_times(station, recorder):
    fetch = station.scope.fetch
    period = 50e-6

    def late(channels):
        return {number: replace(wave, segment_times=wave.segment_times + period) for number, wave in
                fetch(channels).items()}

    station.scope.fetch, station.scope.misses = late, [1] * 3
    list(PulseTrain(count=3, probe=False, retries=0).run(station, recorder))
    assert [point.flags for point in recorder.points] == [Flag.TRIGGER_MISSED, Flag.NONE, Flag.NONE]
    assert [point.values[1] - recorder.points[0].values[1] for point in recorder.points] == pytest.approx(
        [0.0, period, 2 * period])
    assert [point.values[4] for point in recorder.points] == pytest.approx([0.0, 49e-6, 49e-6])


def test_the_steps_of_pairs_and_their_records(station, recorder):
    """At 500 samples in 1 ms; 0.2 ms before the pulses and 0.5 ms after them, and 2 us."""
    station.scope.signal = moving
    protocol = PairedPulse(gaps="1 ms", repeats=2, rest=0.15)
    steps = told(protocol.run(station, recorder))
    assert steps == [
        (0, 2, "pairs of pulses of 1.400 V", False), (0, 2, "the device rests", False), (1, 2, "gap 1.000 ms", False),
        (1, 2, "the device rests", False), (2, 2, "gap 1.000 ms", False), (2, 2, "output off", False)]
    (timebase,) = station.scope.named("configure_timebase")   # the same gap needs no new one
    whole = 2 * 0.2e-3 + 1.3e-3 + 2e-6 + 1e-3 + 1e-3
    assert (timebase.segments, timebase.span) == (1, pytest.approx(whole))
    assert timebase.points == pytest.approx(500 * whole / 1e-3, abs=1)
    assert timebase.position - timebase.span / 2 == pytest.approx(-0.2e-3)
    first, second = [point.values for point in recorder.points]
    assert first == pytest.approx((0.0, 0.15, 1.4, 1e-3, 1e-3, 0.0))
    assert second == pytest.approx((1.0, 0.15 + 3e-3 + 0.15, 1.4, 1e-3, 1e-3, 0.15))


def test_the_share_of_missed_pairs_is_told_of_each_amplitude(station, recorder):
    station.scope.signal, station.scope.misses = moving, [2, 0, 0, 0, 2, 2]
    list(PairedPulse(gaps="1 ms", repeats=3, amplitude="1 V, 1.4 V", rest=0.0).run(station, recorder))
    first, second = recorder.texts("warning")
    assert "in 1 of 3 pairs of pulses of 1.000 V" in first and "in 2 of 3 pairs of pulses of 1.400 V" in second
    assert [wave.conditions["pair"] for wave in recorder.waveforms[::4]] == [1.0, 2.0, 3.0]


@pytest.mark.parametrize(("codes", "seen"), [(1, False), (8, True)])
def test_a_pulse_counts_where_a_channel_moves_by_more_than_its_noise(station, recorder, codes, seen):
    """A channel of 3.1 V has codes of about 16 mV."""
    aimed = []

    def signal(channel, times):
        aimed.append(station.scope.vertical[channel].range / 200)
        return codes * aimed[0] * moving(channel, times) if channel == 1 else np.zeros_like(times)

    station.scope.signal = signal
    list(PairedPulse(gaps="1 ms", repeats=1, rest=0.0).run(station, recorder))
    assert (recorder.points[0].flags == Flag.NONE) is seen


def test_a_pulse_that_only_the_second_channel_shows_counts(station, recorder):
    station.scope.signal = lambda channel, times: moving(channel, times) * (channel == 2)
    list(PairedPulse(gaps="1 ms", repeats=1, rest=0.0).run(station, recorder))
    assert recorder.points[0].flags == Flag.NONE and len(recorder.waveforms) == 4


def test_a_pair_of_which_only_the_first_pulse_moves_is_missed(station, recorder):
    station.scope.signal = lambda channel, times: np.where((times > 0) & (times < 1e-3), 1.0, 0.0)
    list(PairedPulse(gaps="1 ms", repeats=1, rest=0.0).run(station, recorder))
    assert recorder.points[0].flags == Flag.TRIGGER_MISSED
    assert all(wave.flags & Flag.TRIGGER_MISSED for wave in recorder.waveforms)


def test_the_record_of_a_relaxation(station, recorder):
    protocol = Relaxation(repeats=2, window=30e-3, samples=10_000, rest=0.15)
    steps = told(protocol.run(station, recorder))
    assert steps == [
        (0, 2, "pulses of 1.400 V", False), (0, 2, "the device rests", False), (1, 2, "1.400 V: pulse 1", False),
        (1, 2, "the device rests", False), (2, 2, "1.400 V: pulse 2", False), (2, 2, "output off", False)]
    (timebase,) = station.scope.named("configure_timebase")
    span = 0.2e-3 + 1e-3 + 2e-6 + 30e-3
    assert (timebase.span, timebase.points) == (pytest.approx(span), 10_000)
    assert timebase.position - timebase.span / 2 == pytest.approx(-0.2e-3)
    first, second = [point.values for point in recorder.points]
    assert first == pytest.approx((0.0, 0.15, 1.4, 1e-3, 0.0))
    assert second == pytest.approx((1.0, 0.30 + span, 1.4, 1e-3, 0.15))
    assert set(station.generator.named("configure_burst")) == {1}


def test_a_missed_pulse_of_a_relaxation_is_named(station, recorder):
    station.scope.misses = [0, 1]
    list(Relaxation(repeats=2, rest=0.0).run(station, recorder))
    (warning,) = recorder.texts("warning")
    assert warning.startswith("the scope missed pulse 1.")


def test_the_pulses_of_a_long_pair_are_waited_for_to_the_end_of_the_second(station, recorder):
    """Each has a record of its own: 2 us before it and 13 us after its edge."""
    station.scope.misses = [1]
    edges = {"rise_time": 10e-9, "fall_time": 10e-9}
    list(PairedPulse(gaps="1 s", width="10 us", repeats=1, rest=0.0, **edges).run(station, recorder))
    (timebase,) = station.scope.named("configure_timebase")
    assert (timebase.segments, timebase.span) == (2, pytest.approx(4e-6 + 13e-6 + 20e-9))
    (event,) = [event for event in recorder.events if event.kind == "warning"]
    assert event.time == pytest.approx(1.0 + 2.0, abs=0.051)
    assert recorder.points[0].flags == Flag.TRIGGER_MISSED


def test_a_pair_in_one_record_that_was_missed_is_waited_for_as_long_as_the_record(station, recorder):
    station.scope.misses = [2]
    list(PairedPulse(gaps="1 s", width="1 s", longest=2, repeats=1, rest=0.0).run(station, recorder))
    (event,) = [event for event in recorder.events if event.kind == "warning"]
    assert event.time == pytest.approx(0.4 + 1.3 + 2.0 + 2.0, abs=0.051)


def test_the_rest_of_a_pair_counts_from_the_end_of_its_second_pulse(station, recorder):
    station.scope.signal = moving
    trigger = station.generator.trigger
    station.generator.trigger = lambda: (trigger(), station.clock.wait(0.5))
    list(PairedPulse(gaps="1 ms", repeats=2, rest=0.0).run(station, recorder))
    first, second = [point.values for point in recorder.points]
    free = 0.5 + 2 * 2e-3   # the trigger was taken half a second late at most, and the burst has two periods
    assert (first[5], second[5]) == (0.0, pytest.approx(free - 3e-3)) and second[1] == pytest.approx(free)


@pytest.mark.parametrize("base", [0.0, 0.1])
def test_pairs_may_pause_where_the_device_rests_at_zero(station, recorder, base):
    station.scope.signal = moving
    steps = told(PairedPulse(gaps="1 ms", repeats=1, rest=0.15, base=base).run(station, recorder))
    assert [idle for *_, idle in steps] == [base == 0.0] * 4


@pytest.mark.parametrize(("samples", "length", "codes", "seen"), [
    (200, 100, 2, False), (200, 100, 3, True),   # two codes, and what is left of the noise of half a code
    (40, 1, 13, False), (40, 1, 14, True),       # means of five samples at least
    (420, 1, 49, False), (420, 1, 50, True),     # of a twentieth of the record
])
def test_a_record_moves_by_its_means(samples, length, codes, seen):
    values = np.zeros((1, samples), dtype=np.int8)
    values[0, samples // 2 : samples // 2 + length] = codes
    assert _moves(Waveform("1", "V", values, 1e-3, 0.0, 0.0, 1e-6, np.zeros(1))) is seen
