"""The ramps by our engine, at default settings."""

import math

import numpy as np

from benchmarks.ramps_cases import Case
from benchmarks.ramps_counts import advance, build
from benchmarks.ramps_reference import BEGUN, ENDED, note_all, watch
from tsbench.netlist import parse_netlist
from tsbench.simulated_backends.circuit.build import build_circuit
from tsbench.simulated_backends.circuit.engine import Segment
from tsbench.simulated_backends.circuit.trajectory import RecordedTrajectory


class Watch:
    """Follows the node's voltage: at the ends of steps and three points within each."""

    def __init__(self, swing: float, gap: float) -> None:
        self.state = watch(swing, gap)

    def observe(self, segment: Segment) -> None:
        """Take a segment."""
        assert isinstance(segment, RecordedTrajectory)
        edges = segment.times
        fine = (edges[:-1, None] + np.diff(edges)[:, None] * np.array([0.0, 0.25, 0.5, 0.75])).reshape(-1)
        note_all(self.state, fine, segment.voltage("n", fine))


def whole(case: Case, swing: float, gap: float) -> tuple[bool, int, int]:
    """Return whether the ramp makes it oscillate, steps and evaluations of all of it, by default."""
    circuit = build(case)
    advance(circuit, case, case.hold)
    seen = Watch(swing, gap)
    circuit.add_observer(seen)
    advance(circuit, case, case.hold + case.ramp)
    return not math.isnan(seen.state[BEGUN]), circuit.steps, circuit.evaluations


def beginning(case: Case, swing: float, gap: float, seed: int) -> float:
    """Return when an oscillation has begun with a seed [s]."""
    circuit = build(case, seed=seed + 1)
    advance(circuit, case, case.hold)
    seen = Watch(swing, gap)
    circuit.add_observer(seen)
    for k in range(1, 1001):
        advance(circuit, case, case.hold + case.ramp * k / 1000)
        if not math.isnan(seen.state[BEGUN]):
            break
    return float(seen.state[BEGUN])


def ending(case: Case, swing: float, gap: float, start: float, stop: float, seed: int) -> float:
    """Return when the last swing of a cycle ends that is there at ``start`` [s], when the ramp goes on from there."""
    start, stop = float(start), float(stop)
    at, end = (float(case.first + (case.last - case.first) * (t - case.hold) / case.ramp) for t in (start, stop))
    wait = float(20.0 + np.random.default_rng([case.number, seed, 2]).random()) * 10.0 * case.load * case.capacitance
    text = (f"end\nVin in 0 PWL(0 {at!r} {wait!r} {at!r} {wait + stop - start!r} {end!r})\nR1 in n {case.load!r}\n"
            f"C1 n 0 {case.capacitance!r}\nX1 n 0 {case.name}\n.end\n")
    circuit = build_circuit(parse_netlist(text), seed=seed + 1)
    circuit.advance(wait, skip=False)
    seen = Watch(swing, gap)
    circuit.add_observer(seen)
    circuit.advance(wait + stop - start, skip=False)
    return float(seen.state[ENDED]) - wait + start
