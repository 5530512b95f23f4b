"""Whether the source of a sweep set the voltage or the current: the values that were set have even steps."""

import numpy as np

from tsbench.records import FloatArray

#: share of the highest value by which exact steps differ, because they were printed with few digits
_ROUNDING = 1e-5
_FEWEST = 8  #: steps: fewer may be even by chance
_MOST_TURNS = 0.1  #: share of the steps that may be of another size: at the turn, and where a sweep begins anew
#: set-points that were read back have noise, but steps within this share of each other; noise of more hides the order
_READ_BACK = 0.1
#: the other quantity must have steps this many times less even, and differ by half a step. Two meters of one linear
#: device may differ tenfold in noise, so evenness alone would tell which meter is better. Steps that differ by half
#: of themselves, also over many readings where noise cancels, are those of a device that is not linear
_LESS_EVEN, _UNEVEN = 10.0, 0.5
_NO_JUMP = 2.0  #: usual steps: at the switching of a device, the quantity that is set takes no larger step
#: usual steps of so many of their smallest, or less, may be those of printed digits, which are uneven by themselves
_PRINTED = 5.0
_STRIDES = 100  #: long steps in which the noise of single readings cancels


def is_current_driven(voltage: FloatArray, current: FloatArray) -> bool:
    """Return whether the current of a sweep was set and the voltage was measured.

    Set-points have even steps, or even ratios, and a reading has noise. Where neither has exactly even steps,
    set-points may have been read back: then the quantity with much more even steps was set. Where both have even steps
    (a resistor without noise), or neither is much more even than the other, the voltage counts as set.

    Parameters
    ----------
    voltage, current : [V], [A], shape (n,), in order of measurement
    """
    if _is_set(voltage):
        return False
    return _is_set(current) or _is_read_back(current, voltage)


def _is_set(values: FloatArray) -> bool:
    steps = np.abs(np.diff(values))
    return _even(steps, _ROUNDING * float(np.abs(values).max(initial=0.0))) or _even_ratios(values)


def _is_read_back(values: FloatArray, other: FloatArray) -> bool:
    """Return whether values are set-points with little noise, and the other quantity does not follow them evenly."""
    uneven = min(_unevenness(values), _unevenness(_logarithm(values)))
    if uneven > _READ_BACK or _may_be_printed(other):
        return False
    stride = max(1, other.size // _STRIDES)
    least = min(_unevenness(one[::step]) for one in (other, _logarithm(other)) for step in {1, stride})
    if least >= max(_UNEVEN, _LESS_EVEN * uneven):
        return True
    # a device that is linear but for its switching: the quantity that follows jumps there
    return _largest_step(values) <= _NO_JUMP and _largest_step(other) >= _LESS_EVEN * _NO_JUMP


def _may_be_printed(values: FloatArray) -> bool:
    """Return whether the steps of values may be those of few printed digits."""
    steps = np.abs(np.diff(values))
    moved = steps[steps > _ROUNDING * float(np.abs(values).max(initial=0.0))]
    return moved.size == 0 or float(np.median(steps)) <= _PRINTED * float(moved.min())


def _unevenness(values: FloatArray) -> float:
    """Return by which share of the usual step nine of ten steps differ from it at most; infinity for too few steps."""
    steps = np.abs(np.diff(values))
    usual = float(np.median(steps)) if steps.size >= _FEWEST else 0.0
    return float(np.quantile(np.abs(steps / usual - 1.0), 1.0 - _MOST_TURNS)) if usual > 0.0 else float("inf")


def _largest_step(values: FloatArray) -> float:
    """Return the largest step over the usual one; single readings that stand out (glitches) do not count."""
    steps = np.abs(np.diff(values))
    usual = float(np.median(steps)) if steps.size >= _FEWEST else 0.0
    middle = np.median(np.stack((values[:-2], values[1:-1], values[2:])), axis=0) if usual > 0.0 else values[:0]
    return float(np.abs(np.diff(middle)).max()) / usual if middle.size > 1 else 0.0


def _logarithm(values: FloatArray) -> FloatArray:
    """Return the logarithms of the magnitudes; nothing where too many values are zero."""
    size: FloatArray = np.abs(values[values != 0.0])
    if size.size < (1.0 - _MOST_TURNS) * values.size:
        return size[:0]
    logarithm: FloatArray = np.log(size)
    return logarithm


def _even(steps: FloatArray, least: float) -> bool:
    moved = steps[steps > least]
    if moved.size < _FEWEST or moved.size < (1.0 - _MOST_TURNS) * steps.size:
        return False
    step = float(np.median(moved))
    return step > 5.0 * least and float(np.mean(np.abs(moved - step) > least)) <= _MOST_TURNS


def _even_ratios(values: FloatArray) -> bool:
    size = _logarithm(values)
    return size.size >= _FEWEST and _even(np.abs(np.diff(size)), 10.0 * _ROUNDING)
