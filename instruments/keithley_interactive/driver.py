"""Driver of Keithley's interactive source meters in their native SCPI language.

Commands follow the Model 2450 reference manual (2450-901-01), section 6; the manuals of the sister models have the
same commands with other limits. The source is read back with every reading, so that in compliance the voltage is what
stood at the terminals, not what was asked for.
"""

import dataclasses
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from pymeasure.instruments import Instrument

from tsbench.errors import ConfigurationError, GarbledReply, InstrumentError, NoReply, cause, nearest
from tsbench.instruments.driver import Driver
from tsbench.instruments.guard.limits import require_in_range
from tsbench.instruments.interfaces import (
    HasSenseLeads,
    Interlocked,
    LimitReadable,
    MeasureSettings,
    OutputOffSelectable,
    Range,
    Reading,
    SenseLeads,
    SourceMeter,
    SourceSettings,
)
from tsbench.instruments.keithley_interactive import data_sheet, ranges
from tsbench.instruments.keithley_interactive.ranges import SourceRange
from tsbench.instruments.keithley_interactive.source import SourceSide, fixed_range, require_same_limit
from tsbench.instruments.languages.scpi import format_list, format_number, parse_name
from tsbench.instruments.source_meters.functions import OTHER, UNIT, WORD, Function
from tsbench.instruments.source_meters.output_off import OUTPUT_OFF
from tsbench.instruments.source_meters.records import accuracy_tables, settings_record
from tsbench.quantities import short_quantity
from tsbench.records import Flag, FloatArray

_BUFFER = '"defbuffer1"'
_LONG_READING = 0.08  #: [s] an aperture beyond this is started and polled, so that a stop is heard
_FETCH_CHUNK = 500
#: of a reading, as they are asked for: relative time, source read back, measured value, status of the source
ELEMENTS = "REL,SOUR,READ,SOURSTAT"
_RESOLUTION = 1e-15  #: [A or V] smaller numbers than these no range can tell from zero
_PLAUSIBLE = 1.5  #: times level or limit: overshoot and noise stay far below
_TRIGGER_STATES = frozenset(
    {"IDLE", "RUNNING", "WAITING", "EMPTY", "FAILED", "ABORTING", "ABORTED", "PAUSED", "BUILDING"}
)


def decoded(
    values: list[float],
    level: float,
    source: SourceSettings,
    function: Function,
    full_scale: float,
    label: str,
) -> Reading:
    """Return a reading with its flags.

    Parameters
    ----------
    values : those of :data:`ELEMENTS`; NaN where the instrument sent an overflow
    level : [V or A] that was set
    source : as it is configured
    function : what is measured
    full_scale : [V or A] of the range that sources ``level``
    label : the instrument, as messages call it

    Raises
    ------
    GarbledReply
        These are not the values of one reading.
    """
    if len(values) != len(ELEMENTS.split(",")):
        raise GarbledReply(f"{label}: a reading has {len(values)} values, but {len(ELEMENTS.split(','))} values "
                           f"({ELEMENTS}) are expected. Repeat the measurement")
    time, sourced, measured, status = values
    if not (math.isfinite(time) and math.isfinite(status) and status == int(status)):
        raise GarbledReply(f"{label}: the time ({time:g} s) or the status ({status:g}) of a reading is not valid. "
                           "Repeat the measurement")
    flags = Flag.NONE
    if int(status) & data_sheet.STATUS_LIMITED:
        flags |= Flag.COMPLIANCE
    if int(status) & data_sheet.STATUS_OVER_TEMPERATURE:
        flags |= Flag.UNSETTLED
    if not (math.isfinite(sourced) and math.isfinite(measured)):
        flags |= Flag.OVERFLOW
    sourced = sourced if math.isfinite(sourced) else math.nan
    measured = measured if math.isfinite(measured) else math.nan
    beyond = abs(sourced) > max(abs(level), full_scale * 0.01) * _PLAUSIBLE  # never so for NaN
    beyond |= any(0.0 < abs(number) < _RESOLUTION for number in (sourced, measured))
    if beyond or (function != source.function and abs(measured) > source.compliance * _PLAUSIBLE):
        flags |= Flag.IMPLAUSIBLE
    if function == source.function:  # it measures what it sources
        other = math.nan
        flags |= Flag.OVERFLOW
    else:
        other = measured
    voltage, current = (sourced, other) if source.function == "voltage" else (other, sourced)
    return Reading(time, level, voltage, current, flags)


