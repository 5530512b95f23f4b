"""Records of R&S RTO and RTP oscilloscopes in two files: settings in XML, samples beside it.

Layout: "R&S RTO Digital Oscilloscope User Manual" (1332.9725), section "Waveform export": the file NAME.bin or NAME.csv
has the settings, the file NAME.Wfm.bin or NAME.Wfm.csv the samples. Those of several channels are interleaved.
"""

import math
import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tsbench.errors import UnreadableFile
from tsbench.importers.faults import cut_off, damaged
from tsbench.importers.foreign import ForeignFile
from tsbench.importers.number_rows import encoding_of, read_rows
from tsbench.importers.waveforms import Trace, file_of, mapped, numbers_at
from tsbench.records import FloatArray

_LARGEST = 16 << 20  #: [bytes] of settings
_PAYLOAD_HEADER = 8
_MOST_CHANNELS = 16
#: format of the samples in the settings -> code at the beginning of the samples, NumPy type
_FORMATS = {
    "INT8BIT": (0, "<i1"), "INT16BIT": (1, "<i2"), "FLOAT": (4, "<f4"), "XYDOUBLEFLOAT": (6, ""),
}
_UNITS = {"V": "V", "A": "A", "W": "W"}


@dataclass(frozen=True)
class Settings:
    """The properties of an export: name -> attributes, or name -> text of a settings file of lines."""

    values: dict[str, dict[str, str]]
    source: str

    def text(self, name: str, channel: int | None = None) -> str:
        """Return a property; of one channel of a multi-channel export by its number."""
        found = self.values.get(name, {})
        return found.get("Value" if channel is None else f"I_{channel}", "")

    def number(self, name: str, channel: int | None = None) -> float:
        """Return a property as a number; UnreadableFile where it is none."""
        try:
            value = float(self.text(name, channel))
            if not math.isfinite(value):
                raise ValueError(name)
            return value
        except ValueError:
            raise damaged(self.source, f"the setting {name} is missing or is not a number") from None

    def kind(self, name: str) -> str:
        """Return the end of an enumeration's value: "INT8BIT" of "eRS_SIGNAL_FORMAT_INT8BIT"."""
        return re.sub(r"^eRS_(SIGNAL_FORMAT|ONOFF|TRACE_TYPE|SIGNAL_SOURCE|UNIT_LEVEL|UNIT)_", "", self.text(name))


def is_settings(head: bytes) -> bool:
    """Return whether a file begins as the settings of a waveform export in XML."""
    start = head[:2048]
    marks = (b"<Database", b'SaveItemType="Data"')
    return start.lstrip(b"\xef\xbb\xbf").startswith(b"<?xml") and all(mark in start for mark in marks)


def is_settings_lines(head: bytes) -> bool:
    """Return whether a file begins as the settings of a waveform export in lines "name:value:" (RTO, .csv)."""
    start = head[:8192]
    return all(name in start for name in (b"XStart:", b"XStop:", b"RecordLength:"))


def read(path: Path, wanted: str | None) -> ForeignFile:
    """Read an export; ``path`` is that of the settings, or of the samples beside them."""
    settings_path, samples_path = _pair(path)
    settings = _settings(settings_path)
    trace_type = settings.kind("TraceType") or "NORMAL"
    if trace_type not in ("NORMAL", "AVERAGE"):
        raise UnreadableFile(f"{path.name}: the trace has the type {trace_type.lower()}, not samples over time. Save "
                             "the channel without decimation to envelopes")
    channels = _channels(settings)
    acquisitions = max(int(settings.number("NumberOfAcquisitions")), 1) if settings.text("NumberOfAcquisitions") else 1
    length = int(settings.number("RecordLength"))
    if length <= 0 or acquisitions > 1_000_000:
        raise damaged(path.name, f"the settings declare {length} samples")
    start, stop = settings.number("XStart"), settings.number("XStop")
    step = (stop - start) / length
    rows = (_binary_rows if samples_path.suffix == ".bin" else _text_rows)(
        samples_path, settings, len(channels), acquisitions, length)
    traces = []
    for k, (name, number) in enumerate(channels):
        codes = rows[..., k]
        trace = _scaled(settings, name, number, codes if acquisitions > 1 else codes.reshape(-1), start, step)
        traces.append(trace)
    remarks: tuple[str, ...] = ()
    if acquisitions > 1:
        remarks = ("the times of the acquisitions are not in the file, so they follow one another without a gap",)
        traces = [_in_sequence(trace) for trace in traces]
    instrument = f"Rohde & Schwarz {settings.text('DeviceName') or ''}".strip()
    kept = {name: settings.text(name) for name in ("FirmwareVersion", "Timestamp", "SignalFormat")}
    return file_of(instrument, traces, wanted, path.name, settings=kept, remarks=remarks)


