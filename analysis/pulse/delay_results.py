"""Delays of pulses as results: of one pulse, the mean of those that fired, and how many fired.

``Delay`` keeps the random part of one pulse and the part common to all pulses apart, so that a mean over pulses shrinks
the first and not the second.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import chdtri

from tsbench.analysis.pulse.firing_share import firing_share
from tsbench.analysis.statistics import (
    NORMAL_95,
    combined,
    expanded,
    standard_uncertainty,
    summarise,
)
from tsbench.records import Flag, Result
from tsbench.samples import TELLS_NOTHING, spread

#: pulses from which on the scatter of their forms is known, and the share of calm devices that chance calls restless
_FEWEST_FORMS, _BY_CHANCE = 8, 1e-3
_FROM = "time from the pulse's rising edge (50 %) until the current "
_STEEPEST, _HALF_WAY = "rises most steeply", "first passes half of its highest value in the rise"


@dataclass(frozen=True)
class PulseFacts:
    """What is known of the scope; limits as in the data sheet."""

    voltage_resolution: float = 0.0  #: [V] one code
    current_resolution: float = 0.0  #: [A] one code
    channel_skew: float = 0.0  #: [s] limit of the error of ``skew``
    timebase_accuracy: float = 0.0  #: relative limit
    sense_delay: float = 0.0  #: [s] the current is seen late by it: sense resistor x capacitance across it
    sense_delay_limit: float = 0.0  #: [s] limit of the error of that
    response: float = 0.0  #: [s] standard deviation of the scope's impulse response
    current_gain: float = 0.0  #: relative limit of the error of the current, beside its zero
    voltage_window: tuple[float, float] = (-math.inf, math.inf)  #: [V] the record is clipped at its ends and beyond
    current_window: tuple[float, float] = (-math.inf, math.inf)  #: [A]
    skew: float = 0.0  #: [s] by which the channel of the current is late


@dataclass(frozen=True)
class Delay:
    """One pulse: ``value`` [s] is None where it did not fire, or where only a bound is known (CENSORED)."""

    value: float | None
    random: float  #: [s] standard uncertainty of this one
    systematic: float  #: [s] standard uncertainty common to all pulses, without ``limit``
    flags: Flag = Flag.NONE
    edge_time: float = math.nan  #: [s] on the waveform's time axis
    switching_time: float = math.nan
    edge_level: float = math.nan  #: [V] half way up
    highest: float = (
        math.nan
    )  #: [V] highest device voltage before switching (before the end, if it did not fire)
    off_current: float = math.nan
    on_current: float = math.nan
    by_level: bool = False  #: whether half of the highest current was taken, not the steepest rise
    low: float | None = None  #: [s] of a device that switched, without a value: the delay is at least this
    high: float | None = None  #: [s] or at most this
    #: [s] of one that did not switch: how long the pulse stood; None: not known (no pulse, no edge, a slow amplifier)
    stood: float | None = None
    limit: float = 0.0  #: [s] largest uniform error common to all pulses, within ± this
    #: [s] limits of uniform errors by the form of rise, edge and top; with signs, so that noise on them averages out
    forms: tuple[float, ...] = ()
    #: whether the record tells if the device switched; a conductor whose current is steep may look the same
    told: bool = True
    #: whether the record shows the pulse at all; one of a few samples, of equal codes or saturated does not
    shown: bool = True
    apart: float = math.nan  #: [s] from the steepest rise to half of the highest current
    apart_random: float = math.nan  #: [s] standard uncertainty of that

    @property
    def half_width(self) -> float:
        """Return half of the 95 % interval of this one [s]."""
        return expanded(combined(self.random, self.systematic), self.limit, *self.forms)

    @property
    def base(self) -> float:
        """Return the voltage before the pulse [V]: the level of the edge is half way up from it."""
        return 2.0 * self.edge_level - self.highest

    @property
    def fired(self) -> bool:
        """Whether the pulse switched the device on."""
        return Flag.NO_EVENT not in self.flags

    @property
    def currents(self) -> tuple[float, float] | None:
        """Return the currents before and behind the switching [A]; None where the pulse did not switch the device."""
        return (self.off_current, self.on_current) if self.fired else None

    def doubted(self) -> "Delay":
        """Return this one where another reason makes it unknown whether the pulse switched the device (AMBIGUOUS)."""
        return replace(self, low=None, high=None, stood=None, told=False, flags=self.flags | Flag.AMBIGUOUS)


def unseen(flags: Flag) -> Delay:
    """Return the delay of a pulse that its record does not show: nothing is known of it (NO_EVENT, AMBIGUOUS)."""
    return Delay(None, 0.0, 0.0, flags | TELLS_NOTHING, told=False, shown=False)


def instant_of_most(delays: Sequence[Delay]) -> bool | None:
    """Return whether half of the current is the instant in most pulses that fired; None: all agree, or there is a tie.

    One record alone may not show that the current of a device is restless. The device does not change between the
    pulses, and a mean over two kinds of instants would be neither quantity. Few samples in a rise hide its form, but a
    calm rise has the same form in each pulse: then half of the current is as far from the steepest rise in all pulses.
    Where this distance scatters by more than its errors, half of the current counts.
    """
    kinds = [delay.by_level for delay in delays if delay.fired]
    restless = sum(kinds)
    if restless == len(kinds):
        return None
    if 2 * restless > len(kinds) or _of_many_forms(delays):
        return True
    return None if restless == 0 or 2 * restless == len(kinds) else False


def _of_many_forms(delays: Sequence[Delay]) -> bool:
    """Return whether the rises have more than one form, by the distance of their two instants.

    The scatter is that of the median deviation, which a few outliers do not change. Chi-square tells whether errors
    alone make it.
    """
    apart, random = np.array([[delay.apart, delay.apart_random] for delay in delays
                              if delay.fired and math.isfinite(delay.apart)]).reshape(-1, 2).T
    if apart.size < _FEWEST_FORMS:
        return False
    scatter = spread(apart)
    bound = float(chdtri(apart.size - 1, _BY_CHANCE)) / (apart.size - 1)
    return scatter > math.sqrt(bound) * float(np.median(random))


def _method(delays: Sequence[Delay]) -> str:
    """Return in words which instant of the rise the delays end at."""
    by_level = sum(delay.by_level for delay in delays)
    if by_level in (0, len(delays)):
        return _FROM + (_HALF_WAY if by_level else _STEEPEST)
    return f"{_FROM}{_STEEPEST}, or in {by_level} of {len(delays)} pulses {_HALF_WAY}"


def delay_result(delay: Delay, conditions: dict[str, object]) -> Result:
    """Return one pulse's delay with its 95 % interval (random and systematic parts)."""
    if delay.value is None:
        return Result(
            "switching_delay", "s", None, delay.low, delay.high, _method([delay]), conditions, delay.flags)
    value, low, high, flags = _no_less_than_zero(delay.value, delay.half_width)
    return Result(
        "switching_delay", "s", value, low, high, _method([delay]), conditions, delay.flags | flags,
        delay.random, combined(delay.systematic, *(standard_uncertainty(one) for one in (delay.limit, *delay.forms))))


