"""Output and readings of all source meters: set-points of the loops, settling, ranges, off states, averages."""

import math
from dataclasses import replace
from typing import Any

import pytest

from tests.simulated_backends.virtual_instruments.test_source_meter_core import TwoChannels, meter_on, read, switch_on
from tsbench.netlist import Element
from tsbench.simulated_backends.circuit.engine import Gap, Repetition
from tsbench.simulated_backends.services.regulation import Regulation
from tsbench.simulated_backends.services.services import BenchServices
from tsbench.simulated_backends.virtual_instruments.instrument import OPEN, Calibration, Placement
from tsbench.simulated_backends.virtual_instruments.keithley_2450.data_sheet import CURRENT, KEITHLEY_2450, VOLTAGE
from tsbench.simulated_backends.virtual_instruments.source_meter.output_stage import Aperture, range_for

RESISTORS = "R1 a 0 10k\nR2 b 0 10k\n"
SHEET = KEITHLEY_2450


def stage_of(meter: TwoChannels) -> Any:
    return meter.channels["a"].stage._stage()


# ------------------------------------------------------------------------------------------ set-points


@pytest.mark.parametrize(("level", "limit", "volt", "ampere"), [
    (0.01, 1e-3, 0, 5), (-15.0, 1e-6, 3, 2), (150.0, 0.1, 4, 7), (2.1, 1.05e-3, 2, 5), (2.2, 1.06e-3, 3, 6)])
def test_loops_of_a_voltage_source(level: float, limit: float, volt: int, ampere: int) -> None:
    """Each loop is as fast as its range; the current loop's swing is 1 V, or 15 % of a high voltage range."""
    meter = meter_on(RESISTORS)
    meter.settings["a"].current_limit = limit
    switch_on(meter, "a", level)
    stage, rows = stage_of(meter), (VOLTAGE[volt], CURRENT[ampere])
    assert (stage.function, stage.level, stage.limit) == ("voltage", level, limit)
    assert (stage.voltage_time_constant, stage.current_time_constant) == tuple(row.time_constant for row in rows)
    swing = max(1.0, 0.15 * rows[0].full_scale)
    inside = min(0.1, 100e-6 / rows[1].full_scale)   # of stage and relay: 100 uV fall there, or less
    assert stage.loop_resistance == pytest.approx(swing / rows[1].full_scale + inside)
    assert (stage.slew_rate, stage.output_resistance) == (0.2e6, pytest.approx(inside / 2))


@pytest.mark.parametrize(("level", "limit", "volt", "ampere"), [(1e-3, 2.0, 2, 5), (-0.5, 20.0, 3, 8)])
def test_loops_of_a_current_source(level: float, limit: float, volt: int, ampere: int) -> None:
    meter = meter_on(RESISTORS)
    settings = meter.settings["a"]
    settings.source_function, settings.voltage_limit = "CURR", limit
    settings.source_level["CURR"] = level
    meter.channels["a"].switch_on()
    stage = stage_of(meter)
    assert (stage.function, stage.level, stage.limit) == ("current", level, limit)
    assert stage.voltage_time_constant == VOLTAGE[volt].time_constant
    assert stage.current_time_constant == CURRENT[ampere].time_constant
    assert stage.loop_resistance == pytest.approx(
        max(1.0, 0.15 * VOLTAGE[volt].full_scale) / CURRENT[ampere].full_scale
        + min(0.1, 100e-6 / CURRENT[ampere].full_scale))


def test_the_relay_follows_the_range_of_the_current() -> None:
    """Where a larger current is allowed, less lies outside the regulation; the circuit hears of it only then."""
    meter = meter_on(RESISTORS)
    switch_on(meter, "a", 1.0)
    relays: list[float] = []
    meter.bench.circuit.set_resistance = lambda _name, ohms: relays.append(ohms)   # type: ignore[method-assign]
    for limit in (1e-3, 0.5e-3, 0.1, 0.09, 1.0, 1e-3):
        meter.settings["a"].current_limit = limit
        meter.channels["a"].refresh()
    assert relays == pytest.approx([0.5e-3, 0.05e-3, 0.05])


