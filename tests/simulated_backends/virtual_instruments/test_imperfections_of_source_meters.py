"""Each imperfection of a source meter as it is at its terminals and in its readings, against its data sheet.

Every model is measured: its data sheet on the output stage and the readings that all source meters share. A test
compares what the circuit does with what the sheet states. It does not compare a constant with itself.
"""

import dataclasses
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from benchmarks.imperfections.sheets import SOURCE_METERS
from tests.fixtures.bare_meters import BareBench
from tests.fixtures.sheet_meter import SheetMeter
from tests.fixtures.spread import UNIFORM, require_spread, require_stated
from tsbench.simulated_backends.virtual_instruments.source_meter.data_sheet import (
    OVERFLOW,
    RangeData,
    SourceMeterDataSheet,
)
from tsbench.simulated_backends.virtual_instruments.source_meter.output_stage import range_for

SHEETS = {f"{folder} {name}": sheet for folder, models in SOURCE_METERS.items() for name, sheet in models.items()}
FAMILIES = pytest.mark.parametrize(
    "sheet", [f"{folder} {next(iter(models))}" for folder, models in SOURCE_METERS.items()], indirect=True)
OTHER = {"VOLT": "CURR", "CURR": "VOLT"}
SETTLED = math.log(1000.0)  #: time constants of one pole until 0.1 %


@pytest.fixture(params=SHEETS)
def sheet(request: pytest.FixtureRequest) -> SourceMeterDataSheet:
    return SHEETS[request.param]


def beside(sheet: SourceMeterDataSheet, function: str, row: RangeData) -> RangeData:
    """Return the range of the other quantity in which a level of ``row`` has room: 2 V, or 100 uA, or near it."""
    rows, wanted = sheet.ranges[OTHER[function]], 1.9 if OTHER[function] == "VOLT" else 90e-6
    return next((one for one in rows if one.full_scale >= wanted), rows[-1])


def drive(meter: SheetMeter, quantity: str, row: RangeData, part: float = 0.9) -> float:
    """Source a level of the other quantity into a load that puts ``part`` of a range there; return what is expected."""
    sheet, level = meter.sheet, part * row.full_scale
    if quantity == "CURR":
        source = beside(sheet, "CURR", row)
        highest = sheet.highest_limit["VOLT"][sheet.ranges["VOLT"].index(source)]
        level = min(level, 0.9 * highest)
        meter.load(1.0 / level)
        meter.source("VOLT", 1.0, min(row.top, highest), source)
    else:
        source = beside(sheet, "VOLT", row)
        current = min(50e-6, 0.5 * source.full_scale)
        meter.load(level / current)
        meter.source("CURR", current, min(row.top, sheet.highest_limit["CURR"][sheet.ranges["CURR"].index(source)]),
                     source)
    meter.measure_in(quantity, row)
    meter.clock.wait(20 * max(row.time_constant, source.time_constant) + 0.1)
    return level


def rows_of(sheet: SourceMeterDataSheet) -> list[tuple[str, RangeData]]:
    return [(quantity, row) for quantity in ("CURR", "VOLT") for row in sheet.ranges[quantity]]


def converters(sheet: SourceMeterDataSheet) -> tuple[bool, ...]:
    return (False, True) if sheet.ranges["CURR"][0].fast else (False,)


# ----------------------------------------------------------------------------------------- readings and levels


def line(points: list[tuple[float, float]]) -> tuple[float, float]:
    """Return the relative error and the constant error of two values: (true, shown) of each."""
    (low, shown_low), (high, shown_high) = points
    gain = (shown_high - shown_low) / (high - low) - 1.0
    return gain, shown_low - low * (1.0 + gain)


@dataclasses.dataclass(frozen=True)
class RangeReadings:
    """What readings of two values say of one range, relative to its data sheet."""

    where: str
    noise: list[float]  #: standard deviations of 30 readings; none where the step hides the noise
    errors: dict[str, tuple[float, float]]  #: of gain and offset, each with its doubt; not where the doubt is large


