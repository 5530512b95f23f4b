"""Logarithmic levels and lists of levels: which cycle, branch and side each level belongs to, and what is measured."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.fixtures.switching_meter import Switch, put, ran
from tsbench.errors import ConfigurationError
from tsbench.protocols import IVSweep
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.protocols.iv_sweep.path import list_path
from tsbench.records import Flag


def test_logarithmic_levels_are_even_in_the_logarithm() -> None:
    path = IVSweep(spacing="log", start=1e-3, stop=1.0, points=4).path()
    assert path.levels == pytest.approx([1e-3, 1e-2, 0.1, 1.0, 0.1, 1e-2, 1e-3])
    assert path.largest_step == pytest.approx(0.9) and path.direction.tolist() == [1, 1, 1, 1, -1, -1, -1]
    negative = IVSweep(spacing="log", start=-1e-3, stop=-1.0, points=4, dual=False).path()
    assert negative.levels == pytest.approx([-1e-3, -1e-2, -0.1, -1.0]) and set(negative.polarity) == {-1}


@pytest.mark.parametrize(("levels", "cycles", "sides"), [
    ([0, 1, 2, 1, 0], [1, 1, 1, 1, 1], [1, 1, 1, 1, 1]),
    ([0, 1, 0, 2, 0], [1, 1, 1, 2, 2], [1, 1, 1, 1, 1]),
    ([0, 1, 0, -1, 0], [1, 1, 1, 1, 1], [1, 1, 1, -1, -1]),
    ([0, 1, 0, -1, 0, 1, 0], [1, 1, 1, 1, 1, 2, 2], [1, 1, 1, -1, -1, 1, 1]),
    ([1, 1, 2, 2, 1], [1, 1, 1, 1, 1], [1, 1, 1, 1, 1]),
    ([2, 1, 2], [1, 1, 1], [1, 1, 1]),   # it has not risen yet
    ([-1, 1, -1], [1, 1, 2], [-1, 1, -1]),
])
def test_a_list_is_cut_into_rises_and_falls(levels: list[float], cycles: list[int], sides: list[int]) -> None:
    path = list_path(levels, 1)
    assert path.levels.tolist() == levels and path.cycle.tolist() == cycles and path.polarity.tolist() == sides
    twice = list_path(levels, 2)
    assert twice.cycle.tolist() == [*cycles, *(max(cycles) + one for one in cycles)]


def test_every_rise_of_a_list_gives_a_threshold(station: Any, recorder: Any) -> None:
    put(station, Switch(threshold=0.905, hold=0.3))
    up = np.arange(0, 1.2, 0.02)
    small = np.arange(0, 0.8, 0.02)
    levels = [*up, *up[::-1], *small, *small[::-1], *-up, *-up[::-1]]
    run = ran(IVSweep(levels=tuple(map(float, levels)), check_oscillation=False), station, recorder)
    assert run.column("set_point").tolist() == pytest.approx(levels)
    found = [row for row in IVSweep.extract(run, ExtractionOptions()) if row.quantity == "threshold_voltage"]
    first, none, negative = found
    assert first.low < 0.905 < first.high and none.value is None and negative.low < -0.905 < negative.high


@pytest.mark.sabotage("resistor")
def test_a_logarithmic_sweep_of_the_current_over_decades(measure: Any) -> None:
    """The device is behind its fold at 1 mA, and the off state is seen over three decades."""
    done = measure("nbo2", "iv_sweep", {
        "drive": "current", "spacing": "log", "start": "1 uA", "stop": "1 mA", "points": 61, "nplc": 0.1,
        "compliance": "2 V", "check_oscillation": False, "dual": False})
    levels, current = done.run.column("set_point"), done.run.column("current")
    assert len(levels) == 61 and np.diff(np.log10(levels)) == pytest.approx(0.05)
    assert current[-1] == pytest.approx(1e-3, rel=0.01)
    highest = done.run.column("device_voltage").max()
    assert 0.98 < highest < 1.04 and done.outcome.safe and done.left_on == []   # the fold is at 1.023 V


def test_a_plan_of_a_list(new_station: Any) -> None:
    plan = IVSweep(levels=(0.0, 1.0, -2.0, 0.0)).plan(new_station())
    assert plan.points == 4 and {i.quantity: i.value for i in plan.worst_case}["voltage"] == 2.0
    assert any("levels" in line for line in IVSweep(levels=(0.0, 300.0)).plan(new_station()).refusals)


def test_levels_come_from_a_file_and_stay_in_the_run(tmp_path: Path) -> None:
    file = tmp_path / "levels.csv"
    file.write_text("time (s),voltage (V)\n0,0\n1,0.5\n2,-1e-1\n\n", "utf-8")
    sweep = IVSweep.parse({"file": str(file)})
    assert sweep.levels == (0.0, 0.5, -0.1) and sweep.path().levels.tolist() == [0.0, 0.5, -0.1]
    stored = {name: one["value"] for name, one in sweep.parameters().items()}
    file.unlink()
    assert IVSweep.parse(stored).levels == sweep.levels   # extracted again without the file
    for text, words in (("a\n1\nb\n", "line 3"), ("1\ninf\n", "not finite"), ("x\n", "0 lines"), (None, "read")):
        if text is not None:
            file.write_text(text, "utf-8")
        else:
            file.unlink()
        with pytest.raises(ConfigurationError, match=words):
            IVSweep.parse({"file": str(file)})


@pytest.mark.parametrize(("asked", "thresholds", "holds"), [
    ({"start": 1.2, "stop": 0.0, "step": 0.02}, 1, 1),
    ({"start": 0.0, "stop": 1.2, "step": 0.02, "dual": False}, 1, 0)])
def test_a_sweep_from_its_peak_and_one_without_a_way_down(
    station: Any, recorder: Any, asked: dict[str, Any], thresholds: int, holds: int
) -> None:
    put(station, Switch(threshold=0.905, hold=0.31))
    run = ran(IVSweep(check_oscillation=False, **asked), station, recorder)
    rows = list(IVSweep.extract(run, ExtractionOptions()))
    for quantity, true, number in (("threshold_voltage", 0.905, thresholds), ("hold_voltage", 0.31, holds)):
        mine = [row for row in rows if row.quantity == quantity]
        known = [row for row in mine if row.value is not None]
        assert len(known) == number and all(row.low < true < row.high for row in known)
        assert not any(Flag.NO_EVENT in row.flags for row in mine)


def test_a_sweep_of_little_current_may_take_longer_than_its_settings_say() -> None:
    """A 4200A settles for 30 ms at each level in the range of 1 nA: 895 levels were given up after 20 s."""
    little = IVSweep(stop=1.47, points=448, compliance=4e-10, nplc=0.01)
    usual = IVSweep(stop=1.47, points=448, compliance=1e-3, nplc=0.01)
    assert 895 * little.longest_settling > 30.0 and usual.longest_settling == 0.0
    assert IVSweep(drive="current", stop=1e-9, step=1e-10, compliance=2.0).longest_settling == 0.0
