"""CSV files of R&S RTB2000, RTM3000, RTA4000 and MXO: one header row, "in s,C1 in V,C2 in V".

Layout: "R&S RTB2000 Digital Oscilloscope User Manual" (1333.1611), section "Waveform export". A record of pairs (a
minimum and a maximum for each time) is read as successive samples of the same time.
"""

import re
from pathlib import Path

from tsbench.importers.faults import damaged
from tsbench.importers.foreign import HEAD, ForeignFile
from tsbench.importers.number_rows import head_lines, is_number
from tsbench.importers.text_records import Place, TextRecord, TimeBase, read_record, unquoted

_TIME = re.compile(r"(?:(?:time|t)\s+)?in\s+(s|ms|us|µs|ns)", re.IGNORECASE)
_CHANNEL = re.compile(r"(\S.*?)\s+in\s+(\S+)", re.IGNORECASE)


def record_of(head: bytes) -> TextRecord | None:
    """Return what the header says of the rows, None where the file is none of R&S."""
    lines = head_lines(head[:8192])
    if len(lines) < 2:
        return None
    delimiter = next((mark for mark in (";", ",", "\t") if mark in lines[0]), ",")
    names = unquoted(lines[0], delimiter)
    time = _TIME.fullmatch(names[0])
    comma = delimiter == ";" and "," in lines[1]
    first = lines[1].replace(",", ".") if comma else lines[1]
    if not time or not is_number(unquoted(first, delimiter)[0]):
        return None
    places = [Place(k, found[1], found[2]) for k, cell in enumerate(names) if k and (found := _CHANNEL.fullmatch(cell))]
    return TextRecord(1, places, TimeBase("time", time[1], 0), delimiter, comma) if places else None


def read(path: Path, wanted: str | None) -> ForeignFile:
    """Read a CSV file; see :meth:`tsbench.importers.foreign.Importer.read`."""
    with path.open("rb") as file:
        head = file.read(HEAD)
    record = record_of(head)
    if record is None:
        raise damaged(path.name, "the header is not one of R&S")
    return read_record(path, head, "Rohde & Schwarz", record, wanted)
