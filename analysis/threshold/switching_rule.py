"""How switching is told from an ordinary rise of current: by the largest jump, or by a current level."""

import math
import re
from dataclasses import dataclass, replace

import numpy as np

from tsbench.analysis.threshold.branch_readings import Branch
from tsbench.analysis.threshold.half_sweeps import HalfSweep
from tsbench.analysis.threshold.place_of_change import falls
from tsbench.analysis.threshold.reading_noise import least_seen
from tsbench.analysis.threshold.switching_evidence import SwitchOn, find_on
from tsbench.errors import ConfigurationError
from tsbench.quantities import format_quantity, parse_quantity
from tsbench.records import Flag, FloatArray
from tsbench.samples import noise_of


@dataclass(frozen=True)
class Jump:
    """Switching is a lasting change of conductance by more than ``ratio`` that no noise and no smooth curve makes.

    See :mod:`tsbench.analysis.threshold.switching_evidence`. Where there is none, a collapse of the device voltage is
    switching too, whatever the ratio. Currents below two standard deviations of the noise are
    taken as that, so that noise has no jumps.
    """

    ratio: float = 2.0

    def __str__(self) -> str:
        return "jump" if self.ratio == Jump.ratio else f"jump={self.ratio:g}"


#: readings after the peak that must show a device on that is on at the last set-point only
_AFTER_PEAK = 4
#: a voltage collapses where it loses this part in one step; chosen here, and by ``protocols.forming.acquisition`` too,
#: which may not import this module
COLLAPSE = 0.3
_FEWEST_OF_COLLAPSE = 4  #: readings of the way up: two on either side of a gap
#: standard deviations of the noise of the voltage by which it falls at least; its second differences tell the noise
_COLLAPSE_SIGMAS = 6.0
_CLEAR = 3.0  #: times the current that counts as "off": one that is surely on
_FEWEST_OF_STEP = 5  #: readings of a way up that has one such step
_ABRUPT = 3.0  #: rise of the logarithm of the conductance in this step over the next largest one (chosen)
WITHIN_A_STEP = "one step is too wide to show whether the device switches in it"
_SURELY_ENOUGH = 200  #: readings of a half-sweep with which every rule finds a plain switch


@dataclass(frozen=True)
class Above:
    """On from the first point whose current exceeds ``current`` [A], and the next one's; off after the last two."""

    current: float

    def __str__(self) -> str:
        text = format_quantity(self.current, "A").replace(" ", "")
        return "above=" + re.sub(r"\.0+(?=\D)|(?<=[.]\d)0+(?=\D)", "", text)


Rule = Jump | Above



def parse_rule(text: str) -> Rule:
    """Read a rule as the command line takes it: ``jump``, ``jump=3`` (conductance ratio) or ``above=10n``.

    Raises
    ------
    ConfigurationError
        Another word, or a value that is not a positive current or a ratio above 1.
    """
    name, _, value = (part.strip() for part in text.partition("="))
    if name == "above" and value:
        current = _number(text, value, "A")
        if current > 0:
            return Above(current)
        raise ConfigurationError(
            f"rule '{text}': the current must be above 0 A. Give for example 'above=10n'"
        )
    if name == "jump":
        ratio = _number(text, value, "") if value else Jump.ratio
        if ratio > 1:
            return Jump(ratio)
        raise ConfigurationError(f"rule '{text}': the ratio must be above 1. Give for example 'jump=3'")
    raise ConfigurationError(f"rule '{text}' is not known. Give 'jump', 'jump=3' or 'above=10n'")


def _number(text: str, value: str, unit: str) -> float:
    try:
        return parse_quantity(value, unit)
    except ConfigurationError as error:
        raise ConfigurationError(f"rule '{text}': {error}") from None


def noise_floor(half: HalfSweep, noise: float = 0.0) -> float:
    """Return the current [A] below which a reading counts as "off": two standard deviations of the noise.

    See :func:`tsbench.analysis.threshold.reading_noise.least_seen`.

    Parameters
    ----------
    half : the half-sweep
    noise : [A] standard deviation of a reading by the data sheet
    """
    return least_seen(half.current, half.level, noise)


