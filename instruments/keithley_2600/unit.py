"""One unit of a Keithley 2600B: a source meter (reference manual 2600BS-901-01, section 7).

Each reading measures voltage and current at the same time, so that in compliance the voltage is what stood at the
terminals. ``nvbuffer1`` has the currents, ``nvbuffer2`` the voltages.
"""

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from tsbench.errors import InstrumentError
from tsbench.instruments.guard.limits import require_in_range
from tsbench.instruments.interfaces import (
    LimitQuestions,
    MeasureSettings,
    OutputState,
    PulseLimits,
    Range,
    Reading,
    SamplingLimits,
    SenseLeads,
    SourcePulses,
    SourceSettings,
)
from tsbench.instruments.keithley_2600 import data_sheet
from tsbench.instruments.keithley_2600.bounds import UnitBounds
from tsbench.instruments.keithley_2600.data_sheet import ModelData, range_for
from tsbench.instruments.keithley_2600.readings import COLUMNS, decoded, parse_reading
from tsbench.instruments.keithley_2600.unit_messages import UnitMessages
from tsbench.instruments.languages.scpi import format_number
from tsbench.instruments.source_meters.functions import OTHER, UNIT
from tsbench.instruments.source_meters.records import settings_record
from tsbench.records import FloatArray

if TYPE_CHECKING:
    from tsbench.instruments.languages.tsp import TspInstrument

OUTPUT_OFF: Mapping[str, int] = {"high_impedance": 2, "normal": 0, "zero": 1}
LETTER: Mapping[str, str] = {"voltage": "v", "current": "i"}
_LONG_READING = 0.08  #: [s] an aperture beyond this is started and polled, so that a stop is heard
_FETCH_CHUNK = 500
_READING_TIME = 1e-3  #: [s] that a reading needs beside its aperture, at the most
_READ = ("do local t = timer.measure.t() local i, v = smuX.measure.iv() "
         "print(t, i, v, smuX.source.compliance) end")


