"""The oscillation map against a recording bench: the order of what is set, outputs off meanwhile, refusals."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tsbench.errors import ConfigurationError
from tsbench.instruments import Range
from tsbench.protocols import describe, protocol_named
from tsbench.records import DeviceLimits

OscillationMap = protocol_named("oscillation_map")
GRID: dict[str, Any] = {"bias": "1 V, 2 V", "load": "4 kOhm, 6 kOhm", "temperature": "300 K, 320 K",
                        "record_span": "10 us"}


class Boxes:
    """Sets loads to whole 100 Ohm, only while the bias is off."""

    def __init__(self, station: Any) -> None:
        self.station, self.set_values, self.now = station, [], {"load_resistance": 5000.0}

    def quantities(self) -> list[str]:
        return ["load_resistance"]

    def bounds(self, quantity: str) -> Range:
        return Range(10.0, 1e6, "Ohm")

    def value(self, quantity: str) -> float | None:
        return self.now.get(quantity)

    def set_value(self, quantity: str, value: float) -> float:
        assert not self.station.bias.output, "a relay must not move while the bias is on"
        self.set_values.append(value)
        self.now[quantity] = float(round(value, -2))
        return self.now[quantity]


class Chuck:
    bounds = Range(280.0, 350.0, "K")

    def __init__(self) -> None:
        self.asked: list[float] = []

    def temperature(self) -> float:
        return 296.0

    def approach(self, temperature: float) -> Any:
        self.asked.append(temperature)
        yield temperature - 1.0
        yield temperature


@pytest.fixture
def arranged(station: Any) -> Any:
    station.fixture_control, station.temperature = Boxes(station), Chuck()
    return station


def test_the_grid_is_taken_with_the_slowest_outermost(arranged: Any, recorder: Any) -> None:
    steps = list(OscillationMap.parse(GRID).run(arranged, recorder))
    assert [(p.values[4], p.values[5], p.values[2]) for p in recorder.points] == [
        (t, load, bias) for t in (300.0, 320.0) for load in (4e3, 6e3) for bias in (1.0, 2.0)]
    assert [p.values[0] for p in recorder.points] == list(range(8)) and len(recorder.waveforms) == 16
    assert recorder.waveforms[-1].conditions == {"bias": 2.0, "temperature": 320.0, "load_resistance": 6000.0}
    assert arranged.temperature.asked == [300.0, 320.0]
    assert arranged.fixture_control.set_values == [4e3, 6e3, 4e3, 6e3, 5e3]   # and back to what was set before
    assert not arranged.bias.output and steps[-1].done == steps[-1].total == 8
    assert all(step.idle for step in steps if "chuck" in step.message or "set" in step.message)


def test_what_was_accepted_is_what_is_stored(arranged: Any, recorder: Any) -> None:
    list(OscillationMap.parse({**GRID, "load": "4.04 kOhm", "temperature": ""}).run(arranged, recorder))
    assert {p.values[5] for p in recorder.points} == {4000.0} and {p.values[4] for p in recorder.points} == {0.0}
    assert {wave.conditions["load_resistance"] for wave in recorder.waveforms} == {4000.0}


def test_without_axes_it_is_an_oscillation_run(station: Any, recorder: Any) -> None:
    list(OscillationMap.parse({"bias": "1 V, 2 V", "record_span": "10 us"}).run(station, recorder))
    assert [wave.conditions for wave in recorder.waveforms[::2]] == [{"bias": 1.0}, {"bias": 2.0}]


def test_the_plan_is_that_of_the_worst_load(arranged: Any) -> None:
    plan = OscillationMap.parse({**GRID, "load": "1 kOhm, 6 kOhm"}).plan(arranged)
    worst = {item.quantity: item.value for item in plan.worst_case}
    assert plan.refusals == () and plan.steps == plan.points == 8
    assert worst["current"] == pytest.approx(2.0 / 1100.0) and plan.duration > 240.0
    assert any("2 temperatures" in line for line in plan.warnings) and arranged.calls == []
    lines = OscillationMap.parse({**GRID, "load": "50 Ohm, 6 kOhm"}).plan(arranged)
    assert OscillationMap.parse(GRID).plan(arranged).refusals == () and lines.refusals == ()
    strict = type(arranged)(DeviceLimits(max_current=1e-3))
    strict.fixture_control, strict.temperature = Boxes(strict), Chuck()
    (said,) = OscillationMap.parse({**GRID, "load": "1 kOhm"}).plan(strict).refusals
    assert "max_current" in said and "Lower the bias, use a larger load resistance, or change" in said
    strict.fixture = replace(strict.fixture, control={"load_resistance": 5e3})
    (said,) = OscillationMap.parse({**GRID, "load": "1 kOhm"}).plan(strict).refusals
    assert "Lower the bias, raise 'load', or change" in said   # the map sets its loads, whatever --fixture says


@pytest.mark.parametrize(("more", "said"), [
    ({"load": "1 Ohm"}, "load = 1.000 Ohm is outside the range"),
    ({"capacitance": "1 nF"}, "nothing can set 'capacitance'. Add [fixture.control.parallel_capacitance]"),
    ({"temperature": "20 K"}, "temperature = 20.00 K is outside the range 280.0 K to 350.0 K"),
])
def test_what_the_bench_cannot_set_is_refused(arranged: Any, more: dict[str, str], said: str) -> None:
    assert any(said in line for line in OscillationMap.parse({**GRID, **more}).plan(arranged).refusals)


def test_a_bench_without_boxes_and_chuck_says_what_is_missing(station: Any, recorder: Any) -> None:
    text = " ".join(OscillationMap.parse(GRID).plan(station).refusals)
    assert "[fixture.control.load_resistance]" in text and "no temperature controller" in text
    for more in ({"load": ""}, {"temperature": ""}):
        with pytest.raises(ConfigurationError):
            list(OscillationMap.parse({**GRID, **more}).run(station, recorder))


@pytest.mark.parametrize("values", [{"load": "0 Ohm"}, {"temperature": "-3 K"}, {"capacitance": "1 V"},
                                    {"start": 1, "stop": 2, "points": 10_000, "load": ",".join("1234567890ab")}])
def test_what_makes_no_grid_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        OscillationMap.parse(values)


def test_stop_at_every_step(new_station: Any, new_recorder: Any) -> None:
    def steps() -> Any:
        bench = new_station()
        bench.fixture_control, bench.temperature = Boxes(bench), Chuck()
        return OscillationMap.parse(GRID).run(bench, new_recorder())

    for stop_at in range(0, len(list(steps())), 5):
        running = steps()
        for _ in range(stop_at + 1):
            step = next(running)
        running.close()
        assert step.done <= step.total == 8


def test_its_parameters_are_those_of_an_oscillation_and_three_lists() -> None:
    described = {one["name"]: one for one in describe(OscillationMap)["parameters"]}
    assert set(described) - {one["name"] for one in describe(protocol_named("oscillation"))["parameters"]} == {
        "load", "capacitance", "temperature"}
    assert [described[name]["unit"] for name in ("load", "capacitance", "temperature")] == ["Ohm", "F", "K"]
    assert all(described[name]["default"] == [] and np.size(described[name]["choices"]) == 0 for name in (
        "load", "capacitance", "temperature"))
