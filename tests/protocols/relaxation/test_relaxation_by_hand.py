"""Relaxation times over the current that a pulse left, from shots made by hand."""

import math

import pytest

from tsbench.analysis.figures import Figure, relaxation_trend_figure
from tsbench.analysis.relaxation.relaxation import Relaxed
from tsbench.protocols.relaxation.extraction import current_line
from tsbench.records import Flag


def shots(current, time, number=8):
    """Of pulses that left a current [A] for a time [s], a tenth more or less of it."""
    return [Relaxed(time * (0.9 + 0.2 * k / (number - 1)), 0.01 * time, initial=current + 1e-9, zero=1e-9)
            for k in range(number)]


def groups(power=2.0, currents=(1e-6, 3e-6, 1e-5, 3e-5)):
    return {(("amplitude", 1.0 + k),): shots(current, 1e-3 * (current / 1e-5) ** power)
            for k, current in enumerate(currents)}


def test_a_thicker_filament_lasts_longer() -> None:
    line, medians = current_line(groups())
    assert line.slope == pytest.approx(2.0, abs=0.05) and abs(line.slope - 2.0) < line.half
    assert [current for current, _ in medians] == pytest.approx([1e-6, 3e-6, 1e-5, 3e-5])
    assert isinstance(relaxation_trend_figure(medians, line), Figure)


def test_pulses_that_did_not_fire_and_bounds_are_left_out() -> None:
    mine = groups()
    mine[("amplitude", 9.0),] = [Relaxed(None, flags=Flag.NO_EVENT)] * 8
    mine[("amplitude", 8.0),] = [Relaxed(None, initial=1e-4, low=1.0, flags=Flag.CENSORED)] * 8
    line, medians = current_line(mine)
    assert line.x.size == 4 and len(medians) == 5 and math.isclose(line.slope, 2.0, abs_tol=0.05)
    assert current_line({}) == (None, []) and current_line(groups(currents=(1e-6, 1e-5)))[0] is None
