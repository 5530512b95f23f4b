"""Tables of sweeps: means within one step, sweeps of the current, few readings and much noise."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tsbench.analysis.tables.driven_quantity import is_current_driven
from tsbench.analysis.tables.table import Table
from tsbench.analysis.threshold.half_sweeps import IVPoints
from tsbench.analysis.threshold.switching_rule import Jump
from tsbench.analysis.threshold.threshold import switching
from tsbench.archives.statistics import statistics
from tsbench.extraction import analyse_files
from tsbench.extraction.sweep_tables import analyse_sweeps
from tsbench.records import Flag, Result


def sweep(threshold: float, hold: float, number: int, seed: int = 0, noise: float = 0.01) -> tuple[Any, Any]:
    """Return voltage [V] and current [A], 0 to 1.5 V and back: 1 MOhm off, 1 kOhm on, a limit of 1 mA."""
    rises = np.linspace(0.0, 1.5, number)
    voltage, on, current = np.concatenate((rises, rises[-2::-1])), False, []
    for k, volts in enumerate(voltage):
        on = (volts >= threshold and k < number) or (on and not (k >= number and volts < hold))
        current.append(min(volts / (1e3 if on else 1e6), 1e-3))
    random = np.random.default_rng(seed)
    scatter = 1.0 + noise * random.standard_normal(voltage.size)
    return voltage, np.array(current) * scatter + 1e-10 * random.standard_normal(voltage.size)


def analysed(columns: dict[str, Any], name: str = "t") -> tuple[dict[str, Result], list[str]]:
    found = analyse_sweeps(Table(columns, (), {}), Path(f"{name}.csv"), Jump(), None)
    return {result.quantity: result for result in found.results}, list(found.lines)


def cycles(thresholds: list[float]) -> dict[str, Any]:
    parts = [sweep(threshold, 0.4, 151, k) for k, threshold in enumerate(thresholds)]
    return {"cycle": np.repeat(np.arange(float(len(parts))), 301), "voltage": np.concatenate([v for v, _ in parts]),
            "current": np.concatenate([i for _, i in parts])}


def test_the_mean_of_values_in_one_step_is_known_to_that_step_and_its_spread_is_a_bound() -> None:
    found, lines = analysed(cycles([0.8] * 8))
    mean, spread = found["hold_voltage_mean"], found["hold_voltage_standard_deviation"]
    assert mean.low is not None and mean.high is not None and mean.low <= 0.39 + 1e-9 and mean.high >= 0.4 - 1e-9
    assert spread.value is None and spread.high == pytest.approx(5e-3)
    assert Flag.UNDER_SAMPLED in spread.flags and Flag.CENSORED in spread.flags
    assert any("mean of hold_voltage is 395.0 ± 5.0 mV" in line for line in lines)


@pytest.mark.thin(2)
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_table_and_the_statistics_of_it_give_one_mean_one_spread_and_one_median(tmp_path: Path, sign: float) -> None:
    table = cycles(list(np.random.default_rng(5).normal(0.8, 0.1, 12)))
    table["voltage"], table["current"] = sign * table["voltage"], sign * table["current"]
    found, _ = analysed(table)
    np.savetxt(tmp_path / "t.csv", np.column_stack(list(table.values())), delimiter=",", comments="",
               header="cycle,V (V),I (A)", fmt="%.12g")
    for quantity in ("threshold_voltage", "hold_voltage"):
        (rows,) = [group.rows() for group in statistics(tmp_path / "t.csv", quantity).groups]
        for name in ("mean", "standard_deviation", "median"):
            mine = found[f"{quantity}_{name}"]
            (row,) = [row for row in rows if row["statistic"] == name]
            for ours, theirs in zip((mine.value, mine.low, mine.high), (row["value"], row["low"], row["high"]),
                                    strict=True):
                assert (ours is None) == (theirs is None)
                assert ours is None or ours == pytest.approx(theirs, rel=1e-9)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("noise", [0.05, 0.2, 0.3])
def test_noise_of_the_current_does_not_deny_a_clear_hysteresis(seed: int, noise: float) -> None:
    found, _ = analysed(dict(zip(("voltage", "current"), sweep(0.9, 0.5, 151, seed, noise), strict=True)))
    for name, truth in (("threshold_voltage", 0.9), ("hold_voltage", 0.5)):
        assert found[name].value == pytest.approx(truth, abs=0.011)
        assert Flag.NO_HYSTERESIS not in found[name].flags


@pytest.mark.parametrize("number", [1, 3, 5, 7])
def test_a_sweep_with_too_few_readings_is_not_called_quiet(number: int) -> None:
    columns = dict(zip(("voltage", "current"), sweep(0.93, 0.53, number), strict=True))
    if number == 1:
        columns = {"voltage": np.array([0.1]), "current": np.array([1e-6])}
    found, lines = analysed(columns)
    assert found["threshold_voltage"].value is None
    assert Flag.TOO_FEW in found["threshold_voltage"].flags and any("too few readings" in line for line in lines)


@pytest.mark.parametrize("number", [16, 31, 101, 400])
def test_a_resistor_with_enough_readings_does_not_switch(number: int) -> None:
    voltage = np.concatenate((np.linspace(0, 1.5, number), np.linspace(1.5, 0, number)[1:]))
    (found,) = switching(IVPoints(voltage, 1e-6 * voltage))
    assert found.threshold_voltage.flags == Flag.NO_EVENT


def current_sweep(seed: int = 0) -> tuple[Any, Any]:
    """Return voltage and current of a sweep of the current: it snaps back at 50 uA, 1 V, and holds down to 20 uA."""
    current = np.concatenate((np.linspace(0, 1e-3, 201), np.linspace(1e-3, 0, 201)[1:]))
    on, voltage = False, []
    for k, amperes in enumerate(current):
        on = (on or amperes * 20e3 >= 1.0) and not (k > 200 and amperes < 2e-5)
        voltage.append(0.05 + 200.0 * amperes if on else amperes * 20e3)
    scatter = 1.0 + 0.002 * np.random.default_rng(seed).standard_normal(current.size)
    return np.array(voltage) * scatter, current


@pytest.mark.parametrize("seed", range(3))
def test_a_sweep_of_the_current_is_read_as_one(seed: int) -> None:
    voltage, current = current_sweep(seed)
    found, _ = analysed({"voltage": voltage, "current": current})
    hold, threshold = found["hold_voltage"], found["threshold_voltage"]
    assert hold.low is not None and hold.high is not None and hold.low <= 0.054 <= hold.high < 0.06
    assert threshold.low is not None and threshold.high is not None
    assert threshold.low <= 0.9 * 1.005 and threshold.high >= 0.995


def test_what_has_even_steps_was_set() -> None:
    voltage, current = current_sweep()
    assert is_current_driven(voltage, current) and not is_current_driven(*sweep(0.9, 0.5, 151))
    assert not is_current_driven(current * 1e3, current)   # a resistor without noise
    assert not is_current_driven(voltage, current * (1.0 + 1e-3 * np.random.default_rng(1).normal(size=current.size)))
    decades = np.geomspace(1e-9, 1e-3, 61)
    assert is_current_driven(0.1 + np.random.default_rng(1).normal(0.0, 0.01, decades.size), decades)
    limited = np.minimum(np.linspace(0, 1, 100), 0.2)
    assert not is_current_driven(np.linspace(0, 1, 100), limited)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("noise", [1e-4, 1e-3, 5e-3])   # share of a step
def test_set_points_that_were_read_back_are_told_by_how_even_their_steps_are(seed: int, noise: float) -> None:
    random = np.random.default_rng(seed)

    def read_back(values: Any) -> Any:
        step = float(np.median(np.abs(np.diff(values))))
        return values + noise * step * random.standard_normal(values.size)

    voltage, current = current_sweep(seed)
    found, _ = analysed({"voltage": voltage, "current": read_back(current)})
    assert "negative_differential_resistance" in found   # only a sweep of the current gives it
    assert is_current_driven(voltage, read_back(current))
    for on, hold in ((0.9, 0.5), (0.3, 0.1), (1.4, 1.2)):
        set_voltage, followed = sweep(on, hold, 151)
        assert not is_current_driven(read_back(set_voltage), followed)


@pytest.mark.parametrize("noise", [1e-3, 0.02, 0.1])   # of the voltage, as a share of a step
def test_noise_of_a_read_back_voltage_does_not_make_a_sweep_one_of_the_current(noise: float) -> None:
    random = np.random.default_rng(1)
    exact = np.concatenate((np.linspace(0.2, 0.8, 121), np.linspace(0.8, 0.2, 121)[1:]))
    voltage = exact + noise * 5e-3 * random.standard_normal(exact.size)
    scatter = 1.0 + 1e-4 * random.standard_normal(exact.size)
    assert not is_current_driven(voltage, 1e-15 * np.exp(exact / 0.026) * scatter)   # a diode: even ratios
    assert not is_current_driven(voltage, 1e-6 * exact * scatter)   # a resistor


@pytest.mark.parametrize(("step", "digits", "count"), [(5e-3, 2, 101), (2e-3, 2, 251), (7e-3, 2, 72), (1e-2, 2, 51)])
@pytest.mark.parametrize("exponential", [False, True])
def test_a_voltage_of_few_printed_digits_does_not_make_a_sweep_one_of_the_current(
    step: float, digits: int, count: int, exponential: bool,
) -> None:
    up = step * np.arange(count)
    exact = np.concatenate((up, up[-2::-1]))
    current = 1e-9 * np.exp(exact / 0.05) if exponential else exact / 1e3
    scatter = 1e-3 * np.random.default_rng(2).standard_normal(exact.size)
    noise = current * scatter if exponential else 10.0 * scatter * step / 1e3
    assert not is_current_driven(np.round(exact, digits), current + noise)


@pytest.mark.parametrize(("at", "current"), [
    (-1, -1e-3), (-1, -6e-4), (-1, -4e-4), (0, -1e-3), (-2, -1e-3), (30, -1e-3), (60, -2e-3), (150, -1e-3),
    (240, -1e-3)])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_one_reading_of_the_wrong_sign_takes_no_event_away(at: int, current: float, sign: float) -> None:
    """The least reading alone set the current below which readings count as off, so nothing above it switched."""
    voltage, readings = sweep(0.8, 0.4, 151)
    readings[at] = current
    found, _ = analysed({"voltage": sign * voltage, "current": sign * readings})
    for name, low, high in (("threshold_voltage", 0.79, 0.8), ("hold_voltage", 0.39, 0.4)):
        one = found[name]
        ends = sorted((sign * low, sign * high))
        assert one.low is not None and one.low == pytest.approx(ends[0], abs=2e-3), name
        assert one.high is not None and one.high == pytest.approx(ends[1], abs=2e-3), name


def test_a_reading_of_the_wrong_sign_where_the_device_switches_widens_the_interval() -> None:
    voltage, readings = sweep(0.8, 0.4, 151)
    readings[80] = -2e-4   # the first reading at which it is on
    found, _ = analysed({"voltage": voltage, "current": readings})
    one = found["threshold_voltage"]
    assert one.low == pytest.approx(0.79, abs=2e-3) and one.high == pytest.approx(0.81, abs=2e-3)


def test_an_offset_of_the_wrong_sign_is_still_no_reading_of_the_device() -> None:
    voltage, readings = sweep(0.8, 0.4, 151)
    found, _ = analysed({"voltage": voltage, "current": readings - 2e-7})
    assert found["threshold_voltage"].value == pytest.approx(0.795, abs=2e-3)


@pytest.mark.parametrize("name", ["cycle", "sweep"])
def test_a_number_of_the_sweep_that_does_not_change_joins_no_sweeps(name: str) -> None:
    parts = [sweep(threshold, 0.4, 151, k) for k, threshold in enumerate((0.8, 0.64, 0.48))]
    voltage, current = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    events = analyse_sweeps(Table({name: np.ones(voltage.size), "voltage": voltage, "current": current}, (), {}),
                            Path("t.csv"), Jump(), None).results
    found = [one for one in events if one.quantity == "threshold_voltage"]
    assert [one.value for one in found] == pytest.approx([0.795, 0.635, 0.475], abs=2e-3)
    assert [one.conditions["half_sweep"] for one in found] == [0, 1, 2]


@pytest.mark.parametrize("numbered", [False, True])
def test_a_sweep_that_begins_at_its_peak_gives_both_events(numbered: bool) -> None:
    voltage, current = sweep(0.8, 0.4, 151)
    order = np.concatenate((np.arange(150, 301), np.arange(1, 151)))
    columns = {"voltage": voltage[order], "current": current[order]}
    columns |= {"cycle": np.ones(order.size)} if numbered else {}
    results = analyse_sweeps(Table(columns, (), {}), Path("t.csv"), Jump(), None)
    for quantity, value in (("threshold_voltage", 0.795), ("hold_voltage", 0.395)):
        known = [one for one in results.results if one.quantity == quantity and one.value is not None]
        assert [one.value for one in known] == pytest.approx([value], abs=2e-3)
        assert not any(Flag.NO_EVENT in one.flags for one in results.results if one.quantity == quantity)
    assert "1 half-sweep has no way up, so nothing is known of switching on there" in results.lines


def test_without_a_way_down_nothing_is_said_of_switching_back() -> None:
    voltage, current = sweep(0.8, 0.4, 151)
    found, lines = analysed({"voltage": voltage[:151], "current": current[:151]})
    hold = found["hold_voltage"]
    assert found["threshold_voltage"].value == pytest.approx(0.795, abs=2e-3)
    assert Flag.NO_EVENT not in hold.flags and Flag.CENSORED in hold.flags and hold.high == pytest.approx(1.5, abs=2e-3)
    assert "no way down" in hold.method and not any("do not" in line and "back" in line for line in lines)
    assert any("no way down, so nothing is known" in line for line in lines)


def test_rows_that_were_sorted_by_the_voltage_are_asked_for_in_their_order() -> None:
    voltage, current = sweep(0.8, 0.4, 151)
    order = np.argsort(voltage, kind="stable")
    found, lines = analysed({"voltage": voltage[order], "current": current[order]})
    assert any("rows are sorted by the voltage" in line and "order of measurement" in line for line in lines)
    assert Flag.AMBIGUOUS in found["threshold_voltage"].flags
    twice = np.repeat(voltage[:151], 2)   # two readings at each level, one after the other, are no sorted table
    _, lines = analysed({"voltage": twice, "current": np.repeat(current[:151], 2)})
    assert not any("sorted" in line for line in lines)


@pytest.mark.parametrize("number", [np.inf, 9.9e37])
def test_readings_beyond_the_range_while_the_device_is_on_are_no_proof_that_it_does_not_switch(
    tmp_path: Path, number: float
) -> None:
    voltage, current = sweep(0.8, 0.4, 151)
    over = np.abs(current) > 1e-4
    current[over] = number
    np.savetxt(tmp_path / "t.csv", np.column_stack([voltage, current]), delimiter=",", header="V (V),I (A)",
               comments="")
    np.savez(tmp_path / "t.npz", voltage=voltage, current=current)
    for name in ("t.csv", "t.npz"):
        rows = {row["quantity"]: row for row in analyse_files([tmp_path / name]).rows}
        for quantity, low, high in (("threshold_voltage", 0.79, 0.8), ("hold_voltage", 0.39, 0.4)):
            row = rows[quantity]
            assert row["low"] == pytest.approx(low, abs=2e-3) and row["high"] == pytest.approx(high, abs=2e-3)
            unchecked = ["unchecked"] * (quantity == "hold_voltage")   # no scope looked at the on state
            assert row["flags"] == ["overflow", *unchecked] and low < row["value"] < high


def test_a_curve_that_leaves_the_range_on_both_ways_alike_is_not_known_to_switch(tmp_path: Path) -> None:
    voltage = np.concatenate((np.linspace(0.0, 1.5, 151), np.linspace(1.5, 0.0, 151)[1:]))
    current = np.where(voltage < 0.805, 1e-6 * voltage, np.inf)
    np.savetxt(tmp_path / "t.csv", np.column_stack([voltage, current]), delimiter=",", header="V (V),I (A)",
               comments="")
    found = analyse_files([tmp_path / "t.csv"])
    rows = {row["quantity"]: row for row in found.rows}
    for quantity in ("threshold_voltage", "hold_voltage"):
        assert rows[quantity]["value"] is None and set(rows[quantity]["flags"]) == {"overflow", "ambiguous"}
    assert any("not known whether the device switches" in line for line in found.lines)
    assert not any("1 do not" in line for line in found.lines)
    current[np.isinf(current)] = 1e-6 * voltage[np.isinf(current)]
    current[100] = np.inf   # one alone may be wild
    points = IVPoints(voltage, current)
    assert switching(points)[0].threshold_voltage.flags == Flag.NO_EVENT


def test_a_record_that_ends_beyond_the_range_gives_a_bound_of_hold() -> None:
    voltage, current = sweep(0.8, 0.4, 151)
    current = np.where(np.abs(current) > 1e-4, np.inf, current)[:230]
    (found,) = switching(IVPoints(-voltage[:230], -current))
    assert found.threshold_voltage.value == pytest.approx(-0.795, abs=2e-3)
    assert found.hold_voltage.value is None and Flag.CENSORED in found.hold_voltage.flags
    assert found.hold_voltage.low == pytest.approx(-voltage[229], abs=1e-9)
    flags = np.where(np.isinf(current), int(Flag.OVERFLOW), 0).astype(np.uint32)   # as a run has them
    current[np.isinf(current)] = np.nan
    (stored,) = switching(IVPoints(voltage[:230], current, flags=flags))
    assert stored.threshold_voltage.value == pytest.approx(0.795, abs=2e-3)


def test_numbers_of_the_on_state_say_that_no_scope_looked_at_it(tmp_path: Path) -> None:
    voltage, current = sweep(0.8, 0.4, 151)
    np.savetxt(tmp_path / "t.csv", np.column_stack([voltage, current]), delimiter=",", header="V (V),I (A)",
               comments="")
    analysis = analyse_files([tmp_path / "t.csv"])
    numbers = {row["quantity"]: row["flags"] for row in analysis.rows if row["value"] is not None}
    marked = {name for name, flags in numbers.items() if "unchecked" in flags}
    assert {"hold_voltage", "on_resistance"} <= marked and "threshold_voltage" not in marked
    assert all(name.startswith(("hold_voltage", "on_resistance", "differential_on_resistance")) for name in marked)
    assert sum("mean of an oscillation" in line for line in analysis.lines) == 1


def test_blank_readings_while_the_device_is_on_do_not_say_that_it_never_switches(tmp_path: Path) -> None:
    voltage, current = sweep(0.8, 0.4, 151)
    on = np.abs(current) > 1e-4
    header = "V (V),I (A)"
    for cell, hidden in (("", True), ("nan", True), ("inf", False)):
        lines = [f"{v:.6g},{cell if over else f'{i:.6g}'}" for v, i, over in zip(voltage, current, on, strict=True)]
        (tmp_path / "t.csv").write_text("\n".join([header, *lines]), "utf-8")
        analysis = analyse_files([tmp_path / "t.csv"])
        flags = {row["quantity"]: row["flags"] for row in analysis.rows}
        assert ("too_few" in flags["threshold_voltage"]) is hidden
        assert ("too_few" in flags["hold_voltage"]) is hidden
        assert any("write inf" in line for line in analysis.lines) is hidden
        undecided = "0 of 1 half-sweeps switch, 0 do not, and of 1 it is not known"
        assert any(undecided in line for line in analysis.lines) is hidden


@pytest.mark.parametrize(("read", "doubtful"), [("set-point", True), ("device", False)])
def test_one_wide_step_into_compliance_may_be_a_switch_or_a_diode(read: str, doubtful: bool) -> None:
    """Readings of a run of the simulated bench. At the device the voltage falls, and that of no diode does."""
    level = np.concatenate([np.arange(0.0, 1.35, 0.1), np.arange(1.2, -0.05, -0.1)])
    rising = np.array([-0.028, 0.636, 1.575, 2.815, 4.408, 6.499, 9.261, 13.036, 18.54, 27.647, 50.005])
    limited = np.array([1000.198, 1000.21, 1000.21, 1000.202, 1000.207, 1000.204])
    current = 1e-6 * np.concatenate([rising, limited, rising[9::-1] + 0.003])
    voltage = level if read == "set-point" else np.where(current > 9e-4, 0.9271, level - 50.0 * current)
    found, lines = analysed({"voltage": voltage, "current": current})
    threshold, number = found["threshold_voltage"], found["half_sweeps_switching"]
    assert (threshold.flags == Flag.NO_EVENT | Flag.AMBIGUOUS) is doubtful
    assert (Flag.AMBIGUOUS in number.flags) is doubtful
    assert any("too wide to show whether the device switches" in line for line in lines) is doubtful
    if not doubtful:
        assert threshold.low is not None and threshold.high is not None and threshold.low <= 1.05 <= threshold.high


@pytest.mark.parametrize("step", [0.02, 0.05, 0.1])
def test_a_diode_in_even_steps_is_no_switch_without_a_doubt(step: float) -> None:
    level = np.concatenate([np.arange(0.0, 1.21, step), np.arange(1.2 - step, -0.01, -step)])
    current = np.minimum(1e-13 * np.expm1(level / 0.036), 1e-3)
    found, lines = analysed({"voltage": level, "current": current * (1 + 1e-3 * np.sin(1e3 * level))})
    assert found["threshold_voltage"].flags == Flag.NO_EVENT
    assert not any("too wide" in line for line in lines)


@pytest.mark.parametrize("step", [0.005, 0.02, 0.1])
def test_the_end_of_a_bad_contact_is_no_wide_step(step: float) -> None:
    level = np.concatenate([np.arange(0.0, 1.21, step), np.arange(1.2 - step, -0.01, -step)])
    lost = slice(level.size // 5, level.size // 5 + 3)
    resistance = np.full(level.size, 1e3)
    resistance[lost] = 1e6
    found, lines = analysed({"voltage": level, "current": level / resistance})
    assert Flag.NO_EVENT in found["threshold_voltage"].flags
    assert not any("too wide" in line for line in lines)


def test_an_offset_in_doubt_is_not_called_a_wide_step() -> None:
    level = np.concatenate([np.arange(0.0, 1.21, 0.02), np.arange(1.18, -0.01, -0.02)])
    _, lines = analysed({"voltage": level, "current": 1e-6 + level / 1e9})
    assert not any("too wide" in line for line in lines)


def test_a_current_level_that_tells_nothing_does_not_say_that_the_device_does_not_switch(tmp_path):
    """The current of the off state passes the level as a resistor does."""
    up = np.round(np.arange(0.02, 2.0, 0.02), 2)
    level = np.concatenate([up, up[::-1]])
    on = (level > 1.2) | ((np.arange(level.size) >= up.size) & (level > 0.6))
    current = np.where(on, level / 5e3, level / 1e6)
    path = tmp_path / "t.csv"
    path.write_text("\n".join(["V (V),I (A)", *(f"{v:.6g},{i:.6g}" for v, i in zip(level, current, strict=True))]))
    found = analyse_files([path], rule="above=100n")
    rows = {row["quantity"]: row for row in found.rows}
    assert rows["threshold_voltage"]["value"] is None
    assert all("ambiguous" in rows[name]["flags"] for name in ("half_sweeps_switching", "threshold_voltage_mean"))
    assert any("0 do not, and of 1 it is not known" in line for line in found.lines)
