"""The numbers of the Keysight 33500B/33600A generators.

Figures follow the published data sheets of the 33522B and 33622A; those marked (typ.) are typical there or
taken from common knowledge of the family where no sheet says it.

Both series answer ``*IDN?`` with the maker's old name, also when Keysight built them. Replies in public programs:
Agilent Technologies,33522B,MY57801384,4.00-1.19-2.00-58-00; ...,33511B,,5.03-3.15-2.00-58-00; ...,33612A,MY53401500,
A.02.02-2.40-03-64-02; ...,33622A,MY59002437,A.02.03-3.15-03-64-02.
"""

import math

from tsbench.simulated_backends.virtual_instruments.generator.data_sheet import GeneratorDataSheet, GeneratorSources
from tsbench.simulated_backends.virtual_instruments.sources import Origin

SOURCES = GeneratorSources(
    edge_time=Origin("33500 user's guide, p. 70 (8.4 ns)", "the 33622A"),
    output_resistance=Origin("33500 user's guide, p. 62 (50 Ohm)"),
)
_COMMON = {
    "manufacturer": "Agilent Technologies", "channels": 2, "output_resistance": 50.0, "relay_time": 2e-3,
    "min_frequency": 1e-6, "min_sample_rate": 1e-6, "trigger_output_width": 1e-6,
    "min_amplitude": 1e-3, "peak_level": 5.0, "max_edge_time": 1e-6,
    "amplitude_gain_accuracy": 0.01, "amplitude_accuracy": 1e-3, "offset_gain_accuracy": 0.01,
    "offset_amplitude_accuracy": 0.0025, "offset_accuracy": 2e-3, "timebase_accuracy": 1e-6,
    "sources": SOURCES,
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
