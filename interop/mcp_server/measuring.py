"""Runs for MCP clients: planned, charged to the device record, and measured by the bench service."""

import contextlib
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tsbench.errors import CommunicationError, ConfigurationError, LimitError, TsbenchError
from tsbench.instruments import Plan, PlanItem
from tsbench.interop.mcp_server.bench_facts import queue_facts
from tsbench.protocols import protocol_named
from tsbench.station.bench.bench_file import BenchFile
from tsbench.station.device_record import DeviceRecords, Dose, measured_dose, planned_dose
from tsbench.station.device_record.budgets import budget_of, records_folder
from tsbench.station.runner.outcome import LEFT_OUT, RunOutcome
from tsbench.station.service.client import ServiceClient, ServiceJob, connect
from tsbench.storage import codec
from tsbench.storage.safe_read import read_foreign

_MOST_KEPT = 200  #: runs of which the outcome is kept


@dataclass(frozen=True)
class RunRequest:
    """One run that a client asks for."""

    protocol: str
    device: str
    parameters: Mapping[str, Any]
    fixture: Mapping[str, Any]
    user: str


class _RunInBackground:
    """A run of a client from its plan to its outcome, in a thread of its own: others may be before it in the queue."""

    def __init__(self, bench: Path, out: Path, asked: RunRequest) -> None:
        self._bench, self._out, self._asked = bench, out, asked
        self._outcome: RunOutcome | None = None
        self._error: BaseException | None = None
        self._stopped = False
        self._service = connect(bench)
        try:
            self._plan = _submitted_plan(self._service, asked)
        except BaseException:
            self._service.close()
            raise
        self.before, self.run_job = self._plan.before, 0  #: jobs before it; the number of its run, once it is planned
        self._thread = threading.Thread(target=self._go, name="run of an MCP client", daemon=True)
        self._thread.start()

    @property
    def number(self) -> int:
        """Return the number by which the client knows it: that of its plan."""
        return self._plan.number

    def wait(self, longest: float) -> RunOutcome | None:
        """Return the outcome, None where it takes longer than ``longest`` [s]; raises what refused it."""
        self._thread.join(longest)
        if self._error is not None:
            raise self._error
        return self._outcome

    def stop(self) -> None:
        """Stop it, whether it is planned, waits or is measured."""
        self._stopped = True   # between its plan and its run it has no job: then the run is stopped when it has one
        with connect(self._bench, start=False) as service:
            try:
                service.ask("stop", job=self.run_job or self.number)
            except ConfigurationError:
                if self.run_job or not self._thread.is_alive():
                    raise

    def _go(self) -> None:
        try:
            with self._service:
                self._outcome = self._measured(self._plan.wait_for_plan())
        except BaseException as error:  # noqa: BLE001  raised where the outcome is asked for
            self._error = error

    def _measured(self, plan: Mapping[str, Any]) -> RunOutcome:
        """Charge a planned run, have it measured, and put what was measured in the place of the charge."""
        asked = self._asked
        records, dose = charged(self._bench, self._out, asked.device, plan)
        group = f"mcp-{secrets.token_hex(8)}"
        charge = f"{group}:1"   # the measuring process sees by it that the run is charged
        records.charge(asked.device, charge, dose, protocol=asked.protocol, user=asked.user)
        try:
            job = self._service.submit(
                asked.protocol, asked.device, self._out, parameters=asked.parameters, fixture=asked.fixture,
                user=asked.user, campaign_id=group)
            self.run_job = job.number
            if self._stopped:
                with contextlib.suppress(ConfigurationError):  # it has ended
                    job.stop()
            found = job.wait()
        except CommunicationError:
            raise  # nobody knows how much was measured: the charge stays at the planned worst case
        except TsbenchError:  # refused: nothing was switched on
            records.settle(asked.device, charge, Dose())
            raise
        settled = _dose(found, dose, int(plan["points"]))
        records.settle(asked.device, charge, settled, run=found.run_id, status=found.status)
        return found


