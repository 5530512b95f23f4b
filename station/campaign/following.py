"""How far a campaign has come, for who looks on: read from its file and its state, whoever measures it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tsbench.file_lock import is_held
from tsbench.station.campaign.campaign import Campaign
from tsbench.station.campaign.expansion import Item
from tsbench.station.campaign.state import INTERRUPTED, LOCK, CampaignState
from tsbench.storage.campaign_files import state_path
from tsbench.storage.record_file import read_records

WAITING, RUNNING, LEFT_OUT = "waiting", "running", "left out"  #: beside the statuses of runs


@dataclass(frozen=True)
class FollowedRun:
    """A run of a campaign and what has become of it."""

    key: str  #: its name in the campaign: "D3 sweep r1"
    device: str
    step: str
    protocol: str
    status: str = WAITING  #: or running, left out, success, fail, abort, interrupted
    reason: str = ""  #: why it was left out, or has failed
    path: str = ""  #: of its run file


@dataclass(frozen=True)
class CampaignView:
    """A campaign as it stands."""

    name: str
    runs: tuple[FollowedRun, ...]
    begun: bool = False  #: there is a state of it in the folder
    measuring: bool = False  #: a process measures into the folder now
    problems: tuple[str, ...] = ()  #: of its file
    asks: bool = False  #: it wants to be told what becomes of an interrupted run

    @property
    def decided(self) -> int:
        """How many runs have been measured, have failed or were left out."""
        return sum(run.status not in {WAITING, RUNNING} for run in self.runs)


class CampaignFollower:
    """Reads the state of a campaign again and again; only what is new is read.

    Parameters
    ----------
    path : the campaign file
    out : folder of its runs and its state
    """

    def __init__(self, path: Path, out: Path) -> None:
        self.path, self.out = path, out
        self._campaign: Campaign | None = None
        self._read_at = -1
        self._state = CampaignState()
        self._offset = 0

    def look(self) -> CampaignView:
        """Return how the campaign stands.

        Raises
        ------
        ConfigurationError
            It is no campaign.
        UnreadableFile
            Its state is damaged.
        """
        changed = self.path.stat().st_mtime_ns if self.path.exists() else -1
        if self._campaign is None or changed != self._read_at:
            self._campaign, self._read_at = Campaign(self.path, self.out), changed
        campaign, place = self._campaign, state_path(self.out, self._campaign.file.name)
        if not place.exists() or place.stat().st_size < self._offset:
            self._state, self._offset = CampaignState(), 0   # it was taken away, or another one is there
        records, self._offset = read_records(place, self._offset)
        for kind, content in records:
            self._state.take(kind, content)
        measuring = is_held(self.out / LOCK)
        return CampaignView(
            campaign.file.name, tuple(_followed(item, self._state, measuring) for item in campaign.items),
            bool(self._state.begun), measuring, tuple(campaign.plan().red) if not campaign.items else (),
            campaign.file.on_interrupted == "ask")


def _followed(item: Item, state: CampaignState, measuring: bool) -> FollowedRun:
    found = FollowedRun(item.key, item.device, item.owner or item.step.name, item.step.protocol.name)
    if item.key in state.gone:
        return found
    if item.key in state.left_out and item.key not in state.provisional:
        return _with(found, LEFT_OUT, {"reason": state.left_out[item.key]})
    if item.key not in state.intents or not item.matches(state.intents[item.key]):
        return found
    outcome = state.outcomes.get(item.key)
    if outcome is not None:
        return _with(found, str(outcome.get("status", "")), outcome)
    return _with(found, RUNNING if measuring else INTERRUPTED, {})


def _with(run: FollowedRun, status: str, facts: Mapping[str, Any]) -> FollowedRun:
    return FollowedRun(run.key, run.device, run.step, run.protocol, status, str(facts.get("reason", "")),
                       str(facts.get("path", "")))
