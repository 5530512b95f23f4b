"""Threshold and hold from curves whose true values are known."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tsbench.analysis.threshold.half_sweeps import IVPoints, split
from tsbench.analysis.threshold.snapback import snapback
from tsbench.analysis.threshold.switching_results import COARSE_STEP, SweepFacts, summarise_results
from tsbench.analysis.threshold.switching_rule import Above, Jump, parse_rule
from tsbench.analysis.threshold.threshold import switching
from tsbench.errors import ConfigurationError
from tsbench.records import Flag

ON, OFF = 1.2e-3, 40e-6  # conductances [S]


def levels(top: float, step: float) -> np.ndarray:
    up = np.arange(0.0, top + step / 2, step)
    return np.concatenate((up, up[::-1][1:]))


def curve(
    threshold: float,
    hold: float,
    step: float,
    *,
    top: float = 1.6,
    path: float = 52.0,
    compliance: float = 1e-3,
    noise: float = 0.0,
    seed: int = 0,
    latched: bool = False,
    side: int = 1,
    off: float = OFF,
    on: float = ON,
) -> IVPoints:
    """A volatile switch behind ``path`` [Ohm]: exponential off state, ohmic on state, compliance."""
    random = np.random.default_rng(seed)
    set_points = levels(top, step)
    volts, amps, flags = [], [], []
    state = False
    for k, level in enumerate(set_points):
        if not state:
            v = level
            for _ in range(50):
                v = level - path * off * v * math.exp(v / 1.5)
            i = off * v * math.exp(v / 1.5)
            state = v >= threshold
        if state:
            i = level * on / (1 + path * on)
            v = level - path * i
            limited = i > compliance
            if limited:
                i, v = compliance, compliance / on
            if not latched and k > len(set_points) // 2 and not limited and v <= hold:
                state = False
                v = level / (1 + path * off)
                i = off * v
        volts.append(v)
        amps.append(i)
        flags.append(int(Flag.COMPLIANCE) if state and i >= compliance else 0)
    current = np.array(amps) + noise * random.standard_normal(len(amps))
    zero = np.zeros(len(amps), dtype=np.int64)
    return IVPoints(
        side * np.array(volts),
        side * current,
        side * set_points,
        np.array(flags, np.uint32),
        zero + 1,
        zero + side,
    )


@pytest.mark.thorough
@settings(max_examples=60, deadline=None)
@given(
    threshold=st.floats(0.6, 1.4),
    hold=st.floats(0.15, 0.5),
    step=st.floats(0.002, 0.03),
    noise=st.floats(0, 2e-7),
    side=st.sampled_from([1, -1]),
    seed=st.integers(0, 1000),
)
def test_interval_holds_the_true_threshold_and_hold(threshold, hold, step, noise, side, seed):
    points = curve(threshold, hold, step, noise=noise, side=side, seed=seed)
    (found,) = switching(points, SweepFacts(path_resistance=52.0, current_noise=noise))
    result = found.threshold_voltage
    assert result.low <= side * threshold <= result.high
    assert result.low <= result.value <= result.high
    assert (result.high - result.low) < 1.1 * step + 0.002
    held = found.hold_voltage
    assert held.low <= side * hold <= held.high
    assert held.conditions == {"cycle": 1, "polarity": "+" if side > 0 else "-"}
    for one in (result, held):
        assert (Flag.UNDER_SAMPLED in one.flags) == (step > COARSE_STEP * abs(one.value))


def test_compliance_at_the_switching_point_is_said():
    (found,) = switching(curve(1.0, 0.4, 0.005))
    assert Flag.COMPLIANCE in found.threshold_voltage.flags
    assert found.threshold_current.value == pytest.approx(OFF * 1.0 * np.exp(1 / 1.5), rel=0.02)
    assert found.threshold_current.high is None
    assert Flag.CENSORED in found.threshold_current.flags


@settings(max_examples=40, deadline=None)
@given(
    resistance=st.floats(100, 1e9),
    noise=st.floats(0, 0.3),
    seed=st.integers(0, 10_000),
    step=st.floats(0.004, 0.1),
)
def test_a_resistor_never_switches(resistance, noise, seed, step):
    set_points = levels(1.2, step)
    random = np.random.default_rng(seed)
    current = set_points / resistance + noise * 0.1 / resistance * random.standard_normal(set_points.size)
    events = switching(IVPoints(set_points, current, set_points))
    assert events
    for found in events:
        for result in found.results():
            assert result.value is None
            assert Flag.NO_EVENT in result.flags


@pytest.mark.parametrize("seed", range(40))
def test_noise_never_switches(seed):
    set_points = levels(1.0, 0.01)
    current = 1e-12 * np.random.default_rng(seed).standard_normal(set_points.size)
    assert all(
        found.threshold_voltage.value is None and found.hold_voltage.value is None
        for found in switching(IVPoints(set_points, current, set_points))
    )


@pytest.mark.parametrize("scale", [0.02, 0.05, 0.2])
def test_a_steep_but_steady_curve_has_no_threshold(scale):
    set_points = levels(1.0, 0.02)
    current = 1e-12 * np.sinh(set_points / scale)
    (found,) = switching(IVPoints(set_points, current, set_points))
    assert found.threshold_voltage.value is None


def test_a_resistor_in_compliance_never_switches():
    set_points = levels(1.2, 0.01)
    current = np.minimum(set_points / 600.0, 1e-3)
    (found,) = switching(IVPoints(np.minimum(set_points, 0.6), current, set_points))
    assert found.threshold_voltage.value is None
    assert found.hold_voltage.value is None


def test_a_latched_device_has_a_threshold_and_a_bound_of_its_hold():
    (found,) = switching(curve(1.0, 0.0, 0.01, latched=True))
    assert found.threshold_voltage.value is not None
    assert found.hold_voltage.value is None
    assert Flag.CENSORED in found.hold_voltage.flags
    assert found.hold_voltage.high is not None


def test_a_device_that_is_on_from_the_start_switches_off():
    up = curve(1.0, 0.4, 0.01)
    half = len(up.voltage) // 2
    set_points = up.level
    voltage = up.voltage.copy()
    current = up.current.copy()
    voltage[: half + 1], current[: half + 1] = voltage[half:][::-1], current[half:][::-1]
    on = set_points / (1 + 52 * ON)
    low = np.arange(len(on)) <= half
    voltage[low], current[low] = np.minimum(on[low], 1e-3 / ON), np.minimum(on[low] * ON, 1e-3)
    (found,) = switching(IVPoints(voltage, current, set_points))
    assert found.threshold_voltage.value is None
    assert found.hold_voltage.low <= 0.4 <= found.hold_voltage.high


def test_picoamperes_to_a_microampere():
    (found,) = switching(
        curve(0.14, 0.05, 0.004, top=0.2, path=0.0, compliance=1e-6, off=1e-9, on=1e-5, noise=2e-12)
    )
    assert found.threshold_voltage.low <= 0.14 <= found.threshold_voltage.high
    assert found.hold_voltage.low <= 0.05 <= found.hold_voltage.high


def test_oscillation_is_passed_on():
    points = curve(1.0, 0.4, 0.005)
    points.flags[:] |= int(Flag.OSCILLATING)
    (found,) = switching(points)
    assert Flag.OSCILLATING in found.threshold_voltage.flags


def test_cycles_and_polarities_are_told_apart():
    parts = [curve(1.02 + 0.1 * k, 0.4, 0.01, side=1 if k % 2 == 0 else -1) for k in range(4)]
    joined = IVPoints(
        np.concatenate([p.voltage for p in parts]),
        np.concatenate([p.current for p in parts]),
        np.concatenate([p.level for p in parts]),
        cycle=np.repeat([1, 1, 2, 2], len(parts[0].voltage)),
        polarity=np.concatenate([p.polarity for p in parts]),
    )
    found = switching(joined)
    assert [(one.half.cycle, one.half.polarity) for one in found] == [(1, 1), (1, -1), (2, 1), (2, -1)]
    assert [round(one.threshold_voltage.value, 1) for one in found] == [1.0, -1.1, 1.2, -1.3]
    number, without, summary = summarise_results([one.threshold_voltage for one in found])
    assert (number, without) == (4, 0)
    assert summary.mean == pytest.approx(1.17, abs=0.01)


def test_half_sweeps_are_found_without_cycle_numbers():
    volts = np.concatenate([levels(1.0, 0.1), -levels(1.0, 0.1), levels(1.0, 0.1), levels(1.0, 0.1)])
    assert [half.polarity for half in split(IVPoints(volts, 1e-3 * volts))] == [1, -1, 1, 1]


def test_currents_published_as_magnitudes():
    points = curve(1.0, 0.4, 0.01, side=-1)
    (found,) = switching(IVPoints(points.voltage, np.abs(points.current), points.level))
    assert found.threshold_voltage.low <= -1.0 <= found.threshold_voltage.high


def test_the_rule_above_a_level():
    points = curve(1.0, 0.4, 0.01)
    (found,) = switching(points, rule=Above(2e-4))
    assert found.threshold_voltage.low <= 1.0 <= found.threshold_voltage.high
    assert "above=200uA" in found.threshold_voltage.method
    (nothing,) = switching(points, rule=Above(1.0))
    assert nothing.threshold_voltage.value is None
    (from_first,) = switching(
        IVPoints(points.voltage + 0.01, points.current + 1e-3, points.level), rule=Above(1e-4)
    )
    assert Flag.CENSORED in from_first.threshold_voltage.flags
    assert from_first.threshold_voltage.value is None
    assert "first reading shows the device on" in from_first.threshold_voltage.method


@pytest.mark.parametrize("level", [1e-8, 1e-7, 1e-5])
def test_a_level_below_the_current_of_the_off_state_tells_nothing(level: float) -> None:
    """The off state conducts 60 uA at 1 V. A threshold of 4 mV is that of no device. A level above it tells 1 V."""
    points = curve(1.0, 0.4, 0.004)
    leaky = IVPoints(points.voltage, points.current + 6e-5 * points.voltage, points.level)
    (found,) = switching(leaky, rule=Above(level))
    for one in found.results():
        assert one.flags == Flag.AMBIGUOUS and (one.value, one.low, one.high) == (None, None, None)
        assert "first readings pass the current already" in one.method
    (told,) = switching(leaky, rule=Above(3e-4))
    assert told.threshold_voltage.low <= 1.0 <= told.threshold_voltage.high


@pytest.mark.parametrize(
    ("text", "rule"),
    [("above=10n", Above(1e-8)), ("above=1 uA", Above(1e-6)), ("jump", Jump()), ("jump=3", Jump(3.0))],
)
def test_rules_are_read(text, rule):
    assert parse_rule(text) == rule


@pytest.mark.parametrize(
    "text", ["", "above", "above=", "above=-1n", "above=1V", "jump=0.5", "below=3", "above=x"]
)
def test_a_wrong_rule_is_refused_in_one_line(text):
    with pytest.raises(ConfigurationError) as error:
        parse_rule(text)
    assert "\n" not in str(error.value)


def test_intervals_cover_the_truth_with_calibration_error():
    covered, widths = {"threshold": 0, "hold": 0}, []
    for seed in range(40):
        random = np.random.default_rng(seed)
        threshold, hold = 1.0 + 0.005 * random.random(), 0.4 + 0.005 * random.random()
        points = curve(threshold, hold, 0.004, noise=5e-9, seed=seed)
        gain, offset = 1 + random.uniform(-2e-3, 2e-3), random.uniform(-3e-4, 3e-4)
        read = IVPoints(
            points.voltage * gain + offset,
            points.current,
            points.level,
            points.flags,
            points.cycle,
            points.polarity,
        )
        (found,) = switching(read, SweepFacts(2e-3, 3e-4, 1e-5, 2e-3, 6e-8, 5e-9, 52.0))
        covered["threshold"] += found.threshold_voltage.low <= threshold <= found.threshold_voltage.high
        covered["hold"] += found.hold_voltage.low <= hold <= found.hold_voltage.high
        widths.append((found.threshold_voltage.high - found.threshold_voltage.low) / 2 / threshold)
    assert min(covered.values()) >= 34
    assert np.median(widths) < 0.01


def test_snapback_under_current_drive():
    """V(I) with a fold at (0.1 mA, 1.0 V) and a minimum at (0.5 mA, 0.8 V): a cubic through both."""

    def voltage(i):
        return (
            1.0 - 0.2 * (3 * ((i - 1e-4) / 4e-4) ** 2 - 2 * ((i - 1e-4) / 4e-4) ** 3)
            if i > 1e-4
            else 1.0 - (1 - i / 1e-4) ** 2
        )

    drive = np.arange(0.0, 8e-4, 5e-6)
    drive = np.concatenate((drive, drive[::-1]))
    volts = np.array([voltage(i) for i in drive]) + 1e-5 * np.random.default_rng(0).standard_normal(
        drive.size
    )
    (found,) = snapback(IVPoints(volts, drive, drive), SweepFacts(voltage_noise=1e-5))
    assert found.threshold_voltage.low <= 1.0 <= found.threshold_voltage.high
    assert found.threshold_current.low <= 1e-4 <= found.threshold_current.high
    assert found.hold_voltage.low <= 0.8 <= found.hold_voltage.high
    assert found.snapback_voltage.value == pytest.approx(0.2, abs=1e-3)
    (resistor,) = snapback(IVPoints(1e3 * drive, drive, drive))
    assert all(result.value is None and Flag.NO_EVENT in result.flags for result in resistor.results())


@pytest.mark.parametrize("side", [1, -1])
def test_a_fold_passed_before_the_jump_counts_and_not_the_last_point(side):
    """Behind a resistance near the negative slope the device turns back long before it jumps."""
    up = np.arange(0.0, 1.4, 0.004)
    level = np.concatenate([up, up[-2::-1]])
    way_up = np.minimum(up, 1.02) - 2.0 * np.maximum(up - 1.02, 0) ** 2 * (up < 1.12)
    down = up[-2::-1]
    way_down = np.where(down > 0.95, 0.88 + 3.0 * (down - 1.05) ** 2, down)
    voltage = np.concatenate([np.where(up < 1.12, way_up, 0.9), way_down])
    current = np.where(np.concatenate([up >= 1.12, down > 0.95]), 5e-4 + 1e-3 * level, 5e-5 * level)
    points = IVPoints(side * voltage, side * current, level=side * level)
    (found,) = switching(points, SweepFacts(path_resistance=200.0, path_tolerance=0.0))
    for result, true in ((found.threshold_voltage, 1.02), (found.hold_voltage, 0.88)):
        assert result.low <= side * true <= result.high
        assert abs(result.value - side * true) < 0.003
    for result in (found.threshold_current, found.hold_current):
        assert result.low < result.value < result.high
        assert Flag.CENSORED not in result.flags


def test_a_device_that_switches_during_a_reading_was_off_before_that_reading():
    """A reading in between makes two jumps in a row, of which the second may be the larger."""
    level = np.concatenate([np.arange(0.5, 1.0, 0.004), np.arange(1.0, 0.5, -0.004)])
    on = np.arange(level.size) > 60
    current = np.where(on, 1e-5, 1e-9 * level)
    voltage = np.where(on, 0.14, level)
    current[60], voltage[60] = 5e-6, 0.6
    (found,) = switching(IVPoints(voltage, current, level=level), SweepFacts(path_resistance=1e4, path_tolerance=0.0))
    assert found.threshold_index == 59
    assert found.threshold_voltage.low <= level[60] <= found.threshold_voltage.high + 1e-9
    assert found.threshold_voltage.high - found.threshold_voltage.low < 0.01


def test_readings_in_compliance_do_not_tell_the_hold_voltage():
    """There the source meter sets the current; a filament's voltage dips below what the ramp lets it hold."""
    level = np.concatenate([np.arange(0.0, 1.0, 0.01), np.arange(1.0, 0.0, -0.01)])
    down = np.arange(level.size) >= 100
    on = (np.arange(level.size) > 90) & ~(down & (level < 0.2))
    voltage, current = np.where(on, 0.14, level), np.where(on, 1e-5, 1e-9 * level)
    voltage[120] = 0.08
    ramp = on & down & (level < 0.3)
    voltage[ramp] = 0.15 + 0.1 * (0.3 - level[ramp])
    flags = np.where(on & ~ramp, int(Flag.COMPLIANCE), 0).astype(np.uint32)
    points = IVPoints(voltage, current, level=level, flags=flags)
    (found,) = switching(points, SweepFacts(path_resistance=1e4, path_tolerance=0.0))
    assert found.hold_voltage.low <= 0.15 <= found.hold_voltage.high
    assert found.hold_voltage.low > 0.135


