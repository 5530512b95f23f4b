"""What tables of fast pulses hide: a capacitance beside the device, a voltage at the end of its range, a diode."""

import math
import re

import numpy as np
import pytest

from tsbench.extraction import analyse_files
from tsbench.quantities import parse_quantity
from tsbench.simulated_backends.witness.slopes import steepest_instant


def table(tmp_path, time, voltage, current):
    path = tmp_path / "p.csv"
    np.savetxt(path, np.column_stack([time, voltage, current]), delimiter=",",
               header="time_s,voltage_V,current_A", comments="", fmt="%.12g")
    return path


def of(analysis, quantity):
    return [row for row in analysis.rows if row["quantity"] == quantity]


def fast_pulses(capacitance=0.0, load=500.0, noise=(0.002, 2e-6), seed=1, pulses=30, off=15e-6, steep=None, early=0.0):
    """(time, voltage, current, true delays) of pulses of 1.2 V with edges of 60 ns, 5 ns a sample, sensed at low side.

    The current of the capacitance beside the device is in the current that is sensed. ``off``: current of the off state
    [A] at 1.2 V, that of a resistor or, with ``steep`` [V], exponential; ``early``: of the channel of the current [s].
    """
    random = np.random.default_rng(seed)
    step, period, width, fine = 5e-9, 2.5e-6, 1e-6, 100
    columns, truths = [], []
    for k in range(pulses):
        start, delay = 0.3e-6 + step * random.random(), 400e-9 * (1 + 0.3 * (random.random() - 0.5))
        time = np.arange(round(period / step) * fine) * step / fine
        source = 1.2 * (_smooth((time - start) / 60e-9) - _smooth((time - start - width) / 60e-9))
        state = 0.5 * (1.0 + np.tanh(((time - start - 30e-9 - delay) / 60e-9) * 2.2))
        own = off / 1.2 * (1.0 if steep is None else np.exp((source - 1.2) / steep))
        conductance = own * (1.0 - state) + state * 1e-3 / (1.2 - 1e-3 * load)
        current = source * conductance / (1.0 + load * conductance)
        voltage = source - load * current
        before = time < start + width
        slope = np.diff(current[before]) / np.diff(time[before])
        on = steepest_instant(time[before], int(np.argmax(slope)), slope)
        half = int(np.argmax(voltage > 0.5 * voltage[time <= on].max()))
        truths.append(on - time[half])
        sensed = np.interp(time + early, time, current + capacitance * np.gradient(voltage, time))
        columns.append((time[::fine] + k * period, voltage[::fine], sensed[::fine]))
    time, voltage, current = (np.concatenate(parts) for parts in zip(*columns, strict=True))
    return (time, voltage + noise[0] * random.standard_normal(time.size),
            current + noise[1] * random.standard_normal(time.size), truths)


def _smooth(part):
    inside = np.clip(part, 0.0, 1.0)
    return inside**2 * (3.0 - 2.0 * inside)


def held(analysis, truths):
    rows = of(analysis, "switching_delay")
    assert len(rows) == len(truths)
    return sum((row["low"] or 0.0) <= truth <= (math.inf if row["high"] is None else row["high"])
               for row, truth in zip(rows, truths, strict=True))


def said_capacitance(found):
    """Return the capacitance [F] of the line about it; None: there is no such line."""
    for line in found.lines:
        if said := re.search(r"a capacitance of ([^ ]+ [a-zA-Z]+) beside the device", line):
            return parse_quantity(said.group(1), "F")
    return None


@pytest.mark.parametrize(("capacitance", "load", "noise"), [
    (10e-12, 500.0, 0.002), (3e-12, 500.0, 0.002), (10e-12, 50.0, 0.002),
    (10e-12, 500.0, 0.06),    # the slope of a noisy voltage shows less than it is
    (3e-12, 1150.0, 0.002),   # the device that is on leaves less than a tenth of the voltage
])
def test_a_capacitance_beside_the_device_shows_on_the_edges_and_is_in_the_interval(
    tmp_path, capacitance, load, noise,
):
    time, voltage, current, truths = fast_pulses(capacitance, load, (noise, 2e-6))
    found = analyse_files([table(tmp_path, time, voltage, current)])
    assert held(found, truths) >= 28   # of 30; 27 or fewer in 2 % of records of 95 %
    assert said_capacitance(found) == pytest.approx(capacitance, rel=0.1)
    rows = of(found, "switching_delay")
    widest = 3.0 * load * capacitance + 2.5e-9 * (1.0 + noise / 0.01)
    assert all(row["high"] - (row["low"] or 0.0) < widest for row in rows)


