"""The files of a 33500B/33600A in memory: drives, folders, and the texts of its waveform, sequence and list files."""

from dataclasses import dataclass, field

import numpy as np

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.syntax import capitals
from tsbench.simulated_backends.virtual_instruments.keysight_33600.waveform_store import Codes, SequenceStep, codes_from

_FORBIDDEN = set('/:*?"<>|')
NOT_FOUND = "Mass storage error; file or folder not found"


def _error(text: str) -> ScpiError:
    return ScpiError(-250, text=f"Mass storage error; {text}")


@dataclass
class FileSystem:
    """Folders and files of the drives INT and USB; names have no case."""

    files: dict[str, bytes] = field(default_factory=dict)  #: by full name in capitals: INT:\\FOLDER\\NAME.ARB
    folders: set[str] = field(default_factory=lambda: {"INT:", "INT:\\BUILTIN"})  #: in capitals, without a backslash
    current: str = "INT:"

    def full_name(self, name: str) -> str:
        """Return the full name in capitals; names without a drive are relative to the present folder."""
        text = capitals(name.strip()).replace("/", "\\")
        drive, colon, path = text.partition(":")
        if not colon:
            drive, path = self.current.partition(":")[0], f"{self.current.partition(':')[2]}\\{text}"
        drive = {"INTERNAL": "INT"}.get(drive, drive)
        if drive not in ("INT", "USB") or _FORBIDDEN & set(path) or len(text) > 240:
            raise _error("invalid file or folder name")
        parts = [part for part in path.split("\\") if part]
        return "\\".join([f"{drive}:", *parts])

    def require_folder(self, name: str) -> str:
        """Return the full name of a folder that exists."""
        full = self.full_name(name)
        if full not in self.folders:
            raise ScpiError(-250, text=NOT_FOUND)
        return full

    def read(self, name: str) -> bytes:
        """Return a file's content."""
        full = self.full_name(name)
        if full not in self.files:
            raise ScpiError(-256, text="File name not found")
        return self.files[full]

    def write(self, name: str, content: bytes) -> None:
        """Write a file; its folder must exist, and the folder of built-in waveforms is read-only."""
        full = self.full_name(name)
        folder = full.rpartition("\\")[0]
        if folder == "INT:\\BUILTIN":
            raise _error("folder is write protected")
        self.require_folder(folder)
        self.files[full] = content

    def make_folder(self, name: str) -> None:
        """Make a folder in one that exists."""
        full = self.full_name(name)
        self.require_folder(full.rpartition("\\")[0])
        if full in self.folders:
            raise _error("folder already exists")
        self.folders.add(full)

    def remove_folder(self, name: str) -> None:
        """Remove an empty folder."""
        full = self.require_folder(name)
        if full == "INT:\\BUILTIN" or full.endswith(":") or self.content(full) != ([], []):
            raise _error("folder is not empty or write protected")
        self.folders.discard(full)

    def remove(self, name: str) -> None:
        """Remove a file; ``*.ext`` removes all of that kind."""
        full = self.full_name(name.replace("*", "\x01"))
        folder, _, last = full.rpartition("\\")
        doomed = [file for file in self.files if file == full]
        if "\x01" in last:
            ending = last.rpartition("\x01")[2]
            doomed = [file for file in self.files if file.rpartition("\\")[0] == folder and file.endswith(ending)]
        if folder == "INT:\\BUILTIN":
            raise _error("folder is write protected")
        if not doomed:
            raise ScpiError(-256, text="File name not found")
        for file in doomed:
            del self.files[file]

    def content(self, folder: str) -> tuple[list[str], list[str]]:
        """Return the names of the folders and files in a folder."""
        def inside(names: set[str] | dict[str, bytes]) -> list[str]:
            return sorted(name.rpartition("\\")[2] for name in names if name.rpartition("\\")[0] == folder)
        return inside(self.folders), inside(self.files)


def arb_text(codes: Codes, sample_rate: float, high: float, low: float, marker: int, filtering: str) -> bytes:
    """Return the text of a waveform file (.arb)."""
    head = (f"File Format:1.10\r\nChecksum:0\r\nChannel Count:1\r\nSample Rate:{sample_rate:.6f}\r\n"
            f"High Level:{high:.6f}\r\nLow Level:{low:.6f}\r\nMarker Point:{marker}\r\nData Type:\"Short\"\r\n"
            f"Filter:\"{filtering}\"\r\nData Points:{len(codes)}\r\nData:\r\n")
    return (head + "".join(f"{code}\r\n" for code in codes.tolist())).encode()


@dataclass(frozen=True)
class ArbFile:
    """What a waveform file says."""

    codes: Codes
    sample_rate: float | None = None
    levels: tuple[float, float] | None = None  #: [V] low, high
    filtering: str | None = None


def parse_arb(content: bytes) -> ArbFile:
    """Read the text of a waveform file.

    Raises
    ------
    ScpiError
        It is not one.
    """
    lines = content.decode("latin-1").replace("\r", "").split("\n")
    head: dict[str, str] = {}
    for number, line in enumerate(lines):
        key, colon, value = line.partition(":")
        if key.strip().lower() == "data" and colon:
            data = [item for row in lines[number + 1:] if row.strip() for item in row.split(",")]
            break
        head[key.strip().lower()] = value.strip().strip('"')
    else:
        raise _error("file format is not valid")
    try:
        values = np.array([float(item) for item in data])
        rate = float(head["sample rate"]) if "sample rate" in head else None
        levels = (float(head["low level"]), float(head["high level"])) if "high level" in head else None
    except (ValueError, KeyError):
        raise _error("file format is not valid") from None
    real = head.get("data type", "short").lower() == "float"
    if not values.size or not np.all(np.abs(values) <= (1.0 if real else 32767)):
        raise _error("file format is not valid")
    codes = codes_from(values) if real else np.round(values).astype(np.int16)
    return ArbFile(codes, rate, levels, capitals(head.get("filter", "")) or None)


def sequence_text(name: str, steps: tuple[SequenceStep, ...]) -> bytes:
    """Return the text of a sequence file (.seq)."""
    rows = [f"File Format:1.10\r\nSequence:{name}\r\nSteps:{len(steps)}\r\nData:\r\n"]
    rows += [f"{step.name},{step.repeats},{step.control},{step.marker},{step.marker_point}\r\n" for step in steps]
    return "".join(rows).encode()


def parse_sequence(content: bytes) -> list[list[str]]:
    """Return the rows of a sequence file: name, repeats, control, marker, marker point."""
    _, found, data = content.decode("latin-1").replace("\r", "").partition("Data:\n")
    rows = [line.split(",") for line in data.split("\n") if line.strip()]
    if not found or not rows or any(len(row) != 5 for row in rows):
        raise _error("file format is not valid")
    return rows
