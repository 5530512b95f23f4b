"""One instrument and its clients: whose message it executes, and to whom the reply goes.

The instrument has one parser and one output queue, as in IEEE 488.2; clients of a network do not share them.
So a client's message is given to the instrument when it has done with the one before, and what it then says
goes to that client. Commands of the same client may follow each other into the instrument's input buffer, as
they do in process, until one of them is a query.
"""

import logging
import sys
from collections import deque

from tsbench.errors import TsbenchError
from tsbench.simulated_backends.access.bus import BUS_RATE, LONG_REPLY
from tsbench.simulated_backends.access.locks import InstrumentLock
from tsbench.simulated_backends.access.servers.clients import Client, Message
from tsbench.simulated_backends.access.servers.pace import Pace
from tsbench.simulated_backends.scpi.executing import LONGEST_TEXT
from tsbench.simulated_backends.scpi.status import MESSAGE_AVAILABLE_BIT, SERVICE_REQUEST_BIT
from tsbench.simulated_backends.virtual_instruments.instrument import VirtualInstrument
from tsbench.simulated_backends.world.faults import Fault
from tsbench.simulated_backends.world.world import World

_LOG = logging.getLogger(__name__)


class ServedInstrument:
    """Arbitrates between the clients of one instrument. Every method runs under the bench's lock."""

    def __init__(self, world: World, instrument: VirtualInstrument, pace: Pace) -> None:
        self.world = world
        self.clock = world.bench.clock
        self.instrument = instrument
        self.pace = pace
        self.lock = InstrumentLock()
        self.clients: deque[Client] = deque()
        self._in_flight: list[Message] = []  #: what the instrument was given and has not finished
        self._owner: Client | None = None  #: whose it is
        self._reply_fault: Fault | None = None  #: what happens to the reply that is awaited
        self._since = 0.0
        self._told = False  #: clients know of the service request that stands
        self.request_latched = False  #: clients know of it and none has polled yet

    # --------------------------------------------------------------------------------------- who is there

    def join(self, client: Client) -> None:
        """A client has connected."""
        self.clients.append(client)

    def leave(self, client: Client) -> None:
        """A client has gone, and so have its locks."""
        client.gone = True
        self.lock.forget(client)
        self._forget_those_who_left()

    def _forget_those_who_left(self) -> None:
        for client in [one for one in self.clients if one.gone and not one.queue]:
            self.clients.remove(client)

    @property
    def _asked(self) -> bool:
        return any(self.instrument.may_answer(message.content) for message in self._in_flight)

    # ----------------------------------------------------------------------------------------- the exchange

    @property
    def finished(self) -> bool:
        """Whether the instrument has done with what it was given."""
        return bool(self._in_flight) and not self.instrument.exchange.will_answer

    @property
    def wanted(self) -> bool:
        """Whether time has to pass because a client waits: for a reply, for its turn, to give a lock back, for a
        service request.
        """
        owner = self._owner
        awaited = owner is not None and not owner.gone and (self._asked or owner.releasing)
        if self._in_flight and (awaited or any(client.queue for client in self.clients)):
            return True
        return bool(
            self.instrument.status.service_enable
            and self.instrument.operations.pending
            and not self.instrument.status.requesting
            and any(client.hears_requests for client in self.clients)
        )

    @property
    def waited(self) -> float:
        """Return how long ago the instrument was last given something to do [s of bench time]."""
        return self.clock.now - self._since

    def executing(self, client: Client) -> bool:
        """Whether the instrument is busy with what ``client`` sent."""
        return bool(self._in_flight) and self._owner is client

    def may_begin(self) -> bool:
        """Whether a message is waiting that could be given to the instrument now."""
        return self._next_client() is not None

    def step(self) -> bool:
        """Finish an exchange, begin another; return whether anything was done."""
        try:
            if self.finished:
                self._finish()
                return True
            if self._in_the_way():
                self._abandon()
                return True
            client = self._next_client()
            if client is None:
                return False
            self._begin(client)
        except TsbenchError as error:  # the simulation cannot go on with what this client asked for
            sys.stderr.write(f"tsbench: {self.instrument.name}: {' '.join(str(error).split())}\n")
            if self._owner is not None:
                self._owner.cut()
            self._abandon()
        except Exception as error:   # noqa: BLE001 - the clients of the other instruments go on
            _LOG.error("%s: the exchange with a client failed", self.instrument.name, exc_info=error)
            self._abandon()
            self.instrument.post_error(-310, text=f"System error; {type(error).__name__}: {error}"[:LONGEST_TEXT])
        return True

    def _in_the_way(self) -> bool:
        """Whether a client waits behind an exchange of a client that has gone, whose reply is of no use."""
        owner = self._owner
        if owner is None or not owner.gone or not (self._asked or self.instrument.exchange.waits_for_operations):
            return False
        return any(client.queue for client in self.clients if client is not owner)

    def _next_client(self) -> Client | None:
        if not self._in_flight:
            # who has gone first: on a new connection of the same program, its later messages come later
            willing = [client for client in self.clients if self._may_talk(client)]
            return next((client for client in willing if client.gone), willing[0] if willing else None)
        owner = self._owner
        if owner is None or owner.gone or not self._may_talk(owner):
            return None
        if self.instrument.interrupts(owner.queue[0].content):   # it does not wait for the reply that it makes needless
            return owner
        if self._asked:
            return None
        return None if any(client.queue for client in self.clients if client is not owner) else owner

    def _may_talk(self, client: Client) -> bool:
        return bool(client.queue) and not client.congested and (client.gone or self.lock.admits(client))

    def _begin(self, client: Client) -> None:
        message = client.queue.popleft()
        self.clients.remove(client)
        self.clients.append(client)  # the others first, next time
        had_gone = client.gone
        fault = self._count()
        if client.gone and not had_gone:
            return  # the instrument has restarted
        if fault is not None and not fault.after:
            self._suffer(fault)
            return
        self.world.bench.begin_message()
        self.clock.wait(self.instrument.bus_latency + message.size / BUS_RATE)
        self._since = self.clock.now
        self._in_flight.append(message)
        self._owner = client
        if message.trigger:
            self.instrument.exchange.group_trigger()
        else:
            self.instrument.exchange.recv(message.content, True)
        if fault is not None:
            self._suffer(fault)
            return
        if self.instrument.may_answer(message.content):
            self._reply_fault = self._count(reading=True)
            self.clock.wait(self.instrument.bus_latency)
            if self._reply_fault is not None and not self._reply_fault.needs_reply:
                self._suffer(self._reply_fault)
        if client.gone:
            self._forget_those_who_left()

    def _finish(self) -> None:
        message, owner = self._in_flight[-1], self._owner
        self.notice_service_request()  # a reply may be what it is about
        self._in_flight.clear()
        self._owner = None
        exchange, replies = self.instrument.exchange, []
        while exchange.output_ready:   # a script may have printed several messages
            replies.append(exchange.talk(sys.maxsize)[0])
        fault, self._reply_fault = self._reply_fault, None
        for reply in replies:
            if len(reply) > LONG_REPLY:
                self.clock.wait(len(reply) / BUS_RATE)
            self.pace.forgive(self.clock.now)
            if owner is not None and not owner.gone:
                self._deliver(owner, reply, message, fault)
            fault = None   # it happens to one message

    def _deliver(self, owner: Client, reply: bytes, message: Message, fault: Fault | None) -> None:
        """Send one reply, or what a fault leaves of it."""
        if fault is None:
            owner.deliver(reply, message)
        elif fault.kind == "garbled":
            owner.deliver(self.world.faults.garbles(fault, reply, self.instrument.name), message)
        elif fault.kind == "late":
            self.clock.schedule_in(fault.seconds or 0.0, lambda: owner.deliver(reply, message))
        elif fault.kind == "connection_lost":
            owner.deliver(reply, message, fault.bytes)
            self._suffer(fault)

    def _abandon(self) -> None:
        self._in_flight.clear()
        self._owner = None
        self._reply_fault = None
        self.instrument.exchange.device_clear()

    # ------------------------------------------------------------------------------ beside the messages

    def device_clear(self, client: Client) -> None:
        """Clear: what ``client`` has asked is forgotten, and whatever could keep it waiting for ever.

        Another client's exchange goes on unless it waits for an operation to end (an armed scope may never
        be triggered); one that holds an exclusive lock is never disturbed.
        """
        fault = self._count()
        self.world.bench.begin_message()
        self.clock.wait(self.instrument.bus_latency)
        client.queue.clear()
        mine = self._owner is None or self._owner is client or self._owner.gone
        stuck = self.instrument.exchange.waits_for_operations and self.lock.admits(client)
        if mine or stuck:
            self.request_latched = False
            self._abandon()
        if fault is not None:
            self._suffer(fault)

    def serial_poll(self, client: Client, unread_reply: bool) -> int:
        """Return the status byte as ``client`` sees it: a message is available if it is one for this client.

        ``unread_reply``: it has not read the reply that it was sent.
        """
        fault = self._count()
        self.world.bench.begin_message()
        self.clock.wait(self.instrument.bus_latency)
        status = self.instrument.exchange.serial_poll()
        status &= ~MESSAGE_AVAILABLE_BIT
        if unread_reply or (self.executing(client) and self.instrument.exchange.output_ready):
            status |= MESSAGE_AVAILABLE_BIT
        if self.request_latched:
            status |= SERVICE_REQUEST_BIT
            self.request_latched = False
        if not self.pace.idle_time_counts and not status & (MESSAGE_AVAILABLE_BIT | SERVICE_REQUEST_BIT):
            if self.instrument.exchange.will_answer:
                self.clock.busy()
            self.instrument.operations.not_yet()
        if fault is not None:
            self._suffer(fault)
        return status

    def notice_service_request(self) -> None:
        """Tell clients when the instrument begins to ask for service."""
        if not self.instrument.status.requesting:
            self._told = False
        elif not self._told:
            self._told = self.request_latched = True
            status = self.instrument.status.summary_bits() | SERVICE_REQUEST_BIT
            for client in list(self.clients):
                client.service_requested(status)

    def overflow(self) -> None:
        """A message was longer than the input buffer."""
        self.instrument.post_error(-363)

    # -------------------------------------------------------------------------------------------- faults

    def _count(self, reading: bool = False) -> Fault | None:
        return self.world.faults.next_message(self.instrument.name, reading)

    def _suffer(self, fault: Fault) -> None:
        """Lose the connections; a fault that only keeps a message or reply away needs nothing more."""
        if fault.kind == "connection_lost":
            self.world.lose_sessions(None if fault.everything else self.instrument.name)

    def cut_all(self) -> None:
        """Lose every client's connection."""
        for client in list(self.clients):
            client.queue.clear()
            client.cut()