def test_high_capacitance_slows_both_loops_and_the_slew() -> None:
    meter = meter_on(RESISTORS)
    switch_on(meter, "a", 1.0)
    fast = stage_of(meter)
    meter.settings["a"].high_capacitance["VOLT"] = True
    meter.channels["a"].refresh()
    slow = stage_of(meter)
    assert slow == replace(
        fast, voltage_time_constant=20 * fast.voltage_time_constant, slew_rate=fast.slew_rate / 20,
        current_time_constant=20 * fast.current_time_constant)


@pytest.mark.parametrize(("state", "part", "closed"), [
    ("NORM", 0.1, True), ("ZERO", 1.0, True), ("HIMP", 0.1, False)])
def test_an_output_that_is_off_holds_zero_volts(state: str, part: float, closed: bool) -> None:
    meter = meter_on(RESISTORS)
    settings = meter.settings["a"]
    settings.source_function, settings.off_state["CURR"] = "CURR", state
    settings.source_level["CURR"] = 5e-3
    meter.channels["a"].switch_on()
    relays: dict[str, float] = {}
    meter.bench.circuit.set_resistance = relays.__setitem__   # type: ignore[method-assign]
    list(meter.channels["a"].switch_off())
    assert not relays
    meter.clock.wait(1e-3)
    stage = stage_of(meter)
    assert (stage.function, stage.level, stage.limit) == ("voltage", 0.0, pytest.approx(part * 10e-3))
    assert relays == {"R_meter_a_relay": pytest.approx(100e-6 / 10e-3 / 2) if closed else OPEN}
    assert not meter.channels["a"].stage.limiting()


@pytest.mark.parametrize(("state", "seen"), [("HIMP", False), ("NORM", True)])
def test_behind_an_open_relay_nothing_of_the_circuit_is_measured(state: str, seen: bool) -> None:
    meter = meter_on("R1 a b 10k\nR2 a 0 10k\nR3 b 0 10k\n")
    settings = meter.settings["a"]
    settings.off_state["VOLT"], settings.function = state, "VOLT"
    meter.channels["a"].switch_on()
    list(meter.channels["a"].switch_off())
    switch_on(meter, "b", 1.0)
    meter.clock.wait(1e-2)
    at_node = meter.bench.circuit.voltage("a")
    assert at_node == pytest.approx(0.0 if seen else 0.5, abs=1e-4)   # an output that is off and connected holds 0 V
    assert meter.channels["a"].stage.present("VOLT") == pytest.approx(0.0, abs=1e-4)


def test_a_level_is_what_was_asked_for_with_the_errors_of_its_range() -> None:
    """Level times (1 + gain) plus an offset, a limit without one; the witness is told what really limits."""
    meter = meter_on(RESISTORS)
    told: list[Any] = []
    drawn: dict[str, tuple[float, float]] = {}
    meter.bench.compliance = lambda *what: told.append(what)   # type: ignore[method-assign]

    def calibration(purpose: str, gain: float, offset: float) -> Calibration:
        drawn[purpose] = gain, offset
        return Calibration(0.01, 0.5) if purpose.startswith("a source") else Calibration(0.02)

    meter.calibration = calibration   # type: ignore[method-assign]
    meter.channels["a"].stage._errors.clear()   # that of the limit was drawn at power-on
    switch_on(meter, "a", -2.0)
    stage = stage_of(meter)
    two_volts, one_milliampere = VOLTAGE[2], CURRENT[5]
    limit = 1e-3 * (1 + 0.02 * one_milliampere.source_gain)   # of the range of the limit, whichever was the first
    assert (stage.level, stage.limit) == pytest.approx((-2.02 + 0.5, limit), rel=1e-9)
    assert drawn == {
        "a source VOLT 2": (two_volts.source_gain, two_volts.source_offset),
        "a limit VOLT": (1.0, 0.0)}
    assert told == [("meter.a", Regulation("n_meter_a_output", stage.level, stage.limit))]
    list(meter.channels["a"].switch_off())
    assert told[1] == ("meter.a", None) and stage_of(meter).level == 0.0
    meter.settings["a"].source_function = "CURR"
    meter.channels["a"].switch_on()
    assert told[-1] == ("meter.a", None)   # a current source holds no compliance current


def test_a_limit_of_nothing_is_a_very_small_one() -> None:
    meter = meter_on(RESISTORS)
    meter.settings["a"].current_limit = 0.0
    switch_on(meter, "a", 1.0)
    assert stage_of(meter).limit == 1e-12   # the loop that limits needs one


