"""One source meter module of a B1500A as a :class:`~tsbench.instruments.SourceMeter`.

Course: a reading is a spot measurement (MM 1) with the time, the current and the voltage of one aperture (CMM 4). A
sweep is a program in the program memory, one line for each level: force, pause, measure. Pulses are a program of pulsed
spots (MM 3). Sampling is the sampling mode (MM 10). While a program runs, the instrument answers no query: its status
byte says whether data are ready, and whether it has ended. AB ends it.

The output switch must be closed before a level can be forced. Levels and compliance of an open switch are kept here,
and are sent when it closes.
"""

import dataclasses
from collections.abc import Mapping

import numpy as np

from tsbench.errors import InstrumentError, LimitError
from tsbench.instruments.guard.limits import require_in_range
from tsbench.instruments.interfaces import (
    MeasureSettings,
    OutputState,
    Range,
    Reading,
    SourceMeterCapabilities,
    SourcePulses,
    SourceSettings,
)
from tsbench.instruments.keysight_b1500a import data_sheet, integration
from tsbench.instruments.keysight_b1500a.data_sheet import Module
from tsbench.instruments.keysight_b1500a.forcing import FORCE, force_command, require_level, require_range
from tsbench.instruments.keysight_b1500a.mainframe import ParameterAnalyser
from tsbench.instruments.keysight_b1500a.measurement_run import MeasurementRun
from tsbench.instruments.keysight_b1500a.readings import decoded
from tsbench.instruments.languages.scpi import format_number
from tsbench.instruments.source_meters.functions import OTHER, UNIT
from tsbench.instruments.source_meters.records import settings_record
from tsbench.quantities import short_quantity
from tsbench.records import FloatArray, Identity

PAUSE_STEP, LONGEST_PAUSE = 1e-4, 99.9999  #: [s] of PA
_PULSE: Mapping[str, str] = {"voltage": "PV", "current": "PI"}
_SAMPLE: Mapping[str, str] = {"voltage": "MV", "current": "MI"}
_FASTEST = 2e-3  #: [s] sampling intervals below this have steps of 10 us, others of 1 ms
_BETWEEN_SAMPLES = 0.2e-3  #: [s] of an interval that is not aperture


