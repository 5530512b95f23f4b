"""The output queue of an instrument: replies that wait to be read. A long reply is not copied before it is read."""

from collections import deque


class OutputQueue:
    """Bytes in order, put in as whole replies and taken out in parts of any size."""

    def __init__(self) -> None:
        self._pieces: deque[bytes] = deque()
        self._start = 0  #: bytes of the first piece that were taken
        self.size = 0  #: bytes that wait

    def __len__(self) -> int:
        return self.size

    def add(self, piece: bytes) -> None:
        """Put bytes behind what waits."""
        if piece:
            self._pieces.append(piece)
            self.size += len(piece)

    def clear(self) -> None:
        """Forget everything."""
        self._pieces.clear()
        self._start = self.size = 0

    def find(self, letter: int, limit: int) -> int:
        """Return the index of a byte among the first ``limit``; -1 if it is not there."""
        passed, start = 0, self._start
        for piece in self._pieces:
            found = piece.find(letter, start, start + limit - passed)
            if found >= 0:
                return passed + found - start
            passed += len(piece) - start
            if passed >= limit:
                break
            start = 0
        return -1

    def take(self, count: int) -> bytes:
        """Take ``count`` bytes (one at least), which must be there."""
        piece, end = self._pieces[0], self._start + count
        if end < len(piece):   # a part of a long reply
            part = piece[self._start:end]
            self._start = end
            self.size -= count
            return part
        parts = []
        while count > 0:
            piece = self._pieces[0]
            part = piece[self._start:self._start + count]
            count -= len(part)
            self.size -= len(part)
            self._start += len(part)
            if self._start == len(piece):
                self._pieces.popleft()
                self._start = 0
            parts.append(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)