def test_without_a_capacitance_nothing_is_said_of_one(tmp_path):
    time, voltage, current, truths = fast_pulses()
    found = analyse_files([table(tmp_path, time, voltage, current)])
    assert held(found, truths) >= 26   # 28 or fewer of 30 in 45 % of records of 95 %; 25 or fewer in 2 %
    assert said_capacitance(found) is None


@pytest.mark.parametrize("coarse", [False, True])
def test_a_voltage_at_the_end_of_its_range_within_a_pulse_has_the_flag(tmp_path, coarse):
    time, voltage, current, truths = fast_pulses(noise=(0.012, 2e-6), pulses=6)
    voltage = np.minimum(np.rint(voltage / 0.01) * 0.01 if coarse else voltage, 1.0)
    found = analyse_files([table(tmp_path, time, voltage, current)])
    assert all({"clipped", "censored"} <= set(map(str, row["flags"])) for row in of(found, "switching_delay"))
    assert held(found, truths) == len(truths)


def test_the_probability_of_pulses_that_may_be_a_diode_s_is_in_doubt(tmp_path):
    time, voltage, _, _ = fast_pulses(load=1e-3, pulses=6)
    random = np.random.default_rng(2)
    source = np.where(voltage > 0.6, 1.2, 0.0)
    kernel = np.ones(12) / 12.0   # edges of twelve samples
    source = np.convolve(source, kernel, mode="same")
    current = 1e-12 * np.expm1(source / 0.055) + 1e-6 * random.standard_normal(time.size)
    found = analyse_files([table(tmp_path, time, source + 0.002 * random.standard_normal(time.size), current)])
    assert all("ambiguous" in map(str, row["flags"]) for row in of(found, "switching_delay"))
    assert ["ambiguous" in map(str, row["flags"]) for row in of(found, "switching_probability")] == [True]
    assert any("a diode may show the same current" in line for line in found.lines)


def test_noise_alone_does_not_turn_the_sign_of_the_current(tmp_path):
    time, voltage, _, _ = fast_pulses(load=1e-3, pulses=6)
    for seed in range(4):
        current = 1e-6 * np.random.default_rng(seed).standard_normal(time.size)
        found = analyse_files([table(tmp_path, time, voltage, current)])
        assert not any("reverses its sign" in line for line in found.lines)


@pytest.mark.parametrize(("steep", "off"), [(0.1, 1e-4), (0.2, 1e-4)])
def test_a_steep_off_state_does_not_hide_the_capacitance(tmp_path, steep, off):
    time, voltage, current, truths = fast_pulses(10e-12, off=off, steep=steep)
    found = analyse_files([table(tmp_path, time, voltage, current)])
    assert said_capacitance(found) == pytest.approx(10e-12, rel=0.1)
    assert held(found, truths) >= 28


def test_a_steep_off_state_alone_shows_no_capacitance(tmp_path):
    for steep in (0.1, 0.2):
        time, voltage, current, truths = fast_pulses(off=1e-4, steep=steep)
        found = analyse_files([table(tmp_path, time, voltage, current)])
        assert said_capacitance(found) is None and held(found, truths) >= 26


@pytest.mark.parametrize("early", [5e-9, 10e-9, 15e-9, 19e-9])
@pytest.mark.parametrize("off", [1e-4, 4e-4])
def test_a_channel_of_the_current_that_is_early_looks_like_a_capacitance_and_both_are_said(tmp_path, off, early):
    time, voltage, current, truths = fast_pulses(off=off, early=early)
    found = analyse_files([table(tmp_path, time, voltage, current)])
    (said,) = [float(match[1]) for line in found.lines
               if (match := re.search(r"the channel of the current is early by ([0-9.]+) ns", line))]
    assert early < 1e-9 * said < 1.2 * early
    assert held(found, truths) >= 28


@pytest.mark.parametrize("digits", [3, 4, 5])
def test_significant_digits_of_a_noisy_plateau_are_no_end_of_the_range(tmp_path, digits):
    """Values below 1 V have ten times finer steps than those above."""
    for part in (0.15, 0.25, 0.35, 0.5):
        noise = part * 10.0 ** (1 - digits)
        time, voltage, current, _ = fast_pulses(noise=(noise, 2e-6), pulses=6)
        path = tmp_path / "p.csv"
        columns = np.column_stack([time, voltage, current])
        np.savetxt(path, columns, delimiter=",", header="time_s,voltage_V,current_A", comments="",
                   fmt=["%.12g", f"%.{digits}g", "%.9g"])
        flags = {str(flag) for row in of(analyse_files([path]), "switching_delay") for flag in row["flags"]}
        assert "clipped" not in flags, part
