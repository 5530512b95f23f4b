"""Borders between rooms that the import contracts cannot see: names in text, and imports by the package's door."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.core.test_sizes import trees
from tsbench.simulated_backends.devices.catalogue import catalogue

ROOT = Path(__file__).resolve().parents[2]
DEVICES = "tsbench.simulated_backends.devices"
MECHANISMS = {path.parent.name for path in (ROOT / "simulated_backends" / "devices").glob("*/equations.py")}
ENGINE = ("simulated_backends/circuit/", "simulated_backends/numerics/")
#: what a room may take from the package itself
DOOR = {"__version__"}
#: the only modules that look at the package itself, for its version and its place on disk
PART_OF_DOOR = ("storage/provenance.py", "storage/nexus/sidecar.py", "storage/sidecar.py")
#: elements of any netlist have these names as well
ELEMENTS = {"resistor", "capacitor"}


def imported(tree: ast.Module) -> Iterator[str]:
    """Yield the full name of all that a module imports, also for type checking and in functions."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def engine() -> list[str]:
    return [path for path in trees() if path.startswith(ENGINE)]


def test_the_engine_imports_no_device() -> None:
    found = {
        (path, name) for path in engine() for name in imported(trees()[path])
        if name.startswith(f"{DEVICES}.") and name.removeprefix(f"{DEVICES}.").partition(".")[0] in MECHANISMS
    }
    assert found == set()


def test_the_engine_compares_with_no_device_name() -> None:
    names = (MECHANISMS | {entry.mechanism for entry in catalogue().values()} | set(catalogue())) - ELEMENTS
    found = {
        (path, node.value) for path in engine() for node in ast.walk(trees()[path])
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in names
    }
    assert found == set()


@pytest.mark.parametrize("room", ["analysis", "instruments", "protocols", "storage", "simulated_backends", "station"])
def test_no_room_goes_out_by_the_door(room: str) -> None:
    found = {
        (path, name) for path, tree in trees().items() if path.startswith(f"{room}/") and path not in PART_OF_DOOR
        for name in imported(tree)
        if name == "tsbench" or (name.startswith("tsbench.") and name.count(".") == 1
                                 and name.removeprefix("tsbench.") not in DOOR | ROOMS)
    }
    assert found == set()


#: rooms and ground-floor modules: importing one of these by name is what the contracts look at
ROOMS = {path.stem for path in (ROOT / "core").glob("*.py")} | {
    path.name for path in ROOT.iterdir() if (path / "__init__.py").exists()} | {"netlist"}
