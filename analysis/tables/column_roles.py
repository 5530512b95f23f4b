"""Which column of a table is what: as ``--columns`` says it, or by the names in the header."""

import re
from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise

from tsbench.analysis.tables.column_units import (
    Header,
    UnclearColumns,
    is_function,
    is_resistance,
    is_unit,
    looks_like_unit,
    split_header,
    unit_factor,
)
from tsbench.analysis.tables.terminals import unlike_terminals
from tsbench.errors import ConfigurationError, nearest

#: what a column may mean
ROLES: Mapping[str, str] = {
    "voltage": "device voltage [V]",
    "current": "device current [A]",
    "time": "time [s]",
    "level": "set-point [V]",
    "sweep": "number of the half-sweep",
    "cycle": "number of the cycle",
}
#: SI unit of each role that has one
UNITS: Mapping[str, str] = {"voltage": "V", "current": "A", "time": "s", "level": "V"}
#: names of a role in order of preference; the first row with a match decides
_NAMES: Mapping[str, tuple[str, ...]] = {
    "voltage": (
        r"(device|dut)[ _.-]?(voltage|volts?|v)|v[ _]?(dut|device)",
        r"voltage|volts?|v|u|spannung|tension",
        r"(meas(ured)?|sense|read(back)?)[ _.-]?(voltage|v)|v[ _]?meas(ured)?([ _]?ch)?[ _]?\d*",
        r"(smu|ch|channel|anode|cathode|drain|top|cell|sample)?[ _.-]?\d*[ _.-]?(voltage|v)[ _.-]?\d*|v\([^)]*\)",
        r"(source|applied|bias|drive|forced?)[ _.-]?(voltage|v)|v[ _]?forced?([ _]?ch)?[ _]?\d*",
    ),
    "current": (
        r"(device|dut)[ _.-]?(current|i)|i[ _]?(dut|device)",
        r"current|curr|amps|amperes?|i|strom|courant",
        r"(meas(ured)?|sense|read(back)?)[ _.-]?(current|i)|i[ _]?meas(ured)?([ _]?ch)?[ _]?\d*",
        r"abs(olute)?[ _.(]*(current|i)\)?|\|(current|i)\|",
        r"(smu|ch|channel|anode|cathode|drain|top|cell|sample)?[ _.-]?\d*[ _.-]?(current|i)[ _.-]?\d*|i\w?\([^)]*\)",
        r"forced?[ _.-]?(current|i)|i[ _]?forced?([ _]?ch)?[ _]?\d*",
    ),
    "time": (
        r"time|t|zeit|temps",
        r"seconds?|elapsed([ _]?time)?|relative([ _]?time)?|x-?axis|x",
        r"(smu|ch|channel)?[ _.-]?\d*[ _.-]?time[ _.-]?\d*|timestamp",
    ),
    "sweep": (r"(half[ _-]?)?sweep([ _]?(number|no|index))?",),
    "cycle": (r"cycle([ _]?(number|no|index))?",),
    "level": (r"level|set[ _-]?point|v[ _]?set|voltage[ _]?set",),
}
#: roles whose names are those of other quantities as well, told apart by the unit
_BY_UNIT_TOO = ("time", "sweep", "cycle")
#: what a column with the right unit may be beside the quantity itself
_BESIDE = re.compile(r"compliance|limit|range|noise|error|std|dev|uncertainty|sigma|leak|set|density", re.IGNORECASE)
#: what follows V or I in the name of a result: of a threshold, a state, a limit
_RESULT = re.compile(r"(re)?set\w*|hold\w*|th\w*|on|off|lrs|hrs|read\w*|max\w*|min\w*|comp\w*|limit\w*|form\w*|cc",
                     re.IGNORECASE)
#: names that only a voltage, or only a current, has; not those of numbers that begin with the same letter
_LIKE: Mapping[str, re.Pattern[str]] = {
    "voltage": re.compile(
        r"(?i:.*\b(volt(age|s)?|potential|bias)\b.*)|V[ _.-]?(?!al|ar|er|ac|en|is|ol|ec)[A-Za-z]{1,6}\d?"),
    "current": re.compile(r"(?i:.*\b(current|amps|amperes?)\b.*)|I[ _.-]?(?!n|t|d$|D$)[A-Za-z]{1,6}\d?"),
}
_MOST_COLUMNS = 1000  #: that a range may have
#: names that stand alone for a quantity
BARE = re.compile("|".join(_NAMES[role][rank] for role in ("voltage", "current", "time") for rank in (0, 1))
                  + "|" + _NAMES["time"][0], re.IGNORECASE)


