"""Events of runs in groups, and what is said of them."""

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tsbench
from tsbench.cli import main
from tsbench.cli import statistics as command
from tsbench.errors import ConfigurationError
from tsbench.extraction.grouping import groups_of
from tsbench.extraction.observations import Observation
from tsbench.extraction.statistics import statistics_of
from tsbench.records import Flag, Result


def event(
    value: float | None, device: str = "D1", order: int = 0, flags: Flag = Flag.NONE, low: float | None = None,
    high: float | None = None, quantity: str = "threshold_voltage", **facts: Any,
) -> Observation:
    conditions = {"cycle": order + 1, "polarity": "+"}
    half = 0.001
    ends = (low, high) if value is None else (value - half, value + half)
    if Flag.CENSORED in flags:
        ends = (low, high)
    return Observation(Result(quantity, "V", value, *ends, "", conditions, flags), order, True,
                       {"device": device, "run": "r", **conditions, **facts})


def lot(between: float = 0.05, within: float = 0.02, devices: int = 8, cycles: int = 12) -> list[Observation]:
    random = np.random.default_rng(2)
    return [event(value, f"D{number}", order) for number in range(devices)
            for order, value in enumerate(random.normal(random.normal(1.0, between), within, cycles))]


def test_cycles_are_told_from_devices() -> None:
    (found,) = statistics_of(lot(), families=("normal",), relative=0.01)
    assert (found.quantity, found.conditions, len(found.devices)) == ("threshold_voltage", {"polarity": "+"}, 8)
    assert found.components is not None and found.population is not None
    parts = found.components
    assert parts.within.low < 0.02 < parts.within.high and parts.between.low < 0.05 < parts.between.high
    assert found.population.number == 8 and found.population.mean.low < 1.0 < found.population.mean.high
    assert found.population.fits[0].parameters["standard_deviation"].value == pytest.approx(0.05, rel=0.6)
    assert found.population.enough.needed > 8 and found.devices[0].drift is not None
    statistics = {row["statistic"] for row in found.rows()}
    assert {"mean", "median", "normal_mean", "standard_deviation_between_cycles", "drift_per_cycle"} <= statistics
    json.dumps(found.rows(), allow_nan=False)


def test_readings_of_a_chuck_that_was_set_once_are_one_temperature() -> None:
    runs = [replace(one, facts={**one.facts, "temperature": 296.0 + 0.003 * (number % 7) + 10.0 * (number % 2)})
            for number, one in enumerate(lot(devices=2, cycles=14))]
    groups = groups_of(runs, "threshold_voltage")
    assert [group.conditions["temperature"] for group in groups] == [296.0, 306.0]


@pytest.mark.parametrize("by", [None, "temperature"])
def test_fine_steps_of_the_temperature_are_not_put_together(by: str | None) -> None:
    """Steps of 0.5 K, as near the transition of VO2, each read twice with the noise of the sensor."""
    steps = [300.0 + 0.5 * k + noise for k in range(20) for noise in (-0.008, 0.008)]
    events = [event(1.0 - 0.02 * (kelvin - 300.0), order=k, temperature=kelvin) for k, kelvin in enumerate(steps)]
    groups = groups_of(events, "threshold_voltage", None if by is None else [by])
    assert [group.conditions["temperature"] for group in groups] == [300.0 + 0.5 * k for k in range(20)]
    assert not any("temperature" in remark for group in groups for remark in group.remarks)


def test_searches_that_ended_above_their_range_stay_with_the_others() -> None:
    events = [event(1.0 + 0.01 * k, f"D{k}", quantity="threshold_amplitude", ended="narrow") for k in range(8)]
    events += [event(None, f"D{k}", low=1.3, flags=Flag.CENSORED, quantity="threshold_amplitude", ended="above")
               for k in (8, 9)]
    for one in events:
        one.result.conditions["ended"] = one.facts["ended"]   # type: ignore[index]
    (group,) = groups_of(events, "threshold_amplitude")
    assert (len(group.devices), sum(device.above for device in group.devices)) == (10, 2)
    assert not group.remarks


