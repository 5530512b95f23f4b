"""What a sensor gives at a temperature: a diode DT-670 in volts, a platinum sensor of 100 Ohm in ohms."""

import numpy as np
from scipy.interpolate import CubicHermiteSpline

DISABLED, DIODE, PLATINUM = 0, 1, 2  #: types of INTYPE
ZERO_CELSIUS = 273.15  #: [K]
#: of a diode DT-670: temperature [K], voltage [V] and its slope [mV/K] (catalogue of Lake Shore, appendix G, "Sensor
#: temperature response data tables")
_DT_670 = np.array((
    (1.4, 1.64429, -12.49), (4.2, 1.57848, -31.59), (10.0, 1.38373, -26.84), (20.0, 1.19775, -15.63),
    (30.0, 1.10624, -1.96), (50.0, 1.07310, -1.61), (77.35, 1.02759, -1.73), (100.0, 0.98697, -1.85),
    (150.0, 0.88911, -2.05), (200.0, 0.78372, -2.16), (250.0, 0.67346, -2.24), (300.0, 0.55964, -2.30),
    (350.0, 0.44337, -2.34), (400.0, 0.32584, -2.36), (450.0, 0.20676, -2.39), (500.0, 0.09068, -2.12)))
_VOLTAGE = CubicHermiteSpline(_DT_670[:, 0], _DT_670[:, 1], 1e-3 * _DT_670[:, 2])
#: of an industrial platinum sensor: resistance at 0 degrees Celsius [Ohm], and its coefficients (IEC 60751:2008, 4.2)
_R0, _A, _B, _C = 100.0, 3.9083e-3, -5.775e-7, -4.183e-12


def sensor_units(kind: int, kelvins: float) -> float | None:
    """Return what a sensor of a type gives at a temperature.

    Parameters
    ----------
    kind : number of the type (INTYPE)
    kelvins : temperature [K]; beyond the table of a diode, that of its end

    Returns
    -------
    float or None
        [V] of a diode, [Ohm] of a platinum sensor, 0 of a disabled input; None for a type that is not modelled.
    """
    if kind == DISABLED:
        return 0.0
    if kind == DIODE:
        return float(_VOLTAGE(min(max(kelvins, _DT_670[0, 0]), _DT_670[-1, 0])))
    if kind == PLATINUM:
        t = kelvins - ZERO_CELSIUS
        return _R0 * (1.0 + _A * t + _B * t**2 + (_C * (t - 100.0) * t**3 if t < 0 else 0.0))
    return None