def parse_columns(text: str) -> dict[str, str]:
    """Read ``role=name,role=name`` as the command line takes it; a name may carry a unit, ``voltage=V1 [mV]``.

    Raises
    ------
    ConfigurationError
        A role that does not exist, named twice, or without a column.
    """
    columns: dict[str, str] = {}
    for part in filter(None, (piece.strip() for piece in _pieces(text))):
        role, equals, name = (piece.strip() for piece in part.partition("="))
        if role not in ROLES:
            raise ConfigurationError(f"--columns: '{role}' is not a role of a column{nearest(role, ROLES)}")
        if not equals or not name:
            raise ConfigurationError(f"--columns: '{part}' must have the form ROLE=NAME, for example {role}=NAME")
        if role in columns:
            raise ConfigurationError(
                f"--columns: role '{role}' is given twice ('{columns[role]}' and '{name}'). Give it once"
            )
        columns[role] = name
    if not columns:
        raise ConfigurationError("--columns is empty. Give for example 'voltage=V1 [mV],current=I1 [uA]'")
    return columns


def each_of(columns: Mapping[str, str] | None) -> list[tuple[str, Mapping[str, str] | None]]:
    """Return (label, columns) for each of the numbers in a range such as ``current=3..66 [A]``, one without a range.

    Several devices or cycles often stand side by side, with one column of voltage or time. With ranges for two roles,
    the columns form pairs: ``voltage=1..9:2,current=2..10:2`` takes every second one.

    Raises
    ------
    ConfigurationError
        A range that is empty or too long, or two ranges of different lengths.
    """
    ranges: dict[str, list[str]] = {}
    for role, name in (columns or {}).items():
        if found := re.fullmatch(r"(\d+)\s*\.\.\s*(\d+)(?::(\d+))?\s*(\[.*\])?", name.strip()):
            numbers = range(int(found[1]), int(found[2]) + 1, max(int(found[3] or 1), 1))
            if not 0 < len(numbers) <= _MOST_COLUMNS:
                raise ConfigurationError(
                    f"--columns {role}: '{name}' has {len(numbers)} columns. Give a range of 1 to {_MOST_COLUMNS}, "
                    f"for example {role}=3..66")
            ranges[role] = [f"{number} {found[4]}".strip() if found[4] else str(number) for number in numbers]
    if columns is None or not ranges:
        return [("", columns)]
    if len({len(names) for names in ranges.values()}) > 1:
        raise ConfigurationError(
            "--columns: the ranges have different lengths: "
            f"{', '.join(f'{len(names)} for {role}' for role, names in ranges.items())}. Make them equal")
    label = "current" if "current" in ranges else next(iter(ranges))
    return [
        (f"column {ranges[label][k].split()[0]}", {**columns, **{role: names[k] for role, names in ranges.items()}})
        for k in range(len(ranges[label]))]


def _pieces(text: str) -> list[str]:
    """Split at the commas that begin another role, so that a column's name may hold one: "voltage=Channel 1, mV"."""
    return re.split(r",(?=\s*\w+\s*=|\s*$)", text)


def column_of(wanted: str, names: Sequence[str], source: str) -> tuple[int, str | None]:
    """Return (position, unit or None) of a column as a user names it: "V1", "V1 [mV]", or its number.

    The name is that of the header with or without the unit there.

    Raises
    ------
    ConfigurationError
        No such column, or more than one.
    """
    if wanted in names:
        if names.count(wanted) > 1:
            raise ConfigurationError(f"{source}: {names.count(wanted)} columns have the name '{wanted[:60]}'. Rename "
                                     "all but one, or give the number of the column (from 1)")
        return names.index(wanted), None
    bare, unit = wanted, None
    if given := re.fullmatch(r"(.*\S)\s*\[([^\]]*)\]", wanted):
        bare, unit = given[1], given[2].strip()
        if bare in names:
            return names.index(bare), unit
    heads = [split_header(name, BARE) for name in names]
    found = [k for k, head in enumerate(heads) if head.name == bare and (head.unit or unit)]
    if len(found) == 1:
        return found[0], unit
    if not found and bare.isdigit() and 1 <= int(bare) <= len(names):
        return int(bare) - 1, unit
    raise ConfigurationError(f"{source}: the table has no column '{bare[:60]}'{nearest(bare, names)}")


def bare_name(name: str) -> str:
    """Return the name of a column without the unit in it, as ``--columns`` takes it: "I [uA]" is "I"."""
    return split_header(name, BARE).name


