"""Tektronix's reference waveforms (.wfm), versions WFM#001 to WFM#003, with FastFrame segments.

Layout: Tektronix, "Performance Oscilloscope Reference Waveform File Format" (077-0220). One file holds one channel.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tsbench.errors import UnreadableFile
from tsbench.importers.faults import cut_off
from tsbench.importers.foreign import ForeignFile
from tsbench.importers.waveforms import Trace, fields, file_of, mapped, numbers_at, pairs_of, text

_HEAD = 8192
_STATIC_NAMES = "digits to_end width curve_at zoom_x zoom_at zoom_y zoom_y_at label frames"
_EXPLICIT = "ddI20sddddii4s4s4s4s4s"
_EXPLICIT_NAMES = ("scale offset size unit extent_low extent_high resolution reference format storage null over under "
                   "high low")
_IMPLICIT = "ddI20sddddI"
_IMPLICIT_NAMES = "scale offset size unit extent_low extent_high resolution reference spacing"
_CURVE = "IihIIIII"
_CURVE_NAMES = "flags checksum_kind checksum precharge first last stop end"
_UPDATE = "Iddi"
_UPDATE_NAMES = "real_offset fraction_of_sample fraction_of_second second"
#: code of the format -> NumPy type; the third version has the types of one byte in places 6 and 7
_TYPES = {0: "i2", 1: "i4", 2: "u4", 3: "u8", 4: "f4", 5: "f8"}
_MORE_TYPES = {**_TYPES, 6: "u1", 7: "i1"}
_VECTOR = 2  #: data type of samples over time
_SAMPLE, _PAIRS = 0, 1  #: how the samples are stored


@dataclass(frozen=True)
class _WfmPlaces:
    """Where the parts of the header begin; they moved between the versions."""

    order: str
    version: int

    @property
    def explicit(self) -> int:
        return 166 if self.version == 1 else 168

    @property
    def view(self) -> int:
        """[bytes] of the user view behind each dimension."""
        return 60 if self.version == 3 else 56

    @property
    def implicit(self) -> int:
        return self.explicit + 2 * (100 + self.view)

    @property
    def update(self) -> int:
        """Two dimensions and two time bases further on."""
        return self.implicit + 2 * (76 + self.view) + 24

    @property
    def more(self) -> int:
        """Where the update specifications of the further frames begin, and then their curves."""
        return self.update + 24 + 30


def is_wfm(head: bytes) -> bool:
    """Return whether the file begins with the byte order and the version of a reference waveform."""
    return head[:2] in (b"\x0f\x0f", b"\xf0\xf0") and head[2:6] in (b"WFM#", b":WFM")


def read(path: Path, wanted: str | None) -> ForeignFile:
    """Read a .wfm file; see :meth:`tsbench.importers.foreign.Importer.read`."""
    content, source = mapped(path), path.name
    head = bytes(content[:_HEAD])
    at = head.find(b"WFM#", 0, 8)
    version = head[at + 4 : at + 7]
    if not version.isdigit() or int(version) not in (1, 2, 3):
        raise UnreadableFile(f"{source}: the file has version {version.decode('latin-1')!r} of Tektronix's format, but "
                             "tsbench reads 001, 002 and 003. Save the record as CSV")
    layout = _WfmPlaces("<" if head[:2] == b"\x0f\x0f" else ">", int(version))
    info = fields(layout.order + "BiBiifdf32sI", _STATIC_NAMES, head, 10, source)
    kind = fields(layout.order + "i", "kind", head, 122, source)["kind"]
    explicit = fields(layout.order + _EXPLICIT, _EXPLICIT_NAMES, head, layout.explicit, source)
    implicit = fields(layout.order + _IMPLICIT, _IMPLICIT_NAMES, head, layout.implicit, source)
    types = _MORE_TYPES if layout.version == 3 else _TYPES
    if kind != _VECTOR or explicit["storage"] not in (_SAMPLE, _PAIRS) or explicit["format"] not in types:
        raise UnreadableFile(f"{source}: the file is not a record of samples of an analog channel over time (data type "
                             f"{kind}, format {explicit['format']}). Save the channel itself")
    if b"IQ_centerFrequency" in bytes(content[-4096:]):
        raise UnreadableFile(f"{source}: the file is a record of I and Q of a radio signal. Save the channel itself")
    number = types[explicit["format"]]
    dtype = np.dtype(layout.order + number)
    curves = _curves(content, layout, int(info["frames"]), source)
    frames = [_samples(content, int(info["curve_at"]), curve, dtype, source) for curve in curves]
    if not frames or len({frame.size for frame in frames}) > 1:
        raise cut_off(source)
    updates = _updates(content, layout, len(frames), source)
    step = float(implicit["scale"])
    # the offset is that of the first sample that the user sees; the trigger lies between two samples
    start = float(implicit["offset"]) + step * float(updates[0]["fraction_of_sample"])
    low, high = _limits(explicit, dtype)
    starts = np.empty(0)
    codes = frames[0]
    if len(frames) > 1:
        codes, starts = np.stack(frames), _since_first(updates) + start
    label = text(info["label"])
    trace = Trace(label or _channel(path), text(explicit["unit"]), codes, start, step, float(explicit["scale"]),
                  float(explicit["offset"]), low, high, starts)
    envelope = explicit["storage"] == _PAIRS and frames[0].size >= 2 * int(implicit["size"]) > 0
    return file_of("Tektronix", pairs_of(trace, step) if envelope else [trace], wanted, source,
                   settings={"label": label, "frames": str(len(frames))})


def _channel(path: Path) -> str:
    """Return the channel that the file's name states, where the file has no label."""
    found = re.search(r"CH\d", path.stem, re.IGNORECASE)
    return found[0].upper() if found else "waveform"


