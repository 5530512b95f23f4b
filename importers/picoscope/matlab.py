"""MATLAB files of PicoScope (.mat): a start time, an interval, and an array for each channel, in volts.

Layout: "PicoScope 6 User's Guide" (psw.en r32), section "Binary formats": the variables A to H with Tstart, Tinterval
and Length, or T with all times.
"""

import re
from pathlib import Path

import numpy as np

from tsbench.importers.faults import damaged
from tsbench.importers.foreign import ForeignColumn, ForeignFile, ForeignTable, choose

_CHANNEL = re.compile(r"[A-H](_\w+)?")


def is_matlab(path: Path, head: bytes) -> bool:
    """Return whether the file is a MATLAB file whose variables are those of PicoScope."""
    if path.suffix.lower() != ".mat":
        return False
    return b"Tinterval\0" in head or b"Tstart\0" in head or bool({"Tinterval", "Tstart"} & set(_variables(path)))


def _variables(path: Path) -> dict[str, tuple[int, ...]]:
    """Return name -> shape of the variables; none where the file cannot be read."""
    from scipy.io import whosmat  # here, because SciPy takes half a second to import

    try:
        return {name: shape for name, shape, _ in whosmat(str(path))}
    except Exception:  # noqa: BLE001 - SciPy raises whatever a damaged file leads to; it then is no file of PicoScope
        return {}


def read(path: Path, wanted: str | None) -> ForeignFile:
    """Read a .mat file; see :meth:`tsbench.importers.foreign.Importer.read`."""
    source = path.name
    choose([""], wanted, source)
    from scipy.io import loadmat

    try:
        found = loadmat(str(path), squeeze_me=True, mat_dtype=False)
    except Exception as error:
        raise damaged(source, f"the MATLAB file is damaged or incomplete ({type(error).__name__})") from error
    arrays = {name: np.atleast_1d(value) for name, value in found.items() if not name.startswith("__")}
    channels = {name: values for name, values in arrays.items()
                if _CHANNEL.fullmatch(name) and values.ndim == 1 and values.dtype.kind in "fiu" and values.size > 1}
    sizes = {values.size for values in channels.values()}
    if len(sizes) != 1:
        raise damaged(source, "the channels do not have the same number of samples")
    size = sizes.pop()
    try:
        times = arrays["T"].astype(np.float64) if "T" in arrays else \
            float(arrays["Tstart"][0]) + float(arrays["Tinterval"][0]) * np.arange(size, dtype=np.float64)
    except (KeyError, ValueError, TypeError):
        raise damaged(source, "the file has no Tstart and Tinterval") from None
    if times.size != size:
        raise damaged(source, f"the file has {times.size} times, but {size} samples")
    columns = [ForeignColumn("time", "s", times, role="time")]
    remarks: list[str] = []
    for name, values in channels.items():
        column, beyond = _column(name, values)
        columns.append(column)
        remarks += [f"{beyond} samples of {name} are marked as beyond the range of the input"] if beyond else []
    return ForeignFile("PicoScope", (ForeignTable("", tuple(columns), {}, tuple(remarks)),))


def _column(name: str, values: "np.ndarray[tuple[int], np.dtype[np.generic]]") -> tuple[ForeignColumn, int]:
    """Return the column, infinities set to the end of the range, and their number."""
    numbers = values.astype(np.float64)
    beyond = np.isinf(numbers)
    number = int(np.count_nonzero(beyond))
    if not number:
        return ForeignColumn(name, "V", numbers), 0
    finite = numbers[np.isfinite(numbers)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    return ForeignColumn(name, "V", np.clip(numbers, low, high), clip_low=low if np.any(numbers == -np.inf) else None,
                         clip_high=high if np.any(numbers == np.inf) else None), number
