"""Paired pulses and relaxation against a recording bench: order of gaps, both pulses, missed triggers, stop."""

from collections import Counter
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from tsbench.errors import ConfigurationError
from tsbench.protocols import PairedPulse, PulseTrain, Relaxation, protocol_named
from tsbench.protocols.pulses.layout import pair_layout, set_ranges
from tsbench.records import DeviceLimits, Flag


def run(protocol, station, recorder):
    return list(protocol.run(station, recorder))


def gaps_of(recorder):
    return [point.values[4] for point in recorder.points]


def test_every_gap_comes_once_in_each_repeat_in_an_order_from_the_seed(new_station, new_recorder):
    orders = []
    for seed in (1, 1, 2):
        recorder = new_recorder()
        run(PairedPulse(points=5, repeats=3, seed=seed), new_station(), recorder)
        orders.append(gaps_of(recorder))
    assert orders[0] == orders[1] != orders[2]
    for block in range(3):
        assert sorted(orders[0][5 * block : 5 * block + 5]) == pytest.approx(np.geomspace(0.3e-3, 30e-3, 5))
    assert orders[0][:5] != orders[0][5:10] or orders[0][5:10] != orders[0][10:]


def test_a_pair_is_one_burst_of_two_with_the_gap_between(station, recorder):
    run(PairedPulse(gaps="1 ms, 5 ms", repeats=2, width="2 ms"), station, recorder)
    pulses = station.generator.named("configure_pulse")
    assert {round(pulse.period - pulse.width, 9) for pulse in pulses} == {1e-3, 5e-3}
    assert all(pulse.base == 0.1 and pulse.amplitude == 1.4 for pulse in pulses)
    assert set(station.generator.named("configure_burst")) == {2}
    assert len(station.generator.named("trigger")) == len(recorder.points) == 4
    assert not station.generator.output


@pytest.mark.parametrize("amplitude", [1.4, -1.4])
def test_the_generators_overshoot_stays_on_the_screen(station, amplitude):
    """A tenth of the amplitude on either side, at the device as at the sense resistor."""
    set_to = {}
    view = SimpleNamespace(
        windows=lambda voltage, current: {"voltage": voltage, "current": current}, configure=set_to.update,
        scope=station.scope, trigger_channel=1)
    set_ranges(PairedPulse(base=0.1 if amplitude > 0 else -0.1), amplitude, view, 1e3)
    low, high = set_to["voltage"]
    assert max(abs(low), abs(high)) == pytest.approx(1.5 + 0.14)
    assert min(abs(low), abs(high)) == pytest.approx(0.14) and low < 0 < high
    assert set_to["current"] == pytest.approx((low / 1e3, high / 1e3))


def test_both_pulses_of_a_pair_are_recorded_without_losing_a_sample(station, recorder):
    run(PairedPulse(gaps="1 ms, 5 ms", repeats=1, amplitude="1.2 V, 1.4 V"), station, recorder)
    assert len(recorder.waveforms) == 4 * 2 * 2  # pairs, pulses, channels
    for k in range(0, 16, 4):
        first, low, second, _ = recorder.waveforms[k : k + 4]
        assert first.channel == second.channel == "device_voltage_high" and low.channel == "device_voltage_low"
        assert first.conditions["pulse"] == 1 and second.conditions["pulse"] == 2
        assert {**first.conditions, "pulse": 0} == {**second.conditions, "pulse": 0}
        assert second.t0 == pytest.approx(first.t0 + first.codes.shape[1] * first.dt)
        edge = 1e-3 + first.conditions["gap"]
        assert second.t0 == pytest.approx(edge + first.t0, abs=2 * first.dt)
        assert second.times()[-1] > edge + 1e-3
    assert Counter(w.conditions["pair"] for w in recorder.waveforms) == {0.0: 4, 1.0: 4, 2.0: 4, 3.0: 4}


