"""Pairs whose gap is shorter than what the scope records before a pulse: the first pulse is in the second's record."""

import math
from dataclasses import replace

import numpy as np
import pytest

from tsbench.analysis.adaptive.search import refractory_goal
from tsbench.analysis.pulse.firing import Firing
from tsbench.protocols.adaptive_refractory.extraction import GapChooser, judged_pair, second_fired
from tsbench.protocols.extracting.departure import departure, foot_of_edge, ramp_behind_pole, step_edge
from tsbench.protocols.extracting.signals import DeviceRecord
from tsbench.protocols.paired_pulse.extraction import shown_of_pulse
from tsbench.records import Flag

WIDTH, FALL, LEAD, STEP = 1e-6, 5e-9, 0.2e-6, 1e-9


def pair(gap, conducts_in_gap=0.0, late=0.0):
    """Two pulses from a base of 0.3 V to 1.2 V; the device switches on 50 ns after each edge and is off in the gap.

    The scope triggers ``late`` [s] after the first edge.
    """
    random = np.random.default_rng(1)
    times = np.arange(-LEAD, 2 * WIDTH + gap + 0.3e-6, STEP)
    second = WIDTH + gap
    high = ((times > 0) & (times < WIDTH)) | ((times > second) & (times < second + WIDTH))
    on = ((times > 50e-9) & (times < WIDTH)) | ((times > second + 50e-9) & (times < second + WIDTH))
    voltage = np.where(high, np.where(on, 1.0, 1.2), 0.3) + random.normal(0, 2e-3, times.size)
    current = np.where(on, 1e-3, 0.0) + random.normal(0, 3e-6, times.size)
    current += np.where((times > WIDTH) & (times < second), 0.3 * conducts_in_gap, 0.0)
    cut = int(np.searchsorted(times, second + late - LEAD))
    times = times - late
    return [DeviceRecord({"gap": gap, "pulse": float(number)}, times[part], voltage[None, part], current[None, part],
                         1e-3, 1e-6, Flag.NONE, (False,))
            for number, part in ((1, slice(0, cut)), (2, slice(cut, None)))]


@pytest.mark.parametrize("gap", [40e-9, 100e-9, 190e-9, 400e-9])
def test_the_second_pulse_fires_whatever_the_gap(gap) -> None:
    first, second = judged_pair(pair(gap), WIDTH, gap, FALL, FALL)
    assert (first.firing, second.firing) == (Firing.FIRED, Firing.FIRED)
    assert second_fired(first, second)


@pytest.mark.parametrize("late", [30e-9, 90e-9])
def test_a_late_trigger_moves_no_pulse(late) -> None:
    """Behind a load, the scope triggers late, so that the second pulse begins before width + gap on its time axis."""
    for gap in (40e-9, 100e-9):
        first, second = judged_pair(pair(gap, late=late), WIDTH, gap, FALL, FALL)
        assert (first.firing, second.firing) == (Firing.FIRED, Firing.FIRED)
        still = judged_pair(pair(gap, 1e-3, late), WIDTH, gap, FALL, FALL)
        assert still[1].firing is Firing.STILL_ON


@pytest.mark.parametrize("gap", [40e-9, 190e-9])
def test_a_device_that_conducts_in_the_gap_is_still_on(gap) -> None:
    first, second = judged_pair(pair(gap, conducts_in_gap=1e-3), WIDTH, gap, FALL, FALL)
    assert (first.firing, second.firing) == (Firing.FIRED, Firing.STILL_ON)
    assert second_fired(first, second) is False


def test_the_record_is_cut_only_where_the_first_pulse_is_in_it() -> None:
    short, long = pair(100e-9)[1], pair(400e-9)[1]
    edge, shown = shown_of_pulse(short, 2, WIDTH, 100e-9, FALL)
    assert edge == pytest.approx(1.1e-6) and short.times[shown][0] == pytest.approx(1.075e-6, abs=2 * STEP)
    assert shown_of_pulse(long, 2, WIDTH, 400e-9, FALL)[1].start == 0


@pytest.mark.parametrize("sign", [1, -1])
def test_the_edge_of_a_step_behind_a_load_is_where_the_voltage_leaves_its_base(sign) -> None:
    """The last sample within the noise is late; the curve through the rise is not."""
    random = np.random.default_rng(2)
    times = np.arange(-1e-6, 5e-6, 1e-9)
    voltage = sign * 1.5 * -np.expm1(-np.clip(times - 0.1e-6, 0, None) / 1e-6) + random.normal(0, 5e-3, times.size)
    found = step_edge(times, voltage, 1e-3, sign)
    assert abs(found.time - 0.1e-6) < 3 * found.uncertainty < 15e-9
    assert departure(times, voltage, 1e-3) - 0.1e-6 > 5e-9


