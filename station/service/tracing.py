"""The trace of the run that goes on: the file that gets every message on the wire, which may change meanwhile."""

import logging
import threading
from collections.abc import Callable
from pathlib import Path

from tsbench.errors import StorageError
from tsbench.instruments.links.wire_trace import start_trace, stop_trace


class RunTrace:
    """Traces one run at a time; two threads may switch it.

    Parameters
    ----------
    warn : callable
        Gets why a file that was asked for during a run cannot be written.
    """

    def __init__(self, warn: Callable[[str], None]) -> None:
        self._warn = warn
        self._lock = threading.Lock()
        self._handler: logging.Handler | None = None
        self._measuring = False

    def begin(self, file: str) -> None:
        """A run begins; ``file`` is "" where nobody wants a trace.

        Raises
        ------
        StorageError
            The file cannot be written.
        """
        with self._lock:
            self._measuring = True
            self._change(file)

    def switch(self, file: str) -> None:
        """Write to another file from now on, "" for none, if a run goes on."""
        with self._lock:
            if self._measuring:
                try:
                    self._change(file)
                except StorageError as error:
                    self._warn(str(error))

    def end(self) -> None:
        """The run is over."""
        with self._lock:
            self._measuring = False
            self._change("")

    def _change(self, file: str) -> None:
        handler, self._handler = self._handler, None
        if handler is not None:
            stop_trace(handler)
        if file:
            try:
                self._handler = start_trace(Path(file))
            except OSError as error:
                raise StorageError(f"{file}: the trace cannot be written ({error.strerror or error}). Choose another "
                                   "file with --trace") from error
