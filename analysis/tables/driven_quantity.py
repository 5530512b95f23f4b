"""Whether the source of a sweep set the voltage or the current: the values that were set have even steps."""

import numpy as np

from tsbench.records import FloatArray

#: share of the highest value by which exact steps differ, because they were printed with few digits
_ROUNDING = 1e-5
_FEWEST = 8  #: steps: fewer may be even by chance
_MOST_TURNS = 0.1  #: share of the steps that may be of another size: at the turn, and where a sweep begins anew


def is_current_driven(voltage: FloatArray, current: FloatArray) -> bool:
    """Return whether the current of a sweep was set and the voltage was measured.

    Set-points have even steps, or even ratios, and a reading has noise. Where both have even steps (a resistor without
    noise), or neither has, the voltage counts as set.

    Parameters
    ----------
    voltage, current : [V], [A], shape (n,), in order of measurement
    """
    return _is_set(current) and not _is_set(voltage)


def _is_set(values: FloatArray) -> bool:
    steps = np.abs(np.diff(values))
    return _even(steps, _ROUNDING * float(np.abs(values).max(initial=0.0))) or _even_ratios(values)


def _even(steps: FloatArray, least: float) -> bool:
    moved = steps[steps > least]
    if moved.size < _FEWEST or moved.size < (1.0 - _MOST_TURNS) * steps.size:
        return False
    step = float(np.median(moved))
    return step > 5.0 * least and float(np.mean(np.abs(moved - step) > least)) <= _MOST_TURNS


def _even_ratios(values: FloatArray) -> bool:
    size = np.abs(values[values != 0.0])
    if size.size < _FEWEST or size.size < (1.0 - _MOST_TURNS) * values.size:
        return False
    return _even(np.abs(np.diff(np.log(size))), 10.0 * _ROUNDING)
