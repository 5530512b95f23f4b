"""Numbers of a 4225-PMU with two 4225-RPM.

Sources: 4200A-SCS Reference Manual, 4200A-901-01 Rev. C, p. 6-73 (current ranges beside the voltage ranges, with RPM),
p. 6-78 (status codes); Pulse Card User's Manual, 4200A-PMU-900-01 Rev. B, p. 4-11 (2048 segments), p. 4-12 (10 ns
behind the last segment, 25 us for a relay); 4225-RPM Instructions, PA-1086 Rev. A, p. 10 (50 Ohm); KXCI Remote Control
Programming Rev. D, section 7 (bounds of pulse times, 20 ns and 50 ns to 1 s for a segment, 128 values in a message,
512 sequences, 65 536 points, 200 MSa/s, defaults after ``:PMU:INIT``).

Not compared with a data sheet: accuracies, noise, settling times and least widths of the ranges, jitter, the time
before a test begins, the number that stands for a reading beyond its range, the form of a status word, the defaults of
the measuring windows.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from tsbench.simulated_backends.virtual_instruments.sources import NO_DATA_SHEET, Origin

OUTPUT_RESISTANCE = 50.0  #: [Ohm]
MOST_SEGMENTS, MOST_VALUES, MOST_SEQUENCES, MOST_LOOPS = 2048, 128, 512, 1e12
MOST_POINTS, POINTS_AT_ONCE = 65_536, 2048
FASTEST, SLOWEST = 200e6, 1e3  #: samples/s
STEP = 10e-9  #: [s] of the times of segments
LAST_STEP = 10e-9  #: [s] behind the last segment
RELAY_TIME = 25e-6  #: [s] of a segment in which the output relay moves
LEAST_SEGMENT: Mapping[float, float] = {10.0: 20e-9, 40.0: 50e-9}  #: [s] by voltage range
LEAST_PERIOD: Mapping[float, float] = {10.0: 60e-9, 40.0: 280e-9}
LEAST_WIDTH: Mapping[float, float] = {10.0: 40e-9, 40.0: 140e-9}
LEAST_EDGE: Mapping[float, float] = {10.0: 20e-9, 40.0: 100e-9}
LONGEST_EDGE, LONGEST_PERIOD = 33e-3, 1.0  #: [s]
PREPARATION = 20e-3  #: [s] from :PMU:EXECUTE to the first segment
BEYOND = 1e22  #: a reading beyond its range
#: by imperfection (``docs/imperfections.md``)
SOURCES: Mapping[str, Origin] = {
    "reading_accuracy": NO_DATA_SHEET, "reading_noise": NO_DATA_SHEET, "settling": NO_DATA_SHEET,
    "level_accuracy": NO_DATA_SHEET, "jitter": NO_DATA_SHEET, "preparation": NO_DATA_SHEET,
    "output_resistance": Origin("4225-RPM instructions, PA-1086 rev. A, p. 10 (50 Ohm)"),
    "output_relay": Origin("Pulse card user's manual 4200A-PMU-900-01 rev. B, p. 4-12 (25 us)"),
}
SETTLED = math.log(1 / 0.005)  #: time constants of one pole until +-0.5 %
LEVEL_GAIN = 5e-3  #: accuracy of a level, relative
LEVEL_OFFSETS: Mapping[float, float] = {10.0: 10e-3, 40.0: 80e-3}  #: [V]
JITTER = 0.5e-9  #: [s]


@dataclass(frozen=True)
class PulseRange:
    """One measuring range."""

    full_scale: float  #: [A or V]
    gain: float
    offset: float  #: [A or V]
    settling: float  #: [s] to +-0.5 %
    noise: float  #: [A or V] rms of one sample
    code: int = 0  #: in status words

    @property
    def time_constant(self) -> float:
        """Return the time constant of one pole with that settling [s]."""
        return self.settling / SETTLED

    @property
    def top(self) -> float:
        """Return the highest reading."""
        return self.full_scale * 1.05


_RPM = (
    PulseRange(100e-9, 5e-3, 1e-9, 100e-6, 200e-12, 0), PulseRange(1e-6, 5e-3, 1e-9, 15e-6, 2e-9, 1),
    PulseRange(10e-6, 5e-3, 30e-9, 6e-6, 5e-9, 2), PulseRange(100e-6, 5e-3, 100e-9, 750e-9, 50e-9, 3),
    PulseRange(1e-3, 5e-3, 1e-6, 250e-9, 300e-9, 4), PulseRange(10e-3, 5e-3, 10e-6, 100e-9, 1.5e-6, 5),
)
#: by voltage range [V], lowest first
CURRENT_RANGES: Mapping[float, tuple[PulseRange, ...]] = {
    10.0: (*_RPM, PulseRange(0.2, 2.5e-3, 250e-6, 30e-9, 50e-6, 6)),
    40.0: (PulseRange(100e-6, 2.5e-3, 1e-6, 4e-6, 75e-9, 3), PulseRange(10e-3, 5e-3, 100e-6, 500e-9, 5e-6, 5),
           PulseRange(0.8, 2.5e-3, 3e-3, 500e-9, 200e-6, 7)),
}
VOLTAGE_RANGES: Mapping[float, PulseRange] = {
    10.0: PulseRange(10.0, 2.5e-3, 10e-3, 30e-9, 2e-3), 40.0: PulseRange(40.0, 2.5e-3, 40e-3, 150e-9, 8e-3)}


def status_word(channel: int, volts: float, row: PulseRange, waveform: bool, over: int, llec: int = 0) -> str:
    """Return the status of a reading: digits A to H of p. 6-78.

    Parameters
    ----------
    channel : 1 or 2
    volts : [V] voltage range
    row : current range
    waveform : whether it is a sample, or a spot mean
    over : digit F, which quantity is beyond its range
    llec : digit A
    """
    place = channel + (0 if volts == 10.0 else 4)
    return f"{llec}10{2 if waveform else 1}0{over:X}{row.code}{place}"
