"""Level algebra of a generator output: programmed volts, the declared load, and the EMF behind 50 Ohm.

Programmed levels are what a load equal to the declared load would see. The EMF that makes them is
``level * (load + 50) / load``: twice the level for a 50 Ohm setting, the level itself for high impedance.
"""

import enum
import math
from typing import NamedTuple

from tsbench.simulated_backends.virtual_instruments.generator.data_sheet import OUTPUT_RESISTANCE, GeneratorDataSheet


def emf_factor(load: float, source: float = OUTPUT_RESISTANCE) -> float:
    """Return EMF / programmed level for a load setting [Ohm] (9.9e37: high impedance) and an output resistance."""
    return (load + source) / load


class OutputLevels(NamedTuple):
    """Amplitude and offset as programmed [Vpp, V into ``load``]. A tuple is made in half the time of a dataclass."""

    amplitude: float = 0.1
    offset: float = 0.0
    load: float = OUTPUT_RESISTANCE
    source: float = OUTPUT_RESISTANCE  #: [Ohm] of the output

    @property
    def high(self) -> float:
        """Return the high level [V into the load]."""
        return self.offset + self.amplitude / 2

    @property
    def low(self) -> float:
        """Return the low level [V into the load]."""
        return self.offset - self.amplitude / 2

    @property
    def into_50(self) -> float:
        """Return the factor from programmed volts to volts into 50 Ohm."""
        return 1.0 if self.load == 50.0 else self.emf / emf_factor(50.0, self.source)

    @property
    def emf(self) -> float:
        """Return the factor from programmed volts to volts of EMF."""
        return emf_factor(self.load, self.source)

    def with_load(self, load: float) -> "OutputLevels":
        """Return the levels as displayed after a change of the load setting: the EMF stays as it is."""
        ratio = self.emf / emf_factor(load, self.source)
        return OutputLevels(self.amplitude * ratio, self.offset * ratio, load, self.source)


class Window(NamedTuple):
    """What an output can do at one load setting: bounds in programmed volts."""

    min_amplitude: float
    max_amplitude: float
    peak: float  #: largest |level|

    @staticmethod
    def of(
        model: GeneratorDataSheet, load: float, frequency: float, source: float = OUTPUT_RESISTANCE,
    ) -> "Window":
        """Return the window of a model at a load setting [Ohm], a frequency [Hz] and an output resistance [Ohm]."""
        scale = 1.0 if load == 50.0 else emf_factor(50.0, source) / emf_factor(load, source)
        return Window(
            model.min_amplitude * scale, model.max_amplitude(frequency) * scale, model.peak_level * scale,
        )


class Adjustment(enum.Enum):
    """Why levels are not as requested."""

    CLIPPED_TO_UPPER = "the value was above its upper limit, so it was set to this limit"
    CLIPPED_TO_LOWER = "the value was below its lower limit, so it was set to this limit"
    AMPLITUDE_REDUCED = "the amplitude was reduced, so that the offset fits the range"
    OFFSET_REDUCED = "the offset was changed, so that the amplitude fits the range"
    LOW_MOVED = "the low level moved because of the high level"
    HIGH_MOVED = "the high level moved because of the low level"


class Adjusted(NamedTuple):
    """Levels after a request, and why they are not as requested (None: they are)."""

    levels: OutputLevels
    adjustment: Adjustment | None = None


def _near(a: float, b: float) -> bool:
    return math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-12)


def set_amplitude(levels: OutputLevels, amplitude: float, window: Window) -> Adjusted:
    """Return the levels with another amplitude [Vpp]; an offset that no longer fits is reduced."""
    adjustment: Adjustment | None = None
    if amplitude > window.max_amplitude and not _near(amplitude, window.max_amplitude):
        amplitude, adjustment = window.max_amplitude, Adjustment.CLIPPED_TO_UPPER
    elif amplitude < window.min_amplitude and not _near(amplitude, window.min_amplitude):
        amplitude, adjustment = window.min_amplitude, Adjustment.CLIPPED_TO_LOWER
    room = max(window.peak - amplitude / 2, 0.0)
    offset = levels.offset
    if abs(offset) > room and not _near(abs(offset), room):
        offset = math.copysign(room, offset)
        adjustment = adjustment or Adjustment.OFFSET_REDUCED
    return Adjusted(OutputLevels(amplitude, offset, levels.load, levels.source), adjustment)


