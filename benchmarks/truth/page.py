"""The two tables of ``docs/evidence/truth.md``: of both lists, and of the held-out list alone."""

import re
from collections.abc import Sequence
from pathlib import Path

from benchmarks.report import Line, heading, table_of

PAGE = Path(__file__).parents[2] / "docs" / "evidence" / "truth.md"
#: ends of the names of rows that require a number of records: those of one list are too few
OF_BOTH_LISTS = "records with such a number"
_NONE = "0 of 0"  #: measured, of a row about records that are not measured yet
#: heading, words, the line with command and versions, table
_RESULTS = re.compile(
    r"### Results: .*(?:both lists|held-out list).*\n"
    r"(?P<words>(?:(?!`python|### ).*\n)*)"
    r"`python.*\n\n"
    r"(?:\|.*\n)+")


def write(both: Sequence[Line], held_out: Sequence[Line], page: Path = PAGE) -> None:
    """Replace both tables, the words between heading and table stay. That of the held-out list has fewer rows.

    Parameters
    ----------
    both, held_out : tables, of which the first line tells how many records are measured
    page : file

    Raises
    ------
    ValueError
        The page does not have the two sections of results.
    """
    text = page.read_text("utf-8")
    if len(_RESULTS.findall(text)) != 2:
        raise ValueError(f"{page} needs two sections '### Results', with a line 'python -m' and a table each")
    alone = [line for line in held_out
             if not line.figure.endswith(OF_BOTH_LISTS) and not line.measured.startswith(_NONE)]
    sections = iter([("truth --resume --store --runs FOLDER --knowable --page",
                      f"{both[0].measured} records of both lists", both),
                     ("truth --resume --store --list held_out --runs FOLDER",
                      f"the held-out list alone, {held_out[0].measured} records", alone)])

    def section(old: re.Match[str]) -> str:
        name, title, lines = next(sections)
        first, run = heading(name, title).split("\n\n")
        return f"#{first}\n{old['words']}{run}\n{table_of(lines)}"

    page.write_text(_RESULTS.sub(section, text), "utf-8")
