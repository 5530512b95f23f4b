"""Height of a top to which a voltage rises ever more slowly, up to where it falls at once, or to the last sample.

Of many samples that are nearly alike, that with the most noise is the highest, so it is too high. A straight line
through the last samples before the fall has no such error. It is as long as it agrees with the shorter ones, is not
bent and follows the samples within their noise. How it differs from one of half its length tells how much the curvature
of the rise may move it.

All places are in samples. The numbers of this file are chosen: ``tests/analysis/test_level_top.py`` holds them to rises
of several forms.
"""

import math
from dataclasses import dataclass

import numpy as np

from tsbench.records import FloatArray

_FALLS = 4.0  #: standard deviations of the noise below the highest, where a voltage has begun to fall
#: it falls at once if it falls by so many standard deviations of the noise within so many samples behind the response,
#: and by so many times more than a parabola whose top the line may cross
_CLIFF, _AT_ONCE, _STEEPER = 8.0, 4, 3.0
_RESPONSES = 2.0  #: standard deviations of the response by which the line ends before that
_SHORTEST, _LONGER = 12, 1.3  #: samples of the shortest line, and from one length to the next
_CHOICE = 1.3  #: by which the noise that also chooses the length is more
_SAME = 1.2  #: standard deviations of a shorter line, within which a longer one agrees with it
#: the misfit of a line is at most so many standard deviations of the noise; of a short one by chance some more
_AGREES, _CHANCE = 1.15, 2.0
_BENT = 2.5  #: standard deviations by which a line is bent
_BY_CHANCE = 0.15  #: share of the shorter lines with which a longer one need not agree
_HALF = 0.55  #: share of its length that a line of half of it has at most


@dataclass(frozen=True)
class TopNoise:
    """Standard deviations: of one sample, of the smoothed values, and by how many times neighbours increase a mean's.

    ``shared``: of many neighbouring samples, against that of as many samples that have no noise in common.
    """

    sample: float
    smooth: float
    shared: float


@dataclass(frozen=True)
class LevelTop:
    """A top by the line before it."""

    value: float  #: height
    random: float  #: its standard uncertainty by the noise
    form: float  #: limit of its error by the curvature of the rise, and by how it falls, with a sign
    place: int  #: last sample that is not clearly below it


def shows_fall(blur: float) -> int:
    """Return in how many samples behind its top a voltage falls that falls at once.

    Parameters
    ----------
    blur : [samples] standard deviation of the response
    """
    return math.ceil(_RESPONSES * blur) + _AT_ONCE


def level_top(
    values: FloatArray, smooth: FloatArray, span: tuple[int, int], blur: float, noise: TopNoise,
) -> LevelTop | None:
    """Return the height that a voltage has reached where it falls at once, or at the last sample of the span.

    None where it falls slowly before that, or the line would be too short.

    Parameters
    ----------
    values : shape (n,)
    smooth : the smoothed values from the span's first sample to :func:`shows_fall` samples behind its last, shape (m,)
    span : sample from which on the voltage is that of the top, and the last at which the top may be
    blur : standard deviation of the response [samples]
    noise : of all that
    """
    first, last = span
    before = smooth[: last - first + 1]
    place = first + int(np.flatnonzero(before >= before.max() - _FALLS * noise.smooth)[-1])
    behind = min(place + shows_fall(blur), first + smooth.size - 1)
    fallen = before.max() - smooth[behind - first] >= _CLIFF * noise.smooth
    if place < last and not fallen:
        return None   # a rounded top, which is before the end of the line
    end = place - math.ceil(_RESPONSES * blur) if fallen else place
    ahead = 0.5 * (place - end)   # how far it goes on behind the line is not known
    mean_noise = noise.shared * noise.sample   # of a mean, times the root of its length
    heights: list[tuple[int, float, float, float]] = []
    length = _SHORTEST
    while length <= end - first + 1:
        x = np.arange(1 - length, 1) + 0.5 * (length - 1)
        part, at = values[end - length + 1 : end + 1], float(x[-1]) + ahead
        slope, middle = float(x @ part) / float(x @ x), float(part.mean())
        height = middle + slope * at
        random = _CHOICE * mean_noise * math.sqrt(1.0 / length + at**2 / float(x @ x))
        bow = x * x - float(x @ x) / length
        misfit = float(np.std(part - slope * x)) > (_AGREES + _CHANCE / math.sqrt(length)) * noise.sample
        if misfit or abs(float(bow @ part)) > _BENT * mean_noise * math.sqrt(float(bow @ bow)):
            break
        if sum(abs(height - shorter) > _SAME * doubt for _, shorter, doubt, _ in heights) <= _BY_CHANCE * len(heights):
            heights.append((length, height, random, slope))
        length = max(length + 4, round(_LONGER * length))
    if not heights:
        return None
    length, height, random, slope = heights[-1]
    rounded = _FALLS * noise.smooth * ((1.0 + 2.0 * (behind - place) / length) ** 2 - 1.0)
    if fallen and smooth[place - first] - smooth[behind - first] < _STEEPER * rounded:
        return None
    half = [shorter for size, shorter, _, _ in heights if size <= _HALF * length] or [heights[0][1]]
    form = height - half[-1]
    return LevelTop(height, random, math.copysign(abs(form) + abs(slope) * (ahead + 0.5), form), place)
