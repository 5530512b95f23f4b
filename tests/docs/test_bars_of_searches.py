"""Searches that spend nothing, or narrow nothing, do not pass benchmarks.adaptive."""

import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from benchmarks.adaptive import __main__ as adaptive
from benchmarks.adaptive.population import population
from benchmarks.adaptive.strategies import QUANTITIES, Spent, is_narrow, spaced, width_of
from benchmarks.adaptive.strategies import adaptive as searched
from benchmarks.adaptive.window_part import WindowRow
from benchmarks.report import Line

DEVICES = population(20)


class Made:
    """Answers as the pool does, without a search."""

    def __init__(self, search: Spent, series: Callable[[int], Spent | None]) -> None:
        self.search, self.series = search, series

    def searches(self, jobs: Sequence[adaptive.Job]) -> list[Spent | None]:
        return [self.series(job[2]) if job[2] else self.search for job in jobs]


def rows(work: Any, quantity: str = "threshold amplitude") -> dict[str, Line]:
    return {line.figure: line for line in adaptive.compare(quantity, DEVICES, len(DEVICES), work)}


GOOD = Spent(30, 15, 1.0, True, True)


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_one_pulse_and_the_whole_range_do_not_pass(quantity: str) -> None:
    found = rows(Made(Spent(1, 0, 1.0, False, True), lambda levels: Spent(8 * levels, 3, 1.0, True, True)), quantity)
    assert not found[f"{quantity}: devices whose interval is as narrow as asked"].passed
    good = rows(Made(GOOD, lambda levels: Spent(8 * levels, 3, 1.0, True, True)), quantity)
    assert all(line.passed for line in good.values())


def test_an_interval_is_judged_by_its_ends() -> None:
    device = DEVICES[0]
    assert width_of(device, "threshold amplitude") == pytest.approx(0.01 * device.limit)
    assert is_narrow(device, "threshold amplitude", 1.0, 1.0 + 0.00999 * device.limit)
    assert not is_narrow(device, "threshold amplitude", 1.0, 1.0 + 0.0101 * device.limit)
    assert not is_narrow(device, "refractory period", -math.inf, 0.0)
    assert not is_narrow(device, "firing probability", 0.0, 1.0)


def test_a_search_that_calls_its_first_interval_narrow_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tsbench.analysis.adaptive.search.Goal.ended", lambda *given: "narrow" * bool(given[2]))
    monkeypatch.setattr("benchmarks.adaptive.strategies.probability_ended", lambda *given: "narrow" * bool(given[2]))
    assert not any(searched(DEVICES[0], quantity).reached for quantity in QUANTITIES)


def test_the_series_have_to_reach_as_many_devices_whatever_the_searches_reach() -> None:
    """Four of five devices reach it with few pulses: that is no series of 90 %."""
    count = iter(range(10**6))

    def series(levels: int) -> Spent | None:
        return Spent(levels if next(count) % 5 else 64 * levels, 3, 1.0, True, True)

    found = rows(Made(Spent(30, 15, 1.0, False, True), series))
    (line,) = (one for name, one in found.items() if "equally spaced, fewest pulses" in name)
    assert "90% of the devices" in line.figure and line.measured == "3200 (50 levels, 64 times)"


def test_a_number_of_pulses_that_too_few_devices_reach_is_called_a_lower_bound() -> None:
    count = iter(range(10**6))
    found = rows(Made(GOOD, lambda levels: Spent(64 * levels, 3, 1.0, True, True) if next(count) % 4 else None))
    (line,) = (one for name, one in found.items() if "equally spaced, fewest pulses" in name)
    assert "75% of the devices; none of up to 200 levels, 64 times (12800 pulses), reaches it in 90%" in line.figure
    assert "a lower bound of the number that is needed" in line.measured
    ratio = found["threshold amplitude: number of chosen pulses, divided by that of this series"]
    assert ratio.measured.endswith(", an upper bound")


def test_series_that_never_reach_the_width_do_not_pass() -> None:
    assert not rows(Made(GOOD, lambda _: None))["threshold amplitude: equally spaced"].passed
    assert spaced(DEVICES[0], "refractory period", 2) is None


class Windows:
    """Answers as the pool does, without a circuit."""

    def __init__(self, *found: WindowRow) -> None:
        self.found = found

    def done(self, *asked: Any) -> list[WindowRow]:
        return list(self.found)


def window(low: float | None, high: float | None, true: float | None = 1.0) -> WindowRow:
    """A search whose onset and end are found alike."""
    return WindowRow(18, (true, true), (low, low), (high, high))


@pytest.mark.parametrize(("found", "passed"), [
    ((), [False, False]), ((window(0.9, 1.1),), [True, True]), ((window(1.1, 1.2),), [False, True]),
    ((window(0.9, 1.1), window(None, None, true=None)), [True, True]),
    ((window(0.9, 1.1), window(0.9, None)), [True, True]), ((window(0.9, 1.1), window(1.1, None)), [True, False]),
    ((window(0.9, 1.1), window(None, None)), [True, False]), ((window(0.9, None),), [False, True])])
def test_windows_of_which_no_edge_was_found_do_not_pass(found: tuple[WindowRow, ...], passed: list[bool]) -> None:
    work: Any = Windows(*found)
    assert [line.passed for line in adaptive.windows(len(found), work)[:2]] == passed


def test_what_another_commit_found_is_measured_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: list[int] = []

    def found(job: int) -> Spent:
        asked.append(job)
        return Spent(**{field.name: job for field in fields(Spent)})

    with ThreadPoolExecutor(1) as pool:
        work = adaptive.Work(pool, tmp_path / "kept.jsonl")   # type: ignore[arg-type]  # of threads
        for commit, again in (("1", [1, 2]), ("1", []), ("2", [1, 2]), ("2-dirty", [1, 2])):
            monkeypatch.setattr(adaptive, "commit", Mock(return_value=commit))
            asked.clear()
            assert [one.pulses for one in work.done([1, 2], found, Spent)] == [1, 2]
            assert asked == again