def _trigger_state(reply: str) -> str:
    state = parse_name(reply.partition(";")[0])
    if state not in _TRIGGER_STATES:
        raise ValueError(f"the reply {reply!r} is not a state of the trigger model")
    return state


class InteractiveSourceMeter(SourceSide):
    """A :class:`~tsbench.instruments.SourceMeter`; a model adds ``title`` and ``data_sheet``.

    Parameters
    ----------
    output_off : str
        What the terminals are when the output is off: ``high_impedance`` (relay open), ``normal``, ``zero``,
        ``guard``.
    """

    repeatable = data_sheet.REPEATABLE
    four_wire: bool = False  #: whether the voltage is sensed at the device, by leads of its own

    line_frequency = Instrument.measurement(":SYST:LFR?", """Get the mains frequency [Hz].""")
    command_set = Instrument.measurement("*LANG?", """Get the command language.""", cast=str)

    def __init__(
        self, adapter: Any, name: str = "source_meter", output_off: str = "high_impedance", **kwargs: Any
    ):
        if output_off not in OUTPUT_OFF:
            raise ConfigurationError(
                f"{name}: output_off = '{output_off}' is unknown{nearest(str(output_off), OUTPUT_OFF)}"
            )
        self._off_mode = OUTPUT_OFF[output_off]
        self._levels: FloatArray = np.zeros(0)
        super().__init__(adapter, name, **kwargs)
        self.sense_leads = _sense_leads(self)

    def initialise(self) -> None:
        """After a reset: mains frequency, output-off state, the command language checked."""
        language = str(self.command_set).strip().upper()
        if language != "SCPI":
            raise ConfigurationError(
                f"{self.label}: the command language is {language}, but tsbench needs SCPI. Send '*LANG SCPI' or "
                "choose SCPI at the panel, then restart the instrument"
            )
        self.capabilities = dataclasses.replace(self.capabilities, line_frequency=self.ask_number(":SYST:LFR?"))
        self.send(f":OUTP:VOLT:SMOD {self._off_mode}", f":OUTP:CURR:SMOD {self._off_mode}")
        self.forget()

    # ------------------------------------------------------------------------------------- configuration

    def configure_measure(self, settings: MeasureSettings) -> MeasureSettings:
        """Set the measured function, its range and aperture."""
        require_in_range(self.label, "nplc", settings.nplc, self.capabilities.nplc)
        if settings.range is not None:
            self._source_ranges.require_range(settings.function, settings.range)
        measuring_range = None if self.source is None else fixed_range(self.source, settings)
        if self.source is not None and measuring_range is not None:
            ranges.require_suitable(self.label, self.capabilities, self.source, measuring_range)
        word = f":SENS:{WORD[settings.function]}"
        self.send(
            f':SENS:FUNC "{WORD[settings.function]}"',
            f"{word}:RSEN {'ON' if self.sense_leads.used else 'OFF'}",
            f"{word}:RANG:AUTO ON"
            if settings.range is None
            else f"{word}:RANG {format_number(settings.range)}",
            f"{word}:NPLC {format_number(settings.nplc)}",
            f"{word}:AZER {'ON' if settings.auto_zero else 'OFF'}",
        )
        before = self._read_limit()
        self.check_errors()
        nplc = self.accepted("nplc", settings.nplc, self.ask_number(f"{word}:NPLC?"), "")
        self.measure_settings = dataclasses.replace(settings, nplc=nplc)
        self.sense_leads.require()
        got_range = None
        if settings.range is not None:
            got_range = self._accepted_range(f"{word}:RANG?", settings.range, settings.function)
        self.measure_settings = dataclasses.replace(settings, nplc=nplc, range=got_range)
        require_same_limit(self.label, before, self.source, "the measuring range")
        return self.measure_settings

    # -------------------------------------------------------------------------------------- single points

    def measure(self) -> Reading:
        """Take one reading; long apertures are started and polled."""
        self.configured(self.source, "source")
        if (
            self.measure_settings is not None
            and self.measure_settings.nplc / self.capabilities.line_frequency > _LONG_READING
        ):
            return self._measure_polled()
        command = f":READ? {_BUFFER},{ELEMENTS}"
        try:
            reading = self._reading(self.ask_list(command), self._level, self._source_ranges.in_use)
            if Flag.IMPLAUSIBLE not in reading.flags:
                return reading
            why = (
                f"the reading {short_quantity(reading.voltage, 'V')}, {short_quantity(reading.current, 'A')} is not "
                "plausible")
        except (NoReply, GarbledReply) as error:
            why = cause(error)
        self._require_unchanged(f"the reading was taken again, because {why}")
        reading = self._reading(self.ask_list(command), self._level, self._source_ranges.in_use)
        return dataclasses.replace(reading, flags=reading.flags | Flag.TIMEOUT)

    def _require_unchanged(self, why: str) -> None:
        """Find the source as it was left, before a reading whose reply was lost is taken again."""
        self.questions.resynchronise(why)
        source = self.configured(self.source, "source")
        if not self.ask_switch(":OUTP?"):
            raise InstrumentError(f"{self.label}: the output went off and a reading was lost. Check the interlock "
                                  "and the panel")
        got = self.ask_number(f":SOUR:{WORD[source.function]}?")
        step = self._source_ranges.at(self._level, source).row.full_scale * 1e-5
        self.accepted(f"source {source.function}", self._level, got, UNIT[source.function], absolute=step)

    def _measure_polled(self) -> Reading:
        self.send(f":TRAC:CLE {_BUFFER}", f':TRIG:LOAD "SimpleLoop",1,0,{_BUFFER}', ":INIT")
        while self.sweep_running():
            self.wait(0.01)
        values = self.ask_list(f":TRAC:DATA? 1,1,{_BUFFER},{ELEMENTS}")
        return self._reading(values, self._level, self._source_ranges.in_use)

    # --------------------------------------------------------------------------------------------- sweeps

    def start_sweep(self, levels: FloatArray, dwell: float) -> None:
        """Load the list, clear the buffer, start; the readings are polled and fetched."""
        source = self.configured(self.source, "source")
        require_in_range(self.label, "number of sweep points", len(levels),
                         Range(1, self.capabilities.maximum_sweep_points, ""))
        for level in levels:
            self._source_ranges.require_level(float(level), source)
        if dwell:
            require_in_range(self.label, "dwell", dwell, Range(self.capabilities.minimum_dwell, 1e4, "s"))
        word = WORD[source.function]
        self.write(f":SOUR:{word}:DEL 0")
        self._automatic_delay = False
        for first in range(0, len(levels), data_sheet.LIST_CHUNK):
            command = f":SOUR:LIST:{word}" if first == 0 else f":SOUR:LIST:{word}:APP"
            self.write(f"{command} {format_list(levels[first : first + data_sheet.LIST_CHUNK])}")
        self.send(
            f":TRAC:CLE {_BUFFER}",
            f":SOUR:SWE:{word}:LIST 1,{format_number(dwell)},1,OFF,{_BUFFER}",
        )
        self.check_errors()
        self._levels = np.array(levels, dtype=np.float64)
        self.write(":INIT")

    def poll_sweep(self) -> int:
        """Return how many points are measured."""
        return int(self.ask_number(f":TRAC:ACT? {_BUFFER}"))

    def sweep_running(self) -> bool:
        """Ask the trigger model; InstrumentError if it failed."""
        state = self.questions.parsed(":TRIG:STAT?", _trigger_state)
        if state == "FAILED":
            self.check_errors()
            raise InstrumentError(f"{self.label}: the trigger model failed. See the instrument's event log")
        return state in {"RUNNING", "WAITING", "ABORTING"}

    def fetch_sweep(self, first: int, last: int) -> list[Reading]:
        """Return readings ``first`` up to but not including ``last``, each with its level."""
        source = self.configured(self.source, "source")
        if last > len(self._levels):   # a garbled number of points
            raise InstrumentError(f"{self.label}: {last} readings were requested, but the sweep has "
                                  f"{len(self._levels)} levels. Repeat the measurement")
        readings: list[Reading] = []
        width = len(ELEMENTS.split(","))
        for start in range(first, last, _FETCH_CHUNK):
            stop = min(start + _FETCH_CHUNK, last)
            values = self.ask_list(f":TRAC:DATA? {start + 1},{stop},{_BUFFER},{ELEMENTS}")
            if len(values) != width * (stop - start):
                raise InstrumentError(
                    f"{self.label}: the instrument sent {len(values)} values for {stop - start} readings, but "
                    f"{width} values are expected for each reading. Repeat the measurement"
                )
            for k in range(start, stop):
                row = values[(k - start) * width : (k - start + 1) * width]
                level = float(self._levels[k])
                readings.append(self._reading(row, level, self._source_ranges.at(level, source)))
        return readings

    def _reading(self, values: list[float], level: float, at: SourceRange | None) -> Reading:
        """Return the reading that ``values`` are, taken at ``level`` [V or A] in the source range ``at``."""
        source = self.configured(self.source, "source")
        function = self.measure_settings.function if self.measure_settings else OTHER[source.function]
        full_scale = self.configured(at, "source").row.full_scale
        return decoded(values, level, source, function, full_scale, self.label)

    # --------------------------------------------------------------------------------------- common duties

    def abort(self) -> None:
        """Stop the trigger model; the level stays."""
        self.write(":ABOR")

    def accepted_settings(self) -> Mapping[str, object]:
        """Return the set-up as it was last read back."""
        found: dict[str, object] = {
            "output_off": self._off_mode,
            "line_frequency": self.capabilities.line_frequency,
        }
        return found | settings_record(self.source, self.measure_settings)

    def accuracy(self) -> Mapping[str, Mapping[str, float]]:
        """Return the accuracy of every range, as the run file keeps it."""
        return accuracy_tables(self.capabilities)


def _sense_leads(meter: InteractiveSourceMeter) -> SenseLeads:
    """Return the sense leads of a meter: each measured function has a setting of its own."""
    def word() -> str:
        return f":SENS:{WORD[meter.measure_settings.function]}:RSEN" if meter.measure_settings else ""

    def select(four: bool) -> None:
        if word():
            meter.send(f"{word()} {'ON' if four else 'OFF'}")

    return SenseLeads(meter.label, meter.four_wire, select, lambda: meter.ask_switch(f"{word()}?") if word() else None)


if TYPE_CHECKING:  # mypy holds the driver to its contracts
    _as_driver: type[Driver] = InteractiveSourceMeter
    _as_source_meter: type[SourceMeter] = InteractiveSourceMeter
    _as_interlocked: type[Interlocked] = InteractiveSourceMeter
    _as_output_off: type[OutputOffSelectable] = InteractiveSourceMeter
    _as_limit_readable: type[LimitReadable] = InteractiveSourceMeter
    _as_sense_leads: type[HasSenseLeads] = InteractiveSourceMeter
