"""The figure of a pulsed I-V run: current over device voltage at the end of each write pulse, and the firing."""

from collections.abc import Iterator

import numpy as np

from tsbench.analysis.figures import Figure, label, new_figure
from tsbench.analysis.figures.style import CURVE, MUTED, THRESHOLD
from tsbench.analysis.pulse.firing import Firing
from tsbench.protocols.extracting.named_figure import NamedFigure, figure_title
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.protocols.pulsed_iv.extraction import pulsed_iv, write_reads
from tsbench.records import Run

_DECADE = 10.0  #: resistances that differ by more stand on a logarithmic axis


def pulsed_iv_figures(run: Run, options: ExtractionOptions) -> Iterator[NamedFigure]:
    """Yield current over voltage beside the firing probability and the read resistance over the height."""
    found = write_reads(run, options)
    if not found:
        return
    results = pulsed_iv(run, options)

    def draw() -> Figure:
        figure = new_figure(figure_title(run, "pulsed I-V"), 10.0, 4.6, run.header.simulated)
        curve, firing, reads = figure.subplot_mosaic("ab;ac", width_ratios=(3, 2)).values()
        for told, fired, colour, name in ((True, False, CURVE, "did not fire"), (True, True, THRESHOLD, "fired"),
                                          (False, None, MUTED, "may have fired")):
            mine = [one for one in found if one.told is told and fired in (None, one.firing is Firing.FIRED)]
            if mine:
                curve.plot([one.state.write.voltage for one in mine], [one.state.write.current for one in mine], "o",
                           color=colour, markersize=4, alpha=0.6, label=name)
        label(curve, "device voltage at the end of the pulse", "V", "current there", "A")
        curve.legend(fontsize=8, loc="best")
        shares = [row for row in results if row.quantity == "firing_probability" and row.value is not None]
        heights = np.array([row.conditions["amplitude"] for row in shares])
        bounds = np.array([(row.value, row.low, row.high) for row in shares], dtype=np.float64).reshape(-1, 3)
        firing.errorbar(heights, bounds[:, 0], yerr=(bounds[:, 0] - bounds[:, 1], bounds[:, 2] - bounds[:, 0]), fmt="o",
                        color=THRESHOLD, markersize=4, capsize=2)
        firing.set_ylim(-0.05, 1.05)
        label(firing, "height of the pulse", "V", "firing probability", "")
        for row in results:
            if row.quantity != "resistance_after_pulse":
                continue
            at = row.conditions["amplitude"]
            if row.value is not None and row.low is not None and row.high is not None:
                reads.errorbar([at], [row.value], yerr=[[row.value - row.low], [row.high - row.value]], fmt="o",
                               color=CURVE, markersize=4, capsize=2)
            elif row.low is not None:
                reads.plot([at], [row.low], "^", color=MUTED, markersize=5)
        ends = [one for row in results if row.quantity == "resistance_after_pulse" for one in (row.low, row.high)
                if one]
        if ends and max(ends) > _DECADE * min(ends):
            reads.set_yscale("log")
        for axes in (firing, reads):
            axes.locator_params(axis="x", nbins=5)
        label(reads, "height of the pulse (triangle: at least)", "V", "resistance after the pulse", "Ohm")
        return figure

    yield "pulsed_iv", draw
