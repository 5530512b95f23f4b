"""Capabilities of instruments; drivers stand in the modules of this package."""

from tsbench.instruments.interfaces import (
    Accuracy,
    ArbitraryWaveform,
    Clock,
    EdgeTrigger,
    InstrumentBase,
    MeasureSettings,
    Oscilloscope,
    OscilloscopeCapabilities,
    OutputState,
    Plan,
    PlanItem,
    Positioner,
    Pulse,
    PulseGenerator,
    PulseGeneratorCapabilities,
    Range,
    Reading,
    ScopeChannel,
    SourceMeter,
    SourceMeterCapabilities,
    SourceSettings,
    Station,
    Timebase,
    Vertical,
)

__all__ = [
    "Accuracy", "ArbitraryWaveform", "Clock", "EdgeTrigger", "InstrumentBase", "MeasureSettings", "Oscilloscope",
    "OscilloscopeCapabilities", "OutputState", "Plan", "PlanItem", "Positioner", "Pulse", "PulseGenerator",
    "PulseGeneratorCapabilities", "Range", "Reading", "ScopeChannel", "SourceMeter", "SourceMeterCapabilities",
    "SourceSettings", "Station", "Timebase", "Vertical",
]
