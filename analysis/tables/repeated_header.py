"""A header that comes again below the numbers: what follows it may be in other units."""

from collections.abc import Mapping, Sequence

from tsbench.analysis.tables.column_units import UnclearUnit, split_header, unit_factor
from tsbench.analysis.tables.role_names import BARE, UNITS


def check_repeated(
    cells: Sequence[str], names: Sequence[str], factors: Mapping[str, tuple[int, float]], place: str
) -> None:
    """Raise UnclearUnit where a line repeats the header with another unit.

    Parameters
    ----------
    cells : of the line
    names : cells of the header
    factors : role -> position of its column, and the factor to SI of the unit in the header
    place : of the line, for the message
    """
    if len(cells) != len(names):
        return
    for role, (position, factor) in factors.items():
        here, first = split_header(cells[position], BARE), split_header(names[position], BARE)
        if role not in UNITS or here.name.lower() != first.name.lower() or not here.unit:
            continue
        try:
            other = unit_factor(here.unit, UNITS[role])
        except UnclearUnit:
            other = None
        if other != factor:
            raise UnclearUnit(
                f"{place} repeats the header with the unit '{here.unit}' for the column '{names[position]}', so the "
                "numbers below it are in another unit than those above. Write each part to a file of its own")
