"""The levels that the runs of a list or campaign leave, one after the other, on a capacitor in series with a device."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tsbench.instruments import Plan
from tsbench.instruments.guard.coupling import farthest_emf
from tsbench.instruments.guard.limits import WirePath, WorstCase, worst_case_of_current, worst_case_of_voltage
from tsbench.protocols import Protocol
from tsbench.quantities import short_quantity, told_apart
from tsbench.station.campaign.expansion import Item
from tsbench.station.runner.safety import RunnerBench

_SLACK = 1e-9
_REMEDY = ("Use levels nearer to these, or put this run into another list or campaign, and discharge the capacitor "
           "before it")
_IF = ("This counts levels that may be gone: a condition may leave runs out, and another bench or device may come in "
       "between. If they are still there, this run is refused or brings more than the limit")

Extremes = tuple[float, float]  #: lowest and highest level [V], 0 V included


@dataclass(frozen=True)
class _Levels:
    """The levels of one run at a source behind a capacitor."""

    role: str
    terminal: str
    path: WirePath
    extremes: Extremes
    compliance: float  #: [A], or [V] where a current is sourced
    current: float | None = None  #: [A], the largest that is sourced; None: voltages are

    def worst(self, extremes: Extremes) -> WorstCase:
        """Return the worst case of levels [V] together."""
        emf = farthest_emf(extremes, self.path)
        if self.current is not None:
            return worst_case_of_current(self.current, emf)
        return worst_case_of_voltage(emf, self.path, self.compliance)


class LevelsOfRuns:
    """Adds up which levels runs on one bench will have had: each plan alone knows only what was on already.

    Levels of runs that a condition may leave out count apart. Only a doubt follows from them. The same holds for levels
    that may be gone, because a run on another device or on another bench may come in between.

    Parameters
    ----------
    forgets : whether a capacitor in series loses its charge before another device is connected
    """

    def __init__(self, forgets: bool) -> None:
        self._forgets = forgets
        self._connected: set[str] = set()  #: the devices of which one is connected
        self._surely: dict[str, Extremes] = {}  #: terminal -> levels that the capacitor keeps
        self._perhaps: dict[str, Extremes] = {}  #: terminal -> these, and levels that it may keep
        self._paths: dict[tuple[RunnerBench, str], WirePath] = {}

    def judged(
        self, item: Item, station: RunnerBench, runs: Sequence[tuple[Protocol, Plan]], between: Sequence[Item] = (),
    ) -> tuple[str, str]:
        """Return why the next run is refused, and what is doubtful; "" where its levels are near enough.

        Parameters
        ----------
        item : the run
        station : its bench
        runs : its protocol at each end of its expressions, with the plan
        between : the runs on other benches since the last one on this bench: it is opened anew after them
        """
        perhaps = {} if self._discharged_before(item, between) else self._perhaps
        found = [levels for protocol, plan in runs if (levels := self._levels(station, protocol, plan)) is not None]
        for held, what in ((self._surely, ""), (perhaps, _IF)):
            for one in found:
                if reason := _refusal(one, held.get(one.terminal), station, item.device):
                    if not what:
                        return reason, ""
                    self._note(item, found)
                    return "", f"{reason}. {what}"
        self._note(item, found)
        return "", ""

    def _discharged_before(self, item: Item, between: Sequence[Item]) -> bool:
        """Take away what a discharge before a run takes away; returns whether there surely is one if it is made."""
        if between:   # nothing takes the charge of a capacitor that no source discharges, but the guards forget it
            self._surely.clear()
        if self._forgets and not all(one.conditional for one in between):
            self._connected.clear()
            self._perhaps.clear()
        discharged = self._forgets and item.device not in self._connected
        if self._forgets and self._connected - {item.device}:
            self._surely.clear()
        if discharged and not item.conditional:
            self._perhaps.clear()
        self._connected = {item.device, *(self._connected if item.conditional else ())}
        return discharged

    def _note(self, item: Item, found: Sequence[_Levels]) -> None:
        for one in found:
            for held in (self._perhaps,) if item.conditional else (self._perhaps, self._surely):
                held[one.terminal] = _both(held.get(one.terminal), one.extremes)

    def _levels(self, station: RunnerBench, protocol: Protocol, plan: Plan) -> _Levels | None:
        """Return the levels of a run behind a capacitor; None: it has none, or whose they are is not known."""
        sources = [role for role in protocol.roles if role in station.fixture.source_resistance]
        shown = np.asarray(plan.preview.get("level", ()), dtype=np.float64)
        if len(sources) != 1 or shown.size == 0:
            return None
        role, = sources
        if (station, role) not in self._paths:
            self._paths[station, role] = station.wire_path(role)
        path, compliance = self._paths[station, role], _compliance(protocol)
        if not path.coupled:
            return None
        file = getattr(station, "file", None)
        terminal = role if file is None else str(file.table.roles[role])
        if getattr(protocol, "drive", "voltage") != "voltage":
            if math.isinf(compliance):
                return None
            return _Levels(role, terminal, path, (-compliance, compliance), compliance, float(np.abs(shown).max()))
        extremes = _both(None, (float(shown.min()), float(shown.max())))
        return _Levels(role, terminal, path, _whole(extremes, path, plan), compliance)


def _both(before: Extremes | None, levels: Extremes) -> Extremes:
    low, high = before or (0.0, 0.0)
    return min(low, levels[0]), max(high, levels[1])


def _whole(shown: Extremes, path: WirePath, plan: Plan) -> Extremes:
    """Return all levels of a run: its preview shows the highest pulses only, but its voltage counts all."""
    voltage = max((float(item.value) for item in plan.worst_case if item.quantity == "voltage"), default=0.0)
    low, high = shown
    missing = (voltage / path.gain if path.gain > 0.0 else 0.0) - farthest_emf(shown, path)
    if missing <= _SLACK * (high - low):
        return shown
    return (low - missing, high) if high >= -low else (low, high + missing)


def _compliance(protocol: Protocol) -> float:
    """Return the largest compliance of a run [A]; inf where it has none."""
    found = getattr(protocol, "compliance", None)
    values = [each for each in (found if isinstance(found, tuple | list) else [found]) if isinstance(each, int | float)]
    return max(values, default=math.inf)


def _refusal(levels: _Levels, before: Extremes | None, station: RunnerBench, device: str) -> str:
    """Return why a run with other levels before it is refused; "" where it is not.

    What the run alone brings beyond a limit is judged elsewhere: a simulation may show that it is none.
    """
    limits, alone = station.device.limits, levels.worst(levels.extremes)
    worst = levels.worst(_both(before, levels.extremes))
    for what, unit, name in (("the voltage at the device", "V", "voltage"),
                             ("the current through a shorted device", "A", "current"),
                             ("the power in the device", "W", "power")):
        limit, reached = getattr(limits, f"max_{name}"), getattr(worst, name)
        if before is not None and limit is not None and reached > max(limit, getattr(alone, name)) * (1 + _SLACK):
            shown, allowed = told_apart(reached, limit, unit)
            low, high = (short_quantity(level, "V") for level in before)
            return (f"{levels.role}: {what} may reach {shown}, but max_{name} of {device} is {allowed}. A capacitor is "
                    f"in series with the device, and keeps levels from {low} to {high} of the runs before. {_REMEDY}")
    return ""
