"""Text files of PicoScope (.csv, .txt): a row of names, a row of units, a blank row, and the rows.

Layout: "PicoScope 6 User's Guide" (psw.en r32), section "Text formats": "Time,Channel A,Channel B" and "(ms),(V),(mV)".
PicoScope writes an infinity for a sample beyond the range of the input.
"""

import re
from pathlib import Path

from tsbench.importers.faults import damaged
from tsbench.importers.foreign import HEAD, ForeignFile
from tsbench.importers.number_rows import head_lines, is_number
from tsbench.importers.text_records import Place, TextRecord, TimeBase, read_record, unquoted

_UNIT = re.compile(r"\(([^()]*)\)")
_TIME_NAMES = ("time", "zeit", "temps")
_TIMES = ("fs", "ps", "ns", "us", "µs", "μs", "ms", "s")


def record_of(head: bytes) -> TextRecord | None:
    """Return what the two header rows say of the rows, None where the file is none of PicoScope's."""
    lines = head_lines(head[:16384])
    if len(lines) < 3:
        return None
    delimiter = next((mark for mark in ("\t", ";", ",") if mark in lines[1]), ",")
    names, units = unquoted(lines[0], delimiter), unquoted(lines[1], delimiter)
    found = [_UNIT.fullmatch(unit) for unit in units]
    if len(names) != len(units) or len(names) < 2 or not all(found) or names[0].lower() not in _TIME_NAMES:
        return None
    unit_of = [unit[1] for unit in found if unit]
    begin = next((k for k in range(2, len(lines)) if lines[k].strip()), None)
    if unit_of[0] not in _TIMES or begin is None:
        return None
    comma = delimiter != "," and "," in lines[begin]
    first = unquoted(lines[begin].replace(",", ".") if comma else lines[begin], delimiter)
    if not is_number(first[0]):
        return None
    places = [Place(k, names[k], unit_of[k]) for k in range(1, len(names))]
    return TextRecord(begin, places, TimeBase(names[0], unit_of[0], 0), delimiter, comma)


def read(path: Path, wanted: str | None) -> ForeignFile:
    """Read a text file; see :meth:`tsbench.importers.foreign.Importer.read`."""
    with path.open("rb") as file:
        head = file.read(HEAD)
    record = record_of(head)
    if record is None:
        raise damaged(path.name, "the header is not one of PicoScope's")
    return read_record(path, head, "PicoScope", record, wanted)
