"""The devices: the threshold switches of the catalogue with drawn parameters, and their stochastic relatives.

A device here is what decides whether a pulse fires: a threshold that is drawn anew for each pulse, or the waiting time
of a switch whose rate grows exponentially with the voltage. Some have a memory: the threshold stays until the device
switches, and the next one may resemble it. ``bench_part.py`` shows that the simulated bench does the same.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from benchmarks.truth.population import KINDS

#: relative standard deviation of the thresholds and of the refractory periods from device to device
DEVICE_SPREAD = 0.1
#: relative spread of the threshold from pulse to pulse, evenly in the logarithm; a share of the devices has hardly any
PULSE_SPREAD, SHARP_SHARE, SHARP = (0.005, 0.07), 0.3, 2e-4
#: spread of ln(recovery time), likewise; ag_sio2 of the catalogue has 0.18 (examples/ag_sio2.truth.toml)
RECOVERY_SPREAD = (0.02, 0.5)
#: [s] refractory periods, evenly in the logarithm, and the gaps that a user without knowledge takes
PERIODS, GAPS = (0.3e-3, 30e-3), (0.1e-3, 100e-3)
#: firing probability of the rested device, each as likely
PLATEAUS = (1.0, 1.0, 0.95, 0.85)
#: firing probabilities that are asked for
ASKED = (0.05, 0.95)

Fires = Callable[[float], bool]


@dataclass(frozen=True)
class Device:
    """One device of the population."""

    number: int
    model: str  #: of the catalogue
    limit: float  #: [V] largest amplitude that the device is allowed
    nominal: float  #: [V] threshold of the catalogue's device
    threshold: float  #: [V] amplitude that fires every second pulse
    spread: float  #: [V] standard deviation, or scale of the waiting time's exponent
    waiting: bool  #: whether switching is a waiting time
    period: float  #: [s] refractory period
    recovery_spread: float  #: of ln(gap)
    plateau: float  #: firing probability after long gaps
    drift: float = 0.0  #: [V] by which the threshold has moved after 100 pulses
    resembles: float | None = None  #: a threshold stays until it switches; correlation with the one before; None: not

    def probability(self, amplitude: float) -> float:
        """Return the probability that a pulse of ``amplitude`` [V] fires a device that does not drift."""
        z = (amplitude - self.threshold) / self.spread
        if self.waiting:
            return -math.expm1(-math.log(2.0) * math.exp(min(z, 50.0)))
        return 0.5 * math.erfc(-z / math.sqrt(2.0))

    @property
    def asked(self) -> float:
        """The amplitude [V] at which the firing probability is asked for."""
        random = np.random.default_rng((self.number, 7))
        wanted = random.uniform(*ASKED)
        low, high = self.threshold - 12 * self.spread, self.threshold + 12 * self.spread
        for _ in range(60):
            middle = 0.5 * (low + high)
            low, high = (middle, high) if self.probability(middle) < wanted else (low, middle)
        return low

    def pulses(self, seed: int) -> Fires:
        """Return what answers whether the next pulse of an amplitude [V] fires."""
        random, sent = np.random.default_rng((self.number, seed)), iter(range(10**9))
        if self.resembles is not None:
            return self._with_memory(random, self.resembles)
        return lambda amplitude: bool(
            random.random() < self.probability(amplitude - self.drift * next(sent) / 100))

    def _with_memory(self, random: np.random.Generator, resembles: float) -> Fires:
        """Return what answers for a threshold that stays until the device switches."""
        z = float(random.standard_normal())

        def fires(amplitude: float) -> bool:
            nonlocal z
            chance = 0.5 * math.erfc(-z / math.sqrt(2.0))
            switches = self.probability(amplitude) > chance
            if switches:
                z = resembles * z + math.sqrt(1.0 - resembles**2) * float(random.standard_normal())
            return switches

        return fires

    def pairs(self, seed: int) -> Fires:
        """Return what answers whether the second pulse of the next pair, ln(gap / s) after the first, fires."""
        random = np.random.default_rng((self.number, seed))
        return lambda gap: bool(
            random.random() < self.plateau and random.normal(math.log(self.period), self.recovery_spread) < gap)


def population(count: int, drift: float = 0.0, resembles: float | None = None) -> list[Device]:
    """Return ``count`` devices, the kinds of the catalogue in turn.

    Parameters
    ----------
    count : number of devices
    drift : change of the threshold in 100 pulses, as a share of it
    resembles : correlation of successive thresholds that stay until the device switches; None: they do not stay
    """
    devices = []
    for number in range(count):
        kind, random = KINDS[number % len(KINDS)], np.random.default_rng(number)
        threshold = kind.threshold * math.exp(random.normal(0.0, DEVICE_SPREAD))
        low, high = np.log(PULSE_SPREAD)
        relative = SHARP if random.random() < SHARP_SHARE else math.exp(random.uniform(low, high))
        waiting = kind.model.startswith(("ag_", "mos2")) and relative > SHARP
        width = math.exp(random.uniform(*np.log(RECOVERY_SPREAD)))
        period = math.exp(random.uniform(*np.log(PERIODS)))
        devices.append(Device(
            number, kind.model, kind.limits[0], kind.threshold, threshold, relative * threshold, waiting, period, width,
            float(random.choice(PLATEAUS)), drift * threshold, resembles))
    return devices
