"""Devices that change while they are in a circuit: found in the steps taken, at an instant that no observer moves.

A device with a :class:`~tsbench.simulated_backends.life.history.DeviceHistory` changes where a cycle of it has ended
(its conductance at the end of a step is below the level of a device that is off, having been above that of one that is
on), where a voltage may bring it back, or where its fluctuations jump. Ends of steps and the jumps' instants depend on
the circuit alone, so observers change nothing.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from tsbench.records import FloatArray
from tsbench.simulated_backends.circuit.system import Row
from tsbench.simulated_backends.circuit.trajectory import RecordedTrajectory
from tsbench.simulated_backends.life.history import DeviceHistory, State

FEWEST, MOST = 32, 1024  #: steps per call of the integrator: those behind a change are taken in vain
SMALLEST_VOLTAGE = 1e-6  #: [V] at which current over voltage is still a conductance

What = Literal["forming", "cycle", "recovery"]

WHAT: Mapping[State, What] = {"virgin": "forming", "good": "cycle", "stuck": "recovery"}


def schmitt(
    values: FloatArray, low: float, high: float, known: npt.NDArray[np.bool_], before: bool
) -> npt.NDArray[np.bool_]:
    """Return the state after each value of a trigger that rises above ``high`` and falls below ``low``.

    Parameters
    ----------
    values : array, shape (n,)
    low, high : float
        In the values' unit.
    known : array of bool, shape (n,)
        Where a value says anything.
    before : bool
        State before the first one.
    """
    marks = np.where(known & (values > high), 1, np.where(known & (values < low), 0, -1))
    said = np.flatnonzero(marks >= 0)
    if not said.size:
        return np.full(values.shape, before)
    last = np.searchsorted(said, np.arange(values.size), side="right") - 1
    return np.asarray(np.where(last >= 0, marks[said[np.maximum(last, 0)]] == 1, before))


@dataclass
class _Watch:
    """What is known of one device, up to the steps committed."""

    history: DeviceHistory
    triggered: bool = False   # on, or (stuck) at the recovery voltage
    peak: float = 0.0   # [A] of this cycle, with its sign
    ends: FloatArray = field(default_factory=lambda: np.empty(0))
    states: npt.NDArray[np.bool_] = field(default_factory=lambda: np.empty(0, bool))
    currents: FloatArray = field(default_factory=lambda: np.empty(0))

    def look(
        self, ends: FloatArray, voltages: FloatArray, currents: FloatArray, conductance: FloatArray | None
    ) -> int | None:
        """Look at the ends of new steps; return the first at which something happens to the device.

        ``conductance`` [S] is that of its states, None where these alone do not tell.
        """
        history, levels = self.history, self.history.levels
        self.ends, self.currents = ends, currents
        if history.state == "stuck":
            other = -history.polarity * voltages
            wanted = history.statistics.recovery_voltage
            self.states = schmitt(other, 0.5 * wanted, wanted, np.isfinite(other), self.triggered)
            happens = self.states & ~np.concatenate([[self.triggered], self.states[:-1]])
        elif history.state == "worn" or levels is None or not history.every_cycle:
            self.states = np.empty(0, bool)
            return None
        else:
            known = np.ones(ends.size, dtype=bool)
            if conductance is None:
                size = abs(voltages)
                known = size > SMALLEST_VOLTAGE
                conductance = abs(currents) / np.maximum(size, SMALLEST_VOLTAGE)
            self.states = schmitt(conductance, levels.off, levels.on, known, self.triggered)
            before = np.concatenate([[self.triggered], self.states[:-1]])
            happens = self.states & ~before if history.state == "virgin" else ~self.states & before
        return int(np.argmax(happens)) if happens.any() else None

    def commit(self, until: float) -> None:
        """Accept what was looked at up to ``until`` [s]."""
        count = int(np.searchsorted(self.ends, until, side="right"))
        if count:
            here = self.currents[:count]
            on = self.states[:count] if self.states.size and self.history.state != "stuck" else np.zeros(count, bool)
            if on.any():
                largest = float(here[on][np.argmax(abs(here[on]))])
                since_on = bool(on[0]) and self.triggered
                self.peak = max(self.peak, largest, key=abs) if since_on else largest
            if self.states.size:
                self.triggered = bool(self.states[count - 1])
        self.ends = np.empty(0)


class DeviceChanges:
    """Finds the changes of all devices of one circuit that have a history."""

    def __init__(self) -> None:
        self.watches: dict[str, _Watch] = {}   #: by device; empty where none has a history
        #: what is to happen to devices where the integrator stands, beside jumps of fluctuations; None: nothing at all
        self.due: dict[str, What] | None = None
        self.chunk = FEWEST   #: steps to take at once
        #: is called after each change: (element in lower case, history, state before, time [s])
        self.on_change: Callable[[str, DeviceHistory, State, float], None] | None = None

    def attach(self, device: str, history: DeviceHistory | None) -> None:
        """Watch ``device`` from now on; None: it has no history.

        What stood there before remembers the cycle that it is in: it ends where the device is seen off again.
        """
        gone = self.watches.pop(device, None)
        if gone is not None:
            on = gone.triggered and gone.history.state in ("virgin", "good")
            gone.history.interrupted = gone.peak if on else None
        if history is not None:
            peak, history.interrupted = history.interrupted, None
            self.watches[device] = _Watch(history) if peak is None else _Watch(history, True, peak)

    def history_of(self, device: str) -> DeviceHistory | None:
        """Return the history of ``device`` (in lower case), None: it has none."""
        watch = self.watches.get(device)
        return None if watch is None else watch.history

    @property
    def every_cycle(self) -> bool:
        """Return whether no two cycles are the same."""
        return any(watch.history.every_cycle for watch in self.watches.values())

    def histories(self) -> Iterator[tuple[str, DeviceHistory]]:
        """Yield each device that has one, with its history."""
        for device, watch in self.watches.items():
            yield device, watch.history

    def planned(self) -> float:
        """Return the instant of the next jump of a fluctuation [s]."""
        return min((watch.history.next_change for watch in self.watches.values()), default=math.inf)

    def find(
        self, steps: RecordedTrajectory, across: Mapping[str, Row], through: Mapping[str, Row],
        conductances: Mapping[str, FloatArray | None],
    ) -> float | None:
        """Return where in new steps the first change happens [s], and remember what it is; None: nowhere.

        ``across`` and ``through`` are the rows of each device's voltage and current, ``conductances`` [S] those of its
        states at the ends of the steps, None where these alone do not tell.
        """
        ends = steps.steps.starts + steps.steps.lengths
        found = {
            device: watch.look(
                ends, steps.quantity(across[device], ends), steps.quantity(through[device], ends), conductances[device])
            for device, watch in self.watches.items()}
        instants = {device: float(ends[k]) for device, k in found.items() if k is not None}
        first = min([*instants.values(), self.planned()])
        if first > steps.end:   # a jump that lies further on, or nothing
            self.due, count = None, ends.size
        else:
            self.due = {d: WHAT[self.watches[d].history.state] for d, instant in instants.items() if instant == first}
            count = int(np.searchsorted(ends, first)) + 1
        self.chunk = min(MOST, max(FEWEST, 2 * count))
        return None if self.due is None else first

    def commit(self, until: float) -> None:
        """Accept what was found up to ``until`` [s]; nothing that was found behind it is due."""
        for watch in self.watches.values():
            watch.commit(until)

    def happen(self, time: float) -> list[str]:
        """Let what is due, and every jump of a fluctuation, happen at ``time`` [s]; return the devices changed."""
        assert self.due is not None
        due, self.due, changed = self.due, None, []
        for device, watch in self.watches.items():
            what, history = due.get(device), watch.history
            if what is None and history.next_change > time:
                continue
            if what == "cycle":
                history.switched_off(watch.peak)
                watch.triggered, watch.peak = False, 0.0
            elif what == "forming":
                history.form()
            elif what == "recovery" and history.try_recovery():
                watch.triggered = False
            history.fluctuate(time)
            changed.append(device)
        return changed
