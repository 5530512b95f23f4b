"""How a message writes ``--columns``: columns by names that work, and an option that is complete."""

import re
from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

_VOLTAGE_WORD = re.compile(r"volt|spannung", re.IGNORECASE)
_CURRENT_WORD = re.compile(r"curr|amp(s|ere)|strom", re.IGNORECASE)
#: not a clock or an "x" without a unit, which may be no time
_TIME_WITH_UNIT = re.compile(r"time[ _]?[\[(]?(s|ms|us|ns|min|h|sec\w*)\b", re.IGNORECASE)
_MOST_LISTED = 20  #: columns that a question lists


class RoleChoice(NamedTuple):
    """A role that several columns may have."""

    role: str
    places: list[int]


def option_name(names: Sequence[str], k: int) -> str:
    """Return how ``--columns`` names a column: by its name, or by its number where the name does not tell it.

    Parameters
    ----------
    names : the header's cells
    k : position of the column
    """
    name = names[k]
    plain = bool(name) and names.count(name) == 1 and not set(name) & set("'\",=")
    return name if plain else str(k + 1)


def listed(names: Sequence[str]) -> str:
    """Return the columns of a table for a question; one with an empty header has only its number."""
    return ", ".join(name or f"column {k} without a name" for k, name in enumerate(names[:_MOST_LISTED], start=1))


def question_of_choices(
    choices: Sequence[RoleChoice], names: Sequence[str], named: Mapping[str, str], source: str
) -> str:
    """Return a question about roles that several columns may have, with an option that answers all of it.

    Parameters
    ----------
    choices : at least one
    names : the header's cells
    named : role -> column as the user names it; part of the option
    source : name for messages
    """
    first = choices[0]
    asked = f"{source}: columns {_each(names, first)} may each be the {first.role}"
    given = [f"{role}={name}" for role, name in named.items()]
    if len(choices) > 1:
        others = "".join(f", and {_each(names, other)} the {other.role}" for other in choices[1:])
        example = ",".join([*given, *(f"{role}={option_name(names, places[0])}" for role, places in choices)])
        ranges = [f"{role}={range_text(places)}" for role, places in choices]
        one_by_one = len({len(places) for _, places in choices}) == 1 and all(
            range_text(places) and len(places) > 2 for _, places in choices)
        more = f", or all one by one with ranges of numbers: {','.join([*given, *ranges])}" if one_by_one else ""
        return f"{asked}{others}. Choose one of each, for example --columns '{example}'{more}"
    word = "NAME" if len({names[k] for k in first.places}) > 1 else "NUMBER"
    option = ",".join([*given, f"{first.role}={word}"])
    return f"{asked}. Choose one with --columns {_quoted(option)}{_range_of(*first)}"


def question_of_columns(
    names: Sequence[str], found: Mapping[str, int], unused: Collection[int], named: Mapping[str, str], source: str
) -> str:
    """Return the question where no two of voltage, current and time are found.

    Parameters
    ----------
    names : the header's cells
    found : role -> position of what is found
    unused : positions of columns that are not taken
    named : role -> column as the user names it; part of the option
    source : name for messages
    """
    taken = {*unused, *(k for role, k in found.items() if role in named or role == "time")}
    likely = {
        role: next((option_name(names, k) for k, name in enumerate(names) if k not in taken and word.search(name)),
                   "NAME")
        for role, word in (("voltage", _VOLTAGE_WORD), ("current", _CURRENT_WORD))}
    if "time" in found and _TIME_WITH_UNIT.match(names[found["time"]]):
        likely["time"] = option_name(names, found["time"])
    given = [f"{role}={name}" for role, name in named.items()]
    options = [
        ",".join([*given, *(f"{role}={likely.get(role, 'NAME')}" for role in roles if role not in named)])
        for roles in (("voltage", "current"), ("time", "voltage"))]
    if "current" in named:
        options[1] = ",".join([*given, f"time={likely.get('time', 'NAME')}"])
    return (f"{source}: the columns of voltage and current (or of one of them and time) are not clear. Name two of "
            f"them, for example --columns {_quoted(options[0])} or --columns {_quoted(options[1])}. "
            f"The columns are {listed(names)}")


def _quoted(option: str) -> str:
    """Return an option in quotes where a shell would take it apart."""
    return option if re.fullmatch(r"[\w=,.:]+", option) else f"'{option}'"


def _each(names: Sequence[str], choice: RoleChoice) -> str:
    return " and ".join(called(names, k) for k in choice.places[:4])


def called(names: Sequence[str], k: int) -> str:
    """Return how a question calls a column: by its name, with its number where another one has the same name.

    Parameters
    ----------
    names : of all columns
    k : number of the column, from 0
    """
    return f"{names[k]!r}" if names.count(names[k]) == 1 else f"{names[k]!r} (number {k + 1})"


def _range_of(role: str, places: Sequence[int]) -> str:
    """Return the end of a question about three or more evenly placed columns: how to take them one by one."""
    written = range_text(places) if len(places) > 2 else ""
    return f", or all one by one with a range of numbers: {role}={written}" if written else ""


def range_text(places: Sequence[int]) -> str:
    """Return the range of two or more evenly placed columns as ``--columns`` takes it, "" where there is none.

    Parameters
    ----------
    places : numbers of the columns, from 0
    """
    steps = {b - a for a, b in pairwise(places)}
    if len(steps) != 1 or min(steps) < 1:
        return ""
    step = steps.pop()
    return f"{places[0] + 1}..{places[-1] + 1}{'' if step == 1 else f':{step}'}"
