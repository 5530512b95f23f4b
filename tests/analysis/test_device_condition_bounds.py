"""Where a remark on a device begins and ends: both sides of each bound, on numbers made by hand."""

import math
from dataclasses import replace

import numpy as np
import pytest

from tsbench.analysis.contact.device_condition import Stand, pulse_stand, remark, steady_stand, swept
from tsbench.samples import noise_of

FIRED = Stand(True, 1.0, 1e-4, 1e-6)   #: 100 uS before it switched
FIRED_TO = Stand(True, 1.0, 1e-4, 1e-6, 6.4e-3)   #: and 6.4 mS behind it


@pytest.mark.parametrize(("quiet", "said"), [
    (Stand(False, 1.0, 2.9e-4, 1e-6), ""), (Stand(False, 1.0, 3.1e-4, 1e-6), "already on"),
    (Stand(False, -2.0, -6.2e-4, 1e-6), "already on"),
    (Stand(False, 1.0, 3.1e-4, 1.1e-4), ""),     # not three times what can be distinguished from no current
    (Stand(False, 1.0, 3.4e-5, 1e-6), ""), (Stand(False, 1.0, 3.2e-5, 1e-6), "almost no current"),
    (Stand(False, -1.0, 0.0, 3.2e-5), "almost no current"), (Stand(False, 1.0, 0.0, 3.4e-5), ""),
    (Stand(False, 0.0, 0.0, 1e-6), ""),
    (Stand(False, 0.91, 0.0, 1e-6), "almost no current"), (Stand(False, 0.89, 0.0, 1e-6), ""),   # at less voltage
])
def test_a_record_is_odd_from_three_times_the_conductance_of_the_others_on(quiet: Stand, said: str) -> None:
    line = remark([FIRED, quiet])
    assert (said in line and "in 1 of 2 records" in line) if said else line == ""
    assert not said or "In the other records the device had a resistance of 10.0 kOhm" in line


def test_the_others_are_judged_by_their_median_and_by_whether_any_was_seen() -> None:
    quiet = Stand(False, 1.0, 0.0, 1e-6)
    dark = replace(FIRED, resolution=2e-4)
    assert remark([dark, dark, quiet]) == "" and "almost no current" in remark([dark, FIRED, quiet])
    none = replace(FIRED, current=0.0)
    assert "conducted no current before" in remark([none, Stand(False, 1.0, 1e-5, 1e-6)])
    strong = replace(FIRED, current=1e-2)
    assert remark([FIRED, FIRED, strong, Stand(False, 1.0, 2.9e-4, 1e-6)]) == ""
    assert "in 1 of 4" in remark([FIRED, strong, strong, Stand(False, 1.0, 2.9e-4, 1e-6)])
    line = remark([Stand(False, 1.0, 1e-3, 1e-6), Stand(False, -2.0, 1e-3, 1e-6), Stand(False, 1.5, 1e-3, 1e-6)])
    assert "in any of 3 records. The resistance was 2.00 kOhm at 2.00 V" in line


def test_a_stand() -> None:
    assert not Stand(False, 1.0, 1e-6, 1e-6).dark and Stand(False, 1.0, -0.9e-6, 1e-6).dark
    assert Stand(False, 0.0, 1e-3, 1e-6).conductance == 0.0 and Stand(False, -2.0, 1e-3, 1e-6).conductance == 5e-4


@pytest.mark.parametrize(("count", "head"), [(100, 5), (299, 5), (300, 6), (1000, 20)])
def test_what_stood_before_a_pulse_is_the_first_fiftieth_of_its_record(count: int, head: int) -> None:
    """At least five samples."""
    pulse = np.arange(count) >= head
    found = pulse_stand(np.where(pulse, 1.5, 0.5), np.where(pulse, 3e-4, 1e-4), 1e-6)
    assert (found.voltage, found.current) == (pytest.approx(1.0), pytest.approx(2e-4, rel=1e-9))
    fewer = np.arange(count) >= head - 1
    assert pulse_stand(np.ones(count), np.where(fewer, 3e-4, 1e-4), 1e-6).current == pytest.approx(
        3e-4 - (1e-4 * (head - 1) + 3e-4) / head - 2e-4 * (head - 1) / count, rel=1e-6)


def test_the_plateau_of_a_pulse_is_from_half_of_its_height_on() -> None:
    level = np.repeat([0.0, 0.49, 0.5, -0.5, 1.0], 20)
    current = np.repeat([0.0, 9e-4, 1e-4, 2e-4, 3e-4], 20)
    found = pulse_stand(level, current, 1e-6)
    assert (found.voltage, found.current, found.switched) == (0.5, pytest.approx(2e-4), False)
    fired = pulse_stand(-level, current, 1e-6, (5e-5, math.nan))
    assert (fired.voltage, fired.current, fired.switched) == (-1.0, 5e-5, True)
    over = pulse_stand(np.append(level, 9.9e37), np.append(current, 0.0), 1e-6)
    assert (over.voltage, over.current) == (0.5, pytest.approx(2e-4))
    assert pulse_stand(np.array([9.9e37]), np.array([1.0]), 1e-6, (math.nan, math.nan)) == Stand(True, 0.0, 0.0, 1e-6)


