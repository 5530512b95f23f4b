"""The arbitrary stimulus against a recording bench: shapes, recordings, refusals."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tsbench.errors import ConfigurationError
from tsbench.instruments import Range
from tsbench.protocols import protocol_named
from tsbench.protocols.stimulus.shapes import damped_burst, read_recording
from tsbench.records import DeviceLimits

Stimulus = protocol_named("stimulus")


def waveform(station: Any, **values: Any) -> tuple[Any, Any]:
    """Return times [s] and levels [V] as the generator plays them."""
    shape = Stimulus.parse(values)
    played = shape.waveform(shape.amplitude[0], station.bias.capabilities)
    return np.arange(played.levels.size) / played.sample_rate, played.levels


@pytest.mark.parametrize(("values", "low", "high"), [
    ({"shape": "triangle"}, 0.0, 2.0), ({"shape": "rectangle", "cycles": 3}, 0.0, 2.0),
    ({"shape": "sine", "cycles": 2}, -2.0, 2.0), ({"shape": "raised_sine"}, 0.0, 2.0),
    ({"shape": "piezo", "period": "5 us"}, -2.0, 2.0), ({"shape": "triangle", "amplitude": "-2 V"}, -2.0, 0.0)])
def test_each_shape_begins_and_ends_at_the_base(station: Any, values: dict[str, Any], low: float, high: float) -> None:
    times, levels = waveform(station, **{"amplitude": "2 V", "base": "0.1 V", **values})
    assert levels[0] == levels[-1] == pytest.approx(0.1)
    assert 0.1 + low - 1e-9 <= levels.min() and levels.max() <= 0.1 + high + 1e-9
    assert max(abs(levels - 0.1)) == pytest.approx(2.0, rel=0.01) and (np.diff(times) > 0).all()


def test_a_rectangle_has_its_duty_and_a_triangle_its_peak(station: Any) -> None:
    times, levels = waveform(station, shape="rectangle", amplitude="1 V", period="10 us", duty=0.3, cycles=4)
    assert float(np.trapezoid(levels, times)) == pytest.approx(4 * 3e-6, rel=0.01)
    times, levels = waveform(station, shape="triangle", amplitude="1 V", period="10 us", duty=0.2)
    assert times[int(np.argmax(levels))] == pytest.approx(2e-6 + 0.02 * 10e-6, abs=0.1e-6)


def test_a_burst_dies_away() -> None:
    times = np.linspace(0, 100e-6, 10_001)
    burst = damped_burst(times, 10e-6, 20e-6)
    assert np.abs(burst).max() == pytest.approx(1.0)
    assert burst[250] == pytest.approx(burst[1250] * np.exp(0.5), rel=0.01)


@pytest.mark.parametrize(("text", "height"), [
    ("time,voltage\n0,0\n1e-6,-0.5\n2e-6,0.25\n", 0.5), ("# a scope\n1.0\t0\n1.000001\t-5\n1.000002\t2.5\n", 5.0),
    ("0;0\n1e-6;-1\n2e-6;0.5", 1.0), ("0 0\n1e-6 -1e-3\n\n2e-6 5e-4\n", 1e-3)])
def test_a_recording_is_read_whatever_separates_its_columns(
    tmp_path: Path, text: str, height: float, station: Any
) -> None:
    path = tmp_path / "r.txt"
    path.write_text(text, "utf-8")
    times, levels, highest = read_recording(path)
    assert highest == height
    assert times == pytest.approx([0.0, 1e-6, 2e-6], abs=1e-12) and levels == pytest.approx([0.0, -1.0, 0.5])
    _, played = waveform(station, shape="recorded", file=str(path), amplitude="1.5 V")
    assert played.min() == pytest.approx(-1.5, rel=0.01)


def test_a_recording_is_sent_as_high_as_it_is_unless_an_amplitude_is_given(tmp_path: Path, station: Any) -> None:
    path = tmp_path / "r.csv"
    path.write_text("0,0\n1e-6,1.5\n2e-6,0\n", "utf-8")
    asked = {"shape": "recorded", "file": str(path)}
    assert Stimulus.parse(asked).amplitude == (1.5,)
    assert not any("scaled" in line for line in Stimulus.parse(asked).plan(station).warnings)
    warnings = Stimulus.parse({**asked, "amplitude": "2.4 V"}).plan(station).warnings
    (scaled,) = [line for line in warnings if "scaled" in line]
    assert scaled == "the recording has 3 readings in 2 us and reaches 1.500 V, but it is scaled to 2.400 V"


@pytest.mark.parametrize(("text", "said"), [
    ("a,b\n", "0 lines with two numbers"), ("0,1\n1e-6,2\n1e-6,3\n", "must rise"), ("0,1\n1,nan\n", "finite"),
    ("0,0\n1,0\n", "0 V everywhere"), ("0,1\n1,2\nx,3\n", "line 3 ('x,3') has no 2 numbers")])
def test_what_is_no_recording_is_said_in_one_line(tmp_path: Path, text: str, said: str, station: Any) -> None:
    path = tmp_path / "r.csv"
    path.write_text(text, "utf-8")
    (refusal,) = Stimulus.parse({"shape": "recorded", "file": str(path)}).plan(station).refusals
    assert said in refusal and "\n" not in refusal and str(path) in refusal
    (missing,) = Stimulus.parse({"shape": "recorded", "file": str(path) + "x"}).plan(station).refusals
    assert "cannot be read" in missing


def test_the_run_keeps_what_it_sent(station: Any, recorder: Any) -> None:
    station.generator = station.bias
    steps = list(Stimulus.parse({"amplitude": "1 V, 2 V", "repeats": 2, "samples": 2000}).run(station, recorder))
    told = [wave for wave in recorder.waveforms if wave.channel == "stimulus"]
    assert [wave.values().max() for wave in told] == pytest.approx([1.0, 2.0], rel=0.01)
    assert [point.values[2] for point in recorder.points] == [1.0, 1.0, 2.0, 2.0]
    assert len(station.bias.named("load_waveform")) == 3   # the highest to find the ranges, then each once
    assert not station.bias.output and steps[-1].done == steps[-1].total == 4


def test_a_bipolar_stimulus_has_room_on_both_sides(station: Any, recorder: Any) -> None:
    station.generator = station.bias
    station.scope.signal = lambda channel, times: 1.9 * np.sin(times * 6e5) * (1.0 if channel == 1 else 0.01)
    list(Stimulus.parse({"shape": "sine", "amplitude": "2 V", "repeats": 1, "samples": 2000}).run(station, recorder))
    last = [v for number, v in station.scope.named("configure_channel") if number == 1][-1]
    assert last.offset - last.range / 2 < -1.9 and last.offset + last.range / 2 > 1.9
    assert station.bias.named("configure_level_limits") == [(-2.0, 2.0)]


def test_the_plan(station: Any, new_station: Any) -> None:
    plan = Stimulus.parse({"amplitude": "1 V, 2 V", "period": "10 us"}).plan(station)
    assert plan.refusals == () and plan.steps == plan.points == 6 and station.calls == []
    assert max(plan.preview["level"]) == pytest.approx(2.0) and plan.preview["time"][-1] == pytest.approx(10.4e-6)
    worst, length = {item.quantity: item.value for item in plan.worst_case}, plan.preview["time"][-1]
    assert worst["charge"] == pytest.approx(length * 2.0 / 5100.0 + 80e-12 * 2.0, rel=1e-6)
    assert worst["energy"] == pytest.approx(length * 2.0**2 / (4 * 5100.0) + 80e-12 * 2.0**2 / 2, rel=1e-6)
    strict = new_station(DeviceLimits(max_voltage=1.5))
    assert any("max_voltage" in line for line in Stimulus.parse({}).plan(strict).refusals)
    assert any("scope" in line for line in Stimulus.parse({}).plan(new_station().without_scope()).refusals)
    assert any("base + amplitude" in line for line in Stimulus.parse({"amplitude": "12 V"}).plan(station).refusals)
    long = Stimulus.parse({"shape": "rectangle", "period": "1 s", "edge": "10 ns"}).plan(station)
    assert any("waveform points" in line for line in long.refusals)


def test_a_bench_that_plays_no_waveform_says_so(station: Any) -> None:
    station.bias.capabilities = replace(station.bias.capabilities, arbitrary_points=Range(0, 0, ""))
    assert any("cannot play a waveform" in line for line in Stimulus.parse({}).plan(station).refusals)

    def none(role: str) -> Any:
        raise ConfigurationError("it is a source meter")

    station.pulse_generator = none
    (refusal,) = Stimulus.parse({}).plan(station).refusals
    assert "needs a generator that plays waveforms" in refusal


@pytest.mark.parametrize("values", [
    {"amplitude": "0 V"}, {"shape": "recorded"}, {"file": "a.csv"}, {"duty": 1.0}, {"shape": "saw"},
    {"shape": "rectangle", "period": "50 ns"}])
def test_what_does_not_fit_together_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        Stimulus.parse(values)
