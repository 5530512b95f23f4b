"""What is computed of a group of events, and its numbers as rows for JSON, CSV and tables."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tsbench.analysis.statistics.distribution import Distribution
from tsbench.analysis.statistics.drift import DriftFound
from tsbench.analysis.statistics.enough import Enough
from tsbench.analysis.statistics.estimate import Estimate
from tsbench.analysis.statistics.fits import Fit
from tsbench.analysis.statistics.variance import VarianceComponents
from tsbench.records import Flag, FloatArray

ALL_DEVICES = "all devices"
#: parameters without a unit
_PLAIN = {"shape", "sigma"}


@dataclass(frozen=True)
class SampleStatistics:
    """Numbers of one sample: the cycles of a device, or one value for each device."""

    device: str  #: or ``ALL_DEVICES``
    number: int
    bounded: int  #: of them, those of which only a bound is known
    mean: Estimate
    standard_deviation: Estimate
    relative: Estimate  #: standard deviation / mean
    median: Estimate
    flags: Flag
    distribution: Distribution | None
    values: FloatArray = field(repr=False)
    own: float  #: 95 % half-width of the measurement of one value
    fits: tuple[Fit, ...] = ()
    drift: DriftFound | None = None  #: of a device; None for all devices
    enough: Enough | None = None
    order: FloatArray = field(default_factory=lambda: np.empty(0), repr=False)  #: of the values among all events


@dataclass(frozen=True)
class GroupStatistics:
    """Statistics of one quantity under the same conditions."""

    quantity: str
    unit: str
    conditions: dict[str, Any]
    devices: list[SampleStatistics]  #: over the cycles of each device
    population: SampleStatistics | None  #: over the devices, one value (the mean or the median of its cycles) of each
    components: VarianceComponents | None
    simulated: bool
    lines: list[str]

    def rows(self) -> list[dict[str, Any]]:
        """Return all numbers as rows: device, statistic, unit, value, low, high, number, flags, method."""
        return _rows_of(self)


def _rows_of(group: GroupStatistics) -> list[dict[str, Any]]:
    """Return the numbers of one group."""
    head = {"quantity": group.quantity, "conditions": dict(group.conditions), "simulated": group.simulated}
    found = [row for sample in group.devices for row in _of_sample(sample, group.unit)]
    if group.population is not None:
        found += list(_of_sample(group.population, group.unit))
    if (parts := group.components) is not None:
        for name, estimate, unit in (
            ("standard_deviation_between_cycles", parts.within, group.unit),
            ("standard_deviation_between_devices", parts.between, group.unit),
            ("share_of_variance_between_devices", parts.share, ""),
        ):
            found.append(_row(ALL_DEVICES, name, estimate, unit, parts.cycles, parts.flags, parts.method))
        found.append(_row(ALL_DEVICES, "significance_of_devices", Estimate(parts.significance, None, None), "",
                          parts.cycles, parts.flags, "F test"))
    return [{**head, **row} for row in found]


def _row(
    device: str, statistic: str, estimate: Estimate, unit: str, number: int, flags: Flag, method: str
) -> dict[str, Any]:
    return {"device": device, "statistic": statistic, "unit": unit, "value": estimate.value, "low": estimate.low,
            "high": estimate.high, "number": number, "flags": flags.names(), "method": method}


def _of_sample(sample: SampleStatistics, unit: str) -> Iterator[dict[str, Any]]:
    n, flags = sample.number, sample.flags
    method = "" if sample.distribution is None else sample.distribution.method
    yield _row(sample.device, "mean", sample.mean, unit, n, flags, "t-interval and the interval of a value")
    yield _row(sample.device, "standard_deviation", sample.standard_deviation, unit, n, flags, "interval of Bonett")
    yield _row(sample.device, "relative_standard_deviation", sample.relative, "", n, flags, "interval of Bonett")
    yield _row(sample.device, "median", sample.median, unit, n, flags, method)
    for found in sample.fits:
        yield from _of_fit(sample.device, found, unit)
    if (drift := sample.drift) is not None and drift.significance is not None:
        yield _row(sample.device, "drift_per_cycle", drift.slope, unit, n, Flag.NONE,
                   f"median of the slopes of all pairs (Sen); significance {drift.significance:.4f}, memory "
                   f"{drift.memory:.2f}")
        for change in drift.changes:
            yield _row(sample.device, f"step_at_cycle_{change.first + 1}", change.size, unit, n, Flag.NONE,
                       f"first cycle after the step {change.earliest + 1} to {change.latest + 1} (95 %); significance "
                       f"{change.significance:.4f}")
    if (enough := sample.enough) is not None:
        yield _row(sample.device, f"number_for_{enough.wanted:g}_of_{enough.what.replace(' ', '_')}",
                   Estimate(enough.needed, None, enough.most), "", n, Flag.NONE,
                   "independent events; the upper bound takes the upper end of the interval of the spread")


def _of_fit(device: str, found: Fit, unit: str) -> Iterator[dict[str, Any]]:
    method = found.why or "maximum likelihood; interval by a parametric bootstrap of pivots"
    if not found.parameters:
        yield _row(device, found.family, Estimate(None, None, None), unit, found.number, found.flags, method)
        return
    for name, estimate in found.parameters.items():
        yield _row(device, f"{found.family}_{name}", estimate, "" if name in _PLAIN else unit, found.number,
                   found.flags, method)
    for share, estimate in found.quantiles.items():
        yield _row(device, f"{found.family}_quantile_{share:g}", estimate, unit, found.number, found.flags, method)
    if found.anderson_darling is not None:
        yield _row(device, f"{found.family}_anderson_darling", Estimate(found.anderson_darling, None, None), "",
                   found.number, found.flags, f"significance {found.significance:.4f} by a parametric bootstrap")
