"""The plan of a campaign as a table: a row for each step and kind of device, the worst case beside its limits."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from tsbench.errors import sentences
from tsbench.quantities import format_quantity
from tsbench.records import DeviceLimits
from tsbench.station.campaign.planning import PlannedItem
from tsbench.station.device_record import Budget, Dose
from tsbench.station.runner.discharge import discharge_lines
from tsbench.storage.recorder import FILE_OVERHEAD

_PEAKS = (("voltage", "V", "max_voltage"), ("current", "A", "max_current"), ("power", "W", "max_power"),
          ("charge", "C", "max_charge"), ("energy", "J", "max_energy"))
_DOSES = (("cycles", ""), ("charge", "C"), ("energy", "J"))


@dataclass(frozen=True)
class Bounded:
    """A worst case and the limit that it is compared with."""

    value: float  #: infinite: nothing bounds it
    limit: float | None
    unit: str

    @property
    def text(self) -> str:
        """Both, as a cell shows them."""
        limit = f" / {format_quantity(self.limit, self.unit, 3)}" if self.limit is not None else ""
        value = format_quantity(self.value, self.unit, 3) if math.isfinite(self.value) else "not bounded"
        return f"{value}{limit}"


@dataclass(frozen=True)
class PlanRow:
    """A step on devices with the same limits."""

    step: str
    protocol: str
    devices: tuple[str, ...]
    runs: int  #: at most
    peaks: Mapping[str, Bounded]  #: quantity -> worst case of an instant or event, and its limit
    dose: Mapping[str, Bounded]  #: quantity -> worst case of all runs on one device, and its budget
    duration: float  #: [s] of all of them, at most
    bytes: int
    oscillation: str = ""
    model: str = ""  #: of the catalogue, by which the oscillation was predicted; "": none is known
    foreseen: str = ""  #: how voltage, current and power were found; "": they are those of the sources

    def cells(self) -> tuple[str, ...]:
        """Return the row as texts, in the order of :data:`COLUMNS`."""
        first = ", ".join(self.devices[:2]) + (f" … ({len(self.devices)})" if len(self.devices) > 2 else "")
        peaks = [self.peaks[name].text if name in self.peaks else "-" for name, _, _ in _PEAKS]
        dose = "; ".join(f"{bounded.text}{' cycles' * (name == 'cycles')}" for name, bounded in self.dose.items())
        model = f" (model {self.model})" if self.model else ""
        return (self.step, self.protocol, first, str(self.runs), *peaks, dose, format_quantity(self.duration, "s", 2),
                f"{self.bytes / 1e6:.1f} MB", f"{self.oscillation}{model}" or "-")


COLUMNS = ("step", "protocol", "devices", "runs", "voltage", "current", "power", "charge per event", "energy per event",
           "life of a device", "time", "size", "oscillation")


@dataclass(frozen=True)
class CampaignPlan:
    """What a campaign would do at most, and whether it may."""

    name: str
    rows: tuple[PlanRow, ...]
    red: tuple[str, ...] = ()  #: reasons against it; with one of them nothing is measured
    amber: tuple[str, ...] = ()  #: what a person must have accepted before it begins
    notes: tuple[str, ...] = ()  #: remarks
    exit_code: int = 0  #: 3 if a limit refuses it, 2 if the file is wrong
    planned: tuple[PlannedItem, ...] = field(default=(), repr=False)

    @property
    def verdict(self) -> str:
        """Return "red", "amber" or "green"."""
        return "red" if self.red else "amber" if self.amber else "green"

    @property
    def duration(self) -> float:
        """Return the longest time [s] that all runs take."""
        return sum(row.duration for row in self.rows)

    @property
    def bytes(self) -> int:
        """Return the size of all run files."""
        return sum(row.bytes for row in self.rows)

    @property
    def line(self) -> str:
        """The plan in one line."""
        runs, devices = sum(row.runs for row in self.rows), {one for row in self.rows for one in row.devices}
        word = {"red": "refused", "amber": "needs a yes", "green": "good"}[self.verdict]
        return (f"{self.name}: {runs} runs on {len(devices)} device{'s' * (len(devices) != 1)}, about "
                f"{format_quantity(self.duration, 's', 2)}, {self.bytes / 1e6:.1f} MB: {word}")

    def as_json(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {"name": self.name, "verdict": self.verdict, "duration": self.duration, "bytes": self.bytes,
                "red": list(self.red), "amber": list(self.amber), "notes": list(self.notes),
                "rows": [_plain(row) for row in self.rows]}

    def __str__(self) -> str:
        """Return it as text: a table, and what is wrong."""
        cells = [COLUMNS, *(row.cells() for row in self.rows)]
        widths = [max(len(row[place]) for row in cells) for place in range(len(COLUMNS))]
        lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in cells]
        told = [f"{word}: {line}" for word, found in (("red", self.red), ("amber", self.amber), ("note", self.notes))
                for line in found]
        return "\n".join([*lines, *told, self.line])


def _plain(row: PlanRow) -> dict[str, Any]:
    """Return a row as plain data; a worst case without a bound is None, because JSON has no infinity."""
    found = asdict(row)
    for bounded in found["peaks"].values():
        bounded["value"] = bounded["value"] if math.isfinite(bounded["value"]) else None
    return found


def rows_of(
    planned: Sequence[PlannedItem], budgets: Mapping[str, Budget], used: Mapping[str, Dose],
    oscillation: Mapping[str, tuple[str, str]],
) -> list[PlanRow]:
    """Return the rows of a table.

    Parameters
    ----------
    planned : every run, in the order of the campaign; refused ones without a plan are left out
    budgets : device -> its budget
    used : device -> what it was exposed to before
    oscillation : step -> what is predicted, and by which model
    """
    groups: dict[tuple[str, DeviceLimits, Budget], list[PlannedItem]] = {}
    for one in planned:
        if one.plan is not None:
            key = one.item.step.name, one.limits, budgets.get(one.item.device, Budget())
            groups.setdefault(key, []).append(one)
    return [_row(step, limits, budget, members, used, oscillation)
            for (step, limits, budget), members in groups.items()]


def _row(
    step: str, limits: DeviceLimits, budget: Budget, members: Sequence[PlannedItem], used: Mapping[str, Dose],
    oscillation: Mapping[str, tuple[str, str]],
) -> PlanRow:
    worst: dict[str, float] = {}
    doses: dict[str, Dose] = {}
    duration, size = 0.0, 0
    for one in members:
        assert one.plan is not None
        for item in one.plan.worst_case:
            worst[item.quantity] = max(worst.get(item.quantity, 0.0), one.worst(item.quantity, item.value))
        doses[one.item.device] = doses.get(one.item.device, Dose()) + one.dose
        duration, size = duration + one.plan.duration, size + one.plan.bytes + FILE_OVERHEAD
    peaks = {name: Bounded(worst[name], getattr(limits, limit), unit) for name, unit, limit in _PEAKS if name in worst}
    most = {name: max(getattr(dose, name) for dose in doses.values()) for name, _ in _DOSES}
    dose = {}
    for name, unit in _DOSES:
        bound = getattr(budget, name)
        left = None if bound is None else max(bound - max(getattr(used.get(d, Dose()), name) for d in doses), 0.0)
        dose[name] = Bounded(most[name], left, unit)
    predicted, model = oscillation.get(step, ("", ""))
    foreseen = next((one.foreseen.told for one in members if one.foreseen is not None), "")
    return PlanRow(step, members[0].item.step.protocol.name, tuple(doses), len(members), peaks, dose, duration, size,
                   predicted, model, foreseen)


def refusals(planned: Sequence[PlannedItem], most: int = 20) -> list[str]:
    """Return one line for each refused run; reasons of several devices that differ only in the device are one line.

    Parameters
    ----------
    planned : all runs
    most : lines; one more says how many are left out
    """
    found: dict[str, list[str]] = {}
    told: dict[str, str] = {}
    for one in planned:
        if one.problem is not None:
            reason = " ".join(str(one.problem).split())
            same = reason.replace(one.item.device, "\0")  # no name and no message has this sign
            told.setdefault(same, reason)
            found.setdefault(same, []).append(one.item.where)
    lines = [f"{_who(keys)}: {told[same]}" for same, keys in found.items()]
    left = len(lines) - most
    return lines[:most] + ([sentences(f"{left} more reasons are not told")] if left > 0 else [])


def discharge_notes(planned: Sequence[PlannedItem]) -> list[str]:
    """Return one line for each discharge through a device that no limit bounds; equal ones of several runs are one."""
    found: dict[str, list[str]] = {}
    for one in planned:
        for line in discharge_lines(one.plan) if one.plan is not None and one.problem is None else ():
            found.setdefault(line, []).append(one.item.where)
    return [f"{_who(keys)}: {line}" for line, keys in found.items()]


def _who(keys: Sequence[str]) -> str:
    return keys[0] if len(keys) == 1 else f"{keys[0]} and {len(keys) - 1} more"
