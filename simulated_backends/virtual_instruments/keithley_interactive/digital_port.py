"""Virtual interactive source meter: the six lines of the digital port.

A line is the jack ``NAME.digital1`` to ``NAME.digital6`` of the table ``[wires]`` of a world file: as an output, as an
input, or both. A line to which nothing is connected floats high (manual rev. B, p. 6-20).

An output changes 1 us after its cause. This delay is not compared with a data sheet.
"""

import copy
import functools
from typing import Literal

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.services.clock import ScheduledEvent
from tsbench.simulated_backends.virtual_instruments.instrument import VirtualInstrument
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.events import (
    NO_EVENT,
    ChosenEvent,
    Detector,
    EventHub,
)

LINES = (1, 2, 3, 4, 5, 6)
LATENCY = 1e-6  #: [s] from an event to the edge that it causes
_EDGES: dict[str, tuple[Literal["positive", "negative"], ...]] = {
    "FALL": ("negative",), "RIS": ("positive",), "EITH": ("positive", "negative")}
#: which directions a kind of line may have
_DIRECTIONS = {"DIG": ("IN", "OUT", "OPEN"), "TRIG": ("IN", "OUT", "OPEN"), "SYNC": ("ACC", "MAST")}
_WRITABLE = {("DIG", "OUT"), ("DIG", "OPEN")}
#: what is stored with a set-up
_STORED = ("modes", "edge", "logic", "pulse_width", "line_stimulus")


class DigitalPort:
    """Modes, levels, trigger inputs and trigger outputs of the lines.

    Parameters
    ----------
    instrument : VirtualInstrument
    hub : EventHub
        Is told the edges at trigger inputs; its events send the pulses of trigger outputs.
    """

    def __init__(self, instrument: VirtualInstrument, hub: EventHub) -> None:
        self._name = instrument.name
        self._bench = instrument.bench
        self._clock = instrument.clock
        self._hub = hub
        self.detectors = {line: Detector() for line in LINES}
        self._stimuli = {line: ChosenEvent(hub, functools.partial(self._assert, line)) for line in LINES}
        self._next_edge: dict[int, ScheduledEvent] = {}
        self._defaults()
        jacks = [f"digital{line}" for line in LINES]
        self._bench.add_jacks(self._name, inputs=jacks, outputs=jacks)
        for line in LINES:
            self._bench.line(self._jack(line)).set_level(-0.5, high=True)   # since before the bench was switched on
            fed = self._bench.wired_to(self._jack(line))
            if fed is not None:
                fed.listen(self._watch_all)
        hub.audience_changed = self._watch_all

    def _defaults(self) -> None:
        self.modes = dict.fromkeys(LINES, ("DIG", "IN"))   #: kind and direction
        self.edge = dict.fromkeys(LINES, "FALL")
        self.logic = dict.fromkeys(LINES, "NEG")
        self.pulse_width = dict.fromkeys(LINES, 10e-6)   #: [s]
        self.line_stimulus = dict.fromkeys(LINES, NO_EVENT)
        self._written = dict.fromkeys(LINES, False)

    def _jack(self, line: int) -> str:
        return f"{self._name}.digital{line}"

    def forget(self) -> None:
        """Let all lines be digital inputs, as after a reset."""
        self._defaults()
        for detector in self.detectors.values():
            detector.clear()
        self._take()

    def stored(self) -> dict[str, object]:
        """Return the settings, for a stored set-up."""
        return {name: copy.copy(getattr(self, name)) for name in _STORED}

    def restore(self, stored: dict[str, object]) -> None:
        """Take stored settings over."""
        self.forget()
        for name in _STORED:
            setattr(self, name, copy.copy(stored[name]))
        self._take()

    def _take(self) -> None:
        for line in LINES:
            self.stimulus_chosen(line)
            self.idle(line)
        self._watch_all()

    # ------------------------------------------------------------------------------------------ outputs

    def set_mode(self, line: int, kind: str, direction: str) -> None:
        """Let a line be a digital line, a trigger line or a synchronous trigger line."""
        if direction not in _DIRECTIONS[kind]:
            raise ScpiError(-221)
        self.modes[line] = (kind, direction)
        self._written[line] = direction == "OPEN"   # an open drain is released first
        self.idle(line)
        self.watch(line)

    def write_pattern(self, pattern: int, mask: int = 0b111111) -> None:
        """Set the digital outputs in ``mask``; bit 0 is line 1."""
        for line in LINES:
            if mask >> (line - 1) & 1 and self.modes[line] in _WRITABLE:
                self._written[line] = bool(pattern >> (line - 1) & 1)
                self.idle(line)

    def _rest(self, line: int) -> bool:
        """Return the level of a line that nothing asserts."""
        kind, direction = self.modes[line]
        if direction == "IN":
            return True
        if kind == "DIG":
            return self._written[line]
        return kind == "SYNC" or self.logic[line] == "NEG" or direction == "OPEN"

    def idle(self, line: int) -> None:
        """Drive a line to the level that it has while nothing asserts it."""
        self._bench.line(self._jack(line)).set_level(self._clock.now + LATENCY, self._rest(line))

    def _assert(self, line: int) -> None:
        """Send the pulse of a trigger output."""
        kind, direction = self.modes[line]
        if kind == "DIG" or direction == "IN":
            return
        out, start, rest = self._bench.line(self._jack(line)), self._clock.now + LATENCY, self._rest(line)
        out.set_level(start, not rest)
        if self.pulse_width[line] > 0:   # a width of 0 holds the line until it is cleared
            self._clock.schedule(start + self.pulse_width[line] - LATENCY, functools.partial(self._release, line))

    def _release(self, line: int) -> None:
        self._bench.line(self._jack(line)).set_level(self._clock.now + LATENCY, self._rest(line))

    def stimulus_chosen(self, line: int) -> None:
        """Let the event of its setting send the pulse of a line."""
        self._stimuli[line].choose(self.line_stimulus[line])

    # ------------------------------------------------------------------------------------------- inputs

    def level(self, line: int) -> bool:
        """Return whether a line is high now: driven from outside, or by the instrument itself."""
        kind, direction = self.modes[line]
        if direction == "OUT" and kind == "DIG":
            return self._written[line]
        if direction == "OUT":
            return self._bench.line(self._jack(line)).level_at(self._clock.now)
        fed = self._bench.wired_to(self._jack(line))
        outside = True if fed is None else fed.level_at(self._clock.now)
        return outside and (direction == "IN" or self._rest(line))

    def _watch_all(self) -> None:
        for line in LINES:
            self.watch(line)

    def watch(self, line: int) -> None:
        """Plan to see the next edge at a trigger input that somebody listens to."""
        if (planned := self._next_edge.pop(line, None)) is not None:
            planned.cancel()
        kind, direction = self.modes[line]
        fed = self._bench.wired_to(self._jack(line))
        if fed is None or kind == "DIG" or direction == "OUT" or not self._hub.heard(f"DIG{line}"):
            return
        slopes = _EDGES[self.edge[line]] if kind == "TRIG" else _EDGES["RIS" if direction == "MAST" else "FALL"]
        edges = [fed.next_edge(self._clock.now, slope) for slope in slopes]
        found = min((edge for edge in edges if edge is not None), default=None)
        if found is not None:
            self._next_edge[line] = self._clock.schedule(found, functools.partial(self._edge, line))

    def _edge(self, line: int) -> None:
        del self._next_edge[line]
        self.detectors[line].notice()
        self._hub.fire(f"DIG{line}")
        self.watch(line)
