"""Write a page with plots for every device of the catalogue: ``python -m benchmarks.device_pages [NAME ...]``.

Into ``docs/devices``: parameters and observables with their marks, what is not known, and current against voltage,
delay, relaxation and oscillation as the catalogue's one set of parameters gives them.
"""

import argparse
import math
import sys
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from benchmarks.device_driven import PLOTS
from benchmarks.device_runs import delays, firing, oscillation, relaxation, settings_of, sweep
from tsbench.analysis.figures.style import CURRENT, CURVE, MUTED, THRESHOLD, label
from tsbench.analysis.oscillation.waveform_class import WaveformClass
from tsbench.errors import nearest
from tsbench.quantities import format_quantity
from tsbench.simulated_backends.devices.catalogue import MARKS, CatalogueEntry, catalogue, unmodelled
from tsbench.simulated_backends.devices.static import static_curve
from tsbench.simulated_backends.devices.switching_levels import static_folds

FOLDER = Path(__file__).parent.parent / "docs" / "devices"


def figures(name: str, path: Path) -> list[str]:
    """Draw the plots of a device into one picture; return what they show, a sentence each."""
    entry = catalogue()[name]
    if entry.mechanism in PLOTS:
        figure, axes = _figure(name, (9.0, 3.4), 11, (1, 2))
        told = PLOTS[entry.mechanism](axes[0, 0], axes[0, 1])
        figure.savefig(path)
        return told
    switches = len(settings_of(name).pulses) > 1
    figure, axes = _figure(name, *(((9.0, 6.4), 11, (2, 2)) if switches else ((5.0, 3.4), 8, (1, 1))))
    told = [_current(name, axes[0, 0])]
    if switches:
        told += [_delay(name, axes[0, 1]), _relaxation(name, axes[1, 0]), _oscillation(name, axes[1, 1])]
    figure.savefig(path)
    return told


