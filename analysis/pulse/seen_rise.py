"""The rise of the current in a pulse that a device shows when it switches, behind the edge or early on it."""

from dataclasses import dataclass

import numpy as np

from tsbench.analysis.pulse.lasting_rise import HALF, first_rise, jumps
from tsbench.analysis.pulse.shown import Shown, shown
from tsbench.analysis.pulse.single_pulse import quiet_samples
from tsbench.records import FloatArray
from tsbench.samples import smoothed

#: share of the highest voltage above which a jump early on the edge is looked for, and standard deviations of noise
_EARLY, _CLEAR = 0.15, 8.0


@dataclass(frozen=True)
class SeenRise:
    """A rise of the current: where it is looked for, currents before and after it [A], its sample, what it shows."""

    first: int  #: sample of the edge from which on it is looked for
    last: int  #: sample of the pulse that counts
    rise: tuple[float, float, float] | None
    shown: Shown

    @property
    def nothing(self) -> bool:
        """Whether no switching is seen."""
        return self.rise is None or self.shown.nothing


def seen_rise(
    v: FloatArray, i: FloatArray, span: tuple[int, int], lags: tuple[float, ...], noise: tuple[float, float],
    on_current: float,
) -> SeenRise:
    """Return the rise of a record with one pulse.

    A device that switches at less than half of the voltage that it has in the end is on where the edge is half way up.
    It is looked for on the lower part of the edge where the upper part shows no switching. There the conductance must
    jump, also if the current is seen as late as it may be.

    Parameters
    ----------
    v, i : [V], [A], shape (n,), evenly sampled, positive in the pulse, zero before it
    span : sample where the edge is half way up, and the last one of the pulse
    lags : by which the current may be seen later than the voltage [samples], rising
    noise : [V], [A] standard deviations of one sample
    on_current : [A] of the on state; NaN: it is not known
    """
    first, last = span
    quiet = quiet_samples(v, first)

    def looked_for(begin: int, share: float) -> SeenRise:
        end, rise = first_rise(v, i, begin, last, noise[1], on_current, share)
        return SeenRise(begin, end, rise, shown(v, i, quiet, (begin, end), rise, lags, noise, share))

    found = looked_for(first, HALF)
    if not found.nothing or not found.shown.told:
        return found
    smooth = smoothed(v, 3)
    share = max(_EARLY, _CLEAR * noise[0] / float(smooth.max()))
    below = np.flatnonzero(smooth[:first] < share * float(smooth.max()))
    if share >= HALF or below.size == 0:
        return found
    begin, samples = int(below[-1]) + 1, np.arange(v.size)
    if not jumps(np.interp(samples - lags[-1], samples, v), i, (begin, last), noise[1], share):
        return found
    early = looked_for(begin, share)
    return found if early.nothing else early
