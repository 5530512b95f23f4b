"""Whether a device looks open or short over a whole run: a remark for the reader of the numbers, not a verdict."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tsbench.quantities import format_quantity
from tsbench.records import Flag, FloatArray

#: conductance [S] below which nothing seems to be connected: under 1 uA at 1 V, what cables and offsets of a
#: source meter on a 1 mA range give; a device that stays off may do the same
OPEN_BELOW = 1e-6
_LEAK = 1e-7  #: [S] of 10 MOhm: a dry cable, a chuck or needles have less, a device that may switch has mostly more
SHORT_BELOW = 20.0  #: [Ohm] between device voltage and current: less than contacts and wires are known to
#: [Ohm] the same of a device that every reading shows in compliance: nothing shows a state in which it could switch,
#: and a wafer's shorts of some tens of ohms (needles and lines included) end every reading so
LIMITED_SHORT_BELOW = 100.0
LEAST_VOLTAGE = 0.1  #: [V] with less nothing can be said of an open device
OFF_ABOVE = 10 * SHORT_BELOW  #: [Ohm] of readings that a short does not give: a device that is on was off before
_OUTLIERS = 2  #: readings that may be anything
_FEWEST_LIMITED = 3  #: readings in compliance that say that the device is always there
_ENOUGH = 5  #: readings from which on the largest current alone is no evidence: it may be a wild one
LEAST_CURRENT = 1e-5  #: [A] with less nothing can be said of a short


@dataclass(frozen=True)
class Contact:
    """What a run says of the contact."""

    flags: Flag  #: OPEN, SHORT, NONE; COMPLIANCE: every reading is in compliance, so the contact is not known
    message: str = ""  #: one line with the numbers behind it, and what to do; "" where nothing is suspected


def contact(
    voltage: FloatArray, current: FloatArray, resolution: float = 0.0, limited: npt.NDArray[np.bool_] | None = None,
    accuracy: float = 0.0, offset: float = 0.0, *, beyond: bool = False, current_offset: float = 0.0,
) -> Contact:
    """Judge the contact from device voltage [V] and current [A] of a whole run, same shape; NaN is left out.

    Parameters
    ----------
    resolution : float
        [A] that the current cannot tell from zero (one code of a scope): an open device needs a finer one.
    limited : array of bool, optional
        Readings in compliance, same shape.
    accuracy : float
        Relative limit of the error of the resistance: a device is short if it may have a resistance of a short.
    offset : float
        [V] limit of the error of the zero of the voltage.
    beyond : bool
        Currents are larger than the readings show: then the device does not look open.
    current_offset : float
        [A] limit of the error of the zero of the current. What exceeds it and a leak is a device. 0: it is not known.
    """
    known = np.isfinite(voltage) & np.isfinite(current)
    v, i = (np.abs(one if known.all() else np.asarray(one)[known]) for one in (voltage, current))
    if v.size == 0:
        return Contact(Flag.NONE)
    highest, most = float(v.max()), float(i.max())
    enough = _seen_from(highest, current_offset)
    if v.size >= _ENOUGH and np.count_nonzero(i >= enough) == 1:   # one reading alone may be wild, so the others decide
        others = i < enough
        highest, most = float(v[others].max()), float(i[others].max())
        enough = _seen_from(highest, current_offset)
    if highest >= LEAST_VOLTAGE and most < enough and resolution < enough and not beyond:
        return Contact(
            Flag.OPEN,
            f"the device looks open (at most {format_quantity(most, 'A', 3)} up to {format_quantity(highest, 'V', 3)}"
            f"; less than {format_quantity(enough, 'A', 2)} counts as open). Check the contact. A device that stays in "
            "the off state looks the same",
        )
    strong = i >= 0.5 * most
    ratio = float(np.median(v[strong] / i[strong])) if most >= LEAST_CURRENT else np.inf
    off = np.count_nonzero((v >= LEAST_VOLTAGE) & (i * OFF_ABOVE < v))
    always = limited is not None and _always_limited(v, i, np.asarray(limited)[known])
    least = ratio * (1.0 - accuracy) - (offset / most if most else 0.0)
    if least < (LIMITED_SHORT_BELOW if always else SHORT_BELOW) and off <= _OUTLIERS:
        return Contact(
            Flag.SHORT,
            f"the device looks short ({ratio:.2g} Ohm at {format_quantity(most, 'A', 3)}). Check "
            "the probes and the device",
        )
    if always:
        return Contact(
            Flag.COMPLIANCE,
            f"every reading is in compliance, from {highest:.2g} V on, so it is not known what is connected. Increase "
            "the compliance, or check the device for a short",
        )
    return Contact(Flag.NONE)


def _seen_from(highest: float, current_offset: float) -> float:
    """Return the current [A] from which on something is connected, if ``highest`` [V] is the highest voltage."""
    least = OPEN_BELOW * highest
    return min(least, _LEAK * highest + current_offset) if current_offset > 0.0 else least


def _always_limited(voltage: FloatArray, current: FloatArray, limited: npt.NDArray[np.bool_]) -> bool:
    """Whether no reading below the compliance shows the device; one at level 0 shows only offsets.

    A reading shows the device if its voltage or its current is at least half of the median of those in compliance, or
    if it conducts ``OPEN_BELOW`` at ``LEAST_VOLTAGE`` or more: less may be an open contact, whatever the meter knows.
    """
    if int(limited.sum()) < _FEWEST_LIMITED:
        return False
    shows = (voltage >= 0.5 * np.median(voltage[limited])) | (current >= 0.5 * np.median(current[limited]))
    shows |= (voltage >= LEAST_VOLTAGE) & (current >= OPEN_BELOW * voltage)
    return not bool(np.any(shows & ~limited))
