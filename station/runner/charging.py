"""The device record of a single run: its worst case is charged before the first stress, then settled as measured.

Campaigns charge their runs themselves: they decide on all runs of a device together.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tsbench.errors import LimitError, StorageError
from tsbench.instruments import Plan
from tsbench.protocols import Protocol
from tsbench.records import Flag, RunHeader
from tsbench.station.bench.bench_file import BenchFile
from tsbench.station.device_record import Budget, DeviceRecords, Dose, dose_of_file, planned_dose
from tsbench.station.device_record.budgets import budget_of, records_folder
from tsbench.station.device_record.life import state_after
from tsbench.station.runner.outcome import RunOutcome
from tsbench.station.runner.safety import RunnerBench

Settle = Callable[[RunOutcome], str]


def not_charged(outcome: RunOutcome) -> str:
    """Settle nothing."""
    return ""


@dataclass(frozen=True)
class Charge:
    """What one run may do to its device, in the record of the device."""

    records: DeviceRecords
    device: str
    run: str
    dose: Dose
    points: int
    reason: str  #: of another state of the device, in words
    columns: tuple[str, ...]

    def settle(self, outcome: RunOutcome) -> str:
        """Put what was measured in the place of what was charged; returns why that failed: then the charge stays."""
        try:
            dose = dose_of_file(outcome.path, self.dose, self.points, self.columns)
            self.records.settle(self.device, self.run, dose, run=self.run, status=outcome.status)
            now = self.records.life(self.device).state
            found = [(one.quantity, one.value is not None and Flag.NO_EVENT not in one.flags)
                     for one in outcome.results]
            contact = [word for word, flag in (("open", Flag.OPEN), ("short", Flag.SHORT)) if flag & outcome.contact]
            state = state_after(now, found, contact, outcome.status == "success")
            if state != now:
                self.records.set_state(self.device, state, self.reason)
        except StorageError as error:
            return str(error)
        return ""


def charged(bench: RunnerBench, protocol: Protocol, plan: Plan, header: RunHeader, out: Path) -> Settle:
    """Charge the worst case of a run to its device.

    Nothing is charged where the bench file has neither a device record nor a budget, and where the campaign of the run
    has charged it: the charges of a campaign begin with its identifier.

    Returns
    -------
    callable
        Takes the outcome and settles the charge; returns why that failed, "" where it did not. A charge that is never
        settled stays in the record.

    Raises
    ------
    LimitError
        The budget of the device does not allow the run; nothing was sent.
    StorageError
        The record cannot be written; nothing was sent.
    """
    file: object = getattr(bench, "file", None)
    device = bench.device.identifier
    if not isinstance(file, BenchFile) or device not in file.table.devices:
        return not_charged
    budget: Budget = budget_of(file, device)
    if not (file.table.device_record or budget.limited):
        return not_charged
    records, dose = DeviceRecords(records_folder([file], out)), planned_dose(plan)
    life, run = records.life(device), header.run_id
    if header.campaign_id and any(one.startswith(f"{header.campaign_id}:") for one in life.open):
        return not_charged
    if life.state == "retired":
        raise LimitError(f"{protocol.name}: {device} is retired in the device record {records.folder}. Use another "
                         "device")
    if reason := budget.refusal(life.used, dose, device):
        raise LimitError(f"{protocol.name}: {reason}. Nothing was sent")
    records.charge(device, run, dose, protocol=protocol.name)
    names = [column.name for column in protocol.table()]
    return Charge(records, device, run, dose, plan.points, f"run {run} ({protocol.name})", tuple(names)).settle
