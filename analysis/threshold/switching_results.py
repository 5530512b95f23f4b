"""The events of a half-sweep as results, and what is known of the source meter that measured them."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

import numpy as np

from tsbench.analysis.statistics import Summary, combined, standard_uncertainty, summarise
from tsbench.analysis.statistics.brackets import BETWEEN_SET_POINTS
from tsbench.analysis.threshold.half_sweeps import HalfSweep
from tsbench.quantities import format_quantity
from tsbench.records import Flag, FloatArray, Result

Values = TypeVar("Values", float, FloatArray)

#: what an interval between two set-points is, as ``method`` says it
BRACKET = f"the device switches {BETWEEN_SET_POINTS}"
#: what is known of a device that is on at the first reading
ON_AT_ONCE = "the first reading shows the device on"
#: flags of readings that a result passes on
PASSED_ON = Flag.COMPLIANCE | Flag.OSCILLATING | Flag.UNSETTLED | Flag.UNCHECKED | Flag.OVERFLOW

#: why a voltage has a bound only
_TO_ZERO = "the interval goes beyond 0 V, where the device is off, so only its upper end is known"
_BELOW_ZERO = "the voltages before the event have the other sign than the sweep, so they are not those of the device"

#: a bracket wider than this fraction of its value is coarse (chosen: the ends are then more than 5 % from the middle)
COARSE_STEP = 0.1


def step_flags(bracket: float, value: float) -> Flag:
    """Return UNDER_SAMPLED where the set-points that bracket an event are coarse for its value, else NONE.

    The interval of the event contains the bracket, so this flag does not doubt the interval. It says that smaller steps
    give a narrower one, down to what noise spreads the event over. Of an edge, a spike or a fall, the same flag says
    that there are too few samples: then the value may be wrong.

    Parameters
    ----------
    bracket : distance of the set-points between which the event is: one step, or several where noise does not tell in
        which of them it is. Fluctuations of the device between readings do not count
    value : of the event, in the same unit
    """
    return Flag.UNDER_SAMPLED if bracket > COARSE_STEP * abs(value) else Flag.NONE


@dataclass(frozen=True)
class SweepFacts:
    """What is known of the source meter and the wires; limits as in the data sheet (zero: exact)."""

    voltage_gain: float = 0.0  #: relative limit of the voltage reading
    voltage_offset: float = 0.0  #: [V] limit
    voltage_noise: float = 0.0  #: [V] standard deviation of one reading
    current_gain: float = 0.0
    current_offset: float = 0.0  #: [A] limit
    current_noise: float = 0.0  #: [A] standard deviation
    path_resistance: float = (
        0.0  #: [Ohm] between instrument and device; already taken off ``IVPoints.voltage``
    )
    path_tolerance: float = 0.02  #: relative limit of it
    path_before_inputs: float = 0.0  #: [Ohm] the part of it that also carries the current of the scope inputs
    #: [S] of the scope inputs at the device; what flows through them is already taken off ``IVPoints.current``
    parallel_conductance: float = 0.0
    parallel_tolerance: float = 0.02  #: relative limit of it: data sheets of oscilloscopes have 1 to 2 % of 1 MOhm

    def voltage_uncertainty(self, voltage: float, current: float) -> float:
        """Return the standard uncertainty [V] of a device voltage.

        Parameters
        ----------
        voltage, current : of the device [V], [A]
        """
        return combined(
            standard_uncertainty(self.voltage_gain * abs(voltage) + self.voltage_offset),
            self.voltage_noise,
            standard_uncertainty(self.path_tolerance * self.path_drop(voltage, current)),
            standard_uncertainty(self.parallel_tolerance * self.inputs_drop(voltage, current)),
            self.path_resistance * self.current_uncertainty(current),
        )

    def inputs_drop(self, voltage: Values, current: Values) -> Values:
        """Return the drop [V] along the path that the current of the scope inputs alone makes.

        Parameters
        ----------
        voltage, current : of the device [V], [A], shape (n,) or one of each
        """
        behind = self.path_resistance - self.path_before_inputs
        return self.path_before_inputs * self.parallel_conductance * (voltage + behind * current)

    def path_drop(self, voltage: Values, current: Values) -> Values:
        """Return the voltage of the source less that of the device [V], by Kirchhoff's laws.

        Parameters
        ----------
        voltage, current : of the device [V], [A], shape (n,) or one of each
        """
        return self.path_resistance * current + self.inputs_drop(voltage, current)

    def parts(self, voltage: float, current: float, step: float, scatter: float = 0.0) -> tuple[float, float]:
        """Return the random and the systematic standard uncertainty [V] of the voltage of an event.

        The event is anywhere within a step of the set-points. The set-points return in every sweep, so this counts as
        systematic.

        Parameters
        ----------
        voltage, current : of the device [V], [A]
        step : [V] within which the event is
        scatter : [V] standard uncertainty beside that of a reading, for example of the place of the event
        """
        reading = combined(self.voltage_noise, self.path_resistance * self.current_noise)
        quiet = replace(self, voltage_noise=0.0, current_noise=0.0)
        return (combined(reading, scatter),
                combined(quiet.voltage_uncertainty(voltage, current), standard_uncertainty(0.5 * step)))

    def current_uncertainty(self, current: float) -> float:
        """Return the standard uncertainty [A] of a current reading.

        Parameters
        ----------
        current : [A] of the reading
        """
        return combined(
            standard_uncertainty(self.current_gain * abs(current) + self.current_offset), self.current_noise
        )


@dataclass(frozen=True)
class Switching:
    """The two events of one half-sweep: results of threshold and hold, voltage and current."""

    half: HalfSweep
    threshold_index: int | None  #: last off point on the way up, within the half-sweep
    hold_index: int | None  #: last on point on the way down
    threshold_voltage: Result
    threshold_current: Result
    hold_voltage: Result
    hold_current: Result
    #: in words, where the way up has one beside the threshold
    second_step: str = field(default="", kw_only=True)

    def flagged(self, flags: Flag, *events: str) -> "Switching":
        """Return the events with more ``flags`` on voltage and current.

        ``events``: "threshold" or "hold"; none of them: both.
        """
        names = [f"{event}_{kind}" for event in events or ("threshold", "hold") for kind in ("voltage", "current")]
        return replace(self, **{name: replace(found, flags=found.flags | flags) for name in names
                                if (found := getattr(self, name)) is not None})

    def results(self) -> tuple[Result, ...]:
        """Return the four results."""
        return self.threshold_voltage, self.threshold_current, self.hold_voltage, self.hold_current


def subtracted(offset: float) -> str:
    """Return the sentence on an offset [A] that was subtracted from the current; empty: it is zero."""
    return f". The current at zero voltage, {format_quantity(offset, 'A', 3)}, was subtracted" if offset else ""


def result_of(
    half: HalfSweep,
    quantity: str,
    unit: str,
    method: str,
    *,
    value: float | None = None,
    low: float | None = None,
    high: float | None = None,
    flags: Flag = Flag.NONE,
    parts: tuple[float | None, float | None] = (None, None),
) -> Result:
    """Return a result of a half-sweep from magnitudes: they get its sign, and ``low`` stays below ``high``.

    Parameters
    ----------
    half : the half-sweep; gives sign and conditions
    quantity, unit, method : of the result
    value, low, high : magnitudes in ``unit``; None: not known
    flags : of the result
    parts : random and systematic standard uncertainty, in ``unit``
    """
    if half.polarity < 0:
        value = None if value is None else -value
        low, high = (None if high is None else -high), (None if low is None else -low)
    conditions = {half.cycle_name: half.cycle, "polarity": "+" if half.polarity > 0 else "-"}
    if unit == "A":
        method += subtracted(half.offset)
    return Result(quantity, unit, value, low, high, method, conditions, flags, *parts)


def finished(
    half: HalfSweep, results: tuple[Result, Result], flags: Flag, error: float = 0.0
) -> tuple[Result, Result]:
    """Return voltage and current of an event with more flags, the voltage on the side of zero of its half-sweep.

    At 0 V the device is off, so it neither switches on nor holds there. An interval that contains 0 V only for the
    error of the meter ends at 0 V. Another one has no lower end: only the upper bound is known, and the middle says
    nothing. One that is wholly on the other side says nothing.

    Parameters
    ----------
    half : the half-sweep
    results, flags : voltage and current, and what is added to their flags
    error : [V] limit of the error of a voltage reading
    """
    voltage, current = (replace(result, flags=result.flags | flags) for result in results)
    if voltage.low is None or voltage.high is None:
        return voltage, current
    low, high = sorted((half.polarity * voltage.low, half.polarity * voltage.high))
    if low >= 0.0:   # a bracket may begin at the set-point 0 V
        return voltage, current
    if voltage.value is not None and half.polarity * voltage.value > 0.0 and low + error >= 0.0:
        ends = (0.0, voltage.high) if half.polarity > 0 else (voltage.low, 0.0)
        return replace(voltage, low=ends[0], high=ends[1]), current
    why, bound, more = (_TO_ZERO, high, Flag.CENSORED) if high > 0.0 else (_BELOW_ZERO, None, Flag.AMBIGUOUS)
    kept = (voltage.flags | more) & ~Flag.UNDER_SAMPLED
    return result_of(half, voltage.quantity, voltage.unit, f"{why}; {voltage.method}", high=bound, flags=kept), current


def summarise_results(results: Sequence[Result], systematic: float = 0.0) -> tuple[int, int, Summary]:
    """Return (how many have a value, how many have none, summary of the values' magnitudes).

    ``systematic`` is the standard uncertainty common to all of them, in their unit.
    """
    values: FloatArray = np.array([abs(result.value) for result in results if result.value is not None])
    return len(values), len(results) - len(values), summarise(values, systematic)
