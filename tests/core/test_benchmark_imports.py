"""The benchmarks run seldom, and mypy does not read them: what they import from tsbench must be there."""

import ast
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OF_AN_OLD_CHECKOUT = {"act_times.py", "service_old.py"}   # run there too, where tsbench has other names


def imported(file: Path) -> set[tuple[str, str]]:
    """Return (module, name) of what a file imports from tsbench."""
    return {(node.module or "", alias.name) for node in ast.walk(ast.parse(file.read_text("utf-8")))
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "tsbench"
            for alias in node.names}


@pytest.mark.parametrize("folder", ["benchmarks", "examples"])
def test_what_is_imported_from_tsbench_is_there(folder: str) -> None:
    wanted = {one for file in (ROOT / folder).rglob("*.py") if file.name not in OF_AN_OLD_CHECKOUT
              for one in imported(file)}
    assert len(wanted) > 10
    missing = []
    for module, name in sorted(wanted):
        if not hasattr(importlib.import_module(module), name):
            try:
                importlib.import_module(f"{module}.{name}")
            except ModuleNotFoundError:
                missing.append(f"{module}: {name}")
    assert missing == []
