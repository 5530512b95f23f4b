"""The true relaxation time of the benchmark: the median of a device, by pulses on a solver of its own."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.truth import relaxed
from benchmarks.truth.measuring import measure
from benchmarks.truth.records import load


def test_the_time_at_which_a_current_stays_below_a_level() -> None:
    times = np.linspace(0.1, 3.0, 30)
    decay = np.exp(-times / 0.7)
    assert relaxed._until(times, decay, math.exp(-1.0)) == pytest.approx(0.7, rel=1e-9)
    decay[:12] = 1.0
    decay[14] = 0.5   # it rises once more
    assert 1.5 < relaxed._until(times, decay, 0.4) < 1.6
    assert relaxed._until(times, decay, 1e-6) == math.inf


def test_the_median_does_not_depend_on_how_many_pulses_tell_it(monkeypatch: pytest.MonkeyPatch) -> None:
    record = next(one for one in load() if one.protocol == "relaxation" and one.model == "mos2_ag")
    few = relaxed.relaxation_time(record, record.parameters["base"])
    monkeypatch.setattr(relaxed, "_PULSES", 960)
    many = relaxed.relaxation_time(record, record.parameters["base"])
    assert few is not None and many is not None and few == pytest.approx(many, rel=0.06)


def test_a_device_that_never_fires_has_none() -> None:
    record = next(one for one in load() if one.protocol == "relaxation" and one.model == "mos2_ag")
    record = replace(record, parameters={**record.parameters, "amplitude": [0.01]})
    assert relaxed.relaxation_time(record, 0.001) is None


@pytest.mark.thorough
@pytest.mark.parametrize("model", ["ag_sio2", "ag_sioxny", "mos2_ag"])
def test_the_bench_shows_the_same_times(model: str, tmp_path: Path) -> None:
    """The median of some ten pulses on the simulated bench, by its witness, against that of the other solver."""
    record = next(one for one in load() if one.protocol == "relaxation" and one.model == model)
    (row,) = measure(record, tmp_path)["rows"]
    assert row["true"] == pytest.approx(row["of_pulses"], rel=0.3)
    assert row["value"] == pytest.approx(row["of_pulses"], rel=0.02)
