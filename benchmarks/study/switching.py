"""The steps of a study that need no oscillator: sweeps, hold, temperature, delay, relaxation, refractory period."""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.study.materials import Material
from benchmarks.study.measuring import Bench, Measured, perform
from benchmarks.study.noise_free import Pulses, bisected, current_after, share_fired
from benchmarks.study.rows import Count, Row, is_doubted, row_of
from tsbench.analysis.trends.overvoltage import overvoltage_line, overvoltages
from tsbench.demo.truth import true_value
from tsbench.extraction.group_statistics import ALL_DEVICES
from tsbench.extraction.observations import Observation, run_facts
from tsbench.extraction.statistics import statistics_of
from tsbench.records import FloatArray, Result

VOLTAGES = ("threshold_voltage", "hold_voltage")
HOLD_CYCLES = 10  #: at each compliance


def sweeps(material: Material, folder: Path, devices: int, cycles: int) -> list[Measured]:
    """Return the I-V sweeps of many cycles, one run for each device."""
    return [perform(material, "iv_sweep", {**material.sweep, "cycles": cycles}, folder, Bench(device))
            for device in range(1, devices + 1)]


def switching(found: Sequence[Measured], cycles: int) -> Iterator[Row | Count]:
    """Yield means and the spread of cycles and of devices, and how many single intervals contain the truth."""
    where: dict[str, float | str] = {"devices": float(len(found)), "cycles": float(cycles)}
    for quantity in VOLTAGES:
        pairs = [[(result, true_value(quantity, result, one.run, one.witness)) for result in one.of(quantity)]
                 for one in found]
        yield _counted(quantity, [pair for mine in pairs for pair in mine])
        truths = _components([np.array([truth for result, truth in mine if truth is not None and
                                        result.value is not None]) for mine in pairs])
        for row in _statistics(found, quantity):
            if row["statistic"] in truths and row["device"] == ALL_DEVICES:
                yield Row("I-V sweeps", f"{quantity}, {row['statistic']}", where, row["unit"], row["value"], row["low"],
                          row["high"], truths[row["statistic"]])


def _statistics(found: Sequence[Measured], quantity: str) -> list[dict[str, Any]]:
    """Return the statistics of one quantity over some runs, from the numbers that they have."""
    facts = [run_facts(one.run) for one in found]
    events = [Observation(result, order, True, {**facts[k], **result.conditions})
              for k, one in enumerate(found) for order, result in enumerate(one.of(quantity))]
    return [row for group in statistics_of(events, quantity, ("polarity",)) for row in group.rows()] if events else []


def _counted(quantity: str, pairs: Sequence[tuple[Result, float | None]]) -> Count:
    known = [(result, truth) for result, truth in pairs
             if truth is not None and result.value is not None and result.low is not None and result.high is not None]
    sure, doubted = ([result.low <= truth <= result.high for result, truth in known   # type: ignore[operator]
                      if is_doubted(quantity, result.flags) is doubt] for doubt in (False, True))
    return Count("I-V sweeps", f"single {quantity.replace('_', ' ')}s", sum(sure), len(sure), len(pairs) - len(known),
                 sum(doubted), len(doubted))


def _components(true: Sequence[FloatArray]) -> dict[str, float]:
    """Return mean, and the standard deviations between cycles and between devices, of true values."""
    given = [one for one in true if one.size]
    if len(given) < 2:
        return {}
    means = np.array([one.mean() for one in given])
    within = float(np.sqrt(np.mean([one.var(ddof=1) for one in given if one.size > 1] or [0.0])))
    return {"mean": float(means.mean()), "standard_deviation_between_cycles": within,
            "standard_deviation_between_devices": float(means.std(ddof=1))}


def hold_by_compliance(material: Material, folder: Path) -> Iterator[Row]:
    """Yield the mean hold voltage at each compliance: the on state, and how thick a filament is, depend on it."""
    for compliance in material.compliances:
        one = perform(material, "iv_sweep", {**material.sweep, "compliance": compliance, "cycles": HOLD_CYCLES}, folder)
        truths = [true_value("hold_voltage", result, one.run, one.witness) for result in one.of("hold_voltage")
                  if result.value is not None]
        known = [truth for truth in truths if truth is not None]
        for row in _statistics([one], "hold_voltage"):
            if row["statistic"] == "mean":
                yield Row("hold", "hold_voltage, mean", {"compliance": compliance}, "V", row["value"], row["low"],
                          row["high"], float(np.mean(known)) if known else None)


def over_temperature(material: Material, folder: Path) -> Iterator[Row]:
    """Yield the threshold at each temperature, and its slope."""
    one = perform(material, "temperature_series", {**material.sweep, "temperature": list(material.temperatures)},
                  folder)
    rows = one.of("threshold_voltage")
    truths = [true_value("threshold_voltage", result, one.run, one.witness) for result in rows]
    for result, truth in zip(rows, truths, strict=True):
        yield row_of("temperature", result, truth, ("temperature",))
    known = [(float(result.conditions["temperature"]), truth) for result, truth in zip(rows, truths, strict=True)
             if truth is not None]
    for result in one.of("threshold_voltage_slope"):
        slope = float(np.polyfit(*np.array(known).T, 1)[0]) if len(known) > 2 else None
        yield row_of("temperature", result, slope, ())
    for result in one.of("activation_energy"):
        yield row_of("temperature", result, None, ())