def test_a_device_that_is_off_when_the_source_meter_lets_go_has_no_hold_voltage():
    """What the limit leaves of the voltage is not what the device holds down to: here 0.41 V, and it holds 0.42 V."""
    level = np.concatenate([np.arange(0.0, 2.0, 0.01), np.arange(2.0, 0.0, -0.01)])
    on = (np.arange(level.size) > 146) & ~((np.arange(level.size) >= 200) & (level < 1.4))
    voltage, current = np.where(on, 0.41, level), np.where(on, 1e-4, 3e-7 * level)
    flags = np.where(on, int(Flag.COMPLIANCE), 0).astype(np.uint32)
    (found,) = switching(IVPoints(voltage, current, level=level, flags=flags), SweepFacts(path_resistance=3e3))
    assert found.hold_voltage.value is None and found.hold_voltage.low is None
    assert found.hold_voltage.high == pytest.approx(1.4, abs=0.02)
    assert Flag.CENSORED in found.hold_voltage.flags and Flag.NO_EVENT not in found.hold_voltage.flags
    assert found.hold_current.value is None and found.hold_current.high == pytest.approx(1e-4, rel=1e-6)
    assert "not in compliance" in found.hold_voltage.method


def test_a_current_that_noise_spreads_over_gaps_has_the_bound_that_its_flag_names():
    """A result with a value and CENSORED says which bound the value is."""
    weighed = 0
    for seed in range(6):
        random = np.random.default_rng(seed)
        up = np.linspace(0.02, 1.5, 75)
        level = np.concatenate([up, up[-2::-1]])
        on = np.where(np.arange(level.size) < up.size, level >= 0.9, level >= 0.5)
        current = level * np.where(on, 4e-6, 1e-6) + 0.4e-6 * random.standard_normal(level.size)
        for found in switching(IVPoints(voltage=level, current=current, level=level)):
            for result in (found.threshold_current, found.hold_current):
                if Flag.CENSORED in result.flags and result.value is not None:
                    assert (result.low is None) != (result.high is None)
                    weighed += "in one of several steps" in result.method
    assert weighed


