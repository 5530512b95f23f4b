"""Ranges and limits of a 4225-PMU with two 4225-RPM.

Sources: 4200A-SCS Reference Manual, 4200A-901-01 Rev. C, p. 6-73 (ranges), 6-78 (status codes); Pulse Card User's
Manual, 4200A-PMU-900-01 Rev. B, p. 4-11 (2048 segments); KXCI Remote Control Programming Rev. D, section 7 (20 ns and
50 ns to 1 s for a segment, 128 values in a message, 65 536 points, 2048 in a reply). Not compared with a data sheet:
accuracies, noise, settling times, least widths.
"""

from collections.abc import Mapping

from tsbench.instruments.interfaces import Accuracy, CurrentRange, PulseMeasureCapabilities, Range

VOLTS = (10.0, 40.0)  #: [V] ranges
#: by voltage range: current ranges [A]
CURRENTS: Mapping[float, tuple[float, ...]] = {
    10.0: (100e-9, 1e-6, 10e-6, 100e-6, 1e-3, 10e-3, 0.2), 40.0: (100e-6, 10e-3, 0.8)}
LEAST_SEGMENT: Mapping[float, float] = {10.0: 20e-9, 40.0: 50e-9}  #: [s]
STEP = 10e-9  #: [s] of the times of segments
FASTEST_RATE = 200e6  #: samples/s; slower rates are whole parts of it
MOST_VALUES, MOST_POINTS, POINTS_AT_ONCE = 128, 65_536, 2048
LOAD = 1e7  #: [Ohm] that levels are set for: they are those behind the output resistance
WAVEFORM = 2  #: measure type of a sampled segment
NO_NUMBER = 1e20  #: a reading beyond this is none
OVERFLOW_DIGIT = 5  #: of a status word: which quantity is beyond its range
#: full scale [A]: gain, offset [A], least width, settling [s], noise [A] of one sample
_CURRENTS: Mapping[float, tuple[float, float, float, float, float]] = {
    100e-9: (5e-3, 1e-9, 134e-6, 100e-6, 200e-12), 1e-6: (5e-3, 1e-9, 20.4e-6, 15e-6, 2e-9),
    10e-6: (5e-3, 30e-9, 8.36e-6, 6e-6, 5e-9), 100e-6: (5e-3, 100e-9, 1.04e-6, 750e-9, 50e-9),
    1e-3: (5e-3, 1e-6, 370e-9, 250e-9, 300e-9), 10e-3: (5e-3, 10e-6, 160e-9, 100e-9, 1.5e-6),
    0.2: (2.5e-3, 250e-6, 70e-9, 30e-9, 50e-6), 0.8: (2.5e-3, 3e-3, 770e-9, 500e-9, 200e-6)}
#: the same in the 40 V range, where it differs
_CURRENTS_AT_40_V: Mapping[float, tuple[float, float, float, float, float]] = {
    100e-6: (2.5e-3, 1e-6, 6.4e-6, 4e-6, 75e-9), 10e-3: (5e-3, 100e-6, 770e-9, 500e-9, 5e-6)}


def current_range(volts: float, full_scale: float) -> CurrentRange:
    """Return a current range [A] beside a voltage range [V]."""
    table = {**_CURRENTS, **(_CURRENTS_AT_40_V if volts == VOLTS[1] else {})}
    gain, offset, width, settling, noise = table[full_scale]
    return CurrentRange(Accuracy(full_scale, gain, offset, noise), width, settling, 1 / FASTEST_RATE)


CAPABILITIES = PulseMeasureCapabilities(
    voltage_ranges=tuple(Range(-full, full, "V") for full in VOLTS),
    voltage_accuracy=(Accuracy(10.0, 5e-3, 10e-3), Accuracy(40.0, 5e-3, 80e-3)),
    current_ranges=tuple(current_range(10.0, full) for full in _CURRENTS),
    segment_duration=Range(20e-9, 1.0, "s"), maximum_segments=2047, sample_interval=Range(5e-9, 1e-3, "s"),
    maximum_samples=MOST_POINTS, output_resistance=50.0)
