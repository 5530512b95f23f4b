"""Tables of an importer to columns by role in SI units, by the same rules as for text tables."""

import itertools
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from tsbench.analysis.signal import OVERFLOW_NUMBER
from tsbench.analysis.tables.column_roles import guess_columns, partner_of
from tsbench.analysis.tables.column_units import plain_text, scales_of, split_header
from tsbench.analysis.tables.device_names import tells_apart
from tsbench.analysis.tables.named_columns import are_enough, named_columns
from tsbench.analysis.tables.remarks import Remark, check_remarks
from tsbench.analysis.tables.role_names import BARE
from tsbench.analysis.tables.table import ColumnRead, Table, is_beyond, missing_reason, read_column
from tsbench.errors import ConfigurationError, UnreadableFile
from tsbench.importers.foreign import ForeignColumn, ForeignTable
from tsbench.quantities import format_quantity
from tsbench.records import Flag, FloatArray

#: a current of at least this share of the compliance is limited: source meters stop a little below or above it
_LIMITED = 0.98
#: a column of an optional role that is not a number in more than this share of the rows is not used
_MOST_BLANK = 0.5
_MOST_TEXTS = 3  #: different texts in a column that may tell the units
_OPTIONAL = ("time", "level", "sweep", "cycle")


def table_of(
    foreign: ForeignTable, columns: Mapping[str, str] | None, source: str
) -> Table:
    """Return the columns that have a role, in SI units.

    Parameters
    ----------
    foreign : as an importer read it
    columns : role -> name of the column (or its number from 1), a unit in brackets after it; None: by what the format
        states, then by the names
    source : name for messages

    Raises
    ------
    ConfigurationError
        A column that is not there, none could be found, or a unit is unclear.
    UnreadableFile
        No row has a number in each of the columns.
    """
    if not foreign.columns or not foreign.rows:
        raise UnreadableFile(f"{source}: the table is empty")
    if foreign.question and columns is None:
        raise ConfigurationError(f"{source}: {foreign.question}")
    names = [column.name or str(number) for number, column in enumerate(foreign.columns, start=1)]
    where, said = _places(foreign.columns, names, columns, source)
    read: dict[str, ColumnRead] = {}
    values: dict[str, FloatArray] = {}
    for role, k in where.items():
        column = foreign.columns[k]
        read[role] = read_column(role, names[k], column.unit, said.get(role), source, headed=bool(column.name))
        values[role] = np.asarray(column.values, dtype=np.float64)
    assumed = {role: column.name for role, column in read.items() if column.assumed}
    doubts = check_remarks(_beside(foreign), assumed, source)
    usable = np.logical_and.reduce([np.abs(array) < OVERFLOW_NUMBER for array in values.values()])  # NaN is not
    if not usable.any():
        raise UnreadableFile(f"{source}: no row has a number in each of the columns "
                             f"{', '.join(names[k] for k in where.values())}")
    left_out = tuple(
        (int(row) + 1, missing_reason({names[where[role]]: float(array[row]) for role, array in values.items()}) or "")
        for row in np.flatnonzero(~usable))
    arrays = {role: read[role].factor * array[usable] for role, array in values.items()}
    flags = _flags(foreign, where, arrays, usable)
    windows = {role: _window(foreign.columns[k], read[role].factor) for role, k in where.items()
               if foreign.columns[k].clip_low is not None or foreign.columns[k].clip_high is not None}
    said_of_it = (*doubts, *foreign.remarks, *_in_compliance(foreign, arrays, flags))
    breaks = tuple(int(np.count_nonzero(usable[:row])) for row in foreign.breaks)
    beyond = tuple(
        (int(np.count_nonzero(usable[:row])), float(read["voltage"].factor * values["voltage"][row]))
        for row in np.flatnonzero(~usable) if is_beyond({role: float(array[row]) for role, array in values.items()}))
    return Table(
        arrays, left_out, read, said_of_it, "row", flags, windows, beyond, breaks, _unused(foreign, names, where),
        _labels(foreign, names, where, usable))


def _beside(foreign: ForeignTable) -> Iterator[Remark]:
    """Yield what stands beside the numbers: notes, settings, and the few texts of a column of units."""
    for where, text in foreign.notes:
        yield Remark(where, text)
    for name, value in foreign.settings.items():
        yield Remark(f"setting '{name[:40]}'", f"{name}: {value}")
    for name, cells in foreign.labels.items():
        texts = list(itertools.islice(dict.fromkeys(cells), _MOST_TEXTS + 1))
        if len(texts) <= _MOST_TEXTS:
            yield Remark(f"column '{name[:40]}'", f"{name}: {', '.join(texts)}")


def _in_compliance(
    foreign: ForeignTable, arrays: Mapping[str, FloatArray], flags: npt.NDArray[np.uint32] | None
) -> list[str]:
    """Return a line about the readings in compliance: the programmed voltage is not across the device there."""
    number = 0 if flags is None else int(np.count_nonzero(flags & np.uint32(Flag.COMPLIANCE)))
    if not number or foreign.compliance is None or "voltage" not in arrays:
        return []
    return [f"{number} of {arrays['voltage'].size} readings are in compliance "
            f"({format_quantity(foreign.compliance, 'A', 3)}). If the voltage is the programmed one, the device "
            "voltage is lower there"]


