"""One VISA session by itself: how long messages take, timeouts, polls, events, faults; what it says of itself."""

from types import SimpleNamespace
from typing import Any

import pytest
from pyvisa import constants
from pyvisa.constants import EventMechanism, EventType, ResourceAttribute, StatusCode

from pyvisa_tsbench.session import Session
from pyvisa_tsbench.visa_call_error import VisaCallError
from tsbench.simulated_backends.access.locks import InstrumentLock
from tsbench.simulated_backends.scpi.tree import command
from tsbench.simulated_backends.services.services import BenchServices
from tsbench.simulated_backends.virtual_instruments.instrument import Placement, VirtualInstrument
from tsbench.simulated_backends.world.faults import Fault, FaultPlan

LATENCY = 100e-6   #: [s] of each message
RATE = 20e6   #: [bytes/s] of the bus


class Meter(VirtualInstrument):
    """A reading of 20 ms, an operation of 1 s, a reply of any length."""

    manufacturer, model, firmware = "OUR LAB", "M", "1"
    terminals = ()
    has_trigger = True

    @command(":READ?")
    def read(self) -> Any:
        yield 0.02
        return "1.5"

    @command(":LONG?")
    def long(self) -> str:
        return "x" * 9_999

    @command(":SHORt?")
    def short(self) -> str:
        return "x" * 4_095

    @command(":INITiate")
    def start(self) -> None:
        self.operations.begin("run")
        self.clock.schedule_in(1.0, lambda: self.operations.end("run"))

    def trigger(self) -> None:
        self.start()


class Bench:
    """One meter and one session."""

    def __init__(self, *faults: Fault) -> None:
        self.services = BenchServices(1)
        self.clock = self.services.clock
        self.meter = Meter(self.services, Placement("meter", "S1"))
        self.lost: list[str | None] = []
        self.world: Any = SimpleNamespace(
            bench=self.services, faults=FaultPlan(faults, now=lambda: self.clock.now), lose_sessions=self.lost.append)
        self.session = self.open(11)

    def open(self, handle: int) -> Session:
        resource, interface = "USB0::1::2::S1::0::INSTR", constants.InterfaceType.usb
        return Session(handle, self.world, self.meter, resource, interface, 3, "INSTR", InstrumentLock())

    def set(self, attribute: Any, value: Any) -> None:
        self.session.set_attribute(attribute, value)

    def timed(self, act: Any, *arguments: Any) -> tuple[Any, float]:
        """Return what it gives (or the VISA status of its failure) and how long it takes [s]."""
        start = self.clock.now
        try:
            found = act(*arguments)
        except VisaCallError as error:
            found = error.status
        return found, self.clock.now - start


def test_what_a_session_says_of_itself() -> None:
    """Defaults of the VISA specification (VPP-4.3), version 7.2; a software trigger; 50 events may wait."""
    session = Bench().session
    expected = {
        ResourceAttribute.timeout_value: 2000, ResourceAttribute.termchar: 10, ResourceAttribute.termchar_enabled: 0,
        ResourceAttribute.send_end_enabled: 1, ResourceAttribute.suppress_end_enabled: 0,
        ResourceAttribute.io_prot: 1, ResourceAttribute.resource_name: "USB0::1::2::S1::0::INSTR",
        ResourceAttribute.resource_class: "INSTR", ResourceAttribute.interface_type: 7,
        ResourceAttribute.interface_number: 3, ResourceAttribute.resource_manufacturer_name: "tsbench",
        ResourceAttribute.resource_spec_version: 0x00700200, ResourceAttribute.resource_impl_version: 0x00000100,
        ResourceAttribute.resource_lock_state: 0, ResourceAttribute.max_queue_length: 50,
        ResourceAttribute.trigger_id: -1, ResourceAttribute.user_data: 0}
    assert session.attributes == expected
    assert ResourceAttribute.resource_name in session.read_only
    assert ResourceAttribute.timeout_value not in session.read_only


