"""The table of observables: verdicts, notes, parts that do not exist; and the rows that are quick to make."""

import sys
from pathlib import Path

import pytest


@pytest.fixture(scope="module", autouse=True)
def _benchmarks() -> None:
    root = str(Path(__file__).parents[2])
    if root not in sys.path:
        sys.path.insert(0, root)


def test_a_row_is_judged_by_its_tolerance() -> None:
    from benchmarks.physics_row import compared

    def row(given: float | None) -> bool | None:
        return compared("d", "threshold", 1.75, "V", "F", "table", given, 0.01).passed

    assert row(1.76) and row(1.7325 + 1e-9)
    assert not row(1.77) and not row(1.73) and not row(None)
    assert compared("d", "slope", -2.0, "", "K", "", -2.01, 0.01).passed


def test_table_numbers_notes_and_shows_verdicts() -> None:
    from benchmarks.physics import table
    from benchmarks.physics_row import claimed, compared, shown

    text = table([
        compared("d", "threshold", 1.75, "V", "F", "paper", 1.80, 0.01, "why not"),
        claimed("d", "volatile", "yes [F]", "paper", "yes", True, "why not"), shown("d", "hold", "0.7 V", "no figure")])
    assert "| d | threshold | 1.750 V [F] | paper | 1.800 V (+2.86 %) | 1 % | FAIL (1) |" in text
    assert "| pass (1) |" in text and "| - (2) |" in text
    assert text.endswith("1. why not\n2. no figure")


def test_a_part_that_does_not_exist_has_no_rows() -> None:
    from benchmarks.physics import rows_of

    assert rows_of("nothing_of_the_kind", True) == ()


def test_thresholds_of_the_core_devices_pass() -> None:
    from benchmarks.physics_mott import moving_core

    rows = moving_core("nb2o5", "row 1", 1.75, peak=2.5, load=1e3, slope=-1.12e-3)
    assert len(rows) == 6
    assert [row.observable for row in rows if row.passed is False] == []
