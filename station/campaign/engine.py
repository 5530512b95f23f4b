"""The engine of a campaign: item after item, each decided when its turn comes, with every intent on disk before it."""

import fnmatch
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tsbench.errors import LimitError, StorageError, TsbenchError, sentences
from tsbench.plugins import in_words
from tsbench.records import Flag, Run, RunEvent
from tsbench.station.campaign.deciding import Decider
from tsbench.station.campaign.expansion import Item
from tsbench.station.campaign.facts import DeviceFacts, MeasuredStep, contact_words
from tsbench.station.campaign.performing import RunLost, StepPerformer, StepRequest
from tsbench.station.campaign.planning import PlannedItem
from tsbench.station.campaign.readings import agreement, result_rows, run_dose, temperature_of
from tsbench.station.campaign.remarks import Remarks
from tsbench.station.campaign.requests import CampaignControl
from tsbench.station.campaign.resuming import open_charges
from tsbench.station.campaign.specs import CampaignFile
from tsbench.station.campaign.state import INTERRUPTED, StateFile
from tsbench.station.device_record import Budget, DeviceRecords, Dose, dose_of_file
from tsbench.station.device_record.life import state_after
from tsbench.station.protection.control import Control
from tsbench.station.runner.begun import begun_run
from tsbench.station.runner.events import Listener
from tsbench.station.runner.outcome import LEFT_OUT, RunOutcome
from tsbench.storage.recorder import require_room
from tsbench.storage.run_id import timestamp

_LOOK = 0.05  #: [s] between two looks whether a pause is over


