"""Keithley 2450 source meter, native SCPI (reference manual 2450-901-01, section 6)."""

import math
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from tsbench.simulated_backends.bench_clock import ScheduledEvent
from tsbench.simulated_backends.bench_services import BenchServices
from tsbench.simulated_backends.virtual_instruments import keithley_2450_ranges as ranges
from tsbench.simulated_backends.virtual_instruments.instrument import Attachment, Placement, VirtualInstrument
from tsbench.simulated_backends.virtual_instruments.keithley_2450_analog import OutputStage
from tsbench.simulated_backends.virtual_instruments.keithley_2450_buffers import (
    ELEMENT,
    ReadingBuffer,
    format_elements,
    format_reading,
    pack_elements,
)
from tsbench.simulated_backends.virtual_instruments.keithley_2450_ranges import (
    AUTO_DELAYS,
    CURRENT,
    TABLES,
    RangeData,
    range_for,
)
from tsbench.simulated_backends.virtual_instruments.keithley_2450_readings import Measurer
from tsbench.simulated_backends.virtual_instruments.keithley_2450_sweeps import (
    LIST_LENGTH,
    LIST_PER_MESSAGE,
    MAXIMUM_POINTS,
    Sweep,
    TriggerModel,
    linear,
    logarithmic,
)
from tsbench.simulated_backends.virtual_instruments.message import Handler
from tsbench.simulated_backends.virtual_instruments.scpi_errors import ScpiError
from tsbench.simulated_backends.virtual_instruments.scpi_parameters import (
    Boolean,
    Choice,
    Integer,
    Many,
    Number,
    Optional,
    Text,
)
from tsbench.simulated_backends.virtual_instruments.scpi_tree import Setting, command

_BUFFER = Optional(Text(bare=True))
_RELAY_TIME = 0.5e-3  #: [s] from the output's zero to the open relay
_SWITCH_ON_TIME = 2e-3  #: [s]


class _SenseFunction(Choice):
    """``"CURR"``, ``"CURR:DC"``, ``'VOLTage'``, … ; answered as ``"CURR:DC"``."""

    def __init__(self) -> None:
        super().__init__(
            "VOLTage",
            "CURRent",
            "RESistance",
            quoted=True,
            answer=lambda f: '"RES"' if f == "RES" else f'"{f}:DC"',
        )

    def parse(self, raw: bytes, instrument: Any, key: tuple[Any, ...]) -> str:
        text = raw.decode("latin-1").strip()
        for ending in (":DC", ":dc"):
            text = text.replace(ending, "")
        return super().parse(text.encode("latin-1"), instrument, key)


def _top(instrument: Any, function: str) -> float:
    """Return the highest level: of the fixed source range, or of the instrument."""
    table = TABLES[function]
    if instrument.source_autorange[function]:
        return table[-1].top
    return range_for(function, instrument.source_range[function]).top


