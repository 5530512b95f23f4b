"""Spikes found, missed and false, and the speed: ``python -m benchmarks.spike_detection [--quick]``.

Records of spikes of two heights (ratio 1 to 0.25), on a drift as large as the larger ones, with noise up to a tenth of
the smaller ones, of four forms, with and without clipping, even and jittered. The search gets the samples and nothing
else; `find_peaks` gets the height and the distance that suit the record best. Both run in turn in the same process; the
processor time counts, the least of several turns, because the computer has other work. Other records have noise with a
memory (first-order low pass, 1/f). Such a record may have a flag. A frequency without a flag must be right.
``--quick``: fewer records.
"""

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benchmarks.report import INFORMATION, Line, report

Array = npt.NDArray[np.float64]
FOUND_BAR, FALSE_BAR, SPEED_BAR = 0.99, 0.01, 10.0
_LONG = 10_000_000
_TURNS = 7
_FORMS = ("Gaussian", "sawtooth", "exponential", "dip")
_RATIOS = (1.0, 0.5, 0.25)
_NOISES = (0.01, 0.05, 0.1)  #: standard deviation, of the smallest spike
#: the last one is twice as large as a spike from peak to peak, and changes by half of the smallest spike in an interval
_DRIFTS = ("none", "line", "wave", "high wave")
#: coefficient of a low pass (infinite: 1/f noise) -> share of the records that may have a flag. Noise that changes as
#: slowly as a spike looks like one
_MEMORIES = {0.5: 0.1, 0.8: 0.3, 0.95: 0.75, np.inf: 0.1}
_RIGHT = 0.01  #: a frequency is right where its interval holds the truth, or within this share


@dataclass(frozen=True)
class Made:
    """A record and the places of its spikes [samples]."""

    values: Array
    places: Array
    width: float  #: [samples] at half of the height


def record(
    random: np.random.Generator, size: int, period: float, form: str, ratio: float, noise: float, drift: str,
    jitter: float = 0.05, clip: float = 0.0, width: float = 0.1,
) -> Made:
    """Return spikes of two heights, 1 and ``ratio``, in random order, that take ``width`` of a period.

    Parameters
    ----------
    noise : standard deviation, of the smallest spike
    clip : share of the largest spike that is cut off
    """
    steps = period * (1.0 + jitter * random.standard_normal(int(size / period) + 2))
    places = period * 0.5 + np.cumsum(np.maximum(steps, 0.5 * period)) - steps[0]
    wide = width * period
    places = places[(places > 2.0 * wide) & (places < size - 4.0 * wide)]
    heights = np.where(random.random(places.size) < 0.5, ratio, 1.0)
    values = np.zeros(size)
    reach = np.arange(-int(3 * wide), int(6 * wide) + 1)
    for first in range(0, places.size, 5000):   # no more at once than fits in the memory
        at, high = places[first : first + 5000, None], heights[first : first + 5000, None]
        index = np.rint(at).astype(np.intp) + reach
        away = (index - at) / wide
        shape = _shape(form, away)
        inside = (index >= 0) & (index < size)
        np.add.at(values, index[inside], (high * shape)[inside])
    if form == "dip":
        values = -values
    level = np.linspace(0.0, 1.0, size)
    if drift != "none":
        high, waves = (1.0, 1.0) if drift == "high wave" else (0.5, 3.0)
        values += level if drift == "line" else high * np.sin(2.0 * np.pi * waves * level)
    values += noise * ratio * random.standard_normal(size)
    if clip:
        if form == "dip":
            values = np.maximum(values, np.quantile(values, 1e-4) + clip)
        else:
            values = np.minimum(values, np.quantile(values, 1.0 - 1e-4) - clip)
    return Made(values, places, wide)


def _shape(form: str, away: Array) -> Array:
    """Return a spike of height 1 and width 1 at half of it, or a little more, by the distance from its place."""
    if form == "sawtooth":   # rises in one and a half widths, falls in a tenth
        return np.clip(np.minimum(1.0 + away / 1.5, 1.0 - away / 0.1), 0.0, 1.0)
    if form == "exponential":   # rises in a tenth of the width, falls with a time constant of 1.4 widths
        return np.where(away < 0.0, np.clip(1.0 + away / 0.1, 0.0, 1.0), np.exp(-np.maximum(away, 0.0) / 1.4))
    return np.exp(-4.0 * np.log(2.0) * away**2)


def missed_and_false(times: Array, made: Made) -> tuple[int, int]:
    """Return how many spikes have no time within two widths, and how many times are none's."""
    if times.size == 0:
        return made.places.size, 0
    nearest = np.clip(np.searchsorted(made.places, times), 1, made.places.size - 1)
    nearest -= np.abs(times - made.places[nearest - 1]) < np.abs(times - made.places[nearest])
    right = np.unique(nearest[np.abs(times - made.places[nearest]) < 2.0 * made.width]).size
    return int(made.places.size - right), int(times.size - right)


