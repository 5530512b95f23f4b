"""Locks of one instrument, as VISA and HiSLIP (IVI-6.1) know them: exclusive, shared by a key, or both."""

from collections import Counter


class InstrumentLock:
    """The locks that clients hold. A client is any hashable thing, and may hold a lock several times."""

    def __init__(self) -> None:
        self.exclusive: object | None = None  #: the client that has the exclusive lock
        self.sharing: Counter[object] = Counter()  #: clients that have the shared lock, and how often
        self.key: bytes | str = ""  #: of the shared lock
        self._depth = 0  #: how often ``exclusive`` has it

    def admits(self, client: object) -> bool:
        """Whether ``client`` may talk."""
        if self.exclusive is not None:
            return self.exclusive == client
        return not self.sharing or client in self.sharing

    def holds(self, client: object, key: bytes | str) -> bool:
        """Whether ``client`` has already what it asks for."""
        return client in self.sharing if key else self.exclusive == client

    def take(self, client: object, key: bytes | str = "") -> bool:
        """Give ``client`` the lock shared by ``key``, or with no key the exclusive one; False: not now."""
        if self.exclusive is not None and self.exclusive != client:
            return False
        if self.sharing and client not in self.sharing and key != self.key:
            return False
        if not key:
            self.exclusive, self._depth = client, self._depth + 1
            return True
        self.key = self.key if self.sharing else key
        self.sharing[client] += 1
        return True

    def release(self, client: object) -> str:
        """Take back one lock of ``client``; return "exclusive", "shared" or "" if it had none."""
        if self.exclusive == client:
            self._depth -= 1
            if self._depth == 0:
                self.exclusive = None
            return "exclusive"
        if client in self.sharing:
            self.sharing[client] -= 1
            if not self.sharing[client]:
                del self.sharing[client]
            return "shared"
        return ""

    def forget(self, client: object) -> None:
        """Drop everything ``client`` holds."""
        while self.release(client):
            pass

    @property
    def holders(self) -> int:
        """Return how many clients hold a lock."""
        return len(set(self.sharing) | ({self.exclusive} if self.exclusive is not None else set()))
