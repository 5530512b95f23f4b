"""A bench of one output and a protocol that gets into trouble where a test wants it to."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import pytest

from tsbench.instruments import OutputState, Plan
from tsbench.protocols import Protocol
from tsbench.records import Column, DeviceDescription, Fixture, Flag, Point, RunEvent, Step, Waveform


class FakeClock:
    def __init__(self) -> None:
        self.time = 0.0

    def now(self) -> float:
        return self.time

    def wait(self, seconds: float) -> None:
        self.time += seconds


class FakeBench:
    """A bench of one output; ``fail`` counts down the attempts to make safe that fail."""

    def __init__(self, fail: int = 0) -> None:
        self.clock = FakeClock()
        self.device = DeviceDescription("D1")
        self.fixture = Fixture("R1 a 0 50")
        self.on = False
        self.fail = fail
        self.calls: list[str] = []
        self.problems: list[str] = []

    def has(self, role: str) -> bool:
        return role == "drive"

    def describe(self) -> Mapping[str, Mapping[str, Any]]:
        return {"source_meter": {"serial": "SIM1", "simulated": True, "settings": {"calls": len(self.calls)}}}

    def _off(self, call: str) -> Sequence[OutputState]:
        self.calls.append(call)
        if self.fail > 0:
            self.fail -= 1
            self.problems = ["source_meter gave no reply"]
            return [OutputState("source_meter", True)]
        self.on = False
        self.problems = []
        return [OutputState("source_meter", False)]

    def make_safe(self) -> Sequence[OutputState]:
        return self._off("make_safe")

    def close(self) -> None:
        self.calls.append("close")

    def planning_for(self, device: str) -> "FakeBench":
        view = FakeBench()
        view.device = DeviceDescription(device)
        return view

    def reopen_and_make_safe(self) -> Sequence[OutputState]:
        return self._off("reopen")


class Sweep(Protocol):
    """Five points and a waveform; ``trouble`` is raised at ``at``."""

    name: ClassVar[str] = "sweep"
    title: ClassVar[str] = "Sweep"
    analyses: ClassVar[tuple[str, ...]] = ()
    columns: ClassVar[tuple[Column, ...]] = (Column("voltage", "V"), Column("current", "A"))
    roles: ClassVar[tuple[str, ...]] = ("drive",)
    at: int = -1
    refusal: str = ""
    points: int = 5
    pace: float = 0.1
    remarks: tuple[str, ...] = ()
    hook: ClassVar[Any] = None
    reading: ClassVar[Any] = staticmethod(lambda number: (0.1 * number, 1e-6 * number))

    def plan(self, station: Any) -> Plan:
        return Plan(
            self.points, 5, 1.0, 1000, refusals=(self.refusal,) if self.refusal else (), warnings=("careful",)
        )

    def run(self, station: Any, recorder: Any) -> Iterator[Step]:
        station.on = True
        if type(self).hook and self.at == -2:
            type(self).hook(0)
        yield Step(0, 5, "on", idle=True)
        for number in range(self.points):
            if number == self.at and type(self).hook:
                type(self).hook(number)
            station.clock.wait(self.pace)
            recorder.point(Point(type(self).reading(number), Flag.NONE))
            yield Step(number + 1, 5, f"{number}", idle=True)
        recorder.waveform(
            Waveform("v", "V", np.arange(2000, dtype=np.int16)[None], 1e-3, 0.0, 0.0, 1e-9, np.zeros(1))
        )
        for remark in self.remarks:
            recorder.event(RunEvent("warning", remark, station.clock.now()))
        station.on = False
        yield Step(5, 5, "off", idle=True)


def hooked(monkeypatch: pytest.MonkeyPatch, hook: Any) -> None:
    monkeypatch.setattr(Sweep, "hook", staticmethod(hook))


def raising(error: BaseException) -> Any:
    def hook(_: int) -> None:
        raise error

    return hook