class Keithley2450(VirtualInstrument):
    """One source meter with its terminals between a node and ground."""

    manufacturer = "KEITHLEY INSTRUMENTS"
    model = "MODEL 2450"
    firmware = "1.7.12b"
    outputs = ("",)
    terminals = ("",)
    error_queue_depth: ClassVar[int] = 1000

    def __init__(self, bench: BenchServices, placement: Placement) -> None:
        super().__init__(bench, placement)
        self.line_frequency = float(str(placement.options.get("line_frequency", 50)))
        self.stage = OutputStage(self)
        self.measurer = Measurer(self)
        self.trigger_model = TriggerModel(self)
        self.buffers: dict[str, ReadingBuffer] = {}
        self.lists: dict[str, list[float]] = {}
        self.settled_at = 0.0
        self._opening: ScheduledEvent | None = None
        self._after_glitch: ScheduledEvent | None = None
        self._forget()

    def _forget(self) -> None:
        self.buffers = {name: ReadingBuffer(name) for name in ("defbuffer1", "defbuffer2")}
        self.lists = {"VOLT": [], "CURR": []}
        self.measurer.forget()
        self.trigger_model.load(None)

    def attachment(self) -> Attachment:
        """Return stage and relay."""
        return self.stage.attachment()

    def connect(self) -> None:
        """Power on: output off, normal off state."""
        self._refresh()
        self._take_off_state()
        self.report_output("", False)

    def reset(self) -> Handler | None:
        """Abort, output off, everything to its default."""
        self.trigger_model.abort()
        self._forget()
        yield from self._switch_off()
        self._refresh()

    def format_number(self, value: float) -> str:
        """Write a number as the 2450 does."""
        return format_reading(value) if math.isfinite(value) else "9.900000E+37"

    def format_error(self, code: int, text: str, time: float) -> str:
        """Write an entry of the event log: number, text, type (1: error), time."""
        if code == 0:
            return '0,"No error;0;0 0"'
        stamp = datetime(2026, 1, 1, 12, tzinfo=UTC) + timedelta(seconds=time)
        return f'{code},"{text};1;{stamp:%Y/%m/%d %H:%M:%S}.{stamp.microsecond // 1000:03d}"'

    # ================================================================================ source subsystem

    source_function = Setting(
        ":SOURce:FUNCtion[:MODE]",
        Choice("VOLTage", "CURRent", quoted=True),
        "VOLT",
        coerce="_choose_function",
        change="_function_changed",
    )
    source_level = Setting(
        ":SOURce:{VOLTage|CURRent}[:LEVel][:IMMediate][:AMPLitude]",
        Number(low=lambda i, f: -_top(i, f), high=_top, default=0.0, units=("V", "A")),
        0.0,
        change="level_changed",
    )
    source_range = Setting(
        ":SOURce:{VOLTage|CURRent}:RANGe",
        Number(
            low=lambda i, f: -TABLES[f][-1].top,
            high=lambda i, f: TABLES[f][-1].top,
            default=lambda i, f: TABLES[f][0].full_scale,
            units=("V", "A"),
        ),
        lambda i, f: i.source_row(f).full_scale,
        coerce="_choose_source_range",
        change="_source_range_fixed",
    )
    source_autorange = Setting(
        ":SOURce:{VOLTage|CURRent}:RANGe:AUTO", Boolean(), True, change="level_changed"
    )
    current_limit = Setting(
        ":SOURce:VOLTage:ILIMit[:LEVel]",
        Number("A", 1e-9, 1.05, 105e-6),
        105e-6,
        coerce="_choose_limit",
        change="_limit_changed",
    )
    voltage_limit = Setting(
        ":SOURce:CURRent:VLIMit[:LEVel]",
        Number("V", 0.02, 210.0, 21.0),
        21.0,
        coerce="_choose_limit",
        change="_limit_changed",
    )
    source_delay = Setting(
        ":SOURce:{VOLTage|CURRent}:DELay", Number("s", 0.0, 1e4, 0.0), 0.0, change="_delay_fixed"
    )
    source_autodelay = Setting(":SOURce:{VOLTage|CURRent}:DELay:AUTO", Boolean(), True)
    source_user_delay = Setting(":SOURce:{VOLTage|CURRent}:DELay:USER<1-5>", Number("s", 0.0, 1e4, 0.0), 0.0)
    read_back = Setting(":SOURce:{VOLTage|CURRent}:READ:BACK", Boolean(), True)
    high_capacitance = Setting(
        ":SOURce:{VOLTage|CURRent}:HIGH:CAPacitance", Boolean(), False, change="_stage_changed"
    )
    protection = Setting(
        ":SOURce:{VOLTage|CURRent}:PROTection[:LEVel]",
        Choice(
            "PROT2",
            "PROT5",
            "PROT10",
            "PROT20",
            "PROT40",
            "PROT60",
            "PROT80",
            "PROT100",
            "PROT120",
            "PROT140",
            "PROT160",
            "PROT180",
            "NONE",
        ),
        "NONE",
    )

    @command(":SOURce:VOLTage:ILIMit[:LEVel]:TRIPped?")
    def _current_limit_tripped(self) -> str:
        return str(int(self.source_function == "VOLT" and self.stage.limiting()))

    @command(":SOURce:CURRent:VLIMit[:LEVel]:TRIPped?")
    def _voltage_limit_tripped(self) -> str:
        return str(int(self.source_function == "CURR" and self.stage.limiting()))

    @command(":SOURce:{VOLTage|CURRent}:PROTection[:LEVel]:TRIPped?")
    def _protection_tripped(self, function: str) -> str:
        return "0"

    def source_row(self, function: str | None = None) -> RangeData:
        """Return the active source range (of the active function)."""
        function = function or self.source_function
        if self.source_autorange[function]:
            return range_for(function, self.source_level[function])
        return range_for(function, self.setting_values.get(("source_range", (function,)), 0.0))

    def _choose_function(self, function: str) -> str:
        self._refuse_while_running()
        return function

    def _choose_source_range(self, function: str, value: float) -> float:
        row = range_for(function, value)
        if abs(self.source_level[function]) > row.top:
            raise ScpiError(-221)
        return row.full_scale

    def _choose_limit(self, value: float) -> float:
        return value

    def _function_changed(self) -> Handler:
        if self.stage.enabled:
            yield from self._switch_off()
        self._refresh()

    def _source_range_fixed(self, function: str) -> None:
        self.source_autorange[function] = False
        self.level_changed(function)

    def _delay_fixed(self, function: str) -> None:
        self.source_autodelay[function] = False

    def _limit_changed(self) -> None:
        self._stage_changed()

    def _stage_changed(self, function: str = "") -> None:
        if function in {"", self.source_function}:
            self._refresh()

    def level_changed(self, function: str) -> None:
        """Drive the output to a new level or range, with the settling and delay that follow."""
        if function != self.source_function:
            return
        before = self.stage.points.source_range
        self._refresh()
        self.settled_at = self.clock.now + self._delay()
        if self.stage.enabled and self.stage.points.source_range is not before:
            self.settled_at += ranges.RANGE_CHANGE_TIME
            if function == "VOLT" and self.bench.imperfections:
                up = self.stage.points.source_range.full_scale > before.full_scale
                self.stage.glitch(
                    math.copysign(
                        ranges.RANGE_CHANGE_OVERSHOOT,
                        self.stage.points.level if up else -self.stage.points.level,
                    )
                )
                self._after_glitch = self.clock.schedule_in(10e-6, self._end_glitch)

    def _end_glitch(self) -> None:
        self._after_glitch = None
        self.stage.apply()

    def _delay(self) -> float:
        function = self.source_function
        if not self.source_autodelay[function]:
            return float(self.source_delay[function])
        row = self.stage.points.current_range
        return AUTO_DELAYS[CURRENT.index(row)]

    def settling_time(self) -> float:
        """Return how long a changed range still needs [s]."""
        return max(self.settled_at - self.clock.now - self._delay(), 0.0)

    def _refresh(self) -> None:
        """Give the stage the set-points of the settings as they are."""
        points = self.stage.points
        function = self.source_function
        points.function = function
        points.level = self.source_level[function]
        points.source_range = self.source_row()
        points.high_capacitance = bool(self.high_capacitance[function])
        if function == "VOLT":
            limit = float(self.current_limit)
            row = range_for("CURR", limit)
            if not self.sense_autorange["CURR"] and self.sense_function == "CURR":
                row = range_for("CURR", self.sense_range["CURR"])
                limit = min(limit, row.top)  # the range itself limits
            points.limit, points.current_range = limit, row
        else:
            points.limit, points.current_range = float(self.voltage_limit), points.source_range
        if self._after_glitch is not None:
            self._after_glitch.cancel()
            self._after_glitch = None
        self.stage.apply()

    # =============================================================================== output subsystem

    off_state = Setting(
        ":OUTPut:{VOLTage|CURRent}:SMODe",
        Choice("NORMal", "HIMPedance", "ZERO", "GUARd"),
        "NORM",
        change="_off_state_changed",
    )

    @command(":OUTPut[:STATe]", Boolean())
    def _set_output(self, on: bool) -> Handler:
        if on and not self.stage.enabled:
            self.switch_on()
            yield _SWITCH_ON_TIME
        elif not on:
            self.trigger_model.abort()
            yield from self._switch_off()

    @command(":OUTPut[:STATe]?")
    def _output_query(self) -> str:
        return str(int(self.stage.enabled))

    @command(":OUTPut:INTerlock:TRIPped?")
    def _interlock(self) -> str:
        return "0"

    def switch_on(self) -> None:
        """Close the relay and drive the output to the level."""
        if self._opening is not None:
            self._opening.cancel()
            self._opening = None
        self.stage.enabled = True
        self.stage.set_relay(True)
        self._refresh()
        self.report_output("", True)
        self.settled_at = self.clock.now + _SWITCH_ON_TIME + self._delay()

    def _switch_off(self) -> Handler:
        """Output to zero at once, the relay follows; not to be stopped by a device clear."""
        if self.stage.enabled:
            self.stage.enabled = False
            if self._after_glitch is not None:
                self._after_glitch.cancel()
                self._after_glitch = None
            self.stage.off_state = self.off_state[self.source_function]
            self.stage.apply()
            self._opening = self.clock.schedule_in(_RELAY_TIME, self._take_off_state)
        if self._opening is not None:
            yield self.until(self._opening.time)

    def _take_off_state(self) -> None:
        self._opening = None
        state = self.off_state[self.source_function]
        self.stage.off_state = state
        self.stage.apply()
        self.stage.set_relay(state in {"NORM", "ZERO"})
        self.report_output("", False)

    def _off_state_changed(self, function: str) -> None:
        if not self.stage.enabled and self._opening is None and function == self.source_function:
            self._take_off_state()

    # ================================================================================ sense subsystem

    sense_function = Setting(":SENSe:FUNCtion[:ON]", _SenseFunction(), "CURR", change="_sense_changed")
    sense_range = Setting(
        ":SENSe:{VOLTage|CURRent|RESistance}[:DC]:RANGe[:UPPer]",
        Number(
            units=("V", "A", "OHM"),
            low=lambda i, f: -i.highest_range(f),
            high=lambda i, f: i.highest_range(f),
        ),
        lambda i, f: i.active_range(f),
        coerce="_choose_sense_range",
        change="_sense_range_fixed",
    )
    sense_autorange = Setting(
        ":SENSe:{VOLTage|CURRent|RESistance}[:DC]:RANGe:AUTO", Boolean(), True, change="_sense_changed"
    )
    autorange_lowest = Setting(
        ":SENSe:{VOLTage|CURRent|RESistance}[:DC]:RANGe:AUTO:LLIMit",
        Number(units=("V", "A", "OHM"), low=0.0),
        0.0,
    )
    nplc = Setting(":SENSe:{VOLTage|CURRent|RESistance}[:DC]:NPLCycles", Number("", 0.01, 10.0, 1.0), 1.0)
    auto_zero = Setting(":SENSe:{VOLTage|CURRent|RESistance}[:DC]:AZERo[:STATe]", Boolean(), True)
    four_wire = Setting(":SENSe:{VOLTage|CURRent|RESistance}[:DC]:RSENse", Boolean(), False)
    sense_user_delay = Setting(
        ":SENSe:{VOLTage|CURRent|RESistance}[:DC]:DELay:USER<1-5>", Number("s", 0.0, 1e4, 0.0), 0.0
    )
    sense_unit = Setting(
        ":SENSe:{VOLTage|CURRent|RESistance}[:DC]:UNIT",
        Choice("AMP", "VOLT", "OHM", "WATT"),
        lambda i, f: {"VOLT": "VOLT", "CURR": "AMP", "RES": "OHM"}[f],
    )
    filter_on = Setting(":SENSe:{VOLTage|CURRent|RESistance}[:DC]:AVERage[:STATe]", Boolean(), False)
    filter_type = Setting(
        ":SENSe:{VOLTage|CURRent|RESistance}[:DC]:AVERage:TCONtrol", Choice("REPeat", "MOVing"), "REP"
    )
    filter_count = Setting(
        ":SENSe:{VOLTage|CURRent|RESistance}[:DC]:AVERage:COUNt", Integer("", 1, 100, 10), 10
    )
    offset_compensation = Setting(":SENSe:RESistance:OCOMpensated", Boolean(), False)
    count = Setting(":SENSe:COUNt", Integer("", 1, 300_000, 1), 1)

    @command(":SENSe:AZERo:ONCE")
    def _auto_zero_once(self) -> Handler:
        yield 2.0 * self.nplc[self.sense_function] / self.line_frequency

    def highest_range(self, function: str) -> float:
        """Return the highest value the RANGe command takes."""
        return ranges.RESISTANCE_RANGES[-1] * 1.05 if function == "RES" else TABLES[function][-1].top

    def active_range(self, function: str) -> float:
        """Return the measuring range in use."""
        if function == "RES":
            return ranges.RESISTANCE_RANGES[-1]
        if function == self.source_function:
            return self.source_row().full_scale
        return self.measurer.automatic[function].full_scale

    def _choose_sense_range(self, function: str, value: float) -> float:
        if function == "RES":
            return next(
                (r for r in ranges.RESISTANCE_RANGES if abs(value) <= 1.05 * r), ranges.RESISTANCE_RANGES[-1]
            )
        return range_for(function, value).full_scale

    def _sense_range_fixed(self, function: str) -> None:
        self.sense_autorange[function] = False
        self._sense_changed(function)

    def _sense_changed(self, function: str = "") -> None:
        if self.sense_autorange["CURR"]:
            self.setting_values.pop(("sense_range", ("CURR",)), None)
        if self.sense_autorange["VOLT"]:
            self.setting_values.pop(("sense_range", ("VOLT",)), None)
        if self.stage.enabled:
            self.settled_at = max(self.settled_at, self.clock.now + ranges.RANGE_CHANGE_TIME)
        self._refresh()

    # ======================================================================================= readings

    data_format = Setting(":FORMat[:DATA]", Choice("ASCii", "REAL", "SREal"), "ASC")
    byte_order = Setting(":FORMat:BORDer", Choice("NORMal", "SWAPped"), "SWAP")
    precision = Setting(":FORMat:ASCii:PRECision", Integer("", 0, 16, 0), 0)

    def _refuse_while_running(self) -> None:
        if self.trigger_model.running:
            raise ScpiError(-221)

    def _measure(self, buffer_name: str) -> Handler:
        self._refuse_while_running()
        buffer = self.buffer(buffer_name)
        for _ in range(int(self.count)):
            reading = yield from self.measurer.take()
            buffer.append(reading)

    def _answer(self, buffer: ReadingBuffer, readings: Any, elements: tuple[str, ...]) -> str | bytes:
        chosen = elements or ("READ",)
        if self.data_format != "ASC":
            code = "d" if self.data_format == "REAL" else "f"
            return pack_elements(buffer, readings, chosen, code, self.byte_order == "SWAP")
        digits = int(self.precision) - 1 if self.precision else 6
        return ",".join(
            text for reading in readings for text in format_elements(buffer, reading, chosen, max(digits, 0))
        )

    @command(":READ?", _BUFFER, Many(ELEMENT, maximum=14))
    def _read(self, buffer_name: str = "defbuffer1", *elements: str) -> Handler:
        yield from self._measure(buffer_name)
        buffer = self.buffer(buffer_name)
        return self._answer(buffer, buffer.readings[-1:], elements)

    @command(":MEASure?", _BUFFER, Many(ELEMENT, maximum=14))
    def _measure_query(self, buffer_name: str = "defbuffer1", *elements: str) -> Handler:
        if not self.stage.enabled:
            self.switch_on()
        return (yield from self._read(buffer_name, *elements))

    @command(":MEASure:{VOLTage|CURRent|RESistance}[:DC]?", _BUFFER, Many(ELEMENT, maximum=14))
    def _measure_function(self, function: str, buffer_name: str = "defbuffer1", *elements: str) -> Handler:
        self.sense_function = function
        self._sense_changed()
        return (yield from self._measure_query(buffer_name, *elements))

    @command(":FETCh?", _BUFFER, Many(ELEMENT, maximum=14))
    def _fetch(self, buffer_name: str = "defbuffer1", *elements: str) -> str | bytes:
        buffer = self.buffer(buffer_name)
        if not buffer.readings:
            raise ScpiError(-230)
        return self._answer(buffer, buffer.readings[-1:], elements)

    # ======================================================================================== buffers

    def buffer(self, name: str) -> ReadingBuffer:
        """Return a buffer by name; ScpiError(-224) if there is none."""
        try:
            return self.buffers[name]
        except KeyError:
            raise ScpiError(-224) from None

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
        self.buffer(name)
        del self.buffers[name]

    @command(":TRACe:CLEar", _BUFFER)
    def _clear_buffer(self, name: str = "defbuffer1") -> None:
        self.buffer(name).readings.clear()

    @command(":TRACe:POINts", Integer("", 10, 6_875_000, 100_000), _BUFFER)
    def _resize_buffer(self, size: int, name: str = "defbuffer1") -> None:
        buffer = self.buffer(name)
        buffer.capacity = size
        buffer.readings.clear()

    @command(":TRACe:POINts?", _BUFFER)
    def _buffer_size(self, name: str = "defbuffer1") -> str:
        return str(self.buffer(name).capacity)

    @command(":TRACe:ACTual[:END]?", _BUFFER)
    def _buffer_fill(self, name: str = "defbuffer1") -> str:
        if self.trigger_model.running:
            self.clock.busy()
        return str(len(self.buffer(name).readings))

    @command(":TRACe:ACTual:STARt?", _BUFFER)
    def _buffer_start(self, name: str = "defbuffer1") -> str:
        return str(int(bool(self.buffer(name).readings)))

    @command(":TRACe:DATA?", Integer("", 1), Integer("", 1), _BUFFER, Many(ELEMENT, maximum=14))
    def _buffer_data(self, first: int, last: int, name: str = "defbuffer1", *elements: str) -> str | bytes:
        buffer = self.buffer(name)
        return self._answer(buffer, buffer.slice(first, last), elements)

    @command(":TRACe:TRIGger", _BUFFER)
    def _trigger_buffer(self, name: str = "defbuffer1") -> Handler:
        yield from self._measure(name)

    @command(":TRACe:STATistics:{AVERage|MAXimum|MINimum|STDDev|PK2Pk}?", _BUFFER)
    def _buffer_statistic(self, which: str, name: str = "defbuffer1") -> str:
        return self.format_number(self.buffer(name).statistic(which))

    @command(":TRACe:STATistics:CLEar", _BUFFER)
    def _clear_statistics(self, name: str = "defbuffer1") -> None:
        self.buffer(name)

    fill_mode = Setting(":TRACe:FILL:MODE", Choice("CONTinuous", "ONCE"), "CONT")

    # ========================================================================== sweeps, trigger model

    @command(
        ":SOURce:SWEep:{VOLTage|CURRent}:LINear",
        Number(),
        Number(),
        Integer("", 2, MAXIMUM_POINTS),
        Optional(Number("s", -1.0, 1e4)),
        Optional(Integer("", 0, 268_435_455)),
        Optional(Choice("AUTO", "BEST", "FIXed")),
        Optional(Boolean()),
        Optional(Boolean()),
        _BUFFER,
    )
    def _linear_sweep(
        self,
        function: str,
        start: float,
        stop: float,
        points: int,
        delay: float = -1.0,
        count: int = 1,
        range_type: str = "BEST",
        fail_abort: bool = True,
        dual: bool = False,
        buffer: str = "defbuffer1",
    ) -> None:
        self._load(
            Sweep(function, linear(start, stop, points, dual), delay, count, buffer, range_type, fail_abort)
        )

    @command(
        ":SOURce:SWEep:{VOLTage|CURRent}:LINear:STEP",
        Number(),
        Number(),
        Number(),
        Optional(Number("s", -1.0, 1e4)),
        Optional(Integer("", 0, 268_435_455)),
        Optional(Choice("AUTO", "BEST", "FIXed")),
        Optional(Boolean()),
        Optional(Boolean()),
        _BUFFER,
    )
    def _stepped_sweep(self, function: str, start: float, stop: float, step: float, *rest: Any) -> None:
        if step == 0 or (stop - start) / step < 0:
            raise ScpiError(-222)
        points = math.floor((stop - start) / step + 1e-9) + 1
        self._linear_sweep(function, start, start + (points - 1) * step, points, *rest)

    @command(
        ":SOURce:SWEep:{VOLTage|CURRent}:LOG",
        Number(),
        Number(),
        Integer("", 2, MAXIMUM_POINTS),
        Optional(Number("s", -1.0, 1e4)),
        Optional(Integer("", 0, 268_435_455)),
        Optional(Choice("AUTO", "BEST", "FIXed")),
        Optional(Boolean()),
        Optional(Boolean()),
        _BUFFER,
    )
    def _log_sweep(
        self,
        function: str,
        start: float,
        stop: float,
        points: int,
        delay: float = -1.0,
        count: int = 1,
        range_type: str = "BEST",
        fail_abort: bool = True,
        dual: bool = False,
        buffer: str = "defbuffer1",
    ) -> None:
        levels = logarithmic(start, stop, points, dual)
        self._load(Sweep(function, levels, delay, count, buffer, range_type, fail_abort))

    @command(":SOURce:LIST:{VOLTage|CURRent}", Many(Number(), 1, LIST_PER_MESSAGE))
    def _set_list(self, function: str, *levels: float) -> None:
        self.lists[function] = list(levels)

    @command(":SOURce:LIST:{VOLTage|CURRent}:APPend", Many(Number(), 1, LIST_PER_MESSAGE))
    def _append_list(self, function: str, *levels: float) -> None:
        if len(self.lists[function]) + len(levels) > LIST_LENGTH:
            raise ScpiError(-223)
        self.lists[function] += levels

    @command(":SOURce:LIST:{VOLTage|CURRent}?")
    def _list(self, function: str) -> str:
        return ",".join(self.format_number(level) for level in self.lists[function])

    @command(":SOURce:LIST:{VOLTage|CURRent}:POINts?")
    def _list_length(self, function: str) -> str:
        return str(len(self.lists[function]))

    @command(
        ":SOURce:SWEep:{VOLTage|CURRent}:LIST",
        Optional(Integer("", 1, LIST_LENGTH)),
        Optional(Number("s", -1.0, 1e4)),
        Optional(Integer("", 0, 268_435_455)),
        Optional(Boolean()),
        _BUFFER,
    )
    def _list_sweep(
        self,
        function: str,
        first: int = 1,
        delay: float = -1.0,
        count: int = 1,
        fail_abort: bool = True,
        buffer: str = "defbuffer1",
    ) -> None:
        levels = tuple(self.lists[function][first - 1 :])
        if not levels:
            raise ScpiError(-221)
        fixed = "AUTO" if self.source_autorange[function] else "FIX"
        self._load(Sweep(function, levels, delay, count, buffer, fixed, fail_abort))

    def _load(self, sweep: Sweep) -> None:
        if sweep.function != self.source_function:
            raise ScpiError(-221)
        top = _top(self, sweep.function) if sweep.range_type == "FIX" else TABLES[sweep.function][-1].top
        if max(abs(level) for level in sweep.levels) > top * (1 + 1e-12):
            raise ScpiError(-222)
        self.buffer(sweep.buffer)
        if sweep.count == 0:
            raise ScpiError(-222)
        self.trigger_model.load(sweep)

    @command(":TRIGger:LOAD", Text(), Optional(Integer("", 1)), Optional(Number("s", 0.0, 1e4)), _BUFFER)
    def _load_template(
        self, name: str, count: int = 1, delay: float = 0.0, buffer: str = "defbuffer1"
    ) -> None:
        known = name.lower()
        if known == "empty":
            self.trigger_model.load(None)
        elif known == "simpleloop":
            self.buffer(buffer)
            self.trigger_model.load(Sweep(self.source_function, (), delay, count, buffer))
        else:
            raise ScpiError(-224)

    @command(":INITiate[:IMMediate]")
    def _initiate(self) -> None:
        self.trigger_model.start()

    @command(":ABORt")
    def _abort(self) -> None:
        self.trigger_model.abort()

    @command(":TRIGger:STATe?")
    def _trigger_state(self) -> str:
        if self.trigger_model.running:
            self.clock.busy()
        state = self.trigger_model.state
        return f"{state};{state};{self.trigger_model.block}"

    def trigger(self) -> Handler | None:
        """Act on ``*TRG``: nothing waits for it here, and the 2450 keeps silent about that."""
        return None

    # ========================================================================================= system

    terminals_used = Setting(":ROUTe:TERMinals", Choice("FRONt", "REAR"), "FRON")
    display_screen = Setting(":DISPlay:SCReen", Text(bare=True), "HOME")
    lights = Setting(":DISPlay:LIGHt:STATe", Text(bare=True), "ON75", reset=False)
    access = Setting(
        ":SYSTem:ACCess", Choice("FULL", "EXCLusive", "PROTected", "LOCKout"), "FULL", reset=False
    )

    @command("*LANG?")
    def _language(self) -> str:
        return "SCPI"

    @command("*LANG", Choice("SCPI", "TSP", "SCPI2400"))
    def _set_language(self, language: str) -> None:
        if language != "SCPI":
            raise ScpiError(-200)  # the other languages are not part of this model

    @command(":SYSTem:LFRequency?")
    def _line_frequency(self) -> str:
        return f"{self.line_frequency:g}"

    @command(":SYSTem:BEEPer[:IMMediate]", Number("Hz", 20, 8000), Number("s", 0.001, 100))
    def _beep(self, frequency: float, duration: float) -> None:
        return None

    @command(":SYSTem:CLEar")
    def _clear_log(self) -> None:
        self.status.errors.clear()
        self.status.update()

    @command(":STATus:CLEar")
    def _clear_events(self) -> None:
        self.status.operation.event = self.status.questionable.event = 0
        self.status.standard_event = 0
        self.status.update()

    @command(":SYSTem:ERRor:CODE[:NEXT]?")
    def _next_code(self) -> str:
        code = self.status.errors.popleft().code if self.status.errors else 0
        self.status.update()
        return str(code)

    @command(":DISPlay:CLEar")
    @command(":DISPlay:USER<1-2>:TEXT[:DATA]", Text())
    def _display(self, *ignored: Any) -> None:
        return None
