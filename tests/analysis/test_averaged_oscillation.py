"""A smooth negative resistance, and the mean of a relaxation oscillator that looks like one."""

import numpy as np
import pytest

from tsbench.analysis.tables.table import parse_table
from tsbench.analysis.threshold.averaged_oscillation import (
    NO_FACT,
    Averaged,
    LoadedSweep,
    by_capacitance,
    by_other_aperture,
    by_other_load,
    falling_part,
)
from tsbench.analysis.threshold.half_sweeps import IVPoints
from tsbench.analysis.threshold.snapback import snapback
from tsbench.analysis.threshold.switching_rule import Jump
from tsbench.analysis.threshold.threshold import switching
from tsbench.extraction.sweep_tables import analyse_sweeps
from tsbench.records import Flag
from tsbench.samples import noise_of

TOP, LOW, OFF = 1.0, 0.6, 1e4  #: [V] threshold, [V] hold, [Ohm] of the off state
NOISE = 2e-5


def averaged(load: float, count: int = 40, seed: int = 0) -> LoadedSweep:
    """Means of an oscillator that charges through its load to TOP and falls to LOW at once, in closed form."""
    random = np.random.default_rng(seed)
    onset = TOP * (1.0 + load / OFF)
    levels = np.linspace(0.5 * onset, onset + 3.0 * (TOP - LOW) + load * 1e-4, count)
    final = levels * OFF / (OFF + load)
    with np.errstate(invalid="ignore", divide="ignore"):
        periods = np.log((final - LOW) / (final - TOP))
        mean = final - (TOP - LOW) / periods
    voltage = np.where(final > TOP, mean, final)
    return LoadedSweep(voltage + NOISE * random.standard_normal(count), (levels - voltage) / load, load, NOISE)


def stable(load: float, count: int = 40, seed: int = 0) -> LoadedSweep:
    """LoadedSweep of a device whose voltage falls from TOP towards LOW as its current grows."""
    random = np.random.default_rng(seed)
    current = np.linspace(2e-5, 6e-4, count) * (1.0 + 1e-3 * load / 5e3)
    voltage = TOP * (1.0 - np.exp(-current / 3e-5)) - 0.15 * (1.0 - np.exp(-current / 3e-4))
    return LoadedSweep(voltage + NOISE * random.standard_normal(count), current, load, NOISE)


@pytest.mark.parametrize("made", [averaged, stable])
def test_both_fall_smoothly_and_one_sweep_excludes_neither(made):
    readings = made(5e3)
    part = falling_part(readings.voltage, readings.current)
    assert part is not None and part.stop - part.start >= 4
    assert NO_FACT.verdict is Averaged.NOT_EXCLUDED and NO_FACT.flag is Flag.UNCHECKED


@pytest.mark.parametrize("seed", range(10))
def test_another_load_tells_them_apart(seed):
    found = by_other_load(averaged(5e3, seed=seed), averaged(1.25e4, seed=seed + 100))
    assert found.verdict is Averaged.OSCILLATION and found.flag is Flag.OSCILLATING
    other = by_other_load(stable(5e3, seed=seed), stable(1.25e4, count=55, seed=seed + 100))
    assert other.verdict is Averaged.STABLE and other.flag is Flag.NONE, other


@pytest.mark.parametrize("seed", range(5))
def test_an_oscillation_of_a_few_readings_shows_beside_a_curve_whose_bend_looks_like_noise(seed):
    def steep(load: float, count: int, seed: int, moved: float) -> LoadedSweep:
        random = np.random.default_rng(seed)
        current = 3.5e-3 * np.linspace(0.1, 1.0, count) ** 2 * (1.0 + 1e-3 * load / 5e2)
        voltage = TOP * (1.0 - np.exp(-current / 1.5e-4)) - 0.4 * (1.0 - np.exp(-current / 3e-3))
        voltage -= moved * np.exp(-(((current - 1.4e-3) / 1.2e-4) ** 2))
        return LoadedSweep(voltage + NOISE * random.standard_normal(count), current, load, NOISE)

    one, other = steep(500.0, 40, seed, 8e-4), steep(1250.0, 40, seed + 100, 0.0)
    assert noise_of(one.voltage) > 5.0 * NOISE
    assert by_other_load(one, other).verdict is Averaged.OSCILLATION
    assert by_other_load(steep(500.0, 40, seed, 0.0), other).verdict is Averaged.STABLE


