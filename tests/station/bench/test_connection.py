"""Making one instrument safe over a wire that fails, step by step: no instrument is reached."""

import contextlib
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from tsbench.errors import CommunicationError, ConfigurationError
from tsbench.instruments import OutputState
from tsbench.instruments.links.link_settings import USUAL_LINK
from tsbench.instruments.links.patience import Patience
from tsbench.station.bench import opening
from tsbench.station.bench.bench_tables import InstrumentTable
from tsbench.station.bench.connection import Connection, connect, outlives_process, quietly
from tsbench.station.bench.opening import make_all_safe

ON, OFF = OutputState("meter.1", True), OutputState("meter.1", False)
BOTH_OFF = [OFF, OutputState("meter.2", False)]
LOST = CommunicationError("no reply")


class Wire:
    """Transport and driver in one. ``fails``: what each call does, one after the other, before it succeeds."""

    label, output_names = "meter (made up)", ("meter.1", "meter.2")

    def __init__(self, states: tuple[OutputState, ...] = tuple(BOTH_OFF), **fails: list[BaseException | None]) -> None:
        self.states, self.fails = [states], fails
        self.calls: list[Any] = []
        self.liveness: Any = "nobody"
        self.patience = Patience(3.0, lambda: None)

    def _do(self, call: str) -> None:
        self.calls.append(call)
        left = self.fails.get(call, [])
        if left and (error := left.pop(0)) is not None:
            raise error

    @contextlib.contextmanager
    def timeout_at_most(self, seconds: float) -> Iterator[None]:
        self.calls.append(seconds)
        yield

    def reopen(self) -> None:
        self._do("reopen")

    def clear(self) -> None:
        self._do("clear")

    def safe_state(self) -> None:
        self._do("off")

    def output_states(self) -> tuple[OutputState, ...]:
        self._do("ask")
        return self.states.pop(0) if len(self.states) > 1 else self.states[0]

    def terminal(self, channel: str) -> Any:
        return SimpleNamespace(set_output=lambda enabled: self.calls.append((channel, enabled)))


def connection(wire: Any, name: str = "meter") -> Connection:
    table = InstrumentTable(resource="TCPIP0::192.0.2.7::5025::SOCKET", driver="keithley_2450", timeout=4.0)
    made = Connection(name, table, "@py", wire)
    made.identified_driver = wire
    return made


def test_what_is_switched_off_at_once_is_only_read_back() -> None:
    made = connection(wire := Wire())
    assert made.make_safe() == BOTH_OFF
    assert wire.calls == [0.3, "clear", "off", 1.0, "ask"] and made.problem == "" and made.notes == []
    made.switch_off(reopen=True)
    assert wire.calls[5:] == [0.3, "reopen", "clear", "off"]


def test_outputs_that_were_not_switched_off_yet_are_so_before_they_are_read_back() -> None:
    made = connection(wire := Wire())
    assert made.read_back() == BOTH_OFF and wire.calls == [1.0, "reopen", "clear", "off", "ask"]


def test_a_lost_connection_is_opened_again_with_the_patience_of_the_bench_file_at_last() -> None:
    made = connection(wire := Wire(off=[LOST], reopen=[CommunicationError("still no reply"), None]))
    assert made.make_safe() == BOTH_OFF
    assert wire.calls == [0.3, "clear", "off", 1.0, "reopen", 1.0, "reopen", "clear", "off", "ask"]
    assert made.problem == ""
    assert made.notes == ["meter (made up): its outputs are off now, but an earlier attempt to switch them off "
                            "failed (still no reply)"]
    never = connection(wire := Wire(off=[LOST] * 9))
    assert never.make_safe() == [OutputState("meter.1", True), OutputState("meter.2", True)]
    assert [call for call in wire.calls if isinstance(call, float)] == [0.3, 1.0, 1.0, 4.0]
    assert never.problem == "no reply" and never.notes == []


def test_an_output_that_is_still_on_is_switched_off_again() -> None:
    made = connection(wire := Wire())
    wire.states = [(ON, OutputState("meter.2", True)), tuple(BOTH_OFF)]
    assert made.make_safe() == BOTH_OFF
    assert wire.calls == [0.3, "clear", "off", 1.0, "ask", 1.0, "reopen", "clear", "off", "ask"]
    assert "meter.1, meter.2" in made.notes[0] and "still on" in made.notes[0]
    stays = connection(Wire((ON,)))
    assert all(state.enabled for state in stays.make_safe())
    assert "meter.1" in stays.problem and "still on" in stays.problem


def test_an_output_that_is_not_read_back_counts_as_on() -> None:
    made = connection(Wire((OFF,)))
    assert made.make_safe() == [OutputState("meter.1", True), OutputState("meter.2", True)]
    assert made.problem == (
        "meter (made up): the driver did not read back these outputs: meter.2. Check the panel of the instrument")


def test_ctrl_c_meanwhile_keeps_nothing_on() -> None:
    words = "the operator pressed Ctrl-C while its outputs were being switched off"
    made = connection(Wire(off=[KeyboardInterrupt()]))
    made.switch_off()
    assert words in made.problem
    assert made.read_back() == BOTH_OFF and made.problem == "" and words in made.notes[0]
    made = connection(wire := Wire(ask=[KeyboardInterrupt()]))
    assert made.make_safe() == BOTH_OFF and wire.calls.count("off") == 2 and words in made.notes[0]
    made = connection(Wire(ask=[KeyboardInterrupt()] * 3))
    assert len(made.make_safe()) == 2 and words in made.problem


