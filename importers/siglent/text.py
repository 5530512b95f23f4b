"""CSV files of Siglent oscilloscopes: settings from "Record Length" on, then "Second,Volt,Volt" and the rows.

Layout: the files of the SDS1000X-E, SDS2000X and SDS1000CML families and of Siglent's program that converts .bin files;
"Record Length,Analog:14000", "Vertical Scale,CH1:0.05", and "Source,CH1,CH2" or "Second,Volt".
"""

import re
from pathlib import Path

from tsbench.importers.faults import damaged
from tsbench.importers.foreign import HEAD, ForeignFile
from tsbench.importers.number_rows import count_of, head_lines, is_number, number_of
from tsbench.importers.text_records import Place, TextRecord, TimeBase, read_record, unquoted

_MOST_LINES = 40
_CHANNEL = re.compile(r"(CH\d+|M(?:ATH)?\d*|F\d|REF\w*|Z\d)\s*:\s*([^,:]*?)(?=\s+\S+:|\s*$)", re.IGNORECASE)
_UNITS = {"volt": "V", "v": "V", "ampere": "A", "amp": "A", "a": "A", "value": ""}


def record_of(head: bytes) -> TextRecord | None:
    """Return what the header says of the rows, None where the file is none of Siglent's."""
    rows = [unquoted(line) for line in head_lines(head)[:_MOST_LINES]]
    begin = next((k for k, row in enumerate(rows) if row[0].lower() == "second" and len(row) > 1), None)
    if begin is None or begin + 1 >= len(rows) or not is_number(rows[begin + 1][0]):
        return None
    facts = {row[0].lstrip("#").strip(): [cell for cell in row[1:] if cell] for row in rows[:begin] if row[0]}
    length = facts.get("Record Length", facts.get("iRecord Length", []))
    if not length and not facts.get("Source"):
        return None
    units = _by_channel(facts, "Vertical Units")
    channels = facts.get("Source") or list(_by_channel(facts, "Vertical Scale")) or list(units)
    places = []
    for k, cell in enumerate(rows[begin]):
        if k and cell and k < len(rows[begin + 1]) and is_number(rows[begin + 1][k]):
            name = channels[k - 1] if k <= len(channels) else f"CH{k}"
            places.append(Place(k, name, units.get(name) or _UNITS.get(cell.lower(), cell)))
    return TextRecord(begin + 1, places, TimeBase("Second", "s", 0, step=_step(facts)), declared=_samples(length),
                      settings={name: ", ".join(cells) for name, cells in facts.items()})


def read(path: Path, wanted: str | None) -> ForeignFile:
    """Read a CSV file; see :meth:`tsbench.importers.foreign.Importer.read`."""
    with path.open("rb") as file:
        head = file.read(HEAD)
    record = record_of(head)
    if record is None:
        raise damaged(path.name, "the header is not one of Siglent's")
    return read_record(path, head, f"Siglent {record.settings.get('Model Number', '')}".strip(), record, wanted)


def _by_channel(facts: dict[str, list[str]], name: str) -> dict[str, str]:
    """Return channel -> setting, of "CH1:0.05 CH2:0.1" or of one cell for each channel."""
    return {found[0]: found[1].strip() for cell in facts.get(name, []) for found in _CHANNEL.findall(cell)}


def _samples(cells: list[str]) -> int | None:
    """Return the number of samples of "Analog:14000"; None where it is rounded ("700k") or not given."""
    return count_of(cells[0].rpartition(":")[2]) if cells else None


def _step(facts: dict[str, list[str]]) -> float | None:
    """Return the sample interval of "1e-07", "Analog:1e-07" or "CH1:1e-07 CH2:1e-07"; None where it is not given."""
    for cell in facts.get("Sample Interval", []):
        found = re.search(r"(?:^|:)\s*([-+]?\d[\d.]*(?:[eE][-+]?\d+)?)", cell)
        if found and (step := number_of(found[1])) and step > 0:
            return step
    return None
