"""Long replies are read in many equal parts: what is the same for all of them is done once."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Protocol


class PartlyTaken(Protocol):
    """An output queue: ``size`` bytes wait; of the first piece, ``start`` bytes were taken."""

    pieces: deque[bytes | memoryview]
    start: int
    size: int


class LongReplies:
    """Takes long replies out of an output queue."""

    def __init__(self, output: PartlyTaken) -> None:
        self._output = output
        self._last_cut: tuple[bytes, int, list[bytes]] = (b"", 0, [])  #: piece, length, parts if it came again

    def parts(self, count: int, wait: Callable[[float], None], seconds: float) -> Iterator[bytes]:
        """Take more of the first piece, ``count`` bytes (one at least) at a time, as long as some are left behind them.

        ``wait(seconds)`` is called for each. It ends where something else than these parts is taken or put in, and does
        not begin where nothing of the piece was taken.
        """
        output = self._output
        pieces, start = output.pieces, output.start
        if not start:
            return
        piece = pieces[0]
        for part in self._cut(piece, start, count):
            if output.start != start or pieces[0] is not piece:   # an empty queue starts at 0
                return
            output.start = start = start + count
            output.size -= count
            wait(seconds)
            yield part

    def _cut(self, piece: bytes | memoryview, start: int, count: int) -> Iterable[bytes]:
        """Return parts of a piece; those of a reply that is sent again are cut once, and kept."""
        if type(piece) is not bytes or start % count:
            return (bytes(piece[end - count:end]) for end in range(start + count, len(piece), count))
        known, length, kept = self._last_cut
        if known is piece and length == count and not kept:
            kept += [piece[end - count:end] for end in range(count, len(piece), count)]
        elif known is not piece or length != count:
            self._last_cut = piece, count, []
            return (piece[end - count:end] for end in range(start + count, len(piece), count))
        return islice(kept, start // count, None)