def _in_sequence(trace: Trace) -> Trace:
    starts = trace.start + trace.step * trace.codes.shape[1] * np.arange(trace.codes.shape[0], dtype=np.float64)
    return Trace(trace.name, trace.unit, trace.codes, trace.start, trace.step, trace.factor, trace.offset, trace.lowest,
                 trace.highest, starts)


def _pair(path: Path) -> tuple[Path, Path]:
    """Return the files of the settings and of the samples; UnreadableFile where one is missing."""
    stem = path.name[: -len(path.suffix)]
    if stem.lower().endswith(".wfm"):
        beside = [path.with_name(stem[:-4] + suffix) for suffix in (path.suffix, ".bin", ".csv")]
        settings, samples = next((one for one in beside if one.exists()), beside[0]), path
    else:
        settings, samples = path, path.with_name(f"{stem}.Wfm{path.suffix}")
    for missing, what in ((settings, "settings"), (samples, "samples")):
        if not missing.exists():
            raise UnreadableFile(f"{path.name}: the {what} of this record are in the file {missing.name}, which is not "
                                 "in the same folder. Copy both files")
    return settings, samples


def _settings(path: Path) -> Settings:
    if path.stat().st_size > _LARGEST:
        raise UnreadableFile(f"{path.name}: the settings are larger than {_LARGEST >> 20} MiB. The file is damaged")
    content = path.read_bytes()
    if not content.lstrip(b"\xef\xbb\xbf").startswith(b"<?xml"):
        return Settings(_lines(content.decode("utf-8-sig", errors="replace")), path.name)
    if b"<!ENTITY" in content or b"<!DOCTYPE" in content:
        raise damaged(path.name, "the settings define entities, which no oscilloscope writes")
    try:
        root = ET.fromstring(content)
    except ET.ParseError as error:
        raise UnreadableFile(f"{path.name}: the settings are not valid XML ({error}). Copy the file from the "
                             "oscilloscope again") from None
    values: dict[str, dict[str, str]] = {}
    for element in root.iter():
        if name := element.attrib.get("Name"):
            values.setdefault(name, dict(element.attrib))
    return Settings(values, path.name)


def _lines(content: str) -> dict[str, dict[str, str]]:
    """Return the properties of a settings file of lines: "name:value:", or "name:value:value:" for several channels."""
    values: dict[str, dict[str, str]] = {}
    for line in content.splitlines():
        name, *cells = (cell.strip() for cell in line.split(":"))
        if cells:
            values[name] = {"Value": cells[0], **{f"I_{k}": cell for k, cell in enumerate(cells[:_MOST_CHANNELS])}}
    return values


def _channels(settings: Settings) -> list[tuple[str, int | None]]:
    """Return name and place in the settings of each channel that was exported."""
    if settings.kind("MultiChannelExport") != "ON":
        return [(_name(settings.text("Source"), 1), None)]
    active = [k for k in range(_MOST_CHANNELS) if settings.text("MultiChannelExportState", k).endswith("_ON")]
    if not active:
        raise damaged(settings.source, "the settings name no channel")
    return [(_name(settings.text("MultiChannelSource", k), k + 1), k) for k in active]


def _name(source: str, number: int) -> str:
    found = re.search(r"(CH|C|M|R|MATH|REF)(\d+)", source.rpartition("SOURCE_")[2])
    return f"CH{found[2]}" if found and found[1] in ("CH", "C") else (found[0] if found else f"CH{number}")


