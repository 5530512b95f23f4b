"""Rows of the integrate-and-fire neurons with Ag devices (see :mod:`benchmarks.physics_silver`).

Every discharge on V_out counts from a twentieth of a spike on, so that a partial one would be seen. A probability is
given with its 95 % Wilson interval.
"""

from dataclasses import dataclass

import numpy as np

from benchmarks.physics_row import Row, claimed
from benchmarks.physics_silver_devices import silver
from tsbench.analysis.statistics import proportion_interval
from tsbench.quantities import format_quantity
from tsbench.records import FloatArray
from tsbench.simulated_backends.studies.filaments.experiments import (
    FilamentNeuron,
    FilamentPulse,
    fired_of_pairs,
    peaks_of_single_pulses,
    spike_trains,
)

#: 10 MOhm: a constant drive must not feed more than holds the filament; 1 nF: 10 ms of charging, longer than the delay
NEURON = FilamentNeuron(input_resistance=10e6, capacitance=1e-9, output_resistance=1e3, threshold=3e-3)
CIRCUIT = "R_in 10 MOhm, C 1 nF, R_out 1 kOhm"
SOURCE = {
    "ag_sio2": "Wang 2022, JEST 100177, section 3.2, and Zhang 2018, IEEE EDL 39 308, abstract",
    "ag_sioxny": "Wang 2022, JEST 100177, section 3.2 (Wang 2018)",
}
_WIDTH, _PAIR_WIDTH, _DURATION = 40e-3, 9e-3, 0.2  #: [s] single pulses, pulses of pairs, constant drive
DRIVES = (0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.5, 2.0, 3.0)  #: in thresholds
GAPS = (0.1e-3, 1e-3, 3e-3, 6e-3, 10e-3, 15e-3, 25e-3, 50e-3, 150e-3)  #: [s]
PARTIAL = 0.5  #: of the median spike


@dataclass(frozen=True)
class Singles:
    """Single pulses at one amplitude."""

    drive: float  #: [V]
    fired: int
    trials: int
    peaks: FloatArray  #: [V] of all discharges


def singles(name: str, drive: float, trials: int) -> Singles:
    """Return what single pulses of one amplitude [V] do."""
    found = peaks_of_single_pulses(silver(name), NEURON, FilamentPulse(drive, _WIDTH), trials)
    return Singles(drive, sum(peaks.size > 0 for peaks in found), trials, np.concatenate(found))


def neuron_rows(name: str, threshold: float, trials: int) -> list[Row]:
    """Return the four statements about one neuron."""
    found = [singles(name, share * threshold, trials) for share in DRIVES]
    return [
        _all_or_nothing(name, found), _threshold_driven(name, threshold, found), _refractory(name, threshold, trials),
        *_strength_modulated(name, threshold, trials)]


def _all_or_nothing(name: str, found: list[Singles]) -> Row:
    peaks = np.concatenate([one.peaks for one in found])
    spike = float(np.median(peaks))
    partial = int((peaks < PARTIAL * spike).sum())
    low, high = proportion_interval(partial, peaks.size)
    firing = [one for one in found if one.fired > 0.2 * one.trials]
    growth = float(np.median(firing[-1].peaks) / np.median(firing[0].peaks))
    stimulus = firing[-1].drive / firing[0].drive
    return claimed(
        name, f"all-or-nothing ({CIRCUIT}; single pulses of {_WIDTH * 1e3:g} ms)", "yes [F]", SOURCE[name],
        f"{partial} of {peaks.size} discharges are below {PARTIAL:g} of the median spike of {1e3 * spike:.0f} mV "
        f"({100 * low:.1f} to {100 * high:.1f} %); CV of the peak {peaks.std() / peaks.mean():.2f}; the median peak "
        f"grows by {100 * (growth - 1):.0f} % while the stimulus grows {stimulus:.1f} times",
        high < 0.05 and growth < 1.5,
        "The peak grows because the node continues to charge during the delay. A discharge counts if it is above 3 "
        "mV.")


