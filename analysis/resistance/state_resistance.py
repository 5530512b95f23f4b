"""Off and on resistance of a half-sweep: device voltage over device current at a stated point of each state.

The quantities are defined in ``docs/definitions.md``. Of the off state, a parabola through the currents of the readings
around the voltage (A. Savitzky and M. J. E. Golay, Anal. Chem. 36 (1964) 1627) gives the current there: the curve of an
off state is bent. Of the on state, the reading at the highest set-point counts that nothing limits.
"""

import math
from collections.abc import Sequence

import numpy as np

from tsbench.analysis.resistance.state_readings import OnBranch, off_readings, ratio_uncertainty, source_voltage, was_on
from tsbench.analysis.resistance.zero_current import zero_current
from tsbench.analysis.statistics import NORMAL_95, combined, noise_or_scatter, standard_uncertainty
from tsbench.analysis.statistics.pink_noise import pink_variance
from tsbench.analysis.threshold.current_offset import NO_CURRENT, ZeroCurrent, ZeroReading
from tsbench.analysis.threshold.half_sweeps import IntArray
from tsbench.analysis.threshold.reading_noise import noise_of_readings
from tsbench.analysis.threshold.switching_results import PASSED_ON, SweepFacts, Switching, result_of, subtracted
from tsbench.quantities import format_quantity
from tsbench.records import Flag, FloatArray, Result
from tsbench.samples import noise_of, rounding, step_of_values

TOO_FEW_AROUND = "too few readings of the off state around it"
#: part of the threshold voltage, or of the highest voltage, at which the off state is read. As the field does
READ_SHARE = 0.5
#: readings of the parabola: at least, at most, and those within this share of the voltage
_FEWEST, _MOST, _NEAR = 5, 15, 0.1
_AROUND = 41  #: readings around a point that tell its noise
_FEWEST_OF_NOISE = 4  #: readings whose second differences tell it
_LOW = 0.3  #: part of the highest voltage of the off state below which a curve bends too much to tell noise (chosen)
_CLEAR = 10.0  #: standard deviations of additive noise: less hides noise in proportion to the current
_BEYOND = 1.5  #: a read voltage may be outside the readings by this part of the distance of two of them


def off_resistance(
    event: Switching, facts: SweepFacts, read_voltage: float | None = None, zero: ZeroCurrent = NO_CURRENT,
) -> Result:
    """Return the off resistance [Ohm] of a half-sweep.

    Without an event it is that of the state in which the device stays. Only a lower bound is known (CENSORED) where the
    interval of the current holds zero. AMBIGUOUS where it is not clear whether a current that flows at zero voltage is
    an offset of the meter: the interval then holds both.

    Parameters
    ----------
    event : the half-sweep with its events
    facts : accuracy of the source meter, path
    read_voltage : [V] at which it is read; None: half of the threshold voltage, or of the highest voltage of a
        half-sweep without an event
    zero : the current at zero voltage, if nothing else is known of the meter's offset
    """
    half, mine = event.half, off_readings(event, facts)
    switched = was_on(event)
    asked = "the read voltage" if read_voltage is not None else (
        "half of the threshold voltage" if switched else "half of the highest voltage")
    at = _read_at(event, mine, read_voltage)
    method = f"device voltage over current on the way up, at {asked}"
    chosen = _around(half.voltage, mine, at)
    if chosen is None:
        # on from the first reading: there is no off state
        none = Flag.NO_EVENT if mine.size == 0 and switched else Flag.TOO_FEW
        seen = Flag(int(np.bitwise_or.reduce(half.flags, initial=0))) & PASSED_ON
        return result_of(half, "off_resistance", "Ohm", f"{method}; {TOO_FEW_AROUND}",
                         flags=seen | none)
    current, slope, scatter, weight = _parabola(half.voltage[chosen], half.current[chosen], at)
    near = _nearest(half.voltage, mine, at)
    noise = combined(max(facts.current_noise, noise_of(half.current[near])),
                     slope * max(facts.voltage_noise, noise_of(half.voltage[near])))
    random = combined(weight * noise_or_scatter(noise, scatter, chosen.size - 3),
                      abs(current - zero.value) * _slow_noise(event, mine, chosen.size, zero.value))
    volts = at + facts.path_drop(at, max(current, 0.0))
    systematic = combined(
        standard_uncertainty(facts.current_gain * abs(current) + facts.current_offset),
        standard_uncertainty(facts.parallel_tolerance * facts.parallel_conductance * at),
        slope * standard_uncertainty(facts.voltage_gain * volts + facts.voltage_offset),
        slope * standard_uncertainty(facts.path_tolerance * facts.path_drop(at, abs(current))),
        slope * standard_uncertainty(facts.parallel_tolerance * facts.inputs_drop(at, abs(current))))
    systematic = combined(systematic, zero.uncertainty, rounding(step_of_values(half.current[mine]), noise))
    wide = NORMAL_95 * combined(random, systematic)
    flags = Flag(int(np.bitwise_or.reduce(half.flags[chosen], initial=0))) & PASSED_ON
    method = f"{method} ({format_quantity(at, 'V', 3)}); a parabola through the currents of {chosen.size} readings"
    method += zero.in_words(half.sign)
    if zero.others:
        flags |= Flag.AMBIGUOUS
    least, most = (end + side * wide for end, side in zip(zero.between(current), (-1.0, 1.0), strict=True))
    current -= zero.value
    if least <= 0.0:
        bound = at / most if most > 0.0 else None
        flags |= Flag.CENSORED if bound is not None else Flag.IMPLAUSIBLE
        return _unsigned(event, "off_resistance", f"{method}. The current is not told from zero", (None, bound, None),
                         flags, (None, None))
    value = at / current
    return _unsigned(event, "off_resistance", method, (value, at / most, at / least), flags,
                     (value * random / current, value * systematic / current))


