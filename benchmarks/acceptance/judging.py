"""What the assertions know of their own: data-sheet numbers, and how a waveform is judged.

The numbers of source meters come from the data sheets of the makers, not from the virtual instruments. No data sheet
was found for the rows of :data:`METERS` that say so: their numbers have no source that was read. What oscilloscopes
show is judged by the data sheet of the virtual instrument (:mod:`.scope_levels`), which
``tests/instruments/test_stated_accuracies.py`` compares with the numbers of the driver.
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


#: what the name of a virtual instrument begins with -> accuracy of the voltage range that holds 1.5 V (2 V where none
#: is named) and of the measurement in the range of 1 mA
METERS = {
    "keithley_2400": MeterAccuracy((0.02e-2, 600e-6), (0.027e-2, 60e-9)),   # SPEC-2400 rev. H, p. 1 and 2
    "keithley_2401": MeterAccuracy((0.02e-2, 600e-6), (0.027e-2, 60e-9)),   # SPEC-2400 rev. H
    "keithley_2410": MeterAccuracy((0.02e-2, 600e-6), (0.027e-2, 60e-9)),   # SPEC-2410 rev. E
    "keithley_2450": MeterAccuracy((0.02e-2, 300e-6), (0.02e-2, 60e-9)),    # SPEC-2450 rev. A (2013), p. 2
    "keithley_2460": MeterAccuracy((0.02e-2, 300e-6), (0.02e-2, 200e-9)),   # not compared with a data sheet
    "keithley_2461": MeterAccuracy((0.02e-2, 300e-6), (0.02e-2, 200e-9)),   # not compared with a data sheet
    "keithley_2470": MeterAccuracy((0.02e-2, 300e-6), (0.02e-2, 60e-9)),    # not compared with a data sheet: the 2450
    "keithley_260": MeterAccuracy((0.02e-2, 1.8e-3), (0.02e-2, 200e-9)),    # 6 V; not compared with a data sheet
    "keithley_261": MeterAccuracy((0.02e-2, 600e-6), (0.02e-2, 200e-9)),    # not compared with a data sheet
    "keithley_263": MeterAccuracy((0.02e-2, 600e-6), (0.02e-2, 200e-9)),    # not compared with a data sheet
    "keysight_b29": MeterAccuracy((0.015e-2, 300e-6), (0.02e-2, 200e-9)),   # B2900A data sheet, p. 17
    "keysight_b1500": MeterAccuracy((0.03e-2, 900e-6), (0.06e-2, 500e-9)),  # B1500A data sheet: HRSMU
}


def meter_accuracy(model: str) -> MeterAccuracy:
    """Return the accuracy of a source meter by the name of its virtual instrument.

    Raises
    ------
    KeyError
        The table has no row for it: write one.
    """
    for beginning, accuracy in METERS.items():
        if model.startswith(beginning):
            return accuracy
    raise KeyError(f"the accuracy of {model} is not known. Add a row to METERS")


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


def frequency_of(times: Array, volts: Array, level: float) -> float:
    """Return the mean frequency of a waveform from its first rising crossing of a level to its last [Hz].

    Raises
    ------
    AssertionError
        There are not two crossings.
    """
    up = crossings(times, volts, level, True)
    if len(up) < 2:
        raise AssertionError(f"the voltage crosses {level:g} V {len(up)} times, and is {volts.min():g} V to "
                             f"{volts.max():g} V")
    return float((len(up) - 1) / (up[-1] - up[0]))


def rise_time(times: Array, volts: Array, low: float, high: float) -> float:
    """Return the time of the first edge from 10 % to 90 % [s]."""
    begin = crossings(times, volts, low + 0.1 * (high - low), True)
    end = crossings(times, volts, low + 0.9 * (high - low), True)
    end = end[end > begin[0]]
    return float(end[0] - begin[0])
