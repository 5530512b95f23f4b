"""All errors that tsbench raises on purpose.

::

    TsbenchError                exit code 1
    ├── InstrumentError         an instrument did not do what it was asked
    │   ├── CommunicationError  no reply, a garbled reply, or the connection is gone
    │   │   ├── NoReply         nothing came in time; the connection stands
    │   │   └── GarbledReply    what came cannot be what was sent; the connection stands
    │   ├── WrongInstrument     something else answers at that address              exit code 2
    │   └── InstrumentInUse     another process owns it                             exit code 3
    ├── LimitError              a limit of the device or of an instrument refused it   exit code 3
    ├── ConfigurationError      a bench, world, netlist, parameter or value is wrong   exit code 2
    └── StorageError            a run could not be written or read
        └── UnreadableFile      a file is truncated, foreign or not ours            exit code 2

Aborting is a status, not an error, and an extractor that finds nothing returns a flagged result.
A message names the thing, the value with its unit, the bound or expectation, and the next step.
"""

import difflib
from collections.abc import Iterable, Mapping
from typing import Any


class TsbenchError(Exception):
    """Base of all errors raised on purpose; ``exit_code`` is what the command line returns."""

    exit_code = 1


class InstrumentError(TsbenchError):
    """An instrument refused, reported an error, or did not do what it was asked."""


class CommunicationError(InstrumentError):
    """No reply, a garbled reply, or a lost connection."""


class NoReply(CommunicationError):
    """Nothing came within the timeout; the connection stands."""


class GarbledReply(CommunicationError):
    """A reply cannot be what the instrument sent, or answers another question; the connection stands."""


class WrongInstrument(InstrumentError):
    """Another model answers at this address than the bench file says."""

    exit_code = 2


class InstrumentInUse(InstrumentError):
    """Another process owns the instrument; the message says what was sent to it.

    Parameters
    ----------
    message : str
    owner : mapping
        Path of the ``lock``, and the record of the owner (``instruments.ownership.Owner``) where that is known.
    """

    exit_code = 3

    def __init__(self, message: str, owner: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.owner: Mapping[str, Any] = owner or {}


class LimitError(TsbenchError):
    """A value is beyond a limit of the device or of an instrument; nothing was sent."""

    exit_code = 3


class ConfigurationError(TsbenchError):
    """A bench file, world file, netlist, parameter or value cannot be used."""

    exit_code = 2


class StorageError(TsbenchError):
    """A run could not be written or read."""


class UnreadableFile(StorageError):
    """A file is truncated, foreign or damaged."""

    exit_code = 2


def nearest(name: str, known: Iterable[str]) -> str:
    """Return ``"; did you mean 'x'?"`` for the known name nearest to ``name``, or the known names."""
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    if close:
        return f"; did you mean '{close[0]}'?"
    return f"; known: {', '.join(names)}" if names else ""
