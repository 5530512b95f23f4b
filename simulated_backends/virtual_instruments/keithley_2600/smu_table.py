"""The table ``smuX`` of one unit of the 2600B, and its registers in ``status`` (2600BS-901-01, section 7)."""

from collections.abc import Callable, Generator
from typing import Any

from tsbench.simulated_backends.tsp.errors import TspError
from tsbench.simulated_backends.tsp.events import EventBus
from tsbench.simulated_backends.tsp.instrument import TspParts
from tsbench.simulated_backends.tsp.interpreter import LuaTable
from tsbench.simulated_backends.tsp.status import StatusTree
from tsbench.simulated_backends.tsp.tables import TspTable, number, whole
from tsbench.simulated_backends.virtual_instruments.keithley_2600.buffers import BufferTables, statistics_of
from tsbench.simulated_backends.virtual_instruments.keithley_2600.channel import SmuChannel
from tsbench.simulated_backends.virtual_instruments.keithley_2600.measure_table import MeasureTable
from tsbench.simulated_backends.virtual_instruments.keithley_2600.source_table import SourceTable
from tsbench.simulated_backends.virtual_instruments.keithley_2600.sweep_model import SweepModel

#: sense modes: two-wire, four-wire, and for calibration
LOCAL, REMOTE, CALA = 0, 1, 3
CONSTANTS = {
    "OUTPUT_OFF": 0, "OUTPUT_ON": 1, "OUTPUT_HIGH_Z": 2, "OUTPUT_NORMAL": 0, "OUTPUT_ZERO": 1, "OUTPUT_DCAMPS": 0,
    "OUTPUT_DCVOLTS": 1, "SENSE_LOCAL": LOCAL, "SENSE_REMOTE": REMOTE, "SENSE_CALA": CALA, "AUTORANGE_OFF": 0,
    "AUTORANGE_ON": 1, "AUTORANGE_FOLLOW_LIMIT": 2, "AUTOZERO_OFF": 0, "AUTOZERO_ONCE": 1, "AUTOZERO_AUTO": 2,
    "FILTER_OFF": 0, "FILTER_ON": 1, "FILTER_MOVING_AVG": 0, "FILTER_REPEAT_AVG": 1, "FILTER_MEDIAN": 2, "REL_OFF": 0,
    "REL_ON": 1, "DELAY_OFF": 0, "DELAY_AUTO": -1, "DISABLE": 0, "ENABLE": 1, "ASYNC": 2, "SOURCE_IDLE": 0,
    "SOURCE_HOLD": 1, "LIMIT_AUTO": -1, "OE_NONE": 0, "OE_OUTPUT_OFF": 1, "SETTLE_SMOOTH": 0, "SETTLE_FAST_RANGE": 1,
    "SETTLE_FAST_POLARITY": 2, "SETTLE_DIRECT_IRANGE": 3, "SETTLE_SMOOTH_100NA": 4, "SETTLE_FAST_ALL": 128,
    "FILL_ONCE": 0, "FILL_WINDOW": 1, "CONTACT_FAST": 0, "CONTACT_MEDIUM": 1, "CONTACT_SLOW": 2, "CALSTATE_LOCKED": 0,
    "CALSTATE_CALIBRATING": 1, "CALSTATE_UNLOCKED": 2, "CALSET_NOMINAL": 0, "CALSET_FACTORY": 1, "CALSET_DEFAULT": 2,
    "CALSET_PREVIOUS": 3, "CAL_AUTO": 0, "CAL_POSITIVE": 1, "CAL_NEGATIVE": 2,
}
LARGEST_BUFFER = 200_000  #: readings of a buffer that a script makes


