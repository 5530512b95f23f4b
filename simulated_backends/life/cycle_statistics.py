"""What switching does to a device: spread from cycle to cycle, drift, forming, wear, and getting stuck.

Cycle n (the nth switching off ends it) multiplies a parameter of nominal value p by::

    exp(sigma z_n) (1 + drift log10(1 + n)),    z_n = persistence z_(n-1) + sqrt(1 - persistence^2) e_n

with e_n standard normal, correlated between parameters as the statistics say: a first-order autoregression, so a cycle
resembles the one before. The parameters of a virgin device are multiplied by ``virgin`` as well, until the device is
formed by switching on for the first time. A device wears out, and then stays on, after a number of cycles drawn from a
Weibull distribution. After a cycle of peak current I it stays on with probability
1 - exp(-(I/critical_current)^critical_exponent); a voltage of the other polarity may bring it back.

Form: PHYSICS.md Part II section 6. All values are the user's.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from tsbench.errors import ConfigurationError, nearest
from tsbench.simulated_backends.devices.model import DeviceModel
from tsbench.simulated_backends.life.correlation import mixing_matrix

MOST_DECADES = 12.0  #: of cycles in the life of any device


@dataclass(frozen=True)
class CycleStatistics:
    """The distributions from which the cycles of one device are drawn.

    Raises
    ------
    ConfigurationError
        A value is out of range; the message names it.
    """

    spread: Mapping[str, float] = field(default_factory=dict)  #: relative, log-normal, by parameter
    correlation: Mapping[tuple[str, str], float] = field(default_factory=dict)
    persistence: float = 0.0  #: correlation of a cycle with the one before
    drift: Mapping[str, float] = field(default_factory=dict)  #: relative change per decade of cycles
    virgin: Mapping[str, float] = field(default_factory=dict)  #: factors until it first switches on
    used: float = 0.0  #: cycles before the simulation begins
    endurance: float = math.inf  #: cycles after which 63 % have worn out
    endurance_shape: float = 1.5  #: Weibull's
    critical_current: float = math.inf  #: [A] peak after which 63 % stay on
    critical_exponent: float = 4.0
    recovery_voltage: float = math.inf  #: [V] of the other polarity: may bring back a device that stays on
    recovery: float = 0.5  #: probability that it does

    def __post_init__(self) -> None:
        for name in ("spread", "virgin"):
            for parameter, value in getattr(self, name).items():
                if not (math.isfinite(value) and value >= 0 and (name == "spread" or value > 0)):
                    raise ConfigurationError(f"cycles.{name}.{parameter} = {value:g} must be positive and finite")
        for parameter, value in self.drift.items():
            if not -1.0 / MOST_DECADES < value < math.inf:
                raise ConfigurationError(
                    f"cycles.drift.{parameter} = {value:g} must exceed {-1.0 / MOST_DECADES:.3f}, otherwise the "
                    f"parameter falls to 0 within {MOST_DECADES:g} decades of cycles")
        for name in ("endurance", "endurance_shape", "critical_current", "critical_exponent", "recovery_voltage"):
            if not getattr(self, name) > 0:
                raise ConfigurationError(f"cycles.{name} = {getattr(self, name):g} must be positive")
        if not 0.0 <= self.persistence < 1.0:
            raise ConfigurationError(f"cycles.persistence = {self.persistence:g} must be at least 0 and below 1")
        if not 0.0 <= self.recovery <= 1.0:
            raise ConfigurationError(f"cycles.recovery = {self.recovery:g} is a probability and must be between 0 and "
                                     "1")
        if not (math.isfinite(self.used) and self.used >= 0):
            raise ConfigurationError(f"cycles.used = {self.used:g} must not be negative")
        if self.used and self.virgin:
            raise ConfigurationError(f"cycles.virgin: with used = {self.used:g}, the device is not virgin. Remove the "
                                     "key 'virgin' or the key 'used'")
        mixing_matrix(sorted(self.spread), self.correlation, "cycles")

    def check(self, model: DeviceModel) -> None:
        """Refuse parameters that ``model`` does not have.

        Raises
        ------
        ConfigurationError
            Naming the parameter, and the nearest one that there is.
        """
        for name in (*self.spread, *self.drift, *self.virgin):
            require_parameter(model, name, "cycles")


def require_parameter(model: DeviceModel, name: str, where: str) -> None:
    """Refuse a name that is no parameter of ``model``; ``where`` begins the message.

    Raises
    ------
    ConfigurationError
        Naming the parameter, and the nearest one that there is.
    """
    known = model.parameters()
    if name not in known:
        raise ConfigurationError(f"{where}: {model.mechanism} has no parameter '{name}'{nearest(name, known)}")
