"""Virtual interactive source meter: the readings (READ?, MEASure?, FETCh?) and the commands FORMat."""

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
    ReadingBuffer,
    format_elements,
    pack_elements,
)
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.calculations import (
    CALCULATED,
    CalculateCommands,
)
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.command_table import MeterBase, MeterTable

_BUFFER = Optional(Text(bare=True))


class BufferedReadingCommands(MeterTable):
    """Readings, and how they are written.

    Parameters
    ----------
    meter : MeterBase
    calculations : CalculateCommands
        What is made of a reading.
    """

    def __init__(self, meter: MeterBase, calculations: CalculateCommands) -> None:
        super().__init__(meter)
        self._calculations = calculations

    data_format = Setting(":FORMat[:DATA]", Choice("ASCii", "REAL", "SREal"), "ASC")
    byte_order = Setting(":FORMat:BORDer", Choice("NORMal", "SWAPped"), "SWAP")
    precision = Setting(":FORMat:ASCii:PRECision", Integer("", 0, 16, 0), 0)

    count = Setting("[:SENSe]:COUNt", Integer("", 1, 300_000, 1), 1)

    def measure(self, buffer_name: str) -> Handler:
        """Take readings into a buffer; returns the buffer and the last reading."""
        if self.trigger_model.running:
            raise ScpiError(-221)
        buffer = self.buffers[buffer_name]
        if buffer.style.endswith("WRIT"):
            raise ScpiError(-221)
        calculated = self.settings.sense_function == "RES" or any(map(self.setting_values.keyed.get, CALCULATED))
        taker = self._calculations if calculated else self.measurer
        for _ in range(int(self.count)):
            reading = yield from taker.take()
            buffer.append(reading)
        return buffer, reading

    def answer(self, buffer: ReadingBuffer, readings: Any, elements: tuple[str, ...]) -> str | bytes:
        """Write elements of readings in the format that is set."""
        chosen = elements or ("READ",)
        if self.data_format != "ASC":
            code = "d" if self.data_format == "REAL" else "f"
            return pack_elements(buffer, readings, chosen, code, self.byte_order == "SWAP")
        digits = int(self.precision) - 1 if self.precision else 6
        return format_elements(buffer, readings, chosen, max(digits, 0))

    @command(":READ?", _BUFFER, Many(ELEMENT, maximum=14))
    def _read(self, buffer_name: str = "defbuffer1", *elements: str) -> Handler:
        buffer, reading = yield from self.measure(buffer_name)
        return self.answer(buffer, [reading], elements)

    @command(":MEASure?", _BUFFER, Many(ELEMENT, maximum=14))
    def _measure_query(self, buffer_name: str = "defbuffer1", *elements: str) -> Handler:
        if not self.output.stage.enabled:
            self.meter.require_interlock()
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
        return self.answer(buffer, buffer.readings[-1:], elements)
