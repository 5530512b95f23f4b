"""A device that does not switch, or does not come back, is named in words; one that fires by chance is not."""

import numpy as np

from tsbench.analysis.contact.device_condition import Stand, conducting, pulse_stand, remark, steady_stand, swept

CODE = 6e-6  #: [A]


def pulse(plateau: float, volts: float = 1.0, n: int = 400) -> tuple[np.ndarray, np.ndarray]:
    """A pulse of the second half of a record that makes ``plateau`` [A] flow, on a channel with an offset."""
    noise = np.random.default_rng(3).standard_normal(n) * 4e-6
    on = np.arange(n) >= n // 2
    return np.where(on, volts, 0.0), np.where(on, plateau, 0.0) + 2e-5 + noise


def stand(plateau: float, switched: bool = False, off: float = np.nan) -> Stand:
    return pulse_stand(*pulse(plateau), CODE, (off, np.nan) if switched else None)


def test_a_run_in_which_every_pulse_fires_says_nothing() -> None:
    assert remark([stand(1e-3, True, 5e-5)] * 3) == "" and remark([]) == ""


def test_only_pulses_beyond_the_mean_of_both_states_conduct_as_a_device_that_is_on() -> None:
    off, on = Stand(True, 1.0, 5e-5, CODE, on_conductance=2e-3), Stand(False, 1.2, 2e-3, CODE)
    settling = Stand(False, 1.2, 2e-4, CODE)   # an off state at a higher voltage
    assert conducting([off, on, settling]) == [False, True, False]
    assert conducting([on, settling]) == [False, False]   # nothing shows how the device conducts when it is off


def test_nothing_ever_switched_is_told_with_numbers() -> None:
    line = remark([stand(6.5e-4)] * 2)
    # 1 V / 0.65 mA, and noise
    assert "no switching in any of 2 records. The resistance was 1.53 kOhm at 1.00 V." in line
    assert "Check the contact and the device" in line
    line = remark([stand(0.0)], "oscillation")
    assert "no oscillation in the record. The current was less than" in line
    assert "not in contact" in line and "\n" not in line


def test_a_pulse_that_did_not_fire_looks_as_the_others_did_before() -> None:
    fired = [stand(1e-3, True, 5e-5)] * 5
    assert remark([*fired, stand(5e-5), *fired]) == ""
    said = remark([*fired, stand(6e-4)])
    assert "in 1 of 6 records, because the device was already on" in said and "raise 'rest' or lower 'base'" in said
    line = remark([*fired, stand(0.0), stand(0.0)])
    assert "in 2 of 7 records, because the device conducts almost no current" in line


def test_an_off_state_too_dark_to_be_seen_cannot_be_told_from_no_contact() -> None:
    fired = [stand(1e-3, True, 1e-7)] * 2
    assert remark([*fired, stand(0.0)]) == ""
    assert "already on" in remark([*fired, stand(6e-4)])


def test_a_steady_bias() -> None:
    found = steady_stand(np.full(9, 2.0), np.full(9, 4e-6), CODE, False)
    assert found.dark and "open" in found.words()


UP = np.array([0.0, 0.3, 0.6, 0.9, 1.2, 0.9, 0.6, 0.3, 0.0])
GOOD = np.array([0.0, 2.8e-6, 9.3e-6, 2.8e-5, 1e-3, 2.8e-5, 9.2e-6, 2.8e-6, 0.0])
SEEN = np.array([0.0, 0.3, 0.6, 0.9, 0.93, 0.9, 0.6, 0.3, 0.0])


def test_a_sweep_that_comes_back_says_nothing() -> None:
    assert swept(UP, SEEN, GOOD) == ""
    assert swept(UP[:6], SEEN[:6], GOOD[:6]) == "" and swept(UP[:2], SEEN[:2], GOOD[:2]) == ""
    assert swept(-UP, -SEEN, -GOOD) == ""


def test_a_sweep_that_does_not_come_back() -> None:
    stuck = GOOD.copy()
    stuck[5:8] = UP[5:8] / 1500
    assert (
        "did not return to the off state. The current is 2.80 uA at 0.3 V on the way up and 200 uA at "
        "0.3 V") in swept(UP, UP, stuck)
    gone = GOOD.copy()
    gone[5:8] = 1e-7
    assert "conducts less after the sweep than before it" in swept(UP, UP, gone)


def test_a_sweep_of_a_resistor_and_of_a_dark_device() -> None:
    assert "like a resistor of 1.50 kOhm" in swept(UP, UP, UP / 1500)
    assert swept(np.zeros(4), np.zeros(4), np.zeros(4)) == ""


def test_one_wild_reading_changes_nothing_that_is_said_of_a_sweep() -> None:
    level = np.concatenate((np.arange(0.0, 1.3, 0.1), np.arange(1.2, -0.05, -0.1)))
    resistor = level / 1500
    resistor[8] *= 10
    assert "like a resistor" in swept(level, level, resistor)
    good = np.where(level > 1.0, level / 1000, level / 1e5)
    good[1] *= 10
    assert swept(level, level, good) == ""


def test_a_current_that_is_opposite_to_the_voltage_has_the_wrong_sign() -> None:
    line = remark([stand(-6.5e-4)] * 3)
    assert "opposite to the voltage" in line and "the sign of the gain" in line
    down = pulse_stand(*(-part for part in pulse(6.5e-4)), CODE)   # a negative pulse with its own current
    assert "opposite" not in remark([down] * 2) and "opposite" not in remark([stand(-1e-7)] * 2)
    assert "opposite" not in remark([stand(-6.5e-4), stand(6.5e-4)])
    assert "opposite" not in remark([stand(-6.5e-4)], "oscillation")   # there the zero of the current is not known