def test_errors_of_a_level_are_those_of_its_range_and_stay() -> None:
    meter = meter_on(RESISTORS, imperfections=True)
    levels = []
    for volts in (1.0, 2.0, 15.0):
        switch_on(meter, "a", volts)
        levels.append(stage_of(meter).level)
    row = VOLTAGE[2]
    gain = levels[1] - levels[0] - 1.0   # both in the 2 V range
    offset = levels[0] - 1.0 - gain
    assert 0 < abs(gain) <= row.source_gain and 0 < abs(offset) <= row.source_offset
    assert levels[2] != pytest.approx(15.0 * (1 + gain) + offset, abs=1e-9)   # another range
    assert abs(levels[2] - 15.0) <= 15.0 * VOLTAGE[3].source_gain + VOLTAGE[3].source_offset
    switch_on(meter, "a", 2.0)
    assert stage_of(meter).level == levels[1]
    switch_on(meter, "b", 2.0)
    assert meter.channels["b"].stage._stage().level != levels[1]
    limit = stage_of(meter).limit   # a limit has an error of gain only
    assert 0 < abs(limit / 1e-3 - 1) <= CURRENT[5].source_gain


# --------------------------------------------------------------------------------------------- settling


def test_when_a_new_level_has_settled() -> None:
    """The delay of the current range (1 ms at 1 mA), 2 ms more after a change of range, and 2 ms to switch on."""
    meter = meter_on(RESISTORS)
    output, settings = meter.channels["a"], meter.settings["a"]

    def settles(volts: float) -> float:
        settings.source_level["VOLT"] = volts
        output.level_changed("VOLT")
        return output.settled_at - meter.clock.now

    assert settles(0.01) == settles(1.5) == pytest.approx(1e-3)   # off: no range changes
    output.switch_on()
    assert output.settled_at - meter.clock.now == pytest.approx(3e-3)
    assert settles(1.0) == pytest.approx(1e-3)
    assert settles(5.0) == pytest.approx(3e-3) and output.settling_time() == pytest.approx(2e-3)
    meter.clock.wait(1.5e-3)
    assert output.settling_time() == pytest.approx(0.5e-3)
    meter.clock.wait(1.0)
    assert output.settling_time() == 0.0
    settings.source_autodelay["VOLT"], settings.source_delay["VOLT"] = False, 0.25
    assert settles(5.0) == pytest.approx(0.25)
    settings.source_autodelay["VOLT"] = True
    for limit, delay in ((1e-8, 0.05), (1e-7, 0.05), (1e-6, 3e-3), (1e-5, 2e-3), (1e-4, 1e-3)):
        settings.current_limit = limit
        assert settles(5.0) == pytest.approx(delay)
    before = output.settled_at
    output.level_changed("CURR")   # that is not sourced
    assert output.settled_at == before


def test_a_new_measuring_range_takes_its_time_while_the_output_is_on() -> None:
    meter = meter_on(RESISTORS)
    output, settings = meter.channels["a"], meter.settings["a"]
    settings.sense_range.update(VOLT=2.0, CURR=1e-3)
    settings.sense_autorange["VOLT"] = False
    meter.clock.wait(1.0)
    output.measuring_changed()
    assert output.settled_at == 0.0
    assert settings.sense_range["VOLT"] == 2.0 and settings.sense_range["CURR"] is None   # forgotten where automatic
    output.switch_on()
    meter.clock.wait(1.0)
    output.measuring_changed()
    assert output.settled_at - meter.clock.now == pytest.approx(2e-3)
    output.settled_at = meter.clock.now + 1.0
    output.measuring_changed()   # it has longer to wait already
    assert output.settled_at - meter.clock.now == pytest.approx(1.0)


@pytest.mark.parametrize(("first", "then", "push"), [
    (0.1, 1.0, 0.25), (1.0, 0.1, -0.25), (-0.1, -1.0, -0.25), (-1.0, -0.1, 0.25)])
