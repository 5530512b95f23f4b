"""Virtual B2900 family: the commands FORMat, FETCh?, READ?, MEASure?, SENSe:DATA? and TRACe (SCPI reference)."""

import struct
from collections.abc import Sequence
from typing import Any

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.message import IDLE, Handler
from tsbench.simulated_backends.scpi.parameters import AnyOf, Choice, Integer, Many, Optional
from tsbench.simulated_backends.scpi.syntax import definite_block
from tsbench.simulated_backends.scpi.tree import Setting, command
from tsbench.simulated_backends.virtual_instruments.keysight_b2900.channel import (
    ELEMENTS,
    MOST_IN_BUFFER,
    ChannelReading,
)
from tsbench.simulated_backends.virtual_instruments.keysight_b2900.command_table import CHANNELS, TableB2900
from tsbench.simulated_backends.virtual_instruments.source_meter.data_sheet import NOT_A_NUMBER, OVERFLOW

_ELEMENT = Choice("VOLTage", "CURRent", "RESistance", "TIME", "STATus", "SOURce")
_ONE = "{CURRent|RESistance|SOURce|STATus|TIME|VOLTage}"
_WINDOW = (Optional(AnyOf(Choice("CURRent", "STARt"), Integer("", 0, MOST_IN_BUFFER))),
           Optional(Integer("", 1, MOST_IN_BUFFER)))


class ResultsB2900(TableB2900):
    """Readings and how they are written."""

    calculation_elements = Setting(":FORMat:ELEMents:CALCulate", Choice("CALC", "TIME", "STATus"), "CALC")
    digital_format = Setting(":FORMat:DIGital", Choice("ASCii", "BINary", "OCTal", "HEXadecimal"), "ASC")
    register_format = Setting(":FORMat:SREGister", Choice("ASCii", "BINary", "OCTal", "HEXadecimal"), "ASC")

    @command(":FORMat:ELEMents:SENSe", Many(_ELEMENT, 1, 6))
    def _set_elements(self, *elements: str) -> None:
        self.meter.elements = tuple(element for element in ELEMENTS if element in elements)

    @command(":FORMat:ELEMents:SENSe?")
    def _elements(self) -> str:
        return ",".join(self.meter.elements)

    @command(":FORMat[:DATA]", Choice("ASCii", "REAL"), Optional(Integer("", 32, 64)))
    def _set_format(self, kind: str, length: int = 32) -> None:
        if kind == "REAL" and length not in {32, 64}:
            raise ScpiError(-222)
        self.meter.data_format = "ASC" if kind == "ASC" else f"REAL{length}"

    @command(":FORMat[:DATA]?")
    def _format(self) -> str:
        return {"ASC": "ASC", "REAL32": "REAL,32", "REAL64": "REAL,64"}[self.meter.data_format]

    @command(":FORMat:BORDer", Choice("NORMal", "SWAPped"))
    def _set_order(self, order: str) -> None:
        self.meter.byte_order = order

    @command(":FORMat:BORDer?")
    def _order(self) -> str:
        return self.meter.byte_order

    # ---------------------------------------------------------------------------------------- writing

    def written(self, values: Sequence[float]) -> str | bytes:
        """Return numbers in the chosen format."""
        if self.meter.data_format == "ASC":
            return ",".join(f"{value:+.6E}" for value in values)
        code = "f" if self.meter.data_format == "REAL32" else "d"
        order = "<" if self.meter.byte_order == "SWAP" else ">"
        floats = [float("nan") if value == NOT_A_NUMBER else
                  float("inf") * (1 if value > 0 else -1) if abs(value) == OVERFLOW else value for value in values]
        return definite_block(struct.pack(f"{order}{len(floats)}{code}", *floats))

    def _flat(self, readings: Sequence[ChannelReading], elements: Sequence[str] = ()) -> list[float]:
        chosen, zero = elements or self.meter.elements, self.meter.time_zero
        return [reading.values[element] - (zero if element == "TIME" else 0.0)
                for reading in readings for element in ELEMENTS if element in chosen]

    def _answer(self, readings: Sequence[ChannelReading]) -> str | bytes:
        if not readings:
            raise ScpiError(-230)
        return self.written(self._flat(readings))

    def _fetched(self, readings: Sequence[ChannelReading], elements: Sequence[str] = ()) -> list[float]:
        """Return the numbers of readings; without one, each element is not a number (SCPI reference, FETCh)."""
        if not readings:
            return [NOT_A_NUMBER] * len(elements or self.meter.elements)
        return self._flat(readings, elements)

    def _every(self, numbers: tuple[int, ...]) -> list[ChannelReading]:
        columns = [self.channel(number).readings for number in numbers]
        return [reading for row in zip(*columns, strict=False) for reading in row]

    # ------------------------------------------------------------------------------------------ readings

    # The reference shows a channel list behind each of these, and no suffix. The samples of the programming guide send
    # FETCh at once behind INITiate, so it waits for what runs (SCPI 1999, volume 2, 3.1.3).

    @command(":FETCh[:SCALar]?", CHANNELS)
    @command(f":FETCh[:SCALar]:{_ONE}?", CHANNELS)
    def _fetch(self, *asked: Any) -> Handler:
        elements, numbers = _elements_and_channels(asked)
        yield from self._until_idle(numbers)
        return self._latest(numbers, elements)

    @command(":FETCh:ARRay?", CHANNELS)
    @command(f":FETCh:ARRay:{_ONE}?", CHANNELS)
    def _fetch_all(self, *asked: Any) -> Handler:
        elements, numbers = _elements_and_channels(asked)
        yield from self._until_idle(numbers)
        return self._array(numbers, elements)

    @command(":READ[:SCALar]?", CHANNELS)
    @command(f":READ[:SCALar]:{_ONE}?", CHANNELS)
    def _read(self, *asked: Any) -> Handler:
        elements, numbers = _elements_and_channels(asked)
        self.meter.start({"TRAN", "ACQ"}, numbers)
        yield IDLE
        return self._latest(numbers, elements)

    @command(":READ:ARRay?", CHANNELS)
    @command(f":READ:ARRay:{_ONE}?", CHANNELS)
    def _read_all(self, *asked: Any) -> Handler:
        elements, numbers = _elements_and_channels(asked)
        self.meter.start({"TRAN", "ACQ"}, numbers)
        yield IDLE
        return self._array(numbers, elements)

    @command(":MEASure?", CHANNELS)
    @command(":MEASure:{CURRent|RESistance|VOLTage}[:DC]?", CHANNELS)
    def _measure(self, *asked: Any) -> Handler:
        elements, numbers = _elements_and_channels(asked)
        yield from self._spot(numbers)
        return self._latest(numbers, elements)

    def _until_idle(self, numbers: tuple[int, ...]) -> Handler:
        if any(self.meter.engines[number].running for number in numbers):
            yield IDLE
        return None

    def _latest(self, numbers: tuple[int, ...], elements: Sequence[str]) -> str | bytes:
        return self.written([
            value for number in numbers for value in self._fetched(self.channel(number).readings[-1:], elements)])

    def _array(self, numbers: tuple[int, ...], elements: Sequence[str]) -> str | bytes:
        return self.written(self._fetched(self._every(numbers), elements))

    def _spot(self, numbers: tuple[int, ...]) -> Handler:
        """Take one reading on each channel at its present level."""
        for number in numbers:
            channel = self.channel(number)
            if self.meter.engines[number].running:
                raise ScpiError(-213)
            if channel.switches_on and not channel.output.stage.enabled:
                self.meter.require_interlock(number)
                channel.output.switch_on()
                yield self.data_sheet.switch_on_time
            channel.readings = [channel.stored((yield from channel.measurer.take()))]

    @command(":SENSe<1-2>:DATA?", *_WINDOW)
    def _sense_data(self, number: int, offset: int | str = "STAR", size: int | None = None) -> str | bytes:
        return self._answer(_window(self.channel(number).readings, offset, size))

    # ---------------------------------------------------------------------------------------------- trace

    @command(":TRACe<1-2>:DATA?", *_WINDOW)
    def _trace_data(self, number: int, offset: int | str = "STAR", size: int | None = None) -> str | bytes:
        return self._answer(_window(self.channel(number).trace.readings, offset, size))


