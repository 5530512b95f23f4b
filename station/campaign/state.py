"""The state of a campaign on disk: intents and outcomes, append-only, in the folder of its runs.

Before a run's first stress its intent is on disk. An intent without an outcome is a run that was interrupted: it is
never started again by itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tsbench.storage.campaign_files import state_path
from tsbench.storage.record_file import Record, RecordFile, read_records

LOCK = "campaign.lock"
INTERRUPTED = "interrupted"  #: status of a run that was begun and not finished


@dataclass(frozen=True)
class EarlierRun:
    """A run that was begun before another one of the same name."""

    key: str
    intent: Mapping[str, Any]
    outcome: Mapping[str, Any]
    run: str  #: its identifier
    repeated: bool  #: the later one has the same parameters and stands in its place


@dataclass
class CampaignState:
    """What the records say; ``note`` appends one and takes it in."""

    begun: Mapping[str, Any] = field(default_factory=dict)  #: identifier, name, text, file, time
    intents: dict[str, Mapping[str, Any]] = field(default_factory=dict)  #: key -> the latest intent
    counts: dict[str, int] = field(default_factory=dict)  #: key -> how often it was begun
    outcomes: dict[str, Mapping[str, Any]] = field(default_factory=dict)  #: key -> that of the latest intent
    left_out: dict[str, str] = field(default_factory=dict)  #: key -> why
    runs: dict[str, str] = field(default_factory=dict)  #: key -> identifier of the run of the latest intent
    broken: dict[str, list[str]] = field(default_factory=dict)  #: key -> runs that a later one stands in place of
    history: list[str] = field(default_factory=list)  #: keys of the outcomes, in the order in which they came
    requests: list[Mapping[str, Any]] = field(default_factory=list)  #: skip and order, as people asked for them
    earlier: list[EarlierRun] = field(default_factory=list)  #: what the devices were exposed to before the latest runs
    files: list[Mapping[str, Any]] = field(default_factory=list)  #: later versions of the file: text, items, time
    gone: set[str] = field(default_factory=set)  #: keys that count no more: not in the latest file, or changed in it
    waiting: dict[str, str] = field(default_factory=dict)  #: key of a run that could not be begun -> its device
    provisional: set[str] = field(default_factory=set)  #: left out while a run of the device waits: decided again

    @property
    def unfinished(self) -> list[str]:
        """Keys of the runs that were begun and have no outcome."""
        return [key for key in self.intents if key not in self.outcomes]

    @property
    def written(self) -> list[Mapping[str, Any]]:
        """Outcomes of all runs, those of the earlier ones among them: what they name was on the disk."""
        return [*self.outcomes.values(), *(one.outcome for one in self.earlier)]

    @property
    def named_runs(self) -> set[str]:
        """Identifiers of all runs that were begun under a name, those of the earlier ones among them."""
        return {*self.runs.values(), *(one.run for one in self.earlier)}

    @property
    def charges(self) -> dict[str, str]:
        """Identifier of each charge of the device record -> its key."""
        return {str(intent["charge"]): key for key, intent in self.intents.items()}

    @property
    def decided(self) -> int:
        """How many runs of the latest file were measured, or were left out."""
        measured = [key for key in self.outcomes if key not in self.gone and not self.not_begun(key)]
        return len(measured) + len(self.left_out.keys() - self.gone - self.provisional)

    @property
    def planned(self) -> int:
        """How many runs the latest file has."""
        return int((self.files[-1] if self.files else self.begun).get("items", 0))

    def not_begun(self, key: str) -> bool:
        """Whether the latest try to make a run ended before it had a name: then nothing was sent to the device."""
        outcome = self.outcomes.get(key)
        return outcome is not None and outcome.get("status") != INTERRUPTED and not outcome.get("run") and (
            key not in self.runs)

    def stressed(self, key: str) -> bool:
        """Whether a run was begun, so that its device may have seen it."""
        return key in self.intents and not self.not_begun(key)

    def take(self, kind: str, content: Mapping[str, Any]) -> None:
        """Take in one record; a kind of a newer version changes nothing."""
        key = str(content.get("key", ""))
        if kind == "begin":
            self.begun = content
        elif kind == "intent":
            self._keep(key, content)
            self.outcomes.pop(key, None)
            self.left_out.pop(key, None)
            self.gone.discard(key)
            self.provisional.discard(key)
            self.waiting.pop(key, None)
            self.intents[key] = content
            self.counts[key] = self.counts.get(key, 0) + 1
        elif kind == "run":
            self.runs[key] = str(content.get("run", ""))
        elif kind == "outcome":
            self.outcomes[key] = content
            if key in self.history:
                self.history.remove(key)
            self.history.append(key)
            if self.not_begun(key):
                self.waiting[key] = str(self.intents.get(key, {}).get("device", ""))
        elif kind == "left out":
            self.left_out[key] = str(content.get("reason", ""))
            (self.provisional.add if self._waits(key) else self.provisional.discard)(key)
        elif kind == "again":
            self.outcomes.pop(key, None)
            self.left_out.pop(key, None)
            self.intents.pop(key, None)
        elif kind == "request":
            self.requests.append(content)
        elif kind == "file":
            self.files.append(content)
            self.gone = {str(one) for one in content.get("gone", ())}

    def _waits(self, key: str) -> bool:
        """Whether a run of the same device could not be begun, so that what depends on it is not decided for good."""
        return any(key.startswith(f"{device} ") for device in set(self.waiting.values()))

    def _keep(self, key: str, content: Mapping[str, Any]) -> None:
        """Keep what a run was before another one of its name begins; what was never begun is no run."""
        if not self.stressed(key):
            return
        before, run = self.intents[key], self.runs.pop(key, "")
        repeated = bool(content.get("repeated", before.get("fingerprint") == content.get("fingerprint")))
        if not repeated:
            self.broken.pop(key, None)
        elif run:
            self.broken.setdefault(key, []).append(run)
        self.earlier.append(EarlierRun(key, before, self.outcomes.get(key, {}), run, repeated))


def read_state(out: Path, name: str) -> CampaignState | None:
    """Return the state of a campaign in a folder; None where there is none.

    Raises
    ------
    UnreadableFile
        Its file is damaged, or of another kind.
    """
    records, _ = read_records(state_path(out, name))
    return state_of(records) if records else None


def state_of(records: Sequence[Record]) -> CampaignState:
    """Return the state that the records of its file say."""
    state = CampaignState()
    for kind, content in records:
        state.take(kind, content)
    return state


class StateFile:
    """The state of a campaign, open for writing; the caller holds the lock of the folder."""

    def __init__(self, out: Path, name: str) -> None:
        self._file = RecordFile(state_path(out, name))
        self.state = state_of(self._file.records)

    def note(self, kind: str, **content: Any) -> None:
        """Write one record and take it in; returns when it is on the disk.

        That a run was left out is on the disk with the next record: if it is lost, it is decided once more.
        """
        self._file.append(kind, content, sync=kind != "left out")
        self.state.take(kind, content)

    def close(self) -> None:
        """Close the file."""
        self._file.close()
