"""The levels that the runs of a list or campaign leave, one after the other, on a capacitor in series with a device."""

import math

import numpy as np

from tsbench.errors import LimitError
from tsbench.instruments import Plan
from tsbench.instruments.guard.coupling import farthest_emf
from tsbench.instruments.guard.limits import DeviceGuard, WirePath, worst_case_of_voltage
from tsbench.protocols import Protocol
from tsbench.station.campaign.expansion import Item
from tsbench.station.runner.safety import RunnerBench


class LevelsOfRuns:
    """Adds up which levels runs on the same device will have had: each plan alone knows only what was on already.

    Only runs that follow each other on one device without a condition count. Before another device is connected, the
    capacitor is discharged, and a run with a condition may be left out.
    """

    def __init__(self) -> None:
        self._device, self._number = "", 0
        self._levels: dict[str, tuple[float, float]] = {}  #: role -> lowest and highest level [V]
        self._paths: dict[tuple[RunnerBench, str], WirePath] = {}

    def refusal(self, item: Item, station: RunnerBench, protocol: Protocol, plan: Plan) -> str:
        """Return why the next run has levels too far from those of the runs before; "" if they are near enough."""
        if item.device != self._device or item.number != self._number + 1:
            self._levels.clear()
        self._device, self._number = item.device, item.number
        sources = [role for role in protocol.roles if role in station.fixture.source_resistance]
        levels = np.asarray(plan.preview.get("level", ()), dtype=np.float64)
        volts = getattr(protocol, "drive", "voltage") == "voltage"
        if len(sources) != 1 or levels.size == 0 or not volts or item.conditional:
            return ""   # whose levels these are, or whether they come, is not known
        role, = sources
        if (station, role) not in self._paths:
            self._paths[station, role] = station.wire_path(role)
        path = self._paths[station, role]
        if not path.coupled:
            return ""
        low, high = self._levels.get(role, (0.0, 0.0))
        both = min(low, float(levels.min())), max(high, float(levels.max()))
        compliance = getattr(protocol, "compliance", math.inf)
        worst = worst_case_of_voltage(
            farthest_emf(both, path), path, compliance if isinstance(compliance, float) else math.inf)
        try:
            DeviceGuard(station.device.limits, item.device).require_worst_case(
                role, "run after the runs before it", worst)
        except LimitError as error:
            return (f"{error}. A capacitor is in series with the device and keeps the levels of the runs before. Put "
                    "this run into another list or campaign, and discharge the capacitor before it")
        self._levels[role] = both
        return ""
