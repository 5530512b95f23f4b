"""How long the reply of one instrument may take: usually, while an output is on, and after silence."""

import contextlib
import math
from collections.abc import Callable, Iterator

_MOST_HALVES = 3  #: an eighth of a second is long enough for *IDN? on any bus
#: in a row, until the full time holds again: two of them may be those of ``*IDN?`` and of the question for a restart,
#: sent because a query had none
_ANSWERS_TO_TRUST = 3


class Patience:
    """The time [s] for one reply of an instrument.

    Parameters
    ----------
    usual : [s]
    changed : called when :attr:`seconds` may be another
    """

    def __init__(self, usual: float, changed: Callable[[], None]) -> None:
        self._usual = usual
        self._changed = changed
        self._hurry = math.inf  #: [s] while an output is on
        self.doubts = 0  #: messages without a reply since the instrument was last trusted
        self._answers = 0  #: in a row since then

    @property
    def seconds(self) -> float:
        """Return the longest time for one reply [s]."""
        return min(self._usual, self._hurry * 0.5 ** min(self.doubts, _MOST_HALVES))

    @property
    def hurried(self) -> bool:
        """Whether :meth:`hurry` holds."""
        return math.isfinite(self._hurry)

    def hurry(self, longest: float) -> None:
        """Wait at most ``longest`` [s] for one reply from now on; inf: as long as usual.

        After a message without a reply the next one, which asks whether the instrument is still there, has half of its
        time, and so on, until three messages in a row are answered. So an instrument that is silent for good, or never
        answers one of its queries, keeps outputs on for less than twice ``longest``.
        """
        if longest != self._hurry:
            self._hurry = longest
            self._changed()

    def unanswered(self) -> None:
        """Note that a message had no reply."""
        self.doubts, self._answers = self.doubts + 1, 0
        if self.hurried:
            self._changed()

    def answered(self) -> None:
        """Note that a message had its reply, where there are doubts."""
        self._answers += 1
        if self._answers >= _ANSWERS_TO_TRUST:
            self.doubts = 0
            if self.hurried:
                self._changed()

    @contextlib.contextmanager
    def at_most(self, longest: float) -> Iterator[None]:
        """Wait at most ``longest`` [s] for one reply meanwhile, less where the usual time is shorter."""
        with self._meanwhile(min(longest, self._usual), self._hurry):
            yield

    @contextlib.contextmanager
    def at_least(self, least: float) -> Iterator[None]:
        """Wait at least ``least`` [s] for one reply meanwhile: for a long reply on a slow interface."""
        with self._meanwhile(max(least, self._usual), max(least, self._hurry)):
            yield

    @contextlib.contextmanager
    def _meanwhile(self, usual: float, hurry: float) -> Iterator[None]:
        before = self._usual, self._hurry
        self._usual, self._hurry = usual, hurry
        self._changed()
        try:
            yield
        finally:
            self._usual, self._hurry = before
            self._changed()
