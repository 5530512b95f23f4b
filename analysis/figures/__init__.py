"""Figures of results: what was measured, with the extracted numbers and their intervals marked.

Drawn with Matplotlib's object interface on the Agg canvas: no display, no global state. Import it where a
figure is wanted, for Matplotlib takes its time.
"""

from matplotlib.figure import Figure

from tsbench.analysis.figures.adaptive import (
    firing_curve_figure,
    probability_course_figure,
    probability_figure,
    search_figure,
    window_figure,
)
from tsbench.analysis.figures.counts import pulse_count_figure
from tsbench.analysis.figures.maps import frequency_family_figure, oscillation_map_figure
from tsbench.analysis.figures.neurons import neuron_figure, step_responses_figure, stimulus_figure
from tsbench.analysis.figures.stochastic import recoveries_figure, recovery_figure, relaxation_figure
from tsbench.analysis.figures.style import label, new_figure, save
from tsbench.analysis.figures.sweeps import sweep_figure, threshold_distribution
from tsbench.analysis.figures.trends import delay_figure, relaxation_trend_figure
from tsbench.analysis.figures.waveforms import (
    frequency_figure,
    load_line_figure,
    oscillation_figure,
    pulse_figure,
)

__all__ = [
    "Figure",
    "delay_figure",
    "firing_curve_figure",
    "frequency_family_figure",
    "frequency_figure",
    "label",
    "load_line_figure",
    "neuron_figure",
    "new_figure",
    "oscillation_figure",
    "oscillation_map_figure",
    "probability_course_figure",
    "probability_figure",
    "pulse_count_figure",
    "pulse_figure",
    "recoveries_figure",
    "recovery_figure",
    "relaxation_figure",
    "relaxation_trend_figure",
    "save",
    "search_figure",
    "step_responses_figure",
    "stimulus_figure",
    "sweep_figure",
    "threshold_distribution",
    "window_figure",
]
