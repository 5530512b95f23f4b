"""Sends and reads the messages of one VISA resource, and opens the resource again after a lost connection.

The acts are write, query, binary blocks, device clear and serial poll.

Every VISA error leaves here as a CommunicationError that names the instrument, the resource, the message and
the timeout. Only this folder talks to pyvisa; drivers reach it as a PyMeasure adapter.
"""

import contextlib
import logging
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pyvisa
from pymeasure.adapters import Adapter

from tsbench.errors import CommunicationError, ConfigurationError, GarbledReply, InstrumentInUse, NoReply
from tsbench.instruments.links.call_stack import EXCHANGE
from tsbench.instruments.links.link_settings import DEFAULT_TIMEOUT, USUAL_LINK, LinkSettings, set_serial_port
from tsbench.instruments.links.liveness import UNWATCHED, Liveness
from tsbench.instruments.links.patience import Patience
from tsbench.instruments.links.visa_errors import SHOWN, communication_error, why_not_opened
from tsbench.instruments.links.wire_trace import WIRE, trace

_UNSUPPORTED = pyvisa.constants.StatusCode.error_nonsupported_operation
#: beside VISA's own errors; pyvisa-py's HiSLIP says RuntimeError or AssertionError when the connection is lost, its USB
#: ValueError when a header is not as it should be
_FAILURES = (OSError, ValueError, RuntimeError, AssertionError)
_TAKEN = (pyvisa.constants.StatusCode.error_resource_locked, pyvisa.constants.StatusCode.error_timeout)
_LOCKING = 500.0  #: [ms] for which a session waits for its lock
_OPENING = 10.0  #: [s] a connection may take to be made
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f]")  #: what no reply of text has in it
_PIECE = 2**16  #: [bytes] of a long block read at once: small pieces cost calls, large ones a timeout on a slow bus


@dataclass(frozen=True)
class _Progress:
    """What pyvisa tells of each piece of a long block."""

    liveness: Liveness
    timeout: float  #: [s] until the next piece

    def update(self, count: int) -> None:
        self.liveness.calling(self.timeout, EXCHANGE)


