"""The levels that the runs of a list or campaign leave, one after the other, on a capacitor in series with a device."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tsbench.errors import LimitError
from tsbench.instruments import Plan
from tsbench.instruments.guard.coupling import farthest_emf
from tsbench.instruments.guard.limits import DeviceGuard, WirePath, worst_case_of_voltage
from tsbench.protocols import Protocol
from tsbench.station.campaign.expansion import Item
from tsbench.station.runner.safety import RunnerBench

_SLACK = 1e-9
_KEEPS = ("A capacitor is in series with the device and keeps the levels of the runs before. Put this run into another "
          "list or campaign, and discharge the capacitor before it")
_IF = "This counts runs that a condition may leave out. If they are performed, this run is refused"

Extremes = tuple[float, float]  #: lowest and highest level [V], 0 V included


@dataclass(frozen=True)
class _Levels:
    """The levels of one run at a source behind a capacitor."""

    role: str
    terminal: str
    path: WirePath
    extremes: Extremes
    compliance: float  #: [A]


class LevelsOfRuns:
    """Adds up which levels runs on one bench will have had: each plan alone knows only what was on already.

    Levels of runs that a condition may leave out count apart. Only a doubt follows from them. The same holds for levels
    that a discharge may have taken away, because a run on another device may come in between.

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
        self, item: Item, station: RunnerBench, runs: Sequence[tuple[Protocol, Plan]], anew: bool = False,
    ) -> tuple[str, str]:
        """Return why the next run is refused, and what is doubtful; "" where its levels are near enough.

        Parameters
        ----------
        item : the run
        station : its bench
        runs : its protocol at each end of its expressions, with the plan
        anew : whether its bench is opened for it, because a run before is on another bench
        """
        perhaps = {} if self._discharged_before(item, anew) else self._perhaps
        found = [levels for protocol, plan in runs if (levels := self._levels(station, protocol, plan)) is not None]
        for held, what in ((self._surely, ""), (perhaps, _IF)):
            for one in found:
                together = _both(held.get(one.terminal), one.extremes)
                if reason := _refusal(one, together, station, item.device):
                    if not what:
                        return f"{reason}. {_KEEPS}", ""
                    self._note(item, found)
                    return "", f"{reason}. {_KEEPS}. {what}"
        self._note(item, found)
        return "", ""

    def _discharged_before(self, item: Item, anew: bool) -> bool:
        """Take away what a discharge before a run takes away; returns whether there surely is one if it is made."""
        if anew:
            self._connected.clear()
            self._surely.clear()
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
        if len(sources) != 1 or shown.size == 0 or getattr(protocol, "drive", "voltage") != "voltage":
            return None
        role, = sources
        if (station, role) not in self._paths:
            self._paths[station, role] = station.wire_path(role)
        path = self._paths[station, role]
        if not path.coupled:
            return None
        extremes = _both(None, (float(shown.min()), float(shown.max())))
        file = getattr(station, "file", None)
        terminal = role if file is None else str(file.table.roles[role])
        return _Levels(role, terminal, path, _whole(extremes, path, plan), _compliance(protocol))


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


def _refusal(levels: _Levels, together: Extremes, station: RunnerBench, device: str) -> str:
    """Return why a run with other levels before it is refused; "" where it is not.

    What the run alone brings beyond a limit is judged elsewhere: a simulation may show that it is none.
    """
    limits = station.device.limits
    alone, worst = (worst_case_of_voltage(farthest_emf(one, levels.path), levels.path, levels.compliance)
                    for one in (levels.extremes, together))
    if not any(
        limit is not None and reached > max(limit, own) * (1 + _SLACK) for limit, reached, own in (
            (limits.max_voltage, worst.voltage, alone.voltage), (limits.max_current, worst.current, alone.current),
            (limits.max_power, worst.power, alone.power))
    ):
        return ""
    try:
        DeviceGuard(limits, device).require_worst_case(levels.role, "run after the runs before it", worst)
    except LimitError as error:
        return str(error)
    return ""