@pytest.mark.parametrize(("value", "seconds"), [
    (2500, 2.5), (constants.VI_TMO_INFINITE, 1e9), (constants.VI_TMO_IMMEDIATE, 0.0)])
def test_timeouts_are_milliseconds(value: int, seconds: float) -> None:
    bench = Bench()
    bench.set(ResourceAttribute.timeout_value, value)
    assert bench.session.timeout == seconds


# ------------------------------------------------------------------------------------------------ messages


def test_a_message_and_its_reply_take_the_latency_each_and_the_reading_its_time() -> None:
    bench = Bench()
    assert bench.timed(bench.session.write, b":READ?\n") == (7, pytest.approx(LATENCY + 7 / RATE))
    (data, status), seconds = bench.timed(bench.session.read, 100)
    assert (data, status) == (b"1.5\n", StatusCode.success) and seconds == pytest.approx(0.02)   # the latency meanwhile
    bench.session.write(b"*IDN?\n")
    assert bench.timed(bench.session.read, 100)[1] == pytest.approx(LATENCY)


@pytest.mark.parametrize(("question", "size", "seconds"), [
    (b":LONG?\n", 10_000, LATENCY + 10_000 / RATE), (b":SHOR?\n", 4096, LATENCY)])
def test_only_a_long_reply_takes_time_on_the_bus(question: bytes, size: int, seconds: float) -> None:
    bench = Bench()
    bench.session.write(question)
    (data, _), took = bench.timed(bench.session.read, 1 << 20)
    assert len(data) == size and took == pytest.approx(seconds)


def test_a_reply_in_pieces_has_one_latency_and_each_its_status() -> None:
    bench = Bench()
    bench.session.write(b"*IDN?\n")
    assert bench.timed(bench.session.read, 3) == ((b"OUR", StatusCode.success_max_count_read), pytest.approx(LATENCY))
    bench.set(ResourceAttribute.termchar_enabled, True)
    bench.set(ResourceAttribute.termchar, ord(","))
    assert bench.timed(bench.session.read, 100) == (
        (b" LAB,", StatusCode.success_termination_character_read), 0.0)
    bench.set(ResourceAttribute.termchar_enabled, False)
    assert bench.timed(bench.session.read, 100) == ((b"M,S1,1\n", StatusCode.success), 0.0)
    assert [reading for _, reading in bench.world.faults.trail] == [False, True]   # one message each way


def test_without_end_a_message_is_not_yet_one() -> None:
    bench = Bench()
    bench.set(ResourceAttribute.send_end_enabled, False)
    bench.session.write(b"*ID")
    assert bench.world.faults.total == 0 and not bench.meter.exchange.will_answer
    bench.set(ResourceAttribute.send_end_enabled, True)
    bench.session.write(b"N?")
    assert bench.session.read(100)[0].startswith(b"OUR LAB") and bench.world.faults.total == 2


@pytest.mark.parametrize(("question", "timeout", "status", "seconds"), [
    (b"*CLS\n", 500, StatusCode.error_timeout, 0.5 + LATENCY),   # it never will answer
    (b":READ?\n", 10, StatusCode.error_timeout, 0.01 + LATENCY), (b":READ?\n", 19, StatusCode.error_timeout, 0.0191),
    (b":INIT;*OPC?\n", 900, StatusCode.error_timeout, 0.9 + LATENCY),
    (b"*CLS\n", constants.VI_TMO_INFINITE, StatusCode.error_timeout, LATENCY),   # for ever: it is cut
])
def test_a_timeout_is_bench_time(question: bytes, timeout: int, status: StatusCode, seconds: float) -> None:
    bench = Bench()
    bench.set(ResourceAttribute.timeout_value, timeout)
    bench.session.write(question)
    assert bench.timed(bench.session.read, 100) == (status, pytest.approx(seconds))
    unterminated = [error.code for error in bench.meter.status.errors]
    assert unterminated == ([-420] if question == b"*CLS\n" else [])