def mean_delay(delays: Sequence[Delay], conditions: dict[str, object]) -> Result:
    """Return the mean delay of the pulses that fired.

    The interval joins the scatter between pulses (t-interval) and the part common to all of them. One pulse
    alone gives its own interval and the flag TOO_FEW; none gives NO_EVENT. Where only a bound of some is known, the
    mean is bounded too (CENSORED). So it is where some pulses ended before the device switched: their delays would
    have been the longest, and the mean of the others is too short. Pulses that found the device on do not count.
    """
    fired = [delay for delay in delays if delay.fired]
    flags = Flag.NONE
    for delay in delays:
        flags |= delay.flags & ~Flag.NO_EVENT
    method = f"mean of {len(fired)} of {len(delays)} pulses; {_method(fired)}"
    conditions = {**conditions, "statistic": "mean", "pulses": len(fired)}
    if not fired:
        return Result(
            "switching_delay_mean", "s", None, None, None, method, conditions, flags | Flag.NO_EVENT
        )
    ended = [delay.stood for delay in delays if not delay.fired and delay.stood is not None]
    if any(delay.value is None for delay in fired):
        low, high = _bound_of_mean(fired)
        return Result("switching_delay_mean", "s", None, low, None if ended else high, method, conditions,
                      flags | Flag.CENSORED)
    if ended:
        method += f"; in {len(ended)} pulses the device did not switch before the end, so only a lower bound is known"
        return Result("switching_delay_mean", "s", None, _least_mean(fired, ended), None, method, conditions,
                      flags | Flag.CENSORED)
    values = np.array([delay.value for delay in fired])
    common, limit = (float(np.mean(part)) for part in zip(*((one.systematic, one.limit) for one in fired), strict=True))
    # noise may take a few rises for another form, whose limit has the other sign: the mean of both would be too small
    forms = [float(np.median(part)) for part in zip(*(one.forms for one in fired if one.forms), strict=True)]
    if len(fired) < 2:
        random = fired[0].random
        flags |= Flag.TOO_FEW
    else:
        # pulses locked to the sample clock share their sampling error: scatter alone would not show it
        own = float(np.mean([delay.random for delay in fired])) / math.sqrt(len(fired))
        summary = summarise(values)
        random = max((summary.high - summary.mean) / NORMAL_95, own)
    half = expanded(combined(random, common), limit, *forms)
    mean, low, high, bound = _no_less_than_zero(float(values.mean()), half)
    return Result(
        "switching_delay_mean", "s", mean, low, high, method, conditions, flags | bound, random,
        combined(common, *(standard_uncertainty(one) for one in (limit, *forms))))


