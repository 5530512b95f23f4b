"""Whether a pulse made the device fire: an off -> on transition that this pulse caused.

A device that is still on when the pulse comes does not fire, however much current then flows. It counts as off when
its conductance has made nine tenths of the way from that at the end of the pulse back to that of the rested device:
IEEE Std 181 takes the end of a transition there, and a scope with eight bits still shows it. It shows by its current
as the pulse begins, against what flows at that level when the device has rested, and by the lack of a rise of its
conductance during the pulse.
"""

import enum
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from tsbench.analysis.pulse.delay_results import Delay, PulseFacts
from tsbench.analysis.pulse.firing_share import firing_share
from tsbench.analysis.pulse.switching_delay import switching_delay
from tsbench.analysis.signal import mute_of, usable_record
from tsbench.analysis.statistics import combined, proportion_interval
from tsbench.records import Flag, FloatArray, Result
from tsbench.samples import noise_of

#: a device is off as a pulse begins whose conductance exceeds that of the rested device by less than this share of the
#: excess at the end of the pulse
OFF_SHARE = 0.1
#: it is not called on unless its current is this many standard uncertainties above that of the rested device
_LEAST_SIGNIFICANCE = 5.0   # the rested device is one for all pulses, and there may be thousands of them
#: the current falls while the device switches off: a curve tells it as the pulse begins, through so many of the last
#: samples (these at least, and by this factor more) that its standard uncertainty is below the first share of the
#: current that matters; one above the second share tells nothing
_FEWEST, _MORE = 4, 1.3
_FINE, _USABLE = 0.1, 1.0 / 3.0
#: standard deviations of the noise by which a sample is clear of it
_CLEAR = 3.0
#: the usual current of a pulse is the median above this share of the highest; in the pulse, the current is above the
#: second share of the usual one; the third share of these samples is the end of the pulse
_SOME, _TOP, _TAIL = 0.1, 0.8, 0.1
#: [V] below this level no conductance can be told
_LEAST_VOLTAGE = 0.01
#: standard deviations by which the voltage before a pulse is clear of that at rest
_AWAY = 4.0
#: samples that share their noise, by the standard deviation of a Gaussian response [samples]
_SHARED = 2.0 * math.sqrt(math.pi)
_ROUNDING = 1e-6  #: less than this share of the highest voltage is rounding: a table may have no noise


class Firing(enum.Enum):
    """What a pulse did."""

    FIRED = "fired"
    QUIET = "quiet"  #: off before and after
    STILL_ON = "still on"  #: had not switched off since an earlier pulse
    #: conducts from the edge on, and may have switched faster than the record shows (:mod:`.at_once`)
    AT_ONCE = "at once"
    UNSEEN = "unseen"  #: the record does not show the pulse: it is saturated, of equal codes or of a few samples
    UNDECIDED = "undecided"  #: the earlier pulse was not over: no current at the level between them was read


@dataclass(frozen=True)
class Before:
    """Device voltage [V] and current [A] at the level before a pulse, mean of ``samples`` of noise ``noise`` [A]."""

    voltage: float
    current: float
    noise: float
    samples: int
    voltage_noise: float = 0.0  #: [V] standard deviation of one sample
    shared: float = 1.0  #: samples that share their noise
    scatter: float = 0.0  #: [A] standard deviation of one sample, with what its neighbours share

    @property
    def uncertainty(self) -> float:
        """Standard uncertainty of the current [A]."""
        return max(self.noise, self.scatter * math.sqrt(self.shared)) / math.sqrt(self.samples)


@dataclass(frozen=True)
class PulseOutcome:
    """One pulse: what it did, its delay, and the level before it."""

    firing: Firing
    delay: Delay
    before: Before


def counted(firing: Firing, delay: Delay) -> Delay:
    """Return a delay as it counts among pulses one by one, beside what its pulse did.

    One that found the device on did not fire. Of an undecided one nothing is known, unless it shows a rise: then the
    device was off before.
    """
    if firing is Firing.STILL_ON:
        return replace(delay, value=None, flags=delay.flags | Flag.NO_EVENT)
    if firing is Firing.UNDECIDED:
        return replace(delay, flags=delay.flags | Flag.AMBIGUOUS) if delay.fired else delay.doubted()
    return delay


