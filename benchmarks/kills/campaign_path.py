"""A campaign on a bench whose world is another process: the runner, the engine and the storage are those of tsbench.

The campaign reports each stress to the parent process before it sends it. So the parent is a witness that is never
killed. The bench has one output and no simulation, so that a life is short; ``benchmarks.campaign_kill`` has the
simulated one.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import tsbench.protocols
import tsbench.station.bench.bench
from benchmarks.kills.lives import Say, Words
from benchmarks.kills.storage_paths import Judgement, judge_runs
from tests.fixtures.fake_campaign import BENCH, write_campaign
from tests.fixtures.fake_runs import FakeBench, Sweep
from tsbench.plugins import Offer
from tsbench.records import DeviceDescription, RunEvent
from tsbench.station.campaign import campaign
from tsbench.station.campaign.performing import BenchPerformer, StepRequest
from tsbench.station.campaign.state import INTERRUPTED, StateFile, read_state
from tsbench.station.protection.control import Control
from tsbench.station.runner.events import Listener
from tsbench.station.runner.outcome import RunOutcome

STRESSES = 5  #: that a run of the protocol declares, and sends where it is not disturbed
DEVICES = ("W1/A", "W1/B")
TEXT = 'devices = ["W1/*"]\n[[step]]\nname = "screen"\nprotocol = "sweep"\n'
_BENCH = f'device_record = "record"\n{BENCH}[device.budget]\ncycles = 1000\n'


class WitnessedBench(FakeBench):
    """Tells the world when its output goes on and off."""

    def __init__(self, say: Say) -> None:
        self._say: Say = lambda words: None
        super().__init__()
        self._say = say

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "on" and self.__dict__.get("on") is not value:
            self._say({"on": value})
        super().__setattr__(name, value)


class NamingPerformer(BenchPerformer):
    """Tells the world which step it performs."""

    def __init__(self, say: Say) -> None:
        super().__init__(tsbench.station.bench.bench.Bench.open)
        self._say = say

    def perform(self, request: StepRequest, events: Listener, control: Control) -> RunOutcome:
        """Perform one run."""
        self._say({"step": request.key})
        return super().perform(request, events, control)


class CampaignPath:
    """A campaign of a run on each of two devices; a later life resumes it."""

    name = "campaign"

    def prepare(self, folder: Path) -> None:
        """Write campaign and bench, where the disk does not fail."""
        folder.mkdir(parents=True)
        _place(folder).mkdir(parents=True)
        write_campaign(_place(folder), TEXT, _BENCH.replace('"record"', f'"{folder / "record"}"'))

    def write(self, folder: Path, say: Say) -> None:
        """Begin or resume."""
        run = ""

        def hear(event: RunEvent) -> None:
            nonlocal run
            if event.kind == "state" and event.data.get("run"):
                run = str(event.data["run"])
            elif event.kind in ("point", "waveform"):
                say({"item": event.kind, "index": event.data["index"], "crc": event.data["crc"], "run": run})

        def open_bench(path: Path, device: str | None) -> WitnessedBench:
            bench = WitnessedBench(say)
            bench.device = DeviceDescription(device or "")
            return bench

        def reading(number: int) -> tuple[float, float]:
            say({"stress": number})
            return 0.1 * number, 1e-6 * number

        with (mock.patch.object(tsbench.station.bench.bench.Bench, "open", open_bench),
              mock.patch.dict(_protocols(), {"sweep": Offer(Sweep, "benchmarks")}),
              mock.patch.object(Sweep, "reading", staticmethod(reading))):
            outcome = campaign(_place(folder) / "c.campaign.toml", folder / "runs").run(
                resume=any((folder / "runs").glob("*.tsc")), accept=True, peaks=None, events=hear,
                performer=NamingPerformer(say))
        say({"counts": outcome.counts, "ended": outcome.ended})

    def judge(self, folder: Path, said: Sequence[Words]) -> Judgement:
        """Compare the state, the run files, the device record and the stresses that the world saw."""
        out = folder / "runs"
        acknowledged, lost, problems = judge_runs(out, said) if out.exists() else (0, 0, [])
        with mock.patch.dict(_protocols(), {"sweep": Offer(Sweep, "benchmarks")}):
            measured = campaign(_place(folder) / "c.campaign.toml", out)
        states = StateFile(out, measured.file.name)
        states.close()
        state = states.state
        problems += [f"{item.key} has no outcome" for item in measured.items if item.key not in state.outcomes]
        problems += [f"{key} was begun {count} times" for key, count in state.counts.items() if count > 1]
        problems += _stressed_too_much(said)
        for device in DEVICES:
            life = measured.records.life(device)
            problems += [f"{device}: {len(life.open)} charges are open"] if life.open else []
            begun = sum(intent["device"] == device for intent in state.intents.values())
            if life.runs != begun:
                problems.append(f"{device}: the device record has {life.runs} runs, but {begun} were begun")
            stressed = sum(count for key, count in _stresses(said).items() if str(state.intents.get(key, {}).get(
                "device")) == device)
            if life.used.cycles < stressed:
                problems.append(f"{device}: {life.used.cycles:g} cycles are charged, but the world saw {stressed}")
        return acknowledged, lost, problems

    @staticmethod
    def interrupted(folder: Path) -> int:
        """Return how many runs were begun, not finished and marked so."""
        (path,) = (folder / "runs").glob("*.tsc")
        state = read_state(folder / "runs", path.stem)
        return sum(one.get("status") == INTERRUPTED for one in state.outcomes.values()) if state else 0


def over(said: Sequence[Words]) -> bool:
    """Whether a campaign has come to its end by itself."""
    return any("counts" in one and not one["ended"] for one in said)


def left_on(said: Sequence[Words]) -> bool:
    """Whether the output was on at the end of a life."""
    return bool([one["on"] for one in said if "on" in one][-1:] == [True])


def _stresses(said: Sequence[Words]) -> Mapping[str, int]:
    """Return what the world saw: step -> stresses."""
    seen: Counter[str] = Counter()
    step = ""
    for one in said:
        step = str(one.get("step", step))
        seen[step] += "stress" in one
    return seen


def _stressed_too_much(said: Sequence[Words]) -> list[str]:
    return [f"{step}: the world saw {count} stresses, {STRESSES} are declared"
            for step, count in _stresses(said).items() if count > STRESSES]


def _place(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}-files")


def _protocols() -> Any:
    return tsbench.protocols.PROTOCOLS.offers()
