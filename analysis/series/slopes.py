"""Slopes of a quantity over a condition as results: of a threshold over temperature or rate, of ln R over 1/kT."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from tsbench.analysis.series.straight_line import FittedLine, known_points, places, same_place, straight_line
from tsbench.analysis.statistics import NORMAL_95, standard_uncertainty
from tsbench.records import Flag, FloatArray, Result

#: [eV/K] Boltzmann constant, exact since 2019 (CODATA 2018: 1.380649e-23 J/K / 1.602176634e-19 C)
BOLTZMANN = 8.617333262e-5
#: [K] limit of the difference between the device and the sensor of the chuck, the same at all temperatures. Assumed: a
#: data sheet gives the accuracy of the sensor, but not that of the thermal contact of the wafer
SENSOR_LIMIT = 0.5
#: [K] readings of a chuck that differ by less are of one temperature that was set: its sensor scatters by some 0.01 K
SAME_TEMPERATURE = 0.1
_FEW = 3  #: different conditions without which nothing shows whether a line is right
#: flags of single results that a slope passes on
_PASSED = Flag.OSCILLATING | Flag.UNSETTLED | Flag.OVERFLOW | Flag.CLIPPED


def known_values(results: Sequence[Result]) -> tuple[FloatArray, FloatArray]:
    """Return values and standard uncertainties of results that have both bounds; NaN for the others."""
    found = np.array([(math.nan, 1.0) if r.value is None or r.low is None or r.high is None
                      else (r.value, (r.high - r.low) / (2 * NORMAL_95)) for r in results]).reshape(-1, 2)
    return found[:, 0], found[:, 1]


def slope_result(
    quantity: str, unit: str, x: FloatArray, results: Sequence[Result], over: str, conditions: Mapping[str, Any],
    same: float = 0.0,
) -> Result:
    """Return the slope of the magnitude of a quantity over x.

    Parameters
    ----------
    quantity, unit : of the slope
    x : condition of each result, shape (n,)
    results : the quantity at each condition; those without both bounds are left out
    over : what x is, for ``method``
    conditions : of the slope
    same : measured x that differ by at most this are of one condition that was set

    Returns
    -------
    Result
        TOO_FEW below three different x; AMBIGUOUS where the points are bent, or where half-sweeps of one x differ in
        whether there is an event.
    """
    values, sigma = known_values(results)
    y = np.abs(values)
    used = x[known_points(x, y, sigma)]
    found = _of_line(quantity, unit, straight_line(x, y, sigma, same=same), places(used, same), used.size, results,
                     f"straight line over {over}, weighted by the intervals", conditions)
    silent = x[[Flag.NO_EVENT in result.flags for result in results]]
    apart = same_place(used, same)
    mixed = sum(bool(np.any(np.abs(used - one) <= apart)) for one in silent.tolist())
    if not mixed:
        return found
    return replace(found, flags=found.flags | Flag.AMBIGUOUS, method=found.method + (
        f"; {mixed} of {len(results)} show no event although others at the same condition do. Either the device "
        "changed during the series, or the values that are left are a selection"))


def activation_line(temperatures: FloatArray, results: Sequence[Result]) -> FittedLine | None:
    """Return the line of ln(resistance) over 1/kT [1/eV].

    Parameters
    ----------
    temperatures : [K] shape (n,)
    results : resistances [Ohm], one at each temperature
    """
    typical = float(np.nanmean(temperatures)) if temperatures.size else 300.0
    # a common error of the temperature changes 1/T everywhere by the same share, twice in the slope
    common = 2.0 * standard_uncertainty(SENSOR_LIMIT) / typical
    return straight_line(1.0 / (BOLTZMANN * temperatures), *_logarithms(results), common,
                         SAME_TEMPERATURE / (BOLTZMANN * typical**2))


def _logarithms(results: Sequence[Result]) -> tuple[FloatArray, FloatArray]:
    """Return the logarithms of results with both bounds, and their standard uncertainties; NaN unless positive."""
    values, sigma = known_values(results)
    positive = np.where(values > 0, values, np.nan)
    return np.log(positive), sigma / positive


def activation_energy(temperatures: FloatArray, results: Sequence[Result], conditions: Mapping[str, Any]) -> Result:
    """Return the activation energy [eV]: the slope of ln(resistance) over 1/kT.

    Parameters
    ----------
    temperatures : [K] of each result, shape (n,)
    results : resistances at low voltage, each with an interval
    conditions : of the result

    Returns
    -------
    Result
        TOO_FEW below three temperatures; AMBIGUOUS where the points are bent, so that there is not one energy.
    """
    used = temperatures[known_points(temperatures, *_logarithms(results))]
    return _of_line("activation_energy", "eV", activation_line(temperatures, results), places(used, SAME_TEMPERATURE),
                    used.size, results, "slope of ln(resistance) over 1/kT; weighted by the intervals, temperature "
                    f"within {SENSOR_LIMIT:g} K of the sensor", conditions)


def _of_line(
    quantity: str, unit: str, line: FittedLine | None, different: int, used: int, results: Sequence[Result],
    method: str, conditions: Mapping[str, Any],
) -> Result:
    """Return the slope of a line through ``used`` of the results, which are at so many ``different`` conditions."""
    flags = Flag.NONE
    for result in results:
        flags |= result.flags & _PASSED
    if missing := len(results) - used:
        method += f"; {missing} of {len(results)} without a value or an interval are left out"
    if line is None:
        return Result(quantity, unit, None, None, None, method, conditions, flags | Flag.NO_EVENT | Flag.TOO_FEW)
    flags |= Flag.TOO_FEW if different < _FEW else Flag.NONE
    flags |= Flag.AMBIGUOUS if line.bent else Flag.NONE
    return Result(quantity, unit, line.slope, line.low, line.high, method, conditions, flags)
