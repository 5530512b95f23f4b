"""``--json``: standard output carries JSON alone; what plug-ins and libraries print goes to standard error."""

import atexit
import contextlib
import sys
from collections.abc import Iterator
from typing import TextIO

_OUTPUT: list[TextIO] = []  #: standard output, while only JSON may be printed on it


@contextlib.contextmanager
def only_json() -> Iterator[None]:
    """Send to standard error what is printed otherwise, also when the program ends."""
    _OUTPUT.append(sys.stdout)
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    finally:
        _OUTPUT.pop()
        atexit.unregister(_to_errors)
        atexit.register(_to_errors)   # what is registered last runs first: before the handlers of a plug-in


def write_json(text: str) -> None:
    """Print one line or more of JSON on standard output at once."""
    output = _OUTPUT[-1] if _OUTPUT else sys.stdout
    output.write(text + "\n")
    output.flush()


def _to_errors() -> None:
    sys.stdout = sys.stderr
