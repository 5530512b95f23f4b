"""A series of sweeps to numbers: what each half-sweep gives with its condition, and slopes over the condition."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from tsbench.analysis.series.slopes import slope_result
from tsbench.analysis.threshold.switching_results import Switching
from tsbench.records import FloatArray, Result


def at_conditions(found: Sequence[Switching], name: str, values: FloatArray) -> list[Result]:
    """Return the numbers of each half-sweep with the condition ``name`` that it had, ``values`` of shape (n,)."""
    return [replace(row, conditions={**row.conditions, name: float(value)})
            for one, value in zip(found, values, strict=True) for row in one.results()]


def slopes_of_polarities(
    found: Sequence[Switching], x: FloatArray, slopes: Mapping[str, str], unit: str, over: str, same: float = 0.0,
) -> list[Result]:
    """Return the slope of each voltage over the condition, for each polarity that the half-sweeps have.

    Parameters
    ----------
    found : what each half-sweep shows
    x : its condition, shape (n,)
    slopes : attribute of :class:`Switching` -> quantity of its slope
    unit : of the slopes
    over : what ``x`` is, for ``method``
    same : measured ``x`` that differ by at most this are of one condition that was set
    """
    results = []
    for sign, polarity in ((1, "+"), (-1, "-")):
        mine = [k for k, one in enumerate(found) if one.half.polarity == sign]
        for voltage, quantity in slopes.items() if mine else ():
            rows = [getattr(found[k], voltage) for k in mine]
            results.append(slope_result(quantity, unit, x[mine], rows, over, {"polarity": polarity}, same))
    return results
