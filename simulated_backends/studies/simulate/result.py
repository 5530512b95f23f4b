"""What a simulated netlist gives: a table of times and saved quantities, written as text or binary."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import numpy as np

from tsbench.records import FloatArray

_ROWS = 2000  #: of text formatted at once


@dataclass(frozen=True)
class Timing:
    """Where the time of a simulation went [s], by the clock unless it is said otherwise."""

    code: float  #: to compile the integrator, or to load it from the cache on disk
    integration: float
    processor: float  #: of the integration, by the processor's own time: others on the machine do not count
    evaluation: float  #: of the saved quantities at the times of the table


@dataclass(frozen=True)
class SimulationResult:
    """Times [s] and one array per saved quantity, in the order of the netlist; V for v(…), A for i(…)."""

    times: FloatArray
    columns: Mapping[str, FloatArray]
    steps: int  #: accepted by the integrator
    messages: tuple[str, ...]  #: what was regularised or not used
    seed: int  #: of everything random in this run
    rtol: float
    timing: Timing

    def write_csv(self, stream: TextIO) -> None:
        """Write a header (``time,v(out),…``) and one row per time, twelve digits each."""
        names = ["time", *self.columns]
        stream.write(",".join(_quoted(name) for name in names) + "\n")
        row = ",".join(["%.12g"] * len(names)) + "\n"
        arrays = [self.times, *self.columns.values()]
        for first in range(0, self.times.size, _ROWS):
            block = np.column_stack([a[first: first + _ROWS] for a in arrays])
            stream.write((row * len(block)) % tuple(block.ravel().tolist()))   # by far the quickest in plain Python

    def write_npz(self, path: Path) -> None:
        """Write arrays ``time``, ``v(out)``, … and the numbers ``seed``, ``rtol``, ``steps``, for ``numpy.load``."""
        with path.open("wb") as stream:   # a name without the ending would be given one
            np.savez(stream, allow_pickle=False, time=self.times, seed=self.seed, rtol=self.rtol, steps=self.steps,
                     **dict(self.columns))


def _quoted(name: str) -> str:
    return f'"{name}"' if "," in name else name   # v(a,b)