def test_a_change_of_range_pushes_the_output_for_ten_microseconds(first: float, then: float, push: float) -> None:
    """Upwards away from zero, downwards towards it: by so much that the output moves by 0.25 V in 10 us."""
    pushed = then + push / (1 - math.exp(-10e-6 / VOLTAGE[2].time_constant))   # 200 mV and 2 V are equally fast
    meter = meter_on(RESISTORS, imperfections=True)
    switch_on(meter, "a", first)
    meter.clock.wait(0.1)
    told: list[float] = []
    circuit = meter.bench.circuit
    set_stage = circuit.set_stage

    def tell(name: str, stage: Any) -> None:
        told.append(stage.level)
        set_stage(name, stage)

    circuit.set_stage = tell   # type: ignore[method-assign]
    meter.settings["a"].source_level["VOLT"] = then
    meter.channels["a"].level_changed("VOLT")
    assert told == pytest.approx([then, pushed], abs=2e-3)
    meter.clock.wait(9e-6)
    assert len(told) == 2
    meter.clock.wait(2e-6)
    assert told[2:] == told[:1]
    meter.channels["a"].level_changed("VOLT")   # the same range: no push
    assert len(told) == 4


def test_only_an_imperfect_voltage_source_is_pushed_and_switching_off_forgets_it() -> None:
    for imperfections, function in ((False, "VOLT"), (True, "CURR")):
        meter = meter_on(RESISTORS, imperfections)
        settings, output = meter.settings["a"], meter.channels["a"]
        settings.source_function = function
        output.switch_on()
        settings.source_level[function] = 0.9
        output.level_changed(function)
        assert output._after_push is None
    meter = meter_on(RESISTORS, imperfections=True)
    switch_on(meter, "a", 0.1)
    meter.settings["a"].source_level["VOLT"] = 1.0
    meter.channels["a"].level_changed("VOLT")
    assert meter.channels["a"]._after_push is not None
    list(meter.channels["a"].switch_off())
    assert meter.channels["a"]._after_push is None


# ---------------------------------------------------------------------------------------- ranges and limits


def test_the_fixed_measuring_range_without_a_value_is_that_in_use() -> None:
    meter = meter_on(RESISTORS)
    output, settings = meter.channels["a"], meter.settings["a"]
    settings.source_level["VOLT"] = 5.0
    assert output.fixed_measuring_range("VOLT") is VOLTAGE[3]   # that of the source
    assert output.fixed_measuring_range("CURR") is output.automatic["CURR"] is CURRENT[4]
    settings.sense_range["CURR"] = 2e-3
    assert output.fixed_measuring_range("CURR") is CURRENT[6]
    settings.source_autorange["VOLT"] = False
    assert output.source_range() is VOLTAGE[0]   # fixed, but never set
    assert range_for(CURRENT, -1.05e-3) is CURRENT[5] and range_for(CURRENT, 5.0) is CURRENT[-1]


def test_off_states_change_only_an_output_that_is_off() -> None:
    meter = meter_on(RESISTORS)
    output, settings, taken = meter.channels["a"], meter.settings["a"], []
    output.take_off_state = lambda: taken.append(settings.off_state["VOLT"])   # type: ignore[method-assign]
    settings.off_state["VOLT"] = "HIMP"
    output.off_state_changed("CURR")
    assert taken == []
    output.off_state_changed("VOLT")
    assert taken == ["HIMP"]
    output.switch_on()
    output.off_state_changed("VOLT")
    assert taken == ["HIMP"]
    next(output.switch_off())   # the relay is on its way
    output.off_state_changed("VOLT")
    assert taken == ["HIMP"]


def test_switching_on_again_keeps_the_relay_closed() -> None:
    meter = meter_on(RESISTORS)
    switch_on(meter, "a", 1.0)
    steps = meter.channels["a"].switch_off()
    assert next(steps) == pytest.approx(SHEET.relay_time)
    meter.clock.wait(0.2e-3)
    assert next(meter.channels["a"].switch_off()) == pytest.approx(0.3e-3)   # asked again: what is left
    meter.channels["a"].switch_on()
    meter.clock.wait(1.0)
    assert meter.output_states()["a"] and meter.bench.circuit.voltage("a") == pytest.approx(1.0, rel=1e-3)


