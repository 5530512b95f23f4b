"""Trigger objects: timers, blenders, generators, digital lines, ``trigger.wait`` (2600BS-901-01, section 3)."""

from collections.abc import Callable
from typing import Any

from tsbench.simulated_backends.services.clock import ScheduledEvent
from tsbench.simulated_backends.services.trigger_lines import EdgeTrain
from tsbench.simulated_backends.tsp.errors import TspError
from tsbench.simulated_backends.tsp.events import EventBus, EventDetector, EventInput, seconds_of, wait_for
from tsbench.simulated_backends.tsp.instrument import TspParts
from tsbench.simulated_backends.tsp.tables import TspTable, boolean, number, whole

TIMERS, BLENDERS, GENERATORS, LINES, INPUTS = 8, 6, 2, 14, 4
BYPASS, FALLING, RISING, EITHER, SYNCHRONOUSA, SYNCHRONOUS, SYNCHRONOUSM, RISINGA, RISINGM = range(9)


class Timer:
    """A trigger timer: ``count`` events, each ``delay`` [s] after the one before."""

    def __init__(self, parts: TspParts, bus: EventBus, table: TspTable) -> None:
        self._bus = bus
        self._clock = parts.instrument.clock
        self.event = bus.make()
        self._stimulus = EventInput(bus, self._start)
        self._detector = EventDetector(bus)
        self._detector.stimulus.set(self.event)
        self._next: ScheduledEvent | None = None
        self._settings()
        table.constant("EVENT_ID", self.event)
        table.attribute("count", lambda: self.count, self._set_count)
        table.attribute("delay", lambda: self.delays[0], lambda value: self._set_delays([value]))
        table.list_attribute("delaylist", self._set_list)
        table.attribute("passthrough", lambda: self.passthrough, self._set_passthrough)
        table.attribute("overrun", lambda: self._detector.overrun)
        table.attribute("stimulus", lambda: self._stimulus.number, self._stimulus.set)
        show_detector(table, self._detector, self.reset)

    def _settings(self) -> None:
        self.count, self.delays, self.passthrough = 1, [10e-6], False

    def _set_count(self, value: Any) -> None:
        self.count = whole(value, 0, 1_048_575)

    def _set_delays(self, values: list[Any]) -> None:
        self.delays = [number(value, 0.0, 100_000.0) for value in values]

    def _set_list(self, *values: Any) -> None:
        if not values:
            raise TspError(-104)
        self._set_delays(list(values))

    def _set_passthrough(self, value: Any) -> None:
        self.passthrough = boolean(value)

    def _start(self) -> None:
        if self._next is not None and self._next.pending:
            self._detector.overrun = True
            return
        if self.passthrough:
            self._bus.fire(self.event)
        self._arm(0)

    def _arm(self, index: int) -> None:
        if self.count and index >= self.count:
            return
        delay = max(self.delays[index % len(self.delays)], 1e-6)
        self._next = self._clock.schedule_in(delay, lambda: self._elapsed(index))

    def _elapsed(self, index: int) -> None:
        self._arm(index + 1)
        self._bus.fire(self.event)

    def reset(self) -> None:
        """Stop, and take the default settings."""
        if self._next is not None:
            self._next.cancel()
        self._stimulus.set(0)
        self._detector.clear()
        self._settings()


class Blender:
    """Combines up to four events: any of them, or all of them."""

    def __init__(self, bus: EventBus, table: TspTable) -> None:
        self._bus = bus
        self.event = bus.make()
        self.any = False
        self._seen = [False] * INPUTS
        self._inputs = [EventInput(bus, lambda place=place: self._came(place)) for place in range(INPUTS)]  # type: ignore[misc]
        self._detector = EventDetector(bus)
        self._detector.stimulus.set(self.event)
        table.constant("EVENT_ID", self.event)
        table.attribute("orenable", lambda: self.any, self._set_any)
        table.attribute("overrun", lambda: self._detector.overrun)
        table.table("stimulus").elements(
            lambda place: self._inputs[whole(place, 1, INPUTS) - 1].number,
            lambda place, value: self._inputs[whole(place, 1, INPUTS) - 1].set(value))
        show_detector(table, self._detector, self.reset)

    def _set_any(self, value: Any) -> None:
        self.any = boolean(value)

    def _came(self, place: int) -> None:
        if self.any:
            self._bus.fire(self.event)
            return
        self._seen[place] = True
        if all(seen for seen, one in zip(self._seen, self._inputs, strict=True) if one.number):
            self._seen = [False] * INPUTS
            self._bus.fire(self.event)

    def reset(self) -> None:
        """Combine nothing."""
        for one in self._inputs:
            one.set(0)
        self.any, self._seen = False, [False] * INPUTS
        self._detector.clear()


