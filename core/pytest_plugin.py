"""For pytest: a simulated bench for a user's tests, its witness, faults, and a failure for an output left on.

Installed with tsbench and there in every pytest run; nothing is imported before a fixture is asked for.

``simulated_bench``   a private copy of an example bench or of one's own, just switched on, with its own witness
``measure``           runs a protocol on it: ``measure("iv_sweep", stop="1.2 V").value("threshold_voltage")``
``witness``           what devices and outputs of it really saw

``@pytest.mark.tsbench_bench("lab.bench.toml")``     which bench: a file beside the test, or an example's name
``@pytest.mark.tsbench_seed(7)``                     seed of noise and calibration errors
``@pytest.mark.tsbench_fault("timeout", message=12)``    what goes wrong, when (see ``simulated_backends/faults.py``)

Defaults stand in the ini file as ``tsbench_bench`` and ``tsbench_seed``. A test that leaves an output on, of
``simulated_bench`` or of any simulated bench of its process (still on, or on when the bench was closed), fails
at teardown by the witness's word, whatever it asserted; ``@pytest.mark.tsbench_outputs_stay_on`` allows it.
"""

import json
import re
import shutil
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tsbench.bench import Bench
    from tsbench.records import Result, Run
    from tsbench.runner import RunOutcome
    from tsbench.simulated_backends.witness_log import WitnessLog

MARKS = (
    "tsbench_bench(path): which bench the fixture simulated_bench is: a bench file, or an example's name",
    "tsbench_seed(number): seed of the simulated bench",
    "tsbench_fault(kind, *, message=N | time=s, instrument=NAME, ...): what goes wrong on it; repeatable",
    "tsbench_outputs_stay_on: an output that is on after this test is meant to be",
)
BACKEND = "@tsbench"
_TOLD: pytest.StashKey[frozenset[tuple[int, str]]] = pytest.StashKey()  #: outputs that are on and have been told of
_TOP_LEVEL_SEED = re.compile(r"^[ \t]*seed[ \t]*=.*$", re.MULTILINE)
_FIRST_TABLE = re.compile(r"^[ \t]*\[", re.MULTILINE)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the ini options."""
    parser.addini("tsbench_bench", "bench of the fixture simulated_bench: a bench file or an example", default="nbo2")
    parser.addini("tsbench_seed", "seed of the fixture simulated_bench (default: its world file's)", default="")


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marks."""
    for mark in MARKS:
        config.addinivalue_line("markers", mark)


@dataclass(frozen=True)
class Measured:
    """A run as it ended and as it is in its file."""

    outcome: "RunOutcome"
    run: "Run"

    @property
    def results(self) -> "tuple[Result, ...]":
        """Return what was extracted."""
        return self.outcome.results

    def values(self, quantity: str) -> list[float | None]:
        """Return every extracted value of a quantity, in SI units."""
        return [result.value for result in self.results if result.quantity == quantity]

    def value(self, quantity: str) -> float:
        """Return the one value of a quantity; AssertionError where there is none, or more than one."""
        found = [value for value in self.values(quantity) if value is not None]
        names = sorted({result.quantity for result in self.results})
        if len(found) != 1:
            raise AssertionError(
                f"{len(found)} values of {quantity} in a run that ended with {self.outcome.status} "
                f"({self.outcome.reason or 'no reason'}); extracted: {', '.join(names) or 'nothing'}"
            )
        return found[0]


