"""The true conductance of a simulated device at low voltage, by the static curve of its model."""

import numpy as np

from tsbench.simulated_backends.devices.model import DeviceModel
from tsbench.simulated_backends.devices.static import static_curve

_CURRENTS = np.geomspace(1e-14, 1e-2, 2401)  #: [A] at which the curve is taken


def true_conductance(model: DeviceModel, voltage: float) -> float:
    """Return current over voltage [S] of a device that has settled below its threshold at ``voltage`` [V].

    Raises
    ------
    TypeError
        The mechanism has no static curve.
    ValueError
        The voltage is beyond the first threshold, or below what the smallest current makes.
    """
    curve = static_curve(model, _CURRENTS)
    turns = np.flatnonzero(np.diff(curve.voltage) <= 0)
    rising = slice(0, int(turns[0]) + 1 if turns.size else None)
    volts, amperes = curve.voltage[rising], curve.current[rising]
    if not volts[0] <= voltage <= volts[-1]:
        raise ValueError(f"{voltage:g} V is not between {volts[0]:g} V and the threshold at {volts[-1]:g} V")
    return float(np.exp(np.interp(np.log(voltage), np.log(volts), np.log(amperes)))) / voltage