def _binary_rows(
    path: Path, settings: Settings, channels: int, acquisitions: int, length: int
) -> npt.NDArray[np.generic]:
    """Return codes or numbers, shape (acquisitions, samples, channels), without the samples before and behind."""
    content = mapped(path)
    kind = settings.kind("SignalFormat")
    if kind not in _FORMATS:
        raise UnreadableFile(f"{path.name}: the samples have the format {kind or 'unknown'}. Save them as 8 bits, 16 "
                             "bits or float")
    code, dtype = _FORMATS[kind]
    header = numbers_at(content, "<u4", 0, 2, path.name)
    if int(header[0]) != code:
        raise UnreadableFile(f"{path.name}: the settings say that the samples have the format {kind}, but the samples "
                             f"begin with code {int(header[0])}. The two files do not belong together")
    stated = settings.text("SignalHardwareRecordLength")
    whole = int(settings.number("SignalHardwareRecordLength")) if stated else length
    before = int(settings.number("LeadingSettlingSamples")) if settings.text("LeadingSettlingSamples") else 0
    if before < 0 or before + length > whole:
        raise damaged(path.name, f"the settings declare {length} samples from {before} on, but only {whole} in all")
    count = acquisitions * whole * channels
    if dtype:
        rows = numbers_at(content, dtype, _PAYLOAD_HEADER, count, path.name).reshape(acquisitions, whole, channels)
        return rows[:, before : before + length]
    size = 8 + 4 * channels
    if _PAYLOAD_HEADER + acquisitions * whole * size > content.size:
        raise cut_off(path.name)
    row = np.dtype([("time", "<f8"), ("values", "<f4", (channels,))])
    pairs = content[_PAYLOAD_HEADER : _PAYLOAD_HEADER + acquisitions * whole * size].view(row)
    return pairs["values"].reshape(acquisitions, whole, channels)[:, before : before + length]


def _text_rows(path: Path, settings: Settings, channels: int, acquisitions: int, length: int) -> FloatArray:
    """Return the numbers of a text file, shape (acquisitions, samples, channels)."""
    with path.open("rb") as file:
        head = file.read(4096)
    first = head.splitlines()[0].decode("latin-1") if head else ""
    mark = next((mark for mark in (";", ",", "\t") if mark in first), None)
    timed = len(first.split(mark)) > channels
    rows, _ = read_rows(path, encoding_of(head), 0, range(int(timed), int(timed) + channels), mark)
    whole = rows.shape[0] // acquisitions
    before = int(settings.number("LeadingSettlingSamples")) if settings.text("LeadingSettlingSamples") else 0
    before = before if whole >= before + length else 0  # some exports have the user's samples only
    if whole < length:
        raise cut_off(path.name, f" (the settings declare {length} samples, but the file holds {whole})")
    return rows[: acquisitions * whole].reshape(acquisitions, whole, channels)[:, before : before + length]


def _scaled(
    settings: Settings, name: str, number: int | None, codes: npt.NDArray[np.generic], start: float, step: float
) -> Trace:
    """Return the trace with its scale; the ends of the range are those of the converter."""
    prefix = "" if number is None else "MultiChannel"
    unit = _UNITS.get(settings.text(f"{prefix}ViewUnit", number).rpartition("_")[2], "")
    scale = settings.number(f"{prefix}VerticalScale", number)
    position = settings.number(f"{prefix}VerticalPosition", number)
    offset = settings.number(f"{prefix}VerticalOffset", number) - position * scale
    divisions = settings.number("VerticalDivisionCount") if settings.text("VerticalDivisionCount") else 10.0
    if codes.dtype.kind == "i":
        levels = settings.number("NofQuantisationLevels")
        if levels <= 0:
            raise damaged(settings.source, "the settings give no number of levels")
        half = levels // 2
        return Trace(name, unit, codes, start, step, scale * divisions / levels, offset, -half, half)
    # numbers instead of codes: the last half step below the ends of the range counts as clipped
    levels = settings.number("NofQuantisationLevels") if settings.text("NofQuantisationLevels") else 0.0
    reach = scale * divisions * 0.5
    margin = scale * divisions / levels if levels > 0 else 0.0
    known = levels > 0 and scale > 0 and name.startswith("CH")  # a computed trace has no end
    return Trace(name, unit, codes, start, step, lowest=offset - reach + margin if known else None,
                 highest=offset + reach - margin if known else None)
