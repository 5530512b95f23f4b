"""Records of which nothing is said, and spikes that are not found, do not pass benchmarks.spike_detection."""

import numpy as np
import pytest

from benchmarks.spike_detection import _MEMORIES, Judged, judged, memory_row, record

GOOD, FLAGGED = Judged(False, 100, 0, 0, True), Judged(True, 100, 50, 50, False)


@pytest.mark.parametrize(("memory", "most"), [(0.5, 10), (0.8, 30), (0.95, 75), (np.inf, 10)])
def test_only_a_share_of_the_records_may_have_a_flag(memory: float, most: int) -> None:
    for flagged, passes in ((0, True), (most, True), (most + 1, False), (100, False)):
        found = memory_row(memory, 0.05, [FLAGGED] * flagged + [GOOD] * (100 - flagged))
        assert found.passed is passes and found.measured.endswith(f"; 0 of 100; {flagged}")
        assert found.bar.endswith(f"<= {most} %")


@pytest.mark.parametrize("one", [
    Judged(False, 100, 0, 0, False), Judged(False, 100, 100, 0, True), Judged(False, 100, 0, 100, True)])
def test_a_record_without_a_flag_has_to_be_right(one: Judged) -> None:
    assert memory_row(0.5, 0.05, [GOOD] * 50).passed and not memory_row(0.5, 0.05, [one, *[GOOD] * 50]).passed


def test_no_records_do_not_pass() -> None:
    assert not any(memory_row(memory, 0.05, []).passed for memory in _MEMORIES)


def test_a_clean_record_is_judged_right() -> None:
    made = record(np.random.default_rng(1), 20_000, 200.0, "Gaussian", 0.5, 0.01, "none")
    assert judged(made.values, made) == Judged(False, made.places.size, 0, 0, True)
    shifted = judged(np.roll(made.values, 100), made)
    assert shifted.missed > 0.9 * made.places.size and shifted.false > 0
