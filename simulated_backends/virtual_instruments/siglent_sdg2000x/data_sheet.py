"""The numbers of the Siglent SDG2000X function generators.

Not compared with a data sheet: all of them. From replies of an SDG2042X that others recorded
(``tests/transcripts/siglent_sdg2042x.recorded.jsonl``): the largest frequencies but that of the noise, 20 and 10 Vpp up
to and above 20 MHz, 2 mVpp at any load, the narrowest pulse, edges of 8.4 ns, the bandwidths of the noise, and 1e-7 Hz
as a frequency that is possible (lower ones are not compared; the instrument takes even 0). From other replies: the
shortest trigger delay of 240 ns; the SDG2042X shows 604 ns.
"""

from dataclasses import replace

from tsbench.simulated_backends.virtual_instruments.generator.data_sheet import GeneratorDataSheet, GeneratorSources
from tsbench.simulated_backends.virtual_instruments.sources import Origin


def _frequencies(sine: float) -> dict[str, float]:
    return {"SIN": sine, "SQU": 25e6, "PULS": 25e6, "RAMP": 1e6, "NOIS": sine, "ARB": 20e6, "DC": sine}


MIN_NOISE_BANDWIDTH, MAX_NOISE_BANDWIDTH = 20e6, 120e6  #: [Hz]
SHORTEST_DELAY = 240e-9  #: [s] from a trigger to the burst: part of the trigger delay that is shown
SOURCES = GeneratorSources(
    edge_time=Origin("replies that others recorded (8.4 ns)", "the least that is possible"),
    trigger_latency=Origin("replies that others recorded (a trigger delay of 240 ns at least)"),
)
SDG2122X = GeneratorDataSheet(
    name="SDG2122X", manufacturer="Siglent Technologies", firmware="2.01.01.38R4", channels=2, output_resistance=50.0,
    relay_time=5e-3, max_frequency=_frequencies(120e6), amplitude_steps=((20e6, 10.0), (120e6, 5.0)),
    min_amplitude=2e-3, peak_level=5.0, min_pulse_width=16.3e-9, min_edge_time=8.4e-9, fast_edge_amplitude=10.0,
    slow_edge_time=8.4e-9, max_edge_time=22.4, square_edge_time=8.4e-9, max_sample_rate=75e6, min_sample_rate=1e-6,
    min_frequency=1e-7, min_arb_points=8, max_arb_points=8_388_608, dac_bits=16, amplitude_gain_accuracy=0.01,
    amplitude_accuracy=1e-3, offset_gain_accuracy=0.01, offset_amplitude_accuracy=0.0, offset_accuracy=3e-3,
    timebase_accuracy=2e-6, trigger_latency=0.0, trigger_jitter=0.3e-9, trigger_output_width=60e-9,
    max_burst_count=1_000_000, max_burst_period=1000.0, max_trigger_delay=100.0, burst_is_operation=False,
    sources=SOURCES,
)
SDG2082X = replace(
    SDG2122X, name="SDG2082X", max_frequency=_frequencies(80e6), amplitude_steps=((20e6, 10.0), (80e6, 5.0)))
SDG2042X = replace(
    SDG2122X, name="SDG2042X", max_frequency=_frequencies(40e6), amplitude_steps=((20e6, 10.0), (40e6, 5.0)))
