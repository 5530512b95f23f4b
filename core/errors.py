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
        ├── FolderInUse         another process writes into a folder of runs            exit code 3
        └── UnreadableFile      a file is truncated, foreign or not ours            exit code 2

Aborting is a status, not an error, and an extractor that finds nothing returns a flagged result.
A message names the thing, the value with its unit, the bound or expectation, and the next step.
"""

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import Any

_PLAIN_WORDS = re.compile(r"[a-z]+,? ['a-z0-9]")
_NEXT_SENTENCE = re.compile(r"\. (?=[A-Z][a-z]+ )")
_SUBJECT = re.compile(r"[\w.-]+ \([^()]*\): ")  #: an instrument's name and address, as errors begin
EXIT_INTERRUPTED = 130  #: exit code of a command that a person stopped: 128 and the number of SIGINT, as shells have it


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
        Path of the ``lock``, and the record of the owner (``station.bench.ownership.Owner``) where that is known.
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


class FolderInUse(StorageError):
    """Another process writes into a folder of runs."""

    exit_code = 3


class UnreadableFile(StorageError):
    """A file is truncated, foreign or damaged."""

    exit_code = 2


def sentences(*parts: str) -> str:
    """Return the parts of a message one after the other, each as a sentence; empty parts are left out.

    A message that is one part stays as it is: only between two parts there is a full stop, and then a capital letter
    where a common word follows. A name, such as that of an instrument before its address, keeps its letters.
    """
    found = [part for part in parts if part]
    found[1:] = [part[0].upper() + part[1:] if _PLAIN_WORDS.match(part) else part for part in found[1:]]
    ended = [part if part.endswith((".", "?", "!")) else f"{part}." for part in found[:-1]]
    return " ".join([*ended, *found[-1:]])


def first_sentence(text: object) -> str:
    """Return the first sentence of a message.

    For a note about an error that tsbench has put right itself: the state and the advice that the error names after
    its first sentence are not true any more.
    """
    return _NEXT_SENTENCE.split(" ".join(str(text).split()))[0]


def cause(error: object) -> str:
    """Return the first sentence of an instrument's error without its name, for a note that begins with this name."""
    return _SUBJECT.sub("", first_sentence(error), count=1)


def nearest(name: str, known: Iterable[str]) -> str:
    """Return ``". Did you mean 'x'?"`` for the known name nearest to ``name``, or the known names."""
    names = sorted(known)
    words = name.split("_")   # "load_resistance" is more like "load" than like "capacitance"
    close = [one for one in names if one in words] or difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    if close:
        return f". Did you mean '{close[0]}'?"
    return f". Known: {', '.join(names)}" if names else ""