def readings_of(meter: SheetMeter, fast: bool) -> Iterator[RangeReadings]:
    """Take 30 readings of two values in every range of a converter."""
    meter.settings.fast_converter = fast
    for quantity, row in rows_of(meter.sheet):
        stated: Any = row.fast if fast else row
        gain, offset = (stated.gain, stated.offset) if fast else (row.measure_gain, row.measure_offset)
        step = stated.resolution * row.full_scale if fast else meter.sheet.step_of(row)
        noise, points, spreads = math.hypot(stated.noise, step / math.sqrt(12)), [], []
        for part in (0.09, 0.9):
            drive(meter, quantity, row, part)
            shown = np.array([meter.read().value for _ in range(30)])
            points.append((meter.truth(quantity), float(shown.mean())))
            if stated.noise > 0.5 * step:
                spreads.append(float(shown.std(ddof=1)) / noise)
        unsure = 3 * noise / math.sqrt(30)   # the means of 30 readings are uncertain too
        errors = {
            name: (error / accuracy, doubt / accuracy) for name, error, accuracy, doubt in (
                ("gain", line(points)[0], gain, math.sqrt(2.0) * unsure / (points[1][0] - points[0][0])),
                ("offset", line(points)[1], offset, 1.2 * unsure)) if doubt < 0.3 * accuracy}
        yield RangeReadings(f"{quantity} {row.full_scale:g}{' fast' if fast else ''}", spreads, errors)


@pytest.mark.thin(3)
def test_readings_are_as_accurate_and_as_noisy_as_stated(sheet: SourceMeterDataSheet) -> None:
    """Gain, offset and rms noise at 1 PLC in every range of every converter, with errors as large as stated."""
    expected = {"gain": 1.0, "offset": -1.0}
    for fast in converters(sheet):
        noise, found = list[float](), dict[str, list[float]]()
        for readings in readings_of(SheetMeter(sheet, imperfections=True, errors=(1.0, -1.0)), fast):
            assert all(0.6 < spread < 1.5 for spread in readings.noise), readings.where
            noise += readings.noise
            for name, (error, doubt) in readings.errors.items():
                assert abs(error - expected[name]) <= 0.01 + doubt, (name, readings.where)
                found.setdefault(name, []).append(error)
        require_stated(found, expected, doubt=0.04)
        assert math.sqrt(np.mean(np.square(noise))) == pytest.approx(1.0, abs=0.07)


@FAMILIES
@pytest.mark.soak   # how errors are drawn: test_drawn_errors.py
def test_readings_differ_from_unit_to_unit(sheet: SourceMeterDataSheet) -> None:
    for fast in converters(sheet):
        found: dict[str, list[float]] = {}
        for seed in (1, 2, 3):
            for readings in readings_of(SheetMeter(sheet, imperfections=True, seed=seed), fast):
                for name, (error, _) in readings.errors.items():
                    found.setdefault(name, []).append(error)
        for name, errors in found.items():
            require_spread(errors, UNIFORM, f"{name}{' of the fast converter' if fast else ''}", slack=0.3)


@pytest.mark.thin(6)
def test_noise_of_readings_goes_with_the_aperture(sheet: SourceMeterDataSheet) -> None:
    """White above a floor: twice as much at 0.2 PLC, half of it is left at 10 PLC and more."""
    meter, row = SheetMeter(sheet, imperfections=True), sheet.ranges["CURR"][-2]
    drive(meter, "CURR", row)
    found = {}
    for nplc in (0.2, 1.0, 10.0):
        meter.settings.nplc = dict.fromkeys(meter.settings.nplc, nplc)
        found[nplc] = float(np.std([meter.read().value for _ in range(400)]))
    step, ratios = sheet.step_of(row) / math.sqrt(12), []
    for nplc, part in ((0.2, 2.0), (1.0, 1.0), (10.0, math.sqrt(0.325))):
        ratios.append(found[nplc] / math.hypot(part * row.noise, step))
        assert ratios[-1] == pytest.approx(1.0, abs=0.15)
    assert np.mean(ratios) == pytest.approx(1.0, abs=0.06)   # of 1200 readings, it is uncertain by 2 %


