"""Figures of several runs: the right values at the right places, into the axes that are given."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

from tests.extraction.test_statistics_of_runs import event, table
from tests.fixtures import made_runs
from tsbench.cli import main
from tsbench.errors import ConfigurationError
from tsbench.extraction import run_figures
from tsbench.extraction.observations import Gathered, Observation
from tsbench.extraction.series import drive_of, series_against, series_name, unit_of
from tsbench.records import Flag, Result


def frequency(value: float | None, bias: float, load: float, device: str = "D1", **facts: Any) -> Observation:
    low, high = (None, None) if value is None else (value - 1.0, value + 1.0)
    flags = Flag.NO_EVENT if value is None else Flag.NONE
    return Observation(Result("frequency", "Hz", value, low, high, "", {"bias": bias}, flags), 0, False,
                       {"device": device, "bias": bias, "load": load, **facts})


def drawn(kind: str, observations: list[Observation], monkeypatch: pytest.MonkeyPatch, **options: Any) -> Any:
    monkeypatch.setattr(run_figures, "gather", lambda *_: Gathered(observations))
    axes = Figure().subplots()
    found = run_figures.figure(kind, "runs", axes, **options)
    assert found.figure is axes.get_figure()
    return axes


def test_frequency_against_bias_has_a_line_for_each_load(monkeypatch: pytest.MonkeyPatch) -> None:
    events = [frequency(1e6 * bias / load, bias, load) for load in (4700.0, 10e3) for bias in (3.0, 1.0, 2.0)]
    axes = drawn("frequency", events, monkeypatch)
    first, second = axes.containers
    assert first[0].get_xdata().tolist() == [1.0, 2.0, 3.0]
    assert first[0].get_ydata() == pytest.approx([1e6 / 4700, 2e6 / 4700, 3e6 / 4700])
    assert [container.get_label() for container in axes.containers] == ["4.7 k\u03a9", "10 k\u03a9"]
    assert second[2][0].get_segments()[0][:, 1] == pytest.approx([99.0, 101.0])   # the interval of the single value
    assert axes.get_xlabel() == "bias" and axes.get_ylabel() == "frequency"
    axes = drawn("frequency", [one for one in events if one.facts["bias"] == 2.0], monkeypatch)
    assert axes.get_xlabel() == "load resistance" and axes.containers[0][0].get_xdata().tolist() == [4700.0, 10e3]


def test_values_over_decades_have_a_logarithmic_axis(monkeypatch: pytest.MonkeyPatch) -> None:
    for factor, scale in ((2.0, "linear"), (10.0, "log")):
        events = [frequency(100.0 * factor**k, 1.0 + k, 4700.0) for k in range(4)]
        axes = drawn("frequency", events, monkeypatch)
        assert (axes.get_xscale(), axes.get_yscale()) == ("linear", scale)


def test_a_legend_of_too_many_names_is_left_out_with_a_remark(monkeypatch: pytest.MonkeyPatch) -> None:
    events = [frequency(1e6 + bias, bias, load) for load in range(1000, 14000, 1000) for bias in (1.0, 2.0)]
    monkeypatch.setattr(run_figures, "gather", lambda *_: Gathered(events))
    axes = Figure().subplots()
    assert any("no legend" in line for line in run_figures.figure("frequency", "runs", axes).lines)
    assert axes.get_legend() is None and len(axes.containers) == 13


def test_no_line_joins_both_polarities(monkeypatch: pytest.MonkeyPatch) -> None:
    events = [Observation(Result("switching_delay", "s", 1e-6 * k, 0.9e-6 * k, 1.1e-6 * k, "", {}), k, False,
                          {"device": "D1", "amplitude": side * (1.0 + 0.1 * k)}) for k in (1, 2, 3) for side in (-1, 1)]
    axes = drawn("delay", events, monkeypatch)
    lines = [container[0].get_xdata() for container in axes.containers]
    assert [line.size for line in lines] == [3, 3] and (lines[0] < 0).all() and (lines[1] > 0).all()
    assert len({container[0].get_color() for container in axes.containers}) == 1
    assert len(axes.get_legend_handles_labels()[1]) == 1


def test_a_trend_of_both_polarities_shows_magnitudes_in_the_order_of_measurement(
    monkeypatch: pytest.MonkeyPatch
) -> None:
    events = [event(side * (1.0 + 0.01 * k), order=2 * k + (side < 0), polarity="+" if side > 0 else "-")
              for k in range(5) for side in (1.0, -1.0)]
    events = [Observation(Result(**{**vars(one.result), "conditions": {"polarity": one.facts["polarity"]}}), one.order,
                          one.simulated, one.facts) for one in events]
    axes = drawn("trend", events, monkeypatch)
    shown = {container.get_label()[0]: container[0] for container in axes.containers}
    assert shown["+"].get_xdata().tolist() == [1, 3, 5, 7, 9] and shown["-"].get_xdata().tolist() == [2, 4, 6, 8, 10]
    assert shown["-"].get_ydata() == pytest.approx([1.0, 1.01, 1.02, 1.03, 1.04])
    assert axes.get_ylabel() == "magnitude of threshold voltage"


def test_a_compliance_is_named_in_the_unit_of_its_drive() -> None:
    assert series_name({"compliance": 1e-3}) == "compliance 1 mA"
    assert series_name({"compliance": 2.0}, "current") == "compliance 2 V"
    assert series_name({"compliance": 2.0}, "") == "compliance 2"
    assert unit_of("stop", "current") == "A" and unit_of("stop") == "V" and unit_of("load", "current") == "Ohm"
    assert drive_of([{"drive": "current"}, {}]) == "" and drive_of([{}]) == drive_of([]) == "voltage"


def test_curves_of_tables_are_refused_with_the_way_to_draw_them(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    volts = np.linspace(0.0, 1.0, 30)
    np.savetxt(path, np.column_stack([volts, 1e-6 * volts]), delimiter=",", header="V (V),I (A)", comments="")
    with pytest.raises(ConfigurationError, match=r"tsbench analyse.*--out FOLDER"):
        run_figures.figure("iv", path)


@pytest.mark.parametrize(("protocol", "column", "names"), [
    ("compliance_series", "compliance", ["compliance 100 uA", "compliance 1 mA"]),
    ("ramp_rate_series", "rate", ["100 uV/s", "1 mV/s"])])
def test_a_series_of_sweeps_has_a_curve_for_each_condition(protocol: str, column: str, names: list[str]) -> None:
    one = made_runs.sweep()
    columns = tuple(each.name for each in one.header.columns)
    parts = [np.column_stack([one.points, np.full(len(one.points), value)]) for value in (1e-4, 1e-3)]
    for cycle, part in enumerate(parts, start=1):
        part[:, columns.index("cycle")] = cycle
    points = np.concatenate(parts)
    series = made_runs.run(protocol, (*columns, column), points)
    axes = run_figures.figure("iv", series).figure.axes[0]
    lines = [line for line in axes.get_lines() if not str(line.get_label()).startswith("_")]
    assert [line.get_label() for line in lines] == names
    assert [len(line.get_xdata()) for line in lines] == [len(one.points)] * 2


def test_several_events_at_one_place_are_their_mean() -> None:
    events = [event(1.0 + 0.01 * k + 0.1 * t, order=k, temperature=300.0 + t) for t in (0, 10) for k in range(6)]
    found = series_against(events, "threshold_voltage", "temperature", None)
    (series,) = found.series
    assert series.x.tolist() == [300.0, 310.0] and series.value == pytest.approx([1.025, 2.025])
    assert (series.low < series.value - 0.01).all() and found.unit == "V"


def test_what_is_only_bounded_is_an_arrow_and_not_a_value(monkeypatch: pytest.MonkeyPatch) -> None:
    events = [event(1.0, temperature=300.0), event(None, flags=Flag.CENSORED, high=0.8, temperature=310.0)]
    axes = drawn("threshold", events, monkeypatch)
    assert axes.containers[0][0].get_xdata().tolist() == [300.0]
    arrows = [line for line in axes.lines if line.get_marker() == "v" and line.get_xdata().size]
    assert [line.get_ydata().tolist() for line in arrows] == [[0.8]]


def test_distributions_are_over_cycles_or_over_devices(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(0)
    events = [event(value, f"D{k}", order) for k in range(6) for order, value in enumerate(random.normal(1, 0.1, 8))]
    axes = drawn("distribution", events, monkeypatch, family="normal")
    assert [text.get_label() for text in axes.lines] == ["6 devices", "normal fit"] and len(axes.collections) == 1
    axes = drawn("distribution", events[:16], monkeypatch)
    assert [line.get_label() for line in axes.lines] == ["D0, n = 8", "D1, n = 8"]
    axes = drawn("probability", events, monkeypatch)
    assert "Weibull fit" in [line.get_label() for line in axes.lines] and axes.get_xscale() == "log"
    two_kinds = [event(value, order=order) for order, value in enumerate([*random.normal(0.2, 0.01, 20),
                                                                          *random.normal(1.0, 0.01, 20)])]
    monkeypatch.setattr(run_figures, "gather", lambda *_: Gathered(two_kinds))
    lines = run_figures.figure("distribution", "runs", Figure().subplots(), family="normal").lines
    assert any("do not follow the normal fit" in line for line in lines)
    axes = drawn("trend", events[:8], monkeypatch)
    assert axes.containers[0][0].get_xdata().tolist() == list(range(1, 9))


def test_what_cannot_be_drawn_is_refused_with_what_can(monkeypatch: pytest.MonkeyPatch) -> None:
    events = [frequency(1e6, 1.0, 4700.0), frequency(1e6, 1.0, 4700.0, compliance=1e-3)]
    for kind, options, said in (
        ("frequencies", {}, "frequency"), ("frequency", {}, "compliance"), ("against", {}, "--quantity"),
        ("iv", {}, "iv_sweep"), ("threshold", {}, "contain no threshold voltage"),
        ("distribution", {"family": "gamma"}, "weibull"),
        ("iv", {"quantity": "hold_voltage"}, "takes no --quantity"), ("iv", {"family": "weibull"}, "takes no --fit"),
        ("trend", {"family": "weibull"}, "draw one of distribution, probability"),
        ("overvoltage", {"by": "load"}, "takes no --by"), ("distribution", {"against": "load"}, "takes no --against"),
        ("frequency", {"against": "device"}, "not a number"), ("probability", {"quantity": "frequency"}, "fit needs 5"),
    ):
        with pytest.raises(ConfigurationError, match=said):
            drawn(kind, events, monkeypatch, **options)
    with pytest.raises(ConfigurationError, match="no results"):
        drawn("iv", [], monkeypatch)


@pytest.mark.parametrize(("fact", "title"), [
    ("temperature", "threshold voltage against temperature"), ("ramp_rate", "threshold voltage against ramp rate")])
def test_the_title_names_the_axis_that_is_drawn(fact: str, title: str, monkeypatch: pytest.MonkeyPatch) -> None:
    events = [event(1.0 + 0.1 * k, order=k, **{fact: 300.0 + k}) for k in range(3)]
    monkeypatch.setattr(run_figures, "gather", lambda *_: Gathered(events))
    assert run_figures.figure("threshold", "runs").figure.get_suptitle() == f"{title} (simulated bench)"


def test_a_legend_names_numbers_with_their_units() -> None:
    assert series_name({"temperature": 300.0, "load": 4700.0, "polarity": "+", "die": ""}) == "300 K, 4.7 k\u03a9, +"
    assert series_name({"nplc": 0.1}) == "nplc 0.1"


def test_the_command_writes_what_its_options_say(tmp_path: Path, capsys: pytest.CaptureFixture[str],
                                                 monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    files = [str(table(tmp_path / f"D{k}.csv", k, 1.0)) for k in range(2)]
    assert main(["figure", "distribution", *files, "--paper"]) == 0
    assert (tmp_path / "distribution.pdf").exists() and (tmp_path / "distribution.svg").exists()
    assert main(["figure", "trend", *files, "--out", "sub/t.svg"]) == 0 and (tmp_path / "sub/t.svg").exists()
    assert main(["figure", "trend", *files]) == 0 and (tmp_path / "trend.png").exists()
    assert "figure: trend.png" in capsys.readouterr().out
    assert main(["figure", "trend", *files, "--style", "none.mplstyle"]) == 2
    assert "is neither a readable file of Matplotlib" in capsys.readouterr().err
    assert main(["figure", "trend", *files, "--out", "t.docx"]) == 2 and ".pdf, .svg" in capsys.readouterr().err
    assert main(["analyse", files[0], "--paper", "--out", "figures"]) == 0
    assert {path.suffix for path in (tmp_path / "figures").iterdir()} == {".pdf", ".svg"}
