"""The schedule of faults on a simulated bench.

A fault happens once (a ``lasting`` one from then on), at a message (counted from 0, of one instrument or of the
whole bench) or at an instant of bench time. A message is one call of the transport that reaches an instrument: a
write with its END, a read, a device clear, a serial poll, a trigger. ``FaultPlan`` counts them, so that a test can
learn how many a run has (with no fault) and then disturb it at each.

====================  ========================================================================================
``connection_lost``   the session is dead until it is opened again; ``after``: the instrument still gets the
                      message; ``everything``: all instruments (a hub); ``bytes``: in a reply, after so many
``timeout``           the message, or the reply where it is a read, never arrives; ``lasting``: nor does any after it
``late``              a reply misses its timeout and is there for a later read, ``seconds`` after it
``garbled``           a reply arrives changed: ``how`` is flip, truncate, extra or digits
``trigger_missed``    a generator or scope (``instrument``) does not see its next trigger
``contact_lost``      the device is not connected, for ``seconds`` or until it is placed again
``device_open``       the device is destroyed: open
``device_short``      the device is destroyed: ``resistance`` remains (1 Ohm)
``device_stuck_on``   the device stays in its on-state: ``resistance`` (that of its hold point)
``clock_jump``        the clock that the controller sees jumps by ``seconds``, back where negative
``power_cycle``       the instrument restarts: outputs off, settings lost, session dead unless ``silent``
====================  ========================================================================================

``late``, ``garbled`` and ``bytes`` need a reply: they wait for the next read; ``garbled`` waits for a reply that it
changes (there is nothing to cut from an empty one). Faults come from ``[[faults]]``
in the world file, from the environment variable ``TSBENCH_FAULTS`` (a JSON object or list, for child
processes), or from ``FaultPlan.add`` in process.
"""

import json
import os
from collections import Counter, deque
from collections.abc import Callable, Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from tsbench.errors import ConfigurationError
from tsbench.quantities import Ohms, Seconds
from tsbench.validation import first_problem

ENVIRONMENT = "TSBENCH_FAULTS"

Kind = Literal[
    "connection_lost", "timeout", "late", "garbled", "trigger_missed", "contact_lost", "device_open",
    "device_short", "device_stuck_on", "clock_jump", "power_cycle",
]
Garbling = Literal["flip", "truncate", "extra", "digits"]

#: the fields of each kind beside when and where
_DETAILS: Mapping[str, frozenset[str]] = {
    "connection_lost": frozenset({"after", "everything", "bytes"}),
    "timeout": frozenset({"after", "lasting"}),
    "late": frozenset({"seconds"}),
    "garbled": frozenset({"how"}),
    "trigger_missed": frozenset(),
    "contact_lost": frozenset({"seconds"}),
    "device_open": frozenset(),
    "device_short": frozenset({"resistance"}),
    "device_stuck_on": frozenset({"resistance"}),
    "clock_jump": frozenset({"seconds"}),
    "power_cycle": frozenset({"silent"}),
}
#: kinds that happen on the way between controller and instrument; the others happen on the bench itself
ON_THE_WAY = frozenset({"connection_lost", "timeout", "late", "garbled"})
_NEEDS_INSTRUMENT = frozenset({"trigger_missed", "power_cycle"})


