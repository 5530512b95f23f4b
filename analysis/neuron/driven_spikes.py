"""Spikes of a device under a stimulus of any form: its current rises while its voltage falls.

In a passive network, current and voltage of a device move the same way, however the stimulus moves. A device that
switches on discharges the capacitance across it, or pulls the voltage down behind its load: the voltage falls while the
current rises. That is a spike, whatever its rate and the form of the stimulus.

A small rise may be an oscillation in which the device does not switch, and no height tells the two apart. So a rise
below two fifths of the largest one of the same stimulus is marginal: number and rate hold it as a spike and as none.

At a stiff source, the voltage does not fall. So a stimulus without a spike, in which the device conducts from the edge
on or its conductance jumps (:mod:`tsbench.analysis.pulse.at_once`), does not tell whether the device switched.
"""

import math
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from tsbench.analysis.neuron.firing_rate import firing_rate, rate_uncertainty
from tsbench.analysis.pulse.at_once import MAY_HAVE_SWITCHED, AtOnce, at_once
from tsbench.analysis.pulse.delay_results import Delay, PulseFacts
from tsbench.analysis.reversals import reversals
from tsbench.analysis.signal import departs, mute_of, usable_record
from tsbench.analysis.statistics import NORMAL_95, combined, not_negative, summarise
from tsbench.records import Flag, FloatArray, Result
from tsbench.samples import TELLS_NOTHING, noise_of, smoothed

#: a rise of the current counts from this share of its highest on, and from so many standard deviations of its noise on
_LEAST_SHARE, _LEAST_SIGMAS = 0.1, 14.0
#: shares of a rise between which the voltage must fall, and by how many standard deviations of its noise
_FROM, _TO, _FALL_SIGMAS = 0.4, 0.9, 6.0
#: of the largest rise of a stimulus: a smaller one is marginal. Of the NbO2 device behind 5 kOhm, rises without a
#: switching on had up to 0.25 of it, and such with one 0.27 and more
_SURE_SHARE = 0.4
#: samples that a mean takes, at most
_MEAN = 5
#: of the highest level away from the base: an excursion reaches the second share, and ends below the first
_LOW, _HIGH = 0.2, 0.5
#: beside the words on pulses that tell nothing
_BEHIND_LOAD = ". Behind a load resistance, the voltage of a device falls when it switches"


@dataclass(frozen=True)
class DrivenResponse:
    """What one stimulus made."""

    spikes: FloatArray  #: [s] on the record's time axis, shape (n,): half way up each rise of the current
    step: float  #: [s] sample interval
    energy: float  #: [J] that the device took during the record
    energy_uncertainty: float  #: [J] standard, common to all
    flags: Flag = Flag.NONE
    told: bool = True  #: whether the record tells if the device switched
    #: [s] nine tenths up each rise, and whether it is marginal, shape (n,); None: as ``spikes``, and none is
    late: FloatArray | None = None
    marginal: npt.NDArray[np.bool_] | None = None
    smaller: int = 0  #: rises between half of the least height of a spike and this height

    @property
    def rate(self) -> float | None:
        """Return the firing rate [Hz], None below four spikes; see :mod:`tsbench.analysis.neuron.firing_rate`."""
        return firing_rate(self.spikes)

    @property
    def fewest(self) -> int:
        """Return the number of spikes without the marginal ones."""
        return self.spikes.size - (0 if self.marginal is None else int(self.marginal.sum()))

    @property
    def rates(self) -> tuple[float, float]:
        """Return the lowest and the highest firing rate [Hz] that the doubts allow; NaN below four spikes.

        Without the marginal spikes at either end or anywhere, and by the instants half and nine tenths up the rises:
        where spikes change their size, these do not move alike, and a device switches at about either (the witness of
        the simulated bench has 3/4 to 9/10).
        """
        marginal = np.zeros(self.spikes.size, bool) if self.marginal is None else self.marginal
        rates = []
        for times in (self.spikes, self.spikes if self.late is None else self.late):
            begin, end = (0, 0) if marginal.all() else (int(np.argmin(marginal)), int(np.argmin(marginal[::-1])))
            choices = [times[first : times.size - last] for first in range(begin + 1) for last in range(end + 1)]
            rates += [rate for one in (*choices, times[~marginal]) if (rate := firing_rate(one)) is not None]
        return (min(rates), max(rates)) if rates else (math.nan, math.nan)


@dataclass(frozen=True)
class DrivenFacts:
    """Accuracy of a record."""

    voltage_code: float = 0.0  #: [V] one code
    current_code: float = 0.0  #: [A] one code
    voltage_gain: float = 0.0  #: relative standard uncertainty
    current_gain: float = 0.0  #: relative standard uncertainty
    voltage_offset: float = 0.0  #: [V] standard uncertainty
    rests_at_zero: bool = True  #: whether no current flows before the stimulus: it is the zero of the current