class Transport:
    """One open resource. ``lock`` makes a write and its read one act among threads.

    Parameters
    ----------
    manager : pyvisa.ResourceManager
    resource : str
        VISA resource name.
    name : str
        The instrument's name on the bench, for messages.
    timeout : float
        [s] for one reply.
    exclusive : bool
        Whether to lock the resource for this session, where its interface has locks.
    link : LinkSettings
        Terminators, and the settings of a serial port.
    """

    def __init__(
        self, manager: Any, resource: str, name: str, timeout: float = DEFAULT_TIMEOUT, exclusive: bool = False,
        link: LinkSettings = USUAL_LINK,
    ) -> None:
        self.manager = manager
        self.resource = resource
        self.name = name
        self.exclusive = exclusive
        self.link = link
        self.lock = threading.RLock()
        self.liveness: Liveness = UNWATCHED  #: hears of every exchange
        #: called with operation, message and reply (or error) after each VISA call
        self.on_act: Callable[[str, str, str | bytes], None] | None = None
        self.patience = Patience(timeout, self._tell_session)
        self._session: Any = None
        self._message_end = "\n"
        self._answered = False  #: whether any reply has come
        self._last = ""  #: message
        self._answer: str | bytes = ""  #: to it: reply or error, for the trace
        self.open()
        if exclusive and not self._locked():
            self.close()
            raise InstrumentInUse(
                f"{name} ({resource}) is locked by another program, perhaps on another computer. Nothing was sent to "
                "it. Close that program"
            )

    def __repr__(self) -> str:
        return f"{self.name} ({self.resource})"

    def open(self) -> None:
        """Open the resource.

        Raises
        ------
        CommunicationError
            Nothing answers there.
        ConfigurationError
            The VISA library cannot reach instruments on this interface, or the name is no VISA resource name.
        """
        timeout = round(self.timeout * 1000)
        # pyvisa-py tries for 10 s to reach a socket unless it is told otherwise
        soon = {"open_timeout": timeout} if self.patience.hurried else {}
        with self.lock, self._act("open", "open", max(self.timeout, _OPENING)):
            try:
                self._session = self.manager.open_resource(self.resource, timeout=timeout, **soon)
            except (ValueError, ImportError, NotImplementedError, pyvisa.errors.Error) as error:
                if advice := why_not_opened(self.resource, error):
                    raise ConfigurationError(f"{self!r}: {advice}") from error
                raise
            # Only streams need a character to end a reply; elsewhere END does, and "\n" may stand in a block.
            read, self._message_end = self.link.endings(self._is_serial(), self._is_stream())
            self._session.read_termination, self._session.write_termination = read, self._message_end
            if self._is_serial():
                set_serial_port(self._session, self.link)

    def _is_serial(self) -> bool:
        return self.resource.upper().startswith("ASRL")

    def _is_stream(self) -> bool:
        return self._is_serial() or self.resource.upper().endswith("SOCKET")

    @property
    def polls(self) -> bool:
        """Whether the interface has a serial poll, which an instrument answers while it is busy."""
        return not self._is_stream()

    def reply_waits(self) -> bool:
        """Whether the first bytes of a reply have come, on a serial port; False where the interface cannot tell."""
        with self.lock, self._act("poll", "bytes received"):
            waiting = int(getattr(self._open_session(), "bytes_in_buffer", 0))
            self._answer = str(waiting)
            return waiting > 0

    def reopen(self) -> None:
        """Close what is left of a lost connection and open it again."""
        with self.lock:
            self.close()
            self.open()
            if self.exclusive:  # switching off must not depend on it
                self._locked()

    def _locked(self) -> bool:
        """Lock the resource for this session; False where another session has it."""
        with self.lock:
            try:
                self._open_session().lock_excl(_LOCKING)
            except pyvisa.errors.VisaIOError as error:
                return error.error_code not in _TAKEN
            except NotImplementedError:  # this library has no locks
                return True
            return True

    def close(self) -> None:
        """Close the resource; closing twice, or a connection that is gone, is no error."""
        with self.lock:
            session, self._session = self._session, None
            if session is not None:
                with contextlib.suppress(pyvisa.errors.Error, OSError):
                    session.close()

    def to_local(self) -> None:
        """Give the panel of the instrument back to its user, where interface and VISA library can; raises nothing.

        The call is VISA's "go to local" (``viGpibControlREN`` with ``VI_GPIB_REN_ADDRESS_GTL``, VPP-4.3). GPIB, USB and
        LAN instruments have it, streams have not.
        """
        with self.lock, contextlib.suppress(pyvisa.errors.Error, *_FAILURES):
            if hasattr(self._session, "control_ren"):
                self._session.control_ren(pyvisa.constants.RENLineOperation.address_gtl)

    @property
    def timeout(self) -> float:
        """Return the longest time for one reply [s]."""
        return self.patience.seconds

    def timeout_at_most(self, longest: float) -> contextlib.AbstractContextManager[None]:
        """Wait at most ``longest`` [s] for one reply meanwhile, less where the usual timeout is shorter."""
        return self.patience.at_most(longest)

    def timeout_at_least(self, least: float) -> contextlib.AbstractContextManager[None]:
        """Wait at least ``least`` [s] for one reply meanwhile: for a long reply on a slow interface."""
        return self.patience.at_least(least)

    def _tell_session(self) -> None:
        if self._session is not None:
            with contextlib.suppress(pyvisa.errors.Error, OSError):  # a dead session is noticed at its next message
                self._session.timeout = round(self.timeout * 1000)

    def write(self, message: str) -> None:
        """Send one message."""
        with self.lock, self._act("write", message):
            self._open_session().write(message)

    def write_bytes(self, content: bytes) -> None:
        """Send one message of bytes, as it is, and its end."""
        with self.lock, self._act("write", _named(content)):
            self._open_session().write_raw(content + self._message_end.encode("ascii"))

    def read(self) -> str:
        """Read one reply without its newline."""
        with self.lock, self._act("read", self._last):
            session = self._open_session()
            end = session.read_termination or ""
            # of a reply that ends too early, pyvisa's read() only warns
            reply = session.read_raw().decode("ascii") if end else str(session.read())
            if not reply.endswith((end or "\n")[-1]):
                raise GarbledReply(
                    f"{self.name} ({self.resource}): the reply {reply[:SHOWN]!r} to '{self._last}' is cut off. "
                    "Repeat the measurement. If this happens again, check the cable"
                )
            reply = self._answer = reply.removesuffix(end).rstrip("\r\n")
            if _CONTROL.search(reply):
                raise GarbledReply(
                    f"{self.name} ({self.resource}): the reply {reply[:SHOWN]!r} to '{self._last}' is garbled. Repeat "
                    "the measurement. If this happens again, check the cable"
                )
            return reply

    def read_bytes(self, count: int) -> bytes:
        """Read exactly ``count`` bytes, or with -1 the whole reply."""
        with self.lock, self._act("read", self._last):
            session = self._open_session()
            if count < 0:
                content = self._answer = bytes(session.read_raw())
                return content
            piece = None if self._is_serial() else _PIECE
            progress = _Progress(self.liveness, self.timeout)
            content = self._answer = bytes(session.read_bytes(count, piece, monitoring_interface=progress))
            return content

    def query(self, message: str) -> str:
        """Send one message and read its reply."""
        with self.lock:
            self.write(message)
            return self.read()

    def clear(self) -> None:
        """Device clear: the instrument drops what it was about to say (nothing where the bus has none).

        A socket has none: a new connection takes its place, on which no old answer can come. (pyvisa-py 0.8.1
        would read what has come so far, and never return if the other side has closed the connection.)
        """
        with self.lock, self._act("clear", "device clear"):
            if self.resource.upper().endswith("SOCKET"):
                self.reopen()
                return
            if self._is_serial() and self.link.clear_characters:
                self._open_session().write_raw(self.link.clear_characters.encode("ascii"))
                self._open_session().flush(pyvisa.constants.BufferOperation.discard_receive_buffer)
                return
            try:
                self._open_session().clear()
            except (pyvisa.errors.VisaIOError, NotImplementedError) as error:
                if getattr(error, "error_code", _UNSUPPORTED) != _UNSUPPORTED:
                    raise
            except RuntimeError as error:  # pyvisa-py's HiSLIP: a reply came after all, where it expects this message
                if "DeviceClearAcknowledge" not in str(error):
                    raise
                self.reopen()

    def resynchronise(self) -> None:
        """Drop whatever may still come as a reply to earlier queries: device clear, or a new connection
        where the bus has no clear.
        """
        self.reopen() if self._is_stream() else self.clear()

    def serial_poll(self) -> int:
        """Return the status byte."""
        with self.lock, self._act("poll", "serial poll"):
            status = int(self._open_session().read_stb())
            self._answer = str(status)
            return status

    def _open_session(self) -> Any:
        if self._session is None:
            raise CommunicationError(
                f"{self.name} ({self.resource}): the connection is closed. Open the bench again"
            )
        return self._session

    @contextlib.contextmanager
    def _act(self, operation: str, message: str, longest: float | None = None) -> Iterator[None]:
        """Translate the errors of one exchange, tell the watchdog of it, trace it where that is asked for."""
        self._last, self._answer = message, ""
        watched = self.liveness is not UNWATCHED
        if watched:
            self.liveness.calling(self.timeout if longest is None else longest, EXCHANGE)
        traced = WIRE.isEnabledFor(logging.DEBUG)
        began = time.perf_counter() if traced else 0.0
        try:
            yield
            if operation == "read":
                self._answered = True
                if self.patience.doubts:
                    self.patience.answered()
        except (pyvisa.errors.Error, *_FAILURES) as error:
            advice = "" if self._answered or not self._is_serial() else _serial_port_advice(self.link, self.name)
            ours = communication_error(error, repr(self), message, self.timeout, self.patience.hurried, advice)
            self._answer = f"{type(ours).__name__}: {ours}"
            if isinstance(ours, NoReply):
                self.patience.unanswered()
            raise ours from error
        except CommunicationError as error:
            self._answer = f"{type(error).__name__}: {error}"
            raise
        finally:
            if watched:
                self.liveness.beat()
            if traced:
                trace(self.name, operation, began, message, self._answer)
            if self.on_act is not None:
                self.on_act(operation, message, self._answer)