class TriggerLine:
    """One line of the digital port as a trigger: an output to other instruments, an input from them."""

    def __init__(self, parts: TspParts, bus: EventBus, line: int, table: TspTable) -> None:
        self._bus = bus
        self._bench = parts.instrument.bench
        self._clock = parts.instrument.clock
        self._jack = f"{parts.instrument.name}.digio{line}"
        self._bench.add_jacks(parts.instrument.name, inputs=[f"digio{line}"], outputs=[f"digio{line}"])
        self.event = bus.make()
        self._stimulus = EventInput(bus, self.pulse)
        self._detector = EventDetector(bus)
        self._detector.stimulus.set(self.event)
        self.mode, self.width = BYPASS, 10e-6
        self._next: ScheduledEvent | None = None
        table.constant("EVENT_ID", self.event)
        table.attribute("mode", lambda: self.mode, self._set_mode)
        table.attribute("pulsewidth", lambda: self.width, self._set_width)
        table.attribute("overrun", lambda: self._detector.overrun)
        table.attribute("stimulus", lambda: self._stimulus.number, self._stimulus.set)
        table.method("assert", self.pulse)
        table.method("release", self._release)
        show_detector(table, self._detector, self.reset)

    def _set_mode(self, value: Any) -> None:
        mode = whole(value)
        if not BYPASS <= mode <= RISINGM:
            raise TspError(1800)
        self.mode = mode
        self._listen()

    def _set_width(self, value: Any) -> None:
        self.width = number(value, 0.0, 1e5)

    def pulse(self) -> None:
        """Put one pulse on the line; a width of 0 lasts until it is released."""
        width = self.width or 1e5
        self._bench.line(self._jack).add(EdgeTrain(self._clock.now, width, 2.0 * width, 1))

    def _release(self) -> None:
        self._bench.line(self._jack).cut(self._clock.now)

    def _listen(self) -> None:
        source = self._bench.wired_to(self._jack)
        if self._next is not None:
            self._next.cancel()
            self._next = None
        if source is None or self.mode == BYPASS:
            return
        source.listen(self._look)
        self._look()

    def _look(self) -> None:
        source = self._bench.wired_to(self._jack)
        if source is None or self.mode == BYPASS:
            return
        slopes = {FALLING: ("negative",), EITHER: ("positive", "negative")}.get(self.mode, ("positive",))
        edges = [edge for slope in slopes
                 if (edge := source.next_edge(self._clock.now, slope)) is not None]  # type: ignore[arg-type]
        if self._next is not None:
            self._next.cancel()
        self._next = self._clock.schedule(min(edges), self._edge) if edges else None

    def _edge(self) -> None:
        self._next = None
        self._bus.fire(self.event)
        self._look()

    def reset(self) -> None:
        """Take the default settings."""
        self.mode, self.width = BYPASS, 10e-6
        self._stimulus.set(0)
        self._detector.clear()
        self._listen()


def _fired(bus: EventBus, event: int) -> Callable[[], None]:
    return lambda: bus.fire(event)


def show_detector(table: TspTable, detector: EventDetector, reset: Callable[[], None]) -> None:
    """Give a table ``clear``, ``wait`` and ``reset``."""
    table.method("clear", detector.clear)
    table.method("wait", lambda seconds: wait_for(detector, seconds_of(seconds)), 1)
    table.method("reset", reset)


class Triggers:
    """The tables ``trigger`` and ``digio``.

    Parameters
    ----------
    parts : TspParts
    bus : EventBus
    """

    def __init__(self, parts: TspParts, bus: EventBus) -> None:
        interpreter = parts.interpreter
        table = TspTable(interpreter, "trigger")
        table.make_global("trigger")
        self.command_event = bus.make()   #: ``*TRG`` and group triggers
        self._command = EventDetector(bus)
        self._command.stimulus.set(self.command_event)
        table.constant("EVENT_ID", self.command_event)
        table.method("clear", self._command.clear)
        table.method("wait", lambda seconds: wait_for(self._command, seconds_of(seconds)), 1)
        timers, blenders, generators = table.table("timer"), table.table("blender"), table.table("generator")
        self._all: list[Timer | Blender | TriggerLine] = []
        self._all += [Timer(parts, bus, timers.table(place)) for place in range(1, TIMERS + 1)]
        self._all += [Blender(bus, blenders.table(place)) for place in range(1, BLENDERS + 1)]
        for place in range(1, GENERATORS + 1):
            event, made = bus.make(), generators.table(place)
            made.constant("EVENT_ID", event)
            made.method("assert", _fired(bus, event))
        self._port, self._protected = (1 << LINES) - 1, 0
        self._show_port(parts, bus)

    def _show_port(self, parts: TspParts, bus: EventBus) -> None:
        digio = TspTable(parts.interpreter, "digio")
        digio.make_global("digio")
        digio.constants(
            TRIG_BYPASS=BYPASS, TRIG_FALLING=FALLING, TRIG_RISING=RISING, TRIG_EITHER=EITHER,
            TRIG_SYNCHRONOUSA=SYNCHRONOUSA, TRIG_SYNCHRONOUS=SYNCHRONOUS, TRIG_SYNCHRONOUSM=SYNCHRONOUSM,
            TRIG_RISINGA=RISINGA, TRIG_RISINGM=RISINGM)
        lines = digio.table("trigger")
        self._all += [TriggerLine(parts, bus, line, lines.table(line)) for line in range(1, LINES + 1)]
        digio.method("readbit", lambda line: int(bool(self._port & self._bit(line))), 1)
        digio.method("readport", lambda: self._port)
        digio.method("writebit", self._write_bit, 2)
        digio.method("writeport", self._write_port, 1)
        digio.attribute("writeprotect", lambda: self._protected, self._set_protected)

    def _bit(self, line: Any) -> int:
        found = whole(line)
        if not 1 <= found <= LINES:
            raise TspError(1801)
        return 1 << (found - 1)

    def _write_bit(self, line: Any, value: Any) -> None:
        bit = self._bit(line)
        if not self._protected & bit:
            self._port = self._port | bit if whole(value, 0, 1) else self._port & ~bit

    def _write_port(self, value: Any) -> None:
        port = whole(value, 0, (1 << LINES) - 1)
        self._port = (port & ~self._protected) | (self._port & self._protected)

    def _set_protected(self, value: Any) -> None:
        self._protected = whole(value, 0, (1 << LINES) - 1)

    def reset(self) -> None:
        """Take the default settings; what is on the digital port stays."""
        for one in self._all:
            one.reset()
        self._command.clear()
