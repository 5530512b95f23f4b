"""Whether a resistor with a capacitance explains the current of a pulse whose edge rings.

The current is then g v + c dv/dt + b d2v/dt2; the third part is that of two channels that are apart by a little time.
While a ring falls, the charging current runs back. So the current is low although the voltage is high, as it is
before a device switches. Where the charging current is many times the current of a device, a device that switches
cannot be told from a resistor.
"""

import math
from dataclasses import dataclass
from enum import Enum

import numpy as np

from tsbench.analysis.pulse.blunt import REACH, Blunt
from tsbench.records import FloatArray

#: standard deviations of the kernels [samples] that are tried; one is at most this share of the time to the rise
_KERNELS, _SHARE = (1.0, 1.5, 3.0, 6.0), 1.0 / 6.0
_MOST_SAMPLES = 2000  #: to the rise; more are averaged
_FEWEST = 6  #: samples to the rise (chosen): fewer do not show whether the current follows the voltage
_BESIDE = 16  #: samples before the edge and behind the rise, beside as many as there are between them
_OF_RISE = 2  #: samples behind the middle of a rise that the fit must see: what it leaves out explains nothing
_SIGMAS = 4.0  #: standard deviations of what the resistor leaves before the edge: noise
#: what the resistor leaves beyond the noise is at most this share of the rise of the current. Measured on rings of
#: 5 to 50 MHz whose charging current is at most three times this rise: at most 0.13 for resistors, and for devices
#: that switch at least 0.36 in 99 %
_LEFT = 0.25
#: a charging current of more than three times the rise can hide a switching; the fit knows it within a tenth
_HIDES, _EXACT = 3.0, 0.1


class Explained(Enum):
    """Whether a resistor with a capacitance explains the rise of a current."""

    NO = "no"  #: a device has switched
    YES = "yes"
    PERHAPS = "perhaps"  #: the charging current can hide a switching
    UNKNOWN = "unknown"  #: too few samples to the rise: a device that switches at once and a resistor look alike


@dataclass(frozen=True)
class _ResistorFit:
    """The best resistor with a capacitance."""

    rest: float  #: [A] largest difference from the current, without the noise
    conducts: bool  #: whether its conductance and its capacitance are above zero
    charging: float  #: [A] largest charging current


def resistor_explains(
    voltage: FloatArray, current: FloatArray, quiet: int, span: tuple[int, int], rise: tuple[float, float, float]
) -> Explained:
    """Return whether a resistor with a capacitance explains a rise of the current.

    It is fitted through several kernels. One that explains the rise is enough (YES), also where the charging current of
    the fit through a narrower one can hide a switching.

    Parameters
    ----------
    voltage, current : [V], [A], shape (n,), evenly sampled, positive in the pulse, zero before it
    quiet : number of samples from the first on that are before the foot of the edge
    span : sample where the edge is half way up, and the last one of the pulse
    rise : current before and after it [A], and its sample
    """
    (first, last), (off, on, middle) = span, rise
    until = middle - first
    if until < _FEWEST:
        return Explained.UNKNOWN
    block = max(1, math.floor(until / _MOST_SAMPLES))
    beside = math.ceil(until) + _BESIDE * block
    ends = block * math.ceil(REACH * _KERNELS[-1])   # left out by the fit
    begin, end = max(first - beside - ends, 0), min(math.ceil(middle) + beside + ends, last + 1)
    quiet_blocks = max(quiet - begin, 0) // block
    volts, amperes = (Blunt(part[begin:end], 0, 0.0, 0.0).means(block) for part in (voltage, current))
    height = on - max(off, 0.0)
    found = Explained.NO
    for kernel in _KERNELS:
        seen = volts.values.size - 1 - math.ceil(REACH * kernel)   # the last sample that the fit sees
        if kernel > max(_SHARE * until / block, _KERNELS[0]) or (middle - begin) / block > seen - _OF_RISE:
            break
        fit = _fit(volts, amperes, kernel, quiet_blocks)
        hidden = fit.charging > _HIDES * height
        if hidden and fit.rest < _LEFT * height + _EXACT * fit.charging:
            found = Explained.PERHAPS
        elif fit.conducts and fit.rest < _LEFT * height:   # where it is not hidden
            return Explained.YES
    return found


def _fit(volts: Blunt, amperes: Blunt, kernel: float, quiet: int) -> _ResistorFit:
    """Fit a resistor with a capacitance through a kernel [samples]; the first ``quiet`` samples show the noise.

    The ends, which the kernel does not see whole, are left out.
    """
    reach = math.ceil(REACH * kernel)
    whole, quiet = (reach, volts.values.size - 1 - reach, kernel), quiet - reach
    parts = np.column_stack([volts.all(*whole, weights) for weights in ((1.0,), (0.0, 1.0), (0.0, 0.0, 1.0))])
    flowing = amperes.all(*whole, (1.0,))
    found = np.linalg.lstsq(parts, flowing, rcond=None)[0]
    left = flowing - parts @ found
    noise = _SIGMAS * float(np.std(left[:quiet])) if quiet >= _BESIDE else 0.0   # nothing is known of it in fewer
    # the current of a device that switches comes late, as that of a capacitance below zero
    return _ResistorFit(float(np.abs(left).max()) - noise, bool(found[0] > 0.0 and found[1] > 0.0),
                float(found[1] * np.abs(parts[:, 1]).max()))
