"""The life of one device: its parameters as cycles and fluctuations have left them, its count of cycles, its end."""

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np

from tsbench.errors import ConfigurationError
from tsbench.simulated_backends.devices.catalogue import possible
from tsbench.simulated_backends.devices.model import DeviceModel
from tsbench.simulated_backends.devices.resistor.equations import Resistor
from tsbench.simulated_backends.devices.switching_levels import levels_of
from tsbench.simulated_backends.life.correlation import mixing_matrix
from tsbench.simulated_backends.life.cycle_statistics import CycleStatistics, require_parameter
from tsbench.simulated_backends.life.fluctuations import Flicker, Telegraph, TelegraphProcess, processes

STUCK = 1e3  #: [Ohm] of a device that is stuck on, where its mechanism has no hold point
LEVELS_HOLD = 2.0  #: [K] by which the surroundings may change before the levels are computed again
State = Literal["virgin", "good", "stuck", "worn"]


def stuck_resistance(model: DeviceModel) -> float:
    """Return the resistance [Ohm] of a device that stays on: voltage over current at its hold point."""
    levels = levels_of(model)
    return STUCK if levels is None else 1.0 / levels.hold


def _extremes(parts: Sequence[tuple[str, TelegraphProcess]]) -> Sequence[Mapping[str, float]]:
    """Return the factors of all parameters where each is at the end of what its noise can do, in all combinations.

    Raises
    ------
    ConfigurationError
        A factor can become negative or zero.
    """
    ends = {}
    for name in dict.fromkeys(name for name, _ in parts):
        ends[name] = tuple(1.0 + sum(choose(process.values) for p, process in parts if p == name)
                           for choose in (min, max))
        if not ends[name][0] > 0:
            raise ConfigurationError(
                f"all noise sources together can change {name} to {ends[name][0]:.3g} times its value. This factor "
                "must stay positive. Reduce an amplitude or spread")
    return [dict(zip(ends, combination, strict=True)) for combination in itertools.product(*ends.values())]


