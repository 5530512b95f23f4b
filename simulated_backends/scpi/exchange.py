"""Message exchange of an instrument (IEEE 488.2): input buffer, parser, execution and output queue.

Transports (pyvisa hook, sockets) use eight calls and five properties, and nothing else::

    recv(data, end)          bytes from the controller; END with the last one
    talk(count, termchar)    -> (bytes, Talk.END | TERMCHAR | COUNT | EMPTY)
    parts(count, settled)    -> function that takes that many bytes at each call, as long as more of the reply is left
    settle()                 notes what that function took; it takes no more
    device_clear()  serial_poll()  group_trigger()
    output_ready             a response can be read now
    output_size              bytes of it
    will_answer              something is being executed, a response may still come
    messages_wait            a message waits for the one before it
    waits_for_operations     a message waits for overlapped operations to end
    unterminated()           post error -420: the controller read without a query, and its timeout has passed

The instrument executes a message in its own language (``execute``; SCPI: :func:`begin_scpi`).

Execution happens on the bench's clock: a handler that is a generator may ``yield`` seconds or :data:`IDLE`. The
instrument is then busy, later messages wait in its input buffer, and the controller's ``write`` has returned.
"""

from collections import deque
from collections.abc import Callable
from types import GeneratorType
from typing import Any

from tsbench.errors import TsbenchError
from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.executing import (
    AT_ONCE,
    Commanded,
    Executing,
    Handler,
    Idle,
    Reply,
    Talk,
    execute_units,
    refuse,
    report_failure,
    report_trouble,
)
from tsbench.simulated_backends.scpi.headers import ProgramUnit
from tsbench.simulated_backends.scpi.long_replies import WaitingBytes
from tsbench.simulated_backends.scpi.operations import Operations
from tsbench.simulated_backends.scpi.status import StatusModel
from tsbench.simulated_backends.scpi.syntax import BlockReply
from tsbench.simulated_backends.services.clock import BenchClock, ScheduledEvent

SHORT_REPLY = 4096  #: bytes: a shorter reply is joined with its end; a longer one is not copied


class OutputQueue(WaitingBytes):
    """Response messages in order: the bytes of the first, and the messages behind it."""

    def __init__(self) -> None:
        super().__init__()
        self.later: deque[bytes | BlockReply] = deque()  #: messages behind the one that can be read now

    def add(self, piece: bytes | memoryview) -> None:
        """Put bytes behind what waits."""
        if len(piece) > 0:
            self.pieces.append(piece)
            self.size += len(piece)

    def clear(self) -> None:
        """Forget everything."""
        super().clear()
        self.later.clear()

    def whole(self, count: int, letter: int | None) -> bytes | None:
        """Take all that waits, where it is one reply, of ``count`` bytes at most, with ``letter`` only at its end."""
        if len(self.pieces) != 1 or self.start or self.size > count:
            return None
        piece = self.pieces[0]
        if type(piece) is not bytes or (letter is not None and -1 < piece.find(letter) < self.size - 1):
            return None
        self.pieces.clear()
        self.size = 0
        return piece


