"""The spikes that a step of the stimulus makes: falls of the device voltage while the stimulus is constant.

A network of resistors and capacitors answers a step by a voltage that goes to its end value. It may overshoot by some
per cent of the step, but not fall fast a long time after the step (see :mod:`tsbench.analysis.behaviours`). A device
that switches on discharges the capacitance across it, and the voltage falls within a small share of that time.
"""

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from tsbench.analysis.neuron.firing_rate import firing_rate
from tsbench.analysis.pulse.clipped_rise import beyond
from tsbench.analysis.reversals import reversals
from tsbench.analysis.signal import departs, mute_of, usable_record
from tsbench.records import Flag, FloatArray
from tsbench.samples import TELLS_NOTHING, noise_of, smoothed

#: a fall counts from this share of the highest voltage of the step on, and from so many sigmas of the noise on
_LEAST_SHARE, _LEAST_SIGMAS = 0.1, 14.0
#: its middle (30 to 70 %) takes less than this share of the time since the step: no passive network is as fast
STROKE_SHARE = 0.2
#: samples that a mean over a spike may take, at most
_MEAN = 5
_SHORT = 3  #: and one at its top: the capacitance empties, so a longer one is low by some per cent
_SAME = 1e-6  #: share of a sample interval by which times may differ and be the same
#: standard deviations (or codes) by which a sample of a spike is above their mean only if the spike is short
_ABOVE_MEAN = 6.0
_PARTS = 50  #: of a step without a spike: its current is a mean over one


@dataclass(frozen=True)
class StepFacts:
    """Accuracy of a record."""

    voltage_code: float = 0.0  #: [V] one code
    current_code: float = 0.0  #: [A] one code
    current_gain: float = 0.0  #: relative standard uncertainty
    polarity: int = 0  #: 1 or -1, of the step; 0: that of the device voltage during the step
    settling: float = 0.0  #: [s] after the middle of the edge in which the stimulus reaches its level
    edge: float = 0.0  #: [s] standard uncertainty of the time of the edge
    #: [A] the record is clipped at its ends and beyond; None: not known, so CLIPPED is that of the acquisition
    current_window: tuple[float, float] | None = None


@dataclass(frozen=True)
class StepResponse:
    """What one step of the stimulus made."""

    spikes: FloatArray  #: [s] after the edge of the step, shape (n,): half way up the current of each spike
    amplitude: float  #: [A] highest current of the first spike; of a step without spikes the highest current, less base
    step: float  #: [s] sample interval
    gain: float = 0.0  #: relative standard uncertainty of the current, common to all steps
    code: float = 0.0  #: [A] one code of the current
    flags: Flag = Flag.NONE  #: CLIPPED: the ``amplitude`` is a lower bound
    edge: float = 0.0  #: [s] standard uncertainty of the time of the edge
    #: whether the record tells if the step made the device switch; see :mod:`tsbench.analysis.pulse.at_once`
    told: bool = True

    @property
    def fired(self) -> bool:
        """Whether it made a spike."""
        return self.spikes.size > 0

    @property
    def rate(self) -> float | None:
        """Return the firing rate [Hz], None below four spikes; see :mod:`tsbench.analysis.neuron.firing_rate`."""
        return firing_rate(self.spikes)


