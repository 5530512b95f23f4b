"""A list of protocols, one after the other: checked as a whole first, and measured to its end (see ``list_file``)."""

import contextlib
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from tsbench.errors import StorageError, TsbenchError, sentences
from tsbench.plugins import in_words
from tsbench.records import RunEvent
from tsbench.station.protection.control import Control
from tsbench.station.run_list.checks import PlannedEntry, bench_problems, plan_entries, space_problem
from tsbench.station.run_list.file import ListEntry, ListFile, read_list
from tsbench.station.run_list.resume import ListProgress, progress_in
from tsbench.station.runner.events import Listener
from tsbench.station.runner.outcome import LEFT_OUT, REFUSED, ListRefused, RunOutcome
from tsbench.station.runner.process import run_on
from tsbench.station.runner.safety import RunnerBench
from tsbench.storage.run_lock import RunLock

_LOCK = "list.lock"  #: in the folder of the run files


def run_list(
    path: Path | str,
    out: Path | str,
    *,
    events: Listener | None = None,
    control: Control | None = None,
    dry_run: bool = False,
    resume: bool = False,
    watchdog: bool = True,
) -> list[RunOutcome]:
    """Run a list of protocols; entries in a row on the same device keep the bench open.

    Every entry is checked and planned before the first is measured. An entry that fails and ends safe does not end
    the list; a stop or an output that is not off does. A device that looks short gets no further entries.

    Parameters
    ----------
    path : Path
        The list; see :mod:`tsbench.station.run_list.file`.
    out : Path
        Directory of the run files; one list at a time writes there.
    dry_run : bool
        Only plan: each plan becomes a "log" event, nothing is switched on.
    resume : bool
        Leave out what ``out`` holds already as measured to its end. An entry that was interrupted there is measured
        again, and its new run says which one it repeats.
    watchdog : bool
        As for ``run_protocol``.

    Returns
    -------
    list of RunOutcome
        One for each entry of the list, in its order, also those that failed, were left out, or had been measured
        before (``earlier``); empty after a dry run.

    Raises
    ------
    ListRefused
        At least one entry is wrong or refused; nothing was switched on. Its ``outcomes`` name each.
    ConfigurationError
        It is no list.
    StorageError
        Another list is being measured into ``out``.
    """
    listed, out = read_list(path), Path(out)
    tell = events or (lambda _: None)
    entries = bench_problems(listed.entries)
    _require_good(Path(path), [PlannedEntry(entry, problem=entry.problem) for entry in entries])
    with contextlib.ExitStack() as held:
        if resume and not dry_run:  # what is done there must not change until it is added to
            held.enter_context(_lock(out))
        before = progress_in(out, entries, tell, change=not dry_run) if resume else ListProgress()
        left = [entry for entry in entries if entry.number not in before.done]
        if not left:
            return [before.done[entry.number] for entry in entries]
        from tsbench.station.bench.bench import Bench  # opens VISA: late

        planned, bench = plan_entries(left, Bench.open)
        if bench is not None:
            held.callback(bench.close)  # once more does nothing
        _require_good(Path(path), planned, space_problem(planned, out))
        if dry_run:
            for item in planned:
                tell(RunEvent("log", item.line, data={"plan": item.entry.name}))
            return []
        if not resume:
            held.enter_context(_lock(out))
        measured = _Measuring(listed, out, tell, control or Control(), watchdog, before).run(left, bench)
        return [before.done.get(entry.number) or measured[entry.number] for entry in entries]


def _require_good(path: Path, planned: Sequence[PlannedEntry], together: str = "") -> None:
    """Raise ListRefused, with an outcome for each entry, where one has a problem or all of them together have."""
    bad = [item for item in planned if item.problem is not None]
    if not bad and not together:
        return
    reasons = [f"{item.entry.where}: {item.problem}" for item in bad] or [together]
    left = len(reasons) - 3
    more = f"{left} more {'entry has' if left == 1 else 'entries have'} problems" if left > 0 else ""
    outcomes = [
        _outcome(item.entry, REFUSED, str(item.problem), item.problem)
        if item.problem is not None
        else _outcome(item.entry, LEFT_OUT, together or "the list was refused and nothing was measured")
        for item in planned
    ]
    raise ListRefused(f"{path}: {sentences(*reasons[:3], more, 'Nothing was measured')}", outcomes)


def _outcome(entry: ListEntry, status: str, reason: str, error: BaseException | None = None) -> RunOutcome:
    """Return what an entry came to of which there is no run."""
    code = error.exit_code if isinstance(error, TsbenchError) else 1
    return RunOutcome(None, status, reason, device=entry.device, protocol=entry.name, error_code=code)


