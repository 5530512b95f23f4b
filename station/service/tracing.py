"""The trace of the run that goes on: the files that get every message on the wire, which may change meanwhile."""

import logging
import threading
from collections.abc import Callable
from pathlib import Path

from tsbench.errors import StorageError
from tsbench.instruments.links.wire_trace import start_trace, stop_trace


class RunTrace:
    """Traces one run at a time, to each file that is asked for; two threads may switch it.

    A user who traces the run of another one has a file of their own: what was asked for with the run stays.

    Parameters
    ----------
    warn : callable
        Gets why a file that was asked for during a run cannot be written.
    """

    def __init__(self, warn: Callable[[str], None]) -> None:
        self._warn = warn
        self._lock = threading.Lock()
        self._handlers: dict[Path, logging.Handler] = {}
        self._measuring = False

    def begin(self, file: str) -> None:
        """Begin with a run; ``file`` is the one that was asked for with it, "" for none.

        Raises
        ------
        StorageError
            The file cannot be written.
        """
        with self._lock:
            self._measuring = True
            if file:
                self._start(Path(file))

    def switch(self, file: str, on: bool) -> None:
        """Write to a file from now on, or no more, if a run goes on; other files stay as they are."""
        with self._lock:
            if not self._measuring:
                return
            if not on:
                self._stop(Path(file))
                return
            try:
                self._start(Path(file))
            except StorageError as error:
                self._warn(str(error))

    def end(self) -> None:
        """End all traces: the run is over."""
        with self._lock:
            self._measuring = False
            for file in list(self._handlers):
                self._stop(file)

    def _start(self, file: Path) -> None:
        if file in self._handlers:
            return
        try:
            self._handlers[file] = start_trace(file)
        except OSError as error:
            raise StorageError(f"{file}: the trace cannot be written ({error.strerror or error}). Choose another "
                               "file with --trace") from error

    def _stop(self, file: Path) -> None:
        if (handler := self._handlers.pop(file, None)) is not None:
            stop_trace(handler)
