"""What a campaign came to, or why it was refused; and what was decided before, as outcomes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tsbench.errors import EXIT_INTERRUPTED, ConfigurationError
from tsbench.station.campaign.expansion import Item
from tsbench.station.campaign.overview import CampaignPlan
from tsbench.station.campaign.readings import results_of
from tsbench.station.campaign.state import CampaignState
from tsbench.station.runner.outcome import LEFT_OUT, REFUSED, RunOutcome


class CampaignRefused(ConfigurationError):
    """A campaign is wrong or beyond a limit, or nobody has accepted its amber lines; nothing was measured."""

    def __init__(self, message: str, plan: CampaignPlan, outcomes: Sequence[RunOutcome] = ()) -> None:
        super().__init__(message)
        self.plan = plan
        self.outcomes = tuple(outcomes)
        self.exit_code = plan.exit_code or 3


@dataclass(frozen=True)
class CampaignOutcome:
    """What a campaign came to."""

    runs: Mapping[str, RunOutcome] = field(default_factory=dict)  #: key -> outcome, in the order of the campaign
    ended: str = ""  #: why it ended early; ""
    out: Path = Path()
    missing: tuple[str, ...] = ()  #: run files that it wrote before, and that are not there any more

    @property
    def exit_code(self) -> int:
        """0 all done, 130 stopped, 1 or 3 if a run failed.

        1 also if one failed or was stopped before a resume, or if run files are missing.
        """
        codes = [int(one.status != "success") if one.earlier else one.exit_code
                 for one in self.runs.values() if one.status != LEFT_OUT]
        if self.ended and EXIT_INTERRUPTED in codes:
            return EXIT_INTERRUPTED
        worst = max((code for code in codes if code != EXIT_INTERRUPTED), default=0)
        return worst or int(bool(self.ended or self.missing))

    def rows(self) -> list[dict[str, Any]]:
        """Return the result rows of all runs."""
        return [row for one in self.runs.values() for row in one.rows()]

    @property
    def counts(self) -> dict[str, int]:
        """Return how many runs have each status."""
        found: dict[str, int] = {}
        for one in self.runs.values():
            found[one.status] = found.get(one.status, 0) + 1
        return found


def refused_runs(plan: CampaignPlan) -> list[RunOutcome]:
    """Return an outcome for each planned run of a campaign that is refused."""
    return [RunOutcome(
        None, LEFT_OUT if one.problem is None else REFUSED,
        "the campaign was refused and nothing was measured" if one.problem is None else str(one.problem),
        device=one.item.device, protocol=one.item.step.protocol.name,
        error_code=1 if one.problem is None else one.problem.exit_code) for one in plan.planned]


def earlier_runs(
    items: Sequence[Item], state: CampaignState, runs: Mapping[str, str],
) -> dict[str, RunOutcome]:
    """Return what was decided before, as outcomes; ``runs``: key -> run whose name the state does not have."""
    found = {}
    for item in items:
        if (content := state.outcomes.get(item.key)) is not None:
            path = str(content.get("path", ""))
            found[item.key] = RunOutcome(
                Path(path) if path else None, str(content.get("status", "")), str(content.get("reason", "")),
                results_of(content.get("results", ())),
                run_id=str(content.get("run") or state.runs.get(item.key) or runs.get(item.key, "")),
                device=item.device, protocol=item.step.protocol.name, earlier=True)
        elif item.key in state.left_out:
            found[item.key] = RunOutcome(None, LEFT_OUT, state.left_out[item.key], device=item.device,
                                         protocol=item.step.protocol.name, earlier=True)
    return found
