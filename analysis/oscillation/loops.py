"""Loops over the samples of a record which NumPy cannot do in one pass; compiled for long records.

Functions of arrays and numbers in plain Python (:func:`tsbench.analysis.compilation.for_size`). ``first`` is the place
in the record of the first sample of ``values``: a record comes in parts.
"""

import numpy as np
import numpy.typing as npt

from tsbench.records import FloatArray

Places = npt.NDArray[np.int64]

#: samples whose extremes are looked at together before they are looked at one by one
BLOCK = 16
#: samples of an edge that are passed at once on the way to where it is looked at one by one
_STRIDE = 8
#: rows of the state of :func:`turns_of_part`
DIRECTION, HIGH, HIGH_AT, LOW, LOW_AT = range(5)
#: rows of the summary of :func:`extremes`
LOWEST, HIGHEST, SUM = range(3)
#: samples that are searched at once: with all that is made of them, they fit in the first caches of a processor
TILE = 2**13


def fresh_state(value: float) -> FloatArray:
    """Return the state of :func:`turns_of_part` before the first sample, whose value is ``value``."""
    return np.array([0.0, value, 0.0, value, 0.0])


def extremes(values: FloatArray, lows: FloatArray, highs: FloatArray, summary: FloatArray) -> None:
    """Fill ``lows`` and ``highs``, shape (n // 16,), with those of sixteen samples each; add all to ``summary``.

    The number of samples is constant, so that the compiler takes eight at once.

    Parameters
    ----------
    values : shape (n,), finite
    lows, highs : shape (n // 16,), to be filled; the rest of the samples is in the summary only
    summary : lowest, highest and sum of the samples so far, shape (3,), to be continued
    """
    lowest, highest, total = summary[LOWEST], summary[HIGHEST], summary[SUM]
    for block in range(lows.size):
        begin = block * BLOCK
        low = high = values[begin]
        for k in range(BLOCK):
            value = values[begin + k]
            low = value if value < low else low
            high = value if value > high else high
            total += value
        lows[block], highs[block] = low, high
        lowest, highest = min(lowest, low), max(highest, high)
    for k in range(lows.size * BLOCK, values.size):
        lowest, highest = min(lowest, values[k]), max(highest, values[k])
        total += values[k]
    summary[LOWEST], summary[HIGHEST], summary[SUM] = lowest, highest, total


def turns_of_part(
    values: FloatArray, lows: FloatArray, highs: FloatArray, first: int, least: float, state: FloatArray,
    places: Places, levels: FloatArray,
) -> int:
    """Continue the search for turning points (:mod:`tsbench.analysis.reversals`) through the next part of a record.

    Sixteen samples that do not go back from the last extreme by ``least`` are passed at once.

    Parameters
    ----------
    first, least : place of the first sample; the record goes back by more than ``least``, in its unit
    values : shape (n,), finite
    lows, highs : of sixteen samples each, shape (n // 16,); the rest is looked at one by one
    state : of :func:`fresh_state`
    places, levels : shape (n,), to be filled with turning points and the record there

    Returns
    -------
    int
        Number of turning points found.
    """
    direction, high, low = state[DIRECTION], state[HIGH], state[LOW]
    high_at, low_at = int(state[HIGH_AT]), int(state[LOW_AT])
    # an extreme of a block of samples whose place is not looked up yet: the place in the block is wanted only at a turn
    count, high_block, low_block = 0, -1, -1
    for block in range(lows.size + 1):
        if block < lows.size:
            smallest, largest = lows[block], highs[block]
            if direction > 0.0 and max(high, largest) - smallest <= least:
                if largest > high:
                    high, high_block = largest, block
                continue
            if direction < 0.0 and largest - min(low, smallest) <= least:
                if smallest < low:
                    low, low_block = smallest, block
                continue
            if direction == 0.0 and largest <= high and smallest >= low:
                continue
        if high_block >= 0:
            high_at, high_block = first + place_of(values, high, high_block * BLOCK, block * BLOCK), -1
        if low_block >= 0:
            low_at, low_block = first + place_of(values, low, low_block * BLOCK, block * BLOCK), -1
        at, end = block * BLOCK, min((block + 1) * BLOCK, values.size)
        while at < end and direction == 0.0:
            value = values[at]
            if value > high:
                high, high_at = value, first + at
            if value < low:
                low, low_at = value, first + at
            if high - value > least:
                places[count], levels[count] = high_at, high
                count += 1
                direction, low, low_at = -1.0, value, first + at
            elif value - low > least:
                places[count], levels[count] = low_at, low
                count += 1
                direction, high, high_at = 1.0, value, first + at
            at += 1
        while at < end:
            while at < end and direction > 0.0:
                value = values[at]
                if value > high:
                    high, high_at = value, first + at
                elif high - value > least:
                    places[count], levels[count] = high_at, high
                    count += 1
                    direction, low, low_at = -1.0, value, first + at
                at += 1
            while at < end and direction < 0.0:
                value = values[at]
                if value < low:
                    low, low_at = value, first + at
                elif value - low > least:
                    places[count], levels[count] = low_at, low
                    count += 1
                    direction, high, high_at = 1.0, value, first + at
                at += 1
    state[DIRECTION], state[HIGH], state[HIGH_AT], state[LOW], state[LOW_AT] = direction, high, high_at, low, low_at
    return count


