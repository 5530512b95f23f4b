"""Virtual Keithley 2461: pulse trains and pulse sweeps (SOURce:PULSe).

Arguments, bounds and the pulse-only area (1 ms, duty cycle of 5 %) are those of the reference manual 2461-901-01 rev. A
(p. 6-110 to 6-121) and of Tektronix's command help (``smu.source.pulsetrain``). A pulse is one waveform at the device:
the output goes to the level of the pulse and back, as fast as its loops settle. A reading ends with the top of the
pulse.

Own choices, where the sources say nothing: a measurement that is longer than the pulse is refused (-221). While pulses
are sourced, an automatic measuring range is that of the limit. All pulses are one block of the block list.
"""

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.parameters import Boolean, Integer, Number, Optional, Text
from tsbench.simulated_backends.scpi.tree import command
from tsbench.simulated_backends.virtual_instruments.keithley_2461.data_sheet import DC_CURRENT
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.blocks import (
    ClearBuffer,
    Machine,
    ModelBlock,
    Result,
    SourceState,
    Steps,
)
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.command_table import MeterTable
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.sweeps import linear, logarithmic
from tsbench.simulated_backends.virtual_instruments.source_meter.output_stage import range_for

HIGHEST = {"VOLT": 105.0, "CURR": 10.5}  #: [V or A] of a pulse
HIGHEST_BIAS = {"VOLT": 105.0, "CURR": DC_CURRENT}
LONGEST_PULSE, HIGHEST_DUTY = 1e-3, 0.05  #: [s] and part of the time, in the pulse-only area
_OFF = 4  #: block that switches the output off
_WIDTH = Number("s", 150e-6, 1e4)
_TIME = Optional(Number("s", 0.0, 1e4))
#: of every command, behind the width: measurement, buffer, delay, off time
_MEASURED = (Optional(Boolean()), Optional(Text(bare=True)), _TIME, _TIME)
_LIMITS = (Optional(Number()), Optional(Number()), Optional(Boolean()))
_COUNT = Integer("", 0, 268_435_455)


@dataclass(frozen=True)
class PulsePlan:
    """What is pulsed."""

    function: str  #: "VOLT" or "CURR"
    bias: float  #: [V or A]
    levels: tuple[float, ...]  #: [V or A] from zero
    width: float  #: [s]
    count: int  #: 0: without end
    measured: bool = True
    buffer: str = "defbuffer1"
    delay: float = 0.0  #: [s] at the bias level before each pulse
    off_time: float = 0.0  #: [s] behind it
    bias_limit: float | None = None  #: [A or V]
    pulse_limit: float | None = None
    fail_abort: bool = True


@dataclass(frozen=True)
class PulseBlock(ModelBlock):
    """All pulses of a plan."""

    plan: PulsePlan
    play: Callable[[PulsePlan, int, Machine], Steps]
    kind: ClassVar[str] = "SOURCE_PULSE_OUTPUT"

    def shown(self) -> str:
        return f"PULSES: {len(self.plan.levels)}  COUNT: {self.plan.count}"

    def act(self, number: int, machine: Machine) -> Result:
        return self.play(self.plan, number, machine)


