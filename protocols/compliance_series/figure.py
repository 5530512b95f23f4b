"""The figure of a compliance series: threshold and hold over the compliance current."""

from collections.abc import Iterator

from tsbench.analysis.figures import Figure
from tsbench.analysis.figures.style import HOLD, THRESHOLD
from tsbench.protocols.compliance_series.extraction import at_compliances
from tsbench.protocols.extracting.named_figure import NamedFigure, figure_title
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.protocols.extracting.series_figure import voltages_over
from tsbench.records import Run


def compliance_figures(run: Run, options: ExtractionOptions) -> Iterator[NamedFigure]:
    """Yield threshold and hold over the compliance current."""
    if len(run.points) == 0:
        return
    found, limits = at_compliances(run, options)

    def draw() -> Figure:
        rows = {"threshold": (THRESHOLD, "o", [one.threshold_voltage for one in found]),
                "hold": (HOLD, "s", [one.hold_voltage for one in found])}
        return voltages_over(figure_title(run, "compliance series"), limits, rows, "compliance current", "A",
                             run.header.simulated)

    yield "compliance", draw