def test_a_restless_device_has_a_wide_interval_but_no_coarse_steps():
    """Its fluctuations widen the interval of the hold voltage, and smaller steps do not narrow them."""
    points = curve(1.0, 0.3, 0.005, compliance=0.1)
    restless = (points.current > 1e-4) * 0.02 * np.random.default_rng(3).standard_normal(points.voltage.size)
    (calm,), (found,) = (switching(replace(points, voltage=points.voltage + change), SweepFacts(path_resistance=52.0))
                         for change in (0.0, restless))
    held = found.hold_voltage
    assert "fluctuating readings" in held.method and "fluctuating" not in calm.hold_voltage.method
    assert held.high - held.low > COARSE_STEP * abs(held.value) > 3 * (calm.hold_voltage.high - calm.hold_voltage.low)
    assert Flag.UNDER_SAMPLED not in held.flags


@pytest.mark.parametrize("free", [0, 4])
def test_a_hold_voltage_is_known_less_well_where_the_source_meter_limits_during_a_part_of_a_reading(free: int) -> None:
    """The last limited readings end out of compliance, so they have no flag; ``free`` more readings follow."""
    path, limit = 1e4, 1e-5
    level = np.concatenate([np.arange(0.0, 1.0, 0.01), np.arange(1.0, 0.0, -0.01)])
    number = np.arange(level.size)
    on = (number > 90) & (number < 172)
    restless = 0.15 + 0.004 * np.random.default_rng(5).standard_normal(level.size)
    voltage = np.where(on, restless, level)
    current = np.where(on, limit, 1e-9 * level)
    ramp = (number >= 172 - free) & on
    voltage[ramp] += 0.07
    current[ramp] = (level[ramp] - voltage[ramp]) / path
    partly = on & ~ramp & (number > 160)
    flags = np.where(on & ~partly & ~ramp, int(Flag.COMPLIANCE), 0).astype(np.uint32)
    level[~on] += path * current[~on]
    (found,) = switching(IVPoints(voltage, current, level=level, flags=flags), SweepFacts(path_resistance=path))
    held, last = found.hold_voltage, voltage[161 : 172 - free]
    assert held.low < last.min() - 0.005
    assert held.high == pytest.approx(voltage[ramp].min() if free else level[171], abs=0.004)
    assert "in compliance during parts" in held.method and held.flags == Flag.NONE
    assert found.hold_current.value is None and found.hold_current.high >= limit