def _curves(content: npt.NDArray[np.uint8], layout: _WfmPlaces, more: int, source: str) -> list[dict[str, Any]]:
    """Return the curve of each frame; those of the further frames stand behind all update specifications."""
    if more * 54 + layout.more > content.size:
        raise cut_off(source, f" (it declares {more + 1} frames)")
    block = bytes(content[: layout.more + more * 54])
    curves = [fields(layout.order + _CURVE, _CURVE_NAMES, block, layout.update + 24, source)]
    begin = layout.more + 24 * more
    curves += [fields(layout.order + _CURVE, _CURVE_NAMES, block, begin + 30 * k, source) for k in range(more)]
    return curves


def _updates(
    content: npt.NDArray[np.uint8], layout: _WfmPlaces, frames: int, source: str
) -> list[dict[str, Any]]:
    """Return the times of the trigger of each frame."""
    block = bytes(content[: layout.more + 24 * frames])
    places = [layout.update, *(layout.more + 24 * k for k in range(frames - 1))]
    return [fields(layout.order + _UPDATE, _UPDATE_NAMES, block, place, source) for place in places]


def _since_first(updates: list[dict[str, Any]]) -> npt.NDArray[np.float64]:
    """Return the times of the triggers since the first one [s]."""
    first = updates[0]
    return np.array([one["second"] - first["second"] + one["fraction_of_second"] - first["fraction_of_second"]
                     for one in updates], dtype=np.float64)


def _samples(
    content: npt.NDArray[np.uint8], begin: int, curve: dict[str, Any], dtype: np.dtype[Any], source: str
) -> npt.NDArray[Any]:
    """Return the samples of a frame that its user sees: without those for interpolation before and behind."""
    first, last = int(curve["first"]), int(curve["last"])
    if last <= first or (last - first) % dtype.itemsize:
        raise cut_off(source)
    return numbers_at(content, dtype.str, begin + first, (last - first) // dtype.itemsize, source)


def _limits(explicit: dict[str, Any], dtype: np.dtype[Any]) -> tuple[float | None, float | None]:
    """Return the codes at the ends of the range: those that the file states, for codes only."""
    if dtype.kind not in "iu":
        return None, None
    over, under = (float(np.frombuffer(explicit[name][: dtype.itemsize], dtype)[0]) for name in ("over", "under"))
    if under < over:
        return under, over
    low, high = (float(np.frombuffer(explicit[name][: dtype.itemsize], dtype)[0]) for name in ("low", "high"))
    info = np.iinfo(dtype)
    return (low, high) if low < high else (float(info.min), float(info.max))
