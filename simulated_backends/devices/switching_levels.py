"""What tells a device that is on from one that is off: conductances from its static curve."""

import functools
import math
from dataclasses import dataclass

from tsbench.simulated_backends.devices.model import DeviceModel
from tsbench.simulated_backends.devices.static import Folds, folds

HYSTERESIS = 1.3  #: between the conductances at which a device counts as switched on and off


@dataclass(frozen=True)
class SwitchingLevels:
    """Conductances that tell on from off [S]."""

    fold: float
    on: float
    off: float
    hold: float


@functools.lru_cache(maxsize=256)
def static_folds(model: DeviceModel) -> Folds:
    """Return the folds of a device's static curve; none for a mechanism without one."""
    try:
        return folds(model)
    except TypeError:
        return Folds(None, None)


def levels_of(model: DeviceModel) -> SwitchingLevels | None:
    """Return the levels of a device that switches; None for one that does not."""
    own = model.switching_conductances()
    if own is not None:
        return SwitchingLevels(*own)
    points = static_folds(model)
    if points.threshold is None or points.hold is None:
        return None
    fold = points.threshold.current / points.threshold.voltage
    hold = points.hold.current / points.hold.voltage
    middle = math.sqrt(fold * hold)
    return SwitchingLevels(fold, middle * HYSTERESIS, middle / HYSTERESIS, hold)
