"""What a run does to its device: as planned at worst, and as measured."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from tsbench.errors import TsbenchError
from tsbench.instruments import Plan
from tsbench.records import Flag, FloatArray, Run
from tsbench.storage import read_run

_EVENTS = ("pulses", "ramps", "stimuli", "levels")  #: items of a plan that count how often the device is stressed
_LARGEST = 2**26  #: [bytes] of a run file that is read again for the dose
_READING = 0.1  #: [s] longest time between two readings for which the larger one is taken as the current between them


@dataclass(frozen=True)
class Dose:
    """What a device was exposed to; doses of several runs add up, the maxima are those of all of them."""

    cycles: float = 0.0  #: pulses, ramps or levels that were sent
    charge: float = 0.0  #: [C]
    energy: float = 0.0  #: [J]
    max_voltage: float = 0.0  #: [V] magnitude
    max_current: float = 0.0  #: [A] magnitude

    def __add__(self, other: "Dose") -> "Dose":
        return Dose(self.cycles + other.cycles, self.charge + other.charge, self.energy + other.energy,
                    max(self.max_voltage, other.max_voltage), max(self.max_current, other.max_current))

    def times(self, count: int) -> "Dose":
        """Return the dose of ``count`` equal runs."""
        return Dose(self.cycles * count, self.charge * count, self.energy * count, self.max_voltage, self.max_current)

    @classmethod
    def read(cls, content: Mapping[str, Any]) -> "Dose":
        """Return the dose of a record; what it does not hold is 0."""
        return cls(**{one.name: float(content.get(one.name, 0.0)) for one in fields(cls)})


def planned_dose(plan: Plan) -> Dose:
    """Return the worst case of a whole run.

    A plan that states no total charge is taken at its worst current for all of its duration; the energy is the charge
    at the worst voltage.
    """
    worst: dict[str, float] = {}
    for item in plan.worst_case:
        worst[item.quantity] = max(worst.get(item.quantity, 0.0), float(item.value))
    voltage, current = worst.get("voltage", 0.0), worst.get("current", 0.0)
    charge = worst.get("total charge", current * plan.duration)
    events = max((worst[name] for name in _EVENTS if name in worst), default=float(max(plan.points, plan.steps)))
    charge += events * max(worst.get("charge", 0.0) - current * plan.duration / max(events, 1.0), 0.0)
    return Dose(events, charge, max(charge * voltage, events * worst.get("energy", 0.0)), voltage, current)


def measured_dose(run: Run, planned: Dose, points: int) -> Dose:
    """Return what a run did to its device, from its readings as far as they show it, else from its plan.

    The cycles are those of the plan, as far as the run came. Charge and energy are the sums over the readings where
    they follow each other closely, with the larger of two neighbours between them; where the run has gaps, or no
    column with the current, they are the planned worst case of the part that was measured.

    Parameters
    ----------
    run : as stored
    planned : its worst case
    points : rows of its point table that were planned
    """
    share = min(1.0, (len(run.points) + 1) / points) if points > 0 else 1.0
    if run.status == "success" and points > 0 and len(run.points) >= points:
        share = 1.0
    whole = Dose(math.ceil(planned.cycles * share), planned.charge * share, planned.energy * share,
                 planned.max_voltage, planned.max_current)
    names = [column.name for column in run.header.columns]
    voltage = next((name for name in ("device_voltage", "voltage") if name in names), "")
    if not {"time", "current"} <= set(names) or not voltage or len(run.points) < 2 or run.waveforms:
        return whole
    if np.any(run.point_flags & int(Flag.OVERFLOW | Flag.OSCILLATING)):
        return whole
    time, amperes, volts = run.column("time"), np.abs(run.column("current")), np.abs(run.column(voltage))
    if not (np.isfinite(time).all() and np.isfinite(amperes).all() and np.isfinite(volts).all()):
        return whole
    spacing = np.diff(time)
    if np.any(spacing < 0) or np.any(spacing > _READING + 3 * np.median(spacing)):
        return whole
    charge = _larger(amperes) @ spacing
    energy = _larger(amperes * volts) @ spacing
    return Dose(whole.cycles, float(charge), float(energy), float(volts.max()), float(amperes.max()))


def dose_of_file(path: Path | None, planned: Dose, points: int, columns: Iterable[str]) -> Dose:
    """Return what a stored run did to its device; the planned worst case where its file does not show it.

    Parameters
    ----------
    path : the run file; None: nothing was written
    planned, points : as for :func:`measured_dose`
    columns : names of the columns of the protocol
    """
    if path is None or not {"time", "current"} <= set(columns):
        return planned
    try:
        if path.stat().st_size > _LARGEST:
            return planned
        return measured_dose(read_run(path), planned, points)
    except (TsbenchError, OSError):
        return planned


def _larger(values: FloatArray) -> FloatArray:
    """Return the larger one of each two neighbours."""
    return np.maximum(values[1:], values[:-1])