class SmuTable:
    """Makes the table of one unit.

    Parameters
    ----------
    channel : SmuChannel
    parts : TspParts
    buffers : BufferTables
    bus : EventBus
    """

    def __init__(self, channel: SmuChannel, parts: TspParts, buffers: BufferTables, bus: EventBus) -> None:
        self._channel = channel
        self._parts = parts
        self._buffers = buffers
        channel.owe = parts.interpreter.owe
        self.table = table = TspTable(parts.interpreter, "smu")
        table.make_global(channel.name)
        table.constants(**CONSTANTS)
        for place, buffer in enumerate(channel.buffers, 1):
            table.put(f"nvbuffer{place}", buffers.show(buffer))
        self._source = SourceTable(channel, parts.interpreter, table.table("source"))
        self._measure = MeasureTable(channel, buffers, table.table("measure"))
        self.sweep = SweepModel(channel, self._source, self._measure, bus, table.table("trigger"))
        channel.end_sweep = self.sweep.stop
        table.attribute("sense", lambda: channel.state.sense, self._set_sense)
        table.method("reset", self.reset)
        table.method("abort", channel.end_operations)
        table.method("makebuffer", self._make_buffer, 1, makes_table=True)
        table.method("savebuffer", lambda buffer: None, 1)
        for function in ("i", "v", "r", "p", "iv"):
            table.method(f"measure{function}andstep", self._stepping(function), len(function) + 1)
        self._show_contact(table.table("contact"))
        self._show_calibration(table.table("cal"))
        statistics = table.table("buffer")
        statistics.method("getstats", self._statistics, 1)
        statistics.method("recalculatestats", lambda buffer: None, 1)

    def reset(self) -> Generator[float, None, None]:
        """Do what ``smuX.reset()`` does."""
        self.sweep.reset()
        yield from self._channel.reset()

    def _set_sense(self, value: Any) -> None:
        self._channel.idle()
        mode = whole(value, LOCAL, CALA)
        if mode == 2:
            raise TspError(1101)
        if mode == CALA:
            raise self._channel.error(5011)
        self._channel.state.sense = mode
        self._channel.settings.four_wire.update(dict.fromkeys(self._channel.settings.four_wire, mode == REMOTE))

    def _make_buffer(self, size: Any) -> Any:
        capacity = whole(size, 1, LARGEST_BUFFER)
        return self._buffers.make(capacity, lambda: self._channel.instrument.clock.now).lua

    def _stepping(self, function: str) -> Callable[..., Generator[float, None, tuple[float, ...]]]:
        def measure(*arguments: Any) -> Generator[float, None, tuple[float, ...]]:
            level = number(arguments[-1])
            given = self._measure.given(function, arguments[:-1]) if len(arguments) > 1 else ()
            self._channel.idle()
            values = yield from self._channel.measure(function, given)
            self._source.set_level(self._channel.sourced, level)
            return values
        return measure

    def _show_contact(self, table: TspTable) -> None:
        state = self._channel.state
        table.attribute("speed", lambda: self._channel.state.contact_speed,
                        lambda value: setattr(self._channel.state, "contact_speed", whole(value, 0, 2)))
        table.attribute("threshold", lambda: self._channel.state.contact_threshold,
                        lambda value: setattr(self._channel.state, "contact_threshold", number(value, 0.0, 1e37)))
        table.method("check", lambda: self._contact_resistance() < state.contact_threshold)
        table.method("r", lambda: (self._contact_resistance(),) * 2)
        for name in ("calibratehi", "calibratelo"):
            table.method(name, self._locked)

    def _contact_resistance(self) -> float:
        """Return the resistance of a contact: sense and force terminals are connected in the instrument."""
        channel = self._channel
        if not channel.output.stage.enabled and channel.settings.off_state["VOLT"] == "HIMP":
            raise channel.error(5048)
        return 0.1

    def _show_calibration(self, table: TspTable) -> None:
        table.attribute("state", lambda: 0)
        for name in ("date", "due", "adjustdate"):
            table.attribute(name, lambda: 1735689600, self._locked)
        table.attribute("polarity", lambda: 0, self._locked)
        table.attribute("password", None, self._locked)
        for name in ("lock", "restore", "save", "unlock"):
            table.method(name, self._locked)

    def _locked(self, *arguments: Any) -> None:
        raise self._channel.error(5011)

    def _statistics(self, buffer: Any) -> Any:
        found = statistics_of(self._buffers.require(buffer, 1))
        return LuaTable((), found)


