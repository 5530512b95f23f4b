"""Guard of a source meter: compares every value with the limits before the driver sends the value.

See :mod:`tsbench.instruments.guard`.
"""

import contextlib
import math
from collections.abc import Iterable, Iterator
from dataclasses import replace
from numbers import Real

import numpy as np

from tsbench.errors import InstrumentError, LimitError
from tsbench.instruments.guard.arguments import numbers, require_switch, require_words
from tsbench.instruments.guard.asked import restoring, with_settings
from tsbench.instruments.guard.exposed_terminals import SLACK
from tsbench.instruments.guard.guarded import extremes
from tsbench.instruments.guard.guarded_source import GuardedSource
from tsbench.instruments.guard.limits import GuardContext, WorstCase, require_in_range, worst_case_of_source
from tsbench.instruments.interfaces import (
    Interlocked,
    MeasureSettings,
    Range,
    Reading,
    SourceMeter,
    SourceMeterPulses,
    SourceMeterSampling,
    SourcePulses,
    SourceSettings,
)
from tsbench.quantities import short_quantity
from tsbench.records import Flag, FloatArray

#: [apertures] that a reading may take: voltage, zero and reference are measured beside the current (2450-901-01 rev. B,
#: "Auto Zero": three measurements), and as long again for the delays
APERTURES_OF_READING = 4.0
#: [V] that a voltage source may add for a moment while its range changes, as two makers state it (2450 specification,
#: p. 4; B2900A data sheet, p. 17). It is taken for all models
RANGE_CHANGE_OVERSHOOT = 0.25
_MEASURED = ("voltage", "current")  #: NaN where they are beyond the range
_NEAREST_ZERO = 1e-20  #: [V or A] far below what a preamplifier resolves (1e-17 A)
#: [A] between which the compliance is while 0 V stand at a cable. A device gets no current at 0 V, so the lower one
#: also counts where less is its limit
_LEAST_DISCHARGING, _MOST_DISCHARGING = 10e-6, 1e-3