class ServiceRuns:
    """Asks the bench service for plans and runs.

    Parameters
    ----------
    bench : Path
        The bench file.
    out : Path
        Folder of the run files.
    """

    def __init__(self, bench: Path, out: Path) -> None:
        self._bench, self._out = bench, out
        self._runs: dict[int, _RunInBackground] = {}

    def plan(self, asked: RunRequest) -> dict[str, Any]:
        """Return the worst case of a run, as :meth:`ServiceJob.wait_for_plan`.

        Raises
        ------
        LimitError
            It is beyond a limit or a budget; the message has each reason.
        TsbenchError
            It cannot be planned.
        """
        with connect(self._bench) as service:
            plan = _submitted_plan(service, asked).wait_for_plan()
        charged(self._bench, self._out, asked.device, plan)
        return plan

    def begin(self, asked: RunRequest) -> tuple[int, int]:
        """Put a run into the queue: first its plan, then itself; returns its number and the jobs before it.

        Raises
        ------
        TsbenchError
            The service did not take it.
        """
        made = _RunInBackground(self._bench, self._out, asked)
        self._runs[made.number] = made
        for number in list(self._runs)[:-_MOST_KEPT]:
            del self._runs[number]
        return made.number, made.before

    def outcome(self, number: int, longest: float) -> dict[str, Any]:
        """Return the state of a run, and its outcome once it is over; waits for it for up to ``longest`` [s].

        Raises
        ------
        TsbenchError
            The run was refused, or the service has died.
        """
        if number not in self._runs:
            return {"job": number, **self._seen(number)}
        run = self._runs[number]
        if (found := run.wait(longest)) is not None:
            return {"job": number, "state": "ended", **outcome_facts(found)}
        state = self._seen(run.run_job or number)["state"]
        return {"job": number, "state": state if run.run_job else f"plan: {state}"}

    def stop(self, number: int | None) -> dict[str, Any]:
        """Stop a run; without a number, what is measured, and nothing is begun until the queue is continued."""
        if number is not None and number in self._runs:
            self._runs[number].stop()
        with connect(self._bench, start=False) as service:
            if number not in self._runs:
                service.ask("stop", **({} if number is None else {"job": number}))
            return queue_facts(service.status())

    def _seen(self, job: int) -> dict[str, Any]:
        """Return what the service says of a job."""
        with connect(self._bench, start=False) as service:
            found = next((one for one in service.status()["jobs"] if one["job"] == job), None)
        if found is None:
            raise ConfigurationError(f"the bench service knows no job {job}")
        return {key: value for key, value in found.items() if key != "path"}


def _submitted_plan(service: ServiceClient, asked: RunRequest) -> ServiceJob:
    return service.plan(
        protocol_named(asked.protocol).parse(dict(asked.parameters)), asked.device, fixture=asked.fixture,
        user=asked.user)


def _dose(found: RunOutcome, planned: Dose, points: int) -> Dose:
    """Return what a run did to its device, as far as it is known."""
    if found.status == LEFT_OUT:
        return Dose()
    try:
        return planned if found.path is None else measured_dose(read_foreign(found.path), planned, points)
    except TsbenchError:
        return planned


def charged(bench: Path, out: Path, device: str, plan: Mapping[str, Any]) -> tuple[DeviceRecords, Dose]:
    """Return the device record of a bench and what a planned run does to its device at worst.

    Raises
    ------
    LimitError
        More than what is left of the budget of the device.
    """
    file, dose = BenchFile.load(bench), dose_of(plan)
    records = DeviceRecords(records_folder([file], out))
    if reason := budget_of(file, device).refusal(records.life(device).used, dose, device):
        raise LimitError(reason)
    return records, dose


def dose_of(plan: Mapping[str, Any]) -> Dose:
    """Return what a planned run does to its device at worst."""
    items = tuple(PlanItem(item["quantity"], item["value"], item["unit"]) for item in plan["worst_case"])
    points = int(plan["points"])
    return planned_dose(Plan(points, points, float(plan["duration"]), int(plan["bytes"]), items))


def outcome_facts(outcome: RunOutcome) -> dict[str, Any]:
    """Return an outcome as a client sees it: the name of the run file, not the folder where it is."""
    return {
        "run": outcome.run_id, "file": None if outcome.path is None else outcome.path.name, "status": outcome.status,
        "reason": outcome.reason, "outputs_off": outcome.safe, "remarks": list(outcome.remarks),
        "results": [codec.plain(row) for row in outcome.rows()],
    }
