"""The guard of a generator's output (see :mod:`tsbench.instruments.guard`)."""

import contextlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Literal

from tsbench.errors import LimitError
from tsbench.instruments.guard.arguments import numbers, require_switch, require_word, require_words
from tsbench.instruments.guard.guarded import extremes
from tsbench.instruments.guard.guarded_source import GuardedSource
from tsbench.instruments.guard.limits import (
    GuardContext,
    WorstCase,
    require_finite,
    require_in_range,
    require_number,
    worst_case_of_voltage,
)
from tsbench.instruments.interfaces import ArbitraryWaveform, Pulse, PulseGenerator, Range
from tsbench.instruments.levels import emf_of_level

_NO_LEVEL = 1e6  #: [V] beyond what any generator makes: no level limits


class GuardedPulseGenerator(GuardedSource):
    """One generator output whose every level is checked as the EMF it makes behind its output resistance."""

    def __init__(self, driver: PulseGenerator, context: GuardContext) -> None:
        super().__init__(driver, context)
        self.driver = driver
        self.capabilities = driver.capabilities
        self.channel = driver.channel
        self._load = 50.0
        self._emfs: tuple[float, ...] = ()  #: [V] extremes of what is configured
        self._duration: float | None = None  #: [s] of one event
        self._limits = (-_NO_LEVEL, _NO_LEVEL)
        self._shape: Callable[[], object] | None = None  #: sets pulse, level or waveform again
        self._burst: Callable[[], object] | None = None  #: sets the burst again

    def configure_load(self, load_resistance: float) -> float:
        require_number(self.context.subject, "load", load_resistance)
        if not load_resistance >= 1.0:
            raise LimitError(
                f"{self.context.subject}: load {load_resistance:g} Ohm is not allowed. It must be 1 Ohm or more (inf "
                "for an open output)"
            )
        accepted = self.driver.configure_load(load_resistance)
        if accepted != self._load:  # level limits are volts into the load
            self._limits = (-_NO_LEVEL, _NO_LEVEL)
        self._load = accepted
        return self._load

    def configure_level_limits(self, low: float, high: float) -> tuple[float, float]:
        for level in (low, high):
            require_in_range(self.context.subject, "level limit", level, self.level_range())
        self._limits = self.driver.configure_level_limits(low, high)
        return self._limits

    @property
    def level_limits(self) -> tuple[float, float]:
        """Return the level limits [V into the load] that were set last."""
        return self._limits

    def configure_pulse(self, pulse: Pulse) -> Pulse:
        """Check base, top, width, period and edges, then set."""
        subject, caps = self.context.subject, self.capabilities
        require_in_range(subject, "pulse width", pulse.width, caps.pulse_width)
        require_in_range(subject, "pulse period", pulse.period, caps.pulse_period)
        for name, edge in (("rise time", pulse.rise_time), ("fall time", pulse.fall_time)):
            require_in_range(subject, name, edge, caps.edge_time)
        require_finite(subject, "pulse base", pulse.base)
        require_finite(subject, "pulse amplitude", pulse.amplitude)
        duration = pulse.width + pulse.fall_time
        with self._counting({"pulse base": pulse.base, "pulse top": pulse.base + pulse.amplitude}, duration):
            accepted = self.driver.configure_pulse(pulse)
        self._note_shape(lambda: self.driver.configure_pulse(pulse))
        self._remember((pulse.base, pulse.base + pulse.amplitude), duration)
        return accepted

    def configure_level(self, level: float) -> float:
        with self._counting({"level": level}, None):
            accepted = self.driver.configure_level(level)
        self._note_shape(lambda: self.driver.configure_level(level))
        self._burst = None   # a constant level has none
        self._remember((level,), None)
        return accepted

    def load_waveform(self, waveform: ArbitraryWaveform) -> None:
        """Check every level of the waveform, its length and its rate, then load it."""
        subject, caps = self.context.subject, self.capabilities
        require_words(subject, waveform, ["interpolation"])
        levels = numbers(subject, "waveform levels", waveform.levels)
        require_in_range(subject, "number of waveform points", levels.size, caps.arbitrary_points)
        require_in_range(subject, "sample rate", waveform.sample_rate, caps.sample_rate)
        low, high = extremes(levels)
        waveform = replace(waveform, levels=levels.copy())   # the caller may change its array, and it is loaded again
        duration = levels.size / waveform.sample_rate
        with self._counting({"lowest waveform level": low, "highest waveform level": high}, duration):
            self.driver.load_waveform(waveform)
        self._note_shape(lambda: self.driver.load_waveform(waveform))
        self._remember((low, high), duration)

    def configure_burst(self, count: int, source: Literal["bus", "external"] = "bus") -> int:
        require_word(self.context.subject, "burst source", source, ("bus", "external"))
        require_in_range(self.context.subject, "burst count", count, self.capabilities.burst_count)
        accepted = self.driver.configure_burst(count, source)
        self._burst = lambda: self.driver.configure_burst(count, source)
        return accepted

    def _note_shape(self, again: Callable[[], object]) -> None:
        """Note how a shape is set again: its levels are volts into the load of now, which may change."""
        load = self._load

        def under_that_load() -> None:
            if load != self._load:
                self.driver.configure_load(load)
            again()
            if load != self._load:
                self.driver.configure_load(self._load)

        self._shape = under_that_load

    def set_output(self, enabled: bool) -> None:
        """Switch off always; on only if what is configured is allowed."""
        enabled = require_switch(self.context.subject, "the output", enabled)
        if enabled:
            if not self._emfs:
                raise LimitError(
                    f"{self.context.subject}: no level is set yet. Configure a pulse, level or waveform first"
                )
            for emf in self._emfs:
                self._require_emf("output on", emf, self._emfs, self._duration)
            self.charged = any(self._emfs) or self.charged   # also a level that was set again after 0 V
            self.context.note_on(self._worst(), self.is_on)
            self._held.note(self._emfs, self.context)
        self._switch(enabled)
        if not enabled:
            self.context.note_off()

    def _switch_zero_on(self) -> None:
        low, high = self._limits
        if low > 0.0 or high < 0.0:
            self.driver.configure_level_limits(min(low, 0.0), max(high, 0.0))
        self.driver.configure_level(0.0)
        self._switch(True)

    def restore(self, off: bool = True) -> None:
        emfs, self._emfs = self._emfs, ()   # if a message fails, it is not known what is set
        if not off:
            return
        for again in (self._shape, self._burst):   # a burst needs its shape
            if again is not None:
                again()
        low, high = self._limits
        if low > 0.0 or high < 0.0:
            self.driver.configure_level_limits(low, high)
        self._emfs = emfs

    def trigger(self) -> None:
        self.driver.trigger()

    def burst_running(self) -> bool:
        return self.driver.burst_running()

    def abort(self) -> None:
        self.driver.abort()

    def level_range(self) -> Range:
        """Return the levels [V into the set load] that the instrument can make."""
        top = self.capabilities.level_into_open.high
        allowed = top / emf_of_level(1.0, self._load, self.capabilities.output_resistance)
        return Range(-allowed, allowed, "V")

    @contextlib.contextmanager
    def _counting(self, levels: Mapping[str, float], duration: float | None) -> Iterator[None]:
        """Check levels, and count them from now on beside those before: if the message fails, either are set."""
        emfs, before = self._require_levels(levels, duration), self._emfs

        def take_back() -> None:
            self._emfs = before
            self.context.note_worst(self._worst())

        with self._unless_refused(take_back):
            self._emfs = (*before, *emfs)
            self.charged = any(self._emfs) or self.charged
            self._note_levels()
            yield

    def _require_levels(self, levels: Mapping[str, float], duration: float | None) -> Collection[float]:
        """Check levels [V into the load]; returns their EMFs [V]."""
        low, high = self._limits
        for name, level in levels.items():
            require_in_range(self.context.subject, name, level, self.level_range())
            require_in_range(self.context.subject, name, level, Range(low, high, "V"), "the level limits")
        emfs = {name: emf_of_level(level, self._load, self.capabilities.output_resistance)
                for name, level in levels.items()}
        for name, emf in sorted(emfs.items(), key=lambda one: -abs(one[1])):   # a message names the farthest
            self._require_emf(name, emf, emfs.values(), duration)
        return emfs.values()

    def _require_emf(self, name: str, emf: float, together: Collection[float], duration: float | None) -> None:
        """Check one EMF [V] of those that the instrument sets by itself."""
        require_finite(self.context.subject, name, emf)
        path = self.context.path
        farthest = self._held.farthest(together, self.context) if path.coupled else emf
        self.context.require_rating(farthest)
        self.context.require_worst_case(name, worst_case_of_voltage(farthest, path), duration)

    def _remember(self, levels: Sequence[float], duration: float | None) -> None:
        resistance = self.capabilities.output_resistance
        self._emfs = tuple(emf_of_level(level, self._load, resistance) for level in levels)
        self._duration = duration
        self._note_levels()

    def _note_levels(self) -> None:
        self.context.note_worst(self._worst())
        self._held.note(self._emfs, self.context)

    def _worst(self) -> WorstCase:
        return worst_case_of_voltage(self._held.farthest(self._emfs, self.context), self.context.path)
