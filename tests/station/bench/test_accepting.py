"""What a person has accepted for one run: how it is read, what the guards allow meanwhile, what a reading tells."""

from typing import Any

import numpy as np
import pytest

from tsbench.errors import LimitError
from tsbench.records import Column, Flag, Point, Waveform
from tsbench.station.bench.accepting import Accepted, ComparedRecorder, magnitude_of_waveform, magnitudes_of_point

COLUMNS = (Column("level", "V"), Column("current", "A"), Column("pulse", ""))
ACCEPTED = Accepted("nbo2", {"max_current": 1e-3}, {"current of a point": 1e-4, "sense of a record": 0.01})


class Recorder:
    """Counts what it records."""

    def __init__(self) -> None:
        self.count = 0

    def point(self, point: Point) -> None:
        self.count += 1

    waveform = event = point


def compared() -> tuple[ComparedRecorder, Recorder]:
    recorder = Recorder()
    return ComparedRecorder(recorder, "D1", COLUMNS, ACCEPTED), recorder


def record(*volts: float, offset: float = 0.0) -> Waveform:
    codes = np.round(np.array([volts]) / 1e-3).astype(np.int16)
    return Waveform("sense", "V", codes, 1e-3, 0.0, 0.0, 1e-9, np.zeros(1), accuracy_offset=offset)


def test_it_is_plain_data() -> None:
    assert Accepted.read(ACCEPTED.facts()) == ACCEPTED and Accepted.read(None) is None


def test_a_point_ends_the_run_at_the_second_one_that_is_too_large() -> None:
    both, recorder = compared()
    for current in (0.9e-4, 1.1e-4, 0.9e-4, -1.1e-4):   # one that is too large may be noise
        both.point(Point((1.0, current, 7.0)))
    with pytest.raises(LimitError, match="D1 is not like the model nbo2: current of a point is 120 uA, and a device "
                                         "like the model gives at most 100 uA"):
        both.point(Point((1.0, 1.2e-4, 8.0)))
    assert recorder.count == 5   # what ended the run is recorded


@pytest.mark.parametrize(("point", "said"), [
    (Point((1.0, 2.1e-4, 0.0)), "is 210 uA"),
    (Point((1.0, float("nan"), 0.0), Flag.OVERFLOW), "is beyond the measuring range"),
])
def test_a_point_that_no_noise_makes_ends_the_run_at_once(point: Point, said: str) -> None:
    with pytest.raises(LimitError, match=said):
        compared()[0].point(point)


def test_of_a_record_the_third_largest_sample_counts_and_its_uncertainty() -> None:
    both, _ = compared()
    both.waveform(record(1.0, -1.0, 0.009, 0.0))   # two outliers
    both.waveform(record(0.02, 0.02, 0.02, offset=0.004))
    with pytest.raises(LimitError, match="sense of a record is 20 mV, and a device like the model gives at most 10 mV"):
        both.waveform(record(0.02, -0.02, 0.02, offset=0.002))


@pytest.mark.parametrize(("found", "expected"), [
    (magnitudes_of_point(COLUMNS, Point((-1.0, float("nan"), 3.0))), {"level of a point": 1.0}),
    (magnitude_of_waveform(record(0.5)), {}),
])
def test_what_is_not_known_is_not_compared(found: dict[str, Any], expected: dict[str, float]) -> None:
    assert found == expected
