"""Journal -> immutable run file, and the one way to read a run, finished or not."""

import datetime
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from tsbench.errors import StorageError, UnreadableFile, sentences
from tsbench.records import Result, Run, RunEvent
from tsbench.storage import disk, record_data, run_id
from tsbench.storage.journal.reader import Journal, read_journal
from tsbench.storage.journal.writer import LOCK_SUFFIX, RAW_SUFFIX, SUFFIX
from tsbench.storage.nexus.comparison import difference
from tsbench.storage.nexus.hdf5_guard import LARGEST_FILE
from tsbench.storage.nexus.reader import read_file
from tsbench.storage.nexus.schema import PART_SUFFIX
from tsbench.storage.nexus.schema import SUFFIX as FILE_SUFFIX
from tsbench.storage.nexus.writer import write_run
from tsbench.storage.record_data import without_nan
from tsbench.storage.run_address import ADDRESS_SUFFIX
from tsbench.storage.run_lock import RunLock
from tsbench.storage.sidecar import EXTRACTION, SIDECAR_PART
from tsbench.storage.watchdog_events import WATCHDOG, read_watchdog_events, watchdog_path

#: how the reason of a recovered run begins that had measured all it was to
MEASURED = "the acquisition ended with success before the crash"

#: a run -> what is extracted from it
Extractor = Callable[[Run], Sequence[Result]]

DAMAGED = ".damaged"  #: appended to a journal that was damaged before its end: kept as evidence


def read_run(path: Path | str, largest: int = LARGEST_FILE) -> Run:
    """Read a run file (``.nxs``) or the journal of a run that is not finished (``.tsj``).

    In this process: for files of one's own. ``safe_read.read_foreign`` does it in a child process.

    Parameters
    ----------
    path : of the file
    largest : [bytes] that the datasets of a run file may declare together

    Raises
    ------
    UnreadableFile
        One line: the file and what is wrong with it.
    """
    path = Path(path)
    if path.suffix != SUFFIX:
        return read_file(path, largest)
    try:
        return read_journal(path).run()
    except UnreadableFile as error:
        text = str(error)
        raise UnreadableFile(text if text.startswith(str(path)) else f"{path}: {text}") from None


def consolidate(journal_path: Path, extract: Extractor | None = None, packed: bool = True) -> Path:
    """Make the run file of a journal; the caller holds the run's lock. Idempotent.

    Written under another name, read back and compared, synced, renamed, directory synced, journal removed: at
    every moment either the journal or the run file is whole. ``packed``: whether waveforms are compressed.

    Raises
    ------
    UnreadableFile
        The journal holds no header.
    StorageError
        The file read back differs from the journal, which is kept.
    """
    journal = read_journal(journal_path)
    run = _outcome(_with_watchdog(journal, journal_path), _last_write(journal_path))
    if extract is not None and journal.finish is None:
        run = _extracted(run, extract)
    target = journal_path.with_suffix(FILE_SUFFIX)
    if not _already_there(target, run):
        part = journal_path.with_suffix(PART_SUFFIX)
        write_run(run, part, packed)
        if what := difference(part, run):
            raise StorageError(f"{part}: the new run file differs from its journal ({what}). The journal is kept. "
                               f"Check the disk, then run 'tsbench recover {part.parent}'")
        disk.sync_file(part)
        disk.replace(part, target)
        disk.sync_directory(target.parent)
    if journal.problems:
        disk.replace(journal_path, journal_path.with_name(journal_path.name + DAMAGED))
        raw = journal_path.with_suffix(RAW_SUFFIX)
        if raw.exists():
            disk.replace(raw, raw.with_name(raw.name + DAMAGED))
    else:
        disk.remove(journal_path)
        disk.remove(journal_path.with_suffix(RAW_SUFFIX), missing_ok=True)
    disk.remove(watchdog_path(journal_path), missing_ok=True)  # it is in the run file, and told again by no other
    disk.sync_directory(target.parent)
    return target


def _with_watchdog(journal: Journal, path: Path) -> Journal:
    """Add what the watchdog did when the measuring process no longer could."""
    time = journal.events[-1].time if journal.events else 0.0
    journal.events += read_watchdog_events(path, time)
    return journal


def _outcome(journal: Journal, last_write: str) -> Run:
    """Return the run with the outcome that its journal proves.

    With a "finish" record nothing is lost and the status stands. Without it a crash ended it: "recovered".
    """
    run = journal.run()
    notes = list(journal.problems)
    if journal.finish is None:
        run = replace(run, status="recovered", end_time=run.end_time or last_write)
        known = f"the acquisition ended with {journal.end['status']} before the crash" if journal.end else _crash(run)
        earlier = str((journal.end or {}).get("reason", ""))
        notes.insert(0, f"{known}{f' ({earlier})' if earlier else ''}. The run file was recovered from the journal")
    if notes:
        time = run.events[-1].time if run.events else 0.0
        message = sentences(*notes)
        event = RunEvent("warning", message, time, {"torn_bytes": journal.torn_bytes, "problems": journal.problems})
        run = replace(run, reason=message if journal.finish is None else run.reason, events=(*run.events, event))
    return run


