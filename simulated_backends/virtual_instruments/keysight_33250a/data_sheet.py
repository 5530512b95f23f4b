"""The numbers of the Keysight (Agilent) 33250A function and arbitrary waveform generator with one channel.

From the user's guide, chapter 4, p. 168: edges of 5 ns to 1 ms, equal for both edges, at most 0.625 times the width.

From the user's guide, chapter 3 (pages not noted): duty cycles of 40 to 60 % above 25 MHz and of 50 % above 50 MHz; a
burst period that is 200 ns longer than the burst.

From the limits in a driver by another author (PyMeasure 0.16.0, keysight33250A.py): frequencies of each function,
widths from 8 ns, periods of 20 ns to 2000 s, 1 mVpp to 10 Vpp, offsets within 5 V, loads of 1 Ohm to 10 kOhm, bursts
of 1 to 1 000 000 cycles every 1 us to 500 s, delays up to 85 s. From a script by another author ("constructed according
to Agilent 33250A manual", M. Lints, 2019): codes of -2047 to 2047, up to 65 536 points.

Not compared with a data sheet: sample rate, accuracies, latency and jitter of triggers, edges of a square wave, the
time of the relay.
"""

from tsbench.simulated_backends.virtual_instruments.generator.data_sheet import GeneratorDataSheet, GeneratorSources
from tsbench.simulated_backends.virtual_instruments.sources import Origin

LONGEST_PERIOD = 2000.0  #: [s] of pulses
BURST_REST = 200e-9  #: [s] from the end of a burst to the next one, at least
#: up to a frequency [Hz], how far the duty cycle of a square wave may be from 50 % [%]
DUTY_ROOM = ((25e6, 30.0), (50e6, 10.0), (80e6, 0.0))
EDGE_SHARE = 0.625  #: of the width, and of the rest of the period: what an edge may take

SOURCES = GeneratorSources(
    edge_time=Origin("33250A user's guide, chapter 4, p. 168 (5 ns)"),
    waveform_resolution=Origin("M. Lints, 2019, after the manual of the 33250A (codes of +-2047)"),
)

KEYSIGHT_33250A = GeneratorDataSheet(
    name="33250A", manufacturer="Agilent Technologies", firmware="2.01-1.01-1.00-03-1", channels=1,
    output_resistance=50.0, relay_time=5e-3,
    max_frequency={"SIN": 80e6, "SQU": 80e6, "RAMP": 1e6, "PULS": 50e6, "NOIS": 80e6, "ARB": 25e6, "DC": 80e6},
    amplitude_steps=((80e6, 10.0),), min_amplitude=1e-3, peak_level=5.0, min_pulse_width=8e-9, min_edge_time=5e-9,
    fast_edge_amplitude=10.0, slow_edge_time=5e-9, max_edge_time=1e-3, square_edge_time=8e-9, max_sample_rate=200e6,
    min_sample_rate=1e-6, min_frequency=1e-6, min_arb_points=1, max_arb_points=65_536, dac_bits=12,
    amplitude_gain_accuracy=0.01, amplitude_accuracy=1e-3, offset_gain_accuracy=0.01, offset_amplitude_accuracy=0.005,
    offset_accuracy=2e-3, timebase_accuracy=2e-6, trigger_latency=100e-9, trigger_jitter=1e-9,
    trigger_output_width=450e-9, max_burst_count=1_000_000, max_burst_period=500.0, max_trigger_delay=85.0,
    sources=SOURCES,
)
SHORTEST_PERIOD = 1 / KEYSIGHT_33250A.max_frequency["PULS"]  #: [s] of pulses