def _slow_noise(event: Switching, mine: IntArray, count: int, zero: float) -> float:
    """Return the relative standard deviation that 1/f noise leaves in a current of ``count`` readings of the off state.

    The readings of both ways tell it, as far as their current stands clear of the noise near zero voltage.
    ``zero``: [A] the current at zero voltage.
    """
    half, amperes = event.half, event.half.current - zero
    back = np.empty(0, np.int64) if event.hold_index is None else np.arange(event.hold_index + 1, len(half.level))
    parts, least = [], _CLEAR * noise_of_readings(half.current, half.level)
    for part in (mine, back):
        clear = amperes[part] > least
        known = part[clear & (half.voltage[part] > _LOW * float(half.voltage[mine].max()))]
        parts.append(np.log(amperes[known] / half.voltage[known]))
    pink = pink_variance(parts)
    return math.sqrt(pink * (1.0 + math.log(max(len(half.level) / count, 1.0))))


def on_resistance(
    event: Switching, facts: SweepFacts, branch: OnBranch | None, zero: ZeroCurrent = NO_CURRENT
) -> Result:
    """Return the on resistance [Ohm] of a half-sweep, at the highest set-point that nothing limits.

    If the source meter limits the current of all readings, only an upper bound is known: the device conducts at least
    as well as the reading in compliance with the lowest quotient shows. AMBIGUOUS where what flows at zero voltage may
    or may not be an offset of the meter, and this matters more than all other errors. The interval then holds both.

    Parameters
    ----------
    event : the half-sweep with its events
    facts : accuracy of the source meter, path
    branch : its on state, None: it was never on
    zero : the current at zero voltage, if nothing else is known of the meter's offset
    """
    half, name = event.half, "on_resistance"
    if branch is None:
        seen = Flag(int(np.bitwise_or.reduce(half.flags, initial=0))) & PASSED_ON
        return result_of(half, name, "Ohm", "the device is never on", flags=seen | Flag.NO_EVENT)
    way = "down" if branch.falling else "up"
    method = f"device voltage over current on the way {way}, at the highest set-point that is not limited"
    known = branch.free[half.current[branch.free] > 0.0]
    if known.size == 0:
        return _limited(event, facts, branch, method, zero)
    k = int(known[np.argmax(half.level[known])])   # noise would choose the highest current
    near = known[np.argsort(np.abs(known - k), kind="stable")[:_AROUND]]
    near.sort()
    volts, (at_limit, of_limited) = source_voltage(half, facts), _noise_at_limit(event, facts, branch)
    # few readings below a limit hardly show their noise; those at the limit do
    # noise in proportion to the current is larger here than at the lower readings beside
    relative = noise_of(np.log(half.current[near])) * float(half.current[k])
    noise = (max(noise_of(volts[near] - half.level[near]), at_limit),
             max(noise_of(half.current[near]), relative, of_limited))
    zero = zero.of_way_down() if branch.falling else zero
    there, amperes = float(half.voltage[k]), float(half.current[k]) - zero.value
    least, most = zero.between(float(half.current[k]))
    method += f" ({format_quantity(amperes, 'A', 3)}, {format_quantity(there, 'V', 3)})"
    flags = Flag(int(half.flags[k])) & PASSED_ON
    if most <= 0.0:
        return _unsigned(event, name, method + zero.in_words(half.sign), (None, None, None), flags | Flag.IMPLAUSIBLE,
                         (None, None))
    kept = amperes if amperes > 0.0 else most
    random, systematic = ratio_uncertainty(half, facts, k, noise, float(half.current[k]) - kept)
    if random == 0.0 and max(known.size, branch.limited.size) < _FEWEST_OF_NOISE:
        flags |= Flag.TOO_FEW
        method += "; so few readings of the on state do not tell their noise"
    method += zero.in_words(half.sign)
    systematic = combined(systematic, there / kept**2 * zero.uncertainty)
    wide = NORMAL_95 * combined(random, systematic) * kept**2 / there   # of the current
    if most - least > 2.0 * wide:   # what flows at zero voltage matters more than all other errors
        flags |= Flag.AMBIGUOUS
    if least - wide <= 0.0:
        return _unsigned(event, name, method, (None, there / (most + wide), None), flags | Flag.CENSORED, (None, None))
    return _unsigned(event, name, method, (there / amperes, there / (most + wide), there / (least - wide)), flags,
                     (random, systematic))