def _extracted(run: Run, extract: Extractor) -> Run:
    """Return a run with the results that a crash kept it from having."""
    try:
        return replace(run, results=tuple(without_nan(result) for result in extract(run)))
    except Exception as error:  # noqa: BLE001  an extractor that fails must not lose the run
        time = run.events[-1].time if run.events else 0.0
        words = " ".join(f"{type(error).__name__}: {error}".split())
        return replace(run, events=(*run.events, RunEvent("warning", f"no numbers were extracted: {words}", time)))


def _crash(run: Run) -> str:
    """Say what ended a run whose journal does not: its watchdog's words where it had to act."""
    last = run.events[-1] if run.events else None
    return last.message if last and last.message.startswith(WATCHDOG) else "a crash ended the run"


def _last_write(journal_path: Path) -> str:
    moment = datetime.datetime.fromtimestamp(journal_path.stat().st_mtime, datetime.UTC)
    return run_id.timestamp(moment)


def _already_there(target: Path, run: Run) -> bool:
    """Whether a consolidation, killed before it removed the journal, had already made this very file."""
    if not target.exists():
        return False
    try:
        return record_data.run_digest(read_file(target)) == record_data.run_digest(run)
    except UnreadableFile:
        return False


def recover(
    directory: Path | str, problem: Callable[[str], None] | None = None, extract: Extractor | None = None
) -> list[Path]:
    """Finish what crashes left in a directory: every journal that no process is writing becomes a run file.

    Parameters
    ----------
    directory : Path
        Searched with its sub-directories.
    problem : callable
        Told one line for each journal that could not be finished (still being written, unreadable) or was
        damaged.
    extract : callable
        Gives the results of a run whose process died before it had extracted them; None: it gets none.

    Returns
    -------
    list of Path
        The run files made, sorted. Called again it finds nothing to do.

    Raises
    ------
    UnreadableFile
        No such directory.
    """
    directory = Path(directory)
    tell = problem or (lambda _: None)
    if not directory.is_dir():
        raise UnreadableFile(f"{directory}: this folder does not exist")
    made = []
    for journal_path in sorted(directory.rglob(f"*{SUFFIX}")):
        try:
            with RunLock(journal_path.with_suffix(LOCK_SUFFIX)):
                disk.remove(journal_path.with_suffix(ADDRESS_SUFFIX), missing_ok=True)  # that process has ended
                if _stillborn(journal_path):
                    continue
                made.append(consolidate(journal_path, extract))
                if not journal_path.exists() and journal_path.with_name(journal_path.name + DAMAGED).exists():
                    tell(f"{journal_path}: the journal is damaged. {made[-1].name} contains the part that could "
                         "be read")
        except StorageError as error:
            tell(str(error))
        except OSError as error:
            tell(str(disk.storage_error(error, journal_path, "the run file", kept=True)))
    for leftover in [*directory.rglob(f"*{PART_SUFFIX}"), *directory.rglob(f"*{EXTRACTION}*{SIDECAR_PART}"),
                     *directory.rglob(f"*{RAW_SUFFIX}"), *directory.rglob(f"*{LOCK_SUFFIX}")]:
        _sweep(leftover)
    return made


def _stillborn(journal_path: Path) -> bool:
    """Remove a journal whose process died before its header was written: it acknowledged nothing."""
    journal = read_journal(journal_path)
    if journal.header is not None or journal.problems:
        return False
    disk.remove(journal_path)
    return True


def _sweep(leftover: Path) -> None:
    """Remove what is left of a run that is finished, or the lock of one that never began, if no process holds it."""
    run = leftover.name.partition(EXTRACTION)[0].removesuffix(PART_SUFFIX).removesuffix(LOCK_SUFFIX)
    run = run.removesuffix(RAW_SUFFIX)
    if leftover.with_name(run + SUFFIX).exists():
        return
    finished = leftover.with_name(run + FILE_SUFFIX).exists()
    if not finished and (leftover.suffix != LOCK_SUFFIX or run_id.parts_of(run) is None):
        return   # the lock of something else, or data that are in no run file
    try:
        with RunLock(leftover.with_name(run + LOCK_SUFFIX)):
            if leftover.suffix != LOCK_SUFFIX:
                disk.remove(leftover, missing_ok=True)
    except (StorageError, OSError):
        return
