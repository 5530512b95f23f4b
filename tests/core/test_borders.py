"""Borders between folders that the import contracts cannot see: circles by a package's own file, and names in text."""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fixtures.import_graph import (
    circles,
    graph_of,
    import_graph,
    import_name,
    imported,
    modules,
    reachable,
    without_package,
)
from tests.fixtures.source_files import trees
from tsbench.simulated_backends.devices.catalogue import catalogue

ROOT = Path(__file__).resolve().parents[2]
DEVICES = "tsbench.simulated_backends.devices"
MECHANISMS = {path.parent.name for path in (ROOT / "simulated_backends" / "devices").glob("*/equations.py")}
#: what else could tell one mechanism from another in a comparison: its class, and the end of its module's name
CLASSES = {type(entry.model()).__name__ for entry in catalogue().values()} | {
    f"{name}.equations" for name in MECHANISMS} | {f".{name}.equations" for name in MECHANISMS}
#: elements of any netlist have these names as well
ELEMENTS = {"resistor", "capacitor"}
#: the files of protocols that read a stored run: a shared folder, and two files of each protocol
READING_FOLDER = "tsbench.protocols.extracting."
READING_FILES = (".extraction", ".figure")
#: the files that combine acquisition and extraction: the class of a protocol, and the list of these classes
COMBINING = (".protocol", "tsbench.protocols.description", "tsbench.protocols.registry")
#: the folders that may name a device in text: its own, and those that come with an example bench
NAME_DEVICES = ("simulated_backends/devices/", "demo/", "examples/", "pytest_plugin/")
#: the files that import a module by a text, which no check of imports can follow: what plug-ins and tables name
IMPORTS_BY_TEXT = {
    "cli/__init__.py", "core/__init__.py", "core/plugins.py", "instruments/driver.py", "storage/__init__.py",
    "simulated_backends/virtual_instruments/registry.py",
}


def texts(tree: ast.Module) -> Iterator[str]:
    """Yield the texts of a module, without docstrings."""
    alone = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in alone:
            yield node.value


def test_every_source_file_belongs_to_a_package() -> None:
    assert {path for path in without_package() if not path.startswith("examples/plugins/")} == set()


def test_no_modules_import_one_another() -> None:
    """Unlike the contract, this counts a package's own file, its stub, and imports for type checkers."""
    assert circles(import_graph()) == []


def test_no_module_imports_a_package_that_it_belongs_to() -> None:
    found = {
        (module, package) for module, names in import_graph().items() for package in names
        if module.startswith(f"{package}.") and not module.startswith("tsbench.examples.")
    }
    assert found == set()


def test_a_circle_is_found_however_it_is_written() -> None:
    """A package's own file, a relative import in a function and an import for type checkers each close a circle."""
    sources = {
        "a": "from a.b import B", "a.b": "import a.c", "a.c": "def f():\n    from . import d",
        "a.d": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from a import B", "a.e": "from .b import B",
    }
    known = {name: (ast.parse(text),) for name, text in sources.items()}
    graph = graph_of(known, {"a"})
    assert graph["a.e"] == {"a.b"}
    assert circles(graph) == [["a", "a.b", "a.c", "a.d"]]


def test_only_extraction_and_figures_of_protocols_know_analysis() -> None:
    graph = import_graph()
    analysis = {name for name in graph if import_name(name, 2) == "tsbench.analysis"}
    protocols = {name for name in graph if import_name(name, 2) == "tsbench.protocols"}
    reading = {name for name in protocols if name.startswith(READING_FOLDER) or name.endswith(READING_FILES)}
    combining = {name for name in protocols
                 if name.endswith(COMBINING) or ROOT.joinpath(*name.split(".")[1:], "__init__.py").exists()}
    assert {name for name in protocols - reading if graph[name] & analysis} == set()
    assert {name for name in protocols - reading - combining if reachable(graph, name) & analysis} == set()


def test_no_folder_of_the_program_imports_examples_or_tests() -> None:
    found = {
        (module, name) for module, found in modules().items() if not module.startswith("tsbench.examples")
        for tree in found for name in imported(module, tree)
        if name.startswith("tsbench.examples") or import_name(name, 1) in {"tests", "benchmarks", "setup"}
    }
    assert found == set()


def test_few_files_import_by_a_text() -> None:
    found = {
        path for path, tree in trees().items() for node in ast.walk(tree)
        if (isinstance(node, ast.Attribute) and node.attr in {"import_module", "find_spec"})
        or (isinstance(node, ast.Name) and node.id in {"__import__", "import_module", "find_spec"})
    }
    assert found == IMPORTS_BY_TEXT


def test_every_folder_of_the_simulation_is_in_the_contract_on_equations() -> None:
    (contract,) = (
        one for one in tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
        if one.get("forbidden_modules") == [f"{DEVICES}.*.equations"])
    folders = {f"tsbench.simulated_backends.{path.parent.name}" for path in
               (ROOT / "simulated_backends").glob("*/__init__.py")}
    assert folders - set(contract["source_modules"]) == {DEVICES, "tsbench.simulated_backends.numerics"}


def test_no_other_folder_compares_with_a_device_name() -> None:
    names = (MECHANISMS | CLASSES | {entry.mechanism for entry in catalogue().values()} | set(catalogue())) - ELEMENTS
    found = {
        (path, text) for path, tree in trees().items() if not path.startswith(NAME_DEVICES)
        for text in texts(tree) if text in names
    }
    assert found == set()


@pytest.mark.parametrize("folder", ["circuit", "life", "numerics"])
def test_no_message_of_the_engine_speaks_of_one_device(folder: str) -> None:
    words = {name.replace("_", " ") for name in MECHANISMS - ELEMENTS} - {"diode", "transistor", "hysteretic"}
    found = {
        (path, text) for path, tree in trees().items() if path.startswith(f"simulated_backends/{folder}/")
        for text in texts(tree) if any(word in text.lower() for word in words)
    }
    assert found == set()
