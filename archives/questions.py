"""Questions to a catalogue: which results of which runs; the answer is a data frame or rows."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tsbench.archives.update import asked_of, update
from tsbench.errors import ConfigurationError, nearest
from tsbench.records import Flag
from tsbench.storage import codec
from tsbench.storage.campaign_files import missing_in_folder
from tsbench.storage.review import left_out

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("device", "protocol", "run", "start_time", "quantity", "value", "low", "high", "unit", "flags", "method",
           "conditions", "random_uncertainty", "systematic_uncertainty", "campaign", "status", "simulated",
           "temperature", "die_column", "die_row", "starred", "rejected", "notes", "file")
_NAMES = ("quantity", "device", "protocol", "campaign", "status")  #: fields that are compared with the run files
_STATUSES = ("success", "fail", "abort", "recovered", "running")  #: may be asked for where no run has it
_MOST_NAMED = 200  #: names that are compared with one that is not known, or listed


@dataclass(frozen=True)
class ArchiveQuestion:
    """What is asked for; "" is anything. Texts may hold the wildcards * and ?."""

    quantity: str = ""
    device: str = ""
    protocol: str = ""
    campaign: str = ""
    status: str = ""
    since: str = ""  #: a time or a date as in ISO 8601, of the start of a run; UTC without an offset
    until: str = ""  #: before this one
    without_flags: tuple[str, ...] = ()  #: names of flags that no result may have
    with_value: bool = False  #: leave out results without a value
    repeated: bool = False  #: also runs that were interrupted and measured again
    rejected: bool = False  #: also runs that a person has rejected
    starred: bool = False  #: only runs with a star


@dataclass(frozen=True)
class ArchiveAnswer:
    """The answer to a question."""

    rows: list[dict[str, Any]]  #: with the names of ``COLUMNS``
    problems: list[str]  #: one line for each file that could not be read, or campaign of which run files are missing
    copies: list[str]  #: paths of run files that are left out, because another file in the folder holds the same run
    rejected: list[str]  #: one line for each run that is left out, because a person has rejected it


def archive(folder: Path | str, *, refresh: bool = True, **wanted: Any) -> "pd.DataFrame":
    """Return the results of all run files below a folder as a data frame of pandas.

    Parameters
    ----------
    folder : Path
    refresh : bool
        Whether new and changed run files are read first.
    **wanted
        Fields of :class:`ArchiveQuestion`, such as ``quantity="threshold_voltage"``, ``device="W3*"`` and
        ``since="2026-11-01"``.

    Returns
    -------
    pandas.DataFrame
        One row for each result, with value and 95 % interval in the unit of the column ``unit`` (NaN where there is
        none), flags (names, separated by spaces), conditions (also as columns of their own, ``condition.cycle``), and
        the facts of its run. ``frame.attrs["problems"]``: one line for each file that could not be read, and for each
        campaign of which run files are missing (where ``refresh`` is true). ``frame.attrs["rejected"]``: one line for
        each run that is left out, because a person has rejected it (``tsbench review``).

    Raises
    ------
    ConfigurationError
        No such folder, a question that there is not, or a name that no run file has.
    StorageError
        Another process holds the catalogue.
    """
    import pandas as pd

    if unknown := set(wanted) - {field.name for field in fields(ArchiveQuestion)}:
        raise ConfigurationError(f"an archive cannot be asked for {', '.join(sorted(unknown))}. It can be asked for "
                                 f"{', '.join(field.name for field in fields(ArchiveQuestion))}")
    answer = answer_of(Path(folder), ArchiveQuestion(**wanted), refresh)
    rows = answer.rows
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    for name in ("value", "low", "high", "random_uncertainty", "systematic_uncertainty", "temperature"):
        frame[name] = pd.to_numeric(frame[name])
    conditions = [row["conditions"] for row in rows]
    for key in dict.fromkeys(key for one in conditions for key in one):
        frame[f"condition.{key}"] = [one.get(key) for one in conditions]
    frame.attrs["problems"], frame.attrs["rejected"] = answer.problems, answer.rejected
    return frame


def answer_of(folder: Path, question: ArchiveQuestion, refresh: bool = True) -> ArchiveAnswer:
    """Return the answer to a question to the run files below a folder; also where the disk takes no catalogue.

    Raises
    ------
    ConfigurationError, StorageError
        As for :func:`archive`.
    """
    return asked_of(folder, lambda database: answer_in(database, folder, question, refresh))


def answer_in(
    database: sqlite3.Connection, folder: Path, question: ArchiveQuestion, refresh: bool = True,
) -> ArchiveAnswer:
    """Return the answer of the open catalogue of a folder; errors as for :func:`archive`."""
    missing: list[str] = []
    if refresh or not database.execute("SELECT count(*) FROM files").fetchone()[0]:
        update(database, folder)
        missing = missing_in_folder(folder)
    return ArchiveAnswer(asked(database, question), [*problems_of(database), *missing], copies_in(database),
                         [] if question.rejected else rejected_in(database))


def problems_of(database: sqlite3.Connection, below: bool = True) -> list[str]:
    """Return one line for each run file that could not be read; ``below``: also of the folders in the folder."""
    found = database.execute("SELECT path, problem FROM files WHERE problem != '' ORDER BY path")
    return [problem for path, problem in found if below or "/" not in path]


def copies_in(database: sqlite3.Connection) -> list[str]:
    """Return the paths of run files that no answer counts, because another file in the folder holds the same run."""
    return [path for (path,) in database.execute(
        "SELECT path FROM files WHERE run IS NOT NULL AND NOT counted ORDER BY path")]


def rejected_in(database: sqlite3.Connection, below: bool = True) -> list[str]:
    """Return one line for each run that a person has rejected; ``below``: also of the folders in the folder."""
    found = database.execute("SELECT path, rejected FROM files WHERE rejected != '' AND counted ORDER BY path")
    return [left_out(path, reason) for path, reason in found if below or "/" not in path]


def asked(database: sqlite3.Connection, question: ArchiveQuestion) -> list[dict[str, Any]]:
    """Return the rows of an open catalogue that a question asks for, by start, run and place of the result.

    Raises
    ------
    ConfigurationError
        A name or pattern of the question fits none of the catalogue, so it is misspelt or in another folder.
    """
    _check_names(database, question)
    conditions, values = _conditions(question)
    names = (*COLUMNS[:-1], "path")
    command = (f"SELECT {', '.join(names)} FROM results JOIN files ON files.number = results.file "
               f"{'WHERE ' + ' AND '.join(conditions)} ORDER BY start_time, run, path, place")
    known: dict[int, str] = {}
    read: dict[str, dict[str, Any]] = {}  # most rows have conditions that others have too
    found = []
    for row in database.execute(command, values):
        made = dict(zip(COLUMNS, row, strict=True))
        flags = made["flags"]
        if flags not in known:
            known[flags] = " ".join(Flag(flags).names())
        made["flags"] = known[flags]
        made["simulated"], made["starred"] = bool(made["simulated"]), bool(made["starred"])
        if (text := made["conditions"]) not in read:
            read[text] = codec.from_json(text)
        made["conditions"] = dict(read[text])
        found.append(made)
    return found


def _check_names(database: sqlite3.Connection, question: ArchiveQuestion) -> None:
    for name in _NAMES:
        if not (wanted := getattr(question, name)):
            continue
        table = "results" if name == "quantity" else "files"
        if name == "status" and wanted in _STATUSES:
            continue
        condition, pattern = _fits(name, wanted)
        if database.execute(f"SELECT 1 FROM {table} WHERE {condition} LIMIT 1", (pattern,)).fetchone():
            continue
        if known := [found for (found,) in database.execute(f"SELECT DISTINCT {name} FROM {table}") if found]:
            raise ConfigurationError(f"no run file of this folder has the {name} '{wanted}'"
                                     f"{nearest(wanted, known) if len(known) <= _MOST_NAMED else ''}")


def _fits(name: str, wanted: str) -> tuple[str, str]:
    """Return the condition for a name or pattern, and its value."""
    wild = "*" in wanted or "?" in wanted
    return (f"{name} GLOB ?", wanted.replace("[", "[[]")) if wild else (f"{name} = ?", wanted)


def _conditions(question: ArchiveQuestion) -> tuple[list[str], list[Any]]:
    conditions = ["files.counted"]   # one of the copies of a run
    values: list[Any] = []
    for name in _NAMES:
        if wanted := getattr(question, name):
            condition, value = _fits(name, wanted)
            conditions.append(condition)
            values.append(value)
    for name, sign in (("since", ">="), ("until", "<")):
        if wanted := getattr(question, name):
            conditions.append(f"julianday(start_time) {sign} ?")
            values.append(_julian_day(wanted))
    if mask := _mask(question.without_flags):
        conditions.append("flags & ? = 0")
        values.append(mask)
    if question.with_value:
        conditions.append("value IS NOT NULL")
    if not question.rejected:
        conditions.append("rejected = ''")
    if question.starred:
        conditions.append("starred")
    if not question.repeated:
        conditions.append("run NOT IN (SELECT run FROM repeats)")
    return conditions, values


def _julian_day(text: str) -> float:
    day: float | None = sqlite3.connect(":memory:").execute("SELECT julianday(?)", (text,)).fetchone()[0]
    if day is None:
        raise ConfigurationError(f"'{text}' is not a time. Write it as in 2026-11-29 or 2026-11-29T13:45:00+01:00")
    return day


def _mask(names: Sequence[str]) -> int:
    known = {str(flag.name).lower(): int(flag) for flag in Flag if flag}
    if unknown := [name for name in names if name not in known]:
        raise ConfigurationError(f"there is no flag '{unknown[0]}'. The flags are {', '.join(known)}")
    return sum(known[name] for name in set(names))