def test_spoiled_events_are_left_out_and_counted() -> None:
    events = [*lot(devices=1), event(5.0, "D0", 20, Flag.OSCILLATING), event(None, "D0", 21, Flag.NO_EVENT)]
    (found,) = statistics_of(events)
    assert found.devices[0].number == 12
    assert any("1 event is left out because of flags" in line for line in found.lines)
    assert any("without a value and without a bound" in line for line in found.lines)


def test_a_pulse_that_does_not_switch_bounds_the_delay() -> None:
    events = [event(value, order=k, quantity="switching_delay", pulse_width=2.0)
              for k, value in enumerate(np.random.default_rng(2).weibull(2.0, 20) * 0.9)]
    events += [event(None, order=20 + k, flags=Flag.NO_EVENT, quantity="switching_delay", pulse_width=2.0)
               for k in range(5)]
    (found,) = statistics_of(events, families=("weibull",))
    sample = found.devices[0]
    assert (sample.number, sample.bounded) == (25, 5) and sample.mean.value is None
    assert sample.median.low < sample.median.value < sample.median.high
    assert sample.fits[0].parameters and Flag.CENSORED in sample.fits[0].flags


def test_a_value_that_is_a_bound_is_no_value() -> None:
    events = [event(1.0 + 0.01 * k, order=k, flags=Flag.CENSORED, low=1.0 + 0.01 * k) for k in range(10)]
    (group,) = groups_of(events)
    assert group.devices[0].values.size == 0 and group.devices[0].above == 10


def test_events_of_unlike_measurements_are_remarked() -> None:
    events = [event(1.0 + 0.01 * k, order=k, compliance=1e-3 if k < 5 else 1e-4) for k in range(10)]
    (found,) = statistics_of(events)
    assert any("different compliance" in line for line in found.lines)
    first, second = statistics_of(events, by="compliance")
    assert (first.conditions, second.conditions) == ({"compliance": 1e-4}, {"compliance": 1e-3})
    assert not first.lines and first.devices[0].number == 5


def test_unknown_names_are_refused_with_what_there_is() -> None:
    with pytest.raises(ConfigurationError, match="threshold_voltage"):
        statistics_of(lot(), "hold_voltage")
    with pytest.raises(ConfigurationError, match=r"'temperatur'.*polarity"):
        statistics_of(lot(), by="temperatur")
    with pytest.raises(ConfigurationError, match="weibull"):
        tsbench.statistics([], families=("gamma",))
    with pytest.raises(ConfigurationError, match="between 0 and 1"):
        tsbench.statistics([], relative=5.0)


def table(path: Path, seed: int, center: float) -> Path:
    """Write sweeps of a device that switches, twelve cycles, each at another voltage."""
    random, lines = np.random.default_rng(seed), ["cycle,voltage [V],current [A]"]
    up = np.arange(0.0, 1.5, 0.01)
    for cycle in range(1, 13):
        threshold, hold = center + random.normal(0, 0.05), 0.5
        on = False
        for volts in (*up, *up[::-1]):
            on = volts >= threshold if not on else volts > hold
            lines.append(f"{cycle},{volts:.3f},{volts / (1e3 if on else 1e6) + 1e-9 * random.normal():.6e}")
    path.write_text("\n".join(lines), "utf-8")
    return path


@pytest.mark.thorough
def test_the_command_prints_tables_json_and_csv(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
) -> None:
    files = [str(table(tmp_path / f"D{k}.csv", k, 1.0 + 0.05 * k)) for k in range(3)]
    options = ["--quantity", "threshold_voltage", "--fit", "normal", "--relative", "1%"]
    assert main(["statistics", *files, *options, "--csv", str(tmp_path / "out.csv")]) == 0
    said = capsys.readouterr().out
    for text in ("all devices", "sd between cycles", "needed", "normal", "out.csv"):
        assert text in said
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    capsys.readouterr()
    monkeypatch.setattr(command, "_TELL_EVERY", 0.0)
    assert main(["statistics", *files, *options, "--json"]) == 0
    told = capsys.readouterr()
    assert f"read 1 of {len(files)} files\n" in told.err
    printed = json.loads(told.out)
    assert len(rows) == len(printed) and {row["device"] for row in printed} == {"D0", "D1", "D2", "all devices"}
    assert main(["statistics", files[0], "--quantity", "frequency"]) == 2
    assert "hold_voltage" in capsys.readouterr().err


