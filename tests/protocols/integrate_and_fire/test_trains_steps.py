"""Integrate and fire against a recording bench: kinds of trains, order, refusals; and counts of trains made by hand."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.fixtures import made_runs
from tsbench.analysis.pulse.pulse_count import BEYOND_RANGE, PARTLY_ON, TrainCount
from tsbench.errors import ConfigurationError
from tsbench.protocols import protocol_named
from tsbench.protocols.extracting.contacts import contact_of, with_contact
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.protocols.integrate_and_fire.extraction import first_pulses, train_counts
from tsbench.records import DeviceLimits, Flag, Result, Waveform

IntegrateAndFire = protocol_named("integrate_and_fire")
SHORT: dict[str, Any] = {"amplitude": "1 V, 2 V", "widths": "10 us, 20 us", "periods": "15 us, 50 us", "count": 4,
                         "repeats": 2, "rest": "1 ms"}


def test_every_kind_that_fits_comes_once_a_round(station: Any, recorder: Any) -> None:
    steps = list(IntegrateAndFire.parse(SHORT).run(station, recorder))
    rows = [point.values[2:5] for point in recorder.points]
    kinds = [(v, w, p) for v in (1.0, 2.0) for w, p in ((10e-6, 15e-6), (10e-6, 50e-6), (20e-6, 50e-6))]
    assert sorted(rows[:6]) == sorted(rows[6:]) == sorted(kinds) and rows[:6] != rows[6:]
    assert set(station.generator.named("configure_burst")) == {4} and not station.generator.output
    assert steps[-1].done == steps[-1].total == 12
    assert {wave.conditions["train"] for wave in recorder.waveforms} == set(map(float, range(12)))
    spans = {base.span for base in station.scope.named("configure_timebase")}
    assert max(spans) == pytest.approx((3 * 50e-6 + 20e-6) / 0.75)


def test_the_plan(station: Any) -> None:
    plan = IntegrateAndFire.parse(SHORT).plan(station)
    assert plan.refusals == () and plan.steps == plan.points == 12 and station.calls == []
    text = " ".join(plan.warnings)
    assert "2 combinations are left out" in text and "56 pulses" in text and "repeats = 2" in text
    worst = {item.quantity: item.value for item in plan.worst_case}
    assert worst["charge"] == pytest.approx(2.0 / 102.0 * 20e-6 + 80e-12 * 2.0, rel=1e-6)
    quiet = IntegrateAndFire.parse({**SHORT, "widths": "10 us", "repeats": 6}).plan(station)
    assert len(quiet.warnings) == 1


def test_what_the_bench_cannot_do_is_refused(station: Any, new_station: Any) -> None:
    strict = new_station(DeviceLimits(max_voltage=1.5))
    assert any("max_voltage" in line for line in IntegrateAndFire.parse(SHORT).plan(strict).refusals)
    long = IntegrateAndFire.parse({**SHORT, "count": 5000}).plan(station)
    assert any("Lower 'resolution' or 'count'" in line for line in long.refusals)
    assert any("scope" in line for line in IntegrateAndFire.parse(SHORT).plan(new_station().without_scope()).refusals)


@pytest.mark.parametrize("values", [
    {"widths": "1 us"}, {"widths": "200 us", "periods": "100 us"}, {"amplitude": "0 V"},
    {"count": 100_000, "repeats": 1000}])
def test_what_does_not_fit_together_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        IntegrateAndFire.parse(values)


def train(
    number: int, fires: int | None, late: bool = False, pulses: int = 5, weak: bool = False,
    partly: tuple[float, float, float] | None = None, clipped: float | None = None,
) -> list[Waveform]:
    """Return the record of a train of 10 us every 20 us, at a base of 0.1 V, whose pulse ``fires`` switches on.

    ``late``: so shortly before its end that only the next pulse shows it. ``weak``: at a base of 20 mV, it switches to
    50 kOhm, the voltage behind a pulse falls for as long as the gap, and the scope shows the current by codes of 1 uA.
    ``partly``: a conductance [S] that it has from a time to another one [s]. ``clipped``: the scope shows no larger
    current [A].
    """
    times = (np.arange(4000) - 400) * 30e-9
    phase, pulse = np.mod(times, 20e-6), np.floor(times / 20e-6).astype(int)
    high = (phase < 10e-6) & (times >= 0) & (pulse < pulses)
    base, code = (0.02, 6e-5) if weak else (0.1, 5e-6)
    falls = np.exp(-np.maximum(phase - 10e-6, 0.0) / 5e-6) if weak else 0.0
    source = base + np.where(high, 1.0, np.where((times >= 0) & (pulse < pulses), falls, 0.0))
    on = np.zeros(times.size, bool)
    if fires is not None:
        on = times >= (fires - 1) * 20e-6 + (9.97e-6 if late else 4e-6)
    conductance = np.where(on, 2e-5 if weak else 1e-4, 1e-7)
    if partly is not None:
        conductance = np.where((times >= partly[1]) & (times < partly[2]), partly[0], conductance)
    current = source / (100e3 + 1.0 / conductance)
    voltage = source - 90e3 * current
    random = np.random.default_rng(number)
    conditions = {"amplitude": 1.0, "pulse_width": 10e-6, "period": 20e-6, "train": float(number)}

    def wave(name: str, values: Any, scale: float, most: int | None = None) -> Waveform:
        codes = np.round((values + random.normal(0, scale, values.size)) / scale).clip(max=most).astype(np.int16)
        return Waveform(name, "V", codes[None, :], scale, 0.0, float(times[0]), 30e-9, np.zeros(1),
                        conditions=conditions, time=float(number), clip_high=most)

    most = None if clipped is None else round(50 * clipped / code)
    return [wave("device_voltage_high", voltage + 50 * current, 2e-3),
            wave("device_voltage_low", 50 * current, code, most)]


def counted(*records: list[Waveform]) -> Any:
    parameters = {name: {"value": value} for name, value in (
        ("count", 5), ("rise_time", 30e-9), ("fall_time", 30e-9), ("base", 0.1))}
    return made_runs.run("integrate_and_fire", ("index",), parameters=parameters,
                         waveforms=[wave for record in records for wave in record])


def test_the_first_pulse_that_fires_is_found_wherever_in_the_pulse_it_fires() -> None:
    run = counted(train(0, 1), train(1, 3), train(2, None), train(3, 2, late=True), train(4, 5))
    assert first_pulses(run) == {(1.0, 10e-6, 20e-6): {0: 1, 1: 3, 2: None, 3: 2, 4: 5}}


def test_pulses_behind_a_level_that_was_not_read_are_quiet_only_if_the_device_is_off_in_them() -> None:
    """The voltage still falls as the next pulse begins, and the codes of the current do not tell what flows there."""
    run = counted(train(0, 2, late=True, weak=True), train(1, 3, weak=True), train(2, None, weak=True))
    run = replace(run, header=replace(run.header, fixture=replace(
        run.header.fixture, path_resistance={"pulser": 90e3})))
    (counts,) = train_counts(run).values()
    assert counts == {0: TrainCount(None, 2), 1: TrainCount(3), 2: TrainCount(None)}
    rows = [row for row in IntegrateAndFire.extract(run, ExtractionOptions()) if row.quantity == "pulses_to_fire"]
    assert [(row.value, row.low) for row in rows] == [(None, 2.0), (3.0, 3.0), (None, 6.0)]
    assert [Flag.AMBIGUOUS in row.flags for row in rows] == [True, False, False]


@pytest.mark.thin(2)
@pytest.mark.parametrize(("share", "begins", "known"), [
    (0.07, 25e-6, False), (0.02, 25e-6, True), (0.15, 25e-6, True), (0.07, 30.3e-6, False), (0.02, 30.3e-6, True)])
def test_a_filament_that_is_partly_closed_at_the_end_of_a_pulse_may_have_fired(
    share: float, begins: float, known: bool,
) -> None:
    """It begins to conduct in the second pulse, or behind its end while the voltage falls; the next one closes it."""
    grown = share * 10e-6   # [A] of the 10 uA of the on state
    conducts = 1.0 / (1.1 / grown - 100e3) if begins < 30e-6 else 1.0 / (0.1 / grown - 100e3)
    run = counted(train(0, 3, partly=(conducts, begins, 44e-6 if begins < 30e-6 else 31.5e-6)), train(1, 1))
    (counts,) = train_counts(run).values()
    fires = 2 if share > 0.1 else 3
    assert counts == {0: TrainCount(fires) if known else TrainCount(3, 2, PARTLY_ON), 1: TrainCount(1)}
    rows = [row for row in IntegrateAndFire.extract(run, ExtractionOptions()) if row.quantity == "pulses_to_fire"]
    expected = (float(fires), fires, fires, Flag.NONE) if known else (None, 2.0, 3.0, Flag.AMBIGUOUS)
    assert (rows[0].value, rows[0].low, rows[0].high, rows[0].flags) == expected
    assert known or "whether pulse 2 fired is not known. Its current is larger than before" in rows[0].method


def test_a_filament_that_the_next_pulse_finds_partly_closed_may_have_fired_before() -> None:
    """Less than half of the current at the end of that pulse flows at once."""
    left = train(0, 2, late=True, partly=(3e-6, 40e-6, 44e-6))
    (counts,) = train_counts(counted(left, train(1, 2, late=True))).values()
    assert counts == {0: TrainCount(3, 2, PARTLY_ON), 1: TrainCount(2)}


def test_the_median_holds_the_counts_that_are_not_known() -> None:
    grows = (7e-7, 25e-6, 44e-6)   # 0.07 of the current of the on state at the end of the second pulse
    run = counted(*(train(k, 3, partly=grows) for k in range(4)), *(train(k, 4) for k in range(4, 7)))
    rows = {row.quantity: row for row in IntegrateAndFire.extract(run, ExtractionOptions())}
    median = rows["pulses_to_fire_median"]
    assert (median.value, median.low, median.high, median.flags) == (None, 2.0, 4.0, Flag.AMBIGUOUS)
    assert "in 4 of them" in median.method and "pulses_to_fire_mean" not in rows
    assert rows["train_firing_probability"].value == 1.0


def test_currents_beyond_the_range_of_the_scope_do_not_tell_how_much_the_on_state_conducts() -> None:
    """The voltage tells it, where it falls by a tenth or more behind the load."""
    weak = (1.05e-6, 25e-6, 110e-6)   # 1.04 uA, and the voltage falls by 8 %
    run = counted(train(0, None, partly=weak, clipped=0.8e-6), train(1, 4, clipped=0.8e-6))
    (counts,) = train_counts(run).values()
    assert counts == {0: TrainCount(None, 2, BEYOND_RANGE), 1: TrainCount(4)}
    row = next(iter(IntegrateAndFire.extract(run, ExtractionOptions())))
    assert row.flags == Flag.AMBIGUOUS | Flag.CLIPPED | Flag.CENSORED and (row.value, row.low, row.high) == (
        None, 2.0, None)


def test_counts_become_a_median_that_takes_censored_trains_as_they_are() -> None:
    run = counted(*(train(k, fires) for k, fires in enumerate((2, 3, 3, 4, None, None))))
    rows = {row.quantity: row for row in IntegrateAndFire.extract(run, ExtractionOptions())}
    median = rows["pulses_to_fire_median"]
    assert (median.value, median.low, median.high) == (3.5, 2.0, None) and Flag.CENSORED in median.flags
    share = rows["train_firing_probability"]
    assert share.value == pytest.approx(4 / 6) and share.low < 4 / 6 < share.high
    (name, draw), = IntegrateAndFire.figures(run, ExtractionOptions())
    assert name == "count_1" and draw().axes[0].get_ylim()[1] > 1.0


def test_a_device_whose_trains_fire_looks_neither_open_nor_quiet() -> None:
    """A record that ends at the range of the scope shows less current than flows, and a train is no single pulse."""
    run = counted(*(train(k, 4, clipped=0.8e-6) for k in range(2)), train(2, None, clipped=0.8e-6))
    assert contact_of(run).flags == Flag.NONE and IntegrateAndFire.device_remark(run) == ""
    late = counted(train(0, 2, late=True), train(1, 5))
    assert contact_of(late).flags == Flag.NONE and IntegrateAndFire.device_remark(late) == ""
    off = counted(*(train(k, None) for k in range(3)))
    said = IntegrateAndFire.device_remark(off)
    assert contact_of(off).flags == Flag.OPEN and "no switching in any of 3 records" in said
    rows = [Result("train_firing_probability", "", 0.5, 0.1, 0.9, "", {}, Flag.NONE)]
    assert with_contact(tuple(rows), contact_of(off))[0].flags == Flag.NONE   # a device that fires is in contact