def test_a_gap_too_long_for_one_record_is_recorded_pulse_by_pulse(station, recorder):
    protocol = PairedPulse(gaps="20 us, 1 s", width="10 us", rise_time="10 ns", fall_time="10 ns", repeats=1)
    assert any("each pulse has its own record" in warning for warning in protocol.plan(station).warnings)
    run(protocol, station, recorder)
    segments = {timebase.segments for timebase in station.scope.named("configure_timebase")}
    assert segments == {1, 2}
    split = [w for w in recorder.waveforms if w.conditions["gap"] == 1.0]
    assert [w.conditions["pulse"] for w in split] == [1, 1, 2, 2] and all(w.codes.shape[0] == 1 for w in split)
    assert split[2].t0 == split[0].t0 < 0


def test_the_device_rests_between_pairs(station, recorder):
    run(PairedPulse(points=3, repeats=2, rest="0.2 s"), station, recorder)
    rests = [point.values[5] for point in recorder.points]
    assert rests[0] == 0 and min(rests[1:]) >= 0.199


def test_a_missed_pair_is_flagged_and_told(station, recorder):
    station.scope.misses = [0, 9, 0, 0]
    station.scope.signal = lambda channel, times: np.where(times % 1e-3 < 0.5e-3, 1.0, 0.0)
    run(PairedPulse(points=2, repeats=2), station, recorder)
    assert [bool(point.flags & Flag.TRIGGER_MISSED) for point in recorder.points] == [False, True, False, False]
    assert all(np.isfinite(point.values).all() for point in recorder.points)
    assert any("1 of 4 pairs" in warning for warning in recorder.texts("warning"))
    assert {w.conditions["pair"] for w in recorder.waveforms} == {0.0, 2.0, 3.0}


@pytest.mark.parametrize("protocol", [
    PairedPulse(points=2, repeats=2, amplitude="1.2 V, 1.4 V", rest="0.3 s"),
    Relaxation(repeats=2, amplitude="1.2 V, 1.4 V", rest="0.3 s"),
    PulseTrain(repeats=3, count=2, rest="0.3 s"),
])
def test_stop_at_every_step(protocol, new_station, new_recorder):
    whole = len(list(protocol.run(new_station(), new_recorder())))
    assert whole > 8
    for stop_at in range(whole):
        recorder, steps = new_recorder(), None
        steps = protocol.run(new_station(), recorder)
        for _ in range(stop_at + 1):
            step = next(steps)
        steps.close()
        assert step.done == len(recorder.points) <= step.total


def test_no_two_steps_are_farther_apart_than_a_fifth_of_a_second(station, recorder):
    times = []
    for _ in PairedPulse(gaps="0.5 s, 2 s", width="0.1 s", repeats=1, rest="3 s").run(station, recorder):
        times.append(station.clock.now())
    assert max(np.diff(times)) <= 0.2


def test_relaxation_records_the_pulse_and_the_window_after_it(station, recorder):
    run(Relaxation(repeats=2, window="30 ms", samples=10_000), station, recorder)
    assert len(recorder.points) == 2 and len(recorder.waveforms) == 4
    wave = recorder.waveforms[0]
    assert wave.codes.shape == (1, 10_000) and wave.t0 < -0.1e-3 and wave.times()[-1] > 1e-3 + 29.9e-3
    assert wave.conditions == {"amplitude": 1.4, "pulse_width": 1e-3, "shot": 0.0}
    assert not station.generator.output


def test_relaxation_tells_a_missed_pulse(station, recorder):
    station.scope.misses = [1, 0]
    run(Relaxation(repeats=2), station, recorder)
    assert [bool(point.flags & Flag.TRIGGER_MISSED) for point in recorder.points] == [True, False]
    assert {w.conditions["shot"] for w in recorder.waveforms} == {1.0}


def test_trains_are_repeated_and_numbered(station, recorder):
    run(PulseTrain(repeats=3, count=4, rest="0.1 s"), station, recorder)
    assert len(recorder.points) == 12
    assert [w.conditions["train"] for w in recorder.waveforms[::2]] == [0.0, 1.0, 2.0]
    assert [point.values[4] for point in recorder.points][::4] == [0.0, 0.0, 0.0]


