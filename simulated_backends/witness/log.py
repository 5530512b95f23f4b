"""Reading the records of the witness (:mod:`.witness_file` lists them)."""

import json
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tsbench.errors import UnreadableFile
from tsbench.records import FloatArray


@dataclass(frozen=True)
class SwitchingOn:
    """One switching on, as it really was."""

    time: float  #: [s] steepest rise of the device current
    device: str
    polarity: int
    threshold: float  #: [V] highest terminal voltage before it
    current: float  #: [A] there
    time_half: float | None  #: [s] last upward crossing of half way from where the voltage stood to that
    energy: float = 0.0  #: [J] that it took since the last switching off

    @property
    def delay(self) -> float | None:
        """Return the switching delay [s]."""
        return None if self.time_half is None else self.time - self.time_half


@dataclass(frozen=True)
class SwitchingOff:
    """One switching off, as it really was."""

    time: float
    device: str
    polarity: int
    hold: float  #: [V] lowest terminal voltage before it
    current: float  #: [A] there
    duration: float  #: [s] since switching on
    charge: float  #: [C]
    energy: float  #: [J]
    max_current: float
    max_power: float


@dataclass(frozen=True)
class WitnessedRelaxation:
    """A filament dissolved, as it really did."""

    time: float  #: [s] conductance below that of a device that is off
    device: str
    edge: float | None  #: [s] the current last fell through half of its highest: the end of the pulse
    edge_conductance: float | None  #: [S] at the edge
    current: float  #: [A] highest of the event
    #: (conductance [S], time [s] from which it stayed below, current there [A]), falling
    levels: tuple[tuple[float, float, float], ...]

    def until(self, conductance: float) -> float | None:
        """Return the time [s] from the edge to when the conductance stays below ``conductance`` [S].

        Interpolated between ten levels a decade, of those that were passed after the edge, and the conductance at the
        edge; None where the pulse had no edge or the level is out of reach. A current level at a read voltage V behind
        R in series is the conductance I/(V - I R).
        """
        if self.edge is None or self.edge_conductance is None:
            return None
        after = [(g, t) for g, t, _ in self._after_edge()]
        g, t = np.array([(self.edge_conductance, self.edge), *after]).T
        if not g[-1] <= conductance <= g[0]:
            return None
        return float(np.interp(np.log(conductance), np.log(g[::-1]), t[::-1])) - self.edge

    def read_voltage(self, resistance: float) -> float | None:
        """Return the voltage [V] behind ``resistance`` [Ohm] that really read the device after the edge; None: unknown.

        A source is off by its accuracy, much of a small read bias.
        """
        found = [i / g + i * resistance for g, _, i in self._after_edge()]
        return float(np.median(found)) if found else None

    def _after_edge(self) -> list[tuple[float, float, float]]:
        if self.edge is None or self.edge_conductance is None:
            return []
        return [level for level in self.levels if level[1] > self.edge and level[0] < self.edge_conductance]


@dataclass(frozen=True)
class Overshoot:
    """The device current was above the compliance of a source meter."""

    time: float
    duration: float
    peak: float  #: [A]
    charge: float  #: [C] above the limit
    limit: float  #: [A]
    source: str


@dataclass(frozen=True)
class WitnessedExposure:
    """What one device has seen between two changes of relays: highest magnitudes, and the energy that it took."""

    start: float  #: [s]
    end: float  #: [s]
    device: str
    place: str
    voltage: float  #: [V]
    current: float  #: [A]
    power: float  #: [W]
    energy: float  #: [J]