def test_a_load_that_is_the_same_or_a_noisy_comparison_excludes_nothing():
    assert by_other_load(averaged(5e3), averaged(5.5e3, seed=1)).verdict is Averaged.NOT_EXCLUDED
    noisy = LoadedSweep(*(getattr(stable(1.25e4, seed=1), name) for name in ("voltage", "current", "load")), 5e-3)
    assert by_other_load(stable(5e3), noisy).verdict is Averaged.NOT_EXCLUDED


@pytest.mark.parametrize("seed", range(5))
def test_a_device_that_drifts_between_two_sweeps_is_no_oscillation(seed):
    """Its voltages differ below the fall as they do in it: so well does it repeat itself, and no better."""
    one, other = stable(5e3, seed=seed), stable(1.25e4, seed=seed + 100)
    drifted = LoadedSweep(1.003 * other.voltage, other.current, other.load, NOISE)
    assert by_other_load(one, drifted).verdict is Averaged.NOT_EXCLUDED
    assert by_other_load(one, other).verdict is Averaged.STABLE


@pytest.mark.parametrize(("doubt", "verdict"), [(1e-4, Averaged.STABLE), (1e-3, Averaged.NOT_EXCLUDED)])
def test_two_sweeps_are_stable_only_where_they_would_show_a_difference_of_a_thousandth(doubt, verdict):
    one, other = stable(5e3), stable(1.25e4, seed=1)
    assert by_other_load(one, LoadedSweep(other.voltage, other.current, other.load, doubt)).verdict is verdict


@pytest.mark.parametrize("seed", range(5))
def test_scatter_with_a_short_aperture_shows_an_oscillation_and_never_excludes_one(seed):
    random, long = np.random.default_rng(seed), averaged(5e3)
    part = falling_part(long.voltage, long.current)
    calm = long.voltage + 1e-4 * random.standard_normal(40)
    moving = calm.copy()
    moving[part] += 1e-3 * random.uniform(-1, 1, part.stop - part.start)
    assert by_other_aperture(long.voltage, moving, part).verdict is Averaged.OSCILLATION
    assert by_other_aperture(long.voltage, calm, part).verdict is Averaged.NOT_EXCLUDED


def test_an_oscillation_that_goes_on_beyond_the_fall_is_not_taken_for_calm():
    """Only the readings below the threshold are calm for certain."""
    random, long = np.random.default_rng(0), averaged(5e3)
    part = falling_part(long.voltage, long.current)
    moving = long.voltage + 1e-4 * random.standard_normal(40)
    moving[part.start :] += 1e-3 * random.uniform(-1, 1, 40 - part.start)
    early = slice(part.start, part.start + 5)
    assert by_other_aperture(long.voltage, moving, early).verdict is Averaged.OSCILLATION
    assert by_other_aperture(long.voltage, moving, slice(2, 20)).verdict is Averaged.NOT_EXCLUDED   # two calm readings


def test_several_sweeps_make_the_scatter_below_the_threshold_known():
    """Five readings below it do not show a scatter that is four times larger from there on; 25 do."""
    shown = {1: 0, 5: 0}
    long = averaged(5e3)
    for seed in range(20):
        random = np.random.default_rng(seed)
        for sweeps in shown:
            short = long.voltage + 1e-4 * random.standard_normal((sweeps, 40))
            false = by_other_aperture(long.voltage, short, slice(5, 20)).verdict
            short[:, 5:20] += 4e-4 * random.standard_normal((sweeps, 15))
            shown[sweeps] += by_other_aperture(long.voltage, short, slice(5, 20)).verdict is Averaged.OSCILLATION
            assert false is Averaged.NOT_EXCLUDED
    assert shown[1] <= 5 and shown[5] == 20
    short[0, 3] = np.nan   # a sweep with a missing reading does not count
    assert by_other_aperture(long.voltage, short, slice(5, 20)) == by_other_aperture(
        long.voltage, short[1:], slice(5, 20))
    assert by_other_aperture(long.voltage, short[0], slice(5, 20)).verdict is Averaged.NOT_EXCLUDED