def guess_columns(
    names: Sequence[str], source: str, units: Sequence[str] = (), known: Mapping[str, int] | None = None,
    unused: Collection[int] = (),
) -> dict[str, int]:
    """Return role -> position by the names in a header.

    Parameters
    ----------
    names : the header's cells
    source : name for messages
    units : cells of the row of units, where there is one
    known : role -> position, where the format of the file itself states it
    unused : positions of columns that are taken only where the user names them

    Raises
    ------
    ConfigurationError
        No two of voltage, current and time, or two columns that may be the same one.
    """
    heads = [split_header(name, BARE) for name in names]
    found: dict[str, int] = dict(known or {})
    taken = {*found.values(), *unused}
    for role, ranks in _NAMES.items():
        if role in found:
            continue
        for number, rank in enumerate(ranks):
            mine = [
                k for k, head in enumerate(heads)
                if k not in taken and re.fullmatch(rank, head.name, re.IGNORECASE) and not is_function(head.name)
                and not (
                    (number > 1 or role in _BY_UNIT_TOO)
                    and _of_another(role, head, units[k] if k < len(units) else ""))
            ]
            if len(mine) > 1 and (both := _only_pair(heads, unused)) and both.get(role) in mine:
                mine = [both[role]]   # the terminal of which the table has voltage and current
            if len(mine) > 1:
                raise ConfigurationError(
                    f"{source}: columns {' and '.join(_called(names, k) for k in mine[:4])} may each be the {role}. "
                    f"Choose one with --columns {role}={'NAME' if len({names[k] for k in mine}) > 1 else 'NUMBER'}"
                    f"{_range_of(role, mine)}"
                )
            if mine:
                found[role] = mine[0]
                break
    if not {"voltage", "current"} & (known or {}).keys() and "voltage" not in found:
        found |= _terminal_pair(heads, unused, source)
    found |= _by_unit(names, heads, units, found, unused)
    if "time" not in (known or {}) and {"voltage", "current", "time"} <= found.keys() \
            and heads[found["time"]] == Header("T", "") \
            and not (units[found["time"]] if found["time"] < len(units) else ""):
        del found["time"]  # without a unit, beside both others: a temperature as likely
    if len({"voltage", "current", "time"} & found.keys()) < 2:
        raise UnclearColumns(
            f"{source}: the columns of voltage and current (or of one of them and time) are not clear. Name two of "
            "them, for example --columns voltage=NAME,current=NAME or --columns time=NAME,voltage=NAME. "
            f"The columns are {', '.join(names[:20])}{_of_resistances(names, heads, units)}"
        )
    _ask_for_the_other(names, heads, units, found, unused, source)
    if not {"voltage", "current"} <= (known or {}).keys():
        _ask_for_one_terminal(names, heads, found, source)
    return found


def _by_unit(
    names: Sequence[str], heads: Sequence[Header], units: Sequence[str], found: Mapping[str, int],
    unused: Collection[int],
) -> dict[str, int]:
    """Return the roles of what only its unit tells: "Channel A" in mV."""
    alone = all(is_unit(name) for name in names if name)  # the units themselves are the header: "V,A"
    more: dict[str, int] = {}
    for role in ("voltage", "current", "time"):
        mine = [
            k for k, head in enumerate(heads)
            if k not in {*found.values(), *more.values(), *unused} and not _BESIDE.search(head.name)
            and not is_function(head.name)
            and _fits(unit := names[k] if alone else head.unit or _under(units, k), UNITS[role])
            and (role != "time" or _is_time(unit))
        ]
        if role not in found and len(mine) == 1:
            more[role] = mine[0]
    return more


def _of_resistances(names: Sequence[str], heads: Sequence[Header], units: Sequence[str]) -> str:
    """Return the end of a question about a table that states resistances: what can be read; "" for other tables."""
    mine = [name for k, (name, head) in enumerate(zip(names, heads, strict=True))
            if is_resistance(head.name, head.unit or _under(units, k))]
    if not mine:
        return ""
    return (f". {', '.join(mine[:3])} {'is a resistance' if len(mine) == 1 else 'are resistances'}. Tables of "
            "resistances (retention, endurance, drift, forming) are not read. Sweeps need voltage and current, pulses "
            "need time, voltage and current, and spikes need time and voltage or current")


def _under(units: Sequence[str], k: int) -> str:
    return units[k] if k < len(units) else ""