class Engine:
    """Performs the items of one campaign.

    Parameters
    ----------
    file : CampaignFile
    out : folder of the runs
    state : its state on disk
    records : of the devices
    budgets : planned item -> the budget of its device
    performer : who performs a run
    tell : gets every event
    control : requests
    """

    def __init__(
        self, file: CampaignFile, out: Path, state: StateFile, records: DeviceRecords,
        budgets: Callable[[PlannedItem], Budget], performer: StepPerformer, tell: Listener, control: CampaignControl,
    ) -> None:
        self._file, self._out, self._states, self._records = file, out, state, records
        self._budgets, self._performer, self._tell, self._control = budgets, performer, tell, control
        self._remarks = Remarks(tell)
        self._decider = Decider(file, records.life)
        self._facts: dict[str, DeviceFacts] = {}
        self._bad: dict[str, str] = {}
        self._unlike: dict[str, str] = {}  #: device -> why it does not count as like its model any more
        self.ended = ""  #: why the campaign ends here

    # ------------------------------------------------------------------------------------------- what was before

    def remember(self, decided: Sequence[Item]) -> None:
        """Take in what the state on disk holds of the decided runs: facts of the devices, and their bad contacts."""
        items = {item.key: item for item in decided}
        state = self._states.state
        for key in state.history:
            content = state.outcomes.get(key)
            if content is not None and key in items:
                self._learn(items[key], _measured(items[key], content))
                if content.get("unlike"):
                    self._unlike[items[key].device] = str(content["unlike"])

    def settle_open(self) -> None:
        """Settle the charges whose runs have an outcome: a crash may have come between the two."""
        state = self._states.state
        for charge, key in open_charges(state, self._records).items():
            content = state.outcomes[key]
            self._records.settle(str(state.intents[key].get("device", "")), charge, Dose.read(content.get("dose", {})),
                                 run=content.get("run", ""))

    def mark_interrupted(self, key: str, run: str, results: Sequence[Any] = ()) -> None:
        """Note that a run was begun and not finished; its budget is charged with the planned worst case."""
        intent = self._states.state.intents[key]
        self._states.note("outcome", key=key, status=INTERRUPTED, run=run, results=list(results), contact=[],
                          dose=intent.get("dose", {}), reason="the process ended before the run was finished")
        self._records.settle(str(intent["device"]), str(intent["charge"]), Dose.read(intent.get("dose", {})), run=run,
                             status=INTERRUPTED)

    def take_over(self, key: str, path: Path, run: Run) -> None:
        """Note the outcome of a run that was measured to its end while this campaign did not listen any more."""
        from tsbench.protocols.extracting.contacts import contact_of

        intent = self._states.state.intents[key]
        dose = dose_of_file(path, Dose.read(intent.get("dose", {})), run.header.planned_points,
                            [one.name for one in run.header.columns])
        self._states.note("outcome", key=key, status=run.status, reason=run.reason, run=run.header.run_id,
                          path=str(path), results=result_rows(run.results),
                          contact=list(contact_words(contact_of(run).flags)), dose=dose, taken_over=True)
        self._records.settle(str(intent["device"]), str(intent["charge"]), dose, run=run.header.run_id,
                             status=run.status)

    # ------------------------------------------------------------------------------------------------- the items

    def run(self, planned: Sequence[PlannedItem]) -> dict[str, RunOutcome]:
        """Perform or leave out every item; return the outcomes by key."""
        outcomes: dict[str, RunOutcome] = {}
        left = list(planned)
        for request in self._states.state.requests:
            left = self._reordered(left, str(request.get("what")), str(request.get("pattern")), outcomes)
        total, device = len(left), ""
        while left:
            for what, pattern in self._control.asked():
                self._states.note("request", what=what, pattern=pattern)
                left = self._reordered(left, what, pattern, outcomes)
            if not left:
                break
            one = left.pop(0)
            if device not in ("", one.item.device):
                self._control.device_finished()
            device = one.item.device
            if not self.ended and (reason := self._control.stopped) is not None:
                self.ended = f"the campaign was stopped: {reason}"
            if self.ended:
                outcomes[one.item.key] = _left_out(one.item, self.ended)
                continue
            if self._control.paused:
                self._tell(RunEvent("state", "the campaign is paused", data={"state": "paused"}))
                self._control.wait_while_paused()
                if self._control.stopped is not None:
                    left.insert(0, one)
                    continue
            try:
                outcomes[one.item.key] = self._item(one)
            except StorageError as error:   # before anything was sent
                self._end_by_disk(error)
                outcomes[one.item.key] = _left_out(one.item, self.ended)
                continue
            self._tell(RunEvent("campaign", one.item.key, data={
                "done": total - len(left), "total": total, "status": outcomes[one.item.key].status}))
        self._remarks.tell_rest()
        return outcomes

    def _reordered(
        self, left: list[PlannedItem], what: str, pattern: str, outcomes: dict[str, RunOutcome],
    ) -> list[PlannedItem]:
        """Return the items that are left, as a person wants them."""
        mine = [one for one in left if fnmatch.fnmatchcase(one.item.key, pattern)]
        others = [one for one in left if one not in mine]
        if what == "skip":
            for one in mine:
                outcomes[one.item.key] = self._leave_out(one.item, "the operator skipped it")
            return others
        return mine + others if what == "first" else others + mine

    def _item(self, one: PlannedItem) -> RunOutcome:
        item = one.item
        facts = self._facts.setdefault(item.device, DeviceFacts())
        life = self._records.life(item.device)
        bad = self._bad.get(item.device, "") or ("" if facts.runs else self._recorded_as_bad(item.device, life.state))
        decision = self._decider.decide(item, facts, bad)
        if decision.protocol is None:
            return self._leave_out(item, decision.reason)
        if life.state == "retired":
            return self._leave_out(item, f"{item.device} is retired")
        if (reason := self._unlike.get(item.device, "")) and one.foreseen is not None and one.foreseen.model:
            return self._leave_out(item, reason)
        if reason := self._budgets(one).refusal(life.used, one.dose, item.device):
            return self._leave_out(item, reason)
        require_room(self._out, 0 if one.plan is None else one.plan.bytes)   # before the device is touched
        state = self._states.state
        charge = f"{state.begun.get('id', '')}:{item.key}:{state.counts.get(item.key, 0) + 1}"
        same = item.key in state.intents and item.matches(state.intents[item.key])
        repeats = [run for run in (*state.broken.get(item.key, ()), state.runs.get(item.key, "")) if run and same]
        self._records.charge(item.device, charge, one.dose, protocol=item.step.protocol.name, key=item.key)
        self._states.note("intent", key=item.key, device=item.device, fingerprint=item.fingerprint, charge=charge,
                          dose=one.dose, time=timestamp(), protocol=decision.protocol.name,
                          parameters=decision.protocol.parameters(), repeated=same,
                          **({} if one.accepted is None else {"accepted": one.accepted.facts()}))
        request = StepRequest(item.step.bench, item.device, decision.protocol, self._out, item.fixture,
                              str(state.begun.get("id", "")), item.key, repeats,
                              contact_again=item.attempt > 1 and facts.contact() == "open",
                              accepted=one.accepted)
        outcome = self._performed(request, _Named(item, self._remarks, self._states))
        return self._finished(one, charge, outcome)

    def _recorded_as_bad(self, device: str, state: str) -> str:
        """Return why a device gets no runs that the device record calls shorted or open; "" where it gets them."""
        flag = {"shorted": Flag.SHORT, "open": Flag.OPEN}.get(state, Flag.NONE)
        if not flag & self._file.leave_out:
            return ""
        return (f'{device} is {state} in the device record. Use a condition such as when = "device.state == {state}", '
                'or write leave_out = [], to measure the device anyway')

    def _performed(self, request: StepRequest, named: "_Named") -> RunOutcome:
        run_control = _RunControl(self._control)
        try:
            outcome = self._performer.perform(request, named, run_control)
            if outcome.status != "abort" and (reason := run_control.stopped) is not None:
                self._control.stop(reason)   # it came too late to end this run; nothing more is begun
            return outcome
        except RunLost as error:
            self.ended = f"the campaign ends here, and --resume goes on with the next run: {error}"
            return replace(_no_run(request, INTERRUPTED, str(error)), outputs={"": False})
        except KeyboardInterrupt:
            self.ended = "the campaign was interrupted"
            return _no_run(request, "abort", "interrupted")
        except Exception as error:  # noqa: BLE001  a run that cannot be begun does not end the campaign
            if isinstance(error, StorageError):   # but the next one could not be stored either
                self._end_by_disk(error)
            code = error.exit_code if isinstance(error, TsbenchError) else 1
            return replace(_no_run(request, "fail", in_words(error)), error_code=code, outputs={"": False})

    def _end_by_disk(self, error: BaseException) -> None:
        """Begin nothing more: what is measured could not be stored, or nobody could know that it was."""
        self.ended = self.ended or sentences(f"the campaign ends here: {in_words(error)}",
                                             "Then go on with --resume: it measures what was not begun")

    def _finished(self, one: PlannedItem, charge: str, outcome: RunOutcome) -> RunOutcome:
        """Write down what a run came to, and what follows for its device."""
        item = one.item
        lost = outcome.status == INTERRUPTED
        run = outcome.run_id or self._states.state.runs.get(item.key, "") or (self._lost_run(item) if lost else "")
        dose = Dose() if not (lost or run) else one.dose if lost else run_dose(outcome, one, item.step.protocol)
        outcome = replace(outcome, run_id=run)
        try:
            self._write_down(one, charge, outcome, dose)
        except StorageError as error:   # --resume takes the outcome from the run file
            self._end_by_disk(error)
        if self._performer.problems:
            self.ended = sentences("not all outputs were read back as off", *self._performer.problems)
        elif outcome.status == "abort":
            self.ended = self.ended or f"the campaign was stopped: {outcome.reason}"
        elif not outcome.safe:
            self.ended = sentences(f"after {item.key}, not all outputs were read back as off", outcome.reason)
        return outcome

    def _lost_run(self, item: Item) -> str:
        """Return and note the run whose performer died before it said its name; "" where the folder does not tell."""
        state = self._states.state
        intent = state.intents[item.key]
        run = begun_run(self._out, str(intent["protocol"]), item.device, str(intent["time"]), state.named_runs)
        if run:
            self._states.note("run", key=item.key, run=run)
        return run

    def _write_down(self, one: PlannedItem, charge: str, outcome: RunOutcome, dose: Dose) -> None:
        item, rows, words = one.item, result_rows(outcome.results), contact_words(outcome.contact)
        unlike = self._not_like_model(one, outcome)
        self._states.note("outcome", key=item.key, status=outcome.status, reason=outcome.reason, run=outcome.run_id,
                          path=str(outcome.path or ""), results=rows, contact=list(words), dose=dose,
                          safe=outcome.safe, **({"unlike": unlike} if unlike else {}))
        self._records.settle(item.device, charge, dose, run=outcome.run_id, status=outcome.status,
                             temperature=temperature_of(outcome))
        self._learn(item, MeasuredStep(item.step.name if not item.part else f"{item.owner}.{item.part}", item.point,
                                       outcome.status, words, tuple(rows), outcome.run_id))
        self._note_state(item, outcome, rows)

    def _not_like_model(self, one: PlannedItem, outcome: RunOutcome) -> str:
        """Note that a limit ended a run for which a model was trusted; returns why, "" where it did not."""
        by_limit = outcome.status == "fail" and outcome.error_code == LimitError.exit_code
        if one.accepted is None or not outcome.run_id or not by_limit:
            return ""
        reason = (f"{one.item.device} gets no further runs that were planned by the model {one.accepted.model}, "
                  f"because a limit ended {one.item.key} (run {outcome.run_id})")
        self._unlike[one.item.device] = reason
        return reason

    def _learn(self, item: Item, measured: MeasuredStep) -> None:
        """Keep a result for the conditions that follow; a device that looks bad gets no further runs."""
        facts = self._facts.setdefault(item.device, DeviceFacts())
        facts.runs.append(measured)
        flags = {"open": Flag.OPEN, "short": Flag.SHORT}
        found = [word for word in measured.contact if flags.get(word, Flag.NONE) & self._file.leave_out]
        if found:
            remedy = "write leave_out = [] in the list" if self._file.is_list else "use a condition such as when = " \
                "\"contact == open\", or write leave_out = []"
            self._bad[item.device] = (
                f"{item.device} looks {' and '.join(found)} in run {measured.run_id}. Check the device, or {remedy} to "
                "measure the device anyway")
        elif measured.status == "success" and not measured.contact:
            self._bad.pop(item.device, None)
        if item.part == "after" and self._file.check is not None:
            before = next((run for run in reversed(facts.runs) if run.step == f"{item.owner}.before"), None)
            if problem := agreement(before, measured, self._file.check):
                self._bad[item.device] = f"{item.device} has changed in step {item.owner}: {problem}"
                self._tell(RunEvent("warning", self._bad[item.device]))

    def _note_state(self, item: Item, outcome: RunOutcome, rows: Sequence[dict[str, Any]]) -> None:
        found = [(row["quantity"], row["value"] is not None and "no_event" not in row["flags"]) for row in rows]
        now = self._records.life(item.device).state
        state = state_after(now, found, contact_words(outcome.contact), outcome.status == "success")
        if state != now:
            self._records.set_state(item.device, state, f"run {outcome.run_id} ({item.step.protocol.name})")

    def _leave_out(self, item: Item, reason: str) -> RunOutcome:
        self._states.note("left out", key=item.key, reason=reason)
        return _left_out(item, reason)


