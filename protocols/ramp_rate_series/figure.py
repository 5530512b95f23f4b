"""The figure of a ramp-rate series: threshold and hold over the ramp rate."""

from collections.abc import Iterator

from tsbench.analysis.figures import Figure
from tsbench.analysis.figures.style import HOLD, THRESHOLD
from tsbench.protocols.extracting.named_figure import NamedFigure, figure_title
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.protocols.extracting.series_figure import voltages_over
from tsbench.protocols.ramp_rate_series.extraction import at_rates
from tsbench.records import Run


def rate_figures(run: Run, options: ExtractionOptions) -> Iterator[NamedFigure]:
    """Yield threshold and hold over the ramp rate."""
    if len(run.points) == 0:
        return
    found, rates = at_rates(run, options)

    def draw() -> Figure:
        rows = {"threshold": (THRESHOLD, "o", [one.threshold_voltage for one in found]),
                "hold": (HOLD, "s", [one.hold_voltage for one in found])}
        return voltages_over(figure_title(run, "ramp-rate series"), rates, rows, "ramp rate", "V/s",
                             run.header.simulated)

    yield "ramp_rate", draw
