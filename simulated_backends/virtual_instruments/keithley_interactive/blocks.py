"""Virtual interactive source meter: the blocks of a trigger model, what each does, and how the block list shows it.

What a block does, and how the block list shows it, is in the help of the 2450's commands that Tektronix publishes
(``trigger.model.setblock``, ``trigger.model.getblocklist``). The help shows the blocks BUFFER_CLEAR, MEASURE,
BRANCH_COUNTER, DELAY_CONSTANT and CONFIG_... . The columns of all others are not compared with an instrument.
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

from tsbench.simulated_backends.virtual_instruments.source_meter.readings import MeterReading

#: seconds that pass; None: until an event comes
Steps = Generator[float | None, None, int | None]
#: what a block leads to: None to the next block, a number to that block, 0 to the end
Result = Steps | int | None
END = 0
ENDLESS = -1  #: count of a measure block that goes on while the next blocks are executed
PRESENT = -2  #: count of a measure block that takes the count of the measurement settings


class Machine(Protocol):
    """What blocks ask of the instrument."""

    def clear_buffer(self, name: str) -> None: ...
    def measure(self, number: int, buffer: str, count: int) -> Steps: ...
    def measure_on(self, number: int, buffer: str) -> None: ...
    def stop_measuring(self) -> None: ...
    def present_count(self) -> int: ...
    def last_readings(self, number: int) -> Sequence[MeterReading]: ...
    def limits(self, number: int) -> tuple[float, float]: ...
    def switch_output(self, on: bool) -> Steps: ...
    def recall(self, name: str, index: int | None, step: int) -> Steps: ...
    def user_delay(self, which: str) -> float: ...
    def write_lines(self, pattern: int, mask: int) -> None: ...
    def notify(self, identifier: int) -> None: ...
    def log(self, number: int, kind: str, message: str) -> None: ...
    def noticed(self, number: int) -> frozenset[str]: ...
    def forget_events(self, number: int) -> None: ...
    def count(self, number: int) -> int: ...
    def set_count(self, number: int, count: int) -> None: ...
    def elapsed(self) -> float: ...
    def fail(self, last: int) -> int: ...


class ModelBlock:
    """One block: what it is called, what it shows, what it does."""

    kind: ClassVar[str]
    events: tuple[str, ...] = ()  #: that it reacts to
    branches_to: ClassVar[int] = 0  #: the block that it may go to instead of the next; 0: none, or the end

    def shown(self) -> str:
        """Return its settings as the block list shows them."""
        return ""

    def act(self, number: int, machine: Machine) -> Result:
        """Do what the block does, as block ``number``."""
        raise NotImplementedError


@dataclass(frozen=True)
class Nothing(ModelBlock):
    kind: ClassVar[str] = "NOP"

    def act(self, number: int, machine: Machine) -> Result:
        return None


@dataclass(frozen=True)
class ClearBuffer(ModelBlock):
    buffer: str
    kind: ClassVar[str] = "BUFFER_CLEAR"

    def shown(self) -> str:
        return f"BUFFER: {self.buffer}"

    def act(self, number: int, machine: Machine) -> Result:
        machine.clear_buffer(self.buffer)
        return None


@dataclass(frozen=True)
class Measure(ModelBlock):
    """``count`` readings (or :data:`ENDLESS`, or :data:`PRESENT`; 0 ends endless readings).

    ``failing`` is the block to go to if the limit of the source has taken over.
    """

    buffer: str
    count: int = 1
    failing: int | None = None
    kind: ClassVar[str] = "MEASURE"

    def shown(self) -> str:
        count = {ENDLESS: "INFINITE", PRESENT: "AUTO", 0: "STOP"}.get(self.count, str(self.count))
        return f"BUFFER: {self.buffer} COUNT: {count}"

    def act(self, number: int, machine: Machine) -> Result:
        machine.stop_measuring()
        if self.count == ENDLESS:
            machine.measure_on(number, self.buffer)
            return None
        return self._measure(number, machine)

    def _measure(self, number: int, machine: Machine) -> Steps:
        count = machine.present_count() if self.count == PRESENT else self.count
        yield from machine.measure(number, self.buffer, count)
        if self.failing is not None and machine.last_readings(number)[-1].limited:
            return machine.fail(self.failing)
        return None


@dataclass(frozen=True)
class SourceState(ModelBlock):
    on: bool
    kind: ClassVar[str] = "SOURCE_OUTPUT"

    def shown(self) -> str:
        return f"OUTPUT: {'ON' if self.on else 'OFF'}"

    def act(self, number: int, machine: Machine) -> Result:
        return machine.switch_output(self.on)


@dataclass(frozen=True)
class Recall(ModelBlock):
    """Recalls an index of one or two configuration lists."""

    lists: tuple[tuple[str, int], ...]
    kind: ClassVar[str] = "CONFIG_RECALL"

    def shown(self) -> str:
        names, indices = zip(*self.lists, strict=True)
        return f"CONFIG_LIST: {' and '.join(names)}  INDEX: {' and '.join(map(str, indices))}"

    def act(self, number: int, machine: Machine) -> Result:
        return self._recall(machine)

    def _recall(self, machine: Machine) -> Steps:
        for name, index in self.lists:
            yield from machine.recall(name, index, 0)
        return None


@dataclass(frozen=True)
class RecallBeside(ModelBlock):
    """Recalls the next or the previous index of one or two configuration lists."""

    lists: tuple[str, ...]
    step: int  #: 1 or -1

    @property
    def kind(self) -> str:   # type: ignore[override]
        return "CONFIG_NEXT" if self.step > 0 else "CONFIG_PREV"

    def shown(self) -> str:
        return f"CONFIG_LIST: {' and '.join(self.lists)}"

    def act(self, number: int, machine: Machine) -> Result:
        return self._recall(machine)

    def _recall(self, machine: Machine) -> Steps:
        for name in self.lists:
            yield from machine.recall(name, None, self.step)
        return None


@dataclass(frozen=True)
class ConstantDelay(ModelBlock):
    seconds: float
    kind: ClassVar[str] = "DELAY_CONSTANT"

    def shown(self) -> str:
        return f"DELAY: {self.seconds:.9f}"

    def act(self, number: int, machine: Machine) -> Result:
        return _wait(self.seconds) if self.seconds > 0 else None


@dataclass(frozen=True)
class UserDelay(ModelBlock):
    which: str  #: "SOUR1" to "SOUR5", "MEAS1" to "MEAS5"
    kind: ClassVar[str] = "DELAY_DYNAMIC"

    def shown(self) -> str:
        return f"DELAY: {self.which}"

    def act(self, number: int, machine: Machine) -> Result:
        return _wait(machine.user_delay(self.which))


def _wait(seconds: float) -> Steps:
    yield seconds
    return None


@dataclass(frozen=True)
class DigitalOut(ModelBlock):
    pattern: int
    mask: int
    kind: ClassVar[str] = "DIGITAL_IO"

    def shown(self) -> str:
        return f"BIT_PATTERN: {self.pattern}  BIT_MASK: {self.mask}"

    def act(self, number: int, machine: Machine) -> Result:
        machine.write_lines(self.pattern, self.mask)
        return None


@dataclass(frozen=True)
class Notify(ModelBlock):
    identifier: int
    kind: ClassVar[str] = "NOTIFY"

    def shown(self) -> str:
        return f"NOTIFY: {self.identifier}"

    def act(self, number: int, machine: Machine) -> Result:
        machine.notify(self.identifier)
        return None


@dataclass(frozen=True)
class LogEvent(ModelBlock):
    which: str  #: "INF1", "WARN2", "ERR4", ... or "WARN_ABOR", which ends the model as aborted
    message: str
    kind: ClassVar[str] = "LOG_EVENT"

    def shown(self) -> str:
        return f"EVENT: {self.which}  MESSAGE: {self.message}"

    def act(self, number: int, machine: Machine) -> Result:
        machine.log(number, self.which.partition("_")[0], self.message)
        return machine.fail(END) if self.which.endswith("ABOR") else None


@dataclass(frozen=True)
class Wait(ModelBlock):
    """Waits for events that have come since the model started or the block was left, or that still come."""

    events: tuple[str, ...]
    every: bool = False  #: for all of them, not only for one
    forget: bool = False  #: what came before does not count
    kind: ClassVar[str] = "WAIT"

    def shown(self) -> str:
        logic = "AND" if self.every else "OR"
        return f"EVENT: {f' {logic} '.join(self.events)}  CLEAR: {'ENTER' if self.forget else 'NEVER'}"

    def act(self, number: int, machine: Machine) -> Result:
        return self._wait(number, machine)

    def _wait(self, number: int, machine: Machine) -> Steps:
        if self.forget:
            machine.forget_events(number)
        enough = all if self.every else any
        while not enough(event in machine.noticed(number) for event in self.events):
            yield None
        machine.forget_events(number)
        return None
