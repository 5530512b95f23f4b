"""The figure of an endurance run: both resistances of every cycle over its number."""

from collections.abc import Iterator

import numpy as np

from tsbench.analysis.figures import Figure, label, new_figure
from tsbench.analysis.figures.style import CURVE, HOLD, MUTED, THRESHOLD
from tsbench.protocols.endurance.extraction import cycles, settings_of
from tsbench.protocols.endurance.failure import CycleVerdict
from tsbench.protocols.extracting.named_figure import NamedFigure, figure_title
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.protocols.pulses.cycle_states import SIGMAS
from tsbench.records import Run


def endurance_figures(run: Run, options: ExtractionOptions) -> Iterator[NamedFigure]:
    """Yield the resistances of every cycle."""
    found, count = cycles(run)
    if not found:
        return
    settings = settings_of(run)

    def draw() -> Figure:
        figure = new_figure(figure_title(run, "endurance"), 7.5, 4.6, run.header.simulated)
        axes = figure.subplots()
        numbers = np.array([cycle.number for cycle in found])
        for name, colour, part in (("on (end of write pulse)", HOLD, "write"), ("off (read pulse)", CURVE, "read")):
            stands = [getattr(cycle.state, part) for cycle in found]
            conductance = np.array([one.conductance for one in stands])
            least = SIGMAS * np.array([one.uncertainty for one in stands])
            seen = conductance > least
            if seen.any():
                axes.plot(numbers[seen], 1 / conductance[seen], ".", color=colour, markersize=4, label=name)
            if (~seen).any():
                axes.plot(numbers[~seen], 1 / (np.maximum(conductance, 0.0) + least)[~seen], "^", color=colour,
                          markersize=3, alpha=0.4, label=f"{name}: higher than")
        axes.axhline(settings.on_below, color=MUTED, linewidth=0.8, linestyle="--")
        axes.axhline(settings.off_above, color=MUTED, linewidth=0.8, linestyle="--")
        failed = [cycle.number for cycle in found if cycle.verdict in (CycleVerdict.NOT_ON, CycleVerdict.STAYS_ON)]
        axes.plot(failed, [settings.off_above] * len(failed), "x", color=THRESHOLD, markersize=5,
                  label=f"failed cycles ({len(failed)})" if failed else None)
        if count.failed_at is not None:
            axes.axvline(count.failed_at, color=THRESHOLD, linewidth=1.0)
        axes.set_xscale("log")
        axes.set_yscale("log")
        label(axes, "cycle", "", "resistance", "Ohm")
        axes.legend(fontsize=8, loc="best")
        return figure

    yield "endurance", draw
