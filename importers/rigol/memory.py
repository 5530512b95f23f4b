"""Binary records of Rigol's older oscilloscopes (.wfm), read by the library RigolWFM.

The layouts are not published. RigolWFM (Scott Prahl, BSD licence) derived them from files of many models; a reader of
our own could not be better.
"""

import io
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import numpy as np

from tsbench.errors import TsbenchError, UnreadableFile
from tsbench.importers.foreign import ForeignFile, library
from tsbench.importers.waveforms import Trace, file_of

#: first bytes of the families
_MARKS = (b"\xa5\xa5\xa4\x01", b"\xa1\xa5\x00\x00", b"\xa5\xa5\x00\x00", b"\xa5\xa5\x38\x00", b"\x01\xff\xff\xff",
          b"\x02\x00\x00\x00")
_LARGEST = 1 << 30  #: [bytes] of a file; the library reads it as a whole


def is_memory(path: Path, head: bytes) -> bool:
    """Return whether the file is a .wfm file with one of Rigol's first bytes."""
    return path.suffix.lower() == ".wfm" and head.startswith(_MARKS)


def read(path: Path, wanted: str | None) -> ForeignFile:
    """Read a .wfm file; see :meth:`tsbench.importers.foreign.Importer.read`."""
    source = path.name
    if path.stat().st_size > _LARGEST:
        raise UnreadableFile(f"{source}: the file is larger than 1 GiB. Save a shorter record, or CSV")
    with library("RigolWFM", source):
        from RigolWFM.wfm import Wfm
    try:
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            waveform = Wfm.from_file(str(path))
            traces = [_trace(channel) for channel in waveform.channels if channel.enabled_and_selected]
        firmware = str(getattr(waveform, "firmware", ""))
        model = str(getattr(waveform, "header_name", "") or getattr(waveform, "user_name", ""))
    except TsbenchError:
        raise
    except Exception as error:
        raise UnreadableFile(f"{source}: the library RigolWFM cannot read this file ({type(error).__name__}). If the "
                             "file is complete, save the record as CSV on the oscilloscope") from error
    return file_of(f"Rigol {model}".strip(), traces, wanted, source, settings={"firmware": firmware})


def _trace(channel: object) -> Trace:
    """Return a channel of the library as a trace; its numbers are volts, its codes tell where the range ends."""
    values = np.asarray(channel.volts, dtype=np.float64)  # type: ignore[attr-defined]
    times = np.asarray(channel.times, dtype=np.float64)  # type: ignore[attr-defined]
    raw = np.asarray(channel.raw)  # type: ignore[attr-defined]
    step = float((times[-1] - times[0]) / (times.size - 1)) if times.size > 1 else 0.0
    low, high = _limits(values, raw)
    unit = {"v": "V", "a": "A"}.get(str(getattr(channel.unit, "name", "")), "")  # type: ignore[attr-defined]
    return Trace(str(channel.name), unit, values, float(times[0]) if times.size else 0.0, step,  # type: ignore[attr-defined]
                 lowest=low, highest=high)


def _limits(values: np.ndarray, raw: np.ndarray) -> tuple[float | None, float | None]:
    """Return the values at the codes 0 and 255 of an 8-bit converter; None where no sample has such a code."""
    if raw.shape != values.shape or raw.dtype != np.uint8:
        return None, None
    ends = [float(values[raw == code][0]) for code in (0, 255) if np.any(raw == code)]
    if not ends:
        return None, None
    middle = float(np.median(values))
    below, above = [end for end in ends if end <= middle], [end for end in ends if end > middle]
    return (min(below) if below else None), (max(above) if above else None)
