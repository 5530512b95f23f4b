"""What people decided of a run: stars, rejections with a reason, notes. They are beside it, as ``RUN.review.jsonl``.

The run file is never changed. Each decision is one line, which is appended and never changed, so the file tells who
decided what and when.
"""

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tsbench.errors import ConfigurationError, StorageError, UnreadableFile
from tsbench.storage import disk, run_id
from tsbench.storage.beside import alone

SUFFIX = ".review.jsonl"
KINDS = ("star", "unstar", "reject", "accept", "note")
WITH_TEXT = ("reject", "note")  #: those that need one
_LONGEST = 4_000  #: characters of a text
_LARGEST = 2**20  #: [bytes]


@dataclass(frozen=True)
class ReviewLine:
    """One line of a review."""

    kind: str  #: one of ``KINDS``
    text: str  #: the reason of a rejection, or the note
    user: str
    time: str  #: as in ISO 8601


@dataclass(frozen=True)
class Review:
    """What people decided of a run."""

    decisions: tuple[ReviewLine, ...] = ()  #: in their order
    problem: str = ""  #: which lines cannot be read; "" where all can

    @property
    def starred(self) -> bool:
        """Whether the last decision on the star gave it one."""
        last = self._last("star", "unstar")
        return last is not None and last.kind == "star"

    @property
    def rejected(self) -> str:
        """Why the run is rejected; "" where it counts."""
        last = self._last("reject", "accept")
        return last.text if last is not None and last.kind == "reject" else ""

    @property
    def notes(self) -> tuple[str, ...]:
        """The notes, in their order."""
        return tuple(one.text for one in self.decisions if one.kind == "note")

    def in_words(self) -> str:
        """Return the review as one line."""
        parts = (["star"] if self.starred else []) + ([f"rejected ({self.rejected})"] if self.rejected else [])
        return "; ".join([*parts, *(f"note: {one}" for one in self.notes)]) or "no decision"

    def _last(self, *kinds: str) -> ReviewLine | None:
        return next((one for one in reversed(self.decisions) if one.kind in kinds), None)


def review_path(run_file: Path) -> Path:
    """Return the path of the review of a run file."""
    return run_file.with_name(run_file.stem + SUFFIX)


def decide(run_file: Path, kind: str, text: str = "", user: str = "") -> Review:
    """Append a decision to the review of a run file, on disk when this returns, and return the review.

    Parameters
    ----------
    run_file : Path
    kind : "star", "unstar", "reject", "accept" or "note"
    text : the reason of a rejection, or the note
    user : who decides

    Raises
    ------
    ConfigurationError
        No such run file or kind, no text where one is needed, or a text that is too long.
    StorageError
        The decision cannot be written, or another process writes beside this run file.
    """
    text = " ".join(text.split())
    if kind not in KINDS:
        raise ConfigurationError(f"there is no decision '{kind}'. The decisions are {', '.join(KINDS)}")
    if kind in WITH_TEXT and not text:
        needed = "state the reason of the rejection" if kind == "reject" else "a note needs a text"
        raise ConfigurationError(f"{run_file}: {needed}")
    if len(text) > _LONGEST:
        raise ConfigurationError(f"{run_file}: the text has {len(text)} characters. {_LONGEST} are allowed")
    if not run_file.is_file():
        raise ConfigurationError(f"{run_file}: this run file does not exist")
    path = review_path(run_file)
    line = json.dumps({"kind": kind, "text": text, "user": user, "time": run_id.timestamp()}, ensure_ascii=False)
    try:
        with alone(run_file):
            if path.exists() and path.stat().st_size + len(line) > _LARGEST:
                raise StorageError(f"{path}: the review would be larger than {_LARGEST / 1e6:.0f} MB. Delete it, or "
                                   "keep it elsewhere")
            _append(path, line.encode())
    except OSError as error:
        raise disk.storage_error(error, path, "the decision", kept=False) from error
    return read_review(run_file)


def read_review(run_file: Path) -> Review:
    """Return the review of a run file. It is empty if nobody has decided anything.

    Lines that cannot be read are left out, and ``problem`` tells them.
    """
    path = review_path(run_file)
    try:
        if path.stat().st_size > _LARGEST:
            return Review(problem=f"{path}: the file is larger than {_LARGEST / 1e6:.0f} MB, too large for a review")
        lines = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return Review()
    except OSError as error:
        return Review(problem=f"{path}: the file cannot be read ({error.strerror or error})")
    found: list[ReviewLine] = []
    bad: list[int] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            found.append(_decision(line))
        except (UnreadableFile, ValueError, RecursionError):
            bad.append(number)
    problem = (f"{path}: {_numbered(bad)} cannot be read, so a decision may be missing. Correct or delete it"
               if bad else "")
    return Review(tuple(found), problem)


def left_out(path: str, reason: str) -> str:
    """Return the line that tells of a rejected run that does not count."""
    return f"{path}: this run is left out, because a person has rejected it ({reason})"


def _append(path: Path, line: bytes) -> None:
    """Append one line; one that a crash left in part is ended first."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0), 0o644)
    try:
        size = os.fstat(descriptor).st_size
        if size:
            os.lseek(descriptor, size - 1, os.SEEK_SET)
            if os.read(descriptor, 1) != b"\n":
                line = b"\n" + line
        disk.write_all(descriptor, line + b"\n")
        disk.sync_data(descriptor)
    finally:
        os.close(descriptor)
    disk.sync_directory(path.parent)


def _decision(line: bytes) -> ReviewLine:
    content: Any = json.loads(line)
    if not isinstance(content, dict) or content.get("kind") not in KINDS:
        raise UnreadableFile("no decision")
    texts = [content.get(name, "") for name in ("kind", "text", "user", "time")]
    if not all(isinstance(one, str) for one in texts):
        raise UnreadableFile("no decision")
    if content["kind"] in WITH_TEXT and not content.get("text"):
        raise UnreadableFile("no decision")
    return ReviewLine(*map(_printable, texts))


def _printable(text: str) -> str:
    """Return a text without control characters: it is shown in terminals, and the file may be another person's."""
    return "".join(one if one.isprintable() else " " for one in text)


def _numbered(lines: Iterable[int]) -> str:
    numbers = [str(number) for number in lines]
    return f"line{'s' if len(numbers) > 1 else ''} {', '.join(numbers[:5])}{', …' if len(numbers) > 5 else ''}"
