"""Many circuits of one topology at once: what a study of varied devices, loads or drives needs.

    circuits = [build_circuit(netlist, {"XDUT": model}) for model in models]
    result = run_batch(circuits, 100e-6, Crossing("voltage", "low", 0.02))
    result.instants[17]                                  # [s], of the 18th circuit

Circuits whose devices can be computed side by side (:func:`.devices.source_text.vectorises`) run in lockstep
(:mod:`.kernel.lockstep`), each lane with its own step control. Its events are those of the same circuit run alone with
the code for its topology, whatever stands beside it, however many threads there are. Others (source meters, stochastic
devices, devices with a history or a control voltage, curved sources), lanes that get stuck and those that may be on an
unstable equilibrium are run one by one, on as many threads.
"""

import dataclasses
import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from tsbench.errors import ConfigurationError
from tsbench.records import FloatArray
from tsbench.simulated_backends.circuit.circuit import Circuit
from tsbench.simulated_backends.circuit.engine import Segment
from tsbench.simulated_backends.circuit.kernel.arrays import CircuitArrays
from tsbench.simulated_backends.circuit.kernel.control import new_control
from tsbench.simulated_backends.circuit.kernel.growth import LONG, LONG_AT_FIRST
from tsbench.simulated_backends.circuit.kernel.lanes import crossing_in_step, lane_space
from tsbench.simulated_backends.circuit.kernel.lockstep import WIDTH, layout, lockstep_text, straight
from tsbench.simulated_backends.circuit.kernel.specialised import LARGEST_SIZE
from tsbench.simulated_backends.circuit.kernel.step_control import FIRST_STEP, NOTHING_BEFORE
from tsbench.simulated_backends.circuit.kernel.straight_line import numbers_from_row
from tsbench.simulated_backends.circuit.kernel.topology import Topology
from tsbench.simulated_backends.circuit.system import Row
from tsbench.simulated_backends.circuit.trajectory import RecordedTrajectory
from tsbench.simulated_backends.circuit.waveforms import FIRST_POINT, PIECEWISE_LINEAR, SINE
from tsbench.simulated_backends.numerics.generated import load

MOST_EVENTS = 4096  #: noted per circuit; more are counted


@dataclass(frozen=True)
class Crossing:
    """The event to note: a node voltage or element current rises through ``level`` [V or A]."""

    kind: Literal["voltage", "current"]
    name: str
    level: float


@dataclass(frozen=True)
class BatchResult:
    """What happened, in the order of the circuits."""

    instants: tuple[FloatArray, ...]  #: [s] of the events, at most :data:`MOST_EVENTS` of each circuit
    counts: npt.NDArray[np.int64]  #: of all events
    #: at the end of each circuit's last step, shape (circuits, unknowns); NaN behind those of one with fewer
    unknowns: FloatArray
    steps: npt.NDArray[np.int64]
    refused: npt.NDArray[np.int64]
    in_lockstep: bool


def run_batch(
    circuits: Sequence[Circuit], until: float, crossing: Crossing, threads: int = 2
) -> BatchResult:
    """Run circuits to ``until`` [s] and note when a quantity crosses a level.

    Parameters
    ----------
    circuits : sequence of Circuit
        Of one topology and tolerance, all at the same time; they themselves stay where they are in lockstep.
    until : float
        Circuit time [s].
    crossing : Crossing
        What to note.
    threads : int
        How many to use. The result does not depend on it.

    Raises
    ------
    ConfigurationError
        The circuits differ in topology, time or tolerance, or the quantity contains a derivative.
    """
    if not circuits:
        raise ConfigurationError("batch: the list of circuits is empty")
    for k, circuit in enumerate(circuits):
        if circuit.time != circuits[0].time or circuit.rtol != circuits[0].rtol:
            raise ConfigurationError(
                f"batch: circuit {k} is at {circuit.time:g} s with rtol {circuit.rtol:g}, circuit 0 at "
                f"{circuits[0].time:g} s with rtol {circuits[0].rtol:g}. All circuits must have the same time and rtol")
    batch = _Lanes.of(circuits, crossing)
    if batch is None:
        return one_by_one(circuits, until, crossing, threads)
    return batch.run(circuits, until, crossing, threads)


