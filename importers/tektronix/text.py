"""CSV files of Tektronix oscilloscopes: settings above the rows, or beside the first rows (TDS1000 to TBS1000).

Layouts: the files of the TDS1000, TDS2000 and TBS1000 ("Record Length,2.5e+03,,-0.0025,0.04,": the settings stand in
the first columns of the first rows), of the MSO/DPO2000 to 4000 and the MDO3000 ("Model,MSO4034" to "TIME,CH1,CH2"),
and of the MSO4, 5 and 6 ("Labels," above "TIME,CH1"), which ``tm_data_types`` of Tektronix writes too.
"""

import re
from pathlib import Path

from tsbench.importers.faults import damaged
from tsbench.importers.foreign import HEAD, ForeignFile
from tsbench.importers.number_rows import head_lines, number_of
from tsbench.importers.text_records import Place, TextRecord, TimeBase, read_record, unquoted

_MOST_LINES = 64


def record_of(head: bytes) -> TextRecord | None:
    """Return what the header says of the rows, None where the file is none of Tektronix's."""
    rows = [unquoted(line.removeprefix("#")) for line in head_lines(head)[:_MOST_LINES]]
    if len(rows) < 3 or not rows[0]:
        return None
    if rows[0][0].lower() == "record length" and len(rows[0]) >= 5 and rows[1][0].lower() == "sample interval":
        return _settings_beside(rows)
    return _settings_above(rows)


def read(path: Path, wanted: str | None) -> ForeignFile:
    """Read a CSV file; see :meth:`tsbench.importers.foreign.Importer.read`."""
    with path.open("rb") as file:
        head = file.read(HEAD)
    record = record_of(head)
    if record is None:
        raise damaged(path.name, "the header is not one of Tektronix's")
    return read_record(path, head, _program(record.settings.get("Model", "")), record, wanted)


def _program(model: str) -> str:
    return f"Tektronix {model}".strip()


def _settings_beside(rows: list[list[str]]) -> TextRecord:
    """Return the layout with settings in the first columns: each channel has a block of them, then time and value."""
    facts = {row[0]: row[1] for row in rows if len(row) > 1 and row[0] and row[1]}
    blocks = [k for k, cell in enumerate(rows[0]) if cell.lower() == "record length"]
    places = []
    for block in blocks:
        named = {row[block]: row[block + 1] for row in rows if len(row) > block + 1 and row[block]}
        places.append(Place(block + 4, named.get("Source", "CH1"), named.get("Vertical Units", "")))
    declared = number_of(facts.get("Record Length", ""))
    step = number_of(facts.get("Sample Interval", ""))
    model = facts.get("Model Number", "")
    return TextRecord(
        0, places, TimeBase("time", facts.get("Horizontal Units", "s") or "s", blocks[0] + 3, step=step or None),
        declared=int(declared) if declared else None, settings={**facts, **({"Model": model} if model else {})})


def _settings_above(rows: list[list[str]]) -> TextRecord | None:
    """Return the layout with settings above the row of names, which begins with TIME."""
    begin = next((k for k, row in enumerate(rows) if row[0].upper() == "TIME" and len(row) > 1), None)
    facts = {row[0]: row[1:] for row in rows[:begin] if row[0]}
    known = "Sample Interval" in facts and ("Record Length" in facts or "Model" in facts)
    if begin is None or not known or not any(name in facts for name in ("Model", "Vertical Units", "Waveform Type")):
        return None
    names = rows[begin] if "IQ_centerFrequency" not in facts else rows[begin][:1]  # I and Q of a radio signal
    labels = facts.get("Label") or facts.get("Labels") or []
    kinds = facts.get("Waveform Type", [])
    places, skipped = [], 0
    for k, name in enumerate(names[1:], start=1):
        if not name or name.upper() == "TIME":
            continue
        kind = kinds[0] if len(kinds) == 1 else _cell(kinds, k)
        if (kind or "ANALOG").upper() == "DIGITAL" or re.fullmatch(r"D\d+", name):
            skipped += 1
            continue
        places.append(Place(k, name, _cell(facts.get("Vertical Units", []), k)))
    remarks = [f"{skipped} digital channels are not read"] if skipped else []
    shown = {place.name: _cell(labels, place.position) for place in places}
    remarks += [f"{name} has the label '{label}'" for name, label in shown.items() if label]
    step = number_of(_cell(facts["Sample Interval"], 1))
    gated = not re.fullmatch(r"0\.0+%\s*to\s*100\.0+%", _cell(facts.get("Gating", []), 1) or "0.0% to 100.0%")
    declared = None if gated else number_of(_cell(facts.get("Record Length", []), 1))
    unit = _cell(facts.get("Horizontal Units", []), 1) or "s"
    return TextRecord(
        begin + 1, places, TimeBase(names[0], "s" if unit == "S" else unit, 0, step=step or None),
        declared=int(declared) if declared else None,
        settings={name: ", ".join(filter(None, cells)) for name, cells in facts.items()}, remarks=tuple(remarks))


def _cell(cells: list[str], position: int) -> str:
    """Return the setting of a column; the settings of the first column stand at position 0 of ``cells``."""
    return cells[position - 1] if 0 < position <= len(cells) else ""
