"""Whether a smooth negative differential resistance is one, or the mean of an oscillation that a source meter averages.

A source meter integrates over many periods. The mean voltage of a relaxation oscillator falls smoothly while its mean
current rises, as the voltage of a stable negative resistance does, and no reading of one sweep tells them apart. One
more fact can:

* **a sweep with another load**: voltage against current of a stable device does not depend on the load. The mean over
  a period does, because the load shapes the charging;
* **a sweep with another aperture**: a reading over a few hundred periods holds a whole number of them and a part, which
  differs from reading to reading. So its scatter grows from the threshold on, where the device oscillates. The part is
  at most one period: the mean of N periods scatters by about the swing over 3.5 N, which noise hides if N is large;
* **the capacitance across the device with the load line**: see :func:`by_capacitance`;
* **a scope beside it**, which sees the oscillation (``protocols/acquiring/oscillation_check.py``).
"""

import enum
import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tsbench.analysis.statistics import combined
from tsbench.quantities import format_quantity
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
#: standard deviations of a slope; and the most of it over the chord resistance (that of a stable device is below 1)
_SLOPE_SIGMAS, _STEEPEST = 3.0, 0.99
#: ratio of the two time constants within which neither outcome is excluded: they are known to a factor
_UNKNOWN = 1.5
#: looks of a scope at the falling part that show a device that does not oscillate (chosen)
LOOKS = 3


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
    Averaged.NOT_EXCLUDED, "one sweep alone",
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


def seen_quiet(flags: npt.NDArray[np.uint32], check_every: int | None) -> bool:
    """Return whether a scope looked at a falling part often enough, and never saw an oscillation.

    Parameters
    ----------
    flags : of the readings of the part, shape (n,)
    check_every : readings between two looks; those in between have the flags of the look that follows. None: not known
    """
    doubts = int(Flag.UNCHECKED | Flag.OSCILLATING)
    return check_every is not None and flags.size >= LOOKS * check_every and not (flags & doubts).any()


def by_other_load(one: LoadedSweep, other: LoadedSweep) -> AveragedVerdict:
    """Compare the voltages of two loads at equal currents, where the voltage of either falls.

    Parameters
    ----------
    one, other : the ways up of two sweeps of one device; their loads differ by a factor of 1.3 at least

    Returns
    -------
    AveragedVerdict
        OSCILLATION: two neighbouring readings differ by more than four standard uncertainties, in one direction: the
        device oscillates with one of the two loads at least. STABLE: they do not, and the comparison resolves 0.1 % of
        the voltage. NOT_EXCLUDED: it does not resolve that, the loads are too much alike, no voltage falls smoothly,
        or the sweeps have fewer than four currents in common there.
    """
    fact = "a sweep with another load"
    parts = [(found, readings) for readings in (one, other)
             if (found := falling_part(readings.voltage, readings.current)) is not None]
    if not parts:
        return AveragedVerdict(Averaged.NOT_EXCLUDED, fact, "no voltage falls smoothly")
    if max(one.load, other.load) < _OTHER_LOAD * min(one.load, other.load):
        return AveragedVerdict(Averaged.NOT_EXCLUDED, fact,
                               f"the loads are too much alike: they must differ by a factor of {_OTHER_LOAD:g}")
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
    largest = format_quantity(float(np.abs(difference[inside]).max()), "V", 3)
    said = f"at equal currents the voltages differ by up to {largest}, {most:.1f} standard uncertainties"
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
    # the bend of a steep curve looks like noise of its readings, but it is the same in both sweeps
    noise = min(combined(noise_of(one.voltage), noise_of(other.voltage)), noise_of(volts - beside))
    return volts - beside, np.sqrt(combined(noise, one.uncertainty, other.uncertainty)**2 + off**2), at


