"""``import tsbench``: the names it offers, and what it costs to import it and to print the help."""

import ast
import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

import tsbench

ROOT = Path(__file__).resolve().parents[2]
MODULES = "import json, sys; print(json.dumps(sorted(sys.modules)), file=sys.stderr)"
OF_HELP = {
    "tsbench", "tsbench.errors", "tsbench.version", "tsbench.cli", *(f"tsbench.cli.{name}" for name in (
        "assisting", "campaigns", "checking", "comparing", "conforming", "declaring", "drawing", "exporting",
        "json_output", "listing", "measuring", "parser", "plain_text", "querying", "reading", "recording", "reporting",
        "reviewing", "serving", "simulating", "starting", "station", "statistics")),
}


def declared() -> dict[str, str]:
    """Return name -> module of the stub that type checkers read."""
    stub = ast.parse((ROOT / "core" / "__init__.pyi").read_text("utf-8"))
    imports = [node for node in stub.body if isinstance(node, ast.ImportFrom)]
    assert all(alias.asname == alias.name for node in imports for alias in node.names)
    return {alias.name: str(node.module) for node in imports for alias in node.names}


def modules(code: str) -> set[str]:
    """Return the modules that a fresh interpreter holds after ``code``."""
    outcome = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(json.loads(outcome.stderr.splitlines()[-1]))


def test_every_name_is_what_the_types_say() -> None:
    assert set(declared()) == set(tsbench.__all__)
    for name, module in declared().items():
        home = importlib.import_module(module)
        assert getattr(tsbench, name) is getattr(home, name), name


def test_dir_lists_every_name() -> None:
    assert set(tsbench.__all__) <= set(dir(tsbench))


def test_a_name_that_is_not_offered_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = tsbench.nothing  # type: ignore[attr-defined]


def test_importing_the_package_imports_nothing_else() -> None:
    assert modules(f"import tsbench; {MODULES}") - modules(MODULES) == {"tsbench"}


def test_the_help_imports_the_parser_only() -> None:
    call = "import tsbench.cli\ntry:\n    tsbench.cli.main(['--help'])\nexcept SystemExit:\n    pass\n"
    found = modules(call + MODULES)
    assert {name for name in found if name.startswith("tsbench")} == OF_HELP
    assert not found & {"numpy", "pydantic", "matplotlib", "pyvisa", "h5py", "numba", "rich"}


@pytest.mark.sabotage("resistor", "units")
def test_a_script_measures_with_these_names_alone(tmp_path: Path) -> None:
    bench = tsbench.SimulatedBench.copy_of("nbo2", tmp_path / "bench", seed=2)
    sweep = tsbench.IVSweep.parse(stop="1.2 V", step="20 mV")
    outcome = tsbench.run_protocol(bench.path, "D1", sweep, tmp_path / "runs", watchdog=False)
    assert outcome.path is not None
    run = tsbench.read_run(outcome.path)
    assert tsbench.extract(run) == outcome.results
    (true,) = [event.threshold for event in bench.witness.log.switching_on() if event.polarity > 0]
    (found,) = [result for result in outcome.results if result.quantity == "threshold_voltage"]
    assert found.low is not None and found.high is not None and found.low <= true <= found.high
