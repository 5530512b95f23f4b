"""What a record shows by a rise of the current: a switching, or something that looks like one."""

from dataclasses import dataclass

from tsbench.analysis.pulse.conductor import remembered
from tsbench.analysis.pulse.lasting_rise import HALF, jumps
from tsbench.analysis.pulse.linear_load import Explained, resistor_explains
from tsbench.records import Flag, FloatArray

#: share of the rise by which the current is larger than it was at the same voltage where a device has switched. Of the
#: diodes of ``tests/analysis/test_memory_of_a_current.py`` and of users' runs 0.36 at most, 0.05 in nearly all; of
#: devices that switch within a fast edge 0.4 to 1.7
_MEMORY = 0.38


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
        AMBIGUOUS beside it: the charging current can hide a switching. AMBIGUOUS alone: the conductance jumps, but
        never at a lower voltage: a device that switches within a fast edge and a diode may look so. UNDER_SAMPLED: a
        device that switches at once and a resistor look alike in this record; others may tell them apart.
    """
    if rise is None:
        return Shown(Flag.NO_EVENT)
    resistor = resistor_explains(voltage, current, quiet, span, rise)
    if resistor is Explained.YES:
        return Shown(Flag.NO_EVENT)
    if resistor is Explained.PERHAPS:
        return Shown(Flag.NO_EVENT | Flag.AMBIGUOUS, told=False)
    few = Flag.UNDER_SAMPLED if resistor is Explained.UNKNOWN else Flag.NONE
    if remembered(voltage, current, span, rise[2], lags, noise) > _MEMORY * (rise[1] - rise[0]):
        return Shown(few)
    return Shown(few | Flag.AMBIGUOUS, told=False) if jumps(
        voltage, current, span, noise[1], share) else Shown(Flag.NO_EVENT)
