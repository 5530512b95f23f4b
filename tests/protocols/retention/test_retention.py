"""Retention of a silver filament on the simulated bench beside the witness; the rules by arithmetic."""

from typing import Any

import numpy as np
import pytest

from tests.fixtures.switching_meter import ran
from tsbench.errors import ConfigurationError
from tsbench.instruments import Reading
from tsbench.protocols import protocol_named
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.protocols.retention.extraction import Retained, retention_time
from tsbench.records import DeviceLimits, Flag, Result, Run

OPTIONS, RETENTION = ExtractionOptions(), protocol_named("retention")
ON, OFF, LIMIT = 1e-4, 1e-9, 1e-6


@pytest.mark.sabotage("resistor", "output")
def test_a_filament_is_held_as_long_as_the_witness_says(measure: Any) -> None:
    done = measure("ag_sio2", "retention", {"compliance": "90 uA", "repeats": 2, "last": "1 s", "points": 20,
                                            "rest": "0.2 s"}, device="A1")
    true = [next(t for g, t, _ in record["levels"] if g <= LIMIT) - record["t_edge"]
            for record in done.witness if record["kind"] == "relaxed"]
    found = done.values("retention_time")
    assert len(found) == 2 and all(row.low <= one <= row.high for row, one in zip(found, true, strict=True))
    assert all(row.high < 2 * row.low for row in found) and all(one > 50e-3 for one in true)
    (median,) = done.values("retention_time_median")
    assert Flag.TOO_FEW in median.flags and done.outcome.safe and done.left_on == []


class Forgetful:
    """A device that is on from a stimulus of at least 1 V until ``lives`` [s] after it, one life for each stimulus."""

    def __init__(self, station: Any, *lives: float) -> None:
        self.station, self.lives, self.number, self.ended = station, lives, -1, -np.inf
        self.level = 0.0
        station.meter._reading = self.reading
        usual = station.meter.set_level

        def set_level(level: float) -> None:
            if abs(level) >= 1.0 > abs(self.level):
                self.number += 1
            if abs(self.level) >= 1.0 > abs(level):
                self.ended = station.clock.now()
            self.level = level
            usual(level)

        station.meter.set_level = set_level

    def reading(self, level: float, time: float) -> Reading:
        on = abs(level) >= 1.0 or (self.number >= 0 and time < self.ended + self.lives[self.number])
        current = level * (ON if on else OFF)
        return Reading(time, level, level, float(np.clip(current, -1e-4, 1e-4)), Flag.NONE)


def retain(station: Any, recorder: Any, lives: tuple[float, ...], **values: Any) -> tuple[Run, list[Result]]:
    Forgetful(station, *lives)
    given = {"first": 0.05, "last": 100.0, "points": 30, "repeats": len(lives), "rest": 0.5, "read_voltage": 0.2}
    run = ran(RETENTION.parse({**given, **values}), station, recorder)
    return run, list(RETENTION.extract(run, OPTIONS))


def test_each_time_is_a_bracket_and_the_median_joins_them(station: Any, recorder: Any) -> None:
    lives = tuple(np.random.default_rng(1).lognormal(0, 0.5, 9).tolist())
    run, rows = retain(station, recorder, lives)
    for row, life in zip(rows, lives, strict=False):
        assert row.low <= life <= row.high and row.low < row.value < row.high
    median = rows[-1]
    assert median.low < np.median(lives) < median.high and median.flags == Flag.NONE
    due = run.column("since")[(run.column("repeat") == 0) & (run.column("phase") == 2)]
    assert due[5:] == pytest.approx(np.geomspace(0.05, 100, 30)[5:], rel=0.02)   # reads do not shift later ones
    assert (np.array(station.meter.named("set_level")[-2:]) == 0).all()
    for _, draw in RETENTION.figures(run, OPTIONS):
        assert draw().axes


