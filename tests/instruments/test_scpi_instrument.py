"""What every SCPI driver does: reads settings back, empties the error queue, notices a restart, asks again."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from pymeasure.test import expected_protocol

from tsbench.errors import CommunicationError, GarbledReply, InstrumentError, NoReply
from tsbench.instruments.languages.scpi_instrument import ScpiInstrument
from tsbench.records import Identity

IDENTITY = Identity("MAKER", "MODEL", "S1", "1.0")


@contextmanager
def driver(*pairs: tuple[Any, Any]) -> Iterator[ScpiInstrument]:
    with expected_protocol(ScpiInstrument, list(pairs), identity=IDENTITY, name="it", resource="USB0::1") as found:
        yield found


def test_how_it_is_called() -> None:
    with driver() as found:
        assert found.label == "it (SCPI instrument, USB0::1)" and found.title == "SCPI instrument"
        found.call_it("Model 7")
        assert found.label == "it (Model 7, USB0::1)"
        assert found.accepted_settings() == {}
        assert not any(hasattr(found, name) for name in ("safe_state", "output_states", "output_names"))
        assert found.terminal("") is found
    with expected_protocol(ScpiInstrument, [("*IDN?", "A,B,C,D")]) as asked:
        assert asked.identity == Identity("A", "B", "C", "D") and asked.label == "instrument (SCPI instrument)"


@pytest.mark.parametrize(("asked", "got", "more", "accepted"), [
    (1.0, 1.0009, (), True), (1.0, 1.0011, (), False), (0.0, 0.0, (), True), (0.0, 1e-9, (), False),
    (0.0, 1e-9, (1e-3, 2e-9), True), (0.0, 3e-9, (1e-3, 2e-9), False), (5.0, 5.0, (0.0,), True),
    (5.0, 5.0001, (0.0,), False), (float("inf"), float("inf"), (), True), (1.0, float("nan"), (), False),
])
def test_a_setting_is_accepted_within_a_thousandth(asked: float, got: float, more: Any, accepted: bool) -> None:
    with driver() as found:
        if accepted:
            assert found.accepted("level", asked, got, "V", *more) == got
        else:
            with pytest.raises(InstrumentError, match="was requested, but the instrument set"):
                found.accepted("level", asked, got, "V", *more)


def test_the_error_queue_is_emptied_and_all_of_it_told() -> None:
    with driver((":SYST:ERR?", '+0,"No error"')) as found:
        found.check_errors()
    with driver((":SYST:ERR?", '-113,"Undefined header"'), (":SYST:ERR?", '-222,"Data out of range;x"'),
                (":SYST:ERR?", '0,"No error"')) as found, pytest.raises(
            InstrumentError, match=r"reports: -113 Undefined header; -222 Data out of range \(x\)\. Check the"):
        found.check_errors()
    endless = [(":SYST:ERR?", '-1,"again"')] * 64   # more than any queue holds
    with driver(*endless) as found, pytest.raises(InstrumentError, match="again"):
        found.check_errors()


def test_a_device_clear_goes_to_the_connection_where_it_has_one() -> None:
    calls = list[str]()
    with driver(("*CLS", None), ("*CLS", None)) as found:
        found.adapter.connection = SimpleNamespace(clear=lambda: calls.append("clear"))
        found.clear()
        assert calls == ["clear"]
        found.adapter.connection = SimpleNamespace()
        found.clear()


@pytest.mark.parametrize(("replies", "lost"), [
    (("128;0",), False), (("128;95",), False), (("0;0", "0;0"), True), (("128;32", "128;96"), True),
    (("0;0", "128;0"), False), (("1;0", "255;255"), True),
])
def test_a_restart_is_confirmed_by_two_checks(replies: tuple[str, ...], lost: bool) -> None:
    """The enable register is no longer 128, or an enabled event stands in the status byte (bit 5)."""
    with driver(*(("*ESE?;*STB?", reply) for reply in replies)) as found:
        assert found.lost_power() is lost


@pytest.mark.parametrize("reply", ["128", "256;0", "0;256", "-1;0", "0;-1", "a;b", "1;2;3"])
def test_a_restart_is_not_read_from_garbage(reply: str) -> None:
    with driver() as found:
        found.questions._ask_once = lambda command, delay: reply
        found.questions.resynchronise = lambda why: None   # type: ignore[method-assign]
        with pytest.raises(GarbledReply, match="is garbled"):
            found.lost_power()


class Line:
    """Answers from a list; an exception is raised."""

    def __init__(self, *answers: Any) -> None:
        self.answers, self.asked = list(answers), []   # type: ignore[var-annotated]

    def __call__(self, command: str, delay: float | None) -> str:
        self.asked.append(command)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return str(answer)


def test_a_repeatable_question_is_asked_three_times() -> None:
    for failures, answered in ((2, True), (3, False)):
        with driver() as found:
            line = found.questions._ask_once = Line(*[NoReply("no reply")] * failures, " 7 ")
            told: list[str] = []
            found.questions.resynchronise = told.append   # type: ignore[method-assign]
            if answered:
                assert found.ask_number("*ESE?") == 7.0
            else:
                with pytest.raises(NoReply):
                    found.ask_number("*ESE?")
            assert line.asked == ["*ESE?"] * 3 and told == ["'*ESE?' was sent again, because no reply"] * 2


def test_a_question_that_changes_something_is_asked_once() -> None:
    with driver() as found:
        line = found.questions._ask_once = Line(NoReply("no reply"))
        with pytest.raises(NoReply):
            found.ask("*ESR?")
        assert line.asked == ["*ESR?"]


@pytest.mark.parametrize(("answers", "in_step"), [
    (["MAKER,MODEL,S1,1.0"], True), (["+1.5E-3", "MAKER,MODEL,S1,1.0"], True), (["+1.5E-3", "7"], False),
    (["MAKER,OTHER,S1,1.0", "MAKER,MODEL,S1,1.0"], True), (["MAKER,OTHER,S1,1.0"] * 2, False),
])
def test_after_a_lost_reply_the_same_instrument_is_found_in_step(answers: list[str], in_step: bool) -> None:
    with driver() as found:
        cleared: list[int] = []
        found.adapter.connection.resynchronise = lambda: cleared.append(1)
        found.questions._ask_once = Line(*answers)
        told: list[str] = []
        found.on_repeat = told.append
        if in_step:
            found.questions.resynchronise("why")
        else:
            with pytest.raises(CommunicationError, match=r"belong to earlier messages \(it replied '"):
                found.questions.resynchronise("why")
        assert len(cleared) == len(answers) and told == ["it (SCPI instrument, USB0::1): why"]


@pytest.mark.parametrize(("sent", "payload"), [
    (b"#15hello\n", b"hello"), (b"#3005hello\n", b"hello"), (b"#10\n", b""), (b"#15hell", None), (b"#15hellox", None),
    (b"#X5hello\n", None), (b"x15hello\n", None), (b"#1xhello\n", None),
])
def test_a_block_is_whole_or_refused(sent: bytes, payload: bytes | None) -> None:
    with driver() as found:
        left = bytearray(sent)

        def read_bytes(count: int) -> bytes:
            data = bytes(left[:count])
            del left[:count]
            return data

        found.read_bytes = read_bytes   # type: ignore[method-assign, assignment]
        found.write = lambda command, **_: None   # type: ignore[method-assign]
        if payload is not None:
            assert found.questions.block(":DATA?") == payload
        else:
            with pytest.raises(GarbledReply, match="is garbled"):
                found.questions.block(":DATA?")


class Asking(ScpiInstrument):
    repeatable = (":SOUR:VOLT?",)


@pytest.mark.parametrize(("replies", "accepted"), [(("7.5", "0.75"), True), (("7.5", "7.5"), False), (("0.7",), False)])
def test_a_read_back_that_is_quite_another_value_is_asked_once_more(replies: tuple[str, ...], accepted: bool) -> None:
    lines: list[str] = []
    with expected_protocol(Asking, [("*IDN?", "A,B,C,D"), *((":SOUR:VOLT?", one) for one in replies)]) as found:
        found.on_repeat = lines.append
        got = found.ask_number(":SOUR:VOLT?")
        if accepted:
            assert found.accepted("source voltage", 0.75, got, "V") == 0.75
        else:
            with pytest.raises(InstrumentError, match=r"the instrument set .* Choose a value that") as caught:
                found.accepted("source voltage", 0.75, got, "V")
            assert ("the reply may be garbled: check the cable" in str(caught.value)) is (replies[0] == "7.5")
        assert len(lines) == len(replies) - 1 and all("':SOUR:VOLT?' was sent again" in line for line in lines)


def test_a_read_back_whose_question_changes_something_is_not_asked_again() -> None:
    with driver((":FETC?", "7.5")) as found, pytest.raises(InstrumentError, match="may be garbled"):
        found.accepted("source voltage", 0.75, found.ask_number(":FETC?"), "V")


@pytest.mark.parametrize(("has_restart_mark", "states", "answered"), [
    (True, ["128;0"], True), (True, ["0;0", "0;0"], False), (True, ["0;0", "128;0"], True), (False, [], True),
])
def test_no_question_is_repeated_to_an_instrument_that_has_restarted(
    has_restart_mark: bool, states: list[str], answered: bool,
) -> None:
    """Its settings are gone, so an answer would be that of another set-up."""
    with driver() as found:
        found.has_restart_mark = has_restart_mark
        line = found.questions._ask_once = Line(NoReply("it (SCPI instrument): no reply in 3 s"), *states, "7")
        found.questions.resynchronise = lambda why: None   # type: ignore[method-assign]
        if answered:
            assert found.ask_number("*ESE?") == 7.0
            assert line.asked == ["*ESE?", *["*ESE?;*STB?"] * len(states), "*ESE?"]
        else:
            said = r"so it lost the reply to '\*ESE\?' \(no reply in 3 s\)\. Its settings"
            with pytest.raises(CommunicationError, match=said):
                found.ask_number("*ESE?")
