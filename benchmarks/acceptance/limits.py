"""Ends a case whose driver loops for ever, whatever else the computer does meanwhile.

pyvisa-py's HiSLIP session turns a ``TimeoutError`` that is raised in it into a timeout of its own, so that a case that
is ended by one may go on and pass. What ends a case is therefore no ``Exception``.
"""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

LONGEST_CASE = 600.0   #: [s] of wall clock for one case, and then for the end of its driver and its bench
LONGEST_READ = 5.0   #: [s] of processor time of the driver's thread in one read by a wire; the longest needs 0.1 s
_TICK = 0.5   #: [s] of wall clock between two looks
#: the read of pyvisa's sessions that goes on until it has the bytes that were asked for
_READ = ("pyvisa/resources/messagebased.py", "read_bytes")


class TooLong(BaseException):
    """A case does not end. No driver catches it."""


class Watch:
    """Looks now and then at what the driver's thread does.

    Parameters
    ----------
    by_wire : whether the instrument is simulated in another thread: this one's processor time is then the driver's
    """

    def __init__(self, by_wire: bool) -> None:
        self._by_wire = by_wire
        self._ends = time.monotonic() + LONGEST_CASE
        self._read: FrameType | None = None
        self._read_began = 0.0   #: [s] of processor time

    def look(self, _number: int, frame: FrameType | None) -> None:
        """Act on the timer's signal.

        Raises
        ------
        TooLong
            One read has used :data:`LONGEST_READ`, or the case :data:`LONGEST_CASE`. It is raised once: what closes the
            driver and the bench then has as much time again.
        """
        used = time.thread_time()
        read = _reading(frame)
        if read is not self._read:
            self._read, self._read_began = read, used
        if read is not None and self._by_wire and used - self._read_began > LONGEST_READ:
            raise TooLong(f"a read by {_path(read)} loops without an end")
        if time.monotonic() > self._ends:
            self._ends = time.monotonic() + LONGEST_CASE
            raise TooLong(f"did not end within {LONGEST_CASE:g} s, in {_path(frame)}")


def _reading(frame: FrameType | None) -> FrameType | None:
    """Return the read that is going on; None: there is none."""
    while frame is not None:
        code = frame.f_code
        if code.co_name == _READ[1] and Path(code.co_filename).as_posix().endswith(_READ[0]):
            return frame
        frame = frame.f_back
    return None


def _path(frame: FrameType | None) -> str:
    """Return the functions from the case to a frame: ``picture_is_a_png > download_image > ...``."""
    names: list[str] = []
    while frame is not None and frame.f_code.co_name != "_outcome":
        names.append(frame.f_code.co_name)
        frame = frame.f_back
    return " > ".join(reversed(names))


@contextmanager
def limited(by_wire: bool) -> Iterator[None]:
    """End what is done inside when it takes too long (in the main thread of a POSIX system)."""
    if not hasattr(signal, "setitimer"):
        yield
        return
    before = signal.signal(signal.SIGALRM, Watch(by_wire).look)
    signal.setitimer(signal.ITIMER_REAL, _TICK, _TICK)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)
