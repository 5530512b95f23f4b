"""One source-measure unit of a 4200A-SCS as a :class:`~tsbench.instruments.SourceMeter`.

Course: a level is a command of the user mode (``DV1,0,1.5,0.001``), which also switches the output on. A reading is two
commands of it (``TI1``, ``TV1``). A sweep is a list sweep of the system mode with voltage, current and time of each
point; its data are read when it has ended. KXCI reads no setting back: what was sent without an error counts.

A level of an output that is off is kept here, and is sent when the output is switched on.
"""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from tsbench.errors import GarbledReply, InstrumentError, LimitError
from tsbench.instruments.guard.limits import require_in_range
from tsbench.instruments.interfaces import (
    MeasureSettings,
    OutputState,
    Range,
    Reading,
    SourceMeterCapabilities,
    SourceSettings,
)
from tsbench.instruments.keithley_4200 import data_sheet
from tsbench.instruments.keithley_4200.data_sheet import SourceMeasureUnit
from tsbench.instruments.keithley_4200.forcing import (
    automatic_range,
    decoded,
    force_command,
    naming_interlock,
    require_compliance,
    require_level,
    suits,
)
from tsbench.instruments.keithley_4200.mainframe import Analyser4200
from tsbench.instruments.languages.kxci import BUSY, parse_readings, parse_user_reading
from tsbench.instruments.languages.scpi import format_number
from tsbench.instruments.source_meters.functions import UNIT
from tsbench.instruments.source_meters.records import settings_record
from tsbench.records import FloatArray, Identity

_LIST: Mapping[str, str] = {"voltage": "VL", "current": "IL"}