def test_what_the_reads_do_not_reach_is_a_bound(station: Any, recorder: Any) -> None:
    _, rows = retain(station, recorder, (1e-3, 500.0, 1.0, 1.0, 1.0, 1.0, 1.0), between="read")
    assert rows[0].value is None and rows[0].low is None and rows[0].high < 0.1 and Flag.CENSORED in rows[0].flags
    assert rows[1].value is None and rows[1].high is None and rows[1].low > 90 and Flag.CENSORED in rows[1].flags
    assert rows[-1].quantity == "retention_time_median" and rows[-1].value == pytest.approx(1.0, rel=0.2)


def made(states: list[float], during: float = ON, before: float = OFF) -> Result:
    """Return the retention of reads that show these conductances [S], at 1, 2, 4 ... seconds."""
    times = 2.0 ** np.arange(len(states))
    conductance = np.array(states)
    return retention_time(
        Retained(0, times, 1.01 * times, conductance, 0.01 * conductance + 1e-12, before, during, Flag.NONE), LIMIT)


def test_reads_that_contradict_each_other_make_a_wide_bracket_with_a_flag() -> None:
    found = made([ON, ON, OFF, ON, OFF, OFF])
    assert (found.low, found.high, found.flags) == (2.0, pytest.approx(16 * 1.01), Flag.AMBIGUOUS)
    found = made([ON, ON, OFF, OFF, OFF, ON])   # the last read may be wild, or it switched on again
    assert found.low == 2.0 and found.high is None and found.value is None and Flag.AMBIGUOUS in found.flags
    undecided = made([ON, ON, LIMIT, OFF])
    assert (undecided.low, undecided.high) == (2.0, pytest.approx(8 * 1.01)) and undecided.flags == Flag.NONE


def test_a_read_within_the_noise_of_the_limit_tells_nothing() -> None:
    """It tells only where the limit is outside of its 95 % interval."""
    away = np.array([-3.0, -2.1, -1.8, -0.5, 0.0, 0.5, 1.8, 2.1, 3.0])
    uncertainty = np.full(away.size, 0.1 * LIMIT)
    one = Retained(0, away, away, LIMIT + uncertainty * away, uncertainty, OFF, ON, Flag.NONE)
    assert one.states(LIMIT).tolist() == [0, 0, -1, -1, -1, -1, -1, 1, 1]


def test_a_device_that_was_not_switched_has_no_retention() -> None:
    assert Flag.NO_EVENT in made([OFF, OFF, OFF], during=OFF).flags
    stuck = made([ON, ON, ON], before=ON)
    assert stuck.value is None and stuck.low is None and Flag.AMBIGUOUS in stuck.flags
    assert made([LIMIT, LIMIT, LIMIT]).value is None


def test_a_run_without_a_result_says_why(station: Any, recorder: Any, new_station: Any) -> None:
    run, _ = retain(station, recorder, (1.0, 1.0))
    assert RETENTION.device_remark(run) == ""
    run, _ = retain(new_station(), type(recorder)(), (1.0, 1.0), off_above=1e12)
    assert "Lower 'off_above'" in RETENTION.device_remark(run)
    run, _ = retain(new_station(), type(recorder)(), (1.0, 1.0), set_voltage=0.9)
    assert "not on at the end of any stimulus" in RETENTION.device_remark(run)


def test_the_plan_and_what_does_not_fit_together(new_station: Any) -> None:
    plan = RETENTION.parse({"repeats": 3}).plan(new_station())
    items = {item.quantity: item.value for item in plan.worst_case}
    assert plan.points == 3 * 20 and items["stimuli"] == 3 and items["voltage"] == 1.5 and not plan.refusals
    held = RETENTION.parse({"repeats": 3, "between": "read", "last": "1000 s"}).plan(new_station()).worst_case
    assert held[-1].value > items["total charge"]
    strict = new_station(limits=DeviceLimits(max_voltage=1.0))
    assert any("max_voltage" in line for line in RETENTION().plan(strict).refusals)
    for bad in ({"read_voltage": "0 V"}, {"read_voltage": "2 V"}, {"first": "20 s"}, {"set_voltage": "0 V"}):
        with pytest.raises(ConfigurationError):
            RETENTION.parse(bad)
