"""Bytes that wait to be read. A long reply is read in many equal parts: what is the same for all of them is done once.

What was taken is noted when somebody asks, not part by part: a million points are a hundred parts.
"""

from collections import deque
from collections.abc import Callable
from typing import Any


def no_parts() -> bytes:
    """Give nothing: no long reply is being read."""
    raise IndexError


class WaitingBytes:
    """Bytes in order, to be taken in any number: ``size`` wait; of the first piece, ``start`` were taken."""

    def __init__(self) -> None:
        self.pieces: deque[bytes | memoryview] = deque()
        self.start = 0
        self.size = 0
        self.long = LongReplies(self)  #: gives parts of the first piece that are not counted here until it settles

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


class LongReplies:
    """Takes long replies out of an output queue."""

    def __init__(self, output: WaitingBytes) -> None:
        self._output = output
        self._left: deque[Any] | None = None  #: what :meth:`parts` has not given yet
        self._number, self._count = 0, 0  #: of the parts that it gives, and their bytes
        self._settled: Callable[[int], object] = int
        self._last_cut: tuple[bytes, int, list[bytes]] = (b"", 0, [])  #: piece, length, parts if it came again

    def parts(self, count: int, settled: Callable[[int], object]) -> Callable[[], bytes]:
        """Return a function that takes more of the first piece at each call, as long as some is left behind it.

        It does not begin where nothing of the piece was taken, and ends where anything else is taken, or all forgotten.
        It may be called while another thread uses the queue.

        Parameters
        ----------
        count : bytes of each part
        settled : is told how many bytes were taken so, when the queue notes it (:meth:`settle`)

        Returns
        -------
        function that returns a part, and raises IndexError or StopIteration at the end
        """
        self.settle()
        output = self._output
        start = output.start
        if not start:
            return no_parts
        piece = output.pieces[0]
        number = (len(piece) - 1 - start) // count
        if type(piece) is bytes and start % count == 0 and self._cut_before(piece, count):
            left: deque[Any] = deque(self._last_cut[2][start // count:])
            give: Callable[[], bytes] = left.popleft
        else:
            left = deque(slice(first, first + count) for first in range(start, start + number * count, count))
            give = map(lambda place: bytes(piece[place]), iter(left.popleft, None)).__next__
        self._left, self._number, self._count, self._settled = left, number, count, settled
        return give

    def settle(self) -> None:
        """Note what :meth:`parts` gave; it gives no more."""
        left = self._left
        if left is None:
            return
        self._left, over = None, 0
        try:
            while True:   # each is taken from here or by the function that gives parts, whichever thread it runs in
                left.pop()
                over += 1
        except IndexError:
            taken = (self._number - over) * self._count
        output = self._output
        output.start += taken
        output.size -= taken
        self._settled(taken)

    def _cut_before(self, piece: bytes, count: int) -> bool:
        """Whether the parts of a piece are kept: those of a reply that is sent again are cut once."""
        known, length, kept = self._last_cut
        if known is not piece or length != count:
            self._last_cut = piece, count, []
            return False
        if not kept:
            kept += [piece[end - count:end] for end in range(count, len(piece), count)]
        return True