def test_equal_scatter_is_called_an_oscillation_as_seldom_as_chance_says():
    """Seven readings below the threshold, five sweeps: 0.5 of 500 are expected."""
    random, long = np.random.default_rng(2), averaged(5e3)
    called = sum(by_other_aperture(long.voltage, long.voltage + 1e-4 * random.standard_normal((5, 40)), slice(7, 40)
                                   ).verdict is Averaged.OSCILLATION for _ in range(500))
    assert called <= 2


def heated(load: float, ohmic: float) -> tuple[LoadedSweep, np.ndarray]:
    """Static curve of a device whose conductance grows with its power, and with the voltage as V^``ohmic``.

    Returns
    -------
    The sweep, and at each reading the largest capacitance with which the circuit is stable for a response time of 1 s,
    by the eigenvalues of the equations of state and voltage.
    """
    def conductance(power, volts):
        return 1e-5 * np.exp(6.0 * power / (power + 2e-4)) * volts**ohmic

    power = np.geomspace(2e-6, 2e-4, 60)
    volts = (power / (1e-5 * np.exp(6.0 * power / (power + 2e-4)))) ** (1.0 / (2.0 + ohmic))
    amps = power / volts
    most = []
    for one, v in zip(power, volts, strict=True):
        step = 1e-6
        current = lambda x, u: u * conductance(x, u)   # noqa: E731
        by_x = (current(one * (1 + step), v) - current(one * (1 - step), v)) / (2 * step * one)
        by_v = (current(one, v * (1 + step)) - current(one, v * (1 - step))) / (2 * step * v)
        stable = [c for c in np.geomspace(1e-9, 1e-1, 400) if np.linalg.eigvals(
            [[v * by_x - 1.0, current(one, v) + v * by_v], [-by_x / c, (-1.0 / load - by_v) / c]]).real.max() < 0]
        most.append(max(stable, default=0.0))
    return LoadedSweep(volts, amps, load), np.array(most)


@pytest.mark.thin(4)
@pytest.mark.parametrize("load", [2e3, 2e4])
@pytest.mark.parametrize("ohmic", [0.0, 1.0])
def test_the_capacitance_decides_as_the_eigenvalues_do(load, ohmic):
    """Of a device that its power heats: never wrong, and open only for the exponent of the conductance."""
    readings, most = heated(load, ohmic)
    part = falling_part(readings.voltage, readings.current)
    border = float(most[part].min())
    chord = (readings.voltage / readings.current)[part]
    quotient = 0.5 * (1.0 + chord / load)
    open_for = 1.1 * float(np.max(np.maximum(quotient, 1.0) / np.minimum(quotient, 1.0)))
    for share in (0.3, 0.9, 1.1, 3.0):
        found = by_capacitance(readings, share * border, 1.0, 1.0).verdict
        assert found is not (Averaged.STABLE if share > 1.0 else Averaged.OSCILLATION)
    assert by_capacitance(readings, border / open_for, 1.0, 1.0).verdict is Averaged.STABLE
    assert by_capacitance(readings, border * open_for, 1.0, 1.0).verdict is Averaged.OSCILLATION
    assert by_capacitance(readings, border, 1.0).verdict is Averaged.NOT_EXCLUDED


def test_the_capacitance_needs_a_falling_voltage_and_a_response_time():
    readings = stable(5e3)
    rising = LoadedSweep(np.arange(9.0), np.arange(9.0), 1e3)
    assert by_capacitance(rising, 1e-9, 1e-9).verdict is Averaged.NOT_EXCLUDED
    assert by_capacitance(readings, 80e-12, 0.0).verdict is Averaged.OSCILLATION
    assert by_capacitance(readings, 80e-12, 50e-9).verdict is Averaged.STABLE
    for seed in range(5):   # slopes that noise makes are no evidence
        noise = 2e-3 * np.random.default_rng(seed).standard_normal(40)
        noisy = LoadedSweep(readings.voltage + noise, readings.current, 5e3)
        assert by_capacitance(noisy, 80e-12, 50e-9).verdict is Averaged.NOT_EXCLUDED


