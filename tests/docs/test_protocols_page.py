"""docs/protocols.md: each protocol has one row, with its roles."""

import re
from pathlib import Path

import pytest

from tsbench.protocols.registry import PROTOCOLS

DOCS = Path(__file__).resolve().parents[2] / "docs"
ROWS = [[cell.strip() for cell in line.strip("|").split(" | ")]
        for line in (DOCS / "protocols.md").read_text("utf-8").splitlines()
        if line.startswith("| ") and not line.startswith(("| I want to know", "| ---"))]


def own() -> dict[str, tuple[str, ...]]:
    """Return the protocols that are in this tree, each with its roles."""
    return {name: protocol.roles for name, protocol in PROTOCOLS.things().items()
            if protocol.__module__.startswith("tsbench.protocols.")}


def test_each_protocol_has_one_row() -> None:
    assert {len(row) for row in ROWS} == {5}
    assert sorted(row[1] for row in ROWS) == sorted(f"`{name}`" for name in own())


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[1].strip("`"))
def test_the_roles_of_a_row_are_those_of_the_protocol(row: list[str]) -> None:
    assert tuple(re.findall(r"`(\w+)`", row[4])) == own()[row[1].strip("`")]
