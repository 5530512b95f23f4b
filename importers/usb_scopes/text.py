"""CSV files of Digilent WaveForms and of Saleae Logic 2.

Layouts: WaveForms writes lines from "#Digilent WaveForms Oscilloscope Acquisition" on, then "Time (s),Channel 1 (V)".
Logic 2 writes "Time [s],Channel 0" and its analog samples in volts ("Logic 2 User Guide", "Raw data export").
"""

import re
from pathlib import Path

from tsbench.importers.faults import damaged
from tsbench.importers.foreign import HEAD, ForeignFile
from tsbench.importers.number_rows import count_of, head_lines, is_number
from tsbench.importers.text_records import Place, TextRecord, TimeBase, read_record, unquoted

_DIGILENT = "#Digilent WaveForms"
_TIME = re.compile(r"Time\s*[\[(](s|ms|us|ns)[\])]")
_UNIT = re.compile(r"(.*\S)\s*\(([^()]*)\)")
_MOST_LINES = 80


def record_of(head: bytes) -> tuple[str, TextRecord] | None:
    """Return the program and what the header says of the rows, None where the file is of neither program."""
    lines = head_lines(head[:16384])[:_MOST_LINES]
    digilent = lines[0].startswith(_DIGILENT) if lines else False
    begin = next((k for k, line in enumerate(lines) if line.strip() and not line.startswith("#")), None)
    if begin is None or begin + 1 >= len(lines):
        return None
    names = unquoted(lines[begin])
    time = _TIME.fullmatch(names[0])
    saleae = begin == 0 and bool(names[1:]) and all(re.fullmatch(r"Channel \d+", name) for name in names[1:])
    if time is None or not (digilent or saleae) or not is_number(unquoted(lines[begin + 1])[0]):
        return None
    places = [Place(k, found[1] if (found := _UNIT.fullmatch(name)) else name, found[2] if found else "V")
              for k, name in enumerate(names) if k and name]
    facts = dict(re.findall(r"^#([^:]+):\s*(.*)$", "\n".join(lines[:begin]), re.MULTILINE))
    return "Digilent WaveForms" if digilent else "Saleae Logic", TextRecord(
        begin + 1, places, TimeBase(names[0], time[1], 0), declared=count_of(facts.get("Samples", "")), settings=facts)


def read(path: Path, wanted: str | None) -> ForeignFile:
    """Read a CSV file; see :meth:`tsbench.importers.foreign.Importer.read`."""
    with path.open("rb") as file:
        head = file.read(HEAD)
    found = record_of(head)
    if found is None:
        raise damaged(path.name, "the header is neither of Digilent WaveForms nor of Saleae Logic")
    return read_record(path, head, found[0], found[1], wanted)
