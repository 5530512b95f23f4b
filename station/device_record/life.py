"""The life of one device, from its records: sums, maxima, state, and what is left of its budget."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tsbench.quantities import format_quantity
from tsbench.records import DeviceDescription
from tsbench.station.device_record.dose import Dose
from tsbench.storage.record_file import Record

STATES = ("pristine", "formed", "working", "shorted", "open", "retired")
#: quantities that only a device that was formed, or that switches, gives
FORMING = ("forming_voltage",)
SWITCHING = ("threshold_voltage", "hold_voltage", "switching_delay", "frequency", "relaxation_time", "firing_threshold",
             "threshold_amplitude", "spike_energy")
_SLACK = 1e-9  #: relative, for the rounding of sums


@dataclass(frozen=True)
class Budget:
    """What a device may be exposed to in its life, from ``[device.budget]`` of the bench file. None: no limit."""

    cycles: float | None = None
    charge: float | None = None  #: [C]
    energy: float | None = None  #: [J]

    def refusal(self, used: Dose, more: Dose, device: DeviceDescription | str) -> str:
        """Return why a further dose is beyond what is left; "" where it is not."""
        name = device if isinstance(device, str) else device.identifier
        for quantity, unit in (("cycles", ""), ("charge", "C"), ("energy", "J")):
            bound = getattr(self, quantity)
            have, add = getattr(used, quantity), getattr(more, quantity)
            if bound is not None and have + add > bound * (1 + _SLACK):
                left = max(bound - have, 0.0)
                return (f"{name}: the {quantity} of this step may be {format_quantity(add, unit)}, but only "
                        f"{format_quantity(left, unit)} are left of the budget of {format_quantity(bound, unit)}. "
                        f"Shorten the step, or change {quantity} in [device.budget] of the bench file")
        return ""

    @property
    def limited(self) -> bool:
        """Whether there is any budget."""
        return any(one is not None for one in (self.cycles, self.charge, self.energy))


@dataclass(frozen=True)
class DeviceLife:
    """What is known of a device."""

    state: str = "pristine"
    settled: Dose = field(default_factory=Dose)  #: of the runs that have ended
    open: Mapping[str, Dose] = field(default_factory=dict)  #: planned worst case of the runs that have not
    runs: int = 0
    temperature: tuple[float, float] | None = None  #: [K] lowest and highest at which it was measured
    known: frozenset[str] = frozenset()  #: identifiers of charges that were made

    @property
    def used(self) -> Dose:
        """What the device was exposed to at most: what is settled, and the worst case of what is not."""
        return sum(self.open.values(), self.settled)

    def after(self, kind: str, content: Mapping[str, Any]) -> "DeviceLife":
        """Return the life after one more record."""
        identifier = str(content.get("id", ""))
        if kind == "charge" and identifier not in self.known:
            return replace(self, open={**self.open, identifier: Dose.read(content.get("dose", {}))},
                           known=self.known | {identifier})
        if kind == "settle" and identifier in self.open:
            left = {name: dose for name, dose in self.open.items() if name != identifier}
            life = replace(self, open=left, settled=self.settled + Dose.read(content.get("dose", {})),
                           runs=self.runs + 1)
            return life._at(content.get("temperature"))
        if kind == "state" and content.get("state") in STATES:
            return replace(self, state=str(content["state"]))
        return self

    def _at(self, temperature: Any) -> "DeviceLife":
        if not isinstance(temperature, int | float):
            return self
        low, high = self.temperature or (temperature, temperature)
        return replace(self, temperature=(min(low, temperature), max(high, temperature)))


def life_of(records: Iterable[Record], begin: DeviceLife | None = None) -> DeviceLife:
    """Return the life that records tell."""
    life = begin or DeviceLife()
    for kind, content in records:
        life = life.after(kind, content)
    return life


def next_state(now: str, *, contact: Sequence[str], formed: bool, switched: bool, success: bool) -> str:
    """Return the state of a device after a run.

    Parameters
    ----------
    now : before it
    contact : "open", "short": how the device looked over the whole run
    formed : the run has formed it: a forming voltage has a value
    switched : a switching quantity has a value
    success : the run came to its end
    """
    if now == "retired":
        return now
    if "short" in contact:
        return "shorted"
    if switched:   # it switches: what was taken for open or short before was not
        return "working"
    if formed:
        return "formed"
    if "open" in contact and success:
        return "open"
    return now


def is_switching(quantity: str) -> bool:
    """Whether only a device that switches gives a quantity."""
    return quantity in SWITCHING


def state_after(now: str, rows: Iterable[tuple[str, bool]], contact: Sequence[str], success: bool) -> str:
    """Return the state of a device after a run, from its results.

    Parameters
    ----------
    now : state before it
    rows : quantity of each result, and whether the run found a value of it
    contact : "open", "short": how the device looked over the whole run
    success : the run came to its end
    """
    valued = {quantity for quantity, found in rows if found}
    return next_state(now, contact=contact, formed=bool(valued & set(FORMING)), switched=bool(valued & set(SWITCHING)),
                      success=success)
