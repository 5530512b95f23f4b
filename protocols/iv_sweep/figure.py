"""Figures of a sweep: its I-V curve and, of many half-sweeps, the distribution of its thresholds."""

from collections.abc import Iterator

from tsbench.analysis import figures
from tsbench.protocols.extracting.facts import parameter
from tsbench.protocols.extracting.named_figure import NamedFigure, figure_title
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.protocols.iv_sweep.extraction import sweep_switching
from tsbench.records import Run


def sweep_figures(run: Run, options: ExtractionOptions) -> Iterator[NamedFigure]:
    """Yield the I-V curve and, from eight half-sweeps on, the distribution of threshold and hold."""
    events = sweep_switching(run, options)
    if not events:
        return
    simulated = run.header.simulated
    driven = parameter(run, "drive", "voltage") == "voltage"
    load = run.header.fixture.path_resistance.get("drive", 0.0) if driven else 0.0
    yield "iv", lambda: figures.sweep_figure(events, figure_title(run, "I-V sweep"), simulated, load)
    if len(events) >= 8:
        yield "thresholds", lambda: figures.threshold_distribution(
            events, figure_title(run, "threshold and hold"), simulated)
