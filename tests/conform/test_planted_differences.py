"""Each planted difference is found, and none is reported for an instrument in which nothing is planted.

The files ``test_planted_*.py`` of the kinds have the plants and what is particular to them.
"""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conform import (
    test_planted_generators,
    test_planted_oscilloscopes,
    test_planted_source_meters,
    test_planted_surroundings,
)
from tests.fixtures.planting import Family, Plant, found_in, twins_of
from tsbench.conform.comparing import compare

PLANTS = {
    key: plant for room in (
        test_planted_source_meters, test_planted_generators, test_planted_oscilloscopes, test_planted_surroundings)
    for key, plant in room.PLANTS.items()}


def test_each_kind_of_difference_is_planted() -> None:
    page = Path(__file__).parents[2].joinpath("docs", "conform.md").read_text("utf-8")
    table = page.partition("| kind | meaning |")[2].partition("\n\n")[0]
    named = set(re.findall(r"^\| `([a-z ]+)` \|", table, re.MULTILINE))
    assert named and named == set().union(*(kinds for _, kinds in PLANTS.values()))


def first_of_each() -> set[tuple[Family, str]]:
    """Return the first plant of each family and kinds of difference; the others are soak tests."""
    first = {(family, frozenset(kinds)): (family, what) for (family, what), (_, kinds) in reversed(PLANTS.items())}
    return set(first.values())


@pytest.mark.thin(16)
@pytest.mark.parametrize(("family", "what"), [
    pytest.param(*key, id=f"{key[0].model}-{key[1]}", marks=() if key in first_of_each() else pytest.mark.soak)
    for key in PLANTS])
def test_a_planted_difference_is_found(
    family: Family, what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:
    plant, kinds = PLANTS[family, what]
    finding = found_in(family, plant, tmp_path, monkeypatch)
    assert finding.differences
    assert kinds <= {difference.what for difference in finding.differences}


@pytest.mark.thin(6)
@pytest.mark.parametrize("family", sorted({family for family, _ in PLANTS}, key=str), ids=lambda family: family.model)
def test_an_untouched_one_shows_no_difference(
    family: Family, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert found_in(family, Plant(), tmp_path, monkeypatch).differences == ()


@pytest.mark.thin(4)
@pytest.mark.parametrize(("family", "message"), [
    (test_planted_source_meters.K2400, ":READ?"), (test_planted_source_meters.K2600, "measure.iv"),
    (test_planted_source_meters.B1500, "XE")])
@pytest.mark.parametrize(("times", "found"), [(0.3, True), (0.7, False), (1.5, False), (3.0, True)])
def test_an_answer_may_be_too_quick_as_well_as_too_slow(
    family: Family, message: str, times: float, found: bool,
) -> None:
    twins = twins_of(family)
    usual = twins[0].transcript
    steps = [replace(step, exchanges=tuple(
        replace(one, seconds=times * one.seconds) if message in one.message else one for one in step.exchanges))
        for step in usual.steps]
    differences = compare(replace(usual, steps=tuple(steps)), twins)
    assert {difference.what for difference in differences} == ({"time"} if found else set())


def test_a_step_that_is_missing_is_a_difference() -> None:
    twins = twins_of(test_planted_source_meters.K2400)
    usual = twins[0].transcript
    assert compare(usual, twins) == []
    found = compare(replace(usual, steps=usual.steps[:-1]), twins)
    assert [(one.step, one.what) for one in found] == [(usual.steps[-1].name, "course")]
    assert len(compare(replace(usual, steps=()), twins)) == len({step.name for step in usual.steps})
