"""A device behind a load that shows less than half of the pulse: the trigger goes lower, without more pulses."""

from dataclasses import replace

import numpy as np
import pytest

from tsbench.errors import InstrumentError
from tsbench.instruments import EdgeTrigger
from tsbench.protocols import PairedPulse, PulseTrain, Relaxation
from tsbench.protocols.acquiring.device_view import DeviceView
from tsbench.protocols.pulsed_iv.protocol import PulsedIV
from tsbench.protocols.pulses.trigger import PulseTrigger
from tsbench.records import Flag, Sensing, Waveform


@pytest.fixture
def behind_load(station):
    """A bench where the device shows 0.45 of a pulse."""
    def arm():
        level = abs(station.scope.named("configure_trigger")[-1].level)
        station.scope.misses = [0 if level < 0.45 * abs(station.generator.pulse.amplitude) else 9999]
        return original()

    def signal(channel, times):
        height = 0.45 * station.generator.pulse.amplitude
        return np.where((times % 2e-3 > 0) & (times % 2e-3 < 1e-3), height, 0.0) / (1 if channel == 1 else 50)

    original, station.scope.arm, station.scope.signal = station.scope.arm, arm, signal
    return station


@pytest.mark.parametrize("amplitude", [2.5, -2.5])
@pytest.mark.parametrize("probe", [True, False])
def test_a_train_is_recorded_with_at_most_one_pulse_that_is_not(behind_load, recorder, amplitude, probe):
    list(PulseTrain(amplitude=(amplitude,), count=1, probe=probe).run(behind_load, recorder))
    levels = [trigger.level for trigger in behind_load.scope.named("configure_trigger")]
    assert levels == pytest.approx([amplitude / 2, amplitude / 4])
    assert len(behind_load.generator.named("trigger")) == 2
    assert [point.flags for point in recorder.points] == [Flag.NONE]
    (warning,) = recorder.texts("warning")
    sign = "-" if amplitude < 0 else ""
    assert f"{sign}1.250 V" in warning and f"{sign}625.0 mV" in warning and "trigger=external" in warning


@pytest.mark.parametrize(("protocol", "levels"), [   # a half and a quarter of the amplitude, from the base
    (PairedPulse(gaps="1 ms", repeats=3, amplitude="2.5 V", base=0.1, rest=0.0), ("1.350 V", "725.0 mV")),
    (Relaxation(repeats=3, amplitude="2.5 V", base=0.1, rest=0.0), ("1.350 V", "725.0 mV")),
    (PulsedIV(repeats=3, amplitude="2.5 V", rest=0.0), ("1.250 V", "625.0 mV"))])
def test_the_pulses_after_a_missed_one_are_recorded(behind_load, recorder, protocol, levels):
    list(protocol.run(behind_load, recorder))
    assert [bool(point.flags & Flag.TRIGGER_MISSED) for point in recorder.points] == [True, False, False]
    assert len(behind_load.generator.named("trigger")) == 3
    (warning,) = recorder.texts("warning")
    assert all(level in warning for level in (*levels, "trigger=external"))


def trigger_of(station):
    return PulseTrigger(DeviceView(station.scope, {"device_voltage_high": 1}, Sensing("scope.1")))


def test_the_level_stays_above_hysteresis_and_noise(station):
    trigger = trigger_of(station)
    trigger.aim(EdgeTrigger(1, 1.1), 0.1, {"device_voltage_high": (-0.2, 2.3)})
    for _ in range(6):
        trigger.missed({})
    levels = [one.level for one in station.scope.named("configure_trigger")]
    assert levels == pytest.approx([1.1, 0.6, 0.35, 0.3])   # 0.08 of the window of 2.5 V above the base of 0.1 V
    assert "allow no lower one" in trigger.advice and "300.0 mV" in trigger.advice
    codes = np.random.default_rng(1).normal(0, 10, (1, 100_000)).round().astype(np.int8)
    noisy = Waveform("device_voltage_high", "V", codes, 0.01, 0.0, 0.0, 1e-6, np.zeros(1))
    trigger.learn({"device_voltage_high": noisy})
    trigger.aim(EdgeTrigger(1, 1.1), 0.1, {"device_voltage_high": (-0.2, 2.3)})
    assert station.scope.named("configure_trigger")[-1].level == pytest.approx(0.1 + 6 * 0.1, rel=0.05)


def test_other_pulses_of_the_shot_say_how_far_they_went(station):
    trigger = trigger_of(station)
    trigger.aim(EdgeTrigger(1, 1.0), 0.0, {"device_voltage_high": (-0.2, 2.2)})
    seen = Waveform("device_voltage_high", "V", np.array([[0, 112, -5]], np.int8), 0.01, 0.0, 0.0, 1e-6, np.zeros(1))
    trigger.missed({"device_voltage_high": seen})
    assert "The other pulses reached 1.120 V" in trigger.advice


def test_an_external_trigger_keeps_its_level(station):
    trigger = trigger_of(station)
    trigger.aim(EdgeTrigger("external", 1.0), 0.0, {"device_voltage_high": (-0.2, 2.2)})
    trigger.missed({})
    assert station.scope.named("configure_trigger") == [EdgeTrigger("external", 1.0)]
    assert "'external_level'" in trigger.advice


def test_a_scope_without_external_trigger_is_not_told_to_use_it(station):
    station.scope.capabilities = replace(station.scope.capabilities, external_trigger=False)
    trigger = trigger_of(station)
    trigger.aim(EdgeTrigger(1, 1.0), 0.0, {"device_voltage_high": (-0.2, 2.2)})
    trigger.missed({})
    assert "external" not in trigger.advice and "check cable and contact" in trigger.advice


@pytest.fixture
def without_cable(station):
    """A bench where no trigger reaches the scope, which has one segment."""
    station.scope.capabilities = replace(station.scope.capabilities, segments=1)
    original = station.scope.arm

    def arm():
        station.scope.misses = [9999]
        return original()

    station.scope.arm = arm
    return station


def test_no_more_pulses_are_sent_where_the_scope_records_nothing(without_cable, recorder):
    """The probe and two pulses; 16 switched a device before."""
    with pytest.raises(InstrumentError, match=r"recorded nothing of 3 shots .*so no more pulses are sent.*sync"):
        list(PulseTrain(amplitude=(1.3,), count=5, trigger="external").run(without_cable, recorder))
    assert len(without_cable.generator.named("trigger")) == 3
    assert [point.flags for point in recorder.points] == [Flag.TRIGGER_MISSED] * 2


@pytest.mark.parametrize("protocol", [
    PairedPulse(gaps="1 ms", repeats=9, amplitude="2.5 V", rest=0.0, trigger="external"),
    Relaxation(repeats=9, amplitude="2.5 V", rest=0.0, trigger="external"),
    PulsedIV(repeats=9, amplitude="2.5 V", rest=0.0, trigger="external")])
def test_other_protocols_end_there_too(without_cable, recorder, protocol):
    with pytest.raises(InstrumentError, match="recorded nothing of 3 shots"):
        list(protocol.run(without_cable, recorder))
    assert len(without_cable.generator.named("trigger")) == 3


def test_a_shot_missed_by_chance_is_sent_again(station, recorder):
    station.scope.capabilities = replace(station.scope.capabilities, segments=1)
    station.scope.misses = [0, 9999, 0, 0, 9999, 0]   # the probe and three pulses; the first and the last miss
    list(PulseTrain(amplitude=(1.3,), count=3, trigger="external").run(station, recorder))
    assert [point.flags for point in recorder.points] == [Flag.NONE] * 3
    assert len(station.generator.named("trigger")) == 6
