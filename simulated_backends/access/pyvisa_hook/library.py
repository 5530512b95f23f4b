"""The pyvisa library of a simulated bench: the handles of the sessions, and one lock for all calls.

A library object lives as long as the process (pyvisa keeps it); the world behind it lives from the opening of
the resource manager to its closing, and opening again is a new bench (see
``tsbench.simulated_backends.world.world``).
"""

import functools
import hashlib
import itertools
import os
from collections.abc import Callable, Iterable
from operator import methodcaller
from typing import Any, TypeVar

from pyvisa import constants, rname
from pyvisa.constants import EventMechanism, EventType, StatusCode
from pyvisa.highlevel import VisaLibraryBase
from pyvisa.util import LibraryPath

from pyvisa_tsbench.addresses import WorldAddress, addresses_of
from pyvisa_tsbench.serial_session import SerialSession
from pyvisa_tsbench.session import MORE, NO_LONG_READ, Session
from pyvisa_tsbench.visa_call_error import VisaCallError
from tsbench.errors import ConfigurationError
from tsbench.simulated_backends.access.locks import InstrumentLock
from tsbench.simulated_backends.access.vendor_libraries import library_of
from tsbench.simulated_backends.services.services import WorldClock
from tsbench.simulated_backends.world.hand_switch import HandSwitch
from tsbench.simulated_backends.world.positioner import SimulatedPositioner
from tsbench.simulated_backends.world.world import World, close_world, open_world

R = TypeVar("R")
SUCCESS = StatusCode.success   # a name for it costs less than to look it up in its enumeration, some times a message