class Fault(BaseModel):
    """One fault: what, when (``message`` or ``time``), where."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Kind = "connection_lost"
    message: int | None = Field(default=None, ge=0)  #: number of the message that is hit, from 0
    time: Seconds | None = Field(default=None, ge=0)  #: [s] of bench time; on the way: the next message after it
    instrument: str | None = None  #: count only this instrument's messages; None: all of the bench
    after: bool = False  #: the instrument still gets the message, only the controller never hears of it
    lasting: bool = False  #: no later message arrives either: the instrument is silent for good
    everything: bool = False  #: the sessions of all instruments are lost (a hub), not only this one
    bytes: int | None = Field(default=None, ge=0)  #: of a reply that arrive before the connection is lost
    seconds: Seconds | None = None
    how: Garbling = "flip"
    resistance: Ohms | None = Field(default=None, gt=0)
    silent: bool = False  #: a power cycle that the session survives (a brown-out)

    @model_validator(mode="after")
    def _consistent(self) -> "Fault":
        if (self.message is None) == (self.time is None):
            raise ValueError(f"fault '{self.kind}' needs either 'message' (number of the message, from 0) or 'time' "
                             "(in s)")
        given = self.model_fields_set - {"kind", "message", "time", "instrument"}
        if alien := sorted(given - _DETAILS[self.kind]):
            takes = ", ".join(sorted(_DETAILS[self.kind])) or "no further keys"
            raise ValueError(f"fault '{self.kind}' does not take '{alien[0]}'. It takes {takes}")
        if self.kind in _NEEDS_INSTRUMENT and self.instrument is None:
            raise ValueError(f"fault '{self.kind}' needs the key 'instrument'")
        if self.kind == "clock_jump" and not self.seconds:
            raise ValueError("fault 'clock_jump' needs the key 'seconds', and its value must not be 0")
        if self.kind != "clock_jump" and self.seconds is not None and self.seconds < 0:
            raise ValueError(f"fault '{self.kind}': seconds = {self.seconds:g} s must not be negative")
        return self

    @property
    def needs_reply(self) -> bool:
        """Whether it can only happen to a read."""
        return self.kind in {"late", "garbled"} or self.bytes is not None

    def facts(self) -> dict[str, Any]:
        """Return what the witness writes of it."""
        facts = self.model_dump(exclude_unset=True, exclude={"kind"})
        return {"fault": self.kind, **{("due" if k == "time" else k): v for k, v in facts.items()}}


class FaultPlan:
    """Counts messages and says which of them are hit.

    Parameters
    ----------
    faults : tuple of Fault
    act : callable
        Lets a fault of the bench itself happen, now.
    tell : callable
        Called for every fault as it happens, with the instrument and the number of the message.
    now : callable
        Bench time [s].
    """

    def __init__(
        self,
        faults: tuple[Fault, ...] = (),
        act: Callable[[Fault], None] = lambda fault: None,
        tell: Callable[[Fault, str, int], None] = lambda fault, instrument, message: None,
        now: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self.pending = faults   #: what has not happened yet, and what lasts
        self._act, self._tell, self._now = act, tell, now
        self.counts: Counter[str] = Counter()   #: messages so far, by instrument
        self.happened: list[Fault] = []
        #: of the last messages: instrument, whether it was a read
        self.trail: deque[tuple[str, bool]] = deque(maxlen=100_000)

    @property
    def total(self) -> int:
        """Return how many messages there have been."""
        return self.counts.total()

    def add(self, fault: Fault) -> None:
        """Plan one more fault; one whose message has passed happens at the next."""
        self.pending = (*self.pending, fault)

    def messages(self, instrument: str | None = None) -> int:
        """Return how many messages there have been, of one instrument or of the bench."""
        return self.total if instrument is None else self.counts[instrument]

    def next_message(self, instrument: str, reading: bool = False) -> Fault | None:
        """Count one message to ``instrument``; return the fault that hits it on the way, or None.

        Faults of the bench itself that are due have happened when this returns. A garbled reply has not happened
        yet: the caller passes the reply to :meth:`garbles`.
        """
        for fault in [f for f in self.pending if f.kind not in ON_THE_WAY and self._due(f, instrument)]:
            self.happen(fault, instrument)
        hit = next(
            (
                fault
                for fault in self.pending
                if fault.kind in ON_THE_WAY
                and self._due(fault, instrument)
                and (reading or not fault.needs_reply)
                and fault.instrument in {None, instrument}
            ),
            None,
        )
        if hit is not None and hit.kind != "garbled":
            self.happen(hit, instrument)
        self.counts[instrument] += 1
        self.trail.append((instrument, reading))
        return hit

    def garbles(self, fault: Fault, reply: bytes, instrument: str) -> bytes:
        """Return a reply to the last message as ``fault`` leaves it; one that stays as it is was not hit."""
        changed = garbled(reply, fault.how)
        if changed.strip() == reply.strip():
            return reply
        self.happen(fault, instrument, self.total - 1)
        return changed

    def happen(self, fault: Fault, instrument: str = "", message: int | None = None) -> None:
        """Let a planned fault happen now, at the next message or at ``message``; once."""
        if fault not in self.pending:
            return
        if fault.lasting and fault in self.happened:
            return
        if not fault.lasting:
            first = self.pending.index(fault)
            self.pending = self.pending[:first] + self.pending[first + 1:]
        self.happened.append(fault)
        self._tell(fault, instrument, self.total if message is None else message)
        if fault.kind not in ON_THE_WAY:
            self._act(fault)

    def _due(self, fault: Fault, instrument: str) -> bool:
        if fault.time is not None:
            return self._now() >= fault.time
        assert fault.message is not None
        if fault.instrument is None:
            return self.total >= fault.message
        return fault.instrument == instrument and self.counts[instrument] >= fault.message


def faults_from_environment() -> tuple[Fault, ...]:
    """Return the faults that ``TSBENCH_FAULTS`` asks for; ConfigurationError if it cannot be read."""
    text = os.environ.get(ENVIRONMENT, "").strip()
    if not text:
        return ()
    try:
        data: Any = json.loads(text)
        return TypeAdapter(tuple[Fault, ...]).validate_python(data if isinstance(data, list) else [data])
    except ValidationError as error:
        raise ConfigurationError(f"{ENVIRONMENT}: {first_problem(error, Fault)}") from None
    except ValueError as error:
        raise ConfigurationError(
            f'{ENVIRONMENT} is not valid JSON ({error}). Write one fault, for example {{"message": 12}}, or a list of '
            "faults in [ ]"
        ) from None


def garbled(reply: bytes, how: Garbling) -> bytes:
    """Return a reply as it arrives changed.

    flip: every third byte has its high bit set, as with a wrong parity (from the first on, never the newline);
    truncate: the second half is missing, END with the last byte; extra: unasked bytes behind its newline;
    digits: every digit d of the first 24 bytes is 9 - d, which may go unnoticed.
    """
    if how == "truncate":
        return reply[: max(len(reply) // 2, 1)]
    if how == "extra":
        return reply + b"\x1b?0\n"
    if how == "digits":
        head = bytes(0x69 - byte if 0x30 <= byte <= 0x39 else byte for byte in reply[:24])
        return head + reply[24:]
    body = bytes(byte ^ 0x80 if index % 3 == 0 else byte for index, byte in enumerate(reply[:-1]))
    return body + reply[-1:]
