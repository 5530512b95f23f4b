"""Tables of time, voltage and current: what they are taken for; pulses and relaxation against how they were made."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tsbench.analysis.contact.device_condition import Stand
from tsbench.analysis.pulse.delay_results import Delay
from tsbench.analysis.pulse.pulses_in_record import PulseSpan, find_pulses, jumps
from tsbench.analysis.relaxation.relaxation import Relaxed
from tsbench.analysis.tables.record_kind import record_kind
from tsbench.cli import main
from tsbench.errors import ConfigurationError
from tsbench.extraction import analyse_files
from tsbench.extraction.pulse_tables import TablePulse, _drawings
from tsbench.records import Flag
from tsbench.simulated_backends.witness.slopes import slopes_between, steepest_instant

OFF, ON, NOISE = 1e8, 2e4, 5e-9


def pulses(delays, *, base=0.1, amplitude=1.0, width=1e-3, gap=8e-3, life=1e-3, dt=4e-6, seed=1, resistance=0.0):
    """(time, voltage, current) of pulses; ``delays`` [s] of each, None where it does not switch.

    After a pulse that switched, the current at the base decays with ``life`` [s].
    """
    period = width + gap
    time = np.arange(-2e-3, period * len(delays), dt)
    number, phase = np.clip(np.floor(time / period), 0, None).astype(int), np.where(time < 0, time, time % period)
    delay = np.array([math.inf if one is None else one for one in delays])[np.minimum(number, len(delays) - 1)]
    drive = np.where((phase >= 0) & (phase < width), amplitude, base)
    fired = np.isfinite(delay)
    on = (phase >= delay) & (phase < width)
    after = (phase >= width) & fired
    conductance = np.where(on, 1 / ON, 1 / OFF) + np.where(after, 0.3 / ON * np.exp(-(phase - width) / life), 0.0)
    current = drive / (1 / conductance + resistance)
    random = np.random.default_rng(seed)
    return (time, drive - resistance * current + 1e-4 * random.standard_normal(time.size),
            current + NOISE * random.standard_normal(time.size))


def table(tmp_path, time, voltage, current, header="time_ms,voltage_mV,current_uA", scale=(1e3, 1e3, 1e6)):
    path = tmp_path / "p.csv"
    columns = np.column_stack([values * factor for values, factor in zip((time, voltage, current), scale, strict=True)])
    np.savetxt(path, columns, delimiter=",", header=header, comments="", fmt="%.9g")
    return path


def of(analysis, quantity):
    return [row for row in analysis.rows if row["quantity"] == quantity]


@pytest.mark.thorough
@settings(max_examples=15, deadline=None, derandomize=True)
@given(
    delays=st.lists(st.one_of(st.floats(5e-5, 7e-4), st.none()), min_size=1, max_size=4).filter(any),
    sign=st.sampled_from([1.0, -1.0]), turned=st.booleans(), resistance=st.sampled_from([0.0, 5e3]),
    life=st.floats(4e-4, 1.2e-3), seed=st.integers(0, 99),
)
def test_pulses_and_relaxation(tmp_path_factory, delays, sign, turned, resistance, life, seed):
    time, voltage, current = pulses(delays, life=life, seed=seed, resistance=resistance)
    path = table(tmp_path_factory.mktemp("pulses"), time, sign * voltage, sign * current * (-1 if turned else 1))
    analysis = analyse_files([path])
    assert analysis.understood[0].startswith("p.csv: this file is read as pulses and relaxation, ")
    found = of(analysis, "switching_delay")
    assert [row["value"] is None for row in found] == [delay is None for delay in delays]
    for row, delay in zip(found, delays, strict=True):
        if delay is not None:
            assert row["value"] == pytest.approx(delay, abs=1.2e-5)
            assert row["conditions"]["amplitude"] == pytest.approx(sign, rel=0.02)
            assert row["conditions"]["pulse_width"] == pytest.approx(1e-3, rel=0.03)
    for row, delay in zip(of(analysis, "relaxation_time"), delays, strict=True):
        if delay is not None:  # the conductance decays; behind a resistance the current does so more slowly
            left = 1.0 / (0.1 / row["conditions"]["level"] - resistance)
            assert row["value"] == pytest.approx(life * math.log(0.3 / ON / left), rel=0.05)


@pytest.mark.thin(2)
@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(("width", "gap"), [(8e-3, 2e-3), (9.5e-3, 5e-4)])
def test_a_device_that_is_on_for_most_of_the_record_keeps_its_sign_and_its_delays(tmp_path, width, gap, turned):
    """The median of the whole record was taken for the current at rest, so the sign was turned and no delay seen."""
    time, voltage, current = pulses([2e-4, 3e-4, 2.5e-4], width=width, gap=gap, life=5e-5)
    analysis = analyse_files([table(tmp_path, time, voltage, -current if turned else current)])
    assert any("reverses its sign" in line for line in analysis.lines) == turned
    assert [row["value"] for row in of(analysis, "switching_delay")] == pytest.approx([2e-4, 3e-4, 2.5e-4], abs=1.2e-5)


@pytest.mark.parametrize("shown", [2.5e-4, 3.5e-4, 6e-4, 9e-4])
def test_a_record_that_ends_inside_its_pulse_gives_no_relaxation_time(tmp_path, shown):
    time, voltage, current = pulses([2e-4])
    until = time < shown
    path = table(tmp_path, time[until], voltage[until], current[until])
    analysis = analyse_files([path])
    assert of(analysis, "switching_delay")[0]["value"] == pytest.approx(2e-4, abs=1.2e-5)
    assert not [row for row in analysis.rows if "relaxation" in row["quantity"]]
    assert any("does not show what follows" in line for line in analysis.lines)
    with pytest.raises(ConfigurationError, match="ends inside its only pulse"):
        analyse_files([path], kind="relaxation")


def test_what_is_said_goes_before_what_the_record_shows(tmp_path, capsys):
    path = table(tmp_path, *pulses([2e-4, 3e-4]))
    only_delays, only_relaxation = (analyse_files([path], kind=kind) for kind in ("pulses", "relaxation"))
    assert of(only_delays, "switching_delay")
    assert not of(only_delays, "relaxation_time")
    assert of(only_relaxation, "relaxation_time")
    assert not of(only_relaxation, "switching_delay")
    assert of(analyse_files([path], kind="sweep"), "threshold_voltage")
    assert of(analyse_files([path], kind="spikes"), "frequency")
    assert main(["analyse", str(path), "--as", "relaxation", "--out", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert said.startswith("p.csv: this file is read as relaxation after pulses, 2 pulses (1.00 V for 1.00 ms)")
    assert (tmp_path / "p_relaxation_1.png").is_file()


def test_pulses_of_two_amplitudes_from_zero(tmp_path):
    small = pulses([None] * 3, base=0.0, amplitude=0.6, seed=1)
    large = pulses([2e-4] * 3, base=0.0, seed=2)
    later = small[0][-1] - large[0][0] + 4e-6
    shifts = zip(small, large, (later, 0, 0), strict=True)
    path = table(tmp_path, *(np.concatenate((a, b + shift)) for a, b, shift in shifts))
    analysis = analyse_files([path], out=tmp_path)
    assert [row["value"] for row in of(analysis, "switching_probability")] == [0.0, 1.0]
    assert not of(analysis, "relaxation_time")  # nothing is read at 0 V
    assert len(analysis.figures) == 2


def test_the_first_twelve_kinds_of_pulse_are_drawn():
    """One figure of a kind for its delay, and one for its relaxation where it switched; more say little."""
    none, fired = Relaxed(None, flags=Flag.NO_EVENT), Relaxed(1e-3)
    span = PulseSpan(first=20, last=39, begin=0, end=100, width=2e-6, amplitude=1.0)
    stand = Stand(switched=False, voltage=1.0, current=0.0, resolution=1e-9)
    kinds = [TablePulse(span, 1.0 + k, 1e-3, 0.1, Delay(None, 0.0, 0.0), none if k == 2 else fired, stand, None)
             for k in range(13)]
    record = tuple(np.arange(100.0) + shift for shift in (0, 100, 200))

    def drawn(number, what, relaxation):
        return _drawings([kinds[0], *kinds[:number]], record, "p", what, relaxation=relaxation)

    assert [*drawn(13, "pulses", False)] == [f"pulse_{k}" for k in range(1, 13)]
    assert [*drawn(13, "relaxation", True)] == [f"relaxation_{k}" for k in range(1, 13) if k != 3]
    found = drawn(2, "both", True)
    assert [*found] == ["pulse_1", "relaxation_1", "pulse_2", "relaxation_2"]
    time, volts, amps, _, heading = found["pulse_1"].args   # a quarter of its length before and after it
    assert (time[0], time[-1], volts[0], amps[0]) == (15.0, 43.0, 115.0, 215.0)
    assert heading == "p: pulse of 1.00 V for 1.00 ms"
    shots, median, _ = found["relaxation_1"].args
    assert len(shots) == 2 and [values[[0, -1]].tolist() for values in shots[0][:2]] == [[0.0, 99.0], [200.0, 299.0]]
    assert median.value == pytest.approx(1e-3)


def test_what_is_missing_is_said(tmp_path):
    time, voltage, current = pulses([2e-4])
    flat = table(tmp_path, time, 0 * voltage + 0.1, current)
    with pytest.raises(ConfigurationError, match="no pulse"):
        analyse_files([flat], kind="pulses")
    path = table(tmp_path, time, voltage, current, header="a,voltage_mV,current_uA")
    with pytest.raises(ConfigurationError, match=r"a table of relaxation needs columns of time, voltage and current"):
        analyse_files([path], kind="relaxation")
    with pytest.raises(ConfigurationError, match="Give one of sweep, pulses, relaxation, spikes"):
        analyse_files([path], kind="pulse")


def oscillation(cycles, low=0.4, high=1.0):
    phase = np.linspace(0, cycles, 200 * cycles, endpoint=False) % 1.0
    voltage = np.where(phase < 0.9, low + (high - low) * phase / 0.9, high - (high - low) * (phase - 0.9) / 0.1)
    return np.arange(phase.size) * 1e-8, voltage, np.where(phase < 0.9, 1e-6, 1e-3) * voltage


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    shape=st.sampled_from(["triangle", "sine", "single", "one side"]), loops=st.integers(1, 12),
    points=st.sampled_from([40, 200, 1000]), noise=st.sampled_from([0.0, 1e-3]), seed=st.integers(0, 99),
)
def test_slow_sweeps_with_a_time_column_are_sweeps(shape, loops, points, noise, seed):
    phase = np.linspace(0, loops, loops * points + 1)
    triangle = 1 - np.abs((2 * phase) % 2 - 1)
    drive = {"triangle": 2 * np.abs(2 * ((phase + 0.25) % 1) - 1) - 1, "sine": np.sin(2 * np.pi * phase),
             "single": phase / phase[-1], "one side": triangle}[shape]
    read = drive + noise * np.random.default_rng(seed).standard_normal(drive.size)
    current = read * np.where(np.abs(read) > 0.7, 1e-3, 1e-8)
    assert record_kind(0.1 * np.arange(read.size), read, current) == "sweep"


@settings(max_examples=20, deadline=None, derandomize=True)
@given(
    cycles=st.integers(6, 40), noise=st.sampled_from([0.0, 2e-3]), seed=st.integers(0, 99),
    sign=st.sampled_from([1, -1]))
def test_oscillations_are_spikes(cycles, noise, seed, sign):
    time, voltage, current = oscillation(cycles)
    voltage = sign * (voltage + noise * np.random.default_rng(seed).standard_normal(voltage.size))
    assert record_kind(time, voltage, sign * current) == "spikes"


def test_an_oscillation_with_voltage_and_current(tmp_path):
    path = table(tmp_path, *oscillation(30), header="Time [us],V [mV],I [mA]", scale=(1e6, 1e3, 1e3))
    (frequency,) = of(analyse_files([path]), "frequency")
    assert frequency["value"] == pytest.approx(0.5e6, rel=2e-3)


@pytest.mark.parametrize("size", [64, 500, 20_000])
def test_noise_alone_is_no_sweep(size: int) -> None:
    """Else it would have a threshold in some of its thousands of half-sweeps."""
    random = np.random.default_rng(size)
    time, voltage = 5e-9 * np.arange(size), 2e-3 * random.standard_normal(size)
    assert record_kind(time, voltage, 1e-6 * random.standard_normal(size)) is None


def test_a_record_that_does_not_tell_asks(tmp_path):
    time = np.arange(0, 10e-3, 2e-6)
    ramps = np.maximum(0.0, 1.0 - np.abs(time % 1e-3 - 5e-4) / 2e-4)  # sweeps with rests, or slow spikes
    path = table(tmp_path, time, ramps, 1e-6 * ramps)
    with pytest.raises(ConfigurationError, match=r"a sweep or spikes.*--as sweep"):
        analyse_files([path])
    assert "sweep, 10 half-sweeps" in analyse_files([path], kind="sweep").understood[0]


@pytest.mark.parametrize("duty", [0.05, 0.5, 0.9])
@pytest.mark.parametrize("amplitudes", [(1.0,) * 5, (0.4, 0.6, 0.8, 1.0, 1.2)])
def test_rectangles_are_pulses(duty, amplitudes):
    time = np.arange(0, 5e-3, 1e-6)
    phase = time % 1e-3
    voltage = np.where(phase >= (1 - duty) * 1e-3, np.array(amplitudes)[(time / 1e-3).astype(int)], 0.0)
    assert record_kind(time, voltage, 1e-6 * voltage) == "pulses"


def test_a_device_that_is_not_at_rest_before_the_next_pulse(tmp_path):
    life = 6e-3  # 8 ms between pulses: a quarter is left when the next one comes
    path = table(tmp_path, *pulses([2e-4] * 4, life=life))
    rows = of(analyse_files([path]), "relaxation_time")
    assert len(rows) == 4
    for row in rows:
        left = 1.0 / (0.1 / row["conditions"].get("level", math.nan))
        true = life * math.log(0.3 / ON / left)
        assert row["value"] == pytest.approx(true, rel=0.1)


@pytest.mark.parametrize(("first", "last"), [(0.3e-3, 3e-3), (0.6e-3, 0.9e-3), (0.1e-3, 0.75e-3)])
def test_a_relaxation_in_a_gap_of_the_record_is_within_the_gap(tmp_path, first, last):
    """The current passes half of its first value 0.7 ms after the pulse, where readings are missing."""
    time, voltage, current = pulses([2e-4])
    kept = (time < 1e-3 + first) | (time > 1e-3 + last)
    row, = of(analyse_files([table(tmp_path, time[kept], voltage[kept], current[kept])]), "relaxation_time")
    assert row["value"] is None and set(row["flags"]) == {"censored", "under_sampled"}
    assert row["low"] == pytest.approx(first, abs=1e-4) and row["high"] == pytest.approx(last, abs=1e-4)


def changed(tmp_path, header, *columns):
    path = tmp_path / "p.csv"
    np.savetxt(path, np.column_stack(columns), delimiter=",", header=header, comments="", fmt="%.9g")
    return path


@pytest.mark.thin(2)
@pytest.mark.parametrize("fault", ["coarse", "backwards", "one repeated", "one earlier"])
def test_a_time_that_does_not_rise_is_refused_by_row(tmp_path, fault):
    time, voltage, current = pulses([2e-4, 3e-4])
    if fault == "coarse":
        time = np.round(time, 5)
    elif fault == "backwards":
        time, voltage, current = time[::-1], voltage[::-1], current[::-1]
    else:
        time[1000] = time[999] - (5e-6 if fault == "one earlier" else 0.0)
    path = changed(tmp_path, "t [s],V [V],I [A]", time, voltage, current)
    row = "1000" if fault.startswith("one") else r"\d"
    with pytest.raises(ConfigurationError, match=rf"time does not rise after .* \(row {row} .*--as sweep") as refused:
        analyse_files([path])
    assert "\n" not in str(refused.value)
    assert analyse_files([path], kind="sweep").rows
    with pytest.raises(ConfigurationError, match="time does not rise"):
        analyse_files([path], kind="pulses")


@pytest.mark.thin(3)
@pytest.mark.parametrize("header", ["sample,V [V],I [A]", "index,V [V],I [A]", "cycle,V [V],I [A]"])
@pytest.mark.parametrize(("base", "resistance"), [(0.0, 0.0), (0.1, 0.0), (0.1, 5e3)])
def test_pulses_without_time_are_no_sweep(tmp_path, header, base, resistance):
    _, voltage, current = pulses([2e-4, 3e-4], base=base, resistance=resistance)
    number = np.ones(voltage.size) if header.startswith("cycle") else np.arange(voltage.size)
    path = changed(tmp_path, header, number, voltage, current)
    with pytest.raises(ConfigurationError, match=r"levels \(2 pulses\), .*--columns time=NAME.*--as sweep"):
        analyse_files([path])
    assert analyse_files([path], kind="sweep").rows


def test_pulses_with_time_and_a_number_of_the_cycle_ask(tmp_path):
    time, voltage, current = pulses([2e-4])
    path = changed(tmp_path, "cycle,t,V,I", np.ones(time.size), time, voltage, current)
    with pytest.raises(ConfigurationError, match="--as pulses or --as sweep"):
        analyse_files([path])
    assert of(analyse_files([path], kind="pulses"), "switching_delay")


def test_a_column_that_never_changes_is_no_time(tmp_path):
    up = np.concatenate((np.arange(0, 1, 0.02), np.arange(1, -0.01, -0.02)))
    path = changed(tmp_path, "t,V,I", np.full(up.size, 20.0), up, 1e-6 * up)
    analysis = analyse_files([path])
    assert "sweep, 1 half-sweep" in analysis.understood[0]
    assert analysis.lines[0] == (
        "p.csv: column 't' [no unit is given, s is assumed] does not change and is not used as time")


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    shape=st.sampled_from(["triangle", "sine", "ramp", "log"]), points=st.sampled_from([15, 50, 400]),
    loops=st.integers(1, 4), resistance=st.sampled_from([0.0, 1e3, 1e5, 1e7]), driven=st.sampled_from(["V", "I"]),
    noise=st.sampled_from([0.0, 1e-3]), seed=st.integers(0, 99),
)
def test_sweeps_without_time_do_not_look_like_pulses(shape, points, loops, resistance, driven, noise, seed):
    one = {"triangle": 1 - np.abs(np.linspace(-1, 1, 2 * points + 1)), "sine": np.sin(np.linspace(0, np.pi, points)),
           "ramp": np.linspace(0, 1, points), "log": np.geomspace(1e-4, 1, points)}[shape]
    drive = np.tile(one, loops)
    voltage, current, on = [], [], False
    for level in drive:
        for _ in range(2):
            across = level * (1e4 if on else 1e8) / ((1e4 if on else 1e8) + resistance) if driven == "V" else min(
                level * 1e-5 * (1e4 if on else 1e8), 1.0)
            on = across >= 0.6 or (on and across >= 0.02)
        voltage.append(across)
        current.append(across / (1e4 if on else 1e8) if driven == "V" else level * 1e-5)
    read = np.array(voltage) + noise * np.random.default_rng(seed).standard_normal(drive.size)
    assert not jumps(find_pulses(np.arange(float(drive.size)), read, np.array(current)), read)


@pytest.mark.parametrize("noise", [0.0, 0.05, 0.3])
def test_the_delays_of_a_table_of_few_codes_hold_the_truth(tmp_path, noise):
    """Forty pulses at eight bits, each at its own place between the samples; noise in codes.

    By the printed digits alone, 17 and 19 of 40 do.
    """
    random, dt, period = np.random.default_rng(3), 5e-9, 500
    starts = np.arange(40) * period * dt + 300e-9 + dt * random.random(40)
    delays = 400e-9 * (1.0 + 0.3 * (random.random(40) - 0.5))
    time = dt * np.arange(40 * period)

    def step(at, wide):
        return 0.5 * (1.0 + np.tanh((time - at) / wide))

    source = sum(1.2 * (step(start, 14e-9) - step(start + 1e-6, 14e-9)) for start in starts)
    on = sum(step(start + delay, 14e-9) - step(start + 1e-6, 14e-9)
             for start, delay in zip(starts, delays, strict=True))
    conductance = 1.2e-5 + on * 1.4e-3
    current = source * conductance / (1.0 + 500.0 * conductance)
    voltage = source - 500.0 * current
    columns = []
    for values, code in ((voltage, 2.0 / 256), (current, 1.6e-3 / 256)):
        columns.append(np.round(values / code + noise * random.standard_normal(time.size)) * code)
    found = of(analyse_files([table(tmp_path, time, *columns)]), "switching_delay")
    truths = []
    for start in starts:   # by docs/definitions.md, of the exact curves
        part = slice(round((start - 200e-9) / dt), round((start + 800e-9) / dt))
        t = np.arange(time[part][0], time[part][-1], 0.1e-9)
        one = 0.5 * (1.0 + np.tanh((t - start) / 14e-9))
        up = 1.2 * one
        rise = 0.5 * (1.0 + np.tanh((t - start - delays[len(truths)]) / 14e-9))
        g = 1.2e-5 + rise * 1.4e-3
        i = up * g / (1.0 + 500.0 * g)
        v = up - 500.0 * i
        slopes = slopes_between(t, i, 1.0)
        peak = int(np.argmax(slopes))
        top = int(np.argmax(v[:peak]))
        truths.append(steepest_instant(t, peak, slopes) - np.interp(0.5 * v[top], v[:top], t[:top]))
    assert len(found) == 40 and not any(row["flags"] for row in found)
    assert sum(row["low"] <= true <= row["high"] for row, true in zip(found, truths, strict=True)) >= 34
