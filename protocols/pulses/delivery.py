"""How a pulse train leaves the generator: a burst, a waveform with gaps, or single pulses by the clock."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from tsbench.instruments import ArbitraryWaveform, Pulse, PulseGeneratorCapabilities
from tsbench.protocols.pulses.parameters import EDGE_SHARE
from tsbench.records import FloatArray

#: [s] gaps from here on may be waited for on the bench's clock, one trigger a pulse
SHORTEST_CLOCKED_GAP = 0.01

Means = Literal["burst", "waveform", "clock"]


@dataclass(frozen=True)
class Delivery:
    """``means`` of delivery; ``starts`` [s], shape (count,): rising edges at 50 % after the first."""

    means: Means
    starts: FloatArray
    sample_rate: float = 0.0  #: [Hz] of the arbitrary waveform
    refusal: str = ""  #: why there is no way to deliver it


def pulse_starts(width: float, period: float, count: int, gaps: Sequence[float]) -> FloatArray:
    """Return when each pulse begins [s] after the first; ``gaps`` [s] run from fall to rise, at 50 %."""
    if gaps:
        return np.concatenate([[0.0], np.cumsum(np.asarray(gaps) + width)])
    return period * np.arange(count, dtype=np.float64)


def delivery(
    pulse: Pulse, starts: FloatArray, gaps: Sequence[float], capabilities: PulseGeneratorCapabilities
) -> Delivery:
    """Choose how to send pulses that begin at ``starts``: a burst if evenly spaced, else what fits."""
    if not gaps:
        return Delivery("burst", starts)
    edge = min(pulse.rise_time, pulse.fall_time)
    duration = float(starts[-1]) + 2 * _lead(pulse) + pulse.width
    room = capabilities.arbitrary_points.high
    rate = min(capabilities.sample_rate.high, 4 / edge, room / duration)
    if rate >= max(1 / edge, capabilities.sample_rate.low):
        return Delivery("waveform", starts, sample_rate=rate)
    if min(gaps) >= SHORTEST_CLOCKED_GAP:
        return Delivery("clock", starts)
    return Delivery(
        "clock",
        starts,
        refusal=(
            f"gaps from {min(gaps):g} s to {max(gaps):g} s with edges of {edge:g} s need {duration / edge:.3g} "
            f"waveform points, but the generator holds {room:.3g}. Use slower edges, or gaps of at least "
            f"{SHORTEST_CLOCKED_GAP:g} s"
        ),
    )


def train_waveform(pulse: Pulse, starts: FloatArray, sample_rate: float) -> ArbitraryWaveform:
    """Return the whole train as an arbitrary waveform [V] that begins and ends at the base."""
    lead = _lead(pulse)
    rise, fall = pulse.rise_time / EDGE_SHARE, pulse.fall_time / EDGE_SHARE
    corners, levels = [0.0], [0.0]
    for start in lead + starts:
        corners += [
            start - rise / 2,
            start + rise / 2,
            start + pulse.width - fall / 2,
            start + pulse.width + fall / 2,
        ]
        levels += [0.0, 1.0, 1.0, 0.0]
    duration = corners[-1] + lead
    times = np.arange(int(np.ceil(duration * sample_rate)) + 1) / sample_rate
    return ArbitraryWaveform(
        pulse.base + pulse.amplitude * np.interp(times, corners, levels), sample_rate, "linear"
    )


def _lead(pulse: Pulse) -> float:
    """Return the time at base before the first pulse [s]: a few samples of the slowest edge."""
    return 2 * max(pulse.rise_time, pulse.fall_time)
