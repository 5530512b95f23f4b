"""Driver of the Keithley 2450 source meter in its native SCPI language.

Commands follow the Model 2450 reference manual (2450-901-01), section 6. The source is read back with every
reading, so that in compliance the voltage is what stood at the terminals, not what was asked for.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
from pymeasure.instruments import Instrument

from tsbench.errors import ConfigurationError, GarbledReply, InstrumentError, NoReply, nearest
from tsbench.instruments import keithley_2450_data as data
from tsbench.instruments.interfaces import (
    Accuracy,
    MeasureSettings,
    OutputState,
    Range,
    Reading,
    SourceMeterCapabilities,
    SourceSettings,
)
from tsbench.instruments.keithley_2450_readings import ELEMENTS, decoded
from tsbench.instruments.limits import require_in_range, shown
from tsbench.instruments.scpi import format_list, format_number, parse_name
from tsbench.instruments.scpi_instrument import ScpiInstrument
from tsbench.records import Flag, FloatArray

_WORD: Mapping[str, str] = {"voltage": "VOLT", "current": "CURR"}
_LIMIT: Mapping[str, str] = {"voltage": "ILIM", "current": "VLIM"}
_UNIT: Mapping[str, str] = {"voltage": "V", "current": "A"}
_OTHER: Mapping[str, data.Function] = {"voltage": "current", "current": "voltage"}
_OUTPUT_OFF: Mapping[str, str] = {"high_impedance": "HIMP", "normal": "NORM", "zero": "ZERO", "guard": "GUAR"}
_BUFFER = '"defbuffer1"'
_LONG_READING = 0.08  #: [s] an aperture beyond this is started and polled, so that a stop is heard
_FETCH_CHUNK = 500
_TRIGGER_STATES = frozenset(
    {"IDLE", "RUNNING", "WAITING", "EMPTY", "FAILED", "ABORTING", "ABORTED", "PAUSED", "BUILDING"}
)


def _trigger_state(reply: str) -> str:
    state = parse_name(reply.partition(";")[0])
    if state not in _TRIGGER_STATES:
        raise ValueError(f"no state of the trigger model: {reply!r}")
    return state


class Keithley2450(ScpiInstrument):
    """A :class:`~tsbench.instruments.SourceMeter`.

    Parameters
    ----------
    output_off : str
        What the terminals are when the output is off: ``high_impedance`` (relay open), ``normal``, ``zero``,
        ``guard``.
    """

    title = "Keithley 2450"
    repeatable = data.REPEATABLE
    capabilities: SourceMeterCapabilities = data.CAPABILITIES

    output_enabled = Instrument.setting(
        ":OUTP %s", """Set the output (bool).""", map_values=True, values={True: "ON", False: "OFF"},
    )
    source_function = Instrument.control(
        ":SOUR:FUNC?", ":SOUR:FUNC %s", """Control the sourced quantity ("voltage" or "current").""",
        map_values=True, values=dict(_WORD), cast=str, preprocess_reply=lambda reply: parse_name(reply)[:4],
    )
    line_frequency = Instrument.measurement(":SYST:LFR?", """Get the mains frequency [Hz].""")
    language = Instrument.measurement("*LANG?", """Get the command language.""", cast=str)

    def __init__(
        self, adapter: Any, name: str = "source_meter", output_off: str = "high_impedance", **kwargs: Any
    ):
        if output_off not in _OUTPUT_OFF:
            raise ConfigurationError(
                f"{name}: unknown output_off '{output_off}'{nearest(output_off, _OUTPUT_OFF)}"
            )
        self._off_mode = _OUTPUT_OFF[output_off]
        self._source: SourceSettings | None = None
        self._measure: MeasureSettings | None = None
        self._level = 0.0
        self._levels: FloatArray = np.zeros(0)
        self._automatic_delay = True
        super().__init__(adapter, name, **kwargs)

    def initialise(self) -> None:
        """After a reset: mains frequency, output-off state, the command language checked."""
        language = str(self.language).strip().upper()
        if language != "SCPI":
            raise ConfigurationError(
                f"{self.label}: command language is {language}; send '*LANG SCPI' or set it at the panel, "
                "then restart the instrument"
            )
        self.capabilities = dataclasses.replace(data.CAPABILITIES, line_frequency=self.ask_number(":SYST:LFR?"))
        self.send(f":OUTP:VOLT:SMOD {self._off_mode}", f":OUTP:CURR:SMOD {self._off_mode}")
        self._source = self._measure = None
        self._level = 0.0

    # ------------------------------------------------------------------------------------- configuration

    def configure_source(self, settings: SourceSettings) -> SourceSettings:
        """Set function, range, compliance; a new function starts at level zero (its output opens)."""
        caps, function = self.capabilities, settings.function
        voltage = function == "voltage"
        quantity = "compliance_current" if voltage else "compliance_voltage"
        require_in_range(self.label, quantity, settings.limit,
                         caps.compliance_current if voltage else caps.compliance_voltage)
        if settings.range is not None:
            self._range_for(function, settings.range)
        word, limit = f":SOUR:{_WORD[function]}", _LIMIT[function]
        if self._source is None or self._source.function != function:
            self.source_function = function
            self.write(f"{word} 0")
            self._level = 0.0
        self.write(
            f"{word}:RANG:AUTO ON"
            if settings.range is None
            else f"{word}:RANG {format_number(settings.range)}"
        )
        self.send(
            f"{word}:{limit} {format_number(settings.limit)}",
            f"{word}:READ:BACK ON",
            f"{word}:DEL:AUTO ON",
            f"{word}:HIGH:CAP {'ON' if settings.high_capacitance else 'OFF'}",
        )
        self._automatic_delay = True
        self.check_errors()
        accepted = self.accepted(
            quantity, settings.limit, self.ask_number(f"{word}:{limit}?"), _UNIT[_OTHER[function]],
        )
        got_range = (
            None
            if settings.range is None
            else self._accepted_range(f"{word}:RANG?", settings.range, function)
        )
        self._source = dataclasses.replace(settings, limit=accepted, range=got_range)
        return self._source

    def configure_measure(self, settings: MeasureSettings) -> MeasureSettings:
        """Set the measured function, its range and aperture; two-wire."""
        require_in_range(self.label, "nplc", settings.nplc, self.capabilities.nplc)
        if settings.range is not None:
            self._range_for(settings.function, settings.range)
        word = f":SENS:{_WORD[settings.function]}"
        self.send(
            f':SENS:FUNC "{_WORD[settings.function]}"',
            f"{word}:RSEN OFF",
            f"{word}:RANG:AUTO ON"
            if settings.range is None
            else f"{word}:RANG {format_number(settings.range)}",
            f"{word}:NPLC {format_number(settings.nplc)}",
            f"{word}:AZER {'ON' if settings.auto_zero else 'OFF'}",
        )
        self.check_errors()
        nplc = self.accepted("nplc", settings.nplc, self.ask_number(f"{word}:NPLC?"), "")
        got_range = None
        if settings.range is not None:
            got_range = self._accepted_range(f"{word}:RANG?", settings.range, settings.function)
        self._measure = dataclasses.replace(settings, nplc=nplc, range=got_range)
        return self._measure

    def _range_for(self, function: data.Function, value: float) -> None:
        top = data.measuring(self.capabilities, function)[-1].full_scale * data.OVERRANGE
        require_in_range(self.label, f"{function} range", value, Range(0.0, top, _UNIT[function]))

    def _accepted_range(self, query: str, asked: float, function: data.Function) -> float:
        """Return the range that the 2450 chose: the lowest that holds what was asked for."""
        expected = data.row_for(data.measuring(self.capabilities, function), asked).full_scale
        return self.accepted(f"{function} range", expected, self.ask_number(query), _UNIT[function])

    # -------------------------------------------------------------------------------------- single points

    def set_level(self, level: float) -> None:
        """Set the source level [V or A], read back."""
        source = self._configured()
        word = f":SOUR:{_WORD[source.function]}"
        self._require_level(level, source)
        if not self._automatic_delay:
            self.write(f"{word}:DEL:AUTO ON")
            self._automatic_delay = True
        self.write(f"{word} {format_number(level)}")
        self.check_errors()
        step = self._source_row(level, source).full_scale * 1e-5
        got = self.ask_number(f"{word}?")
        self._level = self.accepted(
            f"source {source.function}", level, got, _UNIT[source.function], absolute=step
        )

    def set_output(self, enabled: bool) -> None:
        """Switch the output and read back that it did."""
        self.output_enabled = enabled
        self.check_errors()
        if self.ask_switch(":OUTP?") != enabled:
            raise InstrumentError(
                f"{self.label}: output did not switch {'on' if enabled else 'off'}; check interlock"
            )

    def measure(self) -> Reading:
        """Take one reading; long apertures are started and polled."""
        self._configured()
        if (
            self._measure is not None
            and self._measure.nplc / self.capabilities.line_frequency > _LONG_READING
        ):
            return self._measure_polled()
        command = f":READ? {_BUFFER},{ELEMENTS}"
        try:
            reading = self._reading(self.ask_list(command), self._level)
            if Flag.IMPLAUSIBLE not in reading.flags:
                return reading
            why = f"implausible reading {shown(reading.voltage, 'V')}, {shown(reading.current, 'A')}"
        except (NoReply, GarbledReply) as error:
            why = str(error)
        self._require_unchanged(f"read again ({why})")
        reading = self._reading(self.ask_list(command), self._level)
        return dataclasses.replace(reading, flags=reading.flags | Flag.TIMEOUT)

    def _require_unchanged(self, why: str) -> None:
        """Find the source as it was left, before a reading whose reply was lost is taken again."""
        self.resynchronise(why)
        source = self._configured()
        if not self.ask_switch(":OUTP?"):
            raise InstrumentError(f"{self.label}: the output is off, a reading was lost; check interlock and panel")
        got = self.ask_number(f":SOUR:{_WORD[source.function]}?")
        step = self._source_row(self._level, source).full_scale * 1e-5
        self.accepted(f"source {source.function}", self._level, got, _UNIT[source.function], absolute=step)

    def _measure_polled(self) -> Reading:
        self.send(f":TRAC:CLE {_BUFFER}", f':TRIG:LOAD "SimpleLoop",1,0,{_BUFFER}', ":INIT")
        while self.sweep_running():
            self.wait(0.01)
        return self._reading(self.ask_list(f":TRAC:DATA? 1,1,{_BUFFER},{ELEMENTS}"), self._level)

    # --------------------------------------------------------------------------------------------- sweeps

    def start_sweep(self, levels: FloatArray, dwell: float) -> None:
        """Load the list, clear the buffer, start; the readings are polled and fetched."""
        source = self._configured()
        require_in_range(self.label, "number of sweep points", len(levels),
                         Range(1, self.capabilities.maximum_sweep_points, ""))
        for level in levels:
            self._require_level(float(level), source)
        if dwell:
            require_in_range(self.label, "dwell", dwell, Range(self.capabilities.minimum_dwell, 1e4, "s"))
        word = _WORD[source.function]
        self.write(f":SOUR:{word}:DEL 0")
        self._automatic_delay = False
        for first in range(0, len(levels), data.LIST_CHUNK):
            command = f":SOUR:LIST:{word}" if first == 0 else f":SOUR:LIST:{word}:APP"
            self.write(f"{command} {format_list(levels[first : first + data.LIST_CHUNK])}")
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
        state = self._parsed(":TRIG:STAT?", _trigger_state)
        if state == "FAILED":
            self.check_errors()
            raise InstrumentError(f"{self.label}: the trigger model failed; see the instrument's event log")
        return state in {"RUNNING", "WAITING", "ABORTING"}

    def fetch_sweep(self, first: int, last: int) -> list[Reading]:
        """Return readings ``first`` up to but not including ``last``, each with its level."""
        readings: list[Reading] = []
        width = len(ELEMENTS.split(","))
        for start in range(first, last, _FETCH_CHUNK):
            stop = min(start + _FETCH_CHUNK, last)
            values = self.ask_list(f":TRAC:DATA? {start + 1},{stop},{_BUFFER},{ELEMENTS}")
            if len(values) != width * (stop - start):
                raise InstrumentError(
                    f"{self.label}: {len(values)} values for {stop - start} readings; expected {width} each"
                )
            for k in range(start, stop):
                row = values[(k - start) * width : (k - start + 1) * width]
                readings.append(self._reading(row, float(self._levels[k])))
        return readings

    def _reading(self, values: list[float], level: float) -> Reading:
        """Return the reading that ``values`` are, taken at ``level`` [V or A]."""
        source = self._configured()
        function = self._measure.function if self._measure else _OTHER[source.function]
        return decoded(values, level, source, function, self._source_row(level, source).full_scale, self.label)

    # --------------------------------------------------------------------------------------- common duties

    def abort(self) -> None:
        """Stop the trigger model; the level stays."""
        self.write(":ABOR")

    def safe_state(self) -> None:
        """Stop, open the output, set both levels to zero."""
        self.send(":ABOR", ":OUTP OFF", ":SOUR:VOLT 0", ":SOUR:CURR 0")
        self._level = 0.0

    def output_states(self) -> list[OutputState]:
        """Read the output back."""
        return [OutputState(self.name, self.ask_switch(":OUTP?"))]

    def settings(self) -> Mapping[str, object]:
        """Return the accepted set-up."""
        found: dict[str, object] = {
            "output_off": self._off_mode,
            "line_frequency": self.capabilities.line_frequency,
        }
        for prefix, settings in (("source", self._source), ("measure", self._measure)):
            if settings is not None:
                found |= {f"{prefix}_{name}": value for name, value in dataclasses.asdict(settings).items()}
        return found

    def accuracy(self) -> Mapping[str, Mapping[str, float]]:
        """Return the accuracy of every range, as the run file keeps it."""
        return data.accuracy_tables(self.capabilities)

    def _configured(self) -> SourceSettings:
        if self._source is None:
            raise InstrumentError(f"{self.label}: no source is configured; call configure_source first")
        return self._source

    def _source_row(self, level: float, source: SourceSettings) -> Accuracy:
        wanted = level if source.range is None else source.range
        return data.row_for(data.sourcing(self.capabilities, source.function), wanted)

    def _require_level(self, level: float, source: SourceSettings) -> None:
        caps, unit = self.capabilities, _UNIT[source.function]
        quantity = f"source {source.function}"
        allowed = caps.source_voltage if source.function == "voltage" else caps.source_current
        require_in_range(self.label, quantity, level, allowed)
        if source.range is not None:
            top = source.range * data.OVERRANGE
            require_in_range(self.label, f"{quantity} in the fixed range", level, Range(-top, top, unit))