class SlotSourceMeter:
    """A source meter with the number of its slot.

    Parameters
    ----------
    box : ParameterAnalyser
    slot : 1 to 10
    module : Module
    line_frequency : [Hz]
    high_resolution : whether the high-resolution converter takes the readings
    """

    reads_output_back = True  #: after :meth:`set_output`, which raises where the output did not switch

    def __init__(
        self, box: ParameterAnalyser, slot: int, module: Module, line_frequency: float, high_resolution: bool,
    ) -> None:
        self.box = box
        self.slot = slot
        self.module = module
        self.capabilities: SourceMeterCapabilities = data_sheet.capabilities(module, line_frequency, high_resolution)
        self.identity: Identity = box.identity
        self.label = f"{box.label} slot {slot}"
        self._fine = high_resolution
        self._run = MeasurementRun(box, self.label)
        self.forget()

    def forget(self) -> None:
        """Forget the set-up (after a reset)."""
        self.source: SourceSettings | None = None
        self._measure: MeasureSettings | None = None
        self._converter = ""
        self._level = 0.0
        self._on = False
        self._run.forget()

    def switched_off(self) -> None:
        """The mainframe has opened all switches."""
        self._on, self._level = False, 0.0
        self._run.forget()

    # ------------------------------------------------------------------------------------- configuration

    def configure_source(self, settings: SourceSettings) -> SourceSettings:
        """Set function, range and compliance; a new function starts at level zero."""
        caps, function = self.capabilities, settings.function
        voltage = function == "voltage"
        require_in_range(
            self.label, "compliance", settings.compliance,
            caps.compliance_current if voltage else caps.compliance_voltage)
        if settings.high_capacitance:
            raise LimitError(f"{self.label}: a B1500A has no high-capacitance mode. Set high_capacitance to false")
        full_scale = None
        if settings.range is not None:
            require_range(self.label, self.module, function, settings.range)
            full_scale = self.module.range_for(function, settings.range)
        level = self._level if self.source is not None and self.source.function == function else 0.0
        accepted = dataclasses.replace(settings, range=full_scale)
        require_level(self.label, self.module, level, accepted)
        self.source, self._level = accepted, level
        if self._on:
            self._force(level)
        return accepted

    def configure_measure(self, settings: MeasureSettings) -> MeasureSettings:
        """Set the range and the aperture; current and voltage are read in each aperture."""
        caps = self.capabilities
        require_in_range(self.label, "nplc", settings.nplc, caps.nplc)
        full_scale = None
        if settings.range is not None:
            require_range(self.label, self.module, settings.function, settings.range)
            full_scale = self.module.range_for(settings.function, settings.range)
        self._converter, nplc = integration.command(self.label, settings.nplc, self.capabilities, self._fine)
        letter = "I" if settings.function == "current" else "V"
        code = 0 if full_scale is None else -self.module.code(settings.function, full_scale)
        commands = [f"AAD {self.slot},{int(self._fine)}", f"R{letter} {self.slot},{code}", f"CMM {self.slot},4"]
        if self._fine:
            commands.append(f"AZ {int(settings.auto_zero)}")
        self.box.send(*commands)
        self.box.converter = ""
        self.box.set_converter(self._converter)
        self.box.check_errors()
        integration.require_set(self.box, self.label, self._converter)
        integration.require_range_code(self.box, self.label, f"R{letter}{self.slot}", code)
        auto_zero = settings.auto_zero and self._fine
        self._measure = dataclasses.replace(settings, nplc=nplc, range=full_scale, auto_zero=auto_zero)
        return self._measure

    # ---------------------------------------------------------------------------------------- the source

    def _full_scale(self, source: SourceSettings, *levels: float) -> float:
        """Return the range [V or A] in which the levels are sourced."""
        return source.range or self.module.range_for(source.function, max(map(abs, levels)))

    def _force(self, level: float) -> None:
        """Force a level and read it back, with the compliance."""
        source = self.box.configured(self.source, "source")
        self.box.write(force_command(self.slot, self.module, level, source))
        self.box.check_errors()

        def parsed(reply: str) -> tuple[str, float, float]:
            name, _, got, limit, *_ = reply.strip().split(",")
            return name, float(got), float(limit)

        name, got, limit = self.box.questions.parsed(f"*LRN? {self.slot}", parsed)
        if name != f"{FORCE[source.function]}{self.slot}":
            raise InstrumentError(f"{self.label}: the instrument sources as '{name}', not the {source.function}. "
                                  "Configure the source again")
        step = self._full_scale(source, level) / data_sheet.LEVELS_PER_RANGE
        self._level = self.box.accepted(f"source {source.function}", level, got, UNIT[source.function], absolute=step)
        self.box.accepted("compliance", source.compliance, limit, UNIT[OTHER[source.function]])

    def set_level(self, level: float) -> None:
        """Set the source level [V or A]; of an open switch it is forced when the switch closes."""
        source = self.box.configured(self.source, "source")
        require_level(self.label, self.module, level, source)
        if self._on:
            self._force(level)
        else:
            self._level = level

    def set_output(self, enabled: bool) -> None:
        """Close or open the output switch, read it back, and force the level behind a closed one."""
        if not enabled:
            if self._run.running:
                self.abort()
            self.box.write(f"CL {self.slot}")
            self._on = False
            self.box.check_errors()
            self.box.require_closed(self.slot, False)
            return
        self.box.configured(self.source, "source")
        self.box.write(f"CN {self.slot}")
        self._on = True
        self.box.check_errors()
        self.box.require_closed(self.slot, True)
        self._force(self._level)

    # --------------------------------------------------------------------------------------- measuring

    def _prepare(self, mode: str) -> None:
        if not self._converter:
            raise InstrumentError(f"{self.label}: no measurement is configured. Call configure_measure first")
        self.box.set_converter(self._converter)
        self.box.set_mode(f"MM {mode},{self.slot}")

    def measure(self) -> Reading:
        """Take one reading at the present level."""
        source = self.box.configured(self.source, "source")
        self._prepare("1")
        if not self._on:
            raise InstrumentError(f"{self.label}: the output is off, so that a B1500A cannot measure. Switch it on")
        return decoded(self.box.ask_data("XE"), self._level, source, self._full_scale(source, self._level), self.label)

    # --------------------------------------------------------------------------------- sweeps and trains

    def start_sweep(self, levels: FloatArray, dwell: float) -> None:
        """Store the sweep as a program and run it; the switch closes if it is open."""
        source = self.box.configured(self.source, "source")
        require_in_range(self.label, "number of sweep points", len(levels),
                         Range(1, self.capabilities.maximum_sweep_points, ""))
        require_in_range(self.label, "dwell", dwell, Range(0.0, LONGEST_PAUSE, "s"))
        for level in levels:
            require_level(self.label, self.module, float(level), source)
        # one range for all levels: a change of range disturbs the output
        fixed = dataclasses.replace(source, range=self._full_scale(source, *map(float, levels)))
        self._prepare("1")
        if not self._on:
            self._level = float(levels[0])
            self.set_output(True)
        pause = f";PA {max(round(dwell / PAUSE_STEP), 1) * PAUSE_STEP:.4f}" if dwell else ""
        commands = [force_command(self.slot, self.module, float(level), fixed) for level in levels]
        self._run.store([f"{command}{pause};XE" for command in commands])
        self._level = float(levels[-1])
        self._run.start_program(source, fixed.range or 0.0, levels)

    def start_pulses(self, pulses: SourcePulses) -> SourcePulses:
        """Store the pulses as a program of pulsed spots and run it."""
        source = self.box.configured(self.source, "source")
        limits = self.capabilities.pulses
        if limits is None:
            raise LimitError(f"{self.label}: the high-resolution converter measures no pulses. Set high_resolution to "
                             "false in the bench file")
        require_in_range(self.label, "number of pulses", len(pulses.levels), Range(1, limits.maximum_pulses, ""))
        require_in_range(self.label, "pulse width", pulses.width, limits.width)
        require_in_range(self.label, "pulse period", pulses.period, limits.period)
        if pulses.period < pulses.width + (2e-3 if pulses.width <= 0.1 else 10e-3):
            period, width = short_quantity(pulses.period, "s"), short_quantity(pulses.width, "s")
            raise LimitError(f"{self.label}: pulse period {period} is too short for a width of {width}. Add at least 2 "
                             "ms, above a width of 100 ms at least 10 ms")
        for level in (pulses.base, *pulses.levels):
            require_level(self.label, self.module, float(level), source)
        accepted = dataclasses.replace(pulses, width=round(pulses.width, 4), period=round(pulses.period, 4))
        nplc = self._measure.nplc if self._measure is not None else 0.0
        seconds = min(max(nplc / self.capabilities.line_frequency, 16e-6), accepted.width / 2, 20e-3)
        self._prepare("3")
        self.box.send(f"PT 0,{accepted.width:.4f},{accepted.period:.4f}", f"AIT 2,3,{round(seconds / 2e-6) * 2e-6:.6f}")
        if not self._on:
            self._level = pulses.base
            self.set_output(True)
        full_scale = self._full_scale(source, pulses.base, *map(float, pulses.levels))
        code = self.module.code(source.function, full_scale)
        self._run.store([
            f"{_PULSE[source.function]} {self.slot},{code},{format_number(pulses.base)},{format_number(float(level))},"
            f"{format_number(source.compliance)};XE" for level in pulses.levels])
        self._level = pulses.base
        self._run.start_program(source, full_scale, pulses.levels)
        return accepted

    def start_sampling(self, level: float, interval: float, count: int) -> float:
        """Start readings at one level, one each ``interval`` [s]; returns the interval that the instrument takes."""
        source = self.box.configured(self.source, "source")
        limits = self.capabilities.sampling
        assert limits is not None
        require_in_range(self.label, "number of samples", count, Range(1, limits.maximum_samples, ""))
        step = 1e-5 if interval < _FASTEST else 1e-3
        accepted = round(interval / step) * step
        require_in_range(self.label, "sample interval", accepted, limits.interval)
        require_level(self.label, self.module, level, source)
        self._prepare("10")
        nplc = self._measure.nplc if self._measure is not None else 0.0
        if nplc / self.capabilities.line_frequency + _BETWEEN_SAMPLES > accepted:
            raise LimitError(f"{self.label}: an aperture of {nplc:g} NPLC does not fit into a sample interval of "
                             f"{short_quantity(accepted, 's')}. Lower nplc, or choose a longer interval")
        if not self._on:
            self._level = level
            self.set_output(True)
        code = 0 if source.range is None else self.module.code(source.function, source.range)
        number = format_number(level)
        self.box.send(
            "MCC",
            f"{_SAMPLE[source.function]} {self.slot},{code},{number},{number},{format_number(source.compliance)}",
            "ML 1", "MSC 1,2", f"MT 0,{accepted:.5f},{count},0")
        self.box.check_errors()
        self._level = level
        self._run.start("XE", source, self._full_scale(source, level), np.full(count, level), whole=True)
        return accepted

    def poll_sweep(self) -> int:
        """Return how many readings have come."""
        return self._run.poll()

    def sweep_running(self) -> bool:
        """Whether the measurement still runs, by the status byte."""
        self._run.poll()
        return self._run.running

    def fetch_sweep(self, first: int, last: int) -> list[Reading]:
        """Return readings ``first`` up to but not including ``last``."""
        return self._run.fetch(first, last)

    def abort(self) -> None:
        """Stop a sweep, pulses or sampling; the output stays as it is."""
        self.box.abort()
        self._run.forget_data()

    # --------------------------------------------------------------------------------------- common duties

    def interlock_closed(self) -> bool:
        """Ask for the interlock by the instrument's diagnosis."""
        return int(self.box.ask("DIAG? 7")) == 0

    def safe_state(self) -> None:
        """Open all switches of the mainframe."""
        self.box.safe_state()

    def output_states(self) -> list[OutputState]:
        """Read this output back."""
        return [OutputState(f"{self.box.name}.{self.slot}", self.slot in self.box.closed_switches())]

    def clear(self) -> None:
        """Device clear of the mainframe."""
        self.box.clear()

    def check_errors(self) -> None:
        """Empty the error queue of the mainframe."""
        self.box.check_errors()

    def close(self) -> None:
        """Close the connection of the mainframe."""
        self.box.close()

    def accepted_settings(self) -> Mapping[str, object]:
        """Return the set-up as it was last read back."""
        return settings_record(self.source, self._measure)