def events(half: HalfSweep, rule: Rule, floor: float) -> tuple[SwitchOn | None, SwitchOn | None]:
    """Return where the way up switches on, and where the way down switches off; None: nowhere.

    ``before`` is -1 where it is on from the first reading; of the way down it is the last reading that is on. A current
    below ``floor`` [A] counts as "off".
    """
    if isinstance(rule, Above):
        return _first_above(half, rule.current), _last_above(half, rule.current)
    if floor <= 0.0:
        return None, None
    on, off = find_on(_way_up(half), _way_down(half), floor, rule.ratio)
    on, n = on or _on_at_the_peak(half, floor, rule.ratio) or _collapse(half, floor), len(half.current)
    if on is not None:
        on = SwitchOn(on.before, np.concatenate((on.probability, np.zeros(n - 1 - on.probability.size))))
    if off is not None:
        probability = np.concatenate((np.zeros(n - 1 - off.probability.size), off.probability[::-1]))
        off = SwitchOn(int(np.argmax(probability)), probability)
    return on, off


def doubt_of_no_event(half: HalfSweep, rule: Rule, floor: float, known: Flag) -> tuple[str, Flag]:
    """Return why a half-sweep in which no event was found may have one.

    Parameters
    ----------
    half : one half-sweep
    rule : what counts as switching
    floor : [A] a current below this counts as "off"
    known : flags of the half-sweep. With NO_HYSTERESIS, the other branch makes the same change, so it is no event

    Returns
    -------
    (str, Flag)
        For ``method``, with a comma, and the flag. TOO_FEW: its readings would not show an event. AMBIGUOUS: it may be
        within one step. Else NONE.
    """
    if not isinstance(rule, Jump):
        return "", Flag.NONE
    if not _can_be_seen(half, rule) or _is_brief(half, rule, floor):
        return "", Flag.TOO_FEW
    if Flag.NO_HYSTERESIS in known or not _may_be_within_a_step(half, rule, floor):
        return "", Flag.NONE
    return f"{WITHIN_A_STEP}, ", Flag.AMBIGUOUS


def _can_be_seen(half: HalfSweep, rule: Jump) -> bool:
    """Return whether the rule would find a plain switch at the set-points of a half-sweep: else there are too few.

    The switch is a resistance that falls by a factor of 1,000 at two thirds of the highest set-point and comes back at
    one third of it, read with 1 % of noise.
    """
    if len(half.level) >= _SURELY_ENOUGH:
        return True
    index, top = np.arange(len(half.level)), float(half.level[half.turn])
    conducts = (half.level > 0.333 * top) & (index > half.turn) | (half.level > 0.667 * top)
    level = np.maximum(half.level, 0.0)
    noise = 1.0 + 0.01 * np.random.default_rng(0).standard_normal(len(index))
    made = replace(half, voltage=level, current=level * np.where(conducts, 1e-3, 1e-6) * noise,
                   flags=np.zeros(len(index), np.uint32))
    return events(made, rule, noise_floor(made))[0] is not None


def _is_brief(half: HalfSweep, rule: Jump, floor: float) -> bool:
    """Return whether the peak and the reading behind it show another state than the one before."""
    turn, after = half.turn, int(half.down().start) + 1
    if turn < 1 or after >= len(half.current):
        return False
    index = np.array([turn - 1, turn, after])
    before, *on = half.current[index] / np.maximum(half.voltage[index], 1e-300)
    return bool(half.current[index[1:]].min() > _CLEAR * floor and min(on) > rule.ratio * max(float(before), 0.0))


def _may_be_within_a_step(half: HalfSweep, rule: Jump, floor: float) -> bool:
    """Return whether one step of the set-point on the way up may hide a switching.

    The conductance rises in this one step much more than in any other one. The steps are too wide to show whether it
    jumps there or rises as steeply as that of a barrier may.
    """
    voltage, current = half.voltage[half.up()], half.current[half.up()]
    stands = voltage > 0.0
    if np.count_nonzero(stands) < _FEWEST_OF_STEP or floor <= 0.0:
        return False
    series = np.log(np.maximum(current[stands], floor) / voltage[stands])
    rises = np.diff(series)
    k = int(np.argmax(rises))
    if series[k + 1] - float(series[: k + 1].max()) <= math.log(rule.ratio):
        return False   # the end of a dip
    lasts = k + 2 >= series.size or series[k + 2] - series[k] > 0.5 * rises[k]   # one reading alone may be wild
    others = np.delete(rises, k)
    return bool(
        rises[k] > max(math.log(rule.ratio), _ABRUPT * float(others.max())) and lasts
        and current[stands][k + 1] > _CLEAR * floor)


def _first_above(half: HalfSweep, current: float) -> SwitchOn | None:
    lasting = _lasting(half.current[half.up()], current)
    return _certain(int(lasting[0]) - 1, half) if lasting.size else None


