"""Executes messages in the LeCroy language: remembers the path of a header, answers with or without header.

A message has units with semicolons between them. A path (``C1:``) holds for the units behind it that have none (MAUI
remote control manual, "Header paths"). The header of a reply is short, long or left out (``CHDR``).
"""

from types import GeneratorType
from typing import ClassVar, Protocol

from tsbench.errors import TsbenchError
from tsbench.simulated_backends.lecroy.headers import long_header, short_header
from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.executing import LONGEST_TEXT, Handler, report_trouble
from tsbench.simulated_backends.scpi.headers import CommandTree, HeaderEntry
from tsbench.simulated_backends.scpi.status import StatusModel
from tsbench.simulated_backends.scpi.syntax import split_header, split_parameters, split_units

_UNKNOWN = -113


class ShortCommanded(Protocol):
    """An instrument that executes the LeCroy language."""

    tree: ClassVar[CommandTree]
    trouble: list[str]
    status: StatusModel
    reply_header: str  #: SHORT, LONG or OFF
    common_headers: ClassVar[bool]  #: whether replies to common queries (``*IDN?``) have a header

    def refuse(self, error: ScpiError) -> None:
        """Take note of a unit that cannot be executed."""


class RawReply(bytes):
    """A reply without header, whatever ``CHDR`` says: a picture of the screen."""


def execute_lecroy(instrument: ShortCommanded, message: bytes) -> Handler:
    """Execute one message and return its reply, or None; the replies of several queries are joined by semicolons."""
    replies: list[bytes] = []
    path = ""
    for unit in split_units(message):
        header, data = split_header(unit)
        if not header:
            continue
        name = short_header(header)
        try:
            entry, key, name = _resolve(instrument.tree, name, path, header.endswith("?"))
            path = name.rpartition(":")[0] or path
            owner = instrument if entry.table is None else entry.table(instrument)
            result = entry.call(owner, key, split_parameters(data))
            if isinstance(result, GeneratorType):
                result = yield from result
        except ScpiError as error:
            instrument.refuse(error)
            continue
        except TsbenchError as error:
            instrument.refuse(ScpiError(-310, text=f"System error; {error}"[:LONGEST_TEXT]))
            continue
        finally:
            if instrument.trouble:
                report_trouble(instrument)
        if result is not None:
            replies.append(_with_header(instrument, name, result))
    return b";".join(replies) if replies else None


def _resolve(tree: CommandTree, name: str, path: str, query: bool) -> tuple[HeaderEntry, tuple[object, ...], str]:
    """Return the entry of a header, what it captured, and its name with its path."""
    mark = "?" if query else ""
    if path and ":" not in name and not name.startswith("*"):
        try:
            entry, key, _ = tree.resolve(f"{path}:{name}{mark}", tree.start)
        except ScpiError as error:
            if error.code != _UNKNOWN:
                raise
        else:
            return entry, key, f"{path}:{name}"
    entry, key, _ = tree.resolve(name + mark, tree.start)
    return entry, key, name


def _with_header(instrument: ShortCommanded, name: str, result: str | bytes) -> bytes:
    text = result if isinstance(result, bytes) else str(result).encode("latin-1")
    if isinstance(result, RawReply) or instrument.reply_header == "OFF" or (
            name.startswith("*") and not instrument.common_headers):
        return text
    shown = long_header(name) if instrument.reply_header == "LONG" else name
    return shown.encode("latin-1") + b" " + text
