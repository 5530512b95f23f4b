"""Distributions with their bands, and probability plots. Each function draws into the axes that it is given."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedFormatter, FixedLocator, NullLocator

from tsbench.analysis.statistics.distribution import Distribution
from tsbench.analysis.statistics.fits import Fit
from tsbench.records import FloatArray

_SHARES = (0.001, 0.01, 0.05, 0.1, 0.2, 0.5, 0.8, 0.9, 0.99, 0.999)
_POINTS = 300
_FAMILIES = {"weibull": "Weibull", "lognormal": "lognormal", "normal": "normal"}


def _steps(found: Distribution) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return the corners of the step function and of its band; both go on a little before the first value."""
    margin = 0.06 * float(np.ptp(found.values)) or 0.01 * abs(float(found.values[0])) or 1.0
    x = np.concatenate([[found.values[0] - margin], found.values, [found.values[-1] + margin]])
    ends = [np.concatenate([[first], line, line[-1:]]) for first, line in (
        (0.0, found.share), (0.0, found.band_low), (found.band_before, found.band_high))]
    return x, ends[0], ends[1], ends[2]


def draw_distribution(
    axes: Axes, found: Distribution, colour: str, name: str, fit: Fit | None = None, band: bool = True
) -> None:
    """Draw a cumulative distribution with its simultaneous 95 % band, and a fitted distribution.

    Parameters
    ----------
    axes : of Matplotlib
    found : the distribution
    colour, name : of the line, and for the legend
    fit : drawn as a dashed line; None: none is
    band : whether the band is drawn
    """
    x, share, low, high = _steps(found)
    if band:
        axes.fill_between(x, low, high, step="post", color=colour, alpha=0.15, linewidth=0)
    axes.step(x, share, where="post", color=colour, linewidth=1.1, label=name)
    if fit is not None and fit.parameters:
        fine = np.linspace(x[0], x[-1], _POINTS)
        line = fit.share(fine)
        if line is not None:
            axes.plot(fine, line, color=colour, linewidth=0.9, linestyle="--", label=f"{_FAMILIES[fit.family]} fit")
    axes.set_ylim(0.0, 1.0)


def draw_probability_plot(axes: Axes, found: Distribution, colour: str, marker: str, name: str, fit: Fit) -> None:
    """Draw a distribution on axes on which the family of ``fit`` is a straight line.

    The points are at the middles of the steps, with the 95 % interval at each of them. The scale of the shares is
    ln(-ln(1 - share)) for Weibull, and the normal quantile for the others; the axis of values is logarithmic but for
    the normal distribution.
    """
    from_share, line = fit.standard().quantile, fit.line()
    before = np.concatenate([[0.0], found.share[:-1]])
    middle = 0.5 * (before + found.share)
    # of brackets, an estimate may leave less than half an event at a value: that is no point
    inside = (found.share - before > 0.5 / found.number) & ((found.values > 0) | (fit.family == "normal"))
    inside &= (middle > 0) & (middle < 1)
    if not inside.any():
        return
    y = from_share(middle[inside])
    floor, ceiling = from_share(np.array([1e-4, 1.0 - 1e-4]))
    ends = [np.clip(from_share(np.clip(edge[inside], 1e-12, 1.0 - 1e-12)), floor, ceiling)
            for edge in (found.low, found.high)]
    axes.errorbar(found.values[inside], y, yerr=(np.maximum(y - ends[0], 0.0), np.maximum(ends[1] - y, 0.0)),
                  fmt=marker, color=colour, markersize=4, linewidth=0.6, alpha=0.9, label=name)
    if line is not None:
        location, scale = line
        z = np.array([y.min() - 0.4, y.max() + 0.4])   # a little beyond the points
        x = location + scale * z
        axes.plot(x if fit.family == "normal" else np.exp(x), z, color=colour, linewidth=1.0,
                  label=f"{_FAMILIES[fit.family]} fit")
    bottom, top = axes.get_ylim() if len(axes.containers) > 1 else (np.inf, -np.inf)   # of the series before
    axes.set_ylim(min(bottom, y.min() - 1.0), max(top, y.max() + 1.0))
    shown: list[float] = []
    for share in _SHARES:   # ticks that do not touch
        place = float(from_share(np.array(share)))
        apart = 0.07 * float(np.ptp(axes.get_ylim()))
        if axes.get_ylim()[0] <= place <= axes.get_ylim()[1] and (
                not shown or place - float(from_share(np.array(shown[-1]))) > apart):
            shown.append(share)
    axes.yaxis.set_major_locator(FixedLocator([float(from_share(np.array(share))) for share in shown]))
    axes.yaxis.set_major_formatter(FixedFormatter([f"{100 * share:g}" for share in shown]))
    axes.yaxis.set_minor_locator(NullLocator())