def test_terminals_that_are_not_wired_leak_to_ground() -> None:
    wired = TwoChannels(BenchServices(1), Placement("m", "S", {"a": "n1", "b": "n2"})).channels["a"].stage
    open_ended = TwoChannels(BenchServices(1), Placement("m", "S", {})).channels["b"].stage
    assert wired.attachment().elements == (Element("R", "R_m_a_relay", ("n_m_a_output", "n1"), value=OPEN),)
    relay, leak = open_ended.attachment().elements
    assert (relay.name, relay.nodes, relay.value) == ("R_m_b_relay", ("n_m_b_output", "n_m_b_open"), 1e12)
    assert (leak.name, leak.nodes, leak.value) == ("R_m_b_leak", ("n_m_b_open", "0"), 1e9)
    (attached,) = open_ended.attachment().stages
    assert (attached.name, attached.node, attached.stage.level) == ("S_m_b_stage", "n_m_b_output", 0.0)


# --------------------------------------------------------------------------------------------- readings


class Ramp:
    """1 V/s at each node and 2 A/s in each element from time 0 on."""

    def __init__(self, start: float, end: float) -> None:
        self.start, self.end = start, end

    def integral(self, kind: str, name: str, start: float, end: float) -> float:
        slope = {("voltage", "a"): 1.0, ("current", "R1"): 2.0}[kind, name]
        return slope * (end**2 - start**2) / 2


def test_an_aperture_is_the_mean_over_its_time() -> None:
    aperture = Aperture("a", "R1")
    assert aperture.length == 0.0
    aperture.observe(Ramp(1.0, 2.0))   # type: ignore[arg-type]
    assert aperture.means() == {"VOLT": 1.5, "CURR": 3.0}
    aperture.observe(Repetition(2.0, 3, 1.0, Ramp(0.0, 1.0)))   # type: ignore[arg-type]
    assert aperture.length == 4.0
    assert aperture.means() == {"VOLT": (1.5 + 3 * 0.5) / 4, "CURR": (3.0 + 3 * 1.0) / 4}
    aperture.observe(Gap(5.0, 6.0, "too much"))
    assert aperture.length == 5.0 and all(math.isnan(mean) for mean in aperture.means().values())


def test_an_aperture_counts_from_its_opening() -> None:
    aperture = Aperture("a", "R1", 1.5)
    assert aperture.length == 0.0
    aperture.observe(Ramp(0.0, 1.0))   # type: ignore[arg-type]
    assert aperture.length == 0.0
    aperture.observe(Ramp(1.0, 2.0))   # type: ignore[arg-type]
    assert aperture.length == 0.5
    assert aperture.means() == {"VOLT": pytest.approx(1.75), "CURR": pytest.approx(3.5)}


@pytest.mark.parametrize("opened", [0.0, 0.25, 1.0, 1.75, 2.5])
def test_an_aperture_that_opens_within_skipped_periods_counts_the_rest_of_them(opened: float) -> None:
    """Three periods of 1 s, each a ramp from 0 V to 1 V: the integral of the last x s of a period is x - x^2/2."""
    aperture = Aperture("a", "R1", 5.0 + opened)
    aperture.observe(Repetition(5.0, 3, 1.0, Ramp(0.0, 1.0)))   # type: ignore[arg-type]
    left = 3.0 - opened
    rest = left - math.floor(left)
    assert aperture.length == pytest.approx(left)
    mean = (math.floor(left) * 0.5 + rest - rest**2 / 2) / left
    assert aperture.means() == {"VOLT": pytest.approx(mean), "CURR": pytest.approx(2 * mean)}


def test_settings_of_an_output_that_is_off_leave_the_circuit_alone() -> None:
    meter = meter_on(RESISTORS)
    circuit, settings = meter.bench.lagging_circuit, meter.settings["a"]
    meter.channels["a"].refresh()   # what the circuit has from now on
    reached = circuit.time
    meter.bench.clock.wait(1e-3)
    for level in (0.01, 0.015):
        settings.source_level["VOLT"] = level
        meter.channels["a"].level_changed("VOLT")
    assert circuit.time == reached
    switch_on(meter, "a", 0.3)
    assert stage_of(meter).level == 0.3
    assert circuit.time > reached


