"""Two panels about a spike train: the spectrum of its record, and each interval against the next one."""

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import EngFormatter

from tsbench.analysis.figures.style import CURRENT, CURVE, MUTED, THRESHOLD, label
from tsbench.analysis.oscillation.frequency import MeasuredOscillation
from tsbench.analysis.oscillation.interval_statistics import TrainNumber, local_variation, serial_correlation, variation
from tsbench.analysis.oscillation.line_width import LineWidth, line_width
from tsbench.quantities import format_quantity
from tsbench.records import Flag, FloatArray

_MOST_SAMPLES, _MOST_POINTS = 2**20, 3000  #: of a spectrum: that are transformed, and drawn
_HARMONICS = 3.5  #: frequencies that are drawn, over the frequency of the oscillation
_FLOOR = 110.0  #: [dB] below the line that are drawn at most


def draw_spectrum(axes: Axes, time: FloatArray, values: FloatArray, found: MeasuredOscillation) -> None:
    """Draw the power of a record against frequency, relative to its line, and the phase noise of the line width.

    Parameters
    ----------
    time, values : [s] and [V or A], shape (n,), evenly sampled
    found : an oscillation with a frequency
    """
    assert found.frequency is not None
    values = values[:_MOST_SAMPLES]
    step = float(time[-1] - time[0]) / (time.size - 1)
    window = np.hanning(values.size)
    power = np.abs(np.fft.rfft((values - values.mean()) * window)) ** 2
    frequency = np.fft.rfftfreq(values.size, step)
    inside = (frequency > 0.02 * found.frequency) & (frequency < _HARMONICS * found.frequency)
    near = np.abs(frequency - found.frequency) < 0.25 * found.frequency   # the line as a whole
    carrier = float(power[near].sum())
    if not carrier > 0.0:
        axes.set_axis_off()
        return
    density: FloatArray = 10.0 * np.log10(np.maximum(power[inside] / carrier * (step * values.size), 1e-30))
    x, y = _thinned(np.asarray(frequency[inside], dtype=np.float64), density)
    axes.plot(x, y, color=CURVE, linewidth=0.7, label="record")
    width = line_width(found.intervals)
    shown = width.value if width.value is not None else width.high
    if shown is not None and shown > 0.0:
        away = np.geomspace(max(0.3 * shown, 1.0 / (step * values.size)), 0.4 * found.frequency, 60)
        lorentzian = 10.0 * np.log10(shown / (2.0 * math.pi) / (away**2 + 0.25 * shown**2))
        name = "phase noise of the line width" if width.value is not None else "bound of the phase noise"
        for side, text in ((1.0, name), (-1.0, None)):
            axes.plot(found.frequency + side * away, lorentzian, color=THRESHOLD, linewidth=1.1, linestyle="--",
                      label=text)
    top = float(y.max()) + 8.0
    axes.set_ylim(max(float(y.min()) - 3.0, top - _FLOOR), top + 12.0)
    label(axes, "frequency", "Hz", "power over that of the line", "")
    axes.yaxis.set_major_formatter(EngFormatter(unit="dBc/Hz", sep="\u202f"))
    axes.set_title(_width_text(width), fontsize=9)
    axes.legend(fontsize=7, loc="upper right")


def _thinned(x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the highest of neighbouring points, so that no line is lost."""
    block = math.ceil(x.size / _MOST_POINTS)
    if block <= 1:
        return x, y
    whole = x.size // block * block
    return x[:whole].reshape(-1, block)[:, block // 2], y[:whole].reshape(-1, block).max(axis=1)


def _width_text(width: LineWidth) -> str:
    if width.value is not None:
        doubt = " (a longer record may differ)" if Flag.AMBIGUOUS in width.flags else ""
        return f"line width {format_quantity(width.value, 'Hz', 3)}{doubt}"
    if width.high is not None:
        return f"line width below {format_quantity(width.high, 'Hz', 3)}"
    return "no line" if Flag.NO_EVENT in width.flags else "too few intervals for a line width"


def draw_return_map(axes: Axes, found: MeasuredOscillation, timing: float) -> None:
    """Draw each inter-spike interval against the next one, with their variation and correlation.

    ``timing``: [s] standard uncertainty of one spike time.
    """
    intervals = found.intervals
    axes.plot(intervals[:-1], intervals[1:], ".", color=CURRENT, markersize=3, alpha=0.6)
    ends = [float(intervals.min()), float(intervals.max())]
    axes.plot(ends, ends, color=MUTED, linewidth=0.8, linestyle=":")
    label(axes, "inter-spike interval", "s", "next interval", "s")
    axes.locator_params(nbins=3)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(EngFormatter(unit="s", places=2, sep="\u202f"))
    jitter = found.jitter
    numbers = (("CV", variation(intervals, timing, jitter)), ("CV2", local_variation(intervals, timing, jitter)),
               ("correlation", serial_correlation(intervals, timing, jitter)))
    axes.set_title(", ".join(text for name, one in numbers if (text := _text(name, one))), fontsize=9)


def _text(name: str, one: TrainNumber) -> str:
    if one.value is not None:
        return f"{name} {one.value:.2g}"
    return f"{name} < {one.high:.2g}" if one.high is not None else ""