def _no_less_than_zero(value: float, half: float) -> tuple[float | None, float | None, float | None, Flag]:
    """Return a delay [s], the ends of its interval and flags: a device does not switch before the edge.

    A value below 0 is an error of the measurement. Then only an upper bound is known (CENSORED), or nothing where even
    the bound is below 0 (AMBIGUOUS): the times of the two channels are not what the bench file says.
    """
    if value >= 0.0:
        return value, max(value - half, 0.0), value + half, Flag.NONE
    return (None, None, value + half, Flag.CENSORED) if value + half > 0.0 else (None, None, None, Flag.AMBIGUOUS)


def _least_mean(fired: Sequence[Delay], ended: Sequence[float]) -> float:
    """Return a 95 % lower bound of the mean delay [s]: that of the mean of what was seen of each delay.

    Parameters
    ----------
    fired : with values
    ended : [s] how long the pulses stood in which the device did not switch
    """
    seen = np.array([*(delay.value for delay in fired), *ended])
    common, limit = (float(np.mean(part)) for part in zip(*((one.systematic, one.limit) for one in fired), strict=True))
    summary = summarise(seen)
    return max(summary.low - expanded(common, limit), 0.0)


def _bound_of_mean(fired: Sequence[Delay]) -> tuple[float | None, float | None]:
    """Return the least and the largest mean of delays [s] of which some are only bounded; None: not known."""
    ends: list[float | None] = []
    for side, bounds in ((-1.0, [delay.low for delay in fired]), (1.0, [delay.high for delay in fired])):
        known = [
            bound if delay.value is None else delay.value + side * delay.half_width
            for delay, bound in zip(fired, bounds, strict=True)]
        numbers = [number for number in known if number is not None]
        ends.append(max(float(np.mean(numbers)), 0.0) if len(numbers) == len(known) else None)
    return ends[0], ends[1]


def switching_probability(delays: Sequence[Delay], conditions: dict[str, object]) -> Result:
    """Return the fraction of pulses that fired, in order of time; as :func:`.firing_share.firing_share` finds it."""
    if not delays:
        return Result("switching_probability", "", None, None, None, "there are no pulses", conditions, Flag.NO_EVENT)
    share = firing_share([delay.fired for delay in delays], told=[delay.told for delay in delays])
    return Result(
        "switching_probability", "", share.value, share.low, share.high, share.method, conditions, share.flags)
