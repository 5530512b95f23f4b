"""The ramps by our engine, at default settings."""

import contextlib
import dataclasses
import math

import numpy as np

from benchmarks.ramps_cases import Case
from benchmarks.ramps_counts import advance, build
from benchmarks.ramps_reference import BEGUN, ENDED, METER_LEVELS, THIRD, note_all, reference_kind, watch
from tsbench.simulated_backends.circuit.engine import Segment
from tsbench.simulated_backends.circuit.trajectory import RecordedTrajectory


class Watch:
    """Follows the node's voltage, or that of an inner film: at the ends of steps and 15 points within each.

    From ``since`` [s] on, as the reference does: what the ramp itself has moved before would count as half a swing.
    """

    def __init__(self, case: Case, swing: float, gap: float, since: float) -> None:
        self.state, self.inner, self.since = watch(swing, gap), reference_kind(case.model) == THIRD, since

    def observe(self, segment: Segment) -> None:
        """Take a segment."""
        assert isinstance(segment, RecordedTrajectory)
        edges = segment.times
        fine = (edges[:-1, None] + np.diff(edges)[:, None] * np.arange(16) / 16.0).reshape(-1)
        fine = fine[fine >= self.since]
        volts = segment.state("X1", 0, fine) if self.inner else segment.voltage("n", fine)
        note_all(self.state, fine, volts)


class Begun(Exception):
    """An oscillation has begun, and nothing more is asked for."""


class Beginning(Watch):
    """Ends the run where an oscillation has begun."""

    def observe(self, segment: Segment) -> None:
        """Take a segment."""
        super().observe(segment)
        if not math.isnan(self.state[BEGUN]):
            raise Begun


def whole(case: Case, swing: float, gap: float, since: float) -> tuple[bool, int, int]:
    """Return whether the ramp makes it oscillate by default; steps and evaluations to there, or of all of it."""
    circuit = build(case)
    advance(circuit, case, case.hold)
    seen = Beginning(case, swing, gap, since)
    circuit.add_observer(seen)
    with contextlib.suppress(Begun):
        advance(circuit, case, case.hold + case.ramp)
    return not math.isnan(seen.state[BEGUN]), circuit.steps, circuit.readings.evaluations


def along(case: Case, swing: float, gap: float, since: float, seed: int, once: bool) -> tuple[float, float]:
    """Return when an oscillation begins with a seed and, without ``once``, when its last swing ends [s]."""
    circuit = build(case, seed=seed + 1)
    advance(circuit, case, case.hold)
    seen = Beginning(case, swing, gap, since) if once else Watch(case, swing, gap, since)
    circuit.add_observer(seen)
    with contextlib.suppress(Begun):
        advance(circuit, case, case.hold + case.ramp)
    return float(seen.state[BEGUN]), float(seen.state[ENDED])


def ending(case: Case, swing: float, gap: float, start: float, stop: float, seed: int) -> float:
    """Return when the last swing of a cycle ends that is there at ``start`` [s], when the ramp goes on from there.

    The source has stood at the voltage of ``start`` for 120 to 180 periods, not a whole number of them. With a source
    meter ``start`` is where it takes a new level.
    """
    start, stop = float(start), float(stop)
    wait = float(gap * (40.0 + 20.0 * np.random.default_rng([case.number, seed, 2]).random()))
    rest = dataclasses.replace(
        case, first=case.at(start), hold=wait, ramp=case.hold + case.ramp - start,
        levels=METER_LEVELS - round((start - case.hold) / case.dwell))
    circuit = build(rest, seed=seed + 1)
    advance(circuit, rest, wait)
    seen = Watch(case, swing, gap, 0.0)
    circuit.add_observer(seen)
    advance(circuit, rest, wait + stop - start)
    return float(seen.state[ENDED]) - wait + start
