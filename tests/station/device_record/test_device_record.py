"""The life of a device: charged before, settled after, over processes; its budget, its state, and doses of runs."""

import multiprocessing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tsbench.errors import ConfigurationError
from tsbench.instruments import Plan, PlanItem
from tsbench.records import Column, DeviceDescription, Fixture, Flag, Run, RunHeader
from tsbench.station.device_record import Budget, DeviceRecords, Dose, measured_dose, planned_dose
from tsbench.station.device_record.life import next_state


def test_a_charge_counts_until_it_is_settled(tmp_path: Path) -> None:
    records = DeviceRecords(tmp_path)
    assert records.life("D1").state == "pristine" and records.life("D1").used == Dose()
    records.charge("D1", "a", Dose(10, 1e-3, 1e-3, 2.0, 1e-3))
    records.charge("D1", "a", Dose(10, 1e-3, 1e-3, 2.0, 1e-3))   # the same one again
    assert records.life("D1").used == Dose(10, 1e-3, 1e-3, 2.0, 1e-3)
    records.settle("D1", "a", Dose(8, 2e-4, 1e-4, 1.5, 5e-4), temperature=300.0)
    records.settle("D1", "a", Dose(99, 1.0, 1.0, 9.0, 9.0))
    records.settle("D1", "never charged", Dose(99, 1.0, 1.0, 9.0, 9.0))
    records.set_state("D1", "working", "because")
    life = DeviceRecords(tmp_path).life("D1")
    assert life.used == Dose(8, 2e-4, 1e-4, 1.5, 5e-4) and life.runs == 1 and not life.open
    assert life.state == "working" and life.temperature == (300.0, 300.0)
    assert [kind for kind, _ in records.history("D1")] == ["charge", "settle", "state"]


@pytest.mark.parametrize(("state", "said"), [
    ("Retired", "Did you mean 'retired'"), ("retierd", "Did you mean 'retired'"), ("", "The states are pristine")])
def test_a_state_that_there_is_not_is_refused(tmp_path: Path, state: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        DeviceRecords(tmp_path).set_state("D1", state, "scratched")
    assert DeviceRecords(tmp_path).devices() == []


def test_devices_with_like_names_have_files_of_their_own(tmp_path: Path) -> None:
    records = DeviceRecords(tmp_path)
    names = ["W1/D1", "W1-D1", "W1%2FD1", "W1 D1", "..", "é"]
    for number, name in enumerate(names, start=1):
        records.charge(name, "a", Dose(number))
    assert [records.life(name).used.cycles for name in names] == [1, 2, 3, 4, 5, 6]
    assert records.devices() == sorted(names)


def _charge_many(folder: Path, name: str) -> None:
    for number in range(20):
        DeviceRecords(folder).charge("D1", f"{name}{number}", Dose(1))


def test_two_tools_write_into_one_record(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    both = [context.Process(target=_charge_many, args=(tmp_path, name)) for name in "ab"]
    for one in both:
        one.start()
    for one in both:
        one.join(60)
    assert DeviceRecords(tmp_path).life("D1").used.cycles == 40


@pytest.mark.parametrize(("budget", "said"), [
    (Budget(cycles=12), "only 2 are left of the budget of 12"), (Budget(charge=1.5e-3), "500.0 uC are left"),
    (Budget(energy=1e-3), "0.000 J are left"), (Budget(cycles=15, charge=2e-3, energy=1e-2), ""), (Budget(), "")])
def test_a_budget_refuses_what_is_beyond(budget: Budget, said: str) -> None:
    refusal = budget.refusal(Dose(10, 1e-3, 1e-3), Dose(5, 1e-3, 1e-3), "D1")
    assert (said in refusal) if said else not refusal


def test_the_planned_dose_is_the_worst_case() -> None:
    items = (PlanItem("voltage", 2.0, "V"), PlanItem("current", 1e-3, "A"), PlanItem("ramps", 3.0, ""),
             PlanItem("total charge", 0.5, "C"))
    assert planned_dose(Plan(10, 10, 100.0, 0, items)) == Dose(3.0, 0.5, 1.0, 2.0, 1e-3)
    without = planned_dose(Plan(10, 10, 100.0, 0, items[:2]))   # the source may hold it on all the time
    assert without.cycles == 10 and without.charge == pytest.approx(0.1) and without.energy == pytest.approx(0.2)


def run_of(points: np.ndarray, flags: int = 0, status: str = "success") -> Run:
    columns = tuple(Column(name, unit) for name, unit in (("time", "s"), ("device_voltage", "V"), ("current", "A")))
    header = RunHeader("R", "iv_sweep", {}, columns, DeviceDescription("D1"), Fixture(""), {}, True, "")
    return Run(header, points, np.full(len(points), flags, dtype=np.uint32), (), (), status)


def test_the_measured_dose_never_says_less_than_the_readings() -> None:
    planned = Dose(2, 1.0, 1.0, 2.0, 1e-3)
    time = np.arange(5) * 0.01
    points = np.stack([time, [0.0, 1.0, -2.0, 1.0, 0.0], [0.0, 1e-4, -4e-4, 1e-4, 0.0]], axis=1)
    dose = measured_dose(run_of(points), planned, 5)
    assert dose.charge == pytest.approx((1 + 4 + 4 + 1) * 1e-6) and dose.energy == pytest.approx((1 + 8 + 8 + 1) * 1e-6)
    assert (dose.cycles, dose.max_voltage, dose.max_current) == (2, 2.0, 4e-4)
    half = measured_dose(run_of(points[:2], status="abort"), planned, 5)
    assert half.cycles == 2 and half.charge == pytest.approx(1e-6)   # a part of a cycle is a cycle
    gap = points.copy()
    gap[3:, 0] += 5.0   # nobody knows what the device saw meanwhile
    for doubtful in (run_of(points, int(Flag.OVERFLOW)), run_of(points, int(Flag.OSCILLATING)), run_of(gap),
                     run_of(np.full_like(points, np.nan))):
        assert measured_dose(doubtful, planned, 5).charge == planned.charge


@pytest.mark.parametrize(("now", "facts", "then"), [
    ("pristine", {}, "pristine"), ("pristine", {"formed": True}, "formed"), ("formed", {"switched": True}, "working"),
    ("working", {"contact": ("short",), "switched": True}, "shorted"), ("working", {"contact": ("open",)}, "open"),
    ("open", {"switched": True}, "working"), ("retired", {"contact": ("short",)}, "retired"),
    ("working", {"contact": ("open",), "success": False}, "working")])
def test_the_state_follows_what_was_seen(now: str, facts: dict[str, object], then: str) -> None:
    usual = {"contact": (), "formed": False, "switched": False, "success": True}
    assert next_state(now, **{**usual, **facts}) == then  # type: ignore[arg-type]


def test_a_dose_of_several_runs_adds_up() -> None:
    one = Dose(1, 2.0, 3.0, 4.0, 5.0)
    assert one + replace(one, max_voltage=9.0) == Dose(2, 4.0, 6.0, 9.0, 5.0) and one.times(3) == one + one + one
