"""What the data sheet of an oscilloscope says, and how its memory and sample rate follow from it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from tsbench.simulated_backends.virtual_instruments.sources import NO_DATA_SHEET, Origin

_DELAYS = Origin(
    "Service manuals of the Tektronix TDS 600B and TDS7054, performance tests (100 ps and 50 ps between two channels)",
    "all others")


@dataclass(frozen=True)
class ScopeSources:
    """Where the numbers of each imperfection come from (``docs/imperfections.md``)."""

    gain_accuracy: Origin = NO_DATA_SHEET
    offset_accuracy: Origin = NO_DATA_SHEET
    noise: Origin = NO_DATA_SHEET
    bandwidth: Origin = NO_DATA_SHEET
    bandwidth_limit: Origin = NO_DATA_SHEET
    resolution: Origin = NO_DATA_SHEET  #: and where the codes end
    input_loading: Origin = NO_DATA_SHEET
    timebase_accuracy: Origin = NO_DATA_SHEET
    channel_delay: Origin = _DELAYS
    trigger_jitter: Origin = NO_DATA_SHEET
    hysteresis: Origin = NO_DATA_SHEET
    rearm_time: Origin = NO_DATA_SHEET
    automatic_trigger: Origin = NO_DATA_SHEET


@dataclass(frozen=True)
class ScopeDataSheet:
    """One model of oscilloscope."""

    name: str
    manufacturer: str
    firmware: str
    channels: int
    divisions: int  #: of the screen, vertical: a range is so many times its scale
    time_divisions: int
    levels: int  #: ADC steps that make one full-scale range; the others of 256 lie beyond the screen
    impedances: Mapping[str, float]  #: [Ohm] by the name that the model's commands use
    input_capacitance: float  #: [F] at high impedance
    bandwidth: float  #: [Hz] -3 dB, Gaussian roll-off
    limited_bandwidth: float  #: [Hz] with the bandwidth limit on
    max_sample_rate: float  #: [Sa/s] one channel of a pair
    memory: int  #: points, one channel of a pair
    max_segments: int
    min_scale: float  #: [V/div] 1:1
    max_scale: Mapping[str, float]  #: [V/div] 1:1, by the name of the input impedance
    max_offset_below: tuple[tuple[float, float], ...]  #: (below this 1:1 scale [V/div], largest offset [V])
    gain_accuracy: float  #: of full scale (8 divisions): DC vertical gain accuracy
    offset_divisions: float  #: [div] DC vertical offset accuracy: this, plus
    offset_accuracy: float  #: [V], plus
    offset_gain_accuracy: float  #: of the offset setting
    noise_floor: float  #: [V rms] at the most sensitive scale (typ.)
    noise_divisions: float  #: [div rms] (typ.)
    timebase_accuracy: float  #: relative, first year
    trigger_jitter: float  #: [s] rms of the trigger interpolator (typ.)
    level_divisions: float  #: a trigger level lies so far from mid-screen at most
    external_range: float  #: [V] of the external trigger's level
    hysteresis: float  #: [div] trigger hysteresis (typ.)
    rearm_time: float  #: [s] between segments (typ.)
    auto_timeout: float  #: [s] without trigger before AUTO triggers by itself (typ.)
    min_timebase: float  #: [s/div]
    max_timebase: float  #: [s/div]
    resolution_bits: int = 8  #: of the converter
    #: [s] by which an input may be late or early: two differ by up to twice as much (100 ps of a Tektronix TDS 600B)
    channel_delay: float = field(default=50e-12, kw_only=True)
    sources: ScopeSources = field(default=ScopeSources(), kw_only=True)

    def max_offset(self, scale: float) -> float:
        """Return the largest offset [V] at a 1:1 scale [V/div]."""
        return next(offset for limit, offset in self.max_offset_below if scale < limit)

    def noise(self, scale: float) -> float:
        """Return the noise [V rms] at a 1:1 scale [V/div], full bandwidth."""
        return math.hypot(self.noise_floor, self.noise_divisions * scale)


@dataclass(frozen=True)
class ConverterSheet(ScopeDataSheet):
    """A model whose ADC is given by its codes; ``levels`` of them make one full-scale range."""

    lowest_code: int = -128  #: ADC steps from mid-screen; what is below has this code
    highest_code: int = 127  #: what is above has this code
    resolved: int = 1  #: parts of a step that the ADC resolves: 4 where a step is that of 8 bits and the ADC has 10


@dataclass(frozen=True)
class Sampling:
    """How a time window is sampled: ``points`` at ``rate`` [Sa/s]."""

    rate: float
    points: int

    @property
    def interval(self) -> float:
        """Return the sample interval [s]."""
        return 1.0 / self.rate


def choose_sampling(model: ScopeDataSheet, span: float, paired: bool, segments: int = 1) -> Sampling:
    """Choose the highest sample rate whose record of ``span`` [s] fits into the memory.

    Parameters
    ----------
    span : float
        Duration of the record [s].
    paired : bool
        Both channels of a pair (1/2 or 3/4) are on: half the rate and half the memory.
    segments : int
        The memory is shared by this many segments.
    """
    rate = model.max_sample_rate / (2 if paired else 1)
    room = max(model.memory // (2 if paired else 1) // segments, 100)
    if span * rate > room:
        rate = _step_below(room / span)
    return Sampling(rate, max(round(span * rate), 1))


def _step_below(rate: float) -> float:
    decade = 10.0 ** math.floor(math.log10(rate) + 1e-12)
    return decade * next(step for step in (5.0, 2.0, 1.0) if step * decade <= rate * (1 + 1e-9))
