"""Telegraph noise on the simulated bench beside the process of the world file, and its steps on a recording bench."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.fixtures.switching_meter import Switch, put, ran
from tsbench.errors import ConfigurationError
from tsbench.protocols import protocol_named
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.records import DeviceLimits, Flag

OPTIONS, TELEGRAPH = ExtractionOptions(), protocol_named("telegraph_noise")
NOISY = (('[devices.D1]\nmodel = "nbo2"', '''[devices.D1]
model = "nbo2"
[[devices.D1.noise]]
kind = "telegraph"
parameter = "as_"
amplitude = 0.05
time_low = "20 ms"
time_high = "10 ms"'''),)


@pytest.mark.sabotage("resistor")
def test_amplitude_and_mean_times_are_those_of_the_world_file(measure: Any) -> None:
    """The off current is proportional to the parameter that jumps, so it changes by 5 %."""
    done = measure("nbo2", "telegraph_noise", {"bias": "0.3 V", "samples": 1200, "nplc": 0.01}, replace=NOISY)
    (relative,), (low,), (high,) = (done.values(name) for name in (
        "telegraph_relative_amplitude", "mean_time_low", "mean_time_high"))
    assert relative.value == pytest.approx(0.05, rel=0.05) and relative.low < relative.value < relative.high
    assert low.low <= 20e-3 <= low.high and high.low <= 10e-3 <= high.high
    assert done.outcome.safe and done.left_on == []


def test_a_quiet_device_shows_none(station: Any, recorder: Any) -> None:
    put(station, Switch())
    run = ran(TELEGRAPH.parse({"bias": "0.1 V, -0.2 V", "samples": 300}), station, recorder)
    rows = list(TELEGRAPH.extract(run, OPTIONS))
    assert len(rows) == 8 and all(row.value is None and Flag.NO_EVENT in row.flags for row in rows)
    assert sorted(set(run.column("set_point"))) == [-0.2, 0.1] and TELEGRAPH.device_remark(run) == ""


def test_long_records_are_taken_in_parts_and_transitions_between_them_do_not_count(station: Any, recorder: Any) -> None:
    device = put(station, Switch())
    usual, count = station.meter._reading, iter(range(100_000))

    def jumping(level: float, time: float) -> Any:
        device.off = 100e3 if (next(count) // 20) % 2 else 90e3
        return usual(level, time)

    station.meter._reading = jumping
    run = ran(TELEGRAPH.parse({"bias": "0.2 V", "samples": 6000}), station, recorder)
    assert len(run.points) == 6000 and set(run.column("record")) == {0, 1, 2}
    rows = {row.quantity: row for row in TELEGRAPH.extract(run, OPTIONS)}
    assert rows["telegraph_relative_amplitude"].value == pytest.approx(1 / 9, rel=0.01)
    interval = float(np.median(np.diff(run.column("time"))))
    for name in ("mean_time_low", "mean_time_high"):
        assert rows[name].low < 20 * interval < rows[name].high and rows[name].flags == Flag.NONE
    for _, draw in TELEGRAPH.figures(run, OPTIONS):
        assert draw().axes


@pytest.fixture
def jumped(station: Any, recorder: Any) -> Any:
    """Return results at one bias of readings that jump every 20, with a zero error and a bias error of the meter."""
    def results(zero: float = 0.0, stretched: float = 1.0, **asked: Any) -> dict[str, Any]:
        device = put(station, Switch())
        usual, count, random = station.meter._reading, iter(range(100_000)), np.random.default_rng(1)

        def jumping(level: float, time: float) -> Any:
            device.off = 1e6 if (next(count) // 20) % 2 else 0.7e6
            reading = usual(level * stretched, time)
            return replace(reading, current=reading.current + zero + random.normal(0, 3e-10))

        station.meter._reading = jumping
        run = ran(TELEGRAPH.parse(**{"bias": "0.1 V", "samples": 600, **asked}), station, recorder)
        for facts in run.header.instruments.values():
            facts["accuracy"] = {"source_voltage:0.2": {"full_scale": 0.2, "gain": 1.5e-4, "offset": 2e-4},
                                 "measure_current:1e-4": {"full_scale": 1e-4, "gain": 2e-4, "offset": 6e-9}}
        return {row.quantity: row for row in TELEGRAPH.extract(run, OPTIONS)}
    return results


@pytest.mark.parametrize("zero", [-5e-9, 5e-9])
def test_the_relative_amplitude_contains_the_zero_error_of_the_meter(jumped: Any, zero: float) -> None:
    found, true = jumped(zero)["telegraph_relative_amplitude"], 0.3 / 0.7
    assert found.low <= true <= found.high and abs(found.value - true) > 0.015
    assert 0.05 < (found.high - found.low) / true < 0.25 and found.flags == Flag.NONE


def test_a_low_level_that_may_be_zero_gives_a_lower_bound(jumped: Any) -> None:
    found = jumped(-97e-9)["telegraph_relative_amplitude"]
    assert found.value is None and found.high is None and 2.0 < found.low < 10.0 and Flag.CENSORED in found.flags


def test_the_amplitude_contains_the_error_of_the_source(jumped: Any) -> None:
    found = jumped(stretched=1.002)["telegraph_amplitude"]
    true = 0.1 * 0.3 / 0.7e6
    assert found.low <= true <= found.high < 1.01 * true


def test_a_record_cut_short_says_so(station: Any, recorder: Any) -> None:
    put(station, Switch())
    run = ran(TELEGRAPH.parse(bias="0.1 V", samples=300), station, recorder)
    whole = list(TELEGRAPH.extract(run, OPTIONS))
    cut = list(TELEGRAPH.extract(replace(run, points=run.points[:40], point_flags=run.point_flags[:40]), OPTIONS))
    assert all(row.flags == Flag.NO_EVENT for row in whole)
    assert all(row.flags == Flag.NO_EVENT | Flag.TOO_FEW and "40 of 300 readings" in row.method for row in cut)


def test_the_plan_and_what_it_refuses(new_station: Any) -> None:
    plan = TELEGRAPH.parse({"bias": "0.1 V, -0.3 V", "samples": 1000}).plan(new_station())
    items = {item.quantity: item.value for item in plan.worst_case}
    assert plan.points == 2000 and items["voltage"] == 0.3 and items["total charge"] > 0 and not plan.refusals
    strict = new_station(limits=DeviceLimits(max_voltage=0.2))
    assert any("max_voltage" in line for line in TELEGRAPH.parse({"bias": "0.3 V"}).plan(strict).refusals)
    with pytest.raises(ConfigurationError):
        TELEGRAPH.parse({"bias": "0 V"})