def before_pulse(
    time: FloatArray, voltage: FloatArray, current: FloatArray, edge: float, response: float = 0.0,
) -> Before:
    """Return the level before the ``edge`` [s]: mean over the later half of what is recorded, at most 1000 samples.

    Parameters
    ----------
    time, voltage, current : [s], [V], [A], shape (n,); the last 1 to 10 samples before the edge are left out
    edge : [s] on the time axis of the record
    response : [s] standard deviation of the scope's impulse response; samples within it share their noise, and the
        differences between them show less than there is
    """
    shown = _samples_before(time, edge)
    level = current[shown]
    shared = max(1.0, _SHARED * response / float(time[1] - time[0])) if time.size > 1 else 1.0
    return Before(
        float(voltage[shown].mean()), float(level.mean()), noise_of(current[: shown.stop]), level.size,
        max(noise_of(voltage[: shown.stop]), _scatter(voltage[shown])), shared, _scatter(level))


def _scatter(level: FloatArray) -> float:
    """Return the standard deviation of samples around a line: a drift is no noise."""
    if level.size < _FEWEST:
        return 0.0
    x = np.linspace(-1.0, 1.0, level.size)
    return float(np.std(level - x * float(x @ level) / float(x @ x)))


def _samples_before(time: FloatArray, edge: float) -> slice:
    stop = int(np.searchsorted(time, edge))
    stop -= max(1, min(stop, 200) // 20)
    start = max(0, stop - min(max(stop // 2, 20), 1000))
    return slice(start, max(stop, start + 1))


def outcome(
    time: FloatArray, voltage: FloatArray, current: FloatArray, facts: PulseFacts, flags: Flag = Flag.NONE, *,
    edge: float = 0.0, rested: PulseOutcome | None = None, by_level: bool | None = None,
) -> PulseOutcome:
    """Judge one pulse from a record that begins before it.

    Parameters
    ----------
    time, voltage, current : [s], [V], [A], shape (n,), evenly sampled
    facts : accuracy of the scope
    flags : of the acquisition, passed on
    edge : [s] when the pulse was expected to begin
    rested : an earlier pulse to the rested device, recorded with the same settings of the scope. The current before it
        is taken for the zero, for the offset of a scope is larger than the current of a device that is still on. The
        current behind its switching shows the on state to which a device that is still warm returns without a jump
    by_level : as :func:`.switching_delay.switching_delay` takes it
    """
    time, (voltage, current), gaps = usable_record(time, voltage, current)
    if rested is not None and not rested.delay.shown:
        rested = None   # where its pulse began is not known, nor what it rested at
    known = math.nan if rested is None else rested.delay.on_current
    delay = switching_delay(time, voltage, current, facts, flags | gaps, by_level, known)
    if time.size == 0:
        return PulseOutcome(Firing.UNSEEN, delay, Before(0.0, 0.0, 0.0, 1))
    before = before_pulse(time, voltage, current, edge, facts.response)
    if not delay.shown and mute_of(flags)[0]:
        return PulseOutcome(Firing.UNSEEN, delay, before)
    if rested is not None and _still_on(time, voltage, current, edge, facts, rested.before):
        return PulseOutcome(Firing.STILL_ON, replace(delay, low=None, high=None, stood=None), before)
    if rested is not None and _not_yet_at_rest(time, voltage, edge, facts, rested.before):
        return PulseOutcome(Firing.UNDECIDED, replace(delay, low=None, high=None, stood=None), before)
    firing = Firing.FIRED if delay.fired else Firing.QUIET if delay.shown else Firing.UNSEEN
    return PulseOutcome(firing, delay, before)


def _still_on(
    time: FloatArray, voltage: FloatArray, current: FloatArray, edge: float, facts: PulseFacts, rested: Before
) -> bool:
    """Return whether the device was on at the ``edge`` [s], against the ``rested`` one."""
    if abs(rested.voltage) < _LEAST_VOLTAGE:
        return False
    sign = 1.0 if rested.voltage > 0 else -1.0
    conductance = OFF_SHARE * _conductance_at_end(voltage, current - rested.current)
    shown = _samples_before(time, edge)
    x = time[shown] - edge
    volts, _ = _as_it_begins(x, sign * voltage[shown], noise_of(voltage[: shown.stop]), _LEAST_VOLTAGE)
    limit = conductance * max(volts, _LEAST_VOLTAGE)
    # many samples tell the noise before the first pulse, and few the noise in a short gap
    noise = max(rested.noise, facts.current_resolution / math.sqrt(12.0))
    now, uncertainty = _as_it_begins(
        x - facts.sense_delay, sign * (current[shown] - rested.current), noise, limit)
    uncertainty *= max(1.0, rested.uncertainty * math.sqrt(rested.samples) / noise) if noise else 1.0
    return now > max(limit, _LEAST_SIGNIFICANCE * combined(uncertainty, rested.uncertainty))


def _not_yet_at_rest(time: FloatArray, voltage: FloatArray, edge: float, facts: PulseFacts, rested: Before) -> bool:
    """Return whether the voltage is still falling from an earlier pulse at the ``edge`` [s].

    The current then charges capacitances too, and a curve through a few samples of it reaches below that of a device
    that is on. So a current that is not clearly that of such a device does not show that the device is off.
    """
    if abs(rested.voltage) < _LEAST_VOLTAGE:
        return False
    shown = _samples_before(time, edge)
    last = voltage[shown][-_FEWEST:]
    sign = 1.0 if rested.voltage > 0 else -1.0
    noise = max(noise_of(voltage, facts.voltage_resolution), rested.voltage_noise)
    rounding = _ROUNDING * float(np.abs(voltage).max()) + facts.voltage_resolution
    least = rounding + _AWAY * noise * math.sqrt(
        min(rested.shared / last.size, 1.0) + rested.shared / rested.samples)
    return sign * (float(last.mean()) - rested.voltage) > least


def _conductance_at_end(voltage: FloatArray, flowing: FloatArray) -> float:
    """Return the conductance [S] at the end of the pulse; a device that switches may begin with a higher current."""
    size = np.abs(flowing)
    usual = float(np.median(size[size >= _SOME * float(np.quantile(size, 0.99))]))
    pulse = np.flatnonzero(size >= _TOP * usual)
    tail = pulse[-max(1, round(_TAIL * pulse.size)):]
    return float(np.median(size[tail] / np.maximum(np.abs(voltage[tail]), _LEAST_VOLTAGE)))


def _as_it_begins(x: FloatArray, values: FloatArray, noise: float, matters: float) -> tuple[float, float]:
    """Return where the curve through the last of ``values`` is at ``x`` = 0, and its standard uncertainty.

    An exponential where all values are clear of the noise, for so does a current fall; else a line. The mean of all
    values, where neither is of use.

    Parameters
    ----------
    x, values : shape (n,), x below zero
    noise : standard deviation of a sample
    matters : value that an uncertainty is small against, or not
    """
    count = _FEWEST
    while count < x.size and _of_line(x[-count:], noise) > _FINE * matters:
        count = min(math.ceil(_MORE * count), x.size)
    if count > x.size or (uncertainty := _of_line(x[-count:], noise)) > _USABLE * matters:
        return float(values.mean()), noise / x.size**0.5
    x, values = x[-count:], values[-count:]
    falls = bool(np.all(values > _CLEAR * noise))
    _, level = np.polyfit(x / np.ptp(x), np.log(values) if falls else values, 1)
    return float(np.exp(level) if falls else level), uncertainty


def _of_line(x: FloatArray, noise: float) -> float:
    """Return the standard uncertainty at 0 of a line through samples at ``x`` with some ``noise``."""
    middle = float(x.mean())
    return noise * math.sqrt(1.0 / x.size + middle**2 / float(np.sum((x - middle) ** 2)))


def probability_result(
    quantity: str, fired: int | Sequence[bool], pulses: int, conditions: dict[str, object], what: str,
    told: Sequence[bool] = (), unknown: int = 0,
) -> Result:
    """Return a firing probability with its 95 % interval; NO_EVENT where there was no pulse.

    Where it is not known of some pulses whether they fired, the flag is AMBIGUOUS, and the interval holds both.

    Parameters
    ----------
    quantity : name of the result, such as "firing_probability"
    fired : number of pulses that fired, which are taken for independent; or the outcomes in order of time, which show
        whether they are (:func:`.firing_share.firing_share`)
    pulses : their number
    conditions : of the result
    what : what was counted ("pulses"), for ``method``
    told : whether each of the outcomes is known; empty: all are
    unknown : pulses beside these ``pulses`` of which it is not known whether they fired, where ``fired`` is a number
    """
    if not isinstance(fired, int):
        if not pulses:
            return Result(quantity, "", None, None, None, f"there are no {what}", conditions, Flag.NO_EVENT)
        share = firing_share(fired, what, told)
        return Result(quantity, "", share.value, share.low, share.high, share.method, conditions, share.flags)
    low, high = (
        proportion_interval(fired + more, pulses + unknown)[side] for side, more in enumerate((0, unknown)))
    doubt = f"whether {unknown} of {pulses + unknown} {what} fired is not known"
    flags = Flag.AMBIGUOUS if unknown else Flag.NONE
    method = f"{fired} of {pulses} {what} fired, Wilson interval"
    if not pulses:
        return Result(quantity, "", None, None, None, doubt if unknown else method, conditions,
                      flags or Flag.NO_EVENT)
    method += f"; {doubt}: the interval holds both" if unknown else ""
    return Result(quantity, "", fired / pulses, low, high, method, conditions, flags)
