"""The highest voltage before a device switches, as it was before the scope made the record blunt.

All places and widths are in samples.
"""

import math
from dataclasses import replace

import numpy as np

from tsbench.analysis.pulse.blunt import COARSER, FINEST, SMOOTH, Blunt, Unblurred, before_blur
from tsbench.analysis.pulse.level_top import TopNoise, level_top, shows_fall
from tsbench.analysis.pulse.sharp_top import SharpTop, sharp_top
from tsbench.analysis.statistics import combined, standard_uncertainty

_CLEAR_TOP = 6.0  #: a top is so many standard deviations of its noise above what is two kernels beside it
_WIDEST_TOP = 1.0 / 6.0  #: kernel, as a share of the time before the top
_CLIFF = 1.25  #: a top beside a cliff moves by so many times more, for the response reaches over it less and less
_IN_BLOCKS = 8.0  #: standard deviation of a kernel over means, at least [blocks]
_FEWEST_BLOCKS, _NEXT_BLOCK = 50, 4  #: of a rise whose end is looked for in means; by how many times they grow
_HIGHER = 3.0  #: standard uncertainties by which the end of a rise is above the top of the smoothed record
_LUCK = 5.0  #: standard uncertainties by which the top of the smoothed record is above a line that ends there
_LONG_MEAN = 4.0  #: standard deviation of a kernel that is long against what neighbours share
_PARTS = 4  #: of a sample, at which a top is looked for


def highest(record: Blunt, first: int, last: int) -> tuple[Unblurred, int]:
    """Return the highest value between two samples, and the sample: before the blur, and without the luck of noise.

    A wide kernel goes over means of blocks of samples, which takes no longer than a narrow one over the samples.

    Parameters
    ----------
    record : of the voltage, which is positive in the pulse
    first, last : samples between which the value is looked for
    """
    widest = max(_WIDEST_TOP * (last - first), FINEST)
    width, means = FINEST, record
    block = 1
    while True:
        if width >= 2.0 * _IN_BLOCKS * block:
            means, block = means.means(2), 2 * block
        begin, end = first // block, last // block
        smooth = means.all(begin, end, _within(width, block), (1.0,))
        top = int(np.argmax(smooth))
        aside = round(2.0 * width / block)
        beside = 0.5 * float(smooth[max(top - aside, 0)] + smooth[min(top + aside, smooth.size - 1)])
        noise = means.noise(_within(width, block), (1.0,))
        if float(smooth[top]) - beside >= _CLEAR_TOP * noise or width >= widest:
            break
        width = min(COARSER * width, widest)
    found = [_top(means, begin, end, _within(record.wider(width, times), block)) for times in (1.0, 2.0, 4.0)]
    value, form = before_blur(found, SMOOTH, _CLIFF)
    likely, at = Unblurred(value, noise, form), min(block * (begin + top) + block // 2, last)
    behind = min(last + shows_fall(record.blur), record.values.size - 1)
    level = level_top(record.values, record.all(first, behind, FINEST, (1.0,)), (first, last), record.blur,
                      _top_noise(record))
    if level is not None and found[0] - level.value <= _LUCK * combined(noise, level.random):
        likely, at = Unblurred(level.value, level.random, level.form), level.place
    sharp = _end_of_rise(record, first, last)
    if sharp is not None and sharp.value - likely.value > _HIGHER * combined(
            sharp.random, likely.random, standard_uncertainty(sharp.form)):
        return Unblurred(sharp.value, sharp.random, sharp.form), min(round(sharp.place), last)
    return likely, at


def _top_noise(record: Blunt) -> TopNoise:
    alone = record.scatter / math.sqrt(2.0 * math.sqrt(math.pi) * _LONG_MEAN)   # of noise that neighbours do not share
    return TopNoise(record.scatter, record.noise(FINEST, (1.0,)),
                    max(1.0, record.noise(_LONG_MEAN, (1.0,)) / max(alone, 1e-30)))


def _end_of_rise(record: Blunt, first: int, last: int) -> SharpTop | None:
    """Return the top at which a rise ends all at once, in means over so many samples that it is the clearest there."""
    clearest, block = None, 1
    while block == 1 or (last - first) // block >= _FEWEST_BLOCKS:
        means = record.means(block)
        top = sharp_top(means.values, first // block, last // block, means.blur, means.one_noise)
        if top is not None and (clearest is None or top.corner > clearest.corner):
            clearest = replace(top, place=block * (top.place + 0.5) - 0.5)
        block *= _NEXT_BLOCK
    return clearest


def _within(width: float, block: int) -> float:
    """Return the kernel over means of blocks [blocks] that is a kernel of ``width`` [samples] with them."""
    return math.sqrt(width**2 - (block**2 - 1) / 12.0) / block


def _top(record: Blunt, first: int, last: int, width: float) -> float:
    """Return the highest of the smoothed record, between its samples too."""
    smooth = record.all(first, last, width, (1.0,))
    at = first + int(np.argmax(smooth))
    between = at + np.arange(-_PARTS, _PARTS + 1) / _PARTS
    between = between[(between >= first) & (between <= last)]
    return float(record.at_each(between, width, 0).max())
