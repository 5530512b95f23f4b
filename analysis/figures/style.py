"""What all figures share: canvas, colours, axes in SI prefixes, and the mark of simulated data."""

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter

from tsbench.analysis.figures.looks import current_look, finish

# colours that stay apart in the usual colour blindnesses and in grey
CURVE, CURRENT, THRESHOLD, HOLD, MUTED = "#30507a", "#8a5a00", "#c23b22", "#117755", "#888888"


def save(figure: Figure, path: Path) -> list[Path]:
    """Write ``figure`` in the look of this context and return the paths; TypeError if it is no figure.

    The suffix of ``path`` is replaced by those of the look: ``.png`` for the lab book, ``.pdf`` and ``.svg`` for a
    paper.
    """
    if not isinstance(figure, Figure):   # of another author's protocol: the canvas takes None for an empty figure
        raise TypeError(f"the figure is {figure!r:.60}, not a Figure of Matplotlib")
    finish(figure)
    FigureCanvasAgg(figure)
    paths = [path.with_name(path.stem + suffix) for suffix in current_look().suffixes]
    for one in paths:
        one.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(str(one))
    return paths


def new_figure(title: str, width: float, height: float, simulated: bool) -> Figure:
    """Return an empty figure of ``width`` by ``height`` [inch], marked where the data are simulated."""
    figure = Figure(figsize=(width, height), dpi=120, layout="constrained")
    figure.suptitle(f"{title} (simulated bench)" if simulated else title, fontsize=11)
    if simulated:
        figure.text(
            0.5,
            0.5,
            "SIMULATED",
            rotation=25,
            ha="center",
            va="center",
            fontsize=54,
            color="#000000",
            alpha=0.06,
            zorder=10,
            fontweight="bold",
        )
    return figure


def label(axes: Axes, x: str, x_unit: str, y: str, y_unit: str) -> None:
    """Name the axes, with ticks in SI prefixes of the units."""
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    if x_unit:
        axes.xaxis.set_major_formatter(EngFormatter(unit=x_unit, sep="\u202f"))
    if y_unit:
        axes.yaxis.set_major_formatter(EngFormatter(unit=y_unit, sep="\u202f"))
    axes.grid(True, color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(labelsize=8)
