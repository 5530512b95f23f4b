"""Half-sweeps of many silver filaments, each on its own noise path, on all cores; and what is read off them.

    models = [catalogue()["ag_sio2"].specimen(wafer, f"D{k}").seeded(wafer, k) for k in range(1000)]
    found = sweep_many(models, HalfSweeps(1.3, 0.01, 0.5e-3, 1e-5, 50e-3), cycles=50)
    np.nanmean(found.threshold, axis=1)                  # [V], one per device

Each device runs alone on :mod:`.runs`; threads share them out.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from tsbench.errors import ConfigurationError
from tsbench.records import FloatArray
from tsbench.simulated_backends.devices.silver_filament.equations import SilverFilament
from tsbench.simulated_backends.studies.filaments.experiments import HalfSweeps, half_sweeps

ON = 0.5  #: share of the compliance above which a device counts as on at a point


@dataclass(frozen=True)
class SweptDevices:
    """One row per device, one column per cycle; NaN where a device did not switch on, or not off again."""

    threshold: FloatArray  #: [V] first set-point on the way up at which the device is on
    hold: FloatArray  #: [V] last set-point on the way down at which it is


def sweep_many(
    models: Sequence[SilverFilament], sweeps: HalfSweeps, cycles: int, threads: int = 2
) -> SweptDevices:
    """Sweep every device ``cycles`` times.

    Parameters
    ----------
    models : sequence of SilverFilament
        Their seeds choose the paths; a device's result depends on nothing but itself and the sweep.
    sweeps : HalfSweeps
        Staircase up and down, compliance and rest.
    cycles : int
        Half-sweeps of each.
    threads : int
        How many to use. The result does not depend on it.

    Raises
    ------
    ConfigurationError
        Fewer than one cycle or device.
    """
    if cycles < 1 or not models:
        raise ConfigurationError(f"half-sweeps of {len(models)} devices in {cycles} cycles are not possible. Both "
                                 "numbers must be at least 1")

    def one(model: SilverFilament) -> tuple[FloatArray, FloatArray]:
        voltage, current = half_sweeps(model, sweeps, cycles)
        return read_off(voltage, current, ON * sweeps.compliance)

    with ThreadPoolExecutor(threads) as pool:
        found = list(pool.map(one, models))
    return SweptDevices(np.stack([f[0] for f in found]), np.stack([f[1] for f in found]))


def read_off(voltage: FloatArray, current: FloatArray, level: float) -> tuple[FloatArray, FloatArray]:
    """Return threshold and hold voltage [V] of each row of half-sweeps.

    Parameters
    ----------
    voltage, current : arrays, shape (cycles, points)
        Set-points [V], up and back down, and the measured current [A].
    level : float
        [A] magnitude of the current above which the device is on.
    """
    on = abs(current) > level
    top = int(np.argmax(abs(voltage[0])))
    up, down = on[:, : top + 1], on[:, top + 1:]
    first = np.argmax(up, axis=1)
    last = down.shape[1] - 1 - np.argmax(down[:, ::-1], axis=1)
    rows = np.arange(len(voltage))
    threshold = np.where(up.any(axis=1), voltage[rows, first], np.nan)
    hold = np.where(down.any(axis=1) & ~down[:, -1], voltage[rows, top + 1 + last], np.nan)
    return threshold, hold
