"""Acquisitions whose samples as numbers would fill the memory: a part as a record, and all of them part by part.

A run holds codes of one or two bytes. Voltage, current and times of a sample as numbers take 24 bytes, so 10^8 samples
take 2.4 GB. The spikes are searched part by part (:mod:`tsbench.analysis.oscillation.samples`); what needs the samples
themselves (energy, figures) gets the first part of the record.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from tsbench.protocols.extracting.signals import DeviceRecord, device_record
from tsbench.records import Fixture, FloatArray, Waveform

#: samples from which on a record is long, and those of its first part
LONG = 2**22
#: samples whose codes are compared with the ends of the range at once
_AT_ONCE = 2**20


@dataclass(frozen=True)
class DeviceSamples:
    """Device voltage [V], or current [A] where no voltage was sensed, of the first segment of an acquisition."""

    group: Mapping[str, Waveform]
    fixture: Fixture

    @property
    def size(self) -> int:
        return int(next(iter(self.group.values())).codes.shape[1])

    def part(self, first: int, last: int) -> FloatArray:
        """Return samples, shape (last - first,)."""
        record = device_record(_cut(self.group, first, last), self.fixture)
        values = record.current if record.voltage is None else record.voltage
        assert values is not None
        return np.ascontiguousarray(values[0])


def is_long(group: Mapping[str, Waveform]) -> bool:
    """Return whether an acquisition of one segment is read part by part."""
    shape = next(iter(group.values())).codes.shape
    return bool(shape[0] == 1 and shape[1] >= LONG)


def shown_part(group: Mapping[str, Waveform], fixture: Fixture) -> DeviceRecord:
    """Return an acquisition as a record; of a long one the first samples."""
    return device_record(_cut(group, 0, LONG) if is_long(group) else group, fixture)


def first_part(group: Mapping[str, Waveform], fixture: Fixture) -> DeviceRecord:
    """Return the first samples of a long acquisition as a record; ``clipped`` is that of all samples."""
    record = shown_part(group, fixture)
    size = next(iter(group.values())).codes.shape[1]
    clipped = any(
        any(device_record(_cut(group, first, first + _AT_ONCE), fixture).clipped) for first in range(0, size, _AT_ONCE))
    return replace(record, clipped=(clipped,))


def _cut(group: Mapping[str, Waveform], first: int, last: int) -> dict[str, Waveform]:
    return {name: replace(wave, codes=wave.codes[:, first:last], t0=wave.t0 + first * wave.dt)
            for name, wave in group.items()}
