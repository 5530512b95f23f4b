"""Whether a smooth negative differential resistance is one, or the mean of an oscillation that a source meter averages.

A source meter integrates over many periods. The mean voltage of a relaxation oscillator falls smoothly while its mean
current rises, as the voltage of a stable negative resistance does, and no reading of one sweep tells them apart. One
more fact can:

* **a sweep with another load**: voltage against current of a stable device does not depend on the load. The mean over
  a period does, because the load shapes the charging;
* **a sweep with another aperture**: a reading over a few hundred periods holds a whole number of them and a part, which
  differs from reading to reading. So its scatter grows where the device oscillates;
* **the capacitance across the device with the load line**: with the negative slope -R, the chord resistance V/I, the
  load L and the capacitance C, the device is stable only if its own response time exceeds R C / (1 + V / (I L)). This
  follows from the small-signal impedance (-R + s t V/I) / (1 + s t) of a device with one state of response time t, in
  parallel with C and L;
* **a scope beside it**, which sees the oscillation (``protocols/acquiring/oscillation_check.py``).
"""

import enum
import math
from dataclasses import dataclass

import numpy as np

from tsbench.analysis.statistics import combined
from tsbench.records import Flag, FloatArray
from tsbench.samples import noise_of

#: the voltage falls by so many standard deviations of a reading, and by this share of itself
_FALL_SIGMAS, _FALL_SHARE = 6.0, 0.005
#: readings of a smooth fall; and the share of it that one step may make
_FEWEST, _ONE_STEP = 4, 0.7
#: loads must differ by this factor
_OTHER_LOAD = 1.3
#: standard uncertainties by which two neighbouring readings of both loads differ, in the same direction
_APART = 4.0
#: relative difference that shows an oscillation with most loads; a comparison must resolve it to say "stable"
_RESOLVED = 1e-3
#: probability that equal scatter differs so much
_BY_CHANCE = 1e-3
#: share of the difference of a cubic and straight lines between readings by which the cubic may be off
_CURVE_SHARE = 0.3
#: ratio of the two time constants within which neither outcome is excluded: they are known to a factor
_UNKNOWN = 1.5


class Averaged(enum.Enum):
    """What the fall of the voltage is."""

    OSCILLATION = "the mean of an oscillation"
    STABLE = "a stable negative resistance"
    NOT_EXCLUDED = "a negative resistance or the mean of an oscillation"


@dataclass(frozen=True)
class AveragedVerdict:
    """A verdict, the fact it rests on, and the numbers behind it in one sentence."""

    verdict: Averaged
    fact: str
    reason: str

    @property
    def flag(self) -> Flag:
        """Return the flag of the readings: OSCILLATING, or UNCHECKED where an oscillation is not excluded."""
        return {Averaged.OSCILLATION: Flag.OSCILLATING, Averaged.STABLE: Flag.NONE}.get(self.verdict, Flag.UNCHECKED)


@dataclass(frozen=True)
class LoadedSweep:
    """The way up of a sweep at the device: voltage [V] and current [A], shape (n,), in order of rising set-points."""

    voltage: FloatArray
    current: FloatArray
    load: float  #: [Ohm] between source and device
    uncertainty: float = 0.0  #: [V] standard, of the difference of two sweeps beside the scatter: drift, load


NO_FACT = AveragedVerdict(
    Averaged.NOT_EXCLUDED, "none",
    "a source meter averages over an oscillation, so the readings of one sweep do not exclude it. Sweep with a scope "
    "at the device, or sweep again with another load and give both files to 'tsbench compare'")


def falling_part(voltage: FloatArray, current: FloatArray, noise: float | None = None) -> slice | None:
    """Return where the voltage falls smoothly although the current rises; None where it does not, or jumps.

    Parameters
    ----------
    voltage, current : magnitudes [V] and [A] of the way up, shape (n,)
    noise : [V] standard deviation of a reading; None: estimated
    """
    known = np.isfinite(voltage) & np.isfinite(current)
    if voltage.size < _FEWEST + 1 or not known.all():
        return None
    noise = noise_of(voltage) if noise is None else noise
    highest = np.maximum.accumulate(voltage)
    fallen = highest - voltage
    bottom = int(np.argmax(fallen))
    top = int(np.argmax(voltage[: bottom + 1]))
    fall = float(voltage[top] - voltage[bottom])
    if fall < max(_FALL_SIGMAS * noise, _FALL_SHARE * float(voltage[top])) or bottom - top < _FEWEST - 1:
        return None
    if float(np.max(-np.diff(voltage[top : bottom + 1]))) > _ONE_STEP * fall or current[bottom] <= current[top]:
        return None
    return slice(top, bottom + 1)


