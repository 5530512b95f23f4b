"""A page of the library of neurons, every circuit at its own stimulus: ``python -m benchmarks.neuron_pages``.

Into ``docs/neurons.md`` and ``docs/pictures/neurons.png``, from the files of ``simulated_backends/studies/neurons``.
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

*Reference.* This page lists the neuron circuits of the simulation. Each circuit is a SPICE netlist in
`simulated_backends/studies/neurons`. A `.toml` file with the same name describes the circuit and its source.
`python -m benchmarks.neuron_pages` writes this page from these files.

A mark shows the origin of a topology or a value: F (found in public material), F2 (found in public code of other
authors), K (recalled from memory), A (assumed), T (tuned). The devices in all circuits have the parameters of the
[catalogue](devices/README.md).

To run a circuit:

```
$ tsbench simulate simulated_backends/studies/neurons/yi_tonic.cir --seed 1 --out tonic.csv --plot tonic.png
simulated_backends/studies/neurons/yi_tonic.cir: seed 1
wrote tonic.csv (28811 times, 22815 steps)
wrote tonic.png
```

The same netlist runs in ngspice. First write the device models to the folder of the netlist, with
`tsbench simulate --devices-lib devices.lib`.

The name of a VO2 circuit begins with `vo2` or `yi`. These circuits show the 23 firing behaviours of W. Yi et al. (Nat.
Commun. 9 (2018) 4661). Each behaviour has a letter from a to w. The parameters of the memristor are the same in all of
them. The resistors, the capacitors, the bias voltages and the stimulus of each behaviour are its own
(`behaviours.toml`). [evidence/behaviours.md](evidence/behaviours.md) shows the results and their limits. The circuits
of the paper have two memristors and, together, four or five resistors and capacitors. Here,
`vo2_resonator` has one memristor, one resistor and one capacitor. `yi_mixed` and `yi_after_potential` each have two
memristors and, together, six resistors and capacitors.

`python -m benchmarks.physics --only neurons` prints measured numbers of the other circuits, for example voltages and
rates.

"The review of Wang 2022" is Wang et al., J. Electron. Sci. Technol. 2022, 100177.

The picture shows every circuit at its own stimulus.

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
        f"\n## {entry.name}: {entry.title}\n", f"* Source: {_capital(entry.source)}.",
        f"* Marks: {_capital(entry.mark)}.",
        f"* Stimulus: {_capital(entry.stimulus)}.", f"* Behaviour: {_capital(entry.expected)}.",
        *(f"* Not known: {text}" for text in entry.unknown),
        "* Values: " + ", ".join(f"{name} {value}" for name, value in entry.values.items()) + ".",
    ]
    return "\n".join(lines) + "\n"


def _capital(text: str) -> str:
    """Return a text with a capital at its beginning."""
    return text[:1].upper() + text[1:]


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