class DeviceHistory:
    """How a device changes in use. The circuit reports events; ``model`` is the device as it is now.

    Time goes forward only. The same seed and the same events give the same device, bit for bit.

    Parameters
    ----------
    nominal : DeviceModel
        The device before any change.
    statistics : CycleStatistics, optional
        How cycles change it. None: they do not.
    noise : sequence
        Its telegraph and flicker noise.
    seed : sequence of int
        Of this device.

    Raises
    ------
    ConfigurationError
        The model has no such parameter, the device does not switch but has cycles, or the noise can move a parameter
        beyond what the model allows.
    """

    def __init__(
        self, nominal: DeviceModel, statistics: CycleStatistics | None = None,
        noise: Sequence[Telegraph | Flicker] = (), seed: Sequence[int] = (0,),
    ) -> None:
        self.nominal = nominal
        self.statistics = statistics if statistics is not None else CycleStatistics()
        self.every_cycle = statistics is not None   #: a cycle changes it
        self.statistics.check(nominal)
        for number, part in enumerate(noise):
            require_parameter(nominal, part.parameter, f"noise.{number}")
        drawing, fate, fluctuating = (
            np.random.default_rng([*seed, purpose]) for purpose in (0x647261, 0x666174, 0x6e6f69))
        self._drawing, self._fate = drawing, fate
        self._processes = [
            (part.parameter, process)
            for part, own in zip(noise, fluctuating.spawn(len(noise)), strict=True) for process in processes(part, own)]
        self._extremes = _extremes(self._processes)
        for extreme in self._extremes:
            try:
                nominal.with_parameters({p: nominal.parameters()[p] * factor for p, factor in extreme.items()})
            except ConfigurationError as error:
                raise ConfigurationError(f"at the extreme values of the noise, {error}. Reduce an amplitude or "
                                         "spread") from None
        self._names = sorted(self.statistics.spread)
        self._mixing = mixing_matrix(self._names, self.statistics.correlation, "cycles")
        self.levels = levels_of(nominal)   #: conductances that tell a cycle
        if self.every_cycle and self.levels is None:
            raise ConfigurationError(
                f"cycles: {nominal.mechanism} has no conductance that separates its on state from its off state, so "
                "its cycles cannot be counted. Remove [cycles]")
        self._levels_at = nominal.parameters().get("t0", 0.0)   # [K]
        self.cycles = 0   #: since the beginning
        self.state: State = "virgin" if self.statistics.virgin else "good"
        self.polarity = 0   #: of the current that it was stuck by
        #: peak current [A] of the cycle that it was in when it was taken out of a circuit; None: of none
        self.interrupted: float | None = None
        self._life = self._draw_life()
        self._z = np.zeros(len(self._names))
        self._cycle_factors: dict[str, float] = {}
        self.model: DeviceModel = nominal   #: the device as it is now
        self._draw(1.0)

    def set_temperature(self, temperature: float) -> None:
        """Bring the surroundings of the device to ``temperature`` [K]; one that is stuck or worn does not feel it."""
        self.nominal = self.nominal.at_temperature(temperature)
        if abs(temperature - self._levels_at) >= LEVELS_HOLD:
            self._levels_at, self.levels = temperature, levels_of(self.nominal)
        if self.state in ("virgin", "good"):
            self.model = self._made(self._noise())

    # ------------------------------------------------------------------------------------ cycles

    def _draw_life(self) -> float:
        """Return after how many cycles in all it wears out, given that it has lived to ``used``."""
        s = self.statistics
        behind = (s.used / s.endurance) ** s.endurance_shape
        drawn = -math.log1p(-self._fate.random())
        return float(s.endurance * (behind + drawn) ** (1.0 / s.endurance_shape))

    def _draw(self, news: float) -> None:
        """Draw the parameters of the next cycle; ``news``: share of z that is new."""
        s, before = self.statistics, self._z
        aged = math.log10(1.0 + s.used + self.cycles)

        def draw() -> DeviceModel:
            self._z = math.sqrt(1.0 - news**2) * before + news * (
                self._mixing @ self._drawing.standard_normal(len(self._names)))
            factors = {p: math.exp(s.spread[p] * z) for p, z in zip(self._names, self._z, strict=True)}
            for p, change in s.drift.items():
                factors[p] = factors.get(p, 1.0) * (1.0 + change * aged)
            if self.state == "virgin":
                for p, factor in s.virgin.items():
                    factors[p] = factors.get(p, 1.0) * factor
            self._cycle_factors = factors
            for extreme in self._extremes:   # else a jump would end in a device that cannot exist
                self._made(extreme)
            return self._made(self._noise())

        self.model = possible(draw)

    def _noise(self) -> dict[str, float]:
        """Return by what its noise multiplies each parameter now."""
        sums: dict[str, float] = {}
        for p, process in self._processes:
            sums[p] = sums.get(p, 1.0) + process.value
        return sums

    def _made(self, noise: Mapping[str, float]) -> DeviceModel:
        factors = dict(self._cycle_factors)
        for p, total in noise.items():
            factors[p] = factors.get(p, 1.0) * total
        nominal = self.nominal.parameters()
        return self.nominal.with_parameters({p: nominal[p] * factor for p, factor in factors.items()})

    def switched_off(self, peak: float) -> None:
        """Count a cycle that has ended; ``peak`` is its peak current [A], with sign.

        ``model`` and ``state`` then say what the device has become.
        """
        s = self.statistics
        self.cycles += 1
        chance = -math.expm1(-((abs(peak) / s.critical_current) ** s.critical_exponent))
        stuck = self._fate.random() < chance
        if stuck or s.used + self.cycles >= self._life:
            self.state = "stuck" if stuck else "worn"
            self.polarity = 1 if peak >= 0 else -1
            self.model = Resistor(r=stuck_resistance(self.nominal))
            return
        self.state = "good"
        self._draw(math.sqrt(1.0 - s.persistence**2))

    def form(self) -> None:
        """Note that a virgin device has switched on: it is formed, and the rest of this cycle stays as it was."""
        self.state = "good"
        self._draw(0.0)

    def try_recovery(self) -> bool:
        """Return whether a stuck device that has met the recovery voltage works again."""
        if self._fate.random() < self.statistics.recovery:
            self.state = "good"
            self._draw(1.0)
            return True
        return False

    # ------------------------------------------------------------------------------------ fluctuations

    @property
    def next_change(self) -> float:
        """Return when a fluctuation changes the device next [s]; infinity if none does."""
        if self.state in ("stuck", "worn"):
            return math.inf
        return min((process.next_change for _, process in self._processes), default=math.inf)

    @property
    def mean_wait(self) -> float:
        """Return the mean time between two jumps of its fluctuations [s]; infinity without any."""
        rate = sum(2.0 / sum(process.times) for _, process in self._processes)
        return 1.0 / rate if rate else math.inf

    def fluctuate(self, time: float) -> None:
        """Advance its fluctuations to ``time`` [s]."""
        if self.next_change > time:
            return
        for _, process in self._processes:
            process.advance(time)
        self.model = self._made(self._noise())
