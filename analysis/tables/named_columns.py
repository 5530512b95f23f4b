"""The columns that the user names with ``--columns``: where they are, and whether they are enough."""

from collections.abc import Iterable, Mapping, Sequence

from tsbench.analysis.tables.column_roles import column_of
from tsbench.errors import ConfigurationError

#: two of them make a table that can be analysed
_NEEDED = ("voltage", "current", "time")


def are_enough(roles: Iterable[str]) -> bool:
    """Return whether the columns that the user names can be analysed alone; if not, the others are guessed."""
    return len(set(_NEEDED) & set(roles)) > 1


def named_columns(
    columns: Mapping[str, str], names: Sequence[str], source: str
) -> tuple[dict[str, int], dict[str, str]]:
    """Return role -> position, and role -> unit where the user gives one.

    Parameters
    ----------
    columns : role -> name of the column (or its number from 1), a unit in brackets after it
    names : the header's cells
    source : name for messages

    Raises
    ------
    ConfigurationError
        No such column, more than one of this name, or one column for two roles.
    """
    where: dict[str, int] = {}
    said: dict[str, str] = {}
    for role, name in columns.items():
        place, unit = column_of(name, names, source)
        other = next((known for known, k in where.items() if k == place), None)
        if other is not None:
            raise ConfigurationError(
                f"{source}: --columns gives column {place + 1} ('{names[place][:60]}') for two roles, {other} and "
                f"{role}. Give each role a column of its own")
        where[role] = place
        if unit is not None:
            said[role] = unit
    return where, said
