"""Switching delay: from the edge of a pulse at the device to the instant at which the device switches.

The quantities are defined in ``docs/definitions.md``. The edge is taken at the last upward crossing of its 50 % point
before the highest voltage: when the device switches and its voltage collapses, noise crosses that level again.
Whether a current is restless is decided by its reversals and its misfit from a smooth curve. The charging current of
the parallel capacitance flows during the edge and then ends. Switching is the rise after which the current stays to
the end of the pulse or, of a device that oscillates, to the end of its first spike (:mod:`.lasting_rise`,
:mod:`.first_spike`). The rise of a resistor behind an edge that rings does not count (:mod:`.linear_load`),
nor that of a conductor such as a diode (:mod:`.conductor`), nor one that is as late as the current falls at the end of
the pulse (:mod:`.shown_lag`).

The response of the scope and the pole of the sensor are taken off (:mod:`.unblurred`).

Random parts of one delay: noise on edge, top and rise, and what lies between the samples.
Common to all pulses: skew between the two channels (a measured one is taken off; limit of its error / sqrt 3), the time
base, the form of edge, top and rise, and the sense resistor with the capacitance across it (the scope's input, leads),
a pole whose error is uniform within its limit. ``Delay`` keeps both parts apart, so that a mean over pulses shrinks the
first and not the second.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tsbench.analysis.pulse.blunt import Blunt, Unblurred
from tsbench.analysis.pulse.clipped_rise import beyond, bounded
from tsbench.analysis.pulse.delay_results import Delay, PulseFacts
from tsbench.analysis.pulse.highest_voltage import highest
from tsbench.analysis.pulse.lasting_rise import LEAST_STEP
from tsbench.analysis.pulse.seen_switching import seen_switching
from tsbench.analysis.pulse.unblurred import crossing, steepest
from tsbench.analysis.reversals import reversals
from tsbench.analysis.signal import Steepest, line_crossing, steepest_rise, upward_crossings
from tsbench.analysis.statistics import combined, standard_uncertainty
from tsbench.records import Flag, FloatArray
from tsbench.samples import smoothed

#: [s] in which the current of a restless device is taken to be established
_ESTABLISHED = 50e-6
#: degree of a polynomial that follows a smooth rise; a restless one is off by this many standard deviations of the
#: noise and by this share of its height (silver filaments 1.6 to 3.6 %, NbO2 and VO2 up to 1.2 %)
_SMOOTH, _RESTLESS, _RESTLESS_SHARE = 5, 2.0, 0.013
#: factor by which the distance of the two instants must scatter more where each rise alone can show that it is restless
_CALM_ALONE = 1.5
#: shares of the rise behind its steepest sample from which on it may be a line
_SPLITS = (0.1, 0.2, 0.35, 0.5, 0.7, 1.0)
#: the top of a rise is where a mean over so many samples has fallen again by so many standard deviations of it, and by
#: this share of its height
_TOP_WIDTH, _FALL_SIGMAS, _FALL_SHARE = 3, 6.0, 0.02
#: a device has switched on the edge if the voltage rises by this factor while the conductance stays above this share of
#: that of the on state
_EDGE_GOES_ON, _IS_ON = 1.1, 0.7
#: time constants in which the slope falls to half that make a change slow
_SLOWLY = 3.0
#: how uneven the peak of a slope is at most: a / 2 times w / passes, with a = 0.85
_UNEVEN = 0.5
#: standard deviations of the response of a scope by which it moves an uneven rise at most
_BLUR = 2.0
#: share of the highest current by which half of it may be off
_LEVEL_DOUBT = 0.02


def switching_delay(
    time: FloatArray,
    voltage: FloatArray,
    current: FloatArray,
    facts: PulseFacts | None = None,
    flags: Flag = Flag.NONE,
    by_level: bool | None = None,
    on_current: float = math.nan,
) -> Delay:
    """Measure the switching delay in one record that holds one pulse.

    Parameters
    ----------
    time, voltage, current : [s], [V], [A], shape (n,), evenly sampled; the record begins before the edge
    facts : accuracy of the scope
    flags : of the acquisition, passed on
    by_level : whether half of the highest current is the instant, and not the steepest rise; None: as the record shows
    on_current : [A] of the on state, from another pulse of the same amplitude; NaN: it is not known

    Returns
    -------
    Delay
        NO_EVENT where there is no pulse or the device did not fire (a resistor never does, also behind an edge that
        rings; AMBIGUOUS: the current is the voltage behind one pole, as a slow amplifier shows a resistor, or a
        charging current may hide the event); UNDER_SAMPLED where the rise of current or the edge has fewer than three
        samples, or too few between them tell a device from a resistor; AMBIGUOUS also where the sensor of the current
        may be later than the delay; CENSORED with a bound where the record is clipped there. Not ``shown`` where the
        record shows no pulse, or tells nothing by its ``flags`` (:func:`tsbench.analysis.signal.mute_of`) and shows
        no switching.
    """
    facts = facts or PulseFacts()
    seen = seen_switching(time, voltage, current, facts, flags, on_current)
    if isinstance(seen, Delay):
        return seen
    time, v, i, last, dt, scatter = seen.time, seen.v, seen.i, seen.last, seen.dt, seen.scatter
    (off, on, _), (base, sign), flags = seen.rise, seen.upright_by, seen.flags
    left, right = _extent(v, i, seen.rise, last, seen.noise[1])
    blur = facts.response / dt
    instant, by_level, apart = _instant(i, left, right, last, round(_ESTABLISHED / dt), scatter, by_level)
    record = Blunt(v, seen.quiet, blur, seen.noise[0])
    top, at = highest(record, seen.first, max(seen.first + 1, math.floor(instant.place)))
    edges = upward_crossings(v[: max(2, at + 1)], 0.5 * top.value)
    if edges.size == 0:
        return Delay(None, 0.0, 0.0, flags | Flag.NO_EVENT)
    if seen.is_one_pole(float(edges[-1])):
        return Delay(None, 0.0, 0.0, flags | Flag.NO_EVENT | Flag.AMBIGUOUS, highest=base + sign * top.value,
                     told=False)
    near, steep, on_edge = line_crossing(v, float(edges[-1]), 0.5 * top.value, 0.2 * top.value, 0.8 * top.value)
    edge, slope = crossing(record, near, 0.5 * top.value, top.value, steep)
    # between its ends, a rise of four intervals has three samples
    flags |= Flag.UNDER_SAMPLED if on_edge < 3 or right - left < 4 else Flag.NONE
    behind = _Rise(Blunt(i, seen.quiet, blur, seen.noise[1]), (left, right), instant, by_level)
    sharp, shared, limit, flag = behind.before_sensor(edge.value, dt, facts)
    delay = Delay(
        value=(sharp.value - edge.value) * dt - facts.skew, told=seen.shown.told,
        random=dt * combined(sharp.random, edge.random, 0.5 * top.random / slope),
        systematic=shared, limit=limit, flags=flags | seen.shown.flags | flag,
        edge_time=float(time[0]) + edge.value * dt, switching_time=float(time[0]) + sharp.value * dt,
        edge_level=base + sign * 0.5 * top.value, highest=base + sign * top.value,
        off_current=sign * off, on_current=sign * on, by_level=by_level, apart=apart[0] * dt,
        apart_random=apart[1] * dt,
        forms=(dt * sharp.form, dt * edge.form, 0.5 * top.form / slope * dt))
    end = min(right + (round(_ESTABLISHED / dt) if by_level else right - left), last)
    no_edge = beyond(seen.voltage[: math.ceil(sharp.value)], facts.voltage_window).size > 0
    return bounded(delay, i, beyond(seen.current, facts.current_window), (left, end), no_edge=no_edge)


@dataclass(frozen=True)
class _Rise:
    """The rise of a current: its record, first and last sample, its instant as it is seen, and what that is."""

    record: Blunt
    extent: tuple[int, int]
    seen: Steepest
    by_level: bool

    def before_sensor(self, edge: float, dt: float, facts: PulseFacts) -> tuple[Unblurred, float, float, Flag]:
        """Return the instant [samples] before the sensor of the current, what all pulses share, and flags.

        What they share: a standard uncertainty and the largest limit of a uniform error [s].
        """
        seen, passes = self.seen, self.seen.passes * dt
        delay = (seen.place - edge) * dt - facts.skew
        late, late_limit, flag = _lateness(delay, passes, facts)
        sharp = None if flag or self.by_level else steepest(
            self.record, *self.extent, facts.sense_delay / dt, facts.sense_delay_limit / dt)
        if sharp is not None:
            return sharp, *_shared(0.0, 0.0, (
                facts.channel_skew, sharp.pole * dt, sharp.hidden * dt, facts.timebase_accuracy * abs(delay))), flag
        # half of the current is taken, or noise hides the form of the rise
        instant = Unblurred(seen.place - late / dt, math.hypot(seen.random, 1.0 / math.sqrt(12.0)), 0.0)
        return instant, *_shared(seen.model * dt, late_limit if flag else 0.0, (
            facts.channel_skew, 0.0 if flag else late_limit, _blur(passes, facts),
            facts.timebase_accuracy * abs(delay))), flag


def _shared(model: float, unknown: float, limits: Sequence[float]) -> tuple[float, float]:
    """Return what all pulses share: a standard uncertainty and the largest limit of a uniform error [s].

    Parameters
    ----------
    model : standard uncertainty of the fitted form [s]
    unknown : limit [s] of a sensor that may be slower than all that is seen: its ends are no less likely than the rest
    limits : of uniform errors [s]
    """
    ordered = sorted(limits)
    return combined(model, *(standard_uncertainty(limit) for limit in (unknown, *ordered[:-1]))), ordered[-1]


def _lateness(seen: float, passes: float, facts: PulseFacts) -> tuple[float, float, Flag]:
    """Return by how much the current is seen late [s], the limit of the error of that [s], and flags.

    Behind one time constant t a slope is seen later by t if it changes slowly. Where its peak is uneven (1 - u^2 / 2 -
    a u^3 / 6 of u = time / w), it is seen earlier or later than that by a t^2 / 2w. A rise that ends suddenly is
    steepest where it ends, and not later: it is seen late by anything between nothing and t. No device switches
    before the edge. So a current that is seen ``seen`` [s] after the edge is late by no more than that, even where its
    sensor is so slow that it could be (AMBIGUOUS: then little is known of the delay).

    Parameters
    ----------
    seen : [s] from the edge to the steepest rise
    passes : [s] in which the slope falls to half after that
    """
    least, most = facts.sense_delay - facts.sense_delay_limit, facts.sense_delay + facts.sense_delay_limit
    if passes < _SLOWLY * most:
        least = 0.0
    else:
        uneven = _UNEVEN * most * most / max(passes, 1e-30)
        least, most = max(least - uneven, 0.0), most + uneven
    flag = Flag.NONE if seen >= most else Flag.AMBIGUOUS
    if flag:
        most = max(seen, least)
    return 0.5 * (least + most), 0.5 * (most - least), flag


def _blur(passes: float, facts: PulseFacts) -> float:
    """Return the limit [s] by which the response of the scope moves the steepest point of a rise against a slow edge.

    Of an even rise it moves nothing. One that ends suddenly looks steepest earlier, one that begins suddenly later.
    """
    return _BLUR * facts.response if passes < _SLOWLY * facts.response else 0.0


def _instant(
    i: FloatArray, left: int, right: int, last: int, established: int, noise: float, by_level: bool | None
) -> tuple[Steepest, bool, tuple[float, float]]:
    """Return the switching instant, whether half the current is taken for it, and its distance from the steepest rise.

    The distance has a standard uncertainty. All are in samples.

    Parameters
    ----------
    left, right : between which the rise happens
    last : sample of the pulse
    established : samples after which the current counts as established
    by_level : whether half the current is taken; None: where the current is restless
    """
    steepest = steepest_rise(i, left, right, max(3, round(0.35 * (right - left))), noise)
    width = max(1, (right - left) // 50)
    rise = i[left : right + 1]
    share = _RESTLESS_SHARE * float(np.ptp(rise))
    back = max(LEAST_STEP * noise / math.sqrt(width), share)
    calm = reversals(smoothed(i, width)[left : right + 1], back).size <= 2
    if by_level is None:
        by_level = not (calm and (noise == 0.0 or _misfit(rise, steepest.place - left) < max(_RESTLESS * noise, share)))
    instant, random = _half_way(i, left, min(right + established, last), noise)
    # a rise long enough to look calm by itself needs more to look restless beside others
    more = _CALM_ALONE if rise.size > 4 * _SMOOTH else 1.0
    apart = (instant - steepest.place, more * combined(random, steepest.random))
    if not by_level:
        return steepest, False, apart
    # a rise that never goes back may as well be smooth but sharp: then the interval holds both instants
    doubt = 0.5 * (instant - steepest.place) if calm else 0.0
    return Steepest(instant, combined(random, doubt), 0.0, math.inf), True, apart


def _misfit(rise: FloatArray, steepest: float) -> float:
    """Return how far a rise is from any smooth curve: standard deviation about a polynomial of degree five.

    Behind the switching, the current may go on to rise with a slow edge: there it may be a line from some sample on.
    """
    if rise.size <= 4 * _SMOOTH:
        return 0.0
    last = math.ceil(steepest)
    splits = [last + round(share * (rise.size - last)) for share in _SPLITS]
    return min(_off_smooth(rise, split) for split in splits if rise.size - split == 0 or split > 4 * _SMOOTH)


def _off_smooth(rise: FloatArray, split: int) -> float:
    """Return the standard deviation about a polynomial before sample ``split``, and a line from there on."""
    rest, parameters = 0.0, 0
    for part, degree in ((rise[:split], _SMOOTH), (rise[split:], 1)):
        if part.size > degree:
            at = np.arange(part.size)
            rest += float(np.sum((part - np.polynomial.Polynomial.fit(at, part, degree)(at)) ** 2))
            parameters += degree + 1
    return math.sqrt(rest / (rise.size - parameters))


def _half_way(i: FloatArray, left: int, end: int, noise: float) -> tuple[float, float]:
    """Return where the current first passes half of its highest, and its standard uncertainty, in samples.

    Where no current flows, it is anywhere between ``left`` and ``end``.
    """
    top = float(np.max(i[left : end + 1]))
    anywhere = 0.5 * (left + end), max(end - left, 1) / math.sqrt(12.0)
    if top <= 0.0:
        return anywhere
    width = max(1, math.ceil((noise / (_LEVEL_DOUBT * top)) ** 2)) | 1  # the noise of the highest is as small as that
    smooth = smoothed(i, width)
    level = 0.5 * float(np.max(smooth[left : end + 1]))
    if level <= 0.0:
        return anywhere
    at = left + int(np.argmax(smooth[left : end + 1] >= level))
    before = max(at - 1, 0)
    step = float(smooth[at] - smooth[before])
    reach = max(width, 3)
    slope = float(smooth[min(at + reach, i.size - 1)] - smooth[max(at - reach, 0)]) / (2 * reach)
    doubt = combined(noise / math.sqrt(width), _LEVEL_DOUBT * level) / max(slope, level / max(end - left, 1))
    return before + ((level - float(smooth[before])) / step if step > 0 else 1.0), doubt


def _extent(
    v: FloatArray, i: FloatArray, found: tuple[float, float, float], last: int, noise: float,
) -> tuple[int, int]:
    """Return the samples between which a rise happens: 10 % to 90 % of its top.

    The top may be far above what flows at the end of the pulse: a device that switches discharges the capacitance
    beside it, or goes on oscillating. Of a device that switches on a slow edge, the current rises further with the
    voltage: there the rise ends where the conductance is that of the on state.

    Parameters
    ----------
    v, i : [V], [A], shape (n,)
    found : currents of the off state and of the on state [A], and the sample half way between them
    last : sample of the pulse
    noise : [A] standard deviation of one sample of the current
    """
    off, on, middle = found
    right = min(math.ceil(middle), i.size - 1)
    top = max(on, _top_of_rise(i, right, off, noise))
    left = max(math.floor(middle), 0)
    while left > 0 and i[left] > off + 0.1 * (top - off):
        left -= 1
    right = max(right, math.ceil(middle) + 1)
    while right < i.size - 1 and i[right] < off + 0.9 * (top - off):
        right += 1
    return left, _on_edge(v, i, (left, right), on, last)


def _on_edge(v: FloatArray, i: FloatArray, extent: tuple[int, int], on: float, last: int) -> int:
    """Return the last sample of a rise: where the edge goes on behind it, one soon after the device conducts as on."""
    left, right = extent
    flows = i[right : last + 1] >= 0.9 * on
    if not flows.any():
        return right
    conductance = i[left : right + 1] / np.maximum(v[left : right + 1], 1e-30)
    on_conductance = on / max(float(np.median(v[right : last + 1][flows])), 1e-30)   # 0 V in coarse codes
    is_on = smoothed(conductance, _TOP_WIDTH) >= _IS_ON * on_conductance
    end = left + int(np.argmax(is_on))
    rises = float(np.median(v[right : right + 4])) > _EDGE_GOES_ON * float(np.median(v[end : end + 4]))
    if not is_on.any() or not rises or float(np.median(conductance[end - left :])) < _IS_ON * on_conductance:
        return right
    return min(right, max(end + (end - left), left + 1))


def _top_of_rise(i: FloatArray, start: int, off: float, noise: float) -> float:
    """Return the highest current from ``start`` on before it falls again, by more than noise, in the same pulse."""
    smooth = smoothed(i[start:], _TOP_WIDTH)
    highest = np.maximum.accumulate(smooth)
    falls = highest - smooth > _FALL_SIGMAS * noise / math.sqrt(_TOP_WIDTH) + _FALL_SHARE * (highest - off)
    return float(highest[int(np.argmax(falls))] if falls.any() else highest[-1])
