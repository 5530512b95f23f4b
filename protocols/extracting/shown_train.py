"""What the record of one train shows of each of its pulses."""

import math
from dataclasses import dataclass, field

import numpy as np

from tsbench.analysis.neuron.step_response import StepFacts, StepResponse, step_response
from tsbench.analysis.pulse.at_once import AtOnce, at_once
from tsbench.analysis.pulse.clipped_rise import beyond
from tsbench.analysis.pulse.delay_results import PulseFacts
from tsbench.analysis.pulse.firing import Firing, PulseOutcome, outcome
from tsbench.protocols.extracting.departure import departure
from tsbench.protocols.extracting.facts import parameter, path_resistance
from tsbench.protocols.extracting.pulse_records import conditions_key, record_flags
from tsbench.protocols.extracting.signals import DeviceRecord
from tsbench.protocols.extracting.unseen_switching import SeenPulse, seen_pulse
from tsbench.records import FloatArray, Run
from tsbench.samples import noise_of, smoothed

#: share of a pulse that is looked at before it and after it
_BEFORE, _AFTER = 0.3, 0.2
_TAIL = 0.5  #: share of a pulse behind it in which the current may still rise
_GUARD = 0.02  #: share of a pulse that is left out before its end: there the voltage falls by itself
_AT_ONCE = 4  #: samples of the current that flows at the beginning of a pulse
_SETTLING = 1.5  #: edges that a pulse takes to reach its level, after half of it
_MEAN, _PARTS = 5, 20  #: samples of a mean; of the current behind a pulse, at least one in so many of those in it
_HIGH, _GROWTH = 0.9, 3.0  #: as :mod:`tsbench.analysis.pulse.lasting_rise` asks for behind the edge
_CLEAR = 8.0  #: standard deviations of a mean by which it is clear of noise
#: share of the current at the end of a pulse that flows at once where the device was on for sure at the end of the
#: pulse before
_AT_ONCE_SHARE = 0.5

Kind = tuple[float, float, float]  #: amplitude [V], width [s], period [s]


@dataclass
class ShownTrain:
    """What the pulses of a train show, up to the first that finds the device on."""

    kind: Kind
    number: int
    reached: FloatArray  #: [A] current that each pulse switched on, 0 where it switched nothing on, shape (pulses,)
    fall: FloatArray  #: largest fall of the voltage during each pulse, as a share of the highest, shape (pulses,)
    #: [A] current to which the device conducts more at the end of each pulse or behind it, even if no switching is
    #: seen, shape (pulses,)
    grown: FloatArray
    beyond: list[bool]  #: whether the current of a pulse goes beyond the range of the scope: it ``reached`` more
    doubtful: list[bool]  #: whether a pulse looks like one of a diode, or its record does not show it
    left_on: list[bool]  #: whether the next pulse shows that a pulse left the device on
    partly: list[bool]  #: whether the next pulse shows that a pulse left some of the device on
    pulses: list[SeenPulse] = field(default_factory=list)
    #: pulses in which the device conducts without a rise, after a level that was not read: it may be on since the one
    #: before
    unread: dict[int, AtOnce] = field(default_factory=dict)

    @classmethod
    def of(cls, kind: Kind, number: int, pulses: int) -> "ShownTrain":
        """Return a train that shows nothing so far.

        Parameters
        ----------
        kind : amplitude [V], width [s], period [s]
        number : of the train in its run
        pulses : how many it has
        """
        reached, fall, grown = (np.zeros(pulses) for _ in range(3))
        beyond_range, doubtful, left_on, partly = ([False] * pulses for _ in range(4))
        return cls(kind, number, reached, fall, grown, beyond_range, doubtful, left_on, partly)


