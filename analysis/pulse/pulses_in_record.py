"""Pulses in a record of device voltage and current over time: where each begins and ends, and what it rests at.

Nothing but the record says so. The base is the lower of the levels at the two ends. Where the record begins and ends
inside a pulse, it is the level at which the voltage rests in between. A pulse begins where the voltage leaves the
base, and lasts while the voltage is away from it or, for a device that has switched behind a resistance, while the
current still flows. Its amplitude is the median of its plateau, and its width is that at half of its height.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tsbench.records import FloatArray
from tsbench.samples import noise_of, smoothed

#: of the largest excursion: a pulse begins above the one and lasts above the other; smaller pulses are not seen
_BEGINS, _LASTS = 0.3, 0.2
#: of the largest current: it still flows above this share, and above what flows at the base level
_FLOWS, _BASE_MARGIN = 0.3, 1.5
#: the excursion must exceed this many standard deviations of the noise
_LEAST_SIGMAS = 8.0
_ROUNDING = 1e-9  #: less than this share of the voltage is rounding
#: samples on both sides of a fall of the voltage, and by how much the current rises where the device switches
_NEAR_FALL, _RISES = 9, 1.2
_FEWEST_SAMPLES = 4  #: a pulse has at least so many
_FEWEST_OF_RECTANGLE = 12  #: with fewer samples a rectangle looks like a ramp
#: an edge takes at most this share of the pulse, or so many samples
_EDGE_SHARE, _EDGE_SAMPLES = 0.15, 2
#: share of the samples between pulses that must lie at the base
_AT_BASE = 0.9
#: share of a pulse's samples that lie within so much of its height of a held level; and how near those between rest
_HELD_SHARE, _NEAR_LEVEL, _NEAR_BASE = 0.8, 0.07, 0.02
_FEWEST_BETWEEN = 8  #: and so many must there be
#: below this share of the highest magnitude the voltage may rest; so much of what is there must be near one level
_LOW, _RESTING = 0.5, 0.8
#: standard deviations of the noise, below the highest mean of five samples, down to which samples are of the plateau:
#: of a million samples, this mean is 2 above the plateau at most, and the lowest sample is 5 below it
_PLATEAU_SIGMAS = 8.0


@dataclass(frozen=True)
class PulseSpan:
    """One pulse, by its samples in the record."""

    first: int  #: first sample above the base
    last: int  #: last one
    begin: int  #: first sample after the pulse before it, or of the record
    end: int  #: first sample of the pulse that follows, or the number of samples
    width: float  #: [s] at half of its height
    amplitude: float  #: [V] level farthest from the base: median of the plateau


@dataclass(frozen=True)
class PulseRecord:
    """Pulses of a record and the level [V] they start from."""

    base: float
    pulses: tuple[PulseSpan, ...]
    rectangular: bool  #: the edges are short beside the pulses, and between pulses the voltage stays at the base


def find_pulses(time: FloatArray, voltage: FloatArray, current: FloatArray) -> PulseRecord:
    """Find the pulses of a record.

    Parameters
    ----------
    time, voltage, current : [s], [V], [A], shape (n,), finite, time rising
    """
    if time.size < 2 * _FEWEST_SAMPLES:
        return PulseRecord(0.0, (), rectangular=False)
    head = max(_FEWEST_SAMPLES, time.size // 50)
    base, zero = _rest(voltage, current, head)
    away = np.abs(smoothed(voltage, 3) - base)
    flowing = np.abs(smoothed(current, 3) - zero)
    top, most = float(away.max()), float(flowing.max())
    if top <= max(_LEAST_SIGMAS * noise_of(voltage), _ROUNDING * float(np.abs(voltage).max())):
        return PulseRecord(base, (), rectangular=False)
    flows = min(0.9, max(_FLOWS, _BASE_MARGIN * abs(base) / (abs(base) + top)))
    present = (away > _LASTS * top) | ((flowing > flows * most) & (most > _LEAST_SIGMAS * noise_of(current)))
    edges = np.flatnonzero(np.diff(np.concatenate(([0], present.astype(np.int8), [0]))))
    runs = [
        (int(first), int(last) - 1) for first, last in zip(edges[::2], edges[1::2], strict=True)
        if last - first >= _FEWEST_SAMPLES and bool((away[first:last] > _BEGINS * top).any())
    ]
    runs = [(first, _end_of_pulse(first, last, np.abs(voltage - base) > _BEGINS * top, np.abs(current - zero)))
            for first, last in runs]
    sharp = (np.abs(voltage - base) > _BEGINS * top) | (np.abs(current - zero) > flows * most)
    runs = [(first + int(np.argmax(sharp[first : last + 1])), last - int(np.argmax(sharp[first : last + 1][::-1])))
            for first, last in runs]  # smoothing has widened them
    runs = [part for first, last in runs for part in _by_side(voltage[first : last + 1] - base, _BEGINS * top, first)]
    spans, noise, smooth = [], noise_of(voltage), smoothed(voltage, 5)
    for k, (first, last) in enumerate(runs):
        begin, end = runs[k - 1][1] + 1 if k else 0, runs[k + 1][0] if k + 1 < len(runs) else time.size
        amplitude = _plateau(voltage[first : last + 1] - base, smooth[first : last + 1] - base, noise)
        places = _half_way(np.sign(amplitude) * (voltage - base), np.abs(current - zero), (begin, first, last, end),
                           abs(amplitude))
        width = float(np.diff(np.interp(places, np.arange(time.size), time))[0])
        spans.append(PulseSpan(first, last, begin, end, width, base + amplitude))
    return PulseRecord(base, tuple(spans), _rectangular(away, present, spans, top))


def _rest(voltage: FloatArray, current: FloatArray, head: int) -> tuple[float, float]:
    """Return the voltage [V] and the current [A] at rest: at the end of lower voltage, ``head`` samples of it.

    Both ends may lie inside a pulse. Then the voltage rests in between, at a level that is nearer to zero: most of the
    samples of low voltage are at it, and each end is further away than a pulse begins.
    """
    ends = [float(np.median(part)) for part in (voltage[:head], voltage[-head:])]
    base = min(ends, key=abs)
    size = np.abs(voltage)
    low = size < _LOW * float(size.max())
    if int(np.count_nonzero(low)) >= head:
        level = float(np.median(voltage[low]))
        top = float(np.abs(voltage - level).max())
        near = np.abs(voltage[low] - level) <= max(_LEAST_SIGMAS * noise_of(voltage), _NEAR_BASE * top)
        if min(abs(end - level) for end in ends) > _BEGINS * top and float(np.mean(near)) >= _RESTING:
            return level, float(np.median(current[low]))
    return base, float(np.median(current[:head] if base == ends[0] else current[-head:]))


def _plateau(excursion: FloatArray, smooth: FloatArray, noise: float) -> float:
    """Return the level [V] of a pulse farthest from the base, with its sign: the median of the samples that show it.

    The farthest sample, or mean of samples, is farther than the level by the noise.

    Parameters
    ----------
    excursion, smooth : of the samples of the pulse from the base, and their running mean [V]
    noise : [V] of a sample
    """
    farthest = float(smooth[int(np.argmax(np.abs(smooth)))])
    sign = 1.0 if farthest >= 0 else -1.0
    shown = sign * excursion >= abs(farthest) - _PLATEAU_SIGMAS * noise
    return farthest if noise == 0.0 or not shown.any() else float(np.median(excursion[shown]))


def _half_way(
    excursion: FloatArray, flowing: FloatArray, span: tuple[int, int, int, int], height: float
) -> tuple[float, float]:
    """Return the places, in samples, at which a pulse has half of its height on its first and its last edge.

    A device that has switched behind a resistance takes less voltage than half of the height. There the current shows
    the last edge.

    Parameters
    ----------
    excursion, flowing : from the base, with the sign of the pulse [V], and magnitude of the current [A], shape (n,)
    span : of the samples of the record: after the pulse before, first and last of the pulse, first of the pulse after
    height : [V] of the pulse
    """
    begin, first, last, end = span
    inside = smoothed(excursion, 3)[first : last + 1]
    high = np.flatnonzero(inside >= 0.5 * height)
    if not high.size:
        return first - 0.5, last + 0.5
    rise = first + int(high[0])
    left = _crossing(excursion[begin : rise + 1][::-1], 0.5 * height, first - begin)
    begins = rise - left if left is not None else first - 0.5
    fall = first + int(high[-1])
    values, level = excursion, 0.5 * height
    before, after = flowing[max(fall - _FEWEST_SAMPLES, first) : fall + 1], flowing[fall + 1 : last + 1]
    # the voltage has fallen because the device switched, and not at the end of the pulse
    if after.size > _FEWEST_SAMPLES and float(np.median(after)) > float(np.median(before)):
        fall = max(last - _FEWEST_SAMPLES, first)
        values, level = flowing, 0.5 * float(np.median(flowing[max(last - _NEAR_FALL, first) : last]))
    right = _crossing(values[fall:end], level, end - fall)
    return float(begins), float(fall + right) if right is not None else last + 0.5


def _crossing(values: FloatArray, level: float, most: int) -> float | None:
    """Return where values first fall below a level, in samples from the first one; None: not within ``most``."""
    below = np.flatnonzero(values[: most + 2] < level)
    if not below.size:
        return None
    k = int(below[0])
    return 0.0 if k == 0 else k - 1 + float((values[k - 1] - level) / (values[k - 1] - values[k]))


def _end_of_pulse(first: int, last: int, away: npt.NDArray[np.bool_], flowing: FloatArray) -> int:
    """Return the last sample of a pulse: where the voltage ends, unless the current rises there.

    A device that switches behind a resistance takes less voltage, and more current flows from then on: the pulse goes
    on. Where the voltage falls and the current does not rise, the pulse is over. A current that still
    flows at this time shows that the device is still on.

    Parameters
    ----------
    first, last : samples of the run in which the voltage is away from the base or a current flows
    away : whether the voltage is clearly away from the base
    flowing : magnitude of the current [A]
    """
    above = np.flatnonzero(away[first : last + 1])
    end = first + int(above[-1]) if above.size else last
    before, after = flowing[first : end + 1 - _EDGE_SAMPLES], flowing[end + 1 + _EDGE_SAMPLES : last + 1]
    if before.size < _EDGE_SAMPLES or after.size < _EDGE_SAMPLES:
        return last
    level, later = (float(np.median(part)) for part in (before[-_NEAR_FALL:], after[:_NEAR_FALL]))
    return last if later > _RISES * level else end


def jumps(record: PulseRecord, voltage: FloatArray) -> bool:
    """Return whether the voltage [V], shape (n,), only jumps between the base and levels that are held.

    A pulse may have two levels: a device that switches behind a resistance takes less voltage.
    """
    if not record.rectangular:
        return False
    held, resting = 0, np.ones(voltage.size, dtype=np.bool_)
    for span in record.pulses:
        resting[max(span.first - _EDGE_SAMPLES, 0) : span.last + 1 + _EDGE_SAMPLES] = False
        part = voltage[span.first : span.last + 1]
        quarter = max(part.size // 4, 1)
        ends = np.array([[np.median(part[:quarter])], [np.median(part[-quarter:])]])
        near = _NEAR_LEVEL * abs(span.amplitude - record.base)
        held += int(np.count_nonzero((np.abs(part - ends) <= near).any(axis=0)))
    if not resting.any():
        return False
    highest = max(abs(span.amplitude - record.base) for span in record.pulses)
    samples = sum(span.last - span.first + 1 for span in record.pulses)
    base = voltage[resting]  # a device that is on ramps here in a sweep by current
    near = max(_LEAST_SIGMAS * noise_of(voltage), _NEAR_BASE * highest)
    quiet = float(np.mean(np.abs(base - np.median(base)) <= near))
    return quiet >= _AT_BASE and held >= _HELD_SHARE * samples


def _by_side(excursion: FloatArray, least: float, offset: int) -> list[tuple[int, int]]:
    """Return (first, last) of a run, one part for each stretch on the same side of the base."""
    sure = np.flatnonzero(np.abs(excursion) > least)
    turns = sure[1:][np.diff(np.sign(excursion[sure])) != 0]
    begins = [0, *turns.tolist()]
    ends = [*(turns - 1).tolist(), excursion.size - 1]
    return [(offset + first, offset + last) for first, last in zip(begins, ends, strict=True) if last > first]


def _rectangular(away: FloatArray, present: npt.NDArray[np.bool_], spans: list[PulseSpan], top: float) -> bool:
    if not spans:
        return False
    short = []
    for span in spans:
        height = float(away[span.first : span.last + 1].max())
        before = max(span.begin, span.first - (span.last - span.first))
        rise = away[before : span.last + 1]
        high = int(np.argmax(rise >= 0.8 * height))
        low = np.flatnonzero(rise[: high + 1] <= 0.2 * height)
        taken = high - int(low[-1]) if low.size else high
        length = span.last - span.first + 1
        longest = min(max(_EDGE_SHARE * length, _EDGE_SAMPLES + 2), length / 3)  # 2: smoothing
        short.append(length >= _FEWEST_OF_RECTANGLE and taken <= longest)
    between = away[~present]
    quiet = between.size >= _FEWEST_BETWEEN and float(np.mean(between < 0.15 * top)) >= _AT_BASE
    return quiet and float(np.mean(short)) > 0.5
