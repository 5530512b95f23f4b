"""Instruments that hold a command table for each subsystem, and the overlapped operations that *OPC waits for."""

from typing import Any

import pytest

from tsbench.simulated_backends.scpi.message import MessageDevice
from tsbench.simulated_backends.scpi.operations import SHORTEST_PATIENCE, Operations
from tsbench.simulated_backends.scpi.parameters import Integer, Number
from tsbench.simulated_backends.scpi.status import OPERATION_COMPLETE, StatusModel
from tsbench.simulated_backends.scpi.tree import CommandTable, Setting, Subsystem, command, settings_of
from tsbench.simulated_backends.services.clock import BUSY_HOP, BenchClock


class SourceTable(CommandTable):
    """Level and range of a source."""

    level = Setting(":SOURce:LEVel", Number("V", -1.0, "highest"), default=0.25, change="_changed")
    size = Setting(":SOURce:RANGe", Number("V", 0.0, 100.0), default=1.0, reset=False)

    def __init__(self, instrument: Any) -> None:
        super().__init__(instrument)
        self.changes = 0

    def highest(self) -> float:
        return float(self.size)

    def _changed(self) -> None:
        self.changes += 1
        if self.level == 0.0:
            self.post_error(-221, text="zero")

    @command(":SOURce:DOUBle?")
    def double(self) -> str:
        return self.format_number(2.0 * self.level)


class SenseTable(CommandTable):
    """Reads what another table has set."""

    count = Setting(":SENSe:COUNt", Integer("", 1, 9, 1), default=1)

    def __init__(self, instrument: Any, source: SourceTable) -> None:
        super().__init__(instrument)
        self.source = source

    @command(":READ?")
    def read(self) -> str:
        return ",".join([self.format_number(self.source.level)] * self.count)


class Supply(MessageDevice):
    """An instrument of two subsystems, with a command of its own."""

    number_format = ".3f"
    source_table = Subsystem(SourceTable)
    sense_table = Subsystem(SenseTable, lambda supply: SenseTable(supply, supply.source_table))

    def __init__(self) -> None:
        super().__init__(BenchClock())

    @command(":SOURce:NAME?")
    def its_name(self) -> str:
        return "supply"


def ask(supply: MessageDevice, message: str) -> str:
    supply.exchange.recv(message.encode(), True)
    return supply.exchange.talk(1000)[0].decode().strip()


def test_commands_and_settings_of_the_tables_belong_to_the_instrument() -> None:
    supply = Supply()
    assert ask(supply, ":SOUR:LEV?;DOUB?;NAME?") == "0.250;0.500;supply"
    assert ask(supply, ":SOUR:LEV 0.5;:SENS:COUN 3;:READ?") == "0.500,0.500,0.500"
    assert supply.source_table.changes == 1
    assert supply.setting_values == {("level", ()): 0.5, ("count", ()): 3}
    assert settings_of(Supply).keys() == {"level", "size", "count"}


def test_bounds_and_errors_are_those_of_the_table() -> None:
    supply = Supply()
    assert ask(supply, ":SOUR:LEV 2;:SYST:ERR?") == '-222,"Parameter data out of range"'
    assert ask(supply, ":SOUR:RANG 5;LEV 2;LEV?;:SYST:ERR?") == '2.000;+0,"No error"'
    assert ask(supply, ":SOUR:LEV 0;:SYST:ERR?") == '-221,"zero"'


def test_a_reset_reaches_the_settings_of_all_tables() -> None:
    supply = Supply()
    ask(supply, ":SOUR:RANG 5;LEV 2;:SENS:COUN 3")
    assert ask(supply, "*RST;:SOUR:LEV?;RANG?;:SENS:COUN?") == "0.250;5.000;1"   # RANGe is left, as it declares
    assert supply.source_table.level == 0.25


def test_each_instrument_has_its_own_tables_and_makes_them_once() -> None:
    one, other = Supply(), Supply()
    assert one.source_table is one.source_table is one.sense_table.source
    ask(one, ":SOUR:LEV 0.5")
    assert (one.source_table.level, other.source_table.level) == (0.5, 0.25)
    assert other.source_table.changes == 0


def test_a_subclass_replaces_a_table_by_its_name() -> None:
    class Quiet(CommandTable):
        @command(":SOURce:LEVel?")
        def level(self) -> str:
            return "quiet"

    class QuietSupply(Supply):
        source_table = Subsystem(Quiet)  # type: ignore[assignment]

    supply = QuietSupply()
    assert ask(supply, ":SOUR:LEV?") == "quiet"
    ask(supply, ":SOUR:LEV 0.5")
    assert ask(supply, ":SYST:ERR?").startswith("-113")


def test_two_settings_with_one_name_are_refused() -> None:
    class Other(CommandTable):
        level = Setting(":OTHer", Number(), default=0.0)

    with pytest.raises(TypeError, match="Twice has two settings with the name 'level'"):
        type("Twice", (Supply,), {"other_table": Subsystem(Other)})


@pytest.fixture
def operations() -> Operations:
    clock = BenchClock()
    return Operations(clock, StatusModel(now=lambda: clock.now, standard_event=0))


def test_completion_is_told_once_when_the_last_operation_has_ended(operations: Operations) -> None:
    ended: list[str] = []
    operations.when_all_ended = lambda: ended.append("all")
    status = operations._status
    operations.begin("sweep")
    operations.begin("burst")
    operations.request_completion()
    operations.end("sweep")
    assert operations.pending == {"burst"} and not ended and not status.standard_event
    operations.end("burst")
    assert not operations.pending and ended == ["all"] and status.standard_event == OPERATION_COMPLETE
    status.standard_event = 0
    operations.begin("sweep")
    operations.end("sweep")
    assert not status.standard_event   # nobody has asked again


def test_a_forgotten_request_is_not_answered_and_one_without_operation_at_once(operations: Operations) -> None:
    operations.begin("sweep")
    operations.request_completion()
    operations.forget_request()
    operations.end("sweep")
    assert not operations._status.standard_event
    operations.request_completion()
    assert operations._status.standard_event == OPERATION_COMPLETE


def test_time_passes_at_not_yet_only_while_an_operation_runs_and_more_each_time(operations: Operations) -> None:
    clock, times = operations._clock, []
    operations.not_yet()
    assert clock.now == 0.0
    operations.begin("sweep")
    for _ in range(12):
        before = clock.now
        operations.not_yet()
        times.append(clock.now - before)
    assert times[:3] == pytest.approx([SHORTEST_PATIENCE, 2 * SHORTEST_PATIENCE, 4 * SHORTEST_PATIENCE])
    assert times[-1] == pytest.approx(BUSY_HOP)
    operations.begin("burst")   # another beginning: a little at first again
    before = clock.now
    operations.not_yet()
    assert clock.now - before == pytest.approx(SHORTEST_PATIENCE)
