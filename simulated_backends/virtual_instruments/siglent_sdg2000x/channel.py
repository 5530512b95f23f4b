"""One channel of an SDG2000X: what is set, and how the settings change one another.

A value beyond a limit becomes the limit, without an error. The amplitude gives way to the offset that is set, and the
offset to the amplitude that is set. Noise and the other waves share amplitude and offset; DC has an offset of its own.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.virtual_instruments.generator.data_sheet import INFINITE_LOAD, GeneratorDataSheet
from tsbench.simulated_backends.virtual_instruments.generator.levels import OutputLevels, Window
from tsbench.simulated_backends.virtual_instruments.generator.pulse_fit import PulseTimes, fitted
from tsbench.simulated_backends.virtual_instruments.siglent_sdg2000x.data_sheet import (
    MAX_NOISE_BANDWIDTH,
    MIN_NOISE_BANDWIDTH,
    SHORTEST_DELAY,
)

FUNCTIONS = {"SINE": "SIN", "SQUARE": "SQU", "RAMP": "RAMP", "PULSE": "PULS", "NOISE": "NOIS", "ARB": "ARB", "DC": "DC"}
RESET_AMPLITUDE = 2.0  #: [Vpp into 50 Ohm]: 4 Vpp into an open output
#: the factors that the instrument computes with, by the amplitudes and STDEV of the replies that others recorded
#: (tests/transcripts/siglent_sdg2042x.recorded.jsonl); other waves have 0.5
RMS_PER_VPP = {"SINE": 0.3535, "RAMP": 1 / 3.464}
DEVIATION_PER_VPP = 0.0575  #: standard deviation of the noise


@dataclass
class BurstState:
    """What is set of the burst of one channel."""

    on: bool = False
    gated: bool = False
    cycles: float = 1.0
    period: float = 10e-3  #: [s]
    source: str = "INT"
    edge: str = "RISE"
    polarity: str = "NEG"  #: of the gate
    delay: float = SHORTEST_DELAY  #: [s]
    trigger_output: str = "OFF"


@dataclass
class ChannelState:
    """Everything that is set of one channel."""

    sheet: GeneratorDataSheet
    wave: str = "SINE"
    frequency: float = 1e3  #: [Hz]
    phase: float = 0.0  #: [degrees]
    duty: float = 50.0  #: [%] of a square wave
    symmetry: float = 50.0  #: [%] of a ramp
    width: float = 200e-6  #: [s]
    rise: float = field(init=False)  #: [s]
    fall: float = field(init=False)  #: [s]
    delay: float = 0.0  #: [s] of a pulse
    inverted: bool = False
    banded: bool = False  #: whether the noise is limited to ``bandwidth``
    bandwidth: float = MAX_NOISE_BANDWIDTH  #: [Hz]
    arbitrary: str = "StairUp"
    sampled: bool = False  #: TrueArb: by the sample rate, not by the frequency
    sample_rate: float = 1e6  #: [Hz]
    levels: OutputLevels = field(
        default_factory=lambda: OutputLevels(RESET_AMPLITUDE).with_load(INFINITE_LOAD))
    steady: OutputLevels = field(default_factory=lambda: OutputLevels(0.0, load=INFINITE_LOAD))  #: of DC
    burst: BurstState = field(default_factory=BurstState)

    def __post_init__(self) -> None:
        self.rise = self.fall = self.sheet.min_edge_time

    @contextmanager
    def unchanged_by_errors(self) -> Iterator[None]:
        """Undo what is set within if an error ends it: a message that is refused changes nothing."""
        before, burst = dict(vars(self)), dict(vars(self.burst))
        try:
            yield
        except ScpiError:
            vars(self).update(before)
            vars(self.burst).update(burst)
            raise

    @property
    def function(self) -> str:
        """Return the name that the shared code has for the wave."""
        return FUNCTIONS[self.wave]

    @property
    def deviation(self) -> float:
        """Return the standard deviation of the noise [V]."""
        return DEVIATION_PER_VPP * self.levels.amplitude

    @property
    def rms(self) -> float:
        """Return the amplitude [Vrms]."""
        return self.levels.amplitude * self._rms_per_vpp

    @property
    def dbm(self) -> float | None:
        """Return the amplitude [dBm into the load]; None for an open output."""
        if self.levels.load == INFINITE_LOAD:
            return None
        return 10 * math.log10(self.rms ** 2 / self.levels.load / 1e-3)

    @property
    def output_levels(self) -> OutputLevels:
        """Return the levels of the wave; the shared code has a sixth of the amplitude for the deviation of noise."""
        levels = self.steady if self.wave == "DC" else self.levels
        if self.wave == "NOISE":
            levels = levels._replace(amplitude=6 * self.deviation)
        return levels._replace(offset=-levels.offset) if self.inverted else levels

    @property
    def _rms_per_vpp(self) -> float:
        return RMS_PER_VPP.get(self.wave, 0.5)

    @property
    def _window(self) -> Window:
        """Return what the output can do at the declared load and the frequency [V into the load]."""
        window, sheet = Window.of(self.sheet, self.levels.load, self.frequency), self.sheet
        share = sheet.max_amplitude(self.frequency) / sheet.max_amplitude(0.0)
        return Window(sheet.min_amplitude, window.max_amplitude, window.peak * share)

    def set_wave(self, wave: str) -> None:
        """Select a wave; frequency, levels and pulse suit it. A burst ends; the delay of a pulse becomes a phase."""
        if self.wave == "PULSE" and wave != "PULSE":
            self.phase = -360 * self.delay * self.frequency + 0.0
        self.wave = wave
        self.set_frequency(self.frequency)

    def set_frequency(self, hertz: float) -> None:
        """Set the frequency [Hz] of all waves."""
        self.frequency = min(max(hertz, self.sheet.min_frequency), self.sheet.max_frequency[self.function])
        if self.wave not in ("DC", "NOISE"):
            self.set_amplitude(self.levels.amplitude)
        if self.wave == "SQUARE":
            self.set_duty(self.duty)
        self.fit_pulse()

    def set_amplitude(self, volts: float) -> None:
        """Set the amplitude [Vpp], as far as the offset leaves room."""
        window = self._window
        room = min(window.max_amplitude, 2 * (window.peak - abs(self.levels.offset)))
        amplitude = max(min(volts, room), window.min_amplitude)
        most = max(window.peak - amplitude / 2, 0.0)   # less than the offset only above 20 MHz
        self.levels = self.levels._replace(
            amplitude=amplitude, offset=min(max(self.levels.offset, -most), most))

    def set_rms(self, volts: float) -> None:
        """Set the amplitude [Vrms]."""
        self.set_amplitude(volts / self._rms_per_vpp)

    def set_dbm(self, dbm: float) -> None:
        """Set the amplitude [dBm into the load]; nothing where the output is declared open."""
        if self.levels.load != INFINITE_LOAD:
            self.set_rms(math.sqrt(self.levels.load * 1e-3 * 10 ** (dbm / 10)))

    def set_deviation(self, volts: float) -> None:
        """Set the standard deviation of the noise [V]."""
        self.set_amplitude(volts / DEVIATION_PER_VPP)

    def set_offset(self, volts: float) -> None:
        """Set the offset [V], as far as the amplitude leaves room."""
        peak = self._window.peak
        if self.wave == "DC":
            self.steady = self.steady._replace(offset=min(max(volts, -peak), peak) + 0.0)
            return
        room = max(peak - self.levels.amplitude / 2, 0.0)
        self.levels = self.levels._replace(offset=min(max(volts, -room), room) + 0.0)

    def set_high(self, volts: float) -> None:
        """Set the high level [V]; the low level stays."""
        window, low = self._window, self.levels.low
        self._set_ends(low, max(min(volts, window.peak), low + window.min_amplitude))

    def set_low(self, volts: float) -> None:
        """Set the low level [V]; the high level stays."""
        window, high = self._window, self.levels.high
        self._set_ends(min(max(volts, -window.peak), high - window.min_amplitude), high)

    def _set_ends(self, low: float, high: float) -> None:
        self.levels = self.levels._replace(amplitude=high - low, offset=(low + high) / 2)

    def set_load(self, ohms: float) -> None:
        """Declare the load [Ohm]: the levels that are shown change."""
        load = INFINITE_LOAD if math.isinf(ohms) else float(min(max(int(ohms), 50), 100_000))
        self.levels, self.steady = self.levels.with_load(load), self.steady.with_load(load)

    def set_duty(self, percent: float) -> None:
        """Set the duty cycle of a square wave, or the width of a pulse by it."""
        if self.wave == "PULSE":
            self.width = percent / 100 / self.frequency
            self.fit_pulse()
        else:
            least = 100 * self.sheet.min_pulse_width * self.frequency
            self.duty = min(max(percent, least), 100 - least)

    def set_phase(self, degrees: float) -> None:
        """Set the phase; what is beyond a turn keeps its sign."""
        self.phase = degrees if abs(degrees) <= 360 else math.fmod(degrees, 360)

    def set_delay(self, seconds: float) -> None:
        """Set the delay of a pulse: at most a period, either way."""
        self.delay = min(max(seconds, -1 / self.frequency), 1 / self.frequency)

    def set_bandwidth(self, hertz: float) -> None:
        """Set the bandwidth of the noise."""
        self.bandwidth = min(max(hertz, MIN_NOISE_BANDWIDTH), MAX_NOISE_BANDWIDTH)

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
