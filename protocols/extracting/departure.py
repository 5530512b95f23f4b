"""When a stimulus begins, by the voltage at the device."""

import numpy as np

from tsbench.records import FloatArray
from tsbench.samples import noise_of


def departure(times: FloatArray, voltage: FloatArray, resolution: float) -> float:
    """Return when the voltage leaves its base for the first stimulus [s], on the record's time axis.

    Behind a load, the scope triggers later than that: when the capacitance at the device has charged up to the trigger
    level. The last sample within the noise of the base, before a fifth of the highest voltage, tells the beginning.
    """
    head = max(voltage.size // 50, 8)
    away = np.abs(voltage - float(np.median(voltage[:head])))
    up = int(np.argmax(away >= 0.2 * float(away.max())))
    noise = max(noise_of(voltage[:head], resolution), float(np.std(voltage[:head])))
    quiet = np.flatnonzero(away[:up] <= 3.0 * noise)
    return float(times[quiet[-1] if quiet.size else up])
