"""Which column of a table is what: as ``--columns`` says it, or by the names in the header."""

import re
from collections.abc import Collection, Mapping, Sequence

from tsbench.analysis.tables.column_doubts import ask_for_one_terminal, ask_for_the_other, of_resistances, under
from tsbench.analysis.tables.column_options import (
    RoleChoice,
    option_name,
    question_of_choices,
    question_of_columns,
    range_text,
)
from tsbench.analysis.tables.column_units import (
    Header,
    UnclearColumns,
    is_function,
    is_unit,
    looks_like_unit,
    split_header,
    step_of,
)
from tsbench.analysis.tables.role_names import (
    BARE,
    BESIDE,
    BY_UNIT_TOO,
    NAMES,
    RESULT,
    ROLES,
    UNITS,
    fits,
    is_time,
)
from tsbench.errors import ConfigurationError, nearest

_MOST_COLUMNS = 1000  #: that a range may have


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


def guess_columns(
    names: Sequence[str], source: str, units: Sequence[str] = (), known: Mapping[str, int] | None = None,
    unused: Collection[int] = (), named: Mapping[str, str] | None = None,
) -> dict[str, int]:
    """Return role -> position by the names in a header.

    Parameters
    ----------
    names : the header's cells
    source : name for messages
    units : cells of the row of units, where there is one
    known : role -> position, where the format of the file itself or the user states it
    unused : positions of columns that are taken only where the user names them
    named : role -> column as the user names it, for messages

    Raises
    ------
    ConfigurationError
        No two of voltage, current and time, or two columns that may be the same one.
    """
    heads = [split_header(name, BARE) for name in names]
    if not {"voltage", "current"} & (known or {}).keys():
        _ask_for_steps(names, heads, unused, source)
    heads = _without_single_step(heads)
    stated, choices = dict(known or {}), list[RoleChoice]()
    while True:   # the question is about all roles that are open, so that one option answers it
        found = {**stated, **partner_of(names, stated, unused)}
        choice = _by_names(heads, units, found, unused)
        if choice is None:
            break
        choices.append(choice)
        stated[choice.role] = choice.places[0]
    if not {"voltage", "current"} & stated.keys() and "voltage" not in found:
        found |= _terminal_pair(heads, unused, source)
    _by_units(names, heads, units, found, unused)
    if "time" not in stated and {"voltage", "current", "time"} <= found.keys() \
            and heads[found["time"]] == Header("T", "") \
            and not under(units, found["time"]):
        del found["time"]  # without a unit, beside both others: a temperature as likely
    if len({"voltage", "current", "time"} & found.keys()) < 2:
        raise UnclearColumns(question_of_columns(names, found, unused, named or {}, source)
                             + of_resistances(names, heads, units))
    if choices:
        raise ConfigurationError(question_of_choices(choices, names, named or {}, source))
    ask_for_the_other(names, heads, units, found, unused, source)
    if not {"voltage", "current"} <= (known or {}).keys():
        ask_for_one_terminal(names, heads, found, source)
    return found


def _without_single_step(heads: Sequence[Header]) -> list[Header]:
    """Return "Voltage(1)" and "Current(1)" as "Voltage" and "Current", if no column is of another step."""
    steps = [step_of(head.name) for head in heads]
    plain = [step.name if step else head.name for step, head in zip(steps, heads, strict=True)]
    if len({step.number for step in steps if step}) != 1 or len(set(plain)) < len(plain):
        return list(heads)
    return [head._replace(name=name) for head, name in zip(heads, plain, strict=True)]


def _ask_for_steps(names: Sequence[str], heads: Sequence[Header], unused: Collection[int], source: str) -> None:
    """Raise where a terminal has voltage and current of several steps: "DrainV(1)", "DrainI(1)", "DrainV(2)", …

    Raises
    ------
    ConfigurationError
        How to take all steps one by one, or one of them.
    """
    steps = [step_of(name) for name in names]
    terminals: dict[str, list[dict[str, int]]] = {}
    for pair in _pairs(heads, unused).values():
        if step := steps[pair["voltage"]]:
            terminals.setdefault(step.name, []).append(pair)
    family = next((pairs for pairs in terminals.values() if len(pairs) > 1), None)
    if family is None:
        return
    one = ",".join(f"{role}={option_name(names, family[0][role])}" for role in ("voltage", "current"))
    ranges = [f"{role}={written}" for role in ("voltage", "current")
              if (written := range_text([pair[role] for pair in family]))]
    all_of_them = f"For all steps, use --columns '{','.join(ranges)}'. For one step, use" if len(ranges) > 1 else (
        "For one step, use")
    raise ConfigurationError(
        f"{source}: the columns {names[family[0]['voltage']]} to {names[family[-1]['voltage']]} are the voltage in "
        f"{len(family)} steps of another terminal, because the number in brackets is that of the step. "
        f"{all_of_them} --columns '{one}'")


