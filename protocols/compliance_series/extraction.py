"""A compliance series to numbers: threshold and hold at each compliance, and the change of the hold per decade."""

from dataclasses import replace

import numpy as np

from tsbench.analysis.series.slopes import slope_result
from tsbench.analysis.threshold.switching_results import Switching
from tsbench.protocols.extracting.nothing_recorded import or_nothing
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.protocols.iv_sweep.extraction import sweep_switching
from tsbench.records import FloatArray, Result, Run


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
    results = [replace(row, conditions={**row.conditions, "compliance": float(limit)})
               for one, limit in zip(found, limits, strict=True) for row in one.results()]
    for sign, name in ((1, "+"), (-1, "-")):
        mine = np.array([one.half.polarity == sign for one in found], dtype=bool)
        for quantity in ("threshold_voltage", "hold_voltage") if mine.any() else ():
            rows = [getattr(one, quantity) for one, wanted in zip(found, mine, strict=True) if wanted]
            results.append(slope_result(f"{quantity}_per_compliance_decade", "V", np.log10(limits[mine]), rows,
                                        "the logarithm (base 10) of the compliance current", {"polarity": name}))
    return results