def _serial_port_advice(link: LinkSettings, name: str) -> str:
    """Return the settings of a port at which nothing has answered yet, as a message shows them."""
    return (f"The serial port has {link.serial_port_in_words()}. If the instrument has other settings, write them in "
            f"[instruments.{name}.link] of the bench file")


def _named(content: bytes) -> str:
    """Return what errors and traces show of a message with a block: its command and the block's length."""
    command, _, block = content.partition(b"#")
    return f"{command.decode('ascii', 'replace')}#<{len(block)} bytes>"


class TransportAdapter(Adapter):
    """A PyMeasure adapter over a :class:`Transport`."""

    def __init__(self, transport: Transport) -> None:
        super().__init__()
        self.connection = transport

    def __del__(self) -> None:
        """Leave closing to the bench, which owns the transport."""

    def _write(self, command: str, **kwargs: Any) -> None:
        self.connection.write(command)

    def _write_bytes(self, content: bytes, **kwargs: Any) -> None:
        self.connection.write_bytes(content)

    def _read(self, **kwargs: Any) -> str:
        return self.connection.read()

    def _read_bytes(self, count: int, break_on_termchar: bool = False, **kwargs: Any) -> bytes:
        return self.connection.read_bytes(count)

    def flush_read_buffer(self) -> None:
        """Drop what the instrument was about to say."""
        self.connection.clear()
