"""A B1525A (SPGU) in a B1500A: two outputs that give pulses of two levels behind 50 Ohm.

Sources: B1500A/B1505A Programming Guide edition 11, SPPER, SPRM, SPT, SPV, SER. The three-level mode and arbitrary
waveforms are not modelled (error 120). A voltage is the one at the load that SER names. The edges are straight lines.
B1500A data sheet, p. 19 of 36: 50 Ohm; a level is accurate to 0.5 % + 50 mV, with an open load, 1 us after an edge.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from tsbench.simulated_backends.circuit.engine import Constant, PulseWaveform
from tsbench.simulated_backends.flex.errors import FlexError
from tsbench.simulated_backends.virtual_instruments.instrument import OPEN, VirtualInstrument
from tsbench.simulated_backends.virtual_instruments.pulse_measure.forced_terminal import DrivenTerminal
from tsbench.simulated_backends.virtual_instruments.sources import Origin

SOURCE_RESISTANCE = 50.0  #: [Ohm]
GAIN, OFFSET = 0.5e-2, 50e-3  #: accuracy of a level: relative, [V]
SOURCES: Mapping[str, Origin] = {   # by imperfection (docs/imperfections.md)
    "level_accuracy": Origin("B1500A data sheet, p. 19 of 36 (0.5 % + 50 mV)"),
    "output_resistance": Origin("B1500A data sheet, p. 19 of 36; programming guide ed. 11, SER (50 Ohm)")}
SHORTEST_PERIOD, LONGEST_PERIOD = 20e-9, 10.0  #: [s]
SHORTEST_WIDTH, SHORTEST_EDGE = 10e-9, 8e-9  #: [s]
FREE, COUNTED, TIMED = 0, 1, 2  #: SPRM


@dataclass
class PulseTiming:
    """SPT and SPV of one signal source."""

    delay: float = 0.0
    width: float = 100e-9
    leading: float = 20e-9
    trailing: float = 20e-9
    base: float = 0.0
    peak: float = 0.0


@dataclass
class PulseRun:
    """What is common to all outputs: period and number of the pulses."""

    period: float = 1e-6  #: [s]
    mode: int = FREE
    condition: float = 1.0  #: number of pulses, or [s]
    started: float | None = None  #: [s] bench time

    def count(self) -> int:
        """Return how many pulses an output gives; 0: without end."""
        if self.mode == FREE:
            return 0
        return int(self.condition) if self.mode == COUNTED else max(math.ceil(self.condition / self.period), 1)

    def running(self, now: float) -> bool:
        """Whether pulses are being given."""
        count = self.count()
        return self.started is not None and (not count or now < self.started + count * self.period)


@dataclass
class PulseOutputSettings:
    """Settings of one output."""

    mode: int = 1  #: SPM: 0 constant, 1 pulses of source 1, 2 pulses of source 2
    load: float = 50.0  #: [Ohm]
    timings: dict[int, PulseTiming] = field(default_factory=lambda: {0: PulseTiming(), 1: PulseTiming(),
                                                                   2: PulseTiming()})


class PulseChannel(DrivenTerminal):
    """One output of a pulse generator.

    Parameters
    ----------
    instrument : VirtualInstrument
    channel : as 101
    train : of all outputs
    """

    def __init__(self, instrument: VirtualInstrument, channel: int, train: PulseRun) -> None:
        super().__init__(instrument, str(channel), "emf", "relay")
        self.channel = channel
        self._train = train
        self.settings = PulseOutputSettings()
        self._errors = instrument.calibration(f"pulse output {channel}", GAIN, OFFSET)

    def _inner(self, volts: float) -> float:
        """Return the voltage of the source [V] that gives ``volts`` at the load."""
        wanted = volts * (1 + self._errors.gain) + (self._errors.offset if volts else 0.0)
        return wanted * (self.settings.load + SOURCE_RESISTANCE) / self.settings.load

    def switch(self, on: bool) -> None:
        """Close or open the output switch; it closes at 0 V."""
        self.is_on = on
        self._drive(Constant(0.0))
        self._set_relay(SOURCE_RESISTANCE if on else OPEN)
        self._instrument.report_output(self.terminal, on)

    def apply_base(self) -> None:
        """SPUPD: output the base level."""
        if not self.is_on:
            raise FlexError(200)
        self._drive(Constant(self._inner(self.settings.timings[self.settings.mode].base)))

    def start(self) -> None:
        """SRP: give the pulses."""
        settings, train = self.settings, self._train
        timing = settings.timings[settings.mode]
        if not self.is_on:
            return
        if settings.mode == 0:
            self._drive(Constant(self._inner(timing.base)))
            return
        edges = (timing.leading + timing.trailing) / 2
        if timing.delay + timing.width + edges > train.period:
            raise FlexError(120)
        now = self._bench.clock.now
        middle = timing.width - (timing.leading - timing.trailing) / 2   # from the end of the leading edge at 50 %
        self._drive(PulseWaveform(
            self._inner(timing.base), self._inner(timing.peak), now + timing.delay, timing.leading, timing.trailing,
            max(middle, SHORTEST_WIDTH), train.period, train.count()))

    def stop(self) -> None:
        """SPP: go to the base level."""
        if self.is_on:
            self.apply_base()

    def reset(self) -> None:
        """Take the settings after ``*RST``, with an open switch."""
        self.settings = PulseOutputSettings()
        if self.is_on:
            self.switch(False)
