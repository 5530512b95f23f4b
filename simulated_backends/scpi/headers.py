"""Finds the declared command for a received header, in a tree of header patterns."""

import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.parameters import long_and_short, middle_spellings
from tsbench.simulated_backends.scpi.syntax import capitals, split_program

_PIECE = re.compile(r"\[|\]|:?(?:\{(?P<alternatives>[^}]+)\}|(?P<word>\*?[A-Za-z_]+\d*))(?P<suffix><[^>]*>)?")
#: one header with one argument, without any letter that separates or quotes: the usual setting
_PLAIN = re.compile(rb"([*:A-Za-z0-9_?]+) +([^\s;,'\"#()]+)")
_MOST_KEPT = 10_000  #: headers, and messages, that need not be read again
_SHORT = 80  #: bytes of a message that is kept
_DIGITS = re.compile(r"^(.*?[A-Za-z_])(\d+)$")
_MOST_SUFFIX_DIGITS = 10  #: a suffix of so many is out of range


@dataclass(frozen=True)
class _PatternNode:
    words: tuple[str, ...]
    captures_word: bool
    suffix: tuple[int, int] | None  #: range of the numeric suffix
    slot: int  #: position among the pattern's nodes


def parse_pattern(pattern: str) -> list[list[_PatternNode]]:
    """Return every sequence of nodes the pattern stands for (optional nodes in and out)."""
    sequences: list[list[list[_PatternNode]]] = [[[]]]
    slot, position = 0, 0
    while position < len(pattern):
        match = _PIECE.match(pattern, position)
        if match is None:
            raise ValueError(f"bad command pattern {pattern!r} at {pattern[position:]!r}")
        position = match.end()
        if match.group() == "[":
            sequences.append([[]])
        elif match.group() == "]":
            inside = sequences.pop()
            sequences[-1] = [before + part for before in sequences[-1] for part in [*inside, []]]
        else:
            alternatives = match.group("alternatives")
            words = tuple(alternatives.split("|")) if alternatives else (match.group("word"),)
            node = _PatternNode(words, bool(alternatives), _suffix_range(match.group("suffix")), slot)
            slot += 1
            sequences[-1] = [[*sequence, node] for sequence in sequences[-1]]
    return sequences[0]


