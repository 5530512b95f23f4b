"""The binary container of Keysight's oscilloscopes, which Rigol uses too: headers, then numbers of 32 bits in units.

Layout: "Keysight InfiniiVision 3000T X-Series Oscilloscopes User's Guide", chapter "Save/Recall", section "Binary data
(.bin) file format"; Rigol, "DHO1000 Series User Guide", tables 19.1 to 19.4. The numbers are volts, not codes, so
the ends of the converter's range are not in the file.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tsbench.errors import UnreadableFile
from tsbench.importers.faults import cut_off, damaged
from tsbench.importers.foreign import ForeignFile
from tsbench.importers.waveforms import Trace, fields, file_of, mapped, numbers_at, text

#: two letters of the maker and the version of the container
MARKS = {b"AG": ("01", "03", "10"), b"RG": ("01", "03")}
_HEADER = "<IIIIIfdddII16s16s24s16s"
_HEADER_NAMES = ("size type buffers points count display_range display_start step start x_unit y_unit date time frame "
                 "label")
_SHORTEST = 128
_MOST_WAVEFORMS = 1_000_000
_UNITS = {1: "V", 2: "s", 3: "", 4: "A", 5: "dB", 6: "Hz"}
_SECONDS = 2
#: what a waveform is; the others are channels of samples over time
_LOGIC = 6
_NO_RECORD = {4: "a histogram", 5: "a histogram", _LOGIC: "digital channels"}
_NUMBERS, _HIGHEST, _LOWEST = 1, 2, 3  #: kinds of buffers


@dataclass(frozen=True)
class _Waveform:
    header: dict[str, Any]
    segment: int  #: from 1; 0: one record
    tag: float  #: [s] since the first trigger
    buffers: dict[int, npt.NDArray[np.float32]]  #: kind -> numbers


def is_container(head: bytes, mark: bytes) -> bool:
    """Return whether a file begins as a container of this maker does."""
    return head[:2] == mark and head[2:4].decode("latin-1") in MARKS[mark]


def read(path: Path, wanted: str | None, maker: str) -> ForeignFile:
    """Read a container; see :meth:`tsbench.importers.foreign.Importer.read`."""
    content, source = mapped(path), path.name
    rigol = bytes(content[:2]) == b"RG"
    waveforms = list(_waveforms(content, source, rigol=rigol))
    channels: dict[str, list[_Waveform]] = {}
    for number, waveform in enumerate(waveforms, start=1):
        name = text(waveform.header["label"]) or f"channel {number}"
        if waveform.header["x_unit"] in (0, _SECONDS) and waveform.buffers:
            channels.setdefault(name, []).append(waveform)
    if not channels:
        kinds = {_NO_RECORD.get(one.header["type"], "no samples") for one in waveforms}
        raise UnreadableFile(f"{source}: the file holds {' and '.join(sorted(kinds)) or 'no waveform'}, but no record "
                             "of an analog channel over time. Save the channel itself")
    traces, remarks = [], []
    for name, parts in channels.items():
        made, said = _traces(name, parts, rigol=rigol, source=source)
        traces += made
        remarks += said
    skipped = sum(one.header["type"] == _LOGIC for one in waveforms)
    if skipped:
        remarks.append(f"{skipped} waveform{'s' if skipped > 1 else ''} of digital channels are not read")
    frame = text(waveforms[0].header["frame"])
    when = f"{text(waveforms[0].header['date'])} {text(waveforms[0].header['time'])}".strip()
    return file_of(f"{maker} {frame.partition(':')[0]}".strip(), traces, wanted, source,
                   settings={"instrument": frame, "saved": when}, remarks=remarks)


def _waveforms(content: npt.NDArray[np.uint8], source: str, *, rigol: bool) -> Iterator[_Waveform]:
    """Yield the waveforms of a file."""
    long = bytes(content[2:4]) == b"03"
    start = bytes(content[:16])
    number = fields("<QI" if long else "<II", "size waveforms", start, 4, source)["waveforms"]
    if number > _MOST_WAVEFORMS:
        raise damaged(source, f"the file declares {number} waveforms")
    at = 16 if long else 12
    for _ in range(number):
        block = bytes(content[at : at + 160])
        header = fields(_HEADER, _HEADER_NAMES, block, 0, source)
        if not _SHORTEST <= header["size"] <= 4096:
            raise damaged(source, f"the header of a waveform has {header['size']} bytes, but 128 to 4096 are expected")
        tags = fields("<dI", "tag segment", block, _SHORTEST, source) if header["size"] >= 140 else {}
        _require_scale(header, source, rigol=rigol)
        at += header["size"]
        buffers: dict[int, npt.NDArray[np.float32]] = {}
        for _ in range(header["buffers"]):
            block = bytes(content[at : at + 16])
            data = fields("<IHHQ" if long else "<IHHI", "size kind width bytes", block, 0, source)
            if data["size"] < 12:
                raise damaged(source, "the header of a buffer is damaged")
            begin = at + data["size"]
            if data["kind"] in (_NUMBERS, _HIGHEST, _LOWEST) and data["width"] == 4:
                count = min(header["points"], data["bytes"] // 4)
                buffers[data["kind"]] = numbers_at(content, "<f4", begin, count, source)
            at = begin + data["bytes"]
            if at > content.size:
                raise cut_off(source)
        yield _Waveform(header, int(tags.get("segment", 0)), float(tags.get("tag", 0.0)), buffers)


def _require_scale(header: dict[str, Any], source: str, *, rigol: bool) -> None:
    """Raise for the files of some MSO5000 firmware: they hold codes, and neither their scale nor a time base."""
    if rigol and header["size"] == 144 and abs(header["step"]) <= 1.001e-12:
        model = text(header["frame"]).partition(":")[0]
        raise UnreadableFile(f"{source}: this firmware of the Rigol {model} writes no time base and no scale into its "
                             ".bin files. Save the record as CSV")


def _traces(name: str, parts: list[_Waveform], *, rigol: bool, source: str) -> tuple[list[Trace], list[str]]:
    """Return the traces of one channel: one, or the lowest and the highest of a peak detection; and remarks."""
    header = parts[0].header
    unit = _UNITS.get(header["y_unit"], "")
    start = -header["start"] if rigol else header["start"]  # Rigol writes the time before the trigger
    said = [] if header["type"] != 2 else [f"{name} was acquired with peak detection: two samples for each time"]
    traces = []
    for kind in sorted(parts[0].buffers):
        shown = {_HIGHEST: f"{name} maximum", _LOWEST: f"{name} minimum"}.get(kind, name)
        sizes = {part.buffers[kind].size for part in parts if kind in part.buffers}
        if len(parts) == 1:
            traces.append(Trace(shown, unit, parts[0].buffers[kind], start, header["step"]))
        elif len(sizes) > 1 or any(kind not in part.buffers for part in parts):
            raise UnreadableFile(f"{source}: the segments of {name} do not have the same number of samples. Save one "
                                 "segment")
        else:
            codes = np.stack([part.buffers[kind] for part in parts])
            traces.append(Trace(shown, unit, codes, start, header["step"],
                                starts=np.array([part.tag + start for part in parts])))
    return traces, said
