"""The population of benchmarks.truth: a list that stays as it was drawn, and how coverage is judged."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.truth.knowable import falls_smoothly, gap_width, on_edge, time_width
from benchmarks.truth.records import FIRST, LISTS, drawn_device, load
from benchmarks.truth.scoring import Coverage, coverage_of, is_unflagged, kinds_that_miss, narrowed, rejected
from benchmarks.truth.store import with_knowable
from tsbench.records import Flag

PAGE = Path(__file__).resolve().parents[2] / "docs" / "evidence" / "truth.md"


def row(true: float, value: float, half: float, flags: Flag = Flag.NONE, method: str = "fit") -> dict[str, Any]:
    return {"quantity": "q", "true": true, "value": value, "low": value - half, "high": value + half,
            "flags": str(int(flags)), "method": method}


def test_the_lists_are_those_of_the_page() -> None:
    assert all(f"`{one.sha256()}`" in PAGE.read_text("utf-8") for one in LISTS.values())


def test_no_two_records_share_a_number() -> None:
    assert len({one.number for one in load()}) == len(load())
    assert all(one.load()[0].number == one.first for one in LISTS.values())


def test_the_list_has_what_the_benchmark_promises() -> None:
    records = FIRST.load()
    assert len({drawn_device(one) for one in records}) >= 300
    assert len({one.model for one in records}) >= 15
    assert sum(bool(one.cannot_be_known) for one in records) >= 1000
    assert len({one.source for one in records} | {one.scope for one in records}) > 20
    assert [one.number for one in records] == list(range(len(records)))


@pytest.mark.parametrize(("flags", "counts"), [
    (Flag.NONE, True), (Flag.COMPLIANCE | Flag.UNCHECKED, True), (Flag.AMBIGUOUS, False), (Flag.CENSORED, False)])
def test_a_number_counts_if_no_flag_doubts_it(flags: Flag, counts: bool) -> None:
    assert is_unflagged(row(1.0, 1.0, 0.1, flags)) is counts
    assert not is_unflagged({**row(1.0, 1.0, 0.1), "low": None})


@pytest.mark.parametrize(("sigmas", "honest"), [(1.96, True), (1.0, False), (5.0, False)])
def test_intervals_that_are_too_narrow_or_too_wide_are_rejected(sigmas: float, honest: bool) -> None:
    rng = np.random.default_rng(3)
    rows = [row(1.0, value, sigmas * 0.01) for value in rng.normal(1.0, 0.01, 400)]
    found = coverage_of("q", rows)
    assert found.rows == 400
    assert abs(found.bias) < 0.002
    assert found.spread == pytest.approx(0.01, rel=0.15)
    assert (rejected([found]) == set()) is honest


def test_one_kind_that_misses_is_told_beside_many_that_do_not() -> None:
    rows = [{**row(1.0, 1.0 + (0.2 if k < few else 0.0), 0.1), "model": model}
            for model, few in (("right", 5), ("wrong", 40), ("seldom", 2)) for k in range(100)]
    rows += [{**row(1.0, 2.0, 0.1, Flag.AMBIGUOUS), "model": "flagged"}] * 50
    assert kinds_that_miss(rows) == ["wrong 60 of 100"]
    assert kinds_that_miss([]) == []


def test_an_interval_that_is_made_narrower_keeps_its_value() -> None:
    wide = {**row(1.0, 1.2, 0.4), "high": 2.0}   # 0.4 below and 0.8 above
    found = narrowed(wide, 0.3)
    assert (found["low"], found["value"], found["high"]) == pytest.approx((1.1, 1.2, 1.4))
    assert narrowed(wide, 5.0) == wide


def test_a_bracket_may_cover_more_and_not_less() -> None:
    wide = coverage_of("q", [row(1.0, 1.0 + k * 1e-4, 0.1, method="between two set-points") for k in range(300)])
    assert wide.bracket
    assert rejected([wide]) == set()
    rows = [row(1.0, 1.0 if k % 10 else 2.0, 0.1, method="between two set-points") for k in range(300)]
    assert rejected([coverage_of("q", rows)]) == {"q"}   # 90 %


def test_many_quantities_share_the_significance() -> None:
    def with_coverage(name: str, covered: int) -> Coverage:
        return Coverage(name, 300, covered, 0.0, 0.0, 0.0, bracket=False)

    assert rejected([with_coverage("low", 250)]) == {"low"}
    doubtful = with_coverage("doubtful", 256)   # 0.3 % where 90 % is the least
    assert rejected([doubtful]) == {"doubtful"}
    assert rejected([doubtful, *(with_coverage(str(k), 282) for k in range(9))]) == set()


def test_a_quantity_without_a_row_is_rejected() -> None:
    assert rejected([coverage_of("q", [])]) == {"q"}


def test_what_a_noise_free_record_can_tell() -> None:
    """A jump is in one gap, a smooth exponential in none; a step in time is placed by its slope over the noise."""
    jump = np.concatenate([np.linspace(1e-5, 2e-5, 30), np.linspace(1e-3, 1.1e-3, 10)])
    assert gap_width(jump, np.full(40, 0.01)) == (1.0, 29)
    assert gap_width(jump, np.full(40, 3.0))[0] > 10.0       # the noise is as large as the jump
    assert gap_width(np.exp(np.linspace(0.0, 6.0, 40)), np.full(40, 0.01))[0] > 10.0
    number = np.arange(500.0)
    rise = 1.0 / (1.0 + np.exp(-(number - 200.0) / 5.0))
    found = [np.sum((rise - np.interp(number - shift, number, rise)) ** 2) / 0.01**2 for shift in (-0.1, 0.1)]
    assert time_width(rise, 0.01) == pytest.approx(2 * 1.96 * 0.1 / np.sqrt(np.mean(found)), rel=0.05)
    assert on_edge(rise) == 21 and on_edge((number > 200) * 1.0) < 3


@pytest.mark.parametrize(("voltage", "falls"), [
    ([0.2, 0.4, 0.6, 0.58, 0.55, 0.53, 0.56], True),       # a negative resistance, or the means of an oscillation
    ([0.2, 0.4, 0.6, 0.31, 0.30, 0.29, 0.32], False),      # a switching on: one step has nearly the whole fall
    ([0.2, 0.4, 0.6, 0.62, 0.65, 0.70, 0.75], False),      # a resistor
    ([0.2, 0.4, 0.6, 0.58, 0.61, 0.58, 0.61], False),      # no three steps in a row
    ([0.2, 0.4, 0.6, 0.599, 0.598, 0.597, 0.6], False)])   # within the noise
def test_a_voltage_that_falls_smoothly_does_not_exclude_an_oscillation(voltage: list[float], falls: bool) -> None:
    assert falls_smoothly(np.array(voltage), np.linspace(1e-6, 7e-6, 7), 1e-3) is falls
    assert not falls_smoothly(np.array(voltage), np.full(7, 1e-6), 1e-3)   # the limit of the current is no fall


def test_what_can_be_known_is_kept_when_a_run_is_extracted_again() -> None:
    def row(value: float, **more: object) -> dict[str, object]:
        return {"quantity": "switching_delay", "conditions": {"amplitude": 1.0}, "value": value, **more}

    before = {7: {"rows": [row(1.0, knowable=True, may_oscillate=False)]}}
    again = {7: {"code": "b", "rows": [row(2.0)]}, 8: {"rows": [row(3.0)]}}
    assert with_knowable(again, before) == {
        7: {"code": "b", "rows": [row(2.0, knowable=True, may_oscillate=False)]}, 8: {"rows": [row(3.0)]}}
    told = {7: {"rows": [row(2.0, knowable=False)]}}   # asked anew
    assert with_knowable(told, before)[7]["rows"][0]["knowable"] is False
