"""One VISA session with one virtual instrument: timeouts, termination characters, locks, lost connections."""

import sys
from collections.abc import Callable
from typing import Any, NoReturn

from pyvisa import constants
from pyvisa.constants import EventMechanism, EventType, ResourceAttribute, StatusCode

from pyvisa_tsbench.disturbed_reply import DisturbedReply
from pyvisa_tsbench.service_requests import ServiceRequests
from pyvisa_tsbench.visa_call_error import VisaCallError
from tsbench.simulated_backends.access.bus import BUS_RATE, LONG_REPLY
from tsbench.simulated_backends.access.locks import InstrumentLock
from tsbench.simulated_backends.scpi.long_replies import no_parts
from tsbench.simulated_backends.scpi.message import Talk
from tsbench.simulated_backends.virtual_instruments.instrument import VirtualInstrument
from tsbench.simulated_backends.world.faults import Fault
from tsbench.simulated_backends.world.world import World

#: [s] that a device clear takes on USB (several transfers): messages that were sent before it and can begin within that
#: time are carried out
CLEAR_TIME = 5e-3
FOREVER = 1e9  #: [s] an infinite timeout, in bench time
IMMEDIATE = constants.VI_TMO_IMMEDIATE
INFINITE = constants.VI_TMO_INFINITE
MORE = StatusCode.success_max_count_read

#: a session, the bytes of each of its reads, and what takes the next ones of a long reply: see ``LongReplies.parts``
LongRead = tuple[int, int, Callable[[], bytes]]
NO_LONG_READ: LongRead = (0, 0, no_parts)


