"""The numbers of the Rigol DG800 and DG900 function generators with two channels.

From the programming guides: edges from 10 ns to 0.625 of the width (DG800, p. 2-79), waveforms of 8 to 16384 points in
a package and codes of 0 to 3FFF (DG800, p. 2-136), loads of 1 Ohm to 10 kOhm (DG900, p. 2-40).

Not compared with a data sheet: frequencies, levels, widths, edges of the DG900, sample rates, memory, accuracies,
cycles of a burst, latency and jitter of triggers, the time of relays.
"""

from dataclasses import replace

from tsbench.simulated_backends.virtual_instruments.generator.data_sheet import GeneratorDataSheet, GeneratorSources
from tsbench.simulated_backends.virtual_instruments.sources import Origin


def _frequencies(sine: float, square: float, ramp: float, arbitrary: float) -> dict[str, float]:
    return {"SIN": sine, "SQU": square, "PULS": square, "RAMP": ramp, "NOIS": sine, "ARB": arbitrary, "DC": sine}


SOURCES = GeneratorSources(
    edge_time=Origin("DG800 programming guide, p. 2-79 (10 ns)", "the DG900"),
    waveform_resolution=Origin("DG800 programming guide, p. 2-136 (codes of 14 bits; no command shows more)"),
)
DG822 = GeneratorDataSheet(
    name="DG822", manufacturer="Rigol Technologies", firmware="00.02.05", channels=2, output_resistance=50.0,
    relay_time=5e-3, max_frequency=_frequencies(25e6, 10e6, 0.5e6, 10e6), amplitude_steps=((10e6, 10.0), (25e6, 5.0)),
    min_amplitude=1e-3, peak_level=5.0, min_pulse_width=16e-9, min_edge_time=10e-9, fast_edge_amplitude=10.0,
    slow_edge_time=10e-9, max_edge_time=1.0, square_edge_time=10e-9, max_sample_rate=125e6, min_sample_rate=1e-6,
    min_frequency=1e-6, min_arb_points=8, max_arb_points=2_097_152, dac_bits=14, amplitude_gain_accuracy=0.01,
    amplitude_accuracy=5e-3, offset_gain_accuracy=0.01, offset_amplitude_accuracy=0.005, offset_accuracy=5e-3,
    timebase_accuracy=1e-6, trigger_latency=400e-9, trigger_jitter=1e-9, trigger_output_width=1e-6,
    max_burst_count=1_000_000, max_burst_period=500.0, max_trigger_delay=100.0, burst_is_operation=False,
    sources=SOURCES,
)
DG832 = replace(
    DG822, name="DG832", max_frequency=_frequencies(35e6, 10e6, 1e6, 10e6), amplitude_steps=((10e6, 10.0), (35e6, 5.0)))
DG972 = replace(
    DG822, name="DG972", max_frequency=_frequencies(70e6, 20e6, 1.5e6, 20e6),
    amplitude_steps=((20e6, 10.0), (70e6, 5.0)), min_edge_time=9e-9, slow_edge_time=9e-9, square_edge_time=9e-9,
    max_sample_rate=250e6, max_arb_points=16_777_216)
DG992 = replace(
    DG972, name="DG992", max_frequency=_frequencies(100e6, 25e6, 2e6, 20e6),
    amplitude_steps=((20e6, 10.0), (70e6, 5.0), (100e6, 2.5)), min_edge_time=8e-9, slow_edge_time=8e-9,
    square_edge_time=8e-9)
