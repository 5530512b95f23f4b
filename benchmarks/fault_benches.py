"""The runs that ``benchmarks.faults`` disturbs: of the demo bench, and of a bench for each family of drivers."""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.pairs.cells import GENERATOR, PARTS, SCOPE, SOURCE_METER, Cell, Model, lay, models
from tsbench.instruments.registry import DRIVERS

BENCH = Path(__file__).resolve().parent.parent / "examples" / "nbo2.bench.toml"
#: a short run of each protocol, with every kind of message that it sends
SHORT: dict[str, dict[str, Any]] = {
    "iv_sweep": {"stop": 1.2, "step": 0.6, "ramp_rate": 100},
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
#: in place of its step on the bench of a family: two levels on the way up and back tell a device that stays on
_FINER = {"step": 0.4}
#: the oscilloscope beside every source, the generator beside every oscilloscope
_PARTNERS = ("keysight_infiniivision", "keysight_33500")
_SEED = 20261128


@dataclass(frozen=True)
class ShortRun:
    """One short run of a protocol on one bench; ``cell`` is None on the demo bench."""

    protocol: str
    cell: Cell | None = None

    @property
    def name(self) -> str:
        """Return its name in the table: the protocol, and on a bench of its own the drivers."""
        if self.cell is None:
            return self.protocol
        assert self.cell.scope is not None
        return f"{self.cell.source.driver}+{self.cell.scope.driver} {self.protocol}"

    @property
    def parameters(self) -> Mapping[str, Any]:
        """Return the parameters of the protocol."""
        return {**SHORT[self.protocol], **(_FINER if self.cell and self.protocol == "iv_sweep" else {})}

    @property
    def triggered(self) -> frozenset[str]:
        """Return the instruments of the bench that may miss a trigger."""
        if self.cell is None or self.cell.source.kind == GENERATOR:
            return frozenset({"source", "generator", "scope"})
        return frozenset({"scope"})

    @property
    def unmarked(self) -> frozenset[str]:
        """Return the instruments that restart only with their connection: nothing in their language shows a restart.

        The 4200A-SCS is a computer. After a restart, it does not answer until somebody starts KXCI at its screen.
        """
        if self.cell is None:
            return frozenset()
        placed = {"source": self.cell.source, "scope": self.cell.scope}
        languages = {name: DRIVERS.things()[model.driver].load().language for name, model in placed.items() if model}
        return frozenset(name for name, language in languages.items()
                         if language.power_questions == (language.identity_question,))

    def lay(self, folder: Path) -> Path:
        """Return the bench file, which is written into ``folder`` unless it is that of the demo bench."""
        return BENCH if self.cell is None else lay(self.cell, folder, _SEED, imperfections=True)


def on_the_demo_bench() -> list[ShortRun]:
    """Return one run of each protocol on the demo bench."""
    return [ShortRun(protocol) for protocol in SHORT]


@functools.cache
def of_drivers() -> tuple[ShortRun, ...]:
    """Return the runs of every family of source meters, generators and oscilloscopes, by what is registered."""
    runs, scopes, source = list[ShortRun](), models(SCOPE), _partner(GENERATOR)
    beside = _partner(SCOPE)
    parts = [part for part in PARTS if part.device == "nbo2"]
    for part in parts:
        for kind in part.kinds:
            runs += [ShortRun(part.protocol, Cell(part, family[0], beside)) for family in models(kind)]
    pulses = next(part for part in parts if part.protocol == "pulse_train")
    runs += [ShortRun(pulses.protocol, Cell(pulses, source, family[0])) for family in scopes if beside not in family]
    return tuple(sorted(runs, key=lambda run: run.name))


def _partner(kind: str) -> Model:
    """Return what stands beside the families of another kind."""
    return next(model for family in models(kind) for model in family if model.driver in _PARTNERS)


def of_families(names: Sequence[str]) -> list[ShortRun]:
    """Return the runs of the families that have one of the drivers ``names``; of all families where none is named.

    Raises
    ------
    ValueError
        No family has one of the drivers.
    """
    if not names:
        return list(of_drivers())
    wanted = set[str]()
    known = [family for kind in (SOURCE_METER, GENERATOR, SCOPE) for family in models(kind)]
    for name in names:
        found = {family[0].driver for family in known if any(name == model.driver for model in family)}
        if not found:
            listed = ", ".join(sorted({family[0].driver for family in known}))
            raise ValueError(f"no family has the driver '{name}'. The families are {listed}")
        wanted |= found
    return [run for run in of_drivers() if run.cell and run.cell.scope
            and wanted & {run.cell.source.driver, run.cell.scope.driver}]


def short_run(name: str) -> ShortRun:
    """Return the run with a name."""
    if name in SHORT:
        return ShortRun(name)
    return next(run for run in of_drivers() if run.name == name)