def bracket(low: float, order: int, step: float) -> Observation:
    """Return a threshold between two set-points; the instruments widen the bracket by 1 mV on either side."""
    result = Result("threshold_voltage", "V", low + 0.5 * step, low - 0.001, low + step + 0.001,
                    "the device switches between two set-points, rule jump", {"cycle": order + 1, "polarity": "+"})
    return Observation(result, order, True, {"device": "D1", "cycle": order + 1, "polarity": "+"})


def test_thresholds_between_coarse_set_points_are_brackets() -> None:
    thresholds = np.random.default_rng(5).normal(0.15, 0.005, 100)
    for step, bracketed in ((0.008, True), (0.0002, False)):
        events = [bracket(float(np.floor(value / step) * step), k, step) for k, value in enumerate(thresholds)]
        (found,) = statistics_of(events, families=("normal",))
        sample, spread = found.devices[0], found.devices[0].fits[0].parameters["standard_deviation"]
        assert ("Turnbull" in sample.distribution.method) is bracketed and sample.bounded == 0
        assert spread.low < 0.005 < spread.high and sample.fits[0].significance > 0.01
        # the instruments' 1 mV stays, but half a step is no error of the mean
        assert 0.001 < 0.5 * (sample.mean.high - sample.mean.low) < 0.0025
        assert sample.mean.low < 0.15 < sample.mean.high and sample.median.low < 0.15 < sample.median.high


def test_a_device_with_one_event_counts_with_its_value_and_not_as_a_bound() -> None:
    """A campaign measures each device once."""
    found = statistics_of([event(value, f"D{place}") for place, value in enumerate((1.0, 1.1, 0.9, 1.05, 0.95))]
                          )[0].population
    assert found is not None and (found.number, found.bounded) == (5, 0)
    assert found.mean.value == pytest.approx(1.0)


def test_a_device_whose_events_are_upper_bounds_is_bounded_above() -> None:
    bound = event(None, "E", flags=Flag.CENSORED, high=0.5)
    found = statistics_of([event(1.0, "D1"), event(1.1, "D2"), bound])[0].population
    assert found is not None and (found.number, found.bounded) == (3, 1)
    assert found.distribution is not None and found.distribution.quantile(0.5)[0] == 1.0   # the bound is the smallest


def test_groups_of_one_event_are_told_how_to_be_joined(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """A level is measured. Where it differs from pulse to pulse by 20 %, no two pulses are in one group."""
    time = np.arange(0.0, 3.5e-3, 1e-6)
    voltage, conductance = np.full(time.size, 0.1), np.full(time.size, 1e-6)
    for number in range(3):
        begin = 1e-3 * (number + 0.25)
        inside = (time >= begin) & (time < begin + 1e-4)
        voltage[inside], conductance[inside & (time >= begin + 2e-5)] = 1.5, 1e-3 * (1.0 + 0.01 * number)
        after = (time >= begin + 1e-4) & (time < begin + 9e-4)
        conductance[after] = np.maximum(
            (1.0 + 0.2 * number) * 1e-3 * np.exp(-(time[after] - begin - 1e-4) / 5e-5), 1e-6)
    noise = 2e-8 * np.random.default_rng(0).standard_normal(time.size)
    path = tmp_path / "relax.csv"
    np.savetxt(path, np.column_stack([time, voltage, voltage * conductance + noise]), delimiter=",",
               header="Time (s),V (V),I (A)", comments="")
    assert main(["statistics", str(path), "--quantity", "relaxation_time"]) == 0
    said = capsys.readouterr().out
    assert "3 groups with one event" in said and "They differ in level" in said and "--by amplitude" in said