class WitnessReader:
    """What really happened on a simulated bench, read anew at every question."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def sessions(self) -> "list[WitnessLog]":
        """Return one log for each time the bench was opened, in order; none before the first."""
        from tsbench.simulated_backends.witness_log import read_sessions

        return read_sessions(self.path) if self.path.exists() else []

    @property
    def log(self) -> "WitnessLog":
        """Return the log of the bench that was opened last: devices, outputs, switching, overshoots, maxima."""
        from tsbench.simulated_backends.witness_log import WitnessLog

        return self.sessions[-1] if self.sessions else WitnessLog(())

    def outputs_left_on(self) -> list[str]:
        """Return every output that is on, or was when its bench was switched off."""
        return [name for log in self.sessions for name, on in log.outputs().items() if on]


class SimulatedBench:
    """A private copy of a bench file and its world.

    Attributes
    ----------
    path : Path
        The bench file: give it to ``Bench.open``, ``run_protocol`` or ``tsbench measure --bench``.
    runs : Path
        Where ``measure`` puts run files.
    witness : WitnessReader
    """

    def __init__(self, path: Path, folder: Path) -> None:
        self.path = path
        self.runs = folder / "runs"
        self.witness = WitnessReader(folder / "witness.jsonl")
        text = tomllib.loads(path.read_text("utf-8"))
        self.devices: tuple[str, ...] = tuple(text.get("devices", {}))
        self._opened: list[Bench] = []

    def open(self, device: str | None = None) -> "Bench":
        """Open the bench with a device connected (None: the first of the file).

        It is closed after the test, when the witness has been asked what the test left on: closing it oneself,
        or with ``with``, switches off.
        """
        from tsbench.bench import Bench

        bench = Bench.open(self.path, self._device(device))
        self._opened.append(bench)
        return bench

    def close(self) -> None:
        """Close what is still open."""
        while self._opened:
            self._opened.pop().close()

    def measure(self, protocol: str, device: str | None = None, **parameters: Any) -> Measured:
        """Run a protocol; parameters as in ``--set``: numbers in SI units, or text with units.

        A run that fails does not raise: see ``outcome.status`` and ``outcome.reason``.

        Raises
        ------
        TsbenchError
            Nothing was measured: a wrong parameter, a refused plan, a bench that cannot be opened.
        """
        from tsbench.protocols import protocol_named
        from tsbench.runner import run_protocol
        from tsbench.storage import read_run

        prepared = protocol_named(protocol).parse(parameters)
        outcome = run_protocol(self.path, self._device(device) or "", prepared, self.runs, durability="process")
        assert outcome.path is not None
        return Measured(outcome, read_run(outcome.path))

    def _device(self, device: str | None) -> str | None:
        return device if device is not None else next(iter(self.devices), None)


# ------------------------------------------------------------------------------------------------- fixtures


@pytest.fixture
def simulated_bench(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SimulatedBench]:
    """A private simulated bench: ``path``, ``open()``, ``measure(...)``, ``witness``; no output may stay on."""
    folder = tmp_path / "simulated_bench"
    bench = SimulatedBench(_copy(_bench_file(request), folder, _seed(request), _faults(request)), folder)
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
    worlds = sys.modules.get("tsbench.simulated_backends.world")
    if worlds is not None:
        on = {(id(world), name) for world in worlds.open_worlds() for name in world.witness.outputs_on()}
        told = item.config.stash.get(_TOLD, frozenset())  # what an earlier test left on is not this one's fault
        left = [*worlds.left_on, *sorted(name for world, name in on - told)]
        worlds.left_on.clear()
        item.config.stash[_TOLD] = frozenset(on)
        try:
            _fail_on(item, left)
        except pytest.fail.Exception as failure:
            outcome.force_exception(failure)  # type: ignore[attr-defined]


def _fail_on(item: Any, outputs: list[str]) -> None:
    if outputs and item.get_closest_marker("tsbench_outputs_stay_on") is None:
        names = ", ".join(dict.fromkeys(outputs))
        pytest.fail(
            f"{item.name} left an output on: {names} (by the witness of the simulated bench). Switch it off in "
            "what is tested, whatever happens in it: with 'try' and 'finally'",
            pytrace=False,
        )


# ------------------------------------------------------------------------------------------ a private bench


def _argument(request: pytest.FixtureRequest, mark: str, ini: str) -> Any:
    found = request.node.get_closest_marker(mark)
    if found is None:
        return request.config.getini(ini)
    if len(found.args) != 1 or found.kwargs:
        pytest.fail(f"{mark} takes one argument", pytrace=False)
    return found.args[0]


def _bench_file(request: pytest.FixtureRequest) -> Path:
    """Return the bench file: beside the test, below the root of the tests, or an example by its name."""
    from importlib.resources import files

    wanted = str(_argument(request, "tsbench_bench", "tsbench_bench"))
    examples = Path(str(files("tsbench.examples")))
    tried = [
        request.path.parent / wanted, request.config.rootpath / wanted, examples / wanted,
        examples / f"{wanted}.bench.toml",
    ]
    for path in tried:
        if path.is_file():
            return path
    known = ", ".join(sorted(path.name.removesuffix(".bench.toml") for path in examples.glob("*.bench.toml")))
    pytest.fail(f"no bench '{wanted}': neither a file beside the test nor an example ({known})", pytrace=False)


def _seed(request: pytest.FixtureRequest) -> int | None:
    seed = _argument(request, "tsbench_seed", "tsbench_seed")
    return None if seed == "" else int(seed)


def _faults(request: pytest.FixtureRequest) -> list[dict[str, Any]]:
    """Return the faults of all marks, those of the module first."""
    marks = reversed(list(request.node.iter_markers("tsbench_fault")))
    faults = []
    for mark in marks:
        if len(mark.args) != 1:
            pytest.fail("tsbench_fault takes a kind of fault, then keywords: when and where", pytrace=False)
        faults.append({"kind": mark.args[0], **mark.kwargs})
    return faults


def _copy(bench: Path, folder: Path, seed: int | None, faults: list[dict[str, Any]]) -> Path:
    """Copy a bench file and the world files behind it to ``folder``; return the copy of the bench file."""
    table = tomllib.loads(bench.read_text("utf-8"))
    libraries = [table.get("visa_library", "")]
    libraries += [facts.get("visa_library", "") for facts in table.get("instruments", {}).values()]
    worlds = {library.removesuffix(BACKEND) for library in libraries if library.endswith(BACKEND)}
    if not worlds:
        pytest.fail(f"{bench}: no simulated bench: visa_library is not a world file with {BACKEND}", pytrace=False)
    folder.mkdir(parents=True)
    text = bench.read_text("utf-8")
    for world in worlds:
        name = Path(world).name
        content = _changed((bench.parent / world).read_text("utf-8"), seed, faults)
        (folder / name).write_text(content, "utf-8")
        text = text.replace(f"{world}{BACKEND}", f"{name}{BACKEND}")
    (folder / bench.name).write_text(text, "utf-8")
    for netlist in bench.parent.glob("*.cir"):
        shutil.copy(netlist, folder)
    return folder / bench.name


def _changed(world: str, seed: int | None, faults: list[dict[str, Any]]) -> str:
    """Return a world file's text with another seed and more faults."""
    if seed is not None:
        table = _FIRST_TABLE.search(world)
        end = table.start() if table else len(world)
        world = f"seed = {seed}\n{_TOP_LEVEL_SEED.sub('', world[:end])}{world[end:]}"
    for fault in faults:  # numbers, words and yes or no are written alike in JSON and TOML
        world += "\n[[faults]]\n" + "".join(f"{name} = {json.dumps(value)}\n" for name, value in fault.items())
    return world
