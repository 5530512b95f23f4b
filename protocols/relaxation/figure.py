"""Figures of a relaxation run: the currents at each amplitude, and the time against the current."""

from collections.abc import Iterator
from functools import partial

from tsbench.analysis import figures
from tsbench.analysis.relaxation.relaxation import Relaxed
from tsbench.analysis.relaxation.results import median_result
from tsbench.analysis.trends.log_line import FEWEST_LEVELS
from tsbench.protocols.extracting.named_figure import MOST_FIGURES, NamedFigure, figure_title
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.protocols.relaxation.extraction import Key, current_line, relaxations
from tsbench.quantities import format_quantity
from tsbench.records import Run


def relaxation_figures(run: Run, options: ExtractionOptions) -> Iterator[NamedFigure]:
    """Yield the currents after pulses of each amplitude, and the relaxation time against the current."""
    shots = [
        (float(record.conditions["amplitude"]), record.times, record.current[0], found)
        for record, found in relaxations(run, options) if record.current is not None
    ]
    for number, amplitude in enumerate(sorted({amplitude for amplitude, *_ in shots})[:MOST_FIGURES], start=1):
        mine = [(time, current, found) for one, time, current, found in shots if one == amplitude]
        title = figure_title(run, f"relaxation after a pulse of {format_quantity(amplitude, 'V')}")
        yield f"relaxation_{number}", partial(
            figures.relaxation_figure, [shot for shot in mine if shot[2].fired],
            median_result([found for *_, found in mine], {}), title, run.header.simulated)
    groups: dict[Key, list[Relaxed]] = {
        (("amplitude", amplitude),): [found for one, *_, found in shots if one == amplitude]
        for amplitude in {amplitude for amplitude, *_ in shots}}
    line, medians = current_line(groups)
    if len(medians) >= FEWEST_LEVELS:
        yield "relaxation_current", partial(
            figures.relaxation_trend_figure, medians, line,
            figure_title(run, "relaxation time against current"), run.header.simulated)