class TsbenchVisaLibrary(VisaLibraryBase):
    """The simulated bench as a VISA library."""

    _world: World | None

    #: the instruments live in this process: nothing of them is left on when it dies, no watchdog could reach them
    ends_with_process = True
    #: every call holds the bench's lock and moves its clock: a thread for each instrument would gain nothing
    one_call_at_a_time = True

    @staticmethod
    def get_library_paths() -> Iterable[LibraryPath]:
        """Return the placeholder that pyvisa shows when no world file is named."""
        return (LibraryPath("unset"),)

    @staticmethod
    def get_debug_info() -> dict[str, str]:
        """Return what ``pyvisa-info`` prints."""
        return {"Simulated bench": "ResourceManager('world.toml@tsbench')"}

    def _init(self) -> None:
        self._world = None
        self._addresses: dict[str, WorldAddress] = {}
        self._managers: set[int] = set()
        self._sessions: dict[int, Session] = {}
        self._events: dict[int, tuple[int, int]] = {}  #: event context -> (session, event type)
        self._locks: dict[str, InstrumentLock] = {}
        self._handles = itertools.count(1)
        self._long_read = NO_LONG_READ   #: what the last call read, if more is left of it
        self._listening = False  #: whether an event was enabled on any session

    # ------------------------------------------------------------------------------- beside VISA's calls

    @property
    def world(self) -> World:
        """Return the world behind this library (tests may look into it)."""
        if self._world is None:
            raise ConfigurationError(f"{self.library_path}: the simulated bench is closed. Open a new resource manager")
        return self._world

    @property
    def clock(self) -> WorldClock:
        """Return the bench's clock: simulated time."""
        return self.world.clock

    @property
    def positioner(self) -> SimulatedPositioner | None:
        """Return what connects the devices; None where instruments do, or where all devices stay in the circuit."""
        world = self.world
        return None if world.moved_by_instrument or not world.positioner.devices() else world.positioner

    @property
    def hand_switch(self) -> HandSwitch | None:
        """Return the switch of the wiring that a hand sets; None where there is none."""
        return self.world.hand_switch

    @property
    def facts(self) -> dict[str, Any]:
        """Return what makes this simulation the same again: its world file, by name and SHA-256, and its seed."""
        path = self.world.path
        return {
            "world": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "seed": self.world.file.seed}

    def vendor_library(self, kind: str) -> Any:
        """Return the vendor's library ("wgfmu") that drives instruments of this bench beside VISA."""
        return library_of(self.world, kind)

    # ------------------------------------------------------------------------------------ opening, closing

    def open_default_resource_manager(self) -> tuple[Any, StatusCode]:
        """Open the world file (a new bench, just switched on, unless it is open already)."""
        path = str(self.library_path)
        if path == "unset":
            raise ConfigurationError("the name of the world file is missing. Write for example "
                                     "ResourceManager('world.toml@tsbench')")
        if self._world is None:
            world = open_world(os.fspath(path))
            try:
                self._addresses = addresses_of(world)
            except ConfigurationError:
                close_world(world)
                raise
            self._world = world
            world.on_lost(self._lose)
        handle = next(self._handles)
        self._managers.add(handle)
        return handle, self.handle_return_value(None, StatusCode.success)

    def open(
        self,
        session: Any,
        resource_name: str,
        access_mode: Any = constants.AccessModes.no_lock,
        open_timeout: int = constants.VI_TMO_IMMEDIATE,
    ) -> tuple[Any, StatusCode]:
        """Open a session to an instrument of the world."""
        try:
            name = rname.ResourceName.from_string(resource_name)
        except rname.InvalidResourceName:
            return 0, self.handle_return_value(session, StatusCode.error_invalid_resource_name)
        found = self._addresses.get(str(name).upper())
        if found is None:
            return 0, self.handle_return_value(session, StatusCode.error_resource_not_found)
        instrument = self.world.instruments[found.instrument]
        handle = next(self._handles)
        lock = self._locks.setdefault(instrument.name, InstrumentLock())
        if access_mode == constants.AccessModes.exclusive_lock and (lock.sharing or not lock.take(handle)):
            return 0, self.handle_return_value(session, StatusCode.error_resource_locked)
        interface = getattr(constants.InterfaceType, name.interface_type.lower())
        kind = SerialSession if interface == constants.InterfaceType.asrl else Session
        self._sessions[handle] = kind(
            handle, self.world, instrument, str(name), interface, _board(str(getattr(name, "board", "") or "0")),
            name.resource_class, lock)
        return handle, self.handle_return_value(session, StatusCode.success)

    def close(self, session: Any) -> StatusCode:
        """Close a resource manager, a session or an event context."""
        self._end_long_read()
        if session in self._events:
            del self._events[session]
        elif session in self._sessions:
            self._sessions.pop(session).lock.forget(session)
        elif session in self._managers:
            self._managers.discard(session)
            if not self._managers:
                self._switch_off()
        else:
            return self.handle_return_value(session, StatusCode.error_invalid_object)
        return self.handle_return_value(session, StatusCode.success)

    def _switch_off(self) -> None:
        self._sessions.clear()
        self._events.clear()
        self._locks.clear()
        if self._world is not None:
            world, self._world = self._world, None
            close_world(world)

    def _lose(self, instrument: str | None) -> None:
        self._end_long_read()
        for session in self._sessions.values():
            if instrument is None or session.instrument.name == instrument:
                session.lost = True

    def list_resources(self, session: Any, query: str = "?*::INSTR") -> tuple[str, ...]:
        """Return the addresses of the world's instruments that match."""
        return tuple(rname.filter([found.name for found in self._addresses.values()], query))

    # ------------------------------------------------------------------------------------------ messages

    def handle_return_value(self, session: Any, status_code: int) -> StatusCode:
        """Note the status of a call, as pyvisa does; plain success, the usual case, without a detour."""
        self._end_long_read()
        if status_code is SUCCESS:
            self._last_status = SUCCESS
            if session is not None:
                self._last_status_in_session[session] = SUCCESS
            return SUCCESS
        return super().handle_return_value(session, status_code)

    def _act(self, session: Any, action: Callable[[Session], R], failed: Any = None) -> tuple[R, StatusCode]:
        """Do ``action(session)`` under the bench's lock; a VISA failure raises what pyvisa knows for it."""
        world, opened = self._world, self._sessions.get(session)
        if world is None or opened is None:
            return failed, self.handle_return_value(session, StatusCode.error_invalid_object)
        bench, status, handlers = world.bench, SUCCESS, None
        with bench.lock:
            self._end_long_read()
            bench.begin_message()
            try:
                result = action(opened)
                if self._listening and not opened.lost:
                    handlers = self._due_handlers()
            except VisaCallError as fault:
                result, status = failed, fault.status
        if handlers:
            for call in handlers:
                call()
        return result, self.handle_return_value(session, status)

    def _due_handlers(self) -> list[Callable[[], None]]:
        calls: list[Callable[[], None]] = []
        handle: Any
        context: Any
        for handle, session in self._sessions.items():
            requests = session.requests
            if requests.mechanisms:
                requests.notice()
            while requests.handlers_due:
                requests.handlers_due -= 1
                context = next(self._handles)
                self._events[context] = (handle, int(EventType.service_request))
                calls += [
                    functools.partial(entry[0], handle, EventType.service_request, context, entry[1])
                    for entry in list(self.handlers[handle])
                ]
        return calls

    def write(self, session: Any, data: bytes) -> tuple[int, StatusCode]:
        """Send bytes (viWrite)."""
        world, opened = self._world, self._sessions.get(session)
        if world is None or opened is None or self._listening:
            return self._act(session, methodcaller("write", bytes(data)), 0)
        with world.bench.lock:   # as _act does, without its detour: most calls are this one and the next
            if self._long_read is not NO_LONG_READ:
                self._end_long_read()
            world.bench.begin_message()
            try:
                sent = opened.write(bytes(data))
            except VisaCallError as fault:
                return 0, self.handle_return_value(session, fault.status)
        self._last_status = self._last_status_in_session[session] = SUCCESS
        return sent, SUCCESS

    def read(self, session: Any, count: int) -> tuple[bytes, StatusCode]:
        """Read bytes (viRead)."""
        reader, size, next_part = self._long_read
        if reader == session and size == count:
            try:
                return next_part(), MORE   # as pyvisa has been told
            except (IndexError, StopIteration):   # no part is left, or the queue gives no more
                pass
        world, opened = self._world, self._sessions.get(session)
        if world is None or opened is None or self._listening:
            (data, reason), status = self._act(
                session, methodcaller("read", count), (b"", StatusCode.error_timeout))
            return data, self.handle_return_value(session, reason) if status >= 0 else status
        with world.bench.lock:
            if self._long_read is not NO_LONG_READ:
                self._end_long_read()
            try:
                data, reason = opened.more_of_reply(count) or self._read_anew(opened, count)
            except VisaCallError as fault:
                data, reason = b"", fault.status
        if not (reason is SUCCESS is self._last_status is self._last_status_in_session.get(session)):   # not told yet
            self.handle_return_value(session, reason)
        if reason is MORE:
            self._long_read = session, count, opened.parts_of_reply(count)
        return data, reason

    def _read_anew(self, opened: Session, count: int) -> tuple[bytes, StatusCode]:
        """Read what is not the rest of a long reply: bench time may pass."""
        self.world.bench.begin_message()
        return opened.read(count)

    def _end_long_read(self) -> None:
        """Let the instrument note what was read of a long reply: something else is asked."""
        reader, self._long_read = self._long_read[0], NO_LONG_READ
        opened = self._sessions.get(reader)
        if opened is not None:
            with opened.world.bench.lock:
                opened.instrument.exchange.settle()

    buffer_read = read
    buffer_write = write

    def clear(self, session: Any) -> StatusCode:
        """Send a device clear (viClear)."""
        return self._act(session, lambda opened: opened.clear())[1]

    def read_stb(self, session: Any) -> tuple[int, StatusCode]:
        """Serial-poll (viReadSTB)."""
        return self._act(session, lambda opened: opened.serial_poll(), 0)

    def assert_trigger(self, session: Any, protocol: Any) -> StatusCode:
        """Trigger (viAssertTrigger)."""
        return self._act(session, lambda opened: opened.trigger())[1]

    def flush(self, session: Any, mask: Any) -> StatusCode:
        """Flush (viFlush): nothing is buffered here."""
        return self._act(session, lambda s: None)[1]

    def gpib_control_ren(self, session: Any, mode: Any) -> StatusCode:
        """Accept remote and local states (viGpibControlREN)."""
        return self._act(session, lambda opened: opened.check())[1]

    # ---------------------------------------------------------------------------------------- attributes

    def get_attribute(self, session: Any, attribute: Any) -> tuple[Any, StatusCode]:
        """Return an attribute of a session or event."""
        if session in self._events and attribute == constants.EventAttribute.event_type:
            return self._events[session][1], self.handle_return_value(session, StatusCode.success)
        if session in self._events or session in self._managers:
            return None, self.handle_return_value(session, StatusCode.error_nonsupported_attribute)

        def get(opened: Session) -> Any:
            try:
                return opened.get_attribute(attribute)
            except KeyError:
                raise VisaCallError(StatusCode.error_nonsupported_attribute) from None

        return self._act(session, get)

    def set_attribute(self, session: Any, attribute: Any, attribute_state: Any) -> StatusCode:
        """Set an attribute of a session."""

        def put(opened: Session) -> None:
            if attribute in opened.read_only:
                raise VisaCallError(StatusCode.error_attribute_read_only)
            if attribute not in opened.attributes:
                raise VisaCallError(StatusCode.error_nonsupported_attribute)
            opened.set_attribute(attribute, attribute_state)

        return self._act(session, put)[1]

    # --------------------------------------------------------------------------------------------- locks

    def lock(
        self, session: Any, lock_type: Any, timeout: int, requested_key: str | None = None) -> tuple[str, StatusCode]:
        """Lock a resource; a lock that another session holds is refused at once: it could not be released meanwhile."""

        def take(opened: Session) -> str:
            key = "" if lock_type == constants.Lock.exclusive else requested_key or f"tsbench-{session}"
            if not opened.lock.take(session, key):
                raise VisaCallError(StatusCode.error_resource_locked)
            return str(opened.lock.key) if key else ""

        return self._act(session, take, "")

    def unlock(self, session: Any) -> StatusCode:
        """Give a lock back."""

        def give(opened: Session) -> None:
            if not opened.lock.release(session):
                raise VisaCallError(StatusCode.error_session_not_locked)

        return self._act(session, give)[1]

    # -------------------------------------------------------------------------------------------- events

    def enable_event(self, session: Any, event_type: Any, mechanism: Any, context: None = None) -> StatusCode:
        """Enable events by queue or handler."""
        self._listening = True
        return self._act(session, lambda s: s.requests.enable(event_type, mechanism))[1]

    def disable_event(self, session: Any, event_type: Any, mechanism: Any) -> StatusCode:
        """Disable events."""
        return self._act(session, lambda s: s.requests.disable(event_type, mechanism))[1]

    def discard_events(self, session: Any, event_type: Any, mechanism: Any) -> StatusCode:
        """Forget queued events."""
        queued = bool(mechanism & EventMechanism.queue)
        return self._act(session, lambda s: s.requests.queue.clear() if queued else None)[1]

    def wait_on_event(self, session: Any, in_event_type: Any, timeout: int) -> tuple[Any, Any, StatusCode]:
        """Wait for an event; its context is a handle of its own, because the waiter closes it."""
        event, status = self._act(session, lambda s: s.wait_for_event(in_event_type, timeout), 0)
        context = next(self._handles)
        self._events[context] = (session, event)
        return EventType(event), context, status

    def install_handler(
        self, session: Any, event_type: Any, handler: Any, user_handle: Any = None) -> tuple[Any, Any, Any, StatusCode]:
        """Register a handler (the base class keeps the list)."""
        return handler, user_handle, handler, self._act(session, lambda s: None)[1]

    def uninstall_handler(self, session: Any, event_type: Any, handler: Any, user_handle: Any = None) -> StatusCode:
        """Forget a handler."""
        return self.handle_return_value(session, StatusCode.success)


def _board(text: str) -> int:
    """Return the number of an interface; 0 for a serial port that has a name (/dev/ttyUSB0)."""
    return int(text) if text.isdecimal() else 0
