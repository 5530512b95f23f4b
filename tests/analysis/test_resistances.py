"""Off, on, differential and series resistance of made sweeps whose resistances are known."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from tsbench.analysis.resistance.resistances import resistances
from tsbench.analysis.threshold.half_sweeps import IVPoints
from tsbench.analysis.threshold.snapback import snapback
from tsbench.analysis.threshold.switching_results import SweepFacts
from tsbench.analysis.threshold.threshold import switching
from tsbench.quantities import parse_quantity
from tsbench.records import Flag, Result

OFF, ON, KNEE = 1e5, 200.0, 0.3   #: [Ohm], [Ohm], [V]: the on state is KNEE + ON I
THRESHOLD, HOLD = 0.95, 0.32   #: [V]
LIMITS = SweepFacts(voltage_gain=2e-4, voltage_offset=3e-4, voltage_noise=2e-5, current_gain=3e-4, current_offset=2e-8,
                    current_noise=2e-9)
LEVEL = 0.02 * np.concatenate((np.arange(100), np.arange(100, -1, -1)))


@dataclass
class Sweep:
    """Voltage at the device [V], current [A], set-points [V] and flags of one made sweep."""

    voltage: np.ndarray
    current: np.ndarray
    level: np.ndarray
    flags: np.ndarray


def device(level: np.ndarray, load: float, limit: float = np.inf) -> Sweep:
    """Return the exact readings of a device that switches behind a load, under a source that limits its current."""
    on, rows = False, []
    turn = int(np.argmax(level))
    for k, source in enumerate(level):
        off_volts = source * OFF / (OFF + load)
        on_volts = KNEE + (source - KNEE) * ON / (ON + load)
        on = off_volts > THRESHOLD if k <= turn and not on else on and on_volts > HOLD
        amperes = min((source - (on_volts if on else off_volts)) / load, limit)
        limited = on and amperes == limit
        rows.append((KNEE + ON * amperes if limited else on_volts if on else off_volts, amperes,
                     int(Flag.COMPLIANCE) if limited else 0))
    voltage, current, flags = np.array(rows).T
    return Sweep(voltage, current, level, flags.astype(np.uint32))


def results(sweep: Sweep, facts: SweepFacts | None = None, *, levels: bool = True) -> dict[str, Result]:
    points = IVPoints(sweep.voltage, sweep.current, sweep.level if levels else None, sweep.flags)
    return {one.quantity: one for one in resistances(switching(points, facts), facts)}


def holds(result: Result, true: float) -> bool:
    return result.low is not None and result.high is not None and result.low <= true <= result.high


def measured(seed: int, load: float) -> tuple[dict[str, Result], float]:
    """Return the results of a source meter with errors within its limits, and of a load that is 2 % off; its load."""
    random = np.random.default_rng(seed)
    true = load * (1.0 + 0.02 * random.uniform(-1.0, 1.0))
    exact = device(LEVEL * (1.0 + 1e-6 * seed), true)
    gain_v, gain_i = (limit * random.uniform(-1.0, 1.0) for limit in (LIMITS.voltage_gain, LIMITS.current_gain))
    offset_v, offset_i = (limit * random.uniform(-1.0, 1.0) for limit in (LIMITS.voltage_offset, LIMITS.current_offset))
    current = exact.current * (1.0 + gain_i) + offset_i + LIMITS.current_noise * random.standard_normal(LEVEL.size)
    source = ((exact.voltage + true * exact.current) * (1.0 + gain_v) + offset_v
              + LIMITS.voltage_noise * random.standard_normal(LEVEL.size))
    return results(replace(exact, voltage=source - load * current, current=current),
                   replace(LIMITS, path_resistance=load)), true


@pytest.mark.thin(2)
@pytest.mark.parametrize("load", [50.0, 1000.0])
def test_intervals_hold_with_the_errors_of_a_source_meter(load: float) -> None:
    found = [measured(seed, load)[0] for seed in range(40)]
    for name, true in (("off_resistance", OFF), ("on_resistance", 0.0), ("differential_on_resistance", ON)):
        good = sum(holds(one[name], true or _on_resistance(one[name])) for one in found)
        assert good >= 36, (name, good)
    for one in found:   # the meter reads its own output: nothing tells the load
        assert one["series_resistance"].value is None and Flag.CENSORED in one["series_resistance"].flags
        assert one["series_resistance"].high < 0.05 * load


def _on_resistance(result: Result) -> float:
    """Return the true on resistance [Ohm] at the current that the result names."""
    amperes = parse_quantity(result.method.partition("(")[2].partition(",")[0], "A")
    return KNEE / amperes + ON


@pytest.mark.thin(2)
@pytest.mark.parametrize("load", [200.0, 5000.0])
def test_a_voltmeter_at_the_device_tells_the_load(load: float) -> None:
    good = 0
    for seed in range(40):
        random = np.random.default_rng(seed)
        exact = device(LEVEL, load)
        noisy = replace(exact, voltage=exact.voltage + 5e-5 * random.standard_normal(LEVEL.size),
                        current=exact.current * (1.0 + 1e-4 * random.standard_normal(LEVEL.size)))
        found = results(noisy)["series_resistance"]
        assert found.flags is Flag.NONE
        assert found.value == pytest.approx(load, rel=5e-3)
        good += holds(found, load)
    assert good >= 36


def test_a_path_that_is_taken_off_twice_is_doubted() -> None:
    """The voltmeter reads at the device, and the bench file has the load in its path: a common fault."""
    exact = device(LEVEL, 1000.0)
    for path, flag in ((150.0, Flag.AMBIGUOUS), (1000.0, Flag.IMPLAUSIBLE)):
        twice = replace(exact, voltage=exact.voltage - path * exact.current)
        found = results(twice, replace(LIMITS, path_resistance=path))["series_resistance"]
        assert flag in found.flags and "bench file" in found.method
        assert holds(found, 1000.0) or flag is Flag.IMPLAUSIBLE   # then the device voltage would be negative


def test_a_path_that_is_larger_than_what_was_measured_is_impossible() -> None:
    """The load is 1 kOhm, and the bench file says 2 kOhm."""
    exact = device(LEVEL, 1000.0)
    wrong = replace(exact, voltage=exact.voltage - 1000.0 * exact.current)
    found = results(wrong, replace(LIMITS, path_resistance=2000.0))["series_resistance"]
    assert found.value is None and Flag.IMPLAUSIBLE in found.flags and "2 kOhm" in found.method


def test_no_load_line_in_compliance() -> None:
    sweep = device(LEVEL, 50.0, limit=5e-4)
    found = results(sweep, LIMITS)
    series, on = found["series_resistance"], found["on_resistance"]
    assert series.value is None and series.low is None and series.high is None and Flag.COMPLIANCE in series.flags
    # the current leaves the limit on the way down before the device switches off: KNEE + (ON + 50) I < 0.43 V
    assert on.value is None or Flag.COMPLIANCE not in on.flags
    always = results(device(LEVEL, 50.0, limit=1e-5), LIMITS)
    assert always["on_resistance"].value is None and always["on_resistance"].low is None
    if Flag.NO_EVENT not in always["on_resistance"].flags:
        assert Flag.COMPLIANCE in always["on_resistance"].flags


def test_an_on_state_in_compliance_only_has_an_upper_bound() -> None:
    """It switches off as soon as the source meter lets go."""
    sweep = device(LEVEL, 50.0, limit=2e-3)
    limited = (sweep.flags & int(Flag.COMPLIANCE)) != 0
    last = int(np.flatnonzero(limited)[-1]) + 1
    sweep.voltage[last:], sweep.current[last:] = (
        sweep.level[last:] * part for part in (OFF / (OFF + 50.0), 1.0 / (OFF + 50.0)))
    found = results(sweep, replace(LIMITS, path_resistance=50.0))
    on, slope = found["on_resistance"], found["differential_on_resistance"]
    true = (KNEE + ON * 2e-3) / 2e-3
    assert on.value is None and on.low is None and on.high >= true and on.high == pytest.approx(true, rel=0.02)
    assert Flag.COMPLIANCE in on.flags and Flag.CENSORED in on.flags
    assert slope.value is None and Flag.COMPLIANCE in slope.flags and Flag.TOO_FEW in slope.flags


def test_a_limit_in_a_table_without_flags_is_seen() -> None:
    sweep = device(LEVEL, 50.0, limit=2e-3)
    bare = replace(sweep, flags=np.zeros_like(sweep.flags))
    found = results(bare)
    assert found["series_resistance"].value is None and Flag.COMPLIANCE in found["series_resistance"].flags
    free = sweep.current[(sweep.flags == 0) & (sweep.current > 1e-4)]
    assert found["on_resistance"].value == pytest.approx(ON + KNEE / float(free.max()), rel=1e-6)


def test_a_current_within_the_offset_of_the_meter_is_a_bound() -> None:
    sweep = device(LEVEL, 50.0)
    found = results(sweep, replace(LIMITS, current_offset=2e-5))["off_resistance"]
    assert found.value is None and found.high is None and Flag.CENSORED in found.flags
    assert 0.1 * OFF < found.low <= OFF


def test_a_resistor_has_an_off_resistance_and_no_on_state() -> None:
    random = np.random.default_rng(3)
    current = LEVEL / 1e4 + 2e-9 * random.standard_normal(LEVEL.size)
    found = results(Sweep(LEVEL, current, LEVEL, np.zeros(LEVEL.size, np.uint32)), LIMITS)
    assert holds(found["off_resistance"], 1e4) and "half of the highest voltage" in found["off_resistance"].method
    for name in ("on_resistance", "differential_on_resistance"):
        assert found[name].value is None and Flag.NO_EVENT in found[name].flags


def test_the_read_voltage_is_a_choice() -> None:
    """The off state of this device is bent: I = V / OFF (1 + V²)."""
    current = LEVEL / OFF * (1.0 + LEVEL**2)
    points = IVPoints(LEVEL, current, LEVEL)
    for volts in (0.2, 0.55, 1.1):
        found = resistances(switching(points), None, volts)[0]
        assert found.value == pytest.approx(OFF / (1.0 + volts**2), rel=1e-6)
    beyond = resistances(switching(points), None, 5.0)[0]
    assert beyond.value is None and Flag.TOO_FEW in beyond.flags


def test_resistances_are_positive_at_both_polarities() -> None:
    sweep = device(LEVEL, 1000.0)
    other = replace(sweep, voltage=-sweep.voltage, current=-sweep.current, level=-sweep.level)
    for name, one in results(sweep).items():
        assert results(other)[name].value == pytest.approx(one.value, rel=1e-9)
        assert results(other)[name].conditions["polarity"] == "-"


def test_a_table_without_set_points_has_no_series_resistance() -> None:
    """Nothing tells the voltage of the source."""
    assert "series_resistance" not in results(device(LEVEL, 50.0), levels=False)


def driven(count: int, fall: float = 600.0, noise: float = 2e-5) -> tuple[np.ndarray, np.ndarray, float]:
    """Return currents and voltages under current drive, and the most negative slope [Ohm]."""
    one = np.linspace(1e-6, 2e-4, count)
    amperes = np.concatenate((one, one[::-1]))
    voltage = 1e4 * amperes / (1.0 + (amperes / 5e-5) ** 2) + fall * amperes
    return amperes, voltage + noise * np.random.default_rng(4).standard_normal(amperes.size), fall - 1250.0


def negative(amperes: np.ndarray, voltage: np.ndarray, flag: Flag = Flag.NONE) -> dict[str, Result]:
    points = IVPoints(voltage, amperes, amperes, np.full(amperes.size, int(flag), np.uint32))
    return {one.quantity: one for one in resistances(snapback(points))}


@pytest.mark.parametrize("count", [25, 60, 200])
def test_the_steepest_fall_under_current_drive(count: int) -> None:
    amperes, voltage, true = driven(count)
    found = negative(amperes, voltage)["negative_differential_resistance"]
    assert holds(found, true) and found.value == pytest.approx(true, rel=0.1)
    assert found.flags is Flag.NONE and "series_resistance" not in negative(amperes, voltage)


def test_a_sudden_fall_is_a_bound() -> None:
    amperes = np.linspace(1e-6, 1e-4, 60)
    voltage = np.where(amperes < 4e-5, amperes * 2.5e4, 0.4 + 1e3 * amperes)
    both = np.concatenate((amperes, amperes[::-1])), np.concatenate((voltage, voltage[::-1]))
    found = negative(*both)["negative_differential_resistance"]
    assert found.value is None and found.low is None and found.high < 0.0
    assert Flag.UNDER_SAMPLED in found.flags and Flag.CENSORED in found.flags


def test_the_mean_of_an_oscillation_is_no_negative_resistance() -> None:
    amperes, voltage, _ = driven(60)
    seen = negative(amperes, voltage, Flag.OSCILLATING)
    for name in ("negative_differential_resistance", "on_resistance", "differential_on_resistance"):
        assert seen[name].value is None and seen[name].low is None and seen[name].high is None, name
        assert Flag.OSCILLATING in seen[name].flags
    unseen = negative(amperes, voltage, Flag.UNCHECKED)["negative_differential_resistance"]
    assert Flag.AMBIGUOUS in unseen.flags and Flag.UNCHECKED in unseen.flags


def test_a_bent_on_state_has_the_slopes_of_both_halves_in_its_interval() -> None:
    level = np.concatenate((np.arange(0.0, 2.0, 0.02), np.arange(2.0, -0.01, -0.02)))
    sweep = device(level, 1000.0)
    on = sweep.current > 1e-4
    bent = replace(sweep, voltage=np.where(on, sweep.voltage + 1e4 * sweep.current**2, sweep.voltage))
    found = results(bent)["differential_on_resistance"]
    down = on & (np.arange(level.size) >= 100)
    slopes = ON + 2e4 * sweep.current[down]
    low, high = np.quantile(slopes, 0.3), np.quantile(slopes, 0.7)
    assert found.low < low and found.high > high and "bent" in found.method


@pytest.mark.parametrize(("ohms", "doubted"), [(1.5e3, True), (OFF, False)])
def test_the_off_resistance_of_a_device_that_may_have_stayed_on_is_in_doubt(ohms: float, doubted: bool) -> None:
    """Two half-sweeps switch, the third shows a resistor."""
    one = device(LEVEL, 1e3)
    stuck = LEVEL * ohms / (ohms + 1e3)
    voltage, current = (np.concatenate(parts) for parts in (
        (one.voltage, one.voltage, stuck), (one.current, one.current, stuck / ohms)))
    points = IVPoints(voltage, current, np.tile(LEVEL, 3), np.zeros(voltage.size, np.uint32))
    offs = [found for found in resistances(switching(points)) if found.quantity == "off_resistance"]
    assert [Flag.AMBIGUOUS in found.flags for found in offs] == [False, False, doubted]
    assert ("may have stayed on" in offs[2].method) is doubted
    assert offs[2].value == pytest.approx(ohms, rel=1e-3)
