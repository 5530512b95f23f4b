"""Telegraph noise on the simulated bench beside the process of the world file, and its steps on a recording bench."""

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


def test_the_plan_and_what_it_refuses(new_station: Any) -> None:
    plan = TELEGRAPH.parse({"bias": "0.1 V, -0.3 V", "samples": 1000}).plan(new_station())
    items = {item.quantity: item.value for item in plan.worst_case}
    assert plan.points == 2000 and items["voltage"] == 0.3 and items["total charge"] > 0 and not plan.refusals
    strict = new_station(limits=DeviceLimits(max_voltage=0.2))
    assert any("max_voltage" in line for line in TELEGRAPH.parse({"bias": "0.3 V"}).plan(strict).refusals)
    with pytest.raises(ConfigurationError):
        TELEGRAPH.parse({"bias": "0 V"})
