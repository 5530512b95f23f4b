"""Single entries of a campaign file: texts, choices, counts, numbers with units, patterns, bounds."""

from collections.abc import Mapping, Sequence
from typing import Any

from tsbench.errors import nearest
from tsbench.station.campaign.dimensions import dimension, unit_text
from tsbench.station.campaign.evaluating import number_of
from tsbench.station.campaign.expression import parse
from tsbench.station.campaign.names import QUANTITIES
from tsbench.station.campaign.problems import Problems
from tsbench.station.campaign.values import ExpressionError, Quantified, Unknown

_LONGEST = 2000  #: characters of a note
_LONGEST_NAME = 60  #: characters of a name


def short_text(content: Mapping[str, Any], key: str, problems: Problems) -> str:
    """Return a text, "" where it is not there."""
    value = content.get(key, "")
    if isinstance(value, str) and len(value) <= _LONGEST:
        return value
    problems.add(key, f"it must be a text of at most {_LONGEST} characters, not {value!r:.60}")
    return ""


def file_name(content: Mapping[str, Any], default: str, problems: Problems) -> str:
    """Return the name of a campaign, which is part of a file name."""
    name = short_text(content, "name", problems) or default
    if len(name) <= _LONGEST_NAME and name.isprintable():
        return name
    problems.add("name", f"it must be one line of at most {_LONGEST_NAME} characters")
    return default[:_LONGEST_NAME]


def one_of(content: Mapping[str, Any], key: str, words: Sequence[str], problems: Problems) -> str:
    """Return one of some words; the first where it is not there."""
    value = content.get(key, words[0])
    if value in words:
        return str(value)
    problems.add(key, f"it must be one of {', '.join(words)}, not {value!r:.60}{nearest(str(value)[:60], words)}")
    return words[0]


def whole(content: Mapping[str, Any], key: str, default: int, least: int, most: int, problems: Problems) -> int:
    """Return a whole number.

    Parameters
    ----------
    content : of the table
    key : of the entry
    default : value where there is no entry, or a wrong one
    least, most : both are allowed
    problems : gets what is wrong
    """
    value = content.get(key, default)
    if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
        return value
    problems.add(key, f"it must be a whole number from {least} to {most}, not {value!r:.60}")
    return default


def patterns(value: Any, problems: Problems) -> tuple[str, ...]:
    """Return names or patterns of devices."""
    found = [value] if isinstance(value, str) else value
    if not isinstance(found, list) or not all(isinstance(one, str) and one and one.isprintable() for one in found):
        problems.add("", f'it must be a list of names such as ["W1/*"], not {value!r:.60}')
        return ()
    return tuple(found)


def constant(value: Any) -> Quantified:
    """Return a number of the file: "5 mV", 3 or 1.5.

    Raises
    ------
    ExpressionError
        It is none.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Quantified.exact(float(value))
    if not isinstance(value, str):
        raise ExpressionError(f"{value!r:.60} is no number")
    found = number_of(parse(value), lambda name: Unknown(f"'{name.text}' is no number. Write for example \"5 mV\""))
    if isinstance(found, Unknown):
        raise ExpressionError(found.reason)
    return found


def number(table: Any, problems: Problems) -> dict[str, Quantified]:
    """Return the numbers of a table ``[parameters]``."""
    found: dict[str, Quantified] = {}
    for name, value in _table(table, problems).items():
        if not name.isidentifier() or name in QUANTITIES or name in ("contact", "device"):
            problems.add(name, "this name has a meaning already, or is no name. Choose another one of letters and '_'")
            continue
        try:
            found[name] = constant(value)
        except ExpressionError as error:
            problems.add(name, str(error))
    return found


def bounds(table: Any, problems: Problems) -> dict[str, Quantified]:
    """Return the bounds of a table ``[expected]``: quantity -> lowest and highest value."""
    found: dict[str, Quantified] = {}
    for name, value in _table(table, problems).items():
        if not isinstance(value, list) or len(value) != 2:
            problems.add(name, f'it must be the lowest and the highest value, such as ["0.8 V", "1.3 V"], not '
                               f"{value!r:.60}")
            continue
        try:
            low, high = (constant(one) for one in value)
        except ExpressionError as error:
            problems.add(name, str(error))
            continue
        if low.dimension != high.dimension or low.value > high.value:
            problems.add(name, f"the lowest value comes first, and both have one unit, not {value!r:.60}")
        elif name in QUANTITIES and dimension(QUANTITIES[name]) != low.dimension:
            problems.add(name, f"the unit must be {QUANTITIES[name] or 'none'}, not "
                               f"{unit_text(low.dimension) or 'none'}")
        else:
            found[name] = Quantified((low.value + high.value) / 2, low.value, high.value, low.dimension)
    return found


def _table(table: Any, problems: Problems) -> Mapping[str, Any]:
    if isinstance(table, Mapping):
        return table
    problems.add("", f"it must be a table, not {table!r:.60}")
    return {}
