"""Tables without flags whose current reaches the limit of the source meter: made sweeps whose truth is known."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from tsbench.analysis.resistance.current_limit import limited_currents
from tsbench.analysis.resistance.resistances import resistances
from tsbench.analysis.threshold.half_sweeps import IVPoints, split
from tsbench.analysis.threshold.threshold import switching
from tsbench.quantities import parse_quantity
from tsbench.records import Flag, Result

#: current [A] over set-points [V] and numbers of the readings
Curve = Callable[[np.ndarray, np.ndarray], np.ndarray]


@dataclass
class Device:
    """A switch: off below 1 V as a resistor; on, KNEE + on I; off again below a current."""

    off: float = 1e5  #: [Ohm]
    on: float = 500.0  #: [Ohm]
    knee: float = 0.3  #: [V]
    hold: float = 2e-5  #: [A]

    def sweep(self, level: np.ndarray, limit: float) -> tuple[np.ndarray, np.ndarray]:
        """Return voltages [V] at the device and currents [A] at set-points [V] of a source that limits its current."""
        rows, on = [], False
        for source in level:
            volts, amperes = self.at(source, limit, on=on)
            if on != (amperes >= self.hold if on else volts >= 1.0 - 1e-9):
                on = not on
                volts, amperes = self.at(source, limit, on=on)
                on = on and amperes >= self.hold
            rows.append((volts, amperes))
        voltage, current = np.array(rows).T
        return voltage, current

    def at(self, source: float, limit: float, *, on: bool) -> tuple[float, float]:
        """Return voltage [V] and current [A] of one state."""
        if on:
            amperes = min((source - self.knee) / self.on, limit)
            return self.knee + self.on * amperes, amperes
        amperes = min(source / self.off, limit)
        return self.off * amperes, amperes


def levels(top: float = 2.0, step: float = 0.01, *, down: bool = True) -> np.ndarray:
    up = np.arange(0.0, top + 0.5 * step, step)
    return np.concatenate((up, up[-2::-1])) if down else up


def table(
    current: np.ndarray, level: np.ndarray, voltage: np.ndarray | None = None, noise: float = 0.0, seed: int = 0
) -> dict[str, Result]:
    """Return the resistances of a table of set-points, or of set-points and voltages, with noise on the currents."""
    random = np.random.default_rng(seed)
    read = current * (1.0 + noise * random.standard_normal(level.size)) + 1e-10 * random.standard_normal(level.size)
    points = IVPoints(level if voltage is None else voltage, read, None if voltage is None else level)
    return {one.quantity: one for one in resistances(switching(points))}


def holds(result: Result, true: float) -> bool:
    low, high = result.low, result.high
    return (low is None or low <= true * (1 + 1e-6)) and (high is None or true * (1 - 1e-6) <= high)


@pytest.mark.thin(2)
@pytest.mark.parametrize("noise", [0.0, 1e-4, 1e-3, 2e-3, 5e-3])
def test_a_limit_with_noise_is_none_of_the_device(noise: float) -> None:
    level, good = levels(), 0
    _, current = Device().sweep(level, 1e-4)
    for seed in range(10):
        found = table(current, level, noise=noise, seed=seed)
        on, slope = found["on_resistance"], found["differential_on_resistance"]
        # the last reading below the limit is that at 0.34 V: 4.25 kOhm
        assert on.value == pytest.approx(4250.0, rel=4.0 * noise + 1e-4) and on.flags is Flag.NONE
        good += holds(on, 4250.0)
        assert slope.value is None and slope.flags == Flag.COMPLIANCE | Flag.TOO_FEW
    assert good >= 8


def test_no_load_line_in_a_limit_with_noise() -> None:
    level = levels()
    voltage, current = Device().sweep(level, 1e-4)
    for seed in range(10):
        found = table(current, level, voltage, 5e-3, seed)["series_resistance"]
        assert found.value is None and found.flags == Flag.COMPLIANCE


@pytest.mark.parametrize("measured", [False, True])
def test_without_a_way_down_there_is_a_bound(measured: bool) -> None:
    level = levels(down=False)
    voltage, current = Device().sweep(level, 1e-4)
    for seed in range(20):
        found = table(current, level, voltage if measured else None, 5e-3, seed)
        on, slope = found["on_resistance"], found["differential_on_resistance"]
        assert on.value is None and on.flags == Flag.COMPLIANCE | Flag.CENSORED
        assert on.high is not None and 3500.0 <= on.high <= (3700.0 if measured else 10500.0)
        assert slope.value is None and Flag.COMPLIANCE in slope.flags


@pytest.mark.parametrize(("step", "noise", "limit"), [(0.02, 0.0, 3.35e-3), (0.05, 1e-3, 3.3e-3), (0.05, 5e-3, 3.2e-3)])
def test_few_readings_in_a_limit(step: float, noise: float, limit: float) -> None:
    """The limit is reached at the highest set-points only: at three to seven readings."""
    level = levels(step=step)
    _, current = Device().sweep(level, limit)
    assert 3 <= np.count_nonzero(current == limit) <= 7
    for seed in range(10):
        on = table(current, level, noise=noise, seed=seed)["on_resistance"]
        at = parse_quantity(on.method.rpartition(", ")[2].rstrip(")"), "V")
        assert at < float(level[current == limit].min())


def random_case(seed: int, *, limited: bool) -> tuple[dict[str, Result], Device, np.ndarray, np.ndarray, np.ndarray]:
    """Return results of a random device, the device, and voltages, currents and limited readings without noise."""
    random = np.random.default_rng(seed)
    device = Device(on=10.0 ** random.uniform(1.7, 3.5), knee=random.uniform(0.0, 0.5))
    device.off = device.on * 10.0 ** random.uniform(2.0, 3.0)
    level = levels(float(random.choice([1.3, 1.5, 2.0, 3.0])), float(random.choice([5e-3, 0.01, 0.02])),
                   down=bool(random.random() < 0.85))
    most = (float(level.max()) - device.knee) / device.on
    # well above the current of the off state: a limit of that leaves nothing of the switching
    limit = max(most * 10.0 ** random.uniform(-2.0, -0.2), 3.0 / device.off) if limited else np.inf
    device.hold = min(limit, most) * 10.0 ** random.uniform(-2.0, -0.2)
    _, current = device.sweep(level, limit)
    side = float(random.choice([-1.0, 1.0]))
    noise = float(random.choice([0.0, 1e-4, 1e-3, 2e-3, 5e-3, 1e-2]))
    return table(side * current, side * level, noise=noise, seed=seed), device, level, current, current == limit


@pytest.mark.thorough
def test_a_population_in_compliance() -> None:
    """A value is of a reading below the limit and near the truth; else the flag says why there is none."""
    good = values = at_limit = slopes = good_slopes = 0
    for seed in range(150):
        found, device, level, current, limited = random_case(seed, limited=True)
        on, slope = found["on_resistance"], found["differential_on_resistance"]
        if Flag.NO_EVENT in on.flags:
            continue
        if on.value is None:
            assert Flag.COMPLIANCE in on.flags and on.high is not None
            assert on.high >= device.on + device.knee / float(current.max()), seed
        else:
            at = parse_quantity(on.method.rpartition(", ")[2].rstrip(")"), "V")
            on_there = (np.abs(level - at) < 1e-3) & (current > 2.0 * level / device.off)
            values += 1
            at_limit += bool(limited[on_there].all())
            good += any(holds(on, at / amperes) for amperes in current[on_there & ~limited])
        if slope.value is None:
            assert slope.flags & (Flag.COMPLIANCE | Flag.TOO_FEW), seed
        else:
            slopes += 1
            good_slopes += holds(slope, device.on)
    assert values > 60 and good >= 0.9 * values and at_limit <= 1, (values, good, at_limit)
    assert slopes > 40 and good_slopes >= 0.88 * slopes, (slopes, good_slopes)


@pytest.mark.thorough
def test_a_population_without_a_limit() -> None:
    for seed in range(150):
        found, *_ = random_case(seed, limited=False)
        for one in found.values():
            assert Flag.COMPLIANCE not in one.flags, seed


def found_limit(
    function: Curve, noise: float, *, measured: bool = False, step: float = 0.01, digits: float = 0.0, seed: int = 0
) -> int:
    """Return how many readings count as limited, of a device that is on from 1 V on, down to 0.32 V."""
    level, random = levels(step=step), np.random.default_rng(seed)
    number = np.arange(level.size)
    on = (level >= 0.32) & (number > number.size // 2) | (level >= 1.0)
    current = np.where(on, function(level, number), level / 1e5) * (1.0 + noise * random.standard_normal(level.size))
    if digits:
        current = np.round(current / digits) * digits
    voltage = level + 1e-4 * random.standard_normal(level.size)
    (half,) = split(IVPoints(voltage if measured else level, current, level if measured else None))
    return limited_currents(half).size


@pytest.mark.parametrize("noise", [0.0, 1e-4, 2e-3, 1e-2])
def test_a_device_that_saturates_or_is_steep_is_not_limited(noise: float) -> None:
    devices: tuple[Curve, ...] = (
        lambda v, _: v / 2e3, lambda v, _: 1e-3 * np.sqrt(v), lambda v, _: (v - 0.3) / 5.0,
        lambda v, _: 1e-6 * np.exp(v / 0.15), lambda v, _: 1e-3 * v**0.2)
    for k, function in enumerate(devices):
        false = sum(found_limit(function, noise, seed=seed) > 0 for seed in range(20))
        assert false <= 2, (k, false)
    # no more current at a voltage that was measured and rises: that is the device
    assert all(not found_limit(lambda v, _: 1e-3 + 0.0 * v, noise, measured=True, seed=seed) for seed in range(5))


@pytest.mark.parametrize("drift", [0.0, 1e-5, -1e-5])
def test_a_limit_may_drift(drift: float) -> None:
    def limit(volts: np.ndarray, number: np.ndarray) -> np.ndarray:
        return np.minimum(1e-4, (volts - 0.3) / 500.0) * (1.0 + drift * number)

    for noise in (0.0, 1e-3, 1e-2):
        # 101 readings on the way up, the others on the way down to 0.35 V
        assert 260 <= found_limit(limit, noise) <= 270


def test_few_digits_are_no_limit() -> None:
    assert found_limit(lambda v, _: v / 2e3, 0.0, step=1e-3, digits=1e-5) == 0
    assert found_limit(lambda v, _: np.minimum(1e-4, (v - 0.3) / 500.0), 2e-3, digits=1e-6) > 250


def test_the_off_state_is_no_on_state_where_only_the_hold_is_seen() -> None:
    """The limit is near the current of the off state at the threshold: only the way down shows an event."""
    device, level = Device(off=5768.6, on=74.0, knee=0.2154, hold=7.3e-5), levels(1.5, 0.02)
    _, current = device.sweep(level, 1.9176e-4)
    for one in (table(current, level, noise=1e-4)[name] for name in ("on_resistance", "differential_on_resistance")):
        assert one.value is None and Flag.COMPLIANCE in one.flags


def test_too_few_readings_to_tell_their_noise() -> None:
    level = levels(1.1, 0.05, down=False)
    _, current = Device().sweep(level, np.inf)
    on = table(current, level, noise=1e-2)["on_resistance"]
    assert on.value is not None and Flag.TOO_FEW in on.flags