def test_a_steady_bias_is_judged_by_the_median_of_what_was_read() -> None:
    voltage, current = np.array([1.0, 2.0, 3.0, 9.9e37, 4.0]), np.array([1.0, 2.0, 6.0, 1.0, 9.9e37])
    assert steady_stand(voltage, current, 0.25, True) == Stand(True, 2.0, 2.0, 0.5)
    assert steady_stand(voltage[3:], current[3:], 0.25, False) == Stand(False, 0.0, 0.0, 0.5)


def conducts(*conductances: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return a way up to 2 V whose readings have these conductances [S]."""
    level = np.linspace(1.0, 2.0, len(conductances))
    return level, level, level * np.array(conductances)


@pytest.mark.parametrize(("readings", "resistor"), [
    ((1e-4, 1e-4, 2.9e-4), True), ((1e-4, 1e-4, 3.1e-4), False), ((0.0, 1e-4, 1e-4), False), ((0.0,) * 3, False),
    ((1e-3,) + (1e-4,) * 10, False), ((1e-3,) + (1e-4,) * 11, True),   # of twelve readings one may be wild
    ((1e-3, 1e-3) + (1e-4,) * 10, False), ((1e-5,) + (1e-4,) * 11, True),
])
def test_a_sweep_looks_like_a_resistor_below_three_times_the_lowest_conductance(
    readings: tuple[float, ...], resistor: bool,
) -> None:
    line = swept(*conducts(*readings))
    assert line.startswith("the device does not switch. It conducts like a resistor of 10.0 kOhm") if resistor else (
        line == "")


@pytest.mark.parametrize(("offsets", "said"), [
    ((1.4, 1.4e-4), "It conducts like a resistor of 10.0 kOhm"),
    ((1.6, 0.0), "the voltage at the device is not beyond the error of the source meter, 1.6 V"),
    ((0.0, 1.6e-4), "Its current is not beyond the error of the source meter, 160 uA"),
])
def test_a_quotient_of_offsets_is_no_resistance(offsets: tuple[float, float], said: str) -> None:
    """A sweep to 1.2 uV once said that the device conducts like a resistor of 8.84 kOhm."""
    assert said in swept(*conducts(1e-4, 1e-4, 1e-4), offsets=offsets)


@pytest.mark.parametrize(("low", "resistor"), [(0.19, True), (0.21, False)])
def test_readings_below_a_tenth_of_the_highest_voltage_do_not_count(low: float, resistor: bool) -> None:
    level, _, current = conducts(1e-4, 1e-4, 1e-4)
    level, current = np.append(low, level), np.append(low * 1e-2, current)
    assert bool(swept(level, level, current)) is resistor


def test_two_readings_are_too_few_for_a_resistor() -> None:
    level = np.array([0.1, 1.5, 2.0])
    assert swept(level, level, 1e-4 * level) == ""
    assert swept(level[:2], level[:2], 1e-4 * level[:2]) == ""


LEVEL = np.array([0.0, 0.3, 0.6, 0.9, 1.2, 0.9, 0.6, 0.3, 0.0])


def up_and_back(conductance: float, back: tuple[float, ...]) -> np.ndarray:
    """Return the current [A] of a device that carries 1 mA at 1.2 V, ``back`` times as much on the way back."""
    current = conductance * LEVEL
    current[4] = 1e-3
    current[5:8] *= back
    return current


@pytest.mark.parametrize(("conductance", "back", "said"), [
    (1e-5, (2.9,) * 3, False), (1e-5, (3.1,) * 3, True), (1e-5, (0.34,) * 3, False), (1e-5, (0.32,) * 3, True),
    (1e-5, (1.0, 9.0, 9.0), True), (1e-5, (9.0, 9.0, 1.0), False),
    (1e-6, (0.3,) * 3, False),              # less than a thousandth of the largest current does not tell
    (3.4e-6, (0.3,) * 3, True), (3.2e-6, (0.3,) * 3, False), (3.2e-6, (3.5,) * 3, True),
])
def test_a_device_came_back_within_three_times_its_current_at_two_levels(
    conductance: float, back: tuple[float, ...], said: bool,
) -> None:
    current = up_and_back(conductance, back)
    for sign in (1, -1):
        line = swept(sign * LEVEL, sign * LEVEL, sign * current)
        what = "did not return to the off state" if max(back) > 1.0 else "conducts less after the sweep than before it"
        assert (what in line) is said
        assert said or line == ""


@pytest.mark.parametrize(("wild", "said"), [
    ({7: 3.1}, True), ({7: 2.9}, False), ({7: 0.32}, True), ({7: 0.34}, False), ({1: 9.0}, False), ({6: 9.0}, False),
    ({1: 9.0, 7: 9.0}, False),
])
def test_the_last_reading_alone_may_be_wrong(wild: dict[int, float], said: bool) -> None:
    current = up_and_back(1e-5, (1.0,) * 3)
    for place, factor in wild.items():
        current[place] *= factor
    for sign in (1, -1):
        line = swept(sign * LEVEL, sign * LEVEL, sign * current)
        assert line.startswith("the last reading of the way back differs. The current is 3.00 uA at 0.3 V on the way "
                               "up and ") is said
        assert said or line == ""


@pytest.mark.parametrize(("offset", "said"), [(1.1e-5, True), (0.9e-5, False), (-1.1e-5, True)])
def test_another_current_without_voltage_is_told(offset: float, said: bool) -> None:
    """A device that is short at the last reading: a hundredth of the largest current flows at level 0."""
    current = up_and_back(1e-5, (1.0,) * 3) + 2e-6
    current[-1] += offset
    line = swept(LEVEL, LEVEL, current)
    assert ("at level 0, the current is 2.00 uA before the sweep and" in line) is said and (said or line == "")
    assert swept(LEVEL[:-1], LEVEL[:-1], current[:-1]) == ""   # it does not end at level 0
    assert swept(LEVEL[1:], LEVEL[1:], current[1:]) == ""


@pytest.mark.parametrize(("part", "said"), [(0.3, True), (0.35, False)])
def test_a_contact_that_is_lost_is_told_by_levels_that_tell(part: float, said: bool) -> None:
    """At the lowest levels no current tells anything; higher up the way back conducts less than the way up."""
    level = np.concatenate((np.arange(13), np.arange(11, -1, -1))) * 0.1
    current = 5e-6 * level**3   # below 1 uA up to 0.5 V
    current[12] = 1e-3
    assert swept(level, level, current) == ""
    current[13:] *= part
    assert ("conducts less after the sweep than before it. The current is 3.6" in swept(level, level, current)) is said


def test_hysteresis_above_levels_that_tell_nothing_is_normal() -> None:
    level = np.concatenate((np.arange(13), np.arange(11, -1, -1))) * 0.1
    current = 1e-7 * level
    current[12:20] = 1e-3   # on from 1.2 V, until 0.5 V on the way back
    assert swept(level, level, current) == ""


@pytest.mark.parametrize(("plateau", "fewest"), [(4, 4), (200, 8)])
def test_averages_see_four_standard_errors_of_the_noise(plateau: int, fewest: int) -> None:
    """The fewer of the first fiftieth of 400 samples and of the plateau count."""
    current = 1e-6 * np.random.default_rng(1).standard_normal(400)
    level = np.where(np.arange(400) >= 400 - plateau, 1.0, 0.0)
    found = pulse_stand(level, current, 1e-9)
    assert found.resolution == pytest.approx(4 * noise_of(current, 1e-9) / fewest**0.5, rel=1e-6)
    assert pulse_stand(level, current, 1e-5).resolution == 1e-5


@pytest.mark.parametrize(("current", "said"), [(7.9e-4, ""), (8.1e-4, "already on")])
def test_a_device_that_is_on_is_nearer_to_the_on_state_than_to_the_off_state(current: float, said: str) -> None:
    line = remark([FIRED_TO, Stand(False, 1.0, current, 1e-6)])   # the geometric mean is 800 uS
    assert (said in line) if said else line == ""


def test_the_conductance_behind_the_switching_is_that_of_the_record() -> None:
    on = np.arange(400) >= 300
    voltage = np.where(np.arange(400) >= 200, np.where(on, 0.5, 1.0), 0.0)
    current = np.where(on, 2e-3, np.where(np.arange(400) >= 200, 1e-4, 0.0))
    found = pulse_stand(voltage, current, 1e-6, (1e-4, 2e-3))
    assert (found.conductance, found.on_conductance) == (pytest.approx(1e-4), pytest.approx(4e-3))
    assert math.isnan(pulse_stand(voltage, current, 1e-6).on_conductance)


def test_the_sign_of_the_current_is_that_behind_the_switching() -> None:
    """The small current before it may be an offset of the channel."""
    against = replace(FIRED, current=-1e-5)
    assert "opposite to the voltage" in remark([against, against])
    assert remark([replace(against, on_current=6.4e-3)]) == ""
    assert "opposite to the voltage" in remark([replace(FIRED, on_current=-6.4e-3)])
    voltage, current = np.repeat([0.0, 1.0], 100), np.repeat([0.0, -1e-5, 6.4e-3], (100, 20, 80))
    assert remark([pulse_stand(voltage, current, 1e-6, (-1e-5, 6.4e-3))]) == ""