def _unused(foreign: ForeignTable, names: Sequence[str], where: Mapping[str, int]) -> tuple[str, ...]:
    """Return the names of the measured columns that have no role."""
    return tuple(
        names[k] for k, column in enumerate(foreign.columns)
        if k not in where.values() and not column.calculated and not _mostly_blank(column.values))


def _labels(
    foreign: ForeignTable, names: Sequence[str], where: Mapping[str, int], usable: npt.NDArray[np.bool_]
) -> dict[str, list[str]]:
    """Return the texts of the columns that may tell devices or temperatures apart, of the rows that are used."""
    found = {
        name: [cell for cell, kept in zip(cells, usable, strict=True) if kept]
        for name, cells in foreign.labels.items() if tells_apart(name)}
    for k, column in enumerate(foreign.columns):
        if k not in where.values() and tells_apart(names[k]) and not _mostly_blank(column.values):
            found[names[k]] = [f"{value:.6g}" for value in column.values[usable]]
    return found


def _places(
    columns: Sequence[ForeignColumn], names: Sequence[str], wanted: Mapping[str, str] | None, source: str
) -> tuple[dict[str, int], dict[str, str]]:
    """Return role -> position, and role -> unit where the user gives one."""
    places, said = named_columns(wanted or {}, names, source)
    stated = [(column.role, k) for k, column in enumerate(columns) if column.role]
    if wanted is None and len({role for role, _ in stated}) < len(stated):
        raise ConfigurationError(f"{source}: two columns have the same role. Choose one with --columns ROLE=NAME")
    unused = [k for k, column in enumerate(columns) if column.calculated]
    known = dict(places)
    if not are_enough(places) and {role for role, _ in stated} != {"time"}:
        known |= partner_of(names, places, unused)   # of the terminal that the user names, not of the stated one
    for role, k in stated:  # the time of a record is known, whatever its channels are
        if k not in known.values() and (role in _OPTIONAL or not are_enough(places)):
            known.setdefault(role, k)
    if are_enough(places) or (wanted is not None and set(known) == {"time", *places} and are_enough(known)):
        return known, said
    units = [column.unit for column in columns]
    channels = [k for k, column in enumerate(columns) if not column.role and not column.calculated]
    if set(known) == {"time"} and len(channels) == 1 and not units[channels[0]]:
        known["voltage"] = channels[0]  # the one channel of a record: in volts, unless the user says otherwise
    try:
        found = guess_columns(names, source, units, known, unused, wanted)
    except ConfigurationError:
        _ask_for_channels(columns, names, source)
        raise
    return {role: k for role, k in found.items()
            if role in places or role not in _OPTIONAL or not _mostly_blank(columns[k].values)}, said


def _ask_for_channels(columns: Sequence[ForeignColumn], names: Sequence[str], source: str) -> None:
    """Raise for a record over time of several voltages: the file cannot tell what each is connected to."""
    time = next((column for column in columns if column.role == "time"), None)
    if time is None or any(column.role in ("voltage", "current") for column in columns):
        return
    voltages = [name for column, name in zip(columns, names, strict=True)
                if not column.role and not column.calculated and (scales_of(column.unit, "V") or not column.unit)]
    currents = [column for column in columns if scales_of(column.unit, "A")]
    if len(voltages) < 2 or currents:
        return
    first, second = voltages[:2]
    across = f"{_unit_of(columns, names, second)}/50Ohm"
    raise ConfigurationError(
        f"{source}: the channels {', '.join(voltages[:8])} are all voltages over time ({time.values.size} samples). "
        "Say which is the device voltage, and which is the voltage across the resistor that carries the current, for "
        f"example --columns 'voltage={first},current={second} [{across}]'. For spikes, one channel is enough: "
        f"--columns voltage={first}")


def _unit_of(columns: Sequence[ForeignColumn], names: Sequence[str], name: str) -> str:
    """Return the unit of a channel, V where the file gives none."""
    column = columns[names.index(name)]
    return plain_text(column.unit) or split_header(column.name, BARE).unit or "V"


def _mostly_blank(values: FloatArray) -> bool:
    return bool(np.count_nonzero(np.isfinite(values)) < (1.0 - _MOST_BLANK) * values.size)


def _window(column: ForeignColumn, factor: float) -> tuple[float, float]:
    """Return the ends of what a column can show, in SI units."""
    return (-np.inf if column.clip_low is None else factor * column.clip_low,
            np.inf if column.clip_high is None else factor * column.clip_high)


def _flags(
    foreign: ForeignTable, where: Mapping[str, int], arrays: Mapping[str, FloatArray], usable: npt.NDArray[np.bool_]
) -> npt.NDArray[np.uint32] | None:
    """Return the flags of each reading: in compliance, or at an end of the range; None where the file tells neither."""
    flags = np.zeros(int(np.count_nonzero(usable)), dtype=np.uint32)
    stated = False
    for k in where.values():
        column = foreign.columns[k]
        raw = column.values[usable]
        for limit, beyond in ((column.clip_low, np.less_equal), (column.clip_high, np.greater_equal)):
            if limit is not None:
                flags[beyond(raw, limit)] |= np.uint32(Flag.CLIPPED)
                stated = True
    if foreign.compliance is not None and "current" in arrays:
        flags[np.abs(arrays["current"]) >= _LIMITED * foreign.compliance] |= np.uint32(Flag.COMPLIANCE)
        stated = True
    return flags if stated else None
