"""A compliance series to numbers: threshold and hold at each compliance, and the change of the hold per decade."""

import numpy as np

from tsbench.analysis.threshold.switching_results import Switching
from tsbench.protocols.extracting.nothing_recorded import or_nothing
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.protocols.extracting.sweep_series import at_conditions, slopes_of_polarities
from tsbench.protocols.iv_sweep.extraction import sweep_switching
from tsbench.records import FloatArray, Result, Run

#: voltage -> its change per decade of the compliance current
SLOPES = {name: f"{name}_per_compliance_decade" for name in ("threshold_voltage", "hold_voltage")}


def at_compliances(run: Run, options: ExtractionOptions) -> tuple[list[Switching], FloatArray]:
    """Return what each half-sweep shows, and its compliance current [A], shape (n,)."""
    limits = dict(zip(run.column("cycle").astype(int).tolist(), run.column("compliance").tolist(), strict=True))
    found = list(sweep_switching(run, options))
    return found, np.array([limits[one.half.cycle] for one in found])


def compliance_results(run: Run, options: ExtractionOptions) -> list[Result]:
    """Return threshold and hold of each half-sweep with its compliance, and the change of both per decade."""
    if len(run.points) == 0:
        return or_nothing([], run, "threshold_voltage", "V")
    found, limits = at_compliances(run, options)
    return [*at_conditions(found, "compliance", limits), *slopes_of_polarities(
        found, np.log10(limits), SLOPES, "V", "the logarithm (base 10) of the compliance current")]
