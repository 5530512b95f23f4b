"""What the data sheet of a function generator says."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tsbench.errors import ConfigurationError
from tsbench.simulated_backends.virtual_instruments.sources import NO_DATA_SHEET, Origin

OUTPUT_RESISTANCE = 50.0  #: [Ohm] that levels are programmed for, as on every generator
INFINITE_LOAD = 9.9e37  #: [Ohm] a load setting of high impedance; the same number of cycles is a burst without end


@dataclass(frozen=True)
class GeneratorSources:
    """Where the numbers of each imperfection come from (``docs/imperfections.md``)."""

    amplitude_accuracy: Origin = NO_DATA_SHEET
    offset_accuracy: Origin = NO_DATA_SHEET
    timebase_accuracy: Origin = NO_DATA_SHEET
    edge_time: Origin = NO_DATA_SHEET
    square_edge_time: Origin = NO_DATA_SHEET
    output_resistance: Origin = NO_DATA_SHEET
    waveform_resolution: Origin = NO_DATA_SHEET
    trigger_latency: Origin = NO_DATA_SHEET
    trigger_jitter: Origin = NO_DATA_SHEET
    output_relay: Origin = NO_DATA_SHEET


@dataclass(frozen=True)
class GeneratorDataSheet:
    """One model of generator."""

    name: str  #: as in ``*IDN?``
    manufacturer: str
    firmware: str
    channels: int
    output_resistance: float  #: [Ohm] behind every output
    relay_time: float  #: [s] of an output relay (typ.)
    max_frequency: Mapping[str, float]  #: [Hz] by function
    amplitude_steps: tuple[tuple[float, float], ...]  #: (up to [Hz], largest amplitude into 50 Ohm [Vpp])
    min_amplitude: float  #: [Vpp] into 50 Ohm
    peak_level: float  #: [V] |offset| + Vpp/2 into 50 Ohm
    min_pulse_width: float  #: [s]
    min_edge_time: float  #: [s] 10-90 %, up to ``fast_edge_amplitude``
    fast_edge_amplitude: float  #: [Vpp into 50 Ohm]
    slow_edge_time: float  #: [s] 10-90 % above ``fast_edge_amplitude``
    max_edge_time: float  #: [s]
    square_edge_time: float  #: [s] 10-90 % (typ.)
    max_sample_rate: float  #: [Sa/s] step or no filter
    min_sample_rate: float  #: [Sa/s]
    min_frequency: float  #: [Hz]
    min_arb_points: int
    max_arb_points: int
    dac_bits: int
    amplitude_gain_accuracy: float  #: relative to the setting
    amplitude_accuracy: float  #: [Vpp into the load]
    offset_gain_accuracy: float
    offset_amplitude_accuracy: float  #: of the offset, relative to the amplitude
    offset_accuracy: float  #: [V]
    timebase_accuracy: float  #: relative, 1 year
    trigger_latency: float  #: [s] from trigger to first edge (typ.)
    trigger_jitter: float  #: [s] rms (typ.); that of edges, cycle to cycle, is too small to model (1 ps, 40 ps)
    trigger_output_width: float  #: [s] of the pulse at the trigger output
    max_burst_count: int = 100_000_000
    max_burst_period: float = 8000.0  #: [s]
    min_burst_period: float = 1e-6
    max_trigger_delay: float = 1000.0  #: [s]
    #: whether each channel has a second connector that is its complement: the terminals "1_complement", ...
    complements: bool = False
    burst_is_operation: bool = True  #: whether ``*OPC`` and ``*WAI`` wait for the end of a burst
    sources: GeneratorSources = field(default=GeneratorSources(), kw_only=True)

    def __post_init__(self) -> None:
        if self.output_resistance != OUTPUT_RESISTANCE:   # levels would be wrong, without a word
            raise ConfigurationError(
                f"data sheet of {self.name}: output_resistance = {self.output_resistance:g} Ohm, but tsbench computes "
                f"the levels of a generator for {OUTPUT_RESISTANCE:g} Ohm. Give {OUTPUT_RESISTANCE:g}")

    def max_amplitude(self, frequency: float) -> float:
        """Return the largest amplitude [Vpp into 50 Ohm] at ``frequency`` [Hz]."""
        for limit, amplitude in self.amplitude_steps:
            if frequency <= limit:
                return amplitude
        return self.amplitude_steps[-1][1]

    def edge_floor(self, amplitude_into_50: float) -> float:
        """Return the shortest edge [s, 10-90 %] at an amplitude [Vpp into 50 Ohm]."""
        return self.min_edge_time if amplitude_into_50 <= self.fast_edge_amplitude else self.slow_edge_time
