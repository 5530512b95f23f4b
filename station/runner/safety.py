"""Making a bench safe and reading every output back, also over a connection that has just failed."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from tsbench.errors import sentences
from tsbench.instruments import OutputState, Station
from tsbench.plugins import in_words


class RunPreparation(Protocol):
    """What is set at the fixture before a run, while all outputs are off."""

    def refusal(self, roles: Sequence[str]) -> str:
        """Return why instruments of these roles cannot measure together; "" where they can."""

    def overload(self, roles: Sequence[str], voltage: float, current: float) -> str:
        """Return which instrument would not withstand a voltage [V] and current [A] of these roles; "" if all do."""

    def leaks(self, roles: Sequence[str], voltage: float, current: float) -> list[str]:
        """Return a warning for each role whose currents contain that of a leak, at a voltage [V] and current [A]."""

    def ringing_refusals(
        self, roles: Sequence[str], voltage: float, most: float, edge: float, base: float,
    ) -> Iterator[str]:
        """Yield why a coil lets the voltage [V] go beyond ``most`` [V] at an edge [s] of a pulse from ``base`` [V]."""

    def pending(self, given: Mapping[str, float] | None) -> dict[str, float]:
        """Return the values of the fixture [Ohm or F] that must be set before a run with the ``given`` values."""

    def arrange(self, values: Mapping[str, float]) -> None:
        """Set values of the fixture [Ohm or F] by quantity, while all outputs are off."""

    def route(self, roles: Sequence[str]) -> None:
        """Select the route of these roles; the operator may decline."""

    def prepare(self, roles: Sequence[str]) -> None:
        """Select the route of these roles, and set what senses the current and the gates."""


class SourceGuards(Protocol):
    """What the guards of all sources of a bench know together."""

    @property
    def forgets_levels(self) -> bool:
        """Whether a capacitor in series loses its charge before another device is connected."""


class RunnerBench(Station, Protocol):
    """What the runner needs of a bench beside what a protocol sees."""

    problems: list[str]  #: what went wrong while making safe, one line each
    rating: float  #: [V] that fixture and cable are made for

    @property
    def preparation(self) -> "RunPreparation":
        """Return what brings the fixture into the state in which instruments of some roles measure."""

    @property
    def guards(self) -> SourceGuards:
        """Return the guards of the sources."""

    def hearing(self, overdue: Callable[[], str | None]) -> AbstractContextManager[None]:
        """Hear a stop where a driver waits; ``overdue`` returns why the run should have ended by now, or None."""

    def make_safe(self) -> Sequence[OutputState]:
        """Switch every output off and read it back; one that cannot be read back counts as enabled."""

    def reopen_and_make_safe(self) -> Sequence[OutputState]:
        """Open all connections anew, clear, switch off, read back."""

    def describe(self) -> Mapping[str, Mapping[str, Any]]:
        """Describe every instrument for the run's header: identity, address, roles, set-up, accuracy."""

    def planning_for(self, device: str, values: Mapping[str, float] | None = None) -> "RunnerBench":
        """Return this bench with another device ("": with its own), and other values of the fixture [Ohm or F].

        For plans: nothing is sent, nothing moves.
        """

    def close(self) -> None:
        """Make safe and close every connection; again it does nothing."""


@dataclass(frozen=True)
class OutputReport:
    """What every output was read back as: False off, None not read back as off."""

    outputs: Mapping[str, bool | None]
    problems: tuple[str, ...] = ()

    @property
    def safe(self) -> bool:
        """Whether every output was read back as off."""
        return bool(self.outputs) and all(state is False for state in self.outputs.values())

    @property
    def message(self) -> str:
        """The report in words, and what to do where it is not good."""
        if self.safe:
            return f"these outputs were read back as off: {', '.join(self.outputs)}"
        unknown = [name for name, state in self.outputs.items() if state is None]
        which = f" ({', '.join(unknown)})" if unknown else ""
        return sentences(f"the state of the outputs is unknown{which}. Check the panel", *self.problems)


def make_safe(bench: RunnerBench, connection_lost: bool = False) -> OutputReport:
    """Switch every output off and read it back; over new connections where the old ones fail.

    Raises nothing but KeyboardInterrupt: what could not be done is in the report.

    Parameters
    ----------
    bench : RunnerBench
    connection_lost : bool
        The run ended with a communication error: reopen at once, do not wait for another timeout.
    """
    report = OutputReport({}, ("no output was read back",))
    first = bench.reopen_and_make_safe if connection_lost else bench.make_safe
    for attempt in (first, bench.reopen_and_make_safe):
        try:
            states = attempt()
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001  whatever fails, also by sys.exit, the next attempt is made
            report = OutputReport(report.outputs, (in_words(error),))
            continue
        outputs = {state.output: None if state.enabled else False for state in states}
        report = OutputReport(outputs, tuple(bench.problems))
        if report.safe:
            break
    return report