def show_status(status: StatusTree, channels: tuple[SmuChannel, ...]) -> None:
    """Add the registers of the units to ``status`` (2600BS-901-01, appendix E)."""
    units = {f"SMU{channel.letter.upper()}": channel.bit for channel in channels}

    def look() -> None:
        for channel in channels:
            channel.show_limits()

    status.add("measurement", {
        "VOLTAGE_LIMIT": 1, "VLMT": 1, "CURRENT_LIMIT": 2, "ILMT": 2, "READING_OVERFLOW": 128, "ROF": 128,
        "BUFFER_AVAILABLE": 256, "BAV": 256, "INTERLOCK": 2048, "INT": 2048, "INSTRUMENT_SUMMARY": 8192, "INST": 8192,
    }, look=look)
    for name, bit in (("voltage_limit", 1), ("current_limit", 2), ("reading_overflow", 128), ("buffer_available", 256)):
        status.add(f"measurement.{name}", units, bit, look)
    status.add("measurement.instrument", units, 8192)
    _show_operation(status, units)
    status.add("questionable", {
        "CALIBRATION": 256, "CAL": 256, "UNSTABLE_OUTPUT": 512, "UO": 512, "OVER_TEMPERATURE": 4096, "OTEMP": 4096,
        "INSTRUMENT_SUMMARY": 8192, "INST": 8192})
    for name, bit in (("calibration", 256), ("unstable_output", 512), ("over_temperature", 4096)):
        status.add(f"questionable.{name}", units, bit)
    status.add("questionable.instrument", units, 8192)
    for channel in channels:
        unit, bit = channel.name, channel.bit
        measured = status.add(f"measurement.instrument.{unit}", {
            "VOLTAGE_LIMIT": 1, "VLMT": 1, "CURRENT_LIMIT": 2, "ILMT": 2, "READING_OVERFLOW": 128, "ROF": 128,
            "BUFFER_AVAILABLE": 256, "BAV": 256}, bit, look)
        operating = status.add(f"operation.instrument.{unit}", {
            "CALIBRATING": 1, "CAL": 1, "SWEEPING": 8, "SWE": 8, "MEASURING": 16, "MEAS": 16, "TRIGGER_OVERRUN": 1024,
            "TRGOVR": 1024}, bit)
        status.add(f"operation.instrument.{unit}.trigger_overrun", {"ARM": 2, "SRC": 4, "MEAS": 8, "ENDP": 16}, 1024)
        status.add(f"questionable.instrument.{unit}", {
            "CALIBRATION": 256, "CAL": 256, "UNSTABLE_OUTPUT": 512, "UO": 512, "OVER_TEMPERATURE": 4096, "OTEMP": 4096},
            bit)
        for what, own in (
            ("voltage limit", 1), ("current limit", 2), ("reading overflow", 128), ("buffer available", 256),
        ):
            channel.registers[what] = measured, own
            channel.registers[f"all {what}"] = status.sets[f"measurement.{what.replace(' ', '_')}"], bit
        for what, own in (("sweeping", 8), ("measuring", 16)):
            channel.registers[what] = operating, own
            channel.registers[f"all {what}"] = status.sets[f"operation.{what}"], bit


def _show_operation(status: StatusTree, units: dict[str, int]) -> None:
    status.add("operation", {
        "CALIBRATING": 1, "CAL": 1, "SWEEPING": 8, "SWE": 8, "MEASURING": 16, "MEAS": 16, "TRIGGER_OVERRUN": 1024,
        "TRGOVR": 1024, "REMOTE_SUMMARY": 2048, "REM": 2048, "USER": 4096, "INSTRUMENT_SUMMARY": 8192, "INST": 8192,
        "PROGRAM_RUNNING": 16384, "PROG": 16384})
    for name, bit in (("calibrating", 1), ("sweeping", 8), ("measuring", 16)):
        status.add(f"operation.{name}", units, bit)
    objects = {"TRIGGER_BLENDER": 1024, "TRGBLND": 1024, "TRIGGER_TIMER": 2048, "TRGTMR": 2048, "DIGITAL_IO": 4096,
               "DIGIO": 4096}
    status.add("operation.trigger_overrun", units | objects, 1024)
    status.add("operation.remote", {"COMMAND_AVAILABLE": 2, "CAV": 2, "PROMPTS_ENABLED": 2048, "PRMPT": 2048}, 2048)
    status.add("operation.user", {f"BIT{place}": 1 << place for place in range(15)}, 4096, writable_condition=True)
    status.add("operation.instrument", units | objects, 8192)
    for name, bit, prefix, count in (
        ("trigger_blender", 1024, "BLND", 6), ("trigger_timer", 2048, "TMR", 8), ("digio", 4096, "LINE", 14),
    ):
        status.add(f"operation.instrument.{name}", {"TRIGGER_OVERRUN": 1024, "TRGOVR": 1024}, bit)
        status.add(f"operation.instrument.{name}.trigger_overrun",
                   {f"{prefix}{place}": 1 << place for place in range(1, count + 1)}, 1024)
