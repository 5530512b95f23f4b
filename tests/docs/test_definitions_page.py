"""docs/definitions.md: each quantity that an extraction can give has a row, and each name in a row is one."""

import re
from pathlib import Path

import pytest

from tests.fixtures.quantity_names import NO_QUANTITIES, PUT_TOGETHER, STATISTICS, modules, names_in

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "definitions.md").read_text("utf-8")
ROWS = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in
        PAGE.split("## Quantities")[1].split("## Notes")[0].splitlines() if line.startswith("| ")][2:]


def stem(name: str) -> str:
    """The quantity of which a name gives a mean, a median or a standard deviation."""
    return next((name.removesuffix(end) for end in STATISTICS if name.endswith(end)), name)


def in_code() -> set[str]:
    return {stem(name) for path in modules() for name in names_in(path.read_text("utf-8"))} | PUT_TOGETHER


def on_page() -> list[str]:
    return [name for row in ROWS for name in re.findall(r"`(\w+)`", row[1])]


@pytest.mark.thorough
def test_each_quantity_of_the_code_has_a_row() -> None:
    assert sorted(in_code() - NO_QUANTITIES - set(on_page())) == []


def test_each_name_of_the_page_is_a_quantity_of_the_code_and_has_one_row() -> None:
    assert sorted(set(on_page()) - in_code()) == [] and sorted(on_page()) == sorted(set(on_page()))
    assert len(on_page()) >= 70 and {len(row) for row in ROWS} == {3}


def test_a_quantity_is_found_in_code() -> None:
    source = """
def made(shots, name):
    return Result(name, "V", 1.0)


def all_of(self, good):
    rows = [made(good, "one"), slope_result("two", f"V/{good}", good), replace(good, quantity="three")]
    rows += [Result(name, unit, 1.0) for name, unit in (("four", "s"), ("five", "Ohm"))]
    name, other = "six", "no quantity"
    return rows + [self.made(good, "no_quantity_of_a_wrong_kind" + "x")]
"""
    assert names_in(source) == {"one", "two", "three", "four", "five", "six"}