def _by_names(
    heads: Sequence[Header], units: Sequence[str], found: dict[str, int], unused: Collection[int]
) -> RoleChoice | None:
    """Add to ``found`` what the names tell; return the first role that several columns may have."""
    taken = {*found.values(), *unused}
    for role, ranks in NAMES.items():
        if role in found:
            continue
        for number, rank in enumerate(ranks):
            mine = [
                k for k, head in enumerate(heads)
                if k not in taken and re.fullmatch(rank, head.name, re.IGNORECASE) and not is_function(head.name)
                and not (
                    (number > 1 or role in BY_UNIT_TOO)
                    and _of_another(role, head, under(units, k)))
            ]
            if len(mine) > 1 and (both := _only_pair(heads, unused)) and both.get(role) in mine:
                mine = [both[role]]   # the terminal of which the table has voltage and current
            if len(mine) > 1:
                return RoleChoice(role, mine)
            if mine:
                found[role] = mine[0]
                break
    return None


def _by_units(
    names: Sequence[str], heads: Sequence[Header], units: Sequence[str], found: dict[str, int], unused: Collection[int]
) -> None:
    """Add to ``found`` what only its unit tells: "Channel A" in mV."""
    alone = all(is_unit(name) for name in names if name)  # the units themselves are the header: "V,A"
    for role in ("voltage", "current", "time"):
        mine = [
            k for k, head in enumerate(heads)
            if k not in {*found.values(), *unused} and not BESIDE.search(head.name) and not is_function(head.name)
            and fits(unit := names[k] if alone else head.unit or under(units, k), UNITS[role])
            and (role != "time" or is_time(unit))
        ]
        if role not in found and len(mine) == 1:
            found[role] = mine[0]


def partner_of(names: Sequence[str], known: Mapping[str, int], unused: Collection[int]) -> dict[str, int]:
    """Return the current of the terminal whose voltage is known, or the voltage for a known current.

    Parameters
    ----------
    names : the header's cells
    known : role -> position
    unused : positions of columns that are not taken

    Returns
    -------
    dict
        Role -> position; {} where both or neither is known, or the terminal has only one.
    """
    if len({"voltage", "current"} & known.keys()) != 1:
        return {}
    role, other = ("voltage", "current") if "voltage" in known else ("current", "voltage")
    pairs = _pairs([split_header(name, BARE) for name in names], unused).values()
    return next(({other: pair[other]} for pair in pairs
                 if pair[role] == known[role] and pair[other] not in known.values()), {})


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
        step = step_of(head.name)
        plain, number = (step.name, f"({step.number})") if step else (head.name, "")
        if name := re.fullmatch(r"([A-Za-z]\w*?)[ _.-]?([VI])", plain):
            found.setdefault(name[1] + number, {})["voltage" if name[2] == "V" else "current"] = k
        elif (name := re.fullmatch(r"([VI])[ _.-]?([A-Za-z]\w{0,9})", plain)) and not RESULT.fullmatch(name[2]):
            found.setdefault(name[2] + number, {})["voltage" if name[1] == "V" else "current"] = k
    return {terminal: pair for terminal, pair in found.items() if len(pair) == 2}


def _of_another(role: str, head: Header, under: str) -> bool:
    """Return whether the unit is that of another quantity: "x" in volts is no time, "sweep" in volts no number.

    "T" and "t" stand for temperature and thickness as well: with any other unit they are no time.
    """
    unit = head.unit or under
    if role == "time" and unit and len(head.name) == 1:
        return not is_time(unit) and not looks_like_unit(unit.lower())
    return bool(unit) and is_unit(unit) and (role not in UNITS or not fits(unit, UNITS[role]))