def _limited(event: Switching, facts: SweepFacts, branch: OnBranch, method: str, zero: ZeroCurrent) -> Result:
    half, mine = event.half, branch.limited[event.half.current[branch.limited] > 0.0]
    if mine.size == 0:
        return result_of(half, "on_resistance", "Ohm", f"{method}; there is no such reading",
                         flags=branch.flags | Flag.TOO_FEW)
    k = int(mine[np.argmin(half.voltage[mine] / half.current[mine])])
    zero = zero.of_way_down() if branch.falling else zero
    least, flags = zero.between(float(half.current[k]))[0], branch.flags | Flag.COMPLIANCE
    if least <= 0.0:
        method += f"; all of the current may be an offset of the meter{zero.in_words(half.sign)}"
        return result_of(half, "on_resistance", "Ohm", method, flags=flags | Flag.AMBIGUOUS)
    # what is subtracted is the largest offset that the current may contain
    random, systematic = ratio_uncertainty(
        half, facts, k, _noise_at_limit(event, facts, branch), float(half.current[k]) - least)
    systematic = combined(systematic, float(half.voltage[k]) / least**2 * zero.uncertainty)
    # the lowest of several quotients is too low by chance
    chance = math.sqrt(2.0 * math.log(mine.size))
    bound = float(half.voltage[k]) / least + chance * random + NORMAL_95 * combined(random, systematic)
    if zero.others:
        flags |= Flag.AMBIGUOUS
    text = (f"{method}; all readings of the on state are in compliance. At "
            f"{format_quantity(float(half.current[k]), 'A', 3)} the device has no more than this"
            f"{zero.in_words(half.sign)}")
    return _unsigned(event, "on_resistance", text, (None, None, bound), flags | Flag.CENSORED, (None, None))


def _noise_at_limit(event: Switching, facts: SweepFacts, branch: OnBranch) -> tuple[float, float]:
    """Return the standard deviations of voltage [V] and current [A] that the readings in compliance show."""
    half, mine = event.half, branch.limited
    return noise_of(source_voltage(half, facts)[mine]), noise_of(half.current[mine])


