"""The acquisition of the adaptive protocols on a bench that only records: plans, missed triggers, steps."""

import math
from collections.abc import Sequence
from typing import Any

import pytest

from tsbench.analysis.adaptive.search import NARROW, SILENT
from tsbench.errors import ConfigurationError
from tsbench.protocols import protocol_named
from tsbench.protocols.adapting.acquisition import SearchByPulses
from tsbench.protocols.adapting.extraction import Listener
from tsbench.protocols.adaptive_refractory.acquisition import RefractorySearch
from tsbench.records import Flag


class Listed:
    """Chooses what a list says."""

    conditioning = fell_silent = False

    @property
    def progress(self) -> str:
        return f"{len(self.heard)} of a list"

    def __init__(self, stimuli: Sequence[float]) -> None:
        self.left, self.heard, self.reason = list(stimuli), [], "the list is over"  # type: ignore[var-annotated]

    def next_stimulus(self) -> float | None:
        return self.left.pop(0) if self.left else None

    def told(self, stimulus: float, records: Any, flags: Flag) -> tuple[float, float, float]:
        self.heard.append((stimulus, len(records), flags))
        return (1.0, 0.5, 0.7) if records else (math.nan, 0.5, 0.7)


def test_a_search_sends_what_the_chooser_says(station: Any, recorder: Any) -> None:
    settings = protocol_named("adaptive_threshold").parse({"highest": -1.5, "lowest": -0.1, "budget": 50})
    chooser = Listed([-1.0, -0.5, -0.75])
    steps = list(SearchByPulses(settings, station, recorder, iter([chooser]), 50).run())
    assert [point.values[2] for point in recorder.points] == [-1.0, -0.5, -0.75]
    assert [pulse.amplitude for pulse in station.generator.named("configure_pulse")][1:] == [-1.0, -0.5, -0.75]
    assert chooser.heard == [(-1.0, 1, Flag.NONE), (-0.5, 1, Flag.NONE), (-0.75, 1, Flag.NONE)]
    assert recorder.points[0].values[-4:] == (1.0, 0.5, 0.7, 0.0) and "the list is over" in recorder.texts("log")
    assert steps[-1].done == steps[-1].total == 3 and not station.generator.output
    limits = station.generator.named("configure_level_limits")
    assert limits == [(-1.5, 0.0)]


def test_a_device_that_does_not_fire_any_more_is_warned_of(station: Any, recorder: Any) -> None:
    settings = protocol_named("adaptive_threshold").parse({})
    chooser = Listed([1.0])
    chooser.fell_silent = True
    list(SearchByPulses(settings, station, recorder, iter([chooser]), 200).run())
    assert "the list is over" in recorder.texts("warning")


@pytest.mark.parametrize(("ended", "silent"), [(SILENT, True), (NARROW, False)])
def test_a_search_knows_that_the_device_fell_silent(ended: str, silent: bool) -> None:
    class Ended(Listener):
        what, narrowness, choose, learn, known = "the threshold", "1 mV", None, None, None  # type: ignore[assignment]

        def ended(self) -> str:
            return ended

    chooser = Ended(None, None, 10)  # type: ignore[arg-type, abstract]
    assert chooser.next_stimulus() is None
    assert chooser.fell_silent is silent
    assert ("has fired before" in chooser.reason) is silent


def test_a_pulse_that_the_scope_missed_is_flagged_and_told(station: Any, recorder: Any) -> None:
    station.scope.misses = [0, 1, 0]
    settings = protocol_named("adaptive_threshold").parse({})
    chooser = Listed([1.0, 0.9, 0.8])
    list(SearchByPulses(settings, station, recorder, iter([chooser]), 200).run())
    assert [point.flags for point in recorder.points] == [Flag.NONE, Flag.TRIGGER_MISSED, Flag.NONE]
    assert chooser.heard[1] == (0.9, 0, Flag.TRIGGER_MISSED) and math.isnan(recorder.points[1].values[5])
    assert len(recorder.texts("warning")) == 1


def test_a_search_gives_up_after_five_missed_pulses(station: Any, recorder: Any) -> None:
    station.scope.misses = [1] * 100
    for name in ("adaptive_threshold", "firing_probability", "adaptive_refractory"):
        recorder.points.clear()
        list(protocol_named(name).parse({}).run(station, recorder))
        assert len(recorder.points) == 5 and any("missed 5 in succession" in text for text in recorder.texts("log"))