def test_readings_have_the_stated_steps(sheet: SourceMeterDataSheet) -> None:
    meter = SheetMeter(sheet, imperfections=True)
    row = sheet.ranges["CURR"][-1]
    for fast in converters(sheet):
        meter.settings.fast_converter = fast
        drive(meter, "CURR", row, 0.3)
        step = row.full_scale * row.fast.resolution if fast and row.fast else sheet.step_of(row)
        counts = np.array([meter.read().value for _ in range(30)]) / step
        assert counts == pytest.approx(np.round(counts), abs=1e-4)
        assert np.gcd.reduce(np.diff(np.unique(np.round(counts))).astype(int)) in (0, 1)


def levels_of(meter: SheetMeter) -> dict[str, list[float]]:
    """Return the errors of gain and offset, each relative to its accuracy, from two levels in every range."""
    sheet, found = meter.sheet, dict[str, list[float]](gain=[], offset=[])
    for function, row in rows_of(sheet):
        other = beside(sheet, function, row)
        points = []
        for part in (0.09, 0.9):
            level = part * row.full_scale
            if function == "VOLT":
                highest = sheet.highest_limit["VOLT"][sheet.ranges["VOLT"].index(row)]
                meter.load(level / min(50e-6, 0.5 * other.full_scale))
                meter.source("VOLT", level, min(other.top, highest), row)
            else:
                full = min(row.full_scale, meter.output.highest["CURR"])
                level = part * full
                meter.load(1.0 / full)   # a larger one makes the current slower
                meter.source("CURR", level, 2.0, row)
            meter.clock.wait(0.1 + 20 * max(row.time_constant, other.time_constant))
            true = meter.truth(function)
            if function == "VOLT":   # two wires: a voltage falls over the stage and the relay
                true += meter.truth("CURR") * sum(sheet.resistances(meter.output.stage.points.current_range))
            points.append((level, true))
        gain, offset = line(points)
        found["gain"].append(gain / row.source_gain)
        found["offset"].append(offset / row.source_offset)
    return found


@pytest.mark.thin(2)
def test_levels_are_as_accurate_as_stated(sheet: SourceMeterDataSheet) -> None:
    """In every range, with errors as large as stated."""
    expected = {"gain": 1.0, "offset": -1.0}
    for name, errors in levels_of(SheetMeter(sheet, imperfections=True, errors=(1.0, -1.0))).items():
        for error in errors:   # a range by itself
            require_stated({name: [error]}, {name: expected[name]}, doubt=0.02)


@FAMILIES
@pytest.mark.soak   # how errors are drawn: test_drawn_errors.py
def test_levels_differ_from_unit_to_unit(sheet: SourceMeterDataSheet) -> None:
    found: dict[str, list[float]] = {}
    for seed in range(1, 5):
        for name, errors in levels_of(SheetMeter(sheet, imperfections=True, seed=seed)).items():
            found.setdefault(name, []).extend(errors)
    for name, errors in found.items():
        require_spread(errors, UNIFORM, name, slack=0.01)


def test_a_reading_beyond_its_range_is_an_overflow(sheet: SourceMeterDataSheet) -> None:
    """Below the highest reading of a range it is a number, above it is not."""
    meter = SheetMeter(sheet)
    row = sheet.ranges["VOLT"][0]
    for part, beyond in ((0.9995, False), (1.0005, True)):
        drive(meter, "VOLT", row, part * row.reading_top / row.full_scale)
        meter.settings.voltage_limit = 2.0 * row.reading_top
        meter.settings.sense_range["VOLT"], meter.output.stage.points.limit = row.full_scale, 2.0 * row.reading_top
        meter.output.stage.apply()
        meter.clock.wait(0.1)
        assert (abs(meter.read().value) >= OVERFLOW) is beyond


# ------------------------------------------------------------------------------------------------ in time


def settling(times: Any, volts: Any, step: float) -> float:
    """Return when the voltage stays within 0.1 % of a step [s]."""
    return float(times[np.abs(volts - volts[-1]) > 1e-3 * abs(step)][-1])


