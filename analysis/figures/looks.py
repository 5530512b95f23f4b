"""How figures look: for the lab book, or for a column of a journal; changed by Matplotlib's own style files.

A figure is drawn as for the lab book. For a paper, :func:`finish` takes off its titles, stacks panels that stand side
by side, writes units with an SI prefix at the axes, and sets sizes from Matplotlib's parameters. So the figures of
other authors' protocols get this look too. The look is a context, as Matplotlib's own parameters are
(``matplotlib.rc_context``), because the functions that draw the figures take no argument for it.
"""

import contextlib
import math
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib import style as styles
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D
from matplotlib.path import Path as Outline
from matplotlib.ticker import EngFormatter, FuncFormatter, LogFormatterSciNotation, NullFormatter
from matplotlib.transforms import Bbox

from tsbench.errors import ConfigurationError

#: [inch] width of a column of a journal (8.6 cm: American Physical Society, style guide of the Physical Review)
COLUMN = 8.6 / 2.54
_PANEL_RATIO = 0.72  #: height / width of a panel in a column
#: colours that stay apart in the usual colour blindnesses (M. Okabe and K. Ito, Color Universal Design, 2008)
OKABE_ITO = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
_MARGIN = 4.0  #: [pixel] around a legend
_PREFIXES = {-15: "f", -12: "p", -9: "n", -6: "\u00b5", -3: "m", 0: "", 3: "k", 6: "M", 9: "G"}


@dataclass(frozen=True)
class Look:
    """A look of figures: Matplotlib's parameters, and what these cannot say."""

    parameters: Mapping[str, Any] = field(default_factory=dict)
    finished: bool = False  #: :func:`finish` is applied
    width: float | None = None  #: [inch] of all figures; None: each has its own
    suffixes: tuple[str, ...] = (".png",)  #: of the files that are written


LAB_BOOK = Look()
PAPER = Look(
    {
        "font.size": 8.0, "axes.labelsize": 8.0, "axes.titlesize": 8.0, "xtick.labelsize": 8.0, "ytick.labelsize": 8.0,
        "legend.fontsize": 8.0, "legend.title_fontsize": 8.0, "legend.frameon": False, "legend.handlelength": 1.4,
        "legend.labelspacing": 0.25, "legend.borderpad": 0.2, "axes.linewidth": 0.6, "lines.linewidth": 1.0,
        "xtick.direction": "in", "ytick.direction": "in", "xtick.top": True, "ytick.right": True,
        "xtick.major.width": 0.6, "ytick.major.width": 0.6, "axes.grid": False, "savefig.dpi": 600,
        "pdf.fonttype": 42,  # TrueType: the text stays text, and its font is embedded
        "svg.fonttype": "path",  # no font is needed to show it
    },
    finished=True, width=COLUMN, suffixes=(".pdf", ".svg"))

_LOOK: ContextVar[Look] = ContextVar("look", default=LAB_BOOK)


def look_of(paper: bool) -> Look:
    """Return the look of figures for a paper, or for the lab book."""
    return PAPER if paper else LAB_BOOK


def current_look() -> Look:
    """Return the look that figures get here."""
    return _LOOK.get()


@contextlib.contextmanager
def drawn_as(look: Look, style: Path | str | None = None) -> Iterator[None]:
    """Draw and save figures with a look.

    Parameters
    ----------
    look : ``LAB_BOOK`` or ``PAPER``
    style : a style file (``.mplstyle``), or the name of one of Matplotlib's styles; it goes before the look

    Raises
    ------
    ConfigurationError
        The style cannot be read.
    """
    with mpl.rc_context(dict(look.parameters)):
        if style is not None:
            try:
                styles.use(str(style))
            except (OSError, ValueError) as error:
                raise ConfigurationError(
                    f"the style '{style}' is neither a readable file of Matplotlib's parameters (.mplstyle) nor the "
                    f"name of a style of Matplotlib, such as {', '.join(styles.available[-3:])}") from error
            look = Look(look.parameters, True, look.width, look.suffixes)
        token = _LOOK.set(look)
        try:
            yield
        finally:
            _LOOK.reset(token)


def finish(figure: Figure) -> None:
    """Give a drawn figure the look of this context; does nothing for the lab book without a style."""
    look = current_look()
    if not look.finished:
        return
    if look.width is not None:
        _strip_titles(figure)
        _stack(figure, look.width)
    for axes in figure.axes:
        _sizes(axes)
    if look.width is not None:
        _units_at_labels(figure)
    for axes in figure.axes:
        _renew_legend(axes)
    _legends_off_data(figure)
    _wrap_labels(figure)


def _strip_titles(figure: Figure) -> None:
    figure.suptitle("")
    for text in list(figure.texts):
        if text.get_text() == "SIMULATED":   # the mark stays, in a corner
            text.set(text="simulated", position=(0.995, 0.995), rotation=0, fontsize=mpl.rcParams["font.size"],
                     fontweight="normal", ha="right", va="top", alpha=1.0, color="#666666")
    for axes in figure.axes:
        for side in ("left", "center", "right"):
            axes.set_title("", loc=side)


