"""The latest value of each quantity of a device, from the runs of a folder."""

from pathlib import Path

import pytest

from tests.fixtures.report_folder import results_of, write_sweep
from tsbench.archives.device_values import archived_devices
from tsbench.records import Flag, Result
from tsbench.storage.review import decide


def threshold(
    value: float | None, low: float | None = None, high: float | None = None, flags: Flag = Flag.NONE,
) -> Result:
    return Result("threshold_voltage", "V", value, low, high, "step", {"cycle": 1}, flags)


def test_the_latest_run_with_a_value_counts(tmp_path: Path) -> None:
    write_sweep(tmp_path, "run1", "D1", (threshold(1.0, 0.9, 1.1),), 1.0, "")
    write_sweep(tmp_path, "run2", "D1", (threshold(1.2, 1.1, 1.3), threshold(1.4, 1.3, 1.5, Flag.CLIPPED),
                                         threshold(None, flags=Flag.NO_EVENT)), 1.2, "")
    write_sweep(tmp_path, "run3", "D1", (threshold(None, 1.5, None, Flag.CENSORED | Flag.OPEN),), 1.0, "")
    write_sweep(tmp_path / "deeper", "run4", "D2", (threshold(None, 1.5, None, Flag.CENSORED),), 1.0, "")
    found = archived_devices(tmp_path)
    one, other = found.devices["D1"], found.devices["D2"]
    value = one.values["threshold_voltage"]
    assert (value.value, value.low, value.high, value.count) == (pytest.approx(1.3), 1.1, 1.5, 2)
    assert value.path == "run2.nxs" and set(value.flags) == {"clipped", "no_event"}
    assert one.runs == 3 and one.paths == ("run3.nxs", "run2.nxs", "run1.nxs") and one.contact == ("open",)
    assert one.valued == {"threshold_voltage"} and found.problems == []
    bound = other.values["threshold_voltage"]
    assert (bound.value, bound.low, bound.high, bound.count) == (None, 1.5, None, 0) and other.valued == frozenset()
    assert other.contact == () and other.paths == ("deeper/run4.nxs",)


def test_a_rejected_run_says_nothing_of_its_device(tmp_path: Path) -> None:
    write_sweep(tmp_path, "run1", "D1", results_of("working", 1.0), 1.0, "")
    path = write_sweep(tmp_path, "run2", "D1", results_of("shorted", 1.0), 1.0, "")
    assert archived_devices(tmp_path).devices["D1"].contact == ("short",)
    decide(path, "reject", "the needles touched each other", "me")
    one = archived_devices(tmp_path).devices["D1"]
    assert one.contact == () and one.runs == 1 and one.values["hold_voltage"].value == 0.6
