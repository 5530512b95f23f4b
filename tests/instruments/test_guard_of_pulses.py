"""The guard in front of source-meter pulses, sampling, pulse-and-sample units, and of high voltages."""

import dataclasses
from typing import Any

import numpy as np
import pytest

from tests.instruments.test_limits import Sent, generator, no_reply, pulse
from tsbench.errors import CommunicationError, LimitError
from tsbench.instruments import (
    Accuracy,
    CurrentRange,
    PulseLimits,
    PulseMeasure,
    PulseMeasureCapabilities,
    Range,
    SamplingLimits,
    Segment,
    SegmentTrain,
    SourceMeterPulses,
    SourceMeterSampling,
    SourcePulses,
    SourceSettings,
)
from tsbench.instruments.guard.exposed_terminals import SAFE_VOLTAGE, high_voltage_refusal
from tsbench.instruments.guard.limits import DeviceGuard, GuardContext, WirePath
from tsbench.instruments.guard.pulse_measure import GuardedPulseMeasure
from tsbench.instruments.guard.source_meter import GuardedSourceMeter
from tsbench.instruments.keithley_2450 import data_sheet as k2450
from tsbench.records import DeviceLimits

PULSES = PulseLimits(Range(50e-6, 1.0, "s"), Range(100e-6, 10.0, "s"), 1000, Range(1e-4, 0.1, ""))
SAMPLING = SamplingLimits(Range(20e-6, 1.0, "s"), 1000)
FULL = dataclasses.replace(k2450.CAPABILITIES, pulses=PULSES, sampling=SAMPLING)
ALL = DeviceLimits(max_voltage=4.0, max_current=1e-3)


def meter(capabilities: Any = FULL, rating: float = SAFE_VOLTAGE, limits: DeviceLimits = ALL) -> tuple[Any, Sent]:
    sent = Sent(capabilities)
    guard = GuardedSourceMeter(sent, GuardContext("drive", WirePath(50.0), DeviceGuard(limits, "D1"), rating=rating))
    guard.configure_source(SourceSettings("voltage", compliance_current=1e-3, range=20.0))
    sent.calls.clear()
    return guard, sent


def train(top: float = 1.0, duration: float = 1e-6, count: int = 2, interval: float = 1e-7) -> SegmentTrain:
    return SegmentTrain(0.0, (Segment(top, duration),) * count, interval)


def unit() -> tuple[GuardedPulseMeasure, Sent]:
    fast = CurrentRange(Accuracy(10e-3, 5e-3, 100e-6), 150e-9, 125e-9, 20e-9)
    sent = Sent(PulseMeasureCapabilities(
        (Range(-5.0, 5.0, "V"), Range(-10.0, 10.0, "V")), (Accuracy(5.0, 1e-3, 1e-3), Accuracy(10.0, 1e-3, 1e-3)),
        (fast,), Range(10e-9, 1.0, "s"), 4, Range(5e-9, 1.0, "s"), 100, 50.0))
    return GuardedPulseMeasure(sent, GuardContext("pulser", WirePath(50.0), DeviceGuard(
        DeviceLimits(max_voltage=3.0, max_energy=1e-7), "D1"))), sent


@pytest.mark.parametrize(("change", "said"), [
    ({}, ""), ({"levels": np.array([1.0, -3.9])}, ""),
    ({"levels": np.array([1.0, 4.1])}, "4.1 V, but max_voltage of D1 is 4 V"), ({"base": -4.5}, "max_voltage of D1"),
    ({"width": 10e-6}, "pulse width 10 us is outside"), ({"period": 20.0}, "pulse period 20 s is outside"),
    ({"levels": np.zeros(1001)}, "number of pulses 1001"), ({"levels": np.array([np.nan])}, "must be a finite number"),
])
def test_pulses_of_a_source_meter_are_checked_before_they_are_sent(change: dict[str, Any], said: str) -> None:
    pulses = SourcePulses(**{"base": 0.1, "levels": np.array([0.5, 1.0]), "width": 1e-3, "period": 1e-2, **change})
    guard, sent = meter()
    if not said:
        assert guard.start_pulses(pulses) is pulses and sent.calls == ["start_pulses"]
        return
    with pytest.raises(LimitError, match=said):
        guard.start_pulses(pulses)
    assert not sent.calls


@pytest.mark.parametrize(("limits", "said"), [
    (DeviceLimits(max_charge=1e-9), "the charge through the device may reach 1 uC, but max_charge of D1 is 1 nC"),
    (DeviceLimits(max_energy=1e-9), "the energy in the device may reach 450 nJ, but max_energy of D1 is 1 nJ"),
    (DeviceLimits(max_charge=1.1e-6, max_energy=1e-6), "")])