def test_a_mean_within_half_a_percent_of_the_limit_is_limited() -> None:
    meter = meter_on(RESISTORS)
    stage = meter.channels["a"].stage
    assert not stage.limiting({"VOLT": 0.0, "CURR": 1.0})   # off
    switch_on(meter, "a", 1.0)
    for current, limited in ((0.994e-3, False), (0.996e-3, True), (-0.996e-3, True), (math.nan, False)):
        assert stage.limiting({"VOLT": 9.0, "CURR": current}) is limited, current
    meter.settings["a"].source_function = "CURR"
    meter.channels["a"].switch_on()
    assert stage.limiting({"VOLT": 20.9, "CURR": 0.0}) and not stage.limiting({"VOLT": 20.8, "CURR": 1.0})


def test_the_automatic_range_goes_step_by_step_and_each_takes_its_time() -> None:
    meter = meter_on("R1 a 0 100\nR2 b 0 10k\n")
    settings, output, hunt = meter.settings["a"], meter.channels["a"], meter.measurers["a"]._hunt
    settings.current_limit = 1.0
    # 50 mA from the first 100 uA, 10.5 mA (of 100 mA: 10 % is enough), 8.5 mA, 1.1 mA, 0.5 mA, no current
    for volts, ranges in ((5.0, 3), (5.0, 0), (1.05, 0), (0.85, 1), (0.11, 0), (0.05, 1), (0.0, 5)):
        switch_on(meter, "a", volts)
        meter.clock.wait(1.0)
        assert list(hunt("CURR")) == [2e-3] * ranges, volts
    assert output.automatic["CURR"] is CURRENT[0]
    assert list(hunt("CURR")) == []
    settings.source_function, output.automatic["VOLT"] = "CURR", VOLTAGE[0]
    settings.source_level["CURR"], settings.voltage_limit = 0.2, 21.0
    output.switch_on()
    meter.clock.wait(1.0)
    assert list(hunt("VOLT")) == [2e-3] * 3 and output.automatic["VOLT"] is VOLTAGE[3]   # 20 V


class Averages:
    """An aperture that has averaged this current [A]."""

    def __init__(self, current: float) -> None:
        self.current = current

    def means(self) -> dict[str, float]:
        return {"VOLT": 1.0, "CURR": self.current}


@pytest.mark.parametrize(("current", "row", "value"), [
    (0.104e-3, 4, 0.104e-3), (0.106e-3, 5, 0.106e-3), (-20e-3, 7, -20e-3), (1.04, 8, 1.04), (1.06, 8, 9.9e37)])
def test_a_current_that_rises_within_an_aperture_is_measured_again(current: float, row: int, value: float) -> None:
    """One range further up each time, which takes its time; the highest range overflows."""
    meter = meter_on(RESISTORS)
    meter.channels["a"].stage.begin = lambda: Averages(current)   # type: ignore[method-assign, assignment, return-value]
    meter.channels["a"].stage.cancel = lambda aperture: None   # type: ignore[method-assign]
    meter.settings["a"].auto_zero["CURR"] = False
    steps = meter.measurers["a"]._aperture("CURR", ("CURR",))
    waits = []
    try:
        while True:
            waits.append(next(steps))
    except StopIteration as end:
        assert end.value.value == value
    ups = row - 4
    assert waits == [20e-3, *[2e-3, 20e-3] * ups, 250e-6]
    assert meter.channels["a"].automatic["CURR"] is CURRENT[row]


def test_a_fixed_range_overflows_beyond_105_percent() -> None:
    meter = meter_on(RESISTORS)
    settings = meter.settings["a"]
    settings.source_function, settings.sense_function = "CURR", "VOLT"
    settings.sense_autorange["VOLT"], settings.sense_range["VOLT"] = False, 2.0
    settings.voltage_limit = 20.0
    for amperes, value in ((2e-4, 2.0), (-2.09e-4, -2.09), (2.2e-4, 9.9e37), (-2.2e-4, -9.9e37)):
        settings.source_level["CURR"] = amperes
        meter.channels["a"].switch_on()
        assert read(meter, "a").value == pytest.approx(value, rel=1e-4)


def test_resistance_is_voltage_over_current() -> None:
    meter = meter_on(RESISTORS)
    settings = meter.settings["a"]
    settings.sense_function = "RES"
    switch_on(meter, "a", 2.0)
    reading = read(meter, "a")
    assert reading.value == pytest.approx(1e4, rel=1e-4)
    assert (reading.quantity, reading.source, reading.source_value) == ("RES", "VOLT", pytest.approx(2.0, rel=1e-4))
    assert meter.channels["a"].automatic["CURR"] is CURRENT[5]   # 0.2 mA
    settings.current_limit, settings.sense_range["CURR"] = 1e-6, 1e-8   # a fixed range of another function is not used
    settings.sense_autorange["CURR"] = False
    switch_on(meter, "a", 2.0)
    assert read(meter, "a").value == pytest.approx(1e4, rel=1e-2)


