"""Instants on an edge as they were before the scope and the sensor made the record blunt.

An instant at T, 2 T and 4 T (:mod:`.blunt`) tells how it moves with T, so where it is at T = 0: along a smooth curve it
moves in proportion to T, at a sudden end in proportion to the root of T. What a response hides wholly is a limit of its
own. The sensor of the current is a pole: the current i and the signal s behind the time constant t obey i = s + t
ds/dt, whatever their form.

All places and widths are in samples.
"""

import math
from dataclasses import dataclass, field

import numpy as np

from tsbench.analysis.pulse.blunt import COARSER, FINEST, FLAT, Blunt, Unblurred, before_blur, influences
from tsbench.records import FloatArray

_CLEAR_SLOPE = 15.0  #: the steepest slope is so many standard deviations of its noise
_WIDEST_RISE = 0.5  #: kernel, as a share of the rise
#: a rise ends suddenly where its slope falls to half within so many standard deviations of the whole response, and that
#: is so many times shorter than its way from half
_ABRUPT, _LONGER = 2.0, 2.0
_FEWEST_POINTS = 12  #: of a slope, through which a parabola is laid
_LEAST_SLOPE = 1e-6  #: of an edge, of its height in a sample
_OF_EDGE = 0.045  #: kernel of an edge, as a share of its height over its slope
#: a fall behind the top may be part of the rise within so many standard deviations of the response; it is seen if it is
#: so many times the noise
_AFTER_TOP, _SEEN_FALL = 3.0, 4.0
#: the place of a slope may lean from the middle of its half width, by a share of that. Then it is earlier than before
#: the response, by so many of its standard deviations times the share. This is wrong by so many times itself at most,
#: and an even slope that is not resolved may hide so many of them (``tests/analysis/test_hidden_rises.py``)
_LEANS, _LEAN_LIMIT, _HIDDEN = 3.0, 1.3, 0.2
_RESOLVED = 2.0  #: half width from which on a slope is resolved, in standard deviations of the response
_HALF_MAXIMUM = math.sqrt(2.0 * math.log(2.0))  #: half width of a Gaussian at half of its height


def steepest(record: Blunt, first: int, last: int, late: float, doubt: float) -> Unblurred | None:
    """Return the steepest point of the rise between two samples before a pole; None where it is not clear of the noise.

    It is the top of a parabola through the slope where that is more than half of its highest (docs/definitions.md).

    Parameters
    ----------
    record : of the current
    first, last : samples between which it rises
    late, doubt : time constant of the sensor, and the limit of its error [samples]
    """
    first = max(first - math.ceil(2.0 * late) - 1, 0)
    width = FINEST
    while True:
        found = _peak(record, first, last, width, late)
        clear = _CLEAR_SLOPE * max(1.0, 0.5 * found.half / width)   # a wide rise has more room for the luck of noise
        if found.height >= clear * record.noise(width, (0.0, 1.0, late)):
            break
        width *= COARSER
        if width > max(_WIDEST_RISE * (last - first), FINEST):
            return None
    twice, fourfold = (_peak(record, first, last, record.wider(width, times), late) for times in (2.0, 4.0))
    value, form = before_blur([found.place, twice.place, fourfold.place], FLAT)
    random = _noise_before(record, found, twice, value)
    if found.after < _ABRUPT * math.hypot(width, record.blur) and found.before > _LONGER * found.after:
        # nothing tells where on the last, steepest part of it the parabola of the true slope would lie
        end = found.top + found.after
        value, form = 0.5 * (value + end), 0.5 * abs(end - value) + abs(form)
    response = math.hypot(width, record.blur)
    half = max(found.half, 0.5)
    unresolved = min(1.0, (_RESOLVED * response / half) ** 2)
    by_lean = _LEANS * response * unresolved
    random *= 1.0 + by_lean / half   # the lean moves with the place
    lean = math.sqrt(max(found.lean**2 - (found.random / half)**2, 0.0))   # without its noise
    overshoots = 0.5 * _early_by_overshoot(record, found, first, width, late)
    poles = [_peak(record, first, last, width, max(late + side * doubt, 0.0)).place for side in (-1.0, 1.0)]
    # of the width that is seen, a sample may be that of the samples
    spread = max((max(found.half - 1.0, 0.0) / _HALF_MAXIMUM) ** 2 - width**2, record.blur**2)
    return Unblurred(
        value + by_lean * found.lean + overshoots, math.hypot(random, _between(math.sqrt(spread))), form,
        max(abs(pole - found.place) for pole in poles),
        _LEAN_LIMIT * by_lean * lean + overshoots + _HIDDEN * unresolved**2 * response)