def test_charge_and_energy_of_one_pulse_of_a_source_meter(limits: DeviceLimits, said: str) -> None:
    guard, sent = meter(limits=limits)
    pulses = SourcePulses(0.1, np.array([0.5, 1.0]), 1e-3, 1e-2)
    if said:
        with pytest.raises(LimitError, match=said):
            guard.start_pulses(pulses)
    else:
        guard.start_pulses(pulses)
    assert bool(sent.calls) is not bool(said)


@pytest.mark.parametrize(("level", "interval", "count", "said"), [
    (1.0, 1e-3, 100, ""), (4.5, 1e-3, 100, "max_voltage"), (1.0, 1e-6, 100, "sample interval 1 us is outside"),
    (1.0, 1e-3, 1001, "number of samples 1001 is outside"),
])
def test_sampling_is_checked_before_it_is_sent(level: float, interval: float, count: int, said: str) -> None:
    guard, sent = meter()
    if not said:
        guard.start_sampling(level, interval, count)
        assert sent.calls == ["start_sampling"]
        return
    with pytest.raises(LimitError, match=said):
        guard.start_sampling(level, interval, count)
    assert not sent.calls


def test_a_source_meter_without_pulses_says_so() -> None:
    guard, sent = meter(k2450.CAPABILITIES)
    assert isinstance(guard, SourceMeterPulses) and isinstance(guard, SourceMeterSampling)
    with pytest.raises(LimitError, match="this source meter has no pulses"):
        guard.start_pulses(SourcePulses(0.0, np.array([1.0]), 1e-3, 1e-2))
    with pytest.raises(LimitError, match="this source meter cannot sample"):
        guard.start_sampling(1.0, 1e-3, 10)
    assert not sent.calls


def test_pulses_and_samples_may_leave_the_output_on_and_count_with_the_others() -> None:
    for start in (lambda guard: guard.start_pulses(SourcePulses(0.0, np.array([1.0]), 1e-3, 1e-2)),
                  lambda guard: guard.start_sampling(1.0, 1e-3, 10)):
        guard, _ = meter()
        assert not guard.context.outputs.has("")
        start(guard)
        assert guard.context.outputs.has("")


@pytest.mark.parametrize(("asked", "said"), [
    (train(), ""), (train(top=3.1), "3.1 V, but max_voltage"), (train(top=11.0), "segment level 11 V is outside"),
    (train(duration=5e-9), "segment duration 5 ns"), (train(count=5), "number of segments 5"),
    (train(interval=1e-9), "sample interval 1 ns"), (train(duration=1e-5), "number of samples 200"),
    (dataclasses.replace(train(), base=-3.5), "max_voltage"), (dataclasses.replace(train(), repeats=0), "repeats 0"),
    (dataclasses.replace(train(), repeats=6), "number of samples 120"),
    (train(top=2.9, duration=4e-6, interval=1e-6), "max_energy"),
])
def test_a_train_of_segments_is_checked_before_it_is_sent(asked: SegmentTrain, said: str) -> None:
    guard, sent = unit()
    assert isinstance(guard, PulseMeasure)
    if not said:
        assert guard.configure_train(asked) is asked
        guard.set_output(True)
        guard.start()
        assert sent.calls == ["configure_train", "set_output", "start"]
        return
    with pytest.raises(LimitError, match=said):
        guard.configure_train(asked)
    assert not sent.calls


def test_a_pulse_unit_goes_on_only_with_a_train_and_off_always() -> None:
    guard, sent = unit()
    with pytest.raises(LimitError, match="no train is set yet"):
        guard.set_output(True)
    guard.set_output(False)
    assert sent.calls == ["set_output"]
    for voltage, current in ((10.1, 1e-3), (1.0, 11e-3)):
        with pytest.raises(LimitError, match="range"):
            guard.configure_ranges(voltage, current)
    guard.configure_ranges(-10.0, 10e-3)
    assert sent.calls == ["set_output", "configure_ranges"]


NONE = DeviceLimits()


@pytest.mark.parametrize(("rating", "level", "refused"), [
    (SAFE_VOLTAGE, 42.0, False), (SAFE_VOLTAGE, 42.1, True), (SAFE_VOLTAGE, -50.0, True),
    (100.0, 99.0, False), (100.0, -101.0, True), (5.0, 6.0, True)])
