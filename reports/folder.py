"""Reads what a report is made of: the states of the campaigns in a folder, and the run files in it."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tsbench.archives.update import StoredRun, stored_runs
from tsbench.errors import ConfigurationError, StorageError
from tsbench.records import Run
from tsbench.station.campaign.state import CampaignState, state_of
from tsbench.storage import record_data
from tsbench.storage.campaign_files import STATE_SUFFIX, campaign_name, lines_of_missing
from tsbench.storage.reading_children import ReadingChildren
from tsbench.storage.record_file import read_records

_BATCH = 50  #: files that a child reads for one request
_PROCESSES = 2


@dataclass(frozen=True)
class ReadRun:
    """A run file without its points, waveforms and events."""

    path: str  #: relative to the folder, with "/"
    run: Run
    extraction: int = 1  #: number of the extraction that gave its results; 1: that of the run itself
    sha256: str = ""  #: of the file; "" where it is larger than 1 GiB
    rejected: str = ""  #: why a person has rejected it; "" where it counts


@dataclass(frozen=True)
class CampaignRecord:
    """A campaign as its state on disk has it."""

    name: str
    state: CampaignState
    file: str = ""  #: name of the file of its state
    accepted: tuple[Mapping[str, Any], ...] = ()  #: amber lines, by whom and when
    ended: tuple[Mapping[str, Any], ...] = ()  #: when and why it ended, once for each time it was started


@dataclass(frozen=True)
class Folder:
    """What a folder holds."""

    path: Path
    campaigns: tuple[CampaignRecord, ...]
    runs: tuple[ReadRun, ...]  #: by their start
    problems: tuple[str, ...]  #: one line for each file that could not be read, or is a copy
    missing: tuple[str, ...] = ()  #: one line for each campaign of which run files are missing


@dataclass
class RunCache:
    """Run files that were read before: for a page that is made again and again."""

    known: dict[str, tuple[str, ReadRun | str]] = field(default_factory=dict)  #: path -> state of the file, run


def read_folder(path: Path, cache: RunCache | None = None) -> Folder:
    """Read the campaigns and run files in a folder and in the folders in it.

    Raises
    ------
    ConfigurationError
        No such folder, or nothing in it to report.
    """
    if not path.is_dir():
        raise ConfigurationError(f"{path}: this folder does not exist")
    problems: list[str] = []
    campaigns = []
    for file in sorted(path.glob(f"*{STATE_SUFFIX}")):
        try:
            campaigns.append(read_campaign_record(file))
        except StorageError as error:
            problems.append(str(error))
    known = cache or RunCache()
    runs, unread = _read_runs(path, known)
    if not campaigns and not runs:
        raise ConfigurationError(problems[0] if problems else (unread[0] if unread else (
            f"{path}: this folder has neither a campaign nor run files. Name the folder that 'tsbench run --out' or "
            "'tsbench measure --out' wrote")))
    missing = tuple(line for one in campaigns for line in lines_of_missing(path / one.file, one.state.written))
    return Folder(path, tuple(campaigns), tuple(runs), (*problems, *unread), missing)


def read_campaign_record(file: Path) -> CampaignRecord:
    """Read the state of one campaign.

    Raises
    ------
    UnreadableFile
        It is damaged, or of another kind.
    """
    records, _ = read_records(file)
    return CampaignRecord(
        campaign_name(file), state_of(records), file.name,
        tuple(content for kind, content in records if kind == "accepted"),
        tuple(content for kind, content in records if kind == "end"))


def _read_runs(folder: Path, cache: RunCache) -> tuple[list[ReadRun], list[str]]:
    found = {_name(one.path, folder): one for one in stored_runs(folder)}
    cache.known = {name: known for name, known in cache.known.items() if name in found}
    changed = [(name, one) for name, one in found.items() if cache.known.get(name, ("",))[0] != one.state]
    batches = [changed[start : start + _BATCH] for start in range(0, len(changed), _BATCH)]
    if batches:
        with ReadingChildren(min(_PROCESSES, len(batches))) as children:
            asked = ([(one.path, one.sidecar) for _, one in batch] for batch in batches)
            for batch, entries in zip(batches, children.entries(asked, of="summaries"), strict=True):
                for (name, one), entry in zip(batch, entries, strict=True):
                    cache.known[name] = one.state, _read(name, one, entry)
    problems = [problem for _, problem in cache.known.values() if isinstance(problem, str)]
    runs: dict[str, ReadRun] = {}
    for name in sorted(cache.known):
        if not isinstance(read := cache.known[name][1], ReadRun):
            continue
        counted = runs.setdefault(read.run.header.run_id, read)
        if counted is not read:
            problems.append(f"{read.path}: this file is left out, because it holds the same run as {counted.path}")
    return sorted(runs.values(), key=lambda one: (one.run.header.start_time, one.run.header.run_id)), problems


def _read(name: str, file: StoredRun, entry: Mapping[str, Any]) -> ReadRun | str:
    if "run" not in entry:
        return str(entry.get("problem") or f"{file.path}: this file cannot be read")
    return ReadRun(name, record_data.run_from(entry["run"]), int(entry["extraction"]), str(entry["sha256"]),
                   str(entry["rejected"]))


def _name(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix()


def text_sha256(text: str) -> str:
    """Return the SHA-256 of a text, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def of_campaign(folder: Folder, campaign: CampaignRecord) -> Sequence[ReadRun]:
    """Return the runs of one campaign, the earlier ones that it measured again among them."""
    identifier = str(campaign.state.begun.get("id", ""))
    named = {*campaign.state.runs.values(), *(run for runs in campaign.state.broken.values() for run in runs)}
    return [one for one in folder.runs if one.run.header.run_id in named
            or (identifier and one.run.header.campaign_id == identifier)]
