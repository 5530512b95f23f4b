"""A trace of every message on the wire, which a user can attach to a question.

Each VISA operation is one line with six parts: time at its end, instrument, operation, duration [s], message, and reply
or error. Tabs separate the parts. The logger ``tsbench.wire`` writes the lines to the trace file and to no other place.
Without ``--trace FILE`` the logger is off, and an operation only checks the level of the logger.
"""

import logging
import time
from pathlib import Path

WIRE = logging.getLogger("tsbench.wire")
WIRE.propagate = False
WIRE.setLevel(logging.CRITICAL)  # off
_files: list[logging.Handler] = []  #: that are written now

HEADER = "# time\tinstrument\toperation\tduration [s]\tmessage\treply or error"
LONGEST = 200  #: characters of a message or a reply that are shown


def start_trace(file: Path) -> logging.Handler:
    """Write every message from now on to the end of ``file``; its folder is made where it is missing.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a", encoding="utf-8") as stream:
        stream.write(f"{HEADER}\n")
    handler = logging.FileHandler(file, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s.%(msecs)03d\t%(message)s", "%Y-%m-%d %H:%M:%S"))
    _files.append(handler)
    WIRE.addHandler(handler)
    WIRE.setLevel(logging.DEBUG)
    return handler


def stop_trace(handler: logging.Handler) -> None:
    """End the trace that ``start_trace`` has begun."""
    WIRE.removeHandler(handler)
    handler.close()
    _files.remove(handler)
    if not _files:
        WIRE.setLevel(logging.CRITICAL)


def trace(instrument: str, operation: str, began: float, message: str, answer: str | bytes) -> None:
    """Write one line.

    Parameters
    ----------
    instrument : its name on the bench
    operation : "write", "read", "open", "clear", "poll"
    began : [s] of ``time.perf_counter``
    message : that was sent; for a read, the query that is answered
    answer : reply or error; bytes are shown as their number
    """
    text = f"<{len(answer)} bytes>" if isinstance(answer, bytes) else answer
    WIRE.debug(
        "%s\t%s\t%.6f\t%s\t%s", instrument, operation, time.perf_counter() - began, shortened(message),
        shortened(text))


def shortened(text: str) -> str:
    """Return one line of at most :data:`LONGEST` characters and a count of the rest; control characters escaped."""
    rest = len(text) - LONGEST
    head = text[:LONGEST] if rest > 0 else text
    if not head.isprintable():
        head = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in head)
    return f"{head} … ({rest} more)" if rest > 0 else head
