"""One channel of an SDG2000X: what is set, and how the settings change one another.

A value beyond a limit becomes the limit, without an error.
"""

import math
from dataclasses import dataclass, field

from tsbench.simulated_backends.virtual_instruments.generator import levels as levels_of
from tsbench.simulated_backends.virtual_instruments.generator.data_sheet import INFINITE_LOAD, GeneratorDataSheet
from tsbench.simulated_backends.virtual_instruments.generator.levels import OutputLevels, Window, peak_to_peak_per_rms
from tsbench.simulated_backends.virtual_instruments.generator.pulse_fit import PulseTimes, fitted
from tsbench.simulated_backends.virtual_instruments.siglent_sdg2000x.data_sheet import SHORTEST_DELAY

FUNCTIONS = {"SINE": "SIN", "SQUARE": "SQU", "RAMP": "RAMP", "PULSE": "PULS", "NOISE": "NOIS", "ARB": "ARB", "DC": "DC"}
RESET_AMPLITUDE = 2.0  #: [Vpp into 50 Ohm]: 4 Vpp into an open output


@dataclass
class BurstState:
    """What is set of the burst of one channel."""

    on: bool = False
    gated: bool = False
    cycles: float = 1.0
    period: float = 10e-3  #: [s]
    source: str = "INT"
    edge: str = "RISE"
    polarity: str = "POS"  #: of the gate
    delay: float = SHORTEST_DELAY  #: [s]
    phase: float = 0.0  #: [degrees]
    trigger_output: str = "OFF"


@dataclass
class ChannelState:
    """Everything that is set of one channel."""

    sheet: GeneratorDataSheet
    wave: str = "SINE"
    frequency: float = 1e3
    phase: float = 0.0
    duty: float = 50.0  #: [%] of a square wave
    symmetry: float = 50.0
    width: float = 200e-6
    rise: float = 8.4e-9
    fall: float = 8.4e-9
    delay: float = 0.0
    inverted: bool = False
    arbitrary: str = "STAIRUP"
    sampled: bool = False  #: TrueArb: by the sample rate, not by the frequency
    sample_rate: float = 1e6
    levels: OutputLevels = field(
        default_factory=lambda: OutputLevels(RESET_AMPLITUDE).with_load(INFINITE_LOAD))
    burst: BurstState = field(default_factory=BurstState)

    @property
    def function(self) -> str:
        """Return the name that the shared code has for the wave."""
        return FUNCTIONS[self.wave]

    @property
    def window(self) -> Window:
        """Return what the output can do at the declared load and the frequency."""
        return Window.of(self.sheet, self.levels.load, self.frequency)

    def set_wave(self, wave: str) -> None:
        """Select a wave; frequency, levels and pulse suit it."""
        self.wave = wave
        self.set_frequency(self.frequency)

    def set_frequency(self, hertz: float) -> None:
        """Set the frequency [Hz] of all waves."""
        self.frequency = min(max(hertz, self.sheet.min_frequency), self.sheet.max_frequency[self.function])
        if self.function != "DC":
            self.set_amplitude(self.levels.amplitude)
        self.fit_pulse()

    def set_amplitude(self, volts: float) -> None:
        """Set the amplitude [Vpp]; the offset gives way."""
        self.levels = levels_of.set_amplitude(self.levels, volts, self.window).levels

    def set_rms(self, volts: float) -> None:
        """Set the amplitude [Vrms]."""
        self.set_amplitude(volts * peak_to_peak_per_rms(self.function))

    def set_offset(self, volts: float) -> None:
        """Set the offset [V], as far as the amplitude leaves room."""
        self.levels = levels_of.set_offset(self.levels, volts, self.window, self.function == "DC").levels

    def set_high(self, volts: float) -> None:
        """Set the high level [V]."""
        self.levels = levels_of.set_high(self.levels, volts, self.window).levels

    def set_low(self, volts: float) -> None:
        """Set the low level [V]."""
        self.levels = levels_of.set_low(self.levels, volts, self.window).levels

    def set_load(self, ohms: float) -> None:
        """Declare the load [Ohm]: the levels that are shown change."""
        load = INFINITE_LOAD if math.isinf(ohms) else min(max(float(round(ohms)), 50.0), 1e5)
        self.levels = self.levels.with_load(load)

    def set_duty(self, percent: float) -> None:
        """Set the duty cycle of a square wave or a pulse."""
        self.duty = min(max(percent, 0.001), 99.999)
        self.width = self.duty / 100 / self.frequency
        self.fit_pulse()

    def fit_pulse(self) -> None:
        """Make width and edges fit into the period of a pulse."""
        sheet = self.sheet
        self.width = max(self.width, sheet.min_pulse_width)
        self.rise, self.fall = (
            min(max(edge, sheet.min_edge_time), sheet.max_edge_time) for edge in (self.rise, self.fall))
        if self.function == "PULS":
            times = fitted(PulseTimes(self.width, self.rise, self.fall), 1 / self.frequency, sheet.min_pulse_width,
                           sheet.min_edge_time)
            self.width, self.rise, self.fall = times.width, times.lead, times.trail
