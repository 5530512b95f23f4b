"""Draws the pictures of a report with Matplotlib, as SVG for the page and as PNG for the PDF file."""

import html
import io
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from tsbench.reports.devices import STATES
from tsbench.reports.document import DiePlace, DistributionPlot, IVPlot, Picture, StateMap, ValueMap

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: state -> colour (Okabe and Ito: apart for the colour-blind) and a letter, so that it can be read without colours
LOOKS: Mapping[str, tuple[str, str]] = {
    "working": ("#009E73", ""), "formed": ("#56B4E9", "F"), "no switching": ("#E69F00", "N"),
    "conducting": ("#0072B2", "C"), "open": ("#CC79A7", "O"), "shorted": ("#D55E00", "S"),
    "not known": ("#bbbbbb", "?")}
_DARK = frozenset({"conducting", "shorted"})  #: states with letters in white
_RATIO = 20.0  #: of the largest to the smallest value from which on colours and axes are logarithmic
_VECTORS = 20_000  #: points of all curves from which on they are pixels in an SVG
_LETTERS = 150  #: devices up to which a square has a letter
_RESOLUTION = 200  #: [dots per inch] of a PNG


def svg(picture: Picture) -> str:
    """Return a picture as SVG, to stand in a page: no XML head, no metadata, no style for the whole page."""
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    with mpl.rc_context({"svg.fonttype": "path", "svg.hashsalt": picture.name, "path.simplify_threshold": 0.3}):
        found = figure_of(picture)
        FigureCanvasSVG(found)
        file = io.StringIO()
        found.savefig(file, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None},
                      dpi=_RESOLUTION)
    text = file.getvalue()
    text = text[text.index("<svg"):]
    begin, end = text.find("<style"), text.find("</style>")
    if 0 <= begin < end:
        text = text[:begin] + text[end + len("</style>"):]
    words = html.escape(f"{picture.title}. {picture.caption}")
    return _own_names(text, picture.name).replace("<svg", f'<svg role="img" aria-label="{words}"', 1)


def _own_names(text: str, name: str) -> str:
    """Give the identifiers of an SVG a prefix: several of them stand in one page."""
    for before in ('id="', 'href="#', "url(#"):
        text = text.replace(before, f"{before}{name}-")
    return text.replace(f'href="#{name}-device-', 'href="#device-')


