"""The list of expected failures: what fails for a reason that is in the driver, and would fail on hardware too.

An entry of ``expected_failures.toml`` names package and version, the file and the line of the defect, the text of that
line, what the user sees (``symptom``), the whole text of what is raised and of what the instrument has noted by then
(``shows``), and the statement that makes hardware fail in the same way. ``evidence`` says what kind of statement this
is (:data:`EVIDENCE`). Only what differs between two runs has a mark of :data:`VARYING` in its place. So another error
number, one error more in the queue, a timeout behind another message and another value all count as other failures.
"""

import fnmatch
import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path

from benchmarks.acceptance.benches import TRANSPORTS
from benchmarks.acceptance.results import Outcome
from benchmarks.acceptance.running import FOLDER, Row
from benchmarks.acceptance.suites import sources

LIST = Path(__file__).with_name("expected_failures.toml")
#: kind of the statement that makes hardware fail too -> what it is
EVIDENCE = {
    "page": "a page or a numbered section of a manual or a standard, which was read",
    "reference": "the maker's own description of the command, without pages",
    "recorded": "a reply of a real instrument in a public source",
    "driver": "no instrument decides: the driver fails on its own, whatever is there",
}

#: mark in a text of ``shows`` -> pattern of what may stand there
VARYING = {
    "<session>": r"tested_\w+",   # QCoDeS' name of the instrument, which names the transport
    "<set>": r"\{[^{}]*\}",       # a set of texts, which Python writes in another order each time
    "<round>": r"\d{1,8}",        # the last digits of a number, which rounding may change
}


@dataclass(frozen=True)
class Expected:
    """One entry of the list.

    Parameters
    ----------
    id : short name, for ``--reproduce``
    driver : name of the row
    cases : patterns of case names
    package, version, file, line, source : where the defect is; ``source`` is the text of that line
    symptom : what the user sees
    shows : whole texts of what is raised and noted, any of them, with marks of :data:`VARYING`
    in_process : the same in process, if they are others there: a read without a reply is noted as -420; empty: the same
    manual : document, page and what it says
    evidence : key of :data:`EVIDENCE`
    transports : where it shows
    needs : another package and its least major version ("pandas 3"), without which the case passes; empty: none
    """

    id: str
    driver: str
    cases: tuple[str, ...]
    package: str
    version: str
    file: str
    line: int
    source: str
    symptom: str
    shows: tuple[str, ...]
    manual: str
    evidence: str
    in_process: tuple[str, ...] = ()
    transports: tuple[str, ...] = TRANSPORTS
    needs: str = ""

    @property
    def in_force(self) -> bool:
        """Whether the package that it needs is installed, in its least version or a later one."""
        name, _, least = self.needs.partition(" ")
        return not name or int(version(name).partition(".")[0]) >= int(least)

    def names(self, case: str) -> bool:
        """Whether one of its patterns is that of the name of a case."""
        return any(fnmatch.fnmatchcase(_plain(case), _plain(pattern)) for pattern in self.cases)

    def covers(self, row: Row, outcome: Outcome) -> bool:
        """Whether it is about this case."""
        return (row.name == self.driver and row.transport in self.transports and self.in_force
                and self.names(outcome.case))

    def texts(self, transport: str) -> tuple[str, ...]:
        """Return the texts that hold for a transport."""
        return self.in_process if self.in_process and transport == "in process" else self.shows

    def tells(self, transport: str, shown: str) -> bool:
        """Whether one of its texts is what was shown, from the first character to the last."""
        return any(re.fullmatch(_pattern(text), shown) for text in self.texts(transport))

    def source_line(self) -> str:
        """Return the line of the installed file (of the source archive, for a suite), without its indent."""
        if self.driver.startswith("suite."):
            path = sources(FOLDER) / self.file
        else:
            path = Path(str(distribution(self.package).locate_file(self.file)))
        return path.read_text("utf-8").splitlines()[self.line - 1].strip()


def _pattern(text: str) -> str:
    """Return a regular expression of a text with marks."""
    found = re.escape(text)
    for mark, pattern in VARYING.items():
        found = found.replace(re.escape(mark), pattern)
    return found


def _plain(name: str) -> str:
    """Return a name without square brackets, which are signs of a pattern."""
    return name.replace("[", "(").replace("]", ")")


def load(path: Path = LIST) -> tuple[Expected, ...]:
    """Read the list."""
    read = tomllib.loads(path.read_text("utf-8")).get("expected", [])
    entries = tuple(
        Expected(**{key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()})
        for entry in read)
    names = [entry.id for entry in entries]
    if len(set(names)) < len(names):
        raise ValueError(f"{path.name}: two entries have the same id")
    return entries


@dataclass(frozen=True)
class Comparison:
    """The failures of some rows against the list."""

    unexpected: tuple[str, ...]  #: failed, and no entry covers it
    lenient: tuple[str, ...]  #: an entry says that it fails, and it passed
    other: tuple[str, ...]  #: failed, but what was raised does not match the entry
    expected: tuple[str, ...]  #: failed as an entry says

    @property
    def equal(self) -> bool:
        """Whether the set of failures is that of the list."""
        return not (self.unexpected or self.lenient or self.other)


def compare(rows: Iterable[Row], entries: Sequence[Expected]) -> Comparison:
    """Compare what has failed with what is expected to fail."""
    unexpected, lenient, other, expected = [], [], [], []
    for row in rows:
        for outcome in row.outcomes:
            name = f"{row.name} / {row.transport} / {outcome.case}"
            entry = next((entry for entry in entries if entry.covers(row, outcome)), None)
            if entry is None and not outcome.passed:
                unexpected.append(f"{name}: {outcome.shown}")
            elif entry is not None and outcome.passed:
                lenient.append(f"{name}: {entry.id}: passes, although hardware fails: {entry.manual}")
            elif entry is not None and not entry.tells(row.transport, outcome.shown):
                wanted = "\n    or: ".join(entry.texts(row.transport))
                other.append(f"{name}: {entry.id}: fails in another way: {outcome.shown}\n   not: {wanted}")
            elif entry is not None:
                expected.append(f"{name}: {entry.id}")
    return Comparison(tuple(unexpected), tuple(lenient), tuple(other), tuple(expected))


def idle(rows: Sequence[Row], entries: Sequence[Expected]) -> list[str]:
    """Return the entries of rows that ran, that cover no case."""
    ran = [row for row in rows if row.ran and row.outcomes]
    return [
        f"{entry.id}: no case of {entry.driver} has one of the names {', '.join(entry.cases)}"
        for entry in entries
        if entry.in_force and any(row.name == entry.driver and row.transport in entry.transports for row in ran)
        and not any(entry.covers(row, outcome) for row in ran for outcome in row.outcomes)
    ]


def misplaced(entries: Iterable[Expected]) -> list[str]:
    """Return the entries whose upstream version or source line is another one now."""
    found = []
    for entry in entries:
        try:
            there = distribution(entry.package).version
        except PackageNotFoundError:
            continue
        if there != entry.version:
            found.append(f"{entry.id}: is for {entry.package} {entry.version}, but {there} is installed")
        elif (line := entry.source_line()) != entry.source:
            found.append(f"{entry.id}: {entry.file}:{entry.line} is {line!r}, not {entry.source!r}")
    return found
