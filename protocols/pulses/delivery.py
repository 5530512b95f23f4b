"""How a pulse train leaves the generator: a burst, a waveform with gaps, or single pulses by the clock.

With an external trigger, the scope sees the sync output of the generator. This output goes high as a burst begins and
low as it ends: it shows one edge, however many pulses the burst has. Sources: Keysight EDU33210 Series User's Guide,
section of the sync signal, "Burst"; Rigol DG5000 User's Guide, page 10-4. The trigger outputs of the 81150A and 81160A
can mark each period instead (User's Guide, section 3.2.18), but a bench file does not say which output is wired.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from tsbench.instruments import ArbitraryWaveform, Pulse, PulseGeneratorCapabilities
from tsbench.protocols.pulses.parameters import EDGE_SHARE
from tsbench.quantities import short_quantity
from tsbench.records import FloatArray

#: [s] gaps from here on may be waited for on the bench's clock, one trigger a pulse
SHORTEST_CLOCKED_GAP = 0.01
#: [s] generator and scope are ready that long before the next trigger by the bench's clock, so that it need not wait
#: for them if the one before came late. Chosen, with this measurement: on two cores with a load of 9, ``time.sleep``
#: ended 2 ms late (median of 1500), 18 ms late in one of 20 cases. A trigger that comes later still shifts the next one
CLOCK_ROOM = 5e-3
#: of a plan whose pulses go one by one for that reason
SENT_ONE_BY_ONE = (
    "trigger = external: the sync output of a generator shows one edge for each burst. So each pulse or cycle is sent "
    "by a trigger of its own. It may come some milliseconds late. The scope records when it came")

Means = Literal["burst", "waveform", "clock"]


@dataclass(frozen=True)
class Delivery:
    """``means`` of delivery; ``starts`` [s], shape (count,): rising edges at 50 % after the first."""

    means: Means
    starts: FloatArray
    sample_rate: float = 0.0  #: [Hz] of the arbitrary waveform
    refusal: str = ""  #: why there is no way to deliver it


def pulse_starts(width: float, period: float, count: int, gaps: Sequence[float]) -> FloatArray:
    """Return when each pulse begins [s] after the first; ``gaps`` [s] run from fall to rise, at 50 %.

    Parameters
    ----------
    width : [s] of each pulse, at 50 %
    period : [s] from pulse to pulse; not used where there are gaps
    count : of the pulses; not used where there are gaps
    gaps : [s] one less than pulses, or none
    """
    if gaps:
        return np.concatenate([[0.0], np.cumsum(np.asarray(gaps) + width)])
    return period * np.arange(count, dtype=np.float64)


def delivery(
    pulse: Pulse, starts: FloatArray, gaps: Sequence[float], capabilities: PulseGeneratorCapabilities
) -> Delivery:
    """Choose how to send pulses that begin at ``starts``: a burst if evenly spaced, else what fits.

    Parameters
    ----------
    pulse : of the train
    starts : [s] middle of the rise of each pulse after that of the first, shape (n,)
    gaps : [s] between the pulses; none: they are evenly spaced
    capabilities : of the generator
    """
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
            f"pulser: gaps from {min(gaps):g} s to {max(gaps):g} s with edges of {edge:g} s need {duration / edge:.3g} "
            f"waveform points, but the generator holds {room:.3g}. Use slower edges, or gaps of at least "
            f"{SHORTEST_CLOCKED_GAP:g} s"
        ),
    )


@dataclass(frozen=True)
class EdgePerPulse:
    """Whether pulses go ``one_by_one``, so that each has its edge at the sync output; or why they are refused."""

    one_by_one: bool = False
    refusal: str = ""


def shortest_one_by_one(busy: float) -> float:
    """Return the shortest time [s] from pulse to pulse at which the bench's clock sends pulses one by one.

    Parameters
    ----------
    busy : [s] from the beginning of a pulse until generator and scope are ready for the next; infinite: they never are
    """
    return max(SHORTEST_CLOCKED_GAP, busy + CLOCK_ROOM)


def at_least(seconds: float) -> str:
    """Return a bound in words, with four digits and rounded up, so that what is set to it is within the bound.

    Parameters
    ----------
    seconds : [s] above zero
    """
    step: float = 10.0 ** (math.floor(math.log10(seconds)) - 3)
    return short_quantity(math.ceil(seconds / step * (1 - 1e-9)) * step, "s")


def edge_per_pulse(trigger: str, closest: float, busy: float, segments: int, remedy: str) -> EdgePerPulse:
    """Return how the scope gets an edge for each segment: with an external trigger, only the first pulse of a burst.

    Parameters
    ----------
    trigger : source of the scope's trigger, "device" or "external"
    closest : [s] from the beginning of a pulse to that of the next, at least
    busy : [s] from the beginning of a pulse until generator and scope are ready for the next
    segments : of one acquisition; a scope with one segment takes pulse by pulse anyhow
    remedy : what else to do, as an order that ends without a full stop; "{}" stands for the shortest ``closest``
    """
    if trigger != "external":
        return EdgePerPulse()
    needed = shortest_one_by_one(busy)
    if closest >= needed * (1 - 1e-9):
        return EdgePerPulse(one_by_one=True)
    if segments < 2:
        return EdgePerPulse()
    return EdgePerPulse(
        refusal=f"scope: {sync_refusal(segments, closest, remedy.format(at_least(needed)))}")


def sync_refusal(segments: int, closest: float, remedy: str) -> str:
    """Return why ``segments`` pulses ``closest`` [s] apart have no edge each, and the ``remedy``."""
    return (
        "with trigger = external, the scope gets one edge for each burst (sync output of the generator), but "
        f"{segments} records, {short_quantity(closest, 's')} apart, need an edge each. {remedy}, or set trigger = "
        "device")


def with_edges(how: Delivery, edge: EdgePerPulse) -> Delivery:
    """Return the delivery that gives each pulse its edge."""
    if edge.one_by_one:
        return Delivery("clock", how.starts)
    return replace(how, refusal=how.refusal or edge.refusal)


def train_waveform(pulse: Pulse, starts: FloatArray, sample_rate: float) -> ArbitraryWaveform:
    """Return the whole train as an arbitrary waveform [V] that begins and ends at the base.

    Parameters
    ----------
    pulse : of the train
    starts : [s] middle of the rise of each pulse after that of the first, shape (n,)
    sample_rate : [Hz]
    """
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