def _last_above(half: HalfSweep, current: float) -> SwitchOn | None:
    start = half.down().start
    lasting = start + _lasting(half.current[start:], current)
    return _certain(int(lasting[-1]), half) if lasting.size and lasting[-1] < len(half.current) - 1 else None


def _on_at_the_peak(half: HalfSweep, floor: float, ratio: float) -> SwitchOn | None:
    """Return the gap before the last set-point if the device is on there for the first time.

    One reading alone may be wild: those that follow on the way down must show the device on as well, and count as
    taken at the peak. They are at lower levels, so that a curve of the voltage alone would be lower there, not higher.
    """
    turn, last = half.turn, int(half.down().start)  # between: more readings at the peak, which show no hysteresis
    if turn < 1 or len(half.current) <= last + _AFTER_PEAK:
        return None
    index = np.concatenate((np.arange(turn + 1), np.arange(last + 1, last + 1 + _AFTER_PEAK)))
    conductance = half.current[index] / np.maximum(half.voltage[index], 1e-300)
    if bool(np.any(conductance[turn:] <= ratio * max(float(conductance[turn - 1]), 0.0))):
        return None  # a charging current turns round at the peak
    place, _ = find_on(_branch(half, index), None, floor, ratio)
    if place is None or place.before != turn - 1:
        return None
    before = place.probability[:turn]
    return SwitchOn(place.before, before / before.sum())


def _collapse(half: HalfSweep, floor: float) -> SwitchOn | None:
    """Return the first gap in which the device voltage collapses while its current rises; None: there is none.

    No function of the voltage does this. A device that oscillates in compliance conducts less on average than one that
    is on, so that the ratio of the conductances may be small.
    """
    up = slice(0, int(half.down().start) + 1)  # a reading at the peak is taken more than once where it is confirmed
    voltage, level, current = half.voltage[up], half.level[up], half.current[up]
    if voltage.size < _FEWEST_OF_COLLAPSE:
        return None
    rises = np.diff(current) > floor
    least = np.maximum(COLLAPSE * np.maximum(voltage[:-1], 0.0), _COLLAPSE_SIGMAS * noise_of(voltage))
    found = np.flatnonzero((falls(voltage, level) > least) & rises)
    return None if not found.size else _certain(int(found[0]), half)


def last_on(half: HalfSweep, before: int, floor: float) -> int | None:
    """Return the last reading of the way down that shows the device on, None where no two in a row do.

    Parameters
    ----------
    before : index of the last reading before it switched on, -1 if it was on from the first
    floor : [A] a current below this counts as "off"
    """
    down = np.arange(half.down().start, len(half.current))
    if half.rises and not half.falls:   # there is no way down: the last two of the way up
        down = np.arange(half.turn - 1, half.turn + 1)
    volts = np.maximum(half.voltage[down], 1e-300)
    conductance = half.current[down] / volts
    on = float(np.max(conductance[: max(1, down.size // 2)]))
    known = before >= 0 and half.voltage[before] > 0
    off = max(float(half.current[before]), floor) / float(half.voltage[before]) if known else 0.0
    seen = (half.voltage[down] > 0) & (half.current[down] > 2.0 * floor) & (conductance > np.sqrt(off * max(on, 0.0)))
    lasting = np.flatnonzero(seen[1:] & seen[:-1]) + 1
    return int(down[lasting[-1]]) if lasting.size else None


def _certain(before: int, half: HalfSweep) -> SwitchOn:
    probability = np.zeros(len(half.current) - 1)
    probability[max(before, 0)] = 1.0
    return SwitchOn(before, probability)


def _lasting(current: FloatArray, least: float) -> np.ndarray:
    """Return the readings above a current whose neighbour on one side is above it too; one alone may be wild."""
    above = np.concatenate(([False], current > least, [False]))
    return np.flatnonzero(above[1:-1] & (above[:-2] | above[2:]))


def _way_up(half: HalfSweep) -> Branch:
    return _branch(half, np.arange(half.turn + 1))


def _way_down(half: HalfSweep) -> Branch:
    return _branch(half, np.arange(len(half.current) - 1, half.down().start - 1, -1))


def _branch(half: HalfSweep, index: np.ndarray) -> Branch:
    limited = (half.flags[index] & int(Flag.COMPLIANCE)) != 0
    return Branch(half.level[index], half.voltage[index], half.current[index], limited)