def _elements_and_channels(asked: Sequence[Any]) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Return the element that a question names (none: those of FORMat) and its channels (none: channel 1)."""
    elements = tuple(part for part in asked if isinstance(part, str))
    return elements, next((part for part in asked if isinstance(part, tuple)), (1,))


def _window(readings: list[ChannelReading], offset: int | str, size: int | None) -> list[ChannelReading]:
    """Return readings from an offset on: "STAR", the first; "CURR", the last."""
    first = {"STAR": 0, "CURR": max(len(readings) - 1, 0)}[offset] if isinstance(offset, str) else offset
    return readings[first : None if size is None else first + size]


class TraceB2900(TableB2900):
    """Set-up of the trace buffers."""

    def _require_idle(self, number: int) -> None:
        if self.channel(number).trace.storing:
            raise ScpiError(-221)

    @command(":TRACe<1-2>:CLEar")
    def _clear(self, number: int) -> None:
        self._require_idle(number)
        self.channel(number).trace.readings = []

    @command(":TRACe<1-2>:FEED", Choice("SENSe", "MATH", "LIMit"))
    def _set_feed(self, number: int, feed: str) -> None:
        self._require_idle(number)
        self.channel(number).trace.feed = feed

    @command(":TRACe<1-2>:FEED?")
    def _feed(self, number: int) -> str:
        return self.channel(number).trace.feed

    @command(":TRACe<1-2>:FEED:CONTrol", Choice("NEXT", "NEVer"))
    def _set_control(self, number: int, control: str) -> None:
        self.channel(number).trace.storing = control == "NEXT"

    @command(":TRACe<1-2>:FEED:CONTrol?")
    def _control(self, number: int) -> str:
        return "NEXT" if self.channel(number).trace.storing else "NEV"

    @command(":TRACe<1-2>:FREE?")
    def _free(self, number: int) -> str:
        trace = self.channel(number).trace
        return f"{trace.capacity - len(trace.readings)},{trace.capacity}"

    @command(":TRACe<1-2>:POINts", Integer("", 1, MOST_IN_BUFFER, MOST_IN_BUFFER))
    def _set_points(self, number: int, points: int) -> None:
        self._require_idle(number)
        self.channel(number).trace.capacity = points

    @command(":TRACe<1-2>:POINts?")
    def _points(self, number: int) -> str:
        return str(self.channel(number).trace.capacity)

    @command(":TRACe<1-2>:POINts:ACTual?")
    def _stored(self, number: int) -> str:
        if self.meter.engines[number].running:
            self.meter.operations.not_yet()
        return str(len(self.channel(number).trace.readings))
