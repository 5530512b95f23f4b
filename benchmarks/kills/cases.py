"""Which lives are lived: kills at random moments, kills and errors at every call; and what each case came to."""

import random
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.kills.calls import NAMES, Disturbance
from benchmarks.kills.campaign_path import CampaignPath, left_on, over
from benchmarks.kills.lives import Life, WritingPath, live
from benchmarks.kills.storage_paths import STORAGE_PATHS

MOMENTS = "SIGKILL at a random moment"
#: path -> kills at random moments of a full run
SHARES: Mapping[str, int] = {
    "points": 100, "points, durability process": 60, "waveforms": 100, "run file": 150, "recovery": 80,
    "campaign state": 120, "device record": 100, "results": 80, "catalogue": 60, "export": 40,
    "queue of the service": 60, "campaign": 60}
ERRORS = (Disturbance(error="ENOSPC", once=False), Disturbance(error="ENOSPC"), Disturbance(error="EIO"),
          Disturbance(error="ESTALE", once=False))
_ADVICE = re.compile(r"\b(Check|Choose|Free|Run|Restore|Try again|Wait|recover)\b")  #: what a user can do
_LIVES = 60  #: of one campaign at most
_TRIES = 6  #: for a moment before the end


@dataclass(frozen=True)
class Case:
    """One case: a path, and what disturbs it."""

    path: str
    how: str
    number: int  #: of the moment, or of the call

    @property
    def key(self) -> str:
        """Return its name in the file of rows."""
        return f"{self.path}/{self.how}/{self.number}"


@dataclass
class Row:
    """What a case came to."""

    key: str
    kills: int = 0
    acknowledged: int = 0
    lost: int = 0
    interrupted: int = 0
    call: str = ""  #: which call was disturbed
    refused: bool = False  #: an error was told in a line
    problems: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Whether nothing is lost and nothing else is wrong."""
        return not self.lost and not self.problems


def path_named(name: str) -> Any:
    """Return a path."""
    return CampaignPath() if name == CampaignPath.name else STORAGE_PATHS[name]


class Bench:
    """Lives the cases of one process, in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lasting: dict[str, Life] = {}

    def undisturbed(self, name: str) -> Life:
        """Return a life without a disturbance, kept; ValueError where not even that is good."""
        if name not in self._lasting:
            path = self._fresh(name)
            life = live(path, self._place, Disturbance())
            acknowledged, lost, problems = path.judge(self._place, life.said)
            if life.told or life.escaped or lost or problems or not (acknowledged or name == "recovery"):
                raise ValueError(f"{name}: {life.told} {life.escaped} {lost} {problems}")
            self._lasting[name] = life
        return self._lasting[name]

    def run(self, case: Case) -> Row:
        """Live one case and judge it."""
        row = Row(case.key)
        lasting = self.undisturbed(case.path)
        try:
            said = self._disturbed(case, row, lasting)
            path = path_named(case.path)
            row.acknowledged, row.lost, problems = path.judge(self._place, said)
            row.problems += problems
            if isinstance(path, CampaignPath):
                row.interrupted = path.interrupted(self._place)
        except Exception as error:  # noqa: BLE001  whatever it is, it is a finding
            row.problems.append(f"{type(error).__name__}: {error}")
        return row

    @property
    def _place(self) -> Path:
        return self._folder / "x"

    def _fresh(self, name: str) -> WritingPath:
        shutil.rmtree(self._folder, ignore_errors=True)
        path: WritingPath = path_named(name)
        path.prepare(self._place)
        return path

    def _disturbed(self, case: Case, row: Row, lasting: Life) -> list[Any]:
        if case.how == MOMENTS:
            return self._killed_at_moments(case, row, lasting)
        path, said = self._fresh(case.path), list[Any]()
        disturbance = next(one for one in (Disturbance(kill=True), *ERRORS) if one.name == case.how)
        life = live(path, self._place, Disturbance(case.number, disturbance.kill, disturbance.error, disturbance.once))
        said += life.said
        row.kills = int(life.killed)
        row.call = NAMES.get(lasting.calls[case.number], "") if case.number < len(lasting.calls) else ""
        row.refused = bool(life.told)
        self._blame(life, row)
        if isinstance(path, CampaignPath):
            self._blame_output(life, row)
            self._to_its_end(path, said, row)
        return said

    def _killed_at_moments(self, case: Case, row: Row, lasting: Life) -> list[Any]:
        """Kill at random moments: a path once, a campaign until it has come to its end."""
        chance = random.Random(case.key)
        if case.path != CampaignPath.name:
            for _ in range(_TRIES):
                path = self._fresh(case.path)
                life = live(path, self._place, Disturbance(), chance.uniform(0.0, lasting.lasted))
                if life.killed:
                    break
            row.kills = int(life.killed)
            self._blame(life, row)
            return list(life.said)
        path, said = self._fresh(case.path), list[Any]()
        for _ in range(_LIVES):
            life = live(path, self._place, Disturbance(), chance.uniform(0.0, lasting.lasted))
            said += life.said
            row.kills += life.killed
            self._blame(life, row)
            if over(life.said):
                return said
        row.problems.append("the campaign never came to its end")
        return said

    def _to_its_end(self, path: WritingPath, said: list[Any], row: Row) -> None:
        """Resume a campaign, undisturbed, until it has come to its end."""
        for _ in range(3):
            if over(said[-1:]):
                return
            life = live(path, self._place, Disturbance())
            said += life.said
            self._blame(life, row)
            if life.told:
                row.problems.append(f"it cannot be resumed: {life.told}")
                return
            self._blame_output(life, row)
        if not over(said[-1:]):
            row.problems.append("the campaign did not come to its end")

    @staticmethod
    def _blame(life: Life, row: Row) -> None:
        if life.escaped:
            row.problems.append(f"escaped: {life.escaped.strip().splitlines()[-1]}")
        if life.told and ("\n" in life.told or "/" not in life.told or not _ADVICE.search(life.told)):
            row.problems.append(f"does not name the place, or what to do: {life.told!r}")

    @staticmethod
    def _blame_output(life: Life, row: Row) -> None:
        if not life.killed and left_on(life.said):
            row.problems.append("the output was left on")


def cases(bench: Bench, names: Sequence[str], share: float = 1.0, every: int = 1) -> Iterator[Case]:
    """Yield every case of some paths: ``share`` of the random moments, and every ``every``-th call."""
    for name in names:
        calls = len(bench.undisturbed(name).calls)
        for number in range(max(1, round(share * SHARES[name]))):
            yield Case(name, MOMENTS, number)
        for shift, disturbance in enumerate((Disturbance(kill=True), *ERRORS)):
            for number in range(shift % every, calls, every):
                yield Case(name, disturbance.name, number)
