"""The readings of one branch of a half-sweep whose conductance is known, in order of rising level."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tsbench.analysis.threshold.reading_noise import additive_noise, resolution_around
from tsbench.records import FloatArray
from tsbench.samples import noise_of

#: the source is in control of the voltage where that of the device rises by this part of the set-point's step
_FOLLOWS = 0.5
#: standard deviations of the noise by which a device voltage must fall
FALLS = 4.0
#: standard deviations of the voltmeter's noise below which the logarithm of a voltage is anything
_KNOWN = 3.0


@dataclass(frozen=True)
class Branch:
    """Readings in order of rising level; arrays of shape (n,)."""

    level: FloatArray  #: [V]
    voltage: FloatArray  #: [V]
    current: FloatArray  #: [A]
    limited: npt.NDArray[np.bool_]  #: the source meter was in compliance


@dataclass(frozen=True)
class BranchReadings:
    """The readings of a branch whose conductance is known."""

    index: npt.NDArray[np.int64]  #: in the branch
    level: FloatArray
    voltage: FloatArray  #: [V] of the device, as if the set-point had not fallen where it has
    current: FloatArray
    limited: npt.NDArray[np.bool_]  #: in compliance, by its flag or by a voltage that does not follow the source
    follows: bool  #: the device voltage was measured and shows where the source is in control
    series: FloatArray  #: log conductance
    seen: npt.NDArray[np.bool_]  #: the current was above the noise
    least: FloatArray  #: noise of the series by additive noise and the digitiser
    voltage_noise: float  #: [V] standard deviation of what the voltmeter adds to the set-point


def readings_of(branch: Branch, floor: float) -> BranchReadings | None:
    """Return the informative readings of a branch, None where there are fewer than four.

    ``floor``: [A] a current below this counts as "off".
    """
    index = np.flatnonzero(informative(branch))
    if index.size < 4:
        return None
    voltage, current, level = branch.voltage[index], branch.current[index], np.maximum.accumulate(branch.level[index])
    raised = voltage + level - branch.level[index]
    voltage_noise = noise_of(raised - level)
    followed = _FOLLOWS * np.diff(level, prepend=level[0]) - FALLS * voltage_noise
    follows = bool(np.any(branch.voltage != branch.level)) and float(np.median(followed)) > 0.0
    lags = np.diff(raised, prepend=raised[0]) < followed
    seen = np.maximum(current, floor)
    return BranchReadings(
        index, level, raised, current, branch.limited[index] | (follows & lags), follows, np.log(seen / voltage),
        current > floor, additive_noise(seen, floor, resolution_around(current)), voltage_noise)


def informative(branch: Branch) -> npt.NDArray[np.bool_]:
    """Return which readings have a usable conductance, shape (n,): their voltage exceeds the voltmeter's noise."""
    at_zero = np.abs(branch.level) <= 1e-9 * float(np.max(np.abs(branch.level), initial=0.0))
    noise = noise_of(branch.voltage - branch.level)
    least = max(1e-6 * float(np.max(np.abs(branch.voltage), initial=0.0)), _KNOWN * noise)
    mask: npt.NDArray[np.bool_] = (branch.voltage > least) & ~at_zero
    return mask