@contextlib.contextmanager
def _lock(out: Path) -> Iterator[None]:
    """Keep other lists from writing into a folder, which is made; an empty one is removed afterwards."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        lock = RunLock(out / _LOCK)
    except StorageError as error:
        holder = str(error).partition(" by ")[2].partition(". ")[0]
        raise StorageError(
            f"{out}: another list is measuring into this folder{f' by {holder}' if holder else ''}. Wait until it "
            "ends or choose another folder with --out"
        ) from None
    except OSError as error:
        raise StorageError(f"{out}: this folder cannot be made, or a file in it cannot be written "
                           f"({error.strerror or error}). Choose another folder with --out") from error
    try:
        yield
    finally:
        lock.release()
        with contextlib.suppress(OSError):  # it holds run files
            out.rmdir()


class _Measuring:
    """The list while it is measured."""

    def __init__(
        self, listed: ListFile, out: Path, tell: Listener, control: Control, watchdog: bool, before: ListProgress
    ) -> None:
        self.listed = listed
        self.out = out
        self.tell = tell
        self.control = control
        self.watchdog = watchdog
        self.before = before
        self.ended = ""  #: why the list ends here
        self.bad: dict[tuple[Path, str], str] = {}  #: bench, device -> why it gets no further entries

    def run(self, entries: Sequence[ListEntry], bench: RunnerBench | None) -> dict[int, RunOutcome]:
        """Measure the entries, the first on ``bench``; return their outcomes by number."""
        outcomes: dict[int, RunOutcome] = {}
        for _, members in itertools.groupby(entries, key=lambda entry: (entry.bench, entry.device)):
            outcomes |= self._group(list(members), bench)
            bench = None
        return outcomes

    def _group(self, entries: Sequence[ListEntry], bench: RunnerBench | None) -> dict[int, RunOutcome]:
        """Measure what is for one device of one bench."""
        from tsbench.station.bench.bench import Bench  # opens VISA: late

        if reason := self._not_now(entries[0]):
            return {entry.number: _outcome(entry, LEFT_OUT, reason) for entry in entries}
        try:
            bench = bench or Bench.open(entries[0].bench, entries[0].device)
        except (TsbenchError, OSError) as error:
            return {entry.number: _outcome(entry, "fail", in_words(error), error) for entry in entries}
        outcomes: dict[int, RunOutcome] = {}
        try:
            for entry in entries:
                reason = self._not_now(entry)
                outcomes[entry.number] = (
                    _outcome(entry, LEFT_OUT, reason) if reason else self._entry(bench, entry))
        finally:
            bench.close()
        if bench.problems and not self.ended:
            self.ended = sentences("not all outputs were read back as off", *bench.problems)
        return outcomes

    def _not_now(self, entry: ListEntry) -> str:
        return self.ended or self.bad.get((entry.bench, entry.device), "")

    def _entry(self, bench: RunnerBench, entry: ListEntry) -> RunOutcome:
        assert entry.protocol is not None
        named = _Named(entry, self.tell)
        interrupted = self.before.interrupted.get(entry.number, ())
        try:
            outcome = run_on(
                bench, entry.protocol, self.out, events=named, control=self.control, watchdog=self.watchdog,
                repeats=interrupted, fixture=entry.fixture,
            )
        except KeyboardInterrupt:
            self.ended = "the list was interrupted"
            return _outcome(entry, "abort", "interrupted")
        except Exception as error:  # noqa: BLE001  an entry that cannot be begun does not end the list
            return _outcome(entry, "fail", in_words(error), error)
        if outcome.status == "abort":
            self.ended = f"the list was stopped: {outcome.reason}"
        elif not outcome.safe:
            self.ended = sentences(f"after {entry.where}, not all outputs were read back as off", outcome.reason)
        elif found := outcome.contact & self.listed.leave_out:
            looks = " and ".join(found.names())
            self.bad[entry.bench, entry.device] = (
                f"{entry.device} looks {looks} in run {outcome.run_id}. Check the device, or write leave_out = [] in "
                "the list to measure the device anyway"
            )
        return outcome


class _Named:
    """Tells the events of one run, its warnings with the names of run and device."""

    def __init__(self, entry: ListEntry, tell: Listener) -> None:
        self._entry = entry
        self._tell = tell
        self._run = ""

    def __call__(self, event: RunEvent) -> None:
        self._run = str(event.data.get("run") or self._run) if event.kind == "state" else self._run
        if event.kind in {"warning", "log", "retry"}:
            run = f", run {self._run}" if self._run else ""
            event = replace(event, message=f"{self._entry.name} on {self._entry.device}{run}: {event.message}")
        self._tell(event)