class MessageExchange:
    """Takes messages, has an instrument execute them, holds the response (IEEE 488.2 section 6).

    Parameters
    ----------
    instrument : Executing
    clock : BenchClock
    status : StatusModel
    operations : ``*WAI`` and ``*OPC?`` wait until none of them is running
    """

    def __init__(self, instrument: Executing, clock: BenchClock, status: StatusModel, operations: Operations) -> None:
        self._instrument = instrument
        #: executes a message in the language that the instrument speaks now
        self.execute: Callable[[bytes], Reply | Handler] = instrument.execute
        self._clock = clock
        self._status = status
        self._operations = operations
        operations.when_all_ended = self._operations_ended
        self._input = bytearray()
        self._messages: deque[bytes] = deque()
        self._output = OutputQueue()
        self.parts = self._output.long.parts
        self.settle = self._output.long.settle
        self._task: Handler | None = None
        self._wake: ScheduledEvent | None = None
        self._waiting_idle = False
        self._running = False

    # ------------------------------------------------------------------------------ the transport's side

    def recv(self, data: bytes, end: bool) -> None:
        """Take bytes from the controller; complete messages are executed in order."""
        if len(self._input) + len(data) > self._instrument.input_buffer_size:
            self._input.clear()
            self._status.post(ScpiError(-363))
            return
        framing = self._instrument.framing
        letter = framing.message_end
        whole = data.removesuffix(letter)
        if end and not self._input and letter not in whole and b"#" not in whole:
            if (self._task is None and not (self._running or self._messages or self._output.size or self._wake)
                    and not self._waiting_idle and whole.strip(b" \t\r\0")):
                self._running = True   # the usual case: one plain message, and nothing before it
                try:
                    self._begin(whole)
                finally:
                    self._running = False
                if self._task is not None or self._messages:
                    self._run()
                return
            self._accept(whole)
        else:
            self._input += data
            if not end and letter not in data:
                return
            messages, rest = framing.messages(bytes(self._input), end)
            self._input[:] = rest
            for message in messages:
                self._accept(message)
        self._run()

    def _begin(self, message: bytes) -> None:
        """Execute a message; :meth:`_run` goes on with one that takes time."""
        self._task = AT_ONCE
        try:
            begun = self.execute(message)
        except BaseException as error:   # noqa: BLE001 - raised again if it is no Exception
            self._task = None
            report_failure(self._instrument, self._status, error)
            return
        if isinstance(begun, GeneratorType):
            self._task = begun
        else:
            self._ended(begun)

    def _accept(self, message: bytes) -> None:
        if self._task is not None and self._instrument.interrupts(message):
            self._stop_task()
            self._messages.clear()
        if self._task is None or self._messages or not self._instrument.acts_at_once(message):
            self._messages.append(message)

    def hasten(self) -> None:
        """Go on at once with the message that is being executed: what it waits for has happened."""
        if self._wake is not None:
            self._wake.cancel()
            self._wake = self._clock.schedule(self._clock.now, self._wake_up)

    def talk(self, count: int, termchar: int | None = None) -> tuple[bytes, Talk]:
        """Give up to ``count`` bytes of the response."""
        output = self._output
        if not output.size:
            return b"", Talk.EMPTY
        data, reason = output.whole(count, termchar), Talk.END
        if data is None:
            data, reason = self._part(count, termchar)
        if not output.size:
            self._status.message_available = False
            if output.later:
                self.answer(output.later.popleft())
            if self._status.service_enable:
                self._status.update()
            if self._messages or self._task is not None:
                self._run()
        return data, reason

    def _part(self, count: int, termchar: int | None) -> tuple[bytes, Talk]:
        """Take up to ``count`` bytes, or up to the termination character."""
        output = self._output
        output.long.settle()
        size, reason = min(count, output.size), Talk.COUNT
        if termchar is not None and (found := output.find(termchar, size)) >= 0:
            size, reason = found + 1, Talk.TERMCHAR
        return output.take(size), reason if output.size else Talk.END

    @property
    def output_ready(self) -> bool:
        """Whether a response can be read now."""
        return self._output.size > 0

    @property
    def output_size(self) -> int:
        """Return how many bytes of a response can be read now."""
        self.settle()
        return self._output.size

    @property
    def will_answer(self) -> bool:
        """Whether anything is being executed or waits for it."""
        return self._task is not None or bool(self._messages)

    @property
    def messages_wait(self) -> bool:
        """Whether a message waits for the one before it."""
        return bool(self._messages)

    @property
    def waits_for_operations(self) -> bool:
        """Whether a message waits for overlapped operations to end, which may be for ever."""
        return self._waiting_idle

    def unterminated(self) -> None:
        """The controller reads although nothing was asked: -420."""
        self._status.post(ScpiError(-420))

    def device_clear(self) -> None:
        """Empty input, output and parser; forget *OPC and *WAI. Settings and running operations stay."""
        self._stop_task()
        self._input.clear()
        self._messages.clear()
        self._output.clear()
        self._operations.forget_request()
        self._status.message_available = False
        self._instrument.cleared()
        self._status.update()

    def serial_poll(self) -> int:
        """Return the status byte (bit 6: RQS) and withdraw the service request."""
        return self._status.serial_poll()

    def group_trigger(self) -> None:
        """Act on GET (VISA's assert_trigger)."""
        self._accept(b"*TRG")
        self._run()

    # --------------------------------------------------------------------------------------- execution

    def _run(self) -> None:
        if self._running or self._waiting_idle or self._wake is not None:
            return
        self._running = True
        try:
            while True:
                if self._task is None:
                    if not self._messages:
                        return
                    message = self._messages.popleft()
                    if not message.strip(b" \t\r\0") and not self._instrument.framing.empty:
                        continue
                    if self._output.size and not self._instrument.keeps_replies:
                        self._output.clear()
                        self._status.message_available = False
                        self._status.post(ScpiError(-410))
                    self._begin(message)
                    continue
                try:
                    wait = next(self._task)
                except StopIteration as done:
                    self._ended(done.value)
                    continue
                except Exception as error:   # noqa: BLE001 - as in _begin
                    self._task = None
                    report_failure(self._instrument, self._status, error)
                    continue
                if isinstance(wait, Idle):
                    if self._operations.pending:
                        self._waiting_idle = True
                        return
                elif wait > 0:
                    self._wake = self._clock.schedule(self._clock.now + wait, self._wake_up)
                    while self._messages and self._instrument.acts_at_once(self._messages[0]):   # it came too early
                        self._messages.popleft()
                    return
        finally:
            self._running = False

    def _operations_ended(self) -> None:
        if self._waiting_idle:
            self._waiting_idle = False
            self._wake = self._clock.schedule(self._clock.now, self._wake_up)   # not in the operation that ends

    def _wake_up(self) -> None:
        self._wake = None
        self._run()

    def _stop_task(self) -> None:
        self._waiting_idle = False
        if self._wake is not None:
            self._wake.cancel()
            self._wake = None
        if self._task is not None:
            task, self._task = self._task, None
            task.close()

    def _ended(self, reply: Any) -> None:
        """Answer what a message gave: a :data:`Reply`."""
        self._task = None
        if reply is not None:
            self.answer(reply)
        elif self._status.service_enable:   # else nothing can request service
            self._status.update()

    def answer(self, reply: bytes | BlockReply) -> None:
        """Put a reply into the output queue, as a message of its own; its end is added."""
        if self._output.size:
            self._output.later.append(reply)
            return
        end = self._instrument.framing.reply_end
        if isinstance(reply, BlockReply):
            for piece in (reply.header, reply.payload, end):
                self._output.add(piece)
        elif len(reply) < SHORT_REPLY:
            self._output.add(reply + end)
        else:
            self._output.add(reply)
            self._output.add(end)
        self._status.message_available = True
        if self._status.service_enable:
            self._status.update()