def test_resistance_without_current_is_an_overflow() -> None:
    meter = meter_on(RESISTORS)
    settings = meter.settings["a"]
    settings.sense_function = "RES"
    switch_on(meter, "a", 0.0)
    assert read(meter, "a").value == 9.9e37


def filtered_readings(kind: str, count: int, levels: list[float]) -> list[float]:
    meter = meter_on(RESISTORS)
    settings = meter.settings["a"]
    settings.filter_on["CURR"], settings.filter_type["CURR"], settings.filter_count["CURR"] = True, kind, count
    settings.nplc["CURR"] = 0.01
    found = []
    for level in levels:
        switch_on(meter, "a", level)
        found.append(read(meter, "a").value * 10e3)
    return found


def test_filters_repeat_or_move() -> None:
    levels = [1.0, 2.0, 6.0, 6.0]
    assert filtered_readings("REP", 3, levels) == pytest.approx(levels, rel=1e-3)
    assert filtered_readings("MOV", 1, levels) == pytest.approx(levels, rel=1e-3)
    assert filtered_readings("MOV", 3, levels) == pytest.approx([1.0, 1.5, 3.0, 14 / 3], rel=1e-3)


def test_a_repeating_filter_takes_its_readings_anew() -> None:
    meter = meter_on(RESISTORS)
    settings = meter.settings["a"]
    settings.filter_on["CURR"], settings.filter_count["CURR"], settings.auto_zero["CURR"] = True, 5, False
    switch_on(meter, "a", 1.0)
    read(meter, "a")
    start = meter.clock.now
    read(meter, "a")
    assert meter.clock.now - start == pytest.approx(5 * (20e-3 + 250e-6), abs=1.1e-3)   # polled each millisecond


def test_noise_of_a_reading_falls_to_a_floor() -> None:
    """Noise is that of the data sheet at 1 PLC; a quarter of its power is 1/f noise, which no aperture averages."""
    meter = meter_on(RESISTORS, imperfections=True)
    measurer, settings = meter.measurers["a"], meter.settings["a"]
    settings.source_function, settings.sense_autorange["VOLT"] = "CURR", False
    settings.sense_range["VOLT"] = 2.0

    def spread(nplc: float) -> float:
        shown = [measurer._shown("VOLT", 1.0, nplc) for _ in range(400)]
        mean = math.fsum(shown) / len(shown)
        assert abs(mean - 1.0) <= VOLTAGE[2].measure_gain + VOLTAGE[2].measure_offset
        assert all(abs(value / 2e-6 - round(value / 2e-6)) < 1e-6 for value in shown)   # a millionth of the range
        return math.sqrt(math.fsum((value - mean) ** 2 for value in shown) / len(shown))

    assert spread(1.0) == pytest.approx(10e-6, rel=0.1)
    assert spread(0.01) == pytest.approx(10e-6 * math.sqrt(75.25), rel=0.1)
    assert spread(10.0) == pytest.approx(10e-6 * math.sqrt(0.325), rel=0.1)
    assert measurer._shown("VOLT", math.nan, 1.0) == 9.91e37


def test_a_reading_has_the_errors_of_its_range() -> None:
    meter = meter_on(RESISTORS)
    meter.bench.imperfections = True
    meter.calibration = lambda purpose, gain, offset: Calibration(0.1, 0.002)   # type: ignore[method-assign]
    meter.rng = ZeroNoise()   # type: ignore[assignment]
    measurer = meter.measurers["a"]
    assert measurer._shown("VOLT", -0.02, 1.0) == pytest.approx(-0.02)   # 0.9 of it would be -0.016: both from here
    assert measurer._shown("CURR", 50e-6, 1.0) == 9.9e37   # 2 mA of offset in the 100 uA range


class ZeroNoise:
    """A generator whose normal numbers are all 0."""

    def standard_normal(self) -> float:
        return 0.0
