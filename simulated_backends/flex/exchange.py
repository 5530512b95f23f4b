"""Message exchange of a FLEX instrument: two output buffers, and AB, which ends what is being executed.

The reply to a query goes into the query buffer, which holds one reply and is read first. Measured data go into the
output data buffer while they are measured; END follows the last of a measurement. Source: B1500A Programming Guide,
1-13 (buffers), 4-34 (AB).
"""

from collections import deque

from tsbench.simulated_backends.scpi.exchange import MessageExchange
from tsbench.simulated_backends.scpi.executing import Executing, Idle, Talk
from tsbench.simulated_backends.scpi.operations import Operations
from tsbench.simulated_backends.scpi.status import StatusModel
from tsbench.simulated_backends.scpi.syntax import BlockReply
from tsbench.simulated_backends.services.clock import BenchClock


class CommandAborted(Exception):
    """AB came: what is being executed ends, and what it has measured stays in the buffer."""


class FlexExchange(MessageExchange):
    """Takes messages and gives replies and data; its parameters are those of the base."""

    def __init__(self, instrument: Executing, clock: BenchClock, status: StatusModel, operations: Operations) -> None:
        super().__init__(instrument, clock, status, operations)
        self._data = bytearray()
        self._ends: deque[int] = deque()  #: how much is read up to each END

    def recv(self, data: bytes, end: bool) -> None:
        """Take bytes from the controller; AB acts at once if no other message waits."""
        alone = end and self._task is not None and not self.messages_wait and not self._input
        if alone and data.strip().upper().partition(b";")[0].rstrip() == b"AB":
            self._abort()
        else:
            super().recv(data, end)

    def _abort(self) -> None:
        task = self._task
        assert task is not None
        if self._wake is not None:
            self._wake.cancel()
            self._wake = None
        try:
            wait = task.throw(CommandAborted())
        except (StopIteration, CommandAborted):
            self._task = None
            self._run()
            return
        seconds = 0.0 if isinstance(wait, Idle) else wait
        self._wake = self._clock.schedule_in(seconds, self._wake_up)

    # ---------------------------------------------------------------------------------------- output

    def answer(self, reply: bytes | BlockReply) -> None:
        """Put a reply into the query buffer, in the place of one that was not read."""
        self._output.clear()
        super().answer(reply)

    def put_data(self, data: bytes, end: bool) -> None:
        """Put measured data into the output data buffer; ``end``: they are the last of a measurement."""
        self._data += data
        if end:
            self._data += self._instrument.framing.reply_end
            self._ends.append(len(self._data))
        self._status.update()

    def clear_data(self) -> None:
        """Forget measured data and replies."""
        self._data.clear()
        self._ends.clear()
        self._output.clear()
        self._status.update()

    @property
    def output_ready(self) -> bool:
        """Whether a reply or data can be read now. While a query waits for a measurement, its reply is what is read."""
        return self._output.size > 0 or (bool(self._data) and not any(b"?" in message for message in self._messages))

    def talk(self, count: int, termchar: int | None = None) -> tuple[bytes, Talk]:
        """Give up to ``count`` bytes of the reply, else of the data."""
        if self._output.size or not self._data:
            return super().talk(count, termchar)
        size = min(count, self._ends[0] if self._ends else len(self._data))
        reason = Talk.COUNT   # of data that are still being measured, the rest comes later
        if self._ends and size == self._ends[0]:
            reason = Talk.END
        if termchar is not None and (found := self._data.find(termchar, 0, size)) >= 0 and found + 1 < size:
            size, reason = found + 1, Talk.TERMCHAR
        data = bytes(self._data[:size])
        del self._data[:size]
        self._ends = deque(end - size for end in self._ends if end > size)
        self._status.update()
        return data, reason

    def device_clear(self) -> None:
        """Empty all buffers and end what is being executed."""
        self._data.clear()
        self._ends.clear()
        super().device_clear()