def by_other_aperture(long: FloatArray, short: FloatArray, part: slice) -> AveragedVerdict:
    """Compare the scatter of a sweep with a short aperture from the threshold on with that below it.

    Only below the threshold it is known that the device does not oscillate. Beyond the end of the fall it may go on.
    With few readings below the threshold, their scatter is hardly known, so only several sweeps show a difference.

    Parameters
    ----------
    long : [V] readings with the longer aperture, shape (n,)
    short : [V] those at the same set-points with the shorter one, shape (n,), or (sweeps, n) of several sweeps
    part : where the voltage falls, of :func:`falling_part`
    """
    from scipy.stats import f  # noqa: PLC0415  a large library for one quantile

    fact = "a sweep with another aperture"
    change = np.atleast_2d(short) - long
    change = change[np.isfinite(change).all(axis=1)]
    calm = change[:, : part.start]   # the first reading of the part is the threshold
    # degrees of freedom: each sweep has a zero of its own
    few = min(one.size - one.shape[0] for one in (calm, change[:, part]))
    if few < _FEWEST:
        return AveragedVerdict(
            Averaged.NOT_EXCLUDED, fact,
            f"{calm.size} readings below the threshold and {change[:, part].size} in the fall, of {change.shape[0]} "
            "sweeps, are too few to compare their scatter. Begin the sweep lower, or take smaller steps")
    there, freedom = _scatter(calm)
    # in the fall alone, or to the end of the sweep: where it oscillates is not known, so each has half of the chance
    ratios = []
    for side in (change[:, part], change[:, part.start :]):
        variance, degrees = _scatter(side)
        quantile = float(f.ppf(1.0 - 0.5 * _BY_CHANCE, degrees, freedom))
        ratios.append((variance / max(there * quantile, 1e-300), variance, quantile))
    most, here, quantile = max(ratios)
    said = (f"with the short aperture the readings scatter by {format_quantity(math.sqrt(here), 'V', 3)} from the "
            f"threshold on, and by {format_quantity(math.sqrt(there), 'V', 3)} below it")
    if most > 1.0:
        return AveragedVerdict(Averaged.OSCILLATION, fact, said)
    fall = abs(float(long[part][0] - long[part][-1]))
    periods = fall / math.sqrt(12.0 * quantile * max(there, 1e-300))
    return AveragedVerdict(
        Averaged.NOT_EXCLUDED, fact,
        f"{said}. An oscillation with more than about {periods:.2g} periods in a reading does not show")


def _scatter(sweeps: FloatArray) -> tuple[float, int]:
    """Return the variance of readings about the mean of their sweep, shape (sweeps, n), and its degrees of freedom.

    The zero may differ between apertures, and drift from sweep to sweep.
    """
    degrees = sweeps.size - sweeps.shape[0]
    return float(np.sum((sweeps - sweeps.mean(axis=1, keepdims=True)) ** 2)) / degrees, degrees


def by_capacitance(
    readings: LoadedSweep, capacitance: float, response_time: float, known_to: float = _UNKNOWN,
) -> AveragedVerdict:
    """Compare the response time of the device with the one that the capacitance and the load line need for stability.

    If the readings are those of a stable device, they are its static curve, and the curve with the response time tells
    whether the circuit can be stable. If it cannot, the readings are averages.

    The state of the device follows the dissipated power: t dx/dt = V I - x, for example a temperature. Its conductance
    grows with x, and with the voltage as V^g (0: ohmic; Poole-Frenkel conduction has more). With the slope -R, the
    chord resistance Z = V/I, r = R/Z, the load L and the capacitance C, the linearised equations have the impedance
    (-R + s u Z/(1 + g)) / (1 + s u) with u = t (1 - r) (1 + g) / (2 + g): near the border of stability the device
    responds faster than at rest (an ohmic one at least twice as fast), because less voltage heats it less. In parallel
    with C and L, it is stable only if

        R C < t (1 - r) (1 + g + Z/L) / (2 + g).

    The last quotient is between (1 + Z/L)/2 (g = 0) and 1 (g large). g is not known, so both ends must agree.

    Parameters
    ----------
    readings : of one sweep
    capacitance : [F] across the device: pads, cables and probes, as the bench file has it
    response_time : [s] with which the device relaxes at rest, for example cools after a pulse at a low voltage
    known_to : factor to which the ratio of response time and capacitance is known
    """
    fact = "the capacitance with the load line"
    part = falling_part(readings.voltage, readings.current)
    if part is None:
        return AveragedVerdict(Averaged.NOT_EXCLUDED, fact, "the voltage does not fall smoothly")
    volts, amps = readings.voltage[part], readings.current[part]
    chord = volts / amps
    slope = -np.gradient(volts, amps)
    # a slope that noise could make is no evidence: its error from two neighbours
    doubt = _SLOPE_SIGMAS * math.sqrt(2.0) * noise_of(readings.voltage) / np.abs(np.gradient(amps)) / 2.0
    with_noise, without = (np.clip(side / chord, 0.0, _STEEPEST) for side in (slope + doubt, slope - doubt))
    quotient = 0.5 * (1.0 + chord / readings.load)
    longest = float(np.max(with_noise / (1.0 - with_noise) * chord * capacitance / np.minimum(quotient, 1.0)))
    shortest = float(np.max(without / (1.0 - without) * chord * capacitance / np.maximum(quotient, 1.0)))
    said = (f"with {format_quantity(capacitance, 'F', 3)} and {format_quantity(readings.load, 'Ohm')} a device with "
            f"these readings is stable only if it relaxes in more than {format_quantity(shortest, 's', 3)} to "
            f"{format_quantity(longest, 's', 3)}, and it relaxes in {format_quantity(response_time, 's', 3)}")
    if shortest > known_to * response_time:
        return AveragedVerdict(Averaged.OSCILLATION, fact, said)
    stable = longest * known_to < response_time
    return AveragedVerdict(Averaged.STABLE if stable else Averaged.NOT_EXCLUDED, fact, said)