class SourcePulseCommands(MeterTable):
    """SOURce:PULSe."""

    @command(":SOURce:PULSe:TRain:{VOLTage|CURRent}", Number(), Number(), _WIDTH, _COUNT, *_MEASURED, *_LIMITS)
    def _train(self, function: str, bias: float, level: float, width: float, count: int, *rest: Any) -> None:
        self._load(PulsePlan(function, bias, (level,), width, count, *rest))

    @command(
        ":SOURce:PULSe:SWEep:{VOLTage|CURRent}:{LINear|LOG}", Number(), Number(), Number(), Integer("", 2, 1_000_000),
        _WIDTH, *_MEASURED, Optional(_COUNT), *_LIMITS, Optional(Boolean()))
    def _sweep(
        self, function: str, spacing: str, bias: float, start: float, stop: float, points: int, width: float,
        *rest: Any,
    ) -> None:
        spaced = logarithmic if spacing == "LOG" else linear
        measured, (count, limits, dual) = rest[:4], _split(rest[4:])
        measured += (True, "defbuffer1", 0.0, 0.0)[len(measured):]
        self._load(PulsePlan(function, bias, spaced(start, stop, points, dual), width, count, *measured, *limits))

    @command(
        ":SOURce:PULSe:SWEep:{VOLTage|CURRent}:LINear:STEP", Number(), Number(), Number(), Number(), _WIDTH,
        *_MEASURED, Optional(_COUNT), *_LIMITS, Optional(Boolean()))
    def _stepped_sweep(
        self, function: str, bias: float, start: float, stop: float, step: float, width: float, *rest: Any,
    ) -> None:
        if step <= 0:
            raise ScpiError(-222)
        points = int(abs(stop - start) / step + 1e-9) + 1
        end = start + (points - 1) * (step if stop >= start else -step)
        self._sweep(function, "LIN", bias, start, end, points, width, *rest)

    def _load(self, plan: PulsePlan) -> None:
        settings = self.settings
        if plan.function != settings.source_function:
            raise ScpiError(-221)
        highest = max(abs(level) for level in plan.levels)
        if highest > HIGHEST[plan.function] or abs(plan.bias) > HIGHEST_BIAS[plan.function]:
            raise ScpiError(-222)
        if self._pulses_only(plan, highest):
            duty = plan.width / (plan.width + plan.delay + plan.off_time)
            if plan.width > LONGEST_PULSE * (1 + 1e-9) or duty > HIGHEST_DUTY * (1 + 1e-9):
                raise ScpiError(-222)
        if plan.measured and self._aperture() > plan.width:
            raise ScpiError(-221)
        self.buffers.require(plan.buffer)
        self.trigger_model.load(
            [ClearBuffer(plan.buffer), SourceState(True), PulseBlock(plan, self._play), SourceState(False)])

    def _pulses_only(self, plan: PulsePlan, highest: float) -> bool:
        """Return whether a pulse with its limit is beyond what the instrument can source for ever."""
        function, rows = plan.function, self.data_sheet.ranges[plan.function]
        beside = self.data_sheet.highest_limit[function][rows.index(range_for(rows, highest))]
        return highest > HIGHEST_BIAS[function] or self._limit(plan.pulse_limit, function) > beside

    def _limit(self, given: float | None, function: str) -> float:
        present = self.settings.current_limit if function == "VOLT" else self.settings.voltage_limit
        return present if given is None else given

    def _aperture(self) -> float:
        return self.settings.nplc[self.settings.sense_function] / self.settings.line_frequency

    def _play(self, plan: PulsePlan, number: int, machine: Machine) -> Steps:
        settings, output, function = self.settings, self.output, plan.function
        other = "VOLT" if function == "CURR" else "CURR"
        before = settings.sense_autorange[other], settings.sense_range[other]
        pulse_limit = self._limit(plan.pulse_limit, function)
        bias_limit = self._limit(plan.bias_limit, function)
        highest = max(abs(level) for level in (*plan.levels, plan.bias))
        settings.source_autorange[function] = False
        settings.source_range[function] = range_for(self.data_sheet.ranges[function], highest).full_scale
        if before[0]:
            settings.sense_autorange[other], settings.sense_range[other] = False, pulse_limit
        output.pulsing = True
        try:
            self._set(function, plan.bias, bias_limit)
            for _ in range(plan.count) if plan.count else itertools.count():
                for level in plan.levels:
                    if plan.delay > 0:
                        yield plan.delay
                    end = self.clock.now + plan.width
                    self._set(function, level, pulse_limit)
                    yield from self._top(plan, end, bias_limit, number, machine)
                    if plan.measured and plan.fail_abort and machine.last_readings(number)[-1].limited:
                        return machine.fail(_OFF)
                    yield self.meter.until(end + plan.off_time)
        finally:
            output.pulsing = False
            settings.sense_autorange[other], settings.sense_range[other] = before
            self._set(function, plan.bias, bias_limit)
        return None

    def _top(self, plan: PulsePlan, end: float, bias_limit: float, number: int, machine: Machine) -> Steps:
        """Wait for the end of a pulse, with a reading that ends there; the level falls in time."""
        falls = self.clock.schedule(end, lambda: self._set(plan.function, plan.bias, bias_limit))
        try:
            if plan.measured:
                yield max(end - self.clock.now - self._aperture(), 0.0)
                yield from machine.measure(number, plan.buffer, 1)
            yield self.meter.until(end)
        finally:
            falls.cancel()
        return None

    def _set(self, function: str, level: float, limit: float) -> None:
        settings, output = self.settings, self.output
        settings.source_level[function] = level
        if function == "VOLT":
            settings.current_limit = limit
        else:
            settings.voltage_limit = limit
        output.level_changed(function)
        output.settled_at = self.clock.now   # a pulse has no source delay


def _split(rest: tuple[Any, ...]) -> tuple[int, tuple[Any, ...], bool]:
    """Return count, limits and ``dual`` of a sweep: what stands behind its off time."""
    count = rest[0] if rest else 1
    return count, rest[1:4], bool(rest[4]) if len(rest) > 4 else False
