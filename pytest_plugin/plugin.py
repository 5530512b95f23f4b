"""For pytest: a simulated bench for a user's tests, its witness, faults, and a failure for an output left on.

Installed with tsbench and there in every pytest run; nothing is imported before a fixture is asked for.

``simulated_bench``   a private copy of an example bench or of one's own, just switched on, with its own witness
``measure``           runs a protocol on it: ``measure("iv_sweep", stop="1.2 V").value("threshold_voltage")``
``witness``           what devices and outputs of it really saw

``@pytest.mark.tsbench_bench("lab.bench.toml")``     which bench: a file beside the test, or an example's name
``@pytest.mark.tsbench_seed(7)``                     seed of noise and calibration errors
``@pytest.mark.tsbench_fault("timeout", message=12)``    what goes wrong, when (see ``docs/faults.md``)

Defaults stand in the ini file as ``tsbench_bench`` and ``tsbench_seed``. A test that leaves an output on, of
``simulated_bench`` or of any simulated bench of its process (still on, or on when the bench was closed), fails
at teardown by the witness's word, whatever it asserted; ``@pytest.mark.tsbench_outputs_stay_on`` allows it.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tsbench.errors import ConfigurationError, TsbenchError
from tsbench.pytest_plugin.simulated_bench import SimulatedBench, WitnessReader, example_benches

MARKS = (
    "tsbench_bench(path): the bench of the fixture simulated_bench (a bench file, or the name of an example)",
    "tsbench_seed(number): seed of the simulated bench",
    "tsbench_fault(kind, *, message=N | time=s, instrument=NAME, ...): a fault of the simulated bench (a test can "
    "have several of these marks)",
    "tsbench_outputs_stay_on: this test may leave outputs on",
)
#: outputs that are on and that an earlier test has been blamed for
_KNOWN: pytest.StashKey[frozenset[tuple[Any, str]]] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the ini options."""
    parser.addini("tsbench_bench", "bench of the fixture simulated_bench: a bench file or an example", default="nbo2")
    parser.addini("tsbench_seed", "seed of the bench of the fixture simulated_bench (default: the seed in its world "
                  "file)", default="")


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marks."""
    for mark in MARKS:
        config.addinivalue_line("markers", mark)


# ------------------------------------------------------------------------------------------------- fixtures


@pytest.fixture
def simulated_bench(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SimulatedBench]:
    """A private simulated bench: ``path``, ``open()``, ``measure(...)``, ``witness``; no output may stay on."""
    folder = tmp_path / "simulated_bench"
    try:
        bench = SimulatedBench.copy_of(_bench_file(request), folder, _seed(request), _faults(request))
    except ConfigurationError as error:
        pytest.fail(str(error), pytrace=False)
    monkeypatch.setenv("TSBENCH_WITNESS", str(bench.witness.path))
    yield bench
    left = bench.witness.outputs_left_on()
    bench.close()
    _fail_on(request.node, left)


@pytest.fixture
def witness(simulated_bench: SimulatedBench) -> WitnessReader:
    """What the devices and outputs of ``simulated_bench`` really saw."""
    return simulated_bench.witness


@pytest.fixture
def measure(simulated_bench: SimulatedBench) -> Any:
    """Return ``simulated_bench.measure``: runs a protocol by name, returns outcome, run and values."""
    return simulated_bench.measure


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    """Look, when all fixtures of a test are gone, whether any bench of this process was left with an output on."""
    outcome = yield
    worlds = sys.modules.get("tsbench.simulated_backends.world.world")
    if worlds is None:
        return
    try:
        for world in worlds.open_worlds():
            world.settle()  # the last message of a test acts after the test has sent it
        _fail_on(item, _left_on(item, worlds))
    except (pytest.fail.Exception, TsbenchError) as failure:
        outcome.force_exception(failure)  # type: ignore[attr-defined]


def _left_on(item: pytest.Item, worlds: Any) -> list[str]:
    """Return the outputs that this test left on; what an earlier test left on is not its fault."""
    on = {(world, name) for world in worlds.open_worlds() for name in world.witness.outputs_on()}
    known = item.config.stash.get(_KNOWN, frozenset())
    left = [*worlds.left_on, *sorted(name for world, name in on - known)]
    worlds.left_on.clear()
    item.config.stash[_KNOWN] = frozenset(on)
    return left


def _fail_on(item: Any, outputs: list[str]) -> None:
    if outputs and item.get_closest_marker("tsbench_outputs_stay_on") is None:
        names = ", ".join(dict.fromkeys(outputs))
        pytest.fail(
            f"{item.name} left an output on: {names} (seen by the witness of the simulated bench). Switch the output "
            "off in the tested code with 'try' and 'finally', so that the output also goes off after an error",
            pytrace=False,
        )


# ------------------------------------------------------------------------------------------ a private bench


def _argument(request: pytest.FixtureRequest, mark: str, ini: str) -> Any:
    found = request.node.get_closest_marker(mark)
    if found is None:
        return request.config.getini(ini)
    if len(found.args) != 1 or found.kwargs:
        pytest.fail(f"{mark} takes one argument, without a keyword", pytrace=False)
    return found.args[0]


def _bench_file(request: pytest.FixtureRequest) -> Path:
    """Return the bench file: beside the test, below the root of the tests, or an example by its name."""
    wanted = str(_argument(request, "tsbench_bench", "tsbench_bench"))
    examples = example_benches()
    for path in (request.path.parent / wanted, request.config.rootpath / wanted):
        if path.is_file():
            return path
    found = examples.get(wanted.removesuffix(".bench.toml"))
    if found is None:
        known = ", ".join(examples)
        pytest.fail(f"bench '{wanted}' is neither a file beside the test nor an example. The examples "
                    f"are {known}", pytrace=False)
    return found


def _seed(request: pytest.FixtureRequest) -> int | None:
    seed = _argument(request, "tsbench_seed", "tsbench_seed")
    if seed == "":
        return None
    try:
        return int(seed)
    except (TypeError, ValueError):
        pytest.fail(f"tsbench_seed takes a whole number, got {seed!r}", pytrace=False)


def _faults(request: pytest.FixtureRequest) -> list[dict[str, Any]]:
    """Return the faults of all marks, those of the module first."""
    marks = reversed(list(request.node.iter_markers("tsbench_fault")))
    faults = []
    for mark in marks:
        if len(mark.args) != 1:
            pytest.fail('tsbench_fault takes a kind of fault, and then keywords. Write for example '
                        'tsbench_fault("timeout", message=12)', pytrace=False)
        faults.append({"kind": mark.args[0], **mark.kwargs})
    return faults
