"""Height of a top at which a voltage stops rising all at once.

A device that switches within the edge of a pulse ends the rise of its voltage with a bend or a fall. Smoothing takes
more off such a top than wider smoothing can tell. So a line before the instant and one behind it are fitted, both
behind the Gaussian response of the scope. Where they explain the record, and a smooth curve does not, the line before
the instant ends at the height.

All places and widths are in samples. The numbers of this file are chosen: ``tests/analysis/test_sharp_top.py`` holds
them to tops of several forms.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from tsbench.records import FloatArray

_BEFORE = (8, 12, 18, 27, 40)  #: lengths of the line before the top that are tried
_AFTER = 6  #: length of the line behind it
_RESPONSES = 2.0  #: standard deviations of the response by which each of them is longer
_AROUND = 3  #: samples before and behind a high one at which the instant is looked for, and the response on top
_STEP, _EXACT = 0.25, 0.01  #: of the instants that are tried, and of a change of the best one
#: steps of the instants around the best one that are tried next, and how many to each side at once
_FINER, _AT_ONCE = (0.06, 0.01), 4
_CANDIDATES = 4  #: highest samples that are tried
_AGREES = 1.3  #: the misfit of the lines is at most so many standard deviations of the noise
_FALL = 9.0  #: chi squared by which a fall explains more than a bend, which has one parameter less
_SEEN = 4.0  #: standard deviations of the noise by which a sample is above the line behind a fall
_SMOOTH = 3  #: degree of the smooth curve
_CORNER = 40.0  #: chi squared by which the lines explain more than that
_RISES = 4.0  #: standard deviations of its slope by which the first line rises
_SAME = 2.0  #: standard deviations within which a longer line tells the same height
_FINEST = 0.3  #: standard deviation of the response of a record that is as sharp as its samples

#: how the parts of :func:`_parts` follow from what is fitted. A bend: level, both slopes; a fall: levels and slopes.
#: With the curvature before the instant last, it shows how much that changes the height
_BEND = np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 1], [1, 0, 0, 0], [0, 0, 1, 0]], dtype=np.float64)
_DROP = np.array(
    [[1, 0, 0, 0, 0], [0, 1, 0, 0, 0], [0, 0, 0, 0, 1], [0, 0, 1, 0, 0], [0, 0, 0, 1, 0]], dtype=np.float64)


@dataclass(frozen=True)
class SharpTop:
    """A top at the end of a rise, as it was before the response."""

    value: float  #: height
    random: float  #: its standard uncertainty by the noise
    form: float  #: limit of its error by the curvature of the rise, with its sign
    place: float  #: sample
    corner: float  #: chi squared by which it explains more than a smooth curve


def sharp_top(values: FloatArray, first: int, last: int, blur: float, noise: float) -> SharpTop | None:
    """Return the height of a top at which a rise ends all at once; None where the record does not show such a one.

    Parameters
    ----------
    values : shape (n,)
    first, last : samples between which the top is
    blur : standard deviation of the response [samples]
    noise : standard deviation of one sample
    """
    if noise <= 0.0:
        return None
    found = [_by_longest(values, first + near, last, max(blur, _FINEST), noise)
             for near in _highest(values[first : last + 1])]
    return max((top for top in found if top is not None), key=lambda top: top.corner, default=None)


def _highest(values: FloatArray) -> list[int]:
    """Return some of the highest samples that are apart."""
    left = values.copy()
    found: list[int] = []
    while len(found) < _CANDIDATES and np.isfinite(left.max()):
        found.append(int(np.argmax(left)))
        left[max(found[-1] - _AROUND, 0) : found[-1] + _AROUND + 1] = -math.inf
    return found


def _by_longest(values: FloatArray, near: int, last: int, blur: float, noise: float) -> SharpTop | None:
    """Return the top by the longest line that agrees with the record and with the shorter ones."""
    found: list[SharpTop] = []
    for length in _BEFORE:
        top = _by_line(values, near, last, blur, noise, length)
        if top is None or any(abs(top.value - one.value) > _SAME * one.random for one in found):
            break
        found.append(top)
    return found[-1] if found and found[-1].corner > _CORNER else None


def _by_line(values: FloatArray, near: int, last: int, blur: float, noise: float, length: int) -> SharpTop | None:
    """Return the top by a line of some length; None where it does not agree with the record."""
    more, around = math.ceil(_RESPONSES * blur), _AROUND + math.ceil(blur)
    first, end = near - around - length - more, near + around + _AFTER + more + 1
    places = np.arange(near - around, min(near + around, last) + 0.5 * _STEP, _STEP)
    if first < 0 or end > values.size or places.size == 0:
        return None
    samples, part = np.arange(first, end, dtype=np.float64), values[first:end]

    fits, parts = [], _parts(samples - places[:, None], blur)
    for bent in (_BEND, _DROP):
        found, near_best = math.inf, float(places[int(np.argmin(_misfits(parts @ bent[:, :-1], part)))])
        for step in _FINER:
            finer = near_best + step * np.arange(-_AT_ONCE, _AT_ONCE + 1)
            misfits = _misfits(_parts(samples - finer[:, None], blur) @ bent[:, :-1], part)
            found, near_best = float(misfits.min()), float(finer[int(np.argmin(misfits))])
        fits.append((found / noise**2, near_best, bent))
    least, place, bent = fits[0] if fits[0][0] < fits[1][0] + _FALL else fits[1]
    smooth = np.vander((samples - samples.mean()) / samples.size, _SMOOTH + 1)
    corner = float(_misfits(smooth, part)) / noise**2 - least
    return _top(samples, part, place, bent, blur, noise, corner) if least <= _AGREES**2 * (part.size - 5) else None


def _top(
    samples: FloatArray, part: FloatArray, place: float, bent: FloatArray, blur: float, noise: float, corner: float
) -> SharpTop | None:
    """Return the top of the lines at an instant; None where they do not rise to it and are lower behind it."""
    basis = _parts(samples - place, blur) @ bent
    straight = basis[:, :-1]
    fitted = np.linalg.pinv(straight) @ part
    moved = (_parts(samples - place - _EXACT, blur) @ bent)[:, :-1] @ fitted
    # the instant is fitted as well; its part has no unit, as the others
    by_instant = (moved - straight @ fitted) / max(float(np.linalg.norm(moved - straight @ fitted)), 1e-300)
    covariance = noise**2 * np.linalg.pinv((full := np.column_stack((straight, by_instant))).T @ full)
    height, slope, _, after, slope_after = bent[:, :-1] @ fitted
    if slope <= _RISES * math.sqrt(covariance[1, 1]) or after > height or slope_after >= slope:
        return None
    if bent is _DROP and float(part.max()) < after + _SEEN * noise:   # all of it would be between two samples
        return None
    curved = float((np.linalg.pinv(basis) @ part)[0])
    return SharpTop(float(height), math.sqrt(covariance[0, 0]), curved - float(height), place, corner)


def _misfits(basis: FloatArray, part: FloatArray) -> FloatArray:
    """Return the sum of squares that curves leave of ``part``, shape (n,), by basis, shape (..., n, curves)."""
    own = np.linalg.qr(basis).Q
    left: FloatArray = part - (own @ (part @ own)[..., None])[..., 0]
    return np.asarray(np.sum(left**2, axis=-1))


def _parts(x: FloatArray, blur: float) -> FloatArray:
    """Return 1, x, x^2 before and 1, x behind x = 0, each behind a Gaussian, shape of ``x`` and 5 behind it.

    They are convolutions of powers that begin or end at 0 with a normal distribution (its moments below u).
    """
    u = x / blur
    after, gauss = ndtr(u), np.exp(-0.5 * u * u) / math.sqrt(2.0 * math.pi)
    before = 1.0 - after
    return np.stack((before, blur * (u * before - gauss), blur**2 * ((u * u + 1.0) * before - u * gauss),
                     after, blur * (u * after + gauss)), axis=-1)
