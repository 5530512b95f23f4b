"""What the assertions know of their own: data-sheet numbers, and how a waveform is judged.

The numbers come from the data sheets of the makers, not from the virtual instruments.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class MeterAccuracy:
    """Accuracy of one voltage range of the source and one range of the current measurement (1 year, 23 °C +- 5 °C).

    Parameters
    ----------
    source : relative error, error [V] of the source
    current : relative error, error [A] of the current measurement
    """

    source: tuple[float, float]
    current: tuple[float, float]

    def current_bound(self, volts: float, resistance: float) -> float:
        """Return the largest error of a current reading in a resistor [A]."""
        amperes = abs(volts) / resistance
        return (self.source[0] * abs(volts) + self.source[1]) / resistance + self.current[0] * amperes + self.current[1]


#: 2 V range of the source, 1 mA range of the measurement
METERS = {
    "keithley_2450": MeterAccuracy((0.02e-2, 300e-6), (0.02e-2, 60e-9)),   # SPEC-2450 rev. A (2013), p. 2 and 4
    "keithley_2460": MeterAccuracy((0.02e-2, 300e-6), (0.02e-2, 200e-9)),  # 2460 data sheet, p. 4
    "keithley_2461": MeterAccuracy((0.02e-2, 300e-6), (0.02e-2, 200e-9)),  # as the 2460
    "keithley_2470": MeterAccuracy((0.02e-2, 300e-6), (0.02e-2, 60e-9)),   # 1KW-61616-0 (2470), as the 2450
    "keithley_2400": MeterAccuracy((0.02e-2, 600e-6), (0.034e-2, 200e-9)),  # SPEC-2400 rev. C, p. 1 and 2
    "keithley_2401": MeterAccuracy((0.02e-2, 600e-6), (0.034e-2, 200e-9)),
    "keithley_2410": MeterAccuracy((0.02e-2, 600e-6), (0.034e-2, 200e-9)),
    "2600": MeterAccuracy((0.02e-2, 500e-6), (0.02e-2, 200e-9)),           # 2600B data sheet: 1 V..6 V range, 1 mA
    "b2900": MeterAccuracy((0.015e-2, 300e-6), (0.02e-2, 200e-9)),         # B2900A data sheet, p. 17
    "b1500": MeterAccuracy((0.03e-2, 900e-6), (0.06e-2, 500e-9)),          # B1500A data sheet: HRSMU, 2 V and 1 mA
}


def meter_accuracy(model: str) -> MeterAccuracy:
    """Return the accuracy of a source meter by the name of its virtual instrument."""
    if model in METERS:
        return METERS[model]
    for family in ("2600", "b2900", "b1500"):
        if f"_{family[:3]}" in model:
            return METERS[family]
    return MeterAccuracy((0.1e-2, 1e-3), (0.1e-2, 1e-6))


def crossings(times: Array, volts: Array, level: float, rising: bool) -> Array:
    """Return the times at which a waveform crosses a level, interpolated [s]."""
    above = volts >= level
    at = np.flatnonzero(above[1:] & ~above[:-1] if rising else ~above[1:] & above[:-1])
    share = (level - volts[at]) / (volts[at + 1] - volts[at])
    return np.asarray(times[at] + share * (times[at + 1] - times[at]), dtype=float)


def width_at_half(times: Array, volts: Array, low: float, high: float) -> float:
    """Return the width of the first pulse at 50 % [s].

    Raises
    ------
    AssertionError
        There is no pulse.
    """
    half = (low + high) / 2
    up, down = crossings(times, volts, half, True), crossings(times, volts, half, False)
    down = down[down > up[0]] if len(up) else down
    if not len(up) or not len(down):
        raise AssertionError(f"no pulse crosses {half:g} V; the voltage is {volts.min():g} V to {volts.max():g} V")
    return float(down[0] - up[0])


def rise_time(times: Array, volts: Array, low: float, high: float) -> float:
    """Return the time of the first edge from 10 % to 90 % [s]."""
    begin = crossings(times, volts, low + 0.1 * (high - low), True)
    end = crossings(times, volts, low + 0.9 * (high - low), True)
    end = end[end > begin[0]]
    return float(end[0] - begin[0])