class Session:
    """What a VISA session handle of a resource stands for."""

    def __init__(
        self,
        handle: int,
        world: World,
        instrument: VirtualInstrument,
        resource: str,
        interface: Any,
        board: int,
        resource_class: str,
        lock: InstrumentLock,
    ) -> None:
        self.handle = handle
        self.world = world
        self.clock = world.bench.clock
        self.instrument = instrument
        self.lock = lock
        self.lost = False
        self.attributes: dict[int, Any] = {
            ResourceAttribute.timeout_value: 2000,
            ResourceAttribute.termchar: ord("\n"),
            ResourceAttribute.termchar_enabled: constants.VI_FALSE,
            ResourceAttribute.send_end_enabled: constants.VI_TRUE,
            ResourceAttribute.suppress_end_enabled: constants.VI_FALSE,
            ResourceAttribute.io_prot: constants.IOProtocol.normal,
            ResourceAttribute.resource_name: resource,
            ResourceAttribute.resource_class: resource_class,
            ResourceAttribute.interface_type: interface,
            ResourceAttribute.interface_number: board,
            ResourceAttribute.resource_manufacturer_name: "tsbench",
            ResourceAttribute.resource_spec_version: 0x00700200,
            ResourceAttribute.resource_impl_version: 0x00000100,
            ResourceAttribute.resource_lock_state: constants.AccessModes.no_lock,
            ResourceAttribute.max_queue_length: 50,
            ResourceAttribute.trigger_id: constants.VI_TRIG_SW,
            ResourceAttribute.user_data: 0,
        }
        self.read_only = {
            ResourceAttribute.resource_name,
            ResourceAttribute.resource_class,
            ResourceAttribute.interface_type,
            ResourceAttribute.interface_number,
            ResourceAttribute.resource_manufacturer_name,
            ResourceAttribute.resource_spec_version,
            ResourceAttribute.resource_impl_version,
            ResourceAttribute.resource_lock_state,
        }
        self.requests = ServiceRequests(instrument.status)
        self.termchar: int | None  #: at which a read ends; None: termination characters are off
        self.timeout: float  #: [s]
        self._attributes_changed()
        self._mid_response = False
        self._disturbed: DisturbedReply | None = None  #: from the first fault on a reply on

    def get_attribute(self, attribute: Any) -> Any:
        """Return an attribute; KeyError where a session does not have it."""
        return self.attributes[attribute]

    def set_attribute(self, attribute: Any, state: Any) -> None:
        """Set an attribute that can be set."""
        self.attributes[attribute] = state
        self._attributes_changed()

    def _attributes_changed(self) -> None:
        """Take over what every message needs: to look an attribute up takes longer than to send a short message."""
        held = self.attributes
        self.termchar = held[ResourceAttribute.termchar] if held[ResourceAttribute.termchar_enabled] else None
        self._sends_end = bool(held[ResourceAttribute.send_end_enabled])
        value = held[ResourceAttribute.timeout_value]
        self.timeout = FOREVER if value == INFINITE else 0.0 if value == IMMEDIATE else value * 1e-3

    # ------------------------------------------------------------------------------------ the connection

    def check(self) -> None:
        """Refuse what a dead or locked-out session cannot do."""
        if self.lost:
            raise VisaCallError(StatusCode.error_connection_lost)
        lock = self.lock
        if (lock.exclusive is not None or lock.sharing) and not lock.admits(self.handle):
            raise VisaCallError(StatusCode.error_resource_locked)

    def count_message(self, reading: bool = False) -> Fault | None:
        """Count one message; a fault before delivery raises, another is returned."""
        plan, name = self.world.faults, self.instrument.name
        if not plan.pending:   # nothing to hit it: only counted
            plan.counts[name] += 1
            plan.trail.append((name, reading))
            return None
        fault = plan.next_message(name, reading)
        if self.lost:  # the instrument restarts
            raise VisaCallError(StatusCode.error_connection_lost)
        if fault is not None and not fault.after and not reading:
            self.suffer(fault)
        return fault

    def suffer(self, fault: Fault) -> NoReturn:
        """Let a fault end this call: no answer in time, or the connection is lost until it is opened again
        (all of the bench's if ``everything``).
        """
        if fault.kind == "timeout":
            self.let_pass(self.clock.now + self.timeout)
            raise VisaCallError(StatusCode.error_timeout)
        self.world.lose_sessions(None if fault.everything else self.instrument.name)
        raise VisaCallError(StatusCode.error_connection_lost)

    # ------------------------------------------------------------------------------------------ messages

    def write(self, data: bytes) -> int:
        """Send bytes; END goes with the last one unless it is switched off."""
        self.check()
        end = self._sends_end
        fault = self.count_message() if end else None
        self.clock.wait(self.instrument.bus_latency + len(data) / BUS_RATE)
        self._mid_response = False
        self.instrument.exchange.recv(data, end)
        if self.requests.mechanisms:
            self.requests.notice()
        if fault is not None:
            self.suffer(fault)
        return len(data)

    def read(self, count: int) -> tuple[bytes, StatusCode]:
        """Read up to ``count`` bytes; bench time passes until there is a response, or the timeout is over."""
        self.check()
        fault, timeout, exchange = None, self.timeout, self.instrument.exchange
        if not self._mid_response:
            fault = self.count_message(reading=True)
            if fault is not None and fault.kind == "connection_lost" and not fault.after and fault.bytes is None:
                self.suffer(fault)
            self.clock.wait(self.instrument.bus_latency)
            if fault is None and self._disturbed is not None:
                self._disturbed.arrive(self.clock.now)
        deadline = self.clock.now + timeout
        while not exchange.output_ready and (self._disturbed is None or not self._disturbed.waiting):
            if not exchange.will_answer:   # it never will
                exchange.unterminated()
                self.let_pass(deadline)
                raise VisaCallError(StatusCode.error_timeout)
            alive = self.clock.hop(deadline)
            if self.requests.mechanisms:
                self.requests.notice()
            if not (alive and self.clock.now < deadline) and not exchange.output_ready:
                raise VisaCallError(StatusCode.error_timeout)
        if fault is not None and not fault.after:
            self._disturb_reply(fault)
            fault = None
        termchar = self.termchar
        disturbed = self._disturbed
        if disturbed is None or not disturbed.waiting:
            data, reason = exchange.talk(count, termchar)
        elif (breaking := disturbed.breaks_within(count)) is not None:
            self.suffer(breaking)
        else:
            data, reason = disturbed.take(count, termchar)
        if len(data) > LONG_REPLY:
            self.clock.wait(len(data) / BUS_RATE)
        self._mid_response = reason is not Talk.END
        if fault is not None:
            self.suffer(fault)
        return data, _READ_STATUS[reason]

    def more_of_reply(self, count: int) -> tuple[bytes, StatusCode] | None:
        """Return more of a long reply that is being read; None where a read needs more than that."""
        if not self._only_reads:
            return None
        data, reason = self.instrument.exchange.talk(count, self.termchar)
        if reason is Talk.EMPTY:
            return None
        if len(data) > LONG_REPLY:
            self.clock.wait(len(data) / BUS_RATE)
        if reason is Talk.COUNT:
            return data, MORE
        self._mid_response = reason is not Talk.END
        return data, _READ_STATUS[reason]

    @property
    def _only_reads(self) -> bool:
        """Whether a read only takes more of the reply: nothing disturbs it, and no lock can refuse it."""
        lock = self.lock
        return (self._mid_response and self._disturbed is None and not self.lost and lock.exclusive is None
                and not lock.sharing)

    def parts_of_reply(self, count: int) -> Callable[[], bytes]:
        """Return what reads ``count`` bytes at each call, as long as a read takes no less of the reply.

        A million points are read in a hundred parts. So what is the same for all of them is looked at once, and their
        time passes when anything else is asked of the instrument or the library.
        """
        if self.termchar is not None or count <= LONG_REPLY or not self._only_reads:
            return no_parts
        return self.instrument.exchange.parts(count, lambda taken: self.clock.wait(taken / BUS_RATE))

    def _disturb_reply(self, fault: Fault) -> None:
        """Let a fault happen to the reply that the instrument has ready."""
        reply = self.instrument.exchange.talk(sys.maxsize)[0]
        self._mid_response = False
        self._disturbed = self._disturbed or DisturbedReply()
        if fault.kind == "garbled":
            self._disturbed.add(self.world.faults.garbles(fault, reply, self.instrument.name))
            return
        if fault.kind == "connection_lost":
            self._disturbed.add(reply, fault)
            return
        self.let_pass(self.clock.now + self.timeout)
        if fault.kind == "late":
            self._disturbed.late.append((self.clock.now + (fault.seconds or 0.0), reply))
        raise VisaCallError(StatusCode.error_timeout)

    def let_pass(self, deadline: float) -> None:
        """Let a fruitless timeout pass (an infinite one would never end: it is cut)."""
        if deadline - self.clock.now < FOREVER / 2:
            self.clock.advance_to(deadline)

    def clear(self) -> None:
        """Send a device clear."""
        self.check()
        fault = self.count_message()
        self.clock.wait(self.instrument.bus_latency)
        latest = self.clock.now + CLEAR_TIME
        while self.instrument.exchange.messages_wait and self.clock.now < latest:
            self.clock.hop(latest)
        self._mid_response = False
        if self._disturbed is not None:
            self._disturbed.clear(self.clock.now)
        self.instrument.exchange.device_clear()
        if fault is not None:
            self.suffer(fault)

    def serial_poll(self) -> int:
        """Return the status byte."""
        self.check()
        fault = self.count_message()
        self.clock.wait(self.instrument.bus_latency)
        status = self.instrument.exchange.serial_poll()
        if not status & 0x50:
            self.wait_a_little()
        self.requests.seen = False
        if fault is not None:
            self.suffer(fault)
        return status

    def wait_a_little(self) -> None:
        """Let the next event happen after a poll that found nothing, so that polling loops end."""
        if self.instrument.exchange.will_answer:
            self.clock.busy()
        self.instrument.operations.not_yet()
        self.requests.notice()

    def trigger(self) -> None:
        """Send a trigger."""
        self.check()
        fault = self.count_message()
        self.clock.wait(self.instrument.bus_latency)
        self.instrument.exchange.group_trigger()
        self.requests.notice()
        if fault is not None:
            self.suffer(fault)

    def wait_for_event(self, event: int, timeout_ms: int) -> int:
        """Return the next queued event; the clock moves until there is one or the timeout is over."""
        self.check()
        if not self.requests.mechanisms & EventMechanism.queue:
            raise VisaCallError(StatusCode.error_not_enabled)
        if event not in {EventType.service_request, EventType.all_enabled}:
            raise VisaCallError(StatusCode.error_invalid_event)
        seconds = FOREVER if timeout_ms in {INFINITE, None} else timeout_ms * 1e-3
        deadline = self.clock.now + seconds
        while not self.requests.queue:
            alive = self.clock.now < deadline and self.clock.hop(deadline)
            self.requests.notice()
            if not self.requests.queue and not alive:
                raise VisaCallError(StatusCode.error_timeout)
        return self.requests.queue.popleft()


_READ_STATUS = {
    Talk.END: StatusCode.success,
    Talk.TERMCHAR: StatusCode.success_termination_character_read,
    Talk.COUNT: MORE,
    Talk.EMPTY: StatusCode.error_timeout,
}
