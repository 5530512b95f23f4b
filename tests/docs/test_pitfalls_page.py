"""docs/pitfalls.md: each test that it names as a proof is there, and each row has a proof or names a limit."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "pitfalls.md").read_text("utf-8")
#: of each table of pitfalls: number, what goes wrong, what tsbench does, tests
ROWS = [tuple(cell.strip() for cell in line.strip("|").split(" | ")) for line in PAGE.splitlines()
        if re.match(r"\| \d+ \| ", line)]


@cache
def functions_of(file: str) -> set[str]:
    tree = ast.parse((ROOT / file).read_text("utf-8"))
    return {one.name for one in tree.body if isinstance(one, ast.FunctionDef)}


def test_the_pitfalls_are_numbered_and_have_four_cells() -> None:
    assert [row[0] for row in ROWS] == [str(k + 1) for k in range(len(ROWS))] and len(ROWS) == 28
    assert {len(row) for row in ROWS} == {4}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_each_row_names_tests_that_exist(row: tuple[str, ...]) -> None:
    files = re.findall(r"`(tests/[\w/]+\.py)`: ((?:`test_\w+`(?:, )?)+)", row[3])
    assert files or "limit:" in row[2].lower()
    named = [name for _, names in files for name in re.findall(r"`test_\w+`", names)]
    assert row[3].count(".py`") == len(files) and row[3].count("`test_") == len(named)
    for file, names in files:
        assert set(re.findall(r"`(test_\w+)`", names)) <= functions_of(file), file


def test_every_section_that_a_link_names_exists() -> None:
    for target, section in re.findall(r"\]\(([\w./]+\.md)#([\w-]+)\)", PAGE):
        text = (ROOT / "docs" / target).read_text("utf-8")
        heads = {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-")
                 for head in re.findall(r"^#+ (.*)$", text, re.M)}
        assert section in heads, f"{target}#{section}"
