"""One source-measure unit of the 2600B: its state, its readings, and what its status registers show."""

import math
from collections.abc import Callable, Generator

from tsbench.simulated_backends.services.clock import Process
from tsbench.simulated_backends.tsp.errors import TspError
from tsbench.simulated_backends.tsp.status import RegisterSet
from tsbench.simulated_backends.virtual_instruments.instrument import VirtualInstrument
from tsbench.simulated_backends.virtual_instruments.keithley_2600.buffers import (
    AUTORANGE_MEASURE,
    AUTORANGE_SOURCE,
    COMPLIANCE,
    FILTERED,
    FOUR_WIRE,
    RELATIVE,
    BufferEntry,
    TspBuffer,
)
from tsbench.simulated_backends.virtual_instruments.keithley_2600.data_sheet import TspSourceMeterDataSheet
from tsbench.simulated_backends.virtual_instruments.source_meter.data_sheet import OVERFLOW, OffState
from tsbench.simulated_backends.virtual_instruments.source_meter.output import SourceOutput
from tsbench.simulated_backends.virtual_instruments.source_meter.output_stage import range_for
from tsbench.simulated_backends.virtual_instruments.source_meter.readings import Measurer, MeterReading
from tsbench.simulated_backends.virtual_instruments.source_meter.settings import QUANTITIES, SourceMeterSettings

OVERRANGE = 9.91e37  #: what a reading beyond its range is (manual, smuX.measure.rangeY)
FUNCTIONS = {"v": ("VOLT",), "i": ("CURR",), "iv": ("CURR", "VOLT"), "r": ("CURR", "VOLT"), "p": ("CURR", "VOLT")}
#: of the quantities in a buffer (2600BS-901-01 Rev. C, p. 7-26 and 7-30)
NAMES = {"v": "Voltage", "i": "Current", "r": "Ohms", "p": "Watts"}
OFF_MODES = ("NORM", "ZERO", "HIMP")
#: bits of the measurement registers
VOLTAGE_LIMIT, CURRENT_LIMIT, READING_OVERFLOW, BUFFER_AVAILABLE = 1, 2, 128, 256
#: bits of the operation registers
SWEEPING, MEASURING = 8, 16


class TspOutput(SourceOutput):
    """An output whose state when it is off has a limit of its own."""

    off_function: str = "VOLT"
    off_limits: dict[str, float]
    high_impedance: bool = False  #: it was switched off by OUTPUT_HIGH_Z
    _settings: SourceMeterSettings

    def _off_state(self) -> OffState:
        mode = self._settings.off_state[self._settings.source_function]
        if self.high_impedance:
            return self._sheet.off_states["HIMP"]
        if mode != "NORM":
            return super()._off_state()
        limited = "CURR" if self.off_function == "VOLT" else "VOLT"
        return OffState(True, 0.0, self.off_limits[limited], self.off_function)


class SmuState:
    """Settings that only this family has, as a reset leaves them."""

    def __init__(self, sheet: TspSourceMeterDataSheet) -> None:
        self.measure_count, self.measure_interval = 1, 0.0
        self.measure_delay, self.delay_factor, self.range_delay_factor = sheet.first_measure_delay, 1.0, 10.0
        self.autozero, self.analog_filter, self.sense, self.follow_limit = 2, 1, 0, False
        self.relative_on = dict.fromkeys(NAMES, False)
        self.relative = dict.fromkeys(NAMES, 0.0)
        self.settling, self.sink, self.power_limit, self.output_enable_action = 0, 0, 0.0, 0
        self.contact_speed, self.contact_threshold = 0, 50.0
        self.trigger_limits = {"CURR": -1.0, "VOLT": -1.0}


