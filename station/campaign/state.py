"""The state of a campaign on disk: intents and outcomes, append-only, in the folder of its runs.

Before a run's first stress its intent is on disk. An intent without an outcome is a run that was interrupted: it is
never started again by itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tsbench.storage.record_file import Record, RecordFile, read_records

_SUFFIX = ".tsc"  #: of the file in the folder of the runs
LOCK = "campaign.lock"
INTERRUPTED = "interrupted"  #: status of a run that was begun and not finished


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

    @property
    def unfinished(self) -> list[str]:
        """Keys of the runs that were begun and have no outcome."""
        return [key for key in self.intents if key not in self.outcomes]

    @property
    def charges(self) -> dict[str, str]:
        """Identifier of each charge of the device record -> its key."""
        return {str(intent["charge"]): key for key, intent in self.intents.items()}

    def is_decided(self, key: str, fingerprint: str) -> bool:
        """Whether a run has an outcome, or was left out; one with other parameters than now has not."""
        if key in self.left_out:
            return True
        return key in self.outcomes and self.intents[key].get("fingerprint") == fingerprint

    def take(self, kind: str, content: Mapping[str, Any]) -> None:
        """Take in one record; a kind of a newer version changes nothing."""
        key = str(content.get("key", ""))
        if kind == "begin":
            self.begun = content
        elif kind == "intent":
            if key in self.runs:
                self.broken.setdefault(key, []).append(self.runs.pop(key))
            self.outcomes.pop(key, None)
            self.left_out.pop(key, None)
            self.intents[key] = content
            self.counts[key] = self.counts.get(key, 0) + 1
        elif kind == "run":
            self.runs[key] = str(content.get("run", ""))
        elif kind == "outcome":
            self.outcomes[key] = content
            if key in self.history:
                self.history.remove(key)
            self.history.append(key)
        elif kind == "left out":
            self.left_out[key] = str(content.get("reason", ""))
        elif kind == "again":
            self.outcomes.pop(key, None)
            self.left_out.pop(key, None)
            self.intents.pop(key, None)
        elif kind == "request":
            self.requests.append(content)


def state_path(out: Path, name: str) -> Path:
    """Return the file of the state of a campaign."""
    return out / f"{quote(name, safe=' +@')}{_SUFFIX}"


def read_state(out: Path, name: str) -> CampaignState | None:
    """Return the state of a campaign in a folder; None where there is none.

    Raises
    ------
    UnreadableFile
        Its file is damaged, or of another kind.
    """
    records, _ = read_records(state_path(out, name))
    return _state_of(records) if records else None


def _state_of(records: Sequence[Record]) -> CampaignState:
    state = CampaignState()
    for kind, content in records:
        state.take(kind, content)
    return state


class StateFile:
    """The state of a campaign, open for writing; the caller holds the lock of the folder."""

    def __init__(self, out: Path, name: str) -> None:
        self._file = RecordFile(state_path(out, name))
        self.state = _state_of(self._file.records)

    def note(self, kind: str, **content: Any) -> None:
        """Write one record and take it in; returns when it is on the disk.

        That a run was left out is on the disk with the next record: if it is lost, it is decided once more.
        """
        self._file.append(kind, content, sync=kind != "left out")
        self.state.take(kind, content)

    def close(self) -> None:
        """Close the file."""
        self._file.close()