class UnitSourceMeter:
    """A source-measure unit.

    Parameters
    ----------
    box : Analyser4200
    unit : SourceMeasureUnit
    line_frequency : [Hz]
    """

    def __init__(self, box: Analyser4200, unit: SourceMeasureUnit, line_frequency: float) -> None:
        self.box = box
        self.unit = unit
        self.name = f"smu{unit.number}"
        self.capabilities: SourceMeterCapabilities = data_sheet.capabilities(unit, line_frequency)
        self.identity: Identity = box.identity
        self.label = f"{box.label} {self.name}"
        self.forget()

    def forget(self) -> None:
        """Forget the set-up (after a reset)."""
        self.source: SourceSettings | None = None
        self._measure: MeasureSettings | None = None
        self._fixed_voltage = False  #: RV has fixed the voltage range, which only a reset ends
        self._level = 0.0
        self._swept: FloatArray = np.zeros(0)
        self._found: list[Reading] = []
        self._running = False

    @property
    def is_on(self) -> bool:
        """Whether the output was switched on."""
        return self.name in self.box.on

    def switched_off(self) -> None:
        """The mainframe has switched all outputs off."""
        self._level, self._running = 0.0, False

    # ------------------------------------------------------------------------------------- configuration

    def configure_source(self, settings: SourceSettings) -> SourceSettings:
        """Set function, range and compliance; a new function starts at level zero.

        A fixed range of the current that is too high for the compliance gives way to automatic ranging. The instrument
        would raise the compliance for it. KXCI cannot make a fixed voltage range automatic, so this is refused there.
        """
        caps, function = self.capabilities, settings.function
        voltage = function == "voltage"
        require_in_range(
            self.label, "compliance", settings.compliance,
            caps.compliance_current if voltage else caps.compliance_voltage)
        if settings.high_capacitance:
            raise LimitError(f"{self.label}: a 4200A-SCS has no high-capacitance mode. Set high_capacitance to false")
        full_scale = None
        if settings.range is not None:
            rows = self.unit.source_voltages if voltage else self.unit.currents
            top = rows[-1] * data_sheet.OVERRANGE
            require_in_range(self.label, f"{function} range", settings.range, Range(0.0, top, UNIT[function]))
            full_scale = next((full for full in rows if settings.range <= full * (1 + 1e-9)), rows[-1])
        same = self.source is not None and self.source.function == function
        accepted = dataclasses.replace(settings, range=full_scale)
        level = self._level if same else 0.0
        require_level(self.label, self.unit, level, accepted)
        if self._measure is not None and voltage and not suits(accepted, self._measure):
            self.box.require_idle()
            self.box.send("US", automatic_range(self.unit))
            self.box.check_errors()
            self._measure = dataclasses.replace(self._measure, range=None)
        require_compliance(self.label, accepted, self._measure)
        self.source, self._level = accepted, level
        if self.is_on:
            self._force(level)
        return accepted

    def configure_measure(self, settings: MeasureSettings) -> MeasureSettings:
        """Set the range and the aperture of both quantities."""
        require_in_range(self.label, "nplc", settings.nplc, self.capabilities.nplc)
        self.box.require_idle()
        number, full_scale = self.unit.number, None
        if settings.range is not None:
            rows = self.unit.currents if settings.function == "current" else self.unit.voltages
            top = rows[-1] * data_sheet.OVERRANGE   # so far it shows values
            require_in_range(
                self.label, f"{settings.function} range", settings.range, Range(0.0, top, UNIT[settings.function]))
            full_scale = self.unit.range_for(settings.function, settings.range)
        accepted = dataclasses.replace(settings, range=full_scale, auto_zero=False)
        require_compliance(self.label, self.source, accepted)
        limit = format_number(self.source.compliance if self.source is not None else self.unit.least_compliance)
        if settings.function == "current":
            self.box.send("US", automatic_range(self.unit) if full_scale is None
                          else f"RI {number},{format_number(full_scale)},{limit}")
        elif full_scale is not None:
            self.box.send("US", f"RV {number},{format_number(full_scale)},{limit}")
            self._fixed_voltage = True
        elif self._fixed_voltage:
            raise LimitError(f"{self.label}: KXCI cannot make a fixed voltage range automatic again. Reset the "
                             "instrument, or choose a range")
        self.box.set_integration(settings.nplc)
        self.box.check_errors()
        self._measure = accepted
        return accepted

    # ---------------------------------------------------------------------------------------- the source

    def _force(self, level: float) -> None:
        source = self.box.configured(self.source, "source")
        self.box.require_idle()
        self.box.note_on(self.name)   # also if the message below fails
        with naming_interlock(self.label, level if source.function == "voltage" else source.compliance):
            self.box.send("US", force_command(self.unit, level, source))
            self.box.check_errors()
        self._level = level

    def set_level(self, level: float) -> None:
        """Set the source level [V or A]; of an output that is off it is sent when it is switched on."""
        source = self.box.configured(self.source, "source")
        require_level(self.label, self.unit, level, source)
        if self.is_on:
            self._force(level)
        else:
            self._level = level

    def set_output(self, enabled: bool) -> None:
        """Switch the output."""
        if enabled:
            self._force(self._level)
            return
        if self.box.testing:   # of any unit: it would keep the command waiting
            self.box.stop_test()
        self.box.send("US", f"DV{self.unit.number}")
        self.box.note_off(self.name)
        self.box.check_errors()

    # --------------------------------------------------------------------------------------- measuring

    def measure(self) -> Reading:
        """Take one reading at the present level; it has no time of its own, which is 0."""
        if self._measure is None:
            raise InstrumentError(f"{self.label}: no measurement is configured. Call configure_measure first")
        if not self.is_on:
            raise InstrumentError(f"{self.label}: the output is off. Switch it on")
        self.box.require_idle()
        self.box.set_integration(self._measure.nplc)
        self.box.send("US")
        amperes = self.box.questions.parsed(f"TI{self.unit.number}", parse_user_reading)
        volts = self.box.questions.parsed(f"TV{self.unit.number}", parse_user_reading)
        source = self.box.configured(self.source, "source")
        return decoded(0.0, self._level, source, self.unit, volts, amperes)

    # ------------------------------------------------------------------------------------------- sweeps

    def definition(self, role: int) -> str:
        """Return the channel definition of this unit in a test: ``role`` 1 sweeps, 3 is constant."""
        source = self.box.configured(self.source, "source")
        number = self.unit.number
        return f"CH{number},'V{number}','I{number}',{1 if source.function == 'voltage' else 2},{role}"

    def held(self) -> str:
        """Return the command that holds this unit at its level during a test of another unit."""
        source = self.box.configured(self.source, "source")
        return (f"{'VC' if source.function == 'voltage' else 'IC'}{self.unit.number},{format_number(self._level)},"
                f"{format_number(source.compliance)}")

    def start_sweep(self, levels: FloatArray, dwell: float) -> None:
        """Start a list sweep of the system mode; other outputs that are on stay at their levels."""
        source = self.box.configured(self.source, "source")
        measure = self.box.configured(self._measure, "measurement")
        require_in_range(self.label, "number of sweep points", len(levels),
                         Range(1, self.capabilities.maximum_sweep_points, ""))
        require_in_range(self.label, "dwell", dwell, Range(0.0, data_sheet.LONGEST_DWELL, "s"))
        for level in levels:
            require_level(self.label, self.unit, float(level), source)
        self.box.require_idle()
        number = self.unit.number
        others = [other for other in self.box.sources.values() if other is not self and other.is_on]
        listed = ",".join(format_number(float(level)) for level in levels)
        self.box.set_integration(measure.nplc)
        with naming_interlock(self.label, float(np.max(np.abs(levels))) if source.function == "voltage"
                              else source.compliance):
            self.box.send(
                "DE", *(f"CH{other}" for other in self.box.sources), self.definition(1),
                *(other.definition(3) for other in others), "SS",
                f"{_LIST[source.function]}{number},1,{format_number(source.compliance)},{listed}",
                *(other.held() for other in others), "HT 0", f"DT {dwell:.4f}",
                *(f"ST {each.unit.number},0" for each in (self, *others)), "BC")
            self.box.check_errors()
        self._swept, self._found = np.array(levels, dtype=np.float64), []
        self.box.note_on(self.name)
        self._running, self._level = True, float(levels[-1])
        self.box.testing = self.name
        self.box.send("MD", "ME1")

    def poll_sweep(self) -> int:
        """Return how many points were measured; none before the end of the sweep, when all data are read."""
        if self._running and not self.box.status_byte() & BUSY:
            self._finish()
        return len(self._found)

    def _finish(self) -> None:
        self._running, self.box.testing = False, ""
        self.box.check_errors()
        self.box.send("MD")
        number = self.unit.number
        volts, amperes, times = (
            self.box.questions.parsed(f"DO '{name}'", parse_readings)
            for name in (f"V{number}", f"I{number}", f"I{number}T"))
        if not len(volts) == len(amperes) == len(times) <= len(self._swept):
            raise GarbledReply(f"{self.label}: the sweep gave {len(volts)} voltages, {len(amperes)} currents and "
                               f"{len(times)} times. Repeat the measurement")
        source = self.box.configured(self.source, "source")
        self._found = [
            decoded(time.value if math.isfinite(time.value) else 0.0, float(level), source, self.unit, volt, ampere)
            for level, volt, ampere, time in zip(self._swept, volts, amperes, times, strict=False)]

    def sweep_running(self) -> bool:
        """Whether the sweep is still running."""
        self.poll_sweep()
        return self._running

    def fetch_sweep(self, first: int, last: int) -> list[Reading]:
        """Return readings ``first`` up to but not including ``last``."""
        if last > len(self._found):
            raise InstrumentError(f"{self.label}: {last} readings were requested, but {len(self._found)} were taken. "
                                  "Repeat the measurement")
        return self._found[first:last]

    def abort(self) -> None:
        """Stop a sweep; the output stays, and what was measured can be fetched."""
        if self._running:
            self.box.stop_test()
            self._finish()
            if self._found:
                self._level = self._found[-1].source

    # ---------------------------------------------------------------------------------- for the mainframe

    def accepted_settings(self) -> Mapping[str, object]:
        """Return the set-up as it was last sent without an error: KXCI does not read it back."""
        return settings_record(self.source, self._measure)

    def safe_state(self) -> None:
        """Stop, and switch this output off."""
        self.box.make_safe(self.unit.number)
        self.switched_off()

    def output_states(self) -> Sequence[OutputState]:
        """Return the state of this output as it was last set: KXCI does not read it."""
        return [self.box.state_of(self.name)]

    def clear(self) -> None:
        """Clear the mainframe."""
        self.box.clear()

    def check_errors(self) -> None:
        """Read the last error of the mainframe."""
        self.box.check_errors()

    def close(self) -> None:
        """Close nothing: the mainframe does."""


if TYPE_CHECKING:
    from tsbench.instruments.interfaces import SourceMeter

    _as_source_meter: type[SourceMeter] = UnitSourceMeter