class SmuChannel:
    """One source-measure unit.

    Parameters
    ----------
    instrument : VirtualInstrument
    sheet : TspSourceMeterDataSheet
    letter : "a" or "b"
    line_frequency : [Hz]
    """

    def __init__(
        self, instrument: VirtualInstrument, sheet: TspSourceMeterDataSheet, letter: str, line_frequency: float,
    ) -> None:
        self.instrument = instrument
        self.sheet = sheet
        self.letter = letter
        self.name = f"smu{letter}"
        self.title = f"SMU {letter.upper()}"
        self.settings = SourceMeterSettings(line_frequency)
        self.state = SmuState(sheet)
        self._first_settings()
        self.output = TspOutput(instrument, sheet, self.settings, letter)
        self._first_off_state()
        self.measurer = Measurer(instrument, sheet, self.settings, self.output)
        self.buffers = [TspBuffer(60_000, lambda: instrument.clock.now) for _ in range(2)]
        for buffer in self.buffers:
            buffer.not_yet = instrument.operations.not_yet
        self.registers: dict[str, tuple[RegisterSet, int]] = {}  #: by what they show: a set and the bit in it
        self.bit = 1 << (ord(letter) - ord("a") + 1)  #: of this unit in sets of all units
        self.overlapped: Process | None = None
        self.interlock_is_open = False
        self.owe: Callable[[float], None] = lambda seconds: None  #: lets the script wait at its next function
        self.end_sweep: Callable[[], None] = lambda: None

    def _first_settings(self) -> None:
        sheet, settings = self.sheet, SourceMeterSettings(self.settings.line_frequency)
        limits = sheet.first_limits or {}
        settings.current_limit, settings.voltage_limit = limits["CURR"], limits["VOLT"]
        settings.source_lowest.update(CURR=sheet.least_source_current, VOLT=sheet.ranges["VOLT"][0].full_scale)
        settings.lowest_range.update({name: sheet.ranges[name][0].full_scale for name in ("CURR", "VOLT")})
        for name in QUANTITIES:
            settings.source_autodelay[name] = False
            settings.auto_zero[name] = False
            settings.filter_type[name], settings.filter_count[name] = "REP", 1
        self.settings.take(settings)
        self.state = SmuState(sheet)

    def _first_off_state(self) -> None:
        self.output.off_function = "VOLT"
        self.output.off_limits = {"CURR": 1e-3, "VOLT": (self.sheet.first_limits or {})["VOLT"]}

    # --------------------------------------------------------------------------------------- as a whole

    @property
    def sourced(self) -> str:
        """The quantity that is sourced: "VOLT" or "CURR"."""
        return self.settings.source_function

    @property
    def limited(self) -> str:
        """The quantity that is limited."""
        return "CURR" if self.sourced == "VOLT" else "VOLT"

    def error(self, code: int) -> TspError:
        """Return an error of this unit."""
        return TspError(code, self.title)

    def idle(self) -> None:
        """Refuse a change while an overlapped measurement runs."""
        if self.overlapped is not None and self.overlapped.running:
            raise self.error(5042)

    def follow_limit(self) -> None:
        """Measure currents in the range of the limit."""
        row = range_for(self.sheet.ranges["CURR"], self.settings.current_limit)
        self.state.follow_limit = True
        self.settings.sense_autorange["CURR"] = False
        self.settings.sense_range["CURR"] = row.full_scale
        self.output.measuring_changed()

    def end_operations(self) -> None:
        """End what runs beside scripts: overlapped measurements and sweeps."""
        self.end_sweep()
        self.abort()

    def abort(self) -> None:
        """End overlapped measurements."""
        if self.overlapped is not None:
            self.overlapped.stop()
            self.overlapped = None

    def reset(self) -> Generator[float, None, None]:
        """Take the defaults, with the output off; the buffers keep their readings."""
        self.end_operations()
        self.output.high_impedance = False
        yield from self.output.switch_off()
        self._first_settings()
        self._first_off_state()
        self.measurer.forget()
        self.output.refresh()
        self.output.take_off_state()
        for buffer in self.buffers:
            buffer.append_mode = False
        self.show_limits()

    # ----------------------------------------------------------------------------------------- status

    def show(self, what: str, on: bool) -> None:
        """Set a bit in the registers that show ``what``."""
        for key in (what, f"all {what}"):
            found = self.registers.get(key)
            if found is not None:
                found[0].set_bits(found[1], on)

    def show_limits(self) -> None:
        """Show in the registers whether a limit is reached now."""
        limiting = self.output.stage.limiting()
        self.show("current limit", limiting and self.sourced == "VOLT")
        self.show("voltage limit", limiting and self.sourced == "CURR")
        self.show("buffer available", any(buffer.readings for buffer in self.buffers))

    # ---------------------------------------------------------------------------------------- readings

    def measure(
        self, function: str, buffers: tuple[TspBuffer, ...] = (), count: int | None = None,
    ) -> Generator[float, None, tuple[float, ...]]:
        """Take ``count`` readings of "v", "i", "iv", "r" or "p", into buffers; returns the last."""
        state, clock = self.state, self.instrument.clock
        for buffer in buffers:
            buffer.begin()
        letters = ("i", "v") if function == "iv" else (function,)
        values: tuple[float, ...] = ()
        due = clock.now
        self.show("measuring", True)
        try:
            for index in range(state.measure_count if count is None else count):
                if clock.now < due:
                    yield due - clock.now
                due = max(due, clock.now) if index == 0 or not state.measure_interval else due
                due += state.measure_interval
                yield self._measure_delay(index)
                shots = yield from self.measurer.take_all(FUNCTIONS[function])
                values = tuple(self._value(letter, shots) for letter in letters)
                for letter, value, buffer in zip(letters, values, buffers, strict=False):
                    buffer.add(self._stored(letter, value, shots))
                self._show_readings(values, shots)
        finally:
            self.show("measuring", False)
        return values

    def _measure_delay(self, index: int) -> float:
        state = self.state
        if index and state.measure_interval:
            return 0.0
        if state.measure_delay >= 0:
            return state.measure_delay
        row = self.output.stage.points.current_range
        return self.sheet.auto_delays[self.sheet.ranges["CURR"].index(row)] * state.delay_factor

    def _value(self, letter: str, shots: dict[str, MeterReading]) -> float:
        needed = FUNCTIONS[letter]
        values = {name: shot.value for name, shot in shots.items() if name in needed}
        if any(abs(value) >= OVERFLOW for value in values.values()):
            worst = max(values.values(), key=abs)
            return math.copysign(OVERRANGE, worst)
        if letter == "i":
            value = values["CURR"]
        elif letter == "v":
            value = values["VOLT"]
        elif letter == "p":
            value = values["CURR"] * values["VOLT"]
        else:
            value = values["VOLT"] / values["CURR"] if values["CURR"] else OVERRANGE
        return value - self.state.relative[letter] if self.state.relative_on[letter] else value

    def _stored(self, letter: str, value: float, shots: dict[str, MeterReading]) -> BufferEntry:
        settings, state = self.settings, self.state
        quantity = "VOLT" if letter == "v" else "CURR"
        shot = next(iter(shots.values()))
        bits = {
            AUTORANGE_MEASURE: settings.sense_autorange[quantity],
            AUTORANGE_SOURCE: settings.source_autorange[self.sourced],
            FOUR_WIRE: state.sense == 1, RELATIVE: state.relative_on[letter], COMPLIANCE: shot.limited,
            FILTERED: settings.filter_on["CURR"],
        }
        return BufferEntry(
            value, shot.time, settings.source_level[self.sourced], sum(bit for bit, on in bits.items() if on),
            NAMES[letter], self.measurer.measuring_range(quantity).full_scale,
            "Voltage" if self.sourced == "VOLT" else "Current", self.output.source_range().full_scale,
            self.output.stage.enabled)

    def _show_readings(self, values: tuple[float, ...], shots: dict[str, MeterReading]) -> None:
        limited = next(iter(shots.values())).limited
        self.show("current limit", limited and self.sourced == "VOLT")
        self.show("voltage limit", limited and self.sourced == "CURR")
        self.show("reading overflow", any(abs(value) >= OVERFLOW for value in values))
        self.show("buffer available", any(buffer.readings for buffer in self.buffers))

    def start_overlapped(self, function: str, buffers: tuple[TspBuffer, ...]) -> None:
        """Begin readings that a script does not wait for."""
        self.idle()
        if len(set(map(id, buffers))) < len(buffers) or any(buffer.busy for buffer in buffers):
            raise self.error(5040)
        name = f"{self.name} measures"

        def steps() -> Generator[float, None, None]:
            for buffer in buffers:
                buffer.busy += 1
            self.instrument.operations.begin(name)
            try:
                yield 0.0
                yield from self.measure(function, buffers)
            finally:
                for buffer in buffers:
                    buffer.busy -= 1
                self.instrument.operations.end(name)

        self.overlapped = Process(self.instrument.clock, steps())
