"""Message exchange of KXCI: on a socket each message has a reply, on GPIB only a question has one.

The reply to a message without a question is ``ACK``, and the text of its first error if it has one (not compared with a
manual: what is replied to a wrong message). What ends a reply: NUL on a socket, a newline with END elsewhere.
"""

from tsbench.simulated_backends.scpi.exchange import MessageExchange
from tsbench.simulated_backends.scpi.executing import Executing
from tsbench.simulated_backends.scpi.operations import Operations
from tsbench.simulated_backends.scpi.status import StatusModel
from tsbench.simulated_backends.scpi.syntax import BlockReply
from tsbench.simulated_backends.services.clock import BenchClock


class KxciExchange(MessageExchange):
    """Takes messages and gives replies.

    Parameters
    ----------
    instrument, clock, status, operations : as of the base
    socket : whether it is connected by a socket
    """

    def __init__(
        self, instrument: Executing, clock: BenchClock, status: StatusModel, operations: Operations, socket: bool,
    ) -> None:
        super().__init__(instrument, clock, status, operations)
        self.socket = socket

    def answer(self, reply: bytes | BlockReply) -> None:
        """Put a reply into the output queue, with its end."""
        self._output.add(bytes(reply))
        self._output.add(b"\0" if self.socket else b"\n")
        self._status.update()