class GuardedSourceMeter(GuardedSource):
    """A source meter whose every level and compliance is checked."""

    def __init__(self, driver: SourceMeter, context: GuardContext) -> None:
        super().__init__(driver, context)
        self.driver = driver
        self.capabilities = driver.capabilities
        self._source: SourceSettings | None = None
        self._asked: list[SourceSettings | MeasureSettings] = []  #: what was set last, in the order in which it was
        self._levels: tuple[float, ...] = (0.0,)  #: [V or A] one of these stands at the terminals
        self._before: tuple[float, ...] = (0.0,)  #: those before a discharge
        self._long_reading = False  #: whether a reading may take longer than another reply

    def configure_source(self, settings: SourceSettings) -> SourceSettings:
        """Check compliance (and range) against instrument and device, then set."""
        subject, caps = self.context.subject, self.capabilities
        require_words(subject, settings, ["function"])
        require_switch(subject, "high_capacitance", settings.high_capacitance)
        if self.context.moves is not None and settings.function != "voltage":
            raise LimitError(f"{subject}: a gate needs a voltage source, for a current does not tell its voltage")
        if settings.function == "voltage":
            require_in_range(subject, "compliance", settings.compliance, caps.compliance_current)
            self.context.device.require(subject, "compliance", settings.compliance, "max_current")
            allowed = caps.source_voltage
        else:
            require_in_range(subject, "compliance", settings.compliance, caps.compliance_voltage)
            self.context.device.require(subject, "compliance", settings.compliance, "max_voltage")
            self.context.require_rating(settings.compliance, 0.0)
            allowed = caps.source_current
        if settings.range is not None:
            require_in_range(subject, "source range", settings.range, Range(0.0, allowed.high, allowed.unit))
        if self._source is not None and self._source.function == settings.function:
            self._require_levels(self._levels, settings)
            self._require_range_change(self._levels, settings)
        accepted = self.driver.configure_source(settings)
        self._asked = with_settings(settings, self._asked)
        if self._source is None or self._source.function != settings.function:
            self._levels = (0.0,)   # if the output is still on, it stays among those that are on
        self._read_source()
        return accepted

    @property
    def source(self) -> SourceSettings | None:
        """Return the source as the instrument was last read to have it set."""
        return self.driver.source

    def _read_source(self) -> None:
        """Take over the source as it was last read back: a range may have moved its limit.

        It is None if no source was configured since the bench was opened; the driver may have that of a discharge.
        """
        asked = any(isinstance(one, SourceSettings) for one in self._asked)
        self._source = self.driver.source if asked else None
        if self._source is not None:
            self.context.note_worst(self._worst(self._source))
            if self.context.path.coupled:
                self._held.note(_voltages(self._levels, self._source), self.context)

    def configure_measure(self, settings: MeasureSettings) -> MeasureSettings:
        """Check aperture and range, then set."""
        subject, caps = self.context.subject, self.capabilities
        require_words(subject, settings, ["function"])
        require_switch(subject, "auto_zero", settings.auto_zero)
        require_in_range(subject, "nplc", settings.nplc, caps.nplc)
        if settings.range is not None:
            allowed = caps.source_current if settings.function == "current" else caps.source_voltage
            require_in_range(
                subject, "measuring range", settings.range, Range(0.0, allowed.high, allowed.unit)
            )
        accuracy = caps.current_accuracy if settings.function == "current" else caps.voltage_accuracy
        ranges = len(accuracy) if settings.range is None else 1  # auto range may read once on each of them
        self._long_reading = self.context.outputs.reading_takes(
            self.context.terminal, ranges * APERTURES_OF_READING * settings.nplc / caps.line_frequency)
        try:
            accepted = self.driver.configure_measure(settings)
            self._asked = with_settings(settings, self._asked)
        finally:
            self._read_source()
        return accepted

    def set_level(self, level: float) -> None:
        """Check the level at the device, then set it."""
        source = self._configured()
        self._require_levels((level,), source)
        on, before = self.context.outputs.has(self.context.terminal), self._levels
        if on:
            self._require_interlock((level,), source)
            self._require_range_change((level,), source, abs(level) <= min(map(abs, before)))
        if self.context.moves is not None:
            self.context.moves((*before, level) if on else (level,))
        known = self.charged, self.made_safe
        self._levels = (*before, level)  # if the message fails, one of these is set
        self.charged, self.made_safe = level != 0.0 or self.charged, False
        try:
            self.driver.set_level(level)
            self._levels = (level,)
        except LimitError:   # the driver refused it before a message; not by _unless_refused, which takes longer
            self._levels, (self.charged, self.made_safe) = before, known
            if self.context.moves is not None:
                self.context.moves(before)
            raise
        finally:
            self._read_source()
        if self.context.moves is not None and on:
            self.context.moves((level,))

    def set_output(self, enabled: bool) -> None:
        """Switch off always; on only if what is configured, as read back, is allowed."""
        enabled = require_switch(self.context.subject, "the output", enabled)
        if enabled:
            source = self._configured()
            limit = "max_current" if source.function == "voltage" else "max_voltage"
            self.context.device.require(self.context.subject, "the actual compliance", source.compliance, limit)
            self._require_levels(self._levels, source)
            self._require_interlock(self._levels, source)
            if self.context.moves is not None:
                self.context.moves(self._levels)
            if source.function == "current" or any(self._levels):   # an offset of current charges a cable too
                self.charged = True
            self._ensure_sense_leads()
            self.context.note_on(self._worst(source), self.is_on)
            if self.context.path.coupled:
                self._held.note(_voltages(self._levels, source), self.context)
        self._switch(enabled)
        if not enabled:
            self.context.note_off()

    def _discharging_current(self) -> float:
        most = self.context.device.limits.max_current or _MOST_DISCHARGING
        allowed = self.capabilities.compliance_current
        return min(max(min(most, _MOST_DISCHARGING), _LEAST_DISCHARGING, allowed.low), allowed.high)

    def _switch_zero_on(self) -> None:
        source = SourceSettings("voltage", compliance_current=self._discharging_current())
        self._before = self._levels
        try:
            if self._source is not None and self._source.function == "voltage":
                self.driver.configure_measure(MeasureSettings("current"))   # its range may not allow the limit
                self.driver.configure_source(source)
            else:
                self.driver.configure_source(source)
                self._levels = (0.0,)   # of the new function
                self.driver.configure_measure(MeasureSettings("current"))
            self.driver.set_level(0.0)
            self._levels = (0.0,)
            self._switch(True)
        finally:
            self._source = self.driver.source

    def restore(self, off: bool = True) -> None:
        self._source = None   # if a message fails, it is not known what is set
        if not off:
            self._before, self._asked = (0.0,), []
            return
        for settings in restoring(self._asked):
            if isinstance(settings, SourceSettings):
                self.driver.configure_source(settings)
            else:
                self.driver.configure_measure(settings)
        if self._asked:
            self._read_source()
        one = len(self._before) == 1 and self._before[0] != 0.0   # after a list, it is not known which level is set
        if one and not self.made_safe:
            self._levels = (0.0, *self._before)
            self.driver.set_level(self._before[0])
            self._levels = self._before
        self._before = (0.0,)

    def measure(self) -> Reading:
        """Return one reading, checked: see :func:`_usable`."""
        if not self._long_reading:
            return _usable(self.driver.measure(), self.context.subject)
        with self.context.outputs.reading(self.context.terminal):
            return _usable(self.driver.measure(), self.context.subject)

    def start_sweep(self, levels: FloatArray, dwell: float) -> None:
        """Check every level of the list, then start."""
        source, caps = self._configured(), self.capabilities
        values = numbers(self.context.subject, "levels of the sweep", levels)
        count = Range(1, caps.maximum_sweep_points, "")
        require_in_range(self.context.subject, "number of sweep points", values.size, count)
        if dwell != 0:
            require_in_range(self.context.subject, "dwell", dwell, Range(caps.minimum_dwell, 1e4, "s"))
        with self._list(values, source):   # a sweep switches the output on by itself
            self.driver.start_sweep(values, dwell)

    def start_pulses(self, pulses: SourcePulses) -> SourcePulses:
        """Check base, levels, width and period, then start."""
        source, subject, limits = self._configured(), self.context.subject, self.capabilities.pulses
        if limits is None or not isinstance(self.driver, SourceMeterPulses):
            raise LimitError(f"{subject}: this source meter has no pulses. Use another source meter")
        values = numbers(subject, "levels of the pulses", pulses.levels)
        require_in_range(subject, "number of pulses", values.size, Range(1, limits.maximum_pulses, ""))
        require_in_range(subject, "pulse width", pulses.width, limits.width)
        require_in_range(subject, "pulse period", pulses.period, limits.period)
        for level in values:   # charge and energy of one pulse
            levels = (float(level), pulses.base) if self.context.path.coupled else (float(level),)
            self.context.require_worst_case("level of the pulses", self._worst(source, levels), pulses.width)
        base = numbers(subject, "base of the pulses", [pulses.base])
        with self._list(np.array([*base, *values, *base]), source):
            return self.driver.start_pulses(pulses)

    def start_sampling(self, level: float, interval: float, count: int) -> float:
        """Check level, interval and count, then start."""
        source, subject, limits = self._configured(), self.context.subject, self.capabilities.sampling
        if limits is None or not isinstance(self.driver, SourceMeterSampling):
            raise LimitError(f"{subject}: this source meter cannot sample. Use another source meter")
        require_in_range(subject, "number of samples", count, Range(1, limits.maximum_samples, ""))
        require_in_range(subject, "sample interval", interval, limits.interval)
        with self._list(numbers(subject, "level of the samples", [level]), source):
            return self.driver.start_sampling(level, interval, count)

    @contextlib.contextmanager
    def _list(self, values: FloatArray, source: SourceSettings) -> Iterator[None]:
        """Check levels that the instrument sets one after the other. From now on they, and the output, may be on."""
        on, now = self.context.outputs.has(self.context.terminal), tuple(extremes(values))
        self._require_levels(now, source)
        self._require_interlock(now, source)
        falls = on and not np.any(np.diff(np.abs([min(self._levels, key=abs), *values])) > 0)
        self._require_range_change((*now, float(np.min(np.abs(values)))), source, falls)
        if any(self._levels) and not on:
            self.driver.set_level(0.0)   # the output may go on before the list begins, at the level of before
            self._levels = (0.0,)
        if self.context.moves is not None:
            self.context.moves((*self._levels, *now))
        self._ensure_sense_leads()
        with contextlib.nullcontext() if on else self._unless_refused(self.context.note_off):
            self._levels = extremes(np.array([*self._levels, *values]))
            self.charged = any(self._levels) or self.charged
            self.context.note_on(self._worst(source), self.is_on)
            if self.context.path.coupled:
                self._held.note(_voltages(self._levels, source), self.context)
            yield

    def poll_sweep(self) -> int:
        return self.driver.poll_sweep()

    def sweep_running(self) -> bool:
        return self.driver.sweep_running()

    def fetch_sweep(self, first: int, last: int) -> list[Reading]:
        """Return readings of a sweep, each of them checked: see :func:`_usable`."""
        return [_usable(reading, self.context.subject) for reading in self.driver.fetch_sweep(first, last)]

    def abort(self) -> None:
        self.driver.abort()

    def _configured(self) -> SourceSettings:
        if self._source is None:
            raise LimitError(f"{self.context.subject}: no compliance is set yet. Configure the source first")
        return self._source

    def _worst(self, source: SourceSettings, levels: tuple[float, ...] = ()) -> WorstCase:
        """Return the worst case of several levels, or of those that may stand at the terminals."""
        path, levels = self.context.path, levels or self._levels
        if not path.coupled:
            return WorstCase.of(worst_case_of_source(level, source, path) for level in levels)
        farthest = self._held.farthest(_voltages(levels, source), self.context)
        if source.function == "voltage":
            return worst_case_of_source(farthest, source, path)
        current = max(map(abs, levels))
        return WorstCase(farthest, current, farthest * current)

    def _require_levels(self, levels: tuple[float, ...], source: SourceSettings) -> None:
        caps = self.capabilities
        allowed = caps.source_voltage if source.function == "voltage" else caps.source_current
        quantity = f"source {source.function}"
        for level in levels:
            require_in_range(self.context.subject, quantity, level, allowed)
            volts, amperes = (level, source.compliance) if source.function == "voltage" else (source.compliance, level)
            path = self.context.path
            if path.coupled:   # what is behind the capacitor gets the difference
                volts = self._held.farthest(_voltages(levels, source), self.context)
            self.context.require_rating(volts, amperes)
            worst = self._worst(source, levels) if path.coupled else worst_case_of_source(level, source, path)
            self.context.require_worst_case(quantity, worst)

    def _require_range_change(self, levels: tuple[float, ...], settings: SourceSettings, falls: bool = False) -> None:
        """Raise LimitError if a source range that changes under voltage may bring too much to the device.

        ``falls``: whether no level is farther from 0 than the one before it, which is always allowed.
        """
        if self._source is None or settings.function != "voltage" or falls:
            return
        on = self.context.outputs.has(self.context.terminal)
        scales = [row.full_scale for row in self.capabilities.source_voltage_accuracy]
        found = {_range_at(level, settings, scales) for level in levels}
        found |= {_range_at(level, self._source, scales) for level in self._levels} if on else set()
        if len(found) > 1:
            added = short_quantity(RANGE_CHANGE_OVERSHOOT, "V")
            farthest = self._held.farthest(levels, self.context)   # without a capacitor in series, this is the highest
            worst = worst_case_of_source(farthest + RANGE_CHANGE_OVERSHOOT, settings, self.context.path)
            try:
                self.context.require_worst_case("change of the source range", worst)
            except LimitError as error:
                raise LimitError(
                    f"{error}. While a source meter changes its range, it may put {added} more at the device for a "
                    "moment. So set one range for all levels before the output goes on") from error

    def _require_interlock(self, levels: tuple[float, ...], source: SourceSettings) -> None:
        """Raise InstrumentError where a level needs a closed interlock, and the instrument answers that it is open."""
        highest = max(map(abs, levels)) if source.function == "voltage" else source.compliance
        if reason := self.interlock_refusal(highest):
            raise InstrumentError(reason)

    def interlock_refusal(self, voltage: float) -> str:
        """Return why a voltage [V] cannot stand at the terminals: the instrument answers that its interlock is open."""
        above, driver = self.capabilities.interlock_above, self.driver
        if above is None or not isinstance(driver, Interlocked) or voltage <= above or driver.interlock_closed():
            return ""
        return (
            f"{self.context.subject}: the voltage at the terminals may reach {short_quantity(voltage, 'V')}, and above "
            f"{short_quantity(above, 'V')} its interlock must be closed, but it is open. Close the interlock")


