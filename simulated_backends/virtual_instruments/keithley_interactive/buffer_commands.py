"""Virtual interactive source meter: the commands TRACe, which make, fill, read and write buffers."""

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.message import Handler
from tsbench.simulated_backends.scpi.parameters import (
    Boolean,
    Choice,
    Integer,
    Many,
    Number,
    Optional,
    Text,
)
from tsbench.simulated_backends.scpi.tree import command
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.buffers import (
    ELEMENT,
    NO_READING,
    ReadingBuffer,
    Statistics,
    WrittenReading,
)
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.command_table import MeterBase, MeterTable
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.event_log import CLOCK_START
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.reading_commands import BufferedReadingCommands
from tsbench.simulated_backends.virtual_instruments.source_meter.data_sheet import NOT_A_NUMBER

_BUFFER = Optional(Text(bare=True))


class BufferCommands(MeterTable):
    """The buffers.

    Parameters
    ----------
    meter : MeterBase
    readings : BufferedReadingCommands
        Takes and writes readings.
    """

    def __init__(self, meter: MeterBase, readings: BufferedReadingCommands) -> None:
        super().__init__(meter)
        self._readings = readings
        self._logging: dict[str, bool] = {}   #: whether a buffer writes its events into the log, by name

    @command(
        ":TRACe:MAKE",
        Text(),
        Integer("", 10, 6_875_000),
        Optional(Choice("COMPact", "STANdard", "FULL", "WRITable", "FULLWRITable")),
    )
    def _make_buffer(self, name: str, size: int, style: str = "STAN") -> None:
        """Make a buffer, which fills once (manual of the 2461, :TRACe:FILL:MODE)."""
        self.buffers.make(name, size, continuous=False, style=style)

    @command(":TRACe:DELete", Text())
    def _delete_buffer(self, name: str) -> None:
        if name.startswith("defbuffer"):
            raise ScpiError(-224)
        self.buffers.require(name)
        del self.buffers[name]

    @command(":TRACe:CLEar", _BUFFER)
    def _clear_buffer(self, name: str = "defbuffer1") -> None:
        self.buffers[name].clear()

    @command(":TRACe:POINts", Integer("", 10, 6_875_000, 100_000), _BUFFER)
    def _resize_buffer(self, size: int, name: str = "defbuffer1") -> None:
        buffer = self.buffers[name]
        buffer.capacity = size
        buffer.clear()

    @command(":TRACe:POINts?", _BUFFER)
    def _buffer_size(self, name: str = "defbuffer1") -> str:
        return str(self.buffers[name].capacity)

    @command(":TRACe:ACTual[:END]?", _BUFFER)
    def _buffer_fill(self, name: str = "defbuffer1") -> str:
        if self.trigger_model.running:
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
        return self._readings.answer(buffer, found, elements)

    @command(":TRACe:TRIGger", _BUFFER)
    def _trigger_buffer(self, name: str = "defbuffer1") -> Handler:
        yield from self._readings.measure(name)

    @command(":TRACe:STATistics:{AVERage|MAXimum|MINimum|STDDev|PK2Pk|SPAN}?", _BUFFER)
    def _buffer_statistic(self, which: str, name: str = "defbuffer1") -> str:
        return self.format_number(self.buffers[name].statistic(which))

    @command(":TRACe:STATistics:CLEar", _BUFFER)
    def _clear_statistics(self, name: str = "defbuffer1") -> None:
        self.buffers[name].statistics = Statistics()

    @command(":TRACe:FILL:MODE", Choice("CONTinuous", "ONCE"), _BUFFER)
    def _fill_mode(self, mode: str, name: str = "defbuffer1") -> None:
        buffer = self.buffers[name]
        if (mode == "CONT") != buffer.continuous:
            buffer.continuous = mode == "CONT"
            buffer.clear()

    @command(":TRACe:FILL:MODE?", _BUFFER)
    def _fill_mode_query(self, name: str = "defbuffer1") -> str:
        return "CONT" if self.buffers[name].continuous else "ONCE"

    @command(":TRACe:LOG:STATe", Boolean(), _BUFFER)
    def _log_state(self, on: bool, name: str = "defbuffer1") -> None:
        self.buffers.require(name)
        self._logging[name] = on

    @command(":TRACe:LOG:STATe?", _BUFFER)
    def _log_state_query(self, name: str = "defbuffer1") -> str:
        self.buffers.require(name)
        return str(int(self._logging.get(name, name.startswith("defbuffer"))))

    @command(":TRACe:SAVE[:APPend]", Text(), _BUFFER, Many(Text(bare=True), maximum=4))
    def _save(self, file: str, name: str = "defbuffer1", *ignored: str) -> None:
        """Save to the flash drive, of which there is none."""
        self.buffers.require(name)
        raise ScpiError(-241)

    # ----------------------------------------------------------------------- what a program writes into them

    @command(":TRACe:WRITe:FORMat", Text(), Text(bare=True), Integer("", 3, 8), Many(Text(bare=True), maximum=2))
    def _write_format(self, name: str, unit: str, digits: int, *extra: str) -> None:
        self._writable(name).unit = unit

    @command(":TRACe:WRITe:READing", Text(), Number(), Many(Number(), maximum=4))
    def _write_reading(self, name: str, value: float, *rest: float) -> None:
        """Write ``value[, extra][, seconds, fraction, status]``; only a full writable buffer has ``extra``."""
        buffer = self._writable(name)
        full = buffer.style == "FULLWRIT"
        if (full and not rest) or (not full and len(rest) > 3):
            raise ScpiError(-109 if full else -108)
        extra, rest = (rest[0], rest[1:]) if full else (NOT_A_NUMBER, rest)
        time = self.clock.now
        if rest:
            time = rest[0] - CLOCK_START.timestamp() + (rest[1] if len(rest) > 1 else 0.0)
        buffer.append(WrittenReading(
            time, "", value, "", NOT_A_NUMBER, False, False, False, False, False, buffer.unit, extra=extra))

    def _writable(self, name: str) -> ReadingBuffer:
        buffer = self.buffers[name]
        if not buffer.style.endswith("WRIT"):
            raise ScpiError(-221)
        return buffer
