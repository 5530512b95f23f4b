"""The population of benchmarks.truth: a list that stays as it was drawn, and how coverage is judged."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.truth.records import drawn_device, load, sha256
from benchmarks.truth.scoring import Coverage, coverage_of, is_unflagged, rejected
from tsbench.records import Flag

PAGE = Path(__file__).resolve().parents[2] / "docs" / "evidence" / "truth.md"


def row(true: float, value: float, half: float, flags: Flag = Flag.NONE, method: str = "fit") -> dict[str, Any]:
    return {"quantity": "q", "true": true, "value": value, "low": value - half, "high": value + half,
            "flags": str(int(flags)), "method": method}


def test_the_list_is_the_one_of_the_page() -> None:
    assert f"`{sha256()}`" in PAGE.read_text("utf-8")


def test_the_list_has_what_the_benchmark_promises() -> None:
    records = load()
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