def _stack(figure: Figure, width: float) -> None:
    """Place panels that stand side by side below each other, in a column of ``width`` [inch]."""
    placed = [(axes, spec.get_gridspec()) for axes in figure.axes if (spec := axes.get_subplotspec()) is not None]
    rows = max((grid.nrows for _, grid in placed), default=1)
    columns = max((grid.ncols for _, grid in placed), default=1)
    size = figure.get_size_inches()
    ratio = float(size[1] / size[0])
    count = rows
    if columns > 1 and len({id(grid) for _, grid in placed}) == 1:
        shown = [axes for axes, _ in placed if axes.axison]
        for axes, _ in placed:
            if not axes.axison:
                axes.remove()
        count = max(len(shown), 1)
        grid = figure.add_gridspec(count, 1)
        for k, axes in enumerate(shown):
            axes.set_subplotspec(grid[k])
    height = width * (_PANEL_RATIO if count == 1 else 0.6 * count)
    if columns == 1 and rows == 1:
        height = width * min(max(ratio, 0.6), 1.1)
    elif columns == 1:
        height = width * max(0.5 * rows, min(ratio, 1.4))
    room = any(text.get_text() == "simulated" for text in figure.texts)
    figure.set_size_inches(width, height + (0.16 if room else 0.0))
    engine = figure.get_layout_engine()
    if isinstance(engine, ConstrainedLayoutEngine) and room:
        above = 1.0 - 0.16 / (height + 0.16)
        engine.set(rect=(0.0, 0.0, 1.0, above))


def _sizes(axes: Axes) -> None:
    """Set text and marks from Matplotlib's parameters, in place of the sizes of the lab book."""
    for axis, name in ((axes.xaxis, "xtick"), (axes.yaxis, "ytick")):
        axis.label.set_fontsize(mpl.rcParams["axes.labelsize"])
        axis.set_tick_params(which="both", labelsize=mpl.rcParams[f"{name}.labelsize"])
    axes.grid(mpl.rcParams["axes.grid"])
    for text in axes.texts:
        text.set_fontsize(mpl.rcParams["font.size"])
    for line in axes.lines:
        line.set_markersize(0.7 * line.get_markersize())


def _renew_legend(axes: Axes) -> None:
    """Draw the legend again, because its marks have the sizes that the lines had before."""
    legend = axes.get_legend()
    if legend is None:
        return
    handles, labels = axes.get_legend_handles_labels()
    title = legend.get_title().get_text()
    if labels == [text.get_text() for text in legend.get_texts()]:
        axes.legend(handles, labels, loc="best", title=title or None)
        return
    legend.set_frame_on(mpl.rcParams["legend.frameon"])
    for text in (*legend.get_texts(), legend.get_title()):
        text.set_fontsize(mpl.rcParams["legend.fontsize"])


def _legends_off_data(figure: Figure) -> None:
    """Move a legend that covers a line above its panel."""
    FigureCanvasAgg(figure)
    figure.draw_without_rendering()
    for axes in figure.axes:
        legend = axes.get_legend()
        if legend is None:
            continue
        box = legend.get_window_extent().padded(_MARGIN)
        if any(line.get_visible() and _crosses(line, box) for line in axes.lines):
            handles, labels = axes.get_legend_handles_labels()
            if labels != [text.get_text() for text in legend.get_texts()]:   # a legend with marks of its own
                handles = [handle for handle in legend.legend_handles if handle is not None]
                labels = [text.get_text() for text in legend.get_texts()]
            wide = box.width > axes.get_window_extent().width   # there is room to the left
            for columns in (2, 1) if len(labels) > 1 and not wide else (1,):
                moved = axes.legend(
                    handles, labels, loc="lower right" if wide else "lower left", borderaxespad=0.2, ncols=columns,
                    bbox_to_anchor=(1.0 if wide else 0.0, 1.0), title=legend.get_title().get_text() or None)
                if moved.get_window_extent().x1 <= figure.bbox.x1 - _MARGIN:
                    break


def _wrap_labels(figure: Figure) -> None:
    """Write a vertical label that is longer than its panel in two lines."""
    for axes in figure.axes:
        named = axes.yaxis.label
        words = named.get_text().split(" ")
        if len(words) > 1 and named.get_window_extent().height > axes.get_window_extent().height:
            lines = [(" ".join(words[:k]), " ".join(words[k:])) for k in range(1, len(words))]
            named.set_text("\n".join(min(lines, key=lambda pair: max(map(len, pair)))))


def _crosses(line: Line2D, box: Bbox) -> bool:
    points = np.asarray(line.get_transform().transform(line.get_xydata()))
    points = points[np.isfinite(points).all(axis=1)]
    return bool(points.size) and Outline(points).intersects_bbox(box, filled=False)


def _units_at_labels(figure: Figure) -> None:
    """Write units, with one SI prefix for all ticks of an axis, behind the names of the axes."""
    units = [(axis, axis.get_major_formatter()) for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)]
    for axis, formatter in units:   # panels that share an axis share its formatter, so all are read before one is set
        if isinstance(formatter, EngFormatter) and formatter.unit:
            _unit_at_label(axis, formatter.unit)


def _unit_at_label(axis: Axis, symbol: str) -> None:
    unit, name = symbol.replace("Ohm", "\u03a9"), axis.label.get_text()
    bounds = axis.get_view_interval()
    if axis.get_scale() == "log" and bounds[1] > 10.0 * bounds[0]:
        axis.set_major_formatter(LogFormatterSciNotation())
        axis.set_minor_formatter(NullFormatter())
        axis.label.set_text(f"{name} ({unit})" if name else "")
        return
    largest = max(abs(float(bounds[0])), abs(float(bounds[1])))
    exponent = 0
    if 0 < largest < math.inf and symbol not in {"K", "%"}:
        exponent = min(max(3 * math.floor(math.log10(largest * 0.999) / 3), min(_PREFIXES)), max(_PREFIXES))
    scale = 10.0**exponent
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value / scale:.6g}".replace("-", "\u2212")))
    if name:
        axis.label.set_text(f"{name} ({_PREFIXES[exponent]}{unit})")
