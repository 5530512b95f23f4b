"""Edges on digital lines: instants, counts, ends; and what a source meter's limit does to its output."""

import math

import numpy as np
import pytest

from tsbench.simulated_backends.services.regulation import Regulation
from tsbench.simulated_backends.services.trigger_lines import TTL_HIGH, DigitalLine, EdgeTrain

TRAIN = EdgeTrain(start=1.0, width=0.25, period=2.0, count=3)   # up at 1, 3, 5; down at 1.25, 3.25, 5.25


@pytest.mark.parametrize(("after", "rising", "falling"), [
    (0.0, 1.0, 1.25), (0.999, 1.0, 1.25), (1.0, 3.0, 1.25), (1.25, 3.0, 3.25), (2.9, 3.0, 3.25), (3.0, 5.0, 3.25),
    (5.0, None, 5.25), (5.25, None, None), (-7.0, 1.0, 1.25),
])
def test_the_first_edge_is_later_than_the_instant_asked(
    after: float, rising: float | None, falling: float | None
) -> None:
    assert TRAIN.first_edge(after, "positive") == rising
    assert TRAIN.first_edge(after, "negative") == falling


def test_a_train_has_one_pulse_or_goes_on_without_end_or_ends_at_an_instant() -> None:
    assert EdgeTrain(0.0, 0.1, 1.0).first_edge(0.0, "positive") is None   # a single pulse
    assert EdgeTrain(0.0, 0.1, 1.0, count=0).first_edge(1e6, "positive") == 1e6 + 1
    cut = EdgeTrain(0.0, 0.1, 1.0, count=0, end=2.0)
    assert cut.first_edge(0.5, "positive") == 1.0 and cut.first_edge(1.0, "positive") is None
    assert EdgeTrain(0.0, 0.1, 1.0).end == math.inf


def test_an_edge_of_a_long_train_is_found_once() -> None:
    """Rounding must not return the same edge for ever."""
    train, edge = EdgeTrain(0.1, 1e-8, 1e-7 / 3, count=0), 0.7
    for _ in range(2000):
        following = train.first_edge(edge, "positive")
        assert following is not None and following > edge
        assert following - edge < 2.1 * train.period
        edge = following


@pytest.mark.parametrize(("start", "period", "index"), [
    (0.1, 1e-7, 659_925), (1.0, 3e-4, 981_930), (0.1, 7e-6, 254_532), (2.7, 1e-7, 176_784)])
def test_behind_an_edge_whose_number_is_rounded_down_comes_the_next(start: float, period: float, index: int) -> None:
    """Here (edge - start) / period is less than the number of the edge by a rounding error."""
    edge = start + index * period
    assert math.floor((edge - start) / period) < index
    assert EdgeTrain(start, 1e-8, period, count=0).first_edge(edge, "positive") == start + (index + 1) * period
    assert EdgeTrain(start, 1e-8, period, count=index + 1).first_edge(edge, "positive") is None


def test_a_line_keeps_the_last_thousand_trains() -> None:
    line = DigitalLine()
    for number in range(1005):
        line.add(EdgeTrain(float(number), 0.5, 1.0))
    assert line.next_edge(-1.0) == 5.0 and line.next_edge(1003.5) == 1004.0


def test_a_line_tells_the_earliest_edge_of_what_is_on_it() -> None:
    line, told = DigitalLine(), list[int]()
    line.listen(lambda: told.append(1))
    assert line.next_edge(0.0) is None and not told
    line.add(TRAIN)
    line.add(EdgeTrain(2.0, 0.5, 1.0))
    assert len(told) == 2
    assert line.next_edge(0.0) == 1.0 and line.next_edge(1.0) == 2.0 and line.next_edge(2.0) == 3.0
    assert line.next_edge(2.0, "negative") == 2.5
    line.enabled = False
    assert line.next_edge(0.0) is None
    line.enabled = True
    line.cut(3.0)
    assert len(told) == 3 and line.next_edge(1.0) == 2.0 and line.next_edge(2.0) is None
    line.cut(4.0)   # what was cut earlier does not come back
    assert line.next_edge(2.0) is None
    assert TTL_HIGH == 3.3   # [V], that a scope's input shows for a high line


def test_the_limit_sets_the_voltage_from_when_it_is_near_until_the_output_is_back() -> None:
    regulation = Regulation("smu", level=2.0, limit=1e-3)
    #                    set   near  let go       back  short by the load alone
    voltage = np.array([2.0, 1.0, 1.0, 1.97, 1.99, 1.0])
    current = np.array([1e-4, 0.901e-3, 2e-4, 2e-4, 2e-4, 2e-4])
    limited, near = regulation.limiting(voltage, current, near=False)
    assert limited.tolist() == [False, True, True, True, False, False] and near is False
    limited, near = regulation.limiting(voltage[2:4], current[2:4], near=True)   # as at the samples before
    assert limited.tolist() == [True, True] and near is True
    limited, near = regulation.limiting(voltage[2:4], current[2:4], near=False)
    assert limited.tolist() == [False, False] and near is False
    back = np.array([2.0, 1.0])   # at its set-point again: what was before does not matter
    assert regulation.limiting(back, current[2:4], near=True)[0].tolist() == [False, False]


@pytest.mark.parametrize(("level", "voltage", "current", "limited"), [
    (-2.0, -1.0, -1e-3, True), (-2.0, -2.0, -1e-3, False), (2.0, 1.0, 0.89e-3, False), (2.0, 1.9799, 1e-3, False),
    (2.0, 1.979, 1e-3, True), (1e-3, 0.85e-3, 1e-3, False), (1e-3, 0.75e-3, 1e-3, True),
])
def test_near_to_the_limit_is_nine_tenths_and_back_is_99_percent_less_a_fifth_of_a_millivolt(
    level: float, voltage: float, current: float, limited: bool
) -> None:
    found, _ = Regulation("smu", level, 1e-3).limiting(np.array([voltage]), np.array([current]), near=False)
    assert found.tolist() == [limited]