def _suffix_range(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    low, _, high = text.strip("<>").partition("-")
    return (int(low), int(high)) if high else (1, 1_000_000)


@dataclass(frozen=True)
class HeaderEntry:
    """What a header leads to. ``call(owner, key, arguments)`` may return text, bytes, None or a generator.

    The owner is the instrument, or the command table that ``table`` finds in it. ``pattern`` is the header as it is
    declared.
    """

    call: Callable[[Any, tuple[Any, ...], list[bytes]], Any]
    name: str
    table: Callable[[Any], Any] | None = None
    pattern: str = ""


@dataclass(frozen=True)
class ProgramUnit:
    """One unit of a message: its command, or the error of its header."""

    header: str
    arguments: list[bytes]
    entry: HeaderEntry | None = None
    key: tuple[Any, ...] = ()
    error: tuple[int, str] | None = None  #: SCPI number, detail


@dataclass(frozen=True)
class _Capture:
    """One captured item: a fixed word, or the suffix at a position of the header (None: left out)."""

    word: str | None = None
    position: int | None = None
    low: int = 1
    high: int = 1


@dataclass
class _Leaf:
    entry: HeaderEntry
    captures: tuple[_Capture, ...]
    suffixed: frozenset[int]  #: positions of the header that may have a suffix


@dataclass
class _Node:
    children: "dict[str, _Node]" = field(default_factory=dict)
    abbreviated: "dict[str, _Node]" = field(default_factory=dict)  #: by spellings between short and long form
    command: _Leaf | None = None
    query: _Leaf | None = None

    def child(self, word: str) -> "_Node | None":
        """Return the node that a received word, in capitals, leads to."""
        return self.children.get(word) or self.abbreviated.get(word)


@dataclass(frozen=True)
class Context:
    """Where a header without leading colon goes on: the path of the previous unit without its last node."""

    node: _Node
    suffixes: tuple[int | None, ...] = ()


class CommandTree:
    """All commands of one instrument class.

    Parameters
    ----------
    any_length : bool
        A word may have any length from its short to its long form. SCPI-99 (volume 1, 6.2.1) has these two forms only.
    """

    def __init__(self, any_length: bool = False) -> None:
        self._any_length = any_length
        self.root = _Node()
        self.start = Context(self.root)
        self._resolved: dict[
            tuple[int, tuple[int | None, ...], str], tuple[HeaderEntry, tuple[Any, ...], Context]
        ] = {}
        self._programs: dict[bytes, tuple[ProgramUnit, ...]] = {}  #: messages that have been read before

    def add(self, pattern: str, entry: HeaderEntry) -> None:
        """Declare ``pattern``; a later declaration of the same header replaces an earlier one."""
        query = pattern.endswith("?")
        sequences = parse_pattern(pattern.rstrip("?"))
        everything = max(sequences, key=len)
        for sequence in sequences:
            for words in itertools.product(*(node.words for node in sequence)):
                self._insert(sequence, words, everything, entry, query)

    def _insert(
        self,
        sequence: list[_PatternNode],
        words: tuple[str, ...],
        everything: list[_PatternNode],
        entry: HeaderEntry,
        query: bool,
    ) -> None:
        present = {node.slot: position for position, node in enumerate(sequence)}
        captures: list[_Capture] = []
        for node in everything:
            position = present.get(node.slot)
            if node.captures_word:
                word = words[position] if position is not None else node.words[0]
                captures.append(_Capture(word=long_and_short(word)[1]))
            if node.suffix:
                captures.append(_Capture(None, position, *node.suffix))
        suffixed = frozenset(position for position, node in enumerate(sequence) if node.suffix)
        here = self.root
        for word in words:
            long, short = long_and_short(word)
            child = here.children.get(long) or here.children.get(short) or _Node()
            here.children[long] = here.children[short] = child
            for spelling in middle_spellings(word) if self._any_length else ():
                here.abbreviated.setdefault(spelling, child)
            here = child
        leaf = _Leaf(entry, tuple(captures), suffixed)
        if query:
            here.query = leaf
        else:
            here.command = leaf

    def limit_suffix(self, word: str, highest: int) -> None:
        """Refuse larger suffixes of a node at the root: ``limit_suffix("CHANnel", 2)``."""
        node = self.root.children.get(long_and_short(word)[0])
        waiting, seen = ([node] if node is not None else []), set[int]()
        while waiting:
            here = waiting.pop()
            if id(here) in seen:   # its long and its short form lead to it
                continue
            seen.add(id(here))
            for leaf in (here.command, here.query):
                if leaf is not None:
                    leaf.captures = tuple(
                        replace(capture, high=min(capture.high, highest)) if capture.position == 0 else capture
                        for capture in leaf.captures)
            waiting.extend(here.children.values())

    def forget(self, word: str) -> None:
        """Remove a node at the root, with everything below it: ``forget("SYSTem")``."""
        for spelling in (*long_and_short(word), *middle_spellings(word)):
            self.root.children.pop(spelling, None)
            self.root.abbreviated.pop(spelling, None)

    def units(self, message: bytes) -> tuple[ProgramUnit, ...]:
        """Return the units of a message, up to the first whose header is wrong. The rest is discarded."""
        found = self._programs.get(message)
        if found is None:
            found = self._read(message)
            if len(message) <= _SHORT and len(self._programs) < _MOST_KEPT:
                self._programs[message] = found
        return found

    def _read(self, message: bytes) -> tuple[ProgramUnit, ...]:
        context, units = self.start, []
        plain = _PLAIN.fullmatch(message)
        program = [(plain[1].decode("ascii"), [plain[2]])] if plain else split_program(message)
        for header, arguments in program:
            try:
                entry, key, context = self.resolve(header, context)
            except ScpiError as error:
                units.append(ProgramUnit(header, arguments, error=(error.code, error.detail)))
                break
            units.append(ProgramUnit(header, arguments, entry, key))
        return tuple(units)

    def resolve(self, header: str, context: Context) -> tuple[HeaderEntry, tuple[Any, ...], Context]:
        """Return the entry of a header, what it captured, and the context for the next unit.

        Raises
        ------
        ScpiError
            -113 for an unknown header, -114 for a suffix out of range.
        """
        lookup = (id(context.node), context.suffixes, header)
        found = self._resolved.get(lookup)
        if found is None:
            found = self._resolve(header, context)
            if len(self._resolved) < _MOST_KEPT:
                self._resolved[lookup] = found
        return found

    def _resolve(self, header: str, context: Context) -> tuple[HeaderEntry, tuple[Any, ...], Context]:
        query = header.endswith("?")
        words = capitals(header.rstrip("?"))
        common = words.lstrip(":").startswith("*")
        if words.startswith(":") or common:
            here, suffixes = self.root, list[int | None]()
            words = words[1:] if words.startswith(":") else words
        else:
            here, suffixes = context.node, list(context.suffixes)
        following = context if common else Context(here, tuple(suffixes))
        for word in words.split(":"):
            if not common:
                following = Context(here, tuple(suffixes))
            child = here.child(word)
            suffix: int | None = None
            if child is None and (match := _DIGITS.match(word)):
                child = here.child(match.group(1))
                digits = match.group(2)
                suffix = int(digits) if len(digits) < _MOST_SUFFIX_DIGITS else 10**_MOST_SUFFIX_DIGITS
            if child is None:
                raise ScpiError(-113, header)
            suffixes.append(suffix)
            here = child
        leaf = here.query if query else here.command
        if leaf is None:
            raise ScpiError(-113, header)
        if any(
            suffix not in {None, 1} and position not in leaf.suffixed
            for position, suffix in enumerate(suffixes)
        ):
            raise ScpiError(-114, header)
        return leaf.entry, tuple(_captured(capture, suffixes, header) for capture in leaf.captures), following


def _captured(capture: _Capture, suffixes: list[int | None], header: str) -> Any:
    if capture.word is not None:
        return capture.word
    suffix = suffixes[capture.position] if capture.position is not None else None
    if suffix is None:
        return capture.low
    if not capture.low <= suffix <= capture.high:
        raise ScpiError(-114, header)
    return suffix