def step_response(
    time: FloatArray, voltage: FloatArray, current: FloatArray, edge: float, end: float, facts: "StepFacts",
    flags: Flag = Flag.NONE,
) -> StepResponse:
    """Find the spikes between the ``edge`` of a step and its ``end`` [s].

    Parameters
    ----------
    time, voltage, current : [s], [V], [A] at the device, shape (n,), evenly sampled; the record begins before the edge
    edge, end : [s] middle of the edge of the step, and when the stimulus leaves its level
    facts : accuracy of the record
    flags : of the acquisition, passed on

    Returns
    -------
    StepResponse
        Of both polarities. UNDER_SAMPLED and NO_EVENT with fewer than sixteen samples in the step. NO_EVENT also
        where the record tells nothing by its ``flags`` (:func:`tsbench.analysis.signal.mute_of`), or shows no step in
        voltage and current (:func:`tsbench.analysis.signal.departs`). CLIPPED: the current goes on beyond the window
        where it is highest, so its height is a lower bound.
    """
    time, (voltage, current), gaps = usable_record(time, voltage, current)
    mute, flags = mute_of(flags | gaps)
    dt = float(time[-1] - time[0]) / (time.size - 1) if time.size > 1 else 0.0
    same = _SAME * dt   # a sample at an end is on one side of it, in any unit of time
    inside = np.flatnonzero((time >= edge + facts.settling - same) & (time <= end + same))
    if mute:
        return StepResponse(np.empty(0), math.nan, math.nan, flags=flags | TELLS_NOTHING)
    if inside.size < 16:
        return StepResponse(np.empty(0), math.nan, math.nan, flags=flags | Flag.UNDER_SAMPLED | Flag.NO_EVENT)
    before = time < edge - 2 * dt - same
    base_v, base_i = (float(np.median(values[before])) if before.any() else 0.0 for values in (voltage, current))
    part = slice(int(inside[0]), int(inside[-1]) + 1)
    if not any(departs(values[part], values[before], noise_of(values, code))
               for values, code in ((voltage, facts.voltage_code), (current, facts.current_code))):
        return StepResponse(np.empty(0), math.nan, math.nan, flags=flags | TELLS_NOTHING)
    at_end = beyond(current[part], facts.current_window) if facts.current_window is not None else None
    v, i = voltage[part] - base_v, current[part] - base_i
    # of a circuit that rests near its threshold, the voltage is below that at rest for most of the step
    sign = float(facts.polarity) or (1.0 if float(np.median(v)) >= 0.0 else -1.0)
    v, i = sign * v, sign * i
    shown = smoothed(i, min(_MEAN, i.size // 8))
    swing = max(float(v.max()), float(np.ptp(v)))
    least = max(_LEAST_SHARE * swing, _LEAST_SIGMAS * noise_of(voltage, facts.voltage_code))
    turns = reversals(v, least)
    spikes: list[float] = []
    tops: list[int] = []
    for top, bottom in pairwise(turns):
        fall = v[top : bottom + 1]
        if fall[0] - fall[-1] < least:
            continue
        down = (fall[0] - fall) / (fall[0] - fall[-1])
        places = [int(np.argmax(down >= share)) for share in (0.3, 0.5, 0.7)]
        fast = (places[2] - places[0]) < STROKE_SHARE * (top + places[1])
        if fast or fall[-1] < -least:   # no passive network goes beyond where it rested, against the step
            spikes.append(float(time[part][0]) - edge + dt * _half_way(shown, tops[-1] if tops else 0, top, bottom))
            tops.append(int(top))
    first = slice(0 if not tops else tops[0], tops[1] if len(tops) > 1 else i.size)
    if at_end is not None:
        clipped = bool(((at_end >= first.start) & (at_end < first.stop)).any())
        flags = flags & ~Flag.CLIPPED | (Flag.CLIPPED if clipped else Flag.NONE)
    if not spikes:
        # the highest of many samples is high by their noise: a response that does not spike is as wide as a fair mean
        highest = float(smoothed(i, max(_MEAN, i.size // _PARTS)).max())
        return StepResponse(np.empty(0), highest, dt, facts.current_gain, facts.current_code, flags, facts.edge)
    height, highest = float(smoothed(i, _SHORT)[first].max()), float(i[first].max())
    if highest - height > _ABOVE_MEAN * max(noise_of(current, facts.current_code), facts.current_code):
        height, flags = highest, flags | Flag.UNDER_SAMPLED   # the spike is shorter than a mean over some samples
    return StepResponse(np.array(spikes), height, dt, facts.current_gain, facts.current_code, flags,
                        facts.edge)


def _half_way(current: FloatArray, before: int, top: int, bottom: int) -> float:
    """Return the place, in samples, at which the current last passes half way up to its peak in a fall of the voltage.

    The top of the voltage is flat, so that noise moves it, and with it the middle of the fall; the current is steep.

    Parameters
    ----------
    current : smoothed, shape (n,)
    before : the top of the voltage before the spike before, or the beginning of the step
    top, bottom : between which the voltage falls
    """
    peak = top + int(np.argmax(current[top : bottom + 1]))
    foot = before + int(np.argmin(current[before : peak + 1]))
    level = 0.5 * (current[foot] + current[peak])
    below = np.flatnonzero(current[foot : peak + 1] < level)
    if not below.size:
        return float(top)
    last = foot + int(below[-1])
    return last + float((level - current[last]) / (current[last + 1] - current[last]))
