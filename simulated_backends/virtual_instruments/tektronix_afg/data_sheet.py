"""The numbers of the Tektronix AFG3000C and AFG31000 arbitrary function generators with two channels.

From the limits in drivers by other authors: 0.02 to 10 Vpp, 1 uHz to 150 MHz, duty cycles of 0.001 to 99.999 % and
loads of 1 Ohm to 10 kOhm (PyMeasure 0.16.0, afg3152c.py); bursts of 1 to 1 000 000 cycles, delays of 0 to 85 s,
and waveforms of 2 to 131 072 points of 14 bits, 0 to 16382 (qcodes_contrib_drivers 0.24.1, AFG3000.py).

Not compared with a data sheet: the frequencies, levels, edges and widths of the other models, sample rates, accuracies,
latency and jitter of triggers, the time of relays.
"""

from dataclasses import replace

from tsbench.simulated_backends.virtual_instruments.generator.data_sheet import GeneratorDataSheet, GeneratorSources
from tsbench.simulated_backends.virtual_instruments.sources import Origin


def _frequencies(sine: float, square: float, ramp: float) -> dict[str, float]:
    return {"SIN": sine, "SQU": square, "PULS": square, "RAMP": ramp, "NOIS": sine, "ARB": square, "DC": sine}


SOURCES = GeneratorSources(
    output_resistance=Origin(
        "tek.com, FAQ on the amplitude of the AFG3000 (a series termination of 50 Ohm)", "the AFG31000"),
    waveform_resolution=Origin("limits of a driver (qcodes_contrib_drivers 0.24.1, AFG3000.py: 14 bits)"))

AFG3102C = GeneratorDataSheet(
    name="AFG3102C", manufacturer="TEKTRONIX", firmware="SCPI:99.0 FV:3.2.3", channels=2, output_resistance=50.0,
    relay_time=5e-3, max_frequency=_frequencies(100e6, 50e6, 1e6), amplitude_steps=((100e6, 10.0),),
    min_amplitude=0.02, peak_level=5.0, min_pulse_width=8e-9, min_edge_time=5e-9, fast_edge_amplitude=10.0,
    slow_edge_time=5e-9, max_edge_time=625.0, square_edge_time=5e-9, max_sample_rate=1e9, min_sample_rate=2e-6,
    min_frequency=1e-6, min_arb_points=2, max_arb_points=131_072, dac_bits=14, amplitude_gain_accuracy=0.01,
    amplitude_accuracy=1e-3, offset_gain_accuracy=0.01, offset_amplitude_accuracy=0.0, offset_accuracy=5e-3,
    timebase_accuracy=1e-6, trigger_latency=75e-9, trigger_jitter=0.5e-9, trigger_output_width=50e-9,
    max_burst_count=1_000_000, max_burst_period=500.0, max_trigger_delay=85.0, burst_is_operation=False,
    sources=SOURCES,
)
AFG3152C = replace(
    AFG3102C, name="AFG3152C", max_frequency=_frequencies(150e6, 100e6, 1.5e6), amplitude_steps=((150e6, 10.0),),
    min_pulse_width=5e-9, min_edge_time=3.5e-9, slow_edge_time=3.5e-9, square_edge_time=3.5e-9,
)
AFG3252C = replace(
    AFG3102C, name="AFG3252C", max_frequency=_frequencies(240e6, 120e6, 2.4e6),
    amplitude_steps=((200e6, 5.0), (240e6, 4.0)), min_amplitude=0.05, peak_level=2.5, min_pulse_width=4e-9,
    min_edge_time=2.5e-9, fast_edge_amplitude=5.0, slow_edge_time=2.5e-9, square_edge_time=2.5e-9, max_sample_rate=2e9,
    trigger_jitter=0.1e-9,
)
AFG31102 = replace(
    AFG3102C, name="AFG31102", firmware="SCPI:99.0 FV:1.5.2", max_frequency=_frequencies(100e6, 80e6, 1e6),
    amplitude_steps=((60e6, 10.0), (100e6, 8.0)), min_amplitude=1e-3, min_pulse_width=6e-9, min_edge_time=2.5e-9,
    slow_edge_time=2.5e-9, max_edge_time=1000.0, square_edge_time=2.5e-9, trigger_jitter=0.1e-9,
)
AFG31252 = replace(
    AFG31102, name="AFG31252", max_frequency=_frequencies(250e6, 160e6, 2.5e6),
    amplitude_steps=((60e6, 10.0), (100e6, 8.0), (200e6, 5.0), (250e6, 4.0)), min_pulse_width=4e-9, min_edge_time=2e-9,
    slow_edge_time=2e-9, square_edge_time=2e-9, max_sample_rate=2e9,
)
