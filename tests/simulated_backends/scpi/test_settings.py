"""Settings whose value a part of the instrument holds, and bounds that a part answers."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.message import MessageDevice
from tsbench.simulated_backends.scpi.parameters import Boolean, Integer, Limited, Number
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


@pytest.mark.parametrize("text", ["1_0", "\xb2", "\xa01", "1\xa0", "0x1", "1e", "--1", "1e999", "nan", "inf", "1 0"])
def test_what_is_no_number_does_not_switch(text: str) -> None:
    source = Source()
    source.exchange.recv(b":STAT " + text.encode("latin-1"), True)
    assert int(ask(source, ":SYST:ERR?").split(",")[0]) in (-104, -224)
    assert source.stage.on is False and ask(source, ":STAT?") == "0"


@pytest.mark.parametrize(("text", "on"), [("1", True), ("0.6", True), ("-2", True), ("1e1", True), ("0.4", False)])
def test_a_number_switches_by_its_rounded_value(text: str, on: bool) -> None:
    source = Source()
    ask(source, f":STAT {text}")
    assert source.stage.on is on and ask(source, ":SYST:ERR?").startswith("+0,")


@pytest.mark.parametrize(("text", "value"), [(b"1e30", 1e30), (b"-1e37", -1e37), (b"9.9e37", 9.9e37)])
def test_numbers_up_to_the_infinity_of_scpi_are_taken(text: bytes, value: float) -> None:
    """SCPI-99, volume 1, 7.2.1.4: 9.9e37 stands for infinity."""
    for parameter in (Number("V"), Integer("V"), Limited("V")):
        assert parameter.parse(text, None, ()) == value


@pytest.mark.parametrize("text", [b"1e38", b"-1e38", b"1e300"])
def test_numbers_beyond_the_infinity_of_scpi_are_refused(text: bytes) -> None:
    for parameter in (Number("V"), Integer("V"), Limited("V")):
        with pytest.raises(ScpiError, match="-222"):
            parameter.parse(text, None, ())
