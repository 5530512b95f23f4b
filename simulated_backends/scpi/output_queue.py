"""The output queue of an instrument (IEEE 488.2): what its controller has not read yet."""

from collections import deque

from tsbench.simulated_backends.scpi.long_replies import LongReplies


class OutputQueue:
    """Bytes in order, put in as whole replies and taken out in parts of any size."""

    def __init__(self) -> None:
        self.pieces: deque[bytes | memoryview] = deque()
        self.start = 0  #: bytes of the first piece that were taken
        self.size = 0  #: bytes that wait
        self.long = LongReplies(self)  #: gives parts of the first piece that are not counted here until it settles

    def add(self, piece: bytes | memoryview) -> None:
        """Put bytes behind what waits."""
        if len(piece) > 0:
            self.pieces.append(piece)
            self.size += len(piece)

    def clear(self) -> None:
        """Forget everything."""
        self.long.settle()
        self.pieces.clear()
        self.start = self.size = 0

    def find(self, letter: int, limit: int) -> int:
        """Return the index of a byte among the first ``limit``; -1 if it is not there."""
        self.long.settle()
        passed, start = 0, self.start
        for piece in self.pieces:
            found = bytes(piece[start:start + limit - passed]).find(letter)
            if found >= 0:
                return passed + found
            passed += len(piece) - start
            if passed >= limit:
                break
            start = 0
        return -1

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

    def take(self, count: int) -> bytes:
        """Take ``count`` bytes (one at least), which must be there."""
        self.long.settle()
        parts = []
        while count > 0:
            piece = self.pieces[0]
            part = bytes(piece[self.start:self.start + count])
            count -= len(part)
            self.size -= len(part)
            self.start += len(part)
            if self.start == len(piece):
                self.pieces.popleft()
                self.start = 0
            parts.append(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)