def set_offset(levels: OutputLevels, offset: float, window: Window, dc: bool = False) -> Adjusted:
    """Return the levels with another offset [V]; for ``dc`` the amplitude takes no room."""
    room = max(window.peak - (0.0 if dc else levels.amplitude / 2), 0.0)
    adjustment: Adjustment | None = None
    if abs(offset) > room and not _near(abs(offset), room):
        adjustment = Adjustment.CLIPPED_TO_UPPER if offset > 0 else Adjustment.CLIPPED_TO_LOWER
        offset = math.copysign(room, offset)
    return Adjusted(OutputLevels(levels.amplitude, offset, levels.load, levels.source), adjustment)


def set_offset_first(levels: OutputLevels, offset: float, window: Window) -> Adjusted:
    """Return the levels with another offset [V]; an amplitude that no longer fits is reduced."""
    most = max(window.peak - window.min_amplitude / 2, 0.0)
    adjustment: Adjustment | None = None
    if abs(offset) > most and not _near(abs(offset), most):
        adjustment = Adjustment.CLIPPED_TO_UPPER if offset > 0 else Adjustment.CLIPPED_TO_LOWER
        offset = math.copysign(most, offset)
    room, amplitude = 2 * (window.peak - abs(offset)), levels.amplitude
    if amplitude > room and not _near(amplitude, room):
        amplitude, adjustment = max(room, window.min_amplitude), adjustment or Adjustment.AMPLITUDE_REDUCED
    return Adjusted(levels._replace(amplitude=amplitude, offset=offset), adjustment)


def set_high(levels: OutputLevels, high: float, window: Window) -> Adjusted:
    """Return the levels with another high level [V]; the low level stays unless it is in the way."""
    return _set_edge(levels, high, window, upper=True)


def set_low(levels: OutputLevels, low: float, window: Window) -> Adjusted:
    """Return the levels with another low level [V]; the high level stays unless it is in the way."""
    return _set_edge(levels, low, window, upper=False)


def _set_edge(levels: OutputLevels, value: float, window: Window, upper: bool) -> Adjusted:
    adjustment: Adjustment | None = None
    least = window.min_amplitude   # room for the other level
    top, bottom = window.peak - (0 if upper else least), -window.peak + (least if upper else 0)
    if value > top and not _near(value, top):
        value, adjustment = top, Adjustment.CLIPPED_TO_UPPER
    elif value < bottom and not _near(value, bottom):
        value, adjustment = bottom, Adjustment.CLIPPED_TO_LOWER
    other, sign = (levels.low, 1.0) if upper else (levels.high, -1.0)
    span = sign * (value - other)
    moved = Adjustment.LOW_MOVED if upper else Adjustment.HIGH_MOVED
    if span < window.min_amplitude and not _near(span, window.min_amplitude):
        other = value - sign * window.min_amplitude
        adjustment = adjustment or moved
    elif span > window.max_amplitude and not _near(span, window.max_amplitude):
        other = value - sign * window.max_amplitude
        adjustment = adjustment or moved
    return Adjusted(levels._replace(amplitude=abs(value - other), offset=(value + other) / 2), adjustment)


# ------------------------------------------------------------------------------------------ amplitude units


def volts_peak_to_peak(value: float, unit: str, function: str, load: float) -> float:
    """Return an amplitude given in ``unit`` ("VPP", "VRMS", "DBM") as Vpp."""
    if unit == "VRMS":
        return value * peak_to_peak_per_rms(function)
    if unit == "DBM":
        return math.sqrt(load * 1e-3 * 10 ** (value / 10)) * peak_to_peak_per_rms(function)
    return value


def from_volts_peak_to_peak(value: float, unit: str, function: str, load: float) -> float:
    """Return an amplitude [Vpp] in ``unit``."""
    if unit not in ("VRMS", "DBM"):
        return value
    rms = value / peak_to_peak_per_rms(function)
    return rms if unit == "VRMS" else 10 * math.log10(rms * rms / load / 1e-3)


def peak_to_peak_per_rms(function: str) -> float:
    """Return Vpp / Vrms of a function (square, pulse and arbitrary: as a square wave)."""
    return {"SIN": 2 * math.sqrt(2), "RAMP": 2 * math.sqrt(3), "TRI": 2 * math.sqrt(3)}.get(function, 2.0)