def test_a_sourced_current_settles_in_the_stated_time(sheet: SourceMeterDataSheet) -> None:
    """From 10 % to 90 % of every range, at a load with 1 V at the full range."""
    meter = SheetMeter(sheet)
    for row in sheet.ranges["CURR"]:
        full = min(row.full_scale, meter.output.highest["CURR"] / 0.9)
        meter.load(1.0 / full)
        meter.source("CURR", 0.1 * full, 2.0, row)
        stated = SETTLED * row.time_constant
        meter.clock.wait(10 * stated + 0.1)
        meter.source("CURR", 0.9 * full, 2.0, row)
        times, volts = meter.course(4 * stated)
        swing = max(sheet.loop_swing, sheet.loop_swing_of_range * beside_limit(sheet).full_scale)
        # the pole is at the load for which the speed is stated
        assert settling(times, volts, 0.8) == pytest.approx(stated / swing, rel=0.03), row.full_scale


def beside_limit(sheet: SourceMeterDataSheet) -> RangeData:
    """Return the voltage range that holds a limit of 2 V."""
    return next(row for row in sheet.ranges["VOLT"] if row.top >= 2.0 * (1 - 1e-9))


def test_a_sourced_voltage_settles_in_the_stated_time(sheet: SourceMeterDataSheet) -> None:
    """By a step that is too small for the slew rate to matter, in every range."""
    meter = SheetMeter(sheet)
    for row in sheet.ranges["VOLT"]:
        step = min(0.3 * sheet.slew_rate * row.time_constant, 0.5 * row.full_scale)
        limit = min(0.1, sheet.highest_limit["VOLT"][sheet.ranges["VOLT"].index(row)])   # at which times are stated
        meter.load(max(1e6, 10 * step / limit))
        meter.source("VOLT", 0.0, limit, row)
        meter.clock.wait(0.1)
        meter.source("VOLT", step, limit, row)
        times, volts = meter.course(3 * SETTLED * row.time_constant)
        assert settling(times, volts, step) == pytest.approx(SETTLED * row.time_constant, rel=0.03), row.full_scale
        assert volts.max() <= step * 1.001   # no overshoot into a resistor


def test_the_output_slews_at_the_stated_rate(sheet: SourceMeterDataSheet) -> None:
    meter, row = SheetMeter(sheet), sheet.ranges["VOLT"][-1]
    limit = sheet.highest_limit["VOLT"][-1]
    meter.load(1e6)
    meter.source("VOLT", -0.8 * row.full_scale, limit, row)
    meter.clock.wait(0.1)
    meter.source("VOLT", 0.8 * row.full_scale, limit, row)
    times, volts = meter.course(3 * row.full_scale / sheet.slew_rate + 20 * row.time_constant)
    # a current range that is slower than the voltage source holds it back
    current = range_for(sheet.ranges["CURR"], limit)
    held = limit / current.full_scale * sheet.loop_swing_of_range * row.full_scale / current.time_constant
    assert np.max(np.diff(volts) / np.diff(times)) == pytest.approx(min(sheet.slew_rate, held), rel=0.05)


@pytest.mark.thin(2)
def test_the_limit_takes_over_at_the_speed_of_its_range(sheet: SourceMeterDataSheet) -> None:
    """A load that falls at once lets more than the limit through, for the time constant of the current range."""
    meter = SheetMeter(sheet)
    source = beside_limit(sheet)
    swing = max(sheet.loop_swing, sheet.loop_swing_of_range * source.full_scale)
    for full in (one.full_scale for one in sheet.ranges["CURR"] if one.full_scale >= 1e-10):   # the least limit
        limit = min(full, sheet.highest_limit["VOLT"][sheet.ranges["VOLT"].index(source)])
        row = range_for(sheet.ranges["CURR"], limit)
        load, inside = 1.0 / limit, sum(sheet.resistances(row))
        meter.load(3 * load)
        meter.source("VOLT", 1.5, limit, source)
        meter.clock.wait(0.1 + 20 * row.time_constant)
        meter.load(load)
        speed = row.time_constant * (load + inside) / (swing / row.full_scale + inside)
        times, volts = meter.course(12 * speed)
        over = volts / load / limit - 1.0
        assert over[1] == pytest.approx(1.5 * load / (load + inside) - 1.0, abs=0.03)
        assert over[-1] == pytest.approx(0.0, abs=5e-3)   # and the limit holds
        found = np.interp(-over[0] / math.e, -over, times)
        assert found == pytest.approx(speed, rel=0.06), row.full_scale