def _left_out(item: Item, reason: str) -> RunOutcome:
    return RunOutcome(None, LEFT_OUT, reason, device=item.device, protocol=item.step.protocol.name)


def _no_run(request: StepRequest, status: str, reason: str) -> RunOutcome:
    return RunOutcome(None, status, reason, device=request.device, protocol=request.protocol.name)


def _measured(item: Item, content: Any) -> MeasuredStep:
    step = item.step.name if not item.part else f"{item.owner}.{item.part}"
    return MeasuredStep(step, item.point, str(content.get("status", "")), tuple(content.get("contact", ())),
                    tuple(content.get("results", ())), str(content.get("run", "")))


class _RunControl(Control):
    """The control of one run: what is asked of the campaign holds for it, and a signal to it ends the campaign."""

    def __init__(self, campaign: CampaignControl) -> None:
        super().__init__()
        self._campaign = campaign

    @property
    def stopped(self) -> str | None:
        """Why the run is to end."""
        return self._campaign.stopped or super().stopped

    @property
    def paused(self) -> bool:
        """Whether a pause is wished."""
        return self._campaign.paused

    def wait_while_paused(self, beat: Callable[[], None] = lambda: None) -> None:
        """Block until the campaign is resumed or stopped."""
        while self.paused and self.stopped is None:
            beat()
            time.sleep(_LOOK)

    def pause(self) -> None:
        """Pause the campaign."""
        self._campaign.pause()

    def resume(self) -> None:
        """Go on."""
        self._campaign.resume()


class _Named:
    """Tells the events of one run, warnings with its key; its name is on disk before anything is sent."""

    def __init__(self, item: Item, tell: Remarks, states: StateFile) -> None:
        self._item, self._tell, self._states = item, tell, states
        self._run = ""

    def __call__(self, event: RunEvent) -> None:
        run = str(event.data.get("run") or "") if event.kind == "state" else ""
        if run and run != self._run:
            self._run = run
            self._states.note("run", key=self._item.key, run=run)
        if event.kind == "state":
            event = replace(event, data={**event.data, "key": self._item.key})
        told = f", run {self._run}" if self._run else ""
        self._tell(event, self._item.key, f"{self._item.step.protocol.name} on {self._item.device}{told}")


