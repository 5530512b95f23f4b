"""A record that is read in parts, so that one that does not fit in the memory can be searched as well."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from tsbench.analysis.oscillation.loops import Places
from tsbench.records import FloatArray

#: samples of a part; they fit in the second-level cache of a processor
PART = 2**18


class SampleSource(Protocol):
    """Evenly spaced samples that are read part by part."""

    @property
    def size(self) -> int: ...

    def part(self, first: int, last: int) -> FloatArray:
        """Return the samples from ``first`` up to but without ``last``, shape (last - first,), finite."""


@dataclass(frozen=True)
class ArraySamples:
    """Samples in the memory, shape (n,), contiguous."""

    values: FloatArray

    @property
    def size(self) -> int:
        return int(self.values.size)

    def part(self, first: int, last: int) -> FloatArray:
        return self.values[first:last]


@dataclass(frozen=True)
class MendedSamples:
    """Samples of which some take the mean of their neighbours."""

    samples: SampleSource
    places: Places  #: of those, ascending, shape (n,)

    @property
    def size(self) -> int:
        return self.samples.size

    def part(self, first: int, last: int) -> FloatArray:
        begin, end = max(first - 1, 0), min(last + 1, self.size)
        inside = self.places[np.searchsorted(self.places, first) : np.searchsorted(self.places, last)]
        if inside.size == 0:
            return self.samples.part(first, last)
        values = self.samples.part(begin, end).copy()
        at = inside - begin
        values[at] = 0.5 * (values[at - 1] + values[at + 1])
        return values[first - begin : values.size - (end - last)]


def averaged(samples: SampleSource, most: int) -> tuple[FloatArray, int]:
    """Return the means of equal blocks of samples, shape (n,), n <= ``most``, and how many samples a block has.

    The last samples that fill no block are left out.
    """
    block = -(-samples.size // most)
    at_once = max(PART // block, 1) * block
    whole = samples.size // block * block
    means = [samples.part(first, min(first + at_once, whole)).reshape(-1, block).mean(axis=1)
             for first in range(0, whole, at_once)]
    return np.concatenate(means), block


def longest_part(samples: SampleSource) -> int:
    """Return how many samples may be read at once."""
    return samples.size if isinstance(samples, ArraySamples) else PART


def spans(firsts: Places, lasts: Places, longest: int = PART) -> Iterator[tuple[slice, int, int]]:
    """Yield (which, first, last): stretches of a record, in order, in groups that are read at once.

    A group is no longer than ``longest`` samples, or it is one stretch.

    Parameters
    ----------
    firsts, lasts : where the stretches begin and end, shape (n,), both ascending
    """
    k = 0
    while k < firsts.size:
        end = max(int(np.searchsorted(lasts, firsts[k] + longest, side="right")), k + 1)
        yield slice(k, end), int(firsts[k]), int(lasts[end - 1])
        k = end
