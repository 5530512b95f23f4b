"""Rules for the firing behaviours that one run can show (see :mod:`.behaviours`)."""

import numpy as np

from tsbench.analysis.behaviours.spike_trains import (
    bursts,
    is_adapting,
    is_bursting,
    is_mixed,
    is_regular,
    reaches,
    ringing,
)
from tsbench.analysis.behaviours.stimulated_run import LEAST_SIGNIFICANCE, Phase, Response

#: after the last spike of a phasic neuron its step goes on for this many spike widths
QUIET_WIDTHS = 10.0
#: a hold shorter than this share of the record is a pulse, a longer one a step
PULSE_SHARE = 0.25


def tonic_spiking(r: Response) -> bool:
    """A step makes it fire at one rate for as long as it lasts."""
    step = _step(r, +1)
    return step is not None and _throughout(r, step) and is_regular(_in(r, step))


def phasic_spiking(r: Response) -> bool:
    """A step makes it fire once, at its onset; then it is quiet although the step goes on."""
    step = _step(r, +1)
    if step is None or r.spikes.size != 1:
        return False
    after = step.end - r.spikes[0]
    return bool(step.start < r.spikes[0] < step.start + 0.2 * step.duration and after > QUIET_WIDTHS * r.width)


def tonic_bursting(r: Response) -> bool:
    """A step makes it fire in bursts for as long as it lasts."""
    step = _step(r, +1)
    return step is not None and _throughout(r, step) and is_bursting(_in(r, step))


def phasic_bursting(r: Response) -> bool:
    """A step makes it fire one burst, at its onset; then it is quiet although the step goes on."""
    step = _step(r, +1)
    if step is None or not 2 <= r.spikes.size <= 20 or _in(r, step).size != r.spikes.size:
        return False
    longest = float(np.diff(r.spikes).max())
    return bool(r.spikes[-1] < step.start + 0.4 * step.duration and step.end - r.spikes[-1] > 5 * longest)


def mixed_mode(r: Response) -> bool:
    """A step makes it fire a burst at its onset and single spikes at one rate from then on."""
    step = _step(r, +1)
    return step is not None and _throughout(r, step) and is_mixed(_in(r, step))


def spike_frequency_adaptation(r: Response) -> bool:
    """A step makes it fire at a rate that falls little by little."""
    step = _step(r, +1)
    return step is not None and _throughout(r, step) and is_adapting(_in(r, step))


def class_1(r: Response) -> bool:
    """On a slow ramp firing sets in at a low rate that rises steadily, to three times the first or more."""
    ramp = _ramp(r)
    if ramp is None:
        return False
    intervals = np.diff(r.between(ramp.start, ramp.end))
    if intervals.size < 6 or not reaches(r.between(ramp.start, ramp.end), ramp.start, ramp.end):
        return False
    steps = intervals[:-1] / intervals[1:]
    return bool((steps > 0.9).all() and steps.max() < 2.0 and intervals[0] > 3 * intervals[-1])


def class_2(r: Response) -> bool:
    """On a slow ramp firing sets in, well after its start, at a rate that hardly changes from then on."""
    ramp = _ramp(r)
    if ramp is None:
        return False
    spikes = r.between(ramp.start, ramp.end)
    if spikes.size < 7 or not reaches(spikes, ramp.start, ramp.end):
        return False
    relative = np.diff(spikes) / np.median(np.diff(spikes))
    return bool(spikes[0] > ramp.start + 0.1 * ramp.duration and relative.max() < 1.5 and relative.min() > 1 / 1.5)


def subthreshold_oscillation(r: Response) -> bool:
    """A stimulus that does not make it fire leaves a damped oscillation."""
    if r.spikes.size > 1 or not np.isfinite(r.scale):
        return False
    # a single spike may come before the oscillation
    begin = max([p.end for p in r.stimulus.edges] + list(r.spikes), default=float(r.run.time[0]))
    later = r.run.time >= begin
    before = r.run.time < min((p.start for p in r.stimulus.edges), default=begin)
    spread = float(r.run.response[before].std()) if before.sum() > 2 else 0.0
    least = max(LEAST_SIGNIFICANCE * spread, 0.02 * r.scale)
    return ringing(r.run.time[later], r.run.response[later], least) is not None