def by_other_load(one: LoadedSweep, other: LoadedSweep) -> AveragedVerdict:
    """Compare the voltages of two loads at equal currents, where the voltage of either falls.

    OSCILLATION: the device oscillates with one of the two loads at least. STABLE: with neither.
    """
    fact = "a sweep with another load"
    parts = [(found, readings) for readings in (one, other)
             if (found := falling_part(readings.voltage, readings.current)) is not None]
    if not parts or max(one.load, other.load) < _OTHER_LOAD * min(one.load, other.load):
        return AveragedVerdict(Averaged.NOT_EXCLUDED, fact, "the two sweeps do not show a falling voltage at two loads")
    ends = [(float(readings.current[part][0]), float(readings.current[part][-1])) for part, readings in parts]
    low, high = min(first for first, _ in ends), max(last for _, last in ends)
    difference, spread, at = _differences(one, other)
    inside, before = (at >= low) & (at <= high), at < low
    # how well the device repeats itself, by the readings below the fall
    repeats = float(np.sqrt(np.mean(difference[before] ** 2))) if np.count_nonzero(before) >= 3 else 0.0
    spread = np.sqrt(spread**2 + repeats**2)
    if np.count_nonzero(inside) < _FEWEST:
        return AveragedVerdict(Averaged.NOT_EXCLUDED, fact, "the sweeps have too few currents in common")
    apart = difference[inside] / spread[inside]
    pairs = np.minimum(apart[1:], apart[:-1]), np.minimum(-apart[1:], -apart[:-1])
    most = float(max(pairs[0].max(), pairs[1].max()))
    largest = 1e3 * float(np.abs(difference[inside]).max())
    said = f"at equal currents the voltages differ by up to {largest:.3g} mV, {most:.3g} standard uncertainties"
    if most > _APART:
        return AveragedVerdict(Averaged.OSCILLATION, fact, said)
    resolved = float(np.median(spread[inside])) * 2.0 < _RESOLVED * float(np.median(one.voltage))
    return AveragedVerdict(Averaged.STABLE if resolved else Averaged.NOT_EXCLUDED, fact, said)


def _differences(one: LoadedSweep, other: LoadedSweep) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return (voltage of one less that of the other [V], its standard uncertainty, current) at the currents of one."""
    from scipy.interpolate import PchipInterpolator  # noqa: PLC0415  a large library for one curve

    order = np.argsort(other.current)
    x, first = np.unique(other.current[order], return_index=True)
    y = other.voltage[order][first]
    inside = (one.current > x[0]) & (one.current < x[-1])
    at, volts = one.current[inside], one.voltage[inside]
    beside = PchipInterpolator(x, y)(at)
    # a cubic through the readings is off by less than what it differs from straight lines
    off = _CURVE_SHARE * np.abs(beside - np.interp(at, x, y))
    noise = combined(noise_of(one.voltage), noise_of(other.voltage), one.uncertainty, other.uncertainty)
    return volts - beside, np.sqrt(noise**2 + off**2), at


def by_other_aperture(long: FloatArray, short: FloatArray, part: slice) -> AveragedVerdict:
    """Compare the scatter of a sweep with a short aperture where the voltage falls with that elsewhere.

    Parameters
    ----------
    long, short : [V] readings at the same set-points with two apertures, shape (n,)
    part : where the voltage falls, of :func:`falling_part`
    """
    from scipy.stats import f  # noqa: PLC0415  a large library for one quantile

    fact = "a sweep with another aperture"
    change = short - long
    inside = np.zeros(change.size, bool)
    inside[part] = True
    counts = int(inside.sum()), int((~inside).sum())
    if min(counts) < _FEWEST:
        return AveragedVerdict(Averaged.NOT_EXCLUDED, fact, "there are too few readings to compare their scatter")
    change = change - float(np.median(change[~inside]))   # the zero may differ between apertures
    here, there = (float(np.mean(change[side] ** 2)) for side in (inside, ~inside))
    said = (f"with the short aperture the readings scatter by {1e3 * math.sqrt(here):.3g} mV where the voltage falls, "
            f"and by {1e3 * math.sqrt(there):.3g} mV elsewhere")
    if here > there * float(f.ppf(1.0 - _BY_CHANCE, *counts)):
        return AveragedVerdict(Averaged.OSCILLATION, fact, said)
    fall = abs(float(long[part][0] - long[part][-1]))
    most = fall / math.sqrt(12.0 * float(f.ppf(1.0 - _BY_CHANCE, *counts)) * max(there, 1e-300))
    return AveragedVerdict(Averaged.NOT_EXCLUDED, fact,
                           f"{said}. An oscillation with more than about {most:.2g} periods in a reading does not show")


def by_capacitance(
    readings: LoadedSweep, capacitance: float, response_time: float, known_to: float = _UNKNOWN,
) -> AveragedVerdict:
    """Compare the response time of the device with the one that the capacitance and the load line need for stability.

    Parameters
    ----------
    readings : of one sweep
    capacitance : [F] across the device: pads, cables and probes, as the bench file has it
    response_time : [s] in which the device follows a step, for example its rise when it switches
    known_to : factor to which the ratio of response time and capacitance is known
    """
    fact = "the capacitance with the load line"
    part = falling_part(readings.voltage, readings.current)
    if part is None:
        return AveragedVerdict(Averaged.NOT_EXCLUDED, fact, "the voltage does not fall smoothly")
    volts, amps = readings.voltage[part], readings.current[part]
    slope = -np.gradient(volts, amps)
    needed = float(np.max(slope * capacitance / (1.0 + volts / (amps * readings.load))))
    ratio = needed / response_time if response_time > 0.0 else math.inf
    said = (f"with {1e12 * capacitance:.3g} pF and {readings.load:.4g} Ohm the device is stable only if it responds "
            f"in more than {1e9 * needed:.3g} ns, and it responds in {1e9 * response_time:.3g} ns")
    if ratio > known_to:
        return AveragedVerdict(Averaged.OSCILLATION, fact, said)
    return AveragedVerdict(Averaged.STABLE if ratio * known_to < 1.0 else Averaged.NOT_EXCLUDED, fact, said)