def test_a_search_gives_up_where_records_show_no_pulse(station: Any, recorder: Any) -> None:
    for name in ("adaptive_threshold", "firing_probability", "adaptive_refractory"):
        recorder.points.clear()
        list(protocol_named(name).parse({}).run(station, recorder))   # the scope sees noise alone
        assert len(recorder.points) == 5
        assert any("the records of 5 in succession do not tell" in text for text in recorder.texts("log"))


def test_a_search_gives_up_where_no_conditioning_pulse_switches_the_device(station: Any, recorder: Any) -> None:
    def no_current(channel: int, time: Any) -> Any:   # the records show the pulse
        pulse = station.generator.pulse
        return pulse.amplitude * ((time >= 0) & (time < pulse.width)) * (channel != 2)

    station.scope.signal = no_current
    for name in ("adaptive_threshold", "firing_probability"):
        recorder.points.clear()
        list(protocol_named(name).parse({"conditioning": 2.0}).run(station, recorder))
        assert [point.values[2] for point in recorder.points] == [2.0] * 5
        assert all(point.values[-1] == 1.0 for point in recorder.points)
        assert any("did not switch the device" in text for text in recorder.texts("log"))
    plan = protocol_named("adaptive_threshold").parse({"conditioning": 4.5}).plan(station)
    assert any("Lower 'conditioning'" in text for text in plan.refusals)


def test_each_step_tells_the_budget_and_the_interval(station: Any, recorder: Any) -> None:
    values = {"adaptive_threshold": {}, "firing_probability": {}, "adaptive_refractory": {}}
    for name, more in values.items():
        messages = [step.message for step in protocol_named(name).parse({"budget": 8, **more}).run(station, recorder)]
        assert any("of at most 8 p" in text and "; " in text and "wanted" in text for text in messages), messages


def test_each_amplitude_has_a_search_of_its_own(station: Any, recorder: Any) -> None:
    settings = protocol_named("adaptive_refractory").parse({"amplitude": "1 V, 1.2 V", "budget": 10})
    lists = [Listed([]), Listed([1e-3, 2e-3]), Listed([3e-3])]
    made = iter(lists)
    steps = list(RefractorySearch(settings, station, recorder, lambda: next(made)).run())
    assert [(point.values[2], point.values[4]) for point in recorder.points] == [(1, 1e-3), (1, 2e-3), (1.2, 3e-3)]
    assert steps[-1].done == steps[-1].total == 3


@pytest.mark.parametrize(("name", "refused"), [
    ("adaptive_threshold", {"lowest": 2.0, "highest": 1.0}), ("adaptive_threshold", {"lowest": -0.1}),
    ("adaptive_threshold", {"lowest": 0.0}), ("adaptive_threshold", {"interval": 0.0}),
    ("adaptive_threshold", {"budget": 7}), ("firing_probability", {"amplitude": ""}),
    ("firing_probability", {"interval": 1}),
    ("firing_probability", {"conditioning": -2.0}), ("adaptive_threshold", {"conditioning": 0.0}),
    ("adaptive_refractory", {"shortest": 0.2}), ("adaptive_refractory", {"ratio": 1.0}),
    ("adaptive_refractory", {"shortest": 1e-7}),
])
def test_what_does_not_fit_together_is_refused(name: str, refused: dict[str, Any]) -> None:
    protocol_named(name).parse({})
    with pytest.raises(ConfigurationError):
        protocol_named(name).parse(refused)


@pytest.mark.parametrize("name", ["adaptive_threshold", "firing_probability", "adaptive_refractory"])
def test_the_plan_is_that_of_the_whole_budget_at_the_highest_amplitude(station: Any, name: str) -> None:
    values = {"budget": 40, **({"amplitude": 1.4, "base": 0.1} if name != "adaptive_threshold" else {})}
    plan = protocol_named(name).parse(values).plan(station)
    assert plan.steps == plan.points == 40 and not plan.refusals and "40" in plan.warnings[0]
    voltage = next(item.value for item in plan.worst_case if item.quantity == "voltage")
    assert voltage == pytest.approx(1.5) and plan.duration > 40 * 0.1


def test_a_limit_of_the_device_refuses_the_highest_amplitude(station: Any) -> None:
    plan = protocol_named("adaptive_threshold").parse({"highest": 4.5}).plan(station)
    assert any("Lower 'highest'" in text for text in plan.refusals)
    without = protocol_named("firing_probability").parse({}).plan(station.without_scope())
    assert any("no scope channel" in text for text in without.refusals)
