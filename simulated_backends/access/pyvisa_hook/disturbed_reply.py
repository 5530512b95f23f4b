"""Replies of one VISA session that a fault has changed, cut short or held up."""

from tsbench.simulated_backends.scpi.message import Talk
from tsbench.simulated_backends.world.faults import Fault


class DisturbedReply:
    """What has arrived, and what comes later."""

    def __init__(self) -> None:
        self._arrived = bytearray()  #: not read to its end
        self._breaks: Fault | None = None  #: the connection is lost where ``_arrived`` ends
        self.late: list[tuple[float, bytes]] = []  #: replies that missed their read: (when they arrive, what)

    @property
    def waiting(self) -> bool:
        """Whether a read gets this, and not what the instrument has to say."""
        return bool(self._arrived) or self._breaks is not None

    def add(self, reply: bytes, breaking: Fault | None = None) -> None:
        """Let a reply arrive as it is now, or up to where ``breaking`` ends the connection."""
        self._arrived += reply if breaking is None else reply[: breaking.bytes]
        self._breaks = breaking

    def arrive(self, now: float) -> None:
        """Let the first late reply arrive, if its time [s] has come."""
        if self.late and self.late[0][0] <= now:
            self._arrived += self.late.pop(0)[1]

    def breaks_within(self, count: int) -> Fault | None:
        """Return the fault that ends the connection before ``count`` bytes are read; it then has happened."""
        if self._breaks is None or count <= len(self._arrived):
            return None
        fault, self._breaks = self._breaks, None
        self._arrived.clear()
        return fault

    def take(self, count: int, termchar: int | None) -> tuple[bytes, Talk]:
        """Give bytes as ``talk`` does of a reply that is whole."""
        size = min(count, len(self._arrived))
        found = -1 if termchar is None else self._arrived.find(termchar, 0, size)
        size = found + 1 if found >= 0 else size
        data = bytes(self._arrived[:size])
        del self._arrived[:size]
        if not self.waiting:
            return data, Talk.END
        return data, Talk.TERMCHAR if found >= 0 else Talk.COUNT

    def clear(self, now: float) -> None:
        """Forget what has arrived by ``now`` [s]."""
        self._arrived.clear()
        self.late = [(time, reply) for time, reply in self.late if time > now]
