"""docs/architecture.md shows each folder of the code, and the order of the simulation's folders as it is checked."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text("utf-8")


def shown() -> dict[str, list[str]]:
    """Return the tree of the page: folder -> the folders that stand in it ("..." where it has more of the same)."""
    found = re.search(r"^## Folders\n.*?^```\n(.*?)^```", PAGE, re.M | re.S)
    assert found is not None
    tree: dict[str, list[str]] = {"": []}
    path: list[str] = []
    for line in found[1].splitlines():
        entry = re.match(r"( *)((?:\w+/(?: \.\.\.|,)? ?)+)", line)
        if entry is None:   # the description goes on
            continue
        depth = len(entry[1]) // 2
        names = re.findall(r"(\w+)/", entry[2])
        parent = "/".join(path[:depth])
        tree.setdefault(parent, []).extend(names + (["..."] if "..." in entry[2] else []))
        path = [*path[:depth], names[-1]]
    return tree


def folders(parent: str) -> set[str]:
    return {path.parent.name for path in (ROOT / parent).glob("*/__init__.py")}


def test_every_folder_of_the_code_is_on_the_page() -> None:
    """A folder whose inner folders are not shown ("one folder for each quantity") may have any."""
    tree = shown()
    assert len(tree) >= 6
    for parent, names in tree.items():
        real = folders(parent) | ({"docs", "tests"} if not parent else set())   # no packages
        named = set(names) - {"..."}
        assert named <= real, parent
        assert "..." in names or real <= named, (parent, real - named)


def test_the_folders_of_the_simulation_are_in_the_order_that_is_checked() -> None:
    listed = re.findall(r"^\d+\. (.*)", PAGE, re.M)
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    layers = next(one["layers"] for one in contracts if one.get("containers") == ["tsbench.simulated_backends"])
    assert [set(re.findall(r"`(\w+)`", line)) for line in listed] == [set(layer.split(" | ")) for layer in layers]
