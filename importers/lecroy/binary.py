"""Binary records of LeCroy oscilloscopes (.trc): the block WAVEDESC, the times of segments, and the codes.

Layout: Teledyne LeCroy, "MAUI Oscilloscopes Remote Control and Automation Manual", section "Waveform Template"
(LECROY_2_3), which every oscilloscope also sends for the query ``TEMPLATE?``; for LECROY_1_0, the template of a
LeCroy 7200A (github.com/jonathanschilling/LeCroy7200A, template.txt).
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from tsbench.errors import UnreadableFile
from tsbench.importers.faults import cut_off, damaged
from tsbench.importers.foreign import ForeignFile
from tsbench.importers.waveforms import Trace, fields, file_of, mapped, numbers_at, text

MARK = b"WAVEDESC"
#: a file that came over a bus has a header of a message before the block
SEARCHED = 256
#: template -> places of the fields in WAVEDESC: (byte, layout, names)
_TWO = (
    (32, "HHiiiiiiiiii", "word order descriptor user_text res times ris res1 array_1 array_2 res2 res3"),
    (76, "16s", "instrument"), (96, "16s", "label"),
    (116, "iiiiiiiiihhffffhhfd", "points per_screen first_valid last_valid first_point sparsing segment_index segments "
     "sweeps per_pair pair_offset gain offset highest lowest bits nominal step start"),
    (196, "48s", "unit"), (316, "HH", "type processing"), (344, "H", "source"),
)
_ONE = (
    (32, "HHiiiii", "word order descriptor user_text times array_1 array_2"), (56, "16s", "instrument"),
    (76, "16s", "label"), (92, "iiiiiii", "points per_screen first_valid last_valid segments nominal sweeps"),
    (120, "ffhhhfd", "gain shown_offset highest lowest bits step start"), (154, "48s", "unit"),
    (270, "hh", "type processing"), (290, "f", "offset"), (296, "h", "source"),
)
_RECORD_TYPES = {2: "a histogram", 5: "a spectrum", 6: "an envelope", 9: "a record with peak detection"}
_SHORTEST = 320
_MOST_CHANNELS = 8


def has_descriptor(head: bytes) -> bool:
    """Return whether a file begins with WAVEDESC, or with the header of a message and then WAVEDESC."""
    return MARK in head[:SEARCHED]


def read(path: Path, wanted: str | None) -> ForeignFile:
    """Read a .trc file; see :meth:`tsbench.importers.foreign.Importer.read`."""
    content, source = mapped(path), path.name
    begin = bytes(content[:SEARCHED]).find(MARK)
    block = bytes(content[begin : begin + 512])
    if len(block) < _SHORTEST:
        raise cut_off(source)
    template = text(block[16:32])
    if template != "LECROY_1_0" and not template.startswith("LECROY_2"):
        raise UnreadableFile(f"{source}: this record of LeCroy has the template '{template[:16]}', but tsbench reads "
                             "LECROY_2_3 and LECROY_1_0. Save it on the oscilloscope as text")
    old = template == "LECROY_1_0"
    order = "<" if block[34] == 1 else ">"
    facts: dict[str, Any] = {}
    for at, layout, names in _ONE if old else _TWO:
        facts |= fields(order + layout, names, block, at, source)
    if facts["type"] in _RECORD_TYPES:
        raise UnreadableFile(f"{source}: the file is {_RECORD_TYPES[facts['type']]}, not a record of samples over "
                             "time. Save the channel itself")
    points, segments = int(facts["points"]), max(int(facts["segments"]), 1)
    if points <= 0 or points % segments:
        raise damaged(source, f"the file declares {points} samples in {segments} segments")
    times = begin + facts["descriptor"] + facts["user_text"] + facts.get("res", 0)
    data = times + facts["times"] + facts.get("ris", 0) + facts.get("res1", 0)
    codes = numbers_at(content, order + "i2" if facts["word"] == 1 else "i1", data, points, source)
    start, starts = float(facts["start"]), np.empty(0)
    if segments > 1:
        pairs = numbers_at(content, order + "f8", times, 2 * segments, source).reshape(segments, 2)
        codes, starts = codes.reshape(segments, -1), pairs[:, 0] + pairs[:, 1]
        start = float(pairs[0, 1])
    label, instrument = text(facts["label"]), text(facts["instrument"])
    channel = int(facts["source"]) + (0 if old else 1)
    trace = Trace(
        f"C{channel}" if 1 <= channel <= _MOST_CHANNELS else label or "trace", text(facts["unit"]) or "V", codes, start,
        float(facts["step"]), float(facts["gain"]), -float(facts["offset"]), float(facts["lowest"]),
        float(facts["highest"]), starts)
    settings = {"instrument": instrument, "label": label, "segments": str(segments),
                **{name: str(facts[name]) for name in ("bits", "sweeps")}}
    program = instrument if instrument.lower().startswith("lecroy") else f"LeCroy {instrument}".strip()
    return file_of(program, [_unlimited(trace, int(facts["processing"]))], wanted, source, settings=settings)


def _unlimited(trace: Trace, processing: int) -> Trace:
    """Return a computed trace (filtered, averaged) without limits: its largest code is not the end of the converter."""
    return trace if processing == 0 else replace(trace, lowest=None, highest=None)
