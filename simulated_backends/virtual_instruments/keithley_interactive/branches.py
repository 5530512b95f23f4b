"""Virtual interactive source meter: the blocks of a trigger model that decide which block is next."""

from dataclasses import dataclass
from typing import ClassVar

from tsbench.simulated_backends.virtual_instruments.keithley_interactive.blocks import Machine, ModelBlock, Result


@dataclass(frozen=True)
class GoTo(ModelBlock):
    """Goes to another block; by default always."""

    to: int  #: a block; 0 ends the trigger model
    kind: ClassVar[str] = "BRANCH_ALWAYS"

    @property
    def branches_to(self) -> int:   # type: ignore[override]
        return self.to

    def shown(self) -> str:
        text = self.condition()
        return f"{text}  BRANCH_BLOCK: {self.to}" if text else f"BRANCH_BLOCK: {self.to}"

    def condition(self) -> str:
        """Return when it branches, as the block list shows it."""
        return ""

    def taken(self, number: int, machine: Machine) -> bool:
        """Return whether it branches this time."""
        return True

    def act(self, number: int, machine: Machine) -> Result:
        return self.to if self.taken(number, machine) else None


@dataclass(frozen=True)
class BranchCounter(GoTo):
    """Branches until it has been reached ``target`` times, then goes on and begins anew."""

    target: int
    kind: ClassVar[str] = "BRANCH_COUNTER"

    def condition(self) -> str:
        return f"VALUE: {self.target}"

    def taken(self, number: int, machine: Machine) -> bool:
        count = machine.count(number)
        count = 1 if count >= self.target else count + 1
        machine.set_count(number, count)
        return count < self.target


@dataclass(frozen=True)
class ResetCounter(ModelBlock):
    """Lets the counter of another block begin anew."""

    counter: int
    kind: ClassVar[str] = "RESET_BRANCH_COUNT"

    def shown(self) -> str:
        return f"COUNTER: {self.counter}"

    def act(self, number: int, machine: Machine) -> Result:
        machine.set_count(self.counter, 0)
        return None


@dataclass(frozen=True)
class BranchDelta(GoTo):
    """Branches if a reading has changed by less than ``target`` (previous minus last)."""

    target: float
    measure: int
    kind: ClassVar[str] = "BRANCH_DELTA"

    def condition(self) -> str:
        return f"TARGET: {self.target:g}  MEASURE_BLOCK: {self.measure}"

    def taken(self, number: int, machine: Machine) -> bool:
        last = machine.last_readings(self.measure)
        return len(last) > 1 and last[-2].value - last[-1].value < self.target


@dataclass(frozen=True)
class BranchLimit(GoTo):
    """Branches if the last reading is above, below, inside or outside of two constants."""

    type: str  #: "ABOV", "BEL", "IN" or "OUT"
    low: float
    high: float
    measure: int
    kind: ClassVar[str] = "BRANCH_LIMIT_CONSTANT"

    def condition(self) -> str:
        return f"TYPE: {self.type}  LIMIT_A: {self.low:g}  LIMIT_B: {self.high:g}  MEASURE_BLOCK: {self.measure}"

    def taken(self, number: int, machine: Machine) -> bool:
        return _meets(self.type, self.low, self.high, self.measure, machine)


@dataclass(frozen=True)
class BranchLimitSet(GoTo):
    """The same with limit 1 or 2 of the measuring function."""

    type: str
    limit: int
    measure: int
    kind: ClassVar[str] = "BRANCH_LIMIT_DYNAMIC"

    def condition(self) -> str:
        return f"TYPE: {self.type}  LIMIT: {self.limit}  MEASURE_BLOCK: {self.measure}"

    def taken(self, number: int, machine: Machine) -> bool:
        low, high = machine.limits(self.limit)
        return _meets(self.type, low, high, self.measure, machine)


def _meets(kind: str, low: float, high: float, measure: int, machine: Machine) -> bool:
    """Compare the last reading with two limits. Limits in the wrong order are exchanged."""
    last = machine.last_readings(measure)
    if not last:
        return False
    value = last[-1].value
    if kind == "ABOV":
        return value > high
    if kind == "BEL":
        return value < low
    low, high = min(low, high), max(low, high)
    return (low <= value <= high) == (kind == "IN")


@dataclass(frozen=True)
class BranchEvent(GoTo):
    """Branches if an event has come since the model started or since it last branched."""

    event: str
    kind: ClassVar[str] = "BRANCH_ON_EVENT"

    @property
    def events(self) -> tuple[str, ...]:   # type: ignore[override]
        return (self.event,)

    def condition(self) -> str:
        return f"EVENT: {self.event}"

    def taken(self, number: int, machine: Machine) -> bool:
        come = self.event in machine.noticed(number)
        machine.forget_events(number)
        return come


@dataclass(frozen=True)
class BranchOnce(GoTo):
    """Branches the first time, or every time but the first."""

    excluded: bool = False

    @property
    def kind(self) -> str:   # type: ignore[override]
        return "BRANCH_ONCE_EXCLUDED" if self.excluded else "BRANCH_ONCE"

    def taken(self, number: int, machine: Machine) -> bool:
        first = machine.count(number) == 0
        machine.set_count(number, 1)
        return first != self.excluded


@dataclass(frozen=True)
class BranchDuration(GoTo):
    """Branches until ``seconds`` have passed since the model started. Only the duration loop has it."""

    seconds: float
    kind: ClassVar[str] = "BRANCH_DURATION"

    def condition(self) -> str:
        return f"DURATION: {self.seconds:g}"

    def taken(self, number: int, machine: Machine) -> bool:
        return machine.elapsed() < self.seconds
