"""Virtual interactive source meter: warnings and information of the event log, and the events of the status registers.

Errors of the log are the error queue. The numbers of a buffer that is 0 % filled (4916) and 100 % filled (4917) come
from the manual of the 2461 (2461-901-01 rev. A, p. 6-139). The manual of the 2450 of 2013 has 4917 and 4918. Those of a
trigger model (2728 aborted, 2730 failed, 2731 starts, 2732 completed) are of the same manual (p. C-10). That of a
message of a trigger model (0) is not compared with a manual. A message of a program is event 1003 as information (p.
6-151) and 1005 as an error (p. 8-71). The number of a warning, 1004, is not in the manual. A limit that does not suit
the source range is a warning (2450-901-01 rev. B, p. 2-100, 6-71), whose number the manual does not state: here -221.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.status import QueuedError, StatusModel

ERROR, WARNING, INFORMATION = 1, 2, 4
ALL = ERROR | WARNING | INFORMATION
MODEL_ABORTED, MODEL_FAILED, MODEL_STARTED, MODEL_IDLE = 2728, 2730, 2731, 2732
SETTINGS_CONFLICT = -221
BUFFER_CLEARED, BUFFER_FULL = 4916, 4917
#: the bench is switched on at this instant of the instrument's real-time clock
CLOCK_START = datetime(2026, 1, 1, 12, tzinfo=UTC)
_OF_PROGRAMS = {INFORMATION: 1003, WARNING: 1004, ERROR: 1005}   #: numbers of what programs post
KINDS = {"ERR": ERROR, "WARN": WARNING, "INF": INFORMATION}


@dataclass(frozen=True)
class LoggedEvent:
    """One entry of the log."""

    code: int
    text: str
    kind: int  #: ERROR, WARNING or INFORMATION
    time: float  #: [s] bench time
    after: QueuedError | None = None  #: the last error that was there when it was written


NOTHING = '0,"No error;0;0 0"'


def format_event(event: LoggedEvent | None) -> str:
    """Write an entry: number, text, type, time."""
    if event is None:
        return NOTHING
    stamp = CLOCK_START + timedelta(seconds=event.time)
    milliseconds = stamp.microsecond // 1000
    return f'{event.code},"{event.text};{event.kind};{stamp:%Y/%m/%d %H:%M:%S}.{milliseconds:03d}"'


class EventLog:
    """The log of one instrument.

    Parameters
    ----------
    status : StatusModel
        Its error queue holds the errors of the log.
    now : returns the bench time [s]
    """

    def __init__(self, status: StatusModel, now: Callable[[], float]) -> None:
        self._status = status
        self._now = now
        self._others: deque[LoggedEvent] = deque(maxlen=1000)
        self.maps: dict[str, dict[int, tuple[int, int]]] = {"OPER": {}, "QUES": {}}   #: bit: events that set, clear it

    def clear(self) -> None:
        """Empty the log."""
        self._others.clear()
        self._status.errors.clear()
        self._status.update()

    def write(self, kind: str, text: str) -> None:
        """Write a message of a trigger model; ``kind`` "ERR", "WARN" or "INF"."""
        self._write(KINDS[kind], 0, text)

    def warn(self, text: str) -> None:
        """Write a warning of the instrument about a setting that does not suit the others."""
        self._write(WARNING, SETTINGS_CONFLICT, f"Settings conflict; {text}")

    def post(self, kind: int, text: str) -> None:
        """Write a message of a program; ``kind`` ERROR, WARNING or INFORMATION."""
        self._write(kind, _OF_PROGRAMS[kind], f"User: {text}")

    def _write(self, kind: int, code: int, text: str) -> None:
        if kind == ERROR:
            self._status.post(ScpiError(code, text=text))
        else:
            last = self._status.errors[-1] if self._status.errors else None
            self._others.append(LoggedEvent(code, text, kind, self._now(), last))

    def count(self, kinds: int = ALL) -> int:
        """Return how many entries of some kinds there are."""
        errors = len(self._status.errors) if kinds & ERROR else 0
        return errors + sum(bool(event.kind & kinds) for event in self._others)

    def take(self, kinds: int = ALL) -> LoggedEvent | None:
        """Return the oldest entry of some kinds, which then leaves the log."""
        errors = self._status.errors
        first: QueuedError | None = errors[0] if errors and kinds & ERROR else None
        other = next((event for event in self._others if event.kind & kinds), None)
        if first is not None and (other is None or any(error is other.after for error in errors)):
            errors.popleft()
            self._status.update()
            return LoggedEvent(first.code, first.text, ERROR, first.time)
        if other is not None:
            self._others.remove(other)
        return other

    def happened(self, code: int) -> None:
        """Set and clear the bits of the status registers that an event is mapped to."""
        changed = False
        for name, register in (("OPER", self._status.operation), ("QUES", self._status.questionable)):
            for bit, (sets, clears) in self.maps[name].items():
                if code in (sets, clears):
                    register.set_bit(1 << bit, code == sets)
                    changed = True
        if changed:
            self._status.update()
