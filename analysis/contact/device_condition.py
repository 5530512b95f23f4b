"""Whether a device did in a run what a threshold switch does: switch, and come back; what it looks like if not.

Nothing here knows what the device is. It is judged by itself: records in which it did not switch by those in
which it did, the way back of a sweep by the way up. Where nothing ever switched the words say how it stood.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tsbench.analysis.pulse.at_once import ON_ABOVE
from tsbench.analysis.pulse.delay_results import Delay
from tsbench.analysis.signal import OVERFLOW_NUMBER
from tsbench.quantities import format_quantity
from tsbench.records import Flag, FloatArray
from tsbench.samples import noise_of

#: times a conductance: another state, as much as tells an on-state from an off-state (see ``analysis.pulse``)
ANOTHER = 3.0
#: of the voltage at which a device switched: at less, a non-ohmic off state conducts less, and no contact is lost
_AS_HIGH = 0.9
CLEAR = 3.0  #: times the resolution: a current that is seen for sure
#: of the highest level: from there on a pulse, or a sweep, says what the device conducts
_PLATEAU = 0.5
#: of the largest current: what a fixed measuring range still tells well
_TELLS = 1e-3
#: of the largest current: a current without voltage is another one when it differs by so much
_WITHOUT_VOLTAGE = 10 * _TELLS
_SEEN = 6.0  #: standard deviations of the noise, less is no evidence of a change
_MANY = 12  #: readings from which on the highest and the lowest conductance are left out
_HEAD = 50  #: share of the record before the pulse: one in so many samples, at least five


@dataclass(frozen=True)
class Stand:
    """One record: device voltage [V] and current [A] while it stood, and whether it switched."""

    switched: bool
    voltage: float
    current: float
    resolution: float  #: [A] less cannot be distinguished from no current
    on_conductance: float = math.nan  #: [S] behind the switching, where it was seen
    on_current: float = math.nan  #: [A] behind the switching, where it was seen

    @property
    def conductance(self) -> float:
        """Current over voltage [S]; 0 where no voltage stood."""
        return abs(self.current / self.voltage) if self.voltage else 0.0

    @property
    def dark(self) -> bool:
        """Whether no current was seen."""
        return self.current == 0.0 or abs(self.current) < self.resolution

    def words(self) -> str:
        """Return one sentence: current or resistance, and the voltage."""
        at = format_quantity(abs(self.voltage), "V", 3)
        if self.dark:
            return (
                f"The current was less than {format_quantity(self.resolution, 'A', 2)} at {at}. The device is open, "
                "not in contact, or off")
        resistance = format_quantity(abs(self.voltage / self.current), "Ohm", 3)
        return f"The resistance was {resistance} at {at}"


def pulse_stand(
    voltage: FloatArray, current: FloatArray, resolution: float, currents: tuple[float, float] | None = None
) -> Stand:
    """Return how a device stood in the record of one pulse, without the offsets of the channels before its edge.

    Parameters
    ----------
    voltage, current : [V], [A], shape (n,); the record begins before the edge
    resolution : [A] one code
    currents : before and behind the switching [A], NaN where they are not known; None: the device did not switch

    Returns
    -------
    Stand
        Of a device that switched, the current before that and the highest voltage; otherwise both on the plateau.
    """
    switched = currents is not None
    off_current, on_current = currents or (math.nan, math.nan)
    known = (np.abs(voltage) < OVERFLOW_NUMBER) & (np.abs(current) < OVERFLOW_NUMBER)
    voltage, current = voltage[known], current[known]
    if voltage.size == 0:
        return Stand(switched, 0.0, 0.0, resolution)
    head = max(5, voltage.size // _HEAD)
    v, i = voltage - np.median(voltage[:head]), current - np.mean(current[:head])
    plateau = np.abs(v) >= _PLATEAU * np.abs(v).max()
    # half a code may be lost at either end; averages see less than that where there is noise
    least = max(resolution, 4 * noise_of(i, resolution) / np.sqrt(min(head, plateau.sum())))
    stood = float(np.mean(i[plateau])) if np.isnan(off_current) else off_current
    highest = float(np.median(v[plateau])) if np.isnan(off_current) else float(v[np.abs(v).argmax()])
    conducts = math.nan
    if not np.isnan(on_current):
        behind = np.abs(i) >= 0.5 * abs(off_current + on_current)
        conducts = abs(on_current) / max(float(np.median(np.abs(v[behind]))), 1e-30) if behind.any() else math.nan
    return Stand(switched, highest, stood, float(least), conducts, on_current)


def steady_stand(voltage: FloatArray, current: FloatArray, resolution: float, switched: bool) -> Stand:
    """Return how a device stood over a whole record under a constant bias.

    Parameters
    ----------
    voltage, current : [V], [A] at the device, shape (n,)
    resolution : [A] one code of the current
    switched : whether it oscillated
    """
    known = (np.abs(voltage) < OVERFLOW_NUMBER) & (np.abs(current) < OVERFLOW_NUMBER)
    if not known.any():
        return Stand(switched, 0.0, 0.0, 2 * resolution)
    return Stand(switched, float(np.median(voltage[known])), float(np.median(current[known])), 2 * resolution)


def remark(stands: Sequence[Stand], what: str = "switching") -> str:
    """Return one line about records in which the device did not behave as a threshold switch; "" if all are normal.

    It is normal that a device does not fire in every record, by chance or at a low bias: such a record looks as the
    others did before they switched. Reported are a device that conducts more than that, or no longer at all, and one
    that never switched.

    Parameters
    ----------
    stands : one for each record
    what : "switching" or "oscillation", for the message
    """
    if what == "switching" and _is_against(stands):
        return (
            "the current is opposite to the voltage, as in no passive device. Check the sign of the gain in "
            "[fixture.sensing] of the bench file, and the wires at the current's channel. voltage_high and voltage_low "
            "may be exchanged, too")
    quiet = [stand for stand in stands if not stand.switched]
    fired = [stand for stand in stands if stand.switched]
    if not quiet:
        return ""
    advice = "Check the contact and the device"
    if not fired:
        where = f"any of {len(quiet)} records" if len(quiet) > 1 else "the record"
        strongest = max(quiet, key=lambda stand: abs(stand.voltage))
        more = "use a higher level" + (", or measure the current with a finer resolution" if strongest.dark else "")
        if what == "switching" and strongest.conductance >= ON_ABOVE and not strongest.dark:
            more = ("the device may have switched within the edge, faster than the record shows: use a shorter 'width' "
                    "or more samples ('resolution', 'samples' or 'record_span' of the protocol). If the records show "
                    "its edge and it does not switch there, use a higher level")
        return f"no {what} in {where}. {strongest.words()}. {advice}. If both are good, {more}"
    off = _off_conductance(fired)
    seen = any(not stand.dark for stand in fired)
    switched_at = float(np.median([abs(stand.voltage) for stand in fired]))
    on = [stand for stand, odd in zip(stands, conducting(stands), strict=True) if odd]
    gone = [
        s for s in quiet
        if seen and s.conductance < off / ANOTHER and off * abs(s.voltage) > CLEAR * s.resolution
        and abs(s.voltage) > _AS_HIGH * switched_at
    ]
    odd = on or gone
    if not odd:
        return ""
    state = "the device was already on" if on else "the device conducts almost no current"
    if on and what == "switching":   # as with a filament that is not dissolved yet
        advice = "If it switches off slowly, raise 'rest' or lower 'base'. Otherwise, check the contact and the device"
    before = f"had a resistance of {format_quantity(1 / off, 'Ohm', 3)}" if off else "conducted no current"
    return (
        f"no {what} in {len(odd)} of {len(stands)} records, because {state}. {odd[0].words()}. In the other records "
        f"the device {before} before it switched. {advice}"
    )


def conducting(stands: Sequence[Stand]) -> list[bool]:
    """Return for each record whether it shows no switching, and a device that conducts as one that is on.

    A non-ohmic off state conducts more at a higher voltage, but less than the geometric mean of off and on state.
    """
    fired = [stand for stand in stands if stand.switched]
    if not fired:
        return [False] * len(stands)
    off = _off_conductance(fired)
    least = max(ANOTHER * off, math.sqrt(off * _median([stand.on_conductance for stand in fired])))
    return [not stand.switched and stand.conductance > least and abs(stand.current) > CLEAR * stand.resolution
            for stand in stands]


def like_resistors(delays: Sequence[Delay], stands: Sequence[Stand]) -> list[bool]:
    """Return for each pulse that fired whether it may be one of a resistor, as far as the other pulses tell.

    A pulse may be so of which too few samples are before the rise (UNDER_SAMPLED). Another one shows an off state if
    the device then conducts less by :data:`ANOTHER` times than this one behind its rise.

    Parameters
    ----------
    delays, stands : what each pulse showed, and how the device stood in it
    """
    few = [delay.fired and Flag.UNDER_SAMPLED in delay.flags for delay in delays]
    off = min((stand.conductance for stand, one in zip(stands, few, strict=True) if not one), default=math.inf)
    return [one and not stand.on_conductance > ANOTHER * off for stand, one in zip(stands, few, strict=True)]


def _off_conductance(fired: Sequence[Stand]) -> float:
    """Return the conductance [S] of a device before it switched."""
    return float(np.median([stand.conductance for stand in fired]))


def _median(values: Sequence[float]) -> float:
    """Return the median of the values that are known; 0: none is."""
    known = [value for value in values if not math.isnan(value)]
    return float(np.median(known)) if known else 0.0


def _is_against(stands: Sequence[Stand]) -> bool:
    """Whether the current of all records that show a clear one is opposite to the voltage.

    Where a device switched, the current behind the switching counts: the small one before it may be an offset.
    """
    flows = [(stand.current if math.isnan(stand.on_current) else stand.on_current, stand) for stand in stands]
    clear = [(current, stand) for current, stand in flows if abs(current) > CLEAR * stand.resolution]
    return bool(clear) and all(current * stand.voltage < 0 for current, stand in clear)


def swept(
    level: FloatArray, voltage: FloatArray, current: FloatArray, noise: float = 0.0,
    offsets: tuple[float, float] = (0.0, 0.0),
) -> str:
    """Return one line about one half-sweep of a sweep, up and back; "" if the device came back as it was.

    Parameters
    ----------
    level, voltage, current : [V or A], [V], [A], shape (n,), in order of measurement
    noise : [A] standard deviation of one reading of the current; differences within it show nothing
    offsets : [V], [A] limits of the error of small readings; their quotient is no resistance
    """
    known = (np.abs(voltage) < OVERFLOW_NUMBER) & (np.abs(current) < OVERFLOW_NUMBER)
    level, voltage, current = level[known], voltage[known], current[known]
    if level.size < 3:
        return ""
    high = np.abs(voltage) >= 0.1 * np.abs(voltage).max()
    conductance = np.abs(current[high] / np.where(voltage[high] == 0, np.inf, voltage[high]))
    # one reading alone may be wild
    ordered = np.sort(conductance)
    inner = ordered[1:-1] if ordered.size >= _MANY else ordered
    if inner.size >= 3 and 0 < inner[-1] < ANOTHER * inner[0]:
        resistance = format_quantity(1 / float(np.median(conductance)), "Ohm", 3)
        if np.median(np.abs(voltage[high])) <= offsets[0]:
            return ("the voltage at the device is not beyond the error of the source meter, "
                    f"{format_quantity(offsets[0], 'V', 2)}, so the sweep tells nothing of the device. Use a "
                    "higher level")
        if np.median(np.abs(current[high])) <= offsets[1]:
            return ("the device does not switch. Its current is not beyond the error of the source meter, "
                    f"{format_quantity(offsets[1], 'A', 2)}. Check the contact and the device, or use a smaller range")
        return (f"the device does not switch. It conducts like a resistor of {resistance}. Check "
                "the contact and the device")
    turn, least = int(np.abs(level).argmax()), _SEEN * noise
    return _not_as_before(level, voltage, current, turn, least) or _without_voltage(level, current, turn, least)


def _not_as_before(level: FloatArray, voltage: FloatArray, current: FloatArray, turn: int, seen: float) -> str:
    """Compare the readings of the way back with those of the way up, from the lowest level on."""
    least = max(_TELLS * float(np.abs(current).max()), seen)
    odd = ""
    first: tuple[int, int] | None = None  #: the readings of the first level where they differ
    returned = False  #: whether the current was too small to tell at the lowest levels, on both ways
    for up in range(turn):
        same = np.flatnonzero(np.isclose(level[turn + 1 :], level[up]))
        if not same.size or level[up] == 0 or voltage[up] == 0:
            continue
        back = turn + 1 + int(same[-1])
        if voltage[back] == 0:
            continue
        before, after = abs(current[up] / voltage[up]), abs(current[back] / voltage[back])
        if max(abs(current[up]), abs(current[back])) < least * (ANOTHER if returned else 1.0):
            if odd:
                return ""
            returned = True
            continue
        if _alike(before, after):
            return "" if first is None else _last_reading(voltage, current, first, before)
        if returned and after > before:  # it came back to the off state at a lower level
            return ""
        if odd:  # at two levels: one reading alone may be wild
            return odd
        first = up, back
        what = "did not return to the off state" if after > before else "conducts less after the sweep than before it"
        odd = f"the device {what}. {_both(voltage, current, up, back)}. Check the contact and the device"
    return ""


def _both(voltage: FloatArray, current: FloatArray, up: int, back: int) -> str:
    """Return one sentence with two readings."""
    return (
        f"The current is {format_quantity(abs(current[up]), 'A', 3)} at {abs(voltage[up]):.3g} V on the way up and "
        f"{format_quantity(abs(current[back]), 'A', 3)} at {abs(voltage[back]):.3g} V on the way back")


def _alike(one: float, other: float) -> bool:
    """Whether two conductances [S] can be of one state."""
    return 1 / ANOTHER < one / max(other, 1e-30) < ANOTHER


def _last_reading(voltage: FloatArray, current: FloatArray, differ: tuple[int, int], next_level: float) -> str:
    """Return one line where only the last reading of the way back differs; "" where the first of the way up is wild.

    Parameters
    ----------
    differ : the readings of the lowest level
    next_level : [S] conductance at the next level on the way up
    """
    up, back = differ
    if not _alike(abs(current[up] / voltage[up]), next_level):
        return ""
    return (
        f"the last reading of the way back differs. {_both(voltage, current, up, back)}. The reading is wrong, or the "
        "device changed there. Measure again")


def _without_voltage(level: FloatArray, current: FloatArray, turn: int, seen: float) -> str:
    """Return one line where the current at level 0 is another one after the way back than before the way up."""
    if level[0] != 0 or level[-1] != 0 or not 0 < turn < level.size - 1:
        return ""
    if abs(current[-1] - current[0]) < max(_WITHOUT_VOLTAGE * float(np.abs(current).max()), seen):
        return ""
    return (
        f"at level 0, the current is {format_quantity(current[0], 'A', 3)} before the sweep and "
        f"{format_quantity(current[-1], 'A', 3)} after it. The device is short now, or the offset of the source "
        "changed. Measure again")