def delays(material: Material, folder: Path, swept: Measured) -> Iterator[Row]:
    """Yield the mean delay at each amplitude, its slope, and its power of the overvoltage.

    Parameters
    ----------
    material, folder : as in every step
    swept : sweeps of the same device, which give the threshold
    """
    one = perform(material, "pulse_train", material.delays, folder)
    means = one.of("switching_delay_mean")
    true = {float(result.conditions["amplitude"]): true_value("switching_delay", result, one.run, one.witness)
            for result in means}
    for result in means:
        yield row_of("delay", result, true[float(result.conditions["amplitude"])], ("amplitude",))
    measured = {float(result.conditions["amplitude"]) for result in means if result.value is not None}
    # the truth of a slope is that of the amplitudes that it was measured at
    known = [(amplitude, truth) for amplitude, truth in true.items() if truth is not None and amplitude in measured]
    for result in one.of("delay_slope"):
        slope = float(np.polyfit(*np.array([(a, math.log(t)) for a, t in known]).T, 1)[0]) if len(known) > 2 else None
        yield row_of("delay", result, slope, ())
    threshold = _mean_threshold(swept)
    for number, (result, excess) in enumerate(zip(means, overvoltages(means, threshold), strict=True)):
        # the error of all of them is that of the threshold: it counts once
        yield Row("delay", "overvoltage", {"amplitude": float(result.conditions["amplitude"])}, "V", excess.value,
                  excess.low, excess.high, float(result.conditions["amplitude"]) - _true_threshold(swept),
                  copied=number > 0)
    line = overvoltage_line(means, threshold)
    beyond = [(math.log(a - _true_threshold(swept)), math.log(t)) for a, t in known if a > _true_threshold(swept)]
    if len(beyond) > 2:
        yield Row("delay", "delay_power_of_overvoltage", {}, "", line.value, line.low, line.high,
                  float(np.polyfit(*np.array(beyond).T, 1)[0]), line.flags)


def _mean_threshold(swept: Measured) -> Result:
    """Return the mean threshold of the cycles of one device, with its interval."""
    row = next(row for row in _statistics([swept], "threshold_voltage") if row["statistic"] == "mean")
    return Result("threshold_voltage", "V", row["value"], row["low"], row["high"], row["method"], {})


def _true_threshold(swept: Measured) -> float:
    truths = [true_value("threshold_voltage", result, swept.run, swept.witness)
              for result in swept.of("threshold_voltage")]
    return float(np.mean([truth for truth in truths if truth is not None]))


def recovery(material: Material, folder: Path) -> Iterator[Row]:
    """Yield the relaxation after a pulse of each amplitude."""
    one = perform(material, "relaxation", material.recovery, folder)
    for result in one.of("relaxation_time_median"):
        truth = true_value("relaxation_time", result, one.run, one.witness)
        if truth is None and material.true_pairs == 1:
            truth = _true_relaxation(material, one, float(result.conditions["amplitude"]))
        yield row_of("relaxation", result, truth, ("amplitude",))


def _true_relaxation(material: Material, one: Measured, amplitude: float) -> float | None:
    """Return the time [s] from half of the highest current until the current stays below the level of the run.

    The witness notes when a filament dissolves, and no such instant of a device that cools down.
    """
    levels = [result.conditions["level"] for result in one.of("relaxation_time")
              if result.conditions.get("amplitude") == amplitude and "level" in result.conditions]
    if not levels:
        return None
    given = {name: float(one.run.header.parameters[name]["value"])
             for name in ("base", "width", "rest", "fall_time", "window")}
    times, current = current_after(material, Pulses(
        given["base"], amplitude, given["fall_time"], given["width"]), given["rest"], 0.3 * given["window"])
    last = [np.flatnonzero(current >= level)[-1] for level in (0.5 * float(current.max()), float(np.median(levels)))]
    if last[1] + 1 >= times.size:
        return None
    return float(times[last[1] + 1] - times[last[0] + 1])


def refractory(material: Material, folder: Path) -> Iterator[Row]:
    """Yield, at each amplitude, the firing of the second pulse of a pair over the gap, and the refractory period."""
    one = perform(material, "paired_pulse", material.pairs, folder)
    given = {name: float(one.run.header.parameters[name]["value"]) for name in ("base", "width", "rest", "rise_time")}
    for amplitude in sorted({float(result.conditions["amplitude"]) for result in one.of("second_firing_probability")}):
        curve: dict[float, float] = {}
        mine = [result for result in one.results if result.conditions.get("amplitude") == amplitude]
        for result in mine:
            if result.quantity == "second_firing_probability":
                gap = float(result.conditions["gap"])
                fired, again = share_fired(material, None, Pulses(
                    given["base"], amplitude, given["rise_time"], given["width"], gap, 2), given["rest"])
                curve[gap] = again / fired if fired else math.nan
                yield row_of("refractory", result, curve[gap] if fired else None, ("amplitude", "gap"))
        for result in mine:
            if result.quantity == "refractory_period":
                yield row_of("refractory", result, _true_period(material, given, amplitude, curve), ("amplitude",))


def _true_period(
    material: Material, given: dict[str, float], amplitude: float, curve: dict[float, float]
) -> float | None:
    """Return the gap [s] of half the firing after a long gap: by halving, or between the gaps of a smooth curve."""
    if material.true_pairs == 1:
        def fires(gap: float) -> bool:
            return share_fired(material, None, Pulses(
                given["base"], amplitude, given["rise_time"], given["width"], gap, 2), given["rest"])[1] > 0

        return bisected(fires, 1.01 * given["rise_time"] / 0.8, max(curve))
    gaps = np.array(sorted(curve))
    share = np.array([curve[gap] for gap in gaps])
    half = 0.5 * float(share[-3:].mean())
    above = np.flatnonzero(share >= half)
    if not above.size or above[0] == 0:
        return None
    k = int(above[0])
    return float(np.exp(np.interp(half, share[k - 1 : k + 1], np.log(gaps[k - 1 : k + 1]))))