def place_of(values: FloatArray, wanted: float, begin: int, end: int) -> int:
    """Return the first place from ``begin`` on of a value that is there; ``end`` where it is not."""
    while begin < end and values[begin] != wanted:
        begin += 1
    return begin


def suspects_of_part(
    part: FloatArray, first: int, places: Places, levels: FloatArray, width: int, suspect: npt.NDArray[np.bool_],
) -> None:
    """Fill ``suspect``, shape (n,): whether one sample alone may have made a turning point; of both ends nothing.

    As :func:`lone_samples`, which tells them by the neighbours that stay when smaller reversals are left out. Those are
    farther away, so that a sample which is not alone here is not alone there.

    Parameters
    ----------
    part : the samples, shape (m,)
    first : place in the record of its first sample
    places, levels : turning points of the means of ``width`` samples in this part, counted in means, shape (n,)
    suspect : of these turning points, shape (n,), to be filled
    """
    for e in range(1, places.size - 1):
        sign = 1.0 if levels[e] > levels[e - 1] else -1.0
        begin = max(places[e] * width - first, 1)
        end = min(places[e] * width + width - first, part.size - 1)
        if begin < end:
            most = sign * part[begin]
            for k in range(begin + 1, end):   # without a branch
                most = max(most, sign * part[k])
            at = begin
            while sign * part[at] != most and at < end:
                at += 1
            middle = 0.5 * (most + max(sign * levels[e - 1], sign * levels[e + 1]))
            suspect[e] = sign * part[at - 1] < middle and sign * part[at + 1] < middle


