"""The benchmark of pairs of instruments: how few intervals may contain the true value by chance."""

from math import comb

import pytest

from benchmarks.pairs.__main__ import _lines, farthest, fewest_by_chance, often_wrong
from benchmarks.pairs.cells import cells


@pytest.mark.parametrize("intervals", [1, 2, 12, 34, 36, 72, 73, 216])
def test_fewer_intervals_than_required_contain_the_true_value_in_less_than_one_of_a_thousand_runs(
    intervals: int,
) -> None:
    """Before, with a normal approximation: in 20 of a thousand runs of 12 intervals, in 3 to 8 of longer ones."""
    def below(least: int) -> float:
        return sum(comb(intervals, held) * 0.95**held * 0.05 ** (intervals - held) for held in range(least))

    least = fewest_by_chance(intervals)
    assert below(least) < 1e-3 <= below(least + 1)


@pytest.mark.parametrize("kind", ["scope", "source"])
def test_a_family_that_is_always_wrong_is_not_hidden_among_the_others(kind: str) -> None:
    """One instrument of twelve has a wrong time base: 12 of 500 cells, fewer than the 7 % that may miss."""
    wanted = [cell for cell in cells() if cell.part.protocol == "pulse_train"]
    done = {(cell.name, True): {"rows": [["switching_delay", 1.0, 1.0, 0.9, 1.1]]} for cell in wanted}
    assert not often_wrong(wanted, done)
    one = getattr(next(cell for cell in wanted if cell.scope), kind)
    its = [cell for cell in wanted if getattr(cell, kind) == one]
    for cell in its:
        done[cell.name, True]["rows"] = [["switching_delay", 1.0, 1.2, 1.15, 1.25]]
    said = f"{one.name} pulse_train: 0 of {len(its)}"
    assert said in often_wrong(wanted, done)
    done[its[0].name, True]["rows"] = [["switching_delay", 1.0, None, None, None]]
    assert said in often_wrong(wanted, done)
    for cell in wanted:
        done[cell.name, True] |= {"cell": cell.name, "refused": "", "failed": "", "commit": ""}
        done[cell.name, False] = done[cell.name, True]
    figure = "instruments that miss the true value more often than chance explains"
    line = next(line for line in _lines(wanted, done, whole=True) if line.figure == figure)
    assert not line.passed and said in line.measured
    assert not often_wrong(wanted[:0], done)


@pytest.mark.parametrize(("wrong", "named"), [(6, False), (7, True)])
def test_an_instrument_may_miss_as_often_as_chance_explains(wrong: int, named: bool) -> None:
    """Of 20 exact intervals, 6 or more miss in 1 of 3,000 runs, 7 or more in 1 of 30,000."""
    cell = next(cell for cell in cells() if cell.part.protocol == "pulse_train" and cell.scope)
    good, bad = ["switching_delay", 1.0, 1.0, 0.9, 1.1], ["switching_delay", 1.0, 1.2, 1.15, 1.25]
    rows = [good] * (20 - wrong) + [bad] * wrong
    assert bool(often_wrong([cell], {(cell.name, True): {"rows": rows}})) is named


def test_a_quantity_that_is_far_off_is_noticed_in_one_cell() -> None:
    """The threshold voltage of one source meter is twice the true one: 1 of its 2 values in this cell."""
    cell = next(cell for cell in cells() if cell.part.protocol == "iv_sweep")
    figure = "largest deviation from a true value, to the half-width"
    for value, said, good in ((2.0, "20.00", False), (1.1, "2.00", True)):
        rows = [["threshold_voltage", 1.0, value, value - 0.05, value + 0.05], ["hold_voltage", 0.5, 0.5, 0.4, 0.6]]
        found = {"cell": cell.name, "rows": rows, "refused": "", "failed": "", "commit": ""}
        done = {(cell.name, kind): found for kind in (True, False)}
        line = next(line for line in _lines([cell], done, whole=False) if line.figure == figure)
        assert (line.measured, line.passed) == (said, good)
    assert farthest([["threshold_voltage", 1.0, 1.0, 0.95, None]]) == 0.0
    assert farthest([["threshold_voltage", 1.0, 2.0, 1.5, 9.0], ["threshold_voltage", 3.0, 2.0, 1.5, 9.0]]) == 2.0


def test_no_interval_requires_none() -> None:
    assert fewest_by_chance(0) == 0
