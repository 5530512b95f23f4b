"""Endurance: the life of a device on the simulated bench beside the witness, and the criterion by made records."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.fixtures.made_runs import run, waveform
from tests.fixtures.switching_meter import ran
from tsbench.errors import ConfigurationError
from tsbench.protocols import protocol_named
from tsbench.protocols.endurance.extraction import cycles
from tsbench.protocols.endurance.failure import CycleVerdict, FailureCount, verdict
from tsbench.protocols.endurance.parameters import EnduranceParameters
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.protocols.pulses.cycle_states import CycleState, PulseStand
from tsbench.records import Flag, Run

OPTIONS = ExtractionOptions()
WEARS = (('[devices.D1]\nmodel = "nbo2"',
          '[devices.D1]\nmodel = "nbo2"\n[devices.D1.cycles]\nendurance = 8\nendurance_shape = 30'),)
ON, OFF, GONE = 600.0, 100e3, 1e9


def made(states: list[tuple[float, float]], noise: float = 1e-3, **values: Any) -> Run:
    """Return a run whose cycles have these resistances at the write and at the read pulse."""
    settings = EnduranceParameters(cycles=len(states), failures=3, **values)
    times = np.linspace(-settings.lead, settings.span - settings.lead, settings.samples, endpoint=False)
    corners, levels = settings.corners(settings.amplitude[0])
    source, random = np.interp(times, corners, levels), np.random.default_rng(1)
    read = times > settings.width + settings.gap / 2
    current = np.array([source / (np.where(read, off, on) + 102) for on, off in states])
    high = source - 52 * current + random.normal(0, noise, current.shape)
    low = 50 * current + random.normal(0, noise, current.shape)
    conditions = {"amplitude": settings.amplitude[0], "pulse_width": settings.width, "first": 0.0}
    records = [waveform(name, volts, full, times[1] - times[0], conditions, times[0])
               for name, volts, full in (("device_voltage_high", high, 2.0), ("device_voltage_low", low, 0.4))]
    points = [(k, k * settings.period, settings.amplitude[0], settings.width) for k in range(len(states))]
    return run("endurance", ("index", "time", "amplitude", "width"), points, records, settings.parameters())


def life(*states: tuple[float, float], **values: Any) -> Any:
    return next(iter(protocol_named("endurance").extract(made(list(states), **values), OPTIONS)))


@pytest.mark.sabotage("resistor", "units", "output")
def test_a_device_that_wears_out_is_found_at_the_cycle_of_the_witness(measure: Any) -> None:
    done = measure("nbo2", "endurance", {"cycles": 30, "batch": 6, "failures": 3}, replace=WEARS)
    (worn,) = [record["cycles"] for record in done.witness if record["kind"] == "changed"]
    (found,) = done.values("cycles_to_failure")
    assert found.value == worn and found.low <= worn <= found.high
    assert len(done.run.points) < 30 and "stays on" in found.method
    assert any("stays on" in line for line in done.warnings()) and done.outcome.safe and done.left_on == []
    true = [record for record in done.witness if record["kind"] == "on"]
    assert len(true) == worn   # every cycle before it was one switching
    on = next(row for row in done.values("on_resistance") if row.value is not None)
    assert 400 < on.low < on.value < on.high < 800


def test_failure_is_a_row_of_failed_cycles() -> None:
    good, stuck, quiet = (ON, OFF), (ON, ON), (OFF, OFF)
    found = life(*[good] * 6, stuck, good, quiet, quiet, good, stuck, stuck, stuck, stuck)
    assert (found.value, found.low, found.high) == (12.0, 12.0, 12.0) and "stays on" in found.method
    found = life(*[good] * 4, quiet, quiet, quiet)
    assert found.value == 5.0 and "does not switch on" in found.method
    found = life(*[good] * 4, quiet, quiet, good)   # two are no row
    assert found.value is None and found.low == 7.0 and found.high is None and Flag.CENSORED in found.flags


def test_undecided_cycles_before_the_failure_make_a_bracket() -> None:
    """The device may have failed at any cycle after the last good one."""
    near = (EnduranceParameters().on_below, OFF)
    found = life(*[(ON, OFF)] * 4, near, near, *[(ON, ON)] * 3)
    assert (found.value, found.low, found.high) == (7.0, 5.0, 7.0)


def test_single_failed_cycles_are_a_share() -> None:
    rows = {row.quantity: row for row in protocol_named("endurance").extract(
        made([(ON, OFF), (OFF, OFF), *[(ON, OFF)] * 8, *[(ON, ON)] * 3]), OPTIONS)}
    share = rows["failed_cycle_share"]
    assert share.value == pytest.approx(1 / 10) and share.low < 0.1 < share.high
    assert rows["cycles_to_failure"].value == 11.0


def test_failed_cycles_of_the_row_that_ends_the_life_and_after_it_are_no_single_ones() -> None:
    good, stuck = (ON, OFF), (ON, ON)
    _, count = cycles(made([good, stuck, good, stuck, stuck, good, *[stuck] * 3, stuck, good, stuck]))
    assert (count.failed_at, count.single, count.good) == (7, 3, 3)
    _, count = cycles(made([good, stuck, stuck]))   # a row that is not long enough
    assert (count.failed_at, count.single, count.good) == (None, 2, 1)


def test_resistances_by_decade_and_what_the_scope_cannot_see() -> None:
    rows = [row for row in protocol_named("endurance").extract(made([(ON, GONE)] * 12), OPTIONS)]
    on = [row for row in rows if row.quantity == "on_resistance"]
    assert [row.conditions["cycles"] for row in on] == ["1 to 9", "10 to 99"]
    assert on[0].value == pytest.approx(ON, rel=0.02) and Flag.TOO_FEW in on[1].flags
    off = next(row for row in rows if row.quantity == "off_resistance")
    assert off.value is None and 1e3 < off.low < GONE and Flag.CENSORED in off.flags


def test_a_lost_contact_is_named_and_a_run_without_records_gives_no_number() -> None:
    run = made([*[(ON, OFF)] * 3, *[(GONE, GONE)] * 3])
    assert "contact" in protocol_named("endurance").device_remark(run)
    empty = made([(ON, OFF)] * 2)
    empty = type(empty)(**{**empty.__dict__, "waveforms": ()})
    rows = list(protocol_named("endurance").extract(empty, OPTIONS))
    assert all(row.value is None and Flag.NO_EVENT in row.flags for row in rows)
    assert list(protocol_named("endurance").figures(empty, OPTIONS)) == []


def on_the_bench(
    station: Any, recorder: Any, values: dict[str, Any], off: float = OFF, misses: tuple[int, ...] = (),
) -> Run:
    """Perform a run on a recording bench whose device has ``ON`` at the write and ``off`` at the read pulse."""
    protocol = protocol_named("endurance").parse(values)
    corners, levels = protocol.corners(protocol.amplitude[0])

    def signal(channel: int, times: Any) -> Any:
        source = np.interp(times, corners, levels)
        current = source / (np.where(times > protocol.width + protocol.gap / 2, off, ON) + 102)
        return 50 * current if channel == 2 else source - 52 * current

    station.scope.signal, station.scope.misses = signal, list(misses)
    return ran(protocol, station, recorder)


def test_cycles_that_the_scope_missed_are_rows_but_no_evidence(station: Any, recorder: Any) -> None:
    run = on_the_bench(station, recorder, {"cycles": 9, "batch": 4, "failures": 3}, misses=(0, 2, 0))
    missed = np.flatnonzero(run.point_flags & int(Flag.TRIGGER_MISSED))
    assert len(run.points) == 9 and missed.size == 2 and any("missed 2 of 4" in t for t in recorder.texts("warning"))
    found, count = cycles(run)
    assert len(found) == 7 and not set(missed + 1) & {one.number for one in found}
    assert count.failed_at is None and count.last_good == 9


def test_a_run_ends_after_the_burst_in_which_the_device_failed(station: Any, recorder: Any) -> None:
    run = on_the_bench(station, recorder, {"cycles": 100, "batch": 4, "failures": 3}, off=ON)
    assert len(run.points) == 5   # one cycle for the ranges, and a burst
    life = next(iter(protocol_named("endurance").extract(run, OPTIONS)))
    assert (life.value, life.low) == (1.0, 1.0) and station.generator.output is False


@pytest.mark.parametrize(("share", "on", "off"), [
    (0.93, CycleVerdict.NOT_ON, CycleVerdict.GOOD), (0.97, CycleVerdict.UNDECIDED, CycleVerdict.UNDECIDED),
    (1.03, CycleVerdict.UNDECIDED, CycleVerdict.UNDECIDED), (1.07, CycleVerdict.GOOD, CycleVerdict.STAYS_ON)])
def test_a_limit_counts_as_passed_beyond_five_percent_for_the_gains(
    share: float, on: CycleVerdict, off: CycleVerdict,
) -> None:
    """Without noise; ``share`` is the conductance over that of the limit, at the write or at the read pulse."""
    settings = EnduranceParameters(on_below=1e3, off_above=10e3)

    def stand(conductance: float) -> PulseStand:
        return PulseStand(1.0, conductance, 1e-9, 1e-12)

    assert verdict(settings, CycleState(stand(share * 1e-3), stand(1e-6))) is on
    assert verdict(settings, CycleState(stand(2e-3), stand(share * 1e-4))) is off


def test_near_the_limit_a_cycle_is_undecided() -> None:
    settings = EnduranceParameters(on_below=1e3, off_above=1e3, failures=2)
    sure, near = PulseStand(1.0, 2e-3, 1e-3, 1e-6), PulseStand(0.3, 0.3e-3, 1e-3, 1e-5)
    assert verdict(settings, CycleState(sure, near)) is CycleVerdict.UNDECIDED
    count = FailureCount(settings)
    stuck, open_ = CycleState(sure, PulseStand(0.3, 1e-3, 1e-3, 1e-6)), CycleState(sure, near)
    for number, state in enumerate((stuck, open_, stuck), start=1):   # an undecided cycle does not end a row
        count.add(number, state)
    assert count.failed_at == 1 and count.undecided == 1


def test_a_figure_and_a_plan(new_station: Any) -> None:
    ((name, draw),) = protocol_named("endurance").figures(made([(ON, OFF)] * 4 + [(ON, ON)] * 3), OPTIONS)
    assert name == "endurance" and draw().axes[0].get_xscale() == "log"
    plan = protocol_named("endurance").parse({"cycles": 1000, "rest": "0 s"}).plan(new_station())
    items = {item.quantity: item.value for item in plan.worst_case}
    assert items["pulses"] == 2000 and items["total charge"] == pytest.approx(1000 * (1.3 + 0.3) * 2e-6 / 102)
    assert plan.bytes > 1000 * 800 and not plan.refusals
    assert protocol_named("endurance").parse({"cycles": 10}).plan(new_station().without_scope()).refusals
    assert any("waveform points" in line for line in protocol_named("endurance").parse(
        {"period": "9 ms", "gap": "8 ms", "samples": 100_000, "rise_time": "1 ns", "fall_time": "1 ns"},
    ).plan(new_station()).refusals)
    for bad in ({"read_amplitude": "0.7 V"}, {"off_above": "1 kOhm"}, {"period": "8 us"}, {"gap": "1 ms"},
                {"read_amplitude": "0 V"}, {"amplitude": "1 V, 2 V"}):
        with pytest.raises(ConfigurationError):
            protocol_named("endurance").parse(bad)


def test_resistances_of_a_clipped_record_say_so() -> None:
    whole = made([(ON, OFF)] * 8)
    high, low = whole.waveforms
    cut = replace(whole, waveforms=[replace(high, codes=np.minimum(high.codes, top := int(high.codes.max()) - 1),
                                            clip_high=top), low])
    for found, clipped in ((whole, False), (cut, True)):
        rows = [row for row in protocol_named("endurance").extract(found, OPTIONS) if "_resistance" in row.quantity]
        assert len(rows) == 2 and all((Flag.CLIPPED in row.flags) is clipped for row in rows)


def test_cycles_after_the_failure_do_not_count_as_undecided_before_it() -> None:
    near = (EnduranceParameters().on_below, OFF)
    found, count = cycles(made([(ON, OFF)] * 6 + [near] + [(ON, ON)] * 3 + [near] * 2))
    assert [cycle.number for cycle in found if cycle.verdict is CycleVerdict.UNDECIDED] == [7, 11, 12]
    assert count.undecided == 1
