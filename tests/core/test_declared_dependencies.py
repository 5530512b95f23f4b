"""What the packages import when they are loaded is among the dependencies that pip installs with them."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
FOLDERS = sorted({Path(folder).parts[0] for folder in PROJECT["tool"]["setuptools"]["package-dir"].values()})
#: import name -> distribution that brings it, where they differ
DISTRIBUTIONS = {"annotated_types": "pydantic", "llvmlite": "numba", "pyvisa_py": "pyvisa-py", "serial": "pyvisa-py"}
#: folders that need an extra, or come with the program that loads them
EXTRA = {"examples": {"mcp", "pytest"}, "gui": {"PyQt5", "pyqtgraph"}, "interop": {"mcp", "mcp_types", "qcodes"},
         "pytest_plugin": {"pytest", "_pytest"}}


def _at_load(body: list[ast.stmt]) -> Iterator[str]:
    """Yield the top-level names that are imported when a module is loaded, but for those that may be missing."""
    for node in body:
        if isinstance(node, ast.Import):
            yield from (name.name.split(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.split(".")[0]
        elif isinstance(node, ast.ClassDef):
            yield from _at_load(node.body)


def test_what_is_imported_is_installed_with_the_package() -> None:
    declared = {re.split(r"[>=<; ]", line)[0].lower() for line in PROJECT["project"]["dependencies"]}
    missing = set()
    for folder in FOLDERS:
        for file in (ROOT / folder).rglob("*.py"):
            place = file.relative_to(ROOT)
            for name in _at_load(ast.parse(file.read_text("utf-8")).body):
                ours = name in {"tsbench", "pyvisa_tsbench"} or name in sys.stdlib_module_names
                if not ours and name not in EXTRA.get(place.parts[0], set()) \
                        and DISTRIBUTIONS.get(name, name).lower() not in declared:
                    missing.add(f"{place}: {name}")
    assert not missing
