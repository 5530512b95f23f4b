"""Device voltage and current from what the scope channels sensed."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from tsbench.protocols.acquiring.device_view import VOLTAGE_HIGH, VOLTAGE_LOW, current_name
from tsbench.protocols.extracting.mute_records import mute
from tsbench.records import Fixture, Flag, FloatArray, Run, Waveform
from tsbench.samples import resolution


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
    current_gain: float = 0.0  #: relative limit of the scope's gain at the current's channel
    voltage_window: tuple[float, float] = (-math.inf, math.inf)  #: [V] the record is clipped at its ends and beyond
    current_window: tuple[float, float] = (-math.inf, math.inf)  #: [A]
    voltage_gain: float = 0.0  #: relative standard uncertainty of the scope's gain at the device voltage
    voltage_offset: float = 0.0  #: [V] standard uncertainty of the zero of the device voltage
    current_offset: float = 0.0  #: [A] standard uncertainty of the zero of the current
    bandwidth: float = math.inf  #: [Hz] of the slowest channel
    mute: tuple[Flag, ...] = ()  #: per segment, why it tells nothing (:func:`.mute_records.mute`); NONE: it does
    skew: float | None = None  #: [s] by which the current is still late, less than a sample; None: not measured


def device_records(run: Run) -> Iterator[DeviceRecord]:
    """Yield the acquisitions of a run in order, as records of the device."""
    for group in acquisitions(run):
        yield device_record(group, run.header.fixture)


def acquisitions(run: Run) -> Iterator[dict[str, Waveform]]:
    """Yield channel -> waveform of each acquisition of a run, in order: channels taken together are one.

    One without a segment or without a sample is none.
    """
    group: dict[str, Waveform] = {}
    for waveform in run.waveforms:
        if not waveform.codes.size:
            continue
        if group and (waveform.channel in group or not _together(waveform, next(iter(group.values())))):
            yield group
            group = {}
        group[waveform.channel] = waveform
    if group:
        yield group


def _together(one: Waveform, other: Waveform) -> bool:
    return (
        one.codes.shape == other.codes.shape
        and one.time == other.time
        and one.dt == other.dt
        and dict(one.conditions) == dict(other.conditions)
    )


def device_record(group: Mapping[str, Waveform], fixture: Fixture) -> DeviceRecord:
    """Return what the channels of one acquisition, by what was sensed, show of the device.

    Where the skew of the current's channel was measured, its samples are moved by whole samples.
    """
    sensing = fixture.sensing
    high, low, sense = group.get(VOLTAGE_HIGH), group.get(VOLTAGE_LOW), group.get(current_name(sensing) or "")
    moved, left = 0, None
    if sense is not None and sense is not high and sensing.skew is not None:
        moved = round(sensing.skew / sense.dt)
        left = sensing.skew - moved * sense.dt
    voltage: FloatArray | None = None
    voltage_resolution = 0.0
    if high is not None:
        voltage, voltage_resolution = high.values(), resolution(high)
        if low is not None:
            voltage = voltage - (_earlier(low.values(), moved) if low is sense else low.values())
            voltage_resolution = float(np.hypot(voltage_resolution, resolution(low)))
    current = None
    current_resolution = 0.0
    if sense is not None and (gain := sensing.transresistance):
        current, current_resolution = _earlier(sense.values(), moved) / gain, abs(resolution(sense) / gain)
    if voltage is not None and current is not None and sensing.unseen_drop:
        voltage = voltage - current * sensing.unseen_drop
        voltage_resolution = float(np.hypot(voltage_resolution, current_resolution * sensing.unseen_drop))
    first = next(iter(group.values()))
    flags = Flag.NONE
    for waveform in group.values():
        flags |= waveform.flags & ~Flag.CLIPPED
    clipped = np.zeros(first.codes.shape[0], dtype=bool)
    for waveform in group.values():
        for code in (waveform.clip_low, waveform.clip_high):
            if code is not None:
                clipped |= (waveform.codes == code).any(axis=1)
    saturated = None
    if sense is not None and sensing.amplifier is not None:
        saturated = sensing.amplifier.saturated(sense.values())
        clipped |= saturated.any(axis=1)
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
        current_gain=0.0 if sense is None else math.sqrt(3.0) * sense.accuracy_gain,
        voltage_window=_voltage_window(high, voltage),
        current_window=_current_window(sense, fixture),
        voltage_gain=0.0 if high is None else high.accuracy_gain,
        voltage_offset=math.hypot(*(wave.accuracy_offset for wave in (high, low) if wave is not None)),
        current_offset=0.0 if sense is None else abs(sense.accuracy_offset / (sensing.transresistance or 1.0)),
        bandwidth=min((wave.bandwidth for wave in group.values() if wave.bandwidth), default=math.inf),
        mute=mute([wave for wave in (high, low, sense) if wave is not None] or [first], saturated),
        skew=left,
    )


def _earlier(values: FloatArray, samples: int) -> FloatArray:
    """Return records of shape (segments, samples) as they would be without a delay; the end values are repeated."""
    if samples == 0:
        return values
    places = np.clip(np.arange(values.shape[1]) + samples, 0, values.shape[1] - 1)
    return values[:, places]


def _voltage_window(high: Waveform | None, voltage: FloatArray | None) -> tuple[float, float]:
    """Return the device voltages [V] at which the channel of its high side is clipped."""
    ends = [-math.inf, math.inf]
    if high is None or voltage is None:
        return ends[0], ends[1]
    for side, code in enumerate((high.clip_low, high.clip_high)):
        clipped = voltage[high.codes == code] if code is not None else np.empty(0)
        if clipped.size:
            ends[side] = float(clipped.min() if side else clipped.max())
    return ends[0], ends[1]


def _current_window(sense: Waveform | None, fixture: Fixture) -> tuple[float, float]:
    """Return the currents [A] at which the scope or the amplifier is at its end."""
    gain = fixture.sensing.transresistance
    if sense is None or not gain:
        return -math.inf, math.inf
    volts = [(-math.inf, math.inf)[side] if code is None else code * sense.scale + sense.offset
             for side, code in enumerate((sense.clip_low, sense.clip_high))]
    if (amplifier := fixture.sensing.amplifier) is not None:
        volts = [max(volts[0], -amplifier.saturates_from), min(volts[1], amplifier.saturates_from)]
    low, high = sorted(volt / gain for volt in volts)
    return low, high
