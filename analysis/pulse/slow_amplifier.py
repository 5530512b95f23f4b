"""Whether the current of a pulse is the voltage behind one pole: a resistor seen through a slow amplifier.

Such a current rises exponentially from the edge of the pulse to a proportional level. A device that switches stays off
for its delay, and then rises in another form, or its voltage gives way.
"""

import math

import numpy as np

from tsbench.records import FloatArray

#: time constants that are tried, from half a sample to the whole pulse; and between the neighbours of the best, twice
_TRIALS, _FINER = 20, 9
#: an exponential is half way up at a fifth of the time that it takes to 97 %
_HALF_WAY, _NEARLY, _SOON = 0.5, 0.97, 0.4
_BEFORE = 50  #: samples before the edge
_MOST_SAMPLES = 2000  #: more are averaged
#: samples of the rise that tell its form
_FEWEST = 8
#: part of the rise around which its form is judged
_RISING = (0.03, 0.97)
#: the misfit is at most so many standard deviations of the noise, joined with this share of the rise
_MISFIT, _SHARE = 1.15, 0.01
#: noise above this share of the rise hides its form
_MOST_NOISE = 0.05


def is_one_pole(voltage: FloatArray, current: FloatArray, edge: int, last: int, noise: float) -> bool:
    """Return whether the current of a pulse follows the voltage through one pole, within noise.

    Parameters
    ----------
    voltage, current : [V], [A], shape (n,), evenly sampled, positive in the pulse
    edge, last : samples at which the pulse begins, and after which voltage and current are low
    noise : [A] standard deviation of the current
    """
    before = max(edge - _BEFORE, 0)
    high = np.flatnonzero(voltage[edge : last + 1] >= 0.5 * np.quantile(voltage[edge : last + 1], 0.75))
    last = edge + int(high.max(initial=0)) - 2  # the current lasts longer than the voltage
    if edge - before < 2 or last - edge < 2 * _FEWEST:
        return False
    off = float(np.median(current[before:edge]))
    height = float(np.median(current[last - max((last - edge) // 10, 3) : last + 1])) - off
    if not height > 0.0 or noise > _MOST_NOISE * height:
        return False
    risen = (current[edge : last + 1] - off) / height
    half, nearly = (int(np.argmax(risen > share)) for share in (_HALF_WAY, _NEARLY))
    if half > _SOON * nearly:
        return False
    block = max(1, (last + 1 - before) // _MOST_SAMPLES)
    length = (last + 1 - before) // block * block
    volts, amperes = (values[before : before + length].reshape(-1, block).mean(axis=1) for values in (voltage, current))
    best = _best_fit(volts, amperes)
    share = (best - off) / height
    rising = np.flatnonzero((share > _RISING[0]) & (share < _RISING[1]))
    if rising.size < _FEWEST:
        return False
    allowed = math.hypot(_MISFIT * noise / math.sqrt(block), _SHARE * height)
    misfit = amperes - best
    return all(float(np.sqrt(np.mean(part**2))) < allowed for part in (misfit[rising], misfit))


def _best_fit(voltage: FloatArray, current: FloatArray) -> FloatArray:
    """Return offset and share of the voltage behind a pole that fit a current best, shape (n,)."""
    trials = np.geomspace(0.5, voltage.size, _TRIALS)
    level = current - float(np.mean(current))
    for count in (_FINER, _FINER, 0):
        behind = _behind_poles(voltage, trials)
        behind -= behind.mean(axis=1, keepdims=True)
        power = np.einsum("jk,jk->j", behind, behind)
        shares = np.divide(behind @ level, power, out=np.zeros_like(power), where=power > 0.0)
        at = int(np.argmin([float(np.sum((level - share * one) ** 2))
                            for share, one in zip(shares, behind, strict=True)]))
        if count:
            trials = np.geomspace(trials[max(at - 1, 0)], trials[min(at + 1, trials.size - 1)], count)
    found: FloatArray = current - level + shares[at] * behind[at]
    return found


def _behind_poles(voltage: FloatArray, constants: FloatArray) -> FloatArray:
    """Return a voltage behind poles of ``constants`` samples, shapes (n,), (m,) and (m, n).

    The exponential responses are applied by Fourier transforms: a loop over samples took ten times as long.
    """
    rest = float(np.mean(voltage[:2]))
    size = 1 << (2 * voltage.size - 1).bit_length()
    responses = -np.expm1(-1.0 / constants)[:, None] * np.exp(-np.arange(voltage.size) / constants[:, None])
    seen = np.fft.irfft(np.fft.rfft(responses, size) * np.fft.rfft(voltage - rest, size), size)
    behind: FloatArray = rest + seen[:, : voltage.size]
    return behind
