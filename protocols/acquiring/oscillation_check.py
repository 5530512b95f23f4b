"""Whether the device oscillates while a source meter reads it: a short scope record beside the readings.

A reading of 20 ms over an oscillation of 1 us is smooth, plausible and wrong. Only something faster can tell.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from tsbench.instruments import Station, Timebase
from tsbench.protocols.acquiring.device_view import DeviceView, Window
from tsbench.records import Fixture, FloatArray, Waveform
from tsbench.samples import OF_MEDIAN_DEVIATION, resolution

#: [s] shortest and longest record; with these points the shortest finds periods from about 80 ns to 15 us
SHORTEST_SPAN, LONGEST_SPAN = 50e-6, 20e-3
_POINTS = 2000
#: a relaxation oscillation takes about one time constant of load and capacitance; several must fit a record
_TIME_CONSTANTS = 40
#: standard deviation of the record over that of the resting device, above which something moves
_RATIO = 3.0
#: probability that white noise has as strong a line in its spectrum, below which the record repeats itself
_BY_CHANCE = 1e-6
_BLOCK = 8  #: samples
_SPREAD = 2.0  #: bins over which the window spreads noise, in its bandwidth (1.5) and rounded up
#: an oscillation repeats: fewer cycles are a transient
_CYCLES = 3


@dataclass(frozen=True)
class Activity:
    """What one record shows: ``cycles`` in it, ``frequency`` [Hz], ``peak_to_peak`` [V, at the channel]."""

    cycles: int
    frequency: float
    peak_to_peak: float


@dataclass(frozen=True)
class OscillationVerdict:
    """``oscillating`` is None where the scope gave no record."""

    oscillating: bool | None
    activity: Activity = Activity(0, 0.0, 0.0)
    records: Mapping[str, Waveform] = field(default_factory=dict)  #: what it was judged by


def activity(values: FloatArray, dt: float, noise: float = 0.0) -> Activity:
    """Count the cycles in ``values`` [V], shape (n,), sampled every ``dt`` [s], ``noise`` [V] rms on them.

    A cycle is an upward crossing through a band around the middle (a comparator with hysteresis): 30 % of the
    swing, at least eight times the noise. A swing of less than sixteen times the noise counts as none.
    """
    low, high = float(values.min()), float(values.max())
    swing = high - low
    if swing <= 16 * noise:
        return Activity(0, 0.0, swing)
    half_band = max(0.15 * swing, 4 * noise)
    middle = (low + high) / 2
    states = np.where(values > middle + half_band, 1, np.where(values < middle - half_band, -1, 0))
    known = np.flatnonzero(states)
    rises = known[1:][(states[known[1:]] == 1) & (states[known[:-1]] == -1)]
    cycles = len(rises)
    frequency = (cycles - 1) / (float(rises[-1] - rises[0]) * dt) if cycles > 1 else 0.0
    return Activity(cycles, frequency, swing)


def white_noise(values: FloatArray, resolution: float) -> float:
    """Estimate the noise [V] rms on an oversampled signal, at least half its ``resolution`` [V].

    The median of successive differences hardly feels the few steep edges of an oscillation.

    Parameters
    ----------
    values : [V] shape (n,), n > 1
    resolution : [V] one code
    """
    return max(float(np.median(np.abs(np.diff(values)))) * OF_MEDIAN_DEVIATION / 2**0.5, resolution / 2)


def oscillation(values: FloatArray, dt: float, resting_noise: float = 0.0, resolution: float = 0.0) -> Activity:
    """Count the cycles that noise does not make: a device that is on may be noisier than one at rest.

    Either the swing is sixteen times the noise, that at rest and that which successive samples (or means of some) show,
    or the record has a line in its spectrum that noise does not have (an oscillation of few samples a period looks like
    noise to successive differences).

    Parameters
    ----------
    values : [V], shape (n,)
    dt : [s] between samples
    resting_noise, resolution : [V] rms at rest; one code of the scope
    """
    for block in (1, _BLOCK):  # means of a block have less noise, and show what is slow
        means = values[: values.size // block * block].reshape(-1, block).mean(axis=1)
        if means.size > 2:
            noise = max(resting_noise / block**0.5, white_noise(means, resolution / block))
            seen = activity(means, dt * block, noise)
            if seen.cycles >= _CYCLES:
                return seen
    return activity(values, dt) if repeats(values) else Activity(0, 0.0, float(np.ptp(values)))


def repeats(values: FloatArray) -> bool:
    """Return whether the spectrum of ``values``, shape (n,), has a line above noise (Fisher 1929).

    Noise whose power falls with a power of the frequency, as that of white, 1/f and drifting signals does, is taken
    off by a straight line in both logarithms.
    """
    count = values.size
    if count < 8 * _CYCLES:
        return False
    place = np.arange(count) - 0.5 * (count - 1)
    level = values - values.mean()
    level = level - place * float(place @ level) / float(place @ place)
    # a window, so that what is slower than three cycles does not leak into them
    power = np.abs(np.fft.rfft(level * np.hanning(count)))[_CYCLES:-1] ** 2
    if not power.min() > 0.0:
        return False
    bins, logs = np.log(np.arange(_CYCLES, _CYCLES + power.size)), np.log(power)
    power = np.exp(logs - np.polyval(np.polyfit(bins, logs, 1), bins))
    share = float(power.max() / power.sum())
    # the window makes neighbouring bins of noise alike: so many fewer are independent
    return bool(power.size * (1.0 - share) ** (power.size / _SPREAD) < _BY_CHANCE)


def check_span(fixture: Fixture, role: str = "drive") -> float:
    """Return how long a record must be [s] to hold several periods of the slowest expected oscillation."""
    slowest = fixture.path_resistance.get(role, 0.0) * fixture.parallel_capacitance
    return min(max(_TIME_CONSTANTS * slowest, SHORTEST_SPAN), LONGEST_SPAN)


class OscillationCheck:
    """Takes a reference record of the resting device, then says of later ones whether it oscillates."""

    def __init__(self, view: DeviceView, voltage: Window, current: Window) -> None:
        self._view = view
        self._windows = view.windows(voltage, current)
        self._noise: dict[str, float] = {}
        self.rest: dict[str, Waveform] = {}  #: the reference
        self._span = SHORTEST_SPAN

    def prepare(self, station: Station) -> bool:
        """Set the scope up and take the reference, with the source at rest; returns whether that worked."""
        self._view.configure(self._windows)
        self._view.wait_for_force()
        self._span = check_span(station.fixture)
        waveforms = self._view.capture_now(Timebase(span=self._span, points=_POINTS), station, {})
        if waveforms is None:
            return False
        self.rest = waveforms
        # a quiet 8-bit channel may show one code only: half a code is the least that it can show
        self._noise = {name: max(_deviation(wave), resolution(wave) / 2) for name, wave in waveforms.items()}
        return True

    def verdict(self, station: Station) -> OscillationVerdict:
        """Take a record now and judge it."""
        waveforms = self._view.recapture(self._span, station, {}) if self._noise else None
        if waveforms is None:
            return OscillationVerdict(None)
        best = Activity(0, 0.0, 0.0)
        for name, wave in waveforms.items():
            step = resolution(wave)   # the record at rest does not tell it where all its codes are equal
            noise = max(self._noise[name], step / 2)
            if _deviation(wave) < _RATIO * noise:
                continue
            seen = oscillation(wave.values()[0], wave.dt, noise, step)
            if seen.cycles > best.cycles:
                best = seen
        return OscillationVerdict(best.cycles >= _CYCLES, best, waveforms)


def _deviation(waveform: Waveform) -> float:
    return float(waveform.values()[0].std())
