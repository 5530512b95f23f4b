"""CSV files of Rigol oscilloscopes: with a printed time, with the number of the sample, or with the samples alone.

Layouts: the files of the DS1000Z, DS2000 and DS4000 ("X,CH1,Start,Increment" and "Sequence,Volt,-3e-07,5e-10"), of the
DS1000E and DS1000B ("X,CH1" and "Second,Volt"), of the MSO5000, DHO800 and DHO1000 ("Time(s),CH1(V)", or
"CH1(V),t0 = -25s, tInc = 2e-06s" for the whole memory), and of the program UltraScope.
"""

import re
from pathlib import Path

from tsbench.importers.faults import damaged
from tsbench.importers.foreign import HEAD, ForeignFile
from tsbench.importers.number_rows import count_of, head_lines, is_number, number_of
from tsbench.importers.text_records import Place, TextRecord, TimeBase, read_record, unquoted

_CHANNEL = re.compile(r"(CH ?\d+|MATH\d*|REF\d*)", re.IGNORECASE)
_NAMED = re.compile(r"(CH ?\d+|MATH\d*|REF\d*)\s*(?:\(([^)]*)\)|([AVUW]))", re.IGNORECASE)
_PROGRAM = "program"  #: setting of a layout that other programs use too: what the file is called
_TIME = re.compile(r"(?:Time|X)\s*(?:\(s\))?", re.IGNORECASE)
_NUMBER = r"\s*=\s*([-+]?\d[\d.]*(?:[eE][-+]?\d+)?)"
_START, _STEP = re.compile(r"\bt0" + _NUMBER, re.IGNORECASE), re.compile(r"\btInc" + _NUMBER, re.IGNORECASE)
_UNITS = {"volt": "V", "amp": "A", "ampere": "A", "v": "V", "a": "A", "w": "W", "watt": "W"}


def record_of(head: bytes) -> TextRecord | None:
    """Return what the header says of the rows, None where the file is none of Rigol's."""
    lines = head_lines(head[:8192])
    if len(lines) < 3:
        return None
    if lines[0].startswith('"Number of Data points'):
        return _ultrascope(lines)
    first, second = unquoted(lines[0]), unquoted(lines[1])
    return _two_rows(first, second) or _one_row(lines[0], first, second)


def read(path: Path, wanted: str | None) -> ForeignFile:
    """Read a CSV file; see :meth:`tsbench.importers.foreign.Importer.read`."""
    with path.open("rb") as file:
        head = file.read(HEAD)
    record = record_of(head)
    if record is None:
        raise damaged(path.name, "the header is not one of Rigol's")
    return read_record(path, head, record.settings.get(_PROGRAM, "Rigol"), record, wanted)


def _two_rows(first: list[str], second: list[str]) -> TextRecord | None:
    """Return the layouts with a row of names and a row of units."""
    if second[0].lower() not in ("sequence", "second") or first[0].upper() not in ("X", ""):
        return None
    places = [Place(k, name, _UNITS.get(second[k].lower(), second[k]))
              for k, name in enumerate(first) if k and _CHANNEL.fullmatch(name) and k < len(second)]
    if second[0].lower() == "second":
        return TextRecord(2, places, TimeBase("X", "s", 0)) if places else None
    names = [name.lower() for name in first]
    if not places or not {"start", "increment"} <= set(names):
        return None
    cells = [second[names.index(name)] if names.index(name) < len(second) else "" for name in ("start", "increment")]
    start, step = map(number_of, cells)
    return TextRecord(2, places, TimeBase("X", "s", step=step, start=start or 0.0, numbered=0))


def _one_row(line: str, first: list[str], second: list[str]) -> TextRecord | None:
    """Return the layouts with one header row."""
    named = [(k, found) for k, cell in enumerate(first) if (found := _NAMED.fullmatch(cell))]
    places = [Place(k, found[1].upper().replace(" ", ""), found[2] or found[3].upper()) for k, found in named]
    if not places or not is_number(second[0]):
        return None
    start, step = _START.search(line), _STEP.search(line)
    if _TIME.fullmatch(first[0]):
        return TextRecord(1, places, TimeBase(first[0], "s", 0), settings={_PROGRAM: "a table as Rigol writes it"})
    if start and step and places[0].position == 0:
        return TextRecord(1, places, TimeBase(step=number_of(step[1]), start=number_of(start[1]) or 0.0))
    return None


def _ultrascope(lines: list[str]) -> TextRecord | None:
    """Return the layout of Rigol's program UltraScope: settings, then time and the channels."""
    rows = [unquoted(line) for line in lines]
    begin = next((k for k, row in enumerate(rows) if row[0] == "Time (s)"), None)
    names = next((row for row in rows if row[0] == "Channel Data"), None)
    if begin is None or names is None:
        return None
    facts = {row[0].strip(" ="): row[1] for row in rows[:begin] if len(row) > 1}
    declared = facts.get("Number of Data points", "")
    places = [Place(k, names[k] if k < len(names) else f"column {k + 1}", "V")
              for k, cell in enumerate(rows[begin]) if cell == "Voltage (V)"]
    return TextRecord(begin + 1, places, TimeBase("Time (s)", "s", 0), declared=count_of(declared), settings=facts)
