"""Limits and imperfections of the InfiniiVision 3000T X-Series oscilloscopes, as data.

Figures follow the published data sheet of the series; those marked (typ.) are typical there or common
knowledge of the family.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

DIVISIONS = 8  #: vertical divisions of the screen: ``RANGe`` = 8 * ``SCALe``
LEVELS = 199  #: ADC steps that make one full-scale range; the other 57 of 256 lie beyond the screen
TIME_DIVISIONS = 10
INPUT_CAPACITANCE = 14e-12  #: [F] at 1 MOhm
ONE_MEGOHM = 1.0e6
FIFTY_OHM = 50.0


@dataclass(frozen=True)
class ScopeDataSheet:
    """One model of the family."""

    name: str
    manufacturer: str
    firmware: str
    channels: int
    bandwidth: float  #: [Hz] -3 dB, Gaussian roll-off
    limited_bandwidth: float  #: [Hz] with the bandwidth limit on
    max_sample_rate: float  #: [Sa/s] one channel of a pair
    memory: int  #: points, one channel of a pair
    max_segments: int
    min_scale: float  #: [V/div] 1:1
    max_scale: Mapping[str, float]  #: [V/div] by input impedance
    gain_accuracy: float  #: of full scale (8 divisions): DC vertical gain accuracy
    offset_divisions: float  #: [div] DC vertical offset accuracy: this, plus
    offset_accuracy: float  #: [V], plus
    offset_gain_accuracy: float  #: of the offset setting
    noise_floor: float  #: [V rms] at the most sensitive scale (typ.)
    noise_divisions: float  #: [div rms] (typ.)
    timebase_accuracy: float  #: relative, first year
    trigger_jitter: float  #: [s] rms of the trigger interpolator (typ.)
    hysteresis: float  #: [div] trigger hysteresis (typ.)
    rearm_time: float  #: [s] between segments (typ.)
    auto_timeout: float  #: [s] without trigger before AUTO triggers by itself (typ.)
    min_timebase: float  #: [s/div]
    max_timebase: float  #: [s/div]

    @property
    def offset_range(self) -> tuple[tuple[float, float], ...]:
        """Return (up to V/div, largest offset [V]) at 1:1."""
        return ((0.2, 2.0), (1.0, 10.0), (math.inf, 40.0))

    def max_offset(self, scale: float) -> float:
        """Return the largest offset [V] at a 1:1 scale [V/div]."""
        return next(offset for limit, offset in self.offset_range if scale < limit)

    def noise(self, scale: float) -> float:
        """Return the noise [V rms] at a 1:1 scale [V/div], full bandwidth."""
        return math.hypot(self.noise_floor, self.noise_divisions * scale)


KEYSIGHT_DSOX3054T = ScopeDataSheet(
    name="DSO-X 3054T", manufacturer="KEYSIGHT TECHNOLOGIES", firmware="07.20.2017102614", channels=4,
    bandwidth=500e6, limited_bandwidth=20e6, max_sample_rate=5e9, memory=4_000_000, max_segments=1000,
    min_scale=1e-3, max_scale={"ONEM": 5.0, "FIFT": 1.0}, gain_accuracy=0.02, offset_divisions=0.1,
    offset_accuracy=2e-3, offset_gain_accuracy=0.01, noise_floor=0.2e-3, noise_divisions=0.025,
    timebase_accuracy=1.6e-6, trigger_jitter=5e-12, hysteresis=0.4, rearm_time=1e-6, auto_timeout=20e-3,
    min_timebase=1e-9, max_timebase=50.0,
)

MODELS: Mapping[str, ScopeDataSheet] = {"keysight_dsox3054t": KEYSIGHT_DSOX3054T}


# ------------------------------------------------------------------------------------------ sampling


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