def test_a_change_of_range_overshoots_by_the_stated_voltage(sheet: SourceMeterDataSheet) -> None:
    """Into 100 kOhm, to the next range and back, at a level that stays."""
    meter = SheetMeter(sheet, imperfections=True, errors=(0.0, 0.0))
    for low, high in zip(sheet.ranges["VOLT"], sheet.ranges["VOLT"][1:], strict=False):
        level = 0.5 * low.full_scale
        limit = min(1e-3, *sheet.highest_limit["VOLT"])
        meter.load(max(100e3, 2 * level / limit))   # the limit must not cut it off
        for first, then, sign in ((low, high, 1), (high, low, -1)):
            meter.source("VOLT", level, limit, first)
            meter.clock.wait(0.1)
            meter.source("VOLT", level, limit, then)
            times, volts = meter.course(5 * sheet.overshoot_time)
            peak = volts.max() - max(volts[0], level) if sign > 0 else min(volts[0], level) - volts.min()
            tolerance = 0.05 * sheet.range_change_overshoot + 4e-6 * level   # a voltage falls over the stage
            assert peak == pytest.approx(sheet.range_change_overshoot, abs=tolerance), (first, then)
            if sheet.range_change_overshoot:   # highest when its time is over
                when = times[np.argmax(sign * volts)]
                assert when == pytest.approx(sheet.overshoot_time, rel=0.05), (first, then)


def test_high_capacitance_slows_the_output_by_the_stated_factor(sheet: SourceMeterDataSheet) -> None:
    row = beside_limit(sheet)
    found = []
    for high in (False, True):
        meter = SheetMeter(sheet)
        meter.settings.high_capacitance = dict.fromkeys(meter.settings.high_capacitance, high)
        meter.load(1e6)
        limit = 1e-3
        meter.source("VOLT", 0.0, limit, row)
        meter.clock.wait(0.1)
        slow = sheet.high_capacitance_factor if high else 1.0
        step = 0.3 * sheet.slew_rate * row.time_constant / sheet.high_capacitance_factor
        meter.source("VOLT", step, limit, row)
        found.append(settling(*meter.course(3 * SETTLED * row.time_constant * slow), step))
    assert found[1] / found[0] == pytest.approx(sheet.high_capacitance_factor, rel=0.03)


# ------------------------------------------------------------------------------------- limits and the output


def limit_of(meter: SheetMeter, row: RangeData) -> float:
    """Return the relative error of the current limit in a range."""
    sheet, source = meter.sheet, beside_limit(meter.sheet)
    limit = min(0.9 * row.full_scale, 0.9 * sheet.highest_limit["VOLT"][sheet.ranges["VOLT"].index(source)])
    meter.load(0.5 / limit)
    meter.source("VOLT", 1.5, limit, source)
    meter.clock.wait(0.1 + 30 * row.time_constant)
    return meter.truth("CURR") / limit - 1.0


@pytest.mark.thin(2)
def test_limits_are_as_accurate_as_levels(sheet: SourceMeterDataSheet) -> None:
    """In every range, with errors as large as stated: what is left is the same loop without errors."""
    wrong, right = SheetMeter(sheet, imperfections=True, errors=(1.0, 0.0)), SheetMeter(sheet)
    for row in (one for one in sheet.ranges["CURR"] if one.full_scale > 1e-12):   # the least limit
        without = limit_of(right, row)
        assert abs(without) < 2e-3
        require_stated({"limit": [(limit_of(wrong, row) - without) / row.source_gain]}, {"limit": 1.0}, doubt=0.01)