def test_a_state_that_only_the_peak_and_the_next_reading_show_is_too_little() -> None:
    voltage = np.concatenate((np.geomspace(1e-3, 1.2, 40), np.geomspace(1e-3, 1.2, 40)[-2::-1]))
    current = 5e-5 * voltage**5   # steep, so that the change on the way down may be that of a curve
    resistor = switching(IVPoints(voltage, current, voltage))[0]
    current[39:41] = 1e-3   # in compliance at the peak, and at the first reading of the way down
    event = switching(IVPoints(voltage, current, voltage))[0]
    assert all(Flag.TOO_FEW in found.flags and found.value is None for found in event.results())
    assert not any(Flag.TOO_FEW in found.flags for found in resistor.results())
    current[40] = current[38]   # one reading alone may be wild
    assert not any(Flag.TOO_FEW in found.flags for found in switching(IVPoints(voltage, current, voltage))[0].results())


@pytest.mark.thin(2)
@pytest.mark.parametrize("step", [0.005, 0.01, 0.02, 0.03])
@pytest.mark.parametrize("noise", [0.0, 1e-3])
def test_the_last_reading_on_a_straight_on_branch_is_on(step: float, noise: float) -> None:
    """A straight branch ends near its foot, so its last steps are large parts of the current."""
    for seed in range(8):
        random = np.random.default_rng(seed)
        foot, hold, on = random.uniform(0.2, 0.5), 2e-5 * random.uniform(0.5, 2.0), False
        volts, current = levels(1.4, step), []
        for level in volts:
            on = (level - foot) / 350.0 > hold if on else level >= 1.1
            current.append((level - foot) / 350.0 if on else level / 5e5)
        amperes = np.array(current) * (1.0 + noise * random.standard_normal(volts.size))
        found = switching(IVPoints(volts, amperes, volts))[0].hold_voltage
        assert found.low - 1e-9 <= foot + 350.0 * hold <= found.high + 1e-9, (step, seed)
