"""Locks of one instrument, as HiSLIP knows them (IVI-6.1): exclusive, shared by a key, or both."""

from dataclasses import dataclass, field


@dataclass
class InstrumentLock:
    """Who may talk. Holders are any hashable thing; each holds a kind of lock at most once."""

    exclusive: object | None = None
    sharing: set[object] = field(default_factory=set)
    key: bytes = b""

    def admits(self, client: object) -> bool:
        """Whether ``client`` may talk."""
        if self.exclusive is not None:
            return self.exclusive is client
        return not self.sharing or client in self.sharing

    def holds(self, client: object, key: bytes) -> bool:
        """Whether ``client`` has already what it asks for."""
        return client in self.sharing if key else self.exclusive is client

    def take(self, client: object, key: bytes) -> bool:
        """Give ``client`` the lock shared by ``key``, or with no key the exclusive one; False: not now."""
        if self.exclusive is not None and self.exclusive is not client:
            return False
        if key:
            if self.sharing and key != self.key:
                return False
            self.sharing.add(client)
            self.key = key
            return True
        if self.sharing and client not in self.sharing:
            return False
        self.exclusive = client
        return True

    def release(self, client: object) -> str:
        """Take back the last kind of lock of ``client``; return "exclusive", "shared" or "" if it had none."""
        if self.exclusive is client:
            self.exclusive = None
            return "exclusive"
        if client in self.sharing:
            self.sharing.discard(client)
            return "shared"
        return ""

    def forget(self, client: object) -> None:
        """Drop everything ``client`` holds."""
        while self.release(client):
            pass

    @property
    def holders(self) -> int:
        """Return how many clients hold a lock."""
        return len(self.sharing | ({self.exclusive} if self.exclusive is not None else set()))