def rebound_spike(r: Response) -> bool:
    """Release from an inhibiting step makes it fire once."""
    step = _step(r, -1)
    return step is not None and r.spikes.size == 1 and bool(r.spikes[0] > step.end)


def rebound_burst(r: Response) -> bool:
    """Release from an inhibiting step makes it fire a burst."""
    step = _step(r, -1)
    return step is not None and 2 <= r.spikes.size <= 20 and bool(r.spikes[0] > step.end)


def bistability(r: Response) -> bool:
    """One pulse sets it firing for good, another one stops it."""
    holds = r.stimulus.holds
    if len(holds) != 2 or r.stimulus.ramps or not all(_brief(r, h) for h in holds):
        return False
    first, second = holds
    between = r.between(first.end, second.start)
    before, after = r.between(-np.inf, first.start), r.between(second.end, np.inf)
    if before.size or between.size < 5 or not reaches(between, first.end, second.start):
        return False
    longest = float(np.diff(between).max())
    return bool((after < second.end + 2 * longest).all())


def depolarising_after_potential(r: Response) -> bool:
    """A pulse makes it fire once; the spike falls fast at first and then lingers above rest.

    From a half to a quarter of its peak in less than half the time from there to an eighth, the pulse being over; no
    undershoot of more than a twentieth.
    """
    holds = r.stimulus.holds
    if r.spikes.size != 1 or len(holds) != 1 or r.stimulus.ramps or not _brief(r, holds[0]):
        return False
    after = r.run.time > r.spikes[0]
    time, above = r.run.time[after], (r.run.response[after] - r.rest) / r.amplitudes[0]
    peak = int(np.argmax(above))
    time, above = time[peak:], above[peak:]
    if above.min() < -0.05 or above[-1] > 0.125:
        return False
    half, quarter = (float(time[int(np.argmax(above < level))]) for level in (0.5, 0.25))
    eighth = float(time[np.flatnonzero(above > 0.125)[-1]])
    return holds[0].end < quarter and eighth - quarter > 2 * (quarter - half)


def inhibition_induced_spiking(r: Response) -> bool:
    """An inhibiting step makes it fire at one rate for as long as it lasts."""
    step = _step(r, -1)
    return step is not None and _throughout(r, step) and is_regular(_in(r, step))


def inhibition_induced_bursting(r: Response) -> bool:
    """An inhibiting step makes it fire in bursts for as long as it lasts."""
    step = _step(r, -1)
    return step is not None and _throughout(r, step) and is_bursting(_in(r, step))


def excitation_block(r: Response) -> bool:
    """On a ramp it fires and then falls silent although the stimulus goes on rising."""
    ramp = _ramp(r)
    if ramp is None:
        return False
    spikes = r.between(ramp.start, ramp.end)
    if spikes.size < 5:
        return False
    silence = ramp.end - float(spikes[-1])
    return silence > 5 * float(np.diff(spikes).max()) and silence > 0.15 * ramp.duration


def _step(r: Response, sign: int) -> Phase | None:
    """Return the one hold of a run with nothing else in it, if it has this sign and is no pulse."""
    holds = r.stimulus.holds
    if len(holds) != 1 or r.stimulus.ramps or holds[0].first * sign <= 0 or _brief(r, holds[0]):
        return None
    return holds[0]


def _ramp(r: Response) -> Phase | None:
    """Return the one rising ramp from the first level of a run, None where there are several or another first."""
    rising = [p for p in r.stimulus.ramps if p.last > p.first]
    if len(rising) != 1 or abs(rising[0].first) > 0.02 * abs(rising[0].last):
        return None
    return rising[0]


def _brief(r: Response, hold: Phase) -> bool:
    return hold.duration < PULSE_SHARE * float(r.run.time[-1] - r.run.time[0])


def _in(r: Response, step: Phase) -> np.ndarray:
    return r.between(step.start, step.end)


def _throughout(r: Response, step: Phase) -> bool:
    """Return whether a train begins and ends with a step (one burst or spike of rebound is let pass)."""
    inside, outside = _in(r, step), r.between(step.end, np.inf)
    if inside.size < 5 or r.between(-np.inf, step.start).size:
        return False
    return reaches(inside, step.start, step.end) and outside.size <= max(len(g) for g in bursts(inside))
