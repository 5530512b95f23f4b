"""Raw SCPI sockets: a message ends with a newline that is not inside of a block; replies come as they are.

There is no END, no device clear, no status query and no service request. An unread reply stays
in the stream: after a query that timed out, the next one reads the old reply (as with real instruments).
"""

import socket

from tsbench.simulated_backends.access.servers.clients import MOST_WAITING, Client, Message
from tsbench.simulated_backends.access.servers.connections import ENOUGH, ClientConnection, Connections
from tsbench.simulated_backends.access.servers.served_instrument import ServedInstrument


class ScpiSocket(Client):
    """One client of an instrument's socket port."""

    def __init__(self, connections: Connections, link: socket.socket, served: ServedInstrument) -> None:
        super().__init__()
        self._served = served
        self._input = bytearray()
        self._connection = _Stream(connections, link, self)
        served.join(self)

    def received(self, data: bytes) -> None:
        """Cut what has come into messages."""
        self._input += data
        framing = self._served.instrument.framing
        if framing.message_end not in data:
            if len(self._input) > self._served.instrument.input_buffer_size:
                self._input.clear()
                self._served.overflow()
            return
        messages, rest = framing.messages(bytes(self._input), end=False)
        self._input[:] = rest
        self.queue.extend(Message(content) for content in messages if framing.empty or content.strip(b" \t\r\0"))

    def deliver(self, reply: bytes, message: Message, only: int | None = None) -> None:
        """Put the reply into the stream."""
        self._connection.send(reply[:only])

    @property
    def congested(self) -> bool:
        """Whether it has not taken enough of what it was sent."""
        return self._connection.unsent > ENOUGH

    def cut(self) -> None:
        """Lose the connection."""
        self._connection.cut()

    def left(self) -> None:
        """The connection has ended."""
        self._served.leave(self)


class _Stream(ClientConnection):
    def __init__(self, connections: Connections, link: socket.socket, client: ScpiSocket) -> None:
        super().__init__(connections, link)
        self._client = client

    def received(self, data: bytes) -> None:
        self._client.received(data)

    @property
    def crowded(self) -> bool:
        return len(self._client.queue) > MOST_WAITING

    def closed(self) -> None:
        self._client.left()
