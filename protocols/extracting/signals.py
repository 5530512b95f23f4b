"""Device voltage and current from what the scope channels sensed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from tsbench.protocols.acquiring.device_view import CURRENT_SENSE, VOLTAGE_HIGH, VOLTAGE_LOW
from tsbench.records import Fixture, Flag, FloatArray, Run, Waveform


@dataclass(frozen=True)
class DeviceRecord:
    """One acquisition seen at the device; voltage [V] and current [A] of shape (segments, samples)."""

    conditions: Mapping[str, float]
    times: FloatArray  #: [s] after each trigger, shape (samples,)
    voltage: FloatArray | None
    current: FloatArray | None
    voltage_resolution: float  #: [V] one code
    current_resolution: float  #: [A] one code
    flags: Flag
    clipped: tuple[bool, ...]  #: per segment, either channel
    segment_times: FloatArray = field(default_factory=lambda: np.zeros(1))  #: [s] after the first trigger


def device_records(run: Run) -> Iterator[DeviceRecord]:
    """Yield the acquisitions of a run in order: channels taken together are put together again."""
    group: dict[str, Waveform] = {}
    for waveform in run.waveforms:
        if group and (waveform.channel in group or not _together(waveform, next(iter(group.values())))):
            yield _device(group, run.header.fixture)
            group = {}
        group[waveform.channel] = waveform
    if group:
        yield _device(group, run.header.fixture)


def _together(one: Waveform, other: Waveform) -> bool:
    return (
        one.codes.shape == other.codes.shape
        and one.time == other.time
        and one.dt == other.dt
        and dict(one.conditions) == dict(other.conditions)
    )


def _device(group: Mapping[str, Waveform], fixture: Fixture) -> DeviceRecord:
    high, low, sense = group.get(VOLTAGE_HIGH), group.get(VOLTAGE_LOW), group.get(CURRENT_SENSE)
    voltage: FloatArray | None = None
    voltage_resolution = 0.0
    if high is not None:
        voltage, voltage_resolution = high.values(), abs(high.scale)
        if low is not None:
            voltage = voltage - low.values()
            voltage_resolution = float(np.hypot(voltage_resolution, low.scale))
    if sense is None:  # the current is taken from a channel that also shows the voltage
        sense = low if fixture.sensing.current == fixture.sensing.voltage_low else high
    resistance = fixture.sensing.current_resistance
    current = None
    current_resolution = 0.0
    if sense is not None and resistance and fixture.sensing.current:
        current, current_resolution = sense.values() / resistance, abs(sense.scale) / resistance
    first = next(iter(group.values()))
    flags = Flag.NONE
    for waveform in group.values():
        flags |= waveform.flags & ~Flag.CLIPPED
    clipped = np.zeros(first.codes.shape[0], dtype=bool)
    for waveform in group.values():
        ends = [code for code in (waveform.clip_low, waveform.clip_high) if code is not None]
        if ends:
            clipped |= np.isin(waveform.codes, ends).any(axis=1)
    return DeviceRecord(
        conditions=first.conditions,
        times=first.times(),
        voltage=voltage,
        current=current,
        voltage_resolution=voltage_resolution,
        current_resolution=current_resolution,
        flags=flags,
        clipped=tuple(bool(one) for one in clipped),
        segment_times=first.segment_times,
    )