def _ask_for_the_other(
    names: Sequence[str], heads: Sequence[Header], units: Sequence[str], found: Mapping[str, int],
    unused: Collection[int], source: str,
) -> None:
    """Raise where time and a current are found, and beside them columns that may be the voltage, or the reverse.

    Without the voltage, a sweep over time would be taken for spikes of its current.
    """
    for role, other in (("voltage", "current"), ("current", "voltage")):
        if role in found or not {"time", other} <= found.keys():
            continue
        mine = [
            k for k, head in enumerate(heads)
            if k not in {*found.values(), *unused} and not _BESIDE.search(head.name) and not is_function(head.name)
            and (_fits(unit, UNITS[role]) if (unit := head.unit or _under(units, k))
                 else _LIKE[role].fullmatch(head.name) and not _RESULT.fullmatch(head.name[1:].lstrip(" _.-")))]
        if mine:
            time, had = (bare_name(names[found[one]]) for one in ("time", other))
            raise ConfigurationError(
                f"{source}: {'columns' if len(mine) > 1 else 'column'} "
                f"{' and '.join(_called(names, k) for k in mine[:4])} may {'each ' * (len(mine) > 1)}be the {role}. "
                f"Choose one with --columns 'time={time},{role}={bare_name(names[mine[0]])},{other}={had}'. For "
                f"spikes of the {other} alone, give --columns 'time={time},{other}={had}'")


def _ask_for_one_terminal(
    names: Sequence[str], heads: Sequence[Header], found: Mapping[str, int], source: str
) -> None:
    """Raise where voltage and current are of different terminals by their names."""
    if not {"voltage", "current"} <= found.keys():
        return
    voltage, current = (heads[found[role]].name for role in ("voltage", "current"))
    if why := unlike_terminals(voltage, current):
        raise ConfigurationError(
            f"{source}: {why}. So they give no resistance and no power of one device, and no threshold or hold "
            "voltage. If you know that this current flows at this voltage, give --columns "
            f"'voltage={voltage},current={current}'. The columns are {', '.join(names[:20])}")


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


def _range_of(role: str, places: Sequence[int]) -> str:
    """Return the end of a question about three or more evenly placed columns: how to take them one by one."""
    steps = {b - a for a, b in pairwise(places)}
    if len(places) < 3 or len(steps) > 1:
        return ""
    step = f":{steps.pop()}" if steps != {1} else ""
    return f", or all one by one with a range of numbers: {role}={places[0] + 1}..{places[-1] + 1}{step}"


def _called(names: Sequence[str], k: int) -> str:
    """Return how a question calls a column: by its name, with its number where another one has the same name."""
    return f"{names[k]!r}" if names.count(names[k]) == 1 else f"{names[k]!r} (number {k + 1})"


def _terminal_pair(heads: Sequence[Header], unused: Collection[int], source: str) -> dict[str, int]:
    """Return voltage and current of the one terminal that has both: "AV" and "AI" of Clarius, "Vte" and "Ite".

    Raises
    ------
    ConfigurationError
        Several terminals have both.
    """
    pairs = _pairs(heads, unused)
    if len(pairs) > 1:
        raise ConfigurationError(
            f"{source}: the terminals {', '.join(list(pairs)[:6])} each have a voltage and a current. Choose one with "
            "--columns voltage=NAME,current=NAME")
    return next(iter(pairs.values()), {})


def _only_pair(heads: Sequence[Header], unused: Collection[int]) -> dict[str, int]:
    """Return voltage and current of the terminal that has both, {} unless it is one."""
    pairs = _pairs(heads, unused)
    return next(iter(pairs.values())) if len(pairs) == 1 else {}


def _pairs(heads: Sequence[Header], unused: Collection[int]) -> dict[str, dict[str, int]]:
    """Return terminal -> role -> position, for each terminal of which the table has voltage and current."""
    found: dict[str, dict[str, int]] = {}
    for k, head in enumerate(heads):
        if k in unused:
            continue
        if name := re.fullmatch(r"([A-Za-z]\w*?)[ _.-]?([VI])", head.name):
            found.setdefault(name[1], {})["voltage" if name[2] == "V" else "current"] = k
        elif (name := re.fullmatch(r"([VI])[ _.-]?([A-Za-z]\w{0,9})", head.name)) and not _RESULT.fullmatch(name[2]):
            found.setdefault(name[2], {})["voltage" if name[1] == "V" else "current"] = k
    return {terminal: pair for terminal, pair in found.items() if len(pair) == 2}


def _of_another(role: str, head: Header, under: str) -> bool:
    """Return whether the unit is that of another quantity: "x" in volts is no time, "sweep" in volts no number.

    "T" and "t" stand for temperature and thickness as well: with any other unit they are no time.
    """
    unit = head.unit or under
    if role == "time" and unit and len(head.name) == 1:
        return not _is_time(unit) and not looks_like_unit(unit.lower())
    return bool(unit) and is_unit(unit) and (role not in UNITS or not _fits(unit, UNITS[role]))


def _is_time(unit: str) -> bool:
    """Return whether a unit is one of time; uS is one of conductance."""
    return _fits(unit, "s") and (len(unit) > 3 or "S" not in unit)


def _fits(unit: str, si: str) -> bool:
    try:
        unit_factor(unit, si)
    except ConfigurationError:
        return False
    return True
