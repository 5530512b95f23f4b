"""What a record can tell at all: the profile likelihood of a quantity, on a quiet run of the record.

The quiet run is the same one on a bench without noise and calibration errors. What the noise of the real record would
leave open is computed on it, without any extractor: a quantity is knowable if 95 % of its likelihood lie within twice
the step of the sweep, or twice the sample interval. An extractor that flags a knowable quantity is too careful.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from tsbench.analysis.statistics import NORMAL_95
from tsbench.records import Flag, FloatArray, Run

TOLD = frozenset({"iv_sweep", "pulse_train", "oscillation"})  #: protocols of whose quantities it says something
#: half of the 95 % quantile of chi-squared with one degree of freedom
_DROP = 0.5 * NORMAL_95**2
#: readings on each side of a gap that two straight lines are fitted to, at most
_BESIDE = 6
#: relative misfit of a straight line to the logarithm of a conductance over so few readings
_MISFIT = 0.02
#: samples from 10 to 90 % of an edge, fewer of which show no instant
_FEWEST = 3
#: steps of a sweep in a row in which the voltage falls smoothly, and the share of the fall that one of them may have
_FALLS, _ONE_FALL = 3, 0.7
#: standard deviations of a reading by which the voltage falls
_SEEN = 6.0


def gap_width(conductance: FloatArray, noise: FloatArray) -> tuple[float, int]:
    """Return within how many gaps the change of a branch is, by 95 % of the profile likelihood, and the likeliest gap.

    A gap has the number of the reading before it.

    Parameters
    ----------
    conductance : of the readings in order [S], shape (n,), without noise
    noise : relative standard deviation of each, shape (n,)
    """
    n = conductance.size
    y, sigma = np.log(np.maximum(conductance, 1e-18)), np.hypot(noise, _MISFIT)
    place, gain = np.arange(n, dtype=np.float64), np.full(n - 1, -np.inf)
    for k in range(2, n - 3):
        below, above = slice(max(k - _BESIDE + 1, 0), k + 1), slice(k + 1, min(k + 1 + _BESIDE, n))
        both = slice(below.start, above.stop)
        apart = sum(_line_misfit(place[part], y[part], sigma[part]) for part in (below, above))
        gain[k] = 0.5 * (_line_misfit(place[both], y[both], sigma[both]) - apart)
    return float(np.count_nonzero(gain >= gain.max() - _DROP)), int(np.argmax(gain))


def _line_misfit(x: FloatArray, y: FloatArray, sigma: FloatArray) -> float:
    """Return the sum of squared residuals of a line, in standard deviations; 0 of two readings."""
    basis = np.column_stack([np.ones(x.size), x - x.mean()]) / sigma[:, None]
    fit = np.linalg.lstsq(basis, y / sigma, rcond=None)[0]
    return float(np.sum((y / sigma - basis @ fit) ** 2))


def time_width(signal: FloatArray, noise: float) -> float:
    """Return within how many samples a signal can be placed in time, by 95 % of the profile likelihood.

    Height and zero of the signal are free. For small shifts the log likelihood is a parabola, and its curvature is the
    sum of the squared slopes that a change of height or zero cannot explain, over the variance of the noise.
    """
    slope = np.gradient(signal)
    free = np.column_stack([np.ones(signal.size), signal - signal.mean()])
    rest = slope - free @ np.linalg.lstsq(free, slope, rcond=None)[0]
    information = float(rest @ rest) / max(noise, 1e-30) ** 2
    return 2.0 * NORMAL_95 / np.sqrt(information) if information > 0 else float("inf")


def on_edge(signal: FloatArray) -> int:
    """Return how many samples lie between 10 and 90 % of the largest rise from sample to sample around it."""
    low, high = np.quantile(signal, (0.02, 0.98))
    steep = int(np.argmax(np.gradient(signal)))
    inside = (signal > low + 0.1 * (high - low)) & (signal < low + 0.9 * (high - low))
    first, last = steep, steep
    while first > 0 and inside[first - 1]:
        first -= 1
    while last < signal.size - 1 and inside[last + 1]:
        last += 1
    return last - first + 1


def falls_smoothly(voltage: FloatArray, current: FloatArray, noise: float) -> bool:
    """Return whether the voltage falls in several steps in a row in which the current rises.

    The means of a relaxation oscillation do the same, so such readings alone do not bound the voltage at which the
    device switches.

    Parameters
    ----------
    voltage, current : magnitudes at the device [V], [A] of the way up, shape (n,), without noise
    noise : [V] standard deviation of a reading with noise
    """
    step = np.diff(voltage)
    down = np.concatenate([[False], (step < 0) & (np.diff(current) > 0), [False]])
    first, behind = np.flatnonzero(~down[:-1] & down[1:]), np.flatnonzero(down[:-1] & ~down[1:])
    return any(
        end - start >= _FALLS and (fall := float(voltage[start] - voltage[end])) > _SEEN * noise
        and float(-step[start:end].min()) <= _ONE_FALL * fall
        for start, end in zip(first, behind, strict=True))


def may_oscillate(row: Mapping[str, Any], quiet: Run, noisy: Run) -> bool:
    """Return whether the readings of a sweep may be means of an oscillation, by the quiet run (:func:`falls_smoothly`).

    Parameters
    ----------
    row, quiet, noisy : as :func:`knowable` takes them
    """
    from tsbench.protocols.extracting.facts import sweep_facts
    from tsbench.protocols.extracting.options import ExtractionOptions

    if quiet.header.protocol != "iv_sweep":
        return False
    facts = sweep_facts(noisy, ExtractionOptions())
    sign, mine = _readings_of(row, quiet)
    current = sign * quiet.column("current")[mine]
    voltage = sign * quiet.column("voltage")[mine] - facts.path_resistance * current
    up = slice(0, int(np.argmax(sign * quiet.column("set_point")[mine])) + 1) if mine.any() else slice(0, 0)
    return falls_smoothly(voltage[up], current[up], facts.voltage_noise)


def _readings_of(row: Mapping[str, Any], quiet: Run) -> tuple[float, npt.NDArray[np.bool_]]:
    """Return the sign of the half-sweep of a row, and which readings of the quiet run are its."""
    sign = 1.0 if row["conditions"].get("polarity", "+") == "+" else -1.0
    return sign, (quiet.column("cycle") == row["conditions"].get("cycle", 1)) & (quiet.column("polarity") == sign)


def knowable(row: Mapping[str, Any], quiet: Run, noisy: Run) -> bool | None:
    """Return whether the quantity of a row is knowable; None where this does not say it (relaxation, refractory).

    Parameters
    ----------
    row : as :func:`benchmarks.truth.measuring.measure` gives it
    quiet : the run without noise
    noisy : the run of the row
    """
    if row["true"] is None:
        return None
    if row["quantity"] in {"threshold_voltage", "hold_voltage"}:
        gaps = _of_sweep(row, quiet, noisy)
        return None if gaps is None else gaps <= 2.0
    if row.get("silent"):   # the delay of a pulse that ended before the device switched has no upper bound
        return False
    if quiet.header.protocol in {"pulse_train", "oscillation"}:
        widths = list(_of_records(row, quiet, noisy))
        return bool(widths) and float(np.median(widths)) <= 2.0
    return None


def _of_sweep(row: Mapping[str, Any], quiet: Run, noisy: Run) -> float | None:
    """Return within how many gaps the event of a row is; None where the quiet run has no such half-sweep.

    Infinite where the set-points do not bound the device voltage of the event: the source meter limits the current
    there, or even the readings without noise are more than two steps from the true value, because each is the mean of
    an oscillation.
    """
    from tsbench.protocols.extracting.facts import sweep_facts
    from tsbench.protocols.extracting.options import ExtractionOptions

    facts = sweep_facts(noisy, ExtractionOptions())
    sign, mine = _readings_of(row, quiet)
    if not mine.any():
        return None
    level, current = sign * quiet.column("set_point")[mine], sign * quiet.column("current")[mine]
    voltage = sign * quiet.column("voltage")[mine] - facts.path_resistance * current
    turn = int(np.argmax(level))
    branch = slice(0, turn + 1) if row["quantity"] == "threshold_voltage" else slice(turn, level.size)
    seen = (voltage > 3.0 * facts.voltage_noise + 1e-4)[branch]
    limited = (quiet.point_flags[mine][branch][seen] & int(Flag.COMPLIANCE)) != 0
    step = float(np.median(np.abs(np.diff(level))))
    current, voltage = current[branch][seen], voltage[branch][seen]
    if current.size < 8:
        return float("inf")
    floor = np.maximum(current, 2.0 * facts.current_noise)
    width, gap = gap_width(floor / voltage, np.hypot(facts.current_noise / floor, facts.voltage_noise / voltage))
    ramp = ~limited[: gap + 1]
    if not ramp[-1]:
        return float("inf")
    extreme = np.max if row["quantity"] == "threshold_voltage" else np.min
    away = float(extreme(voltage[: gap + 1][ramp])) - abs(row["true"])
    return width if abs(away) <= 2.0 * step else float("inf")


def _of_records(row: Mapping[str, Any], quiet: Run, noisy: Run) -> Iterator[float]:
    from tsbench.protocols.extracting.signals import device_records

    spikes = row["quantity"] == "frequency"
    for clean, rough in zip(device_records(quiet), device_records(noisy), strict=False):
        if clean.current is None or rough.current is None or any(
                clean.conditions.get(name) != value for name, value in row["conditions"].items()
                if name in {"bias", "amplitude"}):
            continue
        for signal, noise in zip(clean.current, rough.current, strict=False):
            sigma = float(np.std(np.diff(noise, 2))) / np.sqrt(6.0) if spikes else float(
                np.std(noise[: max(noise.size // 20, 8)]))
            if any(clean.clipped) or on_edge(signal) < _FEWEST:
                yield float("inf")
            else:
                yield time_width(signal, sigma)
