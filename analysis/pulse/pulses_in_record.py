"""Pulses in a record of device voltage and current over time: where each begins and ends, and what it rests at.

Nothing but the record says so. The base is the lower of the levels at the two ends. A pulse begins where the voltage
leaves the base, and lasts while the voltage is away from it or, for a device that has switched behind a resistance,
while the current still flows.
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


@dataclass(frozen=True)
class PulseSpan:
    """One pulse, by its samples in the record."""

    first: int  #: first sample above the base
    last: int  #: last one
    begin: int  #: first sample after the pulse before it, or of the record
    end: int  #: first sample of the pulse that follows, or the number of samples
    width: float  #: [s]
    amplitude: float  #: [V] level farthest from the base


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
    ends = [float(np.median(part)) for part in (voltage[:head], voltage[-head:])]
    base = min(ends, key=abs)
    away = np.abs(smoothed(voltage, 3) - base)
    zero = float(np.median(current[:head] if base == ends[0] else current[-head:]))
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
    spans = []
    for k, (first, last) in enumerate(runs):
        part = smoothed(voltage, 5)[first : last + 1]
        spans.append(PulseSpan(
            first, last, runs[k - 1][1] + 1 if k else 0, runs[k + 1][0] if k + 1 < len(runs) else time.size,
            float(time[last] - time[first]) * (last - first + 1) / (last - first),
            float(part[int(np.argmax(np.abs(part - base)))])))
    return PulseRecord(base, tuple(spans), _rectangular(away, present, spans, top))


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
