"""The list of wrong numbers that the tests of imperfections are known not to notice (``known.toml``)."""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

LIST = Path(__file__).with_name("known.toml")
SEEN, NOTHING, BLIND = "seen", "nothing to spoil", "blind"  #: what became of a case; any other text: an error


@dataclass(frozen=True, order=True)
class Case:
    """One wrong number of one instrument or range."""

    test: str
    number: str  #: of the data sheet
    wrong: str  #: in which way: "10 % less"
    on: str  #: instrument or range; "" where the test has one case

    def __str__(self) -> str:
        """Return its line in the results."""
        return f"`{self.test}`, {self.number} {self.wrong}{f', {self.on}' if self.on else ''}"


@dataclass(frozen=True)
class Known:
    """One entry of the list.

    Parameters
    ----------
    test, number : as of :class:`Case`
    wrong : ways of being wrong
    cases : instruments or ranges
    all : models that are not the first of a family: only a run of all models has them
    reason : why the test does not notice it
    """

    test: str
    number: str
    wrong: tuple[str, ...]
    reason: str
    cases: tuple[str, ...] = ()
    all: tuple[str, ...] = ()

    def expected(self, everything: bool = True) -> set[Case]:
        """Return its cases in a run; ``everything``: of all models."""
        names = (*self.cases, *self.all) if everything else self.cases
        return {Case(self.test, self.number, wrong, name) for wrong in self.wrong for name in names}


def load(path: Path = LIST) -> tuple[Known, ...]:
    """Read the list.

    Raises
    ------
    ValueError
        A case stands twice in the list.
    """
    entries = tuple(
        Known(**{key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()})
        for entry in tomllib.loads(path.read_text("utf-8"))["known"])
    cases = [case for entry in entries for case in entry.expected()]
    if twice := {case for case in cases if cases.count(case) > 1}:
        raise ValueError(f"{path.name}: {min(twice)} stands there twice")
    return entries


def fewest_cases(path: Path = LIST) -> int:
    """Return how many cases a whole run has at least, nothing to spoil not counted."""
    return int(tomllib.loads(path.read_text("utf-8"))["fewest"])


def differences(
    results: Mapping[Case, str], entries: Iterable[Known], whole: bool, everything: bool, fewest: int = 0,
) -> list[str]:
    """Return a line for each case whose result is not that of the list.

    Parameters
    ----------
    results : of each case that ran
    entries : the list
    whole : whether all tests ran: then each entry has its cases
    everything : whether all models ran
    fewest : cases of a run of all tests
    """
    entries = tuple(entries)
    listed = {case for entry in entries for case in entry.expected()}
    found = [f"{case}: {result}, and the list does not have it" for case, result in results.items()
             if result not in (SEEN, NOTHING) and (case not in listed or result != BLIND)]
    found += [f"{case}: {results[case]}, but the list says that it is not noticed" for case in sorted(listed)
              if results.get(case) in (SEEN, NOTHING)]
    if whole:
        required = {case for entry in entries for case in entry.expected(everything)}
        found += [f"{case}: it is in the list, but did not run" for case in sorted(required - set(results))]
        if (tried := sum(result in (SEEN, BLIND) for result in results.values())) < fewest:
            found.append(f"{tried} wrong numbers were tried, fewer than {fewest}")
    return found


def not_noticed(results: Mapping[Case, str], entries: Sequence[Known]) -> list[str]:
    """Return a line with the reason for each entry of which a case ran and was not noticed."""
    lines = []
    for entry in entries:
        blind = {case for case in entry.expected() if results.get(case) == BLIND}
        if blind:
            names = ", ".join(name for name in (*entry.cases, *entry.all) if any(case.on == name for case in blind))
            ways = " and ".join(way for way in entry.wrong if any(case.wrong == way for case in blind))
            lines.append(f"`{entry.test}`, {entry.number} {ways} ({names}): {entry.reason}")
    return lines
