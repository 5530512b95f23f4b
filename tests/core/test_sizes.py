"""Sizes that a reader can hold: functions, classes and files, and one name for one class."""

import ast
import functools
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = {
    folder for name, folder in tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    ["tool"]["setuptools"]["package-dir"].items() if name.startswith("tsbench")
}
MOST_LINES, MOST_METHODS, LONGEST_FILE = 80, 25, 400  #: of a function, a class, a file
#: another package's interface prescribes their methods: they do not count
PRESCRIBED = {"simulated_backends/access/pyvisa_hook/library.py:TsbenchVisaLibrary": "pyvisa.highlevel.VisaLibraryBase"}


@functools.cache
def sources() -> dict[str, str]:
    """Return path -> text of every module of the rooms."""
    paths = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py") if "build" not in path.parts)
    return {path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for path in paths}


@functools.cache
def trees() -> dict[str, ast.Module]:
    return {path: ast.parse(text) for path, text in sources().items()}


def statements(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the statements below a node: no expression contains a definition."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt | ast.excepthandler | ast.match_case):
            yield child
            yield from statements(child)


def definitions(*kinds: type[ast.stmt]) -> Iterator[tuple[str, ast.stmt]]:
    """Yield "path:name" and node of every definition of these kinds."""
    for path, tree in trees().items():
        for node in statements(tree):
            if isinstance(node, kinds):
                yield f"{path}:{node.name}", node  # type: ignore[attr-defined]


def methods(node: ast.ClassDef) -> int:
    return sum(isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef) for part in node.body)


def test_rooms_are_found() -> None:
    assert {"core", "gui", "station", "simulated_backends"} <= ROOMS
    assert len(sources()) > 300


def test_functions_fit_a_screen() -> None:
    found = {
        name for name, node in definitions(ast.FunctionDef, ast.AsyncFunctionDef)
        if (node.end_lineno or 0) - node.lineno + 1 > MOST_LINES
    }
    assert found == set()


def test_classes_have_few_methods() -> None:
    found = {
        name for name, node in definitions(ast.ClassDef)
        if isinstance(node, ast.ClassDef) and methods(node) > MOST_METHODS
    }
    assert found == set(PRESCRIBED)


def test_files_are_short() -> None:
    assert {path for path, text in sources().items() if len(text.splitlines()) > LONGEST_FILE} == set()


def test_a_class_name_means_one_thing() -> None:
    count = Counter(name.partition(":")[2] for name, _ in definitions(ast.ClassDef))
    assert [name for name, times in count.items() if times > 1] == []
