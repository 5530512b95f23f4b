"""Integrate and fire: how many pulses of a train it takes until the device fires.

Pulses that are each too weak or too short to switch the device leave something behind; the number of the first pulse
that fires tells how the device adds them up. A train that ends without firing bounds its count from below: the median
and its distribution-free interval take that as it is. So they do with a train in which it is not known of a pulse
whether it fired (:mod:`.at_once`; or a filament was partly closed at its end): its count is that pulse at least, and
the first that is known to have fired at most.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tsbench.analysis.pulse.at_once import MAY_HAVE_SWITCHED
from tsbench.analysis.statistics import median_interval, summarise
from tsbench.records import Flag, Result

_METHOD = "number of the first pulse that fired, from 1"
#: a device is on at the end of a pulse whose current reaches this share of the largest that any pulse of its amplitude
#: reached, or whose voltage falls by this share (behind a load, no device takes a larger share of the largest current
#: that there can be): at less it is off by the definition of firing, too (``OFF_SHARE``)
FIRED_SHARE = 0.1
#: but a filament counts as closed from a conductance on that is its own, and no record shows it. One that conducts more
#: than this share may be on: it goes on closing while the voltage falls, and what is seen at half of the voltage is
#: half of the current. Of silver filaments (``ag_sio2``), those that the witness called on reached 0.09 and more there,
#: and those that it called off up to 0.07
PARTLY_SHARE = 0.5 * FIRED_SHARE


@dataclass(frozen=True)
class Doubt:
    """Why it is not known of a pulse whether it fired: sentences that end a text, and the flags of the count."""

    text: str
    flags: Flag = Flag.AMBIGUOUS


AT_ONCE = Doubt(MAY_HAVE_SWITCHED)
PARTLY_ON = Doubt(
    ". Its current is larger than before at its end or behind it, but less than a tenth of that of the on state. A "
    "filament may count as closed from there on, or not. With a longer 'width' or a higher 'amplitude', it closes "
    "within a pulse")
BEYOND_RANGE = Doubt(
    ". Currents go beyond the range of the scope, so the current of the on state is not known. The range is chosen by "
    "the first trains: use a longer 'width', a higher 'amplitude' or a higher 'count', so that they fire",
    Flag.AMBIGUOUS | Flag.CLIPPED)


@dataclass(frozen=True)
class TrainCount:
    """The first pulse of a train that is known to have fired, and the first before it of which it is not known."""

    fired: int | None  #: from 1; None: none is known to have fired
    undecided: int | None = None  #: from 1; None: of all pulses before that, it is known that they did not fire
    doubt: Doubt = AT_ONCE  #: why it is not known

    @property
    def told(self) -> bool:
        """Whether it is known if the train fired."""
        return self.fired is not None or self.undecided is None


def train_result(count: TrainCount, pulses: int, conditions: dict[str, object]) -> Result:
    """Return one train's count; CENSORED with a lower bound where none of its ``pulses`` fired.

    AMBIGUOUS, without a value, where it is not known of a pulse before that whether it fired.

    Parameters
    ----------
    count : of the train
    pulses : in the train
    conditions : of the result
    """
    fired, undecided = (None if one is None else float(one) for one in (count.fired, count.undecided))
    if undecided is not None:
        method = f"{_METHOD}; whether pulse {count.undecided} fired is not known{count.doubt.text}"
        return Result("pulses_to_fire", "", None, undecided, fired, method, conditions,
                      count.doubt.flags | (Flag.CENSORED if fired is None else Flag.NONE))
    if fired is None:
        return Result("pulses_to_fire", "", None, float(pulses + 1), None, _METHOD, conditions, Flag.CENSORED)
    return Result("pulses_to_fire", "", fired, fired, fired, _METHOD, conditions, Flag.NONE)


def count_results(counts: Sequence[TrainCount], pulses: int, conditions: dict[str, object]) -> list[Result]:
    """Return median, and mean where every count is known, over trains of ``pulses`` under the same conditions.

    CENSORED where the median, or the upper end of its interval, is only bounded; TOO_FEW below six trains. NO_EVENT
    if there is no train, or none fired and all counts are known. AMBIGUOUS where some counts are not known: the
    interval holds whatever they may be, and there is no value that depends on it.

    Parameters
    ----------
    counts, pulses, conditions : as :func:`train_result` takes them, one count for each train
    """
    lows, highs = (
        np.sort(np.array([math.inf if one is None else one for one in ends], dtype=np.float64)) for ends in (
            [one.fired if one.undecided is None else one.undecided for one in counts], [one.fired for one in counts]))
    fired, open_ = int(np.isfinite(highs).sum()), [one.doubt for one in counts if one.undecided is not None]
    conditions = {**conditions, "trains": highs.size, "fired": fired}
    method = f"{_METHOD}; {fired} of {highs.size} trains fired"
    if open_:
        method += f"; in {len(open_)} of them, it is not known which pulse was the first to fire"
        method += "".join(dict.fromkeys(doubt.text for doubt in open_))
    if not highs.size:
        conditions["statistic"] = "median"
        return [Result("pulses_to_fire_median", "", None, None, None, method, conditions, Flag.NO_EVENT)]
    least, most = (0.5 * (ends[(ends.size - 1) // 2] + ends[ends.size // 2]) for ends in (lows, highs))
    flags = Flag.NONE
    for doubt in open_:
        flags |= doubt.flags
    below, above = median_interval(lows), median_interval(highs)
    if below is None or above is None:
        interval, flags = (float(lows[0]), float(highs[-1])), flags | Flag.TOO_FEW
    else:
        interval = below[0], above[1]
    if not math.isfinite(interval[1]):
        flags |= Flag.CENSORED
    if fired == 0 and not open_:
        flags |= Flag.NO_EVENT
    low, high = (bound if math.isfinite(bound) else None for bound in interval)
    results = [Result(
        "pulses_to_fire_median", "", float(most) if math.isfinite(most) and least == most else None,
        float(pulses + 1) if low is None else low, high, method, {**conditions, "statistic": "median"}, flags)]
    if fired == highs.size and fired > 1 and not open_:
        summary = summarise(highs)
        results.append(Result(
            "pulses_to_fire_mean", "", summary.mean, summary.low, summary.high, method,
            {**conditions, "statistic": "mean"}, flags))
    return results
