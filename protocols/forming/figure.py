"""The figure of a forming run: the ramp of each stage, and the resistance at low voltage between them."""

from collections.abc import Iterator

import numpy as np
from matplotlib import colormaps

from tsbench.analysis.figures import Figure, label, new_figure
from tsbench.analysis.figures.style import CURVE, MUTED, THRESHOLD
from tsbench.protocols.extracting.named_figure import NamedFigure, figure_title
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.protocols.forming.acquisition import CONFIRMATION, READ
from tsbench.protocols.forming.extraction import forming_results, read_resistances, stage_switching
from tsbench.quantities import format_interval
from tsbench.records import Run

_DECADES = 10.0  #: resistances that differ by more than this stand on a logarithmic axis


def forming_figures(run: Run, options: ExtractionOptions) -> Iterator[NamedFigure]:
    """Yield current over voltage of each stage beside the resistance between the stages."""
    stages = stage_switching(run, options) if len(run.points) else {}
    if not stages:
        return
    confirming = set(run.column("stage")[run.column("phase") == CONFIRMATION].astype(int).tolist())
    ramped = set(run.column("stage")[run.column("phase") != READ].astype(int).tolist())
    formed = next((r for r in forming_results(run, options) if r.quantity == "forming_voltage"), None)

    def draw() -> Figure:
        colours = colormaps["viridis"]
        figure = new_figure(figure_title(run, "forming"), 10.0, 4.4, run.header.simulated)
        curves, resistances = figure.subplots(1, 2, width_ratios=(3, 2))
        for stage in sorted(ramped):
            half = stages[stage].half
            after = stage in confirming
            curves.plot(
                half.polarity * half.voltage, np.where(half.current > 0, half.current, np.nan), "-" if after else ".-",
                markersize=3, linewidth=1.0, color=MUTED if after else colours(stage / (max(ramped) + 1)),
                label="after forming" if after else f"stage {stage}")
        if formed is not None and formed.value is not None and formed.low is not None and formed.high is not None:
            curves.axvspan(formed.low, formed.high, color=THRESHOLD, alpha=0.5, linewidth=0,
                           label=f"forming {format_interval(formed.value, formed.low, formed.high, 'V')}")
        curves.set_yscale("log")
        label(curves, "device voltage", "V", "magnitude of current", "A")
        curves.legend(fontsize=8, loc="best")
        found = read_resistances(run, options)
        for stage, result in found.items():
            if result.value is not None and result.low is not None and result.high is not None:
                resistances.errorbar([stage], [result.value], yerr=[[result.value - result.low],
                                     [result.high - result.value]], fmt="o", color=CURVE, capsize=3, markersize=5)
            elif result.low is not None:
                resistances.plot([stage], [result.low], "^", color=MUTED, markersize=6)
        sizes = [result.value for result in found.values() if result.value]
        if sizes and max(sizes) > _DECADES * min(sizes):
            resistances.set_yscale("log")
        resistances.set_xticks(sorted(found))
        label(resistances, "after stage (0: before the first)", "", "resistance at low voltage", "Ohm")
        return figure

    yield "forming", draw
