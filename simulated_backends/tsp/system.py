"""Functions of the instrument itself: errors, events, identity, time, data queue, bits (2600BS-901-01, section 7)."""

import functools
import re
from collections import deque
from collections.abc import Callable, Generator
from datetime import UTC, datetime, timedelta
from typing import Any

from tsbench.simulated_backends.scpi.executing import IDLE, Wait
from tsbench.simulated_backends.tsp.errors import EMPTY, NODE, RECOVERABLE, TspError
from tsbench.simulated_backends.tsp.instrument import TspParts
from tsbench.simulated_backends.tsp.interpreter import LuaTable, elements, is_table
from tsbench.simulated_backends.tsp.tables import TspTable, boolean, global_function, number, text, whole

START = datetime(2026, 1, 1, 12, tzinfo=UTC)  #: what the instrument's calendar shows when the bench is switched on
QUEUE_CAPACITY = 128  #: ``dataqueue.CAPACITY``
LONGEST_ENTRY = 100_000  #: letters of a text, or numbers of a list, in the data queue
USER_TEXTS = 100  #: the most entries of ``userstring``


def _checked(value: Any) -> None:
    """Check a switch that changes nothing."""
    boolean(value)


class SystemTables:
    """The tables ``errorqueue``, ``eventlog``, ``localnode``, ``timer``, ``beeper``, ``bit``, ``dataqueue``,
    ``userstring``, ``os`` and ``gpib``, and the global functions about time.

    Parameters
    ----------
    parts : TspParts
    """

    def __init__(self, parts: TspParts) -> None:
        self._parts = parts
        self._instrument = parts.instrument
        self._interpreter = parts.interpreter
        self._clock = parts.instrument.clock
        self._errors = parts.instrument.status.errors
        self.prompts = False  #: whether a prompt follows each message
        self.show_errors = False  #: whether errors are answered at once
        self._description = ""
        self._timer_start = 0.0
        self._beeps = True
        self._queue: deque[Any] = deque()
        self._texts: dict[str, str] = {}
        self._show_errors()
        self._show_node()
        self._show_time()
        self._show_data()
        self._show_bits()

    def _table(self, name: str) -> TspTable:
        table = TspTable(self._interpreter, name)
        table.make_global(name)
        return table

    def _set(self, name: str, convert: Callable[[Any], Any] = boolean) -> Callable[[Any], None]:
        return lambda value: setattr(self, name, convert(value))

    def reset(self) -> None:
        """Go back to what a reset leaves."""
        self._beeps = True
        self._queue.clear()

    # ----------------------------------------------------------------------------------------- errors, log

    def next_error(self) -> tuple[int, str, int, int]:
        """Take the oldest error out of the queue: number, text, severity, node."""
        if not self._errors:
            return 0, EMPTY, 0, NODE
        error = self._errors.popleft()
        self._instrument.status.update()
        return error.code, error.text, RECOVERABLE, NODE

    def _clear_errors(self) -> None:
        self._errors.clear()
        self._instrument.status.update()

    def _show_errors(self) -> None:
        table = self._table("errorqueue")
        table.attribute("count", lambda: len(self._errors))
        table.method("clear", self._clear_errors)
        table.method("next", self.next_error)
        log = self._table("eventlog")   # holds LAN triggers, of which there are none
        log.constants(ENABLE=1, DISABLE=0, DISCARD_OLDEST=0, DISCARD_NEWEST=1)
        values = {"enable": 1, "overwritemethod": 0}

        def switch(name: str) -> None:
            log.attribute(name, lambda: values[name], lambda value: values.__setitem__(name, whole(value, 0, 1)))

        switch("enable")
        switch("overwritemethod")
        log.attribute("count", lambda: 0)
        log.method("all", lambda: (None,))
        log.method("next", lambda: (None,))
        log.method("clear", lambda: None)

    # ------------------------------------------------------------------------------------------ identity

    def _show_node(self) -> None:
        node, instrument = self._table("localnode"), self._instrument
        node.attribute("model", lambda: instrument.model_name)
        node.attribute("serialno", lambda: instrument.serial)
        node.attribute("revision", lambda: instrument.firmware)
        node.attribute("version", lambda: instrument.firmware)
        node.attribute("description", lambda: self._description or f"Keithley {instrument.model_name}",
                       self._set("_description", text))
        node.attribute("linefreq", lambda: instrument.line_frequency, self._set_line_frequency)
        node.attribute("autolinefreq", lambda: True, _checked)
        node.attribute("prompts", lambda: int(self.prompts), self._set("prompts"))
        node.attribute("prompts4882", lambda: 1, _checked)
        node.attribute("showerrors", lambda: int(self.show_errors), self._set("show_errors"))
        node.method("reset", instrument.reset)
        link = self._table("tsplink")   # no other instrument is there
        link.attribute("state", lambda: "online")
        for name, value in (("node", NODE), ("master", NODE), ("group", 0)):
            link.attribute(name, functools.partial(int, value))
        link.method("reset", lambda expected=1: 1)   # the number of nodes
        gpib = self._table("gpib")
        address = {"address": 26}
        gpib.attribute("address", lambda: address["address"],
                       lambda value: address.__setitem__("address", whole(value, 0, 30)))
        beeper = self._table("beeper")
        beeper.constants(ON=1, OFF=0)
        beeper.attribute("enable", lambda: int(self._beeps), self._set("_beeps"))
        beeper.method("beep", self._beep, 2)

    def _set_line_frequency(self, value: Any) -> None:
        if number(value) not in (50.0, 60.0):
            raise TspError(1101 if value > 60 else 1102)

    def _beep(self, duration: Any, frequency: Any) -> Generator[Wait, None, None]:
        seconds = number(duration, 0.0, 100.0)
        number(frequency, 0.0, 8000.0)
        yield seconds

    # ---------------------------------------------------------------------------------------------- time

    def _show_time(self) -> None:
        timer = self._table("timer")
        timer.method("reset", self._reset_timer)
        timer.table("measure").method("t", lambda: self._clock.now - self._timer_start)
        system = self._table("os")
        system.method("time", lambda: int((START + timedelta(seconds=self._clock.now)).timestamp()))
        system.method("clock", lambda: self._clock.now)
        system.method("date", lambda pattern="%c": self._date(text(pattern)))
        for name, function, least in (
            ("delay", self._delay, 1), ("waitcomplete", self._wait_complete, 0), ("opc", self._complete, 0),
            ("exit", lambda: None, 0), ("settime", number, 1), ("gettimezone", lambda: "GMT0", 0),
            ("settimezone", text, 1), ("meminfo", lambda: (16384, 32768), 0), ("reset", self._instrument.reset, 0),
        ):
            global_function(self._interpreter, name, function, least)

    def _date(self, pattern: str) -> str:
        """Return the time of the instrument's calendar; a pattern with what Lua does not know stays as it is."""
        shown = (START + timedelta(seconds=self._clock.now)).strftime
        return re.sub(r"%([aAbBcdHIjmMpSUwWxXyY%])", lambda found: shown(found.group()), pattern.removeprefix("!"))

    def _reset_timer(self) -> None:
        self._timer_start = self._clock.now

    def _delay(self, seconds: Any) -> Generator[Wait, None, None]:
        yield number(seconds, 0.0, 100_000.0)

    def _wait_complete(self) -> Generator[Wait, None, None]:
        yield IDLE

    def _complete(self) -> None:
        self._instrument.operations.request_completion()

    # ---------------------------------------------------------------------------------------------- data

    def _show_data(self) -> None:
        queue = self._table("dataqueue")
        queue.constant("CAPACITY", QUEUE_CAPACITY)
        queue.attribute("count", lambda: len(self._queue))
        queue.method("add", self._add, 1)
        queue.method("clear", self._queue.clear)
        queue.method("next", self._next)
        texts = self._table("userstring")
        texts.method("add", self._add_text, 2)
        texts.method("get", lambda name: (self._texts.get(text(name)),), 1)
        texts.method("delete", self._delete_text, 1)

    def _add(self, value: Any, timeout: Any = 0.0) -> bool:
        if is_table(value):   # a copy, so that the script and the queue do not share it
            found = elements(self._interpreter, value)
            value = None if found is None else tuple(one for one in found if isinstance(one, (int, float, str)))
        too_long = isinstance(value, (str, tuple)) and len(value) > LONGEST_ENTRY
        if value is None or too_long or len(self._queue) >= QUEUE_CAPACITY:
            return False
        self._queue.append(value)
        return True

    def _next(self, timeout: Any = 0.0) -> Any:
        if not self._queue:
            return (None,)
        value = self._queue.popleft()
        return LuaTable(value) if isinstance(value, tuple) else value

    def _add_text(self, name: Any, value: Any) -> None:
        if len(self._texts) >= USER_TEXTS and text(name) not in self._texts:
            raise TspError(-225)
        self._texts[text(name)] = text(value)

    def _delete_text(self, name: Any) -> None:
        if self._texts.pop(text(name), None) is None:
            raise TspError(-292)

    # ---------------------------------------------------------------------------------------------- bits

    def _show_bits(self) -> None:
        bit = self._table("bit")

        def word(value: Any) -> int:
            return whole(value, -(2**31), 2**32 - 1) & 0xFFFFFFFF

        def weight(place: Any) -> int:
            return 1 << (whole(place, 1, 32) - 1)

        def field(first: Any, width: Any) -> tuple[int, int]:
            start, size = whole(first, 1, 32) - 1, whole(width, 1, 32)
            return start, ((1 << size) - 1) << start

        bit.method("bitand", lambda a, b: word(a) & word(b), 2)
        bit.method("bitor", lambda a, b: word(a) | word(b), 2)
        bit.method("bitxor", lambda a, b: word(a) ^ word(b), 2)
        bit.method("clear", lambda a, place: word(a) & ~weight(place), 2)
        bit.method("get", lambda a, place: word(a) & weight(place), 2)
        bit.method("set", lambda a, place: word(a) | weight(place), 2)
        bit.method("test", lambda a, place: bool(word(a) & weight(place)), 2)
        bit.method("toggle", lambda a, place: word(a) ^ weight(place), 2)
        bit.method("getfield", lambda a, place, width: (word(a) & field(place, width)[1]) >> field(place, width)[0], 3)
        bit.method("setfield", lambda a, place, width, value: (word(a) & ~field(place, width)[1]) | (
            (word(value) << field(place, width)[0]) & field(place, width)[1]), 4)
