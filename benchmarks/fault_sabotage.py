"""A product spoilt on purpose: what a check of faults must find."""

import contextlib
import dataclasses
import inspect
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any
from unittest import mock

from tsbench.instruments.interfaces.common import OutputState
from tsbench.instruments.registry import DRIVERS, driver_class
from tsbench.station.runner.outcome import RunOutcome
from tsbench.storage.journal.writer import JournalWriter


def driving_classes() -> list[type]:
    """Return the classes of all our drivers, terminals and common parts that make an output safe themselves."""
    for name in DRIVERS.offers():
        driver_class(name)   # imports its modules
    homes = [module for name, module in list(sys.modules.items()) if name.startswith("tsbench.instruments.")
             and not name.startswith(("tsbench.instruments.interfaces", "tsbench.instruments.guard"))]
    found = {kind for home in homes for _, kind in inspect.getmembers(home, inspect.isclass)
             if kind.__module__ == home.__name__ and "safe_state" in vars(kind)}
    return sorted(found, key=lambda kind: (kind.__module__, kind.__qualname__))


def _said_off(read_back: Callable[[Any], Sequence[OutputState]]) -> Callable[[Any], list[OutputState]]:
    """Return what asks for the states of the outputs, and says that each is off."""
    return lambda driver: [dataclasses.replace(state, enabled=False) for state in read_back(driver)]


@contextlib.contextmanager
def _output() -> Iterator[None]:
    """Making safe switches nothing off, and says it did: in each driver."""
    with contextlib.ExitStack() as stack:
        for kind in driving_classes():
            stack.enter_context(mock.patch.object(kind, "safe_state", lambda self: None))
            if "output_states" in vars(kind):
                stack.enter_context(mock.patch.object(kind, "output_states", _said_off(vars(kind)["output_states"])))
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