def driven_response(
    time: FloatArray, voltage: FloatArray, current: FloatArray, facts: DrivenFacts, flags: Flag = Flag.NONE,
) -> DrivenResponse:
    """Find the spikes of a record, and integrate voltage times current over it.

    Parameters
    ----------
    time, voltage, current : [s], [V], [A] at the device, shape (n,), evenly sampled; the record begins at rest
    facts : accuracy of the record
    flags : of the acquisition, passed on

    Returns
    -------
    DrivenResponse
        NO_EVENT with fewer than 64 samples, and where the record tells nothing by its ``flags``
        (:func:`tsbench.analysis.signal.mute_of`) or shows no stimulus in voltage and current
        (:func:`tsbench.analysis.signal.departs`).
    """
    time, (voltage, current), gaps = usable_record(time, voltage, current)
    mute, flags = mute_of(flags | gaps)
    if time.size < 64:
        return DrivenResponse(np.empty(0), math.nan, math.nan, math.nan, flags | Flag.NO_EVENT | Flag.UNDER_SAMPLED)
    head = time.size // 25
    noise_v, noise_i = noise_of(voltage, facts.voltage_code), noise_of(current, facts.current_code)
    if mute or not any(departs(values[head:], values[:head], noise)
                       for values, noise in ((voltage, noise_v), (current, noise_i))):
        return DrivenResponse(np.empty(0), math.nan, math.nan, math.nan, flags | TELLS_NOTHING)
    zero = float(np.mean(current[:head]))
    known = zero if facts.rests_at_zero else 0.0
    power = voltage * (current - known)
    energy = float(np.trapezoid(power, time))
    flux = float(np.trapezoid(voltage, time))
    charge = float(np.trapezoid(current - known, time))
    zero_doubt = max(noise_i / math.sqrt(head), facts.current_code / math.sqrt(12.0))
    uncertainty = combined(
        combined(facts.voltage_gain, facts.current_gain) * energy, facts.voltage_offset * charge, zero_doubt * flux)
    rises = _rises(voltage, current - zero, noise_v, noise_i, _LEAST_SHARE)
    smaller = len(_rises(voltage, current - zero, noise_v, noise_i, 0.5 * _LEAST_SHARE)) - len(rises) if rises else 0
    step = float(time[-1] - time[0]) / (time.size - 1)
    heights = np.array([rise.height for rise in rises])
    return DrivenResponse(
        time[[rise.middle for rise in rises]], step, energy, uncertainty, flags,
        late=time[[rise.late for rise in rises]], marginal=heights < _SURE_SHARE * heights.max(initial=0.0),
        smaller=max(smaller, 0))


@dataclass(frozen=True)
class _DrivenRise:
    middle: int  #: sample half way up
    late: int  #: sample nine tenths up
    height: float  #: [A]


