"""Questions about columns that were found: is a voltage beside them, are both of one terminal, is it a resistance?"""

import re
from collections.abc import Collection, Mapping, Sequence

from tsbench.analysis.tables.column_options import called, option_name
from tsbench.analysis.tables.column_units import Header, is_function, is_resistance
from tsbench.analysis.tables.role_names import BESIDE, RESULT, UNITS, bare_name, fits
from tsbench.analysis.tables.terminals import unlike_terminals
from tsbench.errors import ConfigurationError

#: names that only a voltage, or only a current, has; not those of numbers that begin with the same letter
_LIKE: Mapping[str, re.Pattern[str]] = {
    "voltage": re.compile(
        r"(?i:.*\b(volt(age|s)?|potential|bias)\b.*)|V[ _.-]?(?!al|ar|ib|er|ac|en|is|ol|ec)[A-Za-z]{1,6}\d?"),
    "current": re.compile(r"(?i:.*\b(current|amps|amperes?)\b.*)|I[ _.-]?(?!n|t|m|d$|D$|R$)[A-Za-z]{1,6}\d?"),
}


def of_resistances(names: Sequence[str], heads: Sequence[Header], units: Sequence[str]) -> str:
    """Return the end of a question about a table that states resistances: what can be read; "" for other tables."""
    mine = [name for k, (name, head) in enumerate(zip(names, heads, strict=True))
            if is_resistance(head.name, head.unit or under(units, k))]
    if not mine:
        return ""
    return (f". {', '.join(mine[:3])} {'is a resistance' if len(mine) == 1 else 'are resistances'}. Tables of "
            "resistances (retention, endurance, drift, forming) are not read. Sweeps need voltage and current, pulses "
            "need time, voltage and current, and spikes need time and voltage or current")


def ask_for_the_other(
    names: Sequence[str], heads: Sequence[Header], units: Sequence[str], found: Mapping[str, int],
    unused: Collection[int], source: str,
) -> None:
    """Raise where time and a current are found, and beside them columns that may be the voltage, or the reverse.

    Without the voltage, a sweep over time would be taken for spikes of its current.

    Parameters
    ----------
    names, heads, units : of each column; the unit is "" where none is said
    found : number of the column of each role, from 0
    unused : numbers of columns that are not asked for
    source : name of the file, for the message
    """
    for role, other in (("voltage", "current"), ("current", "voltage")):
        if role in found or not {"time", other} <= found.keys():
            continue
        mine = [
            k for k, head in enumerate(heads)
            if k not in {*found.values(), *unused} and not BESIDE.search(head.name) and not is_function(head.name)
            and (fits(unit, UNITS[role]) if (unit := head.unit or under(units, k))
                 else _LIKE[role].fullmatch(head.name) and not RESULT.fullmatch(head.name[1:].lstrip(" _.-")))]
        if mine:
            time, had, first = (option_name(names, k) for k in (found["time"], found[other], mine[0]))
            raise ConfigurationError(
                f"{source}: {'columns' if len(mine) > 1 else 'column'} "
                f"{' and '.join(called(names, k) for k in mine[:4])} may {'each ' * (len(mine) > 1)}be the {role}. "
                f"Choose one with --columns 'time={time},{role}={first},{other}={had}'. For "
                f"spikes of the {other} alone, give --columns 'time={time},{other}={had}'")


def ask_for_one_terminal(
    names: Sequence[str], heads: Sequence[Header], found: Mapping[str, int], source: str
) -> None:
    """Raise where voltage and current are of different terminals by their names.

    Parameters
    ----------
    names, heads : of each column
    found : number of the column of each role, from 0
    source : name of the file, for the message
    """
    if not {"voltage", "current"} <= found.keys():
        return
    voltage, current = (heads[found[role]].name for role in ("voltage", "current"))
    if why := unlike_terminals(voltage, current):
        option = ",".join(f"{role}={option_name(names, found[role])}" for role in ("voltage", "current"))
        raise ConfigurationError(
            f"{source}: {why}. So they give no resistance and no power of one device, and no threshold or hold "
            "voltage. If you know that this current flows at this voltage, give --columns "
            f"'{option}'. The columns are {', '.join(names[:20])}")


def of_unlike_terminals(read: Mapping[str, str]) -> tuple[str, ...]:
    """Return a line about a voltage and a current of different terminals that the user named; nothing for others.

    Parameters
    ----------
    read : role -> name of its column in the header
    """
    if not {"voltage", "current"} <= read.keys():
        return ()
    why = unlike_terminals(bare_name(read["voltage"]), bare_name(read["current"]))
    return (f"{why}. Resistances and powers of the two are not those of one device",) if why else ()


def under(units: Sequence[str], k: int) -> str:
    return units[k] if k < len(units) else ""