def test_a_reply_that_missed_its_timeout_is_there_for_the_next_read() -> None:
    bench = Bench()
    bench.set(ResourceAttribute.timeout_value, 10)
    bench.session.write(b":READ?\n")
    assert bench.timed(bench.session.read, 100)[0] == StatusCode.error_timeout
    (data, status), seconds = bench.timed(bench.session.read, 100)
    assert (data, status) == (b"1.5\n", StatusCode.success) and seconds == pytest.approx(0.02 - 0.01 - LATENCY)


def test_a_device_clear_lets_what_can_begin_within_five_milliseconds_be_carried_out() -> None:
    bench = Bench()
    bench.session.write(b":READ?\n")
    bench.session.write(b"*ESE 7\n")   # waits behind the reading
    assert bench.timed(bench.session.clear)[1] == pytest.approx(LATENCY + 5e-3)
    assert not bench.meter.exchange.will_answer
    bench.session.write(b"*ESE?\n")
    assert bench.session.read(100)[0] == b"0\n"   # it was forgotten
    bench.session.write(b"*ESE 3\n")
    assert bench.timed(bench.session.clear)[1] == pytest.approx(LATENCY)   # nothing waits


# --------------------------------------------------------------------------------------- polls and events


def test_a_poll_that_finds_nothing_lets_a_little_time_pass() -> None:
    bench = Bench()
    assert bench.timed(bench.session.serial_poll) == (0, pytest.approx(LATENCY))   # nothing goes on
    bench.session.write(b":READ?\n")
    assert bench.timed(bench.session.serial_poll)[1] == pytest.approx(0.02, abs=2 * LATENCY)   # the next event
    assert bench.timed(bench.session.serial_poll) == (0x10, pytest.approx(LATENCY))   # a message is available
    bench.session.read(100)
    bench.session.write(b"*ESE 1;*SRE 32;*CLS;:INIT;*OPC\n")
    waited = [bench.timed(bench.session.serial_poll)[1] for _ in range(3)]
    assert waited == pytest.approx([1e-3 + LATENCY, 2e-3 + LATENCY, 4e-3 + LATENCY])
    bench.clock.wait(1.0)
    assert bench.timed(bench.session.serial_poll) == (0x60, pytest.approx(LATENCY))   # it asks for service


def test_events_wait_in_a_queue_for_those_who_enable_them() -> None:
    bench = Bench()
    wait, queue = bench.session.wait_for_event, EventMechanism.queue
    assert bench.timed(wait, EventType.service_request, 100)[0] == StatusCode.error_not_enabled
    bench.session.requests.enable(EventType.service_request, queue)
    assert bench.timed(wait, EventType.clear, 100)[0] == StatusCode.error_invalid_event
    assert bench.timed(wait, EventType.service_request, 250) == (StatusCode.error_timeout, pytest.approx(0.25))
    assert bench.timed(wait, EventType.service_request, 0) == (StatusCode.error_timeout, 0.0)
    bench.session.write(b"*CLS;*ESE 1;*SRE 32;:INIT;*OPC\n")
    assert bench.timed(wait, EventType.all_enabled, 5000) == (EventType.service_request, pytest.approx(1.0))
    bench.session.serial_poll()
    bench.session.write(b"*CLS;:INIT;*OPC\n")
    assert bench.timed(wait, EventType.service_request, constants.VI_TMO_INFINITE)[1] == pytest.approx(1.0)
    bench.session.serial_poll()
    bench.session.write(b"*CLS\n")
    assert bench.timed(wait, EventType.service_request, None)[0] == StatusCode.error_timeout   # nothing is planned


def test_a_trigger_is_a_message() -> None:
    bench = Bench()
    assert bench.timed(bench.session.trigger)[1] == pytest.approx(LATENCY)
    assert bench.meter.operations.pending == {"run"} and bench.world.faults.total == 1