@dataclass(frozen=True)
class _TrainPulse:
    """The record of one pulse: [s], [V], [A], shape (n,), and between which times its level is constant [s]."""

    time: FloatArray
    voltage: FloatArray
    current: FloatArray
    edge: float
    level: tuple[float, float]
    tail: FloatArray  #: [A] current from the end of its level on, before the next pulse

    @property
    def inside(self) -> slice:
        """The samples on its level."""
        first, last = np.searchsorted(self.time, self.level)
        return slice(int(first), int(last))


def shown_train(run: Run, record: DeviceRecord, facts: PulseFacts) -> ShownTrain:
    """Return what the record of a train shows, up to the first pulse that finds the device on.

    Three observations show that a pulse switched something on: the current rises and stays (as in a train of single
    records); the voltage falls while the stimulus is constant (behind a load); or the next pulse finds the device still
    on. The last tells of a device that switches on just before its pulse ends.
    """
    assert record.voltage is not None
    assert record.current is not None
    kind = (record.conditions["amplitude"], record.conditions["pulse_width"], record.conditions["period"])
    train = ShownTrain.of(kind, round(record.conditions["train"]), int(parameter(run, "count", 1)))
    flags, rested = record_flags(record, 0), None
    path = path_resistance(run.header.fixture, "pulser", record.conditions)
    for k, pulse in enumerate(_pulses(run, record, kind, train.reached.size)):
        seen = outcome(pulse.time, pulse.voltage, pulse.current, facts, flags, edge=pulse.edge, rested=rested)
        rested = rested or seen
        if seen.firing is Firing.STILL_ON and k:
            _found_on(train, k, pulse, rested.before.current)
            break
        fell = step_response(pulse.time, pulse.voltage, pulse.current, *pulse.level,
                             StepFacts(facts.voltage_resolution, facts.current_resolution), flags)
        _reached(train, k, pulse, seen, fell, facts)
        inside = (pulse.time >= pulse.edge) & (pulse.time <= pulse.edge + (1.0 + _AFTER) * kind[1])
        train.beyond[k] = beyond(pulse.current[inside], record.current_window).size > 0
        if seen.firing is Firing.UNDECIDED and not fell.fired:
            edge_shown = at_once(pulse.time, pulse.voltage, pulse.current, facts, seen.delay, None, path)
            train.unread |= {} if edge_shown is None else {k: edge_shown}
        train.pulses.append(seen_pulse(
            conditions_key(record.conditions, "train"), pulse.time, pulse.voltage, pulse.current, facts, seen.delay,
            path, seen.firing is Firing.QUIET and not fell.fired))
    return train


def _pulses(run: Run, record: DeviceRecord, kind: Kind, count: int) -> list[_TrainPulse]:
    """Return the pulses of a train one by one; a record may begin or end within one."""
    assert record.voltage is not None
    assert record.current is not None
    _, width, period = kind
    rise, fall = (_SETTLING * float(parameter(run, name, 0.0)) for name in ("rise_time", "fall_time"))
    began = departure(record.times, record.voltage[0], record.voltage_resolution)
    before, behind = (min(share * width, 0.8 * (period - width)) for share in (_BEFORE, _TAIL))
    found = list[_TrainPulse]()
    for edge in began + period * np.arange(count):
        level = edge + rise, edge + (1.0 - _GUARD) * width - fall
        part, tail = (slice(*np.searchsorted(record.times, ends)) for ends in (
            (edge - before, edge + (1.0 + _AFTER) * width), (level[1], edge + width + behind)))
        found.append(_TrainPulse(
            record.times[part], record.voltage[0][part], record.current[0][part], float(edge), level,
            record.current[0][tail]))
    return found