def least_times(*functions: Callable[[], object]) -> list[float]:
    """Return the least processor time [s] of each function, called in turn."""
    best = [np.inf] * len(functions)
    for _ in range(_TURNS):
        for k, function in enumerate(functions):
            start = time.process_time()
            function()
            best[k] = min(best[k], time.process_time() - start)
    return [float(one) for one in best]


def found_lines(quick: bool) -> list[Line]:
    """Return how many spikes are missed and false over all combinations, for each form and noise."""
    from tsbench.analysis.oscillation.spikes import spikes_of_samples

    lines = []
    cases = [(form, noise, size) for form in _FORMS for noise in _NOISES for size in (20_000, 400_000)]
    for form, noise, size in cases:
        true = missed = false = 0
        worst = ""
        most = 0
        for ratio in _RATIOS:
            for drift in _DRIFTS:
                for clip in (0.0, 0.1):
                    for seed in range(1 if quick else 3):
                        random = np.random.default_rng([seed, size, int(100 * ratio), _DRIFTS.index(drift)])
                        period = float(random.choice([100, 200, 500]) if size < 100_000 else random.choice([200, 1000]))
                        made = record(random, size, period, form, ratio, noise, drift, clip=clip * ratio)
                        spikes = spikes_of_samples(made.values, 1.0)
                        a, b = missed_and_false(spikes.times, made)
                        true, missed, false = true + made.places.size, missed + a, false + b
                        if a + b > most:
                            most = a + b
                            worst = f"; worst: ratio {ratio:g}, drift {drift}, clipped {clip:g}, {a} and {b}"
        found = 1.0 - missed / true
        lines.append(Line(
            f"{form}, noise {100 * noise:g} % of the smallest spike, {size:,} samples: found, and false",
            f"{100 * found:.3f} % of {true:,}, {100 * false / true:.3f} %{worst}", ">= 99 %, <= 1 %",
            found >= FOUND_BAR and false <= FALSE_BAR * true))
    return lines


def noise_with_memory(random: np.random.Generator, size: int, memory: float) -> Array:
    """Return noise with a standard deviation of 1, of a first-order low pass, or 1/f noise where memory is infinite."""
    from scipy.signal import lfilter

    values = random.standard_normal(size)
    if np.isinf(memory):
        spectrum = np.fft.rfft(values)
        values = np.fft.irfft(spectrum / np.sqrt(np.arange(1, spectrum.size + 1)), size)
    else:
        values = lfilter([1.0], [1.0, -memory], values)
    return np.asarray(values / values.std())


def memory_lines(quick: bool) -> list[Line]:
    """Return what is found without a flag in noise with memory, and how many frequencies are wrong without one."""
    lines = []
    cases = [(memory, noise) for memory in _MEMORIES for noise in _NOISES[1:]]
    for memory, noise in cases:
        found = []
        for form in _FORMS:
            for ratio in _RATIOS:
                for drift in _DRIFTS:
                    for period in (100.0, 200.0, 500.0):
                        for jitter in (0.05,) if quick else (0.05, 0.0):
                            random = np.random.default_rng([int(period), int(100 * ratio), _DRIFTS.index(drift)])
                            made = record(random, 40_000, period, form, ratio, 0.0, drift, jitter=jitter)
                            values = made.values + noise * ratio * noise_with_memory(random, 40_000, memory)
                            found.append(judged(values, made))
        lines.append(memory_row(memory, noise, found))
    return lines


@dataclass(frozen=True)
class Judged:
    """What became of one record."""

    flagged: bool
    spikes: int
    missed: int
    false: int
    right: bool  #: its frequency


def memory_row(memory: float, noise: float, found: Sequence[Judged]) -> Line:
    """Return the row of the records with one noise; flags on nearly all of them are no answer."""
    plain = [one for one in found if not one.flagged]
    true, missed, false = (sum(getattr(one, name) for one in plain) for name in ("spikes", "missed", "false"))
    wrong, flagged = sum(not one.right for one in plain), len(found) - len(plain)
    name = "1/f noise" if np.isinf(memory) else f"noise of a low pass, coefficient {memory:g}"
    share, most = 1.0 - missed / max(true, 1), _MEMORIES[memory]
    return Line(
        f"{name}, {100 * noise:g} % of the smallest spike: found and false without a flag; frequencies that are "
        "wrong without a flag; records with a flag",
        f"{100 * share:.3f} % of {true:,}, {100 * false / max(true, 1):.3f} %; {wrong} of {len(found)}; {flagged}",
        f">= 99 %, <= 1 %; 0; <= {100 * most:.0f} %",
        true > 0 and share >= FOUND_BAR and false <= FALSE_BAR * true and wrong == 0 and flagged <= most * len(found))