# ------------------------------------------------------------------------------------------ locks and faults


def test_another_sessions_lock_refuses_everything() -> None:
    bench = Bench()
    lock = bench.session.lock
    lock.take(99)
    for act in (bench.session.check, bench.session.clear, bench.session.serial_poll, bench.session.trigger):
        assert bench.timed(act)[0] == StatusCode.error_resource_locked
    lock.release(99)
    bench.session.check()
    lock.take(99, "team")
    assert bench.timed(bench.session.check)[0] == StatusCode.error_resource_locked
    lock.take(11, "team")
    bench.session.check()
    bench.session.lost = True
    assert bench.timed(bench.session.check)[0] == StatusCode.error_connection_lost


@pytest.mark.parametrize(("fault", "status", "seconds", "reached", "lost"), [
    (Fault(kind="timeout", message=0), StatusCode.error_timeout, 2.0, False, []),
    (Fault(kind="timeout", message=0, after=True), StatusCode.error_timeout, 2.0 + LATENCY, True, []),
    (Fault(message=0), StatusCode.error_connection_lost, 0.0, False, ["meter"]),
    (Fault(message=0, after=True, everything=True), StatusCode.error_connection_lost, LATENCY, True, [None]),
])
def test_faults_on_the_way_there(
    fault: Fault, status: StatusCode, seconds: float, reached: bool, lost: list[str | None]
) -> None:
    bench = Bench(fault)
    found, took = bench.timed(bench.session.write, b"*ESE 9\n")
    assert (found, bench.lost) == (status, lost) and took == pytest.approx(seconds, abs=1e-6)
    assert bench.meter.status.standard_enable == (9 if reached else 0)
    for act in (bench.session.clear, bench.session.serial_poll, bench.session.trigger):
        other = Bench(fault)
        again = getattr(other.session, act.__name__)
        assert other.timed(again)[0] == status and other.lost == lost


@pytest.mark.parametrize(("fault", "found", "seconds"), [
    (Fault(kind="timeout", message=1), StatusCode.error_timeout, 2.0 + LATENCY),
    (Fault(kind="late", message=1, seconds=0.5), StatusCode.error_timeout, 2.0 + LATENCY),
    (Fault(message=1), StatusCode.error_connection_lost, 0.0),
    (Fault(message=1, after=True), StatusCode.error_connection_lost, LATENCY),
    (Fault(message=1, bytes=3), StatusCode.error_connection_lost, LATENCY),
    (Fault(kind="garbled", message=1, how="truncate"), (b"OUR LAB", StatusCode.success), LATENCY),
])
def test_faults_on_the_way_back(fault: Fault, found: Any, seconds: float) -> None:
    bench = Bench(fault)
    bench.session.write(b"*IDN?\n")
    assert bench.timed(bench.session.read, 100) == (found, pytest.approx(seconds))


def test_a_late_reply_comes_before_the_next_one() -> None:
    bench = Bench(Fault(kind="late", message=1, seconds=0.5))
    bench.session.write(b"*IDN?\n")
    assert bench.timed(bench.session.read, 100)[0] == StatusCode.error_timeout
    bench.clock.wait(0.5)
    bench.session.write(b"*ESE?\n")
    assert bench.session.read(100)[0] == b"OUR LAB,M,S1,1\n"
    assert bench.session.read(100)[0] == b"0\n"


def test_a_reply_that_breaks_off_is_read_to_there() -> None:
    bench = Bench(Fault(message=1, bytes=3))
    bench.session.write(b"*IDN?\n")
    assert bench.session.read(2) == (b"OU", StatusCode.success_max_count_read)
    assert bench.session.read(1) == (b"R", StatusCode.success_max_count_read)
    assert bench.timed(bench.session.read, 1)[0] == StatusCode.error_connection_lost and bench.lost == ["meter"]
