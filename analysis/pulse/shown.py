"""What a record shows by a rise of the current: a switching, or something that looks like one."""

from dataclasses import dataclass

import numpy as np

from tsbench.analysis.pulse.conductor import remembered
from tsbench.analysis.pulse.lasting_rise import AT_END, HALF, jumps
from tsbench.analysis.pulse.linear_load import Explained, resistor_explains
from tsbench.records import Flag, FloatArray

#: share of the rise by which the current is larger than it was at the same voltage where a device has switched. Of the
#: diodes of ``tests/analysis/test_memory_of_a_current.py`` and of users' runs 0.36 at most, 0.05 in nearly all; of
#: devices that switch within a fast edge 0.4 to 1.7
_MEMORY = 0.38
#: the compared part begins this share of the pulse before its end; share of the voltage at which a pulse is over
_COMPARED_FROM, _LEFT = 0.25, 0.2
#: the current rises there by these factors, of the median and of the largest one, and these standard deviations; and so
#: many samples in a row (chosen), one less in a pulse of fewer than so many, whose end has hardly more
_OF_MEDIAN, _OF_LARGEST, _SIGMAS, _IN_A_ROW, _FEW = 3.0, 1.5, 8.0, 3, 60


def rises_at_the_end(voltage: FloatArray, current: FloatArray, span: tuple[int, int], noise: float) -> bool:
    """Return whether the current rises clearly so close to the end of a pulse that no on state is seen.

    The voltage of a device behind a load falls as it switches, so a pulse may seem to end there. Up to where hardly any
    of the voltage is left, the charging current of the falling edge is below zero, and a rise is that of the device.

    Parameters
    ----------
    voltage, current : [V], [A], shape (n,), positive in the pulse, zero before it
    span : sample of the edge, and the last one of the pulse
    noise : [A] standard deviation of one sample
    """
    first, last = span
    end, begin = (last - round(share * (last - first)) for share in (AT_END, _COMPARED_FROM))
    gone = np.flatnonzero(voltage[last:] < _LEFT * float(np.median(voltage[begin : end + 1])))
    stop = last + int(gone[0]) if gone.size else current.size
    before, tail = current[begin : end + 1], current[end + 1 : max(stop, last + 1)]
    row = _IN_A_ROW if last - first >= _FEW else _IN_A_ROW - 1
    if before.size < _IN_A_ROW or tail.size < row:
        return False
    middle = float(np.median(before))
    least = max(_OF_MEDIAN * middle, _OF_LARGEST * float(before.max()), middle + _SIGMAS * noise)
    rows = np.lib.stride_tricks.sliding_window_view(tail > least, row)
    return bool(rows.all(axis=1).any())


@dataclass(frozen=True)
class Shown:
    """What a record shows of a switching."""

    flags: Flag = Flag.NONE
    told: bool = True  #: whether the record tells if the device switched

    @property
    def nothing(self) -> bool:
        """Whether no switching is seen."""
        return Flag.NO_EVENT in self.flags


def shown(
    voltage: FloatArray, current: FloatArray, quiet: int, span: tuple[int, int],
    rise: tuple[float, float, float] | None, lags: tuple[float, ...], noise: tuple[float, float], share: float = HALF,
) -> Shown:
    """Return what a record shows.

    Parameters
    ----------
    voltage, current : [V], [A], shape (n,), evenly sampled, positive in the pulse, zero before it
    quiet : number of samples from the first on that are before the foot of the edge
    span : sample of the edge where the voltage is ``share`` of its highest, and the last one of the pulse
    rise : current before and after it [A], and its sample; None: the current does not rise as that of a switch
    lags : by which the current may be seen later than the voltage [samples]
    noise : [V], [A] standard deviations of one sample
    share : of the highest voltage

    Returns
    -------
    Shown
        NO_EVENT: no rise, or one that a resistor explains, or a conductor whose current is a function of its voltage.
        AMBIGUOUS beside it: the charging current can hide a switching, or the current rises too close to the end of the
        pulse to tell. AMBIGUOUS alone: the conductance jumps, but
        never at a lower voltage: a device that switches within a fast edge and a diode may look so. UNDER_SAMPLED: a
        device that switches at once and a resistor look alike in this record; others may tell them apart.
    """
    late = rises_at_the_end(voltage, current, span, noise[1])
    nothing = Shown(Flag.NO_EVENT | Flag.AMBIGUOUS, told=False) if late else Shown(Flag.NO_EVENT)
    if rise is None:
        return nothing
    resistor = resistor_explains(voltage, current, quiet, span, rise)
    if resistor is Explained.YES:
        return Shown(Flag.NO_EVENT)
    if resistor is Explained.PERHAPS:
        return Shown(Flag.NO_EVENT | Flag.AMBIGUOUS, told=False)
    few = Flag.UNDER_SAMPLED if resistor is Explained.UNKNOWN else Flag.NONE
    if remembered(voltage, current, span, rise[2], lags, noise) > _MEMORY * (rise[1] - rise[0]):
        return Shown(few)
    return Shown(few | Flag.AMBIGUOUS, told=False) if jumps(
        voltage, current, span, noise[1], share) else nothing