def _unsigned(
    event: Switching, quantity: str, method: str, numbers: tuple[float | None, float | None, float | None], flags: Flag,
    parts: tuple[float | None, float | None],
) -> Result:
    """Return a resistance, which has the same sign at both polarities; ``numbers``: value, low and high."""
    empty = result_of(event.half, quantity, "Ohm", method + subtracted(event.half.offset))
    return Result(quantity, "Ohm", *numbers, empty.method, empty.conditions, flags, *parts)


def _read_at(event: Switching, mine: IntArray, read_voltage: float | None) -> float:
    """Return the magnitude of the voltage [V] at which the off resistance is read; ``mine``: readings of that state."""
    return abs(read_voltage) if read_voltage is not None else _half_of(event, mine)


def zero_current_of(
    event: Switching, facts: SweepFacts, read_voltage: float | None, at_zero: Sequence[ZeroReading]
) -> ZeroCurrent:
    """Return the current at zero voltage of a half-sweep, by readings at zero or by its off state.

    Parameters
    ----------
    event, facts, read_voltage : as :func:`off_resistance` takes them
    at_zero : readings at zero voltage that show the meter's offset
    """
    half, mine = event.half, off_readings(event, facts)
    at = _read_at(event, mine, read_voltage)
    chosen = _around(half.voltage, mine, at)
    if chosen is None:
        return zero_current(half, mine[:0], at, at_zero, facts, (0.0, 0.0))
    current, slope, *_ = _parabola(half.voltage[chosen], half.current[chosen], at)
    return zero_current(half, mine, at, at_zero, facts, (current, slope))


def _half_of(event: Switching, mine: IntArray) -> float:
    """Return half of the voltage at which the device switches on, or of the highest one; zero without readings."""
    threshold = event.threshold_voltage.value
    if threshold is not None:
        return READ_SHARE * abs(threshold)
    if event.threshold_index is not None and Flag.OSCILLATING in event.threshold_voltage.flags:
        return READ_SHARE * float(event.half.voltage[event.threshold_index])   # a mean, below the threshold
    return READ_SHARE * float(event.half.voltage[mine].max()) if mine.size else 0.0


def _around(voltage: FloatArray, mine: IntArray, at: float) -> IntArray | None:
    """Return the readings of the parabola: those nearest to a voltage, on both sides of it; None: too few."""
    if mine.size < _FEWEST or at <= 0.0:
        return None
    apart = np.abs(voltage[mine] - at)
    order = np.argsort(apart, kind="stable")
    count = min(max(int(np.count_nonzero(apart <= _NEAR * at)), _FEWEST), _MOST)
    chosen = np.sort(mine[order[:count]])
    volts = voltage[chosen]
    span = float(np.ptp(volts))
    if np.unique(volts).size < _FEWEST:
        return None
    room = _BEYOND * span / (chosen.size - 1)
    if not float(volts.min()) - room <= at <= float(volts.max()) + room:
        return None
    return chosen


def _parabola(voltage: FloatArray, current: FloatArray, at: float) -> tuple[float, float, float, float]:
    """Return what a parabola through some readings says at a voltage.

    Returns
    -------
    (current [A]; magnitude of its slope over the voltage [S]; scatter about the parabola [A]; standard uncertainty of
    the current in standard deviations of a reading)
    """
    span = float(np.ptp(voltage))
    x = (voltage - at) / span
    design = np.stack([np.ones_like(x), x, x * x], axis=1)
    found, *_ = np.linalg.lstsq(design, current, rcond=None)
    left = current - design @ found
    scatter = math.sqrt(float(left @ left) / (current.size - design.shape[1]))
    weight = math.sqrt(max(float(np.linalg.pinv(design.T @ design)[0, 0]), 0.0))
    return float(found[0]), abs(float(found[1])) / span, scatter, weight


def _nearest(voltage: FloatArray, mine: IntArray, at: float) -> IntArray:
    """Return the readings near a voltage that tell the noise, in order of measurement."""
    found: IntArray = np.sort(mine[np.argsort(np.abs(voltage[mine] - at), kind="stable")[:_AROUND]])
    return found