def _figure(
    name: str, size: tuple[float, float], title_size: int, cells: tuple[int, int]
) -> tuple[Figure, np.ndarray]:
    """Return a picture with its title, and the axes in it."""
    figure = Figure(figsize=size, dpi=75, layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(f"{name}: {catalogue()[name].title} (simulated)", fontsize=title_size)
    return figure, figure.subplots(*cells, squeeze=False)


def _named(axes: Axes, title: str, x: str, x_unit: str, y: str, y_unit: str) -> None:
    label(axes, x, x_unit, y, y_unit)
    axes.set_title(title, fontsize=9)
    axes.xaxis.set_major_locator(MaxNLocator(5))


def _current(name: str, axes: Axes) -> str:
    s = settings_of(name)
    voltage, current = sweep(name)
    size = abs(current)
    axes.semilogy(voltage, np.maximum(size, 1e-15), color=CURVE, linewidth=1.0, label="sweep")
    try:
        grid = np.geomspace(max(size.max() * 1e-6, 1e-12), size.max(), 200)
        static = static_curve(catalogue()[name].model(), grid)
        inside = static.voltage <= 1.05 * voltage.max()
        axes.semilogy(static.voltage[inside], grid[inside], ":", color=THRESHOLD, label="static")
    except TypeError:
        pass
    axes.set_ylim(bottom=max(float(np.quantile(size, 0.02)), 1e-14))
    _named(axes, "current against voltage", "device voltage", "V", "current, size", "A")
    axes.legend(fontsize=8)
    return (f"Current against voltage: the source sweeps to {s.peak:g} V and back in both polarities. The sweep takes "
            f"{format_quantity(s.sweep_time, 's', 3)}. The load resistor is {format_quantity(s.sweep_load, 'Ohm', 3)}.")


def _delay(name: str, axes: Axes) -> str:
    s = settings_of(name)
    volts, delay = delays(name)
    what = ("delay against pulse voltage", "pulse voltage", "V", "delay", "s")
    if not np.isfinite(delay).any():
        _named(axes, *what)
        axes.text(0.5, 0.5, "no clear delay", ha="center", transform=axes.transAxes)
        return ("Delay: the plot shows no delay, because the device has no clear instant of switching. During the "
                "pulse, the current rises by less than a factor of five.")
    axes.semilogy(np.repeat(volts, delay.shape[1]), delay.ravel(), ".", color=MUTED)
    middle = [float(np.median(row[np.isfinite(row)])) if np.isfinite(row).any() else math.nan for row in delay]
    axes.semilogy(volts, middle, "o-", color=CURVE, markersize=4)
    _named(axes, *what)
    found = ", ".join(f"{format_quantity(d, 's', 3)} at {v:.3g} V" for v, d in zip(volts, middle, strict=True)
                      if math.isfinite(d))
    seeds = f" The delays are medians of {delay.shape[1]} seeds." if delay.shape[1] > 1 else ""
    return (f"Delay: {found}. The pulse width is {format_quantity(s.pulse_time, 's', 3)}, and the load resistor is "
            f"{format_quantity(s.pulse_load, 'Ohm', 3)}.{seeds}")


def _relaxation(name: str, axes: Axes) -> str:
    s = settings_of(name)
    times, conductance = relaxation(name)
    axes.semilogy(times, np.maximum(abs(conductance), 1e-15), color=CURVE, linewidth=1.0)
    _named(axes, "relaxation", "time after the pulse", "s", "conductance, size", "S")
    return (f"Relaxation: the conductance at {s.read:.3g} V after a pulse of {s.pulses[-1]:.3g} V. The pulse width is "
            f"{format_quantity(s.pulse_time, 's', 3)}.")


def _oscillation(name: str, axes: Axes) -> str:
    s = settings_of(name)
    found = oscillation(name)
    if found is None:
        times, _, current, width = firing(name)
        axes.plot(times, current, color=CURRENT, linewidth=0.8)
        _named(axes, "firing on pulses", "time", "s", "current", "A")
        return (f"Firing: ten pulses of {s.pulses[2]:.3g} V. The pulse width is {format_quantity(width, 's', 3)}, the "
                f"period is {format_quantity(s.pulse_time, 's', 3)}, and the load resistor is "
                f"{format_quantity(s.pulse_load, 'Ohm', 3)}.")
    times, voltage, current, kind = found
    axes.plot(times, voltage, color=CURVE, linewidth=1.0)
    other = axes.twinx()
    other.plot(times, current, color=CURRENT, linewidth=0.8)
    label(other, "", "", "current", "A")
    _named(axes, "oscillation", "time", "s", "voltage", "V")
    return (f"Oscillation: the bias is {s.bias:g} V, the load resistor {format_quantity(s.load, 'Ohm', 3)}, and the "
            f"parallel capacitance {format_quantity(s.capacitance, 'F', 3)}. In this circuit, the current "
            f"{_course(kind)}.")


def _course(kind: WaveformClass) -> str:
    """Return what the current of an oscillation does, as the verb and the end of a sentence."""
    period = "" if kind.period is None else f" with a period of {format_quantity(kind.period, 's')}"
    if kind.kind == "bursting":
        size = "" if kind.spikes_per_burst is None else f" of {kind.spikes_per_burst} spikes"
        return f"comes in bursts{size}{period}"
    verbs = {"spiking": "spikes", "sinusoidal": "is a sinusoid"}
    return f"{verbs.get(kind.kind, f'is {kind.kind}')}{period}"


def page(name: str, entry: CatalogueEntry, told: list[str]) -> str:
    """Return a device's page as Markdown."""
    lines = [
        f"# {name}: {entry.title}", "",
        "*Reference.* `python -m benchmarks.device_pages` writes this page from the catalogue and from simulations.",
        "", f"{entry.description}.", "", "| property | value |", "|---|---|", f"| stack | {entry.stack} |",
        f"| material | {entry.material} |", f"| mechanism | `{entry.mechanism}` |",
        f"| basis | {_linked(entry.row)} |", "",
        f"![plots]({name}.png)", "", "The plots show:", "", *(f"* {text}" for text in told), "",
        *_static_points(entry),
        "## Parameters", "",
        f"`simulated_backends/devices/{entry.mechanism}/equations.py` explains the parameters. The column *mark* shows "
        "the origin of a value ([marks](README.md#marks)). In the column *source*, \"the same\" means the source of "
        "the row above.", "",
        "| parameter | value | unit | mark | source |", "|---|---|---|---|---|",
        *(f"| {p.name} | {p.value:g} | {p.unit} | {p.mark} | {p.source} |" for p in entry.parameters)]
    if entry.variability:
        spread = ", ".join(f"{key} {value:g}" for key, value in entry.variability.items())
        lines += ["", f"From device to device, these parameters vary (relative standard deviation, assumed): {spread}."]
    if entry.observables:
        lines += ["", "## Published values and tuning targets", "", "| quantity | value | unit | mark | source |",
                  "|---|---|---|---|---|"]
        lines += [f"| {o.name} | {o.value:g} | {o.unit} | {o.mark} | {o.source} |" for o in entry.observables]
    if entry.unknown:
        unknown = [text.replace("world file", "[world file](../world.md)") for text in entry.unknown]
        lines += ["", "## What is not known", "", *(f"* {text}" for text in unknown)]
    return "\n".join(lines) + "\n"


def _linked(text: str) -> str:
    """Return a text with a link at the name of the table of the review."""
    return text.replace("Table 1", "[Table 1](README.md#table-1)")


def _static_points(entry: CatalogueEntry) -> list[str]:
    """Return a sentence for each fold of the static curve, with an empty line after it; last, what they are not."""
    points = static_folds(entry.model())
    lines: list[str] = []
    for what, fold in (("Threshold", points.threshold), ("Hold", points.hold)):
        if fold is not None:
            hot = "" if math.isnan(fold.temperature) else f", {fold.temperature:.0f} K"
            lines += [f"{what} of the static curve: {format_quantity(fold.voltage, 'V')} at "
                      f"{format_quantity(fold.current, 'A')}{hot}.", ""]
    if lines:
        lines += ["[Definitions](../definitions.md) explains the static curve. Threshold and hold voltages of a "
                  "measurement differ from the values of this curve.", ""]
    return lines


def contents() -> str:
    """Return the list of the pages as Markdown, with the meaning of the marks."""
    lines = [
        "# Devices of the catalogue", "",
        "*Reference.* `python -m benchmarks.device_pages` writes these pages from the catalogue "
        "(`simulated_backends/devices/*/catalogue.toml`) and from simulations. A voltage in the column *content* is "
        "the threshold voltage of the device.", "",
        "| device | stack | content |", "|---|---|---|",
        *(f"| [{name}]({name}.md) | {entry.stack} | {entry.title} |" for name, entry in catalogue().items()), "",
        "These devices have no model, because too little is known:", "",
        *(f"* {name} ({entry.title}): {' '.join(entry.unknown)}" for name, entry in unmodelled().items()), "",
        "## Marks", "", "A mark shows the origin of a value:", "", "| mark | origin |", "|---|---|",
        *(f"| {mark} | {meaning} |" for mark, meaning in MARKS.items()), "",
        "## Table 1", "",
        "*Table 1* on these pages is Table 1 of the review by Wang et al., J. Electron. Sci. Technol. 2022, 100177.",
    ]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Write the pages named, or all, and the list of them."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="devices of the catalogue; default: all")
    names = parser.parse_args().names or list(catalogue())
    if unknown := [name for name in names if name not in catalogue()]:
        parser.error(f"no device '{unknown[0]}' in the catalogue{nearest(unknown[0], catalogue())}")
    for name in names:
        sys.stderr.write(f"{name}\n")
        told = figures(name, FOLDER / f"{name}.png")
        (FOLDER / f"{name}.md").write_text(page(name, catalogue()[name], told), "utf-8")
    (FOLDER / "README.md").write_text(contents(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
