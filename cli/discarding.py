"""Output whose reader has gone."""

import contextlib
import os
from typing import IO


def discard(stream: IO[str]) -> None:
    """Point a stream at nothing, so that Python's own flush at exit does not complain again.

    Parameters
    ----------
    stream : standard output or standard error; one without a file is left as it is
    """
    with contextlib.suppress(OSError, ValueError):
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, stream.fileno())
        os.close(nothing)
