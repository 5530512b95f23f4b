"""A campaign from its file to its outcome: read, planned as a whole, performed, resumed.

::

    campaign = tsbench.campaign("screen.toml", out="runs/screen")
    print(campaign.plan())
    outcome = campaign.run()
"""

import contextlib
import secrets
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import replace
from pathlib import Path
from typing import Any

from tsbench.errors import ConfigurationError, LimitError, StorageError, TsbenchError, sentences
from tsbench.records import RunEvent
from tsbench.station.bench.bench_file import BenchFile
from tsbench.station.campaign.changes import left_of, no_more, repeated_stress
from tsbench.station.campaign.engine import Engine
from tsbench.station.campaign.expansion import Item, expand
from tsbench.station.campaign.file import read_campaign
from tsbench.station.campaign.foreseeing import foreseen_peaks, with_foreseen
from tsbench.station.campaign.notify import notification, send
from tsbench.station.campaign.outcome import CampaignOutcome, CampaignRefused, earlier_runs, refused_runs
from tsbench.station.campaign.overview import CampaignPlan, discharge_notes, refusals, rows_of
from tsbench.station.campaign.performing import BenchPerformer, StepPerformer
from tsbench.station.campaign.planning import Foreseen, PlannedItem, budget_problems, doubts_of, plan_items
from tsbench.station.campaign.problems import Problems
from tsbench.station.campaign.requests import CampaignControl
from tsbench.station.campaign.resuming import (
    finished_run,
    locked_folder,
    open_charges,
    recovered_runs,
    resumable,
    runs_of_lost_campaigns,
)
from tsbench.station.campaign.specs import CampaignFile
from tsbench.station.campaign.state import CampaignState, StateFile
from tsbench.station.device_record import DeviceRecords
from tsbench.station.device_record.budgets import budget_of, records_folder
from tsbench.station.runner.events import Listener
from tsbench.station.runner.safety import RunnerBench
from tsbench.storage import disk
from tsbench.storage.campaign_files import missing_files, missing_line
from tsbench.storage.recorder import FILE_OVERHEAD, needed_bytes
from tsbench.storage.run_id import timestamp

_TOLD = 3  #: problems that the message of an error holds; the plan has all
Answer = Callable[[str, Sequence[str]], str]  #: a question and its possible answers -> the answer
Zones = Callable[[Path, RunnerBench, Sequence[PlannedItem]], Mapping[str, tuple[str, str]]]
Peaks = Callable[[Path, RunnerBench, Sequence[PlannedItem]], Mapping[int, Foreseen]]