class SmuUnit:
    """One unit; a :class:`~tsbench.instruments.SourceMeter` with pulses and sampling.

    Parameters
    ----------
    parent : the instrument
    letter : "a" or "b"
    model : its numbers
    output_off : a key of :data:`OUTPUT_OFF`
    four_wire : whether the voltage is sensed at the device
    """

    reads_output_back = True  #: after :meth:`set_output`, which raises where the output did not switch

    def __init__(
        self, parent: "TspInstrument", letter: str, model: ModelData, output_off: str, four_wire: bool,
    ) -> None:
        self.instrument = parent
        self.letter = letter
        self.model = model
        self.identity = parent.identity
        self.capabilities = dataclasses.replace(model.capabilities, boundaries=model.boundaries())
        self.label = f"{parent.label} unit {letter}"
        self.bounds = UnitBounds(self.label, model)
        self._messages = UnitMessages(parent, letter)
        self.limit_questions = LimitQuestions(
            self._messages.number, {sourced: f"smuX.source.limit{LETTER[OTHER[sourced]]}" for sourced in OTHER})
        self._output_off, self._four_wire = output_off, four_wire
        self.sense_leads = SenseLeads(
            self.label, four_wire, lambda four: self._messages.send(f"smuX.sense = {int(four)}"),
            lambda: self._messages.whole("smuX.sense") == 1)
        self.forget()

    def forget(self) -> None:
        """Forget the set-up as it was last read back (after a reset)."""
        self.source: SourceSettings | None = None
        self._measure: MeasureSettings | None = None
        self._level = 0.0
        self._levels: FloatArray = np.zeros(0)
        self._messages.forget()

    def initialise(self, line_frequency: float) -> None:
        """After a reset: off state, sensing, buffers."""
        self.capabilities = dataclasses.replace(self.capabilities, line_frequency=line_frequency)
        self.forget()
        self._messages.send(
            f"smuX.source.offmode = {OUTPUT_OFF[self._output_off]}", f"smuX.sense = {int(self._four_wire)}",
            *(f"smuX.{buffer}.clear() smuX.{buffer}.collecttimestamps = 1 smuX.{buffer}.appendmode = 1"
              for buffer in ("nvbuffer1", "nvbuffer2")))

    def set_output_off(self, state: str) -> str:
        """Set the output-off state, and return it as read back."""
        self._messages.send(f"smuX.source.offmode = {OUTPUT_OFF[state]}")
        self.check_errors()
        found = self._messages.whole("smuX.source.offmode")
        self._output_off = next((name for name, mode in OUTPUT_OFF.items() if mode == found), str(found))
        return self._output_off

    # ------------------------------------------------------------------------------------------ messages

    def check_errors(self) -> None:
        """Empty the instrument's error queue; InstrumentError with all entries if there are any."""
        self.instrument.check_errors()

    def clear(self) -> None:
        """Device clear."""
        self.instrument.clear()

    def close(self) -> None:
        """Close the connection of the instrument."""
        self.instrument.close()

    # ------------------------------------------------------------------------------------- configuration

    def configure_source(self, settings: SourceSettings) -> SourceSettings:
        """Set function, range, compliance; a new function starts at level zero.

        A fixed measuring range that is too high for the limit gives way to automatic ranging.
        """
        self.bounds.require_source(settings)
        function, letter, limited = settings.function, LETTER[settings.function], LETTER[OTHER[settings.function]]
        if self._measure is not None and not self.bounds.suits(settings, self._measure):
            self._messages.send(f"smuX.measure.autorange{limited} = 1")
            self._measure = dataclasses.replace(self._measure, range=None)
        if self.source is None or self.source.function != function:
            self._messages.send("smuX.source.levelv = 0 smuX.source.leveli = 0")
            self._level = 0.0
        limit = f"smuX.source.limit{limited} = {format_number(settings.compliance)}"
        span = (f"smuX.source.autorange{letter} = 1" if settings.range is None
                else f"smuX.source.range{letter} = {format_number(settings.range)}")
        now = self.source
        lower = now is None or now.function != function or settings.compliance < now.compliance
        self._messages.send(
            *((limit, span) if lower else (span, limit)), f"smuX.source.func = {int(function == 'voltage')}",
            f"smuX.source.highc = {int(settings.high_capacitance)}")
        self._messages.set_delays(-1.0, -1.0)
        self.check_errors()
        if self._messages.whole("smuX.source.func") != int(function == "voltage"):
            raise InstrumentError(f"{self.label}: the instrument did not take the source function {function}")
        accepted = self.instrument.accepted(
            "compliance", settings.compliance, self.limit_questions.now(function),
            UNIT[OTHER[function]])
        found = None
        if settings.range is not None:
            found = self.instrument.accepted(
                f"{function} range", range_for(self.bounds.source_rows(function), settings.range).full_scale,
                self._messages.number(f"smuX.source.range{letter}"), UNIT[function])
        self.source = settings.read_back(accepted, found)
        return self.source

    def configure_measure(self, settings: MeasureSettings) -> MeasureSettings:
        """Set what is measured, its range and its aperture."""
        self.bounds.require_measure(settings, self.source)
        letter = LETTER[settings.function]
        self._messages.send(
            f"smuX.measure.autorange{letter} = 1" if settings.range is None
            else f"smuX.measure.range{letter} = {format_number(settings.range)}",
            f"smuX.measure.nplc = {format_number(settings.nplc)}",
            f"smuX.measure.autozero = {2 if settings.auto_zero else 0}")
        self.check_errors()
        nplc = self.instrument.accepted("nplc", settings.nplc, self._messages.number("smuX.measure.nplc"), "")
        found = settings.range
        if settings.range is not None and (self.source is None or settings.function != self.source.function):
            found = self.instrument.accepted(
                f"{settings.function} range",
                range_for(self.bounds.measuring_rows(settings.function), settings.range).full_scale,
                self._messages.number(f"smuX.measure.range{letter}"), UNIT[settings.function])
        self._measure = dataclasses.replace(settings, nplc=nplc, range=found)
        return self._measure

    def set_level(self, level: float) -> None:
        """Set the source level [V or A], read back; settled before the next reading."""
        source = self.instrument.configured(self.source, "source")
        self.bounds.require_level(level, source)
        self._messages.set_delays(-1.0, -1.0)
        name = f"smuX.source.level{LETTER[source.function]}"
        self._messages.send(f"{name} = {format_number(level)}")
        self.check_errors()
        step = range_for(self.bounds.source_rows(source.function), level, data_sheet.OVERRANGE).full_scale * 1e-5
        self._level = self.instrument.accepted(
            f"source {source.function}", level, self._messages.number(name), UNIT[source.function], absolute=step)

    def set_output(self, enabled: bool) -> None:
        """Switch the output and read back that it did."""
        self._messages.send(f"smuX.source.output = {int(enabled)}")
        self.check_errors()
        if self._messages.output_is_on() != enabled:
            raise InstrumentError(
                f"{self.label}: the output did not switch {'on' if enabled else 'off'}. Check the interlock")

    def output_states(self) -> list[OutputState]:
        """Read the output back."""
        return [OutputState(f"{self.instrument.name}.{self.letter}", self._messages.output_is_on())]

    def safe_state(self) -> None:
        """Stop, switch the output off, bring the level to zero."""
        self._messages.send("abort", "smuX.source.output = 0")
        self.zero_level()

    def zero_level(self) -> None:
        """Bring both levels to zero; asks nothing."""
        self._messages.send("smuX.source.levelv = 0 smuX.source.leveli = 0")
        self._level = 0.0

    # -------------------------------------------------------------------------------------- single points

    def measure(self) -> Reading:
        """Take one reading; long apertures are started and polled."""
        self.instrument.configured(self.source, "source")
        if self._measure is not None and self._measure.nplc / self.capabilities.line_frequency > _LONG_READING:
            self._levels = np.array([self._level])
            self._messages.start_overlapped(1, 0.0)
            while self.sweep_running():
                self.instrument.wait(0.01)
            return self.fetch_sweep(0, 1)[0]
        values = self.instrument.questions.parsed(self._messages.named(_READ), parse_reading)
        return decoded(values, self._level, self.label)

    # --------------------------------------------------------------------------------------------- sweeps

    def start_sweep(self, levels: FloatArray, dwell: float) -> None:
        """Load the list, clear the buffers, start; the readings are polled and fetched."""
        source = self.bounds.require_list(levels, self.instrument.configured(self.source, "source"))
        if dwell:
            require_in_range(self.label, "dwell", dwell, Range(self.capabilities.minimum_dwell, 1e4, "s"))
        self._messages.set_delays(dwell, 0.0)
        self._messages.load_sweep(levels, LETTER[source.function])
        self._start(levels)

    def _start(self, levels: FloatArray) -> None:
        self.check_errors()
        if not self._messages.output_is_on():
            self.set_output(True)
        self._levels = np.array(levels, dtype=np.float64)
        self._messages.send("smuX.trigger.initiate()")
        self.check_errors()

    def start_pulses(self, pulses: SourcePulses) -> SourcePulses:
        """Start a train of pulses with a reading at the end of each.

        One timer gives the period, another the width (manual, section 3, pulse trains).
        """
        limits = self.capabilities.pulses
        assert isinstance(limits, PulseLimits)
        aperture = (self._measure.nplc if self._measure else 1.0) / self.capabilities.line_frequency
        require_in_range(self.label, "pulse_width", pulses.width, limits.width)
        shortest = Range(aperture + _READING_TIME, limits.width.high, "s")
        require_in_range(self.label, "pulse_width", pulses.width, shortest, "the aperture")
        require_in_range(self.label, "pulse_period", pulses.period,
                         Range(pulses.width + _READING_TIME, limits.period.high, "s"))
        source = self.bounds.require_list(pulses.levels, self.instrument.configured(self.source, "source"))
        self.set_level(pulses.base)
        self._messages.set_delays(0.0, pulses.width - aperture - _READING_TIME)
        self._messages.load_pulses(pulses, LETTER[source.function])
        self._start(pulses.levels)
        return pulses

    def start_sampling(self, level: float, interval: float, count: int) -> float:
        """Start ``count`` readings at ``level`` [V or A], one each ``interval`` [s]."""
        limits = self.capabilities.sampling
        assert isinstance(limits, SamplingLimits)
        require_in_range(self.label, "interval", interval, limits.interval)
        require_in_range(self.label, "number of samples", count, Range(1, limits.maximum_samples, ""))
        self.set_level(level)
        self._messages.set_delays(0.0, 0.0)
        if not self._messages.output_is_on():
            self.set_output(True)
        self._levels = np.full(count, level)
        found = self._messages.start_overlapped(count, interval)
        self.check_errors()
        return self.instrument.accepted("interval", interval, found, "s", absolute=1e-6)

    def poll_sweep(self) -> int:
        """Return how many points are measured."""
        return self._messages.whole("smuX.nvbuffer2.n")

    def sweep_running(self) -> bool:
        """Ask the operation register of the unit."""
        busy = data_sheet.SWEEPING | data_sheet.MEASURING
        return bool(self._messages.whole("status.operation.instrument.smuX.condition") & busy)

    def fetch_sweep(self, first: int, last: int) -> list[Reading]:
        """Return readings ``first`` up to but not including ``last``, each with its level."""
        self.instrument.configured(self.source, "source")
        readings: list[Reading] = []
        columns, width = ", ".join(f"{self._messages.smu}.{column}" for column in COLUMNS), len(COLUMNS)
        for start in range(first, last, _FETCH_CHUNK):
            stop = min(start + _FETCH_CHUNK, last)
            values = self.instrument.floats(f"printbuffer({start + 1}, {stop}, {columns})", width * (stop - start))
            readings += [
                decoded(values[(k - start) * width : (k - start + 1) * width], float(self._levels[k]), self.label)
                for k in range(start, stop)]
        return readings

    # --------------------------------------------------------------------------------------- common duties

    def abort(self) -> None:
        """Stop a sweep; the level stays."""
        self._messages.send("smuX.abort()")

    def interlock_closed(self) -> bool:
        """Ask the instrument whether its interlock is closed; models of 40 V have none, and answer True."""
        if self.capabilities.interlock_above is None:
            return True
        return bool(self._messages.whole("status.measurement.condition") & data_sheet.INTERLOCK)

    def accepted_settings(self) -> Mapping[str, object]:
        """Return the set-up as it was last read back; nothing of a unit that was not configured."""
        if self.source is None and self._measure is None:
            return {}
        found: dict[str, object] = {
            "output_off": self._output_off, "four_wire": self._four_wire,
            "line_frequency": self.capabilities.line_frequency}
        return found | settings_record(self.source, self._measure)