def _early_by_overshoot(record: Blunt, found: "_Peak", first: int, width: float, late: float) -> float:
    """Return by how many samples a current that falls soon after its rise may have risen later than it looks.

    A current may rise and fall again within the response, as a capacitance beside a device discharges. Behind a
    Gaussian of standard deviation s, a step of height H and an impulse of area A at one instant are steepest before it
    by s (sqrt(1 + 4 x^2) - 1) / (2 x), where x = A / (s H): the root of the second derivative. No width of the Gaussian
    shows this, because for small x it is A / H for all of them.
    """
    spread = math.hypot(width, record.blur)
    reach = math.ceil(_AFTER_TOP * spread)
    begin, last = max(first - reach, 0), record.values.size - 1
    rise = min(math.ceil(found.place) + reach, last)
    current = record.all(begin, min(rise + reach, last), width, (1.0, late))
    at = math.floor(found.place) - begin
    top = at + int(np.argmax(current[at : rise - begin + 1]))
    after = current[top : top + reach + 1]
    height, fall = float(after[-1] - current[0]), float(after[0] - after[-1])
    if height <= 0.0 or fall <= _SEEN_FALL * record.noise(width, (1.0, late)):
        return 0.0
    area = float(np.maximum(current[at : top + reach + 1] - after[-1], 0.0).sum())
    x = area / (spread * height)
    return spread * (math.sqrt(1.0 + 4.0 * x * x) - 1.0) / (2.0 * x) if x > 0.0 else 0.0


@dataclass(frozen=True)
class _Peak:
    """The peak of a slope: its top by a parabola, the noise of that, half its width, and its height."""

    place: float
    random: float
    half: float
    height: float
    top: float  #: highest sample
    before: float  #: samples from where the slope has passed half of its height to there
    after: float  #: and from there to where it falls below
    lean: float = 0.0  #: from the middle between these two to the place, in parts of half the width
    first: int = 0  #: sample that ``by_sample`` begins with
    by_sample: FloatArray = field(default_factory=lambda: np.zeros(0))  #: by how much each sample moves the place


