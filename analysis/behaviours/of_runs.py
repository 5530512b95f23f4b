"""Rules for the firing behaviours that only a comparison of runs can show (see :mod:`.behaviours`)."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from tsbench.analysis.behaviours.stimulated_run import ARM, Phase, Response

#: widths, levels and amplitudes that are meant to be equal agree within this share
EQUAL_SHARE = 0.05


def spike_latency(found: Sequence[Response]) -> bool:
    """The weaker the step, the later the first spike: the latest is 2.5 times as late as the earliest, or more."""
    steps = _equal_holds(found)
    if steps is None or len(steps) < 3 or any(r.spikes.size == 0 for _, r in steps):
        return False
    delays = [float(r.spikes[0]) - hold.start for hold, r in steps]   # by rising level
    return all(a > b > 0 for a, b in pairwise(delays)) and delays[0] > 2.5 * delays[-1]


def all_or_nothing(found: Sequence[Response]) -> bool:
    """Weak pulses do nothing, stronger ones all make the same spike: nothing in between."""
    pulses = _equal_holds(found)
    if pulses is None or len(pulses) < 3:
        return False
    quiet = [r for _, r in pulses if r.spikes.size == 0]
    firing = [r for _, r in pulses if r.spikes.size == 1]
    if not quiet or len(firing) < 2 or len(quiet) + len(firing) != len(pulses):
        return False
    order = [r.spikes.size for _, r in pulses]
    amplitudes = np.array([r.amplitudes[0] for r in firing])
    partial = max(float((r.run.response - r.rest).max()) for r in quiet)
    equal = float(np.ptp(amplitudes)) < EQUAL_SHARE * float(amplitudes.mean())
    return order == sorted(order) and equal and partial < ARM * float(amplitudes.mean())


def integrator(found: Sequence[Response]) -> bool:
    """Two pulses, each too weak, make it fire where the second follows closely, and not where it comes late."""
    pairs = _doublets(found)
    if pairs is None:
        return False
    fired = [r.spikes.size > 0 for _, r in pairs]
    return fired[0] and not fired[-1] and fired == sorted(fired, reverse=True)


def resonator(found: Sequence[Response]) -> bool:
    """Two pulses, each too weak, make it fire at some interval, and neither at shorter nor at longer ones."""
    pairs = _doublets(found)
    if pairs is None or len(pairs) < 3:
        return False
    fired = [r.spikes.size > 0 for _, r in pairs]
    return any(fired) and not fired[0] and not fired[-1]


def refractory_period(found: Sequence[Response]) -> bool:
    """Of two equal pulses the first always fires, the second only where it does not follow too closely."""
    pairs = _doublets(found)
    if pairs is None:
        return False
    firsts, seconds = [], []
    for _, r in pairs:
        begin = r.stimulus.holds[1].start
        firsts.append(r.between(-np.inf, begin).size)
        seconds.append(r.between(begin, np.inf).size)
    once = all(n <= 1 for n in seconds) and set(firsts) == {1}
    return once and seconds[0] == 0 and seconds[-1] == 1 and seconds == sorted(seconds)


def threshold_variability(found: Sequence[Response]) -> bool:
    """A pulse that does nothing by itself fires after another one that does nothing by itself either."""
    alone = [r for r in found if len(r.stimulus.holds) == 1 and not r.stimulus.ramps]
    both = [r for r in found if len(r.stimulus.holds) == 2 and not r.stimulus.ramps]
    if not both or any(r.spikes.size for r in alone):
        return False
    for r in both:
        first, second = r.stimulus.holds
        controls = all(any(_same(hold, other.stimulus.holds[0]) for other in alone) for hold in (first, second))
        distinct = not _same(first, second)
        if controls and distinct and r.spikes.size and r.spikes[0] > second.start:
            return True
    return False


def accommodation(found: Sequence[Response]) -> bool:
    """Of rises to one level the fast ones make it fire and the slow ones do not."""
    rises = []
    for r in found:
        up = [p for p in r.stimulus.ramps if p.last > p.first]
        if len(up) != 1 or abs(up[0].first) > EQUAL_SHARE * abs(up[0].last):
            return False
        rises.append((up[0], r))
    rises.sort(key=lambda item: item[0].duration)
    levels = np.array([p.last for p, _ in rises])
    if len(rises) < 2 or np.ptp(levels) > EQUAL_SHARE * levels.mean():
        return False
    fired = [r.spikes.size > 0 for _, r in rises]
    return fired[0] and not fired[-1] and fired == sorted(fired, reverse=True)


def _equal_holds(found: Sequence[Response]) -> list[tuple[Phase, Response]] | None:
    """Return runs with one hold each, of equal length, by rising level; None where the runs are others."""
    items = []
    for r in found:
        if len(r.stimulus.holds) != 1 or r.stimulus.ramps or r.stimulus.holds[0].first <= 0:
            return None
        items.append((r.stimulus.holds[0], r))
    durations = np.array([hold.duration for hold, _ in items])
    if np.ptp(durations) > EQUAL_SHARE * durations.mean():
        return None
    return sorted(items, key=lambda item: item[0].first)


def _doublets(found: Sequence[Response]) -> list[tuple[float, Response]] | None:
    """Return runs of two equal pulses each, the same in all runs, with their interval [s], shortest first."""
    items = []
    for r in found:
        holds = r.stimulus.holds
        if len(holds) != 2 or r.stimulus.ramps or not _same(*holds) or not _same(holds[0], found[0].stimulus.holds[0]):
            return None
        items.append((holds[1].start - holds[0].start, r))
    return sorted(items, key=lambda item: item[0]) if len(items) >= 2 else None


def _same(a: Phase, b: Phase) -> bool:
    """Return whether two holds have the same level and length."""
    return abs(a.first - b.first) <= EQUAL_SHARE * max(abs(a.first), abs(b.first)) and abs(
        a.duration - b.duration) <= EQUAL_SHARE * max(a.duration, b.duration)
