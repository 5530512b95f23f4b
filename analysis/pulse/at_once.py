"""Pulses in which the device conducts from the edge on and shows no switching: did it switch faster than is shown?

A device that switches within the edge, or between two samples of it, looks like a resistor on the plateau. The edge may
tell them apart: there, the current of a resistor follows the voltage, and that of a device that is still off does not.
Where the record has no sample on the edge, or the sensor of the current is later than the edge is long, nothing tells.
A device that is off and conducts less than ``ON_ABOVE`` is not asked about: the conductance of most off states grows
with the voltage, so its edge would look alike.
"""

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from tsbench.analysis.pulse.delay_results import Delay, PulseFacts
from tsbench.analysis.signal import OVERFLOW_NUMBER
from tsbench.records import FloatArray
from tsbench.samples import noise_of

#: [S] a device that conducts less on the plateau is taken to be off (chosen: off states of 20 kOhm and more just below
#: their threshold, on states of 3 kOhm and less); behind a large load, see :func:`on_above`
ON_ABOVE = 1e-4
#: why such pulses tell nothing and what to do, as a sentence that ends a text
MAY_HAVE_SWITCHED = (
    ". Where the device conducts from the edge on, it may have switched faster than the record shows, or may have been "
    "on before. Use a shorter 'width' or more samples ('resolution', 'samples' or 'record_span' of the protocol), and "
    "a longer 'rise_time' if the sensor of the current is slow")
_PLATEAU = 0.8  #: of the highest voltage
_EDGE = (0.2, 0.8)  #: part of the edge, of the voltage on the plateau
_RESOLVED = 8  #: samples there, from which on the edge shows whether the conductance grows at once or smoothly
_FOLLOWS = 0.5  #: of the current of a resistor on the edge: with more, the current follows the voltage
_CLEAR = 3.0  #: standard deviations of the noise
_OFF = 0.15  #: of the current of a resistor: a device is off at a sample of the edge where it conducts clearly less
#: the conductance jumps that doubles at least while the voltage grows by no more than the second factor, beyond so many
#: standard deviations (of the largest of many differences), in the means of at most so many parts of the edge
_JUMP, _MEANWHILE, _CERTAIN, _PARTS = 2.0, 1.25, 5.0, 64
_ALIKE = 1.5  #: two pulses are alike whose conductances differ by no more than this factor


@dataclass(frozen=True)
class AtOnce:
    """A pulse in which the device conducts from the edge on: does the current follow the voltage on the edge?"""

    conductance: float  #: [S] on the plateau
    #: True: as that of a resistor; False: it is less there; None: the edge has no samples, the sensor is too slow,
    #: or the whole record does not tell
    follows: bool | None


