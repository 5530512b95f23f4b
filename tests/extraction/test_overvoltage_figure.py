"""The figure of the delay against the overvoltage takes its threshold from the sweeps among the files."""

import pytest
from matplotlib.figure import Figure

from tsbench.errors import ConfigurationError
from tsbench.extraction.observations import Observation
from tsbench.extraction.overvoltage_figure import draw_overvoltage
from tsbench.records import Result

AMPLITUDES = (1.05, 1.1, 1.2, 1.5)


def threshold(device, value, order):
    result = Result("threshold_voltage", "V", value, value - 1e-4, value + 1e-4, "", {"polarity": "+"})
    return Observation(result, order, True, {"device": device, "temperature": 296.0, "polarity": "+"})


def delay(device, amplitude, at=1.0):
    value = 1e-8 / (amplitude - at)
    result = Result("switching_delay_mean", "s", value, 0.98 * value, 1.02 * value, "", {"amplitude": amplitude})
    return Observation(result, 0, True, {"device": device, "temperature": 296.0, "amplitude": amplitude})


def test_the_delays_of_a_device_are_drawn_against_its_overvoltage() -> None:
    axes = Figure().subplots()
    events = [threshold("D1", value, k) for k, value in enumerate((0.9999, 1.0, 1.0001))]
    lines = draw_overvoltage(axes, [*events, *(delay("D1", a) for a in AMPLITUDES)])
    assert lines[0].startswith("D1: threshold voltage 1.0000")
    (bars,) = axes.containers
    assert bars[0].get_xdata() == pytest.approx([a - 1.0 for a in AMPLITUDES], abs=1e-4)
    assert "D1, power -1.00" in axes.get_title() and axes.get_xscale() == "log"


def test_one_threshold_is_enough() -> None:
    (line,) = draw_overvoltage(Figure().subplots(), [threshold("D1", 1.0, 0), *(delay("D1", a) for a in AMPLITUDES)])
    assert line.startswith("D1: threshold voltage 1.0000")


def test_a_device_without_a_threshold_is_left_out() -> None:
    axes = Figure().subplots()
    events = [threshold("D1", 1.0, 0), threshold("D1", 1.0001, 1), *(delay("D1", a) for a in AMPLITUDES),
              *(delay("D2", a) for a in AMPLITUDES)]
    assert any(line.startswith("D2: left out") for line in draw_overvoltage(axes, events))
    with pytest.raises(ConfigurationError, match="iv_sweep"):
        draw_overvoltage(Figure().subplots(), [delay("D2", a) for a in AMPLITUDES])


def test_overvoltages_have_the_bars_of_the_threshold_and_the_law_is_drawn_or_not_with_a_reason() -> None:
    """A threshold of 1.0 +- 0.025 V is no less uncertain because it stands on the other axis."""
    axes = Figure().subplots()
    few = [threshold("D1", value, k) for k, value in enumerate((0.9, 1.0, 1.1))]   # amplitudes within the interval
    (line,) = draw_overvoltage(axes, [*few, *(delay("D1", a) for a in AMPLITUDES)])
    assert "no power law is drawn, because fewer than three amplitudes" in line
    low = axes.get_xlim()[0]
    assert low > 1e-3 and axes.containers[0].has_xerr   # a bar to zero does not stretch the axis
    axes = Figure().subplots()
    sharp = [threshold("D1", value, k) for k, value in enumerate((0.9999, 1.0, 1.0001))]
    (line,) = draw_overvoltage(axes, [*sharp, *(delay("D1", a) for a in AMPLITUDES)])
    law = axes.lines[-1]
    assert "the delay goes with the power -1.00" in line
    assert law.get_ydata() * law.get_xdata() == pytest.approx(1e-8, rel=0.01)