@FAMILIES
@pytest.mark.soak   # how errors are drawn: test_drawn_errors.py
def test_limits_differ_from_unit_to_unit(sheet: SourceMeterDataSheet) -> None:
    """An instrument has one error of its current limit."""
    row = sheet.ranges["CURR"][-3]
    parts = [limit_of(SheetMeter(sheet, imperfections=True, seed=seed), row) / row.source_gain
             for seed in range(1, 25)]
    require_spread(parts, UNIFORM, "limit", slack=0.1)


def test_the_least_limit_beside_a_fixed_range(sheet: SourceMeterDataSheet) -> None:
    """Beside a fixed range, no limit holds the output below the stated part of it."""
    meter, source = SheetMeter(sheet), beside_limit(sheet)
    row = next(one for one in sheet.ranges["CURR"] if one.full_scale >= 0.9e-3)
    meter.load(1.0 / row.full_scale)
    meter.source("VOLT", 0.01, 0.5 * row.full_scale, source)
    meter.measure_in("CURR", row)
    for part in (0.7, 1.5):   # of the least limit; without one, the limit that is set holds
        wanted = part * (sheet.least_limit or 1e-4) * row.full_scale
        meter.source("VOLT", 1.5, wanted, source)
        meter.clock.wait(0.1)
        held = max(wanted, sheet.least_limit * row.full_scale)
        assert meter.truth("CURR") == pytest.approx(held, rel=0.07)   # 5 % more where the limit is moved
    refused = getattr(sheet, "least_of_range", 0.0) * row.full_scale
    if refused:   # the series 2400 moves no limit: it refuses one that is too low, with error 822
        unit = BareBench(smu=f"keithley_{sheet.name[-4:]}")["smu"]
        unit.write(":SOUR:FUNC VOLT", ":SENS:FUNC 'CURR'", f":SENS:CURR:PROT {row.full_scale:g}",
                   f":SENS:CURR:RANG {row.full_scale:g}")
        for part, errors in ((0.95, [822]), (1.05, [])):
            unit.write(f":SENS:CURR:PROT {part * refused:g}")
            assert unit.errors() == errors


def test_a_fixed_range_limits_by_itself(sheet: SourceMeterDataSheet) -> None:
    meter, source = SheetMeter(sheet), beside_limit(sheet)
    row = next(one for one in sheet.ranges["CURR"] if one.full_scale >= 0.9e-4)
    meter.load(0.5 / row.full_scale)
    meter.source("VOLT", 0.1, 10 * row.full_scale, source)
    meter.measure_in("CURR", row)
    meter.source("VOLT", 1.5, 10 * row.full_scale, source)
    meter.clock.wait(0.1)
    assert meter.truth("CURR") == pytest.approx(row.top * sheet.range_limits_at, rel=2e-3)


def test_an_output_that_is_off_is_as_its_off_state_says(sheet: SourceMeterDataSheet) -> None:
    """Something pushes a current into it: up to the stated limit it holds 0 V; behind an open relay it does not.

    At 0 A it is the other way round: no current flows up to the stated voltage, and it holds this voltage beyond.
    """
    for name, state in sheet.off_states.items():
        meter = SheetMeter(sheet)
        meter.settings.off_state = dict.fromkeys(meter.settings.off_state, name)
        meter.load(1e9)
        meter.source("VOLT", 0.1, 0.9e-3, beside_limit(sheet))
        meter.clock.wait(0.1)
        list(meter.output.switch_off())
        meter.clock.wait(0.1)
        row = next(one for one in sheet.ranges["CURR"] if one.top >= 0.9e-3)
        limit = row.full_scale * state.limit_of_range if state.limit is None else state.limit
        if state.keeps_limit:
            limit = 0.9e-3
        if state.function == "CURR":
            limit = beside_limit(sheet).full_scale * state.limit_of_range
        for part in (0.5, 2.0):   # of the limit, into a short
            if state.function == "CURR":
                meter.load(1e9, push=1e3, volts=part * limit)
                meter.clock.wait(0.5)
                assert meter.truth("VOLT") == pytest.approx(min(part, 1.0) * limit, rel=0.02)
                assert part > 1 or abs(meter.truth("CURR")) < 1e-7
                continue
            meter.load(1e9, push=1.0 / (part * limit), volts=1.0)
            meter.clock.wait(0.5)
            volts, amperes = meter.truth("VOLT"), -meter.truth("CURR")
            if not state.relay_closed:   # it measures its own side of the relay
                stage = meter.output.stage
                assert meter.bench.circuit.voltage(stage.node) == pytest.approx(1.0, rel=1e-3)
                assert abs(amperes) < 1e-9 and abs(volts) < 2e-3
            elif part < 1:
                assert volts == pytest.approx(0.0, abs=2e-3) and amperes == pytest.approx(part * limit, rel=5e-3)
            else:
                assert amperes == pytest.approx(limit, rel=0.02) and volts > 0.4


