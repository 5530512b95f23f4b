"""Whether the steps of a campaign make a device oscillate, by a simulation in a process of its own.

Who measures imports no simulation: ``python -m tsbench.station.preflight`` computes where a bench oscillates.
"""

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tsbench.quantities import format_quantity
from tsbench.station.campaign.planning import PlannedItem
from tsbench.station.campaign.simulating import simulated
from tsbench.station.runner.safety import RunnerBench

_PATIENCE = 300.0  #: [s] the first time on a machine, the simulation is compiled
NOT_KNOWN = "not predicted"


def predicted_zones(
    path: Path, bench: RunnerBench, planned: Sequence[PlannedItem],
) -> dict[str, tuple[str, str]]:
    """Return what is predicted for each step on a bench: a text, and the model of the catalogue behind it.

    Parameters
    ----------
    path : the bench file
    bench : the bench, open: its sources have output resistances
    planned : the runs
    """
    zones = _simulated(path, dict(bench.fixture.source_resistance), sorted({one.item.device for one in planned}))
    found: dict[str, tuple[str, str]] = {}
    for one in planned:
        name = one.item.step.name
        if one.plan is None or name in found or one.item.step.bench != path:
            continue
        roles = one.item.step.protocol.roles   # a source of another role may have another resistor in series
        mine = [zone for zone in zones if zone["role"] in roles and zone["device"] == one.item.device]
        if not mine:
            found[name] = NOT_KNOWN, ""
            continue
        voltage = max((float(item.value) for item in one.plan.worst_case if item.quantity == "voltage"), default=0.0)
        found[name] = _told(mine[0], voltage), str(mine[0]["model"])
    return found


def _told(zone: Mapping[str, Any], voltage: float) -> str:
    if not zone["biases"] or zone["biases"][0] > voltage:
        return "none"
    low, high = (format_quantity(one, "V", 3) for one in (zone["biases"][0], zone["biases"][-1]))
    slow, fast = (format_quantity(one, "Hz", 3) for one in (min(zone["frequencies"]), max(zone["frequencies"])))
    return f"from {low} to {high}, {slow} to {fast}"


def _simulated(path: Path, resistances: Mapping[str, float], devices: Sequence[str]) -> Sequence[Mapping[str, Any]]:
    """Return the zones of each role and device; nothing where the simulation fails: it is a help and no judgement."""
    try:
        return simulated({"ask": "zones", "bench": str(path), "resistances": dict(resistances),
                          "devices": list(devices)}, _PATIENCE)
    except (OSError, subprocess.SubprocessError, ValueError):
        return []