def test_the_edge_of_a_step_without_a_load_is_known_to_its_length() -> None:
    times = np.arange(-1e-6, 5e-6, 1e-9)
    voltage = np.clip(times / 4e-9, 0, 1) + np.random.default_rng(3).normal(0, 1e-3, times.size)
    found = step_edge(times, voltage, 1e-3, 1)
    assert abs(found.time) < 3e-9 and 0 < found.uncertainty < 2e-9


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("load", [0.0, 20e-9, 100e-9])
def test_the_foot_of_an_edge_is_found_whatever_the_load_is(sign, load) -> None:
    """A ramp of 5 ns behind one pole, in samples of 0.5 ns with noise: to half a nanosecond."""
    times = np.arange(-200e-9, 400e-9, 0.5e-9)
    errors = []
    for seed in range(5):
        random = np.random.default_rng(seed)
        rise = 1.2 * ramp_behind_pole((times + 30e-9 - 0.1e-9 * seed) / 5e-9, max(load, 1e-12) / 5e-9)
        voltage = sign * (0.3 + rise) + random.normal(0, 2e-3, times.size)
        errors.append(foot_of_edge(times, voltage, 1e-3, 5e-9) + 30e-9 - 0.1e-9 * seed)
    assert np.max(np.abs(errors)) < 0.5e-9


def cooling(gap, constant, seed):
    """Two pulses of 1 us; the device cools down in the gap, is still warm in the next pulse and switches on at once."""
    random = np.random.default_rng(seed)
    times = np.arange(-LEAD, 2 * WIDTH + gap + 0.3e-6, STEP)
    second, half = WIDTH + gap, 0.5 * FALL / 0.8
    corners = np.array([-half, half, WIDTH - half, WIDTH + half])
    high = np.interp(times, np.concatenate([corners, second + corners]), [0, 1, 1, 0] * 2)
    on, rested = 1e-3, 2e-5
    excess = np.where(times < WIDTH - half, 1.0, np.exp(-np.clip(times - WIDTH + half, 0, None) / constant))
    again = np.clip(times - second + half, 0, None)
    excess = np.where(again > 0, 1 - (1 - excess) * np.exp(-again / 40e-9), excess)
    excess = np.where(times < 30e-9, 0.0, excess)
    voltage = 0.3 + 0.9 * high
    current = (rested + (on - rested) * excess) * voltage + random.normal(0, 3e-6, times.size)
    cut = int(np.searchsorted(times, second - LEAD))
    voltage = voltage + random.normal(0, 1e-3, times.size)
    return [DeviceRecord({"gap": gap, "pulse": float(number)}, times[part], voltage[None, part], current[None, part],
                         1e-3, 1e-6, Flag.NONE, (False,))
            for number, part in ((1, slice(0, cut)), (2, slice(cut, None)))]


@pytest.mark.thin(2)
@pytest.mark.parametrize("constant", [15e-9, 40e-9])
def test_a_device_that_cools_down_is_off_after_nine_tenths_of_the_way(constant) -> None:
    """From 5 % before that gap on the pulse does not fire, and from 5 % after it on it does."""
    limit = constant * np.log(10.0)
    for share, state in ((0.95, Firing.STILL_ON), (1.05, Firing.FIRED)):
        found = [judged_pair(cooling(share * limit, constant, seed), WIDTH, share * limit, FALL, FALL)[1].firing
                 for seed in range(6)]
        assert found.count(state) >= 5, share


def still_falling(gap, excess, seed=0):
    """Two pulses whose voltage and current fall behind a pole of 10 ns; ``excess`` [S] is what conducts in the gap."""
    random = np.random.default_rng(seed)
    first, second = pair(gap)
    made = []
    for record in (first, second):
        after = np.clip(record.times - WIDTH, 0, None)
        in_gap = (record.times > WIDTH) & (record.times < WIDTH + gap)
        voltage = np.where(in_gap, 0.3 + 0.7 * np.exp(-after / 10e-9), record.voltage[0])
        current = np.where(in_gap, (voltage - 0.3) * 1e-3 + excess * 0.3, record.current[0])
        current = current + random.normal(0, 20e-6, voltage.size)
        made.append(DeviceRecord(record.conditions, record.times, voltage[None, :], current[None, :], 1e-3, 1e-6,
                                 Flag.NONE, (False,)))
    return made


@pytest.mark.parametrize("seed", range(5))
def test_a_gap_in_which_the_voltage_does_not_come_to_rest_shows_no_device_that_is_off(seed) -> None:
    short = [judged_pair(still_falling(gap, 0.0, seed), WIDTH, gap, FALL, FALL) for gap in (20e-9, 25e-9, 30e-9)]
    assert all(second.firing in (Firing.UNDECIDED, Firing.STILL_ON) for _, second in short)
    assert not any(second_fired(*both) for both in short)
    assert second_fired(*judged_pair(still_falling(300e-9, 0.0, seed), WIDTH, 300e-9, FALL, FALL))


def test_an_undecided_pair_does_not_count() -> None:
    first, second = judged_pair(pair(100e-9), WIDTH, 100e-9, FALL, FALL)
    assert second_fired(first, replace(second, firing=Firing.UNDECIDED)) is None


def test_no_gap_is_chosen_again_that_was_too_short_to_read_the_level() -> None:
    goal = refractory_goal(10e-9, 1e-6, 1.5, 40)
    chooser = GapChooser(
        goal, None, lambda gap, records: None, "the period", math.exp, math.log, lambda now, wanted: "")
    gap = chooser.choose()
    chooser.unread(gap, 1.2)
    assert chooser.choose() >= 1.2 * gap
