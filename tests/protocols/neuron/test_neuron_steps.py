"""The neuron protocol against a recording bench: order, rest, ranges, refusals, missed stimuli."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tsbench.errors import ConfigurationError
from tsbench.protocols import protocol_named
from tsbench.records import DeviceLimits, Flag

Neuron = protocol_named("neuron")
SHORT: dict[str, Any] = {"amplitude": "1 V, 2 V", "repeats": 3, "gaps": "1 us, 10 us", "pairs": 2, "samples": 2000}


def test_steps_of_all_amplitudes_then_pairs_with_all_gaps(station: Any, recorder: Any) -> None:
    station.generator = station.bias   # whose pulses the scope sees
    steps = list(Neuron.parse(SHORT).run(station, recorder))
    rows = [point.values for point in recorder.points]
    assert len(rows) == 10 and [row[0] for row in rows] == list(range(10))
    assert [sorted(row[2] for row in rows[k : k + 2]) for k in (0, 2, 4)] == [[1.0, 2.0]] * 3
    assert [row[4] for row in rows[:6]] == [0.0] * 6 and {row[2] for row in rows[6:]} == {2.0}
    assert [sorted(row[4] for row in rows[k : k + 2]) for k in (6, 8)] == [[1e-6, 1e-5]] * 2
    assert station.bias.named("configure_burst")[-4:] == [2] * 4 and not station.bias.output
    assert all(row[5] >= 1e-3 - 1e-9 for row in rows[1:])
    assert steps[-1].done == steps[-1].total == 10 and steps[-1].idle
    shots = [wave.conditions for wave in recorder.waveforms[::2]]
    assert set(shots[0]) == {"amplitude", "pulse_width", "shot"} and set(shots[-1]) == {
        "amplitude", "pulse_width", "gap", "pair"}


def test_a_weak_step_has_a_range_and_a_trigger_of_its_own(station: Any, recorder: Any) -> None:
    station.generator = station.bias
    station.scope.signal = lambda channel, times: np.where(
        (times > 0) & (times < 8e-6), 0.9 if channel == 1 else 0.1, 0.0)
    list(Neuron.parse({**SHORT, "amplitude": "0.2 V, 2 V", "pairs": 0}).run(station, recorder))
    triggers = {round(trigger.level, 3) for trigger in station.scope.named("configure_trigger")[1:]}
    ranges = {v.range for number, v in station.scope.named("configure_channel") if number == 1}
    assert min(triggers) == pytest.approx(0.07) and max(triggers) < 0.35 and min(ranges) < 0.35


def test_missed_stimuli_are_flagged(station: Any, recorder: Any) -> None:
    station.generator = station.bias
    station.scope.misses = [0, 0, 1, 0, 1]
    list(Neuron.parse({**SHORT, "pairs": 0}).run(station, recorder))
    assert [bool(point.flags & Flag.TRIGGER_MISSED) for point in recorder.points] == [
        True, False, True, False, False, False]
    assert any("missed 2 of 6 stimuli" in text for text in recorder.texts("warning"))


def test_the_plan(station: Any) -> None:
    plan = Neuron.parse(SHORT).plan(station)
    worst = {item.quantity: item.value for item in plan.worst_case}
    assert plan.refusals == () and plan.steps == plan.points == 10
    assert worst["voltage"] == pytest.approx(2.0) and worst["current"] == pytest.approx(2.0 / 5100.0)
    # what the source delivers in a step of 8 us, and what the capacitance across the device holds
    assert worst["charge"] == pytest.approx(8e-6 * 2.0 / 5100.0 + 80e-12 * 2.0, rel=1e-6)
    assert worst["energy"] == pytest.approx(8e-6 * 2.0**2 / (4 * 5100.0) + 80e-12 * 2.0**2 / 2, rel=1e-6)
    assert any("repeats = 3" in line for line in plan.warnings) and station.calls == []
    assert not any("repeats" in line for line in Neuron.parse({**SHORT, "repeats": 4}).plan(station).warnings)


def test_what_the_bench_cannot_do_is_refused(station: Any, new_station: Any) -> None:
    strict = new_station(DeviceLimits(max_voltage=1.5))
    assert any("max_voltage" in line for line in Neuron.parse(SHORT).plan(strict).refusals)
    assert any("base + amplitude" in line for line in Neuron.parse({"amplitude": "1 V, 12 V"}).plan(station).refusals)
    blind = new_station().without_scope()
    assert any("scope" in line for line in Neuron.parse(SHORT).plan(blind).refusals)
    station.fixture = replace(station.fixture, sensing=replace(station.fixture.sensing, current=None))
    assert any("current" in line for line in Neuron.parse(SHORT).plan(station).refusals)

    def none(role: str) -> Any:
        raise ConfigurationError("it is a source meter")

    station.pulse_generator = none
    assert any("pulse generator" in line for line in Neuron.parse(SHORT).plan(station).refusals)


@pytest.mark.parametrize("values", [
    {"amplitude": "1 V"}, {"amplitude": "1 V, -1 V"}, {"amplitude": "1 V, 0 V"}, {"pair_amplitude": "-1 V"},
    {"pair_width": "1 ns"}, {"gaps": "1 ns"}, {"shortest": "2 us", "longest": "1 us"}, {"width": "5 ns"}])
def test_what_does_not_fit_together_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        Neuron.parse(values)


def test_stop_at_every_step(new_station: Any, new_recorder: Any) -> None:
    def steps() -> Any:
        bench = new_station()
        bench.generator = bench.bias
        return Neuron.parse(SHORT).run(bench, new_recorder())

    for stop_at in range(0, len(list(steps())), 3):
        running = steps()
        for _ in range(stop_at + 1):
            step = next(running)
        running.close()
        assert step.done <= step.total == 10