def test_a_jump_noise_and_a_rise_are_no_smooth_fall():
    current = np.linspace(1e-5, 1e-3, 40)
    assert falling_part(1e3 * current, current) is None
    assert falling_part(np.where(current < 5e-4, 2e3 * current, 0.3), current) is None
    assert falling_part(1.0 + 1e-3 * np.random.default_rng(0).standard_normal(40), current) is None
    assert falling_part(np.array([1.0, np.nan, 0.5]), np.array([1.0, 2.0, 3.0])) is None


def test_a_source_meter_gives_no_time_and_no_peak_of_the_on_state():
    readings = averaged(5e3)
    points = IVPoints(readings.voltage, readings.current, level=readings.current)
    found = [one for half in switching(points) for one in half.results()]
    found += [getattr(half, name) for half in snapback(points) for name in (
        "threshold_voltage", "threshold_current", "hold_voltage", "hold_current")]
    assert {one.unit for one in found} <= {"V", "A"}
    assert {one.quantity for one in found} == {
        "threshold_voltage", "threshold_current", "hold_voltage", "hold_current"}


def test_a_table_with_a_smooth_fall_says_that_an_oscillation_is_not_excluded(tmp_path):
    readings = averaged(5e3)
    rows = "\n".join(f"{v:.8g},{i:.8g}" for v, i in zip(readings.voltage, readings.current, strict=True))
    table = parse_table(f"voltage (V),current (A)\n{rows}\n".splitlines(), source="made.csv")
    found = analyse_sweeps(table, tmp_path / "made.csv", Jump(), None)
    assert any("the voltage falls smoothly" in line for line in found.lines)
    mine = [one for one in found.results if one.quantity in {"threshold_voltage", "hold_voltage"}]
    assert mine and all(Flag.UNCHECKED in one.flags for one in mine)


def test_the_way_down_of_a_source_is_no_fall_of_the_device_voltage(tmp_path):
    """A filament that still grows on the way down: the current rises while the set-points fall."""
    level = np.r_[np.arange(0, 1, 0.02), np.arange(1, 0.5, -0.02)]
    current = 1e-6 * np.exp(np.arange(level.size) / 15.0)
    rows = [f"{v:.8g},{i:.8g}" for v, i in zip(level, current, strict=True)]
    table = parse_table(["voltage (V),current (A)", *rows], source="made.csv")
    found = analyse_sweeps(table, tmp_path / "made.csv", Jump(), None)
    assert not any("falls smoothly" in line for line in found.lines)


@pytest.mark.parametrize(("load", "decides"), [(6e3, False), (7e3, True)])
def test_loads_that_differ_by_two_fifths_decide_and_those_that_differ_by_a_fifth_do_not(load, decides):
    """The readings would tell the two apart with either load."""
    for made, verdict in ((averaged, Averaged.OSCILLATION), (stable, Averaged.STABLE)):
        sweeps = made(5e3), made(load, count=55, seed=1)
        for one, other in (sweeps, sweeps[::-1]):
            found = by_other_load(one, other)
            assert found.verdict is (verdict if decides else Averaged.NOT_EXCLUDED)
            assert ("too much alike" in found.reason) is not decides


def test_two_loads_decide_nothing_where_no_voltage_falls():
    """One falling voltage is enough to compare: it may be either of the two."""
    def rising(load):
        made = stable(load, count=55)
        return LoadedSweep(np.maximum.accumulate(made.voltage), made.current, load, NOISE)

    found = by_other_load(rising(5e3), rising(1.25e4))
    assert found.verdict is Averaged.NOT_EXCLUDED and found.reason == "no voltage falls smoothly"
    for one, other in ((rising(5e3), stable(1.25e4)), (stable(5e3), rising(1.25e4))):
        assert by_other_load(one, other).verdict is Averaged.OSCILLATION
