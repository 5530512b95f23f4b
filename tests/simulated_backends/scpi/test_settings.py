"""Settings whose value a part of the instrument holds, and bounds that a part answers."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from tsbench.simulated_backends.scpi.message import MessageDevice
from tsbench.simulated_backends.scpi.parameters import Boolean, Integer, Number
from tsbench.simulated_backends.scpi.tree import Setting
from tsbench.simulated_backends.services.clock import BenchClock


@dataclass
class Stage:
    """Plain state of an instrument's part."""

    level: dict[str, float] = field(default_factory=lambda: {"VOLT": 0.0, "CURR": 0.0})
    span: float | None = None
    on: bool = False
    seen: list[str] = field(default_factory=list)

    def highest(self, function: str) -> float:
        return {"VOLT": 10.0, "CURR": 1.0}[function]

    def changed(self, function: str) -> None:
        self.seen.append(function)


class Source(MessageDevice):
    """An instrument of one part."""

    level = Setting(":{VOLTage|CURRent}:LEVel", Number(high="stage.highest", symmetric=True, default=0.0), part="stage",
                    change="stage.changed")
    span = Setting(":SPAN", Number("V", 0.0, 5.0), lambda owner: 2.5, part="stage")
    on = Setting(":STATe", Boolean(), part="stage")
    count = Setting(":COUNt", Integer("", 1, 9, 1), 1)

    def __init__(self) -> None:
        super().__init__(BenchClock())
        self.stage = Stage()


def ask(source: Source, message: str) -> Any:
    source.exchange.recv(message.encode(), True)
    return source.exchange.talk(1000)[0].decode().strip()


def test_a_part_holds_the_value() -> None:
    source = Source()
    ask(source, ":VOLT:LEV 1.5;:CURR:LEV -0.5;:STAT ON;:COUN 3")
    assert source.stage.level == {"VOLT": 1.5, "CURR": -0.5} and source.stage.on is True
    assert source.stage.seen == ["VOLT", "CURR"]
    assert source.level["VOLT"] == 1.5 and source.on is True
    assert source.setting_values == {("count", ()): 3}
    source.stage.level["VOLT"] = 2.0
    assert float(ask(source, ":VOLT:LEV?")) == 2.0
    source.on = False
    assert ask(source, ":STAT?") == "0"


def test_the_default_answers_where_the_part_has_no_value() -> None:
    source = Source()
    assert float(ask(source, ":SPAN?")) == 2.5
    ask(source, ":SPAN 4")
    assert source.stage.span == 4.0 and float(ask(source, ":SPAN?")) == 4.0


@pytest.mark.parametrize(("message", "code"), [
    (":VOLT:LEV 10.1", -222), (":VOLT:LEV -10.1", -222), (":CURR:LEV 1.1", -222), (":VOLT:LEV -10", 0),
])
def test_a_symmetric_bound_comes_from_the_part(message: str, code: int) -> None:
    source = Source()
    ask(source, message)
    assert int(ask(source, ":SYST:ERR?").split(",")[0]) == code


def test_minimum_and_maximum_of_a_symmetric_bound() -> None:
    source = Source()
    assert [float(ask(source, f":VOLT:LEV? {word}")) for word in ("MIN", "MAX", "DEF")] == [-10.0, 10.0, 0.0]


def test_a_message_that_came_before_is_carried_out_again() -> None:
    source = Source()
    for _ in range(3):
        ask(source, ":VOLT:LEV 1;LEV 2;:WRONG;:VOLT:LEV 3")   # the rest of the message is lost behind a wrong header
        assert source.stage.level["VOLT"] == 2.0
        assert ask(source, ":SYST:ERR?").startswith("-113")
    assert len(source.stage.seen) == 6