@dataclass(frozen=True)
class WitnessLog:
    """The records of one bench from its start to its end (or to the death of its process)."""

    records: Sequence[Mapping[str, Any]]

    def of_kind(self, kind: str) -> list[Mapping[str, Any]]:
        """Return the records of one kind, in order."""
        return [record for record in self.records if record["kind"] == kind]

    @property
    def ended(self) -> bool:
        """Whether the bench was switched off (else its process died or is alive)."""
        return bool(self.of_kind("end"))

    def devices(self) -> Mapping[str, Mapping[str, Any]]:
        """Return the devices; those that were connected with their static folds."""
        starts = self.of_kind("start")
        found = {name: dict(facts) for name, facts in starts[0]["devices"].items()} if starts else {}
        for record in self.of_kind("device"):
            folds = {fold: record[fold] for fold in ("threshold", "hold") if fold in record}
            found.setdefault(record["device"], {}).update(folds)
        return found

    def left_out(self) -> list[Mapping[str, Any]]:
        """Return the stretches of time [``t``, ``until``] of which nothing is known: they were not computed."""
        return self.of_kind("left_out")

    def faults(self) -> list[Mapping[str, Any]]:
        """Return the planned faults that have happened, in order."""
        return self.of_kind("fault")

    def outputs(self) -> dict[str, bool]:
        """Return the last state of every output, by name ("source_meter", "generator.1")."""
        states: dict[str, bool] = {}
        for record in self.of_kind("output"):
            name = record["instrument"]
            states[f"{name}.{record['channel']}" if record["channel"] else name] = bool(record["on"])
        return states

    def acquired(self, time: float, offset: float, length: float) -> tuple[float, float] | None:
        """Return begin and end [s] of a record: of the acquisition that an oscilloscope took next after a ``time`` [s].

        The record begins ``offset`` [s] after the trigger, and may be a part of what the oscilloscope took. None where
        none took this part within ten seconds.
        """
        found = [
            (begin, begin + length) for record in self.of_kind("acquired")
            for begin in [record["trigger"] + offset]
            if time - length <= begin - offset <= time + 10.0
            and record["t"] - 0.02 * length <= begin and begin + length <= record["until"] + 0.02 * length]
        return min(found, key=lambda one: abs(one[0] - time)) if found else None

    def hot_moves(self) -> list[Mapping[str, Any]]:
        """Return every movement of a relay, a chuck or a probe while an output was on."""
        return self.of_kind("hot")

    def exposures(self, start: float = -np.inf, end: float = np.inf) -> list[WitnessedExposure]:
        """Return what each device saw between changes of relays, of the intervals that lie in a window [s].

        Only on a bench with several places for devices.
        """
        found = [
            WitnessedExposure(
                e["since"], e["t"], e["device"], e["place"], e["voltage"], e["current"], e["power"], e["energy"])
            for e in self.of_kind("exposure")]
        return [e for e in found if e.start >= start and e.end <= end]

    def sneak_currents(self, selected: str, start: float = -np.inf, end: float = np.inf) -> dict[str, float]:
        """Return the highest current [A] through each device but ``selected`` in a window [s]."""
        highest: dict[str, float] = {}
        for exposure in self.exposures(start, end):
            if exposure.device != selected:
                highest[exposure.device] = max(highest.get(exposure.device, 0.0), exposure.current)
        return highest

    def _events(self, kind: str, start: float, end: float, outermost: bool = False) -> list[dict[str, Any]]:
        """Return events in a window, skipped periods written out; of these only the ``outermost`` copies if asked."""
        found: list[dict[str, Any]] = []
        for record in self.records:
            if record["kind"] == kind and start <= record["t"] <= end:
                found.append(dict(record))
            elif record["kind"] == "repeat" and record["t"] <= end:
                for event in record["events"]:
                    if event["kind"] != kind:
                        continue
                    # the copies that lie in the window, of what may be many millions
                    period = record["period"]
                    lowest = max(math.ceil((start - event["t"]) / period - 1e-9), 0) if start > -math.inf else 0
                    highest = record["count"] - 1
                    if end < math.inf:
                        highest = min(highest, math.floor((end - event["t"]) / period + 1e-9))
                    copies = range(lowest, highest + 1)
                    # two at each end: which of them lies in the window is decided below, without rounding
                    for copy in sorted({*copies[:2], *copies[-2:]}) if outermost else copies:
                        moved = copy * record["period"]
                        if start <= event["t"] + moved <= end:
                            shifted = {
                                k: v + moved if k in {"t", "t_half", "t_peak"} and v is not None else v
                                for k, v in event.items()
                            }
                            found.append({**shifted, "device": record["device"]})
        return sorted(found, key=lambda event: float(event["t"]))

    def switching_on(self, start: float = -np.inf, end: float = np.inf) -> list[SwitchingOn]:
        """Return every switching on between ``start`` and ``end`` [s]."""
        return [_switching_on(event) for event in self._events("on", start, end)]

    def first_switching_on(self, start: float = -np.inf, end: float = np.inf) -> SwitchingOn | None:
        """Return the first switching on between ``start`` and ``end`` [s], of what may be many millions."""
        found = self._events("on", start, end, outermost=True)
        return _switching_on(found[0]) if found else None

    def switching_off(self, start: float = -np.inf, end: float = np.inf) -> list[SwitchingOff]:
        """Return every switching off between ``start`` and ``end`` [s]."""
        return [_switching_off(event) for event in self._events("off", start, end)]

    def last_switching_off(self, start: float = -np.inf, end: float = np.inf) -> SwitchingOff | None:
        """Return the last switching off between ``start`` and ``end`` [s], of what may be many millions."""
        found = self._events("off", start, end, outermost=True)
        return _switching_off(found[-1]) if found else None

    def relaxations(self, start: float = -np.inf, end: float = np.inf) -> list[WitnessedRelaxation]:
        """Return every filament that had dissolved between ``start`` and ``end`` [s]."""
        return [
            WitnessedRelaxation(e["t"], e["device"], e["t_edge"], e["g_edge"], e["current"],
                                tuple((g, t, i) for g, t, i in e["levels"]))
            for e in self._events("relaxed", start, end)
        ]

    def fired(self, starts: FloatArray, ends: FloatArray) -> npt.NDArray[np.bool_]:
        """Return which pulses fired: those between whose ``starts`` and ``ends`` [s] the device switched on.

        A device that is still on when a pulse begins cannot be fired by it.
        """
        if not np.size(starts):
            return np.zeros(0, dtype=bool)
        times = self.spike_times(float(np.min(starts)), float(np.max(ends)))
        first = np.searchsorted(times, np.asarray(starts, float))
        return np.asarray(np.searchsorted(times, np.asarray(ends, float), side="right") > first)

    def overshoots(self, start: float = -np.inf, end: float = np.inf) -> list[Overshoot]:
        """Return every time the current was above a compliance."""
        return [
            Overshoot(e["t"], e["duration"], e["peak"], e["charge"], e["limit"], e["source"])
            for e in self._events("overshoot", start, end)
        ]

    def spike_times(self, start: float = -np.inf, end: float = np.inf) -> FloatArray:
        """Return the instants of all switchings on in a window [s], sorted, shape (n,)."""
        parts: list[FloatArray] = []
        for record in self.records:
            if record["kind"] == "on":
                parts.append(np.array([float(record["t"])]))
            elif record["kind"] == "repeat":
                for event in record["events"]:
                    if event["kind"] == "on":
                        parts.append(_copies(float(event["t"]), record["period"], record["count"], start, end))
        times = np.sort(np.concatenate(parts)) if parts else np.empty(0)
        return times[(times >= start) & (times <= end)]

    def frequency(self, start: float = -np.inf, end: float = np.inf) -> float | None:
        """Return the inverse mean inter-spike interval [Hz] in a window; None for fewer than two spikes."""
        times = self.spike_times(start, end)
        return float((times.size - 1) / (times[-1] - times[0])) if times.size > 1 else None

    def maxima(self) -> dict[str, dict[str, float]]:
        """Return the highest voltage [V], current [A] and power [W] of every device."""
        found: dict[str, dict[str, float]] = {}
        for record in self.of_kind("maxima"):
            highest = found.setdefault(record["device"], {"voltage": 0.0, "current": 0.0, "power": 0.0})
            for name in highest:
                highest[name] = max(highest[name], float(record[name]))
        return found