def test_no_voltage_stands_at_a_terminal_that_its_fixture_is_not_made_for(
    rating: float, level: float, refused: bool,
) -> None:
    guard, sent = meter(rating=rating, limits=NONE)
    by_current, currents = meter(rating=rating, limits=NONE)
    if refused:
        for call in (lambda: guard.set_level(level), lambda: guard.start_sweep(np.array([0.0, level]), 0.0),
                     lambda: by_current.configure_source(SourceSettings("current", compliance_voltage=abs(level)))):
            with pytest.raises(LimitError, match="dangerous to touch" if rating == SAFE_VOLTAGE else "but the rating"):
                call()
        assert not sent.calls and not currents.calls
        return
    guard.set_level(level)
    by_current.configure_source(SourceSettings("current", compliance_voltage=abs(level)))
    assert sent.calls == ["set_level"] and currents.calls == ["configure_source"]


def test_the_reason_says_what_to_do() -> None:
    assert high_voltage_refusal(50.0, SAFE_VOLTAGE) == (
        "the voltage at the terminals may reach 50 V, and more than 42 V is dangerous to touch. Choose a smaller "
        "value, or write the rating of fixture and cable and the interlock into [fixture.high_voltage] of the "
        "bench file")
    assert high_voltage_refusal(-250.0, 200.0) == (
        "the voltage at the terminals may reach 250 V, but the rating of fixture and cable is 200 V. Choose a smaller "
        "value, or correct rating in [fixture.high_voltage] of the bench file")
    assert "the rating of fixture and cable is 80 mV" in high_voltage_refusal(1.0, 0.08)   # "mV" written for "V"
    assert high_voltage_refusal(-42.0, SAFE_VOLTAGE) == "" == high_voltage_refusal(200.0, 200.0)


def test_a_generator_is_held_to_the_rating_by_its_open_circuit() -> None:
    guard, sent = generator(DeviceLimits())
    object.__setattr__(guard.context, "rating", 3.0)
    with pytest.raises(LimitError, match="may reach 4 V"):   # 2 V into 50 Ohm
        guard.configure_pulse(pulse(amplitude=2.0))
    assert not sent.calls
    guard.configure_pulse(pulse(amplitude=1.0))


@pytest.mark.parametrize(("output", "said"), [(0.5, "1 kOhm"), (50.0, "950 Ohm"), (0.0, "1 kOhm")])
def test_the_resistor_that_is_lacking_is_told(output: float, said: str) -> None:
    """A pulse of 1 V and a limit of 1 mA: 1 kOhm in all, rounded up to three digits; with it the train is accepted."""
    guard, sent = unit()
    limits = DeviceGuard(DeviceLimits(max_current=1e-3), "D1")
    guard.context = dataclasses.replace(guard.context, path=WirePath(output), device=limits)
    with pytest.raises(LimitError, match=rf"no compliance.*Put at least {said} in series"):
        guard.configure_train(train())
    assert not sent.calls
    guard.context = dataclasses.replace(guard.context, path=WirePath(1000.0))
    guard.configure_train(train())
    assert sent.calls == ["configure_train"]


@pytest.mark.parametrize("kind", ["source meter", "generator", "pulse measure unit"])
def test_an_output_goes_on_only_at_a_level_that_the_device_of_now_withstands(kind: str) -> None:
    """Another device may be connected after the level was set."""
    guard: Any
    guard, sent = {"source meter": meter, "generator": lambda: generator(ALL), "pulse measure unit": unit}[kind]()
    if kind == "source meter":
        guard.set_level(2.0)
    elif kind == "generator":
        guard.configure_level(2.0)
    else:
        guard.configure_train(train(2.0))
    weak = DeviceGuard(DeviceLimits(max_voltage=0.5), "D2")
    guard.context, before = dataclasses.replace(guard.context, device=weak), guard.context
    sent.calls.clear()
    with pytest.raises(LimitError, match=r"[24] V.*max_voltage.* 500 mV"):
        guard.set_output(True)
    assert "set_output" not in sent.calls
    guard.context = before
    guard.set_output(True)
    assert "set_output" in sent.calls


def test_a_pulse_measure_unit_is_held_to_the_rating_of_fixture_and_cable() -> None:
    guard, _ = unit()
    guard.context = dataclasses.replace(guard.context, rating=1.5)
    guard.configure_train(train(1.4))
    with pytest.raises(LimitError, match=r"may reach 2 V, but the rating of fixture and cable is 1\.5 V"):
        guard.configure_train(train(2.0))


def test_after_a_message_that_failed_no_train_is_known() -> None:
    guard, sent = unit()
    guard.configure_train(train())
    sent.configure_train = no_reply   # type: ignore[method-assign]
    with pytest.raises(CommunicationError):
        guard.configure_train(train(2.0))
    with pytest.raises(LimitError, match="no train is set yet"):
        guard.set_output(True)