def plain_reply(instrument: Commanded, unit: ProgramUnit, result: Any) -> bytes:
    """Return the reply of one query as its command gave it."""
    return result if isinstance(result, bytes) else str(result).encode("latin-1")


def begin_scpi(instrument: Commanded, message: bytes) -> Reply | Handler:
    """Execute one message and return its reply; if a command takes time, a generator that does the rest."""
    units = instrument.tree.units(message)
    if len(units) != 1:
        return execute_units(instrument, units)
    unit = units[0]
    try:
        entry = unit.entry   # as called() does: most messages have one unit, and each call of a function counts
        if entry is None:
            raise ScpiError(*unit.error or (-100, ""))
        result = entry.call(instrument if entry.table is None else entry.table(instrument), unit.key, unit.arguments)
    except (ScpiError, TsbenchError) as error:
        refuse(instrument, unit, error)
        return None
    finally:
        if instrument.trouble:
            report_trouble(instrument)
    if isinstance(result, GeneratorType):
        return _the_rest(instrument, unit, result)
    return result if result is None or type(result) is BlockReply else instrument.written(unit, result)


def _the_rest(instrument: Commanded, unit: ProgramUnit, begun: Handler) -> Handler:
    """Go on with a command that takes time; return its reply."""
    try:
        result = yield from begun
    except (ScpiError, TsbenchError) as error:
        refuse(instrument, unit, error)
        return None
    finally:
        if instrument.trouble:
            report_trouble(instrument)
    return result if result is None or type(result) is BlockReply else instrument.written(unit, result)