def png(picture: Picture) -> bytes:
    """Return a picture as PNG."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    found = figure_of(picture)
    FigureCanvasAgg(found)
    file = io.BytesIO()
    found.savefig(file, format="png", dpi=_RESOLUTION, metadata={"Software": None})
    return file.getvalue()


def figure_size(picture: Picture) -> tuple[float, float]:
    """Return width and height of a picture [inch]."""
    return (6.4, 4.2) if isinstance(picture.drawn, IVPlot | DistributionPlot) else (5.4, 4.6)


def figure_of(picture: Picture) -> "Figure":
    """Draw a picture."""
    from matplotlib.figure import Figure

    drawn = picture.drawn
    found = Figure(figsize=figure_size(picture), dpi=100, layout="constrained")
    axes = found.subplots()
    if isinstance(drawn, StateMap):
        _state_map(axes, drawn)
    elif isinstance(drawn, ValueMap):
        _value_map(axes, drawn)
    elif isinstance(drawn, IVPlot):
        _curves(axes, drawn)
    else:
        _distribution(axes, drawn)
    return found


def plain(text: str) -> str:
    """Return a text that Matplotlib draws as it is: a "$" begins no formula."""
    return text.replace("\\", "\\\\").replace("$", r"\$") if "$" in text else text


# ------------------------------------------------------------------------------------------------------- wafer maps


def _squares(axes: "Axes", drawn: StateMap | ValueMap) -> list[tuple[DiePlace, float, float, float]]:
    """Set up the axes of a wafer map; return left, bottom and width of the square of each device."""
    from matplotlib.patches import Rectangle
    from matplotlib.ticker import MaxNLocator

    places = drawn.places
    for column, row in drawn.dies:
        axes.add_patch(Rectangle((column - 0.46, row - 0.46), 0.92, 0.92, facecolor="none", edgecolor="#cccccc",
                                 linewidth=0.5))

    many: dict[tuple[int, int], int] = {}
    for place in places:
        die = place.column, place.row
        many[die] = max(many.get(die, 0), place.site + 1)
    side = math.ceil(math.sqrt(max(many.values())))
    width = 0.92 / side
    squares = []
    for place in places:
        down, right = divmod(place.site, side)
        squares.append((place, place.column - 0.46 + right * width, place.row + 0.46 - (down + 1) * width,
                        width if side == 1 else 0.92 * width))
    columns = [place.column for place in places] + [column for column, _ in drawn.dies]
    rows = [place.row for place in places] + [row for _, row in drawn.dies]
    axes.set_xlim(min(columns) - 0.7, max(columns) + 0.7)
    axes.set_ylim(min(rows) - 0.7, max(rows) + 0.7)
    axes.set_aspect("equal")
    axes.set_xlabel("column")
    axes.set_ylabel("row")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.tick_params(labelsize=8)
    return squares


def _state_map(axes: "Axes", drawn: StateMap) -> None:
    from matplotlib.patches import Patch, Rectangle

    for place, left, bottom, width in _squares(axes, drawn):
        colour, letter = LOOKS[place.mark]
        axes.add_patch(Rectangle((left, bottom), width, width, facecolor=colour, edgecolor="white", linewidth=0.5,
                                 url=place.link))
        if letter and len(drawn.places) <= _LETTERS:
            axes.text(left + width / 2, bottom + width / 2, letter, ha="center", va="center", fontsize=8,
                      color="white" if place.mark in _DARK else "black")
    counts = {state: sum(place.mark == state for place in drawn.places) for state in LOOKS}
    handles = [Patch(facecolor=colour, label=f"{STATES[state]}: {counts[state]}" + (f" ({letter})" if letter else ""))
               for state, (colour, letter) in LOOKS.items() if counts[state]]
    axes.figure.legend(handles=handles, fontsize=8, loc="outside lower center", ncols=2)


def _value_map(axes: "Axes", drawn: ValueMap) -> None:
    from matplotlib import colormaps
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import LogNorm, Normalize
    from matplotlib.patches import Rectangle
    from matplotlib.ticker import EngFormatter, MaxNLocator

    values = np.array([place.value for place in drawn.places if place.value is not None], dtype=np.float64)
    low, high = float(values.min()), float(values.max())
    logarithmic = low > 0 and high > _RATIO * low
    if high == low:
        low, high = low - 0.05 * abs(low) - 1e-30, high + 0.05 * abs(high) + 1e-30
    scale = LogNorm(low, high) if logarithmic else Normalize(low, high)
    colours = colormaps["viridis"]
    for place, left, bottom, width in _squares(axes, drawn):
        colour = "white" if place.value is None else colours(scale(place.value))
        axes.add_patch(Rectangle((left, bottom), width, width, facecolor=colour, edgecolor="#888888", linewidth=0.4,
                                 url=place.link))
        if place.value is None:
            x, y = (left, left + width), (bottom, bottom + width)
            axes.plot(x, y, color="#888888", linewidth=0.6)
            axes.plot(x, y[::-1], color="#888888", linewidth=0.6)
    unit = drawn.unit.replace("Ohm", "Ω")
    bar = axes.figure.colorbar(ScalarMappable(scale, colours), ax=axes, shrink=0.85,
                               format=EngFormatter(unit=unit, sep="\u202f") if unit else None)
    if not logarithmic:
        bar.locator = MaxNLocator(6)
        bar.update_ticks()
    bar.ax.tick_params(which="both", labelsize=8)
    bar.set_label(plain(drawn.quantity))


# ------------------------------------------------------------------------------------------- curves and distributions


def _curves(axes: "Axes", drawn: IVPlot) -> None:
    from matplotlib.lines import Line2D

    from tsbench.analysis.figures.style import label

    pixels = sum(line.voltage.size for line in drawn.lines) > _VECTORS
    strength = min(1.0, max(0.25, 12.0 / len(drawn.lines)))
    magnitudes = []
    for line in drawn.lines:
        shown = np.abs(line.current)
        magnitudes.append(shown[np.isfinite(shown) & (shown > 0)])
        (made,) = axes.plot(line.voltage, np.where(shown > 0, shown, np.nan), color=LOOKS[line.mark][0], linewidth=0.8,
                            alpha=strength, rasterized=pixels)
        made.set_url(line.link)
    axes.set_yscale("log")
    known = np.concatenate(magnitudes)
    if known.size:   # readings at zero volts are noise and would take half the picture
        axes.set_ylim(0.5 * float(np.quantile(known, 0.02)), 2.0 * float(known.max()))
    states = [state for state in LOOKS if any(line.mark == state for line in drawn.lines)]
    axes.legend(handles=[Line2D([], [], color=LOOKS[state][0], label=STATES[state]) for state in states], fontsize=8)
    label(axes, "device voltage", "V", "magnitude of current", "A")


def _distribution(axes: "Axes", drawn: DistributionPlot) -> None:
    from tsbench.analysis.figures.comparisons import colour_of
    from tsbench.analysis.figures.distributions import draw_distribution
    from tsbench.analysis.figures.style import label

    values = []
    for number, group in enumerate(drawn.groups):
        sample = group.sample
        assert sample.distribution is not None
        fit = max((one for one in sample.fits if one.parameters), default=None,
                  key=lambda one: one.significance if one.significance is not None else -1.0)
        draw_distribution(axes, sample.distribution, colour_of(number), plain(group.name), fit)
        values.append(sample.distribution.values)
    known = np.concatenate(values)
    known = known[np.isfinite(known)]
    if known.size and known.min() > 0 and known.max() > _RATIO * known.min():
        axes.set_xscale("log")
    label(axes, plain(drawn.quantity), drawn.unit.replace("Ohm", "Ω"), "cumulative share", "")
    axes.legend(fontsize=8, loc="best")
