"""The runs that ``benchmarks.faults`` disturbs: of the demo bench, and of a bench for each family of drivers."""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.fault_surroundings import SURROUNDINGS, Surroundings
from benchmarks.pairs.cells import GENERATOR, PARTS, SCOPE, SOURCE_METER, Cell, Model, lay, models
from tsbench.instruments.formfactor_velox.driver import VELOX
from tsbench.instruments.languages.kxci import KXCI
from tsbench.instruments.mpi_sentio.driver import SENTIO
from tsbench.instruments.registry import DRIVERS

BENCH = Path(__file__).resolve().parent.parent / "examples" / "nbo2.bench.toml"
#: a short run of each protocol, with every kind of message that it sends
SHORT: dict[str, dict[str, Any]] = {
    "iv_sweep": {"stop": 1.2, "step": 0.6, "approach_rate": 100},
    "pulse_train": {"count": 2, "amplitude": [1.15], "probe": False},
    "oscillation": {"bias": [2.0], "record_span": 2e-6},
    "paired_pulse": {
        "amplitude": [1.15], "base": 0.0, "width": 1e-6, "gaps": [2e-6], "repeats": 1, "rest": 1e-3,
        "rise_time": 10e-9, "fall_time": 10e-9, "resolution": 300,
    },
    "relaxation": {
        "amplitude": [1.1], "base": 0.1, "width": 1e-6, "window": 2e-6, "repeats": 1, "rest": 1e-3, "samples": 1000,
        "rise_time": 10e-9, "fall_time": 10e-9,
    },
}
#: in place of its step on the bench of a family: with few levels, a device that changes beside one of them is not told
_FINER = {"step": 0.1}
#: the oscilloscope beside every source, the generator beside every oscilloscope
_PARTNERS = ("keysight_infiniivision", "keysight_33500")
_SEED = 20261128


@dataclass(frozen=True)
class ShortRun:
    """One short run of a protocol on one bench; without ``cell`` and ``surroundings`` on the demo bench."""

    protocol: str  #: "" where a script only is disturbed
    cell: Cell | None = None
    surroundings: Surroundings | None = None

    @property
    def name(self) -> str:
        """Return its name in the table: the protocol, and on a bench of its own the drivers."""
        if self.surroundings is not None:
            return next(name for name, one in SURROUNDINGS.items() if one is self.surroundings)
        return f"{'+'.join(self.instruments.values())} {self.protocol}" if self.cell else self.protocol

    @property
    def instruments(self) -> Mapping[str, str]:
        """Return the instruments of a bench of its own: name -> driver."""
        if self.surroundings is not None:
            return self.surroundings.instruments
        if self.cell is None:
            return {}
        placed = {"source": self.cell.source, "scope": self.cell.scope}
        return {name: model.driver for name, model in placed.items() if model is not None}

    @property
    def device(self) -> str:
        """Return the device that is connected when the bench is opened."""
        return "D1" if self.surroundings is None else self.surroundings.device

    @property
    def parameters(self) -> Mapping[str, Any]:
        """Return the parameters of the protocol."""
        return {**SHORT[self.protocol], **(_FINER if self.instruments and self.protocol == "iv_sweep" else {})}

    @property
    def triggered(self) -> frozenset[str]:
        """Return the instruments of the bench that may miss a trigger."""
        if self.cell is None or self.cell.source.kind == GENERATOR:
            return frozenset({"source", "generator", "scope"})
        return frozenset({"scope"})

    @property
    def judges_device(self) -> bool:
        """Whether a fault of the device can happen, and a protocol judges the device."""
        return bool(self.protocol) and (self.surroundings is None or self.surroundings.spoilt)

    @property
    def unmarked(self) -> frozenset[str]:
        """Return the instruments that restart only with their connection: nothing in their language shows a restart.

        The 4200A-SCS and the wafer probers are programs on a computer. After a restart, they do not answer until
        the operator starts the program.
        """
        return frozenset(name for name, driver in self.instruments.items()
                         if DRIVERS.things()[driver].load().language in (KXCI, SENTIO, VELOX))

    def lay(self, folder: Path) -> Path:
        """Return the bench file, which is written into ``folder`` unless it is that of the demo bench."""
        if self.surroundings is not None:
            return self.surroundings.lay(folder)
        return BENCH if self.cell is None else lay(self.cell, folder, _SEED, imperfections=True)


def on_the_demo_bench() -> list[ShortRun]:
    """Return one run of each protocol on the demo bench."""
    return [ShortRun(protocol) for protocol in SHORT]


@functools.cache
def of_drivers() -> tuple[ShortRun, ...]:
    """Return the runs of every driver that is registered.

    The first driver of each family makes every protocol that it can, its sister drivers make one of them.
    """
    runs, source = list[ShortRun](), _partner(GENERATOR)
    beside = _partner(SCOPE)
    parts = [part for part in PARTS if part.device == "nbo2"]
    for kind in (SOURCE_METER, GENERATOR):
        possible = [part for part in parts if kind in part.kinds]
        for first, *sisters in map(_drivers, models(kind)):
            runs += [ShortRun(part.protocol, Cell(part, first, beside)) for part in possible]
            runs += [ShortRun(possible[0].protocol, Cell(possible[0], sister, beside)) for sister in sisters]
    pulses = next(part for part in parts if part.protocol == "pulse_train")
    runs += [ShortRun(pulses.protocol, Cell(pulses, source, scope)) for family in models(SCOPE)
             for scope in _drivers(family) if scope.driver != beside.driver]
    runs += [ShortRun(one.protocol, surroundings=one) for one in SURROUNDINGS.values()]
    return tuple(sorted(runs, key=lambda run: run.name))


def _drivers(family: Sequence[Model]) -> list[Model]:
    """Return one model for each driver of a family."""
    found: dict[str, Model] = {}
    for model in family:
        found.setdefault(model.driver, model)
    return list(found.values())


def _partner(kind: str) -> Model:
    """Return what stands beside the families of another kind."""
    return next(model for family in models(kind) for model in family if model.driver in _PARTNERS)


def runs_with(names: Sequence[str]) -> list[ShortRun]:
    """Return the runs in which one of the drivers ``names`` takes part; all runs where none is named.

    Raises
    ------
    ValueError
        No run has one of the drivers.
    """
    if not names:
        return list(of_drivers())
    known = sorted({driver for run in of_drivers() for driver in run.instruments.values()})
    for name in names:
        if name not in known:
            raise ValueError(f"no run has the driver '{name}'. The drivers are {', '.join(known)}")
    return [run for run in of_drivers() if set(names) & set(run.instruments.values())]


def short_run(name: str) -> ShortRun:
    """Return the run with a name."""
    if name in SHORT:
        return ShortRun(name)
    return next(run for run in of_drivers() if run.name == name)