def _reached(
    train: ShownTrain, k: int, pulse: _TrainPulse, seen: PulseOutcome, fell: StepResponse, facts: PulseFacts,
) -> None:
    """Note what a pulse that began with the device off switched on, or that this is not known."""
    rose = seen.delay.fired and seen.firing in (Firing.FIRED, Firing.UNDECIDED)   # a rise shows that it was off
    if rose and math.isfinite(seen.delay.on_current):
        train.reached[k] = abs(seen.delay.on_current - seen.delay.off_current)
    if fell.fired:
        train.reached[k] = max(train.reached[k], fell.amplitude)
    unsure = seen.firing is Firing.UNSEEN or (rose and not seen.delay.told)
    train.doubtful[k] = unsure and not fell.fired
    sign = math.copysign(1.0, train.kind[0])
    voltage = sign * (pulse.voltage - seen.before.voltage)[pulse.inside]
    train.fall[k] = _fall(voltage, noise_of(pulse.voltage, facts.voltage_resolution))
    current, tail = (sign * (values - seen.before.current) for values in (pulse.current[pulse.inside], pulse.tail))
    noise = noise_of(pulse.current, facts.current_resolution)
    train.grown[k] = max(_grows(voltage, current, noise), _rises_behind(current, tail, noise))


def _fall(voltage: FloatArray, noise: float) -> float:
    """Return by how much a voltage falls behind its highest value, beyond noise, as a share of that."""
    if voltage.size < _MEAN:
        return 0.0
    mean = smoothed(voltage, _MEAN)
    at = int(np.argmax(mean))
    fell = float(mean[at] - mean[at:].min()) - _CLEAR * noise / math.sqrt(_MEAN)
    return max(0.0, fell / float(mean[at])) if mean[at] > 0.0 else 0.0


def _grows(voltage: FloatArray, current: FloatArray, noise: float) -> float:
    """Return the current at the end of a pulse [A]; 0 unless the conductance grows to three times during the pulse.

    Parameters
    ----------
    voltage, current : [V], [A] at the level of the pulse, shape (n,), positive
    noise : [A] standard deviation of one sample
    """
    width = max(_MEAN, voltage.size // _PARTS)
    if voltage.size < 4 * width:
        return 0.0
    across, flowing = smoothed(voltage, width), smoothed(current, width)
    high = across >= _HIGH * float(across.max())
    if not float(across.max()) > 0.0:
        return 0.0
    at_end, off = float(np.mean(current[-width:])), float((flowing[high] / across[high]).min()) * float(across[-1])
    clear = _CLEAR * noise * math.sqrt(2.0 / width)
    return at_end if at_end - off > clear and at_end > _GROWTH * off else 0.0


def _rises_behind(level: FloatArray, tail: FloatArray, noise: float) -> float:
    """Return the highest current behind the end of a pulse [A], 0 where the current does not rise there.

    A current that rises while the voltage falls is one of a filament that closes.

    Parameters
    ----------
    level, tail : [A] current at the level of the pulse and behind it, shape (n,) and (m,), positive in the pulse
    noise : [A] standard deviation of one sample
    """
    width = max(_MEAN, level.size // _PARTS)
    if min(level.size, tail.size) < width:
        return 0.0
    highest = float(smoothed(tail, width)[width // 2 :].max())
    clear = _CLEAR * noise * math.sqrt(2.0 / width)
    return highest if highest - float(np.mean(level[-width:])) > clear else 0.0


def _found_on(train: ShownTrain, k: int, pulse: _TrainPulse, rested: float) -> None:
    """Note what a pulse shows that finds the device on, against the current of the ``rested`` one [A].

    What flows at once flowed before. A filament that had only begun to close goes on closing: then the pulse before has
    switched on a part of it, and this one, at the latest, the rest.
    """
    flowing = np.abs(pulse.current[pulse.inside] - rested)
    if not flowing.size:
        train.partly[k - 1] = True
        return
    begun, at_end = float(np.median(flowing[:_AT_ONCE])), float(np.median(flowing[-_AT_ONCE:]))
    if begun > _AT_ONCE_SHARE * at_end:
        train.left_on[k - 1] = True
    else:
        train.partly[k - 1], train.left_on[k] = True, True
    train.reached[k - 1 if train.left_on[k - 1] else k] = at_end