def _rises(
    voltage: FloatArray, current: FloatArray, noise_v: float, noise_i: float, least_share: float,
) -> list[_DrivenRise]:
    """Return each rise of the current during which the voltage falls, from a share of the highest current on.

    Magnitudes of both count, of currents with the sign of the voltage: that of a capacitance has the other one while
    the voltage falls.
    """
    v = smoothed(voltage, min(_MEAN, voltage.size // 64))
    i = np.maximum(np.sign(v) * smoothed(current, min(_MEAN, current.size // 64)), 0.0)
    v = np.abs(v)
    least = max(least_share * float(i.max()), _LEAST_SIGMAS * noise_i)
    turns, found = reversals(i, least), list[_DrivenRise]()
    for start, end in pairwise(turns):
        rise = i[start : end + 1] - i[start]
        if rise[-1] < least:
            continue
        # the last time that the current passes a share: it may linger below it for as long as the stimulus takes
        begin, middle, stop = (int(start + np.flatnonzero(rise <= share * rise[-1])[-1]) for share in (_FROM, 0.5, _TO))
        if v[stop] < v[begin] - _FALL_SIGMAS * noise_v / math.sqrt(_MEAN):
            found.append(_DrivenRise(middle, stop, float(rise[-1])))
    return found


def excursions(
    time: FloatArray, voltage: FloatArray, current: FloatArray, facts: PulseFacts, path: float,
) -> list[AtOnce | None]:
    """Return what each excursion of a stimulus shows whose record has no spike.

    See :func:`tsbench.analysis.pulse.at_once.at_once`.

    An excursion goes from the base level to half of the highest level or more, in either direction, and back.

    Parameters
    ----------
    time, voltage, current : [s], [V], [A] at the device, shape (n,), evenly sampled; the record begins at rest
    facts : accuracy of the scope
    path : [Ohm] between source and device; 0: not known
    """
    time, (voltage, current), _ = usable_record(time, voltage, current)
    if time.size < 64:
        return []
    v = smoothed(voltage, min(_MEAN, voltage.size // 64))
    away = np.abs(v - np.median(v[: v.size // 50 + 5]))
    edges = np.flatnonzero(np.diff(away >= _LOW * float(away.max()), prepend=False, append=False))
    spans = [(int(first), int(last)) for first, last in edges.reshape(-1, 2).tolist()
             if away[first:last].max() >= _HIGH * away.max()]
    bounds = [0, *((last + first) // 2 for (_, last), (first, _) in pairwise(spans)), time.size]
    quiet = Delay(None, 0.0, 0.0, Flag.NO_EVENT)
    return [at_once(time[part], voltage[part], current[part], facts, quiet, None, path)
            for part in (slice(start, end) for start, end in pairwise(bounds))]


def driven_results(shots: list[DrivenResponse], conditions: dict[str, object]) -> list[Result]:
    """Return the mean number of spikes, their mean rate and the mean energy over the stimuli of one amplitude.

    Stimuli of which it is not known whether the device switched have no part in the mean number of spikes. It then has
    the flag AMBIGUOUS and no upper end, and its lower end is that without a spike in these. With marginal spikes,
    number and rate have the flag AMBIGUOUS, and their intervals hold these as spikes and as none.
    """
    usable = [shot for shot in shots if Flag.NO_EVENT not in shot.flags]
    told = [shot for shot in usable if shot.told]
    rows = [("firing_rate", "Hz", [rate for shot in usable if (rate := shot.rate) is not None],
             max((rate_uncertainty(shot.spikes, shot.step) for shot in usable), default=0.0),
             "inverse of the mean inter-spike interval of a stimulus, from its second spike on"),
            ("stimulus_energy", "J", [shot.energy for shot in usable],
             max((shot.energy_uncertainty for shot in usable), default=0.0),
             "integral of voltage times current at the device over a record")]
    flags = Flag.NONE
    for shot in shots:
        flags |= shot.flags & ~Flag.NO_EVENT

    def mean(name: str, unit: str, values: list[float], common: float, what: str) -> Result:
        return _mean(name, unit, values, common, f"mean over {len(values)} stimuli: {what}", conditions, flags)

    count, whole = (mean("spike_count", "", [float(shot.spikes.size) for shot in of], 0.0,
                         "number of spikes in a stimulus") for of in (told, usable))
    if unknown := len(usable) - len(told):
        count = replace(
            count, low=None if whole.low is None else max(min(whole.low, count.low or 0.0), 0.0), high=None,
            flags=count.flags & ~Flag.NO_EVENT | Flag.AMBIGUOUS, method=(
                f"{count.method}; whether the device switched in {unknown} of {len(usable)} is not known"
                f"{MAY_HAVE_SWITCHED}{_BEHIND_LOAD}"))
    found = [count, *(mean(*row) for row in rows if row[2])]
    ends = {"spike_count": [(float(shot.fewest), float(shot.spikes.size + shot.smaller)) for shot in told],
            "firing_rate": [shot.rates for shot in usable if shot.rate is not None]}
    marginal = sum(shot.spikes.size - shot.fewest + shot.smaller for shot in usable)
    return [_doubted(row, ends[row.quantity], marginal) if row.quantity in ends else row for row in found]


def _doubted(row: Result, ends: list[tuple[float, float]], marginal: int) -> Result:
    """Return a mean whose interval reaches beyond its ends as far as the doubts of all stimuli do beyond the value.

    Parameters
    ----------
    row : the mean
    ends : lowest and highest value of each stimulus
    marginal : number of rises of all stimuli that may be spikes or not
    """
    if row.value is None or row.low is None:
        return row
    least, most = (float(one) for one in np.mean(ends, axis=0))
    row = replace(row, low=not_negative(row.low - max(row.value - least, 0.0), row.value),
                  high=None if row.high is None else row.high + max(most - row.value, 0.0))
    if not marginal:
        return row
    return replace(row, flags=row.flags | Flag.AMBIGUOUS, method=(
        f"{row.method}; {marginal} small rises of the current may be spikes, or oscillations without a switching on"))


def _mean(
    name: str, unit: str, values: list[float], common: float, method: str, conditions: dict[str, object], flags: Flag,
) -> Result:
    if not values:
        return Result(name, unit, None, None, None, method, conditions, flags | Flag.NO_EVENT)
    found = summarise(np.array(values))
    if len(values) < 2:
        half, flags = NORMAL_95 * common, flags | Flag.TOO_FEW
    else:
        half = combined(found.high - found.mean, NORMAL_95 * common)
    low = found.mean - half
    if name != "stimulus_energy":   # a number of spikes and a rate are not below 0
        low = not_negative(low, found.mean)
    return Result(name, unit, found.mean, low, found.mean + half, method, conditions, flags)
