"""What a person has accepted for one run: how it is read, what a bench allows meanwhile, what a reading tells."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tsbench.errors import LimitError
from tsbench.records import Column, DeviceDescription, DeviceLimits, Flag, Point, Sensing, Waveform
from tsbench.station.bench.accepting import Accepted, ComparedRecorder, accepting
from tsbench.station.bench.shown_magnitudes import ShownMagnitudes

COLUMNS = (Column("set_point", "V"), Column("current", "A"), Column("device_voltage", "V"))
SENSING = Sensing("scope.1", "scope.2", "scope.2", 50.0)
ACCEPTED = Accepted("nbo2", {"max_current": 1e-3}, {"max_current": 2e-4},
                    {"current of a point": 1e-4, "power of a point": 5e-5, "current of a record": 2e-4})


class Recorder:
    """Counts what it records."""

    def __init__(self) -> None:
        self.count = 0

    def point(self, point: Point) -> None:
        self.count += 1

    waveform = event = point


def compared() -> tuple[ComparedRecorder, Recorder]:
    recorder = Recorder()
    return ComparedRecorder(recorder, "D1", ShownMagnitudes(COLUMNS, SENSING), ACCEPTED), recorder


def record(channel: str, *volts: float, offset: float = 0.0, time: float = 0.0) -> Waveform:
    codes = np.round(np.array([volts]) / 1e-3).astype(np.int16)
    return Waveform(f"device_voltage_{channel}", "V", codes, 1e-3, 0.0, 0.0, 1e-9, np.zeros(1), accuracy_offset=offset,
                    time=time)


def test_it_is_plain_data() -> None:
    assert Accepted.read(ACCEPTED.facts()) == ACCEPTED and Accepted.read(None) is None


def bench_with(limit: float) -> Any:
    followed: list[Any] = []
    guards = SimpleNamespace(follow=lambda device, accepted=frozenset(): followed.append((device.limits, accepted)))
    return SimpleNamespace(device=DeviceDescription("D1", limits=DeviceLimits(max_current=limit, max_charge=1e-9)),
                           guards=guards, accepted=None, followed=followed)


def test_only_the_accepted_limit_is_another_one_and_only_meanwhile() -> None:
    bench = bench_with(2e-4)
    before = bench.device
    with accepting(bench, ACCEPTED):
        assert bench.device.limits == DeviceLimits(max_current=1e-3, max_charge=1e-9)
        assert bench.followed == [(bench.device.limits, {"max_current"})]
        assert bench.accepted.limits == before.limits
    assert bench.device == before and bench.accepted is None and bench.followed[-1] == (before.limits, frozenset())


def test_a_limit_that_was_changed_since_is_not_replaced() -> None:
    with pytest.raises(LimitError, match="max_current in the bench file is another one"), \
            accepting(bench_with(1e-4), ACCEPTED):
        pass


def test_a_point_ends_the_run_at_the_second_one_that_is_too_large() -> None:
    both, recorder = compared()
    for current in (0.9e-4, 1.1e-4, 0.9e-4, -1.1e-4):   # one that is too large may be noise
        both.point(Point((1.0, current, 0.1)))
    with pytest.raises(LimitError, match="D1 is not like the model nbo2: the current of a point is 120 uA, and a "
                                         "device like the model gives at most 100 uA"):
        both.point(Point((1.0, 1.2e-4, 0.1)))
    assert recorder.count == 5   # what ended the run is recorded


@pytest.mark.parametrize(("point", "said"), [
    (Point((1.0, 2.1e-4, 0.0)), "the current of a point is 210 uA"),
    (Point((1.0, 0.9e-4, -2.0)), "the power of a point is 180 uW"),   # neither of them is too large alone
    (Point((1.0, float("nan"), 0.0), Flag.OVERFLOW), "the current of a point is beyond the measuring range"),
])
def test_a_point_that_no_noise_makes_ends_the_run_at_once(point: Point, said: str) -> None:
    with pytest.raises(LimitError, match=said):
        compared()[0].point(point)


def test_of_a_record_the_third_largest_sample_counts_and_its_uncertainty() -> None:
    both, _ = compared()
    both.waveform(record("low", 1.0, -1.0, 0.009, 0.0))   # two outliers; 10 mV are the model's
    both.waveform(record("low", 0.02, 0.02, 0.02, offset=0.004, time=1.0))
    with pytest.raises(LimitError, match="the current of a record is 400 uA, and a device like the model"):
        both.waveform(record("low", 0.02, -0.02, 0.02, offset=0.002, time=2.0))


def test_voltage_and_power_come_of_the_channels_of_one_acquisition() -> None:
    shown = ShownMagnitudes(COLUMNS, SENSING)
    assert shown.of_waveform(record("high", 1.0, 1.0, 1.0)) == {}
    found = shown.of_waveform(record("low", 0.1, 0.1, 0.1))
    assert {name: one.value for name, one in found.items()} == pytest.approx(
        {"voltage of a record": 0.9, "current of a record": 2e-3, "power of a record": 1.8e-3})
    assert set(shown.of_waveform(record("low", 0.1, 0.1, 0.1, time=1.0))) == {"current of a record"}


def test_what_is_not_known_is_not_compared() -> None:
    assert set(ShownMagnitudes(COLUMNS, SENSING).of_point(Point((1.0, float("nan"), 0.5)))) == {"voltage of a point"}
    assert ShownMagnitudes((), Sensing("scope.1")).of_point(Point((1.0,))) == {}
    assert set(ShownMagnitudes((), Sensing("scope.1")).of_waveform(record("high", 1.0, 1.0, 1.0))) == {
        "voltage of a record"}
