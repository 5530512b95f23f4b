"""An external trigger is the sync output of the generator: one edge for each burst, not for each pulse."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tsbench.protocols import PairedPulse, PulseTrain, protocol_named
from tsbench.protocols.pulses import shot
from tsbench.protocols.pulses.delivery import CLOCK_ROOM, SENT_ONE_BY_ONE, SHORTEST_CLOCKED_GAP, edge_per_pulse
from tsbench.protocols.pulses.layout import pair_layout
from tsbench.records import Flag

#: a cable from the sync output to the scope
WIRED = (("[devices.D1]", '[wires]\n"scope.external" = "generator.sync"\n\n[devices.D1]'),)
ONE_EDGE = "one edge for each burst"


def refused(protocol: Any, station: Any) -> str:
    return "; ".join(line for line in protocol.plan(station).refusals if ONE_EDGE in line)


@pytest.mark.parametrize(("trigger", "closest", "busy", "segments", "one_by_one", "told"), [
    ("device", 50e-6, 2e-6, 3, False, False),
    ("external", 50e-6, 2e-6, 3, False, True),
    ("external", 50e-6, 2e-6, 1, False, False),                       # takes pulse by pulse anyhow
    ("external", SHORTEST_CLOCKED_GAP, 2e-6, 3, True, False),
    ("external", 0.999 * SHORTEST_CLOCKED_GAP, 2e-6, 3, False, True),
    ("external", 40e-3, 40e-3 - CLOCK_ROOM, 3, True, False),          # a late trigger must find the scope ready
    ("external", 40e-3, 40.1e-3 - CLOCK_ROOM, 3, False, True),
])
def test_pulses_go_one_by_one_where_the_clock_can_send_them(
    trigger: str, closest: float, busy: float, segments: int, one_by_one: bool, told: bool
) -> None:
    found = edge_per_pulse(trigger, closest, busy, segments, "Raise 'period' to {}")
    assert found.one_by_one is one_by_one and bool(found.refusal) is told


def test_a_refusal_says_why_and_what_to_do(station: Any) -> None:
    said = refused(PulseTrain(count=3, trigger="external"), station)
    assert "3 records, 50 us apart, need an edge each" in said and "Raise 'period' to 10 ms" in said
    assert "count = 1 with 'repeats'" in said and said.endswith("or set trigger = device")
    assert refused(PulseTrain(count=3), station) == ""
    for remedy in ({"period": 10e-3, "count": 3}, {"count": 1, "repeats": 3}):
        assert PulseTrain(trigger="external", **remedy).plan(station).refusals == ()


def test_a_long_record_needs_a_longer_period(station: Any) -> None:
    settings = {"count": 3, "trigger": "external", "width": 5e-3, "record_span": 8e-3}
    said = refused(PulseTrain(period=12e-3, **settings), station)
    assert "Raise 'period' to 13 ms" in said
    assert refused(PulseTrain(period=13e-3, **settings), station) == ""


@pytest.mark.parametrize(("width", "span", "period"), [
    (5e-3, 8e-3, 13e-3), (20e-3, 5e-3, 25.00003e-3), (1e-6, None, 10e-3), (1e-6, None, 1.0)])
def test_the_generator_is_ready_for_a_trigger_that_follows_a_late_one(
    station: Any, recorder: Any, width: float, span: float | None, period: float
) -> None:
    """Before, a pulse of 5 ms with a period of 13 ms kept the generator busy for 9 ms."""
    train = PulseTrain(count=3, trigger="external", width=width, record_span=span, period=period, probe=False)
    assert train.plan(station).refusals == ()
    list(train.run(station, recorder))
    pulse = station.generator.named("configure_pulse")[-1]
    assert max(pulse.period, train.span) == pytest.approx(train.busy) and train.busy <= period - CLOCK_ROOM + 1e-12
    assert pulse.period == pytest.approx(width + 1.5 * (train.rise_time + train.fall_time))


def test_the_period_that_a_refusal_names_is_accepted(station: Any) -> None:
    settings = {"count": 3, "trigger": "external", "width": 20e-3, "record_span": 5e-3}
    said = refused(PulseTrain(period=21e-3, **settings), station)
    assert "Raise 'period' to 25.01 ms" in said   # 20 ms, edges of 30 ns and 5 ms: rounded up
    assert refused(PulseTrain(period=25.01e-3, **settings), station) == ""


def test_a_trigger_that_comes_late_shifts_the_next_one(station: Any, recorder: Any) -> None:
    times: list[float] = []
    trigger = station.generator.trigger

    def late() -> None:
        station.clock.wait(30e-3 if len(times) == 1 else 0.0)
        times.append(station.clock.now())
        trigger()

    station.generator.trigger = late
    train = PulseTrain(count=4, width=5e-3, record_span=8e-3, period=20e-3, trigger="external", probe=False)
    list(train.run(station, recorder))
    assert times == pytest.approx([0.0, 50e-3, 58e-3, 66e-3])


def test_gaps_are_a_waveform_with_one_edge(station: Any) -> None:
    said = refused(PulseTrain(gaps=(5e-6, 20e-3), trigger="external"), station)
    assert "3 records, 6 us apart" in said and "Use gaps that leave 10 ms from pulse to pulse" in said
    plan = PulseTrain(gaps=(10e-3, 20e-3), trigger="external").plan(station)
    assert plan.refusals == () and SENT_ONE_BY_ONE in plan.warnings
    assert SENT_ONE_BY_ONE not in PulseTrain(gaps=(10e-3, 20e-3)).plan(station).warnings


def test_a_scope_with_one_segment_takes_pulse_by_pulse(station: Any) -> None:
    station.scope.capabilities = replace(station.scope.capabilities, segments=1)
    assert PulseTrain(count=3, trigger="external").plan(station).refusals == ()
    for trigger in ("device", "external"):   # a waveform has no pulse by pulse: the run failed
        refusals = PulseTrain(gaps=(5e-6, 20e-6), trigger=trigger).plan(station).refusals
        assert any("need 3 segments, but the scope has 1" in line for line in refusals)


def test_each_pulse_takes_a_trigger_and_the_generator_is_ready_for_it(station: Any, recorder: Any) -> None:
    times: list[float] = []
    trigger = station.generator.trigger
    station.generator.trigger = lambda: (times.append(station.clock.now()), trigger())
    list(PulseTrain(count=3, period=50e-3, trigger="external", probe=False).run(station, recorder))
    assert times == pytest.approx([0.0, 50e-3, 100e-3]) and set(station.generator.named("configure_burst")) == {1}
    assert all(pulse.period < 26e-3 for pulse in station.generator.named("configure_pulse"))
    assert station.scope.named("configure_timebase")[-1].segments == 3
    assert [point.flags for point in recorder.points] == [Flag.NONE] * 3


def test_with_the_device_as_trigger_a_train_is_one_burst(station: Any, recorder: Any) -> None:
    list(PulseTrain(count=3, period=50e-3, probe=False).run(station, recorder))
    assert len(station.generator.named("trigger")) == 1 and station.generator.named("configure_burst")[-1] == 3
    assert station.generator.named("configure_pulse")[-1].period == 50e-3


def test_cycles_of_an_endurance_run(station: Any, recorder: Any) -> None:
    endurance = protocol_named("endurance").parse
    said = refused(endurance({"trigger": "external"}), station)
    assert "50 records, 20 us apart" in said and "Raise 'period' to 10 ms, or use batch = 1" in said
    assert refused(endurance({}), station) == refused(endurance({"trigger": "external", "batch": 1}), station) == ""
    slow = endurance({"trigger": "external", "period": "10 ms", "cycles": 4})
    plan = slow.plan(station)
    assert plan.refusals == () and SENT_ONE_BY_ONE in plan.warnings
    list(slow.run(station, recorder))
    assert len(station.generator.named("trigger")) == 4 and set(station.generator.named("configure_burst")) == {1}
    (waveform,) = station.generator.named("load_waveform")
    assert len(waveform.levels) / waveform.sample_rate < 1e-3   # over long before the next trigger


def test_a_pulsed_iv_run_takes_cycle_by_cycle(station: Any) -> None:
    plan = protocol_named("pulsed_iv").parse({"trigger": "external"}).plan(station)
    assert plan.refusals == () and SENT_ONE_BY_ONE not in plan.warnings


@pytest.mark.parametrize(("name", "values"), [
    ("paired_pulse", {"gaps": "1 ms, 5 s"}), ("adaptive_refractory", {"longest": "5 s"})])
def test_a_pair_with_a_record_for_each_pulse(station: Any, name: str, values: dict[str, Any]) -> None:
    """A million samples hold a pulse of 1 ms and 5.0027 s: 199 in each pulse."""
    made = protocol_named(name).parse
    plan = made({**values, "trigger": "external"}).plan(station)
    (said,) = [line for line in plan.refusals if ONE_EDGE in line]
    assert said.startswith("scope: with trigger = external") and "Lower 'resolution' to 199" in said
    assert made({**values, "trigger": "external", "resolution": 199}).plan(station).refusals == ()
    plan = made(values).plan(station)
    assert plan.refusals == () and any("Lower 'resolution'" in line for line in plan.warnings)
    assert not any("external" in line for line in plan.warnings)


def test_pairs_that_no_record_holds_want_shorter_gaps(station: Any) -> None:
    scope, pair = station.scope.capabilities, PairedPulse(trigger="external")
    assert "Use shorter gaps, so that one record holds both pulses" in pair_layout(pair, 60.0, 500, scope).refusal
    alone = replace(scope, segments=1)
    assert "records one at a time" in pair_layout(PairedPulse(), 5.0, 500, alone).refusal
    assert pair_layout(PairedPulse(), 1.0, 500, alone).refusal == ""


@pytest.mark.parametrize(("values", "said"), [
    ({"period": "50 us"}, " (with 10 ms or more from pulse to pulse)"), ({"period": "20 ms"}, ""),
    ({"period": "20 ms", "record_span": "18 ms"}, " (with 23 ms or more from pulse to pulse)")])
def test_the_advice_of_a_missed_pulse_can_be_followed(
    station: Any, recorder: Any, values: dict[str, Any], said: str
) -> None:
    station.scope.misses = [2]
    list(PulseTrain.parse({"count": 3, "probe": False, "retries": 0, **values}).run(station, recorder))
    (warning,) = recorder.texts("warning")
    assert f"set trigger=external{said} and check" in warning


def test_a_pair_with_two_records_is_not_advised_to_use_an_external_trigger(station: Any, recorder: Any) -> None:
    """The plan refuses it."""
    station.scope.misses = [2]
    pair = PairedPulse(gaps="5 s", repeats=1, rest=0.0)
    assert pair_layout(pair, 5.0, pair.resolution, station.scope.capabilities).segments == 2
    list(pair.run(station, recorder))
    said = " ".join(recorder.texts("warning"))
    assert "missed a trigger" in said and "check cable and contact" in said and "external" not in said


def test_pulses_with_an_external_trigger_are_all_recorded(measure: Any) -> None:
    """Before, the scope recorded one pulse of each burst: "missed 2 of 3"."""
    done = measure("nbo2", "pulse_train", {"count": 3, "period": "20 ms", "trigger": "external"}, replace=WIRED)
    assert done.outcome.status == "success" and done.left_on == []
    assert not any("missed" in line for line in done.warnings())
    assert not (done.run.point_flags & Flag.TRIGGER_MISSED).any()
    high, _ = done.run.waveforms
    assert high.codes.shape[0] == 3   # one acquisition of three segments
    assert np.diff(high.segment_times) == pytest.approx([20e-3, 20e-3], abs=2e-3)
    assert len([row for row in done.values("switching_delay") if row.value is not None]) == 3


@pytest.mark.thorough
def test_a_late_trigger_costs_no_pulse(measure: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second one is 8 ms late. Before, the generator ignored the third one, and the run failed."""
    waits: list[float] = []

    def steps_for(clock: Any, until: float, step: Any) -> Iterator[Any]:
        waits.append(until)
        clock.wait(max(until + (8e-3 if len(waits) == 2 else 0.0) - clock.now(), 0.0))
        yield step()

    monkeypatch.setattr(shot, "steps_for", steps_for)
    done = measure("nbo2", "pulse_train", {
        "count": 4, "period": "15 ms", "width": "5 ms", "record_span": "8 ms", "trigger": "external", "probe": False,
    }, replace=WIRED)
    assert done.outcome.status == "success" and not (done.run.point_flags & Flag.TRIGGER_MISSED).any()
    high, _ = done.run.waveforms
    assert np.diff(high.segment_times) == pytest.approx([23e-3, 8e-3, 14e-3], abs=1.5e-3)


def test_cycles_with_an_external_trigger_are_all_recorded(measure: Any) -> None:
    values = {"cycles": 5, "batch": 4, "period": "20 ms", "trigger": "external"}
    done = measure("nbo2", "endurance", values, replace=WIRED)
    assert done.outcome.status == "success" and not (done.run.point_flags & Flag.TRIGGER_MISSED).any()
    assert len(done.run.points) == 5 and done.left_on == []
    found, = done.values("cycles_to_failure")
    assert found.low == 5.0 and Flag.CENSORED in found.flags
