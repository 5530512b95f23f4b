"""The figure of a temperature series: threshold and hold over temperature, and the resistance over 1/T."""

from collections.abc import Iterator

import numpy as np

from tsbench.analysis.figures import Figure, label, new_figure
from tsbench.analysis.figures.style import CURVE, HOLD, MUTED, THRESHOLD
from tsbench.analysis.series.slopes import BOLTZMANN, activation_line
from tsbench.protocols.extracting.named_figure import NamedFigure, figure_title
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.protocols.temperature_series.extraction import at_temperatures, resistances, temperature_results
from tsbench.quantities import format_interval
from tsbench.records import Run


def temperature_figures(run: Run, options: ExtractionOptions) -> Iterator[NamedFigure]:
    """Yield threshold and hold over temperature beside the resistance over inverse temperature."""
    if len(run.points) == 0:
        return
    found, temperatures = at_temperatures(run, options)
    low, at = resistances(run, options)
    energy = next(row for row in temperature_results(run, options) if row.quantity == "activation_energy")

    def draw() -> Figure:
        figure = new_figure(figure_title(run, "temperature series"), 10.0, 4.4, run.header.simulated)
        voltages, arrhenius = figure.subplots(1, 2)
        for name, colour, marker in (("threshold", THRESHOLD, "o"), ("hold", HOLD, "s")):
            rows = [(t, getattr(one, f"{name}_voltage")) for one, t in zip(found, temperatures, strict=True)]
            known = [(t, abs(r.value), *sorted((abs(r.low), abs(r.high)))) for t, r in rows
                     if None not in (r.value, r.low, r.high)]
            if known:
                x, y, lows, highs = np.array(known).T
                voltages.errorbar(x, y, yerr=(y - lows, highs - y), fmt=marker, color=colour, markersize=4, capsize=2,
                                  linewidth=1.0, label=name)
        label(voltages, "temperature", "", "magnitude of device voltage", "V")
        voltages.set_xlabel("temperature (K)")
        if voltages.get_legend_handles_labels()[0]:
            voltages.legend(fontsize=8, loc="best")
        known = [(1000 / t, r.value, r.low, r.high) for t, r in zip(at, low, strict=True)
                 if None not in (r.value, r.low, r.high)]
        if known:
            x, y, lows, highs = np.array(known, dtype=np.float64).T
            arrhenius.errorbar(x, y, yerr=(y - lows, highs - y), fmt="o", color=CURVE, markersize=4, capsize=2)
            line = activation_line(at, low)
            if line is not None:
                ends = np.linspace(x.min(), x.max(), 50)
                told = format_interval(energy.value, energy.low, energy.high, "eV")
                arrhenius.plot(ends, np.exp(line.at(ends / 1000 / BOLTZMANN)), "-", color=MUTED, label=told)
                arrhenius.legend(fontsize=8, loc="best")
        label(arrhenius, "1000 / temperature (1/K)", "", "resistance at low voltage", "Ohm")
        return figure

    yield "temperature", draw