def at_once(
    time: FloatArray, voltage: FloatArray, current: FloatArray, facts: PulseFacts, delay: Delay,
    late: tuple[float, float] | None = None, path: float = 0.0,
) -> AtOnce | None:
    """Return what the edge of a pulse shows; None where it shows a switching, or its device conducts too little.

    Parameters
    ----------
    time, voltage, current : [s], [V], [A], shape (n,), evenly sampled; the record begins before the edge
    facts : accuracy of the scope
    delay : what the pulse showed
    late : [s] by which the current is seen later than the voltage, at least and at most; None: as ``facts`` say
    path : [Ohm] between source and device; 0: not known
    """
    known = (np.abs(voltage) < OVERFLOW_NUMBER) & (np.abs(current) < OVERFLOW_NUMBER)
    time, voltage, current = time[known], voltage[known], current[known]
    if delay.fired or time.size < 16:
        return None
    away = np.abs(voltage - np.median(voltage[: max(5, voltage.size // 50)]))
    half = int(np.argmax(away >= 0.5 * float(away.max())))
    before = slice(0, max(half // 2, 1))
    v, i = voltage - np.median(voltage[before]), current - np.mean(current[before])
    sign = 1.0 if v[half] >= 0 else -1.0
    v, i = sign * v, sign * i
    plateau = v >= _PLATEAU * float(v.max())
    top, flows = float(np.median(v[plateau])), float(np.median(i[plateau]))
    noise = noise_of(i, facts.current_resolution)
    if not top > 0 or flows < on_above(path) * top or flows < _CLEAR * max(noise, facts.current_resolution):
        return None
    if late is None:
        late = latest(facts)
    return AtOnce(flows / top, None if not delay.told else _follows(time, v, i, (top, flows), half, late, noise))


def on_above(path: float) -> float:
    """Return the conductance [S] below which a device is taken to be off, ``path`` [Ohm] between source and device.

    Behind a large load, a device that is on stays where the load lets it: it takes less than half of the voltage.
    """
    return ON_ABOVE if path <= 0.0 else min(ON_ABOVE, 1.0 / path)


def latest(facts: PulseFacts) -> tuple[float, float]:
    """Return by how much the current is seen later than the voltage [s]: the least and the most."""
    doubt = facts.sense_delay_limit + abs(facts.skew) + facts.channel_skew
    return max(facts.sense_delay - doubt, 0.0), facts.sense_delay + doubt


def _follows(
    time: FloatArray, v: FloatArray, i: FloatArray, plateau: tuple[float, float], half: int, late: tuple[float, float],
    noise: float,
) -> bool | None:
    """Return whether the current follows the voltage on the edge; None where no samples tell.

    Parameters
    ----------
    time, v, i : [s], [V], [A], shape (n,), zero before the pulse and positive in it
    plateau : voltage [V] and current [A] on it
    half : sample half way up the edge
    late : [s] by which the current is seen late, at least and at most
    noise : [A] standard deviation of one sample
    """
    top, flows = plateau
    first = last = half
    while first > 0 and v[first - 1] > _EDGE[0] * top:
        first -= 1
    while last < v.size - 1 and v[last] < _EDGE[1] * top:
        last += 1
    edge = np.arange(first, last)
    edge = edge[(v[edge] > _EDGE[0] * top) & (v[edge] < _EDGE[1] * top)]
    step = float(time[1] - time[0])
    if edge.size == 0 or late[1] > edge.size * step:   # or the sensor is too slow to tell
        return None
    early, later = (flows / top * np.interp(time - one, time, v) for one in late)   # of a resistor
    most, least, seen = float(early[edge].mean()), float(later[edge].mean()), float(i[edge].mean())
    doubt = _CLEAR * noise / edge.size**0.5
    if _FOLLOWS * most < doubt:
        return None
    whole = slice(first, last + int(np.argmax(v[last:] >= top)) + math.ceil(late[1] / step) + _RESOLVED)
    jumps = _jumps(early[whole], later[whole], i[whole], _EDGE[0] * flows, noise)
    if jumps or edge.size >= _RESOLVED:
        return not jumps
    if np.any(_OFF * later[edge] - i[edge] > _CERTAIN * noise):
        return False
    if seen >= _FOLLOWS * most:
        return True
    return False if seen < _FOLLOWS * least and _FOLLOWS * least >= doubt else None


def _jumps(early: FloatArray, late: FloatArray, i: FloatArray, least: float, noise: float) -> bool:
    """Return whether the conductance of a device grows at once on an edge, and not smoothly as that of a diode.

    Parameters
    ----------
    early, late : current of a resistor [A] if it is seen as early or as late as it may be, shape (n,)
    i : [A] current of the device
    least : [A] below it, ``late`` does not count
    noise : [A] standard deviation of one sample
    """
    block = math.ceil(i.size / _PARTS)
    count = i.size // block
    early, late, i = (one[: count * block].reshape(count, block).mean(axis=1) for one in (early, late, i))
    before, behind = np.triu_indices(count, 1)
    shown = (late[before] >= least) & (early[behind] <= _MEANWHILE * late[before])
    before, behind = before[shown], behind[shown]
    grown = early[behind] / late[before]   # of the voltage, at most
    doubt = _CERTAIN * noise / block**0.5 * np.hypot(1.0 / _JUMP, grown)
    return bool(np.any(i[behind] / _JUMP - i[before] * grown > doubt))


def unknown(pulses: Sequence[AtOnce | None], sent_as: Sequence[Hashable]) -> list[bool]:
    """Return for each pulse whether it tells nothing of a switching.

    Two pulses are alike if they were sent alike and the device conducts alike in them (within a factor of 1.5). Among
    pulses that are alike, the majority of those whose edge shows something decides. If none of them does, the majority
    of all pulses of the run in which the device conducts alike decides: if it is a resistor there, it is one here. If
    no edge shows anything, each of the pulses may have switched.

    Parameters
    ----------
    pulses : None: it tells by itself
    sent_as : for each of them, the amplitude and whatever else makes pulses alike
    """
    asked = [k for k, one in enumerate(pulses) if one is not None]
    sent = dict[Hashable, list[int]]()
    for k in asked:
        sent.setdefault(sent_as[k], []).append(k)
    most = _majority([pulses[k] for k in asked])
    votes = dict(zip(asked, most, strict=True))
    for mine in sent.values():
        own = _majority([pulses[k] for k in mine])
        votes.update((k, vote) for k, vote in zip(mine, own, strict=True) if vote is not None)
    return [one is not None and votes[k] is not True for k, one in enumerate(pulses)]


def alike(one: AtOnce | None, other: AtOnce | None) -> bool:
    """Return whether the device conducts alike in two pulses."""
    if one is None or other is None:
        return False
    return bool(1.0 / _ALIKE <= one.conductance / other.conductance <= _ALIKE)


def _majority(pulses: Sequence[AtOnce | None]) -> list[bool | None]:
    """Return for each pulse what most edges of those show in which the device conducts alike; None: nothing.

    Edges that follow and edges that do not may be as many: this is no majority for a resistor (False).
    """
    edges = [one for one in pulses if one is not None]
    conductance = np.array([one.conductance for one in edges])
    order = np.argsort(conductance)
    ordered = conductance[order]
    begin, end = np.searchsorted(ordered, conductance / _ALIKE), np.searchsorted(ordered, conductance * _ALIKE, "right")
    number = []
    for vote in (True, False):
        counted = np.concatenate([[0], np.cumsum([edges[k].follows is vote for k in order])])
        number.append(counted[end] - counted[begin])
    return [None if yes + no == 0 else bool(yes > no) for yes, no in zip(*number, strict=True)]
