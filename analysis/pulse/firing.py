"""Whether a pulse made the device fire: an off -> on transition that this pulse caused.

A device that is still on when the pulse comes does not fire, however much current then flows. It shows by its current
at the level before the pulse, against what flows there when it has rested, and by the lack of a rise of its
conductance during the pulse.
"""

import enum
from dataclasses import dataclass

import numpy as np

from tsbench.analysis.pulse.delay_results import Delay, PulseFacts
from tsbench.analysis.pulse.switching_delay import switching_delay
from tsbench.analysis.signal import usable_record
from tsbench.analysis.statistics import proportion_interval
from tsbench.records import Flag, FloatArray, Result
from tsbench.samples import noise_of

#: a device counts as still on whose conductance before the pulse is this share of that at the end of the pulse
STILL_ON_SHARE = 0.03
#: and whose current there is this many standard uncertainties above that of the rested device
_LEAST_SIGNIFICANCE = 5.0
#: [V] below this level no conductance can be told
_LEAST_VOLTAGE = 0.01


class Firing(enum.Enum):
    """What a pulse did."""

    FIRED = "fired"
    QUIET = "quiet"  #: off before and after
    STILL_ON = "still on"  #: had not switched off since an earlier pulse


@dataclass(frozen=True)
class Before:
    """Device voltage [V] and current [A] at the level before a pulse, mean of ``samples`` of noise ``noise`` [A]."""

    voltage: float
    current: float
    noise: float
    samples: int


@dataclass(frozen=True)
class PulseOutcome:
    """One pulse: what it did, its delay, and the level before it."""

    firing: Firing
    delay: Delay
    before: Before


def before_pulse(time: FloatArray, voltage: FloatArray, current: FloatArray, edge: float) -> Before:
    """Return the level before the ``edge`` [s]: mean over the later half of what is recorded, at most 1000 samples.

    ``time``, ``voltage``, ``current`` of shape (n,) in s, V, A; the last 1 to 10 samples before the edge are left
    out.
    """
    stop = int(np.searchsorted(time, edge))
    stop -= max(1, min(stop, 200) // 20)
    start = max(0, stop - min(max(stop // 2, 20), 1000))
    stop = max(stop, start + 1)
    level = current[start:stop]
    return Before(float(voltage[start:stop].mean()), float(level.mean()), noise_of(current[:stop]), stop - start)


def outcome(
    time: FloatArray, voltage: FloatArray, current: FloatArray, facts: PulseFacts, flags: Flag = Flag.NONE, *,
    edge: float = 0.0, rested: Before | None = None, by_level: bool | None = None,
) -> PulseOutcome:
    """Judge one pulse from a record that begins before it.

    Parameters
    ----------
    time, voltage, current : [s], [V], [A], shape (n,), evenly sampled
    facts : accuracy of the scope
    flags : of the acquisition, passed on
    edge : [s] when the pulse was expected to begin
    rested : the level before a pulse to the rested device, recorded with the same settings of the scope; its current
        is taken for the zero, for the offset of a scope is larger than the current of a device that is still on
    by_level : as :func:`.switching_delay.switching_delay` takes it
    """
    time, (voltage, current), gaps = usable_record(time, voltage, current)
    delay = switching_delay(time, voltage, current, facts, flags | gaps, by_level)
    if time.size == 0:
        return PulseOutcome(Firing.QUIET, delay, Before(0.0, 0.0, 0.0, 1))
    before = before_pulse(time, voltage, current, edge)
    if rested is not None and _still_on(time, voltage, current, before, rested):
        return PulseOutcome(Firing.STILL_ON, delay, before)
    return PulseOutcome(Firing.FIRED if delay.fired else Firing.QUIET, delay, before)


def _still_on(time: FloatArray, voltage: FloatArray, current: FloatArray, before: Before, rested: Before) -> bool:
    level = 0.5 * (before.voltage + rested.voltage)
    if abs(rested.voltage) < _LEAST_VOLTAGE:
        return False
    excess = (before.current - rested.current) * (1.0 if rested.voltage > 0 else -1.0)
    uncertainty = float(np.hypot(before.noise / before.samples**0.5, rested.noise / rested.samples**0.5))
    if excess < _LEAST_SIGNIFICANCE * uncertainty:
        return False
    # during the pulse: where most current flows
    flowing = current - rested.current
    top = np.abs(flowing) >= 0.8 * float(np.quantile(np.abs(flowing), 0.99))
    conductance = float(np.median(np.abs(flowing[top]) / np.maximum(np.abs(voltage[top]), _LEAST_VOLTAGE)))
    return excess / max(abs(level), _LEAST_VOLTAGE) > STILL_ON_SHARE * conductance


def probability_result(quantity: str, fired: int, pulses: int, conditions: dict[str, object], what: str) -> Result:
    """Return a firing probability with its Wilson 95 % interval; NO_EVENT where there was no pulse.

    Parameters
    ----------
    quantity : name of the result, such as "firing_probability"
    fired, pulses : numbers of pulses
    conditions : of the result
    what : what was counted ("pulses"), for ``method``
    """
    low, high = proportion_interval(fired, pulses)
    method = f"{fired} of {pulses} {what} fired, Wilson interval"
    if not pulses:
        return Result(quantity, "", None, None, None, method, conditions, Flag.NO_EVENT)
    return Result(quantity, "", fired / pulses, low, high, method, conditions, Flag.NONE)
