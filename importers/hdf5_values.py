"""The numbers of a data set of HDF5 or netCDF-4, and its unit, by the attributes that say how they are stored.

The CF conventions (version 1.11, sections 2.5.1 and 8.1) and the netCDF User's Guide (appendix A, attribute
conventions) define ``scale_factor``, ``add_offset``, ``_FillValue``, ``missing_value``, ``valid_min``, ``valid_max``,
``valid_range`` and ``_Unsigned``. The libraries netCDF4 and xarray write them, and other programs use the same names.
https://cfconventions.org/cf-conventions/cf-conventions.html
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tsbench.errors import UnreadableFile

_PACKING = ("scale_factor", "add_offset")
_MISSING = ("_FillValue", "missing_value")
_VALID = ("valid_min", "valid_max", "valid_range", "actual_range")
#: attributes of libraries, which say nothing of the quantity
_OF_LIBRARIES = frozenset({
    "CLASS", "NAME", "DIMENSION_LIST", "REFERENCE_LIST", "_Netcdf4Dimid", "_Netcdf4Coordinates", "_NCProperties",
    "_nc3_strict", "_Unsigned", "coordinates", "NROWS", "TITLE", "VERSION", *_PACKING, *_MISSING, *_VALID})
#: attributes that may or may not have been applied to the numbers: only the author of the file knows
_SCALES = frozenset({"scale", "scaling", "gain", "conversion", "multiplier", "slope", "factor", "scalefactor",
                     "conversion_factor", "lsb", "calibration"})


def plain_values(item: Any) -> npt.NDArray[Any]:
    """Return the numbers of a data set, unpacked; a number that stands for a missing one is NaN.

    A data set without these attributes, or of texts, is returned as it is.

    Parameters
    ----------
    item : data set of h5py

    Raises
    ------
    UnreadableFile
        ``scale_factor`` or ``add_offset`` is no number, or ``scale_factor`` is 0.
    """
    stored = np.asarray(item[()])
    if stored.dtype.kind not in "biuf":
        return stored
    if stored.dtype.kind == "i" and text_of(item.attrs.get("_Unsigned", "")).lower() == "true":
        stored = stored.view(stored.dtype.str.replace("i", "u"))
    packed = {key: _number(item, key) for key in _PACKING if key in item.attrs}
    marks = [mark for key in _MISSING for mark in _numbers(item, key)]
    low, high = _range(item)
    if not packed and not marks and low is None and high is None:
        return stored
    values = np.array(stored, dtype=np.float64)
    missing = np.zeros(values.shape, dtype=np.bool_)
    for mark in marks:
        if stored.dtype.kind == "f" or np.isfinite(mark):
            missing |= stored == np.asarray(mark).astype(stored.dtype)
    if low is not None:
        missing |= values < low
    if high is not None:
        missing |= values > high
    values = values * packed.get("scale_factor", 1.0) + packed.get("add_offset", 0.0)
    values[missing] = np.nan
    return values


def unit_of(item: Any) -> str:
    """Return the unit of a data set by its attribute ``unit`` or ``units`` in any case; "" where there is none."""
    found = {str(key).lower(): value for key, value in item.attrs.items() if np.ndim(value) == 0 or np.size(value) == 1}
    unit = next((text_of(found[key]) for key in ("units", "unit") if key in found), "")
    return "" if unit == "1" else unit


def notes_of(item: Any, called: str) -> Iterator[tuple[str, str]]:
    """Yield (where, text) for each other attribute of a data set or group, for the search for units.

    Parameters
    ----------
    item : data set, group or file of h5py
    called : how a message calls it
    """
    for key, value in item.attrs.items():
        name = str(key)
        if name in _OF_LIBRARIES or (name.lower() in ("unit", "units") and hasattr(item, "dtype")):
            continue
        if (text := _joined(value)) is not None:
            yield f"attribute '{name}' of {called}", f"{name}: {text}"


def unclear_scale(items: Mapping[str, Any]) -> str:
    """Return a question about an attribute such as ``gain`` that may still have to be applied, "" where none is."""
    for name, item in items.items():
        for key, value in item.attrs.items():
            plain = np.asarray(value)
            if str(key).lower() in _SCALES and plain.size == 1 and plain.dtype.kind in "iuf" and plain.item() != 1:
                return (f"'{name}' has the attribute {key} = {plain.item():.6g}, and it is not known whether its "
                        f"numbers were multiplied by it. If they were, give the unit with --columns, for example "
                        f"--columns 'voltage=NAME [V],current=NAME [A]'. If not, use a unit that contains it, for "
                        f"example [1e-3 V] or [mV]")
    return ""


def applied(items: Mapping[str, Any]) -> tuple[str, ...]:
    """Return a line that names the data sets whose numbers were unpacked by ``scale_factor`` or ``add_offset``."""
    packed = [f"'{name}'" for name, item in items.items() if any(key in item.attrs for key in _PACKING)]
    return (f"scale_factor and add_offset are applied to {', '.join(packed[:6])}",) if packed else ()


def text_of(value: Any) -> str:
    """Return an attribute as text."""
    if isinstance(value, np.ndarray) and value.size == 1:
        value = value.ravel()[0]
    return value.decode("utf-8", errors="replace") if isinstance(value, bytes) else str(value)


def _joined(value: Any) -> str | None:
    """Return texts and single numbers as one text, None for what is neither (references, long arrays)."""
    array = np.asarray(value)
    texts = array.dtype.kind == "O" and all(isinstance(one, str | bytes) for one in array.flat)
    if texts or array.dtype.kind in "SU":
        return ", ".join(text_of(one) for one in array.ravel()[:50])
    return text_of(value) if array.size == 1 and array.dtype.kind in "biuf" else None


def _number(item: Any, key: str) -> float:
    value = np.asarray(item.attrs[key])
    try:
        number = float(value.astype(np.float64).item())
    except (ValueError, TypeError):
        number = float("nan")
    if not np.isfinite(number) or (key == "scale_factor" and number == 0.0):
        raise UnreadableFile(f"{Path(item.file.filename).name}: the attribute {key} of {item.name} is "
                             f"{text_of(item.attrs[key])[:40]}, which is no number to unpack with. Write the numbers "
                             "without packing")
    return number


def _numbers(item: Any, key: str) -> list[Any]:
    values = np.asarray(item.attrs[key]).ravel() if key in item.attrs else np.empty(0)
    return list(values) if values.dtype.kind in "biuf" else []


def _range(item: Any) -> tuple[float | None, float | None]:
    """Return the lowest and the highest valid stored number, None where they are not stated."""
    both = _numbers(item, "valid_range")
    low = both[0] if len(both) == 2 else next(iter(_numbers(item, "valid_min")), None)
    high = both[1] if len(both) == 2 else next(iter(_numbers(item, "valid_max")), None)
    return (None if low is None else float(low)), (None if high is None else float(high))
