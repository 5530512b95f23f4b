"""Spikes of scope records that do not fit in the memory, from the run file, part by part."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tsbench.analysis.oscillation.frequency import MeasuredOscillation, oscillation
from tsbench.analysis.oscillation.spikes import Spikes, spikes_of_samples
from tsbench.records import FloatArray
from tsbench.storage.nexus.stored_samples import StoredSamples, stored_samples

_HIGH, _LOW = "device_voltage_high", "device_voltage_low"


@dataclass(frozen=True)
class LongRecord:
    """What one acquisition shows: of the device voltage where both its sides were sensed, else of one channel."""

    channel: str
    unit: str
    samples: int
    spikes: Spikes
    found: MeasuredOscillation


@dataclass(frozen=True)
class _Difference:
    """The device voltage: the channel of the high side less that of the low side."""

    high: StoredSamples
    low: StoredSamples

    @property
    def size(self) -> int:
        return self.high.size

    def part(self, first: int, last: int) -> FloatArray:
        difference: FloatArray = self.high.part(first, last) - self.low.part(first, last)
        return difference


def long_records(path: Path | str, timebase_accuracy: float = 0.0) -> list[LongRecord]:
    """Return the spikes of every scope record of a run file. Memory grows with the spikes, not with the samples.

    Parameters
    ----------
    path : run file
    timebase_accuracy : relative limit of the scope's time base

    Raises
    ------
    UnreadableFile
        Truncated, damaged, or no run file.
    """
    with stored_samples(path) as stored:
        records = []
        for one in stored:
            beside = [other for other in stored if other.channel == _LOW and (other.time, other.size) == (
                one.time, one.size)]
            if one.channel == _LOW and any(other.channel == _HIGH and other.time == one.time for other in stored):
                continue
            voltage = one.channel == _HIGH and len(beside) == 1
            samples = _Difference(one, beside[0]) if voltage else one
            resolution = float(np.hypot(one.resolution, beside[0].resolution)) if voltage else one.resolution
            spikes = spikes_of_samples(samples, one.dt, one.start, resolution)
            records.append(LongRecord("device_voltage" if voltage else one.channel, one.unit, one.size, spikes,
                                      oscillation(spikes, timebase_accuracy)))
        return records
