"""What a protocol may ask of an instrument: small capabilities in SI units, for real and simulated instruments alike.

Settings go in as frozen dataclasses and come back as the instrument accepted them (read back, never assumed).
Long operations are start, poll, fetch, so that a stop is heard between two polls.

The errors of all methods, where a method names no other: LimitError if the instrument cannot do what is asked (before a
message is sent), InstrumentError if it did something else or reports an error, CommunicationError if no reply came or
the reply was not understood. Each message names the instrument, the value with its unit and what to do.
"""

from tsbench.instruments.interfaces.common import (
    Accuracy,
    InstrumentBase,
    OutputState,
    Range,
)
from tsbench.instruments.interfaces.fixture_control import (
    FIXTURE_UNITS,
    DecadeBox,
    FixtureControl,
    Routing,
)
from tsbench.instruments.interfaces.oscilloscope import (
    EdgeTrigger,
    LowImpedanceInput,
    Oscilloscope,
    OscilloscopeCapabilities,
    Timebase,
    Vertical,
)
from tsbench.instruments.interfaces.positioning import (
    ContactLimits,
    Prober,
    Site,
    SwitchMatrix,
)
from tsbench.instruments.interfaces.pulse_generator import (
    ArbitraryWaveform,
    Pulse,
    PulseGenerator,
    PulseGeneratorCapabilities,
)
from tsbench.instruments.interfaces.pulse_measure import (
    CurrentRange,
    PulseMeasure,
    PulseMeasureCapabilities,
    Segment,
    SegmentRecord,
    SegmentTrain,
)
from tsbench.instruments.interfaces.sense_leads import HasSenseLeads, SenseLeads
from tsbench.instruments.interfaces.source_meter import (
    Interlocked,
    LimitQuestions,
    LimitReadable,
    MeasureSettings,
    OutputOffSelectable,
    PulseLimits,
    Reading,
    SamplingLimits,
    SourceMeter,
    SourceMeterCapabilities,
    SourceMeterPulses,
    SourceMeterSampling,
    SourcePulses,
    SourceSettings,
)
from tsbench.instruments.interfaces.temperature import (
    TemperatureCapabilities,
    TemperatureController,
)
from tsbench.instruments.interfaces.trigger_links import (
    TriggerEvent,
    TriggerLinked,
)

__all__ = [
    "FIXTURE_UNITS",
    "Accuracy",
    "ArbitraryWaveform",
    "ContactLimits",
    "CurrentRange",
    "DecadeBox",
    "EdgeTrigger",
    "FixtureControl",
    "HasSenseLeads",
    "InstrumentBase",
    "Interlocked",
    "LimitQuestions",
    "LimitReadable",
    "LowImpedanceInput",
    "MeasureSettings",
    "Oscilloscope",
    "OscilloscopeCapabilities",
    "OutputOffSelectable",
    "OutputState",
    "Prober",
    "Pulse",
    "PulseGenerator",
    "PulseGeneratorCapabilities",
    "PulseLimits",
    "PulseMeasure",
    "PulseMeasureCapabilities",
    "Range",
    "Reading",
    "Routing",
    "SamplingLimits",
    "Segment",
    "SegmentRecord",
    "SegmentTrain",
    "SenseLeads",
    "Site",
    "SourceMeter",
    "SourceMeterCapabilities",
    "SourceMeterPulses",
    "SourceMeterSampling",
    "SourcePulses",
    "SourceSettings",
    "SwitchMatrix",
    "TemperatureCapabilities",
    "TemperatureController",
    "Timebase",
    "TriggerEvent",
    "TriggerLinked",
    "Vertical",
]
