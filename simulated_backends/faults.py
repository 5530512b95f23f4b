"""Faults on the way between controller and instrument: a connection that is lost at a chosen message.

A message is one call of the transport that reaches an instrument: a write with its END, a read, a device
clear, a serial poll, a trigger. ``FaultPlan`` counts them per instrument and for the bench, so that a test
can learn how many a run has (with no fault) and then lose the connection at each.

Faults come from ``[[faults]]`` in the world file, from the environment variable ``TSBENCH_FAULTS`` (a JSON
object or list, for child processes), or from ``FaultPlan.add`` in process. A fault happens once.
"""

import json
import os
from typing import Any

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from tsbench.errors import ConfigurationError

ENVIRONMENT = "TSBENCH_FAULTS"


class ConnectionLost(BaseModel):
    """Lose the connection at message number ``message`` (from 0)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    message: int
    instrument: str | None = None  #: count only this instrument's messages; None: all of the bench
    after: bool = False  #: True: the instrument still gets the message, only the controller never hears of it
    everything: bool = False  #: True: the sessions of all instruments are lost (a hub), not only this one


class FaultPlan:
    """Counts messages and says which of them are hit."""

    def __init__(self, faults: tuple[ConnectionLost, ...] = ()) -> None:
        self._pending: list[ConnectionLost] = list(faults)
        self._counts: dict[str, int] = {}
        self.total = 0
        self.happened: list[ConnectionLost] = []

    def add(self, fault: ConnectionLost) -> None:
        """Plan one more fault."""
        self._pending.append(fault)

    def messages(self, instrument: str | None = None) -> int:
        """Return how many messages there have been, of one instrument or of the bench."""
        return self.total if instrument is None else self._counts.get(instrument, 0)

    def next_message(self, instrument: str) -> ConnectionLost | None:
        """Count one message to ``instrument``; return the fault that hits it, or None."""
        index = self._counts.get(instrument, 0)
        hit = next(
            (
                fault
                for fault in self._pending
                if (fault.instrument is None and fault.message == self.total)
                or (fault.instrument == instrument and fault.message == index)
            ),
            None,
        )
        self._counts[instrument] = index + 1
        self.total += 1
        if hit is not None:
            self._pending.remove(hit)
            self.happened.append(hit)
        return hit


def faults_from_environment() -> tuple[ConnectionLost, ...]:
    """Return the faults that ``TSBENCH_FAULTS`` asks for; ConfigurationError if it cannot be read."""
    text = os.environ.get(ENVIRONMENT, "").strip()
    if not text:
        return ()
    try:
        data: Any = json.loads(text)
        return TypeAdapter(tuple[ConnectionLost, ...]).validate_python(
            data if isinstance(data, list) else [data]
        )
    except (ValueError, ValidationError) as error:
        first = str(error).splitlines()[0]
        raise ConfigurationError(
            f'{ENVIRONMENT} is not a list of faults ({first}); give for example {{"message": 12}}'
        ) from None
