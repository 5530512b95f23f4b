"""What a folder holds of a campaign that is taken up again: its state, and runs that a crash left as journals."""

import contextlib
from collections.abc import Callable, Iterator, Mapping, Set
from pathlib import Path

from tsbench.errors import ConfigurationError, FolderInUse, StorageError, first_sentence
from tsbench.records import Run, RunEvent
from tsbench.station.campaign.specs import CampaignFile
from tsbench.station.campaign.state import LOCK, CampaignState, read_state
from tsbench.station.device_record import DeviceRecords
from tsbench.station.runner.events import Listener
from tsbench.storage.campaign_files import STATE_SUFFIX, campaign_name, state_path
from tsbench.storage.nexus.schema import SUFFIX as RUN_SUFFIX
from tsbench.storage.run_id import file_part
from tsbench.storage.run_lock import LockHeld, RunLock

_ENDED = {"success", "fail", "abort"}  #: status of a run file that the measuring process itself has finished
_MOST_READ = 200  #: run files of unknown origin that are read before a campaign begins


@contextlib.contextmanager
def locked_folder(out: Path) -> Iterator[None]:
    """Keep other campaigns from writing into a folder, which is made; an empty one is removed afterwards.

    Raises
    ------
    FolderInUse
        Another campaign measures into it.
    StorageError
        It cannot be written, or its file system knows no locks.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        lock = RunLock(out / LOCK)
    except LockHeld as error:
        raise FolderInUse(f"{out}: another campaign is measuring into this folder by {error.holder}. Wait until it "
                          "ends or choose another folder with --out") from None
    except OSError as error:
        raise StorageError(f"{out}: this folder cannot be made, or a file in it cannot be written "
                           f"({error.strerror or error}). Choose another folder with --out") from error
    try:
        yield
    finally:
        lock.release()
        with contextlib.suppress(OSError):  # it holds run files
            out.rmdir()


def check_folder(out: Path, file: CampaignFile, *, resume: bool) -> None:
    """Raise what the folder has against a campaign, before anything waits for instruments; as :func:`resumable`."""
    with locked_folder(out):
        resumable(out, file, resume=resume)


def resumable(out: Path, file: CampaignFile, *, resume: bool) -> CampaignState | None:
    """Return the state of the campaign in a folder; None where a new one begins.

    Raises
    ------
    ConfigurationError
        There is one, and it is not to be resumed. Or it is to be resumed, and there is none: to begin it would measure
        again what may have been measured.
    """
    state = read_state(out, file.name)
    if state is not None and state.begun:
        if not resume:
            raise ConfigurationError(f"{out}: this campaign has been begun in this folder already. Go on with it by "
                               "--resume, or choose another folder with --out")
        return state
    if resume and not state_path(out, file.name).exists():   # an empty one: a crash came before the first run
        others = [name for name in _campaigns(out) if name != file.name]
        has = f"It has the campaign '{others[0]}'. " if len(others) == 1 else (
            f"It has the campaigns {', '.join(repr(name) for name in others[:5])}. " if others else "")
        files = len(list(out.glob(f"*{RUN_SUFFIX}")))
        many = f"It has {files} run file{'s' * (files > 1)}. " if files else ""
        hint = (f'Give the file its former name, or write name = "{others[0]}" into it. ' if others else
                "Check --out, or restore the state of the campaign from a copy. ")
        raise ConfigurationError(
            f"{out}: the state of the campaign '{file.name}' is not in this folder, so nothing can be resumed. "
            f"{has}{many}{hint}Without --resume, a new campaign begins, and it measures every run")
    return None


def _campaigns(out: Path) -> list[str]:
    """Return the names of the campaigns whose states are in a folder."""
    return sorted(campaign_name(path) for path in out.glob(f"*{STATE_SUFFIX}"))


def runs_of_lost_campaigns(out: Path, items: Set[tuple[str, str]]) -> str:
    """Return what a new campaign would measure once more: runs of a campaign whose state is not in the folder.

    Parameters
    ----------
    items : device and protocol of each planned run

    Returns
    -------
    str
        An amber line; "" where there are none.
    """
    parts = {f"-{file_part(protocol)}-{file_part(device)}-": device for device, protocol in items}
    found: dict[str, list[str]] = {}
    known = {run for name in _campaigns(out) for run in _runs_of(out, name)} if parts and out.is_dir() else set()
    paths = [path for path in sorted(out.glob(f"*{RUN_SUFFIX}"), reverse=True) if path.stem not in known]
    for path in [one for one in paths if any(part in one.name for part in parts)][:_MOST_READ]:
        run = _read(path)
        if run is not None and run.header.campaign_id and (run.header.device.identifier, run.header.protocol) in items:
            found.setdefault(run.header.device.identifier, []).append(path.name)
    if not found:
        return ""
    names = [name for runs in found.values() for name in runs]
    return (f"{out} has {len(names)} run file{'s' * (len(names) > 1)} of a campaign whose state is not in this folder, "
            f"for example {names[0]}. They measured {', '.join(list(found)[:3])}{' …' * (len(found) > 3)} by the same "
            "protocol. This campaign measures these devices once more")


def _runs_of(out: Path, name: str) -> Iterator[str]:
    state = read_state(out, name)
    yield from state.named_runs if state is not None else ()


def open_charges(state: CampaignState, records: DeviceRecords) -> dict[str, str]:
    """Return charge -> key of the runs that have an outcome and are not settled: a crash came between the two."""
    return {charge: key for charge, key in state.charges.items() if key in state.outcomes
            and charge in records.life(str(state.intents[key].get("device", ""))).open}


def recovered_runs(out: Path, state: CampaignState, tell: Listener) -> Mapping[str, str]:
    """Make run files of journals that a crash left; return key -> identifier of runs whose name was not noted."""
    from tsbench.extraction import extract
    from tsbench.storage import recover

    for path in recover(out, lambda problem: tell(RunEvent("warning", problem)), extract):
        tell(RunEvent("log", f"recovered {path}"))
    return dict(unnoted_runs(out, state, lambda text: tell(RunEvent("warning", text))))


def unnoted_runs(out: Path, state: CampaignState, warn: Callable[[str], None]) -> Iterator[tuple[str, str]]:
    """Yield key and identifier of the runs that were begun, and whose names the state does not have."""
    known = state.named_runs
    for key in state.intents:
        if key in state.runs or state.outcomes.get(key, {}).get("run") or not state.stressed(key):
            continue
        intent = state.intents[key]
        device, protocol = str(intent.get("device", "")), str(intent.get("protocol", ""))
        part = f"-{file_part(protocol)}-{file_part(device)}-"
        for path in sorted(out.glob(f"*{part}*{RUN_SUFFIX}")):
            if path.stem in known:
                continue
            run = _read(path, warn)
            if run is not None and run.header.campaign_id == state.begun.get("id") and (
                    run.header.device.identifier, run.header.protocol) == (device, protocol):
                known.add(path.stem)
                yield key, path.stem
                break


def finished_run(out: Path, run: str) -> tuple[Path, Run] | None:
    """Return the run file that the process that measured has finished, although the campaign did not hear of it.

    None: there is no such file, or it was made of what a crash left.
    """
    path = out / f"{run}{RUN_SUFFIX}"
    found = _read(path) if run and path.is_file() else None
    return (path, found) if found is not None and found.status in _ENDED else None


def _read(path: Path, warn: Callable[[str], None] = lambda text: None) -> Run | None:
    from tsbench.storage import read_run

    try:
        return read_run(path)
    except StorageError as error:
        warn(f"{path.name} cannot be used ({first_sentence(error)})")
        return None
