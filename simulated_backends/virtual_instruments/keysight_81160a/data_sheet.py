"""The numbers of the Keysight 81160A and 81150A pulse, function, arbitrary and noise generators.

From the user's guide of both ("81150A and 81160A User's Guide", section 3.4.1): the shortest pulse periods of 3.03 ns
and 8.33 ns, the longest of 1e6 s, period >= width + 1.6 * edge, and 1 us after a reset.

From the limits in a driver by another author, whose tests ran on an 81160A (PyMeasure 0.16.0, keysight81160A.py):
edges from 1 ns, widths from 1.5 ns, 0.05 to 5 Vpp, sine waves to 500 MHz with 3 Vpp above 330 MHz, codes of +-8191,
limits to +-10 V, loads from 0.3 Ohm to 1 MOhm.

Not compared with a data sheet: all numbers of the 81150A but its period; of both the frequencies of ramp and noise, the
accuracies, the latency and jitter of triggers, the time of relays, and the memory.
"""

from dataclasses import replace

from tsbench.simulated_backends.virtual_instruments.generator.data_sheet import GeneratorDataSheet, GeneratorSources
from tsbench.simulated_backends.virtual_instruments.sources import Origin

SOURCES = GeneratorSources(
    edge_time=Origin(
        "limits of a driver whose tests ran on an 81160A (PyMeasure 0.16.0, keysight81160A.py: 1 ns)", "the 81150A"),
    waveform_resolution=Origin("the same driver (codes of +-8191)", "the 81150A"),
)
_COMMON = {
    "manufacturer": "Agilent Technologies", "channels": 2, "output_resistance": 50.0, "relay_time": 5e-3,
    "min_frequency": 1e-6, "min_sample_rate": 1e-6, "trigger_output_width": 100e-9, "max_edge_time": 1000.0,
    "amplitude_gain_accuracy": 0.015, "amplitude_accuracy": 5e-3, "offset_gain_accuracy": 0.01,
    "offset_amplitude_accuracy": 0.01, "offset_accuracy": 25e-3, "timebase_accuracy": 25e-6, "dac_bits": 14,
    "min_arb_points": 2, "max_burst_count": 2_147_483_647, "min_burst_period": 3.03e-9, "max_burst_period": 1e6,
    "max_trigger_delay": 1000.0, "sources": SOURCES,
}

KEYSIGHT_81160A = GeneratorDataSheet(
    name="81160A", firmware="1.0.3.0-2.6",
    max_frequency={"SIN": 500e6, "SQU": 330e6, "RAMP": 20e6, "PULS": 330e6, "NOIS": 330e6, "ARB": 330e6, "DC": 330e6},
    amplitude_steps=((330e6, 5.0), (500e6, 3.0)), min_amplitude=0.05, peak_level=5.0,
    min_pulse_width=1.5e-9, min_edge_time=1e-9, fast_edge_amplitude=5.0, slow_edge_time=1e-9, square_edge_time=1e-9,
    max_sample_rate=2.5e9, max_arb_points=131_072, trigger_latency=600e-9, trigger_jitter=0.1e-9, complements=True,
    **_COMMON,  # type: ignore[arg-type]
)

#: 81150A with its amplifier of high bandwidth, from 50 Ohm
KEYSIGHT_81150A = GeneratorDataSheet(
    name="81150A", firmware="1.0.3.0-2.6",
    max_frequency={"SIN": 240e6, "SQU": 120e6, "RAMP": 5e6, "PULS": 120e6, "NOIS": 120e6, "ARB": 120e6, "DC": 120e6},
    amplitude_steps=((240e6, 5.0),), min_amplitude=0.05, peak_level=5.0,
    min_pulse_width=4.1e-9, min_edge_time=2.5e-9, fast_edge_amplitude=5.0, slow_edge_time=2.5e-9,
    square_edge_time=2.5e-9, max_sample_rate=2e9, max_arb_points=524_288, trigger_latency=600e-9, trigger_jitter=0.5e-9,
    complements=True,
    **_COMMON,  # type: ignore[arg-type]
)
_SLOW = {"SIN": 50e6, "SQU": 50e6, "RAMP": 5e6, "PULS": 50e6, "NOIS": 50e6, "ARB": 50e6, "DC": 50e6}
#: with its amplifier of high voltage, from 50 Ohm
KEYSIGHT_81150A_HIGH_VOLTAGE = replace(
    KEYSIGHT_81150A, max_frequency=_SLOW, amplitude_steps=((50e6, 10.0),), min_amplitude=0.1, peak_level=10.0,
    min_pulse_width=10e-9, min_edge_time=7.5e-9, fast_edge_amplitude=10.0, slow_edge_time=7.5e-9,
    square_edge_time=7.5e-9)
#: the same from 5 Ohm: levels into 50 Ohm
KEYSIGHT_81150A_LOW_IMPEDANCE = replace(
    KEYSIGHT_81150A_HIGH_VOLTAGE, amplitude_steps=((50e6, 20.0),), min_amplitude=0.2, fast_edge_amplitude=20.0)
