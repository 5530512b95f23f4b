"""Binary records of LeCroy oscilloscopes (.trc): the block WAVEDESC, the times of segments, and the codes.

Layout: Teledyne LeCroy, "MAUI Oscilloscopes Remote Control and Automation Manual", section "Waveform Template"
(LECROY_2_3), which every oscilloscope also sends for the query ``TEMPLATE?``; and the older LECROY_1_0.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np

from tsbench.errors import UnreadableFile
from tsbench.importers.faults import cut_off, damaged
from tsbench.importers.foreign import ForeignFile
from tsbench.importers.waveforms import Trace, fields, file_of, mapped, numbers_at, text

MARK = b"WAVEDESC"
#: a file that came over a bus has a header of a message before the block
SEARCHED = 256
#: names and types of the fields at the beginning of WAVEDESC, byte 32 to 76
_LENGTHS = "HHiiiiiiiiii"
_LENGTH_NAMES = "comm_type comm_order descriptor user_text res trigger_times ris_times res1 array_1 array_2 res2 res3"
#: bytes 116 to 188: counts, scale, time base
_BODY = "iiiiiiiiihhffffhhfd"
_BODY_NAMES = ("points per_screen first_valid last_valid first_point sparsing segment_index segments sweeps per_pair "
               "pair_offset gain offset highest lowest bits nominal_segments step start")
_RECORD_TYPES = {2: "a histogram", 5: "a spectrum", 6: "an envelope", 9: "a record with peak detection"}
_SOURCES = {0: "C1", 1: "C2", 2: "C3", 3: "C4"}
_SHORTEST = 346


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
    order = "<" if block[34] == 1 else ">"
    lengths = fields(order + _LENGTHS, _LENGTH_NAMES, block, 32, source)
    body = fields(order + _BODY, _BODY_NAMES, block, 116, source)
    template = text(block[16:32])
    if not template.startswith("LECROY_2"):
        raise UnreadableFile(f"{source}: this record of LeCroy has the template '{template[:16]}', but tsbench reads "
                             "LECROY_2_3. Save it on the oscilloscope as text")
    record_type = int(fields(order + "H", "type", block, 316, source)["type"])
    if record_type in _RECORD_TYPES:
        raise UnreadableFile(f"{source}: the file is {_RECORD_TYPES[record_type]}, not a record of samples over time. "
                             "Save the channel itself")
    kind = order + "i2" if lengths["comm_type"] == 1 else "i1"
    points, segments = int(body["points"]), max(int(body["segments"]), 1)
    if points <= 0 or points % segments:
        raise damaged(source, f"the file declares {points} samples in {segments} segments")
    at = begin + lengths["descriptor"] + lengths["user_text"] + lengths["res"]
    data = at + lengths["trigger_times"] + lengths["ris_times"] + lengths["res1"]
    codes = numbers_at(content, kind, data, points, source)
    start, step = float(body["start"]), float(body["step"])
    starts = np.empty(0)
    if segments > 1:
        pairs = numbers_at(content, order + "f8", at, 2 * segments, source).reshape(segments, 2)
        codes, starts = codes.reshape(segments, -1), pairs[:, 0] + pairs[:, 1]
        start = float(pairs[0, 1])
    name = _SOURCES.get(int(fields(order + "H", "source", block, 344, source)["source"]), "") or \
        text(block[96:112]) or "trace"
    trace = Trace(
        name, text(block[196:244]) or "V", codes, start, step, float(body["gain"]), -float(body["offset"]),
        float(body["lowest"]), float(body["highest"]), starts)
    label = text(block[96:112])
    processing = int(fields(order + "H", "processing", block, 318, source)["processing"])
    return file_of(f"LeCroy {text(block[76:92])}".strip(), [_unlimited(trace, processing)], wanted, source, settings={
        "instrument": text(block[76:92]), "label": label, "bits": str(body["bits"]), "sweeps": str(body["sweeps"]),
        "segments": str(segments)})


def _unlimited(trace: Trace, processing: int) -> Trace:
    """Return a computed trace (filtered, averaged) without limits: its largest code is not the end of the converter."""
    return trace if processing == 0 else replace(trace, lowest=None, highest=None)