def judged(values: Array, made: Made) -> Judged:
    """Return what becomes of a record: its flag, what is missed and false of its spikes, and its frequency."""
    from tsbench.analysis.oscillation.frequency import oscillation
    from tsbench.analysis.oscillation.spikes import spikes_of_samples

    spikes = spikes_of_samples(values, 1.0)
    found = oscillation(spikes)
    truth = (made.places.size - 1) / float(made.places[-1] - made.places[0])
    right = found.frequency is not None and (
        abs(found.frequency / truth - 1.0) <= _RIGHT
        or (found.low or 0.0) <= truth <= (np.inf if found.high is None else found.high))
    return Judged(bool(spikes.flags), made.places.size, *missed_and_false(spikes.times, made), right)


def speed_lines(quick: bool) -> list[Line]:
    """Return how many times faster than find_peaks the search is on ten million samples."""
    from scipy.signal import find_peaks

    from tsbench.analysis.oscillation.spikes import spikes_of_samples

    lines = []
    cases = [(1000.0, 0.1, "line"), (1000.0, 0.02, "line"), (500.0, 0.1, "line"), (5000.0, 0.1, "line"),
             (1000.0, 0.1, "none"), (200.0, 0.1, "none"), (100.0, 0.1, "line")]
    for period, noise, drift in cases[: 1 if quick else None]:
        random = np.random.default_rng(int(period))
        made = record(random, _LONG, period, "Gaussian", 0.25, noise, drift, jitter=0.02)
        values = made.values

        def search(values: Array = values) -> Array:
            return spikes_of_samples(values, 1.0).times

        def peaks(values: Array = values, period: float = period) -> Array:
            return find_peaks(values, height=0.125, distance=0.5 * period)[0].astype(float)

        spikes = spikes_of_samples(values, 1.0)   # compiles
        missed, false = missed_and_false(spikes.times, made)
        theirs = missed_and_false(peaks(), made)
        ours, other = least_times(search, peaks)
        drifts = "a drift as large as the spikes" if drift == "line" else "no drift"
        needed = drift == "line" and period >= 500.0   # more spikes: what is done for each one takes the most time
        lines.append(Line(
            f"{_LONG:,} samples, {made.places.size:,} spikes, {drifts}, noise {100 * noise:g} % of the smallest: times "
            "faster than find_peaks",
            f"{other / ours:.1f} ({1e3 * ours:.0f} ms and {1e3 * other:.0f} ms)",
            f">= {SPEED_BAR:g}" if needed else INFORMATION, not needed or other / ours >= SPEED_BAR))
        lines.append(Line(
            "the same record: missed and false of this search, and of find_peaks",
            f"{missed} and {false}; {theirs[0]} and {theirs[1]}", "<= 1 % each",
            missed + false <= FALSE_BAR * made.places.size))
    return lines


def memory_line() -> Line:
    """Return how much memory a record needs that is made while it is read."""
    import tracemalloc

    from tsbench.analysis.oscillation.spikes import spikes_of_samples

    made = record(np.random.default_rng(1), 1_000_000, 1000.0, "Gaussian", 0.25, 0.1, "none", jitter=0.0)

    class Again:
        """The same million samples, fifty times."""

        size = 50 * made.values.size

        def part(self, first: int, last: int) -> Array:
            begin = first % made.values.size
            return np.take(made.values, np.arange(begin, begin + last - first), mode="wrap")

    tracemalloc.start()
    spikes = spikes_of_samples(Again(), 1.0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    share = peak / (8 * Again.size)
    return Line(f"{Again.size:,} samples that are read in parts ({spikes.times.size:,} spikes): memory, of all samples",
                f"{1e-6 * peak:.0f} MB of {8e-6 * Again.size:.0f} MB", "<= 10 %", share <= 0.1)


def sensitivity_line() -> Line:
    """Return how often a spike as high as the sensitivity is found in noise."""
    from tsbench.analysis.oscillation.spikes import spikes_of_samples

    found, total = 0, 200
    for seed in range(total):
        values = np.random.default_rng(seed).standard_normal(20_000)
        quiet = spikes_of_samples(values, 1.0)
        values[10_000:10_020] += quiet.least
        found += spikes_of_samples(values, 1.0).times.size == 1
    return Line("a single spike as high as the stated sensitivity, in noise: found", f"{found} of {total}", ">= 99 %",
                found >= FOUND_BAR * total)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    lines = [*speed_lines(quick), memory_line(), sensitivity_line(), *found_lines(quick), *memory_lines(quick)]
    return report("spike_detection", "spikes in noise and on a drift", lines)


if __name__ == "__main__":
    sys.exit(main())