def _threshold_driven(name: str, threshold: float, found: list[Singles]) -> Row:
    share = np.array([one.fired / one.trials for one in found])
    intervals = [proportion_interval(one.fired, one.trials) for one in found]
    drive = np.array([one.drive for one in found])
    k = int(np.argmax(share >= 0.5))
    middle = float(np.interp(0.5, share[k - 1 : k + 1], drive[k - 1 : k + 1]))
    listed = ", ".join(
        f"{v:.2f} V {p:.2f} ({low:.2f}-{high:.2f})" for v, p, (low, high) in zip(drive, share, intervals, strict=True))
    passed = intervals[1][1] < 0.1 and min(low for low, _ in intervals[5:]) > 0.9 and (np.diff(share) > -0.05).all()
    return claimed(
        name, f"threshold-driven: P(fire) against amplitude, {found[0].trials} trials a point",
        f"yes [F], V_th {threshold:g} V", SOURCE[name], f"P = 0.5 at {middle:.2f} V; {listed}",
        bool(passed and abs(middle / threshold - 1.0) < 0.15))


def _refractory(name: str, threshold: float, trials: int) -> Row:
    pulse = FilamentPulse(2.0 * threshold, _PAIR_WIDTH)
    full = 10e-3
    counts = [fired_of_pairs(silver(name), NEURON, pulse, gap, full, trials, number) for number, gap in enumerate(GAPS)]
    share = np.array([again / max(first, 1) for first, again in counts])
    intervals = [proportion_interval(again, first) for first, again in counts]
    half = 0.5 * share[-1]
    k = int(np.argmax(share >= half))
    period = float(np.exp(np.interp(half, share[k - 1 : k + 1], np.log(GAPS[k - 1 : k + 1]))))
    listed = ", ".join(
        f"{format_quantity(gap, 's')} {p:.2f} ({low:.2f}-{high:.2f})"
        for gap, p, (low, high) in zip(GAPS, share, intervals, strict=True))
    return claimed(
        name, f"refractory: P(second | first) against the gap, pairs of pulses of {2 * threshold:g} V and "
        f"{_PAIR_WIDTH * 1e3:g} ms, "
        f"{trials} trials a point", "yes [F]", SOURCE[name],
        f"refractory period {format_quantity(period, 's')}; {listed}", intervals[0][1] < 0.5 * intervals[-1][0],
        "The row passes if the confidence interval of P at the shortest gap lies below half of the interval at the "
        "longest gap. We found no published refractory period of this stack to compare the value with. Between 25 "
        "and 50 ms the residue of the first filament helps the second pulse.")


def _strength_modulated(name: str, threshold: float, trials: int) -> list[Row]:
    rates, errors, intervals = [], [], []
    drives = [share * threshold for share in DRIVES[2:]]
    for drive in drives:
        trains = spike_trains(silver(name), NEURON, drive, _DURATION, trials)
        counts = np.array([times.size for times, _ in trains]) / _DURATION
        rates.append(counts.mean())
        errors.append(counts.std(ddof=1) / np.sqrt(trials))
        intervals.append(np.concatenate([np.diff(times) for times, _ in trains]))
    rising = bool((np.diff(rates) > 0).all())
    listed = ", ".join(
        f"{v:.2f} V {f:.1f} +- {1.96 * e:.1f}" for v, f, e in zip(drives, rates, errors, strict=True))
    variation = ", ".join(
        f"{v:.2f} V {x.std() / x.mean():.2f}" for v, x in zip(drives, intervals, strict=True) if x.size > 50)
    return [
        claimed(name, f"strength-modulated: rate under a constant drive, {trials} trials of {_DURATION:g} s a point",
                "rises with amplitude [F]", SOURCE[name], f"Hz: {listed}", rising and rates[-1] > 3.0 * rates[1]),
        Row(name, "coefficient of variation of the inter-spike interval", "not found", "", variation, "-", None,
            "This value is not published for any of these stacks."),
    ]
