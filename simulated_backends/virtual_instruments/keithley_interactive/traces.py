"""Virtual interactive source meter: the readings (READ?, MEASure?, FETCh?) and the commands TRACe and FORMat."""

from typing import Any

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.message import Handler
from tsbench.simulated_backends.scpi.parameters import (
    Choice,
    Integer,
    Many,
    Optional,
    Text,
)
from tsbench.simulated_backends.scpi.tree import Setting, command
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.buffers import (
    ELEMENT,
    NO_READING,
    ReadingBuffer,
    format_elements,
    pack_elements,
)
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.command_table import MeterTable
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.sweeps import RUNNING

_BUFFER = Optional(Text(bare=True))


class TraceCommands(MeterTable):
    """Readings into buffers, and out of them."""

    data_format = Setting(":FORMat[:DATA]", Choice("ASCii", "REAL", "SREal"), "ASC")
    byte_order = Setting(":FORMat:BORDer", Choice("NORMal", "SWAPped"), "SWAP")
    precision = Setting(":FORMat:ASCii:PRECision", Integer("", 0, 16, 0), 0)

    count = Setting(":SENSe:COUNt", Integer("", 1, 300_000, 1), 1)

    def _measure(self, buffer_name: str) -> Handler:
        if self.trigger_model.state == RUNNING:
            raise ScpiError(-221)
        buffer = self.buffers[buffer_name]
        for _ in range(int(self.count)):
            buffer.append((yield from self.measurer.take()))
        return buffer

    def _answer(self, buffer: ReadingBuffer, readings: Any, elements: tuple[str, ...]) -> str | bytes:
        chosen = elements or ("READ",)
        if self.data_format != "ASC":
            code = "d" if self.data_format == "REAL" else "f"
            return pack_elements(buffer, readings, chosen, code, self.byte_order == "SWAP")
        digits = int(self.precision) - 1 if self.precision else 6
        return format_elements(buffer, readings, chosen, max(digits, 0))

    @command(":READ?", _BUFFER, Many(ELEMENT, maximum=14))
    def _read(self, buffer_name: str = "defbuffer1", *elements: str) -> Handler:
        buffer = yield from self._measure(buffer_name)
        return self._answer(buffer, buffer.readings[-1:], elements)

    @command(":MEASure?", _BUFFER, Many(ELEMENT, maximum=14))
    def _measure_query(self, buffer_name: str = "defbuffer1", *elements: str) -> Handler:
        if not self.output.stage.enabled:
            self.output.switch_on()
        return (yield from self._read(buffer_name, *elements))

    @command(":MEASure:{VOLTage|CURRent|RESistance}[:DC]?", _BUFFER, Many(ELEMENT, maximum=14))
    def _measure_function(self, function: str, buffer_name: str = "defbuffer1", *elements: str) -> Handler:
        self.settings.sense_function = function
        self.output.measuring_changed()
        return (yield from self._measure_query(buffer_name, *elements))

    @command(":FETCh?", _BUFFER, Many(ELEMENT, maximum=14))
    def _fetch(self, buffer_name: str = "defbuffer1", *elements: str) -> str | bytes:
        buffer = self.buffers[buffer_name]
        if not buffer.readings:
            raise ScpiError(-230)
        return self._answer(buffer, buffer.readings[-1:], elements)

    # ======================================================================================== buffers

    @command(
        ":TRACe:MAKE",
        Text(),
        Integer("", 10, 6_875_000),
        Optional(Choice("COMPact", "STANdard", "FULL", "WRITable", "FULLWRITable")),
    )
    def _make_buffer(self, name: str, size: int, style: str = "STAN") -> None:
        if name in self.buffers:
            raise ScpiError(-224)
        self.buffers[name] = ReadingBuffer(name, size)

    @command(":TRACe:DELete", Text())
    def _delete_buffer(self, name: str) -> None:
        if name.startswith("defbuffer"):
            raise ScpiError(-224)
        self.buffers.require(name)
        del self.buffers[name]

    @command(":TRACe:CLEar", _BUFFER)
    def _clear_buffer(self, name: str = "defbuffer1") -> None:
        self.buffers[name].readings.clear()

    @command(":TRACe:POINts", Integer("", 10, 6_875_000, 100_000), _BUFFER)
    def _resize_buffer(self, size: int, name: str = "defbuffer1") -> None:
        buffer = self.buffers[name]
        buffer.capacity = size
        buffer.readings.clear()

    @command(":TRACe:POINts?", _BUFFER)
    def _buffer_size(self, name: str = "defbuffer1") -> str:
        return str(self.buffers[name].capacity)

    @command(":TRACe:ACTual[:END]?", _BUFFER)
    def _buffer_fill(self, name: str = "defbuffer1") -> str:
        if self.trigger_model.state == RUNNING:
            self.clock.busy()
        return str(len(self.buffers[name].readings))

    @command(":TRACe:ACTual:STARt?", _BUFFER)
    def _buffer_start(self, name: str = "defbuffer1") -> str:
        return str(int(bool(self.buffers[name].readings)))

    @command(":TRACe:DATA?", Integer("", 1), Integer("", 1), _BUFFER, Many(ELEMENT, maximum=14))
    def _buffer_data(self, first: int, last: int, name: str = "defbuffer1", *elements: str) -> str | bytes:
        buffer = self.buffers[name]
        found = buffer.slice(first, last)
        if found[-1] is NO_READING:
            self.status.post(ScpiError(-222))
        return self._answer(buffer, found, elements)

    @command(":TRACe:TRIGger", _BUFFER)
    def _trigger_buffer(self, name: str = "defbuffer1") -> Handler:
        yield from self._measure(name)

    @command(":TRACe:STATistics:{AVERage|MAXimum|MINimum|STDDev|PK2Pk}?", _BUFFER)
    def _buffer_statistic(self, which: str, name: str = "defbuffer1") -> str:
        return self.format_number(self.buffers[name].statistic(which))

    @command(":TRACe:STATistics:CLEar", _BUFFER)
    def _clear_statistics(self, name: str = "defbuffer1") -> None:
        self.buffers.require(name)

    fill_mode = Setting(":TRACe:FILL:MODE", Choice("CONTinuous", "ONCE"), "CONT")