class Campaign:
    """One campaign, planned and performed.

    Parameters
    ----------
    path : the campaign file, or a list of protocols
    out : folder of its runs and its state
    device_record : folder of the device record; None: that of the bench file, else one in ``out``
    """

    def __init__(self, path: Path | str, out: Path | str, device_record: Path | str | None = None) -> None:
        self.path, self.out = Path(path), Path(out)
        self.file: CampaignFile = read_campaign(self.path)
        self.control = CampaignControl()
        self._benches: dict[Path, BenchFile | TsbenchError] = {}
        self._named = None if device_record is None else Path(device_record)
        self.items, lines = self._checked()
        self._problems = lines
        self.records = DeviceRecords(self._named or records_folder(self._bench_files(), self.out))

    # ---------------------------------------------------------------------------------------------- before it

    def plan(
        self, *, resume: bool = False, again: Sequence[str] = (), zones: Zones | None = None,
        peaks: Peaks | None = foreseen_peaks,
    ) -> CampaignPlan:
        """Return what the campaign would do at most; the instruments are opened, nothing is switched on.

        Parameters
        ----------
        resume, again, zones, peaks : as for :meth:`run`; with ``resume``, the plan has the runs that are left
        """
        before = resumable(self.out, self.file, resume=True) if resume and not self._problems else None
        left = self.items if before is None else left_of(self.items, before, again)
        plan, bench = self._plan(left or self.items, zones, peaks, self._told_before(before, left, again))
        if bench is not None:
            bench.close()
        return plan

    def _told_before(
        self, before: CampaignState | None, left: Sequence[Item], again: Sequence[str], wanted: Set[str] = frozenset(),
    ) -> list[str]:
        """Return amber lines: what was measured before, and would be measured once more."""
        if before is not None:
            return repeated_stress(self.items, left, before, again, wanted)
        line = runs_of_lost_campaigns(self.out, {(item.device, item.step.protocol.name) for item in self.items})
        return [line] if line else []

    def _checked(self) -> tuple[list[Item], list[str]]:
        """Return the items, and all that can be said against them from the files alone."""
        problems = Problems(str(self.path), list(self.file.problems))
        devices: dict[Path, list[str]] = {}
        checked = [self.file.check.step] if self.file.check is not None else []
        for step in (*self.file.steps, *checked):
            place = problems.below(step.place)
            bench = self._bench_file(step.bench)
            if isinstance(bench, TsbenchError):
                place.add("", str(bench))
                continue
            devices[step.bench] = list(bench.table.devices)
            for role in step.protocol.roles:
                if role not in bench.table.roles:
                    place.add("", f"{step.protocol.name}: the bench has no role '{role}'. Add it to [roles] in the "
                                  "bench file")
            swept = {name for axis in step.axes for name in axis.names if name not in step.protocol.model_fields}
            for quantity in {*step.fixture, *swept}:
                if quantity not in bench.table.fixture.control:
                    place.add("", f"nothing can set {quantity}. Add [fixture.control.{quantity}] to the bench file")
        if self.file.notify:
            try:
                notification(self.file.notify)
            except ConfigurationError as error:
                problems.add("notify", str(error))
        items = expand(self.file, devices, problems)
        return [] if problems.lines else items, problems.lines

    def _bench_file(self, path: Path) -> BenchFile | TsbenchError:
        if path not in self._benches:
            try:
                self._benches[path] = BenchFile.load(path)
            except TsbenchError as error:
                self._benches[path] = error
        return self._benches[path]

    def _bench_files(self) -> list[BenchFile]:
        return [bench for bench in self._benches.values() if isinstance(bench, BenchFile)]

    def _plan(
        self, items: Sequence[Item], zones: Zones | None = None, peaks: Peaks | None = None,
        told: Sequence[str] = (),
    ) -> tuple[CampaignPlan, RunnerBench | None]:
        """Return the plan of some items, and the bench of the first, open; ``told`` are amber lines of it."""
        if self._problems:
            return CampaignPlan(self.file.name, (), tuple(self._problems), exit_code=2), None
        from tsbench.station.bench.bench import Bench  # opens VISA: late

        columns = self.file.map.rows if self.file.map is not None else {}
        planned, bench = plan_items(items, Bench.open, self.file.vocabulary, columns, self.records.life)
        try:
            plan = self._judged(planned, bench, zones, peaks)
            return replace(plan, amber=(*told, *plan.amber)), bench
        except BaseException:
            if bench is not None:
                bench.close()
            raise

    def _judged(
        self, planned: list[PlannedItem], bench: RunnerBench | None, zones: Zones | None, peaks: Peaks | None,
    ) -> CampaignPlan:
        doubts: list[str] = []
        if peaks is not None and bench is not None and not self.file.is_list:   # a list is planned at once
            planned, doubts = with_foreseen(planned, peaks(planned[0].item.step.bench, bench, planned))
        refused, amber = budget_problems(planned, self._budget, self.records.life)
        amber += [*doubts_of(planned), *doubts]
        planned = [one if one.item.number not in refused or one.problem is not None else
                   replace(one, problem=LimitError(refused[one.item.number])) for one in planned]
        red = refusals(planned)
        codes = [one.problem.exit_code for one in planned if one.problem is not None]
        notes = [self.file.note] if self.file.note else []
        notes += discharge_notes(planned) if self.file.is_list else []   # a campaign has simulated it, or bounded it
        if space := self._space(planned):
            red.append(space)
            codes.append(1)
        oscillation: Mapping[str, tuple[str, str]] = {}
        if zones is not None and bench is not None and not red:
            oscillation = zones(planned[0].item.step.bench, bench, planned)
        budgets = {one.item.device: self._budget(one) for one in planned}
        if self._named is None and any(budget.limited for budget in budgets.values()) and not any(
                file.table.device_record for file in self._bench_files()):
            amber.append("the budgets count only what is measured into this folder. Name a folder for the device "
                         'record of all campaigns: device_record = "…" in the bench file, or --device-record')
        used = {device: self.records.life(device).used for device in budgets}
        return CampaignPlan(
            self.file.name, tuple(rows_of(planned, budgets, used, oscillation)), tuple(red), tuple(amber), tuple(notes),
            max(codes, default=0), tuple(planned))

    def _budget(self, one: PlannedItem) -> Any:
        found = self._bench_file(one.item.step.bench)
        assert isinstance(found, BenchFile)
        return budget_of(found, one.item.device)

    def _space(self, planned: Sequence[PlannedItem]) -> str:
        sizes = [item.plan.bytes for item in planned if item.plan is not None]
        needed = sum(sizes) + len(sizes) * FILE_OVERHEAD + needed_bytes(max(sizes, default=0))
        existing = next(folder for folder in (self.out.absolute(), *self.out.absolute().parents) if folder.is_dir())
        free = disk.free_bytes(existing)
        if needed <= free:
            return ""
        what = "list" if self.file.is_list else "campaign"
        return (f"the {what} needs {needed / 1e6:.1f} MB in {self.out}, but only {free / 1e6:.1f} MB are free. Free "
                f"some space, shorten the {what} or choose another folder with --out")

    # ------------------------------------------------------------------------------------------------- its runs

    def run(
        self, *, resume: bool = False, accept: bool | Callable[[Sequence[str]], bool] = False,
        again: Sequence[str] = (), events: Listener | None = None, ask: Answer | None = None,
        zones: Zones | None = None, peaks: Peaks | None = foreseen_peaks, watchdog: bool = True,
        performer: StepPerformer | None = None, user: str = "",
    ) -> CampaignOutcome:
        """Perform the campaign, or what is left of it.

        Parameters
        ----------
        resume : go on with the campaign in the folder
        accept : whether the amber lines are accepted; a callable is asked with them
        again : patterns of keys of runs that are performed once more, although they have an outcome
        events : gets every event
        ask : where ``on_interrupted = "ask"``: is asked what becomes of an interrupted run
        zones : predicts oscillations, see :mod:`tsbench.station.campaign.oscillations`
        peaks : predicts the worst case at the device, with a simulation in another process where the material has a
            model. None, and for a list: the plan has the worst case of the sources, without what a capacitance or a
            source meter adds when the device switches
        performer : who performs a run; None: this process, on the bench that it opens
        user : who accepts and measures

        Raises
        ------
        CampaignRefused
            Red, or amber that nobody accepts; nothing was measured.
        ConfigurationError
            The folder holds this campaign already, and it is not to be resumed; or it does not hold it.
        FolderInUse
            Another process measures into the folder.
        """
        tell: Listener = events or (lambda _: None)
        if self._problems:
            self._require_good(self._plan([])[0], False)
        with locked_folder(self.out), contextlib.ExitStack() as last:
            before = resumable(self.out, self.file, resume=resume)
            runs = recovered_runs(self.out, before, tell) if before is not None else {}
            missing = self._told_missing(before, tell)
            repeated = self._asked(before, runs, ask, tell) if before is not None else frozenset[str]()
            left = self.items if before is None else left_of(self.items, before, again, repeated)
            if not left and before is not None and not (before.unfinished or open_charges(before, self.records)):
                return CampaignOutcome(earlier_runs(self.items, before, runs), "", self.out, missing)
            plan, bench = self._plan(left or self.items, zones, peaks, self._told_before(before, left, again, repeated))
            if bench is not None and performer is not None:
                bench.close()  # who performs the runs opens it
            elif bench is not None:
                last.callback(bench.close)  # once more does nothing
            accepted = self._require_good(plan, accept)
            states = StateFile(self.out, self.file.name)
            last.callback(states.close)
            self._begin(states, left, accepted, user)
            doing = performer or BenchPerformer(_opener(), bench, plan.planned[0].item.step.bench, watchdog=watchdog)
            if performer is None:
                last.callback(doing.close)
            engine = Engine(self.file, self.out, states, self.records, self._budget, doing, tell, self.control)
            self._take_up(engine, states, left, runs, repeated, tell)
            outcomes = engine.run(plan.planned if left else ())
            if performer is None:
                doing.close()
            if doing.problems and not engine.ended:
                engine.ended = sentences("not all outputs were read back as off", *doing.problems)
            known = {**earlier_runs(self.items, states.state, runs), **outcomes}
            found = {item.key: known[item.key] for item in self.items if item.key in known}
            return self._note_end(states, CampaignOutcome(found, engine.ended, self.out, missing), tell)

    def _note_end(self, states: StateFile, outcome: CampaignOutcome, tell: Listener) -> CampaignOutcome:
        """Note how the campaign has ended, and notify the person whom the campaign names."""
        with contextlib.suppress(StorageError):   # the disk is full: the campaign has ended because of it
            states.note("end", time=timestamp(), reason=outcome.ended)
        counted = ", ".join(f"{count} {status}" for status, count in outcome.counts.items())
        self._notify("ended early" if outcome.ended else "done", sentences(outcome.ended, counted), tell)
        return outcome

    def _told_missing(self, before: CampaignState | None, tell: Listener) -> tuple[str, ...]:
        """Return the run files that the campaign wrote before and that are missing; a warning names them."""
        missing = tuple(missing_files(self.out, before.written)) if before is not None else ()
        if missing:
            tell(RunEvent("warning", missing_line(missing)))
        return missing

    def _asked(
        self, before: CampaignState, runs: Mapping[str, str], ask: Answer | None, tell: Listener,
    ) -> frozenset[str]:
        """Return which interrupted runs a person wants to have again, where the campaign asks.

        Raises
        ------
        StorageError
            Nobody answers, or the answer is "stop": all stays as it is.
        """
        if self.file.on_interrupted != "ask":
            return frozenset()
        again = set()
        for key in before.unfinished:
            if finished_run(self.out, before.runs.get(key, "") or runs.get(key, "")) is not None:
                continue
            answer = ask(f"{key} was interrupted. What now?", ("continue", "again", "stop")) if ask else "stop"
            if answer == "stop":
                self._notify("asks", f"{key} was interrupted", tell)
                raise StorageError(f"{key} was interrupted, and the campaign asks what to do. Resume it with "
                                   "--interrupted continue or --interrupted again")
            again |= {key} if answer == "again" else set()
        return frozenset(again)

    def _notify(self, status: str, message: str, tell: Listener) -> None:
        """Send a message to the person that the campaign names; that it fails is a warning."""
        if self.file.notify and (problem := send(notification(self.file.notify), self.file.name, status, message)):
            tell(RunEvent("warning", problem))

    def _begin(self, states: StateFile, left: Sequence[Item], accepted: Sequence[str], user: str) -> None:
        """Note that the campaign begins or goes on, by which file, and what was accepted."""
        state = states.state
        latest = state.files[-1] if state.files else state.begun
        if not state.begun:
            states.note("begin", id=f"{timestamp()[:19].replace(':', '')}-{secrets.token_hex(3)}", name=self.file.name,
                        file=str(self.path), text=self.file.text, time=timestamp(), items=len(self.items))
        elif (latest.get("text"), latest.get("items")) != (self.file.text, len(self.items)):
            states.note("file", file=str(self.path), text=self.file.text, time=timestamp(), items=len(self.items),
                        gone=no_more(self.items, left, state))
        if accepted:
            states.note("accepted", lines=list(accepted), by=user, time=timestamp())

    def _take_up(
        self, engine: Engine, states: StateFile, left: Sequence[Item], runs: Mapping[str, str], repeated: Set[str],
        tell: Listener,
    ) -> None:
        """Close what a crash left, and learn what was measured before."""
        engine.settle_open()
        for key, run in runs.items():   # from now on the report leads to what was recovered
            states.note("run", key=key, run=run)
        for key in states.state.unfinished:
            run = states.state.runs.get(key, "") or runs.get(key, "")
            named = f" (run {run})" if run else ""
            if (found := finished_run(self.out, run)) is not None:
                engine.take_over(key, *found)
                tell(RunEvent("log", f"{key}: the process that measured has finished this run{named} with the status "
                                     f"{found[1].status}. Its results and its measured dose count"))
                continue
            engine.mark_interrupted(key, run)
            more = "" if key in repeated else " and is not repeated"
            tell(RunEvent("warning", f"{key}: this run was interrupted{named}{more}. Its planned worst case counts in "
                                     "the budget"))
        coming = {item.key for item in left}
        engine.remember([item for item in self.items if item.key not in coming])

    def _require_good(self, plan: CampaignPlan, accept: bool | Callable[[Sequence[str]], bool]) -> tuple[str, ...]:
        """Return the amber lines that were accepted; CampaignRefused where something is against the campaign."""
        what = f"{self.path}: "
        if plan.red:
            left = len(plan.red) - _TOLD
            more = f"{left} more {'entry has' if left == 1 else 'entries have'} problems" if left > 0 else ""
            told = [line.removeprefix(what) for line in plan.red[:_TOLD]]
            raise CampaignRefused(f"{what}{sentences(*told, more, 'Nothing was measured')}", plan, refused_runs(plan))
        if not plan.amber:
            return ()
        if accept is True or (callable(accept) and accept(plan.amber)):
            return plan.amber
        advice = "Accept this with --accept. Nothing was measured"
        raise CampaignRefused(f"{what}{sentences(*plan.amber, advice)}", plan)

    def _repr_html_(self) -> str:
        """Return what a notebook shows of it."""
        return f"<b>{self.file.name}</b>: {len(self.items)} runs, folder {self.out}"


def _opener() -> Callable[[Path, str | None], RunnerBench]:
    from tsbench.station.bench.bench import Bench  # opens VISA: late

    return Bench.open