@dataclass(frozen=True)
class _Lanes:
    """Circuits as rows of numbers."""

    topology: Topology
    kernel: Any
    lanes: FloatArray  #: (circuits, places of :func:`.kernel.lockstep.layout`)
    place: dict[str, int]
    arrays: CircuitArrays  #: of all circuits, each array with one more dimension in front
    kinds: npt.NDArray[np.int64]
    parameters: FloatArray  #: of the sources
    tables: tuple[FloatArray, FloatArray]
    rows: FloatArray  #: of the watched quantity over the sources

    @classmethod
    def of(cls, circuits: Sequence[Circuit], crossing: Crossing) -> "_Lanes | None":
        """Return the circuits as lanes, or None where they cannot run in lockstep."""
        compiled = [c.structure.compiled for c in circuits]
        first = compiled[0].topology
        for k, one in enumerate(compiled):
            if (one.topology.linear, one.topology.devices, one.topology.stages, len(one.topology.occupied)) != (
                    first.linear, first.devices, first.stages, len(first.occupied)):
                raise ConfigurationError(f"batch: circuit {k} does not have the topology of circuit 0. All circuits "
                                         "must have the same elements and nodes")
        occupied = tuple(
            tuple(sorted({c for one in compiled for c in one.topology.occupied[r]}))
            for r in range(len(first.occupied)))
        topology = dataclasses.replace(first, occupied=occupied)
        kinds = compiled[0].sources.kinds
        if any(c.changes.watches for c in circuits) or not straight(topology) or topology.size > LARGEST_SIZE or any(
                one.sources.base != 0.0 or (one.sources.kinds == SINE).any() or (one.sources.kinds != kinds).any()
                for one in compiled):
            return None
        watched = [_row(c, crossing) for c in circuits]
        columns = tuple(int(a) for a in np.flatnonzero(np.any([row.y != 0 for row in watched], axis=0)))
        place = layout(topology, columns)
        lanes, places = np.zeros((len(circuits), len(place))), _Places.of(place, topology, columns)
        parameters = np.stack([one.sources.parameters for one in compiled])
        tables = _join_tables(compiled, kinds, parameters)
        for k, (circuit, row) in enumerate(zip(circuits, watched, strict=True)):
            places.fill(lanes[k], circuit, row)
        return cls(
            topology, load(lockstep_text(topology, columns), "lockstep"), lanes, place,
            CircuitArrays(*(np.stack(arrays) for arrays in zip(*(one.arrays for one in compiled), strict=True))),
            kinds, parameters, tables, np.stack([row.u for row in watched]))

    def run(self, circuits: Sequence[Circuit], until: float, crossing: Crossing, threads: int) -> BatchResult:
        """Integrate all lanes."""
        total, n = len(circuits), self.topology.size
        counts, status = np.zeros(total, dtype=np.int64), np.zeros(total, dtype=np.int64)
        events = np.empty((total, MOST_EVENTS))
        shares = np.array_split(np.arange(total), min(threads, -(-total // WIDTH)))

        def share(some: npt.NDArray[np.int64]) -> None:
            part = slice(int(some[0]), int(some[-1]) + 1)
            scratch = lane_space(WIDTH, n, len(self.topology.occupied), self.kinds.size)
            # with no largest step every step is looked at that the lanes cannot judge
            control = new_control(circuits[0].rtol, 0.0, FIRST_STEP)
            L, R, E = self.arrays.L, self.arrays.R, self.arrays.E
            devices, places = self.arrays.devices, self.arrays.places
            self.kernel.lockstep(
                np.zeros(len(self.place) * WIDTH), self.lanes[part], (L[part], R[part], E[part]), devices[part],
                self.kinds, self.parameters[part], self.tables, self.rows[part], places[0], control, scratch,
                circuits[0].largest_step, until, crossing.level, events[part], counts[part], status[part])

        if self.lanes[0, self.place["t"]] < until:
            with ThreadPoolExecutor(len(shares)) as pool:
                list(pool.map(share, shares))
        y0 = self.place["y0"]
        result = BatchResult(
            tuple(events[k, : min(counts[k], MOST_EVENTS)].copy() for k in range(total)), counts,
            self.lanes[:, y0: y0 + n].copy(), self.lanes[:, self.place["steps"]].astype(np.int64),
            self.lanes[:, self.place["refused"]].astype(np.int64), True)
        return _mend(result, circuits, until, crossing, threads, np.flatnonzero(status))


def _row(circuit: Circuit, crossing: Crossing) -> Row:
    row = circuit.readings.row(crossing.kind, crossing.name)
    if row.dy.any() or row.du.any():
        raise ConfigurationError(
            f"batch: {crossing.kind} '{crossing.name}' depends on a time derivative, so its crossings cannot be found. "
            "Watch a voltage or the current of another element")
    return row


def _join_tables(
    compiled: Sequence[Any], kinds: npt.NDArray[np.int64], parameters: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return all piecewise-linear tables, one after the other, and let ``parameters`` point into them."""
    times, values, offset = [], [], 0
    for k, one in enumerate(compiled):
        parameters[k, kinds == PIECEWISE_LINEAR, FIRST_POINT] += offset
        times.append(one.sources.table_times)
        values.append(one.sources.table_values)
        offset += one.sources.table_times.size
    return np.concatenate(times), np.concatenate(values)


@dataclass(frozen=True)
class _Places:
    """Where in a lane each block of numbers begins, and which entries of the tables it holds."""

    place: dict[str, int]
    entries: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]  #: rows and columns of L
    values: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]  #: rows and columns of the devices' parameters
    columns: npt.NDArray[np.int64]  #: unknowns in the watched quantity

    @classmethod
    def of(cls, place: dict[str, int], topology: Topology, columns: tuple[int, ...]) -> "_Places":
        """Return the places of a layout."""
        entries = [(r, c) for r, occupied in enumerate(topology.occupied) for c in occupied]
        values = [(k, j) for k, d in enumerate(topology.devices) for j in numbers_from_row(d.mechanism).values()]
        pairs = [np.array(x, dtype=np.int64).reshape(-1, 2) for x in (entries, values)]
        return cls(place, (pairs[0][:, 0], pairs[0][:, 1]), (pairs[1][:, 0], pairs[1][:, 1]),
                   np.array(columns, dtype=np.int64))

    def fill(self, lane: FloatArray, circuit: Circuit, row: Row) -> None:
        """Write one circuit's numbers, at rest since its present time."""
        one, time, place = circuit.structure.compiled, circuit.time, self.place
        y = circuit.unknowns()
        u, du, drive, slope, following = one.segment(time)
        one.make_consistent(time, y)
        lane[place["t"]] = lane[place["reference"]] = time
        lane[place["h"]], lane[place["following"]] = FIRST_STEP, following
        lane[place["error"]] = NOTHING_BEFORE
        lane[place["real"]] = math.nan
        lane[place["least"]] = LONG_AT_FIRST if slope.any() else LONG
        lane[place["e0"]], lane[place["e1"]] = row.u @ u, row.u @ du
        # the other blocks follow each other as in the layout
        lane[place["y0"]:] = np.concatenate((
            y, one.weights, one.arrays.L[self.entries], one.arrays.devices[self.values], drive, slope,
            row.y[self.columns]))


# ------------------------------------------------------------------------------------------- one by one


class _LaneWatch:
    """Notes crossings of everything it sees."""

    def __init__(self, crossing: Crossing) -> None:
        self.crossing, self.level = crossing, crossing.level
        self.instants: list[float] = []

    def observe(self, segment: Segment) -> None:
        assert isinstance(segment, RecordedTrajectory)
        s, row = segment.steps, segment.row(self.crossing.kind, self.crossing.name)   # a worn device has fewer states
        g = [a @ row.y for a in (s.y0, s.y1, s.p, s.q)]
        offset = segment.quantity(dataclasses.replace(row, y=np.zeros_like(row.y)),
                                  np.concatenate([s.starts, s.starts + s.lengths]))
        first, last = offset[: s.starts.size] + g[0], offset[s.starts.size:] + g[1]
        for k in np.flatnonzero((first < self.level) & (last >= self.level)):
            at = crossing_in_step(
                s.starts[k], s.lengths[k], first[k] - self.level, last[k] - self.level, g[2][k], g[3][k])
            if segment.start < at <= segment.end:
                self.instants.append(at)


def one_by_one(circuits: Sequence[Circuit], until: float, crossing: Crossing, threads: int) -> BatchResult:
    """Do what :func:`run_batch` does with each circuit by itself; they are at ``until`` then."""

    def run(circuit: Circuit) -> tuple[FloatArray, FloatArray, int, int]:
        _row(circuit, crossing)   # refuse what cannot be watched
        watch = _LaneWatch(crossing)
        readings = circuit.readings
        steps, refused = circuit.steps, readings.refused_steps
        circuit.add_observer(watch)
        circuit.advance(until, skip=False)
        circuit.remove_observer(watch)
        return (np.array(watch.instants), circuit.unknowns(), circuit.steps - steps, readings.refused_steps - refused)

    with ThreadPoolExecutor(threads) as pool:
        found = list(pool.map(run, circuits))
    unknowns = np.full((len(found), max(f[1].size for f in found)), np.nan)
    for row, (_, ends, _, _) in zip(unknowns, found, strict=True):
        row[: ends.size] = ends
    return BatchResult(
        tuple(f[0][:MOST_EVENTS] for f in found), np.array([f[0].size for f in found]), unknowns,
        np.array([f[2] for f in found]), np.array([f[3] for f in found]), False)


def _mend(
    result: BatchResult, circuits: Sequence[Circuit], until: float, crossing: Crossing, threads: int,
    stuck: npt.NDArray[np.int64],
) -> BatchResult:
    """Run the circuits that got stuck alone: they come through there, or say why not."""
    if not stuck.size:
        return result
    alone = one_by_one([circuits[k] for k in stuck], until, crossing, threads)
    instants = list(result.instants)
    for m, k in enumerate(stuck):
        instants[k] = alone.instants[m]
        for field in ("counts", "unknowns", "steps", "refused"):
            getattr(result, field)[k] = getattr(alone, field)[m]
    return dataclasses.replace(result, instants=tuple(instants))
