"""A private copy of a simulated bench for one test: run a protocol on it, and see what really happened.

Nothing heavy is imported before it is used; the fixtures are in ``pytest_plugin``.
"""

import json
import re
import shutil
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tsbench.errors import ConfigurationError

if TYPE_CHECKING:
    from tsbench.records import Result, Run
    from tsbench.simulated_backends.witness.log import WitnessLog
    from tsbench.station.bench.bench import Bench
    from tsbench.station.runner import RunOutcome

BACKEND = "@tsbench"
_BENCH = ".bench.toml"
WITNESS = "witness.jsonl"  #: of a private copy
_WITNESS_TABLE = re.compile(r"^[ \t]*\[witness\].*?(?=^[ \t]*\[|\Z)", re.MULTILINE | re.DOTALL)
_TOP_LEVEL_SEED = re.compile(r"^[ \t]*seed[ \t]*=.*$", re.MULTILINE)
_FIRST_TABLE = re.compile(r"^[ \t]*\[", re.MULTILINE)


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
                f"the run has {len(found)} values of {quantity}, but one is needed. The run ended with the "
                f"status '{self.outcome.status}' ({self.outcome.reason or 'without a reason'}). The extracted "
                f"quantities are: {', '.join(names) or 'none'}"
            )
        return found[0]


class WitnessReader:
    """What really happened on a simulated bench, read anew at every question."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def sessions(self) -> "list[WitnessLog]":
        """Return one log for each time the bench was opened, in order; none before the first.

        What an open bench of this process has received acts first: an instrument needs some time to switch off.
        """
        from tsbench.simulated_backends.witness.log import read_sessions
        from tsbench.simulated_backends.world.world import open_worlds

        for world in open_worlds():
            if world.witness_path() == self.path:
                world.settle()
        return read_sessions(self.path) if self.path.exists() else []

    @property
    def log(self) -> "WitnessLog":
        """Return the log of the bench that was opened last: devices, outputs, switching, overshoots, maxima."""
        from tsbench.simulated_backends.witness.log import WitnessLog

        return self.sessions[-1] if self.sessions else WitnessLog(())

    def outputs_left_on(self) -> list[str]:
        """Return every output that is on, or was when its bench was switched off."""
        return [name for log in self.sessions for name, on in log.outputs().items() if on]


class SimulatedBench:
    """A private copy of a bench file and its world.

    Attributes
    ----------
    path : Path
        The bench file, for ``Bench.open``, ``run_protocol`` or ``tsbench measure --bench``.
    runs : Path
        Where ``measure`` puts run files.
    witness : WitnessReader
    """

    def __init__(self, path: Path, folder: Path) -> None:
        self.path = path
        self.runs = folder / "runs"
        self.witness = WitnessReader(folder / WITNESS)
        text = tomllib.loads(path.read_text("utf-8"))
        self.devices: tuple[str, ...] = tuple(text.get("devices", {}))
        self._opened: list[Bench] = []

    @classmethod
    def copy_of(
        cls, bench: Path | str, folder: Path | str, seed: int | None = None, faults: Sequence[Mapping[str, Any]] = (),
    ) -> "SimulatedBench":
        """Copy a bench file and the world files behind it, and return the bench of the copies.

        Parameters
        ----------
        bench : the bench file, or the name of an example: "nbo2", "resistor"
        folder : where the copies, the run files and the witness go; it must not exist
        seed : another seed of noise and calibration errors
        faults : further ``[[faults]]`` of the world file, such as ``{"kind": "timeout", "message": 40}``

        Raises
        ------
        ConfigurationError
            No instrument of the bench file is simulated.
        """
        path, folder = Path(bench), Path(folder)
        if not path.is_file():
            path = example_benches().get(str(bench), path)
        return cls(_private_copy(path, folder, seed, faults), folder)

    def open(self, device: str | None = None) -> "Bench":
        """Open the bench with a device connected (None: the first of the file).

        It is closed after the test, when the witness has been asked what the test left on: closing it oneself,
        or with ``with``, switches off.
        """
        from tsbench.station.bench.bench import Bench

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
        from tsbench.station.runner import run_protocol
        from tsbench.storage import read_run

        prepared = protocol_named(protocol).parse(parameters)
        outcome = run_protocol(self.path, self._device(device) or "", prepared, self.runs, durability="process")
        assert outcome.path is not None
        return Measured(outcome, read_run(outcome.path))

    def _device(self, device: str | None) -> str | None:
        return device if device is not None else next(iter(self.devices), None)


def example_benches() -> dict[str, Path]:
    """Return name -> bench file of the examples."""
    found = Path(str(files("tsbench.examples"))).glob(f"*{_BENCH}")
    return {path.name.removesuffix(_BENCH): path for path in sorted(found)}


def _private_copy(bench: Path, folder: Path, seed: int | None, faults: Sequence[Mapping[str, Any]]) -> Path:
    table = tomllib.loads(bench.read_text("utf-8"))
    libraries = [table.get("visa_library", "")]
    libraries += [facts.get("visa_library", "") for facts in table.get("instruments", {}).values()]
    worlds = {library.removesuffix(BACKEND) for library in libraries if library.endswith(BACKEND)}
    if not worlds:
        raise ConfigurationError(
            f"{bench}: this is not a simulated bench, because visa_library names no world file. Write for example "
            f'visa_library = "world.toml{BACKEND}"'
        )
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


def _changed(world: str, seed: int | None, faults: Sequence[Mapping[str, Any]]) -> str:
    """Return a world file's text with the private copy's witness file, another seed and more faults."""
    world = f'{_WITNESS_TABLE.sub("", world)}\n[witness]\nfile = "{WITNESS}"\n'
    if seed is not None:
        table = _FIRST_TABLE.search(world)
        end = table.start() if table else len(world)
        world = f"seed = {seed}\n{_TOP_LEVEL_SEED.sub('', world[:end])}{world[end:]}"
    for fault in faults:  # numbers, words and yes or no are written alike in JSON and TOML
        world += "\n[[faults]]\n" + "".join(f"{name} = {json.dumps(value)}\n" for name, value in fault.items())
    return world