def _voltages(levels: tuple[float, ...], source: SourceSettings) -> tuple[float, ...]:
    """Return the voltages [V] that may stand at the terminals, with levels [V or A]."""
    return levels if source.function == "voltage" else (-source.compliance, source.compliance)


def _range_at(level: float, settings: SourceSettings, scales: Iterable[float]) -> float:
    """Return the full scale [V] of the source range that is in force at a level; inf where none reaches it."""
    wanted = abs(level) if settings.range is None else settings.range
    return min((one for one in scales if wanted <= one * (1 + SLACK)), default=math.inf)


def _usable(reading: Reading, subject: str) -> Reading:
    """Return a reading that can be stored.

    ``subject``: the instrument in messages. The driver may be another author's. IMPLAUSIBLE: the reading is nearer to
    zero than any instrument tells, so a digit has changed on its way.

    Raises
    ------
    InstrumentError
        It holds something else than finite numbers, and no overflow explains it.
    """
    if not isinstance(reading, Reading):
        raise InstrumentError(
            f"{subject}: the driver returned {reading!r:.60}, not a Reading. Correct the driver")
    overflow = Flag.OVERFLOW in reading.flags
    for name in ("time", "source", "voltage", "current"):
        number: object = getattr(reading, name)
        unknown = overflow and name in _MEASURED
        if isinstance(number, Real) and (math.isfinite(number) or (unknown and math.isnan(number))):
            continue
        raise InstrumentError(
            f"{subject}: the driver returned a reading whose {name} is {number!r:.60}. A reading "
            "consists of finite numbers. Only an overflow is NaN, with Flag.OVERFLOW. Correct the driver")
    if any(0.0 < abs(number) < _NEAREST_ZERO for number in (reading.voltage, reading.current)):
        return replace(reading, flags=reading.flags | Flag.IMPLAUSIBLE)
    return reading