def search_part(
    part: FloatArray, first: int, width: int, least: float, timing: FloatArray, state: FloatArray, memory: FloatArray,
    places: Places, levels: FloatArray, suspect: npt.NDArray[np.bool_], halfway: FloatArray, summary: FloatArray,
) -> int:
    """Search the next part of a record: turning points of the means, and what is said of them, in one pass.

    Parameters
    ----------
    part : the samples, shape (m,)
    first : place in the record of its first sample
    width : samples of a mean, a power of two
    least : change between two turning points, in the unit of the record
    timing : sign, half and back of :class:`.turning.LikelyEdges`; a sign of 0: edges are not timed
    memory : for a tile and the extremes of its blocks, shape (tile + tile // 8,)
    places, levels, suspect, halfway : of :class:`.turning.Turns`, to be filled; places in means
    summary : of :func:`extremes`
    state : of :func:`fresh_state`, shape (5,), to be continued

    Returns
    -------
    int
        Number of turning points found.
    """
    count = done = 0
    tile = max(TILE, BLOCK * width)
    means, lows, highs = memory[:tile], memory[tile : tile + tile // BLOCK], memory[tile + tile // BLOCK :]
    for begin in range(0, part.size, tile):
        values = fewer(part[begin : begin + tile], width, means)
        low, high = lows[: values.size // BLOCK], highs[: values.size // BLOCK]
        extremes(values, low, high, summary)
        count += turns_of_part(
            values, low, high, (first + begin) // width, least, state, places[count:], levels[count:])
        if count - done > 2:   # one before them is known, and one behind
            suspects_of_part(part, first, places[done:count], levels[done:count], width, suspect[done:count])
            if timing[0] != 0.0:
                time_edges(part, first, width, timing, places[done:count], levels[done:count], halfway[done:count])
            done = count - 2
    return count


def time_edges(
    part: FloatArray, first: int, width: int, timing: FloatArray, places: Places, levels: FloatArray,
    halfway: FloatArray,
) -> None:
    """Fill ``halfway`` with where the edges from one turning point to the next pass half of their height.

    Parameters
    ----------
    part, first, width : as of :func:`search_part`
    timing : sign, half and back of :class:`.turning.LikelyEdges`, shape (3,)
    places, levels : turning points of the means, counted in means, shape (n,), n > 1
    halfway : [samples] place in the record at the first turning point of each edge, shape (n,); the rest stays
    """
    begin = 0 if timing[0] * (levels[1] - levels[0]) > 0.0 else 1
    count, half = (places.size - begin) // 2, int(timing[1])
    starts, ends = places[begin::2][:count] * width + width // 2, places[begin + 1 :: 2][:count] * width + width // 2
    bases, found = levels[begin::2][:count].copy(), np.empty(count)
    crossings(part, first, starts, ends, bases, levels[begin + 1 :: 2][:count] - bases, 0.5, timing[2], half, found)
    for e in range(count):
        if starts[e] >= first + half:   # it did not begin in the part before
            halfway[begin + 2 * e] = found[e]


def fewer(values: FloatArray, width: int, means: FloatArray) -> FloatArray:
    """Return the means of ``width`` samples each, a power of two, shape (n // width,), in the memory of ``means``.

    Parameters
    ----------
    values : shape (n,)
    width : samples of a mean
    means : memory, shape (n // 2,) or more
    """
    while width > 1:
        factor = 4 if width % 4 == 0 else 2
        made = means[: values.size // factor]
        if factor == 4:
            means_of_fours(values, made)
        else:
            means_of_pairs(values, made)
        values, width = made, width // factor
    return values


def means_of_pairs(values: FloatArray, means: FloatArray) -> None:
    """Fill ``means``, shape (n,), with the means of two samples each.

    Parameters
    ----------
    values : shape (2 n,), or one more that is left out
    means : to be filled
    """
    for k in range(means.size):
        means[k] = 0.5 * (values[2 * k] + values[2 * k + 1])


def means_of_fours(values: FloatArray, means: FloatArray) -> None:
    """Fill ``means``, shape (n,), with the means of four samples each.

    Parameters
    ----------
    values : shape (4 n,), or up to three more that are left out
    means : to be filled
    """
    for k in range(means.size):
        means[k] = 0.25 * ((values[4 * k] + values[4 * k + 1]) + (values[4 * k + 2] + values[4 * k + 3]))


def crossings(
    values: FloatArray, first: int, starts: Places, ends: Places, bases: FloatArray, heights: FloatArray,
    share: float, back: float, half: int, found: FloatArray,
) -> None:
    """Fill ``found`` with the fractional place at which each edge passes a share of its height.

    Looks from one end of the edge for where it has the share ``back``, and from there on back for the crossing: with
    the end of the edge first where ``back`` is less than ``share``, and with its start first where it is more. So noise
    on a long foot, or a long top, is passed by. Means of ``2 half + 1`` samples are used.

    Parameters
    ----------
    values : the samples, shape (m,)
    first : place in the record of the first of them
    starts, ends : places in the record, shape (n,)
    bases, heights : the record at the start of each edge, and how far it goes on to the end, shape (n,)
    share, back : of the height, 0 to 1
    half : samples of a mean on either side of its middle
    found : [samples] place in the record, shape (n,), to be filled
    """
    way = 1 if back > share else -1
    stride = 1 if back == share else max(_STRIDE, half)
    for e in range(starts.size):
        sign = 1.0 if heights[e] > 0.0 else -1.0
        scale = sign / (2 * half + 1)
        level, far = sign * (bases[e] + share * heights[e]), sign * (bases[e] + back * heights[e])
        begin, end = max(starts[e] - first, half), min(ends[e] - first, values.size - 1 - half)
        at, last = (begin, end) if way > 0 else (end, begin)
        total = mean = 0.0
        while True:   # in strides: an edge does not go back by as much as lies between the two shares
            if at == last or way * sign * values[at] >= way * far:   # a sample costs less than a mean
                total = 0.0
                for k in range(at - half, at + half + 1):
                    total += values[k]
                mean = total * scale
                if at == last or way * mean >= way * far:
                    break
            at = min(at + stride, last) if way > 0 else max(at - stride, last)
        last, before = (begin, mean) if way > 0 else (end, mean)
        while at != last and way * mean >= way * level:
            total += values[at - way * (half + 1)] - values[at + way * half]
            at -= way
            before, mean = mean, total * scale
        step = before - mean
        part = min(max((before - level) / step, 0.0), 1.0) if step != 0.0 else 0.0
        found[e] = first + at + way * (1.0 - part)


def lone_samples(
    values: FloatArray, first: int, places: Places, signs: FloatArray, nearer: FloatArray, width: int, lone: Places,
) -> None:
    """Fill ``lone`` with the place of the sample that alone makes a turning point, or -1, shape (n,).

    A sample is alone if both its neighbours lie beyond the middle of the smaller of its two swings.

    Parameters
    ----------
    values : the samples, shape (m,)
    first : place in the record of the first of them
    places : turning points of the means of ``width`` samples, each in the middle of its mean, shape (n,)
    signs, nearer : +1 for a top and -1 for a valley; the level of that of both neighbours which is nearer, shape (n,)
    """
    for e in range(places.size):
        sign, at = signs[e], places[e] - first
        begin, end = max(at - width // 2, 1), min(at - width // 2 + width, values.size - 1)
        at = begin
        for k in range(begin, end):
            if sign * values[k] > sign * values[at]:
                at = k
        lone[e] = -1
        if begin < end:
            middle = 0.5 * sign * (values[at] + nearer[e])
            if sign * values[at - 1] < middle and sign * values[at + 1] < middle:
                lone[e] = at + first


def dots(
    values: FloatArray, places: FloatArray, first: int, weights: FloatArray, heights: FloatArray, delays: FloatArray,
) -> None:
    """Fill ``heights`` and ``delays`` with the products of two rows of weights and the record around each place.

    Parameters
    ----------
    values : the whole record
    places : fractional, shape (n,)
    first : the first weight belongs to the sample that is so many behind each place; negative: before it
    weights : shape (2, m)
    heights, delays : products with the first and the second row, shape (n,), to be filled
    """
    for e in range(places.size):
        begin = int(np.floor(places[e]))
        part = places[e] - begin
        begin += first
        a = b = c = d = 0.0
        for k in range(weights.shape[1]):
            x, y = values[begin + k], values[begin + k + 1]
            u, w = weights[0, k], weights[1, k]
            a += u * x
            b += u * y
            c += w * x
            d += w * y
        heights[e] = (1.0 - part) * a + part * b
        delays[e] = (1.0 - part) * c + part * d


