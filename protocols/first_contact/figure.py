"""The figure of a first contact: its readings, and Ohm's law with the resistance found."""

from collections.abc import Iterator

import numpy as np

from tsbench.analysis.figures import Figure, label, new_figure
from tsbench.analysis.figures.style import CURVE, MUTED
from tsbench.protocols.extracting.facts import device_current
from tsbench.protocols.extracting.named_figure import NamedFigure, figure_title
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.protocols.first_contact.extraction import first_contact
from tsbench.records import Run


def contact_figures(run: Run, options: ExtractionOptions) -> Iterator[NamedFigure]:
    """Yield current over voltage."""
    if len(run.points) == 0:
        return
    voltage, current = run.column("device_voltage"), device_current(run)
    resistance = first_contact(run, options)[0].value

    def draw() -> Figure:
        figure = new_figure(figure_title(run, "first contact"), 6, 4, run.header.simulated)
        axes = figure.subplots()
        axes.plot(voltage, current, "o", color=CURVE, markersize=4, label="readings")
        if resistance is not None:
            ends = np.array([np.nanmin(voltage), np.nanmax(voltage)])
            axes.plot(ends, ends / resistance, "-", color=MUTED, label="resistance at low voltage")
            axes.legend(fontsize=8)
        label(axes, "device voltage", "V", "device current", "A")
        return figure

    yield "contact", draw
