"""Numbers of the Keysight B2901A to B2912A (data sheet, p. 16 to 18; user's guide, p. 2-14, 2-20).

The accuracy of a level is taken as that of a reading, and the noise of a reading as a small part of its error: these
numbers are not compared with a data sheet.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from tsbench.instruments.interfaces import (
    Accuracy,
    PulseLimits,
    Range,
    SamplingLimits,
    SourceMeterCapabilities,
)
from tsbench.instruments.languages.repeatable import COMMON

LIST_CHUNK = 100  #: levels in one message; the instrument takes more
MOST_POINTS = 2500  #: of one list
MOST_SAMPLES = 100_000  #: of one trace buffer
#: bits of the status element of a reading (SCPI reference B2910-90030, table 1-2)
STATUS_COMPLIANCE, STATUS_HOT, STATUS_OVERFLOWED = 6, 1 << 5, 1 << 13
#: bits of the operation condition of channel 1: both trigger systems are idle (table 4-6); channel 2: 6 places higher
IDLE, IDLE_SHIFT = 1 << 1 | 1 << 4, 6

#: queries that change nothing in the instrument
REPEATABLE = (
    *COMMON, ":SYSTem:LFRequency?", ":SYSTem:INTerlock:TRIPped?", ":OUTPut<n>{[:STATe]|:OFF:MODE}?",
    ":SOURce<n>:FUNCtion:MODE?", ":SOURce<n>:{VOLTage|CURRent}[:LEVel]?", ":SOURce<n>:{VOLTage|CURRent}:RANGe?",
    ":SENSe<n>:{VOLTage|CURRent}[:DC]:{RANGe[:UPPer]|NPLCycles|PROTection[:LEVel]}?", ":SOURce<n>:PULSe:WIDTh?",
    ":TRIGger<n>:ACQuire:TIMer?", ":TRIGger<n>:ALL:TIMer?", ":TRACe<n>:{DATA|POINts:ACTual}?",
    ":STATus:OPERation:CONDition?",
)


def _rows(*rows: tuple[float, float, float, float]) -> tuple[Accuracy, ...]:
    """Return ranges from full scale, gain [%], offset and noise (rms)."""
    return tuple(Accuracy(full, gain / 100, offset, noise) for full, gain, offset, noise in rows)


VOLTAGE = _rows((0.2, 0.015, 225e-6, 2e-6), (2.0, 0.02, 350e-6, 5e-6), (20.0, 0.015, 5e-3, 50e-6),
                (200.0, 0.015, 50e-3, 500e-6))
CURRENT = _rows(
    (10e-9, 0.10, 50e-12, 0.5e-12), (100e-9, 0.06, 100e-12, 1e-12), (1e-6, 0.025, 500e-12, 5e-12),
    (10e-6, 0.025, 1.5e-9, 30e-12), (100e-6, 0.02, 25e-9, 300e-12), (1e-3, 0.02, 200e-9, 3e-9),
    (10e-3, 0.02, 2.5e-6, 30e-9), (100e-3, 0.02, 20e-6, 300e-9), (1.0, 0.03, 1.5e-3, 10e-6),
    (1.5, 0.05, 3.5e-3, 20e-6), (3.0, 0.4, 7e-3, 30e-6))


@dataclass(frozen=True)
class ModelB2900:
    """What one model can do. ``boundaries``: (highest level [V or A], highest compliance beside it [A or V])."""

    channels: int
    capabilities: SourceMeterCapabilities
    boundaries: Mapping[str, tuple[tuple[float, float], ...]]


def _model(channels: int, fine: bool) -> ModelB2900:
    current = CURRENT if fine else CURRENT[1:]
    interval = 10e-6 if fine else 20e-6
    return ModelB2900(
        channels,
        SourceMeterCapabilities(
            source_voltage=Range(-210.0, 210.0, "V"), source_current=Range(-3.03, 3.03, "A"),
            compliance_current=Range(current[0].full_scale / 100, 3.03, "A"),
            compliance_voltage=Range(2e-3, 210.0, "V"), nplc=Range(4e-4, 10.0, ""), maximum_sweep_points=MOST_POINTS,
            minimum_dwell=interval, current_accuracy=current, voltage_accuracy=VOLTAGE,
            source_voltage_accuracy=VOLTAGE, source_current_accuracy=current, line_frequency=50.0, four_wire=True,
            pulses=PulseLimits(
                Range(50e-6, 100.0, "s"), Range(100e-6, 1000.0, "s"), MOST_POINTS, Range(4e-4, 10.0, "")),
            sampling=SamplingLimits(Range(interval, 1e5, "s"), MOST_SAMPLES), interlock_above=42.0),
        # 210 V at 105 mA, 21 V at 1.515 A, and 3.03 A in the ranges below 20 V
        {"voltage": ((2.1, 3.03), (21.0, 1.515), (210.0, 0.105)),
         "current": ((0.105, 210.0), (1.515, 21.0), (3.03, 6.0))})


MODELS: Mapping[str, ModelB2900] = {
    "B2901A": _model(1, False), "B2902A": _model(2, False), "B2911A": _model(1, True), "B2912A": _model(2, True)}
