"""Limits and imperfections of the Keysight 33500B/33600A generators, as data.

Figures follow the published data sheets of the 33522B and 33622A; those marked (typ.) are typical there or
taken from common knowledge of the family where no sheet says it.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

OUTPUT_RESISTANCE = 50.0  #: [Ohm] behind every output of the family
OPEN_RELAY = 1.0e12  #: [Ohm] an output that is off
INFINITE_LOAD = 9.9e37  #: what ``OUTP:LOAD?`` and ``BURS:NCYC?`` answer for INF


@dataclass(frozen=True)
class GeneratorDataSheet:
    """One model of the family."""

    name: str  #: as in ``*IDN?``
    manufacturer: str
    firmware: str
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
    max_burst_count: int = 100_000_000
    max_burst_period: float = 8000.0  #: [s]
    min_burst_period: float = 1e-6
    max_trigger_delay: float = 1000.0  #: [s]

    def max_amplitude(self, frequency: float) -> float:
        """Return the largest amplitude [Vpp into 50 Ohm] at ``frequency`` [Hz]."""
        for limit, amplitude in self.amplitude_steps:
            if frequency <= limit:
                return amplitude
        return self.amplitude_steps[-1][1]

    def edge_floor(self, amplitude_into_50: float) -> float:
        """Return the shortest edge [s, 10-90 %] at an amplitude [Vpp into 50 Ohm]."""
        return self.min_edge_time if amplitude_into_50 <= self.fast_edge_amplitude else self.slow_edge_time


_COMMON = {
    "manufacturer": "Keysight Technologies", "min_amplitude": 1e-3, "peak_level": 5.0, "max_edge_time": 1e-6,
    "amplitude_gain_accuracy": 0.01, "amplitude_accuracy": 1e-3, "offset_gain_accuracy": 0.01,
    "offset_amplitude_accuracy": 0.0025, "offset_accuracy": 2e-3, "timebase_accuracy": 1e-6,
}

KEYSIGHT_33622A = GeneratorDataSheet(
    name="33622A", firmware="A.02.03-3.15-03-64-02",
    max_frequency={"SIN": 120e6, "SQU": 100e6, "RAMP": 800e3, "TRI": 800e3, "PULS": 100e6, "NOIS": 120e6,
                   "PRBS": 200e6, "ARB": math.inf, "DC": math.inf},
    amplitude_steps=((60e6, 10.0), (80e6, 8.0), (120e6, 4.0)),
    min_pulse_width=5e-9, min_edge_time=2.9e-9, fast_edge_amplitude=4.0, slow_edge_time=3.3e-9,
    square_edge_time=2.9e-9, max_sample_rate=1e9, min_arb_points=32, max_arb_points=4_000_000, dac_bits=14,
    trigger_latency=135e-9, trigger_jitter=0.5e-9,
    **_COMMON,  # type: ignore[arg-type]
)

KEYSIGHT_33522B = GeneratorDataSheet(
    name="33522B", firmware="2.09-1.19-2.00-52-00",
    max_frequency={"SIN": 30e6, "SQU": 30e6, "RAMP": 200e3, "TRI": 200e3, "PULS": 30e6, "NOIS": 30e6,
                   "PRBS": 50e6, "ARB": math.inf, "DC": math.inf},
    amplitude_steps=((30e6, 10.0),),
    min_pulse_width=16e-9, min_edge_time=8.4e-9, fast_edge_amplitude=10.0, slow_edge_time=8.4e-9,
    square_edge_time=8.4e-9, max_sample_rate=250e6, min_arb_points=8, max_arb_points=1_000_000, dac_bits=16,
    trigger_latency=135e-9, trigger_jitter=2.5e-9,
    **_COMMON,  # type: ignore[arg-type]
)

MODELS: Mapping[str, GeneratorDataSheet] = {
    "keysight_33622a": KEYSIGHT_33622A, "keysight_33522b": KEYSIGHT_33522B,
}
