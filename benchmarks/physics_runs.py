"""Measurements on simulated circuits that rows of the table share: a quasi-static sweep, folds against temperature."""

from dataclasses import dataclass

import numpy as np

from tsbench.records import FloatArray
from tsbench.simulated_backends.devices.catalogue import device_model
from tsbench.simulated_backends.devices.static import folds
from tsbench.simulated_backends.studies.simulate.simulate import simulate


@dataclass(frozen=True)
class HalfSweep:
    """Threshold and hold voltage [V] of one polarity, None where the device did not switch."""

    threshold: float | None
    hold: float | None


def swept(device: str, peak: float, load: float, duration: float) -> tuple[HalfSweep, HalfSweep]:
    """Sweep 0, +peak, 0, -peak, 0 V behind a load [Ohm] in ``duration`` [s]; return both polarities.

    Threshold: the highest terminal voltage before the steepest rise of the current; hold: the lowest before its
    steepest fall on the way down.
    """
    quarter = duration / 4
    result = simulate(
        f"* sweep\nVs in 0 PWL(0 0 {quarter} {peak} {3 * quarter} {-peak} {duration} 0)\nRs in out {load}\n"
        f"C1 out 0 1p\nX1 out 0 {device}\n.tran {duration / 4000} {duration} uic\n.save v(out) i(X1)\n")
    times, voltage, current = result.times, result.columns["v(out)"], result.columns["i(x1)"]
    halves = []
    for sign, first in ((1.0, 0.0), (-1.0, 2 * quarter)):
        up = (times >= first) & (times <= first + quarter)
        down = (times >= first + quarter) & (times <= first + 2 * quarter)
        halves.append(HalfSweep(
            _extreme(times[up], sign * voltage[up], sign * current[up], rise=True),
            _extreme(times[down], sign * voltage[down], sign * current[down], rise=False)))
    return halves[0], halves[1]


def _extreme(times: FloatArray, voltage: FloatArray, current: FloatArray, rise: bool) -> float | None:
    """Return the extreme voltage before the steepest change of the current; None where there is no step in it."""
    slope = np.diff(current) / np.diff(times)
    k = int(np.argmax(slope if rise else -slope))
    mean = np.ptp(current) / (times[-1] - times[0])
    if abs(slope[k]) < 100 * mean:   # a plain resistor's slope is the mean one
        return None
    return float(voltage[: k + 1].max() if rise else voltage[: k + 1].min())


def fold_slope(device: str, change: float = 1.0) -> float:
    """Return d(static threshold)/d(temperature of the surroundings) [V/K] about the catalogue's temperature."""
    model = device_model(device)
    t0 = float(model.t0)   # type: ignore[attr-defined]
    high, low = (folds(model.with_parameters({"t0": t0 + sign * change})).threshold for sign in (1.0, -1.0))
    assert high is not None and low is not None
    return (high.voltage - low.voltage) / (2 * change)
