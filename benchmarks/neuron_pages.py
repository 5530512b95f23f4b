"""A page of the library of neurons, every circuit at its own stimulus: ``python -m benchmarks.neuron_pages``.

Into ``docs/neurons.md`` and ``docs/pictures/neurons.png``, from the files of ``simulated_backends/neurons`` alone.
"""

import sys
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter

from tsbench.simulated_backends.studies.neurons.library import Neuron, neurons
from tsbench.simulated_backends.studies.simulate.simulate import SimulationResult, simulate

DOCS = Path(__file__).parents[1] / "docs"
COLUMNS = 3
INTRODUCTION = """# Library of neurons

Circuits as SPICE netlists in `simulated_backends/neurons`, each with a `.toml` beside it that says where it comes from;
this page is written from them by `python -m benchmarks.neuron_pages`. Marks as in the catalogue: F found in public
material, K recalled, A assumed, T tuned. Devices carry the catalogue's parameters in all of them. Run one with
`tsbench simulate simulated_backends/studies/neurons/yi_tonic.cir --plot tonic.png`; the same file runs in ngspice with
the generated `devices.lib` beside it.

The 23 firing behaviours of the VO2 circuits, their confusion matrix and what to know about them:
[evidence/behaviours.md](evidence/behaviours.md). Figures of the others: `python -m benchmarks.physics --only neurons`.

![every circuit at its own stimulus](pictures/neurons.png)
"""


def main() -> int:
    """Write page and picture."""
    library = neurons()
    (DOCS / "neurons.md").write_text(INTRODUCTION + "".join(_section(n) for n in library.values()), "utf-8")
    rows = -(-len(library) // COLUMNS)
    figure = Figure(figsize=(13, 2.0 * rows), layout="constrained")
    FigureCanvasAgg(figure)
    cells = figure.subplots(rows, COLUMNS).reshape(-1)
    for cell in cells[len(library):]:
        cell.axis("off")
    for cell, entry in zip(cells, library.values(), strict=False):
        _panel(cell, entry, simulate(entry.text, seed=1))
    figure.savefig(DOCS / "pictures" / "neurons.png", dpi=100)
    sys.stderr.write(f"wrote {DOCS / 'neurons.md'} and its picture\n")
    return 0


def _section(entry: Neuron) -> str:
    lines = [
        f"\n## {entry.name}: {entry.title}\n", f"* Source: {entry.source}", f"* Marks: {entry.mark}",
        f"* Stimulus: {entry.stimulus}", f"* Shows: {entry.expected}",
        *(f"* Not known: {text}" for text in entry.unknown),
        "* Values: " + ", ".join(f"{name} {value}" for name, value in entry.values.items()),
    ]
    return "\n".join(lines) + "\n"


def _panel(cell: object, entry: Neuron, result: SimulationResult) -> None:
    """Draw what the netlist saves, each curve on its own scale above the one before; the range stands beside it."""
    assert hasattr(cell, "plot")
    lift = 0.0
    for k, (name, values) in enumerate(result.columns.items()):
        low, span = float(values.min()), float(np.ptp(values)) or 1.0
        cell.plot(result.times, (values - low) / span + lift, linewidth=0.6, color="#b04020" if k == 0 else "#20508c")
        unit = EngFormatter("A" if name.startswith("i") else "V", places=1)
        cell.text(1.005, lift + 0.5, f"{name}\n{unit(low)}\n{unit(low + span)}", fontsize=5, va="center",
                  transform=cell.get_yaxis_transform())
        lift += 1.25
    cell.set_title(entry.name, fontsize=8, loc="left")
    cell.xaxis.set_major_formatter(EngFormatter("s"))
    cell.tick_params(labelsize=6)
    cell.set_yticks([])
    for side in ("top", "right", "left"):
        cell.spines[side].set_visible(False)


if __name__ == "__main__":
    sys.exit(main())
