"""By how much a level of the source may be off: its data sheet states a part of the level and a constant."""

from dataclasses import replace
from typing import Any

import pytest

from tests.protocols.extracting.test_ranges_of_a_sweep import made
from tsbench.protocols.extracting.facts import level_gain, level_limit
from tsbench.records import RunHeader

ROW = {"gain": 0.01, "offset": 5e-3}


def header(accuracy: dict[str, Any]) -> RunHeader:
    return replace(made(1.0, 1e-4).header, instruments={"generator": {"roles": "drive", "accuracy": accuracy}})


@pytest.mark.parametrize("accuracy", [{"level": ROW}, {"source_voltage:20": {"full_scale": 20.0, **ROW}}])
@pytest.mark.parametrize("level", [0.0, 2.0, -2.0])
def test_a_level_may_be_off_by_gain_and_offset(accuracy, level):
    assert level_limit(header(accuracy), "drive", level) == pytest.approx(0.01 * abs(level) + 5e-3)
    assert level_gain(header(accuracy), "drive", level) == 0.01


def test_the_top_of_a_pulse_may_have_limits_of_its_own():
    both = header({"level": ROW, "pulse": {"gain": 0.02, "offset": 1e-3}})
    assert level_limit(both, "drive", 2.0) == pytest.approx(0.025)
    assert level_limit(both, "drive", 2.0, pulse=True) == pytest.approx(0.041)
    assert level_limit(both, "scope", 2.0) == 0.0
