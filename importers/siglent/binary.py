"""Binary records of Siglent oscilloscopes (.bin), versions 1 to 4, with the scale of each channel in the header.

Layout: Siglent, "How to Extract Data from the Binary File of SIGLENT Oscilloscope" (E02A): value = (code - middle) *
volts per division / codes per division - offset, the first sample at -(divisions / 2) * time per division - delay. The
sign of the offset is that of the "SDS1104X-E Programming Guide" and of files of an SDS1000X-E.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tsbench.importers.faults import damaged
from tsbench.importers.foreign import ForeignFile
from tsbench.importers.waveforms import Trace, fields, file_of, mapped, numbers_at

#: place of the prefix 1 in the list of prefixes from yocto to yotta
_NO_PREFIX, _MOST_PREFIX = 8, 16
_CHANNELS = 4
_CODES_PER_DIVISION = 25
_DIVISIONS = 14  #: on the screen, where the header does not say it


@dataclass(frozen=True)
class _FieldPlaces:
    """Where the fields of a version stand [bytes]."""

    on: int
    volts: int
    offsets: int
    time: int
    delay: int
    length: int
    rate: int
    probes: int | None
    width: int | None  #: 0: one byte for each sample, 1: two
    order: int | None
    divisions: int | None
    codes: int | None
    data: int | None  #: None: the header says it
    unit: int = 40  #: [bytes] of a number with its prefix and unit


_PLACES = {
    1: _FieldPlaces(0x00, 0x10, 0x50, 0xD4, 0xE4, 0xF4, 0xF8, None, None, None, None, None, 0x800, 16),
    2: _FieldPlaces(0x04, 0x14, 0xB4, 0x198, 0x1C0, 0x1E8, 0x1EC, 0x240, 0x260, None, None, None, 0x800),
    3: _FieldPlaces(0x04, 0x14, 0xB4, 0x198, 0x1C0, 0x1E8, 0x1EC, 0x240, 0x260, 0x261, 0x268, 0x26C, 0x800),
    4: _FieldPlaces(0x08, 0x18, 0xB8, 0x19C, 0x1C4, 0x1EC, 0x1F0, 0x244, 0x264, 0x265, 0x26C, 0x270, None),
}
_HEADER = 0x400


def is_binary(head: bytes) -> bool:
    """Return whether a file begins as one of the versions does."""
    return _version(head) is not None


def _version(head: bytes) -> int | None:
    """Return the version: its flags are 0 or 1, and its sample rate is a rate. Version 1 begins with the flags."""
    if len(head) < _HEADER:
        return None
    first = int.from_bytes(head[:4], "little")
    for version in (max(first, 1),):
        layout = _PLACES.get(version)
        if layout is None:
            continue
        flags = np.frombuffer(head, "<u4", _CHANNELS, layout.on)
        rate, prefix = fields("<dI", "rate prefix", head, layout.rate, "").values()
        width = head[layout.width] if layout.width is not None else 0
        if np.all(flags <= 1) and np.any(flags == 1) and prefix <= _MOST_PREFIX and 0 < rate < 1e15 and width <= 1:
            return version
    return None


def read(path: Path, wanted: str | None) -> ForeignFile:
    """Read a .bin file; see :meth:`tsbench.importers.foreign.Importer.read`."""
    content, source = mapped(path), path.name
    head = bytes(content[:_HEADER])
    version = _version(head)
    if version is None:
        raise damaged(source, "the header is not one of Siglent's")
    layout = _PLACES[version]
    rate = _scaled(head, layout.rate, source)
    if not np.isfinite(rate) or rate <= 0:
        raise damaged(source, "the header gives no sample rate")
    length = int(fields("<I", "n", head, layout.length, source)["n"])
    wide = layout.width is not None and head[layout.width] == 1
    order = ">" if layout.order is not None and head[layout.order] == 1 else "<"
    kind = f"{order}u2" if wide else "u1"
    divisions = _integer(head, layout.divisions, source) if layout.divisions is not None else _DIVISIONS
    start = -0.5 * divisions * _scaled(head, layout.time, source) - _scaled(head, layout.delay, source)
    at = layout.data if layout.data is not None else _integer(head, 4, source)
    traces, remarks = [], []
    for k in range(_CHANNELS):
        if not _integer(head, layout.on + 4 * k, source):
            continue
        codes = numbers_at(content, kind, at, length, source)
        at += length * np.dtype(kind).itemsize
        probe = float(fields("<d", "x", head, layout.probes + 8 * k, source)["x"] or 1.0) if layout.probes else 1.0
        traces.append(_trace(head, layout, k, codes, start, 1.0 / rate, probe, wide=wide, source=source))
        if probe != 1.0:
            remarks.append(f"the probe factor {probe:g} of CH{k + 1} is applied. Compare a level with the oscilloscope")
    if layout.probes is None:
        remarks.append("this version of the format has no probe factor. With a probe of 10:1, the values are a "
                       "tenth of the true ones")
    return file_of("Siglent", traces, wanted, source, remarks=remarks,
                   settings={"version": str(version), "sample rate": f"{rate:.6g}"})


def _trace(
    head: bytes, layout: _FieldPlaces, k: int, codes: Any, start: float, step: float, probe: float, *, wide: bool,
    source: str,
) -> Trace:
    volts = _scaled(head, layout.volts + layout.unit * k, source) * probe
    offset = _scaled(head, layout.offsets + layout.unit * k, source) * probe
    per_division = _integer(head, layout.codes + 4 * k, source) if layout.codes is not None else \
        _CODES_PER_DIVISION * (256 if wide else 1)
    if per_division <= 0:
        raise damaged(source, f"the header gives no scale of channel {k + 1}")
    factor = volts / per_division
    middle, highest = (32768, 65535) if wide else (128, 255)
    unit = "A" if fields("<I", "u", head, layout.volts + layout.unit * k + 12, source)["u"] == 1 else "V"
    return Trace(f"CH{k + 1}", unit, codes, start, step, factor, -middle * factor - offset, 0, highest)


def _scaled(head: bytes, at: int, source: str) -> float:
    """Return a number with its prefix."""
    found = fields("<dI", "value prefix", head, at, source)
    if found["prefix"] > _MOST_PREFIX:
        raise damaged(source, "a number of the header has no valid unit")
    return float(found["value"] * 10.0 ** (3 * (found["prefix"] - _NO_PREFIX)))


def _integer(head: bytes, at: int, source: str) -> int:
    return int(fields("<i", "n", head, at, source)["n"])
