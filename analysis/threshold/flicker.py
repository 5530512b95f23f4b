"""Whether a device switches on and off again beside the event of a half-sweep.

As the set-point rises, the current of a device that stays in one state does not fall. A filament that forms and
dissolves within the readings makes it fall and rise again. Then several voltages may be called threshold, or hold, and
each reading is the mean of both states.
"""

import numpy as np

from tsbench.analysis.threshold.half_sweeps import HalfSweep
from tsbench.analysis.threshold.reading_noise import noise_of_readings
from tsbench.analysis.threshold.second_step import SecondSteps
from tsbench.analysis.threshold.switching_evidence import SwitchOn
from tsbench.records import Flag, FloatArray

#: why a voltage is ambiguous, as ``method`` says it
ON_AND_OFF = "the device switches on and off again at other voltages too"
#: by this factor, and this many standard deviations of a reading, the current falls (chosen: 1.3 to 2 differ little)
_RATIO, _SIGMAS = 1.3, 6.0
_REPEATED = 2  #: falls of which one reading each may be wild


def doubts_of_further_changes(
    half: HalfSweep, on: SwitchOn | None, off: SwitchOn | None, noise: float, others: SecondSteps
) -> tuple[tuple[str, Flag], tuple[str, Flag]]:
    """Return (words for ``method``, AMBIGUOUS) of the threshold and of the hold voltage, ("", NONE) without a doubt.

    A device that flickers on the way up changes its state faster than the readings show, so its hold voltage is
    doubtful too. So it is with a second step.

    Parameters
    ----------
    half : the half-sweep
    on, off : where the device switches on, and off; None: nowhere
    noise : [A] standard deviation of a reading by the data sheet
    others : steps beside these two
    """
    nothing, doubt = ("", Flag.NONE), (f"{ON_AND_OFF}, ", Flag.AMBIGUOUS)
    if on is None and off is None:
        return nothing, nothing
    clear = _SIGMAS * noise_of_readings(half.current, half.level, noise)
    up = on is not None and flickers(half.current[: on.before + 1], clear)
    down = off is not None and (up or flickers(half.current[half.down().start :][::-1], clear))
    second, back = others.words(), "" if off is None else others.words(down=True)
    return (doubt if up else (f"{second}, ", Flag.AMBIGUOUS) if second else nothing,
            doubt if down else (f"{back}, ", Flag.AMBIGUOUS) if back else nothing)


def flickers(current: FloatArray, clear: float) -> bool:
    """Return whether a current falls where the set-point rises, more than wild readings could do.

    Parameters
    ----------
    current : [A] in order of rising set-points, shape (n,); of the way up only what is before the device switches on
    clear : [A] more than the noise of a reading can do

    Returns
    -------
    bool
        True where two readings in a row are clearly above the two that follow, or where single readings are clearly
        above the next one at two places at least.
    """
    return _falls(current, clear, 2) >= 1 or _falls(current, clear, 1) >= _REPEATED


def _falls(current: FloatArray, clear: float, lasting: int) -> int:
    """Return how often the lowest of ``lasting`` readings is clearly above the highest of the next ones."""
    if current.size < 2 * lasting:
        return 0
    parts = np.lib.stride_tricks.sliding_window_view(current, lasting)
    high, low = parts.min(axis=1)[:-lasting], parts.max(axis=1)[lasting:]
    return int(np.count_nonzero((high - low > clear) & (high > _RATIO * np.maximum(low, clear))))
