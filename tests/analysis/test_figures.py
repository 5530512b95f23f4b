"""What the figures show of given results: lines, marks, intervals and words, not how they look."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tsbench.analysis.figures import stochastic, style, sweeps, waveforms
from tsbench.analysis.refractory.refractory import Recovery
from tsbench.analysis.statistics import proportion_interval
from tsbench.quantities import format_interval
from tsbench.records import Flag, Result


def result(value: float | None, low: float | None = None, high: float | None = None, unit: str = "V") -> Result:
    return Result("x", unit, value, low, high, "", {})


def lines(axes: Any) -> dict[str, Any]:
    """Return label -> (x, y) of the lines of an axes."""
    return {line.get_label(): tuple(np.asarray(data).tolist() for data in line.get_data()) for line in axes.lines}


def texts(axes: Any) -> list[str]:
    return [text.get_text() for text in axes.texts]


def test_simulated_data_are_marked(tmp_path: Any) -> None:
    plain, marked = style.new_figure("a", 3.0, 2.0, False), style.new_figure("a", 3.0, 2.0, True)
    assert plain.get_suptitle() == "a" and not plain.texts[1:] and plain.get_size_inches().tolist() == [3.0, 2.0]
    assert marked.get_suptitle() == "a (simulated bench)" and "SIMULATED" in [text.get_text() for text in marked.texts]
    axes = plain.subplots()
    style.label(axes, "x", "V", "y", "")
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("x", "y")
    assert axes.xaxis.get_major_formatter().unit == "V" and not hasattr(axes.yaxis.get_major_formatter(), "unit")
    (path,) = style.save(plain, tmp_path / "new" / "a.png")
    assert path.read_bytes().startswith(b"\x89PNG")


def test_a_pulse_is_drawn_from_its_edge_with_its_delay() -> None:
    time = np.linspace(1.0, 2.0, 5)
    delay: Any = SimpleNamespace(value=0.25, edge_time=1.5, edge_level=0.7, half_width=1.96 * 0.05)
    figure = waveforms.pulse_figure(time, 2 * time, 3 * time, delay)
    upper, lower = figure.axes
    assert upper.lines[0].get_xdata() == pytest.approx(time - 1.5)
    assert upper.lines[0].get_ydata() == pytest.approx(2 * time)
    assert lower.lines[0].get_ydata() == pytest.approx(3 * time)
    assert [line.get_xdata()[0] for line in lower.lines[1:]] == [0.0, 0.25]
    assert (upper.lines[-1].get_xdata()[0], upper.lines[-1].get_ydata()[0]) == (0.0, 0.7)
    interval = format_interval(0.25, 0.152, 0.348, "s")   # 1.96 times 0.05 s on either side
    assert texts(upper) == [f"switching delay {interval}"]
    none: Any = SimpleNamespace(value=None, edge_time=1.5, fired=False)
    upper, lower = waveforms.pulse_figure(time, time, time, none).axes
    assert texts(upper) == ["did not switch"] and upper.lines[0].get_xdata() == pytest.approx(time)
    assert len(upper.lines) == len(lower.lines) == 1


def test_the_first_periods_of_an_oscillation_and_the_histogram_of_all() -> None:
    time = np.linspace(0.0, 20.0, 2001)
    spikes: Any = SimpleNamespace(times=np.arange(0.5, 20.0), levels=np.full(20, 0.9), uncertainty=1e-3)
    found: Any = SimpleNamespace(
        frequency=1.0, low=0.9, high=1.1, regime="periodic", intervals=np.array([0.9, 1.0, 1.0, 1.1]), jitter=None)
    record, histogram, *_ = waveforms.oscillation_figure(time, np.sin(time), "A", spikes, found).axes
    assert record.lines[0].get_xdata()[-1] == pytest.approx(8.0) and record.get_ylabel() == "device current"
    assert record.lines[1].get_xdata() == pytest.approx(np.arange(0.5, 8.1)) and len(record.get_legend().texts) == 1
    assert "20 in the record" in record.lines[1].get_label()
    assert sum(bar.get_height() for bar in histogram.patches) == 4 and len(histogram.patches) == 25
    assert histogram.lines[0].get_xdata()[0] == pytest.approx(1.0) and "periodic" in histogram.get_title()
    span = [histogram.patches[0].get_x(), histogram.patches[-1].get_x() + histogram.patches[-1].get_width()]
    assert span == pytest.approx([0.89, 1.11])
    few: Any = SimpleNamespace(times=np.array([0.5, 1.5]), levels=np.array([1.0, 1.0]))
    none: Any = SimpleNamespace(frequency=None, intervals=np.array([1.0]))
    record, histogram = waveforms.oscillation_figure(time, np.sin(time), "V", few, none).axes
    assert record.lines[0].get_xdata()[-1] == 20.0 and record.get_ylabel() == "device voltage"
    assert texts(record) == ["no oscillation"] and not histogram.axison


def test_frequency_against_bias() -> None:
    results = [result(2.0, 1.5, 3.0), result(None), result(4.0)]
    (axes,) = waveforms.frequency_figure(np.array([1.0, 2.0, 3.0]), results).axes
    (bars,) = axes.containers
    assert bars[0].get_xdata().tolist() == [1.0, 3.0] and bars[0].get_ydata().tolist() == [2.0, 4.0]
    assert bars[2][0].get_segments()[0].tolist() == [[1.0, 1.5], [1.0, 3.0]]
    assert bars[2][0].get_segments()[1].tolist() == [[3.0, 4.0], [3.0, 4.0]]
    assert lines(axes)["no oscillation"] == ([2.0], [0.0]) and axes.get_ylim()[0] == 0.0
    assert {text.get_text() for text in axes.get_legend().texts} == {"no oscillation", "95 % interval"}
    (empty,) = waveforms.frequency_figure(np.empty(0), []).axes
    assert empty.get_legend() is None


def recovered(fired: dict[float, tuple[float, float]], left_out: tuple[float, ...] = (), **seen: Any) -> Any:
    """Return a recovery; gap [s] to how many second pulses fired, and of how many."""
    gaps, counts = np.array(list(fired)), np.array(list(fired.values())).reshape(-1, 2).T
    made = Recovery(gaps, counts[1], counts[0], (), 0, left_out=left_out)
    return SimpleNamespace(gaps=gaps, shares=made.shares, **seen)


def test_the_recovery_after_a_pulse() -> None:
    found = recovered(
        {1e-3: (1, 10), 1e-2: (5, 10), 1e-1: (0, 10)}, (1e-2, 1e-2, 1.0),
        curve=lambda gaps: gaps * 2, band=lambda gaps: None, plateau=0.8, low=2e-3, high=4e-3, period=3e-3)
    (axes,) = stochastic.recovery_figure(found).axes
    (bars,) = axes.containers
    assert bars[0].get_ydata() == pytest.approx([0.1, 0.5, 0.0]) and axes.get_xscale() == "log"
    assert bars[2][0].get_segments()[0][:, 1] == pytest.approx(proportion_interval(1, 10))
    # of two more it is not known
    assert bars[2][0].get_segments()[1][:, 1] == pytest.approx(
        [proportion_interval(5, 12)[0], proportion_interval(7, 12)[1]])
    x, y = lines(axes)["fitted recovery"]
    assert (len(x), x[0], x[-1]) == (400, pytest.approx(1e-3), pytest.approx(1e-1))
    assert y == pytest.approx(2 * np.array(x))
    levels = [line.get_ydata()[0] for line in axes.lines if line.get_linestyle() == "--"]
    assert levels == [0.4] and "refractory period 3" in axes.get_title()
    assert any(line.get_xdata()[0] == 3e-3 for line in axes.lines[2:])
    bare = recovered({}, curve=lambda gaps: None, band=lambda gaps: None, plateau=None, low=1e-3, high=None,
                     period=None)
    (axes,) = stochastic.recovery_figure(bare).axes
    assert not axes.lines and not axes.patches and axes.get_legend() is None


def test_relaxations_are_drawn_from_the_edge_above_their_zero() -> None:
    time = np.linspace(0.0, 10.0, 1001)
    shot: Any = SimpleNamespace(edge_time=2.0, zero=1.0, value=1.5, level=0.3)
    unknown: Any = SimpleNamespace(edge_time=2.0, zero=1.0, value=None, level=0.3)
    figure = stochastic.relaxation_figure(
        [(time, 1.0 + time, shot), (time, 1.0 + time, unknown)], result(1.5, 1.0, 2.0, "s"))
    (axes,) = figure.axes
    first, mark, second, median = axes.lines
    assert first.get_ydata() == pytest.approx(first.get_xdata() + 2.0)   # what was drawn is the current above zero
    assert first.get_xdata()[0] == pytest.approx(0.02) and 100 < first.get_xdata().size <= 240
    assert second.get_ydata() == pytest.approx(first.get_ydata())
    assert (mark.get_xdata()[0], mark.get_ydata()[0], median.get_xdata()[0]) == (1.5, 0.3, 1.5)
    assert "median relaxation time 1.5" in axes.get_title() and axes.get_xscale() == "log"
    (axes,) = stochastic.relaxation_figure([], result(None)).axes
    assert not axes.lines and not axes.get_title()


def half_sweep(cycle: int, polarity: int = 1, threshold: float | None = 2.0, flags: int = 0) -> Any:
    half = SimpleNamespace(
        polarity=polarity, voltage=np.array([0.0, 1.0, 2.0]), current=np.array([-1e-9, 1e-6, 1e-4]), cycle=cycle,
        cycle_name="sweep_number", flags=np.array([0, flags, 0]))
    up = None if threshold is None else polarity * threshold
    return SimpleNamespace(
        half=half, threshold_voltage=result(up, up and up - 0.1, up and up + 0.2),
        threshold_current=result(polarity * 1e-6),
        hold_voltage=result(None if up is None else up / 2, up and up / 2 - 0.1, up and up / 2 + 0.1),
        hold_current=result(polarity * 1e-5))


def test_sweeps_with_threshold_and_hold() -> None:
    linear, logarithmic = sweeps.sweep_figure([half_sweep(1), half_sweep(1, -1, flags=int(Flag.OSCILLATING))]).axes
    assert linear.lines[1].get_xdata().tolist() == [0.0, -1.0, -2.0]
    assert linear.lines[1].get_ydata().tolist() == [1e-9, -1e-6, -1e-4]
    assert np.isnan(logarithmic.lines[0].get_ydata()[0]) and logarithmic.lines[1].get_ydata()[1] == 1e-6
    assert logarithmic.get_ylim() == pytest.approx((0.5e-6, 2e-4))
    threshold, negative, _, off = linear.containers   # the polarities apart: a mean over both is that of none
    assert threshold.get_label() == "threshold 2.00 (1.90 \u2026 2.20) V"
    assert negative.get_label() == "threshold -2.00 (-2.10 \u2026 -1.80) V"
    assert [one[0].get_xdata().tolist() for one in linear.containers] == [[2.0], [-2.0], [1.0], [-1.0]]
    assert off.get_label().startswith("hold")
    assert threshold[2][0].get_segments()[0][:, 0] == pytest.approx([1.9, 2.2])
    assert [one[0].get_ydata().tolist() for one in (threshold, negative)] == [[1e-6], [-1e-6]]
    assert [one[0].get_ydata().tolist() for one in logarithmic.containers[:2]] == [[1e-6], [1e-6]]
    several = sweeps.sweep_figure([half_sweep(k, threshold=2.0 + 0.01 * k) for k in range(3)]).axes[0].containers[0]
    assert several.get_label() == "threshold 2.01 \u00b1 0.15 V (mean of 3)"   # with the interval of the mean
    assert lines(linear)["average over an oscillation"] == ([-1.0], [-1e-6])
    assert lines(logarithmic)["average over an oscillation"] == ([-1.0], [1e-6])
    linear, _ = sweeps.sweep_figure([half_sweep(1)]).axes
    assert "average over an oscillation" not in lines(linear) and "1.9" in linear.containers[0].get_label()
    linear, _ = sweeps.sweep_figure([half_sweep(1, threshold=None)]).axes
    assert texts(linear) == ["did not switch"] and linear.get_legend() is None
    assert texts(sweeps.sweep_figure([]).axes[0]) == ["did not switch"]


@pytest.mark.parametrize(("count", "marker"), [(6, "."), (7, "None")])
def test_up_to_six_half_sweeps_have_a_mark_at_each_reading(count: int, marker: str) -> None:
    linear, logarithmic = sweeps.sweep_figure([half_sweep(k) for k in range(count)]).axes
    for axes in (linear, logarithmic):
        assert [line.get_marker() for line in axes.lines[:count]] == [marker] * count


def test_the_distribution_of_thresholds() -> None:
    events = [half_sweep(1, threshold=2.4), half_sweep(2, -1, 2.0), half_sweep(3, threshold=None)]
    cumulative, sequence = sweeps.threshold_distribution(events).axes
    for name, values in (("threshold (n = 2)", [2.0, 2.4]), ("hold (n = 2)", [1.0, 1.2])):
        x, share = lines(cumulative)[name]
        assert x[1:3] == values and share == [0.0, 0.5, 1.0, 1.0]
    assert len(cumulative.collections) == 2   # the bands
    threshold = sequence.containers[0]
    assert (threshold[0].get_xdata().tolist(), threshold[0].get_ydata().tolist()) == ([1, 2], [2.4, 2.0])
    assert threshold[2][0].get_segments()[0][:, 1] == pytest.approx([2.3, 2.6])
    assert threshold[2][0].get_segments()[1][:, 1] == pytest.approx([1.8, 2.1])
    assert sequence.get_xlabel() == "sweep-number" and cumulative.get_ylim() == (0.0, 1.0)
    assert 0.0 <= cumulative.get_xlim()[0] < 1.0 and cumulative.get_xlim()[1] > 2.4
    assert 0.0 <= sequence.get_ylim()[0] < 1.0 and sequence.get_ylim()[1] > 2.6
    near_zero = half_sweep(1, threshold=0.05)   # its interval reaches from -0.05 V to 0.25 V
    _, sequence = sweeps.threshold_distribution([near_zero]).axes
    assert sequence.containers[0][2][0].get_segments()[0][:, 1] == pytest.approx([-0.05, 0.25])
    cumulative, sequence = sweeps.threshold_distribution([]).axes
    assert not cumulative.lines and sequence.get_xlabel() == "cycle" and cumulative.get_legend() is None


def test_the_load_line_of_a_sweep() -> None:
    """From the set-point at which the device switches, at no current, up along the drop at the load."""
    event = half_sweep(1)
    event.half.level, event.threshold_index = np.array([0.0, 1.0, 2.0]), 1
    linear, logarithmic = sweeps.sweep_figure([event], load=1e3).axes
    volts, amperes = lines(linear)["load line 1 k\u03a9"]
    assert (volts[0], amperes[0]) == (2.0, 0.0)
    assert (volts[-1], amperes[-1]) == (pytest.approx(1.9), pytest.approx(1e-4))
    assert "load line 1 k\u03a9" in lines(logarithmic)
    assert "load line" not in str(lines(sweeps.sweep_figure([event]).axes[0]))


def test_recoveries_at_several_amplitudes() -> None:
    def one(period: float | None, low: float | None, high: float | None) -> Any:
        return recovered({1e-3: (1, 10), 1e-2: (9, 10)}, band=lambda gaps: (0 * gaps, 0 * gaps + 1), period=period,
                         low=low, high=high)

    found = {1.0: one(3e-3, 2e-3, 4e-3), 2.0: one(None, None, 1e-3)}
    curves, periods = stochastic.recoveries_figure(found).axes
    assert [text.get_text() for text in curves.get_legend().texts] == ["1.00 V", "2.00 V"]
    assert len(curves.containers) == 2 and len(curves.collections) == 4   # two bars, two bands
    assert periods.containers[0][0].get_xydata().tolist() == [[1.0, 3e-3]]
    assert [(line.get_marker(), *line.get_xydata()[0]) for line in periods.lines if line.get_marker() == "v"] == [
        ("v", 2.0, 1e-3)]
