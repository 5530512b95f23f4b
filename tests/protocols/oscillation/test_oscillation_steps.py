"""The oscillation protocol against a recording bench: ranges, periods, rest between biases, end at zero."""

import dataclasses

import numpy as np
import pytest

from tsbench.errors import ConfigurationError
from tsbench.protocols import Oscillation
from tsbench.protocols.acquiring.oscillation_check import SHORTEST_SPAN, activity, check_span, white_noise
from tsbench.records import DeviceLimits, Flag


def sawtooth(period):
    """Device voltage between 0.7 and 1.0 V, current spikes of 2 mA in 50 Ohm at each fall."""

    def signal(channel, times):
        phase = np.mod(times / period + 0.25, 1.0)
        return 0.7 + 0.3 * phase if channel == 1 else np.where(phase < 0.05, 0.1, 0.002)

    return signal


@pytest.mark.parametrize("period", [200e-9, 1e-6, 30e-6, 800e-6])
def test_the_record_holds_the_periods_asked_for(station, recorder, period):
    station.scope.signal = sawtooth(period)
    list(Oscillation(bias=(2.0,), periods=20).run(station, recorder))
    assert len(recorder.waveforms) == 2
    for wave in recorder.waveforms:
        length = wave.dt * wave.codes.shape[1]
        assert 20 * period <= length <= 23 * period
        assert wave.conditions == {"bias": 2.0}
        assert not wave.flags & Flag.CLIPPED
        assert np.ptp(wave.codes.astype(int)) > 60  # the screen is used


def test_one_point_and_the_waveforms_of_each_bias(station, recorder):
    station.scope.signal = sawtooth(1e-6)
    list(Oscillation().run(station, recorder))
    assert [point.values[2] for point in recorder.points] == [1.8, 2.2, 2.6]
    assert [wave.channel for wave in recorder.waveforms] == ["device_voltage_high", "device_voltage_low"] * 3
    levels = station.bias.named("configure_level")
    assert levels == [0.0, 1.8, 0.0, 2.2, 0.0, 2.6, 0.0, 0.0]
    assert not station.bias.output and station.bias.level == 0.0


def test_without_rest_the_bias_steps_on(station, recorder):
    list(
        Oscillation(start=1.0, stop=2.0, points=3, zero_between=False, record_span=1e-5).run(
            station, recorder
        )
    )
    assert station.bias.named("configure_level") == [0.0, 1.0, 1.5, 2.0, 0.0]
    assert all(len(station.scope.named("configure_timebase")) == 6 for _ in "x")


def test_a_quiet_device_is_recorded_and_said_to_be_quiet(station, recorder):
    list(Oscillation(bias=(1.0,)).run(station, recorder))
    assert len(recorder.waveforms) == 2
    assert any("no oscillation at a bias of 1.000 V" in text for text in recorder.texts("log"))


def test_a_scope_that_does_not_answer_is_a_flagged_point(station, recorder):
    station.scope.complete = lambda: False
    list(Oscillation(bias=(1.0, 2.0)).run(station, recorder))
    assert [point.flags for point in recorder.points] == [Flag.TIMEOUT] * 2
    assert len(recorder.texts("warning")) == 2
    assert station.scope.named("abort")


def test_stop_at_every_step(new_station, new_recorder):
    protocol = Oscillation(settle=0.5)
    whole = len(list(protocol.run(new_station(), new_recorder())))
    for stop_at in range(whole):
        steps = protocol.run(new_station(), new_recorder())
        for _ in range(stop_at + 1):
            step = next(steps)
        steps.close()
        assert step.done <= step.total == 3


def test_plan_numbers(station):
    plan = Oscillation().plan(station)
    worst = {item.quantity: item.value for item in plan.worst_case}
    assert plan.steps == 3 and plan.refusals == ()
    assert worst["current"] == pytest.approx(2.6 / 5100)
    assert worst["voltage"] == pytest.approx(2.6)
    assert plan.duration > 3 * 1e-3
    assert station.calls == []


@pytest.mark.parametrize(
    ("values", "limits", "word"),
    [
        ({"bias": 5.0}, DeviceLimits(max_voltage=4.0), "max_voltage"),
        ({"bias": 3.0}, DeviceLimits(max_current=0.5e-3), "max_current"),
        ({"bias": 3.0}, DeviceLimits(max_charge=1e-10), "max_charge"),
        ({"bias": 12.0}, DeviceLimits(), "bias"),
    ],
)
def test_plan_refuses(new_station, values, limits, word):
    assert any(word in refusal for refusal in Oscillation.parse(values).plan(new_station(limits)).refusals)


def test_the_bias_may_be_a_source_meter(station, recorder):
    meter = station.meter
    station.pulse_generator = lambda role: (_ for _ in ()).throw(ConfigurationError("no generator"))
    station.source_meter = lambda role: meter
    list(Oscillation(bias=(1.0, 2.0)).run(station, recorder))
    assert meter.named("set_level") == [0.0, 1.0, 0.0, 2.0, 0.0, 0.0]
    assert not meter.output
    assert meter.source.compliance == 5e-3


@pytest.mark.parametrize(
    "values", [{"start": 1}, {"start": 1, "stop": 2}, {"points": 1}, {"bias": "1 A"}, {"biass": 1}]
)
def test_bad_parameters_get_one_clear_line(values):
    with pytest.raises(ConfigurationError) as caught:
        Oscillation.parse(values)
    assert str(caught.value).startswith("oscillation: ") and "\n" not in str(caught.value)


def test_noise_is_no_signal_and_a_sine_is():
    random = np.random.default_rng(0)
    times = np.arange(5000) * 1e-9
    sine = np.sin(2 * np.pi * 3e6 * times) + random.normal(0, 0.05, 5000)
    noise = random.normal(0, 1, 5000)
    assert white_noise(noise, 0.01) == pytest.approx(1, rel=0.1)
    assert white_noise(sine, 0.01) == pytest.approx(0.05, rel=0.2)
    assert activity(noise, 1e-9, white_noise(noise, 0.01)).cycles == 0
    assert activity(sine, 1e-9, 0.05).frequency == pytest.approx(3e6, rel=0.01)
    assert activity(np.ones(10), 1e-9).cycles == 0


def test_the_look_of_a_sweep_is_long_enough_for_the_fixtures_slowest_oscillation(station):
    fixture = dataclasses.replace(station.fixture, path_resistance={"drive": 5e3}, parallel_capacitance=10e-9)
    assert check_span(fixture) == pytest.approx(40 * 50e-6)
    assert check_span(station.fixture) == SHORTEST_SPAN