def _peak(record: Blunt, first: int, last: int, width: float, late: float) -> _Peak:
    """Return the peak of the slope before a pole."""
    begin = max(first - round(2.0 * width), 0)
    end = min(last + round(2.0 * width) + 1, record.values.size - 1)
    weights = (0.0, 1.0, late)
    slope = record.all(begin, end, width, weights)
    top = int(np.argmax(slope))
    height = float(slope[top])
    low = slope < 0.5 * height
    before, after = np.flatnonzero(low[:top]), np.flatnonzero(low[top:])
    start, stop = int(before[-1]) if before.size else 0, top + int(after[0]) if after.size else slope.size - 1
    fine = max(1, math.ceil(_FEWEST_POINTS / max(stop - start, 1)))   # points for each sample
    x = np.arange(fine * (stop - start) + 1) / fine + start
    if fine > 1:
        slope = record.at_each(begin + x, width, 2)[:, 1:] @ np.array(weights[1:])
    else:
        slope = slope[start : stop + 1]
    high = np.maximum(slope - 0.5 * float(slope.max()), 0.0)
    middle, half = 0.5 * (start + stop), 0.5 * (stop - start)
    u = (x - middle) / max(half, 0.5)
    basis = np.vander(u, 3)
    solved = np.linalg.pinv((basis * high[:, None]).T @ basis) @ (basis * high[:, None]).T
    bend, lean, _ = solved @ slope
    if bend >= 0.0:
        return _Peak(float(begin + top), half, half, height, float(begin + top), top - start, stop - top)
    moves = (0.5 * lean / bend**2 * solved[0] - 0.5 / bend * solved[1]) * max(half, 0.5)   # by each slope
    shares = np.zeros(stop - start + 1)
    np.add.at(shares, np.round(x - start).astype(int), moves)   # of finer points the nearest sample's
    by_sample = influences(width, weights, shares)
    place = middle + float(np.clip(-0.5 * lean / bend, -1.0, 1.0)) * max(half, 0.5)
    left, right = _ends(x, slope - 0.5 * float(slope.max()))
    leans = (2.0 * place - left - right) / max(right - left, 1.0)
    return _Peak(begin + place, record.noise_of(by_sample), half, height, float(begin + top), top - start, stop - top,
                 float(np.clip(leans, -1.0, 1.0)), begin + start - (by_sample.size - shares.size) // 2, by_sample)


def _noise_before(record: Blunt, narrow: _Peak, wide: _Peak, value: float) -> float:
    """Return the noise of a place that lies on the line from that of a wide kernel to that of a narrow one, beyond it.

    The noise of the two places is mostly the same, but not all of it, and what is left grows with the way beyond.
    """
    if not (narrow.by_sample.size and wide.by_sample.size and wide.place != narrow.place):
        return narrow.random
    beyond = (value - narrow.place) / (narrow.place - wide.place)
    first = min(narrow.first, wide.first)
    last = max(one.first + one.by_sample.size for one in (narrow, wide))
    one, two = (np.pad(peak.by_sample, (peak.first - first, last - peak.first - peak.by_sample.size))
                for peak in (narrow, wide))
    return max(narrow.random, record.noise_of((1.0 + beyond) * one - beyond * two))


def _ends(x: FloatArray, above: FloatArray) -> tuple[float, float]:
    """Return between which places a slope is above half of its highest; ``above``: how far it is above that."""
    first, last = np.flatnonzero(above > 0.0)[[0, -1]]
    left, right = float(x[first]), float(x[last])
    if first > 0:
        left = float(np.interp(0.0, above[first - 1 : first + 1], x[first - 1 : first + 1]))
    if last < x.size - 1:
        right = float(np.interp(0.0, -above[last : last + 2], x[last : last + 2]))
    return left, right


def _between(spread: float) -> float:
    """Return the uncertainty by what lies between the samples of a step whose slope has a standard deviation.

    Its first image at the sample rate is as large, against it, as the spectrum of a Gaussian there.
    """
    return min(1.0, 2.0 * math.exp(-2.0 * (math.pi * min(spread, 3.0)) ** 2)) / math.sqrt(12.0)


def crossing(record: Blunt, near: float, level: float, height: float, slope: float) -> tuple[Unblurred, float]:
    """Return where a rising edge crosses a level, and its slope there [1/sample].

    Parameters
    ----------
    record : of the voltage
    near : about there
    level, height : that is crossed, and of the whole edge
    slope : of the edge, about [1/sample]
    """
    slope = max(slope, _LEAST_SLOPE * height)
    width = min(max(_OF_EDGE * height / slope, FINEST), 0.5 * max(near, 2.0 * FINEST))
    found = [_crossed(record, near, level, record.wider(width, times)) for times in (1.0, 2.0, 4.0)]
    there = float(record.at(found[0], width, 1)[1])
    if not there > 0.25 * slope or found[0] == near:   # noise hides the form of the edge
        return Unblurred(near, record.noise(FINEST, (1.0,)) / slope + 0.5, 0.0), slope
    slope = there
    # an edge is smooth there: what is in proportion to T and to its square is taken off
    first, second = found[1] - found[0], (found[2] - found[1] - 2.0 * (found[1] - found[0])) / 3.0
    random = math.hypot(record.noise(width, (1.0,)) / slope, _between(max(record.blur, 0.3 * height / slope)))
    return Unblurred(found[0] - first + second, random, second), slope


def _crossed(record: Blunt, near: float, level: float, width: float) -> float:
    place = near
    for _ in range(10):
        value, slope = record.at(place, width, 1)
        if not slope > 0.0:
            return near
        step = min(max((level - float(value)) / float(slope), -2.0 * width), 2.0 * width)
        place += step
        if abs(step) < 1e-3:
            break
    return place
