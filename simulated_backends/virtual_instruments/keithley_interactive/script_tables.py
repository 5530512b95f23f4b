"""Virtual interactive source meter: the tables ``eventlog``, ``digio`` and ``timer`` of its scripts.

Sources: reference manual 2461-901-01 rev. A, p. 8-68 to 8-71 (``eventlog``); help of the 2450's commands that Tektronix
publishes (``digio``, ``timer``).
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from tsbench.simulated_backends.tsp.errors import TspError
from tsbench.simulated_backends.tsp.interpreter import Interpreter
from tsbench.simulated_backends.tsp.tables import TspTable, text, whole
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.digital_port import LINES
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.event_log import (
    ALL,
    CLOCK_START,
    ERROR,
    INFORMATION,
    WARNING,
    EventLog,
)

#: constants of the modes of a digital line, and the arguments of ``:DIGital:LINE<n>:MODE``
_MODES = {
    "MODE_DIGITAL_IN": "DIG,IN", "MODE_DIGITAL_OUT": "DIG,OUT", "MODE_DIGITAL_OPEN_DRAIN": "DIG,OPEN",
    "MODE_TRIGGER_IN": "TRIG,IN", "MODE_TRIGGER_OUT": "TRIG,OUT", "MODE_TRIGGER_OPEN_DRAIN": "TRIG,OPEN",
    "MODE_SYNCHRONOUS_MASTER": "SYNC,MAST", "MODE_SYNCHRONOUS_ACCEPTOR": "SYNC,ACC",
}
_STATES = ("STATE_LOW", "STATE_HIGH")

Execute = Callable[[str], str]


def show_event_log(interpreter: Interpreter, log: EventLog) -> None:
    """Make the global table ``eventlog``."""

    def kinds(value: Any) -> int:
        return whole(value, 0, ALL) or ALL

    def following(value: Any = ALL) -> tuple[int, str, int, int, int, int]:
        event = log.take(kinds(value))
        if event is None:
            return 0, "No error", 0, 0, 0, 0
        moment = CLOCK_START + timedelta(seconds=event.time)
        return event.code, event.text, event.kind, 0, int(moment.timestamp()), moment.microsecond * 1000

    def post(message: Any, value: Any = INFORMATION) -> None:
        kind = whole(value)
        if kind not in (ERROR, WARNING, INFORMATION):
            raise TspError(-224)
        log.post(kind, text(message))

    def save(file: Any, value: Any = ALL) -> None:
        raise TspError(2203)   # there is no flash drive

    table = TspTable(interpreter, "eventlog")
    table.make_global("eventlog")
    table.constants(SEV_ERROR=ERROR, SEV_WARN=WARNING, SEV_INFO=INFORMATION, SEV_ALL=ALL)
    table.method("next", following)
    table.method("getcount", lambda value=ALL: log.count(kinds(value)))
    table.method("clear", log.clear)
    table.method("post", post, 1)
    table.method("save", save, 1)


def show_digital_lines(interpreter: Interpreter, execute: Execute) -> None:
    """Make the global table ``digio``; ``execute`` executes a command of SCPI and returns its reply."""
    shown = {mode: f"digio.{name}" for name, mode in _MODES.items()}
    given = {constant: mode for mode, constant in shown.items()}

    def command(message: str) -> None:
        execute(message)

    def level(value: Any) -> int:
        if value in (f"digio.{_STATES[0]}", f"digio.{_STATES[1]}"):
            return int(value == f"digio.{_STATES[1]}")
        return whole(value, 0, 1)

    def set_mode(number: int, value: Any) -> None:
        if value not in given:
            raise TspError(-224)
        command(f":DIG:LINE{number}:MODE {given[value]}")

    def show(table: TspTable, number: int) -> None:
        table.attribute("mode", lambda: shown[execute(f":DIG:LINE{number}:MODE?")],
                        lambda value: set_mode(number, value))
        table.attribute("state", lambda: f"digio.{_STATES[int(execute(f':DIG:LINE{number}:STAT?'))]}",
                        lambda value: command(f":DIG:LINE{number}:STAT {level(value)}"))
        table.method("reset", lambda: command(f":DIG:LINE{number}:MODE DIG,IN"))

    digio = TspTable(interpreter, "digio")
    digio.make_global("digio")
    digio.constants(**{name: f"digio.{name}" for name in (*_MODES, *_STATES)})
    lines = digio.table("line")
    for number in LINES:
        show(lines.table(number), number)
    digio.method("readport", lambda: float(execute(":DIG:READ?") or "nan"))
    digio.method("writeport", lambda value: command(f":DIG:WRIT {whole(value, 0, 63)}"), 1)


def show_timer(interpreter: Interpreter, now: Callable[[], float]) -> None:
    """Make the global table ``timer``; ``now`` returns the bench's time [s]."""
    started = [now()]
    table = TspTable(interpreter, "timer")
    table.make_global("timer")
    table.method("cleartime", lambda: started.__setitem__(0, now()))
    table.method("gettime", lambda: now() - started[0])
