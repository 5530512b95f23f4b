"""The letters of program messages: where a message, a unit and a parameter end (IEEE 488.2 section 7).

Everything works on bytes, because a definite-length block may hold any byte, separators included.
"""

import re
from dataclasses import dataclass
from typing import Self

#: white space around what a message contains (IEEE 488.2, 7.4.1.2), with the line feed, which ends most messages before
WHITE = bytes(range(33))
WHITE_TEXT = WHITE.decode("ascii")  #: str.strip() alone would also take spaces of other scripts: 0xA0 of Latin-1
_INTERESTING = re.compile(rb"[\n;,'\"#()]")


class IncompleteBlockError(Exception):
    """A ``#`` block is announced but not all of its bytes have come yet."""


def capitals(text: str) -> str:
    """Return a text with capitals from A to Z: the capital of a micro sign is no byte, so no reply could hold it."""
    return text.upper() if text.isascii() else text.encode("latin-1").upper().decode("latin-1")


def block_end(data: bytes, start: int) -> int | None:
    """Return the index after the block that begins at ``data[start] == '#'``; None if it is not a block.

    Raises
    ------
    IncompleteBlockError
        More bytes are needed (an indefinite block, ``#0``, ends with the message).
    """
    if start + 1 >= len(data):
        raise IncompleteBlockError
    digit = data[start + 1 : start + 2]
    if not digit.isdigit():
        return None  # #H, #Q, #B numbers
    count = int(digit)
    if count == 0:
        raise IncompleteBlockError
    if start + 2 + count > len(data):
        raise IncompleteBlockError
    length = data[start + 2 : start + 2 + count]
    if not length.isdigit():
        return None
    end = start + 2 + count + int(length)
    if end > len(data):
        raise IncompleteBlockError
    return end


def _cuts(data: bytes, separator: bytes, newlines_in_text: bool = False) -> list[int]:
    """Return the positions of ``separator`` outside of strings, parentheses and blocks, up to an unfinished block.

    Parameters
    ----------
    data : bytes of messages
    separator : one byte
    newlines_in_text : whether a string that is closed may hold newlines where they are the separator
    """
    cuts: list[int] = []
    position, depth = 0, 0
    while match := _INTERESTING.search(data, position):
        position = match.start()
        letter = match.group()
        if letter == separator and depth == 0:
            cuts.append(position)
        elif letter in (b"'", b'"'):
            closing = data.find(letter, position + 1)
            if closing < 0:
                newline = data.find(b"\n", position) if separator == b"\n" else -1
                if newline < 0:
                    break
                position = newline - 1  # an unclosed string ends with its message
            else:
                cut = separator == b"\n" and not newlines_in_text
                newline = data.find(b"\n", position, closing) if cut else -1
                position = closing if newline < 0 else newline - 1
        elif letter == b"(":
            depth += 1
        elif letter == b")":
            depth = max(depth - 1, 0)
        elif letter == b"\n":
            depth = 0
        elif letter == b"#":
            try:
                end = block_end(data, position)
            except IncompleteBlockError:
                break
            if end is not None:
                position = end - 1
        position += 1
    return cuts


def split_messages(buffer: bytes, end: bool, newlines_in_text: bool = False) -> tuple[list[bytes], bytes]:
    """Cut the input buffer into complete messages and the unfinished rest.

    A message ends with a newline outside of a block (``newlines_in_text``: and outside of a quoted text that is
    closed), or with END (``end``).
    """
    messages = []
    start = 0
    for cut in _cuts(buffer, b"\n", newlines_in_text):
        messages.append(buffer[start:cut])
        start = cut + 1
    rest = buffer[start:]
    if end and rest:
        messages.append(rest)
        rest = b""
    return messages, rest


@dataclass(frozen=True)
class Framing:
    """Where a message of one language ends, and what ends a reply.

    Parameters
    ----------
    message_end : one byte
    reply_end : bytes behind each reply
    blocks : whether quoted text and definite-length blocks may hold the byte that ends a message
    empty : whether an empty message is executed too
    newlines_in_text : whether a quoted text may hold newlines (IEEE 488.2 allows it; most instruments end the message
        there)
    """

    message_end: bytes = b"\n"
    reply_end: bytes = b"\n"
    blocks: bool = True
    empty: bool = False
    newlines_in_text: bool = False

    def messages(self, buffer: bytes, end: bool) -> tuple[list[bytes], bytes]:
        """Cut the input buffer into complete messages and the unfinished rest; with ``end`` nothing is unfinished."""
        if self.blocks:
            return split_messages(buffer, end, self.newlines_in_text)
        *found, rest = buffer.split(self.message_end)
        if end and rest:
            return [*found, rest], b""
        return found, rest


SCPI_FRAMING = Framing()


def split_units(message: bytes) -> list[bytes]:
    """Cut a message at its semicolons."""
    return _split(message, b";")


def split_parameters(data: bytes) -> list[bytes]:
    """Cut program data at its commas; surrounding white space is dropped (not inside of a block)."""
    if not data.strip(WHITE):
        return []
    if data.find(b"#") < 0:
        return [part.strip(WHITE) for part in _split(data, b",")]
    return [part if part.lstrip(WHITE)[:1] == b"#" else part.strip(WHITE) for part in _split(data, b",")]


def _split(data: bytes, separator: bytes) -> list[bytes]:
    if data.find(separator) < 0:
        return [data]
    parts, start = [], 0
    for cut in _cuts(data, separator):
        parts.append(data[start:cut])
        start = cut + 1
    parts.append(data[start:])
    return parts


def split_header(unit: bytes) -> tuple[str, bytes]:
    """Return the header of one unit and its data: ``b" :SOUR:VOLT 1.5"`` -> ``(":SOUR:VOLT", b"1.5")``."""
    unit = unit.lstrip(b" \t\r\0")
    parts = unit.split(None, 1)
    if not parts:
        return "", b""
    header = parts[0].decode("latin-1")
    # without white space, a block or a quoted text becomes a part of the header, which no command then matches
    data = parts[1] if len(parts) > 1 else b""
    return header, data


def split_program(message: bytes) -> list[tuple[str, list[bytes]]]:
    """Return header and arguments of each unit of a message."""
    units = [split_header(unit) for unit in split_units(message)]
    return [(header, split_parameters(data)) for header, data in units if header]


@dataclass(frozen=True)
class BlockReply:
    """A definite-length block whose bytes are those of an array: a long one is not copied."""

    header: bytes
    payload: memoryview  #: of bytes

    @classmethod
    def of(cls, payload: memoryview, digits: int | None = None) -> Self:
        """Return the block of an array's ``data``, with ``digits`` of length."""
        length = str(payload.nbytes).zfill(digits or 0)
        return cls(f"#{len(length)}{length}".encode(), payload.cast("B"))

    def __bytes__(self) -> bytes:
        return self.header + self.payload


def definite_block(payload: bytes | memoryview, digits: int | None = None) -> bytes:
    """Return ``payload`` as a definite-length block, ``#<digits><length><payload>``; of an array, its ``data``."""
    return bytes(BlockReply.of(memoryview(payload), digits))


def block_payload(data: bytes) -> bytes | None:
    """Return the bytes in a definite or indefinite block; None if ``data`` is not a block."""
    data = data.lstrip(WHITE)
    if data[:1] != b"#":
        return None
    if data[1:2] == b"0":
        return data[2:]
    try:
        end = block_end(data, 0)
    except IncompleteBlockError:
        return None
    if end is None or data[end:].strip(WHITE):
        return None
    return data[2 + int(data[1:2]) : end]
