"""Figures of a pulse train: the first pulse of each amplitude, and the delay against the amplitude."""

from collections.abc import Iterator
from functools import partial

from tsbench.analysis import figures
from tsbench.analysis.trends.log_line import FEWEST_LEVELS, delay_line
from tsbench.protocols.extracting.named_figure import MOST_FIGURES, NamedFigure, figure_title
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.protocols.pulse_train.extraction import delays, pulse_delays
from tsbench.quantities import format_quantity
from tsbench.records import Run


def train_figures(run: Run, options: ExtractionOptions) -> Iterator[NamedFigure]:
    """Yield the first recorded pulse of each amplitude, and the delays of all pulses against the amplitude."""
    drawn: set[float] = set()
    each: list[tuple[float, float]] = []
    for record, segment, delay in pulse_delays(run, options):
        amplitude = float(record.conditions.get("amplitude", 0.0))
        if delay.value is not None:
            each.append((abs(amplitude), delay.value))
        if amplitude in drawn or len(drawn) >= MOST_FIGURES or record.voltage is None or record.current is None:
            continue
        drawn.add(amplitude)
        yield f"pulse_{len(drawn)}", partial(
            figures.pulse_figure,
            record.times,
            record.voltage[segment],
            record.current[segment],
            delay,
            figure_title(run, f"pulse of {format_quantity(amplitude, 'V')}"),
            run.header.simulated,
        )
    for number, (conditions, line, means) in enumerate(delay_line(delays(run, options)), start=1):
        if len(means) < FEWEST_LEVELS or number > MOST_FIGURES:
            continue
        shown = {abs(float(found.conditions["amplitude"])) for found in means}
        yield f"delay_{number}", partial(
            figures.delay_figure, [one for one in each if one[0] in shown], means, line,
            figure_title(run, f"switching delay against amplitude, polarity {conditions['polarity']}"),
            run.header.simulated)
