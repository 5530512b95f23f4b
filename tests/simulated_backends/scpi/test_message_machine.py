"""IEEE 488.2: message exchange, status model, waiting, on a small instrument without a circuit."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tsbench.simulated_backends.scpi.message import IDLE, MessageDevice, Talk
from tsbench.simulated_backends.scpi.parameters import Block, Number, Text
from tsbench.simulated_backends.scpi.syntax import definite_block
from tsbench.simulated_backends.scpi.tree import Setting, command
from tsbench.simulated_backends.services.clock import BenchClock, Process


class Meter(MessageDevice):
    """A level, a slow reading, an overlapped operation of one second."""

    identification = "TSBENCH,TEST,SIM1,1.0"
    error_queue_depth = 4
    level = Setting(":SOURce:LEVel", Number("V", -10, 10, 0), 0.0)
    kept = Setting(":KEPT", Number(), 0.0, reset=False)

    def __init__(self, clock: BenchClock) -> None:
        super().__init__(clock)
        self.data = b""
        self.triggers = 0

    @command(":READ?")
    def read(self) -> Any:
        yield 0.02
        return f"{self.clock.now:.3f}"

    @command(":INITiate")
    def start(self) -> None:
        self.operations.begin("run")
        self.clock.schedule_in(1.0, lambda: self.operations.end("run"))

    @command(":ECHO", Text())
    def echo(self, message: str) -> None:
        self.exchange.recv(message.encode(), True)

    @command(":WAIT")
    def wait(self) -> Any:
        yield IDLE

    @command(":DATA", Block())
    def load(self, data: bytes) -> None:
        self.data = data

    @command(":DATA?")
    def block(self) -> bytes:
        return definite_block(self.data)

    def trigger(self) -> None:
        self.triggers += 1


@pytest.fixture
def meter() -> Meter:
    return Meter(BenchClock())


def ask(meter: Meter, text: str, patience: float = 10.0) -> str:
    """Send a message and let time pass until there is an answer; "" if there will be none."""
    meter.exchange.recv(text.encode() + b"\n", True)
    deadline = meter.clock.now + patience
    while not meter.exchange.output_ready and meter.exchange.will_answer and meter.clock.now < deadline:
        meter.clock.hop(deadline)
    return meter.exchange.talk(1 << 20)[0].decode().rstrip("\n")


def test_identity_settings_and_reset(meter: Meter) -> None:
    assert ask(meter, "*IDN?") == "TSBENCH,TEST,SIM1,1.0"
    ask(meter, ":SOUR:LEV 2;:KEPT 3")
    assert ask(meter, "SOUR:LEV?;:KEPT?") == "+2.00000000000000E+00;+3.00000000000000E+00"
    ask(meter, "*RST")
    assert ask(meter, "SOUR:LEV?;:KEPT?") == "+0.00000000000000E+00;+3.00000000000000E+00"
    assert ask(meter, "*TST?;*OPT?;SYST:VERS?") == "0;0;1999.0"


def test_a_reading_takes_its_time_and_the_write_returns_before(meter: Meter) -> None:
    meter.exchange.recv(b":READ?\n", True)
    assert meter.clock.now == 0.0
    assert not meter.exchange.output_ready
    assert meter.exchange.will_answer
    meter.clock.advance_to(0.019)
    assert not meter.exchange.output_ready
    meter.clock.advance_to(0.5)
    assert meter.exchange.talk(100) == (b"0.020\n", Talk.END)


def test_talk_stops_at_count_and_termination_character(meter: Meter) -> None:
    meter.exchange.recv(b"*IDN?\n", True)
    assert meter.exchange.talk(3) == (b"TSB", Talk.COUNT)
    assert meter.exchange.talk(100, ord(",")) == (b"ENCH,", Talk.TERMCHAR)
    assert meter.exchange.talk(100, ord("\n")) == (b"TEST,SIM1,1.0\n", Talk.END)
    assert meter.exchange.talk(100) == (b"", Talk.EMPTY)


def test_a_message_comes_in_pieces_and_blocks_hold_newlines(meter: Meter) -> None:
    payload = bytes(range(256))
    message = b":DATA " + definite_block(payload) + b"\n"
    for k in range(0, len(message), 7):
        meter.exchange.recv(message[k : k + 7], k + 7 >= len(message))
    assert meter.data == payload
    meter.exchange.recv(b":DATA?", True)
    assert meter.exchange.talk(1000)[0] == definite_block(payload) + b"\n"
    assert not meter.status.errors


def test_an_unread_answer_is_interrupted(meter: Meter) -> None:
    meter.exchange.recv(b"*IDN?\n", True)
    meter.exchange.recv(b":SOUR:LEV 1\n", True)
    assert not meter.exchange.output_ready
    assert meter.level == 1.0
    assert ask(meter, "SYST:ERR?") == '-410,"Query INTERRUPTED"'
    assert int(ask(meter, "*ESR?")) & 0x04


def test_a_read_without_a_question_is_unterminated(meter: Meter) -> None:
    assert not meter.exchange.will_answer
    meter.exchange.unterminated()
    assert ask(meter, "SYST:ERR?") == '-420,"Query UNTERMINATED"'


def test_a_command_error_throws_the_rest_of_the_message_away_an_execution_error_does_not(
    meter: Meter,
) -> None:
    ask(meter, ":NONSENSE;:SOUR:LEV 3")
    assert meter.level == 0.0
    ask(meter, ":SOUR:LEV 99;LEV 4")
    assert meter.level == 4.0
    ask(meter, ":SOUR:LEV 'five';LEV 5;*CLS")   # -104: the data are of the wrong type
    assert meter.level == 4.0
    assert ask(meter, "SYST:ERR:COUN?") == "3"
    assert (
        ask(meter, "SYST:ERR?;ERR?;ERR?;ERR?")
        == '-113,"Undefined header";-222,"Parameter data out of range";-104,"Data type error";+0,"No error"'
    )
    assert int(ask(meter, "*ESR?")) & 0x30 == 0x30


def test_a_full_error_queue_says_so(meter: Meter) -> None:
    for _ in range(6):
        ask(meter, ":NONSENSE")
    assert ask(meter, "SYST:ERR:COUN?") == "4"
    errors = ask(meter, "SYST:ERR?;ERR?;ERR?;ERR?;ERR?").split(";")
    assert errors[:3] == ['-113,"Undefined header"'] * 3
    assert errors[3] == '-350,"Queue overflow"'
    assert errors[4] == '+0,"No error"'


def test_operation_complete_waits_for_the_operation(meter: Meter) -> None:
    ask(meter, "*CLS;*ESE 1;*SRE 32")
    meter.exchange.recv(b":INIT;*OPC\n", True)
    assert meter.status.standard_event == 0
    assert not meter.status.requesting
    meter.clock.advance_to(meter.clock.now + 0.9)
    assert not meter.status.requesting
    meter.clock.advance_to(meter.clock.now + 0.2)
    assert meter.status.requesting
    assert meter.exchange.serial_poll() == 0x60
    assert meter.exchange.serial_poll() == 0x20  # the request is gone, the event stays
    assert ask(meter, "*STB?;*ESR?;*STB?") == "96;1;0"


def test_an_operation_that_ends_is_told_only_where_it_was_asked_for(meter: Meter) -> None:
    ask(meter, ":INIT")   # just switched on: nothing was asked for
    meter.clock.advance_to(1.5)
    assert meter.status.standard_event & 1 == 0
    ask(meter, "*CLS;:INIT")
    meter.clock.advance_to(2.6)
    assert meter.status.standard_event == 0
    ask(meter, ":INIT;*OPC")
    meter.clock.advance_to(4.0)
    assert meter.status.standard_event == 1
    ask(meter, "*CLS;:INIT")
    meter.clock.advance_to(6.0)
    assert meter.status.standard_event == 0   # once


def test_a_block_may_end_with_a_newline(meter: Meter) -> None:
    meter.exchange.recv(b":DATA #13ab\n", True)   # the newline is the third byte; END ends the message
    assert meter.data == b"ab\n" and not meter.status.errors


def test_messages_behind_a_waiting_command_wait(meter: Meter) -> None:
    meter.exchange.recv(b":INIT;*WAI\n", True)
    meter.exchange.recv(b":SOUR:LEV 5\n", True)
    assert meter.level == 0.0
    assert ask(meter, "SOUR:LEV?") == "+5.00000000000000E+00"
    assert meter.clock.now == pytest.approx(1.0)
    meter.exchange.recv(b":INIT;*OPC?\n", True)
    assert not meter.exchange.output_ready
    meter.clock.advance_to(3.0)
    assert meter.exchange.talk(10)[0] == b"1\n"


def test_a_message_that_comes_while_another_is_executed_is_executed_after_it(meter: Meter) -> None:
    ask(meter, ":ECHO ':SOUR:LEV 2';:SOUR:LEV 1")
    assert meter.level == 2.0 and ask(meter, "SYST:ERR:COUN?") == "0"


def test_device_clear_ends_waiting_and_forgets_messages(meter: Meter) -> None:
    meter.exchange.recv(b":INIT;*WAI;*IDN?\n", True)
    meter.exchange.recv(b":SOUR:LEV 5\n", True)
    meter.exchange.recv(b":SOUR:LE", False)
    meter.exchange.device_clear()
    assert not meter.exchange.will_answer
    assert ask(meter, "SOUR:LEV?") == "+0.00000000000000E+00"
    meter.exchange.recv(b"*IDN?\n", True)
    meter.exchange.device_clear()
    assert not meter.exchange.output_ready
    assert not meter.status.message_available


def test_status_bits_and_message_available(meter: Meter) -> None:
    ask(meter, "*CLS")
    assert meter.exchange.serial_poll() == 0
    meter.exchange.recv(b"*IDN?\n", True)
    assert meter.exchange.serial_poll() == 0x10
    meter.exchange.talk(100)
    assert meter.exchange.serial_poll() == 0
    ask(meter, "*SRE 4")
    ask(meter, ":NONSENSE")
    assert meter.status.requesting
    assert meter.exchange.serial_poll() & 0x44 == 0x44
    ask(meter, "*CLS")
    assert not meter.status.requesting


def test_operation_and_questionable_registers(meter: Meter) -> None:
    ask(meter, "*CLS;:STAT:OPER:ENAB 16;*SRE 128")
    meter.status.operation.set_bit(16, True)
    assert meter.status.requesting
    assert ask(meter, "STAT:OPER:COND?;:STAT:OPER?;:STAT:OPER:EVEN?") == "16;16;0"
    assert not meter.status.requesting
    ask(meter, "STAT:QUES:NTR 2;PTR 0")
    meter.status.questionable.set_bit(2, True)
    assert ask(meter, "STAT:QUES?") == "0"
    meter.status.questionable.set_bit(2, False)
    assert ask(meter, "STAT:QUES?") == "2"
    ask(meter, "STAT:PRES")
    assert ask(meter, "STAT:QUES:NTR?;PTR?;ENAB?") == "0;32767;0"


def test_group_trigger_and_trg_are_the_same(meter: Meter) -> None:
    meter.exchange.group_trigger()
    ask(meter, "*TRG")
    assert meter.triggers == 2


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.binary(max_size=12),
            st.sampled_from(
                [
                    b"*IDN?",
                    b":SOUR:LEV 1",
                    b":READ?",
                    b":INIT;*WAI",
                    b"*OPC?",
                    b"SYST:ERR?",
                    b"*RST",
                    b";;",
                    b":DATA #15",
                ]
            ),
        ),
        max_size=8,
    )
)
def test_nothing_that_is_sent_breaks_the_machine(messages: list[bytes]) -> None:
    """Whatever comes in, the instrument answers *IDN? afterwards (at the latest after a device clear)."""
    meter = Meter(BenchClock())
    for message in messages:
        meter.exchange.recv(message + b"\n", True)
        meter.clock.wait(0.001)
    meter.clock.wait(100.0)
    meter.exchange.device_clear()
    assert ask(meter, "*IDN?") == "TSBENCH,TEST,SIM1,1.0"


# --------------------------------------------------------------------------------------------------- clock


def test_events_happen_in_order_and_may_plan_more() -> None:
    clock = BenchClock()
    seen: list[tuple[str, float]] = []

    def first() -> None:
        seen.append(("first", clock.now))
        clock.schedule(clock.now + 1.0, lambda: seen.append(("third", clock.now)))
        clock.schedule(clock.now - 5.0, lambda: seen.append(("late", clock.now)))

    clock.schedule(2.0, lambda: seen.append(("second", clock.now)))
    clock.schedule(1.0, first)
    cancelled = clock.schedule(1.5, lambda: seen.append(("never", clock.now)))
    cancelled.cancel()
    clock.advance_to(10.0)
    assert seen == [("first", 1.0), ("late", 1.0), ("second", 2.0), ("third", 2.0)]
    assert clock.now == 10.0


def test_a_busy_answer_lets_the_next_event_happen_but_not_more_than_its_share_of_time() -> None:
    clock = BenchClock()
    clock.schedule(0.03, lambda: None)
    clock.schedule(50.0, lambda: None)
    clock.busy()
    assert clock.now == 0.03
    clock.busy()
    assert clock.now == pytest.approx(0.13)


def test_polling_the_status_lets_a_long_operation_end(meter: Meter) -> None:
    """Nobody waits for anything here; each poll that finds nothing lets the next event happen."""
    for query, done in (("*ESR?", 1), ("*STB?", 32)):
        ask(meter, "*CLS;*ESE 1;:INIT;*OPC")
        polls = 0
        while not int(ask(meter, query)) & done:
            polls += 1
        assert polls < 20


def test_watchers_look_in_chunks_that_grow() -> None:
    clock = BenchClock()
    looks: list[float] = []
    clock.watch("scope", lambda: looks.append(clock.now))
    clock.advance_to(0.1)
    assert looks[0] == pytest.approx(20e-6)
    assert len(looks) < 40
    clock.unwatch("scope")
    count = len(looks)
    clock.advance_to(1.0)
    assert len(looks) == count


def test_processes_yield_time_and_can_be_stopped() -> None:
    clock = BenchClock()
    seen: list[Any] = []

    def steps() -> Any:
        try:
            while True:
                seen.append(clock.now)
                yield 1.0
        finally:
            seen.append("ended")

    process = Process(clock, steps())
    clock.advance_to(2.5)
    assert seen == [0.0, 1.0, 2.0]
    process.stop()
    clock.advance_to(9.0)
    assert seen == [0.0, 1.0, 2.0, "ended"]
    assert not process.running


def test_an_event_must_not_wait_in_place() -> None:
    clock = BenchClock()
    clock.schedule(1.0, lambda: clock.wait(1.0))
    with pytest.raises(RuntimeError, match="must not wait"):
        clock.advance_to(2.0)