def test_the_output_resistance_is_the_stated_one(sheet: SourceMeterDataSheet) -> None:
    """With two wires, a current lets the voltage at the terminals fall over the stage and the relay."""
    meter, source = SheetMeter(sheet), beside_limit(sheet)
    highest = sheet.highest_limit["VOLT"][sheet.ranges["VOLT"].index(source)]
    rows = [row for row in sheet.ranges["CURR"] if 50e-6 < row.full_scale <= highest]
    assert rows
    for row in rows:
        volts = []
        for load in (1e6, 1.25 / row.full_scale):
            meter.load(load)
            meter.source("VOLT", 1.0, row.full_scale, source)
            meter.clock.wait(0.1)
            volts.append((meter.truth("VOLT"), meter.truth("CURR")))
        (open_volts, none), (loaded, amperes) = volts
        inside = sheet.output_resistance + sheet.relay_resistance
        assert (open_volts - loaded) / (amperes - none) == pytest.approx(
            min(inside, sheet.voltage_burden / row.full_scale), rel=5e-3), row.full_scale


def test_what_falls_inside_does_not_contradict_the_accuracy_of_levels(sheet: SourceMeterDataSheet) -> None:
    """At the highest current beside each voltage range; accuracies hold at the terminals, with two wires too."""
    if math.isinf(sheet.voltage_burden):   # the manual states a resistance (B1500A)
        assert sheet.sources.output_resistance.found and not sheet.sources.output_resistance.missing
        return
    for row, amperes in zip(sheet.ranges["VOLT"], sheet.highest_limit["VOLT"], strict=True):
        measured = range_for(sheet.ranges["CURR"], amperes)
        assert amperes * sum(sheet.resistances(measured)) < row.source_offset, row.full_scale


def test_the_output_switches_in_the_stated_times(sheet: SourceMeterDataSheet) -> None:
    """The first reading comes when the output has settled; the relay opens when the output is at zero."""
    meter = SheetMeter(sheet)
    name, state = next(iter(sheet.off_states.items()))
    meter.settings.off_state = dict.fromkeys(meter.settings.off_state, name)
    meter.measure_in("CURR", range_for(sheet.ranges["CURR"], 1e-4))   # no search for a range
    start = meter.clock.now
    meter.source("VOLT", 0.1, 1e-4, beside_limit(sheet))
    assert meter.read().time - start == pytest.approx(sheet.switch_on_time, rel=1e-6)
    meter.measure_in("CURR", sheet.ranges["CURR"][-1])
    list(meter.output.switch_off())
    told, start = [], meter.clock.now
    meter.report_output = lambda *_: told.append(meter.clock.now)   # type: ignore[method-assign]
    meter.clock.wait(0.9 * sheet.relay_time)
    assert not told
    meter.clock.wait(0.2 * sheet.relay_time)
    assert told and told[0] - start == pytest.approx(sheet.relay_time, rel=1e-6)
    assert state.relay_closed or meter.truth("CURR") == pytest.approx(0.0, abs=1e-9)


