"""Making a bench safe and reading every output back, also over a connection that has just failed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from tsbench.errors import TsbenchError
from tsbench.instruments import OutputState, Station

_ATTEMPTS = 3  #: to reopen a lost connection


class RunnerBench(Station, Protocol):
    """What the runner needs of a bench beside what a protocol sees."""

    def make_safe(self) -> Sequence[OutputState]:
        """Switch every output off and read every output back."""

    def reopen_and_make_safe(self) -> Sequence[OutputState]:
        """Open all connections anew, clear, switch off, read back."""

    def output_names(self) -> Sequence[str]:
        """Name every output there is, without asking an instrument."""

    def instrument_facts(self) -> Mapping[str, Mapping[str, Any]]:
        """Describe every instrument for the run's header, from what is known without asking."""

    def instrument_settings(self) -> Mapping[str, Mapping[str, Any]]:
        """Read back every instrument's settings."""


@dataclass(frozen=True)
class OutputReport:
    """What every output was read back as: False off, True on, None unknown."""

    outputs: Mapping[str, bool | None]
    troubles: tuple[str, ...] = ()

    @property
    def safe(self) -> bool:
        """Whether every output was read back as off."""
        return bool(self.outputs) and all(state is False for state in self.outputs.values())

    @property
    def message(self) -> str:
        """The report in words, and what to do where it is not good."""
        still_on = [name for name, state in self.outputs.items() if state]
        unknown = [name for name, state in self.outputs.items() if state is None]
        if self.safe:
            return f"outputs read back off: {', '.join(self.outputs)}"
        words = []
        if still_on:
            words.append(f"outputs STILL ON: {', '.join(still_on)}: switch them off at the panel")
        if unknown or not self.outputs:
            which = f" ({', '.join(unknown)})" if unknown else ""
            words.append(f"outputs: unknown, check the panel{which}")
        return "; ".join([*words, *self.troubles])


def make_safe(bench: RunnerBench, connection_lost: bool = False) -> OutputReport:
    """Switch every output off and read it back; over new connections where the old ones fail.

    Never raises an Exception: what could not be done is in the report.

    Parameters
    ----------
    bench : RunnerBench
    connection_lost : bool
        The run ended with a communication error: reopen at once, do not wait for another timeout.
    """
    troubles: list[str] = []
    attempts = [bench.reopen_and_make_safe] * _ATTEMPTS
    if not connection_lost:
        attempts.insert(0, bench.make_safe)
    states: Sequence[OutputState] = ()
    for attempt in attempts:
        try:
            states = attempt()
        except Exception as error:  # noqa: BLE001  whatever fails, the next attempt is made
            troubles.append(
                str(error) if isinstance(error, TsbenchError) else f"{type(error).__name__}: {error}"
            )
            continue
        if states and not any(state.enabled for state in states):
            return OutputReport({state.output: False for state in states})
    outputs: dict[str, bool | None] = dict.fromkeys(_names(bench))
    outputs.update({state.output: state.enabled for state in states})
    return OutputReport(outputs, tuple(dict.fromkeys(troubles)))


def _names(bench: RunnerBench) -> Sequence[str]:
    try:
        return bench.output_names()
    except Exception:  # noqa: BLE001
        return ()
