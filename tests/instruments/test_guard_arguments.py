"""A guard refuses arguments of another kind than a call needs before anything is sent."""

from typing import Any

import numpy as np
import pytest

from tests.instruments.test_guard_of_pulses import meter, train, unit
from tests.instruments.test_limits import generator, pulse, source_meter
from tsbench.errors import ConfigurationError
from tsbench.instruments import ArbitraryWaveform, EdgeTrigger, MeasureSettings, SourceSettings, Vertical
from tsbench.instruments.guard.limits import GuardContext
from tsbench.instruments.guard.oscilloscope import GuardedOscilloscope
from tsbench.instruments.interfaces import Segment, SegmentTrain, SourcePulses
from tsbench.instruments.keysight_infiniivision import data_sheet as infiniivision
from tsbench.records import DeviceLimits


def refused(act: Any, *arguments: Any) -> str:
    with pytest.raises(ConfigurationError) as caught:
        act(*arguments)
    return str(caught.value)


def ready() -> list[tuple[Any, Any]]:
    """Return each guard with an output, set up so that it would go on."""
    source, pulser, pulsing = source_meter(DeviceLimits()), generator(DeviceLimits()), unit()
    source[0].configure_source(SourceSettings("voltage", compliance_current=1e-4))
    pulser[0].configure_level(0.1)
    pulsing[0].configure_train(train())
    return [source, pulser, pulsing]


@pytest.mark.parametrize("value", ["off", "on", "", 0, 1, 0.0, None, [False]])
def test_an_output_is_switched_only_by_true_or_false(value: Any) -> None:
    for guard, sent in ready():
        before = list(sent.calls)
        said = refused(guard.set_output, value)
        assert said.startswith(f"{guard.context.subject}: the output is {value!r}. It must be True (on) or False (off)")
        assert sent.calls == before


@pytest.mark.parametrize("kind", [bool, np.bool_])
def test_the_bools_of_python_and_of_numpy_switch(kind: Any) -> None:
    for guard, sent in ready():
        guard.set_output(kind(True))
        guard.set_output(kind(False))
        assert sent.calls[-2:] == ["set_output", "set_output"]


@pytest.mark.parametrize("value", [True, np.True_, "1 V", "0.1", None, [0.1], 1j])
def test_a_level_is_a_number(value: Any) -> None:
    for guard, sent in ready()[:2]:
        before = list(sent.calls)
        name = "source voltage" if hasattr(guard, "set_level") else "level"
        said = refused(guard.set_level if hasattr(guard, "set_level") else guard.configure_level, value)
        assert said.startswith(f"{guard.context.subject}: {name} is {value!r}. It must be a number in SI units")
        assert sent.calls == before


@pytest.mark.parametrize("value", [True, "1 V", None])
def test_no_other_call_takes_what_is_no_number(value: Any) -> None:
    guard, sent = source_meter(DeviceLimits())
    refused(lambda: guard.configure_source(SourceSettings("voltage", compliance_current=value)))
    if value is not None:   # None: automatic
        refused(guard.configure_source, SourceSettings("voltage", compliance_current=1e-4, range=value))
    refused(guard.configure_measure, MeasureSettings("current", nplc=value))
    assert sent.calls == []
    guard.configure_source(SourceSettings("voltage", compliance_current=1e-4))
    refused(guard.start_sweep, [0.0, value], 1e-3)
    refused(guard.start_sweep, np.array([value, value]), 1e-3)
    refused(guard.start_sweep, value, 1e-3)
    assert sent.calls == ["configure_source"]
    pulsing, heard = meter()
    refused(pulsing.start_pulses, SourcePulses(value, np.array([0.5]), 1e-3, 1e-2))
    refused(pulsing.start_sampling, value, 1e-2, 10)
    assert "start_pulses" not in heard.calls and "start_sampling" not in heard.calls
    pulser, told = generator(DeviceLimits())
    for call in (lambda: pulser.configure_load(value), lambda: pulser.configure_pulse(pulse(base=value)),
                 lambda: pulser.configure_pulse(pulse(amplitude=value)),
                 lambda: pulser.configure_level_limits(value, 1.0),
                 lambda: pulser.load_waveform(ArbitraryWaveform([value] * 40, 1e6))):  # type: ignore[arg-type]
        refused(call)
    assert told.calls == []
    pulse_unit, noted = unit()
    refused(pulse_unit.configure_ranges, value, 1e-3)
    refused(pulse_unit.configure_train, SegmentTrain(0.0, (Segment(value, 1e-6),), 1e-7))
    refused(pulse_unit.configure_train, SegmentTrain(0.0, (Segment(1.0, value),), 1e-7))
    assert noted.calls == []


@pytest.mark.parametrize("word", ["volt", "Voltage", "curent", "", None, True])
def test_a_function_is_voltage_or_current(word: Any) -> None:
    guard, sent = source_meter(DeviceLimits())
    said = f'{guard.context.subject}: function is {word!r}. It must be "voltage" or "current". Nothing was sent'
    assert refused(guard.configure_source, SourceSettings.of(word, 1e-4)) == said
    assert refused(guard.configure_measure, MeasureSettings(word)) == said
    assert sent.calls == []


def test_other_words_and_switches_of_settings() -> None:
    guard, sent = source_meter(DeviceLimits())
    assert "auto_zero is 'off'" in refused(
        guard.configure_measure, MeasureSettings("current", auto_zero="off"))  # type: ignore[arg-type]
    assert "high_capacitance is 'off'" in refused(
        guard.configure_source, SourceSettings("voltage", compliance_current=1e-4, range=None, high_capacitance="off"))  # type: ignore[arg-type]
    pulser, told = generator(DeviceLimits())
    assert 'It must be "step" or "linear"' in refused(
        pulser.load_waveform, ArbitraryWaveform(np.zeros(40), 1e6, "steps"))  # type: ignore[arg-type]
    assert 'It must be "bus" or "external"' in refused(pulser.configure_burst, 1, "extern")
    heard = source_meter()[1]
    heard.capabilities = infiniivision.capabilities(infiniivision.MODELS["DSO-X 3054T"])
    scope = GuardedOscilloscope(heard, GuardContext("scope"))  # type: ignore[arg-type]
    assert 'impedance is 50. It must be "50" or "1M"' in refused(
        scope.configure_channel, 1, Vertical(1.0, 0.0, impedance=50))  # type: ignore[arg-type]
    assert 'It must be "positive" or "negative"' in refused(
        scope.configure_trigger, EdgeTrigger(1, 0.0, "rising"))  # type: ignore[arg-type]
    assert sent.calls == told.calls == heard.calls == []
