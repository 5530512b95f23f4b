"""A run that was stopped anywhere, or whose readings are no numbers, gives flagged results: no error and no NaN."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.fixtures.switching_meter import Switch, put, ran
from tsbench.protocols import protocol_named
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.records import Flag, Run

CASES: dict[str, dict[str, Any]] = {
    "forming": {"step": 0.1, "stop": 1.5, "compliance": (5e-6, 1e-3)},
    "retention": {"repeats": 2, "points": 4, "rest": 0.0, "set_voltage": 1.2},
    "telegraph_noise": {"samples": 120, "bias": (0.1, -0.2)},
    "ramp_rate_series": {"step": 0.1, "rate": (0.1, 1.0)},
    "compliance_series": {"step": 0.1, "compliances": (1e-4, 1e-3), "check_oscillation": False},
    "iv_sweep": {"step": 0.1, "cycles": 2, "check_oscillation": False},
    "pulsed_iv": {"amplitude": (0.8, 1.2), "repeats": 2},
    "endurance": {"cycles": 5, "batch": 2},
}


def results(run: Run) -> list[Any]:
    """Extract, remark and draw; return the results."""
    protocol = protocol_named(run.header.protocol)
    found = list(protocol.extract(run, ExtractionOptions()))
    assert isinstance(protocol.device_remark(run), str)
    for _, draw in protocol.figures(run, ExtractionOptions()):
        draw()
    for row in found:
        numbers = [one for one in (row.value, row.low, row.high) if one is not None]
        assert all(math.isfinite(one) for one in numbers), row
        assert row.value is not None or row.flags, row
        assert numbers == [] or row.low is None or row.high is None or row.low <= row.high, row
    return found


@pytest.mark.thin(9)
@pytest.mark.parametrize("name", CASES)
def test_a_run_may_end_anywhere(name: str, station: Any, recorder: Any) -> None:
    put(station, Switch(threshold=1.0, hold=0.4, forming=1.2 if name == "forming" else None))
    run = ran(protocol_named(name).parse(CASES[name]), station, recorder)
    assert results(run)
    count = len(run.points)
    for rows in sorted({0, 1, 2, 3, count // 3, count // 2, count - 1}):
        waves = len(run.waveforms) * rows // count
        results(replace(run, points=run.points[:rows], point_flags=run.point_flags[:rows],
                        waveforms=run.waveforms[:waves], status="abort"))


@pytest.mark.thin(6)
@pytest.mark.parametrize("name", [name for name in CASES if name not in {"pulsed_iv", "endurance"}])
@pytest.mark.parametrize("what", ["nan", "zero", "constant", "one wild"])
def test_readings_that_are_no_measurement_give_no_number_of_an_event(
    name: str, what: str, station: Any, recorder: Any,
) -> None:
    put(station, Switch(threshold=5.0))
    run = ran(protocol_named(name).parse(CASES[name]), station, recorder)
    points, names = run.points.copy(), [column.name for column in run.header.columns]
    for column in ("voltage", "current", "device_voltage"):
        place = names.index(column)
        if what == "one wild":
            points[len(points) // 2, place] *= 1e3
        else:
            points[:, place] = {"nan": np.nan, "zero": 0.0, "constant": 1e-7}[what]
    flags = np.full(len(points), int(Flag.OVERFLOW), np.uint32) if what == "nan" else run.point_flags
    found = results(replace(run, points=points, point_flags=flags))
    events = ("forming_voltage", "threshold_voltage", "retention_time", "telegraph_amplitude")
    assert all(row.value is None for row in found if row.quantity in events)
