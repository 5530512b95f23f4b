"""A product spoilt on purpose: what a check of faults must find."""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from unittest import mock

from tsbench.instruments.keithley_2450.driver import Keithley2450
from tsbench.instruments.keysight_33500.driver import Keysight33500
from tsbench.station.runner.outcome import RunOutcome
from tsbench.storage.journal.writer import JournalWriter


@contextlib.contextmanager
def _output() -> Iterator[None]:
    """Making safe switches nothing off, and says it did."""
    with (
        mock.patch.object(Keithley2450, "safe_state", lambda self: None),
        mock.patch.object(Keysight33500, "safe_state", lambda self: None),
        mock.patch.object(Keithley2450, "output_states", lambda self: []),
        mock.patch.object(Keysight33500, "output_states", lambda self: []),
    ):
        yield


@contextlib.contextmanager
def _data() -> Iterator[None]:
    """The journal drops every point, which is acknowledged all the same."""
    with mock.patch.object(JournalWriter, "point", lambda self, point: None):
        yield


@contextlib.contextmanager
def _line() -> Iterator[None]:
    """Nobody is told why."""
    with mock.patch.object(RunOutcome, "line", ""):
        yield


SABOTAGES: Mapping[str, Callable[[], AbstractContextManager[None]]] = {
    "": contextlib.nullcontext, "output": _output, "data": _data, "line": _line,
}
