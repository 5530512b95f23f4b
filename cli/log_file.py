"""What ``--log``, ``--verbose`` and ``--trace`` do: the standard library's logging, for the time of one command.

Loggers are named as the modules are, below ``tsbench``; programs that import tsbench set them up as any others.
``--log FILE`` and ``--verbose`` show all of them. ``--trace FILE`` is apart: every message on the wire
(:mod:`tsbench.instruments.links.wire_trace`).
"""

import argparse
import contextlib
import logging
import sys
from collections.abc import Callable, Iterator

from tsbench.version import __version__

_LINE = "%(asctime)s.%(msecs)03d %(levelname)s %(name)s: %(message)s"
_CLOCK = "%Y-%m-%d %H:%M:%S"
_ALL = logging.getLogger("tsbench")
_LOG = logging.getLogger(__name__)


def carry_out_logged(command: Callable[[argparse.Namespace], int], options: argparse.Namespace) -> int:
    """Carry out a command and log how it begins and ends; return its exit code.

    Raises
    ------
    OSError
        A file cannot be written.
    """
    with _logging_as(options):
        _LOG.info("tsbench %s, Python %s: %s", __version__, sys.version.split()[0], " ".join(sys.argv[1:]))
        try:
            code = command(options)
        except BaseException as error:
            _LOG.error("the command ends with %s: %s", type(error).__name__, error, exc_info=True)
            raise
        _LOG.info("the command ends with exit code %d", code)
        return code


@contextlib.contextmanager
def _logging_as(options: argparse.Namespace) -> Iterator[None]:
    with contextlib.ExitStack() as until:
        handlers: list[logging.Handler] = []
        if file := getattr(options, "log", None):
            file.parent.mkdir(parents=True, exist_ok=True)
            handlers.append(logging.FileHandler(file, encoding="utf-8"))
        if getattr(options, "verbose", False):
            handlers.append(logging.StreamHandler(sys.stderr))
        if handlers:
            until.callback(_ALL.setLevel, _ALL.level)
            _ALL.setLevel(logging.DEBUG)
        for handler in handlers:
            handler.setFormatter(logging.Formatter(_LINE, _CLOCK))
            _ALL.addHandler(handler)
            until.callback(handler.close)
            until.callback(_ALL.removeHandler, handler)
        if file := getattr(options, "trace", None):
            from tsbench.instruments.links.wire_trace import start_trace, stop_trace

            until.callback(stop_trace, start_trace(file))
        yield