def test_a_problem_before_is_over_with_the_next_try() -> None:
    made = connection(wire := Wire(off=[LOST]))
    made.switch_off()
    assert made.problem == "no reply"
    made.switch_off()
    assert made.problem == "" and made.read_back() == BOTH_OFF and wire.calls.count("off") == 2


def test_off_matters_more_than_clear_and_each_output_has_a_switch() -> None:
    made = connection(wire := Wire(clear=[LOST], off=[ValueError("a bug")]))
    assert made.make_safe() == BOTH_OFF
    assert wire.calls == [0.3, "clear", "off", ("1", False), ("2", False), 1.0, "ask"]
    assert [line.partition("failed")[0] for line in made.notes] == [
        "meter (made up): the device clear ", "meter (made up): the driver method safe_state "]
    assert made.notes[0].endswith("outputs off without a device clear. Check its connection")


def test_nothing_is_sent_before_the_instrument_is_identified() -> None:
    made = connection(wire := Wire())
    made.identified_driver = None
    assert made.make_safe() == [] and wire.calls == [] and made.unknown_outputs() == [OutputState("meter", True)]
    with pytest.raises(CommunicationError, match="not identified yet"):
        _ = made.driver


def test_messages_are_reported_to_somebody_else_meanwhile() -> None:
    made = connection(wire := Wire())
    with pytest.raises(ZeroDivisionError), made.reporting_to("voice"):  # type: ignore[arg-type]
        assert wire.liveness == "voice"
        _ = 1 / 0
    assert wire.liveness == "nobody"


def test_a_resource_that_is_not_there_is_named_with_those_that_are(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[dict[str, Any]] = []

    def transport(*given: Any, **more: Any) -> Any:
        opened.append(more)
        raise CommunicationError("no such resource")

    monkeypatch.setattr("tsbench.instruments.links.transport.Transport", transport)
    monkeypatch.setattr("tsbench.instruments.links.visa_library.list_resources", lambda manager: manager.there)
    table = connection(Wire()).table
    for there, words in (((), "192.0.2.7"), (("GPIB0::1::INSTR", "GPIB0::2::INSTR"), "GPIB0::1::INSTR, GPIB0::2::")):
        for ends in (True, False):
            manager = SimpleNamespace(there=there, visalib=SimpleNamespace(ends_with_process=ends))
            with pytest.raises(ConfigurationError, match=words):
                connect(manager, "meter", table, "@py")
            # what lives in this process needs no lock of the library
            assert opened[-1] == {"exclusive": not ends, "link": USUAL_LINK} and outlives_process(manager) is not ends
    assert outlives_process(SimpleNamespace(visalib=object()))
    quietly(lambda: 1 / 0)


def test_instruments_that_take_turns_are_all_off_before_one_is_asked_and_the_silent_one_comes_last() -> None:
    order: list[str] = []
    managers = {"@py": SimpleNamespace(visalib=SimpleNamespace(one_call_at_a_time=True))}
    wires = {"silent": Wire(off=[LOST] * 9), "second": Wire(), "third": Wire()}
    made = []
    for name, wire in wires.items():
        wire._do = lambda call, name=name, do=wire._do: (order.append(f"{name} {call}"), do(call))  # type: ignore[method-assign]
        made.append(connection(wire, name))
    states = make_all_safe(made, managers, reopen=False)
    assert [call for call in order if "clear" not in call][:5] == [
        "silent off", "second off", "third off", "second ask", "third ask"]
    assert states == [OutputState("meter.1", True), OutputState("meter.2", True), *BOTH_OFF, *BOTH_OFF]
    assert make_all_safe([], managers, reopen=False) == []


@pytest.mark.parametrize(("times", "reached"), [(1, True), (2, True), (3, False)])
def test_ctrl_c_is_pressed_again_and_again(monkeypatch: pytest.MonkeyPatch, times: int, reached: bool) -> None:
    managers = {"@py": SimpleNamespace(visalib=SimpleNamespace())}
    left = [times]

    def interrupted(acts: Any, liveness: Any) -> None:
        if left[0]:
            left[0] -= 1
            raise KeyboardInterrupt
        for act in acts:
            act(liveness)

    monkeypatch.setattr(opening, "at_once", interrupted)
    states = make_all_safe([connection(Wire())], managers, reopen=False)
    assert states == (BOTH_OFF if reached else [OutputState("meter.1", True), OutputState("meter.2", True)])


@pytest.mark.parametrize(("resource", "advice"), [
    ("TCPIP0::127.0.0.1::hislip0,5026::INSTR", "Start the simulated bench with 'tsbench serve WORLD.toml --port PORT'"),
    ("TCPIP0::LOCALHOST::5025::SOCKET", "Start the simulated bench with 'tsbench serve WORLD.toml --port PORT'"),
    ("TCPIP0::192.0.2.7::5025::SOCKET", "Check that the instrument is switched on, or correct its resource"),
])
def test_a_served_bench_without_its_server_is_told_what_to_start(
    resource: str, advice: str, monkeypatch: pytest.MonkeyPatch,
) -> None:
    def nothing(*arguments: object, **options: object) -> Any:
        raise CommunicationError("nothing is there")

    monkeypatch.setattr("tsbench.instruments.links.transport.Transport", nothing)
    monkeypatch.setattr("tsbench.instruments.links.visa_library.list_resources", lambda manager: [])
    table = InstrumentTable(resource=resource, driver="keithley_2450", timeout=4.0)
    with pytest.raises(ConfigurationError) as caught:
        connect(SimpleNamespace(visalib=object()), "meter", table, "@py")
    assert advice in str(caught.value)