def _switching_on(event: Mapping[str, Any]) -> SwitchingOn:
    return SwitchingOn(event["t"], event["device"], event["polarity"], event["threshold"], event["current"],
                       event["t_half"], event.get("energy", 0.0))


def _switching_off(event: Mapping[str, Any]) -> SwitchingOff:
    return SwitchingOff(*(event[name] for name in (
        "t", "device", "polarity", "hold", "current", "duration", "charge", "energy", "max_current", "max_power")))


def _copies(first: float, period: float, count: int, start: float, end: float) -> FloatArray:
    """Return the instants ``first`` + k ``period`` [s], k below ``count``, in a window (one more on either side)."""
    low = 0 if start == -math.inf else min(max(math.floor((start - first) / period), 0), count)
    high = count if end == math.inf else min(max(math.ceil((end - first) / period) + 1, low), count)
    return np.asarray(first + period * np.arange(low, high))


def read_sessions(path: str | os.PathLike[str]) -> list[WitnessLog]:
    """Return one log per bench that wrote to ``path``, in order of their start.

    Raises
    ------
    UnreadableFile
        A line before the last is not a record (the last one may be cut by a crash).
    """
    lines = Path(path).read_bytes().split(b"\n")
    sessions: dict[str, list[Mapping[str, Any]]] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            sessions.setdefault(record["w"], []).append(record)
        except (ValueError, KeyError, TypeError):
            if number == len(lines):
                break
            raise UnreadableFile(f"{path}: line {number} was not written by the witness. Use another copy") from None
    return [WitnessLog(records) for records in sessions.values()]


def read_witness(path: str | os.PathLike[str]) -> WitnessLog:
    """Return the log of the last bench that wrote to ``path``."""
    sessions = read_sessions(path)
    return sessions[-1] if sessions else WitnessLog(())


def outputs_left_on(path: str | os.PathLike[str]) -> list[str]:
    """Return every output that any bench left on in ``path``: where it ended, or where it is."""
    return [name for log in read_sessions(path) for name, on in log.outputs().items() if on]
