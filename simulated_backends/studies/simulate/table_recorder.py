"""An observer that turns what a circuit does into a table: at every step and on a grid of times."""

import math
import time
from collections.abc import Callable

import numpy as np

from tsbench.errors import TsbenchError
from tsbench.netlist import Transient
from tsbench.records import FloatArray
from tsbench.simulated_backends.circuit.engine import Segment
from tsbench.simulated_backends.circuit.trajectory import RecordedTrajectory

LARGEST_TABLE = 100_000_000  #: numbers in one table: 0.8 GB
SHOWN = 1 / 200  #: of a run, between two calls that say how far it has got


class TableRecorder:
    """Collects the saved quantities at every step and grid point from ``.tran``'s start on.

    Parameters
    ----------
    names : list of str
        Of the quantities, such as ``v(out)``.
    tran : Transient
    progress : callable, optional
        Called with the fraction of the run that is done, at steps of :data:`SHOWN`.
    """

    def __init__(self, names: list[str], tran: Transient, progress: Callable[[float], None] | None = None) -> None:
        self.names, self.tran, self.progress = names, tran, progress
        self._shown = -SHOWN
        self.seconds = self.processor = 0.0   #: [s] spent here and in ``progress``, by the clock and by the processor
        self._rows = 0
        self._last = -math.inf
        self._times: list[FloatArray] = []
        self._values: list[list[FloatArray]] = []

    def observe(self, segment: Segment) -> None:
        """Read the saved quantities of one segment."""
        assert isinstance(segment, RecordedTrajectory)
        begin, busy = time.perf_counter(), time.process_time()
        times = self._times_in(segment)
        if times.size:
            self._last = float(times[-1])
            self._rows += times.size
            self._times.append(times)
            self._values.append([_read(segment, name, times) for name in self.names])
        if self._rows * (1 + len(self.names)) > LARGEST_TABLE:
            raise TsbenchError(
                f"simulate: at {segment.end:.3g} s, the table already has {self._rows} rows of {1 + len(self.names)} "
                f"numbers. A table may have at most {LARGEST_TABLE:.0e} numbers. Use an earlier stop or a later start "
                "in .tran, use a larger rtol, or save fewer quantities")
        share = segment.end / self.tran.stop
        if self.progress is not None and share >= self._shown + SHOWN:
            self._shown = share
            self.progress(min(share, 1.0))
        self.seconds += time.perf_counter() - begin
        self.processor += time.process_time() - busy

    def _times_in(self, segment: RecordedTrajectory) -> FloatArray:
        """Return the ends of steps and the grid points of a segment that are new, in order."""
        step, start, end = self.tran.step, max(segment.start, self.tran.start), segment.end
        if end < start:
            return np.zeros(0)
        grid = np.arange(math.ceil(start / step - 1e-9), math.floor(end / step + 1e-9) + 1) * step
        times = np.concatenate([segment.times, grid])
        times.sort(kind="stable")   # merges two sorted runs
        times = times[np.searchsorted(times, start): np.searchsorted(times, end, side="right")]
        # a grid point that only rounding tells apart from a step is one point
        new = np.empty(times.size, dtype=bool)
        new[:1] = times[:1] > self._last + 1e-6 * step
        np.greater(times[1:] - times[:-1], 1e-6 * step, out=new[1:])
        return times[new]

    def table(self) -> tuple[FloatArray, dict[str, FloatArray]]:
        """Return all times [s] and columns."""
        begin = time.perf_counter()
        columns = {name: np.concatenate([v[k] for v in self._values]) for k, name in enumerate(self.names)}
        times = np.concatenate(self._times)
        self.seconds += time.perf_counter() - begin
        return times, columns


def _read(segment: RecordedTrajectory, name: str, times: FloatArray) -> FloatArray:
    inner = name[2:-1]
    if name.startswith("i("):
        return segment.current(inner, times)
    first, _, second = inner.partition(",")
    values = segment.voltage(first, times)
    return values - segment.voltage(second, times) if second else values