def test_plan_numbers(station):
    plan = PairedPulse(points=10, repeats=5, amplitude="1.2 V, 1.4 V").plan(station)
    assert plan.refusals == () and plan.steps == plan.points == 100
    assert plan.duration > 100 * (2e-3 + 50e-3) and station.calls == []
    worst = {item.quantity: item.value for item in plan.worst_case}
    assert worst["voltage"] == pytest.approx(1.5)
    assert Relaxation(repeats=7).plan(station).points == 7


@pytest.mark.parametrize(("protocol", "limits", "word"), [
    (PairedPulse(amplitude=5.0), DeviceLimits(max_voltage=4.0), "max_voltage"),
    (PairedPulse(amplitude=3.0), DeviceLimits(max_current=20e-3), "max_current"),
    (PairedPulse(amplitude=12.0), DeviceLimits(), "base + amplitude"),
    (PairedPulse(rise_time="2 ns", fall_time="2 ns"), DeviceLimits(), "rise_time"),
    (Relaxation(amplitude=5.0), DeviceLimits(max_voltage=4.0), "max_voltage"),
    (Relaxation(window="10 s"), DeviceLimits(), "Raise 'samples' or lower 'window'"),
    (Relaxation(samples=3_000_000), DeviceLimits(), "record"),
])
def test_plan_refuses(new_station, protocol, limits, word):
    refusals = protocol.plan(new_station(limits)).refusals
    assert any(word in refusal for refusal in refusals), refusals


def test_a_memory_too_small_for_a_short_gap_is_told(station):
    small = replace(station.scope.capabilities, record_length=50_000)
    assert "Lower 'resolution'" in pair_layout(PairedPulse(), 0.3e-3, 100_000, small).refusal
    assert pair_layout(PairedPulse(), 0.3e-3, 500, small).refusal == ""


@pytest.mark.parametrize("name", ["paired_pulse", "relaxation", "pulse_train", "stimulus", "adaptive_threshold",
                                  "endurance", "pulsed_iv", "integrate_and_fire", "neuron", "adaptive_refractory"])
def test_a_scope_without_external_trigger_is_refused_by_the_plan(station, name):
    """An output went on before the scope refused the trigger."""
    station.scope.capabilities = replace(station.scope.capabilities, external_trigger=False)
    said = "this model has no external trigger input"
    for trigger, refused in (("external", True), ("device", False)):
        plan = protocol_named(name).parse({"trigger": trigger}).plan(station)
        assert any(said in refusal for refusal in plan.refusals) is refused


@pytest.mark.parametrize("protocol", [PairedPulse(), Relaxation()])
def test_plan_refuses_without_sensing(protocol, station):
    assert any("no scope channel" in refusal for refusal in protocol.plan(station.without_scope()).refusals)


@pytest.mark.parametrize(("kind", "values", "words"), [
    (PairedPulse, {"amplitude": "0 V"}, "0 V"),
    (PairedPulse, {"gaps": "0 s"}, "gaps"),
    (PairedPulse, {"shortest": "1 ms", "longest": "1 ms"}, "must be greater than"),
    (PairedPulse, {"gaps": "0.5 us"}, "shorter than the edges of the pulse"),
    (PairedPulse, {"width": "0.5 us"}, "shorter than the edges of the pulse"),
    (PairedPulse, {"seed": -1}, "seed"),
    (Relaxation, {"base": "0 V"}, "read level"),
    (Relaxation, {"fraction": 1.5}, "fraction"),
    (Relaxation, {"level": "0 A"}, "level"),
    (PulseTrain, {"repeats": 0}, "repeats"),
])
def test_bad_parameters_get_one_clear_line(kind, values, words):
    with pytest.raises(ConfigurationError) as caught:
        kind.parse(values)
    assert words in str(caught.value) and "\n" not in str(caught.value)


def test_a_record_in_which_nothing_moves_is_no_pair(station, recorder):
    """The scope had taken the second pulse for the first, and then what it recorded as the second was none."""
    run(PairedPulse(points=2, repeats=1), station, recorder)
    assert all(point.flags & Flag.TRIGGER_MISSED for point in recorder.points)
    assert any("2 of 2 pairs" in warning for warning in recorder.texts("warning"))