def test_an_open_relay_settles_before_the_first_reading(sheet: SourceMeterDataSheet) -> None:
    meter = SheetMeter(sheet)
    open_state = next(name for name, state in sheet.off_states.items() if not state.relay_closed)
    meter.settings.off_state = dict.fromkeys(meter.settings.off_state, open_state)
    meter.measure_in("CURR", range_for(sheet.ranges["CURR"], 1e-4))   # no search for a range
    meter.source("VOLT", 0.1, 1e-4, beside_limit(sheet))
    list(meter.output.switch_off())
    meter.clock.wait(0.1)
    start = meter.clock.now
    meter.output.switch_on()
    assert meter.read().time - start == pytest.approx(sheet.switch_on_time + sheet.open_relay_settling, rel=1e-6)


def test_a_current_source_in_zero_is_limited_to_its_level_but_not_to_less_than_the_stated_part() -> None:
    """2400 user's manual, p. 13-10: the programmed level or 0.5 % of the range, whichever is greater."""
    sheet = next(one for one in SHEETS.values() if one.name == "MODEL 2400")
    for level, limit in ((0.9e-3, 0.9e-3), (1e-6, 5e-6)):
        meter = SheetMeter(sheet)
        meter.settings.off_state = dict.fromkeys(meter.settings.off_state, "ZERO")
        meter.load(1e3)
        meter.source("CURR", level, 2.0, next(row for row in sheet.ranges["CURR"] if row.full_scale == 1e-3))
        list(meter.output.switch_off())
        meter.clock.wait(0.1)
        meter.load(1e9, push=1.0 / (2 * limit), volts=1.0)
        meter.clock.wait(0.5)
        assert -meter.truth("CURR") == pytest.approx(limit, rel=0.02)


def test_a_reading_takes_the_stated_time_beside_its_aperture(sheet: SourceMeterDataSheet) -> None:
    meter = SheetMeter(sheet)
    drive(meter, "CURR", sheet.ranges["CURR"][-1])
    meter.settings.auto_zero = dict.fromkeys(meter.settings.auto_zero, False)
    meter.read()
    start = meter.clock.now
    meter.read()
    assert meter.clock.now - start - 0.02 == pytest.approx(sheet.reading_overhead, rel=1e-6)


def test_a_new_range_takes_the_stated_time(sheet: SourceMeterDataSheet) -> None:
    meter = SheetMeter(sheet)
    drive(meter, "CURR", sheet.ranges["CURR"][-1])
    meter.measure_in("CURR", sheet.ranges["CURR"][-2])
    start = meter.clock.now
    assert meter.read().time - start == pytest.approx(sheet.range_change_time, rel=1e-6)


def test_the_automatic_range_goes_down_below_the_stated_part(sheet: SourceMeterDataSheet) -> None:
    rows = sheet.ranges["CURR"]
    place = next(k for k, row in enumerate(rows) if row.full_scale >= 0.9e-4)
    meter = SheetMeter(sheet)
    for part, expected in ((1.03, place), (0.97, place - 1)):
        drive(meter, "CURR", rows[place], part * sheet.range_down)
        meter.measure_in("CURR", None)
        meter.output.automatic["CURR"] = rows[place]
        meter.read()
        assert meter.output.automatic["CURR"] is rows[expected]


def test_the_automatic_delay_is_the_stated_one_in_each_range(sheet: SourceMeterDataSheet) -> None:
    """From the new level to the beginning of the next aperture."""
    meter, source = SheetMeter(sheet), beside_limit(sheet)
    meter.settings.source_autodelay = dict.fromkeys(meter.settings.source_autodelay, True)
    for row, delay in zip(sheet.ranges["CURR"], sheet.auto_delays, strict=True):
        limit = min(row.full_scale, sheet.highest_limit["VOLT"][sheet.ranges["VOLT"].index(source)])
        if limit < 0.9 * row.full_scale:
            continue
        meter.load(1.0 / limit)
        meter.source("VOLT", 0.1, limit, source)
        meter.measure_in("CURR", row)
        meter.clock.wait(1.0)
        start = meter.clock.now
        meter.source("VOLT", 0.5, limit, source)
        assert meter.read().time - start == pytest.approx(delay, rel=1e-6, abs=1e-9), row.full_scale
